//! A mail on its way: states, and when to try again.

closed_set! {
    /// Where a mail stands.
    pub enum MessageStatus {
        /// Waits to be sent.
        Queued = "QUEUED",
        /// A worker holds it under a lease.
        Sending = "SENDING",
        /// Failed for the moment; will be tried again.
        Retrying = "RETRYING",
        /// Taken by the mail server.
        Sent = "SENT",
        /// Given up; staff can see why.
        Dead = "DEAD",
        /// Stands in the inbox; mailed later, in a digest or never, as its reader prefers.
        Held = "HELD",
        /// Not sent on purpose: the reader may not, or need not, read it any more.
        Suppressed = "SUPPRESSED",
    }
}

impl MessageStatus {
    /// It went out, or tried to, or is held as its reader prefers: that they may read it was found just then.
    pub const TOLD: &'static [Self] = &[Self::Sent, Self::Retrying, Self::Dead, Self::Held];
}

/// How long a mail is tried: three days.
pub const GIVE_UP_AFTER_SECONDS: i64 = 72 * 3600;

/// The longest pause between two attempts: an hour.
const LONGEST_PAUSE_SECONDS: i64 = 3600;

/// Seconds until the next attempt after `attempts` failed ones: doubling from `base`, at most an hour, varied by a fifth
/// either way so that a healed mail server is not met by all at once. `dice` is any random number.
pub fn pause_seconds(attempts: i32, base: i64, dice: u32) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    let pause = base.saturating_mul(1 << doublings).min(LONGEST_PAUSE_SECONDS);
    let percent = 80 + i64::from(dice % 41);
    (pause * percent / 100).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_vary_by_a_fifth() {
        let middle = |attempts| pause_seconds(attempts, 5, 20);
        assert_eq!([1, 2, 3, 4].map(middle), [5, 10, 20, 40]);
        assert_eq!(middle(60), 3600);
        for dice in [0, 40, 41, u32::MAX] {
            assert!((2880..=4320).contains(&pause_seconds(30, 5, dice)));
        }
    }
}
