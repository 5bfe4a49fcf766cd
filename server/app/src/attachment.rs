//! Files of challenges and proposals: announced, uploaded, looked at, given out, taken away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::access::Action;
use domain::attachment::{
    AttachmentCommand, AttachmentStatus, FileKind, FileNote, Load, Refusal, limits, may, may_announce,
};
use domain::challenge::{ChallengeCommand, ChallengeStatus, TRANSITIONS as CHALLENGE};
use domain::event::{Event, EventKind};
use domain::id::{AttachmentId, ChallengeId, ProposalId, PublicId as _, SessionId, UserId};
use domain::machine::allows;
use domain::problem::{Problem, Reason};
use domain::proposal::{Confidentiality, may_classify, may_edit};
use domain::time::Timestamp;
use entity::{attachment, challenge, proposal, user};
use futures_util::Stream;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Select,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::must_in;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::inspect::inspect;
use crate::op::{Op, Viewer};
use crate::proposal::RecordReads;
use crate::storage::{Content, FileKey, WriteError};
use crate::vault::{self, Sealer};
use crate::{App, access, batch, ids};

/// What stands sealed in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    /// The name it was given.
    pub(crate) name: String,
    /// What opens it, once its bytes are here.
    pub(crate) key: Option<[u8; 32]>,
    /// SHA-256 of its bytes, once they are here.
    pub(crate) sha256: Option<String>,
}

/// Files that a viewer may know of: those of a challenge as the challenge, those of a proposal as its content.
///
/// Rows `CHALLENGE_FILE` and `PROPOSAL_FILE` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<attachment::Entity> {
    use attachment::Column as A;
    let same_challenge =
        || Expr::col((challenge::Entity, challenge::Column::Id)).equals((attachment::Entity, A::ChallengeId));
    let of_challenge = |challenges: Select<challenge::Entity>| {
        Expr::exists(
            challenges.filter(same_challenge()).select_only().column(challenge::Column::Id).into_query(),
        )
    };
    let of_proposal = |proposals: Select<proposal::Entity>| {
        let same =
            Expr::col((proposal::Entity, proposal::Column::Id)).equals((attachment::Entity, A::ProposalId));
        Expr::exists(proposals.filter(same).select_only().column(proposal::Column::Id).into_query())
    };
    let desks = challenge::Entity::find().filter(challenge::Column::AgencyId.is_in(viewer.desks()));
    let known = || crate::challenge::visible_to(viewer);
    // What comes after the publication is known to all with the amendment that it belongs to, and not before.
    let published = Condition::any()
        .add(A::SinceVersion.is_not_null().and(of_challenge(known())))
        .add(of_challenge(known().filter(challenge::Column::IsPublic.eq(false))));
    let brief = Condition::all().add(A::ProposalId.is_null()).add(
        Condition::any()
            .add(of_challenge(desks))
            .add(Condition::all().add(A::Status.eq(AttachmentStatus::Clean)).add(published)),
    );
    let current = || Expr::col((proposal::Entity, proposal::Column::CurrentVersion));
    let submitted = |proposals: Select<proposal::Entity>| {
        let since = proposals.filter(current().gte(Expr::col((attachment::Entity, A::SinceVersion))));
        of_proposal(
            since.filter(
                Condition::any()
                    .add(A::UntilVersion.is_null())
                    .add(current().lte(Expr::col((attachment::Entity, A::UntilVersion)))),
            ),
        )
    };
    let for_reviewers =
        A::Confidentiality.is_null().or(A::Confidentiality.ne(Confidentiality::DecisionMakersOnly));
    let read = Condition::all().add(A::Status.eq(AttachmentStatus::Clean)).add(
        Condition::any()
            .add(Condition::all().add(for_reviewers).add(submitted(crate::proposal::readable_by(viewer))))
            .add(submitted(crate::proposal::confided_to(viewer))),
    );
    let own = of_proposal(crate::proposal::of_team(viewer));
    attachment::Entity::find().filter(A::Status.ne(AttachmentStatus::Removed)).filter(
        Condition::any()
            .add(brief)
            .add(Condition::all().add(A::ProposalId.is_not_null()).add(Condition::any().add(own).add(read))),
    )
}

/// A file, and what the viewer may know of it.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its row.
    pub row: attachment::Model,
    /// What it is called; where a blind call hides the applicant, a name of ours.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// SHA-256 of its bytes, once they are here.
    pub sha256: Option<String>,
    key: Option<[u8; 32]>,
}

impl Attached {
    /// Its bytes; None as long as there are none.
    fn content(&self, app: &App) -> Option<Content> {
        let size = u64::try_from(self.row.size).ok()?;
        Some(app.storage.open(self.row.object?, FileKey::of(self.key?), size))
    }
}

/// What these rows say. A row that the viewer cannot unseal is left out: the scope has let it through a moment too early.
async fn told(
    db: &impl ConnectionTrait,
    app: &App,
    viewer: &Viewer,
    rows: Vec<attachment::Model>,
) -> Result<Vec<Attached>> {
    let proposals: HashSet<_> = rows.iter().filter_map(|row| row.proposal_id).collect();
    let challenges = rows.iter().filter(|row| row.proposal_id.is_none()).map(|row| row.challenge_id);
    let briefs = vault::briefs(db, app, challenges).await?;
    let unsealed = vault::unsealed(db, app, viewer, proposals.iter().copied()).await?;
    let identified: HashSet<ProposalId> = if proposals.is_empty() {
        HashSet::new()
    } else {
        let known = crate::proposal::identified_to(viewer).filter(proposal::Column::Id.is_in(proposals));
        known.select_only().column(proposal::Column::Id).into_tuple().all(db).await?.into_iter().collect()
    };
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let details = match row.proposal_id {
            None => briefs.get(&row.challenge_id).map(|brief| brief.attachment(&row)),
            Some(id) => unsealed.get(&id).map(|unsealed| unsealed.attachment(&row)),
        };
        let Some(Details { name, key, sha256 }) = details.transpose()? else { continue };
        let kind = FileKind::of_name(&name)
            .ok_or_else(|| Error::Internal(format!("attachment {} is of no kind", row.id)))?;
        let is_named = row.proposal_id.is_none_or(|id| identified.contains(&id));
        let name = if is_named { name } else { anonymous(&row, kind) };
        told.push(Attached { row, name, kind, sha256, key });
    }
    Ok(told)
}

fn anonymous(row: &attachment::Model, kind: FileKind) -> String {
    let short: String = row.id.0.simple().to_string().chars().take(6).collect();
    format!("tep-{short}.{}", kind.extension())
}

fn in_order(rows: Select<attachment::Entity>) -> Select<attachment::Entity> {
    rows.order_by_asc(attachment::Column::CreatedAt).order_by_asc(attachment::Column::Id)
}

/// By id.
pub async fn by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[AttachmentId],
) -> Result<HashMap<AttachmentId, Attached>> {
    let db = &app.db.read;
    let rows = visible_to(viewer).filter(attachment::Column::Id.is_in(ids.to_vec())).all(db).await?;
    Ok(told(db, app, viewer, rows).await?.into_iter().map(|file| (file.row.id, file)).collect())
}

/// Those of challenges, oldest first.
pub async fn of_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<Attached>>> {
    let db = &app.db.read;
    let rows = visible_to(viewer)
        .filter(attachment::Column::ProposalId.is_null())
        .filter(attachment::Column::ChallengeId.is_in(ids.to_vec()));
    let files = told(db, app, viewer, in_order(rows).all(db).await?).await?;
    Ok(batch::grouped(files, |file| file.row.challenge_id))
}

/// Those of proposals, oldest first: for the team those of the working copy, for others those of the submitted version.
pub async fn of_proposals(
    app: &App,
    viewer: &Viewer,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Vec<Attached>>> {
    let db = &app.db.read;
    let own = crate::proposal::of_team(viewer).select_only().column(proposal::Column::Id).into_query();
    let rows = visible_to(viewer).filter(attachment::Column::ProposalId.is_in(ids.to_vec())).filter(
        Condition::any()
            .add(attachment::Column::UntilVersion.is_null())
            .add(attachment::Column::ProposalId.not_in_subquery(own)),
    );
    let files = told(db, app, viewer, in_order(rows).all(db).await?).await?;
    let mut of: HashMap<_, Vec<_>> = HashMap::new();
    for file in files {
        if let Some(id) = file.row.proposal_id {
            of.entry(id).or_default().push(file);
        }
    }
    Ok(of)
}

/// The files of a working copy.
fn in_hand(proposals: &[ProposalId]) -> Select<attachment::Entity> {
    attachment::Entity::find()
        .filter(attachment::Column::ProposalId.is_in(proposals.to_vec()))
        .filter(attachment::Column::Status.ne(AttachmentStatus::Removed))
        .filter(attachment::Column::UntilVersion.is_null())
}

/// Those of these proposals in whose working copy some file is not in order.
pub(crate) async fn unready(
    db: &impl ConnectionTrait,
    proposals: &[ProposalId],
) -> Result<HashSet<ProposalId>> {
    if proposals.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Option<ProposalId>> = in_hand(proposals)
        .filter(attachment::Column::Status.ne(AttachmentStatus::Clean))
        .select_only()
        .column(attachment::Column::ProposalId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().flatten().collect())
}

/// The files of the working copy as a submission names them; None if one of them is not in order.
pub(crate) async fn notes(tx: &Tx, proposal: ProposalId) -> Result<Option<Vec<FileNote>>> {
    let rows = in_order(in_hand(&[proposal])).all(tx).await?;
    if rows.iter().any(|row| row.status != AttachmentStatus::Clean) {
        return Ok(None);
    }
    let files = told(tx, tx.app(), &tx.op().viewer, rows).await?;
    files.iter().map(note).collect::<Result<_>>().map(Some)
}

fn note(file: &Attached) -> Result<FileNote> {
    let broken = || Error::Internal(format!("attachment {} is clean without bytes", file.row.id));
    Ok(FileNote {
        name: file.name.clone(),
        size: u64::try_from(file.row.size).map_err(|_| broken())?,
        sha256: file.sha256.clone().ok_or_else(broken)?,
        confidentiality: file.row.confidentiality.unwrap_or_default(),
    })
}

/// The files of the working copy are part of that version from now on.
pub(crate) async fn submitted(tx: &Tx, proposal: ProposalId, number: i32) -> Result<()> {
    attachment::Entity::update_many()
        .col_expr(attachment::Column::SinceVersion, Expr::value(number))
        .filter(attachment::Column::ProposalId.eq(proposal))
        .filter(attachment::Column::Status.eq(AttachmentStatus::Clean))
        .filter(attachment::Column::SinceVersion.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// The files of a challenge that are not yet part of what is published.
fn unpublished(challenge: ChallengeId) -> Select<attachment::Entity> {
    attachment::Entity::find()
        .filter(attachment::Column::ChallengeId.eq(challenge))
        .filter(attachment::Column::ProposalId.is_null())
        .filter(attachment::Column::Status.ne(AttachmentStatus::Removed))
        .filter(attachment::Column::SinceVersion.is_null())
}

/// One of the files that an amendment would bring is not in order.
pub(crate) async fn is_unready(tx: &Tx, challenge: ChallengeId) -> Result<bool> {
    let unready = unpublished(challenge).filter(attachment::Column::Status.ne(AttachmentStatus::Clean));
    Ok(unready.limit(1).one(tx).await?.is_some())
}

/// The files of a challenge that are in order are part of that version from now on.
pub(crate) async fn published(tx: &Tx, challenge: ChallengeId, number: i32) -> Result<()> {
    attachment::Entity::update_many()
        .col_expr(attachment::Column::SinceVersion, Expr::value(number))
        .filter(attachment::Column::ChallengeId.eq(challenge))
        .filter(attachment::Column::ProposalId.is_null())
        .filter(attachment::Column::Status.eq(AttachmentStatus::Clean))
        .filter(attachment::Column::SinceVersion.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// What a file hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A challenge.
    Challenge(ChallengeId),
    /// A proposal.
    Proposal(ProposalId),
}

impl Target {
    fn of(row: &attachment::Model) -> Self {
        row.proposal_id.map_or(Self::Challenge(row.challenge_id), Self::Proposal)
    }
}

/// What it hangs on, locked, and found to be something whose files the caller may change now.
struct Held {
    challenge: ChallengeId,
    status: ChallengeStatus,
    proposal: Option<proposal::Model>,
    /// It may be kept from reviewers.
    allows_confidential: bool,
}

impl Held {
    async fn of(tx: &Tx, target: Target) -> Result<Self> {
        let writer = tx.op().user()?;
        match target {
            Target::Challenge(id) => {
                let row = crate::challenge::locked(tx, id).await?;
                let (action, command) = if row.is_public {
                    (Action::AmendChallenge, ChallengeCommand::Amend)
                } else {
                    (Action::WriteChallenge, ChallengeCommand::Edit)
                };
                must_in(tx, action, row.agency_id).await?;
                allows(CHALLENGE, row.status, &command)?;
                crate::challenge::sign_as_author(tx, row.id, writer).await?;
                Ok(Self { challenge: row.id, status: row.status, proposal: None, allows_confidential: false })
            }
            Target::Proposal(id) => {
                let (challenge, row) = crate::proposal::locked(tx, crate::proposal::of_team, id).await?;
                must_in(tx, Action::WriteProposal, row.organization_id).await?;
                may_edit(row.status, crate::challenge::timetable(&challenge), tx.now().await?)?;
                Ok(Self {
                    challenge: challenge.id,
                    status: challenge.status,
                    proposal: Some(row),
                    allows_confidential: challenge.rubric.allows_confidential_parts,
                })
            }
        }
    }

    /// By one of its files. What the caller may not change is there only for whoever may know that it is.
    async fn by_file(tx: &Tx, id: AttachmentId) -> Result<(Self, attachment::Model)> {
        let not_found = || Error::from(Problem::at("attachmentId", Reason::NotFound));
        let known = visible_to(&tx.op().viewer).filter(attachment::Column::Id.eq(id));
        let row = known.clone().one(tx).await?.ok_or_else(not_found)?;
        if let Some(proposal) = row.proposal_id {
            let own = crate::proposal::of_team(&tx.op().viewer).filter(proposal::Column::Id.eq(proposal));
            if own.one(tx).await?.is_none() {
                return Err(Reason::NotPermitted.into());
            }
        }
        let held = Self::of(tx, Target::of(&row)).await?;
        let row = known.lock_exclusive().one(tx).await?.ok_or_else(not_found)?;
        Ok((held, row))
    }

    fn event(&self, kind: EventKind, file: AttachmentId) -> Event {
        let event = Event::new(kind).challenge(self.challenge).fact("attachment", file.public());
        match &self.proposal {
            Some(row) => event.proposal(row.id).organization(row.organization_id),
            None => event,
        }
    }
}

/// Announces a file.
#[derive(Serialize)]
pub struct AnnounceUpload {
    /// On what.
    pub target: Target,
    /// What it is called.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// For whom it is, of a proposal.
    pub confidentiality: Confidentiality,
}

impl Command for AnnounceUpload {
    const NAME: &'static str = "createUpload";
    type Output = AttachmentId;

    async fn run(&self, tx: &Tx) -> Result<AttachmentId> {
        use attachment::Column as A;
        let writer = tx.op().user()?;
        let held = Held::of(tx, self.target).await?;
        let proposal = held.proposal.as_ref().map(|row| row.id);
        // One of a person at a time, so that the second is counted too.
        user::Entity::find_by_id(writer).lock_exclusive().one(tx).await?;
        let beside = attachment::Entity::find()
            .filter(A::ChallengeId.eq(held.challenge))
            .filter(proposal.map_or_else(|| A::ProposalId.is_null(), |id| A::ProposalId.eq(id)))
            .filter(A::Status.ne(AttachmentStatus::Removed))
            .filter(A::UntilVersion.is_null());
        let sizes: Vec<i64> = beside.select_only().column(A::Size).into_tuple().all(tx).await?;
        let awaited = attachment::Entity::find()
            .filter(A::UploadedBy.eq(writer))
            .filter(A::Status.eq(AttachmentStatus::AwaitingUpload))
            .count(tx)
            .await?;
        let load = Load {
            files: sizes.len(),
            bytes: sizes.iter().filter_map(|size| u64::try_from(*size).ok()).sum(),
            awaited: usize::try_from(awaited).unwrap_or(usize::MAX),
        };
        may_announce(self.size, load)?;
        may_classify(None, self.confidentiality, held.allows_confidential)
            .map_err(|reason| Problem::at("confidentiality", reason))?;
        let (id, now) = (ids::random::<AttachmentId>(), tx.now().await?);
        let details = Details { name: self.name.clone(), key: None, sha256: None };
        let row = attachment::ActiveModel {
            id: Set(id),
            challenge_id: Set(held.challenge),
            proposal_id: Set(proposal),
            uploaded_by: Set(writer),
            status: Set(AttachmentStatus::AwaitingUpload),
            refusal: Set(None),
            object: Set(None),
            size: Set(i64::try_from(self.size).unwrap_or(i64::MAX)),
            details: Set(Sealer::of(tx, held.challenge).await?.attachment(proposal, id, &details)?),
            since_version: Set(None),
            until_version: Set(None),
            confidentiality: Set(proposal.map(|_| self.confidentiality)),
            created_at: Set(now),
            changed_at: Set(now),
        };
        attachment::Entity::insert(row).exec_without_returning(tx).await?;
        tx.record(held.event(EventKind::FileAnnounced, id));
        Ok(id)
    }
}

/// Writes what becomes of a file, if it is still as it was read.
async fn settle(
    tx: &Tx,
    row: &attachment::Model,
    command: AttachmentCommand,
    change: attachment::ActiveModel,
) -> Result<AttachmentStatus> {
    let next = domain::machine::step(domain::attachment::TRANSITIONS, row.status, &command)?;
    let change = attachment::ActiveModel { status: Set(next), changed_at: Set(tx.now().await?), ..change };
    let done = attachment::Entity::update_many()
        .set(change)
        .filter(attachment::Column::Id.eq(row.id))
        .filter(attachment::Column::Status.eq(row.status))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(next) } else { Err(Reason::Stale { current: 0 }.into()) }
}

/// Keeps that the bytes of a file are here.
#[derive(Serialize)]
struct ReceiveUpload {
    attachment: AttachmentId,
    object: Uuid,
    #[serde(skip)]
    details: Details,
}

impl Command for ReceiveUpload {
    const NAME: &'static str = "receiveUpload";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let (held, row) = Held::by_file(tx, self.attachment).await?;
        let proposal = held.proposal.as_ref().map(|row| row.id);
        let sealed = Sealer::of(tx, held.challenge).await?.attachment(proposal, row.id, &self.details)?;
        let change = attachment::ActiveModel {
            object: Set(Some(self.object)),
            details: Set(sealed),
            ..Default::default()
        };
        settle(tx, &row, AttachmentCommand::Receive, change).await?;
        tx.record(held.event(EventKind::FileReceived, row.id));
        Ok(())
    }
}

/// Keeps what came of looking at a file.
#[derive(Serialize)]
struct CheckAttachment {
    attachment: AttachmentId,
    verdict: std::result::Result<(), Refusal>,
}

impl Command for CheckAttachment {
    const NAME: &'static str = "completeUpload";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let (held, row) = Held::by_file(tx, self.attachment).await?;
        if matches!(row.status, AttachmentStatus::Clean | AttachmentStatus::Refused) {
            return Ok(());
        }
        let (command, refusal) = match self.verdict {
            Ok(()) => (AttachmentCommand::Clear, None),
            Err(refusal) => (AttachmentCommand::Refuse, Some(refusal)),
        };
        let change = attachment::ActiveModel { refusal: Set(refusal), ..Default::default() };
        let next = settle(tx, &row, command, change).await?;
        let event = held.event(EventKind::FileChecked, row.id).fact("to", next);
        tx.record(refusal.map_or(event.clone(), |refusal| event.fact("refusal", refusal)));
        Ok(())
    }
}

/// Takes a file away. What was handed in with it keeps it.
#[derive(Serialize)]
pub struct RemoveAttachment {
    /// Which.
    pub attachment: AttachmentId,
}

impl Command for RemoveAttachment {
    const NAME: &'static str = "removeAttachment";
    type Output = Target;

    async fn run(&self, tx: &Tx) -> Result<Target> {
        let (held, row) = Held::by_file(tx, self.attachment).await?;
        match (&held.proposal, row.since_version) {
            (Some(proposal), Some(_)) => {
                if row.until_version.is_some() {
                    return Err(Problem::at("attachmentId", Reason::NotFound).into());
                }
                attachment::Entity::update_many()
                    .col_expr(attachment::Column::UntilVersion, Expr::value(proposal.current_version))
                    .col_expr(attachment::Column::ChangedAt, Expr::value(tx.now().await?.micros()))
                    .filter(attachment::Column::Id.eq(row.id))
                    .exec(tx)
                    .await?;
            }
            (None, Some(_)) => allows(CHALLENGE, held.status, &ChallengeCommand::Edit)?,
            (_, None) => {
                settle(tx, &row, AttachmentCommand::Remove, Default::default()).await?;
            }
        }
        tx.record(held.event(EventKind::FileRemoved, row.id));
        Ok(Target::of(&row))
    }
}

/// What a link is good for.
const UPLOAD: &str = "upload";
const DOWNLOAD: &str = "download";

/// A link: for which file, in whose name, until when.
#[derive(Serialize, Deserialize)]
struct Link {
    file: AttachmentId,
    session: Option<(UserId, SessionId)>,
    until: i64,
}

fn link(
    app: &App,
    viewer: &Viewer,
    purpose: &str,
    file: AttachmentId,
    seconds: i64,
) -> Option<(String, Timestamp)> {
    let session = match &viewer.0 {
        Some(person) => Some((person.id, person.session?)),
        None => None,
    };
    let until = app.db.clock.process().plus_seconds(seconds);
    let text = serde_json::to_string(&Link { file, session, until: until.seconds() }).ok()?;
    let base = app.settings.public_url.trim_end_matches('/');
    Some((format!("{base}/{purpose}s/{}", app.keys.seal_link(purpose, &text)), until))
}

/// Where the bytes of an announced file go, and until when; None if nothing is awaited.
pub fn upload_link(app: &App, viewer: &Viewer, file: &Attached) -> Option<(String, Timestamp)> {
    let is_awaited = file.row.status == AttachmentStatus::AwaitingUpload;
    let link = || link(app, viewer, UPLOAD, file.row.id, limits::UPLOAD_SECONDS);
    (is_awaited && viewer.0.as_ref().is_some_and(|person| person.id == file.row.uploaded_by)).then(link)?
}

/// Where the file can be fetched for a minute; None unless it is in order.
pub fn download_link(app: &App, viewer: &Viewer, file: &Attached) -> Option<String> {
    let is_clean = file.row.status == AttachmentStatus::Clean;
    let link = || link(app, viewer, DOWNLOAD, file.row.id, limits::DOWNLOAD_SECONDS);
    Some(is_clean.then(link)??.0)
}

/// For whom a link was made, and for which file.
#[derive(Clone, Copy, Debug)]
struct Holder {
    file: AttachmentId,
    session: Option<(UserId, SessionId)>,
}

impl Holder {
    /// By the link; None if it is not ours or too old.
    fn of(app: &App, purpose: &str, token: &str) -> Option<Self> {
        let link = serde_json::from_str::<Link>(&app.keys.open_link(purpose, token)?).ok()?;
        let is_good = app.db.clock.process().seconds() < link.until;
        is_good.then_some(Self { file: link.file, session: link.session })
    }

    /// Who they are today; None if their session has ended.
    async fn viewer(&self, app: &App) -> Result<Option<Viewer>> {
        match self.session {
            None => Ok(Some(Viewer::default())),
            Some((user, session)) => {
                Ok(access::admit(app, user, session).await?.map(|admitted| admitted.viewer))
            }
        }
    }
}

/// A file that somebody may have now.
pub struct Download {
    /// What it is called there.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Names it, for who has it already. Bytes of a file never change.
    pub tag: String,
    /// Its bytes.
    pub content: Content,
    holder: Holder,
}

impl Download {
    /// What is asked for again while it is being sent.
    pub const fn right(&self) -> Right {
        Right(self.holder)
    }
}

/// The right to a file that is being sent.
#[derive(Clone, Copy, Debug)]
pub struct Right(Holder);

impl Right {
    /// Whether it still holds: a long download does not outlive it.
    pub async fn holds(self, app: &App) -> Result<bool> {
        let Some(viewer) = self.0.viewer(app).await? else { return Ok(false) };
        let rows = visible_to(&viewer).filter(attachment::Column::Id.eq(self.0.file));
        Ok(rows.one(&app.db.read).await?.is_some_and(|row| row.status == AttachmentStatus::Clean))
    }
}

/// What a link leads to, by the rights of today. Whoever is not of a proposal's team leaves a trace first, unless nothing of the
/// bytes is asked for.
pub async fn download(app: &App, token: &str, op: Op, takes_bytes: bool) -> Result<Option<Download>> {
    let Some(holder) = Holder::of(app, DOWNLOAD, token) else { return Ok(None) };
    let Some(viewer) = holder.viewer(app).await? else { return Ok(None) };
    let id = holder.file;
    let Some(file) = by_id(app, &viewer, &[id]).await?.remove(&id) else { return Ok(None) };
    let content = file.content(app).filter(|_| file.row.status == AttachmentStatus::Clean);
    let Some(content) = content else { return Ok(None) };
    if let Some(proposal) = file.row.proposal_id.filter(|_| takes_bytes) {
        let own = crate::proposal::of_team(&viewer).filter(proposal::Column::Id.eq(proposal));
        if own.one(&app.db.read).await?.is_none() {
            let op = Arc::new(Op { viewer, ..op });
            app.execute(&op, None, RecordReads { proposals: vec![proposal] }).await?;
        }
    }
    Ok(Some(Download { name: file.name, kind: file.kind, tag: id.public(), content, holder }))
}

/// Why bytes were not taken in.
#[derive(Debug)]
pub enum UploadError<E> {
    /// The link leads to nothing that is awaited.
    NotFound,
    /// They are here already, or nobody wants them any more.
    Conflict,
    /// Not as many as were announced.
    WrongSize,
    /// The sender failed.
    Source(E),
    /// We did.
    Ours(Error),
}

impl<E> From<Error> for UploadError<E> {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(_) => Self::Conflict,
            error => Self::Ours(error),
        }
    }
}

/// Somebody who is about to send the bytes of a file.
pub struct Upload {
    file: Attached,
    op: Arc<Op>,
}

impl Upload {
    /// By the link that they have. None: it leads to nothing that is awaited.
    pub async fn by_link(app: &App, token: &str, op: Op) -> Result<Option<Self>> {
        let Some(holder) = Holder::of(app, UPLOAD, token) else { return Ok(None) };
        let Some(viewer) = holder.viewer(app).await? else { return Ok(None) };
        let id = holder.file;
        let file = by_id(app, &viewer, &[id]).await?.remove(&id);
        let mine =
            file.filter(|file| viewer.0.as_ref().is_some_and(|person| person.id == file.row.uploaded_by));
        Ok(mine.map(|file| Self { file, op: Arc::new(Op { viewer, ..op }) }))
    }

    /// Whose.
    pub fn person(&self) -> UserId {
        self.file.row.uploaded_by
    }

    /// How many bytes were announced.
    pub fn size(&self) -> u64 {
        u64::try_from(self.file.row.size).unwrap_or_default()
    }

    /// Takes the bytes in.
    pub async fn receive<E>(
        self,
        app: &App,
        source: impl Stream<Item = std::result::Result<Bytes, E>>,
    ) -> std::result::Result<(), UploadError<E>> {
        if may(self.file.row.status, AttachmentCommand::Receive).is_err() {
            return Err(UploadError::Conflict);
        }
        let (object, key) = (ids::random::<Uuid>(), FileKey::random());
        let written =
            app.storage.write(object, &key, self.size(), source).await.map_err(|error| match error {
                WriteError::Source(error) => UploadError::Source(error),
                WriteError::TooLong => UploadError::WrongSize,
                WriteError::Storage(error) => UploadError::Ours(error),
            })?;
        let kept = if written.size == self.size() {
            let details =
                Details { name: self.file.name, key: Some(*key.bytes()), sha256: Some(written.sha256) };
            let received = ReceiveUpload { attachment: self.file.row.id, object, details };
            app.execute(&self.op, None, received).await.map_err(UploadError::from)
        } else {
            Err(UploadError::WrongSize)
        };
        if kept.is_err()
            && let Err(error) = app.storage.delete(object).await
        {
            tracing::debug!(%error, "left to the sweep");
        }
        kept
    }
}

/// Looks at a file whose bytes are here: at what it is, and through the eyes of the scanner, if there is one. Repeating it changes
/// nothing once that is decided; while the scanner is away it stays in quarantine.
pub async fn complete(app: &App, op: &Arc<Op>, id: AttachmentId) -> Result<AttachmentId> {
    op.user()?;
    let not_found = || Error::from(Problem::at("attachmentId", Reason::NotFound));
    let file = by_id(app, &op.viewer, &[id]).await?.remove(&id).ok_or_else(not_found)?;
    let verdict = match file.row.status {
        AttachmentStatus::Clean => Ok(()),
        AttachmentStatus::Refused => Err(file.row.refusal.unwrap_or(Refusal::Damaged)),
        status => {
            may(status, AttachmentCommand::Clear)?;
            let content = file.content(app);
            look(
                app,
                file.kind,
                content.ok_or_else(|| Error::Internal(format!("attachment {id} is nowhere")))?,
            )
            .await?
        }
    };
    app.execute(op, None, CheckAttachment { attachment: id, verdict }).await?;
    match verdict {
        Ok(()) => Ok(id),
        Err(why) => Err(Problem::at("attachmentId", Reason::FileRefused { why }).into()),
    }
}

async fn look(app: &App, kind: FileKind, content: Content) -> Result<std::result::Result<(), Refusal>> {
    let busy = |_| Error::Internal("the place of those who look at files is closed".to_owned());
    let _place = app.lookers.acquire().await.map_err(busy)?;
    let reader = content.clone().reader();
    let looked = tokio::task::spawn_blocking(move || inspect(kind, reader)).await;
    let looked = looked.map_err(|error| Error::Internal(format!("looking at a file: {error}")))?;
    match looked.map_err(|_| Error::StorageUnavailable)? {
        Ok(()) => match &app.scanner {
            Some(scanner) => scanner.scan(content).await,
            None => Ok(Ok(())),
        },
        refused => Ok(refused),
    }
}

/// Lets go what nobody will ever get: what was announced and never came, what was taken away, and the bytes that belong to
/// nothing. Returns how many rows and how many stored files that were.
pub async fn sweep(app: &App) -> Result<(usize, usize)> {
    let op = Arc::new(Op::of_system(Viewer::default()));
    let rows = app.execute(&op, None, LetGo {}).await?;
    let mut gone = app.storage.sweep_unfinished(ORPHAN).await?;
    let age = i64::try_from(ORPHAN.as_secs()).unwrap_or(i64::MAX);
    let old = app.storage.older_than(app.db.clock.process().plus_seconds(-age)).await?;
    for objects in old.chunks(batch::CHUNK) {
        let kept: Vec<Option<Uuid>> = attachment::Entity::find()
            .filter(attachment::Column::Object.is_in(objects.to_vec()))
            .filter(
                attachment::Column::Status.is_not_in([AttachmentStatus::Removed, AttachmentStatus::Refused]),
            )
            .select_only()
            .column(attachment::Column::Object)
            .into_tuple()
            .all(&app.db.read)
            .await?;
        let kept: HashSet<_> = kept.into_iter().flatten().collect();
        for object in objects.iter().filter(|object| !kept.contains(object)) {
            app.storage.delete(*object).await?;
            gone += 1;
        }
    }
    Ok((rows, gone))
}

/// How old stored bytes are before they may belong to nothing: longer than the slowest upload takes.
const ORPHAN: Duration = Duration::from_mins(30);

/// Deletes rows that lead nowhere.
#[derive(Serialize)]
struct LetGo {}

impl Command for LetGo {
    const NAME: &'static str = "letFilesGo";
    type Output = usize;

    async fn run(&self, tx: &Tx) -> Result<usize> {
        use attachment::Column as A;
        let before = tx.now().await?.plus_seconds(-limits::ABANDONED_SECONDS);
        let long_before = before.plus_seconds(-23 * limits::ABANDONED_SECONDS);
        let over = Condition::any()
            .add(
                Condition::all()
                    .add(A::Status.is_in([AttachmentStatus::AwaitingUpload, AttachmentStatus::Removed]))
                    .add(A::ChangedAt.lt(before)),
            )
            .add(
                Condition::all()
                    .add(A::Status.eq(AttachmentStatus::Quarantined))
                    .add(A::ChangedAt.lt(long_before)),
            );
        let gone = attachment::Entity::delete_many().filter(over).exec(tx).await?;
        Ok(usize::try_from(gone.rows_affected).unwrap_or(usize::MAX))
    }
}

/// Whether the stored bytes of the files of a submitted version are those that it names.
pub(crate) async fn differs(
    app: &App,
    unsealed: &vault::Unsealed,
    notes: &[FileNote],
    (proposal, number): (ProposalId, i32),
    hashed: &mut HashMap<AttachmentId, Option<String>>,
) -> Result<bool> {
    let rows = attachment::Entity::find()
        .filter(attachment::Column::ProposalId.eq(proposal))
        .filter(attachment::Column::SinceVersion.lte(number))
        .filter(
            Condition::any()
                .add(attachment::Column::UntilVersion.is_null())
                .add(attachment::Column::UntilVersion.gte(number)),
        );
    let rows = in_order(rows).all(&app.db.read).await?;
    if rows.len() != notes.len() {
        return Ok(true);
    }
    for (row, note) in rows.iter().zip(notes) {
        let Ok(Details { name, key: Some(key), sha256 }) = unsealed.attachment(row) else { return Ok(true) };
        let stored = match (hashed.get(&row.id), row.object) {
            (Some(known), _) => known.clone(),
            (None, None) => None,
            (None, Some(object)) => {
                let stored = app.storage.open(object, FileKey::of(key), note.size).sha256().await.ok();
                hashed.entry(row.id).or_insert(stored).clone()
            }
        };
        let class = row.confidentiality.unwrap_or_default();
        if class != note.confidentiality
            || name != note.name
            || sha256.as_ref() != Some(&note.sha256)
            || stored.as_ref() != Some(&note.sha256)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
