//! What each way a mail server can behave means for a mail.

use std::time::{Duration, Instant};

use domain::letter::LetterKind;
use notify::{ConfigError, Mail, Mailer, Outcome, Reason, Transport};
use url::Url;

use crate::sample;
use crate::server::{CLOSE, HEALTHY, Script, Server, closed_port};

const LIMIT: Duration = Duration::from_millis(300);

fn configured(url: &str) -> Result<Transport, ConfigError> {
    Transport::from_url(&Url::parse(url).unwrap(), LIMIT)
}

async fn send_to(url: &str) -> Outcome {
    let mailer = Mailer::new(sample::sender(), configured(url).unwrap());
    mailer.send(&sample::mail(sample::letter(LetterKind::ProposalSubmitted))).await
}

async fn sent_by(script: Script) -> Outcome {
    let server = Server::start(script).await;
    send_to(&format!("smtp://127.0.0.1:{}", server.port)).await
}

#[tokio::test]
async fn a_healthy_server_takes_one_message_for_one_recipient() {
    let server = Server::start(HEALTHY).await;
    assert_eq!(send_to(&format!("smtp://127.0.0.1:{}", server.port)).await, Outcome::Sent);
    let heard = server.heard();
    assert_eq!(heard.iter().filter(|line| line.starts_with("EHLO")).count(), 1);
    assert_eq!(heard[1], "MAIL FROM:<khong-tra-loi@baitoanlon.example>");
    assert_eq!(heard[2], "RCPT TO:<le.thi.hoa@congty.example>");
    assert_eq!(heard[3], "DATA");
    assert_eq!(heard.last().unwrap(), "QUIT");
}

#[tokio::test]
async fn each_failure_has_its_outcome() {
    let later = |code| Outcome::Later(Reason::Reply(code));
    let unknown = |code| Outcome::Never(Reason::NoMailbox(code));
    let never = |code| Outcome::Never(Reason::Reply(code));
    let timeout = Outcome::Later(Reason::Timeout);
    let broken = Outcome::Later(Reason::Connection);
    let table = [
        ("refuses at the door", Script { banner: "554 no service", ..HEALTHY }, later(554)),
        ("is busy at the door", Script { banner: "421 busy", ..HEALTHY }, later(421)),
        ("is not SMTP", Script { banner: "SSH-2.0-OpenSSH_9.6", ..HEALTHY }, broken),
        ("hangs up at the door", Script { banner: CLOSE, ..HEALTHY }, broken),
        ("knows no EHLO", Script { hello: "502 what?", ..HEALTHY }, later(502)),
        ("greylists the sender", Script { mail: "450 later", ..HEALTHY }, later(450)),
        ("wants a log-in", Script { mail: "530 log in first", ..HEALTHY }, Outcome::Later(Reason::Login)),
        ("refuses the sender", Script { mail: "550 no", ..HEALTHY }, never(550)),
        ("is out of space", Script { rcpt: "451 later", ..HEALTHY }, later(451)),
        ("has a full mailbox", Script { rcpt: "452 full", ..HEALTHY }, later(452)),
        ("knows no such mailbox", Script { rcpt: "550 who?", ..HEALTHY }, unknown(550)),
        (
            "says so at length",
            Script { rcpt: "550-5.1.1 who?\r\n550 5.1.1 see there", ..HEALTHY },
            unknown(550),
        ),
        ("has it switched off", Script { rcpt: "554 5.2.1 off", ..HEALTHY }, unknown(554)),
        ("takes no mail at all", Script { rcpt: "556 no", ..HEALTHY }, unknown(556)),
        ("does not want ours", Script { rcpt: "550 5.7.1 policy", ..HEALTHY }, never(550)),
        ("has it full for good", Script { rcpt: "552 5.2.2 full", ..HEALTHY }, never(552)),
        ("is asked too much", Script { rcpt: "554 no", ..HEALTHY }, never(554)),
        ("shuts down", Script { rcpt: "421 closing", ..HEALTHY }, later(421)),
        ("hangs up", Script { rcpt: CLOSE, ..HEALTHY }, broken),
        ("takes no data now", Script { data: "451 later", ..HEALTHY }, later(451)),
        ("answers DATA with 250", Script { data: "250 ok", ..HEALTHY }, broken),
        ("rejects the content", Script { end: "554 spam", ..HEALTHY }, never(554)),
        ("defers the content", Script { end: "452 later", ..HEALTHY }, later(452)),
        ("answers the message with 354", Script { end: "354 go on", ..HEALTHY }, broken),
        ("hangs up after the message", Script { end: CLOSE, ..HEALTHY }, broken),
        ("hangs up before QUIT", Script { quit: CLOSE, ..HEALTHY }, Outcome::Sent),
        ("says nothing at the door", Script { banner: "", ..HEALTHY }, timeout),
        ("says nothing to RCPT", Script { rcpt: "", ..HEALTHY }, timeout),
        ("says nothing to the message", Script { end: "", ..HEALTHY }, timeout),
        ("says nothing to QUIT", Script { quit: "", ..HEALTHY }, Outcome::Sent),
    ];
    for (server, script, expected) in table {
        let start = Instant::now();
        assert_eq!(sent_by(script).await, expected, "a server that {server}");
        assert!(
            start.elapsed() < Duration::from_millis(1500),
            "a server that {server}: {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn a_refusal_counts_even_if_the_server_then_falls_silent() {
    let script = Script { rcpt: "550 who?", quit: "", ..HEALTHY };
    assert_eq!(sent_by(script).await, Outcome::Never(Reason::NoMailbox(550)));
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let url = format!("smtp://127.0.0.1:{}", closed_port().await);
    assert_eq!(send_to(&url).await, Outcome::Later(Reason::Connection));
}

#[tokio::test]
async fn what_cannot_be_encrypted_is_not_sent() {
    let server = Server::start(HEALTHY).await;
    let here = format!("127.0.0.1:{}", server.port);
    for url in [format!("smtp://{here}?tls=required"), format!("smtp://user:secret@{here}")] {
        assert_eq!(send_to(&url).await, Outcome::Later(Reason::Tls), "{url}");
    }
    let heard = server.heard();
    assert!(heard.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{heard:?}");

    assert_eq!(send_to(&format!("smtps://{here}")).await, Outcome::Later(Reason::Tls));

    assert_eq!(send_to(&format!("smtp://{here}?tls=opportunistic")).await, Outcome::Sent);
}

#[tokio::test]
async fn a_refused_log_in_is_about_the_account_and_not_the_mail() {
    let refusing = Server::start(Script { auth: "535 wrong", ..HEALTHY }).await;
    let url = format!("smtp://user:p%40ss@127.0.0.1:{}?tls=none", refusing.port);
    assert_eq!(send_to(&url).await, Outcome::Later(Reason::Login));

    let server = Server::start(HEALTHY).await;
    assert_eq!(
        send_to(&format!("smtp://user:p%40ss@127.0.0.1:{}?tls=none", server.port)).await,
        Outcome::Sent
    );
    // base64 of "\0user\0p@ss": the password was decoded.
    assert!(server.heard().contains(&"AUTH PLAIN AHVzZXIAcEBzcw==".to_owned()), "{:?}", server.heard());
}

#[tokio::test]
async fn a_bad_mail_never_reaches_the_server_and_the_next_one_does() {
    let server = Server::start(HEALTHY).await;
    let transport = configured(&format!("smtp://127.0.0.1:{}", server.port)).unwrap();
    let mailer = Mailer::new(sample::sender(), transport);
    let good = sample::mail(sample::letter(LetterKind::RoundLocked));

    let bad = Mail { to: "a@b.example>\r\nRCPT TO:<c@d.example".to_owned(), ..good.clone() };
    assert_eq!(mailer.send(&bad).await, Outcome::Never(Reason::Address));
    assert!(server.heard().is_empty());

    let hostile = Mail { recipient_name: "Hoa\r\n.\r\nMAIL FROM:<x@y.example>".to_owned(), ..good };
    assert_eq!(mailer.send(&hostile).await, Outcome::Sent);
    assert_eq!(server.heard().iter().filter(|line| line.starts_with("MAIL")).count(), 1);
}

#[test]
fn a_wrong_configuration_is_refused_without_repeating_it() {
    let table = [
        ("http://mail.example", ConfigError::Scheme),
        ("smtp:mail.example", ConfigError::Host),
        ("smtp://", ConfigError::Host),
        ("smtp://mail.example/path", ConfigError::Host),
        ("smtp://user@mail.example", ConfigError::Credentials),
        ("smtp://:secret@mail.example", ConfigError::Credentials),
        ("smtp://user:%ff@mail.example", ConfigError::Credentials),
        ("smtp://mail.example?tls=yes", ConfigError::Option),
        ("smtp://mail.example?tls=none&tls=required", ConfigError::Option),
        ("smtp://mail.example?pool=5", ConfigError::Option),
        ("smtps://mail.example?tls=none", ConfigError::Option),
    ];
    for (url, expected) in table {
        assert_eq!(configured(url).unwrap_err(), expected, "{url}");
    }
}

#[test]
fn encryption_is_what_the_address_says_and_secrets_are_not_shown() {
    let table = [
        ("smtp://mail.example:25", false),
        ("smtp://[::1]:25?tls=opportunistic", false),
        ("smtp://user:secret@mail.example?tls=none", false),
        ("smtp://user:secret@mail.example", true),
        ("smtp://mail.example?tls=required", true),
        ("smtps://user:secret@mail.example", true),
    ];
    for (url, confidential) in table {
        let transport = configured(url).unwrap();
        assert_eq!(transport.is_confidential(), confidential, "{url}");
        assert!(!format!("{:?}", Mailer::new(sample::sender(), transport)).contains("secret"));
    }
    assert!(Transport::directory("mail").is_confidential());
}
