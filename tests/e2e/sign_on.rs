//! Signing on at an issuer: a real one that is believed, and others that are not.

use std::time::Duration;

use e2e::issuer::{self, Back, Forger, Key, NAME, RealIssuer, Says, unsigned};
use e2e::{Client, World, eventually};
use entity::*;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};

/// Somebody who has left for the issuer.
#[derive(Clone, Debug)]
struct Left {
    url: String,
    state: String,
    token: String,
}

async fn leaves(world: &World) -> Left {
    let attempt = "attempt { authorizationUrl state attemptToken expiresAt }";
    let done = world.visitor.does("startSignOn", json!({}), attempt).await.ok();
    let text = |name: &str| done["attempt"][name].as_str().unwrap().to_owned();
    Left { url: text("authorizationUrl"), state: text("state"), token: text("attemptToken") }
}

const TOKENS: &str = "tokens { accessToken refreshToken }";

fn back(left: &Left, code: &str) -> Value {
    json!({ "state": left.state, "code": code, "attemptToken": left.token })
}

/// Whoever comes back with this, signed in.
async fn comes_back(world: &World, input: Value) -> Client {
    let done = world.visitor.does("finishSignOn", input, TOKENS).await.ok();
    world.visitor.with_token(done["tokens"]["accessToken"].as_str().unwrap())
}

async fn is_refused(world: &World, input: Value, why: &str) {
    let refused = world.visitor.does("finishSignOn", input, TOKENS).await.refused();
    assert_eq!(refused, ["INVALID_TOKEN"], "{why}");
}

async fn who(client: &Client) -> Value {
    let document =
        "{ viewer { id email displayName locale externalIdentities { id issuer email lastUsedAt } } }";
    client.call(document, json!({})).await.ok()
}

/// From the button to the session, at the real issuer.
async fn signs_on(world: &World, issuer: &RealIssuer, claims: &Value) -> Client {
    let left = leaves(world).await;
    let Back { state, code, iss } = issuer.visit(&left.url, claims).await;
    assert_eq!(state, left.state);
    let input = json!({ "state": state, "code": code, "issuer": iss, "attemptToken": left.token });
    comes_back(world, input).await
}

async fn accounts(world: &World) -> u64 {
    user::Entity::find().count(world.db()).await.unwrap()
}

/// Why issuers' words were not believed, as the audit chain tells it.
async fn doubts(world: &World) -> Vec<String> {
    let refused = audit_entry::Column::Action.eq("sign_on_refused");
    let entries = audit_entry::Entity::find().filter(refused).order_by_asc(audit_entry::Column::Seq);
    let entries = entries.all(world.db()).await.unwrap();
    let doubt = |entry: &audit_entry::Model| {
        serde_json::from_str::<Value>(&entry.detail).unwrap()["facts"]["doubt"].as_str().unwrap().to_owned()
    };
    entries.iter().map(doubt).collect()
}

#[tokio::test]
async fn a_real_issuer_opens_an_account_and_the_same_one_again() {
    let issuer = RealIssuer::start().await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let client = format!("btl {algorithm}");
        let world = World::with(&issuer::settings(&issuer.address, &client, RealIssuer::SECRET)).await;
        let button = world.visitor.call("{ signOn { name } }", json!({})).await.ok();
        assert_eq!(button["name"], NAME);

        let claims = json!({
            "sub": "cb-4711", "email": "Lan@example.vn", "email_verified": true, "name": "Trần Thị Lan", "locale": "en-GB",
        });
        let first = who(&signs_on(&world, &issuer, &claims).await).await;
        assert_eq!(first["email"], "Lan@example.vn", "{algorithm}");
        assert_eq!((&first["displayName"], &first["locale"]), (&json!("Trần Thị Lan"), &json!("EN")));
        let identity = &first["externalIdentities"][0];
        assert_eq!(
            (&identity["issuer"], &identity["email"]),
            (&json!(issuer.address), &json!("Lan@example.vn"))
        );

        world.pass(Duration::from_secs(5)).await;
        // The issuer's name for a person counts, whatever else it says of them by now.
        let claims = json!({ "sub": "cb-4711", "email": "lan.moi@example.vn", "email_verified": false });
        let again = who(&signs_on(&world, &issuer, &claims).await).await;
        assert_eq!((&again["id"], &again["email"]), (&first["id"], &first["email"]));
        assert!(again["externalIdentities"][0]["lastUsedAt"].as_str() > identity["lastUsedAt"].as_str());
        assert_eq!(accounts(&world).await, 1);
        assert_eq!(world.letters().await, [] as [String; 0], "nothing that they did not know");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_account_with_the_same_proved_address_is_linked_and_its_owner_told() {
    let issuer = RealIssuer::start().await;
    let world = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    let an = world.person("an", "Nguyễn Thị An").await;
    let claims =
        json!({ "sub": "cb-1", "email": "AN@example.vn", "email_verified": true, "name": "Nguyen An" });
    let session = signs_on(&world, &issuer, &claims).await;
    let seen = who(&session).await;
    assert_eq!(seen["id"], api::graphql::id::encode(an.account).to_string());
    assert_eq!(seen["displayName"], "Nguyễn Thị An", "an issuer does not rename people");
    assert_eq!(world.letters().await, ["sign_on_linked: an"]);
    let mail = world.last_mail_to("an@example.vn").await;
    assert!(mail.text.contains(NAME), "{}", mail.text);
    assert_eq!(who(&an.client().await).await["externalIdentities"].as_array().unwrap().len(), 1);

    // Nobody else sees it, nor can take it away.
    let id = seen["externalIdentities"][0]["id"].clone();
    let binh = world.person("binh", "Lê Bình").await;
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    assert_eq!(binh.asks(node, json!({ "id": id })).await.ok(), Value::Null);
    assert_eq!(session.call(node, json!({ "id": id })).await.ok()["id"], id);
    let unlink = json!({ "externalIdentityId": id });
    let changed = "deletedExternalIdentityId";
    let refused = binh.does("unlinkExternalIdentity", unlink.clone(), changed).await.refused();
    assert_eq!(refused, ["NOT_FOUND input.externalIdentityId"]);
    let visitor = world.visitor.does("unlinkExternalIdentity", unlink.clone(), changed).await;
    assert_eq!(visitor.error(), "UNAUTHENTICATED");

    let done = an.does("unlinkExternalIdentity", unlink.clone(), changed).await.ok();
    assert_eq!(done["deletedExternalIdentityId"], id);
    assert_eq!(session.call(node, json!({ "id": id })).await.ok(), Value::Null);
    let refused = an.does("unlinkExternalIdentity", unlink, changed).await.refused();
    assert_eq!(refused, ["NOT_FOUND input.externalIdentityId"]);
    signs_on(&world, &issuer, &claims).await;
    assert_eq!(world.letters().await, ["sign_on_linked: an"], "linked anew, told anew");
    assert_eq!(accounts(&world).await, 2);

    // The address was given to somebody else at the issuer: they do not get An's account with it.
    let left = leaves(&world).await;
    let heir = json!({ "sub": "cb-2", "email": "an@example.vn", "email_verified": true });
    let Back { code, .. } = issuer.visit(&left.url, &heir).await;
    is_refused(&world, back(&left, &code), "an heir of the address").await;
    assert_eq!(doubts(&world).await, ["TAKEN"]);
    world.finish().await;
}

#[tokio::test]
async fn whoever_registered_with_somebody_elses_address_keeps_nothing() {
    let issuer = RealIssuer::start().await;
    let world = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    let squat = json!({ "email": "chi@example.vn", "displayName": "Kẻ giả danh", "password": "mật khẩu của kẻ khác" });
    world.visitor.does("register", squat, "isMailOnItsWay").await.ok();
    let mail = world.last_mail_to("chi@example.vn").await;
    let claims =
        json!({ "sub": "cb-3", "email": "chi@example.vn", "email_verified": true, "name": "Vũ Chi" });
    let seen = who(&signs_on(&world, &issuer, &claims).await).await;
    assert_eq!(seen["displayName"], "Vũ Chi");
    assert_eq!(accounts(&world).await, 1);
    let log_in = json!({ "email": "chi@example.vn", "password": "mật khẩu của kẻ khác" });
    assert_eq!(world.visitor.does("logIn", log_in, TOKENS).await.refused(), ["INVALID_CREDENTIALS"]);
    let empty = json!({ "email": "chi@example.vn", "password": "" });
    assert_eq!(world.visitor.does("logIn", empty, TOKENS).await.refused(), ["INVALID_CREDENTIALS"]);
    let verify = json!({ "token": mail.token() });
    assert_eq!(
        world.visitor.does("verifyEmail", verify, "isVerified").await.refused(),
        ["INVALID_TOKEN input.token"]
    );

    // The only way into an account without a password stays.
    let session = signs_on(&world, &issuer, &claims).await;
    let id = who(&session).await["externalIdentities"][0]["id"].clone();
    let unlink =
        session.does("unlinkExternalIdentity", json!({ "externalIdentityId": id }), "__typename").await;
    assert_eq!(unlink.refused(), ["LAST_CREDENTIAL"]);
    world.finish().await;
}

#[tokio::test]
async fn an_address_that_the_issuer_does_not_vouch_for_opens_nothing() {
    let issuer = RealIssuer::start().await;
    let world = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    world.person("an", "Nguyễn Thị An").await;
    for claims in [
        json!({ "sub": "cb-5", "email": "an@example.vn", "email_verified": false }),
        json!({ "sub": "cb-5", "email": "an@example.vn" }),
        json!({ "sub": "cb-5" }),
        json!({ "sub": "cb-5", "email": "no address", "email_verified": true }),
    ] {
        let left = leaves(&world).await;
        let Back { code, .. } = issuer.visit(&left.url, &claims).await;
        is_refused(&world, back(&left, &code), &claims.to_string()).await;
    }
    assert_eq!(doubts(&world).await, ["ADDRESS"; 4]);
    assert_eq!(accounts(&world).await, 1);
    assert_eq!(external_identity::Entity::find().count(world.db()).await.unwrap(), 0);
    world.finish().await;
}

#[tokio::test]
async fn what_comes_back_is_good_once_for_who_left_and_for_ten_minutes() {
    let issuer = RealIssuer::start().await;
    let world = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    let claims = json!({ "sub": "cb-6", "email": "dung@example.vn", "email_verified": true });
    let (mine, other) = (leaves(&world).await, leaves(&world).await);
    let came = issuer.visit(&mine.url, &claims).await;

    // Nothing that the browser carries, or that is derived for it, stands in the database.
    let rows = format!("{:?}", sign_on_attempt::Entity::find().all(world.db()).await.unwrap());
    let url = mine.url.parse::<reqwest::Url>().unwrap();
    let nonce = url.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
    for secret in [&mine.state, &mine.token, &other.state, &other.token, &nonce] {
        assert!(secret.len() == 43 && !rows.contains(secret.as_str()), "{rows}");
    }

    // Somebody else's browser, or none, does not get the session of mine (login CSRF).
    for (state, token) in
        [(&came.state, &other.token), (&other.state, &mine.token), (&came.state, &String::new())]
    {
        let input = json!({ "state": state, "code": came.code, "attemptToken": token });
        is_refused(&world, input, "another browser").await;
    }
    // Handed back by somebody who is not the issuer.
    let elsewhere = leaves(&world).await;
    let input = json!({ "state": elsewhere.state, "code": "x", "issuer": "https://evil.example", "attemptToken": elsewhere.token });
    is_refused(&world, input, "another issuer").await;
    // A code of one attempt with another's state: the verifier does not fit.
    is_refused(&world, back(&other, &came.code), "another attempt's code").await;

    // Twenty at once: one session.
    let mine = leaves(&world).await;
    let came = issuer.visit(&mine.url, &claims).await;
    let twenty = (0..20).map(|_| world.visitor.does("finishSignOn", back(&mine, &came.code), TOKENS));
    let answers = join_all(twenty).await;
    let begun =
        answers.iter().filter(|answer| answer.body["data"]["finishSignOn"]["tokens"].is_object()).count();
    assert_eq!(begun, 1);
    for refused in answers.iter().filter(|answer| answer.body["data"]["finishSignOn"]["tokens"].is_null()) {
        assert_eq!(refused.refused(), ["INVALID_TOKEN"]);
    }
    is_refused(&world, back(&mine, &came.code), "used").await;
    let fresh = leaves(&world).await;
    is_refused(&world, back(&fresh, &came.code), "a code that was used").await;

    let late = leaves(&world).await;
    let came = issuer.visit(&late.url, &claims).await;
    world.pass(Duration::from_mins(10)).await;
    is_refused(&world, back(&late, &came.code), "too late").await;
    for junk in ["", "x", &"x".repeat(10_000)] {
        is_refused(&world, json!({ "state": junk, "code": junk, "attemptToken": junk }), "junk").await;
    }
    assert_eq!(accounts(&world).await, 1);
    world.pass(Duration::from_hours(2)).await;
    app::retention::clean(world.app()).await.unwrap();
    leaves(&world).await;
    assert_eq!(
        sign_on_attempt::Entity::find().count(world.db()).await.unwrap(),
        1,
        "the old ones are forgotten"
    );
    for _ in 1..100 {
        leaves(&world).await;
    }
    let one_more = world.visitor.does("startSignOn", json!({}), "attempt { state }").await;
    assert_eq!(one_more.error(), "RATE_LIMITED", "who leaves so often from one address only fills the table");
    assert_eq!(sign_on_attempt::Entity::find().count(world.db()).await.unwrap(), 100);
    world.finish().await;
}

/// What is forged, what is doubted, and how it is done.
type Forgery<'a> = (&'static str, &'static str, Box<dyn Fn(&Value) -> String + 'a>);

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let (key, stranger) = (Key::new("k1", 1), Key::new("k1", 2));
    let forger = Forger::start(&key).await;
    let world = World::with(&issuer::settings(&forger.address, "btl", "secret")).await;
    world.person("an", "Nguyễn Thị An").await;
    let now = world.now().await.seconds();
    let claims = |left: &Left, changes: Value| {
        let mut claims = forger.claims(&left.url, now);
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    };
    // States something else than it should.
    for (changes, doubt) in [
        (json!({ "nonce": "another" }), "NONCE"),
        (json!({ "nonce": null }), "NONCE"),
        (json!({ "iss": "https://evil.example" }), "ISSUER"),
        (json!({ "iss": format!("{}/", forger.address) }), "ISSUER"),
        (json!({ "iss": null }), "TOKEN"),
        (json!({ "aud": "other" }), "AUDIENCE"),
        (json!({ "aud": [] }), "AUDIENCE"),
        (json!({ "aud": null }), "TOKEN"),
        (json!({ "aud": ["btl", "other"] }), "AUDIENCE"),
        (json!({ "azp": "other" }), "AUDIENCE"),
        (json!({ "exp": now - 60 }), "TIME"),
        (json!({ "exp": null }), "TOKEN"),
        (json!({ "exp": "never" }), "TOKEN"),
        (json!({ "iat": now + 120 }), "TIME"),
        (json!({ "iat": now - 3600 }), "TIME"),
        (json!({ "iat": null }), "TOKEN"),
        (json!({ "nbf": now + 120 }), "TIME"),
        (json!({ "sub": "" }), "SUBJECT"),
        (json!({ "sub": "x".repeat(256) }), "SUBJECT"),
        (json!({ "sub": null }), "TOKEN"),
        (json!({ "sub": 7 }), "TOKEN"),
    ] {
        let left = leaves(&world).await;
        forger.gives(&key.sign(&claims(&left, changes.clone())));
        is_refused(&world, back(&left, "code"), &changes.to_string()).await;
        assert_eq!(doubts(&world).await.last().unwrap(), doubt, "{changes}");
    }
    // Not signed by the issuer, or not in a way that we take.
    let public = key.public()["x"].as_str().unwrap().to_owned();
    let header = |changes: Value| {
        let mut header = json!({ "alg": "EdDSA", "kid": "k1" });
        header.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        header
    };
    let shared = |header: &Value, claims: &Value, secret: &[u8]| {
        let signed = unsigned(header, claims);
        let signature =
            crypto::sign(signed.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap();
        format!("{signed}.{signature}")
    };
    let forgeries: Vec<Forgery> = vec![
        ("another key of the same name", "SIGNATURE", Box::new(|claims| stranger.sign(claims))),
        ("a key of no known name", "SIGNATURE", Box::new(|claims| Key::new("k9", 1).sign(claims))),
        (
            "no name of a key",
            "SIGNATURE",
            Box::new(|claims| key.sign_under(&json!({ "alg": "EdDSA" }), claims)),
        ),
        (
            "a key that it brings along",
            "SIGNATURE",
            Box::new(|claims| stranger.sign_under(&header(json!({ "jwk": stranger.public() })), claims)),
        ),
        (
            "an extension that must be understood",
            "SIGNATURE",
            Box::new(|claims| key.sign_under(&header(json!({ "crit": ["x"], "x": 1 })), claims)),
        ),
        ("alg none", "TOKEN", Box::new(|claims| unsigned(&header(json!({ "alg": "none" })), claims) + ".")),
        ("alg None", "TOKEN", Box::new(|claims| unsigned(&header(json!({ "alg": "None" })), claims) + ".")),
        ("no signature", "TOKEN", Box::new(|claims| unsigned(&header(json!({})), claims))),
        ("an empty signature", "SIGNATURE", Box::new(|claims| unsigned(&header(json!({})), claims) + ".")),
        (
            "HS256 with the public key",
            "SIGNATURE",
            Box::new(|claims| shared(&header(json!({ "alg": "HS256" })), claims, public.as_bytes())),
        ),
        (
            "HS256 with our secret",
            "SIGNATURE",
            Box::new(|claims| shared(&header(json!({ "alg": "HS256" })), claims, b"secret")),
        ),
        (
            "RS256 by a key that is none",
            "SIGNATURE",
            Box::new(|claims| key.sign_under(&header(json!({ "alg": "RS256" })), claims)),
        ),
        (
            "changed after it was signed",
            "SIGNATURE",
            Box::new(|claims| {
                let signed = key.sign(claims);
                let (_, signature) = signed.rsplit_once('.').unwrap();
                let mut other = claims.clone();
                other["sub"] = "somebody else".into();
                format!("{}.{signature}", unsigned(&header(json!({})), &other))
            }),
        ),
        ("no token at all", "TOKEN", Box::new(|_| String::new())),
        ("no such thing", "TOKEN", Box::new(|_| "a.b.c".to_owned())),
        ("far too long", "TOKEN", Box::new(|claims| key.sign(claims) + &"x".repeat(70_000))),
    ];
    for (what, doubt, forge) in &forgeries {
        let left = leaves(&world).await;
        forger.gives(&forge(&claims(&left, json!({}))));
        is_refused(&world, back(&left, "code"), what).await;
        assert_eq!(doubts(&world).await.last().unwrap(), doubt, "{what}");
    }
    // An answer without a token, a code that it does not know, a person who is another.
    let left = leaves(&world).await;
    forger.says("/token", Says::json(&json!({ "access_token": "access" })));
    is_refused(&world, back(&left, "code"), "no ID token").await;
    let left = leaves(&world).await;
    forger.says("/token", Says::status(400, r#"{"error":"invalid_grant"}"#));
    is_refused(&world, back(&left, "code"), "an unknown code").await;
    let left = leaves(&world).await;
    forger.gives(&key.sign(&claims(&left, json!({ "email": null, "email_verified": null }))));
    let other = json!({ "sub": "p-2", "email": "an@example.vn", "email_verified": true });
    forger.says("/me", Says::json(&other));
    is_refused(&world, back(&left, "code"), "the person is another").await;
    let last: Vec<_> = doubts(&world).await.into_iter().rev().take(3).collect();
    assert_eq!(last, ["SUBJECT", "CODE", "TOKEN"]);

    assert_eq!(accounts(&world).await, 1);
    assert_eq!(external_identity::Entity::find().count(world.db()).await.unwrap(), 0);
    // The same forger, once it is honest, is believed: nothing above was refused for another reason.
    let left = leaves(&world).await;
    let several = json!({ "aud": ["btl", "other"], "azp": "btl" });
    forger.gives(&key.sign(&claims(&left, several)));
    comes_back(&world, back(&left, "the code")).await;
    assert_eq!(world.letters().await, ["sign_on_linked: an"]);
    let (_, headers, body) = forger.asked("/token").pop().unwrap();
    let form: std::collections::HashMap<_, _> =
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!((form["code"].as_str(), form["redirect_uri"].as_str()), ("the code", issuer::REDIRECT_URL));
    assert_eq!(form["code_verifier"].len(), 43);
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "), "{headers:?}");
    let url = left.url.parse::<reqwest::Url>().unwrap();
    let asked: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["tenant"], "city", "what stood in the issuer's address stays there");
    world.finish().await;
}

#[tokio::test]
async fn a_new_key_is_found_at_most_once_a_minute() {
    let (old, new) = (Key::new("k1", 1), Key::new("k2", 2));
    let forger = Forger::start(&old).await;
    let world = World::with(&issuer::settings(&forger.address, "btl", "secret")).await;
    let signs = async |key: &Key| {
        let left = leaves(&world).await;
        forger.gives(&key.sign(&forger.claims(&left.url, world.now().await.seconds())));
        back(&left, "code")
    };
    comes_back(&world, signs(&old).await).await;
    assert_eq!(forger.asked("/jwks").len(), 1);
    forger.publishes(&[old.public(), new.public()]);
    for _ in 0..5 {
        is_refused(&world, signs(&new).await, "not known yet, and looked for a moment ago").await;
    }
    assert_eq!(forger.asked("/jwks").len(), 1, "whoever makes up names of keys makes us ask for nothing");
    world.pass(Duration::from_mins(1)).await;
    comes_back(&world, signs(&new).await).await;
    comes_back(&world, signs(&old).await).await;
    assert_eq!(forger.asked("/jwks").len(), 2);
    // What was taken back is believed an hour longer at most.
    forger.publishes(&[new.public()]);
    world.pass(Duration::from_hours(1)).await;
    is_refused(&world, signs(&old).await, "taken back").await;
    assert_eq!(forger.asked("/jwks").len(), 3);
    assert_eq!(forger.asked("/.well-known/openid-configuration").len(), 2, "once an hour");
    world.finish().await;
}

#[tokio::test]
async fn two_who_are_one_make_one_account() {
    let key = Key::new("k1", 1);
    let forger = Forger::start(&key).await;
    let world = World::with(&issuer::settings(&forger.address, "btl", "secret")).await;
    // The nonce is another each time, so the forger cannot answer all at once: it knows them first, and is asked to wait.
    for round in 0..5 {
        let mut left = Vec::new();
        for _ in 0..2 {
            left.push(leaves(&world).await);
        }
        let doors: Vec<_> = left
            .iter()
            .map(|left| {
                let mut claims = forger.claims(&left.url, 0);
                claims["sub"] = format!("p-{round}").into();
                claims["email"] = format!("p{round}@example.vn").into();
                claims
            })
            .collect();
        let now = world.now().await.seconds();
        let come = left.iter().zip(doors).map(|(left, mut claims)| {
            claims["iat"] = now.into();
            claims["exp"] = (now + 60).into();
            let token = key.sign(&claims);
            async {
                let token = token;
                // One code, one token.
                forger.gives_for(&left.state, &token);
                world.visitor.does("finishSignOn", back(left, &left.state), TOKENS).await
            }
        });
        for answer in join_all(come).await {
            assert!(
                answer.refusals().is_empty(),
                "round {round}: {answer:?}, for {:?}",
                doubts(&world).await
            );
        }
        assert_eq!(accounts(&world).await, round + 1);
    }
    assert_eq!(external_identity::Entity::find().count(world.db()).await.unwrap(), 5);
    world.finish().await;
}

#[tokio::test]
async fn an_issuer_that_is_away_stops_nothing_else() {
    let mut issuer = RealIssuer::start().await;
    let world = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    let an = world.person("an", "Nguyễn Thị An").await;
    let left = leaves(&world).await;
    let claims = json!({ "sub": "cb-7", "email": "an@example.vn", "email_verified": true });
    let came = issuer.visit(&left.url, &claims).await;
    issuer.stop();
    let answer = world.visitor.does("finishSignOn", back(&left, &came.code), TOKENS).await;
    assert_eq!(answer.error(), "UNAVAILABLE");
    assert_eq!(answer.body["errors"][0]["extensions"]["retryable"], true);
    // A process that never saw its issuer starts and serves.
    let elsewhere = World::with(&issuer::settings(&issuer.address, "btl RS256", RealIssuer::SECRET)).await;
    let answer = elsewhere.visitor.does("startSignOn", json!({}), "attempt { state }").await;
    assert_eq!(answer.error(), "UNAVAILABLE");
    assert_eq!(elsewhere.visitor.get("/readyz").await.0, 200);
    assert_eq!(elsewhere.visitor.call("{ signOn { name } }", json!({})).await.ok()["name"], NAME);
    elsewhere.finish().await;
    assert_eq!(an.asks("{ viewer { email } }", json!({})).await.ok()["email"], "an@example.vn");
    assert_eq!(accounts(&world).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_issuer_that_makes_no_sense_is_as_good_as_away() {
    let key = Key::new("k1", 1);
    let forger = Forger::start(&key).await;
    let world = World::with(&issuer::settings(&forger.address, "btl", "secret")).await;
    let configuration = "/.well-known/openid-configuration";
    let honest = forger.doors();
    let with = |name: &str, value: Value| {
        let mut doors = honest.clone();
        doors[name] = value;
        Says::json(&doors)
    };
    let redirect = Says {
        headers: vec![("location".to_owned(), format!("{}/elsewhere", forger.address))],
        ..Says::status(302, "")
    };
    forger.says("/elsewhere", Says::json(&honest));
    let huge = format!("{}{}", honest, " ".repeat(1024 * 1024));
    for (what, says) in [
        ("an error", Says::status(500, "")),
        ("not JSON", Says::status(200, "<html>")),
        ("another's name", with("issuer", json!("https://evil.example"))),
        ("no door", with("token_endpoint", Value::Null)),
        ("no address", with("authorization_endpoint", json!("javascript:alert(1)"))),
        ("elsewhere", redirect),
        ("too much", Says::status(200, huge)),
        ("too late", Says { after: Duration::from_secs(6), ..Says::json(&honest) }),
    ] {
        forger.says(configuration, says);
        // One that was silent is left alone for a second.
        world.pass(Duration::from_secs(2)).await;
        let answer = world.visitor.does("startSignOn", json!({}), "attempt { state }").await;
        assert_eq!(answer.error(), "UNAVAILABLE", "{what}");
        // What is wrong stands in the log, not in the answer.
        assert!(!answer.body.to_string().contains("127.0.0.1"), "{what}: {:?}", answer.body);
        // Doors that were read before hold for an hour: begin anew.
        world.pass(Duration::from_mins(61)).await;
    }
    assert!(forger.asked("/elsewhere").is_empty(), "nobody sends us elsewhere");
    forger.says(configuration, Says::json(&honest));
    let left = eventually("the issuer is well again", async || {
        let answer = world.visitor.does("startSignOn", json!({}), "attempt { state }").await;
        answer.body["data"]["startSignOn"]["attempt"].is_object().then_some(leaves(&world).await)
    })
    .await;
    for (what, says) in [
        ("an error", Says::status(503, "")),
        ("not our secret", Says::status(401, r#"{"error":"invalid_client"}"#)),
        ("too much", Says::status(200, vec![b' '; 1024 * 1024 + 1])),
    ] {
        let left = leaves(&world).await;
        forger.says("/token", says);
        let answer = world.visitor.does("finishSignOn", back(&left, "code"), TOKENS).await;
        assert_eq!(answer.error(), "UNAVAILABLE", "{what}");
    }
    forger.gives(&key.sign(&forger.claims(&left.url, world.now().await.seconds())));
    comes_back(&world, back(&left, "code")).await;
    // One that takes the secret in the form only.
    forger.says(configuration, with("token_endpoint_auth_methods_supported", json!(["client_secret_post"])));
    world.pass(Duration::from_mins(61)).await;
    let left = leaves(&world).await;
    forger.gives(&key.sign(&forger.claims(&left.url, world.now().await.seconds())));
    comes_back(&world, back(&left, "code")).await;
    let (_, headers, body) = forger.asked("/token").pop().unwrap();
    assert!(headers.get("authorization").is_none() && body.contains("client_secret=secret"), "{body}");
    world.finish().await;
}

#[tokio::test]
async fn without_an_issuer_there_is_no_button() {
    let world = World::new().await;
    assert_eq!(world.visitor.call("{ signOn { name } }", json!({})).await.ok(), Value::Null);
    let refused = world.visitor.does("startSignOn", json!({}), "attempt { state }").await.refused();
    assert_eq!(refused, ["NOT_FOUND"]);
    let input = json!({ "state": "s", "code": "c", "attemptToken": "t" });
    assert_eq!(world.visitor.does("finishSignOn", input, TOKENS).await.refused(), ["NOT_FOUND"]);
    world.finish().await;
}
