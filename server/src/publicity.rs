//! For programs that read without asking by GraphQL: an Atom feed of what was published, a calendar of deadlines, a sitemap.

use std::collections::HashMap;
use std::sync::Arc;

use app::publicity::{self, Notice};
use app::{App, Error};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::time::Timestamp;
use icalendar::{Calendar, Component as _, Event, EventLike as _};
use minijinja::{Environment, context};
use tokio::sync::Semaphore;

use crate::explain::explain;

/// At most so many are made at a time; who comes then comes again.
const AT_ONCE: usize = 8;
/// Readers come often; five minutes late is early enough for them.
const FRESH: &str = "public, max-age=300";

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{{ locale }}">
  <id>{{ public }}/feeds/challenges.atom</id>
  <title>Bài Toán Lớn</title>
  <link rel="self" href="{{ public }}/feeds/challenges.atom?locale={{ locale }}"/>
  <link rel="alternate" type="text/html" href="{{ public }}/challenges"/>
  <updated>{{ updated }}</updated>
{%- for entry in entries %}
  <entry>
    <id>{{ public }}/challenges/{{ entry.slug }}</id>
    <title>{{ entry.title }}</title>
    <link rel="alternate" type="text/html" href="{{ public }}/challenges/{{ entry.slug }}"/>
    <author><name>{{ entry.agency }}</name></author>
    <published>{{ entry.published }}</published>
    <updated>{{ entry.updated }}</updated>
    <summary>{{ entry.summary }}</summary>
  </entry>
{%- endfor %}
</feed>
"#;

const SITEMAP: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{%- for slug in slugs %}
  <url><loc>{{ public }}/challenges/{{ slug }}</loc></url>
{%- endfor %}
</urlset>
"#;

#[derive(Clone)]
struct Press {
    app: App,
    places: Arc<Semaphore>,
}

/// The language that is asked for: `?locale=en`. Whatever else is asked is Vietnamese.
fn locale(asked: &HashMap<String, String>) -> Locale {
    let wanted = asked.get("locale").map(|name| name.to_ascii_lowercase());
    wanted.as_deref().and_then(Locale::from_name).unwrap_or_default()
}

/// Why there is nothing to read.
enum Trouble {
    Busy,
    Of(Error),
    Template(minijinja::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Of(error)
    }
}

impl From<minijinja::Error> for Trouble {
    fn from(error: minijinja::Error) -> Self {
        Self::Template(error)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Busy => {}
            Self::Of(error) => tracing::warn!("a feed cannot be made: {:#}", explain(error)),
            Self::Template(error) => tracing::error!(%error, "a feed cannot be written"),
        }
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response()
    }
}

/// The routes.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/feeds/challenges.atom", get(atom))
        .route("/feeds/deadlines.ics", get(calendar))
        .route("/sitemap.xml", get(sitemap))
        .with_state(Press { app: app.clone(), places: Arc::new(Semaphore::new(AT_ONCE)) })
}

fn told(kind: &'static str, text: String) -> Response {
    let headers: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FRESH)];
    (headers, text).into_response()
}

impl Press {
    fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Trouble> {
        self.places.try_acquire().map_err(|_| Trouble::Busy)
    }

    fn public(&self) -> &str {
        self.app.settings.public_url.trim_end_matches('/')
    }
}

/// Fills a template; what is filled in is escaped.
fn written(template: &str, filled: minijinja::Value) -> Result<String, minijinja::Error> {
    // By the name it knows that it is XML.
    Environment::new().render_named_str("feed.xml", template, filled)
}

async fn atom(
    State(press): State<Press>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let _place = press.place()?;
    let locale = locale(&asked);
    let notices = publicity::latest(&press.app, locale).await?;
    let changed = notices.iter().map(|notice| notice.changed_at).max();
    let entry = |notice: Notice| {
        context! {
            slug => notice.slug, title => notice.title, summary => notice.summary, agency => notice.agency,
            published => notice.published_at.to_rfc3339(), updated => notice.changed_at.to_rfc3339(),
        }
    };
    let filled = context! {
        public => press.public(),
        locale => locale.name().to_ascii_lowercase(),
        // Of a feed in which nothing stands nothing has changed since anybody can remember.
        updated => changed.map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), Timestamp::to_rfc3339),
        entries => notices.into_iter().map(entry).collect::<Vec<_>>(),
    };
    Ok(told("application/atom+xml; charset=utf-8", written(ATOM, filled)?))
}

async fn sitemap(State(press): State<Press>) -> Result<Response, Trouble> {
    let _place = press.place()?;
    let slugs = publicity::slugs(&press.app).await?;
    let text = written(SITEMAP, context! { public => press.public(), slugs })?;
    Ok(told("application/xml; charset=utf-8", text))
}

fn instant(at: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(at.micros())
}

async fn calendar(
    State(press): State<Press>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let _place = press.place()?;
    let locale = locale(&asked);
    let mut calendar = Calendar::new();
    calendar.name("Bài Toán Lớn");
    for notice in publicity::deadlines(&press.app, locale).await? {
        let Some(at) = notice.closes_at.and_then(instant) else { continue };
        let Some(changed) = instant(notice.changed_at) else { continue };
        let what = match locale {
            Locale::Vi => format!("Hạn nộp: {}", notice.title),
            Locale::En => format!("Deadline: {}", notice.title),
        };
        let address = format!("{}/challenges/{}", press.public(), notice.slug);
        let event = Event::new()
            .uid(&address)
            .timestamp(changed)
            .starts(at)
            .ends(at)
            .summary(&what)
            .description(&format!("{}\n{}", notice.agency, notice.summary))
            .url(&address)
            .done();
        calendar.push(event);
    }
    Ok(told("text/calendar; charset=utf-8", calendar.done().to_string()))
}
