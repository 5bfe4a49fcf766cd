//! Ids as clients see them: a tag of the kind and the UUID, base64url, the same for ever.

use async_graphql::ID;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use domain::id::{
    ChallengeId, CouncilMemberId, CriterionId, DecisionId, IndicatorId, MembershipId, OrganizationId,
    ProposalId, ProposalVersionId, ReviewId, UserId,
};
use uuid::Uuid;

/// A kind of thing that has a public id.
pub trait NodeId: Copy {
    /// Tells kinds apart; never changes, never used twice.
    const TAG: u8;
    /// From the UUID.
    fn of(id: Uuid) -> Self;
    /// The UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! tags {
    ($($Id:ty = $tag:literal,)+) => { $(
        impl NodeId for $Id {
            const TAG: u8 = $tag;
            fn of(id: Uuid) -> Self { Self(id) }
            fn uuid(self) -> Uuid { self.0 }
        }
    )+ };
}

tags! {
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
}

/// The public form.
pub fn encode<T: NodeId>(id: T) -> ID {
    let mut bytes = [0; 17];
    bytes[0] = T::TAG;
    bytes[1..].copy_from_slice(id.uuid().as_bytes());
    ID(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The tag and UUID of a public id; None for anything else.
pub fn split(id: &ID) -> Option<(u8, Uuid)> {
    let bytes = (id.len() == 23).then(|| BASE64_URL_SAFE_NO_PAD.decode(id.as_bytes()).ok())??;
    let (tag, uuid) = bytes.split_first()?;
    Some((*tag, Uuid::from_slice(uuid).ok()?))
}

/// The id of that kind; None for another kind or anything else.
pub fn decode<T: NodeId>(id: &ID) -> Option<T> {
    split(id).filter(|(tag, _)| *tag == T::TAG).map(|(_, uuid)| T::of(uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_kind_is_no_id() {
        let id = ChallengeId(Uuid::from_u128(7));
        let public = encode(id);
        assert_eq!(public.len(), 23);
        assert_eq!(decode::<ChallengeId>(&public), Some(id));
        assert_eq!(decode::<ProposalId>(&public), None);
        for junk in ["", "x", "AAAA", "!!!!!!!!!!!!!!!!!!!!!!!", &"A".repeat(24)] {
            assert_eq!(decode::<ChallengeId>(&ID(junk.to_owned())), None, "{junk}");
        }
    }
}
