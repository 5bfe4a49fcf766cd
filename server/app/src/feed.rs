//! What is new, for whoever watches a thing while it happens; following by mail is another thing, see `follow`.
//!
//! Events are rows with a number, in the order of their commits. One task per process looks for new ones and wakes those whose
//! thing was touched; what they may be told, each reads anew and by their rights of that moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::event::EventKind;
use domain::feed::{ChallengeStep, ProposalStep, REVIEW_PROGRESS};
use domain::id::{ChallengeId, ProposalId};
use domain::problem::{Form, Reason};
use domain::time::Timestamp;
use entity::{challenge, event, proposal};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _, Select,
};
use secrecy::ExposeSecret as _;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::op::Viewer;
use crate::page::argument;
use crate::{App, Error, Result};

/// Events told at once; then the reader's rights are looked at again.
const BATCH: u64 = 100;
/// The longest that an event of another process waits to be seen.
const POLL: Duration = Duration::from_secs(1);

/// What somebody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Challenge(ChallengeId),
    Proposal(ProposalId),
}

/// What an event touched. None: look for yourself, some were not seen.
type Touched = Option<(Option<ChallengeId>, Option<ProposalId>)>;

/// Wakes those who watch.
pub struct Hub {
    touched: broadcast::Sender<Touched>,
    committed: Notify,
    news: Notify,
    /// As many besides this one as have a place.
    placed: Arc<()>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            touched: broadcast::Sender::new(256),
            committed: Notify::new(),
            news: Notify::new(),
            placed: Arc::default(),
        }
    }
}

impl Hub {
    /// There may be new events.
    pub(crate) fn look(&self) {
        self.committed.notify_one();
    }

    /// There are new events, or their time has come.
    pub fn ring(&self) {
        self.news.notify_one();
    }

    /// Waits until there are: for the one who tells webhooks.
    pub async fn rung(&self) {
        self.news.notified().await;
    }

    /// How many watch something in this process: from now on they are told.
    pub fn watchers(&self) -> usize {
        Arc::strong_count(&self.placed) - 1
    }

    /// A place from which nothing is watched yet.
    pub fn feed(&self) -> Feed {
        Feed { place: Mutex::default(), touched: tokio::sync::Mutex::new(self.touched.subscribe()) }
    }
}

/// Where one reader stands in what they watch.
pub struct Feed {
    place: Mutex<Option<Place>>,
    /// Subscribed to before the place is known, so that nothing falls between.
    touched: tokio::sync::Mutex<broadcast::Receiver<Touched>>,
}

struct Place {
    _placed: Arc<()>,
    topic: Topic,
    seq: i64,
    /// There was more than a batch.
    has_more: bool,
}

impl Feed {
    /// Waits until the thing was touched.
    pub async fn news(&self) {
        let Some(topic) = self.waits_for() else { return };
        let mut touched = self.touched.lock().await;
        loop {
            match touched.recv().await {
                Ok(Some((challenge, proposal))) => {
                    let is_ours = match topic {
                        Topic::Challenge(id) => challenge == Some(id),
                        Topic::Proposal(id) => proposal == Some(id),
                    };
                    if is_ours {
                        return;
                    }
                }
                Ok(None) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The process ends, and sockets hear of it otherwise.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// What it waits for; None: there is more already.
    fn waits_for(&self) -> Option<Topic> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().filter(|place| !place.has_more).map(|place| place.topic)
    }

    /// The events after the place, of those given; the place moves on.
    async fn next(
        &self,
        app: &App,
        topic: Topic,
        after: Option<&str>,
        events: Select<event::Entity>,
    ) -> Result<Vec<event::Model>> {
        let known = self.place.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|place| place.seq);
        let since = match (known, after) {
            (Some(seq), _) => seq,
            (None, Some(cursor)) => open(app, topic, cursor)?,
            (None, None) => last(app).await?,
        };
        let events =
            events.filter(event::Column::Seq.gt(since)).order_by_asc(event::Column::Seq).limit(BATCH);
        let events = events.all(&app.db.read).await?;
        let place = Place {
            _placed: Arc::clone(&app.hub.placed),
            topic,
            seq: events.last().map_or(since, |event| event.seq),
            has_more: events.len() as u64 == BATCH,
        };
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        Ok(events)
    }
}

/// Something that happened to what is followed.
#[derive(Clone, Debug)]
pub struct Step<K> {
    /// Where the reader may go on after it.
    pub cursor: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: K,
}

fn steps<K>(
    app: &App,
    topic: Topic,
    events: Vec<event::Model>,
    of: impl Fn(EventKind) -> Option<K>,
) -> Result<Vec<Step<K>>> {
    let steps = events.into_iter().filter_map(|event| {
        let kind = of(event.kind)?;
        Some(seal(app, topic, event.seq).map(|cursor| Step { cursor, at: event.at, kind }))
    });
    steps.collect()
}

/// What is new of a challenge, with the challenge as it is now.
pub async fn challenge(
    app: &App,
    viewer: &Viewer,
    feed: &Feed,
    id: ChallengeId,
    after: Option<&str>,
) -> Result<Option<(challenge::Model, Vec<Step<ChallengeStep>>)>> {
    let known = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.eq(id));
    let Some(row) = known.one(&app.db.read).await? else { return Ok(None) };
    let inside = viewer.is_programme_office() || viewer.desks().contains(&row.agency_id);
    let events = event::Entity::find()
        .filter(event::Column::ChallengeId.eq(id))
        .filter(event::Column::Kind.is_in(ChallengeStep::told(inside)));
    let topic = Topic::Challenge(id);
    let events = feed.next(app, topic, after, events).await?;
    Ok(Some((row, steps(app, topic, events, ChallengeStep::of)?)))
}

/// What is new of a proposal, with the proposal as it is now.
pub async fn proposal(
    app: &App,
    viewer: &Viewer,
    feed: &Feed,
    id: ProposalId,
    after: Option<&str>,
) -> Result<Option<(proposal::Model, Vec<Step<ProposalStep>>)>> {
    let known = crate::proposal::visible_to(viewer).filter(proposal::Column::Id.eq(id));
    let Some(row) = known.one(&app.db.read).await? else { return Ok(None) };
    let of_the_team = viewer.applicants().contains(&row.organization_id);
    let events = event::Entity::find()
        .filter(event::Column::ProposalId.eq(id))
        .filter(event::Column::Kind.is_in(ProposalStep::told(of_the_team)));
    let topic = Topic::Proposal(id);
    let events = feed.next(app, topic, after, events).await?;
    Ok(Some((row, steps(app, topic, events, ProposalStep::of)?)))
}

/// After what the figures of a council's work may be others, of proposals that the viewer has to do with.
pub async fn review_progress(
    app: &App,
    viewer: &Viewer,
    feed: &Feed,
    id: ChallengeId,
    after: Option<&str>,
) -> Result<Option<(challenge::Model, Vec<Step<()>>)>> {
    let known = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.eq(id));
    let Some(row) = known.one(&app.db.read).await? else { return Ok(None) };
    let progress = crate::batch::progress(app, viewer, &[id]).await?;
    if progress.is_empty() {
        return Ok(None);
    }
    let ours = crate::proposal::in_office(viewer)
        .filter(proposal::Column::ChallengeId.eq(id))
        .select_only()
        .column(proposal::Column::Id)
        .into_query();
    let of_ours = Condition::any()
        .add(event::Column::ProposalId.is_null())
        .add(event::Column::ProposalId.in_subquery(ours));
    let events = event::Entity::find()
        .filter(event::Column::ChallengeId.eq(id))
        .filter(event::Column::Kind.is_in(REVIEW_PROGRESS.iter().copied()))
        .filter(of_ours);
    let topic = Topic::Challenge(id);
    let events = feed.next(app, topic, after, events).await?;
    Ok(Some((row, steps(app, topic, events, |_| Some(()))?)))
}

/// The number of an event tells how much happens elsewhere, so nobody gets to see one.
fn seal(app: &App, topic: Topic, seq: i64) -> Result<String> {
    app.seal.seal(&place(topic), seq.to_string().as_bytes())
}

fn open(app: &App, topic: Topic, cursor: &str) -> Result<i64> {
    let number = app.seal.open(&place(topic), cursor).ok();
    let number = number.and_then(|number| std::str::from_utf8(number.expose_secret()).ok()?.parse().ok());
    number.ok_or_else(|| argument("after", Reason::Malformed { expected: Form::Cursor }))
}

fn place(topic: Topic) -> String {
    match topic {
        Topic::Challenge(id) => format!("feed of challenge {id}"),
        Topic::Proposal(id) => format!("feed of proposal {id}"),
    }
}

/// The number of the last event.
async fn last(app: &App) -> std::result::Result<i64, DbErr> {
    let last = event::Entity::find().order_by_desc(event::Column::Seq).one(&app.db.read).await?;
    Ok(last.map_or(0, |event| event.seq))
}

/// Wakes those who follow, until `shutdown`. While nobody follows anything the database is not asked.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let mut seen = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.hub.committed.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        if app.hub.touched.receiver_count() == 0 {
            seen = None;
            continue;
        }
        // Away for a moment: then everybody looks for themselves.
        seen = look(app, seen).await.ok();
    }
}

/// Listens for what other processes commit, until `shutdown`: a wake-up and nothing else, so what was not heard costs the second in which
/// everybody looks anyway.
pub async fn listen(app: &App, shutdown: &CancellationToken) {
    let listening = async {
        loop {
            match app.db.bell().await {
                Ok(None) => return,
                Ok(Some(mut bell)) => {
                    // Mail is none of it: whoever commits wakes their own worker.
                    while bell.recv().await.is_ok() {
                        app.hub.look();
                        app.hub.ring();
                    }
                }
                Err(error) => tracing::debug!(%error, "other processes are not heard"),
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = listening => {}
    }
}

/// Tells of the events after `seen`, and says which was the last.
async fn look(app: &App, seen: Option<i64>) -> Result<i64> {
    // Nobody listens any more is no failure: they were counted a moment ago.
    let tell = |touched| drop(app.hub.touched.send(touched));
    let Some(mut seen) = seen else {
        let last = last(app).await?;
        tell(None);
        return Ok(last);
    };
    loop {
        let events: Vec<(i64, Option<ChallengeId>, Option<ProposalId>)> = event::Entity::find()
            .filter(event::Column::Seq.gt(seen))
            .order_by_asc(event::Column::Seq)
            .limit(BATCH)
            .select_only()
            .columns([event::Column::Seq, event::Column::ChallengeId, event::Column::ProposalId])
            .into_tuple()
            .all(&app.db.read)
            .await
            .map_err(Error::from)?;
        for (seq, challenge, proposal) in &events {
            seen = *seq;
            if challenge.is_some() || proposal.is_some() {
                tell(Some((*challenge, *proposal)));
            }
        }
        if (events.len() as u64) < BATCH {
            return Ok(seen);
        }
    }
}
