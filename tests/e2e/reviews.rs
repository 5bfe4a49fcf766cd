//! What becomes of a review besides being handed in: declined, taken back, given back.

use e2e::cast::{Cast, DAY, text};
use e2e::{Answer, Person, World};
use serde_json::{Value, json};

async fn does(person: &Person, mutation: &str, review: &str, reason: &str) -> Answer {
    let select =
        if mutation == "declineReview" { "isDeclined" } else { "review { status statusReason submittedAt }" };
    person.does(mutation, json!({ "reviewId": review, "reason": reason }), select).await
}

async fn review(person: &Person, id: &str) -> Value {
    let document =
        "query ($id: ID!) { node(id: $id) { ... on Review { status statusReason proposal { id } } } }";
    person.asks(document, json!({ "id": id })).await.ok()
}

async fn progress(person: &Person, challenge: &str) -> Value {
    let document =
        "query ($id: ID!) { challenge(by: { id: $id }) { reviewProgress { liveCount submittedCount } } }";
    person.asks(document, json!({ "id": challenge })).await.ok()["reviewProgress"].clone()
}

#[tokio::test]
async fn a_review_is_declined_taken_back_and_given_back_with_a_reason_and_a_mail() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    let reviews = cast.assigns(&challenge, &proposal, &seats).await;
    let [first, second, third] = reviews.as_slice() else { panic!("{reviews:?}") };
    world.letters().await;

    // Declined: the secretary hears why, and for the member the proposal is gone.
    assert_eq!(
        does(&cast.reviewer, "declineReview", second, "Bận").await.refused(),
        ["NOT_FOUND input.reviewId"]
    );
    assert_eq!(
        does(&cast.third_reviewer, "declineReview", third, " ").await.refused(),
        ["REQUIRED input.reason"]
    );
    let done = does(&cast.third_reviewer, "declineReview", third, "Đi công tác dài ngày.").await.ok();
    assert_eq!(done["isDeclined"], true);
    assert_eq!(world.letters().await, ["review_declined: secretary"]);
    assert!(world.last_mail_to(&cast.secretary.email).await.text.contains("> Đi công tác dài ngày."));
    assert_eq!(review(&cast.third_reviewer, third).await, Value::Null);
    let seen = review(&cast.secretary, third).await;
    assert_eq!(
        (&seen["status"], &seen["statusReason"]),
        (&json!("DECLINED"), &json!("Đi công tác dài ngày."))
    );
    assert_eq!(progress(&cast.secretary, &challenge).await, json!({ "liveCount": 2, "submittedCount": 0 }));
    let again = json!({ "challengeId": challenge, "assignments": [{ "proposalId": proposal, "memberIds": [seats[2]] }] });
    let again = cast.secretary.does("assignReviews", again, "reviews { id }").await;
    assert_eq!(again.refused(), ["ALREADY_EXISTS input.assignments.0.memberIds.0"], "no is no");

    // Given back: handed in once more it counts once more, and nothing of the reason is left.
    cast.scores(&cast.reviewer, &proposal, first, ["8", "8", "8"]).await;
    cast.scores(&cast.other_reviewer, &proposal, second, ["1", "1", "1"]).await;
    world.letters().await;
    let undeclared = does(&cast.chair, "reopenReview", second, "Nhầm thang điểm.").await;
    assert_eq!(undeclared.refused(), ["CONFLICT_UNDECLARED"]);
    cast.chair.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
    for (person, reason) in [
        (&cast.secretary, "NOT_PERMITTED"),
        (&cast.other_reviewer, "NOT_PERMITTED"),
        (&cast.reviewer, "NOT_FOUND input.reviewId"),
        (&cast.officer, "NOT_FOUND input.reviewId"),
        (&cast.linh, "NOT_FOUND input.reviewId"),
    ] {
        assert_eq!(
            does(person, "reopenReview", second, "Vì thế.").await.refused(),
            [reason],
            "{}",
            person.handle
        );
    }
    let reopened = does(&cast.chair, "reopenReview", second, "Nhầm thang điểm.").await.ok()["review"].clone();
    assert_eq!(
        reopened,
        json!({ "status": "IN_PROGRESS", "statusReason": "Nhầm thang điểm.", "submittedAt": null })
    );
    assert_eq!(does(&cast.chair, "reopenReview", second, "Nhầm thang điểm.").await.refused(), ["CONFLICT"]);
    assert_eq!(world.letters().await, ["review_reopened: other-reviewer"]);
    let too_few = cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await;
    assert_eq!(too_few.refused(), ["QUORUM_NOT_REACHED"]);
    cast.other_reviewer.does("submitReview", json!({ "reviewId": second }), "review { id }").await.ok();
    assert_eq!(review(&cast.other_reviewer, second).await["statusReason"], Value::Null);

    // Taken back: it counts no more, whatever it said.
    world.letters().await;
    for (person, reason) in [
        (&cast.reviewer, "NOT_PERMITTED"),
        (&cast.other_reviewer, "NOT_FOUND input.reviewId"),
        (&cast.authority, "NOT_FOUND input.reviewId"),
        (&cast.lead, "NOT_FOUND input.reviewId"),
    ] {
        assert_eq!(
            does(person, "revokeReview", first, "Vì thế.").await.refused(),
            [reason],
            "{}",
            person.handle
        );
    }
    let revoked = does(&cast.secretary, "revokeReview", first, "Quá tải.").await.ok()["review"].clone();
    assert_eq!(revoked, json!({ "status": "REVOKED", "statusReason": "Quá tải.", "submittedAt": null }));
    assert_eq!(world.letters().await, ["review_revoked: reviewer"]);
    assert_eq!(review(&cast.reviewer, first).await, Value::Null);
    let submit = cast.reviewer.does("submitReview", json!({ "reviewId": first }), "review { id }").await;
    assert_eq!(submit.refused(), ["NOT_FOUND input.reviewId"]);
    assert_eq!(progress(&cast.secretary, &challenge).await, json!({ "liveCount": 1, "submittedCount": 1 }));
    let too_few = cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await;
    assert_eq!(too_few.refused(), ["QUORUM_NOT_REACHED"], "one sheet is no evaluation");
    world.finish().await;
}

#[tokio::test]
async fn after_the_lock_a_sheet_stays_where_it_is() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    let reviews = cast.assigns(&challenge, &proposal, &seats).await;
    cast.scores(&cast.reviewer, &proposal, &reviews[0], ["8", "8", "8"]).await;
    cast.scores(&cast.other_reviewer, &proposal, &reviews[1], ["7", "7", "7"]).await;
    cast.chair.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
    // Of a lock and what would change a sheet at once, both cannot be.
    let lock = cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }");
    let (locked, reopened) = tokio::join!(lock, does(&cast.chair, "reopenReview", &reviews[0], "Nhầm."));
    assert_ne!(locked.refusals().is_empty(), reopened.refusals().is_empty(), "{locked:?} {reopened:?}");
    if reopened.refusals().is_empty() {
        cast.reviewer.does("submitReview", json!({ "reviewId": reviews[0] }), "review { id }").await.ok();
        cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await.ok();
    }
    for (person, mutation) in
        [(&cast.chair, "reopenReview"), (&cast.secretary, "revokeReview"), (&cast.reviewer, "declineReview")]
    {
        assert_eq!(does(person, mutation, &reviews[0], "Nhầm.").await.refused(), ["CONFLICT"], "{mutation}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_review_has_its_time_and_both_sides_hear_of_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    let now = world.now().await;
    let at = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339();
    let assigns = async |due: String| {
        let assignments = json!([{ "proposalId": proposal, "memberIds": seats }]);
        let input = json!({ "challengeId": challenge, "assignments": assignments, "dueAt": due });
        cast.secretary.does("assignReviews", input, "reviews { id dueAt }").await
    };
    assert_eq!(assigns(at(0)).await.refused(), ["OUT_OF_RANGE input.dueAt"]);
    let offered = assigns(at(10)).await.ok();
    let due = &offered["reviews"][0]["dueAt"];
    assert_eq!(due, &at(10));
    let reviews: Vec<_> =
        offered["reviews"].as_array().unwrap().iter().map(|review| text(&review["id"])).collect();
    let (done, half, idle) = (&reviews[0], &reviews[1], &reviews[2]);
    cast.scores(&cast.reviewer, &proposal, done, ["8", "7", "9"]).await;
    let input = json!({ "proposalId": proposal });
    cast.other_reviewer.does("declareNoConflict", input, "proposal { id }").await.ok();
    world.letters().await;
    world.reminds().await;
    assert_eq!(world.letters().await, Vec::<String>::new(), "too early");
    world.pass(7 * DAY).await;
    assert_eq!(world.reminds().await, 2, "whose sheet is in needs no reminder");
    assert_eq!(world.reminds().await, 0, "once");
    let told = ["other-reviewer", "third-reviewer"].map(|who| format!("review_due: {who}"));
    assert_eq!(world.letters().await, told);
    // By its instant nothing is taken any more, whether or not anybody has cleared up.
    world.pass(3 * DAY).await;
    let sheet = json!({ "reviewId": half, "expectedVersion": 2, "marks": [] });
    let late = cast.other_reviewer.does("saveScoreSheet", sheet, "review { id }").await;
    assert_eq!(late.refused(), ["DEADLINE_PASSED"]);
    let counted: u64 =
        futures_util::future::join_all((0..4).map(|_| world.reminds())).await.into_iter().sum();
    assert_eq!(counted, 2, "each once, whoever looks");
    let told = [
        "review_expired: other-reviewer",
        "review_expired: third-reviewer",
        "review_missed: secretary",
        "review_missed: secretary",
    ];
    assert_eq!(world.letters().await, told);
    let document = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Review { status } } }";
    let stands = cast.secretary.asks(document, json!({ "ids": [done, half, idle] })).await.ok();
    let expired = json!({ "status": "EXPIRED" });
    // Whoever is late has nothing to do with it any more: the proposal is gone for them, up to the lock.
    let known = "query ($id: ID!) { node(id: $id) { ... on Proposal { content { title } } } }";
    for (member, knows) in
        [(&cast.reviewer, true), (&cast.other_reviewer, false), (&cast.third_reviewer, false)]
    {
        let seen = member.asks(known, json!({ "id": proposal })).await.ok();
        assert_eq!(seen["content"]["title"] == "Cống thông minh", knows, "{}: {seen}", member.handle);
        assert_eq!(seen != Value::Null, knows, "{}", member.handle);
    }
    assert_eq!(stands, json!([{ "status": "SUBMITTED" }, expired, expired]));
    world.finish().await;
}
