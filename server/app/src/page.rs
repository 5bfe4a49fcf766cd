//! Pages by key: no page repeats or loses a row while rows come and go, and page 500 costs what page 1 costs.

use domain::problem::{Form, Problem, Reason};
use domain::text::fold;
use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr, Order, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};

use crate::error::{Error, Result};
use crate::keys::Keys;

/// Rows a page holds unless asked otherwise.
pub const DEFAULT: u64 = 25;
/// Most rows of a page.
pub const MAX: u64 = 100;

/// Which page somebody wants, as Relay says it.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The first so many,
    pub first: Option<i32>,
    /// after this cursor;
    pub after: Option<String>,
    /// or the last so many,
    pub last: Option<i32>,
    /// before this cursor.
    pub before: Option<String>,
}

/// The key of a row in its order: the sorted value, then the id. All our sort keys are numbers or folded texts.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// Sorted by a number.
    Number(i64),
    /// Sorted by a text.
    Text(String),
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Text(text) => text.into(),
        }
    }
}

/// An order: by which column, which way, and what it is bound to (a cursor of another list or filter is refused).
#[derive(Clone, Debug)]
pub struct Sort<C> {
    /// The sorted column; None: by id alone.
    pub column: Option<C>,
    /// The key of the table, which breaks ties.
    pub id: C,
    /// Which way.
    pub descending: bool,
    /// List, filter and order in one text.
    pub scope: String,
}

/// A page of rows, with the cursor of each.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows in order, each with its cursor.
    pub rows: Vec<(String, T)>,
    /// There are rows before the first.
    pub has_previous: bool,
    /// There are rows after the last.
    pub has_next: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_previous: false, has_next: false }
    }
}

/// Reads one page of `select` in that order.
pub async fn read<E>(
    connection: &impl sea_orm::ConnectionTrait,
    keys: &Keys,
    select: Select<E>,
    sort: &Sort<E::Column>,
    ask: &Ask,
    key_of: impl Fn(&E::Model) -> (Option<Key>, uuid::Uuid),
) -> Result<Page<E::Model>>
where
    E: EntityTrait,
{
    let (size, backward) = size(ask)?;
    let after = ask.after.as_deref().map(|cursor| open(keys, sort, cursor, "after")).transpose()?;
    let before = ask.before.as_deref().map(|cursor| open(keys, sort, cursor, "before")).transpose()?;

    let mut page = select.clone();
    if let Some(key) = &after {
        page = page.filter(beyond(sort, key, !sort.descending));
    }
    if let Some(key) = &before {
        page = page.filter(beyond(sort, key, sort.descending));
    }
    let order = if sort.descending == backward { Order::Asc } else { Order::Desc };
    if let Some(column) = sort.column {
        page = page.order_by(column, order.clone());
    }
    let mut rows = page.order_by(sort.id, order).limit(size + 1).all(connection).await?;
    let more = rows.len() as u64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    if backward {
        rows.reverse();
    }

    let keyed: Vec<_> = rows.into_iter().map(|row| (key_of(&row), row)).collect();
    // A cursor that was given may stand at the very edge: only then is another question needed.
    let beyond_edge = match if backward { &before } else { &after } {
        Some(cursor) => exists(connection, select, sort, cursor, backward).await?,
        None => false,
    };
    let rows = keyed.into_iter().map(|(key, row)| (seal(keys, sort, &key), row)).collect();
    Ok(if backward {
        Page { rows, has_previous: more, has_next: beyond_edge }
    } else {
        Page { rows, has_previous: beyond_edge, has_next: more }
    })
}

/// Whether the word stands in a column of folded text; `%` and `_` in it are signs like any other.
pub(crate) fn has_word<C: ColumnTrait>(column: C, word: &str) -> SimpleExpr {
    let plain = fold(word).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    column.into_expr().like(LikeExpr::new(format!("%{plain}%")).escape('\\'))
}

/// How many rows, and whether from the end.
pub(crate) fn size(ask: &Ask) -> Result<(u64, bool)> {
    let (count, field, backward) = match (ask.first, ask.last) {
        (Some(_), Some(_)) => {
            return Err(argument("last", Reason::Malformed { expected: Form::FirstOrLast }));
        }
        (Some(first), None) => (first, "first", false),
        (None, Some(last)) => (last, "last", true),
        (None, None) => return Ok((DEFAULT, ask.before.is_some() && ask.after.is_none())),
    };
    match u64::try_from(count) {
        Ok(count) if count <= MAX => Ok((count, backward)),
        _ => Err(argument(field, Reason::OutOfRange { min: "0".to_owned(), max: MAX.to_string() })),
    }
}

/// What is wrong with an argument of a page.
pub(crate) fn argument(name: &str, reason: Reason) -> Error {
    Problem { field: Some(vec![name.to_owned()]), reason }.into()
}

type RowKey = (Option<Key>, uuid::Uuid);

/// Row-value comparison: both databases answer it from the index.
fn beyond<C: ColumnTrait>(sort: &Sort<C>, (key, id): &RowKey, greater: bool) -> SimpleExpr {
    let (left, right) = match (sort.column, key) {
        (Some(column), Some(key)) => (
            Expr::tuple([column.into_expr(), sort.id.into_expr()]),
            Expr::tuple([Expr::val(Value::from(key.clone())), Expr::val(*id)]),
        ),
        _ => (Expr::expr(sort.id.into_expr()), Expr::val(*id)),
    };
    if greater { left.gt(right) } else { left.lt(right) }
}

/// Whether the cursor's own row, or one beyond it, is still there on the far side.
async fn exists<E: EntityTrait>(
    connection: &impl sea_orm::ConnectionTrait,
    select: Select<E>,
    sort: &Sort<E::Column>,
    key: &RowKey,
    backward: bool,
) -> Result<bool> {
    // At or before the cursor is "not beyond it".
    let side = beyond(sort, key, sort.descending == backward);
    let found = select
        .select_only()
        .column(sort.id)
        .filter(side.not())
        .limit(1)
        .into_tuple::<uuid::Uuid>()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

fn scope_tag<C>(sort: &Sort<C>) -> String {
    crate::keys::token_hash(&sort.scope).chars().take(12).collect()
}

fn seal<C>(keys: &Keys, sort: &Sort<C>, (key, id): &RowKey) -> String {
    // A tag, a number or text, and an id always serialise.
    keys.seal_cursor(&serde_json::to_string(&(scope_tag(sort), key, id)).unwrap_or_default())
}

fn open<C>(keys: &Keys, sort: &Sort<C>, cursor: &str, field: &str) -> Result<RowKey> {
    let refuse = || argument(field, Reason::Malformed { expected: Form::Cursor });
    let text = keys.open_cursor(cursor).ok_or_else(refuse)?;
    let (tag, key, id): (String, Option<Key>, uuid::Uuid) =
        serde_json::from_str(&text).map_err(|_| refuse())?;
    if tag == scope_tag(sort) && key.is_some() == sort.column.is_some() {
        Ok((key, id))
    } else {
        Err(refuse())
    }
}
