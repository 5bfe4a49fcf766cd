//! The ranking: places, what the sheets say together, and whether what was published follows from them.

use app::ranking::{Check, Ranked};
use async_graphql::{Context, Object, SimpleObject};
use domain::calibration::Calibrated;
use domain::score::{Rounded, Spread, Statistics, Total};
use entity::criterion;

use super::challenge::Criterion;
use super::enums::{RankingDifferenceKind, ScoreDisagreement, TieBreaker};
use super::error::Result;
use super::proposal::Proposal;
use super::review::Review;
use super::scalar::Decimal;

/// The ranking of the evaluated proposals by their locked score sheets.
#[derive(SimpleObject)]
pub struct Ranking {
    /// Best first: by the mean, then by the rubric's `tieBreakers`; what is equal in all of them shares a rank, and the next rank is skipped.
    entries: Vec<RankingEntry>,
}

/// A place in the ranking.
#[derive(SimpleObject)]
pub struct RankingEntry {
    /// 1 is best.
    rank: i32,
    /// Mean of the totals of the locked sheets, of 100, four decimals.
    mean_score: Decimal,
    /// The mean reaches the pass mark.
    is_passing: bool,
    /// What placed it behind the entry before it, which has the same mean; null where the mean did, and where both share the rank.
    tie_breaker: Option<TieBreaker>,
    /// The criterion that did; null unless `tieBreaker` is CRITERIA.
    tie_breaker_criterion: Option<Criterion>,
    /// What the sheets say together.
    statistics: ScoreStatistics,
    /// Its place in the calibrated ranking; null unless the rubric's `isCalibrated` and you are chair, vice chair, secretary, decision maker
    /// or auditor, in conflict with no proposal to the challenge.
    calibrated: Option<CalibratedPlace>,
    /// The proposal.
    proposal: Proposal,
    /// The locked sheets.
    sheets: Vec<RankedSheet>,
}

/// A place in the calibrated ranking. It is there to be talked about, and decides nothing.
#[derive(SimpleObject)]
pub struct CalibratedPlace {
    /// 1 is best.
    rank: i32,
    /// The mean without the adjustment, of 100, four decimals; it may lie outside of 0 to 100.
    mean_score: Decimal,
    /// The mean offset of those who scored it, in points, four decimals, halves rounded away from zero: positive if they are mild, negative if
    /// they are strict.
    adjustment: Decimal,
    /// The mean without the adjustment reaches the pass mark.
    is_passing: bool,
    /// It changes side of the cut: `isPassing` here is not the entry's.
    is_on_other_side: bool,
}

impl From<Calibrated> for CalibratedPlace {
    fn from(place: Calibrated) -> Self {
        Self {
            rank: place.rank,
            mean_score: Decimal(place.mean.to_decimal()),
            adjustment: Decimal(place.adjustment.to_decimal()),
            is_passing: place.passes,
            is_on_other_side: place.crosses,
        }
    }
}

/// A locked score sheet in the ranking.
#[derive(SimpleObject)]
pub struct RankedSheet {
    /// Its weighted total of 100, four decimals.
    total: Decimal,
    /// The review.
    review: Review,
}

/// What the locked sheets of a proposal say together. Of nothing there is no number, never zero.
#[derive(SimpleObject)]
pub struct ScoreStatistics {
    /// Reviews that were to come in: neither declined by a conflict of interest nor taken back before the lock.
    expected_count: i32,
    /// Sheets that came in and count.
    sheet_count: i32,
    /// Of the totals, of 100 points; null without a sheet.
    totals: Option<ScoreSpread>,
    /// Of the scores on each criterion, in the rubric's order.
    criteria: Vec<CriterionStatistics>,
    /// Where the sheets are far apart: for the council to talk about, no judgement.
    disagreements: Vec<ScoreDisagreement>,
}

/// What the sheets say on one criterion.
#[derive(SimpleObject)]
pub struct CriterionStatistics {
    /// Which.
    criterion: Criterion,
    /// Of the scores, on the rubric's scale; null without a sheet.
    scores: Option<ScoreSpread>,
}

/// What a number of scores has in common. Four decimals each, halves rounded away from zero.
#[derive(SimpleObject)]
pub struct ScoreSpread {
    /// The arithmetic mean.
    mean: Decimal,
    /// The middle one; of an even number the mean of the two in the middle.
    median: Decimal,
    /// The lowest.
    lowest: Decimal,
    /// The highest.
    highest: Decimal,
    /// The sample standard deviation, with n - 1 below the root; null of fewer than two.
    standard_deviation: Option<Decimal>,
    /// The mean without the lowest and the highest; null of fewer than five.
    trimmed_mean: Option<Decimal>,
}

impl From<&Spread> for ScoreSpread {
    fn from(spread: &Spread) -> Self {
        let decimal = |total: Total| Decimal(total.to_decimal());
        Self {
            mean: decimal(spread.mean),
            median: decimal(spread.median),
            lowest: decimal(spread.lowest),
            highest: decimal(spread.highest),
            standard_deviation: spread.deviation.map(Rounded::to_decimal).map(Decimal),
            trimmed_mean: spread.trimmed_mean.map(decimal),
        }
    }
}

impl Ranking {
    /// From the ranked rows and the rubric.
    pub fn new(ranked: Vec<Ranked>, criteria: &[criterion::Model], pass_mark: i64) -> Self {
        let criterion = |id| criteria.iter().find(|row| row.id == id).cloned().map(Criterion);
        let entries = ranked.into_iter().map(|ranked| {
            let (tie_breaker, at) = ranked.behind_by.unzip();
            RankingEntry {
                rank: ranked.rank,
                mean_score: Decimal(ranked.mean.to_decimal()),
                is_passing: ranked.mean.reaches(pass_mark),
                tie_breaker: tie_breaker.map(Into::into),
                tie_breaker_criterion: at.flatten().and_then(criterion),
                statistics: statistics(&ranked.statistics, &ranked, &criterion),
                calibrated: ranked.calibrated.map(Into::into),
                proposal: Proposal(ranked.proposal),
                sheets: ranked
                    .sheets
                    .into_iter()
                    .map(|(review, total)| RankedSheet {
                        total: Decimal(total.to_decimal()),
                        review: Review(review),
                    })
                    .collect(),
            }
        });
        Self { entries: entries.collect() }
    }
}

fn statistics(
    statistics: &Statistics,
    ranked: &Ranked,
    criterion: &impl Fn(domain::id::CriterionId) -> Option<Criterion>,
) -> ScoreStatistics {
    let criteria = statistics.criteria.iter().filter_map(|(id, scores)| {
        Some(CriterionStatistics {
            criterion: criterion(*id)?,
            scores: scores.as_ref().map(ScoreSpread::from),
        })
    });
    ScoreStatistics {
        expected_count: count(ranked.expected),
        sheet_count: count(ranked.sheets.len()),
        totals: statistics.totals.as_ref().map(ScoreSpread::from),
        criteria: criteria.collect(),
        disagreements: statistics.disagreements.iter().copied().map(Into::into).collect(),
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The ranking that the decision was made from, held against what follows from rubric and locked sheets today.
#[derive(SimpleObject)]
pub struct RankingCheck {
    /// Every place that you may see is what follows.
    is_equal: bool,
    /// Proposals that were compared.
    compared_count: i32,
    /// Where a place is not what follows.
    differences: Vec<RankingDifference>,
    /// Rubric and sheets are those that the audit chain has of the lock; null of a lock before there were any.
    is_sealed: Option<bool>,
}

/// A place that is not what follows from the sheets.
pub struct RankingDifference(domain::score::Difference);

/// A place that is not what follows from the sheets.
#[Object]
impl RankingDifference {
    /// Of which proposal.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        Ok(super::one(ctx, self.0.proposal).await?.map(Proposal))
    }

    /// In what.
    async fn kind(&self) -> RankingDifferenceKind {
        self.0.kind.into()
    }

    /// What the decision was made from; null of nothing.
    async fn published(&self) -> Option<&String> {
        self.0.published.as_ref()
    }

    /// What follows; null of nothing.
    async fn computed(&self) -> Option<&String> {
        self.0.computed.as_ref()
    }
}

impl From<Check> for RankingCheck {
    fn from(check: Check) -> Self {
        Self {
            is_equal: check.differences.is_empty(),
            compared_count: count(check.compared),
            differences: check.differences.into_iter().map(RankingDifference).collect(),
            is_sealed: check.is_sealed,
        }
    }
}
