//! The decision: the council advises, a named authority decides and says why where it departs from the ranking.

use crate::challenge::limits::LAST_DEADLINE;
use crate::machine::{self, Rule};
use crate::problem::{Guard, Problem, Reason, all, unless};
use crate::proposal::{ProposalCommand, ProposalStatus};
use crate::time::Timestamp;

closed_set! {
    /// Where a decision stands.
    pub enum DecisionStatus {
        /// Being drafted by the chair.
        Draft = "DRAFT",
        /// Before the decision maker.
        Proposed = "PROPOSED",
        /// Approved, not yet public.
        Approved = "APPROVED",
        /// Public; teams may appeal until the standstill is over.
        Published = "PUBLISHED",
        /// Public, and somebody has appealed.
        UnderAppeal = "UNDER_APPEAL",
        /// Public, and the time for appeals is over.
        Final = "FINAL",
        /// Was public, and was set aside on an appeal: another one takes its place.
        Superseded = "SUPERSEDED",
    }
}

impl DecisionStatus {
    /// Those that everybody may know of.
    pub const PUBLIC: &[Self] = &[Self::Published, Self::UnderAppeal, Self::Final, Self::Superseded];

    /// Everybody may know of it.
    #[must_use]
    pub fn is_public(self) -> bool {
        Self::PUBLIC.contains(&self)
    }
}

closed_set! {
    /// What is done to a decision.
    pub enum DecisionCommand {
        /// Change outcomes, reasons, feedback.
        Edit = "EDIT",
        /// Put before the decision maker.
        Propose = "PROPOSE",
        /// Return to the chair.
        Return = "RETURN",
        /// Approve.
        Approve = "APPROVE",
        /// Set a time for the publication, or take it back.
        Schedule = "SCHEDULE",
        /// Make public.
        Publish = "PUBLISH",
        /// Let the standstill end.
        Finalize = "FINALIZE",
        /// Appeal.
        Appeal = "APPEAL",
        /// Dismiss the last open appeal while the standstill lasts.
        Dismiss = "DISMISS",
        /// Dismiss the last open appeal after it.
        Uphold = "UPHOLD",
        /// Grant an appeal.
        SetAside = "SET_ASIDE",
    }
}

use DecisionCommand as C;
use DecisionStatus as S;

/// The life of a decision.
pub const TRANSITIONS: &[Rule<DecisionCommand, DecisionStatus>] = &[
    Rule { command: C::Edit, from: &[S::Draft], to: S::Draft },
    Rule { command: C::Propose, from: &[S::Draft], to: S::Proposed },
    Rule { command: C::Return, from: &[S::Proposed, S::Approved], to: S::Draft },
    Rule { command: C::Approve, from: &[S::Proposed], to: S::Approved },
    Rule { command: C::Schedule, from: &[S::Approved], to: S::Approved },
    Rule { command: C::Publish, from: &[S::Approved], to: S::Published },
    Rule { command: C::Finalize, from: &[S::Published], to: S::Final },
    Rule { command: C::Appeal, from: &[S::Published, S::UnderAppeal], to: S::UnderAppeal },
    Rule { command: C::Dismiss, from: &[S::UnderAppeal], to: S::Published },
    Rule { command: C::Uphold, from: &[S::UnderAppeal], to: S::Final },
    Rule { command: C::SetAside, from: &[S::UnderAppeal], to: S::Superseded },
];

closed_set! {
    /// What a decision says of one proposal.
    pub enum Outcome {
        /// Chosen for support or a pilot.
        Selected = "SELECTED",
        /// Follows if a chosen one falls away.
        Reserve = "RESERVE",
        /// Not chosen.
        NotSelected = "NOT_SELECTED",
    }
}

impl Outcome {
    /// What publication does to the proposal.
    pub const fn command(self) -> ProposalCommand {
        match self {
            Self::Selected => ProposalCommand::Select,
            Self::Reserve => ProposalCommand::PutInReserve,
            Self::NotSelected => ProposalCommand::Decline,
        }
    }

    const fn order(self) -> u8 {
        match self {
            Self::Selected => 0,
            Self::Reserve => 1,
            Self::NotSelected => 2,
        }
    }
}

/// One proposal in a decision, as ranked.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Rank by the council.
    pub rank: i32,
    /// Reaches the pass mark.
    pub passes: bool,
    /// The outcome, if one was given.
    pub outcome: Option<Outcome>,
}

/// A decision follows the ranking when no better-ranked proposal has a worse outcome and none below the pass mark is
/// chosen or in reserve.
pub fn departs_from_ranking(verdicts: &[Verdict]) -> bool {
    let decided = || verdicts.iter().filter_map(|verdict| Some((verdict, verdict.outcome?)));
    decided().any(|(verdict, outcome)| outcome != Outcome::NotSelected && !verdict.passes)
        || decided().any(|(better, better_outcome)| {
            decided().any(|(worse, worse_outcome)| {
                better.rank < worse.rank && better_outcome.order() > worse_outcome.order()
            })
        })
}

/// What keeps a decision from being proposed, all at once.
pub fn missing_for_proposal(verdicts: &[Verdict], has_departure_reason: bool) -> Vec<Problem> {
    let mut missing: Vec<_> = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| verdict.outcome.is_none())
        .map(|(index, _)| Problem {
            field: Some(vec!["decision".into(), "outcomes".into(), index.to_string(), "outcome".into()]),
            reason: Reason::Required,
        })
        .collect();
    if departs_from_ranking(verdicts) && !has_departure_reason {
        missing.push(Problem {
            field: Some(vec!["decision".into(), "departureReason".into()]),
            reason: Reason::Required,
        });
    }
    missing
}

/// Putting before the decision maker: with an outcome for every proposal, and a reason for every departure. By somebody who is
/// tied to none of the applicants: what is missing would tell of a proposal that they lost sight of.
pub fn may_propose(
    status: DecisionStatus,
    is_tied: bool,
    verdicts: &[Verdict],
    has_departure_reason: bool,
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Propose)?;
    all([untied(is_tied)])?;
    unless(missing_for_proposal(verdicts, has_departure_reason))
}

/// Returning: by somebody who is tied to none of the applicants.
pub fn may_return(status: DecisionStatus, is_tied: bool) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Return)?;
    all([untied(is_tied)])
}

/// Approving: by somebody who is tied to none of the applicants and sits on no council of the challenge.
pub fn may_approve(status: DecisionStatus, is_on_council: bool, is_tied: bool) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Approve)?;
    all([may_decide(is_on_council), untied(is_tied)])
}

/// Publishing: what was approved as it was approved, with no chosen proposal `lost` since, by somebody else than the approver who is
/// tied to none of the applicants.
pub fn may_publish(
    status: DecisionStatus,
    is_tied: bool,
    is_approver: bool,
    lost: Option<ProposalStatus>,
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Publish)?;
    let by_another = if is_approver { Err(Reason::SelfApproval) } else { Ok(()) };
    // A chosen proposal was withdrawn or disqualified since: the decision goes back.
    let as_approved = match lost {
        Some(lost) => {
            let allowed = vec![ProposalStatus::Evaluated.name()];
            Err(Reason::Transition { current: lost.name(), allowed })
        }
        None => Ok(()),
    };
    all([untied(is_tied), by_another, as_approved])
}

/// Publishing later: as now, and at an instant that is ahead.
pub fn may_schedule(
    status: DecisionStatus,
    is_tied: bool,
    is_approver: bool,
    lost: Option<ProposalStatus>,
    at: Timestamp,
    now: Timestamp,
) -> Guard {
    may_publish(status, is_tied, is_approver, lost)?;
    unless((at <= now).then(|| {
        let (min, max) = (now.to_rfc3339(), LAST_DEADLINE.to_owned());
        Problem::at("publishAt", Reason::OutOfRange { min, max })
    }))
}

/// Whoever competes in the challenge or declared a conflict with one of the proposals has no say in the decision.
pub(crate) fn untied(is_tied: bool) -> Result<(), Reason> {
    if is_tied { Err(Reason::IncompatibleRole) } else { Ok(()) }
}

/// The decision maker sits on no council of the same challenge.
pub fn may_decide(is_on_council: bool) -> Result<(), Reason> {
    if is_on_council { Err(Reason::IncompatibleRole) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_what_another_approved() {
        let publish = |is_tied, is_approver, lost| may_publish(S::Approved, is_tied, is_approver, lost);
        assert_eq!(publish(false, false, None), Ok(()));
        assert_eq!(
            publish(true, true, None),
            all([Err(Reason::IncompatibleRole), Err(Reason::SelfApproval)])
        );
        for gone in [ProposalStatus::Withdrawn, ProposalStatus::Disqualified] {
            assert!(publish(false, false, Some(gone)).is_err(), "{gone}");
        }
        assert!(may_publish(S::Proposed, false, false, None).is_err());
        assert_eq!(may_approve(S::Proposed, true, true), all([Err(Reason::IncompatibleRole)]), "said once");
        assert!(may_return(S::Approved, false).is_ok() && may_return(S::Draft, false).is_err());
        let at = Timestamp::from_micros;
        let schedule = |at, now| may_schedule(S::Approved, false, false, None, at, now);
        assert!(schedule(at(2), at(1)).is_ok() && schedule(at(1), at(1)).is_err());
        assert!(
            may_schedule(S::Approved, false, true, None, at(2), at(1)).is_err(),
            "nor later by its approver"
        );
    }

    fn verdicts(rows: &[(i32, bool, Option<Outcome>)]) -> Vec<Verdict> {
        rows.iter()
            .map(|(rank, passes, outcome)| Verdict { rank: *rank, passes: *passes, outcome: *outcome })
            .collect()
    }

    #[test]
    fn a_departure_from_the_ranking_needs_a_reason() {
        use Outcome::{NotSelected, Reserve, Selected};
        let follows =
            verdicts(&[(1, true, Some(Selected)), (2, true, Some(Reserve)), (3, false, Some(NotSelected))]);
        assert!(missing_for_proposal(&follows, false).is_empty());
        let skips = verdicts(&[(1, true, Some(Reserve)), (2, true, Some(Selected))]);
        assert_eq!(missing_for_proposal(&skips, false).len(), 1);
        assert!(missing_for_proposal(&skips, true).is_empty());
        assert!(departs_from_ranking(&verdicts(&[(1, false, Some(Selected))])), "below the pass mark");
        assert!(
            !departs_from_ranking(&verdicts(&[(1, true, Some(NotSelected)), (1, true, Some(NotSelected))])),
            "nobody need win"
        );
        assert!(
            !departs_from_ranking(&verdicts(&[(1, true, Some(NotSelected)), (1, true, Some(Selected))])),
            "equals are equal"
        );
        assert_eq!(missing_for_proposal(&verdicts(&[(1, true, None)]), false).len(), 1);
    }
}
