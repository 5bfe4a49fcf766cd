//! Accepting connections, and letting them go.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, http::StatusCode};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use metrics::{counter, describe_counter, describe_gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    address::{Peer, is_trusted},
    crowd::{Crowd, Place},
    lifecycle::Lifecycle,
    options::Connections,
    wire::Wire,
};

/// For somebody for whom there is no place.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves until the life ends: then new requests are refused, running ones are answered, and whoever is not done by
/// `drain_timeout` is cut off. Mutations whose callers have gone are waited for, too.
pub async fn serve(listener: TcpListener, router: Router, connections: Connections, lifecycle: &Lifecycle) {
    describe_gauge!("http_connections", "Open connections.");
    describe_counter!("http_connections_refused_total", "Connections closed at once, by what was full.");
    let server = Arc::new(Server {
        router,
        crowd: Crowd::new(connections.total, connections.per_address),
        connections,
        shutdown: lifecycle.shutdown().clone(),
        cut: CancellationToken::new(),
    });

    let guests = TaskTracker::new();
    tokio::select! {
        () = server.accept(&listener, &guests) => {}
        () = lifecycle.shutdown().cancelled() => {}
    }

    // Those who come now are told so; we do not wait for them.
    let latecomers = TaskTracker::new();
    guests.close();
    lifecycle.work().close();
    let done = async {
        guests.wait().await;
        lifecycle.work().wait().await;
    };
    let deadline = Instant::now() + server.connections.drain_timeout;
    tokio::select! {
        () = server.accept(&listener, &latecomers) => {}
        outcome = timeout_at(deadline, done) => if outcome.is_err() {
            tracing::warn!(connections = guests.len(), requests = lifecycle.work().len(), "cut off at the deadline");
        }
    }
    server.cut.cancel();
}

struct Server {
    router: Router,
    crowd: Crowd,
    connections: Connections,
    shutdown: CancellationToken,
    /// No more patience.
    cut: CancellationToken,
}

impl Server {
    async fn accept(self: &Arc<Self>, listener: &TcpListener, tracker: &TaskTracker) {
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest_after(&error).await;
                    continue;
                }
            };
            let exempt = is_trusted(peer.ip(), &self.connections.trusted_proxies);
            match self.crowd.enter(peer.ip(), exempt) {
                Ok(place) => {
                    tracker.spawn(Arc::clone(self).attend(stream, peer, place));
                }
                Err(full) => {
                    counter!("http_connections_refused_total", "full" => full).increment(1);
                    // If it does not take even this at once, it gets nothing.
                    let _ = stream.try_write(FULL);
                }
            }
        }
    }

    /// One connection, from its first request to its last.
    async fn attend(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place) {
        // A socket that comes of the connection goes on with its place.
        let place = Arc::new(place);
        // A latency option; without it everything works.
        let _ = stream.set_nodelay(true);
        let serving = Arc::new(AtomicBool::new(false));
        let wire = Wire::new(stream, &self.connections, Arc::clone(&serving));
        let service = service_fn(|request: Request<Incoming>| {
            let (router, serving, place) = (self.router.clone(), Arc::clone(&serving), Arc::clone(&place));
            async move {
                serving.store(true, Ordering::Release);
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(Peer(peer));
                request.extensions_mut().insert(place);
                let response = router.oneshot(request).await?;
                // An upgraded connection has its own protocol and keeps its own time.
                let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
                serving.store(upgraded, Ordering::Release);
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(wire), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        // A latecomer gets one answer, which says that it is the last.
        let late = self.shutdown.is_cancelled();
        // How a connection ends (a reset, a timeout, nonsense) is the caller's business.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.cut.cancelled() => return,
            () = self.shutdown.cancelled(), if !late => {}
        }
        // New here, or between two requests: hyper closes at once. Else it finishes, and says that it will close.
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            () = self.cut.cancelled() => {}
        }
    }
}

/// A connection that is gone before it was accepted is no reason to wait. Having no more files is.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "cannot accept connections");
        sleep(Duration::from_millis(100)).await;
    }
}
