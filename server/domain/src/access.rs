//! Who may do what: one table. Rights come from a membership, an appointment or a grant on the resource at hand; whether
//! the resource may be *known* is decided earlier, by the scope through which it was read.
//!
//! What else must hold for each action stands in [`Action::terms`], who may read what in [`READS`].

mod reads;
mod terms;

pub use reads::{READS, Read, Reader, Subject};
pub use terms::Terms;

closed_set! {
    /// What a person is with regard to one resource.
    pub enum Role {
        /// Anybody who is signed in.
        SignedIn = "SIGNED_IN",
        /// Owner in the applicant at hand.
        TeamOwner = "TEAM_OWNER",
        /// Editor in the applicant at hand.
        TeamEditor = "TEAM_EDITOR",
        /// Viewer in the applicant at hand.
        TeamViewer = "TEAM_VIEWER",
        /// Lead in the agency at hand.
        AgencyLead = "AGENCY_LEAD",
        /// Drafter in the agency at hand, or acting for it by a recorded delegation.
        AgencyDrafter = "AGENCY_DRAFTER",
        /// Programme officer.
        Officer = "OFFICER",
        /// Publishing authority in the programme office.
        Publisher = "PUBLISHER",
        /// Chair of the council at hand.
        Chair = "CHAIR",
        /// Vice chair of the council at hand.
        ViceChair = "VICE_CHAIR",
        /// Scientific secretary of the council at hand.
        Secretary = "SECRETARY",
        /// Reviewer on the council at hand.
        Reviewer = "REVIEWER",
        /// Any other member of the council at hand.
        Member = "MEMBER",
        /// Named authority that decides the challenge at hand.
        DecisionMaker = "DECISION_MAKER",
        /// Auditor of the platform.
        Auditor = "AUDITOR",
        /// Administrator of the platform.
        Administrator = "ADMINISTRATOR",
    }
}

closed_set! {
    /// What a person may want to do.
    pub enum Action {
        /// Deactivate somebody's account, or bring it back; give posts on the platform, or take them.
        ManageAccounts = "MANAGE_ACCOUNTS",
        /// Found an applicant or an agency.
        CreateOrganization = "CREATE_ORGANIZATION",
        /// Found a programme office.
        CreateProgrammeOffice = "CREATE_PROGRAMME_OFFICE",
        /// Verify or reject an organisation.
        VerifyOrganization = "VERIFY_ORGANIZATION",
        /// Register an agency that has no staff.
        RegisterUnit = "REGISTER_UNIT",
        /// Change name and handle of an organisation that waits for verification.
        EditOrganization = "EDIT_ORGANIZATION",
        /// Say in public what an organisation is and does.
        DescribeOrganization = "DESCRIBE_ORGANIZATION",
        /// Change name and handle of an organisation afterwards.
        RenameOrganization = "RENAME_ORGANIZATION",
        /// Say what a public body stands below, and from when to when it exists.
        PlaceOrganization = "PLACE_ORGANIZATION",
        /// Suspend an organisation, or let it go on.
        SuspendOrganization = "SUSPEND_ORGANIZATION",
        /// Close an organisation.
        CloseOrganization = "CLOSE_ORGANIZATION",
        /// Suspend or close a programme office, or let it go on.
        RuleProgrammeOffice = "RULE_PROGRAMME_OFFICE",
        /// Invite members, change their roles, remove them.
        ManageMembers = "MANAGE_MEMBERS",
        /// Say at which addresses an organisation is told what happens, and of what.
        ManageWebhooks = "MANAGE_WEBHOOKS",
        /// Invite a lead into an agency that has none.
        InviteLead = "INVITE_LEAD",
        /// Let another public body draft for a unit, or end that; an officer begins it only for a unit without a lead.
        DelegateUnit = "DELEGATE_UNIT",
        /// Record the working group of a unit.
        EstablishWorkingGroup = "ESTABLISH_WORKING_GROUP",
        /// Keep the expert register.
        RegisterExperts = "REGISTER_EXPERTS",
        /// Draft a challenge and change the draft.
        WriteChallenge = "WRITE_CHALLENGE",
        /// Hand the draft in for approval.
        SubmitChallenge = "SUBMIT_CHALLENGE",
        /// Take an approved challenge back.
        RecallChallenge = "RECALL_CHALLENGE",
        /// Ask for changes.
        RequestChallengeChanges = "REQUEST_CHALLENGE_CHANGES",
        /// Approve a challenge.
        ApproveChallenge = "APPROVE_CHALLENGE",
        /// Publish a challenge.
        PublishChallenge = "PUBLISH_CHALLENGE",
        /// Change what is published of a challenge.
        AmendChallenge = "AMEND_CHALLENGE",
        /// Announce something about a challenge.
        PublishAnnouncement = "PUBLISH_ANNOUNCEMENT",
        /// Say that a challenge is the duplicate of another one, or is not.
        LinkDuplicate = "LINK_DUPLICATE",
        /// Halt a challenge, or let it go on.
        PauseChallenge = "PAUSE_CHALLENGE",
        /// Give a challenge up.
        CancelChallenge = "CANCEL_CHALLENGE",
        /// Ask about a challenge.
        AskQuestion = "ASK_QUESTION",
        /// Answer a question, or decline to.
        AnswerQuestion = "ANSWER_QUESTION",
        /// Name who decides.
        NameDecisionMaker = "NAME_DECISION_MAKER",
        /// Appoint council members.
        AppointCouncil = "APPOINT_COUNCIL",
        /// Draft a proposal and change the draft.
        WriteProposal = "WRITE_PROPOSAL",
        /// Submit, withdraw, revive.
        SubmitProposal = "SUBMIT_PROPOSAL",
        /// Ask for the opening of the sealed proposals.
        RequestOpening = "REQUEST_OPENING",
        /// Be the second person who opens them.
        ConfirmOpening = "CONFIRM_OPENING",
        /// Find proposals eligible or not.
        ScreenProposal = "SCREEN_PROPOSAL",
        /// Ask that a proposal be taken out of the running.
        RequestDisqualification = "REQUEST_DISQUALIFICATION",
        /// Take it out, or refuse to.
        RuleOnDisqualification = "RULE_ON_DISQUALIFICATION",
        /// Offer reviews to council members.
        AssignReviews = "ASSIGN_REVIEWS",
        /// Declare a conflict of interest, or none.
        DeclareConflict = "DECLARE_CONFLICT",
        /// Fill in one's own score sheet.
        Score = "SCORE",
        /// Give a sheet that is in back to its member.
        ReopenReview = "REOPEN_REVIEW",
        /// Ask that a locked sheet be taken out of the count.
        RequestVoid = "REQUEST_VOID",
        /// Take it out.
        ConfirmVoid = "CONFIRM_VOID",
        /// Lock the round.
        LockRound = "LOCK_ROUND",
        /// Read sheets, averages and the ranking once locked.
        ReadRanking = "READ_RANKING",
        /// Hand over for the decision, and put its draft before the decision maker.
        ProposeDecision = "PROPOSE_DECISION",
        /// Write outcomes and feedback into the draft.
        DraftDecision = "DRAFT_DECISION",
        /// Approve or return the decision.
        ApproveDecision = "APPROVE_DECISION",
        /// Publish the decision.
        PublishDecision = "PUBLISH_DECISION",
        /// Appeal against a published decision.
        FileAppeal = "FILE_APPEAL",
        /// Rule on an appeal.
        RuleOnAppeal = "RULE_ON_APPEAL",
    }
}

/// Every action and the roles that may take it. What stands in no row, nobody may.
pub const MATRIX: &[(Action, &[Role])] = &[
    (Action::ManageAccounts, &[Role::Administrator]),
    (Action::CreateOrganization, &[Role::SignedIn]),
    (Action::CreateProgrammeOffice, &[Role::Administrator]),
    (Action::VerifyOrganization, &[Role::Officer, Role::Publisher]),
    (Action::RegisterUnit, &[Role::Officer]),
    (Action::EditOrganization, &[Role::TeamOwner, Role::AgencyLead]),
    (Action::DescribeOrganization, &[Role::TeamOwner, Role::AgencyLead, Role::Publisher]),
    (Action::RenameOrganization, &[Role::Officer, Role::Publisher]),
    (Action::PlaceOrganization, &[Role::Officer]),
    (Action::SuspendOrganization, &[Role::Officer, Role::Publisher]),
    (Action::CloseOrganization, &[Role::Officer, Role::Publisher]),
    (Action::RuleProgrammeOffice, &[Role::Administrator]),
    (Action::ManageMembers, &[Role::TeamOwner, Role::AgencyLead, Role::Publisher, Role::Administrator]),
    (Action::ManageWebhooks, &[Role::TeamOwner, Role::AgencyLead, Role::Publisher]),
    (Action::InviteLead, &[Role::Officer]),
    (Action::DelegateUnit, &[Role::AgencyLead, Role::Officer]),
    (Action::EstablishWorkingGroup, &[Role::AgencyLead, Role::Officer]),
    (Action::RegisterExperts, &[Role::Officer]),
    (Action::WriteChallenge, &[Role::AgencyLead, Role::AgencyDrafter]),
    (Action::SubmitChallenge, &[Role::AgencyLead, Role::AgencyDrafter]),
    (Action::RecallChallenge, &[Role::AgencyLead]),
    (Action::RequestChallengeChanges, &[Role::Officer]),
    (Action::ApproveChallenge, &[Role::Officer]),
    (Action::PublishChallenge, &[Role::Publisher]),
    (Action::AmendChallenge, &[Role::AgencyLead]),
    (Action::PublishAnnouncement, &[Role::AgencyLead, Role::Officer]),
    (Action::LinkDuplicate, &[Role::Officer]),
    (Action::PauseChallenge, &[Role::Officer]),
    (Action::CancelChallenge, &[Role::Publisher]),
    (Action::AskQuestion, &[Role::TeamOwner, Role::TeamEditor]),
    (Action::AnswerQuestion, &[Role::AgencyLead, Role::AgencyDrafter, Role::Officer]),
    (Action::NameDecisionMaker, &[Role::Officer]),
    (Action::AppointCouncil, &[Role::Officer]),
    (Action::WriteProposal, &[Role::TeamOwner, Role::TeamEditor]),
    (Action::SubmitProposal, &[Role::TeamOwner]),
    (Action::RequestOpening, &[Role::Secretary]),
    (Action::ConfirmOpening, &[Role::Chair, Role::ViceChair, Role::Officer]),
    (Action::ScreenProposal, &[Role::Secretary, Role::Chair, Role::ViceChair]),
    (Action::RequestDisqualification, &[Role::Secretary]),
    (Action::RuleOnDisqualification, &[Role::DecisionMaker]),
    (Action::AssignReviews, &[Role::Secretary, Role::Chair, Role::ViceChair]),
    (
        Action::DeclareConflict,
        &[Role::Chair, Role::ViceChair, Role::Secretary, Role::Reviewer, Role::Member, Role::DecisionMaker],
    ),
    (Action::Score, &[Role::Chair, Role::ViceChair, Role::Reviewer, Role::Member]),
    (Action::ReopenReview, &[Role::Chair]),
    (Action::RequestVoid, &[Role::Chair]),
    (Action::ConfirmVoid, &[Role::DecisionMaker]),
    (Action::LockRound, &[Role::Chair, Role::ViceChair]),
    (
        Action::ReadRanking,
        &[
            Role::Chair,
            Role::ViceChair,
            Role::Secretary,
            Role::Reviewer,
            Role::Member,
            Role::DecisionMaker,
            Role::Auditor,
        ],
    ),
    (Action::ProposeDecision, &[Role::Chair, Role::ViceChair]),
    (Action::DraftDecision, &[Role::Chair, Role::ViceChair, Role::Secretary]),
    (Action::ApproveDecision, &[Role::DecisionMaker]),
    (Action::PublishDecision, &[Role::Publisher]),
    (Action::FileAppeal, &[Role::TeamOwner]),
    (Action::RuleOnAppeal, &[Role::Publisher]),
];

/// Who learns, beside its member, by whom a review is: row `REVIEWER` of [`READS`].
pub const KNOW_REVIEWERS: &[Role] =
    &[Role::Chair, Role::ViceChair, Role::Secretary, Role::DecisionMaker, Role::Auditor];

/// The roles a viewer has on one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u32);

impl Roles {
    /// With one more role.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u32)
    }

    /// Has the role.
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u32) != 0
    }

    /// Has any of the roles that sit on a council.
    pub fn on_council(self) -> bool {
        [Role::Chair, Role::ViceChair, Role::Secretary, Role::Reviewer, Role::Member]
            .into_iter()
            .any(|role| self.has(role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::default(), Self::with)
    }
}

/// Whether somebody with these roles on the resource may take the action.
pub fn may(action: Action, roles: Roles) -> bool {
    MATRIX.iter().any(|(entry, allowed)| *entry == action && allowed.iter().any(|role| roles.has(*role)))
}

/// The matrix in print, for people to read: an action a line, then the roles that may.
pub fn print() -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for action in Action::ALL {
        let allowed: Vec<_> = Role::ALL
            .iter()
            .filter(|role| may(*action, Roles::default().with(**role)))
            .map(|role| role.name())
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:<26} {}", action.name(), allowed.join(", "));
    }
    out
}

/// Who may do what in which state and on what terms, and who may read what: the table that a lawyer reads.
pub fn print_rules() -> String {
    let (acts, reads) = (terms::print(), reads::print());
    format!("Acts\n====\n\n{acts}\nReading\n=======\n\n{reads}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_in_exactly_one_row_and_an_administrator_reads_nothing_sealed() {
        for action in Action::ALL {
            assert_eq!(MATRIX.iter().filter(|(entry, _)| entry == action).count(), 1, "{action}");
            assert!(!may(*action, Roles::default()), "{action} without any role");
        }
        let administrator = Roles::default().with(Role::Administrator);
        let allowed: Vec<_> =
            Action::ALL.iter().filter(|action| may(**action, administrator)).copied().collect();
        assert_eq!(
            allowed,
            [
                Action::ManageAccounts,
                Action::CreateProgrammeOffice,
                Action::RuleProgrammeOffice,
                Action::ManageMembers
            ]
        );
    }
}
