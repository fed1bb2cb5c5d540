//! How a command ends that did something at WeChat: what comes afterwards cannot change that it was done.

use super::Ctx;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::shop::Shop;
use crate::text;
use anyhow::Result;

impl Ctx {
    /// How a command ends that did what it was to do: what could not be read or shown afterwards is done all the same, and
    /// what was shown is not shown again.
    pub(super) fn show_ended(&self, ended: Result<()>) -> Result<()> {
        let not_shown = |why: Text| {
            Failure::new(
                Kind::Unknown,
                text!(
                    "the request was carried out, but its result could not be shown: {why}",
                    why
                ),
            )
            .hint(text!(
                "`wxsell log list` shows what was done; the same command does not repeat it"
            ))
        };
        let shop = self.shop.get().map(|(shop, _)| shop);
        let (wrote, in_bulk) = shop.map_or((false, false), Shop::has_written);
        let wrote = wrote || shop.is_some_and(Shop::has_unshown);
        let error = match ended {
            Ok(()) if self.out.has_failed() => {
                Failure::input(text!("cannot write to standard output")).into()
            }
            Ok(()) if wrote && !in_bulk && !self.out.was_read() => {
                return Err(not_shown(text!("standard output was closed")).into());
            }
            Ok(()) => return shop.map_or(Ok(()), Shop::all_is_shown),
            Err(error) => error,
        };
        let Some(known) = failure(&error).filter(|_| wrote).cloned() else {
            return Err(error);
        };
        let came_after = match known.kind {
            Kind::Unknown | Kind::Partial => false,
            Kind::Input => self.out.has_failed(),
            // No write comes after the one that was done: it is a look at it that failed.
            kind => !in_bulk && (known.errcode.is_some() || kind == Kind::Network),
        };
        if came_after {
            return Err(not_shown(known.message).also(known.also).into());
        }
        if let (Kind::Partial, Some(shop)) = (known.kind, shop) {
            // What became of each stands in the list above it.
            shop.all_is_shown()?;
        }
        Err(error)
    }
}
