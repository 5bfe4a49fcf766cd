//! What is kept only for a while, and for how long. What a dossier or the law needs is not here: it stays.

use crate::account::DEVICE_DAYS;
use crate::time::{DAY, Timestamp};

closed_set! {
    /// Rows that serve the running of things, and nobody after that.
    pub enum Perishable {
        /// Results of calls with an idempotency key: whoever repeats a call does so within a week.
        IdempotencyKey = "idempotency_key",
        /// Tokens in mails; used, expired and unknown ones are answered alike.
        OneTimeToken = "one_time_token",
        /// Refresh tokens of sessions that are over.
        RefreshToken = "refresh_token",
        /// Sessions that are over; until then they say which addresses somebody is known from.
        Session = "session",
        /// Sign-ons that somebody left for and never came back from.
        SignOnAttempt = "sign_on_attempt",
        /// That somebody was reminded: of what still waits after three months once more.
        Reminder = "reminder",
        /// Failed guesses.
        Throttle = "throttle",
        /// What became of messages to webhooks.
        WebhookDelivery = "webhook_delivery",
    }
}

const HOUR: i64 = 3_600;

impl Perishable {
    /// Seconds that a row stays after its time: after a key was first used, a token or session has expired, the last guess.
    pub const fn kept_for(self) -> i64 {
        match self {
            Self::IdempotencyKey => 8 * DAY,
            Self::OneTimeToken | Self::WebhookDelivery => 30 * DAY,
            // Longer than any session: until then a stolen one that comes back is recognised.
            Self::RefreshToken => 31 * DAY,
            Self::Session => DEVICE_DAYS * DAY,
            Self::SignOnAttempt => HOUR,
            Self::Reminder => 90 * DAY,
            Self::Throttle => 2 * DAY,
        }
    }

    /// Rows whose time was before this instant go.
    pub const fn before(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-self.kept_for())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle;

    #[test]
    fn nothing_goes_while_a_promise_or_a_rule_still_needs_it() {
        assert!(Perishable::IdempotencyKey.kept_for() > 7 * DAY, "keys are promised for seven days");
        assert!(
            Perishable::Session.kept_for() > Perishable::RefreshToken.kept_for(),
            "tokens name their session"
        );
        for patience in throttle::ALL {
            assert!(Perishable::Throttle.kept_for() > patience.forget_after);
        }
    }
}
