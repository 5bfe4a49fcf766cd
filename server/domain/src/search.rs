//! How a published challenge is found: its words, what each is worth, and where a text answers a question.
//!
//! Words are compared without case, tone marks and the stroke of đ, so a wrong or missing tone finds what the right one finds.
//! What a word is worth depends on where it stands alone: every place adds its weight once, however often the word is there.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::char::is_combining_mark;

use crate::text::fold;

/// So many words of a question count.
pub const WORDS_MAX: usize = 10;
/// From so many letters on, the last word of a question finds what begins with it.
pub const PREFIX_MIN: usize = 2;
/// So many letters of a word are compared.
const LETTERS_MAX: usize = 40;
/// Words of a fragment,
const FRAGMENT: usize = 30;
/// of which so many may stand before the first that was found.
const BEFORE: usize = 6;

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the title.
    Title,
    /// In the name of the agency.
    Agency,
    /// In the name of the sector.
    Sector,
    /// In the summary.
    Summary,
    /// In a section of the brief.
    Brief,
}

impl Place {
    /// What a word there is worth: more than in all lesser places together.
    pub const fn weight(self) -> i32 {
        match self {
            Self::Title => 16,
            Self::Agency => 8,
            Self::Sector => 4,
            Self::Summary => 2,
            Self::Brief => 1,
        }
    }

    /// What stands there is short, and words that follow each other belong together.
    const fn is_name(self) -> bool {
        matches!(self, Self::Title | Self::Agency | Self::Sector)
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// A word, or two that follow each other, as the index has them.
    pub text: String,
    /// What begins with it is found as well, for half of what the whole is worth.
    pub is_prefix: bool,
    /// Without it there is no hit; two words that follow each other only raise one.
    pub is_required: bool,
}

impl Term {
    /// The same in a title and nowhere else.
    #[must_use]
    pub fn in_title(&self) -> Self {
        Self { text: titled(&self.text), ..self.clone() }
    }
}

/// The terms of a question: its words, all of which must be there, then its neighbours. Empty where there is no word.
pub fn terms(question: &str) -> Vec<Term> {
    let mut words: Vec<String> = Vec::new();
    for word in words_of(question) {
        if words.len() < WORDS_MAX && !words.contains(&word) {
            words.push(word);
        }
    }
    let last = words.last();
    let begins = |word: &String| last == Some(word) && word.chars().count() >= PREFIX_MIN;
    let single = |word: &String| Term { text: word.clone(), is_prefix: begins(word), is_required: true };
    let double = |(one, two): (&String, &String)| Term {
        text: pair(one, two),
        is_prefix: begins(two),
        is_required: false,
    };
    words.iter().map(single).chain(words.iter().zip(words.iter().skip(1)).map(double)).collect()
}

/// The index of a challenge: every word with what it is worth; in what is a name, every two that follow each other; and the words of
/// the title once more by themselves, for they are asked for first.
pub fn index<'a>(texts: impl IntoIterator<Item = (Place, &'a str)>) -> BTreeMap<String, i32> {
    let mut index = BTreeMap::new();
    for (place, text) in texts {
        let mut before: Option<String> = None;
        for word in words_of(text) {
            if let Some(before) = before.filter(|_| place.is_name()) {
                *index.entry(pair(&before, &word)).or_insert(0) |= place.weight();
            }
            if place == Place::Title {
                index.insert(titled(&word), place.weight());
            }
            *index.entry(word.clone()).or_insert(0) |= place.weight();
            before = Some(word);
        }
    }
    index
}

/// What the first term of a question may be that a challenge with these words answers: each of them, and what each begins with.
pub fn leads<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut leads = BTreeSet::new();
    // What leads is one word, wherever it stands.
    for word in words.into_iter().filter(|word| word.starts_with(char::is_alphanumeric)) {
        let ends = word.char_indices().map(|(at, _)| at).skip(PREFIX_MIN).chain([word.len()]);
        leads.extend(ends.filter_map(|end| word.get(..end)).map(str::to_owned));
    }
    leads
}

/// Whether everything that must be there is in the index.
pub fn is_answered(terms: &[Term], index: &BTreeSet<String>) -> bool {
    let is_there = |term: &Term| {
        index.contains(&term.text)
            || term.is_prefix
                && index.range(term.text.clone()..).next().is_some_and(|word| word.starts_with(&term.text))
    };
    !terms.is_empty() && terms.iter().filter(|term| term.is_required).all(is_there)
}

/// A piece of a text, found or around what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The piece as it is written.
    pub text: String,
    /// It was looked for.
    pub is_match: bool,
}

/// The part of a text that answers best, cut into what was found and what is around it; None if nothing was found.
pub fn fragment(text: &str, terms: &[Term]) -> Option<Vec<Piece>> {
    let (words, rest) = cut(text);
    let found: Vec<bool> = words.iter().map(|(_, written)| is_found(written, terms)).collect();
    let near = |from: usize| found.iter().skip(from).take(FRAGMENT - BEFORE).filter(|found| **found).count();
    let hits = found.iter().enumerate().filter_map(|(place, is_match)| is_match.then_some(place));
    let first = hits.max_by_key(|place| (near(*place), Reverse(*place)))?.saturating_sub(BEFORE);

    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, is_match: bool| match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(piece) if piece.is_match == is_match => piece.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), is_match }),
    };
    let mut before = None;
    for ((gap, written), is_match) in words.iter().zip(&found).skip(first).take(FRAGMENT) {
        if before.is_some() || first == 0 {
            // What was found side by side is one.
            push(gap, before == Some(true) && *is_match && gap.chars().all(char::is_whitespace));
        }
        push(written, *is_match);
        before = Some(*is_match);
    }
    if first + FRAGMENT >= words.len() {
        push(rest, false);
    }
    Some(pieces)
}

fn is_found(written: &str, terms: &[Term]) -> bool {
    let Some(word) = token(written) else { return false };
    terms
        .iter()
        .filter(|term| term.is_required)
        .any(|term| if term.is_prefix { word.starts_with(&term.text) } else { word == term.text })
}

/// Two words that follow each other. No word begins like this.
fn pair(one: &str, two: &str) -> String {
    format!("+{one} {two}")
}

/// A word of a title. No word begins like this.
fn titled(word: &str) -> String {
    format!("={word}")
}

/// A text cut into words (letters and digits, with the marks on them), each after what stands before it, and what is left.
fn cut(text: &str) -> (Vec<(&str, &str)>, &str) {
    let is_letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let (mut words, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find(is_letter) {
        let (gap, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|c| !is_letter(c)).unwrap_or(word.len()));
        words.push((gap, word));
        rest = after;
    }
    (words, rest)
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    cut(text).0.into_iter().filter_map(|(_, written)| token(written))
}

/// A word as it is compared; None if nothing of it is.
fn token(written: &str) -> Option<String> {
    let word: String = fold(written).chars().filter(|c| c.is_alphanumeric()).take(LETTERS_MAX).collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn whatever_is_answered_is_found_by_its_first_word() {
        let text = [(Place::Title, "Chống thất thu thuế"), (Place::Brief, "Ngập ở phường 8")];
        let index: BTreeSet<String> = index(text).into_keys().collect();
        let leads = leads(index.iter().map(String::as_str));
        for (question, is_hit) in [
            ("thuế", true),
            ("thu", true),
            ("th", true),
            ("chong that thu thue", true),
            ("8", true),
            ("ngap phu", true),
            ("t", false),
            ("hue", false),
            ("thuế điện", false),
            ("", false),
            ("phu ngap", false),
        ] {
            let terms = terms(question);
            assert_eq!(is_answered(&terms, &index), is_hit, "{question}");
            let is_lead = terms.first().is_some_and(|term| leads.contains(&term.text));
            assert!(is_lead || !is_hit, "{question}");
        }
    }

    fn words(question: &str) -> Vec<(String, bool)> {
        terms(question)
            .into_iter()
            .filter(|term| term.is_required)
            .map(|term| (term.text, term.is_prefix))
            .collect()
    }

    fn written(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| if piece.is_match { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn a_question_is_its_words_and_the_last_one_may_go_on() {
        let expected = [("chong", false), ("that", false), ("thu", true)]
            .map(|(word, prefix)| (word.to_owned(), prefix));
        let decomposed: String = "Chống thất, thu!".nfd().collect();
        assert_eq!(words("Chống thất, thu!"), expected);
        assert_eq!(words(&decomposed), expected);
        assert_eq!(words("chòng thạt thù"), expected);
        assert_eq!(words("Đ"), [("d".to_owned(), false)]);
        assert_eq!(words("đường đường"), [("duong".to_owned(), true)]);
        assert_eq!(words("?! …"), []);
        assert_eq!(words(&"a b c d e f g h i k l m".repeat(9)).len(), WORDS_MAX);
        let pairs: Vec<_> = terms("a bc de").into_iter().filter(|term| !term.is_required).collect();
        assert_eq!(pairs.iter().map(|term| term.text.as_str()).collect::<Vec<_>>(), ["+a bc", "+bc de"]);
        assert_eq!(pairs.iter().map(|term| term.is_prefix).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn every_place_adds_its_weight_once() {
        let index = index([
            (Place::Title, "Thuế và thuế"),
            (Place::Summary, "thu thuế"),
            (Place::Brief, "thuế thuê ngoài"),
        ]);
        let worth = |word: &str| index.get(word).copied();
        assert_eq!(worth("thue"), Some(19));
        assert_eq!(worth("thu"), Some(2));
        assert_eq!(worth("ngoai"), Some(1));
        assert_eq!((worth("+thue va"), worth("+thu thue"), worth("+thue ngoai")), (Some(16), None, None));
        assert_eq!((worth("=thue"), worth("=thu")), (Some(16), None), "a title's words, by themselves");
        let all = [Place::Title, Place::Agency, Place::Sector, Place::Summary, Place::Brief];
        for (place, below) in all.iter().zip(1..) {
            assert!(place.weight() > all.iter().skip(below).map(|lesser| lesser.weight()).sum());
        }
    }

    #[test]
    fn a_fragment_shows_what_was_found_as_it_is_written() {
        let found = fragment("Chống thất thu thuế trong kinh tế số.", &terms("that thu kinh")).unwrap();
        assert_eq!(written(&found), "Chống [thất thu] thuế trong [kinh] tế số.");
        assert_eq!(fragment("Giao thông", &terms("thue")), None);
        let far = format!("{}Đất đai.{}", "xa ".repeat(100), " xa".repeat(100));
        let found = fragment(&far, &terms("dat da")).unwrap();
        assert_eq!(written(&found), format!("{}[Đất đai].{}", "xa ".repeat(6), " xa".repeat(22)));
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_each_of_its_words_and_shown_as_it_is(text in "\\PC{0,60}") {
            let index = index([(Place::Title, text.as_str())]);
            for term in terms(&text) {
                prop_assert!(index.contains_key(&term.text) || !term.is_required);
            }
            if let Some(pieces) = fragment(&text, &terms(&text)) {
                let shown: String = pieces.into_iter().map(|piece| piece.text).collect();
                prop_assert!(text.contains(&shown));
            }
        }
    }
}
