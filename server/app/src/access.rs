//! From the token to the viewer, and from the viewer to the roles on one resource.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::access::{Action, Roles, may};
use domain::id::{ChallengeId, OrganizationId, SessionId, UserId};
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::problem::Reason;
use entity::{challenge, council_member, membership, organization, platform_grant, session, user};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};

use crate::App;
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::op::{Person, Seat, Viewer};

/// The viewer behind an access token. Unauthenticated: the token is not one of ours, or its session has ended.
pub async fn viewer(app: &App, token: &str) -> Result<Viewer> {
    let now = app.db.clock.process();
    let (user, session) = app.keys.verify(token, now).ok_or(Error::Unauthenticated)?;
    if let Some(person) = app.viewers.get(session) {
        return Ok(Viewer(Some(person)));
    }
    let generation = app.viewers.generation();
    let alive = session::Entity::find_by_id(session)
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .one(&app.db.read)
        .await?;
    alive.ok_or(Error::Unauthenticated)?;
    let mut person = person(&app.db, user).await?.ok_or(Error::Unauthenticated)?;
    person.session = Some(session);
    app.viewers.put(session, &person, generation);
    Ok(Viewer(Some(person)))
}

/// Viewers read within the last second. A change of rights on this instance forgets them all at once; on another instance
/// it is seen within the second.
#[derive(Debug, Default)]
pub struct Viewers {
    known: Mutex<HashMap<SessionId, (Instant, Person)>>,
    generation: AtomicU64,
}

impl Viewers {
    const LIFE: Duration = Duration::from_secs(1);
    const MOST: usize = 10_000;

    fn get(&self, session: SessionId) -> Option<Person> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&session)
            .filter(|(read_at, _)| read_at.elapsed() < Self::LIFE)
            .map(|(_, person)| person.clone())
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Keeps what was read, unless rights changed while it was being read.
    fn put(&self, session: SessionId, person: &Person, generation: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation() == generation {
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(session, (Instant::now(), person.clone()));
        }
    }

    /// Rights have changed.
    pub(crate) fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        known.clear();
    }
}

/// A person with everything that rights are made of, without a session.
pub async fn person(db: &Db, id: UserId) -> Result<Option<Person>> {
    let connection = &db.read;
    let Some(user) = user::Entity::find_by_id(id).one(connection).await? else { return Ok(None) };
    let house = membership::Entity::belongs_to(organization::Entity)
        .from(membership::Column::OrganizationId)
        .to(organization::Column::Id)
        .into();
    let seats: Vec<(OrganizationId, OrganizationKind, OrganizationStatus, MembershipRole)> =
        membership::Entity::find()
            .filter(membership::Column::UserId.eq(id))
            .filter(membership::Column::EndedAt.is_null())
            .join(JoinType::InnerJoin, house)
            .select_only()
            .column(organization::Column::Id)
            .column(organization::Column::Kind)
            .column(organization::Column::Status)
            .column(membership::Column::Role)
            .into_tuple()
            .all(connection)
            .await?;
    let seats = seats.into_iter().map(|(organization, kind, status, role)| Seat {
        organization,
        kind,
        status,
        role,
        delegation: None,
    });
    let mut seats: Vec<_> = seats.collect();
    seats.extend(crate::delegation::seats(db, &seats).await?);
    let posts =
        platform_grant::Entity::find().filter(platform_grant::Column::UserId.eq(id)).all(connection).await?;
    Ok(Some(Person {
        id,
        session: None,
        locale: user.locale,
        seats,
        posts: posts.into_iter().map(|post| post.role).collect(),
    }))
}

/// The viewer's roles on one challenge: in its agency, on its council, as its decision maker, and everywhere.
pub async fn roles_on(
    connection: &impl ConnectionTrait,
    viewer: &Viewer,
    challenge: &challenge::Model,
) -> Result<Roles> {
    let roles = viewer.roles_in(challenge.agency_id);
    let Some(person) = &viewer.0 else { return Ok(roles) };
    let seat = seat_on_council(connection, person.id, challenge.id).await?;
    Ok(with_appointments(roles, person.id, challenge, seat.map(|seat| seat.role)))
}

/// Adds what a challenge itself says of the person.
pub fn with_appointments(
    roles: Roles,
    user: UserId,
    challenge: &challenge::Model,
    seat: Option<domain::review::CouncilRole>,
) -> Roles {
    let roles = seat.map_or(roles, |role| roles.with(role.access()));
    if challenge.decision_maker_id == Some(user) {
        roles.with(domain::access::Role::DecisionMaker)
    } else {
        roles
    }
}

/// The person's live seat on the challenge's council.
pub async fn seat_on_council(
    connection: &impl ConnectionTrait,
    user: UserId,
    challenge: ChallengeId,
) -> Result<Option<council_member::Model>> {
    let seat = council_member::Entity::find()
        .filter(council_member::Column::ChallengeId.eq(challenge))
        .filter(council_member::Column::UserId.eq(user))
        .filter(council_member::Column::RemovedAt.is_null());
    Ok(seat.limit(1).one(connection).await?)
}

/// Refuses what somebody may not do in that house: by the table, and because a house that was rejected, suspended or closed
/// does nothing. Whoever acts for a house by delegation says so in everything that they do by it.
pub async fn must_in(tx: &Tx, action: Action, house: OrganizationId) -> Result<()> {
    let viewer = &tx.op().viewer;
    if may(action, viewer.roles()) {
        return Ok(());
    }
    must(action, viewer.roles_in(house))?;
    let seat = viewer.seat_at(house).ok_or(Reason::NotPermitted)?;
    seat.status.must_act()?;
    if let Some(delegation) = seat.delegation {
        crate::delegation::must_hold(tx, delegation).await?;
        tx.act_by(delegation);
    }
    Ok(())
}

/// Refuses what the table does not allow.
pub fn must(action: Action, roles: Roles) -> Result<()> {
    if may(action, roles) { Ok(()) } else { Err(Reason::NotPermitted.into()) }
}
