//! Passwords: argon2id with OWASP's parameters, off the async threads, as many at a time as there are cores.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Hashes and verifies.
pub struct Passwords {
    // 19 MiB each: without a bound, a storm of log-ins would take all memory.
    places: Arc<Semaphore>,
    // What a missing account is compared with, so that it costs the same.
    decoy: String,
}

/// A place among those who may compute a hash now. Whoever holds one counts failures before giving it back, so that no
/// more guesses are under way than there are places.
#[derive(Clone)]
pub struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The most memory, in KiB, and passes that a stored hash may ask of us.
const MOST: (u32, u32) = (1 << 17, 8);

impl Passwords {
    /// As many places as there are cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        // Any hash with today's parameters will do; nobody knows its password.
        let decoy = hash(&SecretString::from(crate::keys::random_token())).unwrap_or_default();
        Self { places: Arc::new(Semaphore::new(cores)), decoy }
    }

    /// Waits for a place.
    pub async fn place(&self) -> Result<Place> {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        Ok(Place { _permit: Arc::new(permit.map_err(|error| Error::Internal(error.to_string()))?) })
    }

    /// The PHC string of a password, with its parameters and a fresh salt.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        let place = self.place().await?;
        run(&place, move || hash(&password)).await?
    }

    /// Whether the password fits. Takes as long without a stored hash as with one; an empty one is that of an account without
    /// a password.
    pub async fn verify(
        &self,
        place: &Place,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool> {
        let stored = stored.filter(|stored| !stored.is_empty());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let fits = run(place, move || {
            PasswordHash::new(&stored).is_ok_and(|parsed| {
                is_modest(&parsed)
                    && Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok()
            })
        });
        Ok(fits.await? && known)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a stored hash was made with other parameters than today's, and should be made anew when the password is at hand.
pub fn is_outdated(stored: &str) -> bool {
    let today = Params::default();
    !PasswordHash::new(stored).is_ok_and(|parsed| {
        parsed.algorithm.as_str() == "argon2id"
            && Params::try_from(&parsed).is_ok_and(|params| {
                (params.m_cost(), params.t_cost(), params.p_cost())
                    == (today.m_cost(), today.t_cost(), today.p_cost())
            })
    })
}

/// Not more than we are ready to spend: a stored text must not decide that alone.
fn is_modest(parsed: &PasswordHash) -> bool {
    Params::try_from(parsed).is_ok_and(|params| params.m_cost() <= MOST.0 && params.t_cost() <= MOST.1)
}

async fn run<T: Send + 'static>(place: &Place, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let place = place.clone();
    let task = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    task.await.map_err(|error| Error::Internal(error.to_string()))
}

fn hash(password: &SecretString) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_password_only_and_tells_its_age() {
        let passwords = Passwords::new();
        let place = passwords.place().await.unwrap();
        let stored = hash(&"bảy mặt trăng".into()).unwrap();
        assert_ne!(hash(&"bảy mặt trăng".into()).unwrap(), stored, "every hash has its own salt");
        let fits = async |password: &str, stored: &str| {
            passwords.verify(&place, password.into(), Some(stored.to_owned())).await.unwrap()
        };
        assert!(fits("bảy mặt trăng", &stored).await);
        assert!(!fits("bảy mặt trăng ", &stored).await);
        assert!(!fits("", "").await, "an account without a password has none that fits");
        assert!(!fits("x", &stored.replace("m=19456", "m=1048576")).await, "nobody makes us spend a GiB");
        assert!(!is_outdated(&stored));
        assert!(is_outdated(&stored.replace("t=2", "t=1")));
        assert!(is_outdated("") && is_outdated("none"));
    }
}
