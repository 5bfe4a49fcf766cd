//! The routes, and the layers around them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version, header},
    middleware,
    routing::{get, post},
};
use tower_http::{
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{DefaultPredicate, Predicate, SizeAbove},
    },
    cors::{AllowMethods, AllowOrigin, CorsLayer},
};

use crate::{
    accept::Media,
    answer::Fault,
    crowd::Sockets,
    endpoint::Endpoint,
    errors::Code,
    graphiql,
    graphql::{self, Edge},
    lifecycle::Lifecycle,
    observe,
    options::Options,
    probes,
    run::Runner,
    socket,
};

/// Everything that the server answers: `/graphql`, `/graphql/ws`, `/livez`, `/readyz`, `/metrics`, GraphiQL at `/` if it is wanted, and
/// `more`, the routes of others that are to have the same layers.
pub fn router<E: Endpoint>(endpoint: E, options: Options, lifecycle: &Lifecycle, more: Router) -> Router {
    observe::describe();
    let origins = options.origins.clone();
    let with_graphiql = options.graphiql;
    let runner = Runner::new(&options, lifecycle.clone());
    let sockets = Sockets::new(options.sockets_per_person);
    let edge = Arc::new(Edge { endpoint, options, lifecycle: lifecycle.clone(), runner, sockets });

    let mut graphql = post(graphql::post::<E>).fallback(graphql::not_allowed);
    if !origins.is_empty() {
        graphql = graphql.layer(cors(origins, [Method::POST]));
    }
    let mut router = Router::new()
        .route("/graphql", graphql)
        .route("/graphql/ws", get(socket::upgrade::<E>))
        .route("/readyz", get(probes::ready::<E>))
        .route("/metrics", get(probes::metrics::<E>))
        .route("/livez", get(probes::live))
        .with_state(edge)
        .merge(more);
    if with_graphiql {
        router = router.merge(graphiql::routes());
    }
    let lifecycle = lifecycle.clone();
    router
        .fallback(not_found)
        .layer(compression())
        .layer(middleware::from_fn(move |request, next| observe::observe(lifecycle.clone(), request, next)))
}

async fn not_found() -> Response<Body> {
    Fault::new(StatusCode::NOT_FOUND, Code::NotFound, "There is nothing here.").into_response(Media::Json)
}

/// Small answers are not worth it, and what is given in parts has to stay as it is.
fn compression() -> CompressionLayer<impl Predicate> {
    let whole = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        !headers.contains_key(header::ACCEPT_RANGES)
    };
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)).and(whole))
}

/// For pages of the listed origins, and without the browser's credentials: a token is sent on purpose or not at all.
pub fn cors(origins: Vec<HeaderValue>, methods: impl Into<AllowMethods>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods(methods)
        .allow_headers([
            header::ACCEPT,
            header::ACCEPT_LANGUAGE,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-client-name"),
            HeaderName::from_static("x-client-version"),
        ])
        .expose_headers([
            header::CONTENT_DISPOSITION,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_mins(10))
}
