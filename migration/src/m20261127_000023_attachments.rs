//! Files of challenges and proposals.

use sea_orm_migration::prelude::*;

use crate::column::{
    big, create, fk, id, id_null, index, instant, key, name, name_null, one_of, table, text,
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
        let version = |name: &'static str| ColumnDef::new(name).integer().null().take();
        let is_clean = Expr::col("status").eq("CLEAN");
        let attachments = table(
            "attachment",
            vec![
                key("id"),
                id("challenge_id"),
                id_null("proposal_id"),
                id("uploaded_by"),
                name("status"),
                name_null("refusal"),
                id_null("object"),
                big("size"),
                text("details"),
                version("since_version"),
                version("until_version"),
                instant("created_at"),
                instant("changed_at"),
            ],
        )
        .foreign_key(&mut fk("attachment", "challenge_id", "challenge"))
        .foreign_key(&mut fk("attachment", "proposal_id", "proposal"))
        .foreign_key(&mut fk("attachment", "uploaded_by", "app_user"))
        .check(one_of("status", &["AWAITING_UPLOAD", "QUARANTINED", "CLEAN", "REFUSED", "REMOVED"]))
        // What somebody may be given has bytes; and only that is ever part of a submission.
        .check(is_clean.clone().not().or(Expr::col("object").is_not_null()))
        .check(is_clean.or(Expr::col("since_version").is_null()))
        .take();
        let indexes = vec![
            index("attachment", &["challenge_id", "created_at"]),
            index("attachment", &["proposal_id"]),
            index("attachment", &["uploaded_by", "status"]),
            index("attachment", &["status", "changed_at"]),
            index("attachment", &["object"]),
        ];
        create(manager, vec![(attachments, indexes)]).await
    }
}
