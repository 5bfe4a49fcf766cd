//! What an event is about, where whoever follows it can look it up. Events of before are told to nobody any more.

use sea_orm_migration::prelude::*;

use crate::column::{add, id_null, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "event", id_null("challenge_id")).await?;
        add(manager, "event", id_null("proposal_id")).await?;
        manager.create_index(index("event", &["challenge_id", "seq"])).await?;
        manager.create_index(index("event", &["proposal_id", "seq"])).await
    }
}
