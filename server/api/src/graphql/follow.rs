//! Following: by mail, what is public of a challenge, an agency, a sector.

use app::follow::{Follow as FollowCommand, Unfollow as UnfollowCommand};
use async_graphql::{Context, ID, InputObject, Object};
use domain::follow::Followed;
use domain::id::{ChallengeId, OrganizationId};
use entity::follow;

use super::account::User;
use super::challenge::{Challenge, Sector};
use super::context::Ask as _;
use super::enums::SectorCode;
use super::error::{Reported, Result};
use super::organization::Organization;
use super::payload::{UserError, execute, payload};
use super::scalar::DateTime;
use super::text::Reader;

/// Something that you follow.
pub struct Follow(pub follow::Model);

impl Follow {
    fn followed(&self) -> Option<Followed> {
        Followed::read(self.0.kind, &self.0.target)
    }
}

/// Something that you follow: exactly one of challenge, agency and sector. Nobody but you sees it.
#[Object]
impl Follow {
    /// The challenge; null if it is another thing, or one that you may not know of any more.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        let Some(Followed::Challenge(id)) = self.followed() else { return Ok(None) };
        Ok(super::one(ctx, id).await?.map(Challenge))
    }

    /// The agency; null if it is another thing, or one that you may not know of any more.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        let Some(Followed::Agency(id)) = self.followed() else { return Ok(None) };
        Ok(super::one(ctx, id).await?.map(Organization))
    }

    /// The sector; null if it is another thing.
    async fn sector(&self) -> Option<Sector> {
        match self.followed() {
            Some(Followed::Sector(sector)) => Some(Sector(sector)),
            _ => None,
        }
    }

    /// Since when.
    async fn followed_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

macro_rules! inputs {
    ($($(#[$meta:meta])* $Input:ident { $(#[$fmeta:meta])* $field:ident: $Field:ty })+) => { $(
        $(#[$meta])*
        #[derive(InputObject)]
        pub struct $Input {
            $(#[$fmeta])*
            $field: $Field,
        }
    )+ };
}

inputs! {
    /// What `followChallenge` needs.
    FollowChallengeInput {
        /// Which.
        challenge_id: ID
    }
    /// What `unfollowChallenge` needs.
    UnfollowChallengeInput {
        /// Which.
        challenge_id: ID
    }
    /// What `followAgency` needs.
    FollowAgencyInput {
        /// Which.
        agency_id: ID
    }
    /// What `unfollowAgency` needs.
    UnfollowAgencyInput {
        /// Which.
        agency_id: ID
    }
    /// What `followSector` needs.
    FollowSectorInput {
        /// Which.
        sector: SectorCode
    }
    /// What `unfollowSector` needs.
    UnfollowSectorInput {
        /// Which.
        sector: SectorCode
    }
}

macro_rules! payloads {
    ($($(#[$meta:meta])* $Payload:ident)+) => { $(
        payload! {
            $(#[$meta])*
            $Payload {
                /// You, with what you follow.
                user: User,
            }
        }
    )+ };
}

payloads! {
    /// Answer of `followChallenge`.
    FollowChallengePayload
    /// Answer of `unfollowChallenge`.
    UnfollowChallengePayload
    /// Answer of `followAgency`.
    FollowAgencyPayload
    /// Answer of `unfollowAgency`.
    UnfollowAgencyPayload
    /// Answer of `followSector`.
    FollowSectorPayload
    /// Answer of `unfollowSector`.
    UnfollowSectorPayload
}

/// Begins or ends to follow; what the caller is told.
async fn turn(
    ctx: &Context<'_>,
    reader: Reader,
    followed: Option<Followed>,
    begins: bool,
) -> Result<(Option<User>, Vec<UserError>)> {
    let done = if begins {
        execute(ctx, None, reader.finish(followed.map(|followed| FollowCommand { followed }))).await?
    } else {
        execute(ctx, None, reader.finish(followed.map(|followed| UnfollowCommand { followed }))).await?
    };
    match done {
        Ok(()) => {
            let user = ctx.state()?.op.user().map_err(Reported)?;
            let own = app::account::own(ctx.app()?, user).await.map_err(Reported)?;
            Ok((own.map(User), Vec::new()))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Following.
#[derive(Default)]
pub struct FollowMutation;

/// Following.
#[Object]
impl FollowMutation {
    /// You are mailed when a challenge is amended, halted, resumed or given up, when a question about it is answered and when its
    /// decision is published. Again is no harm. Each such mail has a link that ends it. User errors: `NOT_FOUND`, `QUOTA` (200).
    async fn follow_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: FollowChallengeInput,
    ) -> Result<Option<FollowChallengePayload>> {
        let mut reader = Reader::default();
        let id = reader.id::<ChallengeId>("challengeId", &input.challenge_id);
        let (user, user_errors) = turn(ctx, reader, id.map(Followed::Challenge), true).await?;
        Ok(Some(FollowChallengePayload { user, user_errors }))
    }

    /// You are not mailed as its follower any more; in other roles you are. Again is no harm. User errors: `NOT_FOUND`.
    async fn unfollow_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UnfollowChallengeInput,
    ) -> Result<Option<UnfollowChallengePayload>> {
        let mut reader = Reader::default();
        let id = reader.id::<ChallengeId>("challengeId", &input.challenge_id);
        let (user, user_errors) = turn(ctx, reader, id.map(Followed::Challenge), false).await?;
        Ok(Some(UnfollowChallengePayload { user, user_errors }))
    }

    /// You are mailed when the agency's challenges are published. Again is no harm. User errors: `NOT_FOUND` (another kind of
    /// organisation, too), `QUOTA` (200).
    async fn follow_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: FollowAgencyInput,
    ) -> Result<Option<FollowAgencyPayload>> {
        let mut reader = Reader::default();
        let id = reader.id::<OrganizationId>("agencyId", &input.agency_id);
        let (user, user_errors) = turn(ctx, reader, id.map(Followed::Agency), true).await?;
        Ok(Some(FollowAgencyPayload { user, user_errors }))
    }

    /// You are not mailed as its follower any more. Again is no harm. User errors: `NOT_FOUND`.
    async fn unfollow_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UnfollowAgencyInput,
    ) -> Result<Option<UnfollowAgencyPayload>> {
        let mut reader = Reader::default();
        let id = reader.id::<OrganizationId>("agencyId", &input.agency_id);
        let (user, user_errors) = turn(ctx, reader, id.map(Followed::Agency), false).await?;
        Ok(Some(UnfollowAgencyPayload { user, user_errors }))
    }

    /// You are mailed when challenges of the sector are published. Again is no harm. User errors: `QUOTA` (200).
    async fn follow_sector(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: FollowSectorInput,
    ) -> Result<Option<FollowSectorPayload>> {
        let followed = Followed::Sector(input.sector.into());
        let (user, user_errors) = turn(ctx, Reader::default(), Some(followed), true).await?;
        Ok(Some(FollowSectorPayload { user, user_errors }))
    }

    /// You are not mailed as its follower any more. Again is no harm.
    async fn unfollow_sector(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UnfollowSectorInput,
    ) -> Result<Option<UnfollowSectorPayload>> {
        let followed = Followed::Sector(input.sector.into());
        let (user, user_errors) = turn(ctx, Reader::default(), Some(followed), false).await?;
        Ok(Some(UnfollowSectorPayload { user, user_errors }))
    }
}
