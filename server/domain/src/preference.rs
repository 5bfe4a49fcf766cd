//! How a person wants to be told: by mail at once, by one mail a day or in the inbox alone, each group of mails for itself; and the
//! hours in which mail that may wait does. What law or fairness requires is mailed at once, whatever anybody prefers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::event::Audience;
use crate::letter::LetterKind;
use crate::problem::{Form, Reason};
use crate::time::Timestamp;

closed_set! {
    /// Mails that are wanted, or not, together.
    pub enum NotificationGroup {
        /// The account and its security.
        Account = "ACCOUNT",
        /// What is decided about an organisation, one's place in it or in the expert register.
        Organization = "ORGANIZATION",
        /// One's own proposals, and what everybody who works on one has to know of the challenge.
        Participation = "PARTICIPATION",
        /// What waits for somebody as an author, on a council, at a decision, and what came of it.
        Duties = "DUTIES",
        /// Time: the deadline of a challenge is near.
        Reminders = "REMINDERS",
        /// What is public of what one follows or looks for.
        Following = "FOLLOWING",
        /// News of the challenges of one's agency.
        Agency = "AGENCY",
        /// What came in for the programme office.
        Office = "OFFICE",
        /// Who joined one's organisation.
        Members = "MEMBERS",
    }
}

closed_set! {
    /// How the mails of a group come. In the inbox they stand at once, in any case.
    pub enum Delivery {
        /// Each by itself, as soon as it can.
        AtOnce = "AT_ONCE",
        /// In one mail a day.
        Digest = "DIGEST",
        /// Not by mail.
        InboxOnly = "INBOX_ONLY",
    }
}

impl NotificationGroup {
    /// How its mails may come; the first unless somebody prefers another. A reminder in tomorrow's mail is none.
    pub const fn choices(self) -> &'static [Delivery] {
        match self {
            Self::Account | Self::Organization | Self::Participation | Self::Duties => &[Delivery::AtOnce],
            Self::Reminders => &[Delivery::AtOnce, Delivery::InboxOnly],
            Self::Following | Self::Agency | Self::Office | Self::Members => Delivery::ALL,
        }
    }

    /// Nobody can turn it off, or have it wait.
    pub const fn is_mandatory(self) -> bool {
        self.choices().len() == 1
    }
}

/// The group of each mail. A mail without a row does not compile.
pub const fn group(letter: LetterKind) -> NotificationGroup {
    use LetterKind as L;
    match letter {
        L::EmailVerification
        | L::AccountExists
        | L::PasswordReset
        | L::PasswordChanged
        | L::EmailChange
        | L::EmailChangeRequested
        | L::SessionCompromised
        | L::SecondFactorEnabled
        | L::SecondFactorDisabled
        | L::RecoveryCodeUsed
        | L::AccountDeactivated
        | L::AccountReactivated
        | L::SignOnLinked
        // It comes when its reader wants it to.
        | L::Digest => NotificationGroup::Account,
        L::OrganizationVerified
        | L::OrganizationRejected
        | L::OrganizationSuspended
        | L::OrganizationReinstated
        | L::OrganizationClosed
        | L::MemberInvited
        | L::MemberRoleChanged
        | L::UnitDelegated
        | L::DelegationRevoked
        | L::ExpertRegistered
        | L::ExpertSuspended
        | L::ExpertReinstated => NotificationGroup::Organization,
        L::ChallengeAmended
        | L::Announcement
        | L::ChallengePaused
        | L::ChallengeResumed
        | L::ChallengeCancelled
        | L::QuestionAnswered
        | L::QuestionDeclined
        | L::ProposalSubmitted
        | L::ProposalWithdrawn
        | L::ProposalRevived
        | L::ProposalsOpened
        | L::ProposalScreened
        | L::ClarificationAsked
        | L::ClarificationLapsed
        | L::ProposalDisqualified
        | L::DecisionPublishedToApplicant
        | L::AppealFiled
        | L::AppealRuled
        | L::DecisionSetAside
        | L::DecisionFinal => NotificationGroup::Participation,
        L::ChallengeChangesRequested
        | L::ChallengeApproved
        | L::DecisionMakerNamed
        | L::CouncilMemberAppointed
        | L::ProposalWithdrawnFromReview
        | L::OpeningRequested
        | L::ClarificationAnswered
        | L::DisqualificationRequested
        | L::DisqualificationRuled
        | L::ReviewOffered
        | L::ReviewRecused
        | L::ReviewVoidRequested
        | L::ReviewVoided
        | L::ReviewDue
        | L::ReviewExpired
        | L::ReviewMissed
        | L::ReviewDeclined
        | L::ReviewRevoked
        | L::ReviewReopened
        | L::ReviewSubmitted
        | L::RoundLocked
        | L::DecisionStarted
        | L::DecisionProposed
        | L::DecisionReturned
        | L::DecisionApproved
        | L::DecisionPublished
        | L::DecisionScheduleLapsed
        | L::AppealReceived => NotificationGroup::Duties,
        L::DeadlineNear => NotificationGroup::Reminders,
        L::ChallengePublished | L::QuestionAsked => NotificationGroup::Agency,
        L::OrganizationPending | L::OrganizationWaits | L::ChallengeSubmitted | L::ChallengeRecalled => {
            NotificationGroup::Office
        }
        L::MemberJoined => NotificationGroup::Members,
    }
}

/// The group of a mail to somebody who belongs to these audiences: that of the mail, but for whoever hears of it only because they
/// follow something.
pub fn group_for(letter: LetterKind, audiences: &[Audience]) -> NotificationGroup {
    if audiences.iter().all(|audience| *audience == Audience::Followers) {
        NotificationGroup::Following
    } else {
        group(letter)
    }
}

/// The table in print: a group a line with its choices, then its mails.
pub fn print() -> String {
    let mut out = String::new();
    for group_of in NotificationGroup::ALL {
        let choices: Vec<_> = group_of.choices().iter().map(|choice| choice.name()).collect();
        let letters: Vec<_> = LetterKind::ALL.iter().filter(|kind| group(**kind) == *group_of).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{group_of}: {}", choices.join(", "));
        for letter in letters {
            let _ = writeln!(out, "    {letter}");
        }
        if *group_of == NotificationGroup::Following {
            let _ = writeln!(out, "    whatever comes to somebody only because they follow or look for it");
        }
    }
    out
}

/// A time zone, by its name in the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct TimeZone(Tz);

/// Where nobody says otherwise.
const VIETNAM: TimeZone = TimeZone(Tz::Asia__Ho_Chi_Minh);

/// A name that a later edition of the database does not have any more means Vietnam.
impl From<String> for TimeZone {
    fn from(name: String) -> Self {
        Self::parse(&name).unwrap_or(VIETNAM)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name().to_owned()
    }
}

impl TimeZone {
    /// By a name such as `Asia/Ho_Chi_Minh`.
    pub fn parse(name: &str) -> Result<Self, Reason> {
        name.parse().map(Self).map_err(|_| Reason::Malformed { expected: Form::TimeZone })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    fn local(self, instant: Timestamp) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_micros(instant.micros()).unwrap_or_default();
        utc.with_timezone(&self.0).naive_local()
    }

    /// The first and the last instant of a day at which clocks there show that time: one, but for when clocks are set. A time that
    /// they skip is as soon as there is one again.
    fn at(self, day: NaiveDate, time: LocalTime) -> Option<(Timestamp, Timestamp)> {
        let shown = day.and_hms_opt(u32::from(time.0 / 60), u32::from(time.0 % 60), 0)?;
        let later =
            (0..=96).filter_map(|quarters| shown.checked_add_signed(TimeDelta::minutes(15 * quarters)));
        later
            .into_iter()
            .find_map(|shown| match self.0.from_local_datetime(&shown) {
                LocalResult::Single(at) => Some((at, at)),
                LocalResult::Ambiguous(first, last) => Some((first, last)),
                LocalResult::None => None,
            })
            .map(|(first, last)| {
                let instant = |at: DateTime<Tz>| Timestamp::from_micros(at.timestamp_micros());
                (instant(first), instant(last))
            })
    }

    /// When clocks there show that time, from two days before the instant to two days after.
    fn around(self, instant: Timestamp, time: LocalTime) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let from = self.local(instant).date().checked_sub_days(Days::new(2));
        (0..=4).filter_map(move |days| self.at(from?.checked_add_days(Days::new(days))?, time))
    }

    /// When clocks there show that time next, once a day: after the instant, not at it.
    pub fn next(self, time: LocalTime, after: Timestamp) -> Timestamp {
        let times = self.around(after, time).map(|(first, _)| first).filter(|at| *at > after);
        times.min().unwrap_or(after)
    }

    /// When clocks there showed that time last, once a day: before the instant or at it.
    pub fn last(self, time: LocalTime, now: Timestamp) -> Timestamp {
        let times = self.around(now, time).map(|(first, _)| first).filter(|at| *at <= now);
        times.max().unwrap_or(now)
    }
}

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalTime(u16);

impl LocalTime {
    /// From `07:00`, and in that form alone.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() == 2;
        let (hour, minute) = text.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute))?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }

    fn of(shown: NaiveDateTime) -> Self {
        use chrono::Timelike as _;
        Self(u16::try_from(shown.hour() * 60 + shown.minute()).unwrap_or(0))
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The longest that mail may wait for somebody's quiet hours to end.
const QUIET_MAX: u16 = 12 * 60;

const DAY_MINUTES: u16 = 24 * 60;

/// Hours, each day, in which mail that may wait does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// From then on.
    pub from: LocalTime,
    /// Until then; the next day, if that is earlier.
    pub until: LocalTime,
}

impl QuietHours {
    /// At least a minute and at most half a day.
    pub fn new(from: LocalTime, until: LocalTime) -> Result<Self, Reason> {
        let minutes = (until.0 + DAY_MINUTES - from.0) % DAY_MINUTES;
        if (1..=QUIET_MAX).contains(&minutes) {
            Ok(Self { from, until })
        } else {
            let at = |minutes: u16| LocalTime((from.0 + minutes) % DAY_MINUTES).to_string();
            Err(Reason::OutOfRange { min: at(1), max: at(QUIET_MAX) })
        }
    }

    fn contains(self, time: LocalTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }

    /// When they end, if they have begun.
    fn end(self, zone: TimeZone, now: Timestamp) -> Option<Timestamp> {
        let ends = zone.around(now, self.until).flat_map(|(first, last)| [first, last]);
        ends.filter(|at| *at > now).min().filter(|_| self.contains(LocalTime::of(zone.local(now))))
    }
}

/// What a person prefers; what they never spoke of is left at its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
pub struct Preferences {
    /// Where their clock stands.
    pub time_zone: TimeZone,
    /// When the digest comes, by it.
    pub digest_at: LocalTime,
    /// When nothing comes that may wait.
    pub quiet_hours: Option<QuietHours>,
    /// How the mails of a group come, where they chose.
    pub deliveries: BTreeMap<NotificationGroup, Delivery>,
}

impl Default for Preferences {
    /// Vietnam, a digest at seven in the morning, no quiet hours, every mail at once.
    fn default() -> Self {
        Self {
            time_zone: VIETNAM,
            digest_at: LocalTime(7 * 60),
            quiet_hours: None,
            deliveries: BTreeMap::new(),
        }
    }
}

/// A mail that does not go out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// What becomes of it.
    pub delivery: Delivery,
    /// When.
    pub until: Timestamp,
}

impl Preferences {
    /// How the mails of that group come.
    pub fn delivery(&self, group: NotificationGroup) -> Delivery {
        let chosen = self.deliveries.get(&group).filter(|chosen| group.choices().contains(chosen));
        chosen.copied().unwrap_or(Delivery::AtOnce)
    }

    /// Has the mails of that group come so.
    pub fn choose(&mut self, group: NotificationGroup, delivery: Delivery) -> Result<(), Reason> {
        if !group.choices().contains(&delivery) {
            return Err(Reason::Malformed { expected: Form::Delivery });
        }
        self.deliveries.insert(group, delivery);
        Ok(())
    }

    /// Whether a mail of that group has to wait, and for what. None: it goes out.
    pub fn hold(&self, group: NotificationGroup, now: Timestamp) -> Option<Held> {
        if group.is_mandatory() {
            return None;
        }
        let delivery = self.delivery(group);
        let until = match delivery {
            Delivery::AtOnce => self.quiet_hours?.end(self.time_zone, now)?,
            Delivery::Digest => self.time_zone.next(self.digest_at, now),
            Delivery::InboxOnly => Timestamp::END_OF_TIME,
        };
        Some(Held { delivery, until })
    }

    /// Of which day the digest is that is due now: one for each.
    pub fn digest_of(&self, now: Timestamp) -> Timestamp {
        self.time_zone.last(self.digest_at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn time(text: &str) -> LocalTime {
        LocalTime::parse(text).unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).unwrap()
    }

    #[test]
    fn what_law_or_fairness_requires_can_be_neither_turned_off_nor_delayed() {
        use NotificationGroup as G;
        let mut deaf = Preferences {
            quiet_hours: QuietHours::new(time("22:00"), time("10:00")).ok(),
            ..Preferences::default()
        };
        let night = at("2026-11-30T02:00:00+07:00");
        for group in G::ALL.iter().copied() {
            let refused =
                Delivery::ALL.iter().filter(|delivery| deaf.choose(group, **delivery).is_err()).count();
            assert_eq!(refused, 3 - group.choices().len(), "{group}");
            assert_eq!(deaf.hold(group, night).is_none(), group.is_mandatory(), "{group}");
            // Whatever stands in the row.
            deaf.deliveries.insert(group, Delivery::InboxOnly);
            assert_eq!(deaf.hold(group, night).is_none(), group.is_mandatory(), "{group}");
        }
        for letter in [
            LetterKind::ProposalSubmitted,
            LetterKind::DecisionPublishedToApplicant,
            LetterKind::ChallengeAmended,
            LetterKind::ClarificationAsked,
            LetterKind::PasswordReset,
            LetterKind::SessionCompromised,
            LetterKind::CouncilMemberAppointed,
            LetterKind::ReviewDue,
        ] {
            assert!(group(letter).is_mandatory(), "{letter}");
        }
        let amended = |audiences: &[Audience]| group_for(LetterKind::ChallengeAmended, audiences);
        assert_eq!(amended(&[Audience::Followers]), G::Following);
        assert_eq!(
            amended(&[Audience::Followers, Audience::Bidders]),
            G::Participation,
            "the stricter counts"
        );
    }

    #[test]
    fn only_what_is_a_zone_or_a_time_is_read_as_one() {
        for name in ["Asia/Ho_Chi_Minh", "Europe/Paris", "America/New_York", "UTC"] {
            assert_eq!(zone(name).name(), name);
        }
        for name in ["", "asia/ho_chi_minh", "GMT+7", "+07:00", "Asia/Atlantis", "Asia/Ho_Chi_Minh "] {
            assert!(TimeZone::parse(name).is_err(), "{name}");
        }
        assert_eq!(TimeZone::from("Asia/Atlantis".to_owned()), VIETNAM);
        for text in ["00:00", "07:05", "23:59"] {
            assert_eq!(time(text).to_string(), text);
        }
        for text in ["", "7:00", "24:00", "07:60", "07:0", "+7:00", "07:00:00", "٠٧:٠٠"] {
            assert_eq!(LocalTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_comes_once_a_day_by_its_readers_clock() {
        for (place, from, digests) in [
            // The same instant lies in another day, there.
            ("Asia/Ho_Chi_Minh", "2026-11-30T23:30:00Z", ["2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"]),
            ("Asia/Ho_Chi_Minh", "2026-12-01T00:00:00Z", ["2026-12-02T00:00:00Z", "2026-12-03T00:00:00Z"]),
            ("Pacific/Kiritimati", "2026-11-30T23:30:00Z", ["2026-12-01T17:00:00Z", "2026-12-02T17:00:00Z"]),
            ("Pacific/Pago_Pago", "2026-12-01T00:30:00Z", ["2026-12-01T18:00:00Z", "2026-12-02T18:00:00Z"]),
            // Clocks go forward on 14 March 2027 and back on 7 November.
            ("America/New_York", "2027-03-13T11:59:59Z", ["2027-03-13T12:00:00Z", "2027-03-14T11:00:00Z"]),
            ("America/New_York", "2027-11-06T10:59:59Z", ["2027-11-06T11:00:00Z", "2027-11-07T12:00:00Z"]),
        ] {
            let zone = zone(place);
            let first = zone.next(time("07:00"), at(from));
            let second = zone.next(time("07:00"), first);
            assert_eq!([first, second], digests.map(at), "{place} {from}");
            assert_eq!(zone.last(time("07:00"), first), first);
            assert_eq!(zone.last(time("07:00"), second.plus_seconds(-1)), first);
        }
    }

    #[test]
    fn a_time_that_clocks_skip_or_show_twice_is_one_time() {
        let new_york = zone("America/New_York");
        // 02:30 is skipped; 01:30 comes twice, and the digest with the first.
        assert_eq!(new_york.next(time("02:30"), at("2027-03-14T06:00:00Z")), at("2027-03-14T07:00:00Z"));
        assert_eq!(new_york.next(time("02:30"), at("2027-03-14T07:00:00Z")), at("2027-03-15T06:30:00Z"));
        let first = at("2027-11-07T05:30:00Z");
        assert_eq!(new_york.next(time("01:30"), at("2027-11-07T05:00:00Z")), first);
        assert_eq!(new_york.next(time("01:30"), first), at("2027-11-08T06:30:00Z"));
        assert_eq!(new_york.last(time("01:30"), at("2027-11-07T06:45:00Z")), first);
    }

    #[test]
    fn quiet_hours_end_by_the_readers_clock() {
        let quiet = |from, until| QuietHours::new(time(from), time(until)).unwrap();
        for (place, hours, now, end) in [
            ("Asia/Ho_Chi_Minh", ("22:00", "06:30"), "2026-11-30T21:59:59+07:00", None),
            (
                "Asia/Ho_Chi_Minh",
                ("22:00", "06:30"),
                "2026-11-30T22:00:00+07:00",
                Some("2026-12-01T06:30:00+07:00"),
            ),
            (
                "Asia/Ho_Chi_Minh",
                ("22:00", "06:30"),
                "2026-12-01T06:29:59+07:00",
                Some("2026-12-01T06:30:00+07:00"),
            ),
            ("Asia/Ho_Chi_Minh", ("22:00", "06:30"), "2026-12-01T06:30:00+07:00", None),
            (
                "Asia/Ho_Chi_Minh",
                ("12:00", "13:00"),
                "2026-12-01T12:30:00+07:00",
                Some("2026-12-01T13:00:00+07:00"),
            ),
            (
                "Europe/Paris",
                ("22:00", "06:30"),
                "2026-12-01T06:29:59+07:00",
                Some("2026-12-01T06:30:00+01:00"),
            ),
            // The night in which clocks go forward is shorter, the one in which they go back longer.
            ("America/New_York", ("22:00", "06:00"), "2027-03-14T06:59:00Z", Some("2027-03-14T10:00:00Z")),
            ("America/New_York", ("22:00", "06:00"), "2027-11-07T05:30:00Z", Some("2027-11-07T11:00:00Z")),
            ("America/New_York", ("22:00", "02:30"), "2027-03-14T06:59:00Z", Some("2027-03-14T07:00:00Z")),
            // The hour that comes twice ends twice.
            ("America/New_York", ("22:00", "01:30"), "2027-11-07T05:29:00Z", Some("2027-11-07T05:30:00Z")),
            ("America/New_York", ("22:00", "01:30"), "2027-11-07T06:10:00Z", Some("2027-11-07T06:30:00Z")),
        ] {
            assert_eq!(quiet(hours.0, hours.1).end(zone(place), at(now)), end.map(at), "{place} {now}");
        }
        for (from, until) in [("22:00", "22:00"), ("22:00", "10:01"), ("06:00", "05:59")] {
            assert!(QuietHours::new(time(from), time(until)).is_err(), "{from} {until}");
        }
    }

    #[test]
    fn what_somebody_prefers_is_read_as_it_was_written() {
        let mut preferences = Preferences { time_zone: zone("Europe/Paris"), ..Preferences::default() };
        preferences.choose(NotificationGroup::Following, Delivery::Digest).unwrap();
        let written = serde_json::to_string(&preferences).unwrap();
        assert_eq!(
            written,
            r#"{"time_zone":"Europe/Paris","digest_at":420,"quiet_hours":null,"deliveries":{"FOLLOWING":"DIGEST"}}"#
        );
        assert_eq!(serde_json::from_str::<Preferences>(&written).unwrap(), preferences);
    }

    proptest::proptest! {
        /// Anywhere and at any time: a digest a day, a day apart but for an hour or two, and quiet hours that end.
        #[test]
        fn wherever_somebody_is_there_is_a_next_time(
            place in 0..chrono_tz::TZ_VARIANTS.len(), seconds in 1_767_225_600_i64..1_893_456_000, minute in 0..1440_u16,
        ) {
            let zone = TimeZone(chrono_tz::TZ_VARIANTS[place]);
            let (now, time) = (Timestamp::from_micros(seconds * 1_000_000), LocalTime(minute));
            let (last, next) = (zone.last(time, now), zone.next(time, now));
            proptest::prop_assert!(last <= now && now < next);
            let apart = next.seconds_since(last) - 86_400;
            proptest::prop_assert!(apart.abs() <= 3 * 3600, "{} {apart}", zone.name());
            let quiet = QuietHours::new(time, LocalTime((minute + 480) % 1440)).unwrap();
            if let Some(end) = quiet.end(zone, now) {
                proptest::prop_assert!(end > now && end.seconds_since(now) <= 11 * 3600, "{}", zone.name());
            }
        }
    }
}
