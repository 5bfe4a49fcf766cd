//! Fills a database: tables by the migrations, rows by the thousand, all from one seed.

use std::time::Instant;

use anyhow::Context as _;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    TransactionTrait as _,
};

use crate::seed::Seed;
use crate::store::Store;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Size {
    /// A town: 200 challenges, 5,000 proposals, 15,000 score sheets.
    S,
    /// A city: 5,000 challenges, 200,000 proposals, 600,000 score sheets.
    M,
    /// A country: 20,000 challenges, 2,000,000 proposals, 6,000,000 score sheets.
    L,
    /// A country to search in: its 20,000 challenges, and no more than 20,000 proposals. Filled in a minute.
    Search,
}

impl Size {
    /// Challenges.
    pub const fn challenges(self) -> usize {
        match self {
            Self::S => 200,
            Self::M => 5_000,
            Self::L | Self::Search => 20_000,
        }
    }

    /// Proposals; there are three score sheets to each.
    pub const fn proposals(self) -> usize {
        match self {
            Self::S => 5_000,
            Self::M => 200_000,
            Self::L => 2_000_000,
            Self::Search => 20_000,
        }
    }

    /// Startups.
    pub fn startups(self) -> usize {
        (self.proposals() / 20).clamp(500, 50_000)
    }

    /// Agencies.
    pub const fn agencies(self) -> usize {
        self.challenges() / 25
    }

    /// People who sit on councils.
    pub const fn experts(self) -> usize {
        self.proposals() / 33
    }
}

/// Parameters of a statement are limited on both databases, and 500 rows of the widest table keep within.
const STATEMENT: usize = 500;
/// Rows of a transaction.
const TRANSACTION: usize = 20_000;

/// Rows that wait to be written, by table, in the order in which they refer to each other.
macro_rules! rows {
    ($($table:ident,)+) => {
        /// Rows that wait to be written.
        #[derive(Default)]
        pub struct Rows {
            $(#[doc = "Rows of the table of that name."] pub $table: Vec<entity::$table::Model>,)+
        }

        impl Rows {
            fn count(&self) -> usize {
                0 $(+ self.$table.len())+
            }

            async fn write(self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
                $(insert::<entity::$table::Entity>(connection, self.$table).await?;)+
                Ok(())
            }
        }
    };
}

rows! {
    user, session, platform_grant, organization, membership,
    challenge, challenge_word, challenge_author, indicator, criterion,
    proposal, proposal_draft, proposal_version, opening,
    council_member, conflict_declaration, review, decision, decision_outcome,
    audit_entry, event, message,
}

async fn insert<E>(connection: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(STATEMENT).map(IntoActiveModel::into_active_model).collect();
        E::insert_many(some).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// The name of the full database: it says how much is in it and by which tables and which seed.
pub async fn name_of(size: Size) -> anyhow::Result<String> {
    let memory = sea_orm::Database::connect("sqlite::memory:").await?;
    Migrator::up(&memory, None).await?;
    let statement = sea_orm::Statement::from_string(
        DbBackend::Sqlite,
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    );
    let mut text = [crate::seed::SOURCE, include_str!("load.rs")].concat();
    for row in memory.query_all_raw(statement).await? {
        text += &row.try_get::<String>("", "sql")?;
    }
    let hash: String = app::keys::token_hash(&text).chars().take(8).collect();
    Ok(format!("bench_{size:?}_{hash}").to_lowercase())
}

/// Makes the full database, unless there is one to be kept. Returns its name.
pub async fn load(store: &Store, size: Size, keep: bool) -> anyhow::Result<String> {
    let name = name_of(size).await?;
    if keep && store.has(&name).await? {
        eprintln!("{name} is there and kept");
        return Ok(name);
    }
    let unfinished = format!("{name}_unfinished");
    store.create(&unfinished).await?;
    let connection = store.open(&unfinished).await?;
    let started = Instant::now();
    fill(&connection, size).await.context("the database cannot be filled")?;
    connection.close().await?;
    store.rename(&unfinished, &name).await?;
    eprintln!("{name} filled in {:.1} s", started.elapsed().as_secs_f64());
    Ok(name)
}

async fn fill(connection: &DatabaseConnection, size: Size) -> anyhow::Result<()> {
    Migrator::up(connection, None).await?;
    let mut seed = Seed::new(size)?;
    let mut written = 0;
    let mut rows = seed.people()?;
    loop {
        let more = seed.next(&mut rows)?;
        if rows.count() >= TRANSACTION || !more {
            written += rows.count();
            commit(connection, std::mem::take(&mut rows)).await?;
            eprint!("\r{written} rows");
        }
        if !more {
            break;
        }
    }
    eprintln!();
    seed.head().reset_all().update(connection).await?;
    // What a database in use has long had: figures on which the choice of an index rests.
    let tidy =
        if connection.get_database_backend() == DbBackend::Postgres { "VACUUM ANALYZE" } else { "ANALYZE" };
    connection.execute_unprepared(tidy).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "no use case is at work here")]
async fn commit(connection: &DatabaseConnection, rows: Rows) -> anyhow::Result<()> {
    let transaction = connection.begin().await?;
    rows.write(&transaction).await?;
    Ok(transaction.commit().await?)
}
