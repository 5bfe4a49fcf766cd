//! What is announced about a challenge. Written once.

use domain::id::{ChallengeId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `announcement`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "announcement")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub published_by: UserId,
    pub published_at: Timestamp,
    #[sea_orm(column_type = "Text")]
    pub text_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub text_en: Option<String>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
