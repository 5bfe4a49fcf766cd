//! What the agency or the programme office announces about a challenge, for everybody.

use std::collections::HashMap;

use domain::access::Action;
use domain::challenge::may_announce;
use domain::event::{Event, EventKind};
use domain::id::ChallengeId;
use domain::text::Bilingual;
use entity::announcement;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder as _,
    QuerySelect as _,
};
use serde::Serialize;

use crate::App;
use crate::access::must_in;
use crate::batch::{grouped, visible_challenges};
use crate::challenge::{locked, stage};
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;

/// What was announced about challenges, the newest first.
///
/// As the challenges: row `CHALLENGE` of [`READS`](domain::access::READS).
pub async fn of_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<announcement::Model>>> {
    let rows = announcement::Entity::find()
        .filter(announcement::Column::ChallengeId.in_subquery(visible_challenges(viewer, ids)))
        .order_by_desc(announcement::Column::Number)
        .all(&app.db.read)
        .await?;
    Ok(grouped(rows, |row| row.challenge_id))
}

/// How often something was announced about these challenges.
pub(crate) async fn counts(
    db: &impl ConnectionTrait,
    challenges: Vec<ChallengeId>,
) -> Result<HashMap<ChallengeId, usize>> {
    use announcement::Column as A;
    if challenges.is_empty() {
        return Ok(HashMap::new());
    }
    let counts: Vec<(ChallengeId, i64)> = announcement::Entity::find()
        .filter(A::ChallengeId.is_in(challenges))
        .select_only()
        .column(A::ChallengeId)
        .column_as(A::Number.count(), "announced")
        .group_by(A::ChallengeId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(id, count)| (id, usize::try_from(count).unwrap_or(usize::MAX))).collect())
}

/// Announces something about a challenge.
#[derive(Serialize)]
pub struct PublishAnnouncement {
    /// About which.
    pub challenge: ChallengeId,
    /// What.
    pub text: Bilingual,
}

impl Command for PublishAnnouncement {
    const NAME: &'static str = "publishAnnouncement";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        let user = tx.op().user()?;
        let row = locked(tx, self.challenge).await?;
        must_in(tx, Action::PublishAnnouncement, row.agency_id).await?;
        let announced = counts(tx, vec![row.id]).await?.remove(&row.id).unwrap_or_default();
        may_announce(stage(&row), announced)?;
        let number = i32::try_from(announced).unwrap_or(i32::MAX).saturating_add(1);
        let new = announcement::ActiveModel {
            challenge_id: Set(row.id),
            number: Set(number),
            published_by: Set(user),
            published_at: Set(tx.now().await?),
            text_vi: Set(self.text.vi.clone()),
            text_en: Set(self.text.en.clone()),
        };
        announcement::Entity::insert(new).exec_without_returning(tx).await?;
        tx.record(Event::new(EventKind::AnnouncementPublished).challenge(row.id).fact("number", number));
        Ok(row.id)
    }
}
