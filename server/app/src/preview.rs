//! A draft shown by a link to people who have no account, before everybody may read it.

use std::collections::HashMap;

use domain::access::Action;
use domain::challenge::{PREVIEWED, may_preview};
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, PublicId as _};
use domain::time::Timestamp;
use entity::{challenge, criterion, indicator, organization, preview_link};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder as _, QuerySelect as _,
};
use serde::Serialize;

use crate::App;
use crate::access::must_in;
use crate::challenge::{locked, stage};
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::keys::token_hash;
use crate::op::Viewer;

const PURPOSE: &str = "preview";

/// The secret of a link. It can be made again for those who may share it, and stands nowhere at rest.
fn secret(app: &App, challenge: ChallengeId, created_at: Timestamp) -> String {
    app.keys.seal_link(PURPOSE, &format!("{} {}", challenge.public(), created_at.micros()))
}

/// A link, for those who write the challenge.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Its address; None once the keys of the server are others than when it was made.
    pub url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The links of challenges, as far as the viewer writes them and they are good.
pub async fn of_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Shared>> {
    let desks = viewer.desks();
    if desks.is_empty() {
        return Ok(HashMap::new());
    }
    let public = app.settings.public_url.trim_end_matches('/');
    let rows = live(app)
        .filter(challenge::Column::Id.is_in(ids.to_vec()))
        .filter(challenge::Column::AgencyId.is_in(desks))
        .all(&app.db.read)
        .await?;
    let shared = rows.into_iter().filter_map(|(link, challenge)| {
        challenge?;
        let secret = secret(app, link.challenge_id, link.created_at);
        let url =
            (token_hash(&secret) == link.token_hash).then(|| format!("{public}/previews#token={secret}"));
        let shared = Shared { url, created_at: link.created_at, expires_at: link.expires_at };
        Some((link.challenge_id, shared))
    });
    Ok(shared.collect())
}

/// Links that are good: of challenges which are not public.
fn live(app: &App) -> sea_orm::SelectTwo<preview_link::Entity, challenge::Entity> {
    let own = preview_link::Entity::belongs_to(challenge::Entity)
        .from(preview_link::Column::ChallengeId)
        .to(challenge::Column::Id)
        .into();
    preview_link::Entity::find()
        .filter(preview_link::Column::ExpiresAt.gt(app.db.clock.process()))
        .join(JoinType::InnerJoin, own)
        .select_also(challenge::Entity)
        .filter(challenge::Column::Status.is_in(PREVIEWED.to_vec()))
}

/// What whoever has the link reads.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The draft.
    pub challenge: challenge::Model,
    /// Whose it is.
    pub agency: organization::Model,
    /// What is measured.
    pub indicators: Vec<indicator::Model>,
    /// How proposals are to be judged.
    pub criteria: Vec<criterion::Model>,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

/// What a link shows; None if it shows nothing, or nothing any more.
///
/// The one read that asks for no viewer: the secret is the right, see row `PREVIEW` of
/// [`READS`](domain::access::READS).
pub async fn by_token(app: &App, token: &str) -> Result<Option<Preview>> {
    let found =
        live(app).filter(preview_link::Column::TokenHash.eq(token_hash(token))).one(&app.db.read).await?;
    let Some((link, Some(challenge))) = found else { return Ok(None) };
    let Some(agency) = organization::Entity::find_by_id(challenge.agency_id).one(&app.db.read).await? else {
        return Ok(None);
    };
    let indicators = indicator::Entity::find()
        .filter(indicator::Column::ChallengeId.eq(challenge.id))
        .order_by_asc(indicator::Column::Position);
    let criteria = criterion::Entity::find()
        .filter(criterion::Column::ChallengeId.eq(challenge.id))
        .order_by_asc(criterion::Column::Position);
    Ok(Some(Preview {
        agency,
        indicators: indicators.all(&app.db.read).await?,
        criteria: criteria.all(&app.db.read).await?,
        expires_at: link.expires_at,
        challenge,
    }))
}

/// Lets a draft be read by a link. One that there was reads nothing any more.
#[derive(Serialize)]
pub struct SharePreview {
    /// Which draft.
    pub challenge: ChallengeId,
    /// For how many days.
    pub days: i64,
}

impl Command for SharePreview {
    const NAME: &'static str = "sharePreview";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::WriteChallenge, row.agency_id).await?;
        may_preview(stage(&row))?;
        preview_link::Entity::delete_by_id(row.id).exec(tx).await?;
        let now = tx.now().await?;
        let expires_at = now.plus_seconds(self.days * 86_400);
        let link = preview_link::ActiveModel {
            challenge_id: Set(row.id),
            token_hash: Set(token_hash(&secret(tx.app(), row.id, now))),
            created_by: Set(user),
            created_at: Set(now),
            expires_at: Set(expires_at),
        };
        preview_link::Entity::insert(link).exec_without_returning(tx).await?;
        let event = Event::new(EventKind::PreviewShared).challenge(row.id);
        tx.record(event.fact("expires_at", expires_at.micros()));
        Ok(row.id)
    }
}

/// What everybody may read needs no link.
pub(crate) async fn end(tx: &Tx, challenge: ChallengeId) -> Result<()> {
    preview_link::Entity::delete_by_id(challenge).exec(tx).await?;
    Ok(())
}

/// Takes the link back.
#[derive(Serialize)]
pub struct RevokePreview {
    /// Of which draft.
    pub challenge: ChallengeId,
}

impl Command for RevokePreview {
    const NAME: &'static str = "revokePreview";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::WriteChallenge, row.agency_id).await?;
        let gone = preview_link::Entity::delete_by_id(row.id).exec(tx).await?;
        if gone.rows_affected > 0 {
            tx.record(Event::new(EventKind::PreviewRevoked).challenge(row.id));
        }
        Ok(row.id)
    }
}
