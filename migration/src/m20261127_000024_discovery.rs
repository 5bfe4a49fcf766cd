//! What is asked of each section of a draft, publication at a set time, and searches that somebody keeps.

use sea_orm_migration::prelude::*;

use crate::column::{
    add, create, fk, id, id_null, index, instant, instant_null, json_null, key, name_null, table, text,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "challenge", json_null("requested_changes")).await?;
        add(manager, "challenge", instant_null("publish_at")).await?;
        // No foreign key: SQLite adds none to a table that is there.
        add(manager, "challenge", id_null("scheduled_by")).await?;
        manager.create_index(index("challenge", &["publish_at"])).await?;
        let searches = table(
            "saved_search",
            vec![
                key("id"),
                id("user_id"),
                text("name"),
                text("words"),
                text("lead"),
                name_null("sector"),
                instant("created_at"),
            ],
        )
        .foreign_key(&mut fk("saved_search", "user_id", "app_user"))
        .take();
        create(
            manager,
            vec![(searches, vec![index("saved_search", &["user_id"]), index("saved_search", &["lead"])])],
        )
        .await
    }
}
