//! The parsed document: what it costs once its fragments are expanded.
//!
//! Each fragment is measured once, then its measure is added wherever it is used. So the time is linear in the
//! document, though what it stands for may be exponential.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{Directive, ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};

use super::{Limits, too_much};
use crate::errors::{Code, refusal};

pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let operations = document.operations.iter().count();
    if operations > limits.operations {
        return Err(too_much("operations", limits.operations, None));
    }
    let mut measure = Measure { document, limits, fragments: HashMap::new() };
    // Unused fragments too: the library walks them as well, and must not find a circle.
    for (name, fragment) in &document.fragments {
        measure.directives(&fragment.node.directives)?;
        let cost = measure.fragment(name, fragment.pos)?;
        breadth(cost, limits, fragment.pos)?;
    }
    let mut total = Cost::default();
    for (_, operation) in document.operations.iter() {
        let node = &operation.node;
        let mut cost = measure.set(&node.selection_set.node)?;
        cost.directives = cost.directives.saturating_add(measure.directives(&node.directives)?);
        for variable in &node.variable_definitions {
            cost.directives = cost.directives.saturating_add(measure.directives(&variable.node.directives)?);
        }
        if node.ty == OperationType::Mutation && cost.fields > limits.root_mutation_fields {
            return Err(too_much("fields of a mutation", limits.root_mutation_fields, Some(operation.pos)));
        }
        if node.ty == OperationType::Subscription && cost.fields != 1 {
            let message = "A subscription has exactly one field.";
            return Err(refusal(Code::ValidationFailed, message, Some(operation.pos)));
        }
        height(cost, limits, operation.pos)?;
        total = total.beside(cost);
        breadth(total, limits, operation.pos)?;
    }
    Ok(())
}

/// How much there is of it.
fn breadth(cost: Cost, limits: &Limits, at: Pos) -> Result<(), ServerError> {
    at_most(limits.selections, cost.selections, "selections after expanding fragments", at)?;
    at_most(limits.aliases, cost.aliases, "aliases after expanding fragments", at)?;
    at_most(limits.directives, cost.directives, "directives after expanding fragments", at)
}

/// How deep it goes; a fragment alone does not know where it will be used.
fn height(cost: Cost, limits: &Limits, at: Pos) -> Result<(), ServerError> {
    if cost.introspection_depth > 0 && !limits.introspection {
        return Err(refusal(Code::ValidationFailed, "Introspection is switched off.", Some(at)));
    }
    at_most(limits.depth, cost.depth, "levels of fields", at)?;
    at_most(limits.introspection_depth, cost.introspection_depth, "levels of introspection", at)?;
    let what = "lists below each other in an introspection";
    at_most(limits.introspection_lists, cost.introspection_lists, what, at)
}

fn at_most(limit: u32, count: u32, what: &str, at: Pos) -> Result<(), ServerError> {
    if count > limit { Err(too_much(what, limit, Some(at))) } else { Ok(()) }
}

/// What a set of selections costs, fragments expanded.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    selections: u32,
    aliases: u32,
    directives: u32,
    /// Fields of the set itself.
    fields: u32,
    depth: u32,
    /// Fields below each other that an introspection would answer with lists.
    lists: u32,
    introspection_depth: u32,
    introspection_lists: u32,
}

impl Cost {
    /// Both, next to each other in one set.
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            lists: self.lists.max(other.lists),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
        }
    }

    /// The set as the children of a field.
    fn below(self, field: &Field) -> Self {
        let depth = self.depth.saturating_add(1);
        let lists = self.lists.saturating_add(u32::from(is_introspection_list(&field.name.node)));
        let own = Self {
            aliases: self.aliases.saturating_add(u32::from(field.alias.is_some())),
            fields: 1,
            ..self
        };
        // An introspection has its own limits: tools send one that is deeper than what people write.
        match field.name.node.as_str() {
            "__schema" | "__type" => Self {
                depth: 1,
                lists: 0,
                introspection_depth: self.introspection_depth.max(depth),
                introspection_lists: self.introspection_lists.max(lists),
                ..own
            },
            _ => Self { depth, lists, ..own },
        }
    }
}

fn is_introspection_list(field: &str) -> bool {
    matches!(
        field,
        "args"
            | "directives"
            | "enumValues"
            | "fields"
            | "inputFields"
            | "interfaces"
            | "locations"
            | "possibleTypes"
            | "types"
    )
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while a fragment is being measured.
    fragments: HashMap<&'a Name, Option<Cost>>,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Cost, ServerError> {
        set.items.iter().try_fold(Cost::default(), |cost, item| Ok(cost.beside(self.selection(item)?)))
    }

    fn selection(&mut self, selection: &'a Positioned<Selection>) -> Result<Cost, ServerError> {
        let mut cost = match &selection.node {
            Selection::Field(field) => self.set(&field.node.selection_set.node)?.below(&field.node),
            Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
            Selection::FragmentSpread(spread) => {
                self.fragment(&spread.node.fragment_name.node, selection.pos)?
            }
        };
        cost.selections = cost.selections.saturating_add(1);
        cost.directives = cost.directives.saturating_add(self.directives(selection.node.directives())?);
        Ok(cost)
    }

    fn fragment(&mut self, name: &Name, at: Pos) -> Result<Cost, ServerError> {
        match self.fragments.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                let message = format!("Fragment \"{name}\" uses itself.");
                return Err(refusal(Code::ValidationFailed, message, Some(at)));
            }
            None => {}
        }
        // One that does not exist costs nothing; validation will say so.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Cost::default());
        };
        self.fragments.insert(name, None);
        let cost = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(cost));
        Ok(cost)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<u32, ServerError> {
        match directives.get(self.limits.directives_at_once) {
            Some(first_too_much) => Err(too_much(
                "directives at one place",
                self.limits.directives_at_once,
                Some(first_too_much.pos),
            )),
            None => Ok(u32::try_from(directives.len()).unwrap_or(u32::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;

    /// The message of the refusal, or nothing.
    fn refused(text: &str, limits: &Limits) -> String {
        let document = parse_query(text).unwrap();
        check(&document, limits).err().map(|error| error.message).unwrap_or_default()
    }

    /// `f0` uses `f1` so many times, which uses `f2`, and so on.
    fn bomb(levels: usize, width: usize) -> String {
        let mut text = "{...f0}".to_owned();
        for level in 0..levels {
            let spreads = format!("...f{} ", level + 1).repeat(width);
            write!(text, "fragment f{level} on Query{{{spreads}}}").unwrap();
        }
        write!(text, "fragment f{levels} on Query{{__typename}}").unwrap();
        text
    }

    #[test]
    fn every_limit_is_named_and_exact() {
        let limits = Limits {
            operations: 2,
            selections: 6,
            aliases: 2,
            directives: 4,
            directives_at_once: 2,
            depth: 3,
            root_mutation_fields: 2,
            introspection_depth: 4,
            introspection_lists: 2,
            ..Limits::default()
        };
        for (passes, refuses, what) in [
            ("query A{a} query B{b}", "query A{a} query B{b} query C{c}", "2 operations"),
            ("{a b c d e f}", "{a b c d e f g}", "6 selections after expanding fragments"),
            (
                "{...F b c d e} fragment F on Q{a}",
                "{...F b c d e f} fragment F on Q{a}",
                "6 selections after expanding fragments",
            ),
            (
                "query A{a b c} query B{a b c}",
                "query A{a b c d} query B{a b c}",
                "6 selections after expanding fragments",
            ),
            ("{a} fragment F on Q{a b c d e f}", "{a} fragment F on Q{a b c d e f g}", "6 selections"),
            ("{x:a y:b}", "{x:a y:b z:c}", "2 aliases after expanding fragments"),
            ("{...F ...F} fragment F on Q{x:a}", "{...F ...F ...F} fragment F on Q{x:a}", "2 aliases"),
            ("{a @x @x b @x @x}", "{a @x @x b @x @x c @x}", "4 directives after expanding fragments"),
            ("query @x {a @x ...@x{a}}", "query($v: Int @x) @x {a @x ...@x{a} b @x}", "4 directives"),
            ("{a @x @x}", "{a @x @x @x}", "2 directives at one place"),
            (
                "{a ...F @x @x} fragment F on Q{a}",
                "{a ...F @x @x @x} fragment F on Q{a}",
                "2 directives at one",
            ),
            (
                "{a} fragment F on Q @x @x {a}",
                "{a} fragment F on Q @x @x @x {a}",
                "2 directives at one place",
            ),
            ("{a{b{c}}}", "{a{b{c{d}}}}", "3 levels of fields"),
            ("{a{...{b{c}}}}", "{a{...{b{c{d}}}}}", "3 levels of fields"),
            ("{a{...F}} fragment F on Q{b{c}}", "{a{b{...F}}} fragment F on Q{b{c}}", "3 levels of fields"),
            ("mutation{a b}", "mutation{a b c}", "2 fields of a mutation"),
            (
                "mutation{...F a{b c}} fragment F on M{a}",
                "mutation{...F ...F ...F} fragment F on M{a}",
                "2 fields",
            ),
            ("{__schema{a{b{c}}}}", "{__schema{a{b{c{d}}}}}", "4 levels of introspection"),
            ("{__schema{types{fields{a}}}}", "{__schema{types{fields{args}}}}", "2 lists below each other"),
            (
                "{__type{fields{...T}}} fragment T on T{args}",
                "{__type{fields{...T}}} fragment T on T{args{types}}",
                "2 lists",
            ),
        ] {
            assert_eq!(refused(passes, &limits), "", "{passes}");
            let message = refused(refuses, &limits);
            assert!(message.contains(&format!("at most {what}")), "{refuses}: {message}");
        }
    }

    #[test]
    fn lists_of_the_business_are_not_lists_of_the_introspection() {
        let limits = Limits { introspection_lists: 1, ..Limits::default() };
        assert_eq!(refused("{types{fields{args{directives}}}}", &limits), "");
    }

    #[test]
    fn introspection_can_be_switched_off() {
        let limits = Limits { introspection: false, ..Limits::default() };
        for asks in
            ["{__schema{types{name}}}", "{a __type(name:\"Q\"){name}}", "{...F} fragment F on Q{__schema{a}}"]
        {
            assert_eq!(refused(asks, &limits), "Introspection is switched off.", "{asks}");
        }
        assert_eq!(refused("{__typename a{__typename}}", &limits), "");
    }

    #[test]
    fn bombs_are_counted_not_exploded() {
        let limits = Limits::default();
        for text in [bomb(8, 10), bomb(60, 12), bomb(150, 2)] {
            assert_eq!(
                refused(&text, &limits),
                "Too much of one request: at most 1000 selections after expanding fragments."
            );
        }
    }

    #[test]
    fn circles_are_refused() {
        for text in [
            "{...A} fragment A on Q{...A}",
            "{...A} fragment A on Q{a{...B}} fragment B on Q{...{...A}}",
            "{a} fragment A on Q{...B ...B} fragment B on Q{...A ...A}",
        ] {
            assert!(refused(text, &Limits::default()).ends_with("uses itself."), "{text}");
        }
    }

    #[test]
    fn unknown_fragments_are_left_to_validation() {
        assert_eq!(refused("{...Nowhere}", &Limits::default()), "");
    }
}
