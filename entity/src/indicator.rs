//! What is measured: baseline and target.

use domain::id::{ChallengeId, IndicatorId};
use domain::time::Day;
use sea_orm::entity::prelude::*;

/// A row of `indicator`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "indicator")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IndicatorId,
    pub challenge_id: ChallengeId,
    pub position: i32,
    #[sea_orm(column_type = "Text")]
    pub name_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub name_en: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub unit_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_en: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub baseline: String,
    pub baseline_on: Day,
    #[sea_orm(column_type = "Text")]
    pub source_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub source_en: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub target: String,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
