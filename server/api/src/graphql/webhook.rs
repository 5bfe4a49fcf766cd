//! Webhooks: addresses at which an organisation is told what happens.

use app::webhook::{
    CreateWebhook, DeleteWebhook, Kept, Minted, PingWebhook, ReplayWebhookDelivery, RotateWebhookSecret,
    UpdateWebhook,
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::id::{OrganizationId, WebhookDeliveryId, WebhookId};
use domain::problem::Reason;
use domain::webhook::{Attempt, DESCRIPTION, DeliveryStatus, Wanted};
use entity::{webhook, webhook_delivery};

use super::context::Ask as _;
use super::enums::{
    WebhookAttemptOutcome, WebhookDeliveryStatus, WebhookDisabledReason, WebhookEvent, WebhookStatus,
};
use super::error::{Reported, Result};
use super::id;
use super::organization::Organization;
use super::page::{ask, connection, cost};
use super::payload::{Done, UserError, execute, found, payload};
use super::scalar::{DateTime, Url};
use super::text::{Lines, Reader};

/// A webhook.
#[derive(Clone)]
pub struct Webhook(pub webhook::Model);

/// An address at which an organisation is told what happens: by `POST`, signed after Standard Webhooks, at least once. Messages say what
/// happened to what, by ids; the rest is asked for here. Seen by those who manage the organisation and by nobody else.
#[Object]
impl Webhook {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Whose it is; null if you may not see it any more.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.0.organization_id).await?.map(Organization))
    }

    /// Where its messages go.
    async fn url(&self) -> Url {
        Url(self.0.url.clone())
    }

    /// What you note about it, at most 200 characters; null for nothing.
    async fn description(&self) -> Option<&String> {
        self.0.description.as_ref()
    }

    /// What it is told, in the order of the enum; a ping always.
    async fn events(&self) -> Vec<WebhookEvent> {
        self.0.wanted.0.iter().map(|event| (*event).into()).collect()
    }

    /// Whether it is told anything.
    async fn status(&self) -> WebhookStatus {
        self.0.status.into()
    }

    /// Why it is told nothing; null while it is.
    async fn disabled_reason(&self) -> Option<WebhookDisabledReason> {
        self.0.disabled_reason.map(Into::into)
    }

    /// Since when nothing has come through; null if the last message did.
    async fn failing_since(&self) -> Option<DateTime> {
        self.0.failing_since.map(DateTime)
    }

    /// Until when the secret before the present one signs along; null if none does.
    async fn former_secret_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let now = ctx.app()?.db.clock.process();
        Ok(self.0.former_until.filter(|until| now < *until).map(DateTime))
    }

    /// What it was told, and is to be told, the newest first; kept for 30 days after the last attempt.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<WebhookDeliveryConnection> {
        let ask = ask(first, after, last, before);
        let page =
            app::webhook::deliveries(ctx.app()?, &ctx.viewer()?, self.0.id, &ask).await.map_err(Reported)?;
        Ok(WebhookDeliveryConnection::new(page, Told(self.0.id)))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When somebody last changed it.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Rises with every change that somebody makes.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// A message to a webhook.
#[derive(Clone)]
pub struct WebhookDelivery(pub webhook_delivery::Model);

/// A message to a webhook, and what became of it. Its id is what the receiver finds in `webhook-id`.
#[Object]
impl WebhookDelivery {
    /// Opaque id, the same on every attempt and replay.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// To which webhook; null if you may not see it any more.
    async fn webhook(&self, ctx: &Context<'_>) -> Result<Option<Webhook>> {
        Ok(super::one(ctx, self.0.webhook_id).await?.map(Webhook))
    }

    /// What happened.
    async fn event(&self) -> WebhookEvent {
        self.0.event.into()
    }

    /// Where it stands.
    async fn status(&self) -> WebhookDeliveryStatus {
        self.0.status.into()
    }

    /// What is sent, byte by byte: JSON. Null for what is withheld.
    async fn body(&self) -> Option<&String> {
        Some(&self.0.body).filter(|_| self.0.status != DeliveryStatus::Withheld)
    }

    /// The attempts at it, the oldest first, the last 32.
    async fn attempts(&self) -> Vec<WebhookAttempt> {
        self.0.attempts.0.iter().map(Into::into).collect()
    }

    /// When it is tried next; null if it is not.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.settled_at.is_none().then_some(DateTime(self.0.due_at))
    }

    /// When it was written: within seconds of what happened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was delivered, given up or withheld; null while it waits.
    async fn settled_at(&self) -> Option<DateTime> {
        self.0.settled_at.map(DateTime)
    }
}

/// An attempt at a message. What the receiver answered beyond a status is not kept.
#[derive(SimpleObject)]
pub struct WebhookAttempt {
    /// When it began.
    at: DateTime,
    /// How it ended.
    outcome: WebhookAttemptOutcome,
    /// The HTTP status of the answer; null if there was none.
    status: Option<i32>,
    /// How long it took, in milliseconds.
    duration_milliseconds: i32,
}

impl From<&Attempt> for WebhookAttempt {
    fn from(attempt: &Attempt) -> Self {
        Self {
            at: DateTime(attempt.at),
            outcome: attempt.outcome.into(),
            status: attempt.status.map(Into::into),
            duration_milliseconds: i32::try_from(attempt.millis).unwrap_or(i32::MAX),
        }
    }
}

/// What a connection counts: the webhooks of an organisation.
pub struct Hooks(pub OrganizationId);

impl Hooks {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::webhook::count(app, &viewer, self.0).await
    }
}

connection!(
    /// A page of webhooks.
    WebhookConnection,
    /// A webhook in a list.
    WebhookEdge,
    Webhook,
    webhook::Model,
    Hooks
);

/// What a connection counts: the messages to a webhook.
pub struct Told(WebhookId);

impl Told {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::webhook::count_deliveries(app, &viewer, self.0).await
    }
}

connection!(
    /// A page of messages to a webhook.
    WebhookDeliveryConnection,
    /// A message to a webhook in a list.
    WebhookDeliveryEdge,
    WebhookDelivery,
    webhook_delivery::Model,
    Told
);

/// What `createWebhook` needs.
#[derive(InputObject)]
pub struct CreateWebhookInput {
    /// Which organisation is to be told.
    organization_id: ID,
    /// Where: https, at port 443 or 8443 of a host on the public Internet, without credentials and fragment; at most 2,000 bytes.
    url: String,
    /// Of what: one at least. Of others than its own an organisation hears what is public.
    events: Vec<WebhookEvent>,
    /// What you note about it, 1 to 200 characters.
    description: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateWebhook` needs; what is left out stays as it is, null clears it.
#[derive(InputObject)]
pub struct UpdateWebhookInput {
    /// Which.
    webhook_id: ID,
    /// The version that you saw; another one meanwhile is refused with `CONFLICT`.
    expected_version: i32,
    /// Where, as in `createWebhook`.
    url: Option<String>,
    /// Of what: one at least.
    events: Option<Vec<WebhookEvent>>,
    /// What you note about it, 1 to 200 characters.
    description: MaybeUndefined<String>,
    /// Whether it is told anything. What happens while it is not, it is not told later, and what waits is withheld.
    is_active: Option<bool>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `rotateWebhookSecret` needs.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// Which.
    webhook_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `deleteWebhook` needs.
#[derive(InputObject)]
pub struct DeleteWebhookInput {
    /// Which.
    webhook_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `pingWebhook` needs.
#[derive(InputObject)]
pub struct PingWebhookInput {
    /// Which.
    webhook_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `replayWebhookDelivery` needs.
#[derive(InputObject)]
pub struct ReplayWebhookDeliveryInput {
    /// Which message.
    webhook_delivery_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `createWebhook`.
    CreateWebhookPayload {
        /// The webhook.
        webhook: Webhook,
        /// What its messages are signed by: `whsec_` and 32 bytes in base64. It is shown this once, and null when the call repeats an
        /// earlier one.
        secret: String,
    }
}
payload! {
    /// Answer of `updateWebhook`.
    UpdateWebhookPayload {
        /// The webhook.
        webhook: Webhook,
    }
}
payload! {
    /// Answer of `rotateWebhookSecret`.
    RotateWebhookSecretPayload {
        /// The webhook.
        webhook: Webhook,
        /// The new secret, shown this once; null when the call repeats an earlier one.
        secret: String,
    }
}
payload! {
    /// Answer of `deleteWebhook`.
    DeleteWebhookPayload {
        /// The webhook that is gone.
        deleted_webhook_id: ID,
    }
}
payload! {
    /// Answer of `pingWebhook`.
    PingWebhookPayload {
        /// The message that goes out.
        webhook_delivery: WebhookDelivery,
    }
}
payload! {
    /// Answer of `replayWebhookDelivery`.
    ReplayWebhookDeliveryPayload {
        /// The message, which goes out once more.
        webhook_delivery: WebhookDelivery,
    }
}

async fn after(ctx: &Context<'_>, done: Done<WebhookId>) -> Result<(Option<Webhook>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let webhook = found(ctx, super::one(ctx, id).await?.map(Webhook), &mut errors)?;
            Ok((webhook, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

async fn after_sending(
    ctx: &Context<'_>,
    done: Done<WebhookDeliveryId>,
) -> Result<(Option<WebhookDelivery>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let message = found(ctx, super::one(ctx, id).await?.map(WebhookDelivery), &mut errors)?;
            Ok((message, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// What was kept, and the secret if it is the one that was made for this call.
fn shown(minted: &Minted, done: Done<Kept>) -> (Option<String>, Done<WebhookId>) {
    let secret = done.as_ref().ok().and_then(|kept| minted.shown(kept).map(str::to_owned));
    (secret, done.map(|kept| kept.webhook))
}

fn url(ctx: &Context<'_>, reader: &mut Reader, url: &str) -> Result<Option<String>> {
    let target = ctx.app()?.settings.webhook_reach.target(url);
    Ok(reader.keep("url", target.map(|target| target.url.into())))
}

fn events(reader: &mut Reader, events: &[WebhookEvent]) -> Option<Wanted> {
    let events = if events.is_empty() { Err(Reason::Required) } else { Ok(events) };
    let events = reader.keep("events", events)?;
    Some(Wanted(events.iter().map(|event| (*event).into()).collect()))
}

/// Webhooks.
#[derive(Default)]
pub struct WebhookMutation;

/// Webhooks.
#[Object]
impl WebhookMutation {
    /// Has an organisation told what happens, at an address of its own. For its own managers, as long as it acts. The secret that signs is
    /// in the answer, and never again. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `REAUTHENTICATION_REQUIRED`,
    /// `QUOTA` (10), `REQUIRED`, `MALFORMED` (an address that is not called), `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, where and of what.")] input: CreateWebhookInput,
    ) -> Result<Option<CreateWebhookPayload>> {
        let mut reader = Reader::default();
        let organization = reader.id("organizationId", &input.organization_id);
        let url = url(ctx, &mut reader, &input.url)?;
        let wanted = events(&mut reader, &input.events);
        let description = reader.maybe("description", input.description.as_ref(), DESCRIPTION, Lines::One);
        let minted = Minted::new(ctx.app()?).map_err(Reported)?;
        let command = organization.zip(url).zip(wanted).map(|((organization, url), wanted)| CreateWebhook {
            organization,
            url,
            wanted,
            description,
            sealed: minted.sealed.clone(),
        });
        let done = execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?;
        let (secret, done) = shown(&minted, done);
        let (webhook, user_errors) = after(ctx, done).await?;
        Ok(Some(CreateWebhookPayload { webhook, secret, user_errors }))
    }

    /// Changes where, of what or whether an organisation is told what happens. For those who manage it. User errors: `NOT_FOUND`,
    /// `ORGANIZATION_INACTIVE`, `REAUTHENTICATION_REQUIRED` (another address), `CONFLICT`, `REQUIRED`, `MALFORMED`, `TOO_LONG`,
    /// `FORBIDDEN_CHARACTER`.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what is to change.")] input: UpdateWebhookInput,
    ) -> Result<Option<UpdateWebhookPayload>> {
        let mut reader = Reader::default();
        let webhook = reader.id("webhookId", &input.webhook_id);
        let url = match &input.url {
            Some(text) => url(ctx, &mut reader, text)?,
            None => None,
        };
        let wanted = input.events.as_ref().and_then(|list| events(&mut reader, list));
        let description = match &input.description {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => {
                reader.text("description", text, DESCRIPTION, Lines::One).map(Some)
            }
        };
        let command = webhook.map(|webhook| UpdateWebhook {
            webhook,
            expected_version: input.expected_version,
            url,
            wanted,
            description,
            is_active: input.is_active,
        });
        let (webhook, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateWebhookPayload { webhook, user_errors }))
    }

    /// Gives a webhook another secret; for 24 hours the one before it signs along, so that a receiver can change over. For those who manage
    /// the organisation. User errors: `NOT_FOUND`, `ORGANIZATION_INACTIVE`, `REAUTHENTICATION_REQUIRED`.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RotateWebhookSecretInput,
    ) -> Result<Option<RotateWebhookSecretPayload>> {
        let mut reader = Reader::default();
        let webhook = reader.id("webhookId", &input.webhook_id).unwrap_or(WebhookId(uuid::Uuid::nil()));
        let minted = Minted::of(ctx.app()?, webhook).map_err(Reported)?;
        let command = RotateWebhookSecret { webhook, sealed: minted.sealed.clone() };
        let done = execute(ctx, input.idempotency_key.as_ref(), reader.finish(Some(command))).await?;
        let (secret, done) = shown(&minted, done);
        let (webhook, user_errors) = after(ctx, done).await?;
        Ok(Some(RotateWebhookSecretPayload { webhook, secret, user_errors }))
    }

    /// Takes a webhook away, with the log of what it was told. For those who manage the organisation. User errors: `NOT_FOUND`,
    /// `ORGANIZATION_INACTIVE`.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeleteWebhookInput,
    ) -> Result<Option<DeleteWebhookPayload>> {
        let mut reader = Reader::default();
        let webhook = reader.id::<WebhookId>("webhookId", &input.webhook_id);
        let command = reader.finish(webhook.map(|webhook| DeleteWebhook { webhook }));
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), command).await? {
            Ok(()) => DeleteWebhookPayload {
                deleted_webhook_id: webhook.map(super::id::encode),
                user_errors: Vec::new(),
            },
            Err(errors) => DeleteWebhookPayload::refused(errors),
        }))
    }

    /// Tries a webhook: a message of the event `PING` goes out. While one waits there is no second one. For those who manage the
    /// organisation. User errors: `NOT_FOUND`, `ORGANIZATION_INACTIVE`, `CONFLICT` (it is disabled).
    async fn ping_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: PingWebhookInput,
    ) -> Result<Option<PingWebhookPayload>> {
        let mut reader = Reader::default();
        let webhook = reader.id("webhookId", &input.webhook_id);
        let command = reader.finish(webhook.map(|webhook| PingWebhook { webhook }));
        let (webhook_delivery, user_errors) =
            after_sending(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(PingWebhookPayload { webhook_delivery, user_errors }))
    }

    /// Sends a message once more, whatever became of it: the same bytes under the same id, as often as at first. What the organisation may
    /// not know any more is withheld. For those who manage it. User errors: `NOT_FOUND`, `ORGANIZATION_INACTIVE`, `CONFLICT` (the webhook
    /// is disabled).
    async fn replay_webhook_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReplayWebhookDeliveryInput,
    ) -> Result<Option<ReplayWebhookDeliveryPayload>> {
        let mut reader = Reader::default();
        let delivery = reader.id("webhookDeliveryId", &input.webhook_delivery_id);
        let command = reader.finish(delivery.map(|delivery| ReplayWebhookDelivery { delivery }));
        let (webhook_delivery, user_errors) =
            after_sending(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(ReplayWebhookDeliveryPayload { webhook_delivery, user_errors }))
    }
}
