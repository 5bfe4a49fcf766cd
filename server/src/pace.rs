//! How fast the mail servers of one domain get mail from this process: each mail beyond the rate is promised a moment of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::id::MessageId;
use tokio::time::Instant;

/// So many promises and domains are remembered before those that are over are let go.
const REMEMBERED: usize = 1_024;
/// A promise that nobody came for.
const STALE: Duration = Duration::from_hours(1);
/// Who comes late for a moment finds others that are late: so much may go at once, and no more after however long a pause.
const LATENESS: Duration = Duration::from_secs(2);

/// A rate for each domain.
#[derive(Debug)]
pub struct Pace {
    /// From one mail to the next; None: as fast as it goes.
    gap: Option<Duration>,
    promised: Mutex<Promised>,
}

#[derive(Debug, Default)]
struct Promised {
    domains: HashMap<String, Turn>,
    /// When a mail may go.
    mails: HashMap<MessageId, Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    /// The first moment that is promised to nobody.
    free: Instant,
    /// When the next mail would go if all that went had kept their distance.
    due: Instant,
}

impl Pace {
    /// At most so many mails a minute for one domain; 0: as many as there are.
    pub fn per_minute(mails: u32) -> Self {
        let gap = Duration::from_mins(1).checked_div(mails);
        Self { gap, promised: Mutex::default() }
    }

    /// How long a mail to that address has to wait; None: it goes now. Who waits comes back at that moment or later.
    pub fn wait(&self, mail: MessageId, address: &str, now: Instant) -> Option<Duration> {
        let gap = self.gap?;
        let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain).to_ascii_lowercase();
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        promised.tidy(now);
        let Promised { domains, mails } = &mut *promised;
        let turn = domains.entry(domain).or_insert(Turn { free: now, due: now });
        let promised = mails.get(&mail).copied().filter(|at| *at > now || turn.due <= now + LATENESS);
        // Who comes late when too many have gone already gets another moment, and nobody else the same.
        let at = promised.unwrap_or_else(|| {
            let earliest = if turn.due > now + LATENESS { turn.due } else { now };
            let at = turn.free.max(earliest);
            turn.free = at + gap;
            at
        });
        if at > now {
            mails.insert(mail, at);
            return Some(at - now);
        }
        mails.remove(&mail);
        turn.due = turn.due.max(now) + gap;
        None
    }
}

impl Promised {
    fn tidy(&mut self, now: Instant) {
        if self.domains.len() > REMEMBERED {
            self.domains.retain(|_, turn| turn.free.max(turn.due) > now);
        }
        if self.mails.len() > REMEMBERED {
            self.mails.retain(|_, at| *at + STALE > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> MessageId {
        app::ids::ordered()
    }

    #[test]
    fn a_domain_gets_one_mail_after_the_other_and_does_not_hold_up_others() {
        let (pace, start) = (Pace::per_minute(60), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let [first, second, third] = [mail(), mail(), mail()];
        assert_eq!(pace.wait(first, "an@example.vn", start), None);
        assert_eq!(pace.wait(second, "binh@Example.VN", start), Some(Duration::from_secs(1)));
        assert_eq!(pace.wait(third, "chi@example.vn", start), Some(Duration::from_secs(2)));
        assert_eq!(pace.wait(mail(), "an@example.com", start), None, "another domain");
        // What was promised holds, in whichever order they come.
        assert_eq!(pace.wait(third, "chi@example.vn", after(1)), Some(Duration::from_secs(1)));
        assert_eq!(pace.wait(third, "chi@example.vn", after(2)), None);
        assert_eq!(pace.wait(second, "binh@example.vn", after(2)), None);
        assert_eq!(pace.wait(mail(), "an@example.vn", after(2)), Some(Duration::from_secs(1)));
        assert_eq!(pace.wait(mail(), "an@example.vn", after(9)), None, "whoever was silent saves nothing up");
        assert_eq!(pace.wait(mail(), "an@example.vn", after(9)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn who_was_away_for_long_does_not_send_all_that_was_promised_at_once() {
        let (pace, start) = (Pace::per_minute(60), Instant::now());
        let mails: Vec<_> = (0..100).map(|_| mail()).collect();
        let go = |now: Instant| {
            mails.iter().filter(|mail| pace.wait(**mail, "an@example.vn", now).is_none()).count()
        };
        assert_eq!(go(start), 1);
        let late = start + Duration::from_mins(10);
        assert!((1..=3).contains(&go(late)));
        assert!(
            (8..=12).contains(&(1..=10).map(|second| go(late + Duration::from_secs(second))).sum::<usize>())
        );
    }

    #[test]
    fn without_a_rate_nothing_waits_and_nothing_is_remembered() {
        let (pace, now) = (Pace::per_minute(0), Instant::now());
        assert!((0..100).all(|_| pace.wait(mail(), "an@example.vn", now).is_none()));
        assert!(pace.promised.lock().unwrap().domains.is_empty());
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let (pace, start) = (Pace::per_minute(60), Instant::now());
        for number in 0..3 * REMEMBERED {
            let now = start + Duration::from_hours(2) * u32::try_from(number).unwrap();
            let domain = format!("an@{number}.example.vn");
            pace.wait(mail(), &domain, now);
            pace.wait(mail(), &domain, now);
        }
        let promised = pace.promised.lock().unwrap();
        assert!(promised.domains.len() <= REMEMBERED + 1 && promised.mails.len() <= REMEMBERED + 1);
    }
}
