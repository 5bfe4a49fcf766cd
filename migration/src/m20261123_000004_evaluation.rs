//! The council: seats, declarations, reviews; the decision.

use sea_orm_migration::prelude::*;

use crate::column::{
    create, fk, flag, id, id_null, index, instant, instant_null, int, json, json_null, key, name, name_null,
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

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![
        (
            table(
                "council_member",
                vec![
                    key("id"),
                    id("challenge_id"),
                    id("user_id"),
                    name("role"),
                    id("appointed_by"),
                    instant("appointed_at"),
                    instant_null("removed_at"),
                ],
            )
            .foreign_key(&mut fk("council_member", "challenge_id", "challenge"))
            .foreign_key(&mut fk("council_member", "user_id", "app_user"))
            .foreign_key(&mut fk("council_member", "appointed_by", "app_user"))
            .check(one_of("role", &["CHAIR", "VICE_CHAIR", "SECRETARY", "REVIEWER", "MEMBER"]))
            .take(),
            vec![
                unique("council_member", "seat", &["challenge_id", "user_id"])
                    .and_where(Expr::col("removed_at").is_null())
                    .take(),
                unique("council_member", "single", &["challenge_id", "role"])
                    .and_where(
                        Expr::col("removed_at")
                            .is_null()
                            .and(one_of("role", &["CHAIR", "VICE_CHAIR", "SECRETARY"])),
                    )
                    .take(),
                index("council_member", &["user_id"]),
            ],
        ),
        (
            table(
                "conflict_declaration",
                vec![
                    id("proposal_id"),
                    id("user_id"),
                    name("interest"),
                    text_null("reason"),
                    instant("declared_at"),
                ],
            )
            .primary_key(Index::create().col("proposal_id").col("user_id"))
            .foreign_key(&mut fk("conflict_declaration", "proposal_id", "proposal"))
            .foreign_key(&mut fk("conflict_declaration", "user_id", "app_user"))
            .check(one_of("interest", &["NONE", "SAME_ORGANIZATION", "KINSHIP", "FINANCIAL", "OTHER"]))
            .take(),
            vec![index("conflict_declaration", &["user_id"])],
        ),
        (
            table(
                "review",
                vec![
                    key("id"),
                    id("challenge_id"),
                    id("proposal_id"),
                    id("member_id"),
                    id("user_id"),
                    name("status"),
                    json("sheet"),
                    text_null("comment"),
                    instant("offered_at"),
                    instant_null("submitted_at"),
                    instant_null("locked_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("review", "challenge_id", "challenge"))
            .foreign_key(&mut fk("review", "proposal_id", "proposal"))
            .foreign_key(&mut fk("review", "member_id", "council_member"))
            .foreign_key(&mut fk("review", "user_id", "app_user"))
            .check(one_of(
                "status",
                &[
                    "PROPOSED",
                    "OFFERED",
                    "ACCEPTED",
                    "IN_PROGRESS",
                    "SUBMITTED",
                    "RECUSED",
                    "DECLINED",
                    "EXPIRED",
                    "REVOKED",
                    "LOCKED",
                    "VOIDED",
                ],
            ))
            .take(),
            vec![
                unique("review", "member", &["proposal_id", "user_id"]),
                index("review", &["challenge_id", "proposal_id"]),
                index("review", &["user_id", "id"]),
            ],
        ),
        (
            table(
                "decision",
                vec![
                    key("id"),
                    id("challenge_id"),
                    name("status"),
                    text_null("departure_reason"),
                    text_null("return_reason"),
                    json_null("record"),
                    id("drafted_by"),
                    id_null("approved_by"),
                    instant_null("approved_at"),
                    instant_null("published_at"),
                    instant("created_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("decision", "challenge_id", "challenge"))
            .foreign_key(&mut fk("decision", "drafted_by", "app_user"))
            .foreign_key(&mut fk("decision", "approved_by", "app_user"))
            .check(one_of(
                "status",
                &["DRAFT", "PROPOSED", "APPROVED", "PUBLISHED", "FINAL", "UNDER_APPEAL", "SUPERSEDED"],
            ))
            .check(
                Expr::col("status")
                    .ne("PUBLISHED")
                    .or(Expr::col("record").is_not_null().and(Expr::col("approved_by").is_not_null())),
            )
            .take(),
            vec![unique("decision", "challenge", &["challenge_id"])],
        ),
        (
            table(
                "decision_outcome",
                vec![
                    id("decision_id"),
                    id("proposal_id"),
                    int("position"),
                    int("rank"),
                    text("mean"),
                    flag("passes"),
                    name_null("outcome"),
                    text_null("feedback"),
                ],
            )
            .primary_key(Index::create().col("decision_id").col("proposal_id"))
            .foreign_key(&mut fk("decision_outcome", "decision_id", "decision"))
            .foreign_key(&mut fk("decision_outcome", "proposal_id", "proposal"))
            .check(
                Expr::col("outcome")
                    .is_null()
                    .or(one_of("outcome", &["SELECTED", "RESERVE", "NOT_SELECTED"])),
            )
            .take(),
            vec![],
        ),
    ]
}
