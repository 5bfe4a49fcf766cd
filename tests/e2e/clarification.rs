//! After the opening a team is asked to make something clearer, and says it once, in time, and sealed.

use e2e::cast::{Cast, DAY, text};
use e2e::{Answer, Person, World};
use entity::clarification;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

const CLARIFICATIONS: &str = "query ($id: ID!) { node(id: $id) { ... on Proposal {
    status clarifications { number question sections answer dueAt answeredAt } } } }";

async fn seen(person: &Person, proposal: &str) -> Value {
    person.asks(CLARIFICATIONS, json!({ "id": proposal })).await.ok()
}

async fn answers(person: &Person, proposal: &str, words: &str) -> Answer {
    let input = json!({ "proposalId": proposal, "answer": words });
    person.does("answerClarification", input, "proposal { status }").await
}

#[tokio::test]
async fn a_team_makes_clearer_what_it_is_asked_in_time_and_under_seal() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    let now = world.now().await;
    let at = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339();
    let asks = async |person: &Person, words: &str, due: String| {
        let input = json!({ "proposalId": proposal, "question": words, "sections": ["PLAN"], "dueAt": due });
        person.does("askClarification", input, "proposal { status clarifications { number } }").await
    };
    assert_eq!(asks(&cast.secretary, "Sớm", at(5)).await.refused(), ["NOT_FOUND input.proposalId"], "sealed");
    cast.open(&challenge).await;
    assert_eq!(asks(&cast.secretary, "Sớm", at(5)).await.refused(), ["CONFLICT_UNDECLARED"]);
    cast.secretary.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
    assert_eq!(asks(&cast.secretary, "Sớm", at(5)).await.refused(), ["CONFLICT"], "screened first");
    cast.admits(&proposal).await;
    world.letters().await;
    assert_eq!(asks(&cast.reviewer, "Xin nêu rõ", at(5)).await.refused(), ["NOT_FOUND input.proposalId"]);
    assert_eq!(asks(&cast.secretary, "Xin nêu rõ", at(0)).await.refused(), ["OUT_OF_RANGE input.dueAt"]);
    let done = asks(&cast.secretary, "canaryquestion: nguồn số liệu?", at(5)).await.ok();
    assert_eq!(done["proposal"]["status"], "CLARIFICATION");
    assert_eq!(world.letters().await, ["clarification_asked: linh", "clarification_asked: quan"]);
    assert!(
        !world.last_mail_to(&cast.quan.email).await.text.contains("canary"),
        "mail lies in other people's servers"
    );
    assert_eq!(asks(&cast.secretary, "Nữa", at(5)).await.refused(), ["CONFLICT"], "one after the other");

    assert_eq!(answers(&cast.quan, &proposal, "Em").await.refused(), ["NOT_PERMITTED"]);
    assert_eq!(answers(&cast.secretary, &proposal, "Hộ").await.refused(), ["NOT_FOUND input.proposalId"]);
    let done = answers(&cast.linh, &proposal, "canaryanswer: báo cáo năm.").await.ok();
    assert_eq!(done["proposal"]["status"], "ELIGIBLE");
    assert_eq!(answers(&cast.linh, &proposal, "Lại").await.refused(), ["CONFLICT"], "once");
    assert_eq!(world.letters().await, ["clarification_answered: secretary"]);
    for person in [&cast.quan, &cast.secretary] {
        let seen = seen(person, &proposal).await;
        let [one] = seen["clarifications"].as_array().unwrap().as_slice() else { panic!("{seen}") };
        assert_eq!(text(&one["question"]), "canaryquestion: nguồn số liệu?");
        assert_eq!(
            (text(&one["answer"]).as_str(), &one["sections"]),
            ("canaryanswer: báo cáo năm.", &json!(["PLAN"]))
        );
    }
    // Whoever has not declared, or is from elsewhere, reads nothing of it; at rest it is no text.
    for stranger in [&cast.reviewer, &cast.lead, &cast.officer, &cast.yen] {
        let seen = seen(stranger, &proposal).await;
        assert!(!seen.to_string().contains("canary"), "{}: {seen}", stranger.handle);
    }
    for row in clarification::Entity::find().all(world.db()).await.unwrap() {
        assert!(!format!("{row:?}").contains("canary"), "it lies in the open");
    }

    // Without an answer it goes on by itself, once, and nothing is taken any more.
    asks(&cast.secretary, "Còn kế hoạch?", at(10)).await.ok();
    world.letters().await;
    world.pass(11 * DAY).await;
    assert_eq!(answers(&cast.linh, &proposal, "Muộn").await.refused(), ["DEADLINE_PASSED"]);
    let lapsed: u64 = futures_util::future::join_all((0..4).map(|_| world.reminds())).await.into_iter().sum();
    assert_eq!(lapsed, 1);
    let told = ["linh", "quan", "secretary"].map(|who| format!("clarification_lapsed: {who}"));
    assert_eq!(world.letters().await, told);
    let after = seen(&cast.linh, &proposal).await;
    assert_eq!((&after["status"], &after["clarifications"][1]["answer"]), (&json!("ELIGIBLE"), &Value::Null));
    assert_eq!(cast.assigns(&challenge, &proposal, &seats).await.len(), 3);
    assert_eq!(
        asks(&cast.secretary, "Quá muộn", at(30)).await.refused(),
        ["CONFLICT"],
        "the sheets are being made"
    );
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_asked_answered_or_reminded_of_once_the_challenge_is_given_up() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let mut proposals = Vec::new();
    for owner in [&cast.linh, &cast.yen] {
        let proposal = cast.writes(owner, &challenge, "Cống thông minh").await;
        cast.submits(owner, &proposal).await;
        proposals.push(proposal);
    }
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    let due = world.now().await.plus_seconds(5 * 86_400).to_rfc3339();
    for proposal in &proposals {
        cast.admits(proposal).await;
    }
    let ask = json!({ "proposalId": proposals[0], "question": "Nguồn số liệu?", "dueAt": due });
    cast.secretary.does("askClarification", ask, "proposal { status }").await.ok();
    let assignments = json!([{ "proposalId": proposals[1], "memberIds": seats }]);
    let assign = json!({ "challengeId": challenge, "assignments": assignments, "dueAt": due });
    cast.secretary.does("assignReviews", assign, "reviews { id }").await.ok();
    let cancel = json!({ "challengeId": challenge, "reason": "Không còn nhu cầu." });
    cast.publisher.does("cancelChallenge", cancel, "challenge { status }").await.ok();
    world.letters().await;
    assert_eq!(answers(&cast.linh, &proposals[0], "Báo cáo năm").await.refused(), ["CONFLICT"]);
    for days in [3, 3] {
        world.pass(days * DAY).await;
        assert_eq!(world.reminds().await, 0);
    }
    assert_eq!(world.letters().await, Vec::<String>::new(), "nobody is told that the evaluation goes on");
    world.finish().await;
}
