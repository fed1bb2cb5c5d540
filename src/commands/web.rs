//! `--web`: the page of WeChat's console that the hints of a command mean. It is printed, and opened where there is a
//! desktop. Consoles have no addresses below their first page that work without a login, so that the way from there is
//! said in words.

use super::{Ctx, Noun};
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;

/// A console, and the way inside it.
struct Page {
    url: &'static str,
    way: Text,
}

/// Where the Mini Program of a component is looked after.
const MINI_PROGRAM: &str = "https://mp.weixin.qq.com";
const STORE: &str = "https://store.weixin.qq.com";
const PAY: &str = "https://pay.weixin.qq.com";
const CHANNELS: &str = "https://channels.weixin.qq.com";
const PROVIDER: &str = "https://open.weixin.qq.com";

/// The page that belongs to a noun; `None` for what concerns this machine alone.
fn page(noun: &Noun, family: Family) -> Option<Page> {
    let page = |url, way| Some(Page { url, way });
    match noun {
        Noun::Run(_)
        | Noun::Log(_)
        | Noun::Sandbox(_)
        | Noun::Completion(_)
        | Noun::Demo(_)
        | Noun::Help(_)
        | Noun::Util(_) => None,
        Noun::Provider(_) => page(PROVIDER, text!("log in as the service provider")),
        _ if family.is_store() => page(STORE, text!("log in as the store")),
        Noun::Auth(_)
        | Noun::Ip(_)
        | Noun::Callback(_)
        | Noun::Event(_)
        | Noun::Quota(_)
        | Noun::Rid(_)
        | Noun::Api(_)
        | Noun::Profile(_) => page(
            MINI_PROGRAM,
            text!(
                "log in as the Mini Program, then Development management → Development settings: AppSecret, IP whitelist, message push"
            ),
        ),
        Noun::Merchant(_) | Noun::Pay(_) | Noun::Funds(_) | Noun::Commission(_) => {
            page(PAY, text!("log in with the merchant number"))
        }
        Noun::Promoter(_) | Noun::Sharer(_) => {
            page(CHANNELS, text!("log in as the Channels account"))
        }
        Noun::Status(_)
        | Noun::Goods(_)
        | Noun::Aftersale(_)
        | Noun::Dispute(_)
        | Noun::Due(_)
        | Noun::Image(_)
        | Noun::Access(_)
        | Noun::Category(_)
        | Noun::Brand(_)
        | Noun::Address(_)
        | Noun::Freight(_)
        | Noun::FlashSale(_)
        | Noun::Audit(_)
        | Noun::Certificate(_)
        | Noun::Order(_)
        | Noun::Delivery(_)
        | Noun::Coupon(_)
        | Noun::Report(_) => page(
            MINI_PROGRAM,
            text!("log in as the Mini Program of the shop"),
        ),
    }
}

/// A page in machine output.
#[derive(serde::Serialize)]
struct Printed {
    url: &'static str,
    way: String,
}

/// Prints the page instead of running the command.
pub fn show(noun: &Noun, ctx: &Ctx) -> Result<()> {
    let Some(page) = page(noun, ctx.profile()?.family) else {
        return Err(
            Failure::input(text!("there is no console page for this command"))
                .hint(text!("remove --web"))
                .into(),
        );
    };
    if ctx.out.is_values() {
        let shown = Printed {
            url: page.url,
            way: page.way.to_string(),
        };
        return ctx.out.value(&serde_json::to_value(shown)?);
    }
    ctx.out.text(page.url)?;
    ctx.out.note(page.way);
    if ctx.out.redraws() && has_desktop() {
        // The address stands there already.
        if let Err(error) = open::that_detached(page.url) {
            ctx.out.note(text!(
                "cannot open a browser: {error}",
                error = error.to_string()
            ));
        }
    }
    Ok(())
}

/// Whether there is a screen on which a browser could open.
fn has_desktop() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let remote = set("SSH_CONNECTION") || set("CI");
    !remote && (cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY"))
}
