//! Bad input at every step: each refusal names its reason and the field at fault, says nothing of the inside, and changes
//! nothing.

use domain::organization::{MembershipRole, OrganizationKind};
use e2e::cast::{DAY, complete_draft, criteria, record, startup_of, text, vietnamese};
use e2e::rows::{self, insert};
use e2e::{Answer, Cast, Person, World};
use entity::*;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

/// All rows that a request could have changed, but for sessions and what is logged of attempts.
async fn everything(world: &World) -> Vec<String> {
    macro_rules! rows_of {
        ($($entity:ident),+) => {{
            let mut all = Vec::new();
            $(all.extend($entity::Entity::find().all(world.db()).await.unwrap().iter().map(|row| format!("{row:?}")));)+
            all.sort();
            all
        }};
    }
    rows_of!(
        user,
        one_time_token,
        organization,
        membership,
        challenge,
        challenge_author,
        challenge_word,
        criterion,
        indicator,
        council_member,
        proposal,
        proposal_draft,
        proposal_version,
        delegation,
        working_group,
        working_group_member,
        expert,
        expert_sector,
        opening,
        conflict_declaration,
        review,
        review_plan,
        decision,
        decision_outcome,
        message,
        idempotency
    )
}

/// A refusal must leave everything as it was.
struct Unchanged<'a> {
    world: &'a World,
    before: Vec<String>,
}

impl<'a> Unchanged<'a> {
    async fn since_now(world: &'a World) -> Self {
        world.is_quiet().await;
        Self { world, before: everything(world).await }
    }

    /// The mutation is refused for these reasons and no others.
    async fn refused(&self, who: &Person, mutation: &str, input: Value, reasons: &[&str]) {
        let answer = who.does(mutation, input.clone(), "__typename").await;
        says_nothing_of_the_inside(&answer);
        assert_eq!(answer.refused(), reasons, "{} {mutation} {input:#}", who.handle);
        self.holds(mutation).await;
    }

    /// The request does not even get that far.
    async fn invalid(&self, who: &Person, mutation: &str, input: Value) {
        let answer = who.does(mutation, input.clone(), "__typename").await;
        says_nothing_of_the_inside(&answer);
        assert!(
            ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.error()),
            "{mutation} {input:#} {answer:?}"
        );
        self.holds(mutation).await;
    }

    /// Without a session it is refused, whatever it is.
    async fn unknown(&self, mutation: &str, input: Value) {
        let answer = self.world.visitor.does(mutation, input, "__typename").await;
        assert_eq!(answer.error(), "UNAUTHENTICATED", "{mutation}");
        self.holds(mutation).await;
    }

    async fn holds(&self, mutation: &str) {
        assert_eq!(everything(self.world).await, self.before, "{mutation} changed something");
    }
}

/// No text of the database, no name of a table, no place in the source.
fn says_nothing_of_the_inside(answer: &Answer) {
    let told = answer.body.to_string().to_lowercase();
    for inside in ["sql", "constraint", "select ", "insert ", "database", "uq_", "panick", ".rs:", "_id"] {
        assert!(!told.contains(inside), "{inside} in {told}");
    }
}

/// The object with some fields given differently.
fn with(object: &Value, changes: Value) -> Value {
    let mut object = object.clone();
    let Value::Object(changes) = changes else { panic!("{changes}") };
    object.as_object_mut().unwrap().extend(changes);
    object
}

const HIDDEN: &str = "a\u{202e}b";

#[tokio::test]
async fn accounts() {
    let world = World::new().await;
    let an = world.person("an", "Nguyễn Thị An").await;
    let unchanged = Unchanged::since_now(&world).await;
    let good = json!({ "email": "binh@example.vn", "displayName": "Trần Bình", "password": "bảy mặt trăng trên hồ" });
    let register = async |changes: Value, reasons: &[&str]| {
        let input = with(&good, changes);
        let answer = world.visitor.does("register", input.clone(), "__typename").await;
        says_nothing_of_the_inside(&answer);
        assert_eq!(answer.refused(), reasons, "{input}");
        unchanged.holds("register").await;
    };
    for email in ["", "an", "an@", "an@vn", "an@127.0.0.1", "an\r\nBcc: x@example.vn", "nguyễn@example.vn"]
    {
        register(json!({ "email": email }), &["MALFORMED input.email"]).await;
    }
    register(json!({ "email": format!("{}@example.vn", "x".repeat(300)) }), &["TOO_LONG input.email"]).await;
    register(json!({ "displayName": " " }), &["REQUIRED input.displayName"]).await;
    register(json!({ "displayName": HIDDEN }), &["FORBIDDEN_CHARACTER input.displayName"]).await;
    register(json!({ "displayName": "x".repeat(101) }), &["TOO_LONG input.displayName"]).await;
    register(json!({ "password": "short" }), &["TOO_SHORT input.password"]).await;
    register(json!({ "password": "x y".repeat(43) }), &["TOO_LONG input.password"]).await;
    register(json!({ "password": "binh@example.vn" }), &["WEAK_PASSWORD input.password"]).await;
    register(
        json!({ "email": "?", "displayName": "" }),
        &["MALFORMED input.email", "REQUIRED input.displayName"],
    )
    .await;

    for token in ["", "x", &"x".repeat(10_000)] {
        let answer = world.visitor.does("verifyEmail", json!({ "token": token }), "__typename").await;
        assert_eq!(answer.refused(), ["INVALID_TOKEN input.token"]);
        let answer =
            world.visitor.does("refreshSession", json!({ "refreshToken": token }), "__typename").await;
        assert_eq!(answer.refused(), ["INVALID_TOKEN input.refreshToken"]);
    }
    for (email, password) in [
        ("an@example.vn", "wrong password"),
        ("nobody@example.vn", "wrong password"),
        ("?", ""),
        ("an@example.vn", ""),
    ] {
        let answer =
            world.visitor.does("logIn", json!({ "email": email, "password": password }), "__typename").await;
        assert_eq!(answer.refused(), ["INVALID_CREDENTIALS"]);
    }
    unchanged.unknown("logOut", json!({})).await;
    unchanged.invalid(&an, "register", json!({ "email": "an@example.vn" })).await;
    unchanged.invalid(&an, "register", with(&good, json!({ "role": "ADMINISTRATOR" }))).await;
    world.finish().await;
}

#[tokio::test]
async fn organizations() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let pending = cast
        .bao
        .does(
            "createOrganization",
            json!({ "kind": "STARTUP", "name": vietnamese("Ba Miền") }),
            "organization { id }",
        )
        .await;
    let pending = text(&pending.ok()["organization"]["id"]);
    let startup = startup_of(&cast.linh).await;
    for person in [&cast.bao, &cast.quan, &cast.officer] {
        person.client().await;
    }
    let unchanged = Unchanged::since_now(&world).await;
    let found = json!({ "kind": "STARTUP", "name": vietnamese("Công ty Mới") });
    let creates = async |changes: Value, reasons: &[&str]| {
        unchanged.refused(&cast.bao, "createOrganization", with(&found, changes), reasons).await;
    };
    creates(json!({ "name": [] }), &["REQUIRED input.name"]).await;
    creates(json!({ "name": vietnamese("\t") }), &["REQUIRED input.name.0.value"]).await;
    creates(json!({ "name": vietnamese(HIDDEN) }), &["FORBIDDEN_CHARACTER input.name.0.value"]).await;
    creates(json!({ "name": vietnamese(&"x".repeat(201)) }), &["TOO_LONG input.name.0.value"]).await;
    creates(json!({ "name": [{ "locale": "EN", "value": "New" }] }), &["REQUIRED input.name"]).await;
    let twice = json!([{ "locale": "VI", "value": "Một" }, { "locale": "VI", "value": "Hai" }]);
    creates(json!({ "name": twice }), &["ALREADY_EXISTS input.name.1.locale"]).await;
    for alike in ["Sở Xây dựng", "sở  xây DỰNG", "Sở Xây dựn\u{261}", "Ｓở Xây dựng"] {
        creates(json!({ "name": vietnamese(alike) }), &["ALREADY_EXISTS input.name"]).await;
    }
    for slug in ["ab", "Công-ty", "a--b", "-ab", "a b c"] {
        creates(json!({ "slug": slug }), &["MALFORMED input.slug"]).await;
    }
    creates(json!({ "slug": "so-xay-dung" }), &["ALREADY_EXISTS input.slug"]).await;
    creates(json!({ "kind": "PROGRAMME_OFFICE" }), &["NOT_PERMITTED"]).await;
    creates(json!({ "idempotencyKey": "short" }), &["MALFORMED input.idempotencyKey"]).await;
    unchanged.invalid(&cast.bao, "createOrganization", with(&found, json!({ "status": "VERIFIED" }))).await;
    unchanged.invalid(&cast.bao, "createOrganization", with(&found, json!({ "kind": "BANK" }))).await;
    unchanged.unknown("createOrganization", found.clone()).await;

    let verify = |id: &str| json!({ "organizationId": id });
    unchanged.refused(&cast.bao, "verifyOrganization", verify(&pending), &["NOT_PERMITTED"]).await;
    unchanged
        .refused(&cast.linh, "verifyOrganization", verify(&pending), &["NOT_FOUND input.organizationId"])
        .await;
    unchanged.refused(&cast.officer, "verifyOrganization", verify(&startup), &["CONFLICT"]).await;
    for unknown in ["", "x", &"A".repeat(23), &"x".repeat(1000)] {
        unchanged
            .refused(
                &cast.officer,
                "verifyOrganization",
                verify(unknown),
                &["NOT_FOUND input.organizationId"],
            )
            .await;
    }
    let reject = json!({ "organizationId": pending, "reason": " " });
    unchanged.refused(&cast.officer, "rejectOrganization", reject, &["REQUIRED input.reason"]).await;

    let invite = json!({ "organizationId": startup, "email": "moi@example.vn", "role": "VIEWER" });
    unchanged.refused(&cast.quan, "inviteMember", invite.clone(), &["NOT_PERMITTED"]).await;
    unchanged
        .refused(
            &cast.linh,
            "inviteMember",
            with(&invite, json!({ "role": "OFFICER" })),
            &["MALFORMED input.role"],
        )
        .await;
    unchanged
        .refused(
            &cast.linh,
            "inviteMember",
            with(&invite, json!({ "email": "x" })),
            &["MALFORMED input.email"],
        )
        .await;
    unchanged
        .refused(
            &cast.bao,
            "inviteMember",
            with(&invite, json!({ "organizationId": cast.agency })),
            &["NOT_PERMITTED"],
        )
        .await;
    unchanged
        .refused(&cast.bao, "acceptInvitation", json!({ "token": "x" }), &["INVALID_TOKEN input.token"])
        .await;

    let own =
        cast.linh.asks("{ viewer { memberships { id } } }", json!({})).await.ok()["memberships"][0]["id"]
            .clone();
    let remove = json!({ "membershipId": own });
    unchanged
        .refused(&cast.linh, "removeMember", remove.clone(), &["INCOMPATIBLE_ROLE input.membershipId"])
        .await;
    unchanged.refused(&cast.bao, "removeMember", remove.clone(), &["NOT_FOUND input.membershipId"]).await;
    unchanged.refused(&cast.quan, "removeMember", remove, &["NOT_PERMITTED"]).await;
    world.finish().await;
}

#[tokio::test]
async fn houses() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    let input = json!({ "organizationId": startup, "email": "moi@example.vn", "role": "VIEWER" });
    cast.linh.does("inviteMember", input, "organization { id }").await.ok();
    let of_linh = cast
        .linh
        .asks("{ viewer { memberships { id organization { invitations { id } } } } }", json!({}))
        .await
        .ok()["memberships"][0]
        .clone();
    let member = |changes| with(&json!({ "membershipId": of_linh["id"], "role": "EDITOR" }), changes);
    let invitation = json!({ "invitationId": of_linh["organization"]["invitations"][0]["id"] });
    let house = |changes| with(&json!({ "organizationId": startup, "reason": "Rà soát." }), changes);
    let name = json!({ "name": vietnamese("Phường Mới") });
    let rename = with(&name, json!({ "organizationId": startup, "expectedVersion": 1 }));
    let place = json!({ "organizationId": cast.agency, "expectedVersion": 1, "parentId": null });
    let delegation = json!({
        "unitId": cast.agency,
        "delegateId": cast.agency,
        "record": record("7/QĐ"),
        "validFrom": "2026-01-01",
        "validUntil": "2199-12-31",
    });
    let focal_point =
        json!({ "person": { "name": "Tổ" }, "role": "HEAD", "isFocalPoint": true, "termFrom": "2026-01-01" });
    let group = json!({ "organizationId": cast.agency, "record": record("8/QĐ"), "members": [focal_point] });
    let expert = json!({ "email": cast.chair.email, "sectors": ["TAX"], "affiliation": "Viện Tài chính" });
    let entry = json!({ "expertId": startup, "reason": "Nghỉ hưu." });
    let all = [
        ("registerUnit", name.clone()),
        ("updateOrganization", rename.clone()),
        ("placeOrganization", place.clone()),
        ("suspendOrganization", house(json!({}))),
        ("reinstateOrganization", house(json!({}))),
        ("closeOrganization", house(json!({}))),
        ("changeMemberRole", member(json!({}))),
        ("revokeInvitation", invitation.clone()),
        ("delegateUnit", delegation.clone()),
        ("revokeDelegation", json!({ "delegationId": startup, "reason": "Đủ người." })),
        ("establishWorkingGroup", group.clone()),
        ("registerExpert", expert.clone()),
        ("updateExpert", json!({ "expertId": startup, "expectedVersion": 1 })),
        ("suspendExpert", entry.clone()),
        ("reinstateExpert", entry.clone()),
    ];
    for person in [&cast.bao, &cast.linh, &cast.lead, &cast.officer, &cast.administrator] {
        person.client().await;
    }
    let unchanged = Unchanged::since_now(&world).await;
    for (mutation, input) in &all {
        unchanged.unknown(mutation, input.clone()).await;
        // No input sets what the rules decide.
        for own in ["status", "version", "createdBy", "grantedBy", "kind"] {
            unchanged.invalid(&cast.officer, mutation, with(input, json!({ own: "VERIFIED" }))).await;
        }
        // A member of another house reaches nothing in this one.
        let answer = cast.bao.does(mutation, input.clone(), "__typename").await;
        says_nothing_of_the_inside(&answer);
        assert!(
            answer
                .refused()
                .iter()
                .all(|reason| reason.starts_with("NOT_PERMITTED") || reason.starts_with("NOT_FOUND")),
            "{mutation} {answer:?}"
        );
        unchanged.holds(mutation).await;
    }
    // An unknown id, one of another kind and one that is hidden are one.
    for id in ["", "x", &"A".repeat(23), &cast.agency] {
        for (mutation, field) in [
            ("changeMemberRole", "membershipId"),
            ("revokeInvitation", "invitationId"),
            ("revokeDelegation", "delegationId"),
            ("updateExpert", "expertId"),
            ("suspendExpert", "expertId"),
        ] {
            let (_, input) = all.iter().find(|(name, _)| *name == mutation).unwrap();
            let not_found = format!("NOT_FOUND input.{field}");
            unchanged
                .refused(&cast.officer, mutation, with(input, json!({ field: id })), &[&not_found])
                .await;
        }
    }
    for mutation in ["suspendOrganization", "reinstateOrganization", "closeOrganization"] {
        for (reason, code) in
            [("", "REQUIRED"), (HIDDEN, "FORBIDDEN_CHARACTER"), (&"x".repeat(2001), "TOO_LONG")]
        {
            let code = format!("{code} input.reason");
            unchanged.refused(&cast.officer, mutation, house(json!({ "reason": reason })), &[&code]).await;
        }
    }
    unchanged.refused(&cast.officer, "reinstateOrganization", house(json!({})), &["CONFLICT"]).await;
    unchanged.refused(&cast.officer, "delegateUnit", delegation, &["NOT_PERMITTED"]).await;
    let unsigned = with(&group, json!({ "record": with(&record("8/QĐ"), json!({ "signer": "" })) }));
    unchanged.refused(&cast.lead, "establishWorkingGroup", unsigned, &["REQUIRED input.record.signer"]).await;
    let both = with(&focal_point, json!({ "person": { "name": "Tổ", "membershipId": of_linh["id"] } }));
    unchanged.invalid(&cast.lead, "establishWorkingGroup", with(&group, json!({ "members": [both] }))).await;
    let nameless = with(&rename, json!({ "name": [], "slug": "a b" }));
    let wrong = ["REQUIRED input.name", "MALFORMED input.slug"];
    unchanged.refused(&cast.officer, "updateOrganization", nameless, &wrong).await;
    let tomorrow = with(&place, json!({ "validFrom": "2026-02-29" }));
    unchanged.invalid(&cast.officer, "placeOrganization", tomorrow).await;
    world.finish().await;
}

#[tokio::test]
async fn challenges_before_they_are_published() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.drafts(&world, DAY, 10 * DAY).await;
    let unchanged = Unchanged::since_now(&world).await;
    let good = json!({
        "agencyId": cast.agency,
        "title": vietnamese("Kẹt xe"),
        "summary": vietnamese("Giờ cao điểm"),
        "sector": "TRANSPORT",
        "draft": complete_draft(),
    });
    let creates = async |changes: Value, reasons: &[&str]| {
        unchanged.refused(&cast.lead, "createChallenge", with(&good, changes), reasons).await;
    };
    creates(
        json!({ "title": [], "summary": vietnamese("") }),
        &["REQUIRED input.title", "REQUIRED input.summary.0.value"],
    )
    .await;
    creates(json!({ "title": vietnamese(&"x".repeat(201)) }), &["TOO_LONG input.title.0.value"]).await;
    creates(json!({ "summary": vietnamese(&"x".repeat(2001)) }), &["TOO_LONG input.summary.0.value"]).await;
    creates(json!({ "slug": "A" }), &["MALFORMED input.slug"]).await;
    for agency in ["", &startup_of(&cast.linh).await, &challenge] {
        creates(json!({ "agencyId": agency }), &["NOT_FOUND input.agencyId"]).await;
    }
    for (who, reason) in [
        (&cast.linh, "NOT_PERMITTED"),
        (&cast.officer, "NOT_PERMITTED"),
        (&cast.administrator, "NOT_PERMITTED"),
    ] {
        unchanged.refused(who, "createChallenge", good.clone(), &[reason]).await;
    }
    unchanged.unknown("createChallenge", good.clone()).await;

    let drafts = async |changes: Value, reasons: &[&str]| {
        creates(json!({ "draft": with(&complete_draft(), changes) }), reasons).await;
    };
    let criterion = |weight: i64| json!({ "name": vietnamese("Tính mới"), "weight": weight });
    for weight in [0, 101, -5] {
        drafts(
            json!({ "criteria": [criterion(50), criterion(weight)] }),
            &["OUT_OF_RANGE input.draft.criteria.1.weight"],
        )
        .await;
    }
    drafts(json!({ "criteria": vec![criterion(1); 21] }), &["TOO_LONG input.draft.criteria"]).await;
    drafts(json!({ "criteria": [{ "name": [], "weight": 100 }] }), &["REQUIRED input.draft.criteria.0.name"])
        .await;
    drafts(json!({ "passMark": 101 }), &["OUT_OF_RANGE input.draft.passMark"]).await;
    drafts(json!({ "sourceUrl": "javascript:alert(1)" }), &["MALFORMED input.draft.sourceUrl"]).await;
    let section = |text: &str| json!({ "kind": "CONTEXT", "text": vietnamese(text) });
    drafts(
        json!({ "sections": [section("một"), section("hai")] }),
        &["ALREADY_EXISTS input.draft.sections.1.kind"],
    )
    .await;
    drafts(
        json!({ "sections": [section(HIDDEN)] }),
        &["FORBIDDEN_CHARACTER input.draft.sections.0.text.0.value"],
    )
    .await;
    drafts(
        json!({ "sections": [section(&"x".repeat(10_001))] }),
        &["TOO_LONG input.draft.sections.0.text.0.value"],
    )
    .await;
    let indicator =
        with(&complete_draft()["indicators"][0], json!({ "baseline": "1.1234567", "target": "1.2.3" }));
    drafts(
        json!({ "indicators": [indicator] }),
        &["MALFORMED input.draft.indicators.0.baseline", "MALFORMED input.draft.indicators.0.target"],
    )
    .await;
    let backwards = json!({ "opensAt": "2030-01-02T00:00:00Z", "closesAt": "2030-01-01T00:00:00Z" });
    drafts(backwards, &["OUT_OF_RANGE input.closesAt"]).await;
    for instant in ["2030-01-01", "2030-01-01T00:00:00", "9999-01-01T00:00:00Z", "now", ""] {
        let draft = json!({ "closesAt": instant });
        unchanged.invalid(&cast.lead, "createChallenge", with(&good, json!({ "draft": draft }))).await;
    }

    let id = json!({ "challengeId": challenge });
    let update = with(&id, json!({ "expectedVersion": 1, "title": vietnamese("Mới") }));
    unchanged
        .refused(
            &cast.lead,
            "updateChallenge",
            with(&update, json!({ "expectedVersion": 2 })),
            &["CONFLICT input.expectedVersion"],
        )
        .await;
    unchanged
        .refused(&cast.officer, "updateChallenge", update.clone(), &["NOT_FOUND input.challengeId"])
        .await;
    unchanged.refused(&cast.linh, "updateChallenge", update.clone(), &["NOT_FOUND input.challengeId"]).await;
    unchanged
        .refused(&cast.linh, "submitChallengeForApproval", id.clone(), &["NOT_FOUND input.challengeId"])
        .await;

    let empty = json!({ "agencyId": cast.agency, "title": vietnamese("Rỗng"), "summary": vietnamese("Rỗng"), "sector": "TAX" });
    let empty =
        text(&cast.lead.does("createChallenge", empty, "challenge { id }").await.ok()["challenge"]["id"]);
    let ninety =
        json!({ "challengeId": empty, "expectedVersion": 1, "draft": { "criteria": [criterion(90)] } });
    cast.lead.does("updateChallenge", ninety, "challenge { id }").await.ok();
    let unchanged = Unchanged::since_now(&world).await;
    let missing = [
        "REQUIRED challenge.sections.CONTEXT",
        "REQUIRED challenge.sections.CURRENT_PROCESS",
        "REQUIRED challenge.sections.EXPECTED_PRODUCT",
        "REQUIRED challenge.indicators",
        "WEIGHTS_NOT_100 challenge.criteria",
        "REQUIRED challenge.closesAt",
    ];
    unchanged
        .refused(&cast.lead, "submitChallengeForApproval", json!({ "challengeId": empty }), &missing)
        .await;
    unchanged.refused(&cast.lead, "recallChallenge", id.clone(), &["CONFLICT"]).await;

    cast.hands_in(&challenge).await;
    let unchanged = Unchanged::since_now(&world).await;
    let approve = with(&id, json!({ "record": record("12/QĐ") }));
    unchanged
        .refused(&cast.lead, "updateChallenge", with(&update, json!({ "expectedVersion": 2 })), &["CONFLICT"])
        .await;
    unchanged.refused(&cast.lead, "submitChallengeForApproval", id.clone(), &["CONFLICT"]).await;
    unchanged.refused(&cast.lead, "approveChallenge", approve.clone(), &["NOT_PERMITTED"]).await;
    unchanged.refused(&cast.publisher, "approveChallenge", approve.clone(), &["NOT_PERMITTED"]).await;
    unchanged.refused(&cast.publisher, "publishChallenge", approve.clone(), &["CONFLICT"]).await;
    unchanged
        .refused(
            &cast.officer,
            "requestChallengeChanges",
            with(&id, json!({ "reason": "" })),
            &["REQUIRED input.reason"],
        )
        .await;
    let long = with(&id, json!({ "reason": "x".repeat(2001) }));
    unchanged.refused(&cast.officer, "requestChallengeChanges", long, &["TOO_LONG input.reason"]).await;
    let record = |changes| with(&id, json!({ "record": with(&record("12/QĐ"), changes) }));
    let nameless = record(json!({ "number": "", "signer": HIDDEN }));
    let reasons = ["REQUIRED input.record.number", "FORBIDDEN_CHARACTER input.record.signer"];
    unchanged.refused(&cast.officer, "approveChallenge", nameless, &reasons).await;
    let link = record(json!({ "documentUrl": "https://user:secret@example.vn" }));
    unchanged.refused(&cast.officer, "approveChallenge", link, &["MALFORMED input.record.documentUrl"]).await;
    unchanged.invalid(&cast.officer, "approveChallenge", record(json!({ "date": "2026-02-29" }))).await;

    cast.approves(&challenge).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.officer, "publishChallenge", approve.clone(), &["NOT_PERMITTED"]).await;
    unchanged.refused(&cast.drafter, "recallChallenge", id.clone(), &["NOT_PERMITTED"]).await;
    world.pass(11 * DAY).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.publisher, "publishChallenge", approve, &["DEADLINE_PASSED"]).await;
    world.finish().await;
}

#[tokio::test]
async fn nobody_approves_or_publishes_what_they_wrote() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    // Two of the agency are also in the programme office: the drafter as an officer, the lead as its publishing authority.
    let office = organization::Entity::find().all(world.db()).await.unwrap();
    let office = office.iter().find(|house| house.kind == OrganizationKind::ProgrammeOffice).unwrap().id;
    let second_places = [(&cast.drafter, MembershipRole::Officer), (&cast.lead, MembershipRole::Publisher)];
    insert(world.db(), second_places.map(|(person, role)| rows::membership(office, person.account, role)))
        .await
        .unwrap();
    let challenge = cast.drafts(&world, DAY, 10 * DAY).await;
    cast.hands_in(&challenge).await;

    let unchanged = Unchanged::since_now(&world).await;
    let input = json!({ "challengeId": challenge, "record": record("12/QĐ") });
    unchanged.refused(&cast.drafter, "approveChallenge", input.clone(), &["SELF_APPROVAL"]).await;
    cast.approves(&challenge).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.lead, "publishChallenge", input, &["SELF_APPROVAL"]).await;
    world.finish().await;
}

#[tokio::test]
async fn proposals_and_their_opening() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let id = json!({ "challengeId": challenge });
    let unchanged = Unchanged::since_now(&world).await;
    let seat = |person: &Person, role: &str| with(&id, json!({ "email": person.email, "role": role }));
    unchanged
        .refused(&cast.lead, "appointCouncilMember", seat(&cast.chair, "CHAIR"), &["NOT_PERMITTED"])
        .await;
    let nobody = with(&id, json!({ "email": "nobody@example.vn", "role": "CHAIR" }));
    unchanged.refused(&cast.officer, "appointCouncilMember", nobody, &["NOT_FOUND input.email"]).await;
    let malformed = with(&id, json!({ "email": "nobody", "role": "CHAIR" }));
    unchanged.refused(&cast.officer, "appointCouncilMember", malformed, &["MALFORMED input.email"]).await;
    cast.appoint(&challenge).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged
        .refused(
            &cast.officer,
            "appointCouncilMember",
            seat(&cast.bao, "CHAIR"),
            &["ALREADY_EXISTS input.role"],
        )
        .await;
    unchanged
        .refused(
            &cast.officer,
            "appointCouncilMember",
            seat(&cast.reviewer, "MEMBER"),
            &["ALREADY_EXISTS input.email"],
        )
        .await;
    unchanged
        .refused(
            &cast.officer,
            "appointCouncilMember",
            seat(&cast.authority, "MEMBER"),
            &["INCOMPATIBLE_ROLE input.email"],
        )
        .await;
    let decider = with(&id, json!({ "email": cast.chair.email }));
    unchanged.refused(&cast.officer, "nameDecisionMaker", decider, &["INCOMPATIBLE_ROLE input.email"]).await;

    let (of_linh, of_bao) = (startup_of(&cast.linh).await, startup_of(&cast.bao).await);
    let good = with(&id, json!({ "organizationId": of_linh, "title": "Bản đồ", "summary": "Sớm" }));
    let writes = async |changes: Value, reasons: &[&str]| {
        unchanged.refused(&cast.linh, "createProposal", with(&good, changes), reasons).await;
    };
    writes(
        json!({ "title": "", "summary": HIDDEN }),
        &["REQUIRED input.title", "FORBIDDEN_CHARACTER input.summary"],
    )
    .await;
    writes(json!({ "title": "x".repeat(201) }), &["TOO_LONG input.title"]).await;
    writes(json!({ "organizationId": of_bao }), &["NOT_FOUND input.organizationId"]).await;
    writes(json!({ "challengeId": of_linh }), &["NOT_FOUND input.challengeId"]).await;
    for amount in ["1.5", "-1", "1000000000000000"] {
        let answer = cast.linh.does(
            "createProposal",
            with(&good, json!({ "budget": { "amount": amount, "currency": "VND" } })),
            "__typename",
        );
        let reasons = answer.await.refused();
        assert!(
            matches!(reasons.as_slice(), [reason] if reason.ends_with(" input.budget.amount")),
            "{amount} {reasons:?}"
        );
    }
    let section = json!({ "kind": "PLAN", "text": "Ba tháng" });
    writes(json!({ "sections": [section, section] }), &["ALREADY_EXISTS input.sections.1.kind"]).await;
    let empty = json!({ "sections": [{ "kind": "PLAN", "text": "" }] });
    writes(empty, &["REQUIRED input.sections.0.text"]).await;
    unchanged
        .invalid(
            &cast.linh,
            "createProposal",
            with(&good, json!({ "budget": { "amount": 400, "currency": "VND" } })),
        )
        .await;
    unchanged.unknown("createProposal", good.clone()).await;

    let done = cast.quan.does("createProposal", good.clone(), "proposal { id version }").await.ok();
    let proposal = text(&done["proposal"]["id"]);
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.linh, "createProposal", good, &["ALREADY_EXISTS input.challengeId"]).await;
    let submit = json!({ "proposalId": proposal, "declaresOwnership": true });
    let incomplete = [
        "REQUIRED proposal.sections.SOLUTION",
        "REQUIRED proposal.sections.PLAN",
        "REQUIRED input.declaresOwnership",
    ];
    unchanged
        .refused(
            &cast.linh,
            "submitProposal",
            with(&submit, json!({ "declaresOwnership": false })),
            &incomplete,
        )
        .await;
    unchanged.refused(&cast.quan, "submitProposal", submit.clone(), &["NOT_PERMITTED"]).await;
    for stranger in [&cast.bao, &cast.lead, &cast.officer, &cast.chair, &cast.administrator, &cast.auditor] {
        unchanged.refused(stranger, "submitProposal", submit.clone(), &["NOT_FOUND input.proposalId"]).await;
        unchanged
            .refused(
                stranger,
                "withdrawProposal",
                json!({ "proposalId": proposal }),
                &["NOT_FOUND input.proposalId"],
            )
            .await;
    }
    let update = json!({ "proposalId": proposal, "expectedVersion": 9, "title": "Khác" });
    unchanged.refused(&cast.quan, "updateProposal", update, &["CONFLICT input.expectedVersion"]).await;
    unchanged.refused(&cast.linh, "withdrawProposal", json!({ "proposalId": proposal }), &["CONFLICT"]).await;
    let eligible = json!({ "proposalId": proposal, "isEligible": true, "reason": "Tốt" });
    unchanged
        .refused(&cast.secretary, "screenProposal", eligible.clone(), &["NOT_FOUND input.proposalId"])
        .await;
    unchanged.refused(&cast.linh, "screenProposal", eligible, &["NOT_FOUND input.proposalId"]).await;
    unchanged.refused(&cast.secretary, "requestProposalOpening", id.clone(), &["DEADLINE_NOT_REACHED"]).await;
    unchanged.refused(&cast.chair, "confirmProposalOpening", id.clone(), &["DEADLINE_NOT_REACHED"]).await;

    let upstart = cast
        .bao
        .does(
            "createOrganization",
            json!({ "kind": "STARTUP", "name": vietnamese("Ba Miền") }),
            "organization { id }",
        )
        .await;
    let upstart = text(&upstart.ok()["organization"]["id"]);
    let input = with(&id, json!({ "organizationId": upstart, "title": "Cổng", "summary": "Ngăn triều" }));
    let unverified =
        text(&cast.bao.does("createProposal", input, "proposal { id }").await.ok()["proposal"]["id"]);
    let unchanged = Unchanged::since_now(&world).await;
    let submit_unverified = json!({ "proposalId": unverified, "declaresOwnership": true });
    let everything_in_the_way = [
        "ORGANIZATION_NOT_VERIFIED",
        "REQUIRED proposal.sections.SOLUTION",
        "REQUIRED proposal.sections.PLAN",
    ];
    unchanged.refused(&cast.bao, "submitProposal", submit_unverified, &everything_in_the_way).await;

    world.pass(10 * DAY).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.linh, "submitProposal", submit, &["DEADLINE_PASSED"]).await;
    let update = json!({ "proposalId": proposal, "expectedVersion": 1, "title": "Khác" });
    unchanged.refused(&cast.linh, "updateProposal", update, &["DEADLINE_PASSED"]).await;
    let late = with(
        &id,
        json!({ "organizationId": startup_of(&cast.yen).await, "title": "Hồ", "summary": "Điều tiết" }),
    );
    unchanged.refused(&cast.yen, "createProposal", late, &["DEADLINE_PASSED"]).await;
    unchanged.refused(&cast.officer, "requestProposalOpening", id.clone(), &["NOT_PERMITTED"]).await;
    unchanged.refused(&cast.officer, "confirmProposalOpening", id.clone(), &["SECOND_PERSON_REQUIRED"]).await;
    cast.open(&challenge).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged.refused(&cast.secretary, "requestProposalOpening", id.clone(), &["CONFLICT"]).await;
    unchanged.refused(&cast.officer, "confirmProposalOpening", id, &["CONFLICT"]).await;
    world.finish().await;
}

#[tokio::test]
async fn evaluation_and_decision() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let id = json!({ "challengeId": challenge });
    let scoring = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Bản đồ ngập").await;
    let other = cast.writes(&cast.yen, &challenge, "Hồ điều tiết").await;
    cast.submits(&cast.linh, &proposal).await;
    cast.submits(&cast.yen, &other).await;
    world.pass(10 * DAY).await;
    cast.open(&challenge).await;

    let unchanged = Unchanged::since_now(&world).await;
    let on = |proposal: &str| json!({ "proposalId": proposal });
    let assign = |members: &[&String]| {
        with(&id, json!({ "assignments": [{ "proposalId": proposal, "memberIds": members }] }))
    };
    unchanged
        .refused(&cast.secretary, "assignReviews", assign(&[&scoring[0]]), &["CONFLICT_UNDECLARED"])
        .await;
    unchanged.refused(&cast.chair, "assignReviews", assign(&[&scoring[0]]), &["CONFLICT_UNDECLARED"]).await;
    unchanged
        .refused(&cast.reviewer, "declareNoConflict", on(&proposal), &["NOT_FOUND input.proposalId"])
        .await;
    unchanged.refused(&cast.linh, "declareNoConflict", on(&proposal), &["NOT_FOUND input.proposalId"]).await;
    cast.admits(&proposal).await;
    let unchanged = Unchanged::since_now(&world).await;
    let screen = with(&on(&other), json!({ "isEligible": true, "reason": "Tốt" }));
    unchanged.refused(&cast.chair, "screenProposal", screen.clone(), &["CONFLICT_UNDECLARED"]).await;
    unchanged
        .refused(
            &cast.secretary,
            "screenProposal",
            with(&screen, json!({ "reason": "" })),
            &["REQUIRED input.reason"],
        )
        .await;
    let again = with(&screen, json!({ "proposalId": proposal }));
    unchanged.refused(&cast.secretary, "screenProposal", again, &["CONFLICT"]).await;
    let council = cast.officer.asks(
        "query ($id: ID!) { challenge(by: { id: $id }) { council { id role } } }",
        json!({ "id": challenge }),
    );
    let council = council.await.ok();
    let secretary =
        council["council"].as_array().unwrap().iter().find(|seat| seat["role"] == "SECRETARY").unwrap();
    let secretary = text(&secretary["id"]);
    let at = |reason: &str| format!("{reason} input.assignments.0.memberIds.0");
    unchanged
        .refused(&cast.secretary, "assignReviews", assign(&[&secretary]), &[&at("INCOMPATIBLE_ROLE")])
        .await;
    unchanged.refused(&cast.secretary, "assignReviews", assign(&[&proposal]), &[&at("NOT_FOUND")]).await;
    let unknown = with(&id, json!({ "assignments": [{ "proposalId": challenge, "memberIds": [] }] }));
    unchanged
        .refused(&cast.secretary, "assignReviews", unknown, &["NOT_FOUND input.assignments.0.proposalId"])
        .await;
    let many = vec![&scoring[0]; 101];
    unchanged.refused(&cast.secretary, "assignReviews", assign(&many), &["TOO_LONG input.assignments"]).await;
    let twice = assign(&[&scoring[0], &scoring[0]]);
    unchanged
        .refused(&cast.secretary, "assignReviews", twice, &["ALREADY_EXISTS input.assignments.0.memberIds.1"])
        .await;

    let reviews = cast.assigns(&challenge, &proposal, &scoring[..2]).await;
    let unchanged = Unchanged::since_now(&world).await;
    unchanged
        .refused(&cast.secretary, "assignReviews", assign(&[&scoring[0]]), &[&at("ALREADY_EXISTS")])
        .await;
    let conflict = with(&on(&proposal), json!({ "kind": "KINSHIP", "reason": "Anh rể." }));
    unchanged
        .refused(
            &cast.reviewer,
            "declareConflict",
            with(&conflict, json!({ "kind": "NONE" })),
            &["MALFORMED input.kind"],
        )
        .await;
    unchanged
        .refused(
            &cast.reviewer,
            "declareConflict",
            with(&conflict, json!({ "reason": "" })),
            &["REQUIRED input.reason"],
        )
        .await;
    unchanged
        .refused(
            &cast.reviewer,
            "declareConflict",
            with(&conflict, on(&other)),
            &["NOT_FOUND input.proposalId"],
        )
        .await;
    let save = json!({ "reviewId": reviews[0], "expectedVersion": 1, "marks": [] });
    unchanged.refused(&cast.reviewer, "saveScoreSheet", save, &["CONFLICT"]).await;

    let declared = cast.reviewer.does("declareNoConflict", on(&proposal), "review { version }").await.ok();
    let criteria = criteria(&cast.reviewer, &reviews[0]).await;
    let unchanged = Unchanged::since_now(&world).await;
    let save =
        json!({ "reviewId": reviews[0], "expectedVersion": declared["review"]["version"], "marks": [] });
    let mark = |criterion: &str, score: &str| json!({ "criterionId": criterion, "score": score });
    let saves = async |marks: Value, reasons: &[&str]| {
        unchanged
            .refused(&cast.reviewer, "saveScoreSheet", with(&save, json!({ "marks": marks })), reasons)
            .await;
    };
    saves(json!([mark(&criteria[0], "10.01")]), &["OUT_OF_RANGE input.marks.0.score"]).await;
    saves(json!([mark(&criteria[0], "5"), mark(&criteria[1], "1.234")]), &["MALFORMED input.marks.1.score"])
        .await;
    saves(json!([mark(&criteria[0], "-1")]), &["MALFORMED input.marks.0.score"]).await;
    saves(json!([mark(&proposal, "5")]), &["NOT_FOUND input.marks.0.criterionId"]).await;
    saves(
        json!([mark(&criteria[0], "5"), mark(&criteria[0], "6")]),
        &["ALREADY_EXISTS input.marks.1.criterionId"],
    )
    .await;
    for score in ["NaN", "1e1", "", "7,5"] {
        unchanged
            .invalid(
                &cast.reviewer,
                "saveScoreSheet",
                with(&save, json!({ "marks": [mark(&criteria[0], score)] })),
            )
            .await;
    }
    let stale = with(&save, json!({ "expectedVersion": 1 }));
    unchanged.refused(&cast.reviewer, "saveScoreSheet", stale, &["CONFLICT input.expectedVersion"]).await;
    for (who, reason) in [
        (&cast.other_reviewer, "NOT_FOUND input.reviewId"),
        (&cast.linh, "NOT_FOUND input.reviewId"),
        (&cast.chair, "NOT_PERMITTED"),
    ] {
        unchanged.refused(who, "saveScoreSheet", save.clone(), &[reason]).await;
    }
    let marks = json!([mark(&criteria[0], "5"), mark(&criteria[1], "5")]);
    cast.reviewer.does("saveScoreSheet", with(&save, json!({ "marks": marks })), "review { id }").await.ok();
    let unchanged = Unchanged::since_now(&world).await;
    let submit = json!({ "reviewId": reviews[0] });
    let missing = ["REQUIRED review.marks.0.reason", "REQUIRED review.marks.2.score"];
    unchanged.refused(&cast.reviewer, "submitReview", submit, &missing).await;

    unchanged.refused(&cast.chair, "lockRound", id.clone(), &["QUORUM_NOT_REACHED"]).await;
    unchanged.refused(&cast.reviewer, "lockRound", id.clone(), &["NOT_PERMITTED"]).await;
    unchanged.refused(&cast.chair, "startDecision", id.clone(), &["CONFLICT"]).await;
    unchanged.refused(&cast.authority, "startDecision", id.clone(), &["NOT_PERMITTED"]).await;
    let decision = json!({ "decisionId": proposal });
    unchanged
        .refused(&cast.chair, "proposeDecision", decision.clone(), &["NOT_FOUND input.decisionId"])
        .await;
    let approve = with(&decision, json!({ "expectedVersion": 1 }));
    unchanged.refused(&cast.authority, "approveDecision", approve, &["NOT_FOUND input.decisionId"]).await;
    let return_it = with(&decision, json!({ "reason": "" }));
    unchanged
        .refused(
            &cast.authority,
            "returnDecision",
            return_it,
            &["NOT_FOUND input.decisionId", "REQUIRED input.reason"],
        )
        .await;
    world.finish().await;
}
