//! Carriers as people name them: 顺丰, 顺丰速运, SF.

use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::pass_through::delivery::{CARRIER, CARRIER_NAME, COMPANIES};
use crate::text;
use anyhow::Result;

/// What WeChat calls the carriers.
pub struct Carriers(Vec<(String, String)>);

/// Endings that a short name leaves out.
const ENDINGS: [&str; 9] = [
    "快递包裹",
    "快递",
    "速递",
    "速运",
    "快运",
    "物流",
    "包裹",
    "express",
    "集团",
];

impl Carriers {
    pub async fn of(shop: &Shop) -> Result<Carriers> {
        let rows = shop.rows(&COMPANIES, &(), None).await?;
        Ok(Carriers(
            rows.iter()
                .map(|row| (CARRIER.text(row), CARRIER_NAME.text(row)))
                .collect(),
        ))
    }

    /// The code of a carrier by its code, its name, or the part of the name that tells it from all others.
    pub fn code(&self, named: &str) -> std::result::Result<&str, Failure> {
        let wanted = plain(named);
        let exact = self
            .0
            .iter()
            .find(|(code, name)| plain(code) == wanted || plain(name) == wanted);
        if let Some((code, _)) = exact {
            return Ok(code);
        }
        let short = shortened(&wanted);
        let same: Vec<&(String, String)> = self
            .0
            .iter()
            .filter(|(_, name)| shortened(&plain(name)) == short)
            .collect();
        if let [(code, _)] = same.as_slice() {
            return Ok(code);
        }
        let near: Vec<&(String, String)> = match short.chars().count() {
            0 => Vec::new(),
            _ => self
                .0
                .iter()
                .filter(|(_, name)| plain(name).contains(&short))
                .collect(),
        };
        match near.as_slice() {
            [(code, _)] if short.chars().count() > 1 => Ok(code),
            [] => {
                let failure =
                    Failure::input(text!("WeChat knows no carrier \"{name}\"", name = named));
                Err(match self.nearest(&wanted) {
                    Some((code, name)) => failure.hint(text!(
                        "did you mean {name} ({code})? `wxsell delivery companies` lists all",
                        name,
                        code
                    )),
                    None => failure.hint(text!("`wxsell delivery companies` lists them")),
                })
            }
            several => Err(Failure::input(text!(
                "\"{name}\" may be several carriers: {list}",
                name = named,
                list = names(several)
            ))
            .hint(text!("write the full name, or the code"))),
        }
    }
}

impl Carriers {
    /// The one that is spelled most like it, where one is.
    fn nearest(&self, wanted: &str) -> Option<(&str, &str)> {
        const ALIKE: f64 = 0.5;
        let short = shortened(wanted);
        let like = self.0.iter().map(|(code, name)| {
            let alike = strsim::normalized_levenshtein(&short, &shortened(&plain(name)));
            (alike, code.as_str(), name.as_str())
        });
        let (alike, code, name) = like.max_by(|one, other| one.0.total_cmp(&other.0))?;
        (alike >= ALIKE).then_some((code, name))
    }
}

fn names(carriers: &[&(String, String)]) -> Text {
    let names: Vec<String> = carriers
        .iter()
        .map(|(code, name)| format!("{name} ({code})"))
        .collect();
    Text::verbatim(names.join(", "))
}

fn plain(name: &str) -> String {
    crate::bulk::source::plain_heading(name)
}

fn shortened(name: &str) -> String {
    let mut short = name;
    while let Some(rest) = ENDINGS.iter().find_map(|ending| short.strip_suffix(ending)) {
        if rest.is_empty() {
            break;
        }
        short = rest;
    }
    short.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_are_known_by_code_name_and_short_name() {
        let carriers = Carriers(
            [
                ("SF", "顺丰速运"),
                ("YD", "韵达速递"),
                ("EMS", "EMS"),
                ("YZPY", "邮政快递包裹"),
                ("YZBK", "邮政国内标快"),
                ("JD", "京东快递"),
                ("JDWL", "京东大件物流"),
            ]
            .map(|(code, name)| (code.to_owned(), name.to_owned()))
            .to_vec(),
        );
        for (named, code) in [
            ("SF", "SF"),
            ("sf", "SF"),
            ("顺丰", "SF"),
            ("顺丰快递", "SF"),
            (" 韵达快递 ", "YD"),
            ("ｅｍｓ", "EMS"),
            ("邮政", "YZPY"),
            ("京东", "JD"),
            ("大件", "JDWL"),
        ] {
            assert_eq!(carriers.code(named).ok(), Some(code), "{named}");
        }
        for unknown in ["火箭", "快递", "", "东"] {
            assert!(carriers.code(unknown).is_err(), "{unknown}");
        }
    }
}
