//! Which operation of the document is meant.

use async_graphql::{
    Pos, Positioned, ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};

use crate::errors::{Code, refusal};

/// The operation that a request runs.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Where it starts in the document.
    pub pos: Pos,
}

pub(super) fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Operation, &'a Positioned<OperationDefinition>), ServerError> {
    let mut candidates = document.operations.iter().filter(|(own, _)| match name {
        Some(name) => own.is_some_and(|own| own == name),
        None => true,
    });
    match (candidates.next(), candidates.next()) {
        (Some((name, definition)), None) => {
            let name = name.map(ToString::to_string);
            Ok((Operation { name, kind: definition.node.ty, pos: definition.pos }, definition))
        }
        (None, _) => {
            Err(refusal(Code::BadUserInput, "The document has no operation of this \"operationName\".", None))
        }
        (Some(_), Some(_)) => Err(refusal(
            Code::BadUserInput,
            "The document has several operations: \"operationName\" is missing.",
            None,
        )),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_name_decides() {
        for (text, name, expected) in [
            ("{a}", None, Ok(None)),
            ("query A{a}", None, Ok(Some("A"))),
            ("query A{a}", Some("A"), Ok(Some("A"))),
            ("query A{a} mutation B{b}", Some("B"), Ok(Some("B"))),
            ("query A{a} query B{b}", None, Err("several")),
            ("query A{a} query B{b}", Some("C"), Err("no operation")),
            ("{a}", Some("A"), Err("no operation")),
            ("{a}", Some(""), Err("no operation")),
        ] {
            let document = parse_query(text).unwrap();
            match (choose(&document, name), expected) {
                (Ok((operation, _)), Ok(expected)) => {
                    assert_eq!(operation.name.as_deref(), expected, "{text}");
                }
                (Err(error), Err(part)) => assert!(error.message.contains(part), "{text}: {error}"),
                (got, expected) => unreachable!("{text} {name:?}: {got:?}, not {expected:?}"),
            }
        }
    }
}
