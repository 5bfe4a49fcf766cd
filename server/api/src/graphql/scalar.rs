//! Scalars with one form, one limit and one validator each.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::time::{Day, Timestamp};

fn refuse<T: async_graphql::InputType>(expected: &str) -> InputValueError<T> {
    InputValueError::custom(expected).with_extension("code", "BAD_USER_INPUT")
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// An instant: RFC 3339 with an offset, e.g. `2026-11-30T17:00:00+07:00`; years 2000 to 2199. Given in UTC with milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct DateTime(pub Timestamp);

#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = text(&value).and_then(Timestamp::parse);
        parsed.map(Self).ok_or_else(|| refuse("Give an RFC 3339 instant with an offset, such as 2026-11-30T17:00:00+07:00."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339())
    }
}

/// A calendar day, `YYYY-MM-DD`, years 1900 to 2199.
#[derive(Clone, Debug)]
pub struct Date(pub Day);

#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value).and_then(Day::parse).map(Self).ok_or_else(|| refuse("Give a calendar day such as 2026-11-30."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.as_str().to_owned())
    }
}

/// An exact decimal number as text, e.g. `"7.5"`, at most 40 characters; JSON numbers are refused because they round.
#[derive(Clone, Debug)]
pub struct Decimal(pub String);

#[Scalar(specified_by_url = "https://scalars.graphql.org/chillicream/decimal.html")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let plain = |text: &&str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            text.len() <= 40 && digits.chars().any(|c| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        };
        text(&value).filter(plain).map(|text| Self(text.to_owned())).ok_or_else(|| refuse("Give a decimal as text, such as \"7.5\"."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An address for mail, e.g. `minh.anh@sonca.example`; at most 254 characters, ASCII before the `@`.
#[derive(Clone, Debug)]
pub struct EmailAddress(pub String);

#[Scalar(specified_by_url = "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address")]
impl ScalarType for EmailAddress {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value).map(|text| Self(text.to_owned())).ok_or_else(|| refuse("Give an e-mail address as text."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An `http` or `https` address without credentials, at most 2,000 characters.
#[derive(Clone, Debug)]
pub struct Url(pub String);

#[Scalar(specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value).map(|text| Self(text.to_owned())).ok_or_else(|| refuse("Give an address as text."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
