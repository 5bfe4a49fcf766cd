//! The tables in `tables/`, which hold all that is written by hand: who may know, read and do what.
//!
//! A row is `subject | who | when`, and optionally `| each` (everybody allowed sees something of their own there).
//!
//! * The subject is a name, names separated by commas, or `Name: a b c` for `Name.a`, `Name.b`, `Name.c`. Several rows
//!   about one subject add up.
//! * Who: labels of a viewer with regard to the thing, alternatives separated by commas, `+` for and, `!` for not.
//! * When: labels of the thing, written the same way.
//!
//! The labels are in `facts.rs`, and a word that is none of them fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::proof::facts::{Labels, WHEN, WHO};

/// A table.
pub struct Table(BTreeMap<String, Vec<Rule>>);

/// A row of one subject.
pub struct Rule {
    who: Vec<Vec<String>>,
    when: Vec<Vec<String>>,
    /// Everybody allowed sees something of their own.
    pub each: bool,
}

impl Table {
    /// Reads a table.
    pub fn read(text: &str) -> Self {
        let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let (subjects, who, when, each) = match cells.as_slice() {
                [subjects, who] => (subjects, who, &"always", false),
                [subjects, who, when] => (subjects, who, when, false),
                [subjects, who, when, "each"] => (subjects, who, when, true),
                _ => panic!("not a row: {line}"),
            };
            let subjects: Vec<String> = match subjects.split_once(':') {
                Some((prefix, names)) => {
                    names.split_whitespace().map(|name| format!("{}.{name}", prefix.trim())).collect()
                }
                None => subjects.split(',').map(|subject| subject.trim().to_owned()).collect(),
            };
            for subject in subjects {
                let rule =
                    Rule { who: alternatives(who, WHO, line), when: alternatives(when, WHEN, line), each };
                rules.entry(subject).or_default().push(rule);
            }
        }
        Self(rules)
    }

    /// All subjects.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Has rows about the subject.
    pub fn speaks_of(&self, subject: &str) -> bool {
        self.0.contains_key(subject)
    }

    /// The first row about the subject that allows, and its number among them.
    pub fn allows(&self, subject: &str, labels: &Labels) -> Option<(usize, &Rule)> {
        let rules = self.0.get(subject).unwrap_or_else(|| panic!("{subject} stands in no row"));
        rules
            .iter()
            .enumerate()
            .find(|(_, rule)| holds(&rule.who, &labels.who) && holds(&rule.when, &labels.when))
    }
}

fn alternatives(cell: &str, vocabulary: &[&str], line: &str) -> Vec<Vec<String>> {
    let words = |part: &str| -> Vec<String> {
        part.split('+')
            .map(|word| {
                let word = word.trim();
                let known = vocabulary.contains(&word.trim_start_matches('!')) || is_state(word);
                assert!(known, "{word} is no label: {line}");
                word.to_owned()
            })
            .collect()
    };
    cell.split(',').map(words).collect()
}

/// The states of the machines are labels too.
fn is_state(word: &str) -> bool {
    let word = word.trim_start_matches('!');
    word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

fn holds(alternatives: &[Vec<String>], labels: &BTreeSet<&'static str>) -> bool {
    let has = |word: &String| match word.strip_prefix('!') {
        Some(word) => !labels.contains(word),
        None => labels.contains(word.as_str()),
    };
    alternatives.iter().any(|all| all.iter().all(has))
}
