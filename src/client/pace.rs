//! How fast calls are made. Every operation has a pace of its own, since WeChat counts each path by itself: a limit that it
//! names slows the calls of that path and no others. A ceiling holds for all of them together.
//!
//! A refusal for want of quota says that the limit is reached now, so that what got through before it measures the
//! limit. The pace goes on just below that and feels its way up again, faster the longer nothing is refused. A
//! refused call costs the quota nothing, so that being refused about once a second is the cheapest way to know.

use super::retry::Limit;
use crate::clock::{instant, now, sleep};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// After so many slow-downs without one call getting through, a limit is believed to last. The pauses between them
/// grow from a quarter of a second to four, some 16 s in all.
const BELIEVED: u32 = 8;
/// After so many, where each was followed by a pause to the next minute: it is not the minute's limit.
const MINUTES_BELIEVED: u32 = 3;
/// The slowest a pace gets by itself, in calls a second.
const SLOWEST: f64 = 0.5;
/// Where the first call of all is refused, nothing is known yet.
const UNKNOWN: f64 = 5.0;
/// Refusals so close together are answers to calls that were under way together; they tell one thing only.
const TOGETHER: Duration = Duration::from_millis(200);
/// What gets through is measured over this time.
const WINDOW: Duration = Duration::from_secs(1);
/// After each such time without a refusal the pace is raised.
const RAISED_EVERY: Duration = Duration::from_millis(250);
/// But not before so many calls, where they take no longer than [`WINDOW`].
const FELT: f64 = 5.0;
/// By so much at first; the step doubles each time, up to the largest.
const FIRST_STEP: f64 = 0.02;
const LARGEST_STEP: f64 = 0.5;
/// Goes on so far below what was measured, for the limit to recover.
const BELOW: f64 = 0.98;

/// Calls per second, adapted to what the other side takes, by path.
pub struct Pace {
    /// Of all calls together, where somebody set one.
    ceiling: Option<Lane>,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

/// Calls that stand behind each other.
struct Lane {
    inner: Mutex<Inner>,
    /// Who holds it waits for the next turn; the others stand behind it in the order in which they came. Nobody holds
    /// a turn that lies ahead, so that a new pace or a pause applies to all at once.
    head: tokio::sync::Mutex<()>,
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
    /// Since a call last got through.
    slow_downs: u32,
    /// Refusals for the minute's sake by path, since a call of it last got through: each path has a minute of its own.
    full: HashMap<String, u32>,
    slowed_at: Option<Instant>,
    raised_at: Instant,
    step: f64,
}

impl Pace {
    /// `ceiling` in calls a second.
    pub fn new(ceiling: Option<f64>) -> Pace {
        Pace {
            ceiling: ceiling.map(|ceiling| Lane::new(Some(ceiling))),
            lanes: Mutex::default(),
        }
    }

    fn lane(&self, path: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(path) {
            return lane.clone();
        }
        let lane = Arc::new(Lane::new(None));
        lanes.insert(path.to_owned(), lane.clone());
        lane
    }

    /// Another program was told that calls of `path` wait until then. They wait one behind the other here, too.
    pub fn pause(&self, path: &str, until: Instant) {
        let lane = self.lane(path);
        let mut inner = lane.inner();
        inner.paused_until = inner.paused_until.max(until);
        inner.next = inner.next.max(inner.paused_until);
    }

    /// Waits for the turn of a call of `path`.
    pub async fn turn(&self, path: &str) {
        self.lane(path).turn().await;
        if let Some(ceiling) = &self.ceiling {
            ceiling.turn().await;
        }
    }

    /// A call of `path` was answered and not for want of quota.
    pub fn passed(&self, path: &str) {
        self.lane(path).inner().passed(path, instant());
    }

    /// WeChat refused a call of `path` for want of quota, which left at `sent`. Says how long its calls now pause
    /// because of it: zero where another refusal has said so already, `None` where trying again is not worth it.
    pub fn limited(&self, limit: Limit, path: &str, sent: Instant) -> Option<Duration> {
        self.lane(path)
            .inner()
            .limited(limit, path, sent, instant(), now())
    }
}

impl Lane {
    fn new(ceiling: Option<f64>) -> Lane {
        Lane {
            inner: Mutex::new(Inner::new(ceiling, instant())),
            head: tokio::sync::Mutex::new(()),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(&self) {
        if self.inner().is_free(instant()) {
            return;
        }
        let _head = self.head.lock().await;
        loop {
            let turn = self.inner().take_turn(instant());
            match turn {
                Ok(()) => return,
                Err(not_before) => sleep(not_before.saturating_duration_since(instant())).await,
            }
        }
    }
}

impl Inner {
    fn new(ceiling: Option<f64>, now: Instant) -> Inner {
        Inner {
            rate: ceiling,
            ceiling,
            next: now,
            paused_until: now,
            passed: VecDeque::new(),
            slow_downs: 0,
            full: HashMap::new(),
            slowed_at: None,
            raised_at: now,
            step: LARGEST_STEP,
        }
    }

    /// Whether calls need no turns.
    fn is_free(&self, now: Instant) -> bool {
        self.rate.is_none() && self.paused_until <= now
    }

    /// Takes the turn that is due, or says when one may be.
    fn take_turn(&mut self, now: Instant) -> Result<(), Instant> {
        // A pause or a slow moment must not be made up for by a burst: at most 50 ms of it.
        let earliest = now
            .checked_sub(Duration::from_millis(50))
            .unwrap_or(now)
            .max(self.paused_until);
        let due = match self.rate {
            Some(_) => self.next.max(earliest),
            None => earliest,
        };
        // The timer's grain is a millisecond: a turn that is as good as due is due.
        if due > now + Duration::from_micros(500) {
            return Err(due);
        }
        if let Some(rate) = self.rate {
            self.next = due + Duration::from_secs_f64(1.0 / rate);
        }
        Ok(())
    }

    fn passed(&mut self, path: &str, now: Instant) {
        self.slow_downs = 0;
        self.full.remove(path);
        // Kept while nothing is wrong, too: the first refusal measures by it.
        self.passed.push_back(now);
        self.forget(now);
        let Some(rate) = self.rate.filter(|_| self.slowed_at.is_some()) else {
            return;
        };
        // At a slow pace so many calls that the step can be felt.
        let while_unfelt = RAISED_EVERY.max(WINDOW.min(Duration::from_secs_f64(FELT / rate)));
        if now.saturating_duration_since(self.raised_at) >= while_unfelt {
            self.raised_at = now;
            let raised = rate * (1.0 + self.step) + 0.1;
            self.rate = Some(self.ceiling.map_or(raised, |ceiling| raised.min(ceiling)));
            self.step = (self.step * 2.0).min(LARGEST_STEP);
        }
    }

    /// `clock` in seconds since 1970.
    fn limited(
        &mut self,
        limit: Limit,
        path: &str,
        sent: Instant,
        now: Instant,
        clock: i64,
    ) -> Option<Duration> {
        let full = self.full.get(path).copied().unwrap_or_default();
        let (refused, believed) = match limit {
            Limit::Minute => (full, MINUTES_BELIEVED),
            Limit::Instant | Limit::Day => (self.slow_downs, BELIEVED),
        };
        let together = |at: Instant| now.saturating_duration_since(at) < TOGETHER;
        // A call that left before the last pause was over tells nothing new, either, however late its answer comes.
        if self.slowed_at.is_some_and(together) || sent < self.paused_until {
            return (refused < believed).then_some(Duration::ZERO);
        }
        let measured = self.measured(now);
        self.slow_downs += 1;
        if limit == Limit::Minute {
            self.full.insert(path.to_owned(), full + 1);
        }
        // The first refusal of all may come after a burst that says little: what is found is left as fast as it can be.
        let first = self.slowed_at.is_none() && self.rate.is_none();
        self.step = if first { LARGEST_STEP } else { FIRST_STEP };
        self.slowed_at = Some(now);
        self.raised_at = now;
        let rate = match (self.rate, measured) {
            (None, measured) => measured.unwrap_or(UNKNOWN),
            (Some(rate), Some(measured)) => rate.min(measured * BELOW),
            (Some(rate), None) => rate * 0.5,
        };
        self.rate = Some(rate.max(SLOWEST));
        let pause = match limit {
            // What is believed makes no other call wait.
            Limit::Minute if refused + 1 >= believed => Duration::ZERO,
            Limit::Minute => to_the_next_minute(clock),
            Limit::Instant | Limit::Day if measured.is_some() => Duration::ZERO,
            Limit::Instant | Limit::Day => {
                Duration::from_millis(250) * (1 << (self.slow_downs - 1).min(4))
            }
        };
        self.paused_until = now + pause;
        self.next = self.next.max(self.paused_until);
        (refused + 1 < believed).then_some(pause)
    }

    /// Calls that got through in the last second; `None` if there was none.
    fn measured(&mut self, now: Instant) -> Option<f64> {
        self.forget(now);
        (!self.passed.is_empty()).then_some(self.passed.len() as f64 / WINDOW.as_secs_f64())
    }

    fn forget(&mut self, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.passed.front().is_some_and(old) {
            self.passed.pop_front();
        }
    }
}

/// WeChat counts the minute on its own clock, so wait for the turn of the minute, not 60 s; half a second more for
/// clocks that differ.
fn to_the_next_minute(clock: i64) -> Duration {
    Duration::from_secs(60 - clock.rem_euclid(60).unsigned_abs()) + Duration::from_millis(500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    const PATH: &str = "/shop/spu/add";

    /// Decides about the call that arrives so long after the start.
    type Server = dyn FnMut(Duration) -> bool;

    /// A bucket that leaks at `rate` a second and holds a burst of a fifth of a second, as nginx counts.
    fn leaky(rate: f64) -> Box<Server> {
        let (mut level, mut last) = (0.0f64, Duration::ZERO);
        Box::new(move |at| {
            level = (level - rate * (at - last).as_secs_f64()).max(0.0);
            last = at;
            let taken = level <= rate / 5.0;
            level += f64::from(u8::from(taken));
            taken
        })
    }

    /// So many calls in each second of the clock.
    fn windows(rate: u32) -> Box<Server> {
        let (mut second, mut count) = (0, 0);
        Box::new(move |at| {
            if at.as_secs() != second {
                (second, count) = (at.as_secs(), 0);
            }
            count += u32::from(count < rate + 1);
            count <= rate
        })
    }

    /// What happens next to a call.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Step {
        Turn,
        Arrives,
        Answered { taken: bool },
    }

    /// 32 at once call a server for a time that passes only in here; gives how many got through and were refused.
    fn play(pace: &mut Inner, start: Instant, seconds: u64, server: &mut Server) -> (u32, u32) {
        let (mut taken, mut refused) = (0, 0);
        let way = Duration::from_micros(700);
        let (mut waiting, mut ahead) = (
            32,
            BinaryHeap::from([Reverse((Duration::ZERO, Step::Turn))]),
        );
        let mut someone_sleeps = true;
        while let Some(Reverse((time, step))) = ahead.pop() {
            if time >= Duration::from_secs(seconds) {
                break;
            }
            let now = start + time;
            match step {
                Step::Turn => {
                    someone_sleeps = false;
                    while waiting > 0 && !someone_sleeps {
                        match pace.take_turn(now) {
                            Ok(()) => {
                                waiting -= 1;
                                ahead.push(Reverse((time + way, Step::Arrives)));
                            }
                            Err(not_before) => {
                                someone_sleeps = true;
                                ahead.push(Reverse((not_before - start, Step::Turn)));
                            }
                        }
                    }
                    continue;
                }
                Step::Arrives => {
                    let taken = server(time);
                    ahead.push(Reverse((time + way, Step::Answered { taken })));
                    continue;
                }
                Step::Answered { taken: true } => {
                    taken += 1;
                    pace.passed(PATH, now);
                }
                Step::Answered { taken: false } => {
                    refused += 1;
                    assert!(
                        pace.limited(Limit::Day, PATH, now - way * 2, now, 0)
                            .is_some(),
                        "it gave up"
                    );
                }
            }
            waiting += 1;
            if !someone_sleeps {
                someone_sleeps = true;
                ahead.push(Reverse((time, Step::Turn)));
            }
        }
        (taken, refused)
    }

    #[test]
    fn almost_all_of_a_limit_is_used_and_few_calls_are_refused() {
        for (name, mut server, limit, least, most_refused) in [
            ("leaky 500", leaky(500.0), 500.0, 0.97, 0.03),
            // A few calls say little: the first seconds are spent finding out.
            ("leaky 20", leaky(20.0), 20.0, 0.9, 0.15),
            ("leaky 5000", leaky(5000.0), 5000.0, 0.97, 0.03),
            ("500 each second", windows(500), 500.0, 0.97, 0.1),
            ("30 each second", windows(30), 30.0, 0.8, 0.2),
        ] {
            let start = Instant::now();
            let (taken, refused) = play(&mut Inner::new(None, start), start, 40, &mut server);
            let used = f64::from(taken) / (40.0 * limit);
            let share = f64::from(refused) / f64::from(taken + refused);
            assert!(
                used > least && share < most_refused,
                "{name}: {:.1} % used, {:.1} % refused",
                used * 100.0,
                share * 100.0
            );
        }
    }

    #[test]
    fn a_limit_that_falls_and_rises_is_followed() {
        let (mut slow, mut fast) = (leaky(50.0), leaky(500.0));
        let mut server = move |at: Duration| {
            let late = (10..30).contains(&at.as_secs());
            if late { slow(at) } else { fast(at) }
        };
        let start = Instant::now();
        let mut pace = Inner::new(None, start);
        let (taken, _) = play(&mut pace, start, 50, &mut server);
        let most = 30 * 500 + 20 * 50;
        assert!(taken > most * 9 / 10, "{taken} of {most}");
    }

    #[test]
    fn the_ceiling_is_never_passed() {
        let start = Instant::now();
        let (taken, _) = play(&mut Inner::new(Some(25.0), start), start, 20, &mut |_| true);
        assert!((490..=530).contains(&taken), "{taken} at 25 a second");
    }

    #[test]
    fn a_full_minute_of_one_path_stops_no_other() {
        let pace = Pace::new(Some(25.0));
        for path in [PATH, "/shop/spu/get"] {
            pace.passed(path);
        }
        let pause = pace
            .limited(Limit::Minute, PATH, instant())
            .expect("a pause");
        assert!(pause > Duration::ZERO);
        let now = instant();
        assert!(pace.lane("/shop/spu/get").inner().is_free(now));
        assert!(pace.lane(PATH).inner().take_turn(now).is_err());
        // The ceiling goes on for the others.
        let ceiling = pace.ceiling.as_ref().expect("a ceiling");
        assert!(ceiling.inner().take_turn(now).is_ok());
        pace.pause("/shop/spu/get", now + Duration::from_secs(30));
        assert!(pace.lane("/shop/spu/get").inner().take_turn(now).is_err());
    }

    #[test]
    fn a_full_minute_stops_its_path_until_its_turn() {
        let start = Instant::now();
        for (clock, wait) in [(1_000_000_020, 60_500), (1_000_000_063, 17_500), (59, 1500)] {
            let wait = Duration::from_millis(wait);
            let mut pace = Inner::new(None, start);
            pace.passed(PATH, start);
            let refused = pace.limited(Limit::Minute, PATH, start, start, clock);
            assert_eq!(refused, Some(wait));
            // Answers to calls that left before are no news, even where they come when the pause is over.
            for late in [wait / 2, wait * 2, wait * 4] {
                assert_eq!(
                    pace.limited(Limit::Minute, PATH, start, start + late, clock + 1),
                    Some(Duration::ZERO)
                );
            }
            for _ in 0..3 {
                assert!(pace.take_turn(start + wait / 2) >= Err(start + wait));
            }
        }
    }

    #[test]
    fn what_outlasts_two_minutes_is_no_limit_of_the_minute() {
        let start = Instant::now();
        let mut pace = Inner::new(None, start);
        pace.passed(PATH, start);
        let (mut now, mut waits) = (start, 0);
        while let Some(wait) = pace.limited(Limit::Minute, PATH, now, now, 1_000_000_020) {
            waits += 1;
            now += wait + TOGETHER;
            // What gets through elsewhere says nothing of this path.
            pace.passed("/shop/spu/get", now);
        }
        assert_eq!(waits, 2);
    }

    #[test]
    fn a_used_up_day_is_believed_after_a_while_and_not_before() {
        let start = Instant::now();
        let mut pace = Inner::new(None, start);
        (0..100).for_each(|_| pace.passed(PATH, start));
        let (mut now, mut asked) = (start, 1);
        while pace.limited(Limit::Day, PATH, now, now, 0).is_some() {
            asked += 1;
            now = match pace.take_turn(now + TOGETHER) {
                Ok(()) => now + TOGETHER,
                Err(not_before) => not_before,
            };
        }
        let time = now - start;
        assert_eq!(asked, BELIEVED);
        assert!((5..30).contains(&time.as_secs()), "{time:?}");
    }
}
