//! Who asks, made once per request.

use domain::access::{Role, Roles};
use domain::account::PlatformRole;
use domain::id::{OrganizationId, SessionId, UserId};
use domain::locale::Locale;
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::problem::Reason;
use domain::time::Timestamp;

use crate::error::{Error, Result};

/// One request: who, in which language, from where.
#[derive(Clone, Debug)]
pub struct Op {
    /// Who asks.
    pub viewer: Viewer,
    /// Who is signed in, but may do nothing yet than show or set up a second factor; to everything else a visitor.
    pub limited: Option<Person>,
    /// The language of answers.
    pub locale: Locale,
    /// Names the request in logs and in the audit chain.
    pub request_id: String,
    /// The caller's address, if known.
    pub address: Option<String>,
    /// The program that the caller uses, by its own account.
    pub client: Option<String>,
    /// The `Idempotency-Key` header, for a request of one mutation.
    pub idempotency_key: Option<String>,
}

impl Op {
    /// The program itself, by a named person: the demo, the command line.
    pub fn of_system(viewer: Viewer) -> Self {
        Self {
            viewer,
            limited: None,
            locale: Locale::Vi,
            request_id: crate::ids::random::<uuid::Uuid>().to_string(),
            address: None,
            client: None,
            idempotency_key: None,
        }
    }

    /// The person, or a refusal.
    pub fn person(&self) -> Result<&Person> {
        match (&self.viewer.0, &self.limited) {
            (Some(person), _) => Ok(person),
            (None, Some(_)) => Err(Error::SecondFactorDue),
            (None, None) => Err(Error::Unauthenticated),
        }
    }

    /// Whose account it is, whether or not a second factor is due: for what concerns one's own session and its factors.
    pub fn account(&self) -> Result<&Person> {
        self.viewer.0.as_ref().or(self.limited.as_ref()).ok_or(Error::Unauthenticated)
    }

    /// The person's id, or a refusal.
    pub fn user(&self) -> Result<UserId> {
        self.person().map(|person| person.id)
    }
}

/// Whoever looks: nobody in particular, or a person.
#[derive(Clone, Debug, Default)]
pub struct Viewer(pub Option<Person>);

/// A person who is signed in, with everything that rights are made of.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The session; None for the command line.
    pub session: Option<SessionId>,
    /// When the person last proved in it who they are; None for the command line.
    pub authenticated_at: Option<Timestamp>,
    /// A second factor was shown in it, or the single sign-on vouches for the person.
    pub has_shown_second_factor: bool,
    /// The stored language.
    pub locale: Locale,
    /// Live memberships.
    pub seats: Vec<Seat>,
    /// Posts on the platform.
    pub posts: Vec<PlatformRole>,
}

/// A live membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Where.
    pub organization: OrganizationId,
    /// What the organisation is.
    pub kind: OrganizationKind,
    /// Whether it may act.
    pub status: OrganizationStatus,
    /// As what.
    pub role: MembershipRole,
}

impl Person {
    /// Refuses somebody who left a session alone too long for what is asked now.
    pub fn must_be_fresh(&self, now: Timestamp, window: std::time::Duration) -> Result<()> {
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        let is_fresh = match (self.session, self.authenticated_at) {
            (None, _) => true,
            (Some(_), Some(at)) => now.seconds_since(at) <= window,
            (Some(_), None) => false,
        };
        if is_fresh { Ok(()) } else { Err(Reason::ReauthenticationRequired.into()) }
    }
}

impl Viewer {
    /// The organisations of that kind in which the viewer is a member.
    pub fn organizations(&self, kind: OrganizationKind) -> Vec<OrganizationId> {
        self.seats().filter(|seat| seat.kind == kind).map(|seat| seat.organization).collect()
    }

    /// Works in the programme office, which must be verified.
    pub fn is_programme_office(&self) -> bool {
        let roles = self.roles();
        roles.has(Role::Officer) || roles.has(Role::Publisher)
    }

    /// Holds the post.
    pub fn holds(&self, post: PlatformRole) -> bool {
        self.0.as_ref().is_some_and(|person| person.posts.contains(&post))
    }

    /// The roles that hold everywhere: signed in, programme office, posts on the platform.
    pub fn roles(&self) -> Roles {
        let Some(person) = &self.0 else { return Roles::default() };
        let office =
            self.seats().filter(|seat| seat.status == OrganizationStatus::Verified).filter_map(|seat| {
                match seat.role {
                    MembershipRole::Officer => Some(Role::Officer),
                    MembershipRole::Publisher => Some(Role::Publisher),
                    _ => None,
                }
            });
        let posts = person.posts.iter().map(|post| match post {
            PlatformRole::Auditor => Role::Auditor,
            PlatformRole::Administrator => Role::Administrator,
        });
        std::iter::once(Role::SignedIn).chain(office).chain(posts).collect()
    }

    /// With the role in one organisation, whatever its kind.
    pub fn roles_in(&self, organization: OrganizationId) -> Roles {
        let here = self.seats().filter(|seat| seat.organization == organization);
        here.fold(self.roles(), |roles, seat| {
            roles.with(match seat.role {
                MembershipRole::Owner => Role::TeamOwner,
                MembershipRole::Editor => Role::TeamEditor,
                MembershipRole::Viewer => Role::TeamViewer,
                MembershipRole::Lead => Role::AgencyLead,
                MembershipRole::Drafter => Role::AgencyDrafter,
                MembershipRole::Officer => Role::Officer,
                MembershipRole::Publisher => Role::Publisher,
            })
        })
    }

    /// The role in one organisation by a seat in it, and by nothing else.
    pub fn seat_in(&self, organization: OrganizationId) -> Option<MembershipRole> {
        self.seats().find(|seat| seat.organization == organization).map(|seat| seat.role)
    }

    fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.0.iter().flat_map(|person| &person.seats)
    }
}
