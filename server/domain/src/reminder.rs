//! What people are reminded of, and when. Each once for its time: a deadline that moves is another one.

use crate::time::{DAY, Timestamp, is_working_day};

closed_set! {
    /// Why somebody is reminded.
    pub enum ReminderKind {
        /// The deadline of a challenge is seven days away or less.
        DeadlineInAWeek = "DEADLINE_IN_A_WEEK",
        /// The deadline of a challenge is a day away or less.
        DeadlineInADay = "DEADLINE_IN_A_DAY",
        /// A review is wanted in three days or less.
        ReviewDue = "REVIEW_DUE",
        /// An organisation waits for its verification for more than two working days.
        OrganizationWaits = "ORGANIZATION_WAITS",
        /// The digest of a day.
        Digest = "DIGEST",
    }
}

/// How far ahead of a deadline the first reminder is, in seconds.
pub const DEADLINE_AHEAD: i64 = 7 * DAY;

/// How far ahead of its time somebody is reminded of a review, in seconds.
pub const REVIEW_AHEAD: i64 = 3 * DAY;

/// Whether somebody is to be reminded of a review that is wanted by then, offered so long ago: not of one that was offered for less
/// time than that ahead.
pub fn before_review(offered_at: Timestamp, due_at: Timestamp, now: Timestamp) -> bool {
    let left = due_at.seconds_since(now);
    let begun = due_at.seconds_since(offered_at) > REVIEW_AHEAD;
    begun && now < due_at && left <= REVIEW_AHEAD
}

/// Working days after which an organisation has waited too long.
const PATIENCE: u32 = 2;

/// The reminder that is due before a deadline; whoever was down a while does not catch up on one that the next has overtaken.
pub fn before_deadline(closes_at: Timestamp, now: Timestamp) -> Option<ReminderKind> {
    match closes_at.seconds_since(now) {
        left if left <= 0 || closes_at <= now => None,
        left if left <= DAY => Some(ReminderKind::DeadlineInADay),
        left if left <= DEADLINE_AHEAD => Some(ReminderKind::DeadlineInAWeek),
        _ => None,
    }
}

/// When an organisation that registered then has waited too long: two working days later, at the same time of day. Public holidays
/// are working days here.
pub fn waits_too_long_from(registered_at: Timestamp) -> Timestamp {
    let days = (1..).map(|days| registered_at.plus_seconds(days * DAY));
    let mut working = days.filter(|day| is_working_day(*day));
    // Of seven days in a row five are working days.
    working.nth(PATIENCE as usize - 1).unwrap_or(registered_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_deadline_is_announced_a_week_and_a_day_ahead_and_never_after() {
        let closes = at("2026-11-30T17:00:00+07:00");
        for (now, due) in [
            ("2026-11-23T16:59:59+07:00", None),
            ("2026-11-23T17:00:00+07:00", Some(ReminderKind::DeadlineInAWeek)),
            ("2026-11-29T16:59:59+07:00", Some(ReminderKind::DeadlineInAWeek)),
            ("2026-11-29T17:00:00+07:00", Some(ReminderKind::DeadlineInADay)),
            ("2026-11-30T16:59:59+07:00", Some(ReminderKind::DeadlineInADay)),
            ("2026-11-30T17:00:00+07:00", None),
            ("2027-01-01T00:00:00+07:00", None),
        ] {
            assert_eq!(before_deadline(closes, at(now)), due, "{now}");
        }
    }

    #[test]
    fn a_review_is_remembered_three_days_ahead_unless_it_was_offered_later() {
        let due = at("2026-11-30T17:00:00+07:00");
        let long_ago = at("2026-11-01T17:00:00+07:00");
        for (offered, now, expected) in [
            (long_ago, "2026-11-27T16:59:59+07:00", false),
            (long_ago, "2026-11-27T17:00:00+07:00", true),
            (long_ago, "2026-11-30T16:59:59+07:00", true),
            (long_ago, "2026-11-30T17:00:00+07:00", false),
            (at("2026-11-27T17:00:00+07:00"), "2026-11-28T17:00:00+07:00", false),
        ] {
            assert_eq!(before_review(offered, due, at(now)), expected, "{now}");
        }
    }

    #[test]
    fn weekends_do_not_count_as_waiting() {
        // 23 November 2026 is a Monday.
        for (registered, from) in [
            ("2026-11-23T10:00:00+07:00", "2026-11-25T10:00:00+07:00"),
            ("2026-11-26T10:00:00+07:00", "2026-11-30T10:00:00+07:00"),
            ("2026-11-27T10:00:00+07:00", "2026-12-01T10:00:00+07:00"),
            ("2026-11-28T10:00:00+07:00", "2026-12-01T10:00:00+07:00"),
            ("2026-11-29T10:00:00+07:00", "2026-12-01T10:00:00+07:00"),
            // Still Sunday in London, Monday in Vietnam.
            ("2026-11-29T18:00:00Z", "2026-12-01T18:00:00Z"),
        ] {
            assert_eq!(waits_too_long_from(at(registered)), at(from), "{registered}");
        }
    }
}
