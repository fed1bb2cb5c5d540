//! `wxsell promoter message`: template messages to promotion staff. The receivers are counted before anything is sent;
//! from fifty on they get one message together, below that each their own, which is what the calls are made for.

use super::Ctx;
use crate::cli::values::{day, last_moment, moment};
use crate::commands::ask::columns;
use crate::commands::job;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::promoter::{
    APPID, CONTENT, MESSAGE, MESSAGE_CLICKS, MESSAGE_MANY, MESSAGE_SHOW, PATH, TEMPLATE,
};
use crate::shop::pass_through::{body, empty, laid};
pub use crate::shop::promoter::message::Outcome;
use crate::shop::promoter::message::Whom;
use crate::text;
use anyhow::Result;
use clap::{ArgGroup, Subcommand, ValueEnum};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// From so many receivers on they are told together.
const MANY_FROM: usize = 50;

/// Staff: send messages and follow their results
#[derive(Debug, Subcommand)]
pub enum Verb {
    Send(SendArgs),
    Show(ShowArgs),
    Clicks(ClicksArgs),
}

/// Send a message to people who are bound
///
/// The recipients are counted first and the number is shown. From 50 on the message is sent as one batch, which
/// `message show` follows; fewer get one message each, which cannot be followed. A message cannot be taken back, and
/// one with a lost answer is not sent again.
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
    /// Page that opens on a tap; it is not checked before sending, so try it
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

/// Show the progress of a message to many, and who was not reached
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
    day: String,
    /// What each row counts
    #[arg(long, value_enum, default_value_t)]
    per: Per,
    /// Only this template
    #[arg(long = "type", value_name = "NUMBER")]
    msg_type: Option<u32>,
    /// Only this message
    #[arg(long, value_name = "MSG_ID")]
    message: Option<String>,
    /// Only messages sent since this time of the day
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<i64>,
    /// Only messages sent until this time of the day
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
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
    let mut body = body([
        TEMPLATE.of(args.msg_type),
        CONTENT.of(content(&args.content)?),
        PATH.of(&args.page),
        APPID.of(&args.appid),
    ]);
    let whom = Whom {
        all: args.all,
        roles: &args.role,
        stores: &args.store,
        people: &args.to,
    };
    let receivers = ctx.shop().await?.receivers(&whom, &mut body).await?;
    if receivers.is_empty() {
        return Err(Failure::input(text!("nobody would get this message"))
            .hint(text!(
                "only people who are declared and have agreed get messages: `wxsell promoter list --staff --bound`"
            ))
            .into());
    }
    let count = receivers.len();
    ctx.out.note(text!("recipients: {count}", count));
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
        return Ok(laid(&[], given, empty())?.to_string());
    };
    match serde_json::from_str::<Map<String, Value>>(json) {
        Ok(content) => Ok(Value::Object(content).to_string()),
        Err(_) => Err(Failure::input(text!("the content is not a JSON object"))
            .hint(text!(
                "write the fields of the template as a JSON object, in quotes"
            ))
            .into()),
    }
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

async fn one_by_one(receivers: &[String], body: Value, ctx: &Ctx) -> Result<()> {
    let outcomes = ctx.shop().await?.tell_each(receivers, body).await?;
    ctx.out.list(&outcomes)?;
    let failed = outcomes.iter().filter(|row| row.result != "sent").count();
    if failed == 0 {
        return Ok(());
    }
    Err(job::people_failed(failed, outcomes.len()).into())
}
