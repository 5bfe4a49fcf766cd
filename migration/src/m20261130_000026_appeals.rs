//! Decisions that are published at a set time, stand still for a while, are appealed against and set aside.

use sea_orm_migration::prelude::*;

use crate::column::{
    add, create, fk, id, id_null, index, instant, instant_null, key, name, one_of, table, text, unique,
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
        add(manager, "decision", instant_null("publish_at")).await?;
        add(manager, "decision", id_null("scheduled_by")).await?;
        add(manager, "decision", instant_null("standstill_until")).await?;
        // What is published by now was so without a standstill.
        let published = Query::update()
            .table("decision")
            .value("status", "FINAL")
            .value("standstill_until", Expr::col("published_at"))
            .and_where(Expr::col("status").eq("PUBLISHED"))
            .take();
        manager.get_connection().execute(&published).await?;
        // One decision of each challenge stands; those that were set aside stay beside it.
        manager.drop_index(Index::drop().name("uq_decision_challenge").table("decision").to_owned()).await?;
        let standing = unique("decision", "challenge", &["challenge_id"])
            .and_where(Expr::col("status").ne("SUPERSEDED"))
            .take();
        manager.create_index(standing).await?;
        manager.create_index(index("decision", &["challenge_id"])).await?;
        manager.create_index(index("decision", &["status"])).await?;
        let appeals = table(
            "appeal",
            vec![
                key("id"),
                id("decision_id"),
                id("challenge_id"),
                id("proposal_id"),
                id("organization_id"),
                name("status"),
                text("said"),
                id("filed_by"),
                instant("filed_at"),
                id_null("ruled_by"),
                instant_null("ruled_at"),
            ],
        )
        .foreign_key(&mut fk("appeal", "decision_id", "decision"))
        .foreign_key(&mut fk("appeal", "challenge_id", "challenge"))
        .foreign_key(&mut fk("appeal", "proposal_id", "proposal"))
        .foreign_key(&mut fk("appeal", "organization_id", "organization"))
        .foreign_key(&mut fk("appeal", "filed_by", "app_user"))
        .foreign_key(&mut fk("appeal", "ruled_by", "app_user"))
        .check(one_of("status", &["PENDING", "DISMISSED", "GRANTED", "OVERTAKEN"]))
        .take();
        let once = unique("appeal", "proposal", &["decision_id", "proposal_id"]);
        let indexes = vec![once, index("appeal", &["proposal_id"]), index("appeal", &["challenge_id"])];
        create(manager, vec![(appeals, indexes)]).await
    }
}
