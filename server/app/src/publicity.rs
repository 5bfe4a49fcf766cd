//! What readers of feeds, calendars and search engines get: what a visitor may know, and nothing more.

use domain::challenge::ChallengeStatus;
use domain::locale::Locale;
use domain::text::Bilingual;
use domain::time::Timestamp;
use entity::{challenge, challenge_version};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::op::Viewer;
use crate::{App, Result, batch};

/// Most challenges in a feed or a calendar.
const LATEST: u64 = 100;
/// Most addresses in a sitemap: as many as its format allows.
const ADDRESSES: u64 = 50_000;

/// A challenge as the public knows it.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its handle.
    pub slug: String,
    /// Title in the reader's language, else in Vietnamese.
    pub title: String,
    /// Summary, likewise.
    pub summary: String,
    /// Whose it is.
    pub agency: String,
    /// Since when it is public.
    pub published_at: Timestamp,
    /// When what is public was last changed.
    pub changed_at: Timestamp,
    /// Its deadline.
    pub closes_at: Option<Timestamp>,
}

/// The latest that were published, the newest first.
pub async fn latest(app: &App, locale: Locale) -> Result<Vec<Notice>> {
    let rows =
        public().order_by_desc(challenge::Column::PublishedKey).limit(LATEST).all(&app.db.read).await?;
    notices(app, locale, rows).await
}

/// The deadlines ahead, the next first.
pub async fn deadlines(app: &App, locale: Locale) -> Result<Vec<Notice>> {
    let rows = public()
        .filter(challenge::Column::Status.eq(ChallengeStatus::Published))
        .filter(challenge::Column::ClosesAt.gt(app.db.clock.process()))
        .order_by_asc(challenge::Column::DeadlineKey)
        .limit(LATEST)
        .all(&app.db.read)
        .await?;
    notices(app, locale, rows).await
}

/// The handles of all public challenges.
pub async fn slugs(app: &App) -> Result<Vec<String>> {
    let slugs = public()
        .order_by_desc(challenge::Column::PublishedKey)
        .limit(ADDRESSES)
        .select_only()
        .column(challenge::Column::Slug);
    Ok(slugs.into_tuple().all(&app.db.read).await?)
}

fn public() -> sea_orm::Select<challenge::Entity> {
    crate::challenge::visible_to(&Viewer::default())
}

async fn notices(app: &App, locale: Locale, rows: Vec<challenge::Model>) -> Result<Vec<Notice>> {
    let visitor = Viewer::default();
    let mut houses: Vec<_> = rows.iter().map(|row| row.agency_id).collect();
    houses.sort();
    houses.dedup();
    let agencies = batch::organizations(app, &visitor, &houses).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let versions = batch::challenge_versions(app, &visitor, &ids).await?;
    let say = |vi: &str, en: &Option<String>| {
        Bilingual { vi: vi.to_owned(), en: en.clone() }.read(locale).0.to_owned()
    };
    let notice = |row: challenge::Model| {
        let published_at = row.published_at?;
        let agency = agencies.get(&row.agency_id).map(|house| say(&house.name_vi, &house.name_en));
        let latest = |versions: &Vec<challenge_version::Model>| versions.first().map(|row| row.published_at);
        Some(Notice {
            title: say(&row.title_vi, &row.title_en),
            summary: say(&row.summary_vi, &row.summary_en),
            agency: agency.unwrap_or_default(),
            published_at,
            // Not the row's: it moves with what the council does, too.
            changed_at: versions.get(&row.id).and_then(latest).unwrap_or(published_at),
            closes_at: row.closes_at,
            slug: row.slug,
        })
    };
    Ok(rows.into_iter().filter_map(notice).collect())
}
