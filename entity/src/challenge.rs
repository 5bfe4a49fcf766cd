//! A big problem. `is_public`, `deadline_key`, `published_key`, `title_key` and `search_text` follow from other columns and exist for the indexes.

use domain::challenge::{Brief, ChallengeStatus, OfficialRecord, RequestedChanges, Rubric, Sector, Track};
use domain::id::{ChallengeId, OrganizationId, UserId};
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `challenge`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenge")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChallengeId,
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    pub agency_id: OrganizationId,
    pub status: ChallengeStatus,
    pub is_public: bool,
    pub track: Track,
    pub sector: Sector,
    #[sea_orm(column_type = "Text")]
    pub title_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub title_en: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub summary_vi: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub summary_en: Option<String>,
    #[sea_orm(column_type = "Json")]
    pub brief: Brief,
    #[sea_orm(column_type = "Json")]
    pub rubric: Rubric,
    pub is_blind: bool,
    pub shows_proposal_count: bool,
    pub opens_at: Option<Timestamp>,
    pub closes_at: Option<Timestamp>,
    pub questions_until: Option<Timestamp>,
    pub deadline_key: i64,
    pub published_key: i64,
    #[sea_orm(column_type = "Text")]
    pub title_key: String,
    #[sea_orm(column_type = "Text")]
    pub search_text: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub source_url: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub status_reason: Option<String>,
    pub duplicate_of: Option<ChallengeId>,
    #[sea_orm(column_type = "Json", nullable)]
    pub requested_changes: Option<RequestedChanges>,
    pub approved_by: Option<UserId>,
    #[sea_orm(column_type = "Json", nullable)]
    pub approval: Option<OfficialRecord>,
    #[sea_orm(column_type = "Json", nullable)]
    pub publication: Option<OfficialRecord>,
    pub published_at: Option<Timestamp>,
    pub publish_at: Option<Timestamp>,
    pub scheduled_by: Option<UserId>,
    pub halted_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text", nullable)]
    pub halt_reason: Option<String>,
    pub decision_maker_id: Option<UserId>,
    pub round_locked_at: Option<Timestamp>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
