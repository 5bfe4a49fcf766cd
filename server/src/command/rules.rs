//! `server rules`: the rule book as the program applies it.

use domain::appeal::AppealStatus;
use domain::challenge::ChallengeStatus;
use domain::decision::DecisionStatus;
use domain::expert::ExpertStatus;
use domain::machine;
use domain::organization::OrganizationStatus;
use domain::proposal::ProposalStatus;
use domain::question::QuestionStatus;
use domain::review::ReviewStatus;
use domain::{
    access, appeal, challenge, decision, event, expert, organization, preference, proposal, question, review,
};

/// All of it, under headings.
pub fn print() -> String {
    let sections = [
        ("Who may do what, when, and who may read what", access::print_rules()),
        ("The life of an organisation", machine::print(organization::TRANSITIONS, OrganizationStatus::ALL)),
        (
            "The life of an entry in the expert register",
            machine::print(expert::TRANSITIONS, ExpertStatus::ALL),
        ),
        ("The life of a challenge", machine::print(challenge::TRANSITIONS, ChallengeStatus::ALL)),
        ("The life of a question", machine::print(question::TRANSITIONS, QuestionStatus::ALL)),
        ("The life of a proposal", machine::print(proposal::TRANSITIONS, ProposalStatus::ALL)),
        ("The life of a review", machine::print(review::TRANSITIONS, ReviewStatus::ALL)),
        ("The life of a decision", machine::print(decision::TRANSITIONS, DecisionStatus::ALL)),
        ("The life of an appeal", machine::print(appeal::TRANSITIONS, AppealStatus::ALL)),
        ("Who hears of what, by which letter", event::print()),
        ("How letters may come, as their reader prefers", preference::print()),
    ];
    sections.map(|(heading, lines)| format!("## {heading}\n\n{lines}")).join("\n")
}
