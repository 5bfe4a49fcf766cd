//! Proposals that somebody asks to be taken out of the running.

use sea_orm_migration::prelude::*;

use crate::column::{add, id_null, instant_null, name_null, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "proposal", name_null("disqualification_ground")).await?;
        add(manager, "proposal", text_null("disqualification_reason")).await?;
        // No foreign key: SQLite adds none to a table that is there.
        add(manager, "proposal", id_null("disqualification_requested_by")).await?;
        add(manager, "proposal", instant_null("disqualification_requested_at")).await?;
        add(manager, "proposal", text_null("disqualification_refusal")).await
    }
}
