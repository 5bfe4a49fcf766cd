//! The small print of the permission table: for each action what it is done to, in which states, and what else must hold.
//! States come from the machines; conditions are the sentences of the guards, written here beside the action.

use std::fmt::Write as _;

use super::{Action, Role, Roles, may};
use crate::challenge::{self, ChallengeCommand, RANKED, SCORING, STAFFING, UNDECIDED};
use crate::decision::{self, DecisionCommand};
use crate::machine::{Rule, State, origins};
use crate::organization::{self, OrganizationCommand, OrganizationStatus};
use crate::proposal::{self, ANSWERABLE, ProposalCommand};
use crate::review::{self, ReviewCommand};

/// What an action is done to, when, and what else must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it is done to.
    pub object: &'static str,
    /// Its commands, each with the states of the object in which it is possible.
    pub possible: Vec<(&'static str, Vec<&'static str>)>,
    /// What else must hold, in one or two sentences.
    pub provided: &'static str,
}

impl Action {
    /// When somebody with the right role may take it.
    pub fn terms(self) -> Terms {
        let challenge = |commands: &[ChallengeCommand], provided| {
            terms("a challenge", challenge::TRANSITIONS, commands, ChallengeCommand::name, provided)
        };
        let proposal = |commands: &[ProposalCommand], provided| {
            terms("a proposal", proposal::TRANSITIONS, commands, ProposalCommand::name, provided)
        };
        let decision = |commands: &[DecisionCommand], provided| {
            terms("a decision", decision::TRANSITIONS, commands, DecisionCommand::name, provided)
        };
        let while_in = |object, command, states: &[challenge::ChallengeStatus], provided| {
            let states = states.iter().map(|state| state.name()).collect();
            Terms { object, possible: vec![(command, states)], provided }
        };
        let any = |object, provided| Terms { object, possible: Vec::new(), provided };
        let house = |commands: &[OrganizationCommand], provided| {
            terms("an organisation", organization::TRANSITIONS, commands, OrganizationCommand::name, provided)
        };
        let active = |command, provided| {
            let may_act = OrganizationStatus::ALL.iter().filter(|status| status.must_act().is_ok());
            let states = may_act.map(|status| status.name()).collect();
            Terms { object: "an organisation", possible: vec![(command, states)], provided }
        };
        match self {
            Self::ManageAccounts => any(
                "an account",
                "With a fresh proof of who one is. Not one's own account; one's own administration is not given away.",
            ),
            Self::CreateOrganization => any(
                "a new agency or startup",
                "It waits for verification. Whoever founds it is its first manager.",
            ),
            Self::CreateProgrammeOffice => any("a new programme office", "It is verified from the start."),
            Self::VerifyOrganization => terms(
                "an organisation",
                organization::TRANSITIONS,
                &[OrganizationCommand::Verify, OrganizationCommand::Reject],
                OrganizationCommand::name,
                "Never by whoever founded it or belongs to it. A rejection has a reason.",
            ),
            Self::RegisterUnit => any(
                "a new agency",
                "It has no members; whoever registers it does not belong to it, and it waits for verification by somebody else.",
            ),
            Self::EditOrganization => house(
                &[OrganizationCommand::Edit],
                "While it is PENDING. By a place in that very organisation.",
            ),
            Self::RenameOrganization => {
                house(&[OrganizationCommand::Edit], "Once it is verified: it was verified by its name.")
            }
            Self::PlaceOrganization => house(
                &[OrganizationCommand::Edit],
                "A public body, below another public body, without a circle.",
            ),
            Self::SuspendOrganization => house(
                &[OrganizationCommand::Suspend, OrganizationCommand::Reinstate],
                "No programme office. Never by whoever belongs to it. With a reason.",
            ),
            Self::CloseOrganization => house(
                &[OrganizationCommand::Close],
                "No programme office. Never by whoever belongs to it. With a reason; a successor is verified and of its like.",
            ),
            Self::RuleProgrammeOffice => house(
                &[OrganizationCommand::Suspend, OrganizationCommand::Reinstate, OrganizationCommand::Close],
                "A programme office. Never by whoever belongs to it. With a reason.",
            ),
            Self::ManageMembers => active(
                "INVITE, CHANGE_ROLE, REMOVE",
                "By a place in that very organisation; an administrator only in a programme office. With a fresh proof of who one is. The last manager stays. Everybody may leave.",
            ),
            Self::InviteLead => active("INVITE", "An agency that has no lead, and nobody else into it."),
            Self::DelegateUnit => active(
                "DELEGATE, REVOKE",
                "An agency, to another public body, with number, date and signer of the act. By a lead of it, or by an officer while it has none.",
            ),
            Self::EstablishWorkingGroup => active(
                "ESTABLISH",
                "An agency. One focal point, at most one head, 1 to 20 members, terms in order; the former group is kept.",
            ),
            Self::RegisterExperts => any("a person", "With a verified account."),
            Self::WriteChallenge => challenge(
                &[ChallengeCommand::Edit],
                "By a place in the agency that owns it. Whoever writes is one of its authors from then on.",
            ),
            Self::SubmitChallenge => challenge(
                &[ChallengeCommand::SubmitForApproval],
                "By a place in the agency that owns it, which is verified. Nothing is missing: the required sections, an indicator with its baseline, criteria that weigh 100, a deadline ahead.",
            ),
            Self::RecallChallenge => {
                challenge(&[ChallengeCommand::Recall], "By a place in the agency that owns it.")
            }
            Self::RequestChallengeChanges => {
                challenge(&[ChallengeCommand::RequestChanges], "With a reason, which its authors read.")
            }
            Self::ApproveChallenge => challenge(
                &[ChallengeCommand::Approve],
                "Never by one of its authors. With number, date, signer and document of the act.",
            ),
            Self::PublishChallenge => challenge(
                &[ChallengeCommand::Publish],
                "Never by one of its authors or by who approved it. The deadline is ahead. With number, date, signer and document of the act.",
            ),
            Self::NameDecisionMaker => while_in(
                "a challenge",
                "NAME",
                STAFFING,
                "Before the round is locked. Never oneself, never somebody on its council.",
            ),
            Self::AppointCouncil => while_in(
                "a challenge",
                "APPOINT",
                STAFFING,
                "Before the round is locked. Never oneself, never who decides; one chair, one vice chair, one secretary, 25 seats at most.",
            ),
            Self::WriteProposal => {
                let mut terms = proposal(
                    &[ProposalCommand::Edit],
                    "Of the own startup. The challenge is public and its deadline ahead; a startup has one live proposal to it.",
                );
                terms.possible.insert(
                    0,
                    ("DRAFT while the challenge is", ANSWERABLE.iter().map(|state| state.name()).collect()),
                );
                terms
            }
            Self::SubmitProposal => proposal(
                &[ProposalCommand::Submit, ProposalCommand::Withdraw],
                "Of the own startup. To hand in: proposals are taken now by the server's clock, the startup is verified, the required sections are there, ownership is declared.",
            ),
            Self::RequestOpening => challenge(
                &[ChallengeCommand::OpenProposals],
                "After the deadline by the server's clock, once.",
            ),
            Self::ConfirmOpening => challenge(
                &[ChallengeCommand::OpenProposals],
                "After the deadline by the server's clock, once somebody else has asked for it.",
            ),
            Self::ScreenProposal => proposal(
                &[ProposalCommand::Admit, ProposalCommand::Refuse],
                "After the opening, by somebody who has declared to be without conflict of interest with it. With a reason, which its team reads.",
            ),
            Self::AssignReviews => {
                let mut terms = proposal(
                    &[ProposalCommand::StartReview],
                    "Before the round is locked, by somebody who has declared to be without conflict of interest with it. To members who score, each proposal to each once; never to one in conflict.",
                );
                terms.possible.insert(
                    0,
                    ("while the challenge is", SCORING.iter().map(|state| state.name()).collect()),
                );
                terms
            }
            Self::DeclareConflict => while_in(
                "a proposal that one may know",
                "DECLARE while the challenge is",
                UNDECIDED,
                "None only before the round is locked; a conflict until the decision is published. A declared conflict cannot be taken back.",
            ),
            Self::Score => terms(
                "the own review",
                review::TRANSITIONS,
                &[ReviewCommand::Save, ReviewCommand::Submit],
                ReviewCommand::name,
                "Before the round is locked. To hand in: every criterion has a mark, and a reason where it asks for one.",
            ),
            Self::LockRound => while_in(
                "a challenge",
                "LOCK",
                SCORING,
                "Once. Every proposal that is not refused has its share of sheets in, two thirds by default, and two at least.",
            ),
            Self::ReadRanking => while_in(
                "the ranking of a challenge",
                "READ while it is",
                RANKED,
                "Once the round is locked, and ever after. Without proposals with which one is in conflict.",
            ),
            Self::ProposeDecision => {
                let mut terms = challenge(
                    &[ChallengeCommand::StartDecision],
                    "To start: the round is locked and a decision maker is named. To propose: every proposal has an outcome, and a departure from the ranking its reason.",
                );
                terms.possible.extend(decision(&[DecisionCommand::Propose], "").possible);
                terms.object = "a challenge, and the decision on it";
                terms
            }
            Self::DraftDecision => {
                decision(&[DecisionCommand::Edit], "Only of proposals with which one is not in conflict.")
            }
            Self::ApproveDecision => decision(
                &[DecisionCommand::Approve, DecisionCommand::Return],
                "Never by somebody on the council, in a competing house, or in declared conflict with one of the proposals. What is approved is the version that was read; a return has a reason.",
            ),
            Self::PublishDecision => decision(
                &[DecisionCommand::Publish],
                "Never by who approved it, by somebody in a competing house, or in declared conflict with one of the proposals. No chosen proposal was withdrawn since. With number, date, signer and document of the act.",
            ),
        }
    }
}

fn terms<C: PartialEq + Copy, S: State>(
    object: &'static str,
    rules: &[Rule<C, S>],
    commands: &[C],
    name: fn(C) -> &'static str,
    provided: &'static str,
) -> Terms {
    let possible = commands.iter().map(|command| (name(*command), origins(rules, command))).collect();
    Terms { object, possible, provided }
}

impl Role {
    /// What makes somebody one, in one sentence.
    pub const fn by(self) -> &'static str {
        match self {
            Self::SignedIn => "a session of an account",
            Self::TeamOwner => "a place as owner in the startup at hand",
            Self::TeamEditor => "a place as editor in the startup at hand",
            Self::TeamViewer => "a place as viewer in the startup at hand",
            Self::AgencyLead => "a place as lead in the agency at hand",
            Self::AgencyDrafter => "a place as drafter in the agency at hand",
            Self::Officer => "a place as officer in a verified programme office",
            Self::Publisher => "a place as publishing authority in a verified programme office",
            Self::Chair => "an appointment as chair of the council at hand",
            Self::ViceChair => "an appointment as vice chair of the council at hand",
            Self::Secretary => "an appointment as scientific secretary of the council at hand",
            Self::Reviewer => "an appointment as reviewer to the council at hand",
            Self::Member => "an appointment as member of the council at hand",
            Self::DecisionMaker => "being named on the challenge at hand as who decides",
            Self::Auditor => "a grant as auditor of the platform",
            Self::Administrator => "a grant as administrator of the platform",
        }
    }
}

/// The table in print: every role and what makes it, every action with object, states, roles and conditions.
pub fn print() -> String {
    let mut out = String::from(
        "A role is what somebody is to the one thing at hand. It is made by a place in a house, an appointment or a grant,\n\
         never by a mark on the account. What stands in no row nobody may do. What somebody may not know of is not there for them.\n\n",
    );
    // Writing to a String cannot fail.
    for role in Role::ALL {
        let _ = writeln!(out, "{:<16} {}", role.name(), role.by());
    }
    for action in Action::ALL {
        let Terms { object, possible, provided } = action.terms();
        let by: Vec<_> = Role::ALL
            .iter()
            .filter(|role| may(*action, Roles::default().with(**role)))
            .map(|role| role.name())
            .collect();
        let _ = writeln!(out, "\n{action}\n    on        {object}");
        for (command, states) in possible {
            let _ = writeln!(out, "    state     {command} in {}", states.join(", "));
        }
        let _ = writeln!(out, "    by        {}\n    provided  {provided}", by.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_says_when_and_on_what_terms() {
        for action in Action::ALL {
            let terms = action.terms();
            assert!(terms.provided.ends_with('.') && !terms.object.is_empty(), "{action}");
            assert!(terms.possible.iter().all(|(_, states)| !states.is_empty()), "{action} in no state");
        }
        assert_eq!(Action::PublishChallenge.terms().possible, [("PUBLISH", vec!["APPROVED"])]);
    }
}
