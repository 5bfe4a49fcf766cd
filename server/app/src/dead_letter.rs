//! Mails that did not arrive: given up, or held back because their address takes none. Seen by who runs the server, and sent
//! after all.
//!
//! An address takes no mail from the moment that a server says so for good, at the door or in a bounce. There is no list beside
//! the mails: that one lies among the dead letters, with a digest of its address, is what holds back the next. So sending it again
//! lets the others go as well, and whoever is erased is on no list.

use domain::event::{Event, EventKind};
use domain::id::MessageId;
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::problem::{Problem, Reason};
use domain::text::Email;
use entity::{message, user};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect as _,
};
use serde::Serialize;

use crate::App;
use crate::command::Command;
use crate::db::Tx;
use crate::error::Result;

/// Why a mail was held back.
pub(crate) const NO_MAILBOX: &str = "the address takes no mail";

/// Stands for an address, and names it to nobody.
pub fn digest(app: &App, address: &str) -> String {
    let key = Email::parse(address).map_or_else(|_| address.to_owned(), |email| email.key());
    app.keys.blind(&format!("mailbox {key}"))
}

/// Whether an address takes no mail, as far as we know. What somebody at the keyboard has just asked for is tried nevertheless:
/// who follows its link has shown that it does.
pub(crate) async fn takes_none(app: &App, digest: &str, kind: LetterKind) -> Result<bool> {
    use message::Column as M;
    let asked_for = [LetterKind::EmailVerification, LetterKind::PasswordReset, LetterKind::EmailChange];
    if asked_for.contains(&kind) {
        return Ok(false);
    }
    let refused =
        message::Entity::find().filter(M::AddressHash.eq(digest)).filter(M::Status.eq(MessageStatus::Dead));
    Ok(refused.count(&app.db.read).await? > 0)
}

/// Held back for their address.
pub(crate) fn held_back() -> Condition {
    use message::Column as M;
    Condition::all().add(M::Status.eq(MessageStatus::Suppressed)).add(M::AddressHash.is_not_null())
}

fn undelivered() -> Condition {
    Condition::any().add(message::Column::Status.eq(MessageStatus::Dead)).add(held_back())
}

/// All that were given up or held back, the oldest first.
pub async fn list(app: &App) -> Result<Vec<message::Model>> {
    let all = message::Entity::find().filter(undelivered());
    Ok(all.order_by_asc(message::Column::Id).all(&app.db.read).await?)
}

/// Which mails are sent after all.
#[derive(Clone, Debug, Serialize)]
pub enum Which {
    /// Every one.
    All,
    /// This one, and with it whatever its address holds back.
    One(MessageId),
    /// Those of an address that takes mail again.
    To(String),
}

/// Queues mails again. They are written anew from what is true then; who may not read them any more gets none. After the three
/// days that a mail is tried it is tried once.
#[derive(Serialize)]
pub struct Resend {
    /// Which.
    pub which: Which,
}

impl Command for Resend {
    const NAME: &'static str = "resendMail";
    type Output = u64;

    async fn run(&self, tx: &Tx) -> Result<u64> {
        use message::Column as M;
        let not_found = || Problem::at("message", Reason::NotFound);
        match &self.which {
            Which::All => queue(tx, Condition::all(), None).await,
            Which::One(id) => {
                let row = message::Entity::find_by_id(*id).filter(undelivered()).one(tx).await?;
                let these = match row.ok_or_else(not_found)?.address_hash {
                    Some(hash) => Condition::any().add(M::Id.eq(*id)).add(M::AddressHash.eq(hash)),
                    None => Condition::all().add(M::Id.eq(*id)),
                };
                queue(tx, these, Some(*id)).await
            }
            Which::To(address) => {
                queue(tx, Condition::all().add(M::AddressHash.eq(digest(tx.app(), address))), None).await
            }
        }
    }
}

/// A mail has reached somebody there: what the address held back goes out.
pub(crate) async fn mailbox_works(tx: &Tx, address: &str) -> Result<()> {
    let theirs = message::Column::AddressHash.eq(digest(tx.app(), address));
    queue(tx, Condition::all().add(theirs), None).await.map(|_| ())
}

/// Somebody has another address from now on: what is meant for the person, wherever they are, goes out to it.
pub(crate) async fn moved(tx: &Tx, from: &str) -> Result<()> {
    use message::Column as M;
    let theirs = Condition::all().add(M::AddressHash.eq(digest(tx.app(), from))).add(M::Email.is_null());
    queue(tx, theirs, None).await.map(|_| ())
}

async fn queue(tx: &Tx, these: Condition, named: Option<MessageId>) -> Result<u64> {
    use message::Column as M;
    let queued = message::ActiveModel {
        status: Set(MessageStatus::Queued),
        attempt: Set(0),
        due_at: Set(tx.now().await?),
        address_hash: Set(None),
        ..Default::default()
    };
    let again = message::Entity::update_many()
        .set(queued)
        // Whoever still believes to hold one holds nothing.
        .col_expr(M::Fence, Expr::col(M::Fence).add(1))
        .filter(undelivered())
        .filter(these);
    let count = again.exec(tx).await?.rows_affected;
    if count > 0 {
        let mut event = Event::new(EventKind::MailResent).fact("count", count);
        if let Some(id) = named {
            event = event.fact("message", id);
        }
        tx.record(event);
    }
    Ok(count)
}

/// A mail that had been taken came back for good. Nothing happens unless it went out, to one of those whom the report names.
#[derive(Serialize)]
pub struct Returned {
    /// Which mail.
    pub message: MessageId,
    /// Whom the report names.
    pub recipients: Vec<String>,
    /// The status code of the report.
    pub status: String,
    /// There is no such mailbox.
    pub is_about_the_mailbox: bool,
}

impl Command for Returned {
    const NAME: &'static str = "takeBackMail";
    type Output = bool;

    async fn run(&self, tx: &Tx) -> Result<bool> {
        let sent = message::Entity::find_by_id(self.message)
            .filter(message::Column::Status.eq(MessageStatus::Sent))
            .lock_exclusive();
        let Some(row) = sent.one(tx).await? else { return Ok(false) };
        let address = match (&row.email, row.user_id) {
            (Some(email), _) => Some(email.clone()),
            (None, Some(user)) => user::Entity::find_by_id(user).one(tx).await?.map(|user| user.email),
            (None, None) => None,
        };
        let Some(address) = address else { return Ok(false) };
        let key = |text: &str| Email::parse(text).map(|email| email.key()).ok();
        if !self.recipients.iter().any(|named| key(named).is_some_and(|named| key(&address) == Some(named))) {
            return Ok(false);
        }
        let change = message::ActiveModel {
            status: Set(MessageStatus::Dead),
            last_error: Set(Some(format!("it came back, with {}", self.status))),
            address_hash: Set(self.is_about_the_mailbox.then(|| digest(tx.app(), &address))),
            ..Default::default()
        };
        message::Entity::update_many().set(change).filter(message::Column::Id.eq(row.id)).exec(tx).await?;
        Ok(true)
    }
}
