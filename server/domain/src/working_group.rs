//! The working group (tổ công tác) of a unit: set up by a decision, as a whole, with exactly one focal point.

use crate::id::MembershipId;
use crate::organization::days_in_order;
use crate::problem::{Problem, Reason};
use crate::time::Day;

closed_set! {
    /// What a person is in a working group.
    pub enum WorkingGroupRole {
        /// Heads it; at most one does.
        Head = "HEAD",
        /// Stands in for the head.
        Deputy = "DEPUTY",
        /// Any other member.
        Member = "MEMBER",
    }
}

/// Most members of a working group.
pub const GROUP_MAX: usize = 20;

/// Characters of a member's name where the person has no account.
pub const NAME: usize = 100;

/// Characters of a member's office in the unit.
pub const POSITION: usize = 200;

/// What the rules ask of one member.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The person's membership in the unit; None for somebody without an account.
    pub membership: Option<MembershipId>,
    /// As what.
    pub role: WorkingGroupRole,
    /// The one whom others turn to.
    pub is_focal_point: bool,
    /// First day of the term.
    pub term_from: &'a Day,
    /// Last day of the term; None: open.
    pub term_until: Option<&'a Day>,
}

/// Everything that is wrong with a group: 1 to 20 members, nobody twice, exactly one focal point, at most one head, terms in
/// order.
pub fn problems(group: &[Place<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if group.len() > GROUP_MAX {
        problems.push(Problem::at("members", Reason::TooLong { max: GROUP_MAX }));
    }
    if !group.iter().any(|place| place.is_focal_point) {
        problems.push(Problem::at_path(["members", "isFocalPoint"], Reason::Required));
    }
    for (index, place) in group.iter().enumerate() {
        let number = index.to_string();
        let mut before = group.iter().take(index);
        let mut note = |field, reason| problems.push(Problem::at_path(["members", &number, field], reason));
        if place.membership.is_some() && before.clone().any(|other| other.membership == place.membership) {
            note("person", Reason::AlreadyExists);
        }
        if place.is_focal_point && before.clone().any(|other| other.is_focal_point) {
            note("isFocalPoint", Reason::AlreadyExists);
        }
        if place.role == WorkingGroupRole::Head && before.any(|other| other.role == WorkingGroupRole::Head) {
            note("role", Reason::AlreadyExists);
        }
        if let Err(reason) = days_in_order(Some(place.term_from), place.term_until) {
            note("termUntil", reason);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_group_has_one_focal_point_and_no_two_heads() {
        let [first, last] = ["2026-01-01", "2026-12-31"].map(|day| Day::parse(day).unwrap());
        let place = |role, is_focal_point| Place {
            membership: None,
            role,
            is_focal_point,
            term_from: &first,
            term_until: Some(&last),
        };
        let told = |group: &[Place<'_>]| -> Vec<_> {
            let problems = problems(group).into_iter();
            problems
                .map(|problem| format!("{} {}", problem.reason.code(), problem.field.unwrap().join(".")))
                .collect()
        };
        let (head, member) = (WorkingGroupRole::Head, WorkingGroupRole::Member);
        assert_eq!(told(&[place(head, false), place(member, true)]), [""; 0]);
        assert_eq!(told(&[place(member, true)]), [""; 0], "a group may do without a head");
        assert_eq!(told(&[]), ["REQUIRED input.members.isFocalPoint"]);
        assert_eq!(
            told(&[place(head, true), place(head, true)]),
            ["ALREADY_EXISTS input.members.1.isFocalPoint", "ALREADY_EXISTS input.members.1.role"]
        );
        let backwards = Place { term_from: &last, term_until: Some(&first), ..place(head, true) };
        assert_eq!(told(&[backwards]), ["OUT_OF_RANGE input.members.0.termUntil"]);
        let known = Place { membership: Some(MembershipId(Uuid::from_u128(7))), ..place(member, false) };
        assert_eq!(told(&[place(head, true), known, known]), ["ALREADY_EXISTS input.members.2.person"]);
        let mut crowd = [place(member, false); GROUP_MAX + 1];
        crowd[0].is_focal_point = true;
        assert_eq!(told(&crowd), ["TOO_LONG input.members"]);
    }
}
