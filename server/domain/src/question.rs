//! A question about a challenge: asked by a house that may bid, answered to everybody at once, the asker unnamed.

use crate::challenge::ChallengeStatus;
use crate::machine::{self, Rule};
use crate::problem::{Guard, Problem, Reason, all, unless};
use crate::proposal::Call;
use crate::time::Timestamp;

closed_set! {
    /// Where a question stands.
    pub enum QuestionStatus {
        /// Waits for an answer. Only its asker and those who answer know of it.
        Asked = "ASKED",
        /// Answered, for everybody to read.
        Answered = "ANSWERED",
        /// Not answered, with a reason to its asker.
        Declined = "DECLINED",
    }
}

closed_set! {
    /// What is done with a question.
    pub enum QuestionCommand {
        /// Answer it.
        Answer = "ANSWER",
        /// Decline to answer.
        Decline = "DECLINE",
    }
}

/// `ASKED --> ANSWERED | DECLINED`
pub const TRANSITIONS: &[Rule<QuestionCommand, QuestionStatus>] = &[
    Rule { command: QuestionCommand::Answer, from: &[QuestionStatus::Asked], to: QuestionStatus::Answered },
    Rule { command: QuestionCommand::Decline, from: &[QuestionStatus::Asked], to: QuestionStatus::Declined },
];

/// States of a challenge in which questions about it are answered.
pub const ANSWERING: &[ChallengeStatus] = &[ChallengeStatus::Published, ChallengeStatus::Paused];

/// Asking: about a published challenge, up to the end of its questions (its deadline, if none is set), by a verified house
/// with few questions open.
pub fn may_ask(
    call: Call,
    until: Option<Timestamp>,
    is_verified: bool,
    open: usize,
    now: Timestamp,
) -> Guard {
    let ended = until.filter(|until| *until <= now);
    all([
        call.must_take_drafts(now),
        ended.map_or(Ok(()), |closed_at| Err(Reason::DeadlinePassed { closed_at })),
    ])?;
    let unverified = (!is_verified).then(|| Problem::whole(Reason::OrganizationNotVerified));
    let quota = (open >= limits::OPEN).then(|| Problem::whole(Reason::Quota { limit: limits::OPEN }));
    unless(unverified.into_iter().chain(quota))
}

/// Answering or declining: once, as long as proposals can still come or the challenge is only halted.
pub fn may_settle(challenge: ChallengeStatus, status: QuestionStatus, command: QuestionCommand) -> Guard {
    machine::allows(TRANSITIONS, status, &command)?;
    all([if ANSWERING.contains(&challenge) {
        Ok(())
    } else {
        let allowed = ANSWERING.iter().map(|state| state.name()).collect();
        Err(Reason::Transition { current: challenge.name(), allowed })
    }])
}

/// Limits of what people write.
pub mod limits {
    /// Characters of a question.
    pub const TEXT: usize = 2_000;
    /// Characters of an answer.
    pub const ANSWER: usize = 10_000;
    /// Questions of one house about one challenge that wait for an answer.
    pub const OPEN: usize = 10;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Timetable;
    use crate::problem::Code;

    fn codes(guard: &Guard) -> Vec<Code> {
        crate::action::reasons(guard)
    }

    #[test]
    fn questions_end_on_their_day_or_at_the_deadline() {
        let at = Timestamp::from_micros;
        let timetable = Some(Timetable { opens_at: at(10), closes_at: at(20) });
        let call = Call { status: ChallengeStatus::Published, timetable };
        let ask = |until, now| codes(&may_ask(call, until, true, 0, at(now)));
        assert_eq!(ask(None, 5), [], "before the window, too");
        assert_eq!(ask(None, 19), []);
        assert_eq!(ask(None, 20), [Code::DeadlinePassed]);
        assert_eq!(ask(Some(at(15)), 14), []);
        assert_eq!(ask(Some(at(15)), 15), [Code::DeadlinePassed]);
        let halted = Call { status: ChallengeStatus::Paused, timetable };
        assert_eq!(codes(&may_ask(halted, None, true, 0, at(12))), [Code::Conflict]);
        assert_eq!(
            codes(&may_ask(call, None, false, limits::OPEN, at(12))),
            [Code::OrganizationNotVerified, Code::Quota]
        );
    }

    #[test]
    fn a_question_is_settled_once_and_while_it_still_helps() {
        use QuestionCommand::{Answer, Decline};
        for command in [Answer, Decline] {
            for challenge in ChallengeStatus::ALL.iter().copied() {
                let helps = ANSWERING.contains(&challenge);
                assert_eq!(may_settle(challenge, QuestionStatus::Asked, command).is_ok(), helps);
                assert!(may_settle(challenge, QuestionStatus::Answered, command).is_err());
                assert!(may_settle(challenge, QuestionStatus::Declined, command).is_err());
            }
        }
    }
}
