//! Who was reminded of what.

use sea_orm_migration::prelude::*;

use crate::column::{create, id, index, instant, name, table};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reminders =
            table("reminder", vec![name("kind"), id("object_id"), instant("due_at"), instant("reminded_at")])
                .primary_key(Index::create().col("kind").col("object_id").col("due_at"))
                .take();
        create(manager, vec![(reminders, vec![index("reminder", &["object_id"])])]).await
    }
}
