//! Webhooks as those see them who manage an organisation: where it is told what happens, of what, and what became of it. The
//! sending is in [`courier`](crate::courier).

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::access::Action;
use domain::event::{Event, EventKind};
use domain::id::{OrganizationId, PublicId as _, WebhookDeliveryId, WebhookId};
use domain::problem::{Problem, Reason};
use domain::time::Timestamp;
use domain::webhook::{
    Attempts, DeliveryStatus, Message, ROTATION_SECONDS, Subject, WEBHOOKS_MAX, Wanted,
    WebhookDisabledReason, WebhookEvent, WebhookStatus,
};
use entity::{organization, webhook, webhook_delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _,
    QueryFilter, QuerySelect as _, QueryTrait as _, Select,
};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::must;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::organization::{locked as locked_organization, manager_seat};
use crate::page::{self, Ask, Key, Page, Sort};
use crate::{App, ids};

/// Webhooks of the houses that the viewer manages; nobody else learns that there are any.
///
/// Row `WEBHOOKS` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<webhook::Entity> {
    webhook::Entity::find().filter(webhook::Column::OrganizationId.is_in(viewer.managed()))
}

/// What these were told, or are to be.
pub fn deliveries_visible_to(viewer: &Viewer) -> Select<webhook_delivery::Entity> {
    let known = visible_to(viewer).select_only().column(webhook::Column::Id).into_query();
    webhook_delivery::Entity::find().filter(webhook_delivery::Column::WebhookId.in_subquery(known))
}

fn of_house(viewer: &Viewer, house: OrganizationId) -> Select<webhook::Entity> {
    visible_to(viewer).filter(webhook::Column::OrganizationId.eq(house))
}

/// A page of the webhooks of an organisation, the newest first.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    house: OrganizationId,
    ask: &Ask,
) -> Result<Page<webhook::Model>> {
    let sort = Sort {
        column: Some(webhook::Column::CreatedAt),
        id: webhook::Column::Id,
        descending: true,
        scope: format!("webhooks of {house}"),
    };
    page::read(&app.db.read, &app.keys, of_house(viewer, house), &sort, ask, |row| {
        (Some(Key::Number(row.created_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, house: OrganizationId) -> Result<u64> {
    Ok(of_house(viewer, house).count(&app.db.read).await?)
}

fn to_webhook(viewer: &Viewer, webhook: WebhookId) -> Select<webhook_delivery::Entity> {
    deliveries_visible_to(viewer).filter(webhook_delivery::Column::WebhookId.eq(webhook))
}

/// A page of what a webhook was told, the newest first.
pub async fn deliveries(
    app: &App,
    viewer: &Viewer,
    webhook: WebhookId,
    ask: &Ask,
) -> Result<Page<webhook_delivery::Model>> {
    let sort = Sort {
        column: Some(webhook_delivery::Column::CreatedAt),
        id: webhook_delivery::Column::Id,
        descending: true,
        scope: format!("deliveries to {webhook}"),
    };
    page::read(&app.db.read, &app.keys, to_webhook(viewer, webhook), &sort, ask, |row| {
        (Some(Key::Number(row.created_at.micros())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count_deliveries(app: &App, viewer: &Viewer, webhook: WebhookId) -> Result<u64> {
    Ok(to_webhook(viewer, webhook).count(&app.db.read).await?)
}

/// By id.
pub async fn by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[WebhookId],
) -> Result<HashMap<WebhookId, webhook::Model>> {
    let rows = visible_to(viewer).filter(webhook::Column::Id.is_in(ids.to_vec())).all(&app.db.read).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// By id.
pub async fn deliveries_by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[WebhookDeliveryId],
) -> Result<HashMap<WebhookDeliveryId, webhook_delivery::Model>> {
    let rows = deliveries_visible_to(viewer)
        .filter(webhook_delivery::Column::Id.is_in(ids.to_vec()))
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

fn place(webhook: WebhookId) -> String {
    format!("secret of webhook {webhook}")
}

/// The secrets that sign now: the present one, and for a day the one before it.
pub(crate) fn secrets(app: &App, row: &webhook::Model, now: Timestamp) -> Result<Vec<SecretSlice<u8>>> {
    let former = row.former_secret.as_ref().filter(|_| row.former_until.is_some_and(|until| now < until));
    std::iter::once(&row.secret).chain(former).map(|sealed| app.seal.open(&place(row.id), sealed)).collect()
}

/// A new secret. It is shown to whoever asked for it, once, and stands sealed at rest.
pub struct Minted {
    /// As receivers are given it.
    pub secret: SecretString,
    /// For the command that keeps it.
    pub sealed: Sealed,
}

/// A secret on its way into its row.
#[derive(Clone, Serialize)]
pub struct Sealed {
    // Made anew on every attempt, so none of it tells whether a call is the same as before.
    #[serde(skip)]
    webhook: WebhookId,
    #[serde(skip)]
    mark: Uuid,
    #[serde(skip)]
    secret: String,
}

/// What a command leaves behind that kept a secret.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// Whose it is.
    pub webhook: WebhookId,
    mark: Uuid,
}

impl Minted {
    /// For a new webhook.
    pub fn new(app: &App) -> Result<Self> {
        Self::of(app, ids::random())
    }

    /// For a webhook that is there.
    pub fn of(app: &App, webhook: WebhookId) -> Result<Self> {
        let secret: [u8; 32] = rand::random();
        let sealed = app.seal.seal(&place(webhook), &secret)?;
        let secret = format!("whsec_{}", BASE64_STANDARD.encode(secret)).into();
        Ok(Self { secret, sealed: Sealed { webhook, mark: ids::random(), secret: sealed } })
    }

    /// The secret, if it is this one that was kept: who repeats a call is not shown what the first one was.
    pub fn shown(&self, kept: &Kept) -> Option<&str> {
        (kept.mark == self.sealed.mark).then(|| self.secret.expose_secret())
    }
}

impl Sealed {
    fn kept(&self, webhook: WebhookId) -> Kept {
        Kept { webhook, mark: self.mark }
    }
}

fn must_manage(tx: &Tx, house: &organization::Model) -> Result<()> {
    must(Action::ManageWebhooks, manager_seat(&tx.op().viewer, house.id).into_iter().collect())?;
    Ok(house.status.must_act()?)
}

/// Loads and locks a webhook that the viewer manages.
async fn locked(tx: &Tx, id: WebhookId, field: &str) -> Result<webhook::Model> {
    let row = visible_to(&tx.op().viewer).filter(webhook::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let row = row.ok_or_else(|| Problem::at(field, Reason::NotFound))?;
    let house = organization::Entity::find_by_id(row.organization_id).one(tx).await?;
    must_manage(tx, &house.ok_or_else(|| Error::Internal("a webhook of nobody".to_owned()))?)?;
    Ok(row)
}

/// Something happened to a webhook.
pub(crate) fn event(kind: EventKind, row: &webhook::Model) -> Event {
    Event::new(kind).organization(row.organization_id).fact("webhook", row.id)
}

fn must_be_active(row: &webhook::Model) -> Result<()> {
    match row.status {
        WebhookStatus::Active => Ok(()),
        status @ WebhookStatus::Disabled => {
            let allowed = vec![WebhookStatus::Active.name()];
            Err(Reason::Transition { current: status.name(), allowed }.into())
        }
    }
}

/// Has an organisation told what happens.
#[derive(Serialize)]
pub struct CreateWebhook {
    /// Which organisation.
    pub organization: OrganizationId,
    /// Where.
    pub url: String,
    /// Of what.
    pub wanted: Wanted,
    /// What its managers note about it.
    pub description: Option<String>,
    /// What signs.
    pub sealed: Sealed,
}

impl Command for CreateWebhook {
    const NAME: &'static str = "createWebhook";
    type Output = Kept;

    async fn run(&self, tx: &Tx) -> Result<Kept> {
        tx.fresh_person().await?;
        // Its lock lets one be made after the other, so that they can be counted.
        let house = locked_organization(tx, self.organization, "organizationId").await?;
        must_manage(tx, &house)?;
        let there =
            webhook::Entity::find().filter(webhook::Column::OrganizationId.eq(house.id)).count(tx).await?;
        if there >= WEBHOOKS_MAX as u64 {
            return Err(Reason::Quota { limit: WEBHOOKS_MAX }.into());
        }
        let now = tx.now().await?;
        let row = webhook::Model {
            id: self.sealed.webhook,
            organization_id: house.id,
            url: self.url.clone(),
            description: self.description.clone(),
            wanted: self.wanted.clone(),
            status: WebhookStatus::Active,
            disabled_reason: None,
            secret: self.sealed.secret.clone(),
            former_secret: None,
            former_until: None,
            active_since: now,
            due_at: None,
            lease_until: None,
            fence: 0,
            failing_since: None,
            given_up: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        tx.record(event(EventKind::WebhookCreated, &row));
        let row: webhook::ActiveModel = row.into();
        webhook::Entity::insert(row.reset_all()).exec_without_returning(tx).await?;
        Ok(self.sealed.kept(self.sealed.webhook))
    }
}

/// Changes where, of what or whether an organisation is told what happens. None leaves a part as it is.
#[derive(Serialize)]
pub struct UpdateWebhook {
    /// Which.
    pub webhook: WebhookId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// Where.
    pub url: Option<String>,
    /// Of what.
    pub wanted: Option<Wanted>,
    /// What its managers note about it; Some(None) clears it.
    pub description: Option<Option<String>>,
    /// Whether it is told anything.
    pub is_active: Option<bool>,
}

impl Command for UpdateWebhook {
    const NAME: &'static str = "updateWebhook";
    type Output = WebhookId;

    async fn run(&self, tx: &Tx) -> Result<WebhookId> {
        tx.op().user()?;
        let row = locked(tx, self.webhook, "webhookId").await?;
        must_be_version(Some(self.expected_version), row.version)?;
        let now = tx.now().await?;
        let mut change = webhook::ActiveModel {
            updated_at: Set(now),
            version: Set(row.version + 1),
            ..Default::default()
        };
        if let Some(url) = self.url.as_ref().filter(|url| **url != row.url) {
            tx.fresh_person().await?;
            change.url = Set(url.clone());
            change.failing_since = Set(None);
            change.given_up = Set(0);
        }
        if let Some(wanted) = &self.wanted {
            change.wanted = Set(wanted.clone());
        }
        if let Some(description) = &self.description {
            change.description = Set(description.clone());
        }
        let next = match self.is_active {
            Some(true) => WebhookStatus::Active,
            Some(false) => WebhookStatus::Disabled,
            None => row.status,
        };
        if next != row.status && next == WebhookStatus::Active {
            change.status = Set(next);
            change.disabled_reason = Set(None);
            change.active_since = Set(now);
            change.failing_since = Set(None);
            change.given_up = Set(0);
        }
        write(tx, row.id, change).await?;
        if next != row.status && next == WebhookStatus::Disabled {
            disable(tx, row.id, WebhookDisabledReason::ByManager).await?;
        }
        tx.record(event(EventKind::WebhookEdited, &row).fact("from", row.status).fact("to", next));
        Ok(row.id)
    }
}

pub(crate) async fn write(tx: &Tx, id: WebhookId, change: webhook::ActiveModel) -> Result<()> {
    webhook::Entity::update_many().set(change).filter(webhook::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Tells a webhook nothing any more, of what waits neither.
pub(crate) async fn disable(tx: &Tx, id: WebhookId, reason: WebhookDisabledReason) -> Result<()> {
    use webhook_delivery::Column as D;
    let disabled = webhook::ActiveModel {
        status: Set(WebhookStatus::Disabled),
        disabled_reason: Set(Some(reason)),
        due_at: Set(None),
        ..Default::default()
    };
    write(tx, id, disabled).await?;
    let withheld = webhook_delivery::ActiveModel {
        status: Set(DeliveryStatus::Withheld),
        settled_at: Set(Some(tx.now().await?)),
        ..Default::default()
    };
    webhook_delivery::Entity::update_many()
        .set(withheld)
        .filter(D::WebhookId.eq(id))
        .filter(D::SettledAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives a webhook another secret. The one before it signs along for a day.
#[derive(Serialize)]
pub struct RotateWebhookSecret {
    /// Which.
    pub webhook: WebhookId,
    /// What signs from now on.
    pub sealed: Sealed,
}

impl Command for RotateWebhookSecret {
    const NAME: &'static str = "rotateWebhookSecret";
    type Output = Kept;

    async fn run(&self, tx: &Tx) -> Result<Kept> {
        tx.fresh_person().await?;
        let row = locked(tx, self.webhook, "webhookId").await?;
        let now = tx.now().await?;
        let change = webhook::ActiveModel {
            secret: Set(self.sealed.secret.clone()),
            former_secret: Set(Some(row.secret.clone())),
            former_until: Set(Some(now.plus_seconds(ROTATION_SECONDS))),
            updated_at: Set(now),
            version: Set(row.version + 1),
            ..Default::default()
        };
        write(tx, row.id, change).await?;
        tx.record(event(EventKind::WebhookSecretRotated, &row));
        Ok(self.sealed.kept(row.id))
    }
}

/// Takes a webhook away, with the log of what it was told.
#[derive(Serialize)]
pub struct DeleteWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for DeleteWebhook {
    const NAME: &'static str = "deleteWebhook";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        tx.op().user()?;
        let row = locked(tx, self.webhook, "webhookId").await?;
        webhook_delivery::Entity::delete_many()
            .filter(webhook_delivery::Column::WebhookId.eq(row.id))
            .exec(tx)
            .await?;
        webhook::Entity::delete_by_id(row.id).exec(tx).await?;
        tx.record(event(EventKind::WebhookDeleted, &row));
        Ok(())
    }
}

/// Something is to be sent now.
pub(crate) async fn wake(
    tx: &Tx,
    webhooks: impl IntoIterator<Item = WebhookId>,
    now: Timestamp,
) -> Result<()> {
    // What waited for longer keeps its place.
    let later = Condition::any().add(webhook::Column::DueAt.is_null()).add(webhook::Column::DueAt.gt(now));
    webhook::Entity::update_many()
        .col_expr(webhook::Column::DueAt, Expr::value(now))
        .filter(webhook::Column::Id.is_in(webhooks))
        .filter(later)
        .exec(tx)
        .await?;
    Ok(())
}

/// Tries a webhook: it is told that nothing has happened. While such a message waits there is no second one.
#[derive(Serialize)]
pub struct PingWebhook {
    /// Which.
    pub webhook: WebhookId,
}

impl Command for PingWebhook {
    const NAME: &'static str = "pingWebhook";
    type Output = WebhookDeliveryId;

    async fn run(&self, tx: &Tx) -> Result<WebhookDeliveryId> {
        use webhook_delivery::Column as D;
        tx.op().user()?;
        let row = locked(tx, self.webhook, "webhookId").await?;
        must_be_active(&row)?;
        let waiting = webhook_delivery::Entity::find()
            .filter(D::WebhookId.eq(row.id))
            .filter(D::SettledAt.is_null())
            .filter(D::Event.eq(WebhookEvent::Ping));
        if let Some(waiting) = waiting.limit(1).one(tx).await? {
            return Ok(waiting.id);
        }
        let now = tx.now().await?;
        let id: WebhookDeliveryId = ids::random();
        let subject =
            Subject { kind: "Webhook", id: row.id.public(), handle: None, status: row.status.name() };
        let body = body(id, WebhookEvent::Ping, now, subject)?;
        let ping = webhook_delivery::ActiveModel {
            id: Set(id),
            webhook_id: Set(row.id),
            event_seq: Set(None),
            event: Set(WebhookEvent::Ping),
            challenge_id: Set(None),
            proposal_id: Set(None),
            body: Set(body),
            status: Set(DeliveryStatus::Queued),
            attempt: Set(0),
            attempts: Set(Attempts::default()),
            due_at: Set(now),
            created_at: Set(now),
            settled_at: Set(None),
        };
        webhook_delivery::Entity::insert(ping).exec_without_returning(tx).await?;
        wake(tx, [row.id], now).await?;
        tx.record(event(EventKind::WebhookPinged, &row).fact("delivery", id));
        Ok(id)
    }
}

/// What is sent, byte by byte.
pub(crate) fn body(
    id: WebhookDeliveryId,
    event: WebhookEvent,
    at: Timestamp,
    data: Subject<'_>,
) -> Result<String> {
    let message = Message { id: &id.public(), kind: &event.wire(), timestamp: at.to_rfc3339(), data };
    serde_json::to_string(&message).map_err(|error| Error::Internal(error.to_string()))
}

/// Sends a message once more: the same bytes under the same id. It is tried as often as at first.
#[derive(Serialize)]
pub struct ReplayWebhookDelivery {
    /// Which.
    pub delivery: WebhookDeliveryId,
}

impl Command for ReplayWebhookDelivery {
    const NAME: &'static str = "replayWebhookDelivery";
    type Output = WebhookDeliveryId;

    async fn run(&self, tx: &Tx) -> Result<WebhookDeliveryId> {
        use webhook_delivery::Column as D;
        tx.op().user()?;
        let unknown = || Problem::at("webhookDeliveryId", Reason::NotFound);
        let found = deliveries_visible_to(&tx.op().viewer).filter(D::Id.eq(self.delivery)).one(tx).await?;
        let row = locked(tx, found.ok_or_else(unknown)?.webhook_id, "webhookDeliveryId").await?;
        must_be_active(&row)?;
        let now = tx.now().await?;
        let again = webhook_delivery::ActiveModel {
            status: Set(DeliveryStatus::Queued),
            attempt: Set(0),
            due_at: Set(now),
            settled_at: Set(None),
            ..Default::default()
        };
        let done = webhook_delivery::Entity::update_many()
            .set(again)
            .filter(D::Id.eq(self.delivery))
            .exec(tx)
            .await?;
        if done.rows_affected != 1 {
            return Err(unknown().into());
        }
        wake(tx, [row.id], now).await?;
        tx.record(event(EventKind::WebhookReplayed, &row).fact("delivery", self.delivery));
        Ok(self.delivery)
    }
}
