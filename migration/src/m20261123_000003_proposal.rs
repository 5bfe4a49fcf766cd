//! Proposals: the row, the working copy, the immutable versions; the opening.

use sea_orm_migration::prelude::*;

use crate::column::{
    create, fk, id, id_null, index, instant, instant_null, int, json_null, key, name, one_of, table, text,
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
                "proposal",
                vec![
                    key("id"),
                    id("challenge_id"),
                    id("organization_id"),
                    name("status"),
                    int("current_version"),
                    text_null("status_reason"),
                    text_null("feedback"),
                    instant_null("submitted_at"),
                    id("created_by"),
                    instant("created_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("proposal", "challenge_id", "challenge"))
            .foreign_key(&mut fk("proposal", "organization_id", "organization"))
            .foreign_key(&mut fk("proposal", "created_by", "app_user"))
            .check(one_of(
                "status",
                &[
                    "DRAFT",
                    "SUBMITTED",
                    "WITHDRAWN",
                    "ELIGIBLE",
                    "INELIGIBLE",
                    "CLARIFICATION",
                    "UNDER_REVIEW",
                    "EVALUATED",
                    "SHORTLISTED",
                    "SELECTED",
                    "RESERVE",
                    "NOT_SELECTED",
                    "DISQUALIFIED",
                ],
            ))
            // Whatever left the draft was submitted.
            .check(Expr::col("status").eq("DRAFT").or(Expr::col("submitted_at").is_not_null()))
            .take(),
            vec![
                unique("proposal", "live", &["challenge_id", "organization_id"])
                    .and_where(Expr::col("status").ne("WITHDRAWN"))
                    .take(),
                index("proposal", &["challenge_id", "status", "id"]),
                index("proposal", &["organization_id", "id"]),
            ],
        ),
        (
            table("proposal_draft", vec![key("proposal_id"), text("content")])
                .foreign_key(&mut fk("proposal_draft", "proposal_id", "proposal"))
                .take(),
            vec![],
        ),
        (
            table(
                "proposal_version",
                vec![
                    key("id"),
                    id("proposal_id"),
                    int("number"),
                    text("content"),
                    text("sha256"),
                    instant("submitted_at"),
                    id("submitted_by"),
                ],
            )
            .foreign_key(&mut fk("proposal_version", "proposal_id", "proposal"))
            .foreign_key(&mut fk("proposal_version", "submitted_by", "app_user"))
            .take(),
            vec![unique("proposal_version", "number", &["proposal_id", "number"])],
        ),
        (
            table(
                "opening",
                vec![
                    key("challenge_id"),
                    id("requested_by"),
                    instant("requested_at"),
                    id_null("confirmed_by"),
                    instant_null("confirmed_at"),
                    json_null("receipts"),
                ],
            )
            .foreign_key(&mut fk("opening", "challenge_id", "challenge"))
            .foreign_key(&mut fk("opening", "requested_by", "app_user"))
            .foreign_key(&mut fk("opening", "confirmed_by", "app_user"))
            // Two persons open, never one.
            .check(
                Expr::col("confirmed_by")
                    .is_null()
                    .or(Expr::col("confirmed_by").ne(Expr::col("requested_by"))),
            )
            .take(),
            vec![],
        ),
    ]
}
