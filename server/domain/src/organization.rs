//! Organisations and memberships: where most rights come from.

use crate::machine::{self, Rule};
use crate::problem::{Form, Guard, Reason, all};

closed_set! {
    /// What an organisation is.
    pub enum OrganizationKind {
        /// A public agency that owns problems.
        Agency = "AGENCY",
        /// A startup that proposes solutions.
        Startup = "STARTUP",
        /// The programme office, which approves and publishes.
        ProgrammeOffice = "PROGRAMME_OFFICE",
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
    }
}

closed_set! {
    /// What the programme office does with an organisation.
    pub enum OrganizationCommand {
        /// Found to be what it says.
        Verify = "VERIFY",
        /// Refused with a reason.
        Reject = "REJECT",
    }
}

/// `PENDING --> VERIFIED | REJECTED`
pub const TRANSITIONS: &[Rule<OrganizationCommand, OrganizationStatus>] = &[
    Rule {
        command: OrganizationCommand::Verify,
        from: &[OrganizationStatus::Pending],
        to: OrganizationStatus::Verified,
    },
    Rule {
        command: OrganizationCommand::Reject,
        from: &[OrganizationStatus::Pending],
        to: OrganizationStatus::Rejected,
    },
];

/// Verifying or rejecting: by somebody who neither founded the organisation nor belongs to it.
pub fn may_judge(status: OrganizationStatus, command: &OrganizationCommand, is_own: bool) -> Guard {
    machine::allows(TRANSITIONS, status, command)?;
    all([if is_own { Err(Reason::SelfApproval) } else { Ok(()) }])
}

/// Inviting: as long as not too many invitations wait.
pub fn may_invite(waiting: usize) -> Guard {
    let limit = INVITATIONS_MAX;
    all([if waiting < limit { Ok(()) } else { Err(Reason::Quota { limit }) }])
}

closed_set! {
    /// What a person is in an organisation.
    pub enum MembershipRole {
        /// Startup: manages the team, submits and withdraws.
        Owner = "OWNER",
        /// Startup: writes proposals.
        Editor = "EDITOR",
        /// Startup: reads proposals.
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
    /// The kind of organisation in which the role exists.
    pub const fn kind(self) -> OrganizationKind {
        match self {
            Self::Owner | Self::Editor | Self::Viewer => OrganizationKind::Startup,
            Self::Lead | Self::Drafter => OrganizationKind::Agency,
            Self::Officer | Self::Publisher => OrganizationKind::ProgrammeOffice,
        }
    }

    /// The role of the person who founds an organisation of that kind.
    pub const fn founder(kind: OrganizationKind) -> Self {
        match kind {
            OrganizationKind::Startup => Self::Owner,
            OrganizationKind::Agency => Self::Lead,
            OrganizationKind::ProgrammeOffice => Self::Publisher,
        }
    }

    /// Refuses a role that the kind of organisation does not know.
    pub fn fits(self, kind: OrganizationKind) -> Result<(), Reason> {
        if self.kind() == kind { Ok(()) } else { Err(Reason::Malformed { expected: Form::Role }) }
    }
}

/// Most members an organisation may have.
pub const MEMBERS_MAX: usize = 200;

/// Most invitations that may wait at once in an organisation.
pub const INVITATIONS_MAX: usize = 50;
