//! Invitations that wait.

use async_graphql::{Context, ID, Object};
use entity::one_time_token;

use super::account::User;
use super::enums::MembershipRole;
use super::error::{Result, fault};
use super::id;
use super::organization::Organization;
use super::scalar::{DateTime, EmailAddress};

/// An invitation.
#[derive(Clone)]
pub struct Invitation(pub one_time_token::Model);

/// An invitation into an organisation that waits to be accepted. Those who manage the organisation see it, and an
/// officer the one sent to an agency for want of a lead; nobody else.
#[Object]
impl Invitation {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Where; null if you may not see it any more.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        match self.0.organization_id {
            Some(id) => Ok(super::one(ctx, id).await?.map(Organization)),
            None => Ok(None),
        }
    }

    /// Whom.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.0.email.clone())
    }

    /// As what.
    async fn role(&self) -> Result<MembershipRole> {
        self.0.role.map(Into::into).ok_or_else(|| fault("an invitation without a role"))
    }

    /// Who invites; null if you may not see them.
    async fn invited_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.invited_by {
            Some(id) => super::account::person(ctx, id).await,
            None => Ok(None),
        }
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it stops working.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}
