//! Entities and tables agree: a row with something in every column goes in and comes back the same, on both databases.

use std::collections::BTreeSet;

use app::ids;
use domain::account::{ConsentPurpose, PlatformRole, TokenPurpose};
use domain::appeal::AppealStatus;
use domain::assign::{self, Facts, Reviewer, Seed, Task, Wanted};
use domain::attachment::{AttachmentStatus, Refusal};
use domain::challenge::{Brief, BriefSection, Rubric, Sector};
use domain::decision::{DecisionStatus, Outcome};
use domain::disqualification::Ground;
use domain::event::EventKind;
use domain::expert::ExpertStatus;
use domain::follow::FollowKind;
use domain::letter::LetterKind;
use domain::locale::Locale;
use domain::message::MessageStatus;
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::preference::{Delivery, LocalTime, NotificationGroup, Preferences, QuietHours};
use domain::proposal::Confidentiality;
use domain::reminder::ReminderKind;
use domain::review::{CouncilRole, Interest};
use domain::text::Bilingual;
use domain::time::{Day, Timestamp};
use domain::webhook::{Attempt, AttemptOutcome, Attempts, WebhookDisabledReason, WebhookEvent};
use domain::working_group::WorkingGroupRole;
use e2e::World;
use e2e::database::{Backend, Database};
use e2e::rows::{self, THEN};
use entity::*;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelBehavior, ColumnTrait as _, ConnectionTrait as _, DatabaseConnection, EntityName as _,
    EntityTrait, IntoActiveModel, Iterable as _, ModelTrait, QueryFilter as _, Statement,
};
use serde_json::json;

const FIRST: Timestamp = Timestamp::from_micros(i64::MIN);
const LAST: Timestamp = Timestamp::from_micros(i64::MAX);

/// Every way in which Vietnamese and others try a database: composed, decomposed, beyond the basic plane, quotes, nothing.
const TEXT: &str = "Đặng Thị Hồng Nhung — “Tre\u{302}̃n” \u{1F30A} 'quote' \"double\" \\ %_ \n\t ｆｕｌｌ";

/// The tables that were tried.
struct Tables<'a> {
    db: &'a DatabaseConnection,
    tried: BTreeSet<String>,
}

impl Tables<'_> {
    /// Puts the row in and reads it back.
    async fn keep<M>(&mut self, row: M) -> M
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + PartialEq,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelBehavior + Send,
        M::Entity: EntityTrait<Model = M>,
    {
        rows::insert(self.db, [row.clone()]).await.unwrap();
        let key =
            <M::Entity as EntityTrait>::PrimaryKey::iter().map(sea_orm::PrimaryKeyToColumn::into_column);
        let found = key.fold(M::Entity::find(), |select, column| select.filter(column.eq(row.get(column))));
        assert_eq!(found.one(self.db).await.unwrap().as_ref(), Some(&row));
        self.tried.insert(M::Entity::default().table_name().to_owned());
        row
    }
}

#[tokio::test]
async fn every_entity_goes_in_and_comes_back_equal() {
    let world = World::new().await;
    let mut tables = Tables { db: world.db(), tried: BTreeSet::new() };

    let user = user::Model {
        display_name: TEXT.to_owned(),
        locale: Locale::En,
        email_verified_at: Some(FIRST),
        created_at: FIRST,
        updated_at: LAST,
        version: i32::MAX,
        deactivated_at: Some(FIRST),
        erased_at: Some(LAST),
        status_reason: Some(TEXT.to_owned()),
        inbox_seq: Some(i64::MAX),
        ..rows::user()
    };
    let user = tables.keep(user).await.id;
    tables.keep(user::Model { email_verified_at: None, version: i32::MIN, ..rows::user() }).await;
    let other = tables.keep(rows::user()).await.id;
    let session = session::Model {
        id: ids::random(),
        user_id: user,
        created_at: FIRST,
        expires_at: LAST,
        ended_at: Some(THEN),
        authenticated_at: Some(FIRST),
        second_factor_at: Some(LAST),
        last_used_at: Some(THEN),
        address: Some("2001:db8::1".to_owned()),
        client: Some(TEXT.to_owned()),
    };
    let session = tables.keep(session).await.id;
    let token = refresh_token::Model {
        id: ids::random(),
        session_id: session,
        token_hash: "hash".to_owned(),
        created_at: THEN,
        expires_at: LAST,
        used_at: Some(FIRST),
    };
    tables.keep(token).await;
    let factor = second_factor::Model {
        user_id: user,
        secret: TEXT.to_owned(),
        created_at: THEN,
        confirmed_at: Some(LAST),
        last_step: i64::MAX,
    };
    tables.keep(factor).await;
    let code = recovery_code::Model {
        id: ids::random(),
        user_id: user,
        code_hash: "hash".to_owned(),
        created_at: THEN,
        used_at: Some(LAST),
    };
    tables.keep(code).await;
    let known = device::Model {
        id: ids::random(),
        user_id: user,
        token_hash: "hash".to_owned(),
        created_at: FIRST,
        last_used_at: LAST,
        ended_at: Some(THEN),
    };
    tables.keep(known).await;
    tables.keep(throttle::Model { key: TEXT.to_owned(), failures: i32::MAX, last_at: LAST }).await;
    let consent = consent::Model {
        id: ids::random(),
        user_id: user,
        purpose: ConsentPurpose::PublicProfile,
        is_given: true,
        notice_version: TEXT.to_owned(),
        locale: Locale::En,
        at: FIRST,
    };
    tables.keep(consent).await;
    let identity = external_identity::Model {
        id: ids::random(),
        issuer: "https://sso.example.vn/realms/city/".to_owned(),
        subject: TEXT.to_owned(),
        user_id: user,
        email: "an@example.vn".to_owned(),
        created_at: FIRST,
        last_used_at: LAST,
    };
    tables.keep(identity).await;
    let attempt = sign_on_attempt::Model {
        id: ids::random(),
        state_hash: "hash".to_owned(),
        attempt_hash: "hash".to_owned(),
        created_at: FIRST,
        expires_at: LAST,
        used_at: Some(THEN),
    };
    tables.keep(attempt).await;
    tables.keep(platform_grant::Model { user_id: user, role: PlatformRole::Auditor, granted_at: LAST }).await;

    let agency = organization::Model {
        status: OrganizationStatus::Rejected,
        name_vi: TEXT.to_owned(),
        name_en: Some(TEXT.to_owned()),
        status_reason: Some(TEXT.to_owned()),
        ..rows::organization(OrganizationKind::Agency, user)
    };
    let agency = tables.keep(agency).await.id;
    for kind in OrganizationKind::ALL {
        for status in OrganizationStatus::ALL {
            tables.keep(organization::Model { status: *status, ..rows::organization(*kind, user) }).await;
        }
    }
    let placed = organization::Model {
        parent_id: Some(agency),
        successor_id: Some(agency),
        valid_from: Day::parse("1900-01-01"),
        valid_until: Day::parse("2199-12-31"),
        ..rows::organization(OrganizationKind::ProgrammeOffice, user)
    };
    let office = tables.keep(placed).await.id;
    let startup = tables.keep(rows::organization(OrganizationKind::Startup, user)).await.id;
    let seat =
        membership::Model { ended_at: Some(LAST), ..rows::membership(startup, user, MembershipRole::Owner) };
    let seat = tables.keep(seat).await.id;
    let delegation = delegation::Model {
        revoked_by: Some(user),
        revoked_at: Some(LAST),
        revoke_reason: Some(TEXT.to_owned()),
        ..rows::delegation(agency, office, user)
    };
    tables.keep(delegation).await;
    let group = working_group::Model { ended_at: Some(LAST), ..rows::working_group(agency, user) };
    let group = tables.keep(group).await.id;
    let head = working_group_member::Model {
        membership_id: Some(seat),
        name: None,
        position: Some(TEXT.to_owned()),
        role: WorkingGroupRole::Head,
        term_until: Day::parse("2199-12-31"),
        ..rows::working_group_member(group, 0)
    };
    tables.keep(head).await;
    tables.keep(rows::working_group_member(group, i32::MAX)).await;
    let expert = expert::Model {
        status: ExpertStatus::Suspended,
        title: Some(TEXT.to_owned()),
        affiliation: TEXT.to_owned(),
        qualification: Some(TEXT.to_owned()),
        status_reason: Some(TEXT.to_owned()),
        ..rows::expert(user)
    };
    let expert = tables.keep(expert).await.id;
    tables.keep(expert_sector::Model { expert_id: expert, sector: Sector::LowAltitudeEconomy }).await;
    let invitation = one_time_token::Model {
        id: ids::random(),
        purpose: TokenPurpose::Invitation,
        token_hash: "hash".to_owned(),
        email: "an@example.vn".to_owned(),
        email_key: "an@example.vn".to_owned(),
        locale: Locale::Vi,
        user_id: Some(user),
        organization_id: Some(startup),
        role: Some(MembershipRole::Viewer),
        invited_by: Some(other),
        created_at: THEN,
        expires_at: LAST,
        used_at: Some(THEN),
    };
    tables.keep(invitation).await;

    let sections = [
        (BriefSection::Context, Bilingual { vi: TEXT.to_owned(), en: Some(TEXT.to_owned()) }),
        (BriefSection::LegalBasis, Bilingual { vi: "Nghị định".to_owned(), en: None }),
    ];
    let challenge = challenge::Model {
        title_vi: TEXT.to_owned(),
        title_en: Some(TEXT.to_owned()),
        summary_en: Some(TEXT.to_owned()),
        brief: Brief(sections.into()),
        rubric: Rubric { scale: i64::MAX, pass_mark: i64::MIN, ..Rubric::default() },
        is_blind: true,
        shows_proposal_count: true,
        opens_at: Some(FIRST),
        closes_at: Some(LAST),
        deadline_key: i64::MAX,
        published_key: i64::MIN,
        source_url: Some("https://example.vn/?a=b&c=%20".to_owned()),
        status_reason: Some(TEXT.to_owned()),
        approved_by: Some(user),
        questions_until: Some(LAST),
        halted_at: Some(LAST),
        halt_reason: Some(TEXT.to_owned()),
        duplicate_of: Some(domain::id::ChallengeId(agency.0)),
        decision_maker_id: Some(user),
        round_locked_at: Some(LAST),
        ..rows::challenge(agency, user)
    };
    let challenge = tables.keep(challenge).await.id;
    let draft = challenge::Model {
        status: domain::challenge::ChallengeStatus::Draft,
        is_public: false,
        opens_at: None,
        closes_at: None,
        approval: None,
        publication: None,
        published_at: None,
        ..rows::challenge(agency, user)
    };
    tables.keep(draft).await;
    let said = domain::challenge::Published {
        title: Bilingual { vi: TEXT.to_owned(), en: Some(TEXT.to_owned()) },
        summary: Bilingual { vi: TEXT.to_owned(), en: None },
        brief: Brief([(BriefSection::Context, Bilingual { vi: TEXT.to_owned(), en: None })].into()),
        opens_at: FIRST,
        closes_at: LAST,
    };
    let version = challenge_version::Model {
        challenge_id: challenge,
        number: i32::MAX,
        published_at: LAST,
        note_vi: Some(TEXT.to_owned()),
        note_en: Some(TEXT.to_owned()),
        content: said,
    };
    tables.keep(version).await;
    let announced = announcement::Model {
        challenge_id: challenge,
        number: i32::MAX,
        published_by: user,
        published_at: LAST,
        text_vi: TEXT.to_owned(),
        text_en: Some(TEXT.to_owned()),
    };
    tables.keep(announced).await;
    let link = preview_link::Model {
        challenge_id: challenge,
        token_hash: TEXT.to_owned(),
        created_by: user,
        created_at: FIRST,
        expires_at: LAST,
    };
    tables.keep(link).await;
    let offer = support_offer::Model {
        challenge_id: challenge,
        stage: domain::challenge::SupportStage::PreIncubation,
        ceiling_minor: i64::MAX,
        ceiling_currency: domain::money::Currency::Vnd,
    };
    tables.keep(offer).await;
    let followed = follow::Model {
        user_id: user,
        kind: FollowKind::Sector,
        target: "LOW_ALTITUDE_ECONOMY".to_owned(),
        created_at: LAST,
    };
    tables.keep(followed).await;
    let reminded = reminder::Model {
        kind: ReminderKind::DeadlineInAWeek,
        object_id: challenge.0,
        due_at: FIRST,
        reminded_at: LAST,
    };
    tables.keep(reminded).await;
    let kept = saved_search::Model {
        name: TEXT.to_owned(),
        words: TEXT.to_owned(),
        lead: TEXT.to_owned(),
        sector: Some(Sector::Tax),
        created_at: LAST,
        ..rows::saved_search(user)
    };
    tables.keep(kept).await;
    let sought = challenge_word::Model { challenge_id: challenge, word: TEXT.to_owned(), weight: i32::MAX };
    tables.keep(sought).await;
    let question = question::Model {
        published_text: Some(TEXT.to_owned()),
        answer_vi: Some(TEXT.to_owned()),
        answer_en: Some(TEXT.to_owned()),
        decline_reason: Some(TEXT.to_owned()),
        settled_at: Some(LAST),
        settled_key: i64::MIN,
        version: i32::MAX,
        ..rows::question(challenge, startup, user)
    };
    tables.keep(question).await;
    tables.keep(challenge_author::Model { challenge_id: challenge, user_id: user }).await;
    let criterion = criterion::Model {
        name_en: Some(TEXT.to_owned()),
        reason_required: true,
        ..rows::criterion(challenge, i32::MAX, 100)
    };
    let criterion = tables.keep(criterion).await.id;
    let indicator = indicator::Model {
        id: ids::random(),
        challenge_id: challenge,
        position: i32::MIN,
        name_vi: TEXT.to_owned(),
        name_en: Some(TEXT.to_owned()),
        unit_vi: "phút".to_owned(),
        unit_en: Some("minutes".to_owned()),
        baseline: "-12.50".to_owned(),
        baseline_on: Day::parse("2199-12-31").unwrap(),
        source_vi: TEXT.to_owned(),
        source_en: Some(TEXT.to_owned()),
        target: "0.000001".to_owned(),
    };
    tables.keep(indicator).await;

    let proposal = proposal::Model {
        status_reason: Some(TEXT.to_owned()),
        feedback: Some(TEXT.to_owned()),
        disqualification_ground: Some(Ground::UndueInfluence),
        disqualification_reason: Some(TEXT.to_owned()),
        disqualification_requested_by: Some(user),
        disqualification_requested_at: Some(LAST),
        disqualification_refusal: Some(TEXT.to_owned()),
        submitted_at: Some(FIRST),
        ..rows::proposal(challenge, startup, user)
    };
    let proposal = tables.keep(proposal).await;
    let file = attachment::Model {
        proposal_id: Some(proposal.id),
        status: AttachmentStatus::Clean,
        refusal: Some(Refusal::TooLargeUnpacked),
        object: Some(ids::random()),
        size: i64::MAX,
        details: TEXT.to_owned(),
        since_version: Some(i32::MIN),
        until_version: Some(i32::MAX),
        confidentiality: Some(Confidentiality::DecisionMakersOnly),
        created_at: FIRST,
        changed_at: LAST,
        ..rows::attachment(challenge, user)
    };
    tables.keep(file).await;
    tables
        .keep(proposal_draft::Model { content: TEXT.repeat(10_000), ..rows::proposal_draft(proposal.id) })
        .await;
    tables
        .keep(proposal_version::Model { number: i32::MAX, ..rows::proposal_version(proposal.id, user) })
        .await;
    let key = challenge_key::Model {
        challenge_id: challenge,
        sealed_by: "0123456789abcdef".to_owned(),
        sealed: TEXT.to_owned(),
        created_at: LAST,
    };
    tables.keep(key).await;
    let opening = opening::Model {
        challenge_id: challenge,
        requested_by: user,
        requested_at: FIRST,
        confirmed_by: Some(other),
        confirmed_at: Some(LAST),
        receipts: Some(json!([{ "z": 1, "a": [null, true, i64::MAX, TEXT], "": {} }])),
    };
    tables.keep(opening).await;

    let seat = council_member::Model {
        removed_at: Some(LAST),
        ..rows::council_member(challenge, user, CouncilRole::ViceChair)
    };
    let seat = tables.keep(seat).await;
    let declared = conflict_declaration::Model {
        proposal_id: proposal.id,
        user_id: user,
        interest: Interest::SameOrganization,
        reason: Some(TEXT.to_owned()),
        declared_at: LAST,
    };
    tables.keep(declared).await;
    let review = review::Model {
        status_reason: Some(TEXT.to_owned()),
        comment: Some(TEXT.to_owned()),
        due_at: Some(LAST),
        void_requested_by: Some(user),
        void_requested_at: Some(LAST),
        void_reason: Some(TEXT.to_owned()),
        ..rows::review(&proposal, &seat, rows::sheet(&[criterion], "9.99"))
    };
    tables.keep(review).await;
    let asked = clarification::Model {
        proposal_id: proposal.id,
        number: i32::MAX,
        challenge_id: proposal.challenge_id,
        said: TEXT.to_owned(),
        asked_by: user,
        asked_at: FIRST,
        due_at: LAST,
        answered_by: Some(user),
        answered_at: Some(LAST),
    };
    tables.keep(asked).await;
    let facts = Facts { sectors: [Sector::Tax, Sector::Land].into(), topics: [TEXT.to_owned()].into() };
    let other_seat = ids::random();
    let task = Task {
        proposals: [(proposal.id, Wanted { required: 2, facts: facts.clone() })].into(),
        reviewers: [
            (seat.id, Reviewer { max_load: 1, facts: facts.clone() }),
            (other_seat, Reviewer { max_load: 9, facts }),
        ]
        .into(),
        conflicts: [(other_seat, proposal.id)].into(),
        kept: [(other_seat, proposal.id)].into(),
        seed: Seed(i64::MIN),
    };
    let plan = assign::plan(&task);
    assert!(
        [plan.pairs.len(), plan.shortages.len(), plan.kept_in_conflict.len()] == [1; 3],
        "something of everything: {plan:?}"
    );
    tables.keep(review_plan::Model { plan, ..rows::review_plan(challenge, user) }).await;
    let decision = decision::Model {
        status: DecisionStatus::Published,
        departure_reason: Some(TEXT.to_owned()),
        return_reason: Some(TEXT.to_owned()),
        record: Some(rows::record()),
        approved_by: Some(user),
        approved_at: Some(FIRST),
        publish_at: Some(FIRST),
        scheduled_by: Some(user),
        published_at: Some(LAST),
        standstill_until: Some(LAST),
        replaces_id: Some(app::ids::random()),
        is_promotion: true,
        ..rows::decision(challenge, user)
    };
    let decision = tables.keep(decision).await.id;
    let appeal = appeal::Model {
        id: ids::random(),
        decision_id: decision,
        challenge_id: challenge,
        proposal_id: proposal.id,
        organization_id: proposal.organization_id,
        status: AppealStatus::Overtaken,
        said: TEXT.to_owned(),
        filed_by: user,
        filed_at: FIRST,
        ruled_by: Some(user),
        ruled_at: Some(LAST),
    };
    tables.keep(appeal).await;
    let outcome = decision_outcome::Model {
        decision_id: decision,
        proposal_id: proposal.id,
        position: 0,
        rank: i32::MAX,
        mean: "100.0000".to_owned(),
        passes: true,
        outcome: Some(Outcome::NotSelected),
        feedback: Some(TEXT.to_owned()),
    };
    tables.keep(outcome).await;

    let entry = audit_entry::Model {
        seq: i64::MAX,
        at: LAST,
        actor: Some(user),
        action: "denied:submitProposal".to_owned(),
        object_kind: "proposal".to_owned(),
        object_id: proposal.id.to_string(),
        detail: TEXT.to_owned(),
        request_id: "r".to_owned(),
        address: Some("2001:db8::1".to_owned()),
        hash: "0".repeat(64),
    };
    tables.keep(entry).await;
    tables.keep(audit_head::Model { id: i32::MIN, seq: i64::MIN, hash: "0".repeat(64) }).await;
    let event = event::Model {
        seq: i64::MAX,
        kind: EventKind::ProposalWithdrawnFromReview,
        at: FIRST,
        payload: TEXT.to_owned(),
        challenge_id: Some(challenge),
        proposal_id: Some(proposal.id),
    };
    tables.keep(event).await;
    let message = message::Model {
        id: ids::ordered(),
        event_seq: i64::MAX,
        kind: LetterKind::DecisionPublishedToApplicant,
        user_id: Some(user),
        email: Some("an@example.vn".to_owned()),
        status: MessageStatus::Dead,
        attempt: i32::MAX,
        due_at: LAST,
        lease_until: Some(LAST),
        fence: i64::MAX,
        last_error: Some(TEXT.to_owned()),
        address_hash: Some(TEXT.to_owned()),
        created_at: THEN,
        sent_at: Some(FIRST),
        read_at: Some(LAST),
        topic: Some(NotificationGroup::Participation),
        delivery: Some(Delivery::InboxOnly),
        digest_id: Some(uuid::Uuid::max()),
        inbox_seq: Some(i64::MAX),
    };
    tables.keep(message).await;
    let hook = webhook::Model {
        description: Some(TEXT.to_owned()),
        wanted: domain::webhook::Wanted(WebhookEvent::ALL.iter().copied().collect()),
        disabled_reason: Some(WebhookDisabledReason::Failing),
        secret: TEXT.to_owned(),
        former_secret: Some(TEXT.to_owned()),
        former_until: Some(FIRST),
        active_since: LAST,
        due_at: Some(LAST),
        lease_until: Some(FIRST),
        fence: i64::MAX,
        failing_since: Some(LAST),
        given_up: i32::MAX,
        version: i32::MAX,
        ..rows::webhook(startup)
    };
    let hook = tables.keep(hook).await.id;
    let attempt = Attempt {
        at: FIRST,
        outcome: AttemptOutcome::RefusedAddress,
        status: Some(u16::MAX),
        millis: i64::MAX,
    };
    let told = webhook_delivery::Model {
        event_seq: Some(i64::MAX),
        event: WebhookEvent::ProposalClarificationAnswered,
        challenge_id: Some(challenge),
        proposal_id: Some(proposal.id),
        body: TEXT.to_owned(),
        attempts: Attempts(vec![attempt]),
        settled_at: Some(LAST),
        ..rows::webhook_delivery(hook)
    };
    tables.keep(told).await;
    tables.keep(webhook_cursor::Model { id: i32::MIN, seq: i64::MIN }).await;
    let mut preferences = Preferences {
        quiet_hours: LocalTime::parse("22:00")
            .zip(LocalTime::parse("06:30"))
            .and_then(|(from, until)| QuietHours::new(from, until).ok()),
        ..Preferences::default()
    };
    preferences.choose(NotificationGroup::Following, Delivery::Digest).unwrap();
    tables.keep(notification_preference::Model { user_id: user, preferences, updated_at: LAST }).await;
    let repeated = idempotency::Model {
        principal: user.to_string(),
        idempotency_key: "~!@#$%^&*()_+".to_owned(),
        operation: "submitProposal".to_owned(),
        input_hash: "0".repeat(64),
        result: TEXT.to_owned(),
        created_at: THEN,
    };
    tables.keep(repeated).await;

    assert_eq!(
        tables.tried,
        all_tables(world.db()).await,
        "every table has an entity, and every entity was tried"
    );
    world.abandon().await;
}

async fn all_tables(db: &DatabaseConnection) -> BTreeSet<String> {
    let sql = match Backend::chosen() {
        Backend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'seaql_migrations'"
        }
        Backend::Postgres(_) => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// How many steps the first release had.
const FIRST_RELEASE: u32 = 5;

#[tokio::test]
async fn a_database_of_the_first_release_is_brought_up_to_date_with_all_its_rows() {
    let database = Database::empty().await;
    let url = match Backend::chosen() {
        Backend::Sqlite => format!("{}?mode=rwc", database.url),
        Backend::Postgres(_) => database.url.clone(),
    };
    let db = sea_orm::Database::connect(&url).await.unwrap();
    Migrator::up(&db, Some(FIRST_RELEASE)).await.unwrap();
    let put = async |table: &'static str, row: Vec<(&'static str, sea_orm::Value)>| {
        let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        let values = values.into_iter().map(Expr::val);
        let insert = Query::insert().into_table(table).columns(columns).values_panic(values).take();
        db.execute(&insert).await.unwrap();
    };
    let (user, house) = (rows::user(), rows::organization(OrganizationKind::Startup, rows::user().id));
    let row = vec![
        ("id", user.id.into()),
        ("email", user.email.clone().into()),
        ("email_key", user.email_key.clone().into()),
        ("display_name", TEXT.into()),
        ("locale", "vi".into()),
        ("password_hash", "none".into()),
        ("created_at", THEN.into()),
        ("updated_at", THEN.into()),
        ("version", 1.into()),
    ];
    put("app_user", row).await;
    let row = vec![
        ("id", house.id.into()),
        ("kind", "STARTUP".into()),
        ("status", "VERIFIED".into()),
        ("slug", house.slug.clone().into()),
        ("name_vi", TEXT.into()),
        ("name_key", house.name_key.clone().into()),
        ("name_folded", house.name_folded.clone().into()),
        ("created_by", user.id.into()),
        ("created_at", THEN.into()),
        ("updated_at", THEN.into()),
        ("version", 7.into()),
    ];
    put("organization", row).await;

    Migrator::up(&db, None).await.unwrap();
    let kept = organization::Entity::find().all(&db).await.unwrap();
    let before =
        organization::Model { name_vi: TEXT.to_owned(), created_by: user.id, version: 7, ..house.clone() };
    assert_eq!(kept, [before]);
    rows::insert(&db, [rows::organization(OrganizationKind::Team, user.id)]).await.unwrap();
    let kind = organization::Entity::update_many().col_expr(organization::Column::Kind, Expr::val("BANK"));
    assert!(kind.exec(&db).await.is_err(), "the set has grown and is still closed");
    db.close().await.unwrap();
    database.give_back().await;
}
