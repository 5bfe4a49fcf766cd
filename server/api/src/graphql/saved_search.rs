//! Searches that people keep.

use app::saved_search::{DeleteSavedSearch, SaveSearch};
use async_graphql::{Context, ID, InputObject, Object};
use domain::follow::{SEARCH_NAME, SEARCH_WORDS};
use domain::id::SavedSearchId;
use entity::saved_search;

use super::challenge::Sector;
use super::enums::SectorCode;
use super::error::Result;
use super::id;
use super::payload::{execute, found, payload};
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// A search that you keep.
#[derive(Clone)]
pub struct SavedSearch(pub saved_search::Model);

/// A search that you keep: you are mailed when a challenge is published that it would find. Nobody but you sees it.
#[Object]
impl SavedSearch {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What you call it, at most 100 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What is looked for, at most 200 characters: give it to `searchChallenges`.
    async fn query(&self) -> &str {
        &self.0.words
    }

    /// In which sector alone; null for all.
    async fn sector(&self) -> Option<Sector> {
        self.0.sector.map(Sector)
    }

    /// Since when.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What `saveSearch` needs.
#[derive(InputObject)]
pub struct SaveSearchInput {
    /// What you call it, 1 to 100 characters.
    name: String,
    /// What is looked for, 1 to 200 characters, as in `searchChallenges`; one word at least.
    query: String,
    /// In which sector alone.
    sector: Option<SectorCode>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `deleteSavedSearch` needs.
#[derive(InputObject)]
pub struct DeleteSavedSearchInput {
    /// Which.
    saved_search_id: ID,
}

payload! {
    /// Answer of `saveSearch`.
    SaveSearchPayload {
        /// The search.
        saved_search: SavedSearch,
    }
}
payload! {
    /// Answer of `deleteSavedSearch`.
    DeleteSavedSearchPayload {
        /// The search that is gone.
        deleted_saved_search_id: ID,
    }
}

/// Searches that people keep.
#[derive(Default)]
pub struct SavedSearchMutation;

/// Searches that people keep.
#[Object]
impl SavedSearchMutation {
    /// Keeps a search: you are mailed when a challenge is published that it would find, once for each. Every such mail has a link that ends
    /// it. User errors: `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`, `QUOTA` (50).
    async fn save_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is looked for.")] input: SaveSearchInput,
    ) -> Result<Option<SaveSearchPayload>> {
        let mut reader = Reader::default();
        let name = reader.text("name", &input.name, SEARCH_NAME, Lines::One);
        let words = reader.keep("query", domain::text::words(&input.query, SEARCH_WORDS));
        let sector = input.sector.map(Into::into);
        let command = name.zip(words).map(|(name, words)| SaveSearch { name, words, sector });
        match execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await? {
            Ok(id) => {
                let mut user_errors = Vec::new();
                let saved = found(ctx, super::one(ctx, id).await?.map(SavedSearch), &mut user_errors)?;
                Ok(Some(SaveSearchPayload { saved_search: saved, user_errors }))
            }
            Err(errors) => Ok(Some(SaveSearchPayload::refused(errors))),
        }
    }

    /// Keeps a search no more. User errors: `NOT_FOUND`.
    async fn delete_saved_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeleteSavedSearchInput,
    ) -> Result<Option<DeleteSavedSearchPayload>> {
        let mut reader = Reader::default();
        let id = reader.id::<SavedSearchId>("savedSearchId", &input.saved_search_id);
        let command = reader.finish(id.map(|search| DeleteSavedSearch { search }));
        Ok(Some(match execute(ctx, None, command).await? {
            Ok(()) => DeleteSavedSearchPayload {
                deleted_saved_search_id: id.map(super::id::encode),
                user_errors: Vec::new(),
            },
            Err(errors) => DeleteSavedSearchPayload::refused(errors),
        }))
    }
}
