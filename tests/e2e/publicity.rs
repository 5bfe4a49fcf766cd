//! Feed, calendar and sitemap: what is public, all of it, well formed, and nothing else.

use std::time::Duration;

use e2e::World;
use e2e::cast::{Cast, DAY};
use serde_json::json;

async fn get(world: &World, path: &str) -> (u16, String, String) {
    let answer = reqwest::get(format!("{}{path}", world.visitor.origin())).await.unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (answer.status().as_u16(), kind.unwrap_or_default(), answer.text().await.unwrap())
}

/// Lines as they were before a calendar folds them.
fn unfolded(calendar: &str) -> String {
    calendar.replace("\r\n ", "")
}

#[tokio::test]
async fn what_is_public_is_in_feed_calendar_and_sitemap() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let draft = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let (status, kind, empty) = get(&world, "/feeds/challenges.atom").await;
    assert_eq!((status, kind.as_str()), (200, "application/atom+xml; charset=utf-8"));
    assert!(empty.contains("<feed ") && !empty.contains("<entry>"), "{empty}");

    // Words that would break out of their place.
    let nasty = "Ngập <b>& nước</b> \"ở\" trung tâm, 100%; có sao không?";
    let version = "query ($id: ID!) { challenge(by: { id: $id }) { version slug } }";
    let seen = cast.lead.asks(version, json!({ "id": draft })).await.ok();
    let change = json!({ "challengeId": draft, "expectedVersion": seen["version"], "title": [
        { "locale": "VI", "value": nasty }, { "locale": "EN", "value": "Flooded centre" },
    ] });
    cast.lead.does("updateChallenge", change, "challenge { id }").await.ok();
    cast.hands_in(&draft).await;
    cast.approves(&draft).await;
    for path in ["/feeds/challenges.atom", "/feeds/deadlines.ics", "/sitemap.xml"] {
        let (_, _, text) = get(&world, path).await;
        assert!(
            !text.contains("trung tâm") && !text.contains("/challenges/ng"),
            "{path} tells of a draft: {text}"
        );
    }
    cast.publishes(&draft).await;
    let slug =
        cast.lead.asks(version, json!({ "id": draft })).await.ok()["slug"].as_str().unwrap().to_owned();

    let (_, _, atom) = get(&world, "/feeds/challenges.atom").await;
    let feed: atom_syndication::Feed = atom.parse().unwrap();
    let [entry] = feed.entries() else { panic!("{atom}") };
    assert_eq!(entry.title().as_str(), nasty);
    assert!(entry.links()[0].href().ends_with(&format!("/challenges/{slug}")), "{atom}");
    assert_eq!(entry.authors()[0].name(), "Sở Xây dựng");
    let published = *entry.updated();
    let (_, _, english) = get(&world, "/feeds/challenges.atom?locale=en").await;
    let english: atom_syndication::Feed = english.parse().unwrap();
    assert_eq!(english.entries()[0].title().as_str(), "Flooded centre");

    let (status, kind, calendar) = get(&world, "/feeds/deadlines.ics").await;
    assert_eq!((status, kind.as_str()), (200, "text/calendar; charset=utf-8"));
    let parsed: icalendar::Calendar = unfolded(&calendar).parse().unwrap();
    assert_eq!(parsed.events().count(), 1, "{calendar}");
    assert!(
        unfolded(&calendar)
            .contains("SUMMARY:Hạn nộp: Ngập <b>& nước</b> \"ở\" trung tâm\\, 100%\\; có sao không?"),
        "{calendar}"
    );
    assert!(calendar.lines().all(|line| line.len() <= 75), "{calendar}");
    let (_, kind, sitemap) = get(&world, "/sitemap.xml").await;
    assert_eq!(kind, "application/xml; charset=utf-8");
    assert!(sitemap.contains(&format!("/challenges/{slug}</loc>")), "{sitemap}");

    // What the council and the teams do changes nothing; an amendment does.
    let proposal = cast.writes(&cast.linh, &draft, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    cast.appoint(&draft).await;
    world.pass(Duration::from_mins(1)).await;
    assert_eq!(get(&world, "/feeds/challenges.atom").await.2, atom);
    let seen = cast.lead.asks(version, json!({ "id": draft })).await.ok();
    let amend = json!({ "challengeId": draft, "expectedVersion": seen["version"], "changeNote": [{ "locale": "VI", "value": "Rõ hơn." }],
        "title": [{ "locale": "VI", "value": "Ngập nước" }] });
    cast.lead.does("amendChallenge", amend, "challenge { id }").await.ok();
    let amended: atom_syndication::Feed = get(&world, "/feeds/challenges.atom").await.2.parse().unwrap();
    assert!(
        *amended.entries()[0].updated() > published && amended.entries()[0].title().as_str() == "Ngập nước"
    );

    // A deadline that is halted or has passed is none.
    let halt = json!({ "challengeId": draft, "reason": "Chờ." });
    cast.officer.does("pauseChallenge", halt, "challenge { id }").await.ok();
    assert!(!get(&world, "/feeds/deadlines.ics").await.2.contains("VEVENT"));
    for odd in ["locale=xx", "locale=en&locale=vi", "locale", "%ff=%fe", "&&=", "other=1"] {
        assert_eq!(get(&world, &format!("/feeds/challenges.atom?{odd}")).await.0, 200, "{odd}");
    }
    assert_eq!(get(&world, "/feeds/other").await.0, 404);
    world.finish().await;
}
