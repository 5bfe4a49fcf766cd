//! What a challenge said in public, each time that was changed. Written once.

use domain::challenge::Published;
use domain::id::ChallengeId;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `challenge_version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge_version")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub published_at: Timestamp,
    #[sea_orm(column_type = "Text", nullable)]
    pub note_vi: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub note_en: Option<String>,
    #[sea_orm(column_type = "Json")]
    pub content: Published,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
