//! Signs mail (DKIM, RFC 6376 and 8463), so that others can tell that it is ours and as we wrote it.
//!
//! No library, for each that signs brings a resolver of names, or the crate `rsa`, into the process. Signing our own messages is
//! a small part of the standard; the tests hold it against another's verifier.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::time::Timestamp;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

/// What is signed, each once more than it stands in the message: nobody can add a second one, or one that we left out.
const SIGNED: [&str; 11] = [
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Names in a line of the list of what is signed.
const NAMES: usize = 4;
/// Characters in a line of a signature.
const LINE: usize = 72;
/// Characters in a string of a DNS record.
const STRING: usize = 255;

/// Signs in the name of a domain, by a key that others find under the selector.
pub struct Signer {
    domain: String,
    selector: String,
    key: SigningKey,
}

/// A private key that signs mails.
pub struct SigningKey(Pair);

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Why nothing can be signed. Never repeats what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA key of 2048 to 8192 bits or an Ed25519 key, in PEM")]
pub struct BadKey;

/// Shows nothing.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// Without the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.name()).finish()
    }
}

impl SigningKey {
    /// Reads PKCS#8, or what OpenSSL calls a traditional RSA key.
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| BadKey)?;
        let rsa = |key| Pair::Rsa(Box::new(key));
        let pair = match &key {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map(rsa),
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                let edwards = Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519);
                edwards.or_else(|_| RsaKeyPair::from_pkcs8(der).map(rsa))
            }
            _ => return Err(BadKey),
        };
        pair.map(Self).map_err(|_| BadKey)
    }

    const fn algorithm(&self) -> &'static str {
        match self.0 {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.0 {
            Pair::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)?;
                Ok(signature)
            }
            Pair::Ed25519(key) => Ok(key.try_sign(digest(&SHA256, text).as_ref())?.as_ref().to_vec()),
        }
    }
}

impl Signer {
    /// Signs as `domain` by a key whose public half is found there under `selector`.
    pub const fn new(domain: String, selector: String, key: SigningKey) -> Self {
        Self { domain, selector, key }
    }

    /// The record that the zone must have before anything is signed.
    pub fn record(&self) -> Result<String, Unspecified> {
        let (kind, public) = match &self.key.0 {
            Pair::Rsa(key) => {
                let der: PublicKeyX509Der = key.public_key().as_der()?;
                ("rsa", BASE64_STANDARD.encode(&*der))
            }
            Pair::Ed25519(key) => ("ed25519", BASE64_STANDARD.encode(key.public_key())),
        };
        let text = format!("v=DKIM1; k={kind}; p={public}");
        let strings = lines(&text, STRING).map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(" ");
        Ok(format!("{}. IN TXT ({strings})", self.name()))
    }

    /// The field that goes before `message`. It follows from both arguments alone, so that a second attempt has the same.
    pub(crate) fn sign(&self, message: &[u8], at: Timestamp) -> Result<String, Unspecified> {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
        let (head, body) = message.split_at(end);
        let fields = fields(head);
        let of = |name: &str| {
            let name = name.to_owned();
            fields.iter().rev().filter(move |(other, _)| *other == name.as_bytes())
        };

        let names: Vec<_> =
            SIGNED.iter().flat_map(|name| std::iter::repeat_n(*name, of(name).count() + 1)).collect();
        let names = names.chunks(NAMES).map(|some| some.join(":")).collect::<Vec<_>>().join(":\r\n ");
        let digested = BASE64_STANDARD.encode(digest(&SHA256, &canonical(body)));
        let Self { domain, selector, key } = self;
        let (algorithm, seconds) = (key.algorithm(), at.seconds());
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain}; s={selector}; t={seconds};\r\n h={names};\r\n \
             bh={digested};\r\n b="
        );

        let mut signed = Vec::new();
        for (name, value) in SIGNED.iter().flat_map(|name| of(name)) {
            signed.extend([name, value.as_slice()].join(&b':'));
            signed.extend(b"\r\n");
        }
        signed.extend(b"dkim-signature:");
        signed.extend(words(unsigned.replace("\r\n", "").as_bytes()));
        let signature = BASE64_STANDARD.encode(key.sign(&signed)?);
        let signature = lines(&signature, LINE).collect::<Vec<_>>().join("\r\n ");
        Ok(format!("DKIM-Signature: {unsigned}{signature}\r\n"))
    }

    fn name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }
}

/// The fields of a head, relaxed: names in lower case, values on one line.
fn fields(head: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut unfolded: Vec<Vec<u8>> = Vec::new();
    for line in split_lines(head) {
        match unfolded.last_mut() {
            Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => field.extend(line),
            _ => unfolded.push(line.to_vec()),
        }
    }
    let split = |field: Vec<u8>| {
        let colon = field.iter().position(|byte| *byte == b':')?;
        let (name, value) = field.split_at(colon);
        Some((words(name).to_ascii_lowercase(), words(value.get(1..)?)))
    };
    unfolded.into_iter().filter_map(split).collect()
}

/// A body, relaxed: one blank for several, none at the ends of lines, no empty lines at its own.
fn canonical(body: &[u8]) -> Vec<u8> {
    // What follows the head begins with the two line ends between them.
    let body = body.strip_prefix(b"\r\n\r\n").unwrap_or(body);
    let relax = |line: &[u8]| {
        let words = words(line);
        let is_indented = !words.is_empty() && (line.starts_with(b" ") || line.starts_with(b"\t"));
        if is_indented { [b" ", words.as_slice()].concat() } else { words }
    };
    let mut lines: Vec<_> = split_lines(body).map(relax).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()
}

fn split_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The words of a line with one blank between them.
fn words(line: &[u8]) -> Vec<u8> {
    let words: Vec<_> =
        line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// ASCII in pieces of at most `length`.
fn lines(text: &str, length: usize) -> impl Iterator<Item = String> {
    text.as_bytes().chunks(length).map(|part| String::from_utf8_lossy(part).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6376, section 3.4.5.
    #[test]
    fn what_is_relaxed_is_as_the_standard_says() {
        let head = b"A: X\r\nB : Y\t\r\n\tZ  ";
        let fields: Vec<_> = fields(head)
            .into_iter()
            .map(|(name, value)| (String::from_utf8(name).unwrap(), String::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(fields, [("a".into(), "X".into()), ("b".into(), "Y Z".to_owned())]);
        assert_eq!(canonical(b"\r\n\r\n C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        for empty in ["", "\r\n\r\n", "\r\n\r\n\r\n \t\r\n"] {
            assert_eq!(canonical(empty.as_bytes()), b"", "{empty:?}");
        }
    }
}
