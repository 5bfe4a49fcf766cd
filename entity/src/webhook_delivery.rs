//! A message to a webhook: one of each event, and the same bytes on every attempt. It waits as long as it is not settled.

use domain::id::{ChallengeId, ProposalId, WebhookDeliveryId, WebhookId};
use domain::time::Timestamp;
use domain::webhook::{Attempts, DeliveryStatus, WebhookEvent};
use sea_orm::entity::prelude::*;

/// A row of `webhook_delivery`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookDeliveryId,
    pub webhook_id: WebhookId,
    pub event_seq: Option<i64>,
    pub event: WebhookEvent,
    pub challenge_id: Option<ChallengeId>,
    pub proposal_id: Option<ProposalId>,
    #[sea_orm(column_type = "Text")]
    pub body: String,
    pub status: DeliveryStatus,
    pub attempt: i32,
    #[sea_orm(column_type = "Json")]
    pub attempts: Attempts,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
