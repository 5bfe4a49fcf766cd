//! The last event of which webhooks were told: one row, and whoever locks it goes on from there.

use sea_orm::entity::prelude::*;

/// A row of `webhook_cursor`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_cursor")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub seq: i64,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
