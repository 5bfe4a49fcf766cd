//! How many connections there are, in total and from each address.

use std::{
    collections::HashMap,
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
    from: HashMap<IpAddr, usize>,
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
        if let Some(from) = from {
            let count = present.from.entry(from).or_default();
            if *count >= self.most_from_one {
                return Err("address");
            }
            *count += 1;
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
        if let Some(from) = self.from
            && let Some(count) = present.from.get_mut(&from)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                present.from.remove(&from);
            }
        }
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
        assert_eq!(crowd.present.lock().unwrap().from.len(), 2);
    }
}
