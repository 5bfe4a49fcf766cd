//! The index of words in the order in which it is read: all that have a word lie side by side. What stands in it follows from what is
//! published, so it is written anew.

use domain::challenge::{Brief, Sector};
use domain::id::ChallengeId;
use domain::search::{self, Place};
use domain::text::Bilingual;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, QueryResult};

use crate::column::{create, fk, id, index, int, text};

/// Rows of a statement: the number of values in one is limited.
const ROWS: usize = 1_000;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Half a step is no step, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("challenge_word").take()).await?;
        let mut word = text("word");
        let mut words = Table::create();
        // Which words a challenge has.
        let of_challenge = if manager.get_database_backend() == DbBackend::Postgres {
            // Beginnings of words are ranges only in the order of bytes, whatever the order of the database.
            word.extra("COLLATE \"C\"");
            index("challenge_word", &["challenge_id", "word"])
        } else {
            // The table is its key, and every index ends with it.
            words.extra("WITHOUT ROWID");
            index("challenge_word", &["challenge_id"])
        };
        words
            .table("challenge_word")
            .col(word)
            .col(id("challenge_id"))
            .col(int("weight"))
            .primary_key(Index::create().col("word").col("challenge_id"))
            .foreign_key(&mut fk("challenge_word", "challenge_id", "challenge"));
        create(manager, vec![(words, vec![of_challenge])]).await?;
        fill(manager).await
    }
}

/// Writes the words of what is published already.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let mut published = Query::select();
    published.column(("challenge", "id")).column(("challenge", "sector")).column(("challenge", "brief"));
    for column in ["title_vi", "title_en", "summary_vi", "summary_en"] {
        published.column(("challenge", column));
    }
    published.column(("organization", "name_vi")).column(("organization", "name_en")).from("challenge");
    let agency = Condition::all()
        .add(Expr::col(("organization", "id")).equals(("challenge", "agency_id")))
        .add(Expr::col(("organization", "status")).is_in(["VERIFIED", "CLOSED"]));
    published.left_join("organization", agency).and_where(Expr::col(("challenge", "is_public")).eq(true));
    for row in connection.query_all(&published).await? {
        let id: ChallengeId = row.try_get("", "id")?;
        let words: Vec<_> = words(&row)?.into_iter().collect();
        for words in words.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table("challenge_word").columns(["challenge_id", "word", "weight"]);
            for (word, weight) in words {
                insert.values_panic([id.into(), word.as_str().into(), (*weight).into()]);
            }
            connection.execute(&insert).await?;
        }
    }
    Ok(())
}

fn words(row: &QueryResult) -> Result<std::collections::BTreeMap<String, i32>, DbErr> {
    let get = |column: &str| row.try_get::<Option<String>>("", column);
    let brief: Brief = row.try_get("", "brief")?;
    let sector: Sector = row.try_get("", "sector")?;
    let both = |text: Bilingual| [Some(text.vi), text.en];
    let mut texts = vec![
        (Place::Title, [get("title_vi")?, get("title_en")?]),
        (Place::Agency, [get("name_vi")?, get("name_en")?]),
        (Place::Sector, both(sector.label())),
        (Place::Summary, [get("summary_vi")?, get("summary_en")?]),
    ];
    texts.extend(brief.0.into_values().map(|section| (Place::Brief, both(section))));
    let texts =
        texts.iter().flat_map(|(place, both)| both.iter().flatten().map(|text| (*place, text.as_str())));
    Ok(search::index(texts))
}
