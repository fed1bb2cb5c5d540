//! `wxsell demo`: a lively shop in the sandbox, and eight commands to begin with.

use super::Ctx;
use crate::commands::shows::Shows;
use crate::sandbox::{Sandbox, Seed};
use crate::text;
use anyhow::Result;

/// Fill the sandbox and show eight commands to try
///
/// Nothing in the sandbox is real, and no account is needed. Existing data is kept; `wxsell sandbox reset` clears it.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[Shows::text("demo")];

/// What to try, in this order.
pub const WALK: [&str; 8] = [
    "wxsell status --profile sandbox",
    "wxsell goods list --limit 5 --profile sandbox",
    "wxsell goods export demo.xlsx --profile sandbox",
    "wxsell goods upload demo.xlsx --dry-run --profile sandbox",
    "wxsell order list --status paid --limit 5 --profile sandbox",
    "wxsell aftersale list --open --limit 5 --profile sandbox",
    "wxsell due --within 7d --profile sandbox",
    "wxsell sandbox advance 1d",
];

pub async fn run(_args: DemoArgs, ctx: &Ctx) -> Result<()> {
    let mut shop = Sandbox::open(&ctx.dirs.state.join("sandbox.db"))?;
    if shop.products(true)?.is_empty() {
        let seed = Seed {
            goods: 24,
            orders: 60,
            aftersales: 20,
            seed: 1,
            status: None,
        };
        let seeded = shop.seed(&seed)?;
        // The first product of a seed is on sale.
        shop.seed_channels("S1T0000")?;
        ctx.out.note(text!(
            "The sandbox now has {goods} products, {orders} orders, {aftersales} after-sales, disputes, coupons, promoters and sharers.",
            goods = seeded.goods,
            orders = seeded.orders,
            aftersales = seeded.aftersales
        ));
    } else {
        ctx.out.note(text!(
            "The sandbox already has products; nothing was added."
        ));
    }
    ctx.out.note(text!("Try these, one after the other:"));
    for command in WALK {
        ctx.out.text(command)?;
    }
    ctx.out.note(text!(
        "Each one ends with the next command to run. For spreadsheets see `wxsell help sheets`"
    ));
    Ok(())
}
