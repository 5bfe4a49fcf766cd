//! Every challenge has a key of its own for what proposals to it say, itself sealed by the key of the configuration.

use sea_orm_migration::prelude::*;

use crate::column::{create, fk, instant, key, name, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = table(
            "challenge_key",
            vec![key("challenge_id"), name("sealed_by"), text("sealed"), instant("created_at")],
        )
        .foreign_key(&mut fk("challenge_key", "challenge_id", "challenge"))
        .take();
        create(manager, vec![(keys, vec![])]).await
    }
}
