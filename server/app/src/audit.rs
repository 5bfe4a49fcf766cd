//! The audit chain as it is stored, and the walk that proves it.

use domain::audit::{Break, Entry, Walk};
use entity::{audit_entry, audit_head};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::App;
use crate::error::{Error, Result};

pub(crate) fn row(entry: Entry, hash: String) -> audit_entry::ActiveModel {
    audit_entry::ActiveModel {
        seq: Set(entry.seq),
        at: Set(entry.at),
        actor: Set(entry.actor),
        action: Set(entry.action),
        object_kind: Set(entry.object_kind),
        object_id: Set(entry.object_id),
        detail: Set(entry.detail),
        request_id: Set(entry.request_id),
        address: Set(entry.address),
        hash: Set(hash),
    }
}

fn entry(row: audit_entry::Model) -> (Entry, String) {
    let audit_entry::Model {
        seq,
        at,
        actor,
        action,
        object_kind,
        object_id,
        detail,
        request_id,
        address,
        hash,
    } = row;
    (Entry { seq, at, actor, action, object_kind, object_id, detail, request_id, address }, hash)
}

/// Entries read at a time.
const PAGE: u64 = 1_000;

/// Walks the whole chain. Ok: number and hash of its head. `expected_head` is a head that was published earlier: the
/// chain must still contain it, else its tail was cut and rewritten.
pub async fn verify(app: &App, expected_head: Option<&str>) -> Result<Result<(i64, String), Break>> {
    let (head_seq, head_hash) = head(app).await?;
    let mut walk = Walk::default();
    let mut last = 0;
    let mut met = expected_head.is_none() || expected_head == Some(domain::audit::GENESIS);
    loop {
        // What was appended since the head was read is the next run's business.
        let mut page = after(app, last).await?;
        page.retain(|(entry, _)| entry.seq <= head_seq);
        if page.is_empty() {
            break;
        }
        for (entry, hash) in page {
            last = entry.seq;
            met |= expected_head == Some(hash.as_str());
            if let Err(broken) = walk.next(&entry, &hash) {
                return Ok(Err(broken));
            }
        }
    }
    let end = walk.finish(head_seq, &head_hash);
    Ok(if met { end } else { Err(Break::Truncated { last, head: head_seq }) })
}

/// Entries after a number, with their hashes, oldest first: the next page of the chain, empty at its end.
pub async fn after(app: &App, seq: i64) -> Result<Vec<(Entry, String)>> {
    let rows = audit_entry::Entity::find()
        .filter(audit_entry::Column::Seq.gt(seq))
        .order_by_asc(audit_entry::Column::Seq)
        .limit(PAGE)
        .all(&app.db.read)
        .await?;
    Ok(rows.into_iter().map(entry).collect())
}

/// Number and hash of the last entry.
pub async fn head(app: &App) -> Result<(i64, String)> {
    let head = audit_head::Entity::find_by_id(1).one(&app.db.read).await?;
    let head = head.ok_or_else(|| Error::Internal("the audit chain has no head".to_owned()))?;
    Ok((head.seq, head.hash))
}

/// The process's clock never reads earlier than what has been recorded: called once at the start, when nothing else runs.
pub async fn latch_clock(app: &App) -> Result<()> {
    let last = audit_entry::Entity::find()
        .order_by_desc(audit_entry::Column::Seq)
        .limit(1)
        .one(&app.db.read)
        .await?;
    if let Some(entry) = last {
        app.db.clock.latch(entry.at);
    }
    Ok(())
}
