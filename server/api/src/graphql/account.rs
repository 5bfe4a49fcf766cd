//! People, and how one becomes known.

use app::account::{Registration, VerifyEmail};
use app::keys::token_hash;
use async_graphql::{Context, ID, InputObject, Object};
use domain::text::Email;
use entity::{review, user};

use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::{Locale, PlatformRole};
use super::error::{Reported, Result};
use super::expert::Expert;
use super::follow::Follow;
use super::id;
use super::load::ExpertOf;
use super::notification::{NotificationConnection, Own as OwnNotifications};
use super::organization::Membership;
use super::page::{ask, connection, cost};
use super::payload::{done, payload};
use super::preference::NotificationPreferences;
use super::privacy::Consent;
use super::proposal::ProposalConnection;
use super::review::Review;
use super::saved_search::SavedSearch;
use super::scalar::{DateTime, EmailAddress};
use super::session::Session;
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
        Ok(self.is_self(ctx)?.then(|| EmailAddress(self.0.email.clone())))
    }

    /// The language of mails and messages; null unless this is you.
    async fn locale(&self, ctx: &Context<'_>) -> Result<Option<Locale>> {
        Ok(self.is_self(ctx)?.then(|| self.0.locale.into()))
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

    /// Proposals of the organisations with which the person applies, newest first; null unless this is you.
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
        let of = app::proposal::Of::Own(viewer.applicants());
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

    /// What you were told, the newest first; null unless this is you.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that you have not ticked off.", default)] only_unread: bool,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Option<NotificationConnection>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let ask = ask(first, after, last, before);
        let page = app::inbox::list(ctx.app()?, &ctx.viewer()?, only_unread, &ask).await.map_err(Reported)?;
        Ok(Some(NotificationConnection::new(page, OwnNotifications { only_unread })))
    }

    /// How many notifications you have not ticked off; null unless this is you.
    async fn unread_notification_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let unread = app::inbox::count(ctx.app()?, &ctx.viewer()?, true).await.map_err(Reported)?;
        Ok(Some(i32::try_from(unread).unwrap_or(i32::MAX)))
    }

    /// How you want to be told; null unless this is you.
    async fn notification_preferences(&self, ctx: &Context<'_>) -> Result<Option<NotificationPreferences>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let own = app::preference::own(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(Some(NotificationPreferences(own)))
    }

    /// The searches that you keep, at most 50, the newest first; empty for everybody else.
    #[graphql(complexity = "50 * child_complexity")]
    async fn saved_searches(&self, ctx: &Context<'_>) -> Result<Vec<SavedSearch>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let own = app::saved_search::list(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(own.into_iter().map(SavedSearch).collect())
    }

    /// Challenges that take proposals, or will, in the sectors that your houses have bid in or that you follow, and to which none of your houses
    /// has a proposal: the best first, at most 10; empty unless this is you.
    #[graphql(complexity = "10 * child_complexity")]
    async fn recommended_challenges(&self, ctx: &Context<'_>) -> Result<Vec<Challenge>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let rows = app::recommend::for_viewer(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(rows.into_iter().map(Challenge).collect())
    }

    /// What you follow, the newest first, at most 200; empty unless this is you.
    async fn follows(&self, ctx: &Context<'_>) -> Result<Vec<Follow>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let rows = app::follow::list(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(rows.into_iter().map(Follow).collect())
    }

    /// Your sessions that are alive, the newest first, at most 100; empty unless this is you.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let rows = app::session::list_own(ctx.app()?, &ctx.viewer()?).await.map_err(Reported)?;
        Ok(rows.into_iter().map(Session).collect())
    }

    /// A second factor is asked for when you log in; null unless this is you.
    async fn has_second_factor(&self, ctx: &Context<'_>) -> Result<Option<bool>> {
        if !self.is_self(ctx)? {
            return Ok(None);
        }
        Ok(Some(app::second_factor::state(ctx.app()?, self.0.id).await.map_err(Reported)?.0))
    }

    /// How many recovery codes are left; null unless this is you.
    async fn recovery_code_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        if !self.is_viewer(ctx)? {
            return Ok(None);
        }
        let (_, left) = app::second_factor::state(ctx.app()?, self.0.id).await.map_err(Reported)?;
        Ok(Some(i32::try_from(left).unwrap_or(i32::MAX)))
    }

    /// You may do nothing before you have set up a second factor (`setUpSecondFactor`), because you hold an office; null unless
    /// this is you.
    async fn is_second_factor_due(&self, ctx: &Context<'_>) -> Result<Option<bool>> {
        Ok(if self.is_self(ctx)? { Some(ctx.state()?.op.limited.is_some()) } else { None })
    }

    /// What you have said last of each purpose, at most one of each; empty unless this is you. Without an entry there is no
    /// consent.
    async fn consents(&self, ctx: &Context<'_>) -> Result<Vec<Consent>> {
        if !self.is_viewer(ctx)? {
            return Ok(Vec::new());
        }
        let rows = app::privacy::consents(ctx.app()?, self.0.id).await.map_err(Reported)?;
        Ok(rows.into_iter().map(Consent).collect())
    }

    /// Since when the account is switched off; null while it is not, and unless you are an administrator.
    async fn deactivated_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let is_shown = ctx.viewer()?.holds(domain::account::PlatformRole::Administrator);
        Ok(self.0.deactivated_at.filter(|_| is_shown).map(DateTime))
    }

    /// The person's entry in the expert register; null for none, and unless this is you, or you are of the programme office or the auditor.
    async fn expert(&self, ctx: &Context<'_>) -> Result<Option<Expert>> {
        Ok(super::one(ctx, ExpertOf(self.0.id)).await?.map(Expert))
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

    /// Rises with every change of the account; null unless this is you.
    async fn version(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(self.is_viewer(ctx)?.then_some(self.0.version))
    }
}

impl User {
    /// The same, though a second factor may be due.
    fn is_self(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.state()?.op.account().is_ok_and(|person| person.id == self.0.id))
    }

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
/// Accounts.
#[derive(Default)]
pub struct AccountMutation;

/// Accounts.
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
}

/// A person by id, if the viewer may see them.
pub async fn person(ctx: &Context<'_>, id: domain::id::UserId) -> Result<Option<User>> {
    Ok(super::one(ctx, id).await?.map(User))
}
