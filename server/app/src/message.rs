//! Outgoing mail: claimed under a lease, written from what is true now, settled behind a fence.

use domain::challenge::ChallengeStatus;
use domain::decision::DecisionStatus;
use domain::disqualification::Ground;
use domain::event::{Event, EventKind};
use domain::expert::ExpertStatus;
use domain::id::{
    DecisionId, DelegationId, ExpertId, MessageId, OrganizationId, PublicId as _, QuestionId, UserId,
};
use domain::letter::{Letter, LetterKind, LetterOutcome};
use domain::locale::Locale;
use domain::machine::allows;
use domain::message::{GIVE_UP_AFTER_SECONDS, MessageStatus, pause_seconds};
use domain::organization::{MembershipRole, OrganizationStatus};
use domain::preference::{Delivery, Held, NotificationGroup, group};
use domain::proposal::ProposalStatus;
use domain::question::QuestionStatus;
use domain::review::{CouncilRole, ReviewCommand, ReviewStatus, TRANSITIONS as REVIEW};
use domain::text::Bilingual;
use domain::time::Timestamp;
use entity::{
    announcement, appeal, challenge, challenge_version, clarification, decision, delegation, event, expert,
    message, one_time_token, opening, organization, proposal, proposal_version, question, review, user,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::dead_letter::{self, NO_MAILBOX};
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::vault;

/// A claimed mail: whoever holds it may settle it as long as nobody claimed it since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claimed {
    /// Which.
    pub id: MessageId,
    /// Rises with every claim.
    pub fence: i64,
}

/// Takes mails that are due, or whose holder did not come back.
#[derive(Serialize)]
pub struct Claim {
    /// At most so many.
    pub limit: u64,
}

impl Command for Claim {
    const NAME: &'static str = "claimMail";
    type Output = Vec<Claimed>;

    async fn run(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        use message::Column as M;
        use sea_orm::sea_query::{Expr, ExprTrait as _};
        let now = tx.now().await?;
        let waiting = Condition::all()
            .add(M::Status.is_in([MessageStatus::Queued, MessageStatus::Retrying]))
            .add(M::DueAt.lte(now));
        let abandoned =
            Condition::all().add(M::Status.eq(MessageStatus::Sending)).add(M::LeaseUntil.lte(now));
        // Two steps in one transaction: an UPDATE over a limited subquery may claim more than the limit on PostgreSQL.
        let due = message::Entity::find()
            .filter(Condition::any().add(waiting).add(quiet_until(now)).add(abandoned))
            .order_by_asc(M::DueAt)
            .limit(self.limit)
            .lock_with_behavior(
                sea_orm::sea_query::LockType::Update,
                sea_orm::sea_query::LockBehavior::SkipLocked,
            )
            .all(tx)
            .await?;
        let lease = now.plus_seconds(i64::try_from(tx.app().settings.mail_lease.as_secs()).unwrap_or(60));
        if due.is_empty() {
            return Ok(Vec::new());
        }
        message::Entity::update_many()
            .set(message::ActiveModel {
                status: Set(MessageStatus::Sending),
                lease_until: Set(Some(lease)),
                ..Default::default()
            })
            .col_expr(M::Attempt, Expr::col(M::Attempt).add(1))
            .col_expr(M::Fence, Expr::col(M::Fence).add(1))
            .filter(M::Id.is_in(due.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
        Ok(due.into_iter().map(|row| Claimed { id: row.id, fence: row.fence + 1 }).collect())
    }
}

/// Held for quiet hours that are over.
fn quiet_until(now: Timestamp) -> Condition {
    Condition::all()
        .add(message::Column::Status.eq(MessageStatus::Held))
        .add(message::Column::Delivery.eq(Delivery::AtOnce))
        .add(message::Column::DueAt.lte(now))
}

/// How an attempt ended.
#[derive(Clone, Debug, Serialize)]
pub enum Settlement {
    /// The mail server took it.
    Sent,
    /// Not now; the reason carries no address.
    Later(String),
    /// Never; the reason carries no address.
    Never(String),
    /// Never, and nothing else to that address either.
    Refused {
        /// Carries no address.
        reason: String,
        /// A digest of it.
        address: String,
    },
    /// Not sent on purpose.
    Suppressed(String),
    /// Not sent because its address has refused another.
    HeldBack {
        /// A digest of it.
        address: String,
    },
    /// Not sent by itself, or not now, as its reader prefers.
    Held(Held),
    /// Not tried yet: its turn comes so much later.
    Paced {
        /// How much.
        wait: std::time::Duration,
    },
}

impl Settlement {
    /// Its reader finds it in the inbox from now on.
    fn tells(&self, kind: LetterKind) -> bool {
        kind != LetterKind::Digest && !matches!(self, Self::Suppressed(_))
    }
}

/// Says how an attempt ended. Nothing happens if somebody else holds the mail by now.
#[derive(Clone, Serialize)]
pub struct Settle {
    /// Which attempt.
    pub claimed: Claimed,
    /// How it ended.
    pub outcome: Settlement,
}

impl Command for Settle {
    const NAME: &'static str = "settleMail";
    type Output = Option<MessageStatus>;

    async fn run(&self, tx: &Tx) -> Result<Self::Output> {
        use message::Column as M;
        let held = message::Entity::find_by_id(self.claimed.id)
            .filter(M::Fence.eq(self.claimed.fence))
            .filter(M::Status.eq(MessageStatus::Sending));
        let Some(row) = held.lock_exclusive().one(tx).await? else { return Ok(None) };
        let now = tx.now().await?;
        let mut change = message::ActiveModel { lease_until: Set(None), ..Default::default() };
        let status = match &self.outcome {
            Settlement::Sent => {
                change.sent_at = Set(Some(now));
                MessageStatus::Sent
            }
            Settlement::Later(reason) if now.seconds_since(row.created_at) < GIVE_UP_AFTER_SECONDS => {
                let base = i64::try_from(tx.app().settings.mail_retry_base.as_secs()).unwrap_or(5);
                change.due_at = Set(now.plus_seconds(pause_seconds(row.attempt, base, rand::random())));
                change.last_error = Set(Some(reason.clone()));
                MessageStatus::Retrying
            }
            Settlement::Later(reason) | Settlement::Never(reason) => {
                change.last_error = Set(Some(reason.clone()));
                MessageStatus::Dead
            }
            Settlement::Refused { reason, address } => {
                change.last_error = Set(Some(reason.clone()));
                change.address_hash = Set(Some(address.clone()));
                MessageStatus::Dead
            }
            Settlement::Suppressed(reason) => {
                change.last_error = Set(Some(reason.clone()));
                MessageStatus::Suppressed
            }
            Settlement::HeldBack { address } => {
                change.last_error = Set(Some(NO_MAILBOX.to_owned()));
                change.address_hash = Set(Some(address.clone()));
                MessageStatus::Suppressed
            }
            Settlement::Held(held) => {
                change.delivery = Set(Some(held.delivery));
                change.due_at = Set(held.until);
                MessageStatus::Held
            }
            Settlement::Paced { wait } => {
                change.due_at = Set(now.plus(*wait));
                // Nothing was tried.
                change.attempt = Set(row.attempt - 1);
                match row.delivery {
                    Some(_) => MessageStatus::Held,
                    None if row.attempt > 1 => MessageStatus::Retrying,
                    None => MessageStatus::Queued,
                }
            }
        };
        change.status = Set(status);
        if let Some(reader) = row.user_id.filter(|_| row.inbox_seq.is_none() && self.outcome.tells(row.kind))
        {
            change.inbox_seq = Set(Some(crate::inbox::next(tx, reader).await?));
        }
        message::Entity::update_many().set(change).filter(M::Id.eq(row.id)).exec(tx).await?;
        Ok(Some(status))
    }
}

/// Everything a mail needs, read at the moment of writing it.
#[derive(Clone, Debug)]
pub struct Composed {
    /// Which; becomes the Message-ID.
    pub id: MessageId,
    /// Where to.
    pub to: String,
    /// Name of the reader.
    pub name: String,
    /// Language of the reader.
    pub locale: Locale,
    /// When the event happened.
    pub written_at: Timestamp,
    /// What it says.
    pub letter: Letter,
    /// Where one click ends what brought it, if that can be ended.
    pub unsubscribe: Option<String>,
}

/// What became of composing: a mail, or why there is none.
pub enum Composition {
    /// Ready to send.
    Ready(Box<Composed>),
    /// Not to be sent any more.
    Suppressed(&'static str),
    /// Not to be sent until its address takes mail again.
    HeldBack {
        /// A digest of the address.
        address: String,
    },
    /// Its reader may read it, and wants it otherwise.
    Held(Held),
}

/// Composes a mail from what is true now: names, language, and whether its reader should still get it.
pub async fn compose(app: &App, id: MessageId) -> Result<Composition> {
    let vanished = || Error::Internal("a mail without its event".to_owned());
    let db = &app.db.read;
    let row = message::Entity::find_by_id(id).one(db).await?.ok_or_else(vanished)?;
    let (written_at, event) = happened(app, row.event_seq).await?;
    let token = match event.token {
        Some(id) => one_time_token::Entity::find_by_id(id).one(db).await?,
        None => None,
    };
    let (to, name, locale) = match (row.user_id, &token) {
        (Some(user), _) => {
            let user = user::Entity::find_by_id(user).one(db).await?.ok_or_else(vanished)?;
            if user.deactivated_at.is_some() && row.kind != LetterKind::AccountDeactivated {
                return Ok(Composition::Suppressed("the account is switched off"));
            }
            // Some letters go to the address that the person had when it happened.
            (row.email.unwrap_or(user.email), user.display_name, user.locale)
        }
        // Asked for by somebody who has no account: the same steps, and no mail.
        (None, Some(token)) if row.kind == LetterKind::PasswordReset && token.user_id.is_none() => {
            return Ok(Composition::Suppressed("the address has no account"));
        }
        (None, Some(token)) if token.used_at.is_none() => (token.email.clone(), String::new(), token.locale),
        _ => return Ok(Composition::Suppressed("the token was used or replaced")),
    };
    let topic = row.topic.unwrap_or(group(row.kind));
    let letter = match (row.kind, row.user_id) {
        (LetterKind::Digest, Some(reader)) => digest(app, reader, &event, locale).await?,
        (kind, reader) => written(app, reader, (kind, topic), &event, token, locale).await?,
    };
    let letter = match letter {
        Ok(letter) => letter,
        Err(reason) => return Ok(Composition::Suppressed(reason)),
    };
    let mut unsubscribe = None;
    if let Some(reader) = row.user_id {
        if let Some(held) = crate::preference::hold(app, reader, topic).await? {
            return Ok(Composition::Held(held));
        }
        unsubscribe = crate::follow::way_out(app, reader, row.kind, topic, &event).await?;
    }
    let address = dead_letter::digest(app, &to);
    if dead_letter::takes_none(app, &address, row.kind).await? {
        return Ok(Composition::HeldBack { address });
    }
    let composed = Composed { id, to, name, locale, written_at, letter, unsubscribe };
    Ok(Composition::Ready(Box::new(composed)))
}

/// A letter, or why there is none.
type Written = std::result::Result<Letter, &'static str>;

/// Writes a letter from what is true now, if it is still to be read by that reader.
async fn written(
    app: &App,
    reader: Option<UserId>,
    (kind, topic): (LetterKind, NotificationGroup),
    event: &Event,
    token: Option<one_time_token::Model>,
    locale: Locale,
) -> Result<Written> {
    let facts = Facts::load(app, event, token, locale).await?;
    let Some(letter) = facts.letter(app, kind, event) else {
        return Ok(Err("what it was about is gone"));
    };
    if facts.is_obsolete(kind, event, app.db.clock.process()) {
        return Ok(Err("no longer true"));
    }
    if let Some(reader) = reader
        && kind != LetterKind::AccountDeactivated
        && !may_read(app, reader, (kind, topic), event).await?
    {
        return Ok(Err("its reader may not read it any more"));
    }
    Ok(Ok(letter))
}

/// Writes somebody's digest: each item as if it were written by itself now.
async fn digest(app: &App, reader: UserId, due: &Event, locale: Locale) -> Result<Written> {
    let rows = message::Entity::find()
        .filter(message::Column::UserId.eq(reader))
        .filter(message::Column::DigestId.eq(named(due, "digest")))
        .order_by_asc(message::Column::CreatedAt)
        .order_by_asc(message::Column::Id)
        .all(&app.db.read)
        .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let event = happened(app, row.event_seq).await?.1;
        let topic = row.topic.unwrap_or(group(row.kind));
        items.extend(written(app, Some(reader), (row.kind, topic), &event, None, locale).await?.ok());
    }
    if items.is_empty() {
        return Ok(Err("nothing of it is left"));
    }
    let public = app.settings.public_url.trim_end_matches('/');
    Ok(Ok(Letter::Digest { items, link: format!("{public}/notifications") }))
}

/// When it happened, and what.
async fn happened(app: &App, seq: i64) -> Result<(Timestamp, Event)> {
    let row = event::Entity::find_by_id(seq).one(&app.db.read).await?;
    let row = row.ok_or_else(|| Error::Internal("a mail without its event".to_owned()))?;
    let event = serde_json::from_str(&row.payload).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((row.at, event))
}

/// Rights are those of the moment of writing: whoever left the team, or fell into conflict, gets nothing more.
async fn may_read(
    app: &App,
    reader: UserId,
    (kind, topic): (LetterKind, NotificationGroup),
    event: &Event,
) -> Result<bool> {
    let Some(person) = crate::access::person(&app.db, reader).await? else { return Ok(false) };
    let viewer = Viewer(Some(person));
    let speaks_of_proposal = matches!(
        kind,
        LetterKind::ProposalSubmitted
            | LetterKind::ProposalWithdrawn
            | LetterKind::ProposalRevived
            | LetterKind::ProposalScreened
            | LetterKind::ClarificationAsked
            | LetterKind::ClarificationLapsed
            | LetterKind::ProposalDisqualified
            | LetterKind::DecisionPublishedToApplicant
            | LetterKind::AppealFiled
            | LetterKind::AppealRuled
    );
    if let Some(proposal) = event.proposal.filter(|_| speaks_of_proposal) {
        return Ok(!crate::batch::proposals(app, &viewer, &[proposal]).await?.is_empty());
    }
    // Whoever is in conflict with a proposal hears nothing of its evaluation either.
    let speaks_of_evaluation = matches!(
        kind,
        LetterKind::ReviewOffered
            | LetterKind::ReviewRecused
            | LetterKind::ReviewDeclined
            | LetterKind::ReviewDue
            | LetterKind::ReviewVoidRequested
            | LetterKind::ReviewVoided
            | LetterKind::ReviewExpired
            | LetterKind::ReviewMissed
            | LetterKind::ReviewRevoked
            | LetterKind::ReviewReopened
            | LetterKind::ReviewSubmitted
            | LetterKind::ClarificationAnswered
            | LetterKind::ProposalWithdrawnFromReview
            | LetterKind::DisqualificationRequested
            | LetterKind::DisqualificationRuled
    );
    if let Some(proposal) = event.proposal.filter(|_| speaks_of_evaluation)
        && crate::proposal::is_in_conflict(app, reader, proposal).await?
    {
        return Ok(false);
    }
    // Nor of an appeal.
    if let Some(appeal) = named(event, "appeal").filter(|_| kind == LetterKind::AppealReceived) {
        let known = crate::appeal::visible_to(&viewer).filter(appeal::Column::Id.eq(appeal));
        return Ok(known.count(&app.db.read).await? > 0);
    }
    if kind == LetterKind::DeadlineNear {
        // Whoever has handed in meanwhile, or left the team, needs no reminder.
        let drafts = crate::proposal::of_team(&viewer)
            .filter(proposal::Column::ChallengeId.eq(event.challenge))
            .filter(proposal::Column::Status.eq(ProposalStatus::Draft));
        return Ok(drafts.count(&app.db.read).await? > 0);
    }
    // What may wait for a day may have lost its reader meanwhile.
    if !topic.is_mandatory() && !crate::record::is_addressed(&app.db.read, event, kind, reader).await? {
        return Ok(false);
    }
    match event.challenge {
        // What was taken back is a draft again; that it was taken back is all the letter says.
        Some(challenge) if kind != LetterKind::ChallengeRecalled => {
            Ok(!crate::batch::challenges(app, &viewer, &[challenge]).await?.is_empty())
        }
        _ => Ok(true),
    }
}

/// The rows an event is about.
struct Facts {
    locale: Locale,
    token: Option<one_time_token::Model>,
    organization: Option<organization::Model>,
    challenge: Option<challenge::Model>,
    agency: Option<organization::Model>,
    amended: Option<challenge_version::Model>,
    announced: Option<announcement::Model>,
    asked: Option<clarification::Model>,
    proposal: Option<proposal::Model>,
    version: Option<proposal_version::Model>,
    title: Option<String>,
    review: Option<review::Model>,
    decision: Option<decision::Model>,
    opening: Option<opening::Model>,
    person: Option<user::Model>,
    successor: Option<organization::Model>,
    delegate: Option<organization::Model>,
    delegation: Option<delegation::Model>,
    expert: Option<expert::Model>,
    question: Option<question::Model>,
}

impl Facts {
    async fn load(
        app: &App,
        event: &Event,
        token: Option<one_time_token::Model>,
        locale: Locale,
    ) -> Result<Self> {
        let db = &app.db.read;
        macro_rules! row {
            ($entity:ident, $id:expr) => {
                match $id {
                    Some(id) => $entity::Entity::find_by_id(id).one(db).await?,
                    None => None,
                }
            };
        }
        let challenge = row!(challenge, event.challenge);
        let number = event.facts.get("number").and_then(|number| number.parse::<i32>().ok());
        let version = match (event.proposal, number) {
            (Some(proposal), Some(number)) => {
                let version = proposal_version::Entity::find()
                    .filter(proposal_version::Column::ProposalId.eq(proposal));
                version.filter(proposal_version::Column::Number.eq(number)).one(db).await?
            }
            (Some(proposal), None) => {
                let versions = proposal_version::Entity::find()
                    .filter(proposal_version::Column::ProposalId.eq(proposal));
                versions.order_by_desc(proposal_version::Column::Number).limit(1).one(db).await?
            }
            _ => None,
        };
        // Before the opening no letter says what a proposal does: mail lies in other people's servers.
        let title = match &version {
            Some(version) => {
                let unsealed =
                    vault::opened(db, app, [version.proposal_id]).await?.remove(&version.proposal_id);
                let opened = unsealed.map(|unsealed| unsealed.version(version.clone())).transpose()?;
                opened.map(|opened| opened.content()).transpose()?.map(|content| content.title)
            }
            None => None,
        };
        let amended = match (event.challenge, number) {
            (Some(challenge), Some(number)) if event.kind == EventKind::ChallengeAmended => {
                challenge_version::Entity::find_by_id((challenge, number)).one(db).await?
            }
            _ => None,
        };
        let asked = event.facts.get("clarification").and_then(|number| number.parse::<i32>().ok());
        let asked = row!(clarification, event.proposal.zip(asked));
        let announced = match (event.challenge, number) {
            (Some(challenge), Some(number)) if event.kind == EventKind::AnnouncementPublished => {
                announcement::Entity::find_by_id((challenge, number)).one(db).await?
            }
            _ => None,
        };
        Ok(Self {
            locale,
            token,
            amended,
            announced,
            asked,
            organization: row!(organization, event.organization),
            agency: row!(organization, challenge.as_ref().map(|challenge| challenge.agency_id)),
            proposal: row!(proposal, event.proposal),
            version,
            title,
            decision: row!(decision, event.decision.or_else(|| named(event, "decision").map(DecisionId))),
            review: row!(review, event.review),
            opening: row!(opening, event.challenge),
            person: row!(user, event.user),
            successor: row!(organization, named(event, "successor").map(OrganizationId)),
            delegate: row!(organization, named(event, "delegate").map(OrganizationId)),
            delegation: row!(delegation, named(event, "about_delegation").map(DelegationId)),
            expert: row!(expert, named(event, "expert").map(ExpertId)),
            question: row!(question, named(event, "question").map(QuestionId)),
            challenge,
        })
    }

    /// A letter that asks for something which has been done, or undone, meanwhile.
    fn is_obsolete(&self, kind: LetterKind, event: &Event, now: Timestamp) -> bool {
        match kind {
            // It was moved or halted, or has passed.
            LetterKind::DeadlineNear => {
                let closes_at = self.challenge.as_ref().and_then(|row| row.closes_at);
                let is_meant = |at: Timestamp| {
                    at > now && event.facts.get("closes_at") == Some(&at.micros().to_string())
                };
                !self.is_challenge(ChallengeStatus::Published) || !closes_at.is_some_and(is_meant)
            }
            LetterKind::OrganizationWaits => !self.stands_as(OrganizationStatus::Pending),
            LetterKind::OpeningRequested => {
                self.opening.as_ref().is_none_or(|opening| opening.confirmed_at.is_some())
            }
            LetterKind::MemberInvited => {
                self.organization.as_ref().is_none_or(|row| row.status.must_act().is_err())
            }
            // The reason that it would give is that of a later judgement.
            LetterKind::OrganizationSuspended => !self.stands_as(OrganizationStatus::Suspended),
            LetterKind::OrganizationReinstated => !self.stands_as(OrganizationStatus::Verified),
            LetterKind::ExpertSuspended => !self.is_expert(ExpertStatus::Suspended),
            LetterKind::ExpertReinstated => !self.is_expert(ExpertStatus::Active),
            // Somebody was faster.
            LetterKind::QuestionAsked => {
                self.question.as_ref().is_none_or(|row| row.status != QuestionStatus::Asked)
            }
            LetterKind::ChallengePaused => !self.is_challenge(ChallengeStatus::Paused),
            LetterKind::ChallengeResumed => !self.is_challenge(ChallengeStatus::Published),
            // It was answered, or its time is over.
            LetterKind::ClarificationAsked => {
                let waits =
                    self.proposal.as_ref().is_some_and(|row| row.status == ProposalStatus::Clarification);
                !waits || self.asked.as_ref().is_none_or(|asked| asked.due_at <= now)
            }
            LetterKind::ReviewVoidRequested => {
                self.review.as_ref().is_none_or(|row| row.status != ReviewStatus::Locked)
            }
            // It was ruled on, or the proposal withdrawn.
            LetterKind::DisqualificationRequested => {
                let asked = self.proposal.as_ref().filter(|row| row.status != ProposalStatus::Withdrawn);
                asked.and_then(crate::disqualification::requested_by).is_none()
            }
            // It is in, or was given up, or its time is over.
            LetterKind::ReviewDue => self.review.as_ref().is_none_or(|row| {
                allows(REVIEW, row.status, &ReviewCommand::Expire).is_err()
                    || row.due_at.is_none_or(|due_at| due_at <= now)
            }),
            // Handed in once more, or taken back, meanwhile.
            LetterKind::ReviewReopened => {
                self.review.as_ref().is_none_or(|row| row.status != ReviewStatus::InProgress)
            }
            // Returned, published or given up meanwhile.
            LetterKind::DecisionApproved | LetterKind::DecisionScheduleLapsed => {
                let is_promotion = self.decision.as_ref().is_some_and(|row| row.is_promotion);
                let goes_on = is_promotion || self.is_challenge(ChallengeStatus::Decision);
                !self.is_decision(DecisionStatus::Approved) || !goes_on
            }
            // Ruled on, or set aside, meanwhile; who is told of an outcome is told of one that stands.
            LetterKind::AppealReceived => !self.is_decision(DecisionStatus::UnderAppeal),
            LetterKind::DecisionPublishedToApplicant | LetterKind::DecisionPublished => {
                self.is_decision(DecisionStatus::Superseded)
            }
            LetterKind::UnitDelegated => self.delegation.as_ref().is_none_or(|row| row.revoked_at.is_some()),
            _ => false,
        }
    }

    fn stands_as(&self, status: OrganizationStatus) -> bool {
        self.organization.as_ref().is_some_and(|row| row.status == status)
    }

    fn is_challenge(&self, status: ChallengeStatus) -> bool {
        self.challenge.as_ref().is_some_and(|row| row.status == status)
    }

    fn is_decision(&self, status: DecisionStatus) -> bool {
        self.decision.as_ref().is_some_and(|row| row.status == status)
    }

    fn is_expert(&self, status: ExpertStatus) -> bool {
        self.expert.as_ref().is_some_and(|row| row.status == status)
    }

    /// The letter; None if a row that it speaks of is gone.
    fn letter(&self, app: &App, kind: LetterKind, event: &Event) -> Option<Letter> {
        let public = app.settings.public_url.trim_end_matches('/');
        let say = |vi: &str, en: Option<&String>| {
            Bilingual { vi: vi.to_owned(), en: en.cloned() }.read(self.locale).0.to_owned()
        };
        let organization_name = |row: &organization::Model| say(&row.name_vi, row.name_en.as_ref());
        let challenge = || self.challenge.as_ref().map(|row| say(&row.title_vi, row.title_en.as_ref()));
        let agency = || self.agency.as_ref().map(organization_name);
        let organization = || self.organization.as_ref().map(organization_name);
        let delegate = || self.delegate.as_ref().map(organization_name);
        let at_experts = || format!("{public}/experts");
        let proposal = || self.title.clone();
        let person = || self.person.as_ref().map(|person| person.display_name.clone());
        let at_challenge = || self.challenge.as_ref().map(|row| format!("{public}/challenges/{}", row.slug));
        let at_proposal =
            || self.proposal.as_ref().map(|row| format!("{public}/proposals/{}", row.id.public()));
        let at_organization =
            || self.organization.as_ref().map(|row| format!("{public}/organizations/{}", row.slug));
        let at_log_in = || format!("{public}/log-in");
        let at_security = || format!("{public}/account/security");
        let reason = |text: Option<&String>| text.cloned().unwrap_or_default();
        let of_organization = || Some(reason(self.organization.as_ref()?.status_reason.as_ref()));
        let of_expert = || Some(reason(self.expert.as_ref()?.status_reason.as_ref()));
        let review_reason = || Some(reason(self.review.as_ref()?.status_reason.as_ref()));
        let token = || Some(app.keys.one_time_token(event.token?));
        Some(match kind {
            LetterKind::EmailVerification => {
                let token = token()?;
                let link = format!("{public}/verify-email#token={token}");
                Letter::EmailVerification { token, expires_at: self.token.as_ref()?.expires_at, link }
            }
            LetterKind::AccountExists => Letter::AccountExists { link: at_log_in() },
            LetterKind::PasswordReset => {
                let token = token()?;
                let link = format!("{public}/reset-password#token={token}");
                Letter::PasswordReset { token, expires_at: self.token.as_ref()?.expires_at, link }
            }
            LetterKind::EmailChange => {
                let token = token()?;
                let link = format!("{public}/confirm-email#token={token}");
                Letter::EmailChange { token, expires_at: self.token.as_ref()?.expires_at, link }
            }
            LetterKind::PasswordChanged => Letter::PasswordChanged { link: at_security() },
            LetterKind::EmailChangeRequested => Letter::EmailChangeRequested { link: at_security() },
            LetterKind::SessionCompromised => Letter::SessionCompromised { link: at_security() },
            LetterKind::SecondFactorEnabled => Letter::SecondFactorEnabled { link: at_security() },
            LetterKind::SecondFactorDisabled => Letter::SecondFactorDisabled { link: at_security() },
            LetterKind::RecoveryCodeUsed => Letter::RecoveryCodeUsed { link: at_security() },
            LetterKind::AccountDeactivated => {
                let told = self.person.as_ref()?.status_reason.as_ref();
                Letter::AccountDeactivated { reason: reason(told), link: at_log_in() }
            }
            LetterKind::AccountReactivated => Letter::AccountReactivated { link: at_log_in() },
            LetterKind::SignOnLinked => {
                Letter::SignOnLinked { provider: event.facts.get("provider")?.clone(), link: at_security() }
            }
            LetterKind::OrganizationPending => {
                Letter::OrganizationPending { organization: organization()?, link: at_organization()? }
            }
            LetterKind::OrganizationVerified => {
                Letter::OrganizationVerified { organization: organization()?, link: at_organization()? }
            }
            LetterKind::OrganizationRejected => Letter::OrganizationRejected {
                organization: organization()?,
                reason: reason(self.organization.as_ref()?.status_reason.as_ref()),
                link: at_organization()?,
            },
            LetterKind::OrganizationSuspended => Letter::OrganizationSuspended {
                organization: organization()?,
                reason: of_organization()?,
                link: at_organization()?,
            },
            LetterKind::OrganizationReinstated => Letter::OrganizationReinstated {
                organization: organization()?,
                reason: of_organization()?,
                link: at_organization()?,
            },
            LetterKind::OrganizationClosed => Letter::OrganizationClosed {
                organization: organization()?,
                successor: self.successor.as_ref().map(organization_name).unwrap_or_default(),
                reason: of_organization()?,
                link: at_organization()?,
            },
            LetterKind::MemberRoleChanged => Letter::MemberRoleChanged {
                organization: organization()?,
                role: membership_role(MembershipRole::from_name(event.facts.get("to")?)?, self.locale)
                    .to_owned(),
                link: at_organization()?,
            },
            LetterKind::UnitDelegated => {
                let delegation = self.delegation.as_ref()?;
                Letter::UnitDelegated {
                    organization: organization()?,
                    delegate: delegate()?,
                    from: delegation.valid_from.clone(),
                    until: delegation.valid_until.clone(),
                    link: at_organization()?,
                }
            }
            LetterKind::DelegationRevoked => Letter::DelegationRevoked {
                organization: organization()?,
                delegate: delegate()?,
                reason: reason(self.delegation.as_ref()?.revoke_reason.as_ref()),
                link: at_organization()?,
            },
            LetterKind::ExpertRegistered => Letter::ExpertRegistered { link: at_experts() },
            LetterKind::ExpertSuspended => {
                Letter::ExpertSuspended { reason: of_expert()?, link: at_experts() }
            }
            LetterKind::ExpertReinstated => {
                Letter::ExpertReinstated { reason: of_expert()?, link: at_experts() }
            }
            LetterKind::MemberInvited => {
                let (invitation, token) = (self.token.as_ref()?, token()?);
                let link = format!("{public}/accept-invitation#token={token}");
                let role = membership_role(invitation.role?, self.locale).to_owned();
                Letter::MemberInvited {
                    organization: organization()?,
                    role,
                    token,
                    expires_at: invitation.expires_at,
                    link,
                }
            }
            LetterKind::MemberJoined => Letter::MemberJoined {
                organization: organization()?,
                member: person()?,
                link: at_organization()?,
            },
            LetterKind::ChallengeSubmitted => Letter::ChallengeSubmitted {
                challenge: challenge()?,
                agency: agency()?,
                link: at_challenge()?,
            },
            LetterKind::ChallengeChangesRequested => Letter::ChallengeChangesRequested {
                challenge: challenge()?,
                reason: reason(self.challenge.as_ref()?.status_reason.as_ref()),
                link: at_challenge()?,
            },
            LetterKind::ChallengeApproved => {
                Letter::ChallengeApproved { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::ChallengeRecalled => Letter::ChallengeRecalled {
                challenge: challenge()?,
                agency: agency()?,
                link: at_challenge()?,
            },
            LetterKind::ChallengePublished => Letter::ChallengePublished {
                challenge: challenge()?,
                agency: agency()?,
                closes_at: self.challenge.as_ref()?.closes_at?,
                link: at_challenge()?,
            },
            LetterKind::ChallengeAmended => {
                let amended = self.amended.as_ref()?;
                Letter::ChallengeAmended {
                    challenge: challenge()?,
                    note: say(amended.note_vi.as_ref()?, amended.note_en.as_ref()),
                    closes_at: amended.content.closes_at,
                    link: at_challenge()?,
                }
            }
            LetterKind::Announcement => {
                let announced = self.announced.as_ref()?;
                Letter::Announcement {
                    challenge: challenge()?,
                    text: say(&announced.text_vi, announced.text_en.as_ref()),
                    link: at_challenge()?,
                }
            }
            LetterKind::ChallengePaused => Letter::ChallengePaused {
                challenge: challenge()?,
                reason: self.challenge.as_ref()?.halt_reason.clone()?,
                link: at_challenge()?,
            },
            LetterKind::ChallengeResumed => Letter::ChallengeResumed {
                challenge: challenge()?,
                closes_at: self.challenge.as_ref()?.closes_at?,
                link: at_challenge()?,
            },
            LetterKind::ChallengeCancelled => Letter::ChallengeCancelled {
                challenge: challenge()?,
                reason: self.challenge.as_ref()?.halt_reason.clone()?,
                link: at_challenge()?,
            },
            LetterKind::DeadlineNear => Letter::DeadlineNear {
                challenge: challenge()?,
                closes_at: self.challenge.as_ref()?.closes_at?,
                link: at_challenge()?,
            },
            LetterKind::OrganizationWaits => {
                Letter::OrganizationWaits { organization: organization()?, link: at_organization()? }
            }
            LetterKind::QuestionAsked => {
                Letter::QuestionAsked { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::QuestionAnswered => {
                Letter::QuestionAnswered { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::QuestionDeclined => Letter::QuestionDeclined {
                challenge: challenge()?,
                reason: reason(self.question.as_ref()?.decline_reason.as_ref()),
                link: at_challenge()?,
            },
            LetterKind::DecisionMakerNamed => {
                Letter::DecisionMakerNamed { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::CouncilMemberAppointed => {
                let role = CouncilRole::from_name(event.facts.get("role")?)?;
                Letter::CouncilMemberAppointed {
                    challenge: challenge()?,
                    role: council_role(role, self.locale).to_owned(),
                    link: at_challenge()?,
                }
            }
            LetterKind::ProposalSubmitted => {
                let version = self.version.as_ref()?;
                Letter::ProposalSubmitted {
                    challenge: challenge()?,
                    version: version.number,
                    submitted_at: version.submitted_at,
                    sha256: version.sha256.clone(),
                    link: at_proposal()?,
                }
            }
            LetterKind::ProposalWithdrawn => {
                Letter::ProposalWithdrawn { challenge: challenge()?, link: at_proposal()? }
            }
            LetterKind::ProposalRevived => Letter::ProposalRevived {
                challenge: challenge()?,
                closes_at: self.challenge.as_ref()?.closes_at?,
                link: at_proposal()?,
            },
            LetterKind::ProposalWithdrawnFromReview => {
                Letter::ProposalWithdrawnFromReview { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::OpeningRequested => Letter::OpeningRequested {
                challenge: challenge()?,
                requested_by: person()?,
                link: at_challenge()?,
            },
            LetterKind::ProposalsOpened => Letter::ProposalsOpened {
                challenge: challenge()?,
                opened_at: self.opening.as_ref()?.confirmed_at?,
                link: at_challenge()?,
            },
            LetterKind::ProposalScreened => Letter::ProposalScreened {
                challenge: challenge()?,
                proposal: proposal()?,
                eligible: event.facts.get("to").map(String::as_str) == Some(ProposalStatus::Eligible.name()),
                reason: reason(self.proposal.as_ref()?.status_reason.as_ref()),
                link: at_proposal()?,
            },
            LetterKind::ClarificationAsked => Letter::ClarificationAsked {
                challenge: challenge()?,
                due_at: self.asked.as_ref()?.due_at,
                link: at_proposal()?,
            },
            LetterKind::ClarificationAnswered => {
                Letter::ClarificationAnswered { challenge: challenge()?, link: at_proposal()? }
            }
            LetterKind::ClarificationLapsed => Letter::ClarificationLapsed {
                challenge: challenge()?,
                due_at: self.asked.as_ref()?.due_at,
                link: at_proposal()?,
            },
            LetterKind::DisqualificationRequested => {
                Letter::DisqualificationRequested { challenge: challenge()?, link: at_proposal()? }
            }
            LetterKind::DisqualificationRuled => {
                Letter::DisqualificationRuled { challenge: challenge()?, link: at_proposal()? }
            }
            LetterKind::ProposalDisqualified => {
                let row = self.proposal.as_ref()?;
                Letter::ProposalDisqualified {
                    challenge: challenge()?,
                    proposal: proposal()?,
                    ground: disqualified_for(row.disqualification_ground?, self.locale).to_owned(),
                    reason: reason(row.disqualification_reason.as_ref()),
                    link: at_proposal()?,
                }
            }
            LetterKind::ReviewOffered => {
                Letter::ReviewOffered { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::ReviewRecused => {
                Letter::ReviewRecused { challenge: challenge()?, member: person()?, link: at_challenge()? }
            }
            LetterKind::ReviewVoidRequested => Letter::ReviewVoidRequested {
                challenge: challenge()?,
                reason: reason(self.review.as_ref()?.void_reason.as_ref()),
                link: at_challenge()?,
            },
            LetterKind::ReviewVoided => Letter::ReviewVoided {
                challenge: challenge()?,
                reason: review_reason()?,
                link: at_challenge()?,
            },
            LetterKind::ReviewDue => Letter::ReviewDue {
                challenge: challenge()?,
                due_at: self.review.as_ref()?.due_at?,
                link: at_challenge()?,
            },
            LetterKind::ReviewExpired => Letter::ReviewExpired {
                challenge: challenge()?,
                due_at: self.review.as_ref()?.due_at?,
                link: at_challenge()?,
            },
            LetterKind::ReviewMissed => {
                Letter::ReviewMissed { challenge: challenge()?, member: person()?, link: at_challenge()? }
            }
            LetterKind::ReviewDeclined => Letter::ReviewDeclined {
                challenge: challenge()?,
                member: person()?,
                reason: review_reason()?,
                link: at_challenge()?,
            },
            LetterKind::ReviewRevoked => Letter::ReviewRevoked {
                challenge: challenge()?,
                reason: review_reason()?,
                link: at_challenge()?,
            },
            LetterKind::ReviewReopened => Letter::ReviewReopened {
                challenge: challenge()?,
                reason: review_reason()?,
                link: at_challenge()?,
            },
            LetterKind::ReviewSubmitted => {
                Letter::ReviewSubmitted { challenge: challenge()?, member: person()?, link: at_challenge()? }
            }
            LetterKind::RoundLocked => Letter::RoundLocked { challenge: challenge()?, link: at_challenge()? },
            LetterKind::DecisionStarted => {
                Letter::DecisionStarted { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::DecisionProposed => {
                Letter::DecisionProposed { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::DecisionReturned => Letter::DecisionReturned {
                challenge: challenge()?,
                reason: reason(self.decision.as_ref()?.return_reason.as_ref()),
                link: at_challenge()?,
            },
            LetterKind::DecisionApproved => {
                Letter::DecisionApproved { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::DecisionPublished => Letter::DecisionPublished {
                challenge: challenge()?,
                decision_number: self.decision_number()?,
                link: at_challenge()?,
            },
            LetterKind::DecisionPublishedToApplicant => Letter::DecisionPublishedToApplicant {
                challenge: challenge()?,
                proposal: proposal()?,
                outcome: match self.proposal.as_ref()?.status {
                    ProposalStatus::Selected => LetterOutcome::Selected,
                    ProposalStatus::Reserve => LetterOutcome::Reserve,
                    _ => LetterOutcome::NotSelected,
                },
                feedback: reason(self.proposal.as_ref()?.feedback.as_ref()),
                decision_number: self.decision_number()?,
                link: at_proposal()?,
            },
            LetterKind::DecisionScheduleLapsed => {
                Letter::DecisionScheduleLapsed { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::AppealFiled => Letter::AppealFiled { challenge: challenge()?, link: at_proposal()? },
            LetterKind::AppealReceived => {
                Letter::AppealReceived { challenge: challenge()?, link: at_challenge()? }
            }
            LetterKind::AppealRuled => Letter::AppealRuled { challenge: challenge()?, link: at_proposal()? },
            LetterKind::DecisionSetAside => Letter::DecisionSetAside {
                challenge: challenge()?,
                decision_number: self.decision_number()?,
                link: at_challenge()?,
            },
            LetterKind::DecisionFinal => Letter::DecisionFinal {
                challenge: challenge()?,
                decision_number: self.decision_number()?,
                link: at_challenge()?,
            },
            // It is made of others.
            LetterKind::Digest => return None,
        })
    }

    fn decision_number(&self) -> Option<String> {
        Some(self.decision.as_ref()?.record.as_ref()?.number.clone())
    }
}

/// What a small fact of the event names.
fn named(event: &Event, fact: &str) -> Option<uuid::Uuid> {
    event.facts.get(fact)?.parse().ok()
}

fn membership_role(role: MembershipRole, locale: Locale) -> &'static str {
    let (vi, en) = match role {
        MembershipRole::Owner => ("chủ sở hữu", "owner"),
        MembershipRole::Editor => ("người soạn hồ sơ", "editor"),
        MembershipRole::Viewer => ("người xem", "viewer"),
        MembershipRole::Lead => ("phụ trách đơn vị", "lead"),
        MembershipRole::Drafter => ("chuyên viên soạn thảo", "drafter"),
        MembershipRole::Officer => ("cán bộ chương trình", "programme officer"),
        MembershipRole::Publisher => ("người có thẩm quyền công bố", "publishing authority"),
    };
    if locale == Locale::Vi { vi } else { en }
}

fn disqualified_for(ground: Ground, locale: Locale) -> &'static str {
    let (vi, en) = match ground {
        Ground::UntrueStatement => ("hồ sơ có nội dung không đúng sự thật", "untrue statements"),
        Ground::NotTheirOwn => {
            ("giải pháp không thuộc quyền của đơn vị", "a solution that is not the applicant's own to offer")
        }
        Ground::UndueInfluence => {
            ("tác động không đúng quy định đến việc đánh giá", "undue influence on the evaluation")
        }
        Ground::NotEligible => ("không đáp ứng điều kiện tham gia", "the conditions of the call are not met"),
        Ground::Other => ("lý do khác", "another reason"),
    };
    if locale == Locale::Vi { vi } else { en }
}

pub(crate) fn council_role(role: CouncilRole, locale: Locale) -> &'static str {
    let (vi, en) = match role {
        CouncilRole::Chair => ("chủ tịch hội đồng", "chair"),
        CouncilRole::ViceChair => ("phó chủ tịch hội đồng", "vice chair"),
        CouncilRole::Secretary => ("thư ký khoa học", "scientific secretary"),
        CouncilRole::Reviewer => ("ủy viên phản biện", "reviewer"),
        CouncilRole::Member => ("ủy viên", "member"),
    };
    if locale == Locale::Vi { vi } else { en }
}

/// Withholds every mail that waits: of a history that is told and not lived, nobody should find the mails.
#[derive(Serialize)]
pub struct SuppressQueued {
    /// Why, for staff.
    pub reason: String,
}

impl Command for SuppressQueued {
    const NAME: &'static str = "suppressQueuedMail";
    type Output = u64;

    async fn run(&self, tx: &Tx) -> Result<u64> {
        let change = message::ActiveModel {
            status: Set(MessageStatus::Suppressed),
            last_error: Set(Some(self.reason.clone())),
            ..Default::default()
        };
        let queued = message::Column::Status.eq(MessageStatus::Queued);
        Ok(message::Entity::update_many().set(change).filter(queued).exec(tx).await?.rows_affected)
    }
}

/// Figures of the outbox, for the metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    /// Seconds the oldest unsent mail has waited, but for those whose turn comes later.
    pub oldest_seconds: i64,
    /// Seconds the oldest lease has been held.
    pub oldest_lease_seconds: i64,
    /// Mails given up.
    pub dead: u64,
    /// Mails held back for their address.
    pub held_back: u64,
}

/// Reads the figures of the outbox.
pub async fn backlog(app: &App) -> Result<Backlog> {
    use message::Column as M;
    let now = app.db.clock.process();
    let unsent = [MessageStatus::Queued, MessageStatus::Sending, MessageStatus::Retrying];
    let oldest = message::Entity::find()
        .filter(M::Status.is_in(unsent))
        .filter(Condition::any().add(M::Status.ne(MessageStatus::Queued)).add(M::DueAt.lte(now)))
        .order_by_asc(M::CreatedAt)
        .limit(1)
        .one(&app.db.read)
        .await?;
    let dead = message::Entity::find().filter(M::Status.eq(MessageStatus::Dead)).count(&app.db.read).await?;
    let held_back = message::Entity::find().filter(dead_letter::held_back()).count(&app.db.read).await?;
    let leased = message::Entity::find()
        .filter(M::Status.eq(MessageStatus::Sending))
        .order_by_asc(M::LeaseUntil)
        .limit(1)
        .one(&app.db.read)
        .await?;
    let lease = i64::try_from(app.settings.mail_lease.as_secs()).unwrap_or(i64::MAX);
    let held = |row: message::Model| Some(now.seconds_since(row.lease_until?).saturating_add(lease).max(0));
    Ok(Backlog {
        oldest_seconds: oldest.map_or(0, |row| now.seconds_since(row.created_at).max(0)),
        oldest_lease_seconds: leased.and_then(held).unwrap_or(0),
        dead,
        held_back,
    })
}

/// Whether any mail waits or is under way: tests wait for none.
pub async fn is_quiet(app: &App) -> Result<bool> {
    let unsent = [MessageStatus::Queued, MessageStatus::Sending, MessageStatus::Retrying];
    let waiting =
        Condition::any().add(message::Column::Status.is_in(unsent)).add(quiet_until(app.db.clock.process()));
    Ok(message::Entity::find().filter(waiting).count(&app.db.read).await? == 0)
}
