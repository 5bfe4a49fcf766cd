//! What errors say, and what they keep to themselves.

use serde_json::{Value, json};

use crate::world::{Raw, World, answer, logged};

#[tokio::test]
async fn what_was_not_meant_for_the_caller_is_masked_and_logged_once() {
    let world = World::new().await;
    for (query, data, path, secret) in [
        (
            "{ hello secret }",
            json!({ "hello": "Hello world!", "secret": null }),
            json!(["secret"]),
            "app_user",
        ),
        ("{ hello x: secretRequired }", Value::Null, json!(["x"]), "key.pem"),
        ("{ bug }", json!({ "bug": null }), json!(["bug"]), "stack"),
        ("{ boom hello }", json!({ "boom": null, "hello": "Hello world!" }), json!(["boom"]), "the panic"),
        ("{ boomRequired hello }", Value::Null, json!(["boomRequired"]), "the panic"),
        (
            "{ item { twin { children { broken } } } }",
            json!({ "item": { "twin": null } }),
            json!(["item", "twin", "children", 0, "broken"]),
            "database-7",
        ),
        (
            "{ item { children { optional } } }",
            json!({ "item": { "children": [{ "optional": null }, { "optional": null }] } }),
            json!(["item", "children", 0, "optional"]),
            "database-7",
        ),
    ] {
        let got = world.ask(query).await;
        let answer = got.json();
        assert_eq!(got.status, 200, "{query}");
        assert_eq!(answer["data"], data, "{query}: {}", got.text);
        assert!(!got.text.contains(secret), "{query}: {}", got.text);
        let error = &answer["errors"][0];
        assert_eq!(error["message"], "Internal error", "{query}");
        assert_eq!(
            error["extensions"],
            json!({ "code": "INTERNAL", "requestId": got.request_id() }),
            "{query}"
        );
        assert_eq!(error["path"], path, "{query}");
        assert!(error["locations"][0]["line"].is_u64(), "{query}");
        let lines = logged(got.request_id()).await;
        let told = lines.iter().filter(|line| line["level"] == "ERROR").count();
        assert_eq!(told, got.codes().len(), "{query}: {lines:?}");
    }
}

#[tokio::test]
async fn what_was_meant_for_the_caller_passes() {
    let world = World::new().await;
    let got = world.ask("{ coded }").await;
    assert_eq!(
        got.json(),
        json!({
            "errors": [{
                "message": "Not yours.",
                "locations": [{ "line": 1, "column": 3 }],
                "path": ["coded"],
                "extensions": { "code": "FORBIDDEN", "hint": "ask" },
            }],
            "data": { "coded": null },
        })
    );
}

#[tokio::test]
async fn a_mutation_keeps_its_answer_when_a_later_one_fails() {
    let world = World::new().await;
    for second in ["fail", "boom", "patch(patch: { pin: \"12345\" })"] {
        let got = world
            .ask(&format!("mutation {{ add(a: 1, b: 2) second: {second} last: add(a: 2, b: 2) }}"))
            .await;
        assert_eq!(
            got.json()["data"],
            json!({ "add": 3, "second": null, "last": 4 }),
            "{second}: {}",
            got.text
        );
        assert_eq!(got.json()["errors"][0]["path"], json!(["second"]));
    }
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_without_an_echo() {
    let world = World::new().await;
    for (query, variables, status, message) in [
        (
            "{ hello(name: 90210) }",
            json!({}),
            400,
            "Argument \"name\" has an invalid value: expected type \"String\".",
        ),
        (
            "query($n: String) { hello(name: $n) }",
            json!({ "n": 90210 }),
            400,
            "Argument \"name\" has an invalid value: expected type \"String\".",
        ),
        (
            "mutation($p: Patch!) { patch(patch: $p) }",
            json!({ "p": { "title": 90210 } }),
            400,
            "Argument \"patch.title\" has an invalid value: expected type \"String\".",
        ),
        (
            "mutation($p: Patch!) { patch(patch: $p) }",
            json!({ "p": { "secret90210": 1 } }),
            400,
            "Argument \"patch\" has an invalid value: it has an unknown field.",
        ),
        ("{ locked(pin: \"90210\") }", json!({}), 200, "An argument of \"locked\" has an invalid value."),
        (
            "{ x: locked(pin: \"9021\", many: [\"90210\"]) }",
            json!({}),
            200,
            "An argument of \"x\" has an invalid value.",
        ),
        (
            "{ item { twin { locked(pin: \"90210\") } } }",
            json!({}),
            200,
            "An argument of \"locked\" has an invalid value.",
        ),
        (
            "mutation($p: Patch!) { patch(patch: $p) }",
            json!({ "p": { "pin": "90210" } }),
            200,
            "An argument of \"patch\" has an invalid value.",
        ),
        (
            "query($n: Int = \"90210\") { hello(times: $n) }",
            json!({ "n": 1 }),
            400,
            "Default of variable \"n\" has an invalid value: expected type \"Int\".",
        ),
    ] {
        let got = world.ask_with(query, variables).await;
        assert_eq!((got.status, got.message().as_str()), (status, message), "{query}: {}", got.text);
        assert!(!got.text.contains("90210"), "{query}: {}", got.text);
        let code = if query.contains("= \"") { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_USER_INPUT" };
        assert_eq!(got.codes(), [code], "{query}");
    }
}

/// One document for every rule of the library: a text that we do not know would be taken for a bug.
#[tokio::test]
async fn every_rule_of_validation_is_known() {
    let world = World::new().await;
    for query in [
        "{ helo }",
        "{ hello(nam: \"x\") }",
        "{ hello @unknown }",
        "{ hello @include(i: true) }",
        "{ hello @include }",
        "{ hello @skip(if: true) @skip(if: true) }",
        "query @skip(if: true) { hello }",
        "{ hello: caller hello }",
        "{ hello(name: \"a\") hello(name: \"b\") }",
        "{ hello(name: \"a\") hello }",
        "{ ...Nowhere }",
        "{ hello } fragment Unused on Query { hello }",
        "{ ...F } fragment F on Nothing { hello }",
        "{ ...F } fragment F on String { hello }",
        "{ ... on String { hello } }",
        "{ ... on Item { name } }",
        "{ ...F } fragment F on Item { name }",
        "{ hello(name: \"a\", name: \"b\") }",
        "query($a: String, $a: String) { hello(name: $a) }",
        "query($a: Item) { hello(name: $a) }",
        "query($a: Nothing) { hello(name: $a) }",
        "query($a: Nothing = \"x\") { hello(name: $a) }",
        "query($a: Int) { hello }",
        "{ hello(name: $a) }",
        "query Q { hello(name: $a) }",
        "query Q($a: Int) { hello }",
        "{ hello { name } }",
        "{ item }",
        "{ locked }",
        "mutation { __schema { description } }",
    ] {
        let got = world.ask_with(query, json!({ "a": "x" })).await;
        assert_eq!(got.status, 400, "{query}: {}", got.text);
        assert!(got.codes().iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"), "{query}: {}", got.text);
        assert!(!got.text.contains("Did you mean"), "{query}: {}", got.text);
        let errors = got.json()["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().all(|error| error["locations"][0]["line"].is_u64()), "{query}: {}", got.text);
    }
}

#[tokio::test]
async fn syntax_errors_say_where_and_do_not_quote() {
    let world = World::new().await;
    for (query, message) in [
        ("{ hello(name: \"canary\" ", "Syntax error: expected name."),
        ("{ hello(name: \"canary) }", "Syntax error: a string has no end."),
        ("query A { hello } query A { hello }", "Operation A is defined twice."),
        ("{ hello } { hello }", "Document contains multiple operations."),
        ("fragment F on Query { hello }", "Document does not contain an operation."),
    ] {
        let got = world.ask(query).await;
        assert_eq!((got.status, got.codes()), (400, vec!["GRAPHQL_PARSE_FAILED".to_owned()]), "{query}");
        assert_eq!(got.message(), message, "{query}");
        assert!(!got.text.contains("canary"), "{}", got.text);
    }
}

#[tokio::test]
async fn an_answer_has_at_most_twenty_errors() {
    let world = World::new().await;
    let got =
        world.ask(&format!("{{ {} }}", (0..40).fold(String::new(), |all, n| all + &format!("x{n} ")))).await;
    assert_eq!(got.codes().len(), 20);
    let got = world
        .ask(&format!("{{ {} }}", (0..40).fold(String::new(), |all, n| all + &format!("x{n}: coded "))))
        .await;
    assert_eq!((got.status, got.codes().len()), (200, 20));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_lives_on() {
    let world = World::new().await;
    let mut raw = Raw::connect(&world).await;
    for (query, status) in [("query DieAtOnce { hello }", "500"), ("{ boom }", "200"), ("{ hello }", "200")] {
        raw.post(query).await;
        let (head, body) = raw.receive().await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{query}: {head}");
        assert!(!body.contains("the panic"), "{body}");
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        match query {
            "{ hello }" => assert_eq!(body, r#"{"data":{"hello":"Hello world!"}}"#),
            _ => assert!(body.contains("INTERNAL") && body.contains(id), "{body}"),
        }
        assert_eq!(body.contains("\"data\""), !query.contains("Die"), "{body}");
    }
    let got = answer(world.request("GET", "/panic")).await;
    assert_eq!((got.status, got.codes()), (500, vec!["INTERNAL".to_owned()]));
    assert_eq!(got.json()["errors"][0]["extensions"]["requestId"], got.request_id());
}
