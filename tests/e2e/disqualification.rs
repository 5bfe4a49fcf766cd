//! A proposal is taken out of the running by two people; its team learns nothing before it is done, and nothing brings it back.

use e2e::cast::{Cast, DAY, record, text};
use e2e::{Answer, Person, World};
use serde_json::{Value, json};

pub const CHANGED: &str = "decision { id version status }";

/// Three proposals that were judged, best first: those of Linh, Yến and Bảo.
pub struct Judged {
    pub challenge: String,
    pub linh: String,
    pub yen: String,
    pub bao: String,
}

impl Judged {
    /// The round is locked.
    pub async fn locked(world: &World, cast: &Cast) -> Self {
        let (judged, _) = Self::reviewed(world, cast).await;
        cast.locks(&judged.challenge).await;
        judged
    }

    /// All sheets are in, but Bảo's third; the reviews of his.
    async fn reviewed(world: &World, cast: &Cast) -> (Self, Vec<String>) {
        let challenge = cast.published_challenge(world).await;
        let seats = cast.appoint(&challenge).await;
        let mut proposals = Vec::new();
        for (owner, title) in
            [(&cast.linh, "Cống thông minh"), (&cast.yen, "Hồ điều tiết"), (&cast.bao, "Bản đồ ngập")]
        {
            let proposal = cast.writes(owner, &challenge, title).await;
            cast.submits(owner, &proposal).await;
            proposals.push(proposal);
        }
        world.pass(11 * DAY).await;
        cast.open(&challenge).await;
        let mut last = Vec::new();
        for (proposal, mark) in proposals.iter().zip(["9", "8", "7.5"]) {
            cast.admits(proposal).await;
            last = cast.assigns(&challenge, proposal, &seats).await;
            let members = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
            let scored = if mark == "7.5" { 2 } else { 3 };
            for (member, review) in members.into_iter().zip(&last).take(scored) {
                cast.scores(member, proposal, review, [mark; 3]).await;
            }
        }
        world.letters().await;
        let [linh, yen, bao] = proposals.try_into().unwrap();
        (Self { challenge, linh, yen, bao }, last)
    }

    /// The decision is drafted.
    pub async fn drafted(&self, cast: &Cast, outcomes: [&str; 3]) -> String {
        let start = json!({ "challengeId": self.challenge });
        let started = cast.chair.does("startDecision", start, CHANGED).await.ok();
        let decision = text(&started["decision"]["id"]);
        let outcomes: Vec<_> = [&self.linh, &self.yen, &self.bao]
            .into_iter()
            .zip(outcomes)
            .map(|(proposal, outcome)| json!({ "proposalId": proposal, "outcome": outcome, "feedback": "Rõ ràng." }))
            .collect();
        let input = json!({ "decisionId": decision, "expectedVersion": 1, "outcomes": outcomes });
        cast.chair.does("updateDecision", input, CHANGED).await.ok();
        decision
    }

    /// It is put before the authority, and approved.
    pub async fn is_approved(&self, cast: &Cast, decision: &str) {
        let input = json!({ "decisionId": decision });
        let proposed = cast.chair.does("proposeDecision", input, CHANGED).await.ok();
        let input = json!({ "decisionId": decision, "expectedVersion": proposed["decision"]["version"] });
        cast.authority.does("approveDecision", input, CHANGED).await.ok();
    }

    /// It is published.
    pub async fn is_published(&self, cast: &Cast, decision: &str, number: &str) -> Answer {
        let input = json!({ "decisionId": decision, "record": record(number) });
        cast.publisher.does("publishDecision", input, CHANGED).await
    }
}

pub async fn asks(person: &Person, proposal: &str) -> Answer {
    let input = json!({
        "proposalId": proposal, "ground": "UNTRUE_STATEMENT", "reason": "canaryreason: số liệu thử nghiệm là bịa.",
    });
    person.does("requestDisqualification", input, "proposal { status disqualification { ground } }").await
}

pub async fn confirms(person: &Person, proposal: &str) -> Answer {
    let input = json!({ "proposalId": proposal });
    person.does("confirmDisqualification", input, "proposal { status }").await
}

async fn refuses(person: &Person, proposal: &str) -> Answer {
    let input = json!({ "proposalId": proposal, "reason": "canaryrefusal: đã đối chiếu, số liệu có thật." });
    person
        .does("refuseDisqualification", input, "proposal { status disqualification { refusalReason } }")
        .await
}

/// Everything of it that its reader could tell a change by.
async fn seen(person: &Person, proposal: &str) -> Value {
    let document = "query ($id: ID!) { node(id: $id) { ... on Proposal {
        status version updatedAt statusReason feedback meanScore disqualification { ground reason refusalReason }
        viewerActions { action reasons }
    } } }";
    person.asks(document, json!({ "id": proposal })).await.ok()
}

#[tokio::test]
async fn two_take_a_chosen_proposal_out_and_its_team_learns_nothing_before() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let judged = Box::pin(Judged::locked(&world, &cast)).await;
    let decision = judged.drafted(&cast, ["SELECTED", "RESERVE", "NOT_SELECTED"]).await;
    judged.is_approved(&cast, &decision).await;
    world.letters().await;

    let before = seen(&cast.linh, &judged.linh).await;
    assert!(!before.to_string().contains("DISQUALIF"), "not listed either: {before}");
    for stranger in [&cast.chair, &cast.reviewer, &cast.authority, &cast.auditor] {
        assert_eq!(asks(stranger, &judged.linh).await.refused(), ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    for stranger in [&cast.linh, &cast.yen, &cast.officer, &cast.lead, &cast.administrator] {
        let refused = asks(stranger, &judged.linh).await;
        assert_eq!(refused.refused(), ["NOT_FOUND input.proposalId"], "{}", stranger.handle);
    }
    assert_eq!(confirms(&cast.authority, &judged.linh).await.refused(), ["SECOND_PERSON_REQUIRED"]);
    let asked = asks(&cast.secretary, &judged.linh).await.ok();
    let expected = json!({ "status": "EVALUATED", "disqualification": { "ground": "UNTRUE_STATEMENT" } });
    assert_eq!(asked["proposal"], expected);
    assert_eq!(asks(&cast.secretary, &judged.linh).await.refused(), ["ALREADY_EXISTS"]);
    assert_eq!(confirms(&cast.secretary, &judged.linh).await.refused(), ["NOT_PERMITTED"], "nobody alone");
    assert_eq!(world.letters().await, ["disqualification_requested: authority"]);
    assert!(
        !world.last_mail_to(&cast.authority.email).await.text.contains("canary"),
        "it is not in the mail"
    );
    assert_eq!(seen(&cast.linh, &judged.linh).await, before, "no version, no time, no word");
    // It may be refused, with a reason for the council, and asked for again.
    refuses(&cast.authority, &judged.linh).await.ok();
    assert_eq!(world.letters().await, ["disqualification_ruled: secretary"]);
    let told = seen(&cast.secretary, &judged.linh).await;
    assert!(text(&told["disqualification"]["refusalReason"]).starts_with("canaryrefusal"));
    assert_eq!(refuses(&cast.authority, &judged.linh).await.refused(), ["SECOND_PERSON_REQUIRED"], "once");
    assert_eq!(seen(&cast.linh, &judged.linh).await, before);
    asks(&cast.secretary, &judged.linh).await.ok();
    world.letters().await;
    let rulings = futures_util::future::join_all((0..6).map(|_| confirms(&cast.authority, &judged.linh)));
    let done: Vec<_> = rulings.await.into_iter().map(|answer| answer.refusals()).collect();
    assert_eq!(done.iter().filter(|refusals| refusals.is_empty()).count(), 1, "{done:?}");
    assert!(done.iter().all(|refusals| refusals.is_empty() || refusals == &["CONFLICT"]), "{done:?}");
    let told =
        ["disqualification_ruled: secretary", "proposal_disqualified: linh", "proposal_disqualified: quan"];
    assert_eq!(world.letters().await, told);
    let mail = world.last_mail_to(&cast.linh.email).await;
    assert!(mail.text.contains("canaryreason") && mail.text.contains("không đúng sự thật"), "{}", mail.text);
    assert!(!mail.text.contains("canaryrefusal"));
    let now = seen(&cast.linh, &judged.linh).await;
    assert_eq!((&now["status"], &now["meanScore"]), (&json!("DISQUALIFIED"), &Value::Null));
    assert!(text(&now["disqualification"]["reason"]).starts_with("canaryreason"));

    // What was approved chose it, and goes back.
    let verdict =
        "query ($id: ID!) { node(id: $id) { ... on Decision { viewerActions { action reasons } } } }";
    let verdicts = cast.publisher.asks(verdict, json!({ "id": decision })).await.ok();
    assert_eq!(verdicts["viewerActions"], json!([{ "action": "PUBLISH", "reasons": ["CONFLICT"] }]));
    assert_eq!(judged.is_published(&cast, &decision, "56/QĐ").await.refused(), ["CONFLICT"]);
    let input = json!({ "decisionId": decision, "reason": "Hồ sơ được chọn đã bị loại." });
    let returned = cast.authority.does("returnDecision", input, CHANGED).await.ok();
    let version = &returned["decision"]["version"];
    let choose = |proposal: &str| {
        let outcomes = json!([{ "proposalId": proposal, "outcome": "SELECTED", "feedback": "Rõ ràng." }]);
        json!({ "decisionId": decision, "expectedVersion": version, "outcomes": outcomes })
    };
    let refused = cast.chair.does("updateDecision", choose(&judged.linh), CHANGED).await;
    assert_eq!(refused.refused(), ["NOT_FOUND input.outcomes.0.proposalId"], "it is nobody's to decide");
    cast.chair.does("updateDecision", choose(&judged.yen), CHANGED).await.ok();
    judged.is_approved(&cast, &decision).await;
    judged.is_published(&cast, &decision, "56/QĐ").await.ok();
    let told = world.letters().await;
    for who in ["linh", "quan"] {
        assert!(!told.contains(&format!("decision_published_to_applicant: {who}")), "{told:?}");
    }
    let result = "query ($id: ID!) { challenge(by: { id: $id }) { status decision { outcomes { title } }
        ranking { entries { rank proposal { id } } } scoreTable rankingCheck { isEqual isSealed } } }";
    let seen_by_all = world.visitor.call(result, json!({ "id": judged.challenge })).await.ok();
    assert_eq!(seen_by_all["decision"]["outcomes"], json!([{ "title": "Hồ điều tiết" }]));
    let ranked = cast.chair.asks(result, json!({ "id": judged.challenge })).await.ok();
    let entries = json!([
        { "rank": 1, "proposal": { "id": judged.yen } }, { "rank": 2, "proposal": { "id": judged.bao } },
    ]);
    assert_eq!(ranked["ranking"]["entries"], entries);
    assert!(!text(&ranked["scoreTable"]).contains("Cống thông minh"));
    assert_eq!(ranked["rankingCheck"], json!({ "isEqual": true, "isSealed": true }));
    // Its sheets are evidence; nothing brings it back.
    let sheets = "query ($id: ID!) { node(id: $id) { ... on Proposal { reviews { status total } } } }";
    let kept = cast.chair.asks(sheets, json!({ "id": judged.linh })).await.ok();
    assert_eq!(kept["reviews"], Value::from(vec![json!({ "status": "LOCKED", "total": "90.0000" }); 3]));
    for (mutation, more) in [
        ("withdrawProposal", json!({})),
        ("reviveProposal", json!({})),
        ("fileAppeal", json!({ "grounds": "Sai." })),
    ] {
        let mut input = json!({ "proposalId": judged.linh });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = cast.linh.does(mutation, input, "__typename").await.refused();
        assert!(
            refused.iter().all(|code| ["CONFLICT", "NOT_OPEN", "DEADLINE_PASSED"].contains(&code.as_str())),
            "{refused:?}"
        );
    }
    assert_eq!(refuses(&cast.authority, &judged.linh).await.refused(), ["CONFLICT"]);
    assert_eq!(seen(&cast.linh, &judged.linh).await["status"], "DISQUALIFIED");
    world.finish().await;
}

#[tokio::test]
async fn while_sheets_are_made_it_needs_no_more_of_them_and_whoever_is_tied_has_no_say() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let (judged, reviews) = Box::pin(Judged::reviewed(&world, &cast)).await;
    // Whoever is in conflict with a rival gains by it as much.
    let conflict = json!({ "proposalId": judged.yen, "kind": "FINANCIAL", "reason": "Cổ đông." });
    cast.authority.does("declareConflict", conflict, "isRecused").await.ok();
    asks(&cast.secretary, &judged.bao).await.ok();
    for ruling in [confirms(&cast.authority, &judged.bao).await, refuses(&cast.authority, &judged.bao).await]
    {
        assert_eq!(ruling.refused(), ["INCOMPATIBLE_ROLE"]);
    }
    let deputy = world.person("deputy", "Mai Quyết Định").await;
    let name = json!({ "challengeId": judged.challenge, "email": deputy.email });
    cast.officer.does("nameDecisionMaker", name, "challenge { id }").await.ok();
    world.letters().await;
    confirms(&deputy, &judged.bao).await.ok();
    let told = [
        "disqualification_ruled: secretary".to_owned(),
        "proposal_disqualified: bao".to_owned(),
        format!("review_revoked: {}", cast.third_reviewer.handle),
    ];
    assert_eq!(world.letters().await, told, "whose sheet is not in hears that it is not wanted");
    let statuses = "query ($id: ID!) { node(id: $id) { ... on Proposal { reviews { status } } } }";
    let seen = cast.secretary.asks(statuses, json!({ "id": judged.bao })).await.ok();
    let count = |status: &str| {
        seen["reviews"].as_array().unwrap().iter().filter(|review| review["status"] == status).count()
    };
    assert_eq!((count("SUBMITTED"), count("REVOKED"), reviews.len()), (2, 1, 3), "{seen}");
    // The round locks without it, and it is in no figure.
    cast.locks(&judged.challenge).await;
    let ranking =
        "query ($id: ID!) { challenge(by: { id: $id }) { ranking { entries { proposal { id } } } } }";
    let seen = cast.chair.asks(ranking, json!({ "id": judged.challenge })).await.ok();
    let entries = json!([{ "proposal": { "id": judged.linh } }, { "proposal": { "id": judged.yen } }]);
    assert_eq!(seen["ranking"]["entries"], entries);
    world.finish().await;
}
