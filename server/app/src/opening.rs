//! The opening of sealed proposals: after the deadline, by two persons, with the list of receipts.

use domain::access::Action;
use domain::challenge::{ChallengeCommand, may_confirm_opening, may_request_opening};
use domain::event::{Event, EventKind};
use domain::id::ChallengeId;
use domain::proposal::ProposalStatus;
use entity::{opening, proposal, proposal_version};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::access::{must, roles_on};
use crate::challenge::{advance, locked, timetable};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};

/// The secretary asks for the opening.
#[derive(Serialize)]
pub struct RequestOpening {
    /// Of which challenge.
    pub challenge: ChallengeId,
}

impl Command for RequestOpening {
    const NAME: &'static str = "requestProposalOpening";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::RequestOpening, roles_on(tx, &tx.op().viewer, &row).await?)?;
        let asked = opening::Entity::find_by_id(row.id).one(tx).await?;
        let now = tx.now().await?;
        may_request_opening(row.status, timetable(&row), asked.is_some(), now)?;
        let asked = opening::ActiveModel {
            challenge_id: Set(row.id),
            requested_by: Set(user),
            requested_at: Set(now),
            confirmed_by: Set(None),
            confirmed_at: Set(None),
            receipts: Set(None),
        };
        opening::Entity::insert(asked).exec_without_returning(tx).await?;
        tx.record(Event::new(EventKind::OpeningRequested).challenge(row.id).user(user));
        Ok(row.id)
    }
}

/// A receipt in the list of the opening.
#[derive(Serialize)]
struct Receipt {
    proposal: domain::id::ProposalId,
    version: i32,
    sha256: String,
    submitted_at: domain::time::Timestamp,
}

/// The second person opens the proposals.
#[derive(Serialize)]
pub struct ConfirmOpening {
    /// Of which challenge.
    pub challenge: ChallengeId,
}

impl Command for ConfirmOpening {
    const NAME: &'static str = "confirmProposalOpening";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must(Action::ConfirmOpening, roles_on(tx, &tx.op().viewer, &row).await?)?;
        let asked = opening::Entity::find_by_id(row.id).one(tx).await?;
        let now = tx.now().await?;
        let by_another = asked.is_some_and(|asked| asked.requested_by != user);
        may_confirm_opening(row.status, timetable(&row), by_another, now)?;
        let receipts = receipts(tx, row.id).await?;
        let list = serde_json::to_value(&receipts).map_err(|error| Error::Internal(error.to_string()))?;
        let digest = domain::text::hex(&Sha256::digest(list.to_string().as_bytes()));
        let confirmed = opening::ActiveModel {
            challenge_id: Set(row.id),
            confirmed_by: Set(Some(user)),
            confirmed_at: Set(Some(now)),
            receipts: Set(Some(list)),
            ..Default::default()
        };
        confirmed.update(tx).await?;
        let next = advance(tx, &row, ChallengeCommand::OpenProposals, Default::default()).await?;
        tx.record(
            Event::new(EventKind::ProposalsOpened)
                .challenge(row.id)
                .user(user)
                .fact("from", row.status)
                .fact("to", next)
                .fact("receipts", receipts.len())
                .fact("receipts_sha256", digest),
        );
        Ok(row.id)
    }
}

async fn receipts(tx: &Tx, challenge: ChallengeId) -> Result<Vec<Receipt>> {
    let proposals = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.eq(challenge))
        .filter(proposal::Column::Status.eq(ProposalStatus::Submitted))
        .order_by_asc(proposal::Column::SubmittedAt)
        .order_by_asc(proposal::Column::Id)
        .all(tx)
        .await?;
    let mut receipts = Vec::with_capacity(proposals.len());
    for chunk in proposals.chunks(crate::batch::CHUNK) {
        let versions = proposal_version::Entity::find()
            .filter(proposal_version::Column::ProposalId.is_in(chunk.iter().map(|proposal| proposal.id)))
            .all(tx)
            .await?;
        receipts.extend(chunk.iter().filter_map(|proposal| {
            let version = versions.iter().find(|version| {
                version.proposal_id == proposal.id && version.number == proposal.current_version
            })?;
            Some(Receipt {
                proposal: proposal.id,
                version: version.number,
                sha256: version.sha256.clone(),
                submitted_at: version.submitted_at,
            })
        }));
    }
    Ok(receipts)
}
