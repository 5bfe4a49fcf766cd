//! Nobody gets from outside into a startup, nor from an applicant's team into the evaluation, nor into one's own appointment.

use domain::organization::MembershipRole;
use e2e::cast::{DAY, startup_of};
use e2e::{Cast, World, rows};
use serde_json::json;

#[tokio::test]
async fn who_runs_the_platform_lets_nobody_into_a_startup() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    for intruder in [&cast.administrator, &cast.publisher, &cast.officer] {
        let input = json!({ "organizationId": startup, "email": intruder.email, "role": "OWNER" });
        let refused = intruder.does("inviteMember", input, "organization { id }").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", intruder.handle);
        let seen = intruder
            .asks(
                "query Seen($id: ID!) { node(id: $id) { ... on Organization { viewerCanManageMembers } } }",
                json!({ "id": startup }),
            )
            .await
            .ok();
        assert_eq!(seen["viewerCanManageMembers"], false, "{seen}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_council_member_on_an_applicants_team_has_no_say_on_any_bid() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let own = cast.writes(&cast.linh, &challenge, "Đề xuất của Song Cẩm").await;
    let rival = cast.writes(&cast.yen, &challenge, "Đề xuất của Hồng Hà").await;
    cast.submits(&cast.linh, &own).await;
    cast.submits(&cast.yen, &rival).await;
    // The secretary joins Song Cẩm, and so does a reviewer.
    let house = domain::id::PublicId::from_public(&startup_of(&cast.linh).await).unwrap();
    let joins = [&cast.secretary, &cast.reviewer]
        .map(|person| rows::membership(house, person.account, MembershipRole::Viewer));
    rows::insert(world.db(), joins).await.unwrap();
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;

    for proposal in [&own, &rival] {
        for member in [&cast.secretary, &cast.reviewer] {
            let declared =
                member.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await;
            assert_eq!(declared.refused(), ["NOT_FOUND input.proposalId"], "{}", member.handle);
        }
        let input = json!({ "proposalId": proposal, "isEligible": true, "reason": "Hợp lệ." });
        let screened = cast.secretary.does("screenProposal", input, "proposal { id }").await;
        assert_eq!(screened.refused(), ["NOT_FOUND input.proposalId"]);
        // The chair stands in.
        cast.chair.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
        let input = json!({ "proposalId": proposal, "isEligible": true, "reason": "Hợp lệ." });
        cast.chair.does("screenProposal", input, "proposal { status }").await.ok();
        let input = json!({ "challengeId": challenge, "assignments": [{ "proposalId": proposal, "memberIds": seats }] });
        let assigned = cast.chair.does("assignReviews", input, "reviews { id }").await;
        assert_eq!(
            assigned.refused(),
            ["INCOMPATIBLE_ROLE input.assignments.0.memberIds.0"],
            "one of them is a rival's member"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn an_officer_appoints_neither_themselves_nor_after_the_lock() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let input = json!({ "challengeId": challenge, "email": cast.officer.email, "role": "VICE_CHAIR" });
    let refused = cast.officer.does("appointCouncilMember", input, "councilMember { id }").await;
    assert_eq!(refused.refused(), ["SELF_APPROVAL"]);
    let input = json!({ "challengeId": challenge, "email": cast.officer.email });
    let refused = cast.officer.does("nameDecisionMaker", input, "challenge { id }").await;
    assert_eq!(refused.refused(), ["SELF_APPROVAL"]);

    cast.appoint(&challenge).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await.ok();
    let input = json!({ "challengeId": challenge, "email": cast.bao.email, "role": "VICE_CHAIR" });
    let refused = cast.officer.does("appointCouncilMember", input, "councilMember { id }").await;
    assert_eq!(refused.refused(), ["CONFLICT"]);
    let input = json!({ "challengeId": challenge, "email": cast.bao.email });
    let refused = cast.officer.does("nameDecisionMaker", input, "challenge { id }").await;
    assert_eq!(refused.refused(), ["CONFLICT"]);
    world.finish().await;
}
