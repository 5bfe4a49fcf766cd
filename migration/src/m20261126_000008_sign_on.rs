//! Signing on at an issuer: who is on the way, and whom an issuer knows as whom.

use sea_orm_migration::prelude::*;

use crate::column::{create, fk, id, index, instant, instant_null, key, table, text, unique};

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
    vec![
        (
            table(
                "sign_on_attempt",
                vec![
                    key("id"),
                    text("state_hash"),
                    text("attempt_hash"),
                    instant("created_at"),
                    instant("expires_at"),
                    instant_null("used_at"),
                ],
            ),
            vec![
                unique("sign_on_attempt", "state", &["state_hash"]),
                index("sign_on_attempt", &["expires_at"]),
            ],
        ),
        (
            table(
                "external_identity",
                vec![
                    key("id"),
                    text("issuer"),
                    text("subject"),
                    id("user_id"),
                    text("email"),
                    instant("created_at"),
                    instant("last_used_at"),
                ],
            )
            .foreign_key(&mut fk("external_identity", "user_id", "app_user"))
            .take(),
            vec![
                unique("external_identity", "subject", &["issuer", "subject"]),
                unique("external_identity", "user", &["user_id", "issuer"]),
            ],
        ),
    ]
}
