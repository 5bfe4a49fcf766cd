//! Which address takes no mail: a digest of it stands in the mail that was refused, and in those held back since.

use sea_orm_migration::prelude::*;

use crate::column::{add, index, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "message", text_null("address_hash")).await?;
        manager.create_index(index("message", &["address_hash", "status"])).await
    }
}
