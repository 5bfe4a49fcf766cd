//! The expert register: reviewers and members of councils are drawn from it.

use crate::machine::Rule;
use crate::problem::Reason;
use crate::review::CouncilRole;

closed_set! {
    /// Whether an expert may be appointed.
    pub enum ExpertStatus {
        /// May be appointed.
        Active = "ACTIVE",
        /// May not be appointed for the time being, with a reason. Seats that the person has stay.
        Suspended = "SUSPENDED",
    }
}

closed_set! {
    /// What is done with an entry of the register.
    pub enum ExpertCommand {
        /// Take it out of use.
        Suspend = "SUSPEND",
        /// Put it back into use.
        Reinstate = "REINSTATE",
    }
}

/// `ACTIVE <--> SUSPENDED`
pub const TRANSITIONS: &[Rule<ExpertCommand, ExpertStatus>] = &[
    Rule { command: ExpertCommand::Suspend, from: &[ExpertStatus::Active], to: ExpertStatus::Suspended },
    Rule { command: ExpertCommand::Reinstate, from: &[ExpertStatus::Suspended], to: ExpertStatus::Active },
];

/// Whether the seat is given to experts. Chair, vice chair and secretary are officials.
pub const fn is_drawn_from_register(role: CouncilRole) -> bool {
    matches!(role, CouncilRole::Reviewer | CouncilRole::Member)
}

/// Refuses a seat for experts to somebody who has no entry, or a suspended one.
pub fn may_be_appointed(role: CouncilRole, entry: Option<ExpertStatus>) -> Result<(), Reason> {
    if is_drawn_from_register(role) && entry != Some(ExpertStatus::Active) {
        return Err(Reason::NotInExpertRegister);
    }
    Ok(())
}

/// Limits of what is written into the register.
pub mod limits {
    /// Characters of an academic title.
    pub const TITLE: usize = 100;
    /// Characters of where the person works.
    pub const AFFILIATION: usize = 200;
    /// Characters of what the person knows.
    pub const QUALIFICATION: usize = 2_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn experts_are_active_entries_and_officials_need_none() {
        let refused: Vec<_> =
            CouncilRole::ALL.iter().filter(|role| may_be_appointed(**role, None).is_err()).collect();
        assert_eq!(refused, [&CouncilRole::Reviewer, &CouncilRole::Member]);
        assert!(may_be_appointed(CouncilRole::Reviewer, Some(ExpertStatus::Active)).is_ok());
        assert_eq!(
            may_be_appointed(CouncilRole::Member, Some(ExpertStatus::Suspended)),
            Err(Reason::NotInExpertRegister)
        );
    }
}
