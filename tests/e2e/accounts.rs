//! An account is its owner's: nobody gets in, nobody is locked out, and whoever wants to leave can.

use std::time::Duration;

use domain::account::ERASED_NAME;
use domain::event::EventKind;
use domain::message::MessageStatus;
use e2e::cast::text;
use e2e::graphql::Client;
use e2e::person::{PASSWORD, log_in};
use e2e::{Answer, Cast, World};
use entity::{
    audit_entry, event, message, one_time_token, proposal, proposal_draft, session, throttle, user,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

const NEW: &str = "chín dòng sông nhỏ";
const VIEWER: &str = "{ viewer { email } }";

async fn tries(client: &Client, email: &str, password: &str) -> Answer {
    client.does("logIn", json!({ "email": email, "password": password }), "tokens { accessToken }").await
}

/// What came of it, in a word.
fn word(answer: &Answer) -> String {
    match answer.body["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None => match answer.body["data"]["logIn"]["userErrors"][0]["code"].as_str() {
            Some(code) => code.to_owned(),
            None => "in".to_owned(),
        },
    }
}

/// What an authenticator app shows for the secret.
async fn code(world: &World, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    totp.generate(u64::try_from(world.now().await.seconds()).unwrap()).to_string()
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let here = linh.client().await;
    let elsewhere = log_in(&world.visitor, &linh.email, PASSWORD).await;
    let sessions = "{ viewer { sessions { id isCurrent address client } } }";
    let listed = here.call(sessions, json!({})).await.ok();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(listed["sessions"][0]["address"], "127.0.0.1");
    assert_eq!(
        listed["sessions"].as_array().unwrap().iter().filter(|one| one["isCurrent"] == true).count(),
        1
    );

    let change = async |current: &str, new: &str| {
        let input = json!({ "currentPassword": current, "newPassword": new });
        here.does("changePassword", input, "isChanged").await
    };
    assert_eq!(change("not mine", NEW).await.refused(), ["INVALID_CREDENTIALS input.currentPassword"]);
    assert_eq!(change(PASSWORD, "short").await.refused(), ["TOO_SHORT input.newPassword"]);
    assert_eq!(change(PASSWORD, "linh@example.vn").await.refused(), ["WEAK_PASSWORD input.newPassword"]);
    elsewhere.call(VIEWER, json!({})).await.ok();
    change(PASSWORD, NEW).await.ok();
    assert_eq!(elsewhere.call(VIEWER, json!({})).await.status, 401, "at the next request");
    here.call(VIEWER, json!({})).await.ok();
    assert_eq!(world.letters().await, ["password_changed: linh"]);
    assert_eq!(word(&tries(&world.visitor, &linh.email, PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(word(&tries(&world.visitor, &linh.email, NEW).await), "in");
    world.finish().await;
}

#[tokio::test]
async fn a_session_is_ended_from_another_one_and_by_nobody_else() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let yen = world.person("yen", "Trịnh Hải Yến").await;
    let here = linh.client().await;
    let lost = log_in(&world.visitor, &linh.email, PASSWORD).await;
    let listed = lost.call("{ viewer { sessions { id isCurrent } } }", json!({})).await.ok();
    let current = listed["sessions"].as_array().unwrap().iter().find(|one| one["isCurrent"] == true).unwrap();
    let id = text(&current["id"]);
    let end = json!({ "sessionId": id });
    assert_eq!(
        yen.does("endSession", end.clone(), "deletedSessionId").await.refused(),
        ["NOT_FOUND input.sessionId"]
    );
    let node = "query ($id: ID!) { node(id: $id) { id ... on Session { address } } }";
    assert_eq!(yen.asks(node, json!({ "id": id })).await.ok(), Value::Null);
    assert_eq!(here.call(node, json!({ "id": id })).await.ok()["address"], "127.0.0.1");
    here.does("endSession", end.clone(), "deletedSessionId").await.ok();
    assert_eq!(lost.call(VIEWER, json!({})).await.status, 401);
    assert_eq!(
        here.does("endSession", end, "deletedSessionId").await.refused(),
        ["NOT_FOUND input.sessionId"]
    );
    world.finish().await;
}

#[tokio::test]
async fn whoever_reads_the_mailbox_sets_a_new_password_once() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let here = linh.client().await;
    let ask = async |email: &str| {
        world.visitor.does("requestPasswordReset", json!({ "email": email }), "isMailOnItsWay").await.ok()
    };
    assert_eq!(ask(&linh.email).await, ask("nobody@example.vn").await, "the same, known or not");
    assert_eq!(world.letters().await, ["password_reset: linh"]);
    let old = world.last_mail_to(&linh.email).await.token().to_owned();
    ask("LINH@example.vn").await;
    let token = world.last_mail_to(&linh.email).await.token().to_owned();
    assert_ne!(old, token);
    // For the unknown address the same rows were written; only the mail was not sent.
    let suppressed = message::Entity::find().filter(message::Column::Status.eq(MessageStatus::Suppressed));
    assert_eq!(suppressed.count(world.db()).await.unwrap(), 1);
    let stored = one_time_token::Entity::find().all(world.db()).await.unwrap();
    assert!(stored.iter().all(|row| row.token_hash != token && row.token_hash != old));

    let reset = async |token: &str, new: &str| {
        let input = json!({ "token": token, "newPassword": new });
        world.visitor.does("resetPassword", input, "isReset deviceToken").await
    };
    assert_eq!(reset(&token, "linh@example.vn").await.refused(), ["WEAK_PASSWORD input.newPassword"]);
    for useless in [old.as_str(), "", "x"] {
        assert_eq!(reset(useless, NEW).await.refused(), ["INVALID_TOKEN input.token"]);
    }
    let all = futures_util::future::join_all((0..20).map(|_| reset(&token, NEW))).await;
    let done = all.iter().filter(|answer| answer.body["data"]["resetPassword"]["isReset"] == true).count();
    assert_eq!(done, 1, "twenty at once, and one of them is it");
    assert_eq!(here.call(VIEWER, json!({})).await.status, 401, "all sessions have ended");
    assert_eq!(world.letters().await, ["password_changed: linh", "password_reset: linh"]);
    assert_eq!(word(&tries(&world.visitor, &linh.email, PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(word(&tries(&world.visitor, &linh.email, NEW).await), "in");
    world.finish().await;
}

#[tokio::test]
async fn another_address_needs_the_password_and_the_old_one_hears_of_it() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    world.account("yen", "Trịnh Hải Yến").await;
    let here = linh.client().await;
    let ask = async |new: &str, password: &str| {
        let input = json!({ "newEmail": new, "password": password });
        here.does("requestEmailChange", input, "isMailOnItsWay").await
    };
    assert_eq!(ask("moi@example.vn", "wrong").await.refused(), ["INVALID_CREDENTIALS input.password"]);
    assert_eq!(ask("Linh@example.vn", PASSWORD).await.refused(), ["ALREADY_EXISTS input.newEmail"]);
    let of_another = ask("yen@example.vn", PASSWORD).await.ok();
    assert_eq!(world.letters().await, ["account_exists: yen"]);
    assert_eq!(ask("moi@example.vn", PASSWORD).await.ok(), of_another, "the same, taken or not");
    assert_eq!(world.letters().await, ["email_change: moi", "email_change_requested: linh"]);
    let letter = json!({ "token": world.last_mail_to("moi@example.vn").await.token() });
    assert_eq!(here.call(VIEWER, json!({})).await.ok()["email"], "linh@example.vn");
    world.visitor.does("confirmEmailChange", letter.clone(), "isChanged").await.ok();
    assert_eq!(here.call(VIEWER, json!({})).await.ok()["email"], "moi@example.vn");
    let again = world.visitor.does("confirmEmailChange", letter, "isChanged").await;
    assert_eq!(again.refused(), ["INVALID_TOKEN input.token"]);
    assert_eq!(word(&tries(&world.visitor, "linh@example.vn", PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(word(&tries(&world.visitor, "moi@example.vn", PASSWORD).await), "in");

    // A password changed meanwhile takes the token's worth.
    ask("khac@example.vn", PASSWORD).await.ok();
    let letter = json!({ "token": world.last_mail_to("khac@example.vn").await.token() });
    let change = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    here.does("changePassword", change, "isChanged").await.ok();
    let late = world.visitor.does("confirmEmailChange", letter, "isChanged").await;
    assert_eq!(late.refused(), ["INVALID_TOKEN input.token"]);
    world.finish().await;
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let here = linh.client().await;
    let elsewhere = log_in(&world.visitor, &linh.email, PASSWORD).await;
    let confirm =
        async |code: &str| here.does("confirmSecondFactor", json!({ "code": code }), "recoveryCodes").await;
    assert_eq!(confirm("000000").await.refused(), ["NOT_FOUND"]);
    let setup = here.does("setUpSecondFactor", json!({}), "secret uri").await.ok();
    let secret = text(&setup["secret"]);
    assert!(text(&setup["uri"]).starts_with("otpauth://totp/"), "{setup}");
    assert_eq!(word(&tries(&world.visitor, &linh.email, PASSWORD).await), "in", "not asked for yet");
    assert_eq!(confirm("000000").await.refused(), ["INVALID_CODE input.code"]);
    let first = code(&world, &secret).await;
    let codes = confirm(&first).await.ok()["recoveryCodes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 10);
    assert_eq!(elsewhere.call(VIEWER, json!({})).await.status, 401, "other sessions have ended");
    assert_eq!(world.letters().await, ["second_factor_enabled: linh"]);
    let told = here.call("{ viewer { hasSecondFactor recoveryCodeCount } }", json!({})).await.ok();
    assert_eq!(told, json!({ "hasSecondFactor": true, "recoveryCodeCount": 10 }));
    let row = entity::second_factor::Entity::find_by_id(linh.account).one(world.db()).await.unwrap().unwrap();
    assert!(!row.secret.contains(&secret), "sealed");

    let begin = async || {
        let input = json!({ "email": linh.email, "password": PASSWORD });
        let begun =
            world.visitor.does("logIn", input, "tokens { accessToken } secondFactor { token }").await.ok();
        assert_eq!(begun["tokens"], Value::Null);
        text(&begun["secondFactor"]["token"])
    };
    let complete = async |token: &str, code: &str| {
        let input = json!({ "token": token, "code": code });
        world.visitor.does("completeLogIn", input, "tokens { accessToken }").await
    };
    let token = begin().await;
    assert_eq!(complete("x", &first).await.refused(), ["INVALID_TOKEN input.token"]);
    assert_eq!(complete(&token, &first).await.refused(), ["INVALID_CODE input.code"], "shown before");
    world.pass(Duration::from_secs(31)).await;
    let next = code(&world, &secret).await;
    let all = futures_util::future::join_all((0..4).map(|_| complete(&token, &next))).await;
    let opened: Vec<_> =
        all.iter().filter(|answer| answer.body["data"]["completeLogIn"]["tokens"].is_object()).collect();
    assert_eq!(opened.len(), 1, "four at once, one session");
    assert_eq!(complete(&begin().await, &next).await.refused(), ["INVALID_CODE input.code"]);

    let recovery = text(&codes[0]);
    complete(&begin().await, &recovery.to_uppercase().replace('-', " ")).await.ok();
    assert_eq!(complete(&begin().await, &recovery).await.refused(), ["INVALID_CODE input.code"]);
    assert_eq!(world.letters().await, ["recovery_code_used: linh"]);

    // Guessing codes has to wait, whoever begins anew.
    let mut words = Vec::new();
    for guess in 0..8 {
        let answer = complete(&begin().await, &format!("00000{guess}")).await;
        words.push(if answer.body.get("errors").is_some() {
            answer.error().to_owned()
        } else {
            "wrong".to_owned()
        });
    }
    assert!(words.contains(&"RATE_LIMITED".to_owned()), "{words:?}");

    world.pass(Duration::from_hours(25)).await;
    let token = begin().await;
    let session = complete(&token, &code(&world, &secret).await).await.ok();
    let here = world.visitor.with_token(session["tokens"]["accessToken"].as_str().unwrap());
    here.does("disableSecondFactor", json!({ "isConfirmed": true }), "isDisabled").await.ok();
    assert_eq!(world.letters().await, ["second_factor_disabled: linh"]);
    assert_eq!(word(&tries(&world.visitor, &linh.email, PASSWORD).await), "in");
    world.finish().await;
}

#[tokio::test]
async fn whoever_holds_an_office_needs_a_second_factor_where_it_is_required() {
    let world = World::with(&[("SECOND_FACTOR", "required")]).await;
    let cast = Cast::gather(&world).await;
    // A startup's owner holds no office.
    cast.linh.asks("{ viewer { isSecondFactorDue memberships { id } } }", json!({})).await.ok();
    let input = json!({ "email": cast.officer.email, "password": PASSWORD });
    let begun = world.visitor.does("logIn", input, "isSecondFactorDue tokens { accessToken }").await.ok();
    assert_eq!(begun["isSecondFactorDue"], true);
    let officer = world.visitor.with_token(begun["tokens"]["accessToken"].as_str().unwrap());
    let viewer =
        officer.call("{ viewer { email isSecondFactorDue memberships { id } } }", json!({})).await.ok();
    assert_eq!(viewer, json!({ "email": cast.officer.email, "isSecondFactorDue": true, "memberships": [] }));
    let input = json!({ "kind": "AGENCY", "name": [{ "locale": "VI", "value": "Sở Mới" }] });
    let refused = officer.does("createOrganization", input.clone(), "organization { id }").await;
    assert_eq!(refused.error(), "FORBIDDEN");
    assert_eq!(refused.body["errors"][0]["extensions"]["reason"], "SECOND_FACTOR_DUE");
    let all = "{ organizations { totalCount } }";
    assert_eq!(
        officer.call(all, json!({})).await.ok(),
        world.visitor.call(all, json!({})).await.ok(),
        "a visitor"
    );

    let setup = officer.does("setUpSecondFactor", json!({}), "secret").await.ok();
    let secret = text(&setup["secret"]);
    let confirm = json!({ "code": code(&world, &secret).await });
    officer.does("confirmSecondFactor", confirm, "recoveryCodes").await.ok();
    officer.does("createOrganization", input, "organization { id }").await.ok();
    world.pass(Duration::from_mins(20)).await;
    let input = json!({ "email": cast.officer.email, "password": PASSWORD });
    let begun = world.visitor.does("logIn", input, "secondFactor { token }").await.ok();
    let input = json!({ "token": begun["secondFactor"]["token"], "code": code(&world, &secret).await });
    let done = world.visitor.does("completeLogIn", input, "tokens { accessToken }").await.ok();
    let officer = world.visitor.with_token(done["tokens"]["accessToken"].as_str().unwrap());
    assert_eq!(
        officer.call("{ viewer { isSecondFactorDue } }", json!({})).await.ok()["isSecondFactorDue"],
        false
    );
    world.finish().await;
}

#[tokio::test]
async fn guessing_is_slow_and_the_owner_gets_in_all_the_same() {
    let world = World::with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    world.account("linh", "Ngô Mai Linh").await;
    let email = "linh@example.vn";
    let at = |address: &str| world.visitor.from(address);
    // She was here before.
    let input = json!({ "email": email, "password": PASSWORD });
    let first = at("203.0.113.7").does("logIn", input, "deviceToken").await.ok();
    let device = text(&first["deviceToken"]);

    // A hundred guesses from everywhere, five in a document.
    let guess = |i| {
        format!(
            "g{i}: logIn(input: {{ email: \"{email}\", password: \"guess {i}\" }}) {{ userErrors {{ code }} }}"
        )
    };
    let document = format!("mutation {{ {} }}", (0..5).map(guess).collect::<Vec<_>>().join(" "));
    let mut heard = 0;
    for attempt in 0..20 {
        let answer = at(&format!("198.51.100.{attempt}")).call(&document, json!({})).await;
        heard += answer.body.to_string().matches("INVALID_CREDENTIALS").count();
        if attempt > 3 {
            assert!(answer.body.to_string().contains("RATE_LIMITED"), "{answer:?}");
        }
    }
    assert!((5..=8).contains(&heard), "{heard} of a hundred guesses were heard");
    let stranger = tries(&at("192.0.2.1"), email, PASSWORD).await;
    assert_eq!(word(&stranger), "RATE_LIMITED", "whoever guesses right now is not heard either");
    assert!(stranger.body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap() >= 1, "{stranger:?}");
    let nobody = async |address: &str| tries(&at(address), "nobody@example.vn", PASSWORD).await;
    let mut words = Vec::new();
    for i in 0..7 {
        words.push(word(&nobody(&format!("192.0.2.{}", 100 + i)).await));
    }
    assert_eq!(
        words[4..6],
        ["INVALID_CREDENTIALS", "RATE_LIMITED"],
        "an address without an account: the same"
    );

    assert_eq!(word(&tries(&at("203.0.113.7"), email, PASSWORD).await), "in", "where she was before");
    let input = json!({ "email": email, "password": PASSWORD, "deviceToken": device });
    let again = at("192.0.2.2").does("logIn", input.clone(), "deviceToken").await.ok();
    assert_eq!(text(&again["deviceToken"]), device, "with the device that she used before, from anywhere");
    let input = json!({ "email": "yen@example.vn", "password": PASSWORD, "deviceToken": device });
    world.account("yen", "Trịnh Hải Yến").await;
    let other = at("192.0.2.3").does("logIn", input, "deviceToken").await.ok();
    assert_ne!(text(&other["deviceToken"]), device, "a device is known to one account");

    // On a new telephone in a new place: by a new password from the mailbox.
    let input = json!({ "email": email });
    at("192.0.2.9").does("requestPasswordReset", input, "isMailOnItsWay").await.ok();
    let token = world.last_mail_to(email).await.token().to_owned();
    let input = json!({ "token": token, "newPassword": NEW });
    at("192.0.2.9").does("resetPassword", input, "isReset").await.ok();
    assert_eq!(word(&tries(&at("192.0.2.9"), email, NEW).await), "in");

    // Traces: who was guessed at, without a word of what was typed; and no address in the counters.
    let failed = event::Entity::find().filter(event::Column::Kind.eq(EventKind::LogInFailed));
    assert!(failed.count(world.db()).await.unwrap() >= 10);
    let counters = throttle::Entity::find().all(world.db()).await.unwrap();
    assert!(
        counters.iter().all(|row| !row.key.contains("linh") && !row.key.contains("203.0")),
        "{counters:?}"
    );
    world.finish().await;
}

#[tokio::test]
async fn what_is_sensitive_needs_a_fresh_proof() {
    let world = World::with(&[("FRESH_LOGIN_SECONDS", "60")]).await;
    let cast = Cast::gather(&world).await;
    let linh = cast.linh.client().await;
    let house = e2e::cast::startup_of(&cast.linh).await;
    let invite = json!({ "organizationId": house, "email": "hoa@example.vn", "role": "VIEWER" });
    world.pass(Duration::from_mins(2)).await;
    for (mutation, input, changed) in [
        ("inviteMember", invite.clone(), "organization { id }"),
        ("exportOwnData", json!({}), "document"),
        ("setUpSecondFactor", json!({}), "secret"),
        ("deactivateAccount", json!({ "isConfirmed": true }), "isDeactivated"),
        ("eraseAccount", json!({ "isConfirmed": true }), "isErased"),
        (
            "requestEmailChange",
            json!({ "newEmail": "moi@example.vn", "password": PASSWORD }),
            "isMailOnItsWay",
        ),
    ] {
        assert_eq!(
            linh.does(mutation, input, changed).await.refused(),
            ["REAUTHENTICATION_REQUIRED"],
            "{mutation}"
        );
    }
    let prove = async |password: &str| {
        linh.does("reauthenticate", json!({ "password": password }), "isReauthenticated").await
    };
    assert_eq!(prove("wrong").await.refused(), ["INVALID_CREDENTIALS input.password"]);
    prove(PASSWORD).await.ok();
    linh.does("inviteMember", invite, "organization { id }").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn a_person_takes_their_data_along_and_leaves_a_pseudonym() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let an = world.person("an-canary", "Người Ra Đi").await;
    let input = json!({ "kind": "STARTUP", "name": [{ "locale": "VI", "value": "Một Mình" }] });
    let house = an.does("createOrganization", input, "organization { id }").await.ok();
    let draft = json!({
        "challengeId": challenge, "organizationId": house["organization"]["id"],
        "title": "Bản nháp bí mật", "summary": "Chưa nộp.",
    });
    an.does("createProposal", draft, "proposal { id }").await.ok();
    let profile = json!({ "expectedVersion": 1, "displayName": "Người Ra Đi Canary", "locale": "EN" });
    an.does("updateProfile", profile.clone(), "user { displayName locale version }").await.ok();
    assert_eq!(
        an.does("updateProfile", profile, "user { id }").await.refused(),
        ["CONFLICT input.expectedVersion"]
    );
    let consent = json!({ "purpose": "PROGRAMME_NEWS", "isGiven": true, "noticeVersion": "2026-11" });
    let given = an.does("recordConsent", consent, "user { consents { purpose isGiven } }").await.ok();
    assert_eq!(given["user"]["consents"], json!([{ "purpose": "PROGRAMME_NEWS", "isGiven": true }]));
    let consent = json!({ "purpose": "PROGRAMME_NEWS", "isGiven": false, "noticeVersion": "2026-11" });
    let taken = an.does("recordConsent", consent, "user { consents { isGiven } }").await.ok();
    assert_eq!(taken["user"]["consents"], json!([{ "isGiven": false }]));

    let copy = an.does("exportOwnData", json!({}), "document fileName").await.ok();
    let copy: Value = serde_json::from_str(copy["document"].as_str().unwrap()).unwrap();
    assert_eq!(copy["account"]["email"], "an-canary@example.vn");
    assert_eq!(copy["account"]["displayName"], "Người Ra Đi Canary");
    assert_eq!(copy["consents"].as_array().unwrap().len(), 2, "the whole ledger");
    assert_eq!(copy["memberships"][0]["organization"], "Một Mình");
    assert_eq!(copy["sessions"][0]["address"], "127.0.0.1");
    assert!(copy["acts"].as_array().unwrap().len() >= 5);
    assert!(!copy.to_string().contains("argon2"), "no secret in it");

    let not_meant = an.does("eraseAccount", json!({ "isConfirmed": false }), "isErased").await;
    assert_eq!(not_meant.refused(), ["REQUIRED input.isConfirmed"]);
    let client = an.client().await;
    an.does("eraseAccount", json!({ "isConfirmed": true }), "isErased").await.ok();
    assert_eq!(client.call(VIEWER, json!({})).await.status, 401);
    assert_eq!(word(&tries(&world.visitor, "an-canary@example.vn", PASSWORD).await), "INVALID_CREDENTIALS");
    let row = user::Entity::find_by_id(an.account).one(world.db()).await.unwrap().unwrap();
    assert_eq!((row.display_name.as_str(), row.password_hash.as_str()), (ERASED_NAME, ""));
    world.is_quiet().await;
    let mut rows = Vec::new();
    macro_rules! look_into {
        ($($entity:ident),+) => { $(
            rows.extend(entity::$entity::Entity::find().all(world.db()).await.unwrap().iter().map(|row| format!("{row:?}")));
        )+ };
    }
    look_into!(
        user,
        session,
        device,
        one_time_token,
        message,
        event,
        audit_entry,
        proposal_draft,
        membership,
        consent
    );
    for canary in ["an-canary", "Canary", "Bản nháp bí mật"] {
        assert!(!rows.iter().any(|row| row.contains(canary)), "{canary} is still there");
    }
    let vault = e2e::Vault::open(&world).await;
    for draft in proposal_draft::Entity::find().all(world.db()).await.unwrap() {
        let of = proposal::Entity::find_by_id(draft.proposal_id).one(world.db()).await.unwrap().unwrap();
        let place = app::vault::draft_place(of.challenge_id, of.id);
        let says = vault.read(of.challenge_id, &place, &draft.content);
        assert_eq!(says, domain::proposal::Content::default().canonical(), "under its seal, too");
    }
    let copies = session::Entity::find().filter(session::Column::UserId.eq(an.account));
    assert!(
        copies
            .all(world.db())
            .await
            .unwrap()
            .iter()
            .all(|row| row.address.is_none() && row.ended_at.is_some())
    );
    let acts = audit_entry::Entity::find().filter(audit_entry::Column::Actor.eq(an.account));
    assert!(acts.count(world.db()).await.unwrap() > 5, "what was done stays done, by an id");
    world.finish().await;
}

#[tokio::test]
async fn an_administrator_switches_accounts_off_and_on_and_nothing_else() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let yen = cast.yen.client().await;
    let id = text(&yen.call("{ viewer { id } }", json!({})).await.ok()["id"]);
    let off = json!({ "userId": id, "reason": "Mất quyền đại diện." });
    for nobody in [&cast.officer, &cast.publisher, &cast.auditor] {
        assert_eq!(
            nobody.does("deactivateUser", off.clone(), "user { id }").await.refused(),
            ["NOT_PERMITTED"]
        );
    }
    assert_eq!(
        cast.linh.does("deactivateUser", off.clone(), "user { id }").await.refused(),
        ["NOT_FOUND input.userId"]
    );
    let done = cast.administrator.does("deactivateUser", off.clone(), "user { deactivatedAt }").await.ok();
    assert_ne!(done["user"]["deactivatedAt"], Value::Null);
    assert_eq!(cast.administrator.does("deactivateUser", off, "user { id }").await.refused(), ["CONFLICT"]);
    assert_eq!(yen.call(VIEWER, json!({})).await.status, 401, "at the next request");
    assert_eq!(word(&tries(&world.visitor, &cast.yen.email, PASSWORD).await), "INVALID_CREDENTIALS");
    assert_eq!(world.letters().await, ["account_deactivated: yen"]);
    assert!(world.last_mail_to(&cast.yen.email).await.text.contains("Mất quyền đại diện."));
    let ask = json!({ "email": cast.yen.email });
    world.visitor.does("requestPasswordReset", ask, "isMailOnItsWay").await.ok();
    assert!(world.letters().await.is_empty());
    cast.administrator.does("reactivateUser", json!({ "userId": id }), "user { deactivatedAt }").await.ok();
    assert_eq!(world.letters().await, ["account_reactivated: yen"]);
    assert_eq!(word(&tries(&world.visitor, &cast.yen.email, PASSWORD).await), "in");

    let own = text(&cast.administrator.asks("{ viewer { id } }", json!({})).await.ok()["id"]);
    let input = json!({ "userId": own, "reason": "?" });
    assert_eq!(
        cast.administrator.does("deactivateUser", input, "user { id }").await.refused(),
        ["SELF_APPROVAL"]
    );
    let last = cast.administrator.does("eraseAccount", json!({ "isConfirmed": true }), "isErased").await;
    assert_eq!(last.refused(), ["INCOMPATIBLE_ROLE"], "somebody has to run the platform");
    let grant = json!({ "email": cast.bao.email, "role": "AUDITOR" });
    assert_eq!(
        cast.officer.does("grantPlatformRole", grant.clone(), "user { id }").await.refused(),
        ["NOT_PERMITTED"]
    );
    let granted = cast.administrator.does("grantPlatformRole", grant.clone(), "user { id }").await.ok();
    assert_eq!(
        cast.administrator.does("grantPlatformRole", grant, "user { id }").await.refused(),
        ["ALREADY_EXISTS input.role"]
    );
    let posts = "{ viewer { platformRoles } }";
    assert_eq!(cast.bao.asks(posts, json!({})).await.ok()["platformRoles"], json!(["AUDITOR"]));
    let revoke = json!({ "userId": granted["user"]["id"], "role": "AUDITOR" });
    cast.administrator.does("revokePlatformRole", revoke, "user { id }").await.ok();
    assert_eq!(cast.bao.asks(posts, json!({})).await.ok()["platformRoles"], json!([]));
    world.finish().await;
}

/// Log-in, registration and reset say the same of an address whether or not it has an account.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let bao = text(&cast.bao.asks("{ viewer { id } }", json!({})).await.ok()["id"]);
    let off = json!({ "userId": bao, "reason": "Thử." });
    cast.administrator.does("deactivateUser", off, "user { id }").await.ok();
    let unverified = json!({ "email": "moi@example.vn", "displayName": "Người Mới", "password": PASSWORD });
    world.visitor.does("register", unverified, "isMailOnItsWay").await.ok();
    let known = "linh@example.vn";
    let all = [known, "moi@example.vn", "bao@example.vn", "nobody@example.vn"];
    let mask = |answer: &Answer| {
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        format!("{} {headers:?} {}", answer.status, answer.body)
    };
    let mut answers: Vec<Vec<String>> = Vec::new();
    for email in all {
        let log_in = tries(&world.visitor, email, "not the password").await;
        let register = json!({ "email": email, "displayName": "Ai Đó", "password": NEW });
        let register = world.visitor.does("register", register, "isMailOnItsWay").await;
        let reset =
            world.visitor.does("requestPasswordReset", json!({ "email": email }), "isMailOnItsWay").await;
        answers.push([log_in, register, reset].iter().map(mask).collect());
    }
    for others in &answers[1..] {
        assert_eq!(&answers[0], others);
    }
    // And the same is written in the same number of statements.
    let statements = async |email: &str| {
        let attempt = async || drop(tries(&world.visitor, email, "wrong").await);
        world.meter.statements(attempt).await
    };
    assert_eq!(statements(known).await, statements("nobody@example.vn").await);
    world.finish().await;
}
