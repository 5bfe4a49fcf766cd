//! Handing a message to a webhook over, once. What became of it decides what the worker does next; nothing here retries.
//!
//! Somebody else chose the address, so it is trusted with nothing: no redirect is followed and no proxy asked, names are
//! resolved here and every address looked at, the connection goes to the addresses that were looked at and to no other, and
//! what is answered is not kept.

use std::error::Error as _;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::iter::successors;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::time::Timestamp;
use domain::webhook::{AttemptOutcome, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect, retry};
use secrecy::{ExposeSecret as _, SecretSlice};
use tokio::time::timeout;

/// The longest that names and connections may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that a whole attempt may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long an answer is listened to beyond its status, so that its sender is not cut off,
const FAREWELL: Duration = Duration::from_millis(500);
/// and how many bytes of it.
const ANSWER: usize = 4_096;

/// A message, and how it is sent.
#[derive(Debug)]
pub struct Call {
    /// Names the message to its receiver: the same on every attempt.
    pub id: String,
    /// Where to.
    pub url: String,
    /// What, byte by byte.
    pub body: String,
    /// What signs; the receiver checks by one of them.
    pub secrets: Vec<SecretSlice<u8>>,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// In a word.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
}

impl From<AttemptOutcome> for Called {
    fn from(outcome: AttemptOutcome) -> Self {
        Self { outcome, status: None }
    }
}

/// Asks for the addresses of a name.
type Lookup = fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Calls webhooks.
#[derive(Clone, Debug)]
pub struct Courier {
    reach: Arc<Reach>,
    usual: Client,
    special: Client,
}

impl Courier {
    /// One that goes as far as it may.
    pub fn new(reach: Reach) -> Result<Self, reqwest::Error> {
        Self::asking(reach, |name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            })
        })
    }

    fn asking(reach: Reach, lookup: Lookup) -> Result<Self, reqwest::Error> {
        let reach = Arc::new(reach);
        let client = |is_special: bool| {
            Client::builder()
                .https_only(!is_special)
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .no_proxy()
                .referer(false)
                .dns_resolver(Checked { reach: Arc::clone(&reach), is_special, lookup })
                // Every attempt looks anew where the name leads.
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT)
                .timeout(LIMIT)
                .user_agent(concat!("BaiToanLon-Webhook/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        Ok(Self { usual: client(false)?, special: client(true)?, reach })
    }

    /// One attempt, at that time.
    pub async fn call(&self, call: &Call, now: Timestamp) -> Called {
        // An address in digits asks no resolver, and what may be called may have changed since it was given.
        let Ok(target) = self.reach.target(&call.url) else { return AttemptOutcome::RefusedAddress.into() };
        let client = if target.is_special { &self.special } else { &self.usual };
        let seconds = now.seconds();
        let request = client
            .post(target.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures(&call.secrets, &call.id, seconds, &call.body))
            .body(call.body.clone());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let outcome = if status.is_success() {
                    AttemptOutcome::Delivered
                } else if status.is_redirection() {
                    AttemptOutcome::Redirect
                } else {
                    AttemptOutcome::Status
                };
                hear_out(answer).await;
                Called { outcome, status: Some(status.as_u16()) }
            }
            Err(error) => failure(&error).into(),
        }
    }
}

/// The status is what counts: whatever happens to the rest changes nothing.
async fn hear_out(mut answer: Response) {
    let listening = async {
        let mut heard = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            heard += chunk.len();
            if heard > ANSWER {
                break;
            }
        }
    };
    let _ = timeout(FAREWELL, listening).await;
}

/// One signature by each secret, after Standard Webhooks: over id, time and body, so that none of them can be exchanged.
pub fn signatures(secrets: &[SecretSlice<u8>], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let mut list = String::new();
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret());
        let tag = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        // Writing to a String cannot fail.
        let _ = write!(list, "{}v1,{tag}", if list.is_empty() { "" } else { " " });
    }
    list
}

/// Looks at every address that a name leads to; the connection goes to these.
struct Checked {
    reach: Arc<Reach>,
    is_special: bool,
    lookup: Lookup,
}

/// The name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the name leads nowhere")]
struct Nowhere;

/// It leads to an address that is not called.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not called")]
struct Refused;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, is_special) = (Arc::clone(&self.reach), self.is_special);
        let looking = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = looking.await.map_err(|_| Nowhere)?;
            if found.is_empty() {
                return Err(Nowhere.into());
            }
            // One bad address among them is a reason to go to none: somebody is trying.
            if !found.iter().all(|address| reach.admits(*address, is_special)) {
                return Err(Refused.into());
            }
            // The port is that of the address.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

fn failure(error: &reqwest::Error) -> AttemptOutcome {
    let causes = || successors(error.source(), |&cause| cause.source());
    if causes().any(<dyn std::error::Error>::is::<Refused>) {
        AttemptOutcome::RefusedAddress
    } else if causes().any(<dyn std::error::Error>::is::<Nowhere>) {
        AttemptOutcome::Dns
    } else if error.is_timeout() {
        AttemptOutcome::Timeout
    } else if causes().filter_map(|cause| cause.downcast_ref()).any(is_handshake) {
        AttemptOutcome::Tls
    } else {
        AttemptOutcome::Connect
    }
}

/// How rustls words a failed handshake: an unknown certificate, or a server that does not speak TLS. One error is inside another,
/// where `source` does not look.
fn is_handshake(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == io::ErrorKind::InvalidData || inner.is_some_and(is_handshake)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn call(url: String) -> Call {
        Call { id: "msg".to_owned(), url, body: "{}".to_owned(), secrets: vec![vec![7; 32].into()] }
    }

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the specification.
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = |secrets: &[SecretSlice<u8>]| {
            signatures(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(&[secret.clone().into()]), expected);
        let both = signed(&[vec![1; 32].into(), secret.into()]);
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(both.split(' ').nth(1), Some(expected));
    }

    #[tokio::test]
    async fn a_name_is_asked_for_once_and_only_what_was_looked_at_is_called() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // The first answer may be called, every later one may not.
        let courier = Courier::asking(Reach(vec!["127.0.0.1/32".parse().unwrap()]), |_| {
            let first = ASKED.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(
                async move { Ok(vec![if first { [127, 0, 0, 1].into() } else { [10, 0, 0, 1].into() }]) },
            )
        })
        .unwrap();
        let serving = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let length = connection.read(&mut request).await.unwrap();
            connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let call = call(format!("http://rebinding.example.vn:{port}/"));
        let delivered = Called { outcome: AttemptOutcome::Delivered, status: Some(204) };
        assert_eq!(courier.call(&call, NOW).await, delivered);
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
        let request = serving.await.unwrap();
        for header in
            ["webhook-id: msg", "webhook-timestamp: 1800000000", "webhook-signature: v1,", "host: rebinding."]
        {
            assert!(request.to_lowercase().contains(header), "{header}: {request}");
        }
        assert_eq!(courier.call(&call, NOW).await, AttemptOutcome::RefusedAddress.into());
        assert_eq!(ASKED.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn who_does_not_speak_tls_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut hello = vec![0; 4_096];
            assert!(connection.read(&mut hello).await.unwrap() > 0);
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        });
        let courier = Courier::new(Reach(vec!["127.0.0.1/32".parse().unwrap()])).unwrap();
        let called = courier.call(&call(format!("https://127.0.0.1:{port}/")), NOW).await;
        assert_eq!(called, AttemptOutcome::Tls.into());
        assert_eq!(
            courier.call(&call(format!("https://127.0.0.1:{port}/")), NOW).await,
            AttemptOutcome::Connect.into(),
            "nobody listens any more"
        );
    }

    #[tokio::test]
    async fn one_bad_address_is_enough_and_every_failure_has_its_name() {
        let to = |lookup: Lookup| Courier::asking(Reach::default(), lookup).unwrap();
        let refused: [Lookup; 4] = [
            |_| Box::pin(async { Ok(vec![[127, 0, 0, 1].into()]) }),
            |_| Box::pin(async { Ok(vec![[1, 1, 1, 1].into(), [169, 254, 169, 254].into()]) }),
            |_| Box::pin(async { Ok(vec!["::ffff:10.0.0.1".parse().unwrap()]) }),
            |_| Box::pin(async { Ok(vec!["64:ff9b::7f00:1".parse().unwrap()]) }),
        ];
        for lookup in refused {
            let called = to(lookup).call(&call("https://hooks.example.vn/".to_owned()), NOW).await;
            assert_eq!(called, AttemptOutcome::RefusedAddress.into());
        }
        let nowhere: [Lookup; 2] = [
            |_| Box::pin(async { Ok(Vec::new()) }),
            |_| Box::pin(async { Err(io::ErrorKind::NotFound.into()) }),
        ];
        for lookup in nowhere {
            let called = to(lookup).call(&call("https://hooks.example.vn/".to_owned()), NOW).await;
            assert_eq!(called, AttemptOutcome::Dns.into());
        }
        // What only the operator's nets may be called by leads nowhere else by its name either.
        let opened = Reach(vec!["127.0.0.1/32".parse().unwrap()]);
        let public: Lookup = |_| Box::pin(async { Ok(vec![[1, 1, 1, 1].into()]) });
        let courier = Courier::asking(opened, public).unwrap();
        let called = courier.call(&call("http://hooks.example.vn/".to_owned()), NOW).await;
        assert_eq!(called, AttemptOutcome::RefusedAddress.into());
        // Digits ask nobody.
        for url in ["https://127.1/", "https://2130706433/", "https://[::1]/", "http://1.1.1.1/"] {
            assert_eq!(
                to(refused[0]).call(&call(url.to_owned()), NOW).await,
                AttemptOutcome::RefusedAddress.into()
            );
        }
    }
}
