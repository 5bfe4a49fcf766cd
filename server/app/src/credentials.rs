//! Passwords and addresses change hands: by who knows the password, or by who reads mail at the address.

use std::sync::Arc;

use domain::account::{TokenPurpose, check_password};
use domain::event::{Event, EventKind};
use domain::id::UserId;
use domain::locale::Locale;
use domain::problem::{Problem, Reason};
use domain::text::Email;
use entity::{one_time_token, user};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::App;
use crate::account::{Invite, issue, redeem};
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::keys::{random_token, token_hash};
use crate::op::Op;
use crate::session::{end_all, must_know_password, remember};
use crate::throttle::{Counted, begin_anew};

/// Sets a new password; whoever does so knows the old one. All other sessions end.
pub async fn change_password(
    app: &App,
    op: &Arc<Op>,
    current: SecretString,
    new: SecretString,
) -> Result<()> {
    let person = op.person()?;
    let row = user::Entity::find_by_id(person.id).one(&app.db.read).await?.ok_or(Error::Unauthenticated)?;
    check_password(new.expose_secret(), Email::parse(&row.email).ok().as_ref(), &row.display_name)
        .map_err(|reason| Problem::at("newPassword", reason))?;
    must_know_password(app, op, person, current, "currentPassword").await?;
    let password_hash = app.passwords.hash(new).await?;
    app.execute(op, None, ChangePassword { password_hash }).await
}

#[derive(Serialize)]
struct ChangePassword {
    #[serde(skip)]
    password_hash: String,
}

impl Command for ChangePassword {
    const NAME: &'static str = "changePassword";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let person = tx.op().person()?;
        set_password(tx, person.id, &self.password_hash).await?;
        let now = tx.now().await?;
        end_all(tx, person.id, person.session, now).await?;
        void_tokens(tx, person.id, &[TokenPurpose::ResetPassword, TokenPurpose::ChangeEmail]).await?;
        Counted::person(tx.app(), person.id).forget(tx).await?;
        tx.record(Event::new(EventKind::PasswordChanged).user(person.id));
        Ok(())
    }
}

async fn set_password(tx: &Tx, user: UserId, hash: &str) -> Result<()> {
    use sea_orm::sea_query::{Expr, ExprTrait as _};
    let change = user::ActiveModel {
        password_hash: Set(hash.to_owned()),
        updated_at: Set(tx.now().await?),
        ..Default::default()
    };
    user::Entity::update_many()
        .set(change)
        .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
        .filter(user::Column::Id.eq(user))
        .exec(tx)
        .await?;
    Ok(())
}

/// Tokens of these kinds that were mailed to or about a person stop working.
async fn void_tokens(tx: &Tx, user: UserId, purposes: &[TokenPurpose]) -> Result<()> {
    one_time_token::Entity::update_many()
        .set(one_time_token::ActiveModel { used_at: Set(Some(tx.now().await?)), ..Default::default() })
        .filter(one_time_token::Column::UserId.eq(user))
        .filter(one_time_token::Column::Purpose.is_in(purposes.to_vec()))
        .filter(one_time_token::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Asks for a new password by mail. The same happens for an address without an account, but for the mail itself, which is
/// found to be nobody's when it is written.
#[derive(Serialize)]
pub struct RequestPasswordReset {
    /// The address as typed.
    pub email: String,
    /// The language of the mail.
    pub locale: Locale,
}

impl Command for RequestPasswordReset {
    const NAME: &'static str = "requestPasswordReset";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let email = Email::parse(&self.email).map_err(|reason| Problem::at("email", reason))?;
        let now = tx.now().await?;
        let mails = Counted::mails(tx.app(), &email);
        mails.must_not_wait(tx, now).await?;
        mails.count(tx).await?;
        let account = user::Entity::find()
            .filter(user::Column::EmailKey.eq(email.key()))
            .filter(user::Column::EmailVerifiedAt.is_not_null())
            .filter(user::Column::DeactivatedAt.is_null())
            .one(tx)
            .await?;
        let token = Invite {
            purpose: TokenPurpose::ResetPassword,
            email: account.as_ref().map_or(&self.email, |account| &account.email),
            email_key: &email.key(),
            locale: account.as_ref().map_or(self.locale, |account| account.locale),
            user: account.as_ref().map(|account| account.id),
            place: None,
        };
        let token = issue(tx, token, tx.app().settings.one_time_token_life, now).await?;
        tx.record(Event::new(EventKind::PasswordResetRequested).token(token));
        Ok(())
    }
}

/// Sets a new password by the token that was mailed. All sessions end, nobody is logged in by it; strangers' failures at the
/// account are forgotten. Gives a device token, so that the owner gets in whatever strangers do.
pub async fn reset_password(app: &App, op: &Arc<Op>, token: &str, new: SecretString) -> Result<SecretString> {
    let hash = token_hash(token);
    let owner = one_time_token::Entity::find()
        .filter(one_time_token::Column::TokenHash.eq(&hash))
        .filter(one_time_token::Column::Purpose.eq(TokenPurpose::ResetPassword))
        .one(&app.db.read)
        .await?
        .and_then(|token| token.user_id);
    let owner = match owner {
        Some(owner) => user::Entity::find_by_id(owner).one(&app.db.read).await?,
        None => None,
    };
    let email = owner.as_ref().and_then(|owner| Email::parse(&owner.email).ok());
    let name = owner.as_ref().map_or("", |owner| owner.display_name.as_str());
    check_password(new.expose_secret(), email.as_ref(), name)
        .map_err(|reason| Problem::at("newPassword", reason))?;
    let password_hash = app.passwords.hash(new).await?;
    let device = random_token();
    app.execute(op, None, ResetPassword { token_hash: hash, password_hash, device: device.clone() }).await?;
    Ok(device.into())
}

#[derive(Serialize)]
struct ResetPassword {
    token_hash: String,
    #[serde(skip)]
    password_hash: String,
    #[serde(skip)]
    device: String,
}

impl Command for ResetPassword {
    const NAME: &'static str = "resetPassword";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let token = redeem(tx, TokenPurpose::ResetPassword, &self.token_hash).await?;
        let account = owner(tx, &token).await?;
        // Mailed to an address that is not the account's any more.
        if account.email_key != token.email_key {
            return Err(Problem::at("token", Reason::InvalidToken).into());
        }
        let now = tx.now().await?;
        set_password(tx, account.id, &self.password_hash).await?;
        end_all(tx, account.id, None, now).await?;
        remember(tx, account.id, &self.device, now).await?;
        void_tokens(tx, account.id, &[TokenPurpose::ChangeEmail, TokenPurpose::SecondFactor]).await?;
        begin_anew(tx, &account.email_key).await?;
        Counted::person(tx.app(), account.id).forget(tx).await?;
        tx.record(Event::new(EventKind::PasswordReset).user(account.id));
        Ok(())
    }
}

/// Whose token it is; a token of nobody is no token.
async fn owner(tx: &Tx, token: &one_time_token::Model) -> Result<user::Model> {
    let invalid = || Problem::at("token", Reason::InvalidToken);
    let owner = token.user_id.ok_or_else(invalid)?;
    let account = user::Entity::find_by_id(owner)
        .filter(user::Column::DeactivatedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(account.ok_or_else(invalid)?)
}

/// Asks for another address: a mail to it brings the token, and the present one is told.
pub async fn request_email_change(app: &App, op: &Arc<Op>, new: Email, password: SecretString) -> Result<()> {
    must_know_password(app, op, op.person()?, password, "password").await?;
    app.execute(op, None, RequestEmailChange { new: new.to_string(), new_key: new.key() }).await
}

#[derive(Serialize)]
struct RequestEmailChange {
    new: String,
    new_key: String,
}

impl Command for RequestEmailChange {
    const NAME: &'static str = "requestEmailChange";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let person = tx.fresh_person().await?;
        let account = user::Entity::find_by_id(person.id).one(tx).await?.ok_or(Error::Unauthenticated)?;
        if account.email_key == self.new_key {
            return Err(Problem::at("newEmail", Reason::AlreadyExists).into());
        }
        let now = tx.now().await?;
        let email = Email::parse(&self.new).map_err(|reason| Problem::at("newEmail", reason))?;
        let mails = Counted::mails(tx.app(), &email);
        mails.must_not_wait(tx, now).await?;
        mails.count(tx).await?;
        void_tokens(tx, person.id, &[TokenPurpose::ChangeEmail]).await?;
        let holder = user::Entity::find()
            .filter(user::Column::EmailKey.eq(&self.new_key))
            .filter(user::Column::EmailVerifiedAt.is_not_null())
            .one(tx)
            .await?;
        // That the address has an account, only its owner learns.
        if let Some(holder) = holder {
            tx.record(Event::new(EventKind::EmailChangeRefused).user(holder.id));
            return Ok(());
        }
        let token = Invite {
            purpose: TokenPurpose::ChangeEmail,
            email: &self.new,
            email_key: &self.new_key,
            locale: account.locale,
            user: Some(person.id),
            place: None,
        };
        let token = issue(tx, token, tx.app().settings.one_time_token_life, now).await?;
        tx.record(Event::new(EventKind::EmailChangeRequested).user(person.id).token(token));
        Ok(())
    }
}

/// Changes the address by the token that was mailed to the new one.
#[derive(Serialize)]
pub struct ConfirmEmailChange {
    /// Hash of the token.
    pub token_hash: String,
}

impl Command for ConfirmEmailChange {
    const NAME: &'static str = "confirmEmailChange";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let token = redeem(tx, TokenPurpose::ChangeEmail, &self.token_hash).await?;
        let account = owner(tx, &token).await?;
        let rival = user::Entity::find().filter(user::Column::EmailKey.eq(&token.email_key)).one(tx).await?;
        match rival {
            Some(rival) if rival.email_verified_at.is_some() => {
                return Err(Problem::at("token", Reason::InvalidToken).into());
            }
            // Registered with, but never proved to be anybody's: it makes room.
            Some(rival) => give_way(tx, rival.id).await?,
            None => {}
        }
        let change = user::ActiveModel {
            email: Set(token.email.clone()),
            email_key: Set(token.email_key.clone()),
            updated_at: Set(tx.now().await?),
            version: Set(account.version + 1),
            ..Default::default()
        };
        user::Entity::update_many()
            .set(change)
            .filter(user::Column::Id.eq(account.id))
            .filter(user::Column::Version.eq(account.version))
            .exec(tx)
            .await?;
        void_tokens(tx, account.id, &[TokenPurpose::ResetPassword]).await?;
        crate::dead_letter::moved(tx, &account.email).await?;
        tx.record(Event::new(EventKind::EmailChanged).user(account.id));
        Ok(())
    }
}

/// An account whose address was never verified gives the address back.
async fn give_way(tx: &Tx, user: UserId) -> Result<()> {
    let nowhere = format!("{user}@unverified.invalid");
    let change = user::ActiveModel {
        email: Set(nowhere.clone()),
        email_key: Set(nowhere),
        password_hash: Set(String::new()),
        ..Default::default()
    };
    user::Entity::update_many().set(change).filter(user::Column::Id.eq(user)).exec(tx).await?;
    void_tokens(tx, user, &[TokenPurpose::VerifyEmail]).await
}
