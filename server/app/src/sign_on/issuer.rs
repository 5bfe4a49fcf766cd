//! An OpenID Connect issuer as far as we need one: where its doors are, which keys are its own, a token for a code. Discovery,
//! authorization code, PKCE. All HTTP of this crate is here.
//!
//! Nothing is asked before somebody wants to sign on, so an issuer that is away stops nothing else.

use std::time::Duration;

use domain::sign_on::{Claims, Doubt, Expected, believe};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{RequestBuilder, StatusCode, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::error::Error;

/// Signatures that we take. Never a symmetric one: its key would be public.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// What we ask to be told.
const SCOPE: &str = "openid email profile";

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for all of them together.
const PATIENCE: Duration = Duration::from_secs(8);
/// Largest answer, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;
/// Longest token, in bytes.
const TOKEN_MAX: usize = 64 * 1024;

/// Seconds for which doors and keys are kept.
const KEPT: i64 = 3_600;
/// Fewest seconds between two looks for a key that is not among those kept.
const LOOK_AGAIN: i64 = 60;
/// Seconds for which an issuer that did not answer is not asked again.
const REST: i64 = 1;

/// Where somebody may sign on, from the configuration.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The issuer, exactly as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves there that we are we.
    pub client_secret: SecretString,
    /// Where people come back to: a page of the front end.
    pub redirect_url: String,
    /// What people call it.
    pub name: String,
    /// Every address of it begins with https.
    pub https_only: bool,
}

/// The issuer is away, or what it says makes no sense: nothing that the person could put right.
#[derive(Debug)]
pub struct Away(String);

impl From<Away> for Error {
    fn from(Away(why): Away) -> Self {
        Self::IssuerUnavailable(why)
    }
}

fn away(what: &str, why: impl std::fmt::Display) -> Away {
    Away(format!("{what}: {why}"))
}

/// Why there is no word.
#[derive(Debug)]
pub enum Trouble {
    /// No answer.
    Away(Away),
    /// An answer that is not believed.
    Doubt(Doubt),
}

impl From<Away> for Trouble {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl From<Doubt> for Trouble {
    fn from(doubt: Doubt) -> Self {
        Self::Doubt(doubt)
    }
}

/// An issuer.
pub struct Issuer {
    provider: Provider,
    http: reqwest::Client,
    // One asks, the others wait for what it learns.
    known: Mutex<Known>,
}

/// What the issuer says of itself, and when it did.
#[derive(Default)]
struct Known {
    doors: Option<(i64, Doors)>,
    keys: Option<(i64, Vec<Jwk>)>,
    silent_since: Option<i64>,
}

/// Its doors (OpenID Connect Discovery, 3).
#[derive(Clone, Debug, Deserialize)]
struct Doors {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// With what somebody is sent to the issuer.
pub struct Departure<'a> {
    /// Comes back with them.
    pub state: &'a str,
    /// Comes back in the token.
    pub nonce: &'a str,
    /// Hash of what only we know (S256).
    pub challenge: &'a str,
    /// Who they say they are, to be filled in there.
    pub login_hint: Option<&'a str>,
    /// The language to be asked in.
    pub locale: &'a str,
}

/// What the issuer said of somebody, believed.
pub struct Word {
    /// By the issuer's name for them.
    pub subject: String,
    /// What else it says.
    pub about: About,
    access_token: Option<String>,
}

/// What an issuer may say about a person.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct About {
    /// Their address.
    pub email: Option<String>,
    // Some issuers write their booleans as text.
    #[serde(default)]
    email_verified: serde_json::Value,
    /// Their name.
    pub name: Option<String>,
    /// Their language.
    pub locale: Option<String>,
}

impl About {
    /// The address, if the issuer vouches for it.
    pub fn vouched(&self) -> Option<&str> {
        let vouched = self.email_verified == true || self.email_verified == "true";
        self.email.as_deref().filter(|_| vouched)
    }
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Described {
    sub: String,
    #[serde(flatten)]
    about: About,
}

#[derive(Deserialize)]
struct IdToken {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(flatten)]
    about: About,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Issuer {
    /// An issuer that nobody has asked anything yet.
    pub fn new(provider: Provider) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .https_only(provider.https_only)
            // Neither an answer nor a variable of the environment sends us elsewhere.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { provider, http, known: Mutex::default() })
    }

    /// What is known of it without asking.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Where to send somebody.
    pub async fn departure(&self, departure: &Departure<'_>, now: i64) -> Result<String, Away> {
        let doors = self.patiently(self.doors(now)).await?;
        let mut url = self.address(&doors.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.client_id)
            .append_pair("redirect_uri", &self.provider.redirect_url)
            .append_pair("scope", SCOPE)
            .append_pair("state", departure.state)
            .append_pair("nonce", departure.nonce)
            .append_pair("code_challenge", departure.challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("ui_locales", departure.locale);
        if let Some(hint) = departure.login_hint {
            url.query_pairs_mut().append_pair("login_hint", hint);
        }
        Ok(url.into())
    }

    /// What the issuer says of whoever brings the code.
    pub async fn word(&self, code: &str, verifier: &str, nonce: &str, now: i64) -> Result<Word, Trouble> {
        self.patiently(async {
            let exchanged = self.exchange(code, verifier, now).await?;
            let token = exchanged.id_token.filter(|token| token.len() <= TOKEN_MAX).ok_or(Doubt::Token)?;
            let (claims, about) = self.read(&token, now).await?;
            let Provider { issuer, client_id, .. } = &self.provider;
            believe(&claims, &Expected { issuer, client: client_id, nonce, now })?;
            Ok(Word { subject: claims.subject, about, access_token: exchanged.access_token })
        })
        .await
    }

    /// What it says about them elsewhere, where the token itself does not speak of an address.
    pub async fn more(&self, word: Word, now: i64) -> Result<Word, Trouble> {
        if word.about.email.is_some() {
            return Ok(word);
        }
        let doors = self.patiently(self.doors(now)).await?;
        let (Some(door), Some(token)) = (&doors.userinfo_endpoint, &word.access_token) else {
            return Ok(word);
        };
        let request = self.http.get(self.address(door)?).bearer_auth(token);
        let (status, body) = self.patiently(self.ask("the person", request)).await?;
        if status != StatusCode::OK {
            return Ok(word);
        }
        let described: Described = serde_json::from_slice(&body).map_err(|_| Doubt::Token)?;
        if described.sub != word.subject {
            return Err(Doubt::Subject.into());
        }
        Ok(Word { about: described.about, ..word })
    }

    async fn patiently<T, E: From<Away>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        tokio::time::timeout(PATIENCE, work).await.map_err(|_| away("the issuer", "no answer in time"))?
    }

    /// An address that may be used here.
    fn address(&self, text: &str) -> Result<Url, Away> {
        let url = Url::parse(text).map_err(|error| away("an address of the issuer", error))?;
        let fits = url.scheme() == "https" || (url.scheme() == "http" && !self.provider.https_only);
        if fits { Ok(url) } else { Err(away("an address of the issuer", "not https")) }
    }

    async fn doors(&self, now: i64) -> Result<Doors, Away> {
        let mut known = self.known.lock().await;
        if let Some((read_at, doors)) = &known.doors
            && now.saturating_sub(*read_at) < KEPT
        {
            return Ok(doors.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.provider.issuer.trim_end_matches('/'));
        let doors: Doors = self.look(&mut known, "its configuration", &url, now).await?;
        if doors.issuer != self.provider.issuer {
            return Err(away("its configuration", "it calls itself by another name"));
        }
        known.doors = Some((now, doors.clone()));
        Ok(doors)
    }

    /// The issuer's key of that name and kind. A name that is not known is looked for once, at most once a minute.
    async fn key(&self, kid: &str, algorithm: Algorithm, now: i64) -> Result<DecodingKey, Trouble> {
        let url = self.doors(now).await?.jwks_uri;
        let mut known = self.known.lock().await;
        let age = known.keys.as_ref().map(|(read_at, _)| now.saturating_sub(*read_at));
        let found = known.keys.as_ref().and_then(|(_, keys)| suitable(keys, kid, algorithm));
        let is_stale = match age {
            None => true,
            Some(age) => age >= KEPT || (found.is_none() && age >= LOOK_AGAIN),
        };
        if !is_stale {
            return Ok(found.ok_or(Doubt::Signature)?);
        }
        let set: serde_json::Value = self.look(&mut known, "its keys", &url, now).await?;
        let keys = set.get("keys").and_then(serde_json::Value::as_array).into_iter().flatten();
        // A key of a kind that we do not know is none of ours to mind.
        let keys: Vec<Jwk> = keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
        let found = suitable(&keys, kid, algorithm);
        known.keys = Some((now, keys));
        Ok(found.ok_or(Doubt::Signature)?)
    }

    /// Gets what the issuer publishes; one that was silent a moment ago is left alone.
    async fn look<T: DeserializeOwned>(
        &self,
        known: &mut Known,
        what: &str,
        url: &str,
        now: i64,
    ) -> Result<T, Away> {
        if known.silent_since.is_some_and(|since| (0..REST).contains(&now.saturating_sub(since))) {
            return Err(away(what, "did not answer a moment ago"));
        }
        let answer = async {
            let (status, body) = self.ask(what, self.http.get(self.address(url)?)).await?;
            if status != StatusCode::OK {
                return Err(away(what, status));
            }
            serde_json::from_slice(&body).map_err(|error| away(what, error))
        };
        let answer = answer.await;
        known.silent_since = answer.is_err().then_some(now);
        answer
    }

    async fn exchange(&self, code: &str, verifier: &str, now: i64) -> Result<Exchanged, Trouble> {
        let doors = self.doors(now).await?;
        let Provider { client_id, client_secret, redirect_url, .. } = &self.provider;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_url),
            ("code_verifier", verifier),
        ];
        let mut request = self.http.post(self.address(&doors.token_endpoint)?);
        // Basic unless it says otherwise (RFC 8414, 2).
        let methods = doors.token_endpoint_auth_methods_supported;
        if methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")) {
            // Encoded first, as RFC 6749, 2.3.1 has it.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(client_id), Some(encoded(client_secret.expose_secret())));
        } else {
            form.push(("client_id", client_id));
            form.push(("client_secret", client_secret.expose_secret()));
        }
        let (status, body) = self.ask("the exchange", request.form(&form)).await?;
        match status {
            StatusCode::OK => Ok(serde_json::from_slice(&body).map_err(|_| Doubt::Token)?),
            StatusCode::BAD_REQUEST => Err(Doubt::Code.into()),
            status => Err(away("the exchange", status).into()),
        }
    }

    /// Whether a key of the issuer made the token, and what it states.
    async fn read(&self, token: &str, now: i64) -> Result<(Claims, About), Trouble> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Doubt::Token)?;
        // The header only chooses among the issuer's keys; nothing else in it is heeded, and what must be is refused.
        let kid = header.kid.filter(|_| header.crit.is_none()).ok_or(Doubt::Signature)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Doubt::Signature.into());
        }
        let key = self.key(&kid, header.alg, now).await?;
        let mut validation = Validation::new(header.alg);
        // What it states is judged by the rules, by our own clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let token = jsonwebtoken::decode::<IdToken>(token, &key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Doubt::Signature,
                _ => Doubt::Token,
            }
        })?;
        let IdToken { iss, sub, aud, azp, exp, iat, nbf, nonce, about } = token.claims;
        let claims = Claims {
            issuer: iss,
            subject: sub,
            audience: match aud {
                OneOrMany::One(one) => vec![one],
                OneOrMany::Many(many) => many,
            },
            authorized_party: azp,
            expires_at: exp,
            issued_at: iat,
            not_before: nbf,
            nonce,
        };
        Ok((claims, about))
    }

    /// Sends a request and reads the answer, up to its limit.
    async fn ask(&self, what: &str, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Away> {
        let without_url = |error: reqwest::Error| away(what, error.without_url());
        let mut answer = request.header("accept", "application/json").send().await.map_err(without_url)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(without_url)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(away(what, "the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((answer.status(), body))
    }
}

/// The key of that name, if it is for such signatures.
fn suitable(keys: &[Jwk], kid: &str, algorithm: Algorithm) -> Option<DecodingKey> {
    let fits = |key: &&Jwk| {
        let (fits, name) = match (&key.algorithm, algorithm) {
            (AlgorithmParameters::RSA(_), Algorithm::RS256) => (true, KeyAlgorithm::RS256),
            (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES256) => {
                (curve.curve == EllipticCurve::P256, KeyAlgorithm::ES256)
            }
            (AlgorithmParameters::OctetKeyPair(curve), Algorithm::EdDSA) => {
                (curve.curve == EllipticCurve::Ed25519, KeyAlgorithm::EdDSA)
            }
            _ => return false,
        };
        fits && key.common.key_id.as_deref() == Some(kid)
            && key.common.key_algorithm.is_none_or(|stated| stated == name)
            && key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
    };
    keys.iter().find(fits).and_then(|key| DecodingKey::from_jwk(key).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_only_if_the_issuer_vouches_for_it() {
        let about = |json: &str| serde_json::from_str::<About>(json).unwrap();
        let vouched = |json: &str| about(json).vouched().map(str::to_owned);
        let yes = Some("a@b.vn".to_owned());
        assert_eq!(vouched(r#"{"email":"a@b.vn","email_verified":true}"#), yes);
        assert_eq!(vouched(r#"{"email":"a@b.vn","email_verified":"true"}"#), yes);
        for json in [
            r#"{"email":"a@b.vn"}"#,
            r#"{"email":"a@b.vn","email_verified":false}"#,
            r#"{"email":"a@b.vn","email_verified":"yes"}"#,
            r#"{"email":"a@b.vn","email_verified":null}"#,
            r#"{"email":"a@b.vn","email_verified":1}"#,
            r#"{"email_verified":true}"#,
        ] {
            assert_eq!(vouched(json), None, "{json}");
        }
    }

    #[test]
    fn a_key_is_used_for_what_it_is_for() {
        let keys: Vec<Jwk> = serde_json::from_str(
            r#"[
                {"kty":"oct","kid":"a","k":"c2VjcmV0"},
                {"kty":"OKP","crv":"Ed25519","kid":"b","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
                {"kty":"OKP","crv":"Ed25519","kid":"c","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            ]"#,
        )
        .unwrap();
        let found = |kid, algorithm| suitable(&keys, kid, algorithm).is_some();
        assert!(found("c", Algorithm::EdDSA));
        assert!(!found("c", Algorithm::ES256) && !found("c", Algorithm::RS256), "of another kind");
        assert!(!found("a", Algorithm::HS256) && !found("a", Algorithm::EdDSA), "a shared secret is none");
        assert!(!found("b", Algorithm::EdDSA), "for something else");
        assert!(!found("d", Algorithm::EdDSA), "unknown");
    }
}
