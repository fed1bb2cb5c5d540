//! How fast calls are made. All calls of a process share one pace; a limit that WeChat names slows all of them.

use super::verdict::Limit;
use crate::types::now;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// After so many slow-downs without one call getting through, a limit is believed to last. The pauses between them
/// grow from a quarter of a second to four, some 16 s in all.
const BELIEVED: u32 = 8;
/// The slowest a pace gets by itself, in calls a second.
const SLOWEST: f64 = 0.5;

/// Calls per second, adapted to what the other side takes.
pub struct Pace {
    inner: Mutex<Inner>,
}

struct Inner {
    /// `None`: as fast as can be.
    rate: Option<f64>,
    /// The pace that is never passed, whatever gets through.
    ceiling: Option<f64>,
    next: Instant,
    paused_until: Instant,
    /// When calls got through in the last second, to measure what the other side takes.
    passed: VecDeque<Instant>,
    measuring: bool,
    /// Since a call last got through.
    slow_downs: u32,
    slowed_at: Option<Instant>,
    raised_at: Instant,
}

impl Pace {
    /// `ceiling` in calls a second.
    pub fn new(ceiling: Option<f64>) -> Pace {
        let now = Instant::now();
        Pace {
            inner: Mutex::new(Inner {
                rate: ceiling,
                ceiling,
                next: now,
                paused_until: now,
                passed: VecDeque::new(),
                measuring: false,
                slow_downs: 0,
                slowed_at: None,
                raised_at: now,
            }),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this call's turn.
    pub async fn turn(&self) {
        let Some(at) = self.next_turn() else { return };
        // The timer's grain is a millisecond: a turn that is as good as due is due.
        if at > Instant::now() + Duration::from_micros(500) {
            sleep_until(at).await;
        }
    }

    /// When the next call may be made; `None` is now.
    fn next_turn(&self) -> Option<Instant> {
        let mut pace = self.inner();
        let now = Instant::now();
        let Some(rate) = pace.rate else {
            return (pace.paused_until > now).then_some(pace.paused_until);
        };
        // A pause or a slow moment must not be made up for by a burst: at most 50 ms of it.
        let earliest = now
            .checked_sub(Duration::from_millis(50))
            .unwrap_or(now)
            .max(pace.paused_until);
        let at = pace.next.max(earliest);
        pace.next = at + Duration::from_secs_f64(1.0 / rate);
        Some(at)
    }

    /// A call was answered and not for want of quota.
    pub fn passed(&self) {
        let mut pace = self.inner();
        let now = Instant::now();
        pace.slow_downs = 0;
        // Kept while nothing is wrong, too: the first refusal measures by it.
        pace.remember(now);
        if !pace.measuring {
            return;
        }
        if now - pace.raised_at >= Duration::from_millis(500) {
            pace.raised_at = now;
            if let Some(rate) = pace.rate {
                let raised = rate * 1.04 + 0.1;
                pace.rate = Some(pace.ceiling.map_or(raised, |ceiling| raised.min(ceiling)));
            }
        }
    }

    /// WeChat refused a call for want of quota. Says how long all calls now pause because of it: zero where another
    /// refusal has said so already, `None` where trying again is not worth it.
    pub fn limited(&self, limit: Limit) -> Option<Duration> {
        let mut pace = self.inner();
        let moment = Instant::now();
        // Answers to calls that were under way together tell one thing only.
        if pace
            .slowed_at
            .is_some_and(|at| moment - at < Duration::from_millis(200))
        {
            return (pace.slow_downs < BELIEVED).then_some(Duration::ZERO);
        }
        let measured = pace.taken_in_last_second(moment);
        pace.slow_downs += 1;
        pace.measuring = true;
        pace.slowed_at = Some(moment);
        pace.raised_at = moment;
        let rate = match pace.rate {
            Some(rate) if measured >= 1.0 => (rate * 0.97).min(measured * 1.03),
            Some(rate) => rate * 0.5,
            None => measured,
        };
        pace.rate = Some(rate.max(SLOWEST));
        let pause = match limit {
            // WeChat counts the minute on its own clock, so wait for the turn of the minute, not 60 s.
            Limit::Minute => {
                Duration::from_millis(500)
                    + Duration::from_secs(60 - now().rem_euclid(60).unsigned_abs())
            }
            Limit::Instant | Limit::Day if measured >= 1.0 => Duration::ZERO,
            Limit::Instant | Limit::Day => {
                Duration::from_millis(250) * (1 << (pace.slow_downs - 1).min(4))
            }
        };
        let until = moment + pause;
        let known =
            pace.paused_until > moment && pace.paused_until + Duration::from_secs(1) >= until;
        pace.paused_until = until;
        pace.next = pace.next.max(pace.paused_until);
        (pace.slow_downs < BELIEVED).then_some(if known { Duration::ZERO } else { pause })
    }
}

impl Inner {
    fn remember(&mut self, now: Instant) {
        self.passed.push_back(now);
        while self
            .passed
            .front()
            .is_some_and(|at| now - *at > Duration::from_secs(1))
        {
            self.passed.pop_front();
        }
    }

    /// Calls that got through in the last second.
    fn taken_in_last_second(&mut self, now: Instant) -> f64 {
        while self
            .passed
            .front()
            .is_some_and(|at| now - *at > Duration::from_secs(1))
        {
            self.passed.pop_front();
        }
        self.passed.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_that_come_together_make_one_pause() {
        let pace = Pace::new(None);
        let first = pace.limited(Limit::Minute).expect("it is tried again");
        assert!(first >= Duration::from_millis(500) && first <= Duration::from_millis(60_500));
        assert_eq!(pace.limited(Limit::Minute), Some(Duration::ZERO));
    }
}
