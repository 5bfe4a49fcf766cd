//! What makes an account hard to steal and its owner's own: second factor, devices, throttles, consents.

use sea_orm_migration::prelude::*;

use crate::column::{
    big, create, fk, flag, id, index, instant, instant_null, int, key, name, one_of, table, text, text_null,
    unique, widen,
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
        for (table, column) in [
            ("app_user", instant_null("deactivated_at")),
            ("app_user", instant_null("erased_at")),
            ("app_user", text_null("status_reason")),
            ("session", instant_null("authenticated_at")),
            ("session", instant_null("second_factor_at")),
            ("session", instant_null("last_used_at")),
            ("session", text_null("address")),
            ("session", text_null("client")),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        let purposes = ["VERIFY_EMAIL", "INVITATION", "RESET_PASSWORD", "CHANGE_EMAIL", "SECOND_FACTOR"];
        widen(manager, "one_time_token", "purpose", &purposes[..2], &purposes).await?;
        create(manager, tables()).await
    }
}

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![
        (
            table(
                "second_factor",
                vec![
                    key("user_id"),
                    text("secret"),
                    instant("created_at"),
                    instant_null("confirmed_at"),
                    big("last_step"),
                ],
            )
            .foreign_key(&mut fk("second_factor", "user_id", "app_user"))
            .take(),
            vec![],
        ),
        (
            table(
                "recovery_code",
                vec![
                    key("id"),
                    id("user_id"),
                    text("code_hash"),
                    instant("created_at"),
                    instant_null("used_at"),
                ],
            )
            .foreign_key(&mut fk("recovery_code", "user_id", "app_user"))
            .take(),
            vec![unique("recovery_code", "hash", &["user_id", "code_hash"])],
        ),
        (
            table(
                "device",
                vec![
                    key("id"),
                    id("user_id"),
                    text("token_hash"),
                    instant("created_at"),
                    instant("last_used_at"),
                    instant_null("ended_at"),
                ],
            )
            .foreign_key(&mut fk("device", "user_id", "app_user"))
            .take(),
            vec![unique("device", "hash", &["token_hash"]), index("device", &["user_id"])],
        ),
        (
            table(
                "throttle",
                vec![
                    ColumnDef::new("key").text().not_null().primary_key().take(),
                    int("failures"),
                    instant("last_at"),
                ],
            ),
            vec![],
        ),
        (
            table(
                "consent",
                vec![
                    key("id"),
                    id("user_id"),
                    name("purpose"),
                    flag("is_given"),
                    text("notice_version"),
                    name("locale"),
                    instant("at"),
                ],
            )
            .foreign_key(&mut fk("consent", "user_id", "app_user"))
            .check(one_of("purpose", &["PROGRAMME_NEWS", "PUBLIC_PROFILE", "RESEARCH"]))
            .take(),
            vec![index("consent", &["user_id", "at"])],
        ),
    ]
}
