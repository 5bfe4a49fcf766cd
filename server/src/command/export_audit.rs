//! `server export-audit`: the chain, for whoever keeps a copy of it.

use std::io::Write as _;
use std::process::ExitCode;

use domain::audit::Entry;
use serde::Serialize;

use crate::config::Config;
use crate::parts;

/// A line: the entry as it was hashed, and the hash.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    hash: &'a str,
}

/// Prints every entry after a number, to the end.
pub async fn run(config: Config, after: i64) -> anyhow::Result<ExitCode> {
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut last = after;
    loop {
        let page = app::audit::after(&app, last).await?;
        let Some((end, _)) = page.last() else { break };
        last = end.seq;
        for (entry, hash) in &page {
            serde_json::to_writer(&mut out, &Line { entry, hash })?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
