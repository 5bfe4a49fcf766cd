//! What the process says about itself: log lines, metrics, and where it panicked. None of it may hold a secret.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::time::Duration;

use anyhow::Context;
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Libraries that say much and seldom what is asked: at most warnings, unless `LOG_LEVEL` names them.
const NOISY: [&str; 5] = ["h2", "hyper", "hyper_util", "lettre", "rustls"];
/// Upper bounds in seconds: from a cache hit to the longest a request may take.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
/// How often measured times are folded into their buckets when nobody asks for `/metrics`.
const UPKEEP: Duration = Duration::from_secs(10);

/// Starts logging to standard error, which leaves standard output to what a command answers, reports panics as log
/// lines, and collects metrics. To be called once; `render()` of the handle is the text of `/metrics`.
pub fn init(format: LogFormat, level: &Targets) -> anyhow::Result<PrometheusHandle> {
    tracing_subscriber::registry()
        .with(layer(format, level, std::io::stderr))
        .try_init()
        .context("logging was started twice")?;
    std::panic::set_hook(Box::new(report_panic));
    collect_metrics()
}

fn layer<S, W>(format: LogFormat, level: &Targets, writer: W) -> impl Layer<S> + use<S, W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    lines.with_filter(filter(level))
}

/// What `LOG_LEVEL` asks for, quieter for noisy libraries, and never what could show a bound value.
fn filter<S: Subscriber>(level: &Targets) -> impl Filter<S> + use<S> {
    let ceiling = level.default_level().unwrap_or(LevelFilter::OFF).min(LevelFilter::WARN);
    let named = |library: &str| level.iter().any(|(target, _)| crate_of(target) == library);
    let quiet = NOISY.into_iter().filter(|library| !named(library)).map(|library| (library, ceiling));
    level.clone().with_targets(quiet).and(filter_fn(shows_no_value))
}

/// The database libraries log statements and values below the level of warnings, and the server's notices may quote
/// rows; no setting switches that on.
fn shows_no_value(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let database = crate_of(target).starts_with("sqlx") || crate_of(target) == "sea_orm";
    !database || (metadata.level() <= &LevelFilter::WARN && target != "sqlx::postgres::notice")
}

fn crate_of(target: &str) -> &str {
    target.split("::").next().unwrap_or(target)
}

fn report_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or_default();
    tracing::error!(location, thread, reason = written_in_the_source(panic.payload()), "panic");
}

/// The words of a panic if they stand in the source as they are. Formatted ones may hold a secret: `unwrap` prints the
/// error, `assert_eq` both sides.
fn written_in_the_source(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("withheld")
}

fn collect_metrics() -> anyhow::Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()
        .context("metrics were started twice")?;
    describe_metrics();

    // Unfolded samples pile up; a thread of its own does it for every command, with or without a runtime.
    let upkeep = metrics.clone();
    std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        }
    })?;
    Ok(metrics)
}

/// The metrics of use cases and mail; the edge describes its own.
fn describe_metrics() {
    describe_counter!("commands_total", "Commands done or refused, by name.");
    describe_counter!("command_retries_total", "Transactions run again after a conflict.");
    describe_histogram!(
        "database_pool_wait_seconds",
        "Time from asking for a transaction to having it: a free connection, on SQLite also the write lock."
    );
    describe_counter!("mail_attempts_total", "Attempts at sending a mail, by outcome.");
    describe_gauge!("mail_oldest_unsent_seconds", "Age of the oldest mail that is due and not sent.");
    describe_gauge!("mail_oldest_lease_seconds", "Age of the oldest lease a worker holds.");
    describe_gauge!("mail_dead_letters", "Mails given up, waiting for staff.");
}

#[cfg(test)]
mod tests;
