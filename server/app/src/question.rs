//! Questions about challenges: asked by houses that may bid, answered to everybody, the asker known to nobody.

use domain::access::Action;
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, OrganizationId, QuestionId};
use domain::machine;
use domain::organization::OrganizationStatus;
use domain::problem::{Problem, Reason};
use domain::question::{QuestionCommand, QuestionStatus, TRANSITIONS, may_ask, may_settle};
use domain::text::Bilingual;
use domain::time::Timestamp;
use entity::{challenge, organization, question};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QuerySelect,
    QueryTrait as _, Select,
};
use serde::Serialize;

use crate::access::must_in;
use crate::challenge::{must_be_version, shared};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::proposal::call;
use crate::{App, ids};

/// Questions that a viewer may know of: the answered ones everybody; the others the house that asked, and those who may
/// answer.
///
/// Row `QUESTION` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<question::Entity> {
    use question::Column as Q;
    if viewer.is_programme_office() {
        return question::Entity::find();
    }
    let mut known = Condition::any().add(Q::Status.eq(QuestionStatus::Answered));
    let (own, desks) = (viewer.applicants(), viewer.desks());
    if !own.is_empty() {
        known = known.add(Q::OrganizationId.is_in(own));
    }
    if !desks.is_empty() {
        let theirs = challenge::Entity::find()
            .filter(challenge::Column::AgencyId.is_in(desks))
            .select_only()
            .column(challenge::Column::Id);
        known = known.add(Q::ChallengeId.in_subquery(theirs.into_query()));
    }
    question::Entity::find().filter(known)
}

/// Whether the viewer's own house asked.
pub fn is_own(viewer: &Viewer, row: &question::Model) -> bool {
    viewer.applicants().contains(&row.organization_id)
}

fn about(viewer: &Viewer, challenge: ChallengeId) -> Select<question::Entity> {
    visible_to(viewer).filter(question::Column::ChallengeId.eq(challenge))
}

/// A page of the questions about a challenge: those that wait, then the others, the last settled one first.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    challenge: ChallengeId,
    ask: &Ask,
) -> Result<Page<question::Model>> {
    let sort = Sort {
        column: Some(question::Column::SettledKey),
        id: question::Column::Id,
        descending: true,
        scope: format!("questions about {challenge}"),
    };
    page::read(&app.db.read, &app.keys, about(viewer, challenge), &sort, ask, |row| {
        (Some(Key::Number(row.settled_key)), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, challenge: ChallengeId) -> Result<u64> {
    Ok(about(viewer, challenge).count(&app.db.read).await?)
}

/// Asks about a challenge.
#[derive(Serialize)]
pub struct AskQuestion {
    /// About which.
    pub challenge: ChallengeId,
    /// In whose name.
    pub organization: OrganizationId,
    /// What.
    pub text: String,
}

impl Command for AskQuestion {
    const NAME: &'static str = "askQuestion";
    type Output = QuestionId;

    async fn run(&self, tx: &Tx) -> Result<QuestionId> {
        let user = tx.op().user()?;
        let challenge = shared(tx, self.challenge).await?;
        if !tx.op().viewer.applicants().contains(&self.organization) {
            return Err(Problem::at("organizationId", Reason::NotFound).into());
        }
        must_in(tx, Action::AskQuestion, self.organization).await?;
        // Locked, so that of two who ask at once the second one is counted too.
        let house = organization::Entity::find_by_id(self.organization).lock_exclusive().one(tx).await?;
        let house = house.ok_or_else(|| Error::Internal("a member without a house".to_owned()))?;
        let open = question::Entity::find()
            .filter(question::Column::ChallengeId.eq(challenge.id))
            .filter(question::Column::OrganizationId.eq(house.id))
            .filter(question::Column::Status.eq(QuestionStatus::Asked))
            .count(tx)
            .await?;
        let now = tx.now().await?;
        let is_verified = house.status == OrganizationStatus::Verified;
        let open = usize::try_from(open).unwrap_or(usize::MAX);
        may_ask(call(&challenge), challenge.questions_until, is_verified, open, now)?;
        let id: QuestionId = ids::random();
        let row = question::ActiveModel {
            id: Set(id),
            challenge_id: Set(challenge.id),
            organization_id: Set(house.id),
            asked_by: Set(user),
            status: Set(QuestionStatus::Asked),
            asked_text: Set(self.text.clone()),
            published_text: Set(None),
            answer_vi: Set(None),
            answer_en: Set(None),
            decline_reason: Set(None),
            asked_at: Set(now),
            settled_at: Set(None),
            settled_key: Set(Timestamp::END_OF_TIME.micros()),
            version: Set(1),
        };
        question::Entity::insert(row).exec_without_returning(tx).await?;
        tx.record(
            Event::new(EventKind::QuestionAsked)
                .challenge(challenge.id)
                .organization(house.id)
                .fact("question", id),
        );
        Ok(id)
    }
}

/// Loads a question that the viewer may know of, its challenge first, both locked.
async fn locked(tx: &Tx, id: QuestionId) -> Result<(challenge::Model, question::Model)> {
    let not_found = || Problem::at("questionId", Reason::NotFound);
    let known = || visible_to(&tx.op().viewer).filter(question::Column::Id.eq(id));
    let found = known().one(tx).await?.ok_or_else(not_found)?;
    let challenge = shared(tx, found.challenge_id).await?;
    let row = known().lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
    Ok((challenge, row))
}

/// Writes what becomes of a question.
async fn settle(
    tx: &Tx,
    row: &question::Model,
    command: QuestionCommand,
    change: question::ActiveModel,
) -> Result<QuestionStatus> {
    let next = machine::step(TRANSITIONS, row.status, &command)?;
    let now = tx.now().await?;
    let change = question::ActiveModel {
        status: Set(next),
        settled_at: Set(Some(now)),
        settled_key: Set(now.micros()),
        version: Set(row.version + 1),
        ..change
    };
    let done = question::Entity::update_many()
        .set(change)
        .filter(question::Column::Id.eq(row.id))
        .filter(question::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

fn settled(kind: EventKind, row: &question::Model) -> Event {
    Event::new(kind)
        .challenge(row.challenge_id)
        .organization(row.organization_id)
        .fact("question", row.id)
        .fact("from", row.status)
}

/// Answers a question, for everybody.
#[derive(Serialize)]
pub struct AnswerQuestion {
    /// Which.
    pub question: QuestionId,
    /// The version that the caller read, if it matters.
    pub expected_version: Option<i32>,
    /// The question as everybody reads it, without what would name its asker; None: as it was asked.
    pub published_text: Option<String>,
    /// The answer.
    pub answer: Bilingual,
}

impl Command for AnswerQuestion {
    const NAME: &'static str = "answerQuestion";
    type Output = QuestionId;

    async fn run(&self, tx: &Tx) -> Result<QuestionId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, self.question).await?;
        must_in(tx, Action::AnswerQuestion, challenge.agency_id).await?;
        machine::allows(TRANSITIONS, row.status, &QuestionCommand::Answer)?;
        must_be_version(self.expected_version, row.version)?;
        may_settle(challenge.status, row.status, QuestionCommand::Answer)?;
        let text = self.published_text.as_ref().unwrap_or(&row.asked_text);
        let change = question::ActiveModel {
            published_text: Set(Some(text.clone())),
            answer_vi: Set(Some(self.answer.vi.clone())),
            answer_en: Set(self.answer.en.clone()),
            ..Default::default()
        };
        settle(tx, &row, QuestionCommand::Answer, change).await?;
        tx.record(settled(EventKind::QuestionAnswered, &row));
        Ok(row.id)
    }
}

/// Declines to answer.
#[derive(Serialize)]
pub struct DeclineQuestion {
    /// Which.
    pub question: QuestionId,
    /// Why, for its asker.
    pub reason: String,
}

impl Command for DeclineQuestion {
    const NAME: &'static str = "declineQuestion";
    type Output = QuestionId;

    async fn run(&self, tx: &Tx) -> Result<QuestionId> {
        tx.op().user()?;
        let (challenge, row) = locked(tx, self.question).await?;
        must_in(tx, Action::AnswerQuestion, challenge.agency_id).await?;
        may_settle(challenge.status, row.status, QuestionCommand::Decline)?;
        let change =
            question::ActiveModel { decline_reason: Set(Some(self.reason.clone())), ..Default::default() };
        settle(tx, &row, QuestionCommand::Decline, change).await?;
        tx.record(settled(EventKind::QuestionDeclined, &row));
        Ok(row.id)
    }
}
