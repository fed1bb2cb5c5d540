//! What may still be changed of an order: the price, once and before it is paid; the address, before it is shipped.

use super::super::Ctx;
use super::super::ask::{Data, request};
use super::find::Which;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::order::NewPrice;
use crate::shop::pass_through::body;
use crate::shop::pass_through::order::{CHANGE_PRICE, RECEIVER, UPDATE_ADDRESS};
use crate::text;
use crate::types::Fen;
use anyhow::Result;

/// Change the price of an order before it is paid (once only)
///
/// SKUs that are not named keep their price. Payment arguments that were fetched before become void.
#[derive(Debug, clap::Args)]
pub struct PriceArgs {
    #[command(flatten)]
    which: Which,
    /// Total paid for all pieces of a SKU, in yuan (can be repeated)
    #[arg(long = "paid", value_name = "OUT_SKU_ID=YUAN", value_parser = sku_price)]
    paid: Vec<(String, Fen)>,
    /// Freight in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    freight: Option<Fen>,
    /// Surcharge such as tax, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    surcharge: Option<Fen>,
    /// What the surcharge is for
    #[arg(long, value_name = "TEXT")]
    surcharge_for: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Change the receiver of an order that is not shipped
///
/// The receiver comes from a file, to stay out of the shell history. WeChat has refused it for orders that were paid
/// already (1010034).
#[derive(Debug, clap::Args)]
pub struct AddressArgs {
    #[command(flatten)]
    which: Which,
    /// JSON or TOML file with receiver_name, tel_number, province, city, town, detailed_address; `-` for standard input
    #[arg(long = "file", value_name = "PATH", required = true, value_hint = clap::ValueHint::FilePath)]
    file: std::path::PathBuf,
}

fn sku_price(text: &str) -> std::result::Result<(String, Fen), Text> {
    let wrong = || text!("write the SKU and the amount paid for it, e.g. TEA-1001-250G=198.00");
    let (sku, yuan) = text.rsplit_once('=').ok_or_else(wrong)?;
    let paid = Fen::from_yuan(yuan).map_err(|_| wrong())?;
    Ok((sku.to_owned(), paid))
}

pub async fn price(args: PriceArgs, ctx: &Ctx) -> Result<()> {
    let from_file = args.data.read()?;
    let new = NewPrice {
        paid: args.paid,
        freight: args.freight,
        surcharge: args.surcharge,
        surcharge_for: args.surcharge_for,
    };
    let mut key = args.which.key(ctx).await?;
    let order = ctx.shop().await?.read_order(&key).await?;
    let shop = ctx.shop().await?;
    let base = match args.data.file {
        Some(_) => from_file,
        None => shop.new_price(&order.record, &new)?,
    };
    // This call knows orders by the merchant's number alone.
    key.order_id = None;
    key.out_order_id = Some(order.value.number).filter(|number| !number.is_empty());
    let body = request(&CHANGE_PRICE, &key, base)?;
    let problems = shop.price_problems(&body, &order.record)?;
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the new price does not add up; nothing was sent"))
                .also(problems)
                .into(),
        );
    }
    ctx.send_and_show(&CHANGE_PRICE, &body).await
}

pub async fn address(args: AddressArgs, ctx: &Ctx) -> Result<()> {
    let file = Data {
        file: Some(args.file),
    };
    let base = body([RECEIVER.of(file.read()?)]);
    let key = args.which.key(ctx).await?;
    ctx.ask_with(&UPDATE_ADDRESS, &key, base).await
}
