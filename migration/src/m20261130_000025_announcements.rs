//! Announcements, previews by a link, support by stage, duplicates, what houses say of themselves, files of an amendment,
//! until when reviews are wanted, and what teams are asked to make clearer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::column::{
    add, big, create, fk, id, id_null, index, instant, instant_null, int, key, name, one_of, table, text,
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
        // No foreign key: SQLite adds none to a table that is there.
        add(manager, "challenge", id_null("duplicate_of")).await?;
        manager.create_index(index("challenge", &["duplicate_of"])).await?;
        add(manager, "review", instant_null("due_at")).await?;
        manager.create_index(index("review", &["due_at"])).await?;
        add(manager, "review", id_null("void_requested_by")).await?;
        add(manager, "review", instant_null("void_requested_at")).await?;
        add(manager, "review", text_null("void_reason")).await?;
        add(manager, "organization", text_null("about_vi")).await?;
        add(manager, "organization", text_null("about_en")).await?;
        add(manager, "organization", text_null("website")).await?;
        // What is public was part of the first version; what an amendment brings is not before that.
        let public =
            Query::select().column("id").from("challenge").and_where(Expr::col("is_public").eq(true)).take();
        let first = Query::update()
            .table("attachment")
            .value("since_version", 1)
            .and_where(Expr::col("proposal_id").is_null())
            .and_where(Expr::col("challenge_id").in_subquery(public))
            .take();
        manager.get_connection().execute(&first).await?;
        let announcements = table(
            "announcement",
            vec![
                id("challenge_id"),
                int("number"),
                id("published_by"),
                instant("published_at"),
                text("text_vi"),
                text_null("text_en"),
            ],
        )
        .primary_key(Index::create().col("challenge_id").col("number"))
        .foreign_key(&mut fk("announcement", "challenge_id", "challenge"))
        .foreign_key(&mut fk("announcement", "published_by", "app_user"))
        .take();
        let previews = table(
            "preview_link",
            vec![
                key("challenge_id"),
                text("token_hash"),
                id("created_by"),
                instant("created_at"),
                instant("expires_at"),
            ],
        )
        .foreign_key(&mut fk("preview_link", "challenge_id", "challenge"))
        .foreign_key(&mut fk("preview_link", "created_by", "app_user"))
        .take();
        let support = table(
            "support_offer",
            vec![id("challenge_id"), name("stage"), big("ceiling_minor"), name("ceiling_currency")],
        )
        .primary_key(Index::create().col("challenge_id").col("stage"))
        .foreign_key(&mut fk("support_offer", "challenge_id", "challenge"))
        .check(one_of("stage", &["PRE_INCUBATION", "INCUBATION", "ACCELERATION"]))
        .check(one_of("ceiling_currency", &["VND", "USD", "EUR"]))
        .check(Expr::col("ceiling_minor").gte(0))
        .take();
        let clarifications = table(
            "clarification",
            vec![
                id("proposal_id"),
                int("number"),
                id("challenge_id"),
                text("said"),
                id("asked_by"),
                instant("asked_at"),
                instant("due_at"),
                id_null("answered_by"),
                instant_null("answered_at"),
            ],
        )
        .primary_key(Index::create().col("proposal_id").col("number"))
        .foreign_key(&mut fk("clarification", "proposal_id", "proposal"))
        .foreign_key(&mut fk("clarification", "asked_by", "app_user"))
        .take();
        if manager.get_database_backend() == DbBackend::Postgres {
            ring_for_events(manager).await?;
        }
        create(
            manager,
            vec![
                (clarifications, vec![index("clarification", &["due_at"])]),
                (announcements, vec![]),
                (previews, vec![unique("preview_link", "secret", &["token_hash"])]),
                (support, vec![index("support_offer", &["stage"])]),
            ],
        )
        .await
    }
}

/// Lets PostgreSQL ring at the commit of new events, once for a transaction: who listens looks for them, and learns nothing else.
async fn ring_for_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let ring = "CREATE FUNCTION ring_for_events() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_notify('event', ''); RETURN NULL; END $$";
    connection.execute_unprepared(ring).await?;
    let trigger = "CREATE TRIGGER ring AFTER INSERT ON event \
                   FOR EACH STATEMENT EXECUTE FUNCTION ring_for_events()";
    connection.execute_unprepared(trigger).await.map(|_| ())
}
