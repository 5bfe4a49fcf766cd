//! `GET /graphql/ws`: the protocol graphql-transport-ws.

use std::{collections::HashMap, net::IpAddr, net::Ipv4Addr, pin::pin, sync::Arc, time::Duration};

use async_graphql::Data;
use axum::{
    body::Body,
    extract::{
        FromRequestParts as _, Request, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use metrics::gauge;
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::{
    accept::Media,
    address::{Peer, caller},
    answer::Fault,
    body,
    crowd::{Place, Seat},
    endpoint::{Endpoint, Refusal, RequestHead},
    errors::{Code, refusal},
    graphql::Edge,
    head,
    operation::{RECHECK, Said, Voice, operate},
};

const PROTOCOL: &str = "graphql-transport-ws";

/// How long a caller may take to say who they are.
const INIT: Duration = Duration::from_secs(5);
/// How often we ask whether anybody is there. Nothing heard for twice as long: nobody is.
const PING: Duration = Duration::from_secs(25);
/// How long a caller may leave a message untaken.
const WRITE: Duration = Duration::from_secs(10);
/// How long we wait for the other side to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// Bytes of a message.
const MESSAGE: usize = 64 * 1024;
/// Operations at a time.
const OPERATIONS: usize = 20;

/// Why a socket is closed, as the protocol numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    GoingAway,
    TooBig,
    Invalid(&'static str),
    Unauthorized,
    Forbidden,
    Protocol,
    InitTimeout,
    Duplicate,
    InitAgain,
    Internal,
    Busy,
    Crowded,
}

impl Close {
    const fn frame(self) -> (u16, &'static str) {
        match self {
            Self::GoingAway => (1001, "Going away"),
            Self::TooBig => (1009, "Message too big"),
            Self::Busy => (1013, "Try again later"),
            Self::Crowded => (1013, "Too many sockets of yours are open"),
            Self::Invalid(why) => (4400, why),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::Forbidden => (4403, "Forbidden"),
            Self::Protocol => (4406, "Subprotocol not acceptable"),
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::Duplicate => (4409, "Subscriber already exists"),
            Self::InitAgain => (4429, "Too many initialisation requests"),
            Self::Internal => (4500, "Internal server error"),
        }
    }
}

impl From<Refusal> for Close {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated => Self::Forbidden,
            Refusal::RateLimited { .. } | Refusal::Unavailable => Self::Busy,
            Refusal::Internal => Self::Internal,
        }
    }
}

/// Makes a socket of the connection.
pub(crate) async fn upgrade<E: Endpoint>(
    State(edge): State<Arc<Edge<E>>>,
    mut request: Request,
) -> Response<Body> {
    if edge.lifecycle.is_draining() {
        return Fault::unavailable().into_response(Media::Json);
    }
    if !is_ours(request.headers(), &edge.options.origins) {
        let message = "Sockets are not opened for pages of this origin.";
        return Fault::new(StatusCode::FORBIDDEN, Code::Forbidden, message).into_response(Media::Json);
    }
    let place = request.extensions_mut().remove::<Arc<Place>>();
    let (mut parts, _) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let address = caller(peer, &parts.headers, &edge.options.trusted_proxies);
    let head = match head::read(&parts.headers, Uuid::nil(), address) {
        Ok(head) => head,
        Err(fault) => return fault.into_response(Media::Json),
    };
    let speaks = offers(&parts.headers);
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        let message = "Here a WebSocket is opened that speaks graphql-transport-ws.";
        return Fault::new(StatusCode::UPGRADE_REQUIRED, Code::BadUserInput, message)
            .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .into_response(Media::Json);
    };
    // The end of the server waits for sockets, which hear of it.
    let alive = edge.lifecycle.work().token();
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE)
        .max_frame_size(MESSAGE)
        .write_buffer_size(0)
        .on_upgrade(async move |mut socket| {
            gauge!("websocket_connections").increment(1);
            let close = if speaks {
                let mut session = Session::new(edge, head);
                session.converse(&mut socket).await
            } else {
                Some(Close::Protocol)
            };
            if let Some(close) = close {
                say_goodbye(&mut socket, close).await;
            }
            gauge!("websocket_connections").decrement(1);
            drop((alive, place));
        })
}

fn offers(headers: &HeaderMap) -> bool {
    let offered =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == PROTOCOL)
}

/// A browser says whose page it is, and lets any page open a socket: here is where other people's pages are refused.
fn is_ours(headers: &HeaderMap, origins: &[HeaderValue]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own =
        origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    origins.contains(origin) || (own.is_some() && own == host)
}

async fn say_goodbye(socket: &mut WebSocket, close: Close) {
    let (code, reason) = close.frame();
    let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let parting = async {
        if socket.send(frame).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // In vain if it takes too long: who does not answer is cut off.
    let _ = timeout(GOODBYE, parting).await;
}

/// One socket, and what runs on it.
struct Session<E: Endpoint> {
    edge: Arc<Edge<E>>,
    head: RequestHead,
    is_admitted: bool,
    seat: Option<Seat>,
    running: HashMap<String, Running>,
    begun: u64,
    say: mpsc::Sender<(Name, Said)>,
    said: mpsc::Receiver<(Name, Said)>,
}

struct Running {
    serial: u64,
    _task: AbortOnDropHandle<()>,
}

/// Which operation: its id, and which of those that ever had the id.
type Name = (String, u64);

impl<E: Endpoint> Session<E> {
    fn new(edge: Arc<Edge<E>>, head: RequestHead) -> Self {
        // Whoever reads slowly makes operations wait, and nothing grows.
        let (say, said) = mpsc::channel(16);
        Self { edge, head, is_admitted: false, seat: None, running: HashMap::new(), begun: 0, say, said }
    }

    /// Until one side has enough. None: the other side is gone.
    async fn converse(&mut self, socket: &mut WebSocket) -> Option<Close> {
        let shutdown = self.edge.lifecycle.shutdown().clone();
        let mut init = pin!(sleep(INIT));
        let mut ping = interval(PING);
        let mut recheck = interval(RECHECK);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let outcome = tokio::select! {
                incoming = socket.recv() => {
                    heard = Instant::now();
                    match incoming {
                        Some(Ok(Message::Text(text))) => self.hear(socket, text.as_str()).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::Invalid("Messages are text").into()),
                        // A goodbye is answered with the next reading, which then finds the end.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => Ok(()),
                        // Told of before it is read to its end.
                        Some(Err(error)) if is_too_big(&error) => Err(Close::TooBig.into()),
                        Some(Err(_)) | None => Err(Gone::Caller),
                    }
                }
                Some((name, said)) = self.said.recv() => self.tell(socket, name, said).await,
                () = &mut init, if !self.is_admitted => Err(Close::InitTimeout.into()),
                _ = recheck.tick(), if self.is_admitted => match self.admit().await {
                    Err(close @ (Close::Forbidden | Close::Unauthorized)) => Err(close.into()),
                    // What is out of order for a moment is no reason to part.
                    _ => Ok(()),
                },
                _ = ping.tick() => if heard.elapsed() > PING * 2 {
                    Err(Gone::Caller)
                } else {
                    send(socket, Message::Ping(Vec::new().into())).await
                },
                () = shutdown.cancelled() => Err(Close::GoingAway.into()),
            };
            match outcome {
                Ok(()) => {}
                Err(Gone::Caller) => return None,
                Err(Gone::We(close)) => return Some(close),
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Gone> {
        match Heard::read(text)? {
            Heard::Init(_) if self.is_admitted => Err(Close::InitAgain.into()),
            Heard::Init(payload) => {
                introduce(&mut self.head, &payload)?;
                let data = self.admit().await?;
                if let Some(person) = self.edge.endpoint.person(&data) {
                    self.seat = Some(self.edge.sockets.seat(person).ok_or(Close::Crowded)?);
                }
                self.is_admitted = true;
                send(socket, text_of(&json!({ "type": "connection_ack" }))).await
            }
            Heard::Ping(None) => send(socket, text_of(&json!({ "type": "pong" }))).await,
            Heard::Ping(Some(payload)) => {
                send(socket, text_of(&json!({ "type": "pong", "payload": payload }))).await
            }
            Heard::Pong => Ok(()),
            Heard::Subscribe { .. } if !self.is_admitted => Err(Close::Unauthorized.into()),
            Heard::Subscribe { id, .. } if self.running.contains_key(&id) => Err(Close::Duplicate.into()),
            Heard::Subscribe { id, .. } if self.running.len() >= OPERATIONS => {
                let message = format!("At most {OPERATIONS} operations at a time on one socket.");
                let error = refusal(Code::RateLimited, message, None);
                send(socket, text_of(&json!({ "id": id, "type": "error", "payload": [error] }))).await
            }
            Heard::Subscribe { id, payload } => {
                self.begin(id, payload);
                Ok(())
            }
            Heard::Complete(id) => {
                self.running.remove(&id);
                Ok(())
            }
        }
    }

    /// Whether the caller is let in, now.
    async fn admit(&self) -> Result<Data, Close> {
        let admitted =
            timeout(self.edge.options.time_limit, self.edge.endpoint.admit(self.head.clone())).await;
        admitted.map_err(|_| Close::Busy)?.map_err(Close::from)
    }

    fn begin(&mut self, id: String, payload: Map<String, Value>) {
        self.begun += 1;
        let serial = self.begun;
        let voice = Voice::new((id.clone(), serial), self.say.clone());
        let task = tokio::spawn(operate(Arc::clone(&self.edge), self.head.clone(), payload, voice));
        self.running.insert(id, Running { serial, _task: AbortOnDropHandle::new(task) });
    }

    async fn tell(&mut self, socket: &mut WebSocket, (id, serial): Name, said: Said) -> Result<(), Gone> {
        // What was completed meanwhile, perhaps to be begun anew, says nothing more.
        if self.running.get(&id).is_none_or(|running| running.serial != serial) {
            return Ok(());
        }
        if said.is_last() {
            self.running.remove(&id);
        }
        let message = match said {
            Said::Next(answer) => {
                let id = Value::from(id);
                Message::Text(format!(r#"{{"id":{id},"type":"next","payload":{answer}}}"#).into())
            }
            Said::Refused(errors) => text_of(&json!({ "id": id, "type": "error", "payload": errors })),
            Said::Complete => text_of(&json!({ "id": id, "type": "complete" })),
            Said::Parted(refusal) => return Err(Close::from(refusal).into()),
        };
        send(socket, message).await
    }
}

/// Why a conversation is over.
enum Gone {
    Caller,
    We(Close),
}

impl From<Close> for Gone {
    fn from(close: Close) -> Self {
        Self::We(close)
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone::Caller),
    }
}

fn text_of(message: &Value) -> Message {
    Message::Text(message.to_string().into())
}

fn is_too_big(error: &axum::Error) -> bool {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().starts_with("Space limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What a caller may say.
#[derive(Debug)]
enum Heard {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, payload: Map<String, Value> },
    Complete(String),
}

impl Heard {
    fn read(text: &str) -> Result<Self, Close> {
        let invalid = Close::Invalid;
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(invalid("A message is a JSON object"));
        };
        let payload = match message.remove("payload") {
            None => None,
            Some(Value::Object(payload)) => Some(payload),
            Some(_) => return Err(invalid("\"payload\" is an object")),
        };
        let id = match message.remove("id") {
            None => None,
            Some(Value::String(id)) if (1..=128).contains(&id.len()) => Some(id),
            Some(_) => return Err(invalid("\"id\" is a text of 1 to 128 bytes")),
        };
        let kind = message.remove("type");
        match (kind.as_ref().and_then(Value::as_str), id, payload) {
            (Some("connection_init"), _, payload) => Ok(Self::Init(payload.unwrap_or_default())),
            (Some("ping"), _, payload) => Ok(Self::Ping(payload.map(Value::Object))),
            (Some("pong"), _, _) => Ok(Self::Pong),
            (Some("subscribe"), Some(id), Some(payload)) => {
                // Whether it is a request at all; what it asks is looked at when it runs.
                body::is_request(&payload).map_err(|_| invalid("\"payload\" is no request"))?;
                Ok(Self::Subscribe { id, payload })
            }
            (Some("subscribe"), ..) => Err(invalid("\"subscribe\" needs \"id\" and \"payload\"")),
            (Some("complete"), Some(id), _) => Ok(Self::Complete(id)),
            (Some("complete"), None, _) => Err(invalid("\"complete\" needs \"id\"")),
            _ => Err(invalid("The \"type\" is not known")),
        }
    }
}

/// What the caller says of themselves when the conversation begins: the same headers as with a request, as far as a browser
/// cannot set them on a socket.
fn introduce(head: &mut RequestHead, payload: &Map<String, Value>) -> Result<(), Close> {
    let given =
        |name: &str| payload.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let mut headers = HeaderMap::new();
    for name in [header::AUTHORIZATION, header::ACCEPT_LANGUAGE] {
        match given(name.as_str()) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => {
                headers.insert(name, value.parse().map_err(|_| Close::Forbidden)?);
            }
            Some(_) => return Err(Close::Invalid("Headers in \"payload\" are texts")),
        }
    }
    let told = head::read(&headers, head.request_id, head.address).map_err(|_| Close::Forbidden)?;
    head.bearer = told.bearer.or_else(|| head.bearer.take());
    head.accept_language = told.accept_language.or_else(|| head.accept_language.take());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_what_the_protocol_says() {
        let request = r#""payload":{"query":"{a}"}"#;
        for (text, good) in [
            (r#"{"type":"connection_init"}"#.to_owned(), true),
            (r#"{"type":"connection_init","payload":{}}"#.to_owned(), true),
            (r#"{"type":"connection_init","payload":[]}"#.to_owned(), false),
            (r#"{"type":"ping"}"#.to_owned(), true),
            (r#"{"type":"ping","payload":"x"}"#.to_owned(), false),
            (r#"{"type":"pong","payload":{}}"#.to_owned(), true),
            (format!(r#"{{"id":"1","type":"subscribe",{request}}}"#), true),
            (format!(r#"{{"id":"","type":"subscribe",{request}}}"#), false),
            (format!(r#"{{"id":1,"type":"subscribe",{request}}}"#), false),
            (format!(r#"{{"type":"subscribe",{request}}}"#), false),
            (r#"{"id":"1","type":"subscribe"}"#.to_owned(), false),
            (r#"{"id":"1","type":"subscribe","payload":{}}"#.to_owned(), false),
            (r#"{"id":"1","type":"subscribe","payload":{"query":1}}"#.to_owned(), false),
            (r#"{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":[]}}"#.to_owned(), false),
            (r#"{"id":"1","type":"complete"}"#.to_owned(), true),
            (r#"{"type":"complete"}"#.to_owned(), false),
            (r#"{"type":"start"}"#.to_owned(), false),
            ("{}".to_owned(), false),
            ("[]".to_owned(), false),
            ("hello".to_owned(), false),
            (String::new(), false),
        ] {
            let heard = Heard::read(&text);
            assert_eq!(heard.is_ok(), good, "{text}: {heard:?}");
            if let Err(close) = heard {
                let (code, reason) = close.frame();
                assert!(code == 4400 && reason.len() <= 123, "{text}: {reason}");
            }
        }
    }

    #[test]
    fn pages_of_others_open_no_socket() {
        let ours = [HeaderValue::from_static("https://app.example")];
        let page = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("api.example:8080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            is_ours(&headers, &ours)
        };
        for good in [None, Some("https://app.example"), Some("https://api.example:8080")] {
            assert!(page(good), "{good:?}");
        }
        for bad in ["https://evil.example", "null", "https://api.example", "https://app.example.evil", ""] {
            assert!(!page(Some(bad)), "{bad}");
        }
    }
}
