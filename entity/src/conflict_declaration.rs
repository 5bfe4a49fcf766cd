//! What a council member declared about one proposal.

use domain::id::{ProposalId, UserId};
use domain::review::Interest;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `conflict_declaration`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conflict_declaration")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: ProposalId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub interest: Interest,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub declared_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
