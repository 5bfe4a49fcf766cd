//! What somebody may do with a thing now, and why not. The lists name every action that the schema has a mutation for; the
//! guards are the ones that the commands call, so that what is promised here is kept there.

use crate::access::Action;
use crate::decision::DecisionCommand;
use crate::organization::{OrganizationCommand, OrganizationKind, judged_by};
use crate::problem::{Code, Guard};

/// An action, and whether it is possible now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible<A> {
    /// What is to be done.
    pub action: A,
    /// What is in the way.
    pub guard: Guard,
}

impl<A> Possible<A> {
    /// Nothing is in the way but perhaps what is sent along.
    pub const fn is_allowed(&self) -> bool {
        self.guard.is_ok()
    }

    /// The codes of what is in the way, each once.
    pub fn reasons(&self) -> Vec<Code> {
        reasons(&self.guard)
    }
}

/// The codes of what is in the way, each once, in the order of the guard.
pub fn reasons(guard: &Guard) -> Vec<Code> {
    let mut codes = Vec::new();
    for problem in guard.as_ref().err().into_iter().flatten() {
        let code = problem.reason.code();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

closed_set! {
    /// What people do with a challenge.
    pub enum ChallengeAction {
        /// Change the draft.
        Edit = "EDIT",
        /// Hand in for approval.
        SubmitForApproval = "SUBMIT_FOR_APPROVAL",
        /// Return to the agency.
        RequestChanges = "REQUEST_CHANGES",
        /// Approve.
        Approve = "APPROVE",
        /// Take back an approved challenge.
        Recall = "RECALL",
        /// Make public.
        Publish = "PUBLISH",
        /// Appoint a council member.
        AppointCouncilMember = "APPOINT_COUNCIL_MEMBER",
        /// Name who decides.
        NameDecisionMaker = "NAME_DECISION_MAKER",
        /// Ask for the opening of the sealed proposals.
        RequestOpening = "REQUEST_OPENING",
        /// Open the sealed proposals as the second person.
        OpenProposals = "OPEN_PROPOSALS",
        /// Offer reviews.
        AssignReviews = "ASSIGN_REVIEWS",
        /// Lock the round.
        LockRound = "LOCK_ROUND",
        /// Hand over to the decision maker.
        StartDecision = "START_DECISION",
    }
}

impl ChallengeAction {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Edit => Action::WriteChallenge,
            Self::SubmitForApproval => Action::SubmitChallenge,
            Self::RequestChanges => Action::RequestChallengeChanges,
            Self::Approve => Action::ApproveChallenge,
            Self::Recall => Action::RecallChallenge,
            Self::Publish => Action::PublishChallenge,
            Self::AppointCouncilMember => Action::AppointCouncil,
            Self::NameDecisionMaker => Action::NameDecisionMaker,
            Self::RequestOpening => Action::RequestOpening,
            Self::OpenProposals => Action::ConfirmOpening,
            Self::AssignReviews => Action::AssignReviews,
            Self::LockRound => Action::LockRound,
            Self::StartDecision => Action::ProposeDecision,
        }
    }
}

closed_set! {
    /// What people do with a proposal: its team, and those who evaluate it.
    pub enum ProposalAction {
        /// Change the working copy.
        Edit = "EDIT",
        /// Hand in the working copy as the next version.
        Submit = "SUBMIT",
        /// Take back.
        Withdraw = "WITHDRAW",
        /// Declare a conflict of interest.
        DeclareConflict = "DECLARE_CONFLICT",
        /// Declare to be without conflict of interest.
        DeclareNoConflict = "DECLARE_NO_CONFLICT",
        /// Find eligible.
        Admit = "ADMIT",
        /// Find ineligible.
        Refuse = "REFUSE",
        /// Offer reviews of it.
        StartReview = "START_REVIEW",
    }
}

impl ProposalAction {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Edit => Action::WriteProposal,
            Self::Submit | Self::Withdraw => Action::SubmitProposal,
            Self::DeclareConflict | Self::DeclareNoConflict => Action::DeclareConflict,
            Self::Admit | Self::Refuse => Action::ScreenProposal,
            Self::StartReview => Action::AssignReviews,
        }
    }

    /// Belongs to the proposal's team; everything else to those who evaluate it.
    pub const fn is_of_team(self) -> bool {
        matches!(self, Self::Edit | Self::Submit | Self::Withdraw)
    }
}

closed_set! {
    /// What a member does with the own review. Conflicts are declared on the proposal.
    pub enum ReviewAction {
        /// Save the sheet.
        Save = "SAVE",
        /// Hand the sheet in.
        Submit = "SUBMIT",
    }
}

impl DecisionCommand {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Edit => Action::DraftDecision,
            Self::Propose => Action::ProposeDecision,
            Self::Return | Self::Approve => Action::ApproveDecision,
            Self::Publish => Action::PublishDecision,
        }
    }
}

closed_set! {
    /// What people do with an organisation.
    pub enum OrganizationAction {
        /// Find it to be what it says.
        Verify = "VERIFY",
        /// Refuse it with a reason.
        Reject = "REJECT",
        /// Stop it for a time.
        Suspend = "SUSPEND",
        /// Let it go on.
        Reinstate = "REINSTATE",
        /// End it for good.
        Close = "CLOSE",
        /// Invite somebody.
        InviteMember = "INVITE_MEMBER",
        /// Remove a member.
        RemoveMember = "REMOVE_MEMBER",
        /// Give a member another role.
        ChangeMemberRole = "CHANGE_MEMBER_ROLE",
    }
}

impl OrganizationAction {
    /// The row of the permission table that it needs.
    pub const fn right(self, kind: OrganizationKind) -> Action {
        match self.judgement() {
            Some(command) => judged_by(kind, command),
            None => Action::ManageMembers,
        }
    }

    /// The command of the state machine behind it; None for what concerns members.
    pub const fn judgement(self) -> Option<OrganizationCommand> {
        match self {
            Self::Verify => Some(OrganizationCommand::Verify),
            Self::Reject => Some(OrganizationCommand::Reject),
            Self::Suspend => Some(OrganizationCommand::Suspend),
            Self::Reinstate => Some(OrganizationCommand::Reinstate),
            Self::Close => Some(OrganizationCommand::Close),
            Self::InviteMember | Self::RemoveMember | Self::ChangeMemberRole => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Problem, Reason, all};

    #[test]
    fn reasons_are_codes_each_once() {
        let problem = |field| Problem::at(field, Reason::Required);
        let guard = Err(vec![Problem::whole(Reason::SelfApproval), problem("a"), problem("b")]);
        let possible = Possible { action: ReviewAction::Save, guard };
        assert!(!possible.is_allowed());
        assert_eq!(possible.reasons(), [Code::SelfApproval, Code::Required]);
        assert!(Possible { action: ReviewAction::Submit, guard: all([Ok(())]) }.is_allowed());
    }
}
