//! What a mutation answers: what changed, and what the user can put right.

use app::{Command, Error};
use async_graphql::{Context, Interface, Object};
use domain::problem::{Problem, Reason};

use super::context::Ask as _;
use super::enums::UserErrorCode;
use super::error::{Result, reported};

/// Something the user can put right. Nothing was changed. Branch on `code` (or `__typename`), never on `message`.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "UserErrorCode", desc = "What is wrong, as a stable code."),
    field(
        name = "field",
        ty = "Option<Vec<String>>",
        desc = "Path of the field at fault from the arguments, list indices as text, e.g. `[\"input\", \"criteria\", \"0\", \"weight\"]`; it begins with another word where what is missing stands in the object, e.g. `[\"challenge\", \"indicators\"]`. Null when no field is at fault."
    ),
    field(
        name = "message",
        ty = "String",
        desc = "A sentence in the reader's language, fit to show. Never repeats what was typed."
    )
)]
pub enum UserError {
    /// Most of them.
    Plain(PlainUserError),
    /// A limit was passed.
    Limit(LimitUserError),
    /// Another version.
    Stale(StaleVersionError),
    /// Another state.
    Transition(TransitionError),
}

/// A problem that needs no further data.
pub struct PlainUserError(Told);

/// A problem with a limit: too short, too long, too many.
pub struct LimitUserError(Told, i32);

/// Somebody else changed the object meanwhile (code `CONFLICT`). Load it again and try again.
pub struct StaleVersionError(Told, i32);

/// The command is not allowed in the current state (code `CONFLICT`).
pub struct TransitionError(Told, &'static str, Vec<&'static str>);

struct Told {
    code: UserErrorCode,
    field: Option<Vec<String>>,
    message: String,
}

macro_rules! user_error {
    ($Type:ident { $($(#[$meta:meta])* $name:ident: $Field:ty = |$self:ident| $value:expr;)* }) => {
        #[doc = "A user error."]
        #[Object]
        impl $Type {
            /// What is wrong, as a stable code.
            async fn code(&self) -> UserErrorCode {
                self.0.code
            }

            /// Path of the field at fault from the arguments; null when no field is at fault.
            async fn field(&self) -> Option<Vec<String>> {
                self.0.field.clone()
            }

            /// A sentence in the reader's language, fit to show.
            async fn message(&self) -> String {
                self.0.message.clone()
            }

            $($(#[$meta])* async fn $name(&self) -> $Field { let $self = self; $value })*
        }
    };
}

user_error!(PlainUserError {});
user_error!(LimitUserError {
    /// The limit: characters of a text or items of a list.
    limit: i32 = |this| this.1;
});
user_error!(StaleVersionError {
    /// The version there is now.
    current_version: i32 = |this| this.1;
});
user_error!(TransitionError {
    /// The state there is now, by the name of its enum value.
    current_state: String = |this| this.1.to_owned();
    /// The states in which the command is allowed.
    allowed_states: Vec<String> = |this| this.2.iter().map(|state| (*state).to_owned()).collect();
});

impl UserError {
    fn new(problem: Problem, locale: domain::locale::Locale) -> Self {
        let told = Told {
            code: problem.reason.code().into(),
            field: problem.field,
            message: problem.reason.message(locale),
        };
        let limit = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
        match problem.reason {
            Reason::TooShort { min } => Self::Limit(LimitUserError(told, limit(min))),
            Reason::TooLong { max } => Self::Limit(LimitUserError(told, limit(max))),
            Reason::Quota { limit: most } => Self::Limit(LimitUserError(told, limit(most))),
            Reason::Stale { current } => Self::Stale(StaleVersionError(told, current)),
            Reason::Transition { current, allowed } => {
                Self::Transition(TransitionError(told, current, allowed))
            }
            _ => Self::Plain(PlainUserError(told)),
        }
    }
}

/// What came of a command: its output, or what the user can put right.
pub type Done<T> = std::result::Result<T, Vec<UserError>>;

/// Splits refusals, which are data, from everything else.
pub fn done<T>(context: &Context<'_>, outcome: app::Result<T>) -> Result<Done<T>> {
    match outcome {
        Ok(output) => Ok(Ok(output)),
        Err(Error::Refused(problems)) => {
            let locale = context.locale(None)?;
            Ok(Err(problems.into_iter().map(|problem| UserError::new(problem, locale)).collect()))
        }
        Err(error) => Err(reported(&error)),
    }
}

/// A command that cannot be undone, and must be meant.
pub fn meant<C>(is_confirmed: bool, command: C) -> std::result::Result<C, Vec<Problem>> {
    if is_confirmed { Ok(command) } else { Err(vec![Problem::at("isConfirmed", Reason::Required)]) }
}

/// Runs a command that was read from an input.
pub async fn execute<C: Command>(
    context: &Context<'_>,
    key: Option<&String>,
    command: std::result::Result<C, Vec<Problem>>,
) -> Result<Done<C::Output>> {
    let state = context.state()?;
    let command = match command {
        Ok(command) => command,
        // Whoever is not signed in learns that first.
        Err(problems) => {
            state.op.user().map_err(|error| reported(&error))?;
            return done(context, Err(problems.into()));
        }
    };
    let key = key.or(state.op.idempotency_key.as_ref()).map(String::as_str);
    done(context, context.app()?.execute(&state.op, key, command).await)
}

/// An object that should be there after a command. If its reader may not see it (any more), that is what the answer says.
pub fn found<T>(context: &Context<'_>, object: Option<T>, errors: &mut Vec<UserError>) -> Result<Option<T>> {
    if object.is_none() && errors.is_empty() {
        errors.push(UserError::new(Problem::whole(Reason::NotFound), context.locale(None)?));
    }
    Ok(object)
}

/// Declares a payload: what changed, and `userErrors`.
macro_rules! payload {
    ($(#[$meta:meta])* $Payload:ident { $($(#[$fmeta:meta])* $field:ident: $Object:ty,)* }) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $Payload {
            $($(#[$fmeta])* pub $field: Option<$Object>,)*
            /// What the user can put right; empty when it was done.
            pub user_errors: Vec<crate::graphql::payload::UserError>,
        }

        impl $Payload {
            /// Nothing was done.
            pub fn refused(user_errors: Vec<crate::graphql::payload::UserError>) -> Self {
                Self { $($field: None,)* user_errors }
            }
        }
    };
}
pub(crate) use payload;
