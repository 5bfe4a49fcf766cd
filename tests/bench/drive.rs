//! The driver: clients that each keep a connection and ask again as soon as they are answered.

use std::cmp::Ordering;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::contestant::Contestant;

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to.
    pub path: &'static str,
    /// What is posted.
    pub body: Bytes,
    /// In whose name.
    pub token: Option<HeaderValue>,
}

type Make = Box<dyn Fn(usize) -> anyhow::Result<Call> + Send + Sync>;

/// An endless sequence of requests, which goes on from round to round.
pub struct Script {
    next: AtomicUsize,
    make: Make,
    is_right: fn(&[u8]) -> bool,
}

impl Script {
    /// The n-th request is what `make` makes of n; `is_right` looks at the answer.
    pub fn new(
        is_right: fn(&[u8]) -> bool,
        make: impl Fn(usize) -> anyhow::Result<Call> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { next: AtomicUsize::new(0), make: Box::new(make), is_right })
    }

    /// The next request.
    pub fn next(&self) -> anyhow::Result<Call> {
        (self.make)(self.next.fetch_add(1, Relaxed))
    }
}

/// A connection to a contestant.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string().parse()? })
    }

    /// Asks by GET.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        self.send(Request::get(path).header(HOST, &self.host).body(Full::default())?).await
    }

    /// Posts.
    pub async fn post(&mut self, call: Call) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(call.path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = call.token {
            request = request.header(AUTHORIZATION, token);
        }
        self.send(request.body(Full::new(call.body))?).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// A request of the script; an answer that is not right is an error that shows it.
    pub async fn play(&mut self, script: &Script, call: Call) -> anyhow::Result<Bytes> {
        let (status, body) = self.post(call).await?;
        if status == StatusCode::OK && (script.is_right)(&body) {
            return Ok(body);
        }
        let shown: String = String::from_utf8_lossy(&body).chars().take(600).collect();
        anyhow::bail!("{status}: {shown}")
    }
}

/// What a round has shown.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Right answers per second.
    pub per_second: f64,
    /// Half of the answers came within this time.
    pub p50: Duration,
    /// All but one of a hundred did.
    pub p99: Duration,
    /// Right answers.
    pub answers: u32,
    /// Wrong answers.
    pub errors: usize,
    /// Time of the processor that an answer cost the contestant's process, its database's not counted.
    pub processor: Duration,
}

/// All clients at once, for that long.
pub async fn round(
    contestant: &Contestant,
    script: &Arc<Script>,
    clients: usize,
    length: Duration,
) -> anyhow::Result<Figures> {
    let address = contestant.address;
    let before = contestant.processor();
    let mut tasks = JoinSet::new();
    let complained = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let ends = started + length;
    for _ in 0..clients {
        let (script, complained) = (Arc::clone(script), Arc::clone(&complained));
        tasks.spawn(async move {
            let mut client = Client::connect(address).await?;
            let (mut times, mut errors) = (Vec::new(), 0);
            while Instant::now() < ends {
                let asked = Instant::now();
                match client.play(&script, script.next()?).await {
                    Ok(_) => times.push(asked.elapsed()),
                    Err(error) => {
                        if !complained.swap(true, Relaxed) {
                            eprintln!("\n{error:#}");
                        }
                        errors += 1;
                        client = Client::connect(address).await?;
                    }
                }
            }
            anyhow::Ok((times, errors))
        });
    }
    let (mut times, mut errors) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (some, wrong) = done??;
        times.extend(some);
        errors += wrong;
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let answers = u32::try_from(times.len())?;
    let processor = contestant.processor().saturating_sub(before) / answers.max(1);
    Ok(Figures {
        per_second: f64::from(answers) / seconds,
        p50: at(50),
        p99: at(99),
        answers,
        errors,
        processor,
    })
}

/// The middle one of the rounds, figure by figure.
pub fn median(rounds: &[Figures]) -> Figures {
    fn middle<T: Copy + Default>(
        rounds: &[Figures],
        figure: impl Fn(&Figures) -> T,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> T {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_by(order);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    }
    Figures {
        per_second: middle(rounds, |round| round.per_second, f64::total_cmp),
        p50: middle(rounds, |round| round.p50, Ord::cmp),
        p99: middle(rounds, |round| round.p99, Ord::cmp),
        answers: rounds.iter().map(|round| round.answers).sum(),
        errors: rounds.iter().map(|round| round.errors).sum(),
        processor: middle(rounds, |round| round.processor, Ord::cmp),
    }
}
