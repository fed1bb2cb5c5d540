//! `wxsell sandbox seed`: a lively shop at a stroke.

use super::super::Ctx;
use crate::output::{Cell, Column, Record};
use crate::sandbox::{Sandbox, Seed, Seeded};
use crate::types::Family;
use anyhow::Result;
use clap::Args;

/// Fill the shop with goods, orders and after-sales in every state
///
/// The same seed makes the same shop. Existing data is kept.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// How many products
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(..=10_000))]
    goods: u32,
    /// How many orders of the last 30 days
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(..=100_000))]
    orders: u32,
    /// How many refunds and returns of these orders; fewer where the orders do not allow so many
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(..=10_000))]
    aftersales: u32,
    /// Seed of the data; it appears in the numbers of products and orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Which of the shops in the sandbox; without it that of the profile. A WeChat Store gets products alone
    #[arg(long, value_enum)]
    family: Option<Family>,
    /// All orders in this state instead of a mixture
    #[arg(long, value_enum)]
    status: Option<Status>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Status {
    /// Waits for payment (10)
    Unpaid,
    /// Paid, to be shipped (20)
    Paid,
    /// On its way (30)
    Shipped,
    /// Received (100)
    Completed,
}

impl Record for Seeded {
    const COLUMNS: &'static [Column<Seeded>] = &[
        Column::new("goods", "PRODUCTS", |seeded| {
            Cell::Number(seeded.goods.into())
        }),
        Column::new("orders", "ORDERS", |seeded| {
            Cell::Number(seeded.orders.into())
        }),
        Column::new("aftersales", "AFTER-SALES", |seeded| {
            Cell::Number(seeded.aftersales.into())
        }),
        Column::new("seed", "SEED", |seeded| Cell::Text(seeded.seed.to_string())),
    ];
}

pub fn run(args: SeedArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let of_a_store = args
        .family
        .map_or_else(|| ctx.is_of_a_store(), Family::is_store);
    if of_a_store {
        return ctx.out.show(&shop.seed_store(args.goods, args.seed)?);
    }
    let seed = Seed {
        goods: args.goods,
        orders: args.orders,
        aftersales: args.aftersales,
        seed: args.seed,
        status: args.status.map(|status| match status {
            Status::Unpaid => 10,
            Status::Paid => 20,
            Status::Shipped => 30,
            Status::Completed => 100,
        }),
    };
    ctx.out.show(&shop.seed(&seed)?)
}
