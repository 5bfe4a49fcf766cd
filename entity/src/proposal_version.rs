//! A submitted version, immutable: the bytes of the receipt.

use domain::id::{ProposalId, ProposalVersionId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `proposal_version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal_version")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProposalVersionId,
    pub proposal_id: ProposalId,
    pub number: i32,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    pub submitted_at: Timestamp,
    pub submitted_by: UserId,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
