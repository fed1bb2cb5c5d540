//! After a failure: give up, wait, slow down or renew the token. Deciding is pure; the loop in
//! [`Client`](super::Client) does what is decided.

use crate::api::Resend;
use crate::fail::{Failure, Kind};
use std::time::Duration;

/// The codes for a token that is not, or no longer, good.
pub const TOKEN_REFUSED: [i64; 3] = [40001, 40014, 42001];
/// How often one call is tried when nothing else limits it.
pub const ATTEMPTS: u32 = 5;

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    GiveUp,
    /// Send again after this pause, give or take some.
    After(Duration),
    /// Fetch a token in normal mode, then send again.
    RenewToken,
    /// WeChat wants fewer calls: every call of this process slows down, then this one is sent again.
    SlowDown(Limit),
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many at this instant (300000).
    Instant,
    /// Too many in this minute (45011).
    Minute,
    /// 45009 reads "daily quota", and is answered to bursts as well: slow down, and believe it when no call
    /// gets through any more.
    Day,
}

/// Decides about the `attempt`-th try (from 1). `renewals` counts the tokens fetched for this call so far.
pub fn decide(failure: &Failure, resend: Resend, attempt: u32, renewals: u32) -> RetryDecision {
    let repeats = matches!(resend, Resend::Safe | Resend::Keyed);
    match failure.errcode {
        // The token is checked before anything is done, so that every class of call may be repeated.
        Some(code) if TOKEN_REFUSED.contains(&code) => match renewals {
            0 | 1 => RetryDecision::RenewToken,
            _ => RetryDecision::GiveUp,
        },
        // A limit answers before anything is done, too.
        Some(300_000) => RetryDecision::SlowDown(Limit::Instant),
        Some(45011) => RetryDecision::SlowDown(Limit::Minute),
        Some(45009) => RetryDecision::SlowDown(Limit::Day),
        // Busy may come after the work was begun: only what can be repeated is.
        Some(-1) if repeats && attempt < ATTEMPTS => backoff(attempt),
        Some(_) => RetryDecision::GiveUp,
        // Whatever answered a write in place of WeChat, the write may be done: one with a key is made sure of.
        None if resend == Resend::Keyed && failure.unclear && attempt < ATTEMPTS => {
            backoff(attempt)
        }
        None if failure.kind == Kind::Network
            && attempt < ATTEMPTS
            && (repeats || !failure.unclear) =>
        {
            backoff(attempt)
        }
        None => RetryDecision::GiveUp,
    }
}

/// 1 s, 2 s, 4 s, 8 s.
fn backoff(attempt: u32) -> RetryDecision {
    RetryDecision::After(Duration::from_secs(1 << attempt.saturating_sub(1).min(3)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn answered(errcode: i64) -> Failure {
        Failure {
            errcode: Some(errcode),
            ..Failure::new(Kind::Refused, text!("refused"))
        }
    }

    fn lost(unclear: bool) -> Failure {
        Failure {
            unclear,
            ..Failure::network(text!("lost"))
        }
    }

    #[test]
    fn the_table_of_verdicts() {
        use Resend::{Keyed, Never, Safe, State};
        let second = Duration::from_secs(1);
        let table = [
            (answered(40001), Never, 1, 0, RetryDecision::RenewToken),
            (answered(42001), Safe, 1, 1, RetryDecision::RenewToken),
            (answered(40014), Safe, 2, 2, RetryDecision::GiveUp),
            (answered(-1), Safe, 1, 0, RetryDecision::After(second)),
            (answered(-1), Keyed, 3, 0, RetryDecision::After(second * 4)),
            (answered(-1), Keyed, 5, 0, RetryDecision::GiveUp),
            (answered(-1), Never, 1, 0, RetryDecision::GiveUp),
            (answered(-1), State, 1, 0, RetryDecision::GiveUp),
            (lost(true), State, 1, 0, RetryDecision::GiveUp),
            (lost(false), State, 1, 0, RetryDecision::After(second)),
            (
                answered(45011),
                Never,
                1,
                0,
                RetryDecision::SlowDown(Limit::Minute),
            ),
            (
                answered(45009),
                Keyed,
                9,
                0,
                RetryDecision::SlowDown(Limit::Day),
            ),
            (answered(1_400_007), Safe, 1, 0, RetryDecision::GiveUp),
            (answered(1_000_012), Keyed, 1, 0, RetryDecision::GiveUp),
            (answered(-77), Safe, 1, 0, RetryDecision::GiveUp),
            (lost(true), Safe, 1, 0, RetryDecision::After(second)),
            (lost(true), Keyed, 4, 0, RetryDecision::After(second * 8)),
            (lost(true), Never, 1, 0, RetryDecision::GiveUp),
            (lost(false), Never, 1, 0, RetryDecision::After(second)),
            (lost(false), Safe, 5, 0, RetryDecision::GiveUp),
            (
                Failure::bug(text!("ours")),
                Safe,
                1,
                0,
                RetryDecision::GiveUp,
            ),
        ];
        for (failure, resend, attempt, renewals, expected) in table {
            assert_eq!(
                decide(&failure, resend, attempt, renewals),
                expected,
                "{failure:?} {resend:?} {attempt} {renewals}"
            );
        }
    }
}
