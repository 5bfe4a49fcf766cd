//! The variables of a request: not too deep, and complete before anything runs.

use async_graphql::{ServerError, Value, Variables, parser::types::OperationDefinition};

use super::{Limits, too_much};
use crate::errors::{Code, refusal};

pub(super) fn check(variables: &Variables, limits: &Limits) -> Result<(), ServerError> {
    // The object that holds them is a level of the JSON too.
    let fits = |value: &Value| levels_fit(value, limits.variable_levels.saturating_sub(1));
    if variables.values().all(fits) {
        Ok(())
    } else {
        Err(too_much("levels in the variables", limits.variable_levels, None))
    }
}

/// Never looks deeper than it is allowed to.
fn levels_fit(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !matches!(value, Value::List(_) | Value::Object(_));
    };
    match value {
        Value::List(items) => items.iter().all(|item| levels_fit(item, below)),
        Value::Object(fields) => fields.values().all(|field| levels_fit(field, below)),
        _ => true,
    }
}

/// Fills in the defaults, which the library forgets in `@include` and `@skip`, and refuses a request without a variable
/// that it must have, which the library notices only in the middle of execution, if at all.
pub(super) fn complete(
    variables: &mut Variables,
    operation: &OperationDefinition,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let (at, definition) = (definition.pos, &definition.node);
        let name = &definition.name.node;
        if !variables.contains_key(name)
            && let Some(default) = &definition.default_value
        {
            variables.insert(name.clone(), default.node.clone());
        }
        if !definition.var_type.node.nullable && variables.get(name).is_none_or(|value| *value == Value::Null)
        {
            let message =
                format!("Variable \"${name}\" of type \"{}\" is required.", definition.var_type.node);
            return Err(refusal(Code::BadUserInput, message, Some(at)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::DocumentOperations};
    use serde_json::json;

    use super::*;

    #[test]
    fn depth_is_of_the_json() {
        let limits = Limits { variable_levels: 3, ..Limits::default() };
        let fits = |json| check(&Variables::from_json(json), &limits).is_ok();
        assert!(fits(json!({})));
        assert!(fits(json!({"a": 1, "b": [[1]], "c": {"d": {"e": "f"}}})));
        assert!(!fits(json!({"a": 1, "b": [[[1]]]})));
        assert!(!fits(json!({"a": {"b": {"c": {}}}})));
    }

    #[test]
    fn defaults_are_filled_in_and_gaps_are_refused() {
        for (definitions, given, expected) in [
            ("$a: Int", json!({}), Ok(json!({}))),
            ("$a: Int", json!({"a": null}), Ok(json!({"a": null}))),
            ("$a: Int = 5", json!({}), Ok(json!({"a": 5}))),
            ("$a: Int = 5", json!({"a": null}), Ok(json!({"a": null}))),
            ("$a: Int! = 5", json!({}), Ok(json!({"a": 5}))),
            ("$a: Int! = 5", json!({"a": 6}), Ok(json!({"a": 6}))),
            ("$a: Int! = 5", json!({"a": null}), Err("Variable \"$a\" of type \"Int!\" is required.")),
            ("$a: [Int!]!", json!({}), Err("Variable \"$a\" of type \"[Int!]!\" is required.")),
            ("$a: Int!", json!({"a": 1, "unknown": 2}), Ok(json!({"a": 1, "unknown": 2}))),
        ] {
            let document = parse_query(format!("query({definitions}){{a}}")).unwrap();
            let DocumentOperations::Single(operation) = document.operations else { unreachable!() };
            let mut variables = Variables::from_json(given);
            let outcome = complete(&mut variables, &operation.node)
                .map(|()| variables.into_value().into_json().unwrap())
                .map_err(|error| error.message);
            assert_eq!(outcome, expected.map_err(str::to_owned), "{definitions}");
        }
    }
}
