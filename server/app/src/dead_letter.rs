//! Mails that were given up: seen by who runs the server, and sent after all.

use domain::event::{Event, EventKind};
use domain::id::MessageId;
use domain::message::MessageStatus;
use domain::problem::{Problem, Reason};
use entity::message;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;

/// All that were given up, the oldest first.
pub async fn list(app: &App) -> Result<Vec<message::Model>> {
    let dead = message::Entity::find().filter(message::Column::Status.eq(MessageStatus::Dead));
    Ok(dead.order_by_asc(message::Column::Id).all(&app.db.read).await?)
}

/// Queues mails again that were given up. They are written anew from what is true then; who may not read them any more gets
/// none. After the three days that a mail is tried it is tried once.
#[derive(Serialize)]
pub struct Resend {
    /// Which; all unless said.
    pub message: Option<MessageId>,
}

impl Command for Resend {
    const NAME: &'static str = "resendMail";
    type Output = u64;

    async fn run(&self, tx: &Tx) -> Result<u64> {
        use message::Column as M;
        let now = tx.now().await?;
        let queued = message::ActiveModel {
            status: Set(MessageStatus::Queued),
            attempt: Set(0),
            due_at: Set(now),
            ..Default::default()
        };
        let mut again = message::Entity::update_many()
            .set(queued)
            // Whoever still believes to hold one holds nothing.
            .col_expr(M::Fence, Expr::col(M::Fence).add(1))
            .filter(M::Status.eq(MessageStatus::Dead));
        if let Some(id) = self.message {
            again = again.filter(M::Id.eq(id));
        }
        let count = again.exec(tx).await?.rows_affected;
        if count == 0 && self.message.is_some() {
            return Err(Problem::at("message", Reason::NotFound).into());
        }
        let mut event = Event::new(EventKind::MailResent).fact("count", count);
        if let Some(id) = self.message {
            event = event.fact("message", id);
        }
        tx.record(event);
        Ok(count)
    }
}
