//! Who reviews what: the best plan for a whole call at once, explained, and provably the best.
//!
//! Five goals, each only among the plans that are best by the ones before:
//!
//! 1. as many places filled as can be;
//! 2. what stays empty is spread evenly: nobody misses two where two could miss one each;
//! 3. the weakest pair is as strong as can be;
//! 4. the pairs together are as strong as can be;
//! 5. the lot, drawn from the seed: the same task and seed make the same plan.

mod certificate;
mod flow;
mod open;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::certificate::Certificate;
use self::open::{Goals, Open};
use crate::challenge::Sector;
use crate::id::{CouncilMemberId, ProposalId};
use crate::text::fold;

/// A member and a proposal.
pub type Couple = (CouncilMemberId, ProposalId);

/// What the lot is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub i64);

/// What a proposal is about, or what a reviewer knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Fields of public life.
    pub sectors: BTreeSet<Sector>,
    /// Subjects, see [`topics`].
    pub topics: BTreeSet<String>,
}

impl Facts {
    /// What both have.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        Self {
            sectors: self.sectors.intersection(&other.sectors).copied().collect(),
            topics: self.topics.intersection(&other.topics).cloned().collect(),
        }
    }

    /// How much that says: 100 for each field, 10 for each subject up to nine, so that no subjects outweigh a field.
    pub fn affinity(&self) -> u32 {
        let sectors = u32::try_from(self.sectors.len()).unwrap_or(u32::MAX);
        let topics = u32::try_from(self.topics.len().min(9)).unwrap_or(9);
        sectors.saturating_mul(100).saturating_add(topics * 10)
    }
}

/// The subjects of a text: words that stand side by side, two by two, accents or not. Most words of Vietnamese are two syllables,
/// and one syllable says nothing.
pub fn topics(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let mut topics = BTreeSet::new();
    // No subject reaches across a full stop or a comma.
    for phrase in folded.split(|c: char| !c.is_alphanumeric() && !c.is_whitespace()) {
        let words: Vec<_> = phrase.split_whitespace().collect();
        topics.extend(words.iter().zip(words.iter().skip(1)).map(|(a, b)| format!("{a} {b}")));
    }
    topics
}

/// A proposal that waits for reviewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many are to review it.
    pub required: u8,
    /// What it is about.
    pub facts: Facts,
}

/// Somebody who reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// Most proposals.
    pub max_load: u16,
    /// What they know.
    pub facts: Facts,
}

/// Everything that a plan depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// What is to be reviewed.
    pub proposals: BTreeMap<ProposalId, Wanted>,
    /// By whom.
    pub reviewers: BTreeMap<CouncilMemberId, Reviewer>,
    /// Who may not review what.
    pub conflicts: BTreeSet<Couple>,
    /// What is under way and stays. Of people and proposals that are no part of the task nothing is kept.
    pub kept: BTreeSet<Couple>,
    /// For the lot.
    pub seed: Seed,
}

closed_set! {
    /// How a plan was made.
    pub enum Method {
        /// A flow of the highest gain, by the five goals in their order.
        MaxGainFlow = "MAX_GAIN_FLOW",
    }
}

closed_set! {
    /// Why a proposal has fewer reviewers than it is to have.
    pub enum ShortageReason {
        /// Everybody is in conflict with it.
        NoEligibleReviewer = "NO_ELIGIBLE_REVIEWER",
        /// Fewer people are free of conflict than it needs.
        TooFewEligibleReviewers = "TOO_FEW_ELIGIBLE_REVIEWERS",
        /// There would be people, but they have as much to read as they may have.
        LoadsExhausted = "LOADS_EXHAUSTED",
    }
}

/// What a proposal misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// So many reviewers.
    pub missing: u8,
    /// Why.
    pub reason: ShortageReason,
}

/// Somebody who reviews something, and why they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Who.
    pub reviewer: CouncilMemberId,
    /// What.
    pub proposal: ProposalId,
    /// It was under way before the plan.
    pub kept: bool,
    /// What both are about.
    pub shared: Facts,
    /// How much that says.
    pub affinity: u32,
}

/// How much somebody has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// By this plan.
    pub load: u16,
    /// At most; what was under way before may be more.
    pub max: u16,
}

/// How good a plan is by the goals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// Places that are filled, those under way among them.
    pub filled: u32,
    /// For each proposal 1 for the first reviewer it misses, 2 for the second and so on.
    pub unevenness: u32,
    /// The affinity of the weakest new pair; none of no new pair.
    pub floor: Option<u32>,
    /// The affinities of all new pairs together.
    pub affinity: u64,
}

/// Who reviews what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
pub struct Plan {
    /// How it was made.
    pub method: Method,
    /// What the lot was drawn from.
    pub seed: Seed,
    /// By proposal, then member.
    pub pairs: Vec<Pair>,
    /// Of everybody.
    pub loads: BTreeMap<CouncilMemberId, Load>,
    /// Of proposals that miss somebody.
    pub shortages: BTreeMap<ProposalId, Shortage>,
    /// Under way, and in conflict: no part of the plan.
    pub kept_in_conflict: BTreeSet<Couple>,
    /// How good it is.
    pub objective: Objective,
}

impl Plan {
    /// What it says of these proposals alone, as if there were no others: to whoever may not know of the rest.
    #[must_use]
    pub fn of(mut self, known: &BTreeSet<ProposalId>) -> Self {
        self.pairs.retain(|pair| known.contains(&pair.proposal));
        self.shortages.retain(|proposal, _| known.contains(proposal));
        self.kept_in_conflict.retain(|(_, proposal)| known.contains(proposal));
        for (reviewer, load) in &mut self.loads {
            let read = self.pairs.iter().filter(|pair| pair.reviewer == *reviewer).count();
            load.load = u16::try_from(read).unwrap_or(u16::MAX);
        }
        let missing = self.shortages.values().map(|shortage| u32::from(shortage.missing));
        self.objective = Objective {
            filled: u32::try_from(self.pairs.len()).unwrap_or(u32::MAX),
            unevenness: missing.map(|missing| missing * (missing + 1) / 2).sum(),
            ..judged(&self.pairs)
        };
        self
    }
}

/// The goals that are about pairs.
fn judged(pairs: &[Pair]) -> Objective {
    let new = || pairs.iter().filter(|pair| !pair.kept).map(|pair| pair.affinity);
    Objective { floor: new().min(), affinity: new().map(u64::from).sum(), ..Objective::default() }
}

/// The best plan.
pub fn plan(task: &Task) -> Plan {
    proven(task).0
}

/// The best plan, and what proves that there is no better one.
pub fn proven(task: &Task) -> (Plan, Certificate) {
    let open = Open::of(task);
    let affinities: Vec<_> = open.affinities.iter().copied().collect();
    let solve = |goals, floor| {
        let network = open.network(goals, floor);
        let flow = flow::fill(&network);
        (open.couples(&flow.chosen), open.prices(flow))
    };
    let (couples, places) = solve(Goals::Places, 0);
    let reached = open.value(Goals::Places, &couples);
    // The higher the floor the fewer the pairs, so the floors that still reach it come first.
    let mut above = solve(Goals::Places, u32::MAX).1;
    let mut floors = affinities.as_slice();
    let mut floor = 0;
    while let Some(middle) = floors.get(floors.len() / 2) {
        let (couples, prices) = solve(Goals::Places, *middle);
        let (lower, higher) = floors.split_at(floors.len() / 2);
        if open.value(Goals::Places, &couples) == reached {
            floor = *middle;
            floors = higher.get(1..).unwrap_or_default();
        } else {
            above = prices;
            floors = lower;
        }
    }
    let (couples, pairs) = solve(Goals::All, floor);
    (open.plan(&couples), Certificate { places, above, pairs })
}

#[cfg(test)]
mod tests;
