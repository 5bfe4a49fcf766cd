//! What a team is asked to make clearer after the opening, and what it says. Sealed like the proposal itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::access::Action;
use domain::challenge::limits::LAST_DEADLINE;
use domain::event::{Event, EventKind};
use domain::id::ProposalId;
use domain::problem::{Problem, Reason};
use domain::proposal::{
    Clarification, Confidentiality, ProposalCommand, ProposalSection, ProposalStatus,
    may_answer_clarification, may_ask_clarification,
};
use domain::review::in_time;
use domain::time::Timestamp;
use entity::{challenge, clarification, proposal, proposal_version};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};
use serde::Serialize;

use crate::access::{must, must_in, roles_on};
use crate::challenge::stage;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::{Op, Viewer};
use crate::proposal::{RecordReads, advance, in_office, is_cleared, locked, of_team, readable_by};
use crate::vault::{self, Sealer};
use crate::{App, batch};

/// Clarifications of proposals that a viewer may read: the own team's, and those that the viewer reads in office.
///
/// Row `PROPOSAL_CONTENT` of [`READS`](domain::access::READS).
fn visible_to(viewer: &Viewer, ids: &[ProposalId]) -> Select<clarification::Entity> {
    let of = |scope: Select<proposal::Entity>| {
        let scope = scope.filter(proposal::Column::Id.is_in(ids.to_vec()));
        scope.select_only().column(proposal::Column::Id).into_query()
    };
    clarification::Entity::find().filter(
        Condition::any()
            .add(clarification::Column::ProposalId.in_subquery(of(of_team(viewer))))
            .add(clarification::Column::ProposalId.in_subquery(of(readable_by(viewer)))),
    )
}

/// What the teams of proposals were asked, and said, the first first. Whoever is not of the team leaves a trace before anything is shown.
pub async fn of_proposals(
    app: &App,
    op: &Arc<Op>,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Vec<(clarification::Model, Clarification)>>> {
    let (db, viewer) = (&app.db.read, &op.viewer);
    let rows = visible_to(viewer, ids).order_by_asc(clarification::Column::Number).all(db).await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let own = of_team(viewer).filter(proposal::Column::Id.is_in(ids.to_vec())).select_only();
    let own: HashSet<ProposalId> =
        own.column(proposal::Column::Id).into_tuple().all(db).await?.into_iter().collect();
    let mut read: Vec<_> = rows.iter().map(|row| row.proposal_id).filter(|id| !own.contains(id)).collect();
    read.sort();
    read.dedup();
    if !read.is_empty() {
        app.execute(op, None, RecordReads { proposals: read }).await?;
    }
    let unsealed = vault::unsealed(db, app, viewer, rows.iter().map(|row| row.proposal_id)).await?;
    let mut told = Vec::new();
    for row in rows {
        let Some(unsealed) = unsealed.get(&row.proposal_id) else { continue };
        let said = unsealed.clarification(&row)?;
        if unsealed.is_confided() || !said.is_confided {
            told.push((row, said));
        }
    }
    Ok(batch::grouped(told, |(row, _)| row.proposal_id))
}

/// The last clarification of each of these proposals, by which it is in clarification.
pub(crate) async fn open(
    db: &impl ConnectionTrait,
    ids: Vec<ProposalId>,
) -> Result<HashMap<ProposalId, clarification::Model>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = clarification::Entity::find()
        .filter(clarification::Column::ProposalId.is_in(ids))
        .order_by_asc(clarification::Column::Number)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.proposal_id, row)).collect())
}

fn event(kind: EventKind, row: &proposal::Model, next: ProposalStatus, number: i32) -> Event {
    Event::new(kind)
        .proposal(row.id)
        .challenge(row.challenge_id)
        .fact("clarification", number)
        .fact("from", row.status)
        .fact("to", next)
}

/// Asks a team to make something clearer.
#[derive(Serialize)]
pub struct AskClarification {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// What.
    pub question: String,
    /// In which sections.
    pub sections: Vec<ProposalSection>,
    /// Until when: the first instant that is too late.
    pub due_at: Timestamp,
}

impl Command for AskClarification {
    const NAME: &'static str = "askClarification";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, in_office, self.proposal).await?;
        must(Action::ScreenProposal, roles_on(tx, &tx.op().viewer, &challenge).await?)?;
        let asked = clarification::Entity::find().filter(clarification::Column::ProposalId.eq(row.id));
        let asked = asked.count(tx).await?;
        let is_cleared = is_cleared(tx, user, row.id).await?;
        let asked = usize::try_from(asked).unwrap_or(usize::MAX);
        may_ask_clarification(stage(&challenge), row.status, is_cleared, asked)?;
        let now = tx.now().await?;
        if in_time(Some(self.due_at), now).is_err() {
            let (min, max) = (now.to_rfc3339(), LAST_DEADLINE.to_owned());
            return Err(Problem::at("dueAt", Reason::OutOfRange { min, max }).into());
        }
        let number = i32::try_from(asked).unwrap_or(i32::MAX).saturating_add(1);
        let said = Clarification {
            question: self.question.clone(),
            sections: self.sections.clone(),
            answer: None,
            is_confided: is_confided(tx, &row, &self.sections).await?,
        };
        let new = clarification::ActiveModel {
            proposal_id: Set(row.id),
            number: Set(number),
            challenge_id: Set(challenge.id),
            said: Set(Sealer::of(tx, challenge.id).await?.clarification(row.id, number, &said)?),
            asked_by: Set(user),
            asked_at: Set(now),
            due_at: Set(self.due_at),
            answered_by: Set(None),
            answered_at: Set(None),
        };
        clarification::Entity::insert(new).exec_without_returning(tx).await?;
        let next = advance(tx, &row, ProposalCommand::AskClarification, Default::default()).await?;
        tx.record(event(EventKind::ClarificationAsked, &row, next, number));
        Ok(row.id)
    }
}

/// Whether one of the sections is not for reviewers; of none, whether anything in the proposal is not.
async fn is_confided(tx: &Tx, row: &proposal::Model, sections: &[ProposalSection]) -> Result<bool> {
    let version = proposal_version::Entity::find()
        .filter(proposal_version::Column::ProposalId.eq(row.id))
        .filter(proposal_version::Column::Number.eq(row.current_version));
    let unsealed = vault::unsealed(tx, tx.app(), &tx.op().viewer, [row.id]).await?;
    let (Some(version), Some(unsealed)) = (version.one(tx).await?, unsealed.get(&row.id)) else {
        return Err(Error::Internal(format!("nothing is submitted of {}", row.id)));
    };
    let content = unsealed.version(version)?.content()?;
    let confided = Confidentiality::DecisionMakersOnly;
    Ok(if sections.is_empty() {
        content.clone().for_reviewers() != content
    } else {
        sections.iter().any(|section| content.class((*section).into()) == confided)
    })
}

/// Answers what was asked.
#[derive(Serialize)]
pub struct AnswerClarification {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// What the team says.
    pub answer: String,
}

impl Command for AnswerClarification {
    const NAME: &'static str = "answerClarification";
    type Output = ProposalId;

    async fn run(&self, tx: &Tx) -> Result<ProposalId> {
        let user = tx.op().user()?;
        let (challenge, row) = locked(tx, of_team, self.proposal).await?;
        must_in(tx, Action::SubmitProposal, row.organization_id).await?;
        let asked = open(tx, vec![row.id]).await?.remove(&row.id);
        let now = tx.now().await?;
        may_answer_clarification(
            stage(&challenge),
            row.status,
            asked.as_ref().map(|asked| asked.due_at),
            now,
        )?;
        let asked = asked.ok_or_else(|| Error::Internal(format!("nothing was asked of {}", row.id)))?;
        let unsealed = vault::unsealed(tx, tx.app(), &tx.op().viewer, [row.id]).await?;
        let unsealed = unsealed.get(&row.id).ok_or(Reason::NotPermitted)?;
        let said = Clarification { answer: Some(self.answer.clone()), ..unsealed.clarification(&asked)? };
        let sealed = Sealer::of(tx, challenge.id).await?.clarification(row.id, asked.number, &said)?;
        let change = clarification::ActiveModel {
            said: Set(sealed),
            answered_by: Set(Some(user)),
            answered_at: Set(Some(now)),
            ..Default::default()
        };
        clarification::Entity::update_many()
            .set(change)
            .filter(clarification::Column::ProposalId.eq(row.id))
            .filter(clarification::Column::Number.eq(asked.number))
            .exec(tx)
            .await?;
        let next = advance(tx, &row, ProposalCommand::AnswerClarification, Default::default()).await?;
        tx.record(event(EventKind::ClarificationAnswered, &row, next, asked.number));
        Ok(row.id)
    }
}

/// Proposals whose teams have not answered in time.
pub(crate) async fn overdue(app: &App, now: Timestamp) -> Result<Vec<ProposalId>> {
    let waiting = proposal::Entity::find()
        .filter(proposal::Column::Status.eq(ProposalStatus::Clarification))
        .select_only()
        .column(proposal::Column::Id)
        .into_query();
    let rows = clarification::Entity::find()
        .filter(clarification::Column::DueAt.lte(now))
        .filter(clarification::Column::AnsweredAt.is_null())
        .filter(clarification::Column::ProposalId.in_subquery(waiting))
        .select_only()
        .distinct()
        .column(clarification::Column::ProposalId);
    Ok(rows.into_tuple().all(&app.db.read).await?)
}

/// Lets a proposal go on whose team has not answered in time. True: it did.
#[derive(Serialize)]
pub(crate) struct LapseClarification {
    pub(crate) proposal: ProposalId,
}

impl Command for LapseClarification {
    const NAME: &'static str = "lapseClarification";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let Some(known) = proposal::Entity::find_by_id(self.proposal).one(tx).await? else {
            return Ok(false);
        };
        let challenge = challenge::Entity::find_by_id(known.challenge_id).lock_shared().one(tx).await?;
        let row = proposal::Entity::find_by_id(self.proposal).lock_exclusive().one(tx).await?;
        let (Some(challenge), Some(row)) = (challenge, row) else { return Ok(false) };
        // Given up meanwhile: nothing goes on.
        if stage(&challenge).must_be_scoring().is_err() {
            return Ok(false);
        }
        let asked = open(tx, vec![row.id]).await?.remove(&row.id);
        let Some(asked) = asked.filter(|_| row.status == ProposalStatus::Clarification) else {
            return Ok(false);
        };
        if in_time(Some(asked.due_at), tx.now().await?).is_ok() {
            return Ok(false);
        }
        let next = advance(tx, &row, ProposalCommand::LapseClarification, Default::default()).await?;
        tx.record(event(EventKind::ClarificationLapsed, &row, next, asked.number));
        Ok(true)
    }
}
