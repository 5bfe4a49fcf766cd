//! An account: who a person is, and the hash of what only they know.

use domain::id::UserId;
use domain::locale::Locale;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `app_user`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    #[sea_orm(column_type = "Text")]
    pub email: String,
    #[sea_orm(column_type = "Text")]
    pub email_key: String,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    pub locale: Locale,
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    pub email_verified_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
    pub deactivated_at: Option<Timestamp>,
    pub erased_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text", nullable)]
    pub status_reason: Option<String>,
    /// The number of the last thing that they were told.
    pub inbox_seq: Option<i64>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
