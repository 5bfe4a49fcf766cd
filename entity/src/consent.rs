//! A consent given or taken back; the latest one for a purpose holds, none is ever changed.

use domain::account::ConsentPurpose;
use domain::id::{ConsentId, UserId};
use domain::locale::Locale;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `consent`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    pub user_id: UserId,
    pub purpose: ConsentPurpose,
    pub is_given: bool,
    #[sea_orm(column_type = "Text")]
    pub notice_version: String,
    pub locale: Locale,
    pub at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
