//! Chance that repeats itself: the same data from the same seed, on every machine.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use uuid::{Builder, Uuid};

/// A seeded source of chance.
pub struct Dice(StdRng);

impl Dice {
    /// The same number, the same throws.
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A random id, as the program makes them.
    pub fn id<T: From<Uuid>>(&mut self) -> T {
        Builder::from_random_bytes(self.0.random()).into_uuid().into()
    }

    /// A number from `low` up to but not including `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..high)
    }

    /// A place in something of that length.
    pub fn below(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// Happens in that many of a hundred cases.
    pub fn percent(&mut self, share: u32) -> bool {
        self.0.random_range(0..100) < share
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> anyhow::Result<&'a T> {
        among.choose(&mut self.0).ok_or_else(|| anyhow::anyhow!("nothing to choose from"))
    }

    /// `count` different ones, spread over all of them.
    pub fn some<'a, T>(&mut self, among: &'a [T], count: usize) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (length, count) = (among.len(), count.min(among.len()));
        let (start, step) = (self.below(length), length / count.max(1));
        (0..count).filter_map(move |place| among.get((start + place * step) % length))
    }
}
