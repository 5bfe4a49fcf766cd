//! What the rules refuse, the tables refuse too, and whoever loses a race is told so in the words of the API.

use std::collections::BTreeSet;

use app::Error;
use domain::decision::DecisionStatus;
use domain::organization::{MembershipRole, OrganizationKind};
use domain::problem::{Problem, Reason};
use domain::proposal::ProposalStatus;
use domain::review::CouncilRole;
use domain::score::Sheet;
use e2e::World;
use e2e::database::Backend;
use e2e::rows::{self, insert};
use entity::*;
use sea_orm::{ConnectionTrait as _, DbErr, SqlErr, Statement};

/// The refusal that a broken constraint is to its loser: the name of the input field.
fn refusal(outcome: Result<(), DbErr>) -> String {
    match Error::from(outcome.unwrap_err()) {
        Error::Refused(problems) => match problems.as_slice() {
            [Problem { field: Some(path), reason: Reason::AlreadyExists }] => path.join("."),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_breaks_a_unique_constraint_is_told_which_field_is_taken() {
    let world = World::new().await;
    let db = world.db();
    let (ann, bob) = (rows::user(), rows::user());
    insert(db, [ann.clone(), bob.clone()]).await.unwrap();
    let agency = rows::organization(OrganizationKind::Agency, ann.id);
    let startup = rows::organization(OrganizationKind::Startup, ann.id);
    insert(db, [agency.clone(), startup.clone()]).await.unwrap();
    let seat = rows::membership(startup.id, ann.id, MembershipRole::Owner);
    insert(db, [seat.clone()]).await.unwrap();
    let challenge = rows::challenge(agency.id, ann.id);
    insert(db, [challenge.clone()]).await.unwrap();
    let proposal = rows::proposal(challenge.id, startup.id, ann.id);
    insert(db, [proposal.clone()]).await.unwrap();
    let chair = rows::council_member(challenge.id, ann.id, CouncilRole::Chair);
    insert(db, [chair.clone()]).await.unwrap();
    insert(db, [rows::review(&proposal, &chair, Sheet::default())]).await.unwrap();
    insert(db, [rows::decision(challenge.id, ann.id)]).await.unwrap();

    let twice = rows::membership(startup.id, ann.id, MembershipRole::Editor);
    assert_eq!(refusal(insert(db, [twice]).await), "input.token");
    let second = rows::proposal(challenge.id, startup.id, bob.id);
    // Whoever loses this race looks again, and finds the first.
    let broken = insert(db, [second.clone()]).await.unwrap_err().sql_err();
    assert!(matches!(broken, Some(SqlErr::UniqueConstraintViolation(_))), "{broken:?}");
    let twice = rows::council_member(challenge.id, ann.id, CouncilRole::Member);
    assert_eq!(refusal(insert(db, [twice]).await), "input.email");
    let second = rows::council_member(challenge.id, bob.id, CouncilRole::Chair);
    assert_eq!(refusal(insert(db, [second]).await), "input.role");
    let again = rows::review(&proposal, &chair, Sheet::default());
    assert_eq!(refusal(insert(db, [again]).await), "input.memberIds");
    assert_eq!(refusal(insert(db, [rows::decision(challenge.id, bob.id)]).await), "input.challengeId");

    insert(db, [rows::expert(ann.id)]).await.unwrap();
    assert_eq!(refusal(insert(db, [rows::expert(ann.id)]).await), "input.email");

    let freed = proposal::Model {
        status: ProposalStatus::Withdrawn,
        ..rows::proposal(challenge.id, startup.id, bob.id)
    };
    insert(db, [freed]).await.expect("a withdrawn proposal takes no place");
    let set_aside =
        decision::Model { status: DecisionStatus::Superseded, ..rows::decision(challenge.id, bob.id) };
    insert(db, [set_aside]).await.expect("a decision that was set aside takes no place");
    let promotion = || decision::Model { is_promotion: true, ..rows::decision(challenge.id, bob.id) };
    insert(db, [promotion()]).await.expect("a promotion is made beside the decision that stands");
    assert_eq!(refusal(insert(db, [promotion()]).await), "input.challengeId");
    let former = membership::Model {
        ended_at: Some(rows::THEN),
        ..rows::membership(startup.id, ann.id, MembershipRole::Editor)
    };
    insert(db, [former]).await.expect("a membership that ended takes no place");
    let ordinary = [ann, bob].map(|_| rows::user());
    insert(db, ordinary.clone()).await.unwrap();
    let members = ordinary.map(|user| rows::council_member(challenge.id, user.id, CouncilRole::Reviewer));
    insert(db, members).await.expect("a council has many reviewers");
    world.finish().await;
}

#[tokio::test]
async fn every_unique_constraint_is_known_here() {
    let world = World::new().await;
    let told = [
        "uq_council_member_seat",
        "uq_council_member_single",
        "uq_decision_challenge",
        "uq_decision_promotion",
        "uq_expert_user",
        "uq_membership_live",
        "uq_proposal_live",
        "uq_review_member",
    ];
    // Nobody can break these from outside: a lock is held, a token is random, the program numbers the rows, or whoever
    // comes second tries again and finds it done.
    let inner = [
        "uq_app_user_email",
        "uq_appeal_proposal",
        "uq_challenge_slug",
        "uq_organization_name",
        "uq_organization_slug",
        "uq_criterion_position",
        "uq_device_hash",
        "uq_external_identity_subject",
        "uq_external_identity_user",
        "uq_indicator_position",
        "uq_message_inbox",
        "uq_message_recipient",
        "uq_one_time_token_hash",
        "uq_preview_link_secret",
        "uq_proposal_version_number",
        "uq_recovery_code_hash",
        "uq_refresh_token_hash",
        "uq_working_group_live",
        "uq_working_group_member_focal_point",
        "uq_working_group_member_head",
        "uq_sign_on_attempt_state",
        "uq_webhook_delivery_event",
    ];
    let sql = match Backend::chosen() {
        Backend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'"
        }
        Backend::Postgres(_) => {
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'uq!_%' ESCAPE '!'"
        }
    };
    let rows = world
        .db()
        .query_all_raw(Statement::from_string(world.db().get_database_backend(), sql))
        .await
        .unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(found, told.into_iter().chain(inner).map(str::to_owned).collect());
    world.finish().await;
}
