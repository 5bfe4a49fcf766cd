//! Requests that take long, callers who go away, and the end.

use std::time::Duration;

use edge::{Connections, Options};

use crate::world::{Raw, World, answer, logged, soon};

#[tokio::test]
async fn a_mutation_outlives_its_caller() {
    let world = World::new().await;
    let mut raw = Raw::connect(&world).await;
    raw.post("mutation { wait }").await;
    world.stage.started().await;
    drop(raw);
    // The server has noticed when this one, later, has been answered.
    assert_eq!(world.ask("{ hello }").await.status, 200);
    world.stage.go();
    world.stage.done().await;
}

#[tokio::test]
async fn time_is_limited_but_a_mutation_is_finished() {
    let options = Options { time_limit: Duration::from_millis(100), ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let got = world.ask("{ wait }").await;
    assert_eq!((got.status, got.codes()), (503, vec!["TIMEOUT".to_owned()]));
    world.stage.started().await;

    let got = world.ask("mutation { wait }").await;
    assert_eq!((got.status, got.codes()), (503, vec!["TIMEOUT".to_owned()]));
    world.stage.started().await;
    assert!(!world.stage.is_done());
    // Only the mutation is left to take the permit: the query was stopped.
    world.stage.go();
    world.stage.done().await;
}

#[tokio::test]
async fn more_than_can_be_done_is_refused() {
    let options = Options { concurrency: 1, patience: Duration::from_millis(50), ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let mut raw = Raw::connect(&world).await;
    raw.post("{ wait }").await;
    world.stage.started().await;
    let got = world.ask("{ hello }").await;
    assert_eq!(
        (got.status, got.codes(), got.header("retry-after")),
        (503, vec!["UNAVAILABLE".to_owned()], "1")
    );
    world.stage.go();
    raw.receive().await;
    assert_eq!(world.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn the_end_waits_for_what_is_running() {
    let world = World::new().await;
    let mut idle = Raw::connect(&world).await;
    idle.post("{ hello }").await;
    idle.receive().await;
    let mut busy = Raw::connect(&world).await;
    busy.post("mutation { wait }").await;
    world.stage.started().await;

    world.shutdown.cancel();
    assert_eq!(idle.closed().await, "");
    let ready = answer(world.request("GET", "/readyz")).await;
    assert_eq!((ready.status, ready.json()["failing"][0].as_str()), (503, Some("draining")));
    assert_eq!(ready.header("connection"), "close");
    assert_eq!(answer(world.request("GET", "/livez")).await.status, 200);
    let late = world.ask("{ hello }").await;
    assert_eq!((late.status, late.codes()), (503, vec!["UNAVAILABLE".to_owned()]));
    assert_eq!(late.header("connection"), "close");
    assert!(!world.served.is_finished());

    world.stage.go();
    let (head, body) = busy.receive().await;
    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(body, r#"{"data":{"wait":true}}"#);
    assert_eq!(busy.closed().await, "");
    soon(world.served).await.unwrap();
}

#[tokio::test]
async fn the_end_waits_for_mutations_whose_callers_have_gone() {
    let world = World::new().await;
    let mut raw = Raw::connect(&world).await;
    raw.post("mutation { wait }").await;
    world.stage.started().await;
    drop(raw);
    world.shutdown.cancel();
    let got = answer(world.request("GET", "/readyz")).await;
    assert_eq!(got.status, 503);
    assert!(!world.served.is_finished());
    world.stage.go();
    soon(world.served).await.unwrap();
    world.stage.done().await;
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let connections = Connections { drain_timeout: Duration::from_millis(100), ..Connections::default() };
    let world = World::with(Options::default(), connections).await;
    let mut busy = Raw::connect(&world).await;
    busy.post("{ wait }").await;
    world.stage.started().await;
    let mut slow = Raw::connect(&world).await;
    slow.send("POST /graphql HTTP/1.1\r\nhost").await;
    world.shutdown.cancel();
    soon(world.served).await.unwrap();
    assert_eq!(busy.closed().await, "");
    assert_eq!(slow.closed().await, "");
}

#[tokio::test]
async fn nothing_running_ends_at_once() {
    let world = World::new().await;
    assert_eq!(world.ask("{ hello }").await.status, 200);
    world.shutdown.cancel();
    soon(world.served).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_in_the_log() {
    let options = Options { time_limit: Duration::from_mins(1), ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let mut raw = Raw::connect(&world).await;
    raw.post("query HangsUp { wait caller }").await;
    world.stage.started().await;
    drop(raw);
    let lines = logged("HangsUp").await;
    assert_eq!(lines.last().unwrap()["fields"]["status"], 499);
    world.stage.go();
    world.stage.done().await;
}
