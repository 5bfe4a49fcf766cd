//! When each scene of the history takes place.

use domain::challenge::ChallengeStatus;
use domain::proposal::ProposalStatus;

use super::content::{Challenge, Content, Proposal};

/// Those who review every proposal that is opened.
pub const REVIEWERS: [&str; 3] = ["expert-3", "expert-4", "expert-5"];

/// Something that happens.
#[derive(Clone, Copy)]
pub enum Scene<'c> {
    DraftChallenge(&'c Challenge),
    HandInChallenge(&'c Challenge),
    ReturnChallenge(&'c Challenge),
    ApproveChallenge(&'c Challenge),
    PublishChallenge(&'c Challenge),
    AppointCouncil(&'c Challenge),
    DraftProposal(&'c Proposal),
    SubmitProposal(&'c Proposal),
    WithdrawProposal(&'c Proposal),
    RequestOpening(&'c Challenge),
    ConfirmOpening(&'c Challenge),
    Screen(&'c Proposal),
    AssignReviews(&'c Challenge),
    Review(&'c Proposal, &'static str),
    Recuse(&'c Proposal, &'static str),
    LockRound(&'c Challenge),
    StartDecision(&'c Challenge),
    ProposeDecision(&'c Challenge),
    ApproveDecision(&'c Challenge),
    PublishDecision(&'c Challenge),
    EndStandstill(&'c Challenge),
}

/// Seconds from the beginning of today, here.
pub type At = i64;

/// That hour of that day, counted from today.
pub const fn at(day: i64, hour: i64) -> At {
    (day * 24 + hour) * 3600
}

/// When proposals are first taken.
pub const fn opens(challenge: &Challenge) -> At {
    at(challenge.opens_in_days, 8)
}

/// The deadline.
pub const fn closes(challenge: &Challenge) -> At {
    at(challenge.closes_in_days, 17)
}

/// All scenes in the order in which they happen; the last one is yesterday's.
pub fn scenes(content: &Content) -> Vec<(At, Scene<'_>)> {
    let mut scenes = Vec::new();
    for (minute, challenge) in (0..).zip(&content.challenges) {
        let proposals: Vec<_> = content.proposals_to(challenge).collect();
        let own = preparation(challenge)
            .into_iter()
            .chain(competition(challenge, &proposals))
            .chain(evaluation(challenge, &proposals))
            .chain(decision(challenge));
        // A minute apart, so that not everything in the country happens on the hour.
        scenes.extend(own.map(|(at, scene)| (at + minute * 60, scene)));
    }
    scenes.sort_by_key(|(at, _)| *at);
    scenes
}

fn preparation(challenge: &Challenge) -> Vec<(At, Scene<'_>)> {
    use ChallengeStatus as S;
    let ready = challenge.opens_in_days.min(0);
    let mut scenes = vec![(at(ready - 24, 9), Scene::DraftChallenge(challenge))];
    if challenge.state >= S::InReview {
        scenes.push((at(ready - 17, 10), Scene::HandInChallenge(challenge)));
    }
    if challenge.state == S::ChangesRequested {
        scenes.push((at(ready - 12, 14), Scene::ReturnChallenge(challenge)));
    }
    if challenge.state >= S::Approved {
        scenes.push((at(ready - 10, 15), Scene::ApproveChallenge(challenge)));
    }
    if challenge.state >= S::Published {
        scenes.push((at(ready - 3, 9), Scene::PublishChallenge(challenge)));
    }
    // Whoever opens its proposals next needs a council.
    if challenge.closes_in_days < 0 {
        scenes.push((at(challenge.closes_in_days - 10, 10), Scene::AppointCouncil(challenge)));
    }
    scenes
}

/// Drafts on the first day, the last submission on the last.
fn competition<'c>(challenge: &Challenge, proposals: &[&'c Proposal]) -> Vec<(At, Scene<'c>)> {
    let first = challenge.opens_in_days + 1;
    let last = challenge.closes_in_days.min(0) - 1;
    let count = i64::try_from(proposals.len()).unwrap_or(1).max(1);
    let mut scenes = Vec::new();
    for (place, proposal) in (1..).zip(proposals) {
        scenes.push((at(first, 9), Scene::DraftProposal(proposal)));
        if proposal.state != ProposalStatus::Draft {
            scenes.push((at(first + (last - first) * place / count, 14), Scene::SubmitProposal(proposal)));
        }
        if proposal.state == ProposalStatus::Withdrawn {
            scenes.push((at(last, 16), Scene::WithdrawProposal(proposal)));
        }
    }
    scenes
}

fn evaluation<'c>(challenge: &'c Challenge, proposals: &[&'c Proposal]) -> Vec<(At, Scene<'c>)> {
    if challenge.state < ChallengeStatus::Evaluation {
        return Vec::new();
    }
    let after = |days, hour| at(challenge.closes_in_days + days, hour);
    let mut scenes = vec![
        (after(1, 9), Scene::RequestOpening(challenge)),
        (after(1, 14), Scene::ConfirmOpening(challenge)),
        (after(4, 9), Scene::AssignReviews(challenge)),
    ];
    scenes.extend(proposals.iter().map(|proposal| (after(3, 9), Scene::Screen(proposal))));
    for (day, reviewer) in (6..).zip(REVIEWERS) {
        let scored = |proposal: &&Proposal| proposal.scores.contains_key(reviewer);
        scenes.extend(
            proposals
                .iter()
                .copied()
                .filter(scored)
                .map(|proposal| (after(day, 15), Scene::Review(proposal, reviewer))),
        );
        // Whoever has scored nothing in the round has found a conflict, and not looked further yet.
        if !proposals.iter().any(scored) {
            scenes.extend(
                proposals.first().map(|proposal| (after(day, 15), Scene::Recuse(proposal, reviewer))),
            );
        }
    }
    scenes
}

fn decision(challenge: &Challenge) -> Vec<(At, Scene<'_>)> {
    let after = |days, hour| at(challenge.closes_in_days + days, hour);
    let mut scenes = Vec::new();
    if challenge.state >= ChallengeStatus::Decision {
        scenes.push((after(14, 16), Scene::LockRound(challenge)));
        scenes.push((after(15, 9), Scene::StartDecision(challenge)));
    }
    if challenge.state >= ChallengeStatus::Awarded {
        scenes.push((after(17, 10), Scene::ProposeDecision(challenge)));
        scenes.push((after(19, 14), Scene::ApproveDecision(challenge)));
        scenes.push((after(21, 9), Scene::PublishDecision(challenge)));
        scenes.push((after(32, 9), Scene::EndStandstill(challenge)));
    }
    scenes
}
