//! `wxsell promoter role`: sorts of promotion staff, such as guides and cashiers.

use super::Ctx;
use crate::commands::ask::{Rows, columns, request};
use crate::fail::Failure;
use crate::shop::pass_through::promoter::ROLE;
use crate::shop::pass_through::promoter::{ROLE_ADD, ROLE_LIST, ROLE_UPDATE};
use crate::shop::pass_through::{body, empty};
use crate::shop::promoter::named;
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{ArgGroup, Subcommand};
use serde::Serialize;

/// Staff: manage roles
///
/// One role is there from the start. Up to 100 can be made; none can be removed.
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Add(AddArgs),
    Update(UpdateArgs),
}

/// List the roles
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    rows: Rows,
}

/// Create a role; it cannot be removed
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    /// Name of the role; 50 bytes at most
    name: String,
    /// Description; at most 200 bytes
    #[arg(long)]
    desc: Option<String>,
}

/// Rename a role, or change what it is for
#[derive(Debug, clap::Args, Serialize)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["name", "desc"]))]
pub struct UpdateArgs {
    /// The role, by name or number
    #[serde(skip)]
    role: String,
    /// New name; 50 bytes at most
    #[arg(long)]
    name: Option<String>,
    /// Description; at most 200 bytes
    #[arg(long)]
    desc: Option<String>,
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => ctx.ask_rows(&ROLE_LIST, &(), args.rows).await,
        Verb::Add(args) => add(&args, ctx).await,
        Verb::Update(args) => {
            let number = ctx.shop().await?.promoter_role(&args.role).await?;
            let base = body([ROLE.of(number)]);
            ctx.ask_with(&ROLE_UPDATE, &args, base).await
        }
    }
}

/// Makes a role once: it could not be removed again. Two of one name could not be told apart.
async fn add(args: &AddArgs, ctx: &Ctx) -> Result<()> {
    let body = request(&ROLE_ADD, args, empty())?;
    if ctx.global.dry_run {
        return ctx.send(&ROLE_ADD, &body).await.map(|_| ());
    }
    ctx.out.check_columns_of(columns(&ROLE_ADD))?;
    let shop = ctx.shop().await?;
    let want = Want {
        sort: Sort::Role,
        subject: &args.name,
        amount: Fen(0),
        what: "",
        mark: Some(&args.name),
        fresh_mark: String::new(),
        look: String::new(),
        anew: false,
    };
    let made = match shop.plan_write(want).await? {
        Planned::Same(made) => {
            ctx.out
                .note(text!("the role already exists; nothing was sent"));
            made
        }
        Planned::New(prepared) => {
            if let Some(number) = named(&args.name, &shop.promoter_roles().await?) {
                return Err(Failure::input(text!(
                    "role {name} already exists: {number}",
                    name = &args.name,
                    number
                ))
                .hint(text!("`wxsell promoter role update` changes it"))
                .into());
            }
            ctx.before_write(None).await?;
            let (_, operation) = ROLE_ADD.operation();
            let sent = prepared.send(shop, operation, &body, |_| Default::default());
            sent.await?
        }
    };
    let show = async |made: &Made| {
        let reply = match &made.found {
            Some(found) => found.record.clone(),
            None if made.reply.is_null() => shop.role(&args.name).await?,
            None => made.reply.clone(),
        };
        ctx.show_reply(&ROLE_ADD, reply)?;
        Ok(ctx.out.was_read())
    };
    shop.show_write(made, show).await
}
