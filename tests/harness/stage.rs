//! Challenges put into the middle of their life behind the server's back, with everybody and everything that belongs
//! there: for stories that begin in many states and cannot go all the way to each.

use api::graphql::id::encode;
use domain::challenge::{Brief, BriefSection, ChallengeStatus};
use domain::decision::{DecisionStatus, Outcome};
use domain::id::{CriterionId, OrganizationId, PublicId as _, UserId};
use domain::organization::{MembershipRole, OrganizationKind};
use domain::proposal::{Content, ProposalSection, ProposalStatus};
use domain::review::{CouncilRole, Interest, ReviewStatus};
use domain::text::Bilingual;
use domain::time::{Day, Timestamp};
use entity::{
    challenge, challenge_author, conflict_declaration, decision, decision_outcome, indicator, opening,
    organization, proposal, proposal_draft, review,
};
use sea_orm::EntityTrait as _;

use crate::cast::{Cast, startup_of};
use crate::person::Person;
use crate::rows::{self, FAR_AWAY, THEN, insert};
use crate::world::World;

/// The cast, and whom the stories of many states need besides.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say who they are")]
pub struct Troupe {
    pub cast: Cast,
    pub vice_chair: Person,
    /// Officer in the programme office and drafter in the agency: an author of every challenge here.
    pub author: Person,
    /// Publishing authority who approved every challenge here.
    pub approver: Person,
    /// Owns a startup that is not verified.
    pub newcomer: Person,
    /// Reads for Song Cẩm.
    pub onlooker: Person,
    /// Has an account and nothing else.
    pub stranger: Person,
    startups: Vec<OrganizationId>,
}

impl Troupe {
    /// Gathers everybody.
    pub async fn gather(world: &World) -> Self {
        let cast = Box::pin(Cast::gather(world)).await;
        let person = async |handle, name| world.person(handle, name).await;
        let mut troupe = Self {
            vice_chair: person("vice-chair", "Phạm Phó Chủ Tịch").await,
            author: person("author", "Đinh Soạn Thảo").await,
            approver: person("approver", "Cao Phê Duyệt").await,
            newcomer: person("newcomer", "Tạ Mới").await,
            onlooker: person("onlooker", "Lương Xem").await,
            stranger: person("stranger", "Khách Lạ").await,
            startups: Vec::new(),
            cast,
        };
        let houses = organization::Entity::find().all(world.db()).await.unwrap();
        let house = |kind| houses.iter().find(|house| house.kind == kind).unwrap().id;
        let office = house(OrganizationKind::ProgrammeOffice);
        let startup = async |owner: &Person| OrganizationId::from_public(&startup_of(owner).await).unwrap();
        let cast = &troupe.cast;
        troupe.startups = vec![startup(&cast.linh).await, startup(&cast.yen).await, startup(&cast.bao).await];
        let pending = organization::Model {
            status: domain::organization::OrganizationStatus::Pending,
            ..rows::organization(OrganizationKind::Startup, troupe.newcomer.account)
        };
        insert(world.db(), [pending.clone()]).await.unwrap();
        troupe.startups.push(pending.id);
        let places = [
            rows::membership(office, troupe.author.account, MembershipRole::Officer),
            rows::membership(house(OrganizationKind::Agency), troupe.author.account, MembershipRole::Drafter),
            rows::membership(office, troupe.approver.account, MembershipRole::Publisher),
            rows::membership(pending.id, troupe.newcomer.account, MembershipRole::Owner),
            rows::membership(troupe.startups[0], troupe.onlooker.account, MembershipRole::Viewer),
        ];
        insert(world.db(), places).await.unwrap();
        // Could be appointed to judge, and is not.
        insert(world.db(), [rows::expert(troupe.stranger.account)]).await.unwrap();
        troupe
    }

    /// Everybody who could have something to do with a challenge.
    pub fn everybody(&self) -> Vec<&Person> {
        let cast = &self.cast;
        vec![
            &cast.lead,
            &cast.drafter,
            &self.author,
            &cast.officer,
            &cast.publisher,
            &self.approver,
            &cast.chair,
            &self.vice_chair,
            &cast.secretary,
            &cast.reviewer,
            &cast.other_reviewer,
            &cast.third_reviewer,
            &cast.authority,
            &cast.auditor,
            &cast.administrator,
            &cast.linh,
            &cast.quan,
            &self.onlooker,
            &cast.yen,
            &cast.bao,
            &self.newcomer,
            &self.stranger,
        ]
    }

    fn owners(&self) -> [UserId; 4] {
        [&self.cast.linh, &self.cast.yen, &self.cast.bao, &self.newcomer].map(|person| person.account)
    }
}

/// Where a challenge is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say where")]
pub enum Scene {
    DraftIncomplete,
    Draft,
    ChangesRequested,
    InReview,
    Approved,
    ApprovedTooLate,
    Upcoming,
    Open,
    Paused,
    Closed,
    OpeningRequested,
    Opened,
    Reviewing,
    Cancelled,
    ReadyToLock,
    LockedWithoutDecisionMaker,
    Locked,
    Drafting,
    Drafted,
    Proposed,
    DecisionApproved,
    ChosenWithdrawn,
    Awarded,
}

impl Scene {
    /// All of them, in the order of a challenge's life.
    pub const ALL: &[Self] = &[
        Self::DraftIncomplete,
        Self::Draft,
        Self::ChangesRequested,
        Self::InReview,
        Self::Approved,
        Self::ApprovedTooLate,
        Self::Upcoming,
        Self::Open,
        Self::Paused,
        Self::Closed,
        Self::OpeningRequested,
        Self::Opened,
        Self::Reviewing,
        Self::Cancelled,
        Self::ReadyToLock,
        Self::LockedWithoutDecisionMaker,
        Self::Locked,
        Self::Drafting,
        Self::Drafted,
        Self::Proposed,
        Self::DecisionApproved,
        Self::ChosenWithdrawn,
        Self::Awarded,
    ];

    const fn status(self) -> ChallengeStatus {
        use ChallengeStatus as S;
        match self {
            Self::DraftIncomplete | Self::Draft => S::Draft,
            Self::ChangesRequested => S::ChangesRequested,
            Self::InReview => S::InReview,
            Self::Approved | Self::ApprovedTooLate => S::Approved,
            Self::Paused => S::Paused,
            Self::Cancelled => S::Cancelled,
            Self::Upcoming | Self::Open | Self::Closed | Self::OpeningRequested => S::Published,
            Self::Opened
            | Self::Reviewing
            | Self::ReadyToLock
            | Self::LockedWithoutDecisionMaker
            | Self::Locked => S::Evaluation,
            Self::Drafting
            | Self::Drafted
            | Self::Proposed
            | Self::DecisionApproved
            | Self::ChosenWithdrawn => S::Decision,
            Self::Awarded => S::Awarded,
        }
    }

    fn is_from(self, scene: Self) -> bool {
        let place = |scene| Self::ALL.iter().position(|one| *one == scene);
        place(self) >= place(scene)
    }

    const fn is_halted(self) -> bool {
        matches!(self, Self::Paused | Self::Cancelled)
    }

    fn is_locked(self) -> bool {
        self.is_from(Self::LockedWithoutDecisionMaker)
    }

    const fn timetable(self) -> (Timestamp, Timestamp) {
        const SOON: Timestamp = Timestamp::from_micros(FAR_AWAY.micros() - 1_000_000);
        const THEREAFTER: Timestamp = Timestamp::from_micros(THEN.micros() + 1_000_000);
        match self {
            Self::DraftIncomplete
            | Self::Draft
            | Self::ChangesRequested
            | Self::InReview
            | Self::Approved
            | Self::Upcoming => (SOON, FAR_AWAY),
            Self::Open | Self::Paused => (THEN, FAR_AWAY),
            _ => (THEN, THEREAFTER),
        }
    }

    /// Where the proposals of Linh, Yến, Bảo and the newcomer stand.
    const fn proposals(self) -> [Option<ProposalStatus>; 4] {
        use ProposalStatus as P;
        match self {
            Self::Upcoming => [Some(P::Draft), None, Some(P::Withdrawn), None],
            Self::Open | Self::Paused => {
                [Some(P::Draft), Some(P::Submitted), Some(P::Withdrawn), Some(P::Draft)]
            }
            Self::Closed | Self::OpeningRequested | Self::Opened => {
                [Some(P::Submitted), Some(P::Submitted), Some(P::Withdrawn), Some(P::Draft)]
            }
            Self::Reviewing | Self::Cancelled => {
                [Some(P::UnderReview), Some(P::Eligible), Some(P::Ineligible), None]
            }
            Self::ReadyToLock => [Some(P::UnderReview), Some(P::UnderReview), Some(P::Ineligible), None],
            Self::LockedWithoutDecisionMaker
            | Self::Locked
            | Self::Drafting
            | Self::Drafted
            | Self::Proposed
            | Self::DecisionApproved => [Some(P::Evaluated), Some(P::Evaluated), Some(P::Ineligible), None],
            Self::ChosenWithdrawn => [Some(P::Withdrawn), Some(P::Evaluated), Some(P::Ineligible), None],
            Self::Awarded => [Some(P::Selected), Some(P::NotSelected), Some(P::Ineligible), None],
            _ => [None; 4],
        }
    }

    /// Where the reviews of Linh's and Yến's proposals stand, by the three who score.
    const fn reviews(self) -> [[Option<ReviewStatus>; 3]; 2] {
        use ReviewStatus as R;
        match self {
            Self::Reviewing | Self::Cancelled => [
                [Some(R::Accepted), Some(R::InProgress), Some(R::Offered)],
                [Some(R::InProgress), Some(R::Submitted), None],
            ],
            Self::ReadyToLock => [
                [Some(R::Submitted), Some(R::Submitted), Some(R::Offered)],
                [Some(R::Submitted), Some(R::Submitted), None],
            ],
            Self::DraftIncomplete
            | Self::Draft
            | Self::ChangesRequested
            | Self::InReview
            | Self::Approved
            | Self::ApprovedTooLate
            | Self::Upcoming
            | Self::Open
            | Self::Paused
            | Self::Closed
            | Self::OpeningRequested
            | Self::Opened => [[None; 3]; 2],
            _ => [
                [Some(R::Locked), Some(R::Locked), Some(R::Expired)],
                [Some(R::Locked), Some(R::Locked), None],
            ],
        }
    }

    const fn decision(self) -> Option<DecisionStatus> {
        match self {
            Self::Drafting | Self::Drafted => Some(DecisionStatus::Draft),
            Self::Proposed => Some(DecisionStatus::Proposed),
            Self::DecisionApproved | Self::ChosenWithdrawn => Some(DecisionStatus::Approved),
            Self::Awarded => Some(DecisionStatus::Published),
            _ => None,
        }
    }
}

/// A challenge in a scene, by the public ids of what belongs to it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The challenge.
    pub challenge: String,
    /// Its proposals.
    pub proposals: Vec<String>,
    /// Its reviews.
    pub reviews: Vec<String>,
    /// The decision on it.
    pub decision: Option<String>,
}

/// Puts a challenge into the scene.
///
/// Chair and secretary are without conflict with Linh's and Yến's proposals, the vice chair has not declared, and whoever
/// has begun a sheet is without conflict. The decision chooses Linh's and reserves Yến's.
pub async fn stage(world: &World, troupe: &Troupe, scene: Scene) -> Stage {
    let (db, cast) = (world.db(), &troupe.cast);
    let agency = OrganizationId::from_public(&cast.agency).unwrap();
    let (opens_at, closes_at) = scene.timetable();
    let bilingual = |vi: &str| Bilingual { vi: vi.to_owned(), en: None };
    let is_complete = scene != Scene::DraftIncomplete;
    let sections = [BriefSection::Context, BriefSection::CurrentProcess, BriefSection::ExpectedProduct];
    let brief = sections.map(|section| (section, bilingual("Nước lên nhanh hơn người dân kịp biết.")));
    let named = scene.is_from(Scene::Upcoming) && scene != Scene::LockedWithoutDecisionMaker;
    let row = challenge::Model {
        status: scene.status(),
        is_public: scene.status().is_public(),
        brief: Brief(if is_complete { brief.into() } else { [].into() }),
        opens_at: Some(opens_at),
        closes_at: Some(closes_at),
        deadline_key: closes_at.micros(),
        approved_by: scene.is_from(Scene::Approved).then_some(troupe.approver.account),
        halted_at: scene.is_halted().then_some(THEN),
        halt_reason: scene.is_halted().then(|| "Chờ ý kiến.".to_owned()),
        decision_maker_id: named.then_some(cast.authority.account),
        round_locked_at: scene.is_locked().then_some(THEN),
        ..rows::challenge(agency, cast.lead.account)
    };
    insert(db, [row.clone()]).await.unwrap();
    let written = [&cast.lead, &troupe.author]
        .map(|author| challenge_author::Model { challenge_id: row.id, user_id: author.account });
    insert(db, written).await.unwrap();
    let mut criteria = Vec::new();
    if is_complete {
        let weights = [(0, 60), (1, 40)].map(|(place, weight)| rows::criterion(row.id, place, weight));
        criteria = weights.iter().map(|criterion| criterion.id).collect();
        insert(db, weights).await.unwrap();
        insert(db, [measured(&row)]).await.unwrap();
    }
    let mut stage = Stage {
        challenge: encode(row.id).to_string(),
        proposals: Vec::new(),
        reviews: Vec::new(),
        decision: None,
    };
    if scene.is_from(Scene::Upcoming) {
        evaluate(world, troupe, scene, &row, &criteria, &mut stage).await;
    }
    stage
}

fn measured(row: &challenge::Model) -> indicator::Model {
    indicator::Model {
        id: app::ids::random(),
        challenge_id: row.id,
        position: 0,
        name_vi: "Thời gian cảnh báo".to_owned(),
        name_en: None,
        unit_vi: "phút".to_owned(),
        unit_en: None,
        baseline: "0".to_owned(),
        baseline_on: Day::parse("2026-10-01").unwrap(),
        source_vi: "Báo cáo mùa mưa".to_owned(),
        source_en: None,
        target: "360".to_owned(),
    }
}

/// The council and everything that it works with.
async fn evaluate(
    world: &World,
    troupe: &Troupe,
    scene: Scene,
    row: &challenge::Model,
    criteria: &[CriterionId],
    stage: &mut Stage,
) {
    let (db, cast) = (world.db(), &troupe.cast);
    let scoring = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
    let seat = |person: &Person, role| rows::council_member(row.id, person.account, role);
    let bench = scoring.map(|person| seat(person, CouncilRole::Reviewer));
    let others = [
        seat(&cast.chair, CouncilRole::Chair),
        seat(&troupe.vice_chair, CouncilRole::ViceChair),
        seat(&cast.secretary, CouncilRole::Secretary),
    ];
    insert(db, others.into_iter().chain(bench.clone())).await.unwrap();
    if scene.is_from(Scene::OpeningRequested) {
        let is_open = scene.is_from(Scene::Opened);
        let opening = opening::Model {
            challenge_id: row.id,
            requested_by: cast.secretary.account,
            requested_at: THEN,
            confirmed_by: is_open.then_some(cast.chair.account),
            confirmed_at: is_open.then_some(THEN),
            receipts: None,
        };
        insert(db, [opening]).await.unwrap();
    }
    let content = Content {
        sections: [ProposalSection::Solution, ProposalSection::Plan]
            .map(|section| (section, "Cảm biến mực nước, ba tháng.".to_owned()))
            .into(),
        ..rows::content()
    };
    let teams = troupe.startups.iter().zip(troupe.owners()).zip(scene.proposals());
    let proposals: Vec<_> = teams
        .filter_map(|((startup, owner), status)| {
            let handed_in = i32::from(status? != ProposalStatus::Draft);
            Some(proposal::Model {
                status: status?,
                current_version: handed_in,
                submitted_at: (handed_in == 1).then_some(THEN),
                ..rows::proposal(row.id, *startup, owner)
            })
        })
        .collect();
    insert(db, proposals.clone()).await.unwrap();
    let drafts = proposals
        .iter()
        .map(|row| proposal_draft::Model { proposal_id: row.id, content: content.canonical() });
    insert(db, drafts).await.unwrap();
    let versions = proposals
        .iter()
        .filter(|row| row.current_version == 1)
        .map(|row| rows::proposal_version(row.id, row.created_by));
    insert(db, versions).await.unwrap();
    app::vault::bring_up_to_date(world.app()).await.unwrap();
    stage.proposals = proposals.iter().map(|row| encode(row.id).to_string()).collect();
    if !scene.is_from(Scene::Opened) {
        return;
    }

    let mut reviews: Vec<review::Model> = Vec::new();
    for (proposal, statuses) in proposals.iter().zip(scene.reviews()) {
        for (seat, status) in bench.iter().zip(statuses) {
            let Some(status) = status else { continue };
            // The second sheet is complete, the others not yet.
            let is_complete = matches!(status, ReviewStatus::Submitted | ReviewStatus::Locked)
                || seat.user_id == cast.other_reviewer.account;
            let sheet = rows::sheet(if is_complete { criteria } else { &criteria[..1] }, "7.5");
            let is_in = matches!(status, ReviewStatus::Submitted | ReviewStatus::Locked);
            reviews.push(review::Model {
                status,
                status_reason: None,
                submitted_at: is_in.then_some(THEN),
                locked_at: (status == ReviewStatus::Locked).then_some(THEN),
                ..rows::review(proposal, seat, sheet)
            });
        }
    }
    let begun =
        reviews.iter().filter(|row| !matches!(row.status, ReviewStatus::Offered | ReviewStatus::Expired));
    let by_members = begun.map(|row| (row.proposal_id, row.user_id));
    let bureau = proposals
        .iter()
        .take(2)
        .flat_map(|row| [&cast.chair, &cast.secretary].map(|person| (row.id, person.account)));
    let declared = by_members.chain(bureau).map(|(proposal_id, user_id)| conflict_declaration::Model {
        proposal_id,
        user_id,
        interest: Interest::None,
        reason: None,
        declared_at: THEN,
    });
    insert(db, declared).await.unwrap();
    insert(db, reviews.clone()).await.unwrap();
    stage.reviews = reviews.iter().map(|row| encode(row.id).to_string()).collect();

    let Some(status) = scene.decision() else { return };
    let is_decided = scene != Scene::Drafting;
    let is_approved = matches!(status, DecisionStatus::Approved | DecisionStatus::Published);
    let decision = decision::Model {
        status,
        approved_by: is_approved.then_some(cast.authority.account),
        approved_at: is_approved.then_some(THEN),
        published_at: (status == DecisionStatus::Published).then_some(THEN),
        standstill_until: (status == DecisionStatus::Published).then_some(rows::FAR_AWAY),
        record: (status == DecisionStatus::Published).then(rows::record),
        ..rows::decision(row.id, cast.chair.account)
    };
    insert(db, [decision.clone()]).await.unwrap();
    let outcomes = (0..).zip(proposals.iter().take(2)).zip([Outcome::Selected, Outcome::Reserve]);
    let outcomes: Vec<_> = outcomes
        .map(|((place, row), outcome)| decision_outcome::Model {
            decision_id: decision.id,
            proposal_id: row.id,
            position: place,
            rank: place + 1,
            mean: "75.0000".to_owned(),
            passes: true,
            outcome: is_decided.then_some(outcome),
            feedback: None,
        })
        .collect();
    insert(db, outcomes).await.unwrap();
    stage.decision = Some(encode(decision.id).to_string());
}
