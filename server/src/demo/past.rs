//! The clock, moved into the past for a while.

use app::clock::Clock;
use domain::time::Timestamp;

use super::timeline::At;

/// Hours by which Vietnam is ahead of UTC.
const ZONE_SECONDS: i64 = 7 * 3600;
const DAY_SECONDS: i64 = 24 * 3600;

/// A past that only moves forward. Dropped, the clock is where it was.
pub struct Past<'a> {
    clock: &'a Clock,
    /// The beginning of the day, here.
    today: Timestamp,
    shifted: i64,
}

impl<'a> Past<'a> {
    /// Goes back to that time.
    pub fn since(clock: &'a Clock, at: At) -> Self {
        let now = clock.process();
        let into_the_day = (now.seconds() + ZONE_SECONDS).rem_euclid(DAY_SECONDS);
        let today = Timestamp::from_micros(now.seconds() * 1_000_000).plus_seconds(-into_the_day);
        let mut past = Self { clock, today, shifted: 0 };
        past.shift(past.moment(at).micros() - now.micros());
        past
    }

    /// Goes on to that time, or stays where it is later already.
    pub fn go_on_to(&mut self, at: At) {
        self.shift((self.moment(at).micros() - self.clock.process().micros()).max(0));
    }

    /// The instant that a time of the history is.
    pub const fn moment(&self, at: At) -> Timestamp {
        self.today.plus_seconds(at)
    }

    /// The calendar day that it is here.
    pub fn day(&self) -> String {
        self.clock.process().plus_seconds(ZONE_SECONDS).to_rfc3339().chars().take(10).collect()
    }

    fn shift(&mut self, micros: i64) {
        self.clock.shift(micros);
        self.shifted += micros;
    }
}

impl Drop for Past<'_> {
    fn drop(&mut self) {
        self.clock.shift(-self.shifted);
    }
}
