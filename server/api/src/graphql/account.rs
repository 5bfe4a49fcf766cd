//! People and sessions.

use app::account::{LogOut, Registration, Tokens, VerifyEmail};
use app::keys::token_hash;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::text::Email;
use entity::{review, user};
use secrecy::ExposeSecret as _;

use super::context::Ask as _;
use super::enums::{Locale, PlatformRole};
use super::error::{Reported, Result};
use super::id;
use super::organization::Membership;
use super::page::{ask, connection, cost};
use super::payload::{done, execute, payload};
use super::proposal::ProposalConnection;
use super::review::Review;
use super::scalar::{DateTime, EmailAddress};
use super::sign_on::ExternalIdentity;
use super::text::{Lines, Reader};

/// A person.
#[derive(Clone)]
pub struct User(pub user::Model);

/// A person with an account. You see yourself, the members of your organisations and fellows on a council; staff see everybody.
#[Object]
impl User {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The name the person goes by, at most 100 characters.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The address; null unless this is you.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<EmailAddress>> {
        Ok(self.is_viewer(ctx)?.then(|| EmailAddress(self.0.email.clone())))
    }

    /// The language of mails and messages; null unless this is you.
    async fn locale(&self, ctx: &Context<'_>) -> Result<Option<Locale>> {
        Ok(self.is_viewer(ctx)?.then(|| self.0.locale.into()))
    }

    /// Posts on the platform itself; empty unless this is you.
    async fn platform_roles(&self, ctx: &Context<'_>) -> Result<Vec<PlatformRole>> {
        let viewer = ctx.viewer()?;
        let posts =
            viewer.0.filter(|person| person.id == self.0.id).map(|person| person.posts).unwrap_or_default();
        Ok(posts.into_iter().map(Into::into).collect())
    }

    /// The person's organisations; empty unless this is you.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let state = ctx.state()?;
        let rows = app::organization::memberships_of(ctx.app()?, &state.op.viewer, self.0.id)
            .await
            .map_err(Reported)?;
        Ok(rows.into_iter().map(Membership).collect())
    }

    /// Proposals of the person's startups, newest first; null unless this is you.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<ProposalConnection>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let viewer = ctx.viewer()?;
        let of =
            app::proposal::Of::Own(viewer.organizations(domain::organization::OrganizationKind::Startup));
        let page = app::proposal::list(ctx.app()?, &viewer, &of, &ask(first, after, last, before))
            .await
            .map_err(Reported)?;
        Ok(Some(ProposalConnection::new(page, super::proposal::Counted(of))))
    }

    /// Reviews offered to the person, newest first; null unless this is you.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<ReviewConnection>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let page =
            app::review::list_own(ctx.app()?, &ctx.viewer()?, self.0.id, &ask(first, after, last, before))
                .await
                .map_err(Reported)?;
        Ok(Some(ReviewConnection::new(page, OwnReviews(self.0.id))))
    }

    /// Where the person signs on by an issuer's word, oldest first; empty unless this is you.
    async fn external_identities(&self, ctx: &Context<'_>) -> Result<Vec<ExternalIdentity>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let rows = app::sign_on::identities(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(rows.into_iter().map(ExternalIdentity).collect())
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

impl User {
    fn is_viewer(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.viewer()?.0.is_some_and(|person| person.id == self.0.id))
    }
}

/// Whose reviews a connection counts.
pub struct OwnReviews(domain::id::UserId);

impl OwnReviews {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::review::count_own(app, &viewer, self.0).await
    }
}

connection!(
    /// A page of reviews.
    ReviewConnection,
    /// A review in a list.
    ReviewEdge,
    Review,
    review::Model,
    OwnReviews
);

/// What `register` needs.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The address; a mail to it brings the token for `verifyEmail`.
    email: String,
    /// The name to go by, 1 to 100 characters on one line.
    display_name: String,
    /// 8 to 128 characters, taken exactly as sent; common ones and your own name are refused.
    password: String,
    /// Language of mails and messages.
    #[graphql(default_with = "Locale::Vi")]
    locale: Locale,
}

/// What `verifyEmail` needs.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The token from the mail.
    token: String,
}

/// What `logIn` needs.
#[derive(InputObject)]
pub struct LogInInput {
    /// The address.
    email: String,
    /// The password.
    password: String,
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

payload! {
    /// Answer of `register`. The same whether or not the address has an account: its owner learns by mail.
    RegisterPayload {
        /// True: look into the mailbox.
        is_mail_on_its_way: bool,
    }
}
payload! {
    /// Answer of `verifyEmail`.
    VerifyEmailPayload {
        /// True: the address is verified, log in.
        is_verified: bool,
    }
}
payload! {
    /// Answer of `logIn`.
    LogInPayload {
        /// The keys of the new session.
        tokens: SessionTokens,
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

/// Accounts and sessions.
#[derive(Default)]
pub struct AccountMutation;

/// Accounts and sessions.
#[Object]
impl AccountMutation {
    /// Makes an account. Says the same whether or not the address is known; the mail tells its owner.
    /// User errors: `TOO_SHORT`, `TOO_LONG`, `WEAK_PASSWORD`, `MALFORMED`, `REQUIRED`, `FORBIDDEN_CHARACTER`.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: RegisterInput,
    ) -> Result<Option<RegisterPayload>> {
        let mut reader = Reader::default();
        let email = reader.keep("email", Email::parse(&input.email));
        let display_name = reader.text("displayName", &input.display_name, 100, Lines::One);
        let about = (email.as_ref(), display_name.as_deref().unwrap_or_default());
        reader.keep("password", domain::account::check_password(&input.password, about.0, about.1));
        let parsed = email.zip(display_name).map(|(email, display_name)| Registration {
            email,
            display_name,
            locale: input.locale.into(),
            password: input.password.into(),
        });
        let outcome = match reader.finish(parsed) {
            Ok(registration) => app::account::register(ctx.app()?, &ctx.state()?.op, registration).await,
            Err(problems) => Err(problems.into()),
        };
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => RegisterPayload { is_mail_on_its_way: Some(true), user_errors: Vec::new() },
            Err(errors) => RegisterPayload::refused(errors),
        }))
    }

    /// Proves the address by the token that was mailed to it. User errors: `INVALID_TOKEN`.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: VerifyEmailInput,
    ) -> Result<Option<VerifyEmailPayload>> {
        let command = VerifyEmail { token_hash: token_hash(&input.token) };
        let outcome = ctx.app()?.execute(&ctx.state()?.op, None, command).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => VerifyEmailPayload { is_verified: Some(true), user_errors: Vec::new() },
            Err(errors) => VerifyEmailPayload::refused(errors),
        }))
    }

    /// Begins a session. User errors: `INVALID_CREDENTIALS`, the same for a wrong address, a wrong password and an unverified address.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address and password.")] input: LogInInput,
    ) -> Result<Option<LogInPayload>> {
        let outcome =
            app::account::log_in(ctx.app()?, &ctx.state()?.op, &input.email, input.password.into()).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(tokens) => LogInPayload { tokens: Some(tokens.into()), user_errors: Vec::new() },
            Err(errors) => LogInPayload::refused(errors),
        }))
    }

    /// Turns a refresh token into the next pair of tokens. User errors: `INVALID_TOKEN`.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Result<Option<RefreshSessionPayload>> {
        let outcome = app::account::refresh(ctx.app()?, &ctx.state()?.op, &input.refresh_token).await;
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
}

/// A person by id, if the viewer may see them.
pub async fn person(ctx: &Context<'_>, id: domain::id::UserId) -> Result<Option<User>> {
    Ok(super::one(ctx, id).await?.map(User))
}
