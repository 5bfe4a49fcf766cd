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
    Alias, CaseStatement, Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement, SimpleExpr,
    UnionType,
};
use sea_orm::{
    ColumnTrait, EntityTrait as _, FromQueryResult, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect, QueryTrait as _, Select,
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
const REQUIRED: &str = "required";

/// Which challenges have all words of the question, and how well.
fn hits(terms: &[Term]) -> SelectStatement {
    use challenge_word::Column as W;
    let one = |term: &Term| {
        let mut select = Query::select();
        select.column(W::ChallengeId).from(challenge_word::Entity);
        // What is found whole counts twice.
        let (twice, word) = (Expr::col(W::Weight).mul(2), Expr::col(W::Word));
        if term.is_prefix {
            let worth: SimpleExpr = CaseStatement::new()
                .case(word.clone().eq(term.text.as_str()), twice)
                .finally(Expr::col(W::Weight))
                .into();
            let end = format!("{}{}", term.text, char::MAX);
            select
                .expr_as(worth.max(), W::Weight)
                .and_where(word.clone().gte(term.text.as_str()))
                .and_where(word.lt(end))
                .group_by_col(W::ChallengeId);
        } else {
            select.expr_as(twice, W::Weight).and_where(word.eq(term.text.as_str()));
        }
        select.expr_as(Expr::val(i32::from(term.is_required)), REQUIRED).take()
    };
    let mut each = terms.iter().map(one);
    let mut all = each.next().unwrap_or_default();
    for next in each {
        all.union(UnionType::All, next);
    }
    let required = i64::try_from(terms.iter().filter(|term| term.is_required).count()).unwrap_or(i64::MAX);
    let found = (Alias::new("term"), W::Weight);
    Query::select()
        .column(W::ChallengeId)
        .expr_as(Expr::val(0_i64).sub(Expr::col(found).sum()), DISTANCE)
        .from_subquery(all, "term")
        .group_by_col(W::ChallengeId)
        .and_having(Expr::col(REQUIRED).sum().eq(required))
        .take()
}

/// What of the public answers a question; without a question all of it.
fn found(viewer: &Viewer, question: &Question, filter: &Filter, now: Timestamp) -> Select<challenge::Entity> {
    let mut select = filtered(viewer, filter, now).filter(challenge::Column::IsPublic.eq(true));
    if !question.terms.is_empty() {
        let is_it = Expr::col((HIT, challenge_word::Column::ChallengeId))
            .equals((challenge::Entity, challenge::Column::Id));
        QuerySelect::query(&mut select).join_subquery(JoinType::InnerJoin, hits(&question.terms), HIT, is_it);
    }
    select
}

fn distance() -> SimpleExpr {
    Expr::col((HIT, DISTANCE))
}

fn best_first(select: Select<challenge::Entity>, size: u64, backward: bool) -> Select<challenge::Entity> {
    let order = if backward { Order::Desc } else { Order::Asc };
    let select = select.expr_as(distance(), DISTANCE).order_by(distance(), order.clone());
    select.order_by(challenge::Column::Slug, order).limit(size + 1)
}

/// A page of hits, the best first, equals by handle.
pub async fn list(app: &App, viewer: &Viewer, question: &Question, ask: &Ask) -> Result<Page<Hit>> {
    let (size, backward) = size(ask)?;
    let after = ask.after.as_deref().map(|cursor| open(app, question, cursor, "after")).transpose()?;
    let before = ask.before.as_deref().map(|cursor| open(app, question, cursor, "before")).transpose()?;
    if question.terms.is_empty() {
        return Ok(Page::default());
    }
    let select = found(viewer, question, &question.filter, app.db.clock.process());
    let key = || Expr::tuple([distance(), challenge::Column::Slug.into_expr()]);
    let at = |(distance, slug): &(i64, String)| Expr::tuple([Expr::val(*distance), Expr::val(slug.as_str())]);
    let mut page = best_first(select.clone(), size, backward);
    if let Some(cursor) = &after {
        page = page.filter(key().gt(at(cursor)));
    }
    if let Some(cursor) = &before {
        page = page.filter(key().lt(at(cursor)));
    }
    let mut rows = page.into_model::<Hit>().all(&app.db.read).await?;
    let more = rows.len() as u64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    if backward {
        rows.reverse();
    }
    // A cursor that was given may stand at the very edge: only then is another question needed.
    let beyond_edge = match if backward { &before } else { &after } {
        Some(cursor) => {
            let far = if backward { key().gte(at(cursor)) } else { key().lte(at(cursor)) };
            let there = select.select_only().column(challenge::Column::Id).filter(far).limit(1);
            there.into_tuple::<ChallengeId>().one(&app.db.read).await?.is_some()
        }
        None => false,
    };
    let rows = rows.into_iter().map(|hit| (seal(app, question, &hit), hit)).collect();
    Ok(if backward {
        Page { rows, has_previous: more, has_next: beyond_edge }
    } else {
        Page { rows, has_previous: beyond_edge, has_next: more }
    })
}

/// How many hits there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, question: &Question) -> Result<u64> {
    if question.terms.is_empty() {
        return Ok(0);
    }
    Ok(found(viewer, question, &question.filter, app.db.clock.process()).count(&app.db.read).await?)
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

fn open(app: &App, question: &Question, cursor: &str, field: &str) -> Result<(i64, String)> {
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
}

impl<'a> Facets<'a> {
    /// Of what answers that question.
    pub const fn of(app: &'a App, viewer: &'a Viewer, question: &'a Question) -> Self {
        Self { app, viewer, question }
    }

    fn now(&self) -> Timestamp {
        self.app.db.clock.process()
    }

    /// What answers the question without one of its conditions.
    fn without(&self, drop: impl FnOnce(&mut Filter)) -> Select<challenge::Entity> {
        let mut filter = self.question.filter.clone();
        drop(&mut filter);
        found(self.viewer, self.question, &filter, self.now()).select_only()
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

/// The statement by which a visitor's page of hits is read: for proving that no table is read from end to end.
pub fn statement(app: &App, question: &Question, size: u64) -> SelectStatement {
    let select = found(&Viewer(None), question, &question.filter, app.db.clock.process());
    best_first(select, size, false).into_query()
}
