//! The whole governed path, told once from the first registration to the published decision.

use app::keys::token_hash;
use e2e::cast::{DAY, record, text, vietnamese};
use e2e::person::PASSWORD;
use e2e::{Cast, Person, World};
use entity::{audit_entry, message, user};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

#[tokio::test]
async fn a_big_problem_finds_its_solution() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let tam = a_newcomer_founds_a_startup(&world, &cast).await;

    let challenge = cast.drafts(&world, DAY, 10 * DAY).await;
    the_agency_and_the_office_agree_on_the_challenge(&world, &cast, &challenge).await;
    everybody_finds_it(&world, &cast, &challenge).await;
    let scoring = the_council_is_appointed(&world, &cast, &challenge).await;

    let proposals = startups_propose_and_nobody_learns_of_it(&world, &cast, &tam, &challenge).await;
    two_persons_open_the_proposals(&world, &cast, &challenge, &proposals).await;
    the_secretary_screens(&world, &cast, &proposals).await;
    the_council_scores_and_nobody_sees_it(&world, &cast, &challenge, &proposals, &scoring).await;
    the_chair_locks_and_the_ranking_is_the_one_by_hand(&world, &cast, &challenge, &proposals).await;
    the_authority_decides(&world, &cast, &challenge, &proposals).await;
    everybody_reads_what_concerns_them(&world, &cast, &tam, &challenge, &proposals).await;

    let unsent =
        message::Entity::find().filter(message::Column::Status.ne(domain::message::MessageStatus::Sent));
    assert_eq!(unsent.count(world.db()).await.unwrap(), 0);
    world.finish().await;
}

/// What the story's startups hand in.
struct Proposals {
    /// Of Song Cẩm: twice submitted, best.
    linh: String,
    /// Of Hồng Hà: a reviewer is in conflict with it.
    yen: String,
    /// Of Tre Việt: formally not in order.
    tam: String,
    /// Of Sao Mai: withdrawn.
    bao: String,
}

async fn a_newcomer_founds_a_startup(world: &World, cast: &Cast) -> Person {
    let visitor = &world.visitor;
    let who = json!({ "email": "tam@example.vn", "displayName": "Phan Minh Tâm", "password": PASSWORD });
    let on_its_way = json!({ "isMailOnItsWay": true, "userErrors": [] });
    assert_eq!(visitor.does("register", who.clone(), "isMailOnItsWay").await.ok(), on_its_way);
    assert_eq!(world.letters().await, ["email_verification: tam"]);

    let log_in = json!({ "email": "tam@example.vn", "password": PASSWORD });
    let too_early = visitor.does("logIn", log_in, "tokens { accessToken }").await;
    assert_eq!(too_early.refused(), ["INVALID_CREDENTIALS"]);
    let token = json!({ "token": world.last_mail_to("tam@example.vn").await.token() });
    visitor.does("verifyEmail", token.clone(), "isVerified").await.ok();
    assert_eq!(
        visitor.does("verifyEmail", token, "isVerified").await.refused(),
        ["INVALID_TOKEN input.token"]
    );
    assert_eq!(
        visitor.does("register", who, "isMailOnItsWay").await.ok(),
        on_its_way,
        "the same, known or not"
    );
    assert_eq!(world.letters().await, ["account_exists: tam"]);

    let row = user::Entity::find()
        .filter(user::Column::EmailKey.eq("tam@example.vn"))
        .one(world.db())
        .await
        .unwrap();
    let tam = world.newcomer("tam", row.unwrap().id);
    let startup = founds(&tam, "STARTUP", "Tre Việt").await;
    assert_eq!(world.letters().await, ["organization_pending: officer"]);
    let organization = "query ($id: ID!) { organization(by: { id: $id }) { status } }";
    assert_eq!(visitor.call(organization, json!({ "id": startup })).await.ok(), Value::Null);
    cast.officer
        .does("verifyOrganization", json!({ "organizationId": startup }), "organization { status }")
        .await
        .ok();
    assert_eq!(world.letters().await, ["organization_verified: tam"]);
    assert_eq!(
        visitor.call(organization, json!({ "id": startup })).await.ok(),
        json!({ "status": "VERIFIED" })
    );

    let phantom = founds(&cast.bao, "AGENCY", "Sở Ảo").await;
    let input = json!({ "organizationId": phantom, "reason": "Không có cơ quan này." });
    cast.officer.does("rejectOrganization", input, "organization { status }").await.ok();
    assert_eq!(world.letters().await, ["organization_pending: officer", "organization_rejected: bao"]);
    assert!(world.last_mail_to(&cast.bao.email).await.text.contains("Không có cơ quan này."));

    let invitation = json!({ "organizationId": startup, "email": "hoa@example.vn", "role": "VIEWER" });
    tam.does("inviteMember", invitation, "organization { id }").await.ok();
    assert_eq!(world.letters().await, ["member_invited: hoa"]);
    let token = json!({ "token": world.last_mail_to("hoa@example.vn").await.token() });
    let stranger = cast.bao.does("acceptInvitation", token.clone(), "organization { id }").await;
    assert_eq!(
        stranger.refused(),
        ["INVALID_TOKEN input.token"],
        "an invitation is worth nothing to another account"
    );
    let hoa = world.person("hoa", "Vương Thị Hoa").await;
    hoa.does("acceptInvitation", token, "organization { id }").await.ok();
    assert_eq!(world.letters().await, ["member_joined: tam"]);
    tam
}

async fn founds(person: &Person, kind: &str, name: &str) -> String {
    let input = json!({ "kind": kind, "name": vietnamese(name) });
    let done = person.does("createOrganization", input, "organization { id status }").await.ok();
    assert_eq!(done["organization"]["status"], "PENDING");
    text(&done["organization"]["id"])
}

async fn the_agency_and_the_office_agree_on_the_challenge(world: &World, cast: &Cast, challenge: &str) {
    let by_id = "query ($id: ID!) { challenge(by: { id: $id }) { status statusReason version } }";
    let id = json!({ "id": challenge });
    assert_eq!(cast.officer.asks(by_id, id.clone()).await.ok(), Value::Null, "a draft is its agency's own");
    assert_eq!(world.letters().await, [""; 0]);

    cast.hands_in(challenge).await;
    assert_eq!(world.letters().await, ["challenge_submitted: officer"]);
    let input = json!({ "challengeId": challenge, "reason": "Xin nêu số hộ dân bị ảnh hưởng." });
    cast.officer.does("requestChallengeChanges", input, "challenge { status }").await.ok();
    assert_eq!(
        world.letters().await,
        ["challenge_changes_requested: drafter", "challenge_changes_requested: lead"]
    );
    assert!(world.last_mail_to(&cast.lead.email).await.text.contains("Xin nêu số hộ dân bị ảnh hưởng."));

    let returned = cast.lead.asks(by_id, id.clone()).await.ok();
    assert_eq!(
        returned,
        json!({ "status": "CHANGES_REQUESTED", "statusReason": "Xin nêu số hộ dân bị ảnh hưởng.", "version": 3 })
    );
    let summary = vietnamese("Mỗi mùa mưa 1.200 hộ dân ở trung tâm bị ngập.");
    let input = json!({ "challengeId": challenge, "expectedVersion": 3, "summary": summary });
    let done = cast.lead.does("updateChallenge", input, "challenge { version }").await.ok();
    assert_eq!(done["challenge"]["version"], 4);
    cast.hands_in(challenge).await;
    assert_eq!(world.letters().await, ["challenge_submitted: officer"]);

    cast.approves(challenge).await;
    assert_eq!(
        world.letters().await,
        ["challenge_approved: drafter", "challenge_approved: lead", "challenge_approved: publisher"]
    );
    cast.publishes(challenge).await;
    assert_eq!(world.letters().await, ["challenge_published: drafter", "challenge_published: lead"]);
}

async fn everybody_finds_it(world: &World, cast: &Cast, challenge: &str) {
    let search = "query ($words: String!) { challenges(filter: { search: $words }) { totalCount nodes { id status } } }";
    let found = json!({ "totalCount": 1, "nodes": [{ "id": challenge, "status": "PUBLISHED" }] });
    let decomposed = "ngập nu\u{31b}o\u{31b}\u{301}c";
    for words in
        ["ngap nuoc trung tam", "NGẬP Trung Tâm", decomposed, "flooded centre", "1.200 ho", "quan ly do thi"]
    {
        assert_eq!(world.visitor.call(search, json!({ "words": words })).await.ok(), found, "{words}");
    }
    let nothing = json!({ "totalCount": 0, "nodes": [] });
    for words in ["ngap nuoc ngoai o", "%", "_"] {
        assert_eq!(cast.linh.asks(search, json!({ "words": words })).await.ok(), nothing, "{words}");
    }
}

async fn the_council_is_appointed(world: &World, cast: &Cast, challenge: &str) -> Vec<String> {
    let scoring = cast.appoint(challenge).await;
    let told = [
        "council_member_appointed: chair",
        "council_member_appointed: other-reviewer",
        "council_member_appointed: reviewer",
        "council_member_appointed: secretary",
        "council_member_appointed: third-reviewer",
        "decision_maker_named: authority",
    ];
    assert_eq!(world.letters().await, told);
    let council = "query ($id: ID!) { challenge(by: { id: $id }) { council { role } } }";
    let none = json!({ "council": [] });
    for applicant in [&cast.linh, &cast.bao] {
        assert_eq!(
            applicant.asks(council, json!({ "id": challenge })).await.ok(),
            none,
            "applicants never see the council"
        );
    }
    scoring
}

/// Everything that could tell of proposals, as each of those sees it who must not know.
async fn what_outsiders_see(world: &World, cast: &Cast, challenge: &str) -> Vec<(String, Value)> {
    const LOOK: &str = "query ($id: ID!) {
        challenge(by: { id: $id }) {
            status version updatedAt proposalCount availableActions
            proposals(first: 10) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
            ranking { entries { rank } } reviewProgress { liveCount submittedCount } opening { requestedAt openedAt } decision { id }
        }
    }";
    let id = json!({ "id": challenge });
    let mut seen = vec![("visitor".to_owned(), world.visitor.call(LOOK, id.clone()).await.ok())];
    for person in [
        &cast.officer,
        &cast.publisher,
        &cast.lead,
        &cast.drafter,
        &cast.auditor,
        &cast.administrator,
        &cast.authority,
        &cast.chair,
        &cast.secretary,
        &cast.reviewer,
    ] {
        seen.push((person.handle.clone(), person.asks(LOOK, id.clone()).await.ok()));
    }
    seen
}

async fn startups_propose_and_nobody_learns_of_it(
    world: &World,
    cast: &Cast,
    tam: &Person,
    challenge: &str,
) -> Proposals {
    let (linh, yen, bao) = (&cast.linh, &cast.yen, &cast.bao);
    let first = cast.writes(linh, challenge, "Bản đồ ngập").await;
    let too_early = linh
        .does("submitProposal", json!({ "proposalId": first, "declaresOwnership": true }), "proposal { id }")
        .await;
    assert_eq!(too_early.refused(), ["NOT_OPEN"]);
    world.pass(DAY).await;
    let before = what_outsiders_see(world, cast, challenge).await;

    let only_owners = cast
        .quan
        .does("submitProposal", json!({ "proposalId": first, "declaresOwnership": true }), "proposal { id }")
        .await;
    assert_eq!(only_owners.refused(), ["NOT_PERMITTED"]);
    let receipt = cast.submits(linh, &first).await;
    assert_eq!(receipt["number"], 1);
    assert_eq!(
        receipt["sha256"],
        token_hash(receipt["canonicalContent"].as_str().unwrap()),
        "anybody can check a receipt"
    );
    assert_eq!(world.letters().await, ["proposal_submitted: linh", "proposal_submitted: quan"]);
    for member in [linh, &cast.quan] {
        let mail = world.last_mail_to(&member.email).await;
        assert!(mail.text.contains(receipt["sha256"].as_str().unwrap()), "{}", mail.text);
    }

    let proposal = "query ($id: ID!) { node(id: $id) { ... on Proposal { version } } }";
    let version = linh.asks(proposal, json!({ "id": first })).await.ok()["version"].clone();
    let input = json!({ "proposalId": first, "expectedVersion": version, "title": "Bản đồ ngập sáu giờ" });
    cast.quan.does("updateProposal", input, "proposal { version }").await.ok();
    let second_receipt = cast.submits(linh, &first).await;
    assert_eq!(second_receipt["number"], 2);
    assert_ne!(second_receipt["sha256"], receipt["sha256"]);

    let withdrawn = cast.writes(bao, challenge, "Cổng ngăn triều").await;
    cast.submits(bao, &withdrawn).await;
    bao.does("withdrawProposal", json!({ "proposalId": withdrawn }), "proposal { status }").await.ok();
    let proposals = Proposals {
        yen: cast.writes(yen, challenge, "Hồ điều tiết").await,
        tam: cast.writes(tam, challenge, "Vỉa hè thấm").await,
        linh: first,
        bao: withdrawn,
    };
    cast.submits(yen, &proposals.yen).await;
    cast.submits(tam, &proposals.tam).await;
    let told = [
        "proposal_submitted: bao",
        "proposal_submitted: hoa",
        "proposal_submitted: linh",
        "proposal_submitted: quan",
        "proposal_submitted: tam",
        "proposal_submitted: yen",
        "proposal_withdrawn: bao",
    ];
    assert_eq!(world.letters().await, told);

    assert_eq!(
        what_outsiders_see(world, cast, challenge).await,
        before,
        "three sealed proposals look like none"
    );
    for proposal in [&proposals.linh, &proposals.yen, &proposals.tam, &proposals.bao] {
        for outsider in
            [&cast.officer, &cast.lead, &cast.auditor, &cast.administrator, &cast.chair, &cast.secretary]
        {
            assert_eq!(knows(outsider, proposal).await, Value::Null, "{}", outsider.handle);
        }
    }
    assert_eq!(knows(bao, &proposals.linh).await, Value::Null);
    assert_eq!(knows(linh, &proposals.yen).await, Value::Null);
    assert_eq!(seen_proposals(bao, challenge).await, 1, "one's own, withdrawn");

    let too_early = cast
        .secretary
        .does("requestProposalOpening", json!({ "challengeId": challenge }), "challenge { id }")
        .await;
    assert_eq!(too_early.refused(), ["DEADLINE_NOT_REACHED"]);
    world.pass(9 * DAY).await;
    let but_actions = |mut seen: Vec<(String, Value)>| {
        for (_, challenge) in &mut seen {
            challenge["availableActions"] = Value::Null;
        }
        seen
    };
    let after = what_outsiders_see(world, cast, challenge).await;
    assert_eq!(but_actions(after), but_actions(before), "neither does the deadline open anything");
    proposals
}

/// What somebody learns of a proposal by its id.
async fn knows(person: &Person, proposal: &str) -> Value {
    person
        .asks(
            "query ($id: ID!) { node(id: $id) { id ... on Proposal { title } } }",
            json!({ "id": proposal }),
        )
        .await
        .ok()
}

/// How many proposals of a challenge somebody sees.
async fn seen_proposals(person: &Person, challenge: &str) -> Value {
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { proposals { totalCount } } }";
    person.asks(document, json!({ "id": challenge })).await.ok()["proposals"]["totalCount"].clone()
}

async fn two_persons_open_the_proposals(world: &World, cast: &Cast, challenge: &str, proposals: &Proposals) {
    let late = cast
        .linh
        .does(
            "submitProposal",
            json!({ "proposalId": proposals.linh, "declaresOwnership": true }),
            "proposal { id }",
        )
        .await;
    assert_eq!(late.refused(), ["DEADLINE_PASSED"]);
    let id = json!({ "challengeId": challenge });
    let alone = cast.chair.does("confirmProposalOpening", id.clone(), "challenge { id }").await;
    assert_eq!(alone.refused(), ["SECOND_PERSON_REQUIRED"]);

    cast.secretary
        .does("requestProposalOpening", id.clone(), "challenge { opening { requestedAt openedAt } }")
        .await
        .ok();
    assert_eq!(world.letters().await, ["opening_requested: chair", "opening_requested: officer"]);
    let same_person = cast.secretary.does("confirmProposalOpening", id.clone(), "challenge { id }").await;
    assert_eq!(same_person.refused(), ["NOT_PERMITTED"]);
    let done = cast.chair.does("confirmProposalOpening", id, "challenge { status }").await.ok();
    assert_eq!(done["challenge"]["status"], "EVALUATION");
    let told = [
        "proposals_opened: chair",
        "proposals_opened: drafter",
        "proposals_opened: hoa",
        "proposals_opened: lead",
        "proposals_opened: linh",
        "proposals_opened: other-reviewer",
        "proposals_opened: quan",
        "proposals_opened: reviewer",
        "proposals_opened: secretary",
        "proposals_opened: tam",
        "proposals_opened: third-reviewer",
        "proposals_opened: yen",
    ];
    assert_eq!(world.letters().await, told);

    for insider in [&cast.secretary, &cast.chair, &cast.authority, &cast.auditor] {
        assert_eq!(seen_proposals(insider, challenge).await, 3, "{}", insider.handle);
    }
    for outsider in [&cast.officer, &cast.publisher, &cast.lead, &cast.administrator, &cast.reviewer] {
        assert_eq!(seen_proposals(outsider, challenge).await, 0, "{}", outsider.handle);
    }
    assert_eq!(seen_proposals(&cast.linh, challenge).await, 1);
    assert_eq!(knows(&cast.secretary, &proposals.bao).await, Value::Null, "what was withdrawn stays sealed");
}

async fn the_secretary_screens(world: &World, cast: &Cast, proposals: &Proposals) {
    let closed = knows(&cast.secretary, &proposals.linh).await;
    assert_eq!(closed["title"], Value::Null, "unknown counts as conflict");
    let input = json!({ "proposalId": proposals.linh, "isEligible": true, "reason": "Hợp lệ." });
    let undeclared = cast.secretary.does("screenProposal", input, "proposal { id }").await;
    assert_eq!(undeclared.refused(), ["CONFLICT_UNDECLARED"]);

    cast.admits(&proposals.linh).await;
    cast.admits(&proposals.yen).await;
    cast.secretary
        .does("declareNoConflict", json!({ "proposalId": proposals.tam }), "proposal { title }")
        .await
        .ok();
    let input = json!({ "proposalId": proposals.tam, "isEligible": false, "reason": "Thiếu giấy đăng ký." });
    let done = cast.secretary.does("screenProposal", input, "proposal { status }").await.ok();
    assert_eq!(done["proposal"]["status"], "INELIGIBLE");
    let told = [
        "proposal_screened: hoa",
        "proposal_screened: linh",
        "proposal_screened: quan",
        "proposal_screened: tam",
        "proposal_screened: yen",
    ];
    assert_eq!(world.letters().await, told);
    assert!(world.last_mail_to("tam@example.vn").await.text.contains("Thiếu giấy đăng ký."));
}

async fn the_council_scores_and_nobody_sees_it(
    world: &World,
    cast: &Cast,
    challenge: &str,
    proposals: &Proposals,
    scoring: &[String],
) {
    let (first, second, third) = (&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer);
    let of_linh = cast.assigns(challenge, &proposals.linh, scoring).await;
    let of_yen = cast.assigns(challenge, &proposals.yen, scoring).await;
    let told = [
        "review_offered: other-reviewer",
        "review_offered: other-reviewer",
        "review_offered: reviewer",
        "review_offered: reviewer",
        "review_offered: third-reviewer",
        "review_offered: third-reviewer",
    ];
    assert_eq!(world.letters().await, told);

    let input = json!({ "proposalId": proposals.yen, "kind": "FINANCIAL", "reason": "Tôi có cổ phần." });
    third.does("declareConflict", input, "isRecused").await.ok();
    assert_eq!(world.letters().await, ["review_recused: secretary"]);
    assert_eq!(knows(third, &proposals.yen).await, Value::Null, "whoever is in conflict loses the item");
    assert_eq!(seen_proposals(third, challenge).await, 1);
    assert_eq!(own_reviews(third).await, 1);
    let again =
        third.does("declareNoConflict", json!({ "proposalId": proposals.yen }), "proposal { id }").await;
    assert_eq!(again.refused(), ["NOT_FOUND input.proposalId"], "and cannot take it back");

    cast.scores(first, &proposals.linh, &of_linh[0], ["9", "8", "7"]).await;
    cast.scores(second, &proposals.linh, &of_linh[1], ["8.5", "7", "10"]).await;
    cast.scores(third, &proposals.linh, &of_linh[2], ["7.25", "9", "6"]).await;
    cast.scores(first, &proposals.yen, &of_yen[0], ["8", "8", "8"]).await;
    let too_few = cast.chair.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await;
    assert_eq!(too_few.refused(), ["QUORUM_NOT_REACHED"]);
    cast.scores(second, &proposals.yen, &of_yen[1], ["6.5", "9", "7.50"]).await;
    assert_eq!(world.letters().await, ["review_submitted: secretary"; 5]);

    let content =
        "query ($id: ID!) { node(id: $id) { ... on Proposal { content { title sections { text } } } } }";
    let sections = json!([{ "text": "Cảm biến mực nước." }, { "text": "Ba tháng." }]);
    let whole = json!({ "content": { "title": "Bản đồ ngập sáu giờ", "sections": sections } });
    for reader in [first, &cast.linh] {
        assert_eq!(
            reader.asks(content, json!({ "id": proposals.linh })).await.ok(),
            whole,
            "{}",
            reader.handle
        );
    }
    assert_eq!(
        cast.chair.asks(content, json!({ "id": proposals.linh })).await.ok(),
        json!({ "content": null }),
        "undeclared"
    );
    for nobody in [first, &cast.linh, &cast.secretary, &cast.authority] {
        assert_eq!(read_by(nobody, &proposals.linh).await, Value::Null, "{}", nobody.handle);
    }
    assert_eq!(read_by(&cast.auditor, &proposals.linh).await, json!([["COUNCIL_MEMBER", 1]]));

    let sheet = "query ($id: ID!) { node(id: $id) { ... on Review { status marks { score } total comment submittedAt } } }";
    let mine = first.asks(sheet, json!({ "id": of_linh[0] })).await.ok();
    assert_eq!(mine["total"], "83.0000");
    for other in [second, third, &cast.authority, &cast.auditor, &cast.lead, &cast.linh, &cast.officer] {
        assert_eq!(
            other.asks(sheet, json!({ "id": of_linh[0] })).await.ok(),
            Value::Null,
            "{}",
            other.handle
        );
    }
    let closed =
        json!({ "status": "SUBMITTED", "marks": null, "total": null, "comment": null, "submittedAt": null });
    for bureau in [&cast.chair, &cast.secretary] {
        assert_eq!(bureau.asks(sheet, json!({ "id": of_linh[0] })).await.ok(), closed, "{}", bureau.handle);
    }
    let ranking = "query ($id: ID!) { challenge(by: { id: $id }) { ranking { entries { rank } } } }";
    for person in [
        first,
        &cast.chair,
        &cast.secretary,
        &cast.authority,
        &cast.auditor,
        &cast.lead,
        &cast.officer,
        &cast.linh,
    ] {
        let none = json!({ "ranking": null });
        assert_eq!(person.asks(ranking, json!({ "id": challenge })).await.ok(), none, "{}", person.handle);
    }
}

async fn own_reviews(person: &Person) -> Value {
    person.asks("{ viewer { reviews { totalCount } } }", json!({})).await.ok()["reviews"]["totalCount"]
        .clone()
}

const RANKING: &str = "query ($id: ID!) {
    challenge(by: { id: $id }) { ranking { entries { rank meanScore isPassing proposal { id } sheets { total } } } }
}";

async fn the_chair_locks_and_the_ranking_is_the_one_by_hand(
    world: &World,
    cast: &Cast,
    challenge: &str,
    proposals: &Proposals,
) {
    let not_the_chair =
        cast.secretary.does("lockRound", json!({ "challengeId": challenge }), "challenge { id }").await;
    assert_eq!(not_the_chair.refused(), ["NOT_PERMITTED"]);
    cast.locks(challenge).await;
    let told = [
        "round_locked: chair",
        "round_locked: other-reviewer",
        "round_locked: reviewer",
        "round_locked: secretary",
        "round_locked: third-reviewer",
    ];
    assert_eq!(world.letters().await, told);

    // 50, 30 and 20 points of ten: 9 8 7 -> 83; 8.5 7 10 -> 83.5; 7.25 9 6 -> 75.25; their mean is 241.75 / 3.
    let best =
        json!({ "rank": 1, "meanScore": "80.5833", "isPassing": true, "proposal": { "id": proposals.linh } });
    // 8 8 8 -> 80; 6.5 9 7.5 -> 74.5; their mean is 77.25.
    let next =
        json!({ "rank": 2, "meanScore": "77.2500", "isPassing": true, "proposal": { "id": proposals.yen } });
    for insider in [&cast.chair, &cast.secretary, &cast.reviewer, &cast.authority, &cast.auditor] {
        assert_eq!(
            ranking(insider, challenge).await,
            [(best.clone(), 3), (next.clone(), 2)],
            "{}",
            insider.handle
        );
    }
    assert_eq!(
        ranking(&cast.third_reviewer, challenge).await,
        [(best, 3)],
        "without the proposal of the conflict"
    );
    for outsider in [&cast.lead, &cast.officer, &cast.publisher, &cast.administrator, &cast.linh] {
        let answer = outsider.asks(RANKING, json!({ "id": challenge })).await.ok();
        assert_eq!(answer["ranking"], Value::Null, "{}", outsider.handle);
    }
    let own = "query ($id: ID!) { node(id: $id) { ... on Proposal { status reviews { id } } } }";
    let own = cast.linh.asks(own, json!({ "id": proposals.linh })).await.ok();
    assert_eq!(
        own,
        json!({ "status": "UNDER_REVIEW", "reviews": [] }),
        "an applicant does not learn of the lock"
    );
}

/// The entries of the ranking, each with the number of its sheets.
async fn ranking(person: &Person, challenge: &str) -> Vec<(Value, usize)> {
    let answer = person.asks(RANKING, json!({ "id": challenge })).await.ok();
    let entries = answer["ranking"]["entries"].as_array().unwrap().iter().cloned();
    let parted = |mut entry: Value| {
        let sheets = entry.as_object_mut().unwrap().remove("sheets").unwrap();
        (entry, sheets.as_array().unwrap().len())
    };
    entries.map(parted).collect()
}

async fn the_authority_decides(world: &World, cast: &Cast, challenge: &str, proposals: &Proposals) {
    const CHANGED: &str = "decision { id status version }";
    let chair = &cast.chair;
    let done = chair.does("startDecision", json!({ "challengeId": challenge }), CHANGED).await.ok();
    let decision = text(&done["decision"]["id"]);
    let id = json!({ "decisionId": decision });
    assert_eq!(world.letters().await, ["decision_started: authority"]);

    let nothing_yet = chair.does("proposeDecision", id.clone(), CHANGED).await;
    assert_eq!(
        nothing_yet.refused(),
        ["REQUIRED decision.outcomes.0.outcome", "REQUIRED decision.outcomes.1.outcome"]
    );
    let write = async |version: i32, first: &str, second: &str| {
        let outcome = |proposal: &str, outcome: &str, feedback: &str| json!({ "proposalId": proposal, "outcome": outcome, "feedback": feedback });
        let outcomes = [
            outcome(&proposals.linh, first, "Rất khả thi."),
            outcome(&proposals.yen, second, "Chi phí cao."),
        ];
        let input = json!({ "decisionId": decision, "expectedVersion": version, "outcomes": outcomes });
        let done = chair.does("updateDecision", input, CHANGED).await.ok();
        assert_eq!(done["decision"]["version"], version + 1);
    };
    write(1, "RESERVE", "SELECTED").await;
    let departs = chair.does("proposeDecision", id.clone(), CHANGED).await;
    assert_eq!(departs.refused(), ["REQUIRED decision.departureReason"]);
    write(2, "SELECTED", "RESERVE").await;
    chair.does("proposeDecision", id.clone(), CHANGED).await.ok();
    assert_eq!(world.letters().await, ["decision_proposed: authority"]);

    let input = json!({ "decisionId": decision, "reason": "Xin nêu rõ phản hồi." });
    cast.authority.does("returnDecision", input, CHANGED).await.ok();
    assert_eq!(world.letters().await, ["decision_returned: chair"]);
    assert!(world.last_mail_to(&chair.email).await.text.contains("Xin nêu rõ phản hồi."));
    write(5, "SELECTED", "RESERVE").await;
    chair.does("proposeDecision", id.clone(), CHANGED).await.ok();
    let unread = cast
        .authority
        .does("approveDecision", json!({ "decisionId": decision, "expectedVersion": 4 }), CHANGED)
        .await;
    assert_eq!(
        unread.refused(),
        ["CONFLICT input.expectedVersion"],
        "nobody approves what they have not read"
    );
    cast.authority
        .does("approveDecision", json!({ "decisionId": decision, "expectedVersion": 7 }), CHANGED)
        .await
        .ok();
    assert_eq!(world.letters().await, ["decision_approved: publisher", "decision_proposed: authority"]);

    let public =
        world.visitor.call("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": decision })).await;
    assert_eq!(public.ok(), Value::Null, "what is approved is not yet public");
    let input = json!({ "decisionId": decision, "record": record("56/QĐ") });
    let done = cast.publisher.does("publishDecision", input, CHANGED).await.ok();
    assert_eq!(done["decision"]["status"], "PUBLISHED");
    let told = [
        "decision_published: chair",
        "decision_published: drafter",
        "decision_published: lead",
        "decision_published: other-reviewer",
        "decision_published: reviewer",
        "decision_published: secretary",
        "decision_published: third-reviewer",
        "decision_published_to_applicant: linh",
        "decision_published_to_applicant: quan",
        "decision_published_to_applicant: yen",
    ];
    assert_eq!(world.letters().await, told);
}

async fn everybody_reads_what_concerns_them(
    world: &World,
    cast: &Cast,
    tam: &Person,
    challenge: &str,
    proposals: &Proposals,
) {
    let public = "query ($id: ID!) {
        challenge(by: { id: $id }) {
            status decision { status publication { number } outcomes { outcome title rank meanScore feedback applicant { slug } proposal { id } } }
        }
    }";
    let chosen = json!({
        "outcome": "SELECTED", "title": "Bản đồ ngập sáu giờ", "applicant": { "slug": "song-cam" },
        "rank": null, "meanScore": null, "feedback": null, "proposal": null,
    });
    let decided = json!({
        "status": "AWARDED",
        "decision": { "status": "PUBLISHED", "publication": { "number": "56/QĐ" }, "outcomes": [chosen] },
    });
    assert_eq!(
        world.visitor.call(public, json!({ "id": challenge })).await.ok(),
        decided,
        "the public reads who was chosen"
    );

    let own = "query ($id: ID!) { node(id: $id) { ... on Proposal { status feedback meanScore isPassing reviews { id } } } }";
    let none = (Value::Null, Value::Null);
    for (owner, proposal, status, feedback, (mean, passes)) in [
        (&cast.linh, &proposals.linh, "SELECTED", json!("Rất khả thi."), (json!("80.5833"), json!(true))),
        (&cast.yen, &proposals.yen, "RESERVE", json!("Chi phí cao."), (json!("77.2500"), json!(true))),
        (tam, &proposals.tam, "INELIGIBLE", Value::Null, none.clone()),
        (&cast.bao, &proposals.bao, "WITHDRAWN", Value::Null, none),
    ] {
        let seen = owner.asks(own, json!({ "id": proposal })).await.ok();
        assert_eq!(
            seen,
            json!({ "status": status, "feedback": feedback, "meanScore": mean, "isPassing": passes, "reviews": [] }),
            "{}",
            owner.handle
        );
    }
    assert_eq!(seen_proposals(&cast.lead, challenge).await, 3, "the agency reads what it was offered");
    assert_eq!(ranking(&cast.lead, challenge).await.len(), 2, "and the ranking");
    assert_eq!(seen_proposals(&cast.linh, challenge).await, 1, "competitors stay unknown");

    assert_eq!(
        read_by(&cast.linh, &proposals.linh).await,
        json!([["COUNCIL_MEMBER", 1]]),
        "as what, and never who"
    );
    assert_eq!(read_by(&cast.yen, &proposals.yen).await, json!([]), "nobody opened it");
    for nobody in [&cast.reviewer, &cast.lead, &cast.secretary, &cast.yen] {
        assert_eq!(read_by(nobody, &proposals.linh).await, Value::Null, "{}", nobody.handle);
    }

    let read = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq("proposal_read"));
    let readers: Vec<_> =
        read.all(world.db()).await.unwrap().into_iter().map(|entry| entry.actor.unwrap()).collect();
    assert_eq!(
        readers,
        [cast.reviewer.account],
        "who read a sealed proposal left a trace, its own team did not"
    );
    let content = "query ($id: ID!) { node(id: $id) { ... on Proposal { content { title } } } }";
    for reader in [&cast.lead, &cast.auditor, &cast.authority, &cast.lead] {
        let read = reader.asks(content, json!({ "id": proposals.linh })).await.ok();
        assert_ne!(read["content"], Value::Null, "{}", reader.handle);
    }
    let all = json!([["COUNCIL_MEMBER", 1], ["DECISION_MAKER", 1], ["AGENCY", 2], ["AUDITOR", 1]]);
    assert_eq!(read_by(&cast.linh, &proposals.linh).await, all);
    let denied = audit_entry::Entity::find().filter(audit_entry::Column::Action.starts_with("denied:"));
    assert_eq!(denied.count(world.db()).await.unwrap(), 5, "and every attempt beyond one's rights left one");
}

/// As what people outside the team opened the content, and how often.
async fn read_by(person: &Person, proposal: &str) -> Value {
    let document = "query ($id: ID!) { node(id: $id) { ... on Proposal { accessLog { capacity readCount firstReadAt lastReadAt } } } }";
    let seen = person.asks(document, json!({ "id": proposal })).await.ok();
    let Some(log) = seen["accessLog"].as_array() else { return Value::Null };
    for entry in log {
        assert!(entry["firstReadAt"].as_str() <= entry["lastReadAt"].as_str(), "{entry}");
    }
    log.iter().map(|entry| json!([entry["capacity"], entry["readCount"]])).collect()
}
