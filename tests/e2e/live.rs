//! What happens is told as it happens: once, in order, and to nobody who may not know.

use std::time::{Duration, Instant};

use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::time::Timestamp;
use e2e::cast::{Cast, DAY, text};
use e2e::database::Backend;
use e2e::{Events, Person, Socket, World, eventually};
use entity::message;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

const CHALLENGE: &str = "subscription ($id: ID!, $after: String) {
    challengeUpdated(id: $id, after: $after) { step at cursor challenge { id status } }
}";
const PROPOSAL: &str = "subscription ($id: ID!, $after: String) {
    proposalUpdated(id: $id, after: $after) { step cursor proposal { id status } }
}";
const PROGRESS: &str = "subscription ($id: ID!, $after: String) {
    reviewProgressUpdated(challengeId: $id, after: $after) { cursor challenge { reviewProgress { submittedCount } } }
}";

const INBOX: &str = "subscription ($after: String) {
    notificationReceived(after: $after) { cursor notification { id kind proposal { id } } }
}";

async fn follows(person: &Person, document: &str, id: &str, after: Option<&str>) -> Socket {
    let mut socket = Socket::open(&person.client().await).await;
    socket.subscribes("f", document, json!({ "id": id, "after": after })).await;
    socket
}

/// The next thing that is told.
async fn told(socket: &mut Socket) -> Value {
    let message = socket.hear().await.unwrap();
    assert_eq!((&message["id"], &message["type"]), (&json!("f"), &json!("next")), "{message}");
    let payload = &message["payload"];
    assert!(payload.get("errors").is_none(), "{message}");
    payload["data"].as_object().unwrap().values().next().unwrap().clone()
}

/// The steps that come at once, when the server has nothing more to tell.
async fn steps(socket: &mut Socket, count: usize) -> Vec<String> {
    let mut steps = Vec::new();
    for _ in 0..count {
        steps.push(text(&told(socket).await["step"]));
    }
    assert_eq!(socket.heard().await, Vec::<Value>::new(), "after {steps:?}");
    steps
}

/// Followed in vain: the code, and the end.
async fn refused(person: &Person, document: &str, id: &str, after: Option<&str>) -> String {
    let mut socket = follows(person, document, id, after).await;
    let message = socket.hear().await.unwrap();
    let code = text(&message["payload"]["errors"][0]["extensions"]["code"]);
    assert_eq!(
        (&message["type"], socket.hear().await.unwrap()),
        (&json!("next"), json!({ "id": "f", "type": "complete" }))
    );
    code
}

async fn pauses(cast: &Cast, challenge: &str) {
    let input = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", input, "challenge { status }").await.ok();
}

async fn resumes(cast: &Cast, challenge: &str) {
    cast.officer
        .does("resumeChallenge", json!({ "challengeId": challenge }), "challenge { status }")
        .await
        .ok();
}

#[tokio::test]
async fn who_follows_a_challenge_hears_what_is_public_and_nothing_of_what_is_handed_in() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    for outsider in [&cast.bao, &cast.officer] {
        assert_eq!(refused(outsider, CHALLENGE, &challenge, None).await, "NOT_FOUND", "a draft is not there");
    }
    assert_eq!(refused(&cast.bao, CHALLENGE, "Q_nothing", None).await, "NOT_FOUND");

    let mut lead = follows(&cast.lead, CHALLENGE, &challenge, None).await;
    followed(&world, 1).await;
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    let first = told(&mut lead).await;
    assert_eq!((&first["step"], &first["challenge"]["id"]), (&json!("SUBMITTED"), &json!(challenge)));
    let beginning = text(&first["cursor"]);
    assert_eq!(steps(&mut lead, 2).await, ["APPROVED", "PUBLISHED"]);

    let mut bao = follows(&cast.bao, CHALLENGE, &challenge, None).await;
    followed(&world, 2).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    cast.linh.does("withdrawProposal", json!({ "proposalId": proposal }), "proposal { status }").await.ok();
    pauses(&cast, &challenge).await;
    let paused = told(&mut bao).await;
    assert_eq!((&paused["step"], &paused["challenge"]["status"]), (&json!("PAUSED"), &json!("PAUSED")));
    drop(bao);
    resumes(&cast, &challenge).await;
    assert_eq!(steps(&mut lead, 2).await, ["PAUSED", "RESUMED"], "and nothing of what was handed in");

    // Who was away goes on where they were.
    let mut back = follows(&cast.bao, CHALLENGE, &challenge, Some(&text(&paused["cursor"]))).await;
    assert_eq!(steps(&mut back, 1).await, ["RESUMED"]);
    // The lead's cursor in other hands tells of the drafting to nobody.
    let mut late = follows(&cast.bao, CHALLENGE, &challenge, Some(&beginning)).await;
    assert_eq!(steps(&mut late, 3).await, ["PUBLISHED", "PAUSED", "RESUMED"]);
    let mut officer = follows(&cast.officer, CHALLENGE, &challenge, Some(&beginning)).await;
    assert_eq!(steps(&mut officer, 4).await, ["APPROVED", "PUBLISHED", "PAUSED", "RESUMED"]);
    let other = cast.published_challenge(&world).await;
    for (id, cursor) in [(&other, beginning.as_str()), (&challenge, "nonsense"), (&challenge, "")] {
        assert_eq!(refused(&cast.bao, CHALLENGE, id, Some(cursor)).await, "BAD_USER_INPUT");
    }
    world.finish().await;
}

/// Waits until so many follow something.
async fn followed(world: &World, count: usize) {
    eventually("it is followed", async || (world.app().hub.watchers() == count).then_some(())).await;
}

#[tokio::test]
async fn a_proposal_is_followed_by_its_team_and_after_the_opening_by_those_who_judge() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let members = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let mut team = follows(&cast.quan, PROPOSAL, &proposal, None).await;
    followed(&world, 1).await;
    cast.submits(&cast.linh, &proposal).await;
    let submitted = told(&mut team).await;
    assert_eq!(
        (&submitted["step"], &submitted["proposal"]["status"]),
        (&json!("SUBMITTED"), &json!("SUBMITTED"))
    );
    let beginning = text(&submitted["cursor"]);
    let version = cast.quan.asks(
        "query ($id: ID!) { node(id: $id) { ... on Proposal { version } } }",
        json!({ "id": proposal }),
    );
    let version = version.await.ok()["version"].clone();
    let update =
        json!({ "proposalId": proposal, "expectedVersion": version, "title": "Cống rất thông minh" });
    cast.quan.does("updateProposal", update, "proposal { id }").await.ok();
    cast.submits(&cast.linh, &proposal).await;
    assert_eq!(steps(&mut team, 2).await, ["EDITED", "SUBMITTED"]);
    for other in
        [&cast.secretary, &cast.chair, &cast.reviewer, &cast.lead, &cast.officer, &cast.auditor, &cast.yen]
    {
        for after in [None, Some(beginning.as_str())] {
            assert_eq!(refused(other, PROPOSAL, &proposal, after).await, "NOT_FOUND", "{}", other.handle);
        }
    }
    for other in [&cast.reviewer, &cast.officer, &cast.lead, &cast.auditor, &cast.linh] {
        assert_eq!(refused(other, PROGRESS, &challenge, None).await, "NOT_FOUND", "{}", other.handle);
    }

    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    let mut chair = follows(&cast.chair, PROPOSAL, &proposal, Some(&beginning)).await;
    let mut progress = follows(&cast.secretary, PROGRESS, &challenge, None).await;
    followed(&world, 2).await;
    cast.admits(&proposal).await;
    assert_eq!(steps(&mut chair, 1).await, ["SCREENED"], "how often the team wrote is the team's");
    let reviews = cast.assigns(&challenge, &proposal, &members).await;
    cast.scores(&cast.reviewer, &proposal, &reviews[0], ["8", "8", "8"]).await;
    let mut count = json!(null);
    while count != 1 {
        count = told(&mut progress).await["challenge"]["reviewProgress"]["submittedCount"].clone();
    }

    // A conflict cuts at once, on an open socket too.
    let input = json!({ "proposalId": proposal, "kind": "KINSHIP", "reason": "Em họ làm ở đó." });
    cast.chair.does("declareConflict", input, "isRecused").await.ok();
    cast.scores(&cast.other_reviewer, &proposal, &reviews[1], ["8", "8", "8"]).await;
    cast.linh.does("withdrawProposal", json!({ "proposalId": proposal }), "proposal { status }").await.ok();
    let message = chair.hear().await.unwrap();
    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{message}");
    assert_eq!(chair.hear().await.unwrap()["type"], "complete");
    world.finish().await;
}

#[tokio::test]
async fn a_socket_ends_with_its_session() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let mut socket = follows(&cast.bao, CHALLENGE, &challenge, None).await;
    followed(&world, 1).await;
    cast.bao.does("logOut", json!({}), "isLoggedOut").await.ok();
    let since = Instant::now();
    // Not even what happens at the same moment.
    pauses(&cast, &challenge).await;
    assert_eq!(socket.hear().await, Err(4403));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    followed(&world, 0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_commit_rings_for_other_processes_where_there_can_be_some() {
    let world = World::new().await;
    let bell = world.app().db.bell().await.unwrap();
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    match (Backend::chosen(), bell) {
        (Backend::Sqlite, None) => {}
        (Backend::Postgres(_), Some(mut bell)) => {
            pauses(&cast, &challenge).await;
            let rung = tokio::time::timeout(Duration::from_secs(20), bell.recv()).await.unwrap().unwrap();
            assert_eq!((rung.channel(), rung.payload()), ("event", ""), "and tells nothing");
        }
        (backend, bell) => panic!("{backend:?} rings {}", bell.is_some()),
    }
    world.finish().await;
}

/// The kinds of the next so many notifications, and the cursor of the last.
async fn received(socket: &mut Socket, count: usize) -> (Vec<String>, String) {
    let (mut kinds, mut cursor) = (Vec::new(), String::new());
    for _ in 0..count {
        let update = told(socket).await;
        kinds.push(text(&update["notification"]["kind"]));
        cursor = text(&update["cursor"]);
    }
    assert_eq!(socket.heard().await, Vec::<Value>::new(), "after {kinds:?}");
    (kinds, cursor)
}

async fn opens_inbox(person: &Person, after: Option<&str>) -> Socket {
    let mut socket = Socket::open(&person.client().await).await;
    socket.subscribes("f", INBOX, json!({ "after": after })).await;
    socket
}

#[tokio::test]
async fn what_somebody_is_told_comes_into_their_open_inbox_once_and_in_order() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    world.is_quiet().await;
    let mut quan = opens_inbox(&cast.quan, None).await;
    let mut yen = opens_inbox(&cast.yen, None).await;
    followed(&world, 2).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let (kinds, submitted) = received(&mut quan, 1).await;
    assert_eq!(kinds, ["PROPOSAL_SUBMITTED"]);

    // Away for a while: the rest comes when they are back, and what was heard does not come again.
    drop(quan);
    pauses(&cast, &challenge).await;
    world.is_quiet().await;
    let mut quan = opens_inbox(&cast.quan, Some(&submitted)).await;
    let (kinds, paused) = received(&mut quan, 1).await;
    assert_eq!(kinds, ["CHALLENGE_PAUSED"]);
    resumes(&cast, &challenge).await;
    assert_eq!(received(&mut quan, 1).await.0, ["CHALLENGE_RESUMED"]);
    let listed = "{ viewer { notifications(first: 9) { nodes { kind } } } }";
    let listed = cast.quan.asks(listed, json!({})).await.ok();
    assert_eq!(
        listed["notifications"]["nodes"],
        json!([{ "kind": "CHALLENGE_RESUMED" }, { "kind": "CHALLENGE_PAUSED" }, { "kind": "PROPOSAL_SUBMITTED" }])
    );

    // What comes into the inbox and into no mail comes here too.
    let version = cast.yen.asks("{ viewer { version } }", json!({})).await.ok()["version"].clone();
    let only = json!({
        "expectedVersion": version, "groups": [{ "group": "FOLLOWING", "delivery": "INBOX_ONLY" }],
    });
    cast.yen.does("updateNotificationPreferences", only, "user { id }").await.ok();
    cast.yen.does("followChallenge", json!({ "challengeId": challenge }), "user { id }").await.ok();
    pauses(&cast, &challenge).await;
    assert_eq!(received(&mut yen, 1).await.0, ["CHALLENGE_PAUSED"]);
    assert_eq!(received(&mut quan, 1).await.0, ["CHALLENGE_PAUSED"]);

    // It stays there while it is tried again, and is not passed over by whoever comes back meanwhile.
    let under_way = async |status: MessageStatus, until: Option<Timestamp>| {
        let change =
            message::ActiveModel { status: Set(status), lease_until: Set(until), ..Default::default() };
        let change = message::Entity::update_many()
            .set(change)
            .filter(message::Column::Kind.eq(LetterKind::ChallengeResumed));
        change.exec(world.db()).await.unwrap();
    };
    world.is_quiet().await;
    under_way(MessageStatus::Sending, Some(world.now().await.plus_seconds(600))).await;
    let mut back = opens_inbox(&cast.quan, Some(&paused)).await;
    assert_eq!(received(&mut back, 2).await.0, ["CHALLENGE_RESUMED", "CHALLENGE_PAUSED"]);
    under_way(MessageStatus::Sent, None).await;

    // Nobody else's, not even with a cursor of theirs; and not for those who are nobody.
    assert_eq!(yen.heard().await, Vec::<Value>::new());
    let mut stolen = opens_inbox(&cast.yen, Some(&paused)).await;
    let refused = stolen.hear().await.unwrap();
    assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let mut nobody = Socket::open(&world.visitor).await;
    nobody.subscribes("f", INBOX, json!({})).await;
    let refused = nobody.hear().await.unwrap();
    assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

    world.finish().await;
}

#[tokio::test]
async fn who_can_open_no_socket_follows_by_events() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let bao = cast.bao.client().await;
    let mut events = Events::open(&bao, CHALLENGE, json!({ "id": challenge })).await;
    assert_eq!(events.head(), (200, "text/event-stream; charset=utf-8".to_owned()));
    followed(&world, 1).await;
    pauses(&cast, &challenge).await;
    let (name, data) = events.hear().await.unwrap();
    let update = &data["data"]["challengeUpdated"];
    assert_eq!((name.as_str(), &update["step"]), ("next", &json!("PAUSED")), "{data}");
    let cursor = text(&update["cursor"]);
    drop(events);
    followed(&world, 0).await;
    resumes(&cast, &challenge).await;
    let mut events = Events::open(&bao, CHALLENGE, json!({ "id": challenge, "after": cursor })).await;
    assert_eq!(events.hear().await.unwrap().1["data"]["challengeUpdated"]["step"], "RESUMED");

    // The stream ends with the session.
    followed(&world, 1).await;
    cast.bao.does("logOut", json!({}), "isLoggedOut").await.ok();
    pauses(&cast, &challenge).await;
    let (name, data) = events.hear().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["errors"][0]["extensions"]["code"]),
        ("next", &json!("UNAUTHENTICATED"))
    );
    assert_eq!(
        (events.hear().await, events.hear().await),
        (Some(("complete".to_owned(), Value::Null)), None)
    );
    followed(&world, 0).await;
    let stale = Events::open(&bao, CHALLENGE, json!({ "id": challenge })).await;
    assert_eq!(stale.head(), (401, "application/graphql-response+json; charset=utf-8".to_owned()));

    // A query is one answer, a refusal too; what is no request at all is refused as anywhere.
    for (document, has_data) in [("{ __typename }", true), ("{ nothing }", false)] {
        let mut events = Events::open(&world.visitor, document, json!({})).await;
        let (name, data) = events.hear().await.unwrap();
        assert_eq!((name.as_str(), data.get("data").is_some()), ("next", has_data), "{data}");
        assert_eq!(
            (events.hear().await, events.hear().await),
            (Some(("complete".to_owned(), Value::Null)), None)
        );
    }
    let hidden =
        Events::open(&world.visitor, CHALLENGE, json!({ "id": "Q_nothing" })).await.hear().await.unwrap();
    assert_eq!(hidden.1["errors"][0]["extensions"]["code"], "NOT_FOUND");
    world.finish().await;
}
