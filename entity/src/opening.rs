//! The logged opening of the sealed proposals, by two persons.

use domain::id::{ChallengeId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `opening`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opening")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    pub requested_by: UserId,
    pub requested_at: Timestamp,
    pub confirmed_by: Option<UserId>,
    pub confirmed_at: Option<Timestamp>,
    #[sea_orm(column_type = "Json", nullable)]
    pub receipts: Option<Json>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
