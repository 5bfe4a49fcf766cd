//! The locked scores as a table for spreadsheets: what stands in the minutes of a council.

use std::collections::HashMap;

use domain::id::{ProposalId, PublicId as _};
use domain::locale::Locale;
use domain::text::Bilingual;
use entity::{challenge, criterion, organization};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::ranking::Ranked;
use crate::{App, batch, ranking};

/// Spreadsheets take a text for UTF-8 only if it begins so.
const MARK: &str = "\u{feff}";

/// The scores of a challenge, a line for each locked sheet, best proposal first; None for whoever may not read the ranking. Who scored is
/// not in it, who applied only where the viewer may know, and the calibrated places only for whoever reads them.
///
/// Rows `RANKING` and `CALIBRATION` of [`READS`](domain::access::READS).
pub async fn csv(
    app: &App,
    viewer: &Viewer,
    challenge: &challenge::Model,
    locale: Locale,
) -> Result<Option<String>> {
    let Some((table, ranked)) = read(app, viewer, challenge, locale).await? else { return Ok(None) };
    table.print(&ranked).map(Some)
}

/// The ranking that the viewer may read, and the words that go with it.
pub(crate) async fn read(
    app: &App,
    viewer: &Viewer,
    challenge: &challenge::Model,
    locale: Locale,
) -> Result<Option<(Table, Vec<Ranked>)>> {
    let Some(ranked) = ranking::ranking(app, viewer, challenge).await? else { return Ok(None) };
    let ids: Vec<_> = ranked.iter().map(|place| place.proposal.id).collect();
    let criteria = criterion::Entity::find()
        .filter(criterion::Column::ChallengeId.eq(challenge.id))
        .order_by_asc(criterion::Column::Position)
        .all(&app.db.read)
        .await?;
    let versions = batch::current_versions(app, viewer, &ids).await?;
    let titles = versions.into_iter().map(|(id, version)| Ok((id, version.content()?.title)));
    let titles: HashMap<_, _> = titles.collect::<Result<_>>()?;
    let applicants = batch::applicants(app, viewer, &ids).await?;
    let is_calibrated = ranked.iter().any(|place| place.calibrated.is_some());
    let pass_mark = challenge.rubric.pass_mark;
    Ok(Some((Table { locale, pass_mark, is_calibrated, criteria, titles, applicants }, ranked)))
}

pub(crate) struct Table {
    locale: Locale,
    pass_mark: i64,
    pub(crate) is_calibrated: bool,
    pub(crate) criteria: Vec<criterion::Model>,
    pub(crate) titles: HashMap<ProposalId, String>,
    pub(crate) applicants: HashMap<ProposalId, organization::Model>,
}

impl Table {
    fn print(&self, ranked: &[Ranked]) -> Result<String> {
        let failed = |error: csv::Error| Error::Internal(format!("a table of scores: {error}"));
        let mut lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        lines.write_record(self.head()).map_err(failed)?;
        for place in ranked {
            for (number, (review, total)) in (1..).zip(&place.sheets) {
                let marks = self.criteria.iter().map(|criterion| {
                    let mark = review.sheet.0.get(&criterion.id);
                    mark.map(|mark| mark.score.to_decimal()).unwrap_or_default()
                });
                let cells = self.place(place).into_iter().chain([number.to_string()]).chain(marks);
                lines.write_record(cells.chain([total.to_decimal()])).map_err(failed)?;
            }
        }
        let bytes = lines.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(format!("{MARK}{text}"))
    }

    fn head(&self) -> Vec<String> {
        let (mean, calibrated, before, after) = match self.locale {
            Locale::Vi => (
                ["Hạng", "Điểm trung bình"],
                ["Hạng hiệu chỉnh", "Điểm hiệu chỉnh"],
                ["Đạt", "Mã hồ sơ", "Tên hồ sơ", "Đơn vị", "Phiếu"],
                "Tổng",
            ),
            Locale::En => (
                ["Rank", "Mean"],
                ["Calibrated rank", "Calibrated mean"],
                ["Passes", "Proposal", "Title", "Applicant", "Sheet"],
                "Total",
            ),
        };
        let calibrated = calibrated.into_iter().filter(|_| self.is_calibrated);
        let before = mean.into_iter().chain(calibrated).chain(before);
        let say = |vi: &str, en: Option<&String>| {
            cell(Bilingual { vi: vi.to_owned(), en: en.cloned() }.read(self.locale).0)
        };
        let names = self.criteria.iter().map(|row| say(&row.name_vi, row.name_en.as_ref()));
        before.map(str::to_owned).chain(names).chain([after.to_owned()]).collect()
    }

    fn place(&self, place: &Ranked) -> Vec<String> {
        let id = place.proposal.id;
        let passes = match (place.mean.reaches(self.pass_mark), self.locale) {
            (true, Locale::Vi) => "có",
            (false, Locale::Vi) => "không",
            (true, Locale::En) => "yes",
            (false, Locale::En) => "no",
        };
        let title = self.titles.get(&id).map(|title| cell(title)).unwrap_or_default();
        let applicant = self.applicants.get(&id).map(|house| cell(&house.name_vi)).unwrap_or_default();
        let mean = [place.rank.to_string(), place.mean.to_decimal()];
        let calibrated = place.calibrated.map_or_else(Default::default, |calibrated| {
            [calibrated.rank.to_string(), calibrated.mean.to_decimal()]
        });
        let calibrated = calibrated.into_iter().filter(|_| self.is_calibrated);
        mean.into_iter().chain(calibrated).chain([passes.to_owned(), id.public(), title, applicant]).collect()
    }
}

/// What people wrote, so that no spreadsheet takes it for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_people_wrote_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert!(cell(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(cell("Cống = thông minh"), "Cống = thông minh");
    }
}
