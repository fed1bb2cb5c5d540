//! `wxsell api`: every known operation by its name, for what has no command of its own.
//!
//! Long because its verbs share how an operation is found and shown.

use super::Ctx;
use crate::api::Resend;
use crate::api::operation::{Book, Kind, Node, Operation, Reference};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::by_name::{self, Call};
use crate::shop::pass_through::empty;
use crate::shop::write::Written;
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Map, Value};

/// Call any operation of the platform by name
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(ListArgs),
    Describe(DescribeArgs),
    Call(CallArgs),
}

/// List the known operations and their commands
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only operations whose name, path or summary contains this
    search: Option<String>,
    /// Only this API family
    #[arg(long = "family", alias = "of", value_enum)]
    of: Option<Reference>,
}

/// Describe an operation: fields of request and reply, units, values
///
/// The words come from the reference, which is written in English.
#[derive(Debug, clap::Args)]
pub struct DescribeArgs {
    /// Its name (`order_get`, `store:order_get`) or its path
    operation: String,
}

/// Call an operation
///
/// The request is checked against the reference before it is sent, and numbers in quotes and the like are sent in the
/// form that the reference gives them; `--no-check` sends it as it is. Prints the answer with ids as text and times as
/// RFC 3339; `--raw` prints it as it came, and is needed for a path that the reference does not know.
#[derive(Debug, clap::Args)]
pub struct CallArgs {
    /// Its name (`order_get`, `store:order_get`) or its path
    operation: String,
    /// The request: JSON, `@FILE`, or `-` for standard input
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// A query parameter (can be repeated)
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// Follow the pages of a list, and print the rows of this field
    #[arg(long, value_name = "FIELD")]
    all: Option<String>,
    /// Send the request as it is, without checking it against the reference
    #[arg(long, conflicts_with = "all")]
    no_check: bool,
    /// HTTP method for a path that is not in the reference [default: post]
    #[arg(long, value_enum, requires = "raw")]
    method: Option<Method>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    Get,
    Post,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct OperationRow {
    id: &'static str,
    family: &'static str,
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// The command that does it, where there is one.
    command: Option<&'static str>,
    /// Whether it may be sent again after a lost answer.
    resend: Resend,
    confidence: &'static str,
}

impl Record for OperationRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("id", "OPERATION", |o| Cell::Id(o.id.to_owned())),
        Column::new("family", "FAMILY", |o| Cell::Text(o.family.to_owned())),
        Column::new("path", "PATH", |o| Cell::Text(o.path.to_owned())),
        Column::new("command", "COMMAND", |o| {
            o.command
                .map_or(Cell::Empty, |command| Cell::Id(command.to_owned()))
        }),
        Column::new("summary", "WHAT IT DOES", |o| {
            Cell::Word(Text::new(o.summary, Vec::new()))
        }),
    ];
}

/// One field of a request or an answer.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FieldRow {
    /// `query`, `request` or `reply`.
    part: &'static str,
    /// `order_detail.product_infos[].sale_price`
    field: String,
    kind: Kind,
    required: bool,
    about: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Possible>,
}

/// A value that a field may have.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Possible {
    Plain(Value),
    Meant { value: Value, meaning: String },
}

impl Possible {
    fn words(&self) -> String {
        match self {
            Possible::Plain(value) => plain(value),
            Possible::Meant { value, meaning } => format!("{} {meaning}", plain(value)),
        }
    }
}

impl Record for FieldRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("part", "IN", |f| {
            Cell::Word(match f.part {
                "query" => text!("query"),
                "request" => text!("request"),
                _ => text!("reply"),
            })
        }),
        Column::new("field", "FIELD", |f| Cell::Text(f.field.clone())),
        Column::new("kind", "KIND", |f| Cell::Word(f.kind.words())),
        Column::new("required", "NEEDED", |f| {
            if f.required {
                Cell::Word(text!("yes"))
            } else {
                Cell::Empty
            }
        }),
        Column::new("about", "MEANING", |f| Cell::Text(f.words())),
    ];
}

impl FieldRow {
    fn words(&self) -> String {
        let values: Vec<String> = self.values.iter().map(Possible::words).collect();
        match values.as_slice() {
            [] => self.about.clone(),
            values => format!("{} {}", self.about, values.join("; ")),
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<OperationRow>("api list"),
    Shows::list::<FieldRow>("api describe"),
    Shows::one::<Described>("api describe"),
    Shows::any("api call", "what the operation answers"),
    Shows::any("api call", "the request").dry_run(),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::List(args) => list(&args, ctx),
        Verb::Describe(args) => describe(&args, ctx),
        Verb::Call(args) => call(&args, ctx).await,
    }
}

fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let wanted = |row: &OperationRow| {
        args.search.as_deref().is_none_or(|search| {
            let search = search.to_lowercase();
            let chinese = crate::lang::chinese(row.summary).unwrap_or_default();
            [row.id, row.path, row.summary, chinese]
                .iter()
                .any(|words| words.to_lowercase().contains(&search))
        })
    };
    let rows: Vec<OperationRow> = Reference::ALL
        .into_iter()
        .filter(|reference| args.of.is_none_or(|of| of == *reference))
        .flat_map(|reference| {
            let known = reference.book().operations.iter();
            known.map(move |operation| OperationRow {
                id: &operation.id,
                family: reference.name(),
                method: &operation.method,
                path: &operation.path,
                summary: &operation.summary,
                command: super::command_of(&operation.path),
                resend: operation.resend,
                confidence: &operation.confidence,
            })
        })
        .filter(wanted)
        .collect();
    ctx.out.list(&rows)
}

/// An operation as the book has it.
#[derive(Serialize, schemars::JsonSchema)]
struct Described<'a> {
    id: &'a str,
    #[schemars(with = "String")]
    family: Reference,
    method: &'a str,
    path: &'a str,
    summary: &'a str,
    about: &'a str,
    /// What it needs and what it changes.
    state: &'a str,
    confidence: &'a str,
    resend: Resend,
    ip_list: bool,
    /// Errcodes known for it.
    errors: &'a [i64],
    /// The command for it.
    command: Option<&'static str>,
    /// A request that WeChat takes.
    example: &'a Value,
    fields: Vec<FieldRow>,
}

fn describe(args: &DescribeArgs, ctx: &Ctx) -> Result<()> {
    let (book, operation) = find(&args.operation, ctx)?;
    let mut rows = Vec::new();
    for parameter in &operation.query {
        spread(book, parameter, "query", "", &mut rows, 0);
    }
    if let Some(request) = &operation.request {
        spread(book, request, "request", "", &mut rows, 0);
    }
    spread(book, &operation.reply, "reply", "", &mut rows, 0);
    if ctx.out.is_values() {
        let described = Described {
            id: &operation.id,
            family: book.reference,
            method: &operation.method,
            path: &operation.path,
            summary: &operation.summary,
            about: &operation.about,
            state: &operation.state,
            confidence: &operation.confidence,
            resend: operation.resend,
            ip_list: operation.ip_list,
            errors: &operation.errors,
            command: super::command_of(&operation.path),
            example: &operation.example,
            fields: rows,
        };
        return ctx.out.value(&serde_json::to_value(described)?);
    }
    if ctx.out.is_for_people() {
        ctx.out.note(Text::verbatim(format!(
            "{} {}\n{}. {}\n{}",
            operation.method, operation.path, operation.summary, operation.about, operation.state
        )));
        if let Some(command) = super::command_of(&operation.path) {
            ctx.out
                .note(text!("the command for it: wxsell {command}", command));
        }
        if operation.ip_list {
            ctx.out.note(text!(
                "the caller's address must be on the IP whitelist of the account"
            ));
        }
    }
    ctx.out.list(&rows)
}

/// Types that name themselves end here.
const DEEPEST: usize = 8;

fn spread(
    book: &Book,
    node: &Node,
    part: &'static str,
    at: &str,
    rows: &mut Vec<FieldRow>,
    depth: usize,
) {
    let shared = book.resolve(node);
    let field = match (at, node.name.as_str()) {
        ("", name) => name.to_owned(),
        (at, "") => at.to_owned(),
        (at, name) => format!("{at}.{name}"),
    };
    if !node.name.is_empty() && !matches!(node.name.as_str(), "errcode" | "errmsg") {
        let known = if node.values.is_empty() {
            &shared.values
        } else {
            &node.values
        };
        rows.push(FieldRow {
            part,
            field: field.clone(),
            kind: book.kind(node),
            required: node.required,
            about: if node.about.is_empty() {
                shared.about.clone()
            } else {
                node.about.clone()
            },
            values: known
                .iter()
                .map(|known| match known.meaning.as_str() {
                    "" => Possible::Plain(known.value.clone()),
                    meaning => Possible::Meant {
                        value: known.value.clone(),
                        meaning: meaning.to_owned(),
                    },
                })
                .collect(),
        });
    }
    if depth == DEEPEST {
        return;
    }
    for below in &shared.fields {
        spread(book, below, part, &field, rows, depth + 1);
    }
    if let Some(item) = &shared.item {
        spread(book, item, part, &format!("{field}[]"), rows, depth + 1);
    }
}

async fn call(args: &CallArgs, ctx: &Ctx) -> Result<()> {
    let query = queries(&args.query)?;
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let given = data(&args.data)?;
    let call = match find(&args.operation, ctx) {
        Ok((book, operation)) => Call::of(book, operation),
        Err(_) if args.operation.starts_with('/') && ctx.global.raw => {
            Call::unlisted(&args.operation, args.method == Some(Method::Get))
        }
        Err(error) if args.operation.starts_with('/') => {
            return Err(Failure::from_any(error)
                .hint(text!("--raw calls a path that the reference does not know"))
                .into());
        }
        Err(error) => return Err(error),
    };
    let path = call.path();
    if call.takes_a_secret()
        && let Some(command) = super::command_of(path)
    {
        return Err(Failure::input(text!(
            "{path} takes a secret, which must not be given on a command line",
            path
        ))
        .hint(text!("the command for it: wxsell {command}", command))
        .into());
    }
    if call.takes_a_file() {
        return Err(Failure::input(text!("{path} takes a file", path))
            .hint(text!("use `wxsell image upload`"))
            .into());
    }
    if call.takes_no_request() && args.data != "{}" {
        return Err(Failure::input(text!("{path} takes no request", path))
            .hint(text!("give its parameters with --query NAME=VALUE"))
            .into());
    }
    let request = call.request(given, args.all.as_deref(), !args.no_check)?;
    ctx.out.check_value()?;
    if call.writes() && ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the request would be:"));
        return ctx.out.value(&request.body);
    }
    let shop = ctx.shop().await?;
    if call.writes() {
        ctx.may_write()?;
    }
    let question = Some(text!("Call {path}", path));
    let asking = async || ctx.before_write(question).await;
    let reply = match shop.call(&call, &query, &request, asking).await? {
        Written::Answered(reply) | Written::Earlier(reply) => reply,
        Written::Found(reply) => {
            ctx.out
                .note(text!("the answer was lost; WeChat shows that it was done"));
            reply
        }
        Written::Already => {
            ctx.out
                .note(text!("already in that state; nothing was sent"));
            empty()
        }
    };
    if ctx.global.raw && call.writes() {
        ctx.out.answer(&serde_json::to_vec(&reply)?);
    }
    ctx.out.value(&call.present(reply, !ctx.global.unmask))
}

/// The one operation of this name; where several families have it, that of the profile.
fn find(name: &str, ctx: &Ctx) -> Result<(&'static Book, &'static Operation)> {
    by_name::find(name, || Ok(ctx.profile()?.family))
}

fn queries(given: &[String]) -> Result<Vec<(String, String)>> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::input(text!("--query {pair} has no =", pair))
                .hint(text!("write --query NAME=VALUE"))
                .into()),
        })
        .collect()
}

fn data(given: &str) -> Result<Value> {
    let cannot = |file: &str, error: String| {
        Failure::input(text!("{file} cannot be read: {error}", file, error))
    };
    let content = match (given, given.strip_prefix('@')) {
        ("-", _) => std::io::read_to_string(std::io::stdin())
            .map_err(|error| cannot("-", error.to_string()))?,
        (_, Some(file)) => {
            std::fs::read_to_string(file).map_err(|error| cannot(file, error.to_string()))?
        }
        (json, None) => json.to_owned(),
    };
    match serde_json::from_str(&content) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(_) => Err(Failure::input(text!("the request must be a JSON object")).into()),
        Err(error) => Err(Failure::input(text!(
            "the request is not JSON: {error}",
            error = error.to_string()
        ))
        .into()),
    }
}
