//! What is in the rows: agencies with their challenges, startups with their proposals, councils with their sheets, in the
//! words of the demo data. Half of the challenges are published, a third is decided; some draw eight times as many
//! proposals as others; an eighth of the applicants is still writing.

mod challenge;
mod demo;
mod people;
mod proposal;

use anyhow::Context as _;
use app::clock::Clock;
use domain::audit;
use domain::id::{ChallengeId, OrganizationId, UserId};
use domain::proposal::ProposalStatus;
use domain::review::CouncilRole;
use domain::score;
use domain::time::Timestamp;
use entity::{audit_head, council_member, opening};
use serde_json::json;

use self::Phase as P;
use self::demo::Demo;
use crate::dice::Dice;
use crate::load::{Rows, Size};

/// All of the above as text, for a mark of what the data were made by.
pub const SOURCE: &str = concat!(
    include_str!("seed.rs"),
    include_str!("seed/people.rs"),
    include_str!("seed/challenge.rs"),
    include_str!("seed/proposal.rs")
);

/// The handle of the challenge with exactly fifty ranked proposals of three sheets each.
pub const RANKED: &str = "ranking-of-fifty";
/// Proposals to it.
const FIFTY: usize = 50;
const PLACES: &[&str] = &[
    "Thủ Đức",
    "Bình Tân",
    "Gò Vấp",
    "Tân Bình",
    "Cần Giờ",
    "Củ Chi",
    "Nhà Bè",
    "Biên Hòa",
    "Thủ Dầu Một",
    "Vũng Tàu",
    "Cần Thơ",
    "Đà Nẵng",
    "Huế",
    "Hải Phòng",
    "Hà Nội",
    "Lạng Sơn",
    "Thái Nguyên",
    "Hà Giang",
    "Nam Định",
    "Vinh",
    "Quy Nhơn",
    "Nha Trang",
    "Đà Lạt",
    "Buôn Ma Thuột",
    "Long Xuyên",
    "Rạch Giá",
    "Cà Mau",
];

/// What a challenge has come to. A thousand of them are spread as these twenty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Upcoming,
    Closed,
    Evaluation,
    Decision,
    Awarded,
    Unawarded,
    Private,
}

const PHASES: [Phase; 20] = [
    P::Open,
    P::Awarded,
    P::Open,
    P::Evaluation,
    P::Open,
    P::Awarded,
    P::Open,
    P::Decision,
    P::Upcoming,
    P::Awarded,
    P::Open,
    P::Closed,
    P::Open,
    P::Awarded,
    P::Open,
    P::Evaluation,
    P::Open,
    P::Awarded,
    P::Unawarded,
    P::Private,
];

impl Phase {
    fn of(index: usize) -> Self {
        PHASES.get(index % PHASES.len()).copied().unwrap_or(Self::Open)
    }

    /// Its proposals have been opened.
    const fn is_judged(self) -> bool {
        matches!(self, Self::Evaluation | Self::Decision | Self::Awarded | Self::Unawarded)
    }

    /// First and last day on which it may have closed or may close, from today.
    const fn closes(self) -> (i64, i64) {
        match self {
            Self::Open => (30, 150),
            Self::Upcoming | Self::Private => (120, 200),
            Self::Closed => (-12, -1),
            Self::Evaluation => (-60, -20),
            Self::Decision => (-120, -70),
            Self::Awarded | Self::Unawarded => (-900, -150),
        }
    }
}

struct Agency {
    id: OrganizationId,
    lead: UserId,
}

struct Startup {
    id: OrganizationId,
    team: [UserId; 2],
}

/// A challenge as those need it who apply to it and judge it.
struct Call {
    id: ChallengeId,
    phase: Phase,
    closes_at: Timestamp,
    criteria: Vec<score::Criterion>,
    council: Vec<council_member::Model>,
}

impl Call {
    fn scorers(&self) -> impl Iterator<Item = &council_member::Model> {
        self.council.iter().filter(|seat| seat.role == CouncilRole::Reviewer)
    }
}

/// Makes rows, a challenge with everything that belongs to it at a time.
pub struct Seed {
    size: Size,
    dice: Dice,
    now: Timestamp,
    demo: Demo,
    demo_with_five_criteria: Vec<usize>,
    people: usize,
    officer: UserId,
    agencies: Vec<Agency>,
    startups: Vec<Startup>,
    experts: Vec<UserId>,
    /// Proposals of each challenge.
    shares: Vec<usize>,
    ranked: usize,
    next: usize,
    published: usize,
    seq: i64,
    hash: String,
}

const DAY: i64 = 86_400;

impl Seed {
    /// From the beginning.
    pub fn new(size: Size) -> anyhow::Result<Self> {
        let demo: Demo =
            serde_json::from_str(include_str!("../../server/demo/demo.json")).context("the demo data")?;
        let demo_with_five_criteria = (0..)
            .zip(&demo.challenges)
            .filter(|(_, challenge)| challenge.criteria.len() == 5)
            .map(|(index, _)| index)
            .collect();
        let mut dice = Dice::new(20_261_123);
        let ranked = (0..size.challenges())
            .find(|index| Phase::of(*index) == P::Decision)
            .context("no challenge before its decision")?;
        let shares = shares(&mut dice, size, ranked)?;
        Ok(Self {
            size,
            demo,
            demo_with_five_criteria,
            ranked,
            shares,
            officer: dice.id(),
            dice,
            now: Clock::default().process(),
            people: 0,
            agencies: Vec::new(),
            startups: Vec::new(),
            experts: Vec::new(),
            next: 0,
            published: 0,
            seq: 0,
            hash: audit::GENESIS.to_owned(),
        })
    }

    /// An instant that many days from now, at any hour.
    fn day(&mut self, days: i64) -> Timestamp {
        let seconds = self.dice.between(0, DAY);
        self.now.plus_seconds(days * DAY + seconds)
    }

    /// The next challenge with all that hangs on it; false after the last.
    pub fn next(&mut self, rows: &mut Rows) -> anyhow::Result<bool> {
        let index = self.next;
        let Some(share) = self.shares.get(index).copied() else { return Ok(false) };
        self.next += 1;
        let mut call = self.challenge(rows, index)?;
        if call.phase.is_judged() {
            call.council = self.council(&call, if index == self.ranked { 3 } else { 5 });
            rows.council_member.extend(call.council.iter().cloned());
        }
        let applicants: Vec<_> =
            self.dice.some(&self.startups, share).map(|startup| (startup.id, startup.team)).collect();
        let mut receipts = Vec::new();
        let mut judged = Vec::new();
        for (organization, team) in applicants {
            let proposal = self.proposal(rows, &call, organization, team, index == self.ranked)?;
            if !call.phase.is_judged() || proposal.status == ProposalStatus::Withdrawn {
                continue;
            }
            if let Some(version) = rows.proposal_version.last() {
                receipts.push(json!({ "proposal": proposal.id, "version": 1, "sha256": version.sha256, "submitted_at": version.submitted_at }));
            }
            judged.push((proposal.id, proposal.status, self.sheets(rows, &call, proposal.id)?));
        }
        if let [chair, _, secretary, ..] = call.council.as_slice() {
            let at = call.closes_at.plus_seconds(DAY);
            rows.opening.push(opening::Model {
                challenge_id: call.id,
                requested_by: secretary.user_id,
                requested_at: at,
                confirmed_by: Some(chair.user_id),
                confirmed_at: Some(at),
                receipts: Some(receipts.into()),
            });
            if matches!(call.phase, P::Awarded | P::Unawarded) {
                let by = (
                    chair.user_id,
                    rows.challenge.last().and_then(|row| row.decision_maker_id).unwrap_or(self.officer),
                );
                self.decision(rows, &call, &judged, by)?;
            }
        }
        Ok(true)
    }

    /// The head of the audit chain, once everything has happened.
    pub fn head(&self) -> audit_head::ActiveModel {
        audit_head::Model { id: 1, seq: self.seq, hash: self.hash.clone() }.into()
    }
}

/// Six of ten proposals have been judged, one of twenty waits for its opening, the others answer open challenges; and the
/// popular challenges draw eight times as many as the others.
fn shares(dice: &mut Dice, size: Size, ranked: usize) -> anyhow::Result<Vec<usize>> {
    let total = size.proposals();
    let judged = total * 60 / 100;
    let closed = total * 5 / 100;
    let mut shares = vec![0; size.challenges()];
    let others = || (0..size.challenges()).filter(|index| *index != ranked);
    spread(dice, &mut shares, judged - FIFTY, others().filter(|index| Phase::of(*index).is_judged()))?;
    spread(dice, &mut shares, closed, others().filter(|index| Phase::of(*index) == P::Closed))?;
    spread(
        dice,
        &mut shares,
        total - judged - closed,
        others().filter(|index| Phase::of(*index) == P::Open),
    )?;
    spread(dice, &mut shares, FIFTY, [ranked])?;
    Ok(shares)
}

/// So many proposals over those challenges, by popularity.
fn spread(
    dice: &mut Dice,
    shares: &mut [usize],
    proposals: usize,
    challenges: impl IntoIterator<Item = usize>,
) -> anyhow::Result<()> {
    let weigh = |index| anyhow::Ok((index, *dice.pick(&[1, 1, 1, 2, 2, 3, 5, 8])?));
    let weights = challenges.into_iter().map(weigh).collect::<anyhow::Result<Vec<_>>>()?;
    let sum: usize = weights.iter().map(|(_, weight)| weight).sum();
    let (mut weighed, mut given) = (0, 0);
    for (index, weight) in weights {
        weighed += weight;
        let upto = proposals * weighed / sum;
        if let Some(share) = shares.get_mut(index) {
            *share = upto - given;
        }
        given = upto;
    }
    Ok(())
}
