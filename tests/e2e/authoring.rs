//! Before a challenge is public: what is asked of it, section by section; a draft like another one; a time set for its publication.

use std::time::Duration;

use e2e::cast::{Cast, DAY, record, text, vietnamese};
use e2e::{Answer, Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn seen(person: &Person, challenge: &str) -> Value {
    let document = "query ($id: ID!) { challenge(by: { id: $id }) {
        status statusReason publishAt requestedChanges { kind comment } publication { number } publishedAt version } }";
    person.asks(document, json!({ "id": challenge })).await.ok()
}

#[tokio::test]
async fn what_is_to_change_is_said_of_each_section_until_it_is_handed_in_again() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    cast.hands_in(&challenge).await;
    let asks = async |sections: Value| {
        let input = json!({ "challengeId": challenge, "reason": "Xem từng mục.", "sections": sections });
        cast.officer.does("requestChallengeChanges", input, "challenge { status }").await
    };
    let twice = json!([{ "kind": "CONTEXT", "comment": "a" }, { "kind": "CONTEXT", "comment": "b" }]);
    assert_eq!(asks(twice).await.refused(), ["ALREADY_EXISTS input.sections.1.kind"]);
    let hollow = json!([{ "kind": "CONTEXT", "comment": " " }]);
    assert_eq!(asks(hollow).await.refused(), ["REQUIRED input.sections.0.comment"]);
    asks(json!([{ "kind": "SUPPORT", "comment": "Nêu mức hỗ trợ." }, { "kind": "CONTEXT", "comment": "Nêu số liệu." }])).await.ok();
    let changes = json!([{ "kind": "CONTEXT", "comment": "Nêu số liệu." }, { "kind": "SUPPORT", "comment": "Nêu mức hỗ trợ." }]);
    for person in [&cast.drafter, &cast.officer] {
        assert_eq!(seen(person, &challenge).await["requestedChanges"], changes, "{}", person.handle);
    }
    assert_eq!(seen(&cast.auditor, &challenge).await["requestedChanges"], json!([]));
    cast.hands_in(&challenge).await;
    assert_eq!(seen(&cast.drafter, &challenge).await["requestedChanges"], json!([]));
    world.finish().await;
}

#[tokio::test]
async fn a_draft_begins_like_a_challenge_that_its_author_may_read() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let hidden = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let like = async |person: &Person, source: &str, title: Value| -> Answer {
        let input = json!({ "challengeId": source, "agencyId": cast.agency, "title": title });
        person.does("cloneChallenge", input, "challenge { id }").await
    };
    assert_eq!(like(&cast.linh, &hidden, Value::Null).await.refused(), ["NOT_FOUND input.challengeId"]);
    let public = cast.published_challenge(&world).await;
    assert_eq!(like(&cast.linh, &public, Value::Null).await.refused(), ["NOT_PERMITTED"]);
    let copy = like(&cast.drafter, &public, vietnamese("Ngập ở phường khác")).await.ok();
    let copy = text(&copy["challenge"]["id"]);
    let document = "query ($id: ID!) { challenge(by: { id: $id }) {
        title { text } status closesAt publication { number } track sector { code } sections { kind text { text } }
        indicators { name { text } baseline target } rubric { passMark isBlind criteria { name { text } weight isReasonRequired } } } }";
    let (mut one, mut other) = (
        cast.drafter.asks(document, json!({ "id": public })).await.ok(),
        cast.drafter.asks(document, json!({ "id": copy })).await.ok(),
    );
    assert_eq!(other["title"]["text"], "Ngập ở phường khác");
    assert_eq!(
        (&other["status"], &other["closesAt"], &other["publication"]),
        (&json!("DRAFT"), &Value::Null, &Value::Null)
    );
    for own in ["title", "status", "closesAt", "publication"] {
        one[own].take();
        other[own].take();
    }
    assert_eq!(one, other);
    assert!(like(&cast.lead, &public, Value::Null).await.ok()["challenge"]["id"].is_string());
    world.finish().await;
}

#[tokio::test]
async fn a_challenge_is_published_by_itself_at_the_time_that_was_set_and_once() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    // Nobody is reminded of so late a deadline yet.
    let challenge = cast.drafts(&world, Duration::ZERO, 30 * DAY).await;
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    world.letters().await;
    let now = world.now().await;
    let at = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339();
    let sets = async |person: &Person, time: String| {
        let input = json!({ "challengeId": challenge, "record": record("34/QĐ"), "publishAt": time });
        person.does("publishChallenge", input, "challenge { status publishAt }").await
    };
    for wrong in [at(-1), at(30), at(31)] {
        assert_eq!(sets(&cast.publisher, wrong).await.refused(), ["OUT_OF_RANGE input.publishAt"]);
    }
    assert_eq!(sets(&cast.officer, at(2)).await.refused(), ["NOT_PERMITTED"]);
    assert_eq!(sets(&cast.publisher, at(2)).await.ok()["challenge"]["status"], "APPROVED");
    assert_eq!(seen(&cast.lead, &challenge).await["publishAt"], at(2));
    assert_eq!(seen(&cast.bao, &challenge).await, Value::Null, "not a word before");
    assert_eq!(world.reminds().await, 0);
    assert_eq!(world.letters().await, Vec::<String>::new());
    // Taken back by its agency, and set anew.
    cast.lead.does("recallChallenge", json!({ "challengeId": challenge }), "challenge { id }").await.ok();
    let recalled = seen(&cast.lead, &challenge).await;
    assert_eq!((&recalled["publishAt"], &recalled["publication"]), (&Value::Null, &Value::Null));
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    sets(&cast.publisher, at(2)).await.ok();
    sets(&cast.publisher, at(3)).await.ok();
    world.letters().await;
    world.pass(2 * DAY + Duration::from_mins(1)).await;
    assert_eq!(world.reminds().await, 0, "the later time counts");
    world.pass(DAY).await;
    let published: u64 = join_all((0..4).map(|_| world.reminds())).await.into_iter().sum();
    assert_eq!(published, 1, "once, whoever looks");
    let open = seen(&cast.bao, &challenge).await;
    assert_eq!(
        (&open["status"], &open["publication"]["number"], &open["publishAt"]),
        (&json!("PUBLISHED"), &json!("34/QĐ"), &Value::Null)
    );
    assert_eq!(world.letters().await, ["challenge_published: drafter", "challenge_published: lead"]);

    // What nobody could answer any more is not published after an outage; the publishing authority is told that it waits.
    let late = cast.drafts(&world, Duration::ZERO, 5 * DAY).await;
    cast.hands_in(&late).await;
    cast.approves(&late).await;
    let time = world.now().await.plus_seconds(86_400).to_rfc3339();
    let input = json!({ "challengeId": late, "record": record("35/QĐ"), "publishAt": time });
    cast.publisher.does("publishChallenge", input, "challenge { id }").await.ok();
    world.letters().await;
    world.pass(6 * DAY).await;
    world.reminds().await;
    assert_eq!(world.letters().await, ["challenge_approved: publisher"]);
    let left = seen(&cast.publisher, &late).await;
    assert_eq!((&left["status"], &left["publishAt"]), (&json!("APPROVED"), &Value::Null));
    world.finish().await;
}
