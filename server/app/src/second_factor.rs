//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day when the telephone is gone.

use std::sync::Arc;

use domain::account::RECOVERY_CODES;
use domain::event::{Event, EventKind};
use domain::id::UserId;
use domain::problem::{Problem, Reason};
use domain::time::Timestamp;
use entity::{recovery_code, second_factor, session, user};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QuerySelect as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use totp_rs::{Builder, Totp};

use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::keys::token_hash;
use crate::op::Op;
use crate::throttle::Counted;
use crate::{App, ids};

/// Bytes of a secret: as many as the hash has.
const SECRET: usize = 20;

/// What an authenticator app needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The secret in Base32, for typing.
    pub secret: SecretString,
    /// The same as an `otpauth:` address, for a picture to scan.
    pub uri: SecretString,
}

fn place(user: UserId) -> String {
    format!("second factor of {user}")
}

fn totp(secret: &[u8], account: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        // The form knows no colon in a name.
        .with_account_name(account.replace(':', " "))
        .with_issuer(Some("Bài Toán Lớn"))
        .build()
        .map_err(|error| Error::Internal(format!("a second factor: {error}")))
}

/// Whether a second factor is asked for, and how many recovery codes are left.
pub async fn state(app: &App, user: UserId) -> Result<(bool, u64)> {
    Ok((is_on(&app.db.read, user).await?, codes_left(&app.db.read, user).await?))
}

/// Whether a second factor is asked for.
pub(crate) async fn is_on(connection: &impl ConnectionTrait, user: UserId) -> Result<bool> {
    let on = second_factor::Entity::find_by_id(user).filter(second_factor::Column::ConfirmedAt.is_not_null());
    Ok(on.one(connection).await?.is_some())
}

/// Recovery codes that are left.
async fn codes_left(connection: &impl ConnectionTrait, user: UserId) -> Result<u64> {
    Ok(unused(user).count(connection).await?)
}

fn unused(user: UserId) -> sea_orm::Select<recovery_code::Entity> {
    recovery_code::Entity::find()
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::UsedAt.is_null())
}

/// Begins to set up a second factor: a secret for the app. Nothing is asked for until a code has confirmed it.
pub async fn set_up(app: &App, op: &Arc<Op>) -> Result<Setup> {
    let person = op.account()?;
    let secret: [u8; SECRET] = rand::random();
    let sealed = app.seal.seal(&place(person.id), &secret)?;
    let email = app.execute(op, None, SetUp { sealed }).await?;
    let totp = totp(&secret, &email)?;
    let uri = totp.to_url().map_err(|error| Error::Internal(format!("a second factor: {error}")))?;
    Ok(Setup { secret: totp.secret().to_base32().into(), uri: uri.into() })
}

#[derive(Serialize)]
struct SetUp {
    #[serde(skip)]
    sealed: String,
}

impl Command for SetUp {
    const NAME: &'static str = "setUpSecondFactor";
    type Output = String;

    async fn run(&self, tx: &Tx) -> Result<String> {
        use second_factor::Column as S;
        let person = tx.op().account()?;
        let now = tx.now().await?;
        person.must_be_fresh(now, tx.app().settings.fresh_for)?;
        let account = user::Entity::find_by_id(person.id).lock_exclusive().one(tx).await?;
        let account = account.ok_or(Error::Unauthenticated)?;
        if is_on(tx, person.id).await? {
            return Err(Reason::AlreadyExists.into());
        }
        let row = second_factor::ActiveModel {
            user_id: Set(person.id),
            secret: Set(self.sealed.clone()),
            created_at: Set(now),
            confirmed_at: Set(None),
            last_step: Set(0),
        };
        let anew =
            OnConflict::column(S::UserId).update_columns([S::Secret, S::CreatedAt, S::LastStep]).to_owned();
        second_factor::Entity::insert(row).on_conflict(anew).exec_without_returning(tx).await?;
        Ok(account.email)
    }
}

/// Confirms the second factor by a first code. From then on it is asked for; other sessions end. Gives recovery codes, which
/// are shown this once.
pub async fn confirm(app: &App, op: &Arc<Op>, code: &str) -> Result<Vec<String>> {
    let codes = new_codes();
    let hashes = codes.iter().map(|code| token_hash(&plain(code))).collect();
    let is_right = app.execute(op, None, Confirm { code: code.to_owned(), hashes }).await?;
    if is_right { Ok(codes) } else { Err(Problem::at("code", Reason::InvalidCode).into()) }
}

#[derive(Serialize)]
struct Confirm {
    #[serde(skip)]
    code: String,
    #[serde(skip)]
    hashes: Vec<String>,
}

impl Command for Confirm {
    const NAME: &'static str = "confirmSecondFactor";
    /// False: the code was wrong, and that is kept.
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let person = tx.op().account()?;
        let now = tx.now().await?;
        person.must_be_fresh(now, tx.app().settings.fresh_for)?;
        let row = second_factor::Entity::find_by_id(person.id).lock_exclusive().one(tx).await?;
        let row = row.filter(|row| !row.secret.is_empty()).ok_or(Reason::NotFound)?;
        if row.confirmed_at.is_some() {
            return Err(Reason::AlreadyExists.into());
        }
        let counted = Counted::person(tx.app(), person.id);
        counted.must_not_wait(tx, now).await?;
        let Some(step) = matching_step(tx.app(), &row, &self.code, now)? else {
            counted.count(tx).await?;
            return Ok(false);
        };
        counted.forget(tx).await?;
        let change = second_factor::ActiveModel {
            confirmed_at: Set(Some(now)),
            last_step: Set(step),
            ..Default::default()
        };
        second_factor::Entity::update_many()
            .set(change)
            .filter(second_factor::Column::UserId.eq(person.id))
            .exec(tx)
            .await?;
        renew_codes(tx, person.id, &self.hashes, now).await?;
        crate::session::end_all(tx, person.id, person.session, now).await?;
        if let Some(session) = person.session {
            let shown = session::ActiveModel { second_factor_at: Set(Some(now)), ..Default::default() };
            session::Entity::update_many()
                .set(shown)
                .filter(session::Column::Id.eq(session))
                .exec(tx)
                .await?;
        }
        tx.record(Event::new(EventKind::SecondFactorEnabled).user(person.id));
        Ok(true)
    }
}

/// Makes new recovery codes; the former ones stop working.
pub async fn renew(app: &App, op: &Arc<Op>) -> Result<Vec<String>> {
    let codes = new_codes();
    let hashes = codes.iter().map(|code| token_hash(&plain(code))).collect();
    app.execute(op, None, Renew { hashes }).await?;
    Ok(codes)
}

#[derive(Serialize)]
struct Renew {
    #[serde(skip)]
    hashes: Vec<String>,
}

impl Command for Renew {
    const NAME: &'static str = "renewRecoveryCodes";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let person = tx.fresh_person().await?;
        if !is_on(tx, person.id).await? {
            return Err(Reason::NotFound.into());
        }
        renew_codes(tx, person.id, &self.hashes, tx.now().await?).await?;
        tx.record(Event::new(EventKind::RecoveryCodesRenewed).user(person.id));
        Ok(())
    }
}

/// Takes the second factor away.
#[derive(Serialize)]
pub struct Disable;

impl Command for Disable {
    const NAME: &'static str = "disableSecondFactor";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let person = tx.fresh_person().await?;
        if !is_on(tx, person.id).await? {
            return Err(Reason::NotFound.into());
        }
        let now = tx.now().await?;
        take_away(tx, person.id, now).await?;
        tx.record(Event::new(EventKind::SecondFactorDisabled).user(person.id));
        Ok(())
    }
}

/// Forgets secret and codes of a person.
pub(crate) async fn take_away(tx: &Tx, user: UserId, now: Timestamp) -> Result<()> {
    let change = second_factor::ActiveModel {
        secret: Set(String::new()),
        confirmed_at: Set(None),
        ..Default::default()
    };
    second_factor::Entity::update_many()
        .set(change)
        .filter(second_factor::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    use_up_all(tx, user, now).await
}

async fn use_up_all(tx: &Tx, user: UserId, now: Timestamp) -> Result<()> {
    recovery_code::Entity::update_many()
        .set(recovery_code::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

async fn renew_codes(tx: &Tx, user: UserId, hashes: &[String], now: Timestamp) -> Result<()> {
    use_up_all(tx, user, now).await?;
    let rows = hashes.iter().map(|hash| recovery_code::ActiveModel {
        id: Set(ids::random()),
        user_id: Set(user),
        code_hash: Set(hash.clone()),
        created_at: Set(now),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// What came of showing a code.
pub(crate) enum Shown {
    /// It was right, and is used up.
    Right,
    /// It was not, which is counted.
    Wrong,
}

/// Shows a code of the app or a recovery code. Each works once; whoever guesses has to wait.
pub(crate) async fn show(tx: &Tx, user: UserId, code: &str) -> Result<Shown> {
    let row = second_factor::Entity::find_by_id(user).lock_exclusive().one(tx).await?;
    let now = tx.now().await?;
    let counted = Counted::person(tx.app(), user);
    counted.must_not_wait(tx, now).await?;
    let Some(row) = row.filter(|row| row.confirmed_at.is_some()) else {
        counted.count(tx).await?;
        return Ok(Shown::Wrong);
    };
    if let Some(step) = matching_step(tx.app(), &row, code, now)? {
        let shown = second_factor::ActiveModel { last_step: Set(step), ..Default::default() };
        second_factor::Entity::update_many()
            .set(shown)
            .filter(second_factor::Column::UserId.eq(user))
            .exec(tx)
            .await?;
        counted.forget(tx).await?;
        return Ok(Shown::Right);
    }
    let spent = recovery_code::Entity::update_many()
        .set(recovery_code::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::CodeHash.eq(token_hash(&plain(code))))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    if spent.rows_affected == 1 {
        counted.forget(tx).await?;
        tx.record(Event::new(EventKind::RecoveryCodeUsed).user(user));
        return Ok(Shown::Right);
    }
    counted.count(tx).await?;
    tx.record(Event::new(EventKind::LogInFailed).user(user).fact("at", "second factor"));
    Ok(Shown::Wrong)
}

/// The step of a right code that was not used yet, nor one after it.
fn matching_step(app: &App, row: &second_factor::Model, code: &str, now: Timestamp) -> Result<Option<i64>> {
    let secret = app.seal.open(&place(row.user_id), &row.secret)?;
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let step = totp(secret.expose_secret(), "")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()).filter(|step| *step > row.last_step))
}

/// Ten codes of ten letters and digits in two groups, 50 random bits each, without what is easily misread.
fn new_codes() -> Vec<String> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letter =
        |bits: u64| char::from(LETTERS.get(usize::try_from(bits & 31).unwrap_or(0)).copied().unwrap_or(b'a'));
    let code = || {
        let bits: u64 = rand::random();
        let all: String = (0..10).map(|place| letter(bits >> (5 * place))).collect();
        let (first, second) = all.split_at(5);
        format!("{first}-{second}")
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// A recovery code however it was typed.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(32).collect::<String>().to_lowercase()
}
