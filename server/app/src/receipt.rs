//! Receipts that anybody can check without asking us: JSON Web Signatures by Ed25519, over what was handed in and when.

use domain::id::{ChallengeId, PublicId as _};
use domain::text::hex;
use entity::proposal_version;
use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::keys::{ed25519, mac};
use crate::vault::Opened;

/// Says what is signed, so that no receipt passes for anything else that is signed here.
const TYPE: &str = "receipt+jwt";

/// Signs receipts. Its keys are derived from those that seal, which live as long as what they sealed; the first signs, all
/// verify.
pub struct Notary {
    issuer: String,
    header: Header,
    signing: EncodingKey,
    verifying: Vec<(String, DecodingKey)>,
    published: JwkSet,
}

/// What a receipt states, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Where the server is reached.
    pub iss: String,
    /// The proposal, by its public id.
    pub proposal: String,
    /// Which submission of it.
    pub number: i32,
    /// To which challenge, by its public id.
    pub challenge: String,
    /// The deciding time, RFC 3339.
    pub submitted_at: String,
    /// SHA-256 of the canonical content, in lower-case hexadecimal.
    pub sha256: String,
}

impl Notary {
    /// From the keys that seal, the present one first.
    pub fn new(
        issuer: &str,
        keys: impl IntoIterator<Item = [u8; 32]>,
    ) -> std::result::Result<Self, jsonwebtoken::errors::Error> {
        let (mut pairs, mut published) = (Vec::new(), Vec::new());
        for key in keys {
            let (kid, signing, verifying, mut jwk) = ed25519(&mac(&key, b"baitoanlon receipts"))?;
            jwk.common.key_id = Some(kid.clone());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            published.push(jwk);
            pairs.push((kid, signing, verifying));
        }
        let first = pairs.first().map(|(kid, signing, _)| (kid.clone(), signing.clone()));
        let (kid, signing) = first.ok_or(jsonwebtoken::errors::ErrorKind::InvalidEddsaKey)?;
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        let verifying = pairs.into_iter().map(|(kid, _, verifying)| (kid, verifying)).collect();
        let issuer = issuer.trim_end_matches('/').to_owned();
        Ok(Self { issuer, header, signing, verifying, published: JwkSet { keys: published } })
    }

    /// The receipt of a version, which must be what was handed in.
    pub fn sign(&self, challenge: ChallengeId, version: &Opened<proposal_version::Model>) -> Result<String> {
        let Opened { row, canonical } = version;
        if hex(&Sha256::digest(canonical.as_bytes())) != row.sha256 {
            return Err(Error::Internal(format!("version {} is not what its digest says", row.id)));
        }
        let claims = Claims {
            iss: self.issuer.clone(),
            proposal: row.proposal_id.public(),
            number: row.number,
            challenge: challenge.public(),
            submitted_at: row.submitted_at.to_rfc3339(),
            sha256: row.sha256.clone(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .map_err(|error| Error::Internal(format!("signing a receipt: {error}")))
    }

    /// What a receipt states; None for anything that we did not sign.
    pub fn verify(&self, signed: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(signed.trim()).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let kid = header.kid?;
        let (_, key) = self.verifying.iter().find(|(known, _)| *known == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // A receipt never expires, and is for everybody.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["iss"]);
        Some(jsonwebtoken::decode::<Claims>(signed.trim(), key, &validation).ok()?.claims)
    }

    /// The public keys, for whoever checks receipts.
    pub fn published(&self) -> &JwkSet {
        &self.published
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(canonical: &str) -> Opened<proposal_version::Model> {
        let row = proposal_version::Model {
            id: crate::ids::random(),
            proposal_id: crate::ids::random(),
            number: 2,
            content: String::new(),
            sha256: hex(&Sha256::digest(canonical.as_bytes())),
            submitted_at: crate::clock::Clock::default().process(),
            submitted_by: crate::ids::random(),
        };
        Opened { row, canonical: canonical.to_owned() }
    }

    #[test]
    fn a_receipt_is_believed_if_we_signed_it_and_not_otherwise() {
        let notary = Notary::new("https://btl.example/", [[1; 32]]).unwrap();
        let (challenge, version) = (crate::ids::random(), version("{}"));
        let signed = notary.sign(challenge, &version).unwrap();
        let claims = notary.verify(&format!("{signed}\n")).unwrap();
        assert_eq!((claims.number, &claims.sha256), (2, &version.row.sha256));
        assert_eq!(
            (claims.proposal, claims.iss.as_str()),
            (version.row.proposal_id.public(), "https://btl.example")
        );
        assert_eq!(notary.sign(challenge, &version).unwrap(), signed, "always the same");

        let later = Notary::new("https://btl.example", [[2; 32], [1; 32]]).unwrap();
        assert!(later.verify(&signed).is_some(), "the former key still verifies");
        assert_eq!(later.published().keys.len(), 2);
        assert!(Notary::new("https://btl.example", [[2; 32]]).unwrap().verify(&signed).is_none());

        let parts: Vec<_> = signed.split('.').collect();
        let others = notary.sign(crate::ids::random(), &version).unwrap();
        let others: Vec<_> = others.split('.').collect();
        for forged in [
            format!("{}.{}.{}", parts[0], others[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            String::new(),
            "a.b.c".to_owned(),
        ] {
            assert!(notary.verify(&forged).is_none(), "{forged}");
        }
        let mut changed = version;
        changed.canonical.push(' ');
        assert!(notary.sign(challenge, &changed).is_err(), "nothing is signed that was not handed in");
    }
}
