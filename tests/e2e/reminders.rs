//! What time brings: people are reminded once of each deadline, and of nobody else's.

use std::time::Duration;

use e2e::cast::{Cast, DAY, vietnamese};
use e2e::{World, eventually};
use futures_util::future::join_all;
use serde_json::json;

const HOUR: Duration = Duration::from_hours(1);

/// As if that many processes looked at the clock at once; how many reminders that were.
async fn all_remind(world: &World) -> u64 {
    join_all((0..4).map(|_| world.reminds())).await.into_iter().sum()
}

#[tokio::test]
async fn whoever_has_not_handed_in_is_reminded_of_each_deadline_once() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let draft = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let handed_in = cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    cast.submits(&cast.yen, &handed_in).await;
    cast.drafts(&world, Duration::ZERO, 5 * DAY).await;
    world.letters().await;

    world.pass(71 * HOUR).await;
    assert_eq!(
        all_remind(&world).await,
        0,
        "more than a week is left, and a draft of an agency reminds nobody"
    );
    world.pass(2 * HOUR).await;
    assert_eq!(all_remind(&world).await, 1);
    let reminded = ["linh", "quan"].map(|who| format!("deadline_near: {who}"));
    assert_eq!(world.letters().await, reminded, "the team, and nobody who has handed in or has no draft");
    let mail = world.last_mail_to(&cast.quan.email).await;
    assert!(mail.text.contains("bản nháp") && !mail.text.contains("Cống thông minh"), "{}", mail.text);
    assert_eq!(all_remind(&world).await, 0, "once");

    // A deadline that moves is another one.
    let read = "query ($id: ID!) { challenge(by: { id: $id }) { version } }";
    let version = cast.lead.asks(read, json!({ "id": challenge })).await.ok()["version"].clone();
    let change = json!({
        "challengeId": challenge, "expectedVersion": version, "changeNote": vietnamese("Lùi hạn."),
        "closesAt": world.now().await.plus_seconds(10 * 86_400).to_rfc3339(),
    });
    cast.lead.does("amendChallenge", change, "challenge { id }").await.ok();
    world.letters().await;
    assert_eq!(all_remind(&world).await, 0);
    // A day of downtime, and more: what the next reminder has overtaken is not caught up on.
    world.pass(9 * DAY + HOUR).await;
    assert_eq!(all_remind(&world).await, 1);
    assert_eq!(world.letters().await, reminded);
    world.pass(HOUR).await;
    assert_eq!(all_remind(&world).await, 0);

    // While it is halted nobody is hurried.
    let other = cast.published_challenge(&world).await;
    cast.writes(&cast.bao, &other, "Bơm di động").await;
    let halt = json!({ "challengeId": other, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", halt, "challenge { id }").await.ok();
    world.letters().await;
    world.pass(DAY + HOUR).await;
    assert_eq!(all_remind(&world).await, 0, "the first deadline has passed, the second stands still");
    let late = json!({ "proposalId": draft, "declaresOwnership": true });
    assert_eq!(
        cast.linh.does("submitProposal", late, "proposal { id }").await.refused(),
        ["DEADLINE_PASSED"]
    );
    assert_eq!(world.letters().await, [""; 0]);
    world.finish().await;
}

async fn registers(world: &World, handle: &str) -> String {
    let founder = world.person(handle, "Ngô Mai Linh").await;
    let input = json!({ "kind": "STARTUP", "name": vietnamese(&format!("Công ty {handle}")) });
    let done = founder.does("createOrganization", input, "organization { id status }").await.ok();
    assert_eq!(done["organization"]["status"], "PENDING");
    e2e::cast::text(&done["organization"]["id"])
}

#[tokio::test]
async fn the_office_is_reminded_of_a_house_that_waits() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    registers(&world, "slow").await;
    let quick = registers(&world, "quick").await;
    cast.officer
        .does("verifyOrganization", json!({ "organizationId": quick }), "organization { status }")
        .await
        .ok();
    world.letters().await;
    world.pass(47 * HOUR).await;
    assert_eq!(all_remind(&world).await, 0, "two working days are two days at least");
    world.pass(50 * HOUR).await;
    assert_eq!(all_remind(&world).await, 1, "and with a weekend four");
    assert_eq!(world.letters().await, ["organization_waits: officer"]);
    assert_eq!(all_remind(&world).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn nobody_has_to_ask_the_clock() {
    let world = World::with(&[("SCHEDULE_SECONDS", "1")]).await;
    Box::pin(Cast::gather(&world)).await;
    registers(&world, "slow").await;
    world.letters().await;
    world.pass(5 * DAY).await;
    let told = eventually("the office is reminded", async || {
        let letters = world.letters().await;
        (!letters.is_empty()).then_some(letters)
    });
    assert_eq!(told.await, ["organization_waits: officer"]);
    world.finish().await;
}
