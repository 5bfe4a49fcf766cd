//! Where the databases of the benchmark are: one that is filled once and kept, and a copy of it for each contestant.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use sea_orm::{DbBackend, SqlxPostgresConnector, SqlxSqliteConnector};
use url::Url;

/// Either of the databases that we serve, and where its files or its server are.
#[derive(Clone, Debug)]
pub enum Store {
    /// Files in a folder.
    Sqlite(PathBuf),
    /// A server, by the address of a database from which others may be created.
    Postgres(Url),
}

impl Store {
    /// From the command line: `sqlite`, or the address of a PostgreSQL database.
    pub fn parse(text: &str, folder: &Path) -> anyhow::Result<Self> {
        match text.split(':').next() {
            Some("sqlite") => Ok(Self::Sqlite(folder.to_owned())),
            Some("postgres" | "postgresql") => Ok(Self::Postgres(text.parse().context("--database")?)),
            _ => bail!("--database must be `sqlite` or begin with `postgres://`"),
        }
    }

    /// Its name in the report.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The address of one of its databases, as the server's `DATABASE_URL` wants it.
    pub fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join(name).with_extension("db").display()),
            Self::Postgres(server) => {
                let mut url = server.clone();
                url.set_path(name);
                url.into()
            }
        }
    }

    fn file(folder: &Path, name: &str) -> PathBuf {
        folder.join(name).with_extension("db")
    }

    /// A single connection for filling: what a crash would cost here is a second start.
    pub async fn open(&self, name: &str) -> anyhow::Result<DatabaseConnection> {
        match self {
            Self::Sqlite(folder) => {
                let options = SqliteConnectOptions::new()
                    .filename(Self::file(folder, name))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Off)
                    .synchronous(SqliteSynchronous::Off)
                    .foreign_keys(true)
                    .pragma("cache_size", "-524288");
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
                Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
            }
            Self::Postgres(_) => {
                let options: PgConnectOptions = self.url(name).parse()?;
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .connect_with(options.options([("synchronous_commit", "off")]))
                    .await?;
                Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
            }
        }
    }

    /// Whether there is a database of that name.
    pub async fn has(&self, name: &str) -> anyhow::Result<bool> {
        match self {
            Self::Sqlite(folder) => Ok(Self::file(folder, name).exists()),
            Self::Postgres(_) => {
                let server = self.server().await?;
                let found = Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    "SELECT 1 AS one FROM pg_database WHERE datname = $1",
                    [name.into()],
                );
                Ok(server.query_one_raw(found).await?.is_some())
            }
        }
    }

    /// An empty database.
    pub async fn create(&self, name: &str) -> anyhow::Result<()> {
        self.drop(name).await?;
        match self {
            Self::Sqlite(folder) => Ok(std::fs::create_dir_all(folder)?),
            // Order by code point, so that both databases sort alike.
            Self::Postgres(_) => {
                self.run(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
                ))
                .await
            }
        }
    }

    /// A copy, which may be changed.
    pub async fn copy(&self, from: &str, to: &str) -> anyhow::Result<()> {
        self.drop(to).await?;
        match self {
            Self::Sqlite(folder) => {
                std::fs::copy(Self::file(folder, from), Self::file(folder, to))?;
                Ok(())
            }
            Self::Postgres(_) => {
                self.run(&format!("CREATE DATABASE {to} TEMPLATE {from} STRATEGY FILE_COPY")).await
            }
        }
    }

    /// Another name for a database.
    pub async fn rename(&self, from: &str, to: &str) -> anyhow::Result<()> {
        self.drop(to).await?;
        match self {
            Self::Sqlite(folder) => Ok(std::fs::rename(Self::file(folder, from), Self::file(folder, to))?),
            Self::Postgres(_) => self.run(&format!("ALTER DATABASE {from} RENAME TO {to}")).await,
        }
    }

    /// Nothing of that name is left.
    pub async fn drop(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(folder) => {
                for suffix in ["db", "db-wal", "db-shm", "db.lock"] {
                    let file = folder.join(name).with_extension(suffix);
                    if file.exists() {
                        std::fs::remove_file(file)?;
                    }
                }
                Ok(())
            }
            Self::Postgres(_) => self.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await,
        }
    }

    async fn server(&self) -> anyhow::Result<DatabaseConnection> {
        let Self::Postgres(url) = self else { bail!("SQLite has no server") };
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect(url.as_str())
            .await
            .context("PostgreSQL does not answer")?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }

    async fn run(&self, sql: &str) -> anyhow::Result<()> {
        self.server().await?.execute_unprepared(sql).await?;
        Ok(())
    }
}
