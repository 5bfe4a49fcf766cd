//! Something that happened; `seq` is its place in the audit chain and the cursor of whoever follows.

use domain::event::EventKind;
use domain::id::{ChallengeId, ProposalId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: EventKind,
    pub at: Timestamp,
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    pub challenge_id: Option<ChallengeId>,
    pub proposal_id: Option<ProposalId>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
