//! A criterion of the rubric; its weight is in points of 100.

use domain::id::{ChallengeId, CriterionId};
use sea_orm::entity::prelude::*;

/// A row of `criterion`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "criterion")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CriterionId,
    pub challenge_id: ChallengeId,
    pub position: i32,
    #[sea_orm(column_type = "Text")]
    pub name_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub name_en: Option<String>,
    pub weight: i64,
    pub reason_required: bool,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
