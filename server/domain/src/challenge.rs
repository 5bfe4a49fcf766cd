//! A challenge: the big problem of a public agency, from draft to award.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::machine::{self, Rule};
use crate::money::Money;
use crate::problem::{Form, Guard, Problem, Reason, all, unless};
use crate::text::Bilingual;
use crate::time::{Day, Timestamp};

closed_set! {
    /// Where a challenge stands.
    pub enum ChallengeStatus {
        /// Being written by the agency.
        Draft = "DRAFT",
        /// Waits for the programme office.
        InReview = "IN_REVIEW",
        /// Returned to the agency with a reason.
        ChangesRequested = "CHANGES_REQUESTED",
        /// Approved, not yet public.
        Approved = "APPROVED",
        /// Public. Whether proposals are taken follows from the window.
        Published = "PUBLISHED",
        /// Public, and halted for the time being: no proposals are taken or opened.
        Paused = "PAUSED",
        /// The proposals were opened; the council works.
        Evaluation = "EVALUATION",
        /// The round is locked; the decision is being made.
        Decision = "DECISION",
        /// Decided with at least one winner.
        Awarded = "AWARDED",
        /// Decided without a winner.
        ClosedNoAward = "CLOSED_NO_AWARD",
        /// Given up by the publishing authority, for good. Public if it was public before.
        Cancelled = "CANCELLED",
    }
}

impl ChallengeStatus {
    /// Everybody may know of it, if it was ever published.
    pub const fn is_public(self) -> bool {
        matches!(
            self,
            Self::Published
                | Self::Paused
                | Self::Evaluation
                | Self::Decision
                | Self::Awarded
                | Self::ClosedNoAward
                | Self::Cancelled
        )
    }

    /// The programme office may know of it: everything but an agency's own draft.
    pub const fn is_known_to_programme_office(self) -> bool {
        !matches!(self, Self::Draft)
    }

    /// The decision is public.
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Awarded | Self::ClosedNoAward)
    }
}

closed_set! {
    /// What is done to a challenge.
    pub enum ChallengeCommand {
        /// Change the draft.
        Edit = "EDIT",
        /// Hand in for approval.
        SubmitForApproval = "SUBMIT_FOR_APPROVAL",
        /// Return to the agency.
        RequestChanges = "REQUEST_CHANGES",
        /// Approve.
        Approve = "APPROVE",
        /// Take back an approved challenge.
        Recall = "RECALL",
        /// Make public.
        Publish = "PUBLISH",
        /// Let it be published at a later time.
        Schedule = "SCHEDULE",
        /// Change what is published.
        Amend = "AMEND",
        /// Halt for the time being.
        Pause = "PAUSE",
        /// Go on.
        Resume = "RESUME",
        /// Give up.
        Cancel = "CANCEL",
        /// Open the sealed proposals.
        OpenProposals = "OPEN_PROPOSALS",
        /// Hand over to the decision maker.
        StartDecision = "START_DECISION",
        /// Publish a decision with a winner.
        Award = "AWARD",
        /// Publish a decision without a winner.
        CloseWithoutAward = "CLOSE_WITHOUT_AWARD",
        /// Set the decision aside.
        Reconsider = "RECONSIDER",
    }
}

use ChallengeCommand as C;
use ChallengeStatus as S;

/// The life of a challenge.
pub const TRANSITIONS: &[Rule<ChallengeCommand, ChallengeStatus>] = &[
    Rule { command: C::Edit, from: &[S::Draft], to: S::Draft },
    Rule { command: C::Edit, from: &[S::ChangesRequested], to: S::ChangesRequested },
    Rule { command: C::SubmitForApproval, from: &[S::Draft, S::ChangesRequested], to: S::InReview },
    Rule { command: C::RequestChanges, from: &[S::InReview], to: S::ChangesRequested },
    Rule { command: C::Approve, from: &[S::InReview], to: S::Approved },
    Rule { command: C::Recall, from: &[S::Approved], to: S::Draft },
    Rule { command: C::Publish, from: &[S::Approved], to: S::Published },
    Rule { command: C::Schedule, from: &[S::Approved], to: S::Approved },
    Rule { command: C::Amend, from: &[S::Published], to: S::Published },
    Rule { command: C::Pause, from: &[S::Published], to: S::Paused },
    Rule { command: C::Resume, from: &[S::Paused], to: S::Published },
    Rule {
        command: C::Cancel,
        from: &[S::Approved, S::Published, S::Paused, S::Evaluation, S::Decision],
        to: S::Cancelled,
    },
    Rule { command: C::OpenProposals, from: &[S::Published], to: S::Evaluation },
    Rule { command: C::StartDecision, from: &[S::Evaluation], to: S::Decision },
    Rule { command: C::Award, from: &[S::Decision], to: S::Awarded },
    Rule { command: C::CloseWithoutAward, from: &[S::Decision], to: S::ClosedNoAward },
    Rule { command: C::Reconsider, from: &[S::Awarded, S::ClosedNoAward], to: S::Decision },
];

closed_set! {
    /// The route by which a challenge looks for its solution.
    pub enum Track {
        /// On the city's list of big problems.
        GrandChallenge = "GRAND_CHALLENGE",
        /// A task ordered by the state.
        CommissionedTask = "COMMISSIONED_TASK",
        /// A contest or an incubation call.
        OpenCall = "OPEN_CALL",
        /// A controlled trial.
        Sandbox = "SANDBOX",
    }
}

closed_set! {
    /// The field of public life a challenge belongs to.
    pub enum Sector {
        /// Agriculture and rural development.
        Agriculture = "AGRICULTURE",
        /// Trade and markets.
        Commerce = "COMMERCE",
        /// Shared data and digital infrastructure.
        DataInfrastructure = "DATA_INFRASTRUCTURE",
        /// Floods, fires, storms and other disasters.
        DisasterResilience = "DISASTER_RESILIENCE",
        /// Schools and training.
        Education = "EDUCATION",
        /// Air, water, waste.
        Environment = "ENVIRONMENT",
        /// Food safety.
        FoodSafety = "FOOD_SAFETY",
        /// Hospitals and public health.
        Health = "HEALTH",
        /// Housing and construction.
        HousingConstruction = "HOUSING_CONSTRUCTION",
        /// Land and cadastre.
        Land = "LAND",
        /// Drones and low-altitude services.
        LowAltitudeEconomy = "LOW_ALTITUDE_ECONOMY",
        /// Services of the administration to citizens and businesses.
        PublicAdministration = "PUBLIC_ADMINISTRATION",
        /// Police, fire brigade, emergency.
        PublicSafety = "PUBLIC_SAFETY",
        /// Science, technology and innovation itself.
        ScienceTechnology = "SCIENCE_TECHNOLOGY",
        /// Small and medium enterprises.
        SmeDevelopment = "SME_DEVELOPMENT",
        /// Taxes and revenue.
        Tax = "TAX",
        /// Roads, traffic, public transport.
        Transport = "TRANSPORT",
        /// Streets, drainage, lighting, public space.
        UrbanManagement = "URBAN_MANAGEMENT",
    }
}

impl Sector {
    /// What people call it.
    pub fn label(self) -> Bilingual {
        let (vi, en) = match self {
            Self::Agriculture => ("Nông nghiệp", "Agriculture"),
            Self::Commerce => ("Thương mại", "Commerce"),
            Self::DataInfrastructure => ("Hạ tầng dữ liệu", "Data infrastructure"),
            Self::DisasterResilience => ("Phòng chống thiên tai", "Disaster resilience"),
            Self::Education => ("Giáo dục và đào tạo", "Education"),
            Self::Environment => ("Môi trường", "Environment"),
            Self::FoodSafety => ("An toàn thực phẩm", "Food safety"),
            Self::Health => ("Y tế", "Health"),
            Self::HousingConstruction => ("Nhà ở và xây dựng", "Housing and construction"),
            Self::Land => ("Đất đai", "Land"),
            Self::LowAltitudeEconomy => ("Kinh tế tầm thấp", "Low-altitude economy"),
            Self::PublicAdministration => ("Hành chính công", "Public administration"),
            Self::PublicSafety => ("An toàn công cộng", "Public safety"),
            Self::ScienceTechnology => ("Khoa học và công nghệ", "Science and technology"),
            Self::SmeDevelopment => ("Phát triển doanh nghiệp nhỏ và vừa", "SME development"),
            Self::Tax => ("Thuế", "Tax"),
            Self::Transport => ("Giao thông", "Transport"),
            Self::UrbanManagement => ("Quản lý đô thị", "Urban management"),
        };
        Bilingual { vi: vi.to_owned(), en: Some(en.to_owned()) }
    }
}

closed_set! {
    /// The sections of a brief.
    pub enum BriefSection {
        /// What happens and why it matters.
        Context = "CONTEXT",
        /// Who suffers from it, and how many.
        AffectedPeople = "AFFECTED_PEOPLE",
        /// How it is handled today.
        CurrentProcess = "CURRENT_PROCESS",
        /// What a solution must respect.
        Constraints = "CONSTRAINTS",
        /// Where and how large the pilot is to be.
        PilotScope = "PILOT_SCOPE",
        /// What is expected to be handed over.
        ExpectedProduct = "EXPECTED_PRODUCT",
        /// What is not asked for.
        OutOfScope = "OUT_OF_SCOPE",
        /// Data that will be shared and on what terms.
        DataOffered = "DATA_OFFERED",
        /// Who may apply.
        Eligibility = "ELIGIBILITY",
        /// Support offered and its ceiling.
        Support = "SUPPORT",
        /// To whom the results belong.
        IpTerms = "IP_TERMS",
        /// Legal or policy basis.
        LegalBasis = "LEGAL_BASIS",
        /// Why it comes first: how urgent, how soon to be solved, how well to be repeated elsewhere.
        Priority = "PRIORITY",
        /// The steps after the deadline, and when they are meant to be done.
        Timetable = "TIMETABLE",
        /// Whom to turn to, beside the questions that everybody reads.
        Contact = "CONTACT",
    }
}

/// Sections without which a brief is not complete.
pub const REQUIRED_SECTIONS: &[BriefSection] =
    &[BriefSection::Context, BriefSection::CurrentProcess, BriefSection::ExpectedProduct];

impl BriefSection {
    /// What people call it, and what belongs there: the form that an office without staff for it fills in.
    pub fn guidance(self) -> (Bilingual, Bilingual) {
        let (title_vi, title_en, hint_vi, hint_en) = match self {
            Self::Context => (
                "Bối cảnh",
                "Context",
                "Chuyện gì xảy ra, ở đâu, từ khi nào, vì sao quan trọng. Nêu vấn đề, chưa nêu giải pháp.",
                "What happens, where, since when, and why it matters. The problem, not a solution.",
            ),
            Self::AffectedPeople => (
                "Người bị ảnh hưởng",
                "Affected people",
                "Ai chịu ảnh hưởng, bao nhiêu người, bao nhiêu lần mỗi năm.",
                "Who suffers from it, how many they are, how often in a year.",
            ),
            Self::CurrentProcess => (
                "Cách làm hiện nay",
                "Current process",
                "Từng bước đang làm, ai làm, mất bao lâu, tốn bao nhiêu.",
                "How it is done today, step by step: by whom, for how long, at what cost.",
            ),
            Self::Constraints => (
                "Ràng buộc",
                "Constraints",
                "Quy định, hạ tầng, an toàn thông tin, ngân sách mà giải pháp phải tuân theo.",
                "Rules, infrastructure, information security and budget that a solution has to respect.",
            ),
            Self::PilotScope => (
                "Phạm vi thí điểm",
                "Pilot scope",
                "Thí điểm ở đâu, quy mô nào, trong bao lâu, đơn vị nào tiếp nhận.",
                "Where the pilot is to be, how large, how long, and who hosts it.",
            ),
            Self::ExpectedProduct => (
                "Sản phẩm mong đợi",
                "Expected product",
                "Những gì phải bàn giao và dùng được vào cuối thí điểm.",
                "What is to be handed over, and to work, at the end of the pilot.",
            ),
            Self::OutOfScope => (
                "Ngoài phạm vi",
                "Out of scope",
                "Những gì không đặt ra, để không ai mất công.",
                "What is not asked for, so that nobody works in vain.",
            ),
            Self::DataOffered => (
                "Dữ liệu cung cấp",
                "Data offered",
                "Dữ liệu nào được chia sẻ, mức truy cập, có dữ liệu cá nhân hay không.",
                "Which data are shared, on what terms, and whether personal data are among them.",
            ),
            Self::Eligibility => (
                "Đối tượng tham gia",
                "Eligibility",
                "Ai được nộp đề xuất, điều kiện về pháp nhân và năng lực.",
                "Who may apply: legal form, experience, capacity.",
            ),
            Self::Support => (
                "Hỗ trợ",
                "Support",
                "Kinh phí và hỗ trợ khác theo từng giai đoạn, mức trần, điều kiện nhận.",
                "Money and other support by stage, ceilings, and on what conditions.",
            ),
            Self::IpTerms => (
                "Sở hữu trí tuệ",
                "Intellectual property",
                "Kết quả thuộc về ai, đơn vị được dùng thế nào sau thí điểm.",
                "To whom the results belong, and how the agency may use them afterwards.",
            ),
            Self::LegalBasis => (
                "Căn cứ pháp lý",
                "Legal basis",
                "Văn bản, chủ trương làm căn cứ, số và ngày.",
                "The laws, decisions or policies it rests on, with number and date.",
            ),
            Self::Priority => (
                "Mức ưu tiên",
                "Priority",
                "Cấp bách đến đâu, giải được ngay hay không, nhân rộng được đến đâu.",
                "How urgent it is, how soon it can be solved, how well it can be repeated elsewhere.",
            ),
            Self::Timetable => (
                "Kế hoạch thời gian",
                "Timetable",
                "Các bước sau hạn nộp: chấm, quyết định, thí điểm, tổng kết.",
                "The steps after the deadline: evaluation, decision, pilot, results.",
            ),
            Self::Contact => (
                "Đầu mối liên hệ",
                "Contact",
                "Bộ phận phụ trách và cách liên hệ. Câu hỏi về đề bài gửi ở mục hỏi đáp để mọi người cùng đọc.",
                "The responsible unit and how to reach it. Questions about the brief belong where everybody reads the answer.",
            ),
        };
        let both = |vi: &str, en: &str| Bilingual { vi: vi.to_owned(), en: Some(en.to_owned()) };
        (both(title_vi, title_en), both(hint_vi, hint_en))
    }
}

closed_set! {
    /// The stages at which support is given.
    pub enum SupportStage {
        /// To find out whether the idea holds.
        PreIncubation = "PRE_INCUBATION",
        /// To build what can be tried.
        Incubation = "INCUBATION",
        /// To bring to many what has been tried.
        Acceleration = "ACCELERATION",
    }
}

/// What is offered at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportOffer {
    /// When.
    pub stage: SupportStage,
    /// At most how much.
    pub ceiling: Money,
}

/// Calling a challenge the duplicate of another one: they are two, and no chain comes of it.
pub fn may_link_duplicate(
    is_same: bool,
    has_duplicates: bool,
    original_is_duplicate: bool,
    others: usize,
) -> Guard {
    let at = |field, reason| Problem::at(field, reason);
    let malformed = || Reason::Malformed { expected: Form::Original };
    let limit = limits::DUPLICATES;
    unless(
        [
            (is_same || original_is_duplicate).then(|| at("duplicateOfId", malformed())),
            has_duplicates.then(|| at("challengeId", malformed())),
            (others >= limit).then(|| at("duplicateOfId", Reason::Quota { limit })),
        ]
        .into_iter()
        .flatten(),
    )
}

/// States in which a draft is shown to others by a link: before everybody may read it.
pub const PREVIEWED: &[ChallengeStatus] = &[S::Draft, S::InReview, S::ChangesRequested, S::Approved];

/// Sharing a preview: before the publication.
pub fn may_preview(stage: Stage) -> Guard {
    all([stage.must_be_in(PREVIEWED)])
}

/// How well a challenge fits somebody: what their houses have bid for counts more than what they follow.
pub fn recommendation(sector: Sector, bid_for: &[Sector], followed: &[Sector]) -> usize {
    let times = |sectors: &[Sector]| sectors.iter().filter(|of| **of == sector).count();
    2 * times(bid_for) + times(followed)
}

/// The written part of a challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct Brief(pub BTreeMap<BriefSection, Bilingual>);

/// What the programme office asks to be changed, section by section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct RequestedChanges(pub BTreeMap<BriefSection, Remark>);

/// What is asked of one section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// In words.
    pub comment: String,
}

/// How proposals are judged. Data of the challenge, never constants of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
pub struct Rubric {
    /// Highest score per criterion.
    pub scale: i64,
    /// Total from which a proposal passes, of 100.
    pub pass_mark: i64,
    /// Share of the live reviews of a proposal that must be in before the lock: numerator.
    pub quorum_numerator: i64,
    /// Share of the live reviews of a proposal that must be in before the lock: denominator.
    pub quorum_denominator: i64,
    /// Fewest submitted sheets per proposal before the lock.
    pub sheets_min: i64,
    /// Beside the ranking stands the [calibrated](crate::calibration) one. The rubrics of before do not say so.
    #[serde(default)]
    pub is_calibrated: bool,
    /// Teams may keep parts of their proposals and files from reviewers.
    #[serde(default)]
    pub allows_confidential_parts: bool,
}

impl Default for Rubric {
    /// The programme's defaults: ten points a criterion, pass at 70, two thirds and at least two sheets.
    fn default() -> Self {
        Self {
            scale: 10,
            pass_mark: 70,
            quorum_numerator: 2,
            quorum_denominator: 3,
            sheets_min: 2,
            is_calibrated: false,
            allows_confidential_parts: false,
        }
    }
}

closed_set! {
    /// Whether proposals are taken, by the server's clock.
    pub enum Window {
        /// Not yet.
        Upcoming = "UPCOMING",
        /// Now.
        Open = "OPEN",
        /// Not any more.
        Closed = "CLOSED",
    }
}

/// An instant after a halt: if it was still ahead when that began, it moves by as long as that lasted.
pub fn after_halt(instant: Timestamp, from: Timestamp, until: Timestamp) -> Timestamp {
    let lasted = until.micros().saturating_sub(from.micros()).max(0);
    if instant > from { Timestamp::from_micros(instant.micros().saturating_add(lasted)) } else { instant }
}

/// When proposals are taken: from `opens_at` up to but not including `closes_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// First instant.
    pub opens_at: Timestamp,
    /// The deadline: the first instant that is too late.
    pub closes_at: Timestamp,
}

impl Timetable {
    /// The window at that instant.
    pub fn window(self, now: Timestamp) -> Window {
        if now < self.opens_at {
            Window::Upcoming
        } else if now < self.closes_at {
            Window::Open
        } else {
            Window::Closed
        }
    }

    /// The window after a halt: what was still ahead when it began moves by as long as it lasted. A deadline that had
    /// passed by then stays passed.
    #[must_use]
    pub fn after_halt(self, from: Timestamp, until: Timestamp) -> Self {
        let moved = |instant| after_halt(instant, from, until);
        Self { opens_at: moved(self.opens_at), closes_at: moved(self.closes_at) }
    }

    /// Refuses unless proposals are taken now.
    pub fn must_be_open(self, now: Timestamp) -> Result<(), Reason> {
        match self.window(now) {
            Window::Open => Ok(()),
            Window::Upcoming => Err(Reason::NotOpen { opens_at: Some(self.opens_at) }),
            Window::Closed => Err(Reason::DeadlinePassed { closed_at: self.closes_at }),
        }
    }

    /// Refuses unless the deadline has passed.
    pub fn must_be_closed(self, now: Timestamp) -> Result<(), Reason> {
        match self.window(now) {
            Window::Closed => Ok(()),
            Window::Open | Window::Upcoming => Err(Reason::DeadlineNotReached { closes_at: self.closes_at }),
        }
    }
}

/// What the completeness of a brief depends on.
pub struct BriefFacts<'a> {
    /// The written part.
    pub brief: &'a Brief,
    /// The timetable, if both ends are set.
    pub timetable: Option<Timetable>,
    /// Outcome indicators, each with its baseline.
    pub indicator_count: usize,
    /// Weights of the criteria, in points of 100.
    pub weights: &'a [i64],
}

/// The sections that a brief lacks.
pub fn missing_sections(brief: &Brief) -> Vec<Problem> {
    REQUIRED_SECTIONS
        .iter()
        .filter(|section| !brief.0.contains_key(section))
        .map(|section| Problem {
            field: Some(vec!["challenge".into(), "sections".into(), section.name().into()]),
            reason: Reason::Required,
        })
        .collect()
}

/// Everything that keeps a brief from being handed in for approval, all at once.
pub fn missing_for_approval(facts: &BriefFacts<'_>, now: Timestamp) -> Vec<Problem> {
    let mut missing = missing_sections(facts.brief);
    let at = |field: &str, reason| Problem { field: Some(vec!["challenge".into(), field.into()]), reason };
    if facts.indicator_count == 0 {
        missing.push(at("indicators", Reason::Required));
    }
    if facts.weights.is_empty() {
        missing.push(at("criteria", Reason::Required));
    } else {
        let sum = facts.weights.iter().sum();
        if sum != 100 {
            missing.push(at("criteria", Reason::WeightsNot100 { sum }));
        }
    }
    match facts.timetable {
        None => missing.push(at("closesAt", Reason::Required)),
        Some(timetable) if timetable.closes_at <= now => {
            missing.push(at("closesAt", Reason::DeadlinePassed { closed_at: timetable.closes_at }));
        }
        Some(_) => {}
    }
    missing
}

/// Handing in for approval: by a verified agency, with nothing missing.
pub fn may_submit_for_approval(
    status: ChallengeStatus,
    agency_is_verified: bool,
    brief: &BriefFacts<'_>,
    now: Timestamp,
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::SubmitForApproval)?;
    let unverified = (!agency_is_verified).then(|| Problem::whole(Reason::OrganizationNotVerified));
    unless(unverified.into_iter().chain(missing_for_approval(brief, now)))
}

/// An approver is never one of the authors.
pub fn may_approve(status: ChallengeStatus, is_author: bool) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Approve)?;
    all([not_oneself(is_author)])
}

/// Approval and publication are acts of different people, and neither is an author. What nobody could answer any more is
/// not published.
pub fn may_publish(
    status: ChallengeStatus,
    is_author: bool,
    is_approver: bool,
    timetable: Option<Timetable>,
    now: Timestamp,
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Publish)?;
    let ahead = match timetable {
        None => Err(Reason::Required),
        Some(timetable) if timetable.window(now) == Window::Closed => {
            Err(Reason::DeadlinePassed { closed_at: timetable.closes_at })
        }
        Some(_) => Ok(()),
    };
    all([not_oneself(is_author || is_approver), ahead])
}

/// Publishing later: as now, and at an instant that is ahead and before the deadline.
pub fn may_schedule(
    status: ChallengeStatus,
    is_author: bool,
    is_approver: bool,
    timetable: Option<Timetable>,
    at: Timestamp,
    now: Timestamp,
) -> Guard {
    may_publish(status, is_author, is_approver, timetable, now)?;
    let deadline = timetable.map_or(Timestamp::END_OF_TIME, |timetable| timetable.closes_at);
    let is_between = now < at && at < deadline;
    unless((!is_between).then(|| {
        let (min, max) = (now.to_rfc3339(), deadline.to_rfc3339());
        Problem::at("publishAt", Reason::OutOfRange { min, max })
    }))
}

/// Changing what is published: never the rubric, which is fixed from publication on; the deadline only to a later one,
/// which is still ahead.
pub fn may_amend(
    status: ChallengeStatus,
    timetable: Option<Timetable>,
    closes_at: Option<Timestamp>,
    now: Timestamp,
) -> Guard {
    machine::allows(TRANSITIONS, status, &C::Amend)?;
    let earliest = timetable.map_or(now, |timetable| timetable.closes_at.max(now));
    let is_earlier = closes_at.is_some_and(|closes_at| closes_at <= earliest);
    unless(is_earlier.then(|| {
        let (min, max) = (earliest.to_rfc3339(), limits::LAST_DEADLINE.to_owned());
        Problem::at("closesAt", Reason::OutOfRange { min, max })
    }))
}

/// Halting, going on, giving up: acts of the programme office, never of one of the authors.
pub fn may_halt(status: ChallengeStatus, command: ChallengeCommand, is_author: bool) -> Guard {
    machine::allows(TRANSITIONS, status, &command)?;
    all([not_oneself(is_author)])
}

fn not_oneself(is_oneself: bool) -> Result<(), Reason> {
    if is_oneself { Err(Reason::SelfApproval) } else { Ok(()) }
}

/// Where a challenge stands as the council sees it: its state, and whether the round is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The state.
    pub status: ChallengeStatus,
    /// The round is locked.
    pub is_locked: bool,
}

/// States in which the council is appointed and the decision maker named, until the round is locked.
pub const STAFFING: &[ChallengeStatus] = &[S::Published, S::Evaluation];
/// States in which the council works on sheets, until the round is locked.
pub const SCORING: &[ChallengeStatus] = &[S::Evaluation];
/// States in which there may be a ranking: from the lock on.
pub const RANKED: &[ChallengeStatus] = &[S::Evaluation, S::Decision, S::Awarded, S::ClosedNoAward];
/// States in which a decision is drafted, proposed and approved.
pub const DECIDING: &[ChallengeStatus] = &[S::Decision];
/// States in which somebody is promoted from the reserve.
pub const PROMOTING: &[ChallengeStatus] = &[S::Awarded];
/// States in which the proposals are, or were, evaluated.
pub const OPENED: &[ChallengeStatus] = RANKED;
/// States in which a conflict of interest can still matter.
pub const UNDECIDED: &[ChallengeStatus] = &[S::Evaluation, S::Decision];

impl Stage {
    /// Refuses unless the council may be appointed and the decision maker named.
    pub fn must_be_staffing(self) -> Result<(), Reason> {
        if self.is_locked { Err(self.refused(STAFFING)) } else { self.must_be_in(STAFFING) }
    }

    /// Refuses unless the council works on its sheets.
    pub fn must_be_scoring(self) -> Result<(), Reason> {
        let current = if self.is_locked { "LOCKED" } else { self.status.name() };
        match self.must_be_in(SCORING) {
            Ok(()) if !self.is_locked => Ok(()),
            _ => Err(Reason::Transition {
                current,
                allowed: SCORING.iter().map(|state| state.name()).collect(),
            }),
        }
    }

    /// Refuses unless a decision is being made.
    pub fn must_be_deciding(self) -> Result<(), Reason> {
        self.must_be_in(DECIDING)
    }

    /// Refuses unless it was awarded.
    pub fn must_be_awarded(self) -> Result<(), Reason> {
        self.must_be_in(PROMOTING)
    }

    /// Refuses unless the proposals are being evaluated.
    pub fn must_be_in_evaluation(self) -> Result<(), Reason> {
        self.must_be_in(SCORING)
    }

    /// Refuses unless the proposals are, or were, evaluated.
    pub fn must_be_opened(self) -> Result<(), Reason> {
        self.must_be_in(OPENED)
    }

    /// Refuses unless a conflict of interest can still matter.
    pub fn must_be_undecided(self) -> Result<(), Reason> {
        self.must_be_in(UNDECIDED)
    }

    fn must_be_in(self, states: &[ChallengeStatus]) -> Result<(), Reason> {
        if states.contains(&self.status) { Ok(()) } else { Err(self.refused(states)) }
    }

    fn refused(self, states: &[ChallengeStatus]) -> Reason {
        let allowed = states.iter().map(|state| state.name()).collect();
        Reason::Transition { current: self.status.name(), allowed }
    }
}

/// Appointing a council member: before the round is locked, while there is a seat.
pub fn may_appoint(stage: Stage, seats: usize) -> Guard {
    all([stage.must_be_staffing()])?;
    let limit = crate::review::COUNCIL_MAX;
    all([if seats < limit { Ok(()) } else { Err(Reason::Quota { limit }) }])
}

/// Naming who decides: before the round is locked, and once more while a decision is drafted in the place of one that was set aside.
pub fn may_name_decision_maker(stage: Stage, is_made_anew: bool) -> Guard {
    all([if is_made_anew { stage.must_be_deciding() } else { stage.must_be_staffing() }])
}

/// States in which the agency tells everybody something about a challenge.
pub const ANNOUNCING: &[ChallengeStatus] = &[S::Published, S::Paused, S::Evaluation, S::Decision];

/// Announcing: from the publication until the challenge has ended, so many times.
pub fn may_announce(stage: Stage, announced: usize) -> Guard {
    all([stage.must_be_in(ANNOUNCING)])?;
    let limit = limits::ANNOUNCEMENTS;
    all([if announced < limit { Ok(()) } else { Err(Reason::Quota { limit }) }])
}

/// After the deadline, and in no other state.
fn may_be_opened(status: ChallengeStatus, timetable: Option<Timetable>, now: Timestamp) -> Guard {
    machine::allows(TRANSITIONS, status, &C::OpenProposals)?;
    let closed = timetable.ok_or(Reason::Required).and_then(|timetable| timetable.must_be_closed(now));
    all([closed])
}

/// Asking for the opening: after the deadline, once.
pub fn may_request_opening(
    status: ChallengeStatus,
    timetable: Option<Timetable>,
    is_requested: bool,
    now: Timestamp,
) -> Guard {
    may_be_opened(status, timetable, now)?;
    unless(is_requested.then(|| Problem::at("challengeId", Reason::AlreadyExists)))
}

/// Opening: after the deadline, once somebody else has asked for it.
pub fn may_confirm_opening(
    status: ChallengeStatus,
    timetable: Option<Timetable>,
    is_requested_by_another: bool,
    now: Timestamp,
) -> Guard {
    may_be_opened(status, timetable, now)?;
    all([if is_requested_by_another { Ok(()) } else { Err(Reason::SecondPersonRequired) }])
}

/// Handing over for the decision: once the round is locked and somebody is named who decides.
pub fn may_start_decision(stage: Stage, has_decision_maker: bool) -> Guard {
    machine::allows(TRANSITIONS, stage.status, &C::StartDecision)?;
    if !stage.is_locked {
        return all([Err(Reason::Transition { current: stage.status.name(), allowed: vec!["LOCKED"] })]);
    }
    let unnamed =
        Problem { field: Some(vec!["challenge".into(), "decisionMaker".into()]), reason: Reason::Required };
    unless((!has_decision_maker).then_some(unnamed))
}

/// An administrative act on paper: what makes approval and publication provable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
pub struct OfficialRecord {
    /// Number of the decision, e.g. `123/QĐ-SKHCN`.
    pub number: String,
    /// Day of the decision.
    pub day: Day,
    /// Who signed.
    pub signer: String,
    /// Where the signed document is.
    pub document_url: String,
}

/// What a challenge says in public and may say otherwise later. The rubric is not in it: it is fixed at the publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
pub struct Published {
    /// Title.
    pub title: Bilingual,
    /// Summary.
    pub summary: Bilingual,
    /// The written part.
    pub brief: Brief,
    /// First instant at which proposals are taken.
    pub opens_at: Timestamp,
    /// The deadline.
    pub closes_at: Timestamp,
}

/// A part of what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The title.
    Title,
    /// The summary.
    Summary,
    /// A section of the brief.
    Section(BriefSection),
    /// When the window opens.
    OpensAt,
    /// The deadline.
    ClosesAt,
}

/// A part that says something else than before; None where it said, or says, nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub part: Part,
    /// Its text before.
    pub before: Option<Bilingual>,
    /// Its text now.
    pub after: Option<Bilingual>,
}

impl Published {
    /// What differs from an earlier version, in the order of the form. Instants have no text here.
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let text = |part, before: Option<&Bilingual>, after: Option<&Bilingual>| {
            (before != after).then(|| Change { part, before: before.cloned(), after: after.cloned() })
        };
        let instant = |part, differs: bool| differs.then_some(Change { part, before: None, after: None });
        let sections = BriefSection::ALL.iter().map(|section| {
            text(Part::Section(*section), before.brief.0.get(section), self.brief.0.get(section))
        });
        [
            text(Part::Title, Some(&before.title), Some(&self.title)),
            text(Part::Summary, Some(&before.summary), Some(&self.summary)),
        ]
        .into_iter()
        .chain(sections)
        .chain([
            instant(Part::OpensAt, before.opens_at != self.opens_at),
            instant(Part::ClosesAt, before.closes_at != self.closes_at),
        ])
        .flatten()
        .collect()
    }
}

/// Limits of what people write into a challenge.
pub mod limits {
    /// Characters of a title.
    pub const TITLE: usize = 200;
    /// Characters of a summary.
    pub const SUMMARY: usize = 2_000;
    /// Characters of a section.
    pub const SECTION: usize = 10_000;
    /// Indicators of a challenge.
    pub const INDICATORS: usize = 20;
    /// Criteria of a rubric.
    pub const CRITERIA: usize = 20;
    /// Characters of a reason, or of what is said of a change.
    pub const REASON: usize = 2_000;
    /// Duplicates of a challenge.
    pub const DUPLICATES: usize = 50;
    /// Challenges that are recommended at once.
    pub const RECOMMENDED: usize = 10;
    /// Days for which a preview may be shared.
    pub const PREVIEW_DAYS: i64 = 30;
    /// Announcements about a challenge.
    pub const ANNOUNCEMENTS: usize = 50;
    /// Characters of an announcement.
    pub const ANNOUNCEMENT: usize = 4_000;
    /// Published versions of a challenge.
    pub const VERSIONS: i32 = 100;
    /// The last deadline that can be set.
    pub const LAST_DEADLINE: &str = "2199-12-31T23:59:59.999Z";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine;

    #[test]
    fn the_deadline_is_the_first_instant_that_is_too_late() {
        let at = Timestamp::from_micros;
        let timetable = Timetable { opens_at: at(10), closes_at: at(20) };
        let windows: Vec<_> = [9, 10, 19, 20].map(|now| timetable.window(at(now))).into();
        assert_eq!(windows, [Window::Upcoming, Window::Open, Window::Open, Window::Closed]);
        assert_eq!(timetable.must_be_open(at(20)), Err(Reason::DeadlinePassed { closed_at: at(20) }));
        assert_eq!(timetable.must_be_closed(at(19)), Err(Reason::DeadlineNotReached { closes_at: at(20) }));
    }

    #[test]
    fn versions_differ_part_by_part() {
        let text = |vi: &str| Bilingual { vi: vi.to_owned(), en: None };
        let before = Published {
            title: text("Ngập"),
            summary: text("Nước"),
            brief: Brief([(BriefSection::Context, text("Mưa"))].into()),
            opens_at: Timestamp::from_micros(1),
            closes_at: Timestamp::from_micros(2),
        };
        assert_eq!(before.changes_since(&before), []);
        let mut after = before.clone();
        after.summary = text("Nhiều nước");
        after.brief.0.insert(BriefSection::Constraints, text("Rẻ"));
        after.brief.0.remove(&BriefSection::Context);
        after.closes_at = Timestamp::from_micros(3);
        let changes: Vec<_> = after
            .changes_since(&before)
            .into_iter()
            .map(|change| (change.part, change.before.map(|text| text.vi), change.after.map(|text| text.vi)))
            .collect();
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(
            changes,
            [
                (Part::Summary, said("Nước"), said("Nhiều nước")),
                (Part::Section(BriefSection::Context), said("Mưa"), None),
                (Part::Section(BriefSection::Constraints), None, said("Rẻ")),
                (Part::ClosesAt, None, None),
            ]
        );
    }

    #[test]
    fn a_halt_moves_what_was_ahead_and_reopens_nothing() {
        let at = Timestamp::from_micros;
        let window = |opens, closes| Timetable { opens_at: at(opens), closes_at: at(closes) };
        assert_eq!(window(10, 20).after_halt(at(5), at(8)), window(13, 23), "before the window");
        assert_eq!(window(10, 20).after_halt(at(15), at(18)), window(10, 23), "within");
        assert_eq!(window(10, 20).after_halt(at(15), at(1_000)), window(10, 1_005), "beyond the deadline");
        assert_eq!(window(10, 20).after_halt(at(20), at(30)), window(10, 20), "closed is closed");
        assert_eq!(window(10, 20).after_halt(at(15), at(14)), window(10, 20), "a clock that went back");
    }

    #[test]
    fn a_deadline_moves_later_and_never_into_the_past() {
        let at = Timestamp::from_micros;
        let window = Some(Timetable { opens_at: at(10), closes_at: at(20) });
        let amend = |closes, now| may_amend(S::Published, window, Some(at(closes)), at(now)).is_ok();
        assert!(amend(21, 15) && amend(31, 30), "also after it passed");
        assert!(!amend(20, 15) && !amend(19, 15), "nor the same, nor earlier");
        assert!(!amend(25, 30), "later than it was, and over already");
        assert!(may_amend(S::Published, window, None, at(30)).is_ok());
        assert!(may_amend(S::Evaluation, window, None, at(30)).is_err());
    }

    #[test]
    fn an_illegal_command_names_the_state_and_where_it_would_be_legal() {
        assert_eq!(
            machine::step(TRANSITIONS, S::Published, &C::SubmitForApproval),
            Err(Reason::Transition { current: "PUBLISHED", allowed: vec!["DRAFT", "CHANGES_REQUESTED"] })
        );
        assert_eq!(machine::step(TRANSITIONS, S::Approved, &C::Publish), Ok(S::Published));
    }

    #[test]
    fn a_brief_tells_everything_that_is_missing_at_once() {
        let now = Timestamp::from_micros(100);
        let facts =
            BriefFacts { brief: &Brief::default(), timetable: None, indicator_count: 0, weights: &[50, 40] };
        let fields: Vec<_> = missing_for_approval(&facts, now)
            .into_iter()
            .map(|problem| problem.field.unwrap().join("."))
            .collect();
        assert_eq!(
            fields,
            [
                "challenge.sections.CONTEXT",
                "challenge.sections.CURRENT_PROCESS",
                "challenge.sections.EXPECTED_PRODUCT",
                "challenge.indicators",
                "challenge.criteria",
                "challenge.closesAt"
            ]
        );
    }

    #[test]
    fn nobody_approves_or_publishes_their_own_work() {
        let at = Timestamp::from_micros;
        let timetable = Some(Timetable { opens_at: at(10), closes_at: at(20) });
        assert!(may_approve(S::InReview, true).is_err() && may_approve(S::InReview, false).is_ok());
        let publish =
            |is_author, is_approver| may_publish(S::Approved, is_author, is_approver, timetable, at(19));
        assert!(
            publish(true, false).is_err() && publish(false, true).is_err() && publish(false, false).is_ok()
        );
        assert_eq!(
            may_publish(S::Approved, true, false, timetable, at(20)),
            all([Err(Reason::SelfApproval), Err(Reason::DeadlinePassed { closed_at: at(20) })]),
            "everything at once"
        );
        assert_eq!(
            may_publish(S::InReview, true, true, None, at(30)),
            machine::allows(TRANSITIONS, S::InReview, &C::Publish),
            "in the wrong state nothing else matters"
        );
    }

    #[test]
    fn opening_takes_two_and_a_deadline_that_has_passed() {
        let at = Timestamp::from_micros;
        let timetable = Some(Timetable { opens_at: at(10), closes_at: at(20) });
        let open = |by_another, now| may_confirm_opening(S::Published, timetable, by_another, at(now));
        assert!(open(true, 20).is_ok());
        assert_eq!(open(false, 20), all([Err(Reason::SecondPersonRequired)]));
        assert_eq!(open(true, 19), all([Err(Reason::DeadlineNotReached { closes_at: at(20) })]));
        assert!(may_request_opening(S::Published, timetable, false, at(20)).is_ok());
        assert!(may_request_opening(S::Published, timetable, true, at(20)).is_err());
    }

    #[test]
    fn a_rubric_of_before_calibrates_nothing() {
        let before =
            r#"{"scale":10,"pass_mark":70,"quorum_numerator":2,"quorum_denominator":3,"sheets_min":2}"#;
        assert_eq!(serde_json::from_str::<Rubric>(before).unwrap(), Rubric::default());
    }

    #[test]
    fn the_lock_ends_appointments_and_begins_the_decision() {
        let stage = |status, is_locked| Stage { status, is_locked };
        for (status, is_locked, staffing, scoring, undecided) in [
            (S::Approved, false, false, false, false),
            (S::Published, false, true, false, false),
            (S::Evaluation, false, true, true, true),
            (S::Evaluation, true, false, false, true),
            (S::Decision, true, false, false, true),
            (S::Awarded, true, false, false, false),
        ] {
            let stage = stage(status, is_locked);
            let found = (
                stage.must_be_staffing().is_ok(),
                stage.must_be_scoring().is_ok(),
                stage.must_be_undecided().is_ok(),
            );
            assert_eq!(found, (staffing, scoring, undecided), "{stage:?}");
        }
        assert!(may_start_decision(stage(S::Evaluation, true), true).is_ok());
        assert!(may_start_decision(stage(S::Evaluation, false), true).is_err());
        assert!(may_start_decision(stage(S::Evaluation, true), false).is_err());
        assert!(may_appoint(stage(S::Published, false), 24).is_ok());
        assert_eq!(may_appoint(stage(S::Published, false), 25), all([Err(Reason::Quota { limit: 25 })]));
    }
}
