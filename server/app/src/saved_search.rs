//! Searches that people keep: whoever keeps one is mailed when a challenge is published that answers it.

use std::collections::{BTreeSet, HashMap};

use domain::challenge::Sector;
use domain::follow::SEARCHES;
use domain::id::{ChallengeId, SavedSearchId, UserId};
use domain::problem::{Problem, Reason};
use domain::search::{is_answered, leads, terms};
use entity::{challenge, challenge_word, saved_search, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};
use serde::Serialize;

use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::Viewer;
use crate::{App, batch, ids};

/// One's own; what others look for, nobody reads.
///
/// Row `SAVED_SEARCH` of [`READS`](domain::access::READS).
pub fn visible_to(viewer: &Viewer) -> Select<saved_search::Entity> {
    let own: Option<UserId> = viewer.0.as_ref().map(|person| person.id);
    saved_search::Entity::find().filter(saved_search::Column::UserId.is_in(own))
}

/// All that the viewer keeps, the newest first.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<saved_search::Model>> {
    let newest = visible_to(viewer)
        .order_by_desc(saved_search::Column::CreatedAt)
        .order_by_desc(saved_search::Column::Id);
    Ok(newest.all(&app.db.read).await?)
}

/// By id.
pub async fn by_id(
    app: &App,
    viewer: &Viewer,
    ids: &[SavedSearchId],
) -> Result<HashMap<SavedSearchId, saved_search::Model>> {
    let rows =
        visible_to(viewer).filter(saved_search::Column::Id.is_in(ids.to_vec())).all(&app.db.read).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Keeps a search.
#[derive(Serialize)]
pub struct SaveSearch {
    /// What its owner calls it.
    pub name: String,
    /// What is looked for.
    pub words: String,
    /// In which sector alone.
    pub sector: Option<Sector>,
}

impl Command for SaveSearch {
    const NAME: &'static str = "saveSearch";
    type Output = SavedSearchId;

    async fn run(&self, tx: &Tx) -> Result<SavedSearchId> {
        let user = tx.op().user()?;
        let terms = terms(&self.words);
        let lead = terms.first().ok_or_else(|| Problem::at("query", Reason::Required))?;
        // One after the other, so that the limit holds.
        user::Entity::find_by_id(user).lock_exclusive().one(tx).await?;
        if visible_to(&tx.op().viewer).count(tx).await? >= SEARCHES as u64 {
            return Err(Reason::Quota { limit: SEARCHES }.into());
        }
        let id: SavedSearchId = ids::random();
        let row = saved_search::ActiveModel {
            id: Set(id),
            user_id: Set(user),
            name: Set(self.name.clone()),
            words: Set(self.words.clone()),
            lead: Set(lead.text.clone()),
            sector: Set(self.sector),
            created_at: Set(tx.now().await?),
        };
        saved_search::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(id)
    }
}

/// Keeps a search no more.
#[derive(Serialize)]
pub struct DeleteSavedSearch {
    /// Which.
    pub search: SavedSearchId,
}

impl Command for DeleteSavedSearch {
    const NAME: &'static str = "deleteSavedSearch";
    type Output = ();

    async fn run(&self, tx: &Tx) -> Result<()> {
        let user = tx.op().user()?;
        if end(tx, user, self.search).await? {
            Ok(())
        } else {
            Err(Problem::at("savedSearchId", Reason::NotFound).into())
        }
    }
}

/// Lets the search go, if that person has it.
pub(crate) async fn end(tx: &Tx, user: UserId, id: SavedSearchId) -> Result<bool> {
    let row = saved_search::Entity::delete_many()
        .filter(saved_search::Column::Id.eq(id))
        .filter(saved_search::Column::UserId.eq(user));
    Ok(row.exec(tx).await?.rows_affected > 0)
}

/// The kept searches, of one person or of all, that a published challenge answers. As many statements as the challenge has words,
/// by the hundred, however many searches are kept.
pub(crate) async fn answered(
    db: &impl ConnectionTrait,
    row: &challenge::Model,
    of: Option<UserId>,
) -> Result<Vec<saved_search::Model>> {
    let index = index(db, row.id).await?;
    let leads: Vec<String> = leads(index.iter().map(String::as_str)).into_iter().collect();
    let mut answered = Vec::new();
    for leads in leads.chunks(batch::CHUNK) {
        let rows = saved_search::Entity::find()
            .filter(saved_search::Column::Lead.is_in(leads.iter().map(String::as_str)))
            .apply_if(of, |rows, of| rows.filter(saved_search::Column::UserId.eq(of)))
            .all(db)
            .await?;
        answered.extend(rows.into_iter().filter(|search| {
            search.sector.is_none_or(|sector| sector == row.sector)
                && is_answered(&terms(&search.words), &index)
        }));
    }
    Ok(answered)
}

async fn index(db: &impl ConnectionTrait, challenge: ChallengeId) -> Result<BTreeSet<String>> {
    let words: Vec<String> = challenge_word::Entity::find()
        .filter(challenge_word::Column::ChallengeId.eq(challenge))
        .select_only()
        .column(challenge_word::Column::Word)
        .into_tuple()
        .all(db)
        .await?;
    Ok(words.into_iter().collect())
}
