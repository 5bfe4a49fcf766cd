//! What nobody may know of takes neither a name nor a handle from anybody.

use std::time::Duration;

use domain::organization::{MembershipRole, OrganizationKind};
use e2e::cast::{DAY, complete_draft, house, text, vietnamese};
use e2e::{Answer, Cast, Person, World};
use futures_util::future::join;
use serde_json::{Value, json};

const NAME: &str = "Công ty Đường Mới";

async fn founds(who: &Person, changes: &[(&str, Value)]) -> Result<(String, String), Vec<String>> {
    let mut input = json!({ "kind": "STARTUP", "name": vietnamese(NAME) });
    for (key, value) in changes {
        input[*key] = value.clone();
    }
    let done = who.does("createOrganization", input, "organization { id slug }").await;
    if was_refused(&done) {
        return Err(done.refused());
    }
    let made = done.ok();
    Ok((text(&made["organization"]["id"]), text(&made["organization"]["slug"])))
}

fn was_refused(answer: &Answer) -> bool {
    answer.body.to_string().contains("\"ALREADY_EXISTS\"")
}

async fn slug_of(who: &Person, house: &str) -> String {
    let document = "query ($id: ID!) { organization(by: { id: $id }) { slug } }";
    text(&who.asks(document, json!({ "id": house })).await.ok()["slug"])
}

#[tokio::test]
async fn a_house_that_waits_takes_nobodys_name() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    // Linh learns nothing from her own registration of what Bảo registered before.
    let (first, slug) = founds(&cast.bao, &[]).await.unwrap();
    assert_eq!(slug, "cong-ty-duong-moi");
    let (second, same) = founds(&cast.linh, &[]).await.unwrap();
    assert_eq!(same, slug);
    let chosen = [("name", vietnamese("Một tên khác")), ("slug", slug.as_str().into())];
    let (third, same) = founds(&cast.yen, &chosen).await.unwrap();
    assert_eq!(same, slug);

    // Whoever comes out first has both, even if two officers verify at once.
    let verify = |house: &str| json!({ "organizationId": house });
    let (one, two) = join(
        cast.officer.does("verifyOrganization", verify(&first), "organization { status slug }"),
        cast.publisher.does("verifyOrganization", verify(&second), "organization { status slug }"),
    )
    .await;
    let (winner, refused, later, owner) =
        if was_refused(&one) { (two, one, first, &cast.bao) } else { (one, two, second, &cast.linh) };
    assert_eq!(refused.refused(), ["ALREADY_EXISTS input.organizationId"]);
    assert_eq!(winner.ok()["organization"], json!({ "status": "VERIFIED", "slug": slug }));
    cast.officer.does("verifyOrganization", verify(&third), "organization { status }").await.ok();
    let suffixed = slug_of(&cast.yen, &third).await;
    assert!(suffixed.starts_with(&format!("{slug}-")), "{suffixed}");
    // The rest goes on under another name.
    let rename =
        json!({ "organizationId": later, "expectedVersion": 1, "name": vietnamese("Công ty Đường Khác") });
    owner.does("updateOrganization", rename, "organization { version }").await.ok();
    cast.officer.does("verifyOrganization", verify(&later), "organization { status }").await.ok();

    // What is public may be spoken of.
    assert_eq!(founds(&cast.yen, &[]).await, Err(vec!["ALREADY_EXISTS input.name".to_owned()]));
    let chosen = [("name", vietnamese("Lại một tên khác")), ("slug", slug.as_str().into())];
    assert_eq!(founds(&cast.yen, &chosen).await, Err(vec!["ALREADY_EXISTS input.slug".to_owned()]));
    let document = "query ($slug: String!) { organization(by: { slug: $slug }) { slug status } }";
    let found = world.visitor.call(document, json!({ "slug": slug })).await.ok();
    assert_eq!(found, json!({ "slug": slug, "status": "VERIFIED" }));
    world.finish().await;
}

#[tokio::test]
async fn a_draft_takes_nobodys_handle() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let other = world.person("ward", "Phan Phường").await;
    let ward =
        house(&world, OrganizationKind::Agency, "Phường Bến Nghé", &[(&other, MembershipRole::Lead)]).await;
    let hidden = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let slug = async |who: &Person, id: &str| {
        let document = "query ($id: ID!) { challenge(by: { id: $id }) { slug } }";
        text(&who.asks(document, json!({ "id": id })).await.ok()["slug"])
    };
    let wished = slug(&cast.lead, &hidden).await;
    let drafts = async |chosen: bool| {
        let mut input = json!({
            "agencyId": ward,
            "title": vietnamese("Ngập nước ở trung tâm"),
            "summary": vietnamese("Ngập."),
            "sector": "URBAN_MANAGEMENT",
            "draft": complete_draft(),
        });
        if chosen {
            input["slug"] = wished.as_str().into();
        }
        other.does("createChallenge", input, "challenge { id slug }").await
    };
    for chosen in [false, true] {
        assert_eq!(drafts(chosen).await.ok()["challenge"]["slug"], wished.as_str(), "a hidden draft shows");
    }

    cast.hands_in(&hidden).await;
    cast.approves(&hidden).await;
    cast.publishes(&hidden).await;
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { slug } }";
    let published = world.visitor.call(document, json!({ "id": hidden })).await.ok();
    assert_eq!(published["slug"], wished.as_str());
    assert_eq!(drafts(true).await.refused(), ["ALREADY_EXISTS input.slug"]);
    let made = text(&drafts(false).await.ok()["challenge"]["slug"]);
    assert!(made.starts_with(&format!("{wished}-")), "{made}");
    // By its handle everybody finds the published one, whoever else has drafts that wished for it.
    let document = "query ($slug: String!) { challenge(by: { slug: $slug }) { id } }";
    for who in [&other, &cast.lead, &cast.officer] {
        let found = who.asks(document, json!({ "slug": wished })).await.ok();
        assert_eq!(found["id"], hidden.as_str());
    }

    // Another one that wished for it comes out second.
    let again = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    assert_ne!(slug(&cast.lead, &again).await, wished);
    world.finish().await;
}
