//! How a person wants to be told; whoever has no row never spoke of it.

use domain::id::UserId;
use domain::preference::Preferences;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `notification_preference`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_preference")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(column_type = "Json")]
    pub preferences: Preferences,
    pub updated_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
