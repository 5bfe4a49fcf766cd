//! A chosen proposal falls away after everything was decided: another decision promotes the next of the reserve, by every step of a
//! decision, and replaces the one that stood; whoever was chosen and stayed never notices.

use e2e::cast::{Cast, DAY, record, text};
use e2e::{Answer, Person, World};
use serde_json::{Value, json};

use crate::disqualification::{CHANGED, Judged, asks, confirms};

const SEEN: &str = "query ($id: ID!) { challenge(by: { id: $id }) {
    status
    decision { id status isPromotion replaces { id } outcomes { title } publication { number } }
    promotion { id version status isPromotion replaces { id } outcomes { rank outcome feedback proposal { id } } }
    formerDecisions { id status isPromotion publication { number } outcomes { title } }
    viewerActions { action reasons }
} }";

async fn seen(person: &Person, judged: &Judged) -> Value {
    person.asks(SEEN, json!({ "id": judged.challenge })).await.ok()
}

async fn begins(person: &Person, judged: &Judged) -> Answer {
    let input = json!({ "challengeId": judged.challenge });
    person.does("startPromotion", input, "decision { id version status isPromotion replaces { id } }").await
}

/// Why the viewer cannot begin one now.
fn reasons(seen: &Value) -> Value {
    let actions = seen["viewerActions"].as_array().unwrap();
    let found = actions.iter().find(|one| one["action"] == "START_PROMOTION");
    found.map_or(Value::Null, |one| one["reasons"].clone())
}

/// The decision is published, and nobody can appeal any more.
async fn decided(world: &World, cast: &Cast, outcomes: [&str; 3]) -> (Judged, String) {
    let judged = Judged::locked(world, cast).await;
    let decision = judged.drafted(cast, outcomes).await;
    judged.is_approved(cast, &decision).await;
    judged.is_published(cast, &decision, "56/QĐ").await.ok();
    assert_eq!(reasons(&seen(&cast.chair, &judged).await), json!(["CONFLICT"]), "it stands still");
    world.pass(11 * DAY).await;
    world.reminds().await;
    world.letters().await;
    (judged, decision)
}

async fn withdraws(owner: &Person, proposal: &str) -> Answer {
    owner.does("withdrawProposal", json!({ "proposalId": proposal }), "proposal { status }").await
}

#[tokio::test]
async fn the_next_of_the_reserve_takes_the_place_of_who_withdrew() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let (judged, first) = Box::pin(decided(&world, &cast, ["SELECTED", "RESERVE", "RESERVE"])).await;
    assert_eq!(begins(&cast.chair, &judged).await.refused(), ["CONFLICT"], "nobody has fallen away");
    withdraws(&cast.linh, &judged.linh).await.ok();
    let told =
        ["proposal_withdrawn: linh", "proposal_withdrawn: quan", "proposal_withdrawn_from_review: secretary"];
    assert_eq!(world.letters().await, told);
    for stranger in
        [&cast.secretary, &cast.reviewer, &cast.authority, &cast.officer, &cast.publisher, &cast.yen]
    {
        assert_eq!(begins(stranger, &judged).await.refused(), ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    assert_eq!(reasons(&seen(&cast.chair, &judged).await), json!([]));
    let begun = begins(&cast.chair, &judged).await.ok()["decision"].clone();
    let promotion = text(&begun["id"]);
    let expected = json!({ "id": promotion, "version": 1, "status": "DRAFT", "isPromotion": true, "replaces": { "id": first } });
    assert_eq!(begun, expected);
    assert_eq!(begins(&cast.chair, &judged).await.refused(), ["ALREADY_EXISTS"]);
    // Meanwhile the decision stands, and nobody else knows of the draft.
    for outsider in [&cast.yen, &cast.lead, &cast.reviewer, &cast.authority, &cast.publisher] {
        let seen = seen(outsider, &judged).await;
        assert_eq!(
            (&seen["status"], &seen["promotion"]),
            (&json!("AWARDED"), &Value::Null),
            "{}",
            outsider.handle
        );
        assert_eq!((&seen["decision"]["id"], &seen["decision"]["status"]), (&json!(first), &json!("FINAL")));
    }
    assert_eq!(world.letters().await, Vec::<String>::new());
    let drafted = seen(&cast.chair, &judged).await["promotion"]["outcomes"].clone();
    let next = json!([
        { "rank": 1, "outcome": "SELECTED", "feedback": "Rõ ràng.", "proposal": { "id": judged.yen } },
        { "rank": 2, "outcome": "RESERVE", "feedback": "Rõ ràng.", "proposal": { "id": judged.bao } },
    ]);
    assert_eq!(drafted, next, "the next by the ranking, if nobody says otherwise");

    // Past the better one only for a reason; two for one, nobody, and a loser are refused.
    let choose = async |version: i32, yen: &str, bao: &str, reason: Option<&str>| {
        let outcomes: Vec<_> = [(&judged.yen, yen), (&judged.bao, bao)]
            .map(|(id, outcome)| json!({ "proposalId": id, "outcome": outcome, "feedback": "Thay thế." }))
            .into();
        let mut input = json!({ "decisionId": promotion, "expectedVersion": version, "outcomes": outcomes });
        if let Some(reason) = reason {
            input["departureReason"] = reason.into();
        }
        cast.chair.does("updateDecision", input, CHANGED).await.ok();
        cast.chair.does("proposeDecision", json!({ "decisionId": promotion }), CHANGED).await
    };
    let at = |path: &str| format!("OUT_OF_RANGE {path}");
    assert_eq!(choose(1, "SELECTED", "SELECTED", None).await.refused(), [at("decision.outcomes")]);
    assert_eq!(choose(2, "RESERVE", "RESERVE", None).await.refused(), [at("decision.outcomes")]);
    assert_eq!(
        choose(3, "SELECTED", "NOT_SELECTED", None).await.refused(),
        ["CONFLICT decision.outcomes.1.outcome"]
    );
    assert_eq!(choose(4, "RESERVE", "SELECTED", None).await.refused(), ["REQUIRED decision.departureReason"]);
    choose(5, "SELECTED", "RESERVE", None).await.ok();
    assert_eq!(world.letters().await, ["decision_proposed: authority"]);
    let version = seen(&cast.authority, &judged).await["promotion"]["version"].clone();
    let input = json!({ "decisionId": promotion, "expectedVersion": version });
    cast.authority.does("approveDecision", input, CHANGED).await.ok();
    assert_eq!(world.letters().await, ["decision_approved: publisher"], "whose turn it is hears so");
    let input = json!({ "decisionId": promotion, "record": record("61/QĐ") });
    assert_eq!(
        cast.authority.does("publishDecision", input.clone(), CHANGED).await.refused(),
        ["NOT_PERMITTED"]
    );
    let publishes = futures_util::future::join_all(
        (0..6).map(|_| cast.publisher.does("publishDecision", input.clone(), CHANGED)),
    );
    let done: Vec<_> = publishes.await.into_iter().map(|answer| answer.refusals()).collect();
    assert_eq!(done.iter().filter(|refusals| refusals.is_empty()).count(), 1, "{done:?}");
    let told = world.letters().await;
    for who in ["bao", "yen"] {
        assert!(told.contains(&format!("decision_published_to_applicant: {who}")), "{who}: {told:?}");
    }
    for who in ["linh", "quan"] {
        assert!(!told.iter().any(|letter| letter.ends_with(&format!(": {who}"))), "{who}: {told:?}");
    }
    assert!(world.last_mail_to(&cast.yen.email).await.text.contains("61/QĐ"));

    // What stands, and what it replaced.
    let seen_by_all = world.visitor.call(SEEN, json!({ "id": judged.challenge })).await.ok();
    let stands = json!({
        "id": promotion, "status": "PUBLISHED", "isPromotion": true, "replaces": { "id": first },
        "outcomes": [{ "title": "Hồ điều tiết" }], "publication": { "number": "61/QĐ" },
    });
    assert_eq!((&seen_by_all["status"], &seen_by_all["decision"]), (&json!("AWARDED"), &stands));
    let former = json!([{
        "id": first, "status": "SUPERSEDED", "isPromotion": false, "publication": { "number": "56/QĐ" }, "outcomes": [],
    }]);
    assert_eq!((&seen_by_all["formerDecisions"], &seen_by_all["promotion"]), (&former, &Value::Null));
    let own = "query ($id: ID!) { node(id: $id) { ... on Proposal { status feedback } } }";
    let promoted = cast.yen.asks(own, json!({ "id": judged.yen })).await.ok();
    assert_eq!(promoted, json!({ "status": "SELECTED", "feedback": "Thay thế." }));
    let kept = cast.bao.asks(own, json!({ "id": judged.bao })).await.ok();
    assert_eq!(kept, json!({ "status": "RESERVE", "feedback": "Rõ ràng." }));
    let check = "query ($id: ID!) { challenge(by: { id: $id }) { rankingCheck { isEqual isSealed } } }";
    let checked = cast.auditor.asks(check, json!({ "id": judged.challenge })).await.ok();
    assert_eq!(checked["rankingCheck"], json!({ "isEqual": true, "isSealed": true }));

    // It stands still as every decision, may be appealed against, and is set aside as every one.
    let input = json!({ "proposalId": judged.bao, "grounds": "Tôi là người kế tiếp." });
    let appeal = cast.bao.does("fileAppeal", input, "appeal { id decision { id status } }").await.ok();
    assert_eq!(appeal["appeal"]["decision"], json!({ "id": promotion, "status": "UNDER_APPEAL" }));
    let input = json!({ "appealId": appeal["appeal"]["id"], "ruling": "GRANT", "reason": "Xem lại." });
    cast.publisher.does("ruleOnAppeal", input, "appeal { status }").await.ok();
    let now = seen(&cast.chair, &judged).await;
    assert_eq!((&now["status"], &now["decision"]["status"]), (&json!("DECISION"), &json!("DRAFT")));
    assert_eq!(now["decision"]["replaces"], json!({ "id": promotion }));
    assert_eq!(now["formerDecisions"][0]["id"], json!(promotion));
    world.finish().await;
}

#[tokio::test]
async fn others_who_were_chosen_keep_it_and_who_falls_away_meanwhile_sends_it_back() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let (judged, first) = Box::pin(decided(&world, &cast, ["SELECTED", "SELECTED", "RESERVE"])).await;
    asks(&cast.secretary, &judged.linh).await.ok();
    confirms(&cast.authority, &judged.linh).await.ok();
    world.letters().await;
    let titles = json!([{ "title": "Hồ điều tiết" }]);
    assert_eq!(
        seen(&cast.yen, &judged).await["decision"]["outcomes"],
        titles,
        "its award fell, the other stands"
    );
    let promotion = text(&begins(&cast.chair, &judged).await.ok()["decision"]["id"]);
    // Nobody loses by it.
    let input = json!({
        "decisionId": promotion, "expectedVersion": 1,
        "outcomes": [{ "proposalId": judged.yen, "outcome": "RESERVE", "feedback": "Nhường chỗ." }],
    });
    cast.chair.does("updateDecision", input, CHANGED).await.ok();
    let refused = cast.chair.does("proposeDecision", json!({ "decisionId": promotion }), CHANGED).await;
    assert_eq!(refused.refused(), ["CONFLICT decision.outcomes.0.outcome"]);
    let input = json!({
        "decisionId": promotion, "expectedVersion": 2,
        "outcomes": [{ "proposalId": judged.yen, "outcome": "SELECTED", "feedback": "Rõ ràng." }],
    });
    cast.chair.does("updateDecision", input, CHANGED).await.ok();
    judged.is_approved(&cast, &promotion).await;
    // Set for tomorrow; by then the promoted one has gone.
    let tomorrow = world.now().await.plus_seconds(86_400).to_rfc3339();
    let input = json!({ "decisionId": promotion, "record": record("61/QĐ"), "publishAt": tomorrow });
    cast.publisher.does("publishDecision", input, CHANGED).await.ok();
    withdraws(&cast.bao, &judged.bao).await.ok();
    world.letters().await;
    world.pass(2 * DAY).await;
    world.reminds().await;
    let lapsed = ["authority", "publisher"].map(|who| format!("decision_schedule_lapsed: {who}"));
    assert_eq!(world.letters().await, lapsed);
    let now = seen(&cast.chair, &judged).await;
    assert_eq!((&now["decision"]["id"], &now["decision"]["status"]), (&json!(first), &json!("FINAL")));
    assert_eq!(now["promotion"]["status"], "APPROVED");
    assert_eq!(judged.is_published(&cast, &promotion, "61/QĐ").await.refused(), ["CONFLICT"]);
    // Yến never noticed: chosen from beginning to end.
    let own = "query ($id: ID!) { node(id: $id) { ... on Proposal { status } } }";
    assert_eq!(cast.yen.asks(own, json!({ "id": judged.yen })).await.ok(), json!({ "status": "SELECTED" }));
    world.finish().await;
}
