//! Server-sent events as a client of GraphQL over SSE reads them, each operation on a connection of its own.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::graphql::Client;

/// Long enough for anything that is going to be said.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event: its name, and its data.
pub type Event = (String, Value);

/// A stream that somebody reads.
pub struct Events {
    response: reqwest::Response,
    unread: String,
}

impl Events {
    /// Asks for a stream.
    pub async fn open(client: &Client, document: &str, variables: Value) -> Self {
        let mut request = reqwest::Client::new()
            .post(format!("{}/graphql", client.origin()))
            .header("accept", "text/event-stream")
            .json(&json!({ "query": document, "variables": variables }));
        if let Some(token) = client.bearer() {
            request = request.bearer_auth(token);
        }
        Self { response: request.send().await.expect("an answer"), unread: String::new() }
    }

    /// Status and type of the answer.
    pub fn head(&self) -> (u16, String) {
        let kind =
            self.response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        (self.response.status().as_u16(), kind.unwrap_or_default())
    }

    /// The next event; None at the end. Signs of life are none.
    pub async fn hear(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                if event == ":" {
                    continue;
                }
                let (name, data) = event.split_once("\ndata:").expect("an event with data");
                let data = data.trim();
                let data = if data.is_empty() { Value::Null } else { serde_json::from_str(data).unwrap() };
                return Some((name.strip_prefix("event: ").expect("a name").to_owned(), data));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("something is said by now");
            match chunk {
                Ok(Some(chunk)) => self.unread.push_str(std::str::from_utf8(&chunk).unwrap()),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}
