//! Scores: exact integers from the sheet to the ranking. A missing score is missing, never zero.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{CriterionId, ProposalId};
use crate::money::{decimal, fixed};
use crate::problem::{Problem, Reason};

/// A score on one criterion, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(i64);

impl Score {
    /// From a decimal between 0 and the scale, with at most two places.
    pub fn parse(text: &str, scale: i64) -> Result<Self, Reason> {
        let hundredths = fixed(text, 2)?;
        if hundredths > scale * 100 {
            return Err(Reason::OutOfRange { min: "0".to_owned(), max: scale.to_string() });
        }
        Ok(Self(hundredths))
    }

    /// The score as a decimal with two places.
    pub fn to_decimal(self) -> String {
        decimal(self.0, 2)
    }
}

/// A score and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The score.
    pub score: Score,
    /// Why; required where the criterion asks for it.
    pub reason: Option<String>,
}

/// A score sheet: at most one mark per criterion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct Sheet(pub BTreeMap<CriterionId, Mark>);

/// What scoring needs to know of a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Which.
    pub id: CriterionId,
    /// Points of 100.
    pub weight: i64,
    /// A score without a reason does not count.
    pub reason_required: bool,
}

/// A total of 100 points, exact: `numerator / denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    numerator: i64,
    denominator: i64,
}

impl Total {
    /// Lower or higher, exactly.
    pub fn compare(self, other: Self) -> Ordering {
        (i128::from(self.numerator) * i128::from(other.denominator))
            .cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
    }

    /// Four places, halves away from zero.
    pub fn to_decimal(self) -> String {
        let scaled = (i128::from(self.numerator) * 20_000 / i128::from(self.denominator) + 1) / 2;
        decimal(i64::try_from(scaled).unwrap_or(i64::MAX), 4)
    }

    /// At or above a mark of 100.
    pub fn reaches(self, mark: i64) -> bool {
        i128::from(self.numerator) >= i128::from(mark) * i128::from(self.denominator)
    }
}

/// What is missing from a sheet before it can be handed in, all at once.
pub fn missing(sheet: &Sheet, criteria: &[Criterion]) -> Vec<Problem> {
    let mut missing = Vec::new();
    for (index, criterion) in criteria.iter().enumerate() {
        let at = |leaf: &str| Problem {
            field: Some(vec!["review".into(), "marks".into(), index.to_string(), leaf.into()]),
            reason: Reason::Required,
        };
        match sheet.0.get(&criterion.id) {
            None => missing.push(at("score")),
            Some(mark) if criterion.reason_required && mark.reason.is_none() => missing.push(at("reason")),
            Some(_) => {}
        }
    }
    missing
}

/// The weighted total of a complete sheet; None if a criterion has no mark.
pub fn total(sheet: &Sheet, criteria: &[Criterion], scale: i64) -> Option<Total> {
    let numerator = criteria
        .iter()
        .map(|criterion| Some(criterion.weight * sheet.0.get(&criterion.id)?.score.0))
        .sum::<Option<i64>>()?;
    Some(Total { numerator, denominator: scale * 100 })
}

/// The mean of totals on one scale; None of none.
pub fn mean(totals: &[Total]) -> Option<Total> {
    let count = i64::try_from(totals.len()).ok()?;
    let denominator = totals.first()?.denominator * count;
    Some(Total { numerator: totals.iter().map(|total| total.numerator).sum(), denominator })
}

/// A place in the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which proposal.
    pub proposal: ProposalId,
    /// 1 is best; equal means share a rank and the next rank is skipped.
    pub rank: i32,
    /// The mean of its locked sheets.
    pub mean: Total,
}

/// Ranks by mean, highest first. Neither name nor id decides a rank: equals share it (the id only fixes the order of print).
pub fn rank(means: impl IntoIterator<Item = (ProposalId, Total)>) -> Vec<Place> {
    let mut means: Vec<_> = means.into_iter().collect();
    means.sort_by(|(a_id, a), (b_id, b)| Reverse(*a).0.compare(*b).reverse().then(a_id.cmp(b_id)));
    let mut places: Vec<Place> = Vec::with_capacity(means.len());
    for (position, (proposal, mean)) in (1..).zip(means) {
        let rank = match places.last() {
            Some(last) if last.mean.compare(mean).is_eq() => last.rank,
            _ => position,
        };
        places.push(Place { proposal, rank, mean });
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn criteria(weights: &[i64]) -> Vec<Criterion> {
        (1_u128..)
            .zip(weights)
            .map(|(n, weight)| Criterion {
                id: CriterionId(Uuid::from_u128(n)),
                weight: *weight,
                reason_required: n == 1,
            })
            .collect()
    }

    fn sheet(criteria: &[Criterion], scores: &[&str]) -> Sheet {
        Sheet(
            criteria
                .iter()
                .zip(scores)
                .map(|(c, s)| (c.id, Mark { score: Score::parse(s, 10).unwrap(), reason: None }))
                .collect(),
        )
    }

    #[test]
    fn totals_by_hand() {
        let rubric = criteria(&[30, 25, 20, 15, 10]);
        let filled = sheet(&rubric, &["8", "7.5", "6.25", "9", "10"]);
        // 30*8 + 25*7.5 + 20*6.25 + 15*9 + 10*10 = 240 + 187.5 + 125 + 135 + 100 = 787.5 of 1000
        assert_eq!(total(&filled, &rubric, 10).unwrap().to_decimal(), "78.7500");
        assert_eq!(total(&sheet(&rubric, &["8"]), &rubric, 10), None, "missing is not zero");
        assert!(
            total(&filled, &rubric, 10).unwrap().reaches(78)
                && !total(&filled, &rubric, 10).unwrap().reaches(79)
        );
    }

    #[test]
    fn a_mean_of_thirds_is_rounded_only_in_print() {
        let third = |numerator| Total { numerator, denominator: 1000 };
        assert_eq!(mean(&[third(70_000), third(70_000), third(70_100)]).unwrap().to_decimal(), "70.0333");
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn equals_share_a_rank() {
        let total = |numerator| Total { numerator, denominator: 1000 };
        let id = |n| ProposalId(Uuid::from_u128(n));
        let ranks: Vec<_> =
            rank([(id(1), total(5)), (id(2), total(9)), (id(3), total(5)), (id(4), total(1))])
                .iter()
                .map(|p| (p.proposal.0.as_u128(), p.rank))
                .collect();
        assert_eq!(ranks, [(2, 1), (1, 2), (3, 2), (4, 4)]);
    }

    #[test]
    fn a_sheet_says_everything_that_is_missing() {
        let rubric = criteria(&[60, 40]);
        let fields: Vec<_> = missing(&sheet(&rubric, &["5"]), &rubric)
            .into_iter()
            .map(|p| p.field.unwrap().join("."))
            .collect();
        assert_eq!(fields, ["review.marks.0.reason", "review.marks.1.score"]);
        assert!(
            Score::parse("10.01", 10).is_err()
                && Score::parse("-1", 10).is_err()
                && Score::parse("1.234", 10).is_err()
        );
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_its_totals(numerators in prop::collection::vec(0_i64..=100_000, 1..20)) {
            let totals: Vec<_> = numerators.iter().map(|numerator| Total { numerator: *numerator, denominator: 1000 }).collect();
            let mean = mean(&totals).unwrap();
            prop_assert!(totals.iter().any(|t| t.compare(mean).is_le()) && totals.iter().any(|t| t.compare(mean).is_ge()));
        }

        #[test]
        fn ranking_does_not_depend_on_the_order_of_arrival(numerators in prop::collection::vec(0_i64..50, 1..30)) {
            let entries: Vec<_> = (0_u128..).zip(&numerators).map(|(n, numerator)| (ProposalId(Uuid::from_u128(n)), Total { numerator: *numerator, denominator: 7 })).collect();
            let mut reversed = entries.clone();
            reversed.reverse();
            prop_assert_eq!(rank(entries), rank(reversed));
        }
    }
}
