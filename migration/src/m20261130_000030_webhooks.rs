//! Where organisations are told what happens, each message, and how far that is.

use sea_orm_migration::prelude::*;

use crate::column::{
    big, create, fk, fk_to, id, id_null, index, instant, instant_null, int, json, key, name, name_null,
    one_of, table, text, text_null, unique,
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
        let number = ColumnDef::new("event_seq").big_integer().null().take();
        let webhooks = table(
            "webhook",
            vec![
                key("id"),
                id("organization_id"),
                text("url"),
                text_null("description"),
                json("wanted"),
                name("status"),
                name_null("disabled_reason"),
                text("secret"),
                text_null("former_secret"),
                instant_null("former_until"),
                instant("active_since"),
                instant_null("due_at"),
                instant_null("lease_until"),
                big("fence"),
                instant_null("failing_since"),
                int("given_up"),
                instant("created_at"),
                instant("updated_at"),
                int("version"),
            ],
        )
        .foreign_key(&mut fk("webhook", "organization_id", "organization"))
        .check(one_of("status", &["ACTIVE", "DISABLED"]))
        .take();
        let deliveries = table(
            "webhook_delivery",
            vec![
                key("id"),
                id("webhook_id"),
                number,
                name("event"),
                id_null("challenge_id"),
                id_null("proposal_id"),
                text("body"),
                name("status"),
                int("attempt"),
                json("attempts"),
                instant("due_at"),
                instant("created_at"),
                instant_null("settled_at"),
            ],
        )
        .foreign_key(&mut fk("webhook_delivery", "webhook_id", "webhook"))
        .foreign_key(&mut fk_to("webhook_delivery", "event_seq", "event", "seq"))
        .check(one_of("status", &["QUEUED", "RETRYING", "DELIVERED", "FAILED", "WITHHELD"]))
        .take();
        let cursor = table(
            "webhook_cursor",
            vec![ColumnDef::new("id").integer().not_null().primary_key().take(), big("seq")],
        );
        let tables = vec![
            (
                webhooks,
                vec![index("webhook", &["organization_id", "created_at"]), index("webhook", &["due_at"])],
            ),
            (
                deliveries,
                vec![
                    // An event is told to a webhook once, whoever tells it.
                    unique("webhook_delivery", "event", &["webhook_id", "event_seq"]),
                    index("webhook_delivery", &["webhook_id", "settled_at", "due_at"]),
                    index("webhook_delivery", &["webhook_id", "created_at"]),
                    index("webhook_delivery", &["settled_at"]),
                ],
            ),
            (cursor, vec![]),
        ];
        create(manager, tables).await?;
        // What happened before anybody could hear of it is told to nobody.
        let from_here = "INSERT INTO webhook_cursor (id, seq) SELECT 1, COALESCE(MAX(seq), 0) FROM event";
        manager.get_connection().execute_unprepared(from_here).await.map(|_| ())
    }
}
