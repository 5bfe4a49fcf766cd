//! The control: what the database and HTTP allow. A bare handler that runs one hand-written statement and sends the JSON
//! that the database made; for a write the statement is a transaction which leaves the same rows as our command does,
//! under the same durability.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, PgPool, SqlitePool};
use serde_json::Value;

/// As many as we have ourselves.
pub const CONNECTIONS: u32 = 10;

/// The statements of one database: `prepare` makes what only the control has, its own full-text index.
struct Statements {
    prepare: &'static str,
    workloads: [&'static str; 7],
}

macro_rules! statements {
    ($folder:literal) => {
        Statements {
            prepare: include_str!(concat!("control/", $folder, "/prepare.sql")),
            workloads: [
                include_str!(concat!("control/", $folder, "/w1.sql")),
                include_str!(concat!("control/", $folder, "/w2.sql")),
                include_str!(concat!("control/", $folder, "/w3.sql")),
                include_str!(concat!("control/", $folder, "/w4.sql")),
                include_str!(concat!("control/", $folder, "/w5.sql")),
                include_str!(concat!("control/", $folder, "/w6.sql")),
                include_str!(concat!("control/", $folder, "/w7.sql")),
            ],
        }
    };
}

const POSTGRES: Statements = statements!("postgres");
const SQLITE: Statements = statements!("sqlite");

/// The first workload that writes.
const WRITES_FROM: usize = 6;

/// A pool of each kind; SQLite has one writer, as we have.
enum Database {
    Postgres(PgPool),
    Sqlite { read: SqlitePool, write: SqlitePool },
}

impl Database {
    async fn open(url: &str) -> anyhow::Result<Self> {
        let Some(file) = url.strip_prefix("sqlite:") else {
            let options: PgConnectOptions = url.parse()?;
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
            sqlx::raw_sql(POSTGRES.prepare).execute(&pool).await?;
            return Ok(Self::Postgres(pool));
        };
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::raw_sql(SQLITE.prepare).execute(&write).await?;
        let read = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Runs the statement of the workload over its values.
    async fn answer(&self, workload: usize, values: &[Value]) -> anyhow::Result<String> {
        let statements = if matches!(self, Self::Postgres(_)) { &POSTGRES } else { &SQLITE };
        let sql = workload
            .checked_sub(1)
            .and_then(|index| statements.workloads.get(index))
            .copied()
            .context("no such workload")?;
        macro_rules! run {
            ($pool:expr) => {{
                let mut query = sqlx::query_scalar::<_, Option<String>>(sql);
                for value in values {
                    query = match value {
                        Value::String(text) => query.bind(text),
                        Value::Number(number) => query.bind(number.as_i64()),
                        _ => bail!("only texts and numbers are bound"),
                    };
                }
                // All rows: a transaction ends with its last statement, not with the one that answers.
                query.fetch_all($pool).await
            }};
        }
        let rows = match self {
            Self::Postgres(pool) => run!(pool)?,
            Self::Sqlite { read, .. } if workload < WRITES_FROM => run!(read)?,
            Self::Sqlite { write, .. } => match run!(write) {
                Ok(rows) => rows,
                Err(error) => {
                    sqlx::raw_sql("ROLLBACK").execute(write).await?;
                    return Err(error.into());
                }
            },
        };
        rows.into_iter().flatten().next().context("nothing there")
    }
}

/// The control over one database.
pub async fn router(url: &str) -> anyhow::Result<Router> {
    let database = Arc::new(Database::open(url).await?);
    Ok(Router::new()
        .route("/readyz", get(|| async { "ready" }))
        .route("/{workload}", post(answer))
        .with_state(database))
}

async fn answer(
    State(database): State<Arc<Database>>,
    Path(workload): Path<usize>,
    Json(values): Json<Vec<Value>>,
) -> Response {
    match database.answer(workload, &values).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}
