//! Running a request: with a place, within a time, in a task of its own.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Response, parser::types::OperationType};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{answer::Fault, endpoint::Endpoint, lifecycle::Lifecycle, options::Options};

/// The places for running requests.
pub(crate) struct Runner {
    places: Arc<Semaphore>,
    patience: Duration,
    lifecycle: Lifecycle,
}

impl Runner {
    pub(crate) fn new(options: &Options, lifecycle: Lifecycle) -> Self {
        Self { places: Arc::new(Semaphore::new(options.concurrency)), patience: options.patience, lifecycle }
    }

    /// A free place, if there is one soon.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = timeout(self.patience, Arc::clone(&self.places).acquire_owned());
        place.await.ok().and_then(Result::ok).ok_or_else(Fault::unavailable)
    }

    /// A place, whenever there is one.
    pub(crate) async fn places(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Runs a request until it is done or `deadline` has come. The task goes on when the caller hangs up: dropping a
    /// future in the middle of a transaction is no way to end it. At the deadline a query is stopped; a mutation never.
    pub(crate) async fn run<E: Endpoint>(
        &self,
        endpoint: &E,
        request: Request,
        kind: OperationType,
        request_id: Uuid,
        deadline: Instant,
    ) -> Result<Response, Fault> {
        let place = self.place().await?;
        let endpoint = endpoint.clone();
        let work = async move {
            let response = endpoint.execute(request).await;
            drop(place);
            response
        };
        let mut task = self.lifecycle.work().spawn(work.in_current_span());
        match timeout_at(deadline, &mut task).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(_)) => {
                tracing::error!(%request_id, "a request panicked");
                Err(Fault::internal(request_id))
            }
            Err(_) if kind == OperationType::Mutation => {
                Err(Fault::timeout("This takes too long. It may still be done; look before you try again."))
            }
            Err(_) => {
                task.abort();
                Err(Fault::timeout("This takes too long."))
            }
        }
    }
}
