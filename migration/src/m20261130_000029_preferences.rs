//! How people want to be told, and what that does to a mail.

use sea_orm_migration::prelude::*;

use crate::column::{add, create, fk, id_null, instant, json, key, name_null, table};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Why its reader gets a mail, what they prefer for it, and the digest that it went into. The state of what is held
        // has been among the allowed ones from the first.
        add(manager, "message", name_null("topic")).await?;
        add(manager, "message", name_null("delivery")).await?;
        add(manager, "message", id_null("digest_id")).await?;
        let preferences = table(
            "notification_preference",
            vec![key("user_id"), json("preferences"), instant("updated_at")],
        )
        .foreign_key(&mut fk("notification_preference", "user_id", "app_user"))
        .take();
        create(manager, vec![(preferences, vec![])]).await
    }
}
