//! What somebody may do, and why not, is what the commands say: in every state, for everybody, every verdict is put to the
//! test. Allowed means that the mutation is done, not allowed that it is refused for one of the reasons given, not listed
//! that it is refused for lack of the right. The verdicts stand in `golden/verdicts-*.txt`, to be read by people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use api::graphql::id::encode;
use domain::action::{ChallengeAction, DecisionAction, OrganizationAction, ProposalAction, ReviewAction};
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use e2e::cast::{record, text, vietnamese};
use e2e::rows::{self, insert};
use e2e::stage::stage;
use e2e::{Person, Scene, Troupe, World};
use entity::*;
use serde_json::{Value, json};

/// Asks for the verdicts on an object.
async fn verdicts(person: &Person, id: &str) -> Value {
    verdicts_on(person, &[id]).await.remove(0)
}

/// Asks for the verdicts on many objects.
async fn verdicts_on(person: &Person, ids: &[&str]) -> Vec<Value> {
    let document = "query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Challenge { version verdicts: viewerActions { action isAllowed reasons } allowedChallenge: availableActions }
        ... on Proposal { version canSubmit: viewerCanSubmit proposalVerdicts: viewerActions { action isAllowed reasons } allowedProposal: availableActions }
        ... on Review { version reviewVerdicts: viewerActions { action isAllowed reasons } }
        ... on Decision { version decisionVerdicts: viewerActions { action isAllowed reasons } allowedDecision: availableActions }
        ... on Organization { version organizationVerdicts: viewerActions { action isAllowed reasons } }
    } }";
    let Value::Array(seen) = person.asks(document, json!({ "ids": ids })).await.ok() else {
        panic!("no list")
    };
    seen
}

/// One verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    action: String,
    reasons: Option<Vec<String>>,
}

/// The verdicts in the answer. Whatever else it says of actions agrees with them.
fn read(seen: &Value) -> Vec<Verdict> {
    let list = |suffix: &str| {
        let fields = seen.as_object().into_iter().flatten();
        let found = fields.filter(|(name, _)| name.to_lowercase().ends_with(suffix)).map(|(_, value)| value);
        found.filter_map(Value::as_array).flatten().cloned().collect::<Vec<_>>()
    };
    let strings = |values: &Value| values.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let verdicts: Vec<_> = list("verdicts")
        .iter()
        .map(|verdict| {
            let reasons = strings(&verdict["reasons"]);
            assert_eq!(verdict["isAllowed"] == true, reasons.is_empty(), "{verdict}");
            let reasons = (!reasons.is_empty()).then_some(reasons);
            Verdict { action: text(&verdict["action"]), reasons }
        })
        .collect();
    let allowed: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.reasons.is_none())
        .map(|verdict| verdict.action.clone())
        .collect();
    if seen.as_object().is_some_and(|seen| seen.keys().any(|key| key.starts_with("allowed"))) {
        let mut available = Vec::new();
        for (name, value) in seen.as_object().unwrap() {
            if name.starts_with("allowed") {
                available = strings(value);
            }
        }
        assert_eq!(available, allowed, "{seen}");
    }
    if let Some(can) = seen.get("canSubmit") {
        assert_eq!(can.as_bool(), Some(allowed.iter().any(|action| action == "SUBMIT")), "{seen}");
    }
    verdicts
}

/// The mutation of an action on an object, with an input that lacks nothing.
fn attempt(kind: Kind, action: &str, id: &str, version: &Value, spare: &str) -> (&'static str, Value) {
    let challenge = |more: Value| merged(json!({ "challengeId": id }), more);
    let proposal = |more: Value| merged(json!({ "proposalId": id }), more);
    let review = |more: Value| merged(json!({ "reviewId": id }), more);
    let decision = |more: Value| merged(json!({ "decisionId": id }), more);
    let house = |more: Value| merged(json!({ "organizationId": id }), more);
    let reason = json!({ "reason": "Có lý do." });
    match (kind, action) {
        (Kind::Challenge, "EDIT") => {
            ("updateChallenge", challenge(json!({ "expectedVersion": version, "title": vietnamese("Ngập") })))
        }
        (Kind::Challenge, "SUBMIT_FOR_APPROVAL") => ("submitChallengeForApproval", challenge(json!({}))),
        (Kind::Challenge, "REQUEST_CHANGES") => ("requestChallengeChanges", challenge(reason)),
        (Kind::Challenge, "APPROVE") => ("approveChallenge", challenge(json!({ "record": record("1/QĐ") }))),
        (Kind::Challenge, "RECALL") => ("recallChallenge", challenge(json!({}))),
        (Kind::Challenge, "PUBLISH") => ("publishChallenge", challenge(json!({ "record": record("2/QĐ") }))),
        (Kind::Challenge, "AMEND") => (
            "amendChallenge",
            challenge(
                json!({ "expectedVersion": version, "changeNote": vietnamese("Sửa"), "title": vietnamese("Ngập") }),
            ),
        ),
        (Kind::Challenge, "ANNOUNCE") => {
            ("publishAnnouncement", challenge(json!({ "text": vietnamese("Buổi giới thiệu") })))
        }
        (Kind::Challenge, "SHARE_PREVIEW") => ("sharePreview", challenge(json!({}))),
        (Kind::Challenge, "LINK_DUPLICATE") => ("unlinkDuplicate", challenge(json!({}))),
        (Kind::Challenge, "PAUSE") => ("pauseChallenge", challenge(reason)),
        (Kind::Challenge, "RESUME") => ("resumeChallenge", challenge(json!({}))),
        (Kind::Challenge, "CANCEL") => ("cancelChallenge", challenge(reason)),
        (Kind::Challenge, "APPOINT_COUNCIL_MEMBER") => {
            ("appointCouncilMember", challenge(json!({ "email": spare, "role": "MEMBER" })))
        }
        (Kind::Challenge, "NAME_DECISION_MAKER") => {
            ("nameDecisionMaker", challenge(json!({ "email": spare })))
        }
        (Kind::Challenge, "REQUEST_OPENING") => ("requestProposalOpening", challenge(json!({}))),
        (Kind::Challenge, "OPEN_PROPOSALS") => ("confirmProposalOpening", challenge(json!({}))),
        (Kind::Challenge, "PLAN_REVIEWS") => {
            ("planReviews", challenge(json!({ "reviewersPerProposal": 2, "maxLoad": 9 })))
        }
        (Kind::Challenge, "RELEASE_REVIEW_PLAN") => {
            ("releaseReviewPlan", challenge(json!({ "expectedVersion": 1 })))
        }
        (Kind::Challenge, "ASSIGN_REVIEWS") => ("assignReviews", challenge(json!({ "assignments": [] }))),
        (Kind::Challenge, "LOCK_ROUND") => ("lockRound", challenge(json!({}))),
        (Kind::Challenge, "START_PROMOTION") => ("startPromotion", challenge(json!({}))),
        (Kind::Challenge, "START_DECISION") => ("startDecision", challenge(json!({}))),
        (Kind::Proposal, "EDIT") => {
            ("updateProposal", proposal(json!({ "expectedVersion": version, "title": "Khác" })))
        }
        (Kind::Proposal, "SUBMIT") => ("submitProposal", proposal(json!({ "declaresOwnership": true }))),
        (Kind::Proposal, "REVIVE") => ("reviveProposal", proposal(json!({}))),
        (Kind::Proposal, "WITHDRAW") => ("withdrawProposal", proposal(json!({}))),
        (Kind::Proposal, "DECLARE_CONFLICT") => {
            ("declareConflict", proposal(json!({ "kind": "OTHER", "reason": "Quen biết." })))
        }
        (Kind::Proposal, "DECLARE_NO_CONFLICT") => ("declareNoConflict", proposal(json!({}))),
        (Kind::Proposal, "ASK_CLARIFICATION") => (
            "askClarification",
            proposal(json!({ "question": "Xin nêu rõ nguồn số liệu.", "dueAt": "2190-01-01T00:00:00Z" })),
        ),
        (Kind::Proposal, "ANSWER_CLARIFICATION") => {
            ("answerClarification", proposal(json!({ "answer": "Nguồn: báo cáo năm." })))
        }
        (Kind::Proposal, "APPEAL") => {
            ("fileAppeal", proposal(json!({ "grounds": "Điểm của tiêu chí 2 không có lý do." })))
        }
        (Kind::Proposal, "REQUEST_DISQUALIFICATION") => {
            ("requestDisqualification", proposal(merged(json!({ "ground": "NOT_THEIR_OWN" }), reason)))
        }
        (Kind::Proposal, "CONFIRM_DISQUALIFICATION") => ("confirmDisqualification", proposal(json!({}))),
        (Kind::Proposal, "REFUSE_DISQUALIFICATION") => ("refuseDisqualification", proposal(reason)),
        (Kind::Proposal, "ADMIT") => {
            ("screenProposal", proposal(json!({ "isEligible": true, "reason": "Hợp lệ." })))
        }
        (Kind::Proposal, "REFUSE") => {
            ("screenProposal", proposal(json!({ "isEligible": false, "reason": "Thiếu." })))
        }
        (Kind::Review, "SAVE") => {
            ("saveScoreSheet", review(json!({ "expectedVersion": version, "marks": [] })))
        }
        (Kind::Review, "SUBMIT") => ("submitReview", review(json!({}))),
        (Kind::Review, "DECLINE") => ("declineReview", review(reason)),
        (Kind::Review, "REVOKE") => ("revokeReview", review(reason)),
        (Kind::Review, "REQUEST_VOID") => ("requestReviewVoid", review(reason)),
        (Kind::Review, "CONFIRM_VOID") => ("confirmReviewVoid", review(json!({}))),
        (Kind::Review, "REOPEN") => ("reopenReview", review(reason)),
        (Kind::Decision, "EDIT") => ("updateDecision", decision(json!({ "expectedVersion": version }))),
        (Kind::Decision, "PROPOSE") => ("proposeDecision", decision(json!({}))),
        (Kind::Decision, "RETURN") => ("returnDecision", decision(reason)),
        (Kind::Decision, "APPROVE") => ("approveDecision", decision(json!({ "expectedVersion": version }))),
        (Kind::Decision, "PUBLISH") => ("publishDecision", decision(json!({ "record": record("3/QĐ") }))),
        (Kind::Organization, "VERIFY") => ("verifyOrganization", house(json!({}))),
        (Kind::Organization, "REJECT") => ("rejectOrganization", house(reason)),
        (Kind::Organization, "SUSPEND") => ("suspendOrganization", house(reason)),
        (Kind::Organization, "REINSTATE") => ("reinstateOrganization", house(reason)),
        (Kind::Organization, "CLOSE") => ("closeOrganization", house(reason)),
        other => panic!("no mutation for {other:?}"),
    }
}

fn merged(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more}") };
    object.as_object_mut().unwrap().extend(more);
    object
}

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Challenge,
    Proposal,
    Review,
    Decision,
    Organization,
}

impl Kind {
    /// Every action on such an object.
    fn actions(self) -> Vec<&'static str> {
        match self {
            Self::Challenge => ChallengeAction::ALL.iter().map(|action| action.name()).collect(),
            Self::Proposal => ProposalAction::ALL.iter().map(|action| action.name()).collect(),
            Self::Review => ReviewAction::ALL.iter().map(|action| action.name()).collect(),
            Self::Decision => DecisionAction::ALL.iter().map(|action| action.name()).collect(),
            Self::Organization => OrganizationAction::ALL.iter().map(|action| action.name()).collect(),
        }
    }
}

/// The objects of a stage, each with a name that is the same wherever the stage stands.
fn objects(stage: &e2e::stage::Stage) -> Vec<(Kind, String, String)> {
    let numbered = |kind, name: &str, ids: &[String]| {
        let objects =
            ids.iter().enumerate().map(|(place, id)| (kind, format!("{name} {}", place + 1), id.clone()));
        objects.collect::<Vec<_>>()
    };
    let mut objects = vec![(Kind::Challenge, "challenge".to_owned(), stage.challenge.clone())];
    objects.extend(numbered(Kind::Proposal, "proposal", &stage.proposals));
    objects.extend(numbered(Kind::Review, "review", &stage.reviews));
    objects.extend(stage.decision.iter().map(|id| (Kind::Decision, "decision".to_owned(), id.clone())));
    objects
}

/// What was found out of a scene: object and action, then verdict, then who.
type Book = BTreeMap<(Kind, String, usize), BTreeMap<String, Vec<String>>>;

/// Scenes in which also what is not listed is tried.
const TYPICAL: &[Scene] =
    &[Scene::Draft, Scene::InReview, Scene::Approved, Scene::Open, Scene::Reviewing, Scene::Proposed];

/// Puts every verdict of the scene to the test.
async fn prove(world: &World, troupe: &Troupe, scene: Scene) -> Book {
    let mut book = Book::new();
    let here = stage(world, troupe, scene).await;
    let spare = &troupe.stranger.email;
    for person in troupe.everybody() {
        let objects_here = objects(&here);
        let ids: Vec<_> = objects_here.iter().map(|(_, _, id)| id.as_str()).collect();
        let all_seen = verdicts_on(person, &ids).await;
        for (place, ((kind, name, id), seen)) in objects_here.iter().zip(all_seen).enumerate() {
            let kind = *kind;
            let given = read(&seen);
            assert!(!seen.is_null() || given.is_empty());
            for (order, action) in kind.actions().into_iter().enumerate() {
                let (mutation, input) = match (kind, action) {
                    // Offers of a proposal go by its challenge; nobody need get one.
                    (Kind::Proposal, "START_REVIEW") => {
                        let offer = json!([{ "proposalId": id, "memberIds": [] }]);
                        ("assignReviews", json!({ "challengeId": here.challenge, "assignments": offer }))
                    }
                    _ => attempt(kind, action, id, &seen["version"], spare),
                };
                let verdict = given.iter().find(|verdict| verdict.action == action);
                let what = format!("{scene:?} {name} {action} by {}", person.handle);
                let told = match verdict {
                    None if seen.is_null() || !TYPICAL.contains(&scene) => continue,
                    None => {
                        let refused = codes(&person.does(mutation, input, "__typename").await.refused());
                        assert!(
                            refused == ["NOT_PERMITTED"] || refused == ["NOT_FOUND"],
                            "{what} is not listed, and refused for {refused:?}"
                        );
                        continue;
                    }
                    Some(Verdict { reasons: Some(reasons), .. }) => {
                        let refused = codes(&person.does(mutation, input, "__typename").await.refused());
                        assert!(
                            refused.iter().all(|code| reasons.contains(code)),
                            "{what} is refused for {refused:?}, not {reasons:?}"
                        );
                        reasons.join(", ")
                    }
                    // The same everywhere, by many: in typical scenes is enough.
                    Some(Verdict { reasons: None, .. })
                        if action.starts_with("DECLARE") && !TYPICAL.contains(&scene) =>
                    {
                        "yes".to_owned()
                    }
                    Some(Verdict { reasons: None, .. }) => {
                        // Done on a stage of its own: this one stays as it is.
                        let there = stage(world, troupe, scene).await;
                        let (_, _, its_id) = objects(&there)[place].clone();
                        let input = elsewhere(&input, [(id, &its_id), (&here.challenge, &there.challenge)]);
                        let answer = person.does(mutation, input, "__typename").await;
                        assert!(answer.body["data"][mutation].is_object(), "{what}: {answer:#?}");
                        answer.ok();
                        "yes".to_owned()
                    }
                };
                let row = book.entry((kind, format!("{name} {action}"), order)).or_default();
                row.entry(told).or_default().push(person.handle.clone());
            }
        }
    }
    book
}

/// The input with other ids.
fn elsewhere<const N: usize>(input: &Value, ids: [(&String, &String); N]) -> Value {
    let text = ids.iter().fold(input.to_string(), |text, (here, there)| text.replace(here.as_str(), there));
    serde_json::from_str(&text).unwrap()
}

/// Codes alone, each once.
fn codes(refusals: &[String]) -> Vec<String> {
    let mut codes: Vec<_> =
        refusals.iter().map(|refusal| refusal.split(' ').next().unwrap().to_owned()).collect();
    codes.dedup();
    codes
}

fn print(scene: &str, book: &Book) -> String {
    let mut out = format!("{scene}\n");
    let mut elsewhere: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((_, what, _), verdicts) in book {
        if verdicts.keys().all(|verdict| verdict == "CONFLICT") {
            let (name, action) = what.rsplit_once(' ').unwrap_or(("organization", what));
            elsewhere.entry(name).or_default().push(action);
            continue;
        }
        let told: Vec<_> =
            verdicts.iter().map(|(verdict, people)| format!("{verdict}: {}", people.join(" "))).collect();
        writeln!(out, "    {what:<34} {}", told.join("; ")).unwrap();
    }
    for (name, actions) in elsewhere {
        writeln!(out, "    {name}, nobody in this state: {}", actions.join(" ")).unwrap();
    }
    out
}

/// What is in print is what was found.
pub fn compare(name: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, printed).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == printed, "{name} is not what was found: UPDATE_GOLDEN=1 rewrites it\n{printed}");
}

async fn scenes(name: &str, scenes: &[Scene]) {
    let world = Box::pin(World::new()).await;
    let troupe = Box::pin(Troupe::gather(&world)).await;
    let mut printed = Vec::new();
    for scene in scenes {
        let book = Box::pin(prove(&world, &troupe, *scene)).await;
        printed.push(print(&format!("{scene:?}"), &book));
    }
    compare(name, &printed.join("\n"));
    world.finish().await;
}

#[tokio::test]
async fn verdicts_before_publication_are_kept() {
    scenes("verdicts-before-publication.txt", &Scene::ALL[..6]).await;
}

#[tokio::test]
async fn verdicts_under_seal_are_kept() {
    scenes("verdicts-under-seal.txt", &Scene::ALL[6..11]).await;
}

#[tokio::test]
async fn verdicts_of_the_evaluation_are_kept() {
    scenes("verdicts-of-the-evaluation.txt", &Scene::ALL[11..17]).await;
}

#[tokio::test]
async fn verdicts_of_the_decision_are_kept() {
    scenes("verdicts-of-the-decision.txt", &Scene::ALL[17..]).await;
}

/// So many houses are there for what is done in earnest.
const SPARE: usize = 24;

#[tokio::test]
async fn verdicts_on_organizations_are_kept() {
    use MembershipRole::{Lead, Owner};
    use OrganizationKind::{Agency, Startup, Team};
    use OrganizationStatus::{Closed, Pending, Rejected, Suspended, Verified};

    let world = World::new().await;
    let troupe = Troupe::gather(&world).await;
    let cast = &troupe.cast;
    let house = async |status, kind, founder: &Person, manager: &Person, role| {
        let row = organization::Model { status, ..rows::organization(kind, founder.account) };
        insert(world.db(), [row.clone()]).await.unwrap();
        insert(world.db(), [rows::membership(row.id, manager.account, role)]).await.unwrap();
        row
    };
    let people = [
        &cast.officer,
        &cast.publisher,
        &cast.lead,
        &cast.linh,
        &troupe.newcomer,
        &cast.administrator,
        &cast.auditor,
        &troupe.stranger,
    ];
    let cases = [
        (Pending, Startup, &troupe.newcomer, Owner),
        (Pending, Agency, &cast.officer, Lead),
        (Verified, Startup, &cast.linh, Owner),
        (Rejected, Startup, &troupe.newcomer, Owner),
        (Suspended, Startup, &cast.linh, Owner),
        (Verified, Agency, &cast.lead, Lead),
        (Suspended, Agency, &cast.lead, Lead),
        (Closed, Team, &cast.linh, Owner),
    ];
    // All of them before anybody asks: who belongs where is kept for a second.
    let mut spare = Vec::new();
    for (status, kind, founder, role) in cases {
        let manager = if founder.handle == "officer" { &cast.lead } else { founder };
        let mut houses = Vec::new();
        for _ in 0..SPARE {
            let row = house(status, kind, founder, manager, role).await;
            let member = rows::membership(row.id, cast.bao.account, role);
            insert(world.db(), [member.clone()]).await.unwrap();
            houses.push((encode(row.id).to_string(), encode(member.id).to_string()));
        }
        spare.push(houses);
    }
    let mut printed = String::new();
    for ((status, kind, founder, role), mut houses) in cases.into_iter().zip(spare) {
        let mut book = Book::new();
        let (id, member) = houses.pop().unwrap();
        for person in people {
            let seen = verdicts(person, &id).await;
            let given = read(&seen);
            for (order, action) in Kind::Organization.actions().into_iter().enumerate() {
                let verdict = given.iter().find(|verdict| verdict.action == action);
                let what = format!("{status} {kind} {action} by {}", person.handle);
                let refused = async || {
                    let (mutation, input) = on_house(action, (&id, &member), role, &cast.agency);
                    codes(&person.does(mutation, input, "__typename").await.refused())
                };
                let told = match verdict {
                    None => {
                        // What makes no sense for that kind of house is refused for another reason.
                        let action = OrganizationAction::from_name(action).unwrap();
                        if !seen.is_null() && action.right(kind, status).is_some() {
                            let refused = refused().await;
                            assert!(
                                refused == ["NOT_PERMITTED"] || refused == ["NOT_FOUND"],
                                "{what} is not listed"
                            );
                        }
                        continue;
                    }
                    Some(Verdict { reasons: Some(reasons), .. }) => {
                        let refused = refused().await;
                        assert!(refused.iter().all(|code| reasons.contains(code)), "{what}: {refused:?}");
                        reasons.join(", ")
                    }
                    Some(Verdict { reasons: None, .. }) => {
                        let there = houses.pop().unwrap();
                        let (mutation, input) = on_house(action, (&there.0, &there.1), role, &cast.agency);
                        person.does(mutation, input, "__typename").await.ok();
                        "yes".to_owned()
                    }
                };
                let row = book.entry((Kind::Organization, action.to_owned(), order)).or_default();
                row.entry(told).or_default().push(person.handle.clone());
            }
        }
        printed += &print(&format!("{status} {kind} founded by {}", founder.handle), &book);
        printed.push('\n');
    }
    compare("verdicts-on-organizations.txt", &format!("{}\n", printed.trim_end()));
    world.finish().await;
}

/// An id as a handle may be written.
fn slug(id: &str) -> String {
    id.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn on_house(
    action: &str,
    (id, member): (&str, &str),
    role: MembershipRole,
    delegate: &str,
) -> (&'static str, Value) {
    match action {
        "INVITE_MEMBER" => {
            let input = json!({ "organizationId": id, "email": "moi@example.vn", "role": role.name() });
            ("inviteMember", input)
        }
        "CHANGE_MEMBER_ROLE" => {
            let less = match role {
                MembershipRole::Lead => "DRAFTER",
                MembershipRole::Publisher => "OFFICER",
                _ => "VIEWER",
            };
            ("changeMemberRole", json!({ "membershipId": member, "role": less }))
        }
        "REMOVE_MEMBER" => ("removeMember", json!({ "membershipId": member })),
        "DESCRIBE" => {
            let input = json!({ "organizationId": id, "expectedVersion": 1, "about": vietnamese("Chúng tôi là ai.") });
            ("describeOrganization", input)
        }
        "UPDATE" => {
            let input =
                json!({ "organizationId": id, "expectedVersion": 1, "slug": format!("ma-{}", slug(id)) });
            ("updateOrganization", input)
        }
        "PLACE" => {
            let input = json!({ "organizationId": id, "expectedVersion": 1, "validFrom": "2025-07-01" });
            ("placeOrganization", input)
        }
        "DELEGATE" => {
            let input = json!({
                "unitId": id,
                "delegateId": delegate,
                "record": record("4/QĐ"),
                "validFrom": "2026-01-01",
                "validUntil": "2199-12-31",
            });
            ("delegateUnit", input)
        }
        "ESTABLISH_WORKING_GROUP" => {
            let focal_point = json!({ "person": { "name": "Tổ" }, "role": "HEAD", "isFocalPoint": true, "termFrom": "2026-01-01" });
            let input = json!({ "organizationId": id, "record": record("5/QĐ"), "members": [focal_point] });
            ("establishWorkingGroup", input)
        }
        _ => attempt(Kind::Organization, action, id, &Value::Null, ""),
    }
}

/// May one of my startups answer, and what is in the way?
#[tokio::test]
async fn bids_are_allowed_as_long_as_they_are_taken() {
    let world = World::new().await;
    let troupe = Troupe::gather(&world).await;
    let cast = &troupe.cast;
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { viewerBids {
        organization { id } proposal { id } draft { isAllowed reasons } submission { isAllowed reasons }
    } } }";
    let may = |reasons: &[&str]| json!({ "isAllowed": reasons.is_empty(), "reasons": reasons });
    let (early, late, done): (&[_], &[_], &[_]) = (&["NOT_OPEN"], &["DEADLINE_PASSED"], &["CONFLICT"]);
    // Who, in which scene: whether they have a proposal there, may draft one, may hand one in.
    for (person, scene, has, draft, submission) in [
        (&cast.linh, Scene::Upcoming, true, &["ALREADY_EXISTS"] as &[_], early),
        (&cast.yen, Scene::Upcoming, false, &[], early),
        (&cast.bao, Scene::Open, false, &[], &[]),
        (&cast.yen, Scene::Open, true, &["ALREADY_EXISTS"], &[]),
        (&cast.quan, Scene::Open, true, &["ALREADY_EXISTS"], &["NOT_PERMITTED"]),
        (&troupe.newcomer, Scene::Open, true, &["ALREADY_EXISTS"], &["ORGANIZATION_NOT_VERIFIED"]),
        (&troupe.newcomer, Scene::Upcoming, false, &[], &["NOT_OPEN", "ORGANIZATION_NOT_VERIFIED"]),
        (&cast.bao, Scene::Closed, false, late, late),
        (&cast.yen, Scene::Locked, true, done, done),
        (&cast.yen, Scene::Awarded, true, done, done),
    ] {
        let there = stage(&world, &troupe, scene).await;
        let seen = person.asks(document, json!({ "id": there.challenge })).await.ok();
        let [bid] = seen["viewerBids"].as_array().unwrap().as_slice() else { panic!("{seen}") };
        let what = format!("{scene:?} {}", person.handle);
        assert_eq!(bid["proposal"].is_object(), has, "{what}");
        assert_eq!(bid["draft"], may(draft), "{what}");
        assert_eq!(bid["submission"], may(submission), "{what}");
        let input = json!({
            "challengeId": there.challenge, "organizationId": bid["organization"]["id"], "title": "Đê", "summary": "Cao hơn",
        });
        let answer = person.does("createProposal", input, "proposal { status }").await;
        if draft.is_empty() {
            assert_eq!(answer.ok()["proposal"]["status"], "DRAFT", "{what}");
        } else {
            assert_eq!(codes(&answer.refused()), draft, "{what}");
        }
    }
    let open = stage(&world, &troupe, Scene::Open).await;
    for person in [&troupe.onlooker, &cast.lead, &cast.officer, &cast.chair, &cast.auditor, &troupe.stranger]
    {
        let seen = person.asks(document, json!({ "id": open.challenge })).await.ok();
        assert_eq!(seen, json!({ "viewerBids": [] }), "{}", person.handle);
    }
    world.finish().await;
}

/// A visitor has no list, and no verdict tells what its reader may not know.
#[tokio::test]
async fn verdicts_betray_nothing() {
    let world = World::new().await;
    let troupe = Troupe::gather(&world).await;
    let cast = &troupe.cast;
    let document = "query ($id: ID!) { challenge(by: { id: $id }) {
        viewerActions { action } availableActions viewerBids { proposal { id } }
        agency { viewerActions { action } } decision { viewerActions { action } availableActions }
    } }";
    for scene in [Scene::Open, Scene::Locked, Scene::Awarded] {
        let there = stage(&world, &troupe, scene).await;
        let seen = world.visitor.call(document, json!({ "id": there.challenge })).await.ok();
        let none = json!([]);
        for path in ["/viewerActions", "/availableActions", "/viewerBids", "/agency/viewerActions"] {
            assert_eq!(seen.pointer(path), Some(&none), "{scene:?} {path}");
        }
        assert!(seen["decision"].is_null() || seen["decision"]["viewerActions"] == none, "{seen}");
    }
    // The lock: to the team a proposal looks the same before and after.
    let (before, after) = (
        stage(&world, &troupe, Scene::ReadyToLock).await,
        stage(&world, &troupe, Scene::LockedWithoutDecisionMaker).await,
    );
    for person in [&cast.linh, &cast.quan, &troupe.onlooker] {
        let seen = [&before, &after].map(|stage| stage.proposals[0].clone());
        let seen = [verdicts(person, &seen[0]).await, verdicts(person, &seen[1]).await];
        assert_eq!(read(&seen[0]), read(&seen[1]), "{}", person.handle);
    }
    // Sheets of others: a reviewer's verdicts are the same whether or not the others have handed in.
    let (few, many) =
        (stage(&world, &troupe, Scene::Opened).await, stage(&world, &troupe, Scene::ReadyToLock).await);
    for person in [&cast.reviewer, &cast.third_reviewer] {
        let seen = [verdicts(person, &few.challenge).await, verdicts(person, &many.challenge).await];
        assert_eq!(read(&seen[0]), read(&seen[1]), "{}", person.handle);
        assert_eq!(read(&verdicts(person, &many.reviews[1]).await), [], "another's review");
    }
    // Sealed proposals: whoever must not know of them has the same verdicts with three of them as with none.
    let (sealed, none) =
        (stage(&world, &troupe, Scene::Closed).await, stage(&world, &troupe, Scene::Closed).await);
    let ids: Vec<_> =
        none.proposals.iter().map(|id| domain::id::PublicId::from_public(id).unwrap()).collect();
    withdraw(&world, &ids).await;
    for person in troupe.everybody() {
        let seen = [verdicts(person, &sealed.challenge).await, verdicts(person, &none.challenge).await];
        assert_eq!(read(&seen[0]), read(&seen[1]), "{}", person.handle);
    }
    world.finish().await;
}

async fn withdraw(world: &World, ids: &[domain::id::ProposalId]) {
    use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let change = proposal::ActiveModel {
        status: Set(domain::proposal::ProposalStatus::Withdrawn),
        ..Default::default()
    };
    let some = proposal::Entity::update_many()
        .set(change)
        .filter(proposal::Column::Id.is_in(ids.to_vec()))
        .filter(proposal::Column::Status.eq(domain::proposal::ProposalStatus::Submitted));
    some.exec(world.db()).await.unwrap();
}
