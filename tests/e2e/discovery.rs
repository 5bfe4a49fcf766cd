//! How a challenge is found by those whom it fits, what its agency says meanwhile, and who reads it before.

use std::time::Duration;

use e2e::cast::{Cast, DAY, startup_of, text, vietnamese};
use e2e::file::{fetch, pdf};
use e2e::{Answer, Person, World};
use entity::preview_link;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

async fn preview(person: &e2e::Client, token: &str) -> Value {
    let document = "query ($token: String!) { challengePreview(token: $token) {
        title { text } agencyName { text } sections { kind } indicators { target } criteria { weight } closesAt expiresAt } }";
    person.call(document, json!({ "token": token })).await.ok()
}

async fn shares(person: &Person, challenge: &str, days: i64) -> Answer {
    let input = json!({ "challengeId": challenge, "days": days });
    person.does("sharePreview", input, "challenge { previewLink { url expiresAt } }").await
}

fn token(link: &Value) -> String {
    let url = text(&link["url"]);
    url.split_once("/previews#token=").unwrap_or_else(|| panic!("{url}")).1.to_owned()
}

#[tokio::test]
async fn whoever_has_the_link_reads_the_draft_as_long_as_it_is_good() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 60 * DAY).await;
    for (days, refused) in [(0, "OUT_OF_RANGE input.days"), (31, "OUT_OF_RANGE input.days")] {
        assert_eq!(shares(&cast.drafter, &challenge, days).await.refused(), [refused]);
    }
    assert_eq!(shares(&cast.linh, &challenge, 3).await.refused(), ["NOT_FOUND input.challengeId"]);
    let done = shares(&cast.drafter, &challenge, 3).await.ok();
    let link = done["challenge"]["previewLink"].clone();
    let first = token(&link);
    let seen = preview(&world.visitor, &first).await;
    assert_eq!(seen["title"]["text"], "Ngập nước ở trung tâm");
    assert_eq!(seen["agencyName"]["text"], "Sở Xây dựng");
    assert_eq!(seen["criteria"].as_array().map(Vec::len), Some(3));
    assert_eq!(seen["expiresAt"], link["expiresAt"]);
    // It stands nowhere as it is, and its authors alone can copy it again.
    let row = preview_link::Entity::find().one(world.db()).await.unwrap().unwrap();
    assert!(!format!("{row:?}").contains(&first));
    let own = "query ($id: ID!) { challenge(by: { id: $id }) { previewLink { url expiresAt } } }";
    let copied = cast.lead.asks(own, json!({ "id": challenge })).await.ok();
    assert_eq!(copied["previewLink"], link);
    cast.hands_in(&challenge).await;
    assert_eq!(cast.officer.asks(own, json!({ "id": challenge })).await.ok()["previewLink"], Value::Null);
    assert_eq!(shares(&cast.officer, &challenge, 3).await.refused(), ["NOT_PERMITTED"]);

    // A new one replaces it; what nobody gave out shows nothing.
    world.pass(Duration::from_secs(1)).await;
    let second = token(&shares(&cast.lead, &challenge, 2).await.ok()["challenge"]["previewLink"]);
    assert_ne!(first, second);
    for dead in [first.as_str(), "", "x", &second[1..]] {
        assert_eq!(preview(&world.visitor, dead).await, Value::Null, "{dead}");
    }
    assert_ne!(preview(&cast.linh.client().await, &second).await, Value::Null);
    let input = json!({ "challengeId": challenge });
    cast.lead.does("revokePreview", input.clone(), "challenge { previewLink { url } }").await.ok();
    assert_eq!(preview(&world.visitor, &second).await, Value::Null, "taken back");
    cast.lead.does("revokePreview", input, "challenge { id }").await.ok();
    let third = token(&shares(&cast.lead, &challenge, 2).await.ok()["challenge"]["previewLink"]);
    world.pass(2 * DAY).await;
    assert_eq!(preview(&world.visitor, &third).await, Value::Null, "over");

    // What everybody may read needs no link.
    let last = token(&shares(&cast.lead, &challenge, 30).await.ok()["challenge"]["previewLink"]);
    cast.approves(&challenge).await;
    assert_ne!(preview(&world.visitor, &last).await, Value::Null);
    cast.publishes(&challenge).await;
    assert_eq!(preview(&world.visitor, &last).await, Value::Null);
    assert_eq!(shares(&cast.lead, &challenge, 3).await.refused(), ["CONFLICT"]);
    world.finish().await;
}

#[tokio::test]
async fn an_announcement_reaches_everybody_concerned_once() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 60 * DAY).await;
    let announces = async |person: &Person, words: &str| {
        let input = json!({ "challengeId": challenge, "text": vietnamese(words) });
        person.does("publishAnnouncement", input, "challenge { announcements { number } }").await
    };
    assert_eq!(announces(&cast.lead, "Sớm").await.refused(), ["CONFLICT"], "nobody reads it yet");
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    cast.bao.does("followChallenge", json!({ "challengeId": challenge }), "user { id }").await.ok();
    cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    world.letters().await;
    for stranger in [&cast.linh, &cast.drafter, &cast.publisher, &cast.auditor] {
        assert_eq!(announces(stranger, "Không").await.refused(), ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    assert_eq!(announces(&cast.lead, " ").await.refused(), ["REQUIRED input.text.0.value"]);
    assert_eq!(announces(&cast.lead, &"x".repeat(4_001)).await.refused(), ["TOO_LONG input.text.0.value"]);
    announces(&cast.lead, "Buổi giới thiệu lúc 9 giờ ngày 5/12.").await.ok();
    let told = ["bao", "drafter", "lead", "linh", "quan"].map(|who| format!("announcement: {who}"));
    assert_eq!(world.letters().await, told);
    let mail = world.last_mail_to(&cast.bao.email).await;
    assert!(mail.text.contains("Buổi giới thiệu lúc 9 giờ ngày 5/12."), "{}", mail.text);
    announces(&cast.officer, "Đã có bản ghi hình.").await.ok();
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { version announcements { number text { text locale } publishedAt } } }";
    let seen = world.visitor.call(document, json!({ "id": challenge })).await.ok();
    let texts: Vec<_> =
        seen["announcements"].as_array().unwrap().iter().map(|one| text(&one["text"]["text"])).collect();
    assert_eq!(texts, ["Đã có bản ghi hình.", "Buổi giới thiệu lúc 9 giờ ngày 5/12."], "the newest first");
    for number in 3..=50 {
        assert_eq!(
            announces(&cast.lead, "Nữa").await.ok()["challenge"]["announcements"][0]["number"],
            number
        );
    }
    assert_eq!(announces(&cast.lead, "Quá nhiều").await.refused(), ["QUOTA"]);
    world.finish().await;
}

#[tokio::test]
async fn what_is_the_same_problem_is_linked_and_shown_to_those_who_may_see_both() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let (one, other) = (cast.published_challenge(&world).await, cast.published_challenge(&world).await);
    let hidden = cast.drafts(&world, Duration::ZERO, 60 * DAY).await;
    let links = async |person: &Person, duplicate: &str, original: &str| {
        let input = json!({ "challengeId": duplicate, "duplicateOfId": original });
        person.does("linkDuplicate", input, "challenge { duplicateOf { id } }").await
    };
    assert_eq!(links(&cast.officer, &other, &hidden).await.refused(), ["NOT_FOUND input.duplicateOfId"]);
    assert_eq!(links(&cast.officer, &hidden, &other).await.refused(), ["NOT_FOUND input.challengeId"]);
    cast.hands_in(&hidden).await;
    for stranger in [&cast.lead, &cast.publisher, &cast.linh] {
        assert_eq!(links(stranger, &other, &one).await.refused(), ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    assert_eq!(links(&cast.officer, &one, &one).await.refused(), ["MALFORMED input.duplicateOfId"]);
    assert_eq!(links(&cast.officer, &other, &one).await.ok()["challenge"]["duplicateOf"]["id"], one);
    links(&cast.officer, &hidden, &one).await.ok();
    assert_eq!(
        links(&cast.officer, &hidden, &other).await.refused(),
        ["MALFORMED input.duplicateOfId"],
        "no chain"
    );
    assert_eq!(links(&cast.officer, &one, &hidden).await.refused().len(), 2, "nor the other way round");
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { duplicates { id } } }";
    let seen = async |client: &e2e::Client| {
        let challenge = client.call(document, json!({ "id": one })).await.ok();
        let ids = challenge["duplicates"].as_array().unwrap().iter().map(|one| text(&one["id"]));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(seen(&world.visitor).await, std::slice::from_ref(&other));
    assert_eq!(seen(&cast.officer.client().await).await, [other.clone(), hidden.clone()]);
    let input = json!({ "challengeId": other });
    cast.officer.does("unlinkDuplicate", input, "challenge { duplicateOf { id } }").await.ok();
    assert_eq!(seen(&world.visitor).await, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_startup_is_recommended_what_it_may_still_bid_for_in_its_own_fields() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let late = cast.drafts(&world, Duration::ZERO, 50 * DAY).await;
    cast.hands_in(&late).await;
    cast.approves(&late).await;
    cast.publishes(&late).await;
    let (bid_for, near) = (cast.published_challenge(&world).await, cast.published_challenge(&world).await);
    cast.drafts(&world, Duration::ZERO, 60 * DAY).await;
    let recommended = async |person: &Person| {
        let viewer = person.asks("{ viewer { recommendedChallenges { id } } }", json!({})).await.ok();
        let ids = viewer["recommendedChallenges"].as_array().unwrap().iter().map(|one| text(&one["id"]));
        ids.collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(recommended(&cast.linh).await, nothing, "nothing is known of her fields");
    cast.writes(&cast.linh, &bid_for, "Cống thông minh").await;
    for of_house in [&cast.linh, &cast.quan] {
        assert_eq!(recommended(of_house).await, [near.clone(), late.clone()], "the nearest deadline first");
    }
    assert_eq!(recommended(&cast.yen).await, nothing, "what others bid for says nothing");
    cast.yen.does("followSector", json!({ "sector": "URBAN_MANAGEMENT" }), "user { id }").await.ok();
    assert_eq!(recommended(&cast.yen).await, [bid_for.clone(), near.clone(), late.clone()]);
    world.pass(11 * DAY).await;
    assert_eq!(recommended(&cast.yen).await, [late], "what is over fits nobody");
    world.finish().await;
}

#[tokio::test]
async fn support_deadline_and_state_are_found_by_and_counted() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let offer = |stage: &str, amount: &str| json!({ "stage": stage, "ceiling": { "amount": amount, "currency": "VND" } });
    let offers = async |challenge: &str, offers: Value| {
        let document = "query ($id: ID!) { challenge(by: { id: $id }) { version } }";
        let version = cast.lead.asks(document, json!({ "id": challenge })).await.ok()["version"].clone();
        let input =
            json!({ "challengeId": challenge, "expectedVersion": version, "draft": { "support": offers } });
        cast.lead
            .does("updateChallenge", input, "challenge { support { stage ceiling { amount currency } } }")
            .await
    };
    let (near, far) = (
        cast.drafts(&world, Duration::ZERO, 5 * DAY).await,
        cast.drafts(&world, Duration::ZERO, 80 * DAY).await,
    );
    let twice = json!([offer("INCUBATION", "1"), offer("INCUBATION", "2")]);
    assert_eq!(offers(&near, twice).await.refused(), ["ALREADY_EXISTS input.draft.support.1.stage"]);
    let fraction = json!([offer("INCUBATION", "1.5")]);
    assert_eq!(offers(&near, fraction).await.refused(), ["MALFORMED input.draft.support.0.ceiling.amount"]);
    let all = json!([offer("ACCELERATION", "400000000"), offer("PRE_INCUBATION", "40000000")]);
    let done = offers(&near, all).await.ok();
    assert_eq!(
        done["challenge"]["support"],
        json!([offer("PRE_INCUBATION", "40000000"), offer("ACCELERATION", "400000000")]),
        "in the order of their course"
    );
    offers(&far, json!([offer("PRE_INCUBATION", "30000000")])).await.ok();
    for challenge in [&near, &far] {
        cast.hands_in(challenge).await;
        cast.approves(challenge).await;
        cast.publishes(challenge).await;
    }
    let input = json!({ "challengeId": far, "reason": "Chờ ý kiến." });
    cast.officer.does("pauseChallenge", input, "challenge { id }").await.ok();
    let document = "query ($filter: ChallengeFilter) { challengeFacets(filter: $filter) {
        support { stage count } deadlines { withinDays count } statuses { status count } } }";
    let facets = async |filter: Value| world.visitor.call(document, json!({ "filter": filter })).await.ok();
    let days = |days: i64, count: i64| json!({ "withinDays": days, "count": count });
    let all = facets(json!({})).await;
    let stages = json!([{ "stage": "PRE_INCUBATION", "count": 2 }, { "stage": "ACCELERATION", "count": 1 }]);
    assert_eq!(all["support"], stages);
    assert_eq!(all["deadlines"], json!([days(7, 1), days(30, 1), days(90, 2)]));
    let statuses = json!([{ "status": "PUBLISHED", "count": 1 }, { "status": "PAUSED", "count": 1 }]);
    assert_eq!(all["statuses"], statuses);
    let accelerated = facets(json!({ "support": ["ACCELERATION"] })).await;
    assert_eq!(accelerated["support"], stages, "a condition is counted without itself");
    assert_eq!(accelerated["deadlines"], json!([days(7, 1), days(30, 1), days(90, 1)]));
    let list = "query ($filter: ChallengeFilter) { challenges(filter: $filter) { nodes { id } totalCount } }";
    for (filter, found) in [
        (json!({ "support": ["ACCELERATION", "INCUBATION"] }), vec![&near]),
        (json!({ "closesWithinDays": 7 }), vec![&near]),
        (json!({ "closesWithinDays": 90 }), vec![&near, &far]),
        (json!({ "support": ["INCUBATION"] }), vec![]),
    ] {
        let page = world.visitor.call(list, json!({ "filter": filter })).await.ok();
        let ids: Vec<_> = page["nodes"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{filter}");
        assert_eq!(page["totalCount"], found.len());
    }
    world.finish().await;
}

#[tokio::test]
async fn a_house_says_what_it_is_and_what_it_asks() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let public = cast.published_challenge(&world).await;
    let hidden = cast.drafts(&world, Duration::ZERO, 60 * DAY).await;
    let song = startup_of(&cast.linh).await;
    let describes = async |person: &Person, house: &str, version: i64, more: Value| {
        let mut input = json!({ "organizationId": house, "expectedVersion": version });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        person.does("describeOrganization", input, "organization { about { text } website version }").await
    };
    let about = |words: &str| json!({ "about": vietnamese(words), "website": "https://songcam.vn/" });
    for stranger in [&cast.quan, &cast.yen, &cast.officer] {
        let refused = describes(stranger, &song, 1, about("Giả")).await.refused();
        assert_eq!(refused, ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    let script = json!({ "website": "javascript:alert(1)" });
    assert_eq!(describes(&cast.linh, &song, 1, script).await.refused(), ["MALFORMED input.website"]);
    describes(&cast.linh, &song, 1, about("Chúng tôi làm cống thông minh.")).await.ok();
    assert_eq!(
        describes(&cast.linh, &song, 1, about("Cũ")).await.refused(),
        ["CONFLICT input.expectedVersion"]
    );
    let cleared = describes(&cast.linh, &song, 2, json!({ "website": null })).await.ok();
    assert_eq!(cleared["organization"]["about"]["text"], "Chúng tôi làm cống thông minh.");
    assert_eq!(cleared["organization"]["website"], Value::Null);
    let document = "query ($id: ID!) { organization(by: { id: $id }) {
        about { text } website challenges(first: 5) { nodes { id } totalCount } } }";
    let seen = world.visitor.call(document, json!({ "id": song })).await.ok();
    assert_eq!(seen["about"]["text"], "Chúng tôi làm cống thông minh.");
    assert_eq!(seen["challenges"]["totalCount"], 0);
    let seen = world.visitor.call(document, json!({ "id": cast.agency })).await.ok();
    assert_eq!(seen["challenges"], json!({ "nodes": [{ "id": public }], "totalCount": 1 }));
    let own = cast.lead.asks(document, json!({ "id": cast.agency })).await.ok();
    assert_eq!(own["challenges"]["totalCount"], 2, "{hidden} is theirs");
    world.finish().await;
}

#[tokio::test]
async fn what_an_amendment_brings_along_is_known_with_it_and_stays() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let on = json!({ "challengeId": challenge });
    let bytes = pdf("Số đo bổ sung");
    assert_eq!(cast.drafter.announces(&on, "a.pdf", 9).await.refused(), ["NOT_PERMITTED"], "the lead amends");
    let file = cast.lead.uploads(&on, "Số đo bổ sung.pdf", bytes.clone()).await.ok();
    let file = text(&file["attachment"]["id"]);
    for stranger in [&cast.officer, &cast.auditor, &cast.linh] {
        assert_eq!(stranger.link_to(&file).await, None, "{} hears of it with the amendment", stranger.handle);
    }
    assert_eq!(fetch(&world.visitor, &file).await.map(|given| given.status), None);
    let pending = cast.lead.announces(&on, "b.pdf", 9).await.ok();
    let amends = async |note: &str| {
        let document = "query ($id: ID!) { challenge(by: { id: $id }) { version } }";
        let version = cast.lead.asks(document, json!({ "id": challenge })).await.ok()["version"].clone();
        let input =
            json!({ "challengeId": challenge, "expectedVersion": version, "changeNote": vietnamese(note) });
        cast.lead.does("amendChallenge", input, "challenge { versions { number } }").await
    };
    assert_eq!(amends("Thêm số đo").await.refused(), ["FILE_NOT_READY input.challengeId"]);
    let gone = json!({ "attachmentId": pending["attachment"]["id"] });
    cast.lead.does("removeAttachment", gone, "deletedAttachmentId").await.ok();
    amends("Thêm số đo").await.ok();
    let given = fetch(&world.visitor, &file).await.unwrap();
    assert_eq!(given.bytes, bytes);
    let gone =
        cast.lead.does("removeAttachment", json!({ "attachmentId": file }), "deletedAttachmentId").await;
    assert_eq!(gone.refused(), ["CONFLICT"], "what was published stays");
    world.finish().await;
}

#[tokio::test]
async fn the_form_of_a_brief_says_what_belongs_where() {
    let world = World::new().await;
    let document = "{ briefTemplate { kind isRequired title(locale: VI) { text } guidance(locale: EN) { text locale } } }";
    let form = world.visitor.call(document, json!({})).await.ok();
    let form = form.as_array().unwrap();
    let required: Vec<_> =
        form.iter().filter(|part| part["isRequired"] == true).map(|part| text(&part["kind"])).collect();
    assert_eq!(required, ["CONTEXT", "CURRENT_PROCESS", "EXPECTED_PRODUCT"]);
    assert_eq!(form.len(), 15);
    assert!(
        form.iter()
            .all(|part| part["guidance"]["locale"] == "EN" && !text(&part["title"]["text"]).is_empty())
    );
    world.finish().await;
}
