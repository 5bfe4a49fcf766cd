//! Requests that are too large, and how fast they are refused.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use edge::{Connections, Options, limits::Limits};
use serde_json::{Value, json};

use crate::world::{Raw, World, answer};

/// Far more than a refusal takes, far less than a bomb that goes off. (The promise is 20 ms in a release build.)
const FAST: Duration = Duration::from_secs(1);

fn fragment_bomb(levels: usize, width: usize) -> String {
    let mut text = "{ ...f0 }".to_owned();
    for level in 0..levels {
        write!(text, " fragment f{level} on Query {{ {} }}", format!("...f{} ", level + 1).repeat(width))
            .unwrap();
    }
    write!(text, " fragment f{levels} on Query {{ __typename }}").unwrap();
    text
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    open.repeat(levels) + &close.repeat(levels)
}

#[tokio::test]
async fn bombs_are_refused_fast() {
    let world = World::new().await;
    for (name, query) in [
        ("fragments", fragment_bomb(8, 10)),
        ("narrow fragments", fragment_bomb(100, 2)),
        ("circle", "{ ...a } fragment a on Query { ...a ...a ...a ...a }".to_owned()),
        ("list", format!("{{ hello(name: {}) }}", nested("[", "]", 10_000))),
        ("object", format!("{{ hello(name: {}1{}) }}", "{a:".repeat(5000), "}".repeat(5000))),
        ("default", format!("query($a: X = {}) {{ hello }}", nested("[", "]", 10_000))),
        ("hidden list", format!("{{ hello(name: [\"\"\"x\" {}]) }}", nested("[", "]", 10_000))),
        ("type", format!("query($a: {}) {{ hello }}", nested("[", "]", 10_000))),
        ("fields", nested("{item", "}", 5000)),
        ("deep fields", "{item".to_owned() + &"{twin".repeat(20) + &"}".repeat(21)),
        ("aliases", format!("{{ {} }}", (0..5000).fold(String::new(), |all, n| all + &format!("a{n}: hello ")))),
        ("short aliases", format!("{{ {} }}", (0..60).fold(String::new(), |all, n| all + &format!("a{n}: hello ")))),
        ("same field", format!("{{ {} }}", "hello ".repeat(1500))),
        ("directives", format!("{{ hello {} }}", "@skip(if: false) ".repeat(5))),
        ("comment", format!("{{ hello }} #{}", "x".repeat(40_000))),
        ("operations", (0..11).fold(String::new(), |all, n| all + &format!("query Q{n} {{ hello }} "))),
        ("mutations", format!("mutation {{ {} }}", (0..6).fold(String::new(), |all, n| all + &format!("a{n}: fail ")))),
        (
            "introspection",
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }".to_owned(),
        ),
        ("cost", "{ items(first: 100) { children { name twin { name } } } }".to_owned()),
        ("hidden cost", "query($n: Int) { items(first: $n) { children { name twin { name children { name } twin { name twin { name } } children { name twin { name twin { name } } children { name children { name children { name } } } } } } } }".to_owned()),
    ] {
        let start = Instant::now();
        let got = world.ask(&query).await;
        assert!(start.elapsed() < FAST, "{name}: {:?}", start.elapsed());
        assert_eq!(got.status, 400, "{name}: {}", got.text);
        let expected = match name {
            "circle" => "GRAPHQL_VALIDATION_FAILED",
            "hidden list" => "GRAPHQL_PARSE_FAILED",
            _ => "QUERY_TOO_COMPLEX",
        };
        assert_eq!(got.codes(), [expected], "{name}: {}", got.text);
        assert!(got.text.len() < 500, "{name}");
    }
    assert_eq!(world.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn plain_json_clients_are_told_too() {
    let world = World::new().await;
    let request = world.request("POST", "/graphql").json(&json!({ "query": fragment_bomb(8, 10) }));
    let got = answer(request).await;
    assert_eq!((got.status, got.codes()), (200, vec!["QUERY_TOO_COMPLEX".to_owned()]));
    assert_eq!(got.message(), "Too much of one request: at most 1000 selections after expanding fragments.");
}

#[tokio::test]
async fn what_a_request_costs_is_told_to_whoever_asks() {
    let world = World::new().await;
    let ask = async |query: &str, extensions: Value| {
        answer(world.post_json(&json!({ "query": query, "extensions": extensions }))).await.json()
    };
    let asked = ask("{ items(first: 20) { name children { name } } }", json!({ "cost": true })).await;
    assert_eq!(asked["extensions"], json!({ "cost": { "requested": 61, "limit": 300 } }), "{asked}");
    assert!(asked["data"]["items"].is_array(), "{asked}");
    for nothing in
        [json!({}), json!({ "cost": false }), json!({ "cost": "yes" }), json!({ "other": true }), json!(null)]
    {
        let answered = ask("{ hello }", nothing.clone()).await;
        assert_eq!(answered, json!({ "data": { "hello": "Hello world!" } }), "{nothing}");
    }
    let too_much = ask("{ items(first: 200) { children { name } } }", json!({ "cost": true })).await;
    assert_eq!(too_much["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{too_much}");
}

#[tokio::test]
async fn variables_have_a_depth() {
    let world = World::new().await;
    let deep = |levels: usize| -> Value { serde_json::from_str(&nested("[", "]", levels)).unwrap() };
    let got = world.ask_with("{ hello }", json!({ "a": deep(15) })).await;
    assert_eq!(got.status, 200);
    let got = world.ask_with("{ hello }", json!({ "a": deep(16) })).await;
    assert_eq!((got.status, got.codes()), (400, vec!["QUERY_TOO_COMPLEX".to_owned()]));
    let body = format!(r#"{{"query":"{{ hello }}","variables":{{"a":{}}}}}"#, nested("[", "]", 50_000));
    let request = world.request("POST", "/graphql").header("content-type", "application/json").body(body);
    let got = answer(request).await;
    assert_eq!((got.status, got.codes()), (400, vec!["BAD_USER_INPUT".to_owned()]));
}

#[tokio::test]
async fn bodies_have_a_size() {
    let world = World::new().await;
    let body = json!({ "query": "{ hello }", "variables": { "a": "x".repeat(2 * 1024 * 1024) } });
    let got = answer(world.post_json(&body)).await;
    assert_eq!((got.status, got.codes()), (413, vec!["PAYLOAD_TOO_LARGE".to_owned()]));

    // Without a length, in pieces.
    let mut raw = Raw::connect(&world).await;
    raw.send("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let piece = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
    for _ in 0..5 {
        raw.send(&piece).await;
    }
    raw.send("0\r\n\r\n").await;
    let (head, _) = raw.receive().await;
    assert!(head.starts_with("http/1.1 413"), "{head}");

    // Announced, and politely asked for: the answer is no, before anything is sent.
    let mut raw = Raw::connect(&world).await;
    raw.send("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9999999\r\nexpect: 100-continue\r\n\r\n").await;
    let (head, _) = raw.receive().await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
}

#[tokio::test]
async fn bodies_have_a_time() {
    let options = Options { body_timeout: Duration::from_millis(100), ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let mut raw = Raw::connect(&world).await;
    raw.send("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"query\"").await;
    let (head, body) = raw.receive().await;
    assert!(head.starts_with("http/1.1 408"), "{head}");
    assert!(body.contains("TIMEOUT"), "{body}");
}

#[tokio::test]
async fn answers_have_a_size() {
    let options = Options { answer_bytes: 10_000, ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let got = world.ask("{ big(bytes: 20000) }").await;
    assert_eq!((got.status, got.codes()), (200, vec!["QUERY_TOO_COMPLEX".to_owned()]));
    assert_eq!(got.json()["data"], Value::Null);
    assert_eq!(world.ask("{ big(bytes: 9000) }").await.codes().len(), 0);
}

/// What `getIntrospectionQuery()` of graphql-js sends with everything on.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations
    args(includeDeprecated: true) { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
    isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn tools_may_ask_for_the_schema_if_it_is_allowed() {
    let world = World::new().await;
    let got = world.ask(INTROSPECTION).await;
    assert_eq!((got.status, got.codes().len()), (200, 0), "{}", got.text);
    assert_eq!(got.json()["data"]["__schema"]["queryType"]["name"], "Query");

    let limits = Limits { introspection: false, ..Limits::default() };
    let closed = World::with(Options { limits, ..Options::default() }, Connections::default()).await;
    for query in [INTROSPECTION, "{ __type(name: \"Query\") { name } }"] {
        let got = closed.ask(query).await;
        assert_eq!((got.status, got.codes()), (400, vec!["GRAPHQL_VALIDATION_FAILED".to_owned()]));
    }
    assert_eq!(closed.ask("{ __typename }").await.status, 200);
}

#[tokio::test]
async fn defaults_of_variables_count_everywhere() {
    let world = World::new().await;
    for (query, variables, expected) in [
        ("query($on: Boolean = true) { hello @include(if: $on) __typename }", json!({}), "hello"),
        ("query($on: Boolean = true) { hello @skip(if: $on) __typename }", json!({}), "__typename"),
        ("query($on: Boolean! = true) { hello @include(if: $on) }", json!({ "on": true }), "hello"),
    ] {
        let got = world.ask_with(query, variables).await;
        assert_eq!(got.text.contains("\"hello\""), expected == "hello", "{query}: {}", got.text);
        assert_eq!(got.codes().len(), 0, "{query}: {}", got.text);
    }
    let got = world.ask_with("query($on: Boolean!) { hello @include(if: $on) }", json!({})).await;
    assert_eq!((got.status, got.codes()), (400, vec!["BAD_USER_INPUT".to_owned()]));
    assert_eq!(got.message(), "Variable \"$on\" of type \"Boolean!\" is required.");
}

#[tokio::test]
async fn optional_variables_may_be_left_out() {
    let world = World::new().await;
    for (query, variables, expected) in [
        (
            "query($n: Int) { items(first: $n) { name } }",
            json!({}),
            json!({ "items": [{ "name": "item" }, { "name": "item" }] }),
        ),
        (
            "query($n: Int) { items(first: $n) { name } }",
            json!({ "n": 1 }),
            json!({ "items": [{ "name": "item" }] }),
        ),
        (
            "query($n: Int) { ...I } fragment I on Query { items(first: $n) { name } }",
            json!({}),
            json!({ "items": [{ "name": "item" }, { "name": "item" }] }),
        ),
        ("query($n: Int) { hello(times: $n) }", json!({}), json!({ "hello": "Hello world!" })),
        ("query($n: String) { hello(name: $n) }", json!({}), json!({ "hello": "Hello world!" })),
        ("mutation($t: String) { patch(patch: { title: $t }) }", json!({}), json!({ "patch": "unchanged" })),
        (
            "mutation($t: String) { patch(patch: { title: $t }) }",
            json!({ "t": null }),
            json!({ "patch": "cleared" }),
        ),
        (
            "mutation($t: String) { patch(patch: { title: $t }) }",
            json!({ "t": "x" }),
            json!({ "patch": "x" }),
        ),
    ] {
        let got = world.ask_with(query, variables).await;
        assert_eq!(got.json()["data"], expected, "{query}: {}", got.text);
    }
    let unused = world.ask_with("query($n: Int) { hello }", json!({})).await;
    assert_eq!(unused.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}
