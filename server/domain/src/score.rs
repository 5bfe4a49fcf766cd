//! Scores: exact integers from the sheet to the ranking. A missing score is missing, never zero.

use std::cmp::Ordering;
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

/// An exact number, `numerator / denominator`: a total of 100 points, a mean of them, a mean of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    pub(crate) numerator: i64,
    pub(crate) denominator: i64,
}

impl Total {
    /// Lower or higher, exactly.
    pub fn compare(self, other: Self) -> Ordering {
        (i128::from(self.numerator) * i128::from(other.denominator))
            .cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
    }

    /// Four places, halves away from zero.
    pub fn to_decimal(self) -> String {
        let numerator = i128::from(self.numerator);
        let scaled = (numerator.abs() * 20_000 / i128::from(self.denominator) + 1) / 2;
        decimal(i64::try_from(scaled * numerator.signum()).unwrap_or(i64::MAX), 4)
    }

    /// Without an adjustment.
    pub(crate) fn less(self, adjustment: Rounded) -> Self {
        let Self { numerator, denominator } = self;
        let taken = adjustment.0.saturating_mul(denominator);
        Self {
            numerator: numerator.saturating_mul(PLACES).saturating_sub(taken),
            denominator: denominator.saturating_mul(PLACES),
        }
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

/// The mean scores on each criterion, in the rubric's order, of complete sheets; None of none.
fn criterion_means(sheets: &[&Sheet], criteria: &[Criterion]) -> Option<Vec<Total>> {
    criteria.iter().map(|criterion| mean(&scores(sheets, criterion.id)?)).collect()
}

/// The scores on a criterion; None if a sheet has none.
fn scores(sheets: &[&Sheet], criterion: CriterionId) -> Option<Vec<Total>> {
    let score = |sheet: &&Sheet| {
        let mark = sheet.0.get(&criterion)?;
        Some(Total { numerator: mark.score.0, denominator: 100 })
    };
    sheets.iter().map(score).collect()
}

closed_set! {
    /// What places proposals with the same mean, one after the other. Neither name nor id nor time ever does.
    pub enum TieBreaker {
        /// The higher mean on the first criterion of the rubric, then on the second and so on.
        Criteria = "CRITERIA",
        /// The larger share of sheets that reach the pass mark.
        PassingSheets = "PASSING_SHEETS",
    }
}

/// What the ranking knows of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub proposal: ProposalId,
    /// The mean of its totals.
    pub mean: Total,
    criteria: Vec<Total>,
    passing: Total,
}

impl Judged {
    /// By its complete sheets; None without one.
    pub fn of(
        proposal: ProposalId,
        sheets: &[&Sheet],
        criteria: &[Criterion],
        scale: i64,
        pass_mark: i64,
    ) -> Option<Self> {
        let totals: Option<Vec<_>> = sheets.iter().map(|sheet| total(sheet, criteria, scale)).collect();
        let totals = totals?;
        let passing = totals.iter().filter(|total| total.reaches(pass_mark)).count();
        Some(Self {
            proposal,
            mean: mean(&totals)?,
            criteria: criterion_means(sheets, criteria)?,
            passing: Total {
                numerator: i64::try_from(passing).ok()?,
                denominator: i64::try_from(totals.len()).ok()?,
            },
        })
    }

    /// Better is greater; with what decided between equal means, and the place of the criterion if it was one.
    fn compare(&self, other: &Self) -> (Ordering, Option<(TieBreaker, usize)>) {
        let by_mean = self.mean.compare(other.mean);
        if by_mean.is_ne() {
            return (by_mean, None);
        }
        for (place, (a, b)) in self.criteria.iter().zip(&other.criteria).enumerate() {
            let by_criterion = a.compare(*b);
            if by_criterion.is_ne() {
                return (by_criterion, Some((TieBreaker::Criteria, place)));
            }
        }
        let by_passing = self.passing.compare(other.passing);
        (by_passing, by_passing.is_ne().then_some((TieBreaker::PassingSheets, 0)))
    }
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
    /// What placed it below the one before, which has the same mean; with the place of the criterion in the rubric if it was
    /// one. None where the mean did, or where both share the rank.
    pub behind_by: Option<(TieBreaker, usize)>,
}

/// Ranks by mean, highest first, then by the [tie breakers](TieBreaker); what is equal in all of them shares a rank (the id
/// only fixes the order of print).
pub fn rank(judged: impl IntoIterator<Item = Judged>) -> Vec<Place> {
    let mut judged: Vec<_> = judged.into_iter().collect();
    judged.sort_by(|a, b| b.compare(a).0.then(a.proposal.cmp(&b.proposal)));
    let mut places: Vec<Place> = Vec::with_capacity(judged.len());
    let mut before: Option<&Judged> = None;
    for (position, one) in (1..).zip(&judged) {
        let (order, behind_by) = before.map_or((Ordering::Greater, None), |before| before.compare(one));
        let rank = match places.last() {
            Some(last) if order.is_eq() => last.rank,
            _ => position,
        };
        places.push(Place { proposal: one.proposal, rank, mean: one.mean, behind_by });
        before = Some(one);
    }
    places
}

closed_set! {
    /// What the council should talk about before it relies on a mean.
    pub enum Disagreement {
        /// The highest total is 25 points of 100 or more above the lowest.
        WideRange = "WIDE_RANGE",
        /// Some sheets reach the pass mark, some do not.
        SplitOnPassing = "SPLIT_ON_PASSING",
        /// On some criterion the highest score is half of the scale or more above the lowest.
        CriterionApart = "CRITERION_APART",
    }
}

/// Points between the highest and the lowest total from which on the range is wide.
pub const WIDE: i64 = 25;

/// What a number of values has in common. Of no value there is no number, never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The arithmetic mean.
    pub mean: Total,
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: Total,
    /// The lowest.
    pub lowest: Total,
    /// The highest.
    pub highest: Total,
    /// The sample standard deviation, four places, halves away from zero; None of one value.
    pub deviation: Option<Rounded>,
    /// The mean without the lowest and the highest; None of fewer than five values.
    pub trimmed_mean: Option<Total>,
}

/// A number of four places that was rounded, halves away from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounded(pub(crate) i64);

/// What a number of four places counts in one.
pub(crate) const PLACES: i64 = 10_000;

impl Rounded {
    /// With four places.
    pub fn to_decimal(self) -> String {
        decimal(self.0, 4)
    }
}

impl Spread {
    /// Of values on one scale; None of none.
    pub fn of(values: &[Total]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(|a, b| a.compare(*b));
        let half = sorted.len() / 2;
        let middle = if sorted.len().is_multiple_of(2) {
            sorted.get(half.checked_sub(1)?..=half)?
        } else {
            sorted.get(half..=half)?
        };
        let inner = sorted.get(1..sorted.len().saturating_sub(1)).filter(|_| sorted.len() >= 5);
        Some(Self {
            mean: mean(&sorted)?,
            median: mean(middle)?,
            lowest: *sorted.first()?,
            highest: *sorted.last()?,
            deviation: deviation(&sorted),
            trimmed_mean: inner.and_then(mean),
        })
    }

    /// How far the highest is above the lowest.
    fn range(&self) -> Total {
        Total {
            numerator: self.highest.numerator - self.lowest.numerator,
            denominator: self.highest.denominator,
        }
    }
}

/// The sample standard deviation of values on one scale: the root of `(n Σx² - (Σx)²) / (n (n - 1))`, in integers. With q the square of
/// ten thousand times the deviation, rounding its root is `⌊(⌊√4q⌋ + 1) / 2⌋`.
fn deviation(values: &[Total]) -> Option<Rounded> {
    let count = i128::try_from(values.len()).ok().filter(|count| *count >= 2)?;
    let numerators = || values.iter().map(|value| i128::from(value.numerator));
    let sum: i128 = numerators().sum();
    let squares: i128 = numerators().map(|x| x * x).sum();
    let scale = i128::from(values.first()?.denominator);
    let four_q = (count * squares - sum * sum) * 400_000_000 / (count * (count - 1) * scale * scale);
    Some(Rounded(i64::try_from((four_q.isqrt() + 1) / 2).ok()?))
}

/// What the sheets of a proposal say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Of the totals; None without a complete sheet.
    pub totals: Option<Spread>,
    /// Of the scores on each criterion, in the rubric's order.
    pub criteria: Vec<(CriterionId, Option<Spread>)>,
    /// Where the sheets are far apart.
    pub disagreements: Vec<Disagreement>,
}

impl Statistics {
    /// Of complete sheets.
    pub fn of(sheets: &[&Sheet], criteria: &[Criterion], scale: i64, pass_mark: i64) -> Self {
        let totals: Vec<_> = sheets.iter().filter_map(|sheet| total(sheet, criteria, scale)).collect();
        let spread = Spread::of(&totals);
        let criteria: Vec<_> = criteria
            .iter()
            .map(|criterion| {
                (criterion.id, scores(sheets, criterion.id).and_then(|scores| Spread::of(&scores)))
            })
            .collect();
        let passing = totals.iter().filter(|total| total.reaches(pass_mark)).count();
        let half = Total { numerator: scale, denominator: 2 };
        let apart = criteria.iter().filter_map(|(_, spread)| spread.as_ref());
        let disagreements = [
            (Disagreement::WideRange, spread.as_ref().is_some_and(|spread| spread.range().reaches(WIDE))),
            (Disagreement::SplitOnPassing, passing > 0 && passing < totals.len()),
            (
                Disagreement::CriterionApart,
                apart.into_iter().any(|spread| spread.range().compare(half).is_ge()),
            ),
        ];
        Self {
            totals: spread,
            criteria,
            disagreements: disagreements
                .into_iter()
                .filter(|(_, is_so)| *is_so)
                .map(|(what, _)| what)
                .collect(),
        }
    }
}

closed_set! {
    /// How a place that was published differs from the one that follows from the sheets.
    pub enum DifferenceKind {
        /// Another rank.
        Rank = "RANK",
        /// Another mean.
        Mean = "MEAN",
        /// It passes in one and not in the other.
        Passing = "PASSING",
        /// Ranked by the sheets, and not published.
        Missing = "MISSING",
        /// Published, and without a sheet.
        Surplus = "SURPLUS",
    }
}

/// A place as a decision was made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Which proposal.
    pub proposal: ProposalId,
    /// 1 is best.
    pub rank: i32,
    /// With four places.
    pub mean: String,
    /// Reaches the pass mark.
    pub passes: bool,
}

/// A place that is not what follows from the sheets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// In what.
    pub kind: DifferenceKind,
    /// What was published; None of nothing.
    pub published: Option<String>,
    /// What follows; None of nothing.
    pub computed: Option<String>,
}

/// Everything in which a published ranking differs from what follows from the sheets.
pub fn differences(published: &[Published], computed: &[Place], pass_mark: i64) -> Vec<Difference> {
    let mut found = Vec::new();
    for place in computed {
        let proposal = place.proposal;
        let follows = [
            (DifferenceKind::Rank, place.rank.to_string()),
            (DifferenceKind::Mean, place.mean.to_decimal()),
            (DifferenceKind::Passing, place.mean.reaches(pass_mark).to_string()),
        ];
        let Some(row) = published.iter().find(|row| row.proposal == proposal) else {
            let [(_, rank), ..] = follows;
            let kind = DifferenceKind::Missing;
            found.push(Difference { proposal, kind, published: None, computed: Some(rank) });
            continue;
        };
        let stood = [row.rank.to_string(), row.mean.clone(), row.passes.to_string()];
        for ((kind, computed), published) in follows.into_iter().zip(stood) {
            if computed != published {
                let (published, computed) = (Some(published), Some(computed));
                found.push(Difference { proposal, kind, published, computed });
            }
        }
    }
    for row in published.iter().filter(|row| computed.iter().all(|place| place.proposal != row.proposal)) {
        let (proposal, kind) = (row.proposal, DifferenceKind::Surplus);
        found.push(Difference { proposal, kind, published: Some(row.rank.to_string()), computed: None });
    }
    found
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

    /// A proposal's number, its rank, what placed it behind.
    type Placed = (u128, i32, Option<(TieBreaker, usize)>);

    /// Proposals by number, each with its sheets, ranked.
    fn ranked(rubric: &[Criterion], sheets: &[(u128, &[&[&str]])]) -> Vec<Placed> {
        let judged = sheets.iter().map(|(number, sheets)| {
            let sheets: Vec<_> = sheets.iter().map(|scores| sheet(rubric, scores)).collect();
            Judged::of(
                ProposalId(Uuid::from_u128(*number)),
                &sheets.iter().collect::<Vec<_>>(),
                rubric,
                10,
                70,
            )
            .unwrap()
        });
        rank(judged).iter().map(|place| (place.proposal.0.as_u128(), place.rank, place.behind_by)).collect()
    }

    #[test]
    fn equal_means_are_told_apart_by_what_the_rubric_puts_first() {
        let rubric = criteria(&[50, 30, 20]);
        // All of 70 points in the mean; criterion means 8, 6, 6 / 8, 6, 6 / 7, 7, 7 / 7, 7, 7; two of two sheets of the third pass and one of two
        // of the fourth: 50*6+30*7+20*7 = 65 and 50*8+30*7+20*7 = 75.
        let ranked = ranked(
            &rubric,
            &[
                (4, &[&["6", "7", "7"], &["8", "7", "7"]]),
                (3, &[&["7", "7", "7"], &["7", "7", "7"]]),
                (2, &[&["8", "6", "6"]]),
                (1, &[&["8", "6", "6"], &["8", "6", "6"]]),
                (5, &[&["9", "9", "9"]]),
                (6, &[&["8", "5.5", "6.75"]]),
            ],
        );
        assert_eq!(
            ranked,
            [
                (5, 1, None),
                (1, 2, None),
                (2, 2, None),
                // 400 + 165 + 135 = 700: the same mean and first criterion, less on the second.
                (6, 4, Some((TieBreaker::Criteria, 1))),
                (3, 5, Some((TieBreaker::Criteria, 0))),
                (4, 6, Some((TieBreaker::PassingSheets, 0))),
            ]
        );
    }

    #[test]
    fn a_published_ranking_is_held_against_the_sheets() {
        let rubric = criteria(&[50, 50]);
        let id = |number| ProposalId(Uuid::from_u128(number));
        let judged = [(1, "8"), (2, "7"), (3, "6")].map(|(number, score)| {
            Judged::of(id(number), &[&sheet(&rubric, &[score, score])], &rubric, 10, 70).unwrap()
        });
        let places = rank(judged);
        let row = |number, rank, mean: &str, passes| Published {
            proposal: id(number),
            rank,
            mean: mean.into(),
            passes,
        };
        let right = [row(3, 3, "60.0000", false), row(1, 1, "80.0000", true), row(2, 2, "70.0000", true)];
        assert_eq!(differences(&right, &places, 70), []);
        let wrong = [row(1, 2, "80.0000", true), row(2, 2, "69.9999", false), row(9, 4, "50.0000", false)];
        let told: Vec<_> = differences(&wrong, &places, 70)
            .into_iter()
            .map(|d| {
                (
                    d.proposal.0.as_u128(),
                    d.kind,
                    d.published.unwrap_or_default(),
                    d.computed.unwrap_or_default(),
                )
            })
            .collect();
        let texts = |number, kind, published: &str, computed: &str| {
            (number, kind, published.to_owned(), computed.to_owned())
        };
        assert_eq!(
            told,
            [
                texts(1, DifferenceKind::Rank, "2", "1"),
                texts(2, DifferenceKind::Mean, "69.9999", "70.0000"),
                texts(2, DifferenceKind::Passing, "false", "true"),
                texts(3, DifferenceKind::Missing, "", "3"),
                texts(9, DifferenceKind::Surplus, "4", ""),
            ]
        );
    }

    fn totals(decimals: &[&str]) -> Vec<Total> {
        decimals.iter().map(|text| Total { numerator: fixed(text, 2).unwrap(), denominator: 100 }).collect()
    }

    /// The textbook's eight numbers 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared distances 9+1+1+1+0+0+4+16 = 32, 32/7 = 4.571428.., root
    /// 2.13809.. And the expected values of the rest by long division: see the comments.
    #[test]
    fn statistics_by_hand() {
        let told = |values: &[&str]| {
            let spread = Spread::of(&totals(values)).unwrap();
            let trimmed = spread.trimmed_mean.map(Total::to_decimal);
            [
                spread.mean.to_decimal(),
                spread.median.to_decimal(),
                spread.lowest.to_decimal(),
                spread.highest.to_decimal(),
                spread.deviation.map(Rounded::to_decimal).unwrap_or_default(),
                trimmed.unwrap_or_default(),
            ]
        };
        assert_eq!(
            told(&["2", "4", "4", "4", "5", "5", "7", "9"]),
            ["5.0000", "4.5000", "2.0000", "9.0000", "2.1381", "4.8333"]
        );
        // Of one there is no deviation, of fewer than five no trimmed mean.
        assert_eq!(told(&["71.25"]), ["71.2500", "71.2500", "71.2500", "71.2500", "", ""]);
        // 70 and 71: squared distances 0.25 + 0.25 = 0.5, root 0.707106..
        assert_eq!(told(&["71", "70"]), ["70.5000", "70.5000", "70.0000", "71.0000", "0.7071", ""]);
        // 60, 70, 80, 90, 100: 400+100+0+100+400 = 1000, /4 = 250, root 15.811388..; without the ends 240/3.
        assert_eq!(
            told(&["100", "60", "90", "70", "80"]),
            ["80.0000", "80.0000", "60.0000", "100.0000", "15.8114", "80.0000"]
        );
        assert_eq!(told(&["70", "70", "70"])[4], "0.0000");
        assert_eq!(Spread::of(&[]), None, "nothing is not zero");
    }

    #[test]
    fn a_root_is_rounded_half_away_from_zero() {
        // Of 0 and d the deviation is d / √2: d = 0.01 gives 0.00707106.., d = 0.02 gives 0.0141421..
        let of = |high: &str| Spread::of(&totals(&["0", high])).unwrap().deviation.unwrap().to_decimal();
        assert_eq!((of("0.01"), of("0.02"), of("100")), ("0.0071".into(), "0.0141".into(), "70.7107".into()));
        // 0, 0, 0.03: (0.01² + 0.01² + 0.02²) / 2 = 0.0003, root 0.0173205..
        assert_eq!(
            Spread::of(&totals(&["0", "0", "0.03"])).unwrap().deviation.unwrap().to_decimal(),
            "0.0173"
        );
    }

    #[test]
    fn sheets_far_apart_are_flagged() {
        let rubric = criteria(&[50, 50]);
        let told = |sheets: &[[&str; 2]]| {
            let sheets: Vec<_> = sheets.iter().map(|scores| sheet(&rubric, scores)).collect();
            Statistics::of(&sheets.iter().collect::<Vec<_>>(), &rubric, 10, 70)
        };
        assert_eq!(told(&[["7", "7"], ["9", "9"]]).disagreements, []);
        assert_eq!(told(&[["6", "7.9"], ["7", "7"]]).disagreements, [Disagreement::SplitOnPassing]);
        assert_eq!(told(&[["9", "5"], ["4", "10"]]).disagreements, [Disagreement::CriterionApart]);
        // 75 and 100 points: 25 apart.
        assert_eq!(told(&[["7.5", "7.5"], ["10", "10"]]).disagreements, [Disagreement::WideRange]);
        assert_eq!(told(&[["7.51", "7.5"], ["10", "10"]]).disagreements, []);
        let none = told(&[]);
        assert!(none.totals.is_none() && none.criteria.iter().all(|(_, spread)| spread.is_none()));
        assert_eq!(
            told(&[["6", "8"], ["8", "9"]]).criteria[0].1.as_ref().unwrap().mean.to_decimal(),
            "7.0000"
        );
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
        fn ranking_does_not_depend_on_the_order_of_arrival(scores in prop::collection::vec(prop::collection::vec((0_u8..4, 0_u8..4), 1..4), 1..20)) {
            let rubric = criteria(&[50, 50]);
            let judged: Vec<_> = (0_u128..).zip(&scores).map(|(number, sheets)| {
                let sheets: Vec<_> = sheets.iter().map(|(a, b)| sheet(&rubric, &[&a.to_string(), &b.to_string()])).collect();
                Judged::of(ProposalId(Uuid::from_u128(number)), &sheets.iter().collect::<Vec<_>>(), &rubric, 10, 20).unwrap()
            }).collect();
            let places = rank(judged.clone());
            prop_assert_eq!(&places, &rank(judged.iter().rev().cloned()));
            // A better mean is a better rank, and nothing but the breakers parts equal ones.
            for (a, b) in places.iter().zip(places.iter().skip(1)) {
                prop_assert!(a.mean.compare(b.mean).is_ge());
                prop_assert_eq!(a.rank == b.rank, a.mean.compare(b.mean).is_eq() && b.behind_by.is_none());
            }
            // Names and ids decide nothing: whoever has the same sheets has the same rank under any other id.
            let renamed = judged.iter().map(|one| Judged { proposal: ProposalId(Uuid::from_u128(99 - one.proposal.0.as_u128())), ..one.clone() });
            let ranks = |places: &[Place], rename: bool| -> std::collections::BTreeMap<u128, i32> {
                places.iter().map(|place| {
                    let number = place.proposal.0.as_u128();
                    (if rename { 99 - number } else { number }, place.rank)
                }).collect()
            };
            prop_assert_eq!(ranks(&places, false), ranks(&rank(renamed), true));
        }

        /// Against the definition, in floating point.
        #[test]
        fn a_deviation_is_what_its_definition_says(numerators in prop::collection::vec(0_i32..=100_000, 2..25)) {
            let values: Vec<_> = numerators.iter().map(|numerator| Total { numerator: i64::from(*numerator), denominator: 1000 }).collect();
            let told: f64 = Spread::of(&values).unwrap().deviation.unwrap().to_decimal().parse().unwrap();
            let points: Vec<_> = numerators.iter().map(|numerator| f64::from(*numerator) / 1000.0).collect();
            let count = f64::from(u32::try_from(points.len()).unwrap());
            let mean = points.iter().sum::<f64>() / count;
            let variance = points.iter().map(|point| (point - mean).powi(2)).sum::<f64>() / (count - 1.0);
            prop_assert!((told - variance.sqrt()).abs() < 0.000_051, "{told} {}", variance.sqrt());
        }
    }
}
