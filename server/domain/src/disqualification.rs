//! Disqualification: the council's secretary asks that a proposal be taken out of the running, the decision maker does it, or not.

use crate::challenge::Stage;
use crate::decision::{may_decide, untied};
use crate::machine;
use crate::problem::{Guard, Reason, all};
use crate::proposal::{self, ProposalCommand, ProposalStatus, cleared};

closed_set! {
    /// Why a proposal is taken out of the running.
    pub enum Ground {
        /// What it states is not true.
        UntrueStatement = "UNTRUE_STATEMENT",
        /// What it offers is not its team's own to offer.
        NotTheirOwn = "NOT_THEIR_OWN",
        /// Its team tried to sway the council or whoever decides.
        UndueInfluence = "UNDUE_INFLUENCE",
        /// Its team does not meet the conditions of the call any more, or never did.
        NotEligible = "NOT_ELIGIBLE",
        /// Something else.
        Other = "OTHER",
    }
}

/// What disqualifying depends on, for both who are needed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disqualifying {
    /// Where the challenge stands.
    pub stage: Stage,
    /// Where the proposal stands.
    pub status: ProposalStatus,
    /// Whoever acts competes in the challenge, or is in conflict with one of the proposals.
    pub is_tied: bool,
    /// Somebody has asked for it, and nobody has ruled on that yet.
    pub is_requested: bool,
}

impl Disqualifying {
    /// From the screening on, whatever was decided; never by somebody who gains or loses by it.
    fn is_possible(self) -> Guard {
        all([self.stage.must_be_opened()])?;
        machine::allows(proposal::TRANSITIONS, self.status, &ProposalCommand::Disqualify)?;
        all([untied(self.is_tied)])
    }

    /// Asking for it: once at a time, by somebody who has declared to be without conflict.
    pub fn may_be_requested(self, is_cleared: bool) -> Guard {
        // First of all: whoever has not declared learns no more of the proposal.
        all([cleared(is_cleared)])?;
        self.is_possible()?;
        all([if self.is_requested { Err(Reason::AlreadyExists) } else { Ok(()) }])
    }

    /// Doing it, or refusing to: once somebody else has asked for it, by somebody who is not on the council.
    pub fn may_be_ruled_on(self, is_on_council: bool, is_requester: bool) -> Guard {
        self.is_possible()?;
        all([if self.is_requested { Ok(()) } else { Err(Reason::SecondPersonRequired) }])?;
        all([may_decide(is_on_council), if is_requester { Err(Reason::SelfApproval) } else { Ok(()) }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::reasons;
    use crate::challenge::ChallengeStatus;
    use crate::problem::Code;

    const ASKED: Disqualifying = Disqualifying {
        stage: Stage { status: ChallengeStatus::Evaluation, is_locked: false },
        status: ProposalStatus::UnderReview,
        is_tied: false,
        is_requested: true,
    };

    #[test]
    fn it_takes_two_of_whom_neither_gains_by_it() {
        let fresh = Disqualifying { is_requested: false, ..ASKED };
        assert!(fresh.may_be_requested(true).is_ok() && ASKED.may_be_ruled_on(false, false).is_ok());
        assert_eq!(reasons(&ASKED.may_be_requested(true)), [Code::AlreadyExists]);
        assert_eq!(reasons(&fresh.may_be_ruled_on(false, false)), [Code::SecondPersonRequired]);
        assert_eq!(reasons(&fresh.may_be_requested(false)), [Code::ConflictUndeclared]);
        let both = ASKED.may_be_ruled_on(true, true);
        assert_eq!(reasons(&both), [Code::IncompatibleRole, Code::SelfApproval]);
        let tied = Disqualifying { is_tied: true, ..fresh };
        assert_eq!(reasons(&tied.may_be_requested(true)), [Code::IncompatibleRole]);
        let tied = Disqualifying { is_tied: true, ..ASKED };
        assert_eq!(reasons(&tied.may_be_ruled_on(false, false)), [Code::IncompatibleRole]);
    }

    #[test]
    fn from_the_screening_on_whatever_was_decided_and_never_twice() {
        use ChallengeStatus as C;
        use ProposalStatus as S;
        let possible = [S::Eligible, S::Clarification, S::UnderReview, S::Evaluated, S::Reserve, S::Selected];
        for status in S::ALL.iter().copied() {
            let guard = Disqualifying { status, ..ASKED }.may_be_ruled_on(false, false);
            assert_eq!(guard.is_ok(), possible.contains(&status), "{status}");
        }
        let opened = [C::Evaluation, C::Decision, C::Awarded, C::ClosedNoAward];
        for status in C::ALL.iter().copied() {
            let stage = Stage { status, is_locked: true };
            let guard = Disqualifying { stage, ..ASKED }.may_be_ruled_on(false, false);
            assert_eq!(guard.is_ok(), opened.contains(&status), "{status}");
        }
    }

    #[test]
    fn there_is_no_way_back() {
        let leads_on =
            proposal::TRANSITIONS.iter().filter(|rule| rule.from.contains(&ProposalStatus::Disqualified));
        assert_eq!(leads_on.count(), 0);
    }
}
