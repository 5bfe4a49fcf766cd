//! The small print of the permission table: for each action what it is done to, in which states, and what else must hold.
//! States come from the machines; conditions are the sentences of the guards, written here beside the action.

use std::fmt::Write as _;

use super::{Action, Role, Roles, may};
use crate::appeal::{self, AppealCommand};
use crate::challenge::{self, ANNOUNCING, ChallengeCommand, RANKED, SCORING, STAFFING, UNDECIDED};
use crate::decision::{self, DecisionCommand};
use crate::delegation::DelegationStatus;
use crate::expert::{self, ExpertCommand};
use crate::machine::{Rule, State, origins};
use crate::organization::{self, OrganizationCommand, OrganizationStatus};
use crate::proposal::{self, ANSWERABLE, ProposalCommand};
use crate::question::{self, QuestionCommand};
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
        let organization = |commands: &[OrganizationCommand], provided| {
            terms("an organisation", organization::TRANSITIONS, commands, OrganizationCommand::name, provided)
        };
        let acting = || {
            let acting = OrganizationStatus::ALL.iter().filter(|state| state.must_act().is_ok());
            acting.map(|state| state.name()).collect::<Vec<_>>()
        };
        let any = |object, provided| Terms { object, possible: Vec::new(), provided };
        match self {
            Self::ManageAccounts => any(
                "an account",
                "With a fresh proof of who one is. Not one's own account; one's own administration is not given away.",
            ),
            Self::CreateOrganization => any(
                "a new agency, startup, team, institute or foreign company",
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
            Self::ManageMembers => Terms {
                object: "an organisation",
                possible: vec![("INVITE, CHANGE ROLE, REMOVE", acting())],
                provided: "By a place in that very organisation; an administrator only in a programme office, and never for themselves. The last manager stays. Everybody may leave. At most 50 invitations wait, and one person sends at most 50 in 24 hours.",
            },
            Self::ManageWebhooks => Terms {
                object: "an organisation",
                possible: vec![("CREATE, UPDATE, ROTATE, PING, REPLAY, DELETE", acting())],
                provided: "By a place in that very organisation. At most 10 in an organisation. A new address or secret with a fresh proof of who one is. Only addresses of the public Internet, by https.",
            },
            Self::RegisterUnit => any(
                "a new agency without staff",
                "It waits for verification by somebody else. Nobody belongs to it.",
            ),
            Self::EditOrganization => Terms {
                object: "an organisation",
                possible: vec![("EDIT", vec![OrganizationStatus::Pending.name()])],
                provided: "By a place in that very organisation. Its name is not like another's.",
            },
            Self::DescribeOrganization => Terms {
                object: "an organisation",
                possible: vec![("DESCRIBE", acting())],
                provided: "By a place in that very organisation. Everybody reads it who may know the organisation.",
            },
            Self::RenameOrganization => Terms {
                object: "an organisation",
                possible: vec![(
                    "EDIT",
                    vec![OrganizationStatus::Verified.name(), OrganizationStatus::Suspended.name()],
                )],
                provided: "Its name is not like another's.",
            },
            Self::PlaceOrganization => organization(
                &[OrganizationCommand::Edit],
                "Of an agency or a programme office. What stands above is another one of these, without a circle.",
            ),
            Self::SuspendOrganization => organization(
                &[OrganizationCommand::Suspend, OrganizationCommand::Reinstate],
                "Never by somebody who belongs to it, never of a programme office. With a reason, which its managers read.",
            ),
            Self::CloseOrganization => organization(
                &[OrganizationCommand::Close],
                "Never by somebody who belongs to it, never of a programme office. With a reason; a successor is verified and of the same nature.",
            ),
            Self::RuleProgrammeOffice => organization(
                &[OrganizationCommand::Suspend, OrganizationCommand::Reinstate, OrganizationCommand::Close],
                "Of a programme office alone, never by somebody who belongs to it. While it is suspended nobody has a right by it.",
            ),
            Self::InviteLead => Terms {
                object: "an agency",
                possible: vec![("INVITE", acting())],
                provided: "As long as nobody leads it. Never oneself.",
            },
            Self::DelegateUnit => Terms {
                object: "an agency, and who drafts for it",
                possible: vec![
                    ("DELEGATE", vec![OrganizationStatus::Verified.name()]),
                    (
                        "REVOKE while the delegation is",
                        vec![DelegationStatus::Upcoming.name(), DelegationStatus::InForce.name()],
                    ),
                ],
                provided: "By a place in that very agency; an officer gives one only for an agency without a lead. To another agency or the programme office, verified, for days that are not over. With number, date, signer and document of the act.",
            },
            Self::EstablishWorkingGroup => Terms {
                object: "an agency",
                possible: vec![("ESTABLISH", vec![OrganizationStatus::Verified.name()])],
                provided: "A lead by a place in that very agency. 1 to 20 people, exactly one focal point, at most one head. With number, date, signer and document of the act; the one before stays as history.",
            },
            Self::RegisterExperts => {
                let mut terms = terms(
                    "an entry of the expert register",
                    expert::TRANSITIONS,
                    &[ExpertCommand::Suspend, ExpertCommand::Reinstate],
                    ExpertCommand::name,
                    "Of somebody with a verified account, never oneself. Suspending and reinstating with a reason, which the person reads.",
                );
                let always = expert::ExpertStatus::ALL.iter().map(|state| state.name()).collect();
                terms.possible.insert(0, ("EDIT", always));
                terms
            }
            Self::WriteChallenge => challenge(
                &[ChallengeCommand::Edit],
                "By a place in the agency that owns it, or a delegation that holds today and is recorded with the act; the agency is not rejected, suspended or closed. Whoever writes is one of its authors from then on.",
            ),
            Self::SubmitChallenge => challenge(
                &[ChallengeCommand::SubmitForApproval],
                "By a place in the agency that owns it, or a delegation that holds today and is recorded with the act; the agency is verified. Nothing is missing: the required sections, an indicator with its baseline, criteria that weigh 100, a deadline ahead.",
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
                &[ChallengeCommand::Publish, ChallengeCommand::Schedule],
                "Never by one of its authors or by who approved it. The deadline is ahead; a time set for it is before the deadline. With number, date, signer and document of the act.",
            ),
            Self::AmendChallenge => challenge(
                &[ChallengeCommand::Amend],
                "Title, summary, sections and deadline; the rubric is fixed at the publication. The deadline moves only to a later instant that is still ahead. With a public note. At most 99 times.",
            ),
            Self::PublishAnnouncement => while_in(
                "a challenge",
                "ANNOUNCE",
                ANNOUNCING,
                "By a place in the agency that owns it, or by the programme office. At most 50 times.",
            ),
            Self::LinkDuplicate => any(
                "two challenges",
                "They are not the same, and no chain comes of it: neither has the one duplicates, nor is the other one. At most 50 of one.",
            ),
            Self::PauseChallenge => challenge(
                &[ChallengeCommand::Pause, ChallengeCommand::Resume],
                "Never by one of its authors. With a public reason. What of the timetable was ahead moves by as long as the halt lasted.",
            ),
            Self::CancelChallenge => {
                challenge(&[ChallengeCommand::Cancel], "Never by one of its authors. With a public reason.")
            }
            Self::AskQuestion => while_in(
                "a challenge",
                "ASK",
                ANSWERABLE,
                "By a place in a verified house, before the questions end or the deadline passes. At most 10 of a house wait for an answer.",
            ),
            Self::AnswerQuestion => terms(
                "a question",
                question::TRANSITIONS,
                &[QuestionCommand::Answer, QuestionCommand::Decline],
                QuestionCommand::name,
                "By a place in the agency, by a delegation that holds, or by the programme office; while the challenge is published or paused. Everybody reads the answer, nobody the asker; a refusal has a reason.",
            ),
            Self::NameDecisionMaker => while_in(
                "a challenge",
                "NAME",
                STAFFING,
                "Before the round is locked, and while a decision is drafted in the place of one that was set aside. Never oneself, never somebody on its council.",
            ),
            Self::AppointCouncil => while_in(
                "a challenge",
                "APPOINT",
                STAFFING,
                "Before the round is locked. Never oneself, never who decides; reviewers and members have an active entry in the expert register; one chair, one vice chair, one secretary, 25 seats at most.",
            ),
            Self::WriteProposal => {
                let mut terms = proposal(
                    &[ProposalCommand::Edit],
                    "Of the own house, which is not rejected, suspended or closed. The challenge is public and its deadline ahead; a house has one live proposal to it.",
                );
                terms.possible.insert(
                    0,
                    ("DRAFT while the challenge is", ANSWERABLE.iter().map(|state| state.name()).collect()),
                );
                terms
            }
            Self::SubmitProposal => proposal(
                &[
                    ProposalCommand::Submit,
                    ProposalCommand::Withdraw,
                    ProposalCommand::Revive,
                    ProposalCommand::AnswerClarification,
                ],
                "Of the own house, which is not rejected, suspended or closed. To hand in: proposals are taken now by the server's clock, the house is verified, the required sections are there, ownership is declared. To take back what is decided: only what was chosen or put in reserve. To put back: proposals are taken now, the house is verified and has no other live proposal to the challenge. To answer what was asked: by the time set for it.",
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
                &[ProposalCommand::Admit, ProposalCommand::Refuse, ProposalCommand::AskClarification],
                "After the opening, while the council works, by somebody who has declared to be without conflict of interest with it. With a reason, which its team reads. To ask for something clearer: before its first review is offered, by a time ahead, at most 10 times.",
            ),
            Self::RequestDisqualification => proposal(
                &[ProposalCommand::Disqualify],
                "After the opening, whatever was decided, by somebody who has declared to be without conflict of interest with it, and never by somebody in a competing house, or in declared conflict with one of the proposals. With its ground and a reason, of which its team learns nothing before it is done.",
            ),
            Self::RuleOnDisqualification => proposal(
                &[ProposalCommand::Disqualify],
                "Once the secretary has asked for it; never by somebody on the council, in a competing house, or in declared conflict with one of the proposals. Its team is mailed the reason. Its sheets stay as evidence and are in no figure any more; what was decided of it falls, and nothing brings it back. To refuse: with a reason, which the secretary reads.",
            ),
            Self::AssignReviews => {
                let mut terms = proposal(
                    &[ProposalCommand::StartReview],
                    "Before the round is locked, by somebody who has declared to be without conflict of interest with it. To members who score, each proposal to each once; never to one in conflict. To take one back, with a reason, which its member reads. Planned or by hand: a plan is of such proposals alone, and what has changed since it was made stands in the way of its release.",
                );
                terms.possible.insert(
                    0,
                    ("while the challenge is", SCORING.iter().map(|state| state.name()).collect()),
                );
                terms
                    .possible
                    .push(("REVOKE a review that is", origins(review::TRANSITIONS, &ReviewCommand::Revoke)));
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
                &[ReviewCommand::Save, ReviewCommand::Submit, ReviewCommand::Decline],
                ReviewCommand::name,
                "Before the round is locked, and by the time that was set for it. To hand in: every criterion has a mark, and a reason where it asks for one.",
            ),
            Self::ReopenReview => terms(
                "a review",
                review::TRANSITIONS,
                &[ReviewCommand::Reopen],
                ReviewCommand::name,
                "Before the round is locked, by somebody who has declared to be without conflict of interest with its proposal. With a reason, which its member reads.",
            ),
            Self::RequestVoid => terms(
                "a review",
                review::TRANSITIONS,
                &[ReviewCommand::Void],
                ReviewCommand::name,
                "After the lock, up to the proposal of the decision; never one's own, never the last sheet of a proposal. With a reason, which its member reads once it is done.",
            ),
            Self::ConfirmVoid => terms(
                "a review",
                review::TRANSITIONS,
                &[ReviewCommand::Void],
                ReviewCommand::name,
                "Once the chair has asked for it. The sheet stays as evidence and is in no figure any more.",
            ),
            Self::LockRound => while_in(
                "a challenge",
                "LOCK",
                SCORING,
                "Once, never by somebody in a competing house, or in declared conflict with one of the proposals. Every proposal that is not refused has its share of sheets in, two thirds by default, and two at least.",
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
                    "To start: the round is locked and a decision maker is named. To propose, never by somebody in a competing house, or in declared conflict with one of the proposals: every proposal has an outcome, and a departure from the ranking its reason. To replace a decision by one that promotes from the reserve: the challenge was awarded, nobody can appeal any more, a chosen proposal has fallen away; nobody loses by it, and one who passes another in reserve does so for a reason.",
                );
                terms
                    .possible
                    .extend(decision(&[DecisionCommand::Propose, DecisionCommand::Replace], "").possible);
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
                "Never by who approved it, by somebody in a competing house, or in declared conflict with one of the proposals. No chosen proposal was withdrawn or disqualified since, at the set time if there is one. With number, date, signer and document of the act.",
            ),
            Self::FileAppeal => decision(
                &[DecisionCommand::Appeal],
                "For a proposal of the own house, which is not rejected, suspended or closed, that the decision is about; before its standstill is over by the server's clock, once. With its grounds.",
            ),
            Self::RuleOnAppeal => terms(
                "an appeal",
                appeal::TRANSITIONS,
                &[AppealCommand::Dismiss, AppealCommand::Grant],
                AppealCommand::name,
                "Never by who approved the decision, by somebody on the council, in a competing house, or in declared conflict with one of the proposals. With a reason, which the team reads. The last dismissal lets the decision stand; a grant sets it aside, and the council drafts another one, which takes every step anew.",
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
            Self::TeamOwner => {
                "a place as owner in the applicant at hand (startup, team, institute, foreign company)"
            }
            Self::TeamEditor => "a place as editor in the applicant at hand",
            Self::TeamViewer => "a place as viewer in the applicant at hand",
            Self::AgencyLead => "a place as lead in the agency at hand",
            Self::AgencyDrafter => {
                "a place as drafter in the agency at hand, or a delegation to draft for it"
            }
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
        assert_eq!(
            Action::PublishChallenge.terms().possible,
            [("PUBLISH", vec!["APPROVED"]), ("SCHEDULE", vec!["APPROVED"])]
        );
    }
}
