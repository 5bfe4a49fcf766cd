//! Challenges: big problems, their briefs, and their way to publication.

use app::challenge::{Filter, Order};
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use domain::challenge::{self as rules, Brief, OfficialRecord as Record};
use domain::id::OrganizationId;
use domain::problem::{Problem, Reason};
use entity::{challenge, challenge_version, criterion, indicator};

use super::account::User;
use super::action::{BidEligibility, ChallengeActionVerdict, allowed, verdicts};
use super::announcement::Announcement;
use super::attachment::Attachment;
use super::context::Ask as _;
use super::decision::Decision;
use super::enums::{
    BriefSectionKind, ChallengeAction, ChallengeStatus, ChallengeWindow, Locale, SectorCode, SupportStage,
    TieBreaker, Track,
};
use super::error::{Reported, Result};
use super::id;
use super::load::{
    ActionsOnChallenge, AnnouncementsOf, BidsOn, CouncilOf, CriteriaOf, DecisionOf, DuplicatesOf,
    FilesOfChallenge, FollowOf, FormerDecisionsOf, IndicatorsOf, OpeningOf, PreviewOf, ProgressOf,
    PromotionOn, ProposalCountOf, PublishedOf, RolesOn, SupportOf,
};
use super::organization::Organization;
use super::page::{ask, connection, cost};
use super::plan::ReviewPlan;
use super::preview::PreviewLink;
use super::proposal::{Money, ProposalConnection};
use super::question::{About, QuestionConnection};
use super::ranking::{Ranking, RankingCheck};
use super::review::{CouncilMember, ReviewProgress};
use super::scalar::{Date, DateTime, Decimal, Url};
use super::text::{Lines, LocalizedText, Reader};

/// A challenge.
#[derive(Clone)]
pub struct Challenge(pub challenge::Model);

/// A big problem of a public agency: the brief, the rubric, the timetable, and what became of it. Once published it is public.
#[Object]
impl Challenge {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Its handle in addresses: a-z, digits and hyphens. It is final, and nobody else's, from the publication on.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Title, at most 200 characters.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(
            &self.0.title_vi,
            self.0.title_en.as_ref(),
            ctx.locale(locale.map(Into::into))?,
        ))
    }

    /// Summary, at most 2,000 characters.
    async fn summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(
            &self.0.summary_vi,
            self.0.summary_en.as_ref(),
            ctx.locale(locale.map(Into::into))?,
        ))
    }

    /// The languages the title is in; Vietnamese always.
    async fn available_locales(&self) -> Vec<Locale> {
        if self.0.title_en.is_some() { vec![Locale::Vi, Locale::En] } else { vec![Locale::Vi] }
    }

    /// The owning agency; null if it may not be seen.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.agency_id).await?.map(Organization))
    }

    /// The route by which it looks for its solution.
    async fn track(&self) -> Track {
        self.0.track.into()
    }

    /// The field of public life.
    async fn sector(&self) -> Sector {
        Sector(self.0.sector)
    }

    /// Where it stands.
    async fn status(&self) -> ChallengeStatus {
        self.0.status.into()
    }

    /// Why it is halted or was given up, and since when; null unless `status` is `PAUSED` or `CANCELLED`.
    async fn halt(&self) -> Option<ChallengeHalt> {
        let (halted_at, reason) = (self.0.halted_at?, self.0.halt_reason.clone()?);
        Some(ChallengeHalt { reason, halted_at: DateTime(halted_at) })
    }

    /// What it said in public, the newest first, at most 100; empty before the publication. The first one is what was published,
    /// every further one an amendment.
    #[graphql(complexity = "10 * child_complexity")]
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<ChallengeVersion>> {
        let rows = super::one(ctx, PublishedOf(self.0.id)).await?.unwrap_or_default();
        let before = rows.iter().skip(1).cloned().map(Some).chain([None]);
        Ok(rows.iter().cloned().zip(before).map(|(row, before)| ChallengeVersion { row, before }).collect())
    }

    /// Whether proposals are taken now, by the server's clock; null while the timetable is not set. While `status` is `PAUSED` none
    /// are taken, whatever the window.
    async fn window(&self, ctx: &Context<'_>) -> Result<Option<ChallengeWindow>> {
        let now = ctx.app()?.db.clock.process();
        Ok(app::challenge::timetable(&self.0).map(|timetable| timetable.window(now).into()))
    }

    /// First instant at which proposals are taken; null while not set.
    async fn opens_at(&self) -> Option<DateTime> {
        self.0.opens_at.map(DateTime)
    }

    /// The deadline: the first instant that is too late; null while not set.
    async fn closes_at(&self) -> Option<DateTime> {
        self.0.closes_at.map(DateTime)
    }

    /// Until when questions are taken: not after the deadline; null for until the deadline.
    async fn questions_until(&self) -> Option<DateTime> {
        self.0.questions_until.map(DateTime)
    }

    /// IANA name of the time zone in which the deadline is announced.
    async fn time_zone(&self) -> &'static str {
        "Asia/Ho_Chi_Minh"
    }

    /// When it was published; null before.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }

    /// The brief, section by section, in the order of the form.
    async fn sections(&self) -> Vec<BriefSection> {
        sections(&self.0.brief)
    }

    /// What is measured: baseline and target, at most 20.
    async fn indicators(&self, ctx: &Context<'_>) -> Result<Vec<Indicator>> {
        Ok(super::one(ctx, IndicatorsOf(self.0.id))
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(Indicator)
            .collect())
    }

    /// How proposals are judged.
    async fn rubric(&self) -> Rubric {
        Rubric(self.0.clone())
    }

    /// The number of proposals is public.
    async fn shows_proposal_count(&self) -> bool {
        self.0.shows_proposal_count
    }

    /// How many proposals stand submitted; null unless the challenge shows the number.
    async fn proposal_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        if !self.0.shows_proposal_count || !self.0.is_public {
            return Ok(None);
        }
        let count = super::one(ctx, ProposalCountOf(self.0.id)).await?.unwrap_or(0);
        Ok(Some(i32::try_from(count).unwrap_or(i32::MAX)))
    }

    /// Where the problem is described; null for none.
    async fn source_url(&self) -> Option<Url> {
        self.0.source_url.clone().map(Url)
    }

    /// Why it was returned; null for none, and unless you are of the agency, draft for it, or are of the programme office.
    async fn status_reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let inside = self.is_inside(ctx)? || self.is_drafted_by_viewer(ctx)?;
        Ok(self.0.status_reason.clone().filter(|_| inside))
    }

    /// What is asked of its sections, until it is handed in again; empty for nothing, and unless you are of the agency, draft for it, or are
    /// of the programme office.
    async fn requested_changes(&self, ctx: &Context<'_>) -> Result<Vec<RequestedChange>> {
        let inside = self.is_inside(ctx)? || self.is_drafted_by_viewer(ctx)?;
        let changes = self.0.requested_changes.clone().filter(|_| inside).unwrap_or_default();
        let asked = changes.0.into_iter();
        Ok(asked
            .map(|(kind, remark)| RequestedChange { kind: kind.into(), comment: remark.comment })
            .collect())
    }

    /// When it is to be published by itself; null for no set time, once it is published, and unless you are of the agency, draft for it, or
    /// are of the programme office.
    async fn publish_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let inside = self.is_inside(ctx)? || self.is_drafted_by_viewer(ctx)?;
        Ok(self.0.publish_at.filter(|_| inside).map(DateTime))
    }

    /// The act of approval; null before, and unless you are of the agency, draft for it, or are of the programme office.
    async fn approval(&self, ctx: &Context<'_>) -> Result<Option<OfficialRecord>> {
        let inside = self.is_inside(ctx)? || self.is_drafted_by_viewer(ctx)?;
        Ok(self.0.approval.clone().filter(|_| inside).map(OfficialRecord::from))
    }

    /// The act of publication; null before. With a time set for it, those who know the challenge know the act already.
    async fn publication(&self) -> Option<OfficialRecord> {
        self.0.publication.clone().map(OfficialRecord::from)
    }

    /// The proposals that you may know of, newest first. Before the opening these are your own alone.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<ProposalConnection> {
        let of = app::proposal::Of::Challenge(self.0.id);
        let page = app::proposal::list(ctx.app()?, &ctx.viewer()?, &of, &ask(first, after, last, before))
            .await
            .map_err(Reported)?;
        Ok(ProposalConnection::new(page, super::proposal::Counted(of)))
    }

    /// What is offered at most, stage by stage.
    async fn support(&self, ctx: &Context<'_>) -> Result<Vec<SupportOffer>> {
        let offers = super::one(ctx, SupportOf(self.0.id)).await?.unwrap_or_default();
        Ok(offers.into_iter().map(SupportOffer::from).collect())
    }

    /// What was announced about it, the newest first, at most 50.
    #[graphql(complexity = "10 * child_complexity")]
    async fn announcements(&self, ctx: &Context<'_>) -> Result<Vec<Announcement>> {
        let rows = super::one(ctx, AnnouncementsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Announcement).collect())
    }

    /// The challenge that is the same problem and stands for all of them; null for none, or if you may not see it.
    async fn duplicate_of(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        match self.0.duplicate_of {
            Some(id) => Ok(super::one(ctx, id).await?.map(Challenge)),
            None => Ok(None),
        }
    }

    /// The challenges for which this one stands, as far as you may see them, oldest first, at most 50.
    #[graphql(complexity = "10 * child_complexity")]
    async fn duplicates(&self, ctx: &Context<'_>) -> Result<Vec<Challenge>> {
        let rows = super::one(ctx, DuplicatesOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Challenge).collect())
    }

    /// The link by which others read the draft; null without a good one, and unless you write it: see `sharePreview`.
    async fn preview_link(&self, ctx: &Context<'_>) -> Result<Option<PreviewLink>> {
        Ok(super::one(ctx, PreviewOf(self.0.id)).await?.map(PreviewLink::from))
    }

    /// You follow it: see `followChallenge`.
    async fn viewer_is_following(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(super::one(ctx, FollowOf(self.0.id)).await?.unwrap_or(false))
    }

    /// Its files, at most 20, oldest first; those that are not `CLEAN` only for those who write it.
    #[graphql(complexity = "20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let files = super::one(ctx, FilesOfChallenge(self.0.id)).await?.unwrap_or_default();
        Ok(files.into_iter().map(Attachment).collect())
    }

    /// The questions about it that you may know of: everybody the answered ones; your own house's, and where you may answer those that wait and
    /// those that were declined. Waiting ones first, then the last settled.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn questions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<QuestionConnection> {
        let ask = ask(first, after, last, before);
        let page =
            app::question::list(ctx.app()?, &ctx.viewer()?, self.0.id, &ask).await.map_err(Reported)?;
        Ok(QuestionConnection::new(page, About(self.0.id)))
    }

    /// The council, at most 25; empty unless you sit on it, decide, or are of the programme office.
    async fn council(&self, ctx: &Context<'_>) -> Result<Vec<CouncilMember>> {
        Ok(super::one(ctx, CouncilOf(self.0.id))
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(CouncilMember)
            .collect())
    }

    /// Who decides; null if nobody is named or you may not see them.
    async fn decision_maker(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.decision_maker_id {
            Some(id) => super::account::person(ctx, id).await,
            None => Ok(None),
        }
    }

    /// The opening of the sealed proposals; null before it was asked for.
    async fn opening(&self, ctx: &Context<'_>) -> Result<Option<Opening>> {
        let row = super::one(ctx, OpeningOf(self.0.id)).await?;
        Ok(row.map(|row| Opening {
            requested_at: DateTime(row.requested_at),
            opened_at: row.confirmed_at.map(DateTime),
        }))
    }

    /// When the round was locked; null before, and unless you are inside (council, decision maker, agency, programme office).
    async fn round_locked_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let Some(at) = self.0.round_locked_at else { return Ok(None) };
        let roles = super::one(ctx, RolesOn(self.0.id)).await?.unwrap_or_default();
        let inside = roles.on_council()
            || roles.has(domain::access::Role::DecisionMaker)
            || roles.has(domain::access::Role::Auditor)
            || self.is_inside(ctx)?;
        Ok(inside.then_some(DateTime(at)))
    }

    /// How far the council is, without any score; null unless you are its chair or secretary.
    async fn review_progress(&self, ctx: &Context<'_>) -> Result<Option<ReviewProgress>> {
        Ok(super::one(ctx, ProgressOf(self.0.id)).await?.map(ReviewProgress::from))
    }

    /// Who is planned to review what, as far as you declared no conflict; null before there is a plan, and unless you are chair, vice chair
    /// or secretary of its council.
    #[graphql(complexity = "25 * child_complexity")]
    async fn review_plan(&self, ctx: &Context<'_>) -> Result<Option<ReviewPlan>> {
        let seen = app::plan::seen(ctx.app()?, &ctx.viewer()?, &self.0).await.map_err(Reported)?;
        Ok(seen.map(ReviewPlan::from))
    }

    /// The ranking by the locked score sheets; null before the lock, and unless you may read it (council, decision maker,
    /// auditor; the agency once the decision is published). Proposals with which you are in conflict are not in it.
    #[graphql(complexity = "25 * child_complexity")]
    async fn ranking(&self, ctx: &Context<'_>) -> Result<Option<Ranking>> {
        let ranked = app::ranking::ranking(ctx.app()?, &ctx.viewer()?, &self.0).await.map_err(Reported)?;
        let Some(ranked) = ranked else { return Ok(None) };
        let criteria = super::one(ctx, CriteriaOf(self.0.id)).await?.unwrap_or_default();
        Ok(Some(Ranking::new(ranked, &criteria, self.0.rubric.pass_mark)))
    }

    /// The locked scores as a table for spreadsheets (CSV in UTF-8): a line for each sheet, best proposal first, in the reader's language. Who
    /// scored is not in it, who applied only where you may know; calibrated rank and mean stand beside the plain ones where `ranking` has
    /// them for you. Null as `ranking`.
    #[graphql(complexity = 200)]
    async fn score_table(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let locale = ctx.locale(None)?;
        Ok(app::score_table::csv(ctx.app()?, &ctx.viewer()?, &self.0, locale).await.map_err(Reported)?)
    }

    /// The minutes of the council as a PDF, base64 (RFC 4648, with padding), in the reader's language: council, figures, ties, scores, outcomes
    /// with their reasons, and space for signatures. The same state gives the same bytes. Who scored what is not in it; council, applicants and
    /// calibrated places only where you may know them. Null as `ranking`.
    #[graphql(complexity = 200)]
    async fn minutes_pdf(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let locale = ctx.locale(None)?;
        Ok(app::minutes::pdf(ctx.app()?, &ctx.viewer()?, &self.0, locale).await.map_err(Reported)?)
    }

    /// The ranking that the decision was made from, computed anew from rubric and locked sheets and compared; null before there is a
    /// decision, and as `ranking`. Proposals with which you are in conflict are not in it.
    #[graphql(complexity = "10 * child_complexity")]
    async fn ranking_check(&self, ctx: &Context<'_>) -> Result<Option<RankingCheck>> {
        let check = app::ranking::checked(ctx.app()?, &ctx.viewer()?, &self.0).await.map_err(Reported)?;
        Ok(check.map(RankingCheck::from))
    }

    /// The decision that stands; null before there is one that you may see.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        Ok(super::one(ctx, DecisionOf(self.0.id)).await?.map(Decision))
    }

    /// A decision that is being made to promote from the reserve, beside the one that stands; null unless there is one that you may see. Once it
    /// is published it is `decision`, and the one that it replaces is among `formerDecisions`.
    async fn promotion(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        Ok(super::one(ctx, PromotionOn(self.0.id)).await?.map(Decision))
    }

    /// Decisions that were set aside on an appeal, or replaced by a promotion, the last one first.
    #[graphql(complexity = "5 * child_complexity")]
    async fn former_decisions(&self, ctx: &Context<'_>) -> Result<Vec<Decision>> {
        let rows = super::one(ctx, FormerDecisionsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Decision).collect())
    }

    /// What you may do now: the allowed ones of `viewerActions`.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<ChallengeAction>> {
        Ok(allowed(super::one(ctx, ActionsOnChallenge(self.0.id)).await?))
    }

    /// What somebody in your roles does with a challenge, and for each whether you may now and why not; empty for a visitor, and for
    /// whoever has no role here.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> Result<Vec<ChallengeActionVerdict>> {
        Ok(verdicts(super::one(ctx, ActionsOnChallenge(self.0.id)).await?))
    }

    /// Your applicants before this challenge, one entry for each in which you write: may you answer it in its name? Empty for
    /// everybody else.
    async fn viewer_bids(&self, ctx: &Context<'_>) -> Result<Vec<BidEligibility>> {
        Ok(super::one(ctx, BidsOn(self.0.id))
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// When the draft was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

impl Challenge {
    fn is_inside(&self, ctx: &Context<'_>) -> Result<bool> {
        let viewer = ctx.viewer()?;
        Ok(viewer.is_programme_office() || viewer.belongs_to(self.0.agency_id))
    }

    fn is_drafted_by_viewer(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.viewer()?.desks().contains(&self.0.agency_id))
    }
}

/// A halt.
#[derive(SimpleObject)]
pub struct ChallengeHalt {
    /// The public reason, at most 2,000 characters, in the language it was written in.
    reason: String,
    /// Since when.
    halted_at: DateTime,
}

/// A version.
pub struct ChallengeVersion {
    row: challenge_version::Model,
    before: Option<challenge_version::Model>,
}

/// What a challenge said in public from an instant on.
#[Object]
impl ChallengeVersion {
    /// 1 for what was published first, one more for every amendment.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// Since when it says so.
    async fn published_at(&self) -> DateTime {
        DateTime(self.row.published_at)
    }

    /// What changed and why, at most 2,000 characters; null for the first version.
    async fn change_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Option<LocalizedText>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        Ok(self.row.note_vi.as_ref().map(|vi| LocalizedText::new(vi, self.row.note_en.as_ref(), locale)))
    }

    /// The title.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let title = &self.row.content.title;
        Ok(LocalizedText::new(&title.vi, title.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// The summary.
    async fn summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let summary = &self.row.content.summary;
        Ok(LocalizedText::new(&summary.vi, summary.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// The brief, section by section, in the order of the form.
    async fn sections(&self) -> Vec<BriefSection> {
        sections(&self.row.content.brief)
    }

    /// First instant at which proposals are taken.
    async fn opens_at(&self) -> DateTime {
        DateTime(self.row.content.opens_at)
    }

    /// The deadline. A pause moves it without a new version.
    async fn closes_at(&self) -> DateTime {
        DateTime(self.row.content.closes_at)
    }

    /// What differs from the version before, part by part in the order of the form; empty for the first version.
    async fn changes(&self) -> Vec<ChallengeChange> {
        let before = self.before.as_ref().map(|before| &before.content);
        let changes = before.map(|before| self.row.content.changes_since(before)).unwrap_or_default();
        changes.into_iter().map(ChallengeChange).collect()
    }
}

/// A part of a challenge that can be amended.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ChallengePart {
    /// The title.
    Title,
    /// The summary.
    Summary,
    /// A section of the brief.
    Section,
    /// First instant at which proposals are taken.
    OpensAt,
    /// The deadline.
    ClosesAt,
}

/// A change.
pub struct ChallengeChange(rules::Change);

/// A part that says something else than in the version before.
#[Object]
impl ChallengeChange {
    /// Which part.
    async fn part(&self) -> ChallengePart {
        match self.0.part {
            rules::Part::Title => ChallengePart::Title,
            rules::Part::Summary => ChallengePart::Summary,
            rules::Part::Section(_) => ChallengePart::Section,
            rules::Part::OpensAt => ChallengePart::OpensAt,
            rules::Part::ClosesAt => ChallengePart::ClosesAt,
        }
    }

    /// Which section; null unless `part` is `SECTION`.
    async fn section(&self) -> Option<BriefSectionKind> {
        match self.0.part {
            rules::Part::Section(section) => Some(section.into()),
            _ => None,
        }
    }

    /// The text before; null for a new section, and for instants, which the versions themselves tell.
    async fn before(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Option<LocalizedText>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        Ok(self.0.before.as_ref().map(|text| LocalizedText::new(&text.vi, text.en.as_ref(), locale)))
    }

    /// The text now; null for a section that is gone, and for instants.
    async fn after(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Option<LocalizedText>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        Ok(self.0.after.as_ref().map(|text| LocalizedText::new(&text.vi, text.en.as_ref(), locale)))
    }
}

/// A brief, section by section.
pub fn sections(brief: &Brief) -> Vec<BriefSection> {
    brief.0.iter().map(|(kind, text)| BriefSection { kind: (*kind).into(), text: text.clone() }).collect()
}

/// A sector.
pub struct Sector(pub domain::challenge::Sector);

/// A field of public life.
#[Object]
impl Sector {
    /// Its stable code, for filters.
    async fn code(&self) -> SectorCode {
        self.0.into()
    }

    /// What people call it.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        let label = self.0.label();
        Ok(LocalizedText::new(&label.vi, label.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }
}

/// A section.
pub struct BriefSection {
    kind: BriefSectionKind,
    text: domain::text::Bilingual,
}

/// One section of a brief.
#[Object]
impl BriefSection {
    /// Which section.
    async fn kind(&self) -> BriefSectionKind {
        self.kind
    }

    /// What it says, plain text with line breaks, at most 10,000 characters.
    async fn text(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.text.vi, self.text.en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }
}

/// A rubric.
pub struct Rubric(challenge::Model);

/// How proposals are judged; frozen once the challenge is published.
#[Object]
impl Rubric {
    /// The criteria in order, at most 20; their weights sum to 100.
    async fn criteria(&self, ctx: &Context<'_>) -> Result<Vec<Criterion>> {
        Ok(super::one(ctx, CriteriaOf(self.0.id))
            .await?
            .unwrap_or_default()
            .into_iter()
            .map(Criterion)
            .collect())
    }

    /// Highest score per criterion; the lowest is 0.
    async fn scale(&self) -> i32 {
        i32::try_from(self.0.rubric.scale).unwrap_or(i32::MAX)
    }

    /// Total of 100 from which a proposal passes.
    async fn pass_mark(&self) -> i32 {
        i32::try_from(self.0.rubric.pass_mark).unwrap_or(i32::MAX)
    }

    /// Beside the ranking stands a calibrated one, in which what makes reviewers mild or strict is taken out. It decides nothing: the
    /// ranking by the plain means does.
    ///
    /// A total is the level of its proposal, plus the offset of its reviewer, plus a rest; offsets and levels are those with the least sum
    /// of squared rests and twice the squared offsets (ridge regression). A level is then the mean of total - offset over the
    /// sheets of a proposal, an offset the sum of total - level over the sheets of a reviewer, divided by their number + 2. The calibrated
    /// mean is the mean without the mean offset of those who scored.
    async fn is_calibrated(&self) -> bool {
        self.0.rubric.is_calibrated
    }

    /// Applicants may keep parts of a proposal and files of it for those who lead the council, decide or audit
    /// (`DECISION_MAKERS_ONLY`): all but the sections SOLUTION and PLAN, without which nobody can judge it.
    async fn is_confidentiality_allowed(&self) -> bool {
        self.0.rubric.allows_confidential_parts
    }

    /// Reviewers do not learn who applies until the decision is published.
    async fn is_blind(&self) -> bool {
        self.0.is_blind
    }

    /// What places proposals with the same mean, one after the other. Neither name nor id nor time ever does: what is equal in
    /// all of them shares a rank.
    async fn tie_breakers(&self) -> Vec<TieBreaker> {
        domain::score::TieBreaker::ALL.iter().copied().map(Into::into).collect()
    }

    /// Fewest score sheets per proposal before the round can be locked.
    async fn minimum_sheet_count(&self) -> i32 {
        i32::try_from(self.0.rubric.sheets_min).unwrap_or(i32::MAX)
    }
}

/// What is asked of one section of a brief.
#[derive(SimpleObject)]
pub struct RequestedChange {
    /// Which section.
    kind: BriefSectionKind,
    /// What is to change, at most 2,000 characters.
    comment: String,
}

/// A criterion.
#[derive(Clone)]
pub struct Criterion(pub criterion::Model);

/// A criterion of a rubric.
#[Object]
impl Criterion {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Its name, at most 200 characters.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.0.name_vi, self.0.name_en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// Points of 100.
    async fn weight(&self) -> i32 {
        i32::try_from(self.0.weight).unwrap_or(i32::MAX)
    }

    /// A score on it needs a reason.
    async fn is_reason_required(&self) -> bool {
        self.0.reason_required
    }
}

/// An indicator.
#[derive(Clone)]
pub struct Indicator(pub indicator::Model);

/// What is measured before and after.
#[Object]
impl Indicator {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Its name, at most 200 characters.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.0.name_vi, self.0.name_en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// Its unit, at most 50 characters.
    async fn unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(&self.0.unit_vi, self.0.unit_en.as_ref(), ctx.locale(locale.map(Into::into))?))
    }

    /// The value before.
    async fn baseline(&self) -> Decimal {
        Decimal(self.0.baseline.clone())
    }

    /// The day of the value before.
    async fn baseline_date(&self) -> Date {
        Date(self.0.baseline_on.clone())
    }

    /// Where the value before comes from, at most 500 characters.
    async fn source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<LocalizedText> {
        Ok(LocalizedText::new(
            &self.0.source_vi,
            self.0.source_en.as_ref(),
            ctx.locale(locale.map(Into::into))?,
        ))
    }

    /// The value aimed at.
    async fn target(&self) -> Decimal {
        Decimal(self.0.target.clone())
    }
}

/// What is offered at one stage.
#[derive(SimpleObject)]
pub struct SupportOffer {
    /// When.
    stage: SupportStage,
    /// At most how much.
    ceiling: Money,
}

impl From<rules::SupportOffer> for SupportOffer {
    fn from(offer: rules::SupportOffer) -> Self {
        Self { stage: offer.stage.into(), ceiling: offer.ceiling.into() }
    }
}

/// The opening of sealed proposals: one person asks, another opens.
#[derive(SimpleObject)]
pub struct Opening {
    /// When the secretary asked for it.
    requested_at: DateTime,
    /// When the second person opened; null before.
    opened_at: Option<DateTime>,
}

/// An administrative act on paper.
#[derive(SimpleObject)]
pub struct OfficialRecord {
    /// Number of the decision, e.g. `123/QĐ-SKHCN`.
    number: String,
    /// Day of the decision.
    date: Date,
    /// Who signed.
    signer: String,
    /// Where the signed document is.
    document_url: Url,
}

impl From<Record> for OfficialRecord {
    fn from(record: Record) -> Self {
        Self {
            number: record.number,
            date: Date(record.day),
            signer: record.signer,
            document_url: Url(record.document_url),
        }
    }
}

/// An administrative act on paper.
#[derive(InputObject)]
pub struct OfficialRecordInput {
    /// Number of the decision, 1 to 100 characters, e.g. `123/QĐ-SKHCN`.
    number: String,
    /// Day of the decision.
    date: Date,
    /// Who signed, 1 to 200 characters.
    signer: String,
    /// Where the signed document is: http or https, at most 2,000 characters.
    document_url: String,
}

impl OfficialRecordInput {
    /// Reads the input below the field `record`.
    pub fn read(self, reader: &mut Reader) -> Option<Record> {
        reader.within("record", |reader| {
            let number = reader.text("number", &self.number, 100, Lines::One);
            let signer = reader.text("signer", &self.signer, 200, Lines::One);
            let document_url = reader.keep("documentUrl", domain::text::http_url(&self.document_url));
            Some(Record { number: number?, day: self.date.0, signer: signer?, document_url: document_url? })
        })
    }
}

/// What a connection counts.
pub struct Counted(Filter);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::challenge::count(app, &viewer, &self.0).await
    }
}

connection!(
    /// A page of challenges.
    ChallengeConnection,
    /// A challenge in a list.
    ChallengeEdge,
    Challenge,
    challenge::Model,
    Counted
);

impl ChallengeConnection {
    /// A page of an agency's.
    pub async fn of_agency(ctx: &Context<'_>, agency: OrganizationId, ask: &app::page::Ask) -> Result<Self> {
        let filter = Filter { agencies: Some(vec![agency]), ..Filter::default() };
        let order = (Order::Deadline, false);
        let page =
            app::challenge::list(ctx.app()?, &ctx.viewer()?, &filter, order, ask).await.map_err(Reported)?;
        Ok(Self::new(page, Counted(filter)))
    }
}

/// Conditions of a list of challenges; all must hold, what is left out is no condition.
#[derive(InputObject, Default)]
pub struct ChallengeFilter {
    /// Any of these states.
    status: Option<Vec<ChallengeStatus>>,
    /// Any of these sectors.
    sector: Option<Vec<SectorCode>>,
    /// Any of these tracks.
    track: Option<Vec<Track>>,
    /// Of any of these agencies, at most 50.
    agency_id: Option<Vec<ID>>,
    /// Whether proposals are taken now, by the server's clock.
    window: Option<ChallengeWindow>,
    /// With support at any of these stages.
    support: Option<Vec<SupportStage>>,
    /// Taking proposals now, and closing within so many days: 1 to 365.
    closes_within_days: Option<i32>,
    /// Words of title, summary, brief or sector, all of which must be there, with or without accents; at most 200 characters.
    search: Option<String>,
}

impl ChallengeFilter {
    /// The conditions.
    pub fn read(self) -> Result<Filter> {
        Ok(Filter {
            statuses: self.status.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            sectors: self.sector.map(|sectors| sectors.into_iter().map(Into::into).collect()),
            tracks: self.track.map(|tracks| tracks.into_iter().map(Into::into).collect()),
            agencies: super::ids("agencyId", self.agency_id.as_deref(), 50)?,
            window: self.window.map(Into::into),
            support: self.support.map(|stages| stages.into_iter().map(Into::into).collect()),
            closes_within_days: self.closes_within_days.map(days).transpose()?,
            search: super::search(&["filter", "search"], self.search.as_ref())?,
        })
    }
}

fn days(days: i32) -> Result<i64> {
    if (1..=365).contains(&days) {
        return Ok(days.into());
    }
    let reason = Reason::OutOfRange { min: "1".to_owned(), max: "365".to_owned() };
    let field = Some(vec!["filter".to_owned(), "closesWithinDays".to_owned()]);
    Err(Reported(Problem { field, reason }.into()).into())
}

/// What challenges are ordered by; ties by id.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ChallengeOrderField {
    /// The deadline; those without one last when ascending.
    Deadline,
    /// The instant of publication; unpublished first when ascending.
    PublishedAt,
    /// The Vietnamese title without tone marks.
    Title,
}

/// Which way a list is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Smallest, earliest, A first.
    Asc,
    /// Largest, latest, Z first.
    Desc,
}

/// The order of a list of challenges.
#[derive(InputObject)]
pub struct ChallengeOrder {
    /// By what.
    field: ChallengeOrderField,
    /// Which way.
    direction: OrderDirection,
}

/// One way to name a challenge.
#[derive(OneofObject)]
pub enum ChallengeBy {
    /// By id.
    Id(ID),
    /// By handle.
    Slug(String),
}

/// Challenges.
#[derive(Default)]
pub struct ChallengeQuery;

/// Challenges.
#[Object]
impl ChallengeQuery {
    /// The challenges that you may see: everybody the published ones, an agency its own, the programme office those handed in.
    /// Nearest deadline first unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's four, a filter and an order")]
    async fn challenges(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions.")] filter: Option<ChallengeFilter>,
        #[graphql(desc = "The order.")] order_by: Option<ChallengeOrder>,
    ) -> Result<ChallengeConnection> {
        let filter = filter.unwrap_or_default().read()?;
        let order = match order_by {
            None => (Order::Deadline, false),
            Some(ChallengeOrder { field, direction }) => {
                let by = match field {
                    ChallengeOrderField::Deadline => Order::Deadline,
                    ChallengeOrderField::PublishedAt => Order::PublishedAt,
                    ChallengeOrderField::Title => Order::Title,
                };
                (by, direction == OrderDirection::Desc)
            }
        };
        let page = app::challenge::list(
            ctx.app()?,
            &ctx.viewer()?,
            &filter,
            order,
            &ask(first, after, last, before),
        )
        .await
        .map_err(Reported)?;
        Ok(ChallengeConnection::new(page, Counted(filter)))
    }

    /// One challenge; null if there is none, or none that you may see.
    async fn challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: ChallengeBy,
    ) -> Result<Option<Challenge>> {
        let row = match by {
            ChallengeBy::Id(id) => match id::decode::<domain::id::ChallengeId>(&id) {
                Some(id) => super::one(ctx, id).await?,
                None => None,
            },
            ChallengeBy::Slug(slug) => {
                app::challenge::by_slug(ctx.app()?, &ctx.viewer()?, &slug).await.map_err(Reported)?
            }
        };
        Ok(row.map(Challenge))
    }
}
