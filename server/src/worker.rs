//! The worker: claims mail that is due, sends it, says how that ended; and lets go of what was kept only for a while.
//!
//! A claim is a lease by the database's clock. Mails are claimed only for free places, so that each is under way at once
//! and its whole attempt fits into its lease; no transaction is open meanwhile. Whatever happens to this process, another
//! one claims the mail when the lease is over, and the fence keeps a late one from overwriting its result.

use std::sync::Arc;
use std::time::Duration;

use app::db::in_background;
use app::message::{self, Claim, Claimed, Composed, Composition, Settle, Settlement};
use app::{App, Op, Viewer, attachment, dead_letter, reminder, retention};
use domain::letter::LetterKind;
use domain::preference::{NotificationGroup, group};
use metrics::{counter, gauge};
use notify::{Mail, Mailer, Outcome, Reason, mask};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::explain::explain;
use crate::pace::Pace;

/// Mails under way at the same time.
const PLACES: usize = 4;
/// The longest a due mail waits to be seen, if nothing woke us.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the database failed us.
const BACKOFF: Duration = Duration::from_millis(500);
/// How often the figures of the outbox are read.
const MEASURE: Duration = Duration::from_secs(5);
/// How often what has had its time is let go.
const CLEAN: Duration = Duration::from_hours(1);
/// How often it is looked for files that belong to nothing.
const SWEEP: Duration = Duration::from_mins(10);

/// How often, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// How often the clock is asked what is due.
    pub schedule: Duration,
    /// Mails a minute for one domain; 0: as many as there are.
    pub mails_per_minute: u32,
}

/// Works until `shutdown`, then finishes what is under way, for at most `grace`. What is left is another's when its lease
/// is over.
pub async fn run(app: App, mailer: Mailer, rhythm: Rhythm, shutdown: CancellationToken, grace: Duration) {
    let deadline = async {
        shutdown.cancelled().await;
        sleep(grace).await;
    };
    tokio::select! {
        () = work(app.clone(), mailer, Pace::per_minute(rhythm.mails_per_minute), &shutdown) => {}
        () = measure(&app) => {}
        () = clean(&app) => {}
        () = remind(&app, rhythm.schedule) => {}
        () = sweep(&app) => {}
        () = deadline => tracing::warn!("mails under way are left to their leases"),
    }
}

async fn work(app: App, mailer: Mailer, pace: Pace, shutdown: &CancellationToken) {
    let worker = Arc::new(Worker { op: Arc::new(Op::of_system(Viewer::default())), app, mailer, pace });
    let mut sending = JoinSet::new();
    let mut failing = false;
    while !shutdown.is_cancelled() {
        let outcome = worker.fill(&mut sending).await;
        // Once per outage, not twice a second.
        match &outcome {
            Ok(()) if failing => tracing::info!("mail is claimed again"),
            Err(error) if !failing => tracing::warn!("mail cannot be claimed: {error:#}"),
            _ => {}
        }
        failing = outcome.is_err();
        let pause = if failing { BACKOFF } else { POLL.mul_f32(0.75 + rand::random::<f32>() / 2.0) };
        let full = sending.len() >= PLACES;
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(pause), if !full => {}
            () = worker.app.wake.notified(), if !full && !failing => {}
            Some(_) = sending.join_next() => {}
        }
    }
    while sending.join_next().await.is_some() {}
}

struct Worker {
    app: App,
    mailer: Mailer,
    pace: Pace,
    op: Arc<Op>,
}

impl Worker {
    /// Puts a mail that is due into every free place.
    async fn fill(self: &Arc<Self>, sending: &mut JoinSet<()>) -> anyhow::Result<()> {
        let free = PLACES.saturating_sub(sending.len());
        // Ours ends before the database's, whose reading comes later.
        let lease_ends = Instant::now() + self.app.settings.mail_lease;
        let claimed =
            self.app.execute(&self.op, None, Claim { limit: free as u64 }).await.map_err(explain)?;
        for claimed in claimed {
            sending.spawn(in_background(Arc::clone(self).attempt(claimed, lease_ends)));
        }
        Ok(())
    }

    /// One attempt at one mail. It has a task of its own inside, so that a panic is an outcome like any other; the task
    /// ends with us.
    async fn attempt(self: Arc<Self>, claimed: Claimed, lease_ends: Instant) {
        let id = claimed.id;
        let sending = tokio::spawn(in_background(Arc::clone(&self).send(claimed.clone(), lease_ends)));
        let outcome = match AbortOnDropHandle::new(sending).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => return,
            // Where, stands in the log; in which words, may be a secret.
            Err(_) => {
                tracing::error!(mail = %id, "mail panicked");
                Settlement::Never("panic".to_owned())
            }
        };
        let word = match &outcome {
            Settlement::Sent => "sent",
            Settlement::Later(_) => "later",
            Settlement::Never(_) | Settlement::Refused { .. } => "never",
            Settlement::Suppressed(_) | Settlement::HeldBack { .. } => "suppressed",
            Settlement::Held(_) => "held",
            Settlement::Paced { .. } => "paced",
        };
        counter!("mail_attempts_total", "outcome" => word).increment(1);
        let settle = Settle { claimed, outcome };
        loop {
            match self.app.execute(&self.op, None, settle.clone()).await {
                Ok(Some(_)) => return,
                Ok(None) => return tracing::warn!(mail = %id, "another worker has the mail by now"),
                // What went out and is not known to have gone out goes twice.
                Err(_) if Instant::now() + BACKOFF < lease_ends => sleep(BACKOFF).await,
                Err(error) => {
                    let error = explain(error);
                    return tracing::warn!(mail = %id, "what became of the mail cannot be kept: {error:#}");
                }
            }
        }
    }

    /// Composes and sends. None: not this time, and the lease says when somebody else may.
    async fn send(self: Arc<Self>, claimed: Claimed, lease_ends: Instant) -> Option<Settlement> {
        let id = claimed.id;
        let mail = match message::compose(&self.app, id).await {
            Ok(Composition::Ready(composed)) => mail(*composed),
            Ok(Composition::Suppressed(reason)) => {
                tracing::info!(mail = %id, reason, "mail suppressed");
                return Some(Settlement::Suppressed(reason.to_owned()));
            }
            Ok(Composition::HeldBack { address }) => {
                tracing::warn!(mail = %id, "mail held back, its address takes none");
                return Some(Settlement::HeldBack { address });
            }
            Ok(Composition::Held(held)) => return Some(Settlement::Held(held)),
            Err(error) => {
                tracing::warn!(mail = %id, "mail cannot be composed: {:#}", explain(error));
                return None;
            }
        };
        let (kind, to) = (mail.letter.kind(), mask(&mail.to));
        // Somebody waits for what is about their account, and there is never much of it. Digests all come at once.
        let is_urgent = group(kind) == NotificationGroup::Account && kind != LetterKind::Digest;
        if !is_urgent && let Some(wait) = self.pace.wait(id, &mail.to, Instant::now()) {
            return Some(Settlement::Paced { wait });
        }
        // A process that was frozen comes to itself here: without a lease nothing is begun any more.
        let outcome = if Instant::now() < lease_ends {
            timeout_at(lease_ends, self.mailer.send(&mail)).await.ok()
        } else {
            None
        };
        let Some(outcome) = outcome else {
            tracing::warn!(mail = %id, %kind, to, "the lease ended before the mail was sent");
            return None;
        };
        Some(match outcome {
            Outcome::Sent => {
                tracing::info!(mail = %id, %kind, to, "mail sent");
                Settlement::Sent
            }
            Outcome::Later(reason) => {
                tracing::warn!(mail = %id, %kind, to, %reason, "mail not sent, later again");
                Settlement::Later(reason.to_string())
            }
            Outcome::Never(reason) => {
                tracing::warn!(mail = %id, %kind, to, %reason, "mail given up");
                let (address, reason_text) = (dead_letter::digest(&self.app, &mail.to), reason.to_string());
                match reason {
                    Reason::NoMailbox(_) => Settlement::Refused { reason: reason_text, address },
                    _ => Settlement::Never(reason_text),
                }
            }
        })
    }
}

fn mail(composed: Composed) -> Mail {
    let Composed { id, to, name, locale, written_at, letter, unsubscribe } = composed;
    Mail { message_id: id.0, to, recipient_name: name, locale, written_at, letter, unsubscribe }
}

/// Keeps the gauges of the outbox current.
async fn measure(app: &App) {
    let mut ticks = interval(MEASURE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // While the database is away the last figures stand; readiness tells of the outage.
        if let Ok(backlog) = message::backlog(app).await {
            #[expect(clippy::cast_precision_loss, reason = "seconds and mails are far below 2^52")]
            {
                gauge!("mail_oldest_unsent_seconds").set(backlog.oldest_seconds as f64);
                gauge!("mail_oldest_lease_seconds").set(backlog.oldest_lease_seconds as f64);
                gauge!("mail_dead_letters").set(backlog.dead as f64);
                gauge!("mail_held_back").set(backlog.held_back as f64);
            }
        }
    }
}

/// Reminds whoever is to be reminded. Several processes look, and one of them does it.
async fn remind(app: &App, schedule: Duration) {
    loop {
        sleep(schedule.mul_f32(0.75 + rand::random::<f32>() / 2.0)).await;
        match reminder::remind(app).await {
            Ok(0) => {}
            Ok(reminded) => counter!("reminders_total").increment(reminded),
            Err(error) => tracing::warn!("nobody can be reminded: {:#}", explain(error)),
        }
    }
}

/// Lets files go that belong to nothing. Several processes do it at different times, and do no harm together.
async fn sweep(app: &App) {
    loop {
        sleep(SWEEP.mul_f32(0.5 + rand::random::<f32>())).await;
        match attachment::sweep(app).await {
            Ok((_, files)) => counter!("swept_files_total").increment(files as u64),
            Err(error) => {
                tracing::warn!("files that belong to nothing cannot be let go: {:#}", explain(error));
            }
        }
    }
}

/// Lets rows go that are kept only for a while. Several processes do it at different times, and do no harm together.
async fn clean(app: &App) {
    loop {
        sleep(CLEAN.mul_f32(0.5 + rand::random::<f32>())).await;
        match retention::clean(app).await {
            Ok(gone) => {
                for (kind, rows) in gone {
                    counter!("cleaned_rows_total", "of" => kind.name()).increment(rows);
                }
            }
            Err(error) => tracing::warn!("what has had its time cannot be let go: {:#}", explain(error)),
        }
    }
}
