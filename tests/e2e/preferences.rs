//! Everybody is told as they prefer: at once, once a day or in the inbox alone; and at once of what law or fairness requires.

use std::time::Duration;

use domain::time::Timestamp;
use e2e::cast::{Cast, DAY, startup_of, vietnamese};
use e2e::{Mail, Person, World};
use futures_util::future::join_all;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_hours(1);

const PREFERENCES: &str = "{ viewer { version notificationPreferences {
    timeZone digestAt quietHours { from until } groups { group delivery choices }
} } }";

/// As if that many processes looked at the clock at once; how many reminders and digests that were.
async fn all_remind(world: &World) -> u64 {
    join_all((0..4).map(|_| world.reminds())).await.into_iter().sum()
}

async fn prefers(person: &Person, mut input: Value) -> Value {
    let viewer = person.asks(PREFERENCES, json!({})).await.ok();
    input["expectedVersion"] = viewer["version"].clone();
    let changed = "user { version notificationPreferences { timeZone digestAt quietHours { from until } } }";
    person.does("updateNotificationPreferences", input, changed).await.ok()["user"].clone()
}

fn group(group: &str, delivery: &str) -> Value {
    json!([{ "group": group, "delivery": delivery }])
}

/// What a clock shows in a place without summer time, that many hours east.
fn shown(at: Timestamp, hours_east: i64) -> String {
    at.plus_seconds(hours_east * 3_600).to_rfc3339()[11..16].to_owned()
}

async fn follows(person: &Person, challenge: &str) {
    person.does("followChallenge", json!({ "challengeId": challenge }), "user { id }").await.ok();
}

async fn announces(cast: &Cast, challenge: &str, words: &str) {
    let input = json!({ "challengeId": challenge, "text": vietnamese(words) });
    cast.lead.does("publishAnnouncement", input, "challenge { id }").await.ok();
}

async fn inbox(person: &Person) -> Vec<String> {
    let document = "{ viewer { notifications(first: 50) { nodes { kind } } } }";
    let inbox = person.asks(document, json!({})).await.ok();
    let nodes = inbox["notifications"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["kind"].as_str().unwrap().to_owned()).collect()
}

/// Who got what, of these people.
async fn told(world: &World, people: &[&Person]) -> Vec<String> {
    let letters = world.letters().await;
    let is_to =
        |letter: &String| people.iter().any(|person| letter.ends_with(&format!(": {}", person.handle)));
    letters.into_iter().filter(is_to).collect()
}

async fn clicks(world: &World, mail: &Mail) {
    let header = mail.header("List-Unsubscribe").expect("a way out");
    let link = header.trim_matches(['<', '>']);
    let path = &link[link.find("/unsubscribe/").unwrap()..];
    let answer =
        reqwest::Client::new().post(format!("{}{path}", world.visitor.origin())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_follower_gets_one_mail_a_day_or_none_and_finds_all_of_it_in_the_inbox() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let people = [&cast.bao, &cast.yen, &cast.linh];
    for person in people {
        follows(person, &challenge).await;
    }
    // The same time on two clocks: in Tokyo it is two hours away, in London eleven.
    let digest_at = shown(world.now().await.plus_seconds(2 * 3_600), 9);
    let following = group("FOLLOWING", "DIGEST");
    let tokyo = json!({ "timeZone": "Asia/Tokyo", "digestAt": digest_at, "groups": following });
    prefers(&cast.bao, tokyo.clone()).await;
    prefers(&cast.linh, tokyo).await;
    prefers(&cast.yen, json!({ "groups": group("FOLLOWING", "INBOX_ONLY") })).await;
    cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    world.letters().await;

    announces(&cast, &challenge, "Buổi giới thiệu lúc 9 giờ.").await;
    let halt = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", halt, "challenge { id }").await.ok();
    let bidder = ["announcement: linh", "challenge_paused: linh"];
    assert_eq!(told(&world, &people).await, bidder, "whoever bids is told at once, whatever they prefer");
    for person in [&cast.bao, &cast.yen] {
        assert_eq!(inbox(person).await, ["CHALLENGE_PAUSED", "ANNOUNCEMENT"], "{}", person.handle);
    }

    world.pass(HOUR).await;
    assert_eq!(all_remind(&world).await, 0, "it is not time yet");
    world.pass(HOUR + Duration::from_mins(1)).await;
    assert_eq!(all_remind(&world).await, 1, "four look, and one of them sends it");
    assert_eq!(told(&world, &people).await, ["digest: bao"]);
    let mail = world.last_mail_to(&cast.bao.email).await;
    assert_eq!(mail.subject, "Tin trong ngày trên Bài Toán Lớn (2)");
    for part in [&mail.text, &mail.html] {
        assert_eq!(part.matches("/challenges/ngap-nuoc-o-trung-tam").count(), 2, "{part}");
    }
    assert!(mail.message_id.starts_with(&mail.notification_id), "{}", mail.message_id);
    assert_eq!(all_remind(&world).await, 0, "once");
    assert_eq!(inbox(&cast.bao).await.len(), 2, "a digest tells nothing that was not there");

    // Two digests were missed by the time somebody looks again: it is one, of all that there is.
    cast.officer.does("resumeChallenge", json!({ "challengeId": challenge }), "challenge { id }").await.ok();
    world.is_quiet().await;
    world.pass(DAY + HOUR).await;
    announces(&cast, &challenge, "Có thêm dữ liệu mưa.").await;
    world.letters().await;
    world.pass(DAY).await;
    assert_eq!(all_remind(&world).await, 1);
    assert_eq!(told(&world, &people).await, ["digest: bao"]);
    let mail = world.last_mail_to(&cast.bao.email).await;
    assert_eq!(mail.subject, "Tin trong ngày trên Bài Toán Lớn (2)");

    // One click, and what waits comes no more.
    announces(&cast, &challenge, "Lần nữa.").await;
    world.letters().await;
    clicks(&world, &mail).await;
    let preferences = cast.bao.asks(PREFERENCES, json!({})).await.ok();
    let groups = preferences["notificationPreferences"]["groups"].as_array().unwrap();
    let following = groups.iter().find(|choice| choice["group"] == "FOLLOWING").unwrap();
    assert_eq!(following["delivery"], "INBOX_ONLY");
    world.is_quiet().await;
    world.pass(DAY).await;
    all_remind(&world).await;
    assert_eq!(told(&world, &[&cast.bao, &cast.yen]).await, [""; 0]);
    assert_eq!(inbox(&cast.bao).await.len(), 5);
    world.finish().await;
}

#[tokio::test]
async fn a_digest_says_what_its_reader_may_still_know_in_their_language() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let first = cast.published_challenge(&world).await;
    let second = cast.published_challenge(&world).await;
    for challenge in [&first, &second] {
        follows(&cast.bao, challenge).await;
    }
    let digest_at = shown(world.now().await.plus_seconds(2 * 3_600), 7);
    prefers(&cast.bao, json!({ "digestAt": digest_at, "groups": group("FOLLOWING", "DIGEST") })).await;
    prefers(&cast.drafter, json!({ "digestAt": digest_at, "groups": group("AGENCY", "DIGEST") })).await;
    prefers(&cast.officer, json!({ "digestAt": digest_at, "groups": group("OFFICE", "DIGEST") })).await;
    world.letters().await;

    announces(&cast, &first, "Buổi giới thiệu.").await;
    announces(&cast, &second, "Buổi giới thiệu.").await;
    let house = startup_of(&cast.yen).await;
    let ask = json!({ "challengeId": first, "organizationId": house, "text": "Có dữ liệu mưa không?" });
    cast.yen.does("askQuestion", ask, "question { id }").await.ok();
    let founder = world.person("founder", "Người Sáng Lập").await;
    let input = json!({ "kind": "STARTUP", "name": vietnamese("Công ty mới") });
    founder.does("createOrganization", input, "organization { id }").await.ok();
    let people = [&cast.bao, &cast.drafter, &cast.officer];
    // What its agency announces everybody there has to know.
    let at_once = ["announcement: drafter", "announcement: drafter", "question_asked: officer"];
    assert_eq!(told(&world, &people).await, at_once);
    assert!(inbox(&cast.officer).await.contains(&"ORGANIZATION_PENDING".to_owned()));

    // Meanwhile one unfollows, and one leaves the agency.
    cast.bao.does("unfollowChallenge", json!({ "challengeId": second }), "user { id }").await.ok();
    let version = cast.bao.asks(PREFERENCES, json!({})).await.ok()["version"].clone();
    let profile = json!({ "expectedVersion": version, "locale": "EN" });
    cast.bao.does("updateProfile", profile, "user { id }").await.ok();
    let members =
        "query ($id: ID!) { organization(by: { id: $id }) { members { id user { displayName } } } }";
    let seats = cast.lead.asks(members, json!({ "id": cast.agency })).await.ok()["members"].clone();
    let seat = seats.as_array().unwrap().iter().find(|seat| seat["user"]["displayName"] == "Hồ Văn Thảo");
    let leaves = json!({ "membershipId": seat.unwrap()["id"] });
    cast.lead.does("removeMember", leaves, "deletedMembershipId").await.ok();
    world.letters().await;

    world.pass(2 * HOUR + Duration::from_mins(1)).await;
    all_remind(&world).await;
    assert_eq!(
        told(&world, &people).await,
        ["digest: bao", "digest: officer"],
        "nothing is left for whoever left"
    );
    let mail = world.last_mail_to(&cast.bao.email).await;
    assert_eq!(mail.subject, "Today on Bài Toán Lớn (1)");
    assert!(
        mail.text.contains("Flooded centre") && mail.html.contains("<html lang=\"en\">"),
        "{}",
        mail.text
    );
    world.finish().await;
}

#[tokio::test]
async fn in_quiet_hours_comes_what_may_not_wait_and_the_rest_when_they_are_over() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let followed = cast.published_challenge(&world).await;
    let bid = cast.published_challenge(&world).await;
    let people = [&cast.linh, &cast.quan];
    let now = world.now().await;
    let quiet =
        json!({ "from": shown(now.plus_seconds(-3_600), 7), "until": shown(now.plus_seconds(10_800), 7) });
    for person in people {
        follows(person, &followed).await;
        let kept = prefers(person, json!({ "quietHours": quiet })).await;
        assert_eq!(kept["notificationPreferences"]["quietHours"], quiet);
    }
    let proposal = cast.writes(&cast.linh, &bid, "Cống thông minh").await;
    world.letters().await;

    cast.submits(&cast.linh, &proposal).await;
    announces(&cast, &followed, "Buổi giới thiệu.").await;
    let receipts = ["proposal_submitted: linh", "proposal_submitted: quan"];
    assert_eq!(told(&world, &people).await, receipts);
    assert_eq!(inbox(&cast.quan).await, ["ANNOUNCEMENT", "PROPOSAL_SUBMITTED"], "it is there at once");

    // Whoever ends their quiet hours has what waited.
    prefers(&cast.linh, json!({ "quietHours": null })).await;
    assert_eq!(told(&world, &people).await, ["announcement: linh"]);
    world.pass(2 * HOUR).await;
    assert_eq!(told(&world, &people).await, [""; 0]);
    world.pass(HOUR + Duration::from_mins(1)).await;
    assert_eq!(told(&world, &people).await, ["announcement: quan"]);
    assert_eq!(inbox(&cast.quan).await.len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn preferences_are_ones_own_and_what_must_be_told_stays_on() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let viewer = cast.linh.asks(PREFERENCES, json!({})).await.ok();
    let preferences = &viewer["notificationPreferences"];
    assert_eq!(
        (&preferences["timeZone"], &preferences["digestAt"], &preferences["quietHours"]),
        (&json!("Asia/Ho_Chi_Minh"), &json!("07:00"), &Value::Null)
    );
    let groups = preferences["groups"].as_array().unwrap();
    assert!(groups.len() == 9 && groups.iter().all(|choice| choice["delivery"] == "AT_ONCE"));
    let mandatory: Vec<_> = groups
        .iter()
        .filter(|choice| choice["choices"] == json!(["AT_ONCE"]))
        .map(|choice| &choice["group"])
        .collect();
    assert_eq!(mandatory, ["ACCOUNT", "ORGANIZATION", "PARTICIPATION", "DUTIES"]);

    let tries = async |mut input: Value| {
        input["expectedVersion"] = viewer["version"].clone();
        cast.linh.does("updateNotificationPreferences", input, "user { id }").await.refused()
    };
    let wrong = json!({
        "timeZone": "GMT+7", "digestAt": "7 giờ", "quietHours": { "from": "22:00", "until": "24:00" },
        "groups": [{ "group": "FOLLOWING", "delivery": "DIGEST" }, { "group": "PARTICIPATION", "delivery": "INBOX_ONLY" }],
    });
    assert_eq!(
        tries(wrong).await,
        [
            "MALFORMED input.timeZone",
            "MALFORMED input.digestAt",
            "MALFORMED input.quietHours.until",
            "MALFORMED input.groups.1.delivery"
        ],
        "all at once"
    );
    let long = json!({ "quietHours": { "from": "22:00", "until": "10:01" } });
    assert_eq!(tries(long).await, ["OUT_OF_RANGE input.quietHours.until"]);
    assert_eq!(
        tries(json!({ "groups": group("REMINDERS", "DIGEST") })).await,
        ["MALFORMED input.groups.0.delivery"]
    );
    let paris = json!({ "timeZone": "Europe/Paris", "quietHours": { "from": "22:00", "until": "06:30" } });
    let changed = prefers(&cast.linh, paris.clone()).await;
    assert_eq!(changed["notificationPreferences"]["timeZone"], "Europe/Paris");
    assert_eq!(tries(paris).await, ["CONFLICT input.expectedVersion"], "of two who change it one does");
    // What is left out stays.
    let changed =
        prefers(&cast.linh, json!({ "digestAt": "18:30" })).await["notificationPreferences"].clone();
    let kept = json!({ "timeZone": "Europe/Paris", "digestAt": "18:30", "quietHours": { "from": "22:00", "until": "06:30" } });
    assert_eq!(changed, kept);

    let document = "query ($id: ID!) { node(id: $id) { ... on User { displayName notificationPreferences { timeZone } } } }";
    let id = api::graphql::id::encode(cast.linh.account).to_string();
    let seen = cast.quan.asks(document, json!({ "id": id })).await.ok();
    assert_eq!(seen, json!({ "displayName": "Ngô Mai Linh", "notificationPreferences": null }));
    let visitor =
        world.visitor.does("updateNotificationPreferences", json!({ "expectedVersion": 1 }), "user { id }");
    assert_eq!(visitor.await.error(), "UNAUTHENTICATED");

    // Of one's agency and its questions one click ends the mails; not those that everybody concerned gets.
    let challenge = cast.published_challenge(&world).await;
    clicks(&world, &world.last_mail_to(&cast.drafter.email).await).await;
    let house = startup_of(&cast.yen).await;
    let ask = json!({ "challengeId": challenge, "organizationId": house, "text": "Có dữ liệu mưa không?" });
    world.letters().await;
    cast.yen.does("askQuestion", ask, "question { id }").await.ok();
    announces(&cast, &challenge, "Buổi giới thiệu.").await;
    assert_eq!(
        told(&world, &[&cast.drafter, &cast.lead]).await,
        ["announcement: drafter", "announcement: lead", "question_asked: lead"]
    );
    assert_eq!(world.last_mail_to(&cast.drafter.email).await.header("List-Unsubscribe"), None);

    // They go where their owner goes.
    let copy = cast.linh.does("exportOwnData", json!({}), "document").await.ok()["document"].clone();
    let copy: Value = serde_json::from_str(copy.as_str().unwrap()).unwrap();
    assert_eq!(copy["notificationPreferences"][0]["digestAt"], "18:30", "{copy}");
    cast.linh.does("eraseAccount", json!({ "isConfirmed": true }), "isErased").await.ok();
    let left = entity::notification_preference::Entity::find().all(world.db()).await.unwrap();
    assert!(left.iter().all(|row| row.user_id != cast.linh.account) && !left.is_empty(), "{left:?}");
    world.finish().await;
}
