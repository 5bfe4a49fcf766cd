//! Text at the door: composed (NFC), without characters that hide or turn others, within its length.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::problem::{Form, Reason};

/// One line: trimmed, no line breaks, `1..=max` characters.
pub fn line(raw: &str, max: usize) -> Result<String, Reason> {
    let text = words(raw, max)?;
    // A name or a title of marks and signs alone is none.
    if text.chars().any(char::is_alphanumeric) { Ok(text) } else { Err(Reason::Required) }
}

/// Words to look for: one line of anything that can be typed.
pub fn words(raw: &str, max: usize) -> Result<String, Reason> {
    checked(raw, max, false)
}

/// Several lines: trimmed, `\r\n` becomes `\n`, `1..=max` characters.
pub fn prose(raw: &str, max: usize) -> Result<String, Reason> {
    checked(&raw.replace("\r\n", "\n"), max, true)
}

fn checked(raw: &str, max: usize, multi_line: bool) -> Result<String, Reason> {
    // Before any work: no text within the limit is longer than this many bytes.
    if raw.len() > max.saturating_mul(12).saturating_add(64) {
        return Err(Reason::TooLong { max });
    }
    let text: String = raw.trim().nfc().collect();
    if text.is_empty() {
        return Err(Reason::Required);
    }
    if text.chars().any(|c| is_forbidden(c) && !(multi_line && matches!(c, '\n' | '\t'))) {
        return Err(Reason::ForbiddenCharacter);
    }
    // A heap of marks on one letter hides what is around it.
    let mut marks = 0;
    if text.nfd().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > 4
    }) {
        return Err(Reason::ForbiddenCharacter);
    }
    if text.chars().count() > max {
        return Err(Reason::TooLong { max });
    }
    Ok(text)
}

/// Controls, line separators, bidirectional overrides and isolates, zero-width characters (but the joiners that scripts
/// need), tag characters and non-characters.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180E | 0x200B | 0x200E | 0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFEFF | 0xFFA0
            | 0xFDD0..=0xFDEF | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// The form in which texts are searched and sorted: compatibility forms, tone marks and case gone, đ as d, one blank.
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The form in which names are compared for being the same: two names that look alike have one key.
pub fn look_alike_key(text: &str) -> String {
    let composed: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    unicode_security::confusable_detection::skeleton(&words).collect()
}

/// An address for mail. Kept as typed with the domain in lower case; compared by [`Email::key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    local: String,
    domain: String,
}

impl Email {
    /// `local@domain`, ASCII local part, at most 254 characters; international domains become their ASCII form.
    pub fn parse(raw: &str) -> Result<Self, Reason> {
        let malformed = || Reason::Malformed { expected: Form::EmailAddress };
        let raw = raw.trim();
        if raw.len() > 254 {
            return Err(Reason::TooLong { max: 254 });
        }
        let (local, domain) = raw.rsplit_once('@').ok_or_else(malformed)?;
        let atom = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
        };
        if local.len() > 64 || !local.split('.').all(atom) {
            return Err(malformed());
        }
        match url::Host::parse(domain) {
            Ok(url::Host::Domain(domain))
                if domain.contains('.')
                    && domain.split('.').all(|label| {
                        !label.is_empty()
                            && !label.starts_with('-')
                            && !label.ends_with('-')
                            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                    }) =>
            {
                Ok(Self { local: local.to_owned(), domain })
            }
            _ => Err(malformed()),
        }
    }

    /// What makes two addresses the same account.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// A handle in an address: `a-z`, digits and single hyphens, 3 to 80 characters.
pub fn slug(raw: &str) -> Result<String, Reason> {
    let ok = (3..=80).contains(&raw.len())
        && raw.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    if ok { Ok(raw.to_owned()) } else { Err(Reason::Malformed { expected: Form::Slug }) }
}

/// A handle made from a title: its folded words, cut to 60 characters at a word.
pub fn slug_from(title: &str) -> String {
    let mut slug = String::new();
    for word in fold(title).split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.len() + word.len() >= 60 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.len() < 3 { "bai-toan".to_owned() } else { slug }
}

/// An http or https address without credentials, at most 2,000 characters.
pub fn http_url(raw: &str) -> Result<String, Reason> {
    if raw.len() > 2000 {
        return Err(Reason::TooLong { max: 2000 });
    }
    match url::Url::parse(raw.trim()) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none() =>
        {
            Ok(url.to_string())
        }
        _ => Err(Reason::Malformed { expected: Form::HttpUrl }),
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A text in Vietnamese, the language of record, and perhaps in English.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bilingual {
    /// Vietnamese.
    pub vi: String,
    /// English, where there is one.
    pub en: Option<String>,
}

impl Bilingual {
    /// The text in that language, or else in Vietnamese, and the language it really is in.
    pub fn read(&self, locale: crate::locale::Locale) -> (&str, crate::locale::Locale) {
        use crate::locale::Locale;
        match (locale, &self.en) {
            (Locale::En, Some(en)) => (en, Locale::En),
            _ => (&self.vi, Locale::Vi),
        }
    }

    /// Both, folded, for search.
    pub fn folded(&self) -> String {
        format!("{} {}", fold(&self.vi), self.en.as_deref().map(fold).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_is_found_however_it_was_typed() {
        let decomposed: String = "Chống thất thu thuế".nfd().collect();
        assert_eq!(fold(&decomposed), "chong that thu thue");
        assert_eq!(fold("ĐẶNG  Thị Hồng\tNhung"), "dang thi hong nhung");
        assert_eq!(fold("ＡＩ ﬁle"), "ai file");
    }

    #[test]
    fn what_hides_or_turns_text_is_refused() {
        for c in [
            '\0',
            '\u{7}',
            '\u{202E}',
            '\u{2066}',
            '\u{200B}',
            '\u{FEFF}',
            '\u{E0041}',
            '\u{2028}',
            '\u{FFFE}',
        ] {
            assert_eq!(line(&format!("a{c}b"), 10), Err(Reason::ForbiddenCharacter), "{c:?}");
        }
        assert_eq!(line("a\nb", 10), Err(Reason::ForbiddenCharacter));
        assert_eq!(prose(" a\r\nb ", 10).unwrap(), "a\nb");
        assert_eq!(line("e\u{301}", 1).unwrap(), "é");
        assert_eq!(line("  ", 5), Err(Reason::Required));
        assert_eq!(line(&"x".repeat(6), 5), Err(Reason::TooLong { max: 5 }));
        assert_eq!(line(&"x".repeat(1_000_000), 5), Err(Reason::TooLong { max: 5 }));
    }

    #[test]
    fn names_that_look_alike_are_the_same_name() {
        let latin = look_alike_key("Công ty Sao");
        let decomposed: String = "Công ty Sao".nfd().collect();
        assert_eq!(look_alike_key(&decomposed), latin);
        assert_eq!(look_alike_key("CÔNG  TY SAO"), latin);
        assert_eq!(look_alike_key("Công ty S\u{430}o"), latin, "Cyrillic а");
        assert_eq!(look_alike_key("Ｃông ty Sao"), latin, "full width");
        assert_ne!(look_alike_key("Công ty Sáo"), latin);
    }

    #[test]
    fn addresses() {
        let email = Email::parse(" An.Nguyen+btl@Example.VN ").unwrap();
        assert_eq!(
            (email.to_string().as_str(), email.key().as_str()),
            ("An.Nguyen+btl@example.vn", "an.nguyen+btl@example.vn")
        );
        assert_eq!(Email::parse("a@bücher.example").unwrap().key(), "a@xn--bcher-kva.example");
        for bad in [
            "",
            "a",
            "a@",
            "@b.vn",
            "a b@c.vn",
            "a@b",
            "a..b@c.vn",
            "a@127.0.0.1",
            "a@[::1]",
            "a\r\nBcc: x@y.vn",
            "nguyễn@b.vn",
            "a@-b.vn",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn handles() {
        assert_eq!(slug_from("Chống thất thu thuế (2026)"), "chong-that-thu-thue-2026");
        assert_eq!(slug_from("!"), "bai-toan");
        assert!(slug("a--b").is_err() && slug("Ab").is_err() && slug("abc-1").is_ok());
        assert!(http_url("javascript:alert(1)").is_err() && http_url("https://user:pw@x.vn").is_err());
    }
}
