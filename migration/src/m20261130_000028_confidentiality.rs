//! For whom a file of a proposal is. Those of before are for reviewers, as they were handed in.

use sea_orm_migration::prelude::*;

use crate::column::{add, name_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "attachment", name_null("confidentiality")).await
    }
}
