//! What proves that a plan is the best: prices. Whoever checks them need not trust the search that found the plan.
//!
//! Give every proposal a price for a filled place and every reviewer one for a piece of work. Whatever is chosen is worth at
//! most: of each proposal the best that its places gain beyond their prices, of each pair what it gains beyond both prices, and
//! every reviewer's price for all that they can take on. If a plan is worth as much as that, no other is worth more. Any prices
//! at all make a true bound, so wrong ones prove nothing instead of something false.

use std::collections::{BTreeMap, BTreeSet};

use super::open::{Goals, Open};
use super::{Couple, Plan, Task};
use crate::id::{CouncilMemberId, ProposalId};

/// What places and work are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prices {
    pub proposals: BTreeMap<ProposalId, i128>,
    pub reviewers: BTreeMap<CouncilMemberId, i128>,
}

/// Proves that a plan is the best of its task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// That no plan fills more places, or as many more evenly.
    pub(super) places: Prices,
    /// That none does as well with a higher floor.
    pub(super) above: Prices,
    /// That none at this floor has more affinity, or as much and a better lot.
    pub(super) pairs: Prices,
}

impl Certificate {
    /// Whether it proves that this is the best plan of the task.
    pub fn proves(&self, task: &Task, plan: &Plan) -> bool {
        let open = Open::of(task);
        let fresh = plan.pairs.iter().filter(|pair| !pair.kept);
        let new: BTreeSet<Couple> = fresh.map(|pair| (pair.reviewer, pair.proposal)).collect();
        // The rest of the plan follows from the new pairs.
        if !is_allowed(&open, &new) || open.plan(&new) != *plan {
            return false;
        }
        let reached = open.value(Goals::Places, &new);
        if self.places.bound(&open, Goals::Places, 0) != Some(reached) {
            return false;
        }
        // Without a new pair there is nothing more to choose.
        let Some(floor) = plan.objective.floor else { return true };
        let higher = self.above.bound(&open, Goals::Places, floor.saturating_add(1));
        higher.is_some_and(|bound| bound < reached)
            && self.pairs.bound(&open, Goals::All, floor) == Some(open.value(Goals::All, &new))
    }
}

/// No pair in conflict or twice, nobody with more than they can take on, no proposal with more than it needs.
fn is_allowed(open: &Open<'_>, new: &BTreeSet<Couple>) -> bool {
    let count = |is_of: &dyn Fn(&Couple) -> bool| new.iter().filter(|couple| is_of(couple)).count();
    new.iter().all(|(reviewer, proposal)| {
        open.candidates.get(proposal).is_some_and(|candidates| candidates.contains_key(reviewer))
    }) && open.loads.iter().all(|(id, left)| count(&|couple| couple.0 == *id) <= usize::from(*left))
        && open.places.iter().all(|(id, places)| count(&|couple| couple.1 == *id) <= usize::from(*places))
}

impl Prices {
    /// What no choice of pairs at or above the floor can be worth more than. None if these are no prices.
    fn bound(&self, open: &Open<'_>, goals: Goals, floor: u32) -> Option<i128> {
        let mut bound = 0_i128;
        for (reviewer, left) in &open.loads {
            let price = *self.reviewers.get(reviewer)?;
            if price < 0 {
                return None;
            }
            bound = bound.checked_add(price.checked_mul(i128::from(*left))?)?;
        }
        for (proposal, places) in &open.places {
            let price = *self.proposals.get(proposal)?;
            for missing in 1..=*places {
                bound = bound.checked_add(open.place_gain(goals, missing).checked_sub(price)?.max(0))?;
            }
            let able = open.candidates.get(proposal)?.iter();
            for (reviewer, candidate) in able.filter(|(_, candidate)| candidate.affinity >= floor) {
                let beyond = open.pair_gain(goals, candidate).checked_add(price)?;
                bound = bound.checked_add(beyond.checked_sub(*self.reviewers.get(reviewer)?)?.max(0))?;
            }
        }
        Some(bound)
    }
}
