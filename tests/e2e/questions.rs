//! Questions about a challenge: answered to everybody, asked by nobody in particular.

use std::time::Duration;

use e2e::cast::{Cast, DAY, startup_of, text, vietnamese};
use e2e::{Answer, Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

const QUESTIONS: &str =
    "query ($id: ID!) { challenge(by: { id: $id }) { questions(first: 50) { totalCount nodes {
    status text askedText askedAt answer(locale: VI) { text } answeredAt declineReason isOwn viewerCanAnswer
} } } }";

async fn read(person: &Person, challenge: &str) -> Value {
    person.asks(QUESTIONS, json!({ "id": challenge })).await.ok()["questions"].clone()
}

async fn asks(person: &Person, challenge: &str, question: &str) -> Answer {
    let input =
        json!({ "challengeId": challenge, "organizationId": startup_of(person).await, "text": question });
    person.does("askQuestion", input, "question { id status isOwn }").await
}

fn answer(question: &str) -> Value {
    json!({
        "questionId": question,
        "publishedText": "Có được dùng dữ liệu mưa của Thành phố không?",
        "answer": vietnamese("Được, theo quy chế chia sẻ dữ liệu."),
    })
}

#[tokio::test]
async fn a_question_is_answered_to_everybody_and_nobody_learns_who_asked() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    world.letters().await;

    let asked = asks(&cast.linh, &challenge, "Song Cẩm có được dùng dữ liệu mưa không?").await.ok();
    assert_eq!((&asked["question"]["status"], &asked["question"]["isOwn"]), (&json!("ASKED"), &json!(true)));
    let question = text(&asked["question"]["id"]);
    let told_to_answer = ["drafter", "lead", "officer"].map(|who| format!("question_asked: {who}"));
    assert_eq!(world.letters().await, told_to_answer);
    let mail = world.last_mail_to(&cast.lead.email).await;
    assert!(!mail.text.contains("Song Cẩm") && !mail.text.contains("Linh"), "{}", mail.text);

    let empty = json!({ "totalCount": 0, "nodes": [] });
    for other in [&cast.yen, &cast.bao, &cast.auditor, &cast.administrator] {
        assert_eq!(read(other, &challenge).await, empty, "that somebody asks tells who is interested");
        let refused = other.does("answerQuestion", answer(&question), "question { id }").await.refused();
        assert_eq!(refused, ["NOT_FOUND input.questionId"]);
    }
    for insider in [&cast.lead, &cast.officer] {
        let seen = read(insider, &challenge).await;
        assert_eq!(seen["totalCount"], 1);
        let node = &seen["nodes"][0];
        assert_eq!((&node["isOwn"], &node["viewerCanAnswer"]), (&json!(false), &json!(true)));
        assert_eq!(node["askedText"], "Song Cẩm có được dùng dữ liệu mưa không?");
    }
    let own = read(&cast.quan, &challenge).await;
    assert_eq!((&own["totalCount"], &own["nodes"][0]["viewerCanAnswer"]), (&json!(1), &json!(false)));
    let refused = cast.linh.does("answerQuestion", answer(&question), "question { id }").await.refused();
    assert_eq!(refused, ["NOT_PERMITTED"]);

    cast.drafter.does("answerQuestion", answer(&question), "question { status }").await.ok();
    let told = ["linh", "quan", "yen"].map(|who| format!("question_answered: {who}"));
    assert_eq!(world.letters().await, told, "the house that asked, and everybody who works on a proposal");
    for reader in [&cast.yen, &cast.bao] {
        let seen = read(reader, &challenge).await;
        let node = &seen["nodes"][0];
        assert_eq!(node["text"], "Có được dùng dữ liệu mưa của Thành phố không?");
        assert_eq!(node["answer"]["text"], "Được, theo quy chế chia sẻ dữ liệu.");
        for hidden in ["askedText", "askedAt", "declineReason"] {
            assert_eq!(node[hidden], Value::Null, "{hidden}");
        }
        assert_eq!((&node["isOwn"], &node["viewerCanAnswer"]), (&json!(false), &json!(false)));
    }
    let again = cast.lead.does("answerQuestion", answer(&question), "question { id }").await.refused();
    assert_eq!(again, ["CONFLICT"]);

    let declined = text(&asks(&cast.bao, &challenge, "Ai chấm?").await.ok()["question"]["id"]);
    assert_eq!(world.letters().await, told_to_answer);
    let input = json!({ "questionId": declined, "reason": "Danh sách hội đồng không công khai." });
    cast.officer.does("declineQuestion", input.clone(), "question { status }").await.ok();
    assert_eq!(world.letters().await, ["question_declined: bao"]);
    assert_eq!(cast.lead.does("declineQuestion", input, "question { id }").await.refused(), ["CONFLICT"]);
    assert_eq!(read(&cast.linh, &challenge).await["totalCount"], 1);
    let own = read(&cast.bao, &challenge).await;
    assert_eq!(own["nodes"].as_array().unwrap().len(), 2);
    assert!(
        own["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|node| node["declineReason"] == "Danh sách hội đồng không công khai.")
    );
    world.finish().await;
}

#[tokio::test]
async fn questions_end_in_time_and_have_their_measure() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let draft = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let in_days = async |days: i64| world.now().await.plus_seconds(days * 86_400).to_rfc3339();
    let update = async |until: String| {
        let document = "query ($id: ID!) { challenge(by: { id: $id }) { version } }";
        let version = cast.lead.asks(document, json!({ "id": draft })).await.ok()["version"].clone();
        let input =
            json!({ "challengeId": draft, "expectedVersion": version, "draft": { "questionsUntil": until } });
        cast.lead.does("updateChallenge", input, "challenge { questionsUntil }").await
    };
    assert_eq!(update(in_days(11).await).await.refused(), ["OUT_OF_RANGE input.questionsUntil"]);
    update(in_days(5).await).await.ok();
    assert_eq!(asks(&cast.linh, &draft, "Bao giờ?").await.refused(), ["NOT_FOUND input.challengeId"]);
    cast.hands_in(&draft).await;
    cast.approves(&draft).await;
    cast.publishes(&draft).await;

    let house = startup_of(&cast.linh).await;
    let foreign = json!({ "challengeId": draft, "organizationId": house, "text": "Bao giờ?" });
    assert_eq!(
        cast.yen.does("askQuestion", foreign, "question { id }").await.refused(),
        ["NOT_FOUND input.organizationId"]
    );
    let linh = cast.linh.client().await;
    let input = json!({ "challengeId": draft, "organizationId": house, "text": "Bao giờ?" });
    let asked = join_all((0..15).map(|_| linh.does("askQuestion", input.clone(), "question { id }"))).await;
    let done = |answer: &Answer| answer.body["data"]["askQuestion"]["question"]["id"].is_string();
    assert_eq!(asked.iter().filter(|answer| done(answer)).count(), 10, "ten may wait, however fast one asks");
    assert!(asked.iter().filter(|answer| !done(answer)).all(|answer| answer.refused() == ["QUOTA"]));
    asks(&cast.yen, &draft, "Bao giờ?").await.ok();
    world.pass(6 * DAY).await;
    assert_eq!(asks(&cast.bao, &draft, "Bao giờ?").await.refused(), ["DEADLINE_PASSED"]);
    world.finish().await;
}
