//! Challenges that are the same problem in several places.

use std::collections::HashMap;

use domain::access::Action;
use domain::challenge::may_link_duplicate;
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, PublicId as _};
use domain::problem::{Problem, Reason};
use entity::challenge;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder as _,
    QuerySelect as _,
};
use serde::Serialize;

use crate::App;
use crate::access::must;
use crate::batch::grouped;
use crate::challenge::visible_to;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;

/// The duplicates of challenges, as far as the viewer may know them, oldest first.
pub async fn of_challenges(
    app: &App,
    viewer: &Viewer,
    ids: &[ChallengeId],
) -> Result<HashMap<ChallengeId, Vec<challenge::Model>>> {
    let rows = visible_to(viewer)
        .filter(challenge::Column::DuplicateOf.is_in(ids.to_vec()))
        .order_by_asc(challenge::Column::CreatedAt)
        .order_by_asc(challenge::Column::Id)
        .all(&app.db.read)
        .await?;
    let mut of = grouped(rows, |row| row.duplicate_of);
    Ok(ids.iter().filter_map(|id| Some((*id, of.remove(&Some(*id))?))).collect())
}

/// Says that a challenge is the duplicate of another one; None: of none.
#[derive(Serialize)]
pub struct LinkDuplicate {
    /// Which.
    pub challenge: ChallengeId,
    /// Of which.
    pub original: Option<ChallengeId>,
}

impl Command for LinkDuplicate {
    const NAME: &'static str = "linkDuplicate";
    type Output = ChallengeId;

    async fn run(&self, tx: &Tx) -> Result<ChallengeId> {
        use challenge::Column as C;
        tx.op().user()?;
        let missing = |field: &str| Problem::at(field, Reason::NotFound);
        let known = |id: ChallengeId| visible_to(&tx.op().viewer).filter(C::Id.eq(id));
        // Who may is asked before anything is told about the other one.
        known(self.challenge).one(tx).await?.ok_or_else(|| missing("challengeId"))?;
        must(Action::LinkDuplicate, tx.op().viewer.roles())?;
        if let Some(original) = self.original {
            known(original).one(tx).await?.ok_or_else(|| missing("duplicateOfId"))?;
        }
        // Locked in the order of their ids, so that two officers do not wait for each other.
        let mut ids: Vec<_> = [Some(self.challenge), self.original].into_iter().flatten().collect();
        ids.sort_by_key(|id| id.0);
        let mut rows = HashMap::new();
        for id in ids {
            rows.extend(known(id).lock_exclusive().one(tx).await?.map(|row| (id, row)));
        }
        let row = rows.get(&self.challenge).ok_or_else(|| missing("challengeId"))?;
        if let Some(original) = self.original {
            let target = rows.get(&original).ok_or_else(|| missing("duplicateOfId"))?;
            let duplicates = |of: ChallengeId| challenge::Entity::find().filter(C::DuplicateOf.eq(of));
            let has_duplicates = duplicates(row.id).count(tx).await? > 0;
            let others = duplicates(original).filter(C::Id.ne(row.id)).count(tx).await?;
            may_link_duplicate(
                original == row.id,
                has_duplicates,
                target.duplicate_of.is_some(),
                usize::try_from(others).unwrap_or(usize::MAX),
            )?;
        }
        if row.duplicate_of == self.original {
            return Ok(row.id);
        }
        // Not its text: whoever edits the draft loses nothing by it, so its version stays.
        let change = challenge::ActiveModel { duplicate_of: Set(self.original), ..Default::default() };
        challenge::Entity::update_many().set(change).filter(C::Id.eq(row.id)).exec(tx).await?;
        let event = match self.original {
            Some(original) => Event::new(EventKind::DuplicateLinked).fact("duplicate_of", original.public()),
            None => Event::new(EventKind::DuplicateUnlinked),
        };
        tx.record(event.challenge(row.id));
        Ok(row.id)
    }
}
