//! Challenges: drafting, approval, publication, and finding them.

use domain::access::Action;
use domain::account::PlatformRole;
use domain::challenge::{
    Brief, BriefFacts, ChallengeCommand, ChallengeStatus, OfficialRecord, Published, RequestedChanges,
    Rubric, Sector, Stage, SupportOffer, SupportStage, TRANSITIONS, Timetable, Track, Window, after_halt,
    limits, may_amend, may_approve, may_halt, may_publish, may_schedule, may_submit_for_approval,
    missing_sections,
};
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, OrganizationId, UserId};
use domain::machine;
use domain::money::Money;
use domain::organization::{OrganizationKind, OrganizationStatus};
use domain::problem::{Problem, Reason, unless};
use domain::text::{Bilingual, fold, slug_from};
use domain::time::{Day, Timestamp};
use entity::{
    challenge, challenge_author, challenge_version, criterion, indicator, organization, support_offer,
};
use sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait as _, Select,
};
use serde::Serialize;

use crate::access::{must, must_in};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::{App, ids, naming};

/// Published ones are known to all; an agency, and whoever drafts for it, knows its own; the programme office what was handed
/// in; the auditor all.
///
/// Row `CHALLENGE` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<challenge::Entity> {
    if viewer.holds(PlatformRole::Auditor) {
        return challenge::Entity::find();
    }
    let public = challenge::Column::IsPublic.eq(true);
    let agencies = viewer.desks();
    let mut known = Condition::any().add(public);
    if !agencies.is_empty() {
        known = known.add(challenge::Column::AgencyId.is_in(agencies));
    }
    if viewer.is_programme_office() {
        let drafts =
            ChallengeStatus::ALL.iter().filter(|status| !status.is_known_to_programme_office()).copied();
        known = known.add(challenge::Column::Status.is_not_in(drafts));
    }
    challenge::Entity::find().filter(known)
}

/// Conditions of a list of challenges.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Any of these states.
    pub statuses: Option<Vec<ChallengeStatus>>,
    /// Any of these sectors.
    pub sectors: Option<Vec<Sector>>,
    /// Any of these tracks.
    pub tracks: Option<Vec<Track>>,
    /// Of any of these agencies.
    pub agencies: Option<Vec<OrganizationId>>,
    /// With this window at this moment.
    pub window: Option<Window>,
    /// With support at any of these stages.
    pub support: Option<Vec<SupportStage>>,
    /// Taking proposals now, and for so many days at most.
    pub closes_within_days: Option<i64>,
    /// Words of title, summary or brief, accents or not.
    pub search: Option<String>,
}

/// Orders of a list of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Order {
    /// By deadline; without one last.
    Deadline,
    /// By the instant of publication.
    PublishedAt,
    /// By Vietnamese title, without tone marks.
    Title,
}

pub(crate) fn filtered(viewer: &Viewer, filter: &Filter, now: Timestamp) -> Select<challenge::Entity> {
    use challenge::Column as C;
    let mut select = visible_to(viewer);
    if let Some(statuses) = &filter.statuses {
        select = select.filter(C::Status.is_in(statuses.clone()));
    }
    if let Some(sectors) = &filter.sectors {
        select = select.filter(C::Sector.is_in(sectors.clone()));
    }
    if let Some(tracks) = &filter.tracks {
        select = select.filter(C::Track.is_in(tracks.clone()));
    }
    if let Some(agencies) = &filter.agencies {
        select = select.filter(C::AgencyId.is_in(agencies.clone()));
    }
    if let Some(stages) = &filter.support {
        let offers = support_offer::Entity::find()
            .filter(support_offer::Column::Stage.is_in(stages.clone()))
            .select_only()
            .column(support_offer::Column::ChallengeId)
            .into_query();
        select = select.filter(C::Id.in_subquery(offers));
    }
    if let Some(days) = filter.closes_within_days {
        select = select.filter(closes_within(days, now));
    }
    match filter.window {
        Some(Window::Upcoming) => select = select.filter(C::OpensAt.gt(now)),
        Some(Window::Open) => {
            select = select
                .filter(C::OpensAt.lte(now))
                .filter(C::DeadlineKey.gt(now.micros()))
                .filter(C::ClosesAt.is_not_null());
        }
        Some(Window::Closed) => select = select.filter(C::DeadlineKey.lte(now.micros())),
        None => {}
    }
    for word in filter.search.iter().flat_map(|search| search.split_whitespace()) {
        select = select.filter(page::has_word(C::SearchText, word));
    }
    select
}

/// Takes proposals now, and for so many days at most.
pub(crate) fn closes_within(days: i64, now: Timestamp) -> SimpleExpr {
    use challenge::Column as C;
    let end = now.plus_seconds(days * 86_400).micros();
    C::OpensAt.lte(now).and(C::DeadlineKey.gt(now.micros())).and(C::DeadlineKey.lte(end))
}

/// What a row offers.
pub(crate) fn offer(row: &support_offer::Model) -> SupportOffer {
    SupportOffer {
        stage: row.stage,
        ceiling: Money { minor: row.ceiling_minor, currency: row.ceiling_currency },
    }
}

/// A page of challenges.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    (order, descending): (Order, bool),
    ask: &Ask,
) -> Result<Page<challenge::Model>> {
    let scope =
        format!("challenges {} {order:?} {descending}", serde_json::to_string(filter).unwrap_or_default());
    let column = match order {
        Order::Deadline => challenge::Column::DeadlineKey,
        Order::PublishedAt => challenge::Column::PublishedKey,
        Order::Title => challenge::Column::TitleKey,
    };
    let sort = Sort { column: Some(column), id: challenge::Column::Id, descending, scope };
    let select = filtered(viewer, filter, app.db.clock.process());
    page::read(&app.db.read, &app.keys, select, &sort, ask, |row| {
        let key = match order {
            Order::Deadline => Key::Number(row.deadline_key),
            Order::PublishedAt => Key::Number(row.published_key),
            Order::Title => Key::Text(row.title_key.clone()),
        };
        (Some(key), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    Ok(filtered(viewer, filter, app.db.clock.process()).count(&app.db.read).await?)
}

/// One challenge by its handle.
pub async fn by_slug(app: &App, viewer: &Viewer, slug: &str) -> Result<Option<challenge::Model>> {
    let Ok(slug) = domain::text::slug(slug) else { return Ok(None) };
    // Drafts may wish for a handle that another one has.
    let select = visible_to(viewer)
        .filter(challenge::Column::Slug.eq(slug))
        .order_by_desc(challenge::Column::IsPublic)
        .order_by_asc(challenge::Column::CreatedAt)
        .order_by_asc(challenge::Column::Id);
    Ok(select.one(&app.db.read).await?)
}

/// The timetable, if both ends are set.
pub fn timetable(row: &challenge::Model) -> Option<Timetable> {
    Some(Timetable { opens_at: row.opens_at?, closes_at: row.closes_at? })
}

/// Where it stands as the council sees it.
pub(crate) fn stage(row: &challenge::Model) -> Stage {
    Stage { status: row.status, is_locked: row.round_locked_at.is_some() }
}

/// Loads and locks a challenge that the viewer may know of.
pub(crate) async fn locked(tx: &Tx, id: ChallengeId) -> Result<challenge::Model> {
    let row =
        visible_to(&tx.op().viewer).filter(challenge::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Problem::at("challengeId", Reason::NotFound).into())
}

/// Loads a challenge so that nobody moves it meanwhile, while others may do the same.
pub(crate) async fn shared(tx: &Tx, id: ChallengeId) -> Result<challenge::Model> {
    let row = visible_to(&tx.op().viewer).filter(challenge::Column::Id.eq(id)).lock_shared().one(tx).await?;
    row.ok_or_else(|| Problem::at("challengeId", Reason::NotFound).into())
}

/// Refuses when the caller saw another version than there is.
pub(crate) fn must_be_version(expected: Option<i32>, current: i32) -> Result<()> {
    match expected {
        Some(expected) if expected != current => {
            Err(Problem::at("expectedVersion", Reason::Stale { current }).into())
        }
        _ => Ok(()),
    }
}

/// Moves a challenge to its next state and writes what changes with it.
pub(crate) async fn advance(
    tx: &Tx,
    row: &challenge::Model,
    command: ChallengeCommand,
    change: challenge::ActiveModel,
) -> Result<ChallengeStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = challenge::ActiveModel {
        status: Set(next),
        // What was given up before it was published stays unknown.
        is_public: Set(next.is_public() && (row.is_public || command == ChallengeCommand::Publish)),
        updated_at: Set(now),
        version: Set(row.version + 1),
        ..change
    };
    let done = challenge::Entity::update_many()
        .set(change)
        .filter(challenge::Column::Id.eq(row.id))
        .filter(challenge::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

/// A criterion as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct NewCriterion {
    /// Its name.
    pub name: Bilingual,
    /// Points of 100.
    pub weight: i64,
    /// A score needs a reason.
    pub reason_required: bool,
}

/// An indicator as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct NewIndicator {
    /// Its name.
    pub name: Bilingual,
    /// Its unit.
    pub unit: Bilingual,
    /// Value today.
    pub baseline: String,
    /// Day of that value.
    pub baseline_on: Day,
    /// Where that value comes from.
    pub source: Bilingual,
    /// Value aimed at.
    pub target: String,
}

/// What is written into a draft; None leaves a part as it is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Draft {
    /// Title.
    pub title: Option<Bilingual>,
    /// Summary.
    pub summary: Option<Bilingual>,
    /// Track.
    pub track: Option<Track>,
    /// Sector.
    pub sector: Option<Sector>,
    /// All sections.
    pub brief: Option<Brief>,
    /// All indicators, in order.
    pub indicators: Option<Vec<NewIndicator>>,
    /// All support that is offered, each stage once.
    pub support: Option<Vec<SupportOffer>>,
    /// All criteria, in order.
    pub criteria: Option<Vec<NewCriterion>>,
    /// Score from which a proposal passes.
    pub pass_mark: Option<i64>,
    /// Beside the ranking stands the calibrated one.
    pub is_calibrated: Option<bool>,
    /// Teams may keep parts of their proposals from reviewers.
    pub allows_confidential_parts: Option<bool>,
    /// Reviewers do not learn who applies.
    pub is_blind: Option<bool>,
    /// The number of proposals is public.
    pub shows_proposal_count: Option<bool>,
    /// When proposals are first taken.
    pub opens_at: Option<Timestamp>,
    /// The deadline.
    pub closes_at: Option<Timestamp>,
    /// Until when questions are taken.
    pub questions_until: Option<Timestamp>,
    /// Where the problem is described.
    pub source_url: Option<String>,
}

/// Drafts a challenge for an agency.
#[derive(Serialize)]
pub struct CreateChallenge {
    /// Whose.
    pub agency: OrganizationId,
    /// Its handle; made from the title if left out.
    pub slug: Option<String>,
    /// Title, which every draft has.
    pub title: Bilingual,
    /// Summary, which every draft has.
    pub summary: Bilingual,
    /// Sector, which every draft has.
    pub sector: Sector,
    /// Everything else.
    pub draft: Draft,
}

impl Command for CreateChallenge {
    const NAME: &'static str = "createChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let agency = crate::organization::visible_to(&tx.op().viewer)
            .filter(organization::Column::Id.eq(self.agency))
            .one(tx)
            .await?;
        let agency = agency
            .filter(|agency| agency.kind == OrganizationKind::Agency)
            .ok_or_else(|| Problem::at("agencyId", Reason::NotFound))?;
        must_in(tx, Action::WriteChallenge, agency.id).await?;
        let now = tx.now().await?;
        let id: ChallengeId = ids::random();
        let slug = self.slug.clone().unwrap_or_else(|| slug_from(&self.title.vi));
        let is_taken = naming::is_challenge_slug_taken(tx, &slug, id).await?;
        if is_taken && self.slug.is_some() {
            return Err(Problem::at("slug", Reason::AlreadyExists).into());
        }
        let slug = if is_taken { naming::suffixed(&slug, id.0) } else { slug };
        let empty = challenge::Model {
            id,
            slug,
            agency_id: agency.id,
            status: ChallengeStatus::Draft,
            is_public: false,
            track: Track::GrandChallenge,
            sector: self.sector,
            title_vi: String::new(),
            title_en: None,
            summary_vi: String::new(),
            summary_en: None,
            brief: Brief::default(),
            rubric: Rubric::default(),
            is_blind: false,
            shows_proposal_count: false,
            opens_at: None,
            closes_at: None,
            questions_until: None,
            deadline_key: i64::MAX,
            published_key: 0,
            title_key: String::new(),
            search_text: String::new(),
            source_url: None,
            duplicate_of: None,
            requested_changes: None,
            publish_at: None,
            scheduled_by: None,
            status_reason: None,
            approved_by: None,
            approval: None,
            publication: None,
            published_at: None,
            halted_at: None,
            halt_reason: None,
            decision_maker_id: None,
            round_locked_at: None,
            created_by: user,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let draft = Draft {
            title: Some(self.title.clone()),
            summary: Some(self.summary.clone()),
            sector: Some(self.sector),
            ..self.draft.clone()
        };
        let row = write(empty, &draft)?;
        challenge::Entity::insert(challenge::ActiveModel::from(row)).exec_without_returning(tx).await?;
        write_lists(tx, id, &draft).await?;
        sign_as_author(tx, id, user).await?;
        tx.record(Event::new(EventKind::ChallengeCreated).challenge(id).organization(agency.id));
        Ok(id)
    }
}

/// The row with the draft written into it, and everything that follows from it.
fn write(mut row: challenge::Model, draft: &Draft) -> Result<challenge::Model> {
    if let Some(title) = &draft.title {
        row.title_vi.clone_from(&title.vi);
        row.title_en.clone_from(&title.en);
    }
    if let Some(summary) = &draft.summary {
        row.summary_vi.clone_from(&summary.vi);
        row.summary_en.clone_from(&summary.en);
    }
    row.track = draft.track.unwrap_or(row.track);
    row.sector = draft.sector.unwrap_or(row.sector);
    row.brief = draft.brief.clone().unwrap_or(row.brief);
    row.rubric.pass_mark = draft.pass_mark.unwrap_or(row.rubric.pass_mark);
    row.rubric.is_calibrated = draft.is_calibrated.unwrap_or(row.rubric.is_calibrated);
    row.rubric.allows_confidential_parts =
        draft.allows_confidential_parts.unwrap_or(row.rubric.allows_confidential_parts);
    row.is_blind = draft.is_blind.unwrap_or(row.is_blind);
    row.shows_proposal_count = draft.shows_proposal_count.unwrap_or(row.shows_proposal_count);
    row.opens_at = draft.opens_at.or(row.opens_at);
    row.closes_at = draft.closes_at.or(row.closes_at);
    row.questions_until = draft.questions_until.or(row.questions_until);
    row.source_url = draft.source_url.clone().or(row.source_url);
    if let Some(timetable) = timetable(&row)
        && timetable.opens_at >= timetable.closes_at
    {
        let min = timetable.opens_at.to_rfc3339();
        return Err(Problem::at(
            "closesAt",
            Reason::OutOfRange { min, max: limits::LAST_DEADLINE.to_owned() },
        )
        .into());
    }
    if let (Some(until), Some(closes_at)) = (row.questions_until, row.closes_at)
        && until > closes_at
    {
        let (min, max) = (row.created_at.to_rfc3339(), closes_at.to_rfc3339());
        return Err(Problem::at("questionsUntil", Reason::OutOfRange { min, max }).into());
    }
    row.deadline_key = row.closes_at.unwrap_or(Timestamp::END_OF_TIME).micros();
    row.title_key = fold(&row.title_vi);
    let brief = row.brief.0.values().map(Bilingual::folded);
    let head = [Some(&row.title_vi), row.title_en.as_ref(), Some(&row.summary_vi), row.summary_en.as_ref()];
    let sector = row.sector.label().folded();
    row.search_text = head
        .into_iter()
        .flatten()
        .map(|text| fold(text))
        .chain([sector])
        .chain(brief)
        .collect::<Vec<_>>()
        .join("\n");
    Ok(row)
}

async fn write_lists(tx: &Tx, challenge: ChallengeId, draft: &Draft) -> Result<()> {
    if let Some(criteria) = &draft.criteria {
        criterion::Entity::delete_many()
            .filter(criterion::Column::ChallengeId.eq(challenge))
            .exec(tx)
            .await?;
        let rows = (0..).zip(criteria).map(|(position, new)| criterion::ActiveModel {
            id: Set(ids::random()),
            challenge_id: Set(challenge),
            position: Set(position),
            name_vi: Set(new.name.vi.clone()),
            name_en: Set(new.name.en.clone()),
            weight: Set(new.weight),
            reason_required: Set(new.reason_required),
        });
        if !criteria.is_empty() {
            criterion::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
    }
    if let Some(support) = &draft.support {
        support_offer::Entity::delete_many()
            .filter(support_offer::Column::ChallengeId.eq(challenge))
            .exec(tx)
            .await?;
        let rows = support.iter().map(|offer| support_offer::ActiveModel {
            challenge_id: Set(challenge),
            stage: Set(offer.stage),
            ceiling_minor: Set(offer.ceiling.minor),
            ceiling_currency: Set(offer.ceiling.currency),
        });
        if !support.is_empty() {
            support_offer::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
    }
    if let Some(indicators) = &draft.indicators {
        indicator::Entity::delete_many()
            .filter(indicator::Column::ChallengeId.eq(challenge))
            .exec(tx)
            .await?;
        let rows = (0..).zip(indicators).map(|(position, new)| indicator::ActiveModel {
            id: Set(ids::random()),
            challenge_id: Set(challenge),
            position: Set(position),
            name_vi: Set(new.name.vi.clone()),
            name_en: Set(new.name.en.clone()),
            unit_vi: Set(new.unit.vi.clone()),
            unit_en: Set(new.unit.en.clone()),
            baseline: Set(new.baseline.clone()),
            baseline_on: Set(new.baseline_on.clone()),
            source_vi: Set(new.source.vi.clone()),
            source_en: Set(new.source.en.clone()),
            target: Set(new.target.clone()),
        });
        if !indicators.is_empty() {
            indicator::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
    }
    Ok(())
}

/// Whoever writes on a challenge may not approve or publish it.
pub(crate) async fn sign_as_author(tx: &Tx, challenge: ChallengeId, user: UserId) -> Result<()> {
    let row = challenge_author::ActiveModel { challenge_id: Set(challenge), user_id: Set(user) };
    challenge_author::Entity::insert(row)
        .on_conflict_do_nothing_on([challenge_author::Column::ChallengeId, challenge_author::Column::UserId])
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

async fn is_author(tx: &Tx, challenge: ChallengeId, user: UserId) -> Result<bool> {
    Ok(challenge_author::Entity::find_by_id((challenge, user)).one(tx).await?.is_some())
}

/// Changes a draft.
#[derive(Serialize)]
pub struct UpdateChallenge {
    /// Which.
    pub challenge: ChallengeId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// What changes.
    pub draft: Draft,
}

impl Command for UpdateChallenge {
    const NAME: &'static str = "updateChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::WriteChallenge, row.agency_id).await?;
        let next = machine::step(TRANSITIONS, row.status, &ChallengeCommand::Edit)?;
        must_be_version(Some(self.expected_version), row.version)?;
        let (id, version) = (row.id, row.version);
        let now = tx.now().await?;
        let row = challenge::Model {
            status: next,
            version: version + 1,
            updated_at: now,
            ..write(row, &self.draft)?
        };
        challenge::ActiveModel::from(row).reset_all().update(tx).await?;
        write_lists(tx, id, &self.draft).await?;
        sign_as_author(tx, id, user).await?;
        tx.record(Event::new(EventKind::ChallengeEdited).challenge(id).fact("version", version + 1));
        Ok(id)
    }
}

/// Hands a draft in for approval.
#[derive(Serialize)]
pub struct SubmitForApproval {
    /// Which.
    pub challenge: ChallengeId,
    /// The version that the caller saw, if it matters.
    pub expected_version: Option<i32>,
}

impl Command for SubmitForApproval {
    const NAME: &'static str = "submitChallengeForApproval";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::SubmitChallenge, row.agency_id).await?;
        machine::step(TRANSITIONS, row.status, &ChallengeCommand::SubmitForApproval)?;
        must_be_version(self.expected_version, row.version)?;
        let agency = organization::Entity::find_by_id(row.agency_id).one(tx).await?;
        let is_verified = agency.is_some_and(|agency| agency.status == OrganizationStatus::Verified);
        let criteria =
            criterion::Entity::find().filter(criterion::Column::ChallengeId.eq(row.id)).all(tx).await?;
        let weights: Vec<_> = criteria.iter().map(|criterion| criterion.weight).collect();
        let indicators =
            indicator::Entity::find().filter(indicator::Column::ChallengeId.eq(row.id)).count(tx).await?;
        let facts = BriefFacts {
            brief: &row.brief,
            timetable: timetable(&row),
            indicator_count: usize::try_from(indicators).unwrap_or(usize::MAX),
            weights: &weights,
        };
        may_submit_for_approval(row.status, is_verified, &facts, tx.now().await?)?;
        let next = advance(
            tx,
            &row,
            ChallengeCommand::SubmitForApproval,
            challenge::ActiveModel {
                status_reason: Set(None),
                requested_changes: Set(None),
                ..Default::default()
            },
        )
        .await?;
        sign_as_author(tx, row.id, user).await?;
        tx.record(moved(EventKind::ChallengeSubmitted, &row, next));
        Ok(row.id)
    }
}

fn moved(kind: EventKind, row: &challenge::Model, next: ChallengeStatus) -> Event {
    Event::new(kind)
        .challenge(row.id)
        .fact("from", row.status)
        .fact("to", next)
        .fact("version", row.version + 1)
}

/// Returns a challenge to its authors.
#[derive(Serialize)]
pub struct RequestChanges {
    /// Which.
    pub challenge: ChallengeId,
    /// What is to change.
    pub reason: String,
    /// The same, section by section.
    pub sections: RequestedChanges,
}

impl Command for RequestChanges {
    const NAME: &'static str = "requestChallengeChanges";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::RequestChallengeChanges, tx.op().viewer.roles())?;
        let change = challenge::ActiveModel {
            status_reason: Set(Some(self.reason.clone())),
            requested_changes: Set((!self.sections.0.is_empty()).then(|| self.sections.clone())),
            ..Default::default()
        };
        let next = advance(tx, &row, ChallengeCommand::RequestChanges, change).await?;
        tx.record(moved(EventKind::ChallengeChangesRequested, &row, next));
        Ok(row.id)
    }
}

/// Approves a challenge.
#[derive(Serialize)]
pub struct ApproveChallenge {
    /// Which.
    pub challenge: ChallengeId,
    /// The version that the caller read, if it matters.
    pub expected_version: Option<i32>,
    /// The act on paper.
    pub record: OfficialRecord,
}

impl Command for ApproveChallenge {
    const NAME: &'static str = "approveChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::ApproveChallenge, tx.op().viewer.roles())?;
        machine::step(TRANSITIONS, row.status, &ChallengeCommand::Approve)?;
        must_be_version(self.expected_version, row.version)?;
        may_approve(row.status, is_author(tx, row.id, user).await?)?;
        let change = challenge::ActiveModel {
            approved_by: Set(Some(user)),
            approval: Set(Some(self.record.clone())),
            ..Default::default()
        };
        let next = advance(tx, &row, ChallengeCommand::Approve, change).await?;
        tx.record(
            moved(EventKind::ChallengeApproved, &row, next).fact("decision_number", &self.record.number),
        );
        Ok(row.id)
    }
}

/// Takes an approved challenge back to the draft.
#[derive(Serialize)]
pub struct RecallChallenge {
    /// Which.
    pub challenge: ChallengeId,
}

impl Command for RecallChallenge {
    const NAME: &'static str = "recallChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::RecallChallenge, row.agency_id).await?;
        let change = challenge::ActiveModel { approved_by: Set(None), approval: Set(None), ..unscheduled() };
        let next = advance(tx, &row, ChallengeCommand::Recall, change).await?;
        tx.record(moved(EventKind::ChallengeRecalled, &row, next));
        Ok(row.id)
    }
}

/// Without a time at which it is to be published.
fn unscheduled() -> challenge::ActiveModel {
    challenge::ActiveModel {
        publish_at: Set(None),
        scheduled_by: Set(None),
        publication: Set(None),
        ..Default::default()
    }
}

/// Makes a challenge public, now or at a set time.
#[derive(Serialize)]
pub struct PublishChallenge {
    /// Which.
    pub challenge: ChallengeId,
    /// The act on paper.
    pub record: OfficialRecord,
    /// When, if not now.
    pub publish_at: Option<Timestamp>,
}

impl Command for PublishChallenge {
    const NAME: &'static str = "publishChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::PublishChallenge, tx.op().viewer.roles())?;
        let is_author = is_author(tx, row.id, user).await?;
        let now = tx.now().await?;
        let is_approver = row.approved_by == Some(user);
        if let Some(at) = self.publish_at {
            may_schedule(row.status, is_author, is_approver, timetable(&row), at, now)?;
            let change = challenge::ActiveModel {
                publication: Set(Some(self.record.clone())),
                publish_at: Set(Some(at)),
                scheduled_by: Set(Some(user)),
                ..Default::default()
            };
            let next = advance(tx, &row, ChallengeCommand::Schedule, change).await?;
            tx.record(moved(EventKind::ChallengeScheduled, &row, next).fact("publish_at", at.micros()));
            return Ok(row.id);
        }
        may_publish(row.status, is_author, is_approver, timetable(&row), now)?;
        publish(tx, &row, &self.record).await?;
        Ok(row.id)
    }
}

/// Makes it public; whether that may be was asked before.
async fn publish(tx: &Tx, row: &challenge::Model, record: &OfficialRecord) -> Result<()> {
    let now = tx.now().await?;
    // Only now it takes its handle, and another one may have been faster.
    let is_taken = naming::is_challenge_slug_taken(tx, &row.slug, row.id).await?;
    let slug = if is_taken { naming::suffixed(&row.slug, row.id.0) } else { row.slug.clone() };
    let change = challenge::ActiveModel {
        slug: Set(slug),
        publication: Set(Some(record.clone())),
        published_at: Set(Some(now)),
        published_key: Set(now.micros()),
        ..unscheduled()
    };
    let next = advance(tx, row, ChallengeCommand::Publish, change).await?;
    put_down(tx, row, 1, None).await?;
    crate::attachment::published(tx, row.id, 1).await?;
    crate::preview::end(tx, row.id).await?;
    tx.record(moved(EventKind::ChallengePublished, row, next).fact("decision_number", &record.number));
    Ok(())
}

/// Challenges whose time to be published has come.
pub(crate) async fn due(app: &App, now: Timestamp) -> Result<Vec<ChallengeId>> {
    let due = challenge::Entity::find()
        .filter(challenge::Column::PublishAt.lte(now))
        .filter(challenge::Column::Status.eq(ChallengeStatus::Approved))
        .select_only()
        .column(challenge::Column::Id);
    Ok(due.into_tuple().all(&app.db.read).await?)
}

/// Publishes what its publisher has set a time for, if that has come and nothing stands in the way by now. True: it did.
#[derive(Serialize)]
pub(crate) struct PublishDue {
    pub(crate) challenge: ChallengeId,
}

impl Command for PublishDue {
    const NAME: &'static str = "publishDue";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let row = challenge::Entity::find_by_id(self.challenge).lock_exclusive().one(tx).await?;
        let now = tx.now().await?;
        let row = row.filter(|row| row.status == ChallengeStatus::Approved);
        let Some(row) = row.filter(|row| row.publish_at.is_some_and(|at| at <= now)) else {
            return Ok(false);
        };
        let (Some(publisher), Some(record)) = (row.scheduled_by, row.publication.clone()) else {
            return Err(Error::Internal(format!("challenge {} is scheduled by nobody", row.id)));
        };
        let is_author = is_author(tx, row.id, publisher).await?;
        let is_approver = row.approved_by == Some(publisher);
        // What nobody could answer any more is not published, after a long outage either.
        if may_publish(row.status, is_author, is_approver, timetable(&row), now).is_ok() {
            publish(tx, &row, &record).await?;
            return Ok(true);
        }
        let next = advance(tx, &row, ChallengeCommand::Schedule, unscheduled()).await?;
        tx.record(moved(EventKind::ChallengeScheduleLapsed, &row, next));
        Ok(false)
    }
}

/// Drafts a challenge like another one, without its timetable, its files and its acts.
#[derive(Serialize)]
pub struct CloneChallenge {
    /// Like which.
    pub source: ChallengeId,
    /// For whom.
    pub agency: OrganizationId,
    /// Its title, if not the same.
    pub title: Option<Bilingual>,
}

impl Command for CloneChallenge {
    const NAME: &'static str = "cloneChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        tx.op().user()?;
        let source = shared(tx, self.source).await?;
        let of_source = criterion::Column::ChallengeId.eq(source.id);
        let criteria = criterion::Entity::find().filter(of_source).order_by_asc(criterion::Column::Position);
        let criteria = criteria.all(tx).await?.into_iter().map(|row| NewCriterion {
            name: Bilingual { vi: row.name_vi, en: row.name_en },
            weight: row.weight,
            reason_required: row.reason_required,
        });
        let of_source = indicator::Column::ChallengeId.eq(source.id);
        let indicators =
            indicator::Entity::find().filter(of_source).order_by_asc(indicator::Column::Position);
        let indicators = indicators.all(tx).await?.into_iter().map(|row| NewIndicator {
            name: Bilingual { vi: row.name_vi, en: row.name_en },
            unit: Bilingual { vi: row.unit_vi, en: row.unit_en },
            baseline: row.baseline,
            baseline_on: row.baseline_on,
            source: Bilingual { vi: row.source_vi, en: row.source_en },
            target: row.target,
        });
        let offered = support_offer::Entity::find().filter(support_offer::Column::ChallengeId.eq(source.id));
        let support = offered.all(tx).await?.iter().map(offer).collect();
        let draft = Draft {
            track: Some(source.track),
            support: Some(support),
            brief: Some(source.brief.clone()),
            indicators: Some(indicators.collect()),
            criteria: Some(criteria.collect()),
            pass_mark: Some(source.rubric.pass_mark),
            is_calibrated: Some(source.rubric.is_calibrated),
            allows_confidential_parts: Some(source.rubric.allows_confidential_parts),
            is_blind: Some(source.is_blind),
            shows_proposal_count: Some(source.shows_proposal_count),
            ..Draft::default()
        };
        let same = || Bilingual { vi: source.title_vi.clone(), en: source.title_en.clone() };
        let create = CreateChallenge {
            agency: self.agency,
            slug: None,
            title: self.title.clone().unwrap_or_else(same),
            summary: Bilingual { vi: source.summary_vi.clone(), en: source.summary_en.clone() },
            sector: source.sector,
            draft,
        };
        create.run(tx).await
    }
}

/// Keeps what is public from now on.
async fn put_down(tx: &Tx, row: &challenge::Model, number: i32, note: Option<&Bilingual>) -> Result<()> {
    let timetable =
        timetable(row).ok_or_else(|| Error::Internal("published without a timetable".to_owned()))?;
    let text = |vi: &str, en: Option<&String>| Bilingual { vi: vi.to_owned(), en: en.cloned() };
    let content = Published {
        title: text(&row.title_vi, row.title_en.as_ref()),
        summary: text(&row.summary_vi, row.summary_en.as_ref()),
        brief: row.brief.clone(),
        opens_at: timetable.opens_at,
        closes_at: timetable.closes_at,
    };
    let version = challenge_version::ActiveModel {
        challenge_id: Set(row.id),
        number: Set(number),
        published_at: Set(tx.now().await?),
        note_vi: Set(note.map(|note| note.vi.clone())),
        note_en: Set(note.and_then(|note| note.en.clone())),
        content: Set(content),
    };
    challenge_version::Entity::insert(version).exec_without_returning(tx).await?;
    crate::search::index(tx, row).await
}

/// The number that the next published version has.
async fn next_number(tx: &Tx, challenge: ChallengeId) -> Result<i32> {
    let last = challenge_version::Entity::find()
        .filter(challenge_version::Column::ChallengeId.eq(challenge))
        .order_by_desc(challenge_version::Column::Number)
        .limit(1)
        .one(tx)
        .await?;
    Ok(last.map_or(0, |last| last.number) + 1)
}

/// Changes what is published.
#[derive(Serialize)]
pub struct AmendChallenge {
    /// Which.
    pub challenge: ChallengeId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// What changes and why, for everybody.
    pub note: Bilingual,
    /// The new title.
    pub title: Option<Bilingual>,
    /// The new summary.
    pub summary: Option<Bilingual>,
    /// The new sections, all of them.
    pub brief: Option<Brief>,
    /// The new deadline.
    pub closes_at: Option<Timestamp>,
}

impl Command for AmendChallenge {
    const NAME: &'static str = "amendChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::AmendChallenge, row.agency_id).await?;
        machine::allows(TRANSITIONS, row.status, &ChallengeCommand::Amend)?;
        must_be_version(Some(self.expected_version), row.version)?;
        may_amend(row.status, timetable(&row), self.closes_at, tx.now().await?)?;
        unless(self.brief.iter().flat_map(missing_sections))?;
        if crate::attachment::is_unready(tx, row.id).await? {
            return Err(Problem::at("challengeId", Reason::FileNotReady).into());
        }
        let number = next_number(tx, row.id).await?;
        if number > limits::VERSIONS {
            let limit = usize::try_from(limits::VERSIONS).unwrap_or(usize::MAX);
            return Err(Problem::at("challengeId", Reason::Quota { limit }).into());
        }
        let draft = Draft {
            title: self.title.clone(),
            summary: self.summary.clone(),
            brief: self.brief.clone(),
            closes_at: self.closes_at,
            ..Draft::default()
        };
        let new = write(row.clone(), &draft)?;
        let change = challenge::ActiveModel {
            title_vi: Set(new.title_vi.clone()),
            title_en: Set(new.title_en.clone()),
            summary_vi: Set(new.summary_vi.clone()),
            summary_en: Set(new.summary_en.clone()),
            brief: Set(new.brief.clone()),
            closes_at: Set(new.closes_at),
            deadline_key: Set(new.deadline_key),
            title_key: Set(new.title_key.clone()),
            search_text: Set(new.search_text.clone()),
            ..Default::default()
        };
        let next = advance(tx, &row, ChallengeCommand::Amend, change).await?;
        put_down(tx, &new, number, Some(&self.note)).await?;
        crate::attachment::published(tx, row.id, number).await?;
        sign_as_author(tx, row.id, user).await?;
        tx.record(moved(EventKind::ChallengeAmended, &row, next).fact("number", number));
        Ok(row.id)
    }
}

/// Halts a published challenge, lets it go on, or gives a challenge up.
#[derive(Serialize)]
pub struct HaltChallenge {
    /// Which.
    pub challenge: ChallengeId,
    /// Halt, go on or give up.
    pub command: Halt,
}

/// What the programme office does to the course of a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Halt {
    /// Halt for the time being, for this public reason.
    Pause(String),
    /// Go on.
    Resume,
    /// Give up, for this public reason.
    Cancel(String),
}

impl Halt {
    const fn command(&self) -> (ChallengeCommand, Action, EventKind) {
        match self {
            Self::Pause(_) => (ChallengeCommand::Pause, Action::PauseChallenge, EventKind::ChallengePaused),
            Self::Resume => (ChallengeCommand::Resume, Action::PauseChallenge, EventKind::ChallengeResumed),
            Self::Cancel(_) => {
                (ChallengeCommand::Cancel, Action::CancelChallenge, EventKind::ChallengeCancelled)
            }
        }
    }
}

impl Command for HaltChallenge {
    const NAME: &'static str = "haltChallenge";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        let (command, action, event) = self.command.command();
        must(action, tx.op().viewer.roles())?;
        machine::allows(TRANSITIONS, row.status, &command)?;
        may_halt(row.status, command, is_author(tx, row.id, user).await?)?;
        let now = tx.now().await?;
        let mut after = row.clone();
        match &self.command {
            Halt::Pause(reason) | Halt::Cancel(reason) => {
                after.halted_at = Some(now);
                after.halt_reason = Some(reason.clone());
            }
            Halt::Resume => {
                if let (Some(timetable), Some(halted_at)) = (timetable(&row), row.halted_at) {
                    let timetable = timetable.after_halt(halted_at, now);
                    after.opens_at = Some(timetable.opens_at);
                    after.closes_at = Some(timetable.closes_at);
                    after.deadline_key = timetable.closes_at.micros();
                    after.questions_until =
                        row.questions_until.map(|instant| after_halt(instant, halted_at, now));
                }
                after.halted_at = None;
                after.halt_reason = None;
            }
        }
        let change = challenge::ActiveModel {
            halted_at: Set(after.halted_at),
            halt_reason: Set(after.halt_reason.clone()),
            opens_at: Set(after.opens_at),
            closes_at: Set(after.closes_at),
            questions_until: Set(after.questions_until),
            deadline_key: Set(after.deadline_key),
            ..Default::default()
        };
        let next = advance(tx, &row, command, change).await?;
        tx.record(moved(event, &row, next));
        Ok(row.id)
    }
}

/// The criteria of a challenge as scoring needs them, in order.
pub(crate) async fn criteria(
    connection: &impl sea_orm::ConnectionTrait,
    challenge: ChallengeId,
) -> Result<Vec<domain::score::Criterion>> {
    let rows = criterion::Entity::find()
        .filter(criterion::Column::ChallengeId.eq(challenge))
        .order_by_asc(criterion::Column::Position)
        .all(connection)
        .await?;
    Ok(rows
        .iter()
        .map(|row| domain::score::Criterion {
            id: row.id,
            weight: row.weight,
            reason_required: row.reason_required,
        })
        .collect())
}
