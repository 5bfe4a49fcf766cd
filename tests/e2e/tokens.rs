//! A token is ours, alive and for this, or it is nothing: forged, expired, revoked and borrowed ones open no door.

use std::time::{Duration, Instant};

use app::keys::Keys;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use domain::event::EventKind;
use e2e::person::PASSWORD;
use e2e::{World, eventually};
use entity::event;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

const VIEWER: &str = "{ viewer { email } }";

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Everything that forgers try with a token that they have seen.
fn forgeries(good: &str, now: i64) -> Vec<String> {
    let parts: Vec<_> = good.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{good}") };
    let (plain_header, plain_claims) = (decoded(header), decoded(claims));
    let mut forged = Vec::new();
    // Other headers over the same claims, with the old signature, with none, and with some bytes.
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("PS256")),
        ("alg", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("AT+JWT ")),
        ("typ", Value::Null),
        ("kid", json!("other")),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", Value::Null),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        (
            "jwk",
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
        ),
        ("x5c", json!(["AAAA"])),
        ("cty", json!("JWT")),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
    ] {
        let mut changed = plain_header.clone();
        changed[name] = value;
        let changed = encoded(&changed);
        for signature in [*signature, "", "AAAA"] {
            forged.push(format!("{changed}.{claims}.{signature}"));
        }
    }
    // Other claims under the old signature.
    for (name, value) in [
        ("sub", json!("00000000-0000-4000-8000-000000000000")),
        ("sub", Value::Null),
        ("sid", json!("00000000-0000-4000-8000-000000000000")),
        ("sid", json!(7)),
        ("exp", json!(now + 1_000_000)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("nbf", json!(0)),
        ("iat", json!(0)),
        ("iss", json!("https://evil.example")),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("role", json!("ADMINISTRATOR")),
    ] {
        let mut changed = plain_claims.clone();
        changed[name] = value;
        forged.push(format!("{header}.{}.{signature}", encoded(&changed)));
    }
    // The parts themselves.
    forged.extend([
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{}", &signature[1..]),
        format!("{header}.{claims}.{signature}A"),
        format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        format!("{claims}.{header}.{signature}"),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "eyJ".repeat(1_000),
    ]);
    forged
}

#[tokio::test]
async fn no_forged_token_opens_anything() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let client = linh.client().await;
    let now = world.now().await;
    let mut forged = forgeries(client.token(), now.seconds());
    // Signed by somebody else's key, for the same person and session.
    let claims = decoded(client.token().split('.').nth(1).unwrap());
    let uuid = |name: &str| claims[name].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    for issuer in [claims["iss"].as_str().unwrap(), "https://evil.example"] {
        for seed in 1..6 {
            let keys = Keys::new(issuer, &[[seed; 32]]).unwrap();
            let token =
                keys.sign(uuid("sub").into(), uuid("sid").into(), now, Duration::from_mins(5)).unwrap();
            forged.push(token);
        }
    }
    // Our own key, but not our own statement: another's session, a session that never was, ended and future ones.
    let keys = &world.app().keys;
    let sign = |sub: &str, sid: uuid::Uuid, at| {
        keys.sign(uuid(sub).into(), sid.into(), at, Duration::from_mins(5)).unwrap()
    };
    forged.push(sign("sub", uuid::Uuid::from_u128(7), now));
    forged.push(sign("sid", uuid("sid"), now));
    forged.push(sign("sub", uuid("sid"), now.plus_seconds(-320)));
    forged.push(sign("sub", uuid("sid"), now.plus_seconds(60)));
    assert!(forged.len() >= 100, "{}", forged.len());

    let mut slowest = Duration::ZERO;
    for token in &forged {
        let asked = Instant::now();
        let answer = world.visitor.with_token(token).call(VIEWER, json!({})).await;
        slowest = slowest.max(asked.elapsed());
        assert_eq!(answer.status, 401, "{token}");
        assert_eq!(answer.error(), "UNAUTHENTICATED", "{token}");
        assert!(answer.body.get("data").is_none());
    }
    assert_eq!(client.call(VIEWER, json!({})).await.ok()["email"], linh.email);
    println!("{} forged tokens, none believed, the slowest answer took {slowest:?}", forged.len());
    world.finish().await;
}

async fn refresh(world: &World, token: &str) -> Value {
    let input = json!({ "refreshToken": token });
    world.visitor.does("refreshSession", input, "tokens { accessToken refreshToken }").await.body["data"]
        ["refreshSession"]
        .clone()
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session_and_its_owner_hears() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let input = json!({ "email": linh.email, "password": PASSWORD });
    let first = world.visitor.does("logIn", input, "tokens { accessToken refreshToken }").await.ok();
    let old = first["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    let next = refresh(&world, &old).await;
    let client = world.visitor.with_token(next["tokens"]["accessToken"].as_str().unwrap());
    client.call(VIEWER, json!({})).await.ok();
    let reused = refresh(&world, &old).await;
    assert_eq!(reused["userErrors"][0]["code"], "INVALID_TOKEN");
    assert_eq!(client.call(VIEWER, json!({})).await.status, 401, "at the next request");
    let after = refresh(&world, next["tokens"]["refreshToken"].as_str().unwrap()).await;
    assert_eq!(after["userErrors"][0]["code"], "INVALID_TOKEN", "the newest one is dead, too");
    assert_eq!(world.letters().await, ["session_compromised: linh"]);
    world.finish().await;
}

#[tokio::test]
async fn two_refreshes_at_once_never_leave_two_chains() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let input = json!({ "email": linh.email, "password": PASSWORD });
    let first = world.visitor.does("logIn", input, "tokens { refreshToken }").await.ok();
    let token = first["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    let all = join_all((0..10).map(|_| refresh(&world, &token))).await;
    let given: Vec<_> = all.iter().filter_map(|answer| answer["tokens"]["refreshToken"].as_str()).collect();
    assert!(given.len() <= 1, "{given:?}");
    for token in given {
        assert_eq!(refresh(&world, token).await["userErrors"][0]["code"], "INVALID_TOKEN");
    }
    world.finish().await;
}

/// A hashing storm takes its turn; whoever reads meanwhile is served.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_log_ins_at_once_are_all_heard_and_others_do_not_wait_for_them() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let input = json!({ "email": linh.email, "password": PASSWORD });
    let storm =
        join_all((0..200).map(|_| world.visitor.does("logIn", input.clone(), "tokens { accessToken }")));
    let reads = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let asked = Instant::now();
            world.visitor.call("{ challenges { totalCount } }", json!({})).await.ok();
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let began = Instant::now();
    let (answers, slowest) = tokio::join!(storm, reads);
    // On a slow machine an answer may come too late for its request; the log-in happens all the same.
    for answer in &answers {
        let in_time = answer.body["data"]["logIn"]["tokens"].is_object();
        assert!(in_time || answer.error() == "TIMEOUT", "{answer:?}");
    }
    let logged_in = event::Entity::find().filter(event::Column::Kind.eq(EventKind::LoggedIn));
    eventually("everybody is in", async || {
        (logged_in.clone().count(world.db()).await.unwrap() == 200).then_some(())
    })
    .await;
    println!(
        "two hundred log-ins took {:?}; the slowest of twenty reads meanwhile {slowest:?}",
        began.elapsed()
    );
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    world.finish().await;
}
