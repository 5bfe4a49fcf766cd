//! What happens to a challenge after its publication: amended, halted, resumed, given up.

use std::time::Duration;

use e2e::cast::{Cast, DAY, vietnamese};
use e2e::{Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

const VERSIONS: &str = "query ($id: ID!) { challenge(by: { id: $id }) {
    title { text } closesAt status window version halt { reason haltedAt }
    versions {
        number publishedAt closesAt
        changeNote(locale: VI) { text } title(locale: VI) { text } sections { kind text(locale: VI) { text } }
        changes { part section before(locale: VI) { text } after(locale: VI) { text } }
    }
} }";

async fn read(person: &Person, challenge: &str) -> Value {
    person.asks(VERSIONS, json!({ "id": challenge })).await.ok()
}

async fn version(person: &Person, challenge: &str) -> Value {
    read(person, challenge).await["version"].clone()
}

async fn amends(cast: &Cast, challenge: &str, mut change: Value) -> e2e::Answer {
    change["challengeId"] = challenge.into();
    change["expectedVersion"] = version(&cast.lead, challenge).await;
    change["changeNote"] = vietnamese("Nêu rõ phạm vi và lùi hạn.");
    cast.lead.does("amendChallenge", change, "challenge { status }").await
}

async fn halts(person: &Person, mutation: &str, challenge: &str) -> e2e::Answer {
    let input = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    person.does(mutation, input, "challenge { status }").await
}

async fn in_days(world: &World, days: i64) -> String {
    world.now().await.plus_seconds(days * 86_400).to_rfc3339()
}

#[tokio::test]
async fn what_is_published_changes_in_public_and_the_deadline_only_moves_later() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let drafted = cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    let handed_in = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &handed_in).await;
    world.letters().await;
    let before = read(&cast.bao, &challenge).await;
    assert_eq!(before["versions"].as_array().unwrap().len(), 1);
    assert_eq!(before["versions"][0]["changes"], json!([]));
    assert_eq!(before["versions"][0]["changeNote"], Value::Null);

    let earlier = json!({ "closesAt": in_days(&world, 9).await });
    assert_eq!(amends(&cast, &challenge, earlier).await.refused(), ["OUT_OF_RANGE input.closesAt"]);
    let hollow = json!({ "sections": [{ "kind": "CONTEXT", "text": vietnamese("Chỉ có bối cảnh.") }] });
    let lacks = amends(&cast, &challenge, hollow).await.refused();
    assert_eq!(lacks.len(), 2, "{lacks:?}");
    let stale = json!({
        "challengeId": challenge, "expectedVersion": 1, "changeNote": vietnamese("Cũ"), "title": vietnamese("Cũ"),
    });
    assert_eq!(
        cast.lead.does("amendChallenge", stale.clone(), "challenge { id }").await.refused(),
        ["CONFLICT input.expectedVersion"]
    );
    for outsider in [&cast.drafter, &cast.officer, &cast.linh] {
        let refused = outsider.does("amendChallenge", stale.clone(), "challenge { id }").await.refused();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with("NOT_PERMITTED"), "{refused:?}");
    }
    assert_eq!(read(&cast.bao, &challenge).await, before, "and nothing changed");
    assert_eq!(world.letters().await, [""; 0]);

    let section = |kind: &str, text: &str| json!({ "kind": kind, "text": vietnamese(text) });
    let closes_at = in_days(&world, 20).await;
    let change = json!({
        "title": vietnamese("Ngập nước ở trung tâm và vùng ven"),
        "sections": [
            section("CONTEXT", "Nước lên nhanh hơn người dân kịp biết."),
            section("CURRENT_PROCESS", "Trực ban gọi điện."),
            section("EXPECTED_PRODUCT", "Nước lên nhanh hơn người dân kịp biết."),
            section("SUPPORT", "Tối đa 400 triệu đồng."),
        ],
        "closesAt": closes_at,
    });
    amends(&cast, &challenge, change).await.ok();
    let mut told = ["drafter", "lead", "linh", "quan", "yen"].map(|who| format!("challenge_amended: {who}"));
    told.sort();
    assert_eq!(world.letters().await, told, "those who drafted, too; whoever does not bid hears nothing");
    let mail = world.last_mail_to(&cast.yen.email).await;
    assert!(mail.text.contains("Nêu rõ phạm vi"), "{}", mail.text);

    let after = read(&cast.bao, &challenge).await;
    assert_eq!(after["title"]["text"], "Ngập nước ở trung tâm và vùng ven");
    assert_eq!(after["closesAt"].as_str(), Some(closes_at.as_str()));
    let [new, old] = after["versions"].as_array().unwrap().as_slice() else { panic!("{after}") };
    assert_eq!((&new["number"], &old["number"]), (&json!(2), &json!(1)));
    assert_eq!(*old, before["versions"][0], "what was said stays as it was");
    assert_eq!(new["changeNote"]["text"], "Nêu rõ phạm vi và lùi hạn.");
    let parts: Vec<_> =
        new["changes"].as_array().unwrap().iter().map(|c| (&c["part"], &c["section"])).collect();
    assert_eq!(
        json!(parts),
        json!(
            [["TITLE", null], ["SECTION", "CURRENT_PROCESS"], ["SECTION", "SUPPORT"], ["CLOSES_AT", null],]
        )
    );
    assert_eq!(new["changes"][1]["after"]["text"], "Trực ban gọi điện.");
    assert_eq!(new["changes"][2]["before"], Value::Null);
    let found = "query ($words: String!) { challenges(filter: { search: $words }) { totalCount } }";
    let hits = cast.bao.asks(found, json!({ "words": "vung ven" })).await.ok();
    assert_eq!(hits["totalCount"], 1, "what is new is found");

    // The first deadline passes, and proposals are taken until the new one.
    world.pass(12 * DAY).await;
    cast.submits(&cast.yen, &drafted).await;
    world.pass(10 * DAY).await;
    let late = json!({ "proposalId": drafted, "declaresOwnership": true });
    assert_eq!(
        cast.yen.does("submitProposal", late.clone(), "proposal { id }").await.refused(),
        ["DEADLINE_PASSED"]
    );
    let over = json!({ "closesAt": in_days(&world, -1).await });
    assert_eq!(amends(&cast, &challenge, over).await.refused(), ["OUT_OF_RANGE input.closesAt"]);
    amends(&cast, &challenge, json!({ "closesAt": in_days(&world, 1).await })).await.ok();
    cast.yen.does("submitProposal", late, "proposal { status }").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn a_halt_stops_everything_and_gives_the_time_back() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let submit = json!({ "proposalId": proposal, "declaresOwnership": true });
    let closes_at = read(&cast.bao, &challenge).await["closesAt"].clone();
    world.letters().await;

    assert_eq!(halts(&cast.lead, "pauseChallenge", &challenge).await.refused(), ["NOT_PERMITTED"]);
    assert_eq!(halts(&cast.publisher, "pauseChallenge", &challenge).await.refused(), ["NOT_PERMITTED"]);
    halts(&cast.officer, "pauseChallenge", &challenge).await.ok();
    let mut told = ["drafter", "lead", "linh", "quan"].map(|who| format!("challenge_paused: {who}"));
    told.sort();
    assert_eq!(world.letters().await, told);
    let halted = read(&cast.bao, &challenge).await;
    assert_eq!(
        (&halted["status"], &halted["halt"]["reason"]),
        (&json!("PAUSED"), &json!("Chờ ý kiến của Thành phố."))
    );
    assert_eq!(
        cast.linh.does("submitProposal", submit.clone(), "proposal { id }").await.refused(),
        ["CONFLICT"]
    );
    assert_eq!(halts(&cast.officer, "pauseChallenge", &challenge).await.refused(), ["CONFLICT"]);
    assert_eq!(
        amends(&cast, &challenge, json!({ "title": vietnamese("Khác") })).await.refused(),
        ["CONFLICT"]
    );
    assert_eq!(read(&cast.bao, &challenge).await, halted, "and nothing changed");

    // The deadline passes meanwhile, and nothing can be opened.
    world.pass(15 * DAY).await;
    let opening = json!({ "challengeId": challenge });
    assert_eq!(
        cast.secretary.does("requestProposalOpening", opening, "challenge { id }").await.refused(),
        ["CONFLICT"]
    );
    let resume = json!({ "challengeId": challenge });
    let resumed =
        cast.officer.does("resumeChallenge", resume, "challenge { status halt { reason } window }").await;
    assert_eq!(resumed.ok()["challenge"], json!({ "status": "PUBLISHED", "halt": null, "window": "OPEN" }));
    let mut told = ["drafter", "lead", "linh", "quan"].map(|who| format!("challenge_resumed: {who}"));
    told.sort();
    assert_eq!(world.letters().await, told);
    let now_closes = read(&cast.bao, &challenge).await["closesAt"].clone();
    let at = |value: &Value| domain::time::Timestamp::parse(value.as_str().unwrap()).unwrap();
    assert_eq!(at(&now_closes).seconds_since(at(&closes_at)) / 86_400, 15, "as long as the halt lasted");
    cast.linh.does("submitProposal", submit, "proposal { status }").await.ok();

    // Once the deadline has passed a halt gives nothing back.
    world.pass(11 * DAY).await;
    halts(&cast.officer, "pauseChallenge", &challenge).await.ok();
    world.pass(3 * DAY).await;
    cast.officer
        .does("resumeChallenge", json!({ "challengeId": challenge }), "challenge { status }")
        .await
        .ok();
    let closed = read(&cast.bao, &challenge).await;
    assert_eq!((&closed["window"], &closed["closesAt"]), (&json!("CLOSED"), &now_closes));
    cast.open(&challenge).await;
    world.finish().await;
}

#[tokio::test]
async fn what_is_given_up_goes_no_further_and_everybody_concerned_hears_of_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let unpublished = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    cast.hands_in(&unpublished).await;
    cast.approves(&unpublished).await;
    halts(&cast.publisher, "cancelChallenge", &unpublished).await.ok();
    assert_eq!(read(&cast.bao, &unpublished).await, Value::Null, "what was never public stays unknown");
    assert_eq!(read(&cast.lead, &unpublished).await["status"], "CANCELLED");

    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let other = cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    cast.submits(&cast.yen, &other).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    let reviews = cast.assigns(&challenge, &proposal, &seats[..1]).await;
    cast.reviewer.does("declareNoConflict", json!({ "proposalId": proposal }), "review { id }").await.ok();
    cast.secretary.does("declareNoConflict", json!({ "proposalId": other }), "proposal { id }").await.ok();
    world.letters().await;

    assert_eq!(halts(&cast.officer, "cancelChallenge", &challenge).await.refused(), ["NOT_PERMITTED"]);
    halts(&cast.publisher, "cancelChallenge", &challenge).await.ok();
    let everybody = [
        "authority",
        "chair",
        "drafter",
        "lead",
        "linh",
        "other-reviewer",
        "quan",
        "reviewer",
        "secretary",
        "third-reviewer",
        "yen",
    ];
    assert_eq!(world.letters().await, everybody.map(|who| format!("challenge_cancelled: {who}")));
    let screen = json!({ "proposalId": other, "isEligible": true, "reason": "Hợp lệ." });
    let lock = json!({ "challengeId": challenge });
    let sheet = json!({ "reviewId": reviews[0], "expectedVersion": 2, "marks": [] });
    let offer = json!({ "challengeId": challenge, "assignments": [{ "proposalId": proposal, "memberIds": [seats[1]] }] });
    for (who, mutation, input) in [
        (&cast.secretary, "screenProposal", screen),
        (&cast.secretary, "assignReviews", offer),
        (&cast.reviewer, "saveScoreSheet", sheet),
        (&cast.reviewer, "submitReview", json!({ "reviewId": reviews[0] })),
        (&cast.chair, "lockRound", lock.clone()),
        (&cast.chair, "startDecision", lock.clone()),
        (&cast.officer, "pauseChallenge", json!({ "challengeId": challenge, "reason": "Chờ" })),
        (&cast.officer, "resumeChallenge", lock),
        (&cast.publisher, "cancelChallenge", json!({ "challengeId": challenge, "reason": "Lại" })),
    ] {
        let refused = who.does(mutation, input, "__typename").await.refused();
        assert!(refused.iter().any(|problem| problem.starts_with("CONFLICT")), "{mutation}: {refused:?}");
    }
    assert_eq!(world.letters().await, [""; 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_end_a_challenge_at_once_one_does() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.letters().await;
    let (publisher, officer, linh) =
        (cast.publisher.client().await, cast.officer.client().await, cast.linh.client().await);
    let input = json!({ "challengeId": challenge, "reason": "Không còn cần." });
    let cancels = (0..10).map(|_| publisher.does("cancelChallenge", input.clone(), "challenge { status }"));
    let pauses = (0..10).map(|_| officer.does("pauseChallenge", input.clone(), "challenge { status }"));
    let submit = json!({ "proposalId": proposal, "declaresOwnership": true });
    let submits = (0..10).map(|_| linh.does("submitProposal", submit.clone(), "proposal { status }"));
    let (cancelled, halted, submitted) = tokio::join!(join_all(cancels), join_all(pauses), join_all(submits));
    let done = |answers: &[e2e::Answer]| {
        let problems = |answer: &e2e::Answer| {
            let done = answer.body["data"].as_object().unwrap().values().next().unwrap();
            done["userErrors"].as_array().unwrap().len()
        };
        answers.iter().filter(|answer| problems(answer) == 0).count()
    };
    assert_eq!(done(&cancelled), 1, "once, from whichever state");
    assert!(done(&halted) <= 1);
    let state = read(&cast.bao, &challenge).await;
    assert_eq!(state["status"], "CANCELLED");
    let receipts = "query ($id: ID!) { node(id: $id) { ... on Proposal { receipts { number } } } }";
    let kept = cast.linh.asks(receipts, json!({ "id": proposal })).await.ok();
    assert_eq!(kept["receipts"].as_array().unwrap().len(), 1 + done(&submitted), "every yes is a version");
    let letters = world.letters().await;
    let of = |kind: &str| letters.iter().filter(|letter| letter.starts_with(kind)).count();
    assert_eq!(of("challenge_cancelled"), 4, "{letters:?}");
    assert_eq!(of("proposal_submitted"), 2 * done(&submitted), "{letters:?}");
    world.finish().await;
}
