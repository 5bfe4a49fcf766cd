//! One mail to one person.

use domain::id::{MessageId, UserId};
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::preference::{Delivery, NotificationGroup};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `message`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub event_seq: i64,
    pub kind: LetterKind,
    pub user_id: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    pub status: MessageStatus,
    pub attempt: i32,
    pub due_at: Timestamp,
    pub lease_until: Option<Timestamp>,
    pub fence: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    /// Blinded: the address refused this mail, or this mail was held back because it had refused another.
    #[sea_orm(column_type = "Text", nullable)]
    pub address_hash: Option<String>,
    pub topic: Option<NotificationGroup>,
    pub delivery: Option<Delivery>,
    pub digest_id: Option<Uuid>,
    /// Its number in the order in which its reader was told; none as long as they were not.
    pub inbox_seq: Option<i64>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
