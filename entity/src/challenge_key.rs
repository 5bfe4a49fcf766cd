//! The key of what proposals to a challenge say, sealed by the key of the configuration.

use domain::id::ChallengeId;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `challenge_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge_key")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    pub sealed_by: String,
    #[sea_orm(column_type = "Text")]
    pub sealed: String,
    pub created_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
