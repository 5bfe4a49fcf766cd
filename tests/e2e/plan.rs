//! Who reviews what: planned for the whole call, hidden, explained, released; and what is under way stays.

use std::collections::BTreeSet;

use api::graphql::id::encode;
use domain::challenge::ChallengeStatus;
use domain::id::{ChallengeId, OrganizationId, PublicId as _};
use domain::organization::{MembershipRole, OrganizationKind};
use domain::proposal::ProposalStatus;
use domain::review::{CouncilRole, Interest};
use e2e::cast::{DAY, startup_of, text};
use e2e::rows::{self, THEN, insert};
use e2e::{Cast, Person, World};
use entity::*;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

const PLAN: &str = "query ($id: ID!) { challenge(by: { id: $id }) {
    viewerActions { action isAllowed reasons }
    reviewPlan {
        method seed reviewersPerProposal maxLoad version lowestAffinity totalAffinity undeclaredCount
        pairs { member { id role } proposal { id } isKept affinity sharedSectors { code } sharedTopics review { status } }
        loads { member { id } proposalCount maxCount }
        shortages { proposal { id } missingCount reason }
        conflicts { member { id } proposal { id } }
    }
} }";

/// Three startups before a council of three who score, all found in order by the secretary.
struct Call {
    challenge: String,
    seats: Vec<String>,
    proposals: Vec<String>,
}

async fn call(world: &World, cast: &Cast) -> Call {
    let challenge = cast.published_challenge(world).await;
    let seats = cast.appoint(&challenge).await;
    let mut proposals = Vec::new();
    for (owner, title) in
        [(&cast.linh, "Bản đồ ngập nước"), (&cast.yen, "Hồ điều tiết"), (&cast.bao, "Cổng ngăn triều")]
    {
        let proposal = cast.writes(owner, &challenge, title).await;
        cast.submits(owner, &proposal).await;
        proposals.push(proposal);
    }
    world.pass(10 * DAY).await;
    cast.open(&challenge).await;
    for proposal in &proposals {
        cast.admits(proposal).await;
    }
    world.letters().await;
    Call { challenge, seats, proposals }
}

impl Call {
    fn planning(&self, each: i32, most: i32) -> Value {
        json!({ "challengeId": self.challenge, "reviewersPerProposal": each, "maxLoad": most, "seed": 7 })
    }

    fn releasing(&self, version: i32) -> Value {
        json!({ "challengeId": self.challenge, "expectedVersion": version })
    }

    async fn seen(&self, by: &Person) -> Value {
        by.asks(PLAN, json!({ "id": self.challenge })).await.ok()["reviewPlan"].clone()
    }

    async fn plans(&self, by: &Person, each: i32, most: i32) -> Value {
        by.does("planReviews", self.planning(each, most), "challenge { id }").await.ok();
        self.seen(by).await
    }

    async fn verdict(&self, by: &Person, action: &str) -> Value {
        let seen = by.asks(PLAN, json!({ "id": self.challenge })).await.ok();
        let verdicts = seen["viewerActions"].as_array().unwrap().clone();
        verdicts.into_iter().find(|verdict| verdict["action"] == action).unwrap_or_default()
    }
}

/// Proposal and member of each pair.
fn pairs(plan: &Value) -> BTreeSet<(String, String)> {
    let pairs = plan["pairs"].as_array().unwrap().iter();
    pairs.map(|pair| (text(&pair["proposal"]["id"]), text(&pair["member"]["id"]))).collect()
}

fn is_kept(plan: &Value) -> usize {
    plan["pairs"].as_array().unwrap().iter().filter(|pair| pair["isKept"] == true).count()
}

async fn reviews(world: &World) -> usize {
    review::Entity::find().all(world.db()).await.unwrap().len()
}

#[tokio::test]
async fn a_plan_is_explained_to_its_makers_and_told_to_nobody_until_it_is_released() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let knows = expert::ActiveModel {
        qualification: Set(Some("Thủy lợi; bản đồ, ngập nước".to_owned())),
        ..Default::default()
    };
    let reviewer = expert::Column::UserId.eq(cast.reviewer.account);
    expert::Entity::update_many().set(knows).filter(reviewer).exec(world.db()).await.unwrap();
    let call = call(&world, &cast).await;
    assert_eq!(call.seen(&cast.secretary).await, Value::Null);
    let verdict = call.verdict(&cast.secretary, "RELEASE_REVIEW_PLAN").await;
    assert_eq!(verdict["reasons"], json!(["NOT_FOUND"]));

    let plan = call.plans(&cast.secretary, 2, 2).await;
    assert_eq!(pairs(&plan).len(), 6);
    for load in plan["loads"].as_array().unwrap() {
        assert_eq!((&load["proposalCount"], &load["maxCount"]), (&json!(2), &json!(2)));
    }
    assert_eq!((plan["shortages"].clone(), plan["conflicts"].clone()), (json!([]), json!([])));
    assert_eq!(
        (&plan["version"], &plan["seed"], &plan["undeclaredCount"]),
        (&json!(1), &json!(7), &json!(0))
    );
    // What they share decides that the reviewer gets the map of floods, and says so.
    let explained: Vec<_> = plan["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pair| pair["affinity"] != 0)
        .map(|pair| {
            (text(&pair["proposal"]["id"]), text(&pair["member"]["id"]), pair["sharedTopics"].clone())
        })
        .collect();
    assert_eq!(
        explained,
        [(call.proposals[0].clone(), call.seats[0].clone(), json!(["ban do", "ngap nuoc"]))]
    );
    assert_eq!((&plan["lowestAffinity"], &plan["totalAffinity"]), (&json!(0), &json!(20)));

    // Nobody else sees it, and nothing has happened to anybody.
    for stranger in [&cast.reviewer, &cast.authority, &cast.officer, &cast.auditor, &cast.lead, &cast.linh] {
        assert_eq!(call.seen(stranger).await, Value::Null, "{}", stranger.handle);
    }
    assert_eq!((world.letters().await, reviews(&world).await), (Vec::new(), 0));
    // The chair has declared nothing yet: of no proposal is there anything to see.
    let seen = call.seen(&cast.chair).await;
    assert_eq!((pairs(&seen).len(), &seen["undeclaredCount"]), (0, &json!(3)));
    let loads: Vec<_> = seen["loads"].as_array().unwrap().iter().map(|load| &load["proposalCount"]).collect();
    assert_eq!(loads, [0, 0, 0]);
    cast.chair
        .does("declareNoConflict", json!({ "proposalId": call.proposals[1] }), "proposal { id }")
        .await
        .ok();
    assert_eq!(pairs(&call.seen(&cast.chair).await).len(), 2);

    // The same facts and seed make the same plan; another seed perhaps another.
    let again = call.plans(&cast.secretary, 2, 2).await;
    assert_eq!((pairs(&again), &again["version"]), (pairs(&plan), &json!(2)));

    let stale = cast.secretary.does("releaseReviewPlan", call.releasing(1), "challenge { id }").await;
    assert_eq!(stale.refused(), ["CONFLICT input.expectedVersion"]);
    assert_eq!(reviews(&world).await, 0);
    cast.secretary.does("releaseReviewPlan", call.releasing(2), "challenge { id }").await.ok();
    let offered: Vec<_> = [("other-reviewer", 2), ("reviewer", 2), ("third-reviewer", 2)]
        .iter()
        .flat_map(|(handle, count)| std::iter::repeat_n(format!("review_offered: {handle}"), *count))
        .collect();
    assert_eq!(world.letters().await, offered);
    let released = call.seen(&cast.secretary).await;
    assert!(released["pairs"].as_array().unwrap().iter().all(|pair| pair["review"]["status"] == "OFFERED"));
    let rows = proposal::Entity::find().all(world.db()).await.unwrap();
    assert!(rows.iter().all(|row| row.status == ProposalStatus::UnderReview));

    // Once more: nothing is left to offer.
    cast.secretary.does("releaseReviewPlan", call.releasing(2), "challenge { id }").await.ok();
    assert_eq!((world.letters().await, reviews(&world).await), (Vec::new(), 6));
    // Three each: what is under way stays, and three are added.
    let more = call.plans(&cast.secretary, 3, 3).await;
    assert_eq!((is_kept(&more), pairs(&more).len()), (6, 9));
    assert!(pairs(&more).is_superset(&pairs(&plan)));
    cast.secretary.does("releaseReviewPlan", call.releasing(3), "challenge { id }").await.ok();
    assert_eq!((world.letters().await.len(), reviews(&world).await), (3, 9));

    // Until the lock.
    for action in ["PLAN_REVIEWS", "RELEASE_REVIEW_PLAN"] {
        assert_eq!(call.verdict(&cast.secretary, action).await["isAllowed"], true);
    }
    let locked = challenge::ActiveModel { round_locked_at: Set(Some(THEN)), ..Default::default() };
    challenge::Entity::update_many().set(locked).exec(world.db()).await.unwrap();
    for (mutation, input) in [("planReviews", call.planning(1, 1)), ("releaseReviewPlan", call.releasing(3))]
    {
        assert_eq!(cast.secretary.does(mutation, input, "challenge { id }").await.refused(), ["CONFLICT"]);
    }
    world.finish().await;
}

#[tokio::test]
async fn what_has_changed_since_the_plan_stands_in_the_way_of_its_release() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let call = call(&world, &cast).await;
    let plan = call.plans(&cast.secretary, 3, 3).await;
    assert_eq!(pairs(&plan).len(), 9);

    // The reviewer turns out to have been in the house of linh once.
    let house = OrganizationId::from_public(&startup_of(&cast.linh).await).unwrap();
    let former = membership::Model {
        ended_at: Some(THEN),
        ..rows::membership(house, cast.reviewer.account, MembershipRole::Viewer)
    };
    insert(world.db(), [former]).await.unwrap();
    let refused = cast.secretary.does("releaseReviewPlan", call.releasing(1), "challenge { id }").await;
    assert_eq!(refused.refused(), ["CONFLICT"]);
    assert_eq!((world.letters().await, reviews(&world).await), (Vec::new(), 0));

    let plan = call.plans(&cast.secretary, 3, 3).await;
    assert!(pairs(&plan).iter().all(|(_, member)| *member != call.seats[0]), "{plan}");
    let shortages = plan["shortages"].as_array().unwrap();
    assert_eq!(shortages.len(), 3);
    assert!(shortages.iter().all(|shortage| {
        shortage["missingCount"] == 1 && shortage["reason"] == "TOO_FEW_ELIGIBLE_REVIEWERS"
    }));
    cast.secretary.does("releaseReviewPlan", call.releasing(2), "challenge { id }").await.ok();
    assert_eq!(reviews(&world).await, 6);

    // Another comes into a house that bids after the offer: the plan says whose reviews are in conflict, and leaves them out.
    insert(world.db(), [rows::membership(house, cast.other_reviewer.account, MembershipRole::Viewer)])
        .await
        .unwrap();
    let plan = call.plans(&cast.secretary, 1, 1).await;
    let conflicts = plan["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 3);
    assert!(conflicts.iter().all(|conflict| conflict["member"]["id"] == call.seats[1].as_str()));
    assert_eq!((pairs(&plan).len(), is_kept(&plan)), (3, 3));
    world.finish().await;
}

#[tokio::test]
async fn a_mailbox_of_the_applicant_keeps_an_expert_from_its_proposal_alone() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let call = call(&world, &cast).await;
    for person in [&cast.reviewer, &cast.yen] {
        let moved = user::ActiveModel {
            email_key: Set(format!("{}@hongha.vn", person.handle)),
            ..Default::default()
        };
        let row = user::Column::Id.eq(person.account);
        user::Entity::update_many().set(moved).filter(row).exec(world.db()).await.unwrap();
    }
    let plan = call.plans(&cast.secretary, 3, 3).await;
    let barred = (call.proposals[1].clone(), call.seats[0].clone());
    assert!(pairs(&plan).len() == 8 && !pairs(&plan).contains(&barred), "{plan}");
    assert_eq!(plan["shortages"][0]["proposal"]["id"], call.proposals[1].as_str());
    // Neither does a plan give anybody more than they may have.
    let plan = call.plans(&cast.secretary, 3, 1).await;
    let shortages = plan["shortages"].as_array().unwrap();
    assert_eq!(pairs(&plan).len(), 3);
    assert!(shortages.iter().any(|shortage| shortage["reason"] == "LOADS_EXHAUSTED"), "{plan}");
    world.finish().await;
}

#[tokio::test]
async fn a_plan_is_of_what_its_maker_is_free_of() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let call = call(&world, &cast).await;
    let conflict =
        json!({ "proposalId": call.proposals[0], "kind": "FINANCIAL", "reason": "Tôi có cổ phần." });
    cast.secretary.does("declareConflict", conflict, "isRecused").await.ok();
    let plan = call.plans(&cast.secretary, 2, 9).await;
    assert_eq!((pairs(&plan).len(), &plan["undeclaredCount"]), (4, &json!(0)));
    assert!(pairs(&plan).iter().all(|(proposal, _)| *proposal != call.proposals[0]));
    cast.secretary.does("releaseReviewPlan", call.releasing(1), "challenge { id }").await.ok();
    assert_eq!(reviews(&world).await, 4);

    // The chair stands in, for that one alone.
    cast.chair
        .does("declareNoConflict", json!({ "proposalId": call.proposals[0] }), "proposal { id }")
        .await
        .ok();
    let plan = call.plans(&cast.chair, 2, 9).await;
    assert!(
        pairs(&plan).len() == 2 && pairs(&plan).iter().all(|(proposal, _)| *proposal == call.proposals[0])
    );
    cast.chair.does("releaseReviewPlan", call.releasing(2), "challenge { id }").await.ok();
    assert_eq!(reviews(&world).await, 6);
    // What was planned there is not there for whoever is in conflict.
    assert_eq!(pairs(&call.seen(&cast.secretary).await).len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn planning_is_for_the_bureau_and_within_limits() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let call = call(&world, &cast).await;
    for (who, reason) in [
        (&cast.reviewer, "NOT_PERMITTED"),
        (&cast.authority, "NOT_PERMITTED"),
        (&cast.officer, "NOT_PERMITTED"),
        (&cast.linh, "NOT_PERMITTED"),
    ] {
        for (mutation, input) in
            [("planReviews", call.planning(1, 1)), ("releaseReviewPlan", call.releasing(1))]
        {
            let refused = who.does(mutation, input, "challenge { id }").await.refused();
            assert_eq!(refused, [reason], "{} {mutation}", who.handle);
        }
    }
    for (each, most, field) in [
        (0, 1, "reviewersPerProposal"),
        (26, 1, "reviewersPerProposal"),
        (1, 0, "maxLoad"),
        (1, 1_001, "maxLoad"),
    ] {
        let refused = cast.secretary.does("planReviews", call.planning(each, most), "challenge { id }").await;
        assert_eq!(refused.refused(), [format!("OUT_OF_RANGE input.{field}")]);
    }
    let refused = cast.secretary.does("releaseReviewPlan", call.releasing(1), "challenge { id }").await;
    assert_eq!(refused.refused(), ["NOT_FOUND input.challengeId"]);
    assert!(review_plan::Entity::find().all(world.db()).await.unwrap().is_empty());
    world.finish().await;
}

/// A call in evaluation with so many eligible proposals, all of which the chair is free of.
async fn opened(world: &World, cast: &Cast, proposals: usize) -> ChallengeId {
    let official = rows::user();
    insert(world.db(), [official.clone()]).await.unwrap();
    let agency = rows::organization(OrganizationKind::Agency, official.id);
    insert(world.db(), [agency.clone()]).await.unwrap();
    let challenge =
        challenge::Model { status: ChallengeStatus::Evaluation, ..rows::challenge(agency.id, official.id) };
    insert(world.db(), [challenge.clone()]).await.unwrap();
    let opening = opening::Model {
        challenge_id: challenge.id,
        requested_by: official.id,
        requested_at: THEN,
        confirmed_by: Some(cast.chair.account),
        confirmed_at: Some(THEN),
        receipts: None,
    };
    insert(world.db(), [opening]).await.unwrap();
    let seats = [
        (cast.chair.account, CouncilRole::Chair),
        (cast.reviewer.account, CouncilRole::Reviewer),
        (cast.other_reviewer.account, CouncilRole::Reviewer),
        (cast.third_reviewer.account, CouncilRole::Member),
    ];
    insert(world.db(), seats.map(|(user, role)| rows::council_member(challenge.id, user, role)))
        .await
        .unwrap();
    let owners: Vec<_> = (0..proposals).map(|_| rows::user()).collect();
    insert(world.db(), owners.clone()).await.unwrap();
    let startups: Vec<_> =
        owners.iter().map(|owner| rows::organization(OrganizationKind::Startup, owner.id)).collect();
    insert(world.db(), startups.clone()).await.unwrap();
    let bids: Vec<_> = startups
        .iter()
        .map(|startup| proposal::Model {
            status: ProposalStatus::Eligible,
            ..rows::proposal(challenge.id, startup.id, startup.created_by)
        })
        .collect();
    insert(world.db(), bids.clone()).await.unwrap();
    insert(world.db(), bids.iter().map(|bid| rows::proposal_version(bid.id, bid.created_by))).await.unwrap();
    app::vault::bring_up_to_date(world.app()).await.unwrap();
    let declared = bids.iter().map(|bid| conflict_declaration::Model {
        proposal_id: bid.id,
        user_id: cast.chair.account,
        interest: Interest::None,
        reason: None,
        declared_at: THEN,
    });
    insert(world.db(), declared).await.unwrap();
    challenge.id
}

#[tokio::test]
async fn a_plan_for_sixteen_proposals_takes_as_many_statements_as_one_for_four() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let mut costs = Vec::new();
    for count in [4, 16] {
        // A plan each, and each released: the meter takes the cheapest of five.
        let mut calls = Vec::new();
        for _ in 0..5 {
            calls.push(encode(opened(&world, &cast, count).await).to_string());
        }
        let mut waiting = calls.iter();
        let plan = world
            .meter
            .statements(async || {
                let input = json!({
                    "challengeId": waiting.next().unwrap(), "reviewersPerProposal": 2, "maxLoad": 50, "seed": 1,
                });
                cast.chair.does("planReviews", input, "challenge { id }").await.ok();
            })
            .await;
        let mut waiting = calls.iter();
        let release = world
            .meter
            .statements(async || {
                let input = json!({ "challengeId": waiting.next().unwrap(), "expectedVersion": 1 });
                world.is_quiet().await;
                cast.chair.does("releaseReviewPlan", input, "challenge { id }").await.ok();
            })
            .await;
        world.is_quiet().await;
        let read = world
            .meter
            .statements(async || {
                let seen = cast.chair.asks(PLAN, json!({ "id": calls[0] })).await.ok();
                assert_eq!(pairs(&seen["reviewPlan"]).len(), 2 * count);
            })
            .await;
        costs.push((plan, release, read));
    }
    println!("statements of plan, release and reading, for 4 and for 16 proposals: {costs:?}");
    assert_eq!((costs[0].0, costs[0].2), (costs[1].0, costs[1].2));
    // Mails begin to leave while it is counted.
    assert!(
        costs.iter().all(|(plan, release, read)| *plan <= 24 && *release < 100 && *read <= 20),
        "{costs:?}"
    );
    world.finish().await;
}
