use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::with_default;
use tracing::{debug, error, info, trace, warn};

use super::*;

/// Where the lines of one test go.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What is written of what happens in `work`.
fn logged(format: LogFormat, level: &str, work: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = layer(format, &level.parse().unwrap(), move || writer.clone());
    with_default(tracing_subscriber::registry().with(layer), work);
    lines.text()
}

#[test]
fn json_is_one_object_per_line() {
    let text = logged(LogFormat::Json, "info", || {
        info!(count = 3, "first\nline");
        warn!("second");
    });
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["message"], "first\nline");
    assert_eq!(lines[0]["count"], 3);
    assert_eq!(lines[1]["level"], "WARN");
}

#[test]
fn the_level_decides() {
    let text = logged(LogFormat::Text, "warn,app=debug", || {
        info!(target: "edge", "no");
        debug!(target: "app::challenge", "yes 1");
        trace!(target: "app::challenge", "no");
        warn!(target: "edge", "yes 2");
    });
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(text.matches("yes").count(), 2, "{text}");
}

#[test]
fn noisy_libraries_are_quiet_unless_named() {
    let work = || {
        info!(target: "hyper::proto", "hyper speaks");
        warn!(target: "lettre", "lettre warns");
        info!(target: "app", "app speaks");
    };
    let text = logged(LogFormat::Text, "trace", work);
    assert!(!text.contains("hyper speaks") && text.contains("lettre warns") && text.contains("app speaks"));
    assert!(logged(LogFormat::Text, "trace,hyper=info", work).contains("hyper speaks"));
    assert!(logged(LogFormat::Text, "info,hyper::proto=info", work).contains("hyper speaks"));
    assert!(!logged(LogFormat::Text, "error", work).contains("lettre warns"));
}

#[test]
fn no_level_shows_statements_values_or_notices() {
    let work = || {
        info!(target: "sqlx::query", "canary");
        trace!(target: "sqlx_postgres::connection", "canary");
        debug!(target: "sea_orm::query", "canary");
        error!(target: "sqlx::postgres::notice", "canary");
        warn!(target: "sqlx::query", "slow statement");
        info!(target: "sea_orm_migration::migrator", "applied");
    };
    for level in ["trace", "trace,sqlx=trace,sqlx::query=trace,sqlx_postgres=trace,sea_orm=trace"] {
        let text = logged(LogFormat::Text, level, work);
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("slow statement") && text.contains("applied"), "{text}");
    }
}

#[test]
fn a_panic_tells_where_and_only_fixed_words() {
    assert_eq!(written_in_the_source(&"no rows"), "no rows");
    assert_eq!(written_in_the_source(&format!("token {}", "canary")), "withheld");
    assert_eq!(written_in_the_source(&7_u8), "withheld");

    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(report_panic));
    let text = logged(LogFormat::Json, "error", || {
        assert!(std::panic::catch_unwind(|| panic!("token {}", "canary".to_owned())).is_err());
    });
    std::panic::set_hook(before);
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.contains("telemetry/tests.rs:") && text.contains("withheld") && !text.contains("canary"),
        "{text}"
    );
}

#[test]
fn metrics_are_rendered_with_their_description() {
    let metrics = collect_metrics().unwrap();
    metrics::counter!("mail_attempts_total", "outcome" => "sent").increment(2);
    metrics::histogram!("http_request_duration_seconds").record(0.02);
    let text = metrics.render();
    assert!(text.contains("# HELP mail_attempts_total Attempts at sending a mail"), "{text}");
    assert!(text.contains("mail_attempts_total{outcome=\"sent\"} 2"), "{text}");
    assert!(text.contains("http_request_duration_seconds_bucket{le=\"0.025\"} 1"), "{text}");
    assert!(collect_metrics().is_err(), "a second recorder would split the numbers");
}
