//! `--trace FILE`: every request and answer as one JSON object a line, secrets and personal data masked.

use crate::api::operation::is_personal;
use crate::fail::Failure;
use crate::text;
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
            file: Mutex::new(file),
        })
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
            Ok(bytes) => line["answer"] = readable(bytes),
            Err(failure) => line["error"] = Value::String(failure.message.to_string()),
        }
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // A trace that cannot be written must not end the work it watches.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

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
    match masked == value {
        true => answer.into(),
        false => masked.to_string().into_bytes().into(),
    }
}

fn hide(value: &mut Value, hidden: &dyn Fn(&str, bool) -> bool) {
    match value {
        Value::Object(fields) => {
            let person = fields.contains_key("openid");
            for (name, field) in fields.iter_mut() {
                if hidden(name, person) && !field.is_null() && field != "" {
                    *field = Value::String("***".into());
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
    fn secrets_and_people_are_masked_at_any_depth() {
        let mut value = json!({"secret": "s3", "data": [{"tel_number": "13800000000", "title": "tea"}], "access_token": null});
        mask(&mut value);
        assert_eq!(
            value,
            json!({"secret": "***", "data": [{"tel_number": "***", "title": "tea"}], "access_token": null})
        );
    }
}
