//! What the API tells those who run it: readiness and metrics.

use std::time::Duration;

use api::Host;
use app::App;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use sea_orm::{DbBackend, DbErr};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::schema;

/// How long the database may take to answer. Below the edge's own limit, so that the answer says what is wrong.
const PATIENCE: Duration = Duration::from_millis(1500);
/// However often it is asked, the database is looked at once in this time.
const FRESH: Duration = Duration::from_secs(1);
/// How far our clock may be from the database's, in microseconds.
const SKEW: i64 = 2_000_000;

/// This process.
pub struct Process {
    app: App,
    metrics: Box<dyn Fn() -> String + Send + Sync>,
    last: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Process {
    /// The process around the application; `metrics` is the text of its metrics.
    pub fn new(app: App, metrics: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { app, metrics: Box::new(metrics), last: Mutex::default() }
    }

    /// The names of the checks that fail.
    async fn failing(&self) -> Vec<String> {
        let mut last = self.last.lock().await;
        if let Some((_, failing)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return failing.clone();
        }
        let (failing, why) = match timeout(PATIENCE, check(&self.app)).await {
            Ok(Ok(failing)) => (failing, String::new()),
            Ok(Err(error)) => (vec!["database"], error.to_string()),
            Err(_) => (vec!["database"], "it does not answer".to_owned()),
        };
        let failing: Vec<_> = failing.into_iter().map(str::to_owned).collect();
        // A change is news; the same again would only fill the log.
        if last.as_ref().is_some_and(|(_, before)| *before != failing) {
            tracing::warn!(?failing, why, "readiness has changed");
        }
        *last = Some((Instant::now(), failing.clone()));
        failing
    }
}

/// Draining is known to the edge, which does not even ask.
async fn check(app: &App) -> Result<Vec<&'static str>, DbErr> {
    app.db.probe().await?;
    let mut failing = Vec::new();
    if schema::missing(&app.db.read).await.map_or(true, |missing| !missing.is_empty()) {
        failing.push("schema");
    }
    if app.db.for_migrations().get_database_backend() == DbBackend::Postgres && is_skewed(app).await? {
        failing.push("clock");
    }
    Ok(failing)
}

/// Whether the database's time is too far from ours, whatever the question's way there and back took.
async fn is_skewed(app: &App) -> Result<bool, DbErr> {
    let before = app.db.clock.process();
    let theirs = app.db.clock.read(&app.db.read).await?;
    let after = app.db.clock.process();
    let ahead = |a: Timestamp, b: Timestamp| a.micros().saturating_sub(b.micros());
    Ok(ahead(before, theirs) > SKEW || ahead(theirs, after) > SKEW)
}

impl Host for Process {
    fn ready(&self) -> BoxFuture<'_, Result<(), Vec<String>>> {
        Box::pin(async move {
            let failing = self.failing().await;
            if failing.is_empty() { Ok(()) } else { Err(failing) }
        })
    }

    fn metrics(&self) -> String {
        (self.metrics)()
    }
}
