//! `/unsubscribe/{token}`: one click, without logging in (RFC 8058). A mail program posts; who opens the link is asked first, for
//! programs that look at mails open links as well.

use app::{App, follow};
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};

use crate::explain::explain;

const ASK: &str = r#"<!doctype html>
<html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bài Toán Lớn</title>
<p>Ngừng nhận những thư như thế này?
<p lang="en">Stop mails like this one?
<form method="post"><button>Ngừng nhận thư · <span lang="en">Stop</span></button></form>
"#;

const DONE: &str = r#"<!doctype html>
<html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bài Toán Lớn</title>
<p>Ông/Bà sẽ không nhận những thư như thế này nữa.
<p lang="en">You will get no more mails like this one.
"#;

const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/unsubscribe/{token}", get(async || Html(ASK)).post(end))
        .layer(middleware::map_response(guarded))
        .with_state(app.clone())
}

async fn end(State(app): State<App>, Path(token): Path<String>) -> Response {
    match follow::unsubscribe(&app, &token).await {
        Ok(true) => Html(DONE).into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!("a subscription cannot be ended: {:#}", explain(error));
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The address is a key: it goes nowhere.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}
