//! Decisions that promote from the reserve: they are made beside the one that stands, and take its place at their publication.

use sea_orm_migration::prelude::*;

use crate::column::{add, flag, id_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No foreign key: SQLite adds none to a table that is there.
        add(manager, "decision", id_null("replaces_id")).await?;
        add(manager, "decision", flag("is_promotion").default(false).take()).await?;
        // One decision of each challenge stands, and beside it one promotion is made at most.
        manager.drop_index(Index::drop().name("uq_decision_challenge").table("decision").to_owned()).await?;
        let is_made = || Expr::col("status").is_in(["DRAFT", "PROPOSED", "APPROVED"]);
        let standing = unique("decision", "challenge", &["challenge_id"])
            .and_where(Expr::col("status").ne("SUPERSEDED"))
            .and_where(Expr::col("is_promotion").eq(false).or(is_made().not()))
            .take();
        manager.create_index(standing).await?;
        let promotion = unique("decision", "promotion", &["challenge_id"])
            .and_where(Expr::col("is_promotion").eq(true))
            .and_where(is_made())
            .take();
        manager.create_index(promotion).await
    }
}
