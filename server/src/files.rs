//! `PUT /uploads/{link}` and `GET /downloads/{link}`: the bytes of files. A link is for one person and one file, and good for
//! a while; what may be done with it is asked anew each time.

use std::collections::HashMap;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::attachment::{self, Right, Upload, UploadError};
use app::{App, Op, Viewer};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{BoxError, Router, middleware};
use domain::id::UserId;
use edge::{Lifecycle, Network};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::explain::explain;

/// Uploads at a time; each holds a few megabytes.
const UPLOADS: usize = 16;
/// Of one person.
const UPLOADS_OF_ONE: usize = 3;
/// The longest that nothing comes.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a file may take: so long, and a second for each of these bytes.
const BEGIN: Duration = Duration::from_secs(30);
const BYTES_PER_SECOND: u64 = 32 * 1024;
/// Whether the reader of a file may still have it is asked again after so many bytes, and after so long.
const ASKED_AFTER: usize = 1024 * 1024;
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Refused uploads are heard out for so long, so that their sender gets to read why.
const PATIENCE: Duration = Duration::from_secs(3);
const MOST_DISCARDED: usize = 4 * 1024 * 1024;

/// Nothing in a file ever runs in our name.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

#[derive(Clone)]
struct Counter {
    app: App,
    lifecycle: Lifecycle,
    proxies: Arc<[Network]>,
    places: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// The routes.
pub fn routes(app: &App, lifecycle: &Lifecycle, proxies: &[Network], origins: Vec<HeaderValue>) -> Router {
    let counter = Counter {
        app: app.clone(),
        lifecycle: lifecycle.clone(),
        proxies: proxies.into(),
        places: Arc::new(Semaphore::new(UPLOADS)),
        people: Arc::default(),
    };
    let mut routes = Router::new()
        .route("/uploads/{link}", put(receive))
        .route("/downloads/{link}", get(send))
        .layer(middleware::map_response(guarded))
        .with_state(counter);
    if !origins.is_empty() {
        routes = routes.layer(edge::cors(origins, [Method::GET, Method::PUT]));
    }
    routes
}

/// The address is a key, and what is behind it no page of ours.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// A short answer for people and programs.
fn told(status: StatusCode, words: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
}

fn not_found() -> Response {
    told(StatusCode::NOT_FOUND, "There is nothing here, or not for you, or not any more.\n")
}

fn busy() -> Response {
    let mut response = told(StatusCode::SERVICE_UNAVAILABLE, "Not now. Try again soon.\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn failed(error: app::Error) -> Response {
    match error {
        app::Error::Unavailable(_) | app::Error::StorageUnavailable => busy(),
        error => {
            tracing::error!("a file: {:#}", explain(error));
            told(StatusCode::INTERNAL_SERVER_ERROR, "That is our fault.\n")
        }
    }
}

impl Counter {
    /// A request, as the application knows it; by whom it is the link says.
    fn op(&self, request: &Request) -> Op {
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Op {
            request_id: edge::request_id(request).to_string(),
            address: edge::caller(request, &self.proxies).map(|address| address.to_string()),
            client: agent.map(|agent| agent.chars().take(200).collect()),
            ..Op::of_system(Viewer::default())
        }
    }

    /// A place for one more upload of that person.
    fn place(&self, person: UserId) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = people.entry(person).or_default();
        if *mine >= UPLOADS_OF_ONE {
            return None;
        }
        *mine += 1;
        Some(Place { people: Arc::clone(&self.people), person, _permit: permit })
    }
}

struct Place {
    people: Arc<Mutex<HashMap<UserId, usize>>>,
    person: UserId,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = people.get_mut(&self.person) {
            *mine -= 1;
            if *mine == 0 {
                people.remove(&self.person);
            }
        }
    }
}

/// Why the bytes of an upload stopped coming.
enum Stopped {
    Broken,
    Slow,
}

/// The bytes of a body, as long as they come fast enough.
fn steady(body: Body, size: u64) -> impl Stream<Item = Result<Bytes, Stopped>> {
    let end = Instant::now() + BEGIN + Duration::from_secs(size / BYTES_PER_SECOND);
    stream::unfold(Some(body.into_data_stream()), move |bytes| async move {
        let mut bytes = bytes?;
        match timeout_at(end.min(Instant::now() + SILENCE), bytes.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(more))) => Some((Ok(more), Some(bytes))),
            Ok(Some(Err(_))) => Some((Err(Stopped::Broken), None)),
            Err(_) => Some((Err(Stopped::Slow), None)),
        }
    })
}

/// Reads on a little, so that whoever is still sending gets to read the answer.
async fn discard(body: Body) {
    let reading = async {
        let (mut bytes, mut left) = (pin!(body.into_data_stream()), MOST_DISCARDED);
        while let Some(Ok(more)) = bytes.next().await {
            left = left.saturating_sub(more.len());
            if left == 0 {
                break;
            }
        }
    };
    // In vain if it takes too long: the connection will be closed on the sender.
    let _ = timeout(PATIENCE, reading).await;
}

async fn receive(State(counter): State<Counter>, Path(link): Path<String>, request: Request) -> Response {
    let op = counter.op(&request);
    let (parts, body) = request.into_parts();
    // Who asks first whether to send it is told no at once.
    let refuse = async |answer: Response, body: Body| {
        if !parts.headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        answer
    };
    if counter.lifecycle.is_draining() {
        return refuse(busy(), body).await;
    }
    let upload = match Upload::by_link(&counter.app, &link, op).await {
        Ok(Some(upload)) => upload,
        Ok(None) => return refuse(not_found(), body).await,
        Err(error) => return refuse(failed(error), body).await,
    };
    let is_packed = parts.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
    if is_packed {
        let answer = told(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the bytes of the file as they are.\n");
        return refuse(answer, body).await;
    }
    let wrong_size = || told(StatusCode::PAYLOAD_TOO_LARGE, "Not as many bytes as were announced.\n");
    let length =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length != upload.size()) {
        return refuse(wrong_size(), body).await;
    }
    let Some(_place) = counter.place(upload.person()) else { return refuse(busy(), body).await };
    let bytes = steady(body, upload.size());
    match upload.receive(&counter.app, bytes).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(UploadError::NotFound) => not_found(),
        Err(UploadError::Conflict) => {
            told(StatusCode::CONFLICT, "The bytes are here already, or nobody wants them any more.\n")
        }
        Err(UploadError::WrongSize) => wrong_size(),
        Err(UploadError::Source(Stopped::Broken)) => {
            told(StatusCode::BAD_REQUEST, "The bytes did not arrive.\n")
        }
        Err(UploadError::Source(Stopped::Slow)) => {
            told(StatusCode::REQUEST_TIMEOUT, "The bytes did not arrive in time.\n")
        }
        Err(UploadError::Ours(error)) => failed(error),
    }
}

async fn send(State(counter): State<Counter>, Path(link): Path<String>, request: Request) -> Response {
    let takes_bytes = request.method() == Method::GET;
    let op = counter.op(&request);
    let download = match attachment::download(&counter.app, &link, op, takes_bytes).await {
        Ok(Some(download)) => download,
        Ok(None) => return not_found(),
        Err(error) => return failed(error),
    };
    let (tag, size) = (format!("\"{}\"", download.tag), download.content.size());
    let asked = request.headers();
    let mut headers = HeaderMap::new();
    let mut say = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    say(header::ETAG, tag.clone());
    say(header::ACCEPT_RANGES, "bytes".to_owned());
    if has_already(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let part = match part(asked, &tag, size) {
        Part::Whole => None,
        Part::Of(range) => Some(range),
        Part::Nowhere => {
            say(header::CONTENT_RANGE, format!("bytes */{size}"));
            return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
        }
    };
    let (status, range) = match part {
        Some(range) => {
            say(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        None => (StatusCode::OK, 0..size),
    };
    say(header::CONTENT_TYPE, download.kind.media_type().to_owned());
    say(header::CONTENT_LENGTH, (range.end - range.start).to_string());
    say(header::CONTENT_DISPOSITION, disposition(&download.name, &download.kind.extension()));
    let right = download.right();
    let bytes = download.content.read(range.start, range.end);
    let bytes = bytes.inspect_err(|error| tracing::warn!(%error, "a file breaks off"));
    (status, headers, Body::from_stream(as_long_as_it_holds(bytes, right, counter.app))).into_response()
}

/// The bytes, as long as their reader may have them: asked again after so many of them, and after so long.
fn as_long_as_it_holds(
    bytes: impl Stream<Item = app::Result<Bytes>> + Send + 'static,
    right: Right,
    app: App,
) -> impl Stream<Item = Result<Bytes, BoxError>> {
    let (bytes, asked, sent) = (Box::pin(bytes), Instant::now(), 0);
    stream::unfold(Some((bytes, asked, sent)), move |state| {
        let app = app.clone();
        async move {
            let (mut bytes, mut asked, mut sent) = state?;
            if sent >= ASKED_AFTER || asked.elapsed() >= ASKED_EVERY {
                match right.holds(&app).await {
                    Ok(true) => (asked, sent) = (Instant::now(), 0),
                    Ok(false) => return Some((Err("the right to it has ended".into()), None)),
                    Err(error) => {
                        tracing::warn!(%error, "a file breaks off");
                        return Some((Err(error.into()), None));
                    }
                }
            }
            let more = bytes.next().await?;
            sent += more.as_ref().map_or(0, Bytes::len);
            Some((more.map_err(BoxError::from), Some((bytes, asked, sent))))
        }
    })
}

/// Whether the caller has the bytes with that tag.
fn has_already(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|known| known.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Of(Range<u64>),
    Nowhere,
}

/// The part that is asked for (RFC 9110, 14.2). Several parts, or something that is none, get the whole.
fn part(asked: &HeaderMap, tag: &str, size: u64) -> Part {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|known| known.trim() != tag) {
        return Part::Whole;
    }
    let Some((first, last)) =
        text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes=")?.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (number(first.trim()), number(last.trim())) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
        _ => return Part::Whole,
    };
    if range.start < range.end { Part::Of(range) } else { Part::Nowhere }
}

/// To be kept, never shown, under its name (RFC 6266, 8187): for those who read nothing else a name of plain letters.
fn disposition(name: &str, extension: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in name.bytes() {
        // Writing to a String cannot fail.
        let _ = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                write!(encoded, "{}", char::from(byte))
            }
            other => write!(encoded, "%{other:02X}"),
        };
    }
    let folded = domain::text::fold(name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    let plain: String = folded
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .take(100)
        .collect();
    format!("attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(headers: &[(HeaderName, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_part_is_what_the_rules_of_http_say() {
        for (range, size, expected) in [
            ("bytes=0-0", 10, Part::Of(0..1)),
            ("bytes=0-9", 10, Part::Of(0..10)),
            ("bytes=5-", 10, Part::Of(5..10)),
            ("bytes=5-99", 10, Part::Of(5..10)),
            ("bytes=-3", 10, Part::Of(7..10)),
            ("bytes=-30", 10, Part::Of(0..10)),
            ("bytes=10-", 10, Part::Nowhere),
            ("bytes=-0", 10, Part::Nowhere),
            ("bytes=99999999999999999999999-", 10, Part::Nowhere),
            ("bytes=0-18446744073709551615", 10, Part::Of(0..10)),
            ("bytes=3-2", 10, Part::Whole),
            ("bytes=0-1,3-4", 10, Part::Whole),
            ("bytes=a-b", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=+1-2", 10, Part::Whole),
            ("lines=1-2", 10, Part::Whole),
        ] {
            assert_eq!(part(&asking(&[(header::RANGE, range)]), "\"t\"", size), expected, "{range}");
        }
        let with =
            |known| part(&asking(&[(header::RANGE, "bytes=1-2"), (header::IF_RANGE, known)]), "\"t\"", 10);
        assert_eq!(with("\"t\""), Part::Of(1..3));
        assert_eq!(with("\"other\""), Part::Whole);
        assert_eq!(with("W/\"t\""), Part::Whole, "weak is not enough for a part");
    }

    #[test]
    fn who_has_it_is_told_so() {
        for (known, expected) in [
            ("\"t\"", true),
            ("W/\"t\"", true),
            ("\"a\", \"t\"", true),
            ("*", true),
            ("\"a\"", false),
            ("t", false),
        ] {
            assert_eq!(has_already(&asking(&[(header::IF_NONE_MATCH, known)]), "\"t\""), expected, "{known}");
        }
    }

    #[test]
    fn a_name_is_told_in_both_ways_and_breaks_out_of_neither() {
        assert_eq!(
            disposition("Đề án \"số\"; a=b.pdf", "pdf"),
            "attachment; filename=\"de_an__so___a_b.pdf\"; \
             filename*=UTF-8''%C4%90%E1%BB%81%20%C3%A1n%20%22s%E1%BB%91%22%3B%20a%3Db.pdf"
        );
    }
}
