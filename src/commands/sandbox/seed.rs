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
    /// Number of products
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(..=10_000))]
    goods: u32,
    /// Number of orders in the last 30 days
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(..=100_000))]
    orders: u32,
    /// Number of refunds and returns for these orders; fewer if the orders don't allow so many
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(..=10_000))]
    aftersales: u32,
    /// Seed of the data; it appears in the numbers of products and orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Which shop of the sandbox to fill (default: that of the profile); a WeChat Store gets products only
    #[arg(long, value_enum)]
    family: Option<Family>,
    /// Put all orders in this state
    #[arg(long, value_enum)]
    status: Option<Status>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Status {
    /// Waiting for payment (10)
    Unpaid,
    /// Paid, to be shipped (20)
    Paid,
    /// Shipped (30)
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
