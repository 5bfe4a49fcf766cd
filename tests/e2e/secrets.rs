//! What is written about requests holds nothing that belongs to a person or opens a door, however much is written.

use std::path::Path;

use e2e::binary::Binary;
use e2e::database::Database;
use e2e::eventually;
use serde_json::{Value, json};

const PASSWORD: &str = "kín như bưng 7391";
const EMAIL: &str = "canary-ngan@example.vn";
const NAME: &str = "Chim Hoàng Yến Canary";

/// The text of a mail whose file name has this kind, once it is there.
async fn mail(folder: &Path, kind: &str) -> String {
    eventually("the mail is written", async || {
        let files = std::fs::read_dir(folder).ok()?.flatten();
        let file = files.map(|file| file.path()).find(|path| path.to_string_lossy().contains(kind))?;
        std::fs::read_to_string(file).ok()
    })
    .await
}

/// The one-time token that a mail carries, on a line of its own.
fn token(mail: &str) -> String {
    let is_token = |line: &&str| {
        line.len() == 43 && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    mail.lines().map(str::trim_end).find(is_token).expect("a token").to_owned()
}

#[tokio::test]
async fn no_secret_reaches_a_log_or_a_metric_at_the_most_talkative_level() {
    let database = Database::empty().await;
    let directory = database.directory.path();
    let settings = [
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("DEMO_DATA", "false"),
        ("DATABASE_URL", database.url.as_str()),
        ("LOG_LEVEL", "trace"),
    ];
    let server = Binary::start(directory, &[], &settings);
    let visitor = server.ready().await;
    let mails = directory.join("data/mail");
    let mut secrets: Vec<String> = [PASSWORD, EMAIL, NAME].map(str::to_owned).to_vec();

    let who = json!({ "email": EMAIL, "displayName": NAME, "password": PASSWORD, "locale": "EN" });
    visitor.does("register", who, "isMailOnItsWay").await.ok();
    let verification = token(&mail(&mails, "email_verification").await);
    visitor.does("verifyEmail", json!({ "token": verification }), "isVerified").await.ok();
    secrets.push(verification);
    let wrong = json!({ "email": EMAIL, "password": "canary-guess-5520" });
    visitor.does("logIn", wrong, "deviceToken").await;
    secrets.push("canary-guess-5520".to_owned());
    let right = json!({ "email": EMAIL, "password": PASSWORD });
    let keys = "deviceToken tokens { accessToken refreshToken }";
    let session = visitor.does("logIn", right, keys).await.ok();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    secrets.push(text(&session["deviceToken"]));
    secrets.push(text(&session["tokens"]["refreshToken"]));
    let access = text(&session["tokens"]["accessToken"]);
    let client = visitor.with_token(&access);
    secrets.push(access);
    client.call("{ viewer { email displayName } }", json!({})).await.ok();
    let setup = client.does("setUpSecondFactor", json!({}), "secret uri").await.ok();
    secrets.push(text(&setup["secret"]));
    client.does("confirmSecondFactor", json!({ "code": "canary-code" }), "recoveryCodes").await;
    secrets.push("canary-code".to_owned());
    client.does("exportOwnData", json!({}), "document").await.ok();
    let refresh = json!({ "refreshToken": session["tokens"]["refreshToken"] });
    let next = visitor.does("refreshSession", refresh, "tokens { accessToken refreshToken }").await.ok();
    secrets.push(text(&next["tokens"]["refreshToken"]));
    visitor.does("requestPasswordReset", json!({ "email": EMAIL }), "isMailOnItsWay").await.ok();
    let reset = token(&mail(&mails, "password_reset").await);
    let input = json!({ "token": reset, "newPassword": "chín dòng sông canary" });
    visitor.does("resetPassword", input, "deviceToken").await.ok();
    secrets.extend([reset, "chín dòng sông canary".to_owned()]);
    // What clients send wrongly is not repeated either.
    visitor.with_token("eyJcanary.canary.canary").call("{ canaryField }", json!({})).await;
    visitor.call("query { viewer { canaryUnknown } }", json!({ "canaryVariable": "canary-value" })).await;
    secrets.push("canary-value".to_owned());

    let (_, metrics) = visitor.get("/metrics").await;
    server.terminate();
    let ended = server.ends().await;
    let written = format!("{}\n{}\n{metrics}", ended.stdout, ended.stderr);
    assert!(written.lines().count() > 200, "it was talkative:\n{written}");
    for secret in secrets.iter().map(String::as_str).chain(["eyJ", "argon2id$", "SELECT \"app_user\""]) {
        let line = written.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret:?} stands in {line:?}");
    }
    for key in std::fs::read_to_string(directory.join("development-keys")).unwrap_or_default().lines() {
        let key = key.rsplit([' ', '=', ':']).next().unwrap_or_default().trim_matches('"');
        assert!(key.len() < 20 || !written.contains(key), "a key of the server");
    }
    database.give_back().await;
}
