//! Questions about challenges and their answers.

use app::question::{AnswerQuestion, AskQuestion, DeclineQuestion, is_own};
use async_graphql::{Context, ID, InputObject, Object};
use domain::access::{Action, may};
use domain::challenge::limits::REASON;
use domain::id::{ChallengeId, QuestionId};
use domain::question::{QuestionCommand, limits, may_settle};
use entity::question;

use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::{Locale, QuestionStatus};
use super::error::Result;
use super::id;
use super::load::RolesOn;
use super::page::connection;
use super::payload::{Done, UserError, execute, found, payload};
use super::scalar::DateTime;
use super::text::{Lines, LocalizedText, LocalizedTextInput, Reader};

/// A question.
#[derive(Clone)]
pub struct Question(pub question::Model);

/// A question about a challenge. Once answered everybody reads it, and nobody learns who asked. Until then, and if it is declined, it is
/// known to the house that asked, to the agency, and to the programme office.
#[Object]
impl Question {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The challenge.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        Ok(super::one(ctx, self.0.challenge_id).await?.map(Challenge))
    }

    /// Where it stands.
    async fn status(&self) -> QuestionStatus {
        self.0.status.into()
    }

    /// What is asked, at most 2,000 characters: as everybody reads it once it is answered, and as it was asked before.
    async fn text(&self) -> &str {
        self.0.published_text.as_ref().unwrap_or(&self.0.asked_text)
    }

    /// What was asked, word by word; null unless your house asked, or you may answer.
    async fn asked_text(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.is_inside(ctx).await?.then_some(self.0.asked_text.as_str()))
    }

    /// The answer, at most 10,000 characters; null unless it is answered.
    async fn answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Option<LocalizedText>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        let answer = self.0.answer_vi.as_ref();
        Ok(answer.map(|vi| LocalizedText::new(vi, self.0.answer_en.as_ref(), locale)))
    }

    /// When it was answered; null unless it is.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answer_vi.as_ref().and(self.0.settled_at).map(DateTime)
    }

    /// Why it is not answered, in the words of whoever declined; null unless it was declined.
    async fn decline_reason(&self) -> Option<&String> {
        self.0.decline_reason.as_ref()
    }

    /// When it was asked; null unless your house asked, or you may answer.
    async fn asked_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.is_inside(ctx).await?.then_some(DateTime(self.0.asked_at)))
    }

    /// Your house asked.
    async fn is_own(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(is_own(&ctx.viewer()?, &self.0))
    }

    /// You may answer or decline it now.
    async fn viewer_can_answer(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some(challenge) = super::one(ctx, self.0.challenge_id).await? else { return Ok(false) };
        let roles = super::one(ctx, RolesOn(self.0.challenge_id)).await?.unwrap_or_default();
        let is_open = may_settle(challenge.status, self.0.status, QuestionCommand::Answer).is_ok();
        let viewer = ctx.viewer()?;
        let acts =
            may(Action::AnswerQuestion, viewer.roles()) || viewer.must_act_in(challenge.agency_id).is_ok();
        Ok(is_open && acts && may(Action::AnswerQuestion, roles))
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

impl Question {
    /// Whether the reader knows of it otherwise than by its answer.
    async fn is_inside(&self, ctx: &Context<'_>) -> Result<bool> {
        let viewer = ctx.viewer()?;
        if self.0.published_text.is_none() || is_own(&viewer, &self.0) || viewer.is_programme_office() {
            return Ok(true);
        }
        let challenge = super::one(ctx, self.0.challenge_id).await?;
        Ok(challenge.is_some_and(|challenge| viewer.desks().contains(&challenge.agency_id)))
    }
}

/// Whose questions a connection counts.
pub struct About(pub ChallengeId);

impl About {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::question::count(app, &viewer, self.0).await
    }
}

connection!(
    /// A page of questions.
    QuestionConnection,
    /// A question in a list.
    QuestionEdge,
    Question,
    question::Model,
    About
);

/// What `askQuestion` needs.
#[derive(InputObject)]
pub struct AskQuestionInput {
    /// About which.
    challenge_id: ID,
    /// In whose name: an applicant in which you write. Nobody but its members learns that.
    organization_id: ID,
    /// What, 1 to 2,000 characters. Do not name yourself: everybody may read it.
    text: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `answerQuestion` needs.
#[derive(InputObject)]
pub struct AnswerQuestionInput {
    /// Which.
    question_id: ID,
    /// The version that you read; left out: whatever there is.
    expected_version: Option<i32>,
    /// The question as everybody is to read it, without what would name its asker: 1 to 2,000 characters; left out: as it was asked.
    published_text: Option<String>,
    /// The answer, 1 to 10,000 characters.
    answer: Vec<LocalizedTextInput>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `declineQuestion` needs.
#[derive(InputObject)]
pub struct DeclineQuestionInput {
    /// Which.
    question_id: ID,
    /// Why, for its asker: 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `askQuestion`.
    AskQuestionPayload {
        /// The question.
        question: Question,
    }
}
payload! {
    /// Answer of `answerQuestion`.
    AnswerQuestionPayload {
        /// The question, answered.
        question: Question,
    }
}
payload! {
    /// Answer of `declineQuestion`.
    DeclineQuestionPayload {
        /// The question, declined.
        question: Question,
    }
}

/// Loads the question that a command left behind.
async fn after(ctx: &Context<'_>, done: Done<QuestionId>) -> Result<(Option<Question>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let question = found(ctx, super::one(ctx, id).await?.map(Question), &mut errors)?;
            Ok((question, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Questions.
#[derive(Default)]
pub struct QuestionMutation;

/// Questions.
#[Object]
impl QuestionMutation {
    /// Asks about a published challenge in the name of a verified house, until `Challenge.questionsUntil` or the deadline. The agency and
    /// the programme officers are mailed, without a name. At most 10 of a house wait at once. User errors: `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`, `ORGANIZATION_NOT_VERIFIED`, `DEADLINE_PASSED`, `CONFLICT`, `QUOTA`, `REQUIRED`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`.
    async fn ask_question(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About which, in whose name, and what.")] input: AskQuestionInput,
    ) -> Result<Option<AskQuestionPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let organization = reader.id("organizationId", &input.organization_id);
        let text = reader.text("text", &input.text, limits::TEXT, Lines::Many);
        let command = challenge
            .zip(organization)
            .zip(text)
            .map(|((challenge, organization), text)| AskQuestion { challenge, organization, text });
        let (question, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(AskQuestionPayload { question, user_errors }))
    }

    /// Answers a question for everybody at once; its asker and everybody who works on a proposal are mailed; for the agency, those who
    /// draft for it, and programme officers. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `REQUIRED`,
    /// `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn answer_question(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the answer.")] input: AnswerQuestionInput,
    ) -> Result<Option<AnswerQuestionPayload>> {
        let mut reader = Reader::default();
        let question = reader.id("questionId", &input.question_id);
        let published_text = input
            .published_text
            .as_ref()
            .and_then(|text| reader.text("publishedText", text, limits::TEXT, Lines::Many));
        let answer = reader.bilingual("answer", &input.answer, limits::ANSWER, Lines::Many);
        let command = question.zip(answer).map(|(question, answer)| AnswerQuestion {
            question,
            expected_version: input.expected_version,
            published_text,
            answer,
        });
        let (question, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(AnswerQuestionPayload { question, user_errors }))
    }

    /// Declines to answer; the house that asked is mailed the reason. For whom, and user errors: as `answerQuestion`.
    async fn decline_question(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: DeclineQuestionInput,
    ) -> Result<Option<DeclineQuestionPayload>> {
        let mut reader = Reader::default();
        let question = reader.id("questionId", &input.question_id);
        let reason = reader.text("reason", &input.reason, REASON, Lines::Many);
        let command = question.zip(reason).map(|(question, reason)| DeclineQuestion { question, reason });
        let (question, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(DeclineQuestionPayload { question, user_errors }))
    }
}
