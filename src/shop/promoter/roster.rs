//! People for the promotion staff: one from options or many from a table, ten in a call.

use super::{is_declared, named, unknown};
use crate::bulk::sheet::Sheet;
use crate::bulk::{LAG, LOOKS_APART, UNKNOWN_IN_A_ROW};
use crate::clock;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::pass_through::promoter::{
    ADD, ERRCODE, ERRMSG, FAILED, LIST, MARK, OPENID, PEOPLE, ROLE, STORE,
};
use crate::shop::pass_through::{body, check, empty};
use crate::text;
use crate::types::spelling::folded;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;

/// People in one call.
pub const TOGETHER: usize = 10;
/// The person is declared already.
const ALREADY: i64 = 103_003;

/// What became of one person.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    /// The row of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    pub openid: String,
    /// `declared`, `already`, `failed`, `unclear`, `not_sent`.
    pub result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// A person on the way to the call.
pub struct Person {
    row: Option<u32>,
    body: Value,
}

/// People who are named one by one, all with one role; where they work and a mark of them.
pub fn from_options(
    openids: &[String],
    role: &str,
    (store, mark): (Option<&str>, Option<&str>),
    roles: &[Value],
) -> Result<Vec<Person>> {
    let role = named(role, roles).ok_or_else(|| unknown(role, roles))?;
    let person = |openid: &String| {
        let mut body = empty();
        OPENID.put(&mut body, openid.as_str());
        ROLE.put(&mut body, role);
        for (field, value) in [(STORE, store), (MARK, mark)] {
            if let Some(value) = value {
                field.put(&mut body, value);
            }
        }
        Person { row: None, body }
    };
    let people: Vec<Person> = openids.iter().map(person).collect();
    checked(people)
}

/// The field that a heading stands for.
pub fn field(heading: &str) -> Option<&'static str> {
    Some(match heading.trim().to_lowercase().as_str() {
        "openid" | "unionid" => "openid",
        "role" | "role_id" | "角色" => "role_id",
        "retail_id" | "store" | "门店" | "门店编号" => "retail_id",
        "extra_info" | "mark" | "备注" | "标记" => "extra_info",
        "name" | "姓名" => "name",
        "phone" | "手机" | "手机号" | "电话" => "phone",
        _ => return None,
    })
}

/// The people of a table; everything that is wrong with it is named at once.
pub fn from_sheet(sheet: &Sheet, role: Option<&str>, roles: &[Value]) -> Result<Vec<Person>> {
    let columns: Vec<Option<&str>> = sheet
        .headings
        .iter()
        .map(|heading| field(heading))
        .collect();
    if !columns.contains(&Some("openid")) {
        return Err(
            Failure::input(text!("{file} has no column openid", file = sheet.name()))
                .hint(text!(
                    "use the headings openid, role, retail_id, extra_info, name, phone"
                ))
                .into(),
        );
    }
    let (mut people, mut wrong) = (Vec::with_capacity(sheet.rows.len()), Vec::new());
    for row in &sheet.rows {
        let mut body = Map::new();
        for (column, field) in columns.iter().enumerate() {
            let Some(field) = field else { continue };
            let cell = match *field {
                "openid" | "phone" | "retail_id" => row.number(column),
                _ => row.words(column).map(std::borrow::Cow::Borrowed),
            };
            match cell {
                Ok(cell) if cell.is_empty() => {}
                Ok(cell) => {
                    body.insert((*field).to_owned(), cell.as_ref().into());
                }
                Err(refusal) => wrong.push(text!(
                    "{place}: {problem} ({hint})",
                    place = sheet.place(row, column),
                    problem = refusal.message,
                    hint = refusal.hint
                )),
            }
        }
        let named = body.get("role_id").and_then(Value::as_str).or(role);
        match named.map(|name| (name, super::named(name, roles))) {
            Some((_, Some(number))) => {
                body.insert("role_id".to_owned(), number.into());
            }
            Some((name, None)) => {
                let problem = text!("there is no role {role}", role = name);
                wrong.push(in_row(row.number, problem));
                body.insert("role_id".to_owned(), 0.into());
            }
            None => {}
        }
        people.push(Person {
            row: Some(row.number),
            body: Value::Object(body),
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
    let one = request.and_then(|request| book.at(request, "promoter_list"));
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
                    "\"{number}\" and \"{other}\" at {place} differ only in width, spaces or leading zeros",
                    number = openid,
                    other,
                    place = text!("row {row}", row)
                ),
                _ => text!("{openid} appears twice", openid),
            });
        }
        wrong.extend(problems.into_iter().map(|problem| match person.row {
            Some(row) => in_row(row, problem),
            None => problem,
        }));
    }
}

impl Shop {
    /// Declares people ten at a time. What one call loses does not stop the others, unless nothing can get through.
    pub async fn declare(&self, people: Vec<Person>) -> Result<Vec<Outcome>> {
        self.observer.begin(people.len() as u64, text!("people"));
        let mut outcomes = Vec::with_capacity(people.len());
        let mut stopped: Option<Text> = None;
        let mut unknown = 0;
        for group in people.chunks(TOGETHER) {
            let body = request(group);
            check(&ADD, &body, &[])?;
            let answer = match &stopped {
                Some(why) => Err(("not_sent", None, why.clone())),
                None => match self.send(&ADD, &body, async || Ok(())).await {
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
                self.observer.step();
            }
        }
        self.observer.end();
        self.settle_people(&mut outcomes).await;
        Ok(outcomes)
    }

    /// Looks for those whose answers were lost, all together, once reads no longer lag behind: two looks in vain prove that
    /// they were not declared. Who cannot be looked up stays unclear.
    async fn settle_people(&self, outcomes: &mut [Outcome]) {
        let is_open = |person: &&mut Outcome| person.result == "unclear";
        let mut open: Vec<&mut Outcome> = outcomes.iter_mut().filter(is_open).collect();
        if open.is_empty() {
            return;
        }
        self.note(text!(
        "{count} {count:answer was|answers were} lost; checking again in {seconds} s, when reads are up to date",
        count = open.len(),
        seconds = LAG
    ));
        clock::sleep(Duration::from_secs(LAG.unsigned_abs() + 1)).await;
        for last in [false, true] {
            let mut missing = Vec::new();
            for person in open {
                let whom = body([OPENID.of(&person.openid)]);
                match self.rows(&LIST, &whom, None).await {
                    Ok(rows) if rows.iter().any(is_declared) => {
                        person.result = "declared";
                        (person.errcode, person.reason) = (None, None);
                    }
                    Ok(_) if last => {
                        person.result = "not_sent";
                        person.errcode = None;
                        person.reason =
                            Some(text!("WeChat never got it; the same command sends it"));
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
}

/// What is sent for people together.
pub fn request(group: &[Person]) -> Value {
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
