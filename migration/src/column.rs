//! The vocabulary of the tables: what means the same on both databases.
//!
//! Instants are integers (microseconds since the epoch, UTC), ids are UUIDs, closed sets are short texts, money and scores
//! are integers. There are no database defaults: the program says what a row holds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// A UUID that must be there.
pub fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A UUID that may be missing.
pub fn id_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().take()
}

/// The key of a table.
pub fn key(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().primary_key().take()
}

/// A member of a closed set.
pub fn name(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(40).not_null().take()
}

/// A member of a closed set, or none.
pub fn name_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(40).null().take()
}

/// Text of any length; the program limits it.
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// Text, or none.
pub fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// A document that the program reads and writes as a whole.
pub fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json().not_null().take()
}

/// A document, or none.
pub fn json_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json().null().take()
}

/// An instant, in microseconds since the epoch.
pub fn instant(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// An instant, or none.
pub fn instant_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A number of 64 bits.
pub fn big(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A number, or none.
pub fn big_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A small number.
pub fn int(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

/// Yes or no.
pub fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// A reference that keeps what it points to from vanishing.
pub fn fk(table: &'static str, column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    fk_to(table, column, target, "id")
}

/// A reference to another column than `id`.
pub fn fk_to(
    table: &'static str,
    column: &'static str,
    target: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(target, key)
        .on_delete(ForeignKeyAction::Restrict)
        .on_update(ForeignKeyAction::Restrict)
        .take()
}

/// The column holds one of the names.
pub fn one_of(column: &'static str, names: &[&str]) -> SimpleExpr {
    Expr::col(column).is_in(names.iter().map(|name| (*name).to_owned()))
}

/// Lets a column of a closed set hold other names than before: a set grows, its table stays.
///
/// PostgreSQL exchanges the constraint. SQLite cannot; there the text of the table is edited, as its documentation describes
/// for changes that touch no stored row.
pub async fn widen(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
    before: &[&str],
    after: &[&str],
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let name = format!("{table}_{column}_check");
        return exchange_check(manager, table, &name, &is_in(column, after)).await;
    }
    reword(manager, table, &is_in(column, before), &is_in(column, after)).await
}

/// The condition that a column holds one of the names, as it stands in the text of a table.
pub fn is_in(column: &str, names: &[&str]) -> String {
    format!("\"{column}\" IN ('{}')", names.join("', '"))
}

/// Gives a constraint of a table another condition, on PostgreSQL.
pub async fn exchange_check(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    condition: &str,
) -> Result<(), DbErr> {
    let exchange = format!(
        "ALTER TABLE \"{table}\" DROP CONSTRAINT \"{name}\", ADD CONSTRAINT \"{name}\" CHECK ({condition})"
    );
    manager.get_connection().execute_unprepared(&exchange).await.map(|_| ())
}

/// Changes the words of a table's constraint, on SQLite, which cannot exchange it.
pub async fn reword(
    manager: &SchemaManager<'_>,
    table: &'static str,
    before: &str,
    after: &str,
) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let version = connection
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA schema_version"))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("schema_version".to_owned()))?
        .try_get_by_index::<i32>(0)?;
    connection.execute_unprepared("PRAGMA writable_schema = ON").await?;
    let edit = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        [before.into(), after.into(), table.into(), before.into()],
    );
    let edited = connection.execute_raw(edit).await?.rows_affected();
    // Every connection reads the tables anew.
    connection.execute_unprepared(&format!("PRAGMA schema_version = {}", version + 1)).await?;
    connection.execute_unprepared("PRAGMA writable_schema = OFF").await?;
    if edited == 1 {
        Ok(())
    } else {
        Err(DbErr::Custom(format!("the constraint of {table} is not worded as expected")))
    }
}

/// Adds a column to a table that is there.
pub async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    mut column: ColumnDef,
) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(&mut column).take()).await
}

/// An index named after its table and columns.
pub fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    named(format!("ix_{table}_{}", columns.join("_")), table, columns)
}

/// A unique index named after what it protects.
pub fn unique(table: &'static str, meaning: &str, columns: &[&'static str]) -> IndexCreateStatement {
    named(format!("uq_{table}_{meaning}"), table, columns).unique().take()
}

fn named(name: String, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

/// Creates tables with their indexes, in order.
pub async fn create(
    manager: &SchemaManager<'_>,
    tables: Vec<(TableCreateStatement, Vec<IndexCreateStatement>)>,
) -> Result<(), DbErr> {
    for (table, indexes) in tables {
        manager.create_table(table).await?;
        for index in indexes {
            manager.create_index(index).await?;
        }
    }
    Ok(())
}

/// A table of these columns.
pub fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for column in columns {
        table.col(column);
    }
    table
}
