//! `wxsell aftersale create`: open an after-sale for a buyer. The order is read first: what is left of the SKU bounds the
//! amount, and an ordinary order is not for this call.

use super::legacy::{self, CreateLegacy};
use super::words::Type;
use super::{Which, read, view};
use crate::api::component::aftersale::{kind_number, reason_number};
use crate::commands::Ctx;
use crate::commands::ask::check;
use crate::commands::image::Pictures;
use crate::commands::order;
use crate::fail::{Failure, Kind};
use crate::lang::Lang;
use crate::model::aftersale::Reason;
use crate::model::order::{Line, Order, State};
use crate::shop::aftersale::left::Left;
use crate::shop::pass_through::aftersale::{CREATE, MEDIA, OWN_NUMBER, media};
use crate::shop::pass_through::with;
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Open an after-sale for a buyer
///
/// One after-sale covers one SKU. Before shipment only a refund is possible, and only then can freight be refunded.
/// With --legacy: report an after-sale of an ordinary order (fund_type 0), which moves no money.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    #[command(flatten)]
    pub of: order::find::Which,
    /// What the buyer asks for
    #[arg(long = "type", value_enum)]
    pub kind: Type,
    /// Why
    #[arg(long, value_enum, required_unless_present = "legacy")]
    reason: Option<Reason>,
    /// Explanation of the reason (default: its name)
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Refund amount in yuan (default: all that is left of the SKU)
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, required_if_eq("legacy", "true"))]
    pub amount: Option<Fen>,
    /// Your product number; required if the order has several
    #[arg(long, value_name = "NUMBER")]
    pub product: Option<String>,
    /// Your SKU number
    #[arg(long, value_name = "NUMBER")]
    pub sku: Option<String>,
    /// Number of pieces (default: all of the order)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub count: Option<i64>,
    /// Your own number for the after-sale (default: made from the time)
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,
    /// Evidence: image file or address (can be repeated)
    #[arg(long = "image", value_name = "IMAGE", value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    /// Send even if the order does not seem to allow it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub legacy: CreateLegacy,
}

/// A number that no other after-sale of this shop is likely to have.
pub fn fresh_number(ctx: &Ctx) -> Result<String> {
    let time: String = ChinaTime::from_unix(ctx.clock()?)
        .0
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    Ok(format!("AS{time}{:04}", fastrand::u16(..10_000)))
}

pub async fn run(args: CreateArgs, ctx: &Ctx) -> Result<()> {
    if args.legacy.legacy {
        return legacy::create(args, ctx).await;
    }
    let pictures = Pictures::read(&args.images)?;
    let key = args.of.key(ctx).await?;
    let shop = ctx.shop().await?;
    let order = shop.read_order(&key).await?.value;
    let row = row(&order, &args)?;
    let kind = kind_number(args.kind.kind());
    let left = shop.left_to_refund(&order, row, None).await?;
    let amount = args.amount.unwrap_or(Fen(left.goods));
    let count = args.count.unwrap_or(row.count);
    let want = Want {
        sort: Sort::Aftersale,
        subject: &format!("{} {} {}", order.number, row.product, row.sku),
        amount,
        what: &format!("{kind} {count} {:?}", args.amount),
        mark: args.number.as_deref(),
        fresh_mark: fresh_number(ctx)?,
        look: String::new(),
        anew: false,
    };
    let words = args
        .text
        .clone()
        .or_else(|| args.reason.map(|reason| reason.words().render(Lang::Zh)));
    let opened = Opened {
        kind,
        amount,
        reason: args.reason.map(reason_number),
        words,
        product: &row.product,
        sku: &row.sku,
        count,
    };
    let mut body = CREATE.laid(&opened, serde_json::to_value(&key)?)?;
    let numbered = |body: &Value, number: &str| {
        let numbered = with(body.clone(), [OWN_NUMBER.of(number)]);
        check(&CREATE, &numbered, &[])?;
        anyhow::Ok(numbered)
    };
    // One that was opened already takes what is left.
    let refuse = || {
        if args.force {
            Ok(())
        } else {
            refuse_early(&order, &args, amount, &left)
        }
    };
    let checked = numbered(&body, want.mark.unwrap_or(&want.fresh_mark))?;
    if ctx.global.dry_run {
        refuse()?;
        let media = media(pictures.links(ctx).await?);
        let checked = with(checked, [MEDIA.of(media)]);
        return ctx.shows_request(&CREATE, &checked).map(|_| ());
    }
    ctx.out.check_columns_of(view::whole())?;
    ctx.may_write()?;
    let made = match shop.plan_write(want).await? {
        Planned::Same(made) => {
            ctx.out.note(text!(
                "WeChat already has {number}; nothing was sent",
                number = &made.movement.mark
            ));
            made
        }
        Planned::New(prepared) => {
            refuse()?;
            ctx.before_write(None).await?;
            body = with(body, [MEDIA.of(media(pictures.links(ctx).await?))]);
            let body = numbered(&body, &prepared.mark)?;
            let (_, operation) = CREATE.operation();
            let sent = prepared.send(shop, operation, &body, |_| Default::default());
            sent.await?
        }
    };
    let show = async |made: &Made| {
        let which = Which {
            number: made.movement.mark.clone(),
            own: true,
        };
        let found = read(ctx, &which).await?;
        view::one(ctx, found)?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, show).await
}

/// What is asked for in the name of a buyer.
#[derive(Serialize)]
struct Opened<'a> {
    kind: i64,
    amount: Fen,
    reason: Option<i64>,
    words: Option<String>,
    product: &'a str,
    sku: &'a str,
    count: i64,
}

/// The SKU that is meant.
fn row<'a>(order: &'a Order, args: &CreateArgs) -> Result<&'a Line> {
    let fits = |row: &&Line| {
        args.product
            .as_ref()
            .is_none_or(|named| row.product == *named)
            && args.sku.as_ref().is_none_or(|named| row.sku == *named)
    };
    let found: Vec<&Line> = order.lines.iter().filter(fits).collect();
    let names = || {
        let rows = order.lines.iter();
        rows.map(|row| {
            text!(
                "product {product}, SKU {sku}",
                product = &row.product,
                sku = &row.sku
            )
        })
        .collect()
    };
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::input(text!("the order has no such product"))
            .also(names())
            .into()),
        _ => Err(Failure::input(text!(
            "the order has several products; one after-sale covers one of them"
        ))
        .also(names())
        .hint(text!("choose one with --product and --sku"))
        .into()),
    }
}

fn refuse_early(order: &Order, args: &CreateArgs, amount: Fen, left: &Left) -> Result<()> {
    let refused = |message| Failure::new(Kind::Refused, message);
    let forced = || text!("nothing was sent; use --force to send it anyway");
    if order.controlled == Some(false) {
        return Err(refused(text!(
            "order {order} is an ordinary one (fund_type 0): its after-sales are only reported and move no money",
            order = &args.of.order
        ))
        .hint(text!("report it with --legacy"))
        .into());
    }
    if !order.state.is_paid() {
        return Err(refused(text!(
            "order {order} has no after-sale in its state {status}",
            order = &args.of.order,
            status = order.state.words()
        ))
        .hint(forced())
        .into());
    }
    match args.kind {
        Type::Exchange => {
            return Err(
                Failure::input(text!("an exchange can only be reported, with --legacy")).into(),
            );
        }
        Type::Return if order.state == State::Paid => {
            return Err(refused(text!(
                "order {order} is not shipped: only a refund is possible, there is nothing to return",
                order = &args.of.order
            ))
            .hint(forced())
            .into());
        }
        Type::Refund | Type::Return => {}
    }
    left.holds(amount)
}
