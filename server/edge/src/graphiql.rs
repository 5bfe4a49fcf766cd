//! GraphiQL, for development. Everything that it needs is in the binary: the page works without the internet.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};

/// Nothing from anywhere else. GraphiQL sets styles on its elements; scripts are files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../assets/graphiql/index.html");
const START: &str = include_str!("../assets/graphiql/start.js");

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// Of others, compressed; see the README beside them. The version is in the path, so that they can be kept for ever.
const FILES: [(&str, &str, &[u8]); 4] = [
    (
        "/graphiql/react-18.3.1.js",
        JAVASCRIPT,
        include_bytes!("../assets/graphiql/react.production.min.js.gz"),
    ),
    (
        "/graphiql/react-dom-18.3.1.js",
        JAVASCRIPT,
        include_bytes!("../assets/graphiql/react-dom.production.min.js.gz"),
    ),
    ("/graphiql/graphiql-3.9.0.js", JAVASCRIPT, include_bytes!("../assets/graphiql/graphiql.min.js.gz")),
    ("/graphiql/graphiql-3.9.0.css", CSS, include_bytes!("../assets/graphiql/graphiql.min.css.gz")),
];

/// `/` and the files that it names.
pub(crate) fn routes() -> Router {
    let page = get(|| async { (html_headers(), PAGE) });
    let start = get(|| async { ([(header::CONTENT_TYPE, JAVASCRIPT)], START) });
    FILES.into_iter().fold(
        Router::new().route("/", page).route("/graphiql/start.js", start),
        |router, (path, media, bytes)| router.route(path, get(move || async move { packed(media, bytes) })),
    )
}

fn html_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

/// Every browser takes gzip, so there is only that.
fn packed(media: &'static str, bytes: &'static [u8]) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, bytes)
}
