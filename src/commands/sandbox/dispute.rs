//! What buyers do about refunds and returns in the sandbox (`wxsell sandbox buyer …`), and what the platform decides
//! (`wxsell sandbox dispute …`).

use super::super::Ctx;
use crate::fail::Failure;
use crate::sandbox::{AftersaleRequest, Give, Opened, Sandbox, Side};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

/// The buyer's moves after the sale.
#[derive(Debug, Subcommand)]
pub enum BuyerVerb {
    /// Ask for money back, without a return
    Refund(AskArgs),
    /// Ask to send goods back for their money
    Return(AskArgs),
    /// Ask for another amount
    ChangeAftersale(ChangeArgs),
    /// Withdraw a refund or return
    CancelAftersale(OneArgs),
    /// Send the goods back, or change the data of their parcel
    ShipBack(ShipBackArgs),
    /// Cancel the pick-up of the goods
    CancelPickUp(OneArgs),
    /// Ask the platform to step in after a rejection
    Dispute(DisputeArgs),
    /// Submit evidence
    Evidence(EvidenceArgs),
    /// Confirm or deny that a refund paid outside WeChat has arrived
    Proof(ProofArgs),
}

#[derive(Debug, Args)]
pub struct AskArgs {
    /// Number of the order, yours or WeChat's
    order: String,
    /// Your product number (default: the first with money left)
    #[arg(long, value_name = "NUMBER")]
    product: Option<String>,
    /// Your SKU number
    #[arg(long, value_name = "NUMBER")]
    sku: Option<String>,
    /// Refund amount in yuan (default: all that is left)
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Option<Fen>,
    /// Reason, by WeChat's number
    #[arg(long, value_name = "NUMBER", default_value_t = 6)]
    reason: i64,
    /// The reason in words
    #[arg(long, value_name = "TEXT", default_value = "不想要了")]
    text: String,
}

#[derive(Debug, Args)]
pub struct OneArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
}

#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
    /// Refund amount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
}

#[derive(Debug, Args)]
pub struct ShipBackArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
    /// Code of the carrier
    #[arg(long, value_name = "CODE", default_value = "SF")]
    carrier: String,
    /// Name of the carrier
    #[arg(long, value_name = "NAME", default_value = "顺丰速运")]
    carrier_name: String,
    /// Waybill number; without one, WeChat arranges a pick-up and gets it later
    #[arg(long, value_name = "NUMBER")]
    waybill: Option<String>,
}

#[derive(Debug, Args)]
pub struct DisputeArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
    /// Kind of dispute, by WeChat's number
    #[arg(long = "type", value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=10))]
    kind: i64,
    /// Words of the buyer
    #[arg(long, value_name = "TEXT", default_value = "商家拒绝售后")]
    text: String,
}

#[derive(Debug, Args)]
pub struct EvidenceArgs {
    /// Number of the dispute
    dispute: String,
    /// Words of the buyer
    #[arg(long, value_name = "TEXT", default_value = "见聊天记录")]
    text: String,
}

#[derive(Debug, Args)]
pub struct ProofArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
    /// It has not arrived: the platform checks the proof
    #[arg(long)]
    doubt: bool,
    /// Words of the buyer
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "未收到退款",
        requires = "doubt"
    )]
    text: String,
}

/// The platform's moves.
#[derive(Debug, Subcommand)]
pub enum DisputeVerb {
    /// Ask for evidence
    Ask(EvidenceOfArgs),
    /// Decide a dispute
    Decide(DecideArgs),
    /// Decide on a proof that the buyer disputes
    Proof(JudgeProofArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Whose {
    Merchant,
    Buyer,
    Both,
    Nobody,
}

impl From<Whose> for Side {
    fn from(whose: Whose) -> Side {
        match whose {
            Whose::Merchant => Side::Merchant,
            Whose::Buyer => Side::Buyer,
            Whose::Both => Side::Both,
            Whose::Nobody => Side::Nobody,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Gives {
    /// Money back
    Refund,
    /// The goods go back, then the money
    Return,
    /// Nothing
    Nothing,
}

#[derive(Debug, Args)]
pub struct EvidenceOfArgs {
    /// Number of the dispute
    dispute: String,
    /// Who must give evidence
    #[arg(long, value_enum, default_value = "merchant")]
    of: Whose,
}

#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Number of the dispute
    dispute: String,
    /// Outcome for the buyer
    #[arg(long, value_enum)]
    gives: Gives,
    /// Who is liable
    #[arg(long, value_enum, default_value = "merchant")]
    liable: Whose,
}

#[derive(Debug, Args)]
pub struct JudgeProofArgs {
    /// Number of the dispute
    dispute: String,
    /// It proves nothing
    #[arg(long)]
    bad: bool,
}

/// Makes the payout of an after-sale fail.
#[derive(Debug, Args)]
pub struct FailRefundArgs {
    /// Number of the after-sale, yours or WeChat's
    aftersale: String,
}

pub fn buyer(verb: BuyerVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let happened = match verb {
        BuyerVerb::Refund(args) => return opened(ctx, shop.buyer_refund(&args.request(false))?),
        BuyerVerb::Return(args) => return opened(ctx, shop.buyer_refund(&args.request(true))?),
        BuyerVerb::ChangeAftersale(args) => {
            shop.buyer_changes_aftersale(&args.aftersale, args.amount)?
        }
        BuyerVerb::CancelAftersale(args) => shop.buyer_cancels_aftersale(&args.aftersale)?,
        BuyerVerb::ShipBack(args) => shop.buyer_ships_back(
            &args.aftersale,
            (&args.carrier, &args.carrier_name),
            args.waybill.as_deref().unwrap_or_default(),
        )?,
        BuyerVerb::CancelPickUp(args) => shop.buyer_cancels_pick_up(&args.aftersale)?,
        BuyerVerb::Dispute(args) => {
            let dispute = shop.buyer_disputes(&args.aftersale, args.kind, &args.text)?;
            return opened(ctx, dispute);
        }
        BuyerVerb::Evidence(args) => shop.buyer_evidence(&args.dispute, &args.text)?,
        BuyerVerb::Proof(args) => {
            let judged = shop.buyer_judges_proof(&args.aftersale, !args.doubt, &args.text)?;
            return opened(ctx, judged);
        }
    };
    ctx.out.list(&[happened])
}

impl AskArgs {
    fn request(self, sends_back: bool) -> AftersaleRequest {
        AftersaleRequest {
            order: self.order,
            sends_back,
            out_product_id: self.product.unwrap_or_default(),
            out_sku_id: self.sku.unwrap_or_default(),
            amount: self.amount,
            reason_type: self.reason,
            reason: self.text,
        }
    }
}

pub fn platform(verb: DisputeVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let happened = match verb {
        DisputeVerb::Ask(args) if args.of == Whose::Nobody => {
            return Err(Failure::input(text!("say who has to give evidence")).into());
        }
        DisputeVerb::Ask(args) => shop.ask_for_evidence(&args.dispute, args.of.into())?,
        DisputeVerb::Decide(args) => {
            let give = match args.gives {
                Gives::Refund => Give::Refund,
                Gives::Return => Give::Return,
                Gives::Nothing => Give::Nothing,
            };
            shop.decide_dispute(&args.dispute, args.liable.into(), give)?
        }
        DisputeVerb::Proof(args) => shop.decide_proof(&args.dispute, !args.bad)?,
    };
    ctx.out.list(&[happened])
}

pub fn fail_refund(args: FailRefundArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    ctx.out.list(&[shop.fail_refund(&args.aftersale)?])
}

/// What was opened: its number is what the next command needs.
fn opened(ctx: &Ctx, opened: Opened) -> Result<()> {
    let mut happening = opened.happening;
    happening.number = opened.number.to_string();
    ctx.out.list(&[happening])
}
