//! Spans of time as they are written on a command line and in a policy.

use crate::lang::Text;
use crate::text;
use std::time::Duration;

/// Seconds.
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// A span of time: `90s`, `30m`, `1h30m`, `2d`; a day has 24 hours.
pub fn duration(text: &str) -> Result<Duration, Text> {
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    let span = text
        .trim()
        .parse::<jiff::Span>()
        .and_then(|span| span.to_duration(day));
    span.ok()
        .and_then(|span| Duration::try_from(span).ok())
        .ok_or_else(|| text!("write a duration, e.g. 90s, 30m, 2h or 1d"))
}
