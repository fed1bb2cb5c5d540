//! `wxsell promoter message`: template messages to promotion staff. The receivers are counted before anything is sent;
//! from fifty on they get one message together, below that each their own, which is what the calls are made for.

use super::{Ctx, role, staff};
use crate::api::json::put;
use crate::bulk::UNKNOWN_IN_A_ROW;
use crate::cli::values::{day, last_moment, moment};
use crate::commands::ask::{check, columns, fields};
use crate::commands::job;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::Field;
use crate::shop::pass_through::promoter::{MESSAGE, OPENID, PERSON, ROLE, STORE};
use crate::shop::pass_through::promoter::{
    MESSAGE_CLICKS, MESSAGE_MANY, MESSAGE_ONE, MESSAGE_SHOW,
};
use crate::text;
use anyhow::Result;
use clap::{ArgGroup, Subcommand, ValueEnum};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// From so many receivers on they are told together.
const MANY_FROM: usize = 50;

/// Staff: send messages and see what came of them
#[derive(Debug, Subcommand)]
pub enum Verb {
    Send(SendArgs),
    Show(ShowArgs),
    Clicks(ClicksArgs),
}

/// Send a message to people who are bound
///
/// The receivers are counted first and the number is shown. From 50 on they are told together, and `message show`
/// follows it; fewer get one message each, and nothing can be followed. A message cannot be taken back, and one whose
/// answer was lost is not sent again.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["all", "role", "store", "to"]))]
pub struct SendArgs {
    /// Everybody who is bound
    #[arg(long)]
    all: bool,
    /// Everybody with this role, by name or number (can be repeated)
    #[arg(long)]
    role: Vec<String>,
    /// Everybody of this store (can be repeated)
    #[arg(long, value_name = "RETAIL_ID")]
    store: Vec<String>,
    /// One person, by openid, unionid or number (can be repeated)
    #[arg(long, value_name = "WHO")]
    to: Vec<String>,
    /// Page that opens on a tap; nothing checks it before, so try it
    #[arg(long, value_name = "PATH")]
    page: String,
    /// Mini Program that opens on a tap, where it is another of the same Open Platform account
    #[arg(long)]
    appid: Option<String>,
    /// Number of the template; only template 1 is documented
    #[arg(long = "type", value_name = "NUMBER", default_value_t = 1)]
    msg_type: u32,
    #[command(flatten)]
    content: Content,
}

/// What template 1 says, or the content of another one.
#[derive(Debug, clap::Args, Serialize)]
struct Content {
    /// Title of template 1
    #[arg(long, required_unless_present = "content")]
    title: Option<String>,
    /// Topic of template 1
    #[arg(long)]
    topic: Option<String>,
    /// Text of template 1
    #[arg(long)]
    desc: Option<String>,
    /// Date of template 1, as it is to be read, e.g. 2022/04/01
    #[arg(long)]
    date: Option<String>,
    /// Content of any template as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with_all = ["title", "topic", "desc", "date"])]
    #[serde(skip)]
    content: Option<String>,
}

/// Show how far a message to many is, and whom it did not reach
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// Number of the sending, from `message send`
    msg_id: String,
}

/// Show how many people tapped on messages of a day
///
/// Messages to fewer than 50 people have no figures of their own; --per type counts them.
#[derive(Debug, clap::Args, Serialize)]
pub struct ClicksArgs {
    /// Day of sending, e.g. 2022-04-01 (China time)
    #[arg(value_parser = day)]
    #[serde(rename = "send_date")]
    day: String,
    /// What a row stands for
    #[arg(long, value_enum, default_value_t)]
    #[serde(rename = "dimonsion")]
    per: Per,
    /// Only this template
    #[arg(long = "type", value_name = "NUMBER")]
    #[serde(rename = "msg_type")]
    msg_type: Option<u32>,
    /// Only this message
    #[arg(long, value_name = "MSG_ID")]
    #[serde(rename = "msg_id")]
    message: Option<String>,
    /// Only messages sent since this time of the day
    #[arg(long, value_name = "TIME", value_parser = moment)]
    #[serde(rename = "begin_send_time")]
    since: Option<i64>,
    /// Only messages sent until this time of the day
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    #[serde(rename = "end_send_time")]
    until: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Per {
    #[default]
    Message,
    Type,
}

impl Serialize for Per {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*self == Per::Type))
    }
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Send(args) => send(args, ctx).await,
        Verb::Show(args) => ctx.ask(&MESSAGE_SHOW, &args).await,
        Verb::Clicks(args) => {
            ctx.ask_rows(
                &MESSAGE_CLICKS,
                &args,
                crate::commands::ask::Rows::default(),
            )
            .await
        }
    }
}

async fn send(args: SendArgs, ctx: &Ctx) -> Result<()> {
    let mut body =
        json!({"msg_type": args.msg_type, "content": content(&args.content)?, "path": args.page});
    if let Some(appid) = &args.appid {
        put(&mut body, "appid", appid.as_str().into());
    }
    let receivers = receivers(&args, &mut body, ctx).await?;
    if receivers.is_empty() {
        return Err(Failure::input(text!("nobody would get this message"))
            .hint(text!(
                "only people who are declared and have agreed get messages: `wxsell promoter list --staff --bound`"
            ))
            .into());
    }
    let count = receivers.len();
    ctx.out
        .note(text!("people who will get it: {count}", count));
    if ctx.global.dry_run {
        return ctx.out.value(&body);
    }
    let question = text!("Send a message to {count} people", count);
    match count {
        MANY_FROM.. => ctx.out.check_columns_of(columns(&MESSAGE_MANY))?,
        _ => ctx.out.check_columns::<Outcome>()?,
    }
    ctx.before_write(Some(question)).await?;
    match count {
        MANY_FROM.. => together(&body, ctx).await,
        _ => one_by_one(&receivers, body, ctx).await,
    }
}

/// The content as text, which is how it is sent.
fn content(given: &Content) -> Result<String> {
    let Some(json) = &given.content else {
        return Ok(fields(given, json!({}))?.to_string());
    };
    match serde_json::from_str::<Map<String, Value>>(json) {
        Ok(content) => Ok(Value::Object(content).to_string()),
        Err(_) => Err(Failure::input(text!("the content is no JSON object"))
            .hint(text!(
                "write the fields of the template as a JSON object, in quotes"
            ))
            .into()),
    }
}

/// The numbers of those who would get it, and in the body whom it is for.
async fn receivers(args: &SendArgs, body: &mut Value, ctx: &Ctx) -> Result<Vec<String>> {
    let everybody = ctx
        .rows(&crate::shop::pass_through::promoter::LIST, &json!({}), None)
        .await?;
    let mut roles = Vec::new();
    for role in &args.role {
        roles.push(role::number(role, ctx).await?);
    }
    let meant = |row: &&Value| {
        let is = |field: Field, wanted: &String| field.is(row, wanted);
        args.all
            || ROLE.integer(row).is_some_and(|role| roles.contains(&role))
            || args.store.iter().any(|store| is(STORE, store))
            || args.to.iter().any(|who| is(PERSON, who) || is(OPENID, who))
    };
    let ids: Vec<String> = everybody
        .iter()
        // Who is named gets it tried, so that the answer tells what is in the way.
        .filter(|row| !args.to.is_empty() || staff::is_bound(row))
        .filter(meant)
        .filter_map(|row| PERSON.some_text(row))
        .collect();
    if !args.to.is_empty() && ids.len() < args.to.len() {
        return Err(
            Failure::input(text!("not all of these people are on the promotion staff"))
                .hint(text!("`wxsell promoter list --staff` lists everybody"))
                .into(),
        );
    }
    let (kind, field, list) = if args.all {
        (0, "", Value::Null)
    } else if !roles.is_empty() {
        (1, "role_id", json!(roles))
    } else if !args.store.is_empty() {
        (2, "retail_id", json!(args.store))
    } else {
        (3, "id", json!(ids))
    };
    put(body, "list_type", kind.into());
    if kind > 0 {
        body[field] = list;
    }
    check(&MESSAGE_MANY, body, &[])?;
    Ok(ids)
}

async fn together(body: &Value, ctx: &Ctx) -> Result<()> {
    let reply = ctx
        .send_asked(&MESSAGE_MANY, body)
        .await?
        .unwrap_or_default();
    ctx.out.note(text!(
        "it is on its way; `wxsell promoter message show {number}` follows it",
        number = MESSAGE.text(&reply)
    ));
    ctx.show_reply(&MESSAGE_MANY, reply)
}

/// What became of one message.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    id: String,
    /// `sent`, `failed`, `unclear`, `not_sent`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
}

impl Record for Outcome {
    const COLUMNS: &'static [Column<Outcome>] = &[
        Column::new("id", "ID", |row| Cell::Id(row.id.clone())),
        Column::new("result", "RESULT", |row| {
            Cell::Word(match row.result {
                "sent" => text!("sent"),
                "unclear" => text!("unclear"),
                "not_sent" => text!("not sent"),
                _ => text!("failed"),
            })
        }),
        Column::new("errcode", "ERRCODE", |row| {
            row.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |row| {
            row.reason.clone().map_or(Cell::Empty, Cell::Word)
        }),
    ];
}

/// What failed, and what to do about it.
fn reason(failure: &Failure) -> Text {
    let problem = failure.message.clone();
    match &failure.hint {
        Some(hint) => text!("{problem} ({hint})", problem, hint = hint.clone()),
        None => problem,
    }
}

async fn one_by_one(receivers: &[String], mut body: Value, ctx: &Ctx) -> Result<()> {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "list_type" | "role_id" | "retail_id"));
    }
    let (mut outcomes, mut stopped) = (Vec::with_capacity(receivers.len()), None);
    let client = &ctx.shop().await?.client;
    let mut unknown = 0;
    for id in receivers {
        let before = client.last_entry();
        put(&mut body, "id", id.as_str().into());
        check(&MESSAGE_ONE, &body, &[])?;
        let (result, errcode, reason) = match &stopped {
            Some(why) => ("not_sent", None, Some(Text::clone(why))),
            None => match ctx.send_asked(&MESSAGE_ONE, &body).await {
                Ok(_) => {
                    unknown = 0;
                    ("sent", None, None)
                }
                Err(error) => {
                    let Some(known) = failure(&error) else {
                        return Err(error);
                    };
                    // One of an earlier run, of which nobody said what became of it, says nothing of this one.
                    if client.last_entry() != before {
                        unknown = if known.unclear { unknown + 1 } else { 0 };
                    }
                    if matches!(known.kind, Kind::Access | Kind::Limited | Kind::Stopped)
                        || unknown >= UNKNOWN_IN_A_ROW
                    {
                        stopped = Some(known.message.clone());
                    }
                    // Not repeated: a second message would be one too many.
                    let result = if known.unclear { "unclear" } else { "failed" };
                    (result, known.errcode, Some(reason(known)))
                }
            },
        };
        outcomes.push(Outcome {
            id: id.clone(),
            result,
            errcode,
            reason,
        });
    }
    ctx.out.list(&outcomes)?;
    let failed = outcomes.iter().filter(|row| row.result != "sent").count();
    if failed == 0 {
        return Ok(());
    }
    Err(job::people_failed(failed, outcomes.len()).into())
}
