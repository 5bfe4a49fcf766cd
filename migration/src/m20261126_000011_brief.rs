//! Challenges are amended, halted and given up; what they said in public stays readable, also of those that were given up.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{
    add, create, exchange_check, fk, id, instant, instant_null, int, is_in, json, reword, table, text_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const PUBLIC: [&str; 9] = [
    "PUBLISHED",
    "PAUSED",
    "EVALUATION",
    "DECISION",
    "AWARDED",
    "CLOSED_NO_AWARD",
    "PILOT",
    "COMPLETED",
    "CANCELLED",
];
const PRIVATE: [&str; 6] = ["DRAFT", "IN_REVIEW", "CHANGES_REQUESTED", "APPROVED", "CANCELLED", "ARCHIVED"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (public, private) = (is_in("status", &PUBLIC), is_in("status", &PRIVATE));
        if manager.get_database_backend() == DbBackend::Postgres {
            let either = format!("(is_public AND {public}) OR (NOT is_public AND {private})");
            exchange_check(manager, "challenge", "challenge_check", &either).await?;
        } else {
            reword(manager, "challenge", &is_in("status", &PUBLIC[..8]), &public).await?;
        }
        add(manager, "challenge", instant_null("halted_at")).await?;
        add(manager, "challenge", text_null("halt_reason")).await?;
        let versions = table(
            "challenge_version",
            vec![
                id("challenge_id"),
                int("number"),
                instant("published_at"),
                text_null("note_vi"),
                text_null("note_en"),
                json("content"),
            ],
        )
        .primary_key(Index::create().col("challenge_id").col("number"))
        .foreign_key(&mut fk("challenge_version", "challenge_id", "challenge"))
        .take();
        create(manager, vec![(versions, vec![])]).await
    }
}
