//! The decision: the council advises, a named authority decides and says why where it departs from the ranking.

use crate::challenge::Stage;
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
        /// Was public, and was set aside on an appeal, or replaced by one that promotes from the reserve.
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
        /// Publish one that promotes from the reserve.
        Replace = "REPLACE",
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
    Rule { command: C::Replace, from: &[S::Final], to: S::Superseded },
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

    /// What a published decision made of the proposal; None if nothing that stands.
    pub const fn of(status: ProposalStatus) -> Option<Self> {
        match status {
            ProposalStatus::Selected => Some(Self::Selected),
            ProposalStatus::Reserve => Some(Self::Reserve),
            ProposalStatus::NotSelected => Some(Self::NotSelected),
            _ => None,
        }
    }

    /// What a promotion may make of it: nobody loses by it, and whoever was not chosen does not pass the reserve.
    pub const fn promoted(self) -> &'static [Self] {
        match self {
            Self::Selected => &[Self::Selected],
            Self::Reserve => &[Self::Selected, Self::Reserve],
            Self::NotSelected => &[Self::NotSelected],
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
    /// In a promotion, the outcome that it has by the decision which stands.
    pub before: Option<Outcome>,
}

impl Verdict {
    /// Better off by this decision than by none.
    fn is_chosen(self, outcome: Outcome) -> bool {
        if self.before.is_some() { outcome == Outcome::Selected } else { outcome != Outcome::NotSelected }
    }
}

/// A decision follows the ranking when no better-ranked proposal has a worse outcome and none below the pass mark is
/// chosen or in reserve; a promotion, when that is so within the reserve, for the rest was decided before.
pub fn departs_from_ranking(verdicts: &[Verdict]) -> bool {
    let open = || verdicts.iter().filter(|verdict| verdict.before.is_none_or(|one| one == Outcome::Reserve));
    let decided = || open().filter_map(|verdict| Some((verdict, verdict.outcome?)));
    decided().any(|(verdict, outcome)| verdict.is_chosen(outcome) && !verdict.passes)
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
    missing.extend(verdicts.iter().enumerate().filter_map(|(index, verdict)| {
        let (before, outcome) = verdict.before.zip(verdict.outcome)?;
        let allowed = before.promoted();
        (!allowed.contains(&outcome)).then(|| Problem {
            field: Some(vec!["decision".into(), "outcomes".into(), index.to_string(), "outcome".into()]),
            reason: Reason::Transition {
                current: before.name(),
                allowed: allowed.iter().map(|outcome| outcome.name()).collect(),
            },
        })
    }));
    if departs_from_ranking(verdicts) && !has_departure_reason {
        missing.push(Problem {
            field: Some(vec!["decision".into(), "departureReason".into()]),
            reason: Reason::Required,
        });
    }
    missing
}

/// Every step up to the publication: while the challenge is decided, or, of a promotion, after it was awarded.
pub fn must_go_on(stage: Stage, is_promotion: bool) -> Result<(), Reason> {
    if is_promotion { stage.must_be_awarded() } else { stage.must_be_deciding() }
}

/// What a decision that promotes from the reserve depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Where the decision that stands is.
    pub standing: DecisionStatus,
    /// Chosen proposals that fell away since.
    pub fallen: usize,
    /// Proposals in reserve.
    pub reserves: usize,
    /// One is being made already.
    pub is_begun: bool,
}

/// Beginning one: once nobody can appeal against the decision that stands, when a chosen proposal has fallen away and another one is in
/// reserve. By somebody who is tied to none of the applicants.
pub fn may_promote(stage: Stage, is_tied: bool, promotion: Option<Promotion>) -> Guard {
    all([stage.must_be_awarded()])?;
    all([untied(is_tied)])?;
    let Some(promotion) = promotion else { return all([Err(Reason::NotFound)]) };
    machine::allows(TRANSITIONS, promotion.standing, &C::Replace)?;
    let fallen = if promotion.fallen > 0 {
        Ok(())
    } else {
        let allowed = [ProposalStatus::Withdrawn, ProposalStatus::Disqualified].map(ProposalStatus::name);
        Err(Reason::Transition { current: ProposalStatus::Selected.name(), allowed: allowed.to_vec() })
    };
    let reserve = if promotion.reserves > 0 { Ok(()) } else { Err(Reason::NotFound) };
    let once = if promotion.is_begun { Err(Reason::AlreadyExists) } else { Ok(()) };
    all([fallen, reserve, once])
}

/// How many a promotion promotes: one at least, and no more than have fallen away.
pub fn in_place_of(verdicts: &[Verdict], fallen: usize) -> Guard {
    let is_promoted = |verdict: &&Verdict| {
        verdict.before == Some(Outcome::Reserve) && verdict.outcome == Some(Outcome::Selected)
    };
    let promoted = verdicts.iter().filter(is_promoted).count();
    unless((!(1..=fallen).contains(&promoted)).then(|| Problem {
        field: Some(vec!["decision".into(), "outcomes".into()]),
        reason: Reason::OutOfRange { min: "1".to_owned(), max: fallen.to_string() },
    }))
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
            let allowed = [ProposalStatus::Evaluated, ProposalStatus::Selected, ProposalStatus::Reserve];
            let allowed = allowed.map(ProposalStatus::name).to_vec();
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
            .map(|(rank, passes, outcome)| Verdict {
                rank: *rank,
                passes: *passes,
                outcome: *outcome,
                before: None,
            })
            .collect()
    }

    #[test]
    fn a_promotion_begins_when_the_decision_is_final_and_somebody_fell_away() {
        use crate::action::reasons;
        use crate::challenge::ChallengeStatus;
        use crate::problem::Code;
        let stage = |status| Stage { status, is_locked: true };
        let awarded = stage(ChallengeStatus::Awarded);
        let whole = Promotion { standing: S::Final, fallen: 1, reserves: 1, is_begun: false };
        assert_eq!(may_promote(awarded, false, Some(whole)), Ok(()));
        let refused = |promotion| reasons(&may_promote(awarded, false, promotion));
        for standing in S::ALL.iter().copied().filter(|status| *status != S::Final) {
            assert_eq!(refused(Some(Promotion { standing, ..whole })), [Code::Conflict], "{standing}");
        }
        assert_eq!(refused(Some(Promotion { fallen: 0, ..whole })), [Code::Conflict]);
        assert_eq!(refused(Some(Promotion { reserves: 0, ..whole })), [Code::NotFound]);
        assert_eq!(refused(Some(Promotion { is_begun: true, ..whole })), [Code::AlreadyExists]);
        assert_eq!(refused(None), [Code::NotFound]);
        assert_eq!(reasons(&may_promote(awarded, true, Some(whole))), [Code::IncompatibleRole]);
        let deciding = stage(ChallengeStatus::Decision);
        assert!(may_promote(deciding, false, Some(whole)).is_err());
        assert!(must_go_on(deciding, false).is_ok() && must_go_on(deciding, true).is_err());
        assert!(must_go_on(awarded, true).is_ok() && must_go_on(awarded, false).is_err());
    }

    #[test]
    fn a_promotion_takes_the_next_of_the_reserve_and_takes_nothing_from_anybody() {
        use Outcome::{NotSelected, Reserve, Selected};
        let promotion = |rows: &[(i32, bool, Outcome, Outcome)]| -> Vec<_> {
            let verdict = |(rank, passes, before, outcome): &(i32, bool, Outcome, Outcome)| Verdict {
                rank: *rank,
                passes: *passes,
                outcome: Some(*outcome),
                before: Some(*before),
            };
            rows.iter().map(verdict).collect()
        };
        // The decision that stands departed from the ranking, and said why: that is not said again.
        let next =
            [(1, true, NotSelected, NotSelected), (3, true, Reserve, Selected), (4, false, Reserve, Reserve)];
        assert!(missing_for_proposal(&promotion(&next), false).is_empty());
        assert_eq!(in_place_of(&promotion(&next), 1), Ok(()));
        let skipped = promotion(&[(3, true, Reserve, Reserve), (4, true, Reserve, Selected)]);
        assert_eq!(missing_for_proposal(&skipped, false).len(), 1, "past another one in reserve");
        assert!(missing_for_proposal(&skipped, true).is_empty());
        let below = promotion(&[(3, false, Reserve, Selected)]);
        assert_eq!(missing_for_proposal(&below, false).len(), 1, "below the pass mark");
        for (before, outcome) in [
            (Selected, Reserve),
            (Selected, NotSelected),
            (Reserve, NotSelected),
            (NotSelected, Reserve),
            (NotSelected, Selected),
        ] {
            let missing = missing_for_proposal(&promotion(&[(1, true, before, outcome)]), true);
            assert_eq!(missing.len(), 1, "{before} to {outcome}");
        }
        let none = promotion(&[(3, true, Reserve, Reserve)]);
        let two = promotion(&[(3, true, Reserve, Selected), (4, true, Reserve, Selected)]);
        assert!(
            in_place_of(&none, 1).is_err() && in_place_of(&two, 1).is_err() && in_place_of(&two, 2).is_ok()
        );
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
