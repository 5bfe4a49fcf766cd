//! What is new, for whoever watches a thing while it happens; following by mail is another thing, see `follow`.
//!
//! Events are rows with a number, in the order of their commits. One task per process looks for new ones and wakes those whose
//! thing was touched; what they may be told, each reads anew and by their rights of that moment.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::event::EventKind;
use domain::feed::{ChallengeStep, ProposalStep, REVIEW_PROGRESS};
use domain::id::{ChallengeId, ProposalId, UserId};
use domain::problem::{Form, Reason};
use domain::time::Timestamp;
use entity::{challenge, event, message, proposal};
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
/// People of a statement: the number of values in one is limited.
const READERS: usize = 500;
/// The longest that an event of another process waits to be seen.
const POLL: Duration = Duration::from_secs(1);

/// What somebody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Challenge(ChallengeId),
    Proposal(ProposalId),
    Inbox(UserId),
}

/// What was touched.
#[derive(Clone, Copy, Debug)]
enum Touched {
    /// By an event.
    Event(Option<ChallengeId>, Option<ProposalId>),
    /// What somebody was told.
    Inbox(UserId),
    /// Look for yourself, some were not seen.
    Unknown,
}

/// Wakes those who watch.
pub struct Hub {
    touched: broadcast::Sender<Touched>,
    committed: Notify,
    news: Notify,
    places: Arc<Mutex<Places>>,
}

/// What is watched.
#[derive(Default)]
struct Places {
    count: usize,
    /// Whose inbox, and by how many.
    inboxes: HashMap<UserId, usize>,
}

/// One more that watches, until it is dropped.
struct Watching {
    places: Arc<Mutex<Places>>,
    topic: Topic,
}

impl Watching {
    fn new(places: &Arc<Mutex<Places>>, topic: Topic) -> Self {
        let mut all = places.lock().unwrap_or_else(PoisonError::into_inner);
        all.count += 1;
        if let Topic::Inbox(reader) = topic {
            *all.inboxes.entry(reader).or_default() += 1;
        }
        Self { places: Arc::clone(places), topic }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        all.count = all.count.saturating_sub(1);
        if let Topic::Inbox(reader) = self.topic
            && let Entry::Occupied(mut watched) = all.inboxes.entry(reader)
        {
            *watched.get_mut() -= 1;
            if *watched.get() == 0 {
                watched.remove();
            }
        }
    }
}

impl Topic {
    fn is_in(self, touched: Touched) -> bool {
        match touched {
            Touched::Event(challenge, proposal) => match self {
                Self::Challenge(id) => challenge == Some(id),
                Self::Proposal(id) => proposal == Some(id),
                Self::Inbox(_) => false,
            },
            Touched::Inbox(reader) => self == Self::Inbox(reader),
            Touched::Unknown => true,
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            touched: broadcast::Sender::new(256),
            committed: Notify::new(),
            news: Notify::new(),
            places: Arc::default(),
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
        self.places.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Whose inbox is watched in this process.
    fn readers(&self) -> Vec<UserId> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).inboxes.keys().copied().collect()
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
    watching: Watching,
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
                Ok(touched) if topic.is_in(touched) => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The process ends, and sockets hear of it otherwise.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// What it waits for; None: there is more already.
    fn waits_for(&self) -> Option<Topic> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().filter(|place| !place.has_more).map(|place| place.watching.topic)
    }

    /// After which number the reader goes on.
    async fn since(&self, app: &App, topic: Topic, after: Option<&str>) -> Result<i64> {
        let known = self.place.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|place| place.seq);
        match (known, after, topic) {
            (Some(seq), ..) => Ok(seq),
            (None, Some(cursor), _) => open(app, topic, cursor),
            (None, None, Topic::Inbox(reader)) => {
                let last = crate::inbox::last(app, vec![reader]).await?;
                Ok(last.into_iter().find_map(|(_, seq)| seq).unwrap_or_default())
            }
            (None, None, _) => Ok(last(app).await?),
        }
    }

    /// It has been told so many, the last of this number.
    fn moves_on(&self, app: &App, topic: Topic, seq: i64, told: usize) {
        let watching = Watching::new(&app.hub.places, topic);
        let place = Place { watching, seq, has_more: told as u64 == BATCH };
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// The events after the place, of those given; the place moves on.
    async fn next(
        &self,
        app: &App,
        topic: Topic,
        after: Option<&str>,
        events: Select<event::Entity>,
    ) -> Result<Vec<event::Model>> {
        let since = self.since(app, topic, after).await?;
        let events =
            events.filter(event::Column::Seq.gt(since)).order_by_asc(event::Column::Seq).limit(BATCH);
        let events = events.all(&app.db.read).await?;
        self.moves_on(app, topic, events.last().map_or(since, |event| event.seq), events.len());
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

/// What the viewer was told anew; nobody else's.
pub async fn inbox(
    app: &App,
    viewer: &Viewer,
    feed: &Feed,
    after: Option<&str>,
) -> Result<Vec<Step<message::Model>>> {
    let reader = viewer.0.as_ref().ok_or(Error::Unauthenticated)?.id;
    let topic = Topic::Inbox(reader);
    let since = feed.since(app, topic, after).await?;
    let rows = crate::inbox::visible_to(viewer)
        .filter(message::Column::InboxSeq.gt(since))
        .order_by_asc(message::Column::InboxSeq)
        .limit(BATCH)
        .all(&app.db.read)
        .await?;
    let last = rows.last().and_then(|row| row.inbox_seq).unwrap_or(since);
    feed.moves_on(app, topic, last, rows.len());
    let steps = rows.into_iter().filter_map(|row| {
        let cursor = seal(app, topic, row.inbox_seq?);
        Some(cursor.map(|cursor| Step { cursor, at: row.created_at, kind: row }))
    });
    steps.collect()
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
        Topic::Inbox(id) => format!("feed of inbox {id}"),
    }
}

/// The number of the last event.
async fn last(app: &App) -> std::result::Result<i64, DbErr> {
    let last = event::Entity::find().order_by_desc(event::Column::Seq).one(&app.db.read).await?;
    Ok(last.map_or(0, |event| event.seq))
}

/// Wakes those who follow, until `shutdown`. While nobody follows anything the database is not asked.
pub async fn run(app: &App, shutdown: &CancellationToken) {
    let (mut seen, mut told) = (None, HashMap::new());
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.hub.committed.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        if app.hub.touched.receiver_count() == 0 {
            seen = None;
            told.clear();
            continue;
        }
        // Away for a moment: then everybody looks for themselves.
        seen = look(app, seen).await.ok();
        told = look_at_inboxes(app, told).await.unwrap_or_default();
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

/// Tells of the inboxes in which something is new since these were the last numbers, and says which they are now. Who has just begun
/// to watch is told to look.
async fn look_at_inboxes(
    app: &App,
    known: HashMap<UserId, Option<i64>>,
) -> Result<HashMap<UserId, Option<i64>>> {
    let readers = app.hub.readers();
    if readers.is_empty() {
        return Ok(HashMap::new());
    }
    let mut now = HashMap::with_capacity(readers.len());
    for some in readers.chunks(READERS) {
        now.extend(crate::inbox::last(app, some.to_vec()).await?);
    }
    for (reader, _) in now.iter().filter(|(reader, seq)| known.get(*reader) != Some(*seq)) {
        drop(app.hub.touched.send(Touched::Inbox(*reader)));
    }
    Ok(now)
}

/// Tells of the events after `seen`, and says which was the last.
async fn look(app: &App, seen: Option<i64>) -> Result<i64> {
    // Nobody listens any more is no failure: they were counted a moment ago.
    let tell = |touched| drop(app.hub.touched.send(touched));
    let Some(mut seen) = seen else {
        let last = last(app).await?;
        tell(Touched::Unknown);
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
                tell(Touched::Event(*challenge, *proposal));
            }
        }
        if (events.len() as u64) < BATCH {
            return Ok(seen);
        }
    }
}
