//! `wxsell promoter add`: a Channels promoter by way of the admin console, or people for the promotion staff, one from
//! options or many from a table, ten in a call.

use super::{Ctx, channels, role, staff};
use crate::bulk::sheet::Sheet;
use crate::bulk::{LAG, LOOKS_APART, UNKNOWN_IN_A_ROW};
use crate::cli::values::duration;
use crate::clock;
use crate::commands::ask::check;
use crate::commands::job;
use crate::fail::{Failure, Kind, failure};
use crate::lang::{Lang, Text};
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::promoter::{
    ADD, ERRCODE, ERRMSG, FAILED, LIST, MARK, NAME, OPENID, PEOPLE, PHONE, ROLE, STORE,
};
use crate::shop::pass_through::{Field, body, empty};
use crate::text;
use crate::types::spelling::folded;
use anyhow::Result;
use clap::{ArgGroup, ValueHint};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

/// People in one call.
const TOGETHER: usize = 10;
/// The person is declared already.
const ALREADY: i64 = 103_003;

/// Add a Channels promoter (--wechat), or people to the promotion staff (--openid, --from)
///
/// A Channels promoter (视频号推广员) can be added in the admin console alone: this command checks what can be checked,
/// prints the way there and its rules, and with --wait watches the list until the promoter appears. Somebody of the
/// promotion staff (小程序推广员) is declared by a call, at once, and has to agree afterwards: see `wxsell promoter invite`.
///
/// A table has the columns openid, role, retail_id, extra_info, name and phone; the last four may be left out, and a role
/// is a name or a number. Running the same table again does no harm: who is declared already is told so.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["wechat", "openid", "from"]))]
pub struct AddArgs {
    /// Channels promoter: the person's WeChat number
    #[arg(long, value_name = "NUMBER")]
    wechat: Option<String>,
    /// Channels promoter: nickname of the Channels account, by which the list is searched
    #[arg(long, requires = "wechat")]
    nickname: Option<String>,
    /// Channels promoter: wait until the promoter appears, for so long at most; 30m when no time is given
    #[arg(long, requires = "wechat", value_name = "DURATION", num_args = 0..=1, default_missing_value = "30m", value_parser = duration)]
    wait: Option<Duration>,
    /// Channels promoter: how long to wait between two looks at the list
    #[arg(long, requires = "wait", value_name = "DURATION", default_value = "30s", value_parser = duration)]
    every: Duration,
    /// Staff: openid of this Mini Program, or unionid (can be repeated)
    #[arg(long = "openid", requires = "role")]
    openid: Vec<String>,
    /// Staff: people from a .csv, .tsv or .xlsx table, `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    from: Option<PathBuf>,
    /// Staff: role by name or number; in a table for rows that name none
    #[arg(long, conflicts_with = "wechat")]
    role: Option<String>,
    /// Staff: number of the store; 20 bytes at most
    #[arg(long, value_name = "RETAIL_ID", requires = "openid")]
    store: Option<String>,
    /// Staff: mark of your own, which comes back with visits and payments; 80 bytes at most
    #[arg(long, requires = "openid")]
    mark: Option<String>,
}

/// What became of one person.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    /// The row of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u32>,
    openid: String,
    /// `declared`, `already`, `failed`, `unclear`, `not_sent`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
}

impl Record for Outcome {
    const COLUMNS: &'static [Column<Outcome>] = &[
        Column::new("row", "ROW", |person| {
            person
                .row
                .map_or(Cell::Empty, |row| Cell::Number(row.into()))
        }),
        Column::new("openid", "OPENID", |person| Cell::Id(person.openid.clone())),
        Column::new("result", "RESULT", |person| {
            Cell::Word(match person.result {
                "declared" => text!("declared"),
                "already" => text!("declared before"),
                "unclear" => text!("unclear"),
                "not_sent" => text!("not sent"),
                _ => text!("failed"),
            })
        }),
        Column::new("errcode", "ERRCODE", |person| {
            person.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |person| {
            person.reason.clone().map_or(Cell::Empty, Cell::Word)
        }),
    ];
}

/// A person on the way to the call.
struct Person {
    row: Option<u32>,
    body: Value,
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    if let Some(wechat) = args.wechat {
        let newcomer = channels::Newcomer {
            wechat,
            nickname: args.nickname,
            wait: args.wait,
            every: args.every.max(Duration::from_secs(1)),
        };
        return channels::add(newcomer, ctx).await;
    }
    let roles = role::all(ctx).await?;
    let sheet = match &args.from {
        Some(path) => Some(Sheet::read(
            path,
            &ctx.dirs.state,
            text!("the openid"),
            &|heading| field(heading) == Some("openid"),
        )?),
        None => None,
    };
    if let Some(sheet) = &sheet {
        let unread: Vec<&str> = sheet
            .headings
            .iter()
            .map(|heading| heading.trim())
            .filter(|heading| !heading.is_empty() && field(heading).is_none())
            .filter(|heading| !["reason", "失败原因"].contains(heading))
            .collect();
        if !unread.is_empty() {
            ctx.out.note(text!(
                "columns of {file} that are not read: {columns}",
                file = sheet.name(),
                columns = unread.join(", ")
            ));
        }
        sheet
            .notices
            .iter()
            .for_each(|notice| ctx.out.note(notice.clone()));
    }
    let people = match &sheet {
        Some(sheet) => from_sheet(sheet, args.role.as_deref(), &roles)?,
        None => from_options(&args, &roles)?,
    };
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the requests would be these"));
        let requests = people.chunks(TOGETHER).map(request).collect();
        return ctx.out.value(&Value::Array(requests));
    }
    ctx.out.check_columns::<Outcome>()?;
    let outcomes = declare(people, ctx).await?;
    ctx.out.list(&outcomes)?;
    ended(&outcomes, sheet.as_ref(), ctx)
}

fn from_options(args: &AddArgs, roles: &[Value]) -> Result<Vec<Person>> {
    let name = args.role.as_deref().unwrap_or_default();
    let role = role::named(name, roles).ok_or_else(|| role::unknown(name, roles))?;
    let person = |openid: &String| {
        let given = [
            OPENID.of(openid),
            ROLE.of(role),
            STORE.of(&args.store),
            MARK.of(&args.mark),
        ];
        Person {
            row: None,
            body: body(given),
        }
    };
    let people: Vec<Person> = args.openid.iter().map(person).collect();
    checked(people)
}

/// The field that a heading stands for.
fn field(heading: &str) -> Option<Field> {
    Some(match heading.trim().to_lowercase().as_str() {
        "openid" | "unionid" => OPENID,
        "role" | "role_id" | "角色" => ROLE,
        "retail_id" | "store" | "门店" | "门店编号" => STORE,
        "extra_info" | "mark" | "备注" | "标记" => MARK,
        "name" | "姓名" => NAME,
        "phone" | "手机" | "手机号" | "电话" => PHONE,
        _ => return None,
    })
}

/// The people of a table; everything that is wrong with it is named at once.
fn from_sheet(sheet: &Sheet, role: Option<&str>, roles: &[Value]) -> Result<Vec<Person>> {
    let columns: Vec<Option<Field>> = sheet
        .headings
        .iter()
        .map(|heading| field(heading))
        .collect();
    if !columns.contains(&Some(OPENID)) {
        return Err(
            Failure::input(text!("{file} has no column openid", file = sheet.name()))
                .hint(text!(
                    "name the columns openid, role, retail_id, extra_info, name, phone"
                ))
                .into(),
        );
    }
    let (mut people, mut wrong) = (Vec::with_capacity(sheet.rows.len()), Vec::new());
    for row in &sheet.rows {
        let mut body = empty();
        for (column, field) in columns.iter().enumerate() {
            let Some(field) = field else { continue };
            let cell = if [OPENID, PHONE, STORE].contains(field) {
                row.number(column)
            } else {
                row.words(column).map(std::borrow::Cow::Borrowed)
            };
            match cell {
                Ok(cell) if cell.is_empty() => {}
                Ok(cell) => field.put(&mut body, cell.as_ref()),
                Err(refusal) => wrong.push(text!(
                    "{place}: {problem} ({hint})",
                    place = sheet.place(row, column),
                    problem = refusal.message,
                    hint = refusal.hint
                )),
            }
        }
        let given = ROLE.some_text(&body);
        let named = given.as_deref().or(role);
        match named.map(|name| (name, role::named(name, roles))) {
            Some((_, Some(number))) => ROLE.put(&mut body, number),
            Some((name, None)) => {
                let problem = text!("there is no role {role}", role = name);
                wrong.push(in_row(row.number, problem));
                ROLE.put(&mut body, 0);
            }
            None => {}
        }
        people.push(Person {
            row: Some(row.number),
            body,
        });
    }
    check_all(&people, &mut wrong);
    refuse(wrong).map(|()| people)
}

fn checked(people: Vec<Person>) -> Result<Vec<Person>> {
    let mut wrong = Vec::new();
    check_all(&people, &mut wrong);
    refuse(wrong).map(|()| people)
}

fn refuse(wrong: Vec<Text>) -> Result<()> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(
        Failure::input(text!("not all people can be declared as they are"))
            .also(wrong)
            .hint(text!(
                "correct these and run the command again; nobody was declared"
            ))
            .into(),
    )
}

fn in_row(row: u32, problem: Text) -> Text {
    text!("row {row}: {problem}", row, problem)
}

/// Lengths in bytes, fields that are missing, and people who stand twice.
fn check_all(people: &[Person], wrong: &mut Vec<Text>) {
    let (book, operation) = ADD.operation();
    let request = operation.request.as_ref();
    let one = request.and_then(|request| book.at(request, PEOPLE.0));
    let mut seen: HashMap<String, (&str, Option<u32>)> = HashMap::new();
    for person in people {
        let mut problems: Vec<Text> = Vec::new();
        if let Some(one) = one {
            problems.extend(
                book.check(one, &person.body)
                    .iter()
                    .map(|problem| problem.text()),
            );
        }
        if let Some(openid) = OPENID.at(&person.body).as_str()
            && let Some((other, row)) = seen.insert(folded(openid), (openid, person.row))
        {
            problems.push(match (row, other == openid) {
                (Some(row), false) => text!(
                    "\"{number}\" and \"{other}\" at {place} differ only in width, blanks or leading zeros",
                    number = openid,
                    other,
                    place = text!("row {row}", row)
                ),
                _ => text!("{openid} stands twice", openid),
            });
        }
        wrong.extend(problems.into_iter().map(|problem| match person.row {
            Some(row) => in_row(row, problem),
            None => problem,
        }));
    }
}

/// Declares people ten at a time. What one call loses does not stop the others, unless nothing can get through.
async fn declare(people: Vec<Person>, ctx: &Ctx) -> Result<Vec<Outcome>> {
    let progress = ctx.out.progress(people.len() as u64, text!("people"));
    let mut outcomes = Vec::with_capacity(people.len());
    let mut stopped: Option<Text> = None;
    let mut unknown = 0;
    for group in people.chunks(TOGETHER) {
        let body = request(group);
        check(&ADD, &body, &[])?;
        let answer = match &stopped {
            Some(why) => Err(("not_sent", None, why.clone())),
            None => match ctx.send(&ADD, &body).await {
                Ok(reply) => {
                    unknown = 0;
                    Ok(reply.unwrap_or_default())
                }
                Err(error) => {
                    let Some(known) = failure(&error) else {
                        return Err(error);
                    };
                    unknown = if known.unclear { unknown + 1 } else { 0 };
                    // A first refusal that all others would meet is told as it is.
                    if outcomes.is_empty() && hopeless(known.kind) {
                        return Err(error);
                    }
                    if hopeless(known.kind) || unknown >= UNKNOWN_IN_A_ROW {
                        stopped = Some(known.message.clone());
                    }
                    let result = if known.unclear { "unclear" } else { "failed" };
                    Err((result, known.errcode, known.message.clone()))
                }
            },
        };
        for person in group {
            outcomes.push(match &answer {
                Ok(reply) => of_reply(person, reply),
                Err((result, errcode, why)) => Outcome {
                    row: person.row,
                    openid: openid(person),
                    result,
                    errcode: *errcode,
                    reason: Some(why.clone()),
                },
            });
            progress.inc();
        }
    }
    drop(progress);
    settle(&mut outcomes, ctx).await;
    Ok(outcomes)
}

/// Looks for those whose answers were lost, all together, once reads no longer lag behind: two looks in vain prove that
/// they were not declared. Who cannot be looked up stays unclear.
async fn settle(outcomes: &mut [Outcome], ctx: &Ctx) {
    let is_open = |person: &&mut Outcome| person.result == "unclear";
    let mut open: Vec<&mut Outcome> = outcomes.iter_mut().filter(is_open).collect();
    if open.is_empty() {
        return;
    }
    ctx.out.note(text!(
        "{count} {count:answer was|answers were} lost; looking again in {seconds} s, when reads no longer lag behind",
        count = open.len(),
        seconds = LAG
    ));
    clock::sleep(Duration::from_secs(LAG.unsigned_abs() + 1)).await;
    for last in [false, true] {
        let mut missing = Vec::new();
        for person in open {
            let whom = body([OPENID.of(&person.openid)]);
            match ctx.rows(&LIST, &whom, None).await {
                Ok(rows) if rows.iter().any(staff::is_declared) => {
                    person.result = "declared";
                    (person.errcode, person.reason) = (None, None);
                }
                Ok(_) if last => {
                    person.result = "not_sent";
                    person.errcode = None;
                    person.reason = Some(text!("WeChat never got it; the same command sends it"));
                }
                Ok(_) => missing.push(person),
                Err(_) => {}
            }
        }
        if missing.is_empty() {
            return;
        }
        open = missing;
        clock::sleep(LOOKS_APART).await;
    }
}

fn request(group: &[Person]) -> Value {
    let people: Vec<&Value> = group.iter().map(|person| &person.body).collect();
    body([PEOPLE.of(people)])
}

/// Whether the calls that follow would fail alike.
fn hopeless(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Access | Kind::Limited | Kind::Network | Kind::Stopped
    )
}

fn openid(person: &Person) -> String {
    OPENID.text(&person.body)
}

/// Who is not on the list of those that failed was declared.
fn of_reply(person: &Person, reply: &Value) -> Outcome {
    let own = openid(person);
    let failed = FAILED.items(reply).find(|failed| OPENID.is(failed, &own));
    let errcode = failed.and_then(|failed| ERRCODE.integer(failed));
    let known = errcode.and_then(crate::client::errcode::lookup);
    let (result, reason) = match (failed, errcode) {
        (None, _) => ("declared", None),
        (Some(_), Some(ALREADY)) => ("already", known.map(|known| known.meaning_text())),
        (Some(failed), _) => {
            let words = ERRMSG.text(failed);
            let said = known.map_or(Text::verbatim(words), |known| known.meaning_text());
            ("failed", Some(said))
        }
    };
    Outcome {
        row: person.row,
        openid: openid(person),
        result,
        errcode,
        reason,
    }
}

/// Says what comes next; failed rows of a table are given back in a file.
fn ended(outcomes: &[Outcome], sheet: Option<&Sheet>, ctx: &Ctx) -> Result<()> {
    let failed: Vec<&Outcome> = outcomes
        .iter()
        .filter(|person| !matches!(person.result, "declared" | "already"))
        .collect();
    if outcomes.iter().any(|person| person.result == "declared") {
        ctx.out.note(text!(
            "added; each person still has to accept; `wxsell promoter invite` makes the invitation"
        ));
    }
    if outcomes.iter().any(|person| person.result == "already") {
        ctx.out.note(text!(
            "who was declared before may have another role: `wxsell promoter update` changes it"
        ));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let lang = ctx.out.lang;
    let reasons: BTreeMap<u32, String> = failed
        .iter()
        .filter_map(|person| {
            let reason = person.reason.as_ref().map(|reason| reason.render(lang));
            Some((person.row?, reason.unwrap_or_default()))
        })
        .collect();
    let heading = match lang {
        Lang::En => "reason",
        Lang::Zh => "失败原因",
    };
    if let Some(file) = sheet
        .map(|sheet| sheet.write_failed(&reasons, heading))
        .transpose()?
        .flatten()
    {
        ctx.out.note(text!(
            "the rows that failed are in {file}, with the reason",
            file = file.display().to_string()
        ));
    }
    Err(job::people_failed(failed.len(), outcomes.len()).into())
}
