//! A decision is published when it was meant to be, stands still for a while, is appealed against, stands or is set aside, and is
//! made anew.

use e2e::cast::{Cast, DAY, record, text};
use e2e::{Answer, Person, World};
use entity::appeal;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

const CHANGED: &str = "decision { id version status publishAt publication { number } }";

/// Two proposals that were judged, and the draft of the decision on them: Linh's is chosen, Yến's is not.
pub(crate) struct Case {
    pub(crate) challenge: String,
    pub(crate) linh: String,
    pub(crate) yen: String,
    pub(crate) decision: String,
}

impl Case {
    async fn drafted(world: &World, cast: &Cast) -> Self {
        let challenge = cast.published_challenge(world).await;
        let seats = cast.appoint(&challenge).await;
        let mut proposals = Vec::new();
        for owner in [&cast.linh, &cast.yen] {
            let proposal = cast.writes(owner, &challenge, "Cống thông minh").await;
            cast.submits(owner, &proposal).await;
            proposals.push(proposal);
        }
        world.pass(11 * DAY).await;
        cast.open(&challenge).await;
        let marks = [["9", "9", "9"], ["7", "7", "7"]];
        for (proposal, marks) in proposals.iter().zip(marks) {
            cast.admits(proposal).await;
            let reviews = cast.assigns(&challenge, proposal, &seats).await;
            let members = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
            for (member, review) in members.into_iter().zip(&reviews) {
                cast.scores(member, proposal, review, marks).await;
            }
        }
        cast.locks(&challenge).await;
        let started =
            cast.chair.does("startDecision", json!({ "challengeId": challenge }), CHANGED).await.ok();
        let [linh, yen] = proposals.try_into().unwrap();
        let matter = Self { decision: text(&started["decision"]["id"]), challenge, linh, yen };
        matter.is_to_choose(cast, &matter.decision, ["SELECTED", "NOT_SELECTED"]).await;
        matter
    }

    async fn is_to_choose(&self, cast: &Cast, decision: &str, outcomes: [&str; 2]) {
        let outcomes: Vec<_> = [&self.linh, &self.yen]
            .iter()
            .zip(outcomes)
            .map(|(proposal, outcome)| json!({ "proposalId": proposal, "outcome": outcome, "feedback": "Rõ ràng." }))
            .collect();
        let input = json!({
            "decisionId": decision, "expectedVersion": 1, "outcomes": outcomes, "departureReason": "Chi phí.",
        });
        cast.chair.does("updateDecision", input, CHANGED).await.ok();
    }

    async fn is_approved(&self, cast: &Cast, decision: &str) {
        let proposed =
            cast.chair.does("proposeDecision", json!({ "decisionId": decision }), CHANGED).await.ok();
        let input = json!({ "decisionId": decision, "expectedVersion": proposed["decision"]["version"] });
        cast.authority.does("approveDecision", input, CHANGED).await.ok();
    }

    async fn publishes(&self, cast: &Cast, decision: &str, number: &str) {
        let input = json!({ "decisionId": decision, "record": record(number) });
        cast.publisher.does("publishDecision", input, CHANGED).await.ok();
    }

    /// Published, and everybody has their mail.
    pub(crate) async fn published(world: &World, cast: &Cast) -> Self {
        let matter = Self::drafted(world, cast).await;
        matter.is_approved(cast, &matter.decision).await;
        matter.publishes(cast, &matter.decision, "56/QĐ").await;
        world.letters().await;
        matter
    }

    async fn seen(&self, person: &Person) -> Value {
        let document =
            "query ($id: ID!) { challenge(by: { id: $id }) { status decision { id status outcomes { title } }
            formerDecisions { id status publication { number } outcomes { title } appeals { id } } } }";
        person.asks(document, json!({ "id": self.challenge })).await.ok()
    }
}

async fn appeals(person: &Person, proposal: &str) -> Answer {
    let input = json!({ "proposalId": proposal, "grounds": "canarygrounds: điểm cộng sai." });
    person.does("fileAppeal", input, "appeal { id status decision { status } appellant { slug } }").await
}

async fn rules(person: &Person, appeal: &str, ruling: &str) -> Answer {
    let input = json!({ "appealId": appeal, "ruling": ruling, "reason": "canaryreason: đã kiểm tra." });
    person.does("ruleOnAppeal", input, "appeal { status reason decision { status } }").await
}

#[tokio::test]
async fn a_decision_under_embargo_is_published_when_it_was_meant_to_be_and_only_as_it_was_approved() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let matter = Case::drafted(&world, &cast).await;
    matter.is_approved(&cast, &matter.decision).await;
    world.letters().await;
    let now = world.now().await;
    let at = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339();
    let set = async |person: &Person, at: String| {
        let input = json!({ "decisionId": matter.decision, "record": record("56/QĐ"), "publishAt": at });
        person.does("publishDecision", input, CHANGED).await
    };
    assert_eq!(set(&cast.publisher, at(0)).await.refused(), ["OUT_OF_RANGE input.publishAt"]);
    assert_eq!(set(&cast.officer, at(2)).await.refused(), ["NOT_PERMITTED"]);
    let done = set(&cast.publisher, at(2)).await.ok();
    assert_eq!(done["decision"]["status"], "APPROVED");
    assert_eq!(done["decision"]["publication"], Value::Null, "nothing is published yet");
    assert!(!done["decision"]["publishAt"].is_null());
    // Until then nobody outside hears or sees anything of it.
    world.pass(DAY).await;
    assert_eq!(world.reminds().await, 0);
    for outsider in [&cast.linh, &cast.yen, &cast.lead, &cast.reviewer] {
        let seen = matter.seen(outsider).await;
        assert_eq!(
            (&seen["decision"], &seen["status"]),
            (&Value::Null, &json!("DECISION")),
            "{}",
            outsider.handle
        );
    }
    assert_eq!(world.letters().await, Vec::<String>::new());
    world.pass(DAY + DAY / 24).await;
    let published: u64 =
        futures_util::future::join_all((0..4).map(|_| world.reminds())).await.into_iter().sum();
    assert_eq!(published, 1, "once, whoever looks");
    let told = world.letters().await;
    assert_eq!(
        told.iter().filter(|letter| letter.starts_with("decision_published_to_applicant: ")).count(),
        3
    );
    assert_eq!(matter.seen(&cast.yen).await["decision"]["status"], "PUBLISHED");

    // A chosen proposal that is withdrawn under the embargo is not awarded behind everybody's back.
    let other = Case::drafted(&world, &cast).await;
    other.is_approved(&cast, &other.decision).await;
    let soon = world.now().await.plus_seconds(3_600).to_rfc3339();
    let input = json!({ "decisionId": other.decision, "record": record("57/QĐ"), "publishAt": soon });
    cast.publisher.does("publishDecision", input, CHANGED).await.ok();
    cast.linh.does("withdrawProposal", json!({ "proposalId": other.linh }), "proposal { status }").await.ok();
    world.letters().await;
    world.pass(DAY).await;
    world.reminds().await;
    let told = world.letters().await;
    // Meanwhile the other one became final.
    let told: Vec<_> = told.iter().filter(|letter| !letter.starts_with("decision_final: ")).collect();
    let lapsed = ["authority", "publisher"].map(|who| format!("decision_schedule_lapsed: {who}"));
    assert_eq!(
        told.into_iter().cloned().collect::<Vec<_>>(),
        lapsed,
        "who can do something about it hears that it was not"
    );
    let seen = cast.publisher.asks(
        "query ($id: ID!) { node(id: $id) { ... on Decision { status publishAt publication { number } } } }",
        json!({ "id": other.decision }),
    );
    let lapsed = json!({ "status": "APPROVED", "publishAt": null, "publication": null });
    assert_eq!(seen.await.ok(), lapsed);
    // Nor does it stand in the way for ever: the decision goes back and says no more of it.
    let input = json!({ "decisionId": other.decision, "reason": "Hồ sơ được chọn đã rút." });
    cast.authority.does("returnDecision", input, CHANGED).await.ok();
    other.is_approved(&cast, &other.decision).await;
    other.publishes(&cast, &other.decision, "58/QĐ").await;
    assert_eq!(other.seen(&cast.yen).await["status"], "CLOSED_NO_AWARD");
    world.finish().await;
}

#[tokio::test]
async fn a_decision_becomes_final_when_its_standstill_is_over_and_nobody_appeals_after_that() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let matter = Case::published(&world, &cast).await;
    world.pass(9 * DAY).await;
    assert_eq!(world.reminds().await, 0);
    world.pass(DAY).await;
    assert_eq!(
        appeals(&cast.yen, &matter.yen).await.refused(),
        ["DEADLINE_PASSED"],
        "by the clock, not by the job"
    );
    let over: u64 = futures_util::future::join_all((0..4).map(|_| world.reminds())).await.into_iter().sum();
    assert_eq!(over, 1);
    assert_eq!(matter.seen(&cast.yen).await["decision"]["status"], "FINAL");
    let told = world.letters().await;
    for who in ["lead", "linh", "quan", "yen"] {
        assert!(told.contains(&format!("decision_final: {who}")), "{who}: {told:?}");
    }
    assert_eq!(told.len(), 5, "agency and applicants, nobody else: {told:?}");
    assert_eq!(appeals(&cast.yen, &matter.yen).await.refused(), ["CONFLICT"]);
    world.finish().await;
}

#[tokio::test]
async fn an_appeal_is_filed_once_under_seal_and_dismissed_by_another_than_who_approved() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let matter = Case::published(&world, &cast).await;
    for stranger in [&cast.lead, &cast.officer, &cast.bao, &cast.linh] {
        let refused = appeals(stranger, &matter.yen).await;
        assert_eq!(refused.refused(), ["NOT_FOUND input.proposalId"], "{}", stranger.handle);
    }
    assert_eq!(appeals(&cast.quan, &matter.linh).await.refused(), ["NOT_PERMITTED"], "owners appeal");
    let filed = appeals(&cast.yen, &matter.yen).await.ok();
    assert_eq!(filed["appeal"]["decision"]["status"], "UNDER_APPEAL");
    let appeal = text(&filed["appeal"]["id"]);
    assert_eq!(appeals(&cast.yen, &matter.yen).await.refused(), ["ALREADY_EXISTS"]);
    let told = ["appeal_filed: yen", "appeal_received: authority", "appeal_received: publisher"];
    assert_eq!(world.letters().await, told);
    for reader in [&cast.yen, &cast.publisher, &cast.authority] {
        assert!(!world.last_mail_to(&reader.email).await.text.contains("canary"), "{}", reader.handle);
    }
    for row in appeal::Entity::find().all(world.db()).await.unwrap() {
        assert!(!format!("{row:?}").contains("canary"), "it lies in the open");
    }
    // Who reads it, and who does not know of it.
    let read = "query ($id: ID!) { node(id: $id) { ... on Appeal { grounds reason viewerCanRule appellant { slug } } } }";
    for (reader, can_rule) in [
        (&cast.yen, false),
        (&cast.publisher, true),
        (&cast.officer, false),
        (&cast.authority, false),
        (&cast.auditor, false),
    ] {
        let seen = reader.asks(read, json!({ "id": appeal })).await.ok();
        assert!(text(&seen["grounds"]).starts_with("canarygrounds"), "{}", reader.handle);
        assert_eq!(seen["viewerCanRule"], json!(can_rule), "{}", reader.handle);
    }
    for stranger in [&cast.linh, &cast.lead, &cast.chair, &cast.reviewer] {
        assert_eq!(
            stranger.asks(read, json!({ "id": appeal })).await.ok(),
            Value::Null,
            "{}",
            stranger.handle
        );
        assert_eq!(rules(stranger, &appeal, "DISMISS").await.refused(), ["NOT_FOUND input.appealId"]);
    }
    for reader in [&cast.authority, &cast.officer, &cast.yen] {
        assert_eq!(rules(reader, &appeal, "DISMISS").await.refused(), ["NOT_PERMITTED"], "{}", reader.handle);
    }
    // While it waits nothing becomes final, however long it takes.
    world.pass(20 * DAY).await;
    assert_eq!(world.reminds().await, 0);
    let ruled = rules(&cast.publisher, &appeal, "DISMISS").await.ok();
    assert_eq!(ruled["appeal"]["status"], "DISMISSED");
    assert_eq!(ruled["appeal"]["decision"]["status"], "FINAL");
    assert_eq!(rules(&cast.publisher, &appeal, "GRANT").await.refused(), ["CONFLICT"], "once");
    let told = world.letters().await;
    assert!(
        told.contains(&"appeal_ruled: yen".to_owned()) && told.contains(&"decision_final: linh".to_owned())
    );
    assert!(
        !told.iter().any(|letter| letter.starts_with("appeal_ruled") && !letter.ends_with("yen")),
        "{told:?}"
    );
    let seen = cast.yen.asks(read, json!({ "id": appeal })).await.ok();
    assert!(text(&seen["reason"]).starts_with("canaryreason"));
    world.finish().await;
}

#[tokio::test]
async fn a_granted_appeal_takes_everything_back_and_the_decision_is_made_anew() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let matter = Case::published(&world, &cast).await;
    let first = text(&appeals(&cast.yen, &matter.yen).await.ok()["appeal"]["id"]);
    let version = "query ($id: ID!) { node(id: $id) { ... on Decision { version updatedAt } } }";
    let before = cast.bao.asks(version, json!({ "id": matter.decision })).await.ok();
    let second = text(&appeals(&cast.linh, &matter.linh).await.ok()["appeal"]["id"]);
    let after = cast.bao.asks(version, json!({ "id": matter.decision })).await.ok();
    assert_eq!(before, after, "how many appeal is nobody else's business");
    world.letters().await;
    let name = json!({ "challengeId": matter.challenge, "email": cast.authority.email });
    let renamed = cast.officer.does("nameDecisionMaker", name.clone(), "challenge { id }").await;
    assert_eq!(renamed.refused(), ["CONFLICT"]);
    let ruled = rules(&cast.publisher, &first, "GRANT").await.ok();
    assert_eq!(ruled["appeal"]["decision"]["status"], "SUPERSEDED");
    let told = world.letters().await;
    for who in ["linh", "quan", "yen"] {
        assert!(told.contains(&format!("appeal_ruled: {who}")), "{who}: {told:?}");
    }
    for who in ["authority", "chair", "lead", "linh", "quan", "reviewer", "secretary", "yen"] {
        assert!(told.contains(&format!("decision_set_aside: {who}")), "{who}: {told:?}");
    }
    assert_eq!(
        rules(&cast.publisher, &second, "DISMISS").await.refused(),
        ["CONFLICT"],
        "nothing is left to rule on"
    );
    // Nobody is chosen any more; what was published stays known as what was set aside.
    let seen = matter.seen(&cast.lead).await;
    assert_eq!((&seen["status"], &seen["decision"]), (&json!("DECISION"), &Value::Null));
    let former = json!([{
        "id": matter.decision, "status": "SUPERSEDED", "publication": { "number": "56/QĐ" }, "outcomes": [], "appeals": [],
    }]);
    assert_eq!(seen["formerDecisions"], former);
    let own = "query ($id: ID!) { node(id: $id) { ... on Proposal { status feedback meanScore } } }";
    let nothing = json!({ "status": "UNDER_REVIEW", "feedback": null, "meanScore": null });
    assert_eq!(cast.linh.asks(own, json!({ "id": matter.linh })).await.ok(), nothing);

    // Perhaps it was set aside because of who decided: somebody else may be named.
    cast.officer.does("nameDecisionMaker", name, "challenge { id }").await.ok();

    // Another draft begins with what was decided; chair and decision maker know why.
    let draft = "query ($id: ID!) { challenge(by: { id: $id }) { decision { id version status returnReason outcomes { outcome feedback rank } } } }";
    let seen = cast.chair.asks(draft, json!({ "id": matter.challenge })).await.ok();
    let anew = seen["decision"].clone();
    assert_eq!((&anew["status"], &anew["version"]), (&json!("DRAFT"), &json!(1)));
    assert!(text(&anew["returnReason"]).starts_with("canaryreason"));
    let begun = json!([
        { "outcome": "SELECTED", "feedback": "Rõ ràng.", "rank": 1 },
        { "outcome": "NOT_SELECTED", "feedback": "Rõ ràng.", "rank": 2 },
    ]);
    assert_eq!(anew["outcomes"], begun);
    assert_ne!(anew["id"], json!(matter.decision));
    assert_eq!(cast.authority.asks(draft, json!({ "id": matter.challenge })).await.ok(), seen);
    let anew = text(&anew["id"]);
    matter.is_to_choose(&cast, &anew, ["NOT_SELECTED", "SELECTED"]).await;
    matter.is_approved(&cast, &anew).await;
    world.letters().await;
    matter.publishes(&cast, &anew, "58/QĐ").await;
    let told = world.letters().await;
    assert_eq!(
        told.iter().filter(|letter| letter.starts_with("decision_published_to_applicant: ")).count(),
        3
    );
    let seen = matter.seen(&cast.lead).await;
    assert_eq!((&seen["status"], &seen["decision"]["status"]), (&json!("AWARDED"), &json!("PUBLISHED")));
    assert_eq!(
        seen["formerDecisions"][0]["outcomes"],
        json!([
            { "title": null }, { "title": null },
        ]),
        "the agency reads what was set aside, as which nobody was chosen"
    );
    // Against the new one everybody may appeal again, also who appealed against the former.
    let again = appeals(&cast.linh, &matter.linh).await.ok();
    assert_eq!(again["appeal"]["status"], "PENDING");
    // The chain holds, and the ranking is what the sheets say.
    let check = "query ($id: ID!) { challenge(by: { id: $id }) { rankingCheck { comparedCount isSealed differences { proposal { id } } } } }";
    let checked = cast.auditor.asks(check, json!({ "id": matter.challenge })).await.ok();
    assert_eq!(checked["rankingCheck"], json!({ "comparedCount": 2, "isSealed": true, "differences": [] }));
    world.finish().await;
}

#[tokio::test]
async fn of_many_who_rule_at_once_one_does() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let matter = Case::published(&world, &cast).await;
    let appeal = text(&appeals(&cast.yen, &matter.yen).await.ok()["appeal"]["id"]);
    let rulings = ["GRANT", "DISMISS"].repeat(6);
    let answers =
        futures_util::future::join_all(rulings.iter().map(|ruling| rules(&cast.publisher, &appeal, ruling)))
            .await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.refusals().is_empty()).collect();
    assert_eq!(done.len(), 1);
    for answer in &answers {
        let refusals = answer.refusals();
        assert!(refusals.is_empty() || refusals == ["CONFLICT"], "{refusals:?}");
    }
    let seen = matter.seen(&cast.publisher).await;
    let former = seen["formerDecisions"].as_array().unwrap().len();
    let expected = if former == 1 { "DECISION" } else { "AWARDED" };
    assert_eq!(seen["status"], expected);
    world.finish().await;
}
