//! A withdrawn proposal is put back: while proposals are taken, as it was, and never beside another one.

use e2e::cast::{Cast, DAY};
use e2e::{Answer, Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

const STATE: &str =
    "proposal { id status receipt { number sha256 } viewerActions { action isAllowed reasons } }";

async fn withdraws(person: &Person, proposal: &str) {
    person.does("withdrawProposal", json!({ "proposalId": proposal }), "proposal { status }").await.ok();
}

async fn revives(person: &Person, proposal: &str) -> Answer {
    person.does("reviveProposal", json!({ "proposalId": proposal }), STATE).await
}

/// What the button says.
async fn verdict(person: &Person, proposal: &str) -> Value {
    let document = "query ($id: ID!) { node(id: $id) { ... on Proposal { viewerActions { action isAllowed reasons } } } }";
    let node = person.asks(document, json!({ "id": proposal })).await.ok();
    let actions = node["viewerActions"].as_array().unwrap();
    let revive = actions.iter().find(|verdict| verdict["action"] == "REVIVE").unwrap();
    if revive["isAllowed"] == true { json!(true) } else { revive["reasons"][0].clone() }
}

#[tokio::test]
async fn what_was_withdrawn_counts_again_as_it_was_handed_in() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let receipt = cast.submits(&cast.linh, &proposal).await;
    assert_eq!(revives(&cast.linh, &proposal).await.refused(), ["CONFLICT"], "nothing was withdrawn");
    assert_eq!(verdict(&cast.linh, &proposal).await, "CONFLICT");
    withdraws(&cast.linh, &proposal).await;
    world.letters().await;

    assert_eq!(revives(&cast.quan, &proposal).await.refused(), ["NOT_PERMITTED"], "that is the owner's");
    for stranger in [&cast.yen, &cast.lead, &cast.officer, &cast.auditor] {
        assert_eq!(revives(stranger, &proposal).await.refused(), ["NOT_FOUND input.proposalId"]);
    }
    assert_eq!(verdict(&cast.linh, &proposal).await, true);
    let back = revives(&cast.linh, &proposal).await.ok()["proposal"].clone();
    assert_eq!((&back["status"], &back["receipt"]["number"]), (&json!("SUBMITTED"), &json!(1)));
    assert_eq!(back["receipt"]["sha256"], receipt["sha256"], "the same version, the same receipt");
    assert_eq!(world.letters().await, ["linh", "quan"].map(|who| format!("proposal_revived: {who}")));

    // A house has one proposal: the withdrawn one waits behind what was begun meanwhile.
    withdraws(&cast.linh, &proposal).await;
    let other = cast.writes(&cast.linh, &challenge, "Cống rất thông minh").await;
    assert_eq!(verdict(&cast.linh, &proposal).await, "ALREADY_EXISTS");
    assert_eq!(revives(&cast.linh, &proposal).await.refused(), ["ALREADY_EXISTS"]);
    cast.submits(&cast.linh, &other).await;
    withdraws(&cast.linh, &other).await;
    let both = join_all([&proposal, &other].map(|id| revives(&cast.linh, id))).await;
    let refused =
        both.iter().filter(|answer| !answer.body["data"]["reviveProposal"]["userErrors"][0].is_null());
    let refused: Vec<_> = refused.map(Answer::refused).collect();
    assert_eq!(refused, [["ALREADY_EXISTS"]], "one of two comes back");

    world.pass(11 * DAY).await;
    for id in [&proposal, &other] {
        assert_eq!(revives(&cast.linh, id).await.refused(), ["DEADLINE_PASSED"]);
    }
    cast.appoint(&challenge).await;
    cast.open(&challenge).await;
    let opened = "query ($id: ID!) { challenge(by: { id: $id }) { proposals { totalCount } } }";
    let opened = cast.secretary.asks(opened, json!({ "id": challenge })).await.ok();
    assert_eq!(opened["proposals"]["totalCount"], 1, "what came back is opened, what did not is not");
    world.finish().await;
}
