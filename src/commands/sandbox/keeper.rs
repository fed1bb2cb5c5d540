//! `wxsell sandbox admin|merchant|scene|access`: what a person does on a phone and what auditors decide, for steps of
//! joining that no call can take.

use crate::commands::Ctx;
use crate::sandbox::{AccessMove, NumberMove, Sandbox};
use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum AdminVerb {
    /// Sign what is waiting for a signature: the component's agreement, the merchant number contract
    Sign,
    /// Make the verification transfer, or pass the check of the legal person
    Verify,
    /// Close the component: products and orders stay, permissions for categories and brands go
    Close,
}

#[derive(Debug, Subcommand)]
pub enum MerchantVerb {
    /// Move the application to its next step now
    Pass,
    Reject(RejectNumber),
    /// Freeze a merchant number that is open
    Freeze,
    /// Unfreeze a merchant number
    Thaw,
}

/// Reject the application for a merchant number
#[derive(Debug, Args)]
pub struct RejectNumber {
    /// Reason given to the merchant
    #[arg(long, default_value = "rejected by order")]
    reason: String,
    /// Field that is reported as wrong
    #[arg(long, value_name = "NAME", default_value = "business_license_info")]
    field: String,
}

#[derive(Debug, Subcommand)]
pub enum SceneVerb {
    /// Let a scene pass its audit
    Pass(Scene),
    /// Reject a scene that is in audit
    Reject(RejectScene),
}

#[derive(Debug, Args)]
pub struct Scene {
    /// Number of the scene; 1 is Channels
    #[arg(default_value_t = 1)]
    id: i64,
}

#[derive(Debug, Args)]
pub struct RejectScene {
    #[command(flatten)]
    scene: Scene,
    /// Reason given to the merchant
    #[arg(long, default_value = "rejected by order")]
    reason: String,
}

#[derive(Debug, Subcommand)]
pub enum AccessVerb {
    /// Ban the shop from the component
    Ban,
    /// Lift the ban
    Lift,
}

pub fn admin(verb: AdminVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let happenings = match verb {
        AdminVerb::Sign => shop.sign()?,
        AdminVerb::Verify => vec![shop.merchant_number(&NumberMove::Verify)?],
        AdminVerb::Close => vec![shop.access(&AccessMove::Close)?],
    };
    ctx.out.list(&happenings)
}

pub fn merchant(verb: MerchantVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let what = match verb {
        MerchantVerb::Pass => NumberMove::Pass,
        MerchantVerb::Reject(args) => NumberMove::Reject(args.field, args.reason),
        MerchantVerb::Freeze => NumberMove::Freeze,
        MerchantVerb::Thaw => NumberMove::Thaw,
    };
    ctx.out.list(&[shop.merchant_number(&what)?])
}

pub fn scene(verb: SceneVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let what = match verb {
        SceneVerb::Pass(scene) => AccessMove::PassScene(scene.id),
        SceneVerb::Reject(args) => AccessMove::RejectScene(args.scene.id, args.reason),
    };
    ctx.out.list(&[shop.access(&what)?])
}

pub fn access(verb: AccessVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let what = match verb {
        AccessVerb::Ban => AccessMove::Ban,
        AccessVerb::Lift => AccessMove::LiftBan,
    };
    ctx.out.list(&[shop.access(&what)?])
}
