//! A write: one transaction with everything that belongs to it, retried when the database asks for that, safe to repeat.

use std::sync::Arc;

use domain::problem::{Code, Form, Problem, Reason};
use entity::idempotency;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::db::Tx;
use crate::error::{Error, Result, is_transient};
use crate::op::Op;
use crate::{App, record};

/// A change somebody wants. It may run more than once before it commits, so it has no effect but on the database.
pub trait Command: Serialize + Send + Sync + 'static {
    /// Its name in logs, in the audit chain and beside idempotency keys.
    const NAME: &'static str;
    /// What it leaves behind: ids, so that a repeated call reads the same things by its own right to see them.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// Loads, decides, writes, records.
    fn run(&self, tx: &Tx) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// How often a transaction is tried when the database says busy, deadlock or serialisation failure.
const ATTEMPTS: u32 = 5;

impl App {
    /// Runs a command to its end, whatever happens to the connection that asked for it.
    pub async fn execute<C: Command>(
        &self,
        op: &Arc<Op>,
        key: Option<&str>,
        command: C,
    ) -> Result<C::Output> {
        let key = key.map(parse_key).transpose()?;
        let (app, op) = (self.clone(), Arc::clone(op));
        let task = async move { app.run(&op, key, &command).await };
        tokio::spawn(task.in_current_span())
            .await
            .map_err(|error| Error::Internal(format!("{} stopped: {error}", C::NAME)))?
    }

    async fn run<C: Command>(&self, op: &Arc<Op>, key: Option<String>, command: &C) -> Result<C::Output> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(op, key.as_deref(), command).await;
            match &outcome {
                Err(Failure::Database(error)) if attempt < ATTEMPTS && is_transient(error) => {
                    metrics::counter!("command_retries_total", "command" => C::NAME).increment(1);
                    let pause = std::time::Duration::from_millis(
                        u64::from(rand::random::<u8>()) / 16 * u64::from(attempt),
                    );
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                    continue;
                }
                Err(Failure::Use(Error::Refused(problems))) => {
                    let forbidden: Vec<_> = problems
                        .iter()
                        .map(|problem| problem.reason.code())
                        .filter(|code| oversteps(*code))
                        .collect();
                    if !forbidden.is_empty() {
                        record::denied(self, op, C::NAME, &forbidden).await?;
                    }
                }
                _ => {}
            }
            metrics::counter!("commands_total", "command" => C::NAME, "outcome" => if outcome.is_ok() { "done" } else { "refused" }).increment(1);
            return outcome.map_err(Into::into);
        }
    }

    async fn attempt<C: Command>(
        &self,
        op: &Arc<Op>,
        key: Option<&str>,
        command: &C,
    ) -> Result<C::Output, Failure> {
        let tx = Tx::begin(self, op).await.map_err(Failure::Database)?;
        let outcome = within::<C>(&tx, key, command).await;
        match (outcome, tx.take_fault()) {
            (Ok((output, queued_mail)), _) => {
                let (changes_rights, is_news) = (tx.changes_rights(), tx.is_news());
                tx.commit().await.map_err(Failure::Database)?;
                if changes_rights {
                    self.viewers.forget();
                }
                self.hub.look();
                if is_news {
                    self.hub.ring();
                }
                // Only then: the worker's own commands must not wake the worker.
                if queued_mail {
                    self.wake.notify_one();
                }
                Ok(output)
            }
            (Err(error), fault) => {
                tx.rollback().await;
                Err(fault.map_or(Failure::Use(error), Failure::Database))
            }
        }
    }
}

/// Refusals that tell of somebody reaching for what is not theirs, rather than of a form filled in wrongly.
const fn oversteps(code: Code) -> bool {
    matches!(
        code,
        Code::NotPermitted
            | Code::SelfApproval
            | Code::SecondPersonRequired
            | Code::IncompatibleRole
            | Code::ConflictUndeclared
    )
}

/// Why an attempt failed: by the database, perhaps only for the moment, or by the use case.
enum Failure {
    Database(sea_orm::DbErr),
    Use(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => error.into(),
            Failure::Use(error) => error,
        }
    }
}

/// What the command leaves behind, and whether mail was queued.
async fn within<C: Command>(tx: &Tx, key: Option<&str>, command: &C) -> Result<(C::Output, bool)> {
    let claim = match key {
        Some(key) => match claim::<C>(tx, key, command).await? {
            Claim::New(claim) => Some(claim),
            Claim::Done(result) => return Ok((result?, false)),
        },
        None => None,
    };
    let output = command.run(tx).await?;
    let queued_mail = record::flush(tx).await?;
    if let Some((principal, key)) = claim {
        let result = serde_json::to_string(&output).map_err(|error| Error::Internal(error.to_string()))?;
        idempotency::Entity::update_many()
            .set(idempotency::ActiveModel { result: Set(result), ..Default::default() })
            .filter(idempotency::Column::Principal.eq(principal))
            .filter(idempotency::Column::IdempotencyKey.eq(key))
            .exec(tx)
            .await?;
    }
    Ok((output, queued_mail))
}

enum Claim<T> {
    New((String, String)),
    Done(Result<T>),
}

/// Takes the key for this command, or finds what it was taken for. A rival waits for whoever took it first.
async fn claim<C: Command>(tx: &Tx, key: &str, command: &C) -> Result<Claim<C::Output>> {
    let op = tx.op();
    let principal = match &op.viewer.0 {
        Some(person) => person.id.to_string(),
        None => format!("visitor {}", op.address.as_deref().unwrap_or_default()),
    };
    let input = serde_json::to_string(command).map_err(|error| Error::Internal(error.to_string()))?;
    // Keyed: a plain digest of few words would let whoever reads the table guess what they were.
    let input_hash = tx.app().keys.blind(&input);
    let row = idempotency::ActiveModel {
        principal: Set(principal.clone()),
        idempotency_key: Set(key.to_owned()),
        operation: Set(C::NAME.to_owned()),
        input_hash: Set(input_hash.clone()),
        result: Set(String::new()),
        created_at: Set(tx.clock().process()),
    };
    let taken = idempotency::Entity::insert(row)
        .on_conflict_do_nothing_on([idempotency::Column::Principal, idempotency::Column::IdempotencyKey])
        .exec_without_returning(tx)
        .await?;
    if matches!(taken, sea_orm::TryInsertResult::Inserted(1)) {
        return Ok(Claim::New((principal, key.to_owned())));
    }
    let first = idempotency::Entity::find_by_id((principal, key.to_owned())).one(tx).await?;
    let first = first.ok_or_else(|| Error::Internal("an idempotency key vanished".to_owned()))?;
    if first.operation != C::NAME || first.input_hash != input_hash {
        return Err(Problem::at("idempotencyKey", Reason::IdempotencyMismatch).into());
    }
    Ok(Claim::Done(serde_json::from_str(&first.result).map_err(|error| Error::Internal(error.to_string()))))
}

fn parse_key(key: &str) -> Result<String> {
    let ok = (8..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if ok {
        Ok(key.to_owned())
    } else {
        Err(Problem::at("idempotencyKey", Reason::Malformed { expected: Form::IdempotencyKey }).into())
    }
}
