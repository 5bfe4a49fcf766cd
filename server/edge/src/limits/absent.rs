//! Optional variables that were not given.
//!
//! By the specification an argument whose variable is absent is itself absent. The library knows that when it executes,
//! but not when it adds up the cost of a field from its arguments: there it refuses the request. So these arguments are
//! taken out of the document, and so are the definitions of variables that nothing uses after that.

use std::{collections::HashSet, convert::Infallible};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection,
        SelectionSet,
    },
};

pub(super) fn leave_out(document: &mut ExecutableDocument, operation: Option<&str>, variables: &Variables) {
    let Some(chosen) = chosen(document, operation) else { return };
    let names = chosen.variable_definitions.iter().map(|definition| &definition.node.name.node);
    let absent: HashSet<Name> = names.filter(|name| !variables.contains_key(*name)).cloned().collect();
    if absent.is_empty() {
        return;
    }
    isolate(document, operation);
    let mut sweep = Sweep { absent, swept: HashSet::new(), used: HashSet::new() };
    for fragment in document.fragments.values_mut() {
        sweep.set(&mut fragment.node.selection_set.node);
    }
    if let Some(chosen) = self::chosen(document, operation) {
        sweep.directives(&chosen.directives);
        sweep.set(&mut chosen.selection_set.node);
        // One that was never used stays, for validation to complain about.
        chosen.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !sweep.swept.contains(name) || sweep.used.contains(name)
        });
    }
}

fn chosen<'a>(
    document: &'a mut ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => Some(&mut operation.node),
        DocumentOperations::Multiple(operations) => {
            operations.get_mut(name?).map(|operation| &mut operation.node)
        }
    }
}

/// Takes out the other operations with the fragments that only they use: for them the variable may mean something else.
fn isolate(document: &mut ExecutableDocument, name: Option<&str>) {
    let (mut ours, mut theirs) = (HashSet::new(), HashSet::new());
    for (own, operation) in document.operations.iter() {
        let is_chosen = own.map(Name::as_str) == name;
        reach(document, &operation.node.selection_set.node, if is_chosen { &mut ours } else { &mut theirs });
    }
    document.fragments.retain(|fragment, _| ours.contains(fragment) || !theirs.contains(fragment));
    if let DocumentOperations::Multiple(operations) = &mut document.operations {
        operations.retain(|own, _| name == Some(own.as_str()));
    }
}

/// The fragments that a set uses, directly or not.
fn reach(document: &ExecutableDocument, set: &SelectionSet, reached: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => reach(document, &field.node.selection_set.node, reached),
            Selection::InlineFragment(fragment) => {
                reach(document, &fragment.node.selection_set.node, reached);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if reached.insert(name.clone())
                    && let Some(fragment) = document.fragments.get(name)
                {
                    reach(document, &fragment.node.selection_set.node, reached);
                }
            }
        }
    }
}

struct Sweep {
    absent: HashSet<Name>,
    /// Those of which an argument was taken out.
    swept: HashSet<Name>,
    /// Those that are used elsewhere.
    used: HashSet<Name>,
}

impl Sweep {
    fn set(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            self.directives(selection.node.directives());
            match &mut selection.node {
                Selection::Field(field) => {
                    self.arguments(&mut field.node);
                    self.set(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.set(&mut fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, field: &mut Field) {
        field.arguments.retain(|(_, value)| {
            // The library does not export the type of the value; but only a variable is written with this sign.
            let text = value.node.to_string();
            let absent = text.strip_prefix('$').and_then(|name| self.absent.get(name));
            if let Some(name) = absent {
                self.swept.insert(name.clone());
            } else {
                let _ = value.node.clone().into_const_with(noting(&mut self.used));
            }
            absent.is_none()
        });
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            let _ = value.node.clone().into_const_with(noting(&mut self.used));
        }
    }
}

fn noting(used: &mut HashSet<Name>) -> impl FnMut(Name) -> Result<Value, Infallible> {
    |name| {
        used.insert(name);
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// What is left: the arguments of fields, the variables, the fragments and the operations, by name.
    fn left(text: &str, operation: Option<&str>, variables: serde_json::Value) -> String {
        let mut document = parse_query(text).unwrap();
        leave_out(&mut document, operation, &Variables::from_json(variables));
        let operations = document.operations.iter().map(|(_, operation)| operation);
        let variables = operations.flat_map(|operation| &operation.node.variable_definitions);
        let mut left: Vec<String> =
            variables.map(|variable| format!("${}", variable.node.name.node)).collect();
        left.extend(document.fragments.keys().map(|name| format!("...{name}")));
        let mut sets: Vec<&SelectionSet> =
            document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node).collect();
        sets.extend(document.fragments.values().map(|fragment| &fragment.node.selection_set.node));
        while let Some(set) = sets.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => {
                        left.extend(
                            field.node.arguments.iter().map(|(name, value)| format!("{name}:{value}")),
                        );
                        sets.push(&field.node.selection_set.node);
                    }
                    Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        left.sort();
        left.join(" ")
    }

    #[test]
    fn arguments_go_and_everything_else_stays() {
        for (text, operation, variables, expected) in [
            ("query($a: X) { f(x: $a) }", None, json!({}), ""),
            ("query($a: X) { f(x: $a) }", None, json!({ "a": null }), "$a x:$a"),
            ("query($a: X) { f { g(x: $a, y: 1) ... { h(x: $a) } } }", None, json!({}), "y:1"),
            ("query($a: X) { f(x: {i: $a}) g(x: [$a]) }", None, json!({}), "$a x:[$a] x:{i: $a}"),
            ("query($a: X) { f(x: $a) g(x: [$a]) }", None, json!({}), "$a x:[$a]"),
            ("query($a: X) { f(x: $a) @include(if: $a) }", None, json!({}), "$a"),
            ("query($a: X) { f(x: \"$a\") }", None, json!({}), "$a x:\"$a\""),
            ("query($a: X) { f }", None, json!({}), "$a"),
            ("query($a: X, $b: X) { f(x: $a, y: $b) }", None, json!({ "b": 1 }), "$b y:$b"),
            ("query($a: X) { ...F } fragment F on T { f(x: $a) }", None, json!({}), "...F"),
            (
                "query A($a: X) { ...F } query B($a: X!) { ...G ...F } fragment F on T { f(x: $a) } fragment G on T { g }",
                Some("A"),
                json!({}),
                "...F",
            ),
            ("query A($a: X) { f(x: $a) } fragment Unused on T { f }", Some("A"), json!({}), "...Unused"),
            (
                "query A($a: X) { f(x: $a) } query B($a: X!) { f(x: $a) }",
                Some("B"),
                json!({ "a": 1 }),
                "$a $a x:$a x:$a",
            ),
        ] {
            assert_eq!(left(text, operation, variables), expected, "{text}");
        }
    }
}
