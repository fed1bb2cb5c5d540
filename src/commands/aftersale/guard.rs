//! A step on an after-sale: it is read and the step held against what its state allows, asked about, sent, and shown.

use super::{Which, view};
use crate::commands::Ctx;
use crate::commands::ask::check;
use crate::lang::Text;
use crate::model::aftersale::{Aftersale, Step};
use crate::shop::aftersale::step::Planned;
use crate::shop::aftersale::{Key, step};
use crate::shop::pass_through::Ask;
use crate::shop::reading::Fetched;
use crate::text;
use anyhow::Result;
use serde_json::Value;

/// What goes beyond the step itself.
#[derive(Debug, Clone, clap::Args)]
pub struct Force {
    /// Send even if the state of the after-sale does not allow it
    #[arg(long)]
    pub force: bool,
}

/// One step as it is to be sent.
pub struct Plan<'a> {
    pub ask: &'a Ask,
    pub which: &'a Which,
    pub step: Step,
    pub force: bool,
}

impl Plan<'_> {
    fn plan<'a>(&'a self, key: &'a Key) -> step::Plan<'a> {
        step::Plan {
            ask: self.ask,
            key,
            step: self.step,
            force: self.force,
        }
    }

    /// Reads the after-sale and refuses what its state does not allow. One that stands where the step leads is shown, and
    /// nothing else is to be done: `None`.
    pub async fn read(&self, ctx: &Ctx) -> Result<Option<Fetched<Aftersale>>> {
        let key = self.which.named();
        match self.plan(&key).read(ctx.shop().await?).await? {
            Planned::Open(found) => Ok(Some(found)),
            Planned::Already(found) => {
                ctx.out.note(text!(
                    "nothing to do: already in that state; nothing was sent"
                ));
                view::one(ctx, found)?;
                Ok(None)
            }
        }
    }

    /// Sends the step and shows the after-sale as it is then. `question` is what a live shop is asked.
    pub async fn carry_out(
        &self,
        ctx: &Ctx,
        before: &Fetched<Aftersale>,
        body: &Value,
        question: Option<Text>,
    ) -> Result<()> {
        check(self.ask, body, &[])?;
        // A wrong name must not come up after the money has moved.
        ctx.out.check_columns_of(view::whole())?;
        if ctx.shows_request(self.ask, body)? {
            return Ok(());
        }
        ctx.before_write(question).await?;
        let key = self.which.named();
        let now = self
            .plan(&key)
            .carry_out(ctx.shop().await?, before, body)
            .await?;
        view::one(ctx, now)
    }
}
