//! A state machine as a table: command, the states from which it is allowed, the state that follows.

use crate::problem::{Guard, Reason, all};

/// One row of the table.
pub struct Rule<C: 'static, S: 'static> {
    /// The command.
    pub command: C,
    /// The states from which it is allowed.
    pub from: &'static [S],
    /// The state that follows.
    pub to: S,
}

/// A state of a machine: has a stable name.
pub trait State: Copy + PartialEq {
    /// The stable name.
    fn name(self) -> &'static str;
}

/// The state after `command`, or what is wrong: the current state and those from which the command is allowed.
pub fn step<C: PartialEq, S: State>(rules: &[Rule<C, S>], state: S, command: &C) -> Result<S, Reason> {
    let matching = || rules.iter().filter(|rule| rule.command == *command);
    match matching().find(|rule| rule.from.contains(&state)) {
        Some(rule) => Ok(rule.to),
        None => Err(Reason::Transition {
            current: state.name(),
            allowed: matching().flat_map(|rule| rule.from).map(|from| from.name()).collect(),
        }),
    }
}

/// Whether `command` is allowed in `state`: the first question of every guard, for in the wrong state no other matters.
pub fn allows<C: PartialEq, S: State>(rules: &[Rule<C, S>], state: S, command: &C) -> Guard {
    all([step(rules, state, command).map(|_| ())])
}

/// The states from which `command` is allowed, in the order of the table.
pub fn origins<C: PartialEq, S: State>(rules: &[Rule<C, S>], command: &C) -> Vec<&'static str> {
    let matching = rules.iter().filter(|rule| rule.command == *command);
    matching.flat_map(|rule| rule.from).map(|state| state.name()).collect()
}

/// The table in print: every command x every state, the next state or a dot.
pub fn print<C: PartialEq + std::fmt::Display, S: State>(rules: &[Rule<C, S>], states: &[S]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for rule in rules {
        for state in states.iter().filter(|state| rule.from.contains(state)) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{:<18} --{}--> {}", state.name(), rule.command, rule.to.name());
        }
    }
    out
}

macro_rules! state {
    ($($Name:ty),+) => { $(impl State for $Name { fn name(self) -> &'static str { Self::name(self) } })+ };
}
state!(
    crate::attachment::AttachmentStatus,
    crate::question::QuestionStatus,
    crate::challenge::ChallengeStatus,
    crate::proposal::ProposalStatus,
    crate::review::ReviewStatus,
    crate::appeal::AppealStatus,
    crate::decision::DecisionStatus,
    crate::organization::OrganizationStatus,
    crate::expert::ExpertStatus
);
