//! Accounts: who a person is, how one is made, and the tokens that prove an address.

use domain::account::{PlatformRole, TokenPurpose, check_password};
use domain::event::{Event, EventKind};
use domain::id::{OneTimeTokenId, OrganizationId, UserId};
use domain::locale::Locale;
use domain::organization::MembershipRole;
use domain::problem::{Problem, Reason};
use domain::text::Email;
use domain::time::Timestamp;
use entity::{council_member, membership, one_time_token, platform_grant, user};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait, Select,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::keys::token_hash;
use crate::op::{Op, Viewer};
use crate::throttle::Counted;
use crate::{App, ids};

/// Whom a viewer may see as a person: oneself, the members of one's organisations, fellows on a council; staff see all.
///
/// Row `PERSON` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<user::Entity> {
    let Some(person) = &viewer.0 else {
        return user::Entity::find()
            .filter(Condition::any().add(user::Column::Id.is_in(Vec::<UserId>::new())));
    };
    if viewer.is_staff() {
        return user::Entity::find();
    }
    let colleagues = membership::Entity::find()
        .filter(membership::Column::OrganizationId.is_in(viewer.houses()))
        .filter(membership::Column::EndedAt.is_null())
        .select_only()
        .column(membership::Column::UserId)
        .into_query();
    let seats =
        || council_member::Entity::find().filter(council_member::Column::RemovedAt.is_null()).select_only();
    let my_councils = seats()
        .column(council_member::Column::ChallengeId)
        .filter(council_member::Column::UserId.eq(person.id))
        .into_query();
    let fellows = seats()
        .column(council_member::Column::UserId)
        .filter(council_member::Column::ChallengeId.in_subquery(my_councils))
        .into_query();
    user::Entity::find().filter(
        Condition::any()
            .add(user::Column::Id.eq(person.id))
            .add(user::Column::Id.in_subquery(colleagues))
            .add(user::Column::Id.in_subquery(fellows)),
    )
}

/// One's own row, which one may always see.
pub async fn own(app: &App, user: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(user).one(&app.db.read).await?)
}

/// Somebody wants an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Address.
    pub email: Email,
    /// Name, one line.
    pub display_name: String,
    /// Language of mails.
    pub locale: Locale,
    /// Password, as sent.
    pub password: SecretString,
}

/// Registers, without telling whether the address was known: the mail tells its owner.
pub async fn register(app: &App, op: &Arc<Op>, registration: Registration) -> Result<()> {
    let Registration { email, display_name, locale, password } = registration;
    check_password(password.expose_secret(), Some(&email), &display_name)
        .map_err(|reason| Problem::at("password", reason))?;
    // Hashed in either case, so that both take the same time.
    let password_hash = app.passwords.hash(password).await?;
    app.execute(
        op,
        None,
        Register { email: email.to_string(), email_key: email.key(), display_name, locale, password_hash },
    )
    .await
}

#[derive(Serialize)]
struct Register {
    email: String,
    email_key: String,
    display_name: String,
    locale: Locale,
    #[serde(skip)]
    password_hash: String,
}

impl Command for Register {
    const NAME: &'static str = "register";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let now = tx.now().await?;
        // Nobody's mailbox is filled by people who register with its address.
        let email = Email::parse(&self.email).map_err(|reason| Problem::at("email", reason))?;
        let mails = Counted::mails(tx.app(), &email);
        mails.must_not_wait(tx, now).await?;
        mails.count(tx).await?;
        let known = user::Entity::find().filter(user::Column::EmailKey.eq(&self.email_key)).one(tx).await?;
        match known {
            Some(user) if user.email_verified_at.is_some() => {
                tx.record(Event::new(EventKind::RegistrationRepeated).user(user.id));
            }
            // Never proved to be anybody's: the newest attempt counts, and only its token works.
            Some(user) => {
                let version = user.version + 1;
                let change = user::ActiveModel {
                    id: Set(user.id),
                    email: Set(self.email.clone()),
                    display_name: Set(self.display_name.clone()),
                    locale: Set(self.locale),
                    password_hash: Set(self.password_hash.clone()),
                    updated_at: Set(now),
                    version: Set(version),
                    ..Default::default()
                };
                change.update(tx).await?;
                self.send_token(tx, user.id, now).await?;
            }
            None => {
                let id: UserId = ids::random();
                insert_user(tx, id, self, None, now).await?;
                self.send_token(tx, id, now).await?;
            }
        }
        Ok(())
    }
}

impl Register {
    async fn send_token(&self, tx: &Tx, user: UserId, now: Timestamp) -> Result<()> {
        let mail = Invite {
            purpose: TokenPurpose::VerifyEmail,
            email: &self.email,
            email_key: &self.email_key,
            locale: self.locale,
            user: Some(user),
            place: None,
        };
        let token = issue(tx, mail, tx.app().settings.one_time_token_life, now).await?;
        tx.record(Event::new(EventKind::UserRegistered).user(user).token(token));
        Ok(())
    }
}

async fn insert_user(
    tx: &Tx,
    id: UserId,
    who: &Register,
    verified_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let row = user::ActiveModel {
        id: Set(id),
        email: Set(who.email.clone()),
        email_key: Set(who.email_key.clone()),
        display_name: Set(who.display_name.clone()),
        locale: Set(who.locale),
        password_hash: Set(who.password_hash.clone()),
        email_verified_at: Set(verified_at),
        created_at: Set(now),
        updated_at: Set(now),
        version: Set(1),
        deactivated_at: Set(None),
        erased_at: Set(None),
        status_reason: Set(None),
        inbox_seq: Set(None),
    };
    user::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An account whose address somebody else vouches for: verified, and without a password.
pub(crate) async fn insert_vouched(
    tx: &Tx,
    id: UserId,
    (email, email_key): (&str, &str),
    display_name: &str,
    locale: Locale,
    now: Timestamp,
) -> Result<()> {
    let who = Register {
        email: email.to_owned(),
        email_key: email_key.to_owned(),
        display_name: display_name.to_owned(),
        locale,
        password_hash: String::new(),
    };
    insert_user(tx, id, &who, Some(now), now).await
}

/// What a one-time token is made for.
pub(crate) struct Invite<'a> {
    pub purpose: TokenPurpose,
    pub email: &'a str,
    pub email_key: &'a str,
    pub locale: Locale,
    pub user: Option<UserId>,
    pub place: Option<(OrganizationId, MembershipRole)>,
}

/// Makes a one-time token; older ones for the same purpose, address and place stop working.
pub(crate) async fn issue(
    tx: &Tx,
    invite: Invite<'_>,
    life: Duration,
    now: Timestamp,
) -> Result<OneTimeTokenId> {
    let mut older = one_time_token::Entity::update_many()
        .set(one_time_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(one_time_token::Column::Purpose.eq(invite.purpose))
        .filter(one_time_token::Column::EmailKey.eq(invite.email_key))
        .filter(one_time_token::Column::UsedAt.is_null());
    if let Some((organization, _)) = invite.place {
        older = older.filter(one_time_token::Column::OrganizationId.eq(organization));
    }
    older.exec(tx).await?;
    let id: OneTimeTokenId = ids::random();
    let row = one_time_token::ActiveModel {
        id: Set(id),
        purpose: Set(invite.purpose),
        token_hash: Set(token_hash(&tx.app().keys.one_time_token(id))),
        email: Set(invite.email.to_owned()),
        email_key: Set(invite.email_key.to_owned()),
        locale: Set(invite.locale),
        user_id: Set(invite.user),
        organization_id: Set(invite.place.map(|(organization, _)| organization)),
        role: Set(invite.place.map(|(_, role)| role)),
        // Counted: whoever invites sends mail to people who did not ask for it.
        invited_by: Set(invite.place.and(tx.op().viewer.0.as_ref().map(|person| person.id))),
        created_at: Set(now),
        expires_at: Set(now.plus_seconds(seconds(life))),
        used_at: Set(None),
    };
    one_time_token::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// Uses up a one-time token. Unknown, used, replaced and expired ones are refused alike.
pub(crate) async fn redeem(tx: &Tx, purpose: TokenPurpose, hash: &str) -> Result<one_time_token::Model> {
    let invalid = || Problem::at("token", Reason::InvalidToken);
    let token = one_time_token::Entity::find()
        .filter(one_time_token::Column::TokenHash.eq(hash))
        .filter(one_time_token::Column::Purpose.eq(purpose))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(invalid)?;
    let now = tx.now().await?;
    if token.used_at.is_some() || token.expires_at <= now {
        return Err(invalid().into());
    }
    one_time_token::ActiveModel { id: Set(token.id), used_at: Set(Some(now)), ..Default::default() }
        .update(tx)
        .await?;
    crate::dead_letter::mailbox_works(tx, &token.email).await?;
    Ok(token)
}

/// Proves the address by the token that was mailed to it.
#[derive(Serialize)]
pub struct VerifyEmail {
    /// Hash of the token.
    pub token_hash: String,
}

impl Command for VerifyEmail {
    const NAME: &'static str = "verifyEmail";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let token = redeem(tx, TokenPurpose::VerifyEmail, &self.token_hash).await?;
        let now = tx.now().await?;
        let user =
            token.user_id.ok_or_else(|| Error::Internal("a verification token without a user".to_owned()))?;
        user::ActiveModel {
            id: Set(user),
            email_verified_at: Set(Some(now)),
            updated_at: Set(now),
            ..Default::default()
        }
        .update(tx)
        .await?;
        tx.record(Event::new(EventKind::EmailVerified).user(user));
        Ok(())
    }
}

/// An account made by the command line or the demo: its address counts as verified.
pub async fn create(
    app: &App,
    op: &Arc<Op>,
    registration: Registration,
    post: Option<PlatformRole>,
) -> Result<UserId> {
    let Registration { email, display_name, locale, password } = registration;
    let password_hash = app.passwords.hash(password).await?;
    create_hashed(app, op, email, display_name, locale, password_hash, post).await
}

/// The same with a password that is hashed already: the demo's people share one.
pub async fn create_hashed(
    app: &App,
    op: &Arc<Op>,
    email: Email,
    display_name: String,
    locale: Locale,
    password_hash: String,
    post: Option<PlatformRole>,
) -> Result<UserId> {
    let who =
        Register { email: email.to_string(), email_key: email.key(), display_name, locale, password_hash };
    app.execute(op, None, CreateAccount { who, post }).await
}

#[derive(Serialize)]
struct CreateAccount {
    who: Register,
    post: Option<PlatformRole>,
}

impl Command for CreateAccount {
    const NAME: &'static str = "createAccount";
    type Output = UserId;

    async fn run(&self, tx: &Tx) -> Result<UserId> {
        let now = tx.now().await?;
        let taken =
            user::Entity::find().filter(user::Column::EmailKey.eq(&self.who.email_key)).one(tx).await?;
        if taken.is_some() {
            return Err(Problem::at("email", Reason::AlreadyExists).into());
        }
        let id: UserId = ids::random();
        insert_user(tx, id, &self.who, Some(now), now).await?;
        tx.record(Event::new(EventKind::EmailVerified).user(id).fact("by", "operator"));
        if let Some(role) = self.post {
            let row = platform_grant::ActiveModel { user_id: Set(id), role: Set(role), granted_at: Set(now) };
            platform_grant::Entity::insert(row).exec_without_returning(tx).await?;
            tx.record(Event::new(EventKind::PlatformRoleGranted).user(id).fact("role", role));
        }
        Ok(id)
    }
}

pub(crate) fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
