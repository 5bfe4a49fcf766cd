//! Two servers on one PostgreSQL are frozen and killed while something happens: whoever follows hears each thing once and in
//! order, on whichever of them, and everybody concerned has one mail. On SQLite it is one server that comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::db::Db;
use domain::challenge::ChallengeStatus;
use domain::event::EventKind;
use domain::follow::FollowKind;
use domain::organization::{MembershipRole, OrganizationKind};
use e2e::binary::{self, Binary};
use e2e::database::{Backend, Database};
use e2e::mailbox::Mail;
use e2e::rows::{self, insert};
use e2e::smtp::Smtp;
use e2e::wait::eventually;
use entity::{challenge, event, follow, user};
use futures_util::{SinkExt as _, StreamExt as _};
use sea_orm::{ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::kill::location;

const ANNOUNCEMENTS: usize = 24;
const FOLLOWERS: usize = 6;
const PASSWORD: &str = "một đêm mất điện";
/// How long an answer is waited for from a server that may be frozen.
const PATIENCE: Duration = Duration::from_secs(3);

/// The lead of an agency with a public challenge that some people follow: the lead's address, and the challenge.
async fn prepare(db: &DatabaseConnection) -> (String, String) {
    let password_hash = app::password::Passwords::new().hash(SecretString::from(PASSWORD)).await.unwrap();
    let lead = user::Model { password_hash, email_verified_at: Some(rows::THEN), ..rows::user() };
    let followers: Vec<_> =
        (0..FOLLOWERS).map(|_| user::Model { email_verified_at: Some(rows::THEN), ..rows::user() }).collect();
    let agency = rows::organization(OrganizationKind::Agency, lead.id);
    let call = challenge::Model {
        status: ChallengeStatus::Published,
        is_public: true,
        opens_at: Some(rows::THEN),
        closes_at: Some(rows::FAR_AWAY),
        round_locked_at: None,
        ..rows::challenge(agency.id, lead.id)
    };
    let follows = followers.iter().map(|follower| follow::Model {
        user_id: follower.id,
        kind: FollowKind::Challenge,
        target: call.id.to_string(),
        created_at: rows::THEN,
    });
    let follows: Vec<_> = follows.collect();
    let id = api::graphql::id::encode(call.id).to_string();
    insert(db, std::iter::once(&lead).chain(&followers).cloned()).await.unwrap();
    insert(db, [agency.clone()]).await.unwrap();
    insert(db, [rows::membership(agency.id, lead.id, MembershipRole::Lead)]).await.unwrap();
    insert(db, [call]).await.unwrap();
    insert(db, follows).await.unwrap();
    (lead.email, id)
}

/// The servers, each with a place of its own, and where they listen at the moment.
struct Twins {
    settings: Vec<(String, String)>,
    directories: Vec<TempDir>,
    servers: Vec<Binary>,
    addresses: Arc<Mutex<Vec<String>>>,
}

impl Twins {
    async fn start(count: usize, settings: Vec<(String, String)>) -> Self {
        let directories = (0..count).map(|_| binary::directory()).collect();
        let mut twins = Self { settings, directories, servers: Vec::new(), addresses: Arc::default() };
        for which in 0..count {
            let server = twins.begin(which).await;
            twins.servers.push(server);
        }
        twins
    }

    async fn begin(&self, which: usize) -> Binary {
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = Binary::start(self.directories[which].path(), &[], &settings);
        server.ready().await;
        let address = server.address().await.to_string();
        let mut addresses = self.addresses.lock().unwrap();
        if which < addresses.len() {
            addresses[which] = address;
        } else {
            addresses.push(address);
        }
        server
    }

    async fn dies_and_comes_back(&mut self, which: usize) {
        self.servers[which].kill();
        self.servers[which] = self.begin(which).await;
    }

    fn addresses(&self) -> Vec<String> {
        self.addresses.lock().unwrap().clone()
    }
}

/// Sends a mutation to one server after the other until one has answered; the key makes it count once.
async fn announces(twins: &Twins, first: usize, token: &str, challenge: &str, number: usize) {
    let input = json!({
        "challengeId": challenge,
        "text": [{ "locale": "VI", "value": format!("Thông báo số {number}") }],
        "idempotencyKey": format!("announcement-{number}"),
    });
    let query = "mutation Announce($input: PublishAnnouncementInput!) {
        publishAnnouncement(input: $input) { userErrors { code } } }";
    let body = json!({ "query": query, "variables": { "input": input } });
    let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    for attempt in 0..20 {
        let addresses = twins.addresses();
        let address = &addresses[(first + attempt) % addresses.len()];
        let request = client.post(format!("http://{address}/graphql")).bearer_auth(token).json(&body);
        // A connection that breaks is an answer, too: none.
        let Ok(answer) = request.send().await else { continue };
        let Ok(answer) = answer.json::<Value>().await else { continue };
        if answer["data"]["publishAnnouncement"]["userErrors"] == json!([]) {
            return;
        }
        // Another attempt with that key may be under way, on a server that is frozen.
        assert!(answer["errors"].is_array() || answer.to_string().contains("CONFLICT"), "{answer}");
    }
    panic!("announcement {number} was never taken");
}

/// What a follower was told: the cursor, and when it happened.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// Follows on one server, from the last thing heard, until that server is gone.
async fn follows_on(address: &str, challenge: &str, heard: &Heard) -> Option<()> {
    let mut request = format!("ws://{address}/graphql/ws").into_client_request().ok()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().ok()?);
    let (mut socket, _) = timeout(PATIENCE, connect_async(request)).await.ok()?.ok()?;
    let after = heard.lock().unwrap().last().map(|(cursor, _)| cursor.clone());
    let query = "subscription Follow($id: ID!, $after: String) {
        challengeUpdated(id: $id, after: $after) { step at cursor } }";
    let payload = json!({ "query": query, "variables": { "id": challenge, "after": after } });
    socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await.ok()?;
    let begin = json!({ "id": "f", "type": "subscribe", "payload": payload });
    socket.send(Message::text(begin.to_string())).await.ok()?;
    loop {
        let Message::Text(text) = socket.next().await?.ok()? else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str() {
            Some("next") => {
                let update = &message["payload"]["data"]["challengeUpdated"];
                assert_eq!(update["step"], "ANNOUNCED", "{message}");
                let word = |name: &str| update[name].as_str().unwrap().to_owned();
                heard.lock().unwrap().push((word("cursor"), word("at")));
            }
            Some("ping") => {
                socket.send(Message::text(json!({ "type": "pong" }).to_string())).await.ok()?;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_come_and_go_and_everybody_hears_each_thing_once() {
    let database = Database::fresh().await;
    let (lead, challenge) = {
        let db = Db::connect(&location(&database), 4).await.unwrap();
        let prepared = prepare(db.for_migrations()).await;
        db.close().await.unwrap();
        prepared
    };
    let count = if matches!(Backend::chosen(), Backend::Sqlite) { 1 } else { 2 };
    let smtp = Smtp::start().await;
    let settings = [
        ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
        ("DEMO_DATA", "false".to_owned()),
        ("DATABASE_URL", database.url.clone()),
        ("SMTP_URL", format!("smtp://{}", smtp.address)),
        ("MAIL_TIMEOUT_SECONDS", "1".to_owned()),
        ("MAIL_LEASE_SECONDS", "2".to_owned()),
        // One of them signs what the other one checks.
        ("JWT_SIGNING_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned()),
        ("SEAL_KEY", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=".to_owned()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let mut twins = Twins::start(count, settings).await;
    let last = count - 1;
    let visitor = twins.servers[0].ready().await;
    let log_in = json!({ "email": lead, "password": PASSWORD });
    let done = visitor.does("logIn", log_in, "tokens { accessToken }").await.ok();
    let token = done["tokens"]["accessToken"].as_str().unwrap().to_owned();

    let heard: Heard = Arc::default();
    let follower = {
        let (heard, addresses, challenge) = (heard.clone(), twins.addresses.clone(), challenge.clone());
        tokio::spawn(async move {
            for turn in 0.. {
                let address = {
                    let addresses = addresses.lock().unwrap();
                    addresses[turn % addresses.len()].clone()
                };
                follows_on(&address, &challenge, &heard).await;
                tokio::task::yield_now().await;
            }
        })
    };
    // Who follows from now on has to have begun: that shows when the first thing is heard.
    let mut made = 0;
    eventually("the follower has begun", async || {
        announces(&twins, made, &token, &challenge, made).await;
        made += 1;
        let begun =
            eventually("something is heard", async || (!heard.lock().unwrap().is_empty()).then_some(()));
        timeout(Duration::from_secs(2), begun).await.ok()
    })
    .await;
    for turn in 0..ANNOUNCEMENTS {
        match turn {
            4 => twins.servers[0].freeze(),
            // With one server nobody else is there to take anything.
            5 if count == 1 => twins.servers[0].thaw(),
            9 if count > 1 => twins.servers[0].thaw(),
            12 | 21 => twins.dies_and_comes_back(0).await,
            17 => twins.dies_and_comes_back(last).await,
            _ => {}
        }
        if turn == 4 && count == 1 {
            continue;
        }
        announces(&twins, turn, &token, &challenge, made).await;
        made += 1;
    }

    let db = Db::connect_read_only(&location(&database)).await.unwrap();
    let events = event::Entity::find()
        .filter(event::Column::Kind.eq(EventKind::AnnouncementPublished))
        .order_by_asc(event::Column::Seq)
        .all(&db.read)
        .await
        .unwrap();
    assert_eq!(events.len(), made, "each once, however often it was sent");
    let happened: Vec<_> = events.iter().map(|event| event.at.to_rfc3339()).collect();
    let told = eventually("everything is heard", async || {
        let heard = heard.lock().unwrap().clone();
        (heard.last().map(|(_, at)| at) == happened.last()).then_some(heard)
    })
    .await;
    follower.abort();
    let told: Vec<_> = told.into_iter().map(|(_, at)| at).collect();
    assert!(told.len() >= ANNOUNCEMENTS - 1, "{} heard", told.len());
    assert_eq!(
        told,
        happened[happened.len() - told.len()..],
        "each once, in order, from the first that was heard"
    );

    let expected = made * (FOLLOWERS + 1);
    let mails = eventually("every mail has arrived", async || {
        let mails: Vec<_> = smtp.received().iter().map(Mail::parse).collect();
        let different: BTreeSet<_> = mails.iter().map(|mail| mail.message_id.clone()).collect();
        (different.len() >= expected).then_some(mails)
    })
    .await;
    let mut by_person: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in &mails {
        by_person.entry(mail.to.clone()).or_default().insert(mail.message_id.clone());
    }
    assert_eq!(by_person.len(), FOLLOWERS + 1);
    assert!(by_person.values().all(|mails| mails.len() == made), "one mail for each of it: {by_person:?}");
    // Twice only where a server went between the body and the note that it was taken: at most four at a time.
    assert!(mails.len() <= expected + 4 * 4, "{} mails for {expected}", mails.len());
    for server in &twins.servers {
        server.terminate();
    }
    for server in std::mem::take(&mut twins.servers) {
        server.ends().await;
    }
    database.give_back().await;
}
