//! Signing on at an issuer: leaving, coming back, and whose account that opens.
//!
//! Somebody who leaves carries two secrets: `state`, which the issuer hands back, and the attempt's token, which stays with
//! their browser. Whoever comes back needs both, so that nobody can be made to sign on as somebody else. Both are kept
//! as hashes; what has to be known again, nonce and PKCE verifier, is derived from a key and stands nowhere at rest.

pub mod issuer;

use std::sync::Arc;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use domain::event::{Event, EventKind};
use domain::id::{ExternalIdentityId, SignOnAttemptId, UserId};
use domain::locale::Locale;
use domain::problem::{Problem, Reason};
use domain::sign_on::{ATTEMPT_LIFE, Doubt, Holder, Welcome, may_unlink, welcome};
use domain::text::{Email, line};
use domain::time::Timestamp;
use entity::{external_identity, one_time_token, sign_on_attempt, user};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect, Select,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::account;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::keys::{random_token, token_hash};
use crate::op::{Op, Viewer};
use crate::session::{self, Opening, Tokens};
use crate::throttle::Counted;
use crate::{App, ids};
use issuer::{About, Departure, Issuer, Trouble};

/// One's own identities; nobody sees another's.
///
/// Row `PERSONAL_DATA` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<external_identity::Entity> {
    let me: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    external_identity::Entity::find().filter(external_identity::Column::UserId.eq(me))
}

/// The viewer's identities, oldest first.
pub async fn identities(app: &App, viewer: &Viewer) -> Result<Vec<external_identity::Model>> {
    Ok(visible_to(viewer).order_by_asc(external_identity::Column::CreatedAt).all(&app.db.read).await?)
}

/// Where to go, and what to bring back.
pub struct Started {
    /// Where the browser goes.
    pub authorization_url: String,
    /// Comes back with the browser.
    pub state: String,
    /// Stays with the browser.
    pub attempt_token: String,
    /// Until when it has to be back.
    pub expires_at: Timestamp,
}

fn configured(app: &App) -> Result<&Issuer> {
    app.issuer.as_ref().ok_or_else(|| Reason::NotFound.into())
}

/// What of an issuer's answer is a doubt about a person, and what is trouble of the issuer.
fn judged<T>(answer: Result<T, Trouble>) -> Result<Result<T, Doubt>> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Trouble::Doubt(doubt)) => Ok(Err(doubt)),
        Err(Trouble::Away(away)) => Err(away.into()),
    }
}

/// Sends somebody to the issuer.
pub async fn start(app: &App, op: &Arc<Op>, login_hint: Option<&str>) -> Result<Started> {
    let issuer = configured(app)?;
    let counted = Counted::departure(app, op.address.as_deref().unwrap_or_default());
    counted.must_not_wait(&app.db.read, app.db.clock.process()).await?;
    let attempt: SignOnAttemptId = ids::random();
    let (state, attempt_token) = (random_token(), random_token());
    let (nonce, verifier) = secrets(app, attempt);
    let departure = Departure {
        state: &state,
        nonce: &nonce,
        challenge: &BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        login_hint,
        locale: op.locale.name(),
    };
    let authorization_url = issuer.departure(&departure, app.db.clock.process().seconds()).await?;
    let command = Start {
        departure: counted,
        attempt,
        state_hash: token_hash(&state),
        attempt_hash: token_hash(&attempt_token),
    };
    let expires_at = app.execute(op, None, command).await?;
    Ok(Started { authorization_url, state, attempt_token, expires_at })
}

/// What goes along with an attempt: the nonce, and the PKCE verifier.
fn secrets(app: &App, attempt: SignOnAttemptId) -> (String, String) {
    let secret = |purpose: &str| app.keys.attempt_secret(attempt, purpose);
    (secret("nonce"), secret("verifier"))
}

/// What somebody brings back.
pub struct Return<'a> {
    /// What the issuer handed back.
    pub state: &'a str,
    /// For what it gives its word.
    pub code: &'a str,
    /// What stayed with the browser.
    pub attempt_token: &'a str,
    /// Who handed it back, where issuers say so (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// Longest code that is passed on, in bytes.
const CODE_MAX: usize = 4_096;

/// Begins a session for whoever the issuer says it is. Whatever is wrong with what came back is one same refusal.
pub async fn finish(app: &App, op: &Arc<Op>, back: Return<'_>) -> Result<Tokens> {
    let issuer = configured(app)?;
    let refused = || Error::from(Reason::InvalidToken);
    let take = Take { state_hash: token_hash(back.state), attempt_hash: token_hash(back.attempt_token) };
    let attempt = app.execute(op, None, take).await?.ok_or_else(refused)?;
    let from_us = back.issuer.is_none_or(|named| named == issuer.provider().issuer);
    let admitted = if !from_us {
        Err(Doubt::Issuer)
    } else if back.code.is_empty() || back.code.len() > CODE_MAX {
        Err(Doubt::Code)
    } else {
        admit(app, op, issuer, attempt, back.code).await?
    };
    match admitted {
        Ok(user) => match session::open(app, op, Opening::vouched(user, None)).await {
            Ok(opened) => Ok(opened.tokens),
            // Switched off: as wrong as any other word.
            Err(Error::Refused(_)) => Err(refused()),
            Err(error) => Err(error),
        },
        Err(doubt) => {
            app.execute(op, None, Refuse { doubt }).await?;
            Err(refused())
        }
    }
}

async fn admit(
    app: &App,
    op: &Arc<Op>,
    issuer: &Issuer,
    attempt: SignOnAttemptId,
    code: &str,
) -> Result<Result<UserId, Doubt>> {
    let (nonce, verifier) = secrets(app, attempt);
    let now = || app.db.clock.process().seconds();
    let mut word = match judged(issuer.word(code, &verifier, &nonce, now()).await)? {
        Ok(word) => word,
        Err(doubt) => return Ok(Err(doubt)),
    };
    let provider = issuer.provider();
    let known = external_identity::Entity::find()
        .filter(external_identity::Column::Issuer.eq(&provider.issuer))
        .filter(external_identity::Column::Subject.eq(&word.subject));
    if known.one(&app.db.read).await?.is_none() {
        word = match judged(issuer.more(word, now()).await)? {
            Ok(word) => word,
            Err(doubt) => return Ok(Err(doubt)),
        };
    }
    let email = word.about.vouched().and_then(|email| Email::parse(email).ok());
    let admit = Admit {
        issuer: provider.issuer.clone(),
        provider: provider.name.clone(),
        subject: word.subject.clone(),
        display_name: name(&word.about, email.as_ref()),
        locale: locale(&word.about).unwrap_or(op.locale),
        email: email.map(|email| (email.to_string(), email.key())),
    };
    app.execute(op, None, admit).await
}

/// The name to go by: as the issuer says, else what stands before the `@`.
fn name(about: &About, email: Option<&Email>) -> String {
    let said = about.name.as_ref().and_then(|name| line(name, 100).ok());
    let local = || email.map(|email| email.to_string().split('@').take(1).collect());
    said.or_else(local).unwrap_or_default()
}

fn locale(about: &About) -> Option<Locale> {
    Locale::from_name(about.locale.as_ref()?.split(['-', '_']).next()?)
}

/// Notes that somebody leaves, and forgets those who did not come back.
#[derive(Serialize)]
struct Start {
    departure: Counted,
    attempt: SignOnAttemptId,
    state_hash: String,
    attempt_hash: String,
}

impl Command for Start {
    const NAME: &'static str = "startSignOn";
    type Output = Timestamp;

    async fn run(&self, tx: &Tx) -> Result<Timestamp> {
        self.departure.count(tx).await?;
        let now = tx.now().await?;
        let expires_at = now.plus_seconds(ATTEMPT_LIFE);
        let row = sign_on_attempt::ActiveModel {
            id: Set(self.attempt),
            state_hash: Set(self.state_hash.clone()),
            attempt_hash: Set(self.attempt_hash.clone()),
            created_at: Set(now),
            expires_at: Set(expires_at),
            used_at: Set(None),
        };
        sign_on_attempt::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(expires_at)
    }
}

/// Uses an attempt up. Unknown, somebody else's, used and expired ones are refused alike.
#[derive(Serialize)]
struct Take {
    state_hash: String,
    attempt_hash: String,
}

impl Command for Take {
    const NAME: &'static str = "finishSignOn";
    type Output = Option<SignOnAttemptId>;

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let now = tx.now().await?;
        let row = sign_on_attempt::Entity::find()
            .filter(sign_on_attempt::Column::StateHash.eq(&self.state_hash))
            .filter(sign_on_attempt::Column::AttemptHash.eq(&self.attempt_hash))
            .filter(sign_on_attempt::Column::ExpiresAt.gt(now))
            .one(tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let done = sign_on_attempt::Entity::update_many()
            .set(sign_on_attempt::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
            .filter(sign_on_attempt::Column::Id.eq(row.id))
            .filter(sign_on_attempt::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
        Ok((done.rows_affected == 1).then_some(row.id))
    }
}

/// Says that an issuer's word was not believed.
#[derive(Serialize)]
struct Refuse {
    doubt: Doubt,
}

impl Command for Refuse {
    const NAME: &'static str = "refuseSignOn";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        tx.record(Event::new(EventKind::SignOnRefused).fact("doubt", self.doubt));
        Ok(())
    }
}

/// Finds, links or makes the account of somebody whom the issuer vouches for.
#[derive(Serialize)]
struct Admit {
    issuer: String,
    provider: String,
    subject: String,
    email: Option<(String, String)>,
    display_name: String,
    locale: Locale,
}

impl Command for Admit {
    const NAME: &'static str = "admitSignOn";
    /// A doubt is kept as an answer, so that it can be recorded.
    type Output = Result<UserId, Doubt>;

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        let now = tx.now().await?;
        let mut known = self.known(tx).await?;
        let holder = match &self.email {
            Some((_, key)) if known.is_none() => self.holder(tx, key).await?,
            _ => None,
        };
        // Whoever has the address may be this very person, come by another door since the first look.
        if holder.is_some() {
            known = self.known(tx).await?;
        }
        let welcome = welcome(known.as_ref().map(|known| known.user_id), self.email.is_some(), holder);
        let event = |kind| Event::new(kind).fact("issuer", &self.issuer).fact("provider", &self.provider);
        let user = match welcome {
            Err(doubt) => return Ok(Err(doubt)),
            Ok(Welcome::Known(user)) => {
                if let Some(known) = known {
                    let change = external_identity::ActiveModel {
                        id: Set(known.id),
                        last_used_at: Set(now),
                        ..Default::default()
                    };
                    change.update(tx).await?;
                }
                return Ok(Ok(user));
            }
            Ok(Welcome::Link(user)) => {
                tx.record(event(EventKind::ExternalIdentityLinked).user(user));
                user
            }
            Ok(Welcome::TakeOver(user)) => {
                self.take_over(tx, user, now).await?;
                tx.record(event(EventKind::AccountFromSignOn).user(user));
                user
            }
            Ok(Welcome::New) => {
                let user: UserId = ids::random();
                let (email, key) = self.address()?;
                account::insert_vouched(tx, user, (email, key), &self.display_name, self.locale, now).await?;
                tx.record(event(EventKind::AccountFromSignOn).user(user));
                user
            }
        };
        let row = external_identity::ActiveModel {
            id: Set(ids::random()),
            issuer: Set(self.issuer.clone()),
            subject: Set(self.subject.clone()),
            user_id: Set(user),
            email: Set(self.address()?.0.clone()),
            created_at: Set(now),
            last_used_at: Set(now),
        };
        external_identity::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(Ok(user))
    }
}

impl Admit {
    /// The identity, if somebody signed on by it before.
    async fn known(&self, tx: &Tx) -> Result<Option<external_identity::Model>> {
        use external_identity::Column as I;
        let known = external_identity::Entity::find()
            .filter(I::Issuer.eq(&self.issuer))
            .filter(I::Subject.eq(&self.subject));
        Ok(known.lock_exclusive().one(tx).await?)
    }

    fn address(&self) -> Result<&(String, String)> {
        self.email.as_ref().ok_or_else(|| Error::Internal("admitted without an address".to_owned()))
    }

    async fn holder(&self, tx: &Tx, key: &str) -> Result<Option<Holder>> {
        let holder =
            user::Entity::find().filter(user::Column::EmailKey.eq(key)).lock_exclusive().one(tx).await?;
        let Some(holder) = holder else { return Ok(None) };
        let linked = external_identity::Entity::find()
            .filter(external_identity::Column::UserId.eq(holder.id))
            .filter(external_identity::Column::Issuer.eq(&self.issuer));
        Ok(Some(Holder {
            user: holder.id,
            is_verified: holder.email_verified_at.is_some(),
            is_linked: linked.count(tx).await? > 0,
            is_active: holder.deactivated_at.is_none(),
        }))
    }

    /// Whoever registered with the address and never proved to own it keeps nothing: neither password nor token works.
    async fn take_over(&self, tx: &Tx, id: UserId, now: Timestamp) -> Result<()> {
        let change = user::ActiveModel {
            email: Set(self.address()?.0.clone()),
            display_name: Set(self.display_name.clone()),
            locale: Set(self.locale),
            password_hash: Set(String::new()),
            email_verified_at: Set(Some(now)),
            updated_at: Set(now),
            ..Default::default()
        };
        user::Entity::update_many()
            .set(change)
            .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
            .filter(user::Column::Id.eq(id))
            .exec(tx)
            .await?;
        one_time_token::Entity::update_many()
            .set(one_time_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
            .filter(one_time_token::Column::UserId.eq(id))
            .filter(one_time_token::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// Takes an identity off one's account, unless it is the last way into it.
#[derive(Serialize)]
pub struct UnlinkExternalIdentity {
    /// Which.
    pub identity: ExternalIdentityId,
}

impl Command for UnlinkExternalIdentity {
    const NAME: &'static str = "unlinkExternalIdentity";
    type Output = ExternalIdentityId;

    async fn run(&self, tx: &Tx) -> Result<ExternalIdentityId> {
        use external_identity::Column as I;
        let me = tx.op().user()?;
        // Two at a time would each leave the other.
        let account = user::Entity::find_by_id(me).lock_exclusive().one(tx).await?;
        let account = account.ok_or(Error::Unauthenticated)?;
        let row = visible_to(&tx.op().viewer).filter(I::Id.eq(self.identity)).one(tx).await?;
        let row = row.ok_or_else(|| Problem::at("externalIdentityId", Reason::NotFound))?;
        let others = visible_to(&tx.op().viewer).filter(I::Id.ne(row.id)).count(tx).await?;
        may_unlink(!account.password_hash.is_empty(), usize::try_from(others).unwrap_or(usize::MAX))?;
        external_identity::Entity::delete_by_id(row.id).exec(tx).await?;
        tx.record(Event::new(EventKind::ExternalIdentityUnlinked).user(me).fact("issuer", &row.issuer));
        Ok(row.id)
    }
}
