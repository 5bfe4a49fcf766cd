//! The people of a story, and what they do when all goes well.

use std::time::Duration;

use api::graphql::id::encode;
use domain::account::PlatformRole;
use domain::organization::{MembershipRole, OrganizationKind};
use domain::text::{fold, look_alike_key, slug_from};
use entity::organization;
use serde_json::{Value, json};

use crate::person::Person;
use crate::rows;
use crate::world::World;

/// A day.
pub const DAY: Duration = Duration::from_hours(24);

/// Everybody whom a challenge needs from the draft to the decision. Organisations, places in them and the entries of those who
/// judge in the expert register were there before.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say who they are")]
pub struct Cast {
    pub administrator: Person,
    pub auditor: Person,
    pub publisher: Person,
    pub officer: Person,
    pub lead: Person,
    pub drafter: Person,
    pub chair: Person,
    pub secretary: Person,
    pub reviewer: Person,
    pub other_reviewer: Person,
    pub third_reviewer: Person,
    pub authority: Person,
    /// Owns Song Cẩm.
    pub linh: Person,
    /// Writes for Song Cẩm.
    pub quan: Person,
    /// Owns Hồng Hà.
    pub yen: Person,
    /// Owns Sao Mai.
    pub bao: Person,
    /// The id of the agency.
    pub agency: String,
}

impl Cast {
    /// Gathers everybody.
    pub async fn gather(world: &World) -> Self {
        let mut cast = Self {
            administrator: world.holder("administrator", "Võ Quốc Trị", PlatformRole::Administrator).await,
            auditor: world.holder("auditor", "Đoàn Thị Thanh Tra", PlatformRole::Auditor).await,
            publisher: world.person("publisher", "Phạm Công Bố").await,
            officer: world.person("officer", "Lê Thu Hà").await,
            lead: world.person("lead", "Trần Thị Lan").await,
            drafter: world.person("drafter", "Hồ Văn Thảo").await,
            chair: world.person("chair", "Nguyễn Chủ Tịch").await,
            secretary: world.person("secretary", "Bùi Thư Ký").await,
            reviewer: world.person("reviewer", "Đặng Phản Biện").await,
            other_reviewer: world.person("other-reviewer", "Vũ Phản Biện").await,
            third_reviewer: world.person("third-reviewer", "Hà Phản Biện").await,
            authority: world.person("authority", "Lý Quyết Định").await,
            linh: world.person("linh", "Ngô Mai Linh").await,
            quan: world.person("quan", "Đỗ Minh Quân").await,
            yen: world.person("yen", "Trịnh Hải Yến").await,
            bao: world.person("bao", "Mai Gia Bảo").await,
            agency: String::new(),
        };
        let place = [(&cast.publisher, MembershipRole::Publisher), (&cast.officer, MembershipRole::Officer)];
        house(world, OrganizationKind::ProgrammeOffice, "Văn phòng chương trình", &place).await;
        let place = [(&cast.lead, MembershipRole::Lead), (&cast.drafter, MembershipRole::Drafter)];
        cast.agency = house(world, OrganizationKind::Agency, "Sở Xây dựng", &place).await;
        let place = [(&cast.linh, MembershipRole::Owner), (&cast.quan, MembershipRole::Editor)];
        house(world, OrganizationKind::Startup, "Song Cẩm", &place).await;
        house(world, OrganizationKind::Startup, "Hồng Hà", &[(&cast.yen, MembershipRole::Owner)]).await;
        house(world, OrganizationKind::Startup, "Sao Mai", &[(&cast.bao, MembershipRole::Owner)]).await;
        let experts = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
        rows::insert(world.db(), experts.map(|expert| rows::expert(expert.account))).await.unwrap();
        cast
    }

    /// The agency's lead drafts a challenge that lacks nothing; returns its id.
    pub async fn drafts(&self, world: &World, opens: Duration, closes: Duration) -> String {
        let now = world.now().await;
        let at = |wait: Duration| now.plus_seconds(i64::try_from(wait.as_secs()).unwrap()).to_rfc3339();
        let mut draft = complete_draft();
        draft["opensAt"] = at(opens).into();
        draft["closesAt"] = at(closes).into();
        let input = json!({
            "agencyId": self.agency,
            "title": [{ "locale": "VI", "value": "Ngập nước ở trung tâm" }, { "locale": "EN", "value": "Flooded centre" }],
            "summary": vietnamese("Mỗi mùa mưa trung tâm ngập ba mươi lần."),
            "sector": "URBAN_MANAGEMENT",
            "draft": draft,
        });
        let done = self.lead.does("createChallenge", input, "challenge { id status version }").await.ok();
        assert_eq!(done["challenge"]["status"], "DRAFT");
        text(&done["challenge"]["id"])
    }

    /// The agency hands the draft in.
    pub async fn hands_in(&self, challenge: &str) {
        let done = self
            .drafter
            .does("submitChallengeForApproval", json!({ "challengeId": challenge }), "challenge { status }")
            .await;
        assert_eq!(done.ok()["challenge"]["status"], "IN_REVIEW");
    }

    /// A programme officer approves.
    pub async fn approves(&self, challenge: &str) {
        let input = json!({ "challengeId": challenge, "record": record("12/QĐ") });
        let done = self.officer.does("approveChallenge", input, "challenge { status }").await.ok();
        assert_eq!(done["challenge"]["status"], "APPROVED");
    }

    /// The publishing authority publishes.
    pub async fn publishes(&self, challenge: &str) {
        let input = json!({ "challengeId": challenge, "record": record("34/QĐ") });
        let done = self.publisher.does("publishChallenge", input, "challenge { status }").await.ok();
        assert_eq!(done["challenge"]["status"], "PUBLISHED");
    }

    /// From nothing to a challenge that takes proposals for ten days.
    pub async fn published_challenge(&self, world: &World) -> String {
        let challenge = self.drafts(world, Duration::ZERO, 10 * DAY).await;
        self.hands_in(&challenge).await;
        self.approves(&challenge).await;
        self.publishes(&challenge).await;
        challenge
    }

    /// A programme officer appoints the council and names who decides; returns the seats of those who score.
    pub async fn appoint(&self, challenge: &str) -> Vec<String> {
        let seats = [
            (&self.chair, "CHAIR"),
            (&self.secretary, "SECRETARY"),
            (&self.reviewer, "REVIEWER"),
            (&self.other_reviewer, "REVIEWER"),
            (&self.third_reviewer, "MEMBER"),
        ];
        let mut scoring = Vec::new();
        for (person, role) in seats {
            let input = json!({ "challengeId": challenge, "email": person.email, "role": role });
            let done =
                self.officer.does("appointCouncilMember", input, "councilMember { id role }").await.ok();
            assert_eq!(done["councilMember"]["role"], role);
            if role == "REVIEWER" || role == "MEMBER" {
                scoring.push(text(&done["councilMember"]["id"]));
            }
        }
        let input = json!({ "challengeId": challenge, "email": self.authority.email });
        self.officer.does("nameDecisionMaker", input, "challenge { id }").await.ok();
        scoring
    }

    /// An owner drafts a complete proposal of their only startup; returns its id.
    pub async fn writes(&self, owner: &Person, challenge: &str, title: &str) -> String {
        let input = json!({
            "challengeId": challenge,
            "organizationId": startup_of(owner).await,
            "title": title,
            "summary": "Cảnh báo trước sáu giờ.",
            "sections": [{ "kind": "SOLUTION", "text": "Cảm biến mực nước." }, { "kind": "PLAN", "text": "Ba tháng." }],
            "budget": { "amount": "400000000", "currency": "VND" },
        });
        let done = owner.does("createProposal", input, "proposal { id status }").await.ok();
        assert_eq!(done["proposal"]["status"], "DRAFT");
        text(&done["proposal"]["id"])
    }

    /// An owner submits; returns the receipt.
    pub async fn submits(&self, owner: &Person, proposal: &str) -> Value {
        let input = json!({ "proposalId": proposal, "declaresOwnership": true });
        let changed = "proposal { status receipt { number sha256 submittedAt canonicalContent } }";
        let done = owner.does("submitProposal", input, changed).await.ok();
        assert_eq!(done["proposal"]["status"], "SUBMITTED");
        done["proposal"]["receipt"].clone()
    }

    /// The secretary asks, the chair opens.
    pub async fn open(&self, challenge: &str) {
        let input = json!({ "challengeId": challenge });
        self.secretary.does("requestProposalOpening", input.clone(), "challenge { id }").await.ok();
        let done = self.chair.does("confirmProposalOpening", input, "challenge { status }").await.ok();
        assert_eq!(done["challenge"]["status"], "EVALUATION");
    }

    /// The secretary is without conflict and finds the proposal in order.
    pub async fn admits(&self, proposal: &str) {
        self.secretary
            .does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }")
            .await
            .ok();
        let input = json!({ "proposalId": proposal, "isEligible": true, "reason": "Hồ sơ hợp lệ." });
        let done = self.secretary.does("screenProposal", input, "proposal { status }").await.ok();
        assert_eq!(done["proposal"]["status"], "ELIGIBLE");
    }

    /// The secretary offers reviews of one proposal; returns their ids in the order of the members.
    pub async fn assigns(&self, challenge: &str, proposal: &str, members: &[String]) -> Vec<String> {
        let input = json!({ "challengeId": challenge, "assignments": [{ "proposalId": proposal, "memberIds": members }] });
        let done = self.secretary.does("assignReviews", input, "reviews { id status }").await.ok();
        done["reviews"].as_array().unwrap().iter().map(|review| text(&review["id"])).collect()
    }

    /// A member is without conflict, fills in a sheet and hands it in.
    pub async fn scores(&self, member: &Person, proposal: &str, review: &str, scores: [&str; 3]) {
        let done = member
            .does("declareNoConflict", json!({ "proposalId": proposal }), "review { id version }")
            .await
            .ok();
        assert_eq!(done["review"]["id"], review);
        let criteria = criteria(member, review).await;
        let marks: Vec<_> = criteria
            .iter()
            .zip(scores)
            .map(|(criterion, score)| json!({ "criterionId": criterion, "score": score, "reason": "Có cơ sở." }))
            .collect();
        let input = json!({ "reviewId": review, "expectedVersion": done["review"]["version"], "marks": marks, "comment": "Tốt." });
        member.does("saveScoreSheet", input, "review { version }").await.ok();
        let done = member.does("submitReview", json!({ "reviewId": review }), "review { status }").await.ok();
        assert_eq!(done["review"]["status"], "SUBMITTED");
    }

    /// The chair locks the round.
    pub async fn locks(&self, challenge: &str) {
        self.chair
            .does("lockRound", json!({ "challengeId": challenge }), "challenge { roundLockedAt }")
            .await
            .ok();
    }
}

/// The criteria of the challenge that a review belongs to, in order.
pub async fn criteria(member: &Person, review: &str) -> Vec<String> {
    let document = "query ($id: ID!) {
        node(id: $id) { ... on Review { proposal { challenge { rubric { criteria { id } } } } } }
    }";
    let review = member.asks(document, json!({ "id": review })).await.ok();
    let criteria = review["proposal"]["challenge"]["rubric"]["criteria"].as_array().unwrap().clone();
    criteria.iter().map(|criterion| text(&criterion["id"])).collect()
}

/// The only startup of its owner.
pub async fn startup_of(owner: &Person) -> String {
    let viewer = owner.asks("{ viewer { memberships { organization { id kind } } } }", json!({})).await.ok();
    let houses =
        viewer["memberships"].as_array().unwrap().iter().map(|membership| &membership["organization"]);
    let startups: Vec<_> = houses.filter(|house| house["kind"] == "STARTUP").collect();
    let [startup] = startups.as_slice() else { panic!("{viewer}") };
    text(&startup["id"])
}

/// A verified organisation with people in it; returns its id.
pub async fn house(
    world: &World,
    kind: OrganizationKind,
    name: &str,
    people: &[(&Person, MembershipRole)],
) -> String {
    let row = rows::organization(kind, people[0].0.account);
    let row = organization::Model {
        name_vi: name.to_owned(),
        name_key: look_alike_key(name),
        name_folded: fold(name),
        slug: slug_from(name),
        ..row
    };
    rows::insert(world.db(), [row.clone()]).await.unwrap();
    rows::insert(
        world.db(),
        people.iter().map(|(person, role)| rows::membership(row.id, person.account, *role)),
    )
    .await
    .unwrap();
    encode(row.id).to_string()
}

/// A text in Vietnamese alone.
pub fn vietnamese(value: &str) -> Value {
    json!([{ "locale": "VI", "value": value }])
}

/// An act on paper.
pub fn record(number: &str) -> Value {
    json!({ "number": number, "date": "2026-11-23", "signer": "Giám đốc", "documentUrl": "https://example.vn/quyet-dinh.pdf" })
}

/// Everything in a draft but its timetable.
pub fn complete_draft() -> Value {
    let section =
        |kind: &str| json!({ "kind": kind, "text": vietnamese("Nước lên nhanh hơn người dân kịp biết.") });
    let criterion = |name: &str, weight: u32, needs_reason: bool| json!({ "name": vietnamese(name), "weight": weight, "isReasonRequired": needs_reason });
    json!({
        "track": "GRAND_CHALLENGE",
        "sections": [section("CONTEXT"), section("CURRENT_PROCESS"), section("EXPECTED_PRODUCT")],
        "indicators": [{
            "name": vietnamese("Thời gian cảnh báo"),
            "unit": vietnamese("phút"),
            "baseline": "0",
            "baselineDate": "2026-10-01",
            "source": vietnamese("Báo cáo mùa mưa"),
            "target": "360",
        }],
        "criteria": [criterion("Tính khả thi", 50, true), criterion("Tính mới", 30, false), criterion("Chi phí", 20, false)],
    })
}

/// What a JSON text says.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
