//! What holds when many do the same thing at the same time.

use std::sync::Arc;

use app::account::{Registration, VerifyEmail, register};
use app::challenge::{CreateChallenge, Draft, UpdateChallenge};
use app::keys::token_hash;
use app::organization::CreateOrganization;
use app::proposal::{CreateProposal, SubmitProposal};
use app::{Error, Op, Viewer};
use domain::challenge::Sector;
use domain::event::EventKind;
use domain::id::{OrganizationId, ProposalId, UserId};
use domain::locale::Locale;
use domain::organization::{MembershipRole, OrganizationKind};
use domain::problem::{Code, Reason};
use domain::proposal::{Content, ProposalSection, ProposalStatus};
use domain::text::{Bilingual, Email};
use domain::time::Timestamp;
use e2e::World;
use e2e::cast::house;
use e2e::rows::{self, insert};
use entity::{challenge, event, organization, proposal, proposal_draft};
use futures_util::future::join_all;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

fn founds(name: &str) -> CreateOrganization {
    CreateOrganization { kind: OrganizationKind::Agency, name: vietnamese(name), slug: None }
}

fn vietnamese(text: &str) -> Bilingual {
    Bilingual { vi: text.to_owned(), en: None }
}

/// The code of the one thing that is wrong.
#[track_caller]
fn code<T>(outcome: Result<T, Error>) -> Code {
    match outcome.err() {
        Some(Error::Refused(problems)) if problems.len() == 1 => problems[0].reason.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_equal_requests_under_one_key_have_one_effect_and_one_answer() {
    let world = World::new().await;
    let op = world.op(world.account("lead", "Trần Thị Lan").await).await;
    let found = || world.app().execute(&op, Some("the-same-key"), founds("Sở Xây dựng"));
    let answers = join_all((0..20).map(|_| found())).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first), "{answers:?}");
    assert_eq!(organization::Entity::find().count(world.db()).await.unwrap(), 1);
    let founded = event::Entity::find().filter(event::Column::Kind.eq(EventKind::OrganizationCreated));
    assert_eq!(founded.count(world.db()).await.unwrap(), 1);
    assert_eq!(found().await.unwrap(), *first, "and so it is for who asks later");
    world.finish().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_person_and_one_input() {
    let world = World::new().await;
    let lan = world.op(world.account("lan", "Trần Thị Lan").await).await;
    let minh = world.op(world.account("minh", "Lê Minh").await).await;
    let app = world.app();
    let key = Some("the-same-key");
    app.execute(&lan, key, founds("Sở Y tế")).await.unwrap();

    let other_input = app.execute(&lan, key, founds("Sở Nội vụ")).await;
    assert_eq!(code(other_input), Code::IdempotencyMismatch);
    let other_command = app.execute(&lan, key, VerifyEmail { token_hash: String::new() }).await;
    assert_eq!(code(other_command), Code::IdempotencyMismatch);
    app.execute(&minh, key, founds("Sở Nội vụ")).await.expect("somebody else's key is another key");

    let finance = world.person("finance", "Đinh Tài Chính").await;
    house(&world, OrganizationKind::Agency, "Sở Tài chính", &[(&finance, MembershipRole::Lead)]).await;
    let refused = app.execute(&lan, Some("another-key"), founds("Sở Tài chính")).await;
    assert_eq!(code(refused), Code::AlreadyExists);
    app.execute(&lan, Some("another-key"), founds("Sở Y tế Đà Nẵng"))
        .await
        .expect("a refusal uses up no key");
    for unfit in ["short", "with blank", "ký-tự-lạ", &"x".repeat(129)] {
        assert_eq!(
            code(app.execute(&lan, Some(unfit), founds("Sở Tư pháp")).await),
            Code::Malformed,
            "{unfit}"
        );
    }
    assert_eq!(organization::Entity::find().count(world.db()).await.unwrap(), 4);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_saw_the_same_version_one_writes() {
    let world = World::new().await;
    let lead = world.account("lead", "Trần Thị Lan").await;
    let agency = world.app().execute(&world.op(lead).await, None, founds("Sở Giao thông")).await.unwrap();
    let op = world.op(lead).await;
    let create = CreateChallenge {
        agency,
        slug: None,
        title: vietnamese("Kẹt xe"),
        summary: vietnamese("Giờ cao điểm"),
        sector: Sector::Transport,
        draft: Draft::default(),
    };
    let challenge = world.app().execute(&op, None, create).await.unwrap();
    let rename = |number: usize, version| {
        let draft = Draft { title: Some(vietnamese(&format!("Kẹt xe {number}"))), ..Draft::default() };
        world.app().execute(&op, None, UpdateChallenge { challenge, expected_version: version, draft })
    };
    for round in 0..3 {
        let version = 1 + round;
        let outcomes = join_all((0..20).map(|number| rename(number, version))).await;
        let winners: Vec<_> = outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| outcome.is_ok())
            .map(|(number, _)| number)
            .collect();
        let [winner] = winners.as_slice() else { panic!("{outcomes:?}") };
        for outcome in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            let Error::Refused(problems) = outcome else { panic!("{outcome:?}") };
            assert_eq!(problems[0].reason, Reason::Stale { current: version + 1 });
            assert_eq!(problems[0].field.as_ref().unwrap().join("."), "input.expectedVersion");
        }
        let row = challenge::Entity::find_by_id(challenge).one(world.db()).await.unwrap().unwrap();
        assert_eq!((row.version, row.title_vi), (version + 1, format!("Kẹt xe {winner}")));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_once_however_often_it_is_used_at_the_same_time() {
    let world = World::new().await;
    let visitor = Arc::new(Op::of_system(Viewer::default()));
    let registration = Registration {
        email: Email::parse("an@example.vn").unwrap(),
        display_name: "Nguyễn Thị An".to_owned(),
        locale: Locale::Vi,
        password: e2e::person::PASSWORD.into(),
    };
    register(world.app(), &visitor, registration).await.unwrap();
    let token_hash = token_hash(world.last_mail_to("an@example.vn").await.token());
    let verify = || world.app().execute(&visitor, None, VerifyEmail { token_hash: token_hash.clone() });
    let outcomes = join_all((0..20).map(|_| verify())).await;
    let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 19));
    for outcome in refused {
        assert_eq!(code(outcome), Code::InvalidToken);
    }
    world.finish().await;
}

/// A published challenge, and startups each with an owner.
async fn call_for_proposals(
    world: &World,
    startups: usize,
) -> (challenge::Model, Vec<(OrganizationId, UserId)>) {
    let official = rows::user();
    insert(world.db(), [official.clone()]).await.unwrap();
    let agency = rows::organization(OrganizationKind::Agency, official.id);
    insert(world.db(), [agency.clone()]).await.unwrap();
    let challenge = rows::challenge(agency.id, official.id);
    insert(world.db(), [challenge.clone()]).await.unwrap();
    let owners: Vec<_> = (0..startups).map(|_| rows::user()).collect();
    insert(world.db(), owners.clone()).await.unwrap();
    let houses: Vec<_> =
        owners.iter().map(|owner| rows::organization(OrganizationKind::Startup, owner.id)).collect();
    insert(world.db(), houses.clone()).await.unwrap();
    let teams: Vec<_> = houses.iter().map(|house| (house.id, house.created_by)).collect();
    insert(
        world.db(),
        teams.iter().map(|(house, owner)| rows::membership(*house, *owner, MembershipRole::Owner)),
    )
    .await
    .unwrap();
    (challenge, teams)
}

fn complete() -> Content {
    let sections =
        [ProposalSection::Solution, ProposalSection::Plan].map(|section| (section, "Cảm biến".to_owned()));
    Content { sections: sections.into(), ..rows::content() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_startup_has_one_live_proposal_however_often_it_begins_one() {
    let world = World::new().await;
    let (challenge, teams) = call_for_proposals(&world, 1).await;
    let (organization, owner) = teams[0];
    let op = world.op(owner).await;
    let begin = || {
        world.app().execute(
            &op,
            None,
            CreateProposal { challenge: challenge.id, organization, content: complete() },
        )
    };
    let outcomes = join_all((0..20).map(|_| begin())).await;
    let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 19));
    for outcome in refused {
        assert_eq!(code(outcome), Code::AlreadyExists);
    }
    assert_eq!(proposal::Entity::find().count(world.db()).await.unwrap(), 1);
    assert_eq!(proposal_draft::Entity::find().count(world.db()).await.unwrap(), 1);
    world.finish().await;
}

async fn submits(world: &World, op: Arc<Op>, submit: SubmitProposal) -> Result<ProposalId, Error> {
    world.app().execute(&op, None, submit).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_yes_at_the_deadline_is_in_and_who_is_told_no_is_not() {
    let world = World::new().await;
    let (challenge, teams) = call_for_proposals(&world, 60).await;
    let drafts: Vec<_> = teams
        .iter()
        .map(|(house, owner)| proposal::Model {
            status: ProposalStatus::Draft,
            current_version: 0,
            submitted_at: None,
            version: 1,
            ..rows::proposal(challenge.id, *house, *owner)
        })
        .collect();
    insert(world.db(), drafts.clone()).await.unwrap();
    let contents = drafts
        .iter()
        .map(|row| proposal_draft::Model { proposal_id: row.id, content: complete().canonical() });
    insert(world.db(), contents).await.unwrap();
    app::vault::bring_up_to_date(world.app()).await.unwrap();
    let mut submissions = Vec::new();
    for draft in &drafts {
        let submit =
            SubmitProposal { proposal: draft.id, expected_version: Some(1), declares_ownership: true };
        submissions.push((world.op(draft.created_by).await, submit));
    }
    // About in the middle of what follows, on either database.
    let deadline = Timestamp::from_micros(world.now().await.micros() + 150_000);
    let closing = challenge::ActiveModel { closes_at: Set(Some(deadline)), ..Default::default() };
    challenge::Entity::update_many().set(closing).exec(world.db()).await.unwrap();

    let answers = join_all(submissions.into_iter().map(|(op, submit)| submits(&world, op, submit))).await;

    let rows = proposal::Entity::find().all(world.db()).await.unwrap();
    for (draft, answer) in drafts.iter().zip(answers) {
        let row = rows.iter().find(|row| row.id == draft.id).unwrap();
        match answer {
            Ok(_) => assert!(
                row.status == ProposalStatus::Submitted && row.submitted_at.unwrap() < deadline,
                "{row:?}"
            ),
            refused => {
                assert_eq!(code(refused), Code::DeadlinePassed);
                assert_eq!(row, draft, "nothing changed");
            }
        }
    }
    world.finish().await;
}
