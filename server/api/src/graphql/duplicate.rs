//! Challenges that are the same problem in several places.

use app::duplicate::LinkDuplicate;
use async_graphql::{Context, ID, InputObject, Object};

use super::authoring::after;
use super::challenge::Challenge;
use super::error::Result;
use super::payload::{execute, payload};
use super::text::Reader;

/// What `linkDuplicate` needs.
#[derive(InputObject)]
pub struct LinkDuplicateInput {
    /// Which challenge.
    challenge_id: ID,
    /// The one that is to stand for both.
    duplicate_of_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `unlinkDuplicate` needs.
#[derive(InputObject)]
pub struct UnlinkDuplicateInput {
    /// Which challenge.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `linkDuplicate`.
    LinkDuplicatePayload {
        /// The challenge; `duplicateOf` is the one that stands for it.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `unlinkDuplicate`.
    UnlinkDuplicatePayload {
        /// The challenge.
        challenge: Challenge,
    }
}

/// Duplicates.
#[derive(Default)]
pub struct DuplicateMutation;

/// Duplicates.
#[Object]
impl DuplicateMutation {
    /// Says that a challenge is the same problem as another one, which stands for both; whoever may see both sees the link. Nothing else
    /// changes. For programme officers. `MALFORMED` if they are the same, if the one has duplicates, or if the other one is a duplicate itself;
    /// further user errors: `NOT_FOUND`, `NOT_PERMITTED`, `QUOTA` (at most 50 of one).
    async fn link_duplicate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and of which.")] input: LinkDuplicateInput,
    ) -> Result<Option<LinkDuplicatePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let original = reader.id("duplicateOfId", &input.duplicate_of_id);
        let command = challenge
            .zip(original)
            .map(|(challenge, original)| LinkDuplicate { challenge, original: Some(original) });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(LinkDuplicatePayload { challenge, user_errors }))
    }

    /// Says that a challenge is no duplicate. For programme officers. User errors: `NOT_FOUND`, `NOT_PERMITTED`.
    async fn unlink_duplicate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UnlinkDuplicateInput,
    ) -> Result<Option<UnlinkDuplicatePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let command = challenge.map(|challenge| LinkDuplicate { challenge, original: None });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UnlinkDuplicatePayload { challenge, user_errors }))
    }
}
