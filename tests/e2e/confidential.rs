//! Parts of a proposal that are not for reviewers, and parts that are for everybody once it wins.

use std::time::Duration;

use axum::http::StatusCode;
use domain::id::{AttachmentId, PublicId as _};
use domain::proposal::{Confidentiality, Content};
use e2e::cast::{Cast, DAY, record, startup_of, text};
use e2e::file::request;
use e2e::{Answer, Person, World};
use entity::{attachment, clarification};
use reqwest::Method;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

const SEEN: &str = "query ($id: ID!) { node(id: $id) { ... on Proposal {
    content { sections { kind text confidentiality } budget { amount } budgetConfidentiality }
    attachments { name confidentiality } clarifications { number question answer } receipt { number } draft { summary }
} } }";

/// What somebody is given of it: kinds of section, the budget, names of files, numbers of clarifications.
async fn given(person: &Person, proposal: &str) -> (Vec<String>, Value, Vec<String>, Vec<i64>) {
    let seen = person.asks(SEEN, json!({ "id": proposal })).await.ok();
    let list = |field: &Value| field.as_array().cloned().unwrap_or_default();
    let texts = |field: &Value, key: &str| list(field).iter().map(|item| text(&item[key])).collect();
    (
        texts(&seen["content"]["sections"], "kind"),
        seen["content"]["budget"]["amount"].clone(),
        texts(&seen["attachments"], "name"),
        list(&seen["clarifications"]).iter().filter_map(|one| one["number"].as_i64()).collect(),
    )
}

async fn attaches(person: &Person, proposal: &str, name: &str, class: &str) -> Answer {
    let input = json!({
        "on": { "proposalId": proposal }, "name": name, "size": 5, "confidentiality": class,
    });
    person.does("createUpload", input, "attachment { id confidentiality } upload { url method }").await
}

async fn arrives(person: &Person, announced: &Value) -> String {
    assert_eq!(person.sends(announced, b"canar".to_vec()).await.status, StatusCode::NO_CONTENT);
    let id = text(&announced["attachment"]["id"]);
    person.has_checked(&json!(id)).await.ok();
    id
}

#[tokio::test]
async fn a_call_that_does_not_say_so_keeps_nothing_from_reviewers() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống").await;
    let writes = async |version: i32, change: Value| {
        let mut input = json!({ "proposalId": proposal, "expectedVersion": version });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        cast.linh.does("updateProposal", input, "proposal { version }").await
    };
    let section =
        |kind: &str, class: &str| json!({ "kind": kind, "text": "Viết.", "confidentiality": class });
    let secret = json!({
        "sections": [section("SOLUTION", "PUBLIC_SUMMARY"), section("TEAM", "DECISION_MAKERS_ONLY")],
        "budgetConfidentiality": "DECISION_MAKERS_ONLY",
    });
    assert_eq!(
        writes(1, secret).await.refused(),
        ["NOT_PERMITTED proposal.sections.TEAM", "NOT_PERMITTED proposal.budget"]
    );
    writes(1, json!({ "sections": [section("SOLUTION", "PUBLIC_SUMMARY")] })).await.ok();
    // Whoever writes on without a word of it leaves it as it is.
    writes(2, json!({ "sections": [{ "kind": "SOLUTION", "text": "Viết lại." }] })).await.ok();
    let draft = "query ($id: ID!) { node(id: $id) { ... on Proposal { draft { sections { text confidentiality } } } } }";
    let seen = cast.linh.asks(draft, json!({ "id": proposal })).await.ok();
    let written = json!([{ "text": "Viết lại.", "confidentiality": "PUBLIC_SUMMARY" }]);
    assert_eq!(seen["draft"]["sections"], written);
    for class in ["DECISION_MAKERS_ONLY", "PUBLIC_SUMMARY"] {
        let refused = attaches(&cast.linh, &proposal, "a.txt", class).await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED input.confidentiality"], "{class}");
    }
    assert_eq!(attachment::Entity::find().all(world.db()).await.unwrap(), []);
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_for_reviewers_is_not_there_for_them_and_a_winner_shows_what_it_calls_public() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let change = json!({ "challengeId": challenge, "expectedVersion": 1, "draft": { "isConfidentialityAllowed": true } });
    let changed = "challenge { rubric { isConfidentialityAllowed } }";
    cast.lead.does("updateChallenge", change, changed).await.ok();
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    let seats = cast.appoint(&challenge).await;

    let section =
        |kind: &str, text: &str, class: &str| json!({ "kind": kind, "text": text, "confidentiality": class });
    let writes = async |solution: &str| {
        let input = json!({
            "challengeId": challenge, "organizationId": startup_of(&cast.linh).await,
            "title": "Cống thông minh", "summary": "Cảnh báo.",
            "sections": [
                section("SOLUTION", "Cảm biến.", solution),
                section("PLAN", "Ba tháng.", "REVIEWERS_ONLY"),
                section("TECHNOLOGY", "canarysecret thuật toán.", "DECISION_MAKERS_ONLY"),
                section("IMPACT", "canarypublic giảm ngập.", "PUBLIC_SUMMARY"),
            ],
            "budget": { "amount": "424242", "currency": "VND" },
            "budgetConfidentiality": "DECISION_MAKERS_ONLY",
        });
        cast.linh.does("createProposal", input, "proposal { id }").await
    };
    assert_eq!(
        writes("DECISION_MAKERS_ONLY").await.refused(),
        ["NOT_PERMITTED proposal.sections.SOLUTION"],
        "nobody could judge it"
    );
    let proposal = text(&writes("REVIEWERS_ONLY").await.ok()["proposal"]["id"]);
    let refused = attaches(&cast.linh, &proposal, "a.txt", "PUBLIC_SUMMARY").await;
    assert_eq!(refused.refused(), ["NOT_PERMITTED input.confidentiality"], "a file is never public");
    let announced = attaches(&cast.linh, &proposal, "thuyết minh.txt", "REVIEWERS_ONLY").await.ok();
    let open = arrives(&cast.linh, &announced).await;
    let announced = attaches(&cast.quan, &proposal, "giá thành.txt", "DECISION_MAKERS_ONLY").await.ok();
    assert_eq!(announced["attachment"]["confidentiality"], "DECISION_MAKERS_ONLY");
    let confided = arrives(&cast.quan, &announced).await;
    let receipt = cast.submits(&cast.linh, &proposal).await;
    let canonical = text(&receipt["canonicalContent"]);
    let content: Content = serde_json::from_str(&canonical).unwrap();
    assert_eq!(
        (content.canonical(), json!(content.sha256())),
        (canonical.clone(), receipt["sha256"].clone())
    );
    let tail = r#""classes":{"TECHNOLOGY":"DECISION_MAKERS_ONLY","IMPACT":"PUBLIC_SUMMARY","BUDGET":"DECISION_MAKERS_ONLY"}}"#;
    assert!(canonical.ends_with(tail), "{canonical}");
    assert!(canonical.contains(r#","confidentiality":"DECISION_MAKERS_ONLY"}],"#), "{canonical}");
    // Who answers beside it has said nothing of classes.
    let rival = cast.writes(&cast.yen, &challenge, "Hồ").await;
    let receipt = cast.submits(&cast.yen, &rival).await;
    assert!(!text(&receipt["canonicalContent"]).contains("classes"));

    world.pass(10 * DAY).await;
    cast.open(&challenge).await;
    for id in [&proposal, &rival] {
        cast.admits(id).await;
    }
    // What is asked about a part is for whom the part is; what is about the whole is for whom all of it is.
    let due = world.now().await.plus_seconds(5 * 86_400).to_rfc3339();
    for sections in [json!(["TECHNOLOGY", "PLAN"]), json!(["PLAN"]), json!([])] {
        let input =
            json!({ "proposalId": proposal, "question": "Xin nêu rõ.", "sections": sections, "dueAt": due });
        cast.secretary.does("askClarification", input, "proposal { status }").await.ok();
        let input = json!({ "proposalId": proposal, "answer": "canaryanswer" });
        cast.linh.does("answerClarification", input, "proposal { status }").await.ok();
    }
    for row in clarification::Entity::find().all(world.db()).await.unwrap() {
        assert!(!row.said.contains("canary") && !row.said.contains("confided"), "sealed");
    }
    let mut reviews = Vec::new();
    for id in [&proposal, &rival] {
        reviews.push(cast.assigns(&challenge, id, &seats[..2]).await);
    }
    let clear = json!({ "proposalId": proposal });
    assert_eq!(given(&cast.chair, &proposal).await, (vec![], Value::Null, vec![], vec![]), "undeclared");
    for person in [&cast.chair, &cast.reviewer] {
        person.does("declareNoConflict", clear.clone(), "proposal { id }").await.ok();
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let whole = (
        names(&["SOLUTION", "TECHNOLOGY", "PLAN", "IMPACT"]),
        json!("424242"),
        names(&["thuyết minh.txt", "giá thành.txt"]),
        vec![1, 2, 3],
    );
    let judged = (names(&["SOLUTION", "PLAN", "IMPACT"]), Value::Null, names(&["thuyết minh.txt"]), vec![2]);
    for person in [&cast.linh, &cast.quan, &cast.chair, &cast.secretary, &cast.authority, &cast.auditor] {
        assert_eq!(given(person, &proposal).await, whole, "{}", person.handle);
        assert!(person.link_to(&confided).await.is_some(), "{}", person.handle);
    }
    let asked = cast.reviewer.asks(SEEN, json!({ "id": proposal })).await.ok();
    assert!(!asked.to_string().contains("canarysecret") && !asked.to_string().contains("424242"), "{asked}");
    assert_eq!(asked["content"]["budgetConfidentiality"], Value::Null);
    let link = cast.secretary.link_to(&confided).await.unwrap();
    assert_eq!(request(&world.visitor, Method::GET, &link, &[], Vec::new()).await.status, StatusCode::OK);
    assert_eq!(given(&cast.reviewer, &proposal).await, judged);
    assert!(cast.reviewer.link_to(&open).await.is_some());
    assert_eq!(cast.reviewer.link_to(&confided).await, None);
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    assert_eq!(cast.reviewer.asks(node, json!({ "id": confided })).await.ok(), Value::Null);

    for (reviews, id) in reviews.iter().zip([&proposal, &rival]) {
        for (member, review) in [&cast.reviewer, &cast.other_reviewer].into_iter().zip(reviews) {
            cast.scores(member, id, review, ["8", "8", "8"]).await;
        }
    }
    cast.locks(&challenge).await;
    assert_eq!(given(&cast.reviewer, &proposal).await, judged, "the lock opens nothing");
    let start = json!({ "challengeId": challenge });
    let started = cast.chair.does("startDecision", start, "decision { id version }").await.ok();
    let decision = text(&started["decision"]["id"]);
    let outcome = |id: &str, outcome: &str| json!({ "proposalId": id, "outcome": outcome });
    let outcomes = json!([outcome(&proposal, "SELECTED"), outcome(&rival, "NOT_SELECTED")]);
    let input = json!({ "decisionId": decision, "expectedVersion": 1, "outcomes": outcomes, "departureReason": "Một suất." });
    cast.secretary.does("updateDecision", input, "decision { id }").await.ok();
    cast.chair.does("proposeDecision", json!({ "decisionId": decision }), "decision { id }").await.ok();
    let input = json!({ "decisionId": decision, "expectedVersion": 3 });
    cast.authority.does("approveDecision", input, "decision { id }").await.ok();
    let input = json!({ "decisionId": decision, "record": record("56/QĐ") });
    cast.publisher.does("publishDecision", input, "decision { status }").await.ok();
    let public = "query ($id: ID!) { challenge(by: { id: $id }) { decision { outcomes {
        title summary sections { kind text confidentiality } budget { amount } } } } }";
    let seen = world.visitor.call(public, json!({ "id": challenge })).await.ok();
    let shown =
        json!([{ "kind": "IMPACT", "text": "canarypublic giảm ngập.", "confidentiality": "PUBLIC_SUMMARY" }]);
    assert_eq!(
        seen["decision"]["outcomes"],
        json!([{ "title": "Cống thông minh", "summary": "Cảnh báo.", "sections": shown, "budget": null }])
    );
    assert_eq!(given(&cast.lead, &proposal).await, judged, "the agency judges as the reviewers did");
    assert_eq!(cast.lead.link_to(&confided).await, None);

    // For whom a file is is part of what was handed in.
    assert_eq!(app::vault::verify(world.app()).await.unwrap(), Ok(2));
    let id = AttachmentId::from_public(&confided).unwrap();
    let given_away = attachment::ActiveModel {
        confidentiality: Set(Some(Confidentiality::ReviewersOnly)),
        ..Default::default()
    };
    let row = attachment::Column::Id.eq(id);
    attachment::Entity::update_many().set(given_away).filter(row).exec(world.db()).await.unwrap();
    let found = app::vault::verify(world.app()).await.unwrap().unwrap_err();
    assert_eq!(found.what, "a file is not what was handed in");
    world.finish().await;
}
