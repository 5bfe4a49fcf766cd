//! What somebody may do with a thing now, and why not. The lists name every action that the schema has a mutation for; the
//! guards are the ones that the commands call, so that what is promised here is kept there.

use crate::access::Action;
use crate::organization::{OrganizationCommand, OrganizationKind, OrganizationStatus, judged_by, renamed_by};
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
        /// Change what is published.
        Amend = "AMEND",
        /// Announce something about it.
        Announce = "ANNOUNCE",
        /// Show the draft to others by a link.
        SharePreview = "SHARE_PREVIEW",
        /// Say that it is the duplicate of another one, or is not.
        LinkDuplicate = "LINK_DUPLICATE",
        /// Halt for the time being.
        Pause = "PAUSE",
        /// Go on.
        Resume = "RESUME",
        /// Give up.
        Cancel = "CANCEL",
        /// Appoint a council member.
        AppointCouncilMember = "APPOINT_COUNCIL_MEMBER",
        /// Name who decides.
        NameDecisionMaker = "NAME_DECISION_MAKER",
        /// Ask for the opening of the sealed proposals.
        RequestOpening = "REQUEST_OPENING",
        /// Open the sealed proposals as the second person.
        OpenProposals = "OPEN_PROPOSALS",
        /// Plan who reviews what.
        PlanReviews = "PLAN_REVIEWS",
        /// Offer what is planned.
        ReleaseReviewPlan = "RELEASE_REVIEW_PLAN",
        /// Offer reviews.
        AssignReviews = "ASSIGN_REVIEWS",
        /// Lock the round.
        LockRound = "LOCK_ROUND",
        /// Hand over to the decision maker.
        StartDecision = "START_DECISION",
        /// Begin a decision that promotes from the reserve.
        StartPromotion = "START_PROMOTION",
    }
}

impl ChallengeAction {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Edit | Self::SharePreview => Action::WriteChallenge,
            Self::LinkDuplicate => Action::LinkDuplicate,
            Self::SubmitForApproval => Action::SubmitChallenge,
            Self::RequestChanges => Action::RequestChallengeChanges,
            Self::Approve => Action::ApproveChallenge,
            Self::Recall => Action::RecallChallenge,
            Self::Publish => Action::PublishChallenge,
            Self::Amend => Action::AmendChallenge,
            Self::Announce => Action::PublishAnnouncement,
            Self::Pause | Self::Resume => Action::PauseChallenge,
            Self::Cancel => Action::CancelChallenge,
            Self::AppointCouncilMember => Action::AppointCouncil,
            Self::NameDecisionMaker => Action::NameDecisionMaker,
            Self::RequestOpening => Action::RequestOpening,
            Self::OpenProposals => Action::ConfirmOpening,
            Self::PlanReviews | Self::ReleaseReviewPlan | Self::AssignReviews => Action::AssignReviews,
            Self::LockRound => Action::LockRound,
            Self::StartDecision | Self::StartPromotion => Action::ProposeDecision,
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
        /// Put back what was taken back.
        Revive = "REVIVE",
        /// Declare a conflict of interest.
        DeclareConflict = "DECLARE_CONFLICT",
        /// Declare to be without conflict of interest.
        DeclareNoConflict = "DECLARE_NO_CONFLICT",
        /// Find eligible.
        Admit = "ADMIT",
        /// Find ineligible.
        Refuse = "REFUSE",
        /// Ask its team to make something clearer.
        AskClarification = "ASK_CLARIFICATION",
        /// Answer that.
        AnswerClarification = "ANSWER_CLARIFICATION",
        /// Offer reviews of it.
        StartReview = "START_REVIEW",
        /// Appeal against the decision on it.
        Appeal = "APPEAL",
        /// Ask that it be taken out of the running.
        RequestDisqualification = "REQUEST_DISQUALIFICATION",
        /// Take it out, as the second person.
        ConfirmDisqualification = "CONFIRM_DISQUALIFICATION",
        /// Leave it in.
        RefuseDisqualification = "REFUSE_DISQUALIFICATION",
    }
}

impl ProposalAction {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Edit => Action::WriteProposal,
            Self::Submit | Self::Withdraw | Self::Revive | Self::AnswerClarification => {
                Action::SubmitProposal
            }
            Self::DeclareConflict | Self::DeclareNoConflict => Action::DeclareConflict,
            Self::Admit | Self::Refuse | Self::AskClarification => Action::ScreenProposal,
            Self::StartReview => Action::AssignReviews,
            Self::Appeal => Action::FileAppeal,
            Self::RequestDisqualification => Action::RequestDisqualification,
            Self::ConfirmDisqualification | Self::RefuseDisqualification => Action::RuleOnDisqualification,
        }
    }

    /// Belongs to the proposal's team; everything else to those who evaluate it.
    pub const fn is_of_team(self) -> bool {
        matches!(
            self,
            Self::Edit
                | Self::Submit
                | Self::Withdraw
                | Self::Revive
                | Self::AnswerClarification
                | Self::Appeal
        )
    }
}

closed_set! {
    /// What people do with a review. Conflicts are declared on the proposal.
    pub enum ReviewAction {
        /// Save the own sheet.
        Save = "SAVE",
        /// Hand the own sheet in.
        Submit = "SUBMIT",
        /// Say no to the own review.
        Decline = "DECLINE",
        /// Take it from its member.
        Revoke = "REVOKE",
        /// Give a sheet that is in back to its member.
        Reopen = "REOPEN",
        /// Ask that a locked sheet be taken out of the count.
        RequestVoid = "REQUEST_VOID",
        /// Take it out, as the second person.
        ConfirmVoid = "CONFIRM_VOID",
    }
}

impl ReviewAction {
    /// The row of the permission table that it needs.
    pub const fn right(self) -> Action {
        match self {
            Self::Save | Self::Submit | Self::Decline => Action::Score,
            Self::Revoke => Action::AssignReviews,
            Self::Reopen => Action::ReopenReview,
            Self::RequestVoid => Action::RequestVoid,
            Self::ConfirmVoid => Action::ConfirmVoid,
        }
    }

    /// Only its own member does it.
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Save | Self::Submit | Self::Decline)
    }
}

closed_set! {
    /// What people do with a decision. Appeals are filed on the proposal.
    pub enum DecisionAction {
        /// Change outcomes, reasons, feedback.
        Edit = "EDIT",
        /// Put before the decision maker.
        Propose = "PROPOSE",
        /// Return to the chair.
        Return = "RETURN",
        /// Approve.
        Approve = "APPROVE",
        /// Make public, now or at a set time.
        Publish = "PUBLISH",
    }
}

impl DecisionAction {
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
        /// Change its name or handle.
        Update = "UPDATE",
        /// Say in public what it is and does.
        Describe = "DESCRIBE",
        /// Say what it stands below, and from when to when it exists.
        Place = "PLACE",
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
        /// Give a member another role.
        ChangeMemberRole = "CHANGE_MEMBER_ROLE",
        /// Remove a member.
        RemoveMember = "REMOVE_MEMBER",
        /// Let another public body draft for it.
        Delegate = "DELEGATE",
        /// Record its working group.
        EstablishWorkingGroup = "ESTABLISH_WORKING_GROUP",
    }
}

impl OrganizationAction {
    /// The row of the permission table that it needs for an organisation of that kind in that state; None where it makes no
    /// sense, whoever asks.
    pub const fn right(self, kind: OrganizationKind, status: OrganizationStatus) -> Option<Action> {
        use OrganizationCommand as Do;
        let is_agency = matches!(kind, OrganizationKind::Agency);
        match self {
            Self::Update => Some(renamed_by(status)),
            Self::Describe => Some(Action::DescribeOrganization),
            Self::Place if kind.is_public_body() => Some(Action::PlaceOrganization),
            Self::Verify => Some(judged_by(kind, Do::Verify)),
            Self::Reject => Some(judged_by(kind, Do::Reject)),
            Self::Suspend => Some(judged_by(kind, Do::Suspend)),
            Self::Reinstate => Some(judged_by(kind, Do::Reinstate)),
            Self::Close => Some(judged_by(kind, Do::Close)),
            Self::InviteMember | Self::ChangeMemberRole | Self::RemoveMember => Some(Action::ManageMembers),
            Self::Delegate if is_agency => Some(Action::DelegateUnit),
            Self::EstablishWorkingGroup if is_agency => Some(Action::EstablishWorkingGroup),
            Self::Place | Self::Delegate | Self::EstablishWorkingGroup => None,
        }
    }

    /// Needs a place in that very organisation.
    pub const fn is_by_place(self, status: OrganizationStatus) -> bool {
        match self {
            Self::InviteMember | Self::ChangeMemberRole | Self::RemoveMember | Self::Describe => true,
            Self::Update => matches!(renamed_by(status), Action::EditOrganization),
            _ => false,
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
