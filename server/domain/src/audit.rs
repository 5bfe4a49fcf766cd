//! The audit chain: each entry carries the hash of the one before, so that no entry can be changed, dropped, swapped or
//! put in without the chain telling where.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::id::UserId;
use crate::time::Timestamp;

/// Everything an entry states. Field order is the canonical form that is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Place in the chain, from 1, without gaps.
    pub seq: i64,
    /// When, by the deciding clock.
    pub at: Timestamp,
    /// Who; None for the system and for visitors.
    pub actor: Option<UserId>,
    /// What was done, e.g. `proposal_submitted`; `denied:` before an attempt that was refused.
    pub action: String,
    /// Kind of thing, e.g. `proposal`.
    pub object_kind: String,
    /// Which thing.
    pub object_id: String,
    /// What happened, by ids and digests, as JSON; never content.
    pub detail: String,
    /// The request that did it.
    pub request_id: String,
    /// Address of the caller, if known.
    pub address: Option<String>,
}

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 over the previous hash, a line break and the entry's canonical JSON, in lower-case hexadecimal.
pub fn hash(previous: &str, entry: &Entry) -> String {
    // A struct of strings and integers always serialises.
    let canonical = serde_json::to_string(entry).unwrap_or_default();
    let digest = Sha256::new()
        .chain_update(previous.as_bytes())
        .chain_update(b"\n")
        .chain_update(canonical.as_bytes())
        .finalize();
    crate::text::hex(&digest)
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// An entry is missing, or stands in another's place.
    Gap {
        /// The number that should have followed.
        expected: i64,
        /// The number that did.
        found: i64,
    },
    /// An entry was changed, or the one before it.
    Changed {
        /// The entry.
        seq: i64,
    },
    /// The chain ends before its head: the tail was cut.
    Truncated {
        /// Number of the last entry that is there.
        last: i64,
        /// Number that the head states.
        head: i64,
    },
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap { expected, found } => {
                write!(f, "entry {expected} is missing or out of place: found {found}")
            }
            Self::Changed { seq } => write!(f, "entry {seq} was changed"),
            Self::Truncated { last, head } => {
                write!(f, "the chain ends at entry {last}, its head says {head}")
            }
        }
    }
}

/// Walks a chain entry by entry.
#[derive(Clone, Debug)]
pub struct Walk {
    last: i64,
    hash: String,
}

impl Default for Walk {
    fn default() -> Self {
        Self { last: 0, hash: GENESIS.to_owned() }
    }
}

impl Walk {
    /// The next entry with the hash that was stored beside it.
    pub fn next(&mut self, entry: &Entry, stored: &str) -> Result<(), Break> {
        if entry.seq != self.last + 1 {
            return Err(Break::Gap { expected: self.last + 1, found: entry.seq });
        }
        let computed = hash(&self.hash, entry);
        if computed != stored {
            return Err(Break::Changed { seq: entry.seq });
        }
        self.last = entry.seq;
        self.hash = computed;
        Ok(())
    }

    /// The end, against the head: its number and hash.
    pub fn finish(self, head_seq: i64, head_hash: &str) -> Result<(i64, String), Break> {
        if self.last != head_seq {
            return Err(Break::Truncated { last: self.last, head: head_seq });
        }
        if self.hash != head_hash {
            return Err(Break::Changed { seq: head_seq });
        }
        Ok((self.last, self.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64) -> Entry {
        Entry {
            seq,
            at: Timestamp::from_micros(seq * 10),
            actor: None,
            action: "challenge_published".into(),
            object_kind: "challenge".into(),
            object_id: seq.to_string(),
            detail: "{}".into(),
            request_id: "r".into(),
            address: None,
        }
    }

    fn chain(count: i64) -> Vec<(Entry, String)> {
        let mut previous = GENESIS.to_owned();
        (1..=count)
            .map(|seq| {
                let entry = entry(seq);
                previous = hash(&previous, &entry);
                (entry, previous.clone())
            })
            .collect()
    }

    fn verify(chain: &[(Entry, String)], head: (i64, &str)) -> Result<(i64, String), Break> {
        let mut walk = Walk::default();
        for (entry, stored) in chain {
            walk.next(entry, stored)?;
        }
        walk.finish(head.0, head.1)
    }

    #[test]
    fn every_way_of_tampering_is_found_and_named() {
        let good = chain(5);
        let head = good[4].1.clone();
        assert_eq!(verify(&good, (5, &head)), Ok((5, head.clone())));

        let mut edited = good.clone();
        edited[2].0.object_id = "other".into();
        assert_eq!(verify(&edited, (5, &head)), Err(Break::Changed { seq: 3 }));

        let mut dropped = good.clone();
        dropped.remove(1);
        assert_eq!(verify(&dropped, (5, &head)), Err(Break::Gap { expected: 2, found: 3 }));

        let mut swapped = good.clone();
        swapped.swap(1, 2);
        assert_eq!(verify(&swapped, (5, &head)), Err(Break::Gap { expected: 2, found: 3 }));

        assert_eq!(verify(&good[..3], (5, &head)), Err(Break::Truncated { last: 3, head: 5 }));

        let mut rewritten = chain(4);
        let mut forged = entry(5);
        forged.object_id = "forged".into();
        let forged_hash = hash(&rewritten[3].1, &forged);
        rewritten.push((forged, forged_hash));
        assert_eq!(verify(&rewritten, (5, &head)), Err(Break::Changed { seq: 5 }));
    }
}
