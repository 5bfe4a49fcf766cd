//! What must not be readable in the database or a copy of it is sealed by a key that is not there: XChaCha20-Poly1305.

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

const NONCE: usize = 24;

/// Seals with one key, and opens with it or with those that came before.
pub struct Seal {
    keys: Vec<SecretBox<[u8; 32]>>,
    id: String,
}

impl Seal {
    /// By these keys; the first seals.
    pub fn new(keys: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let keys: Vec<_> = keys.into_iter().map(|key| SecretBox::new(Box::new(key))).collect();
        let first = keys
            .first()
            .map(|key| Sha256::new_with_prefix(b"baitoanlon seal").chain_update(key.expose_secret()));
        let id = first.map(|hash| domain::text::hex(&hash.finalize())).unwrap_or_default();
        Self { keys, id: id.chars().take(16).collect() }
    }

    /// Names the key that seals, and tells nothing of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals; `place` says what it is and whose, and has to be the same when it is opened: a sealed text moved elsewhere
    /// opens nothing.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed =
            self.ciphers().next().and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), payload).ok());
        let sealed = sealed.ok_or_else(|| Error::Internal("sealing failed".to_owned()))?;
        Ok(BASE64_STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, place: &str, sealed: &str) -> Result<SecretSlice<u8>> {
        let broken = || Error::Internal(format!("the seal of {place} cannot be opened"));
        let bytes = BASE64_STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let mut opened = self.ciphers().filter_map(|cipher| {
            cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place.as_bytes() }).ok()
        });
        Ok(opened.next().ok_or_else(broken)?.into())
    }

    fn ciphers(&self) -> impl Iterator<Item = XChaCha20Poly1305> {
        self.keys.iter().map(|key| XChaCha20Poly1305::new(&Key::from(*key.expose_secret())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_it_and_only_in_its_place() {
        let seal = Seal::new([[7; 32]]);
        let sealed = seal.seal("here", b"secret").unwrap();
        assert_eq!(seal.open("here", &sealed).unwrap().expose_secret(), b"secret");
        assert_ne!(seal.seal("here", b"secret").unwrap(), sealed, "never the same twice");
        assert!(seal.open("there", &sealed).is_err());
        assert!(Seal::new([[8; 32]]).open("here", &sealed).is_err());
        let renewed = Seal::new([[8; 32], [7; 32]]);
        assert_eq!(
            renewed.open("here", &sealed).unwrap().expose_secret(),
            b"secret",
            "the former key still opens"
        );
        assert!(seal.open("here", &renewed.seal("here", b"secret").unwrap()).is_err(), "the new one seals");
        assert_ne!(renewed.id(), seal.id());
        let mut cut = sealed.clone();
        cut.pop();
        for broken in ["", "AAAA", cut.as_str()] {
            assert!(seal.open("here", broken).is_err(), "{broken}");
        }
    }
}
