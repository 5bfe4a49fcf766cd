//! Questions about a challenge, and until when they are taken.

use sea_orm_migration::prelude::*;

use crate::column::{
    add, big, create, fk, id, index, instant, instant_null, int, key, name, one_of, table, text, text_null,
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
        add(manager, "challenge", instant_null("questions_until")).await?;
        let is_answered = Expr::col("status").eq("ANSWERED");
        let questions = table(
            "question",
            vec![
                key("id"),
                id("challenge_id"),
                id("organization_id"),
                id("asked_by"),
                name("status"),
                text("asked_text"),
                text_null("published_text"),
                text_null("answer_vi"),
                text_null("answer_en"),
                text_null("decline_reason"),
                instant("asked_at"),
                instant_null("settled_at"),
                big("settled_key"),
                int("version"),
            ],
        )
        .foreign_key(&mut fk("question", "challenge_id", "challenge"))
        .foreign_key(&mut fk("question", "organization_id", "organization"))
        .foreign_key(&mut fk("question", "asked_by", "app_user"))
        .check(one_of("status", &["ASKED", "ANSWERED", "DECLINED"]))
        // What is public has a text and an answer.
        .check(
            is_answered
                .not()
                .or(Expr::col("published_text").is_not_null().and(Expr::col("answer_vi").is_not_null())),
        )
        .take();
        let indexes = vec![
            index("question", &["challenge_id", "settled_key", "id"]),
            index("question", &["organization_id"]),
            index("question", &["asked_by"]),
        ];
        create(manager, vec![(questions, indexes)]).await
    }
}
