//! A challenge: the big problem of a public agency, from draft to award.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::machine::Rule;
use crate::problem::{Problem, Reason};
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
        /// The proposals were opened; the council works.
        Evaluation = "EVALUATION",
        /// The round is locked; the decision is being made.
        Decision = "DECISION",
        /// Decided with at least one winner.
        Awarded = "AWARDED",
        /// Decided without a winner.
        ClosedNoAward = "CLOSED_NO_AWARD",
    }
}

impl ChallengeStatus {
    /// Everybody may know of it.
    pub const fn is_public(self) -> bool {
        matches!(
            self,
            Self::Published | Self::Evaluation | Self::Decision | Self::Awarded | Self::ClosedNoAward
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
        /// Open the sealed proposals.
        OpenProposals = "OPEN_PROPOSALS",
        /// Hand over to the decision maker.
        StartDecision = "START_DECISION",
        /// Publish a decision with a winner.
        Award = "AWARD",
        /// Publish a decision without a winner.
        CloseWithoutAward = "CLOSE_WITHOUT_AWARD",
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
    Rule { command: C::OpenProposals, from: &[S::Published], to: S::Evaluation },
    Rule { command: C::StartDecision, from: &[S::Evaluation], to: S::Decision },
    Rule { command: C::Award, from: &[S::Decision], to: S::Awarded },
    Rule { command: C::CloseWithoutAward, from: &[S::Decision], to: S::ClosedNoAward },
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
    }
}

/// Sections without which a brief is not complete.
pub const REQUIRED_SECTIONS: &[BriefSection] =
    &[BriefSection::Context, BriefSection::CurrentProcess, BriefSection::ExpectedProduct];

/// The written part of a challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct Brief(pub BTreeMap<BriefSection, Bilingual>);

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
}

impl Default for Rubric {
    /// The programme's defaults: ten points a criterion, pass at 70, two thirds and at least two sheets.
    fn default() -> Self {
        Self { scale: 10, pass_mark: 70, quorum_numerator: 2, quorum_denominator: 3, sheets_min: 2 }
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

/// Everything that keeps a brief from being handed in for approval, all at once.
pub fn missing_for_approval(facts: &BriefFacts<'_>, now: Timestamp) -> Vec<Problem> {
    let mut missing: Vec<_> = REQUIRED_SECTIONS
        .iter()
        .filter(|section| !facts.brief.0.contains_key(section))
        .map(|section| Problem {
            field: Some(vec!["challenge".into(), "sections".into(), section.name().into()]),
            reason: Reason::Required,
        })
        .collect();
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

/// An approver is never one of the authors.
pub fn may_approve(is_author: bool) -> Result<(), Reason> {
    if is_author { Err(Reason::SelfApproval) } else { Ok(()) }
}

/// Approval and publication are acts of different people, and neither is an author.
pub fn may_publish(is_author: bool, is_approver: bool) -> Result<(), Reason> {
    if is_author || is_approver { Err(Reason::SelfApproval) } else { Ok(()) }
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
    /// Characters of a reason.
    pub const REASON: usize = 2_000;
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
        assert!(may_approve(true).is_err() && may_approve(false).is_ok());
        assert!(
            may_publish(true, false).is_err()
                && may_publish(false, true).is_err()
                && may_publish(false, false).is_ok()
        );
    }
}
