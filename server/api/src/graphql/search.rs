//! Finding published challenges: by words, the best first, with what was found in them, and figures for filters.

use std::sync::Arc;

use app::page::Page;
use app::search::{Facets, Hit, Hits, Question};
use async_graphql::{Context, Enum, Object, SimpleObject};
use domain::id::OrganizationId;
use domain::search::{Piece, Term, fragment};
use domain::text::Bilingual;

use super::challenge::{Challenge, ChallengeFilter, Sector};
use super::context::Ask as _;
use super::enums::{BriefSectionKind, ChallengeStatus, ChallengeWindow, Locale, SupportStage, Track};
use super::error::{Reported, Result};
use super::organization::Organization;
use super::page::{PageInfo, ask, cost};

/// Fragments of a hit.
const HIGHLIGHTS: usize = 3;

/// A page of hits.
pub struct ChallengeSearchConnection {
    page: Page<Hit>,
    question: Arc<Question>,
}

/// What was found, the best first.
#[Object]
impl ChallengeSearchConnection {
    /// The hits, each with its cursor.
    async fn edges(&self) -> Vec<ChallengeSearchEdge> {
        let edge = |(cursor, hit): &(String, Hit)| ChallengeSearchEdge {
            cursor: cursor.clone(),
            hit: hit.clone(),
            question: Arc::clone(&self.question),
        };
        self.page.rows.iter().map(edge).collect()
    }

    /// The challenges alone.
    async fn nodes(&self) -> Vec<Challenge> {
        self.page.rows.iter().map(|(_, hit)| Challenge(hit.challenge.clone())).collect()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next: self.page.has_next,
            has_previous: self.page.has_previous,
            start: self.page.rows.first().map(|(cursor, _)| cursor.clone()),
            end: self.page.rows.last().map(|(cursor, _)| cursor.clone()),
        }
    }

    /// How many hits there are on all pages; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = app::search::count(ctx.app()?, &ctx.viewer()?, &self.question).await.map_err(Reported)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// A hit.
pub struct ChallengeSearchEdge {
    cursor: String,
    hit: Hit,
    question: Arc<Question>,
}

/// A challenge that was found.
#[Object]
impl ChallengeSearchEdge {
    /// Opaque; good for `after` and `before` of the same query and filter.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The challenge.
    async fn node(&self) -> Challenge {
        Challenge(self.hit.challenge.clone())
    }

    /// How well it answers: positive, and greater is better. Good for comparing hits of one query only.
    async fn score(&self) -> i32 {
        i32::try_from(-self.hit.distance).unwrap_or(i32::MAX)
    }

    /// Where the words stand: of title, summary and sections of the brief the first three that have any. Empty if only agency or
    /// sector have them. In the reader's language; where that text has none of the words, in the other one.
    #[graphql(complexity = "5 + child_complexity")]
    async fn highlights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language; the reader's unless given.")] locale: Option<Locale>,
    ) -> Result<Vec<SearchHighlight>> {
        let locale = ctx.locale(locale.map(Into::into))?;
        let row = &self.hit.challenge;
        let both = |vi: &String, en: &Option<String>| Bilingual { vi: vi.clone(), en: en.clone() };
        let head = [
            (SearchedText::Title, None, both(&row.title_vi, &row.title_en)),
            (SearchedText::Summary, None, both(&row.summary_vi, &row.summary_en)),
        ];
        let sections =
            row.brief.0.iter().map(|(kind, text)| (SearchedText::Section, Some(*kind), text.clone()));
        let found = head.into_iter().chain(sections).filter_map(|(field, section, text)| {
            let (pieces, locale) = read(&text, locale, self.question.terms())?;
            Some(SearchHighlight { field, section: section.map(Into::into), locale, pieces })
        });
        Ok(found.take(HIGHLIGHTS).collect())
    }
}

fn read(
    text: &Bilingual,
    locale: domain::locale::Locale,
    terms: &[Term],
) -> Option<(Vec<SearchPiece>, Locale)> {
    use domain::locale::Locale as L;
    let (written, is) = text.read(locale);
    let other = match is {
        L::Vi => text.en.as_deref().map(|en| (en, L::En)),
        L::En => Some((text.vi.as_str(), L::Vi)),
    };
    let mut texts = [(written, is)].into_iter().chain(other);
    texts.find_map(|(text, is)| {
        let pieces = fragment(text, terms)?;
        Some((pieces.into_iter().map(SearchPiece::from).collect(), is.into()))
    })
}

/// The texts of a challenge in which found words are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SearchedText {
    /// The title.
    Title,
    /// The summary.
    Summary,
    /// A section of the brief.
    Section,
}

/// A part of a text, at most 30 words, in which something was found. It may begin and end within the text.
#[derive(SimpleObject)]
pub struct SearchHighlight {
    /// Which text.
    field: SearchedText,
    /// Which section; null unless `field` is `SECTION`.
    section: Option<BriefSectionKind>,
    /// The language of the text.
    locale: Locale,
    /// The part, cut into pieces; joined they are what is written there.
    pieces: Vec<SearchPiece>,
}

/// A piece of a text.
#[derive(SimpleObject)]
pub struct SearchPiece {
    /// As it is written, plain; escape it like any other text.
    text: String,
    /// It is what was looked for: to be emphasised.
    is_match: bool,
}

impl From<Piece> for SearchPiece {
    fn from(piece: Piece) -> Self {
        Self { text: piece.text, is_match: piece.is_match }
    }
}

/// Figures.
pub struct ChallengeFacets {
    question: Question,
    hits: Hits,
}

/// For each value of a condition, how many published challenges there are with it, the other conditions as they are: what a filter
/// shows beside its boxes. Values with none are left out.
#[Object]
impl ChallengeFacets {
    /// By sector, in the order of `sectors`.
    async fn sectors(&self, ctx: &Context<'_>) -> Result<Vec<SectorFacet>> {
        let hits = self.figures(ctx, async |facets| facets.sectors().await).await?;
        Ok(hits
            .into_iter()
            .map(|(of, hits)| SectorFacet { sector: Sector(of), count: short(hits) })
            .collect())
    }

    /// By track.
    async fn tracks(&self, ctx: &Context<'_>) -> Result<Vec<TrackFacet>> {
        let hits = self.figures(ctx, async |facets| facets.tracks().await).await?;
        Ok(hits.into_iter().map(|(of, hits)| TrackFacet { track: of.into(), count: short(hits) }).collect())
    }

    /// By agency, those with most first; at most 50.
    async fn agencies(&self, ctx: &Context<'_>) -> Result<Vec<AgencyFacet>> {
        let hits = self.figures(ctx, async |facets| facets.agencies().await).await?;
        Ok(hits.into_iter().map(|(of, hits)| AgencyFacet { agency: of, count: short(hits) }).collect())
    }

    /// By state, in the order of their course.
    async fn statuses(&self, ctx: &Context<'_>) -> Result<Vec<StatusFacet>> {
        let hits = self.figures(ctx, async |facets| facets.statuses().await).await?;
        Ok(hits.into_iter().map(|(of, hits)| StatusFacet { status: of.into(), count: short(hits) }).collect())
    }

    /// By stage of the support that is offered; a challenge counts at each of its stages.
    async fn support(&self, ctx: &Context<'_>) -> Result<Vec<SupportFacet>> {
        let hits = self.figures(ctx, async |facets| facets.support().await).await?;
        Ok(hits.into_iter().map(|(of, hits)| SupportFacet { stage: of.into(), count: short(hits) }).collect())
    }

    /// Of those that take proposals now, how many close within 7, 30 and 90 days; whatever closes within 7 is in all three.
    async fn deadlines(&self, ctx: &Context<'_>) -> Result<Vec<DeadlineFacet>> {
        let hits = self.figures(ctx, async |facets| facets.deadlines().await).await?;
        Ok(hits
            .into_iter()
            .map(|(of, hits)| DeadlineFacet { within_days: short(of), count: short(hits) })
            .collect())
    }

    /// By window, at this moment by the server's clock.
    async fn windows(&self, ctx: &Context<'_>) -> Result<Vec<WindowFacet>> {
        let hits = self.figures(ctx, async |facets| facets.windows().await).await?;
        Ok(hits.into_iter().map(|(of, hits)| WindowFacet { window: of.into(), count: short(hits) }).collect())
    }
}

impl ChallengeFacets {
    async fn figures<T>(
        &self,
        ctx: &Context<'_>,
        read: impl AsyncFnOnce(Facets<'_>) -> app::Result<T>,
    ) -> Result<T> {
        let viewer = ctx.viewer()?;
        let facets = Facets::of(ctx.app()?, &viewer, &self.question, &self.hits);
        Ok(read(facets).await.map_err(Reported)?)
    }
}

fn short(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// How many there are in a sector.
#[derive(SimpleObject)]
pub struct SectorFacet {
    /// The sector.
    sector: Sector,
    /// How many published challenges.
    count: i32,
}

/// How many there are on a track.
#[derive(SimpleObject)]
pub struct TrackFacet {
    /// The track.
    track: Track,
    /// How many published challenges.
    count: i32,
}

/// How many there are with a window.
#[derive(SimpleObject)]
pub struct WindowFacet {
    /// The window.
    window: ChallengeWindow,
    /// How many published challenges.
    count: i32,
}

/// How many there are in a state.
#[derive(SimpleObject)]
pub struct StatusFacet {
    /// The state.
    status: ChallengeStatus,
    /// How many published challenges.
    count: i32,
}

/// How many there are with support at a stage.
#[derive(SimpleObject)]
pub struct SupportFacet {
    /// The stage.
    stage: SupportStage,
    /// How many published challenges.
    count: i32,
}

/// How many there are that close soon.
#[derive(SimpleObject)]
pub struct DeadlineFacet {
    /// Within so many days: what `ChallengeFilter.closesWithinDays` takes.
    within_days: i32,
    /// How many published challenges.
    count: i32,
}

/// A figure of an agency.
pub struct AgencyFacet {
    agency: OrganizationId,
    count: i32,
}

/// How many there are of an agency.
#[Object]
impl AgencyFacet {
    /// The agency; null if it may not be seen.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.agency).await?.map(Organization))
    }

    /// How many published challenges.
    async fn count(&self) -> i32 {
        self.count
    }
}

/// Queries.
#[derive(Default)]
pub struct SearchQuery;

/// Search.
#[Object]
impl SearchQuery {
    /// The published challenges that have all words of the query in title, summary, brief, sector or the agency's name, in Vietnamese
    /// or English, with or without accents; the last word, of two letters or more, may be the beginning of one. The best first:
    /// those with all words in the title; then a word in the title counts more than one in the agency's name, then sector, summary,
    /// brief; in names words side by side count more, and whole words everywhere. Equals by handle. Drafts are not found here.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's four, a query and a filter")]
    async fn search_challenges(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Words, at most 200 characters, of which the first ten words count; without any word nothing is found."
        )]
        query: String,
        #[graphql(desc = "Further conditions.")] filter: Option<ChallengeFilter>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<ChallengeSearchConnection> {
        let question = question(Some(&query), filter)?;
        let asked = ask(first, after, last, before);
        let page =
            app::search::list(ctx.app()?, &ctx.viewer()?, &question, &asked).await.map_err(Reported)?;
        Ok(ChallengeSearchConnection { page, question: Arc::new(question) })
    }

    /// How many published challenges there are for each value of a filter.
    #[graphql(complexity = "20 + child_complexity")]
    async fn challenge_facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what `searchChallenges` finds by these words; all without a word.")]
        query: Option<String>,
        #[graphql(desc = "Further conditions. The figures of a condition are counted without it.")]
        filter: Option<ChallengeFilter>,
    ) -> Result<ChallengeFacets> {
        let question = question(query.as_ref(), filter)?;
        let hits = Hits::read(ctx.app()?, &question).await.map_err(Reported)?;
        Ok(ChallengeFacets { question, hits })
    }
}

fn question(query: Option<&String>, filter: Option<ChallengeFilter>) -> Result<Question> {
    let words = super::search(&["query"], query)?.unwrap_or_default();
    Ok(Question::new(words, filter.unwrap_or_default().read()?))
}
