//! The `slot` table: audit submissions that were spent, over all runs and processes of a shop.
//!
//! The hour is the last 3,600 seconds, which is right whichever way WeChat cuts its hours. The day is the day in
//! China, as the pages speak of days (the hour at which counters start again is unconfirmed).

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{TransactionBehavior, params};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
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

    /// Forgets everything about a shop but its tokens: what was sent to it, its pictures, its spent slots, its money on
    /// the way, its open cases.
    pub fn forget_shop(&self, shop: &str) -> Result<()> {
        let mut sql = self.sql();
        let tx = sql.transaction().map_err(sqlite_failure)?;
        for table in ["item", "image", "slot", "run", "money", "open_case"] {
            tx.execute(&format!("DELETE FROM {table} WHERE shop = ?1"), [shop])
                .map_err(sqlite_failure)?;
        }
        tx.commit().map_err(sqlite_failure)?;
        Ok(())
    }
}

/// When `wanted` more submissions will have been made at the latest, from `now`, if nobody else takes slots.
pub fn finish_estimate(wanted: u64, spent: Spent, limits: SlotLimits, now: i64) -> i64 {
    let Some(per_day) = limits
        .daily
        .or(limits.hourly.map(|hourly| hourly.saturating_mul(24)))
    else {
        return now;
    };
    let per_hour = limits.hourly.unwrap_or(per_day).max(1);
    let left_today = u64::from(per_day.saturating_sub(spent.day));
    let (days, in_last_day) = match wanted.checked_sub(left_today).filter(|rest| *rest > 0) {
        None => (0, wanted),
        Some(rest) => (
            1 + (rest - 1) / u64::from(per_day.max(1)),
            (rest - 1) % u64::from(per_day.max(1)) + 1,
        ),
    };
    let free_now = if days == 0 {
        u64::from(per_hour.saturating_sub(spent.hour))
    } else {
        u64::from(per_hour)
    };
    let hours = in_last_day
        .saturating_sub(free_now)
        .div_ceil(u64::from(per_hour));
    let start = if days == 0 {
        now
    } else {
        china_day_start(now) + i64::try_from(days).unwrap_or(i64::MAX / DAY / 2) * DAY
    };
    start + i64::try_from(hours).unwrap_or(0) * HOUR
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
        let none = Spent { hour: 0, day: 0 };
        assert_eq!(finish_estimate(200, none, limits, now), now);
        assert_eq!(finish_estimate(201, none, limits, now), now + HOUR);
        assert_eq!(finish_estimate(1000, none, limits, now), now + 4 * HOUR);
        assert_eq!(
            finish_estimate(3000, none, limits, now),
            china_day_start(now) + 2 * DAY + 4 * HOUR
        );
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
