//! One proposal in a decision: its place as ranked, and what was decided.

use domain::decision::Outcome;
use domain::id::{DecisionId, ProposalId};
use sea_orm::entity::prelude::*;

/// A row of `decision_outcome`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision_outcome")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub decision_id: DecisionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: ProposalId,
    pub position: i32,
    pub rank: i32,
    #[sea_orm(column_type = "Text")]
    pub mean: String,
    pub passes: bool,
    pub outcome: Option<Outcome>,
    #[sea_orm(column_type = "Text", nullable)]
    pub feedback: Option<String>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
