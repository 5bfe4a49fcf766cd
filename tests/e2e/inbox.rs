//! The inbox: everybody sees what they were told, ticks it off, and sees nothing of anybody else.

use std::time::Duration;

use e2e::cast::{Cast, DAY, text};
use e2e::{Person, World};
use serde_json::{Value, json};

const INBOX: &str = "query ($onlyUnread: Boolean) { viewer {
    unreadNotificationCount
    notifications(onlyUnread: $onlyUnread, first: 50) {
        totalCount
        nodes { id kind createdAt readAt challenge { slug } proposal { id } organization { id } }
    }
} }";

async fn inbox(person: &Person, only_unread: bool) -> Value {
    person.asks(INBOX, json!({ "onlyUnread": only_unread })).await.ok()
}

fn kinds(inbox: &Value) -> Vec<&str> {
    let nodes = inbox["notifications"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_mailed_stands_in_the_inbox_until_it_is_ticked_off() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let halt = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", halt, "challenge { id }").await.ok();
    world.is_quiet().await;

    let seen = inbox(&cast.quan, false).await;
    assert_eq!(kinds(&seen), ["CHALLENGE_PAUSED", "PROPOSAL_SUBMITTED"], "the newest first");
    assert_eq!(
        (&seen["unreadNotificationCount"], &seen["notifications"]["totalCount"]),
        (&json!(2), &json!(2))
    );
    let [paused, submitted] = seen["notifications"]["nodes"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!((&submitted["proposal"]["id"], &paused["proposal"]), (&json!(proposal), &Value::Null));
    assert_ne!(paused["challenge"]["slug"], Value::Null);
    let row: domain::id::MessageId =
        domain::id::PublicId::from_public(paused["id"].as_str().unwrap()).unwrap();
    let mails = world.mail().await;
    let named = mails.iter().filter(|mail| mail.notification_id == row.to_string());
    assert_eq!(named.map(|mail| &mail.to).collect::<Vec<_>>(), [&cast.quan.email], "one mail names it");
    assert_eq!(inbox(&cast.yen, false).await["notifications"]["totalCount"], 0, "others were not told");

    // Another's is not there, for reading as little as for ticking off.
    for id in [&paused["id"], &json!("Q_nothing")] {
        let input = json!({ "notificationIds": [id, submitted["id"]] });
        let refused = cast.yen.does("markNotificationsRead", input, "user { id }").await.refused();
        assert_eq!(refused, ["NOT_FOUND input.notificationIds"]);
        let node = "query ($id: ID!) { node(id: $id) { id } }";
        assert_eq!(cast.yen.asks(node, json!({ "id": id })).await.ok(), Value::Null);
    }
    let mixed = json!({ "notificationIds": [paused["id"], "Q_nothing"] });
    assert_eq!(
        cast.quan.does("markNotificationsRead", mixed, "user { id }").await.refused(),
        ["NOT_FOUND input.notificationIds"]
    );
    assert_eq!(inbox(&cast.quan, false).await, seen, "and nothing changed");

    let input = json!({ "notificationIds": [submitted["id"]] });
    let left =
        cast.quan.does("markNotificationsRead", input.clone(), "user { unreadNotificationCount }").await;
    assert_eq!(left.ok()["user"]["unreadNotificationCount"], 1);
    let unread = inbox(&cast.quan, true).await;
    assert_eq!(
        (kinds(&unread), &unread["notifications"]["totalCount"]),
        (vec!["CHALLENGE_PAUSED"], &json!(1))
    );
    let ticked = inbox(&cast.quan, false).await["notifications"]["nodes"][1]["readAt"].clone();
    assert_ne!(ticked, Value::Null);
    world.pass(Duration::from_mins(1)).await;
    cast.quan.does("markNotificationsRead", input, "user { id }").await.ok();
    let again = inbox(&cast.quan, false).await;
    assert_eq!(again["notifications"]["nodes"][1]["readAt"], ticked, "the first time counts");
    cast.quan.does("markNotificationsRead", json!({}), "user { id }").await.ok();
    assert_eq!(inbox(&cast.quan, false).await["unreadNotificationCount"], 0);
    assert_eq!(
        inbox(&cast.linh, false).await["unreadNotificationCount"],
        2,
        "the colleague's are the colleague's"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_old_notification_opens_no_door() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let members = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    cast.assigns(&challenge, &proposal, &members).await;
    world.is_quiet().await;
    let offered = |seen: &Value| {
        let nodes = seen["notifications"]["nodes"].as_array().unwrap().clone();
        nodes.into_iter().find(|node| node["kind"] == "REVIEW_OFFERED").unwrap()
    };
    assert_eq!(text(&offered(&inbox(&cast.reviewer, false).await)["proposal"]["id"]), proposal);
    let conflict = json!({ "proposalId": proposal, "kind": "KINSHIP", "reason": "Em họ làm ở đó." });
    cast.reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    assert_eq!(offered(&inbox(&cast.reviewer, false).await)["proposal"], Value::Null);

    // Somebody who left the house keeps that they were told, and nothing that it leads to.
    let members = "{ viewer { memberships { organization { members { id user { displayName } } } } } }";
    let house = cast.linh.asks(members, json!({})).await.ok();
    let members = house["memberships"][0]["organization"]["members"].as_array().unwrap();
    let seat = members.iter().find(|seat| seat["user"]["displayName"] == "Đỗ Minh Quân").unwrap();
    cast.linh.does("removeMember", json!({ "membershipId": seat["id"] }), "deletedMembershipId").await.ok();
    let left = inbox(&cast.quan, false).await;
    let submitted = left["notifications"]["nodes"].as_array().unwrap();
    let submitted = submitted.iter().find(|node| node["kind"] == "PROPOSAL_SUBMITTED").unwrap();
    assert_eq!(submitted["proposal"], Value::Null);
    world.finish().await;
}
