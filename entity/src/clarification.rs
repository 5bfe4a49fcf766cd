//! What a team was asked to make clearer, and what it said; both sealed in `said`.

use domain::id::{ChallengeId, ProposalId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `clarification`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clarification")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: ProposalId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub challenge_id: ChallengeId,
    #[sea_orm(column_type = "Text")]
    pub said: String,
    pub asked_by: UserId,
    pub asked_at: Timestamp,
    pub due_at: Timestamp,
    pub answered_by: Option<UserId>,
    pub answered_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
