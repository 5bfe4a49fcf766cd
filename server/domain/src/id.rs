//! Identity: a type per kind of thing, so that a proposal's id never stands where a challenge's belongs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $Name:ident,)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
        #[serde(transparent)]
        pub struct $Name(pub Uuid);

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $Name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        // SeaORM asks every key for this; a random id never comes from a counter.
        #[cfg(feature = "orm")]
        impl sea_orm::TryFromU64 for $Name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($Name)))
            }
        }
    )+ };
}

id! {
    /// A person's account.
    UserId,
    /// A signed-in device: the family of refresh tokens behind one log-in.
    SessionId,
    /// An agency, a startup, the programme office.
    OrganizationId,
    /// A person's place in an organisation.
    MembershipId,
    /// A big problem.
    ChallengeId,
    /// What is measured before and after.
    IndicatorId,
    /// A criterion of the rubric.
    CriterionId,
    /// A startup's answer to a challenge.
    ProposalId,
    /// One submitted, immutable version of a proposal.
    ProposalVersionId,
    /// A seat on a challenge's council.
    CouncilMemberId,
    /// One member's review of one proposal.
    ReviewId,
    /// The authority's decision on a challenge.
    DecisionId,
    /// A secret sent by mail that works once.
    OneTimeTokenId,
    /// Something that happened.
    EventId,
    /// A mail to one person.
    MessageId,
}
