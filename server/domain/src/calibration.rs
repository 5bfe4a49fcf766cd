//! Calibration: what the ranking would be if nobody on the council were milder or stricter than the others.
//!
//! A total is taken as the level of its proposal, plus the offset of its reviewer, plus a rest. Of all levels and offsets those are
//! chosen for which the sum of the squared rests and [`SHRINKAGE`] times the sum of the squared offsets is least: ridge regression on
//! the offsets, which is also the best linear unbiased prediction (BLUP, Henderson's mixed model equations) of a random offset
//! beside a fixed level, where the variance of a rest is [`SHRINKAGE`] times that of an offset. So
//!
//! ```text
//! level of a proposal  = mean over its sheets (total - offset of the reviewer)
//! offset of a reviewer = sum over their sheets (total - level of the proposal) / (number of their sheets + SHRINKAGE)
//! ```
//!
//! The offsets sum to zero, those of whoever has few sheets are drawn towards zero most, and of who scored nothing together with
//! others nothing is said. A proposal's adjustment is the mean offset of those who scored it, rounded to four places, halves away
//! from zero; its calibrated mean is its mean without it.
//!
//! The two lines are used in turn from offsets of zero on, the offsets brought back to the sum of zero each time, until no offset
//! moves by more than a millionth of the last place of a total; each turn brings them nearer. Sums are integers, so that neither
//! order nor id decides anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{ProposalId, UserId};
use crate::score::{Judged, PLACES, Rounded, Total, rank};

/// How strongly offsets are drawn towards zero: as much as so many further sheets without any offset would.
pub const SHRINKAGE: i128 = 2;

/// Parts of the last place of a total in which is reckoned.
const FINE: i128 = 1_000_000;

/// More turns are not needed, unless parts of a council have next to nothing in common.
const TURNS: usize = 10_000;

/// A total, and who gave it.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    /// To which proposal.
    pub proposal: ProposalId,
    /// By whom.
    pub reviewer: UserId,
    /// The total.
    pub total: Total,
}

/// A place beside the one in the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibrated {
    /// 1 is best; equal means are parted, or not, as in the ranking.
    pub rank: i32,
    /// The mean without the adjustment.
    pub mean: Total,
    /// The mean offset of those who scored it: positive if they were mild.
    pub adjustment: Rounded,
    /// It reaches the pass mark.
    pub passes: bool,
    /// It reaches the pass mark in one of the two, and not in the other.
    pub crosses: bool,
}

/// The places that the ranked proposals would have, by their totals on one scale.
pub fn calibrate(
    judged: impl IntoIterator<Item = Judged>,
    scored: &[Scored],
    pass_mark: i64,
) -> BTreeMap<ProposalId, Calibrated> {
    let adjustments = adjustments(scored);
    let adjustment = |proposal| adjustments.get(&proposal).copied().unwrap_or_default();
    let mut before = BTreeMap::new();
    let moved: Vec<_> = judged
        .into_iter()
        .map(|mut one| {
            before.insert(one.proposal, one.mean.reaches(pass_mark));
            one.mean = one.mean.less(adjustment(one.proposal));
            one
        })
        .collect();
    let places = rank(moved).into_iter().map(|place| {
        let passes = place.mean.reaches(pass_mark);
        let crosses = before.get(&place.proposal).is_some_and(|before| *before != passes);
        let adjustment = adjustment(place.proposal);
        (place.proposal, Calibrated { rank: place.rank, mean: place.mean, adjustment, passes, crosses })
    });
    places.collect()
}

/// A total by the places of its proposal and its reviewer.
struct Cell {
    proposal: usize,
    reviewer: usize,
    total: i128,
}

/// The mean offset of those who scored a proposal.
fn adjustments(scored: &[Scored]) -> BTreeMap<ProposalId, Rounded> {
    let Some(scale) = scored.first().map(|one| i128::from(one.total.denominator)) else {
        return BTreeMap::new();
    };
    let proposals = numbered(scored.iter().map(|one| one.proposal));
    let reviewers = numbered(scored.iter().map(|one| one.reviewer));
    let cells = scored.iter().filter_map(|one| {
        Some(Cell {
            proposal: *proposals.get(&one.proposal)?,
            reviewer: *reviewers.get(&one.reviewer)?,
            total: i128::from(one.total.numerator) * FINE,
        })
    });
    let cells: Vec<_> = cells.collect();
    let offsets = offsets(&cells, proposals.len(), reviewers.len());
    let of_proposals = summed(&cells, proposals.len(), |cell| (cell.proposal, at(&offsets, cell.reviewer)));
    proposals
        .into_iter()
        .map(|(id, place)| {
            let (sum, count) = of_proposals.get(place).copied().unwrap_or_default();
            let places = divided(sum * i128::from(PLACES), count * scale * FINE);
            (id, Rounded(i64::try_from(places).unwrap_or_default()))
        })
        .collect()
}

fn offsets(cells: &[Cell], proposals: usize, reviewers: usize) -> Vec<i128> {
    let mut offsets = vec![0; reviewers];
    for _ in 0..TURNS {
        let sums = summed(cells, proposals, |cell| (cell.proposal, cell.total - at(&offsets, cell.reviewer)));
        let levels: Vec<_> = sums.into_iter().map(|(sum, count)| divided(sum, count)).collect();
        let rests = summed(cells, reviewers, |cell| (cell.reviewer, cell.total - at(&levels, cell.proposal)));
        let next: Vec<_> = rests.into_iter().map(|(sum, count)| divided(sum, count + SHRINKAGE)).collect();
        let middle = divided(next.iter().sum(), i128::try_from(reviewers).unwrap_or(i128::MAX));
        let next: Vec<_> = next.into_iter().map(|offset| offset - middle).collect();
        let is_settled = offsets.iter().zip(&next).all(|(a, b): (&i128, &i128)| (a - b).abs() <= 1);
        offsets = next;
        if is_settled {
            break;
        }
    }
    offsets
}

/// Each once, in order, with its place.
fn numbered<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    all.collect::<BTreeSet<_>>().into_iter().zip(0..).collect()
}

/// Sum and number of what the cells give to each group.
fn summed(cells: &[Cell], groups: usize, give: impl Fn(&Cell) -> (usize, i128)) -> Vec<(i128, i128)> {
    let mut sums = vec![(0, 0); groups];
    for cell in cells {
        let (group, value) = give(cell);
        if let Some((sum, count)) = sums.get_mut(group) {
            *sum += value;
            *count += 1;
        }
    }
    sums
}

fn at(values: &[i128], place: usize) -> i128 {
    values.get(place).copied().unwrap_or_default()
}

/// Halves away from zero; of nothing nothing.
fn divided(numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    (2 * numerator + numerator.signum() * denominator) / (2 * denominator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CriterionId;
    use crate::score::{Criterion, Mark, Score, Sheet};
    use proptest::prelude::*;
    use uuid::Uuid;

    const PASS: i64 = 70;

    /// A sheet: proposal, reviewer, hundredths of 100 points.
    type Given = (u128, u128, i64);

    /// By one criterion of a hundred points on a scale of a hundred: the total is the score.
    fn calibrated(given: &[Given]) -> BTreeMap<u128, Calibrated> {
        let criteria = [Criterion { id: CriterionId(Uuid::nil()), weight: 100, reason_required: false }];
        let sheet = |hundredths: i64| {
            let score = Score::parse(&crate::money::decimal(hundredths, 2), 100).unwrap();
            Sheet([(criteria[0].id, Mark { score, reason: None })].into())
        };
        let id = |number| ProposalId(Uuid::from_u128(number));
        let scored: Vec<_> = given
            .iter()
            .map(|(proposal, reviewer, hundredths)| Scored {
                proposal: id(*proposal),
                reviewer: UserId(Uuid::from_u128(*reviewer)),
                total: crate::score::total(&sheet(*hundredths), &criteria, 100).unwrap(),
            })
            .collect();
        let proposals: BTreeSet<_> = given.iter().map(|(proposal, ..)| *proposal).collect();
        let judged = proposals.into_iter().map(|proposal| {
            let sheets: Vec<_> =
                given.iter().filter(|one| one.0 == proposal).map(|one| sheet(one.2)).collect();
            Judged::of(id(proposal), &sheets.iter().collect::<Vec<_>>(), &criteria, 100, PASS).unwrap()
        });
        let places = calibrate(judged, &scored, PASS);
        places.into_iter().map(|(id, place)| (id.0.as_u128(), place)).collect()
    }

    fn told(given: &[Given]) -> Vec<(u128, i32, String, String, bool)> {
        calibrated(given)
            .into_iter()
            .map(|(id, at)| (id, at.rank, at.mean.to_decimal(), at.adjustment.to_decimal(), at.crosses))
            .collect()
    }

    fn place(
        id: u128,
        rank: i32,
        mean: &str,
        adjustment: &str,
        crosses: bool,
    ) -> (u128, i32, String, String, bool) {
        (id, rank, mean.to_owned(), adjustment.to_owned(), crosses)
    }

    /// A gives 80 and 70, B 60 and 68; the middle proposal is theirs together. With a = -b the level of the middle one is 65, of the
    /// others 80 - a and 68 + a. For A: (2 + 2) a = (80 - (80 - a)) + (70 - 65) = a + 5, so a = 5/3. The first falls from 80 to 78.3333,
    /// the last rises from 68 to 69.6667.
    #[test]
    fn two_reviewers_by_hand() {
        let given = [(1, 10, 8_000), (2, 10, 7_000), (2, 20, 6_000), (3, 20, 6_800)];
        assert_eq!(
            told(&given),
            [
                place(1, 1, "78.3333", "1.6667", false),
                place(2, 3, "65.0000", "0.0000", false),
                place(3, 2, "69.6667", "-1.6667", false),
            ]
        );
        // Of 69 the same adjustment makes 70.6667: on the other side of the mark. And of 71 on the mild side 69.3333.
        let given = [(1, 10, 7_100), (2, 10, 7_000), (2, 20, 6_000), (3, 20, 6_900)];
        assert_eq!(
            told(&given),
            [
                place(1, 2, "69.3333", "1.6667", true),
                place(2, 3, "65.0000", "0.0000", false),
                place(3, 1, "70.6667", "-1.6667", true),
            ]
        );
    }

    /// A on 1, 2, 3; B on 1, 2, 4; C on 3, 4. The normal equations, levels put in, with (number + 2) on the diagonal:
    ///
    /// A: (5 - 3/2) a -     1 b - 1/2 c = (80-75) + (72-70) + (90-80) = 17
    /// B:     - 1 a + (5 - 3/2) b - 1/2 c = (70-75) + (68-70) + (50-60) = -17
    /// C:   - 1/2 a -   1/2 b + (4 - 1) c = (70-80) + (70-60) = 0
    ///
    /// By adding all three: 2a + 2b + 2c = 0. From A - B: 4.5 (a - b) = 34, a - b = 7.5556; from C: 3c = (a + b)/2 = -c/2, so c = 0 and
    /// a = 3.7778 = -b. The adjustments: of 1 and 2 nothing, of 3 (a + c)/2 = 1.8889, of 4 (b + c)/2 = -1.8889.
    #[test]
    fn three_reviewers_by_the_normal_equations() {
        let given = [
            (1, 1, 8_000),
            (1, 2, 7_000),
            (2, 1, 7_200),
            (2, 2, 6_800),
            (3, 1, 9_000),
            (3, 3, 7_000),
            (4, 2, 5_000),
            (4, 3, 7_000),
        ];
        assert_eq!(
            told(&given),
            [
                place(1, 2, "75.0000", "0.0000", false),
                place(2, 3, "70.0000", "0.0000", false),
                place(3, 1, "78.1111", "1.8889", false),
                place(4, 4, "61.8889", "-1.8889", false),
            ]
        );
    }

    #[test]
    fn few_sheets_say_little_and_none_in_common_nothing() {
        // A second reviewer ten points stricter on so many proposals of both, and one more alone. On n proposals of both the residual
        // is 5 each, and with the own one, which says nothing: (n + 1 + 2) a = 5n + a·1 + (n - n)·.. = 5n + a, so a = 5n / (n + 2).
        for (common, expected) in [(1_u32, "1.6667"), (2, "2.5000"), (8, "4.0000"), (98, "4.9000")] {
            let mut given: Vec<Given> =
                (1..=common).flat_map(|n| [(u128::from(n), 1, 7_500), (u128::from(n), 2, 6_500)]).collect();
            given.extend([(1_000, 1, 7_500), (2_000, 2, 6_500)]);
            let places = calibrated(&given);
            assert_eq!(places[&1_000].adjustment.to_decimal(), expected, "{common}");
            assert_eq!(places[&2_000].adjustment.to_decimal(), format!("-{expected}"), "{common}");
        }
        let apart = [(1, 1, 9_000), (2, 1, 8_000), (3, 2, 4_000), (4, 2, 3_000)];
        assert!(
            calibrated(&apart).values().all(|at| at.adjustment == Rounded::default()),
            "nothing in common"
        );
        assert!(calibrated(&[]).is_empty());
    }

    /// Below nothing and above everything the figures are what they are.
    #[test]
    fn a_calibrated_mean_may_lie_outside_of_the_scale() {
        let given = [(1, 10, 0), (2, 10, 3_000), (2, 20, 2_000), (3, 20, 10_000)];
        assert_eq!(
            told(&given),
            [
                place(1, 3, "-1.6667", "1.6667", false),
                place(2, 2, "25.0000", "0.0000", false),
                place(3, 1, "101.6667", "-1.6667", false),
            ]
        );
    }

    #[test]
    fn halves_go_away_from_zero() {
        let quotients = [(5, 10), (-5, 10), (4, 10), (-4, 10), (15, 10), (-15, 10), (7, 0)];
        assert_eq!(quotients.map(|(a, b)| divided(a, b)), [1, -1, 0, 0, 2, -2, 0]);
    }

    /// Numbers that look random and are the same each time (`SplitMix64`).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }

        fn below(&mut self, limit: usize) -> usize {
            usize::try_from(self.roll() % u64::try_from(limit).unwrap()).unwrap()
        }

        /// Of mean nothing, by the sum of twelve (Irwin and Hall), in hundredths.
        fn normal(&mut self, deviation: i64) -> i64 {
            let sum: u64 = (0..12).map(|_| self.roll() % 10_001).sum();
            (i64::try_from(sum).unwrap() - 60_000) * deviation / 10_000
        }
    }

    /// Kendall's tau between the true order and another one, of pairs that differ in truth.
    fn tau(truth: &[i64], means: &[Total]) -> f64 {
        let (mut agreed, mut pairs) = (0, 0);
        for a in 0..truth.len() {
            for b in 0..a {
                let order = means[a].compare(means[b]) as i32;
                agreed += truth[a].cmp(&truth[b]) as i32 * order;
                pairs += i32::from(truth[a] != truth[b]);
            }
        }
        f64::from(agreed) / f64::from(pairs)
    }

    /// How near mean and calibrated mean come to the true order, over two hundred councils of nine with forty proposals, three
    /// sheets each, of which the rests deviate by four points; with the share of councils in which calibration came nearer.
    fn simulated(offset: i64) -> (f64, f64, f64) {
        let (mut raw, mut with, mut won) = (0.0, 0.0, 0);
        for seed in 0..200 {
            let mut dice = Dice(seed);
            let offsets: Vec<_> = (0..9).map(|_| dice.normal(offset)).collect();
            let truth: Vec<_> = (0..40).map(|_| 6_500 + dice.normal(800)).collect();
            let mut given = Vec::new();
            for (proposal, level) in (0..).zip(&truth) {
                let mut seats: Vec<_> = (0..9).collect();
                for _ in 0..3 {
                    let seat = seats.swap_remove(dice.below(seats.len()));
                    let total = level + offsets[seat] + dice.normal(400);
                    given.push((proposal, u128::try_from(seat).unwrap(), total.clamp(0, 10_000)));
                }
            }
            let places = calibrated(&given);
            let calibrated: Vec<_> = places.values().map(|at| at.mean).collect();
            let means: Vec<_> = places.values().map(|at| at.mean.less(Rounded(-at.adjustment.0))).collect();
            let (before, after) = (tau(&truth, &means), tau(&truth, &calibrated));
            raw += before / 200.0;
            with += after / 200.0;
            won += i32::from(after > before);
        }
        (raw, with, f64::from(won) / 200.0)
    }

    #[test]
    fn a_planted_bias_is_taken_out_and_where_there_is_none_little_is_lost() {
        for (offset, gain, least_won) in
            [(1_000, 0.15, 0.98), (600, 0.07, 0.95), (300, 0.015, 0.7), (0, -0.01, 0.0)]
        {
            let (raw, with, won) = simulated(offset);
            println!(
                "offsets of {} points: Kendall's tau {raw:.3} by the means, {with:.3} calibrated, nearer in {:.0} of 100",
                offset / 100,
                won * 100.0
            );
            assert!(with - raw >= gain && won >= least_won, "{offset}: {raw} {with} {won}");
        }
    }

    fn sheets() -> impl Strategy<Value = Vec<Given>> {
        let pairs = prop::collection::btree_map((0_u128..8, 0_u128..5), 0_i64..=10_000, 1..30);
        pairs.prop_map(|pairs| pairs.into_iter().map(|((p, r), total)| (p, r, total)).collect())
    }

    proptest! {
        #[test]
        fn neither_order_nor_id_decides(given in sheets()) {
            let places = calibrated(&given);
            prop_assert_eq!(&places, &calibrated(&given.iter().rev().copied().collect::<Vec<_>>()));
            let renamed: Vec<_> = given.iter().map(|(p, r, total)| (99 - p, 77 - r, *total)).collect();
            let back: BTreeMap<_, _> = calibrated(&renamed).into_iter().map(|(id, at)| (99 - id, at)).collect();
            prop_assert_eq!(places, back);
        }

        #[test]
        fn where_all_agree_nothing_moves(given in sheets(), levels in prop::collection::vec(0_i64..=10_000, 8)) {
            let agreed: Vec<_> = given.iter().map(|(p, r, _)| (*p, *r, levels[usize::try_from(*p).unwrap()])).collect();
            for (id, at) in calibrated(&agreed) {
                let level = levels[usize::try_from(id).unwrap()];
                prop_assert_eq!(at.mean.to_decimal(), format!("{}00", crate::money::decimal(level, 2)));
                prop_assert!(!at.crosses && at.adjustment == Rounded::default());
                prop_assert_eq!(at.rank, 1 + i32::try_from(
                    agreed.iter().filter(|one| one.2 > level).map(|one| one.0).collect::<BTreeSet<_>>().len()).unwrap());
            }
        }

        /// Whoever adds so many points to every sheet moves their own proposals by less than that against all others, and the less the
        /// more of their sheets are shared.
        #[test]
        fn a_constant_shift_is_undone_up_to_the_shrinkage(levels in prop::collection::vec(20_00_i64..=6_000, 2..12), shift in 1_i64..=3_000) {
            // Everybody scores everything, but the last proposal, which is the shifted one's alone.
            let count = i64::try_from(levels.len()).unwrap();
            let (last, shared) = levels.split_last().unwrap();
            let mut given = Vec::new();
            for (p, level) in (0..).zip(shared) {
                given.extend((0..3).map(|r| (p, r, level + if r == 0 { shift } else { 0 })));
            }
            given.push((1_000, 0, last + shift));
            let places = calibrated(&given);
            // n = count - 1 shared ones: residual 2/3 shift each; (n + 1 + 2) a = (2/3 shift - (b + c)/3 + a/3) n + a, b = c = -a/2:
            // (n + 2) a = 2/3 n shift + 1/2 a n - 1/2 a n .. a = 2/3 shift n / (n + 2).
            let n = count - 1;
            let (numerator, denominator) = (i128::from(2 * shift * n) * 100, i128::from(3 * (n + 2)));
            prop_assert_eq!(i128::from(places[&1_000].adjustment.0), divided(numerator, denominator));
            for (p, _) in (0..).zip(shared) {
                prop_assert_eq!(places[&p].adjustment, Rounded::default(), "scored by all alike");
            }
        }
    }
}
