//! In which order somebody was told of what. What was told before has no number and comes through no
//! subscription; what was on its way at that moment gets one when it is settled next.

use sea_orm_migration::prelude::*;

use crate::column::{add, big_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "app_user", big_null("inbox_seq")).await?;
        add(manager, "message", big_null("inbox_seq")).await?;
        manager.create_index(unique("message", "inbox", &["user_id", "inbox_seq"])).await
    }
}
