//! What is announced about a challenge.

use app::announcement::PublishAnnouncement;
use async_graphql::{Context, ID, InputObject, Object};
use domain::challenge::limits;
use entity::announcement;

use super::authoring::after;
use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::Locale;
use super::error::Result;
use super::payload::{execute, payload};
use super::scalar::DateTime;
use super::text::{Lines, LocalizedText, LocalizedTextInput, Reader};

/// An announcement.
pub struct Announcement(pub announcement::Model);

/// Something that the agency or the programme office told everybody about a challenge.
#[Object]
impl Announcement {
    /// Which one it is of the challenge, from 1 on.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// What, plain text with line breaks, at most 4,000 characters.
    async fn text(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.0.text_vi, self.0.text_en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// When.
    async fn published_at(&self) -> DateTime {
        DateTime(self.0.published_at)
    }
}

/// What `publishAnnouncement` needs.
#[derive(InputObject)]
pub struct PublishAnnouncementInput {
    /// About which challenge.
    challenge_id: ID,
    /// What, 1 to 4,000 characters.
    text: Vec<LocalizedTextInput>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `publishAnnouncement`.
    PublishAnnouncementPayload {
        /// The challenge, with the announcement.
        challenge: Challenge,
    }
}

/// Announcements.
#[derive(Default)]
pub struct AnnouncementMutation;

/// Announcements.
#[Object]
impl AnnouncementMutation {
    /// Tells everybody something about a published challenge, which its text does not change: a meeting, a corrected link. The agency,
    /// everybody who works on a proposal and those who follow it are mailed. For the agency's lead and programme officers, until the
    /// decision is published; at most 50 times, and nothing is taken back. User errors: `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`, `CONFLICT`, `QUOTA`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn publish_announcement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About which, and what.")] input: PublishAnnouncementInput,
    ) -> Result<Option<PublishAnnouncementPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let text = reader.bilingual("text", &input.text, limits::ANNOUNCEMENT, Lines::Many);
        let command = challenge.zip(text).map(|(challenge, text)| PublishAnnouncement { challenge, text });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PublishAnnouncementPayload { challenge, user_errors }))
    }
}
