//! The one place where tests wait for something that happens by itself.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long anything may take, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Looks until there is something to see, and returns it. What never comes fails the test by its name.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looking = async {
        loop {
            ticks.tick().await;
            if let Some(seen) = look().await {
                break seen;
            }
        }
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}
