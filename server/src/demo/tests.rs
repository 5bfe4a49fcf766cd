use std::collections::BTreeMap;
use std::fmt::Display;

use app::clock::Clock;
use app::{Op, Viewer};
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::organization::OrganizationStatus;
use domain::time::Timestamp;
use entity::{audit_entry, challenge, decision, expert, membership, message, organization, proposal, review};
use sea_orm::QueryOrder;

use super::*;
use crate::{parts, schema};

/// An application over an empty database, and what it was made from.
async fn empty(folder: &tempfile::TempDir) -> (App, Config) {
    let url = format!("sqlite://{}/demo.db", folder.path().display());
    let config = Config::from_sources(None, [("DATABASE_URL".to_owned(), url)]).unwrap();
    let app = parts::app(&config, parts::connect(&config, None).await.unwrap()).unwrap();
    schema::Turn::take(&parts::location(&config), &app.db).await.unwrap().update().await.unwrap();
    (app, config)
}

/// `STATE count`, in the order of the names.
fn tally<S: Display>(states: impl IntoIterator<Item = S>) -> String {
    let mut counts = BTreeMap::new();
    for state in states {
        *counts.entry(state.to_string()).or_insert(0) += 1;
    }
    counts.iter().map(|(state, count)| format!("{state} {count}")).collect::<Vec<_>>().join(", ")
}

macro_rules! rows {
    ($app:expr, $entity:ident) => {
        $entity::Entity::find().all(&$app.db.read).await.unwrap()
    };
}

#[tokio::test]
async fn the_history_obeys_every_rule_and_leaves_the_clock_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (app, config) = empty(&folder).await;
    assert!(load_if_empty(&app, &config).await.unwrap());
    assert!((app.db.clock.process().micros() - Clock::default().process().micros()).abs() < 1_000_000);

    let content = Content::read().unwrap();
    let challenges = rows!(app, challenge);
    assert_eq!(
        tally(challenges.iter().map(|row| row.status)),
        tally(content.challenges.iter().map(|row| row.state))
    );
    for told in &content.challenges {
        let row = challenges.iter().find(|row| row.slug == told.slug).unwrap();
        assert_eq!(row.status, told.state, "{}", told.slug);
    }
    assert_eq!(
        tally(rows!(app, proposal).iter().map(|row| row.status)),
        "DRAFT 4, EVALUATED 7, NOT_SELECTED 4, RESERVE 2, SELECTED 2, SUBMITTED 16, UNDER_REVIEW 8, WITHDRAWN 2"
    );
    assert_eq!(
        tally(rows!(app, review).iter().map(|row| row.status)),
        "LOCKED 45, OFFERED 9, RECUSED 1, SUBMITTED 14"
    );
    assert_eq!(tally(rows!(app, decision).iter().map(|row| row.status)), "DRAFT 2, FINAL 2");
    assert_eq!(
        tally(rows!(app, organization).iter().map(|row| row.status)),
        format!("{} 35", OrganizationStatus::Verified)
    );
    let placed = rows!(app, organization).iter().filter(|row| row.parent_id.is_some()).count();
    assert_eq!(placed, content.organizations.iter().filter(|told| told.parent.is_some()).count());
    assert_eq!(rows!(app, expert).len(), content.experts.len());
    assert_eq!(rows!(app, user).len(), content.people.len());
    let members = rows!(app, membership).into_iter().filter(|row| row.ended_at.is_none()).count();
    assert_eq!(members, content.people.iter().filter(|person| person.organization.is_some()).count());

    // What became due in the past happened there: the first look of the clock finds nothing but what is near.
    app::reminder::remind(&app).await.unwrap();
    let late = rows!(app, message).into_iter().filter(|row| row.status != MessageStatus::Suppressed);
    let late: Vec<_> = late.map(|row| row.kind).filter(|kind| *kind != LetterKind::DeadlineNear).collect();
    assert_eq!(late, []);

    let mails: Vec<_> =
        rows!(app, message).into_iter().filter(|row| row.kind != LetterKind::DeadlineNear).collect();
    assert!(mails.len() > 500 && mails.iter().all(|mail| mail.status == MessageStatus::Suppressed));

    app::audit::verify(&app, None).await.unwrap().unwrap();
    let times: Vec<Timestamp> = audit_entry::Entity::find()
        .order_by_asc(audit_entry::Column::Seq)
        .all(&app.db.read)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.at)
        .collect();
    assert!(times.is_sorted() && *times.last().unwrap() < Clock::default().process());

    assert!(!load_if_empty(&app, &config).await.unwrap(), "once is enough");
}

#[tokio::test]
async fn half_a_history_is_not_taken_for_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let (app, config) = empty(&folder).await;
    let op = std::sync::Arc::new(Op::of_system(Viewer::default()));
    let admin = Content::read().unwrap().people.into_iter().find(|person| person.key == FIRST).unwrap();
    app::account::create_hashed(
        &app,
        &op,
        address(&admin).unwrap(),
        admin.name,
        admin.locale,
        String::new(),
        None,
    )
    .await
    .unwrap();
    let error = load_if_empty(&app, &config).await.unwrap_err().to_string();
    assert!(error.contains("delete the database"), "{error}");
}

#[test]
fn a_past_ends_where_it_began_even_when_it_goes_wrong() {
    let clock = Clock::default();
    let lost = std::panic::catch_unwind(|| {
        let mut past = past::Past::since(&clock, timeline::at(-30, 9));
        assert!(clock.process() < Clock::default().process().plus_seconds(-29 * 86_400));
        past.go_on_to(timeline::at(-20, 9));
        past.go_on_to(timeline::at(-25, 9));
        assert!(
            clock.process() > Clock::default().process().plus_seconds(-21 * 86_400),
            "it goes back no more"
        );
        panic!("something goes wrong");
    });
    assert!(lost.is_err());
    assert!((clock.process().micros() - Clock::default().process().micros()).abs() < 1_000_000);
}
