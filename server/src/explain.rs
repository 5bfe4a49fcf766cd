//! What went wrong in a use case, in words for the terminal and the log.

use app::Error;
use domain::locale::Locale;

/// A refusal by its messages; a fault with its cause.
pub fn explain(error: Error) -> anyhow::Error {
    let Error::Refused(problems) = error else { return error.into() };
    let words = problems.iter().map(|problem| {
        let message = problem.reason.message(Locale::En);
        match &problem.field {
            Some(path) => format!("{}: {message}", path.join(".")),
            None => message,
        }
    });
    anyhow::Error::msg(words.collect::<Vec<_>>().join(" "))
}
