//! The power goes while two hundred startups submit. What was acknowledged is there once; nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::db::{Db, Location};
use domain::challenge::ChallengeStatus;
use domain::event::EventKind;
use domain::id::ProposalId;
use domain::organization::{MembershipRole, OrganizationKind};
use domain::proposal::{Content, ProposalSection, ProposalStatus};
use e2e::binary::Binary;
use e2e::database::{Backend, Database};
use e2e::mailbox::Mail;
use e2e::rows::{self, insert};
use e2e::smtp::Smtp;
use e2e::wait::eventually;
use entity::{audit_entry, challenge, event, message, proposal, proposal_version, user};
use futures_util::StreamExt as _;
use sea_orm::{ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _};
use secrecy::SecretString;
use serde_json::{Value, json};

const SUBMISSIONS: usize = 200;
const WRITERS: usize = 8;
const PASSWORD: &str = "một đêm mất điện";

/// One owner of two hundred startups, each with a complete draft for the same open challenge.
async fn prepare(db: &DatabaseConnection) -> (String, Vec<ProposalId>) {
    let password_hash = app::password::Passwords::new().hash(SecretString::from(PASSWORD)).await.unwrap();
    let owner = user::Model { password_hash, email_verified_at: Some(rows::THEN), ..rows::user() };
    let agency = rows::organization(OrganizationKind::Agency, owner.id);
    let call = challenge::Model {
        status: ChallengeStatus::Published,
        is_public: true,
        opens_at: Some(rows::THEN),
        closes_at: Some(rows::FAR_AWAY),
        round_locked_at: None,
        ..rows::challenge(agency.id, owner.id)
    };
    insert(db, [owner.clone()]).await.unwrap();
    let startups: Vec<_> =
        (0..SUBMISSIONS).map(|_| rows::organization(OrganizationKind::Startup, owner.id)).collect();
    let members = startups
        .iter()
        .map(|startup| rows::membership(startup.id, owner.id, MembershipRole::Owner))
        .collect::<Vec<_>>();
    let proposals: Vec<_> = startups
        .iter()
        .map(|startup| proposal::Model {
            status: ProposalStatus::Draft,
            current_version: 0,
            submitted_at: None,
            status_reason: None,
            feedback: None,
            ..rows::proposal(call.id, startup.id, owner.id)
        })
        .collect();
    let drafts: Vec<_> = proposals
        .iter()
        .map(|proposal| entity::proposal_draft::Model {
            content: complete(),
            ..rows::proposal_draft(proposal.id)
        })
        .collect();
    insert(db, std::iter::once(&agency).chain(&startups).cloned()).await.unwrap();
    insert(db, members).await.unwrap();
    insert(db, [call]).await.unwrap();
    insert(db, proposals.iter().cloned()).await.unwrap();
    insert(db, drafts).await.unwrap();
    (owner.email, proposals.iter().map(|proposal| proposal.id).collect())
}

/// A working copy that lacks nothing.
fn complete() -> String {
    let sections =
        [ProposalSection::Solution, ProposalSection::Plan].map(|section| (section, "Ba tháng.".to_owned()));
    Content { sections: sections.into(), ..rows::content() }.canonical()
}

/// Submits what is not acknowledged yet, eight at a time, and kills the server once `kill_after` are.
async fn submit(
    server: Binary,
    owner: &str,
    waiting: &[ProposalId],
    kill_after: Option<usize>,
) -> BTreeMap<ProposalId, Value> {
    let visitor = server.ready().await;
    let done = visitor
        .does("logIn", json!({ "email": owner, "password": PASSWORD }), "tokens { accessToken }")
        .await
        .ok();
    let token = done["tokens"]["accessToken"].as_str().unwrap().to_owned();
    let address = format!("http://{}/graphql", server.address().await);
    let client = reqwest::Client::new();
    let (acknowledged, server) = (AtomicUsize::new(0), Arc::new(std::sync::Mutex::new(Some(server))));
    let answers: Vec<_> = futures_util::stream::iter(waiting)
        .map(|proposal| {
            let (client, address, token, acknowledged, server) = (&client, &address, &token, &acknowledged, &server);
            async move {
                let input = json!({ "proposalId": api::graphql::id::encode(*proposal), "declaresOwnership": true, "idempotencyKey": format!("submit-{proposal}") });
                let query = "mutation Submit($input: SubmitProposalInput!) { submitProposal(input: $input) { proposal { status receipt { number sha256 submittedAt } } userErrors { code } } }";
                let request = client.post(address).bearer_auth(token).json(&json!({ "query": query, "variables": { "input": input } }));
                // A connection that breaks is an answer, too: none.
                let body: Value = request.send().await.ok()?.json().await.ok()?;
                let payload = &body["data"]["submitProposal"];
                assert_eq!(payload["userErrors"], json!([]), "{body}");
                let count = acknowledged.fetch_add(1, Ordering::SeqCst) + 1;
                if Some(count) == kill_after {
                    server.lock().unwrap().take().unwrap().kill();
                }
                Some((*proposal, payload["proposal"]["receipt"].clone()))
            }
        })
        .buffer_unordered(WRITERS)
        .collect()
        .await;
    if let Some(server) = server.lock().unwrap().take() {
        server.terminate();
    }
    answers.into_iter().flatten().collect()
}

/// For each proposal: versions, audit entries, events and mails of its submission.
async fn ledger(db: &DatabaseConnection) -> BTreeMap<ProposalId, [usize; 4]> {
    let mut ledger: BTreeMap<ProposalId, [usize; 4]> = BTreeMap::new();
    for version in proposal_version::Entity::find().all(db).await.unwrap() {
        ledger.entry(version.proposal_id).or_default()[0] += 1;
    }
    let action = EventKind::ProposalSubmitted.name();
    for entry in
        audit_entry::Entity::find().filter(audit_entry::Column::Action.eq(action)).all(db).await.unwrap()
    {
        ledger.entry(ProposalId(entry.object_id.parse().unwrap())).or_default()[1] += 1;
    }
    let mut of_event = BTreeMap::new();
    for event in event::Entity::find()
        .filter(event::Column::Kind.eq(EventKind::ProposalSubmitted))
        .all(db)
        .await
        .unwrap()
    {
        let payload: domain::event::Event = serde_json::from_str(&event.payload).unwrap();
        of_event.insert(event.seq, payload.proposal.unwrap());
        ledger.entry(payload.proposal.unwrap()).or_default()[2] += 1;
    }
    for message in message::Entity::find().all(db).await.unwrap() {
        ledger.entry(of_event[&message.event_seq]).or_default()[3] += 1;
    }
    ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_kill_is_there_once_with_its_receipt_entry_and_mail() {
    let database = Database::fresh().await;
    let (owner, mut waiting) = {
        let db = Db::connect(&location(&database), 4).await.unwrap();
        let prepared = prepare(db.for_migrations()).await;
        db.close().await.unwrap();
        prepared
    };
    let smtp = Smtp::start().await;
    let smtp_url = format!("smtp://{}", smtp.address);
    let settings = [
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("DEMO_DATA", "false"),
        ("DATABASE_URL", database.url.as_str()),
        ("SMTP_URL", smtp_url.as_str()),
        ("MAIL_TIMEOUT_SECONDS", "1"),
        ("MAIL_LEASE_SECONDS", "2"),
    ];
    let mut receipts: BTreeMap<ProposalId, Value> = BTreeMap::new();
    for kill_after in [Some(50), Some(60), None] {
        let server = Binary::start(database.directory.path(), &[], &settings);
        let acknowledged = submit(server, &owner, &waiting, kill_after).await;
        waiting.retain(|proposal| !acknowledged.contains_key(proposal));
        receipts.extend(acknowledged);

        let db =
            eventually("the file is free", async || Db::connect(&location(&database), 4).await.ok()).await;
        let ledger = ledger(&db.read).await;
        for (proposal, counts) in &ledger {
            assert_eq!(*counts, [1; 4], "{proposal}: all of it once, or nothing");
        }
        for proposal in receipts.keys() {
            assert!(ledger.contains_key(proposal), "{proposal} was acknowledged and is lost");
        }
        // At most the writers that got no answer may have got through unheard.
        assert!(
            ledger.len() <= receipts.len() + WRITERS,
            "{} are there, {} acknowledged",
            ledger.len(),
            receipts.len()
        );
        db.close().await.unwrap();
    }
    assert_eq!(
        (receipts.len(), waiting.len()),
        (SUBMISSIONS, 0),
        "the same keys again: every one is done once"
    );

    let server = Binary::start(database.directory.path(), &[], &settings);
    let mails = eventually("every receipt has arrived", async || {
        let mails: Vec<_> = smtp.received().iter().map(Mail::parse).collect();
        let different: BTreeSet<_> = mails.iter().map(|mail| mail.message_id.clone()).collect();
        (different.len() == SUBMISSIONS).then_some(mails)
    })
    .await;
    // Twice only where a kill fell between the body and the note that it was taken: at most four at a time.
    assert!(mails.len() <= SUBMISSIONS + 3 * 4, "{} mails", mails.len());
    for receipt in receipts.values() {
        let sha256 = receipt["sha256"].as_str().unwrap();
        assert!(mails.iter().any(|mail| mail.text.contains(sha256)), "no mail has {sha256}");
    }
    server.terminate();
    server.ends().await;
    let checked = Binary::run(database.directory.path(), &["verify-audit"], &settings).await;
    assert!(checked.status.success() && checked.stdout.starts_with("ok:"), "{checked:?}");
    database.give_back().await;
}

pub fn location(database: &Database) -> Location {
    match Backend::chosen() {
        Backend::Sqlite => {
            Location::Sqlite(database.url.trim_start_matches("sqlite://").split('?').next().unwrap().into())
        }
        Backend::Postgres(_) => Location::Postgres(database.url.clone().into()),
    }
}
