//! What happened, and who was told: audit chain, events, outgoing mail, idempotency keys.

use sea_orm_migration::prelude::*;

use crate::column::{
    big, create, fk, fk_to, id_null, index, instant, instant_null, int, key, name, one_of, table, text,
    text_null, unique,
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
        create(manager, tables()).await?;
        // The chain has one head for ever; entries are appended, never changed.
        let head = Query::insert()
            .into_table("audit_head")
            .columns(["id", "seq", "hash"])
            .values_panic([1.into(), 0_i64.into(), "0".repeat(64).into()])
            .take();
        manager.execute(head).await
    }
}

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    let seq = || ColumnDef::new("seq").big_integer().not_null().primary_key().take();
    vec![
        (
            table(
                "audit_entry",
                vec![
                    seq(),
                    instant("at"),
                    id_null("actor"),
                    text("action"),
                    name("object_kind"),
                    text("object_id"),
                    text("detail"),
                    text("request_id"),
                    text_null("address"),
                    text("hash"),
                ],
            ),
            vec![index("audit_entry", &["object_id"])],
        ),
        (
            table(
                "audit_head",
                vec![
                    ColumnDef::new("id").integer().not_null().primary_key().take(),
                    big("seq"),
                    text("hash"),
                ],
            ),
            vec![],
        ),
        (table("event", vec![seq(), name("kind"), instant("at"), text("payload")]), vec![]),
        (
            table(
                "message",
                vec![
                    key("id"),
                    big("event_seq"),
                    name("kind"),
                    id_null("user_id"),
                    text_null("email"),
                    name("status"),
                    int("attempt"),
                    instant("due_at"),
                    instant_null("lease_until"),
                    big("fence"),
                    text_null("last_error"),
                    instant("created_at"),
                    instant_null("sent_at"),
                ],
            )
            .foreign_key(&mut fk_to("message", "event_seq", "event", "seq"))
            .foreign_key(&mut fk("message", "user_id", "app_user"))
            .check(one_of("status", &["QUEUED", "SENDING", "RETRYING", "SENT", "DEAD", "SUPPRESSED", "HELD"]))
            .check(Expr::col("user_id").is_not_null().or(Expr::col("email").is_not_null()))
            .take(),
            vec![
                unique("message", "recipient", &["event_seq", "kind", "user_id"]),
                index("message", &["status", "due_at"]),
            ],
        ),
        (
            table(
                "idempotency",
                vec![
                    text("principal"),
                    text("idempotency_key"),
                    text("operation"),
                    text("input_hash"),
                    text("result"),
                    instant("created_at"),
                ],
            )
            .primary_key(Index::create().col("principal").col("idempotency_key"))
            .take(),
            vec![index("idempotency", &["created_at"])],
        ),
    ]
}
