//! A server starts, answers, refuses what it must, and stops.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::account::Registration;
use app::{Op, Viewer};
use domain::locale::Locale;
use domain::text::Email;
use sea_orm::ConnectionTrait as _;
use server::config::Config;
use server::{Running, start};
use tempfile::TempDir;

fn config(folder: &TempDir) -> Config {
    let path = folder.path().display();
    let env = [
        ("DATABASE_URL", format!("sqlite://{path}/test.db")),
        ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
        ("MAIL_DIRECTORY", format!("{path}/mail")),
        ("DEMO_DATA", "false".to_owned()),
    ];
    Config::from_sources(None, env.map(|(name, value)| (name.to_owned(), value))).unwrap()
}

async fn running(folder: &TempDir) -> Running {
    start(config(folder), None, || "a_metric 1\n".to_owned()).await.unwrap()
}

async fn refusal(folder: &TempDir) -> String {
    let outcome = start(config(folder), None, String::new).await;
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
    let server = start(config(&folder), Some(observe), String::new).await.unwrap();
    let at_start = count.load(Ordering::Relaxed);
    assert!(at_start > 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let meanwhile = count.load(Ordering::Relaxed) - at_start;
    assert!((1..30).contains(&meanwhile), "{meanwhile}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_happens_is_mailed() {
    let folder = TempDir::new().unwrap();
    let server = running(&folder).await;
    let somebody = Registration {
        email: Email::parse("an@example.vn").unwrap(),
        display_name: "An".to_owned(),
        locale: Locale::Vi,
        password: "a lake under seven moons".into(),
    };
    let op = Arc::new(Op::of_system(Viewer::default()));
    app::account::register(&server.app, &op, somebody).await.unwrap();
    let mails = || std::fs::read_dir(folder.path().join("mail")).map_or(0, Iterator::count);
    let quiet = async {
        while !app::message::is_quiet(&server.app).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), quiet).await.unwrap();
    assert_eq!(mails(), 1);
    server.stop().await.unwrap();
}
