//! The seal of proposals: what the database shows of them before the opening, and what becomes of those who tamper with it.

use api::graphql::id::encode;
use app::vault::Tampered;
use domain::id::{ChallengeId, ProposalId, PublicId as _};
use domain::proposal::{Content, ProposalSection};
use e2e::cast::{Cast, DAY, startup_of, text};
use e2e::{Person, World};
use entity::proposal_version::Column as V;
use entity::{challenge_key, proposal_draft, proposal_version};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, Statement,
};
use serde_json::{Value, json};

/// Words that no row but a proposal's could hold.
const CANARIES: [&str; 5] = ["canarytitle", "canarysummary", "canarysolution", "canaryteam", "canarylater"];

/// Everything that is stored, as whoever holds the disk reads it: on SQLite the bytes of the file, its log and a copy; on
/// PostgreSQL every row of every table.
async fn stored(world: &World) -> Vec<u8> {
    let db = world.db();
    let query = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    if db.get_database_backend() == DbBackend::Sqlite {
        let list = db.query_one_raw(query("PRAGMA database_list")).await.unwrap().unwrap();
        let file: String = list.try_get("", "file").unwrap();
        let copy = tempfile::tempdir().unwrap();
        let copied = copy.path().join("copy.db");
        let copied = copied.display().to_string();
        let copying =
            Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [copied.clone().into()]);
        db.execute_raw(copying).await.unwrap();
        let files = [file.clone(), format!("{file}-wal"), copied];
        return files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    }
    let tables = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'";
    let mut all = Vec::new();
    for table in db.query_all_raw(query(tables)).await.unwrap() {
        let name: String = table.try_get("", "name").unwrap();
        let rows = format!(r#"SELECT coalesce(string_agg(t::text, ' '), '') AS rows FROM "{name}" t"#);
        let rows = db.query_one_raw(query(&rows)).await.unwrap().unwrap();
        all.extend(rows.try_get::<String>("", "rows").unwrap().into_bytes());
    }
    all
}

fn holds(haystack: &[u8], word: &str) -> bool {
    haystack.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

async fn titles(person: &Person, challenge: &str) -> Vec<Value> {
    let query = "query ($id: ID!) { challenge(by: { id: $id }) { proposals { nodes { title content { summary sections { text } } } } } }";
    let seen = person.asks(query, json!({ "id": challenge })).await.ok();
    seen["proposals"]["nodes"].as_array().unwrap().clone()
}

const OWN: &str = "query ($id: ID!) { node(id: $id) { ... on Proposal { title draft { summary } content { summary } receipts { sha256 canonicalContent } } } }";

#[tokio::test]
async fn what_a_proposal_says_stands_nowhere_in_the_open_before_it_is_opened() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    cast.appoint(&challenge).await;
    let input = json!({
        "challengeId": challenge,
        "organizationId": startup_of(&cast.linh).await,
        "title": CANARIES[0],
        "summary": CANARIES[1],
        "sections": [{ "kind": "SOLUTION", "text": CANARIES[2] }, { "kind": "PLAN", "text": "Ba tháng." }, { "kind": "TEAM", "text": CANARIES[3] }],
        "budget": { "amount": "400000000", "currency": "VND" },
        "idempotencyKey": "once-and-again",
    });
    let done = cast.linh.does("createProposal", input.clone(), "proposal { id title }").await.ok();
    assert_eq!(done["proposal"]["title"], CANARIES[0]);
    let proposal = text(&done["proposal"]["id"]);
    let again = cast.linh.does("createProposal", input, "proposal { id }").await.ok();
    assert_eq!(
        again["proposal"]["id"], done["proposal"]["id"],
        "the key is known, not what was said with it"
    );
    cast.submits(&cast.linh, &proposal).await;
    let change = json!({ "proposalId": proposal, "expectedVersion": 2, "title": CANARIES[4] });
    let done = cast.linh.does("updateProposal", change, "proposal { title }").await.ok();
    assert_eq!(done["proposal"]["title"], CANARIES[4]);
    let other = cast.writes(&cast.yen, &challenge, "canarytitle").await;
    cast.linh.does("withdrawProposal", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
    let second = cast.writes(&cast.linh, &challenge, "canarytitle").await;
    cast.submits(&cast.linh, &second).await;

    let all = stored(&world).await;
    assert!(holds(&all, "Ngập nước ở trung tâm"), "the search is not blind");
    for canary in CANARIES {
        assert!(!holds(&all, canary), "{canary} stands in the open");
    }
    for mail in world.mail().await {
        for canary in CANARIES {
            assert!(!mail.subject.contains(canary) && !mail.text.contains(canary), "{mail:?}");
        }
    }
    let own = cast.linh.asks(OWN, json!({ "id": second })).await.ok();
    assert_eq!(own["content"]["summary"], "Cảnh báo trước sáu giờ.");
    assert_eq!(cast.yen.asks(OWN, json!({ "id": second })).await.ok(), Value::Null);
    let id = ProposalId::from_public(&second).unwrap();
    let early = app::vault::opened(&world.app().db.read, world.app(), [id]).await.unwrap();
    assert!(early.is_empty(), "nobody has the key before the opening");
    let stranger = world.op(cast.chair.account).await.viewer.clone();
    let early = app::vault::unsealed(&world.app().db.read, world.app(), &stranger, [id]).await.unwrap();
    assert!(early.is_empty(), "the chair neither");

    cast.submits(&cast.yen, &other).await;
    world.pass(11 * DAY).await;
    assert_eq!(titles(&cast.auditor, &challenge).await, Vec::<Value>::new());
    cast.open(&challenge).await;
    let opened = titles(&cast.auditor, &challenge).await;
    assert_eq!(opened.len(), 2);
    assert!(opened.iter().all(|node| node["title"] == "canarytitle"), "{opened:?}");
    assert_eq!(challenge_key::Entity::find().count(world.db()).await.unwrap(), 1, "one key a challenge");
    world.finish().await;
}

#[tokio::test]
async fn what_is_sealed_opens_only_where_it_was_sealed() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let ours = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let theirs = cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    cast.submits(&cast.linh, &ours).await;
    let title = "query ($id: ID!) { node(id: $id) { ... on Proposal { title } } }";
    let titled = async |person: &Person, id: &str| person.asks(title, json!({ "id": id })).await;
    assert_eq!(titled(&cast.linh, &ours).await.ok()["title"], "Cống thông minh");

    let (ours_id, theirs_id) =
        (ProposalId::from_public(&ours).unwrap(), ProposalId::from_public(&theirs).unwrap());
    let draft = |id| proposal_draft::Entity::find_by_id(id).one(world.db());
    let (kept, taken) = (draft(ours_id).await.unwrap().unwrap(), draft(theirs_id).await.unwrap().unwrap());
    let put = async |content: &str| {
        proposal_draft::Entity::update_many()
            .col_expr(proposal_draft::Column::Content, Expr::value(content))
            .filter(proposal_draft::Column::ProposalId.eq(ours_id))
            .exec(world.db())
            .await
            .unwrap();
    };
    let readable = Content { title: "Ai đó viết".to_owned(), ..Content::default() }.canonical();
    for forged in [taken.content.as_str(), readable.as_str(), "", &kept.content[1..]] {
        put(forged).await;
        assert_eq!(titled(&cast.linh, &ours).await.error(), "INTERNAL", "{forged}");
    }
    put(&kept.content).await;
    assert_eq!(titled(&cast.linh, &ours).await.ok()["title"], "Cống thông minh");

    // A version is no other version either.
    let version = proposal_version::Entity::find().one(world.db()).await.unwrap().unwrap();
    let renumber = proposal_version::Entity::update_many()
        .col_expr(proposal_version::Column::Number, Expr::value(2))
        .filter(proposal_version::Column::Id.eq(version.id));
    renumber.exec(world.db()).await.unwrap();
    let receipts = "query ($id: ID!) { node(id: $id) { ... on Proposal { receipts { sha256 } } } }";
    assert_eq!(cast.linh.asks(receipts, json!({ "id": ours })).await.error(), "INTERNAL");
    world.finish().await;
}

#[tokio::test]
async fn what_an_earlier_release_left_readable_is_sealed_at_the_start_and_keys_are_renewed() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let canary = Content {
        title: CANARIES[0].to_owned(),
        sections: [(ProposalSection::Solution, CANARIES[2].to_owned())].into(),
        ..Content::default()
    };
    let readable = Expr::value(canary.canonical());
    proposal_draft::Entity::update_many()
        .col_expr(proposal_draft::Column::Content, readable.clone())
        .exec(world.db())
        .await
        .unwrap();
    proposal_version::Entity::update_many()
        .col_expr(proposal_version::Column::Content, readable)
        .col_expr(proposal_version::Column::Sha256, Expr::value(canary.sha256()))
        .exec(world.db())
        .await
        .unwrap();
    let former = || {
        challenge_key::Entity::update_many()
            .col_expr(challenge_key::Column::SealedBy, Expr::value("a former key"))
            .exec(world.db())
    };
    former().await.unwrap();
    assert!(holds(&stored(&world).await, CANARIES[0]), "the search is not blind");

    assert!(app::vault::bring_up_to_date(world.app()).await.unwrap());
    assert!(!app::vault::bring_up_to_date(world.app()).await.unwrap(), "nothing is left to do");
    let all = stored(&world).await;
    assert!(!holds(&all, CANARIES[0]) && !holds(&all, CANARIES[2]), "not even in free pages");
    let own = cast.linh.asks(OWN, json!({ "id": proposal })).await.ok();
    assert_eq!(
        (&own["title"], &own["receipts"][0]["canonicalContent"]),
        (&json!(CANARIES[0]), &json!(canary.canonical()))
    );

    let before = challenge_key::Entity::find().one(world.db()).await.unwrap().unwrap();
    former().await.unwrap();
    assert!(app::vault::bring_up_to_date(world.app()).await.unwrap());
    let after = challenge_key::Entity::find().one(world.db()).await.unwrap().unwrap();
    assert_eq!((&after.sealed_by, after.challenge_id), (&before.sealed_by, before.challenge_id));
    assert_ne!(after.sealed, before.sealed, "sealed anew");
    assert_eq!(encode::<ChallengeId>(after.challenge_id).to_string(), challenge);
    assert_eq!(cast.linh.asks(OWN, json!({ "id": proposal })).await.ok(), own);
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_can_be_checked_by_anybody_and_what_was_handed_in_by_those_who_hold_the_keys() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let ours = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    let theirs = cast.writes(&cast.yen, &challenge, "Mặt đường").await;
    cast.submits(&cast.linh, &ours).await;
    cast.submits(&cast.yen, &theirs).await;
    let receipt = "query ($id: ID!) { node(id: $id) { ... on Proposal { receipt { number submittedAt sha256 signed } } } }";
    let receipt = cast.linh.asks(receipt, json!({ "id": ours })).await.ok()["receipt"].clone();
    let signed = text(&receipt["signed"]);

    // As somebody else does it: from the published keys, by another hand than the one that signed.
    let origin = world.visitor.origin();
    let keys: jsonwebtoken::jwk::JwkSet =
        reqwest::get(format!("{origin}/.well-known/jwks.json")).await.unwrap().json().await.unwrap();
    let header = jsonwebtoken::decode_header(&signed).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["iss"]);
    let stated = jsonwebtoken::decode::<Value>(&signed, &key, &rules).unwrap().claims;
    assert_eq!((&stated["proposal"], &stated["challenge"]), (&json!(ours), &json!(challenge)));
    for (claim, field) in [("number", "number"), ("submitted_at", "submittedAt"), ("sha256", "sha256")] {
        assert_eq!(stated[claim], receipt[field], "{claim}");
    }
    let words: Vec<_> = stated.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        words,
        ["challenge", "iss", "number", "proposal", "sha256", "submitted_at"],
        "and nothing of content"
    );

    // And as somebody does it who holds nothing but the receipt: they learn what stands in it.
    let statement = "query ($signed: String!) { receiptStatement(signed: $signed) {
        number submittedAt sha256 challenge { id } proposal { id } } }";
    let mut told = world.visitor.call(statement, json!({ "signed": signed })).await.ok();
    assert_eq!(told["challenge"].take(), json!({ "id": challenge }));
    assert_eq!(told["proposal"].take(), Value::Null, "it is sealed");
    for field in ["number", "submittedAt", "sha256"] {
        assert_eq!(told[field], receipt[field], "{field}");
    }
    let own = cast.linh.asks(statement, json!({ "signed": signed })).await.ok();
    assert_eq!(own["proposal"]["id"], ours);
    let access = cast.linh.client().await.bearer().unwrap().to_owned();
    for forged in [signed[..signed.len() - 2].to_owned(), access, String::new(), "x".repeat(100_000)] {
        assert_eq!(world.visitor.call(statement, json!({ "signed": forged })).await.ok(), Value::Null);
    }

    let check = async || app::vault::verify(world.app()).await.unwrap();
    assert_eq!(check().await, Ok(2));
    let id = ProposalId::from_public(&ours).unwrap();
    let version =
        proposal_version::Entity::find().filter(proposal_version::Column::ProposalId.eq(id)).one(world.db());
    let version = version.await.unwrap().unwrap();
    let changes = [
        (V::Content, Expr::value("AAAA"), "its seal was broken"),
        (V::Sha256, Expr::value("0".repeat(64)), "its digest or time is not that of the audit log"),
        (V::SubmittedAt, Expr::value(17_i64), "its digest or time is not that of the audit log"),
    ];
    for (column, value, what) in changes {
        let put = async |column: V, value| {
            let change = proposal_version::Entity::update_many().col_expr(column, value);
            change.filter(V::Id.eq(version.id)).exec(world.db()).await.unwrap();
        };
        put(column, value).await;
        assert_eq!(check().await, Err(Tampered { proposal: id, number: 1, what }));
        put(V::Content, Expr::value(version.content.clone())).await;
        put(V::Sha256, Expr::value(version.sha256.clone())).await;
        put(V::SubmittedAt, Expr::value(version.submitted_at.micros())).await;
        assert_eq!(check().await, Ok(2));
    }
    world.finish().await;
}
