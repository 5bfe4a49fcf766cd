//! The rules in print, as people read them. A change of a rule is a change of these files, and a reviewer reads it there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use domain::machine::print;
use domain::{
    access, appeal, attachment, challenge, decision, event, expert, organization, preference, proposal,
    question, review,
};

fn compare(name: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(&path, printed).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == printed,
        "{name} is not what the rules say: UPDATE_GOLDEN=1 cargo test -p domain rewrites it\n{printed}"
    );
}

#[test]
fn who_may_do_what() {
    compare("access.txt", &access::print());
    compare("who_may.txt", &access::print_rules());
}

#[test]
fn who_hears_of_what() {
    compare("hears.txt", &event::print());
}

#[test]
fn who_can_turn_off_what() {
    compare("notifications.txt", &preference::print());
}

#[test]
fn how_things_move() {
    compare("challenge.txt", &print(challenge::TRANSITIONS, challenge::ChallengeStatus::ALL));
    compare("proposal.txt", &print(proposal::TRANSITIONS, proposal::ProposalStatus::ALL));
    compare("review.txt", &print(review::TRANSITIONS, review::ReviewStatus::ALL));
    compare("decision.txt", &print(decision::TRANSITIONS, decision::DecisionStatus::ALL));
    compare("appeal.txt", &print(appeal::TRANSITIONS, appeal::AppealStatus::ALL));
    compare("organization.txt", &print(organization::TRANSITIONS, organization::OrganizationStatus::ALL));
    compare("question.txt", &print(question::TRANSITIONS, question::QuestionStatus::ALL));
    compare("attachment.txt", &print(attachment::TRANSITIONS, attachment::AttachmentStatus::ALL));
    compare("expert.txt", &print(expert::TRANSITIONS, expert::ExpertStatus::ALL));
}

/// Every command in every state: what the table does not list is refused with the current state and the allowed ones.
#[test]
fn what_is_not_in_the_table_is_refused() {
    fn check<C: Copy + PartialEq + 'static, S: domain::machine::State + std::fmt::Debug + 'static>(
        rules: &[domain::machine::Rule<C, S>],
        commands: &[C],
        states: &[S],
    ) {
        for command in commands {
            for state in states {
                let listed: Vec<_> = rules
                    .iter()
                    .filter(|rule| rule.command == *command && rule.from.contains(state))
                    .collect();
                assert!(listed.len() <= 1, "two rules for one command in {}", state.name());
                match (listed.first(), domain::machine::step(rules, *state, command)) {
                    (Some(rule), Ok(next)) => assert!(next == rule.to),
                    (None, Err(domain::problem::Reason::Transition { current, allowed })) => {
                        assert_eq!(current, state.name());
                        assert!(!allowed.contains(&state.name()) && !allowed.is_empty());
                    }
                    (_, outcome) => panic!("{}: {outcome:?}", state.name()),
                }
            }
        }
    }
    check(question::TRANSITIONS, question::QuestionCommand::ALL, question::QuestionStatus::ALL);
    check(attachment::TRANSITIONS, attachment::AttachmentCommand::ALL, attachment::AttachmentStatus::ALL);
    check(challenge::TRANSITIONS, challenge::ChallengeCommand::ALL, challenge::ChallengeStatus::ALL);
    check(proposal::TRANSITIONS, proposal::ProposalCommand::ALL, proposal::ProposalStatus::ALL);
    check(review::TRANSITIONS, review::ReviewCommand::ALL, review::ReviewStatus::ALL);
    check(decision::TRANSITIONS, decision::DecisionCommand::ALL, decision::DecisionStatus::ALL);
    check(appeal::TRANSITIONS, appeal::AppealCommand::ALL, appeal::AppealStatus::ALL);
    check(
        organization::TRANSITIONS,
        organization::OrganizationCommand::ALL,
        organization::OrganizationStatus::ALL,
    );
    check(expert::TRANSITIONS, expert::ExpertCommand::ALL, expert::ExpertStatus::ALL);
}
