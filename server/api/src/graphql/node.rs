//! The way back to an object from its id, and the viewer.

use async_graphql::{Context, ID, Interface, Object};
use domain::id::{
    AppealId, AttachmentId, ChallengeId, CouncilMemberId, CriterionId, DecisionId, DelegationId, ExpertId,
    ExternalIdentityId, IndicatorId, MembershipId, MessageId, OneTimeTokenId, OrganizationId, ProposalId,
    QuestionId, ReviewId, SavedSearchId, SessionId, UserId, WebhookDeliveryId, WebhookId, WorkingGroupId,
};

use super::account::User;
use super::appeal::Appeal;
use super::attachment::Attachment;
use super::challenge::{Challenge, Criterion, Indicator, Sector};
use super::context::Ask as _;
use super::decision::Decision;
use super::delegation::Delegation;
use super::error::{Reported, Result};
use super::expert::Expert;
use super::id::{NodeId, split};
use super::invitation::Invitation;
use super::notification::Notification;
use super::one;
use super::organization::{Membership, Organization};
use super::proposal::Proposal;
use super::question::Question;
use super::review::{CouncilMember, Review};
use super::saved_search::SavedSearch;
use super::session::Session;
use super::sign_on::ExternalIdentity;
use super::webhook::{Webhook, WebhookDelivery};
use super::working_group::WorkingGroup;

/// An object with an id that is stable for ever and unique over all types.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque id."))]
#[expect(clippy::large_enum_variant, reason = "one of them at a time, and not for long")]
pub enum Node {
    /// A person.
    User(User),
    /// An organisation.
    Organization(Organization),
    /// A membership.
    Membership(Membership),
    /// A challenge.
    Challenge(Challenge),
    /// A criterion.
    Criterion(Criterion),
    /// An indicator.
    Indicator(Indicator),
    /// A proposal.
    Proposal(Proposal),
    /// A file.
    Attachment(Attachment),
    /// A question.
    Question(Question),
    /// A notification.
    Notification(Notification),
    /// A council seat.
    CouncilMember(CouncilMember),
    /// A review.
    Review(Review),
    /// A decision.
    Decision(Decision),
    /// An appeal.
    Appeal(Appeal),
    /// A kept search.
    SavedSearch(SavedSearch),
    /// A session.
    Session(Session),
    /// An invitation.
    Invitation(Invitation),
    /// A delegation.
    Delegation(Delegation),
    /// A working group.
    WorkingGroup(WorkingGroup),
    /// A webhook.
    Webhook(Webhook),
    /// A message to a webhook.
    WebhookDelivery(WebhookDelivery),
    /// An entry of the expert register.
    Expert(Expert),
    /// An identity at an issuer.
    ExternalIdentity(ExternalIdentity),
}

/// Most ids in one `nodes`.
const NODES_MAX: usize = 100;

async fn resolve(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((tag, uuid)) = split(id) else { return Ok(None) };
    macro_rules! by_tag {
        ($($Id:ty => $Object:ident),+) => {
            match tag {
                $(<$Id>::TAG => one(ctx, <$Id>::of(uuid)).await?.map(|row| Node::$Object($Object(row))),)+
                _ => None,
            }
        };
    }
    Ok(by_tag!(
        UserId => User,
        OrganizationId => Organization,
        MembershipId => Membership,
        ChallengeId => Challenge,
        CriterionId => Criterion,
        IndicatorId => Indicator,
        ProposalId => Proposal,
        AttachmentId => Attachment,
        QuestionId => Question,
        MessageId => Notification,
        CouncilMemberId => CouncilMember,
        ReviewId => Review,
        DecisionId => Decision,
        AppealId => Appeal,
        OneTimeTokenId => Invitation,
        DelegationId => Delegation,
        WorkingGroupId => WorkingGroup,
        WebhookId => Webhook,
        WebhookDeliveryId => WebhookDelivery,
        ExpertId => Expert,
        SavedSearchId => SavedSearch,
        SessionId => Session,
        ExternalIdentityId => ExternalIdentity
    ))
}

/// The way in.
#[derive(Default)]
pub struct NodeQuery;

/// The way in.
#[Object]
impl NodeQuery {
    /// You; null when signed out. Everything personal is below it.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let state = ctx.state()?;
        let Ok(person) = state.op.account() else { return Ok(None) };
        let own = app::account::own(ctx.app()?, person.id).await.map_err(Reported)?;
        Ok(own.map(User))
    }

    /// The object of an id; null for an id that is malformed, unknown, or not yours to see.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Opaque id.")] id: ID) -> Result<Option<Node>> {
        resolve(ctx, &id).await
    }

    /// The objects of ids, in the same order, null where there is none that you may see; at most 100.
    #[graphql(complexity = "1 + ids.len().min(100) * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > NODES_MAX {
            let reason = domain::problem::Reason::TooLong { max: NODES_MAX };
            return Err(Reported(
                domain::problem::Problem { field: Some(vec!["ids".to_owned()]), reason }.into(),
            )
            .into());
        }
        futures_util::future::try_join_all(ids.iter().map(|id| resolve(ctx, id))).await
    }

    /// All sectors, in the order of their codes.
    async fn sectors(&self) -> Vec<Sector> {
        domain::challenge::Sector::ALL.iter().map(|sector| Sector(*sector)).collect()
    }
}
