//! Values with one way to be read and printed: money, shares, WeChat's 64-bit ids, China time, secrets.

mod secret;
pub mod shape;
pub mod share;
pub mod span;
pub mod spelling;

pub use secret::{HIDDEN, Secret, hide, redact};

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Money in fen; 100 fen are 1 yuan. Yuan exist only at the edge: in spreadsheets and in tables.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Reads yuan with at most two decimals, exactly: `12`, `12.5`, `12.50`, `1,299.00`. Anything that would
    /// need rounding is refused.
    pub fn from_yuan(text: &str) -> Result<Fen, Failure> {
        let trimmed = text.trim();
        let refuse = || {
            Failure::input(text!("\"{price}\" is not a price in yuan", price = text))
                .hint(text!("write yuan with at most two decimals, e.g. 12.50"))
        };
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && decimals.is_empty() || digits.ends_with('.') {
            return Err(refuse());
        }
        if decimals.len() > 2
            && decimals.bytes().all(|b| b.is_ascii_digit())
            && decimals[2..].bytes().any(|b| b != b'0')
        {
            return Err(Failure::input(text!(
                "price \"{price}\" has more than two decimals",
                price = text
            ))
            .hint(text!("write yuan with at most two decimals, e.g. 12.50")));
        }
        if !thousands_are_grouped(whole) {
            return Err(refuse());
        }
        let mut fen: i64 = 0;
        let first_two = &decimals.as_bytes()[..decimals.len().min(2)];
        let padding = &b"00"[first_two.len()..];
        for digit in whole
            .bytes()
            .filter(|b| *b != b',')
            .chain(first_two.iter().copied())
            .chain(padding.iter().copied())
        {
            if !digit.is_ascii_digit() {
                return Err(refuse());
            }
            fen = fen
                .checked_mul(10)
                .and_then(|f| f.checked_add(i64::from(digit - b'0')))
                .ok_or_else(refuse)?;
        }
        if decimals.bytes().any(|b| !b.is_ascii_digit()) {
            return Err(refuse());
        }
        Ok(Fen(if negative { -fen } else { fen }))
    }

    /// Yuan with two decimals: `12.50`.
    pub fn to_yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

/// `1,299` and `1299` are fine, `1,29` is not.
fn thousands_are_grouped(whole: &str) -> bool {
    if !whole.contains(',') {
        return true;
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

/// A 64-bit number issued by WeChat. Sent as a JSON number, read from a number or from digits in quotes, and
/// text in everything we print, since it passes 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id64(pub u64);

impl fmt::Display for Id64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Id64 {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Id64, Self::Err> {
        text.parse().map(Id64)
    }
}

impl Serialize for Id64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Id64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id64, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Id64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit id as a number or as digits")
            }

            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<Id64, E> {
                Ok(Id64(id))
            }

            fn visit_i64<E: serde::de::Error>(self, id: i64) -> Result<Id64, E> {
                u64::try_from(id).map(Id64).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, digits: &str) -> Result<Id64, E> {
                digits.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A moment as WeChat writes it: `2022-04-01 12:00:00`, China time. Kept as it came, so that an odd reply is
/// still shown; printed as RFC 3339 where it can be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChinaTime(pub String);

impl ChinaTime {
    /// From unix seconds.
    pub fn from_unix(seconds: i64) -> ChinaTime {
        ChinaTime(china(seconds).strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// As unix seconds; `None` for text that is no time.
    pub fn unix(&self) -> Option<i64> {
        let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &self.0).ok()?;
        let moment = jiff::tz::offset(8).to_timestamp(time).ok()?;
        Some(moment.as_second())
    }

    /// Whether WeChat named no time.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `2022-04-01T12:00:00+08:00`; text that is no time stays as it is.
    pub fn rfc3339(&self) -> String {
        match jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &self.0) {
            Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string(),
            Err(_) => self.0.clone(),
        }
    }
}

/// Unix seconds as RFC 3339 in China time.
pub fn rfc3339(seconds: i64) -> String {
    china(seconds)
        .strftime("%Y-%m-%dT%H:%M:%S+08:00")
        .to_string()
}

/// An RFC 3339 time in China time as people read it, `2022-04-01 12:00:00`. Other text stays as it is: a product number
/// may have a T in it.
pub fn plain_time(text: &str) -> String {
    match text.strip_suffix("+08:00") {
        // To the second.
        Some(time) => {
            let time = time.split('.').next().unwrap_or(time);
            time.replacen('T', " ", 1)
        }
        None => text.to_owned(),
    }
}

/// Serializes unix seconds as RFC 3339 in China time.
pub fn as_rfc3339<S: serde::Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*seconds))
}

/// Unix milliseconds as RFC 3339 in China time, with the milliseconds where there are any.
pub fn rfc3339_millis(millis: i64) -> String {
    let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    match rest {
        0 => rfc3339(seconds),
        rest => china(seconds)
            .strftime(&format!("%Y-%m-%dT%H:%M:%S.{rest:03}+08:00"))
            .to_string(),
    }
}

fn china(seconds: i64) -> jiff::civil::DateTime {
    let offset = jiff::tz::offset(8);
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    offset.to_datetime(moment)
}

pub use crate::clock::now;

/// What makes a spreadsheet program calculate with a cell of a CSV file, or send it to another program.
fn is_formula(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        Some('=' | '+' | '@' | '\t' | '\r' | '＝' | '＋' | '＠' | '－') => true,
        // A number that is below zero is one.
        Some('-') => letters.as_str().parse::<f64>().is_err(),
        _ => false,
    }
}

/// Digits that a spreadsheet program would show as another number: it drops leading zeros, shortens from the twelfth on,
/// and rounds from the sixteenth on.
fn is_long_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() > 11 || text.len() > 1 && text.starts_with('0'))
}

/// Whether an apostrophe in front of a text is one of ours, or one that a person typed for the same reason.
fn wants_guard(text: &str) -> bool {
    is_formula(text) || is_long_number(text) || text.strip_prefix('\'').is_some_and(wants_guard)
}

/// A cell for a CSV file that people open in a spreadsheet program: what would be calculated gets an apostrophe in front,
/// which is how Excel itself marks text, and so does what looks so guarded already. [`unguarded`] takes it off.
pub fn guarded(text: &str) -> std::borrow::Cow<'_, str> {
    if wants_guard(text) && !is_long_number(text) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// As [`guarded`], and numbers that would lose digits are guarded too.
pub fn guarded_with_numbers(text: &str) -> std::borrow::Cow<'_, str> {
    if wants_guard(text) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// The text of a cell that was [`guarded`]; any other cell as it is.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|text| wants_guard(text))
        .unwrap_or(cell)
}

/// Whether an address leads to this machine.
pub fn is_loopback(url: &reqwest::Url) -> bool {
    match url.host_str().map(|host| host.trim_end_matches('.')) {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// Whether this is the number of a mainland identity card: region, a day of birth that exists, and the check digit.
pub fn is_identity_number(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = text.as_bytes();
    let (Some(digits), Some(check)) = (bytes.get(..17), bytes.get(17)) else {
        return false;
    };
    if bytes.len() != 18 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let born = jiff::civil::Date::strptime("%Y%m%d", &text[6..14]).is_ok();
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    born && CHECKS[(sum % 11) as usize] == check.to_ascii_uppercase()
}

/// Whether this is a unified social credit code, which three-in-one licences carry: 18 letters and digits, the last a
/// check.
pub fn is_licence_number(text: &str) -> bool {
    const LETTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ];
    let values: Option<Vec<usize>> = text.chars().map(|letter| LETTERS.find(letter)).collect();
    match values.as_deref() {
        Some([digits @ .., check]) if digits.len() == 17 => {
            let sum: usize = digits
                .iter()
                .zip(WEIGHTS)
                .map(|(v, weight)| v * weight)
                .sum();
            (31 - sum % 31) % 31 == *check
        }
        _ => false,
    }
}

/// A family of addresses at WeChat; a profile belongs to one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// The custom trade component: `/shop/*`.
    #[default]
    Component,
    /// WeChat Store: `/channels/ec/*`.
    Store,
}

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Family::Component => "component",
            Family::Store => "store",
        }
    }

    /// For people.
    pub fn title(self) -> Text {
        match self {
            Family::Component => text!("custom component"),
            Family::Store => text!("WeChat Store"),
        }
    }

    /// Whether it is the family of the WeChat Store.
    pub fn is_store(self) -> bool {
        match self {
            Family::Component => false,
            Family::Store => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_be_calculated_is_guarded_and_read_back() {
        for text in [
            "=1+1", "+86 138", "@x", "-x", "-=1", "\t=1", "＝1", "'=1", "''007",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
            assert_eq!(unguarded(&guarded(text)), text);
        }
        for number in ["3302645269677080001", "007"] {
            assert_eq!(guarded(number), number);
            assert_eq!(unguarded(&guarded_with_numbers(number)), number);
            assert_eq!(guarded_with_numbers(number), format!("'{number}"));
        }
        for text in ["-3.20", "tea", "", "'", "'tea'", "12"] {
            assert_eq!((&*guarded(text), unguarded(text)), (text, text));
        }
    }

    #[test]
    fn a_time_loses_its_t_and_a_number_keeps_it() {
        assert_eq!(
            plain_time("2022-04-01T12:00:00+08:00"),
            "2022-04-01 12:00:00"
        );
        assert_eq!(plain_time("TEA-1001"), "TEA-1001");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 100_000 } else { 1_000_000 }))]
        #[test]
        fn a_price_survives_yuan_and_back(fen in any::<i64>().prop_filter("has a positive twin", |f| *f != i64::MIN)) {
            prop_assert_eq!(Fen::from_yuan(&Fen(fen).to_yuan()).ok(), Some(Fen(fen)));
        }
    }

    proptest! {
        #[test]
        fn any_text_as_a_price_is_read_or_refused(text in ".{0,24}") {
            if let Ok(fen) = Fen::from_yuan(&text) {
                prop_assert_eq!(Fen::from_yuan(&fen.to_yuan()).ok(), Some(fen));
            }
        }
    }

    #[test]
    fn a_price_that_would_need_rounding_is_refused() {
        for text in [
            "1.234",
            "0.001",
            "",
            ".",
            "12.",
            "1,29",
            "1e3",
            "-",
            "¥5",
            "12 50",
            "99999999999999999999",
        ] {
            assert!(Fen::from_yuan(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn prices_are_exact() {
        for (text, fen) in [
            ("12", 1200),
            ("12.5", 1250),
            (".5", 50),
            ("0.01", 1),
            ("1,299.00", 129_900),
            ("12.500", 1250),
            ("-3.20", -320),
        ] {
            assert_eq!(Fen::from_yuan(text).ok(), Some(Fen(fen)), "{text}");
        }
    }

    #[test]
    fn ids_beyond_doubles_survive_json() {
        let id: Id64 = serde_json::from_str("3302645269677080832").expect("a number");
        assert_eq!(
            serde_json::to_string(&id).expect("a number"),
            "3302645269677080832"
        );
        assert_eq!(
            serde_json::from_str::<Id64>("\"3302645269677080832\"").ok(),
            Some(id)
        );
    }

    #[test]
    fn china_time_is_eight_hours_ahead() {
        assert_eq!(ChinaTime::from_unix(1_759_954_112).0, "2025-10-09 04:08:32");
        assert_eq!(
            ChinaTime("2022-04-01 12:00:00".into()).rfc3339(),
            "2022-04-01T12:00:00+08:00"
        );
        assert_eq!(ChinaTime("soon".into()).rfc3339(), "soon");
    }

    #[test]
    fn numbers_of_persons_and_licences_carry_a_check() {
        // The examples of the standards themselves.
        assert!(
            is_identity_number("11010519491231002X") && is_identity_number("11010519491231002x")
        );
        assert!(is_licence_number("91350100M000100Y43"));
        for wrong in [
            "110105194912310021",
            "11010519491331002X",
            "1101051949123100",
            "",
            "一二三四五六",
        ] {
            assert!(!is_identity_number(wrong), "{wrong}");
        }
        for wrong in [
            "91350100M000100Y44",
            "91350100M000100Y4",
            "",
            "91350100I000100Y43",
        ] {
            assert!(!is_licence_number(wrong), "{wrong}");
        }
    }
}
