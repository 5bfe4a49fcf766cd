//! A proposal: an applicant's sealed answer to a challenge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::access::{Role, Roles};
use crate::attachment::FileNote;
use crate::challenge::{ChallengeStatus, Stage, Timetable, Window};
use crate::locale::Locale;
use crate::machine::{self, Rule};
use crate::money::Money;
use crate::problem::{Guard, Problem, Reason, all, unless};
use crate::time::Timestamp;

closed_set! {
    /// Where a proposal stands.
    pub enum ProposalStatus {
        /// Being written; known to its team only.
        Draft = "DRAFT",
        /// Submitted and sealed; the receipt proves when.
        Submitted = "SUBMITTED",
        /// Taken back by its team.
        Withdrawn = "WITHDRAWN",
        /// Found formally in order after the opening.
        Eligible = "ELIGIBLE",
        /// Found in order, and asked to make something clearer.
        Clarification = "CLARIFICATION",
        /// Found not to meet the formal conditions.
        Ineligible = "INELIGIBLE",
        /// Reviews were offered to council members.
        UnderReview = "UNDER_REVIEW",
        /// The round is locked.
        Evaluated = "EVALUATED",
        /// Chosen by the published decision.
        Selected = "SELECTED",
        /// In reserve by the published decision.
        Reserve = "RESERVE",
        /// Not chosen by the published decision.
        NotSelected = "NOT_SELECTED",
        /// Taken out of the running for good.
        Disqualified = "DISQUALIFIED",
    }
}

impl ProposalStatus {
    /// What the applicant is told: the lock is the council's business until the decision is published.
    #[must_use]
    pub const fn public(self) -> Self {
        match self {
            Self::Evaluated => Self::UnderReview,
            other => other,
        }
    }
}

closed_set! {
    /// What is done to a proposal.
    pub enum ProposalCommand {
        /// Change the working copy.
        Edit = "EDIT",
        /// Hand in the working copy as the next version.
        Submit = "SUBMIT",
        /// Take back.
        Withdraw = "WITHDRAW",
        /// Put back what was taken back.
        Revive = "REVIVE",
        /// Find eligible.
        Admit = "ADMIT",
        /// Find ineligible.
        Refuse = "REFUSE",
        /// Ask its team to make something clearer.
        AskClarification = "ASK_CLARIFICATION",
        /// Answer that.
        AnswerClarification = "ANSWER_CLARIFICATION",
        /// Go on without an answer: its time is over.
        LapseClarification = "LAPSE_CLARIFICATION",
        /// Offer its first review.
        StartReview = "START_REVIEW",
        /// Lock the round.
        Lock = "LOCK",
        /// Publish: chosen.
        Select = "SELECT",
        /// Publish: in reserve.
        PutInReserve = "PUT_IN_RESERVE",
        /// Publish: not chosen.
        Decline = "DECLINE",
        /// Set the decision on it aside.
        Reconsider = "RECONSIDER",
        /// Take it out of the running.
        Disqualify = "DISQUALIFY",
        /// Publish: chosen from the reserve.
        Promote = "PROMOTE",
    }
}

use ProposalCommand as C;
use ProposalStatus as S;

/// The life of a proposal.
pub const TRANSITIONS: &[Rule<ProposalCommand, ProposalStatus>] = &[
    Rule { command: C::Edit, from: &[S::Draft], to: S::Draft },
    Rule { command: C::Edit, from: &[S::Submitted], to: S::Submitted },
    Rule { command: C::Submit, from: &[S::Draft, S::Submitted], to: S::Submitted },
    Rule {
        command: C::Withdraw,
        from: &[
            S::Submitted,
            S::Eligible,
            S::Clarification,
            S::UnderReview,
            S::Evaluated,
            S::Selected,
            S::Reserve,
        ],
        to: S::Withdrawn,
    },
    Rule { command: C::Revive, from: &[S::Withdrawn], to: S::Submitted },
    Rule { command: C::Admit, from: &[S::Submitted], to: S::Eligible },
    Rule { command: C::Refuse, from: &[S::Submitted], to: S::Ineligible },
    Rule { command: C::AskClarification, from: &[S::Eligible], to: S::Clarification },
    Rule { command: C::AnswerClarification, from: &[S::Clarification], to: S::Eligible },
    Rule { command: C::LapseClarification, from: &[S::Clarification], to: S::Eligible },
    Rule { command: C::StartReview, from: &[S::Eligible, S::UnderReview], to: S::UnderReview },
    Rule { command: C::Lock, from: &[S::UnderReview], to: S::Evaluated },
    Rule { command: C::Select, from: &[S::Evaluated], to: S::Selected },
    Rule { command: C::PutInReserve, from: &[S::Evaluated], to: S::Reserve },
    Rule { command: C::Decline, from: &[S::Evaluated], to: S::NotSelected },
    Rule { command: C::Reconsider, from: &[S::Selected, S::Reserve, S::NotSelected], to: S::Evaluated },
    Rule { command: C::Promote, from: &[S::Reserve], to: S::Selected },
    Rule {
        command: C::Disqualify,
        from: &[S::Eligible, S::Clarification, S::UnderReview, S::Evaluated, S::Reserve, S::Selected],
        to: S::Disqualified,
    },
];

closed_set! {
    /// As what somebody who is not of its team reads a proposal.
    pub enum Capacity {
        /// Chair, vice chair or secretary of the council.
        Bureau = "BUREAU",
        /// Any other member of the council.
        CouncilMember = "COUNCIL_MEMBER",
        /// Who decides.
        DecisionMaker = "DECISION_MAKER",
        /// Somebody of the agency whose challenge it is.
        Agency = "AGENCY",
        /// Auditor of the platform.
        Auditor = "AUDITOR",
        /// Not recorded.
        Other = "OTHER",
    }
}

impl Capacity {
    /// What counts of several roles: the one closest to the evaluation.
    pub fn of(roles: Roles) -> Self {
        let any = |wanted: &[Role]| wanted.iter().any(|role| roles.has(*role));
        if any(&[Role::Chair, Role::ViceChair, Role::Secretary]) {
            Self::Bureau
        } else if any(&[Role::Reviewer, Role::Member]) {
            Self::CouncilMember
        } else if any(&[Role::DecisionMaker]) {
            Self::DecisionMaker
        } else if any(&[Role::AgencyLead, Role::AgencyDrafter]) {
            Self::Agency
        } else if any(&[Role::Auditor]) {
            Self::Auditor
        } else {
            Self::Other
        }
    }
}

closed_set! {
    /// The sections of a proposal.
    pub enum ProposalSection {
        /// What is proposed.
        Solution = "SOLUTION",
        /// The technology and how ready it is.
        Technology = "TECHNOLOGY",
        /// Steps and dates.
        Plan = "PLAN",
        /// Who does the work.
        Team = "TEAM",
        /// What will change, measured by the challenge's indicators.
        Impact = "IMPACT",
    }
}

/// Sections without which a proposal cannot be submitted.
pub const REQUIRED_SECTIONS: &[ProposalSection] = &[ProposalSection::Solution, ProposalSection::Plan];

closed_set! {
    /// For whom a part of a proposal is, once it is opened.
    pub enum Confidentiality {
        /// Public with the award, if it wins; until then as what is for reviewers.
        PublicSummary = "PUBLIC_SUMMARY",
        /// For whoever reads the proposal.
        ReviewersOnly = "REVIEWERS_ONLY",
        /// For those of them alone who lead the council, decide or audit.
        DecisionMakersOnly = "DECISION_MAKERS_ONLY",
    }
}

impl Default for Confidentiality {
    /// What is not said otherwise is for reviewers.
    fn default() -> Self {
        Self::ReviewersOnly
    }
}

closed_set! {
    /// The parts of a proposal that its team may call public or confidential. Title and summary are always public with the award.
    pub enum Part {
        /// The section of that name.
        Solution = "SOLUTION",
        /// The section of that name.
        Technology = "TECHNOLOGY",
        /// The section of that name.
        Plan = "PLAN",
        /// The section of that name.
        Team = "TEAM",
        /// The section of that name.
        Impact = "IMPACT",
        /// The budget asked for.
        Budget = "BUDGET",
    }
}

impl From<ProposalSection> for Part {
    fn from(section: ProposalSection) -> Self {
        match section {
            ProposalSection::Solution => Self::Solution,
            ProposalSection::Technology => Self::Technology,
            ProposalSection::Plan => Self::Plan,
            ProposalSection::Team => Self::Team,
            ProposalSection::Impact => Self::Impact,
        }
    }
}

/// Calling a section, or the budget, or a file (None) public or confidential: confidential where the call allows it, and never what reviewers
/// cannot judge without; a file is never public.
pub fn may_classify(part: Option<Part>, class: Confidentiality, call_allows: bool) -> Result<(), Reason> {
    let is_required = REQUIRED_SECTIONS.iter().any(|section| Some(Part::from(*section)) == part);
    let may = match class {
        Confidentiality::PublicSummary => part.is_some(),
        Confidentiality::ReviewersOnly => true,
        Confidentiality::DecisionMakersOnly => call_allows && !is_required,
    };
    if may { Ok(()) } else { Err(Reason::NotPermitted) }
}

/// What an applicant hands over. Field order is part of the canonical form, and so of every receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The language it is written in.
    pub language: Locale,
    /// Title, one line.
    pub title: String,
    /// What may be published if it wins.
    pub summary: String,
    /// The sections.
    pub sections: BTreeMap<ProposalSection, String>,
    /// The budget asked for.
    pub budget: Option<Money>,
    /// The files, oldest first; of a submitted version alone, a working copy has them beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileNote>,
    /// The parts that are not for reviewers alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<Part, Confidentiality>,
}

impl Content {
    /// For whom a part is.
    pub fn class(&self, part: Part) -> Confidentiality {
        self.classes.get(&part).copied().unwrap_or_default()
    }

    /// Says for whom a part is.
    pub fn classify(&mut self, part: Part, class: Confidentiality) {
        if class == Confidentiality::default() {
            self.classes.remove(&part);
        } else {
            self.classes.insert(part, class);
        }
    }

    /// Nothing is said of a part that is not there.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        let there: Vec<_> = self.parts().collect();
        self.classes.retain(|part, _| there.contains(part));
        self
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        let sections = self.sections.keys().copied().map(Part::from).collect::<Vec<_>>();
        sections.into_iter().chain(self.budget.is_some().then_some(Part::Budget))
    }

    /// Without the parts and files that are not for reviewers, and without a word of them.
    #[must_use]
    pub fn for_reviewers(self) -> Self {
        self.only(|class| class != Confidentiality::DecisionMakersOnly)
    }

    /// What the award makes public.
    #[must_use]
    pub fn for_everybody(self) -> Self {
        self.only(|class| class == Confidentiality::PublicSummary)
    }

    fn only(mut self, may: impl Fn(Confidentiality) -> bool) -> Self {
        let classes = std::mem::take(&mut self.classes);
        let class = |part| classes.get(&part).copied().unwrap_or_default();
        self.sections.retain(|section, _| may(class(Part::from(*section))));
        self.budget = self.budget.filter(|_| may(class(Part::Budget)));
        self.files.retain(|file| may(file.confidentiality));
        Self { classes, ..self }.tidied()
    }

    /// The canonical form: JSON, fields in the declared order, sections by name, no blanks; no list of files without any, and no
    /// list of parts that are not for reviewers without any. Receipts hash these bytes.
    pub fn canonical(&self) -> String {
        // A struct of strings, maps with string keys and integers always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical form, lower-case hexadecimal.
    pub fn sha256(&self) -> String {
        crate::text::hex(&Sha256::digest(self.canonical().as_bytes()))
    }

    /// What keeps it from being submitted, all at once.
    pub fn missing_for_submission(&self) -> Vec<Problem> {
        REQUIRED_SECTIONS
            .iter()
            .filter(|section| !self.sections.contains_key(section))
            .map(|section| Problem {
                field: Some(vec!["proposal".into(), "sections".into(), section.name().into()]),
                reason: Reason::Required,
            })
            .collect()
    }
}

/// What of a challenge decides whether it can be answered.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The challenge's state.
    pub status: ChallengeStatus,
    /// Its timetable, which every published challenge has.
    pub timetable: Option<Timetable>,
}

/// States of a challenge in which proposals are drafted and handed in.
pub const ANSWERABLE: &[ChallengeStatus] = &[ChallengeStatus::Published];

impl Call {
    /// Refuses unless the challenge is public and its deadline ahead: drafting may begin before the window opens.
    pub fn must_take_drafts(self, now: Timestamp) -> Result<(), Reason> {
        match self.answerable()? {
            timetable if timetable.window(now) == Window::Closed => {
                Err(Reason::DeadlinePassed { closed_at: timetable.closes_at })
            }
            _ => Ok(()),
        }
    }

    /// Refuses unless proposals are taken now.
    pub fn must_take_proposals(self, now: Timestamp) -> Result<(), Reason> {
        self.answerable()?.must_be_open(now)
    }

    fn answerable(self) -> Result<Timetable, Reason> {
        let allowed = || ANSWERABLE.iter().map(|state| state.name()).collect();
        let refused = || Reason::Transition { current: self.status.name(), allowed: allowed() };
        self.timetable.filter(|_| ANSWERABLE.contains(&self.status)).ok_or_else(refused)
    }
}

/// Drafting a proposal: the deadline is ahead, and the startup has no other live one to the challenge.
pub fn may_draft(call: Call, has_live: bool, now: Timestamp) -> Guard {
    all([call.must_take_drafts(now)])?;
    unless(has_live.then(|| Problem::at("challengeId", Reason::AlreadyExists)))
}

/// What a working copy says of its parts: all that may not be said, at once.
pub fn may_write(content: &Content, call_allows: bool) -> Guard {
    unless(content.classes.iter().filter_map(|(part, class)| {
        let reason = may_classify(Some(*part), *class, call_allows).err()?;
        let path: &[&str] = if *part == Part::Budget {
            &["proposal", "budget"]
        } else {
            &["proposal", "sections", part.name()]
        };
        Some(Problem { field: Some(path.iter().map(|step| (*step).to_owned()).collect()), reason })
    }))
}

/// Whether a command of the team is allowed in that state. What the team is told names the state that it may know.
pub fn team_step(status: ProposalStatus, command: &ProposalCommand) -> Result<(), Reason> {
    match machine::step(TRANSITIONS, status, command) {
        Ok(_) => Ok(()),
        Err(Reason::Transition { allowed, .. }) => {
            Err(Reason::Transition { current: status.public().name(), allowed })
        }
        Err(reason) => Err(reason),
    }
}

/// Changing the working copy: up to the deadline.
pub fn may_edit(status: ProposalStatus, timetable: Option<Timetable>, now: Timestamp) -> Guard {
    all([team_step(status, &C::Edit)])?;
    let closed = timetable.filter(|timetable| timetable.window(now) == Window::Closed);
    all([closed.map_or(Ok(()), |timetable| Err(Reason::DeadlinePassed { closed_at: timetable.closes_at }))])
}

/// A startup before a challenge: proposals are taken now, and it is verified.
pub fn may_bid(call: Call, is_verified: bool, now: Timestamp) -> Guard {
    all([call.must_take_proposals(now), verified(is_verified)])
}

fn verified(is_verified: bool) -> Result<(), Reason> {
    if is_verified { Ok(()) } else { Err(Reason::OrganizationNotVerified) }
}

/// Handing in: while proposals are taken, by a verified startup, with nothing missing and every file in order.
pub fn may_submit(
    call: Call,
    status: ProposalStatus,
    is_verified: bool,
    content: &Content,
    files_ready: bool,
    versions: i32,
    now: Timestamp,
) -> Guard {
    all([call.must_take_proposals(now)])?;
    all([team_step(status, &C::Submit)])?;
    let limit = limits::VERSIONS;
    let used_up = usize::try_from(versions).unwrap_or(usize::MAX) >= limit;
    let house = verified(is_verified).err().map(Problem::whole);
    let quota = used_up.then(|| Problem::whole(Reason::Quota { limit }));
    let missing = content.missing_for_submission();
    let files = (!files_ready).then(|| Problem {
        field: Some(vec!["proposal".into(), "attachments".into()]),
        reason: Reason::FileNotReady,
    });
    unless(house.into_iter().chain(missing).chain(files).chain(quota))
}

/// Taking back: as long as there is something to decide, and afterwards what was chosen or put in reserve.
pub fn may_withdraw(status: ProposalStatus) -> Guard {
    all([team_step(status, &C::Withdraw)])
}

/// Putting back what was taken back: while proposals are taken, by a verified startup that has no other one by now.
pub fn may_revive(
    call: Call,
    status: ProposalStatus,
    is_verified: bool,
    has_live: bool,
    now: Timestamp,
) -> Guard {
    all([call.must_take_proposals(now)])?;
    all([team_step(status, &C::Revive)])?;
    let other = if has_live { Err(Reason::AlreadyExists) } else { Ok(()) };
    all([verified(is_verified), other])
}

/// Finding eligible or not: by somebody who declared to be without conflict.
pub fn may_screen(
    stage: Stage,
    status: ProposalStatus,
    command: &ProposalCommand,
    is_cleared: bool,
) -> Guard {
    // First of all: whoever has not declared learns no more of the proposal.
    all([cleared(is_cleared)])?;
    all([stage.must_be_in_evaluation()])?;
    machine::allows(TRANSITIONS, status, command)
}

/// Asking a team to make something clearer: while sheets are made, before the first review is offered, by somebody without conflict, so
/// many times.
pub fn may_ask_clarification(stage: Stage, status: ProposalStatus, is_cleared: bool, asked: usize) -> Guard {
    all([cleared(is_cleared)])?;
    all([stage.must_be_scoring()])?;
    machine::allows(TRANSITIONS, status, &C::AskClarification)?;
    let limit = limits::CLARIFICATIONS;
    all([if asked < limit { Ok(()) } else { Err(Reason::Quota { limit }) }])
}

/// Answering: while the council works on its sheets, by its time.
pub fn may_answer_clarification(
    stage: Stage,
    status: ProposalStatus,
    due_at: Option<Timestamp>,
    now: Timestamp,
) -> Guard {
    all([team_step(status, &C::AnswerClarification)])?;
    all([stage.must_be_scoring(), crate::review::in_time(due_at, now)])
}

/// What a clarification says: the question, and the answer once there is one. Sealed with the proposal that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clarification {
    /// What is to be made clearer.
    pub question: String,
    /// Sections that it is about.
    pub sections: Vec<ProposalSection>,
    /// What the team says.
    pub answer: Option<String>,
    /// It is about a part that is not for reviewers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_confided: bool,
}

/// Refuses whoever has not declared to be without conflict: unknown counts as conflict.
pub fn cleared(is_cleared: bool) -> Result<(), Reason> {
    if is_cleared { Ok(()) } else { Err(Reason::ConflictUndeclared) }
}

/// Limits of what people write into a proposal.
pub mod limits {
    /// Characters of a title.
    pub const TITLE: usize = 200;
    /// Characters of the public summary.
    pub const SUMMARY: usize = 2_000;
    /// Characters of a section.
    pub const SECTION: usize = 20_000;
    /// Clarifications that are asked of a proposal.
    pub const CLARIFICATIONS: usize = 10;
    /// Characters of what is asked.
    pub const QUESTION: usize = 4_000;
    /// Characters of an answer.
    pub const ANSWER: usize = 10_000;
    /// Submitted versions of a proposal.
    pub const VERSIONS: usize = 100;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::problem::Code;

    #[test]
    fn the_canonical_form_is_fixed_because_receipts_depend_on_it() {
        let content = Content {
            language: Locale::Vi,
            title: "Bản đồ ngập".into(),
            summary: "Cảnh báo sớm".into(),
            sections: [
                (ProposalSection::Plan, "Ba tháng".to_owned()),
                (ProposalSection::Solution, "Cảm biến".to_owned()),
            ]
            .into(),
            budget: Some(Money { minor: 400_000_000, currency: Currency::Vnd }),
            files: Vec::new(),
            classes: BTreeMap::new(),
        };
        assert_eq!(
            content.canonical(),
            r#"{"language":"vi","title":"Bản đồ ngập","summary":"Cảnh báo sớm","sections":{"SOLUTION":"Cảm biến","PLAN":"Ba tháng"},"budget":{"minor":400000000,"currency":"VND"}}"#
        );
        let confidentiality = Confidentiality::ReviewersOnly;
        let file =
            FileNote { name: "Sơ đồ.pdf".into(), size: 7, sha256: "00".repeat(32), confidentiality };
        let with_file = Content { files: vec![file], ..content.clone() }.canonical();
        let tail = format!(r#","files":[{{"name":"Sơ đồ.pdf","size":7,"sha256":"{}"}}]}}"#, "00".repeat(32));
        assert_eq!(
            with_file,
            format!("{}{tail}", content.canonical().trim_end_matches('}').to_owned() + "}")
        );
        // What is not for reviewers alone is said behind everything else: what was handed in before hashes as it did.
        let mut classified = content.clone();
        classified.classify(Part::Budget, Confidentiality::DecisionMakersOnly);
        classified.classify(Part::Plan, Confidentiality::PublicSummary);
        let tail = r#","classes":{"PLAN":"PUBLIC_SUMMARY","BUDGET":"DECISION_MAKERS_ONLY"}}"#;
        let told = format!("{}{tail}", content.canonical().trim_end_matches('}').to_owned() + "}");
        assert_eq!(classified.canonical(), told);
        assert_eq!(serde_json::from_str::<Content>(&told).unwrap(), classified);
        assert_eq!(serde_json::from_str::<Content>(&content.canonical()).unwrap(), content);
        let confidentiality = Confidentiality::DecisionMakersOnly;
        let file = FileNote { name: "a.pdf".into(), size: 7, sha256: String::new(), confidentiality };
        let told = serde_json::to_string(&file).unwrap();
        assert_eq!(told, r#"{"name":"a.pdf","size":7,"sha256":"","confidentiality":"DECISION_MAKERS_ONLY"}"#);
        assert_eq!(content.sha256().len(), 64);
        assert!(content.missing_for_submission().is_empty());
    }

    #[test]
    fn everybody_is_given_what_is_for_them_and_no_word_of_the_rest() {
        let file = |name: &str, confidentiality| FileNote {
            name: name.into(),
            size: 1,
            sha256: String::new(),
            confidentiality,
        };
        let mut content = Content {
            title: "Tên".into(),
            summary: "Tóm tắt".into(),
            sections: ProposalSection::ALL.iter().map(|section| (*section, "Viết".to_owned())).collect(),
            budget: Some(Money { minor: 1, currency: Currency::Vnd }),
            files: vec![
                file("a.pdf", Confidentiality::ReviewersOnly),
                file("b.pdf", Confidentiality::DecisionMakersOnly),
            ],
            ..Content::default()
        };
        content.classify(Part::Impact, Confidentiality::PublicSummary);
        content.classify(Part::Technology, Confidentiality::DecisionMakersOnly);
        content.classify(Part::Budget, Confidentiality::DecisionMakersOnly);
        content.classify(Part::Team, Confidentiality::PublicSummary);
        content.classify(Part::Team, Confidentiality::ReviewersOnly);
        let told = |content: &Content| {
            let sections: Vec<_> = content.sections.keys().map(|section| section.name()).collect();
            let files: Vec<_> = content.files.iter().map(|file| file.name.clone()).collect();
            let classes: Vec<_> = content.classes.keys().map(|part| part.name()).collect();
            format!("{sections:?} {} {files:?} {classes:?}", content.budget.is_some())
        };
        let reviewers = content.clone().for_reviewers();
        assert_eq!(told(&reviewers), r#"["SOLUTION", "PLAN", "TEAM", "IMPACT"] false ["a.pdf"] ["IMPACT"]"#);
        let everybody = content.clone().for_everybody();
        assert_eq!(told(&everybody), r#"["IMPACT"] false [] ["IMPACT"]"#);
        assert_eq!((everybody.title.as_str(), everybody.summary.as_str()), ("Tên", "Tóm tắt"));
        assert_eq!(content.clone().tidied(), content);
        content.budget = None;
        assert!(!content.tidied().classes.contains_key(&Part::Budget));
    }

    #[test]
    fn what_reviewers_cannot_judge_without_is_theirs_and_a_file_is_never_public() {
        use Confidentiality as K;
        for (part, class, with, without) in [
            (Some(Part::Budget), K::DecisionMakersOnly, true, false),
            (Some(Part::Technology), K::DecisionMakersOnly, true, false),
            (Some(Part::Solution), K::DecisionMakersOnly, false, false),
            (Some(Part::Plan), K::DecisionMakersOnly, false, false),
            (Some(Part::Plan), K::PublicSummary, true, true),
            (Some(Part::Budget), K::ReviewersOnly, true, true),
            (None, K::DecisionMakersOnly, true, false),
            (None, K::ReviewersOnly, true, true),
            (None, K::PublicSummary, false, false),
        ] {
            let may = |allows| may_classify(part, class, allows).is_ok();
            assert_eq!((may(true), may(false)), (with, without), "{part:?} {class}");
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn call(status: ChallengeStatus) -> Call {
        Call { status, timetable: Some(Timetable { opens_at: at(10), closes_at: at(20) }) }
    }

    #[test]
    fn drafting_begins_before_the_window_and_both_end_with_it() {
        let published = call(ChallengeStatus::Published);
        let code =
            |guard: Guard| guard.err().map(|all| all.iter().map(|one| one.reason.code()).collect::<Vec<_>>());
        for (now, draft, bid) in [
            (9, None, Some(vec![Code::NotOpen])),
            (10, None, None),
            (19, None, None),
            (20, Some(vec![Code::DeadlinePassed]), Some(vec![Code::DeadlinePassed])),
        ] {
            assert_eq!(code(may_draft(published, false, at(now))), draft);
            assert_eq!(code(may_bid(published, true, at(now))), bid);
        }
        assert_eq!(code(may_draft(published, true, at(10))), Some(vec![Code::AlreadyExists]));
        assert_eq!(
            code(may_bid(published, false, at(9))),
            Some(vec![Code::NotOpen, Code::OrganizationNotVerified]),
            "everything at once"
        );
        assert_eq!(
            code(may_bid(call(ChallengeStatus::Evaluation), true, at(10))),
            Some(vec![Code::Conflict])
        );
    }

    #[test]
    fn the_team_is_refused_with_the_state_that_it_may_know() {
        for command in [C::Edit, C::Submit] {
            assert_eq!(team_step(S::Evaluated, &command), team_step(S::UnderReview, &command));
        }
        assert_eq!(may_withdraw(S::Evaluated), Ok(()));
        assert_eq!(may_withdraw(S::UnderReview), Ok(()));
    }

    #[test]
    fn an_applicant_does_not_learn_of_the_lock() {
        assert_eq!(ProposalStatus::Evaluated.public(), ProposalStatus::UnderReview);
        assert_eq!(ProposalStatus::NotSelected.public(), ProposalStatus::NotSelected);
    }
}
