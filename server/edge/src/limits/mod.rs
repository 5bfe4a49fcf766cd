//! How large a document may be, found out in time linear in the document.
//!
//! The parser of the library recurses without limit over list and object literals, and its validation expands every
//! fragment at every place where it is used. So the text is measured before it is parsed, and the parsed document
//! before it is validated. [`admit`] does both and is meant for every transport.

mod absent;
mod document;
mod operation;
mod text;
mod variables;

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_graphql::{
    Pos, Request, ServerError,
    parser::{Error as ParseError, parse_query, types::ExecutableDocument},
};

pub use self::operation::Operation;
use crate::errors::{Code, refusal};

/// The limits. A document at the limit passes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the body of a request.
    pub body_bytes: usize,
    /// Bytes of the document.
    pub document_bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// Brackets open at the same place of the document, of all kinds.
    pub brackets: usize,
    /// Levels of lists and objects in the variables.
    pub variable_levels: usize,
    /// Operations in the document.
    pub operations: usize,
    /// Selections (fields and uses of fragments) after expanding fragments.
    pub selections: u32,
    /// Aliases after expanding fragments.
    pub aliases: u32,
    /// Directives after expanding fragments.
    pub directives: u32,
    /// Directives at one place.
    pub directives_at_once: usize,
    /// Fields below each other.
    pub depth: u32,
    /// Fields of a mutation.
    pub root_mutation_fields: u32,
    /// May `__schema` and `__type` be asked for?
    pub introspection: bool,
    /// Fields below each other from `__schema` or `__type` down. The query that tools send needs fifteen.
    pub introspection_depth: u32,
    /// Lists below each other in an introspection: each multiplies the answer.
    pub introspection_lists: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            document_bytes: 32 * 1024,
            tokens: 2000,
            brackets: 60,
            variable_levels: 16,
            operations: 10,
            selections: 1000,
            aliases: 50,
            directives: 50,
            directives_at_once: 4,
            depth: 12,
            root_mutation_fields: 5,
            introspection: true,
            introspection_depth: 15,
            introspection_lists: 4,
        }
    }
}

/// Parses and measures the document of a request, chooses its operation and completes its variables.
///
/// # Errors
///
/// What is wrong with it, with `extensions.code`, fit for the caller.
pub fn admit(mut request: Request, limits: &Limits) -> Result<(Request, Operation), ServerError> {
    text::check(&request.query, limits)?;
    variables::check(&request.variables, limits)?;
    let mut document = parse(&request.query)?;
    document::check(&document, limits)?;
    let (operation, definition) = operation::choose(&document, request.operation_name.as_deref())?;
    variables::complete(&mut request.variables, &definition.node)?;
    absent::leave_out(&mut document, operation.name.as_deref(), &request.variables);
    request.set_parsed_query(document);
    if !limits.introspection {
        request = request.disable_introspection();
    }
    Ok((request, operation))
}

/// The parser, with a fence around it and without its habit of quoting the document.
fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    match catch_unwind(AssertUnwindSafe(|| parse_query(text))) {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(error)) => {
            let message = match &error {
                ParseError::Syntax { message, .. } => syntax_error(message),
                other => capitalised(&other.to_string()),
            };
            Err(refusal(Code::ParseFailed, message, error.positions().next()))
        }
        Err(_) => Err(refusal(Code::ParseFailed, "Syntax error.", None)),
    }
}

/// The parser's message is a drawing of the line in question; its last line says what was expected there.
fn syntax_error(drawing: &str) -> String {
    let reason = drawing.lines().last().and_then(|line| line.trim().strip_prefix("= "));
    match reason {
        Some(reason) => format!("Syntax error: {}.", reason.replace('_', " ")),
        None => "Syntax error.".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|first| format!("{}{}.", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

/// One message for all limits: what there is too much of, and how much would have passed.
fn too_much(what: &str, limit: impl std::fmt::Display, at: Option<Pos>) -> ServerError {
    refusal(Code::QueryTooComplex, format!("Too much of one request: at most {limit} {what}."), at)
}
