//! What a resolver finds in its context: one state per request, typed.

use std::sync::{Arc, Mutex, PoisonError};

use app::{App, Op, Viewer};
use async_graphql::Context;
use async_graphql::dataloader::DataLoader;
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use domain::id::UserId;
use domain::locale::Locale;

use super::error::{Result, fault};
use super::load::Loader;

/// The state of one request. A command that changes rights replaces it, so that what follows sees the new rights.
pub struct Session {
    app: App,
    current: Mutex<Arc<State>>,
}

/// Who asks, and the loaders that read in their name.
pub struct State {
    /// Who asks.
    pub op: Arc<Op>,
    /// One per request: a loader shared between viewers would mix their rights.
    pub loader: DataLoader<Loader>,
}

impl State {
    fn new(app: &App, op: Arc<Op>) -> Arc<Self> {
        let loader = Loader { app: app.clone(), op: Arc::clone(&op) };
        // No waiting for more keys than those that are asked for in the same breath.
        let loader = DataLoader::new(loader, TokioSpawner::current(), TokioTimer::default())
            .max_batch_size(app::batch::CHUNK);
        Arc::new(Self { op, loader })
    }
}

impl Session {
    /// The state of a request by this caller.
    pub fn new(app: App, op: Op) -> Self {
        let state = State::new(&app, Arc::new(op));
        Self { app, current: Mutex::new(state) }
    }

    /// Who asks, if they said so.
    pub fn person(&self) -> Option<UserId> {
        let state = self.state();
        state.op.viewer.0.as_ref().or(state.op.limited.as_ref()).map(|person| person.id)
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Typed access to the context.
pub trait Ask {
    /// The application.
    fn app(&self) -> Result<&App>;
    /// Who asks now, with their loaders.
    fn state(&self) -> Result<Arc<State>>;
    /// The viewer.
    fn viewer(&self) -> Result<Viewer>;
    /// The language of the answer: the argument if given, else the reader's.
    fn locale(&self, asked: Option<Locale>) -> Result<Locale>;
    /// Reads the viewer's rights again, after a command that changed them.
    fn renew(&self) -> impl Future<Output = Result<()>> + Send;
}

fn session<'a>(context: &'a Context<'_>) -> Result<&'a Session> {
    // The endpoint puts it there before it executes anything.
    context.data::<Session>().map_err(|_| fault("no session in the context"))
}

impl Ask for Context<'_> {
    fn app(&self) -> Result<&App> {
        Ok(&session(self)?.app)
    }

    fn state(&self) -> Result<Arc<State>> {
        Ok(session(self)?.state())
    }

    fn viewer(&self) -> Result<Viewer> {
        Ok(Ask::state(self)?.op.viewer.clone())
    }

    fn locale(&self, asked: Option<Locale>) -> Result<Locale> {
        Ok(asked.unwrap_or(Ask::state(self)?.op.locale))
    }

    async fn renew(&self) -> Result<()> {
        let session = session(self)?;
        let op = Arc::clone(&session.state().op);
        let Ok(person) = op.account() else { return Ok(()) };
        let Some(own) = person.session else { return Ok(()) };
        let renewed = app::access::admit(&session.app, person.id, own)
            .await
            .map_err(|error| super::error::reported(&error))?
            .unwrap_or_default();
        let op = Op { viewer: renewed.viewer, limited: renewed.limited, ..Op::clone(&op) };
        *session.current.lock().unwrap_or_else(PoisonError::into_inner) =
            State::new(&session.app, Arc::new(op));
        Ok(())
    }
}
