//! Houses: what kinds there are, where they stand, who is in them, who acts for them, and from whom councils are drawn.

use std::time::Duration;

use app::invitation::RevokeInvitation;
use app::keys::token_hash;
use app::organization::{AcceptInvitation, ChangeMemberRole};
use app::working_group::{EstablishWorkingGroup, NewPerson, NewPlace};
use app::{Command, Error};
use domain::access::{Action, Role, Roles, may};
use domain::challenge::ChallengeStatus;
use domain::decision::DecisionStatus;
use domain::event::EventKind;
use domain::id::{MembershipId, OrganizationId, PublicId as _};
use domain::organization::{INVITATIONS_A_DAY, MembershipRole, OrganizationKind};
use domain::problem::Code;
use domain::time::Day;
use domain::working_group::WorkingGroupRole;
use e2e::cast::{DAY, complete_draft, house, record, startup_of, text, vietnamese};
use e2e::rows::{self, insert};
use e2e::{Cast, Person, World};
use entity::*;
use futures_util::future::{join, join_all};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use serde_json::{Value, json};

/// The code of the one thing that is wrong.
#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(problems)) if problems.len() == 1 => problems[0].reason.code(),
        other => panic!("{other:?}"),
    }
}

fn organization(public: &str) -> OrganizationId {
    OrganizationId::from_public(public).unwrap()
}

/// The programme office of the cast.
async fn office(world: &World) -> OrganizationId {
    let office = organization::Entity::find()
        .filter(organization::Column::Kind.eq(OrganizationKind::ProgrammeOffice))
        .one(world.db())
        .await;
    office.unwrap().unwrap().id
}

/// What somebody sees of an organisation.
async fn seen(who: &Person, id: &str, fields: &str) -> Value {
    let document = format!("query ($id: ID!) {{ organization(by: {{ id: $id }}) {{ {fields} }} }}");
    who.asks(&document, json!({ "id": id })).await.ok()
}

async fn version(who: &Person, id: &str) -> Value {
    seen(who, id, "version").await["version"].clone()
}

/// Today in Vietnam, or so many days later.
async fn day(world: &World, later: i64) -> String {
    Day::at(world.now().await.plus_seconds(later * 86_400)).as_str().to_owned()
}

/// The id of a person's membership in an organisation.
async fn membership_of(world: &World, person: &Person, house: OrganizationId) -> MembershipId {
    let row = membership::Entity::find()
        .filter(membership::Column::UserId.eq(person.account))
        .filter(membership::Column::OrganizationId.eq(house))
        .filter(membership::Column::EndedAt.is_null())
        .one(world.db())
        .await;
    row.unwrap().unwrap().id
}

/// An agency that nobody belongs to, registered by the officer and verified by the publishing authority.
async fn unstaffed(cast: &Cast, name: &str) -> String {
    let input = json!({ "name": vietnamese(name) });
    let done = cast.officer.does("registerUnit", input, "organization { id status kind }").await.ok();
    assert_eq!(done["organization"]["status"], "PENDING");
    let unit = text(&done["organization"]["id"]);
    let verify = json!({ "organizationId": unit });
    cast.publisher.does("verifyOrganization", verify, "organization { status }").await.ok();
    unit
}

// ---- kinds

#[tokio::test]
async fn whoever_bids_does_so_by_the_same_rules() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let kinds = ["TEAM", "INSTITUTE", "FOREIGN_COMPANY"];
    let mut bids = Vec::new();
    for (number, kind) in kinds.into_iter().enumerate() {
        let founder = world.person(&format!("founder-{number}"), "Phan Văn Sáng").await;
        let input = json!({ "kind": kind, "name": vietnamese(&format!("Nhóm {number}")) });
        let done = founder.does("createOrganization", input, "organization { id status kind }").await.ok();
        assert_eq!(done["organization"]["kind"], kind);
        let id = text(&done["organization"]["id"]);
        let verify = json!({ "organizationId": id });
        cast.officer.does("verifyOrganization", verify, "organization { status }").await.ok();

        for (role, outcome) in [("LEAD", "MALFORMED input.role"), ("OFFICER", "MALFORMED input.role")] {
            let input = json!({ "organizationId": id, "email": "hai@example.vn", "role": role });
            assert_eq!(founder.does("inviteMember", input, "__typename").await.refused(), [outcome]);
        }
        let input = json!({
            "challengeId": challenge,
            "organizationId": id,
            "title": format!("Lời giải của {kind}"),
            "summary": "Cảnh báo trước sáu giờ.",
            "sections": [{ "kind": "SOLUTION", "text": "Cảm biến." }, { "kind": "PLAN", "text": "Ba tháng." }],
        });
        let done = founder.does("createProposal", input, "proposal { id }").await.ok();
        let proposal = text(&done["proposal"]["id"]);
        cast.submits(&founder, &proposal).await;
        bids.push((founder, proposal));
    }
    let node = "query ($id: ID!) { node(id: $id) { ... on Proposal { draft { title } } } }";
    for (founder, proposal) in &bids {
        let own = founder.asks("{ viewer { proposals { nodes { id } } } }", json!({})).await.ok();
        assert_eq!(own["proposals"]["nodes"], json!([{ "id": proposal }]));
        assert_ne!(founder.asks(node, json!({ "id": proposal })).await.ok()["draft"], Value::Null);
        for other in [&bids[0].0, &bids[1].0, &bids[2].0, &cast.linh, &cast.officer] {
            if other.handle != founder.handle {
                assert_eq!(other.asks(node, json!({ "id": proposal })).await.ok(), Value::Null);
            }
        }
    }
    let found = "{ organizations(filter: { kind: [TEAM, INSTITUTE, FOREIGN_COMPANY] }) { totalCount } }";
    assert_eq!(world.visitor.call(found, json!({})).await.ok()["totalCount"], 3);
    world.finish().await;
}

// ---- structure

#[tokio::test]
async fn a_name_is_its_managers_until_it_is_verified_and_then_the_offices() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let input = json!({ "kind": "TEAM", "name": vietnamese("Ba Miền") });
    let done = cast.bao.does("createOrganization", input, "organization { id }").await.ok();
    let team = text(&done["organization"]["id"]);
    let rename = |name: &str, version: i32| json!({ "organizationId": team, "expectedVersion": version, "name": vietnamese(name) });

    let changed = "organization { name { text } slug version }";
    assert_eq!(
        cast.officer.does("updateOrganization", rename("Của cán bộ", 1), changed).await.refused(),
        ["NOT_PERMITTED"]
    );
    assert_eq!(
        cast.linh.does("updateOrganization", rename("Của người lạ", 1), changed).await.refused(),
        ["NOT_FOUND input.organizationId"]
    );
    let taken = cast.bao.does("updateOrganization", rename("Sở  XÂY dựng", 1), changed).await;
    assert_eq!(taken.refused(), ["ALREADY_EXISTS input.name"]);
    let input = json!({ "organizationId": team, "expectedVersion": 1, "name": vietnamese("Bốn Miền"), "slug": "bon-mien" });
    let done = cast.bao.does("updateOrganization", input, changed).await.ok();
    assert_eq!(
        done["organization"],
        json!({ "name": { "text": "Bốn Miền" }, "slug": "bon-mien", "version": 2 })
    );
    let stale = cast.bao.does("updateOrganization", rename("Năm Miền", 1), changed).await;
    assert_eq!(stale.refused(), ["CONFLICT input.expectedVersion"]);

    let verify = json!({ "organizationId": team });
    cast.officer.does("verifyOrganization", verify, "organization { status }").await.ok();
    let late = cast.bao.does("updateOrganization", rename("Năm Miền", 3), changed).await;
    assert_eq!(late.refused(), ["NOT_PERMITTED"]);
    let done = cast.publisher.does("updateOrganization", rename("Năm Miền", 3), changed).await.ok();
    assert_eq!(done["organization"]["name"]["text"], "Năm Miền");
    assert_eq!(done["organization"]["slug"], "bon-mien", "what is left out stays");
    let found = "{ organizations(filter: { search: \"nam mien\" }) { totalCount } }";
    assert_eq!(world.visitor.call(found, json!({})).await.ok()["totalCount"], 1, "found by its new name");
    world.finish().await;
}

#[tokio::test]
async fn public_bodies_stand_below_one_another() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let city = unstaffed(&cast, "Ủy ban nhân dân Thành phố").await;
    let ward = unstaffed(&cast, "Phường Tân Hưng").await;
    let office = office(&world).await.public();
    let alone =
        cast.officer.does("registerUnit", json!({ "name": vietnamese("Phường Mới") }), "organization { id }");
    let alone = json!({ "organizationId": text(&alone.await.ok()["organization"]["id"]) });
    let self_made = cast.officer.does("verifyOrganization", alone, "organization { id }").await;
    assert_eq!(self_made.refused(), ["SELF_APPROVAL"], "who registers a unit does not verify it");
    for who in [&cast.lead, &cast.publisher, &cast.linh, &cast.administrator] {
        let refused =
            who.does("registerUnit", json!({ "name": vietnamese("Phường Khác") }), "__typename").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", who.handle);
    }

    let places = async |who: &Person, body: &str, parent: Value| {
        let input = json!({ "organizationId": body, "expectedVersion": version(who, body).await, "parentId": parent });
        who.does("placeOrganization", input, "organization { parent { id } }").await
    };
    let done = places(&cast.officer, &cast.agency, city.clone().into()).await.ok();
    assert_eq!(done["organization"]["parent"]["id"], city);
    places(&cast.officer, &ward, cast.agency.clone().into()).await.ok();
    places(&cast.officer, &office, city.clone().into()).await.ok();
    let circle = ["MALFORMED input.parentId"];
    assert_eq!(places(&cast.officer, &city, ward.clone().into()).await.refused(), circle);
    assert_eq!(places(&cast.officer, &city, city.clone().into()).await.refused(), circle);
    let startup = startup_of(&cast.linh).await;
    assert_eq!(places(&cast.officer, &ward, startup.clone().into()).await.refused(), circle);
    assert_eq!(
        places(&cast.officer, &startup, city.clone().into()).await.refused(),
        ["MALFORMED input.organizationId"]
    );
    for (body, parent) in [(&ward, "x"), (&ward, &cast.officer.email)] {
        assert_eq!(places(&cast.officer, body, parent.into()).await.refused(), ["NOT_FOUND input.parentId"]);
    }
    for who in [&cast.lead, &cast.publisher, &cast.linh] {
        assert_eq!(
            places(who, &cast.agency, Value::Null).await.refused(),
            ["NOT_PERMITTED"],
            "{}",
            who.handle
        );
    }

    let mut input = json!({ "organizationId": ward, "expectedVersion": version(&cast.officer, &ward).await });
    input["validFrom"] = "2025-07-01".into();
    input["validUntil"] = "2025-06-30".into();
    let backwards = cast.officer.does("placeOrganization", input.clone(), "__typename").await;
    assert_eq!(backwards.refused(), ["OUT_OF_RANGE input.validUntil"]);
    input["validUntil"] = "2030-12-31".into();
    cast.officer.does("placeOrganization", input, "organization { id }").await.ok();
    let public = "query ($id: ID!) { organization(by: { id: $id }) { validFrom validUntil parent { id parent { id parent { id } } } } }";
    assert_eq!(
        world.visitor.call(public, json!({ "id": ward })).await.ok(),
        json!({
            "validFrom": "2025-07-01",
            "validUntil": "2030-12-31",
            "parent": { "id": cast.agency, "parent": { "id": city, "parent": null } },
        })
    );
    let below = "query ($id: ID!) { organizations(filter: { parentId: [$id] }) { nodes { id } } }";
    let below = world.visitor.call(below, json!({ "id": city })).await.ok();
    let mut below: Vec<_> = below["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
    below.sort();
    let mut expected = [cast.agency.clone(), office];
    expected.sort();
    assert_eq!(below, expected);
    let judge = json!({ "organizationId": city, "reason": "x" });
    cast.officer.does("suspendOrganization", judge.clone(), "organization { id }").await.ok();
    let count = "query ($id: ID!) { organizations(filter: { parentId: [$id] }) { totalCount } }";
    let count_by =
        async |who: &Person| who.asks(count, json!({ "id": city })).await.ok()["totalCount"].clone();
    assert_eq!(
        (count_by(&cast.linh).await, count_by(&cast.officer).await),
        (json!(0), json!(2)),
        "hidden as a parent, too"
    );
    assert_eq!(seen(&cast.linh, &cast.agency, "parent { id }").await["parent"], Value::Null);
    cast.officer.does("reinstateOrganization", judge, "organization { id }").await.ok();
    places(&cast.officer, &ward, Value::Null).await.ok();
    assert_eq!(
        seen(&cast.linh, &ward, "parent { id } validFrom").await,
        json!({ "parent": null, "validFrom": "2025-07-01" })
    );
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_house_does_nothing_while_its_members_read_on() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let draft = cast.drafts(&world, DAY, 20 * DAY).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Bản đồ ngập").await;
    let startup = startup_of(&cast.linh).await;
    let invitation = json!({ "organizationId": startup, "email": "moi@example.vn", "role": "VIEWER" });
    cast.linh.does("inviteMember", invitation.clone(), "organization { id }").await.ok();
    let token = world.last_mail_to("moi@example.vn").await.token().to_owned();
    let guest = world.person("moi", "Người Mới").await;
    world.letters().await;

    let judge = |id: &str, reason: &str| json!({ "organizationId": id, "reason": reason });
    for who in [&cast.linh, &cast.lead, &cast.administrator, &cast.auditor] {
        let refused = who.does("suspendOrganization", judge(&startup, "x"), "__typename").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", who.handle);
    }
    let silent = cast.officer.does("suspendOrganization", judge(&startup, " "), "__typename").await;
    assert_eq!(silent.refused(), ["REQUIRED input.reason"]);
    let done = cast.officer.does(
        "suspendOrganization",
        judge(&startup, "Giấy phép hết hạn."),
        "organization { status }",
    );
    assert_eq!(done.await.ok()["organization"]["status"], "SUSPENDED");
    cast.publisher
        .does("suspendOrganization", judge(&cast.agency, "Đang rà soát."), "organization { id }")
        .await
        .ok();
    assert_eq!(world.letters().await, ["organization_suspended: lead", "organization_suspended: linh"]);
    assert!(world.last_mail_to(&cast.linh.email).await.text.contains("Giấy phép hết hạn."));
    let again = cast.officer.does("suspendOrganization", judge(&startup, "x"), "__typename").await;
    assert_eq!(again.refused(), ["CONFLICT"]);

    // What it is seen by.
    let document = "query ($id: ID!) { organization(by: { id: $id }) { status } }";
    for id in [&startup, &cast.agency] {
        assert_eq!(world.visitor.call(document, json!({ "id": id })).await.ok(), Value::Null);
        assert_eq!(seen(&cast.bao, id, "status").await, Value::Null, "a competitor");
        assert_eq!(seen(&cast.auditor, id, "status").await["status"], "SUSPENDED");
    }
    let fields = "status statusReason viewerCanManageMembers members { role }";
    let own = seen(&cast.linh, &startup, fields).await;
    assert_eq!(own["statusReason"], "Giấy phép hết hạn.");
    assert_eq!(own["viewerCanManageMembers"], false);
    assert_eq!(own["members"].as_array().unwrap().len(), 2);

    // What it does: nothing.
    let inactive = ["ORGANIZATION_INACTIVE"];
    let update = json!({ "proposalId": proposal, "expectedVersion": 1, "title": "Khác" });
    assert_eq!(cast.quan.does("updateProposal", update, "__typename").await.refused(), inactive);
    let submit = json!({ "proposalId": proposal, "declaresOwnership": true });
    assert_eq!(cast.linh.does("submitProposal", submit, "__typename").await.refused(), inactive);
    let withdraw = json!({ "proposalId": proposal });
    assert_eq!(cast.linh.does("withdrawProposal", withdraw, "__typename").await.refused(), inactive);
    let create =
        json!({ "challengeId": challenge, "organizationId": startup, "title": "Hai", "summary": "Hai" });
    assert_eq!(cast.linh.does("createProposal", create, "__typename").await.refused(), inactive);
    assert_eq!(cast.linh.does("inviteMember", invitation, "__typename").await.refused(), inactive);
    let accept = json!({ "token": token });
    assert_eq!(guest.does("acceptInvitation", accept.clone(), "__typename").await.refused(), inactive);
    let role = json!({ "membershipId": membership_of(&world, &cast.quan, organization(&startup)).await.public(), "role": "VIEWER" });
    assert_eq!(cast.linh.does("changeMemberRole", role, "__typename").await.refused(), inactive);
    let write = json!({
        "agencyId": cast.agency,
        "title": vietnamese("Kẹt xe"),
        "summary": vietnamese("Giờ cao điểm"),
        "sector": "TRANSPORT",
        "draft": complete_draft(),
    });
    assert_eq!(cast.lead.does("createChallenge", write, "__typename").await.refused(), inactive);
    let hand_in = json!({ "challengeId": draft });
    assert_eq!(
        cast.drafter.does("submitChallengeForApproval", hand_in, "__typename").await.refused(),
        inactive
    );

    // What is there is still read, and one may leave.
    let reads = "query ($id: ID!) { node(id: $id) { ... on Proposal { draft { title } } } }";
    let read = cast.quan.asks(reads, json!({ "id": proposal })).await.ok();
    assert_eq!(read["draft"]["title"], "Bản đồ ngập");
    let slug = "query ($id: ID!) { challenge(by: { id: $id }) { status } }";
    assert_eq!(cast.drafter.asks(slug, json!({ "id": draft })).await.ok()["status"], "DRAFT");
    let mine =
        json!({ "membershipId": membership_of(&world, &cast.quan, organization(&startup)).await.public() });
    cast.quan.does("removeMember", mine, "deletedMembershipId").await.ok();

    cast.officer
        .does("reinstateOrganization", judge(&startup, "Đã gia hạn."), "organization { id }")
        .await
        .ok();
    cast.officer
        .does("reinstateOrganization", judge(&cast.agency, "Xong."), "organization { id }")
        .await
        .ok();
    assert_eq!(world.letters().await, ["organization_reinstated: lead", "organization_reinstated: linh"]);
    cast.submits(&cast.linh, &proposal).await;
    cast.hands_in(&draft).await;
    guest.does("acceptInvitation", accept, "organization { id }").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_programme_office_gives_no_rights_at_all() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.drafts(&world, DAY, 20 * DAY).await;
    cast.hands_in(&challenge).await;
    let office = office(&world).await.public();
    let judge = json!({ "organizationId": office, "reason": "Thanh tra." });
    for who in [&cast.officer, &cast.publisher, &cast.lead, &cast.auditor] {
        let refused = who.does("suspendOrganization", judge.clone(), "__typename").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", who.handle);
    }
    // Another office does not judge it either, and an administrator judges no other house.
    let rival = world.person("rival", "Cán bộ nơi khác").await;
    house(&world, OrganizationKind::ProgrammeOffice, "Văn phòng khác", &[(&rival, MembershipRole::Officer)])
        .await;
    assert_eq!(
        rival.does("suspendOrganization", judge.clone(), "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    let startup = json!({ "organizationId": startup_of(&cast.linh).await, "reason": "x" });
    let refused = cast.administrator.does("suspendOrganization", startup.clone(), "__typename").await;
    assert_eq!(refused.refused(), ["NOT_PERMITTED"]);

    cast.administrator.does("suspendOrganization", judge.clone(), "organization { status }").await.ok();
    let known = "query ($id: ID!) { challenge(by: { id: $id }) { status } }";
    for who in [&cast.officer, &cast.publisher] {
        assert_eq!(who.asks(known, json!({ "id": challenge })).await.ok(), Value::Null, "{}", who.handle);
        let input = json!({ "challengeId": challenge, "record": record("1/QĐ") });
        let refused = who.does("approveChallenge", input, "__typename").await;
        assert_eq!(refused.refused(), ["NOT_FOUND input.challengeId"], "{}", who.handle);
        assert_eq!(
            who.does("suspendOrganization", startup.clone(), "__typename").await.refused(),
            ["NOT_PERMITTED"]
        );
        assert_eq!(seen(who, &office, "status").await["status"], "SUSPENDED", "it is their own house");
        let people = "{ experts { totalCount } }";
        assert_eq!(who.asks(people, json!({})).await.ok()["totalCount"], 0);
    }
    let invite = json!({ "organizationId": office, "email": "moi@example.vn", "role": "OFFICER" });
    let refused = cast.publisher.does("inviteMember", invite, "__typename").await;
    assert_eq!(refused.refused(), ["ORGANIZATION_INACTIVE"]);

    cast.administrator.does("reinstateOrganization", judge, "organization { status }").await.ok();
    cast.approves(&challenge).await;
    world.finish().await;
}

#[tokio::test]
async fn a_closed_house_names_its_successor() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let heir = unstaffed(&cast, "Sở Xây dựng và Giao thông").await;
    let paused = unstaffed(&cast, "Sở Tạm dừng").await;
    cast.officer
        .does(
            "suspendOrganization",
            json!({ "organizationId": paused, "reason": "x" }),
            "organization { id }",
        )
        .await
        .ok();
    world.letters().await;
    let close = |successor: &str| json!({ "organizationId": cast.agency, "successorId": successor, "reason": "Sáp nhập." });
    for (successor, reason) in [
        (startup_of(&cast.linh).await, "MALFORMED input.successorId"),
        (cast.agency.clone(), "MALFORMED input.successorId"),
        (paused, "ORGANIZATION_NOT_VERIFIED input.successorId"),
        ("x".to_owned(), "NOT_FOUND input.successorId"),
    ] {
        let refused = cast.officer.does("closeOrganization", close(&successor), "__typename").await;
        assert_eq!(refused.refused(), [reason]);
    }
    assert_eq!(
        cast.lead.does("closeOrganization", close(&heir), "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    let done =
        cast.officer.does("closeOrganization", close(&heir), "organization { status validUntil }").await.ok();
    assert_eq!(done["organization"], json!({ "status": "CLOSED", "validUntil": day(&world, 0).await }));
    assert_eq!(world.letters().await, ["organization_closed: lead"]);
    assert!(world.last_mail_to(&cast.lead.email).await.text.contains("Sở Xây dựng và Giao thông"));

    let public =
        "query ($id: ID!) { organization(by: { id: $id }) { status statusReason successor { id } } }";
    assert_eq!(
        world.visitor.call(public, json!({ "id": cast.agency })).await.ok(),
        json!({ "status": "CLOSED", "statusReason": null, "successor": { "id": heir } })
    );
    let write = json!({
        "agencyId": cast.agency,
        "title": vietnamese("Kẹt xe"),
        "summary": vietnamese("Giờ cao điểm"),
        "sector": "TRANSPORT",
    });
    assert_eq!(
        cast.lead.does("createChallenge", write, "__typename").await.refused(),
        ["ORGANIZATION_INACTIVE"]
    );
    let judge = json!({ "organizationId": cast.agency, "reason": "x" });
    for mutation in ["reinstateOrganization", "suspendOrganization", "closeOrganization"] {
        assert_eq!(
            cast.officer.does(mutation, judge.clone(), "__typename").await.refused(),
            ["CONFLICT"],
            "{mutation}"
        );
    }
    let rename = json!({ "organizationId": cast.agency, "expectedVersion": version(&cast.officer, &cast.agency).await, "name": vietnamese("Khác") });
    assert_eq!(cast.officer.does("updateOrganization", rename, "__typename").await.refused(), ["CONFLICT"]);
    world.finish().await;
}

#[tokio::test]
async fn nobody_judges_a_house_of_their_own() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    let seat = rows::membership(organization(&startup), cast.officer.account, MembershipRole::Viewer);
    insert(world.db(), [seat]).await.unwrap();
    let judge = json!({ "organizationId": startup, "reason": "x" });
    for mutation in
        ["suspendOrganization", "reinstateOrganization", "closeOrganization", "rejectOrganization"]
    {
        assert_eq!(
            cast.officer.does(mutation, judge.clone(), "__typename").await.refused(),
            ["SELF_APPROVAL"],
            "{mutation}"
        );
    }
    cast.publisher.does("suspendOrganization", judge, "organization { id }").await.ok();
    world.finish().await;
}

// ---- members

#[tokio::test]
async fn roles_change_and_the_last_manager_stays() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = organization(&startup_of(&cast.linh).await);
    let (of_linh, of_quan) =
        (membership_of(&world, &cast.linh, startup).await, membership_of(&world, &cast.quan, startup).await);
    let gives = async |who: &Person, membership: MembershipId, role: &str| {
        let input = json!({ "membershipId": membership.public(), "role": role });
        who.does("changeMemberRole", input, "membership { role }").await
    };
    world.letters().await;
    assert_eq!(
        gives(&cast.quan, of_quan, "OWNER").await.refused(),
        ["NOT_PERMITTED"],
        "nobody raises themselves"
    );
    for stranger in [&cast.yen, &cast.lead] {
        assert_eq!(gives(stranger, of_quan, "VIEWER").await.refused(), ["NOT_FOUND input.membershipId"]);
    }
    for staff in [&cast.officer, &cast.publisher, &cast.administrator, &cast.auditor] {
        assert_eq!(gives(staff, of_quan, "OWNER").await.refused(), ["NOT_PERMITTED"], "{}", staff.handle);
    }
    assert_eq!(gives(&cast.linh, of_quan, "LEAD").await.refused(), ["MALFORMED input.role"]);
    assert_eq!(
        gives(&cast.linh, of_linh, "EDITOR").await.refused(),
        ["INCOMPATIBLE_ROLE input.membershipId"]
    );
    assert_eq!(
        gives(&cast.linh, of_quan, "EDITOR").await.ok()["membership"]["role"],
        "EDITOR",
        "it is so already"
    );
    assert_eq!(world.letters().await, [""; 0], "and nobody is told");

    assert_eq!(gives(&cast.linh, of_quan, "OWNER").await.ok()["membership"]["role"], "OWNER");
    assert_eq!(world.letters().await, ["member_role_changed: quan"]);
    assert_eq!(gives(&cast.linh, of_linh, "VIEWER").await.ok()["membership"]["role"], "VIEWER");
    assert_eq!(gives(&cast.linh, of_linh, "OWNER").await.refused(), ["NOT_PERMITTED"], "at once");
    assert_eq!(
        gives(&cast.quan, of_quan, "VIEWER").await.refused(),
        ["INCOMPATIBLE_ROLE input.membershipId"]
    );

    // An administrator helps a programme office, but not themselves.
    let office = office(&world).await;
    let seat = rows::membership(office, cast.administrator.account, MembershipRole::Officer);
    let (own, other) = (seat.id, membership_of(&world, &cast.officer, office).await);
    insert(world.db(), [seat]).await.unwrap();
    world.pass(Duration::from_secs(2)).await;
    assert_eq!(gives(&cast.administrator, own, "PUBLISHER").await.refused(), ["NOT_PERMITTED"]);
    gives(&cast.administrator, other, "PUBLISHER").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn invitations_are_seen_and_taken_back_by_those_who_manage() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    let invite = |email: &str| json!({ "organizationId": startup, "email": email, "role": "VIEWER" });
    for email in ["hoa@example.vn", "mai@example.vn"] {
        cast.linh.does("inviteMember", invite(email), "organization { id }").await.ok();
    }
    let token = world.last_mail_to("hoa@example.vn").await.token().to_owned();
    let waiting = "invitations { id email role invitedBy { id } }";
    let list = seen(&cast.linh, &startup, waiting).await["invitations"].clone();
    let emails: Vec<_> = list.as_array().unwrap().iter().map(|row| text(&row["email"])).collect();
    assert_eq!(emails, ["hoa@example.vn", "mai@example.vn"]);
    let hoas = text(&list[0]["id"]);
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    for other in [&cast.quan, &cast.bao, &cast.officer, &cast.publisher, &cast.administrator, &cast.auditor] {
        let empty = seen(other, &startup, waiting).await;
        assert_eq!(empty["invitations"], json!([]), "{}", other.handle);
        assert_eq!(other.asks(node, json!({ "id": hoas })).await.ok(), Value::Null, "{}", other.handle);
        let revoke = json!({ "invitationId": hoas });
        let refused = other.does("revokeInvitation", revoke, "__typename").await;
        assert_eq!(refused.refused(), ["NOT_FOUND input.invitationId"], "{}", other.handle);
    }
    assert_eq!(cast.linh.asks(node, json!({ "id": hoas })).await.ok()["id"], hoas);

    let revoke = json!({ "invitationId": hoas });
    let done = cast.linh.does(
        "revokeInvitation",
        revoke.clone(),
        "deletedInvitationId organization { invitations { email } }",
    );
    let done = done.await.ok();
    assert_eq!(done["deletedInvitationId"], hoas);
    assert_eq!(done["organization"]["invitations"], json!([{ "email": "mai@example.vn" }]));
    assert_eq!(
        cast.linh.does("revokeInvitation", revoke, "__typename").await.refused(),
        ["NOT_FOUND input.invitationId"]
    );
    let hoa = world.person("hoa", "Vương Thị Hoa").await;
    let accept = hoa.does("acceptInvitation", json!({ "token": token }), "__typename").await;
    assert_eq!(accept.refused(), ["INVALID_TOKEN input.token"]);
    let own = cast.linh.does("inviteMember", invite(&cast.linh.email), "__typename").await;
    assert_eq!(own.refused(), ["SELF_APPROVAL input.email"]);
    world.finish().await;
}

#[tokio::test]
async fn one_person_sends_only_so_many_invitations_a_day() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    let now = world.now().await;
    // Sent from several houses and used up or replaced since: it is the mails that count.
    let sent = (1..INVITATIONS_A_DAY).map(|number| one_time_token::Model {
        id: app::ids::random(),
        purpose: domain::account::TokenPurpose::Invitation,
        token_hash: format!("{number}"),
        email: format!("{number}@example.vn"),
        email_key: format!("{number}@example.vn"),
        locale: domain::locale::Locale::Vi,
        user_id: None,
        organization_id: Some(organization(&startup)),
        role: Some(MembershipRole::Viewer),
        invited_by: Some(cast.linh.account),
        created_at: now.plus_seconds(-3600),
        expires_at: now,
        used_at: Some(now),
    });
    insert(world.db(), sent).await.unwrap();
    let invite = |email: &str| json!({ "organizationId": startup, "email": email, "role": "VIEWER" });
    let (first, second) = join(
        cast.linh.does("inviteMember", invite("mot@example.vn"), "__typename"),
        cast.linh.does("inviteMember", invite("hai@example.vn"), "__typename"),
    )
    .await;
    let refused: Vec<_> =
        [first, second].iter().map(|answer| answer.body.to_string().contains("QUOTA")).collect();
    assert_eq!(
        refused.iter().filter(|is_refused| **is_refused).count(),
        1,
        "the last one goes to one of two"
    );
    assert_eq!(
        cast.linh.does("inviteMember", invite("ba@example.vn"), "__typename").await.refused(),
        ["QUOTA"]
    );
    let other =
        json!({ "organizationId": startup_of(&cast.yen).await, "email": "ba@example.vn", "role": "VIEWER" });
    cast.yen.does("inviteMember", other, "__typename").await.ok();
    world.pass(DAY).await;
    cast.linh.does("inviteMember", invite("ba@example.vn"), "__typename").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn an_agency_without_a_lead_is_given_one_by_the_office() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let ward = unstaffed(&cast, "Phường Tân Hưng").await;
    let invite = |email: &str, role: &str| json!({ "organizationId": ward, "email": email, "role": role });
    let drafter = cast.officer.does("inviteMember", invite("tu@example.vn", "DRAFTER"), "__typename").await;
    assert_eq!(drafter.refused(), ["NOT_PERMITTED"], "a lead and nobody else");
    let own = cast.officer.does("inviteMember", invite(&cast.officer.email, "LEAD"), "__typename").await;
    assert_eq!(own.refused(), ["SELF_APPROVAL input.email"]);
    for other in [&cast.publisher, &cast.administrator, &cast.lead] {
        let refused = other.does("inviteMember", invite("tu@example.vn", "LEAD"), "__typename").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", other.handle);
    }
    cast.officer.does("inviteMember", invite("tu@example.vn", "LEAD"), "organization { id }").await.ok();
    let seen_by_officer = seen(&cast.officer, &ward, "invitations { email }").await;
    assert_eq!(seen_by_officer["invitations"], json!([{ "email": "tu@example.vn" }]), "whoever sent it");
    assert_eq!(seen(&cast.publisher, &ward, "invitations { email }").await["invitations"], json!([]));
    let tu = world.person("tu", "Lâm Văn Tư").await;
    let token = json!({ "token": world.last_mail_to("tu@example.vn").await.token() });
    tu.does("acceptInvitation", token, "organization { id }").await.ok();
    let again = cast.officer.does("inviteMember", invite("nam@example.vn", "LEAD"), "__typename").await;
    assert_eq!(again.refused(), ["NOT_PERMITTED"], "the lead invites from now on");
    tu.does("inviteMember", invite("nam@example.vn", "DRAFTER"), "organization { id }").await.ok();
    world.finish().await;
}

// ---- delegation

fn delegate(unit: &str, to: &str, from: &str, until: &str) -> Value {
    json!({ "unitId": unit, "delegateId": to, "record": record("77/QĐ"), "validFrom": from, "validUntil": until })
}

/// Drafts a challenge of that agency as that person.
async fn drafts_for(world: &World, who: &Person, agency: &str, title: &str) -> e2e::Answer {
    let now = world.now().await;
    let mut draft = complete_draft();
    draft["opensAt"] = now.plus_seconds(86_400).to_rfc3339().into();
    draft["closesAt"] = now.plus_seconds(86_400 * 30).to_rfc3339().into();
    let input = json!({
        "agencyId": agency,
        "title": vietnamese(title),
        "summary": vietnamese("Hẻm nhỏ, xe cứu hỏa không vào được."),
        "sector": "PUBLIC_SAFETY",
        "draft": draft,
    });
    who.does("createChallenge", input, "challenge { id version availableActions }").await
}

#[tokio::test]
async fn a_department_drafts_for_a_ward_without_staff_and_nothing_more() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let ward = unstaffed(&cast, "Phường Tân Hưng").await;
    let (today, later) = (day(&world, 0).await, day(&world, 60).await);
    assert_eq!(drafts_for(&world, &cast.drafter, &ward, "Hẻm nhỏ").await.refused(), ["NOT_PERMITTED"]);

    let startup = startup_of(&cast.linh).await;
    let asks = async |who: &Person, input: Value, reasons: &[&str]| {
        assert_eq!(who.does("delegateUnit", input, "__typename").await.refused(), reasons, "{}", who.handle);
    };
    let good = delegate(&ward, &cast.agency, &today, &later);
    for other in [&cast.lead, &cast.publisher, &cast.administrator, &cast.linh] {
        asks(other, good.clone(), &["NOT_PERMITTED"]).await;
    }
    asks(&cast.officer, delegate(&ward, &startup, &today, &later), &["MALFORMED input.delegateId"]).await;
    asks(&cast.officer, delegate(&ward, &ward, &today, &later), &["MALFORMED input.delegateId"]).await;
    asks(&cast.officer, delegate(&startup, &ward, &today, &later), &["NOT_FOUND input.unitId"]).await;
    asks(&cast.officer, delegate(&ward, &cast.agency, &later, &today), &["OUT_OF_RANGE input.validUntil"])
        .await;
    asks(
        &cast.officer,
        delegate(&ward, &cast.agency, "2020-01-01", "2020-12-31"),
        &["OUT_OF_RANGE input.validUntil"],
    )
    .await;
    asks(&cast.officer, delegate(&cast.agency, &ward, &today, &later), &["NOT_PERMITTED"]).await;
    world.letters().await;
    let done = cast
        .officer
        .does("delegateUnit", good.clone(), "delegation { id status unit { id } delegate { id } }")
        .await
        .ok();
    let delegation = text(&done["delegation"]["id"]);
    assert_eq!(done["delegation"]["status"], "IN_FORCE");
    assert_eq!(world.letters().await, ["unit_delegated: drafter", "unit_delegated: lead"]);
    asks(&cast.officer, good, &["ALREADY_EXISTS input.delegateId"]).await;

    // Who knows of it: both sides and staff.
    let standing = "delegations { id } delegationsReceived(first: 5) { totalCount nodes { id } }";
    for (who, knows) in
        [(&cast.lead, true), (&cast.drafter, true), (&cast.auditor, true), (&cast.linh, false)]
    {
        let given = seen(who, &ward, standing).await["delegations"].clone();
        assert_eq!(given == json!([{ "id": delegation }]), knows, "{}", who.handle);
        assert_eq!(seen(who, &cast.agency, standing).await["delegationsReceived"]["totalCount"] == 1, knows);
        let node =
            who.asks("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": delegation })).await.ok();
        assert_eq!(node != Value::Null, knows, "{}", who.handle);
    }

    // They draft and hand in, and every step says by which delegation.
    let made = drafts_for(&world, &cast.drafter, &ward, "Hẻm nhỏ").await.ok();
    let challenge = text(&made["challenge"]["id"]);
    assert_eq!(
        made["challenge"]["availableActions"],
        json!(["EDIT", "SUBMIT_FOR_APPROVAL", "SHARE_PREVIEW"])
    );
    let update = json!({ "challengeId": challenge, "expectedVersion": 1, "draft": { "passMark": 60 } });
    cast.lead.does("updateChallenge", update, "challenge { id }").await.ok();
    let hand_in = json!({ "challengeId": challenge });
    cast.drafter.does("submitChallengeForApproval", hand_in.clone(), "challenge { status }").await.ok();
    let events = event::Entity::find()
        .filter(event::Column::Kind.is_in([
            EventKind::ChallengeCreated,
            EventKind::ChallengeEdited,
            EventKind::ChallengeSubmitted,
        ]))
        .all(world.db())
        .await
        .unwrap();
    assert_eq!(events.len(), 3);
    let id = domain::id::DelegationId::from_public(&delegation).unwrap().to_string();
    for event in &events {
        assert!(event.payload.contains(&format!("\"delegation\":\"{id}\"")), "{}", event.payload);
        let entry = audit_entry::Entity::find_by_id(event.seq).one(world.db()).await.unwrap().unwrap();
        assert!(entry.detail.contains(&id), "{}", entry.detail);
    }
    let ordinary = cast.drafts(&world, DAY, 10 * DAY).await;
    let last =
        event::Entity::find().order_by_desc(event::Column::Seq).one(world.db()).await.unwrap().unwrap();
    assert!(
        !last.payload.contains("\"delegation\""),
        "in one's own house one acts for oneself: {}",
        last.payload
    );
    assert!(!ordinary.is_empty());
    let input = json!({ "challengeId": challenge, "reason": "Nêu số vụ cháy." });
    cast.officer.does("requestChallengeChanges", input, "challenge { id }").await.ok();
    assert_eq!(
        world.letters().await,
        [
            "challenge_changes_requested: drafter",
            "challenge_changes_requested: lead",
            "challenge_submitted: officer",
        ]
    );
    let reason = "query ($id: ID!) { challenge(by: { id: $id }) { statusReason } }";
    assert_eq!(
        cast.drafter.asks(reason, json!({ "id": challenge })).await.ok()["statusReason"],
        "Nêu số vụ cháy."
    );
    cast.drafter.does("submitChallengeForApproval", hand_in, "challenge { status }").await.ok();
    cast.approves(&challenge).await;

    // Nothing more: no recall, no members, no further delegation, no working group; they are no members.
    let recall = json!({ "challengeId": challenge });
    assert_eq!(cast.lead.does("recallChallenge", recall, "__typename").await.refused(), ["NOT_PERMITTED"]);
    let invite = json!({ "organizationId": ward, "email": "x@example.vn", "role": "DRAFTER" });
    assert_eq!(cast.lead.does("inviteMember", invite, "__typename").await.refused(), ["NOT_PERMITTED"]);
    let office = office(&world).await.public();
    asks(&cast.lead, delegate(&ward, &office, &today, &later), &["NOT_PERMITTED"]).await;
    let revoke = json!({ "delegationId": delegation, "reason": "x" });
    assert_eq!(
        cast.lead.does("revokeDelegation", revoke.clone(), "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    assert_eq!(
        cast.linh.does("revokeDelegation", revoke, "__typename").await.refused(),
        ["NOT_FOUND input.delegationId"]
    );
    let group = json!({ "organizationId": ward, "record": record("5/QĐ"), "members": [place("Trương Văn Tổ", "HEAD", true)] });
    assert_eq!(
        cast.lead.does("establishWorkingGroup", group, "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    let house = seen(&cast.lead, &ward, "members { id } viewerCanManageMembers").await;
    assert_eq!(house, json!({ "members": [], "viewerCanManageMembers": false }));
    let own = cast.lead.asks("{ viewer { memberships { organization { id } } } }", json!({})).await.ok();
    assert_eq!(own["memberships"], json!([{ "organization": { "id": cast.agency } }]));
    world.finish().await;
}

#[tokio::test]
async fn a_delegation_holds_on_its_days_and_not_beyond() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let ward = unstaffed(&cast, "Phường Tân Hưng").await;
    let grants = async |from: i64, until: i64| {
        let input = delegate(&ward, &cast.agency, &day(&world, from).await, &day(&world, until).await);
        let done = cast.officer.does("delegateUnit", input, "delegation { id status }").await.ok();
        (text(&done["delegation"]["id"]), text(&done["delegation"]["status"]))
    };
    let (first, status) = grants(2, 3).await;
    assert_eq!(status, "UPCOMING");
    let refused = ["NOT_PERMITTED"];
    assert_eq!(drafts_for(&world, &cast.drafter, &ward, "Một").await.refused(), refused, "too early");
    world.pass(2 * DAY).await;
    let draft = text(&drafts_for(&world, &cast.drafter, &ward, "Hai").await.ok()["challenge"]["id"]);
    world.pass(DAY).await;
    drafts_for(&world, &cast.drafter, &ward, "Ba").await.ok();
    world.pass(DAY).await;
    assert_eq!(drafts_for(&world, &cast.drafter, &ward, "Bốn").await.refused(), refused, "too late");
    let known = "query ($id: ID!) { challenge(by: { id: $id }) { id } }";
    assert_eq!(
        cast.drafter.asks(known, json!({ "id": draft })).await.ok(),
        Value::Null,
        "the ward's draft is not theirs"
    );
    let over = json!({ "delegationId": first, "reason": "x" });
    assert_eq!(cast.officer.does("revokeDelegation", over, "__typename").await.refused(), ["CONFLICT"]);

    let (second, _) = grants(0, 100).await;
    drafts_for(&world, &cast.drafter, &ward, "Năm").await.ok();
    world.letters().await;
    let revoke = json!({ "delegationId": second, "reason": "Phường đã có người." });
    let done = cast.officer.does("revokeDelegation", revoke, "delegation { status revokeReason }").await.ok();
    assert_eq!(done["delegation"], json!({ "status": "REVOKED", "revokeReason": "Phường đã có người." }));
    assert_eq!(world.letters().await, ["delegation_revoked: drafter", "delegation_revoked: lead"]);
    assert_eq!(
        drafts_for(&world, &cast.drafter, &ward, "Sáu").await.refused(),
        refused,
        "at the next request"
    );

    // Suspending either side ends the rights for as long as it lasts.
    grants(0, 100).await;
    // Of a suspended ward its delegates know no more than anybody.
    for (house, reason) in [(&cast.agency, "NOT_PERMITTED"), (&ward, "NOT_FOUND input.agencyId")] {
        let judge = json!({ "organizationId": house, "reason": "x" });
        cast.officer.does("suspendOrganization", judge.clone(), "organization { id }").await.ok();
        assert_eq!(drafts_for(&world, &cast.drafter, &ward, "Bảy").await.refused(), [reason]);
        cast.officer.does("reinstateOrganization", judge, "organization { id }").await.ok();
    }
    drafts_for(&world, &cast.drafter, &ward, "Tám").await.ok();
    world.finish().await;
}

#[tokio::test]
async fn an_officer_who_wrote_on_behalf_of_a_unit_never_approves_it() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let office = office(&world).await;
    let colleague = world.person("colleague", "Tô Văn Khác").await;
    insert(world.db(), [rows::membership(office, colleague.account, MembershipRole::Officer)]).await.unwrap();
    // A unit with a lead: the lead decides, an officer does not.
    let input = delegate(&cast.agency, &office.public(), &day(&world, 0).await, &day(&world, 9).await);
    assert_eq!(
        cast.officer.does("delegateUnit", input.clone(), "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    assert_eq!(
        cast.drafter.does("delegateUnit", input.clone(), "__typename").await.refused(),
        ["NOT_PERMITTED"]
    );
    world.letters().await;
    let done = cast.lead.does("delegateUnit", input, "delegation { id }").await.ok();
    assert_eq!(
        world.letters().await,
        ["unit_delegated: colleague", "unit_delegated: lead", "unit_delegated: officer"]
    );

    let publisher = drafts_for(&world, &cast.publisher, &cast.agency, "Của lãnh đạo").await;
    assert_eq!(publisher.refused(), ["NOT_PERMITTED"], "officers act for the office");
    let challenge =
        text(&drafts_for(&world, &cast.officer, &cast.agency, "Viết thay").await.ok()["challenge"]["id"]);
    cast.officer
        .does("submitChallengeForApproval", json!({ "challengeId": challenge }), "challenge { id }")
        .await
        .ok();
    let approve = json!({ "challengeId": challenge, "record": record("12/QĐ") });
    assert_eq!(
        cast.officer.does("approveChallenge", approve.clone(), "__typename").await.refused(),
        ["SELF_APPROVAL"]
    );
    colleague.does("approveChallenge", approve, "challenge { status }").await.ok();

    let revoke = json!({ "delegationId": done["delegation"]["id"], "reason": "Đủ người." });
    cast.lead.does("revokeDelegation", revoke, "delegation { status }").await.ok();
    let refused = drafts_for(&world, &cast.officer, &cast.agency, "Lại viết thay").await;
    assert_eq!(refused.refused(), ["NOT_PERMITTED"]);
    world.finish().await;
}

#[tokio::test]
async fn whoever_drafts_for_an_agency_reads_none_of_its_proposals() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let helper = world.person("helper", "Kiều Văn Giúp").await;
    let department =
        house(&world, OrganizationKind::Agency, "Sở Trợ giúp", &[(&helper, MembershipRole::Drafter)]).await;
    let delegation =
        rows::delegation(organization(&cast.agency), organization(&department), cast.lead.account);
    insert(world.db(), [delegation]).await.unwrap();
    let challenge = cast.published_challenge(&world).await;
    let scoring = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Bản đồ ngập").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    let reviews = cast.assigns(&challenge, &proposal, &scoring).await;
    let council = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
    for (member, review) in council.into_iter().zip(&reviews) {
        cast.scores(member, &proposal, review, ["8", "7", "9"]).await;
    }
    cast.locks(&challenge).await;
    cast.chair.does("startDecision", json!({ "challengeId": challenge }), "decision { id }").await.ok();
    // The authority's part is told elsewhere.
    let published = decision::ActiveModel {
        status: Set(DecisionStatus::Published),
        record: Set(Some(rows::record())),
        approved_by: Set(Some(cast.authority.account)),
        ..Default::default()
    };
    decision::Entity::update_many().set(published).exec(world.db()).await.unwrap();
    let decided =
        challenge::ActiveModel { status: Set(ChallengeStatus::ClosedNoAward), ..Default::default() };
    challenge::Entity::update_many().set(decided).exec(world.db()).await.unwrap();

    let document = "query ($id: ID!) { challenge(by: { id: $id }) {
        roundLockedAt proposals { totalCount } ranking { entries { rank } } decision { outcomes { rank } }
    } }";
    let of_the_house = cast.lead.asks(document, json!({ "id": challenge })).await.ok();
    assert_eq!(of_the_house["proposals"]["totalCount"], 1);
    assert_eq!(of_the_house["ranking"]["entries"], json!([{ "rank": 1 }]));
    let of_the_helper = helper.asks(document, json!({ "id": challenge })).await.ok();
    assert_eq!(
        of_the_helper,
        json!({ "roundLockedAt": null, "proposals": { "totalCount": 0 }, "ranking": null, "decision": { "outcomes": [] } })
    );
    let of_a_visitor = world.visitor.call(document, json!({ "id": challenge })).await.ok();
    assert_eq!(of_the_helper, of_a_visitor, "of what was handed in they know as much as anybody");
    world.finish().await;
}

#[test]
fn a_delegated_seat_drafts_hands_in_and_answers() {
    let anybody = Roles::default().with(Role::SignedIn);
    let delegated = anybody.with(Role::AgencyDrafter);
    let more: Vec<_> =
        Action::ALL.iter().filter(|action| may(**action, delegated) && !may(**action, anybody)).collect();
    assert_eq!(more, [&Action::WriteChallenge, &Action::SubmitChallenge, &Action::AnswerQuestion]);
}

// ---- working groups

fn place(name: &str, role: &str, is_focal_point: bool) -> Value {
    json!({
        "person": { "name": name },
        "position": "Chuyên viên",
        "role": role,
        "isFocalPoint": is_focal_point,
        "termFrom": "2026-01-01",
        "termUntil": "2027-12-31",
    })
}

#[tokio::test]
async fn a_unit_has_one_working_group_with_one_focal_point() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let agency = organization(&cast.agency);
    let drafter = json!({
        "person": { "membershipId": membership_of(&world, &cast.drafter, agency).await.public() },
        "role": "MEMBER",
        "isFocalPoint": true,
        "termFrom": "2026-01-01",
    });
    let group = |number: &str, members: Value| json!({ "organizationId": cast.agency, "record": record(number), "members": members });
    let objects = async |members: Value, reasons: &[&str]| {
        let refused = cast.lead.does("establishWorkingGroup", group("1/QĐ", members), "__typename").await;
        assert_eq!(refused.refused(), reasons);
    };
    let head = place("Phạm Văn Trưởng", "HEAD", false);
    objects(json!([]), &["REQUIRED input.members.isFocalPoint"]).await;
    objects(json!([head]), &["REQUIRED input.members.isFocalPoint"]).await;
    objects(json!([drafter, place("Hai", "MEMBER", true)]), &["ALREADY_EXISTS input.members.1.isFocalPoint"])
        .await;
    objects(json!([head, head, drafter]), &["ALREADY_EXISTS input.members.1.role"]).await;
    objects(
        json!([drafter, { "person": drafter["person"], "role": "MEMBER", "termFrom": "2026-01-01" }]),
        &["ALREADY_EXISTS input.members.1.person"],
    )
    .await;
    let mut backwards = place("Một", "MEMBER", true);
    backwards["termUntil"] = "2025-01-01".into();
    objects(json!([backwards]), &["OUT_OF_RANGE input.members.0.termUntil"]).await;
    objects(json!(vec![place("Một", "MEMBER", true); 21]), &["TOO_LONG input.members"]).await;
    let mut stranger = drafter.clone();
    let startup = organization(&startup_of(&cast.linh).await);
    stranger["person"] = json!({ "membershipId": membership_of(&world, &cast.linh, startup).await.public() });
    objects(json!([stranger]), &["NOT_FOUND input.members.0.person"]).await;
    objects(json!([place("a\u{202e}b", "MEMBER", true)]), &["FORBIDDEN_CHARACTER input.members.0.person"])
        .await;
    let good = group("1/QĐ", json!([head, drafter]));
    for other in [&cast.drafter, &cast.publisher, &cast.linh, &cast.administrator] {
        let refused = other.does("establishWorkingGroup", good.clone(), "__typename").await;
        assert_eq!(refused.refused(), ["NOT_PERMITTED"], "{}", other.handle);
    }

    let fields = "id decisionNumber decisionDate memberCount focalPointName record { signer } members { name position role isFocalPoint termUntil membership { role } } endedAt";
    let done =
        cast.lead.does("establishWorkingGroup", good, &format!("workingGroup {{ {fields} }}")).await.ok();
    let first = done["workingGroup"].clone();
    let members = json!([
        { "name": "Phạm Văn Trưởng", "position": "Chuyên viên", "role": "HEAD", "isFocalPoint": false, "termUntil": "2027-12-31", "membership": null },
        { "name": "Hồ Văn Thảo", "position": null, "role": "MEMBER", "isFocalPoint": true, "termUntil": null, "membership": { "role": "DRAFTER" } },
    ]);
    assert_eq!(first["members"], members);
    assert_eq!(first["record"]["signer"], "Giám đốc");
    let public =
        format!("query ($id: ID!) {{ organization(by: {{ id: $id }}) {{ workingGroup {{ {fields} }} }} }}");
    let to_all = json!({
        "id": first["id"], "decisionNumber": "1/QĐ", "decisionDate": "2026-11-23", "memberCount": 2,
        "focalPointName": "Hồ Văn Thảo", "record": null, "members": [], "endedAt": null,
    });
    let id = json!({ "id": cast.agency });
    assert_eq!(world.visitor.call(&public, id.clone()).await.ok()["workingGroup"], to_all);
    assert_eq!(cast.linh.asks(&public, id.clone()).await.ok()["workingGroup"], to_all);
    for inside in [&cast.drafter, &cast.officer, &cast.auditor] {
        assert_eq!(inside.asks(&public, id.clone()).await.ok()["workingGroup"], first, "{}", inside.handle);
    }

    // An officer records the next one; the first stays for those inside.
    let mut next = group("2/QĐ", json!([place("Trần Thị Mới", "DEPUTY", true)]));
    next["expectedVersion"] = 1.into();
    let stale = cast.officer.does("establishWorkingGroup", next.clone(), "__typename").await;
    assert_eq!(stale.refused(), ["CONFLICT input.expectedVersion"]);
    next["expectedVersion"] = version(&cast.officer, &cast.agency).await;
    cast.officer.does("establishWorkingGroup", next, "workingGroup { id }").await.ok();
    let now = world.visitor.call(&public, id).await.ok()["workingGroup"].clone();
    assert_eq!((now["decisionNumber"].clone(), now["memberCount"].clone()), (json!("2/QĐ"), json!(1)));
    let node = format!("query ($id: ID!) {{ node(id: $id) {{ ... on WorkingGroup {{ {fields} }} }} }}");
    let former = json!({ "id": first["id"] });
    assert_eq!(
        world.visitor.call(&node, former.clone()).await.ok(),
        Value::Null,
        "history is for those inside"
    );
    assert_eq!(cast.linh.asks(&node, former.clone()).await.ok(), Value::Null);
    let history = cast.lead.asks(&node, former).await.ok();
    assert_eq!(history["members"], members);
    assert_ne!(history["endedAt"], Value::Null);
    assert_eq!(working_group::Entity::find().count(world.db()).await.unwrap(), 2);
    world.finish().await;
}

// ---- experts

#[tokio::test]
async fn councils_are_drawn_from_the_expert_register() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let challenge = cast.published_challenge(&world).await;
    let sage = world.person("sage", "Đặng Thị Hồng Nhung").await;
    let appoints = async |who: &Person, role: &str| {
        let input = json!({ "challengeId": challenge, "email": who.email, "role": role });
        cast.officer.does("appointCouncilMember", input, "councilMember { role }").await
    };
    let unknown = ["NOT_IN_EXPERT_REGISTER input.email"];
    for role in ["REVIEWER", "MEMBER"] {
        assert_eq!(appoints(&sage, role).await.refused(), unknown);
    }

    let good = json!({
        "email": sage.email,
        "sectors": ["HEALTH", "TRANSPORT", "HEALTH"],
        "title": "PGS.TS.",
        "affiliation": "Đại học Bách khoa",
        "qualification": "Cảm biến đô thị",
    });
    let with = |changes: Value| {
        let mut input = good.clone();
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        input
    };
    let objects = async |who: &Person, changes: Value, reasons: &[&str]| {
        assert_eq!(
            who.does("registerExpert", with(changes), "__typename").await.refused(),
            reasons,
            "{}",
            who.handle
        );
    };
    for other in [&cast.publisher, &cast.lead, &cast.linh, &cast.administrator, &sage] {
        objects(other, json!({}), &["NOT_PERMITTED"]).await;
    }
    objects(&cast.officer, json!({ "email": "nobody@example.vn" }), &["NOT_FOUND input.email"]).await;
    objects(&cast.officer, json!({ "email": cast.officer.email }), &["SELF_APPROVAL input.email"]).await;
    objects(&cast.officer, json!({ "email": cast.reviewer.email }), &["ALREADY_EXISTS input.email"]).await;
    objects(
        &cast.officer,
        json!({ "sectors": [], "affiliation": "" }),
        &["REQUIRED input.sectors", "REQUIRED input.affiliation"],
    )
    .await;
    objects(&cast.officer, json!({ "title": "x".repeat(101) }), &["TOO_LONG input.title"]).await;
    world.letters().await;
    let entry = "expert { id status version sectors { code } }";
    let done = cast.officer.does("registerExpert", good.clone(), entry).await.ok()["expert"].clone();
    assert_eq!(done["sectors"], json!([{ "code": "HEALTH" }, { "code": "TRANSPORT" }]));
    assert_eq!(world.letters().await, ["expert_registered: sage"]);
    let id = text(&done["id"]);
    objects(&cast.officer, json!({}), &["ALREADY_EXISTS input.email"]).await;

    // Who reads the register.
    let find = "query ($filter: ExpertFilter) { experts(filter: $filter) { totalCount nodes { id user { displayName } } } }";
    let count = async |who: &Person, filter: Value| {
        who.asks(find, json!({ "filter": filter })).await.ok()["totalCount"].clone()
    };
    for reader in [&cast.officer, &cast.publisher, &cast.auditor] {
        assert_eq!(count(reader, json!({})).await, 4, "{}", reader.handle);
        assert_eq!(count(reader, json!({ "search": "hong nhung BACH khoa" })).await, 1);
        assert_eq!(count(reader, json!({ "sector": ["TRANSPORT"] })).await, 1);
        assert_eq!(count(reader, json!({ "sector": ["TAX"] })).await, 0);
        assert_eq!(count(reader, json!({ "status": ["SUSPENDED"] })).await, 0);
    }
    assert_eq!(count(&sage, json!({})).await, 1, "one's own entry");
    for other in [&cast.administrator, &cast.lead, &cast.linh, &cast.chair] {
        assert_eq!(count(other, json!({})).await, 0, "{}", other.handle);
        let node = other.asks("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await.ok();
        assert_eq!(node, Value::Null, "{}", other.handle);
    }
    assert_eq!(world.visitor.call(find, json!({})).await.ok()["totalCount"], 0);
    let own = sage.asks("{ viewer { expert { id affiliation } } }", json!({})).await.ok();
    assert_eq!(own["expert"], json!({ "id": id, "affiliation": "Đại học Bách khoa" }));
    assert_eq!(cast.linh.asks("{ viewer { expert { id } } }", json!({})).await.ok()["expert"], Value::Null);

    let update = json!({ "expertId": id, "expectedVersion": 1, "title": null, "sectors": ["TAX"] });
    assert_eq!(sage.does("updateExpert", update.clone(), entry).await.refused(), ["NOT_PERMITTED"]);
    assert_eq!(
        cast.linh.does("updateExpert", update.clone(), entry).await.refused(),
        ["NOT_FOUND input.expertId"]
    );
    let done = cast
        .officer
        .does(
            "updateExpert",
            update.clone(),
            "expert { title affiliation qualification version sectors { code } }",
        )
        .await
        .ok();
    assert_eq!(
        done["expert"],
        json!({ "title": null, "affiliation": "Đại học Bách khoa", "qualification": "Cảm biến đô thị", "version": 2, "sectors": [{ "code": "TAX" }] })
    );
    assert_eq!(
        cast.officer.does("updateExpert", update, entry).await.refused(),
        ["CONFLICT input.expectedVersion"]
    );

    appoints(&sage, "REVIEWER").await.ok();
    let other = cast.published_challenge(&world).await;
    world.letters().await;
    let judge = json!({ "expertId": id, "reason": "Đi công tác dài hạn." });
    cast.officer.does("suspendExpert", judge.clone(), "expert { status }").await.ok();
    assert_eq!(world.letters().await, ["expert_suspended: sage"]);
    let input = json!({ "challengeId": other, "email": sage.email, "role": "MEMBER" });
    let refused = cast.officer.does("appointCouncilMember", input.clone(), "__typename").await;
    assert_eq!(refused.refused(), unknown);
    let council = "query ($id: ID!) { challenge(by: { id: $id }) { council { role } } }";
    let seats = cast.officer.asks(council, json!({ "id": challenge })).await.ok();
    assert_eq!(seats["council"], json!([{ "role": "REVIEWER" }]), "a seat that is held stays");
    let input_official = json!({ "challengeId": other, "email": sage.email, "role": "SECRETARY" });
    cast.officer.does("appointCouncilMember", input_official, "councilMember { role }").await.ok();
    assert_eq!(cast.officer.does("suspendExpert", judge.clone(), "__typename").await.refused(), ["CONFLICT"]);
    world.letters().await;
    cast.officer.does("reinstateExpert", judge, "expert { status }").await.ok();
    assert_eq!(world.letters().await, ["expert_reinstated: sage"]);
    world.finish().await;
}

// ---- many at the same time

#[tokio::test(flavor = "multi_thread")]
async fn of_two_managers_who_step_down_at_once_one_stays() {
    let world = World::new().await;
    for round in 0..5 {
        let (one, two) = (rows::user(), rows::user());
        insert(world.db(), [one.clone(), two.clone()]).await.unwrap();
        let kind = if round % 2 == 0 { OrganizationKind::Team } else { OrganizationKind::Startup };
        let house = rows::organization(kind, one.id);
        insert(world.db(), [house.clone()]).await.unwrap();
        let seats = [&one, &two].map(|user| rows::membership(house.id, user.id, MembershipRole::Owner));
        insert(world.db(), seats.clone()).await.unwrap();
        let ops = [world.op(one.id).await, world.op(two.id).await];
        let step = |index: usize| {
            let command = ChangeMemberRole { membership: seats[index].id, role: MembershipRole::Viewer };
            world.app().execute(&ops[index], None, command)
        };
        let outcomes = join_all([step(0), step(1)]).await;
        let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (1, 1), "{refused:?}");
        assert_eq!(code(refused.into_iter().next().unwrap()), Code::IncompatibleRole);
        let owners = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(house.id))
            .filter(membership::Column::Role.eq(MembershipRole::Owner));
        assert_eq!(owners.count(world.db()).await.unwrap(), 1);
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_groups_set_up_from_one_version_one_stands() {
    let world = World::new().await;
    let lead = rows::user();
    insert(world.db(), [lead.clone()]).await.unwrap();
    let agency = rows::organization(OrganizationKind::Agency, lead.id);
    insert(world.db(), [agency.clone()]).await.unwrap();
    insert(world.db(), [rows::membership(agency.id, lead.id, MembershipRole::Lead)]).await.unwrap();
    let op = world.op(lead.id).await;
    let establish = |number: usize, version: Option<i32>| EstablishWorkingGroup {
        organization: agency.id,
        expected_version: version,
        record: rows::record(),
        members: vec![NewPlace {
            person: NewPerson::Named(format!("Người số {number}")),
            position: None,
            role: WorkingGroupRole::Head,
            is_focal_point: true,
            term_from: Day::parse("2026-01-01").unwrap(),
            term_until: None,
        }],
    };
    let race = async |version: Option<i32>, count: usize| {
        let all = (0..count).map(|number| world.app().execute(&op, None, establish(number, version)));
        join_all(all).await
    };
    let outcomes = race(Some(1), 8).await;
    let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 7));
    for outcome in refused {
        assert_eq!(code(outcome), Code::Conflict);
    }
    let all = race(None, 8).await;
    assert!(all.iter().all(Result::is_ok), "without a version the last one stands: {all:?}");
    let groups = working_group::Entity::find().all(world.db()).await.unwrap();
    assert_eq!((groups.len(), groups.iter().filter(|group| group.ended_at.is_none()).count()), (9, 1));
    assert_eq!(working_group_member::Entity::find().count(world.db()).await.unwrap(), 9);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_taken_back_and_never_both() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let startup = startup_of(&cast.linh).await;
    for round in 0..6 {
        let handle = format!("guest-{round}");
        let guest = world.person(&handle, "Khách Mời").await;
        let input = json!({ "organizationId": startup, "email": guest.email, "role": "VIEWER" });
        cast.linh.does("inviteMember", input, "organization { id }").await.ok();
        let token = one_time_token::Entity::find()
            .filter(one_time_token::Column::EmailKey.eq(&guest.email))
            .one(world.db())
            .await
            .unwrap()
            .unwrap();
        let accept = AcceptInvitation { token_hash: token_hash(&world.app().keys.one_time_token(token.id)) };
        let (by_guest, by_owner) = (world.op(guest.account).await, world.op(cast.linh.account).await);
        let revoke = RevokeInvitation { invitation: token.id };
        let (accepted, revoked) =
            join(world.app().execute(&by_guest, None, accept), world.app().execute(&by_owner, None, revoke))
                .await;
        assert_ne!(
            accepted.is_ok(),
            revoked.is_ok(),
            "{} {}",
            AcceptInvitation::NAME,
            RevokeInvitation::NAME
        );
        let member = membership::Entity::find().filter(membership::Column::UserId.eq(guest.account));
        assert_eq!(member.count(world.db()).await.unwrap() == 1, accepted.is_ok());
        match (accepted, revoked) {
            (Ok(_), lost) => assert_eq!(code(lost), Code::NotFound),
            (lost, _) => assert_eq!(code(lost), Code::InvalidToken),
        }
    }
    world.finish().await;
}
