//! What those who run the server keep: copies that come back whole, and nothing longer than it is needed.

use std::cell::Cell;
use std::time::Duration;

use app::retention;
use domain::retention::Perishable;
use e2e::World;
use e2e::binary::{Binary, directory};
use e2e::database::Database;
use e2e::person::{PASSWORD, log_in};
use entity::{idempotency, one_time_token, refresh_token, session, throttle, user};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::json;

/// Settings for a server on this database.
fn on(database: &Database) -> Vec<(&str, &str)> {
    vec![
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("DEMO_DATA", "false"),
        ("STORAGE_URL", "file:files"),
        ("DATABASE_URL", database.url.as_str()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_people_write_comes_back_whole_and_only_into_an_empty_place() {
    let database = Database::fresh().await;
    let home = database.directory.path();
    let mut server = Binary::start(home, &[], &on(&database));
    let visitor = server.ready().await;
    std::fs::create_dir_all(home.join("files/a")).unwrap();
    std::fs::write(home.join("files/a/plan"), "a plan").unwrap();
    let registers = async |number: usize| {
        let input = json!({
            "email": format!("person-{number}@example.vn"), "displayName": "Phan Văn Sáng", "password": PASSWORD,
        });
        visitor.does("register", input, "__typename").await.ok();
    };
    for number in 0..3 {
        registers(number).await;
    }
    let chain = async |database: &Database| {
        let place = directory();
        let ended = Binary::run(place.path(), &["export-audit"], &on(database)).await;
        assert!(ended.status.success(), "{ended:?}");
        ended.stdout
    };
    let acknowledged = chain(&database).await;
    assert_eq!(
        acknowledged.lines().filter(|line| line.contains("user_registered")).count(),
        3,
        "{acknowledged}"
    );

    let (done, elsewhere) = (Cell::new(false), directory());
    let folder = elsewhere.path().join("copies/monday");
    let folder = folder.to_str().unwrap();
    let load = async {
        for number in 3.. {
            if done.get() {
                break;
            }
            registers(number).await;
        }
    };
    let backup = async {
        let ended = Binary::run(home, &["backup", folder], &on(&database)).await;
        done.set(true);
        ended
    };
    let ((), ended) = tokio::join!(load, backup);
    assert!(ended.status.success() && ended.stdout.starts_with("ok: "), "{ended:?}");
    let again = Binary::run(home, &["backup", folder], &on(&database)).await;
    assert_eq!(again.status.code(), Some(1), "a backup is never written over: {again:?}");
    server.kill();

    let place = Database::empty().await;
    let restored = Binary::run(place.directory.path(), &["restore", folder], &on(&place)).await;
    assert!(restored.status.success() && restored.stdout.starts_with("ok: "), "{restored:?}");
    let (whole, copy) = (chain(&database).await, chain(&place).await);
    assert!(copy.starts_with(&acknowledged), "what was acknowledged before is in it");
    assert!(whole.starts_with(&copy), "and nothing that never was");
    assert_eq!(std::fs::read_to_string(place.directory.path().join("files/a/plan")).unwrap(), "a plan");
    let again = Binary::run(place.directory.path(), &["restore", folder], &on(&place)).await;
    assert_eq!(again.status.code(), Some(1), "nothing is replaced: {again:?}");
    assert_eq!(chain(&place).await, copy);

    let server = Binary::start(place.directory.path(), &[], &on(&place));
    let visitor = server.ready().await;
    assert!(visitor.call("{ sectors { code } }", json!({})).await.status.is_success());
    drop(server);
    database.give_back().await;
    place.give_back().await;
}

#[tokio::test]
async fn what_has_had_its_time_goes_and_nothing_else() {
    let world = World::new().await;
    let linh = world.person("linh", "Ngô Mai Linh").await;
    let client = linh.client().await;
    let founds = json!({ "kind": "STARTUP", "name": [{ "locale": "VI", "value": "Nắng Sớm" }] });
    client.does_once("one-house", "createOrganization", founds, "organization { id }").await.ok();
    let wrong = json!({ "email": linh.email, "password": "something else" });
    world.visitor.does("logIn", wrong, "tokens { accessToken }").await.refused();
    let forgets = json!({ "email": linh.email });
    world.visitor.does("requestPasswordReset", forgets, "__typename").await.ok();

    let db = world.db();
    let rows = async || {
        [
            idempotency::Entity::find().count(db).await.unwrap(),
            one_time_token::Entity::find().count(db).await.unwrap(),
            refresh_token::Entity::find().count(db).await.unwrap(),
            session::Entity::find().count(db).await.unwrap(),
            throttle::Entity::find().count(db).await.unwrap(),
        ]
    };
    let clean = async || {
        let gone = retention::clean(world.app()).await.unwrap();
        assert_eq!(gone.len(), Perishable::ALL.len());
        rows().await
    };
    let all = rows().await;
    assert!(all.iter().all(|count| *count > 0), "{all:?}");
    assert_eq!(clean().await, all, "nothing yet");
    let day = Duration::from_hours(24);
    world.pass(7 * day).await;
    assert_eq!(clean().await, [all[0], all[1], all[2], all[3], 0], "keys are promised for seven days");
    world.pass(2 * day).await;
    assert_eq!(clean().await, [0, all[1], all[2], all[3], 0]);
    world.pass(23 * day).await;
    assert_eq!(clean().await, [0, 0, all[2], all[3], 0]);
    world.pass(40 * day).await;
    assert_eq!(clean().await, [0, 0, 0, all[3], 0], "from where somebody came is known for half a year");
    world.pass(180 * day).await;
    assert_eq!(clean().await, [0; 5]);
    assert_eq!(user::Entity::find().count(db).await.unwrap(), 1);
    log_in(&world.visitor, &linh.email, PASSWORD).await.call("{ viewer { email } }", json!({})).await.ok();
    world.finish().await;
}
