//! What runs out and when: one form for after-sales, disputes and whatever else has a clock at the platform.

use crate::lang::Text;
use crate::text;
use crate::types::rfc3339;
use serde_json::{Value, json};

/// Seconds.
pub const HOUR: i64 = 3600;

/// Whose move it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    Merchant,
    Buyer,
    /// The merchant and the buyer, each for themselves.
    Both,
    Platform,
}

impl Actor {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            Actor::Merchant => "merchant",
            Actor::Buyer => "buyer",
            Actor::Both => "both",
            Actor::Platform => "platform",
        }
    }

    pub fn words(self) -> Text {
        match self {
            Actor::Merchant => text!("you"),
            Actor::Buyer => text!("the buyer"),
            Actor::Both => text!("you and the buyer"),
            Actor::Platform => text!("the platform"),
        }
    }
}

/// Something that has to be done, by whom, until when, and what happens otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// As it follows "has to": "accept or refuse the refund".
    pub what: Text,
    pub who: Actor,
    /// Unix seconds.
    pub at: i64,
    /// A sentence: "it counts as accepted and is refunded".
    pub then: Text,
}

impl Deadline {
    /// In machine output: `{"who": "merchant", "what": …, "at": RFC 3339, "then": …}`.
    pub fn json(&self) -> Value {
        json!({
            "who": self.who.name(),
            "what": self.what.to_string(),
            "at": rfc3339(self.at),
            "then": self.then.to_string(),
        })
    }

    /// Whether the merchant is, perhaps among others, the one to act.
    pub fn is_ours(&self) -> bool {
        matches!(self.who, Actor::Merchant | Actor::Both)
    }

    /// How long is left at `now`, to the minute: `1d 4h`, `3h 12m`, or that it has passed.
    pub fn left(&self, now: i64) -> Text {
        left(self.at - now)
    }
}

/// Seconds as a length of time that people read.
pub fn left(seconds: i64) -> Text {
    let (days, hours, minutes) = (seconds / 86_400, seconds / HOUR % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        _ if seconds <= 0 => text!("overdue"),
        (0, 0, 0) => text!("under a minute"),
        (0, 0, minutes) => text!("{minutes}m", minutes),
        (0, hours, minutes) => text!("{hours}h {minutes}m", hours, minutes),
        (days, hours, _) => text!("{days}d {hours}h", days, hours),
    }
}

/// A moment as the platform writes it, in unix seconds: milliseconds or seconds, as a number or in quotes. 0 means none.
pub fn seconds(moment: &Value) -> Option<i64> {
    let number = moment
        .as_i64()
        .or_else(|| moment.as_str()?.parse().ok())
        .filter(|number| *number > 0)?;
    // Seconds reach this size in the year 5138, milliseconds did in 1973.
    Some(match number >= 100_000_000_000 {
        true => number.div_euclid(1000),
        false => number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_four_forms() {
        for moment in [
            json!(1_648_742_400),
            json!("1648742400"),
            json!(1_648_742_400_559_i64),
            json!("1648742400559"),
        ] {
            assert_eq!(seconds(&moment), Some(1_648_742_400), "{moment}");
        }
        for none in [json!(0), json!("0"), json!(""), Value::Null] {
            assert_eq!(seconds(&none), None, "{none}");
        }
    }

    #[test]
    fn time_left_is_short() {
        for (seconds, words) in [
            (-5, "overdue"),
            (0, "overdue"),
            (59, "under a minute"),
            (300, "5m"),
            (3 * 3600 + 720, "3h 12m"),
            (2 * 86_400 - 1, "1d 23h"),
        ] {
            assert_eq!(left(seconds).to_string(), words);
        }
    }
}
