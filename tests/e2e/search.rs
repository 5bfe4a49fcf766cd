//! Published challenges are found by their words, the best first, in one order on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use app::challenge::Filter;
use app::search::{Question, Reach};
use domain::challenge::{Brief, Sector};
use domain::organization::OrganizationKind;
use e2e::cast::{Cast, DAY, vietnamese};
use e2e::database::Backend;
use e2e::rows::{self, insert};
use e2e::{Person, World};
use entity::{challenge, challenge_word, organization};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _, Statement};
use serde::Deserialize;
use serde_json::{Value, json};

/// Forty questions, each with what must be the best answer; "" where there is none.
const QUESTIONS: [(&str, &str); 40] = [
    // with tone marks, without, decomposed, in capitals, with đ
    ("chống thất thu thuế", "tax-loss-prevention"),
    ("chong that thu thue", "tax-loss-prevention"),
    ("cho\u{302}\u{301}ng tha\u{302}\u{301}t thu thue\u{302}\u{301}", "tax-loss-prevention"),
    ("CHỐNG THẤT THU", "tax-loss-prevention"),
    ("đất đai", "land-data-cleaning"),
    ("dat dai", "land-data-cleaning"),
    ("ĐẤT ĐAI", "land-data-cleaning"),
    // wrong tones
    ("ngạp ủng", "hanoi-urban-flooding"),
    ("kênh ba bỏ", "ba-bo-canal-pollution"),
    ("vĩa hẻ", "sidewalk-governance"),
    ("tiêng ôn đô thi", "urban-noise"),
    ("sat lỡ bỡ sông", "riverbank-erosion-warning"),
    // the beginning of a word
    ("bệnh án điện t", ""),
    ("bệnh án điện tu", "shared-emr-platform"),
    ("cảnh báo sạt l", ""),
    ("cảnh báo sạ", "riverbank-erosion-warning"),
    ("truy xuất ng", "food-traceability"),
    ("motorb", "service-motorbike-electrification"),
    ("subsid", "land-subsidence-monitoring"),
    // English
    ("food traceability", "food-traceability"),
    ("drink driving", "traffic-police-alcohol-prevention"),
    ("Real-time GIS", "household-business-gis"),
    ("low-emission zone", "low-emission-zone"),
    ("unmanned aerial vehicle", "uav-urban-delivery-shtp"),
    ("fire safety", "old-apartment-fire-safety"),
    ("social housing", "social-housing-low-income"),
    ("SMEs global value chains", "sme-digital-value-chain"),
    // names of agencies
    ("Cục Cảnh sát giao thông", "traffic-police-congestion-initiative"),
    ("Lạng Sơn", "langson-data-infrastructure"),
    ("Trung tâm Cấp cứu 115", "ems-115-dispatch"),
    ("Hanoi People's Committee food", "hanoi-food-safety-chain"),
    ("Tan Hung Ward", "smart-ward-urban-management"),
    ("CESTI", "research-commercialisation"),
    // a name, a number, a sector, and words in any order
    ("gov.star", "govstar-public-management-solutions"),
    ("115", "ems-115-dispatch"),
    ("y tế máu", "uav-medical-supply-con-dao"),
    ("giao hàng bay", "uav-urban-delivery-shtp"),
    ("đèn tín hiệu", "adaptive-traffic-signals"),
    // nothing
    ("tàu vũ trụ", ""),
    ("?! …", ""),
];

#[derive(Deserialize)]
struct Demo {
    organizations: Vec<Agency>,
    challenges: Vec<Problem>,
}

#[derive(Deserialize)]
struct Agency {
    key: String,
    name_vi: String,
    name_en: String,
}

#[derive(Deserialize)]
struct Problem {
    slug: String,
    agency: String,
    sector: Sector,
    title_vi: String,
    title_en: String,
    summary_vi: String,
    summary_en: String,
    sections: Brief,
}

/// Publishes what the demo tells of, so many times.
async fn library(world: &World, copies: usize) {
    let demo: Demo = serde_json::from_str(include_str!("../../server/demo/demo.json")).unwrap();
    let official = rows::user();
    insert(world.db(), [official.clone()]).await.unwrap();
    let agencies: BTreeMap<String, organization::Model> = demo
        .organizations
        .into_iter()
        .map(|agency| {
            let row = rows::organization(OrganizationKind::Agency, official.id);
            let named = organization::Model { name_vi: agency.name_vi, name_en: Some(agency.name_en), ..row };
            (agency.key, named)
        })
        .collect();
    insert(world.db(), agencies.values().cloned()).await.unwrap();
    for copy in 0..copies {
        let told = demo.challenges.iter().map(|told| {
            let agency = &agencies[&told.agency];
            let slug = if copy == 0 { told.slug.clone() } else { format!("{}-{copy}", told.slug) };
            let row = challenge::Model {
                slug,
                sector: told.sector,
                title_vi: told.title_vi.clone(),
                title_en: Some(told.title_en.clone()),
                summary_vi: told.summary_vi.clone(),
                summary_en: Some(told.summary_en.clone()),
                brief: told.sections.clone(),
                ..rows::challenge(agency.id, official.id)
            };
            (app::search::words(&row, Some(agency)), row)
        });
        let (words, rows): (Vec<_>, Vec<_>) = told.unzip();
        insert(world.db(), rows).await.unwrap();
        insert(world.db(), words.into_iter().flatten()).await.unwrap();
    }
}

const SEARCH: &str = "query ($query: String!, $first: Int, $after: String, $last: Int, $before: String) {
    searchChallenges(query: $query, first: $first, after: $after, last: $last, before: $before) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { score node { slug } }
    }
}";

fn slugs(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn forty_questions_have_one_answer_each_on_both_databases() {
    let world = World::new().await;
    library(&world, 1).await;
    let mut printed = String::new();
    let mut wrong = Vec::new();
    for (question, best) in QUESTIONS {
        let page = world.visitor.call(SEARCH, json!({ "query": question, "first": 100 })).await.ok();
        let found = slugs(&page);
        assert_eq!(page["totalCount"], found.len());
        let scores: Vec<_> =
            page["edges"].as_array().unwrap().iter().map(|edge| edge["score"].as_i64()).collect();
        assert!(scores.is_sorted_by(|better, worse| better >= worse), "{scores:?}");
        if found.first().map_or("", String::as_str) != best {
            wrong.push(format!("{question}: {found:?}"));
        }
        writeln!(printed, "{question} | {} | {}", found.len(), found[..found.len().min(5)].join(" "))
            .unwrap();

        // By pages of three, forwards and backwards, it is the same list.
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        let (mut after, mut before) = (Value::Null, Value::Null);
        loop {
            let variables = json!({ "query": question, "first": 3, "after": after });
            let page = world.visitor.call(SEARCH, variables).await.ok();
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !forwards.is_empty());
            forwards.extend(slugs(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        loop {
            let variables = json!({ "query": question, "last": 3, "before": before });
            let page = world.visitor.call(SEARCH, variables).await.ok();
            assert_eq!(page["pageInfo"]["hasNextPage"], !backwards.is_empty());
            backwards.splice(0..0, slugs(&page));
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!((&forwards, &backwards), (&found, &found), "{question}");
    }
    assert!(wrong.is_empty(), "{}\n{printed}", wrong.join("\n"));
    crate::actions::compare("search.txt", &printed);
    let cursor = world.visitor.call(SEARCH, json!({ "query": "thuế", "first": 1 })).await.ok();
    let foreign = json!({ "query": "ngập", "first": 1, "after": cursor["pageInfo"]["endCursor"] });
    assert_eq!(world.visitor.call(SEARCH, foreign).await.error(), "BAD_USER_INPUT");
    world.finish().await;
}

async fn found(person: &Person, question: &str) -> Vec<String> {
    let document =
        "query ($query: String!) { searchChallenges(query: $query) { totalCount edges { node { id } } } }";
    let page = person.asks(document, json!({ "query": question })).await.ok();
    let ids: Vec<_> = page["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["node"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(page["totalCount"], ids.len());
    ids
}

#[tokio::test]
async fn only_what_is_public_is_found_and_what_is_amended_at_once() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let draft = cast.drafts(&world, std::time::Duration::ZERO, 10 * DAY).await;
    cast.hands_in(&draft).await;
    cast.approves(&draft).await;
    for person in [&cast.lead, &cast.officer, &cast.auditor, &cast.bao] {
        assert_eq!(found(person, "ngập nước").await, [""; 0], "not even by those who know it");
    }
    let facets = "query ($query: String) { challengeFacets(query: $query) {
        sectors { sector { code } count } tracks { track count } windows { window count } agencies { agency { id } count }
    } }";
    let none = json!({ "sectors": [], "tracks": [], "windows": [], "agencies": [] });
    assert_eq!(cast.lead.asks(facets, json!({})).await.ok(), none);
    cast.publishes(&draft).await;
    for question in ["ngap nuoc", "Flooded", "ba mươi lần", "quản lý đô thị", "urban management"] {
        assert_eq!(found(&cast.bao, question).await, [draft.as_str()], "{question}");
    }
    let one = json!({
        "sectors": [{ "sector": { "code": "URBAN_MANAGEMENT" }, "count": 1 }],
        "tracks": [{ "track": "GRAND_CHALLENGE", "count": 1 }],
        "windows": [{ "window": "OPEN", "count": 1 }],
        "agencies": [{ "agency": { "id": cast.agency }, "count": 1 }],
    });
    assert_eq!(cast.bao.asks(facets, json!({ "query": "ngập" })).await.ok(), one);
    assert_eq!(cast.bao.asks(facets, json!({ "query": "thuế" })).await.ok(), none);

    let version = "query ($id: ID!) { challenge(by: { id: $id }) { version } }";
    let version = cast.lead.asks(version, json!({ "id": draft })).await.ok()["version"].clone();
    let amendment = json!({
        "challengeId": draft, "expectedVersion": version, "changeNote": vietnamese("Đổi tên."),
        "title": vietnamese("Triều cường vùng ven"),
    });
    cast.lead.does("amendChallenge", amendment, "challenge { id }").await.ok();
    assert_eq!(found(&cast.bao, "triều cường").await, [draft.as_str()]);
    assert_eq!(found(&cast.bao, "flooded").await, [""; 0], "what is said no more");

    let house = "query ($id: ID!) { organization(by: { id: $id }) { version } }";
    let version =
        async || cast.officer.asks(house, json!({ "id": cast.agency })).await.ok()["version"].clone();
    let renamed = json!({
        "organizationId": cast.agency, "expectedVersion": version().await, "name": vietnamese("Ban Kênh rạch"),
    });
    cast.officer.does("updateOrganization", renamed, "organization { id }").await.ok();
    assert_eq!(found(&cast.bao, "ban kênh rạch").await, [draft.as_str()]);
    let suspended = json!({ "organizationId": cast.agency, "reason": "Đang rà soát." });
    cast.officer.does("suspendOrganization", suspended, "organization { id }").await.ok();
    assert_eq!(found(&cast.bao, "ban kênh rạch").await, [""; 0], "a name that nobody may know finds nothing");
    assert_eq!(found(&cast.bao, "triều cường").await, [draft.as_str()]);
    let hidden = cast.bao.asks(facets, json!({})).await.ok();
    assert_eq!(hidden["agencies"], json!([{ "agency": null, "count": 1 }]));
    world.finish().await;
}

#[tokio::test]
async fn what_was_found_is_shown_where_it_stands() {
    let world = World::new().await;
    library(&world, 1).await;
    let document =
        "query ($query: String!, $locale: Locale) { searchChallenges(query: $query, first: 1) { edges {
        highlights(locale: $locale) { field section locale pieces { text isMatch } }
    } } }";
    let shown = async |query: &str, locale: &str| {
        let page = world.visitor.call(document, json!({ "query": query, "locale": locale })).await.ok();
        page["edges"][0]["highlights"].clone()
    };
    let title = json!({ "field": "TITLE", "section": null, "locale": "VI", "pieces": [
        { "text": "Chống ", "isMatch": false },
        { "text": "thất thu thuế", "isMatch": true },
        { "text": " trong kinh tế số và hộ kinh doanh", "isMatch": false },
    ] });
    assert_eq!(shown("that thu thue", "VI").await[0], title);
    assert_eq!(
        shown("that thu thue", "EN").await[0],
        title,
        "what is not in the reader's language is shown in the other"
    );
    let english = shown("preventing tax loss", "EN").await;
    assert_eq!(english[0]["pieces"][0], json!({ "text": "Preventing tax losses", "isMatch": true }));
    world.finish().await;
}

#[tokio::test]
async fn figures_of_a_condition_are_counted_without_it() {
    let world = World::new().await;
    library(&world, 1).await;
    let document = "query ($query: String, $filter: ChallengeFilter) {
        challengeFacets(query: $query, filter: $filter) { sectors { sector { code } count } agencies { count } windows { window count } tracks { track count } }
        challenges(filter: $filter) { totalCount }
    }";
    let ask = async |filter: Value| {
        world.visitor.call(document, json!({ "filter": filter })).await.body["data"].clone()
    };
    let sum = |facets: &Value, of: &str| -> i64 {
        facets[of].as_array().unwrap().iter().map(|facet| facet["count"].as_i64().unwrap()).sum()
    };
    let all = ask(json!({})).await;
    for of in ["sectors", "agencies", "windows", "tracks"] {
        assert_eq!(sum(&all["challengeFacets"], of), 58, "{of}");
    }
    let tax = ask(json!({ "sector": ["TAX"] })).await;
    let of_tax = tax["challenges"]["totalCount"].as_i64().unwrap();
    assert!(of_tax >= 2);
    assert_eq!(tax["challengeFacets"]["sectors"], all["challengeFacets"]["sectors"]);
    for of in ["agencies", "windows", "tracks"] {
        assert_eq!(sum(&tax["challengeFacets"], of), of_tax, "{of}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_page_of_hits_and_all_figures_cost_a_constant_number_of_statements() {
    let world = World::new().await;
    library(&world, 1).await;
    let page = async |first: usize| {
        let document = "query ($first: Int!) { searchChallenges(query: \"thành phố\", first: $first) {
            totalCount pageInfo { hasNextPage endCursor } edges { score highlights { field pieces { text isMatch } }
            node { id slug status closesAt title { text } summary { text } agency { id slug name { text } } } }
        } }";
        let page = world.visitor.call(document, json!({ "first": first })).await.ok();
        assert_eq!(page["edges"].as_array().unwrap().len(), first);
    };
    let five = world.meter.statements(async || page(5).await).await;
    let twenty = world.meter.statements(async || page(20).await).await;
    assert_eq!(
        (five, twenty),
        (6, 6),
        "which word is rare, in titles and at all; the hits, how many (two), and their agencies"
    );
    let facets = "{ challengeFacets(query: \"thành phố\") {
        sectors { sector { name { text } } count } agencies { agency { name { text } } count } tracks { count } windows { count }
    } }";
    let figures = async || {
        world.visitor.call(facets, json!({})).await.ok();
    };
    let cost = world.meter.statements(figures).await;
    assert_eq!(cost, 6, "which word is rare, one for each condition, and the agencies");
    world.finish().await;
}

#[tokio::test]
async fn what_was_published_before_there_was_an_index_is_in_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    cast.published_challenge(&world).await;
    cast.drafts(&world, std::time::Duration::ZERO, DAY).await;
    let index = async || {
        let words = challenge_word::Entity::find().order_by_asc(challenge_word::Column::Word);
        words.all(world.db()).await.unwrap()
    };
    let written = index().await;
    assert!(written.len() > 40, "{}", written.len());
    let before = "DELETE FROM challenge_word; DELETE FROM seaql_migrations WHERE version = 'm20261130_000033_search_index'";
    world.db().execute_unprepared(before).await.unwrap();
    Migrator::up(world.db(), None).await.unwrap();
    assert_eq!(index().await, written);
    world.finish().await;
}

/// What the database means to do.
async fn plan(world: &World, statement: &SelectStatement) -> Vec<String> {
    let db = world.db();
    if Backend::chosen() == Backend::Sqlite {
        let (sql, values) = statement.build(SqliteQueryBuilder);
        let explain = Statement::from_sql_and_values(
            db.get_database_backend(),
            format!("EXPLAIN QUERY PLAN {sql}"),
            values,
        );
        let rows = db.query_all_raw(explain).await.unwrap();
        return rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect();
    }
    let (sql, values) = statement.build(PostgresQueryBuilder);
    let explain = Statement::from_sql_and_values(db.get_database_backend(), format!("EXPLAIN {sql}"), values);
    let rows = db.query_all_raw(explain).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

#[tokio::test]
async fn no_search_reads_a_table_from_end_to_end() {
    let world = World::new().await;
    // PostgreSQL reads what is small at once.
    library(&world, if Backend::chosen() == Backend::Sqlite { 2 } else { 20 }).await;
    world.db().execute_unprepared("ANALYZE").await.unwrap();
    let mut proven = BTreeSet::new();
    for question in ["truy xuất nguồn", "Lạng Sơn", "motorb"] {
        let question = Question::new(question.to_owned(), Filter::default());
        for reach in [Reach::Titles, Reach::Anywhere] {
            let statement = app::search::statement(world.app(), &question, reach, 20).await.unwrap();
            let Some(statement) = statement else { continue };
            let plan = plan(&world, &statement).await;
            let is_whole = |step: &&String| {
                ["Seq Scan", "SCAN challenge", "ANY("].iter().any(|whole| step.contains(whole))
            };
            let whole: Vec<_> = plan.iter().filter(is_whole).collect();
            assert!(whole.is_empty(), "{plan:#?}");
            assert!(plan.iter().any(|step| step.contains("challenge_word")), "{plan:#?}");
            proven.insert(reach);
        }
    }
    assert_eq!(proven.len(), 2);
    world.finish().await;
}
