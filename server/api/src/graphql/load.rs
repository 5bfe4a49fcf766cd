//! Loaders: many keys, one statement, always in the name of the viewer.

use std::collections::HashMap;
use std::sync::Arc;

use app::access_log::Access;
use app::action::Bid;
use app::attachment::{self, Attached};
use app::vault::Opened;
use app::{App, Error, Op, access_log, action, batch, follow, inbox};
use domain::access::Roles;
use domain::action::{
    ChallengeAction, DecisionAction, OrganizationAction, Possible, ProposalAction, ReviewAction,
};
use domain::challenge::{Sector, SupportOffer};
use domain::event::Event;
use domain::id::{
    AppealId, AttachmentId, ChallengeId, CouncilMemberId, CriterionId, DecisionId, DelegationId, ExpertId,
    ExternalIdentityId, IndicatorId, MembershipId, MessageId, OneTimeTokenId, OrganizationId, ProposalId,
    QuestionId, ReviewId, SavedSearchId, SessionId, UserId, WebhookDeliveryId, WebhookId, WorkingGroupId,
};
use domain::review::Turnout;
use entity::{
    announcement, challenge, challenge_version, clarification, council_member, criterion, decision,
    delegation, expert, external_identity, indicator, membership, message, one_time_token, opening,
    organization, proposal, proposal_draft, proposal_version, question, review, saved_search, session, user,
    webhook, webhook_delivery, working_group, working_group_member,
};

/// Reads in the name of one viewer.
pub struct Loader {
    /// The application.
    pub app: App,
    /// Who asks.
    pub op: Arc<Op>,
}

macro_rules! loads {
    ($($(#[$meta:meta])* $Key:ty => $Value:ty, |$loader:ident, $keys:ident| $read:expr;)+) => { $(
        $(#[$meta])*
        impl async_graphql::dataloader::Loader<$Key> for Loader {
            type Value = $Value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$Key]) -> Result<HashMap<$Key, $Value>, Self::Error> {
                let ($loader, $keys) = (self, keys);
                $read.await.map_err(Arc::new)
            }
        }
    )+ };
}

loads! {
    UserId => user::Model, |of, keys| batch::users(&of.app, &of.op.viewer, keys);
    OrganizationId => organization::Model, |of, keys| batch::organizations(&of.app, &of.op.viewer, keys);
    MembershipId => membership::Model, |of, keys| batch::memberships(&of.app, &of.op.viewer, keys);
    OneTimeTokenId => one_time_token::Model, |of, keys| batch::invitations(&of.app, &of.op.viewer, keys);
    DelegationId => delegation::Model, |of, keys| batch::delegations(&of.app, &of.op.viewer, keys);
    WorkingGroupId => working_group::Model, |of, keys| batch::working_groups(&of.app, &of.op.viewer, keys);
    ExpertId => expert::Model, |of, keys| batch::experts(&of.app, &of.op.viewer, keys);
    ChallengeId => challenge::Model, |of, keys| batch::challenges(&of.app, &of.op.viewer, keys);
    ProposalId => proposal::Model, |of, keys| batch::proposals(&of.app, &of.op.viewer, keys);
    CouncilMemberId => council_member::Model, |of, keys| batch::council_members(&of.app, &of.op.viewer, keys);
    MessageId => message::Model, |of, keys| batch::notifications(&of.app, &of.op.viewer, keys);
    AttachmentId => Attached, |of, keys| attachment::by_id(&of.app, &of.op.viewer, keys);
    WebhookId => webhook::Model, |of, keys| app::webhook::by_id(&of.app, &of.op.viewer, keys);
    WebhookDeliveryId => webhook_delivery::Model, |of, keys| app::webhook::deliveries_by_id(&of.app, &of.op.viewer, keys);
    SavedSearchId => saved_search::Model, |of, keys| app::saved_search::by_id(&of.app, &of.op.viewer, keys);
    QuestionId => question::Model, |of, keys| batch::questions(&of.app, &of.op.viewer, keys);
    ReviewId => review::Model, |of, keys| batch::reviews(&of.app, &of.op.viewer, keys);
    SessionId => session::Model, |of, keys| batch::sessions(&of.app, &of.op.viewer, keys);
    DecisionId => decision::Model, |of, keys| batch::decisions(&of.app, &of.op.viewer, keys);
    AppealId => app::appeal::Written, |of, keys| app::appeal::by_id(&of.app, &of.op.viewer, keys);
    ExternalIdentityId => external_identity::Model, |of, keys| batch::external_identities(&of.app, &of.op.viewer, keys);
    CriterionId => criterion::Model, |of, keys| batch::criteria_by_id(&of.app, &of.op.viewer, keys);
    IndicatorId => indicator::Model, |of, keys| batch::indicators_by_id(&of.app, &of.op.viewer, keys);
}

macro_rules! keys {
    ($($(#[$meta:meta])* $Key:ident($Id:ty);)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $Key(pub $Id);
    )+ };
}

keys! {
    /// The criteria of a challenge.
    CriteriaOf(ChallengeId);
    /// The indicators of a challenge.
    IndicatorsOf(ChallengeId);
    /// What a challenge said in public.
    PublishedOf(ChallengeId);
    /// What a challenge offers, stage by stage.
    SupportOf(ChallengeId);
    /// What was announced about a challenge.
    AnnouncementsOf(ChallengeId);
    /// The link to the preview of a challenge.
    PreviewOf(ChallengeId);
    /// The duplicates of a challenge.
    DuplicatesOf(ChallengeId);
    /// The council of a challenge.
    CouncilOf(ChallengeId);
    /// The decision on a challenge.
    DecisionOf(ChallengeId);
    /// The promotion on a challenge that is not published yet.
    PromotionOn(ChallengeId);
    /// The decisions on a challenge that were set aside.
    FormerDecisionsOf(ChallengeId);
    /// The appeals against a decision.
    AppealsAgainst(DecisionId);
    /// The opening of a challenge.
    OpeningOf(ChallengeId);
    /// How many proposals a challenge has.
    ProposalCountOf(ChallengeId);
    /// The score of a proposal of one's own.
    OwnScoreOf(ProposalId);
    /// The reads of a proposal, by capacity.
    AccessLogOf(ProposalId);
    /// That the viewer is tied to one of the applicants of a decision.
    TieOf(DecisionId);
    /// The viewer's roles on a challenge.
    RolesOn(ChallengeId);
    /// How far the council of a challenge is.
    ProgressOf(ChallengeId);
    /// What the viewer may do with a challenge.
    ActionsOnChallenge(ChallengeId);
    /// The viewer's startups before a challenge.
    BidsOn(ChallengeId);
    /// What the viewer may do with an organisation.
    ActionsOnOrganization(OrganizationId);
    /// The members of an organisation.
    MembersOf(OrganizationId);
    /// What the viewer may do with a proposal.
    ActionsOnProposal(ProposalId);
    /// What the viewer may do with a review.
    ActionsOnReview(ReviewId);
    /// What the viewer may do with a decision.
    ActionsOnDecision(DecisionId);
    /// The invitations into an organisation that wait.
    InvitationsInto(OrganizationId);
    /// The delegations that a unit gave.
    DelegationsBy(OrganizationId);
    /// The present working group of an agency.
    WorkingGroupOf(OrganizationId);
    /// The places of a working group.
    PlacesIn(WorkingGroupId);
    /// A person's entry in the expert register.
    ExpertOf(UserId);
    /// The fields in which an expert judges.
    SectorsOf(ExpertId);
    /// The applicant of a proposal.
    ApplicantOf(ProposalId);
    /// The current submitted version of a proposal.
    CurrentVersionOf(ProposalId);
    /// The same, for reading the whole of it: somebody outside the team leaves a trace first.
    OpenedVersionOf(ProposalId);
    /// All submitted versions of a proposal.
    VersionsOf(ProposalId);
    /// What the team of a proposal was asked, and said.
    ClarificationsOf(ProposalId);
    /// Why a proposal is, or is to be, out of the running.
    DisqualificationOf(ProposalId);
    /// The working copy of a proposal.
    DraftOf(ProposalId);
    /// The reviews of a proposal.
    ReviewsOf(ProposalId);
    /// What a notification is about.
    EventOf(MessageId);
    /// Whether the viewer follows a challenge.
    FollowOf(ChallengeId);
    /// The files of a challenge.
    FilesOfChallenge(ChallengeId);
    /// The files of a proposal.
    FilesOfProposal(ProposalId);
}

fn wrapped<I: Copy + Eq + std::hash::Hash, K: Eq + std::hash::Hash, V>(
    map: HashMap<I, V>,
    wrap: impl Fn(I) -> K,
) -> HashMap<K, V> {
    map.into_iter().map(|(id, value)| (wrap(id), value)).collect()
}

macro_rules! loads_of {
    ($($Key:ident($Id:ty) => $Value:ty, |$loader:ident, $ids:ident| $read:expr;)+) => { $(
        impl async_graphql::dataloader::Loader<$Key> for Loader {
            type Value = $Value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$Key]) -> Result<HashMap<$Key, $Value>, Self::Error> {
                let $loader = self;
                let $ids: Vec<$Id> = keys.iter().map(|key| key.0).collect();
                let $ids = $ids.as_slice();
                Ok(wrapped($read.await.map_err(Arc::new)?, $Key))
            }
        }
    )+ };
}

loads_of! {
    FilesOfChallenge(ChallengeId) => Vec<Attached>, |of, ids| attachment::of_challenges(&of.app, &of.op.viewer, ids);
    FilesOfProposal(ProposalId) => Vec<Attached>, |of, ids| attachment::of_proposals(&of.app, &of.op.viewer, ids);
    FollowOf(ChallengeId) => bool, |of, ids| follow::followed_challenges(&of.app, &of.op.viewer, ids);
    EventOf(MessageId) => Event, |of, ids| inbox::events(&of.app, &of.op.viewer, ids);
    OwnScoreOf(ProposalId) => entity::decision_outcome::Model, |of, ids| app::decision::own_scores(&of.app, &of.op.viewer, ids);
    AccessLogOf(ProposalId) => Vec<Access>, |of, ids| access_log::of(&of.app, &of.op.viewer, ids);
    CriteriaOf(ChallengeId) => Vec<criterion::Model>, |of, ids| batch::criteria(&of.app, &of.op.viewer, ids);
    IndicatorsOf(ChallengeId) => Vec<indicator::Model>, |of, ids| batch::indicators(&of.app, &of.op.viewer, ids);
    PublishedOf(ChallengeId) => Vec<challenge_version::Model>, |of, ids| batch::challenge_versions(&of.app, &of.op.viewer, ids);
    SupportOf(ChallengeId) => Vec<SupportOffer>, |of, ids| batch::support(&of.app, &of.op.viewer, ids);
    AnnouncementsOf(ChallengeId) => Vec<announcement::Model>, |of, ids| app::announcement::of_challenges(&of.app, &of.op.viewer, ids);
    PreviewOf(ChallengeId) => app::preview::Shared, |of, ids| app::preview::of_challenges(&of.app, &of.op.viewer, ids);
    DuplicatesOf(ChallengeId) => Vec<challenge::Model>, |of, ids| app::duplicate::of_challenges(&of.app, &of.op.viewer, ids);
    CouncilOf(ChallengeId) => Vec<council_member::Model>, |of, ids| batch::councils(&of.app, &of.op.viewer, ids);
    DecisionOf(ChallengeId) => decision::Model, |of, ids| batch::decisions_of(&of.app, &of.op.viewer, ids);
    PromotionOn(ChallengeId) => decision::Model, |of, ids| batch::promotions_on(&of.app, &of.op.viewer, ids);
    FormerDecisionsOf(ChallengeId) => Vec<decision::Model>, |of, ids| batch::former_decisions_of(&of.app, &of.op.viewer, ids);
    AppealsAgainst(DecisionId) => Vec<app::appeal::Written>, |of, ids| app::appeal::of_decisions(&of.app, &of.op.viewer, ids);
    OpeningOf(ChallengeId) => opening::Model, |of, ids| batch::openings(&of.app, ids);
    ProposalCountOf(ChallengeId) => i64, |of, ids| batch::proposal_counts(&of.app, ids);
    TieOf(DecisionId) => bool, |of, ids| batch::ties(&of.app, &of.op.viewer, ids);
    RolesOn(ChallengeId) => Roles, |of, ids| batch::roles(&of.app, &of.op.viewer, ids);
    ProgressOf(ChallengeId) => Turnout, |of, ids| batch::progress(&of.app, &of.op.viewer, ids);
    ActionsOnChallenge(ChallengeId) => Vec<Possible<ChallengeAction>>, |of, ids| action::on_challenges(&of.app, &of.op.viewer, ids);
    BidsOn(ChallengeId) => Vec<Bid>, |of, ids| action::bids(&of.app, &of.op.viewer, ids);
    ActionsOnOrganization(OrganizationId) => Vec<Possible<OrganizationAction>>, |of, ids| action::on_organizations(&of.app, &of.op.viewer, ids);
    ActionsOnProposal(ProposalId) => Vec<Possible<ProposalAction>>, |of, ids| action::on_proposals(&of.app, &of.op.viewer, ids);
    ActionsOnReview(ReviewId) => Vec<Possible<ReviewAction>>, |of, ids| action::on_reviews(&of.app, &of.op.viewer, ids);
    ActionsOnDecision(DecisionId) => Vec<Possible<DecisionAction>>, |of, ids| action::on_decisions(&of.app, &of.op.viewer, ids);
    MembersOf(OrganizationId) => Vec<membership::Model>, |of, ids| batch::members(&of.app, &of.op.viewer, ids);
    InvitationsInto(OrganizationId) => Vec<one_time_token::Model>, |of, ids| batch::invitations_into(&of.app, &of.op.viewer, ids);
    DelegationsBy(OrganizationId) => Vec<delegation::Model>, |of, ids| batch::delegations_by(&of.app, &of.op.viewer, ids);
    WorkingGroupOf(OrganizationId) => working_group::Model, |of, ids| batch::working_groups_of(&of.app, &of.op.viewer, ids);
    PlacesIn(WorkingGroupId) => Vec<(working_group_member::Model, String)>, |of, ids| batch::places_in(&of.app, &of.op.viewer, ids);
    ExpertOf(UserId) => expert::Model, |of, ids| batch::experts_of(&of.app, &of.op.viewer, ids);
    SectorsOf(ExpertId) => Vec<Sector>, |of, ids| batch::sectors_of(&of.app, &of.op.viewer, ids);
    ApplicantOf(ProposalId) => organization::Model, |of, ids| batch::applicants(&of.app, &of.op.viewer, ids);
    CurrentVersionOf(ProposalId) => Opened<proposal_version::Model>, |of, ids| batch::current_versions(&of.app, &of.op.viewer, ids);
    OpenedVersionOf(ProposalId) => Opened<proposal_version::Model>, |of, ids| batch::opened_versions(&of.app, &of.op, ids);
    VersionsOf(ProposalId) => Vec<Opened<proposal_version::Model>>, |of, ids| batch::versions(&of.app, &of.op.viewer, ids);
    ClarificationsOf(ProposalId) => Vec<(clarification::Model, domain::proposal::Clarification)>, |of, ids| app::clarification::of_proposals(&of.app, &of.op, ids);
    DisqualificationOf(ProposalId) => proposal::Model, |of, ids| app::disqualification::visible(&of.app, &of.op.viewer, ids);
    DraftOf(ProposalId) => Opened<proposal_draft::Model>, |of, ids| batch::drafts(&of.app, &of.op.viewer, ids);
    ReviewsOf(ProposalId) => Vec<review::Model>, |of, ids| batch::reviews_of(&of.app, &of.op.viewer, ids);
}
