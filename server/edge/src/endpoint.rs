//! The seam between the edge and the application.

use std::{future::Future, net::IpAddr, sync::Arc};

use async_graphql::{Data, Request, Response};
use futures_util::Stream;
use uuid::Uuid;

/// What the edge needs of the application.
pub trait Endpoint: Clone + Send + Sync + 'static {
    /// Finds out who is calling, once per request and before anything of the document is looked at. What it returns is
    /// put into the request, for resolvers to find in their context.
    fn admit(&self, head: RequestHead) -> impl Future<Output = Result<Data, Refusal>> + Send;

    /// Who that was, by a name that two callers share only if they are one person; `None` for whoever is unknown.
    fn person(&self, data: &Data) -> Option<String>;

    /// Runs a request. The document has passed the limits and is already parsed; `data` is what [`admit`] returned.
    /// Headers of the response (such as `Content-Language`) are sent on.
    ///
    /// It runs in a task of its own: the caller going away does not stop it, and neither does the time limit if it is a
    /// mutation.
    ///
    /// [`admit`]: Endpoint::admit
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Where a subscription stands in what it follows. The edge carries it from one run to the next.
    type Feed: Send + Sync + 'static;

    /// A place at which nothing was followed yet.
    fn feed(&self) -> Arc<Self::Feed>;

    /// Runs a subscription, admitted like any request: answers what is new since the feed's place, moves it on, and ends.
    fn subscribe(&self, request: Request, feed: Arc<Self::Feed>) -> impl Stream<Item = Response> + Send;

    /// Waits until there may be something new for the feed; then the subscription is run again.
    fn news(&self, feed: &Self::Feed) -> impl Future<Output = ()> + Send;

    /// Is everything there that a request needs? Otherwise the names of the checks that failed.
    fn ready(&self) -> impl Future<Output = Result<(), Vec<String>>> + Send;

    /// The metrics in the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// What is known of a request before its body is looked at.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// Our own name for the request; it is also in the log, in the answer's `x-request-id` and in internal errors.
    pub request_id: Uuid,
    /// Where the request comes from, seen through trusted proxies.
    pub address: IpAddr,
    /// The token of `Authorization: Bearer`. A header of another form never gets here: it is refused.
    pub bearer: Option<String>,
    /// The languages that the reader wants, as sent.
    pub accept_language: Option<String>,
    /// The caller's name for this attempt, 8 to 128 visible ASCII characters.
    pub idempotency_key: Option<String>,
    /// The program that calls, by its own account, fit for logs and metrics.
    pub client_name: Option<String>,
    /// And its version.
    pub client_version: Option<String>,
    /// What it says of itself to any server, at most 200 characters.
    pub user_agent: Option<String>,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The token is not (or no longer) good. No token at all is not a reason: that is an anonymous caller.
    Unauthenticated,
    /// Too many requests.
    RateLimited {
        /// Seconds until it is worth trying again.
        retry_after_secs: u64,
    },
    /// Something that is needed to find out is not there at the moment.
    Unavailable,
    /// A bug. The application has logged it.
    Internal,
}
