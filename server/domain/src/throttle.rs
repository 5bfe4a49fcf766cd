//! How guessing is made slow. Failures are counted for what was guessed at and for where the guess came from; after a few
//! the next try has to wait, each time twice as long.
//!
//! Nobody can be locked out by this: whoever shows a device from which the account was used before, or comes from an
//! address from which it was, is counted apart from strangers, and a new password by mail begins anew.

use crate::time::Timestamp;

/// Failures so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: i32,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// How patient we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Failures that cost nothing.
    pub free: i32,
    /// Seconds to wait after the first failure that does.
    pub first_wait: i64,
    /// The longest wait in seconds.
    pub longest_wait: i64,
    /// Seconds after the last failure when all are forgotten.
    pub forget_after: i64,
}

const DAY: i64 = 86_400;

/// Guesses at one account, by strangers together or by one known device or address.
pub const ACCOUNT: Patience = Patience { free: 5, first_wait: 1, longest_wait: 900, forget_after: DAY };
/// Guesses from one address, which may be that of a whole office.
pub const ADDRESS: Patience = Patience { free: 200, first_wait: 1, longest_wait: 10, forget_after: 900 };
/// Guesses by strangers at all accounts together.
pub const EVERYBODY: Patience = Patience { free: 5_000, first_wait: 1, longest_wait: 2, forget_after: 60 };
/// Codes of a second factor.
pub const CODE: Patience = Patience { free: 5, first_wait: 5, longest_wait: 900, forget_after: DAY };
/// Mails that anybody can have us send to one address; here every one counts.
pub const MAILS: Patience = Patience { free: 5, first_wait: 60, longest_wait: 3_600, forget_after: DAY };
/// Departures to the issuer of the single sign-on from one address; each leaves a row behind.
pub const DEPARTURES: Patience = Patience { free: 100, first_wait: 1, longest_wait: 60, forget_after: 900 };

/// All of them.
pub const ALL: [Patience; 6] = [ACCOUNT, ADDRESS, EVERYBODY, CODE, MAILS, DEPARTURES];

/// Seconds until the next try is heard; None: now.
pub fn wait(failures: Option<Failures>, patience: &Patience, now: Timestamp) -> Option<i64> {
    let failures = failures.filter(|failures| !is_forgotten(failures, patience, now))?;
    let costly = failures.count.checked_sub(patience.free).filter(|costly| *costly >= 0)?;
    let pause = patience.first_wait.saturating_mul(1 << costly.min(30)).min(patience.longest_wait);
    let left = pause - now.seconds_since(failures.last_at);
    (left > 0).then_some(left.min(pause))
}

/// After one more.
pub fn one_more(failures: Option<Failures>, patience: &Patience, now: Timestamp) -> Failures {
    let before = failures.filter(|failures| !is_forgotten(failures, patience, now));
    let count = before.map_or(0, |before| before.count).saturating_add(1);
    // A clock that went back must not make the wait longer than it is.
    Failures { count, last_at: now }
}

fn is_forgotten(failures: &Failures, patience: &Patience, now: Timestamp) -> bool {
    now.seconds_since(failures.last_at) >= patience.forget_after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn the_wait_grows_ends_and_is_forgotten() {
        let failed = |count| Some(Failures { count, last_at: at(0) });
        let waits: Vec<_> = (0..=8).map(|count| wait(failed(count), &ACCOUNT, at(0))).collect();
        assert_eq!(
            waits,
            [None, None, None, None, None, Some(1), Some(2), Some(4), Some(8)],
            "five are free, then it doubles"
        );
        assert_eq!(wait(failed(1_000_000), &ACCOUNT, at(0)), Some(900), "never longer than the longest");
        assert_eq!(wait(failed(8), &ACCOUNT, at(7)), Some(1));
        assert_eq!(wait(failed(8), &ACCOUNT, at(8)), None);
        assert_eq!(wait(failed(1_000_000), &ACCOUNT, at(DAY)), None);
        assert_eq!(wait(None, &ACCOUNT, at(0)), None);
        assert_eq!(wait(failed(8), &ACCOUNT, at(-50)), Some(8), "a clock that went back adds nothing");
    }

    #[test]
    fn guessing_for_a_day_gives_some_hundred_guesses() {
        let (mut failures, mut now, mut guesses) = (None, 0, 0);
        while now < DAY {
            if let Some(seconds) = wait(failures, &ACCOUNT, at(now)) {
                now += seconds;
            } else {
                failures = Some(one_more(failures, &ACCOUNT, at(now)));
                guesses += 1;
            }
        }
        assert!((90..=120).contains(&guesses), "{guesses}");
    }
}
