//! The schema, cut by subject: each module has the objects, inputs, queries and mutations of one.

pub mod account;
pub mod action;
pub mod announcement;
pub mod appeal;
pub mod attachment;
pub mod authoring;
pub mod challenge;
pub mod clarification;
pub mod context;
pub mod course;
pub mod credentials;
pub mod decision;
pub mod delegation;
pub mod disqualification;
pub mod duplicate;
pub mod enums;
pub mod error;
pub mod evaluation;
pub mod expert;
pub mod follow;
pub mod id;
pub mod invitation;
pub mod load;
pub mod node;
pub mod notification;
pub mod organization;
pub mod page;
pub mod payload;
pub mod plan;
pub mod preference;
pub mod preview;
pub mod privacy;
pub mod proposal;
pub mod question;
pub mod ranking;
pub mod receipt;
pub mod review;
pub mod saved_search;
pub mod scalar;
pub mod search;
pub mod session;
pub mod sign_on;
pub mod structure;
pub mod subscription;
pub mod text;
pub mod void;
pub mod webhook;
pub mod working_group;

use std::hash::Hash;
use std::sync::Arc;

use app::{App, Error, Viewer};
use async_graphql::{Context, ID, MergedObject, Schema, SchemaBuilder};

use context::Ask as _;
use error::{Reported, Result, reported};

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    sign_on::SignOnQuery,
    challenge::ChallengeQuery,
    search::SearchQuery,
    preview::PreviewQuery,
    receipt::ReceiptQuery,
    organization::OrganizationQuery,
    expert::ExpertQuery,
);

/// Everything that can be done. Several mutations in one document run in order, each in a transaction of its own.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    session::SessionMutation,
    credentials::CredentialsMutation,
    credentials::SecondFactorMutation,
    privacy::PrivacyMutation,
    notification::NotificationMutation,
    follow::FollowMutation,
    preference::PreferenceMutation,
    saved_search::SavedSearchMutation,
    sign_on::SignOnMutation,
    organization::OrganizationMutation,
    structure::StructureMutation,
    delegation::DelegationMutation,
    working_group::WorkingGroupMutation,
    webhook::WebhookMutation,
    expert::ExpertMutation,
    authoring::ChallengeMutation,
    preview::PreviewMutation,
    course::ChallengeCourseMutation,
    announcement::AnnouncementMutation,
    duplicate::DuplicateMutation,
    attachment::AttachmentMutation,
    question::QuestionMutation,
    proposal::ProposalMutation,
    clarification::ClarificationMutation,
    evaluation::EvaluationMutation,
    void::VoidMutation,
    disqualification::DisqualificationMutation,
    plan::PlanMutation,
    decision::DecisionMutation,
    appeal::AppealMutation,
);

/// The whole schema.
pub type Root = Schema<Query, Mutation, subscription::Subscription>;

/// Highest cost of one request: a field is 1, a page 1 + its size x what is asked of each item.
pub const COST_MAX: usize = 5_000;

/// The schema before it is told where it runs.
pub fn builder() -> SchemaBuilder<Query, Mutation, subscription::Subscription> {
    Schema::build(Query::default(), Mutation::default(), subscription::Subscription)
        .extension(edge::FieldErrors)
        .extension(edge::Cost { limit: COST_MAX })
        .limit_complexity(COST_MAX)
        .register_output_type::<node::Node>()
}

/// One row through a loader, in the viewer's name.
pub async fn one<K>(
    ctx: &Context<'_>,
    key: K,
) -> Result<Option<<load::Loader as async_graphql::dataloader::Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    load::Loader: async_graphql::dataloader::Loader<K, Error = Arc<Error>>,
{
    let state = ctx.state()?;
    state.loader.load_one(key).await.map_err(|error| reported(&error))
}

/// What counting needs.
fn app_and_viewer<'a>(ctx: &'a Context<'_>) -> app::Result<(&'a App, Viewer)> {
    let missing = |_| Error::Internal("no session in the context".to_owned());
    Ok((ctx.app().map_err(missing)?, ctx.viewer().map_err(missing)?))
}

/// Ids in a condition, at most so many; an id of nothing matches nothing.
fn ids<T: id::NodeId>(field: &str, ids: Option<&[ID]>, max: usize) -> Result<Option<Vec<T>>> {
    use domain::problem::{Problem, Reason};
    match ids {
        Some(ids) if ids.len() > max => {
            let field = Some(vec!["filter".to_owned(), field.to_owned()]);
            Err(Reported(Problem { field, reason: Reason::TooLong { max } }.into()).into())
        }
        ids => Ok(ids.map(|ids| ids.iter().filter_map(id::decode).collect())),
    }
}

/// Words to search for: at most 200 characters, nothing hidden in them; blank is no condition.
fn search(field: &[&str], words: Option<&String>) -> Result<Option<String>> {
    use domain::problem::{Problem, Reason};
    let field = || field.iter().map(|&name| name.to_owned()).collect();
    let refuse = |reason| Reported(Problem { field: Some(field()), reason }.into());
    match words.map(|words| domain::text::words(words, 200)) {
        None | Some(Err(Reason::Required)) => Ok(None),
        Some(Ok(words)) => Ok(Some(words)),
        Some(Err(reason)) => Err(refuse(reason).into()),
    }
}
