//! The link by which others read a draft: one for a challenge, and only the hash of its secret.

use domain::id::{ChallengeId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `preview_link`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preview_link")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    #[sea_orm(column_type = "Text")]
    pub token_hash: String,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
