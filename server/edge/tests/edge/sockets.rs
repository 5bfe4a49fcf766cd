//! Subscriptions, as graphql-transport-ws tells of them.

use std::{sync::atomic::Ordering, time::Duration};

use edge::{Connections, Options};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, protocol::CloseFrame},
};

use crate::world::{World, soon};

const PROTOCOL: &str = "graphql-transport-ws";

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(world: &World, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = world.url("/graphql/ws").replace("http:", "ws:").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn greeted(world: &World, payload: Value) -> Self {
        let mut socket = Self::open(world, &[("sec-websocket-protocol", PROTOCOL)]).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn new(world: &World) -> Self {
        Self::greeted(world, json!({})).await
    }

    async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next message.
    async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.hear_text().await).unwrap()
    }

    async fn hear_text(&mut self) -> String {
        loop {
            match soon(self.0.next()).await.unwrap().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Says goodbye; the code that the other side says it with.
    async fn closes(&mut self) -> u16 {
        let frame = CloseFrame { code: 1000.into(), reason: "".into() };
        self.0.send(Message::Close(Some(frame))).await.unwrap();
        self.closed().await
    }

    /// The code that it is closed with.
    async fn closed(&mut self) -> u16 {
        loop {
            match soon(self.0.next()).await.unwrap().unwrap() {
                Message::Close(frame) => return frame.unwrap().code.into(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn next(id: &str, tick: i32) -> Value {
    json!({ "id": id, "type": "next", "payload": { "data": { "ticked": tick } } })
}

#[tokio::test]
async fn what_happens_is_told_once_and_in_order() {
    let world = World::new().await;
    let mut socket = Socket::new(&world).await;
    socket.subscribe("a", "subscription { ticked }").await;
    // An answer says that what was said before has been heard.
    socket.subscribe("q", "{ hello }").await;
    assert_eq!(
        socket.hear().await,
        json!({ "id": "q", "type": "next", "payload": { "data": { "hello": "Hello world!" } } })
    );
    assert_eq!(socket.hear().await, json!({ "id": "q", "type": "complete" }));
    for ticks in [1, 4] {
        world.ticks.send_replace(ticks);
    }
    for tick in 1..=4 {
        assert_eq!(socket.hear().await, next("a", tick));
    }
    // Once completed it is silent, and its id is free.
    socket.say(json!({ "id": "a", "type": "complete" })).await;
    socket.subscribe("a", "subscription { ticked }").await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.subscribe("q", "mutation { add(a: 1, b: 2) }").await;
    assert_eq!(socket.hear().await["payload"], json!({ "data": { "add": 3 } }));
    assert_eq!(socket.hear().await["type"], "complete");
    world.ticks.send_replace(5);
    assert_eq!(socket.hear().await, next("a", 5));
}

#[tokio::test]
async fn answers_stand_in_the_order_of_the_query() {
    let world = World::new().await;
    let mut socket = Socket::new(&world).await;
    socket.subscribe("a", "subscription { counted { zebra ant } }").await;
    let told = socket.hear_text().await;
    assert_eq!(told, r#"{"id":"a","type":"next","payload":{"data":{"counted":{"zebra":1,"ant":2}}}}"#);
}

#[tokio::test]
async fn what_happens_while_the_server_is_busy_is_told_when_it_is_not() {
    let options = Options { concurrency: 1, patience: Duration::from_millis(50), ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let mut socket = Socket::new(&world).await;
    socket.subscribe("a", "subscription { ticked }").await;
    socket.subscribe("q", "{ hello }").await;
    for kind in ["next", "complete"] {
        assert_eq!(socket.hear().await["type"], kind);
    }
    socket.subscribe("w", "{ wait }").await;
    world.stage.started().await;
    world.ticks.send_replace(1);
    // Refused for want of a place: so was the other's first try to tell.
    socket.subscribe("q", "{ hello }").await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "UNAVAILABLE");
    world.stage.go();
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.push(socket.hear().await);
    }
    assert!(heard.contains(&next("a", 1)), "{heard:?}");
}

#[tokio::test]
async fn a_refused_operation_is_an_error_and_the_socket_goes_on() {
    let world = World::new().await;
    let mut socket = Socket::new(&world).await;
    for (query, code) in [
        ("subscription { ", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ticked again: ticked }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription A { ticked } subscription B { ticked }", "BAD_USER_INPUT"),
        ("{ items(first: 100) { children { name } twin { name } } }", "QUERY_TOO_COMPLEX"),
    ] {
        socket.subscribe("x", query).await;
        let heard = socket.hear().await;
        assert_eq!((&heard["id"], &heard["type"]), (&json!("x"), &json!("error")), "{query}: {heard}");
        assert_eq!(heard["payload"][0]["extensions"]["code"], code, "{query}: {heard}");
    }
    // What is refused by the resolver has got as far as execution.
    let mut stranger = Socket::greeted(&world, json!({ "authorization": "Bearer stranger" })).await;
    stranger.subscribe("x", "subscription { ticked }").await;
    let heard = stranger.hear().await;
    assert_eq!(heard["type"], "next");
    assert_eq!(heard["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(stranger.hear().await, json!({ "id": "x", "type": "complete" }));
    socket.subscribe("x", "{ boom hello }").await;
    let heard = socket.hear().await;
    let told = heard.to_string();
    assert!(told.contains("INTERNAL") && !told.contains("panic"), "{told}");
}

#[tokio::test]
async fn who_does_not_keep_to_the_protocol_is_told_by_the_code() {
    let world = World::new().await;
    let open = async || Socket::open(&world, &[("sec-websocket-protocol", PROTOCOL)]).await.unwrap();

    let mut early = open().await;
    early.subscribe("a", "subscription { ticked }").await;
    assert_eq!(early.closed().await, 4401);
    let mut again = Socket::new(&world).await;
    again.say(json!({ "type": "connection_init" })).await;
    assert_eq!(again.closed().await, 4429);
    let mut twice = Socket::new(&world).await;
    twice.subscribe("a", "subscription { ticked }").await;
    twice.subscribe("a", "subscription { ticked }").await;
    assert_eq!(twice.closed().await, 4409);
    for nonsense in ["", "{}", "[1]", r#"{"type":"start"}"#, r#"{"id":"a","type":"subscribe"}"#] {
        let mut socket = Socket::new(&world).await;
        socket.say_text(nonsense).await;
        assert_eq!(socket.closed().await, 4400, "{nonsense}");
    }
    let mut binary = Socket::new(&world).await;
    binary.0.send(Message::binary("{}")).await.unwrap();
    assert_eq!(binary.closed().await, 4400);
    let mut big = Socket::new(&world).await;
    big.say_text(&"x".repeat(70_000)).await;
    assert_eq!(big.closed().await, 1009);
    for token in ["Bearer expired", "Basic x"] {
        let mut unknown = open().await;
        unknown.say(json!({ "type": "connection_init", "payload": { "Authorization": token } })).await;
        assert_eq!(unknown.closed().await, 4403, "{token}");
    }
    let mut other = Socket::open(&world, &[]).await.unwrap();
    assert_eq!(other.closed().await, 4406);
    // Who says nothing at all.
    assert_eq!(open().await.closed().await, 4408);

    let evil = [("sec-websocket-protocol", PROTOCOL), ("origin", "https://evil.example")];
    assert_eq!(Socket::open(&world, &evil).await.err(), Some(403));
    assert_eq!(world.request("GET", "/graphql/ws").send().await.unwrap().status(), 426);
}

#[tokio::test]
async fn rights_end_on_an_open_socket() {
    let world = World::new().await;
    let mut socket = Socket::greeted(&world, json!({ "authorization": "Bearer fleeting" })).await;
    socket.subscribe("a", "subscription { ticked }").await;
    socket.subscribe("q", "{ hello }").await;
    assert_eq!(
        (socket.hear().await["id"].clone(), socket.hear().await["type"].clone()),
        (json!("q"), json!("complete"))
    );
    world.ticks.send_replace(1);
    assert_eq!(socket.hear().await, next("a", 1));
    world.revoked.store(true, Ordering::SeqCst);
    world.ticks.send_replace(2);
    assert_eq!(socket.closed().await, 4403, "not even what happened at the same moment");

    world.revoked.store(false, Ordering::SeqCst);
    let mut silent = Socket::greeted(&world, json!({ "authorization": "Bearer fleeting" })).await;
    world.revoked.store(true, Ordering::SeqCst);
    let since = tokio::time::Instant::now();
    assert_eq!(silent.closed().await, 4403);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_socket_is_one_connection_has_its_limits_and_hears_of_the_end() {
    let connections = Connections { per_address: 2, ..Connections::default() };
    let world = World::with(Options::default(), connections).await;
    let mut first = Socket::new(&world).await;
    let second = Socket::new(&world).await;
    assert_eq!(Socket::open(&world, &[("sec-websocket-protocol", PROTOCOL)]).await.err(), Some(503));
    drop(second);
    for n in 0..20 {
        first.subscribe(&n.to_string(), "subscription { ticked }").await;
    }
    first.subscribe("more", "subscription { ticked }").await;
    let heard = first.hear().await;
    assert_eq!(
        (&heard["id"], &heard["payload"][0]["extensions"]["code"]),
        (&json!("more"), &json!("RATE_LIMITED"))
    );
    world.shutdown.cancel();
    assert_eq!(first.closed().await, 1001);
    drop(first);
    soon(world.served).await.unwrap();
}

#[tokio::test]
async fn one_person_has_ten_sockets_and_takes_nobody_elses() {
    let world = World::new().await;
    let greet = async |token: &str| {
        let mut socket = Socket::open(&world, &[("sec-websocket-protocol", PROTOCOL)]).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": token } })).await;
        socket
    };
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut socket = greet("Bearer an").await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        open.push(socket);
    }
    assert_eq!(greet("Bearer an").await.closed().await, 1013);
    assert_eq!(greet("Bearer bao").await.hear().await["type"], "connection_ack");
    assert_eq!(open[0].closes().await, 1000, "whoever goes makes room");
    assert_eq!(greet("Bearer an").await.hear().await["type"], "connection_ack");
}
