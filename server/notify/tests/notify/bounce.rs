//! What comes back, as several mail servers write it.

use domain::letter::LetterKind;
use notify::Bounce;

use crate::sample::{self, ID};

/// A report with the whole mail in it.
fn report(groups: &str) -> String {
    let mail = sample::sender().message(&sample::mail(sample::letter(LetterKind::RoundLocked))).unwrap();
    let mail = String::from_utf8(mail.formatted()).unwrap();
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <mailer-daemon@mx.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: Multipart/Report; Report-Type=delivery-status;\r\n\tboundary=\"9B3\"\r\n\r\n\
         --9B3\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nIt came back.\r\n\r\n\
         --9B3\r\nContent-Type: Message/Delivery-Status\r\n\r\n{}\r\n\
         --9B3\r\nContent-Type: message/rfc822\r\n\r\n{mail}\r\n--9B3--\r\n",
        groups.replace('\n', "\r\n")
    )
}

fn read(groups: &str) -> Option<(String, Vec<String>, bool)> {
    let bounce = Bounce::read(report(groups).as_bytes())?;
    assert_eq!(bounce.message_id, ID);
    Some((bounce.status, bounce.recipients, bounce.is_about_the_mailbox))
}

const HEAD: &str = "Reporting-MTA: dns; mx.example\nArrival-Date: Mon, 30 Nov 2026 08:00:00 +0700\n\n";

#[test]
fn a_final_failure_is_read_with_whom_it_names() {
    let group = "Final-Recipient: RFC822;b@y.example\nOriginal-Recipient: rfc822; a@x.example\nAction: FAILED\n\
                 Status: 5.1.1 (no such user)\nRemote-MTA: dns; mx\nDiagnostic-Code: smtp; 550 5.1.1 who?\n\n";
    let named = vec!["a@x.example".to_owned(), "b@y.example".to_owned()];
    assert_eq!(read(&format!("{HEAD}{group}")), Some(("5.1.1".to_owned(), named, true)));
    for (status, is_about_the_mailbox) in
        [("5.1.10", true), ("5.2.1", true), ("5.2.2", false), ("5.7.26", false)]
    {
        let other = group.replace("5.1.1 (no such user)", status);
        assert_eq!(read(&format!("{HEAD}{other}")).unwrap().2, is_about_the_mailbox, "{status}");
    }
    // A delay of one recipient before the failure of another.
    let delayed = group.replace("FAILED", "delayed").replace("5.1.1 (no such user)", "4.4.1");
    assert_eq!(read(&format!("{HEAD}{delayed}{group}")).unwrap().0, "5.1.1");
}

#[test]
fn whatever_is_no_final_failure_of_our_mail_is_nothing() {
    let of = |action: &str, status: &str| {
        format!("{HEAD}Final-Recipient: rfc822; a@x.example\nAction: {action}\nStatus: {status}\n")
    };
    for (action, status) in [
        ("failed", "4.4.7"),
        ("relayed", "2.0.0"),
        ("failed", "five"),
        ("failed", "5.1.1.1"),
        ("expanded", "5.1.1"),
    ] {
        assert_eq!(read(&of(action, status)), None, "{action} {status}");
    }
    let whole = report(&of("failed", "5.1.1"));
    assert!(Bounce::read(whole.as_bytes()).is_some());
    for (from, to) in [
        ("Multipart/Report", "multipart/mixed"),
        ("Message/Delivery-Status", "text/plain"),
        ("message/rfc822", "application/octet-stream"),
        ("X-Notification-Id: ", "X-Other: "),
        ("Message-ID: <", "Message-ID: <0"),
        ("Status: ", "X-Status: "),
    ] {
        assert!(whole.contains(from), "{from}");
        assert_eq!(Bounce::read(whole.replace(from, to).as_bytes()), None, "{from} became {to}");
    }
    for end in (0..whole.len()).step_by(7) {
        // Broken off anywhere it is read or not, and nothing else happens.
        let _ = Bounce::read(&whole.as_bytes()[..end]);
    }
}
