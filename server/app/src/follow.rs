//! Following challenges, agencies and sectors: what is public of them comes by mail, until one click ends it. Searches that somebody
//! keeps end by the same click.

use std::collections::HashSet;
use std::sync::Arc;

use domain::event::{Audience, Event, EventKind, hears};
use domain::follow::{Followed, LIMIT, hear_of};
use domain::id::{ChallengeId, SavedSearchId, UserId};
use domain::letter::LetterKind;
use domain::organization::OrganizationKind;
use domain::preference::NotificationGroup;
use domain::problem::{Problem, Reason};
use entity::{challenge, follow, organization, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, Select,
};
use serde::Serialize;

use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::{Op, Viewer};
use crate::preference::{Unwanted, turn_off};
use crate::{App, saved_search};

/// What the viewer follows; what others do, nobody reads.
///
/// Row `FOLLOWING` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<follow::Entity> {
    let own: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    follow::Entity::find().filter(follow::Column::UserId.is_in(own))
}

fn is(followed: Followed) -> Condition {
    Condition::all()
        .add(follow::Column::Kind.eq(followed.kind()))
        .add(follow::Column::Target.eq(followed.target()))
}

fn is_any(followed: impl IntoIterator<Item = Followed>) -> Condition {
    followed.into_iter().fold(Condition::any(), |any, followed| any.add(is(followed)))
}

/// All that the viewer follows, the newest first.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<follow::Model>> {
    Ok(visible_to(viewer).order_by_desc(follow::Column::CreatedAt).all(&app.db.read).await?)
}

/// Which of these the viewer follows.
pub async fn among(app: &App, viewer: &Viewer, followed: &[Followed]) -> Result<HashSet<String>> {
    if viewer.0.is_none() || followed.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = visible_to(viewer).filter(is_any(followed.iter().copied())).all(&app.db.read).await?;
    Ok(rows.into_iter().map(|row| row.target).collect())
}

/// Whether the viewer may know of it, so that it can be followed: an agency, a challenge; sectors are known to all.
async fn is_known(tx: &Tx, followed: Followed) -> Result<bool> {
    let viewer = &tx.op().viewer;
    Ok(match followed {
        Followed::Challenge(id) => {
            let known = crate::challenge::visible_to(viewer).filter(challenge::Column::Id.eq(id));
            known.one(tx).await?.is_some()
        }
        Followed::Agency(id) => {
            let known = crate::organization::visible_to(viewer)
                .filter(organization::Column::Id.eq(id))
                .filter(organization::Column::Kind.eq(OrganizationKind::Agency));
            known.one(tx).await?.is_some()
        }
        Followed::Sector(_) => true,
    })
}

fn not_found(followed: Followed) -> Problem {
    Problem::at(
        if matches!(followed, Followed::Agency(_)) { "agencyId" } else { "challengeId" },
        Reason::NotFound,
    )
}

/// Follows something; again is no harm.
#[derive(Serialize)]
pub struct Follow {
    /// What.
    pub followed: Followed,
}

impl Command for Follow {
    const NAME: &'static str = "follow";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let user = tx.op().user()?;
        if !is_known(tx, self.followed).await? {
            return Err(not_found(self.followed).into());
        }
        // One after the other, so that the limit holds.
        user::Entity::find_by_id(user).lock_exclusive().one(tx).await?;
        let others = visible_to(&tx.op().viewer).filter(is(self.followed).not());
        if others.count(tx).await? >= LIMIT as u64 {
            return Err(Reason::Quota { limit: LIMIT }.into());
        }
        let row = follow::ActiveModel {
            user_id: Set(user),
            kind: Set(self.followed.kind()),
            target: Set(self.followed.target()),
            created_at: Set(tx.now().await?),
        };
        follow::Entity::insert(row)
            .on_conflict_do_nothing_on([follow::Column::UserId, follow::Column::Kind, follow::Column::Target])
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

/// Follows something no more; again is no harm.
#[derive(Serialize)]
pub struct Unfollow {
    /// What.
    pub followed: Followed,
}

impl Command for Unfollow {
    const NAME: &'static str = "unfollow";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let user = tx.op().user()?;
        let ended = end(tx, user, self.followed).await?;
        if ended || is_known(tx, self.followed).await? {
            Ok(())
        } else {
            Err(not_found(self.followed).into())
        }
    }
}

async fn end(tx: &Tx, user: UserId, followed: Followed) -> Result<bool> {
    let row = follow::Entity::delete_many().filter(follow::Column::UserId.eq(user)).filter(is(followed));
    Ok(row.exec(tx).await?.rows_affected > 0)
}

/// What a mail came of, and can be ended.
#[derive(Clone, Copy, Serialize)]
enum Cause {
    /// Somebody follows something.
    Followed(Followed),
    /// Somebody keeps a search.
    Search(SavedSearchId),
    /// It belongs to an office or a house, or was gathered: such mails can be turned off.
    Kind(Unwanted),
}

/// Ends by the link of a mail what brought it. The link is proof enough.
#[derive(Serialize)]
struct Unsubscribe {
    user: UserId,
    cause: Cause,
}

impl Command for Unsubscribe {
    const NAME: &'static str = "unsubscribe";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        match self.cause {
            Cause::Followed(followed) => end(tx, self.user, followed).await.map(drop),
            Cause::Search(id) => saved_search::end(tx, self.user, id).await.map(drop),
            Cause::Kind(unwanted) => turn_off(tx, self.user, unwanted).await,
        }
    }
}

/// Ends what the token of a mail names. False: it is no token of ours.
pub async fn unsubscribe(app: &App, token: &str) -> Result<bool> {
    let Some((user, cause)) = named_by(app, token) else { return Ok(false) };
    let op = Arc::new(Op::of_system(Viewer::default()));
    app.execute(&op, None, Unsubscribe { user, cause }).await?;
    Ok(true)
}

/// Begins what a token says, so that it is no cursor, and a cursor no token.
const TOKEN: &str = "unsubscribe";

/// In the place of what is followed: a search, a group of mails, the digest.
const SEARCH: &str = "SEARCH";
const GROUP: &str = "GROUP";
const DIGEST: &str = "DIGEST";

fn token(app: &App, user: UserId, cause: Cause) -> String {
    let (kind, target) = match cause {
        Cause::Followed(followed) => (followed.kind().name(), followed.target()),
        Cause::Search(id) => (SEARCH, id.to_string()),
        Cause::Kind(Unwanted::Group(group)) => (GROUP, group.name().to_owned()),
        Cause::Kind(Unwanted::Digest) => (DIGEST, DIGEST.to_owned()),
    };
    app.keys.seal_cursor(&format!("{TOKEN} {user} {kind} {target}"))
}

fn named_by(app: &App, token: &str) -> Option<(UserId, Cause)> {
    let text = app.keys.open_cursor(token)?;
    let mut words = text.split(' ');
    let (TOKEN, user, kind, target) = (words.next()?, words.next()?, words.next()?, words.next()?) else {
        return None;
    };
    let cause = match domain::follow::FollowKind::from_name(kind) {
        Some(kind) => Cause::Followed(Followed::read(kind, target)?),
        None if kind == SEARCH => Cause::Search(SavedSearchId(target.parse().ok()?)),
        None if kind == GROUP => Cause::Kind(Unwanted::Group(NotificationGroup::from_name(target)?)),
        None if kind == DIGEST => Cause::Kind(Unwanted::Digest),
        None => return None,
    };
    Some((UserId(user.parse().ok()?), cause))
}

/// Who hears of an event because of what they follow, or look for.
pub(crate) async fn followers(db: &impl ConnectionTrait, event: &Event) -> Result<Vec<UserId>> {
    let Some(row) = about(db, event).await? else { return Ok(Vec::new()) };
    let heard_by = hear_of(event.kind, row.id, row.agency_id, row.sector);
    let rows = follow::Entity::find().filter(is_any(heard_by)).select_only().column(follow::Column::UserId);
    let mut followers: Vec<UserId> = rows.into_tuple().all(db).await?;
    if event.kind == EventKind::ChallengePublished {
        followers
            .extend(saved_search::answered(db, &row, None).await?.into_iter().map(|search| search.user_id));
    }
    Ok(followers)
}

async fn about(db: &impl ConnectionTrait, event: &Event) -> Result<Option<challenge::Model>> {
    let Some(id) = event.challenge else { return Ok(None) };
    Ok(challenge::Entity::find_by_id(id).one(db).await?)
}

/// What somebody follows or looks for that an event of a challenge is heard by.
async fn cause(db: &impl ConnectionTrait, user: UserId, event: &Event) -> Result<Option<Cause>> {
    let Some(row) = about(db, event).await? else { return Ok(None) };
    let heard_by = hear_of(event.kind, row.id, row.agency_id, row.sector);
    let own = follow::Entity::find().filter(follow::Column::UserId.eq(user)).filter(is_any(heard_by.clone()));
    let own = own.all(db).await?;
    let followed = heard_by.into_iter().find(|followed| {
        own.iter().any(|row| row.kind == followed.kind() && row.target == followed.target())
    });
    Ok(match followed {
        Some(followed) => Some(Cause::Followed(followed)),
        None if event.kind == EventKind::ChallengePublished => {
            let searches = saved_search::answered(db, &row, Some(user)).await?;
            searches.first().map(|search| Cause::Search(search.id))
        }
        None => None,
    })
}

/// Whether somebody hears of an event by what they follow or look for.
pub(crate) async fn is_follower(db: &impl ConnectionTrait, user: UserId, event: &Event) -> Result<bool> {
    Ok(cause(db, user, event).await?.is_some())
}

/// The link by which the reader of a mail ends what brought it; None if nothing did that can be ended.
pub(crate) async fn way_out(
    app: &App,
    user: UserId,
    letter: LetterKind,
    topic: NotificationGroup,
    event: &Event,
) -> Result<Option<String>> {
    let to_followers =
        hears(event.kind).iter().any(|(to, sent)| *to == Audience::Followers && *sent == letter);
    let followed = if to_followers { cause(&app.db.read, user, event).await? } else { None };
    let cause = match followed {
        None if letter == LetterKind::Digest => Some(Cause::Kind(Unwanted::Digest)),
        None if !topic.is_mandatory() => Some(Cause::Kind(Unwanted::Group(topic))),
        followed => followed,
    };
    let public = app.settings.public_url.trim_end_matches('/');
    Ok(cause.map(|cause| format!("{public}/unsubscribe/{}", token(app, user, cause))))
}

/// Which of these challenges the viewer follows.
pub async fn followed_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<std::collections::HashMap<ChallengeId, bool>> {
    let followed: Vec<_> = ids.iter().copied().map(Followed::Challenge).collect();
    let own = among(app, viewer, &followed).await?;
    Ok(ids.iter().map(|id| (*id, own.contains(&Followed::Challenge(*id).target()))).collect())
}
