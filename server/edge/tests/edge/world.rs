//! A server with a toy schema, and people who talk to it.

use std::{
    any::TypeId,
    collections::HashMap,
    io::Write,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use async_graphql::{
    Context, Data, Error, ErrorExtensions, InputObject, InputValueError, InputValueResult, MaybeUndefined,
    Object, Request, Response, Scalar, ScalarType, Schema, SimpleObject, Subscription, Value,
};
use axum::Router;
use edge::{Connections, Cost, Endpoint, FieldErrors, Lifecycle, Options, Refusal, RequestHead};
use futures_util::{Stream, StreamExt as _, stream};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Long enough for anything that is going to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that must happen.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it should have happened by now")
}

// ---- the toy schema

pub struct Query;

fn panics<T>() -> T {
    panic!("the panic of a resolver")
}

/// Four digits, and a parser that talks too much.
pub struct Pin(String);

#[Scalar]
impl ScalarType for Pin {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.len() == 4 => Ok(Self(text)),
            other => Err(InputValueError::custom(format!("{other} is not a pin"))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Item {
    name: String,
}

#[async_graphql::ComplexObject]
impl Item {
    async fn children(&self) -> Vec<Item> {
        vec![self.clone(), self.clone()]
    }

    async fn twin(&self) -> Option<Item> {
        Some(self.clone())
    }

    async fn broken(&self) -> Result<String, Error> {
        Err(Error::new("connection to database-7 refused"))
    }

    async fn optional(&self) -> Result<Option<String>, Error> {
        Err(Error::new("connection to database-7 refused"))
    }

    async fn locked(&self, pin: Pin) -> Option<String> {
        Some(pin.0)
    }
}

#[derive(InputObject)]
pub struct Patch {
    title: MaybeUndefined<String>,
    pin: Option<Pin>,
}

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>, #[graphql(default = 1)] times: i32) -> String {
        format!("Hello {}!", name.unwrap_or("world".into())).repeat(usize::try_from(times).unwrap_or(0))
    }

    async fn caller(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<RequestHead>().map(|head| format!("{head:?}"))
    }

    async fn item(&self) -> Option<Item> {
        Some(Item { name: "item".into() })
    }

    #[graphql(complexity = "1 + first.unwrap_or(25) as usize * child_complexity")]
    async fn items(&self, first: Option<i32>) -> Vec<Item> {
        vec![Item { name: "item".into() }; usize::try_from(first.unwrap_or(2)).unwrap_or(0)]
    }

    async fn secret(&self) -> Result<Option<String>, Error> {
        Err(Error::new("error returned from database: relation \"app_user\""))
    }

    async fn secret_required(&self) -> Result<String, Error> {
        Err(Error::new_with_source(std::io::Error::other("/etc/edge/key.pem: no such file")))
    }

    async fn coded(&self) -> Result<Option<String>, Error> {
        Err(Error::new("Not yours.").extend_with(|_, extensions| {
            extensions.set("code", "FORBIDDEN");
            extensions.set("hint", "ask");
        }))
    }

    async fn bug(&self) -> Result<Option<String>, Error> {
        Err(Error::new("stack of the bug").extend_with(|_, extensions| extensions.set("code", "INTERNAL")))
    }

    async fn boom(&self) -> Option<String> {
        panics()
    }

    async fn boom_required(&self) -> String {
        panics()
    }

    async fn locked(&self, pin: Pin, many: Option<Vec<Pin>>) -> Option<String> {
        many.is_none().then_some(pin.0)
    }

    async fn wait(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Arc<Stage>>().act().await
    }

    async fn big(&self, bytes: i32) -> String {
        "x".repeat(usize::try_from(bytes).unwrap_or(0))
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, a: i32, b: i32) -> Option<i32> {
        Some(a + b)
    }

    async fn patch(&self, patch: Patch) -> Option<String> {
        Some(match patch.title {
            MaybeUndefined::Undefined => "unchanged".into(),
            MaybeUndefined::Null => "cleared".into(),
            MaybeUndefined::Value(title) => title + &patch.pin.map(|pin| pin.0).unwrap_or_default(),
        })
    }

    async fn fail(&self) -> Result<Option<i32>, Error> {
        Err(Error::new("duplicate key value violates unique constraint"))
    }

    async fn boom(&self) -> Option<i32> {
        panics()
    }

    async fn wait(&self, ctx: &Context<'_>) -> Option<bool> {
        Some(ctx.data_unchecked::<Arc<Stage>>().act().await)
    }
}

/// Counts with the toy's ticks.
pub struct Ticks;

/// Names that are not in alphabetical order.
#[derive(SimpleObject)]
pub struct Count {
    zebra: i32,
    ant: i32,
}

#[Subscription]
impl Ticks {
    async fn counted(&self) -> impl Stream<Item = Count> {
        stream::iter([Count { zebra: 1, ant: 2 }])
    }

    async fn ticked(&self, ctx: &Context<'_>, to: Option<i32>) -> Result<impl Stream<Item = i32>, Error> {
        let head = ctx.data_unchecked::<RequestHead>();
        if head.bearer.as_deref() == Some("stranger") {
            return Err(
                Error::new("Not yours.").extend_with(|_, extensions| extensions.set("code", "FORBIDDEN"))
            );
        }
        let feed = ctx.data_unchecked::<Arc<Feed>>();
        let now = *ctx.data_unchecked::<watch::Receiver<i32>>().borrow();
        let seen = feed.seen.lock().unwrap().replace(now).unwrap_or(now);
        Ok(stream::iter(seen..now.min(to.unwrap_or(i32::MAX))).map(|tick| tick + 1))
    }
}

/// How far somebody has counted.
pub struct Feed {
    seen: Mutex<Option<i32>>,
    ticks: tokio::sync::Mutex<watch::Receiver<i32>>,
}

/// Where a waiting resolver and its test meet.
pub struct Stage {
    started: Semaphore,
    go: Semaphore,
    done: Semaphore,
}

impl Default for Stage {
    fn default() -> Self {
        Self { started: Semaphore::new(0), go: Semaphore::new(0), done: Semaphore::new(0) }
    }
}

impl Stage {
    async fn act(&self) -> bool {
        self.started.add_permits(1);
        self.go.acquire().await.unwrap().forget();
        self.done.add_permits(1);
        true
    }

    /// A resolver has started to wait.
    pub async fn started(&self) {
        soon(self.started.acquire()).await.unwrap().forget();
    }

    /// Lets one go on.
    pub fn go(&self) {
        self.go.add_permits(1);
    }

    /// A resolver has come to its end.
    pub async fn done(&self) {
        soon(self.done.acquire()).await.unwrap().forget();
    }

    pub fn is_done(&self) -> bool {
        self.done.available_permits() > 0
    }
}

// ---- the application behind the edge

#[derive(Clone)]
pub struct Toy {
    schema: Schema<Query, Mutation, Ticks>,
    stage: Arc<Stage>,
    ticks: watch::Receiver<i32>,
    revoked: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Endpoint for Toy {
    async fn admit(&self, head: RequestHead) -> Result<Data, Refusal> {
        match head.bearer.as_deref() {
            Some("fleeting") if self.revoked.load(Ordering::SeqCst) => return Err(Refusal::Unauthenticated),
            Some("expired") => return Err(Refusal::Unauthenticated),
            Some("greedy") => return Err(Refusal::RateLimited { retry_after_secs: 7 }),
            Some("outage") => return Err(Refusal::Unavailable),
            Some("bug") => return Err(Refusal::Internal),
            Some("panic") => panic!("the panic of an admission"),
            _ => {}
        }
        let mut data = Data::default();
        data.insert(head);
        data.insert(Arc::clone(&self.stage));
        data.insert(self.ticks.clone());
        Ok(data)
    }

    fn person(&self, data: &Data) -> Option<String> {
        let head = data.get(&TypeId::of::<RequestHead>())?.downcast_ref::<RequestHead>()?;
        head.bearer.clone()
    }

    async fn execute(&self, request: Request) -> Response {
        // Some trouble is not of a field.
        assert!(!request.query.contains("DieAtOnce"), "the panic of an execution");
        let mut response = self.schema.execute(request).await;
        response.http_headers.insert("content-language", "vi".parse().unwrap());
        response
    }

    type Feed = Feed;

    fn feed(&self) -> Arc<Feed> {
        Arc::new(Feed { seen: Mutex::default(), ticks: tokio::sync::Mutex::new(self.ticks.clone()) })
    }

    fn subscribe(&self, mut request: Request, feed: Arc<Feed>) -> impl Stream<Item = Response> + Send {
        request.data.insert(feed);
        self.schema.execute_stream(request)
    }

    async fn news(&self, feed: &Feed) {
        // What woke it once does not wake it again: the run has to look.
        feed.ticks.lock().await.changed().await.unwrap();
    }

    async fn ready(&self) -> Result<(), Vec<String>> {
        if self.broken.load(Ordering::SeqCst) { Err(vec!["database".into()]) } else { Ok(()) }
    }

    fn metrics(&self) -> String {
        METRICS.render()
    }
}

// ---- the server

pub struct World {
    pub address: SocketAddr,
    pub stage: Arc<Stage>,
    pub broken: Arc<AtomicBool>,
    pub revoked: Arc<AtomicBool>,
    pub ticks: watch::Sender<i32>,
    pub shutdown: CancellationToken,
    pub served: JoinHandle<()>,
    client: reqwest::Client,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Options::default(), Connections::default()).await
    }

    pub async fn with(options: Options, connections: Connections) -> Self {
        LazyLock::force(&LOG);
        LazyLock::force(&METRICS);
        let stage = Arc::new(Stage::default());
        let broken = Arc::new(AtomicBool::new(false));
        let revoked = Arc::new(AtomicBool::new(false));
        let (ticks, ticking) = watch::channel(0);
        let schema = Schema::build(Query, Mutation, Ticks)
            .extension(FieldErrors)
            .extension(Cost { limit: 300 })
            .limit_complexity(300)
            .finish();
        let toy = Toy {
            schema,
            stage: Arc::clone(&stage),
            ticks: ticking,
            revoked: Arc::clone(&revoked),
            broken: Arc::clone(&broken),
        };
        let shutdown = CancellationToken::new();
        let lifecycle = Lifecycle::new(shutdown.clone());
        let more = Router::new().route("/panic", axum::routing::get(async || panics::<String>()));
        let router = edge::router(toy, options, &lifecycle, more);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served =
            tokio::spawn(async move { edge::serve(listener, router, connections, &lifecycle).await });
        Self { address, stage, broken, revoked, ticks, shutdown, served, client: reqwest::Client::new() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    /// A GraphQL request as the newer clients send it.
    pub fn post(&self, query: &str) -> reqwest::RequestBuilder {
        self.post_json(&json!({ "query": query }))
    }

    pub fn post_json(&self, body: &serde_json::Value) -> reqwest::RequestBuilder {
        self.request("POST", "/graphql").header("accept", "application/graphql-response+json").json(body)
    }

    pub async fn ask(&self, query: &str) -> Answer {
        answer(self.post(query)).await
    }

    pub async fn ask_with(&self, query: &str, variables: serde_json::Value) -> Answer {
        answer(self.post_json(&json!({ "query": query, "variables": variables }))).await
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub text: String,
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = soon(request.send()).await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Answer { status, headers, text: soon(response.text()).await.unwrap() }
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The codes of its errors, in order.
    pub fn codes(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
    }

    /// The message of its only error.
    pub fn message(&self) -> String {
        let json = self.json();
        assert_eq!(json["errors"].as_array().map(Vec::len), Some(1), "{json}");
        json["errors"][0]["message"].as_str().unwrap().to_owned()
    }

    pub fn request_id(&self) -> &str {
        self.header("x-request-id")
    }
}

// ---- a caller who speaks in bytes

pub struct Raw(TcpStream);

impl Raw {
    pub async fn connect(world: &World) -> Self {
        Self(TcpStream::connect(world.address).await.unwrap())
    }

    pub async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    pub async fn post(&mut self, query: &str) {
        let body = json!({ "query": query }).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.send(&(head + &body)).await;
    }

    /// One response: its head in lower case, its body.
    pub async fn receive(&mut self) -> (String, String) {
        let mut bytes = Vec::new();
        let head = loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                break head.to_ascii_lowercase();
            }
            bytes.push(soon(self.0.read_u8()).await.expect("an answer"));
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        soon(self.0.read_exact(&mut body)).await.unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    /// For somebody who may have been hung up on.
    pub async fn try_send(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// The head of a response, or nothing if the server hung up.
    pub async fn closed_or_answered(&mut self) -> String {
        let mut bytes = vec![0; 4096];
        let length = soon(self.0.read(&mut bytes)).await.unwrap_or_default();
        String::from_utf8_lossy(&bytes[..length]).to_ascii_lowercase()
    }

    /// Waits until the server hangs up; what it said until then.
    pub async fn closed(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = soon(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

// ---- the metrics and the log

static METRICS: LazyLock<PrometheusHandle> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&log);
    tracing_subscriber::fmt().json().with_writer(move || Pen(Arc::clone(&writer))).init();
    log
});

static WRITTEN: Notify = Notify::const_new();

struct Pen(Arc<Mutex<Vec<u8>>>);

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        WRITTEN.notify_waiters();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the log says of a request, once its line is written.
pub async fn logged(request_id: &str) -> Vec<serde_json::Value> {
    soon(async {
        loop {
            let written = WRITTEN.notified();
            let text = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
            let lines = text.lines().filter(|line| line.contains(request_id));
            let lines: Vec<serde_json::Value> =
                lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines.iter().any(|line| line["fields"]["message"] == "request") {
                break lines;
            }
            written.await;
        }
    })
    .await
}
