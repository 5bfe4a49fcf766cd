//! How fast we are, as a share of what the database and HTTP allow.
//!
//! `cargo run --release -p e2e --bin bench -- --size S --database sqlite` fills a database, gives a copy each to our server
//! and to a control (a bare handler with one hand-written statement per request), asks both the same by turns, and prints
//! a table. Server and control are processes of their own; the clients share the machine with them.

mod cast;
mod contestant;
mod control;
mod dice;
mod drive;
mod load;
mod outbox;
mod report;
mod seed;
mod store;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;

use cast::Cast;
use contestant::{Contestant, Role};
use drive::{Client, Figures, median, round};
use load::Size;
use report::{Process, Row};
use store::Store;
use workload::{Kind, Workload};

// The same as in the server's own binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server against a hand-written control.
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// How much data there is.
    #[arg(long, value_enum, ignore_case = true, default_value = "S")]
    size: Size,
    /// `sqlite`, or the address of a PostgreSQL database whose user may create others.
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Where the files of SQLite are kept.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Use the full database of an earlier run, if it has the same tables and the same seed.
    #[arg(long)]
    keep: bool,
    /// Length of a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of each contestant, by turns; the middle one counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Clients at the same time.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Connections of our server to its database.
    #[arg(long, default_value_t = control::CONNECTIONS)]
    connections: u32,
    /// Only these, such as `W1,W4`.
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    workloads: Vec<String>,
    /// Let our server write its mails to a folder meanwhile. Otherwise its mail server takes connections and says nothing,
    /// so that handing in is measured and not mailing.
    #[arg(long)]
    mails: bool,
    /// Measure nothing but the worker: so many mails are queued, and sent to a mail server on this machine.
    #[arg(long)]
    outbox: Option<u64>,
}

/// The copy that our server works on.
const OURS: &str = "bench_ours";
/// The copy that the control works on.
const CONTROL: &str = "bench_control";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(role) => role.play().await,
        None => measure(&cli).await,
    }
}

async fn measure(cli: &Cli) -> anyhow::Result<()> {
    let store = Store::parse(&cli.database, &cli.folder)?;
    let full = load::load(&store, cli.size, cli.keep).await?;
    let connection = store.open(&full).await?;
    let cast = Arc::new(Cast::find(&connection).await?);
    connection.close().await?;
    cast.renew()?;
    if let Some(mails) = cli.outbox {
        store.copy(&full, OURS).await?;
        outbox::measure(&store, OURS, &cli.folder, cli.connections, mails).await?;
        store.drop(OURS).await?;
        return Ok(());
    }
    for copy in [OURS, CONTROL] {
        store.copy(&full, copy).await?;
    }

    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let mail = (!cli.mails)
        .then(|| silent.local_addr())
        .transpose()?
        .map(|address| format!("smtp://{address}?tls=none"));
    let ours = |count| Role::Ours {
        database: store.url(OURS),
        mail: mail.clone(),
        folder: cli.folder.clone(),
        connections: cli.connections,
        count,
    };
    let counting = Contestant::start(&ours(true)).await?;
    let control = Contestant::start(&Role::Control { database: store.url(CONTROL) }).await?;
    let mut workloads = workload::all(&store, &cast, &counting).await?;
    workloads.retain(|workload| {
        cli.workloads.is_empty() || cli.workloads.iter().any(|name| name.eq_ignore_ascii_case(workload.name))
    });
    let mut rows = Vec::new();
    for workload in &workloads {
        rows.extend(look(&store, workload, &counting, &control).await?);
    }
    drop(counting);

    let server = Contestant::start(&ours(false)).await?;
    let idle = server.memory();
    let mut figures = Vec::new();
    for workload in &workloads {
        figures.extend(compete(cli, &cast, workload, &server, &control).await?);
    }
    for (row, (ours, control)) in rows.iter_mut().zip(figures) {
        (row.ours, row.control) = (ours, control);
    }
    let title = format!(
        "{} of size {:?}: {} clients, {} rounds of {} s by turns",
        store.name(),
        cli.size,
        cli.clients,
        cli.rounds,
        cli.seconds
    );
    println!(
        "{}",
        report::print(&title, &rows, &Process { start: server.start, idle, end: server.memory() })?
    );
    drop((server, control));
    for copy in [OURS, CONTROL] {
        store.drop(copy).await?;
    }
    if !cli.keep {
        store.drop(&full).await?;
    }
    Ok(())
}

/// Asks once or twice, in quiet: is everything answered, in how many bytes, by how many statements?
async fn look(
    store: &Store,
    workload: &Workload,
    ours: &Contestant,
    control: &Contestant,
) -> anyhow::Result<Vec<Row>> {
    let theirs = Client::connect(control.address)
        .await?
        .play(&workload.control, workload.control.next()?)
        .await?
        .len();
    let mut rows = Vec::new();
    for arm in &workload.arms {
        let mut client = Client::connect(ours.address).await?;
        let (mut first, mut again, mut bytes) = (u64::MAX, u64::MAX, 0);
        // The fewest of several: now and then the worker looks for mail meanwhile.
        for _ in 0..6 {
            let call = arm.script.next()?;
            let before = ours.statements().await?;
            bytes = client.play(&arm.script, call.clone()).await?.len();
            let between = ours.statements().await?;
            first = first.min(between - before);
            // What is written once cannot be written again.
            if workload.kind == Kind::Reads {
                client.play(&arm.script, call).await?;
                again = again.min(ours.statements().await? - between);
            }
        }
        let statements = (workload.kind != Kind::Mixed).then_some((first, again.min(first)));
        eprintln!("{}: {bytes} bytes, control {theirs}; statements first and again {statements:?}", arm.name);
        // On SQLite the goals are others: for reads a multiple of our own speed on PostgreSQL, for writes half of the control.
        let goal = match (store, workload.kind) {
            (Store::Postgres(_), _) => Some(arm.goal),
            (Store::Sqlite(_), Kind::Writes) => Some(0.5),
            (Store::Sqlite(_), Kind::Reads | Kind::Mixed) => None,
        };
        rows.push(Row {
            name: arm.name.clone(),
            ours: Figures::default(),
            control: Figures::default(),
            statements,
            statements_goal: arm.statements,
            bytes: (bytes, theirs),
            goal,
        });
    }
    Ok(rows)
}

/// The rounds of a workload: the control, then us in every way, over and over.
async fn compete(
    cli: &Cli,
    cast: &Cast,
    workload: &Workload,
    ours: &Contestant,
    control: &Contestant,
) -> anyhow::Result<Vec<(Figures, Figures)>> {
    let length = Duration::from_secs(cli.seconds);
    let warm_up = Duration::from_millis(500);
    let mut theirs = Vec::new();
    let mut own: Vec<Vec<Figures>> = workload.arms.iter().map(|_| Vec::new()).collect();
    round(control, &workload.control, cli.clients, warm_up).await?;
    for arm in &workload.arms {
        round(ours, &arm.script, cli.clients, warm_up).await?;
    }
    for _ in 0..cli.rounds {
        cast.renew()?;
        theirs.push(round(control, &workload.control, cli.clients, length).await?);
        for (arm, figures) in workload.arms.iter().zip(&mut own) {
            figures.push(round(ours, &arm.script, cli.clients, length).await?);
        }
        eprint!("\r{} {}   ", workload.name, theirs.len());
    }
    eprintln!();
    let control = median(&theirs);
    Ok(own.iter().map(|figures| (median(figures), control.clone())).collect())
}
