//! What is typed for an option in many places, each with one parser: a span of time, a time, a time of a list.

use crate::lang::Text;
use crate::text;
use crate::types::ChinaTime;
pub use crate::types::span::duration;
use std::time::Duration;

/// 2021-01-01 in China, before which no shop had anything.
const FIRST: i64 = 1_609_430_400;

/// A time in unix seconds: `2022-04-01`, which is the beginning of that day, `2022-04-01 12:00:00`, whose seconds may be
/// left out and whose blank may be a T, both China time; or RFC 3339 with any offset.
pub fn moment(text: &str) -> Result<i64, Text> {
    typed(text, jiff::civil::Time::midnight())
}

/// As [`moment`], but a day alone is its last second.
pub fn last_moment(text: &str) -> Result<i64, Text> {
    typed(text, jiff::civil::time(23, 59, 59, 0))
}

/// As [`moment`], in the form in which WeChat takes it.
pub fn china_time(text: &str) -> Result<ChinaTime, Text> {
    moment(text).map(ChinaTime::from_unix)
}

/// As [`last_moment`], in the form in which WeChat takes it.
pub fn last_china_time(text: &str) -> Result<ChinaTime, Text> {
    last_moment(text).map(ChinaTime::from_unix)
}

/// A day as `2022-04-01`. A time is the day in China on which it lies.
pub fn day(text: &str) -> Result<String, Text> {
    china_time(text).map(|time| time.0.chars().take(10).collect())
}

fn typed(text: &str, of_a_day: jiff::civil::Time) -> Result<i64, Text> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_second());
    }
    let plain = text.replacen('T', " ", 1);
    let read = |form: &str| jiff::civil::DateTime::strptime(form, &plain).ok();
    let time = read("%Y-%m-%d %H:%M:%S")
        .or_else(|| read("%Y-%m-%d %H:%M"))
        .or_else(|| {
            let day = jiff::civil::Date::strptime("%Y-%m-%d", text).ok()?;
            Some(day.to_datetime(of_a_day))
        });
    time.and_then(|time| jiff::tz::offset(8).to_timestamp(time).ok())
        .map(|moment| moment.as_second())
        .ok_or_else(|| text!("write a day such as 2022-04-01, or a time such as \"2022-04-01 12:00:00\" (China time)"))
}

/// The time from which, or up to which, something is listed. What a time ago is, the clock of the shop says: that of the
/// sandbox is not that of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Ago(Duration),
    /// A day has a first and a last second; those of a time are the same.
    At {
        first: i64,
        last: i64,
    },
}

/// `24h`, or what [`moment`] takes.
pub fn when(text: &str) -> Result<When, Text> {
    if let Ok(ago) = duration(text) {
        return Ok(When::Ago(ago));
    }
    let (Ok(first), Ok(last)) = (moment(text), last_moment(text)) else {
        return Err(text!(
            "write a day such as 2022-04-01, a time such as \"2022-04-01 12:00:00\" (China time), or how long ago, e.g. 24h"
        ));
    };
    if first < FIRST {
        return Err(text!(
            "{time} is before 2021, when there was nothing to list",
            time = text
        ));
    }
    Ok(When::At { first, last })
}

impl When {
    /// Where a list begins, in unix seconds.
    pub fn first(self, now: i64) -> i64 {
        match self {
            When::Ago(ago) => before(now, ago),
            When::At { first, .. } => first,
        }
    }

    /// Where a list ends, in unix seconds; it belongs to the list.
    pub fn last(self, now: i64) -> i64 {
        match self {
            When::Ago(ago) => before(now, ago),
            When::At { last, .. } => last,
        }
    }
}

fn before(now: i64, ago: Duration) -> i64 {
    let ago = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
    now.saturating_sub(ago).max(FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_is_the_same_second() {
        assert_eq!(moment("2022-04-01"), Ok(1_648_742_400));
        for same in [
            "2022-04-01 00:00:01",
            "2022-04-01T00:00:01",
            "2022-04-01T00:00:01+08:00",
            "2022-03-31T16:00:01Z",
            " 2022-04-01 00:00:01 ",
        ] {
            assert_eq!(moment(same), Ok(1_648_742_401), "{same}");
        }
        assert_eq!(moment("2022-04-01 08:30"), Ok(1_648_773_000));
        assert_eq!(last_moment("2022-04-01"), Ok(1_648_828_799));
        assert_eq!(day("2022-03-31T16:00:01Z").as_deref(), Ok("2022-04-01"));
        for wrong in [
            "",
            "tomorrow",
            "2022-13-01",
            "2022-02-30",
            "2022-04-01 25:00:00",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_ago_is_told_from_a_time() {
        assert_eq!(when("24h"), Ok(When::Ago(Duration::from_secs(86_400))));
        assert_eq!(
            when("24h").map(|when| when.first(1_648_828_800)),
            Ok(1_648_742_400)
        );
        let day = when("2022-04-01").expect("a day");
        assert_eq!((day.first(0), day.last(0)), (1_648_742_400, 1_648_828_799));
        let time = when("2022-04-01T12:00:00+08:00").expect("a time");
        assert_eq!(
            (time.first(0), time.last(0)),
            (1_648_785_600, 1_648_785_600)
        );
        // Nothing is older than the platform, whatever is asked for.
        assert_eq!(
            when("99999d").map(|when| when.first(1_648_828_800)),
            Ok(FIRST)
        );
        for wrong in [
            "2020-12-31",
            "0001-01-01",
            "soon",
            "-2h",
            "24",
            "2022-02-30",
        ] {
            assert!(when(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        assert_eq!(duration("800ms"), Ok(Duration::from_millis(800)));
        for wrong in ["90", "-2h", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
