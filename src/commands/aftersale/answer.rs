//! What the merchant says to an after-sale: agree, refuse, receive the goods, prove a refund made outside; and the
//! rehearsal of what the clock does.

use super::Which;
use super::guard::{Force, Plan};
use super::words::Overdue;
use crate::commands::Ctx;
use crate::commands::ask::Data;
use crate::commands::image::Pictures;
use crate::fail::Failure;
use crate::model::aftersale::{Kind, Step};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::aftersale::{
    ACCEPT_REFUND, ACCEPT_RETURN, ADDRESS, AFTERSALE, CERTIFICATES, OPERATION, PLACES, PROOF,
    REASON, REJECT, RETURN_ADDRESS, RETURN_TO, TEST, WORDS,
};
use crate::shop::pass_through::{body, with};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::Value;

/// Pay the refund: the money goes back to the buyer
///
/// For a refund without return, this accepts the refund. For a return, it confirms that the goods came back in good
/// condition and pays the refund; accept the return itself with `accept-return`. This cannot be undone.
#[derive(Debug, clap::Args)]
pub struct AcceptRefundArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    force: Force,
}

/// Accept a return: the buyer sends the goods, nothing is paid yet
///
/// The buyer is told where to send them: the address given here, else the after-sale's, the order's, or the merchant's
/// default (`merchant update`).
#[derive(Debug, clap::Args)]
pub struct AcceptReturnArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    address: AddressFile,
    #[command(flatten)]
    force: Force,
}

/// Reject a refund, a return, or returned goods
///
/// Talk to the buyer first: the buyer has 7 days to change the request or to ask the platform to step in.
#[derive(Debug, clap::Args)]
pub struct RejectArgs {
    #[command(flatten)]
    which: Which,
    /// Why, for the buyer; whether WeChat shows it is not documented
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    force: Force,
}

/// Change the address for the buyer's return
///
/// Possible until the return is agreed to. Province, city and district are needed here.
#[derive(Debug, clap::Args)]
pub struct ReturnAddressArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    address: AddressFile,
    #[command(flatten)]
    force: Force,
}

#[derive(Debug, clap::Args)]
struct AddressFile {
    /// JSON or TOML file with receiver_name, province, city, town, detailed_address and tel_number; `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    address: Option<std::path::PathBuf>,
}

impl AddressFile {
    fn read(self) -> Result<Option<Value>> {
        if self.address.is_none() {
            return Ok(None);
        }
        Ok(Some(Data { file: self.address }.read()?))
    }
}

/// Prove a refund that was paid outside WeChat
///
/// For after-sales with a failed refund. The buyer confirms it in WeChat, which ends the after-sale.
#[derive(Debug, clap::Args)]
pub struct CertificatesArgs {
    #[command(flatten)]
    which: Which,
    /// How it was agreed and paid
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// Image of the proof: file or address (can be repeated)
    #[arg(long = "image", value_name = "IMAGE", required = true, value_hint = clap::ValueHint::FilePath)]
    images: Vec<String>,
    #[command(flatten)]
    force: Force,
}

/// Simulate a missed deadline (test buyers only)
///
/// WeChat allows it for buyers who have been administrator, developer, operator or tester of the Mini Program for more than 7
/// days, 10 times a day. Used on real buyers it can get the Mini Program banned.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    #[command(flatten)]
    which: Which,
    /// Which deadline passes
    #[arg(value_enum)]
    overdue: Overdue,
}

pub async fn accept_refund(args: AcceptRefundArgs, ctx: &Ctx) -> Result<()> {
    let plan = Plan {
        ask: &ACCEPT_REFUND,
        which: &args.which,
        step: Step::AcceptRefund,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let Some(amount) = found.value.amount.map(Fen::to_yuan) else {
        return Err(Failure::new(
            crate::fail::Kind::Refused,
            text!(
                "the amount of after-sale {number} cannot be read; nothing was sent",
                number = &args.which.number
            ),
        )
        .into());
    };
    let order = &found.value.order_number;
    let question = match found.value.kind {
        Kind::Return => text!(
            "Take the goods of order {order} as received and refund {amount} yuan",
            order,
            amount
        ),
        _ => text!(
            "Refund {amount} yuan of order {order} without a return",
            amount,
            order
        ),
    };
    let body = args.which.key();
    plan.carry_out(ctx, &found, &body, Some(question)).await
}

pub async fn accept_return(args: AcceptReturnArgs, ctx: &Ctx) -> Result<()> {
    let address = args.address.read()?;
    let plan = Plan {
        ask: &ACCEPT_RETURN,
        which: &args.which,
        step: Step::AcceptReturn,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let body = with(args.which.key(), [ADDRESS.of(address)]);
    plan.carry_out(ctx, &found, &body, None).await
}

pub async fn reject(args: RejectArgs, ctx: &Ctx) -> Result<()> {
    let plan = Plan {
        ask: &REJECT,
        which: &args.which,
        step: Step::Reject,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let body = with(args.which.key(), [REASON.of(args.reason)]);
    plan.carry_out(ctx, &found, &body, None).await
}

pub async fn return_address(args: ReturnAddressArgs, ctx: &Ctx) -> Result<()> {
    let Some(address) = args.address.read()? else {
        return Err(
            Failure::input(text!("missing: {what}", what = text!("the return address")))
                .hint(text!(
                    "give a file with --address, or `-` for standard input"
                ))
                .into(),
        );
    };
    let missing: Vec<_> = PLACES
        .into_iter()
        .filter(|place| place.some_text(&address).is_none())
        .map(|place| text!("{field} is missing", field = place.0))
        .collect();
    if !missing.is_empty() {
        return Err(
            Failure::input(text!("the request is incomplete or invalid"))
                .also(missing)
                .into(),
        );
    }
    let plan = Plan {
        ask: &RETURN_ADDRESS,
        which: &args.which,
        step: Step::ReturnAddress,
        force: args.force.force,
    };
    let Some(found) = plan.read(ctx).await? else {
        return Ok(());
    };
    let mut aftersale = args.which.key();
    RETURN_TO.put(&mut aftersale, address);
    let body = body([AFTERSALE.of(aftersale)]);
    plan.carry_out(ctx, &found, &body, None).await
}

pub async fn certificates(args: CertificatesArgs, ctx: &Ctx) -> Result<()> {
    let pictures = Pictures::read(&args.images)?;
    let plan = Plan {
        ask: &CERTIFICATES,
        which: &args.which,
        step: Step::Certificates,
        force: args.force.force,
    };
    if plan.read(ctx).await?.is_none() {
        return Ok(());
    }
    let links = pictures.links(ctx).await?;
    let body = with(args.which.key(), [WORDS.of(args.text), PROOF.of(links)]);
    once(ctx, &CERTIFICATES, &body, &args.which).await
}

/// Sends what acts again where it comes again, and shows the after-sale as it is then.
async fn once(ctx: &Ctx, ask: &Ask, body: &Value, which: &Which) -> Result<()> {
    crate::commands::ask::check(ask, body, &[])?;
    ctx.out.check_columns_of(super::view::whole())?;
    if ctx.send(ask, body).await?.is_none() {
        return Ok(());
    }
    let found = super::read(ctx, which).await?;
    super::view::one(ctx, found)
}

pub async fn test(args: TestArgs, ctx: &Ctx) -> Result<()> {
    let body = with(args.which.key(), [OPERATION.of(args.overdue)]);
    once(ctx, &TEST, &body, &args.which).await
}
