//! The tables, brought up to date by one process at a time.

use std::time::Duration;

use anyhow::{Context as _, bail};
use app::db::{Db, Location};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, Statement};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, sleep};

/// How long PostgreSQL may take to answer for the first time.
const FIRST_ANSWER: Duration = Duration::from_secs(4);
/// How long another process may keep its turn.
const PATIENCE: Duration = Duration::from_mins(1);
/// Names our lock among PostgreSQL's advisory ones.
const LOCK: i64 = 0x0062_6169_746F_616E;

/// The right to change tables, held by one process at a time until it is ended or its process is.
///
/// On PostgreSQL it is a lock of a session, in a pool of that one connection: lock and steps cannot come apart. On SQLite
/// the file is this process's anyway.
pub struct Turn(DatabaseConnection);

impl Turn {
    /// Waits for the turn. It is also the first thing that is asked of PostgreSQL.
    pub async fn take(location: &Location, db: &Db) -> anyhow::Result<Self> {
        let Location::Postgres(url) = location else { return Ok(Self(db.for_migrations().clone())) };
        let connection = first_connection(url.expose_secret()).await?;
        let started = Instant::now();
        while !try_lock(&connection).await? {
            if started.elapsed() > PATIENCE {
                bail!("another process has been changing the tables for more than {} s", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(Self(connection))
    }

    /// Applies the steps that are missing, and tells which. Refuses a database that is ahead of this program.
    pub async fn update(&self) -> anyhow::Result<Vec<String>> {
        let missing = missing(&self.0).await?;
        if !missing.is_empty() {
            Migrator::up(&self.0, None).await.context("the tables cannot be brought up to date")?;
        }
        Ok(missing)
    }

    /// Lets others have their turn.
    pub async fn end(self) -> anyhow::Result<()> {
        if self.0.get_database_backend() == DbBackend::Postgres {
            self.0.close().await?;
        }
        Ok(())
    }
}

/// The steps that the database lacks. Changes nothing; fails if the database has steps that this program does not know.
pub async fn missing(connection: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    match Migrator::get_pending_migrations_read_only(connection).await {
        Ok(steps) => Ok(steps.iter().map(|step| step.name().to_owned()).collect()),
        // How the library puts it.
        Err(DbErr::Custom(_)) => {
            bail!("the database was brought up to date by a newer version of this program; start that one")
        }
        Err(error) => Err(error).context("the database cannot be read"),
    }
}

/// One connection that is never replaced by another. It may work longer than those that serve people.
async fn first_connection(url: &str) -> anyhow::Result<DatabaseConnection> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL")?;
    let options = options
        .application_name("baitoanlon")
        .options([("lock_timeout", "5000")])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(FIRST_ANSWER);
    match pool.connect_with(options).await {
        Ok(pool) => Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool)),
        Err(sqlx::Error::PoolTimedOut) => bail!("PostgreSQL does not answer at the address in DATABASE_URL"),
        Err(error) => Err(error).context("PostgreSQL refuses the connection"),
    }
}

async fn try_lock(connection: &DatabaseConnection) -> Result<bool, DbErr> {
    let sql = format!("SELECT pg_try_advisory_lock({LOCK}) AS mine");
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("lock".to_owned()))?.try_get("", "mine")
}
