//! The mails we write: who gets which and when, and the facts each of them states. How they read is `notify`'s business.

use serde::Serialize;

use crate::time::{Day, Timestamp};

/// Declares [`Letter`] and [`LetterKind`] from one table, so that neither has a mail which the other lacks.
macro_rules! letters {
    ($($(#[$meta:meta])* $Kind:ident = $name:literal { $($field:ident: $Type:ty),* })+) => {
        closed_set! {
            /// The kinds of mail, without their facts.
            pub enum LetterKind {
                $(#[doc = concat!("Names [`Letter::", stringify!($Kind), "`].")] $Kind = $name,)+
            }
        }

        /// One mail to one person: its kind and exactly the facts that its text states.
        ///
        /// `challenge` and `proposal` are titles, `organization` and `agency` names of organisations, `member` and
        /// `requested_by` names of people, `provider` that of a sign-on; `reason` and `feedback` are what a person wrote, empty for none; `role` is
        /// already in the reader's language, as is `ground`; `link` is the absolute address that the reader opens.
        #[derive(Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "kind")]
        #[expect(missing_docs, reason = "the fields recur and are explained above, once")]
        pub enum Letter {
            $($(#[$meta])* #[serde(rename = $name)] $Kind { $($field: $Type,)* link: String },)+
        }

        impl Letter {
            /// Which mail this is.
            pub const fn kind(&self) -> LetterKind {
                match self {
                    $(Self::$Kind { .. } => LetterKind::$Kind,)+
                }
            }

            /// The address that its reader opens.
            pub fn link(&self) -> &str {
                match self {
                    $(Self::$Kind { link, .. } => link,)+
                }
            }
        }
    };
}

letters! {
    /// To a person who registered: prove that the address is yours.
    EmailVerification = "email_verification" { token: String, expires_at: Timestamp }

    /// To the holder of an account: somebody tried to register with its address.
    AccountExists = "account_exists" {}

    /// To an address for which a new password was asked: set it by this token.
    PasswordReset = "password_reset" { token: String, expires_at: Timestamp }

    /// To the holder of an account: its password changed.
    PasswordChanged = "password_changed" {}

    /// To the address that an account is to have: prove that it is yours.
    EmailChange = "email_change" { token: String, expires_at: Timestamp }

    /// To the address that an account has: somebody signed in wants another.
    EmailChangeRequested = "email_change_requested" {}

    /// To the holder of an account: a key of a session was used twice, so it was ended.
    SessionCompromised = "session_compromised" {}

    /// To the holder of an account: from now on a second factor is asked for.
    SecondFactorEnabled = "second_factor_enabled" {}

    /// To the holder of an account: no second factor is asked for any more.
    SecondFactorDisabled = "second_factor_disabled" {}

    /// To the holder of an account: a recovery code was used.
    RecoveryCodeUsed = "recovery_code_used" {}

    /// To the holder of an account: it was switched off.
    AccountDeactivated = "account_deactivated" { reason: String }

    /// To the holder of an account: it was switched on again.
    AccountReactivated = "account_reactivated" {}

    /// To the holder of an account: it can be signed on to at an issuer from now on.
    SignOnLinked = "sign_on_linked" { provider: String }

    /// To programme officers: an organisation registered.
    OrganizationPending = "organization_pending" { organization: String }

    /// To the organisation's owners: it was verified.
    OrganizationVerified = "organization_verified" { organization: String }

    /// To the organisation's owners: it was not verified.
    OrganizationRejected = "organization_rejected" { organization: String, reason: String }

    /// To the organisation's managers: it was suspended.
    OrganizationSuspended = "organization_suspended" { organization: String, reason: String }

    /// To the organisation's managers: it may go on.
    OrganizationReinstated = "organization_reinstated" { organization: String, reason: String }

    /// To the organisation's managers: it was closed; `successor` is empty for none.
    OrganizationClosed = "organization_closed" { organization: String, successor: String, reason: String }

    /// To an address that an organisation invites.
    MemberInvited = "member_invited" { organization: String, role: String, token: String, expires_at: Timestamp }

    /// To the organisation's owners: an invitation was accepted.
    MemberJoined = "member_joined" { organization: String, member: String }

    /// To a member of an organisation: the role is another one now.
    MemberRoleChanged = "member_role_changed" { organization: String, role: String }

    /// To the unit's managers and to those who are to draft for it: `from` and `until` are the first and the last day.
    UnitDelegated = "unit_delegated" { organization: String, delegate: String, from: Day, until: Day }

    /// To the same: it ended before its time.
    DelegationRevoked = "delegation_revoked" { organization: String, delegate: String, reason: String }

    /// To a person who was entered into the expert register.
    ExpertRegistered = "expert_registered" {}

    /// To an expert: no appointments for the time being.
    ExpertSuspended = "expert_suspended" { reason: String }

    /// To an expert: appointments are possible again.
    ExpertReinstated = "expert_reinstated" { reason: String }

    /// To programme officers: a challenge waits for approval.
    ChallengeSubmitted = "challenge_submitted" { challenge: String, agency: String }

    /// To the challenge's authors: programme officers want it changed.
    ChallengeChangesRequested = "challenge_changes_requested" { challenge: String, reason: String }

    /// To the challenge's authors and the publishing authority: it may be published.
    ChallengeApproved = "challenge_approved" { challenge: String }

    /// To programme officers: the agency took an approved challenge back.
    ChallengeRecalled = "challenge_recalled" { challenge: String, agency: String }

    /// To the agency: its challenge is public.
    ChallengePublished = "challenge_published" { challenge: String, agency: String, closes_at: Timestamp }

    /// To the agency and to everybody who works on a proposal: what is published was changed; `note` says what and why.
    ChallengeAmended = "challenge_amended" { challenge: String, note: String, closes_at: Timestamp }

    /// To the same: something that everybody is to know of the challenge.
    Announcement = "announcement" { challenge: String, text: String }

    /// To the same: the challenge is halted for the time being.
    ChallengePaused = "challenge_paused" { challenge: String, reason: String }

    /// To the same: it goes on, with a deadline moved by as long as it was halted.
    ChallengeResumed = "challenge_resumed" { challenge: String, closes_at: Timestamp }

    /// To everybody concerned: the challenge was given up.
    ChallengeCancelled = "challenge_cancelled" { challenge: String, reason: String }

    /// To the agency and programme officers: somebody asks; who, nobody is told.
    QuestionAsked = "question_asked" { challenge: String }

    /// To the house that asked and to everybody who works on a proposal: an answer is public.
    QuestionAnswered = "question_answered" { challenge: String }

    /// To a team that has not handed in yet: the deadline is near.
    DeadlineNear = "deadline_near" { challenge: String, closes_at: Timestamp }

    /// To programme officers: an organisation has waited for more than two working days.
    OrganizationWaits = "organization_waits" { organization: String }

    /// To the house that asked: there will be no answer.
    QuestionDeclined = "question_declined" { challenge: String, reason: String }

    /// To the person who is to decide on a challenge.
    DecisionMakerNamed = "decision_maker_named" { challenge: String }

    /// To a new member of a challenge's council.
    CouncilMemberAppointed = "council_member_appointed" { challenge: String, role: String }

    /// To the whole team: the receipt for a submitted version. Its title is sealed, and mail is not.
    ProposalSubmitted = "proposal_submitted" {
        challenge: String, version: i32, submitted_at: Timestamp, sha256: String
    }

    /// To the whole team: their proposal was withdrawn.
    ProposalWithdrawn = "proposal_withdrawn" { challenge: String }

    /// To the whole team: their proposal was put back.
    ProposalRevived = "proposal_revived" { challenge: String, closes_at: Timestamp }

    /// To the council's secretary: a proposal was withdrawn after the opening.
    ProposalWithdrawnFromReview = "proposal_withdrawn_from_review" { challenge: String }

    /// To those who may be the second person at the opening.
    OpeningRequested = "opening_requested" { challenge: String, requested_by: String }

    /// To agency, council and applicants: the proposals were opened.
    ProposalsOpened = "proposals_opened" { challenge: String, opened_at: Timestamp }

    /// To the whole team: whether their proposal meets the formal conditions.
    ProposalScreened = "proposal_screened" { challenge: String, proposal: String, eligible: bool, reason: String }

    /// To the whole team: something is to be made clearer. What, is sealed, and mail is not.
    ClarificationAsked = "clarification_asked" { challenge: String, due_at: Timestamp }

    /// To the council's secretary: a team answered what was asked.
    ClarificationAnswered = "clarification_answered" { challenge: String }

    /// To the whole team and the council's secretary: no answer came in time.
    ClarificationLapsed = "clarification_lapsed" { challenge: String, due_at: Timestamp }

    /// To the decision maker: a proposal is to be taken out of the running. Why, is read in the system.
    DisqualificationRequested = "disqualification_requested" { challenge: String }

    /// To the council's secretary: the decision maker has ruled on that.
    DisqualificationRuled = "disqualification_ruled" { challenge: String }

    /// To the whole team: their proposal is out of the running.
    ProposalDisqualified = "proposal_disqualified" {
        challenge: String, proposal: String, ground: String, reason: String
    }

    /// To a council member: a proposal to review, once a conflict is ruled out.
    ReviewOffered = "review_offered" { challenge: String }

    /// To the council's secretary: a member stepped back from a review.
    ReviewRecused = "review_recused" { challenge: String, member: String }

    /// To the decision maker: a locked sheet is to be taken out of the count.
    ReviewVoidRequested = "review_void_requested" { challenge: String, reason: String }

    /// To a council member: their locked sheet is out of the count.
    ReviewVoided = "review_voided" { challenge: String, reason: String }

    /// To a council member: a sheet is wanted soon.
    ReviewDue = "review_due" { challenge: String, due_at: Timestamp }

    /// To a council member: a sheet was not in when it was wanted.
    ReviewExpired = "review_expired" { challenge: String, due_at: Timestamp }

    /// To the council's secretary: a member's sheet was not in when it was wanted.
    ReviewMissed = "review_missed" { challenge: String, member: String }

    /// To the council's secretary: a member said no to a review.
    ReviewDeclined = "review_declined" { challenge: String, member: String, reason: String }

    /// To a council member: a review is not theirs any more.
    ReviewRevoked = "review_revoked" { challenge: String, reason: String }

    /// To a council member: a sheet that they had handed in is theirs again.
    ReviewReopened = "review_reopened" { challenge: String, reason: String }

    /// To the council's secretary: a score sheet came in.
    ReviewSubmitted = "review_submitted" { challenge: String, member: String }

    /// To the council: the scores are final.
    RoundLocked = "round_locked" { challenge: String }

    /// To the decision maker: the council has finished, a draft decision is being written.
    DecisionStarted = "decision_started" { challenge: String }

    /// To the decision maker: a draft decision waits.
    DecisionProposed = "decision_proposed" { challenge: String }

    /// To the council's chair: the decision maker returned the draft.
    DecisionReturned = "decision_returned" { challenge: String, reason: String }

    /// To the publishing authority: a decision may be published.
    DecisionApproved = "decision_approved" { challenge: String }

    /// To one applicant's team: what the published decision means for their proposal.
    DecisionPublishedToApplicant = "decision_published_to_applicant" {
        challenge: String, proposal: String, outcome: LetterOutcome, feedback: String, decision_number: String
    }

    /// To agency and council: the decision is public.
    DecisionPublished = "decision_published" { challenge: String, decision_number: String }

    /// To the publishing authority and the decision maker: the decision could not be published at its time.
    DecisionScheduleLapsed = "decision_schedule_lapsed" { challenge: String }

    /// To the team that appealed: its appeal has arrived.
    AppealFiled = "appeal_filed" { challenge: String }

    /// To the publishing authority and the decision maker: somebody appealed.
    AppealReceived = "appeal_received" { challenge: String }

    /// To the team that appealed: there is a ruling.
    AppealRuled = "appeal_ruled" { challenge: String }

    /// To everybody concerned: the decision was set aside, and another one is made.
    DecisionSetAside = "decision_set_aside" { challenge: String, decision_number: String }

    /// To agency and applicants: nobody can appeal any more.
    DecisionFinal = "decision_final" { challenge: String, decision_number: String }

    /// To a person who wants to be told once a day: what there is, as far as they may know of it today.
    Digest = "digest" { items: Vec<Letter> }
}

closed_set! {
    /// What a published decision means for one proposal.
    pub enum LetterOutcome {
        /// It won.
        Selected = "selected",
        /// It takes the place of a winner that drops out.
        Reserve = "reserve",
        /// It did not win.
        NotSelected = "not_selected",
    }
}

/// Only the kind: a letter holds one-time tokens and feedback, and neither belongs in a log.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Letter").field(&self.kind()).finish_non_exhaustive()
    }
}
