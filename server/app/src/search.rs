//! Finding published challenges by their words, best first, and counting what is found.
//!
//! The index is a table of words that follows from what is public. It ranks in integers and breaks ties by handle, so that
//! both databases give one order; what is not public is neither in it nor in any figure.

use domain::challenge::{ChallengeStatus, Sector, SupportStage, Track, Window};
use domain::id::{ChallengeId, OrganizationId};
use domain::problem::{Form, Reason};
use domain::search::{self, Place, Term};
use domain::text::Bilingual;
use domain::time::Timestamp;
use entity::{challenge, challenge_word, organization, support_offer};
use sea_orm::sea_query::{
    CaseStatement, Condition, Expr, ExprTrait as _, Func, JoinType, Order, Query, SelectStatement,
    SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait as _, FromQueryResult, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect, QueryTrait as _, Select,
};

use crate::challenge::{Filter, closes_within, filtered};
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;
use crate::page::{Ask, Page, argument, size};
use crate::{App, keys};

/// Rows of a statement: the number of values in one is limited.
const ROWS: usize = 1_000;
/// Agencies counted, those with most hits first.
const AGENCIES: u64 = 50;

/// The words of a published challenge; those of its agency as long as everybody may know its name.
pub fn words(row: &challenge::Model, agency: Option<&organization::Model>) -> Vec<challenge_word::Model> {
    let sector = row.sector.label();
    let both = |place: Place, text: &Bilingual| [(place, Some(text.vi.clone())), (place, text.en.clone())];
    let mut texts = vec![
        (Place::Title, Some(row.title_vi.clone())),
        (Place::Title, row.title_en.clone()),
        (Place::Summary, Some(row.summary_vi.clone())),
        (Place::Summary, row.summary_en.clone()),
    ];
    texts.extend(both(Place::Sector, &sector));
    texts.extend(row.brief.0.values().flat_map(|section| both(Place::Brief, section)));
    if let Some(agency) = agency.filter(|agency| agency.status.is_public()) {
        texts.push((Place::Agency, Some(agency.name_vi.clone())));
        texts.push((Place::Agency, agency.name_en.clone()));
    }
    let texts = texts.iter().filter_map(|(place, text)| Some((*place, text.as_deref()?)));
    let index = search::index(texts).into_iter();
    index.map(|(word, weight)| challenge_word::Model { challenge_id: row.id, word, weight }).collect()
}

/// Makes the words those of what is public from now on. The challenge is locked by the caller.
pub(crate) async fn index(tx: &Tx, row: &challenge::Model) -> Result<()> {
    let agency = organization::Entity::find_by_id(row.agency_id).lock_shared().one(tx).await?;
    challenge_word::Entity::delete_many()
        .filter(challenge_word::Column::ChallengeId.eq(row.id))
        .exec(tx)
        .await?;
    for some in words(row, agency.as_ref()).chunks(ROWS) {
        let rows = some.iter().cloned().map(challenge_word::ActiveModel::from);
        challenge_word::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The name of an agency has changed, or whether everybody may know it.
pub(crate) async fn follow_agency(tx: &Tx, agency: OrganizationId) -> Result<()> {
    let published = challenge::Entity::find()
        .filter(challenge::Column::AgencyId.eq(agency))
        .filter(challenge::Column::IsPublic.eq(true))
        .order_by_asc(challenge::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in &published {
        index(tx, row).await?;
    }
    Ok(())
}

/// A question, its conditions, and the words it is made of.
#[derive(Clone, Debug)]
pub struct Question {
    /// As it was asked.
    pub words: String,
    /// What hits must be as well.
    pub filter: Filter,
    terms: Vec<Term>,
}

impl Question {
    /// Reads a question.
    pub fn new(words: String, filter: Filter) -> Self {
        let terms = search::terms(&words);
        Self { words, filter, terms }
    }

    /// What is looked for.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}

/// A hit.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Hit {
    /// What was found.
    #[sea_orm(nested)]
    pub challenge: challenge::Model,
    /// How far it is from the question: less than zero, the best hit least.
    pub distance: i64,
}

const HIT: &str = "hit";
const DISTANCE: &str = "distance";
const CANDIDATE: &str = "candidate";
/// What a title that has all words is ahead of everything else: more than all words of a question can be worth.
const TITLE_AHEAD: i64 = 10_000;

/// Where the words have to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// All of them in the title. These hits come before all others, so a page of them needs nothing else.
    Titles,
    /// Anywhere.
    Anywhere,
}

/// What has to be there, the rarest first: what has that one is asked for the others.
#[derive(Clone, Debug)]
struct Required {
    terms: Vec<Term>,
    /// So many hits there are at most.
    rows: u64,
}

impl Required {
    /// None if one of the words stands nowhere, or there is no word.
    async fn read(app: &App, terms: &[Term], reach: Reach) -> Result<Option<Self>> {
        let required = terms.iter().filter(|term| term.is_required);
        let required: Vec<Term> = match reach {
            Reach::Titles => required.map(Term::in_title).collect(),
            Reach::Anywhere => required.cloned().collect(),
        };
        let Some(count) = frequencies(&required) else { return Ok(None) };
        let mut rows = Vec::new();
        for row in app.db.read.query_all(&count).await? {
            let (place, count): (i32, i64) = row.try_get_many_by_index()?;
            rows.push((count, usize::try_from(place).unwrap_or_default()));
        }
        rows.sort_unstable();
        let fewest = rows.first().and_then(|(count, _)| u64::try_from(*count).ok()).unwrap_or_default();
        let terms = rows.iter().filter_map(|(_, place)| required.get(*place).cloned()).collect();
        Ok((fewest > 0).then_some(Self { terms, rows: fewest }))
    }
}

/// How many rows of the index each term has.
fn frequencies(terms: &[Term]) -> Option<SelectStatement> {
    let count = |(place, term): (i32, &Term)| {
        let mut select = Query::select();
        select.expr(Expr::val(place)).expr(Expr::col(challenge_word::Column::ChallengeId).count());
        select.from(challenge_word::Entity).and_where(stands(term)).take()
    };
    let mut each = (0..).zip(terms).map(count);
    let mut all = each.next()?;
    all.unions(each.map(|next| (UnionType::All, next)));
    Some(all)
}

/// The rows of a term: one of the index, or a range of it.
fn stands(term: &Term) -> SimpleExpr {
    let word = || Expr::col(challenge_word::Column::Word);
    if term.is_prefix {
        let end = format!("{}{}", term.text, char::MAX);
        word().gte(term.text.as_str()).and(word().lt(end))
    } else {
        word().eq(term.text.as_str())
    }
}

/// The rows of a term that a candidate has.
fn of_candidate(term: &Term) -> SelectStatement {
    let is_its = Expr::col(challenge_word::Column::ChallengeId)
        .equals((CANDIDATE, challenge_word::Column::ChallengeId));
    Query::select().from(challenge_word::Entity).and_where(is_its).and_where(stands(term)).take()
}

fn has(term: &Term) -> SimpleExpr {
    Expr::exists(of_candidate(term).expr(Expr::val(1)).take())
}

/// What a term is worth to a candidate; what is found whole counts twice.
fn worth(term: &Term) -> SimpleExpr {
    let (twice, weight) =
        (Expr::col(challenge_word::Column::Weight).mul(2), Expr::col(challenge_word::Column::Weight));
    let is_whole = Expr::col(challenge_word::Column::Word).eq(term.text.as_str());
    let worth: SimpleExpr = CaseStatement::new().case(is_whole, twice).finally(weight).into();
    let best = of_candidate(term).expr(worth.max()).take();
    let best = SimpleExpr::SubQuery(None, Box::new(best.into()));
    Func::coalesce([best, Expr::val(0)]).into()
}

/// Which challenges have all that is required.
fn matching(required: &Required) -> SelectStatement {
    let mut select = Query::select();
    select.column((CANDIDATE, challenge_word::Column::ChallengeId));
    if let Some(rarest) = required.terms.first() {
        let mut rows = Query::select();
        rows.column(challenge_word::Column::ChallengeId)
            .from(challenge_word::Entity)
            .and_where(stands(rarest));
        if rarest.is_prefix {
            rows.distinct();
        }
        select.from_subquery(rows, CANDIDATE);
    }
    for other in required.terms.iter().skip(1) {
        select.and_where(has(other));
    }
    select
}

/// And how far each is from the question.
fn ranked(terms: &[Term], required: &Required, reach: Reach) -> SelectStatement {
    let worth = terms.iter().map(worth).fold(Expr::val(0_i64), |all: SimpleExpr, one| all.sub(one));
    let distance = match reach {
        Reach::Titles => worth.sub(TITLE_AHEAD),
        Reach::Anywhere => {
            let words = terms.iter().filter(|term| term.is_required);
            let is_titled = words.fold(Condition::all(), |all, term| all.add(has(&term.in_title())));
            let ahead: SimpleExpr = CaseStatement::new().case(is_titled, TITLE_AHEAD).finally(0_i64).into();
            worth.sub(ahead)
        }
    };
    matching(required).expr_as(distance, DISTANCE).take()
}

/// What a question leaves of what is public.
pub enum Hits {
    /// All: it has no words.
    All,
    /// Nothing: one of its words stands nowhere.
    None,
    /// These.
    These(Box<SelectStatement>),
}

impl Hits {
    /// Of that question.
    pub async fn read(app: &App, question: &Question) -> Result<Self> {
        if question.terms.is_empty() {
            return Ok(Self::All);
        }
        let required = Required::read(app, &question.terms, Reach::Anywhere).await?;
        Ok(required.map_or(Self::None, |required| Self::These(Box::new(matching(&required)))))
    }
}

fn found(viewer: &Viewer, filter: &Filter, hits: &Hits, now: Timestamp) -> Select<challenge::Entity> {
    let mut select = filtered(viewer, filter, now).filter(challenge::Column::IsPublic.eq(true));
    match hits {
        Hits::All => select,
        Hits::None => select.filter(Expr::val(false)),
        Hits::These(hits) => {
            let is_it = Expr::col((HIT, challenge_word::Column::ChallengeId))
                .equals((challenge::Entity, challenge::Column::Id));
            QuerySelect::query(&mut select).join_subquery(
                JoinType::InnerJoin,
                hits.as_ref().clone(),
                HIT,
                is_it,
            );
            select
        }
    }
}

fn distance() -> SimpleExpr {
    Expr::col((HIT, DISTANCE))
}

fn best_first(select: Select<challenge::Entity>, size: u64, backward: bool) -> Select<challenge::Entity> {
    let order = if backward { Order::Desc } else { Order::Asc };
    let select = select.expr_as(distance(), DISTANCE).order_by(distance(), order.clone());
    select.order_by(challenge::Column::Slug, order).limit(size + 1)
}

/// A place among the hits: how far from the question, and the handle.
type At = (i64, String);

/// The part of all hits that is asked for.
struct Part {
    size: u64,
    backward: bool,
    after: Option<At>,
    before: Option<At>,
}

/// A page of hits, the best first, equals by handle.
pub async fn list(app: &App, viewer: &Viewer, question: &Question, ask: &Ask) -> Result<Page<Hit>> {
    let (size, backward) = size(ask)?;
    let after = ask.after.as_deref().map(|cursor| open(app, question, cursor, "after")).transpose()?;
    let before = ask.before.as_deref().map(|cursor| open(app, question, cursor, "before")).transpose()?;
    let is_titled = |(distance, _): &At| *distance <= -TITLE_AHEAD;
    let starts_in_titles =
        if backward { before.as_ref().is_some_and(is_titled) } else { after.as_ref().is_none_or(is_titled) };
    let part = Part { size, backward, after, before };
    if starts_in_titles {
        // Where the titles end something else may follow.
        let titles = Required::read(app, &question.terms, Reach::Titles).await?;
        if let Some(titles) = titles.filter(|titles| titles.rows > size) {
            let page = part.of(app, viewer, question, &titles, Reach::Titles).await?;
            if page.has_next {
                return Ok(page);
            }
        }
    }
    match Required::read(app, &question.terms, Reach::Anywhere).await? {
        Some(required) => part.of(app, viewer, question, &required, Reach::Anywhere).await,
        None => Ok(Page::default()),
    }
}

impl Part {
    async fn of(
        &self,
        app: &App,
        viewer: &Viewer,
        question: &Question,
        required: &Required,
        reach: Reach,
    ) -> Result<Page<Hit>> {
        let Self { size, backward, after, before } = self;
        let hits = Hits::These(Box::new(ranked(&question.terms, required, reach)));
        let select = found(viewer, &question.filter, &hits, app.db.clock.process());
        let key = || Expr::tuple([distance(), challenge::Column::Slug.into_expr()]);
        let at = |(distance, slug): &At| Expr::tuple([Expr::val(*distance), Expr::val(slug.as_str())]);
        let mut page = best_first(select.clone(), *size, *backward);
        if let Some(cursor) = after {
            page = page.filter(key().gt(at(cursor)));
        }
        if let Some(cursor) = before {
            page = page.filter(key().lt(at(cursor)));
        }
        let mut rows = page.into_model::<Hit>().all(&app.db.read).await?;
        let more = rows.len() as u64 > *size;
        rows.truncate(usize::try_from(*size).unwrap_or(usize::MAX));
        if *backward {
            rows.reverse();
        }
        // A cursor that was given may stand at the very edge: only then is another question needed.
        let beyond_edge = match if *backward { before } else { after } {
            Some(cursor) => {
                let far = if *backward { key().gte(at(cursor)) } else { key().lte(at(cursor)) };
                let there = select.select_only().column(challenge::Column::Id).filter(far).limit(1);
                there.into_tuple::<ChallengeId>().one(&app.db.read).await?.is_some()
            }
            None => false,
        };
        let rows = rows.into_iter().map(|hit| (seal(app, question, &hit), hit)).collect();
        Ok(if *backward {
            Page { rows, has_previous: more, has_next: beyond_edge }
        } else {
            Page { rows, has_previous: beyond_edge, has_next: more }
        })
    }
}

/// How many hits there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, question: &Question) -> Result<u64> {
    match Hits::read(app, question).await? {
        Hits::All | Hits::None => Ok(0),
        hits @ Hits::These(_) => {
            Ok(found(viewer, &question.filter, &hits, app.db.clock.process()).count(&app.db.read).await?)
        }
    }
}

/// What a cursor is bound to.
fn scope(question: &Question) -> String {
    let filter = serde_json::to_string(&question.filter).unwrap_or_default();
    keys::token_hash(&format!("search {filter} {}", question.words)).chars().take(12).collect()
}

fn seal(app: &App, question: &Question, hit: &Hit) -> String {
    let text = serde_json::to_string(&(scope(question), hit.distance, &hit.challenge.slug));
    // Two texts and a number always serialise.
    app.keys.seal_cursor(&text.unwrap_or_default())
}

fn open(app: &App, question: &Question, cursor: &str, field: &str) -> Result<At> {
    let refuse = || argument(field, Reason::Malformed { expected: Form::Cursor });
    let text = app.keys.open_cursor(cursor).ok_or_else(refuse)?;
    let (tag, distance, slug): (String, i64, String) = serde_json::from_str(&text).map_err(|_| refuse())?;
    if tag == scope(question) { Ok((distance, slug)) } else { Err(refuse()) }
}

/// The days up to the deadline for which there are figures.
const DAYS: [i64; 3] = [7, 30, 90];

/// How many hits there would be with each value of a condition, the others as they are, of what is public. Each figure is
/// one statement.
pub struct Facets<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    question: &'a Question,
    hits: &'a Hits,
}

impl<'a> Facets<'a> {
    /// Of what answers that question, which leaves these.
    pub const fn of(app: &'a App, viewer: &'a Viewer, question: &'a Question, hits: &'a Hits) -> Self {
        Self { app, viewer, question, hits }
    }

    fn now(&self) -> Timestamp {
        self.app.db.clock.process()
    }

    /// What answers the question without one of its conditions.
    fn without(&self, drop: impl FnOnce(&mut Filter)) -> Select<challenge::Entity> {
        let mut filter = self.question.filter.clone();
        drop(&mut filter);
        found(self.viewer, &filter, self.hits, self.now()).select_only()
    }

    async fn by<T>(
        &self,
        select: Select<challenge::Entity>,
        column: impl ColumnTrait,
    ) -> Result<Vec<(T, i64)>>
    where
        (T, i64): sea_orm::TryGetableMany,
        T: Ord,
    {
        let hits = select.column(column).column_as(challenge::Column::Id.count(), "hits").group_by(column);
        let mut hits: Vec<(T, i64)> = hits.into_tuple().all(&self.app.db.read).await?;
        hits.sort();
        Ok(hits)
    }

    /// By sector.
    pub async fn sectors(&self) -> Result<Vec<(Sector, i64)>> {
        self.by(self.without(|filter| filter.sectors = None), challenge::Column::Sector).await
    }

    /// By track.
    pub async fn tracks(&self) -> Result<Vec<(Track, i64)>> {
        self.by(self.without(|filter| filter.tracks = None), challenge::Column::Track).await
    }

    /// By state.
    pub async fn statuses(&self) -> Result<Vec<(ChallengeStatus, i64)>> {
        self.by(self.without(|filter| filter.statuses = None), challenge::Column::Status).await
    }

    /// By stage of support.
    pub async fn support(&self) -> Result<Vec<(SupportStage, i64)>> {
        let offers = support_offer::Entity::belongs_to(challenge::Entity)
            .from(support_offer::Column::ChallengeId)
            .to(challenge::Column::Id)
            .into();
        let select = self.without(|filter| filter.support = None).join_rev(JoinType::InnerJoin, offers);
        self.by(select, support_offer::Column::Stage).await
    }

    /// By agency, those with most hits first.
    pub async fn agencies(&self) -> Result<Vec<(OrganizationId, i64)>> {
        use challenge::Column as C;
        let hits = self
            .without(|filter| filter.agencies = None)
            .column(C::AgencyId)
            .column_as(C::Id.count(), "hits")
            .group_by(C::AgencyId)
            .order_by_desc(C::Id.count())
            .order_by_asc(C::AgencyId)
            .limit(AGENCIES);
        Ok(hits.into_tuple().all(&self.app.db.read).await?)
    }

    async fn each<T>(
        &self,
        select: Select<challenge::Entity>,
        conditions: [(T, SimpleExpr); 3],
    ) -> Result<Vec<(T, i64)>> {
        let [(one, first), (two, second), (three, third)] = conditions;
        let counted = |condition: SimpleExpr| {
            let one: SimpleExpr =
                CaseStatement::new().case(condition, Expr::col(challenge::Column::Track)).into();
            one.count()
        };
        let hits = select
            .expr_as(counted(first), "first")
            .expr_as(counted(second), "second")
            .expr_as(counted(third), "third")
            .into_tuple::<(i64, i64, i64)>()
            .one(&self.app.db.read)
            .await?
            .unwrap_or_default();
        let hits = [(one, hits.0), (two, hits.1), (three, hits.2)];
        Ok(hits.into_iter().filter(|(_, hits)| *hits > 0).collect())
    }

    /// By window.
    pub async fn windows(&self) -> Result<Vec<(Window, i64)>> {
        use challenge::Column as C;
        let (now, select) = (self.now(), self.without(|filter| filter.window = None));
        let is_open = C::OpensAt.lte(now).and(C::DeadlineKey.gt(now.micros()));
        let windows = [
            (Window::Upcoming, C::OpensAt.gt(now)),
            (Window::Open, is_open),
            (Window::Closed, C::DeadlineKey.lte(now.micros())),
        ];
        self.each(select, windows).await
    }

    /// Of those that take proposals, how many close within so many days.
    pub async fn deadlines(&self) -> Result<Vec<(i64, i64)>> {
        let (now, select) = (self.now(), self.without(|filter| filter.closes_within_days = None));
        self.each(select, DAYS.map(|days| (days, closes_within(days, now)))).await
    }
}

/// The statement by which a visitor's page of hits is read, None if there are none: for proving that no table is read from end to end.
pub async fn statement(
    app: &App,
    question: &Question,
    reach: Reach,
    size: u64,
) -> Result<Option<SelectStatement>> {
    let required = Required::read(app, &question.terms, reach).await?;
    Ok(required.map(|required| {
        let hits = Hits::These(Box::new(ranked(&question.terms, &required, reach)));
        let select = found(&Viewer(None), &question.filter, &hits, app.db.clock.process());
        best_first(select, size, false).into_query()
    }))
}
