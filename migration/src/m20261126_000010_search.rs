//! Published challenges are found by their words: an inverted index that is the same, and ranks the same, on both databases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{create, fk, id, index, int, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut word = text("word");
        if manager.get_database_backend() == DbBackend::Postgres {
            // Beginnings of words are ranges only in the order of bytes, whatever the order of the database.
            word.extra("COLLATE \"C\"");
        }
        let words = table("challenge_word", vec![id("challenge_id"), word, int("weight")])
            .primary_key(Index::create().col("challenge_id").col("word"))
            .foreign_key(&mut fk("challenge_word", "challenge_id", "challenge"))
            .take();
        let covering = index("challenge_word", &["word", "challenge_id", "weight"]);
        create(manager, vec![(words, vec![covering])]).await
    }
}
