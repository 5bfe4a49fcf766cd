//! That somebody follows something. Nobody else learns it.

use domain::follow::FollowKind;
use domain::id::UserId;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `follow`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "follow")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: FollowKind,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub target: String,
    pub created_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
