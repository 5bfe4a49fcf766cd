//! A search that somebody keeps, to be told of what is new in it. `lead` follows from `words`: the first that has to be there, for the index.

use domain::challenge::Sector;
use domain::id::{SavedSearchId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `saved_search`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_search")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SavedSearchId,
    pub user_id: UserId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub words: String,
    #[sea_orm(column_type = "Text")]
    pub lead: String,
    pub sector: Option<Sector>,
    pub created_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
