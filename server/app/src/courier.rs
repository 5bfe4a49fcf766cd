//! Messages to webhooks: written from the events that were committed, claimed under a lease, settled behind a fence.
//!
//! Nothing of it is in the transaction of a change. Events are rows with a number, in the order of their commits and without
//! gaps (`record`), so one row says of which of them webhooks were told; whoever locks it writes the next messages, and the
//! messages and the place commit together. A webhook is claimed, not a message: so a receiver gets one after the other, and one
//! that is slow or away holds one place and its own messages.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::event::EventKind;
use domain::id::{
    ChallengeId, OrganizationId, ProposalId, PublicId as _, UserId, WebhookDeliveryId, WebhookId,
};
use domain::locale::Locale;
use domain::organization::MembershipRole;
use domain::webhook::{
    Attempt, AttemptOutcome, Attempts, DeliveryStatus, Hearer, Subject, WebhookDisabledReason, WebhookStatus,
    heard, is_hopeless, pause_seconds,
};
use entity::{challenge, event, organization, proposal, webhook, webhook_cursor, webhook_delivery};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Order};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _,
    QueryFilter, QueryOrder, QuerySelect,
};
use secrecy::SecretSlice;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::{Person, Seat, Viewer};
use crate::{App, ids, webhook as hooks};

/// While there is no webhook that could be told, the place in the feed may be behind by so many events: nothing is written after each.
/// Whoever comes then is told of nothing older than they are.
const LAG: i64 = 1_000;
/// Events of which webhooks are told in one transaction.
const EVENTS: u64 = 100;
/// Rows per insert: both databases limit the parameters of a statement.
const CHUNK: usize = 500;
/// Webhooks that are looked at to find some that may be called.
const LOOKED_AT: u64 = 64;
/// Messages under way to one host at a time.
const PER_HOST: usize = 2;

/// How long whoever claimed a webhook may take for one message, in seconds. Longer than any attempt.
pub const LEASE_SECONDS: u64 = 20;

/// What there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Events of which webhooks were not told yet.
    pub is_news: bool,
    /// Webhooks with something to be sent.
    pub is_due: bool,
}

/// Looks whether there is anything to do, without writing.
pub async fn look(app: &App) -> Result<Work> {
    let db = &app.db.read;
    let active = webhook::Entity::find().filter(webhook::Column::Status.eq(WebhookStatus::Active)).limit(1);
    let lag = if active.one(db).await?.is_some() { 0 } else { LAG };
    let seen = webhook_cursor::Entity::find_by_id(1).one(db).await?.map_or(0, |cursor| cursor.seq);
    let news = event::Entity::find()
        .filter(event::Column::Seq.gt(seen.saturating_add(lag)))
        .limit(1)
        .one(db)
        .await?;
    let due =
        webhook::Entity::find().filter(webhook::Column::DueAt.lte(app.db.clock.read(db).await?)).limit(1);
    Ok(Work { is_news: news.is_some(), is_due: due.one(db).await?.is_some() })
}

/// Writes the messages of the next events; says whether there may be more of them.
#[derive(Serialize)]
pub struct Expand;

impl Command for Expand {
    const NAME: &'static str = "tellWebhooks";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let cursor = webhook_cursor::Entity::find_by_id(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .one(tx)
            .await?;
        // Somebody else is at it.
        let Some(cursor) = cursor else { return Ok(false) };
        let events = event::Entity::find()
            .filter(event::Column::Seq.gt(cursor.seq))
            .order_by_asc(event::Column::Seq)
            .limit(EVENTS)
            .all(tx)
            .await?;
        let Some(last) = events.last() else { return Ok(false) };
        let now = tx.now().await?;
        let messages = messages(tx, &events).await?;
        let told: BTreeSet<_> = messages.iter().map(|message| message.webhook_id).collect();
        for chunk in messages.chunks(CHUNK) {
            let rows = chunk.iter().cloned().map(|message| {
                let row: webhook_delivery::ActiveModel = message.into();
                row.reset_all()
            });
            webhook_delivery::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        if !told.is_empty() {
            hooks::wake(tx, told, now).await?;
        }
        webhook_cursor::Entity::update_many()
            .set(webhook_cursor::ActiveModel { seq: Set(last.seq), ..Default::default() })
            .filter(webhook_cursor::Column::Id.eq(1))
            .exec(tx)
            .await?;
        Ok(events.len() as u64 == EVENTS)
    }
}

/// What of the events is to be told, to whom.
async fn messages(tx: &Tx, events: &[event::Model]) -> Result<Vec<webhook_delivery::Model>> {
    let news: Vec<_> = events.iter().filter(|event| heard(event.kind).is_some()).collect();
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let now = tx.now().await?;
    // Held against whoever deletes one meanwhile.
    let webhooks = webhook::Entity::find()
        .filter(webhook::Column::Status.eq(WebhookStatus::Active))
        .lock(LockType::KeyShare)
        .all(tx)
        .await?;
    if webhooks.is_empty() {
        return Ok(Vec::new());
    }
    let things = Things::of(tx, &news).await?;
    let mut messages = Vec::new();
    for event in news {
        let Some((kind, hearer)) = heard(event.kind) else { continue };
        let Some((owner, is_public)) = things.owner(event, hearer) else { continue };
        for webhook in &webhooks {
            let hears = webhook.organization_id == owner || is_public;
            let is_wanted = webhook.wanted.0.contains(&kind) && webhook.active_since <= event.at;
            if !(hears && is_wanted) {
                continue;
            }
            let id: WebhookDeliveryId = ids::random();
            let Some(subject) = things.subject(event, hearer) else { continue };
            messages.push(webhook_delivery::Model {
                id,
                webhook_id: webhook.id,
                event_seq: Some(event.seq),
                event: kind,
                challenge_id: event.challenge_id,
                proposal_id: event.proposal_id.filter(|_| hearer == Hearer::Team),
                body: hooks::body(id, kind, event.at, subject)?,
                status: DeliveryStatus::Queued,
                attempt: 0,
                attempts: Attempts::default(),
                due_at: now,
                created_at: now,
                settled_at: None,
            });
        }
    }
    Ok(messages)
}

/// What the events are about.
struct Things {
    challenges: HashMap<ChallengeId, challenge::Model>,
    public: HashSet<ChallengeId>,
    proposals: HashMap<ProposalId, proposal::Model>,
}

impl Things {
    async fn of(tx: &Tx, events: &[&event::Model]) -> Result<Self> {
        let challenges: BTreeSet<_> = events.iter().filter_map(|event| event.challenge_id).collect();
        let proposals: BTreeSet<_> = events.iter().filter_map(|event| event.proposal_id).collect();
        let public = crate::challenge::visible_to(&Viewer::default())
            .filter(challenge::Column::Id.is_in(challenges.clone()))
            .select_only()
            .column(challenge::Column::Id)
            .into_tuple()
            .all(tx)
            .await?;
        let challenges =
            challenge::Entity::find().filter(challenge::Column::Id.is_in(challenges)).all(tx).await?;
        let proposals =
            proposal::Entity::find().filter(proposal::Column::Id.is_in(proposals)).all(tx).await?;
        Ok(Self {
            challenges: challenges.into_iter().map(|row| (row.id, row)).collect(),
            public: public.into_iter().collect(),
            proposals: proposals.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// Whose it is, and whether everybody else hears of it too.
    fn owner(&self, event: &event::Model, hearer: Hearer) -> Option<(OrganizationId, bool)> {
        match hearer {
            Hearer::Team => Some((self.proposals.get(&event.proposal_id?)?.organization_id, false)),
            Hearer::Agency => Some((self.challenges.get(&event.challenge_id?)?.agency_id, false)),
            Hearer::Everybody => {
                let challenge = self.challenges.get(&event.challenge_id?)?;
                Some((challenge.agency_id, self.public.contains(&challenge.id)))
            }
        }
    }

    fn subject(&self, event: &event::Model, hearer: Hearer) -> Option<Subject<'_>> {
        if hearer == Hearer::Team {
            let row = self.proposals.get(&event.proposal_id?)?;
            let status = row.status.public().name();
            return Some(Subject { kind: "Proposal", id: row.id.public(), handle: None, status });
        }
        let row = self.challenges.get(&event.challenge_id?)?;
        let handle = Some(row.slug.as_str());
        Some(Subject { kind: "Challenge", id: row.id.public(), handle, status: row.status.name() })
    }
}

/// A claimed webhook: whoever holds it may settle a message to it as long as nobody claimed it since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claimed {
    /// Which.
    pub webhook: WebhookId,
    /// Rises with every claim.
    pub fence: i64,
    /// Where its messages go.
    pub host: String,
    /// The last attempt failed.
    pub is_failing: bool,
}

/// Takes webhooks that have something to be sent, or whose holder did not come back. Those that are in order come first.
#[derive(Serialize)]
pub struct Claim {
    /// At most so many,
    pub limit: usize,
    /// and of these so many that failed the last time.
    pub failing: usize,
    /// Messages under way to each host.
    pub busy: BTreeMap<String, usize>,
}

impl Command for Claim {
    const NAME: &'static str = "claimWebhooks";
    type Output = Vec<Claimed>;

    async fn run(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        use webhook::Column as W;
        let now = tx.now().await?;
        let is_free = Condition::any().add(W::LeaseUntil.is_null()).add(W::LeaseUntil.lte(now));
        let due = webhook::Entity::find()
            .filter(W::DueAt.lte(now))
            .filter(is_free)
            .order_by(Expr::col(W::FailingSince).is_not_null(), Order::Asc)
            .order_by_asc(W::DueAt)
            .limit(LOOKED_AT)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .all(tx)
            .await?;
        let (mut claimed, mut busy, mut failing) = (Vec::new(), self.busy.clone(), self.failing);
        for row in due {
            let is_failing = row.failing_since.is_some();
            let host = host(&row.url);
            let under_way = busy.entry(host.clone()).or_default();
            if claimed.len() >= self.limit || *under_way >= PER_HOST || (is_failing && failing == 0) {
                continue;
            }
            *under_way += 1;
            failing -= usize::from(is_failing);
            claimed.push(Claimed { webhook: row.id, fence: row.fence + 1, host, is_failing });
        }
        if !claimed.is_empty() {
            let lease = now.plus_seconds(i64::try_from(LEASE_SECONDS).unwrap_or(i64::MAX));
            webhook::Entity::update_many()
                .set(webhook::ActiveModel { lease_until: Set(Some(lease)), ..Default::default() })
                .col_expr(W::Fence, Expr::col(W::Fence).add(1))
                .filter(W::Id.is_in(claimed.iter().map(|claimed| claimed.webhook)))
                .exec(tx)
                .await?;
        }
        Ok(claimed)
    }
}

fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// A message, ready to be sent.
pub struct Composed {
    /// Which.
    pub delivery: WebhookDeliveryId,
    /// Names it to its receiver, the same on every attempt.
    pub id: String,
    /// Where to.
    pub url: String,
    /// What.
    pub body: String,
    /// What signs it, the present secret first.
    pub secrets: Vec<SecretSlice<u8>>,
}

/// What is to be done with a claimed webhook.
pub enum Composition {
    /// Something is to be sent.
    Ready(Box<Composed>),
    /// Something is not to be sent.
    Withheld(WebhookDeliveryId),
    /// Nothing waits.
    Nothing,
}

/// The message to a webhook that is due first, by what the organisation may know now.
pub async fn compose(app: &App, claimed: &Claimed) -> Result<Composition> {
    use webhook_delivery::Column as D;
    let db = &app.db.read;
    let now = app.db.clock.read(db).await?;
    let Some(hook) = webhook::Entity::find_by_id(claimed.webhook).one(db).await? else {
        return Ok(Composition::Nothing);
    };
    let next = webhook_delivery::Entity::find()
        .filter(D::WebhookId.eq(hook.id))
        .filter(D::SettledAt.is_null())
        .filter(D::DueAt.lte(now))
        .order_by_asc(D::DueAt)
        .order_by_asc(D::EventSeq)
        .limit(1);
    let Some(message) = next.one(db).await? else { return Ok(Composition::Nothing) };
    if !may_hear(app, &hook, &message).await? {
        return Ok(Composition::Withheld(message.id));
    }
    Ok(Composition::Ready(Box::new(Composed {
        delivery: message.id,
        id: message.id.public(),
        secrets: hooks::secrets(app, &hook, now)?,
        url: hook.url,
        body: message.body,
    })))
}

/// Rights are those of the moment of sending: by the same scopes as for the people of the organisation.
async fn may_hear(app: &App, hook: &webhook::Model, message: &webhook_delivery::Model) -> Result<bool> {
    let db = &app.db.read;
    let house = organization::Entity::find_by_id(hook.organization_id).one(db).await?;
    let house = house.ok_or_else(|| Error::Internal("a webhook of nobody".to_owned()))?;
    if hook.status != WebhookStatus::Active || house.status.must_act().is_err() {
        return Ok(false);
    }
    let viewer = on_behalf_of(&house);
    let found = match (message.proposal_id, message.challenge_id) {
        (Some(id), _) => {
            crate::proposal::of_team(&viewer).filter(proposal::Column::Id.eq(id)).count(db).await?
        }
        (None, Some(id)) => {
            crate::challenge::visible_to(&viewer).filter(challenge::Column::Id.eq(id)).count(db).await?
        }
        // A ping.
        (None, None) => 1,
    };
    Ok(found > 0)
}

/// Somebody who has a seat in that house and nothing else.
fn on_behalf_of(house: &organization::Model) -> Viewer {
    let seat = Seat {
        organization: house.id,
        kind: house.kind,
        status: house.status,
        role: MembershipRole::founder(house.kind),
        delegation: None,
    };
    Viewer(Some(Person {
        id: UserId(Uuid::nil()),
        session: None,
        authenticated_at: None,
        has_shown_second_factor: false,
        locale: Locale::Vi,
        seats: vec![seat],
        posts: Vec::new(),
    }))
}

/// How it ended.
#[derive(Clone, Debug, Serialize)]
pub enum Settlement {
    /// Nothing was to be sent.
    Idle,
    /// Not sent on purpose.
    Withheld(WebhookDeliveryId),
    /// It was tried.
    Tried(WebhookDeliveryId, Attempt),
}

/// The answer of a receiver that is gone for good.
const GONE: u16 = 410;

/// Says how it ended, and gives the webhook back. Nothing happens if somebody else holds it by now.
#[derive(Serialize)]
pub struct Settle {
    /// Which claim.
    pub claimed: Claimed,
    /// How it ended.
    pub outcome: Settlement,
}

impl Command for Settle {
    const NAME: &'static str = "settleWebhook";
    type Output = Option<DeliveryStatus>;

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let held = webhook::Entity::find_by_id(self.claimed.webhook)
            .filter(webhook::Column::Fence.eq(self.claimed.fence));
        let Some(hook) = held.lock_exclusive().one(tx).await? else { return Ok(None) };
        let mut change = webhook::ActiveModel { lease_until: Set(None), ..Default::default() };
        let mut disabled = None;
        let status = match &self.outcome {
            Settlement::Idle => None,
            Settlement::Withheld(id) => {
                let withheld = webhook_delivery::ActiveModel {
                    status: Set(DeliveryStatus::Withheld),
                    settled_at: Set(Some(tx.now().await?)),
                    ..Default::default()
                };
                settle(tx, *id, withheld).await?;
                Some(DeliveryStatus::Withheld)
            }
            Settlement::Tried(id, attempt) => {
                let status = tried(tx, *id, attempt).await?;
                match status {
                    Some(DeliveryStatus::Delivered) => {
                        change.failing_since = Set(None);
                        change.given_up = Set(0);
                    }
                    Some(status) => {
                        let now = tx.now().await?;
                        let since = hook.failing_since.unwrap_or(now);
                        let given_up = hook.given_up + i32::from(status == DeliveryStatus::Failed);
                        change.failing_since = Set(Some(since));
                        change.given_up = Set(given_up);
                        if attempt.status == Some(GONE) {
                            disabled = Some(WebhookDisabledReason::Gone);
                        } else if is_hopeless(given_up, now.seconds_since(since)) {
                            disabled = Some(WebhookDisabledReason::Failing);
                        }
                    }
                    None => {}
                }
                status
            }
        };
        change.due_at = Set(next_due(tx, hook.id).await?);
        hooks::write(tx, hook.id, change).await?;
        if let Some(reason) = disabled.filter(|_| hook.status == WebhookStatus::Active) {
            hooks::disable(tx, hook.id, reason).await?;
            tx.record(hooks::event(EventKind::WebhookDisabled, &hook).fact("reason", reason));
        }
        Ok(status)
    }
}

/// Writes down an attempt and what follows from it; None if its message was settled otherwise meanwhile.
async fn tried(tx: &Tx, id: WebhookDeliveryId, attempt: &Attempt) -> Result<Option<DeliveryStatus>> {
    let waiting =
        webhook_delivery::Entity::find_by_id(id).filter(webhook_delivery::Column::SettledAt.is_null());
    let Some(row) = waiting.one(tx).await? else { return Ok(None) };
    let now = tx.now().await?;
    let number = row.attempt + 1;
    let mut change = webhook_delivery::ActiveModel {
        attempt: Set(number),
        attempts: Set(row.attempts.with(attempt.clone())),
        ..Default::default()
    };
    let pause = pause_seconds(number, rand::random()).filter(|_| attempt.status != Some(GONE));
    let status = match (attempt.outcome, pause) {
        (AttemptOutcome::Delivered, _) => DeliveryStatus::Delivered,
        (_, Some(pause)) => {
            change.due_at = Set(now.plus_seconds(pause));
            DeliveryStatus::Retrying
        }
        (_, None) => DeliveryStatus::Failed,
    };
    change.settled_at = Set(Some(now).filter(|_| status != DeliveryStatus::Retrying));
    change.status = Set(status);
    settle(tx, id, change).await?;
    Ok(Some(status))
}

async fn settle(tx: &Tx, id: WebhookDeliveryId, change: webhook_delivery::ActiveModel) -> Result<()> {
    webhook_delivery::Entity::update_many()
        .set(change)
        .filter(webhook_delivery::Column::Id.eq(id))
        .filter(webhook_delivery::Column::SettledAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

async fn next_due(tx: &Tx, webhook: WebhookId) -> Result<Option<domain::time::Timestamp>> {
    use webhook_delivery::Column as D;
    let next = webhook_delivery::Entity::find()
        .filter(D::WebhookId.eq(webhook))
        .filter(D::SettledAt.is_null())
        .order_by_asc(D::DueAt)
        .limit(1);
    Ok(next.one(tx).await?.map(|row| row.due_at))
}

/// Seconds by which the sending is behind, for the metrics.
pub async fn behind(app: &App) -> Result<i64> {
    let first = webhook::Entity::find()
        .filter(webhook::Column::DueAt.is_not_null())
        .order_by_asc(webhook::Column::DueAt)
        .limit(1);
    let due = first.one(&app.db.read).await?.and_then(|row| row.due_at);
    Ok(due.map_or(0, |due| Ord::max(app.db.clock.process().seconds_since(due), 0)))
}

/// Whether everything that webhooks are to be told by now they were told: tests wait for it.
pub async fn is_quiet(app: &App) -> Result<bool> {
    Ok(look(app).await? == Work::default())
}
