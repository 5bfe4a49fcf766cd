//! What is told, as it happens, to whoever follows a challenge, a proposal or a council's work. A step that stands in no
//! row here is told to nobody.

use crate::event::EventKind as K;

closed_set! {
    /// What happened to a challenge.
    pub enum ChallengeStep {
        /// The draft was changed.
        Edited = "EDITED",
        /// It was handed in for approval.
        Submitted = "SUBMITTED",
        /// It was returned to its authors.
        ChangesRequested = "CHANGES_REQUESTED",
        /// It was approved.
        Approved = "APPROVED",
        /// The approved challenge was taken back.
        Recalled = "RECALLED",
        /// It was published.
        Published = "PUBLISHED",
        /// What is published was changed.
        Amended = "AMENDED",
        /// Something was announced about it.
        Announced = "ANNOUNCED",
        /// It was halted.
        Paused = "PAUSED",
        /// It goes on.
        Resumed = "RESUMED",
        /// It was given up.
        Cancelled = "CANCELLED",
        /// A question was answered, for everybody.
        QuestionAnswered = "QUESTION_ANSWERED",
        /// The proposals were opened.
        Opened = "OPENED",
        /// It was handed over for the decision.
        DecisionStarted = "DECISION_STARTED",
        /// The decision was published.
        Decided = "DECIDED",
        /// The decision was set aside on an appeal.
        DecisionSetAside = "DECISION_SET_ASIDE",
        /// Nobody can appeal against the decision any more.
        DecisionFinal = "DECISION_FINAL",
    }
}

impl ChallengeStep {
    /// The step that an event of the challenge is.
    pub fn of(kind: K) -> Option<Self> {
        CHALLENGE.iter().find(|(_, of, _)| *of == kind).map(|(step, _, _)| *step)
    }

    /// The events of which somebody is told: everybody who knows the challenge, or one of those who work on its draft.
    pub fn told(inside: bool) -> Vec<K> {
        CHALLENGE
            .iter()
            .filter(|(_, _, to)| inside || *to == To::Everybody)
            .map(|(_, kind, _)| *kind)
            .collect()
    }
}

closed_set! {
    /// What happened to a proposal.
    pub enum ProposalStep {
        /// The working copy was changed.
        Edited = "EDITED",
        /// A version was submitted.
        Submitted = "SUBMITTED",
        /// It was withdrawn before the opening.
        Withdrawn = "WITHDRAWN",
        /// It was put back.
        Revived = "REVIVED",
        /// It was withdrawn after the opening.
        WithdrawnFromReview = "WITHDRAWN_FROM_REVIEW",
        /// It was found eligible or not.
        Screened = "SCREENED",
        /// Its team was asked to make something clearer.
        ClarificationAsked = "CLARIFICATION_ASKED",
        /// Its team answered.
        ClarificationAnswered = "CLARIFICATION_ANSWERED",
        /// Its team did not answer in time.
        ClarificationLapsed = "CLARIFICATION_LAPSED",
        /// The published decision gave it its outcome.
        Decided = "DECIDED",
        /// That was set aside.
        Reconsidered = "RECONSIDERED",
        /// It was taken out of the running.
        Disqualified = "DISQUALIFIED",
    }
}

impl ProposalStep {
    /// The step that an event of the proposal is.
    pub fn of(kind: K) -> Option<Self> {
        PROPOSAL.iter().find(|(_, of, _)| *of == kind).map(|(step, _, _)| *step)
    }

    /// The events of which somebody is told: one of its team, or somebody else who knows of it.
    pub fn told(of_the_team: bool) -> Vec<K> {
        PROPOSAL
            .iter()
            .filter(|(_, _, to)| of_the_team || *to == To::Everybody)
            .map(|(_, kind, _)| *kind)
            .collect()
    }
}

/// Who is told, of those who know of the thing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// All of them.
    Everybody,
    /// Those whose work it is: of a challenge the desks that draft it and the programme office, of a proposal its team. How
    /// often they wrote, and when, is nobody else's business.
    Inside,
}

const CHALLENGE: &[(ChallengeStep, K, To)] = &[
    (ChallengeStep::Edited, K::ChallengeEdited, To::Inside),
    (ChallengeStep::Submitted, K::ChallengeSubmitted, To::Inside),
    (ChallengeStep::ChangesRequested, K::ChallengeChangesRequested, To::Inside),
    (ChallengeStep::Approved, K::ChallengeApproved, To::Inside),
    (ChallengeStep::Recalled, K::ChallengeRecalled, To::Inside),
    (ChallengeStep::Published, K::ChallengePublished, To::Everybody),
    (ChallengeStep::Amended, K::ChallengeAmended, To::Everybody),
    (ChallengeStep::Announced, K::AnnouncementPublished, To::Everybody),
    (ChallengeStep::Paused, K::ChallengePaused, To::Everybody),
    (ChallengeStep::Resumed, K::ChallengeResumed, To::Everybody),
    (ChallengeStep::Cancelled, K::ChallengeCancelled, To::Everybody),
    (ChallengeStep::QuestionAnswered, K::QuestionAnswered, To::Everybody),
    (ChallengeStep::Opened, K::ProposalsOpened, To::Everybody),
    (ChallengeStep::DecisionStarted, K::DecisionStarted, To::Everybody),
    (ChallengeStep::Decided, K::DecisionPublished, To::Everybody),
    (ChallengeStep::DecisionSetAside, K::DecisionSetAside, To::Everybody),
    (ChallengeStep::DecisionFinal, K::DecisionFinal, To::Everybody),
];

const PROPOSAL: &[(ProposalStep, K, To)] = &[
    (ProposalStep::Edited, K::ProposalEdited, To::Inside),
    (ProposalStep::Submitted, K::ProposalSubmitted, To::Inside),
    (ProposalStep::Withdrawn, K::ProposalWithdrawn, To::Inside),
    (ProposalStep::Revived, K::ProposalRevived, To::Inside),
    (ProposalStep::WithdrawnFromReview, K::ProposalWithdrawnFromReview, To::Everybody),
    (ProposalStep::Screened, K::ProposalScreened, To::Everybody),
    (ProposalStep::ClarificationAsked, K::ClarificationAsked, To::Everybody),
    (ProposalStep::ClarificationAnswered, K::ClarificationAnswered, To::Everybody),
    (ProposalStep::ClarificationLapsed, K::ClarificationLapsed, To::Everybody),
    (ProposalStep::Decided, K::ProposalDecided, To::Everybody),
    (ProposalStep::Reconsidered, K::ProposalReconsidered, To::Everybody),
    (ProposalStep::Disqualified, K::ProposalDisqualified, To::Everybody),
];

/// After these the figures of a council's work may be others.
pub const REVIEW_PROGRESS: &[K] = &[
    K::ReviewOffered,
    K::NoConflictDeclared,
    K::ConflictDeclared,
    K::ReviewRecused,
    K::ReviewDeclined,
    K::ReviewExpired,
    K::ReviewRevoked,
    K::ReviewReopened,
    K::ReviewSubmitted,
    K::ProposalDisqualified,
    K::RoundLocked,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_one_event_and_has_one_row() {
        for step in ChallengeStep::ALL {
            assert_eq!(CHALLENGE.iter().filter(|(of, _, _)| of == step).count(), 1, "{step}");
        }
        for step in ProposalStep::ALL {
            assert_eq!(PROPOSAL.iter().filter(|(of, _, _)| of == step).count(), 1, "{step}");
        }
        for kind in K::ALL {
            let rows = CHALLENGE.iter().filter(|(_, of, _)| of == kind).count()
                + PROPOSAL.iter().filter(|(_, of, _)| of == kind).count();
            assert!(rows <= 1, "{kind}");
        }
    }

    #[test]
    fn outsiders_hear_nothing_of_what_is_sealed() {
        let outside = ProposalStep::told(false);
        for kind in [K::ProposalCreated, K::ProposalEdited, K::ProposalSubmitted, K::ProposalWithdrawn] {
            assert!(!outside.contains(&kind) && ChallengeStep::of(kind).is_none(), "{kind}");
            assert!(!REVIEW_PROGRESS.contains(&kind), "{kind}");
        }
        assert!(!ChallengeStep::told(false).contains(&K::ChallengeEdited));
    }
}
