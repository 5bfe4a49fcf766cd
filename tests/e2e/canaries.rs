//! Whoever gets at the disk, a dump, a backup, the logs or the mail of a server finds nothing of what a proposal says before it is
//! opened, however much the server writes.

use std::path::Path;
use std::process::Command;

use app::db::Db;
use domain::challenge::ChallengeStatus;
use domain::organization::{MembershipRole, OrganizationKind};
use e2e::Client;
use e2e::binary::Binary;
use e2e::cast::text;
use e2e::database::{Backend, Database};
use e2e::file::{pdf, request};
use e2e::rows::{self, insert};
use entity::{challenge, user};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::kill::location;

const PASSWORD: &str = "kín như bưng 7391";
/// In every text of a proposal; no row of anything else could hold it.
const CANARY: &[u8] = b"canaryproposal";

/// Every file below a directory, with its bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(haystack: &[u8], word: &[u8]) -> bool {
    haystack.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

async fn does(owner: &Client, mutation: &str, input: Value, select: &str) -> Value {
    owner.does(mutation, input, select).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_sealed_proposal_is_on_the_disk_in_a_copy_in_a_log_or_in_a_mail() {
    let database = Database::fresh().await;
    let home = database.directory.path();
    let (email, startup, call) = {
        let db = Db::connect(&location(&database), 4).await.unwrap();
        let password_hash = app::password::Passwords::new().hash(SecretString::from(PASSWORD)).await.unwrap();
        let owner = user::Model { password_hash, email_verified_at: Some(rows::THEN), ..rows::user() };
        let agency = rows::organization(OrganizationKind::Agency, owner.id);
        let startup = rows::organization(OrganizationKind::Startup, owner.id);
        let call = challenge::Model {
            status: ChallengeStatus::Published,
            is_public: true,
            opens_at: Some(rows::THEN),
            closes_at: Some(rows::FAR_AWAY),
            round_locked_at: None,
            ..rows::challenge(agency.id, owner.id)
        };
        let ids = (api::graphql::id::encode(startup.id), api::graphql::id::encode(call.id));
        let seat = rows::membership(startup.id, owner.id, MembershipRole::Owner);
        let write = db.for_migrations();
        insert(write, [owner.clone()]).await.unwrap();
        insert(write, [agency, startup]).await.unwrap();
        insert(write, [seat]).await.unwrap();
        insert(write, [call]).await.unwrap();
        db.close().await.unwrap();
        (owner.email, ids.0, ids.1)
    };
    let settings = [
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("DEMO_DATA", "false"),
        ("DATABASE_URL", database.url.as_str()),
        ("STORAGE_URL", "file:files"),
        ("LOG_LEVEL", "trace"),
    ];
    let server = Binary::start(home, &[], &settings);
    let visitor = server.ready().await;
    let log_in = json!({ "email": email, "password": PASSWORD });
    let session = does(&visitor, "logIn", log_in, "tokens { accessToken }").await;
    let owner = visitor.with_token(&text(&session["tokens"]["accessToken"]));

    let say = |what: &str| format!("canaryproposal {what}");
    let input = json!({
        "challengeId": call, "organizationId": startup, "title": say("tên"), "summary": say("tóm tắt"),
        "sections": [{ "kind": "SOLUTION", "text": say("giải pháp") }, { "kind": "PLAN", "text": say("kế hoạch") }],
        "idempotencyKey": "a-key-of-the-client",
    });
    let done = does(&owner, "createProposal", input, "proposal { id title version }").await;
    assert_eq!(done["proposal"]["title"], say("tên"));
    let proposal = text(&done["proposal"]["id"]);
    // What is refused is written down least of all.
    let wrong = json!({ "proposalId": proposal, "expectedVersion": 9, "summary": say("sai") });
    owner.does("updateProposal", wrong, "proposal { id }").await.refused();
    let long = json!({ "proposalId": proposal, "expectedVersion": 1, "title": say(&"x".repeat(300)) });
    owner.does("updateProposal", long, "proposal { id }").await.refused();
    owner.call("query ($id: ID!) { node(id: $id) { canaryproposal } }", json!({ "id": proposal })).await;

    let bytes = pdf("canaryproposal bản vẽ");
    let announce =
        json!({ "on": { "proposalId": proposal }, "name": say("bản vẽ.pdf"), "size": bytes.len() });
    let done = does(&owner, "createUpload", announce, "attachment { id } upload { url }").await;
    let url = text(&done["upload"]["url"]);
    assert!(request(&visitor, reqwest::Method::PUT, &url, &[], bytes).await.status.is_success());
    let check = json!({ "attachmentId": done["attachment"]["id"] });
    does(&owner, "completeUpload", check, "attachment { status }").await;
    let submit = json!({ "proposalId": proposal, "declaresOwnership": true });
    let done = does(&owner, "submitProposal", submit, "proposal { receipt { canonicalContent } }").await;
    assert!(holds(text(&done["proposal"]["receipt"]["canonicalContent"]).as_bytes(), CANARY));
    let mails = home.join("data/mail");
    e2e::eventually("the receipt is mailed", async || {
        let mails = std::fs::read_dir(&mails).ok()?.flatten();
        mails.map(|mail| mail.path()).find(|mail| mail.to_string_lossy().contains("proposal_submitted"))
    })
    .await;

    let backup = home.join("copies/monday");
    // Another program there writes over what this one has written.
    let written = server.output("stderr");
    let folder = backup.display().to_string();
    let made = Binary::run(home, &["backup", &folder], &settings).await;
    assert!(made.status.success(), "{made:?}");
    assert!(written.matches("edge::observe").count() > 5, "it wrote of every request:\n{written}");
    let (_, metrics) = visitor.get("/metrics").await;
    let mut kept = files(home);
    kept.push(("the log".to_owned(), written.into_bytes()));
    kept.push(("the metrics".to_owned(), metrics.into_bytes()));
    if let Backend::Postgres(_) = Backend::chosen() {
        let dump = Command::new("pg_dump").arg("--dbname").arg(&database.url).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        kept.push(("the dump".to_owned(), dump.stdout));
    }
    assert!(kept.iter().any(|(_, bytes)| holds(bytes, email.as_bytes())), "the search is not blind");
    assert!(kept.iter().any(|(name, _)| name.contains("copies/monday")), "the backup is searched");
    let leaks: Vec<_> = kept.iter().filter(|(_, bytes)| holds(bytes, CANARY)).map(|(name, _)| name).collect();
    assert!(leaks.is_empty(), "it stands in {leaks:?}");
    server.terminate();
    server.ends().await;
    database.give_back().await;
}
