//! graphql-transport-ws as a client speaks it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::graphql::Client;

/// Long enough for anything that is going to be said.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open socket of somebody.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: usize,
}

impl Socket {
    /// Opens one with the client's token, if it has one.
    pub async fn open(client: &Client) -> Self {
        let url = format!("{}/graphql/ws", client.origin().replace("http:", "ws:"));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (stream, _) = connect_async(request).await.expect("a socket");
        let mut socket = Self { stream, asked: 0 };
        let payload = client
            .bearer()
            .map_or_else(|| json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await.expect("an answer")["type"], "connection_ack");
        socket
    }

    /// Begins an operation.
    pub async fn subscribes(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Ends an operation.
    pub async fn completes(&mut self, id: &str) {
        self.say(json!({ "id": id, "type": "complete" })).await;
    }

    /// The next message; the code if the server closes instead.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("something is said by now");
            match message.expect("an open socket").unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                _ => {}
            }
        }
    }

    /// What was said up to now: everything before the answer to a question that is asked now.
    pub async fn heard(&mut self) -> Vec<Value> {
        self.asked += 1;
        let id = format!("heard {}", self.asked);
        self.subscribes(&id, "{ __typename }", json!({})).await;
        let mut heard = Vec::new();
        loop {
            let message = self.hear().await.expect("an open socket");
            match (message["id"] == id.as_str(), message["type"] == "complete") {
                (true, true) => return heard,
                (true, false) => {}
                (false, _) => heard.push(message),
            }
        }
    }

    async fn say(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }
}
