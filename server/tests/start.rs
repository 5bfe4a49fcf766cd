//! A server starts, answers, refuses what it must, and stops.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use app::account::Registration;
use app::{Op, Viewer};
use domain::locale::Locale;
use domain::text::Email;
use sea_orm::ConnectionTrait as _;
use server::config::Config;
use server::{Running, start};
use tempfile::TempDir;

fn config(folder: &TempDir, more: &[(&str, &str)]) -> Config {
    let path = folder.path().display();
    let (database, mails) = (format!("sqlite://{path}/test.db"), format!("{path}/mail"));
    let own = [
        ("DATABASE_URL", database.as_str()),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("MAIL_DIRECTORY", &mails),
        ("DEMO_DATA", "false"),
    ];
    let all = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(None, all).unwrap()
}

async fn running(folder: &TempDir) -> Running {
    start(config(folder, &[]), None, || "a_metric 1\n".to_owned()).await.unwrap()
}

async fn refusal(folder: &TempDir) -> String {
    let outcome = start(config(folder, &[]), None, String::new).await;
    format!("{:#}", outcome.err().unwrap())
}

async fn get(address: SocketAddr, path: &'static str) -> String {
    let ask = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test]
async fn it_serves_until_it_is_stopped_and_can_be_started_again() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let server = running(&folder).await;
        assert!(get(server.address, "/livez").await.starts_with("HTTP/1.1 200"));
        let ready = get(server.address, "/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"ready\""), "{ready}");
        assert!(get(server.address, "/metrics").await.contains("a_metric 1"));
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_second_process_is_refused_the_file() {
    let folder = TempDir::new().unwrap();
    let server = running(&folder).await;
    assert_eq!(
        refusal(&folder).await,
        "the database file cannot be used: another process uses it; SQLite serves one process per file"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_neither_served_nor_ready() {
    let folder = TempDir::new().unwrap();
    let server = running(&folder).await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)";
    server.app.db.for_migrations().execute_unprepared(newer).await.unwrap();
    let ready = get(server.address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("schema"), "{ready}");
    server.stop().await.unwrap();
    assert!(refusal(&folder).await.contains("newer version"));
}

#[tokio::test]
async fn statements_are_told_of_and_an_idle_worker_asks_for_few() {
    let folder = TempDir::new().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let observe = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let server = start(config(&folder, &[]), Some(observe), String::new).await.unwrap();
    let at_start = count.load(Ordering::Relaxed);
    assert!(at_start > 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let meanwhile = count.load(Ordering::Relaxed) - at_start;
    assert!((1..30).contains(&meanwhile), "{meanwhile}");
    server.stop().await.unwrap();
}

/// Something happens that somebody is told of by mail.
async fn register(server: &Running) {
    let somebody = Registration {
        email: Email::parse("an@example.vn").unwrap(),
        display_name: "An".to_owned(),
        locale: Locale::Vi,
        password: "a lake under seven moons".into(),
    };
    let op = Arc::new(Op::of_system(Viewer::default()));
    app::account::register(&server.app, &op, somebody).await.unwrap();
}

async fn until_quiet(server: &Running) {
    let quiet = async {
        while !app::message::is_quiet(&server.app).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), quiet).await.unwrap();
}

fn mails(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join("mail")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn what_happens_is_mailed() {
    let folder = TempDir::new().unwrap();
    let server = running(&folder).await;
    register(&server).await;
    until_quiet(&server).await;
    assert_eq!(mails(&folder), 1);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_server_that_hangs_delays_neither_the_end_nor_for_long_the_mail() {
    let folder = TempDir::new().unwrap();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = format!("smtp://{}?tls=none", silent.local_addr().unwrap());
    let times = [("MAIL_TIMEOUT_SECONDS", "3"), ("MAIL_LEASE_SECONDS", "4"), ("SHUTDOWN_SECONDS", "1")];
    let hanging = [times.as_slice(), &[("SMTP_URL", smtp.as_str())]].concat();
    let server = start(config(&folder, &hanging), None, String::new).await.unwrap();
    register(&server).await;
    let _held = silent.accept().await.unwrap();
    let asked = Instant::now();
    server.stop().await.unwrap();
    assert!(asked.elapsed() < Duration::from_millis(2500), "{:?}", asked.elapsed());

    // Another one finds the mail when the lease is over.
    let server = start(config(&folder, &times), None, String::new).await.unwrap();
    assert_eq!(mails(&folder), 0);
    until_quiet(&server).await;
    assert_eq!(mails(&folder), 1);
    server.stop().await.unwrap();
}
