//! Passwords: argon2id with OWASP's parameters, off the async threads, as many at a time as there are cores.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Hashes and verifies.
pub struct Passwords {
    // 19 MiB each: without a bound, a storm of log-ins would take all memory.
    places: Arc<Semaphore>,
    // What a missing account is compared with, so that it costs the same.
    decoy: String,
}

impl Passwords {
    /// As many places as there are cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        // Any hash with today's parameters will do; nobody knows its password.
        let decoy = hash(&SecretString::from(crate::keys::random_token())).unwrap_or_default();
        Self { places: Arc::new(Semaphore::new(cores)), decoy }
    }

    /// The PHC string of a password, with its parameters and a fresh salt.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.run(move || hash(&password)).await?
    }

    /// Whether the password fits. Takes as long without a stored hash as with one; an empty one is that of an account without
    /// a password.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<bool> {
        let stored = stored.filter(|stored| !stored.is_empty());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let fits = self
            .run(move || {
                PasswordHash::new(&stored).is_ok_and(|parsed| {
                    Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok()
                })
            })
            .await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        let task = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        task.await.map_err(|error| Error::Internal(error.to_string()))
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn hash(password: &SecretString) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(hash.to_string())
}
