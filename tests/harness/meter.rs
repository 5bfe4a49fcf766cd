//! Counts statements that reach the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a request is repeated: in between, the worker looks for mail, which counts too.
const RUNS: usize = 5;

/// A counter of statements.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// What the server calls for each statement.
    pub fn observer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let count = Arc::clone(&self.0);
        Arc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// How many statements a request takes: the fewest of several runs, since others' statements only add to it.
    pub async fn statements(&self, mut request: impl AsyncFnMut()) -> u64 {
        let mut fewest = u64::MAX;
        for _ in 0..RUNS {
            let before = self.0.load(Ordering::Relaxed);
            request().await;
            fewest = fewest.min(self.0.load(Ordering::Relaxed) - before);
        }
        fewest
    }
}
