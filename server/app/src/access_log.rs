//! Who, besides its team, read a proposal: told to its team once that betrays nothing of the evaluation.

use std::collections::{BTreeMap, HashMap};

use domain::account::PlatformRole;
use domain::challenge::ChallengeStatus;
use domain::event::{Event, EventKind};
use domain::id::ProposalId;
use domain::proposal::Capacity;
use domain::time::Timestamp;
use entity::{challenge, event, proposal};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::op::Viewer;
use crate::{App, Error, Result};

/// All reads by people of one capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// As what they read.
    pub capacity: Capacity,
    /// How often the content was opened.
    pub count: u64,
    /// For the first time.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

/// The reads of these proposals, by capacity: for auditors, and for the team once the decision is published. A proposal that
/// is not in the answer has no log for this viewer.
///
/// Row `ACCESS_LOG` of [`READS`](domain::access::READS).
pub async fn of(app: &App, viewer: &Viewer, ids: &[ProposalId]) -> Result<HashMap<ProposalId, Vec<Access>>> {
    let decided = challenge::Entity::find()
        .filter(challenge::Column::Status.is_in([ChallengeStatus::Awarded, ChallengeStatus::ClosedNoAward]))
        .select_only()
        .column(challenge::Column::Id)
        .into_query();
    let of_team = Condition::all()
        .add(proposal::Column::OrganizationId.is_in(viewer.applicants()))
        .add(proposal::Column::ChallengeId.in_subquery(decided));
    let as_auditor = Condition::all().add(proposal::Column::OrganizationId.is_not_in(viewer.applicants()));
    let entitled =
        Condition::any().add(of_team).add_option(viewer.holds(PlatformRole::Auditor).then_some(as_auditor));
    let known: Vec<ProposalId> = crate::proposal::visible_to(viewer)
        .filter(proposal::Column::Id.is_in(ids.to_vec()))
        .filter(entitled)
        .select_only()
        .column(proposal::Column::Id)
        .into_tuple()
        .all(&app.db.read)
        .await?;
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let mut logs: HashMap<_, BTreeMap<Capacity, Access>> =
        known.iter().map(|id| (*id, BTreeMap::new())).collect();
    let reads = event::Entity::find()
        .filter(event::Column::ProposalId.is_in(known))
        .filter(event::Column::Kind.eq(EventKind::ProposalRead))
        .order_by_desc(event::Column::Seq)
        .limit(READS_MAX)
        .all(&app.db.read)
        .await?;
    for read in reads {
        let told: Event =
            serde_json::from_str(&read.payload).map_err(|error| Error::Internal(error.to_string()))?;
        let capacity =
            told.facts.get(AS).and_then(|name| Capacity::from_name(name)).unwrap_or(Capacity::Other);
        let Some(log) = read.proposal_id.and_then(|id| logs.get_mut(&id)) else { continue };
        let access =
            log.entry(capacity).or_insert(Access { capacity, count: 0, first: read.at, last: read.at });
        access.count += 1;
        access.first = read.at;
    }
    Ok(logs.into_iter().map(|(id, log)| (id, log.into_values().collect())).collect())
}

/// Reads that are looked through at once, the latest.
const READS_MAX: u64 = 10_000;

/// The fact of a read that says as what it was made.
pub(crate) const AS: &str = "as";
