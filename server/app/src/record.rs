//! The only way to say what happened: audit entry, event and outgoing mail, in the transaction of the change itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::audit;
use domain::event::{Audience, Event, hears};
use domain::id::{OrganizationId, UserId};
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::preference::{NotificationGroup, group, group_for};
use domain::problem::Code;
use domain::proposal::ProposalStatus;
use domain::review::CouncilRole;
use domain::time::Timestamp;
use entity::{
    audit_entry, audit_head, challenge, challenge_author, council_member, event, membership, message,
    one_time_token, organization, proposal, user,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait, Select,
};

use crate::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Op;

/// Rows per insert: both databases limit the parameters of a statement.
const CHUNK: usize = 500;

/// Writes everything that was recorded in the transaction, and says whether that queued mail. The head of the chain is
/// locked last and briefly.
pub(crate) async fn flush(tx: &Tx) -> Result<bool> {
    let events = tx.take_events();
    if events.is_empty() {
        return Ok(false);
    }
    let mut letters = Vec::with_capacity(events.len());
    for event in &events {
        letters.push(addressed(tx, event).await?);
    }
    let now = tx.now().await?;
    let entries = events
        .iter()
        .map(|event| (event.kind.name().to_owned(), event.object(), serde_json::to_string(event)))
        .collect::<Vec<_>>();
    let first = append(tx, now, entries).await?;

    let rows = (first..).zip(&events).map(|(seq, event)| {
        let payload = serde_json::to_string(event).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(event::ActiveModel {
            seq: Set(seq),
            kind: Set(event.kind),
            at: Set(now),
            payload: Set(payload),
            challenge_id: Set(event.challenge),
            proposal_id: Set(event.proposal),
        })
    });
    for rows in rows.collect::<Result<Vec<_>>>()?.chunks(CHUNK) {
        event::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }

    let mut mails: Vec<_> = (first..)
        .zip(letters)
        .flat_map(|(seq, letters)| letters.into_iter().map(move |letter| letter.queued(seq, now)))
        .collect();
    let queued_mail = !mails.is_empty();
    while !mails.is_empty() {
        let rest = mails.split_off(mails.len().min(CHUNK));
        message::Entity::insert_many(std::mem::replace(&mut mails, rest)).exec_without_returning(tx).await?;
    }
    Ok(queued_mail)
}

/// Leaves a trace of an attempt that was refused for lack of permission.
pub(crate) async fn denied(app: &App, op: &Arc<Op>, command: &str, codes: &[Code]) -> Result<()> {
    let tx = Tx::begin(app, op).await?;
    let now = tx.now().await?;
    let actor =
        op.viewer.0.as_ref().map_or(("platform", String::new()), |person| ("user", person.id.to_string()));
    append(&tx, now, vec![(format!("denied:{command}"), actor, serde_json::to_string(codes))]).await?;
    tx.commit().await?;
    Ok(())
}

type Object = (&'static str, String);

/// Appends entries to the chain; returns the number of the first.
async fn append(
    tx: &Tx,
    now: Timestamp,
    entries: Vec<(String, Object, serde_json::Result<String>)>,
) -> Result<i64> {
    let head = audit_head::Entity::find_by_id(1).lock_exclusive().one(tx).await?;
    let head = head.ok_or_else(|| Error::Internal("the audit chain has no head".to_owned()))?;
    let op = tx.op();
    let (mut seq, mut hash) = (head.seq, head.hash);
    let mut rows = Vec::with_capacity(entries.len());
    for (action, (object_kind, object_id), detail) in entries {
        seq += 1;
        let entry = audit::Entry {
            seq,
            at: now,
            actor: op.viewer.0.as_ref().map(|person| person.id),
            action,
            object_kind: object_kind.to_owned(),
            object_id,
            detail: detail.map_err(|error| Error::Internal(error.to_string()))?,
            request_id: op.request_id.clone(),
            address: op.address.clone(),
        };
        hash = audit::hash(&hash, &entry);
        rows.push(crate::audit::row(entry, hash.clone()));
    }
    for rows in rows.chunks(CHUNK) {
        audit_entry::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    audit_head::Entity::update_many()
        .set(audit_head::ActiveModel { seq: Set(seq), hash: Set(hash), ..Default::default() })
        .filter(audit_head::Column::Id.eq(1))
        .exec(tx)
        .await?;
    Ok(head.seq + 1)
}

/// Somebody who gets a letter.
struct Addressed {
    letter: LetterKind,
    user: Option<UserId>,
    email: Option<String>,
    topic: NotificationGroup,
}

impl Addressed {
    fn queued(self, seq: i64, now: Timestamp) -> message::ActiveModel {
        message::ActiveModel {
            id: Set(crate::ids::ordered()),
            event_seq: Set(seq),
            kind: Set(self.letter),
            user_id: Set(self.user),
            email: Set(self.email),
            status: Set(MessageStatus::Queued),
            attempt: Set(0),
            due_at: Set(now),
            lease_until: Set(None),
            fence: Set(0),
            last_error: Set(None),
            address_hash: Set(None),
            created_at: Set(now),
            sent_at: Set(None),
            read_at: Set(None),
            topic: Set(Some(self.topic)),
            delivery: Set(None),
            digest_id: Set(None),
            inbox_seq: Set(None),
        }
    }
}

/// Who gets which letter about the event: each person each letter once.
async fn addressed(tx: &Tx, event: &Event) -> Result<Vec<Addressed>> {
    let mut people: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut out = Vec::new();
    for (audience, letter) in hears(event.kind) {
        if *audience == Audience::TokenAddress {
            let token = match event.token {
                Some(id) => one_time_token::Entity::find_by_id(id).one(tx).await?,
                None => None,
            };
            out.extend(token.map(|token| Addressed {
                letter: *letter,
                user: None,
                email: Some(token.email),
                topic: group(*letter),
            }));
        } else if *audience == Audience::PersonAtAddress {
            let person = match event.user {
                Some(id) => user::Entity::find_by_id(id).one(tx).await?,
                None => None,
            };
            out.extend(person.map(|person| Addressed {
                letter: *letter,
                user: Some(person.id),
                email: Some(person.email),
                topic: group(*letter),
            }));
        } else {
            for user in members_of(tx, *audience, event).await? {
                people.entry((*letter, user)).or_default().push(*audience);
            }
        }
    }
    out.extend(people.into_iter().map(|((letter, user), audiences)| Addressed {
        letter,
        user: Some(user),
        email: None,
        topic: group_for(letter, &audiences),
    }));
    Ok(out)
}

/// Whether somebody is still among those who hear of an event by that letter.
pub(crate) async fn is_addressed(
    db: &impl ConnectionTrait,
    event: &Event,
    letter: LetterKind,
    reader: UserId,
) -> Result<bool> {
    for (audience, _) in hears(event.kind).iter().filter(|(_, sent)| *sent == letter) {
        // Of followers there may be many.
        let is_one = match audience {
            Audience::Followers => crate::follow::is_follower(db, reader, event).await?,
            _ => members_of(db, *audience, event).await?.contains(&reader),
        };
        if is_one {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The people who make up an audience of the event.
async fn members_of(db: &impl ConnectionTrait, audience: Audience, event: &Event) -> Result<Vec<UserId>> {
    let challenge = event.challenge;
    let proposal = event.proposal;
    let on_council = |roles: &[CouncilRole]| {
        let seats = council_member::Entity::find()
            .filter(council_member::Column::RemovedAt.is_null())
            .filter(council_member::Column::Role.is_in(roles.to_vec()));
        seats
            .filter(council_member::Column::ChallengeId.eq(challenge))
            .select_only()
            .column(council_member::Column::UserId)
    };
    let roles =
        |are: fn(MembershipRole) -> bool| MembershipRole::ALL.iter().copied().filter(move |role| are(*role));
    let (managing, acting) = (roles(MembershipRole::manages), roles(domain::delegation::acts));
    let users: Vec<UserId> = match audience {
        Audience::TokenAddress | Audience::PersonAtAddress => Vec::new(),
        Audience::Person => event.user.into_iter().collect(),
        Audience::Officers => office(&[MembershipRole::Officer]).into_tuple().all(db).await?,
        Audience::Publishers => office(&[MembershipRole::Publisher]).into_tuple().all(db).await?,
        Audience::OrganizationManagers => {
            live_members()
                .filter(membership::Column::OrganizationId.eq(event.organization))
                .filter(membership::Column::Role.is_in(managing))
                .into_tuple()
                .all(db)
                .await?
        }
        Audience::Delegates => {
            let delegate = event.facts.get("delegate").and_then(|id| id.parse().ok()).map(OrganizationId);
            live_members()
                .filter(membership::Column::OrganizationId.eq(delegate))
                .filter(membership::Column::Role.is_in(acting))
                .into_tuple()
                .all(db)
                .await?
        }
        Audience::Authors => {
            challenge_author::Entity::find()
                .filter(challenge_author::Column::ChallengeId.eq(challenge))
                .select_only()
                .column(challenge_author::Column::UserId)
                .into_tuple()
                .all(db)
                .await?
        }
        Audience::AgencyStaff => {
            let agency = challenge::Entity::find()
                .filter(challenge::Column::Id.eq(challenge))
                .select_only()
                .column(challenge::Column::AgencyId);
            live_members()
                .filter(membership::Column::OrganizationId.in_subquery(agency.into_query()))
                .into_tuple()
                .all(db)
                .await?
        }
        Audience::House => {
            live_members()
                .filter(membership::Column::OrganizationId.eq(event.organization))
                .into_tuple()
                .all(db)
                .await?
        }
        Audience::DecisionMaker => {
            let named = challenge::Entity::find()
                .filter(challenge::Column::Id.eq(challenge))
                .select_only()
                .column(challenge::Column::DecisionMakerId);
            named.into_tuple::<Option<UserId>>().all(db).await?.into_iter().flatten().collect()
        }
        Audience::Team => {
            let team = proposal::Entity::find().filter(proposal::Column::Id.eq(proposal));
            live_members().filter(in_organizations_of(team)).into_tuple().all(db).await?
        }
        Audience::Applicants => {
            let live = proposal::Entity::find().filter(proposal::Column::ChallengeId.eq(challenge)).filter(
                proposal::Column::Status.is_not_in([ProposalStatus::Draft, ProposalStatus::Withdrawn]),
            );
            live_members().filter(in_organizations_of(live)).into_tuple().all(db).await?
        }
        Audience::Drafters => {
            let drafts = proposal::Entity::find()
                .filter(proposal::Column::ChallengeId.eq(challenge))
                .filter(proposal::Column::Status.eq(ProposalStatus::Draft));
            live_members().filter(in_organizations_of(drafts)).into_tuple().all(db).await?
        }
        Audience::Bidders => {
            let bids = proposal::Entity::find()
                .filter(proposal::Column::ChallengeId.eq(challenge))
                .filter(proposal::Column::Status.ne(ProposalStatus::Withdrawn));
            live_members().filter(in_organizations_of(bids)).into_tuple().all(db).await?
        }
        Audience::Followers => crate::follow::followers(db, event).await?,
        Audience::Secretary => on_council(&[CouncilRole::Secretary]).into_tuple().all(db).await?,
        Audience::Chair => on_council(&[CouncilRole::Chair]).into_tuple().all(db).await?,
        Audience::Council => on_council(CouncilRole::ALL).into_tuple().all(db).await?,
        Audience::SecondPersons => {
            let mut users: Vec<UserId> =
                on_council(&[CouncilRole::Chair, CouncilRole::ViceChair]).into_tuple().all(db).await?;
            users.extend(office(&[MembershipRole::Officer]).into_tuple::<UserId>().all(db).await?);
            users
        }
    };
    Ok(users)
}

fn live_members() -> Select<membership::Entity> {
    membership::Entity::find()
        .filter(membership::Column::EndedAt.is_null())
        .select_only()
        .column(membership::Column::UserId)
}

fn in_organizations_of(proposals: Select<proposal::Entity>) -> Condition {
    let organizations = proposals.select_only().column(proposal::Column::OrganizationId).into_query();
    Condition::all().add(membership::Column::OrganizationId.in_subquery(organizations))
}

fn office(roles: &[MembershipRole]) -> Select<membership::Entity> {
    let offices = organization::Entity::find()
        .filter(organization::Column::Kind.eq(OrganizationKind::ProgrammeOffice))
        .filter(organization::Column::Status.eq(OrganizationStatus::Verified))
        .select_only()
        .column(organization::Column::Id)
        .into_query();
    live_members()
        .filter(membership::Column::Role.is_in(roles.to_vec()))
        .filter(membership::Column::OrganizationId.in_subquery(offices))
}
