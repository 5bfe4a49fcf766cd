//! `server explain-ranking`: a ranking and everything that it follows from, for whoever doubts it.

use std::fmt::Write as _;
use std::process::ExitCode;

use app::ranking::{Check, Explained, Ranked};
use domain::calibration::SHRINKAGE;
use domain::id::PublicId as _;
use domain::score::{Criterion, Rounded, Spread, TieBreaker, Total};

use crate::config::Config;
use crate::parts;

/// Explains the ranking of a public challenge beside a running server.
pub async fn run(config: Config, slug: String) -> anyhow::Result<ExitCode> {
    let app = parts::app(&config, parts::connect_read_only(&config).await?)?;
    let explained = app::ranking::explain(&app, &slug).await?;
    let explained = explained.ok_or_else(|| anyhow::anyhow!("no public challenge has the handle {slug}"))?;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = explain(&mut out, &explained);
    super::print(&out);
    let holds =
        explained.check.is_none_or(|check| check.differences.is_empty() && check.is_sealed != Some(false));
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// By ids alone: who applied and who reviewed is nobody's business on a terminal.
fn explain(out: &mut String, explained: &Explained) -> std::fmt::Result {
    let Explained { challenge, criteria, ranked, check } = explained;
    let weights: Vec<_> = criteria.iter().map(|criterion| criterion.weight.to_string()).collect();
    writeln!(
        out,
        "{}: scale {}, pass mark {}",
        challenge.slug, challenge.rubric.scale, challenge.rubric.pass_mark
    )?;
    writeln!(out, "a total is the sum of weight x score / scale; weights {}", weights.join(", "))?;
    if challenge.rubric.is_calibrated {
        writeln!(
            out,
            "an offset is the sum of total - level over the sheets of a reviewer, by their number + {SHRINKAGE}; the ranking is without it"
        )?;
    }
    for entry in ranked {
        place(out, entry, criteria)?;
    }
    verdict(out, check.as_ref())
}

fn place(out: &mut String, entry: &Ranked, criteria: &[Criterion]) -> std::fmt::Result {
    let behind = match entry.behind_by {
        None => String::new(),
        Some((TieBreaker::PassingSheets, _)) => ", behind by fewer sheets that pass".to_owned(),
        Some((TieBreaker::Criteria, at)) => {
            let number =
                criteria.iter().position(|criterion| Some(criterion.id) == at).map_or(0, |at| at + 1);
            format!(", behind by criterion {number}")
        }
    };
    let proposal = entry.proposal.id.public();
    writeln!(out, "\n{}. {proposal}: {}{behind}", entry.rank, entry.mean.to_decimal())?;
    for (review, total) in &entry.sheets {
        let scores = criteria.iter().filter_map(|criterion| review.sheet.0.get(&criterion.id));
        let scores: Vec<_> = scores.map(|mark| mark.score.to_decimal()).collect();
        writeln!(out, "   {} = {}", total.to_decimal(), scores.join(" "))?;
    }
    let statistics = &entry.statistics;
    if let Some(Spread { median, lowest, highest, deviation, trimmed_mean, .. }) = &statistics.totals {
        let maybe = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "   {} of {} sheets; median {}, from {} to {}, deviation {}, trimmed mean {}",
            entry.sheets.len(),
            entry.expected,
            median.to_decimal(),
            lowest.to_decimal(),
            highest.to_decimal(),
            maybe(deviation.map(Rounded::to_decimal)),
            maybe(trimmed_mean.map(Total::to_decimal)),
        )?;
    }
    if let Some(calibrated) = &entry.calibrated {
        writeln!(
            out,
            "   calibrated {}. {}, adjusted by {}{}",
            calibrated.rank,
            calibrated.mean.to_decimal(),
            calibrated.adjustment.to_decimal(),
            if calibrated.crosses { ", on the other side of the pass mark" } else { "" },
        )?;
    }
    for disagreement in &statistics.disagreements {
        writeln!(out, "   {disagreement}")?;
    }
    Ok(())
}

fn verdict(out: &mut String, check: Option<&Check>) -> std::fmt::Result {
    let Some(check) = check else { return writeln!(out, "\nthere is no decision to compare with") };
    match check.is_sealed {
        Some(true) => writeln!(out, "\nrubric and sheets are those of the lock")?,
        Some(false) => writeln!(out, "\nbroken: rubric or sheets are not those of the lock")?,
        None => writeln!(out, "\nthe lock says nothing of the sheets")?,
    }
    for difference in &check.differences {
        let told = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "broken: {} {}: the decision has {}, what follows is {}",
            difference.proposal.public(),
            difference.kind,
            told(difference.published.as_ref()),
            told(difference.computed.as_ref()),
        )?;
    }
    if check.differences.is_empty() {
        writeln!(out, "ok: {} proposals, all as in the decision", check.compared)?;
    }
    Ok(())
}
