//! A file of a challenge, or of a proposal to it. What it is called and how it is unlocked stands sealed in `details`; the
//! bytes are `object` in the storage.

use domain::attachment::{AttachmentStatus, Refusal};
use domain::id::{AttachmentId, ChallengeId, ProposalId, UserId};
use domain::proposal::Confidentiality;
use domain::time::Timestamp;
use sea_orm::entity::prelude::*;

/// A row of `attachment`. It is part of the submitted versions from `since_version` to `until_version`, and of the working
/// copy as long as there is no `until_version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
#[expect(
    missing_docs,
    reason = "the columns say what they are; the rules that give them meaning are in `domain`"
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    pub challenge_id: ChallengeId,
    pub proposal_id: Option<ProposalId>,
    pub uploaded_by: UserId,
    pub status: AttachmentStatus,
    pub refusal: Option<Refusal>,
    pub object: Option<Uuid>,
    pub size: i64,
    #[sea_orm(column_type = "Text")]
    pub details: String,
    pub since_version: Option<i32>,
    pub until_version: Option<i32>,
    /// None: of a challenge, or from before there were classes, as for reviewers.
    pub confidentiality: Option<Confidentiality>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// Rows are joined where they are read, not here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
