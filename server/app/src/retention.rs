//! The rows that `domain::retention` lets go, a few at a time: a long delete would hold up whoever writes.

use std::sync::Arc;

use domain::retention::Perishable;
use domain::time::Timestamp;
use entity::{
    idempotency, one_time_token, refresh_token, reminder, session, sign_on_attempt, throttle,
    webhook_delivery,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, Iterable as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, Select,
};
use serde::Serialize;

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;
use crate::op::{Op, Viewer};

/// Rows in one transaction.
const BATCH: u64 = 500;

/// Lets everything go whose time is over. Returns how many rows that were, of each kind.
pub async fn clean(app: &App) -> Result<Vec<(Perishable, u64)>> {
    let op = Arc::new(Op::of_system(Viewer::default()));
    let mut gone = Vec::new();
    for kind in Perishable::ALL.iter().copied() {
        let mut rows = 0;
        loop {
            let batch = app.execute(&op, None, Clean { kind }).await?;
            rows += batch;
            if batch < BATCH {
                break;
            }
        }
        gone.push((kind, rows));
    }
    Ok(gone)
}

/// One batch of one kind.
#[derive(Serialize)]
struct Clean {
    kind: Perishable,
}

impl Command for Clean {
    const NAME: &'static str = "clean";
    type Output = u64;

    async fn run(&self, tx: &Tx) -> Result<u64> {
        let before = self.kind.before(tx.now().await?);
        match self.kind {
            Perishable::IdempotencyKey => {
                delete::<idempotency::Entity>(tx, idempotency::Column::CreatedAt, before).await
            }
            Perishable::OneTimeToken => {
                delete::<one_time_token::Entity>(tx, one_time_token::Column::ExpiresAt, before).await
            }
            Perishable::RefreshToken => {
                delete::<refresh_token::Entity>(tx, refresh_token::Column::ExpiresAt, before).await
            }
            Perishable::Session => delete::<session::Entity>(tx, session::Column::ExpiresAt, before).await,
            Perishable::SignOnAttempt => {
                delete::<sign_on_attempt::Entity>(tx, sign_on_attempt::Column::ExpiresAt, before).await
            }
            Perishable::Reminder => {
                delete::<reminder::Entity>(tx, reminder::Column::RemindedAt, before).await
            }
            Perishable::Throttle => delete::<throttle::Entity>(tx, throttle::Column::LastAt, before).await,
            Perishable::WebhookDelivery => {
                delete::<webhook_delivery::Entity>(tx, webhook_delivery::Column::SettledAt, before).await
            }
        }
    }
}

/// Deletes at most a batch of the rows whose `time` was earlier.
async fn delete<E: EntityTrait>(tx: &Tx, time: E::Column, before: Timestamp) -> Result<u64> {
    let keys: Vec<_> = E::PrimaryKey::iter().map(sea_orm::PrimaryKeyToColumn::into_column).collect();
    let over: Select<E> = E::find().select_only().columns(keys.clone()).filter(time.lt(before)).limit(BATCH);
    let statement = Query::delete()
        .from_table(E::default().table_ref())
        .and_where(Expr::tuple(keys.into_iter().map(Expr::col)).in_subquery(over.into_query()))
        .to_owned();
    Ok(tx.execute(&statement).await?.rows_affected())
}
