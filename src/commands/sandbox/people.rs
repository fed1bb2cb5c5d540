//! `wxsell sandbox promoter`, `sharer`, `staff` and `coupon`: what people around the make-believe shop do.

use super::tell;
use crate::commands::Ctx;
use crate::output::{Cell, Column, Record};
use crate::sandbox::{Sandbox, SharerAnswer, Visited};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Who buys where nobody is named.
const SOMEBODY: &str = "oSandboxBuyer000000000000001";

#[derive(Debug, Subcommand)]
pub enum PromoterVerb {
    /// Add a Channels promoter, as the console does once the person has accepted
    Add(NicknameArgs),
}

#[derive(Debug, Args)]
pub struct NicknameArgs {
    /// Nickname of the Channels account
    nickname: String,
}

#[derive(Debug, Subcommand)]
pub enum SharerVerb {
    /// Let an invited person accept
    Accept(PersonArgs),
    /// Let an invited person refuse
    Refuse(PersonArgs),
    /// Let a sharer end the binding
    Release(PersonArgs),
    /// Let a sharer share a live room
    Share(LiveArgs),
}

#[derive(Debug, Args)]
pub struct PersonArgs {
    /// The person
    openid: String,
}

#[derive(Debug, Args)]
pub struct LiveArgs {
    /// The sharer
    openid: String,
    /// Name of the live room
    #[arg(long, default_value = "沙盒直播间")]
    live: String,
}

#[derive(Debug, Subcommand)]
pub enum StaffVerb {
    /// Let a declared person agree
    Agree(PersonArgs),
    /// Let a person withdraw the agreement
    Leave(PersonArgs),
    /// Let a visitor come through a person's material, and optionally pay
    Visit(VisitArgs),
}

#[derive(Debug, Args)]
pub struct VisitArgs {
    /// The promoter
    openid: String,
    /// Page that was opened
    #[arg(long, value_name = "PATH", default_value = "pages/index/index")]
    page: String,
    /// Launch scene of the Mini Program
    #[arg(long, default_value_t = 1007)]
    scene: u32,
    /// Openid of the visitor
    #[arg(long, value_name = "OPENID", default_value = SOMEBODY)]
    visitor: String,
    /// Mark of the material
    #[arg(long, default_value = "")]
    mark: String,
    /// Yuan that the visitor pays
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    pays: Option<Fen>,
    /// The payment is refunded
    #[arg(long, requires = "pays")]
    refunded: bool,
}

#[derive(Debug, Subcommand)]
pub enum CouponVerb {
    /// Let a buyer take a coupon: the request is pushed to you and needs your answer
    Take(TakeArgs),
}

#[derive(Debug, Args)]
pub struct TakeArgs {
    /// Your own coupon number
    out_coupon_id: String,
}

pub fn promoter(verb: PromoterVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let PromoterVerb::Add(args) = verb;
    tell(&shop.add_promoter(&args.nickname)?, ctx)
}

pub fn sharer(verb: SharerVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let (openid, answer) = match verb {
        SharerVerb::Accept(args) => (args.openid, SharerAnswer::Accept),
        SharerVerb::Refuse(args) => (args.openid, SharerAnswer::Refuse),
        SharerVerb::Release(args) => (args.openid, SharerAnswer::Release),
        SharerVerb::Share(args) => {
            return tell(&shop.share_live(&args.openid, &args.live)?, ctx);
        }
    };
    tell(&shop.answer_as_sharer(&openid, answer)?, ctx)
}

pub fn staff(verb: StaffVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let happened = match verb {
        StaffVerb::Agree(args) => shop.answer_as_staff(&args.openid, true)?,
        StaffVerb::Leave(args) => shop.answer_as_staff(&args.openid, false)?,
        StaffVerb::Visit(args) => {
            let visited = Visited {
                path: args.page,
                scene: args.scene.into(),
                visitor: args.visitor,
                mark: args.mark,
                paid: args.pays,
                refunded: args.refunded,
            };
            shop.visit(&args.openid, visited)?
        }
    };
    tell(&happened, ctx)
}

/// A request for a coupon, as it was pushed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Request {
    out_coupon_id: String,
    request_id: String,
}

impl Record for Request {
    const COLUMNS: &'static [Column<Request>] = &[
        Column::new("out_coupon_id", "COUPON", |request| {
            Cell::Id(request.out_coupon_id.clone())
        }),
        Column::new("request_id", "REQUEST", |request| {
            Cell::Id(request.request_id.clone())
        }),
    ];
}

pub fn coupon(verb: CouponVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let CouponVerb::Take(args) = verb;
    let request_id = shop.take_coupon(&args.out_coupon_id)?;
    ctx.out.note(text!(
        "report the coupon you returned with `wxsell coupon user add`"
    ));
    ctx.out.show(&Request {
        out_coupon_id: args.out_coupon_id,
        request_id,
    })
}
