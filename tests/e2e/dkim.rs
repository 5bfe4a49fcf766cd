//! Every mail is signed as it leaves, and another's reading of the standard says so.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use e2e::cast::{Cast, DAY};
use e2e::{Binary, Stage, Trouble, World};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use serde_json::json;

/// One key of each kind, under these names.
const SELECTORS: &str = "r2026,e2026";

fn keys() -> String {
    let pem = |der: &[u8]| {
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
    };
    let rsa: Pkcs8V1Der = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let edwards = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    [pem(rsa.as_ref()), pem(edwards.as_ref())].join(",")
}

/// What the zones say, as far as anybody asks.
struct Zone(HashMap<Box<str>, Txt>);

impl Zone {
    /// From the lines that `server dkim-record` prints.
    fn read(lines: &str) -> Self {
        let record = |line: &str| {
            let (name, text) = line.split_once(" IN TXT (").unwrap();
            let text: String = text.split('"').skip(1).step_by(2).collect();
            (name.into(), Txt::DomainKey(Arc::new(DomainKey::parse(text.as_bytes()).unwrap())))
        };
        Self(lines.lines().map(record).collect())
    }
}

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// How many signatures the message has, and how many of them hold. Nobody is asked but the zone.
async fn verified(zone: &Zone, bytes: &[u8]) -> (usize, usize) {
    let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
    let verifier = MessageAuthenticator::new(nobody, ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(bytes).unwrap();
    let results = verifier.verify_dkim(Parameters::new(&message).with_txt_cache(zone)).await;
    (results.len(), results.iter().filter(|output| *output.result() == DkimResult::Pass).count())
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_can_tell_that_a_mail_is_ours_and_whole() {
    let keys = keys();
    let settings = [
        ("MAIL_FROM", "Bài Toán Lớn <no-reply@mail.example.vn>"),
        ("DKIM_DOMAIN", "example.vn"),
        ("DKIM_SELECTOR", SELECTORS),
        ("DKIM_PRIVATE_KEY", &keys),
    ];
    let directory = tempfile::TempDir::with_prefix("btl-").unwrap();
    let printed = Binary::run(directory.path(), &["dkim-record"], &settings).await;
    assert!(printed.status.success(), "{printed:?}");
    let zone = Zone::read(&printed.stdout);
    let world = World::with(&settings).await;
    // A second attempt is the same bytes, signature and all.
    world.smtp.expects(Trouble::Drops(Stage::Body));
    let cast = Box::pin(Cast::gather(&world)).await;
    cast.bao.does("followSector", json!({ "sector": "URBAN_MANAGEMENT" }), "user { id }").await.ok();
    let challenge = cast.drafts(&world, std::time::Duration::ZERO, 10 * DAY).await;
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    world.is_quiet().await;
    let received: Vec<_> = world.smtp.received().into_iter().map(|mail| mail.bytes).collect();
    assert_eq!(received.iter().filter(|bytes| **bytes == received[0]).count(), 2, "the first one came twice");
    for bytes in &received {
        assert_eq!(verified(&zone, bytes).await, (2, 2), "{}", String::from_utf8_lossy(bytes));
        assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
    }

    // What is on the way may be folded otherwise, and get fields of its own; nothing else.
    let wanted = |bytes: &&Vec<u8>| bytes.windows(16).any(|part| part == b"List-Unsubscribe");
    let mail = received.iter().find(wanted).unwrap();
    for harmless in [
        replaced(mail, "DKIM-Signature: ", "Received: from here\r\nDKIM-Signature: "),
        replaced(mail, "To: ", "To:  \r\n "),
        replaced(mail, "\r\n\r\n", "\r\nX-Seen: yes\r\n\r\n"),
    ] {
        assert_eq!(verified(&zone, &harmless).await, (2, 2));
    }
    for (from, to) in [
        ("no-reply@", "no_reply@"),
        ("To: ", "To: mai@example.vn, "),
        ("Subject: ", "Subject: X"),
        ("Subject: ", "Subject: Khan\r\nSubject: "),
        ("From: ", "From: xa@example.vn\r\nFrom: "),
        ("From: ", "Reply-To: xa@example.vn\r\nFrom: "),
        ("Message-ID: <", "Message-ID: <0"),
        ("/unsubscribe/", "/Unsubscribe/"),
        ("=One-Click", "=Two-Clicks"),
        ("multipart/alternative", "multipart/mixed"),
        ("</html>", "</htm1>"),
    ] {
        let tampered = replaced(mail, from, to);
        assert_eq!(verified(&zone, &tampered).await, (2, 0), "{from} became {to}");
    }
    assert_eq!(verified(&zone, &replaced(mail, "; t=1", "; t=2")).await, (2, 1), "each vouches for itself");
    let other = Zone::read(
        &printed.stdout.replace("r2026.", "x.").replace("e2026.", "r2026.").replace("x.", "e2026."),
    );
    assert_eq!(verified(&other, mail).await, (2, 0), "keys of other names");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_sign_keeps_the_server_from_starting() {
    let directory = tempfile::TempDir::with_prefix("btl-").unwrap();
    for (name, key, selector) in
        [("DKIM_PRIVATE_KEY", "canary".to_owned(), "a"), ("DKIM_SELECTOR", keys(), "canary")]
    {
        let settings = [("DKIM_PRIVATE_KEY", key.as_str()), ("DKIM_SELECTOR", selector)];
        let ended = Binary::run(directory.path(), &[], &settings).await;
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with(&format!("configuration: {name}: must ")), "{ended:?}");
        assert!(ended.stderr.lines().count() == 1 && !ended.stderr.contains("canary"), "{ended:?}");
    }
    let ended = Binary::run(directory.path(), &["dkim-record"], &[]).await;
    assert!(!ended.status.success() && ended.stderr.contains("mails are not signed"), "{ended:?}");
}
