//! Appeals: the owner of a proposal that a published decision is about asks, while it stands still, that it be set aside.

use crate::decision::{self, DecisionCommand, DecisionStatus, untied};
use crate::machine::{self, Rule};
use crate::problem::{Guard, Reason, all};
use crate::proposal::ProposalStatus;
use crate::time::Timestamp;

closed_set! {
    /// Where an appeal stands.
    pub enum AppealStatus {
        /// Waits for the ruling.
        Pending = "PENDING",
        /// The decision stands.
        Dismissed = "DISMISSED",
        /// The decision was set aside.
        Granted = "GRANTED",
        /// Nothing was left to rule on: the decision was set aside on another appeal.
        Overtaken = "OVERTAKEN",
    }
}

closed_set! {
    /// What is done to an appeal.
    pub enum AppealCommand {
        /// Let the decision stand.
        Dismiss = "DISMISS",
        /// Set the decision aside.
        Grant = "GRANT",
        /// Set the decision aside on another appeal.
        Overtake = "OVERTAKE",
    }
}

use AppealCommand as C;
use AppealStatus as S;

/// The life of an appeal.
pub const TRANSITIONS: &[Rule<AppealCommand, AppealStatus>] = &[
    Rule { command: C::Dismiss, from: &[S::Pending], to: S::Dismissed },
    Rule { command: C::Grant, from: &[S::Pending], to: S::Granted },
    Rule { command: C::Overtake, from: &[S::Pending], to: S::Overtaken },
];

closed_set! {
    /// What the ruling on an appeal says.
    pub enum Ruling {
        /// The decision stands.
        Dismiss = "DISMISS",
        /// The decision is set aside, and another one is made.
        Grant = "GRANT",
    }
}

impl Ruling {
    /// What it does to the appeal.
    pub const fn command(self) -> AppealCommand {
        match self {
            Self::Dismiss => C::Dismiss,
            Self::Grant => C::Grant,
        }
    }
}

/// Proposals that a published decision is about.
pub const CONCERNED: &[ProposalStatus] =
    &[ProposalStatus::Selected, ProposalStatus::Reserve, ProposalStatus::NotSelected];

/// A decision as its standstill goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub status: DecisionStatus,
    /// The first instant at which it is too late to appeal; None before the publication.
    pub standstill_until: Option<Timestamp>,
}

impl Standing {
    /// It is too late to appeal.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.standstill_until.is_none_or(|until| until <= now)
    }
}

/// Appealing: for a proposal that the decision is about, before its standstill is over, once.
pub fn may_appeal(
    proposal: ProposalStatus,
    decision: Option<Standing>,
    has_appealed: bool,
    now: Timestamp,
) -> Guard {
    let Some(decision) = decision.filter(|_| CONCERNED.contains(&proposal)) else {
        let allowed = CONCERNED.iter().map(|state| state.name()).collect();
        return all([Err(Reason::Transition { current: proposal.public().name(), allowed })]);
    };
    machine::allows(decision::TRANSITIONS, decision.status, &DecisionCommand::Appeal)?;
    let in_time = match decision.standstill_until {
        Some(closed_at) if decision.is_over(now) => Err(Reason::DeadlinePassed { closed_at }),
        _ => Ok(()),
    };
    let once = if has_appealed { Err(Reason::AlreadyExists) } else { Ok(()) };
    all([in_time, once])
}

/// Ruling: once, by somebody who is tied to none of the applicants and did not approve the decision.
pub fn may_rule(status: AppealStatus, ruling: Ruling, is_tied: bool, is_approver: bool) -> Guard {
    machine::allows(TRANSITIONS, status, &ruling.command())?;
    let by_another = if is_approver { Err(Reason::SelfApproval) } else { Ok(()) };
    all([untied(is_tied), by_another])
}

/// What becomes of a decision when the last open appeal is dismissed.
pub fn after_dismissal(decision: Standing, now: Timestamp) -> DecisionCommand {
    if decision.is_over(now) { DecisionCommand::Uphold } else { DecisionCommand::Dismiss }
}

/// Limits of what people write.
pub mod limits {
    /// Characters of the grounds.
    pub const GROUNDS: usize = 10_000;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::reasons;
    use crate::problem::Code;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn standing(status: DecisionStatus) -> Standing {
        Standing { status, standstill_until: Some(at(20)) }
    }

    #[test]
    fn an_appeal_is_filed_while_the_decision_stands_still() {
        use DecisionStatus as D;
        let file =
            |decision, now| reasons(&may_appeal(ProposalStatus::NotSelected, decision, false, at(now)));
        for status in D::ALL {
            let possible = [D::Published, D::UnderAppeal].contains(status);
            assert_eq!(file(Some(standing(*status)), 19).is_empty(), possible, "{status}");
        }
        assert_eq!(
            file(Some(standing(D::Published)), 20),
            [Code::DeadlinePassed],
            "that instant is too late"
        );
        assert_eq!(file(None, 1), [Code::Conflict], "nothing was decided");
        let twice = may_appeal(ProposalStatus::Selected, Some(standing(D::UnderAppeal)), true, at(1));
        assert_eq!(reasons(&twice), [Code::AlreadyExists]);
    }

    #[test]
    fn only_a_proposal_with_an_outcome_can_appeal_and_the_lock_stays_hidden() {
        for status in ProposalStatus::ALL.iter().copied() {
            let guard = may_appeal(status, Some(standing(DecisionStatus::Published)), false, at(1));
            assert_eq!(guard.is_ok(), CONCERNED.contains(&status), "{status}");
        }
        let locked = may_appeal(ProposalStatus::Evaluated, None, false, at(1));
        assert!(!format!("{locked:?}").contains("EVALUATED"));
    }

    #[test]
    fn one_rules_once_and_never_on_what_one_approved() {
        for ruling in Ruling::ALL.iter().copied() {
            assert!(may_rule(S::Pending, ruling, false, false).is_ok());
            let both = may_rule(S::Pending, ruling, true, true);
            assert_eq!(reasons(&both), [Code::IncompatibleRole, Code::SelfApproval]);
            for status in [S::Dismissed, S::Granted, S::Overtaken] {
                assert_eq!(reasons(&may_rule(status, ruling, false, false)), [Code::Conflict]);
            }
        }
        let published = standing(DecisionStatus::UnderAppeal);
        assert_eq!(after_dismissal(published, at(19)), DecisionCommand::Dismiss);
        assert_eq!(after_dismissal(published, at(20)), DecisionCommand::Uphold);
    }
}
