//! What the nouns that move money share: moments on the command line, reading many things one by one, and telling a
//! refusal from an answer that was lost.

use super::Ctx;
use crate::cli::values::{When, when};
use crate::fail::Failure;
use crate::shop::pass_through::Ask;
use crate::text;
use crate::types::span::{DAY, HOUR};
use crate::types::{ChinaTime, now};
use anyhow::Result;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

const CHINA: i64 = 8 * HOUR;

/// A span of time in China time; without options it is today, and with `--until` alone that day.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Span {
    /// From this day or time on, e.g. 2022-04-01, "2022-04-01 12:00:00" (China time) or 24h ago (default: the start of
    /// the last day)
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub since: Option<When>,
    /// Until this day or time, inclusive (default: the end of today)
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub until: Option<When>,
}

impl Span {
    /// First and last second, unix; today by the shop's time where none is given.
    pub fn seconds(&self, now: i64) -> Result<(i64, i64)> {
        let start_of_day = |at: i64| (at + CHINA).div_euclid(DAY) * DAY - CHINA;
        let tonight = || start_of_day(now) + DAY - 1;
        let last = self.until.map_or_else(tonight, |until| until.last(now));
        let first = self
            .since
            .map_or_else(|| start_of_day(last), |since| since.first(now));
        if first <= last {
            Ok((first, last))
        } else {
            Err(Failure::input(text!("--since is after --until")).into())
        }
    }

    /// The days it touches, as `YYYYMMDD` in China time.
    pub fn days(&self, now: i64) -> Result<Vec<String>> {
        let (first, last) = self.seconds(now)?;
        let number = |at: i64| (at + CHINA).div_euclid(DAY);
        let day = |number: i64| ChinaTime::from_unix(number * DAY - CHINA).0[..10].replace('-', "");
        Ok((number(first)..=number(last)).map(day).collect())
    }

    /// Pieces of at most `longest` seconds from first to last.
    pub fn windows(&self, longest: i64, now: i64) -> Result<Vec<(i64, i64)>> {
        let (first, last) = self.seconds(now)?;
        let mut windows = Vec::new();
        let mut start = first;
        while start <= last {
            let end = last.min(start + longest - 1);
            windows.push((start, end));
            start = end + 1;
        }
        Ok(windows)
    }
}

/// The merchant number of the payment-management service, where the account is one of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Service {
    /// Merchant number, for accounts of the payment-management service
    #[arg(long, value_name = "NUMBER")]
    pub mchid: Option<String>,
}

/// With a merchant number comes `biz_type` 1.
impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(mchid) = &self.mchid {
            map.serialize_entry("biz_type", &1)?;
            map.serialize_entry("mchid", mchid)?;
        }
        map.end()
    }
}

impl Ctx {
    /// What stands at the place that `ask` shows, for each of these bodies, in their order; several are read at once.
    pub async fn read_each(&self, ask: &Ask, bodies: Vec<Value>) -> Result<Vec<Value>> {
        self.shop().await?.read_each(ask, bodies).await
    }
}

/// A number of our own: letters of its kind, the moment in China time, and chance.
pub fn fresh_number(letters: &str) -> String {
    let moment: String = ChinaTime::from_unix(now())
        .0
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!("{letters}{moment}{:08x}", fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_into_days_of_china() {
        let span = Span {
            since: when("2022-04-01").ok(),
            until: when("2022-04-02 01:00:00").ok(),
        };
        assert_eq!(span.days(0).expect("days"), ["20220401", "20220402"]);
        let windows = span.windows(DAY, 0).expect("windows");
        assert_eq!(
            windows,
            [
                (1_648_742_400, 1_648_828_799),
                (1_648_828_800, 1_648_832_400)
            ]
        );
        let day = Span {
            since: when("2022-04-01").ok(),
            until: when("2022-04-01").ok(),
        };
        assert_eq!(day.windows(DAY, 0).expect("windows").len(), 1);
        let ago = Span {
            since: when("24h").ok(),
            until: when("1h").ok(),
        };
        assert_eq!(
            ago.seconds(1_648_828_800).expect("seconds"),
            (1_648_742_400, 1_648_825_200)
        );
    }

    #[test]
    fn numbers_of_our_own_fit_what_the_platform_takes() {
        let number = fresh_number("RF");
        assert!((6..=32).contains(&number.len()), "{number}");
        assert_ne!(number, fresh_number("RF"));
    }
}
