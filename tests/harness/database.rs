//! A database of its own for every test: a copy of one that the server itself has brought up to date.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use app::ids;
use reqwest::Url;
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use server::config::Config;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::wait::eventually;

/// Where the tests run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file for each test.
    Sqlite,
    /// A database for each test, on the server at this address.
    Postgres(String),
}

impl Backend {
    /// What `TEST_DB` asks for.
    #[expect(clippy::disallowed_methods, reason = "settings of the tests, not of the server")]
    pub fn chosen() -> Self {
        match std::env::var("TEST_DB").as_deref() {
            Ok("postgres") => Self::Postgres(
                std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL says where PostgreSQL is"),
            ),
            Ok("sqlite") | Err(_) => Self::Sqlite,
            Ok(other) => panic!("TEST_DB is sqlite or postgres, not {other}"),
        }
    }
}

/// An up-to-date, empty database, and a directory beside it.
#[derive(Debug)]
pub struct Database {
    /// For `DATABASE_URL`.
    pub url: String,
    /// For what is kept beside the data.
    pub directory: TempDir,
    on: Option<(String, String)>,
}

impl Database {
    /// A fresh one.
    pub async fn fresh() -> Self {
        let directory = TempDir::with_prefix("btl-").unwrap();
        match Backend::chosen() {
            Backend::Sqlite => {
                let file = directory.path().join("test.db");
                std::fs::write(&file, sqlite_template().await).unwrap();
                Self { url: sqlite_url(&file), directory, on: None }
            }
            Backend::Postgres(server) => {
                let template = postgres_template(&server).await;
                let name = format!(
                    "{PREFIX}{}_{}",
                    now(&connect(&server).await).await,
                    ids::random::<Uuid>().simple()
                );
                execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self { url: named(&server, &name), directory, on: Some((server, name)) }
            }
        }
    }

    /// One without any table.
    pub async fn empty() -> Self {
        let directory = TempDir::with_prefix("btl-").unwrap();
        match Backend::chosen() {
            Backend::Sqlite => {
                Self { url: sqlite_url(&directory.path().join("test.db")), directory, on: None }
            }
            Backend::Postgres(server) => {
                let name = format!(
                    "{PREFIX}{}_{}",
                    now(&connect(&server).await).await,
                    ids::random::<Uuid>().simple()
                );
                execute(&server, &format!("CREATE DATABASE {name}")).await;
                Self { url: named(&server, &name), directory, on: Some((server, name)) }
            }
        }
    }

    /// Gives it back. One that a failed test leaves behind is swept away later.
    pub async fn give_back(self) {
        if let Some((server, name)) = &self.on {
            execute(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Settings for a server on this database that sends no mail.
fn quiet(url: &str, directory: &TempDir) -> Config {
    let mail = directory.path().join("mail").display().to_string();
    let settings = [
        ("DATABASE_URL", url),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("MAIL_DIRECTORY", &mail),
        ("DEMO_DATA", "false"),
    ];
    Config::from_sources(None, settings.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
}

/// Lets the server make its tables in the database.
async fn bring_up_to_date(url: &str) {
    let directory = TempDir::with_prefix("btl-").unwrap();
    let running = server::start(quiet(url, &directory), None, String::new).await.unwrap();
    running.stop().await.unwrap();
}

fn sqlite_url(file: &std::path::Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let directory = TempDir::with_prefix("btl-").unwrap();
            let file: PathBuf = directory.path().join("template.db");
            bring_up_to_date(&sqlite_url(&file)).await;
            // The last connection, which does it, may close a moment after the server has stopped.
            let log = directory.path().join("template.db-wal");
            eventually("a stopped server has written everything into its file", async || {
                (!log.exists()).then_some(())
            })
            .await;
            std::fs::read(file).unwrap()
        })
        .await
}

/// Begins the names of all our databases.
const PREFIX: &str = "btl_test_";
/// Begins the names of templates.
const TEMPLATE_PREFIX: &str = "btl_template_";
/// Names our lock.
const LOCK: i64 = 0x0062_746c;

/// Makes the template once for this build of the tests, whichever of its processes comes first, and sweeps what crashed
/// tests and former builds left behind.
async fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let built = std::env::current_exe().unwrap().metadata().unwrap().modified().unwrap();
            let template =
                format!("{TEMPLATE_PREFIX}{}", built.duration_since(UNIX_EPOCH).unwrap().as_nanos());
            let connection = connect(server).await;
            run(&connection, &format!("SELECT pg_advisory_lock({LOCK})")).await;
            let existing = names(&connection).await;
            let hour_ago = now(&connection).await - 3600;
            let is_left_behind = |name: &&String| match name.strip_prefix(PREFIX) {
                Some(rest) => {
                    rest.split('_').next().and_then(|at| at.parse().ok()).is_none_or(|at: i64| at < hour_ago)
                }
                None => **name != template,
            };
            for name in existing.iter().filter(is_left_behind) {
                run(&connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            }
            if !existing.contains(&template) {
                // Complete or not there at all, whenever we are stopped.
                let unfinished = format!("{template}_unfinished");
                run(&connection, &format!("CREATE DATABASE {unfinished}")).await;
                bring_up_to_date(&named(server, &unfinished)).await;
                run(&connection, &format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await;
            }
            connection.close().await.unwrap();
            template
        })
        .await
}

/// The address of another database on the same server.
fn named(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

/// One connection: locks belong to it.
async fn connect(server: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("PostgreSQL answers at TEST_DATABASE_URL")
}

async fn execute(server: &str, sql: &str) {
    let connection = connect(server).await;
    run(&connection, sql).await;
    connection.close().await.unwrap();
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap();
}

async fn names(connection: &DatabaseConnection) -> Vec<String> {
    let sql = format!(
        "SELECT datname::text FROM pg_database WHERE datname LIKE '{PREFIX}%' OR datname LIKE '{TEMPLATE_PREFIX}%'"
    );
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn now(connection: &DatabaseConnection) -> i64 {
    let sql = "SELECT extract(epoch from clock_timestamp())::bigint";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}
