//! The council at work: who sits on it, conflicts of interest, one score sheet per member and proposal, the lock.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::challenge::{Rubric, Stage, limits};
use crate::decision::{DecisionStatus, untied};
use crate::machine::{self, Rule};
use crate::problem::{Guard, Problem, Reason, all, unless};
use crate::proposal::{self, ProposalCommand, ProposalStatus, cleared};
use crate::score::{self, Criterion, Sheet};
use crate::time::Timestamp;

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
    /// Those who lead the council.
    pub const BUREAU: &[Self] = &[Self::Chair, Self::ViceChair, Self::Secretary];

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
        /// Not handed in by its time, or before the lock.
        Expired = "EXPIRED",
        /// The member said no.
        Declined = "DECLINED",
        /// Taken from the member.
        Revoked = "REVOKED",
        /// Out of the count: a conflict of interest was found after the lock. Kept as evidence.
        Voided = "VOIDED",
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
        /// Its time is over, or the round is locked: sheets that are not in.
        Expire = "EXPIRE",
        /// Say no to what was offered.
        Decline = "DECLINE",
        /// Take it from its member.
        Revoke = "REVOKE",
        /// Give a sheet that is in back to its member.
        Reopen = "REOPEN",
        /// Take a locked sheet out of the count.
        Void = "VOID",
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
    Rule { command: C::Decline, from: &[S::Offered], to: S::Declined },
    Rule {
        command: C::Revoke,
        from: &[S::Offered, S::Accepted, S::InProgress, S::Submitted],
        to: S::Revoked,
    },
    Rule { command: C::Reopen, from: &[S::Submitted], to: S::InProgress },
    Rule { command: C::Void, from: &[S::Locked], to: S::Voided },
];

impl ReviewStatus {
    /// Counts for the quorum: neither given up, nor taken away, nor expired.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Recused | Self::Expired | Self::Declined | Self::Revoked | Self::Voided)
    }
}

/// Reviews that their members have nothing to do with any more.
pub const LOST: &[ReviewStatus] = &[S::Recused, S::Declined, S::Revoked, S::Expired];

/// The reviews of one proposal, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turnout {
    /// Reviews that are to come in: [`ReviewStatus::is_live`].
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

/// Until when a review is wanted: the first instant that is too late, if there is one.
pub fn in_time(due_at: Option<Timestamp>, now: Timestamp) -> Result<(), Reason> {
    match due_at {
        Some(closed_at) if closed_at <= now => Err(Reason::DeadlinePassed { closed_at }),
        _ => Ok(()),
    }
}

/// A time set for reviews: ahead.
pub fn may_fall_due(due_at: Option<Timestamp>, now: Timestamp) -> Guard {
    let past = due_at.filter(|due_at| *due_at <= now);
    let range = |_| Reason::OutOfRange { min: now.to_rfc3339(), max: limits::LAST_DEADLINE.to_owned() };
    unless(past.map(range).map(|reason| Problem::at("dueAt", reason)))
}

/// What nobody waits for any more: not in by its time, while the council works on its sheets.
pub fn may_expire(stage: Stage, status: ReviewStatus, due_at: Option<Timestamp>, now: Timestamp) -> bool {
    in_time(due_at, now).is_err()
        && stage.must_be_scoring().is_ok()
        && machine::allows(TRANSITIONS, status, &C::Expire).is_ok()
}

/// Saving one's own sheet: after declaring no conflict, until it is handed in, in time.
pub fn may_save(stage: Stage, status: ReviewStatus, in_time: Result<(), Reason>) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Save)?;
    all([stage.must_be_scoring(), in_time])
}

/// Handing one's own sheet in: when nothing is missing on it, in time.
pub fn may_submit(
    stage: Stage,
    status: ReviewStatus,
    in_time: Result<(), Reason>,
    sheet: &Sheet,
    criteria: &[Criterion],
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Submit)?;
    all([stage.must_be_scoring(), in_time])?;
    unless(score::missing(sheet, criteria))
}

/// Saying no to a review that was offered, while sheets are made.
pub fn may_decline(stage: Stage, status: ReviewStatus) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Decline)?;
    all([stage.must_be_scoring()])
}

/// Taking a review from its member, or giving a sheet back: while sheets are made, by somebody without conflict.
pub fn may_interfere(stage: Stage, status: ReviewStatus, command: ReviewCommand, is_cleared: bool) -> Guard {
    all([cleared(is_cleared)])?;
    machine::allows(TRANSITIONS, status, &command)?;
    all([stage.must_be_scoring()])
}

/// What taking a locked sheet out of the count depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voiding {
    /// Where the challenge stands.
    pub stage: Stage,
    /// Where the review stands.
    pub status: ReviewStatus,
    /// Where the decision stands, if there is one.
    pub decision: Option<DecisionStatus>,
    /// The chair has asked for it.
    pub is_requested: bool,
    /// Locked sheets of the proposal, this one among them.
    pub sheets: usize,
}

impl Voiding {
    /// After the lock, as long as nobody decides by it; never the last sheet of a proposal, which would be without a score.
    fn is_possible(self) -> Guard {
        machine::allows(TRANSITIONS, self.status, &C::Void)?;
        let drafted = match self.decision {
            Some(status) if status != DecisionStatus::Draft => Err(Reason::Transition {
                current: status.name(),
                allowed: vec![DecisionStatus::Draft.name()],
            }),
            _ => Ok(()),
        };
        all([self.stage.must_be_undecided(), drafted])?;
        let left = self.sheets.saturating_sub(1);
        all([if left > 0 { Ok(()) } else { Err(Reason::QuorumNotReached { present: left, needed: 1 }) }])
    }

    /// Asking for it: once, and never for one's own sheet.
    pub fn may_be_requested(self, is_own: bool) -> Guard {
        self.is_possible()?;
        let again = if self.is_requested { Err(Reason::AlreadyExists) } else { Ok(()) };
        all([if is_own { Err(Reason::SelfApproval) } else { Ok(()) }, again])
    }

    /// Doing it: once somebody else has asked for it.
    pub fn may_be_confirmed(self) -> Guard {
        self.is_possible()?;
        all([if self.is_requested { Ok(()) } else { Err(Reason::SecondPersonRequired) }])
    }
}

/// Locking the round: when every proposal under review has its share of sheets in, and the fewest that count. By somebody who is
/// tied to none of the applicants: what is missing would tell of a proposal that they lost sight of.
pub fn may_lock(
    stage: Stage,
    is_tied: bool,
    rubric: &Rubric,
    turnouts: impl IntoIterator<Item = Turnout>,
) -> Guard {
    all([stage.must_be_scoring()])?;
    all([untied(is_tied)])?;
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
pub const IN_PLAY: &[ProposalStatus] = &[
    ProposalStatus::Submitted,
    ProposalStatus::Eligible,
    ProposalStatus::Clarification,
    ProposalStatus::UnderReview,
];

/// Most members a council may have.
pub const COUNCIL_MAX: usize = 25;
/// Most reviews offered in one request.
pub const OFFERS_MAX: usize = 100;
/// Most proposals that a plan gives to one member.
pub const LOAD_MAX: u16 = 1_000;

/// Mailboxes that anybody can have: sharing one of these says nothing.
const PUBLIC_MAILBOXES: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "me.com",
    "msn.com",
    "outlook.com",
    "outlook.com.vn",
    "proton.me",
    "protonmail.com",
    "yahoo.com",
    "yahoo.com.vn",
    "ymail.com",
    "zoho.com",
];

/// The houses that a mailbox gives away: those of which alone somebody has an address in that domain. Of a public domain, or
/// one that people of several of the houses use, that is none.
pub fn houses_by_mailbox<'a, H: Copy + Ord + 'a>(
    addresses: impl IntoIterator<Item = (H, &'a str)>,
) -> BTreeMap<&'a str, H> {
    let mut used: BTreeMap<&str, BTreeSet<H>> = BTreeMap::new();
    for (house, address) in addresses {
        used.entry(mailbox(address)).or_default().insert(house);
    }
    used.retain(|domain, houses| houses.len() == 1 && !PUBLIC_MAILBOXES.contains(domain));
    used.into_iter().filter_map(|(domain, houses)| Some((domain, houses.into_iter().next()?))).collect()
}

/// The domain of an address in its compared form.
pub fn mailbox(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_gives_a_house_away_unless_everybody_has_one() {
        let addresses = [
            (1, "an@songcam.vn"),
            (1, "binh@gmail.com"),
            (1, "chi@both.vn"),
            (2, "dung@both.vn"),
            (2, "giang@hongha.vn"),
            (2, "hoa@hongha.vn"),
        ];
        let houses = houses_by_mailbox(addresses);
        assert_eq!(houses, BTreeMap::from([("hongha.vn", 2), ("songcam.vn", 1)]));
        assert_eq!(houses.get(mailbox("expert@songcam.vn")), Some(&1));
    }

    #[test]
    fn a_locked_sheet_is_voided_by_two_before_anybody_decides_by_it() {
        use crate::challenge::ChallengeStatus;
        let voiding = Voiding {
            stage: Stage { status: ChallengeStatus::Evaluation, is_locked: true },
            status: S::Locked,
            decision: None,
            is_requested: false,
            sheets: 2,
        };
        assert!(voiding.may_be_requested(false).is_ok() && voiding.may_be_requested(true).is_err());
        assert!(voiding.may_be_confirmed().is_err(), "nobody alone");
        let asked = Voiding { is_requested: true, ..voiding };
        assert!(asked.may_be_confirmed().is_ok() && asked.may_be_requested(false).is_err());
        let drafted = |decision| Voiding { decision: Some(decision), ..asked }.may_be_confirmed().is_ok();
        assert!(drafted(DecisionStatus::Draft) && !drafted(DecisionStatus::Proposed));
        assert!(Voiding { sheets: 1, ..asked }.may_be_confirmed().is_err(), "a score of nothing");
        assert!(Voiding { status: S::Submitted, ..asked }.may_be_confirmed().is_err(), "not locked");
        let stage = Stage { status: ChallengeStatus::Awarded, is_locked: true };
        assert!(Voiding { stage, ..asked }.may_be_confirmed().is_err(), "decided");
    }

    #[test]
    fn a_review_is_in_time_up_to_its_instant_and_expires_from_then_on() {
        use crate::challenge::ChallengeStatus;
        let at = Timestamp::from_micros;
        let stage = |is_locked| Stage { status: ChallengeStatus::Evaluation, is_locked };
        assert!(in_time(None, at(9)).is_ok() && in_time(Some(at(10)), at(9)).is_ok());
        assert_eq!(in_time(Some(at(10)), at(10)), Err(Reason::DeadlinePassed { closed_at: at(10) }));
        let expires = |status, due, now| may_expire(stage(false), status, Some(at(due)), at(now));
        assert!(expires(S::Offered, 10, 10) && expires(S::InProgress, 10, 11));
        assert!(!expires(S::Offered, 10, 9), "not yet");
        assert!(
            !expires(S::Submitted, 10, 11) && !expires(S::Declined, 10, 11),
            "not what has an end already"
        );
        assert!(!may_expire(stage(true), S::Offered, Some(at(10)), at(11)), "the lock has settled it");
        assert!(!may_expire(stage(false), S::Offered, None, at(11)), "no time, no end");
        assert!(may_fall_due(Some(at(10)), at(9)).is_ok() && may_fall_due(Some(at(10)), at(10)).is_err());
    }

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
