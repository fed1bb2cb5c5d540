//! What runs out and when: one form for after-sales, disputes and whatever else has a clock at the platform.

use crate::lang::Text;
use crate::text;
use crate::types::rfc3339;
use crate::types::span::{DAY, HOUR};
use serde::{Serialize, Serializer};

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
    /// As it follows "has to": "accept or reject the refund".
    pub what: Text,
    pub who: Actor,
    /// Unix seconds.
    pub at: i64,
    /// A sentence: "it counts as accepted and is refunded".
    pub then: Text,
}

/// A deadline in machine output.
#[derive(Serialize, schemars::JsonSchema)]
struct Printed<'a> {
    /// `merchant`, `buyer`, `both` or `platform`.
    who: &'static str,
    what: &'a Text,
    #[schemars(with = "crate::types::shape::Moment")]
    at: String,
    then: &'a Text,
}

crate::types::shape::printed_as!(Deadline => Printed<'static>);

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let printed = Printed {
            who: self.who.name(),
            what: &self.what,
            at: rfc3339(self.at),
            then: &self.then,
        };
        printed.serialize(serializer)
    }
}

impl Deadline {
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
    let (days, hours, minutes) = (seconds / DAY, seconds / HOUR % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        _ if seconds <= 0 => text!("overdue"),
        (0, 0, 0) => text!("under a minute"),
        (0, 0, minutes) => text!("{minutes}m", minutes),
        (0, hours, 0) => text!("{hours}h", hours),
        (0, hours, minutes) => text!("{hours}h {minutes}m", hours, minutes),
        (days, 0, _) => text!("{days}d", days),
        (days, hours, _) => text!("{days}d {hours}h", days, hours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_short() {
        for (seconds, words) in [
            (-5, "overdue"),
            (0, "overdue"),
            (59, "under a minute"),
            (300, "5m"),
            (3 * 3600 + 720, "3h 12m"),
            (6 * 3600, "6h"),
            (2 * 86_400 - 1, "1d 23h"),
            (3 * 86_400, "3d"),
        ] {
            assert_eq!(left(seconds).to_string(), words);
        }
    }
}
