//! A draft shown by a link, and the form that it fills in.

use app::preview::{Preview, RevokePreview, SharePreview, Shared};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::challenge::{BriefSection as Kind, REQUIRED_SECTIONS, limits::PREVIEW_DAYS};
use domain::problem::Reason;

use super::authoring::after;
use super::challenge::{BriefSection, Challenge, Criterion, Indicator, Sector, sections};
use super::context::Ask as _;
use super::enums::{BriefSectionKind, Locale, Track};
use super::error::{Reported, Result};
use super::payload::{execute, payload};
use super::scalar::{DateTime, Url};
use super::text::{LocalizedText, Reader};

/// The link by which people without an account read a draft.
#[derive(SimpleObject)]
pub struct PreviewLink {
    /// Its address. It is a key: whoever has it reads the draft as it is then. Null once the keys of the server are others than when it was
    /// made; the link that was given out still works.
    url: Option<Url>,
    /// When it was made.
    created_at: DateTime,
    /// Until when it is good: up to then or the publication, whichever comes first.
    expires_at: DateTime,
}

impl From<Shared> for PreviewLink {
    fn from(shared: Shared) -> Self {
        Self {
            url: shared.url.map(Url),
            created_at: DateTime(shared.created_at),
            expires_at: DateTime(shared.expires_at),
        }
    }
}

/// A draft as a link shows it.
pub struct ChallengePreview(Preview);

/// What whoever has the link reads of a draft: its text, its rubric and its timetable, as they are now. Nothing in it leads to the
/// challenge itself.
#[Object]
impl ChallengePreview {
    /// Title.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let (row, locale) = (&self.0.challenge, ctx.locale(locale.map(Into::into))?);
        Ok(LocalizedText::new(&row.title_vi, row.title_en.as_ref(), locale))
    }

    /// Summary.
    async fn summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let (row, locale) = (&self.0.challenge, ctx.locale(locale.map(Into::into))?);
        Ok(LocalizedText::new(&row.summary_vi, row.summary_en.as_ref(), locale))
    }

    /// The name of the agency whose it is.
    async fn agency_name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let (row, locale) = (&self.0.agency, ctx.locale(locale.map(Into::into))?);
        Ok(LocalizedText::new(&row.name_vi, row.name_en.as_ref(), locale))
    }

    /// The route by which it looks for its solution.
    async fn track(&self) -> Track {
        self.0.challenge.track.into()
    }

    /// The field of public life.
    async fn sector(&self) -> Sector {
        Sector(self.0.challenge.sector)
    }

    /// The brief, section by section, in the order of the form.
    async fn sections(&self) -> Vec<BriefSection> {
        sections(&self.0.challenge.brief)
    }

    /// What is to be measured, at most 20.
    async fn indicators(&self) -> Vec<Indicator> {
        self.0.indicators.iter().cloned().map(Indicator).collect()
    }

    /// How proposals are to be judged, at most 20.
    async fn criteria(&self) -> Vec<Criterion> {
        self.0.criteria.iter().cloned().map(Criterion).collect()
    }

    /// First instant at which proposals are to be taken; null while not set.
    async fn opens_at(&self) -> Option<DateTime> {
        self.0.challenge.opens_at.map(DateTime)
    }

    /// The deadline as it is planned; null while not set.
    async fn closes_at(&self) -> Option<DateTime> {
        self.0.challenge.closes_at.map(DateTime)
    }

    /// Until when the link is good.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// A section of the form of a brief.
pub struct BriefTemplateSection(Kind);

/// A section of the form in which a brief is written, and what belongs there.
#[Object]
impl BriefTemplateSection {
    /// Which section.
    async fn kind(&self) -> BriefSectionKind {
        self.0.into()
    }

    /// What people call it.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let (title, _) = self.0.guidance();
        Ok(LocalizedText::new(&title.vi, title.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// What belongs there, in a sentence or two.
    async fn guidance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let (_, hint) = self.0.guidance();
        Ok(LocalizedText::new(&hint.vi, hint.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// Without it a brief is not handed in for approval.
    async fn is_required(&self) -> bool {
        REQUIRED_SECTIONS.contains(&self.0)
    }
}

/// What `sharePreview` needs.
#[derive(InputObject)]
pub struct SharePreviewInput {
    /// Which draft.
    challenge_id: ID,
    /// For how many days: 1 to 30.
    #[graphql(default = 7)]
    days: i32,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `revokePreview` needs.
#[derive(InputObject)]
pub struct RevokePreviewInput {
    /// Of which draft.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `sharePreview`.
    SharePreviewPayload {
        /// The draft, with its `previewLink`.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `revokePreview`.
    RevokePreviewPayload {
        /// The draft.
        challenge: Challenge,
    }
}

/// Previews.
#[derive(Default)]
pub struct PreviewMutation;

/// Previews.
#[Object]
impl PreviewMutation {
    /// Makes the link by which people without an account read a draft; a link that there was shows nothing any more. For those who write the
    /// challenge, up to its publication. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `OUT_OF_RANGE`.
    async fn share_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and for how long.")] input: SharePreviewInput,
    ) -> Result<Option<SharePreviewPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let days = i64::from(input.days);
        let within = if (1..=PREVIEW_DAYS).contains(&days) {
            Ok(days)
        } else {
            Err(Reason::OutOfRange { min: "1".to_owned(), max: PREVIEW_DAYS.to_string() })
        };
        let days = reader.keep("days", within);
        let command = challenge.zip(days).map(|(challenge, days)| SharePreview { challenge, days });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(SharePreviewPayload { challenge, user_errors }))
    }

    /// Takes the link back: it shows nothing any more. For those who write the challenge; without a link nothing happens. User errors:
    /// `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`.
    async fn revoke_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which.")] input: RevokePreviewInput,
    ) -> Result<Option<RevokePreviewPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let command = challenge.map(|challenge| RevokePreview { challenge });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RevokePreviewPayload { challenge, user_errors }))
    }
}

/// Previews, and the form of a brief.
#[derive(Default)]
pub struct PreviewQuery;

/// Previews, and the form of a brief.
#[Object]
impl PreviewQuery {
    /// The draft that a preview link shows; null if it shows none, or none any more.
    #[graphql(complexity = "10 + child_complexity")]
    async fn challenge_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What follows `#token=` in the link.")] token: String,
    ) -> Result<Option<ChallengePreview>> {
        let preview = app::preview::by_token(ctx.app()?, &token).await.map_err(Reported)?;
        Ok(preview.map(ChallengePreview))
    }

    /// The form in which a brief is written: its sections in order, each with what belongs there. To begin from another challenge see
    /// `cloneChallenge`.
    async fn brief_template(&self) -> Vec<BriefTemplateSection> {
        Kind::ALL.iter().copied().map(BriefTemplateSection).collect()
    }
}
