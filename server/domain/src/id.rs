//! Identity: a type per kind of thing, so that a proposal's id never stands where a challenge's belongs.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A kind of thing whose ids clients see: as a tag of the kind and the UUID in base64url, the same for ever.
pub trait PublicId: Copy {
    /// Tells kinds apart; never changes, never used twice.
    const TAG: u8;
    /// From the UUID.
    fn of(id: Uuid) -> Self;
    /// The UUID.
    fn uuid(self) -> Uuid;

    /// As clients see it.
    fn public(self) -> String {
        let mut bytes = [Self::TAG; 17];
        bytes.iter_mut().skip(1).zip(self.uuid().as_bytes()).for_each(|(place, byte)| *place = *byte);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// From what a client sent; None for another kind or anything else.
    fn from_public(text: &str) -> Option<Self> {
        split_public(text).filter(|(tag, _)| *tag == Self::TAG).map(|(_, uuid)| Self::of(uuid))
    }
}

/// The tag and UUID of a public id; None for anything else.
pub fn split_public(text: &str) -> Option<(u8, Uuid)> {
    let bytes = (text.len() == 23).then(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok())??;
    let (tag, uuid) = bytes.split_first()?;
    Some((*tag, Uuid::from_slice(uuid).ok()?))
}

macro_rules! public_ids {
    ($($Id:ident = $tag:literal,)+) => { $(
        impl PublicId for $Id {
            const TAG: u8 = $tag;

            fn of(id: Uuid) -> Self {
                Self(id)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }
    )+ };
}

public_ids! {
    UserId = 1,
    OrganizationId = 2,
    MembershipId = 3,
    ChallengeId = 4,
    IndicatorId = 5,
    CriterionId = 6,
    ProposalId = 7,
    ProposalVersionId = 8,
    CouncilMemberId = 9,
    ReviewId = 10,
    DecisionId = 11,
    ExternalIdentityId = 30,
    SessionId = 40,
    OneTimeTokenId = 20,
    DelegationId = 21,
    WorkingGroupId = 22,
    ExpertId = 23,
    QuestionId = 24,
    MessageId = 25,
    AttachmentId = 26,
    SavedSearchId = 27,
    AppealId = 28,
    WebhookId = 29,
    WebhookDeliveryId = 41,
}

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
    /// An agency, an applicant, the programme office.
    OrganizationId,
    /// A person's place in an organisation.
    MembershipId,
    /// A big problem.
    ChallengeId,
    /// What is measured before and after.
    IndicatorId,
    /// A criterion of the rubric.
    CriterionId,
    /// An applicant's answer to a challenge.
    ProposalId,
    /// One submitted, immutable version of a proposal.
    ProposalVersionId,
    /// A seat on a challenge's council.
    CouncilMemberId,
    /// One member's review of one proposal.
    ReviewId,
    /// The authority's decision on a challenge.
    DecisionId,
    /// A secret sent by mail that works once. Of these only invitations have an id that clients see.
    OneTimeTokenId,
    /// A code that stands in for the second factor once.
    RecoveryCodeId,
    /// A device from which an account was used.
    DeviceId,
    /// A consent given or taken back.
    ConsentId,
    /// A decision that lets one public body draft for another.
    DelegationId,
    /// The working group of a unit.
    WorkingGroupId,
    /// An entry of the expert register.
    ExpertId,
    /// Somebody on the way to an issuer and back.
    SignOnAttemptId,
    /// A person as an issuer knows them.
    ExternalIdentityId,
    /// Something that happened.
    EventId,
    /// A mail to one person.
    MessageId,
    /// A question about a challenge.
    QuestionId,
    /// A file of a challenge or a proposal.
    AttachmentId,
    /// A search that somebody keeps.
    SavedSearchId,
    /// An appeal against a decision.
    AppealId,
    /// An address at which an organisation is told what happens.
    WebhookId,
    /// A message to it.
    WebhookDeliveryId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_kind_is_no_id() {
        let id = ChallengeId(Uuid::from_u128(7));
        let public = id.public();
        assert_eq!(public, "BAAAAAAAAAAAAAAAAAAAAAc");
        assert_eq!(ChallengeId::from_public(&public), Some(id));
        assert_eq!(ProposalId::from_public(&public), None);
        for junk in ["", "x", "AAAA", "!!!!!!!!!!!!!!!!!!!!!!!", &"A".repeat(24)] {
            assert_eq!(ChallengeId::from_public(junk), None, "{junk}");
        }
    }
}
