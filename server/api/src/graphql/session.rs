//! Sessions: in, on and out.

use app::session::{EndSession, LogOut, LoggedIn, Opened, Tokens};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::session;
use secrecy::ExposeSecret as _;

use super::context::Ask as _;
use super::error::Result;
use super::id;
use super::payload::{done, execute, payload};
use super::scalar::DateTime;
use super::text::Reader;

/// A session.
#[derive(Clone)]
pub struct Session(pub session::Model);

/// A device on which you are logged in. Nobody but you sees it.
#[Object]
impl Session {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// It is the session of this request.
    async fn is_current(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.viewer()?.0.is_some_and(|person| person.session == Some(self.0.id)))
    }

    /// The program that logged in, by its own account, at most 200 characters; null if it did not say.
    async fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// The network address of the log-in; null if unknown.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// When it began.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When its keys were last renewed; null if never seen since an update of the server.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it ends in any case.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// What `logIn` needs.
#[derive(InputObject)]
pub struct LogInInput {
    /// The address.
    email: String,
    /// The password.
    password: String,
    /// The `deviceToken` of an earlier log-in on this device, if it kept one: whoever shows it is not slowed down by strangers
    /// who guess at the account.
    device_token: Option<String>,
}

/// What `completeLogIn` needs.
#[derive(InputObject)]
pub struct CompleteLogInInput {
    /// The token that `logIn` gave.
    token: String,
    /// The code that the authenticator app shows, or a recovery code. Each works once.
    code: String,
    /// As in `logIn`.
    device_token: Option<String>,
}

/// What `refreshSession` needs.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The latest refresh token; works once.
    refresh_token: String,
}

/// What `logOut` needs.
#[derive(InputObject)]
pub struct LogOutInput {
    /// End all of your sessions, not only the one of this request.
    #[graphql(default)]
    is_everywhere: bool,
}

/// What `endSession` needs.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// Which; one of `viewer.sessions`.
    session_id: ID,
}

/// What `reauthenticate` needs.
#[derive(InputObject)]
pub struct ReauthenticateInput {
    /// The password.
    password: String,
    /// The code of the authenticator app, or a recovery code; needed if you have a second factor.
    code: Option<String>,
}

/// The keys of a session.
#[derive(SimpleObject)]
pub struct SessionTokens {
    /// For `Authorization: Bearer`; a JWT that lives minutes.
    access_token: String,
    /// When the access token ends.
    access_token_expires_at: DateTime,
    /// For `refreshSession`; works once. Using it twice ends the session.
    refresh_token: String,
    /// When the refresh token ends if it is not used.
    refresh_token_expires_at: DateTime,
}

impl From<Tokens> for SessionTokens {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose_secret().to_owned(),
            access_token_expires_at: DateTime(tokens.access_token_expires_at),
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
            refresh_token_expires_at: DateTime(tokens.refresh_token_expires_at),
        }
    }
}

/// The password was right; the second factor is asked for.
#[derive(SimpleObject)]
pub struct SecondFactorStep {
    /// For `completeLogIn`.
    token: String,
    /// Until when it is good: five minutes.
    expires_at: DateTime,
}

payload! {
    /// Answer of `logIn`.
    LogInPayload {
        /// The keys of the new session; null if a second factor is asked for.
        tokens: SessionTokens,
        /// What `completeLogIn` needs; null if no second factor is asked for.
        second_factor: SecondFactorStep,
        /// To be kept by this device for its next `logIn`, whoever logs out meanwhile.
        device_token: String,
        /// True: you hold an office and may do nothing before you have set up a second factor (`setUpSecondFactor`).
        is_second_factor_due: bool,
    }
}
payload! {
    /// Answer of `completeLogIn`.
    CompleteLogInPayload {
        /// The keys of the new session.
        tokens: SessionTokens,
        /// To be kept by this device for its next `logIn`.
        device_token: String,
    }
}
payload! {
    /// Answer of `refreshSession`.
    RefreshSessionPayload {
        /// The next keys; the ones before stop working.
        tokens: SessionTokens,
    }
}
payload! {
    /// Answer of `logOut`.
    LogOutPayload {
        /// True: the session has ended.
        is_logged_out: bool,
    }
}
payload! {
    /// Answer of `endSession`.
    EndSessionPayload {
        /// Id of the session that has ended.
        deleted_session_id: ID,
    }
}
payload! {
    /// Answer of `reauthenticate`.
    ReauthenticatePayload {
        /// True: what is sensitive may be done for a while.
        is_reauthenticated: bool,
    }
}

impl From<Opened> for LogInPayload {
    fn from(opened: Opened) -> Self {
        Self {
            tokens: Some(opened.tokens.into()),
            second_factor: None,
            device_token: Some(opened.device_token.expose_secret().to_owned()),
            is_second_factor_due: Some(opened.is_second_factor_due),
            user_errors: Vec::new(),
        }
    }
}

impl From<LoggedIn> for LogInPayload {
    fn from(logged_in: LoggedIn) -> Self {
        match logged_in {
            LoggedIn::Opened(opened) => (*opened).into(),
            LoggedIn::SecondFactor { token, expires_at } => {
                let step = SecondFactorStep {
                    token: token.expose_secret().to_owned(),
                    expires_at: DateTime(expires_at),
                };
                Self { second_factor: Some(step), ..Self::refused(Vec::new()) }
            }
        }
    }
}

/// Sessions.
#[derive(Default)]
pub struct SessionMutation;

/// Sessions.
#[Object]
impl SessionMutation {
    /// Begins a session, or asks for the second factor. User errors: `INVALID_CREDENTIALS`, the same for a wrong address, a wrong
    /// password, an unverified address and an account that is switched off. After some failures the error `RATE_LIMITED` says
    /// when the next attempt is heard; a device that shows its `deviceToken` is counted apart.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address and password.")] input: LogInInput,
    ) -> Result<Option<LogInPayload>> {
        let state = ctx.state()?;
        let device = input.device_token.as_deref().filter(|token| !token.is_empty());
        let outcome =
            app::session::log_in(ctx.app()?, &state.op, &input.email, input.password.into(), device).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(logged_in) => logged_in.into(),
            Err(errors) => LogInPayload::refused(errors),
        }))
    }

    /// Shows the second factor after the right password. User errors: `INVALID_TOKEN` (log in again), `INVALID_CODE`.
    async fn complete_log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Token and code.")] input: CompleteLogInInput,
    ) -> Result<Option<CompleteLogInPayload>> {
        let state = ctx.state()?;
        let device = input.device_token.as_deref().filter(|token| !token.is_empty());
        let outcome =
            app::session::complete_log_in(ctx.app()?, &state.op, &input.token, &input.code, device).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(opened) => CompleteLogInPayload {
                tokens: Some(opened.tokens.into()),
                device_token: Some(opened.device_token.expose_secret().to_owned()),
                user_errors: Vec::new(),
            },
            Err(errors) => CompleteLogInPayload::refused(errors),
        }))
    }

    /// Turns a refresh token into the next pair of tokens. User errors: `INVALID_TOKEN`.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Result<Option<RefreshSessionPayload>> {
        let outcome = app::session::refresh(ctx.app()?, &ctx.state()?.op, &input.refresh_token).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(tokens) => RefreshSessionPayload { tokens: Some(tokens.into()), user_errors: Vec::new() },
            Err(errors) => RefreshSessionPayload::refused(errors),
        }))
    }

    /// Ends the session of the access token that this request carries, or all of yours. Their tokens stop working at once.
    async fn log_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions.")] input: LogOutInput,
    ) -> Result<Option<LogOutPayload>> {
        Ok(Some(match execute(ctx, None, Ok(LogOut { everywhere: input.is_everywhere })).await? {
            Ok(()) => LogOutPayload { is_logged_out: Some(true), user_errors: Vec::new() },
            Err(errors) => LogOutPayload::refused(errors),
        }))
    }

    /// Ends one of your sessions, on whatever device. Its tokens stop working at once. User errors: `NOT_FOUND`.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: EndSessionInput,
    ) -> Result<Option<EndSessionPayload>> {
        let mut reader = Reader::default();
        let session = reader.id("sessionId", &input.session_id);
        let command = reader.finish(session.map(|session| EndSession { session }));
        Ok(Some(match execute(ctx, None, command).await? {
            Ok(ended) => {
                EndSessionPayload { deleted_session_id: Some(id::encode(ended)), user_errors: Vec::new() }
            }
            Err(errors) => EndSessionPayload::refused(errors),
        }))
    }

    /// Proves once more who you are: what is sensitive is refused with `REAUTHENTICATION_REQUIRED` some time after the log-in.
    /// User errors: `INVALID_CREDENTIALS`, `INVALID_CODE`, `REQUIRED` (the code).
    async fn reauthenticate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof.")] input: ReauthenticateInput,
    ) -> Result<Option<ReauthenticatePayload>> {
        let state = ctx.state()?;
        let code = input.code.as_deref();
        let outcome = app::session::reauthenticate(ctx.app()?, &state.op, input.password.into(), code).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => {
                ctx.renew().await?;
                ReauthenticatePayload { is_reauthenticated: Some(true), user_errors: Vec::new() }
            }
            Err(errors) => ReauthenticatePayload::refused(errors),
        }))
    }
}
