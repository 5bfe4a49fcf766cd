//! Issuers to sign on at: a real one, and one that says whatever a test wants.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// The page of the front end that people come back to.
pub const REDIRECT_URL: &str = "http://localhost:3000/sign-on";
/// What people call the issuer.
pub const NAME: &str = "Đăng nhập một lần";

/// What a browser brings back from an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of OpenID Connect")]
pub struct Back {
    pub state: String,
    pub code: String,
    pub iss: Option<String>,
}

/// The settings of a server at which people may sign on there.
pub fn settings<'a>(issuer: &'a str, client: &'a str, secret: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("OIDC_ISSUER", issuer),
        ("OIDC_CLIENT_ID", client),
        ("OIDC_CLIENT_SECRET", secret),
        ("OIDC_REDIRECT_URL", REDIRECT_URL),
        ("OIDC_NAME", NAME),
    ]
}

/// How long an issuer may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A real issuer, in a process of its own: `tests/oidc-issuer`.
#[derive(Debug)]
pub struct RealIssuer {
    /// Its name, which is its address.
    pub address: String,
    child: Child,
}

impl RealIssuer {
    /// Our secret there.
    pub const SECRET: &str = "a secret: 100%/&+=?";

    /// Starts one. It needs Node and `npm ci`, for which `tests/run` cares.
    pub async fn start() -> Self {
        // Node 20 sometimes waits for itself for ever while it makes keys: then another one is started.
        for _ in 0..3 {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc-issuer");
            let child = Command::new("node")
                .args(["issuer.mjs", REDIRECT_URL])
                .current_dir(directory)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            let mut child = child.expect("Node is there: tests/run installs it");
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let address = tokio::task::spawn_blocking(move || {
                let mut line = String::new();
                output.read_line(&mut line).unwrap();
                line.trim().to_owned()
            });
            let Ok(address) = tokio::time::timeout(PATIENCE, address).await else {
                child.kill().unwrap();
                child.wait().unwrap();
                continue;
            };
            let address = address.unwrap();
            assert!(
                !address.is_empty(),
                "the issuer is installed: tests/run does `npm ci` in tests/oidc-issuer"
            );
            return Self { address, child };
        }
        panic!("the issuer did not say its address, three times")
    }

    /// Goes there as somebody with these claims, and comes back.
    pub async fn visit(&self, authorization_url: &str, claims: &Value) -> Back {
        let mut url = Url::parse(authorization_url).unwrap();
        let hint = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        url.query_pairs_mut().append_pair("login_hint", &hint);
        let browser = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let mut cookies: HashMap<String, String> = HashMap::new();
        for _ in 0..10 {
            let jar: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = browser.get(url.clone()).header(COOKIE, jar.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all(SET_COOKIE) {
                let (name, value) =
                    cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(location) = answer.headers().get(LOCATION) else {
                panic!("the issuer asks: {}", answer.text().await.unwrap())
            };
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(REDIRECT_URL) {
                let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
                return Back {
                    state: query["state"].clone(),
                    code: query["code"].clone(),
                    iss: query.get("iss").cloned(),
                };
            }
        }
        panic!("the issuer sends round in circles")
    }

    /// Goes away.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for RealIssuer {
    fn drop(&mut self) {
        // It may have gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 key of an issuer.
pub struct Key {
    /// Its name.
    pub kid: String,
    encoding: EncodingKey,
}

impl Key {
    /// One made of a number.
    pub fn new(kid: &str, seed: u8) -> Self {
        let encoding = EncodingKey::from_ed_der(&[PKCS8.as_slice(), &[seed; 32]].concat());
        Self { kid: kid.to_owned(), encoding }
    }

    /// The public half, as it is published.
    pub fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.encoding, Algorithm::EdDSA).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        serde_json::to_value(jwk).unwrap()
    }

    /// A token with these claims, with the header that belongs to it.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_under(&json!({ "alg": "EdDSA", "kid": self.kid }), claims)
    }

    /// The same with another header.
    pub fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = crypto::sign(signed.as_bytes(), &self.encoding, Algorithm::EdDSA).unwrap();
        format!("{signed}.{signature}")
    }
}

/// Header and claims of a token.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// An answer of an issuer.
#[derive(Clone, Debug)]
pub struct Says {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// How long it takes.
    pub after: Duration,
}

impl Says {
    /// JSON.
    pub fn json(value: &Value) -> Self {
        Self::status(200, value.to_string())
    }

    /// Anything.
    pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), headers: Vec::new(), after: Duration::ZERO }
    }
}

/// What was asked: path, header fields, body.
pub type Asked = (String, HeaderMap, String);

#[derive(Default)]
struct Script {
    says: HashMap<String, Says>,
    asked: Vec<Asked>,
}

/// An issuer that says what it is told to say.
pub struct Forger {
    /// Its name, which is its address.
    pub address: String,
    script: Arc<Mutex<Script>>,
    serving: JoinHandle<()>,
}

impl Forger {
    /// Starts one that publishes its doors and this key.
    pub async fn start(key: &Key) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let forger = Self { address, script, serving };
        forger.says("/.well-known/openid-configuration", Says::json(&forger.doors()));
        forger.publishes(&[key.public()]);
        forger
    }

    /// What an honest issuer says of its doors.
    pub fn doors(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.address);
        json!({
            "issuer": self.address,
            "authorization_endpoint": at("/auth?tenant=city"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/me"),
        })
    }

    /// From now on it answers so.
    pub fn says(&self, path: &str, answer: Says) {
        self.script.lock().unwrap().says.insert(path.to_owned(), answer);
    }

    /// From now on these are its keys.
    pub fn publishes(&self, keys: &[Value]) {
        self.says("/jwks", Says::json(&json!({ "keys": keys })));
    }

    /// From now on it gives this ID token for any code.
    pub fn gives(&self, token: &str) {
        let answer = json!({ "id_token": token, "access_token": "access", "token_type": "Bearer" });
        self.says("/token", Says::json(&answer));
    }

    /// From now on it gives this ID token for this code.
    pub fn gives_for(&self, code: &str, token: &str) {
        self.says(&format!("/token {code}"), Says::json(&json!({ "id_token": token })));
    }

    /// What it was asked at this door, oldest first.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let script = self.script.lock().unwrap();
        script.asked.iter().filter(|(asked, ..)| asked == path).cloned().collect()
    }

    /// Claims that an honest issuer would make now of somebody who left with this address.
    pub fn claims(&self, authorization_url: &str, now: i64) -> Value {
        let url = Url::parse(authorization_url).unwrap();
        let nonce = url.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
        json!({
            "iss": self.address, "sub": "p-1", "aud": "btl", "exp": now + 300, "iat": now, "nonce": nonce,
            "email": "an@example.vn", "email_verified": true, "name": "Nguyễn Thị An",
        })
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let says = {
        let mut script = script.lock().unwrap();
        script.asked.push((path.clone(), headers, String::from_utf8_lossy(&body).into_owned()));
        let code = url::form_urlencoded::parse(&body).find(|(name, _)| name == "code");
        let for_code = code.and_then(|(_, code)| script.says.get(&format!("{path} {code}")));
        for_code.or_else(|| script.says.get(&path)).cloned()
    };
    let Some(says) = says else { return StatusCode::NOT_FOUND.into_response() };
    tokio::time::sleep(says.after).await;
    let mut response = (StatusCode::from_u16(says.status).unwrap(), says.body).into_response();
    for (name, value) in says.headers {
        response
            .headers_mut()
            .insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    response
}
