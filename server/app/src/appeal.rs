//! Appeals against published decisions, and what the publishing authority rules. What is written is sealed like the proposals.

use std::collections::HashMap;

use domain::access::Action;
use domain::account::PlatformRole;
use domain::appeal::{
    AppealCommand, AppealStatus, Ruling, Standing, TRANSITIONS, after_dismissal, may_appeal, may_rule,
};
use domain::decision::{DecisionCommand, DecisionStatus};
use domain::event::{Event, EventKind};
use domain::id::{AppealId, ChallengeId, DecisionId, ProposalId};
use domain::machine;
use domain::problem::{Problem, Reason};
use entity::{appeal, challenge, decision, proposal};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
};
use serde::{Deserialize, Serialize};

use crate::access::{must, must_in, seat_on_council};
use crate::command::Command;
use crate::db::Tx;
use crate::decision::{finalized, set_aside, standing, tie_condition};
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::proposal::{decided_by, of_team};
use crate::vault::{self, Sealer};
use crate::{App, batch, ids};

/// What is written on an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Why the decision should be set aside.
    pub grounds: String,
    /// Why it was, or was not.
    pub reason: Option<String>,
}

/// An appeal and what is written on it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The row.
    pub row: appeal::Model,
    /// What is written.
    pub said: Said,
}

/// Appeals that a viewer may know: of their own houses; those on which they decide, the programme office and the auditor, if
/// they are tied to none of the applicants.
///
/// Row `APPEAL` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<appeal::Entity> {
    use appeal::Column as A;
    let own = of_team(viewer).select_only().column(proposal::Column::Id).into_query();
    let own = Condition::any().add(A::ProposalId.in_subquery(own));
    let Some(person) = &viewer.0 else { return appeal::Entity::find().filter(own) };
    let tied = decision::Entity::find()
        .filter(tie_condition(person.id))
        .select_only()
        .column(decision::Column::Id)
        .into_query();
    let sees_all = viewer.is_programme_office() || viewer.holds(PlatformRole::Auditor);
    let in_office = Condition::all().add(A::DecisionId.not_in_subquery(tied)).add(
        Condition::any()
            .add(A::ChallengeId.in_subquery(decided_by(person.id)))
            .add_option(sees_all.then(|| A::Id.is_not_null())),
    );
    appeal::Entity::find().filter(own.add(in_office))
}

/// Those of these appeals that the viewer may know.
pub async fn by_id(app: &App, viewer: &Viewer, ids: &[AppealId]) -> Result<HashMap<AppealId, Written>> {
    let rows = visible_to(viewer).filter(appeal::Column::Id.is_in(ids.to_vec()));
    let read = written(&app.db.read, app, rows.all(&app.db.read).await?).await?;
    Ok(read.into_iter().map(|read| (read.row.id, read)).collect())
}

/// The appeals against these decisions, the first first.
pub async fn of_decisions(
    app: &App,
    viewer: &Viewer,
    ids: &[DecisionId],
) -> Result<HashMap<DecisionId, Vec<Written>>> {
    let rows = visible_to(viewer)
        .filter(appeal::Column::DecisionId.is_in(ids.to_vec()))
        .order_by_asc(appeal::Column::FiledAt)
        .order_by_asc(appeal::Column::Id);
    let read = written(&app.db.read, app, rows.all(&app.db.read).await?).await?;
    Ok(batch::grouped(read, |read| read.row.decision_id))
}

async fn written(db: &impl ConnectionTrait, app: &App, rows: Vec<appeal::Model>) -> Result<Vec<Written>> {
    let unsealed = vault::opened(db, app, rows.iter().map(|row| row.proposal_id)).await?;
    let read = rows.into_iter().map(|row| {
        let unsealed = unsealed.get(&row.proposal_id);
        let unsealed =
            unsealed.ok_or_else(|| Error::Internal(format!("{} was never opened", row.proposal_id)))?;
        Ok(Written { said: unsealed.appeal(&row)?, row })
    });
    read.collect()
}

/// Which of these proposals have appealed against the decision that stands.
pub(crate) async fn filed(
    db: &impl ConnectionTrait,
    proposals: Vec<ProposalId>,
) -> Result<Vec<(ProposalId, DecisionId)>> {
    if proposals.is_empty() {
        return Ok(Vec::new());
    }
    let rows = appeal::Entity::find()
        .filter(appeal::Column::ProposalId.is_in(proposals))
        .select_only()
        .columns([appeal::Column::ProposalId, appeal::Column::DecisionId]);
    Ok(rows.into_tuple().all(db).await?)
}

/// What of the decision decides whether one may appeal against it.
pub(crate) fn standing_of(row: &decision::Model) -> Standing {
    Standing { status: row.status, standstill_until: row.standstill_until }
}

/// A challenge and the decision on it that stands, both locked against everybody else.
async fn locked(tx: &Tx, id: ChallengeId) -> Result<(challenge::Model, Option<decision::Model>)> {
    let challenge = challenge::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let challenge = challenge.ok_or_else(|| Error::Internal(format!("challenge {id} is gone")))?;
    let decided = standing().filter(decision::Column::ChallengeId.eq(id)).lock_exclusive().one(tx).await?;
    Ok((challenge, decided))
}

/// Appeals against the decision on a proposal.
#[derive(Serialize)]
pub struct FileAppeal {
    /// In whose name.
    pub proposal: ProposalId,
    /// Why.
    pub grounds: String,
}

impl Command for FileAppeal {
    const NAME: &'static str = "fileAppeal";
    type Output = AppealId;

    async fn run(&self, tx: &Tx) -> Result<AppealId> {
        let user = tx.op().user()?;
        let own = || of_team(&tx.op().viewer).filter(proposal::Column::Id.eq(self.proposal));
        let not_found = || Problem::at("proposalId", Reason::NotFound);
        let known = own().one(tx).await?.ok_or_else(not_found)?;
        let (challenge, decided) = locked(tx, known.challenge_id).await?;
        let row = own().lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
        must_in(tx, Action::FileAppeal, row.organization_id).await?;
        let filed = filed(tx, vec![row.id]).await?;
        let has_appealed = decided.as_ref().is_some_and(|decided| filed.contains(&(row.id, decided.id)));
        let now = tx.now().await?;
        may_appeal(row.status, decided.as_ref().map(standing_of), has_appealed, now)?;
        let decided = decided.ok_or_else(|| Error::Internal(format!("nothing decides {}", row.id)))?;
        let id: AppealId = ids::random();
        let said = Said { grounds: self.grounds.clone(), reason: None };
        let new = appeal::ActiveModel {
            id: Set(id),
            decision_id: Set(decided.id),
            challenge_id: Set(challenge.id),
            proposal_id: Set(row.id),
            organization_id: Set(row.organization_id),
            status: Set(AppealStatus::Pending),
            said: Set(Sealer::of(tx, challenge.id).await?.appeal(row.id, id, &said)?),
            filed_by: Set(user),
            filed_at: Set(now),
            ruled_by: Set(None),
            ruled_at: Set(None),
        };
        appeal::Entity::insert(new).exec_without_returning(tx).await?;
        // Everybody reads the version of the decision: it says that there is an appeal, and not how many.
        if decided.status == DecisionStatus::Published {
            crate::decision::advance(tx, &decided, DecisionCommand::Appeal, Default::default()).await?;
        }
        tx.record(
            Event::new(EventKind::AppealFiled)
                .decision(decided.id)
                .challenge(challenge.id)
                .proposal(row.id)
                .fact("appeal", id),
        );
        Ok(id)
    }
}

/// Rules on an appeal.
#[derive(Serialize)]
pub struct RuleOnAppeal {
    /// Which.
    pub appeal: AppealId,
    /// How.
    pub ruling: Ruling,
    /// Why.
    pub reason: String,
}

impl Command for RuleOnAppeal {
    const NAME: &'static str = "ruleOnAppeal";
    type Output = AppealId;

    async fn run(&self, tx: &Tx) -> Result<AppealId> {
        tx.op().user()?;
        let scoped = || visible_to(&tx.op().viewer).filter(appeal::Column::Id.eq(self.appeal));
        let not_found = || Problem::at("appealId", Reason::NotFound);
        let known = scoped().one(tx).await?.ok_or_else(not_found)?;
        let (challenge, decided) = locked(tx, known.challenge_id).await?;
        let row = scoped().lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
        must(Action::RuleOnAppeal, tx.op().viewer.roles())?;
        // Only now the clock is read: whoever waited for the lock is no earlier for it.
        let user = tx.fresh_person().await?.id;
        // What it is against stands as long as it waits; afterwards the appeal itself says no.
        let decided = decided.filter(|decided| decided.id == row.decision_id);
        let is_approver = decided.as_ref().is_some_and(|decided| decided.approved_by == Some(user));
        let is_tied = crate::decision::is_tied(tx, user, row.decision_id).await?;
        let is_on_council = seat_on_council(tx, user, challenge.id).await?.is_some();
        may_rule(row.status, self.ruling, is_on_council, is_tied, is_approver)?;
        let decided = decided.ok_or_else(|| Error::Internal(format!("{} is against nothing", row.id)))?;
        let read = written(tx, tx.app(), vec![row.clone()]).await?.pop();
        let grounds = read.map(|read| read.said.grounds).unwrap_or_default();
        let said = Said { grounds, reason: Some(self.reason.clone()) };
        let now = tx.now().await?;
        let change = appeal::ActiveModel {
            status: Set(machine::step(TRANSITIONS, row.status, &self.ruling.command())?),
            said: Set(Sealer::of(tx, challenge.id).await?.appeal(row.proposal_id, row.id, &said)?),
            ruled_by: Set(Some(user)),
            ruled_at: Set(Some(now)),
            ..Default::default()
        };
        appeal::Entity::update_many().set(change).filter(appeal::Column::Id.eq(row.id)).exec(tx).await?;
        let ended = |row: &appeal::Model, by: AppealCommand| {
            Event::new(EventKind::AppealRuled)
                .decision(row.decision_id)
                .challenge(row.challenge_id)
                .proposal(row.proposal_id)
                .fact("appeal", row.id)
                .fact("by", by)
        };
        tx.record(ended(&row, self.ruling.command()));
        let pending = appeal::Entity::find()
            .filter(appeal::Column::DecisionId.eq(decided.id))
            .filter(appeal::Column::Status.eq(AppealStatus::Pending))
            .order_by_asc(appeal::Column::Id)
            .all(tx)
            .await?;
        match self.ruling {
            Ruling::Grant => {
                let overtaken = machine::step(TRANSITIONS, AppealStatus::Pending, &AppealCommand::Overtake)?;
                let change = appeal::ActiveModel {
                    status: Set(overtaken),
                    ruled_at: Set(Some(now)),
                    ..Default::default()
                };
                appeal::Entity::update_many()
                    .set(change)
                    .filter(appeal::Column::DecisionId.eq(decided.id))
                    .filter(appeal::Column::Status.eq(AppealStatus::Pending))
                    .exec(tx)
                    .await?;
                for other in &pending {
                    tx.record(ended(other, AppealCommand::Overtake));
                }
                set_aside(tx, &challenge, &decided, &self.reason).await?;
            }
            Ruling::Dismiss if !pending.is_empty() => {}
            Ruling::Dismiss => {
                let command = after_dismissal(standing_of(&decided), now);
                let next = crate::decision::advance(tx, &decided, command, Default::default()).await?;
                finalized(tx, &decided, next);
            }
        }
        Ok(row.id)
    }
}
