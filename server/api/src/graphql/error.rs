//! The one table from what a use case says to what a client is told outside `userErrors`.

use app::Error;
use async_graphql::{ErrorExtensions as _, Value};
use edge::Code;

/// The result of a resolver.
pub type Result<T> = std::result::Result<T, async_graphql::Error>;

/// A coded error for the client.
pub fn coded(code: Code, message: &str) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

/// A fault of ours: the edge logs it and tells the client an id only.
pub fn fault(what: &str) -> async_graphql::Error {
    async_graphql::Error::new(what)
}

/// What a client is told of an error of the application. Refusals of arguments outside mutations are the client's fault.
pub fn reported(error: &Error) -> async_graphql::Error {
    match error {
        Error::Unauthenticated => coded(Code::Unauthenticated, "Sign in first."),
        Error::SecondFactorDue => coded(Code::Forbidden, "Set up a second factor first.")
            .extend_with(|_, extensions| extensions.set("reason", "SECOND_FACTOR_DUE")),
        Error::RateLimited { seconds } => coded(Code::RateLimited, "Too many attempts. Wait a little.")
            .extend_with(|_, extensions| extensions.set("retryAfter", *seconds)),
        Error::Unavailable(source) => {
            tracing::warn!(error = %source, "the database is unavailable");
            let told = coded(Code::Unavailable, "The service is unavailable for the moment. Try again soon.");
            told.extend_with(|_, extensions| extensions.set("retryable", Value::Boolean(true)))
        }
        Error::IssuerUnavailable(why) => {
            tracing::warn!(error = why, "the issuer is unavailable");
            let told = coded(
                Code::Unavailable,
                "The sign-on service is unavailable for the moment. Try again soon.",
            );
            told.extend_with(|_, extensions| extensions.set("retryable", Value::Boolean(true)))
        }
        Error::StorageUnavailable => {
            let told = coded(
                Code::Unavailable,
                "Files cannot be reached or checked for the moment. Try again soon.",
            );
            told.extend_with(|_, extensions| extensions.set("retryable", Value::Boolean(true)))
        }
        Error::Refused(problems) => {
            let first = problems.first();
            let field = first.and_then(|problem| problem.field.clone()).unwrap_or_default().join(".");
            let message =
                first.map_or_else(String::new, |problem| problem.reason.message(domain::locale::Locale::En));
            coded(Code::BadUserInput, &format!("{field}: {message}"))
                .extend_with(|_, extensions| extensions.set("argument", field.as_str()))
        }
        Error::Internal(what) => fault(what),
    }
}

impl From<Reported> for async_graphql::Error {
    fn from(Reported(error): Reported) -> Self {
        reported(&error)
    }
}

/// Wraps the application's errors so that `?` tells clients the right thing: `.map_err(Reported)?`.
pub struct Reported(pub Error);
