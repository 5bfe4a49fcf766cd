//! A secret sent by mail that works once; only the hash is kept.

use domain::account::TokenPurpose;
use domain::id::{OneTimeTokenId, OrganizationId, UserId};
use domain::locale::Locale;
use domain::organization::MembershipRole;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `one_time_token`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "one_time_token")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OneTimeTokenId,
    pub purpose: TokenPurpose,
    #[sea_orm(column_type = "Text")]
    pub token_hash: String,
    #[sea_orm(column_type = "Text")]
    pub email: String,
    #[sea_orm(column_type = "Text")]
    pub email_key: String,
    pub locale: Locale,
    pub user_id: Option<UserId>,
    pub organization_id: Option<OrganizationId>,
    pub role: Option<MembershipRole>,
    pub invited_by: Option<UserId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
