//! Rows put in behind the server's back: for tests of the tables themselves, and where a story would take too long.

use std::collections::BTreeMap;

use app::ids;
use domain::attachment::AttachmentStatus;
use domain::challenge::{Brief, ChallengeStatus, OfficialRecord, Rubric, Sector, Track};
use domain::decision::DecisionStatus;
use domain::expert::ExpertStatus;
use domain::id::{ChallengeId, CriterionId, OrganizationId, ProposalId, UserId, WebhookId, WorkingGroupId};
use domain::locale::Locale;
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::proposal::{Content, ProposalStatus};
use domain::question::QuestionStatus;
use domain::review::{CouncilRole, ReviewStatus};
use domain::score::{Mark, Score, Sheet};
use domain::text::fold;
use domain::time::{Day, Timestamp};
use domain::webhook::{Attempts, DeliveryStatus, Wanted, WebhookEvent, WebhookStatus};
use domain::working_group::WorkingGroupRole;
use entity::{
    attachment, challenge, council_member, criterion, decision, delegation, expert, membership, organization,
    proposal, proposal_draft, proposal_version, question, review, review_plan, saved_search, user, webhook,
    webhook_delivery, working_group, working_group_member,
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait as _, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait,
};
use uuid::Uuid;

/// When everything here happened.
pub const THEN: Timestamp = Timestamp::from_micros(1_780_000_000_123_456);
/// A deadline that no test lives to see.
pub const FAR_AWAY: Timestamp = Timestamp::from_micros(7_000_000_000_000_000);

/// Puts rows in, as many at a time as a statement may carry.
pub async fn insert<M>(db: &DatabaseConnection, rows: impl IntoIterator<Item = M>) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: ActiveModelBehavior + Send,
{
    let rows: Vec<_> = rows.into_iter().map(|row| row.into_active_model().reset_all()).collect();
    for chunk in rows.chunks(200) {
        M::Entity::insert_many(chunk.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Six letters that no other row has.
fn unique() -> String {
    ids::random::<Uuid>().simple().to_string()
}

/// Somebody with a verified address and no password that fits.
pub fn user() -> user::Model {
    let address = format!("{}@example.vn", unique());
    user::Model {
        id: ids::random(),
        email: address.clone(),
        email_key: address,
        display_name: "Đặng Thị Hồng Nhung".to_owned(),
        locale: Locale::Vi,
        password_hash: "none".to_owned(),
        email_verified_at: Some(THEN),
        created_at: THEN,
        updated_at: THEN,
        version: 1,
        deactivated_at: None,
        erased_at: None,
        status_reason: None,
        inbox_seq: None,
    }
}

/// A verified organisation.
pub fn organization(kind: OrganizationKind, founder: UserId) -> organization::Model {
    let name = format!("Tổ chức {}", unique());
    organization::Model {
        id: ids::random(),
        kind,
        status: OrganizationStatus::Verified,
        slug: unique(),
        name_key: name.clone(),
        name_folded: fold(&name),
        name_vi: name,
        name_en: None,
        status_reason: None,
        about_vi: None,
        about_en: None,
        website: None,
        parent_id: None,
        successor_id: None,
        valid_from: None,
        valid_until: None,
        created_by: founder,
        created_at: THEN,
        updated_at: THEN,
        version: 1,
    }
}

/// A live place in an organisation.
pub fn membership(organization: OrganizationId, user: UserId, role: MembershipRole) -> membership::Model {
    membership::Model {
        id: ids::random(),
        organization_id: organization,
        user_id: user,
        role,
        created_at: THEN,
        ended_at: None,
    }
}

/// An active entry in the expert register.
pub fn expert(user: UserId) -> expert::Model {
    expert::Model {
        id: ids::random(),
        user_id: user,
        status: ExpertStatus::Active,
        title: Some("TS.".to_owned()),
        affiliation: "Viện Tài nguyên nước".to_owned(),
        qualification: None,
        status_reason: None,
        name_key: unique(),
        search_text: "vien tai nguyen nuoc".to_owned(),
        registered_by: user,
        registered_at: THEN,
        updated_at: THEN,
        version: 1,
    }
}

/// A decision that lets one public body draft for another, for as long as a test may last.
pub fn delegation(unit: OrganizationId, delegate: OrganizationId, by: UserId) -> delegation::Model {
    delegation::Model {
        id: ids::random(),
        unit_id: unit,
        delegate_id: delegate,
        record: record(),
        valid_from: Day::parse("2026-01-01").unwrap(),
        valid_until: Day::parse("2199-12-31").unwrap(),
        granted_by: by,
        granted_at: THEN,
        revoked_by: None,
        revoked_at: None,
        revoke_reason: None,
    }
}

/// A working group without anybody in it.
pub fn working_group(unit: OrganizationId, by: UserId) -> working_group::Model {
    working_group::Model {
        id: ids::random(),
        organization_id: unit,
        record: record(),
        established_by: by,
        established_at: THEN,
        ended_at: None,
    }
}

/// A place in a working group for somebody by name.
pub fn working_group_member(group: WorkingGroupId, place: i32) -> working_group_member::Model {
    working_group_member::Model {
        working_group_id: group,
        place,
        membership_id: None,
        name: Some("Trương Văn Tổ".to_owned()),
        position: None,
        role: WorkingGroupRole::Member,
        is_focal_point: place == 0,
        term_from: Day::parse("2026-01-01").unwrap(),
        term_until: None,
    }
}

/// An act on paper.
pub fn record() -> OfficialRecord {
    OfficialRecord {
        number: "123/QĐ-SKHCN".to_owned(),
        day: Day::parse("2026-11-23").unwrap(),
        signer: "Nguyễn Văn Ký".to_owned(),
        document_url: "https://example.vn/123.pdf".to_owned(),
    }
}

/// A published challenge that takes proposals.
pub fn challenge(agency: OrganizationId, author: UserId) -> challenge::Model {
    let slug = unique();
    let title = format!("Cảm biến lũ {slug}");
    challenge::Model {
        id: ids::random(),
        agency_id: agency,
        status: ChallengeStatus::Published,
        is_public: true,
        track: Track::GrandChallenge,
        sector: Sector::DisasterResilience,
        title_key: fold(&title),
        search_text: fold(&title),
        title_vi: title,
        title_en: None,
        summary_vi: "Cảnh báo sớm".to_owned(),
        summary_en: None,
        slug,
        brief: Brief::default(),
        rubric: Rubric::default(),
        is_blind: false,
        shows_proposal_count: false,
        opens_at: Some(THEN),
        closes_at: Some(FAR_AWAY),
        questions_until: None,
        deadline_key: FAR_AWAY.micros(),
        published_key: THEN.micros(),
        source_url: None,
        duplicate_of: None,
        requested_changes: None,
        publish_at: None,
        scheduled_by: None,
        status_reason: None,
        approved_by: None,
        approval: Some(record()),
        publication: Some(record()),
        published_at: Some(THEN),
        halted_at: None,
        halt_reason: None,
        decision_maker_id: None,
        round_locked_at: None,
        created_by: author,
        created_at: THEN,
        updated_at: THEN,
        version: 1,
    }
}

/// A question that waits for an answer.
pub fn question(challenge: ChallengeId, house: OrganizationId, asker: UserId) -> question::Model {
    question::Model {
        id: ids::random(),
        challenge_id: challenge,
        organization_id: house,
        asked_by: asker,
        status: QuestionStatus::Asked,
        asked_text: "Có được dùng dữ liệu mưa không?".to_owned(),
        published_text: None,
        answer_vi: None,
        answer_en: None,
        decline_reason: None,
        asked_at: THEN,
        settled_at: None,
        settled_key: Timestamp::END_OF_TIME.micros(),
        version: 1,
    }
}

/// A search that somebody keeps.
pub fn saved_search(owner: UserId) -> saved_search::Model {
    saved_search::Model {
        id: ids::random(),
        user_id: owner,
        name: "Ngập".to_owned(),
        words: "ngap nuoc".to_owned(),
        lead: "ngap".to_owned(),
        sector: None,
        created_at: THEN,
    }
}

/// A webhook that is told of publications.
pub fn webhook(house: OrganizationId) -> webhook::Model {
    webhook::Model {
        id: ids::random(),
        organization_id: house,
        url: "https://hooks.example.vn/".to_owned(),
        description: None,
        wanted: Wanted([WebhookEvent::ChallengePublished].into()),
        status: WebhookStatus::Active,
        disabled_reason: None,
        secret: String::new(),
        former_secret: None,
        former_until: None,
        active_since: THEN,
        due_at: None,
        lease_until: None,
        fence: 0,
        failing_since: None,
        given_up: 0,
        created_at: THEN,
        updated_at: THEN,
        version: 1,
    }
}

/// A message to it that was delivered.
pub fn webhook_delivery(webhook: WebhookId) -> webhook_delivery::Model {
    webhook_delivery::Model {
        id: ids::random(),
        webhook_id: webhook,
        event_seq: None,
        event: WebhookEvent::Ping,
        challenge_id: None,
        proposal_id: None,
        body: "{}".to_owned(),
        status: DeliveryStatus::Delivered,
        attempt: 1,
        attempts: Attempts::default(),
        due_at: THEN,
        created_at: THEN,
        settled_at: Some(THEN),
    }
}

/// A file of a challenge that was announced.
pub fn attachment(challenge: ChallengeId, uploader: UserId) -> attachment::Model {
    attachment::Model {
        id: ids::random(),
        challenge_id: challenge,
        proposal_id: None,
        uploaded_by: uploader,
        status: AttachmentStatus::AwaitingUpload,
        refusal: None,
        object: None,
        size: 7,
        details: "sealed".to_owned(),
        since_version: None,
        until_version: None,
        confidentiality: None,
        created_at: THEN,
        changed_at: THEN,
    }
}

/// A criterion of a rubric.
pub fn criterion(challenge: ChallengeId, position: i32, weight: i64) -> criterion::Model {
    criterion::Model {
        id: ids::random(),
        challenge_id: challenge,
        position,
        name_vi: format!("Tiêu chí {position}"),
        name_en: None,
        weight,
        reason_required: false,
    }
}

/// A seat on a council.
pub fn council_member(challenge: ChallengeId, user: UserId, role: CouncilRole) -> council_member::Model {
    let id = ids::random();
    council_member::Model {
        id,
        challenge_id: challenge,
        user_id: user,
        role,
        appointed_by: user,
        appointed_at: THEN,
        removed_at: None,
    }
}

/// A submitted proposal.
pub fn proposal(challenge: ChallengeId, startup: OrganizationId, author: UserId) -> proposal::Model {
    proposal::Model {
        id: ids::random(),
        challenge_id: challenge,
        organization_id: startup,
        status: ProposalStatus::Submitted,
        current_version: 1,
        status_reason: None,
        feedback: None,
        disqualification_ground: None,
        disqualification_reason: None,
        disqualification_requested_by: None,
        disqualification_requested_at: None,
        disqualification_refusal: None,
        submitted_at: Some(THEN),
        created_by: author,
        created_at: THEN,
        updated_at: THEN,
        version: 2,
    }
}

/// What a proposal says.
pub fn content() -> Content {
    Content {
        language: Locale::Vi,
        title: "Bản đồ ngập".to_owned(),
        summary: "Cảnh báo sớm".to_owned(),
        sections: BTreeMap::new(),
        budget: None,
        files: Vec::new(),
        classes: BTreeMap::new(),
    }
}

/// Its working copy.
pub fn proposal_draft(proposal: ProposalId) -> proposal_draft::Model {
    proposal_draft::Model { proposal_id: proposal, content: content().canonical() }
}

/// Its first version.
pub fn proposal_version(proposal: ProposalId, author: UserId) -> proposal_version::Model {
    let content = content();
    proposal_version::Model {
        id: ids::random(),
        proposal_id: proposal,
        number: 1,
        content: content.canonical(),
        sha256: content.sha256(),
        submitted_at: THEN,
        submitted_by: author,
    }
}

/// The same score on every criterion.
pub fn sheet(criteria: &[CriterionId], score: &str) -> Sheet {
    let mark = Mark { score: Score::parse(score, 10).unwrap(), reason: None };
    Sheet(criteria.iter().map(|criterion| (*criterion, mark.clone())).collect())
}

/// A locked review.
pub fn review(proposal: &proposal::Model, member: &council_member::Model, sheet: Sheet) -> review::Model {
    review::Model {
        id: ids::random(),
        challenge_id: proposal.challenge_id,
        proposal_id: proposal.id,
        member_id: member.id,
        user_id: member.user_id,
        status: ReviewStatus::Locked,
        status_reason: None,
        sheet,
        comment: None,
        due_at: None,
        void_requested_by: None,
        void_requested_at: None,
        void_reason: None,
        offered_at: THEN,
        submitted_at: Some(THEN),
        locked_at: Some(THEN),
        updated_at: THEN,
        version: 1,
    }
}

/// A plan of nothing.
pub fn review_plan(challenge: ChallengeId, planner: UserId) -> review_plan::Model {
    review_plan::Model {
        challenge_id: challenge,
        reviewers_per_proposal: 3,
        max_load: 5,
        plan: domain::assign::plan(&domain::assign::Task::default()),
        planned_by: planner,
        planned_at: THEN,
        version: 1,
    }
}

/// A decision that is being drafted.
pub fn decision(challenge: ChallengeId, chair: UserId) -> decision::Model {
    decision::Model {
        id: ids::random(),
        challenge_id: challenge,
        status: DecisionStatus::Draft,
        departure_reason: None,
        return_reason: None,
        record: None,
        drafted_by: chair,
        approved_by: None,
        approved_at: None,
        publish_at: None,
        scheduled_by: None,
        published_at: None,
        standstill_until: None,
        replaces_id: None,
        is_promotion: false,
        created_at: THEN,
        updated_at: THEN,
        version: 1,
    }
}
