//! What is in the rows: agencies with their challenges, startups with their proposals, councils with their sheets, in the
//! words of the demo data. Half of the challenges are published, a third is decided; some draw ten times as many
//! proposals as others; an eighth of the applicants is still writing.

use std::collections::BTreeMap;

use anyhow::Context as _;
use app::clock::Clock;
use domain::account::PlatformRole;
use domain::challenge::{Brief, BriefSection, ChallengeStatus, OfficialRecord, REQUIRED_SECTIONS, Rubric, Sector, Track};
use domain::decision::{DecisionStatus, Outcome};
use domain::event::{Event, EventKind};
use domain::id::{ChallengeId, OrganizationId, ProposalId, UserId};
use domain::letter::LetterKind;
use domain::locale::Locale;
use domain::message::MessageStatus;
use domain::money::{Currency, Money};
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::proposal::{Content, ProposalSection, ProposalStatus};
use domain::review::{CouncilRole, Interest, ReviewStatus};
use domain::score::{self, Mark, Score, Sheet};
use domain::text::{Bilingual, fold, look_alike_key, slug_from};
use domain::time::{Day, Timestamp};
use domain::audit;
use entity::{
    audit_entry, audit_head, challenge, challenge_author, conflict_declaration, council_member, criterion, decision, decision_outcome, event, indicator,
    membership, message, opening, organization, platform_grant, proposal, proposal_draft, proposal_version, review, session, user,
};
use serde::Deserialize;
use serde_json::json;

use crate::dice::Dice;
use crate::load::{Rows, Size};

/// The handle of the challenge with exactly fifty ranked proposals of three sheets each.
pub const RANKED: &str = "ranking-of-fifty";
/// Proposals to it.
const FIFTY: usize = 50;

const SURNAMES: &[&str] = &["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"];
const GIVEN: &[&str] = &["Minh Anh", "Thị Hồng", "Quốc Bảo", "Thanh Hà", "Đức Huy", "Ngọc Lan", "Văn Long", "Thùy Linh", "Hải Nam", "Mỹ Duyên", "Gia Khánh", "Bảo Trâm"];
const PLACES: &[&str] = &[
    "Thủ Đức", "Bình Tân", "Gò Vấp", "Tân Bình", "Cần Giờ", "Củ Chi", "Nhà Bè", "Biên Hòa", "Thủ Dầu Một", "Vũng Tàu", "Cần Thơ", "Đà Nẵng", "Huế", "Hải Phòng",
    "Hà Nội", "Lạng Sơn", "Thái Nguyên", "Hà Giang", "Nam Định", "Vinh", "Quy Nhơn", "Nha Trang", "Đà Lạt", "Buôn Ma Thuột", "Long Xuyên", "Rạch Giá", "Cà Mau",
];
const TRADES: &[&str] = &["Sao Mai", "Sơn Ca", "Mạch Nước", "Hẻm Số", "Diều Biển", "Nhịp Phố", "Vòng Lá", "Đồng Xanh", "Cầu Vồng", "Hạt Giống", "Bến Đỗ", "Tia Nắng"];
const REASONS: &[&str] = &[
    "Giải pháp bám sát bài toán, số liệu nền rõ ràng.", "Kế hoạch khả thi nhưng thiếu phương án dự phòng.", "Đội ngũ có kinh nghiệm triển khai thực tế.",
    "Chưa nêu cách bảo vệ dữ liệu cá nhân.", "Chi phí vận hành sau thí điểm còn cao.", "Cách đo hiệu quả thuyết phục, có nhóm đối chứng.",
];

/// What a challenge has come to. A thousand of them are spread as these twenty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Upcoming,
    Closed,
    Evaluation,
    Decision,
    Awarded,
    Unawarded,
    Private,
}

use Phase as P;
const PHASES: [Phase; 20] = [
    P::Open, P::Awarded, P::Open, P::Evaluation, P::Open, P::Awarded, P::Open, P::Decision, P::Upcoming, P::Awarded, P::Open, P::Closed, P::Open, P::Awarded,
    P::Open, P::Evaluation, P::Open, P::Awarded, P::Unawarded, P::Private,
];

impl Phase {
    fn of(index: usize) -> Self {
        PHASES.get(index % PHASES.len()).copied().unwrap_or(Self::Open)
    }

    /// Its proposals have been opened.
    const fn is_judged(self) -> bool {
        matches!(self, Self::Evaluation | Self::Decision | Self::Awarded | Self::Unawarded)
    }

    /// First and last day on which it may have closed or may close, from today.
    const fn closes(self) -> (i64, i64) {
        match self {
            Self::Open => (30, 150),
            Self::Upcoming | Self::Private => (120, 200),
            Self::Closed => (-12, -1),
            Self::Evaluation => (-60, -20),
            Self::Decision => (-120, -70),
            Self::Awarded | Self::Unawarded => (-900, -150),
        }
    }
}

/// Three fields of public life take three quarters of the published challenges, so that a list by field fills its page.
fn sector(dice: &mut Dice, nth_published: Option<usize>) -> anyhow::Result<Sector> {
    match nth_published.map(|nth| nth % 25) {
        Some(0..6) => Ok(Sector::Transport),
        Some(6..12) => Ok(Sector::Health),
        Some(12..18) => Ok(Sector::UrbanManagement),
        _ => dice.pick(Sector::ALL).copied(),
    }
}

#[derive(Deserialize)]
struct Demo {
    challenges: Vec<DemoChallenge>,
    proposals: Vec<DemoProposal>,
}

#[derive(Deserialize)]
struct DemoChallenge {
    title_vi: String,
    title_en: String,
    summary_vi: String,
    summary_en: String,
    sections: Brief,
    source_url: String,
    indicators: Vec<DemoIndicator>,
    criteria: Vec<DemoCriterion>,
}

#[derive(Deserialize)]
struct DemoIndicator {
    name_vi: String,
    name_en: String,
    unit_vi: String,
    unit_en: String,
    baseline: String,
    baseline_on: Day,
    source_vi: String,
    source_en: String,
    target: String,
}

#[derive(Deserialize)]
struct DemoCriterion {
    name_vi: String,
    name_en: String,
    weight: i64,
    reason_required: bool,
}

#[derive(Deserialize)]
struct DemoProposal {
    title: String,
    summary: String,
    sections: BTreeMap<ProposalSection, String>,
}

struct Agency {
    id: OrganizationId,
    lead: UserId,
}

struct Startup {
    id: OrganizationId,
    team: [UserId; 2],
}

/// A challenge as those need it who apply to it and judge it.
struct Call {
    id: ChallengeId,
    phase: Phase,
    closes_at: Timestamp,
    criteria: Vec<score::Criterion>,
    council: Vec<council_member::Model>,
}

impl Call {
    fn scorers(&self) -> impl Iterator<Item = &council_member::Model> {
        self.council.iter().filter(|seat| seat.role == CouncilRole::Reviewer)
    }
}

/// Makes rows, a challenge with everything that belongs to it at a time.
pub struct Seed {
    size: Size,
    dice: Dice,
    now: Timestamp,
    demo: Demo,
    demo_with_five_criteria: Vec<usize>,
    people: usize,
    officer: UserId,
    agencies: Vec<Agency>,
    startups: Vec<Startup>,
    experts: Vec<UserId>,
    /// Proposals of each challenge.
    shares: Vec<usize>,
    ranked: usize,
    next: usize,
    published: usize,
    seq: i64,
    hash: String,
}

const DAY: i64 = 86_400;

impl Seed {
    /// From the beginning.
    pub fn new(size: Size) -> anyhow::Result<Self> {
        let demo: Demo = serde_json::from_str(include_str!("../../server/demo/demo.json")).context("the demo data")?;
        let demo_with_five_criteria = (0..).zip(&demo.challenges).filter(|(_, challenge)| challenge.criteria.len() == 5).map(|(index, _)| index).collect();
        let mut dice = Dice::new(20_261_123);
        let ranked = (0..size.challenges()).find(|index| Phase::of(*index) == P::Decision).context("no challenge before its decision")?;
        let shares = shares(&mut dice, size, ranked)?;
        Ok(Self {
            size, demo, demo_with_five_criteria, ranked, shares,
            officer: dice.id(),
            dice,
            now: Clock::default().process(),
            people: 0,
            agencies: Vec::new(),
            startups: Vec::new(),
            experts: Vec::new(),
            next: 0,
            published: 0,
            seq: 0,
            hash: audit::GENESIS.to_owned(),
        })
    }

    /// An instant that many days from now, at any hour.
    fn day(&mut self, days: i64) -> Timestamp {
        let seconds = self.dice.between(0, DAY);
        self.now.plus_seconds(days * DAY + seconds)
    }

    fn person(&mut self, rows: &mut Rows, id: UserId) -> anyhow::Result<UserId> {
        let number = self.people;
        self.people += 1;
        let email = format!("person{number}@bench.example");
        let created_at = self.now.plus_seconds(-1_000 * DAY);
        rows.user.push(user::Model {
            id,
            email_key: email.clone(),
            email,
            display_name: format!("{} {}", self.dice.pick(SURNAMES)?, self.dice.pick(GIVEN)?),
            locale: if self.dice.percent(90) { Locale::Vi } else { Locale::En },
            password_hash: "*".to_owned(),
            email_verified_at: Some(created_at),
            created_at,
            updated_at: created_at,
            version: 1,
        });
        let expires_at = self.now.plus_seconds(3_650 * DAY);
        rows.session.push(session::Model { id: self.dice.id(), user_id: id, created_at: self.now, expires_at, ended_at: None });
        Ok(id)
    }

    fn organization(&mut self, rows: &mut Rows, kind: OrganizationKind, name: String, team: &[(UserId, MembershipRole)]) -> OrganizationId {
        let id = self.dice.id();
        let created_at = self.now.plus_seconds(-1_000 * DAY);
        rows.organization.push(organization::Model {
            id,
            kind,
            status: OrganizationStatus::Verified,
            slug: slug_from(&name),
            name_en: Some(fold(&name)),
            name_key: look_alike_key(&name),
            name_folded: fold(&name),
            name_vi: name,
            status_reason: None,
            created_by: team.first().map_or(self.officer, |(founder, _)| *founder),
            created_at,
            updated_at: created_at,
            version: 1,
        });
        for (user_id, role) in team {
            let seat = self.dice.id();
            rows.membership.push(membership::Model { id: seat, organization_id: id, user_id: *user_id, role: *role, created_at, ended_at: None });
        }
        id
    }

    /// Everybody, and where they work. All that follows refers to them.
    pub fn people(&mut self) -> anyhow::Result<Rows> {
        let mut rows = Rows::default();
        let (officer, publisher, auditor) = (self.officer, self.dice.id(), self.dice.id());
        for id in [officer, publisher, auditor] {
            self.person(&mut rows, id)?;
        }
        rows.platform_grant.push(platform_grant::Model { user_id: auditor, role: PlatformRole::Auditor, granted_at: self.now });
        let office = [(officer, MembershipRole::Officer), (publisher, MembershipRole::Publisher)];
        self.organization(&mut rows, OrganizationKind::ProgrammeOffice, "Sở Khoa học và Công nghệ".to_owned(), &office);
        for number in 0..self.size.agencies() {
            let [lead, drafter] = self.two(&mut rows)?;
            let name = format!("UBND {} {number}", self.dice.pick(PLACES)?);
            let id = self.organization(&mut rows, OrganizationKind::Agency, name, &[(lead, MembershipRole::Lead), (drafter, MembershipRole::Drafter)]);
            self.agencies.push(Agency { id, lead });
        }
        for number in 0..self.size.startups() {
            let team = self.two(&mut rows)?;
            let name = format!("Công ty {} {} {number}", self.dice.pick(TRADES)?, self.dice.pick(PLACES)?);
            let [owner, editor] = team;
            let id = self.organization(&mut rows, OrganizationKind::Startup, name, &[(owner, MembershipRole::Owner), (editor, MembershipRole::Editor)]);
            self.startups.push(Startup { id, team });
        }
        for _ in 0..self.size.experts() {
            let id = self.dice.id();
            let expert = self.person(&mut rows, id)?;
            self.experts.push(expert);
        }
        Ok(rows)
    }

    fn two(&mut self, rows: &mut Rows) -> anyhow::Result<[UserId; 2]> {
        let (one, other) = (self.dice.id(), self.dice.id());
        Ok([self.person(rows, one)?, self.person(rows, other)?])
    }

    /// The next challenge with all that hangs on it; false after the last.
    pub fn next(&mut self, rows: &mut Rows) -> anyhow::Result<bool> {
        let index = self.next;
        let Some(share) = self.shares.get(index).copied() else { return Ok(false) };
        self.next += 1;
        let mut call = self.challenge(rows, index)?;
        if call.phase.is_judged() {
            call.council = self.council(&call, if index == self.ranked { 3 } else { 5 });
            rows.council_member.extend(call.council.iter().cloned());
        }
        let applicants: Vec<_> = self.dice.some(&self.startups, share).map(|startup| (startup.id, startup.team)).collect();
        let mut receipts = Vec::new();
        let mut judged = Vec::new();
        for (organization, team) in applicants {
            let proposal = self.proposal(rows, &call, organization, team, index == self.ranked)?;
            if !call.phase.is_judged() || proposal.status == ProposalStatus::Withdrawn {
                continue;
            }
            if let Some(version) = rows.proposal_version.last() {
                receipts.push(json!({ "proposal": proposal.id, "version": 1, "sha256": version.sha256, "submitted_at": version.submitted_at }));
            }
            judged.push((proposal.id, proposal.status, self.sheets(rows, &call, proposal.id)?));
        }
        if let [chair, _, secretary, ..] = call.council.as_slice() {
            let at = call.closes_at.plus_seconds(DAY);
            rows.opening.push(opening::Model {
                challenge_id: call.id,
                requested_by: secretary.user_id,
                requested_at: at,
                confirmed_by: Some(chair.user_id),
                confirmed_at: Some(at),
                receipts: Some(receipts.into()),
            });
            if matches!(call.phase, P::Awarded | P::Unawarded) {
                let by = (chair.user_id, rows.challenge.last().and_then(|row| row.decision_maker_id).unwrap_or(self.officer));
                self.decision(rows, &call, judged, by)?;
            }
        }
        Ok(true)
    }

    fn challenge(&mut self, rows: &mut Rows, index: usize) -> anyhow::Result<Call> {
        let phase = Phase::of(index);
        let status = match phase {
            P::Open | P::Upcoming | P::Closed => ChallengeStatus::Published,
            P::Evaluation => ChallengeStatus::Evaluation,
            P::Decision => ChallengeStatus::Decision,
            P::Awarded => ChallengeStatus::Awarded,
            P::Unawarded => ChallengeStatus::ClosedNoAward,
            P::Private => *self.dice.pick(&[ChallengeStatus::Draft, ChallengeStatus::InReview, ChallengeStatus::ChangesRequested, ChallengeStatus::Approved])?,
        };
        let is_public = status.is_public();
        let (first, last) = phase.closes();
        let day = self.dice.between(first, last);
        let closes_at = self.day(day);
        let opens_at = if phase == P::Open { self.day(-20) } else { closes_at.plus_seconds(-60 * DAY) };
        let published_at = is_public.then(|| opens_at.plus_seconds(if phase == P::Upcoming { -90 * DAY } else { -DAY }));
        let nth_published = (status == ChallengeStatus::Published).then_some(self.published);
        self.published += usize::from(nth_published.is_some());
        let sector = sector(&mut self.dice, nth_published)?;
        let id: ChallengeId = self.dice.id();
        let (agency, lead) = self.dice.pick(&self.agencies).map(|agency| (agency.id, agency.lead))?;
        let five = *self.dice.pick(&self.demo_with_five_criteria)?;
        let like = self.demo.challenges.get(if index == self.ranked { five } else { index % self.demo.challenges.len() }).context("no demo challenge")?;
        let place = *self.dice.pick(PLACES)?;
        let title = Bilingual { vi: format!("{} – {place}, đợt {}", like.title_vi, 1 + index / 58), en: Some(format!("{} in {}", like.title_en, fold(place))) };
        let mut brief = Brief::default();
        for section in BriefSection::ALL {
            // Three of four sections are those of the model, the others are told of another place.
            let from = if self.dice.percent(75) { like } else { self.dice.pick(&self.demo.challenges)? };
            let wanted = REQUIRED_SECTIONS.contains(section) || self.dice.percent(70);
            if let (Some(text), true) = (from.sections.0.get(section).or(like.sections.0.get(section)), wanted) {
                brief.0.insert(*section, text.clone());
            }
        }
        let folded = [&title.vi, &like.summary_vi, &like.summary_en].map(|text| fold(text));
        let folded = folded.into_iter().chain(title.en.as_deref().map(fold)).chain([sector.label().folded()]).chain(brief.0.values().map(Bilingual::folded));
        let search_text = folded.collect::<Vec<_>>().join("\n");
        let record = |number: &str| OfficialRecord {
            number: format!("{index}/{number}"),
            day: Day::parse("2026-10-01").unwrap_or_else(|| unreachable!()),
            signer: "Nguyễn Văn An".to_owned(),
            document_url: format!("https://bench.example/{index}.pdf"),
        };
        rows.challenge.push(challenge::Model {
            id,
            slug: if index == self.ranked { RANKED.to_owned() } else { format!("{}-{index}", slug_from(&title.vi)) },
            agency_id: agency,
            status,
            is_public,
            track: *self.dice.pick(Track::ALL)?,
            sector,
            title_key: fold(&title.vi),
            title_vi: title.vi,
            title_en: title.en,
            summary_vi: like.summary_vi.clone(),
            summary_en: Some(like.summary_en.clone()),
            brief,
            rubric: Rubric::default(),
            is_blind: index != self.ranked && self.dice.percent(20),
            shows_proposal_count: self.dice.percent(60),
            opens_at: Some(opens_at),
            closes_at: Some(closes_at),
            deadline_key: closes_at.micros(),
            published_key: published_at.map_or(0, Timestamp::micros),
            search_text,
            source_url: Some(like.source_url.clone()),
            status_reason: None,
            approved_by: is_public.then_some(self.officer),
            approval: is_public.then(|| record("QĐ-SKHCN")),
            publication: is_public.then(|| record("TB-SKHCN")),
            published_at,
            decision_maker_id: phase.is_judged().then_some(lead),
            round_locked_at: matches!(phase, P::Decision | P::Awarded | P::Unawarded).then(|| closes_at.plus_seconds(30 * DAY)),
            created_by: lead,
            created_at: opens_at.plus_seconds(-30 * DAY),
            updated_at: opens_at,
            version: 4,
        });
        rows.challenge_author.push(challenge_author::Model { challenge_id: id, user_id: lead });
        let mut criteria = Vec::new();
        let five = self.demo.challenges.get(five).filter(|_| like.criteria.len() != 5).unwrap_or(like);
        for (position, new) in (0..).zip(&five.criteria) {
            let row = criterion::Model {
                id: self.dice.id(),
                challenge_id: id,
                position,
                name_vi: new.name_vi.clone(),
                name_en: Some(new.name_en.clone()),
                weight: new.weight,
                reason_required: new.reason_required,
            };
            criteria.push(score::Criterion { id: row.id, weight: row.weight, reason_required: row.reason_required });
            rows.criterion.push(row);
        }
        for (position, new) in (0..).zip(&like.indicators) {
            rows.indicator.push(indicator::Model {
                id: self.dice.id(),
                challenge_id: id,
                position,
                name_vi: new.name_vi.clone(),
                name_en: Some(new.name_en.clone()),
                unit_vi: new.unit_vi.clone(),
                unit_en: Some(new.unit_en.clone()),
                baseline: new.baseline.clone(),
                baseline_on: new.baseline_on.clone(),
                source_vi: new.source_vi.clone(),
                source_en: Some(new.source_en.clone()),
                target: new.target.clone(),
            });
        }
        Ok(Call { id, phase, closes_at, criteria, council: Vec::new() })
    }

    /// Chair, vice chair, secretary and those who score.
    fn council(&mut self, call: &Call, scorers: usize) -> Vec<council_member::Model> {
        let roles = [CouncilRole::Chair, CouncilRole::ViceChair, CouncilRole::Secretary].into_iter().chain(std::iter::repeat(CouncilRole::Reviewer));
        let people: Vec<_> = self.dice.some(&self.experts, 3 + scorers).copied().collect();
        let seat = |(role, user_id)| council_member::Model {
            id: self.dice.id(),
            challenge_id: call.id,
            user_id,
            role,
            appointed_by: self.officer,
            appointed_at: call.closes_at,
            removed_at: None,
        };
        roles.zip(people).map(seat).collect()
    }

    fn proposal(
        &mut self, rows: &mut Rows, call: &Call, organization_id: OrganizationId, team: [UserId; 2], ranked: bool,
    ) -> anyhow::Result<proposal::Model> {
        let [owner, _] = team;
        let chance = self.dice.below(100);
        let status = match (call.phase, chance) {
            (P::Open, 0..35) => ProposalStatus::Draft,
            (_, 35..37) if !ranked => ProposalStatus::Withdrawn,
            (P::Evaluation, _) => ProposalStatus::UnderReview,
            (P::Decision, _) => ProposalStatus::Evaluated,
            (P::Awarded, 90..) => ProposalStatus::Selected,
            (P::Awarded, 80..90) => ProposalStatus::Reserve,
            (P::Awarded | P::Unawarded, _) => ProposalStatus::NotSelected,
            _ => ProposalStatus::Submitted,
        };
        let submitted = status != ProposalStatus::Draft;
        let ago = self.dice.between(1, 15 * DAY);
        let created_at = self.now.min(call.closes_at).plus_seconds(-2 * ago);
        let submitted_at = created_at.plus_seconds(ago / 2);
        let like = self.dice.pick(&self.demo.proposals)?;
        let content = Content {
            title: format!("{} – {}", like.title, self.dice.pick(PLACES)?),
            language: Locale::Vi,
            summary: like.summary.clone(),
            sections: like.sections.clone(),
            budget: Some(Money { minor: self.dice.between(100, 2_000) * 1_000_000, currency: Currency::Vnd }),
        };
        let row = proposal::Model {
            id: self.dice.id(),
            challenge_id: call.id,
            organization_id,
            status,
            current_version: i32::from(submitted),
            status_reason: None,
            feedback: matches!(call.phase, P::Awarded | P::Unawarded).then(|| "Cảm ơn đội đã tham gia.".to_owned()),
            submitted_at: submitted.then_some(submitted_at),
            created_by: owner,
            created_at,
            updated_at: submitted_at,
            version: 1 + i32::from(submitted),
        };
        rows.proposal_draft.push(proposal_draft::Model { proposal_id: row.id, content: content.canonical() });
        if submitted {
            let sha256 = content.sha256();
            let told = Event::new(EventKind::ProposalSubmitted).proposal(row.id).challenge(call.id).fact("number", 1).fact("sha256", &sha256);
            rows.proposal_version.push(proposal_version::Model {
                id: self.dice.id(),
                proposal_id: row.id,
                number: 1,
                content: content.canonical(),
                sha256,
                submitted_at,
                submitted_by: owner,
            });
            self.happened(rows, &told, owner, submitted_at)?;
            for user in team {
                rows.message.push(self.sent(LetterKind::ProposalSubmitted, user, submitted_at));
            }
        }
        rows.proposal.push(row.clone());
        Ok(row)
    }

    /// A link of the audit chain, and the event.
    fn happened(&mut self, rows: &mut Rows, what: &Event, actor: UserId, at: Timestamp) -> anyhow::Result<()> {
        self.seq += 1;
        let payload = serde_json::to_string(what)?;
        let (object_kind, object_id) = what.object();
        let request: uuid::Uuid = self.dice.id();
        let entry = audit::Entry {
            seq: self.seq,
            at,
            actor: Some(actor),
            action: what.kind.name().to_owned(),
            object_kind: object_kind.to_owned(),
            object_id,
            detail: payload.clone(),
            request_id: request.to_string(),
            address: Some("127.0.0.1".to_owned()),
        };
        self.hash = audit::hash(&self.hash, &entry);
        let audit::Entry { seq, at, actor, action, object_kind, object_id, detail, request_id, address } = entry;
        let hash = self.hash.clone();
        rows.audit_entry.push(audit_entry::Model { seq, at, actor, action, object_kind, object_id, detail, request_id, address, hash });
        rows.event.push(event::Model { seq, kind: what.kind, at, payload });
        Ok(())
    }

    fn sent(&mut self, kind: LetterKind, user: UserId, at: Timestamp) -> message::Model {
        message::Model {
            id: self.dice.id(),
            event_seq: self.seq,
            kind,
            user_id: Some(user),
            email: None,
            status: MessageStatus::Sent,
            attempt: 1,
            due_at: at,
            lease_until: None,
            fence: 1,
            last_error: None,
            created_at: at,
            sent_at: Some(at),
        }
    }

    /// The sheets of a proposal, and their totals.
    fn sheets(&mut self, rows: &mut Rows, call: &Call, proposal_id: ProposalId) -> anyhow::Result<Vec<score::Total>> {
        let quality = self.dice.between(10, 19);
        let offered_at = call.closes_at.plus_seconds(2 * DAY);
        // Who reads the ranking has declared as well.
        for seat in call.council.first().into_iter().chain(call.scorers()) {
            rows.conflict_declaration.push(conflict_declaration::Model {
                proposal_id,
                user_id: seat.user_id,
                interest: Interest::None,
                reason: None,
                declared_at: offered_at,
            });
        }
        let mut totals = Vec::new();
        for (nth, seat) in call.scorers().enumerate() {
            let status = match (call.phase, nth) {
                (P::Evaluation, 0 | 1) => ReviewStatus::InProgress,
                (P::Evaluation, 2) => ReviewStatus::Accepted,
                (P::Evaluation, _) => ReviewStatus::Submitted,
                _ => ReviewStatus::Locked,
            };
            let mut sheet = Sheet::default();
            for criterion in &call.criteria {
                let halves = (quality + self.dice.between(-2, 3)).clamp(0, 20);
                let score = Score::parse(&format!("{}.{}", halves / 2, halves % 2 * 5), 10).map_err(|reason| anyhow::anyhow!("{reason:?}"))?;
                let reason = if criterion.reason_required { Some((*self.dice.pick(REASONS)?).to_owned()) } else { None };
                sheet.0.insert(criterion.id, Mark { score, reason });
            }
            totals.extend(score::total(&sheet, &call.criteria, Rubric::default().scale));
            let done_at = offered_at.plus_seconds(5 * DAY);
            rows.review.push(review::Model {
                id: self.dice.id(),
                challenge_id: call.id,
                proposal_id,
                member_id: seat.id,
                user_id: seat.user_id,
                status,
                sheet: if status == ReviewStatus::Accepted { Sheet::default() } else { sheet },
                comment: None,
                offered_at,
                submitted_at: matches!(status, ReviewStatus::Submitted | ReviewStatus::Locked).then_some(done_at),
                locked_at: (status == ReviewStatus::Locked).then(|| done_at.plus_seconds(DAY)),
                updated_at: done_at,
                version: 2,
            });
        }
        Ok(totals)
    }

    /// A published decision, which departs from the ranking.
    fn decision(
        &mut self, rows: &mut Rows, call: &Call, judged: Vec<(ProposalId, ProposalStatus, Vec<score::Total>)>, (chair, maker): (UserId, UserId),
    ) -> anyhow::Result<()> {
        let at = call.closes_at.plus_seconds(50 * DAY);
        let id = self.dice.id();
        rows.decision.push(decision::Model {
            id,
            challenge_id: call.id,
            status: DecisionStatus::Published,
            departure_reason: Some("Ngân sách chỉ đủ cho một giải pháp.".to_owned()),
            return_reason: None,
            record: Some(OfficialRecord {
                number: "1/QĐ-UBND".to_owned(),
                day: Day::parse("2026-10-01").context("a day")?,
                signer: "Trần Văn Bình".to_owned(),
                document_url: "https://bench.example/decision.pdf".to_owned(),
            }),
            drafted_by: chair,
            approved_by: Some(maker),
            approved_at: Some(at),
            published_at: Some(at),
            created_at: at,
            updated_at: at,
            version: 4,
        });
        let outcomes: BTreeMap<_, _> = judged.iter().map(|(proposal, status, _)| (*proposal, outcome(*status))).collect();
        let means = judged.into_iter().filter_map(|(proposal, _, totals)| Some((proposal, score::mean(&totals)?)));
        for (position, place) in (0..).zip(score::rank(means)) {
            rows.decision_outcome.push(decision_outcome::Model {
                decision_id: id,
                proposal_id: place.proposal,
                position,
                rank: place.rank,
                mean: place.mean.to_decimal(),
                passes: place.mean.reaches(70),
                outcome: outcomes.get(&place.proposal).copied(),
                feedback: None,
            });
        }
        Ok(())
    }

    /// The head of the audit chain, once everything has happened.
    pub fn head(&self) -> audit_head::ActiveModel {
        audit_head::Model { id: 1, seq: self.seq, hash: self.hash.clone() }.into()
    }
}

const fn outcome(status: ProposalStatus) -> Outcome {
    match status {
        ProposalStatus::Selected => Outcome::Selected,
        ProposalStatus::Reserve => Outcome::Reserve,
        _ => Outcome::NotSelected,
    }
}

/// Six of ten proposals have been judged, one of twenty waits for its opening, the others answer open challenges; and the
/// popular challenges draw eight times as many as the others.
fn shares(dice: &mut Dice, size: Size, ranked: usize) -> anyhow::Result<Vec<usize>> {
    let total = size.proposals();
    let judged = total * 60 / 100;
    let closed = total * 5 / 100;
    let mut shares = vec![0; size.challenges()];
    let others = || (0..size.challenges()).filter(|index| *index != ranked);
    spread(dice, &mut shares, judged - FIFTY, others().filter(|index| Phase::of(*index).is_judged()))?;
    spread(dice, &mut shares, closed, others().filter(|index| Phase::of(*index) == P::Closed))?;
    spread(dice, &mut shares, total - judged - closed, others().filter(|index| Phase::of(*index) == P::Open))?;
    spread(dice, &mut shares, FIFTY, [ranked])?;
    Ok(shares)
}

/// So many proposals over those challenges, by popularity.
fn spread(dice: &mut Dice, shares: &mut [usize], proposals: usize, challenges: impl IntoIterator<Item = usize>) -> anyhow::Result<()> {
    let weigh = |index| anyhow::Ok((index, *dice.pick(&[1, 1, 1, 2, 2, 3, 5, 8])?));
    let weights = challenges.into_iter().map(weigh).collect::<anyhow::Result<Vec<_>>>()?;
    let sum: usize = weights.iter().map(|(_, weight)| weight).sum();
    let (mut weighed, mut given) = (0, 0);
    for (index, weight) in weights {
        weighed += weight;
        let upto = proposals * weighed / sum;
        if let Some(share) = shares.get_mut(index) {
            *share = upto - given;
        }
        given = upto;
    }
    Ok(())
}
