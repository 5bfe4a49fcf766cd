//! What somebody was told, for them to see again and tick off.

use sea_orm_migration::prelude::*;

use crate::column::{add, index, instant_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "message", instant_null("read_at")).await?;
        manager.create_index(index("message", &["user_id", "created_at", "id"])).await
    }
}
