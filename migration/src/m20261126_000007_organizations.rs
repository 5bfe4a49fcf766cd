//! Organisations: more kinds of applicants, their place among one another; delegations, working groups, the expert register.

use sea_orm_migration::prelude::*;

use crate::column::{
    add, create, fk, flag, id, id_null, index, instant, instant_null, int, json, key, name, name_null,
    one_of, table, text, text_null, unique, widen,
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
        widen(manager, "organization", "kind", FORMER_KINDS, KINDS).await?;
        // One column a statement: more are not understood everywhere.
        for column in [
            reference("parent_id", "organization"),
            reference("successor_id", "organization"),
            name_null("valid_from"),
            name_null("valid_until"),
        ] {
            add(manager, "organization", column).await?;
        }
        manager.create_index(index("organization", &["parent_id", "name_folded", "id"])).await?;
        add(manager, "one_time_token", reference("invited_by", "app_user")).await?;
        manager.create_index(index("one_time_token", &["invited_by", "created_at"])).await?;
        create(manager, tables()).await
    }
}

const FORMER_KINDS: &[&str] = &["AGENCY", "STARTUP", "PROGRAMME_OFFICE"];
const KINDS: &[&str] = &["AGENCY", "STARTUP", "TEAM", "INSTITUTE", "FOREIGN_COMPANY", "PROGRAMME_OFFICE"];

/// A reference added to a table that is there: both databases take it as part of the column.
fn reference(name: &'static str, target: &str) -> ColumnDef {
    id_null(name).extra(format!("REFERENCES \"{target}\" (\"id\")")).take()
}

fn tables() -> Vec<(TableCreateStatement, Vec<IndexCreateStatement>)> {
    vec![
        (
            table(
                "delegation",
                vec![
                    key("id"),
                    id("unit_id"),
                    id("delegate_id"),
                    json("record"),
                    name("valid_from"),
                    name("valid_until"),
                    id("granted_by"),
                    instant("granted_at"),
                    id_null("revoked_by"),
                    instant_null("revoked_at"),
                    text_null("revoke_reason"),
                ],
            )
            .foreign_key(&mut fk("delegation", "unit_id", "organization"))
            .foreign_key(&mut fk("delegation", "delegate_id", "organization"))
            .foreign_key(&mut fk("delegation", "granted_by", "app_user"))
            .foreign_key(&mut fk("delegation", "revoked_by", "app_user"))
            .check(Expr::col("unit_id").ne(Expr::col("delegate_id")))
            .check(Expr::col("valid_from").lte(Expr::col("valid_until")))
            .take(),
            vec![
                index("delegation", &["unit_id"]),
                index("delegation", &["delegate_id", "granted_at", "id"]),
            ],
        ),
        (
            table(
                "working_group",
                vec![
                    key("id"),
                    id("organization_id"),
                    json("record"),
                    id("established_by"),
                    instant("established_at"),
                    instant_null("ended_at"),
                ],
            )
            .foreign_key(&mut fk("working_group", "organization_id", "organization"))
            .foreign_key(&mut fk("working_group", "established_by", "app_user"))
            .take(),
            vec![
                unique("working_group", "live", &["organization_id"])
                    .and_where(Expr::col("ended_at").is_null())
                    .take(),
                index("working_group", &["organization_id"]),
            ],
        ),
        (
            table(
                "working_group_member",
                vec![
                    id("working_group_id"),
                    int("place"),
                    id_null("membership_id"),
                    text_null("name"),
                    text_null("position"),
                    name("role"),
                    flag("is_focal_point"),
                    name("term_from"),
                    name_null("term_until"),
                ],
            )
            .primary_key(Index::create().col("working_group_id").col("place"))
            .foreign_key(&mut fk("working_group_member", "working_group_id", "working_group"))
            .foreign_key(&mut fk("working_group_member", "membership_id", "membership"))
            .check(one_of("role", &["HEAD", "DEPUTY", "MEMBER"]))
            // A member of the unit, or somebody by name.
            .check(
                Expr::col("membership_id").is_null().and(Expr::col("name").is_not_null()).or(Expr::col(
                    "membership_id",
                )
                .is_not_null()
                .and(Expr::col("name").is_null())),
            )
            .check(Expr::col("term_until").is_null().or(Expr::col("term_from").lte(Expr::col("term_until"))))
            .take(),
            vec![
                unique("working_group_member", "focal_point", &["working_group_id"])
                    .and_where(Expr::col("is_focal_point").eq(true))
                    .take(),
                unique("working_group_member", "head", &["working_group_id"])
                    .and_where(Expr::col("role").eq("HEAD"))
                    .take(),
            ],
        ),
        (
            table(
                "expert",
                vec![
                    key("id"),
                    id("user_id"),
                    name("status"),
                    text_null("title"),
                    text("affiliation"),
                    text_null("qualification"),
                    text_null("status_reason"),
                    text("name_key"),
                    text("search_text"),
                    id("registered_by"),
                    instant("registered_at"),
                    instant("updated_at"),
                    int("version"),
                ],
            )
            .foreign_key(&mut fk("expert", "user_id", "app_user"))
            .foreign_key(&mut fk("expert", "registered_by", "app_user"))
            .check(one_of("status", &["ACTIVE", "SUSPENDED"]))
            .take(),
            vec![unique("expert", "user", &["user_id"]), index("expert", &["name_key", "id"])],
        ),
        (
            table("expert_sector", vec![id("expert_id"), name("sector")])
                .primary_key(Index::create().col("expert_id").col("sector"))
                .foreign_key(&mut fk("expert_sector", "expert_id", "expert"))
                .take(),
            vec![index("expert_sector", &["sector", "expert_id"])],
        ),
    ]
}
