//! What can go wrong in a use case: refusals that people can act on, and faults that only we can.

use domain::problem::{Problem, Reason};
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller can put it right: everything that is wrong, at once.
    #[error("refused")]
    Refused(Vec<Problem>),
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// Signed in, but the post asks for a second factor which this session has not shown.
    #[error("a second factor is due")]
    SecondFactorDue,
    /// Too many attempts.
    #[error("too many attempts")]
    RateLimited {
        /// Seconds until the next one is heard.
        seconds: u64,
    },
    /// The database cannot be reached or is too busy; trying again later helps.
    #[error("unavailable")]
    Unavailable(#[source] DbErr),
    /// The issuer at which people sign on cannot be reached, or makes no sense; trying again later helps.
    #[error("the issuer is unavailable: {0}")]
    IssuerUnavailable(String),
    /// The storage of files, or what looks at them, cannot be reached; trying again later helps.
    #[error("the storage is unavailable")]
    StorageUnavailable,
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Problem::whole(reason).into()
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Refused(problems)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err()
            && let Some(problem) = unique_problem(&text)
        {
            return problem.into();
        }
        if is_outage(&error) { Self::Unavailable(error) } else { Self::Internal(error.to_string()) }
    }
}

/// What each unique constraint protects. PostgreSQL names the index, SQLite the columns.
const UNIQUE: &[(&str, &str, &str)] = &[
    ("uq_council_member_seat", "council_member.challenge_id, council_member.user_id", "email"),
    ("uq_council_member_single", "council_member.challenge_id, council_member.role", "role"),
    ("uq_membership_live", "membership.organization_id, membership.user_id", "token"),
    ("uq_review_member", "review.proposal_id, review.user_id", "memberIds"),
    ("uq_decision_challenge", "decision.challenge_id", "challengeId"),
    ("uq_decision_promotion", "decision.challenge_id", "challengeId"),
    ("uq_expert_user", "expert.user_id", "email"),
];

fn unique_problem(text: &str) -> Option<Problem> {
    UNIQUE
        .iter()
        .find(|(index, columns, _)| {
            text.contains(&format!("\"{index}\"")) || text.trim_end().ends_with(columns)
        })
        .map(|(_, _, field)| Problem::at(field, Reason::AlreadyExists))
}

/// The database's own code for an error, if it gave one.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(source))
    | DbErr::Exec(RuntimeErr::SqlxError(source))
    | DbErr::Query(RuntimeErr::SqlxError(source))) = error
    else {
        return None;
    };
    source.as_database_error()?.code().map(Into::into)
}

/// Unique constraints behind which the same thing was just done: whoever comes second finds it done.
const REPEATED: &[(&str, &str)] = &[
    ("uq_app_user_email", "app_user.email_key"),
    ("uq_external_identity_subject", "external_identity.issuer, external_identity.subject"),
    ("uq_external_identity_user", "external_identity.user_id, external_identity.issuer"),
    ("uq_organization_name", "organization.name_key"),
    ("uq_organization_slug", "organization.slug"),
    ("uq_challenge_slug", "challenge.slug"),
    ("uq_proposal_live", "proposal.challenge_id, proposal.organization_id"),
];

/// Trying the same transaction again may well succeed: busy, serialisation failure, deadlock.
pub(crate) fn is_transient(error: &DbErr) -> bool {
    let busy = code(error)
        .is_some_and(|code| matches!(code.as_str(), "5" | "517" | "261" | "6" | "262" | "40001" | "40P01"));
    // Two registrations of one new address, two sign-ons of one new person, two that come out under one name, two proposals of
    // one house, at once: the second looks again and finds the first.
    let twice = |text: &str| {
        REPEATED.iter().any(|(index, columns)| {
            text.contains(&format!("\"{index}\"")) || text.trim_end().ends_with(columns)
        })
    };
    busy || matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(text)) if twice(&text))
}

/// The database is away, full, read-only, shutting down or out of time.
fn is_outage(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            match source.as_ref() {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::Tls(_)
                | sqlx::Error::WorkerCrashed => true,
                // SQLite: busy, locked, read-only, I/O, full, cannot open. PostgreSQL: connection, resources, shutdown, timeouts.
                sqlx::Error::Database(database) => database.code().is_some_and(|code| {
                    code.parse::<u32>().is_ok_and(|number| {
                        number < 10_000 && matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14)
                    }) || ["08", "53", "57", "55P03", "25006"]
                        .iter()
                        .any(|class| code.len() == 5 && code.starts_with(class))
                }),
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_constraint_speaks_of_the_input_in_both_spellings() {
        let postgres = r#"duplicate key value violates unique constraint "uq_review_member""#;
        let sqlite = "UNIQUE constraint failed: review.proposal_id, review.user_id";
        for text in [postgres, sqlite] {
            assert_eq!(unique_problem(text), Some(Problem::at("memberIds", Reason::AlreadyExists)));
        }
        assert_eq!(unique_problem("UNIQUE constraint failed: something.else"), None);
    }
}
