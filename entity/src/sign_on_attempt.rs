//! Somebody on the way to an issuer and back; of what they carry only hashes are kept.

use domain::id::SignOnAttemptId;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `sign_on_attempt`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_on_attempt")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignOnAttemptId,
    #[sea_orm(column_type = "Text")]
    pub state_hash: String,
    #[sea_orm(column_type = "Text")]
    pub attempt_hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
