//! Instants. Microseconds since the Unix epoch in UTC: what both databases keep and compare exactly.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
#[serde(transparent)]
pub struct Timestamp(i64);

const SECOND: i64 = 1_000_000;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// Whether it is Monday to Friday in Vietnam at that instant.
pub const fn is_working_day(instant: Timestamp) -> bool {
    let day = instant.plus_seconds(VIETNAM_HOURS as i64 * 3600).seconds().div_euclid(DAY);
    // The epoch began on a Thursday.
    (day + 3).rem_euclid(7) < 5
}

impl Timestamp {
    /// Later than any instant a person may enter.
    pub const END_OF_TIME: Self = Self(i64::MAX);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// That many seconds later (or earlier, if negative), saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// That much later, saturating.
    #[must_use]
    pub fn plus(self, later: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Seconds from `earlier` to this instant.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / SECOND
    }

    /// RFC 3339 with an offset, years 2000 to 2199, cut to microseconds. None: not such a text.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 40 || text.as_bytes().get(10).is_none_or(|t| *t != b'T') {
            return None;
        }
        let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
        let range = Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).single()?
            ..Utc.with_ymd_and_hms(2200, 1, 1, 0, 0, 0).single()?;
        range.contains(&instant).then(|| Self(instant.timestamp_micros()))
    }

    /// RFC 3339 in UTC with milliseconds, the form of the API.
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_micros(self.0).map_or_else(
            || "+infinity".to_owned(),
            |instant| instant.to_rfc3339_opts(SecondsFormat::Millis, true),
        )
    }
}

/// The last day that may be written.
pub const LAST_DAY: &str = "2199-12-31";

/// Hours by which clocks in Vietnam are ahead of UTC, all year round.
const VIETNAM_HOURS: i32 = 7;

/// A calendar day, `YYYY-MM-DD`, years 1900 to 2199; compared as text because the form is fixed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
#[serde(transparent)]
pub struct Day(String);

impl Day {
    /// A real day of the calendar, or None.
    pub fn parse(text: &str) -> Option<Self> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        let plain = day.format("%Y-%m-%d").to_string();
        (plain == text && ("1900".."2200").contains(&&text[..4])).then_some(Self(plain))
    }

    /// The day that it is in Vietnam at that instant.
    pub fn at(instant: Timestamp) -> Self {
        let utc = DateTime::from_timestamp_micros(instant.0).unwrap_or_default();
        let there =
            FixedOffset::east_opt(VIETNAM_HOURS * 3600).map(|zone| utc.with_timezone(&zone).date_naive());
        Self(there.unwrap_or_else(|| utc.date_naive()).format("%Y-%m-%d").to_string())
    }

    /// `YYYY-MM-DD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_with_their_offset_and_only_in_one_form() {
        let noon = Timestamp::parse("2026-11-23T12:00:00+07:00").unwrap();
        assert_eq!(noon.to_rfc3339(), "2026-11-23T05:00:00.000Z");
        assert_eq!(Timestamp::parse("2026-11-23T05:00:00Z"), Some(noon));
        for text in [
            "2026-11-23 12:00:00+07:00",
            "2026-11-23T12:00:00",
            "+262142-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "",
            "now",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_vietnam() {
        let day = |text| Day::at(Timestamp::parse(text).unwrap());
        assert_eq!(day("2026-11-25T16:59:59Z").as_str(), "2026-11-25");
        assert_eq!(day("2026-11-25T17:00:00Z").as_str(), "2026-11-26");
        assert_eq!(day("2026-11-26T00:00:00+07:00").as_str(), "2026-11-26");
    }

    #[test]
    fn days_are_real_days() {
        assert_eq!(Day::parse("2026-02-28").unwrap().as_str(), "2026-02-28");
        for text in
            ["2026-02-29", "2026-2-1", "1899-12-31", "2200-01-01", "26-01-01", "2026-01-01T00:00", "năm"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
