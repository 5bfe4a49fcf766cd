//! The one clock: the database's reading on PostgreSQL, the process's on SQLite. Tests move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Reads the deciding time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift_micros: Arc<AtomicI64>,
    // The latest reading of the process's clock. It never goes back: what was closed stays closed.
    latest_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The time by the database that `connection` belongs to. Inside a transaction: after the lock, never before it, for
    /// a lock may have been waited for.
    pub async fn read(&self, connection: &impl ConnectionTrait) -> Result<Timestamp, DbErr> {
        let micros = match connection.get_database_backend() {
            DbBackend::Postgres => database_micros(connection).await?,
            _ => self.process_micros(),
        };
        Ok(Timestamp::from_micros(micros.saturating_add(self.shift_micros.load(Ordering::Relaxed))))
    }

    /// The process's time: for what decides nothing between people (token expiry, log lines).
    pub fn process(&self) -> Timestamp {
        Timestamp::from_micros(
            self.process_micros().saturating_add(self.shift_micros.load(Ordering::Relaxed)),
        )
    }

    /// Never reads earlier than this from now on: a restart after the machine's clock went back reopens nothing.
    pub fn latch(&self, earliest: Timestamp) {
        self.latest_micros.fetch_max(earliest.micros(), Ordering::AcqRel);
    }

    fn process_micros(&self) -> i64 {
        let reading = system_micros();
        self.latest_micros.fetch_max(reading, Ordering::AcqRel).max(reading)
    }

    /// Moves the clock forward (or back). For tests and the demo's past.
    pub fn shift(&self, micros: i64) {
        self.shift_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// `clock_timestamp()`, not `now()`: the latter is the start of the transaction.
async fn database_micros(connection: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let sql = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint AS micros";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("clock".to_owned()))?.try_get("", "micros")
}

#[expect(clippy::disallowed_methods, reason = "the one place")]
fn system_micros() -> i64 {
    // A clock before the epoch reads as the epoch rather than as a crash.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_clock_never_goes_back() {
        let clock = Clock::default();
        let future = clock.process().plus_seconds(86_400);
        clock.latch(future);
        assert_eq!(clock.process(), future, "the machine's clock reads a day earlier");
        clock.latch(future.plus_seconds(-10));
        assert_eq!(clock.process(), future);
        clock.shift(1_000_000);
        assert_eq!(clock.process(), future.plus_seconds(1));
    }
}
