//! The ranking by the locked sheets, what they have in common, and whether what was published follows from them.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, KNOW_REVIEWERS};
use domain::calibration::{Calibrated, Scored, calibrate};
use domain::challenge::Rubric;
use domain::event::{Event, EventKind};
use domain::id::{CriterionId, ProposalId, ReviewId, UserId};
use domain::proposal::ProposalStatus;
use domain::review::ReviewStatus;
use domain::score::{
    self, Criterion, Difference, Judged, Published, Sheet, Statistics, TieBreaker, Total, differences,
};
use entity::{audit_entry, challenge, decision, decision_outcome, proposal, review};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::App;
use crate::access::roles_on;
use crate::error::{Error, Result};
use crate::op::Viewer;

/// States of a proposal that the round ended for.
const RANKED: &[ProposalStatus] = &[
    ProposalStatus::Evaluated,
    ProposalStatus::Selected,
    ProposalStatus::Reserve,
    ProposalStatus::NotSelected,
];

/// The fact of the lock that holds the [`seal`].
pub(crate) const SEAL: &str = "sheets_sha256";

/// A proposal in the ranking, with its sheets.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The proposal.
    pub proposal: proposal::Model,
    /// 1 is best.
    pub rank: i32,
    /// Mean of the totals of its locked sheets.
    pub mean: Total,
    /// What placed it below the one before with the same mean, with the criterion if it was one.
    pub behind_by: Option<(TieBreaker, Option<CriterionId>)>,
    /// Reviews that were to come in.
    pub expected: usize,
    /// What its sheets say together.
    pub statistics: Statistics,
    /// Its place in the calibrated ranking, if the rubric wants one.
    pub calibrated: Option<Calibrated>,
    /// The locked sheets, each with its total.
    pub sheets: Vec<(review::Model, Total)>,
}

/// The sheets of a challenge and how they are counted.
struct Evidence {
    criteria: Vec<Criterion>,
    rubric: Rubric,
    /// Complete locked sheets by proposal.
    sheets: BTreeMap<ProposalId, Vec<(review::Model, Total)>>,
    /// Reviews that were open at the lock.
    expected: BTreeMap<ProposalId, usize>,
}

impl Evidence {
    async fn read(connection: &impl ConnectionTrait, challenge: &challenge::Model) -> Result<Self> {
        let criteria = crate::challenge::criteria(connection, challenge.id).await?;
        let reviews = review::Entity::find()
            .filter(review::Column::ChallengeId.eq(challenge.id))
            .filter(review::Column::Status.is_in([ReviewStatus::Locked, ReviewStatus::Expired]))
            .order_by_asc(review::Column::Id)
            .all(connection)
            .await?;
        let (mut sheets, mut expected) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
        for review in reviews {
            *expected.entry(review.proposal_id).or_default() += 1;
            if review.status == ReviewStatus::Locked
                && let Some(total) = score::total(&review.sheet, &criteria, challenge.rubric.scale)
            {
                sheets.entry(review.proposal_id).or_default().push((review, total));
            }
        }
        Ok(Self { criteria, rubric: challenge.rubric.clone(), sheets, expected })
    }

    fn sheets_of(&self, proposal: ProposalId) -> Vec<&Sheet> {
        self.sheets.get(&proposal).into_iter().flatten().map(|(review, _)| &review.sheet).collect()
    }

    /// Of proposals without a sheet there is nothing to judge.
    fn judged(&self, proposals: impl IntoIterator<Item = ProposalId>) -> impl Iterator<Item = Judged> {
        let Rubric { scale, pass_mark, .. } = self.rubric;
        proposals
            .into_iter()
            .filter_map(move |id| Judged::of(id, &self.sheets_of(id), &self.criteria, scale, pass_mark))
    }

    fn rank(&self, proposals: impl IntoIterator<Item = ProposalId>) -> Vec<score::Place> {
        score::rank(self.judged(proposals))
    }

    /// By the sheets of these proposals alone; nothing unless the rubric wants it.
    fn calibrated(
        &self,
        proposals: impl IntoIterator<Item = ProposalId>,
    ) -> BTreeMap<ProposalId, Calibrated> {
        if !self.rubric.is_calibrated {
            return BTreeMap::new();
        }
        let judged: Vec<_> = self.judged(proposals).collect();
        let sheets = judged.iter().filter_map(|one| self.sheets.get(&one.proposal)).flatten();
        let scored = sheets.map(|(review, total)| Scored {
            proposal: review.proposal_id,
            reviewer: review.user_id,
            total: *total,
        });
        let scored: Vec<_> = scored.collect();
        calibrate(judged, &scored, self.rubric.pass_mark)
    }

    fn statistics(&self, proposal: ProposalId) -> Statistics {
        let Rubric { scale, pass_mark, .. } = self.rubric;
        Statistics::of(&self.sheets_of(proposal), &self.criteria, scale, pass_mark)
    }
}

/// Ranks the evaluated proposals of a challenge by their locked sheets.
pub(crate) async fn rank(
    connection: &impl ConnectionTrait,
    challenge: &challenge::Model,
    only: Option<Select<proposal::Entity>>,
) -> Result<Vec<Ranked>> {
    let mut evidence = Evidence::read(connection, challenge).await?;
    let proposals = only
        .unwrap_or_else(proposal::Entity::find)
        .filter(proposal::Column::ChallengeId.eq(challenge.id))
        .filter(proposal::Column::Status.is_in(RANKED.to_vec()))
        .all(connection)
        .await?;
    let mut proposals: BTreeMap<_, _> =
        proposals.into_iter().map(|proposal| (proposal.id, proposal)).collect();
    let places = evidence.rank(proposals.keys().copied());
    let calibrated = evidence.calibrated(proposals.keys().copied());
    let ranked = places.into_iter().filter_map(|place| {
        let id = place.proposal;
        let criterion = |at: usize| evidence.criteria.get(at).map(|criterion| criterion.id);
        Some(Ranked {
            proposal: proposals.remove(&id)?,
            rank: place.rank,
            mean: place.mean,
            behind_by: place
                .behind_by
                .map(|(by, at)| (by, if by == TieBreaker::Criteria { criterion(at) } else { None })),
            expected: evidence.expected.get(&id).copied().unwrap_or_default(),
            statistics: evidence.statistics(id),
            calibrated: calibrated.get(&id).copied(),
            sheets: evidence.sheets.remove(&id).unwrap_or_default(),
        })
    });
    Ok(ranked.collect())
}

/// The places of these proposals by the sheets that count, whatever has become of them since they were ranked.
pub(crate) async fn places(
    connection: &impl ConnectionTrait,
    challenge: &challenge::Model,
    proposals: impl IntoIterator<Item = ProposalId>,
) -> Result<Vec<score::Place>> {
    Ok(Evidence::read(connection, challenge).await?.rank(proposals))
}

/// Whether the viewer reads the ranking of the challenge: the agency once the decision is published.
async fn may_read(app: &App, viewer: &Viewer, challenge: &challenge::Model) -> Result<bool> {
    if challenge.round_locked_at.is_none() {
        return Ok(false);
    }
    let roles = roles_on(&app.db.read, viewer, challenge).await?;
    let once_published = challenge.status.is_decided() && viewer.agencies().contains(&challenge.agency_id);
    Ok(once_published || domain::access::may(Action::ReadRanking, roles))
}

/// The ranking as the viewer may read it; None before the lock, and for whoever may not. A person in conflict loses the item: it
/// is not in their ranking. What its sheets do to the calibrated places of the others would tell, and what is reckoned without them
/// is nobody else's figure: whoever is tied to an applicant has no calibrated places, whatever became of the item. Nor has whoever
/// does not know the reviewers.
///
/// Rows `RANKING` and `CALIBRATION` of [`READS`](domain::access::READS).
pub async fn ranking(
    app: &App,
    viewer: &Viewer,
    challenge: &challenge::Model,
) -> Result<Option<Vec<Ranked>>> {
    if !may_read(app, viewer, challenge).await? {
        return Ok(None);
    }
    let db = &app.db.read;
    let mut ranked = rank(db, challenge, Some(crate::proposal::in_office(viewer))).await?;
    if challenge.rubric.is_calibrated && !knows_reviewers(db, viewer, challenge).await? {
        for place in &mut ranked {
            place.calibrated = None;
        }
    }
    Ok(Some(ranked))
}

/// Whether the viewer knows the reviewers and is tied to no applicant: from adjustments and sheets one finds which sheets are by
/// one hand.
pub(crate) async fn knows_reviewers(
    connection: &impl ConnectionTrait,
    viewer: &Viewer,
    challenge: &challenge::Model,
) -> Result<bool> {
    let Some(person) = &viewer.0 else { return Ok(false) };
    let roles = roles_on(connection, viewer, challenge).await?;
    if !KNOW_REVIEWERS.iter().any(|role| roles.has(*role)) {
        return Ok(false);
    }
    let tied = challenge::Entity::find_by_id(challenge.id).filter(crate::proposal::ties_of(person.id));
    Ok(tied.one(connection).await?.is_none())
}

/// Everything that the ranking follows from, for hashing.
#[derive(Serialize)]
struct Sealed<'a> {
    scale: i64,
    pass_mark: i64,
    criteria: Vec<(CriterionId, i64)>,
    sheets: Vec<(ReviewId, ProposalId, &'a Sheet)>,
    /// Of a calibrated ranking also who scored, in the order of the sheets. Without one the form is that of before.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewers: Option<Vec<UserId>>,
}

/// SHA-256 over rubric and locked sheets: it goes into the audit chain with the lock, so that nobody changes them unseen.
pub(crate) async fn seal(connection: &impl ConnectionTrait, challenge: &challenge::Model) -> Result<String> {
    let criteria = crate::challenge::criteria(connection, challenge.id).await?;
    let mut locked = review::Entity::find()
        .filter(review::Column::ChallengeId.eq(challenge.id))
        .filter(review::Column::Status.eq(ReviewStatus::Locked))
        .all(connection)
        .await?;
    // By the id itself: what two databases sort differently they must not hash differently.
    locked.sort_by_key(|row| row.id);
    let reviewers = locked.iter().map(|row| row.user_id);
    let sealed = Sealed {
        scale: challenge.rubric.scale,
        pass_mark: challenge.rubric.pass_mark,
        criteria: criteria.iter().map(|criterion| (criterion.id, criterion.weight)).collect(),
        sheets: locked.iter().map(|row| (row.id, row.proposal_id, &row.sheet)).collect(),
        reviewers: challenge.rubric.is_calibrated.then(|| reviewers.collect()),
    };
    let bytes = serde_json::to_vec(&sealed).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(domain::text::hex(&Sha256::digest(bytes)))
}

/// The seal that the audit chain has; None of a lock before there were any.
async fn recorded_seal(
    connection: &impl ConnectionTrait,
    challenge: &challenge::Model,
) -> Result<Option<String>> {
    let entry = audit_entry::Entity::find()
        .filter(audit_entry::Column::ObjectId.eq(challenge.id.to_string()))
        .filter(
            audit_entry::Column::Action
                .is_in([EventKind::RoundLocked.name(), EventKind::RoundResealed.name()]),
        )
        .order_by_desc(audit_entry::Column::Seq)
        .limit(1)
        .one(connection)
        .await?;
    let Some(entry) = entry else { return Ok(None) };
    let event: Event =
        serde_json::from_str(&entry.detail).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(event.facts.get(SEAL).cloned())
}

/// A ranking that was made once, held against what follows from the sheets today.
pub struct Check {
    /// Proposals that were compared.
    pub compared: usize,
    /// Where they are not the same.
    pub differences: Vec<Difference>,
    /// Rubric and sheets are those of the lock; None if the lock says nothing of them.
    pub is_sealed: Option<bool>,
}

/// Ranks anew what the decision was made from, and compares. None before there is a decision.
async fn check(
    connection: &impl ConnectionTrait,
    challenge: &challenge::Model,
) -> Result<Option<(Check, BTreeSet<ProposalId>)>> {
    let made = crate::decision::standing()
        .filter(decision::Column::ChallengeId.eq(challenge.id))
        .one(connection)
        .await?;
    let Some(made) = made else { return Ok(None) };
    let published: Vec<_> = decision_outcome::Entity::find()
        .filter(decision_outcome::Column::DecisionId.eq(made.id))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| Published {
            proposal: row.proposal_id,
            rank: row.rank,
            mean: row.mean,
            passes: row.passes,
        })
        .collect();
    let ranked: Vec<ProposalId> = proposal::Entity::find()
        .filter(proposal::Column::ChallengeId.eq(challenge.id))
        .filter(proposal::Column::Status.is_in(RANKED.to_vec()))
        .select_only()
        .column(proposal::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    // Whoever withdrew since was ranked then.
    let all: BTreeSet<_> = published.iter().map(|row| row.proposal).chain(ranked).collect();
    let evidence = Evidence::read(connection, challenge).await?;
    let places = evidence.rank(all.iter().copied());
    let recorded = recorded_seal(connection, challenge).await?;
    let is_sealed = match recorded {
        Some(recorded) => Some(recorded == seal(connection, challenge).await?),
        None => None,
    };
    let differences = differences(&published, &places, challenge.rubric.pass_mark);
    Ok(Some((Check { compared: all.len(), differences, is_sealed }, all)))
}

/// The check as the viewer may read it: of proposals that are in their ranking.
///
/// Row `RANKING` of [`READS`](domain::access::READS).
pub async fn checked(app: &App, viewer: &Viewer, challenge: &challenge::Model) -> Result<Option<Check>> {
    if !may_read(app, viewer, challenge).await? {
        return Ok(None);
    }
    let db = &app.db.read;
    let Some((mut check, all)) = check(db, challenge).await? else { return Ok(None) };
    let known: Vec<ProposalId> = crate::proposal::in_office(viewer)
        .filter(proposal::Column::ChallengeId.eq(challenge.id))
        .filter(proposal::Column::Status.is_in(RANKED.to_vec()))
        .select_only()
        .column(proposal::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    check.compared = known.iter().filter(|id| all.contains(id)).count();
    check.differences.retain(|difference| known.contains(&difference.proposal));
    Ok(Some(check))
}

/// The ranking of a challenge with everything that it follows from, for whoever has access to the machine.
pub struct Explained {
    /// The challenge.
    pub challenge: challenge::Model,
    /// Its rubric.
    pub criteria: Vec<Criterion>,
    /// Best first.
    pub ranked: Vec<Ranked>,
    /// Held against the decision; None before there is one.
    pub check: Option<Check>,
}

/// By the handle of a public challenge; None if there is none.
pub async fn explain(app: &App, slug: &str) -> Result<Option<Explained>> {
    let db = &app.db.read;
    let challenge = challenge::Entity::find()
        .filter(challenge::Column::Slug.eq(slug))
        .filter(challenge::Column::IsPublic.eq(true))
        .one(db)
        .await?;
    let Some(challenge) = challenge else { return Ok(None) };
    Ok(Some(Explained {
        criteria: crate::challenge::criteria(db, challenge.id).await?,
        ranked: rank(db, &challenge, None).await?,
        check: check(db, &challenge).await?.map(|(check, _)| check),
        challenge,
    }))
}
