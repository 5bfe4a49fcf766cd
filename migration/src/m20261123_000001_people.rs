//! People, sessions, organisations, memberships.

use sea_orm_migration::prelude::*;

use crate::column::{
    create, fk, id, id_null, index, instant, instant_null, int, key, name, name_null, one_of, table, text,
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
        create(manager, tables()).await
    }
}

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![
        (
            table(
                "app_user",
                vec![
                    key("id"),
                    text("email"),
                    text("email_key"),
                    text("display_name"),
                    name("locale"),
                    text("password_hash"),
                    instant_null("email_verified_at"),
                    instant("created_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            ),
            vec![unique("app_user", "email", &["email_key"])],
        ),
        (
            table(
                "session",
                vec![
                    key("id"),
                    id("user_id"),
                    instant("created_at"),
                    instant("expires_at"),
                    instant_null("ended_at"),
                ],
            )
            .foreign_key(&mut fk("session", "user_id", "app_user"))
            .take(),
            vec![index("session", &["user_id"])],
        ),
        (
            table(
                "refresh_token",
                vec![
                    key("id"),
                    id("session_id"),
                    text("token_hash"),
                    instant("created_at"),
                    instant("expires_at"),
                    instant_null("used_at"),
                ],
            )
            .foreign_key(&mut fk("refresh_token", "session_id", "session"))
            .take(),
            vec![unique("refresh_token", "hash", &["token_hash"]), index("refresh_token", &["session_id"])],
        ),
        (
            table("platform_grant", vec![id("user_id"), name("role"), instant("granted_at")])
                .primary_key(Index::create().col("user_id").col("role"))
                .foreign_key(&mut fk("platform_grant", "user_id", "app_user"))
                .check(one_of("role", &["AUDITOR", "ADMINISTRATOR"]))
                .take(),
            vec![],
        ),
        (
            table(
                "organization",
                vec![
                    key("id"),
                    name("kind"),
                    name("status"),
                    text("slug"),
                    text("name_vi"),
                    text_null("name_en"),
                    text("name_key"),
                    text("name_folded"),
                    text_null("status_reason"),
                    id("created_by"),
                    instant("created_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("organization", "created_by", "app_user"))
            .check(one_of("kind", &["AGENCY", "STARTUP", "PROGRAMME_OFFICE"]))
            .check(one_of("status", &["PENDING", "VERIFIED", "REJECTED", "SUSPENDED", "CLOSED"]))
            .take(),
            vec![
                unique("organization", "slug", &["slug"]),
                unique("organization", "name", &["name_key"]),
                index("organization", &["name_folded", "id"]),
            ],
        ),
        (
            table(
                "membership",
                vec![
                    key("id"),
                    id("organization_id"),
                    id("user_id"),
                    name("role"),
                    instant("created_at"),
                    instant_null("ended_at"),
                ],
            )
            .foreign_key(&mut fk("membership", "organization_id", "organization"))
            .foreign_key(&mut fk("membership", "user_id", "app_user"))
            .check(one_of("role", &["OWNER", "EDITOR", "VIEWER", "LEAD", "DRAFTER", "OFFICER", "PUBLISHER"]))
            .take(),
            vec![
                unique("membership", "live", &["organization_id", "user_id"])
                    .and_where(Expr::col("ended_at").is_null())
                    .take(),
                index("membership", &["user_id"]),
            ],
        ),
        (
            table(
                "one_time_token",
                vec![
                    key("id"),
                    name("purpose"),
                    text("token_hash"),
                    text("email"),
                    text("email_key"),
                    name("locale"),
                    id_null("user_id"),
                    id_null("organization_id"),
                    name_null("role"),
                    instant("created_at"),
                    instant("expires_at"),
                    instant_null("used_at"),
                ],
            )
            .foreign_key(&mut fk("one_time_token", "user_id", "app_user"))
            .foreign_key(&mut fk("one_time_token", "organization_id", "organization"))
            .check(one_of("purpose", &["VERIFY_EMAIL", "INVITATION"]))
            .take(),
            vec![
                unique("one_time_token", "hash", &["token_hash"]),
                index("one_time_token", &["organization_id"]),
                index("one_time_token", &["user_id"]),
            ],
        ),
    ]
}
