//! How many connections there are, in total and from each address, and how many sockets of each person.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use metrics::gauge;

/// All connections.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    most: usize,
    most_from_one: usize,
    present: Arc<Mutex<Present>>,
}

#[derive(Debug, Default)]
struct Present {
    total: usize,
    from: Tally<IpAddr>,
}

/// How many of each; those of whom there are none are not in it.
#[derive(Debug)]
struct Tally<K>(HashMap<K, usize>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// One more, unless there are so many.
    fn add(&mut self, key: K, most: usize) -> bool {
        let count = self.0.entry(key).or_default();
        let is_free = *count < most;
        *count += usize::from(is_free);
        is_free
    }

    fn take(&mut self, key: &K) {
        if let Some(count) = self.0.get_mut(key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(key);
            }
        }
    }
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    from: Option<IpAddr>,
}

impl Crowd {
    pub(crate) fn new(most: usize, most_from_one: usize) -> Self {
        Self { most, most_from_one, present: Arc::default() }
    }

    /// A place for a connection from an address. `exempt`: many callers come from there. The error says what is full.
    pub(crate) fn enter(&self, address: IpAddr, exempt: bool) -> Result<Place, &'static str> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.total >= self.most {
            return Err("total");
        }
        let from = (!exempt).then(|| household(address));
        if let Some(from) = from
            && !present.from.add(from, self.most_from_one)
        {
            return Err("address");
        }
        present.total += 1;
        gauge!("http_connections").increment(1);
        Ok(Place { crowd: self.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = self.crowd.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.total = present.total.saturating_sub(1);
        gauge!("http_connections").decrement(1);
        if let Some(from) = self.from {
            present.from.take(&from);
        }
    }
}

/// The sockets of each person, wherever they come from.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    most_of_one: usize,
    of: Arc<Mutex<Tally<String>>>,
}

/// A person's place for a socket; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    sockets: Sockets,
    person: String,
}

impl Sockets {
    pub(crate) fn new(most_of_one: usize) -> Self {
        Self { most_of_one, of: Arc::default() }
    }

    /// A place for one more, if there is one.
    pub(crate) fn seat(&self, person: String) -> Option<Seat> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.add(person.clone(), self.most_of_one).then(|| Seat { sockets: self.clone(), person })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.sockets.of.lock().unwrap_or_else(PoisonError::into_inner).take(&self.person);
    }
}

/// Whoever has one address of IPv6 has the other 2^64 of its network as well.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let crowd = Crowd::new(4, 2);
        let enter = |address: &str| crowd.enter(address.parse().unwrap(), false);
        let first = enter("1.1.1.1").unwrap();
        let _second = enter("::ffff:1.1.1.1").unwrap();
        assert_eq!(enter("1.1.1.1").unwrap_err(), "address");
        drop(first);
        let _third = enter("1.1.1.1").unwrap();
        let _fourth = enter("2001:db8::1").unwrap();
        let fifth = enter("2001:db8::2:0:0:1").unwrap();
        assert_eq!(enter("2.2.2.2").unwrap_err(), "total");
        drop(fifth);
        assert_eq!(crowd.enter("1.1.1.1".parse().unwrap(), true).map(|_| ()), Ok(()));
        assert_eq!(crowd.present.lock().unwrap().from.0.len(), 2);
    }
}
