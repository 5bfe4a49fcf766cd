//! Serving, draining, stopped: shared by the router, which refuses new work, and by `serve`, which waits for the old.

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The life of the server. Clones are the same life.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    shutdown: CancellationToken,
    work: TaskTracker,
}

impl Lifecycle {
    /// A life that ends when `shutdown` is cancelled.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { shutdown, work: TaskTracker::new() }
    }

    /// Has the end been announced?
    pub fn is_draining(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    /// The token that announces the end.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Running requests. `serve` waits for them, up to its deadline.
    pub(crate) fn work(&self) -> &TaskTracker {
        &self.work
    }
}
