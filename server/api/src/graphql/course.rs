//! What becomes of a challenge after its publication, short of an evaluation.

use app::challenge::{AmendChallenge, Halt, HaltChallenge};
use async_graphql::{Context, ID, InputObject, Object};
use domain::challenge::limits;

use super::authoring::{BriefSectionInput, after, read_sections};
use super::challenge::Challenge;
use super::error::Result;
use super::payload::{execute, payload};
use super::scalar::DateTime;
use super::text::{Lines, LocalizedTextInput, Reader};

/// What `amendChallenge` needs; what is left out stays as it is.
#[derive(InputObject)]
pub struct AmendChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The version that you saw: `Challenge.version`.
    expected_version: i32,
    /// What changes and why, for everybody: 1 to 2,000 characters.
    change_note: Vec<LocalizedTextInput>,
    /// New title, at most 200 characters.
    title: Option<Vec<LocalizedTextInput>>,
    /// New summary, at most 2,000 characters.
    summary: Option<Vec<LocalizedTextInput>>,
    /// All sections; replaces those there were.
    sections: Option<Vec<BriefSectionInput>>,
    /// New deadline: later than it was, and still ahead.
    closes_at: Option<DateTime>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `pauseChallenge` needs.
#[derive(InputObject)]
pub struct PauseChallengeInput {
    /// Which.
    challenge_id: ID,
    /// Why, for everybody: 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `resumeChallenge` needs.
#[derive(InputObject)]
pub struct ResumeChallengeInput {
    /// Which.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `cancelChallenge` needs.
#[derive(InputObject)]
pub struct CancelChallengeInput {
    /// Which.
    challenge_id: ID,
    /// Why, for everybody: 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `amendChallenge`.
    AmendChallengePayload {
        /// The challenge as it is now.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `pauseChallenge`.
    PauseChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `resumeChallenge`.
    ResumeChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `cancelChallenge`.
    CancelChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
/// The course of a published challenge.
#[derive(Default)]
pub struct ChallengeCourseMutation;

/// The course of a published challenge.
#[Object]
impl ChallengeCourseMutation {
    /// Changes what is published, as a new version with a public note; the agency and everybody who works on a proposal are mailed;
    /// for the agency's lead. The rubric stays as it was published. The deadline only moves to a later instant that is still ahead, also
    /// once it has passed, as long as nothing was opened. Proposals handed in stay valid.
    /// User errors: `OUT_OF_RANGE`, `REQUIRED`, `QUOTA`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`, `ALREADY_EXISTS` for a section given twice.
    async fn amend_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: AmendChallengeInput,
    ) -> Result<Option<AmendChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let note = reader.bilingual("changeNote", &input.change_note, limits::REASON, Lines::Many);
        let mut text = |name, given: Option<Vec<LocalizedTextInput>>, limit, lines| {
            given.and_then(|given| reader.bilingual(name, &given, limit, lines))
        };
        let title = text("title", input.title, limits::TITLE, Lines::One);
        let summary = text("summary", input.summary, limits::SUMMARY, Lines::Many);
        let brief = input.sections.map(|sections| read_sections(sections, &mut reader));
        let command = challenge.zip(note).map(|(challenge, note)| AmendChallenge {
            challenge,
            expected_version: input.expected_version,
            note,
            title,
            summary,
            brief,
            closes_at: input.closes_at.map(|at| at.0),
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(AmendChallengePayload { challenge, user_errors }))
    }

    /// Halts a published challenge: no proposals are taken or opened; the agency and everybody who works on a proposal are mailed; for
    /// programme officers, never for one of its authors. User errors: `SELF_APPROVAL`, `REQUIRED`, `TOO_LONG`, `CONFLICT`, `NOT_FOUND`,
    /// `NOT_PERMITTED`.
    async fn pause_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: PauseChallengeInput,
    ) -> Result<Option<PauseChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = challenge
            .zip(reason)
            .map(|(challenge, reason)| HaltChallenge { challenge, command: Halt::Pause(reason) });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PauseChallengePayload { challenge, user_errors }))
    }

    /// Lets a halted challenge go on; what of its timetable was ahead when it was halted moves by as long as that lasted, and a deadline
    /// that had passed stays passed. Mails and right as `pauseChallenge`. User errors: `SELF_APPROVAL`, `CONFLICT`, `NOT_FOUND`,
    /// `NOT_PERMITTED`.
    async fn resume_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ResumeChallengeInput,
    ) -> Result<Option<ResumeChallengePayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("challengeId", &input.challenge_id)
            .map(|challenge| HaltChallenge { challenge, command: Halt::Resume });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ResumeChallengePayload { challenge, user_errors }))
    }

    /// Gives an approved, published or evaluated challenge up for good, before its decision is published. Proposals that were not
    /// opened stay sealed. The agency, everybody who works on a proposal, the council and the decision maker are mailed; for the
    /// publishing authority, never for one of its authors. User errors: `SELF_APPROVAL`, `REQUIRED`, `TOO_LONG`, `CONFLICT`, `NOT_FOUND`,
    /// `NOT_PERMITTED`.
    async fn cancel_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: CancelChallengeInput,
    ) -> Result<Option<CancelChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = challenge
            .zip(reason)
            .map(|(challenge, reason)| HaltChallenge { challenge, command: Halt::Cancel(reason) });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CancelChallengePayload { challenge, user_errors }))
    }
}
