//! Places filled for the highest gain: a flow that grows by one place at a time, each along the best path that is left.
//!
//! Prices on both sides keep every step of a path from costing less than nothing (Dijkstra needs that), and prove in the end
//! that the flow is the best. Prices are at most zero; a node's distance from the way out is what it costs more.
#![expect(
    clippy::indexing_slicing,
    reason = "every index is a node of the network that the vectors were made for"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What can be filled by whom.
pub(super) struct Network {
    /// Of each proposal, what its first place gains, its second, and so on; never more than the one before.
    pub places: Vec<Vec<i128>>,
    /// How many places each reviewer can still fill.
    pub loads: Vec<usize>,
    /// Of each proposal, who can fill one of its places and what this gains.
    pub pairs: Vec<Vec<(usize, i128)>>,
}

/// A flow of the highest gain, and prices that prove it.
pub(super) struct Flow {
    /// Proposal and reviewer.
    pub chosen: Vec<(usize, usize)>,
    /// What a place of a proposal is worth at most without its reviewer.
    pub proposals: Vec<i128>,
    /// What one more place of a reviewer would be worth.
    pub reviewers: Vec<i128>,
}

/// The flow of the highest gain.
pub(super) fn fill(network: &Network) -> Flow {
    let (proposals, reviewers) = (network.places.len(), network.loads.len());
    let mut filling = Filling {
        network,
        is_chosen: network.pairs.iter().map(|pairs| vec![false; pairs.len()]).collect(),
        reads: vec![Vec::new(); reviewers],
        filled: vec![0; proposals],
        price: vec![0; proposals + reviewers],
    };
    for proposal in 0..proposals {
        filling.enter(proposal);
        for gain in &network.places[proposal] {
            if !filling.fill_one(proposal, *gain) {
                break;
            }
        }
    }
    filling.done()
}

struct Filling<'a> {
    network: &'a Network,
    /// Like the pairs of the network.
    is_chosen: Vec<Vec<bool>>,
    /// Of each reviewer, proposals and the place of the pair among those of the proposal.
    reads: Vec<Vec<(usize, usize)>>,
    /// Of each proposal, how many places are filled.
    filled: Vec<usize>,
    /// Of the proposals, then of the reviewers.
    price: Vec<i128>,
}

impl Filling<'_> {
    fn reviewer(&self, index: usize) -> usize {
        self.filled.len() + index
    }

    /// The price from which on no pair of a proposal costs less than nothing.
    fn enter(&mut self, proposal: usize) {
        let pairs = self.network.pairs[proposal].iter();
        let least = pairs.map(|(reviewer, gain)| self.price[self.reviewer(*reviewer)] + gain).max();
        let nobody = self.network.places[proposal].first().map_or(0, |gain| -gain);
        self.price[proposal] = least.unwrap_or(nobody);
    }

    /// Fills one more place of the proposal, perhaps by moving others, if all in all that gains something.
    fn fill_one(&mut self, proposal: usize, gain: i128) -> bool {
        // Longer paths cost more than the place gains.
        let mut limit = gain + self.price[proposal];
        let mut end = None;
        let mut distance: Vec<Option<i128>> = vec![None; self.price.len()];
        // Where a path came from, and by which pair.
        let mut from = vec![(0, 0); self.price.len()];
        let mut settled = Vec::new();
        let mut queue = BinaryHeap::from([Reverse((0, proposal))]);
        distance[proposal] = Some(0);
        while let Some(Reverse((here, node))) = queue.pop() {
            if here >= limit {
                break;
            }
            if distance[node] != Some(here) {
                continue;
            }
            settled.push((node, here));
            if let Some(out) = self.way_out(node, proposal)
                && here + out < limit
            {
                limit = here + out;
                end = Some(node);
            }
            let mut step = |next: usize, pair: usize, cost: i128| {
                let there = here + cost + self.price[node] - self.price[next];
                if there < limit && distance[next].is_none_or(|known| there < known) {
                    distance[next] = Some(there);
                    from[next] = (node, pair);
                    queue.push(Reverse((there, next)));
                }
            };
            match node.checked_sub(self.filled.len()) {
                Some(reviewer) => {
                    for (moved, pair) in &self.reads[reviewer] {
                        step(*moved, *pair, self.network.pairs[*moved][*pair].1);
                    }
                }
                None => {
                    for (pair, (reviewer, gain)) in self.network.pairs[node].iter().enumerate() {
                        if !self.is_chosen[node][pair] {
                            step(self.filled.len() + reviewer, pair, -gain);
                        }
                    }
                }
            }
        }
        for (node, here) in settled {
            self.price[node] += here - limit;
        }
        let Some(end) = end else { return false };
        if end < self.filled.len() {
            self.filled[end] -= 1;
        }
        self.filled[proposal] += 1;
        self.follow(proposal, end, &from);
        true
    }

    /// What it costs to end a path here: nothing at a reviewer who has time, at a proposal one of its places.
    fn way_out(&self, node: usize, start: usize) -> Option<i128> {
        let cost = match node.checked_sub(self.filled.len()) {
            Some(reviewer) => (self.reads[reviewer].len() < self.network.loads[reviewer]).then_some(0),
            None if node == start => None,
            None => self.filled[node].checked_sub(1).map(|last| self.network.places[node][last]),
        };
        Some(cost? + self.price[node])
    }

    /// Turns every pair on the path: who was chosen is free, who was free is chosen.
    fn follow(&mut self, start: usize, end: usize, from: &[(usize, usize)]) {
        let mut node = end;
        while node != start {
            let (before, pair) = from[node];
            if let Some(reviewer) = node.checked_sub(self.filled.len()) {
                self.is_chosen[before][pair] = true;
                self.reads[reviewer].push((before, pair));
            } else {
                self.is_chosen[node][pair] = false;
                self.reads[before - self.filled.len()].retain(|read| *read != (node, pair));
            }
            node = before;
        }
    }

    fn done(self) -> Flow {
        let (proposals, reviewers) = self.price.split_at(self.filled.len());
        let reads = self.reads.iter().enumerate();
        Flow {
            chosen: reads
                .flat_map(|(reviewer, reads)| reads.iter().map(move |(p, _)| (*p, reviewer)))
                .collect(),
            proposals: proposals.iter().map(|price| -price).collect(),
            reviewers: reviewers.iter().map(|price| (-price).max(0)).collect(),
        }
    }
}
