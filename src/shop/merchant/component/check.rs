//! What is wrong with an application before it is sent: every value for itself, and how they fit together.

use super::fields::{
    BUSINESS, BUSINESS_NUMBER, FIELDS, Field, ON_DISK, Of, PRIVATE_NUMBER, at, named,
};
use super::names::Names;
use crate::api::operation::{Book, Node, Wrong};
use crate::lang::Text;
use crate::shop::image;
use crate::shop::merchant::{picture_id, traits};
use crate::text;
use crate::types::spelling::invisible;
use crate::types::{ChinaTime, is_identity_number, now};
use serde_json::Value;
use std::path::Path;

/// A field by its dotted path, and what is wrong there.
pub type Problem = (String, Text);

/// Without end.
const FOREVER: &str = "长期";

/// What the platform takes from the Mini Program, and where it is corrected.
const FIXED: &[&str] = &[
    "business_license_number",
    "merchant_name",
    "contact_name",
    "contact_id_card_number",
    "sales_scene_info",
    "store_name",
    "store_url",
    "mini_program_sub_appid",
    "out_request_no",
];

/// Every problem of an application, by the names that its file has. Pictures that lie on disk are looked for in `folder`.
pub fn problems(
    book: &Book,
    node: &Node,
    body: &Value,
    folder: &Path,
    names: &Names,
) -> Vec<Problem> {
    let mut found: Vec<Problem> = Vec::new();
    for field in FIELDS {
        let value = at(body, field.path);
        if value.is_null() {
            if field.is_needed(body) {
                found.push((field.path.into(), names.missing(field)));
            }
        } else if let Some(words) = wrong(field, value, folder) {
            found.push((field.path.into(), at_field(names, field.path, words)));
        }
    }
    found.extend(together(body, names));
    // What the table above does not know, the book does: unknown fields, wrong types.
    for mut problem in book.check(node, body) {
        let fixed = FIXED
            .iter()
            .any(|name| problem.field.rsplit('.').next() == Some(name));
        let said = found.iter().any(|(field, _)| {
            problem.field.starts_with(field.as_str()) || field.starts_with(&problem.field)
        });
        let path = std::mem::take(&mut problem.field);
        match problem.wrong {
            Wrong::Unknown if fixed => found.push((
                path.clone(),
                text!(
                    "{field} comes from the Mini Program and cannot be sent; correct it in the Mini Program's console",
                    field = names.of(&path)
                ),
            )),
            _ if said => {}
            _ => {
                problem.field = names.written(&path);
                found.push((path, problem.text()));
            }
        }
    }
    found
}

fn at_field(names: &Names, path: &str, problem: Text) -> Text {
    text!("{field}: {problem}", field = names.of(path), problem)
}

/// What is wrong with one value for itself.
pub fn wrong(field: &Field, value: &Value, folder: &Path) -> Option<Text> {
    match field.of {
        Of::Picture => picture(value, folder),
        Of::Pictures => {
            let pictures = value.as_array().into_iter().flatten();
            pictures.filter_map(|item| picture(item, folder)).next()
        }
        of => {
            let Some(text) = value.as_str() else {
                return Some(text!("must be text"));
            };
            wrong_text(of, text)
        }
    }
}

fn wrong_text(of: Of, text: &str) -> Option<Text> {
    let unseen = text
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r'))
        .find_map(|c| invisible(c).map(|name| (c, name)));
    if let Some((c, name)) = unseen {
        let code = format!("U+{:04X}", u32::from(c));
        return Some(text!("there is {name} ({code}) in it", name, code));
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let ok = match of {
        Of::Text | Of::Picture | Of::Pictures => true,
        Of::Choice(choices) => {
            if choices.iter().any(|(value, ..)| *value == text) {
                return None;
            }
            let words = choices
                .iter()
                .map(|(value, also, _)| also.first().unwrap_or(value));
            return Some(text!(
                "\"{text}\" is not one of {words}",
                text,
                words = words.copied().collect::<Vec<_>>().join(", ")
            ));
        }
        Of::Day => return day(text).err(),
        Of::LastDay => return last_day(text).err(),
        Of::Period => return period(text),
        Of::Email => {
            let parts: Vec<&str> = text.split('@').collect();
            matches!(parts.as_slice(), [name, host] if !name.is_empty() && host.contains('.') && !host.ends_with('.'))
                && !text.contains(char::is_whitespace)
        }
        Of::Mobile => text.len() == 11 && text.starts_with('1') && digits(text),
        Of::Identity => is_identity_number(text),
        Of::Digits => digits(text),
    };
    let words = match of {
        _ if ok => return None,
        Of::Email => text!("not a valid e-mail address"),
        Of::Mobile => text!("a mobile number has 11 digits and begins with 1"),
        Of::Identity => text!("the check digit is wrong: check for typos"),
        _ => text!("only digits are allowed here"),
    };
    Some(words)
}

fn day(text: &str) -> Result<jiff::civil::Date, Text> {
    let looks = text.len() == 10;
    jiff::civil::Date::strptime("%Y-%m-%d", text)
        .ok()
        .filter(|_| looks)
        .ok_or_else(|| text!("\"{text}\" is not a date (YYYY-MM-DD)", text))
}

/// A last day that has not passed; `None` for one that never comes.
fn last_day(text: &str) -> Result<Option<jiff::civil::Date>, Text> {
    if text == FOREVER {
        return Ok(None);
    }
    let last = day(text)?;
    if last < today() {
        Err(text!("{day} has passed", day = text))
    } else {
        Ok(Some(last))
    }
}

fn today() -> jiff::civil::Date {
    let now = ChinaTime::from_unix(now());
    day(now.0.get(..10).unwrap_or_default()).unwrap_or(jiff::civil::Date::MIN)
}

fn period(text: &str) -> Option<Text> {
    let days: Vec<String> = serde_json::from_str(text).unwrap_or_default();
    let [from, to] = days.as_slice() else {
        return Some(text!(
            "write two days: first and last, or 长期 for the last"
        ));
    };
    let (first, last) = match (day(from), last_day(to)) {
        (Err(problem), _) | (_, Err(problem)) => return Some(problem),
        (Ok(first), Ok(last)) => (first, last),
    };
    if first > today() {
        return Some(text!("{day} has not come yet", day = from));
    }
    last.filter(|last| *last <= first)
        .map(|_| text!("the last day is not after the first"))
}

/// A picture on disk is one that WeChat would take; one that was uploaded has its id.
fn picture(value: &Value, folder: &Path) -> Option<Text> {
    let id = picture_id(value);
    match id.strip_prefix(ON_DISK) {
        Some(name) => {
            let path = folder.join(name);
            match image::read(&path.to_string_lossy()) {
                Ok(image::Source::File(..)) => None,
                Ok(image::Source::Address(_)) => Some(text!("an image must be a file")),
                Err(failure) => Some(failure.message),
            }
        }
        None if id.is_empty() => Some(text!("give the image's file, or its pay_media_id")),
        None => None,
    }
}

/// How the values fit together.
fn together(body: &Value, names: &Names) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |path: &str, words: Text| found.push((path.to_owned(), words));
    let text = |path: &str| at(body, path).as_str().unwrap_or_default();
    let person = text("business_license_info.legal_person");
    let traits = traits(body);
    let card = traits.by_card;
    let on_card = text("id_card_info.id_card_name");
    if card && !person.is_empty() && !on_card.is_empty() && person != on_card {
        let path = "id_card_info.id_card_name";
        let words = text!("the identity card must belong to the legal representative");
        say(path, at_field(names, path, words));
    }
    for (other, section) in [(card, "id_doc_info"), (!card, "id_card_info")] {
        if other && !body[section].is_null() {
            say(
                section,
                text!(
                    "{section} does not go with this kind of identity document; leave it out",
                    section = names.of(section)
                ),
            );
        }
    }
    if !traits.has_account {
        return found;
    }
    let kind = text("account_info.bank_account_type");
    if text("organization_type") == "2"
        && !kind.is_empty()
        && kind != BUSINESS
        && kind != BUSINESS_NUMBER
    {
        let path = "account_info.bank_account_type";
        let words = text!("an enterprise needs a business account");
        say(path, at_field(names, path, words));
    }
    let holder = text("account_info.account_name");
    let private = matches!(kind, "ACCOUNT_TYPE_PRIVATE" | PRIVATE_NUMBER);
    if private && !holder.is_empty() && holder != person {
        let path = "account_info.account_name";
        let words = text!("a private account must belong to the legal representative");
        say(path, at_field(names, path, words));
    }
    found
}

/// Notices about an application that is complete: what follows from what it says.
pub fn notices(body: &Value) -> Vec<Text> {
    let mut said = Vec::new();
    let traits = traits(body);
    if !traits.has_account {
        said.push(text!(
            "no settlement account is given, so the older agreement applies"
        ));
        if traits.by_handler {
            said.push(text!(
                "a handler's letter of authorization goes with the newer agreement only; add account_info to send it"
            ));
        }
    }
    said
}

/// Which fields a form has to ask again.
pub fn asked_again(problems: &[Problem]) -> Vec<&'static Field> {
    let fields = problems.iter().filter_map(|(path, _)| named(path));
    let mut again: Vec<&'static Field> = Vec::new();
    for field in fields {
        if !again.iter().any(|known| known.path == field.path) {
            again.push(field);
        }
    }
    again
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_of(of: Of, text: &str) -> String {
        wrong_text(of, text).map_or(String::new(), |text| text.to_string())
    }

    #[test]
    fn each_kind_of_value_is_looked_at() {
        for (of, good, bad) in [
            (Of::Email, "ops@example.com", "ops@example"),
            (Of::Mobile, "13800000000", "1380000000"),
            (Of::Identity, "11010519491231002X", "110105194912310021"),
            (Of::Digits, "440100", "44o100"),
            (Of::LastDay, "长期", "2018-01-01"),
            (Of::Day, "2018-01-01", "2018-13-01"),
            (Of::Period, "[\"2018-01-01\",\"长期\"]", "[\"2018-01-01\"]"),
            (
                Of::Period,
                "[\"2018-01-01\",\"2100-01-01\"]",
                "[\"2018-01-01\",\"2017-01-01\"]",
            ),
        ] {
            assert_eq!(message_of(of, good), "", "{good}");
            assert_ne!(message_of(of, bad), "", "{bad}");
        }
    }
}
