//! A question about a challenge. `settled_key` follows from other columns and exists for the index.

use domain::id::{ChallengeId, OrganizationId, QuestionId, UserId};
use domain::question::QuestionStatus;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `question`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "question")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuestionId,
    pub challenge_id: ChallengeId,
    pub organization_id: OrganizationId,
    pub asked_by: UserId,
    pub status: QuestionStatus,
    #[sea_orm(column_type = "Text")]
    pub asked_text: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub published_text: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub answer_vi: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub answer_en: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decline_reason: Option<String>,
    pub asked_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    pub settled_key: i64,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
