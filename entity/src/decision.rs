//! The decision on a challenge.

use domain::challenge::OfficialRecord;
use domain::decision::DecisionStatus;
use domain::id::{ChallengeId, DecisionId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `decision`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DecisionId,
    pub challenge_id: ChallengeId,
    pub status: DecisionStatus,
    #[sea_orm(column_type = "Text", nullable)]
    pub departure_reason: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub return_reason: Option<String>,
    #[sea_orm(column_type = "Json", nullable)]
    pub record: Option<OfficialRecord>,
    pub drafted_by: UserId,
    pub approved_by: Option<UserId>,
    pub approved_at: Option<Timestamp>,
    pub publish_at: Option<Timestamp>,
    pub scheduled_by: Option<UserId>,
    pub published_at: Option<Timestamp>,
    pub standstill_until: Option<Timestamp>,
    pub replaces_id: Option<DecisionId>,
    pub is_promotion: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
