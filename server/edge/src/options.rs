//! What can be set from outside, with the values that the promises name.

use std::time::Duration;

use axum::http::HeaderValue;

use crate::{address::Network, limits::Limits, persisted::Persisted};

/// How requests are treated.
#[derive(Clone, Debug)]
pub struct Options {
    /// How large a request and its document may be.
    pub limits: Limits,
    /// Operations that are known by name.
    pub persisted: Persisted,
    /// How many requests may run at the same time; the others wait for `patience`, then are answered 503.
    pub concurrency: usize,
    /// How long a request waits for a free place.
    pub patience: Duration,
    /// How long one request may take, once its body has arrived.
    pub time_limit: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
    /// How long a readiness check may take before it counts as failed.
    pub ready_timeout: Duration,
    /// Open sockets of one person, from whatever address.
    pub sockets_per_person: usize,
    /// Size of an answer in bytes.
    pub answer_bytes: usize,
    /// Web pages of these origins may call us, without credentials of the browser. Empty: none but our own.
    pub origins: Vec<HeaderValue>,
    /// Only what these say about the caller's address in `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Serve GraphiQL at `/`. For development.
    pub graphiql: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            persisted: Persisted::default(),
            concurrency: 256,
            patience: Duration::from_secs(1),
            time_limit: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            ready_timeout: Duration::from_secs(2),
            sockets_per_person: 10,
            answer_bytes: 10 * 1024 * 1024,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            graphiql: false,
        }
    }
}

/// How connections are treated.
#[derive(Clone, Debug)]
pub struct Connections {
    /// At most so many in total.
    pub total: usize,
    /// At most so many from one address (for IPv6: from one /64). Trusted proxies are exempt.
    pub per_address: usize,
    /// The same proxies as in [`Options::trusted_proxies`].
    pub trusted_proxies: Vec<Network>,
    /// From the first byte of a request, or from the connection, to the end of its header.
    pub header_timeout: Duration,
    /// Between two requests of a connection.
    pub idle_timeout: Duration,
    /// How long a caller may leave an answer unread.
    pub write_timeout: Duration,
    /// How long running requests may take to finish once the end is announced.
    pub drain_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            total: 1024,
            per_address: 256,
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(15),
        }
    }
}
