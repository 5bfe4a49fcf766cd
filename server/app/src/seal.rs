//! What must not be readable in the database or a copy of it is sealed by a key that is not there: XChaCha20-Poly1305.

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};

use crate::error::{Error, Result};

const NONCE: usize = 24;

/// Seals and opens.
pub struct Seal(SecretBox<[u8; 32]>);

impl Seal {
    /// By the key of the configuration.
    pub fn new(key: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(key)))
    }

    /// Seals; `place` says what it is and whose, and has to be the same when it is opened: a sealed text moved elsewhere
    /// opens nothing.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: place.as_bytes() })
            .map_err(|_| Error::Internal("sealing failed".to_owned()))?;
        Ok(BASE64_STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, place: &str, sealed: &str) -> Result<SecretSlice<u8>> {
        let broken = || Error::Internal(format!("the seal of {place} cannot be opened"));
        let bytes = BASE64_STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let opened =
            self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place.as_bytes() });
        Ok(opened.map_err(|_| broken())?.into())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_it_and_only_in_its_place() {
        let seal = Seal::new([7; 32]);
        let sealed = seal.seal("here", b"secret").unwrap();
        assert_eq!(seal.open("here", &sealed).unwrap().expose_secret(), b"secret");
        assert_ne!(seal.seal("here", b"secret").unwrap(), sealed, "never the same twice");
        assert!(seal.open("there", &sealed).is_err());
        assert!(Seal::new([8; 32]).open("here", &sealed).is_err());
        let mut cut = sealed.clone();
        cut.pop();
        for broken in ["", "AAAA", cut.as_str()] {
            assert!(seal.open("here", broken).is_err(), "{broken}");
        }
    }
}
