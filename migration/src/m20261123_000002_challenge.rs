//! Challenges with their indicators, criteria and authors.

use sea_orm_migration::prelude::*;

use crate::column::{
    big, create, fk, flag, id, id_null, index, instant, instant_null, int, json, json_null, key, name,
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
        create(manager, tables()).await
    }
}

/// States that everybody may know of.
const PUBLIC: &[&str] =
    &["PUBLISHED", "PAUSED", "EVALUATION", "DECISION", "AWARDED", "CLOSED_NO_AWARD", "PILOT", "COMPLETED"];

/// States that the public does not know of, or not any more.
const PRIVATE: &[&str] = &["DRAFT", "IN_REVIEW", "CHANGES_REQUESTED", "APPROVED", "CANCELLED", "ARCHIVED"];

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![
        (
            table(
                "challenge",
                vec![
                    key("id"),
                    text("slug"),
                    id("agency_id"),
                    name("status"),
                    flag("is_public"),
                    name("track"),
                    name("sector"),
                    text("title_vi"),
                    text_null("title_en"),
                    text("summary_vi"),
                    text_null("summary_en"),
                    json("brief"),
                    json("rubric"),
                    flag("is_blind"),
                    flag("shows_proposal_count"),
                    instant_null("opens_at"),
                    instant_null("closes_at"),
                    big("deadline_key"),
                    big("published_key"),
                    text("title_key"),
                    text("search_text"),
                    text_null("source_url"),
                    text_null("status_reason"),
                    id_null("approved_by"),
                    json_null("approval"),
                    json_null("publication"),
                    instant_null("published_at"),
                    id_null("decision_maker_id"),
                    instant_null("round_locked_at"),
                    id("created_by"),
                    instant("created_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("challenge", "agency_id", "organization"))
            .foreign_key(&mut fk("challenge", "created_by", "app_user"))
            .foreign_key(&mut fk("challenge", "approved_by", "app_user"))
            .foreign_key(&mut fk("challenge", "decision_maker_id", "app_user"))
            // The second fence: what the rules refuse, the table refuses too.
            .check(one_of("status", &[PUBLIC, PRIVATE].concat()))
            .check(
                Expr::col("is_public")
                    .eq(true)
                    .and(one_of("status", PUBLIC))
                    .or(Expr::col("is_public").eq(false).and(one_of("status", PRIVATE))),
            )
            .check(
                Expr::col("is_public")
                    .eq(false)
                    .or(Expr::col("publication").is_not_null().and(Expr::col("closes_at").is_not_null())),
            )
            .check(Expr::col("opens_at").is_null().or(Expr::col("opens_at").lt(Expr::col("closes_at"))))
            .take(),
            vec![
                unique("challenge", "slug", &["slug"]),
                index("challenge", &["is_public", "deadline_key", "id"]),
                index("challenge", &["is_public", "published_key", "id"]),
                index("challenge", &["is_public", "title_key", "id"]),
                index("challenge", &["is_public", "sector", "deadline_key", "id"]),
                index("challenge", &["agency_id", "deadline_key", "id"]),
                index("challenge", &["decision_maker_id"]),
            ],
        ),
        (
            table("challenge_author", vec![id("challenge_id"), id("user_id")])
                .primary_key(Index::create().col("challenge_id").col("user_id"))
                .foreign_key(&mut fk("challenge_author", "challenge_id", "challenge"))
                .foreign_key(&mut fk("challenge_author", "user_id", "app_user"))
                .take(),
            vec![],
        ),
        (
            table(
                "indicator",
                vec![
                    key("id"),
                    id("challenge_id"),
                    int("position"),
                    text("name_vi"),
                    text_null("name_en"),
                    text("unit_vi"),
                    text_null("unit_en"),
                    text("baseline"),
                    name("baseline_on"),
                    text("source_vi"),
                    text_null("source_en"),
                    text("target"),
                ],
            )
            .foreign_key(&mut fk("indicator", "challenge_id", "challenge"))
            .take(),
            vec![unique("indicator", "position", &["challenge_id", "position"])],
        ),
        (
            table(
                "criterion",
                vec![
                    key("id"),
                    id("challenge_id"),
                    int("position"),
                    text("name_vi"),
                    text_null("name_en"),
                    big("weight"),
                    flag("reason_required"),
                ],
            )
            .foreign_key(&mut fk("criterion", "challenge_id", "challenge"))
            .check(Expr::col("weight").between(1, 100))
            .take(),
            vec![unique("criterion", "position", &["challenge_id", "position"])],
        ),
    ]
}
