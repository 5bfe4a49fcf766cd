//! The contestants, each in a process of its own: this binary, started again in another role.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use server::config::Config;
use tokio::net::TcpListener;

use crate::drive::Client;

/// The address that our tokens are issued for.
pub const PUBLIC_URL: &str = "http://localhost:8080";
/// The seed of the key that signs our tokens. It guards nothing but made-up data.
pub const SIGNING_SEED: [u8; 32] = [7; 32];
/// The same in base64.
const SIGNING_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Who runs in a process.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Role {
    /// The server as it is shipped.
    #[command(hide = true)]
    Ours {
        /// `DATABASE_URL`.
        database: String,
        /// `SMTP_URL`; without it mails go to the folder.
        #[arg(long)]
        mail: Option<String>,
        /// Where files are kept.
        #[arg(long)]
        folder: PathBuf,
        /// `DATABASE_CONNECTIONS`.
        #[arg(long)]
        connections: u32,
        /// Count the statements, and tell in `/metrics`.
        #[arg(long)]
        count: bool,
    },
    /// The control.
    #[command(hide = true)]
    Control {
        /// Its database.
        database: String,
    },
}

impl Role {
    /// Serves until standard input ends, and so no longer than whoever started it.
    pub async fn play(self) -> anyhow::Result<()> {
        let outcome = match self {
            Self::Ours { database, mail, folder, connections, count } => {
                ours(&settings(&database, mail.as_deref(), &folder, connections), count).await
            }
            Self::Control { database } => control(&database).await,
        };
        match outcome {
            Ok(address) => println!("{address}"),
            // The parent looks for the address, and shows what it finds instead.
            Err(error) => println!("{}", format!("{error:#}").replace('\n', " ")),
        }
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        std::process::exit(0)
    }

    fn arguments(&self) -> Vec<String> {
        match self {
            Self::Ours { database, mail, folder, connections, count } => {
                let mut arguments = vec![
                    "ours".to_owned(),
                    database.clone(),
                    format!("--folder={}", folder.display()),
                    format!("--connections={connections}"),
                ];
                arguments.extend(mail.iter().map(|mail| format!("--mail={mail}")));
                arguments.extend(count.then(|| "--count".to_owned()));
                arguments
            }
            Self::Control { database } => vec!["control".to_owned(), database.clone()],
        }
    }
}

fn settings(database: &str, mail: Option<&str>, folder: &Path, connections: u32) -> Vec<(String, String)> {
    let mut settings = vec![
        ("DATABASE_URL", database.to_owned()),
        ("DATABASE_CONNECTIONS", connections.to_string()),
        ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
        ("PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("JWT_SIGNING_KEY", SIGNING_KEY.to_owned()),
        ("SEAL_KEY", SIGNING_KEY.to_owned()),
        ("STORAGE_URL", format!("file:{}", folder.join("files").display())),
        ("MAIL_DIRECTORY", folder.join("mails").display().to_string()),
        ("MAIL_TIMEOUT_SECONDS", "120".to_owned()),
        ("MAIL_LEASE_SECONDS", "600".to_owned()),
        ("DEMO_DATA", "false".to_owned()),
    ];
    settings.extend(mail.map(|mail| ("SMTP_URL", mail.to_owned())));
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The server with its logs and metrics, as `server serve` starts it.
async fn ours(settings: &[(String, String)], count: bool) -> anyhow::Result<SocketAddr> {
    let config = Config::from_sources(None, settings.iter().cloned())?;
    let metrics = server::telemetry::init(config.log_format, &config.log_level)?;
    let statements = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&statements);
    let observe: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let text = move || if count { statements.load(Ordering::Relaxed).to_string() } else { metrics.render() };
    let running = server::start(config, count.then_some(observe), text).await?;
    let address = running.address;
    tokio::spawn(running.wait());
    Ok(address)
}

async fn control(database: &str) -> anyhow::Result<SocketAddr> {
    let router = crate::control::router(database).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// A running contestant; dropped, it ends.
pub struct Contestant {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process until it was ready.
    pub start: Duration,
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// At this moment.
    pub now: u64,
    /// The most there was.
    pub peak: u64,
}

impl Contestant {
    /// Starts a process and waits until it is ready.
    pub async fn start(role: &Role) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut process = Command::new(std::env::current_exe()?)
            .args(role.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().context("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let Ok(address) = line.trim().parse() else { bail!("{role:?} does not start: {line}") };
        let mut client = Client::connect(address).await?;
        while !client.get("/readyz").await?.0.is_success() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { process, address, start: started.elapsed() })
    }

    /// What it holds, by the kernel's word; None where there is no such word.
    pub fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        };
        Some(Memory { now: field("VmRSS:")? / 1024, peak: field("VmHWM:")? / 1024 })
    }

    /// What it has used of the processor, by the kernel's word; nothing where there is no such word.
    pub fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        // Behind the name, which may hold blanks: twelfth and thirteenth, in hundredths of a second.
        let fields = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace);
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(10 * ticks)
    }

    /// Statements so far, of one that counts them.
    pub async fn statements(&self) -> anyhow::Result<u64> {
        let (_, text) = Client::connect(self.address).await?.get("/metrics").await?;
        Ok(std::str::from_utf8(&text)?.parse()?)
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // What has ended already cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
