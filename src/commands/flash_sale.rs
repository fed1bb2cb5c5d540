//! `wxsell flash-sale`: products of a WeChat Store that are cheaper for some hours.

use super::Ctx;
use super::ask::{Rows, request};
use crate::commands::shows::Shows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::flash_sale::{Breach, check};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::flash_sale::{ADD, LIST, PRODUCT, REMOVE, STOP, UPDATE};
use crate::shop::store::sale::Offer;
use crate::text;
use crate::types::{Fen, rfc3339};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[];

/// WeChat Store: manage flash sales
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Add(AddArgs),
    Update(UpdateArgs),
    /// Stop a flash sale that has not ended
    Stop(TaskArgs),
    /// Delete a flash sale that has ended
    Remove(TaskArgs),
}

/// List flash sales
#[derive(Debug, clap::Args, Serialize)]
pub struct ListArgs {
    /// Only flash sales in this state
    #[arg(long, value_enum)]
    status: Option<State>,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    /// Not started yet
    Planned = 0,
    Running = 1,
    Ended = 2,
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// Plan a flash sale of a product that is on sale
///
/// It lasts at most 24 hours. A flash price is above 10 yuan, and 10 to 85 percent and at least 10 yuan below the price.
/// While it runs the SKUs of the product cannot be changed. A product has one flash sale at a time.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// Number of the product on sale
    out_product_id: String,
    #[command(flatten)]
    terms: Terms,
}

/// Change the time, prices and stock of a flash sale
///
/// What you give replaces the whole flash sale.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// Number of the flash sale, as `flash-sale list` shows it
    task_id: String,
    /// Number of its product
    #[arg(long, value_name = "PRODUCT")]
    product: String,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, clap::Args)]
struct Terms {
    /// When it begins, e.g. 2026-12-12T20:00
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::moment)]
    start: i64,
    /// When it ends; at most 24 hours later
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::moment)]
    end: i64,
    /// A SKU with its flash price in yuan and how many are sold at it (can be repeated)
    #[arg(long = "sku", value_name = "SKU=PRICExCOUNT", required = true, value_parser = offer)]
    skus: Vec<Offer>,
}

#[derive(Debug, clap::Args, Serialize)]
pub struct TaskArgs {
    /// Number of the flash sale, as `flash-sale list` shows it
    task_id: String,
}

/// `TEA-1-A=79.00x50`
fn offer(text: &str) -> Result<Offer, Text> {
    let unknown = || text!("write SKU=PRICExCOUNT, e.g. TEA-1=79.00x50");
    let (number, terms) = text.rsplit_once('=').ok_or_else(unknown)?;
    let (price, stock) = terms.split_once(['x', '×', '*']).ok_or_else(unknown)?;
    let stock = stock.trim().parse().map_err(|_| unknown())?;
    let price = Fen::from_yuan(price.trim()).map_err(|failure| failure.message)?;
    match number.trim() {
        "" => Err(unknown()),
        number => Ok(Offer {
            number: number.to_owned(),
            price,
            stock,
        }),
    }
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    ctx.of_a_store()?;
    match verb {
        Verb::List(args) => ctx.ask_rows(&LIST, &args, args.rows).await,
        Verb::Stop(args) => ctx.ask(&STOP, &args).await,
        Verb::Remove(args) => ctx.ask(&REMOVE, &args).await,
        Verb::Add(args) => {
            let (product_id, skus) = terms(&args.out_product_id, &args.terms, ctx).await?;
            if let Some(task) = ctx.shop().await?.open_sale(&product_id).await? {
                return Err(Failure::new(
                    Kind::Refused,
                    text!(
                        "product {number} already has flash sale {task}",
                        number = &args.out_product_id,
                        task = task.to_string()
                    ),
                )
                .hint(text!(
                    "change it with `wxsell flash-sale update`, or end it with `wxsell flash-sale stop`"
                ))
                .into());
            }
            let sale = Sale {
                product: Some(product_id),
                task_id: None,
                start: args.terms.start,
                end: args.terms.end,
                skus,
            };
            send(&ADD, &sale, ctx).await
        }
        Verb::Update(args) => {
            let (product_id, mut skus) = terms(&args.product, &args.terms, ctx).await?;
            for sku in &mut skus {
                PRODUCT.put(sku, product_id.as_str());
            }
            let sale = Sale {
                product: None,
                task_id: Some(args.task_id),
                start: args.terms.start,
                end: args.terms.end,
                skus,
            };
            send(&UPDATE, &sale, ctx).await
        }
    }
}

/// A flash sale as it is asked for.
#[derive(Serialize)]
struct Sale {
    product: Option<String>,
    task_id: Option<String>,
    /// Unix seconds, as the end.
    start: i64,
    end: i64,
    skus: Vec<Value>,
}

async fn send(ask: &Ask, sale: &Sale, ctx: &Ctx) -> Result<()> {
    let body = request(ask, sale, empty())?;
    ctx.send_and_show(ask, &body).await
}

/// The store's number of a product and its SKUs in a request, once everything is right.
async fn terms(number: &str, terms: &Terms, ctx: &Ctx) -> Result<(String, Vec<Value>)> {
    let shop = ctx.shop().await?;
    let shop_key = ctx.profile()?.shop_key();
    let id = shop.find_product(ctx.state()?, &shop_key, number).await?;
    let skus = shop.sale_skus(&id, number, &terms.skus).await?;
    let (beside, sent): (Vec<_>, Vec<_>) = skus.into_iter().unzip();
    let problems: Vec<Text> = check(terms.start, terms.end, ctx.clock()?, &beside)
        .iter()
        .map(|breach| words(breach, ctx.clock().unwrap_or(terms.start)))
        .collect();
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the flash sale breaks the rules; nothing was sent"))
                .also(problems)
                .into(),
        );
    }
    let sent = sent.iter().map(serde_json::to_value);
    Ok((id, sent.collect::<serde_json::Result<_>>()?))
}

fn words(breach: &Breach, now: i64) -> Text {
    match breach {
        Breach::EndsBeforeItStarts => text!("it ends before it starts"),
        Breach::TooLong => text!("it lasts more than 24 hours"),
        Breach::StartsTooEarly => text!(
            "it starts in the past; it is {time} now, and the start can be at most 10 minutes ago",
            time = rfc3339(now)
        ),
        Breach::TooFarAhead => text!("it ends more than 365 days from now"),
        Breach::NoSku => text!("it has no SKU"),
        Breach::PriceTooLow { sku } => {
            text!("{sku}: a flash price is above 10 yuan", sku)
        }
        Breach::Reduction { sku, least, most } => text!(
            "{sku}: the flash price must be from {least} to {most} yuan: 10 to 85 percent and at least 10 yuan below the price",
            sku,
            least = least.to_yuan(),
            most = most.to_yuan()
        ),
        Breach::Stock { sku, available } => text!(
            "{sku}: {available} in stock; the flash sale needs at least 1 and at most the stock",
            sku,
            available = *available
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_a_sku_a_price_and_a_count() {
        let read = |text| {
            offer(text)
                .ok()
                .map(|one| (one.number, one.price.0, one.stock))
        };
        assert_eq!(read("TEA-1=79.00x50"), Some(("TEA-1".into(), 7900, 50)));
        assert_eq!(read("A=B=12×3"), Some(("A=B".into(), 1200, 3)));
        for wrong in [
            "TEA-1",
            "TEA-1=79",
            "=79x1",
            "A=x1",
            "A=1.234x1",
            "A=79xmany",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
