//! The HTTP edge: everything between a socket and the GraphQL schema, and nothing of the business.
//!
//! It knows the GraphQL over HTTP protocol, the limits that keep one caller from hurting the others, and how errors
//! are told without telling too much. What it needs of the application is the [`Endpoint`] trait: who is calling, run
//! this request, are you ready.
//!
//! The way of a request:
//!
//! ```text
//! serve      a socket: how many, how slow, when to stop
//! observe    request id, log line, metrics, a fence against panics
//! graphql    media types, statuses, the JSON of the body
//! limits     the document is small enough to be looked at; which operation, which variables
//! run        a free place, a time limit, a task of its own (a mutation outlives its caller's connection)
//! errors     codes, masking, at most twenty
//! answer     JSON in the order of the query
//! operation  what tells as long as there is something to tell: run again by the rights of each moment
//! socket     operations over a WebSocket: the same limits and errors
//! events     one operation as server-sent events
//! ```

mod accept;
mod address;
mod answer;
mod body;
mod cost;
mod crowd;
mod endpoint;
mod errors;
mod events;
mod fields;
mod graphiql;
mod graphql;
mod head;
mod lifecycle;
pub mod limits;
mod observe;
mod operation;
mod options;
mod persisted;
mod probes;
mod router;
mod run;
mod serve;
mod socket;
mod wire;

pub use address::{BadNetwork, Network, Peer, caller_of as caller};
pub use cost::Cost;
pub use endpoint::{Endpoint, Refusal, RequestHead};
pub use errors::Code;
pub use fields::FieldErrors;
pub use lifecycle::Lifecycle;
pub use observe::request_id;
pub use options::{Connections, Options};
pub use persisted::Persisted;
pub use router::{cors, router};
pub use serve::serve;
