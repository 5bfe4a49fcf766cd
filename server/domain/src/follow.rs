//! What people follow, and of what they are told then: of nothing that is not public.

use crate::challenge::Sector;
use crate::event::EventKind;
use crate::id::{ChallengeId, OrganizationId};

closed_set! {
    /// Kinds of what can be followed.
    pub enum FollowKind {
        /// A challenge.
        Challenge = "CHALLENGE",
        /// An agency.
        Agency = "AGENCY",
        /// A sector.
        Sector = "SECTOR",
    }
}

/// Searches that one person keeps.
pub const SEARCHES: usize = 50;

/// Characters of the name of a search.
pub const SEARCH_NAME: usize = 100;

/// Characters of what is searched for.
pub const SEARCH_WORDS: usize = 200;

/// How much one person may follow.
pub const LIMIT: usize = 200;

/// What somebody follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Followed {
    /// A challenge.
    Challenge(ChallengeId),
    /// An agency.
    Agency(OrganizationId),
    /// A sector.
    Sector(Sector),
}

impl Followed {
    /// Its kind.
    pub const fn kind(self) -> FollowKind {
        match self {
            Self::Challenge(_) => FollowKind::Challenge,
            Self::Agency(_) => FollowKind::Agency,
            Self::Sector(_) => FollowKind::Sector,
        }
    }

    /// What of that kind, as one text.
    pub fn target(self) -> String {
        match self {
            Self::Challenge(id) => id.to_string(),
            Self::Agency(id) => id.to_string(),
            Self::Sector(sector) => sector.name().to_owned(),
        }
    }

    /// From kind and text.
    pub fn read(kind: FollowKind, target: &str) -> Option<Self> {
        Some(match kind {
            FollowKind::Challenge => Self::Challenge(ChallengeId(target.parse().ok()?)),
            FollowKind::Agency => Self::Agency(OrganizationId(target.parse().ok()?)),
            FollowKind::Sector => Self::Sector(Sector::from_name(target)?),
        })
    }
}

/// Whoever follows one of these hears of an event of a challenge.
pub fn hear_of(
    event: EventKind,
    challenge: ChallengeId,
    agency: OrganizationId,
    sector: Sector,
) -> Vec<Followed> {
    match event {
        EventKind::ChallengePublished => vec![Followed::Agency(agency), Followed::Sector(sector)],
        _ => vec![Followed::Challenge(challenge)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed_is_read_as_it_was_written() {
        let id = uuid::Uuid::from_u128(7);
        for followed in [
            Followed::Challenge(ChallengeId(id)),
            Followed::Agency(OrganizationId(id)),
            Followed::Sector(Sector::Agriculture),
        ] {
            assert_eq!(Followed::read(followed.kind(), &followed.target()), Some(followed));
        }
        assert_eq!(Followed::read(FollowKind::Sector, "NOTHING"), None);
        assert_eq!(Followed::read(FollowKind::Challenge, "7"), None);
    }
}
