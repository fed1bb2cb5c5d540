//! `wxsell goods`: the products of a shop.

pub mod check;
pub mod export;
pub mod list;
pub mod listing;
mod page;
pub mod plan;
mod problem;
pub mod read;
pub mod report;
pub mod single;
mod store;
pub mod template;
pub mod upload;

use crate::commands::Ctx;
use crate::commands::shows::Shows;
use crate::shop::goods::plan::Line;
use crate::shop::goods::sheet::problem::Problem;
use crate::shop::store::plan::Line as StoreLine;
use anyhow::Result;
use clap::Subcommand;
use listing::Step;
pub use store::Report as StoreReport;

/// Upload, change and track the products of the shop
#[derive(Debug, Subcommand)]
pub enum Verb {
    Upload(upload::Args),
    Check(check::CheckArgs),
    Template(template::TemplateArgs),
    List(list::ListArgs),
    Rejected(list::RejectedArgs),
    Show(list::ShowArgs),
    Export(export::ExportArgs),
    #[command(mut_args(single::hide_those_of_files))]
    Add(single::AddArgs),
    #[command(mut_args(single::hide_those_of_files))]
    Update(single::UpdateArgs),
    PriceStock(single::PriceStockArgs),
    /// Put products back on sale
    OnSale(listing::OnSaleArgs),
    /// Take products off sale
    OffSale(listing::Args),
    /// Permanently delete products
    ///
    /// The numbers of deleted products cannot be used again.
    Remove(listing::Args),
    /// Withdraw products from audit
    WithdrawAudit(listing::Args),
    Restricted(store::restricted::Args),
    #[command(subcommand)]
    AuditStrategy(store::strategy::Verb),
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<report::Report>("goods upload"),
    Shows::one::<StoreReport>("goods upload"),
    Shows::list::<Problem>("goods upload"),
    Shows::list::<Line>("goods upload"),
    Shows::list::<Line>("goods upload").dry_run(),
    Shows::list::<StoreLine>("goods upload").dry_run(),
    Shows::list::<Problem>("goods upload").dry_run(),
    Shows::one::<report::Report>("goods add"),
    Shows::one::<StoreReport>("goods add"),
    Shows::list::<Problem>("goods add"),
    Shows::list::<Line>("goods add"),
    Shows::list::<Line>("goods add").dry_run(),
    Shows::list::<StoreLine>("goods add").dry_run(),
    Shows::one::<report::Report>("goods update"),
    Shows::one::<StoreReport>("goods update"),
    Shows::list::<Problem>("goods update"),
    Shows::list::<Line>("goods update"),
    Shows::list::<Line>("goods update").dry_run(),
    Shows::list::<StoreLine>("goods update").dry_run(),
    Shows::one::<report::Report>("goods price-stock"),
    Shows::one::<StoreReport>("goods price-stock"),
    Shows::list::<Problem>("goods price-stock"),
    Shows::list::<Line>("goods price-stock"),
    Shows::list::<Line>("goods price-stock").dry_run(),
    Shows::list::<StoreLine>("goods price-stock").dry_run(),
    Shows::list::<store::restricted::Restriction>("goods restricted"),
    Shows::one::<check::Summary>("goods check"),
    Shows::list::<Problem>("goods check"),
    Shows::one::<template::Written>("goods template"),
    Shows::list::<list::GoodsRow>("goods list"),
    Shows::list::<list::GoodsRow>("goods rejected"),
    Shows::one::<page::GoodsPage>("goods show"),
    Shows::one::<export::Exported>("goods export"),
    Shows::list::<listing::Stepped>("goods on-sale"),
    Shows::list::<listing::Stepped>("goods off-sale"),
    Shows::list::<listing::Stepped>("goods remove"),
    Shows::list::<listing::Stepped>("goods withdraw-audit"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match &verb {
        Verb::Upload(args) => ctx.keep_job("goods upload", args)?,
        Verb::Add(args) => ctx.keep_job("goods add", args)?,
        Verb::Update(args) => ctx.keep_job("goods update", args)?,
        Verb::PriceStock(args) => ctx.keep_job("goods price-stock", args)?,
        _ => {}
    }
    // A profile that cannot be read is named by the verb that needs it.
    if ctx.is_of_a_store() {
        return store::run(verb, ctx).await;
    }
    match verb {
        Verb::Upload(args) => upload::run(args, ctx).await,
        Verb::Check(args) => check::run(args, ctx).await,
        Verb::Template(args) => template::run(args, ctx).await,
        Verb::List(args) => list::list(args, ctx).await,
        Verb::Rejected(args) => list::list(args.into(), ctx).await,
        Verb::Show(args) => list::show(args, ctx).await,
        Verb::Export(args) => export::run(args, ctx).await,
        Verb::Add(args) => single::add(args, ctx).await,
        Verb::Update(args) => single::update(args, ctx).await,
        Verb::PriceStock(args) => single::price_stock(args, ctx).await,
        Verb::OnSale(args) => listing::put_on_sale(args, ctx).await,
        Verb::OffSale(args) => listing::run(Step::OffSale, args, ctx).await,
        Verb::Remove(args) => listing::run(Step::Remove, args, ctx).await,
        Verb::WithdrawAudit(args) => listing::run(Step::WithdrawAudit, args, ctx).await,
        Verb::Restricted(args) => store::restricted::run(args, ctx).await,
        Verb::AuditStrategy(_) => ctx.of_a_store(),
    }
}
