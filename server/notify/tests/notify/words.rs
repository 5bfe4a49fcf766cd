//! Every letter in both languages: complete, as checked in, and harmless whatever people typed.

use std::fs;
use std::path::Path;

use domain::letter::{Letter, LetterKind, LetterOutcome};
use domain::locale::Locale;
use domain::time::Timestamp;
use notify::{Rendered, render};

use crate::sample::{self, LINK};

fn every_letter() -> impl Iterator<Item = (LetterKind, Locale)> {
    LetterKind::ALL.iter().flat_map(|kind| Locale::ALL.iter().map(|locale| (*kind, *locale)))
}

fn written(letter: &Letter, locale: Locale) -> Rendered {
    render(letter, "Lê Thị Hoa", locale).unwrap()
}

/// `UPDATE_GOLDEN=1` writes the files; a reviewer reads the difference.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests is no setting of the server"
)]
fn every_letter_reads_as_checked_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (kind, locale) in every_letter() {
        let Rendered { subject, text, .. } = written(&sample::letter(kind), locale);
        let actual = format!("Subject: {subject}\n\n{text}\n");
        let file = folder.join(format!("{locale}/{kind}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &actual).unwrap();
        }
        assert_eq!(actual, fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
    }
}

#[test]
fn every_letter_is_complete() {
    for (kind, locale) in every_letter() {
        let Rendered { subject, text, html } = written(&sample::letter(kind), locale);
        let name = format!("{kind} in {locale}");
        for part in [&subject, &text, &html] {
            assert!(!part.contains("{{") && !part.contains("{%") && !part.contains("}}"), "{name}: {part}");
        }
        assert!(
            !subject.contains('\n') && (10..=120).contains(&subject.chars().count()),
            "{name}: {subject}"
        );
        assert!(text.contains(LINK) && text.contains("Lê Thị Hoa,\n"), "{name}: {text}");
        assert!(!text.contains("\n\n\n"), "{name}: {text}");
        assert!(html.contains(&format!("<html lang=\"{locale}\">")), "{name}");
        assert!(html.contains(&format!("<a href=\"{}\"", LINK.replace('&', "&amp;"))), "{name}: {html}");
        assert_eq!(html.matches("<a ").count(), 1, "{name}: one link");
        assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("url("), "{name}");
    }
}

/// On a lock screen, over a shoulder: a subject tells nobody how it went, nor what is not public yet.
#[test]
fn subjects_are_neutral() {
    let unpublished = [
        LetterKind::ChallengeSubmitted,
        LetterKind::ChallengeChangesRequested,
        LetterKind::ChallengeApproved,
        LetterKind::ChallengeRecalled,
    ];
    for (kind, locale) in every_letter() {
        let subject = written(&sample::letter(kind), locale).subject;
        for typed in ["Nước & Đô thị", "cảm biến", "Thiếu số liệu", "Phạm Quốc Bảo", "Ý tưởng", "1024"]
        {
            assert!(!subject.contains(typed), "{kind}: {subject}");
        }
        assert!(!(unpublished.contains(&kind) && subject.contains("triều cường")), "{kind}: {subject}");
    }
    let result = |outcome, locale| {
        let mut letter = sample::letter(LetterKind::DecisionPublishedToApplicant);
        if let Letter::DecisionPublishedToApplicant { outcome: of_letter, .. } = &mut letter {
            *of_letter = outcome;
        }
        written(&letter, locale)
    };
    for locale in Locale::ALL.iter().copied() {
        let results: Vec<_> = LetterOutcome::ALL.iter().map(|outcome| result(*outcome, locale)).collect();
        assert!(results.iter().all(|one| one.subject == results[0].subject));
        assert!(results[0].text != results[1].text && results[1].text != results[2].text);
    }
}

#[test]
fn nothing_that_people_type_is_obeyed() {
    let attack = "Lũ{{ 7*7 }}\r\nBcc: kẻ@xấu.example\r\n\r\n<script>alert(1)</script> & {% raw %} \u{202e}txt \
                  <a href=\"https://evil.example\">bấm</a>\u{0}";
    for (kind, locale) in every_letter() {
        let honest = written(&sample::hostile(kind, "Lũ"), locale);
        let Rendered { subject, text, html } =
            render(&sample::hostile(kind, attack), attack, locale).unwrap();
        let name = format!("{kind} in {locale}");
        assert!(
            !subject.contains(['\r', '\n', '\u{202e}']) && subject.chars().count() <= 120,
            "{name}: {subject}"
        );
        assert!(!text.contains("49") && !html.contains("49"), "{name}: evaluated");
        assert!(!text.contains(['\r', '\0', '\u{202e}']), "{name}");
        assert!(!text.contains("\nBcc:"), "{name}: a value starts no line of its own");
        assert_eq!(paragraphs(&text), paragraphs(&honest.text), "{name}: a value adds no paragraph");
        assert_eq!(tags(&html), tags(&honest.html), "{name}: a value adds no markup: {html}");
        assert!(html.contains("&lt;script&gt;") && html.contains(" &amp; "), "{name}: {html}");
    }
}

#[test]
fn long_and_empty_values_are_fine() {
    let long = "Đ".repeat(5000);
    for (kind, locale) in every_letter() {
        assert!(written(&sample::hostile(kind, &long), locale).subject.chars().count() <= 120);
        let nobody = render(&sample::letter(kind), " \u{200b}\n", locale).unwrap();
        assert!(
            nobody.text.starts_with("Kính gửi Ông/Bà,\n") || nobody.text.starts_with("Dear Sir or Madam,\n")
        );
    }
    let screened = Letter::ProposalScreened {
        challenge: "Ngập".to_owned(),
        proposal: "Cảm biến".to_owned(),
        eligible: true,
        reason: String::new(),
        link: LINK.to_owned(),
    };
    let text = written(&screened, Locale::En).text;
    assert!(!text.contains('>') && !text.contains("note:"), "no reason, no quotation: {text}");
}

#[test]
fn times_are_the_citys() {
    let published = |instant: &str, locale| {
        let letter = Letter::ChallengePublished {
            challenge: "Ngập".to_owned(),
            agency: "Sở".to_owned(),
            closes_at: Timestamp::parse(instant).unwrap(),
            link: LINK.to_owned(),
        };
        written(&letter, locale).text
    };
    assert!(
        published("2026-11-30T10:00:00Z", Locale::Vi).contains(": 17:00 ngày 30/11/2026 (giờ Việt Nam)\n")
    );
    assert!(
        published("2026-11-30T10:00:00Z", Locale::En)
            .contains(" until 30 November 2026, 17:00 (Vietnam time, UTC+7).\n")
    );
    assert!(
        published("2026-12-31T17:05:59Z", Locale::Vi).contains(": 00:05 ngày 01/01/2027 (giờ Việt Nam)\n")
    );
}

#[test]
fn an_instant_beyond_the_calendar_is_an_error_and_no_panic() {
    let letter = Letter::EmailVerification {
        token: "t".to_owned(),
        expires_at: Timestamp::END_OF_TIME,
        link: LINK.to_owned(),
    };
    assert!(render(&letter, "Hoa", Locale::Vi).is_err());
}

#[test]
fn a_letter_tells_the_log_its_kind_and_nothing_else() {
    let shown = format!("{:?}", sample::mail(sample::letter(LetterKind::MemberInvited)).letter);
    assert_eq!(shown, "Letter(MemberInvited, ..)");
}

fn paragraphs(text: &str) -> usize {
    text.matches("\n\n").count()
}

/// All but the line breaks, which a quotation keeps.
fn tags(html: &str) -> usize {
    html.replace("<br>", "").matches('<').count()
}
