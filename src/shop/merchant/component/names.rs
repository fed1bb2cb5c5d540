//! How the fields of an application are called where a person wrote them, and where they stand there.

use super::fields::{Field, SECTIONS, canonical, named};
use crate::lang::Text;
use crate::text;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use toml::de::{DeTable, DeValue};

/// The names of one application.
#[derive(Debug, Default)]
pub struct Names {
    /// By WeChat's dotted path: the path as it was written.
    written: HashMap<String, String>,
    /// By the path as it was written: the line.
    lines: HashMap<String, usize>,
    words: Words,
}

/// Whose words an application is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Words {
    /// A form was filled in, which asks and names nothing.
    #[default]
    Questions,
    Wechat,
    Plain,
    Chinese,
}

impl Names {
    /// Those of a file. `text` is what `application` was read from; lines are told where it is JSON or TOML.
    pub fn of_file(application: &Value, text: &str, is_toml: bool) -> Names {
        let mut names = Names::default();
        let mut count = [0_usize; 3];
        names.walk(application, "", "", &mut count);
        let [wechat, plain, chinese] = count;
        names.words = match wechat.max(plain).max(chinese) {
            most if most == wechat => Words::Wechat,
            most if most == plain => Words::Plain,
            _ => Words::Chinese,
        };
        let mut starts = Vec::new();
        if is_toml {
            if let Ok(table) = DeTable::parse(text) {
                toml_starts(table.get_ref(), "", &mut starts);
            }
        } else {
            json_starts(text, text, "", &mut starts)
        }
        let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let starts = starts.into_iter();
        names.lines = starts.map(|(path, at)| (path, line(at))).collect();
        names
    }

    fn walk(&mut self, here: &Value, section: &str, place: &str, count: &mut [usize; 3]) {
        for (key, value) in here.as_object().into_iter().flatten() {
            let path = canonical(section, key);
            let place = below(place, key);
            let own = path.rsplit('.').next() == Some(key);
            let words = match (own, key.is_ascii()) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            if let Some(count) = count.get_mut(words) {
                *count += 1;
            }
            let list = format!("{path}.pic_file_list");
            if !value.is_object() && named(&list).is_some() {
                self.written.insert(list, place.clone());
            }
            self.walk(value, &path, &place, count);
            self.written.insert(path, place);
        }
    }

    /// The dotted path as the person writes it.
    pub fn written(&self, path: &str) -> String {
        if let Some(written) = self.written.get(path) {
            return written.clone();
        }
        let (section, name) = match path.rsplit_once('.') {
            Some((section, name)) => (self.written(section), name),
            None => (String::new(), path),
        };
        let also = match named(path) {
            Some(field) => field.also,
            None => {
                let known = SECTIONS.iter().find(|(known, _)| *known == path);
                known.map_or(&[][..], |(_, also)| *also)
            }
        };
        let mut also = also.iter();
        let name = match self.words {
            Words::Questions | Words::Wechat => None,
            Words::Plain => also.find(|name| name.is_ascii()),
            Words::Chinese => also.find(|name| !name.is_ascii()),
        }
        .map_or(name, |name| *name);
        below(&section, name)
    }

    /// A field with its line, or the question that asks for it.
    pub fn of(&self, path: &str) -> Text {
        if self.words == Words::Questions {
            return named(path).map_or_else(|| Text::verbatim(path), |field| (field.about)());
        }
        let field = self.written(path);
        match self.lines.get(&field) {
            Some(line) => text!("line {line}, {field}", line, field),
            None => Text::verbatim(field),
        }
    }

    /// That a field is not there.
    pub fn missing(&self, field: &Field) -> Text {
        let about = (field.about)();
        match self.words {
            Words::Questions => text!("missing: {what}", what = about),
            _ => text!(
                "{field} is missing: {name}",
                field = self.written(field.path),
                name = about
            ),
        }
    }
}

fn below(section: &str, name: &str) -> String {
    match section {
        "" => name.to_owned(),
        section => format!("{section}.{name}"),
    }
}

/// Where each value begins, by its dotted path.
fn toml_starts(table: &DeTable<'_>, section: &str, starts: &mut Vec<(String, usize)>) {
    for (key, value) in table {
        let path = below(section, key.get_ref());
        starts.push((path.clone(), key.span().start));
        if let DeValue::Table(table) = value.get_ref() {
            toml_starts(table, &path, starts);
        }
    }
}

/// As [`toml_starts`]; `here` is a part of `whole`.
fn json_starts(whole: &str, here: &str, section: &str, starts: &mut Vec<(String, usize)>) {
    let Ok(object) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(here) else {
        return;
    };
    for (key, value) in object {
        let path = below(section, &key);
        let at = (value.get().as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        starts.push((path.clone(), at));
        if value.get().starts_with('{') {
            json_starts(whole, value.get(), &path, starts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::merchant::component::fields::FIELDS;

    fn names(text: &str, is_toml: bool) -> Names {
        let written: Value = if is_toml {
            toml::from_str(text).expect("TOML")
        } else {
            serde_json::from_str(text).expect("JSON")
        };
        Names::of_file(&written, text, is_toml)
    }

    #[test]
    fn a_field_is_called_as_its_file_calls_it() {
        let json = "{\n \"licence\": {\n  \"valid\": []\n },\n \"id_card\": {\"number\": \"1\"}}";
        let toml = "organization_type = \"2\"\n[id_card_info]\nid_card_number = \"1\"\n";
        let chinese = "{\"身份证\": {\"身份证号\": \"1\"}}";
        for (text, is_toml, there, missing) in [
            (
                json,
                false,
                "line 5, id_card.number",
                "id_card.name is missing",
            ),
            (
                toml,
                true,
                "line 3, id_card_info.id_card_number",
                "id_card_info.id_card_name is missing",
            ),
            (
                chinese,
                false,
                "line 1, 身份证.身份证号",
                "身份证.姓名 is missing",
            ),
        ] {
            let names = names(text, is_toml);
            assert_eq!(names.of("id_card_info.id_card_number").to_string(), there);
            let name = FIELDS
                .iter()
                .find(|field| field.path == "id_card_info.id_card_name");
            let told = name.map(|field| names.missing(field).to_string());
            assert!(
                told.as_ref().is_some_and(|told| told.starts_with(missing)),
                "{told:?}"
            );
        }
    }
}
