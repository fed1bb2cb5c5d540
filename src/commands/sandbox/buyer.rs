//! `wxsell sandbox buyer`: what buyers do on their phones.

use super::super::Ctx;
use crate::sandbox::{Happening, Promotion, Sandbox};
use anyhow::Result;
use clap::{Args, Subcommand};

/// Act as a buyer
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Pay an order at the checkout
    Pay(PayArgs),
    /// Cancel an order that is not paid
    Cancel(OrderArgs),
    /// Confirm receipt of an order
    Confirm(OrderArgs),
    #[command(flatten)]
    AfterSale(super::dispute::BuyerVerb),
}

#[derive(Debug, Args)]
pub struct OrderArgs {
    /// Number of the order, yours or WeChat's
    #[arg(value_name = "ORDER")]
    order: String,
}

#[derive(Debug, Args)]
pub struct PayArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// The checkout finishes, and WeChat checks the payment for a minute (status 11)
    #[arg(long)]
    slow: bool,
    /// Number of the promoter who brought the buyer
    #[arg(long, value_name = "PROMOTER_ID")]
    promoter: Option<String>,
    /// The sharer who brought the buyer
    #[arg(long, value_name = "OPENID")]
    sharer: Option<String>,
}

pub fn run(verb: Verb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let happened = match verb {
        Verb::Pay(args) => {
            let promotion = (args.promoter.is_some() || args.sharer.is_some()).then(|| Promotion {
                promoter_id: args.promoter.unwrap_or_default(),
                sharer_openid: args.sharer.unwrap_or_default(),
                ..Promotion::default()
            });
            shop.buyer_pay_through(&args.order.order, args.slow, promotion)?
        }
        Verb::Cancel(args) => shop.buyer_cancel(&args.order)?,
        Verb::Confirm(args) => shop.buyer_confirm(&args.order)?,
        Verb::AfterSale(verb) => return super::dispute::buyer(verb, shop, ctx),
    };
    show(happened, ctx)
}

/// What the buyer did, as every order to the sandbox is shown.
fn show(happened: Happening, ctx: &Ctx) -> Result<()> {
    ctx.out.list(&[happened])
}
