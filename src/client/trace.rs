//! `--trace FILE`: every request and answer as one JSON object a line, secrets and personal data masked.

use crate::api::json::put;
use crate::api::operation::is_personal;
use crate::fail::Failure;
use crate::text;
use crate::types::{HIDDEN, redact};
use anyhow::Result;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Fields that open something: never written, never shown.
const SECRETS: &[&str] = &[
    "secret",
    "appsecret",
    "access_token",
    "component_appsecret",
    "component_secret",
    "component_access_token",
    "component_verify_ticket",
    "authorizer_access_token",
    "authorizer_refresh_token",
    "refresh_token",
    "authorization_code",
    "pre_auth_code",
    "request_url",
];
/// What tells who a person is, beyond what commands mask: a trace may be handed to anybody.
const PEOPLE: &[&str] = &["openid", "service_agent_phone"];

/// An open trace.
pub struct Trace {
    file: Mutex<File>,
    mended: bool,
}

impl Trace {
    /// Appends to `path`, which only its owner may read.
    pub fn open(path: &Path) -> Result<Trace> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Failure::input(text!(
                "cannot write the trace file {path}: {error}",
                path = path.display().to_string(),
                error = error.to_string()
            ))
        })?;
        Ok(Trace {
            mended: mend(&file),
            file: Mutex::new(file),
        })
    }

    /// Whether others could read the file until now.
    pub fn was_mended(&self) -> bool {
        self.mended
    }

    pub fn write(
        &self,
        path: &str,
        request: &[u8],
        answer: &Result<Vec<u8>, Failure>,
        took: Duration,
    ) {
        let readable = |bytes: &[u8]| match serde_json::from_slice::<Value>(bytes) {
            Ok(mut value) => {
                mask(&mut value);
                value
            }
            Err(_) if bytes.is_empty() => Value::Null,
            // What is no JSON is not understood, and so cannot be masked: its length must do.
            Err(_) => json!({ "bytes": bytes.len() }),
        };
        let mut line = json!({ "at": crate::types::rfc3339(crate::types::now()), "path": path, "ms": took.as_millis() as u64, "request": readable(request) });
        match answer {
            Ok(bytes) => put(&mut line, "answer", readable(bytes)),
            Err(failure) => put(&mut line, "error", failure.message.to_string().into()),
        }
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // A trace that cannot be written must not end the work it watches.
        let _ = file.write_all(format!("{}\n", redact(&line.to_string())).as_bytes());
    }
}

/// Takes a file that was there before from others who could read it; true where that was so. One that belongs to somebody
/// else, a pipe and a terminal stay as they are.
#[cfg(unix)]
fn mend(file: &File) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    file.metadata().is_ok_and(|about| {
        about.is_file()
            && about.mode() & 0o077 != 0
            && file
                .set_permissions(std::fs::Permissions::from_mode(0o600))
                .is_ok()
    })
}

#[cfg(not(unix))]
fn mend(_file: &File) -> bool {
    false
}

/// Text that is no JSON, such as the error page of a gateway that repeats the request, without the values that stand
/// behind the names of secrets: `access_token=…`, `"secret":"…"`. They need not be known: an answer that cannot be read
/// may hold a new token.
pub fn mask_text(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    while let Some((end, value)) = next_value(&lower, from) {
        masked.push_str(&text[from..end]);
        masked.push_str(if value > end { HIDDEN } else { "" });
        from = value;
    }
    masked.push_str(&text[from..]);
    redact(&masked).into_owned()
}

/// The next value behind the name of a secret: where it begins and ends. Both stand on ASCII.
fn next_value(text: &str, from: usize) -> Option<(usize, usize)> {
    let names = SECRETS.iter().filter_map(|name| {
        let at = text[from..].find(name)? + from;
        Some((at, at + name.len()))
    });
    // Of two that begin together the longer one.
    let (_, end) = names.min_by_key(|(at, end)| (*at, std::cmp::Reverse(*end)))?;
    let rest = &text[end..];
    let mut skipped = 0;
    let mut assigned = false;
    while let Some(sign) = SIGNS
        .iter()
        .find(|sign| rest[skipped..].starts_with(**sign))
    {
        assigned |= ASSIGNS.contains(sign);
        skipped += sign.len();
    }
    let start = end + skipped;
    if !assigned {
        return Some((end, end));
    }
    let value = &text[start..];
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "-_@.~+/=%*".contains(c));
    let length = value.find(ends).unwrap_or(value.len());
    let length = ["%26", "%22"]
        .iter()
        .filter_map(|stop| value[..length].find(stop))
        .min()
        .unwrap_or(length);
    Some((start, start + length))
}

/// What may stand between a name and its value, and which of it says that there is a value.
const SIGNS: [&str; 11] = [
    "\"", "'", "\\", " ", ":", "=", "%3d", "%22", "%3a", "&quot;", "%20",
];
const ASSIGNS: [&str; 4] = [":", "=", "%3d", "%3a"];

/// Replaces the values of secret and personal fields, wherever they stand.
pub fn mask(value: &mut Value) {
    // A name beside an openid is a person's; others are names of roles, coupons and the like.
    hide(value, &|name, beside_openid| {
        SECRETS.contains(&name)
            || PEOPLE.contains(&name)
            || is_personal(name)
            || beside_openid && name == "name"
    });
}

/// Replaces the values of secret fields, wherever they stand.
pub fn mask_secrets(value: &mut Value) {
    hide(value, &|name, _| SECRETS.contains(&name));
}

/// An answer with its secrets masked; as it came where it holds none.
pub fn without_secrets(answer: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let Ok(value) = serde_json::from_slice::<Value>(answer) else {
        return answer.into();
    };
    let mut masked = value.clone();
    mask_secrets(&mut masked);
    if masked == value {
        answer.into()
    } else {
        masked.to_string().into_bytes().into()
    }
}

fn hide(value: &mut Value, hidden: &dyn Fn(&str, bool) -> bool) {
    match value {
        Value::Object(fields) => {
            let person = fields.contains_key("openid");
            for (name, field) in fields.iter_mut() {
                if hidden(name, person) && !field.is_null() && field != "" {
                    *field = Value::String(HIDDEN.into());
                } else {
                    hide(field, hidden);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, hidden)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_behind_the_names_of_secrets_are_masked_in_any_text() {
        for (text, masked) in [
            (
                "<a href=\"/shop/spu/add?access_token=12_abcDEF-x&lang=en\">",
                "<a href=\"/shop/spu/add?access_token=***&lang=en\">",
            ),
            (
                "{\"appid\":\"wx1\",\"secret\": \"0123abcd\",\"x\":1}",
                "{\"appid\":\"wx1\",\"secret\": \"***\",\"x\":1}",
            ),
            ("{\"access_token\":\"12_cut", "{\"access_token\":\"***"),
            (
                "r=%2Fcgi%3Faccess_token%3D12_ab%26x%3D1",
                "r=%2Fcgi%3Faccess_token%3D***%26x%3D1",
            ),
            ("invalid secret, 说明", "invalid secret, 说明"),
            (
                "component_appsecret=abc; secret",
                "component_appsecret=***; secret",
            ),
        ] {
            assert_eq!(mask_text(text), masked);
        }
    }

    #[test]
    fn secrets_and_people_are_masked_at_any_depth() {
        let mut value = json!({"secret": "s3", "data": [{"tel_number": "13800000000", "title": "tea"}], "access_token": null});
        mask(&mut value);
        assert_eq!(
            value,
            json!({"secret": "***", "data": [{"tel_number": "***", "title": "tea"}], "access_token": null})
        );
    }
}
