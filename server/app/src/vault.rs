//! What proposals say, sealed at rest: by a key per challenge, which is itself sealed by the key of the configuration.
//!
//! Whoever writes gets a [`Sealer`], which opens nothing. To read takes an [`Unsealed`], and there are two grounds on which
//! one is made: the proposal is the viewer's own team's, or two persons have opened the proposals of its challenge. A key
//! is in memory only as long as the request that needs it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::event::{Event, EventKind};
use domain::id::{AppealId, AttachmentId, ChallengeId, OrganizationId, ProposalId};
use domain::proposal::{Clarification, Content};
use domain::text::hex;
use domain::time::Timestamp;
use entity::{
    appeal, attachment, audit_entry, challenge_key, clarification, opening, proposal, proposal_draft,
    proposal_version,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::appeal::Said;
use crate::attachment::Details;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::{Op, Viewer};
use crate::seal::Seal;
use crate::{App, batch};

/// Where the key of a challenge is sealed for.
pub fn key_place(challenge: ChallengeId) -> String {
    format!("challenge_key {challenge}")
}

/// Where a working copy is sealed for: in another row or another challenge it opens nothing.
pub fn draft_place(challenge: ChallengeId, proposal: ProposalId) -> String {
    format!("proposal_draft {challenge} {proposal}")
}

/// Where a submitted version is sealed for.
pub fn version_place(challenge: ChallengeId, proposal: ProposalId, number: i32) -> String {
    format!("proposal_version {challenge} {proposal} {number}")
}

/// Where what is said of a file is sealed for.
pub fn attachment_place(challenge: ChallengeId, proposal: Option<ProposalId>, id: AttachmentId) -> String {
    let of = proposal.map_or_else(|| "brief".to_owned(), |id| id.to_string());
    format!("attachment {challenge} {of} {id}")
}

/// Where what is written on an appeal is sealed for.
pub fn appeal_place(challenge: ChallengeId, proposal: ProposalId, id: AppealId) -> String {
    format!("appeal {challenge} {proposal} {id}")
}

/// Where a clarification of a proposal is sealed for.
pub fn clarification_place(challenge: ChallengeId, proposal: ProposalId, number: i32) -> String {
    format!("clarification {challenge} {proposal} {number}")
}

/// Seals what proposals to one challenge say. It opens nothing.
pub struct Sealer {
    challenge: ChallengeId,
    key: Seal,
}

impl Sealer {
    /// Of the challenge; its key is made when it is first needed.
    pub async fn of(tx: &Tx, challenge: ChallengeId) -> Result<Self> {
        let place = key_place(challenge);
        let stored = challenge_key::Entity::find_by_id(challenge).one(tx).await?;
        let sealed = if let Some(stored) = stored {
            stored.sealed
        } else {
            let fresh = SecretBox::<[u8; 32]>::init_with(rand::random);
            let row = challenge_key::ActiveModel {
                challenge_id: Set(challenge),
                sealed_by: Set(tx.app().seal.id().to_owned()),
                sealed: Set(tx.app().seal.seal(&place, fresh.expose_secret())?),
                created_at: Set(tx.now().await?),
            };
            // A rival may have been first: then theirs counts.
            challenge_key::Entity::insert(row)
                .on_conflict_do_nothing_on([challenge_key::Column::ChallengeId])
                .exec_without_returning(tx)
                .await?;
            let stored = challenge_key::Entity::find_by_id(challenge).one(tx).await?;
            stored.ok_or_else(|| Error::Internal(format!("no key of challenge {challenge}")))?.sealed
        };
        Ok(Self { challenge, key: unwrapped(&tx.app().seal, challenge, &sealed)? })
    }

    /// A working copy.
    pub fn draft(&self, proposal: ProposalId, content: &Content) -> Result<String> {
        self.seal(&draft_place(self.challenge, proposal), content.canonical().as_bytes())
    }

    /// A version as it is handed in.
    pub fn version(&self, proposal: ProposalId, number: i32, content: &Content) -> Result<String> {
        self.seal(&version_place(self.challenge, proposal, number), content.canonical().as_bytes())
    }

    /// What is said of a file, of the challenge itself or of a proposal to it.
    pub(crate) fn attachment(
        &self,
        proposal: Option<ProposalId>,
        id: AttachmentId,
        details: &Details,
    ) -> Result<String> {
        let text = serde_json::to_vec(details).map_err(|error| Error::Internal(error.to_string()))?;
        self.seal(&attachment_place(self.challenge, proposal, id), &text)
    }

    /// What a team is asked, and says.
    pub(crate) fn clarification(
        &self,
        proposal: ProposalId,
        number: i32,
        said: &Clarification,
    ) -> Result<String> {
        let text = serde_json::to_vec(said).map_err(|error| Error::Internal(error.to_string()))?;
        self.seal(&clarification_place(self.challenge, proposal, number), &text)
    }

    /// What is written on an appeal.
    pub(crate) fn appeal(&self, proposal: ProposalId, id: AppealId, said: &Said) -> Result<String> {
        let text = serde_json::to_vec(said).map_err(|error| Error::Internal(error.to_string()))?;
        self.seal(&appeal_place(self.challenge, proposal, id), &text)
    }

    /// Whatever else belongs to proposals; `place` names the table, the challenge, the proposal and the row.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String> {
        self.key.seal(place, secret)
    }
}

fn unwrapped(seal: &Seal, challenge: ChallengeId, sealed: &str) -> Result<Seal> {
    let key = seal.open(&key_place(challenge), sealed)?;
    let key: [u8; 32] = key
        .expose_secret()
        .try_into()
        .map_err(|_| Error::Internal(format!("the key of challenge {challenge} has another length")))?;
    Ok(Seal::new([key]))
}

/// The proof that a proposal may be read, and what it takes to do so.
pub struct Unsealed {
    challenge: ChallengeId,
    proposal: ProposalId,
    key: Seal,
}

impl Unsealed {
    /// What the working copy says.
    pub fn draft(&self, row: proposal_draft::Model) -> Result<Opened<proposal_draft::Model>> {
        let canonical = self.text(&draft_place(self.challenge, self.proposal), &row.content)?;
        Ok(Opened { row, canonical })
    }

    /// What a version says.
    pub fn version(&self, row: proposal_version::Model) -> Result<Opened<proposal_version::Model>> {
        let place = version_place(self.challenge, self.proposal, row.number);
        let canonical = self.text(&place, &row.content)?;
        Ok(Opened { row, canonical })
    }

    /// What is said of one of its files.
    pub(crate) fn attachment(&self, row: &attachment::Model) -> Result<Details> {
        details(&self.key, &attachment_place(self.challenge, Some(self.proposal), row.id), row)
    }

    /// What its team was asked, and said.
    pub(crate) fn clarification(&self, row: &clarification::Model) -> Result<Clarification> {
        let place = clarification_place(self.challenge, self.proposal, row.number);
        let opened = self.open(&place, &row.said)?;
        serde_json::from_slice(opened.expose_secret())
            .map_err(|error| Error::Internal(format!("what {place} says: {error}")))
    }

    /// What is written on an appeal.
    pub(crate) fn appeal(&self, row: &appeal::Model) -> Result<Said> {
        let place = appeal_place(self.challenge, self.proposal, row.id);
        let opened = self.open(&place, &row.said)?;
        serde_json::from_slice(opened.expose_secret())
            .map_err(|error| Error::Internal(format!("what {place} says: {error}")))
    }

    /// Whatever else was sealed by [`Sealer::seal`]; the place has to be this proposal's.
    pub fn open(&self, place: &str, sealed: &str) -> Result<SecretSlice<u8>> {
        self.key.open(place, sealed)
    }

    fn text(&self, place: &str, sealed: &str) -> Result<String> {
        let opened = self.open(place, sealed)?;
        let text = std::str::from_utf8(opened.expose_secret());
        text.map(str::to_owned).map_err(|_| Error::Internal(format!("what {place} says is no text")))
    }
}

fn details(key: &Seal, place: &str, row: &attachment::Model) -> Result<Details> {
    let opened = key.open(place, &row.details)?;
    serde_json::from_slice(opened.expose_secret())
        .map_err(|error| Error::Internal(format!("what {place} says: {error}")))
}

/// Opens what is said of the files of a challenge itself, and nothing of any proposal to it.
pub(crate) struct Brief {
    challenge: ChallengeId,
    key: Seal,
}

impl Brief {
    /// What is said of one of its files.
    pub(crate) fn attachment(&self, row: &attachment::Model) -> Result<Details> {
        details(&self.key, &attachment_place(self.challenge, None, row.id), row)
    }
}

/// For each of the challenges that has files.
pub(crate) async fn briefs(
    db: &impl ConnectionTrait,
    app: &App,
    ids: impl IntoIterator<Item = ChallengeId>,
) -> Result<HashMap<ChallengeId, Brief>> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let keys =
        challenge_key::Entity::find().filter(challenge_key::Column::ChallengeId.is_in(ids)).all(db).await?;
    let open = keys.into_iter().map(|row| {
        let key = unwrapped(&app.seal, row.challenge_id, &row.sealed)?;
        Ok((row.challenge_id, Brief { challenge: row.challenge_id, key }))
    });
    open.collect()
}

/// A row and what it says.
#[derive(Clone, Debug)]
pub struct Opened<M> {
    /// The row.
    pub row: M,
    /// What it says, in canonical form.
    pub canonical: String,
}

impl<M> Opened<M> {
    /// What it says, part by part.
    pub fn content(&self) -> Result<Content> {
        serde_json::from_str(&self.canonical)
            .map_err(|error| Error::Internal(format!("stored content: {error}")))
    }
}

/// What decides whether a proposal may be read, and its key.
#[derive(FromQueryResult)]
struct Held {
    id: ProposalId,
    challenge_id: ChallengeId,
    organization_id: OrganizationId,
    confirmed_at: Option<Timestamp>,
    sealed: String,
}

/// For each of the proposals that the viewer may read by the state of the seal: those of the own team, and the opened ones.
/// Whose business an opened one is, is for the caller to ask, by the scope.
pub async fn unsealed(
    db: &impl ConnectionTrait,
    app: &App,
    viewer: &Viewer,
    ids: impl IntoIterator<Item = ProposalId>,
) -> Result<HashMap<ProposalId, Unsealed>> {
    let own = viewer.applicants();
    open(db, app, ids, |held| held.confirmed_at.is_some() || own.contains(&held.organization_id)).await
}

/// For each of the proposals that have been opened.
pub async fn opened(
    db: &impl ConnectionTrait,
    app: &App,
    ids: impl IntoIterator<Item = ProposalId>,
) -> Result<HashMap<ProposalId, Unsealed>> {
    open(db, app, ids, |held| held.confirmed_at.is_some()).await
}

async fn open(
    db: &impl ConnectionTrait,
    app: &App,
    ids: impl IntoIterator<Item = ProposalId>,
    may_read: impl Fn(&Held) -> bool,
) -> Result<HashMap<ProposalId, Unsealed>> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let held = held(db, ids).await?;
    let readable = held.into_iter().filter(may_read).map(|held| {
        let key = unwrapped(&app.seal, held.challenge_id, &held.sealed)?;
        Ok((held.id, Unsealed { challenge: held.challenge_id, proposal: held.id, key }))
    });
    readable.collect()
}

/// The keys of proposals, whether released or not.
async fn held(db: &impl ConnectionTrait, ids: Vec<ProposalId>) -> Result<Vec<Held>> {
    let key = proposal::Entity::belongs_to(challenge_key::Entity)
        .from(proposal::Column::ChallengeId)
        .to(challenge_key::Column::ChallengeId)
        .into();
    let opening = proposal::Entity::belongs_to(opening::Entity)
        .from(proposal::Column::ChallengeId)
        .to(opening::Column::ChallengeId)
        .into();
    let rows = proposal::Entity::find()
        .join(JoinType::InnerJoin, key)
        .join(JoinType::LeftJoin, opening)
        .filter(proposal::Column::Id.is_in(ids))
        .select_only()
        .columns([proposal::Column::Id, proposal::Column::ChallengeId, proposal::Column::OrganizationId])
        .column(opening::Column::ConfirmedAt)
        .column(challenge_key::Column::Sealed);
    Ok(rows.into_model().all(db).await?)
}

/// A version that is not what was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tampered {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// Which submission.
    pub number: i32,
    /// What was found.
    pub what: &'static str,
}

/// Holds every submitted version against its digest, and against what the audit chain says of its submission. Ok: how many.
/// What they say stays here: this breaks seals that nobody has released.
pub async fn verify(app: &App) -> Result<std::result::Result<u64, Tampered>> {
    let db = &app.db.read;
    let (mut last, mut count) = (None, 0);
    let mut hashed = HashMap::new();
    loop {
        let rows = proposal_version::Entity::find()
            .apply_if(last, |rows, last| rows.filter(proposal_version::Column::Id.gt(last)))
            .order_by_asc(proposal_version::Column::Id)
            .limit(batch::CHUNK as u64)
            .all(db)
            .await?;
        let Some(end) = rows.last() else { return Ok(Ok(count)) };
        last = Some(end.id);
        let unsealed = open(db, app, rows.iter().map(|row| row.proposal_id), |_| true).await?;
        let submissions = submissions(db, &rows).await?;
        for row in rows {
            let found = |what| Tampered { proposal: row.proposal_id, number: row.number, what };
            let stated = submissions.get(&(row.proposal_id, row.number));
            if stated != Some(&(row.sha256.clone(), row.submitted_at)) {
                return Ok(Err(found("its digest or time is not that of the audit log")));
            }
            let opened = unsealed.get(&row.proposal_id).map(|unsealed| unsealed.version(row.clone()));
            let Some(Ok(opened)) = opened else { return Ok(Err(found("its seal was broken"))) };
            if hex(&Sha256::digest(opened.canonical.as_bytes())) != row.sha256 {
                return Ok(Err(found("its content is not that of its digest")));
            }
            if let Some(unsealed) = unsealed.get(&row.proposal_id) {
                let files = opened.content()?.files;
                let version = (row.proposal_id, row.number);
                if crate::attachment::differs(app, unsealed, &files, version, &mut hashed).await? {
                    return Ok(Err(found("a file is not what was handed in")));
                }
            }
            count += 1;
        }
    }
}

/// Digest and time of submissions by the audit chain.
async fn submissions(
    db: &impl ConnectionTrait,
    rows: &[proposal_version::Model],
) -> Result<HashMap<(ProposalId, i32), (String, Timestamp)>> {
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq(EventKind::ProposalSubmitted.name()))
        .filter(audit_entry::Column::ObjectId.is_in(rows.iter().map(|row| row.proposal_id.to_string())))
        .all(db)
        .await?;
    let ids: HashMap<_, _> = rows.iter().map(|row| (row.proposal_id.to_string(), row.proposal_id)).collect();
    let stated = entries.into_iter().filter_map(|entry| {
        let event: Event = serde_json::from_str(&entry.detail).ok()?;
        let number = event.facts.get("number")?.parse().ok()?;
        Some(((*ids.get(&entry.object_id)?, number), (event.facts.get("sha256")?.clone(), entry.at)))
    });
    Ok(stated.collect())
}

/// Seals what an earlier release left readable, and seals anew the keys that a former key of the configuration holds. Safe to
/// repeat. Tells whether there was anything to do.
pub async fn bring_up_to_date(app: &App) -> Result<bool> {
    let system = Arc::new(Op::of_system(Viewer(None)));
    let mut changed = false;
    while app.execute(&system, None, SealReadable {}).await? {
        changed = true;
    }
    let rewrapped = app.execute(&system, None, RenewKeys {}).await?;
    if changed && app.db.for_migrations().get_database_backend() == DbBackend::Sqlite {
        // What was readable also stands in pages that are free now.
        app.db.for_migrations().execute_unprepared("VACUUM").await?;
        app.db.for_migrations().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    }
    Ok(changed || rewrapped)
}

/// Content in the open: it begins like JSON, and sealed content never does.
const READABLE: &str = "{";

/// Seals some rows that are not.
#[derive(Serialize)]
struct SealReadable {}

impl Command for SealReadable {
    const NAME: &'static str = "sealReadable";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let drafts = proposal_draft::Entity::find()
            .filter(proposal_draft::Column::Content.starts_with(READABLE))
            .limit(batch::CHUNK as u64)
            .all(tx)
            .await?;
        let versions = proposal_version::Entity::find()
            .filter(proposal_version::Column::Content.starts_with(READABLE))
            .limit(batch::CHUNK as u64)
            .all(tx)
            .await?;
        let ids = drafts.iter().map(|row| row.proposal_id).chain(versions.iter().map(|row| row.proposal_id));
        let proposals: HashMap<_, _> = proposal::Entity::find()
            .filter(proposal::Column::Id.is_in(ids.collect::<Vec<_>>()))
            .order_by_asc(proposal::Column::Id)
            .all(tx)
            .await?
            .into_iter()
            .map(|row| (row.id, row.challenge_id))
            .collect();
        let mut sealers = HashMap::new();
        for challenge in proposals.values() {
            if !sealers.contains_key(challenge) {
                sealers.insert(*challenge, Sealer::of(tx, *challenge).await?);
            }
        }
        let by_key = |id: ProposalId| {
            let found = proposals.get(&id).and_then(|challenge| sealers.get(challenge));
            found.ok_or_else(|| Error::Internal(format!("proposal {id} has no challenge")))
        };
        for row in &drafts {
            let sealer = by_key(row.proposal_id)?;
            let place = draft_place(sealer.challenge, row.proposal_id);
            let content = sealer.seal(&place, row.content.as_bytes())?;
            proposal_draft::Entity::update_many()
                .col_expr(proposal_draft::Column::Content, Expr::value(content))
                .filter(proposal_draft::Column::ProposalId.eq(row.proposal_id))
                .filter(Expr::col(proposal_draft::Column::Content).eq(row.content.as_str()))
                .exec(tx)
                .await?;
        }
        for row in &versions {
            let sealer = by_key(row.proposal_id)?;
            let place = version_place(sealer.challenge, row.proposal_id, row.number);
            let content = sealer.seal(&place, row.content.as_bytes())?;
            proposal_version::Entity::update_many()
                .col_expr(proposal_version::Column::Content, Expr::value(content))
                .filter(proposal_version::Column::Id.eq(row.id))
                .exec(tx)
                .await?;
        }
        Ok(!drafts.is_empty() || !versions.is_empty())
    }
}

/// Seals by the present key of the configuration the keys that a former one holds.
#[derive(Serialize)]
struct RenewKeys {}

impl Command for RenewKeys {
    const NAME: &'static str = "renewKeys";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let seal = &tx.app().seal;
        let former = challenge_key::Entity::find()
            .filter(challenge_key::Column::SealedBy.ne(seal.id()))
            .order_by_asc(challenge_key::Column::ChallengeId)
            .all(tx)
            .await?;
        for row in &former {
            let place = key_place(row.challenge_id);
            let key = seal.open(&place, &row.sealed)?;
            let renewed = challenge_key::ActiveModel {
                sealed_by: Set(seal.id().to_owned()),
                sealed: Set(seal.seal(&place, key.expose_secret())?),
                ..Default::default()
            };
            challenge_key::Entity::update_many()
                .set(renewed)
                .filter(challenge_key::Column::ChallengeId.eq(row.challenge_id))
                .exec(tx)
                .await?;
        }
        Ok(!former.is_empty())
    }
}
