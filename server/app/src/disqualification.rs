//! Taking a proposal out of the running: the council's secretary asks, the decision maker does it, or not.

use std::collections::HashMap;

use domain::access::Action;
use domain::disqualification::{Disqualifying, Ground};
use domain::event::{Event, EventKind};
use domain::id::{ProposalId, UserId};
use domain::machine;
use domain::proposal::{ProposalCommand, ProposalStatus};
use domain::review::{ReviewCommand, TRANSITIONS as REVIEW};
use entity::{challenge, proposal, review};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde::Serialize;

use crate::App;
use crate::access::{must, roles_on, seat_on_council};
use crate::challenge::stage;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;
use crate::proposal::{advance, confided_to, in_office, is_cleared, locked, ties_of};

/// Those of these proposals of which the viewer reads that they are, or are to be, taken out of the running, and why: chair, vice chair
/// and secretary, the decision maker and the auditor; the team once it is done.
///
/// Row `DISQUALIFICATION` of [`READS`](domain::access::READS).
pub async fn visible(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, proposal::Model>> {
    use proposal::Column as P;
    let is_done_or_not_own = Condition::any()
        .add(P::Status.eq(ProposalStatus::Disqualified))
        .add(P::OrganizationId.is_not_in(viewer.applicants()));
    let rows = confided_to(viewer)
        .filter(P::Id.is_in(ids.to_vec()))
        .filter(P::DisqualificationRequestedAt.is_not_null())
        .filter(is_done_or_not_own);
    Ok(rows.all(&app.db.read).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// Who asked that it be taken out of the running, as long as nobody has ruled on that.
pub(crate) fn requested_by(row: &proposal::Model) -> Option<UserId> {
    let is_open = row.disqualification_refusal.is_none() && row.status != ProposalStatus::Disqualified;
    row.disqualification_requested_by.filter(|_| is_open)
}

/// What it depends on, for somebody who is tied to one of the applicants or is not.
pub(crate) fn disqualifying(
    challenge: &challenge::Model,
    row: &proposal::Model,
    is_tied: bool,
) -> Disqualifying {
    let is_requested = requested_by(row).is_some();
    Disqualifying { stage: stage(challenge), status: row.status, is_tied, is_requested }
}

async fn facts(tx: &Tx, challenge: &challenge::Model, row: &proposal::Model) -> Result<Disqualifying> {
    let ties = challenge::Entity::find_by_id(challenge.id).filter(ties_of(tx.op().user()?));
    Ok(disqualifying(challenge, row, ties.one(tx).await?.is_some()))
}

/// Writes what its team must not see that it was written: neither version nor time of change.
async fn note(tx: &Tx, row: &proposal::Model, change: proposal::ActiveModel, kind: EventKind) -> Result<()> {
    proposal::Entity::update_many().set(change).filter(proposal::Column::Id.eq(row.id)).exec(tx).await?;
    tx.record(Event::new(kind).proposal(row.id).challenge(row.challenge_id));
    Ok(())
}

/// Asks that a proposal be taken out of the running.
#[derive(Serialize)]
pub struct RequestDisqualification {
    /// Which.
    pub proposal: ProposalId,
    /// On which ground.
    pub ground: Ground,
    /// Why.
    pub reason: String,
}

impl Command for RequestDisqualification {
    const NAME: &'static str = "requestDisqualification";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, in_office, self.proposal).await?;
        must(Action::RequestDisqualification, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        let is_cleared = is_cleared(tx, user, row.id).await?;
        facts(tx, &challenge, &row).await?.may_be_requested(is_cleared)?;
        let change = proposal::ActiveModel {
            disqualification_ground: Set(Some(self.ground)),
            disqualification_reason: Set(Some(self.reason.clone())),
            disqualification_requested_by: Set(Some(user)),
            disqualification_requested_at: Set(Some(tx.now().await?)),
            disqualification_refusal: Set(None),
            ..Default::default()
        };
        note(tx, &row, change, EventKind::DisqualificationRequested).await?;
        Ok(row.id)
    }
}

/// Rules on that, as the second person.
#[derive(Serialize)]
pub struct RuleOnDisqualification {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// Why it stays in; None takes it out.
    pub refusal: Option<String>,
}

impl Command for RuleOnDisqualification {
    const NAME: &'static str = "ruleOnDisqualification";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, in_office, self.proposal).await?;
        must(Action::RuleOnDisqualification, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        let user = tx.fresh_person().await?.id;
        let is_on_council = seat_on_council(tx, user, challenge.id).await?.is_some();
        let is_requester = requested_by(&row) == Some(user);
        facts(tx, &challenge, &row).await?.may_be_ruled_on(is_on_council, is_requester)?;
        if let Some(refusal) = &self.refusal {
            let change = proposal::ActiveModel {
                disqualification_refusal: Set(Some(refusal.clone())),
                ..Default::default()
            };
            note(tx, &row, change, EventKind::DisqualificationRefused).await?;
            return Ok(row.id);
        }
        let next = advance(tx, &row, ProposalCommand::Disqualify, Default::default()).await?;
        tx.record(
            Event::new(EventKind::ProposalDisqualified)
                .proposal(row.id)
                .challenge(row.challenge_id)
                .fact("from", row.status.public())
                .fact("to", next),
        );
        // Sheets that are in stay as evidence; nobody goes on with those that are not.
        let reviews = review::Entity::find()
            .filter(review::Column::ProposalId.eq(row.id))
            .order_by_asc(review::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?;
        let open = |review: &review::Model| machine::allows(REVIEW, review.status, &ReviewCommand::Expire);
        for review in reviews.iter().filter(|review| open(review).is_ok()) {
            let reason = row.disqualification_reason.as_deref();
            crate::review::revoke(tx, review, reason.unwrap_or_default()).await?;
        }
        Ok(row.id)
    }
}
