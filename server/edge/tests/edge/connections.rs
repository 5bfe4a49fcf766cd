//! Connections that are slow, idle, or too many.

use std::time::{Duration, Instant};

use edge::{Connections, Options};

use crate::world::{Raw, World, soon};

const SHORT: Duration = Duration::from_millis(200);
/// Longer than any test takes.
const LONG: Duration = Duration::from_mins(10);

async fn world(connections: Connections) -> World {
    World::with(Options::default(), connections).await
}

#[tokio::test]
async fn a_slow_header_is_cut() {
    let world =
        world(Connections { header_timeout: SHORT, idle_timeout: LONG, ..Connections::default() }).await;
    // Says nothing at all.
    let mut silent = Raw::connect(&world).await;
    // Starts, and stops.
    let mut slow = Raw::connect(&world).await;
    slow.send("POST /graphql HTTP/1.1\r\nhost: x\r\nx-a: ").await;
    // Has been served once, then starts and stops.
    let mut second = Raw::connect(&world).await;
    second.post("{ hello }").await;
    second.receive().await;
    second.send("POST /gr").await;
    for raw in [&mut silent, &mut slow, &mut second] {
        assert_eq!(raw.closed().await, "");
    }
}

#[tokio::test]
async fn a_header_that_drips_is_cut_too() {
    let world =
        world(Connections { header_timeout: SHORT, idle_timeout: LONG, ..Connections::default() }).await;
    let mut raw = Raw::connect(&world).await;
    let start = Instant::now();
    raw.send("POST /graphql HTTP/1.1\r\n").await;
    let mut drips = tokio::time::interval(SHORT / 10);
    let cut = loop {
        tokio::select! {
            _ = drips.tick() => raw.try_send("x: y\r\n").await,
            said = raw.closed() => break said,
        }
    };
    assert_eq!(cut, "");
    assert!(start.elapsed() < SHORT * 20);
}

#[tokio::test]
async fn an_idle_connection_is_kept_longer_than_a_slow_one() {
    let world =
        world(Connections { header_timeout: SHORT, idle_timeout: SHORT * 3, ..Connections::default() }).await;
    let mut raw = Raw::connect(&world).await;
    raw.post("{ hello }").await;
    raw.receive().await;
    let start = Instant::now();
    assert_eq!(raw.closed().await, "");
    assert!(start.elapsed() > SHORT * 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn serving_is_not_idleness() {
    let world =
        world(Connections { header_timeout: SHORT, idle_timeout: SHORT, ..Connections::default() }).await;
    let mut busy = Raw::connect(&world).await;
    busy.post("{ wait }").await;
    world.stage.started().await;
    // Somebody else is cut meanwhile, so the time is over.
    assert_eq!(Raw::connect(&world).await.closed().await, "");
    world.stage.go();
    assert_eq!(busy.receive().await.1, r#"{"data":{"wait":true}}"#);
    busy.post("{ hello }").await;
    assert_eq!(busy.receive().await.1, r#"{"data":{"hello":"Hello world!"}}"#);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let world = world(Connections {
        write_timeout: SHORT,
        idle_timeout: LONG,
        per_address: 1,
        ..Connections::default()
    })
    .await;
    let mut greedy = Raw::connect(&world).await;
    // More than the buffers of both ends hold.
    for _ in 0..8 {
        greedy.post("{ big(bytes: 5000000) }").await;
    }
    // Its place is free again.
    soon(free_place(&world)).await;
}

/// Until somebody is let in and answered.
async fn free_place(world: &World) {
    loop {
        let mut next = Raw::connect(world).await;
        next.try_send("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if next.closed_or_answered().await.starts_with("http/1.1 200") {
            break;
        }
    }
}

#[tokio::test]
async fn connections_are_counted() {
    for connections in [
        Connections { per_address: 2, ..Connections::default() },
        Connections { total: 2, ..Connections::default() },
    ] {
        let world = world(connections).await;
        let mut first = Raw::connect(&world).await;
        let mut second = Raw::connect(&world).await;
        for raw in [&mut first, &mut second] {
            raw.post("{ hello }").await;
            raw.receive().await;
        }
        let said = Raw::connect(&world).await.closed().await;
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
        drop(first);
        soon(free_place(&world)).await;
        second.post("{ hello }").await;
        second.receive().await;
    }
}

#[tokio::test]
async fn nonsense_is_survived() {
    let world = World::new().await;
    for nonsense in ["\u{16}\u{3}\u{1}", "GET\r\n\r\n", "POST /graphql HTTP/9.9\r\n\r\n", "\0\0\0\0\r\n\r\n"]
    {
        let mut raw = Raw::connect(&world).await;
        raw.send(nonsense).await;
        raw.send("\r\n\r\n").await;
        raw.closed().await;
    }
    assert_eq!(world.ask("{ hello }").await.status, 200);
}
