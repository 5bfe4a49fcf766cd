//! Who follows what.

use sea_orm_migration::prelude::*;

use crate::column::{create, fk, id, index, instant, name, one_of, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let follows =
            table("follow", vec![id("user_id"), name("kind"), text("target"), instant("created_at")])
                .primary_key(Index::create().col("user_id").col("kind").col("target"))
                .foreign_key(&mut fk("follow", "user_id", "app_user"))
                .check(one_of("kind", &["CHALLENGE", "AGENCY", "SECTOR"]))
                .take();
        create(manager, vec![(follows, vec![index("follow", &["kind", "target"])])]).await
    }
}
