//! GraphQL over HTTP, and the rest of HTTP.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use edge::{Connections, Options, Persisted};
use serde_json::json;

use crate::world::{Raw, World, answer, logged};

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

#[tokio::test]
async fn an_answer_has_its_headers_and_its_keys_in_order() {
    let world = World::new().await;
    let got = world.ask("{ z: hello a: __typename item { twin { name } name } hello(name: \"b\") }").await;
    assert_eq!(got.status, 200);
    assert_eq!(
        got.text,
        r#"{"data":{"z":"Hello world!","a":"Query","item":{"twin":{"name":"item"},"name":"item"},"hello":"Hello b!"}}"#
    );
    assert_eq!(got.header("content-type"), GRAPHQL);
    assert_eq!(got.header("cache-control"), "no-store");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert_eq!(got.header("vary"), "accept, accept-language");
    assert_eq!(got.header("content-language"), "vi");
    assert_eq!(got.request_id().len(), 36);
    assert_ne!(world.ask("{ hello }").await.request_id(), got.request_id());
}

#[tokio::test]
async fn the_request_id_is_ours() {
    let world = World::new().await;
    let theirs = "3f1c0e52-0000-4000-8000-000000000000";
    let got = answer(world.post("{ hello }").header("x-request-id", theirs)).await;
    assert_ne!(got.request_id(), theirs);
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let world = World::new().await;
    for (accept, status, content_type) in [
        (None, 200, JSON),
        (Some("*/*"), 200, JSON),
        (Some("application/json"), 200, JSON),
        (Some("application/graphql-response+json"), 200, GRAPHQL),
        (Some("application/graphql-response+json, application/json;q=0.9"), 200, GRAPHQL),
        (Some("application/json, multipart/mixed"), 200, JSON),
        (Some("text/html"), 406, JSON),
        (Some("application/json;charset=latin1"), 406, JSON),
    ] {
        let mut request = world.request("POST", "/graphql").json(&json!({ "query": "{ hello }" }));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let got = answer(request).await;
        assert_eq!((got.status, got.header("content-type")), (status, content_type), "{accept:?}");
    }
}

#[tokio::test]
async fn only_json_is_taken() {
    let world = World::new().await;
    for (content_type, status) in [
        (Some("application/json"), 200),
        (Some("Application/JSON; charset=UTF-8"), 200),
        (Some("application/json; charset=latin1"), 415),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("multipart/form-data; boundary=x"), 415),
        (Some("application/graphql"), 415),
        (Some("application/octet-stream"), 415),
        (None, 415),
    ] {
        let mut request = world.request("POST", "/graphql").body(r#"{"query":"{ hello }"}"#);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let got = answer(request).await;
        assert_eq!(got.status, status, "{content_type:?}");
        if status == 415 {
            assert_eq!(got.codes(), ["BAD_USER_INPUT"]);
        }
    }
    let packed = world.post("{ hello }").header("content-encoding", "gzip");
    assert_eq!(answer(packed).await.status, 415);
}

#[tokio::test]
async fn only_post_is_taken() {
    let world = World::new().await;
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"] {
        let path = "/graphql?query=mutation%7Badd(a:1,b:2)%7D";
        let got = answer(world.request(method, path).json(&json!({ "query": "{ hello }" }))).await;
        assert_eq!((got.status, got.header("allow")), (405, "POST"), "{method}");
    }
}

/// The body, the status for the newer media type, the status for plain JSON, the code.
#[tokio::test]
async fn statuses_follow_the_media_type() {
    let world = World::new().await;
    for (body, graphql, plain, code) in [
        ("", 400, 400, "BAD_USER_INPUT"),
        ("{", 400, 400, "BAD_USER_INPUT"),
        ("nonsense", 400, 400, "BAD_USER_INPUT"),
        ("null", 400, 400, "BAD_USER_INPUT"),
        ("\"{ hello }\"", 400, 400, "BAD_USER_INPUT"),
        (r#"[{"query":"{ hello }"}]"#, 400, 400, "BAD_USER_INPUT"),
        ("[]", 400, 400, "BAD_USER_INPUT"),
        ("{}", 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":null}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":1}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ hello }","variables":[]}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ hello }","variables":"{}"}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ hello }","operationName":1}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ hello }","extensions":[]}"#, 400, 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ hello"}"#, 400, 200, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":""}"#, 400, 200, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"{ unknown }"}"#, 400, 200, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"subscription { hello }"}"#, 400, 200, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"{ hello }","operationName":"A"}"#, 400, 200, "BAD_USER_INPUT"),
        (r#"{"query":"query A{ hello } query B{ hello }"}"#, 400, 200, "BAD_USER_INPUT"),
        (r#"{"query":"query($n: String!){ hello(name: $n) }"}"#, 400, 200, "BAD_USER_INPUT"),
        (
            r#"{"query":"query($n: String){ hello(name: $n) }","variables":{"n":1}}"#,
            400,
            200,
            "BAD_USER_INPUT",
        ),
    ] {
        for (accept, status) in [("application/graphql-response+json", graphql), ("application/json", plain)]
        {
            let request = world.request("POST", "/graphql").header("accept", accept);
            let got = answer(request.header("content-type", "application/json").body(body)).await;
            assert_eq!((got.status, got.codes()), (status, vec![code.to_owned()]), "{body} {accept}");
            assert!(got.json().get("data").is_none(), "{body}");
            assert!(got.header("content-type").starts_with(accept), "{body}");
            assert_eq!(
                got.header("content-language"),
                if got.text.contains("unknown") || got.text.contains("Argument") { "vi" } else { "en" },
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn what_the_specification_leaves_open_is_taken() {
    let world = World::new().await;
    for body in [
        json!({ "query": "{ hello }", "variables": null, "operationName": null, "extensions": null }),
        json!({ "query": "{ hello }", "variables": {}, "extensions": { "a": 1 }, "unknown": [] }),
        json!({ "query": "query A{ hello } mutation B{ add(a: 1, b: 2) }", "operationName": "A" }),
        json!({ "query": "query A($n: String){ hello }  query B{ hello }".replace("($n: String)", ""), "operationName": "B" }),
    ] {
        let got = answer(world.post_json(&body)).await;
        assert_eq!((got.status, got.json()), (200, json!({ "data": { "hello": "Hello world!" } })), "{body}");
    }
}

#[tokio::test]
async fn tokens_are_good_or_refused() {
    let world = World::new().await;
    for (authorization, status, challenge) in [
        ("Bearer good", 200, ""),
        ("bearer good", 200, ""),
        ("Bearer expired", 401, "Bearer error=\"invalid_token\""),
        ("Bearer", 401, "Bearer error=\"invalid_request\""),
        ("Basic dXNlcjpwYXNz", 401, "Bearer error=\"invalid_request\""),
    ] {
        for accept in ["application/graphql-response+json", "application/json"] {
            let request = world.request("POST", "/graphql").header("accept", accept);
            let got = answer(
                request.header("authorization", authorization).json(&json!({ "query": "{ caller }" })),
            )
            .await;
            assert_eq!((got.status, got.header("www-authenticate")), (status, challenge), "{authorization}");
            match status {
                200 => assert!(got.text.contains("Some(\\\"good\\\")"), "{}", got.text),
                _ => assert_eq!(got.codes(), ["UNAUTHENTICATED"]),
            }
        }
    }
}

#[tokio::test]
async fn other_refusals_have_their_statuses() {
    let world = World::new().await;
    for (token, status, code, retry) in [
        ("greedy", 429, "RATE_LIMITED", "7"),
        ("outage", 503, "UNAVAILABLE", "1"),
        ("bug", 500, "INTERNAL", ""),
        ("panic", 500, "INTERNAL", ""),
    ] {
        let got = answer(world.post("{ hello }").bearer_auth(token)).await;
        assert_eq!(
            (got.status, got.codes(), got.header("retry-after")),
            (status, vec![code.to_owned()], retry)
        );
        let extensions = got.json()["errors"][0]["extensions"].clone();
        match code {
            "RATE_LIMITED" => assert_eq!(extensions["retryAfter"], 7),
            "UNAVAILABLE" => assert_eq!(extensions["retryable"], true),
            _ => assert_eq!(extensions["requestId"], got.request_id()),
        }
    }
}

#[tokio::test]
async fn the_application_learns_who_calls() {
    let options = Options { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let request = world
        .post("{ caller }")
        .header("x-forwarded-for", "6.6.6.6, 198.51.100.7")
        .header("accept-language", "vi, en;q=0.5")
        .header("idempotency-key", "attempt-1")
        .header("x-client-name", "shop\"<b>\"")
        .header("x-client-version", "1.2");
    let got = answer(request).await;
    let caller = got.json()["data"]["caller"].as_str().unwrap().to_owned();
    for part in [
        got.request_id(),
        "address: 198.51.100.7",
        "accept_language: Some(\"vi, en;q=0.5\")",
        "idempotency_key: Some(\"attempt-1\")",
        "client_name: Some(\"shopb\")",
        "client_version: Some(\"1.2\")",
        "bearer: None",
    ] {
        assert!(caller.contains(part), "{part}: {caller}");
    }
    let direct = World::new().await;
    let got = answer(direct.post("{ caller }").header("x-forwarded-for", "198.51.100.7")).await;
    assert!(got.text.contains("address: 127.0.0.1"), "{}", got.text);
    let got = answer(direct.post("{ caller }").header("idempotency-key", "short")).await;
    assert_eq!((got.status, got.codes()), (400, vec!["BAD_USER_INPUT".to_owned()]));
}

#[tokio::test]
async fn large_answers_are_compressed_on_request() {
    let world = World::new().await;
    let got = world.post("{ big(bytes: 50000) }").header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(got.headers()["content-encoding"], "gzip");
    assert!(got.bytes().await.unwrap().len() < 5000);
    let got = world.ask("{ big(bytes: 50000) }").await;
    assert_eq!((got.header("content-encoding"), got.text.len() > 50000), ("", true));
}

#[tokio::test]
async fn pages_of_listed_origins_may_call_and_no_others() {
    let options = Options { origins: vec!["https://app.example".parse().unwrap()], ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    for (origin, allowed) in [("https://app.example", "https://app.example"), ("https://evil.example", "")] {
        let preflight = world
            .request("OPTIONS", "/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let got = answer(preflight).await;
        assert_eq!((got.status, got.header("access-control-allow-origin")), (200, allowed));
        assert_eq!(got.header("access-control-allow-credentials"), "");
        for query in ["{ hello }", "{ nonsense"] {
            let got = answer(world.post(query).header("origin", origin)).await;
            assert_eq!(got.header("access-control-allow-origin"), allowed);
            assert_eq!(got.header("access-control-allow-credentials"), "");
        }
    }
    let closed = World::new().await;
    let got = answer(closed.post("{ hello }").header("origin", "https://app.example")).await;
    assert_eq!(got.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn probes_tell_how_it_is() {
    let world = World::new().await;
    let get = async |path| answer(world.request("GET", path)).await;
    assert_eq!((get("/livez").await.status, get("/livez").await.text.as_str()), (200, "ok"));
    let ready = get("/readyz").await;
    assert_eq!((ready.status, ready.json()), (200, json!({ "status": "ready", "failing": [] })));
    world.broken.store(true, Ordering::SeqCst);
    let broken = get("/readyz").await;
    assert_eq!(
        (broken.status, broken.json()),
        (503, json!({ "status": "unready", "failing": ["database"] }))
    );
    assert_eq!(get("/livez").await.status, 200);
    world.ask("mutation { fail }").await;
    let metrics = get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "http_requests_total{route=\"/graphql\",operation=\"mutation\",status=\"2xx\"}",
        "http_request_duration_seconds_count{route=\"/readyz\",operation=\"none\",status=\"5xx\"}",
        "graphql_errors_total{code=\"INTERNAL\"}",
        "http_connections ",
    ] {
        assert!(metrics.text.contains(line), "{line}: {}", metrics.text);
    }
    let nowhere = get("/nowhere").await;
    assert_eq!((nowhere.status, nowhere.codes()), (404, vec!["NOT_FOUND".to_owned()]));
}

#[tokio::test]
async fn graphiql_is_there_only_on_request() {
    let world = World::new().await;
    assert_eq!(answer(world.request("GET", "/")).await.status, 404);

    let options = Options { graphiql: true, ..Options::default() };
    let world = World::with(options, Connections::default()).await;
    let page = answer(world.request("GET", "/")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
    assert!(!page.text.contains("//"), "it names another host");
    let sources = page.text.split(['"']).filter(|part| part.starts_with("/graphiql/"));
    let sources: Vec<&str> = sources.collect();
    assert_eq!(sources.len(), 5);
    for source in sources {
        let got = soon_bytes(&world, source).await;
        assert_eq!(got.0, 200, "{source}");
        assert!(got.1 > 100, "{source}");
    }
}

async fn soon_bytes(world: &World, path: &str) -> (u16, usize) {
    let response = world.request("GET", path).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().len())
}

#[tokio::test]
async fn one_line_of_log_and_nothing_secret_in_it() {
    let world = World::new().await;
    let body = json!({
        "query": "query Greet($name: String) { hello(name: $name) coded }",
        "variables": { "name": "canary-in-variables" },
    });
    let got = answer(world.post_json(&body).bearer_auth("canary-in-token")).await;
    let lines = logged(got.request_id()).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let fields = &lines[0]["fields"];
    assert_eq!(fields["operation"], "Greet");
    assert_eq!(fields["type"], "query");
    assert_eq!(fields["route"], "/graphql");
    assert_eq!(fields["status"], 200);
    assert_eq!(fields["codes"], "FORBIDDEN");
    assert!(fields["duration_ms"].as_f64().unwrap() >= 0.0);
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains("canary") && !text.contains("hello"), "{text}");

    let long = format!("query {} {{ hello }}", "N".repeat(300));
    let got = world.ask(&long).await;
    let lines = logged(got.request_id()).await;
    assert_eq!(lines[0]["fields"]["operation"], "N".repeat(64));
}

#[tokio::test]
async fn requests_share_a_connection() {
    let world = World::new().await;
    let mut raw = Raw::connect(&world).await;
    for _ in 0..3 {
        raw.post("{ hello }").await;
        let (head, body) = raw.receive().await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(body, r#"{"data":{"hello":"Hello world!"}}"#);
    }
}

#[tokio::test]
async fn a_registered_operation_is_run_by_its_name() {
    let documents =
        || HashMap::from([("abc123".to_owned(), "query Greet($n: String) { hello(name: $n) }".to_owned())]);
    let options = |only| Options { persisted: Persisted::new(documents(), only), ..Options::default() };
    let open = World::with(options(false), Connections::default()).await;
    let closed = World::with(options(true), Connections::default()).await;
    let greeted = r#"{"data":{"hello":"Hello An!"}}"#;
    let missing = (400, "PERSISTED_QUERY_NOT_FOUND".to_owned());
    let refused = (400, "FORBIDDEN".to_owned());
    let apollo = |hash: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    for (body, in_open, in_closed) in [
        (json!({ "documentId": "abc123", "variables": { "n": "An" } }), Ok(greeted), Ok(greeted)),
        (json!({ "documentId": "sha256:abc123", "variables": { "n": "An" } }), Ok(greeted), Ok(greeted)),
        (json!({ "extensions": apollo("abc123"), "variables": { "n": "An" } }), Ok(greeted), Ok(greeted)),
        (json!({ "documentId": "abc124" }), Err(&missing), Err(&missing)),
        (json!({ "extensions": apollo("abc124") }), Err(&missing), Err(&missing)),
        (json!({ "query": "{ hello(name: \"An\") }" }), Ok(greeted), Err(&refused)),
        (
            json!({ "query": "{ hello(name: \"An\") }", "extensions": apollo("abc124") }),
            Ok(greeted),
            Err(&missing),
        ),
        (
            json!({ "query": "query Greet($n: String) { hello(name: $n) }", "variables": { "n": "An" } }),
            Ok(greeted),
            Ok(greeted),
        ),
    ] {
        for (world, expected) in [(&open, in_open), (&closed, in_closed)] {
            let request = world.request("POST", "/graphql").header("accept", GRAPHQL);
            let got = answer(request.json(&body)).await;
            match expected {
                Ok(text) => assert_eq!((got.status, got.text.as_str()), (200, text), "{body}"),
                Err(expected) => {
                    let errors: serde_json::Value = serde_json::from_str(&got.text).unwrap();
                    let code = errors["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned();
                    assert_eq!((got.status, code), *expected, "{body}");
                }
            }
        }
    }
    for body in [json!({ "documentId": 7 }), json!({}), json!({ "query": 7, "documentId": "abc123" })] {
        let got = answer(open.request("POST", "/graphql").header("accept", GRAPHQL).json(&body)).await;
        assert_eq!(got.status, 400, "{body}");
    }
}
