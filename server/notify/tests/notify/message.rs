//! The message as a mail program reads it.

use domain::letter::LetterKind;
use domain::locale::Locale;
use domain::time::Timestamp;
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use notify::{Mail, MailError, Sender, mask};

use crate::sample::{self, ID};

fn bytes(mail: &Mail) -> Vec<u8> {
    sample::sender().message(mail).unwrap().formatted()
}

fn read(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap()
}

fn header_names(message: &Message) -> Vec<String> {
    let mut names: Vec<_> = message.headers().iter().map(|header| header.name().to_owned()).collect();
    names.sort();
    names
}

const HEADERS: [&str; 10] = [
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Date",
    "From",
    "MIME-Version",
    "Message-ID",
    "Subject",
    "To",
    "X-Notification-Id",
];

#[test]
fn a_message_has_these_headers_one_recipient_and_two_parts() {
    let bytes = bytes(&sample::mail(sample::letter(LetterKind::ProposalSubmitted)));
    assert!(bytes.is_ascii(), "any relay can carry it");
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
    let message = read(&bytes);

    assert_eq!(header_names(&message), HEADERS);
    assert_eq!(message.message_id(), Some(format!("{ID}@baitoanlon.example").as_str()));
    assert_eq!(message.header("X-Notification-Id").unwrap().as_text(), Some(ID.to_string().as_str()));
    assert_eq!(message.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
    assert_eq!(message.header("Content-Language").unwrap().as_text_list().unwrap(), ["vi"]);

    let from = message.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Bài Toán Lớn"), Some("khong-tra-loi@baitoanlon.example"))
    );
    let to: Vec<_> = message.to().unwrap().iter().map(|to| (to.name(), to.address())).collect();
    assert_eq!(to, [(Some("Lê Thị Hoa"), Some("le.thi.hoa@congty.example"))]);

    assert!(message.content_type().is_some_and(|kind| kind.subtype() == Some("alternative")));
    assert_eq!((message.text_body_count(), message.html_body_count(), message.attachment_count()), (1, 1, 0));
}

#[test]
fn words_arrive_as_they_were_written() {
    for kind in LetterKind::ALL {
        for locale in Locale::ALL {
            let mail = Mail {
                locale: *locale,
                ..sample::mail(sample::hostile(*kind, &"Thuỷ triều & ngập úng. ".repeat(60)))
            };
            let words = notify::render(&mail.letter, &mail.recipient_name, *locale).unwrap();
            let bytes = bytes(&mail);
            let message = read(&bytes);
            assert_eq!(message.subject(), Some(words.subject.as_str()));
            assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), words.text.trim_end());
            assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), words.html.trim_end());
        }
    }
}

#[test]
fn a_second_attempt_is_the_same_mail() {
    let mail = sample::mail(sample::letter(LetterKind::RoundLocked));
    assert_eq!(bytes(&mail), bytes(&mail));
    assert_eq!(read(&bytes(&mail)).date().unwrap().to_timestamp(), mail.written_at.seconds());
    for written_at in [Timestamp::END_OF_TIME, Timestamp::from_micros(i64::MIN)] {
        assert!(sample::sender().message(&Mail { written_at, ..mail.clone() }).is_ok(), "no panic");
    }
}

#[test]
fn hostile_names_add_no_header_and_do_not_panic() {
    let long = "A".repeat(5000);
    let names = [
        "Hoa\r\nBcc: ke.xau@evil.example",
        "Hoa\nBcc: x",
        "\r\n",
        "Hoa\u{0}\u{7}\u{202e}",
        "\"Hoa\" <a@b.example>, \\",
        "\u{2028}Hoa\u{85}",
        &long,
        "",
    ];
    for name in names {
        let mail = Mail {
            recipient_name: name.to_owned(),
            ..sample::mail(sample::letter(LetterKind::AccountExists))
        };
        let bytes = bytes(&mail);
        let message = read(&bytes);
        assert_eq!(header_names(&message), HEADERS, "{name:?}");
        let to: Vec<_> = message.to().unwrap().iter().map(|to| to.address().unwrap()).collect();
        assert_eq!(to, ["le.thi.hoa@congty.example"], "{name:?}");
        assert!(message.to().unwrap().first().unwrap().name().unwrap_or_default().chars().count() <= 100);
    }
}

#[test]
fn nobody_advertises_in_somebody_elses_mailbox() {
    let spam = "Trúng thưởng https://evil.example";
    let mail = Mail {
        recipient_name: spam.to_owned(),
        ..sample::mail(sample::letter(LetterKind::EmailVerification))
    };
    let bytes = bytes(&mail);
    let message = read(&bytes);
    assert_eq!(message.to().unwrap().first().unwrap().name(), None);
    assert!(!message.body_text(0).unwrap().contains("evil.example"));
    assert!(!message.body_html(0).unwrap().contains("evil.example"));
}

#[test]
fn what_can_be_ended_says_where_one_click_ends_it() {
    let link = &format!("https://baitoanlon.example/unsubscribe/{}", "aGVsbG8_".repeat(25));
    let plain = sample::mail(sample::letter(LetterKind::ChallengeAmended));
    let mail = Mail { unsubscribe: Some(link.clone()), ..plain.clone() };
    let text = String::from_utf8(bytes(&mail)).unwrap();
    assert!(text.contains(&format!("List-Unsubscribe: <{link}>\r\n")), "{text}");
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
    assert!(!String::from_utf8(bytes(&plain)).unwrap().contains("List-Unsubscribe"));
}

#[test]
fn an_address_is_an_address_or_a_typed_refusal() {
    let bad = [
        "",
        "hoa",
        "hoa@",
        "@congty.example",
        "a@b.example\r\nBcc: c@d.example",
        "Hoa <a@b.example>",
        "a@b.example, c@d.example",
        "a b@c.example",
        "họa@congty.example",
        "a@b.example>\nRCPT TO:<c@d.example",
    ];
    for to in bad {
        let mail = Mail { to: to.to_owned(), ..sample::mail(sample::letter(LetterKind::AccountExists)) };
        assert!(matches!(sample::sender().message(&mail), Err(MailError::Address)), "{to:?}");
    }
    let mail = Mail {
        to: "hoa@côngty.example".to_owned(),
        ..sample::mail(sample::letter(LetterKind::AccountExists))
    };
    let bytes = bytes(&mail);
    assert!(bytes.is_ascii());
    assert_eq!(read(&bytes).to().unwrap().first().unwrap().address(), Some("hoa@xn--cngty-6ta.example"));
}

#[test]
fn a_sender_is_an_address_with_or_without_a_name() {
    for text in
        ["a@b.example", "Bài Toán Lớn <a@b.example>", "\"Bài Toán Lớn\" <a@b.example>", "dev@localhost"]
    {
        assert!(Sender::parse(text).is_ok(), "{text}");
    }
    for text in
        ["", "Bài Toán Lớn", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "á@b.example"]
    {
        assert!(Sender::parse(text).is_err(), "{text}");
    }
}

#[test]
fn logs_see_masked_addresses() {
    assert_eq!(mask("nguyen.van.a@example.vn"), "n***@example.vn");
    assert_eq!(mask("\r\n@example.vn\n"), "***@example.vn");
    assert_eq!(mask("nguyen"), "***");
}
