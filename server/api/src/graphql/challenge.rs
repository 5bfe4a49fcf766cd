//! Challenges: big problems, their briefs, and their way to publication.

use std::collections::BTreeMap;

use app::challenge::{
    ApproveChallenge, CreateChallenge, Draft, Filter, NewCriterion, NewIndicator, Order, PublishChallenge,
    RecallChallenge, RequestChanges, SubmitForApproval, UpdateChallenge,
};
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use domain::challenge::{Brief, OfficialRecord as Record, limits};
use domain::problem::Reason;
use entity::{challenge, criterion, indicator};

use super::account::User;
use super::action::{BidEligibility, ChallengeActionVerdict, allowed, verdicts};
use super::context::Ask as _;
use super::decision::Decision;
use super::enums::{
    BriefSectionKind, ChallengeAction, ChallengeStatus, ChallengeWindow, Locale, SectorCode, Track,
};
use super::error::{Reported, Result};
use super::id;
use super::load::{
    ActionsOnChallenge, BidsOn, CouncilOf, CriteriaOf, DecisionOf, IndicatorsOf, OpeningOf, ProgressOf,
    ProposalCountOf, RolesOn,
};
use super::organization::Organization;
use super::page::{ask, connection, cost};
use super::payload::{Done, UserError, execute, found, payload};
use super::proposal::ProposalConnection;
use super::review::{CouncilMember, Ranking, ReviewProgress};
use super::scalar::{Date, DateTime, Decimal, Url};
use super::text::{Lines, LocalizedText, LocalizedTextInput, Reader};

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

    /// Whether proposals are taken now, by the server's clock; null while the timetable is not set.
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
        self.0
            .brief
            .0
            .iter()
            .map(|(kind, text)| BriefSection { kind: (*kind).into(), text: text.clone() })
            .collect()
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

    /// The act of approval; null before, and unless you are of the agency, draft for it, or are of the programme office.
    async fn approval(&self, ctx: &Context<'_>) -> Result<Option<OfficialRecord>> {
        let inside = self.is_inside(ctx)? || self.is_drafted_by_viewer(ctx)?;
        Ok(self.0.approval.clone().filter(|_| inside).map(OfficialRecord::from))
    }

    /// The act of publication; null before.
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

    /// The ranking by the locked score sheets; null before the lock, and unless you may read it (council, decision maker,
    /// auditor; the agency once the decision is published). Proposals with which you are in conflict are not in it.
    #[graphql(complexity = "50 * child_complexity")]
    async fn ranking(&self, ctx: &Context<'_>) -> Result<Option<Ranking>> {
        let ranked = app::review::ranking(ctx.app()?, &ctx.viewer()?, &self.0).await.map_err(Reported)?;
        Ok(ranked.map(|ranked| Ranking::new(ranked, self.0.rubric.pass_mark)))
    }

    /// The decision; null before there is one that you may see.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<Decision>> {
        Ok(super::one(ctx, DecisionOf(self.0.id)).await?.map(Decision))
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

    /// Reviewers do not learn who applies until the decision is published.
    async fn is_blind(&self) -> bool {
        self.0.is_blind
    }

    /// Fewest score sheets per proposal before the round can be locked.
    async fn minimum_sheet_count(&self) -> i32 {
        i32::try_from(self.0.rubric.sheets_min).unwrap_or(i32::MAX)
    }
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
    /// Words of title, summary, brief or sector, all of which must be there, with or without accents; at most 200 characters.
    search: Option<String>,
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
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            statuses: filter.status.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            sectors: filter.sector.map(|sectors| sectors.into_iter().map(Into::into).collect()),
            tracks: filter.track.map(|tracks| tracks.into_iter().map(Into::into).collect()),
            agencies: super::ids("agencyId", filter.agency_id.as_deref(), 50)?,
            window: filter.window.map(Into::into),
            search: super::search(filter.search.as_ref())?,
        };
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

/// A section of a brief.
#[derive(InputObject)]
pub struct BriefSectionInput {
    /// Which section; each at most once.
    kind: BriefSectionKind,
    /// What it says, at most 10,000 characters.
    text: Vec<LocalizedTextInput>,
}

/// An indicator.
#[derive(InputObject)]
pub struct IndicatorInput {
    /// Its name, at most 200 characters.
    name: Vec<LocalizedTextInput>,
    /// Its unit, at most 50 characters.
    unit: Vec<LocalizedTextInput>,
    /// The value before: at most 15 digits before and 6 after the point.
    baseline: Decimal,
    /// The day of that value.
    baseline_date: Date,
    /// Where that value comes from, at most 500 characters.
    source: Vec<LocalizedTextInput>,
    /// The value aimed at.
    target: Decimal,
}

/// A criterion.
#[derive(InputObject)]
pub struct CriterionInput {
    /// Its name, at most 200 characters.
    name: Vec<LocalizedTextInput>,
    /// Points of 100: 1 to 100.
    weight: i32,
    /// A score on it needs a reason.
    #[graphql(default)]
    is_reason_required: bool,
}

/// What is written into a draft; what is left out stays as it is (or empty, in a new draft).
#[derive(InputObject, Default)]
pub struct ChallengeDraftInput {
    /// The route.
    track: Option<Track>,
    /// All sections; replaces those there were.
    sections: Option<Vec<BriefSectionInput>>,
    /// All indicators in order, at most 20; replaces those there were. One at least is needed for approval.
    indicators: Option<Vec<IndicatorInput>>,
    /// All criteria in order, at most 20; replaces those there were. Their weights sum to 100 for approval.
    criteria: Option<Vec<CriterionInput>>,
    /// Total from which a proposal passes: 0 to 100; 70 unless given.
    pass_mark: Option<i32>,
    /// Reviewers do not learn who applies until the decision is published.
    is_blind: Option<bool>,
    /// The number of proposals is public.
    shows_proposal_count: Option<bool>,
    /// First instant at which proposals are taken.
    opens_at: Option<DateTime>,
    /// The deadline: the first instant that is too late.
    closes_at: Option<DateTime>,
    /// Where the problem is described: http or https.
    source_url: Option<String>,
}

impl ChallengeDraftInput {
    fn read(self, reader: &mut Reader) -> Draft {
        reader.within("draft", |reader| {
            let brief = self.sections.map(|sections| {
                let mut brief = BTreeMap::new();
                reader.within("sections", |reader| {
                    for (index, section) in sections.into_iter().enumerate() {
                        let kind = section.kind.into();
                        let text = reader.within(index, |reader| {
                            reader.bilingual("text", &section.text, limits::SECTION, Lines::Many)
                        });
                        if text.and_then(|text| brief.insert(kind, text)).is_some() {
                            reader.within(index, |reader| reader.note("kind", Reason::AlreadyExists));
                        }
                    }
                });
                Brief(brief)
            });
            let indicators = self
                .indicators
                .filter(|list| reader.at_most("indicators", list, limits::INDICATORS))
                .map(|list| {
                    reader.within("indicators", |reader| {
                        list.into_iter()
                            .enumerate()
                            .filter_map(|(index, input)| reader.within(index, |reader| input.read(reader)))
                            .collect()
                    })
                });
            let criteria =
                self.criteria.filter(|list| reader.at_most("criteria", list, limits::CRITERIA)).map(|list| {
                    reader.within("criteria", |reader| {
                        list.into_iter()
                            .enumerate()
                            .filter_map(|(index, input)| reader.within(index, |reader| input.read(reader)))
                            .collect()
                    })
                });
            let pass_mark = self.pass_mark.and_then(|mark| reader.keep("passMark", within(mark, 0, 100)));
            let source_url =
                self.source_url.and_then(|url| reader.keep("sourceUrl", domain::text::http_url(&url)));
            Draft {
                title: None,
                summary: None,
                sector: None,
                track: self.track.map(Into::into),
                brief,
                indicators,
                criteria,
                pass_mark,
                is_blind: self.is_blind,
                shows_proposal_count: self.shows_proposal_count,
                opens_at: self.opens_at.map(|at| at.0),
                closes_at: self.closes_at.map(|at| at.0),
                source_url,
            }
        })
    }
}

fn within(value: i32, min: i32, max: i32) -> std::result::Result<i64, Reason> {
    if (min..=max).contains(&value) {
        Ok(i64::from(value))
    } else {
        Err(Reason::OutOfRange { min: min.to_string(), max: max.to_string() })
    }
}

impl IndicatorInput {
    fn read(self, reader: &mut Reader) -> Option<NewIndicator> {
        let name = reader.bilingual("name", &self.name, 200, Lines::One);
        let unit = reader.bilingual("unit", &self.unit, 50, Lines::One);
        let baseline = reader.keep("baseline", domain::money::measurement(&self.baseline.0));
        let source = reader.bilingual("source", &self.source, 500, Lines::One);
        let target = reader.keep("target", domain::money::measurement(&self.target.0));
        Some(NewIndicator {
            name: name?,
            unit: unit?,
            baseline: baseline?,
            baseline_on: self.baseline_date.0,
            source: source?,
            target: target?,
        })
    }
}

impl CriterionInput {
    fn read(self, reader: &mut Reader) -> Option<NewCriterion> {
        let name = reader.bilingual("name", &self.name, 200, Lines::One);
        let weight = reader.keep("weight", within(self.weight, 1, 100));
        Some(NewCriterion { name: name?, weight: weight?, reason_required: self.is_reason_required })
    }
}

/// What `createChallenge` needs.
#[derive(InputObject)]
pub struct CreateChallengeInput {
    /// Whose; you must draft or lead there.
    agency_id: ID,
    /// Its handle: 3 to 80 of a-z, digits and hyphens; made from the title if left out. One of a published challenge is
    /// refused. Drafts take none: at the publication it gets a suffix if another one was published with it meanwhile.
    slug: Option<String>,
    /// Title, at most 200 characters.
    title: Vec<LocalizedTextInput>,
    /// Summary, at most 2,000 characters.
    summary: Vec<LocalizedTextInput>,
    /// The field of public life.
    sector: SectorCode,
    /// Everything else, as far as it is known.
    #[graphql(default)]
    draft: ChallengeDraftInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateChallenge` needs.
#[derive(InputObject)]
pub struct UpdateChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The version that you saw.
    expected_version: i32,
    /// New title, at most 200 characters.
    title: Option<Vec<LocalizedTextInput>>,
    /// New summary, at most 2,000 characters.
    summary: Option<Vec<LocalizedTextInput>>,
    /// New field of public life.
    sector: Option<SectorCode>,
    /// Everything else that changes.
    #[graphql(default)]
    draft: ChallengeDraftInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `submitChallengeForApproval` needs.
#[derive(InputObject)]
pub struct SubmitChallengeForApprovalInput {
    /// Which.
    challenge_id: ID,
    /// The version that you saw; left out: whatever there is.
    expected_version: Option<i32>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `requestChallengeChanges` needs.
#[derive(InputObject)]
pub struct RequestChallengeChangesInput {
    /// Which.
    challenge_id: ID,
    /// What is to change, 1 to 2,000 characters.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `approveChallenge` needs.
#[derive(InputObject)]
pub struct ApproveChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The version that you read; left out: whatever there is.
    expected_version: Option<i32>,
    /// The act on paper.
    record: OfficialRecordInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `recallChallenge` needs.
#[derive(InputObject)]
pub struct RecallChallengeInput {
    /// Which.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `publishChallenge` needs.
#[derive(InputObject)]
pub struct PublishChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The act on paper.
    record: OfficialRecordInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `createChallenge`.
    CreateChallengePayload {
        /// The new draft.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `updateChallenge`.
    UpdateChallengePayload {
        /// The draft as it is now.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `submitChallengeForApproval`.
    SubmitChallengeForApprovalPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `requestChallengeChanges`.
    RequestChallengeChangesPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `approveChallenge`.
    ApproveChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `recallChallenge`.
    RecallChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `publishChallenge`.
    PublishChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}

/// Loads the challenge that a command left behind.
pub async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::ChallengeId>,
) -> Result<(Option<Challenge>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let challenge = found(ctx, super::one(ctx, id).await?.map(Challenge), &mut errors)?;
            Ok((challenge, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Challenges.
#[derive(Default)]
pub struct ChallengeMutation;

/// Challenges.
#[Object]
impl ChallengeMutation {
    /// Drafts a challenge; for the agency, and for those who draft for it by delegation: they are authors and never approve it.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`, `OUT_OF_RANGE`, `MALFORMED`, `ALREADY_EXISTS`.
    async fn create_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: CreateChallengeInput,
    ) -> Result<Option<CreateChallengePayload>> {
        let mut reader = Reader::default();
        let agency = reader.id("agencyId", &input.agency_id);
        let slug = input.slug.as_ref().and_then(|slug| reader.keep("slug", domain::text::slug(slug)));
        let title = reader.bilingual("title", &input.title, limits::TITLE, Lines::One);
        let summary = reader.bilingual("summary", &input.summary, limits::SUMMARY, Lines::Many);
        let draft = input.draft.read(&mut reader);
        let parts = agency.zip(title).zip(summary);
        let command = parts.map(|((agency, title), summary)| CreateChallenge {
            agency,
            slug,
            title,
            summary,
            sector: input.sector.into(),
            draft,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CreateChallengePayload { challenge, user_errors }))
    }

    /// Changes a draft. User errors: as `createChallenge`, and `CONFLICT` for another version or state.
    async fn update_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateChallengeInput,
    ) -> Result<Option<UpdateChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let title = input
            .title
            .as_ref()
            .and_then(|title| reader.bilingual("title", title, limits::TITLE, Lines::One));
        let summary = input
            .summary
            .as_ref()
            .and_then(|summary| reader.bilingual("summary", summary, limits::SUMMARY, Lines::Many));
        let draft =
            Draft { title, summary, sector: input.sector.map(Into::into), ..input.draft.read(&mut reader) };
        let command = challenge.map(|challenge| UpdateChallenge {
            challenge,
            expected_version: input.expected_version,
            draft,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateChallengePayload { challenge, user_errors }))
    }

    /// Hands a draft in for approval; the programme officers are mailed. Needs the sections `CONTEXT`, `CURRENT_PROCESS` and `EXPECTED_PRODUCT`, an
    /// indicator with baseline, criteria whose weights sum to 100, a deadline ahead, and a verified agency.
    /// User errors: `REQUIRED`, `WEIGHTS_NOT_100`, `DEADLINE_PASSED`, `ORGANIZATION_NOT_VERIFIED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `NOT_FOUND`,
    /// `NOT_PERMITTED`.
    async fn submit_challenge_for_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: SubmitChallengeForApprovalInput,
    ) -> Result<Option<SubmitChallengeForApprovalPayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("challengeId", &input.challenge_id)
            .map(|challenge| SubmitForApproval { challenge, expected_version: input.expected_version });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(SubmitChallengeForApprovalPayload { challenge, user_errors }))
    }

    /// Returns a challenge to its authors, who are mailed; for programme officers. User errors: `REQUIRED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn request_challenge_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RequestChallengeChangesInput,
    ) -> Result<Option<RequestChallengeChangesPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let command = challenge.zip(reason).map(|(challenge, reason)| RequestChanges { challenge, reason });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RequestChallengeChangesPayload { challenge, user_errors }))
    }

    /// Approves a challenge; its authors and the publishing authority are mailed; for programme officers, never for one of its authors.
    /// User errors: `SELF_APPROVAL`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED`.
    async fn approve_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the act on paper.")] input: ApproveChallengeInput,
    ) -> Result<Option<ApproveChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let record = input.record.read(&mut reader);
        let command = challenge.zip(record).map(|(challenge, record)| ApproveChallenge {
            challenge,
            expected_version: input.expected_version,
            record,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ApproveChallengePayload { challenge, user_errors }))
    }

    /// Takes an approved challenge back to the draft; for the agency's lead. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`.
    async fn recall_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RecallChallengeInput,
    ) -> Result<Option<RecallChallengePayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| RecallChallenge { challenge });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RecallChallengePayload { challenge, user_errors }))
    }

    /// Makes a challenge public; its agency is mailed; for the publishing authority, never for an author or the approver.
    /// User errors: `SELF_APPROVAL`, `DEADLINE_PASSED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED`.
    async fn publish_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the act on paper.")] input: PublishChallengeInput,
    ) -> Result<Option<PublishChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let record = input.record.read(&mut reader);
        let command = challenge.zip(record).map(|(challenge, record)| PublishChallenge { challenge, record });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PublishChallengePayload { challenge, user_errors }))
    }
}
