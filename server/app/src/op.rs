//! Who asks, made once per request.

use domain::access::{Role, Roles};
use domain::account::PlatformRole;
use domain::id::{DelegationId, OrganizationId, SessionId, UserId};
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
    /// Live memberships, and units for which the person acts by delegation.
    pub seats: Vec<Seat>,
    /// Posts on the platform.
    pub posts: Vec<PlatformRole>,
}

/// A live membership, or what a delegation gives in place of one.
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
    /// The decision by which the person acts for that organisation without belonging to it. Such a seat lets one draft
    /// there, and counts for nothing else: it is no membership.
    pub delegation: Option<DelegationId>,
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
    /// The organisations to which the viewer belongs.
    pub fn houses(&self) -> Vec<OrganizationId> {
        self.memberships().map(|seat| seat.organization).collect()
    }

    /// Those among them that bid.
    pub fn applicants(&self) -> Vec<OrganizationId> {
        self.memberships().filter(|seat| seat.kind.is_applicant()).map(|seat| seat.organization).collect()
    }

    /// Those among them that own problems.
    pub fn agencies(&self) -> Vec<OrganizationId> {
        let agencies = self.memberships().filter(|seat| seat.kind == OrganizationKind::Agency);
        agencies.map(|seat| seat.organization).collect()
    }

    /// The agencies whose drafts the viewer works on: the own ones, and units by delegation.
    pub fn desks(&self) -> Vec<OrganizationId> {
        let agencies = self.seats().filter(|seat| seat.kind == OrganizationKind::Agency);
        agencies.map(|seat| seat.organization).collect()
    }

    /// The organisations that the viewer manages.
    pub fn managed(&self) -> Vec<OrganizationId> {
        self.memberships().filter(|seat| seat.role.manages()).map(|seat| seat.organization).collect()
    }

    /// Belongs to the organisation.
    pub fn belongs_to(&self, organization: OrganizationId) -> bool {
        self.memberships().any(|seat| seat.organization == organization)
    }

    /// Programme office, administrator, auditor: those who look after the whole.
    pub fn is_staff(&self) -> bool {
        self.is_programme_office()
            || self.holds(PlatformRole::Administrator)
            || self.holds(PlatformRole::Auditor)
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
        let office = self
            .memberships()
            .filter(|seat| seat.status == OrganizationStatus::Verified)
            .filter_map(|seat| office_role(seat.role));
        let posts = person.posts.iter().map(|post| match post {
            PlatformRole::Auditor => Role::Auditor,
            PlatformRole::Administrator => Role::Administrator,
        });
        std::iter::once(Role::SignedIn).chain(office).chain(posts).collect()
    }

    /// With the role in one organisation, whatever its kind. An office gives its roles everywhere, or nowhere: not here
    /// either while it is suspended.
    pub fn roles_in(&self, organization: OrganizationId) -> Roles {
        let role = self.seat_at(organization).and_then(|seat| match seat.role {
            MembershipRole::Owner => Some(Role::TeamOwner),
            MembershipRole::Editor => Some(Role::TeamEditor),
            MembershipRole::Viewer => Some(Role::TeamViewer),
            MembershipRole::Lead => Some(Role::AgencyLead),
            MembershipRole::Drafter => Some(Role::AgencyDrafter),
            MembershipRole::Officer | MembershipRole::Publisher => None,
        });
        role.into_iter().fold(self.roles(), Roles::with)
    }

    /// The role in one organisation by a membership in it, and by nothing else.
    pub fn seat_in(&self, organization: OrganizationId) -> Option<MembershipRole> {
        self.memberships().find(|seat| seat.organization == organization).map(|seat| seat.role)
    }

    /// Refuses every act of that organisation while it was rejected, suspended or closed; what the viewer has no place in has
    /// no say here.
    pub fn must_act_in(&self, organization: OrganizationId) -> std::result::Result<(), Reason> {
        self.seat_at(organization).map_or(Ok(()), |seat| seat.status.must_act())
    }

    /// What the viewer sits on in one organisation: a membership, or else a delegation.
    pub(crate) fn seat_at(&self, organization: OrganizationId) -> Option<&Seat> {
        let here = || self.seats().filter(|seat| seat.organization == organization);
        here().find(|seat| seat.delegation.is_none()).or_else(|| here().next())
    }

    fn memberships(&self) -> impl Iterator<Item = &Seat> {
        self.seats().filter(|seat| seat.delegation.is_none())
    }

    fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.0.iter().flat_map(|person| &person.seats)
    }
}

const fn office_role(role: MembershipRole) -> Option<Role> {
    match role {
        MembershipRole::Officer => Some(Role::Officer),
        MembershipRole::Publisher => Some(Role::Publisher),
        _ => None,
    }
}
