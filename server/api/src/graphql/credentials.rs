//! What opens an account: its password, its address, its second factor.

use app::credentials::{ConfirmEmailChange, RequestPasswordReset};
use app::keys::token_hash;
use app::second_factor::Disable;
use async_graphql::{Context, Enum, InputObject, Object};
use domain::text::Email;
use secrecy::ExposeSecret as _;

use super::context::Ask as _;
use super::enums::Locale;
use super::error::Result;
use super::payload::{done, execute, meant, payload};
use super::text::Reader;

/// What `changePassword` needs.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password as it is.
    current_password: String,
    /// 8 to 128 characters, taken exactly as sent; common ones and your own name are refused.
    new_password: String,
}

/// What `requestPasswordReset` needs.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The address; a mail to it brings the token for `resetPassword`.
    email: String,
    /// Language of the mail, if the account does not say.
    #[graphql(default_with = "Locale::Vi")]
    locale: Locale,
}

/// What `resetPassword` needs.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token from the mail.
    token: String,
    /// 8 to 128 characters, taken exactly as sent; common ones and your own name are refused.
    new_password: String,
}

/// What `requestEmailChange` needs.
#[derive(InputObject)]
pub struct RequestEmailChangeInput {
    /// The address that the account is to have; a mail to it brings the token for `confirmEmailChange`.
    new_email: String,
    /// The password.
    password: String,
}

/// What `confirmEmailChange` needs.
#[derive(InputObject)]
pub struct ConfirmEmailChangeInput {
    /// The token from the mail.
    token: String,
}

/// How a second factor is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SecondFactorMethod {
    /// Codes of an authenticator app: RFC 6238 with SHA-1, six digits, 30 seconds.
    Totp,
}

/// What `setUpSecondFactor` needs.
#[derive(InputObject)]
pub struct SetUpSecondFactorInput {
    /// How it is to be shown.
    #[graphql(default_with = "SecondFactorMethod::Totp")]
    method: SecondFactorMethod,
}

/// What `confirmSecondFactor` needs.
#[derive(InputObject)]
pub struct ConfirmSecondFactorInput {
    /// The code that the app shows.
    code: String,
}

/// What `renewRecoveryCodes` needs.
#[derive(InputObject)]
pub struct RenewRecoveryCodesInput {
    /// True: you mean it.
    is_confirmed: bool,
}

/// What `disableSecondFactor` needs.
#[derive(InputObject)]
pub struct DisableSecondFactorInput {
    /// True: you mean it.
    is_confirmed: bool,
}

payload! {
    /// Answer of `changePassword`.
    ChangePasswordPayload {
        /// True: it is the new one from now on, and your other sessions have ended.
        is_changed: bool,
    }
}
payload! {
    /// Answer of `requestPasswordReset`. The same whether or not the address has an account.
    RequestPasswordResetPayload {
        /// True: look into the mailbox.
        is_mail_on_its_way: bool,
    }
}
payload! {
    /// Answer of `resetPassword`.
    ResetPasswordPayload {
        /// True: log in with the new password. All sessions have ended.
        is_reset: bool,
        /// For the next `logIn` on this device: with it, you are not slowed down by strangers who guess at the account.
        device_token: String,
    }
}
payload! {
    /// Answer of `requestEmailChange`. The same whether or not the address has an account.
    RequestEmailChangePayload {
        /// True: look into the mailbox of the new address.
        is_mail_on_its_way: bool,
    }
}
payload! {
    /// Answer of `confirmEmailChange`.
    ConfirmEmailChangePayload {
        /// True: log in with the new address from now on.
        is_changed: bool,
    }
}
payload! {
    /// Answer of `setUpSecondFactor`. Both are shown this once; nothing is asked for before `confirmSecondFactor`.
    SetUpSecondFactorPayload {
        /// The secret in Base32, to be typed into an authenticator app.
        secret: String,
        /// The same as an `otpauth:` address, to be shown as a QR code.
        uri: String,
    }
}
payload! {
    /// Answer of `confirmSecondFactor`.
    ConfirmSecondFactorPayload {
        /// Ten codes that stand in for the app, each once; shown this once. Your other sessions have ended.
        recovery_codes: Vec<String>,
    }
}
payload! {
    /// Answer of `renewRecoveryCodes`.
    RenewRecoveryCodesPayload {
        /// Ten new codes, shown this once; the former ones stopped working.
        recovery_codes: Vec<String>,
    }
}
payload! {
    /// Answer of `disableSecondFactor`.
    DisableSecondFactorPayload {
        /// True: no second factor is asked for any more.
        is_disabled: bool,
    }
}

/// Password and address.
#[derive(Default)]
pub struct CredentialsMutation;

/// Password and address.
#[Object]
impl CredentialsMutation {
    /// Sets a new password; all other sessions end. User errors: `INVALID_CREDENTIALS`, `TOO_SHORT`, `TOO_LONG`, `WEAK_PASSWORD`.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old and the new one.")] input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload>> {
        let (current, new) = (input.current_password.into(), input.new_password.into());
        let outcome = app::credentials::change_password(ctx.app()?, &ctx.state()?.op, current, new).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => ChangePasswordPayload { is_changed: Some(true), user_errors: Vec::new() },
            Err(errors) => ChangePasswordPayload::refused(errors),
        }))
    }

    /// Asks for a new password by mail. Says the same whether or not the address has an account. User errors: `MALFORMED`,
    /// `TOO_LONG`.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: RequestPasswordResetInput,
    ) -> Result<Option<RequestPasswordResetPayload>> {
        let mut reader = Reader::default();
        let email = reader.keep("email", Email::parse(&input.email));
        let command =
            email.map(|email| RequestPasswordReset { email: email.to_string(), locale: input.locale.into() });
        let outcome = match reader.finish(command) {
            Ok(command) => ctx.app()?.execute(&ctx.state()?.op, None, command).await,
            Err(problems) => Err(problems.into()),
        };
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => RequestPasswordResetPayload { is_mail_on_its_way: Some(true), user_errors: Vec::new() },
            Err(errors) => RequestPasswordResetPayload::refused(errors),
        }))
    }

    /// Sets a new password by the token that was mailed. All sessions end; log in afterwards, with the second factor if you have
    /// one. User errors: `INVALID_TOKEN`, `TOO_SHORT`, `TOO_LONG`, `WEAK_PASSWORD`.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: ResetPasswordInput,
    ) -> Result<Option<ResetPasswordPayload>> {
        let new = input.new_password.into();
        let outcome = app::credentials::reset_password(ctx.app()?, &ctx.state()?.op, &input.token, new).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(device) => ResetPasswordPayload {
                is_reset: Some(true),
                device_token: Some(device.expose_secret().to_owned()),
                user_errors: Vec::new(),
            },
            Err(errors) => ResetPasswordPayload::refused(errors),
        }))
    }

    /// Asks for another address. A mail to it brings a token, and the present one is told. User errors: `INVALID_CREDENTIALS`,
    /// `MALFORMED`, `TOO_LONG`, `ALREADY_EXISTS` (it is yours), `REAUTHENTICATION_REQUIRED`.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address.")] input: RequestEmailChangeInput,
    ) -> Result<Option<RequestEmailChangePayload>> {
        let mut reader = Reader::default();
        let email = reader.keep("newEmail", Email::parse(&input.new_email));
        let outcome = match reader.finish(email) {
            Ok(email) => {
                let (app, state) = (ctx.app()?, ctx.state()?);
                app::credentials::request_email_change(app, &state.op, email, input.password.into()).await
            }
            Err(problems) => Err(problems.into()),
        };
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => RequestEmailChangePayload { is_mail_on_its_way: Some(true), user_errors: Vec::new() },
            Err(errors) => RequestEmailChangePayload::refused(errors),
        }))
    }

    /// Changes the address by the token that was mailed to the new one. User errors: `INVALID_TOKEN`.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: ConfirmEmailChangeInput,
    ) -> Result<Option<ConfirmEmailChangePayload>> {
        let command = ConfirmEmailChange { token_hash: token_hash(&input.token) };
        let outcome = ctx.app()?.execute(&ctx.state()?.op, None, command).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(()) => ConfirmEmailChangePayload { is_changed: Some(true), user_errors: Vec::new() },
            Err(errors) => ConfirmEmailChangePayload::refused(errors),
        }))
    }
}

/// The second factor.
#[derive(Default)]
pub struct SecondFactorMutation;

/// The second factor.
#[Object]
impl SecondFactorMutation {
    /// Begins to set up a second factor: a secret for an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds).
    /// Once more replaces an unconfirmed one. User errors: `ALREADY_EXISTS`, `REAUTHENTICATION_REQUIRED`.
    async fn set_up_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How.")] input: SetUpSecondFactorInput,
    ) -> Result<Option<SetUpSecondFactorPayload>> {
        let SecondFactorMethod::Totp = input.method;
        let outcome = app::second_factor::set_up(ctx.app()?, &ctx.state()?.op).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(setup) => SetUpSecondFactorPayload {
                secret: Some(setup.secret.expose_secret().to_owned()),
                uri: Some(setup.uri.expose_secret().to_owned()),
                user_errors: Vec::new(),
            },
            Err(errors) => SetUpSecondFactorPayload::refused(errors),
        }))
    }

    /// Confirms the second factor by a first code. From then on it is asked for at each log-in. User errors: `INVALID_CODE`,
    /// `NOT_FOUND` (set it up first), `ALREADY_EXISTS`, `REAUTHENTICATION_REQUIRED`.
    async fn confirm_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: ConfirmSecondFactorInput,
    ) -> Result<Option<ConfirmSecondFactorPayload>> {
        let outcome = app::second_factor::confirm(ctx.app()?, &ctx.state()?.op, &input.code).await;
        Ok(Some(match done(ctx, outcome)? {
            Ok(codes) => {
                ctx.renew().await?;
                ConfirmSecondFactorPayload { recovery_codes: Some(codes), user_errors: Vec::new() }
            }
            Err(errors) => ConfirmSecondFactorPayload::refused(errors),
        }))
    }

    /// Makes new recovery codes; the former ones stop working. User errors: `REQUIRED` (not confirmed), `NOT_FOUND`
    /// (there is no second factor), `REAUTHENTICATION_REQUIRED`.
    async fn renew_recovery_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That you mean it.")] input: RenewRecoveryCodesInput,
    ) -> Result<Option<RenewRecoveryCodesPayload>> {
        let outcome = match meant(input.is_confirmed, ()) {
            Ok(()) => app::second_factor::renew(ctx.app()?, &ctx.state()?.op).await,
            Err(problems) => Err(problems.into()),
        };
        Ok(Some(match done(ctx, outcome)? {
            Ok(codes) => RenewRecoveryCodesPayload { recovery_codes: Some(codes), user_errors: Vec::new() },
            Err(errors) => RenewRecoveryCodesPayload::refused(errors),
        }))
    }

    /// Takes the second factor away, and its recovery codes. User errors: `REQUIRED` (not confirmed), `NOT_FOUND`
    /// (there is none), `REAUTHENTICATION_REQUIRED`.
    async fn disable_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That you mean it.")] input: DisableSecondFactorInput,
    ) -> Result<Option<DisableSecondFactorPayload>> {
        Ok(Some(match execute(ctx, None, meant(input.is_confirmed, Disable)).await? {
            Ok(()) => DisableSecondFactorPayload { is_disabled: Some(true), user_errors: Vec::new() },
            Err(errors) => DisableSecondFactorPayload::refused(errors),
        }))
    }
}
