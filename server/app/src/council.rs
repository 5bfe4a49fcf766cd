//! The council of a challenge, and who decides.

use domain::access::{Action, Role};
use domain::account::PlatformRole;
use domain::challenge::{may_appoint, may_name_decision_maker};
use domain::event::{Event, EventKind};
use domain::expert::{is_drawn_from_register, may_be_appointed};
use domain::id::{ChallengeId, CouncilMemberId, UserId};
use domain::problem::{Problem, Reason};
use domain::review::CouncilRole;
use entity::{challenge, council_member, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QuerySelect,
    QueryTrait, Select,
};
use serde::Serialize;

use crate::access::{must, seat_on_council};
use crate::challenge::stage;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::ids;
use crate::op::Viewer;

/// Seats that a viewer may know of: those of one's own councils, of the challenges one decides; the programme office and the
/// auditor know all. Applicants never do.
///
/// Row `COUNCIL` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<council_member::Entity> {
    let live = council_member::Entity::find().filter(council_member::Column::RemovedAt.is_null());
    if viewer.is_programme_office() || viewer.holds(PlatformRole::Auditor) {
        return live;
    }
    let me: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    let mine = council_member::Entity::find()
        .filter(council_member::Column::RemovedAt.is_null())
        .filter(council_member::Column::UserId.eq(me))
        .select_only()
        .column(council_member::Column::ChallengeId)
        .into_query();
    let decided_by_me = challenge::Entity::find()
        .filter(challenge::Column::DecisionMakerId.eq(me))
        .select_only()
        .column(challenge::Column::Id)
        .into_query();
    live.filter(
        Condition::any()
            .add(council_member::Column::ChallengeId.in_subquery(mine))
            .add(council_member::Column::ChallengeId.in_subquery(decided_by_me)),
    )
}

/// Finds the account of a verified address. Staff ask, so an unknown address may be said to be unknown.
pub(crate) async fn account(tx: &Tx, email_key: &str) -> Result<user::Model> {
    let found = user::Entity::find()
        .filter(user::Column::EmailKey.eq(email_key))
        .filter(user::Column::EmailVerifiedAt.is_not_null())
        .one(tx)
        .await?;
    found.ok_or_else(|| Problem::at("email", Reason::NotFound).into())
}

/// Appoints a council member. Those who judge are drawn from the expert register; chair, vice chair and secretary are
/// officials.
#[derive(Serialize)]
pub struct AppointCouncilMember {
    /// Where.
    pub challenge: ChallengeId,
    /// Whom, by the address of a verified account.
    pub email_key: String,
    /// As what.
    pub role: CouncilRole,
}

impl Command for AppointCouncilMember {
    const NAME: &'static str = "appointCouncilMember";
    type Output = CouncilMemberId;

    async fn run(&self, tx: &Tx) -> Result<CouncilMemberId> {
        let by = tx.fresh_person().await?.id;
        let row = crate::challenge::locked(tx, self.challenge).await?;
        must(Action::AppointCouncil, tx.op().viewer.roles())?;
        let seats = council_member::Entity::find()
            .filter(council_member::Column::ChallengeId.eq(row.id))
            .filter(council_member::Column::RemovedAt.is_null());
        let seats = seats.count(tx).await?;
        may_appoint(stage(&row), usize::try_from(seats).unwrap_or(usize::MAX))?;
        let user = account(tx, &self.email_key).await?.id;
        if user == by {
            return Err(Reason::SelfApproval.into());
        }
        if row.decision_maker_id == Some(user) {
            return Err(Problem::at("email", Reason::IncompatibleRole).into());
        }
        if is_drawn_from_register(self.role) {
            let entry = crate::expert::standing(tx, user).await?;
            may_be_appointed(self.role, entry).map_err(|reason| Problem::at("email", reason))?;
        }
        let id: CouncilMemberId = ids::random();
        let now = tx.now().await?;
        let seat = council_member::ActiveModel {
            id: Set(id),
            challenge_id: Set(row.id),
            user_id: Set(user),
            role: Set(self.role),
            appointed_by: Set(by),
            appointed_at: Set(now),
            removed_at: Set(None),
        };
        council_member::Entity::insert(seat).exec_without_returning(tx).await?;
        tx.record(
            Event::new(EventKind::CouncilMemberAppointed)
                .challenge(row.id)
                .user(user)
                .fact("role", self.role),
        );
        Ok(id)
    }
}

/// Names the person who decides.
#[derive(Serialize)]
pub struct NameDecisionMaker {
    /// Where.
    pub challenge: ChallengeId,
    /// Whom, by the address of a verified account.
    pub email_key: String,
}

impl Command for NameDecisionMaker {
    const NAME: &'static str = "nameDecisionMaker";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let by = tx.fresh_person().await?.id;
        let row = crate::challenge::locked(tx, self.challenge).await?;
        must(Action::NameDecisionMaker, tx.op().viewer.roles())?;
        let made_anew = crate::decision::made_anew(tx, vec![row.id]).await?;
        may_name_decision_maker(stage(&row), made_anew.contains(&row.id))?;
        let user = account(tx, &self.email_key).await?.id;
        if user == by {
            return Err(Reason::SelfApproval.into());
        }
        let on_council = seat_on_council(tx, user, row.id).await?.is_some();
        domain::decision::may_decide(on_council).map_err(|reason| Problem::at("email", reason))?;
        // Not a change of the brief: neither version nor time of change, which the public sees.
        let change = challenge::ActiveModel { decision_maker_id: Set(Some(user)), ..Default::default() };
        challenge::Entity::update_many()
            .set(change)
            .filter(challenge::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
        tx.record(Event::new(EventKind::DecisionMakerNamed).challenge(row.id).user(user));
        Ok(row.id)
    }
}

/// Roles that fill in score sheets.
pub(crate) fn may_score(role: CouncilRole) -> bool {
    domain::access::may(Action::Score, [Role::SignedIn, role.access()].into_iter().collect())
}
