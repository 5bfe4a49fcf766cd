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

/// Who is let in by an access token.
#[derive(Clone, Debug, Default)]
pub struct Admitted {
    /// Who asks; nobody in particular while a second factor is due.
    pub viewer: Viewer,
    /// The person to whom one is due.
    pub limited: Option<Person>,
}

/// Who is behind an access token. Unauthenticated: the token is not one of ours, or its session has ended.
pub async fn viewer(app: &App, token: &str) -> Result<Admitted> {
    let now = app.db.clock.process();
    let (user, session) = app.keys.verify(token, now).ok_or(Error::Unauthenticated)?;
    admit(app, user, session).await?.ok_or(Error::Unauthenticated)
}

/// Who is behind a session that is alive; None if it is not.
pub async fn admit(app: &App, user: UserId, session: SessionId) -> Result<Option<Admitted>> {
    if let Some(known) = app.viewers.get(session) {
        return Ok(Some(known));
    }
    let generation = app.viewers.generation();
    let alive = session::Entity::find_by_id(session)
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(app.db.clock.process()))
        .one(&app.db.read)
        .await?;
    let Some(alive) = alive else { return Ok(None) };
    let Some(person) = person(&app.db, user).await? else { return Ok(None) };
    let person = Person {
        session: Some(session),
        authenticated_at: alive.authenticated_at,
        has_shown_second_factor: alive.second_factor_at.is_some(),
        ..person
    };
    let due = app.settings.is_second_factor_required
        && !person.has_shown_second_factor
        && has_office(&app.db.read, &person).await?;
    let admitted = if due {
        Admitted { viewer: Viewer::default(), limited: Some(person) }
    } else {
        Admitted { viewer: Viewer(Some(person)), limited: None }
    };
    app.viewers.put(session, &admitted, generation);
    Ok(Some(admitted))
}

/// Whether the person acts for the public: in an agency or the programme office, on the platform, on a council, as somebody
/// who decides.
pub(crate) async fn has_office(connection: &impl ConnectionTrait, person: &Person) -> Result<bool> {
    let public = [OrganizationKind::Agency, OrganizationKind::ProgrammeOffice];
    if !person.posts.is_empty() || person.seats.iter().any(|seat| public.contains(&seat.kind)) {
        return Ok(true);
    }
    let seat = council_member::Entity::find()
        .filter(council_member::Column::UserId.eq(person.id))
        .filter(council_member::Column::RemovedAt.is_null())
        .limit(1);
    if seat.one(connection).await?.is_some() {
        return Ok(true);
    }
    let decides = challenge::Entity::find().filter(challenge::Column::DecisionMakerId.eq(person.id)).limit(1);
    Ok(decides.one(connection).await?.is_some())
}

/// Viewers read within the last second. A change of rights on this instance forgets them all at once; on another instance
/// it is seen within the second.
#[derive(Debug, Default)]
pub struct Viewers {
    known: Mutex<HashMap<SessionId, (Instant, Admitted)>>,
    generation: AtomicU64,
}

impl Viewers {
    const LIFE: Duration = Duration::from_secs(1);
    const MOST: usize = 10_000;

    fn get(&self, session: SessionId) -> Option<Admitted> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&session)
            .filter(|(read_at, _)| read_at.elapsed() < Self::LIFE)
            .map(|(_, admitted)| admitted.clone())
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Keeps what was read, unless rights changed while it was being read.
    fn put(&self, session: SessionId, admitted: &Admitted, generation: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation() == generation {
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(session, (Instant::now(), admitted.clone()));
        }
    }

    /// Rights have changed.
    pub(crate) fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        known.clear();
    }
}

/// A person with everything that rights are made of, without a session. None if the account is switched off.
pub async fn person(db: &Db, id: UserId) -> Result<Option<Person>> {
    let connection = &db.read;
    let user = user::Entity::find_by_id(id).filter(user::Column::DeactivatedAt.is_null()).one(connection).await?;
    let Some(user) = user else { return Ok(None) };
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
        authenticated_at: None,
        has_shown_second_factor: false,
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

/// The same on many challenges, in one statement.
pub(crate) async fn roles_on_each<'a>(
    connection: &impl ConnectionTrait,
    viewer: &Viewer,
    challenges: impl IntoIterator<Item = &'a challenge::Model>,
) -> Result<HashMap<ChallengeId, Roles>> {
    let challenges: Vec<_> = challenges.into_iter().collect();
    let Some(person) = viewer.0.as_ref().filter(|_| !challenges.is_empty()) else {
        return Ok(HashMap::new());
    };
    let seats = council_member::Entity::find()
        .filter(council_member::Column::ChallengeId.is_in(challenges.iter().map(|challenge| challenge.id)))
        .filter(council_member::Column::UserId.eq(person.id))
        .filter(council_member::Column::RemovedAt.is_null())
        .all(connection)
        .await?;
    let roles = challenges.into_iter().map(|challenge| {
        let seat = seats.iter().find(|seat| seat.challenge_id == challenge.id).map(|seat| seat.role);
        (challenge.id, with_appointments(viewer.roles_in(challenge.agency_id), person.id, challenge, seat))
    });
    Ok(roles.collect())
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
