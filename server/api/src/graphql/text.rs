//! Texts in two languages, and the reading of inputs: every problem is found, with its path.

use async_graphql::{InputObject, SimpleObject};
use domain::problem::{Problem, Reason};
use domain::text::Bilingual;

use super::enums::Locale;

/// A text with the language it is really in: the one asked for, or Vietnamese where there is no other.
#[derive(SimpleObject)]
pub struct LocalizedText {
    /// The text, plain.
    text: String,
    /// The language of `text`; differs from the one asked for where there is no translation.
    locale: Locale,
}

impl LocalizedText {
    /// The text in that language, or else in Vietnamese.
    pub fn new(vi: &str, en: Option<&String>, locale: domain::locale::Locale) -> Self {
        let both = Bilingual { vi: vi.to_owned(), en: en.cloned() };
        let (text, locale) = both.read(locale);
        Self { text: text.to_owned(), locale: locale.into() }
    }
}

/// A text in one language. Vietnamese is always needed, English may be added.
#[derive(InputObject)]
pub struct LocalizedTextInput {
    /// The language of `value`.
    locale: Locale,
    /// The text, plain; trimmed, composed (NFC), without control or invisible characters. Its length is limited where it is used.
    value: String,
}

/// Reads an input and collects what is wrong with it, so that a client learns everything at once.
#[derive(Default)]
pub struct Reader {
    path: Vec<String>,
    problems: Vec<Problem>,
}

/// One line or several.
#[derive(Clone, Copy)]
pub enum Lines {
    /// No line breaks.
    One,
    /// Line breaks allowed.
    Many,
}

impl Reader {
    /// Reads below a field.
    pub fn within<T>(&mut self, field: impl std::fmt::Display, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(field.to_string());
        let value = read(self);
        self.path.pop();
        value
    }

    /// Keeps a value, or notes what is wrong with it.
    pub fn keep<T>(&mut self, field: &str, value: Result<T, Reason>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(reason) => {
                self.note(field, reason);
                None
            }
        }
    }

    /// Notes a problem of a field.
    pub fn note(&mut self, field: &str, reason: Reason) {
        let path =
            std::iter::once("input".to_owned()).chain(self.path.iter().cloned()).chain([field.to_owned()]);
        self.problems.push(Problem { field: Some(path.collect()), reason });
    }

    /// A text that must be there.
    pub fn text(&mut self, field: &str, value: &str, max: usize, lines: Lines) -> Option<String> {
        self.keep(
            field,
            match lines {
                Lines::One => domain::text::line(value, max),
                Lines::Many => domain::text::prose(value, max),
            },
        )
    }

    /// A text that may be left out.
    pub fn maybe(&mut self, field: &str, value: Option<&String>, max: usize, lines: Lines) -> Option<String> {
        value.and_then(|value| self.text(field, value, max, lines))
    }

    /// A text in two languages: Vietnamese needed, none twice.
    pub fn bilingual(
        &mut self,
        field: &str,
        values: &[LocalizedTextInput],
        max: usize,
        lines: Lines,
    ) -> Option<Bilingual> {
        let mut vi = None;
        let mut en = None;
        let before = self.problems.len();
        self.within(field, |reader| {
            for (index, input) in values.iter().enumerate() {
                let text = reader.within(index, |reader| reader.text("value", &input.value, max, lines));
                let place = if input.locale == Locale::Vi { &mut vi } else { &mut en };
                if place.is_some() {
                    reader.within(index, |reader| reader.note("locale", Reason::AlreadyExists));
                }
                *place = text.or(place.take());
            }
        });
        if vi.is_none() && self.problems.len() == before {
            self.note(field, Reason::Required);
        }
        Some(Bilingual { vi: vi?, en })
    }

    /// Refuses a list that is too long; false if it is.
    pub fn at_most<T>(&mut self, field: &str, list: &[T], max: usize) -> bool {
        let fits = list.len() <= max;
        if !fits {
            self.note(field, Reason::TooLong { max });
        }
        fits
    }

    /// An id of that kind. A malformed one, or one of another kind, is as unknown as an unknown one.
    pub fn id<T: super::id::NodeId>(&mut self, field: &str, id: &async_graphql::ID) -> Option<T> {
        self.keep(field, super::id::decode(id).ok_or(Reason::NotFound))
    }

    /// The command, or everything that is wrong.
    pub fn finish<T>(self, command: Option<T>) -> Result<T, Vec<Problem>> {
        match command {
            Some(command) if self.problems.is_empty() => Ok(command),
            _ => Err(self.problems),
        }
    }
}
