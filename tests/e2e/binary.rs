//! The program as those who run it meet it: it starts, says how it is, stops in order, and refuses what is wrong.

use std::time::{Duration, Instant};

use e2e::binary::{Binary, directory};
use e2e::database::{Backend, Database};
use serde_json::json;

const NO_MAIL_NO_DEMO: [(&str, &str); 2] = [("LISTEN_ADDR", "127.0.0.1:0"), ("DEMO_DATA", "false")];

/// Settings for a server on this database.
fn on(database: &Database) -> Vec<(&str, &str)> {
    NO_MAIL_NO_DEMO.into_iter().chain([("DATABASE_URL", database.url.as_str())]).collect()
}

#[tokio::test]
async fn it_starts_on_an_empty_database_and_stops_in_order_when_told() {
    let database = Database::empty().await;
    let server = Binary::start(database.directory.path(), &[], &on(&database));
    let visitor = server.ready().await;

    assert_eq!(visitor.get("/livez").await.0, 200);
    let (status, metrics) = visitor.get("/metrics").await;
    assert_eq!(status, 200);
    for metric in ["mail_oldest_unsent_seconds", "mail_dead_letters"] {
        assert!(metrics.contains(metric), "{metric} is missing in:\n{metrics}");
    }
    let answer = visitor.call("{ __typename }", json!({})).await;
    assert_eq!(answer.body, json!({ "data": { "__typename": "Query" } }));
    assert_eq!(visitor.get("/").await.0, 200, "GraphiQL, for it is a development");

    // Mails are looked at as pages and as files, and are the same.
    let elsewhere = directory();
    let written = Binary::run(elsewhere.path(), &["mails", "mails"], &[]).await;
    assert!(written.status.success(), "{written:?}");
    let file = |name: &str| std::fs::read_to_string(elsewhere.path().join("mails").join(name)).unwrap();
    for (path, name) in [("", "index.html"), ("vi/decision_published.html", "vi/decision_published.html")] {
        assert_eq!(visitor.get(&format!("/mails/{path}")).await, (reqwest::StatusCode::OK, file(name)));
    }
    for kind in domain::letter::LetterKind::ALL {
        let (list, text) = (file("index.html"), file(&format!("en/{kind}.txt")));
        assert!(list.contains(&format!("en/{kind}.html")) && text.contains("Lê Thị Hoa"), "{kind}");
    }

    let asked = Instant::now();
    server.terminate();
    let ended = server.ends().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    assert!(
        ended.stdout.contains("GraphiQL")
            && !ended.stderr.contains("WARN")
            && !ended.stderr.contains("ERROR"),
        "{ended:?}"
    );
    database.give_back().await;
}

#[tokio::test]
async fn a_second_process_is_refused_on_sqlite_and_welcome_on_postgresql() {
    let database = Database::fresh().await;
    let first = Binary::start(database.directory.path(), &[], &on(&database));
    let visitor = first.ready().await;
    let elsewhere = directory();
    let second = Binary::start(elsewhere.path(), &[], &on(&database));
    if Backend::chosen() == Backend::Sqlite {
        let ended = second.ends().await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(
            ended.stderr.contains("another process uses it; SQLite serves one process per file"),
            "{ended:?}"
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    } else {
        assert_eq!(second.ready().await.get("/readyz").await.0, 200);
    }
    assert_eq!(visitor.get("/readyz").await.0, 200, "the first does not mind");
    database.give_back().await;
}

#[tokio::test]
async fn a_killed_server_starts_again_with_the_same_command() {
    let database = Database::fresh().await;
    for _ in 0..3 {
        let mut server = Binary::start(database.directory.path(), &[], &on(&database));
        server.ready().await;
        server.kill();
    }
    database.give_back().await;
}

/// It ends with 2 within two seconds, and says in one line which setting is wrong without repeating the value.
async fn refuses(settings: &[(&str, &str)], name: &str) {
    let directory = directory();
    let started = Instant::now();
    let ended = Binary::run(directory.path(), &[], settings).await;
    let (shown, stderr) = (format!("{settings:?}: {ended:?}"), ended.stderr.trim_end());
    assert_eq!(ended.status.code(), Some(2), "{shown}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?} {shown}", started.elapsed());
    assert!(stderr.contains(name) && stderr.lines().count() == 1, "{shown}");
    let value = settings.iter().find(|(setting, _)| *setting == name).map_or("", |(_, value)| value);
    assert!(value.len() < 6 || !stderr.contains(value), "the value stands in {shown}");
    let files: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "it made more than its output: {files:?}");
}

#[tokio::test]
async fn a_wrong_setting_is_named_in_one_line_and_nothing_is_served() {
    for (name, value) in [
        ("APP_ENV", "staging"),
        ("ACCESS_TOKEN_SECONDS", "901"),
        ("ACCESS_TOKEN_SECONDS", "ten minutes"),
        ("CONFIG_FILE", "nowhere/settings.toml"),
        ("CORS_ORIGINS", "https://app.example.vn/path"),
        ("DATABASE_CONNECTIONS", "1"),
        ("DATABASE_URL", "mysql://app:secret@db/app"),
        ("DATABASE_URL", "sqlite::memory:"),
        ("DEMO_PASSWORD", "short"),
        ("JWT_SIGNING_KEY", "secret-secret-secret"),
        ("LISTEN_ADDR", "localhost"),
        ("LOG_LEVEL", "verbose"),
        ("MAIL_FROM", "An <an@example.vn"),
        ("MAIL_LEASE_SECONDS", "30"),
        ("PUBLIC_URL", "ftp://example.vn"),
        ("SEAL_KEY", "c2VjcmV0"),
        ("SHUTDOWN_SECONDS", "21"),
        ("SMTP_URL", "smtp://user:secret@"),
        ("STORAGE_URL", "s3://Bucket"),
        ("SCANNER_URL", "clamd"),
        ("S3_ENDPOINT", "ftp://example.vn"),
        ("TRUSTED_PROXIES", "proxy.example.vn"),
    ] {
        refuses(&[(name, value)], name).await;
    }
    refuses(&[("STORAGE_URL", "s3://bucket")], "S3_ACCESS_KEY_ID").await;
    refuses(&[("DATABSE_URL", "sqlite:app.db")], "DATABASE_URL").await;
}

/// A production that would start.
const PRODUCTION: [(&str, &str); 7] = [
    ("APP_ENV", "production"),
    ("DATABASE_URL", "sqlite:production.db"),
    ("PUBLIC_URL", "https://baitoanlon.example.vn"),
    ("SMTP_URL", "smtps://mailer:secret@mail.example.vn"),
    ("MAIL_FROM", "Bài Toán Lớn <no-reply@example.vn>"),
    ("JWT_SIGNING_KEY", "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI="),
    ("SEAL_KEY", "Hk3vQ0xZ7pYw1mNc5tRb9sUe2jLfGdAoKiVhWqXyTzE="),
];

#[tokio::test]
async fn production_refuses_what_is_only_good_enough_for_trying_out() {
    let repeated = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (name, value) in [
        ("CORS_ORIGINS", "http://app.example.vn"),
        ("DEMO_DATA", "true"),
        ("DEMO_PASSWORD", "bai-toan-lon-demo"),
        ("JWT_SIGNING_KEY", repeated),
        ("MAIL_DIRECTORY", "mail"),
        ("MAIL_FROM", "no-reply@localhost"),
        ("PUBLIC_URL", "http://baitoanlon.example.vn"),
        ("SEAL_KEY", repeated),
        ("SMTP_URL", "smtp://mailer:secret@mail.example.vn"),
    ] {
        let mut settings: Vec<_> = PRODUCTION.into_iter().filter(|(other, _)| *other != name).collect();
        settings.push((name, value));
        refuses(&settings, name).await;
    }
    for (missing, _) in &PRODUCTION[2..] {
        let settings: Vec<_> = PRODUCTION.into_iter().filter(|(name, _)| name != missing).collect();
        refuses(&settings, missing).await;
    }
}

#[tokio::test]
async fn what_needs_no_settings_works_without_and_wrong_usage_exits_with_2() {
    let directory = directory();
    let bad = [("DATABASE_URL", "mysql://db/app")];
    for (command, word) in
        [("schema", "type Mutation"), ("settings", "| `DATABASE_URL` |"), ("rules", "SUBMIT_PROPOSAL")]
    {
        let ended = Binary::run(directory.path(), &[command], &bad).await;
        assert!(
            ended.status.success() && ended.stdout.contains(word) && ended.stderr.is_empty(),
            "{command}: {ended:?}"
        );
    }
    let ended = Binary::run(directory.path(), &["fly"], &[]).await;
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
}
