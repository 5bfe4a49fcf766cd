//! How fast the worker empties its outbox into a mail server that takes everything, and what memory that takes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::letter::LetterKind;
use domain::message::MessageStatus;
use domain::time::Timestamp;
use e2e::smtp::Smtp;
use entity::message;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::contestant::{Contestant, Role};
use crate::store::Store;

/// Mails queued by a statement: the number of values in one is limited.
const ROWS: usize = 500;
/// How often it is looked how many have arrived.
const LOOK: Duration = Duration::from_millis(20);
/// So long nothing arriving is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Queues receipts that were sent once, and lets the server send them again.
pub async fn measure(
    store: &Store,
    copy: &str,
    folder: &Path,
    connections: u32,
    mails: u64,
) -> anyhow::Result<()> {
    let connection = store.open(copy).await?;
    let sent = message::Entity::find()
        .filter(message::Column::Status.eq(MessageStatus::Sent))
        .filter(message::Column::Kind.eq(LetterKind::ProposalSubmitted))
        .limit(mails)
        .all(&connection)
        .await?;
    let queued = message::ActiveModel {
        status: Set(MessageStatus::Queued),
        attempt: Set(0),
        due_at: Set(Timestamp::from_micros(0)),
        sent_at: Set(None),
        ..Default::default()
    };
    for some in sent.chunks(ROWS) {
        let ids = some.iter().map(|row| row.id);
        let update =
            message::Entity::update_many().set(queued.clone()).filter(message::Column::Id.is_in(ids));
        update.exec(&connection).await?;
    }
    connection.close().await?;

    let smtp = Smtp::start().await;
    let begun = Instant::now();
    let server = Contestant::start(&Role::Ours {
        database: store.url(copy),
        mail: Some(format!("smtp://{}?tls=none", smtp.address)),
        folder: folder.to_path_buf(),
        connections,
        count: false,
    })
    .await?;
    let (mut arrived, mut last, mut half) = (0, Instant::now(), None);
    while arrived < sent.len() {
        tokio::time::sleep(LOOK).await;
        let now = smtp.count();
        anyhow::ensure!(now > arrived || last.elapsed() < PATIENCE, "{arrived} of {} arrived", sent.len());
        if now > arrived {
            (arrived, last) = (now, Instant::now());
        }
        if arrived * 2 >= sent.len() {
            half.get_or_insert(server.memory());
        }
    }
    let took = begun.elapsed().as_secs_f64();
    let end = server.memory().zip(half.flatten()).context("the memory of a process is not known here")?;
    println!(
        "## {}: {arrived} mails in {took:.1} s, {:.0} a second, each over a connection of its own\n\n\
         processor {:.1} s; memory {} MiB when half had gone, {} MiB at the end, {} MiB at most",
        store.name(),
        f64::from(u32::try_from(arrived)?) / took,
        server.processor().as_secs_f64(),
        end.1.now,
        end.0.now,
        end.0.peak,
    );
    Ok(())
}
