//! Names and handles are taken only by what is public: what nobody may know of must not stand in anybody's way.

use sea_orm_migration::prelude::*;

use crate::column::{index, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name) in [
            ("organization", "uq_organization_slug"),
            ("organization", "uq_organization_name"),
            ("challenge", "uq_challenge_slug"),
        ] {
            manager.drop_index(Index::drop().table(table).name(name).to_owned()).await?;
        }
        let keeps = |names: &[&str]| Expr::col("status").is_in(names.iter().map(|name| (*name).to_owned()));
        for index in [
            unique("organization", "slug", &["slug"])
                .and_where(keeps(&["VERIFIED", "SUSPENDED", "CLOSED"]))
                .take(),
            unique("organization", "name", &["name_key"]).and_where(keeps(&["VERIFIED", "SUSPENDED"])).take(),
            unique("challenge", "slug", &["slug"]).and_where(Expr::col("is_public").eq(true)).take(),
            index("organization", &["slug"]),
            index("organization", &["name_key"]),
            index("challenge", &["slug"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
