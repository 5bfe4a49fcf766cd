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
    /// Most statements of the second.
    pub statements_goal: Option<u64>,
    /// Bytes of our answer and of the control's.
    pub bytes: (usize, usize),
    /// Share of the control's throughput that is wanted; None where there is none.
    pub goal: Option<f64>,
}

fn ratio(ours: &Figures, control: &Figures) -> f64 {
    ours.per_second / control.per_second
}

fn verdict(
    ours: &Figures,
    control: &Figures,
    goal: Option<f64>,
    statements: Option<((u64, u64), u64)>,
) -> String {
    let slow = goal.is_some_and(|goal| ratio(ours, control) < goal);
    let talkative = statements.is_some_and(|((_, again), most)| again > most);
    let wrong = ours.errors + control.errors > 0;
    let missed = [(slow, "throughput"), (talkative, "statements"), (wrong, "errors")];
    let missed: Vec<_> = missed.into_iter().filter(|(missed, _)| *missed).map(|(_, what)| what).collect();
    match (missed.is_empty(), goal) {
        (false, _) => format!("**misses {}**", missed.join(", ")),
        (true, Some(_)) => "meets".to_owned(),
        (true, None) => "-".to_owned(),
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
    text += "Ours / the control's. The processor's time is that of the process, without PostgreSQL's own; the statements are those of the first request and of the same within a second.\n\n";
    text += "| workload | ratio | goal | verdict | answers/s | p50 ms | p99 ms | processor ms | bytes | statements |\n";
    text += "|---|--:|--:|---|--:|--:|--:|--:|--:|--:|\n";
    for Row { name, ours, control, statements, statements_goal, bytes, goal } in rows {
        write!(text, "| {name} | {:.2} | ", ratio(ours, control))?;
        write!(text, "{} | ", goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal:.1}")))?;
        write!(text, "{} | ", verdict(ours, control, *goal, statements.zip(*statements_goal)))?;
        write!(text, "{:.0} / {:.0} | ", ours.per_second, control.per_second)?;
        for figure in [|of: &Figures| of.p50, |of: &Figures| of.p99, |of: &Figures| of.processor] {
            write!(text, "{} / {} | ", ms(figure(ours)), ms(figure(control)))?;
        }
        write!(text, "{} / {} | ", bytes.0, bytes.1)?;
        let statements = statements.map(|(first, again)| format!("{first}, {again}"));
        let most = statements_goal.map(|most| format!(" (at most {most})")).unwrap_or_default();
        writeln!(text, "{}{most} |", statements.unwrap_or_else(|| "-".to_owned()))?;
    }
    let mib = |memory: Option<u64>| memory.map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    writeln!(text, "\n| process | measured | goal |\n|---|--:|--:|")?;
    writeln!(text, "| start to ready | {} ms | 300 ms |", ms(process.start))?;
    writeln!(text, "| memory, idle | {} | 60 MiB |", mib(process.idle.map(|memory| memory.now)))?;
    writeln!(text, "| memory, most under load | {} | 256 MiB |", mib(process.end.map(|memory| memory.peak)))?;
    writeln!(text, "| memory, after the load | {} | |", mib(process.end.map(|memory| memory.now)))?;
    Ok(text)
}
