//! The minutes of a council: who sat on it, what the locked sheets say, what parted equals, what is decided and why, to be printed and
//! signed. They say of each viewer's matters what the ranking and the decision say, and no more.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::decision::Outcome;
use domain::id::{CouncilMemberId, ProposalId, PublicId as _, UserId};
use domain::locale::Locale;
use domain::review::{CouncilRole, LOST, ReviewStatus};
use domain::score::{Rounded, TieBreaker, Total};
use domain::text::Bilingual;
use domain::time::Timestamp;
use entity::{challenge, council_member, decision, review, user};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::error::Result;
use crate::message::council_role;
use crate::op::Viewer;
use crate::pdf::{Column, Document, HEADING, PLAIN, SMALL, TITLE};
use crate::ranking::{Ranked, knows_reviewers};
use crate::score_table::Table;
use crate::{App, batch, score_table};

/// As a PDF in base64; None for whoever may not read the ranking. Who scored what is not in it.
///
/// Rows `RANKING`, `CALIBRATION`, `COUNCIL`, `APPLICANT`, `DECISION` and `OUTCOME` of [`READS`](domain::access::READS).
pub async fn pdf(
    app: &App,
    viewer: &Viewer,
    challenge: &challenge::Model,
    locale: Locale,
) -> Result<Option<String>> {
    let Some((table, ranked)) = score_table::read(app, viewer, challenge, locale).await? else {
        return Ok(None);
    };
    let ids = [challenge.id];
    let council = batch::councils(app, viewer, &ids).await?.remove(&challenge.id).unwrap_or_default();
    let people: Vec<_> = council.iter().map(|seat| seat.user_id).collect();
    let agency = batch::organizations(app, viewer, &[challenge.agency_id]).await?;
    let decided = batch::decisions_of(app, viewer, &ids).await?.remove(&challenge.id);
    let minutes = Minutes {
        locale,
        challenge,
        agency: agency.get(&challenge.agency_id).map(|row| (row.name_vi.clone(), row.name_en.clone())),
        opened_at: batch::openings(app, &ids).await?.remove(&challenge.id).and_then(|row| row.confirmed_at),
        names: batch::users(app, viewer, &people).await?,
        shares: shares(app, viewer, challenge).await?,
        decided: match decided {
            Some(row) => Some(Decided::read(app, viewer, row).await?),
            None => None,
        },
        council,
        table,
        ranked,
    };
    Ok(Some(STANDARD.encode(minutes.print()?)))
}

/// What became of the reviews that a member was offered.
#[derive(Clone, Copy, Default)]
struct Share {
    offered: usize,
    handed_in: usize,
    recused: usize,
}

/// Of each member, for those who know the reviewers and are tied to no applicant; None for everybody else.
async fn shares(
    app: &App,
    viewer: &Viewer,
    challenge: &challenge::Model,
) -> Result<Option<HashMap<CouncilMemberId, Share>>> {
    let db = &app.db.read;
    if !knows_reviewers(db, viewer, challenge).await? {
        return Ok(None);
    }
    let mut shares: HashMap<_, Share> = HashMap::new();
    let rows = review::Entity::find().filter(review::Column::ChallengeId.eq(challenge.id)).all(db).await?;
    for row in rows {
        let share = shares.entry(row.member_id).or_default();
        let is_in = matches!(row.status, ReviewStatus::Locked | ReviewStatus::Voided);
        share.recused += usize::from(row.status == ReviewStatus::Recused);
        share.handed_in += usize::from(is_in);
        share.offered += usize::from(!LOST.contains(&row.status) || row.status == ReviewStatus::Expired);
    }
    Ok(Some(shares))
}

/// What the viewer may read of the decision that stands.
struct Decided {
    row: decision::Model,
    departure: Option<String>,
    outcomes: HashMap<ProposalId, Outcome>,
}

impl Decided {
    async fn read(app: &App, viewer: &Viewer, row: decision::Model) -> Result<Self> {
        let tied = !batch::ties(app, viewer, &[row.id]).await?.is_empty();
        let outcomes = crate::decision::visible_outcomes(app, viewer, &row).await?;
        let outcomes = outcomes.into_iter().filter_map(|seen| Some((seen.proposal?.id, seen.outcome?)));
        let departure = row.departure_reason.clone().filter(|_| row.status.is_public() || !tied);
        Ok(Self { departure, outcomes: outcomes.collect(), row })
    }
}

struct Minutes<'a> {
    locale: Locale,
    challenge: &'a challenge::Model,
    agency: Option<(String, Option<String>)>,
    opened_at: Option<Timestamp>,
    council: Vec<council_member::Model>,
    names: HashMap<UserId, user::Model>,
    shares: Option<HashMap<CouncilMemberId, Share>>,
    table: Table,
    ranked: Vec<Ranked>,
    decided: Option<Decided>,
}

impl Minutes<'_> {
    fn say<'w>(&self, vi: &'w str, en: &'w str) -> &'w str {
        if self.locale == Locale::Vi { vi } else { en }
    }

    fn of(&self, vi: &str, en: Option<&String>) -> String {
        Bilingual { vi: vi.to_owned(), en: en.cloned() }.read(self.locale).0.to_owned()
    }

    /// As the city's clocks show it. Viet Nam has one time zone and no summer time.
    fn moment(&self, at: Option<Timestamp>) -> String {
        const SECONDS_EAST: i64 = 7 * 3_600;
        let Some(at) = at else { return "–".to_owned() };
        let local = at.plus_seconds(SECONDS_EAST).to_rfc3339();
        let (day, time) = local.split_once('T').unwrap_or((&local, ""));
        let day: Vec<_> = day.split('-').rev().collect();
        let zone = self.say("giờ Việt Nam", "Vietnam time");
        format!("{} {} ({zone})", time.get(..5).unwrap_or(time), day.join("/"))
    }

    fn print(&self) -> Result<Vec<u8>> {
        let mut document = Document::new()?;
        let challenge = self.challenge;
        let title = self.of(&challenge.title_vi, challenge.title_en.as_ref());
        document.line(self.say("BIÊN BẢN HỌP HỘI ĐỒNG", "MINUTES OF THE COUNCIL"), TITLE);
        document.line(&title, HEADING);
        if let Some((vi, en)) = &self.agency {
            let agency = self.of(vi, en.as_ref());
            document.line(&format!("{}: {agency}", self.say("Cơ quan đặt bài toán", "Owning agency")), PLAIN);
        }
        let rubric = &challenge.rubric;
        let facts = [
            (self.say("Mở hồ sơ", "Proposals opened"), self.moment(self.opened_at)),
            (self.say("Khóa vòng chấm", "Round locked"), self.moment(challenge.round_locked_at)),
            (
                self.say("Thang điểm mỗi tiêu chí; điểm đạt", "Scale of a criterion; pass mark"),
                format!("{}; {}/100", rubric.scale, rubric.pass_mark),
            ),
            (
                self.say("Phiếu cần có của mỗi hồ sơ", "Sheets needed of each proposal"),
                format!(
                    "{}/{}, {} {}",
                    rubric.quorum_numerator,
                    rubric.quorum_denominator,
                    self.say("ít nhất", "at least"),
                    rubric.sheets_min
                ),
            ),
        ];
        for (what, value) in facts {
            document.line(&format!("{what}: {value}"), PLAIN);
        }
        self.print_council(&mut document);
        self.print_ranking(&mut document);
        self.print_scores(&mut document);
        self.print_decision(&mut document);
        let name = |role| {
            let seat = self.council.iter().find(|seat| seat.role == role && seat.removed_at.is_none());
            seat.and_then(|seat| self.names.get(&seat.user_id)).map_or("", |person| &person.display_name)
        };
        let signers = [
            (self.say("Thư ký hội đồng", "Secretary"), name(CouncilRole::Secretary)),
            (self.say("Chủ tịch hội đồng", "Chair"), name(CouncilRole::Chair)),
        ];
        document.signatures(self.say("(ký, ghi rõ họ tên)", "(signature, full name)"), signers);
        let page = self.say("Trang", "Page");
        let language = self.say("vi", "en");
        document
            .finish(&title, language, |number, count| format!("{} · {page} {number}/{count}", challenge.slug))
    }

    fn print_council(&self, document: &mut Document) {
        // An agency never learns who sits on a council.
        if self.council.is_empty() {
            return;
        }
        self.section(document, "Hội đồng", "Council");
        let mut columns =
            vec![column(self.say("Thành viên", "Member"), 5.0), column(self.say("Vai trò", "Seat"), 4.0)];
        if self.shares.is_some() {
            columns.push(column(self.say("Phiếu được giao", "Sheets asked for"), 2.0));
            columns.push(column(self.say("Phiếu đã nộp", "Sheets in"), 2.0));
            columns.push(column(self.say("Từ chối do xung đột lợi ích", "Recused for conflict"), 3.0));
        }
        let rows = self.council.iter().map(|seat| {
            let name = self.names.get(&seat.user_id).map(|person| person.display_name.clone());
            let mut row = vec![name.unwrap_or_default(), council_role(seat.role, self.locale).to_owned()];
            if let Some(shares) = &self.shares {
                let share = shares.get(&seat.id).copied().unwrap_or_default();
                row.extend([share.offered, share.handed_in, share.recused].map(|count| count.to_string()));
            }
            row
        });
        document.table(&columns, &rows.collect::<Vec<_>>(), PLAIN);
    }

    fn print_ranking(&self, document: &mut Document) {
        self.section(document, "Xếp hạng theo phiếu chấm đã khóa", "Ranking by the locked sheets");
        let heads = [
            (self.say("STT", "No."), 1.1),
            (self.say("Hạng", "Rank"), 1.3),
            (self.say("Hồ sơ", "Proposal"), 6.0),
            (self.say("Đơn vị", "Applicant"), 4.0),
            (self.say("Phiếu", "Sheets"), 1.6),
            (self.say("Trung bình", "Mean"), 2.2),
            (self.say("Trung vị", "Median"), 2.2),
            (self.say("Thấp nhất", "Lowest"), 2.2),
            (self.say("Cao nhất", "Highest"), 2.2),
            (self.say("Độ lệch chuẩn", "Deviation"), 2.2),
            (self.say("Đạt", "Passes"), 1.6),
        ];
        let mut columns: Vec<_> = heads.map(|(head, share)| column(head, share)).into();
        if self.table.is_calibrated {
            columns.push(column(self.say("Hạng hiệu chỉnh", "Calibrated rank"), 1.7));
            columns.push(column(self.say("Điểm hiệu chỉnh", "Calibrated mean"), 2.2));
        }
        let rows = (1..).zip(&self.ranked).map(|(number, place): (usize, _)| {
            let id = place.proposal.id;
            let passes = place.mean.reaches(self.challenge.rubric.pass_mark);
            let spread = place.statistics.totals.as_ref();
            let figures = spread.map_or_else(Default::default, |spread| {
                let deviation = spread.deviation.map(Rounded::to_decimal).unwrap_or_default();
                let [median, lowest, highest] =
                    [spread.median, spread.lowest, spread.highest].map(Total::to_decimal);
                [median, lowest, highest, deviation]
            });
            let applicant = self.table.applicants.get(&id);
            let applicant = applicant.map(|row| self.of(&row.name_vi, row.name_en.as_ref()));
            let mut row = vec![
                number.to_string(),
                place.rank.to_string(),
                self.title(id),
                applicant.unwrap_or_default(),
                format!("{}/{}", place.sheets.len(), place.expected),
                place.mean.to_decimal(),
            ];
            row.extend(figures);
            row.push(if passes { self.say("có", "yes") } else { self.say("không", "no") }.to_owned());
            if self.table.is_calibrated {
                let calibrated = place.calibrated.map_or_else(Default::default, |calibrated| {
                    [calibrated.rank.to_string(), calibrated.mean.to_decimal()]
                });
                row.extend(calibrated);
            }
            row
        });
        document.table(&columns, &rows.collect::<Vec<_>>(), SMALL);
        for (number, place) in (1..).zip(&self.ranked) {
            let number: usize = number;
            let Some((by, criterion)) = place.behind_by else { continue };
            let criterion = self.table.criteria.iter().find(|row| Some(row.id) == criterion);
            let by = match (by, criterion) {
                (TieBreaker::Criteria, Some(row)) => format!(
                    "{} “{}”",
                    self.say("điểm trung bình tiêu chí", "the mean on the criterion"),
                    self.of(&row.name_vi, row.name_en.as_ref())
                ),
                (TieBreaker::Criteria, None) => self.say("điểm từng tiêu chí", "the criteria").to_owned(),
                (TieBreaker::PassingSheets, _) => {
                    self.say("tỷ lệ phiếu đạt", "the share of sheets that pass").to_owned()
                }
            };
            let told = self.say(
                "bằng điểm với hồ sơ đứng trước, xếp sau theo",
                "equal to the one before it, placed behind by",
            );
            document.line(&format!("{} {number}: {told} {by}.", self.say("STT", "No.")), PLAIN);
        }
    }

    fn print_scores(&self, document: &mut Document) {
        self.section(document, "Bảng điểm", "Table of scores");
        for (number, row) in (1..).zip(&self.table.criteria) {
            let number: usize = number;
            let name = self.of(&row.name_vi, row.name_en.as_ref());
            document.line(&format!("C{number}: {name} ({}%)", row.weight), PLAIN);
        }
        let mut columns = vec![column(self.say("STT", "No."), 1.0), column(self.say("Phiếu", "Sheet"), 1.2)];
        columns.extend((1..=self.table.criteria.len()).map(|number| column(&format!("C{number}"), 1.2)));
        columns.push(column(self.say("Tổng", "Total"), 1.8));
        let mut rows = Vec::new();
        for (number, place) in (1..).zip(&self.ranked) {
            let number: usize = number;
            for (sheet, (review, total)) in (1..).zip(&place.sheets) {
                let sheet: usize = sheet;
                let marks = self.table.criteria.iter().map(|criterion| {
                    let mark = review.sheet.0.get(&criterion.id);
                    mark.map(|mark| mark.score.to_decimal()).unwrap_or_default()
                });
                let cells = [number.to_string(), sheet.to_string()].into_iter().chain(marks);
                rows.push(cells.chain([total.to_decimal()]).collect());
            }
        }
        document.table(&columns, &rows, SMALL);
    }

    fn print_decision(&self, document: &mut Document) {
        let Some(decided) = &self.decided else { return };
        self.section(document, "Kết quả", "Outcomes");
        let record = decided.row.record.as_ref().filter(|_| decided.row.status.is_public());
        let told = match record {
            Some(record) => format!(
                "{} {}, {}, {} {}",
                self.say("Quyết định số", "Decision"),
                record.number,
                record.day.as_str(),
                self.say("người ký", "signed by"),
                record.signer
            ),
            None => self.say("Chưa công bố.", "Not published yet.").to_owned(),
        };
        document.line(&told, PLAIN);
        let columns = [
            column(self.say("STT", "No."), 1.0),
            column(self.say("Hồ sơ", "Proposal"), 7.0),
            column(self.say("Kết quả", "Outcome"), 3.0),
        ];
        let rows = (1..).zip(&self.ranked).map(|(number, place): (usize, _)| {
            let id = place.proposal.id;
            let outcome = match decided.outcomes.get(&id) {
                Some(Outcome::Selected) => self.say("Được chọn", "Selected"),
                Some(Outcome::Reserve) => self.say("Dự bị", "Reserve"),
                Some(Outcome::NotSelected) => self.say("Không được chọn", "Not selected"),
                None => "–",
            };
            vec![number.to_string(), self.title(id), outcome.to_owned()]
        });
        document.table(&columns, &rows.collect::<Vec<_>>(), PLAIN);
        if let Some(reason) = &decided.departure {
            let why = self.say("Lý do khác với xếp hạng", "Why it departs from the ranking");
            document.line(&format!("{why}: {reason}"), PLAIN);
        }
    }

    /// Before somebody has declared to be without conflict a proposal has no title for them.
    fn title(&self, id: ProposalId) -> String {
        self.table.titles.get(&id).cloned().unwrap_or_else(|| id.public())
    }

    fn section(&self, document: &mut Document, vi: &str, en: &str) {
        // A heading alone at the foot of a page heads nothing.
        document.make_room(70.0);
        document.space(PLAIN.leading());
        document.line(self.say(vi, en), HEADING);
    }
}

fn column(head: &str, share: f32) -> Column {
    Column { head: head.to_owned(), share }
}
