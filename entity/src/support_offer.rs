//! What a challenge offers at one stage, at most.

use domain::challenge::SupportStage;
use domain::id::ChallengeId;
use domain::money::Currency;
use sea_orm::entity::prelude::*;

/// A row of `support_offer`. The ceiling is in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_offer")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge_id: ChallengeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage: SupportStage,
    pub ceiling_minor: i64,
    pub ceiling_currency: Currency,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
