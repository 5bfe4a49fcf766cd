//! Acting for a unit: by a recorded decision another public body drafts the unit's challenges for a time. A ward without
//! staff has problems too.

use crate::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use crate::problem::{Form, Reason};
use crate::time::{Day, LAST_DAY};

closed_set! {
    /// Where a delegation stands. Its days alone decide, unless it was revoked: nothing of this is stored.
    pub enum DelegationStatus {
        /// Its first day is to come.
        Upcoming = "UPCOMING",
        /// It holds.
        InForce = "IN_FORCE",
        /// Its last day has passed.
        Expired = "EXPIRED",
        /// It was ended before its time.
        Revoked = "REVOKED",
    }
}

impl DelegationStatus {
    /// Refuses to end what is over.
    pub fn must_stand(self) -> Result<(), Reason> {
        match self {
            Self::Upcoming | Self::InForce => Ok(()),
            Self::Expired | Self::Revoked => Err(Reason::Transition {
                current: self.name(),
                allowed: vec![Self::Upcoming.name(), Self::InForce.name()],
            }),
        }
    }
}

/// Most delegations of a unit that hold now or will.
pub const DELEGATIONS_MAX: usize = 20;

/// From the first day to the last, both included, by the calendar in Vietnam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days<'a> {
    /// The first day.
    pub from: &'a Day,
    /// The last day.
    pub until: &'a Day,
}

impl Days<'_> {
    /// Where a delegation of these days stands on that day.
    pub fn status(self, is_revoked: bool, today: &Day) -> DelegationStatus {
        if is_revoked {
            DelegationStatus::Revoked
        } else if today < self.from {
            DelegationStatus::Upcoming
        } else if today <= self.until {
            DelegationStatus::InForce
        } else {
            DelegationStatus::Expired
        }
    }

    /// They have a day in common.
    pub fn meet(self, other: Days<'_>) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// In order, and not over already.
    pub fn must_come(self, today: &Day) -> Result<(), Reason> {
        let min = self.from.max(today);
        if self.until >= min {
            return Ok(());
        }
        Err(Reason::OutOfRange { min: min.as_str().to_owned(), max: LAST_DAY.to_owned() })
    }
}

/// The unit's lead decides; an officer does only where there is none to decide.
pub const fn may_delegate(is_lead: bool, unit_has_lead: bool) -> Result<(), Reason> {
    if is_lead || !unit_has_lead { Ok(()) } else { Err(Reason::NotPermitted) }
}

/// Who may be asked to draft for a unit: another public body, verified.
pub const fn may_be_asked(
    is_the_unit: bool,
    kind: OrganizationKind,
    status: OrganizationStatus,
) -> Result<(), Reason> {
    if is_the_unit || !kind.is_public_body() {
        return Err(Reason::Malformed { expected: Form::PublicBody });
    }
    status.must_be_verified()
}

/// Who in the body that was asked acts for the unit: whoever drafts there, or an officer. They draft and hand in, no more.
pub const fn acts(role: MembershipRole) -> bool {
    matches!(role, MembershipRole::Lead | MembershipRole::Drafter | MembershipRole::Officer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn both_ends_belong_to_it() {
        let [before, first, last, after] = ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"].map(day);
        let november = Days { from: &first, until: &last };
        let states = [&before, &first, &last, &after].map(|today| november.status(false, today));
        assert_eq!(states.map(DelegationStatus::name), ["UPCOMING", "IN_FORCE", "IN_FORCE", "EXPIRED"]);
        assert_eq!(november.status(true, &first), DelegationStatus::Revoked);
        assert!(states.map(|state| state.must_stand().is_ok()) == [true, true, true, false]);
        assert!(november.meet(Days { from: &last, until: &after }));
        assert!(!november.meet(Days { from: &after, until: &after }));
        assert!(november.must_come(&last).is_ok() && november.must_come(&before).is_ok());
        assert!(november.must_come(&after).is_err(), "it is over");
        assert!(Days { from: &last, until: &first }.must_come(&before).is_err(), "not in order");
    }

    #[test]
    fn an_officer_decides_only_where_nobody_else_can() {
        assert!(may_delegate(true, true).is_ok() && may_delegate(false, false).is_ok());
        assert_eq!(may_delegate(false, true), Err(Reason::NotPermitted));
    }

    #[test]
    fn only_another_public_body_that_stands_is_asked_and_its_publisher_does_not_draft() {
        use OrganizationKind as K;
        use OrganizationStatus as S;
        assert!(may_be_asked(false, K::Agency, S::Verified).is_ok());
        assert!(may_be_asked(false, K::ProgrammeOffice, S::Verified).is_ok());
        for (is_the_unit, kind, status) in [
            (true, K::Agency, S::Verified),
            (false, K::Startup, S::Verified),
            (false, K::Institute, S::Verified),
            (false, K::Agency, S::Suspended),
            (false, K::Agency, S::Pending),
        ] {
            assert!(may_be_asked(is_the_unit, kind, status).is_err(), "{kind} {status}");
        }
        let acting: Vec<_> = MembershipRole::ALL.iter().filter(|role| acts(**role)).collect();
        assert_eq!(acting, [&MembershipRole::Lead, &MembershipRole::Drafter, &MembershipRole::Officer]);
    }
}
