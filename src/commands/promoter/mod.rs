//! `wxsell promoter`: two things that share a name, kept apart. Channels promoters are in `channels`; the Mini Program's
//! promotion staff in `staff`, with their roles, messages, material and figures beside it.

mod channels;
mod material;
mod message;
mod reach;
mod role;
mod roster;
mod staff;

use super::Ctx;
use crate::commands::shows::Shows;
use crate::shop::pass_through::promoter::{ADD, MESSAGE_MANY};
use anyhow::Result;
use clap::Subcommand;

/// Manage Channels promoters and the Mini Program's promotion staff
///
/// Two kinds of promoters share the name. Channels promoters (视频号推广员) may bind this Mini Program to their own Channels
/// account and sell from it: `list`, and `add --wechat`, which guides you through the console, the only place where
/// they can be added. Promotion staff (小程序推广员) spread pages of the Mini Program and have nothing to do with Channels:
/// `list --staff`, `add --openid` or `add --from`, and all other commands here. Sharers (分享员) are something else: see
/// `wxsell sharer`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(staff::ListArgs),
    Add(roster::AddArgs),
    Remove(staff::RemoveArgs),
    Show(staff::ShowArgs),
    Update(staff::UpdateArgs),
    Invite(material::InviteArgs),
    Share(material::ShareArgs),
    Relations(reach::RelationsArgs),
    Orders(reach::OrdersArgs),
    #[command(subcommand)]
    Role(role::Verb),
    #[command(subcommand)]
    Message(message::Verb),
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<roster::Outcome>("promoter add"),
    Shows::one::<channels::Guide>("promoter add"),
    Shows::requests("promoter add", ADD.path).dry_run(),
    Shows::row("promoter show", &crate::shop::pass_through::promoter::LIST),
    Shows::one::<material::Material>("promoter invite"),
    Shows::one::<material::Material>("promoter share"),
    Shows::list::<message::Outcome>("promoter message send"),
    Shows::request("promoter message send", MESSAGE_MANY.path).dry_run(),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => staff::list(args, ctx).await,
        Verb::Add(args) => roster::add(args, ctx).await,
        Verb::Remove(args) => staff::remove(args, ctx).await,
        Verb::Show(args) => staff::show(args, ctx).await,
        Verb::Update(args) => staff::update(args, ctx).await,
        Verb::Invite(args) => material::invite(args, ctx).await,
        Verb::Share(args) => material::share(args, ctx).await,
        Verb::Relations(args) => reach::relations(args, ctx).await,
        Verb::Orders(args) => reach::orders(args, ctx).await,
        Verb::Role(verb) => role::run(verb, ctx).await,
        Verb::Message(verb) => message::run(verb, ctx).await,
    }
}
