//! The council at work: who sits on it, conflicts of interest, one score sheet per member and proposal, the lock.

use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::challenge::{Rubric, Stage};
use crate::machine::{self, Rule};
use crate::problem::{Guard, Reason, all, unless};
use crate::proposal::{self, ProposalCommand, ProposalStatus, cleared};
use crate::score::{self, Criterion, Sheet};

closed_set! {
    /// A seat on a council.
    pub enum CouncilRole {
        /// Chairs, locks the round, drafts the decision.
        Chair = "CHAIR",
        /// Stands in for the chair as the second person at the opening.
        ViceChair = "VICE_CHAIR",
        /// Runs the paperwork; does not score.
        Secretary = "SECRETARY",
        /// Reviews and scores.
        Reviewer = "REVIEWER",
        /// Scores.
        Member = "MEMBER",
    }
}

impl CouncilRole {
    /// The role in the permission table.
    pub const fn access(self) -> Role {
        match self {
            Self::Chair => Role::Chair,
            Self::ViceChair => Role::ViceChair,
            Self::Secretary => Role::Secretary,
            Self::Reviewer => Role::Reviewer,
            Self::Member => Role::Member,
        }
    }

    /// Seats of which a council has one.
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Chair | Self::ViceChair | Self::Secretary)
    }
}

closed_set! {
    /// What a member declares about one proposal. Undeclared counts as conflict.
    pub enum Interest {
        /// No conflict of interest.
        None = "NONE",
        /// Works for, or has a share in, an applicant.
        SameOrganization = "SAME_ORGANIZATION",
        /// Kinship with an applicant.
        Kinship = "KINSHIP",
        /// Money, business or a competing bid.
        Financial = "FINANCIAL",
        /// Any other tie.
        Other = "OTHER",
    }
}

closed_set! {
    /// Where a review stands: one member, one proposal, one round.
    pub enum ReviewStatus {
        /// Offered; the content is closed until the member declares no conflict.
        Offered = "OFFERED",
        /// No conflict declared.
        Accepted = "ACCEPTED",
        /// The sheet was saved.
        InProgress = "IN_PROGRESS",
        /// The sheet is complete and in.
        Submitted = "SUBMITTED",
        /// The member is in conflict.
        Recused = "RECUSED",
        /// Immutable.
        Locked = "LOCKED",
        /// Not handed in before the lock.
        Expired = "EXPIRED",
    }
}

closed_set! {
    /// What is done to a review.
    pub enum ReviewCommand {
        /// Declare no conflict.
        Accept = "ACCEPT",
        /// Declare a conflict.
        Recuse = "RECUSE",
        /// Save the sheet.
        Save = "SAVE",
        /// Hand the sheet in.
        Submit = "SUBMIT",
        /// Lock the round: sheets that are in.
        Lock = "LOCK",
        /// Lock the round: sheets that are not in.
        Expire = "EXPIRE",
    }
}

use ReviewCommand as C;
use ReviewStatus as S;

/// The life of a review.
pub const TRANSITIONS: &[Rule<ReviewCommand, ReviewStatus>] = &[
    Rule { command: C::Accept, from: &[S::Offered], to: S::Accepted },
    Rule {
        command: C::Recuse,
        from: &[S::Offered, S::Accepted, S::InProgress, S::Submitted],
        to: S::Recused,
    },
    Rule { command: C::Save, from: &[S::Accepted, S::InProgress], to: S::InProgress },
    Rule { command: C::Submit, from: &[S::InProgress], to: S::Submitted },
    Rule { command: C::Lock, from: &[S::Submitted], to: S::Locked },
    Rule { command: C::Expire, from: &[S::Offered, S::Accepted, S::InProgress], to: S::Expired },
];

impl ReviewStatus {
    /// Counts for the quorum: neither recused nor expired.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Recused | Self::Expired)
    }
}

/// The reviews of one proposal, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turnout {
    /// Reviews that are not recused.
    pub live: usize,
    /// Sheets that are in.
    pub submitted: usize,
}

/// Offering reviews of one proposal: while the council works on its sheets, by somebody without conflict.
pub fn may_offer(stage: Stage, status: ProposalStatus, is_cleared: bool) -> Guard {
    may_assign(stage)?;
    // First of all: whoever has not declared learns no more of the proposal.
    all([cleared(is_cleared)])?;
    machine::allows(proposal::TRANSITIONS, status, &ProposalCommand::StartReview)
}

/// Offering reviews at all: while the council works on its sheets.
pub fn may_assign(stage: Stage) -> Guard {
    all([stage.must_be_scoring()])
}

/// Declaring: a conflict as long as it can matter, none only as long as it opens something.
pub fn may_declare(stage: Stage, interest: Interest) -> Guard {
    let in_time = stage.must_be_undecided();
    all([if interest == Interest::None { in_time.and_then(|()| stage.must_be_scoring()) } else { in_time }])
}

/// Saving one's own sheet: after declaring no conflict, until it is handed in.
pub fn may_save(stage: Stage, status: ReviewStatus) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Save)?;
    all([stage.must_be_scoring()])
}

/// Handing one's own sheet in: when nothing is missing on it.
pub fn may_submit(stage: Stage, status: ReviewStatus, sheet: &Sheet, criteria: &[Criterion]) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Submit)?;
    all([stage.must_be_scoring()])?;
    unless(score::missing(sheet, criteria))
}

/// Locking the round: when every proposal under review has its share of sheets in, and the fewest that count.
pub fn may_lock(stage: Stage, rubric: &Rubric, turnouts: impl IntoIterator<Item = Turnout>) -> Guard {
    all([stage.must_be_scoring()])?;
    all([quorum(rubric, turnouts)])
}

fn quorum(rubric: &Rubric, turnouts: impl IntoIterator<Item = Turnout>) -> Result<(), Reason> {
    let to_usize = |value: i64| usize::try_from(value).unwrap_or(0);
    for turnout in turnouts {
        let share = (turnout.live * to_usize(rubric.quorum_numerator))
            .div_ceil(to_usize(rubric.quorum_denominator).max(1));
        let needed = share.max(to_usize(rubric.sheets_min));
        if turnout.submitted < needed {
            return Err(Reason::QuorumNotReached { present: turnout.submitted, needed });
        }
    }
    Ok(())
}

/// Proposals that the lock waits for.
pub const IN_PLAY: &[ProposalStatus] =
    &[ProposalStatus::Submitted, ProposalStatus::Eligible, ProposalStatus::UnderReview];

/// Most members a council may have.
pub const COUNCIL_MAX: usize = 25;
/// Most reviews offered in one request.
pub const OFFERS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_locks_with_two_thirds_and_two_sheets() {
        let rubric = Rubric::default();
        let lock = |live, submitted| quorum(&rubric, [Turnout { live, submitted }]);
        assert!(lock(3, 2).is_ok() && lock(2, 2).is_ok() && lock(6, 4).is_ok());
        assert_eq!(lock(3, 1), Err(Reason::QuorumNotReached { present: 1, needed: 2 }));
        assert_eq!(lock(7, 4), Err(Reason::QuorumNotReached { present: 4, needed: 5 }));
        assert_eq!(lock(1, 1), Err(Reason::QuorumNotReached { present: 1, needed: 2 }));
        assert_eq!(
            quorum(&rubric, [Turnout { live: 3, submitted: 3 }, Turnout { live: 0, submitted: 0 }]),
            Err(Reason::QuorumNotReached { present: 0, needed: 2 })
        );
    }
}
