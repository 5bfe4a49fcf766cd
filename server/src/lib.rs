//! The process: settings in, a running server out. The only crate that knows all the others.
//!
//! | subject | module |
//! |---|---|
//! | the command line, and what each command does | [`cli`], [`command`] |
//! | settings | [`config`] |
//! | settings turned into the parts they describe | `parts` |
//! | the tables, brought up to date by one process at a time | `schema` |
//! | the worker that sends mail; how fast each domain gets it | `worker`, `pace` |
//! | every mail with made-up facts, to be looked at | `samples` |
//! | the worker that calls webhooks | `courier` |
//! | the bytes of files, in and out | `files` |
//! | feeds, calendar, sitemap | `publicity` |
//! | the way out of mails that somebody asked for | `unsubscribe` |
//! | readiness and metrics | `host` |
//! | the example data, told as a history | `demo` |
//! | errors in words | `explain` |
//! | log lines, metrics, panics | [`telemetry`] |

pub mod cli;
pub mod command;
pub mod config;
mod courier;
mod demo;
mod explain;
mod files;
mod host;
mod pace;
mod parts;
mod publicity;
mod samples;
mod schema;
pub mod telemetry;
mod unsubscribe;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app::App;
use app::db::in_background;
use edge::Lifecycle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::{Config, Environment};
use crate::host::Process;

/// How long the database may take to let its connections go at the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A server that serves. Dropped, it begins to stop.
pub struct Running {
    /// Where it listens: with port 0 in the settings, the port it was given.
    pub address: SocketAddr,
    /// The application behind it. Its database is closed when the server has stopped.
    pub app: App,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    _guard: DropGuard,
}

impl Running {
    /// Cancelled, it tells the server to stop.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Waits until the server has stopped.
    pub async fn wait(self) -> anyhow::Result<()> {
        self.serving.await.context("the server stopped by itself")
    }

    /// Stops the server and waits until it has.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.wait().await
    }
}

/// Starts everything: database, tables, demo data, worker, HTTP. `observe` is called for every statement; `metrics` is the
/// text of `/metrics`.
pub async fn start(
    config: Config,
    observe: Option<Arc<dyn Fn() + Send + Sync>>,
    metrics: impl Fn() -> String + Send + Sync + 'static,
) -> anyhow::Result<Running> {
    parts::install_cryptography();
    let mailer = parts::mailer(&config)?;
    let courier = parts::courier(&config)?;
    let options = parts::options(&config)?;
    let connections = parts::connections(&config, &options);
    let listener = TcpListener::bind(config.listen_addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen_addr))?;
    let address = listener.local_addr()?;
    let app = parts::app(&config, parts::connect(&config, observe).await?)?;
    prepare(&config, &app).await?;

    let lifecycle = Lifecycle::default();
    let shutdown = lifecycle.shutdown().clone();
    let host = Arc::new(Process::new(app.clone(), metrics));
    let introspection = config.environment == Environment::Development;
    let files = files::routes(&app, &lifecycle, &options.trusted_proxies, options.origins.clone());
    let mut more =
        published_keys(&app).merge(unsubscribe::routes(&app)).merge(publicity::routes(&app)).merge(files);
    if introspection {
        more = more.merge(samples::routes().context("the mails to look at")?);
    }
    let router = edge::router(api::Api::new(app.clone(), introspection, host), options, &lifecycle, more);
    let serving = tokio::spawn({
        let (app, shutdown) = (app.clone(), shutdown.clone());
        async move {
            // In one task: a process that serves and sends no mail, or the other way round, is of no use.
            tokio::join!(
                edge::serve(listener, router, connections, &lifecycle),
                in_background(async {
                    tokio::join!(
                        worker::run(
                            app.clone(),
                            mailer,
                            worker::Rhythm {
                                schedule: config.schedule,
                                mails_per_minute: config.mails_per_minute
                            },
                            shutdown.clone(),
                            config.shutdown_grace
                        ),
                        courier::run(app.clone(), courier, shutdown.clone(), config.shutdown_grace),
                        app::feed::run(&app, &shutdown),
                        app::feed::listen(&app, &shutdown),
                    )
                }),
            );
            // What still holds a connection now has had its time.
            let _ = tokio::time::timeout(FAREWELL, app.db.close()).await;
            tracing::info!("stopped");
        }
    });
    tracing::info!(%address, "serving");
    Ok(Running { address, app, _guard: shutdown.clone().drop_guard(), shutdown, serving })
}

/// The keys by which receipts are checked.
fn published_keys(app: &App) -> axum::Router {
    let keys = axum::Json(app.notary.published().clone());
    axum::Router::new().route("/.well-known/jwks.json", axum::routing::get(async move || keys.clone()))
}

/// Brings the tables up to date and, if asked, fills an empty database: one process at a time.
async fn prepare(config: &Config, app: &App) -> anyhow::Result<()> {
    let turn = schema::Turn::take(&parts::location(config), &app.db).await?;
    turn.update().await?;
    app::audit::latch_clock(app).await?;
    app::vault::bring_up_to_date(app).await?;
    if config.demo_data {
        demo::load_if_empty(app, config).await?;
    }
    turn.end().await
}
