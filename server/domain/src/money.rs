//! Exact numbers: money in minor units with its currency, decimals as text that was checked.

use serde::{Deserialize, Serialize};

use crate::problem::{Form, Reason};

closed_set! {
    /// Currencies that a budget may be stated in (ISO 4217).
    pub enum Currency {
        /// Vietnamese đồng, no minor unit.
        Vnd = "VND",
        /// United States dollar, two decimals.
        Usd = "USD",
        /// Euro, two decimals.
        Eur = "EUR",
    }
}

impl Currency {
    const fn decimals(self) -> usize {
        match self {
            Self::Vnd => 0,
            Self::Usd | Self::Eur => 2,
        }
    }
}

/// An amount that is never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's smallest unit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Largest amount, in whole units: a hundred trillion.
const LARGEST: i64 = 100_000_000_000_000;

impl Money {
    /// From a decimal such as `400000000` or `12.50`, with no more decimals than the currency has.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, Reason> {
        let minor = fixed(amount, currency.decimals())?;
        let limit = LARGEST * 10_i64.pow(if currency.decimals() == 0 { 0 } else { 2 });
        if minor > limit {
            return Err(Reason::OutOfRange { min: "0".to_owned(), max: LARGEST.to_string() });
        }
        Ok(Self { minor, currency })
    }

    /// The amount as a decimal.
    pub fn amount(self) -> String {
        decimal(self.minor, self.currency.decimals())
    }
}

/// A non-negative decimal with at most `decimals` places, as an integer of the last place.
pub(crate) fn fixed(text: &str, decimals: usize) -> Result<i64, Reason> {
    let malformed = || Reason::Malformed { expected: Form::Decimal };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 15
        || !digits(whole)
        || !digits(part)
        || part.len() > decimals
        || text.ends_with('.')
    {
        return Err(malformed());
    }
    format!("{whole}{part:0<decimals$}").parse().map_err(|_| malformed())
}

/// An integer of the last place as a decimal.
pub(crate) fn decimal(value: i64, decimals: usize) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{part}")
}

/// A measured value: a decimal of at most 15 digits before and 6 after the point, as typed.
pub fn measurement(text: &str) -> Result<String, Reason> {
    let text = text.trim();
    fixed(text.strip_prefix('-').unwrap_or(text), 6)
        .map(|_| text.to_owned())
        .map_err(|_| Reason::Malformed { expected: Form::Decimal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_both_ways() {
        assert_eq!(Money::parse("400000000", Currency::Vnd).unwrap().amount(), "400000000");
        assert_eq!(Money::parse("12.5", Currency::Usd).unwrap().amount(), "12.50");
        assert_eq!(Money::parse("0.05", Currency::Eur).unwrap(), Money { minor: 5, currency: Currency::Eur });
        for bad in ["", "-1", "1.5.", "1e9", "NaN", "1,5", " 1", "12345678901234567890", "1.5"] {
            assert!(Money::parse(bad, Currency::Vnd).is_err(), "{bad}");
        }
        assert!(Money::parse("100000000000001", Currency::Vnd).is_err());
        assert!(Money::parse("100000000000000.00", Currency::Usd).is_ok());
    }

    #[test]
    fn measurements_keep_what_was_typed() {
        assert_eq!(measurement("-12.50").unwrap(), "-12.50");
        assert!(measurement("1/2").is_err() && measurement("--1").is_err());
    }
}
