//! Whoever follows something hears what is public of it, once, and is out by one click.

use domain::follow::{FollowKind, LIMIT};
use e2e::cast::{Cast, DAY, startup_of, vietnamese};
use e2e::rows::{THEN, insert};
use e2e::{Answer, Mail, Person, World};
use futures_util::future::join_all;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

const FOLLOWS: &str =
    "{ viewer { follows { challenge { slug } agency { slug } sector { code } followedAt } } }";

async fn follows(person: &Person, mutation: &str, input: Value) -> Value {
    let user = "user { follows { challenge { id } agency { id } sector { code } } }";
    person.does(mutation, input, user).await.ok()["user"]["follows"].clone()
}

async fn halts(cast: &Cast, challenge: &str) {
    let input = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", input, "challenge { status }").await.ok();
}

/// Where one click ends what brought the mail.
fn way_out(mail: &Mail) -> Option<String> {
    let header = mail.header("List-Unsubscribe")?;
    assert_eq!(mail.header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let link = header.trim_matches(['<', '>']);
    Some(link[link.find("/unsubscribe/").unwrap()..].to_owned())
}

#[tokio::test]
async fn what_is_public_comes_by_mail_until_one_click_ends_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let agency = json!({ "agencyId": cast.agency });
    let sector = json!({ "sector": "URBAN_MANAGEMENT" });
    follows(&cast.bao, "followSector", sector.clone()).await;
    assert_eq!(follows(&cast.bao, "followAgency", agency.clone()).await.as_array().unwrap().len(), 2);
    assert_eq!(follows(&cast.bao, "followAgency", agency.clone()).await.as_array().unwrap().len(), 2, "once");
    follows(&cast.yen, "followSector", json!({ "sector": "TAX" })).await;
    // The agency's own people hear of it anyway, and once.
    follows(&cast.lead, "followAgency", agency.clone()).await;
    world.letters().await;

    let challenge = cast.drafts(&world, std::time::Duration::ZERO, 10 * DAY).await;
    let hidden = cast.bao.does("followChallenge", json!({ "challengeId": challenge }), "user { id }").await;
    assert_eq!(hidden.refused(), ["NOT_FOUND input.challengeId"], "a draft is not there");
    let house = startup_of(&cast.yen).await;
    let no_agency = cast.bao.does("followAgency", json!({ "agencyId": house }), "user { id }").await;
    assert_eq!(no_agency.refused(), ["NOT_FOUND input.agencyId"]);
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    world.letters().await;
    cast.publishes(&challenge).await;
    let told = ["bao", "drafter", "lead"].map(|who| format!("challenge_published: {who}"));
    assert_eq!(world.letters().await, told, "by sector and agency, and by one mail");
    let mails = world.mail().await;
    let to = |person: &Person| mails.iter().rev().find(|mail| mail.to == person.email).unwrap();
    assert!(way_out(to(&cast.bao)).is_some() && way_out(to(&cast.lead)).is_some());
    assert!(way_out(to(&cast.drafter)).is_some(), "news of one's agency can be turned off");

    let followed = json!({ "challengeId": challenge });
    follows(&cast.bao, "followChallenge", followed.clone()).await;
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { viewerIsFollowing } }";
    let state = async |person: &Person| {
        person.asks(document, json!({ "id": challenge })).await.ok()["viewerIsFollowing"].clone()
    };
    assert_eq!((state(&cast.bao).await, state(&cast.yen).await), (json!(true), json!(false)));
    // What is handed in is not heard of.
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    world.letters().await;
    halts(&cast, &challenge).await;
    let told = ["bao", "drafter", "lead", "linh", "quan"].map(|who| format!("challenge_paused: {who}"));
    assert_eq!(world.letters().await, told);

    // Looking at the link ends nothing; the click does, and again is no harm.
    let mail = world.last_mail_to(&cast.bao.email).await;
    let link = way_out(&mail).unwrap();
    assert_eq!(world.visitor.get(&link).await.0, 200);
    assert_eq!(state(&cast.bao).await, true);
    let post = async |path: &str| {
        let url = format!("{}{path}", world.visitor.origin());
        let answer =
            reqwest::Client::new().post(url).body("List-Unsubscribe=One-Click").send().await.unwrap();
        answer.status().as_u16()
    };
    for _ in 0..2 {
        assert_eq!(post(&link).await, 200);
    }
    assert_eq!(state(&cast.bao).await, false);
    let left = cast.bao.asks(FOLLOWS, json!({})).await.ok()["follows"].clone();
    assert_eq!(left.as_array().unwrap().len(), 2, "sector and agency are followed on");
    let mut forged = link.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    for none in [forged.as_str(), "/unsubscribe/x", "/unsubscribe/"] {
        assert_eq!(post(none).await, 404, "{none}");
    }
    cast.officer.does("resumeChallenge", followed.clone(), "challenge { status }").await.ok();
    let told = ["drafter", "lead", "linh", "quan"].map(|who| format!("challenge_resumed: {who}"));
    assert_eq!(world.letters().await, told);
    assert_eq!(follows(&cast.bao, "unfollowAgency", agency).await.as_array().unwrap().len(), 1);
    assert_eq!(follows(&cast.bao, "unfollowSector", sector).await, json!([]));
    follows(&cast.bao, "unfollowChallenge", followed).await;
    world.finish().await;
}

#[tokio::test]
async fn a_first_afternoon_finds_asks_follows_and_gets_the_mail() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let found = "{ searchChallenges(query: \"ngap nuoc\") { nodes { id title { text } } } }";
    let found = cast.bao.asks(found, json!({})).await.ok();
    assert_eq!(found["nodes"][0]["id"], challenge);
    follows(&cast.bao, "followChallenge", json!({ "challengeId": challenge })).await;
    let ask = json!({ "challengeId": challenge, "organizationId": startup_of(&cast.bao).await, "text": "Có dữ liệu mưa không?" });
    let asked = cast.bao.does("askQuestion", ask, "question { id }").await.ok();
    world.letters().await;
    let answer = json!({ "questionId": asked["question"]["id"], "answer": vietnamese("Có.") });
    cast.lead.does("answerQuestion", answer, "question { status }").await.ok();
    assert_eq!(world.letters().await, ["question_answered: bao"], "as its asker and as a follower: one mail");
    world.finish().await;
}

#[tokio::test]
async fn the_last_place_is_taken_once() {
    let world = World::new().await;
    let bao = world.person("bao", "Mai Gia Bảo").await;
    let followed = (1..LIMIT).map(|number| entity::follow::Model {
        user_id: bao.account,
        kind: FollowKind::Challenge,
        target: number.to_string(),
        created_at: THEN,
    });
    insert(world.db(), followed.collect::<Vec<_>>()).await.unwrap();
    let sectors = ["TAX", "HEALTH", "ENVIRONMENT", "URBAN_MANAGEMENT"];
    let tries = sectors.map(|sector| bao.does("followSector", json!({ "sector": sector }), "user { id }"));
    let refused: Vec<_> =
        join_all(tries).await.iter().map(Answer::refusals).filter(|codes| !codes.is_empty()).collect();
    assert_eq!(refused, [["QUOTA"], ["QUOTA"], ["QUOTA"]]);
    assert_eq!(entity::follow::Entity::find().all(world.db()).await.unwrap().len(), LIMIT);
    world.finish().await;
}

#[tokio::test]
async fn whoever_goes_takes_along_what_they_follow() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    follows(&cast.yen, "followChallenge", json!({ "challengeId": challenge })).await;
    let ask = json!({ "challengeId": challenge, "organizationId": startup_of(&cast.yen).await, "text": "Có dữ liệu mưa không?" });
    cast.yen.does("askQuestion", ask, "question { id }").await.ok();
    let copy = cast.yen.does("exportOwnData", json!({}), "document").await.ok()["document"].clone();
    let copy: Value = serde_json::from_str(copy.as_str().unwrap()).unwrap();
    assert_eq!(copy["follows"].as_array().unwrap().len(), 1, "{copy}");
    assert_eq!(
        (&copy["questions"][0]["challenge"], &copy["questions"][0]["text"]),
        (&json!(challenge), &json!("Có dữ liệu mưa không?"))
    );
    cast.yen.does("eraseAccount", json!({ "isConfirmed": true }), "isErased").await.ok();
    let left = entity::follow::Entity::find().all(world.db()).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_kept_search_finds_what_is_published_later_and_ends_by_one_click() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let keeps = async |person: &Person, query: &str, sector: Value| {
        let input = json!({ "name": "Ngập", "query": query, "sector": sector });
        person.does("saveSearch", input, "savedSearch { id name query sector { code } }").await
    };
    let kept = keeps(&cast.bao, "ngập trung tâm", Value::Null).await.ok();
    assert_eq!(kept["savedSearch"]["query"], "ngập trung tâm");
    // Twice found is told once, another sector or another word not at all.
    keeps(&cast.bao, "NGAP", json!("URBAN_MANAGEMENT")).await.ok();
    keeps(&cast.yen, "ngap", json!("TAX")).await.ok();
    keeps(&cast.linh, "ngap lua", Value::Null).await.ok();
    for (query, refusal) in [("  ", "REQUIRED input.query"), ("!?", "REQUIRED input.query")] {
        assert_eq!(keeps(&cast.yen, query, Value::Null).await.refused(), [refusal]);
    }
    let own = "{ viewer { savedSearches { id query } } }";
    let ids = cast.bao.asks(own, json!({})).await.ok()["savedSearches"].clone();
    assert_eq!(ids.as_array().unwrap().len(), 2);
    let stolen = json!({ "savedSearchId": ids[0]["id"] });
    let stolen = cast.yen.does("deleteSavedSearch", stolen, "deletedSavedSearchId").await;
    assert_eq!(stolen.refused(), ["NOT_FOUND input.savedSearchId"]);

    let challenge = cast.drafts(&world, std::time::Duration::ZERO, 10 * DAY).await;
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    world.letters().await;
    cast.publishes(&challenge).await;
    let told = ["bao", "drafter", "lead"].map(|who| format!("challenge_published: {who}"));
    assert_eq!(world.letters().await, told);
    for left in [1, 0] {
        let link = way_out(&world.last_mail_to(&cast.bao.email).await);
        let Some(link) = link else { panic!("the mail has no way out") };
        let out =
            reqwest::Client::new().post(format!("{}{link}", world.visitor.origin())).send().await.unwrap();
        assert_eq!(out.status(), 200);
        let searches = cast.bao.asks(own, json!({})).await.ok()["savedSearches"].clone();
        assert_eq!(searches.as_array().unwrap().len(), 1, "one click ends one search");
        if left == 1 {
            continue;
        }
        let last = json!({ "savedSearchId": searches[0]["id"] });
        cast.bao.does("deleteSavedSearch", last, "deletedSavedSearchId").await.ok();
    }
    let many = join_all((0..60).map(|_| keeps(&cast.quan, "ngap", Value::Null))).await;
    let refused: Vec<_> = many.iter().filter(|answer| !answer.refusals().is_empty()).collect();
    assert!(refused.len() == 10 && refused.iter().all(|answer| answer.refused() == ["QUOTA"]));
    world.finish().await;
}
