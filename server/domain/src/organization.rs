//! Organisations and memberships: where most rights come from.

use crate::access::Action;
use crate::id::OrganizationId;
use crate::machine::{self, Rule};
use crate::problem::{Form, Guard, Reason, all};
use crate::time::{Day, LAST_DAY};

closed_set! {
    /// What an organisation is.
    pub enum OrganizationKind {
        /// A public agency that owns problems.
        Agency = "AGENCY",
        /// A startup that proposes solutions.
        Startup = "STARTUP",
        /// People who propose solutions together, without a company.
        Team = "TEAM",
        /// A university or a research institute that proposes solutions.
        Institute = "INSTITUTE",
        /// A company from abroad that proposes solutions.
        ForeignCompany = "FOREIGN_COMPANY",
        /// The programme office, which approves and publishes.
        ProgrammeOffice = "PROGRAMME_OFFICE",
    }
}

impl OrganizationKind {
    /// It bids: whoever proposes solutions does so by the same rules, whatever it is by law.
    pub const fn is_applicant(self) -> bool {
        matches!(self, Self::Startup | Self::Team | Self::Institute | Self::ForeignCompany)
    }

    /// It is part of the administration.
    pub const fn is_public_body(self) -> bool {
        matches!(self, Self::Agency | Self::ProgrammeOffice)
    }
}

closed_set! {
    /// Whether an organisation may act.
    pub enum OrganizationStatus {
        /// Waits for verification by the programme office.
        Pending = "PENDING",
        /// Verified.
        Verified = "VERIFIED",
        /// Refused, with a reason.
        Rejected = "REJECTED",
        /// Stopped by the programme office for a time, with a reason.
        Suspended = "SUSPENDED",
        /// No more; perhaps another one took its place.
        Closed = "CLOSED",
    }
}

impl OrganizationStatus {
    /// Everybody may know of it.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Verified | Self::Closed)
    }

    /// Refuses every act of an organisation that was rejected, suspended or closed. Its members go on reading what is theirs.
    pub const fn must_act(self) -> Result<(), Reason> {
        match self {
            Self::Pending | Self::Verified => Ok(()),
            Self::Rejected | Self::Suspended | Self::Closed => Err(Reason::OrganizationInactive),
        }
    }

    /// Refuses what only a verified organisation does, gets or is asked to do.
    pub const fn must_be_verified(self) -> Result<(), Reason> {
        match self {
            Self::Verified => Ok(()),
            _ => Err(Reason::OrganizationNotVerified),
        }
    }
}

closed_set! {
    /// What is done with an organisation.
    pub enum OrganizationCommand {
        /// Change its name, its handle or its place among public bodies.
        Edit = "EDIT",
        /// Found to be what it says.
        Verify = "VERIFY",
        /// Refused with a reason.
        Reject = "REJECT",
        /// Stopped for a time.
        Suspend = "SUSPEND",
        /// Let go on.
        Reinstate = "REINSTATE",
        /// Ended for good.
        Close = "CLOSE",
    }
}

use OrganizationCommand as C;
use OrganizationStatus as S;

/// `PENDING --> VERIFIED | REJECTED; VERIFIED <--> SUSPENDED; VERIFIED | SUSPENDED --> CLOSED`
pub const TRANSITIONS: &[Rule<OrganizationCommand, OrganizationStatus>] = &[
    Rule { command: C::Edit, from: &[S::Pending], to: S::Pending },
    Rule { command: C::Edit, from: &[S::Verified], to: S::Verified },
    Rule { command: C::Edit, from: &[S::Suspended], to: S::Suspended },
    Rule { command: C::Verify, from: &[S::Pending], to: S::Verified },
    Rule { command: C::Reject, from: &[S::Pending], to: S::Rejected },
    Rule { command: C::Suspend, from: &[S::Verified], to: S::Suspended },
    Rule { command: C::Reinstate, from: &[S::Suspended], to: S::Verified },
    Rule { command: C::Close, from: &[S::Verified, S::Suspended], to: S::Closed },
];

/// Whose business a new name is: its managers' while it waits for verification, afterwards the programme office's, which
/// verified it by that name.
pub const fn renamed_by(status: OrganizationStatus) -> Action {
    match status {
        S::Pending => Action::EditOrganization,
        _ => Action::RenameOrganization,
    }
}

/// Whose business it is to verify, stop or close an organisation. No programme office judges another, nor itself.
pub const fn judged_by(kind: OrganizationKind, command: OrganizationCommand) -> Action {
    match (kind, command) {
        (OrganizationKind::ProgrammeOffice, C::Suspend | C::Reinstate | C::Close) => {
            Action::RuleProgrammeOffice
        }
        (_, C::Close) => Action::CloseOrganization,
        (_, C::Suspend | C::Reinstate) => Action::SuspendOrganization,
        (_, C::Edit | C::Verify | C::Reject) => Action::VerifyOrganization,
    }
}

/// Verifying, stopping, closing: nobody judges a house of their own, nor verifies what they founded.
pub fn may_judge(
    status: OrganizationStatus,
    command: OrganizationCommand,
    is_founder: bool,
    is_member: bool,
) -> Guard {
    let is_own = is_member || (is_founder && matches!(command, C::Verify | C::Reject));
    all([if is_own { Err(Reason::SelfApproval) } else { Ok(()) }])?;
    machine::allows(TRANSITIONS, status, &command)
}

/// Inviting: by a house that may act, as long as not too many invitations wait.
pub fn may_invite(status: OrganizationStatus, waiting: usize) -> Guard {
    let limit = INVITATIONS_MAX;
    all([status.must_act(), if waiting < limit { Ok(()) } else { Err(Reason::Quota { limit }) }])
}

closed_set! {
    /// What a person is in an organisation.
    pub enum MembershipRole {
        /// Applicant: manages the team, submits and withdraws.
        Owner = "OWNER",
        /// Applicant: writes proposals.
        Editor = "EDITOR",
        /// Applicant: reads proposals.
        Viewer = "VIEWER",
        /// Agency: manages the unit, drafts, submits for approval.
        Lead = "LEAD",
        /// Agency: drafts and submits for approval.
        Drafter = "DRAFTER",
        /// Programme office: returns or approves, appoints councils, verifies organisations.
        Officer = "OFFICER",
        /// Programme office: the publishing authority.
        Publisher = "PUBLISHER",
    }
}

impl MembershipRole {
    /// Whether the role exists in that kind of organisation.
    const fn is_of(self, kind: OrganizationKind) -> bool {
        match self {
            Self::Owner | Self::Editor | Self::Viewer => kind.is_applicant(),
            Self::Lead | Self::Drafter => matches!(kind, OrganizationKind::Agency),
            Self::Officer | Self::Publisher => matches!(kind, OrganizationKind::ProgrammeOffice),
        }
    }

    /// The role of the person who founds an organisation of that kind, and of all who manage it.
    pub const fn founder(kind: OrganizationKind) -> Self {
        match kind {
            OrganizationKind::Startup
            | OrganizationKind::Team
            | OrganizationKind::Institute
            | OrganizationKind::ForeignCompany => Self::Owner,
            OrganizationKind::Agency => Self::Lead,
            OrganizationKind::ProgrammeOffice => Self::Publisher,
        }
    }

    /// Refuses a role that the kind of organisation does not know.
    pub const fn fits(self, kind: OrganizationKind) -> Result<(), Reason> {
        if self.is_of(kind) { Ok(()) } else { Err(Reason::Malformed { expected: Form::Role }) }
    }

    /// Manages the organisation.
    pub const fn manages(self) -> bool {
        matches!(self, Self::Owner | Self::Lead | Self::Publisher)
    }
}

/// The last who manages an organisation stays, and stays a manager.
pub const fn may_step_down(role: MembershipRole, other_managers: u64) -> Result<(), Reason> {
    if role.manages() && other_managers == 0 { Err(Reason::IncompatibleRole) } else { Ok(()) }
}

/// Nobody raises themselves: one's own role is changed as a manager of that organisation, never as a helper from outside.
pub const fn may_change_role(is_own: bool, manages_by_seat: bool) -> Result<(), Reason> {
    if is_own && !manages_by_seat { Err(Reason::NotPermitted) } else { Ok(()) }
}

/// Whether one organisation may stand below another. `above`: the other one and everything above that.
pub fn may_stand_below(
    organization: OrganizationId,
    parent: OrganizationKind,
    above: &[OrganizationId],
) -> Result<(), Reason> {
    if parent.is_public_body() && above.len() < LEVELS_MAX && !above.contains(&organization) {
        Ok(())
    } else {
        Err(Reason::Malformed { expected: Form::Parent })
    }
}

/// Whether an organisation may carry on what another one did: a public body for a public body, an applicant for an
/// applicant. It is verified, so that no chain of successors comes back to where it began.
pub fn may_succeed(
    closed: (OrganizationId, OrganizationKind),
    successor: (OrganizationId, OrganizationKind, OrganizationStatus),
) -> Result<(), Reason> {
    if closed.0 == successor.0 || closed.1.is_applicant() != successor.1.is_applicant() {
        return Err(Reason::Malformed { expected: Form::Successor });
    }
    successor.2.must_be_verified()
}

/// A last day is not before the first.
pub fn days_in_order(from: Option<&Day>, until: Option<&Day>) -> Result<(), Reason> {
    match (from, until) {
        (Some(from), Some(until)) if until < from => {
            Err(Reason::OutOfRange { min: from.as_str().to_owned(), max: LAST_DAY.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Most members an organisation may have.
pub const MEMBERS_MAX: usize = 200;

/// Most invitations that may wait at once in an organisation.
pub const INVITATIONS_MAX: usize = 50;

/// Most invitations that one person may send within 24 hours, in all organisations together: each is a mail to somebody who
/// did not ask for it.
pub const INVITATIONS_A_DAY: usize = 50;

/// Most levels of public bodies above one of them.
pub const LEVELS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whoever_bids_has_the_roles_of_a_team_and_no_others() {
        for kind in OrganizationKind::ALL {
            assert_ne!(kind.is_applicant(), kind.is_public_body(), "{kind}");
            assert!(
                MembershipRole::founder(*kind).fits(*kind).is_ok()
                    && MembershipRole::founder(*kind).manages()
            );
            let roles = MembershipRole::ALL.iter().filter(|role| role.fits(*kind).is_ok());
            let names: Vec<_> = roles.map(|role| role.name()).collect();
            let expected: &[_] = match kind {
                OrganizationKind::Agency => &["LEAD", "DRAFTER"],
                OrganizationKind::ProgrammeOffice => &["OFFICER", "PUBLISHER"],
                _ => &["OWNER", "EDITOR", "VIEWER"],
            };
            assert_eq!(names, expected, "{kind}");
        }
    }

    #[test]
    fn the_last_manager_stays_and_nobody_raises_themselves() {
        assert_eq!(may_step_down(MembershipRole::Owner, 0), Err(Reason::IncompatibleRole));
        assert!(
            may_step_down(MembershipRole::Owner, 1).is_ok()
                && may_step_down(MembershipRole::Editor, 0).is_ok()
        );
        assert_eq!(may_change_role(true, false), Err(Reason::NotPermitted));
        assert!(may_change_role(true, true).is_ok() && may_change_role(false, false).is_ok());
    }

    #[test]
    fn public_bodies_stand_below_one_another_without_a_circle() {
        let [me, parent, grandparent] = [1, 2, 3].map(|id| OrganizationId(Uuid::from_u128(id)));
        let below = |kind, above: &[_]| may_stand_below(me, kind, above).is_ok();
        assert!(below(OrganizationKind::Agency, &[parent, grandparent]));
        assert!(below(OrganizationKind::ProgrammeOffice, &[parent]));
        assert!(!below(OrganizationKind::Startup, &[parent]));
        assert!(!below(OrganizationKind::Agency, &[parent, me]) && !below(OrganizationKind::Agency, &[me]));
        assert!(!below(OrganizationKind::Agency, &[parent; LEVELS_MAX]));
    }

    #[test]
    fn what_closes_is_followed_by_something_of_its_like_that_stands() {
        let [me, other] = [1, 2].map(|id| OrganizationId(Uuid::from_u128(id)));
        let follows = |by, status| may_succeed((me, OrganizationKind::Agency), (other, by, status));
        assert!(follows(OrganizationKind::Agency, S::Verified).is_ok());
        assert!(follows(OrganizationKind::ProgrammeOffice, S::Verified).is_ok());
        assert!(follows(OrganizationKind::Startup, S::Verified).is_err());
        assert_eq!(follows(OrganizationKind::Agency, S::Closed), Err(Reason::OrganizationNotVerified));
        let itself = (me, OrganizationKind::Agency, S::Verified);
        assert!(may_succeed((me, OrganizationKind::Agency), itself).is_err());
    }

    #[test]
    fn only_what_waits_or_is_verified_acts() {
        let acting: Vec<_> = S::ALL.iter().filter(|status| status.must_act().is_ok()).collect();
        assert_eq!(acting, [&S::Pending, &S::Verified]);
        let public: Vec<_> = S::ALL.iter().filter(|status| status.is_public()).collect();
        assert_eq!(public, [&S::Verified, &S::Closed]);
    }
}
