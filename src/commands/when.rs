//! Moments and lengths of time as operators type them, and what time it is for the shop.

use super::Ctx;
use crate::lang::Text;
use crate::profile::Target;
use crate::sandbox::Sandbox;
use crate::text;
use crate::types::{ChinaTime, now};
use anyhow::Result;

pub use super::sandbox::duration;

/// A day (its beginning) or a moment, China time, in unix seconds: `2022-04-01`, `2022-04-01 12:00:00`.
pub fn moment(text: &str) -> Result<i64, Text> {
    let text = text.trim().replace('T', " ");
    let whole = match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ => text,
    };
    ChinaTime(whole)
        .unix()
        .ok_or_else(|| text!("write a time such as 2022-04-01 or \"2022-04-01 12:00:00\""))
}

impl Ctx {
    /// Unix seconds now for the shop: the sandbox has a clock of its own.
    pub fn clock(&self) -> Result<i64> {
        let ahead = match self.profile()?.target {
            Target::Sandbox => {
                let mut shop = Sandbox::open(&self.dirs.state.join("sandbox.db"))?;
                shop.settings()?.clock_offset
            }
            Target::Live | Target::StandIn => 0,
        };
        Ok(now() + ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_or_a_time_of_china() {
        for (text, seconds) in [
            ("2022-04-01", 1_648_742_400),
            ("2022-04-01 12:00:00", 1_648_785_600),
            ("2022-04-01T12:00", 1_648_785_600),
        ] {
            assert_eq!(moment(text).ok(), Some(seconds), "{text}");
        }
        for text in ["", "tomorrow", "2022-04-31", "2022-4-1"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
