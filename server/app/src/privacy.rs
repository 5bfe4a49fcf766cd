//! What belongs to a person: name and language, consents, a copy of everything, the way out. And what an administrator may do
//! to an account, which is to switch it off and on, and to give posts.

use std::sync::Arc;

use domain::access::Action;
use domain::account::{ConsentPurpose, ERASED_NAME, PlatformRole};
use domain::event::{Event, EventKind};
use domain::id::UserId;
use domain::locale::Locale;
use domain::problem::{Problem, Reason};
use domain::proposal::{Content, ProposalStatus};
use domain::time::Timestamp;
use entity::{
    appeal, audit_entry, conflict_declaration, consent, council_member, device, expert, external_identity,
    follow, membership, message, notification_preference, one_time_token, organization, platform_grant,
    proposal, proposal_draft, question, review, saved_search, second_factor, session, user,
    working_group_member,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect as _,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::access::must;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Op;
use crate::vault::Sealer;
use crate::{App, ids};

/// Changes one's name or language.
#[derive(Serialize)]
pub struct UpdateProfile {
    /// The version that the caller saw.
    pub expected_version: i32,
    /// The name; None leaves it.
    pub display_name: Option<String>,
    /// The language; None leaves it.
    pub locale: Option<Locale>,
}

impl Command for UpdateProfile {
    const NAME: &'static str = "updateProfile";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let id = tx.op().user()?;
        let row =
            user::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(Error::Unauthenticated)?;
        must_be_version(Some(self.expected_version), row.version)?;
        if let Some(name) = &self.display_name {
            crate::expert::rename(tx, id, name).await?;
        }
        let change = user::ActiveModel {
            display_name: Set(self.display_name.clone().unwrap_or(row.display_name)),
            locale: Set(self.locale.unwrap_or(row.locale)),
            updated_at: Set(tx.now().await?),
            version: Set(row.version + 1),
            ..Default::default()
        };
        user::Entity::update_many()
            .set(change)
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::Version.eq(row.version))
            .exec(tx)
            .await?;
        tx.record(Event::new(EventKind::ProfileChanged).user(id).fact("version", row.version + 1));
        Ok(id)
    }
}

/// Gives a consent, or takes it back: a new record each time, none is ever changed.
#[derive(Serialize)]
pub struct RecordConsent {
    /// To what.
    pub purpose: ConsentPurpose,
    /// Given, or taken back.
    pub is_given: bool,
    /// Which text the person had before them.
    pub notice_version: String,
}

impl Command for RecordConsent {
    const NAME: &'static str = "recordConsent";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let user = tx.op().user()?;
        let row = consent::ActiveModel {
            id: Set(ids::random()),
            user_id: Set(user),
            purpose: Set(self.purpose),
            is_given: Set(self.is_given),
            notice_version: Set(self.notice_version.clone()),
            locale: Set(tx.op().locale),
            at: Set(tx.now().await?),
        };
        consent::Entity::insert(row).exec_without_returning(tx).await?;
        tx.record(
            Event::new(EventKind::ConsentRecorded)
                .user(user)
                .fact("purpose", self.purpose)
                .fact("is_given", self.is_given),
        );
        Ok(user)
    }
}

/// What a person has said last of each purpose; purposes they never spoke of are missing.
pub async fn consents(app: &App, user: UserId) -> Result<Vec<consent::Model>> {
    let all = consent::Entity::find()
        .filter(consent::Column::UserId.eq(user))
        .order_by_desc(consent::Column::At)
        .order_by_desc(consent::Column::Id);
    let all = all.all(&app.db.read).await?;
    let latest =
        ConsentPurpose::ALL.iter().filter_map(|purpose| all.iter().find(|row| row.purpose == *purpose));
    Ok(latest.cloned().collect())
}

/// Most audit entries in a copy of one's data.
const ENTRIES_MAX: u64 = 10_000;

/// A copy of everything that is kept of a person, as one JSON document.
pub async fn export(app: &App, op: &Arc<Op>) -> Result<Value> {
    let user = app.execute(op, None, Export).await?;
    let db = &app.db.read;
    /// The rows of an entity that are about the person, each written by `$write`.
    macro_rules! of {
        ($entity:ident.$column:ident, |$row:ident| $write:expr) => {{
            let rows = $entity::Entity::find().filter($entity::Column::$column.eq(user)).all(db).await?;
            Value::Array(rows.iter().map(|$row| $write).collect())
        }};
    }
    let at = |at: Timestamp| at.to_rfc3339();
    let maybe = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    let account = user::Entity::find_by_id(user).one(db).await?.ok_or(Error::Unauthenticated)?;
    let houses = membership::Entity::find().filter(membership::Column::UserId.eq(user)).all(db).await?;
    let names = organization::Entity::find()
        .filter(organization::Column::Id.is_in(houses.iter().map(|row| row.organization_id)))
        .all(db)
        .await?;
    let groups = working_group_member::Entity::find()
        .filter(working_group_member::Column::MembershipId.is_in(houses.iter().map(|row| row.id)))
        .all(db)
        .await?;
    let name_of = |id| names.iter().find(|row| row.id == id).map(|row| row.name_vi.clone());
    let acts = audit_entry::Entity::find()
        .filter(audit_entry::Column::Actor.eq(user))
        .order_by_desc(audit_entry::Column::Seq)
        .limit(ENTRIES_MAX)
        .all(db)
        .await?;
    Ok(json!({
        "account": {
            "id": domain::id::PublicId::public(user),
            "email": account.email,
            "displayName": account.display_name,
            "locale": account.locale,
            "emailVerifiedAt": maybe(account.email_verified_at),
            "createdAt": at(account.created_at),
            "updatedAt": at(account.updated_at),
        },
        "secondFactor": of!(second_factor.UserId, |row| json!({ "confirmedAt": maybe(row.confirmed_at) })),
        "sessions": of!(session.UserId, |row| json!({
            "createdAt": at(row.created_at), "endedAt": maybe(row.ended_at), "lastUsedAt": maybe(row.last_used_at),
            "address": row.address, "client": row.client,
        })),
        "externalIdentities": of!(external_identity.UserId, |row| json!({
            "issuer": row.issuer, "subject": row.subject, "email": row.email,
            "createdAt": at(row.created_at), "lastUsedAt": at(row.last_used_at),
        })),
        "devices": of!(device.UserId, |row| json!({
            "createdAt": at(row.created_at), "lastUsedAt": at(row.last_used_at), "endedAt": maybe(row.ended_at),
        })),
        "consents": of!(consent.UserId, |row| json!({
            "purpose": row.purpose, "isGiven": row.is_given, "noticeVersion": row.notice_version,
            "locale": row.locale, "at": at(row.at),
        })),
        "posts": of!(platform_grant.UserId, |row| json!({ "role": row.role, "grantedAt": at(row.granted_at) })),
        "memberships": houses.iter().map(|row| json!({
            "organization": name_of(row.organization_id), "role": row.role,
            "createdAt": at(row.created_at), "endedAt": maybe(row.ended_at),
        })).collect::<Vec<_>>(),
        "workingGroups": groups.iter().map(|row| json!({
            "position": row.position, "role": row.role, "isFocalPoint": row.is_focal_point,
            "termFrom": row.term_from, "termUntil": row.term_until,
        })).collect::<Vec<_>>(),
        "expert": of!(expert.UserId, |row| json!({
            "status": row.status, "statusReason": row.status_reason, "title": row.title,
            "affiliation": row.affiliation, "qualification": row.qualification,
            "registeredAt": at(row.registered_at), "updatedAt": at(row.updated_at),
        })),
        "councilSeats": of!(council_member.UserId, |row| json!({
            "challenge": domain::id::PublicId::public(row.challenge_id), "role": row.role,
            "appointedAt": at(row.appointed_at), "removedAt": maybe(row.removed_at),
        })),
        "conflictDeclarations": of!(conflict_declaration.UserId, |row| json!({
            "proposal": domain::id::PublicId::public(row.proposal_id), "interest": row.interest,
            "reason": row.reason, "declaredAt": at(row.declared_at),
        })),
        "reviews": of!(review.UserId, |row| json!({
            "proposal": domain::id::PublicId::public(row.proposal_id), "status": row.status, "sheet": row.sheet,
            "comment": row.comment, "offeredAt": at(row.offered_at), "submittedAt": maybe(row.submitted_at),
        })),
        "proposalsDrafted": of!(proposal.CreatedBy, |row| json!({
            "id": domain::id::PublicId::public(row.id), "createdAt": at(row.created_at),
        })),
        "mails": of!(message.UserId, |row| json!({
            "kind": row.kind, "createdAt": at(row.created_at), "sentAt": maybe(row.sent_at),
            "readAt": maybe(row.read_at),
        })),
        "follows": of!(follow.UserId, |row| json!({
            "kind": row.kind, "followed": row.target, "followedAt": at(row.created_at),
        })),
        "notificationPreferences": of!(notification_preference.UserId, |row| json!({
            "timeZone": row.preferences.time_zone, "digestAt": row.preferences.digest_at.to_string(),
            "quietHours": row.preferences.quiet_hours.map(|hours| [hours.from, hours.until].map(|at| at.to_string())),
            "deliveries": row.preferences.deliveries, "updatedAt": at(row.updated_at),
        })),
        "savedSearches": of!(saved_search.UserId, |row| json!({
            "name": row.name, "query": row.words, "sector": row.sector, "savedAt": at(row.created_at),
        })),
        "questions": of!(question.AskedBy, |row| json!({
            "challenge": domain::id::PublicId::public(row.challenge_id), "text": row.asked_text,
            "askedAt": at(row.asked_at),
        })),
        "appeals": of!(appeal.FiledBy, |row| json!({
            "proposal": domain::id::PublicId::public(row.proposal_id), "status": row.status,
            "filedAt": at(row.filed_at),
        })),
        "acts": acts.iter().map(|row| json!({
            "at": at(row.at), "action": row.action, "object": row.object_kind, "address": row.address,
        })).collect::<Vec<_>>(),
    }))
}

#[derive(Serialize)]
struct Export;

impl Command for Export {
    const NAME: &'static str = "exportOwnData";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let user = tx.fresh_person().await?.id;
        tx.record(Event::new(EventKind::OwnDataExported).user(user));
        Ok(user)
    }
}

/// Switches one's own account off. Its sessions end, and nobody can log in to it; an administrator can bring it back.
#[derive(Serialize)]
pub struct DeactivateOwn;

impl Command for DeactivateOwn {
    const NAME: &'static str = "deactivateAccount";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let user = tx.fresh_person().await?.id;
        must_leave_an_administrator(tx, user).await?;
        switch_off(tx, user, None).await?;
        tx.record(Event::new(EventKind::AccountDeactivated).user(user));
        Ok(user)
    }
}

/// An administrator switches an account off.
#[derive(Serialize)]
pub struct Deactivate {
    /// Whose.
    pub user: UserId,
    /// Why; the person reads it.
    pub reason: String,
}

impl Command for Deactivate {
    const NAME: &'static str = "deactivateUser";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let me = tx.fresh_person().await?.id;
        let row = account(tx, self.user).await?;
        must(Action::ManageAccounts, tx.op().viewer.roles())?;
        if row.id == me {
            return Err(Reason::SelfApproval.into());
        }
        if row.deactivated_at.is_some() {
            return Err(switched_off().into());
        }
        switch_off(tx, row.id, Some(&self.reason)).await?;
        tx.record(Event::new(EventKind::AccountDeactivated).user(row.id));
        Ok(row.id)
    }
}

/// An administrator switches an account on again. An erased one stays erased.
#[derive(Serialize)]
pub struct Reactivate {
    /// Whose.
    pub user: UserId,
}

impl Command for Reactivate {
    const NAME: &'static str = "reactivateUser";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        tx.fresh_person().await?;
        let row = account(tx, self.user).await?;
        must(Action::ManageAccounts, tx.op().viewer.roles())?;
        if row.deactivated_at.is_none() || row.erased_at.is_some() {
            let current = if row.erased_at.is_some() { ERASED } else { ACTIVE };
            return Err(Reason::Transition { current, allowed: vec![DEACTIVATED] }.into());
        }
        let change = user::ActiveModel {
            deactivated_at: Set(None),
            status_reason: Set(None),
            updated_at: Set(tx.now().await?),
            version: Set(row.version + 1),
            ..Default::default()
        };
        user::Entity::update_many().set(change).filter(user::Column::Id.eq(row.id)).exec(tx).await?;
        tx.record(Event::new(EventKind::AccountReactivated).user(row.id));
        Ok(row.id)
    }
}

const ACTIVE: &str = "ACTIVE";
const DEACTIVATED: &str = "DEACTIVATED";
const ERASED: &str = "ERASED";

fn switched_off() -> Reason {
    Reason::Transition { current: DEACTIVATED, allowed: vec![ACTIVE] }
}

/// Loads and locks an account that the viewer may know of.
async fn account(tx: &Tx, id: UserId) -> Result<user::Model> {
    let row = crate::account::visible_to(&tx.op().viewer).filter(user::Column::Id.eq(id));
    let row = row.lock_exclusive().one(tx).await?;
    Ok(row.ok_or_else(|| Problem::at("userId", Reason::NotFound))?)
}

async fn switch_off(tx: &Tx, user: UserId, reason: Option<&String>) -> Result<()> {
    let now = tx.now().await?;
    let change = user::ActiveModel {
        deactivated_at: Set(Some(now)),
        status_reason: Set(reason.cloned()),
        updated_at: Set(now),
        ..Default::default()
    };
    user::Entity::update_many().set(change).filter(user::Column::Id.eq(user)).exec(tx).await?;
    crate::session::end_all(tx, user, None, now).await
}

/// The platform keeps somebody who can run it.
async fn must_leave_an_administrator(tx: &Tx, user: UserId) -> Result<()> {
    let all: Vec<UserId> = platform_grant::Entity::find()
        .filter(platform_grant::Column::Role.eq(PlatformRole::Administrator))
        .lock_exclusive()
        .all(tx)
        .await?
        .into_iter()
        .map(|grant| grant.user_id)
        .collect();
    if !all.contains(&user) {
        return Ok(());
    }
    let others = user::Entity::find()
        .filter(user::Column::Id.is_in(all))
        .filter(user::Column::Id.ne(user))
        .filter(user::Column::DeactivatedAt.is_null());
    if others.count(tx).await? == 0 { Err(Reason::IncompatibleRole.into()) } else { Ok(()) }
}

/// Erases a person: what the dossier keeps of them is a pseudonym from now on, everything else is gone.
///
/// Kept by law: that somebody submitted, scored or decided, and the audit chain, which names an id and no person. Drafts that
/// were never handed in are emptied if nobody else is on the team.
#[derive(Serialize)]
pub struct EraseOwn;

impl Command for EraseOwn {
    const NAME: &'static str = "eraseAccount";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let user = tx.fresh_person().await?.id;
        must_leave_an_administrator(tx, user).await?;
        erase(tx, user).await?;
        Ok(user)
    }
}

/// The same by whoever runs the server, for a person who cannot log in any more.
#[derive(Serialize)]
pub struct Erase {
    /// Whose account.
    pub email_key: String,
}

impl Command for Erase {
    const NAME: &'static str = "erase";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let row = user::Entity::find().filter(user::Column::EmailKey.eq(&self.email_key)).one(tx).await?;
        let row = row.ok_or_else(|| Problem::at("email", Reason::NotFound))?;
        must_leave_an_administrator(tx, row.id).await?;
        erase(tx, row.id).await?;
        Ok(row.id)
    }
}

async fn erase(tx: &Tx, user: UserId) -> Result<()> {
    let row = user::Entity::find_by_id(user).lock_exclusive().one(tx).await?.ok_or(Error::Unauthenticated)?;
    let now = tx.now().await?;
    switch_off(tx, user, None).await?;
    empty_own_drafts(tx, user).await?;
    let nowhere = format!("{user}@erased.invalid");
    let person = user::ActiveModel {
        email: Set(nowhere.clone()),
        email_key: Set(nowhere.clone()),
        display_name: Set(ERASED_NAME.to_owned()),
        password_hash: Set(String::new()),
        erased_at: Set(Some(now)),
        version: Set(row.version + 1),
        ..Default::default()
    };
    user::Entity::update_many().set(person).filter(user::Column::Id.eq(user)).exec(tx).await?;
    crate::second_factor::take_away(tx, user, now).await?;
    external_identity::Entity::delete_many()
        .filter(external_identity::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    session::Entity::update_many()
        .set(session::ActiveModel { address: Set(None), client: Set(None), ..Default::default() })
        .filter(session::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    membership::Entity::update_many()
        .set(membership::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    follow::Entity::delete_many().filter(follow::Column::UserId.eq(user)).exec(tx).await?;
    saved_search::Entity::delete_many().filter(saved_search::Column::UserId.eq(user)).exec(tx).await?;
    notification_preference::Entity::delete_by_id(user).exec(tx).await?;
    council_member::Entity::update_many()
        .set(council_member::ActiveModel { removed_at: Set(Some(now)), ..Default::default() })
        .filter(council_member::Column::UserId.eq(user))
        .filter(council_member::Column::RemovedAt.is_null())
        .exec(tx)
        .await?;
    crate::expert::erase(tx, user).await?;
    // The address, wherever else it stands: in tokens, and in mails that were sent or wait.
    one_time_token::Entity::update_many()
        .set(one_time_token::ActiveModel {
            email: Set(nowhere.clone()),
            email_key: Set(nowhere.clone()),
            used_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(
            Condition::any()
                .add(one_time_token::Column::EmailKey.eq(&row.email_key))
                .add(one_time_token::Column::UserId.eq(user)),
        )
        .exec(tx)
        .await?;
    message::Entity::update_many()
        .set(message::ActiveModel { email: Set(Some(nowhere)), ..Default::default() })
        .filter(message::Column::Email.eq(&row.email))
        .exec(tx)
        .await?;
    message::Entity::update_many()
        .set(message::ActiveModel { address_hash: Set(None), ..Default::default() })
        .filter(
            Condition::any()
                .add(message::Column::AddressHash.eq(crate::dead_letter::digest(tx.app(), &row.email)))
                .add(message::Column::UserId.eq(user)),
        )
        .exec(tx)
        .await?;
    tx.record(Event::new(EventKind::AccountErased).user(user));
    Ok(())
}

/// Drafts never handed in, of houses in which the person is alone.
async fn empty_own_drafts(tx: &Tx, user: UserId) -> Result<()> {
    let drafts = proposal::Entity::find()
        .filter(proposal::Column::CreatedBy.eq(user))
        .filter(proposal::Column::Status.eq(ProposalStatus::Draft))
        .filter(proposal::Column::CurrentVersion.eq(0))
        .all(tx)
        .await?;
    for draft in drafts {
        let others = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(draft.organization_id))
            .filter(membership::Column::UserId.ne(user))
            .filter(membership::Column::EndedAt.is_null());
        if others.count(tx).await? == 0 {
            let sealer = Sealer::of(tx, draft.challenge_id).await?;
            let empty = proposal_draft::ActiveModel {
                content: Set(sealer.draft(draft.id, &Content::default())?),
                ..Default::default()
            };
            proposal_draft::Entity::update_many()
                .set(empty)
                .filter(proposal_draft::Column::ProposalId.eq(draft.id))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// An administrator gives a post on the platform.
#[derive(Serialize)]
pub struct GrantPost {
    /// To whom, by the address of a verified account.
    pub email_key: String,
    /// Which.
    pub role: PlatformRole,
}

impl Command for GrantPost {
    const NAME: &'static str = "grantPlatformRole";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        tx.fresh_person().await?;
        must(Action::ManageAccounts, tx.op().viewer.roles())?;
        let account = user::Entity::find()
            .filter(user::Column::EmailKey.eq(&self.email_key))
            .filter(user::Column::EmailVerifiedAt.is_not_null())
            .filter(user::Column::DeactivatedAt.is_null())
            .one(tx)
            .await?
            .ok_or_else(|| Problem::at("email", Reason::NotFound))?;
        let held = platform_grant::Entity::find_by_id((account.id, self.role)).one(tx).await?;
        if held.is_some() {
            return Err(Problem::at("role", Reason::AlreadyExists).into());
        }
        let row = platform_grant::ActiveModel {
            user_id: Set(account.id),
            role: Set(self.role),
            granted_at: Set(tx.now().await?),
        };
        platform_grant::Entity::insert(row).exec_without_returning(tx).await?;
        tx.record(Event::new(EventKind::PlatformRoleGranted).user(account.id).fact("role", self.role));
        Ok(account.id)
    }
}

/// An administrator takes a post on the platform away.
#[derive(Serialize)]
pub struct RevokePost {
    /// From whom.
    pub user: UserId,
    /// Which.
    pub role: PlatformRole,
}

impl Command for RevokePost {
    const NAME: &'static str = "revokePlatformRole";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let me = tx.fresh_person().await?.id;
        let row = account(tx, self.user).await?;
        must(Action::ManageAccounts, tx.op().viewer.roles())?;
        // So there is always one left: whoever takes it from the others keeps it.
        if row.id == me && self.role == PlatformRole::Administrator {
            return Err(Reason::SelfApproval.into());
        }
        let gone = platform_grant::Entity::delete_by_id((row.id, self.role)).exec(tx).await?;
        if gone.rows_affected == 0 {
            return Err(Problem::at("role", Reason::NotFound).into());
        }
        tx.record(Event::new(EventKind::PlatformRoleRevoked).user(row.id).fact("role", self.role));
        Ok(row.id)
    }
}
