//! A person as an issuer knows them: by which word of whom an account is signed on to.

use domain::id::{ExternalIdentityId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `external_identity`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_identity")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExternalIdentityId,
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    pub user_id: UserId,
    /// The address that the issuer vouched for when it was linked.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
