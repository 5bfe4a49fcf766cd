//! From the token to the viewer, and from the viewer to the roles on one resource.

use domain::access::{Action, Roles, may};
use domain::id::{ChallengeId, UserId};
use domain::problem::Reason;
use entity::{challenge, council_member, membership, organization, platform_grant, session, user};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::App;
use crate::error::{Error, Result};
use crate::op::{Person, Seat, Viewer};

/// The viewer behind an access token. Unauthenticated: the token is not one of ours, or its session has ended.
pub async fn viewer(app: &App, token: &str) -> Result<Viewer> {
    let (user, session) = app.keys.verify(token).ok_or(Error::Unauthenticated)?;
    let now = app.db.clock.process();
    let alive = session::Entity::find_by_id(session)
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .one(&app.db.read)
        .await?;
    alive.ok_or(Error::Unauthenticated)?;
    let mut person = person(&app.db.read, user).await?.ok_or(Error::Unauthenticated)?;
    person.session = Some(session);
    Ok(Viewer(Some(person)))
}

/// A person with everything that rights are made of, without a session.
pub async fn person(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<Person>> {
    let Some(user) = user::Entity::find_by_id(id).one(connection).await? else { return Ok(None) };
    let seats: Vec<_> = membership::Entity::find()
        .filter(membership::Column::UserId.eq(id))
        .filter(membership::Column::EndedAt.is_null())
        .all(connection)
        .await?;
    let organizations = match seats.is_empty() {
        true => Vec::new(),
        false => {
            let ids = seats.iter().map(|seat| seat.organization_id);
            organization::Entity::find().filter(organization::Column::Id.is_in(ids)).all(connection).await?
        }
    };
    let seats = seats.iter().filter_map(|seat| {
        let organization = organizations.iter().find(|organization| organization.id == seat.organization_id)?;
        Some(Seat { organization: organization.id, kind: organization.kind, status: organization.status, role: seat.role })
    });
    let posts = platform_grant::Entity::find().filter(platform_grant::Column::UserId.eq(id)).all(connection).await?;
    Ok(Some(Person { id, session: None, locale: user.locale, seats: seats.collect(), posts: posts.into_iter().map(|post| post.role).collect() }))
}

/// The viewer's roles on one challenge: in its agency, on its council, as its decision maker, and everywhere.
pub async fn roles_on(connection: &impl ConnectionTrait, viewer: &Viewer, challenge: &challenge::Model) -> Result<Roles> {
    let roles = viewer.roles_in(challenge.agency_id);
    let Some(person) = &viewer.0 else { return Ok(roles) };
    let seat = seat_on_council(connection, person.id, challenge.id).await?;
    Ok(with_appointments(roles, person.id, challenge, seat.map(|seat| seat.role)))
}

/// Adds what a challenge itself says of the person.
pub fn with_appointments(roles: Roles, user: UserId, challenge: &challenge::Model, seat: Option<domain::review::CouncilRole>) -> Roles {
    let roles = seat.map_or(roles, |role| roles.with(role.access()));
    if challenge.decision_maker_id == Some(user) { roles.with(domain::access::Role::DecisionMaker) } else { roles }
}

/// The person's live seat on the challenge's council.
pub async fn seat_on_council(connection: &impl ConnectionTrait, user: UserId, challenge: ChallengeId) -> Result<Option<council_member::Model>> {
    let seat = council_member::Entity::find()
        .filter(council_member::Column::ChallengeId.eq(challenge))
        .filter(council_member::Column::UserId.eq(user))
        .filter(council_member::Column::RemovedAt.is_null());
    Ok(seat.limit(1).one(connection).await?)
}

/// Refuses what the table does not allow.
pub fn must(action: Action, roles: Roles) -> Result<()> {
    if may(action, roles) { Ok(()) } else { Err(Reason::NotPermitted.into()) }
}
