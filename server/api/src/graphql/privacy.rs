//! What belongs to a person, and what an administrator may do to an account.

use app::privacy::{
    Deactivate, DeactivateOwn, EraseOwn, GrantPost, Reactivate, RecordConsent, RevokePost, UpdateProfile,
};
use async_graphql::{Context, Enum, ID, InputObject, Object};
use domain::text::Email;
use entity::consent;

use super::account::{User, person};
use super::context::Ask as _;
use super::enums::{ConsentPurpose, Locale, PlatformRole};
use super::error::Result;
use super::payload::{Done, UserError, done, execute, found, meant, payload};
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// A consent.
pub struct Consent(pub consent::Model);

/// What somebody has said last of a purpose. Nobody but they see it.
#[Object]
impl Consent {
    /// To what.
    async fn purpose(&self) -> ConsentPurpose {
        self.0.purpose.into()
    }

    /// Given; false: taken back.
    async fn is_given(&self) -> bool {
        self.0.is_given
    }

    /// The version of the text that they had before them.
    async fn notice_version(&self) -> &str {
        &self.0.notice_version
    }

    /// In which language.
    async fn locale(&self) -> Locale {
        self.0.locale.into()
    }

    /// When.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.at)
    }
}

/// What `updateProfile` needs; what is left out stays.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// The version that you saw (`viewer.version`).
    expected_version: i32,
    /// The name to go by, 1 to 100 characters on one line.
    display_name: Option<String>,
    /// Language of mails and messages.
    locale: Option<Locale>,
}

/// What `recordConsent` needs.
#[derive(InputObject)]
pub struct RecordConsentInput {
    /// To what.
    purpose: ConsentPurpose,
    /// True to give it, false to take it back.
    is_given: bool,
    /// The version of the text that was shown, 1 to 40 characters.
    notice_version: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// The form of a document for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ExportFormat {
    /// JSON, RFC 8259.
    Json,
}

/// What `exportOwnData` needs.
#[derive(InputObject)]
pub struct ExportOwnDataInput {
    /// The form of the document.
    #[graphql(default_with = "ExportFormat::Json")]
    format: ExportFormat,
}

/// What `deactivateAccount` needs.
#[derive(InputObject)]
pub struct DeactivateAccountInput {
    /// True: you mean it.
    is_confirmed: bool,
}

/// What `eraseAccount` needs.
#[derive(InputObject)]
pub struct EraseAccountInput {
    /// True: you mean it. It cannot be undone.
    is_confirmed: bool,
}

/// What `deactivateUser` needs.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// Whose account.
    user_id: ID,
    /// Why, 1 to 2,000 characters; the person reads it.
    reason: String,
}

/// What `reactivateUser` needs.
#[derive(InputObject)]
pub struct ReactivateUserInput {
    /// Whose account.
    user_id: ID,
}

/// What `grantPlatformRole` needs.
#[derive(InputObject)]
pub struct GrantPlatformRoleInput {
    /// The address of a verified account.
    email: String,
    /// The post.
    role: PlatformRole,
}

/// What `revokePlatformRole` needs.
#[derive(InputObject)]
pub struct RevokePlatformRoleInput {
    /// From whom.
    user_id: ID,
    /// The post.
    role: PlatformRole,
}

payload! {
    /// Answer of `updateProfile`.
    UpdateProfilePayload {
        /// You.
        user: User,
    }
}
payload! {
    /// Answer of `recordConsent`.
    RecordConsentPayload {
        /// You, with your consents.
        user: User,
    }
}
payload! {
    /// Answer of `exportOwnData`.
    ExportOwnDataPayload {
        /// Everything that is kept of you, as a JSON document; its keys say what it is.
        document: String,
        /// A name to save it under.
        file_name: String,
    }
}
payload! {
    /// Answer of `deactivateAccount`.
    DeactivateAccountPayload {
        /// True: the account is switched off and all sessions have ended.
        is_deactivated: bool,
    }
}
payload! {
    /// Answer of `eraseAccount`.
    EraseAccountPayload {
        /// True: you are gone, but for a pseudonym where the law keeps a dossier.
        is_erased: bool,
    }
}
payload! {
    /// Answer of `deactivateUser`.
    DeactivateUserPayload {
        /// The person.
        user: User,
    }
}
payload! {
    /// Answer of `reactivateUser`.
    ReactivateUserPayload {
        /// The person.
        user: User,
    }
}
payload! {
    /// Answer of `grantPlatformRole`.
    GrantPlatformRolePayload {
        /// The person.
        user: User,
    }
}
payload! {
    /// Answer of `revokePlatformRole`.
    RevokePlatformRolePayload {
        /// The person.
        user: User,
    }
}

/// Loads the person whom a command was about, by the rights there are now.
pub(super) async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::UserId>,
) -> Result<(Option<User>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            ctx.renew().await?;
            let mut errors = Vec::new();
            let user = found(ctx, person(ctx, id).await?, &mut errors)?;
            Ok((user, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// One's own data, and accounts as an administrator sees them.
#[derive(Default)]
pub struct PrivacyMutation;

/// One's own data, and accounts as an administrator sees them.
#[Object]
impl PrivacyMutation {
    /// Changes your name or language. User errors: `CONFLICT` (another version), `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateProfileInput,
    ) -> Result<Option<UpdateProfilePayload>> {
        let mut reader = Reader::default();
        let display_name = reader.maybe("displayName", input.display_name.as_ref(), 100, Lines::One);
        let command = UpdateProfile {
            expected_version: input.expected_version,
            display_name,
            locale: input.locale.map(Into::into),
        };
        let (user, user_errors) = after(ctx, execute(ctx, None, reader.finish(Some(command))).await?).await?;
        Ok(Some(UpdateProfilePayload { user, user_errors }))
    }

    /// Gives a consent or takes it back. User errors: `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`.
    async fn record_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent.")] input: RecordConsentInput,
    ) -> Result<Option<RecordConsentPayload>> {
        let mut reader = Reader::default();
        let notice_version = reader.text("noticeVersion", &input.notice_version, 40, Lines::One);
        let command = notice_version.map(|notice_version| RecordConsent {
            purpose: input.purpose.into(),
            is_given: input.is_given,
            notice_version,
        });
        let outcome = execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?;
        let (user, user_errors) = after(ctx, outcome).await?;
        Ok(Some(RecordConsentPayload { user, user_errors }))
    }

    /// Gives you a copy of everything that is kept of you. User errors: `REAUTHENTICATION_REQUIRED`.
    async fn export_own_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which form.")] input: ExportOwnDataInput,
    ) -> Result<Option<ExportOwnDataPayload>> {
        let ExportFormat::Json = input.format;
        let outcome = app::privacy::export(ctx.app()?, &ctx.state()?.op).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(document) => ExportOwnDataPayload {
                document: Some(document.to_string()),
                file_name: Some("baitoanlon-my-data.json".to_owned()),
                user_errors: Vec::new(),
            },
            Err(errors) => ExportOwnDataPayload::refused(errors),
        }))
    }

    /// Switches your account off; an administrator can bring it back. User errors: `REQUIRED` (not confirmed),
    /// `REAUTHENTICATION_REQUIRED`, `INCOMPATIBLE_ROLE` (you are the last administrator).
    async fn deactivate_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That you mean it.")] input: DeactivateAccountInput,
    ) -> Result<Option<DeactivateAccountPayload>> {
        Ok(Some(match execute(ctx, None, meant(input.is_confirmed, DeactivateOwn)).await? {
            Ok(_) => DeactivateAccountPayload { is_deactivated: Some(true), user_errors: Vec::new() },
            Err(errors) => DeactivateAccountPayload::refused(errors),
        }))
    }

    /// Erases you. What the law keeps of a dossier (who submitted, scored, decided) names a pseudonym from then on; everything
    /// else is gone, and drafts never handed in that nobody else works on. User errors: `REQUIRED` (not confirmed),
    /// `REAUTHENTICATION_REQUIRED`, `INCOMPATIBLE_ROLE` (you are the last administrator).
    async fn erase_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That you mean it.")] input: EraseAccountInput,
    ) -> Result<Option<EraseAccountPayload>> {
        Ok(Some(match execute(ctx, None, meant(input.is_confirmed, EraseOwn)).await? {
            Ok(_) => EraseAccountPayload { is_erased: Some(true), user_errors: Vec::new() },
            Err(errors) => EraseAccountPayload::refused(errors),
        }))
    }

    /// Switches somebody's account off; for administrators. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`,
    /// `SELF_APPROVAL` (your own), `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`, `REAUTHENTICATION_REQUIRED`.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose and why.")] input: DeactivateUserInput,
    ) -> Result<Option<DeactivateUserPayload>> {
        let mut reader = Reader::default();
        let user = reader.id("userId", &input.user_id);
        let reason = reader.text("reason", &input.reason, 2_000, Lines::Many);
        let command = reader.finish(user.zip(reason).map(|(user, reason)| Deactivate { user, reason }));
        let (user, user_errors) = after(ctx, execute(ctx, None, command).await?).await?;
        Ok(Some(DeactivateUserPayload { user, user_errors }))
    }

    /// Switches an account on again; for administrators. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`,
    /// `REAUTHENTICATION_REQUIRED`.
    async fn reactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: ReactivateUserInput,
    ) -> Result<Option<ReactivateUserPayload>> {
        let mut reader = Reader::default();
        let user = reader.id("userId", &input.user_id);
        let command = reader.finish(user.map(|user| Reactivate { user }));
        let (user, user_errors) = after(ctx, execute(ctx, None, command).await?).await?;
        Ok(Some(ReactivateUserPayload { user, user_errors }))
    }

    /// Gives a post on the platform; for administrators. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ALREADY_EXISTS`,
    /// `MALFORMED`, `REAUTHENTICATION_REQUIRED`.
    async fn grant_platform_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and which.")] input: GrantPlatformRoleInput,
    ) -> Result<Option<GrantPlatformRolePayload>> {
        let mut reader = Reader::default();
        let email = reader.keep("email", Email::parse(&input.email));
        let command = email.map(|email| GrantPost { email_key: email.key(), role: input.role.into() });
        let (user, user_errors) = after(ctx, execute(ctx, None, reader.finish(command)).await?).await?;
        Ok(Some(GrantPlatformRolePayload { user, user_errors }))
    }

    /// Takes a post on the platform away; for administrators. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL` (your
    /// own administration), `REAUTHENTICATION_REQUIRED`.
    async fn revoke_platform_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom and which.")] input: RevokePlatformRoleInput,
    ) -> Result<Option<RevokePlatformRolePayload>> {
        let mut reader = Reader::default();
        let user = reader.id("userId", &input.user_id);
        let command = user.map(|user| RevokePost { user, role: input.role.into() });
        let (user, user_errors) = after(ctx, execute(ctx, None, reader.finish(command)).await?).await?;
        Ok(Some(RevokePlatformRolePayload { user, user_errors }))
    }
}
