//! What teams are asked to make clearer.

use app::clarification::{AnswerClarification, AskClarification};
use async_graphql::{Context, ID, InputObject, Object};
use domain::proposal::{Clarification as Said, limits};
use entity::clarification;

use super::enums::ProposalSectionKind;
use super::error::Result;
use super::payload::{execute, payload};
use super::proposal::{Proposal, after};
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// A clarification.
#[derive(Clone)]
pub struct Clarification(pub (clarification::Model, Said));

/// Something that a team was asked to make clearer after the opening. Read by those who read the content of the proposal; what stands
/// there is sealed like it.
#[Object]
impl Clarification {
    /// Which one it is of the proposal, from 1 on.
    async fn number(&self) -> i32 {
        self.0.0.number
    }

    /// What is to be made clearer, at most 4,000 characters.
    async fn question(&self) -> &str {
        &self.0.1.question
    }

    /// The sections that it is about; empty for the whole.
    async fn sections(&self) -> Vec<ProposalSectionKind> {
        self.0.1.sections.iter().copied().map(Into::into).collect()
    }

    /// When it was asked.
    async fn asked_at(&self) -> DateTime {
        DateTime(self.0.0.asked_at)
    }

    /// Until when an answer is taken: the first instant that is too late. After it the evaluation goes on without one.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.0.due_at)
    }

    /// What the team says, at most 10,000 characters; null before, and for good if there was no answer in time.
    async fn answer(&self) -> Option<&String> {
        self.0.1.answer.as_ref()
    }

    /// When it was answered; null unless it was.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.0.answered_at.map(DateTime)
    }
}

/// What `askClarification` needs.
#[derive(InputObject)]
pub struct AskClarificationInput {
    /// Of which proposal.
    proposal_id: ID,
    /// What, 1 to 4,000 characters. Its team reads it, and whoever reads the proposal.
    question: String,
    /// The sections that it is about.
    #[graphql(default)]
    sections: Vec<ProposalSectionKind>,
    /// Until when an answer is taken: the first instant that is too late, ahead.
    due_at: DateTime,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `answerClarification` needs.
#[derive(InputObject)]
pub struct AnswerClarificationInput {
    /// Of which proposal: the last that was asked of it is answered.
    proposal_id: ID,
    /// What you say, 1 to 10,000 characters. In a blind call do not name yourself.
    answer: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `askClarification`.
    AskClarificationPayload {
        /// The proposal: its `status` is `CLARIFICATION`.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `answerClarification`.
    AnswerClarificationPayload {
        /// The proposal: its `status` is `ELIGIBLE` again.
        proposal: Proposal,
    }
}

/// Clarifications.
#[derive(Default)]
pub struct ClarificationMutation;

/// Clarifications.
#[Object]
impl ClarificationMutation {
    /// Asks the team of an eligible proposal to make something clearer; the whole team is mailed, without a word of it. Before its first review
    /// is offered, for the council's secretary, chair and vice chair without conflict with it, at most 10 times. User errors: `NOT_FOUND`,
    /// `NOT_PERMITTED`, `CONFLICT_UNDECLARED`, `CONFLICT`, `QUOTA`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn ask_clarification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which proposal, what, and until when.")] input: AskClarificationInput,
    ) -> Result<Option<AskClarificationPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let question = reader.text("question", &input.question, limits::QUESTION, Lines::Many);
        let few = reader.at_most("sections", &input.sections, 20);
        let (sections, due_at) = (input.sections.into_iter().map(Into::into).collect(), input.due_at.0);
        let command = proposal.zip(question).filter(|_| few).map(|(proposal, question)| AskClarification {
            proposal,
            question,
            sections,
            due_at,
        });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(AskClarificationPayload { proposal, user_errors }))
    }

    /// Answers what was asked last, once, by its time; the secretary is mailed. For the owner of a proposal in `CLARIFICATION`. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `DEADLINE_PASSED`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn answer_clarification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which proposal, and what you say.")] input: AnswerClarificationInput,
    ) -> Result<Option<AnswerClarificationPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let answer = reader.text("answer", &input.answer, limits::ANSWER, Lines::Many);
        let command = proposal.zip(answer).map(|(proposal, answer)| AnswerClarification { proposal, answer });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(AnswerClarificationPayload { proposal, user_errors }))
    }
}
