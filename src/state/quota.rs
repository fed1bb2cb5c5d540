//! The `slot` table: audit submissions that were spent, over all runs and processes of a shop.
//!
//! The hour is the last 3,600 seconds, which is right whichever way WeChat cuts its hours. The day is the day in
//! China, as the pages speak of days (the hour at which counters start again is unconfirmed).

use super::{State, sqlite_failure};
use crate::types::span::{DAY, HOUR};
use anyhow::Result;
use rusqlite::{TransactionBehavior, params};
use std::collections::VecDeque;

const CHINA: i64 = 8 * HOUR;

/// How many submissions are allowed; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotLimits {
    pub hourly: Option<u32>,
    pub daily: Option<u32>,
}

impl SlotLimits {
    pub fn unlimited(self) -> bool {
        self.hourly.is_none() && self.daily.is_none()
    }
}

/// The answer to a request for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Taken,
    /// None is left before this moment, in unix seconds.
    FullUntil(i64),
}

/// What was spent and what is left, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub hour: u32,
    pub day: u32,
}

/// What was spent, as far as it still counts: slots of the last hour by their time, oldest first, and those of this
/// China day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    pub recent: Vec<(i64, u64)>,
    pub day: u64,
}

/// Start of the China day that `now` lies in.
pub fn china_day_start(now: i64) -> i64 {
    (now + CHINA).div_euclid(DAY) * DAY - CHINA
}

impl State {
    /// Takes one slot for `key` if the limits allow it. Other processes see it at once.
    pub fn take_slot(&self, shop: &str, key: &str, limits: SlotLimits, now: i64) -> Result<Slot> {
        let mut sql = self.sql();
        let tx = sql
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sqlite_failure)?;
        let count = |since: i64| {
            tx.query_row(
                "SELECT count(*) FROM slot WHERE shop = ?1 AND at > ?2",
                params![shop, since],
                |row| row.get::<_, u32>(0),
            )
        };
        let midnight = china_day_start(now);
        if let Some(limit) = limits.daily
            && count(midnight - 1).map_err(sqlite_failure)? >= limit
        {
            return Ok(Slot::FullUntil(midnight + DAY));
        }
        if let Some(limit) = limits.hourly
            && count(now - HOUR).map_err(sqlite_failure)? >= limit
        {
            // The slot that must leave the window first is the limit-th youngest.
            let oldest: i64 = tx
                .query_row(
                    "SELECT at FROM slot WHERE shop = ?1 AND at > ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3",
                    params![shop, now - HOUR, limit.saturating_sub(1)],
                    |row| row.get(0),
                )
                .unwrap_or(now);
            return Ok(Slot::FullUntil(oldest + HOUR));
        }
        tx.execute(
            "INSERT INTO slot (shop, at, key) VALUES (?1, ?2, ?3)",
            params![shop, now, key],
        )
        .map_err(sqlite_failure)?;
        tx.execute("DELETE FROM slot WHERE at < ?1", [now - 2 * DAY])
            .map_err(sqlite_failure)?;
        tx.commit().map_err(sqlite_failure)?;
        Ok(Slot::Taken)
    }

    /// Gives the last slot of `key` back: a look-up or a refusal proved that nothing was submitted with it.
    pub fn give_slot_back(&self, shop: &str, key: &str) -> Result<()> {
        self.sql()
            .execute(
                "DELETE FROM slot WHERE rowid = (SELECT rowid FROM slot WHERE shop = ?1 AND key = ?2 ORDER BY at DESC LIMIT 1)",
                params![shop, key],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// What a shop spent in the last hour and in this China day.
    pub fn spent_slots(&self, shop: &str, now: i64) -> Result<Spent> {
        let sql = self.sql();
        let count = |since: i64| {
            sql.query_row(
                "SELECT count(*) FROM slot WHERE shop = ?1 AND at > ?2",
                params![shop, since],
                |row| row.get::<_, u32>(0),
            )
        };
        Ok(Spent {
            hour: count(now - HOUR).map_err(sqlite_failure)?,
            day: count(china_day_start(now) - 1).map_err(sqlite_failure)?,
        })
    }

    /// What still counts against the limits of a shop.
    pub fn slot_spending(&self, shop: &str, now: i64) -> Result<Spending> {
        let day = u64::from(self.spent_slots(shop, now)?.day);
        let sql = self.sql();
        let mut statement = sql
            .prepare(
                "SELECT at, count(*) FROM slot WHERE shop = ?1 AND at > ?2 GROUP BY at ORDER BY at",
            )
            .map_err(sqlite_failure)?;
        let recent = statement
            .query_map(params![shop, now - HOUR], |row| {
                Ok((row.get(0)?, row.get::<_, u32>(1)?.into()))
            })
            .and_then(Iterator::collect)
            .map_err(sqlite_failure)?;
        Ok(Spending { recent, day })
    }

    /// Forgets everything about a shop but its tokens: what was sent to it, its pictures, its spent slots, its money on
    /// the way, its open cases.
    pub fn forget_shop(&self, shop: &str) -> Result<()> {
        let mut sql = self.sql();
        let tx = sql.transaction().map_err(sqlite_failure)?;
        for table in [
            "item",
            "image",
            "slot",
            "run",
            "money",
            "open_case",
            "product",
            "empty_look",
        ] {
            tx.execute(&format!("DELETE FROM {table} WHERE shop = ?1"), [shop])
                .map_err(sqlite_failure)?;
        }
        tx.commit().map_err(sqlite_failure)?;
        Ok(())
    }
}

/// When `wanted` more submissions will have been made, in unix seconds, if each is made as soon as its slot is free and
/// nobody else takes any: what is left of this hour and of this day is taken first, then each hour and day in turn.
pub fn finish_estimate(wanted: u64, spending: &Spending, limits: SlotLimits, now: i64) -> i64 {
    if limits.unlimited() || wanted == 0 {
        return now;
    }
    let most = |limit: Option<u32>| limit.map_or(u64::MAX, |limit| u64::from(limit.max(1)));
    let (hourly, daily) = (most(limits.hourly), most(limits.daily));
    let mut recent: VecDeque<(i64, u64)> = spending.recent.iter().copied().collect();
    let mut in_hour: u64 = recent.iter().map(|(_, count)| count).sum();
    let mut in_day = spending.day;
    let (mut left, mut at, mut midnight) = (wanted, now, china_day_start(now) + DAY);
    loop {
        if at >= midnight {
            midnight = china_day_start(at) + DAY;
            in_day = 0;
        }
        while let Some((taken, count)) = recent.front().copied()
            && taken <= at - HOUR
        {
            recent.pop_front();
            in_hour -= count;
        }
        let room = hourly
            .saturating_sub(in_hour)
            .min(daily.saturating_sub(in_day))
            .min(left);
        left -= room;
        if left == 0 {
            return at;
        }
        if room > 0 {
            recent.push_back((at, room));
            in_hour += room;
            in_day += room;
        }
        at = match recent.front() {
            Some((taken, _)) if in_day < daily => (taken + HOUR).max(at + 1),
            _ => midnight,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        (folder, state)
    }

    #[test]
    fn the_hour_is_the_last_3600_seconds() {
        let (_folder, state) = state();
        let limits = SlotLimits {
            hourly: Some(2),
            daily: None,
        };
        let t = 1_760_000_000;
        assert_eq!(
            state.take_slot("s", "a", limits, t).expect("sql"),
            Slot::Taken
        );
        assert_eq!(
            state.take_slot("s", "b", limits, t + 10).expect("sql"),
            Slot::Taken
        );
        assert_eq!(
            state.take_slot("s", "c", limits, t + 20).expect("sql"),
            Slot::FullUntil(t + 3600)
        );
        assert_eq!(
            state.take_slot("s", "c", limits, t + 3600).expect("sql"),
            Slot::Taken
        );
        assert_eq!(
            state.take_slot("other", "c", limits, t + 20).expect("sql"),
            Slot::Taken
        );
    }

    #[test]
    fn the_day_ends_at_midnight_in_china() {
        let (_folder, state) = state();
        let limits = SlotLimits {
            hourly: None,
            daily: Some(1),
        };
        let midnight = china_day_start(1_760_000_000);
        assert_eq!((midnight + CHINA) % DAY, 0);
        assert_eq!(
            state
                .take_slot("s", "a", limits, midnight + 5)
                .expect("sql"),
            Slot::Taken
        );
        assert_eq!(
            state
                .take_slot("s", "b", limits, midnight + 6)
                .expect("sql"),
            Slot::FullUntil(midnight + DAY)
        );
        assert_eq!(
            state
                .take_slot("s", "b", limits, midnight + DAY)
                .expect("sql"),
            Slot::Taken
        );
    }

    #[test]
    fn a_slot_that_was_not_used_can_be_given_back() {
        let (_folder, state) = state();
        let limits = SlotLimits {
            hourly: Some(1),
            daily: None,
        };
        assert_eq!(
            state.take_slot("s", "a", limits, 100).expect("sql"),
            Slot::Taken
        );
        state.give_slot_back("s", "a").expect("sql");
        assert_eq!(
            state.take_slot("s", "b", limits, 101).expect("sql"),
            Slot::Taken
        );
    }

    #[test]
    fn the_estimate_counts_hours_and_days() {
        let now = china_day_start(1_760_000_000) + 9 * HOUR;
        let limits = SlotLimits {
            hourly: Some(200),
            daily: Some(1000),
        };
        let none = &Spending::default();
        assert_eq!(finish_estimate(0, none, limits, now), now);
        assert_eq!(finish_estimate(200, none, limits, now), now);
        assert_eq!(finish_estimate(201, none, limits, now), now + HOUR);
        assert_eq!(finish_estimate(1000, none, limits, now), now + 4 * HOUR);
        assert_eq!(
            finish_estimate(3000, none, limits, now),
            china_day_start(now) + 2 * DAY + 4 * HOUR
        );
        // At 23:00 an hour is left of the day, not a day's worth of slots.
        let evening = china_day_start(now) + 23 * HOUR;
        assert_eq!(
            finish_estimate(1200, none, limits, evening),
            china_day_start(now) + DAY + 4 * HOUR
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// The run as it goes: a slot is asked for as soon as the last answer allows it.
        #[test]
        fn the_estimate_is_when_a_run_ends_at_any_hour_and_with_a_reserve(
            start in 0i64..DAY,
            wanted in 1u64..400,
            before in proptest::collection::vec((0i64..2 * HOUR, 1u32..30), 0..6),
            hourly in proptest::option::of(5u32..60),
            daily in proptest::option::of(40u32..300),
            reserve in 0u32..60,
        ) {
            let (_folder, state) = state();
            let less = |limit: Option<u32>| limit.map(|limit| limit - limit * reserve / 100);
            let limits = SlotLimits { hourly: less(hourly), daily: less(daily) };
            let started = china_day_start(1_760_000_000) + start;
            for (ago, count) in before {
                for _ in 0..count {
                    state.take_slot("s", "k", SlotLimits::default(), started - ago).expect("sql");
                }
            }
            let spending = state.slot_spending("s", started).expect("sql");
            let estimate = finish_estimate(wanted, &spending, limits, started);
            let (mut now, mut left) = (started, wanted);
            while left > 0 {
                match state.take_slot("s", "k", limits, now).expect("sql") {
                    Slot::Taken => left -= 1,
                    Slot::FullUntil(until) => now = until,
                }
            }
            let (took, said) = ((now - started) as f64, (estimate - started) as f64);
            prop_assert!((took - said).abs() <= took * 0.1, "{said} s were said, {took} s it took");
        }
    }

    proptest! {
        #[test]
        fn the_limit_is_never_passed_in_any_hour(steps in proptest::collection::vec(0i64..900, 1..60), limit in 1u32..5) {
            let (_folder, state) = state();
            let limits = SlotLimits { hourly: Some(limit), daily: None };
            let mut now = 1_760_000_000;
            let mut taken = Vec::new();
            for step in steps {
                now += step;
                if state.take_slot("s", "k", limits, now).expect("sql") == Slot::Taken {
                    taken.push(now);
                }
                let in_hour = taken.iter().filter(|at| **at > now - HOUR).count();
                prop_assert!(in_hour <= limit as usize);
            }
        }
    }
}
