//! `wxsell audit`: how an audit of a category or a brand ended; and what is common to handing one in.

use super::Ctx;
use super::ask::request;
use crate::commands::shows::Shows;
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::audit::RESULT;
use crate::shop::pass_through::audit::TICKET;
use crate::shop::pass_through::empty;
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Show results of category and brand audits
#[derive(Debug, Subcommand)]
pub enum Verb {
    Show(ShowArgs),
}

/// Show the result of an audit
///
/// A new ticket may be unknown for a moment, and WeChat sometimes sends results without one: in that case give the
/// category or the brand, and the lists of what is open to this shop are searched.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Ticket that `category apply` or `brand apply` printed
    #[arg(required_unless_present_any = ["category", "brand"])]
    audit_id: Option<String>,
    /// Look up this category when there is no ticket
    #[arg(long, value_name = "NUMBER", conflicts_with = "brand")]
    category: Option<u64>,
    /// Look up the brand with this name when there is no ticket
    #[arg(long, value_name = "NAME")]
    brand: Option<String>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<Found>("audit show"),
    Shows::record("audit show", &RESULT),
];

/// "No such audit found", also for a ticket that is too new.
const UNKNOWN: i64 = 1_050_005;

#[derive(Serialize)]
struct Ticket {
    audit_id: String,
}

/// What the lists of the shop say where there is no ticket.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Found {
    /// Whether it stands in the list of what is open.
    permitted: bool,
    number: Option<String>,
    name: Option<String>,
}

impl Record for Found {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("permitted", "STATE", |found| {
            Cell::Word(if found.permitted {
                text!("passed")
            } else {
                text!("not passed (yet)")
            })
        }),
        Column::new("number", "NUMBER", |found| {
            found.number.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("name", "NAME", |found| {
            found.name.clone().map_or(Cell::Empty, Cell::Text)
        }),
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let Verb::Show(args) = verb;
    let ticket = args.audit_id.clone().filter(|ticket| !ticket.is_empty());
    let Some(audit_id) = ticket else {
        return look(args, ctx).await;
    };
    let body = request(&RESULT, &Ticket { audit_id }, empty())?;
    match ctx.send(&RESULT, &body).await {
        Ok(reply) => ctx.show_reply(&RESULT, reply.unwrap_or_default()),
        Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(UNKNOWN)) => {
            if args.category.is_some() || args.brand.is_some() {
                return look(args, ctx).await;
            }
            let mut refused = Failure::from_any(error);
            refused.hint = Some(text!(
                "a new ticket may take a moment to appear; or look in the lists: `wxsell audit show --category NUMBER`, `--brand NAME`"
            ));
            Err(refused.into())
        }
        Err(error) => Err(error),
    }
}

/// Looks through the lists of what is open to the shop.
async fn look(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let found = match (args.category, args.brand) {
        (Some(category), _) => {
            let mine = shop.my_categories().await?.unwrap_or_default();
            let row = mine.into_iter().find(|row| row.third_cat_id == category);
            Found {
                permitted: row.is_some(),
                number: Some(category.to_string()),
                name: row.map(|row| row.third_cat_name),
            }
        }
        (None, Some(brand)) => {
            let mine = shop.my_brands().await?.unwrap_or_default();
            let row = mine.into_iter().find(|row| row.brand_wording == brand);
            Found {
                permitted: row.is_some(),
                number: row.map(|row| row.brand_id.to_string()),
                name: Some(brand),
            }
        }
        (None, None) => {
            return Err(Failure::input(text!("the ticket is empty"))
                .hint(text!(
                    "give the category or the brand instead: `wxsell audit show --category NUMBER`, `--brand NAME`"
                ))
                .into());
        }
    };
    ctx.out.show(&found)
}

/// How handing something in ended.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct HandedIn {
    /// `submitted`, `approved`, `in_audit`, `not_needed`.
    pub outcome: &'static str,
    pub audit_id: Option<String>,
}

impl Record for HandedIn {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("outcome", "RESULT", |row| {
            Cell::Word(match row.outcome {
                "submitted" => text!("in audit"),
                "approved" => text!("already approved"),
                "in_audit" => text!("already in audit"),
                _ => text!("needs no audit"),
            })
        }),
        Column::new("audit_id", "AUDIT TICKET", |row| {
            row.audit_id.clone().map_or(Cell::Empty, Cell::Id)
        }),
    ];
}

/// Refusals that mean that there is nothing to do.
fn nothing_to_do(errcode: i64) -> Option<(&'static str, Text)> {
    match errcode {
        1_050_003 => Some(("approved", text!("nothing to do: it is already approved"))),
        1_050_009 => Some(("in_audit", text!("nothing to do: it is already in audit"))),
        1_050_011 => Some((
            "not_needed",
            text!("nothing to do: this category needs no application"),
        )),
        _ => None,
    }
}

/// Hands an audit in, once it was checked and its pictures were uploaded. `pictures` are JSON pointers to lists of them.
pub async fn hand_in(ctx: &Ctx, ask: &Ask, mut body: Value, pictures: &[&str]) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the request would be:"));
        return ctx.out.value(&body);
    }
    ctx.out.check_columns::<HandedIn>()?;
    ctx.before_write(ask.confirm.map(|question| question()))
        .await?;
    super::papers::upload(ctx.shop().await?, &mut body, pictures).await?;
    let sent = ctx.send_asked(ask, &body).await;
    let handed_in = match sent.map(Option::unwrap_or_default) {
        Ok(reply) => HandedIn {
            outcome: "submitted",
            audit_id: TICKET.some_text(&reply),
        },
        Err(error) => {
            let code = failure(&error).and_then(|failure| failure.errcode);
            let Some((outcome, words)) = code.and_then(nothing_to_do) else {
                return Err(error);
            };
            ctx.out.note(words);
            HandedIn {
                outcome,
                audit_id: None,
            }
        }
    };
    ctx.out.show(&handed_in)?;
    if let Some(ticket) = &handed_in.audit_id {
        ctx.out.note(text!(
            "in audit; see the result with `wxsell audit show {ticket}`",
            ticket
        ));
    }
    Ok(())
}
