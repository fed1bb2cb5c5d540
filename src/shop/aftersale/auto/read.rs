//! Reads a policy from a TOML file and names every problem at once, each with its place.
//!
//! No file is taken in which money could go out without a ceiling: every rule that accepts has its own, and all of
//! them together have one of the day. Accepting a return counts like a refund, since WeChat pays it by itself when the
//! goods that came back are not answered.

use crate::api::component::{self, aftersale};
use crate::fail::Failure;
use crate::lang::{Lang, Text};
use crate::model::aftersale::{Kind, Reason};
use crate::model::order::Receiver;
use crate::model::policy::{Action, Policy, Rule};
use crate::shop::pass_through::aftersale::{ACCEPT_RETURN, ADDRESS, NUMBER};
use crate::shop::pass_through::body;
use crate::text;
use crate::types::Fen;
use crate::types::span::duration;
use anyhow::Result;
use clap::ValueEnum;
use std::path::Path;
use toml::Table;

/// Reads a policy. Everything that is wrong with it is one failure.
pub fn policy(path: &Path) -> Result<Policy> {
    let file = path.display().to_string();
    let content = std::fs::read_to_string(path).map_err(|error| {
        Failure::input(text!(
            "{file} cannot be read: {error}",
            file = &file,
            error = error.to_string()
        ))
    })?;
    Ok(parse(&file, &content)?)
}

pub fn parse(file: &str, content: &str) -> Result<Policy, Failure> {
    let table: Table = content.parse().map_err(|error: toml::de::Error| {
        Failure::input(text!(
            "{file} cannot be read: {error}",
            file,
            error = error.to_string().trim_end()
        ))
    })?;
    let mut problems = Vec::new();
    let policy = whole(file, &table, &mut problems);
    if problems.is_empty() {
        Ok(policy)
    } else {
        Err(Failure::input(text!("{file} is not a valid policy", file))
            .also(problems)
            .hint(text!(
                "nothing was sent; `wxsell aftersale auto --example` prints a policy to start from"
            )))
    }
}

/// A table of the file that is read key by key.
struct Part<'a, 'p> {
    /// File, and rule where it is one.
    place: Text,
    table: &'a Table,
    problems: &'p mut Vec<Text>,
}

impl<'a> Part<'a, '_> {
    fn problem(&mut self, key: &str, problem: Text) {
        let place = self.place.clone();
        self.problems
            .push(text!("{place}: {key}: {problem}", place, key, problem));
    }

    fn only(&mut self, known: &[&str]) {
        let keys = self.table.keys();
        let unknown: Vec<&String> = keys.filter(|key| !known.contains(&key.as_str())).collect();
        for key in unknown {
            self.problem(
                key,
                text!("no such key; the keys are {keys}", keys = known.join(", ")),
            );
        }
    }

    fn text(&mut self, key: &str) -> Option<&'a str> {
        match self.table.get(key)? {
            toml::Value::String(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => {
                self.problem(key, text!("must be text"));
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let flag = self.table.get(key)?.as_bool();
        if flag.is_none() {
            self.problem(key, text!("must be true or false"));
        }
        flag
    }

    /// Yuan as text or as a whole number. A number with a decimal point is not exact.
    fn yuan(&mut self, key: &str) -> Option<Fen> {
        let written = match self.table.get(key)? {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(whole) => whole.to_string(),
            _ => {
                self.problem(key, text!("write yuan in quotes, e.g. \"12.50\""));
                return None;
            }
        };
        let decimals = written.trim().split_once('.').map_or("", |(_, rest)| rest);
        let read = match decimals.len() {
            0..=2 => Fen::from_yuan(&written).map_err(|failure| failure.message),
            _ => Err(text!(
                "price \"{price}\" has more than two decimals",
                price = &written
            )),
        };
        match read {
            Ok(fen) if fen.0 > 0 => Some(fen),
            Ok(_) => {
                self.problem(key, text!("the amount must be more than 0"));
                None
            }
            Err(message) => {
                self.problem(key, message);
                None
            }
        }
    }

    /// A length of time, in seconds.
    fn span(&mut self, key: &str) -> Option<i64> {
        let written = self.table.get(key)?.as_str().unwrap_or_default();
        match duration(written).map(|span| i64::try_from(span.as_secs())) {
            Ok(Ok(seconds)) if seconds > 0 => Some(seconds),
            Ok(_) => {
                self.problem(key, text!("write a duration, e.g. 90s, 30m, 2h or 1d"));
                None
            }
            Err(message) => {
                self.problem(key, message);
                None
            }
        }
    }

    /// A list that names something; one that is empty would fit nothing, or everything.
    fn list<T>(&mut self, key: &str, read: impl Fn(&toml::Value) -> Result<T, Text>) -> Vec<T> {
        let Some(written) = self.table.get(key) else {
            return Vec::new();
        };
        let items = written.as_array().map(Vec::as_slice);
        let items = items.unwrap_or(std::slice::from_ref(written));
        if items.is_empty() {
            self.problem(key, text!("is empty; remove it to match all"));
        }
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            match read(item) {
                Ok(item) => found.push(item),
                Err(problem) => self.problem(key, problem),
            }
        }
        found
    }

    /// A table below this one.
    fn below(&mut self, key: &str) -> Option<&'a Table> {
        let table = self.table.get(key)?.as_table();
        if table.is_none() {
            self.problem(key, text!("must be a table: [{key}]", key));
        }
        table
    }
}

fn word(value: &toml::Value) -> Result<String, Text> {
    match value.as_str().map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(text!("must be text")),
    }
}

/// A reason as `aftersale create` takes it, in words, or by WeChat's number.
fn reason(value: &toml::Value) -> Result<Reason, Text> {
    let found = match value {
        toml::Value::Integer(code) => aftersale::reason(*code),
        toml::Value::String(text) => Reason::from_str(text, true).ok().or_else(|| {
            let says = |reason: &&Reason| {
                [Lang::En, Lang::Zh]
                    .map(|lang| reason.words().render(lang))
                    .contains(text)
            };
            Reason::value_variants().iter().find(says).copied()
        }),
        _ => None,
    };
    found.ok_or_else(|| {
        let names = Reason::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned());
        text!(
            "{value} is not a reason; use one of: {names}",
            value = value.to_string(),
            names = names.collect::<Vec<_>>().join(", ")
        )
    })
}

fn whole(file: &str, table: &Table, problems: &mut Vec<Text>) -> Policy {
    let mut part = Part {
        place: Text::verbatim(file),
        table,
        problems,
    };
    part.only(&["limits", "rule", "return_address"]);
    let limits = part.below("limits");
    let return_address = part.below("return_address");
    let tables: Vec<&toml::Value> = match table.get("rule") {
        Some(toml::Value::Array(rules)) => rules.iter().collect(),
        Some(other) => vec![other],
        None => Vec::new(),
    };
    if tables.is_empty() {
        part.problem(
            "rule",
            text!("there are no rules; begin each one with [[rule]]"),
        );
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(tables.len());
    for (number, value) in (1usize..).zip(tables) {
        let name = value.get("name").and_then(toml::Value::as_str);
        let place = match name {
            Some(name) => text!("{file}: rule {number} ({name})", file, number, name),
            None => text!("{file}: rule {number}", file, number),
        };
        let mut part = Part {
            place,
            table: match value.as_table() {
                Some(table) => table,
                None => {
                    part.problem("rule", text!("begin each with [[rule]]"));
                    continue;
                }
            },
            problems: part.problems,
        };
        if name.is_some_and(|name| rules.iter().any(|rule| rule.name == name.trim())) {
            part.problem("name", text!("another rule has this name"));
        }
        rules.push(rule(&mut part));
    }
    let accepts = rules.iter().any(|rule| rule.action == Action::Accept);
    let mut part = Part {
        place: text!("{file}: [limits]", file),
        table: limits.unwrap_or(table),
        problems,
    };
    let per_day = match limits {
        Some(_) => {
            part.only(&["per_day"]);
            part.yuan("per_day")
        }
        None => None,
    };
    if accepts && limits.is_none_or(|limits| !limits.contains_key("per_day")) {
        let names: Vec<&str> = rules
            .iter()
            .filter(|rule| rule.action == Action::Accept)
            .map(|rule| rule.name.as_str())
            .collect();
        part.problem(
            "per_day",
            text!(
                "is missing: without a daily ceiling these rules could pay out any sum: {rules}",
                rules = names.join(", ")
            ),
        );
    }
    let return_address = return_address.and_then(|address| {
        let mut part = Part {
            place: text!("{file}: [return_address]", file),
            table: address,
            problems,
        };
        self::address(&mut part)
    });
    Policy {
        rules,
        per_day: per_day.unwrap_or_default(),
        return_address,
    }
}

fn rule(part: &mut Part<'_, '_>) -> Rule {
    part.only(&[
        "name",
        "action",
        "type",
        "up_to",
        "reasons",
        "older_than",
        "younger_than",
        "products",
        "skus",
        "shipped",
        "reject_reason",
    ]);
    let name = part.text("name");
    if !part.table.contains_key("name") {
        part.problem("name", text!("is missing"));
    }
    let kind = part.text("type").and_then(|kind| match kind {
        "refund" => Some(Kind::Refund),
        "return" => Some(Kind::Return),
        _ => {
            part.problem("type", text!("must be refund or return"));
            None
        }
    });
    let up_to = part.yuan("up_to");
    let reject_reason = part.text("reject_reason");
    let action = match part.text("action") {
        Some("accept") => {
            if !part.table.contains_key("up_to") {
                part.problem(
                    "up_to",
                    text!("is missing: without a ceiling this rule could pay out any sum"),
                );
            }
            Action::Accept
        }
        Some("reject") => {
            if !part.table.contains_key("reject_reason") {
                part.problem("reject_reason", text!("is missing: tell the buyer why"));
            }
            Action::Reject(reject_reason.unwrap_or_default().to_owned())
        }
        Some("wait") => Action::Wait,
        action => {
            let given = part.table.contains_key("action");
            if action.is_some() || !given {
                part.problem("action", text!("must be accept, reject or wait"));
            }
            Action::Wait
        }
    };
    if reject_reason.is_some() && !matches!(action, Action::Reject(_)) {
        part.problem("reject_reason", text!("goes with action = \"reject\" only"));
    }
    let (older_than, younger_than) = (part.span("older_than"), part.span("younger_than"));
    if let (Some(older), Some(younger)) = (older_than, younger_than)
        && older >= younger
    {
        part.problem(
            "younger_than",
            text!("no after-sale can be both older and younger"),
        );
    }
    Rule {
        name: name.unwrap_or_default().to_owned(),
        action,
        kind,
        up_to,
        reasons: part.list("reasons", reason),
        older_than,
        younger_than,
        products: part.list("products", word),
        skus: part.list("skus", word),
        shipped: part.flag("shipped"),
    }
}

/// The address, held against what the call takes.
fn address(part: &mut Part<'_, '_>) -> Option<Receiver> {
    let address = serde_json::to_value(part.table).ok()?;
    let (book, operation) = ACCEPT_RETURN.operation();
    let body = body([NUMBER.of(1), ADDRESS.of(&address)]);
    for problem in book.check(operation.request.as_ref()?, &body) {
        let mut problem = problem;
        let key = problem
            .field
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned();
        problem.field.clone_from(&key);
        part.problem(&key, problem.text());
    }
    Some(component::order::receiver(&address))
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;
    use crate::model::policy::Facts;

    fn problems(content: &str) -> Vec<String> {
        let failure = parse("p.toml", content).expect_err("it is refused");
        assert_eq!(failure.kind.exit_code(), 2);
        failure.also.iter().map(Text::to_string).collect()
    }

    #[test]
    fn no_rule_pays_without_a_ceiling() {
        let rule = "[[rule]]\nname = \"all\"\naction = \"accept\"\n";
        assert_eq!(
            problems(rule),
            [
                "p.toml: rule 1 (all): up_to: is missing: without a ceiling this rule could pay out any sum",
                "p.toml: [limits]: per_day: is missing: without a daily ceiling these rules could pay out any sum: all",
            ]
        );
        let ceilings = [
            ("up_to = \"0\"", "per_day = \"1\""),
            ("up_to = \"-1\"", "per_day = \"1\""),
            ("up_to = 1.5", "per_day = \"1\""),
            ("up_to = \"1.005\"", "per_day = \"1\""),
            ("up_to = \"1.000\"", "per_day = \"1\""),
            ("up_to = \"\"", "per_day = \"1\""),
            ("up_to = true", "per_day = \"1\""),
            ("up_to = 1", "per_day = \"0\""),
            ("up_to = 1", "per_day = inf"),
            ("up_to = 1", "per_day = 99999999999999999"),
            ("up_to = 1", "per_week = 1"),
        ];
        for (own, daily) in ceilings {
            let found = problems(&format!("{rule}{own}\n[limits]\n{daily}\n"));
            assert!(!found.is_empty(), "{own} {daily}");
        }
        let fine = format!("{rule}up_to = 1\n[limits]\nper_day = \"0.01\"\n");
        let policy = parse("p.toml", &fine).expect("a policy");
        assert_eq!(
            (policy.per_day, policy.rules[0].up_to),
            (Fen(1), Some(Fen(100)))
        );
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let found = problems(
            r#"
            colour = 1
            [limits]
            per_day = "10"
            per_year = 1
            [return_address]
            receiver_name = "王五"
            [[rule]]
            name = "a"
            type = "exchange"
            reasons = ["cold", 4]
            products = []
            action = "reject"
            [[rule]]
            name = "a"
            older_than = "2d"
            younger_than = "1d"
            shipped = "yes"
            action = "accept"
            up_to = "1.234"
            reject_reason = "no"
            [[rule]]
            action = "pay"
            "#,
        );
        for expected in [
            "p.toml: colour: no such key; the keys are limits, rule, return_address",
            "p.toml: [limits]: per_year: no such key; the keys are per_day",
            "p.toml: [return_address]: detailed_address: detailed_address is missing",
            "p.toml: rule 1 (a): type: must be refund or return",
            "p.toml: rule 1 (a): products: is empty; remove it to match all",
            "p.toml: rule 1 (a): reject_reason: is missing: tell the buyer why",
            "p.toml: rule 2 (a): name: another rule has this name",
            "p.toml: rule 2 (a): younger_than: no after-sale can be both older and younger",
            "p.toml: rule 2 (a): shipped: must be true or false",
            "p.toml: rule 2 (a): up_to: price \"1.234\" has more than two decimals",
            "p.toml: rule 2 (a): reject_reason: goes with action = \"reject\" only",
            "p.toml: rule 3: name: is missing",
            "p.toml: rule 3: action: must be accept, reject or wait",
        ] {
            assert!(
                found.iter().any(|problem| problem == expected),
                "{expected}\n{found:#?}"
            );
        }
        let reasons = found
            .iter()
            .filter(|problem| problem.contains("is not a reason; use one of: out-of-stock,"));
        assert_eq!(reasons.count(), 2);
        assert!(!problems("rule = 1").is_empty() && !problems("").is_empty());
        let broken = parse("p.toml", "[[rule]\n").expect_err("no TOML");
        assert!(
            broken
                .message
                .to_string()
                .starts_with("p.toml cannot be read")
        );
    }

    #[test]
    fn the_examples_say_the_same() {
        let read = |lang| parse("p.toml", example(lang));
        let english = read(Lang::En).expect("a policy");
        let names = |policy: &Policy| -> Vec<Rule> {
            let rules = policy.rules.iter().cloned();
            rules
                .map(|rule| Rule {
                    name: String::new(),
                    ..rule
                })
                .collect()
        };
        let chinese = read(Lang::Zh).expect("a policy");
        assert_eq!(
            (names(&english), english.per_day),
            (names(&chinese), chinese.per_day)
        );
        // What is commented out is right as well.
        for lang in [Lang::En, Lang::Zh] {
            let all = example(lang).replace("\n#", "\n");
            let all = all.replace("\n ", "\n# ");
            let policy = parse("p.toml", &all).expect("a policy");
            assert!(policy.return_address.is_some());
            assert!(policy.rules.len() > english.rules.len());
        }
    }

    const TWO: &str = r#"
        [limits]
        per_day = 100
        [[rule]]
        name = "small"
        type = "refund"
        reasons = ["quality", 7, "no longer wanted"]
        up_to = "20.00"
        action = "accept"
        [[rule]]
        name = "late"
        shipped = false
        older_than = "12h"
        younger_than = "1d"
        skus = "T1-1"
        up_to = "1,000"
        action = "accept"
    "#;

    fn facts(fen: i64, reason: Reason) -> Facts {
        Facts {
            kind: Kind::Refund,
            amount: Some(Fen(fen)),
            reason: Some(reason),
            age: Some(3600),
            product: "T1".into(),
            sku: "T1-1".into(),
            shipped: None,
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_says_why() {
        let policy = parse("p.toml", TWO).expect("a policy");
        assert_eq!(policy.per_day, Fen(10_000));
        let decide = |facts: &Facts| {
            let decision = policy.decide(facts);
            let rule = decision.rule.map_or("", |rule| rule.name.as_str());
            (rule.to_owned(), decision.why.to_string())
        };
        let (rule, why) = decide(&facts(2000, Reason::Quality));
        assert_eq!(
            (rule.as_str(), why.as_str()),
            ("small", "within the ceiling of rule small: 20.00 of 20.00")
        );
        let (rule, why) = decide(&facts(2001, Reason::Quality));
        assert_eq!(
            (rule.as_str(), why.as_str()),
            ("", "over the ceiling of rule small: 20.01 > 20.00")
        );
        // By number, and by WeChat's words.
        assert_eq!(decide(&facts(1, Reason::Damaged)).0, "small");
        assert_eq!(decide(&facts(1, Reason::NotWanted)).0, "small");
        let (_, why) = decide(&facts(1, Reason::OutOfStock));
        assert_eq!(why, "rule small is not for the reason out of stock");
        let late = Facts {
            age: Some(12 * 3600),
            shipped: Some(false),
            ..facts(100_000, Reason::OutOfStock)
        };
        assert_eq!(decide(&late).0, "late");
        for (other, why) in [
            (
                Facts {
                    age: Some(12 * 3600 - 1),
                    ..late.clone()
                },
                "rule late is for after-sales open for 12h or more, not 11h 59m",
            ),
            (
                Facts {
                    age: Some(24 * 3600),
                    ..late.clone()
                },
                "rule late is for after-sales open for less than 1d, not 1d",
            ),
            (
                Facts {
                    sku: "T2-1".into(),
                    ..late.clone()
                },
                "rule late is not for SKU T2-1",
            ),
            (
                Facts {
                    shipped: Some(true),
                    ..late.clone()
                },
                "rule late is for orders that are not shipped",
            ),
            (
                Facts {
                    shipped: None,
                    ..late.clone()
                },
                "rule late asks whether the order is shipped, which is not known",
            ),
        ] {
            assert_eq!(decide(&other), (String::new(), why.to_owned()));
        }
        let unread = Facts {
            amount: None,
            ..facts(1, Reason::Quality)
        };
        assert_eq!(
            decide(&unread).1,
            "rule small has a ceiling, and the amount cannot be read"
        );
        // The order is read where it decides, and only there.
        assert!(policy.asks_order(&late));
        assert!(!policy.asks_order(&facts(100_000, Reason::OutOfStock)));
    }
}
