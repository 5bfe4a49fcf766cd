//! Keys: Ed25519 for access tokens, and what is derived from them for cursors and one-time tokens.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use domain::id::{OneTimeTokenId, SessionId, SignOnAttemptId, UserId};
use domain::time::Timestamp;

/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Seconds by which clocks may differ.
const LEEWAY: i64 = 5;

/// Longest life of an access token that is believed, in seconds.
const LONGEST_LIFE: i64 = 900;

/// Our keys. The first signs, all verify.
pub struct Keys {
    issuer: String,
    signing: EncodingKey,
    header: Header,
    verifying: Vec<(String, DecodingKey)>,
    derived: SecretBox<[u8; 32]>,
}

/// What names a key, both halves of it, and the public one as others read it.
pub(crate) type Pair = (String, EncodingKey, DecodingKey, Jwk);

/// What an access token states.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Keys {
    /// From Ed25519 seeds, the signing one first. `issuer` is where we are reached.
    pub fn new(issuer: &str, seeds: &[[u8; 32]]) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut keys = Vec::new();
        for seed in seeds {
            let (kid, encoding, decoding, _) = ed25519(seed)?;
            keys.push((kid, encoding, decoding));
        }
        let seed = seeds.first().ok_or(jsonwebtoken::errors::ErrorKind::InvalidEddsaKey)?;
        let (kid, signing, _) = keys.first().ok_or(jsonwebtoken::errors::ErrorKind::InvalidEddsaKey)?;
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let derived = SecretBox::new(Box::new(mac(seed, b"baitoanlon derived keys")));
        let (signing, header) = (signing.clone(), header);
        let verifying = keys.into_iter().map(|(kid, _, decoding)| (kid, decoding)).collect();
        Ok(Self { issuer: issuer.trim_end_matches('/').to_owned(), signing, header, verifying, derived })
    }

    /// Signs an access token for a session.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        now: Timestamp,
        life: std::time::Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.seconds();
        let life = i64::try_from(life.as_secs()).unwrap_or(LONGEST_LIFE);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: user.0,
            sid: session.0,
            iat,
            nbf: iat,
            exp: iat + life,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
    }

    /// The user and session of an access token; None for anything that is not exactly one of ours and alive at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<(UserId, SessionId)> {
        if token.len() > 2_000 {
            return None;
        }
        // The header only chooses from our own list; nothing in it is believed.
        let header = jsonwebtoken::decode_header(token).ok()?;
        let strange = header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.cty.is_some();
        if strange || header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let kid = header.kid?;
        let (_, key) = self.verifying.iter().find(|(known, _)| *known == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Times are checked below, by our own clock.
        validation.validate_exp = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let Claims { iat, nbf, exp, .. } = claims;
        let now = now.seconds();
        let short = exp.checked_sub(iat).is_some_and(|life| (0..=LONGEST_LIFE).contains(&life)) && nbf >= iat;
        let alive = nbf.saturating_sub(LEEWAY) <= now && now < exp.saturating_add(LEEWAY);
        (short && alive).then_some((UserId(claims.sub), SessionId(claims.sid)))
    }

    /// The token that a mail carries. It is made when the mail is written and stands nowhere at rest.
    pub fn one_time_token(&self, id: OneTimeTokenId) -> String {
        let key = mac(self.derived.expose_secret(), b"one-time token");
        BASE64_URL_SAFE_NO_PAD.encode(mac(&key, id.0.as_bytes()))
    }

    /// A digest that stands for a text which should not be kept: the same for the same text, and only we can make it.
    pub fn blind(&self, text: &str) -> String {
        let key = mac(self.derived.expose_secret(), b"blind");
        BASE64_URL_SAFE_NO_PAD.encode(mac(&key, text.as_bytes()))
    }

    /// What goes along with a sign-on, by what it is for. It can be made again, and stands nowhere at rest.
    pub fn attempt_secret(&self, id: SignOnAttemptId, purpose: &str) -> String {
        let key = mac(self.derived.expose_secret(), format!("sign-on {purpose}").as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(mac(&key, id.0.as_bytes()))
    }

    /// Seals what a link says, for one purpose. Everybody who has the link can read it, and nobody else make one.
    pub fn seal_link(&self, purpose: &str, text: &str) -> String {
        let tag =
            mac(&mac(self.derived.expose_secret(), format!("link {purpose}").as_bytes()), text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([tag.as_slice(), text.as_bytes()].concat())
    }

    /// The text of a link that we sealed for that purpose.
    pub fn open_link(&self, purpose: &str, link: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(link).ok()?;
        let (tag, text) = bytes.split_at_checked(32)?;
        let key = mac(self.derived.expose_secret(), format!("link {purpose}").as_bytes());
        let mut expected = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        expected.update(text);
        expected.verify_slice(tag).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }

    /// Seals a cursor: its text with a short tag, so that a client cannot make one up.
    pub fn seal_cursor(&self, text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.cursor_tag(text)[..], text.as_bytes()].concat())
    }

    /// The text of a cursor that we sealed.
    pub fn open_cursor(&self, cursor: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, text) = bytes.split_at_checked(8)?;
        let text = std::str::from_utf8(text).ok()?;
        (tag == self.cursor_tag(text)).then(|| text.to_owned())
    }

    fn cursor_tag(&self, text: &str) -> [u8; 8] {
        let key = mac(self.derived.expose_secret(), b"cursor");
        let mut tag = [0; 8];
        tag.iter_mut().zip(mac(&key, text.as_bytes())).for_each(|(byte, of_mac)| *byte = of_mac);
        tag
    }
}

/// Both halves of an Ed25519 key, by what names it.
pub(crate) fn ed25519(seed: &[u8; 32]) -> Result<Pair, jsonwebtoken::errors::Error> {
    let encoding = EncodingKey::from_ed_der(&[PKCS8.as_slice(), seed.as_slice()].concat());
    let jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA)?;
    let decoding = DecodingKey::from_jwk(&jwk)?;
    let kid = token_hash(&serde_json::to_string(&jwk).unwrap_or_default()).chars().take(12).collect();
    Ok((kid, encoding, decoding, jwk))
}

pub(crate) fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// 256 random bits for a refresh token, in base64url.
pub fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// How a token is kept: its SHA-256. Enough for 256 random bits.
pub fn token_hash(token: &str) -> String {
    domain::text::hex(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn keys(seed: u8) -> Keys {
        Keys::new("https://btl.example", &[[seed; 32]]).unwrap()
    }

    fn now() -> Timestamp {
        crate::clock::Clock::default().process()
    }

    #[test]
    fn only_our_own_living_tokens_are_believed() {
        let ours = keys(1);
        let (user, session) = (crate::ids::random(), crate::ids::random());
        let sign = |keys: &Keys, at| keys.sign(user, session, at, Duration::from_mins(1)).unwrap();
        let good = sign(&ours, now());
        assert_eq!(ours.verify(&good, now()), Some((user, session)));
        assert_eq!(keys(2).verify(&good, now()), None, "another key");
        assert_eq!(ours.verify(&sign(&ours, now().plus_seconds(-70)), now()), None, "expired");
        assert_eq!(ours.verify(&sign(&ours, now().plus_seconds(70)), now()), None, "not yet valid");
        assert_eq!(
            ours.verify(&sign(&Keys::new("https://other.example", &[[1; 32]]).unwrap(), now()), now()),
            None,
            "other issuer"
        );
        let (_, rest) = good.split_once('.').unwrap();
        for header in [
            r#"{"alg":"none","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","typ":"at+jwt"}"#,
        ] {
            let forged = format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header));
            assert_eq!(ours.verify(&forged, now()), None);
        }
        let rotated = Keys::new("https://btl.example", &[[3; 32], [1; 32]]).unwrap();
        assert_eq!(rotated.verify(&good, now()), Some((user, session)), "the former key still verifies");
        for junk in ["", ".", "..", "a.b.c", "eyJ", &"x".repeat(10_000)] {
            assert_eq!(ours.verify(junk, now()), None);
        }
    }

    #[test]
    fn links_cannot_be_made_up_and_are_good_for_one_purpose() {
        let keys = keys(1);
        let link = keys.seal_link("download", "17");
        assert_eq!(keys.open_link("download", &link).as_deref(), Some("17"));
        assert_eq!(keys.open_link("upload", &link), None);
        assert_eq!(super::tests::keys(2).open_link("download", &link), None);
        for forged in ["", "!", &link[..link.len() - 2], &BASE64_URL_SAFE_NO_PAD.encode([0; 34])] {
            assert_eq!(keys.open_link("download", forged), None);
        }
    }

    #[test]
    fn cursors_cannot_be_made_up() {
        let keys = keys(1);
        let cursor = keys.seal_cursor("17|x");
        assert_eq!(keys.open_cursor(&cursor).as_deref(), Some("17|x"));
        for forged in ["", "!", &BASE64_URL_SAFE_NO_PAD.encode("1234567817|y"), &cursor[..cursor.len() - 2]] {
            assert_eq!(keys.open_cursor(forged), None);
        }
    }
}
