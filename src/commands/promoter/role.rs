//! `wxsell promoter role`: sorts of promotion staff, such as guides and cashiers.

use super::Ctx;
use crate::commands::ask::{Rows, columns, request};
use crate::fail::Failure;
use crate::shop::pass_through::body;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::promoter::{ROLE, ROLE_NAME};
use crate::shop::pass_through::promoter::{ROLE_ADD, ROLE_LIST, ROLE_UPDATE};
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use clap::{ArgGroup, Subcommand};
use serde::Serialize;
use serde_json::Value;

/// Staff: sort people into roles
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

/// Make a role; it cannot be removed again
#[derive(Debug, clap::Args, Serialize)]
pub struct AddArgs {
    /// Name of the role; 50 bytes at most
    name: String,
    /// What it is for; 200 bytes at most
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
    /// What it is for; 200 bytes at most
    #[arg(long)]
    desc: Option<String>,
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => ctx.ask_rows(&ROLE_LIST, &(), args.rows).await,
        Verb::Add(args) => add(&args, ctx).await,
        Verb::Update(args) => {
            let base = body([ROLE.of(number(&args.role, ctx).await?)]);
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
                .note(text!("the role is made already; nothing was sent"));
            made
        }
        Planned::New(prepared) => {
            if let Some(number) = named(&args.name, &all(ctx).await?) {
                return Err(Failure::input(text!(
                    "there is a role {name} already: {number}",
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

/// All roles, as WeChat has them now.
pub async fn all(ctx: &Ctx) -> Result<Vec<Value>> {
    ctx.rows(&ROLE_LIST, &(), None).await
}

/// The number of a role that is named, or numbered already.
pub async fn number(role: &str, ctx: &Ctx) -> Result<i64> {
    if let Ok(number) = role.parse() {
        return Ok(number);
    }
    let roles = all(ctx).await?;
    named(role, &roles).ok_or_else(|| unknown(role, &roles).into())
}

/// The number of a role among `roles`, by name or number.
pub fn named(role: &str, roles: &[Value]) -> Option<i64> {
    let number: Option<i64> = role.parse().ok();
    roles
        .iter()
        .find(|known| {
            ROLE_NAME.is(known, role) || number.is_some() && ROLE.integer(known) == number
        })
        .and_then(|known| ROLE.integer(known))
}

/// There is no such role, but these.
pub fn unknown(role: &str, roles: &[Value]) -> Failure {
    let names: Vec<String> = roles
        .iter()
        .filter_map(|known| ROLE_NAME.some_text(known))
        .collect();
    Failure::input(text!("there is no role {role}", role)).hint(text!(
        "the roles are {roles}; `wxsell promoter role add` makes another",
        roles = names.join(", ")
    ))
}
