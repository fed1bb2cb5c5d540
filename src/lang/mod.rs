//! Two languages. Text for people is written in English in the code with [`text!`](crate::text); the tables in `zh/` hold
//! the Chinese for each template. Translation happens where text leaves: `output`, `fail` and
//! the help of clap. Machine output is never translated.

mod help;
mod stored;

pub use help::{HEADINGS, fold, fold_at, laid_out, localize, paragraphs};

use crate::types::redact;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// The language people read. Machine output has none.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    /// Reads a locale name such as `zh_CN.UTF-8` or `en`; anything that is not Chinese reads as English.
    pub fn from_locale(name: &str) -> Lang {
        if name.to_ascii_lowercase().starts_with("zh") {
            Lang::Zh
        } else {
            Lang::En
        }
    }

    /// The language of the operating system.
    pub fn system() -> Lang {
        sys_locale::get_locale().map_or(Lang::En, |name| Lang::from_locale(&name))
    }

    /// `template` in this language; a template without a translation stays English.
    pub fn of(self, template: &str) -> &str {
        match self {
            Lang::En => template,
            Lang::Zh => chinese(template).unwrap_or(template),
        }
    }
}

/// The Chinese of an English template, if a table has it.
pub fn chinese(template: &str) -> Option<&'static str> {
    static TABLE: OnceLock<HashMap<Cow<'static, str>, Cow<'static, str>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| entries().collect());
    table.get(template).map(|zh| &**zh)
}

/// One table a noun; what several nouns say stands in `common.tsv`.
const TABLES: &[&str] = &[
    include_str!("zh/access.tsv"),
    include_str!("zh/aftersale.tsv"),
    include_str!("zh/api.tsv"),
    include_str!("zh/ask.tsv"),
    include_str!("zh/auth.tsv"),
    include_str!("zh/bulk.tsv"),
    include_str!("zh/category.tsv"),
    include_str!("zh/certificate.tsv"),
    include_str!("zh/cli.tsv"),
    include_str!("zh/client.tsv"),
    include_str!("zh/commission.tsv"),
    include_str!("zh/common.tsv"),
    include_str!("zh/delivery.tsv"),
    include_str!("zh/due.tsv"),
    include_str!("zh/event.tsv"),
    include_str!("zh/funds.tsv"),
    include_str!("zh/coupon.tsv"),
    include_str!("zh/goods.tsv"),
    include_str!("zh/image.tsv"),
    include_str!("zh/log.tsv"),
    include_str!("zh/merchant.tsv"),
    include_str!("zh/order.tsv"),
    include_str!("zh/pay.tsv"),
    include_str!("zh/profile.tsv"),
    include_str!("zh/promoter.tsv"),
    include_str!("zh/push.tsv"),
    include_str!("zh/provider.tsv"),
    include_str!("zh/quota.tsv"),
    include_str!("zh/reference.tsv"),
    include_str!("zh/report.tsv"),
    include_str!("zh/run.tsv"),
    include_str!("zh/sandbox.tsv"),
    include_str!("zh/sharer.tsv"),
    include_str!("zh/store.tsv"),
];

/// Every pair of the tables: English, Chinese. A tab separates them, `\n` stands for a line break.
pub fn entries() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, str>)> {
    let unescape = |text: &'static str| {
        if text.contains("\\n") {
            Cow::Owned(text.replace("\\n", "\n"))
        } else {
            Cow::Borrowed(text)
        }
    };
    TABLES
        .iter()
        .flat_map(|table| table.lines())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .map(move |(en, zh)| (unescape(en), unescape(zh)))
}

/// One sentence for people: a template known at compile time and the values that go into it.
///
/// `Display` writes English, which is what logs and JSON errors carry; [`Text::render`] writes either language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    template: Cow<'static, str>,
    /// The Chinese where the text brings its own, as table entries do.
    chinese: Option<Cow<'static, str>>,
    values: Vec<(Cow<'static, str>, Value)>,
}

/// A value inside a [`Text`]: verbatim, or a text that is translated with the sentence around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Plain(String),
    Text(Text),
}

impl Text {
    /// Use [`text!`](crate::text), which lets the test that counts untranslated texts find the template.
    pub fn new(template: &'static str, values: Vec<(&'static str, Value)>) -> Text {
        let values = values.into_iter();
        Text {
            template: Cow::Borrowed(template),
            chinese: None,
            values: values
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
        }
    }

    /// A sentence that the tables know, such as the help of an option; in English where they do not. It has no values.
    pub fn known(english: &str) -> Text {
        Text {
            template: Cow::Owned(english.to_owned()),
            chinese: chinese(english).map(Cow::Borrowed),
            values: Vec::new(),
        }
    }

    /// A sentence that comes with its Chinese, such as an entry of the errcode table. It has no values.
    pub fn pair(english: &'static str, chinese: &'static str) -> Text {
        Text {
            template: Cow::Borrowed(english),
            chinese: Some(Cow::Borrowed(chinese)),
            values: Vec::new(),
        }
    }

    /// Words that come from outside, such as WeChat's `errmsg`; they are shown as they are.
    pub fn verbatim(words: impl Into<String>) -> Text {
        Text::new("{words}", vec![("words", Value::Plain(words.into()))])
    }

    /// The English words as they stand in the code, names in braces.
    pub fn template(&self) -> &str {
        &self.template
    }

    pub fn render(&self, lang: Lang) -> String {
        let mut rest: &str = match (lang, &self.chinese) {
            (Lang::En, _) => &self.template,
            (Lang::Zh, Some(chinese)) => chinese,
            (Lang::Zh, None) => chinese(&self.template).unwrap_or(&self.template),
        };
        let mut out = String::with_capacity(rest.len() + 32);
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let Some(close) = rest[open..].find('}') else {
                break;
            };
            let name = &rest[open + 1..open + close];
            let (name, forms) = match name.split_once(':') {
                Some((name, forms)) => (name, forms.split_once('|')),
                None => (name, None),
            };
            match (self.values.iter().find(|(key, _)| *key == name), forms) {
                // `{count:product|products}`: the form that goes with the count.
                (Some((_, Value::Plain(value))), Some((one, many))) => {
                    out.push_str(if value == "1" { one } else { many });
                }
                (Some((_, Value::Plain(value))), None) => out.push_str(&redact(value)),
                (Some((_, Value::Text(value))), _) => out.push_str(&value.render(lang)),
                (None, _) => out.push_str(&rest[open..=open + close]),
            }
            rest = &rest[open + close + 1..];
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

impl std::error::Error for Text {}

crate::types::shape::printed_as!(Text => String);

/// Machine output is English.
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::Text(text)
    }
}

macro_rules! plain_values {
    ($($kind:ty),*) => { $(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Value {
                Value::Plain(value.to_string())
            }
        }
    )* };
}
plain_values!(
    &str, &String, String, char, i32, i64, u8, u16, u32, u64, usize, &u64, &i64, &usize
);

/// `text!("cannot read {path}", path = path.display().to_string())`: a sentence that can be translated. What goes with a
/// count has two forms: `text!("{count} {count:product|products}", count)`.
#[macro_export]
macro_rules! text {
    ($template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::lang::Text::new($template, vec![$((stringify!($name), $crate::text!(@value $name $(= $value)?))),*])
    };
    (@value $name:ident) => { $crate::lang::Value::from($name) };
    (@value $name:ident = $value:expr) => { $crate::lang::Value::from($value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_by_name() {
        let price = "1.234";
        let said = text!(
            "price \"{price}\" has {count} decimals",
            price,
            count = 3usize
        );
        assert_eq!(said.to_string(), "price \"1.234\" has 3 decimals");
    }

    #[test]
    fn what_goes_with_a_count_has_two_forms() {
        let said = |count: u64| text!("{count} {count:step is|steps are} open", count).to_string();
        assert_eq!(said(1), "1 step is open");
        assert_eq!(said(0), "0 steps are open");
        assert_eq!(said(12), "12 steps are open");
    }

    #[test]
    fn a_pair_brings_its_own_chinese() {
        let said = Text::pair("try again", "请重试");
        assert_eq!(said.render(Lang::Zh), "请重试");
        assert_eq!(said.to_string(), "try again");
    }

    #[test]
    fn a_brace_in_a_value_is_not_a_name() {
        assert_eq!(text!("{a}{b}", a = "{b}", b = "x").to_string(), "{b}x");
    }

    #[test]
    fn locales_of_chinese_speakers_read_as_chinese() {
        assert_eq!(Lang::from_locale("zh_CN.UTF-8"), Lang::Zh);
        assert_eq!(Lang::from_locale("zh-Hant-TW"), Lang::Zh);
        assert_eq!(Lang::from_locale("C"), Lang::En);
    }
}
