//! Files of documents in an application for a WeChat Store: texts that name one stand for what its upload answers.

use serde_json::Value;

/// The texts of a request that name files of documents: they have the endings of such.
pub(super) fn named(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    each_text(body, &mut |text| {
        if is_file(text) {
            found.push(text.to_owned());
        }
    });
    found
}

fn is_file(text: &str) -> bool {
    let lower = text.to_lowercase();
    [".jpg", ".jpeg", ".png", ".pdf", ".bmp"]
        .iter()
        .any(|ending| lower.ends_with(ending))
        && !lower.starts_with("http")
}

fn each_text<'a>(value: &'a Value, take: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(rows) => rows.iter().for_each(|row| each_text(row, take)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, take)),
        _ => {}
    }
}

/// Puts the numbers of uploaded files in the place of their names.
pub(super) fn replace(value: &mut Value, ids: &[(String, String)]) {
    match value {
        Value::String(text) => {
            if let Some((_, id)) = ids.iter().find(|(name, _)| name == text) {
                text.clone_from(id);
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| replace(row, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, ids)),
        _ => {}
    }
}
