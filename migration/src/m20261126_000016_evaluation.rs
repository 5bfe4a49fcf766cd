//! Evaluation: the plan of who reviews what.

use sea_orm_migration::prelude::*;

use crate::column::{create, fk, id, instant, int, json, key, table};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, tables()).await
    }
}

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![(
        table(
            "review_plan",
            vec![
                key("challenge_id"),
                int("reviewers_per_proposal"),
                int("max_load"),
                json("plan"),
                id("planned_by"),
                instant("planned_at"),
                int("version"),
            ],
        )
        .foreign_key(&mut fk("review_plan", "challenge_id", "challenge"))
        .foreign_key(&mut fk("review_plan", "planned_by", "app_user"))
        .take(),
        vec![],
    )]
}
