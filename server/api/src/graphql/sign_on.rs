//! Signing on by somebody else's word: the city's single sign-on, or any OpenID Connect issuer.

use app::sign_on::{Return, UnlinkExternalIdentity};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::external_identity;

use super::session::SessionTokens;
use super::context::Ask as _;
use super::error::Result;
use super::id;
use super::payload::{done, execute, payload};
use super::scalar::{DateTime, EmailAddress, Url};
use super::text::{Lines, Reader};

/// An identity.
#[derive(Clone)]
pub struct ExternalIdentity(pub external_identity::Model);

/// You, as an issuer knows you: signing on there opens your account here. Nobody else sees it.
#[Object]
impl ExternalIdentity {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The issuer's address, which is its name.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The address that the issuer vouched for when it was linked.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.0.email.clone())
    }

    /// When it was linked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last opened your account.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }
}

/// Where people may sign on instead of giving a password here.
#[derive(SimpleObject)]
pub struct SignOnProvider {
    /// What people call it: the text of the button, at most 100 characters.
    name: String,
}

/// Somebody on the way to the issuer. Keep `attemptToken` in this browser, and send the browser to `authorizationUrl`.
#[derive(SimpleObject)]
pub struct SignOnAttempt {
    /// Where the browser goes. It comes back to the page of yours that the server is configured with, with `state` and `code`.
    authorization_url: Url,
    /// What comes back as `state`; compare before you call `finishSignOn`.
    state: String,
    /// What shows `finishSignOn` that this browser left: a secret, for nothing but that.
    attempt_token: String,
    /// Until when it has to be back: ten minutes.
    expires_at: DateTime,
}

/// Signing on.
#[derive(Default)]
pub struct SignOnQuery;

/// Signing on.
#[Object]
impl SignOnQuery {
    /// Where people may sign on instead of giving a password here; null if nowhere.
    async fn sign_on(&self, ctx: &Context<'_>) -> Result<Option<SignOnProvider>> {
        let issuer = ctx.app()?.issuer.as_ref();
        Ok(issuer.map(|issuer| SignOnProvider { name: issuer.provider().name.clone() }))
    }
}

/// What `startSignOn` needs.
#[derive(InputObject)]
pub struct StartSignOnInput {
    /// Who is about to sign on, if they have said so, to be filled in at the issuer: at most 320 characters.
    login_hint: Option<String>,
}

/// What `finishSignOn` needs.
#[derive(InputObject)]
pub struct FinishSignOnInput {
    /// What came back as `state`.
    state: String,
    /// What came back as `code`.
    code: String,
    /// What came back as `iss`, if anything did.
    issuer: Option<String>,
    /// What `startSignOn` gave to this browser.
    attempt_token: String,
}

/// What `unlinkExternalIdentity` needs.
#[derive(InputObject)]
pub struct UnlinkExternalIdentityInput {
    /// Which of yours.
    external_identity_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `startSignOn`.
    StartSignOnPayload {
        /// Where to go, and what to bring back.
        attempt: SignOnAttempt,
    }
}
payload! {
    /// Answer of `finishSignOn`.
    FinishSignOnPayload {
        /// The keys of the new session.
        tokens: SessionTokens,
    }
}
payload! {
    /// Answer of `unlinkExternalIdentity`.
    UnlinkExternalIdentityPayload {
        /// Its id, of nothing any more.
        deleted_external_identity_id: ID,
    }
}

/// Signing on.
#[derive(Default)]
pub struct SignOnMutation;

/// Signing on.
#[Object]
impl SignOnMutation {
    /// Begins to sign on at the issuer. `UNAVAILABLE` at the top while the issuer cannot be reached; everything else goes on without it.
    /// User errors: `NOT_FOUND` (there is no issuer: see `signOn`), `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn start_sign_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: StartSignOnInput,
    ) -> Result<Option<StartSignOnPayload>> {
        let mut reader = Reader::default();
        let hint = input.login_hint.filter(|hint| !hint.trim().is_empty());
        let hint = reader.maybe("loginHint", hint.as_ref(), 320, Lines::One);
        let outcome = match reader.finish(Some(hint)) {
            Ok(hint) => app::sign_on::start(ctx.app()?, &ctx.state()?.op, hint.as_deref()).await,
            Err(problems) => Err(problems.into()),
        };
        Ok(Some(match done(ctx, outcome)? {
            Ok(started) => StartSignOnPayload {
                attempt: Some(SignOnAttempt {
                    authorization_url: Url(started.authorization_url),
                    state: started.state,
                    attempt_token: started.attempt_token,
                    expires_at: DateTime(started.expires_at),
                }),
                user_errors: Vec::new(),
            },
            Err(errors) => StartSignOnPayload::refused(errors),
        }))
    }

    /// Begins a session for whoever the issuer says it is. Somebody who signed on before finds their account; the first time it is that
    /// of the address which the issuer vouches for (its owner is mailed), or a new one without a password. No second factor is asked
    /// for here: that is the issuer's. `UNAVAILABLE` at the top while the issuer cannot be reached.
    /// User errors: `INVALID_TOKEN`, the same whatever is wrong with what came back; then begin anew. `NOT_FOUND`: there is no issuer.
    async fn finish_sign_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came back.")] input: FinishSignOnInput,
    ) -> Result<Option<FinishSignOnPayload>> {
        let back = Return {
            state: &input.state,
            code: &input.code,
            attempt_token: &input.attempt_token,
            issuer: input.issuer.as_deref(),
        };
        let outcome = app::sign_on::finish(ctx.app()?, &ctx.state()?.op, back).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(tokens) => FinishSignOnPayload { tokens: Some(tokens.into()), user_errors: Vec::new() },
            Err(errors) => FinishSignOnPayload::refused(errors),
        }))
    }

    /// Takes an identity off your account: signing on there opens it no more. Sessions that it began go on.
    /// User errors: `NOT_FOUND`, `LAST_CREDENTIAL` (you have no password: set one first).
    async fn unlink_external_identity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: UnlinkExternalIdentityInput,
    ) -> Result<Option<UnlinkExternalIdentityPayload>> {
        let mut reader = Reader::default();
        let identity = reader.id("externalIdentityId", &input.external_identity_id);
        let command = reader.finish(identity.map(|identity| UnlinkExternalIdentity { identity }));
        Ok(Some(match execute(ctx, input.idempotency_key.as_ref(), command).await? {
            Ok(id) => UnlinkExternalIdentityPayload {
                deleted_external_identity_id: Some(id::encode(id)),
                user_errors: Vec::new(),
            },
            Err(errors) => UnlinkExternalIdentityPayload::refused(errors),
        }))
    }
}
