//! Promotion staff: who is declared, who has agreed, and changing both sides as far as the merchant can.

use super::{Ctx, channels};
use crate::cli::values::{When, when};
use crate::commands::ask::{Data, Rows, check, columns};
use crate::fail::Failure;
use crate::output::{Cell, Columns};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::promoter::{DECLARED, PERSON};
use crate::shop::pass_through::promoter::{LIST, REMOVE, UPDATE};
use crate::shop::promoter::{BOUND, is_bound};
use crate::text;
use anyhow::Result;
use clap::ArgGroup;
use serde::Serialize;
use serde_json::Value;

/// List Channels promoters; with --staff, the promotion staff of the Mini Program
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// The promotion staff instead of the Channels promoters
    #[arg(long)]
    staff: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, clap::Args, Serialize)]
struct Filter {
    /// Staff: only this role, by name or number
    #[arg(long, requires = "staff")]
    #[serde(skip)]
    role: Option<String>,
    /// Staff: only this store
    #[arg(long, value_name = "RETAIL_ID", requires = "staff")]
    store: Option<String>,
    /// Staff: only people who are declared and have agreed
    #[arg(long, requires = "staff", conflicts_with = "waiting")]
    #[serde(skip)]
    bound: bool,
    /// Staff: only people who are declared and have not agreed yet
    #[arg(long, requires = "staff")]
    #[serde(skip)]
    waiting: bool,
    /// Staff: only people who agreed or withdrew since this day or time
    #[arg(long, value_name = "TIME", value_parser = when, requires = "staff")]
    #[serde(skip)]
    changed_since: Option<When>,
    /// Staff: only people who agreed or withdrew until this day or time
    #[arg(long, value_name = "TIME", value_parser = when, requires = "staff")]
    #[serde(skip)]
    changed_until: Option<When>,
    /// Staff: show unionids instead of openids
    #[arg(long, requires = "staff")]
    #[serde(skip)]
    unionid: bool,
}

/// Staff: show one person
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Openid, unionid, or the number that WeChat assigned
    who: String,
}

/// Staff: change one person
///
/// What is not given is kept. A new name or phone comes from a file, to stay out of the shell history: `--file` with
/// {"name": …, "phone": …}.
#[derive(Debug, clap::Args, Serialize)]
pub struct UpdateArgs {
    /// Openid, unionid, or the number that WeChat assigned
    #[serde(skip)]
    who: String,
    /// New role, by name or number
    #[arg(long)]
    #[serde(skip)]
    role: Option<String>,
    /// New store; 20 bytes at most
    #[arg(long, value_name = "RETAIL_ID")]
    store: Option<String>,
    /// New mark of your own; 80 bytes at most
    #[arg(long)]
    mark: Option<String>,
    /// Declare the person again after a removal
    #[arg(long)]
    #[serde(skip)]
    declare: bool,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// Staff: end the relation with one person; Channels promoters are removed in the console
///
/// There is no call that deletes a person: the declaration is withdrawn, and `promoter update --declare` restores it.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["who", "wechat"]))]
pub struct RemoveArgs {
    /// Staff: openid, unionid, or the number that WeChat assigned
    who: Option<String>,
    /// Channels promoter: shows where to do it
    #[arg(long, value_name = "NUMBER")]
    wechat: Option<String>,
}

/// What the options of a list come to.
#[derive(Serialize)]
struct More {
    since: Option<i64>,
    until: Option<i64>,
    role: Option<i64>,
    declared: Option<i64>,
    agreed: Option<i64>,
    unionid: Option<i64>,
}

/// What the options of a change come to.
#[derive(Serialize)]
struct Change {
    role: Option<i64>,
    declared: Option<i64>,
}

pub async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    if !args.staff {
        return channels::list(args.rows, ctx).await;
    }
    let now = ctx.clock()?;
    let filter = &args.filter;
    let by_relation = filter.bound || filter.waiting;
    let more = More {
        since: filter.changed_since.map(|since| since.first(now)),
        until: filter.changed_until.map(|until| until.last(now)),
        role: match &filter.role {
            Some(name) => Some(ctx.shop().await?.promoter_role(name).await?),
            None => None,
        },
        declared: by_relation.then_some(BOUND.0),
        agreed: by_relation.then_some(i64::from(filter.bound)),
        unionid: filter.unionid.then_some(1),
    };
    let body = LIST.laid(&more, LIST.laid(filter, empty())?)?;
    ctx.out.note(text!(
        "promotion staff of the Mini Program (小程序推广员); Channels promoters: wxsell promoter list"
    ));
    let rows = ctx
        .rows(&LIST, &body, ctx.out.rows_to_read(args.rows.limit))
        .await?;
    let rows: Vec<Value> = rows.into_iter().map(|row| readable(row, ctx)).collect();
    let out = ctx.out.with_nothing(crate::commands::done::nothing(&LIST));
    out.list_with(bound(columns(&LIST)), &rows)
}

pub async fn show(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let person = ctx.shop().await?.promoter_person(&args.who).await?;
    ctx.out
        .show_with(bound(columns(&LIST)), &readable(person, ctx))
}

pub async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let change = Change {
        role: match &args.role {
            Some(name) => Some(ctx.shop().await?.promoter_role(name).await?),
            None => None,
        },
        declared: args.declare.then_some(BOUND.0),
    };
    let mut body = UPDATE.laid(&change, UPDATE.laid(&args, args.data.read()?)?)?;
    if body.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Failure::input(text!("nothing to change was named"))
            .hint(text!(
                "give --role, --store, --mark or --declare, or use --file"
            ))
            .into());
    }
    // The fields first, the look-up after: nothing is called for a request that is wrong anyway.
    PERSON.put(&mut body, "0");
    check(&UPDATE, &body, &[])?;
    let mut person = ctx.shop().await?.promoter_person(&args.who).await?;
    PERSON.put(&mut body, PERSON.take(&mut person));
    ctx.send_and_show(&UPDATE, &body).await
}

/// The merchant has withdrawn the declaration.
const WITHDRAWN: i64 = 2;

pub async fn remove(args: RemoveArgs, ctx: &Ctx) -> Result<()> {
    if let Some(number) = &args.wechat {
        return Err(channels::remove(number).into());
    }
    let person = ctx
        .shop()
        .await?
        .promoter_person(args.who.as_deref().unwrap_or_default())
        .await?;
    if DECLARED.integer(&person) == Some(WITHDRAWN) {
        ctx.out.note(text!(
            "the declaration was already withdrawn; nothing was sent"
        ));
        return Ok(());
    }
    let mut body = empty();
    PERSON.put(&mut body, PERSON.at(&person).clone());
    DECLARED.put(&mut body, WITHDRAWN);
    ctx.send_and_show(&REMOVE, &body).await
}

/// A row with ids, times and people as this program prints them.
fn readable(row: Value, ctx: &Ctx) -> Value {
    let (book, operation) = LIST.operation();
    let Some(node) = book.at(&operation.reply, LIST.shows) else {
        return row;
    };
    let mut row = crate::api::operation::present(book, node, row);
    if !ctx.global.unmask {
        book.mask(node, &mut row);
    }
    row
}

/// Both sides in one column.
fn bound(columns: Columns<Value>) -> Columns<Value> {
    columns.with("bound", "BOUND", |row: &Value| {
        Cell::Word(if is_bound(row) {
            text!("yes")
        } else {
            text!("no")
        })
    })
}
