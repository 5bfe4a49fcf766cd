//! An address at which an organisation is told what happens. `due_at` is when the next message is to be sent: whoever holds the
//! lease sends it, one after the other. The secrets are sealed.

use domain::id::{OrganizationId, WebhookId};
use domain::time::Timestamp;
use domain::webhook::{Wanted, WebhookDisabledReason, WebhookStatus};
use sea_orm::entity::prelude::*;

/// A row of `webhook`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub organization_id: OrganizationId,
    #[sea_orm(column_type = "Text")]
    pub url: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    #[sea_orm(column_type = "Json")]
    pub wanted: Wanted,
    pub status: WebhookStatus,
    pub disabled_reason: Option<WebhookDisabledReason>,
    #[sea_orm(column_type = "Text")]
    pub secret: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub former_secret: Option<String>,
    pub former_until: Option<Timestamp>,
    pub active_since: Timestamp,
    pub due_at: Option<Timestamp>,
    pub lease_until: Option<Timestamp>,
    pub fence: i64,
    pub failing_since: Option<Timestamp>,
    pub given_up: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
