//! Sessions: logging in, staying in, getting out.
//!
//! A log-in says one same thing for an unknown address, a wrong password, an unverified and a switched-off account, and takes
//! the same time. Failures are counted (`throttle`), apart for whoever shows that they are no stranger.

use std::sync::Arc;
use std::time::Duration;

use domain::account::{DEVICE_DAYS, PASSWORD_MAX, SECOND_FACTOR_MINUTES, TokenPurpose};
use domain::event::{Event, EventKind};
use domain::id::{DeviceId, SessionId, UserId};
use domain::locale::Locale;
use domain::problem::{Problem, Reason};
use domain::text::Email;
use domain::time::Timestamp;
use entity::{device, one_time_token, refresh_token, session, user};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::account::{Invite, issue, redeem, seconds};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::keys::{random_token, token_hash};
use crate::op::{Op, Person, Viewer};
use crate::password::is_outdated;
use crate::second_factor::{self, Shown};
use crate::throttle::Counted;
use crate::{App, ids};

/// Sessions are their owner's business alone.
pub fn visible_to(viewer: &Viewer) -> Select<session::Entity> {
    session::Entity::find()
        .filter(session::Column::UserId.eq(viewer.0.as_ref().map(|person| person.id)))
        .filter(session::Column::EndedAt.is_null())
}

/// One's own sessions that are alive, the newest first.
pub async fn list_own(app: &App, viewer: &Viewer) -> Result<Vec<session::Model>> {
    let alive = visible_to(viewer)
        .filter(session::Column::ExpiresAt.gt(app.db.clock.process()))
        .order_by_desc(session::Column::CreatedAt)
        .limit(SESSIONS_MAX);
    Ok(alive.all(&app.db.read).await?)
}

/// Most sessions of one person; the oldest ends when one more begins.
pub const SESSIONS_MAX: u64 = 100;

/// What a log-in or a refresh gives.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Whose.
    pub user: UserId,
    /// JWT for the `Authorization` header.
    pub access_token: SecretString,
    /// When it ends.
    pub access_token_expires_at: Timestamp,
    /// Single use.
    pub refresh_token: SecretString,
    /// When it ends if not used.
    pub refresh_token_expires_at: Timestamp,
}

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its keys.
    pub tokens: Tokens,
    /// To be kept by the device and shown at its next log-in.
    pub device_token: SecretString,
    /// The person may do nothing before they have set up a second factor.
    pub is_second_factor_due: bool,
}

/// What a right password leads to.
#[derive(Clone, Debug)]
pub enum LoggedIn {
    /// A session.
    Opened(Box<Opened>),
    /// The second factor is asked for, with this token.
    SecondFactor {
        /// Good for `complete_log_in`.
        token: SecretString,
        /// Until when.
        expires_at: Timestamp,
    },
}

/// How the password was, or whose it was.
struct Account {
    row: Option<user::Model>,
    key: String,
}

/// Logs in. A wrong address, a wrong password, an unverified address and a switched-off account give one same answer.
pub async fn log_in(
    app: &App,
    op: &Arc<Op>,
    email: &str,
    password: SecretString,
    device: Option<&str>,
) -> Result<LoggedIn> {
    let refused = || Error::from(Reason::InvalidCredentials);
    let account = find(app, email).await?;
    if password.expose_secret().len() > PASSWORD_MAX * 4 {
        return Err(refused());
    }
    let counted = counted(app, op, &account, device).await?;
    let stored = account.row.as_ref().map(|row| row.password_hash.clone());
    if !checked(app, op, &counted, password.clone(), stored, account.row.as_ref().map(|row| row.id)).await? {
        return Err(refused());
    }
    let row = account.row.ok_or_else(refused)?;
    if second_factor::is_on(&app.db.read, row.id).await? {
        let begun = app.execute(op, None, BeginSecondFactor { user: row.id }).await?;
        return Ok(LoggedIn::SecondFactor {
            token: app.keys.one_time_token(begun.0).into(),
            expires_at: begun.1,
        });
    }
    let new_hash =
        if is_outdated(&row.password_hash) { Some(app.passwords.hash(password).await?) } else { None };
    open(app, op, Opening { user: row.id, device, counted: Some(counted), is_strong: false, new_hash })
        .await
        .map(|opened| LoggedIn::Opened(Box::new(opened)))
}

/// The account behind an address, if it may be used; and what to count against if there is none.
async fn find(app: &App, email: &str) -> Result<Account> {
    // What is no address is looked for all the same, so that it takes as long.
    let key = Email::parse(email)
        .map_or_else(|_| email.trim().to_lowercase().chars().take(254).collect(), |email| email.key());
    let row = user::Entity::find().filter(user::Column::EmailKey.eq(&key)).one(&app.db.read).await?;
    let row = row.filter(|row| row.email_verified_at.is_some() && row.deactivated_at.is_none());
    Ok(Account { row, key })
}

/// Against what a failure counts: somebody on a device or at an address from which the account was used is no stranger.
async fn counted(app: &App, op: &Op, account: &Account, device: Option<&str>) -> Result<Counted> {
    // For an unknown address the same questions are asked, about nobody.
    let user = account.row.as_ref().map_or_else(ids::random, |row| row.id);
    let address = op.address.as_deref().unwrap_or_default();
    let now = app.db.clock.process();
    if let Some(hash) = device.map(token_hash)
        && known_device(user, &hash, now).one(&app.db.read).await?.is_some()
    {
        return Ok(Counted::device(app, &hash));
    }
    let seen = session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::Address.eq(address))
        .filter(session::Column::CreatedAt.gt(now.plus_seconds(-DEVICE_DAYS * DAY)))
        .limit(1);
    Ok(if seen.one(&app.db.read).await?.is_some() {
        Counted::known_address(app, &account.key, address)
    } else {
        Counted::stranger(app, &account.key, address)
    })
}

const DAY: i64 = 86_400;

fn known_device(user: UserId, hash: &str, now: Timestamp) -> Select<device::Entity> {
    device::Entity::find()
        .filter(device::Column::TokenHash.eq(hash))
        .filter(device::Column::UserId.eq(user))
        .filter(device::Column::EndedAt.is_null())
        .filter(device::Column::LastUsedAt.gt(now.plus_seconds(-DEVICE_DAYS * DAY)))
}

/// Whether the password fits, in time and counted. The place is held until the failure is written.
pub(crate) async fn checked(
    app: &App,
    op: &Arc<Op>,
    counted: &Counted,
    password: SecretString,
    stored: Option<String>,
    user: Option<UserId>,
) -> Result<bool> {
    let place = app.passwords.place().await?;
    counted.must_not_wait(&app.db.read, app.db.clock.process()).await?;
    let fits = app.passwords.verify(&place, password, stored).await?;
    if !fits {
        app.execute(op, None, CountFailure { counted: counted.clone(), user }).await?;
    }
    drop(place);
    Ok(fits)
}

#[derive(Serialize)]
struct CountFailure {
    counted: Counted,
    user: Option<UserId>,
}

impl Command for CountFailure {
    const NAME: &'static str = "countFailure";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        self.counted.count(tx).await?;
        let event = Event::new(EventKind::LogInFailed);
        tx.record(match self.user {
            Some(user) => event.user(user),
            None => event,
        });
        Ok(())
    }
}

#[derive(Serialize)]
struct BeginSecondFactor {
    user: UserId,
}

impl Command for BeginSecondFactor {
    const NAME: &'static str = "beginSecondFactor";
    type Output = (domain::id::OneTimeTokenId, Timestamp);

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let now = tx.now().await?;
        let row = user::Entity::find_by_id(self.user).one(tx).await?.ok_or(Error::Unauthenticated)?;
        let step = Invite {
            purpose: TokenPurpose::SecondFactor,
            email: &row.email,
            email_key: &row.email_key,
            locale: Locale::Vi,
            user: Some(row.id),
            place: None,
        };
        let life = Duration::from_secs(u64::try_from(SECOND_FACTOR_MINUTES * 60).unwrap_or(300));
        let token = issue(tx, step, life, now).await?;
        Ok((token, now.plus_seconds(SECOND_FACTOR_MINUTES * 60)))
    }
}

/// Shows the second factor after the right password: a code of the app, or a recovery code.
pub async fn complete_log_in(
    app: &App,
    op: &Arc<Op>,
    token: &str,
    code: &str,
    device: Option<&str>,
) -> Result<Opened> {
    let step = ShowSecondFactor { token_hash: token_hash(token), code: code.to_owned() };
    match app.execute(op, None, step).await? {
        Step::Shown(user) => {
            open(app, op, Opening { user, device, counted: None, is_strong: true, new_hash: None }).await
        }
        Step::Wrong => Err(Problem::at("code", Reason::InvalidCode).into()),
    }
}

#[derive(Serialize)]
struct ShowSecondFactor {
    token_hash: String,
    #[serde(skip)]
    code: String,
}

/// What came of showing a code; a wrong one is kept as such, so it is no error of the transaction.
#[derive(Serialize, Deserialize)]
enum Step {
    Shown(UserId),
    Wrong,
}

impl Command for ShowSecondFactor {
    const NAME: &'static str = "completeLogIn";
    type Output = Step;

    async fn run(&self, tx: &Tx) -> Result<Step> {
        let token = one_time_token::Entity::find()
            .filter(one_time_token::Column::TokenHash.eq(&self.token_hash))
            .filter(one_time_token::Column::Purpose.eq(TokenPurpose::SecondFactor))
            .one(tx)
            .await?;
        let user = token
            .and_then(|token| token.user_id)
            .ok_or_else(|| Problem::at("token", Reason::InvalidToken))?;
        Ok(match second_factor::show(tx, user, &self.code).await? {
            Shown::Wrong => Step::Wrong,
            Shown::Right => {
                // Used up only now: a slip of the finger does not send anybody back to the password.
                redeem(tx, TokenPurpose::SecondFactor, &self.token_hash).await?;
                Step::Shown(user)
            }
        })
    }
}

/// Who is to have a session, and how they came.
pub struct Opening<'a> {
    /// Who.
    pub user: UserId,
    /// The device's token of an earlier log-in.
    pub device: Option<&'a str>,
    /// What failures were counted against, to be forgotten now.
    pub(crate) counted: Option<Counted>,
    /// A second factor was shown, or the single sign-on vouches for the person.
    pub is_strong: bool,
    /// The password by today's parameters.
    pub(crate) new_hash: Option<String>,
}

impl<'a> Opening<'a> {
    /// Of somebody whom the single sign-on vouches for.
    pub fn vouched(user: UserId, device: Option<&'a str>) -> Self {
        Self { user, device, counted: None, is_strong: true, new_hash: None }
    }
}

/// Begins a session: the one way in, however somebody proved who they are.
pub async fn open(app: &App, op: &Arc<Op>, opening: Opening<'_>) -> Result<Opened> {
    let secret = random_token();
    let device = opening.device.map_or_else(random_token, str::to_owned);
    let command = LogIn {
        user: opening.user,
        refresh_hash: token_hash(&secret),
        shown_device: opening.device.map(token_hash),
        new_device: random_token(),
        counted: opening.counted,
        is_strong: opening.is_strong,
        new_hash: opening.new_hash,
    };
    let new_device = command.new_device.clone();
    let begun = app.execute(op, None, command).await?;
    let tokens = tokens(app, opening.user, (begun.session, begun.until), secret)?;
    let person = crate::access::person(&app.db, opening.user).await?;
    let is_second_factor_due = match person {
        Some(person) if app.settings.is_second_factor_required && !opening.is_strong => {
            crate::access::has_office(&app.db.read, &person).await?
        }
        _ => false,
    };
    let device_token = if begun.knows_device { device } else { new_device };
    Ok(Opened { tokens, device_token: device_token.into(), is_second_factor_due })
}

/// Turns a refresh token into a new pair. A used one ends the whole session.
pub async fn refresh(app: &App, op: &Arc<Op>, refresh_token: &str) -> Result<Tokens> {
    let secret = random_token();
    let command = Refresh { old_hash: token_hash(refresh_token), new_hash: token_hash(&secret) };
    match app.execute(op, None, command).await? {
        Some((user, started)) => tokens(app, user, started, secret),
        None => Err(Problem::at("refreshToken", Reason::InvalidToken).into()),
    }
}

fn tokens(
    app: &App,
    user: UserId,
    (session, refresh_token_expires_at): (SessionId, Timestamp),
    secret: String,
) -> Result<Tokens> {
    let now = app.db.clock.process();
    let life = app.settings.access_token_life;
    let access_token =
        app.keys.sign(user, session, now, life).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Tokens {
        user,
        access_token: access_token.into(),
        access_token_expires_at: now.plus_seconds(seconds(life)),
        refresh_token: secret.into(),
        refresh_token_expires_at,
    })
}

#[derive(Serialize)]
struct LogIn {
    user: UserId,
    refresh_hash: String,
    shown_device: Option<String>,
    #[serde(skip)]
    new_device: String,
    counted: Option<Counted>,
    is_strong: bool,
    #[serde(skip)]
    new_hash: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Begun {
    session: SessionId,
    until: Timestamp,
    knows_device: bool,
}

impl Command for LogIn {
    const NAME: &'static str = "logIn";
    type Output = Begun;

    async fn run(&self, tx: &Tx) -> Result<Begun> {
        let now = tx.now().await?;
        // Whoever was switched off between the password and here does not get in.
        let account = user::Entity::find_by_id(self.user).filter(user::Column::DeactivatedAt.is_null());
        account.lock_shared().one(tx).await?.ok_or(Reason::InvalidCredentials)?;
        if let Some(counted) = &self.counted {
            counted.forget(tx).await?;
        }
        if let Some(hash) = &self.new_hash {
            let change = user::ActiveModel { password_hash: Set(hash.clone()), ..Default::default() };
            user::Entity::update_many().set(change).filter(user::Column::Id.eq(self.user)).exec(tx).await?;
        }
        self.end_the_oldest(tx, now).await?;
        let id: SessionId = ids::random();
        let expires_at = now.plus_seconds(seconds(tx.app().settings.session_life));
        let row = session::ActiveModel {
            id: Set(id),
            user_id: Set(self.user),
            created_at: Set(now),
            expires_at: Set(expires_at),
            ended_at: Set(None),
            authenticated_at: Set(Some(now)),
            second_factor_at: Set(self.is_strong.then_some(now)),
            last_used_at: Set(Some(now)),
            address: Set(tx.op().address.clone()),
            client: Set(tx.op().client.clone()),
        };
        session::Entity::insert(row).exec_without_returning(tx).await?;
        let until = chain(tx, id, &self.refresh_hash, expires_at, now).await?;
        let knows_device = self.remember_device(tx, now).await?;
        tx.record(Event::new(EventKind::LoggedIn).user(self.user).fact("session", id));
        Ok(Begun { session: id, until, knows_device })
    }
}

impl LogIn {
    /// Whether the device was known; if not, it is from now on, by a token of its own.
    async fn remember_device(&self, tx: &Tx, now: Timestamp) -> Result<bool> {
        let known = match &self.shown_device {
            Some(hash) => known_device(self.user, hash, now).one(tx).await?,
            None => None,
        };
        if let Some(known) = known {
            device::ActiveModel { id: Set(known.id), last_used_at: Set(now), ..Default::default() }
                .update(tx)
                .await?;
            return Ok(true);
        }
        remember(tx, self.user, &self.new_device, now).await?;
        Ok(false)
    }

    async fn end_the_oldest(&self, tx: &Tx, now: Timestamp) -> Result<()> {
        let alive = session::Entity::find()
            .filter(session::Column::UserId.eq(self.user))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now));
        if alive.clone().count(tx).await? < SESSIONS_MAX {
            return Ok(());
        }
        if let Some(oldest) = alive.order_by_asc(session::Column::CreatedAt).limit(1).one(tx).await? {
            end(tx, oldest.id, now).await?;
            tx.record(Event::new(EventKind::SessionEnded).user(self.user).fact("session", oldest.id));
        }
        Ok(())
    }
}

/// Keeps a device by its token.
pub(crate) async fn remember(tx: &Tx, user: UserId, token: &str, now: Timestamp) -> Result<()> {
    let row = device::ActiveModel {
        id: Set(ids::random::<DeviceId>()),
        user_id: Set(user),
        token_hash: Set(token_hash(token)),
        created_at: Set(now),
        last_used_at: Set(now),
        ended_at: Set(None),
    };
    device::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Adds the next refresh token to a session.
async fn chain(
    tx: &Tx,
    session: SessionId,
    hash: &str,
    session_ends: Timestamp,
    now: Timestamp,
) -> Result<Timestamp> {
    let idle_end = now.plus_seconds(seconds(tx.app().settings.refresh_token_idle));
    let expires_at = idle_end.min(session_ends);
    let row = refresh_token::ActiveModel {
        id: Set(ids::random()),
        session_id: Set(session),
        token_hash: Set(hash.to_owned()),
        created_at: Set(now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(expires_at)
}

#[derive(Serialize)]
struct Refresh {
    old_hash: String,
    new_hash: String,
}

impl Command for Refresh {
    const NAME: &'static str = "refreshSession";
    /// None: refused; what that changed (a session ended) is kept all the same.
    type Output = Option<(UserId, (SessionId, Timestamp))>;

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let token = refresh_token::Entity::find()
            .filter(refresh_token::Column::TokenHash.eq(&self.old_hash))
            .lock_exclusive()
            .one(tx)
            .await?;
        let Some(token) = token else { return Ok(None) };
        let Some(session) = session::Entity::find_by_id(token.session_id).lock_exclusive().one(tx).await?
        else {
            return Ok(None);
        };
        let now = tx.now().await?;
        if session.ended_at.is_some() || session.expires_at <= now {
            return Ok(None);
        }
        if token.used_at.is_some() {
            end(tx, session.id, now).await?;
            tx.record(Event::new(EventKind::RefreshReused).user(session.user_id).fact("session", session.id));
            return Ok(None);
        }
        if token.expires_at <= now {
            return Ok(None);
        }
        refresh_token::ActiveModel { id: Set(token.id), used_at: Set(Some(now)), ..Default::default() }
            .update(tx)
            .await?;
        session::ActiveModel { id: Set(session.id), last_used_at: Set(Some(now)), ..Default::default() }
            .update(tx)
            .await?;
        let until = chain(tx, session.id, &self.new_hash, session.expires_at, now).await?;
        Ok(Some((session.user_id, (session.id, until))))
    }
}

async fn end(tx: &Tx, session: SessionId, now: Timestamp) -> Result<()> {
    session::ActiveModel { id: Set(session), ended_at: Set(Some(now)), ..Default::default() }
        .update(tx)
        .await?;
    Ok(())
}

/// Ends all sessions of a person but one, and forgets the devices they used.
pub(crate) async fn end_all(tx: &Tx, user: UserId, but: Option<SessionId>, now: Timestamp) -> Result<()> {
    let mut others = session::Entity::update_many()
        .set(session::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::EndedAt.is_null());
    if let Some(but) = but {
        others = others.filter(session::Column::Id.ne(but));
    }
    others.exec(tx).await?;
    device::Entity::update_many()
        .set(device::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(device::Column::UserId.eq(user))
        .filter(device::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends the session that the request came with, or all of the person's.
#[derive(Serialize)]
pub struct LogOut {
    /// All of them.
    pub everywhere: bool,
}

impl Command for LogOut {
    const NAME: &'static str = "logOut";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let person = tx.op().account()?;
        let session = person.session.ok_or(Error::Unauthenticated)?;
        let now = tx.now().await?;
        if self.everywhere {
            session::Entity::update_many()
                .set(session::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
                .filter(session::Column::UserId.eq(person.id))
                .filter(session::Column::EndedAt.is_null())
                .exec(tx)
                .await?;
        } else {
            end(tx, session, now).await?;
        }
        tx.record(
            Event::new(EventKind::LoggedOut)
                .user(person.id)
                .fact("session", session)
                .fact("everywhere", self.everywhere),
        );
        Ok(())
    }
}

/// Ends one of one's own sessions, here or elsewhere.
#[derive(Serialize)]
pub struct EndSession {
    /// Which.
    pub session: SessionId,
}

impl Command for EndSession {
    const NAME: &'static str = "endSession";
    type Output = SessionId;

    async fn run(&self, tx: &Tx) -> Result<SessionId> {
        let user = tx.op().user()?;
        let row = visible_to(&tx.op().viewer).filter(session::Column::Id.eq(self.session));
        let row =
            row.lock_exclusive().one(tx).await?.ok_or_else(|| Problem::at("sessionId", Reason::NotFound))?;
        let now = tx.now().await?;
        end(tx, row.id, now).await?;
        tx.record(Event::new(EventKind::SessionEnded).user(user).fact("session", row.id));
        Ok(row.id)
    }
}

/// The person proves once more who they are, for what is sensitive.
pub async fn reauthenticate(
    app: &App,
    op: &Arc<Op>,
    password: SecretString,
    code: Option<&str>,
) -> Result<()> {
    let person = op.account()?;
    must_know_password(app, op, person, password, "password").await?;
    let command = Reauthenticate { code: code.map(str::to_owned) };
    match app.execute(op, None, command).await? {
        true => Ok(()),
        false => Err(Problem::at("code", Reason::InvalidCode).into()),
    }
}

/// Refuses whoever does not know the password of the account that they are signed in to.
pub(crate) async fn must_know_password(
    app: &App,
    op: &Arc<Op>,
    person: &Person,
    password: SecretString,
    field: &str,
) -> Result<()> {
    let refused = || Problem::at(field, Reason::InvalidCredentials);
    if password.expose_secret().len() > PASSWORD_MAX * 4 {
        return Err(refused().into());
    }
    let row = user::Entity::find_by_id(person.id).one(&app.db.read).await?.ok_or(Error::Unauthenticated)?;
    let counted = Counted::person(app, person.id);
    let stored = Some(row.password_hash);
    if checked(app, op, &counted, password, stored, Some(person.id)).await? {
        Ok(())
    } else {
        Err(refused().into())
    }
}

#[derive(Serialize)]
struct Reauthenticate {
    #[serde(skip)]
    code: Option<String>,
}

impl Command for Reauthenticate {
    const NAME: &'static str = "reauthenticate";
    /// False: the code was wrong, and that is kept.
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let person = tx.op().account()?;
        let session = person.session.ok_or(Error::Unauthenticated)?;
        let now = tx.now().await?;
        let is_on = second_factor::is_on(tx, person.id).await?;
        if is_on {
            let code = self.code.as_ref().ok_or_else(|| Problem::at("code", Reason::Required))?;
            if matches!(second_factor::show(tx, person.id, code).await?, Shown::Wrong) {
                return Ok(false);
            }
        }
        let mut change = session::ActiveModel { authenticated_at: Set(Some(now)), ..Default::default() };
        if is_on {
            change.second_factor_at = Set(Some(now));
        }
        session::Entity::update_many()
            .set(change)
            .filter(session::Column::Id.eq(session))
            .filter(session::Column::EndedAt.is_null())
            .exec(tx)
            .await?;
        Counted::person(tx.app(), person.id).forget(tx).await?;
        tx.record(Event::new(EventKind::Reauthenticated).user(person.id).fact("session", session));
        Ok(true)
    }
}
