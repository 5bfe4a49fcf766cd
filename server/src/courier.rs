//! Calls webhooks. Several processes may work on one database: a lease keeps them from the same webhook, a fence a late one from
//! overwriting its result.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use app::courier::{self, Claim, Claimed, Composed, Composition, Expand, LEASE_SECONDS, Settle, Settlement};
use app::db::in_background;
use app::{App, Op, Viewer};
use domain::webhook::{Attempt, AttemptOutcome};
use metrics::{counter, gauge};
use notify::{Call, Called, Courier};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::explain::explain;

/// Messages under way at the same time,
const PLACES: usize = 16;
/// and of these to webhooks that failed the last time: those that hang leave room for all others.
const PLACES_OF_FAILING: usize = 6;
/// The longest that something to be sent waits to be seen, if nothing rang.
const POLL: Duration = Duration::from_secs(5);
/// The pause after the database failed us.
const BACKOFF: Duration = Duration::from_millis(500);
/// How often it is measured how far the sending is behind.
const MEASURE: Duration = Duration::from_secs(5);

/// Works until `shutdown`, then finishes what is under way, for at most `grace`. What is left is another's when its lease is
/// over.
pub async fn run(app: App, courier: Courier, shutdown: CancellationToken, grace: Duration) {
    let deadline = async {
        shutdown.cancelled().await;
        sleep(grace).await;
    };
    tokio::select! {
        () = work(app.clone(), courier, &shutdown) => {}
        () = measure(&app) => {}
        () = deadline => tracing::warn!("messages to webhooks under way are left to their leases"),
    }
}

async fn work(app: App, courier: Courier, shutdown: &CancellationToken) {
    let worker = Arc::new(Worker { op: Arc::new(Op::of_system(Viewer::default())), app, courier });
    let mut sending = Sending::default();
    let mut failing = false;
    while !shutdown.is_cancelled() {
        let outcome = worker.fill(&mut sending).await;
        // Once per outage, not twice a second.
        match &outcome {
            Ok(_) if failing => tracing::info!("webhooks are called again"),
            Err(error) if !failing => tracing::warn!("webhooks cannot be called: {error:#}"),
            _ => {}
        }
        failing = outcome.is_err();
        let pause = match outcome {
            // There is more, and a place for it when one is done.
            Ok(true) => Duration::ZERO,
            Ok(false) => POLL.mul_f32(0.75 + rand::random::<f32>() / 2.0),
            Err(_) => BACKOFF,
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(pause) => {}
            () = worker.app.hub.rung(), if !failing => {}
            () = sending.one_is_done() => {}
        }
    }
    while !sending.tasks.is_empty() {
        sending.one_is_done().await;
    }
}

/// What is under way.
#[derive(Default)]
struct Sending {
    tasks: JoinSet<()>,
    claims: HashMap<tokio::task::Id, Claimed>,
}

impl Sending {
    /// Never, while there is none.
    async fn one_is_done(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return std::future::pending().await,
        };
        self.claims.remove(&id);
    }

    fn failing(&self) -> usize {
        self.claims.values().filter(|claimed| claimed.is_failing).count()
    }

    fn busy(&self) -> BTreeMap<String, usize> {
        let mut busy = BTreeMap::new();
        for claimed in self.claims.values() {
            *busy.entry(claimed.host.clone()).or_default() += 1;
        }
        busy
    }
}

struct Worker {
    app: App,
    courier: Courier,
    op: Arc<Op>,
}

impl Worker {
    /// Writes the messages of what happened, and puts a webhook that has something to be sent into every free place. Says
    /// whether there is more to be done at once.
    async fn fill(self: &Arc<Self>, sending: &mut Sending) -> anyhow::Result<bool> {
        let work = courier::look(&self.app).await.map_err(explain)?;
        let is_more = work.is_news && self.app.execute(&self.op, None, Expand).await.map_err(explain)?;
        let free = PLACES.saturating_sub(sending.claims.len());
        if free == 0 || !(work.is_due || work.is_news) {
            return Ok(is_more);
        }
        // Ours ends before the database's, whose reading comes later.
        let lease_ends = Instant::now() + Duration::from_secs(LEASE_SECONDS);
        let failing = PLACES_OF_FAILING.saturating_sub(sending.failing());
        let claim = Claim { limit: free, failing, busy: sending.busy() };
        let claimed = self.app.execute(&self.op, None, claim).await.map_err(explain)?;
        for claimed in claimed {
            let task =
                sending.tasks.spawn(in_background(Arc::clone(self).attempt(claimed.clone(), lease_ends)));
            sending.claims.insert(task.id(), claimed);
        }
        Ok(is_more)
    }

    /// One attempt at one message. It has a task of its own inside, so that a panic is an outcome like any other; the task ends
    /// with us.
    async fn attempt(self: Arc<Self>, claimed: Claimed, lease_ends: Instant) {
        let webhook = claimed.webhook;
        let outcome = match courier::compose(&self.app, &claimed).await {
            Ok(Composition::Nothing) => Settlement::Idle,
            Ok(Composition::Withheld(delivery)) => {
                tracing::info!(%webhook, %delivery, "message to a webhook withheld");
                Settlement::Withheld(delivery)
            }
            Ok(Composition::Ready(composed)) => match Arc::clone(&self).send(*composed, lease_ends).await {
                Some(settlement) => settlement,
                None => return,
            },
            Err(error) => {
                tracing::warn!(%webhook, "a message to a webhook cannot be written: {:#}", explain(error));
                return;
            }
        };
        match self.app.execute(&self.op, None, Settle { claimed, outcome }).await {
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%webhook, "what became of a message cannot be kept: {:#}", explain(error));
            }
        }
    }

    /// None: not this time, and the lease says when somebody else may.
    async fn send(self: Arc<Self>, composed: Composed, lease_ends: Instant) -> Option<Settlement> {
        let Composed { delivery, id, url, body, secrets } = composed;
        let at = self.app.db.clock.process();
        let call = Call { id, url, body, secrets };
        let began = Instant::now();
        // A process that was frozen comes to itself here: without a lease nothing is begun any more.
        if began >= lease_ends {
            tracing::warn!(%delivery, "the lease ended before the message was sent");
            return None;
        }
        let calling = tokio::spawn(async move {
            let call = call;
            self.courier.call(&call, at).await
        });
        let called = match timeout_at(lease_ends, AbortOnDropHandle::new(calling)).await {
            Ok(Ok(called)) => called,
            // Where, stands in the log; in which words, may be a secret.
            Ok(Err(_)) => {
                tracing::error!(%delivery, "a message to a webhook panicked");
                Called { outcome: AttemptOutcome::Internal, status: None }
            }
            Err(_) => return None,
        };
        let Called { outcome, status } = called;
        counter!("webhook_attempts_total", "outcome" => outcome.name()).increment(1);
        tracing::info!(%delivery, %outcome, status, "message to a webhook tried");
        let millis = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Some(Settlement::Tried(delivery, Attempt { at, outcome, status, millis }))
    }
}

/// Keeps the gauge of the sending current.
async fn measure(app: &App) {
    let mut ticks = interval(MEASURE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // While the database is away the last figure stands; readiness tells of the outage.
        if let Ok(seconds) = courier::behind(app).await {
            #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
            gauge!("webhook_behind_seconds").set(seconds as f64);
        }
    }
}
