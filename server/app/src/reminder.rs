//! What becomes due by the clock alone: reminders, digests, publications at a set time, ends of standstills. Every process looks, now
//! and then; the row of a reminder is inserted once, and everything else is a step that is taken once.

use std::collections::HashSet;
use std::sync::Arc;

use domain::challenge::ChallengeStatus;
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, OrganizationId, ReviewId};
use domain::machine::allows;
use domain::organization::OrganizationStatus;
use domain::reminder::{
    DEADLINE_AHEAD, REVIEW_AHEAD, ReminderKind, before_deadline, before_review, waits_too_long_from,
};
use domain::review::{ReviewCommand, ReviewStatus, TRANSITIONS};
use domain::time::Timestamp;
use entity::{challenge, organization, reminder, review};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect as _, TryInsertResult};
use serde::Serialize;
use uuid::Uuid;

use crate::App;
use crate::challenge::PublishDue;
use crate::clarification::LapseClarification;
use crate::command::Command;
use crate::db::Tx;
use crate::decision::{FinalizeDecision, PublishDecisionDue};
use crate::digest::SendDigest;
use crate::error::Result;
use crate::op::{Op, Viewer};
use crate::review::ExpireReview;

/// Reminds everybody who is to be reminded by now. Returns how many reminders that were.
pub async fn remind(app: &App) -> Result<u64> {
    let now = app.db.clock.read(&app.db.read).await?;
    let deadlines = deadlines(app, now).await?.into_iter().map(Remind::Deadline);
    let waiting = waiting(app, now).await?.into_iter().map(Remind::Organization);
    let op = Arc::new(Op::of_system(Viewer::default()));
    let mut reminded = 0;
    for challenge in crate::challenge::due(app, now).await? {
        reminded += u64::from(app.execute(&op, None, PublishDue { challenge }).await?);
    }
    for review in crate::review::overdue(app, now).await? {
        reminded += u64::from(app.execute(&op, None, ExpireReview { review }).await?);
    }
    for decision in crate::decision::due(app, now).await? {
        reminded += u64::from(app.execute(&op, None, PublishDecisionDue { decision }).await?);
    }
    for decision in crate::decision::over(app, now).await? {
        reminded += u64::from(app.execute(&op, None, FinalizeDecision { decision }).await?);
    }
    for proposal in crate::clarification::overdue(app, now).await? {
        reminded += u64::from(app.execute(&op, None, LapseClarification { proposal }).await?);
    }
    for user in crate::digest::due(app, now).await? {
        reminded += u64::from(app.execute(&op, None, SendDigest { user }).await?);
    }
    let reviews = reviews(app, now).await?.into_iter().map(Remind::Review);
    for remind in deadlines.chain(waiting).chain(reviews) {
        reminded += u64::from(app.execute(&op, None, remind).await?);
    }
    Ok(reminded)
}

/// Challenges of whose deadline somebody may have to be reminded.
async fn deadlines(app: &App, now: Timestamp) -> Result<Vec<ChallengeId>> {
    use challenge::Column as C;
    let near: Vec<(ChallengeId, Option<Timestamp>)> = challenge::Entity::find()
        .filter(C::Status.eq(ChallengeStatus::Published))
        .filter(C::ClosesAt.gt(now))
        .filter(C::ClosesAt.lte(now.plus_seconds(DEADLINE_AHEAD)))
        .select_only()
        .columns([C::Id, C::ClosesAt])
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let reminded = reminded(app, near.iter().map(|(id, _)| id.0)).await?;
    let due = near.into_iter().filter(|(id, closes_at)| {
        let due = closes_at.and_then(|at| Some((before_deadline(at, now)?, id.0, at)));
        due.is_some_and(|due| !reminded.contains(&due))
    });
    Ok(due.map(|(id, _)| id).collect())
}

/// Reviews that are wanted soon.
async fn reviews(app: &App, now: Timestamp) -> Result<Vec<ReviewId>> {
    use review::Column as R;
    let open = [ReviewStatus::Offered, ReviewStatus::Accepted, ReviewStatus::InProgress];
    let near: Vec<(ReviewId, Timestamp, Option<Timestamp>)> = review::Entity::find()
        .filter(R::Status.is_in(open))
        .filter(R::DueAt.gt(now))
        .filter(R::DueAt.lte(now.plus_seconds(REVIEW_AHEAD)))
        .select_only()
        .columns([R::Id, R::OfferedAt, R::DueAt])
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let reminded = reminded(app, near.iter().map(|(id, ..)| id.0)).await?;
    let due = near.into_iter().filter(|(id, offered_at, due_at)| {
        due_at.is_some_and(|due_at| {
            before_review(*offered_at, due_at, now)
                && !reminded.contains(&(ReminderKind::ReviewDue, id.0, due_at))
        })
    });
    Ok(due.map(|(id, ..)| id).collect())
}

/// Organisations that have waited too long.
async fn waiting(app: &App, now: Timestamp) -> Result<Vec<OrganizationId>> {
    use organization::Column as O;
    let pending: Vec<(OrganizationId, Timestamp)> = organization::Entity::find()
        .filter(O::Status.eq(OrganizationStatus::Pending))
        .select_only()
        .columns([O::Id, O::CreatedAt])
        .into_tuple()
        .all(&app.db.read)
        .await?;
    let reminded = reminded(app, pending.iter().map(|(id, _)| id.0)).await?;
    let due = pending.into_iter().filter(|(id, since)| {
        let due = waits_too_long_from(*since);
        due <= now && !reminded.contains(&(ReminderKind::OrganizationWaits, id.0, due))
    });
    Ok(due.map(|(id, _)| id).collect())
}

type Key = (ReminderKind, Uuid, Timestamp);

/// The reminders that there were of these.
async fn reminded(app: &App, of: impl Iterator<Item = Uuid>) -> Result<HashSet<Key>> {
    let mut keys = HashSet::new();
    for chunk in of.collect::<Vec<_>>().chunks(crate::batch::CHUNK) {
        let rows = reminder::Entity::find().filter(reminder::Column::ObjectId.is_in(chunk.iter().copied()));
        let rows = rows.all(&app.db.read).await?;
        keys.extend(rows.into_iter().map(|row| (row.kind, row.object_id, row.due_at)));
    }
    Ok(keys)
}

/// One reminder, if it is still due and nobody else was faster.
#[derive(Serialize)]
enum Remind {
    Deadline(ChallengeId),
    Organization(OrganizationId),
    Review(ReviewId),
}

impl Command for Remind {
    const NAME: &'static str = "remind";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let due = match *self {
            Self::Deadline(id) => {
                let row = challenge::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
                let now = tx.now().await?;
                let row = row.filter(|row| row.status == ChallengeStatus::Published);
                let due =
                    row.and_then(|row| row.closes_at).and_then(|at| Some((before_deadline(at, now)?, at)));
                due.map(|(kind, at)| {
                    let event = Event::new(EventKind::DeadlineNear).challenge(id);
                    ((kind, id.0, at), event.fact("reminder", kind).fact("closes_at", at.micros()))
                })
            }
            Self::Review(id) => {
                let row = review::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
                let now = tx.now().await?;
                // Of what can still expire: what is in, given up or taken away is done.
                let open =
                    |row: &review::Model| allows(TRANSITIONS, row.status, &ReviewCommand::Expire).is_ok();
                let row = row.filter(open);
                let challenge = match &row {
                    Some(row) => challenge::Entity::find_by_id(row.challenge_id).one(tx).await?,
                    None => None,
                };
                let is_wanted =
                    challenge.is_some_and(|row| crate::challenge::stage(&row).must_be_scoring().is_ok());
                let due = row.filter(|_| is_wanted).and_then(|row| Some((row.due_at?, row)));
                let due = due.filter(|(due_at, row)| before_review(row.offered_at, *due_at, now));
                due.map(|(due_at, row)| {
                    let event = Event::new(EventKind::ReviewDue)
                        .review(row.id)
                        .proposal(row.proposal_id)
                        .challenge(row.challenge_id)
                        .user(row.user_id);
                    ((ReminderKind::ReviewDue, id.0, due_at), event.fact("due_at", due_at.micros()))
                })
            }
            Self::Organization(id) => {
                let row = organization::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
                let now = tx.now().await?;
                let row = row.filter(|row| row.status == OrganizationStatus::Pending);
                let due = row.map(|row| waits_too_long_from(row.created_at)).filter(|due| *due <= now);
                due.map(|due| {
                    let event = Event::new(EventKind::OrganizationWaits).organization(id);
                    ((ReminderKind::OrganizationWaits, id.0, due), event)
                })
            }
        };
        let Some(((kind, object_id, due_at), event)) = due else { return Ok(false) };
        let row = reminder::ActiveModel {
            kind: Set(kind),
            object_id: Set(object_id),
            due_at: Set(due_at),
            reminded_at: Set(tx.now().await?),
        };
        let key = [reminder::Column::Kind, reminder::Column::ObjectId, reminder::Column::DueAt];
        let inserted =
            reminder::Entity::insert(row).on_conflict_do_nothing_on(key).exec_without_returning(tx).await?;
        if !matches!(inserted, TryInsertResult::Inserted(1)) {
            return Ok(false);
        }
        tx.record(event);
        Ok(true)
    }
}
