//! The report: a table in Markdown that says what was measured and what it is worth.

use std::fmt::Write as _;
use std::time::Duration;

use crate::contestant::Memory;
use crate::drive::Figures;

/// One way to ask us beside its control.
pub struct Row {
    /// What was asked.
    pub name: String,
    /// What we did.
    pub ours: Figures,
    /// What the control did.
    pub control: Figures,
    /// Statements of a request: the first of its kind and person, and the same again within a second.
    pub statements: Option<(u64, u64)>,
    /// Most statements of a request.
    pub statements_goal: Option<u64>,
    /// Bytes of our answer and of the control's.
    pub bytes: (usize, usize),
    /// Share of the control's throughput that is wanted; None where there is none.
    pub goal: Option<f64>,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.ours.per_second / self.control.per_second
    }

    fn verdict(&self) -> String {
        let mut missed = Vec::new();
        if self.goal.is_some_and(|goal| self.ratio() < goal) {
            missed.push("throughput");
        }
        if self.statements.zip(self.statements_goal).is_some_and(|((_, again), most)| again > most) {
            missed.push("statements");
        }
        if self.ours.errors + self.control.errors > 0 {
            missed.push("errors");
        }
        match (missed.is_empty(), self.goal) {
            (false, _) => format!("**misses {}**", missed.join(", ")),
            (true, Some(_)) => "meets".to_owned(),
            (true, None) => "-".to_owned(),
        }
    }
}

/// The whole process.
pub struct Process {
    /// Until it was ready, on a full database.
    pub start: Duration,
    /// Before the first request.
    pub idle: Option<Memory>,
    /// After the last one.
    pub end: Option<Memory>,
}

/// Prints both.
pub fn print(title: &str, rows: &[Row], process: &Process) -> Result<String, std::fmt::Error> {
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1_000.0);
    let mut text = format!("## {title}\n\n");
    text += "| workload | ours/s | p50 ms | p99 ms | statements first, again | control/s | p50 ms | p99 ms | bytes ours/control | ratio | goal | verdict |\n";
    text += "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
    for row in rows {
        writeln!(
            text,
            "| {} | {:.0} | {} | {} | {}{} | {:.0} | {} | {} | {}/{} | {:.2} | {} | {} |",
            row.name,
            row.ours.per_second,
            ms(row.ours.p50),
            ms(row.ours.p99),
            row.statements.map_or_else(|| "-".to_owned(), |(first, again)| format!("{first}, {again}")),
            row.statements_goal.map(|most| format!(" (at most {most})")).unwrap_or_default(),
            row.control.per_second,
            ms(row.control.p50),
            ms(row.control.p99),
            row.bytes.0,
            row.bytes.1,
            row.ratio(),
            row.goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal:.1}")),
            row.verdict(),
        )?;
    }
    let mib = |memory: Option<u64>| memory.map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    writeln!(text, "\n| process | measured | goal |\n|---|--:|--:|")?;
    writeln!(text, "| start to ready | {} ms | 300 ms |", ms(process.start))?;
    writeln!(text, "| memory, idle | {} | 60 MiB |", mib(process.idle.map(|memory| memory.now)))?;
    writeln!(text, "| memory, most under load | {} | 256 MiB |", mib(process.end.map(|memory| memory.peak)))?;
    writeln!(text, "| memory, after the load | {} | |", mib(process.end.map(|memory| memory.now)))?;
    Ok(text)
}
