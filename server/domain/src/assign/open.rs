//! What is left to plan once everything under way has its place, and what a choice is worth by the goals.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::certificate::Prices;
use super::flow::{Flow, Network};
use super::{Couple, Facts, Load, Method, Pair, Plan, Seed, Shortage, ShortageReason, Task, judged};
use crate::id::{CouncilMemberId, ProposalId};

/// Which goals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goals {
    /// The first two: how many places, how evenly.
    Places,
    /// All that can be summed: these, the affinity, the lot. The floor says which pairs there are at all.
    All,
}

/// A pair that may be chosen.
pub(super) struct Candidate {
    pub affinity: u32,
    pub lot: u32,
}

/// What is left to plan.
pub(super) struct Open<'a> {
    task: &'a Task,
    kept: BTreeSet<Couple>,
    kept_in_conflict: BTreeSet<Couple>,
    /// Places of proposals that need more than are under way.
    pub places: BTreeMap<ProposalId, u8>,
    /// What reviewers can take on.
    pub loads: BTreeMap<CouncilMemberId, u16>,
    /// Who may take what.
    pub candidates: BTreeMap<ProposalId, BTreeMap<CouncilMemberId, Candidate>>,
    /// Every affinity that a chosen pair could have.
    pub affinities: BTreeSet<u32>,
    /// All places together.
    count: u32,
}

impl<'a> Open<'a> {
    pub fn of(task: &'a Task) -> Self {
        let known = task.kept.iter().copied().filter(|(reviewer, proposal)| {
            task.reviewers.contains_key(reviewer) && task.proposals.contains_key(proposal)
        });
        let (kept_in_conflict, kept): (BTreeSet<Couple>, BTreeSet<Couple>) =
            known.partition(|couple| task.conflicts.contains(couple));
        let mut loads: BTreeMap<_, _> =
            task.reviewers.iter().map(|(id, reviewer)| (*id, reviewer.max_load)).collect();
        let mut places: BTreeMap<_, _> =
            task.proposals.iter().map(|(id, wanted)| (*id, wanted.required)).collect();
        for (reviewer, proposal) in &kept {
            loads.entry(*reviewer).and_modify(|left| *left = left.saturating_sub(1));
            places.entry(*proposal).and_modify(|left| *left = left.saturating_sub(1));
        }
        let count = places.values().copied().map(u32::from).sum();
        let mut open = Self {
            task,
            kept,
            kept_in_conflict,
            places,
            loads,
            candidates: BTreeMap::new(),
            affinities: BTreeSet::new(),
            count,
        };
        open.candidates =
            open.places.keys().map(|proposal| (*proposal, open.candidates(*proposal))).collect();
        let candidates = open.candidates.values().flat_map(BTreeMap::values);
        open.affinities = candidates.map(|candidate| candidate.affinity).collect();
        open
    }

    fn candidates(&self, proposal: ProposalId) -> BTreeMap<CouncilMemberId, Candidate> {
        let free = self.task.reviewers.keys().filter(|reviewer| {
            let couple = (**reviewer, proposal);
            !self.kept.contains(&couple) && !self.task.conflicts.contains(&couple)
        });
        free.map(|reviewer| {
            let couple = (*reviewer, proposal);
            let affinity = self.shared(couple).affinity();
            (*reviewer, Candidate { affinity, lot: lot(self.task.seed, couple) })
        })
        .collect()
    }

    fn shared(&self, (reviewer, proposal): Couple) -> Facts {
        match (self.task.reviewers.get(&reviewer), self.task.proposals.get(&proposal)) {
            (Some(reviewer), Some(wanted)) => reviewer.facts.shared(&wanted.facts),
            _ => Facts::default(),
        }
    }

    /// What the next place of a proposal gains when it misses so many: one place, and its share of evenness.
    pub fn place_gain(&self, goals: Goals, missing: u8) -> i128 {
        let scale = self.scale(goals);
        scale.place + i128::from(missing) * scale.even
    }

    /// What a pair gains beside the place that it fills.
    pub fn pair_gain(&self, goals: Goals, candidate: &Candidate) -> i128 {
        i128::from(candidate.affinity) * self.scale(goals).affinity
            + i128::from(if goals == Goals::All { candidate.lot } else { 0 })
    }

    /// One of a goal outweighs everything that the later goals can sum up to.
    fn scale(&self, goals: Goals) -> Scale {
        let places = i128::from(self.count.max(1));
        let most = self.affinities.last().copied().map_or(0, i128::from);
        let affinity = if goals == Goals::All { places * i128::from(u32::MAX) + 1 } else { 0 };
        let even = places * (most + 1) * affinity.max(1);
        Scale { place: (places * 256 + 1) * even, even, affinity }
    }

    /// The pairs at or above a floor as a network.
    pub fn network(&self, goals: Goals, floor: u32) -> Network {
        let reviewers: BTreeMap<_, _> = self.loads.keys().copied().zip(0..).collect();
        let pairs = self.candidates.values().map(|candidates| {
            let able = candidates.iter().filter(|(_, candidate)| candidate.affinity >= floor);
            able.filter_map(|(reviewer, candidate)| {
                Some((*reviewers.get(reviewer)?, self.pair_gain(goals, candidate)))
            })
            .collect()
        });
        Network {
            places: self
                .places
                .values()
                .map(|places| (1..=*places).rev().map(|missing| self.place_gain(goals, missing)).collect())
                .collect(),
            loads: self.loads.values().copied().map(usize::from).collect(),
            pairs: pairs.collect(),
        }
    }

    /// Who was chosen in a network of this.
    pub fn couples(&self, chosen: &[(usize, usize)]) -> BTreeSet<Couple> {
        let proposals: Vec<_> = self.places.keys().copied().collect();
        let reviewers: Vec<_> = self.loads.keys().copied().collect();
        chosen.iter().filter_map(|(p, r)| Some((*reviewers.get(*r)?, *proposals.get(*p)?))).collect()
    }

    /// The prices of a flow, by whom they are for.
    pub fn prices(&self, flow: Flow) -> Prices {
        Prices {
            proposals: self.places.keys().copied().zip(flow.proposals).collect(),
            reviewers: self.loads.keys().copied().zip(flow.reviewers).collect(),
        }
    }

    /// What a choice is worth.
    pub fn value(&self, goals: Goals, couples: &BTreeSet<Couple>) -> i128 {
        let mut missing = self.places.clone();
        let mut value = 0;
        for (reviewer, proposal) in couples {
            if let Some(missing) = missing.get_mut(proposal) {
                value += self.place_gain(goals, *missing);
                *missing = missing.saturating_sub(1);
            }
            let candidate = self.candidates.get(proposal).and_then(|candidates| candidates.get(reviewer));
            value += candidate.map_or(0, |candidate| self.pair_gain(goals, candidate));
        }
        value
    }

    /// The plan of a choice, explained.
    pub fn plan(&self, new: &BTreeSet<Couple>) -> Plan {
        let mut pairs: Vec<_> = (self.kept.iter().map(|couple| (couple, true)))
            .chain(new.iter().map(|couple| (couple, false)))
            .map(|(couple, kept)| {
                let shared = self.shared(*couple);
                let affinity = shared.affinity();
                Pair { reviewer: couple.0, proposal: couple.1, kept, shared, affinity }
            })
            .collect();
        pairs.sort_by_key(|pair| (pair.proposal, pair.reviewer));
        let loads = self.task.reviewers.iter().map(|(id, reviewer)| {
            let load = pairs.iter().filter(|pair| pair.reviewer == *id).count();
            (*id, Load { load: u16::try_from(load).unwrap_or(u16::MAX), max: reviewer.max_load })
        });
        let loads = loads.collect();
        let mut shortages = BTreeMap::new();
        let mut objective = judged(&pairs);
        for (id, wanted) in &self.task.proposals {
            let filled = pairs.iter().filter(|pair| pair.proposal == *id).count();
            let missing = wanted.required.saturating_sub(u8::try_from(filled).unwrap_or(u8::MAX));
            objective.filled += u32::from(wanted.required - missing);
            objective.unevenness += (1..=u32::from(missing)).sum::<u32>();
            if missing > 0 {
                shortages.insert(*id, Shortage { missing, reason: self.reason(*id, wanted.required) });
            }
        }
        Plan {
            method: Method::MaxGainFlow,
            seed: self.task.seed,
            pairs,
            loads,
            shortages,
            kept_in_conflict: self.kept_in_conflict.clone(),
            objective,
        }
    }

    fn reason(&self, proposal: ProposalId, required: u8) -> ShortageReason {
        let barred = |reviewer: &CouncilMemberId| self.task.conflicts.contains(&(*reviewer, proposal));
        match self.task.reviewers.keys().filter(|reviewer| !barred(reviewer)).count() {
            0 => ShortageReason::NoEligibleReviewer,
            eligible if eligible < usize::from(required) => ShortageReason::TooFewEligibleReviewers,
            _ => ShortageReason::LoadsExhausted,
        }
    }
}

struct Scale {
    place: i128,
    even: i128,
    affinity: i128,
}

/// Drawn for every pair alike: nobody can know it before the seed is.
fn lot(seed: Seed, (reviewer, proposal): Couple) -> u32 {
    let drawn = Sha256::new()
        .chain_update(seed.0.to_be_bytes())
        .chain_update(reviewer.0.as_bytes())
        .chain_update(proposal.0.as_bytes())
        .finalize();
    drawn.iter().take(4).fold(0, |lot, byte| lot << 8 | u32::from(*byte))
}
