//! Scalars with one form, one limit and one validator each.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::time::{Day, Timestamp};

/// Declares a scalar that travels as text.
macro_rules! scalar {
    ($(#[$doc:meta])* $Name:ident($Inner:ty), $url:literal, $parse:expr, $print:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $Name(pub $Inner);

        $(#[$doc])*
        #[Scalar(specified_by_url = $url)]
        impl ScalarType for $Name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let parse: fn(&str) -> Option<$Inner> = $parse;
                let parsed = match &value {
                    Value::String(text) => parse(text),
                    _ => None,
                };
                parsed.map(Self).ok_or_else(|| InputValueError::custom($expected).with_extension("code", "BAD_USER_INPUT"))
            }

            fn to_value(&self) -> Value {
                let print: fn(&$Inner) -> String = $print;
                Value::String(print(&self.0))
            }
        }
    };
}

scalar!(
    /// An instant: RFC 3339 with an offset, e.g. `2026-11-30T17:00:00+07:00`; years 2000 to 2199. Given in UTC with milliseconds.
    DateTime(Timestamp),
    "https://scalars.graphql.org/andimarek/date-time.html",
    Timestamp::parse,
    |instant| instant.to_rfc3339(),
    "Give an RFC 3339 instant with an offset, such as 2026-11-30T17:00:00+07:00."
);

scalar!(
    /// A calendar day, `YYYY-MM-DD`, years 1900 to 2199.
    Date(Day),
    "https://scalars.graphql.org/andimarek/local-date.html",
    Day::parse,
    |day| day.as_str().to_owned(),
    "Give a calendar day such as 2026-11-30."
);

scalar!(
    /// An exact decimal number as text, e.g. `"7.5"`, at most 40 characters; JSON numbers are refused because they round.
    Decimal(String),
    "https://scalars.graphql.org/chillicream/decimal.html",
    |text| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.chars().any(|c| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        (plain && text.len() <= 40).then(|| text.to_owned())
    },
    Clone::clone,
    "Give a decimal as text, such as \"7.5\"."
);

scalar!(
    /// An address for mail, e.g. `minh.anh@sonca.example`; at most 254 characters, ASCII before the `@`.
    EmailAddress(String),
    "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address",
    |text| domain::text::Email::parse(text).ok().map(|email| email.to_string()),
    Clone::clone,
    "Give an e-mail address."
);

scalar!(
    /// An `http` or `https` address without credentials, at most 2,000 characters.
    Url(String),
    "https://url.spec.whatwg.org/",
    |text| domain::text::http_url(text).ok(),
    Clone::clone,
    "Give an address that begins with https:// or http://."
);
