//! Texts that outlive a command: kept as template and values, so that they are read back in either language.

use super::{Text, Value};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

impl Text {
    /// `{"text": template, "values": {name: words or a text}}`, and `zh` where the text brings its own Chinese.
    pub fn to_stored(&self) -> String {
        self.to_json().to_string()
    }

    /// What [`Text::to_stored`] wrote. Any other words stand for themselves.
    pub fn from_stored(words: &str) -> Text {
        serde_json::from_str(words)
            .ok()
            .and_then(|json| Text::from_json(&json))
            .unwrap_or_else(|| Text::verbatim(words))
    }

    fn to_json(&self) -> Json {
        let values = self.values.iter().map(|(name, value)| {
            let value = match value {
                Value::Plain(words) => Json::from(&*crate::types::redact(words)),
                Value::Text(text) => text.to_json(),
            };
            (name.clone().into_owned(), value)
        });
        let mut json = Map::new();
        json.insert("text".into(), self.template.as_ref().into());
        json.insert("values".into(), Json::Object(values.collect()));
        if let Some(chinese) = &self.chinese {
            json.insert("zh".into(), chinese.as_ref().into());
        }
        Json::Object(json)
    }

    fn from_json(json: &Json) -> Option<Text> {
        let values = json.get("values")?.as_object()?.iter();
        let values = values.map(|(name, value)| {
            let value = match value {
                Json::String(words) => Value::Plain(words.clone()),
                text => Value::Text(Text::from_json(text)?),
            };
            Some((Cow::Owned(name.clone()), value))
        });
        Some(Text {
            template: Cow::Owned(json.get("text")?.as_str()?.to_owned()),
            chinese: match json.get("zh") {
                Some(chinese) => Some(Cow::Owned(chinese.as_str()?.to_owned())),
                None => None,
            },
            values: values.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use crate::text;

    #[test]
    fn what_was_stored_is_read_in_both_languages() {
        let meaning = Text::pair("system busy", "系统繁忙");
        let said = text!(
            "WeChat refused {path}: {words} (errcode {errcode})",
            path = "/shop/spu/add",
            words = meaning,
            errcode = -1i64
        );
        let read = Text::from_stored(&said.to_stored());
        assert_eq!(read, said);
        assert_eq!(
            read.render(Lang::Zh),
            "微信拒绝了 /shop/spu/add：系统繁忙（错误码 -1）"
        );
    }

    #[test]
    fn other_words_stand_for_themselves() {
        for words in ["picture too large", "12", "{\"text\": 3}", "{a}", ""] {
            assert_eq!(Text::from_stored(words).render(Lang::Zh), words);
        }
    }
}
