//! Two handles on one database, and the only function that begins a write.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use domain::event::Event;
use domain::id::DelegationId;
use domain::time::Timestamp;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Executor as _};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    TransactionOptions, TransactionTrait as _,
};
use tokio::sync::OnceCell;

use crate::App;
use crate::clock::Clock;
use crate::op::Op;

tokio::task_local! {
    /// It is nobody's request.
    static BACKGROUND: ();
}

/// Does something that no request asked for and whose statements belong to none.
pub async fn in_background<T>(work: impl Future<Output = T>) -> T {
    BACKGROUND.scope((), work).await
}

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// An SQLite file of this process alone.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL server, by its connection string.
    Postgres(secrecy::SecretString),
}

/// The database: a pool for reading, a pool for writing, a clock.
#[derive(Debug)]
pub struct Db {
    /// For statements outside transactions.
    pub read: DatabaseConnection,
    write: DatabaseConnection,
    /// The deciding time.
    pub clock: Clock,
    bell: Option<PgConnectOptions>,
    // Held as long as the process uses the file; the lock goes with it.
    _lock: Option<std::fs::File>,
}

/// Where PostgreSQL rings at the commit of new events: a trigger of `event` does.
const EVENTS: &str = "event";

/// Longest wait for a connection: an outage is answered, not waited out.
const ACQUIRE: Duration = Duration::from_secs(4);

impl Db {
    /// Connects. On SQLite the file and its folder are made, and a second process is refused.
    pub async fn connect(location: &Location, connections: u32) -> Result<Self, DbErr> {
        match location {
            Location::Sqlite(path) => Self::sqlite(path, connections).await,
            Location::Postgres(url) => Self::postgres(secrecy::ExposeSecret::expose_secret(url), connections),
        }
    }

    /// Connects for reading only: beside a running server, and without making a file.
    pub async fn connect_read_only(location: &Location) -> Result<Self, DbErr> {
        let Location::Sqlite(path) = location else { return Self::connect(location, 2).await };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let pool =
            SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE).connect_with(options).await;
        let pool = pool.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
        let only = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        Ok(Self { read: only.clone(), write: only, clock: Clock::default(), bell: None, _lock: None })
    }

    async fn sqlite(path: &Path, connections: u32) -> Result<Self, DbErr> {
        let lock = lock_file(path)
            .map_err(|error| DbErr::Custom(format!("the database file cannot be used: {error}")))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose acknowledged commits when the power goes.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("journal_size_limit", "67108864")
            .optimize_on_close(true, None)
            .disable_statement_logging();
        // One writer, its queue in the pool: SQLite's own waiting is unfair.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.clone())
            .await;
        let write = write.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
        let read = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            .connect_lazy_with(options.pragma("query_only", "1"));
        Ok(Self {
            read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
            write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
            clock: Clock::default(),
            // The only process that writes rings its own.
            bell: None,
            _lock: Some(lock),
        })
    }

    fn postgres(url: &str, connections: u32) -> Result<Self, DbErr> {
        let options: PgConnectOptions =
            url.parse().map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
        // Time limits live in the database, where giving up cannot leave a transaction behind.
        let options = options
            .application_name("baitoanlon")
            .options([
                ("statement_timeout", "8000"),
                ("lock_timeout", "5000"),
                ("idle_in_transaction_session_timeout", "15000"),
                ("synchronous_commit", "on"),
            ])
            .disable_statement_logging();
        let pool = || {
            PgPoolOptions::new()
                .max_connections(connections.div_ceil(2).max(1))
                .acquire_timeout(ACQUIRE)
                .max_lifetime(Duration::from_mins(30))
        };
        // A cancelled `begin` leaves an open transaction on its connection, which would swallow the next borrower's
        // writes (sqlx 0.9.0). Writers are never cancelled here; should one be, its connection is cleaned before reuse.
        let write = pool().after_release(|connection, _| {
            Box::pin(async move {
                connection.execute("ROLLBACK").await?;
                Ok(true)
            })
        });
        Ok(Self {
            read: SqlxPostgresConnector::from_sqlx_postgres_pool(pool().connect_lazy_with(options.clone())),
            write: SqlxPostgresConnector::from_sqlx_postgres_pool(write.connect_lazy_with(options.clone())),
            clock: Clock::default(),
            bell: Some(options),
            _lock: None,
        })
    }

    /// The handle for migrations, before anything else runs.
    pub fn for_migrations(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Fails if the database would take no write now: away, full, read-only or a mere copy.
    pub async fn probe(&self) -> Result<(), DbErr> {
        if self.write.get_database_backend() == DbBackend::Sqlite {
            // Only writing shows that the disk takes it. This number in the file's header is ours to set, and always 0.
            self.write.execute_unprepared("PRAGMA user_version = 0").await?;
            return Ok(());
        }
        let sql = "SELECT current_setting('transaction_read_only') = 'on' AS read_only";
        let row = self.read.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let read_only =
            row.ok_or_else(|| DbErr::RecordNotFound("probe".to_owned()))?.try_get("", "read_only")?;
        if read_only { Err(DbErr::Custom("the database is read-only".to_owned())) } else { Ok(()) }
    }

    /// Writes what is committed by now into a new SQLite file, while others read and write.
    pub async fn copy_to(&self, file: &Path) -> Result<(), DbErr> {
        let name =
            file.to_str().ok_or_else(|| DbErr::Custom("the name of the copy is not UTF-8".to_owned()))?;
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [name.into()]);
        self.read.execute_raw(copy).await.map(|_| ())
    }

    /// What rings when any process has committed events; None where this is the only process. It has a connection of its own.
    pub async fn bell(&self) -> Result<Option<PgListener>, DbErr> {
        let Some(options) = &self.bell else { return Ok(None) };
        let failed = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
        let pool = pool.connect_lazy_with(options.clone());
        let mut bell = PgListener::connect_with(&pool).await.map_err(failed)?;
        bell.listen(EVENTS).await.map_err(failed)?;
        Ok(Some(bell))
    }

    /// Lets the connections go, once whoever uses one has given it back.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await
    }

    /// Calls back for every statement on either handle that is not [`in_background`]: for tests and the benchmark.
    pub fn on_statement(&mut self, callback: impl Fn() + Send + Sync + 'static) {
        let callback = Arc::new(move || {
            if BACKGROUND.try_with(|()| ()).is_err() {
                callback();
            }
        });
        let other = Arc::clone(&callback);
        self.read.set_metric_callback(move |_| callback());
        self.write.set_metric_callback(move |_| other());
    }
}

/// Makes the folder, and takes the lock that keeps a second process from the same file.
fn lock_file(path: &Path) -> std::io::Result<std::fs::File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(std::io::Error::other("another process uses it; SQLite serves one process per file"))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// A write transaction, with who asks, its time, and what happened in it so far.
pub struct Tx {
    inner: DatabaseTransaction,
    app: App,
    op: Arc<Op>,
    now: OnceCell<Timestamp>,
    events: Mutex<Vec<Event>>,
    acting_by: OnceLock<DelegationId>,
    changes_rights: AtomicBool,
    is_news: AtomicBool,
    fault: Mutex<Option<DbErr>>,
}

impl Tx {
    /// Begins a write: IMMEDIATE on SQLite, so that it holds the one lock before it reads.
    #[expect(clippy::disallowed_methods, reason = "the only place that begins a write")]
    pub(crate) async fn begin(app: &App, op: &Arc<Op>) -> Result<Self, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let asked = std::time::Instant::now();
        let inner = app.db.write.begin_with_options(options).await?;
        metrics::histogram!("database_pool_wait_seconds").record(asked.elapsed());
        Ok(Self {
            inner,
            app: app.clone(),
            op: Arc::clone(op),
            now: OnceCell::new(),
            events: Mutex::default(),
            acting_by: OnceLock::new(),
            changes_rights: AtomicBool::new(false),
            is_news: AtomicBool::new(false),
            fault: Mutex::default(),
        })
    }

    /// Who asks.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The clock itself; for decisions use [`Tx::now`].
    pub fn clock(&self) -> &Clock {
        &self.app.db.clock
    }

    /// The one deciding time of this transaction. Call it after the lock.
    pub async fn now(&self) -> Result<Timestamp, DbErr> {
        self.now.get_or_try_init(|| self.clock().read(self)).await.copied()
    }

    /// The person who asks, if they proved lately who they are: for what would hurt most in the hands of somebody who found
    /// an open session.
    pub async fn fresh_person(&self) -> crate::Result<&crate::Person> {
        let person = self.op.person()?;
        person.must_be_fresh(self.now().await?, self.app.settings.fresh_for)?;
        Ok(person)
    }

    /// From here on the caller acts for a unit to which they do not belong.
    pub(crate) fn act_by(&self, delegation: DelegationId) {
        self.acting_by.get_or_init(|| delegation);
    }

    /// Says what happened, and by which delegation if it was on behalf of a unit. Audit entry, event and mail are written
    /// with the commit.
    pub fn record(&self, event: Event) {
        let event = match self.acting_by.get() {
            Some(delegation) => event.fact("delegation", delegation),
            None => event,
        };
        self.changes_rights.fetch_or(event.kind.changes_rights(), Ordering::Relaxed);
        self.is_news.store(true, Ordering::Relaxed);
        self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }

    /// Something recorded in it gives rights to somebody, or takes them.
    pub(crate) fn changes_rights(&self) -> bool {
        self.changes_rights.load(Ordering::Relaxed)
    }

    /// Something was recorded in it.
    pub(crate) fn is_news(&self) -> bool {
        self.is_news.load(Ordering::Relaxed)
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The database's own error in this transaction, if there was one: it decides whether to try again.
    pub(crate) fn take_fault(&self) -> Option<DbErr> {
        self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    pub(crate) async fn rollback(self) {
        // A transaction that cannot be rolled back is rolled back by the database when the connection goes.
        if let Err(error) = self.inner.rollback().await {
            tracing::warn!(error = %error, "rollback failed");
        }
    }

    fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &result
            && crate::error::is_transient(error)
        {
            *self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error.clone());
        }
        result
    }
}

// A transaction is a connection: statements run on it, and what the database says about retrying is remembered.
#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.watch(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.watch(self.inner.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.watch(self.inner.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.watch(self.inner.query_all_raw(statement).await)
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}
