//! Who does what in each scene.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use app::account::create_hashed;
use app::challenge::{
    ApproveChallenge, CreateChallenge, Draft, NewCriterion, NewIndicator, PublishChallenge, RequestChanges,
    SubmitForApproval,
};
use app::council::{AppointCouncilMember, NameDecisionMaker};
use app::decision::{
    ApproveDecision, FinalizeDecision, NewOutcome, ProposeDecision, PublishDecision, StartDecision,
    UpdateDecision,
};
use app::expert::{Profile, RegisterExpert};
use app::keys::token_hash;
use app::message::SuppressQueued;
use app::opening::{ConfirmOpening, RequestOpening};
use app::organization::{
    AcceptInvitation, CreateOrganization, InviteMember, JudgeOrganization, Judgement, RemoveMember,
};
use app::proposal::{CreateProposal, ScreenProposal, SubmitProposal, WithdrawProposal};
use app::review::{AssignReviews, DeclareInterest, LockRound, SaveSheet, SubmitReview};
use app::structure::PlaceOrganization;
use app::{App, Command, Op, Viewer};
use domain::account::PlatformRole;
use domain::challenge::{OfficialRecord, RequestedChanges, Track};
use domain::id::{ChallengeId, CouncilMemberId, DecisionId, OrganizationId, ProposalId, UserId};
use domain::money::Money;
use domain::organization::{MembershipRole, OrganizationKind};
use domain::proposal::Content as Text;
use domain::review::{CouncilRole, Interest};
use domain::time::Day;
use entity::{council_member, criterion, decision, membership, one_time_token, organization, review};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::address;
use super::content::{Challenge, Content, Expert, Organization, Person, Proposal, both};
use super::past::Past;
use super::timeline::{At, REVIEWERS, Scene, at, closes, opens};
use crate::explain::explain;

/// The first account; founds the programme office.
pub const FIRST: &str = "admin";
/// The last account: where it exists, the whole history does.
pub const LAST: &str = "auditor";

/// The day on which it all begins.
const BEGINNING: i64 = -230;

const EXAMINER: &str = "officer-1";
const CONVENER: &str = "officer-2";
const PUBLISHER: &str = "publisher";
const CHAIR: &str = "expert-1";
const SECRETARY: &str = "expert-2";
const COUNCIL: [(&str, CouncilRole); 4] = [
    (CHAIR, CouncilRole::Chair),
    (SECRETARY, CouncilRole::Secretary),
    ("expert-6", CouncilRole::ViceChair),
    ("expert-7", CouncilRole::Member),
];

type Told<T = ()> = anyhow::Result<T>;

/// Tells the history: keeps its time, and the ids that people and things of the content were given.
pub struct Teller<'a> {
    app: &'a App,
    content: &'a Content,
    password_hash: String,
    past: Past<'a>,
    people: HashMap<&'a str, UserId>,
    organizations: HashMap<&'a str, OrganizationId>,
    challenges: HashMap<&'a str, ChallengeId>,
    proposals: HashMap<(&'a str, &'a str), ProposalId>,
    decisions: HashMap<&'a str, DecisionId>,
    records: u32,
}

impl<'a> Teller<'a> {
    /// Goes back to the beginning. All accounts get the one password.
    pub fn new(app: &'a App, content: &'a Content, password_hash: String) -> Self {
        Self {
            app,
            content,
            password_hash,
            past: Past::since(&app.db.clock, at(BEGINNING, 9)),
            people: HashMap::new(),
            organizations: HashMap::new(),
            challenges: HashMap::new(),
            proposals: HashMap::new(),
            decisions: HashMap::new(),
            records: 0,
        }
    }

    /// Accounts are made, organisations founded and verified, colleagues invited.
    pub async fn found(&mut self) -> Told {
        self.create_account(FIRST).await?;
        for person in self.content.people.iter().filter(|person| person.key != FIRST && person.key != LAST) {
            self.create_account(&person.key).await?;
        }
        for (minute, organization) in (0..).zip(&self.content.organizations) {
            self.past.go_on_to(at(BEGINNING + 1, 9) + minute * 60);
            if organization.kind == OrganizationKind::ProgrammeOffice {
                self.found_office(organization).await?;
            } else {
                self.found_organization(organization).await?;
            }
        }
        for organization in &self.content.organizations {
            self.place(organization).await?;
        }
        for expert in &self.content.experts {
            self.register(expert).await?;
        }
        Ok(())
    }

    /// Comes back to the present, without the mails of the past.
    pub async fn end(self) -> Told {
        let mut teller = self;
        teller.create_account(LAST).await?;
        teller.by_program(SuppressQueued { reason: "demo history".to_owned() }).await?;
        Ok(())
    }

    /// Plays a scene at its time.
    pub async fn play(&mut self, at: At, scene: Scene<'a>) -> Told {
        self.past.go_on_to(at);
        match scene {
            Scene::DraftChallenge(challenge) => self.draft_challenge(challenge).await,
            Scene::HandInChallenge(challenge) => {
                let lead = self.founder(&challenge.agency)?;
                self.act(
                    lead,
                    SubmitForApproval { challenge: self.challenge(challenge)?, expected_version: None },
                )
                .await
            }
            Scene::ReturnChallenge(challenge) => {
                let reason = "Đề nghị bổ sung nguồn số liệu nền của chỉ số và nêu rõ dữ liệu sẽ chia sẻ cho đội dự thi.".to_owned();
                self.act(
                    EXAMINER,
                    RequestChanges {
                        challenge: self.challenge(challenge)?,
                        reason,
                        sections: RequestedChanges::default(),
                    },
                )
                .await
            }
            Scene::ApproveChallenge(challenge) => {
                let record = self.record(PUBLISHER)?;
                self.act(
                    EXAMINER,
                    ApproveChallenge {
                        challenge: self.challenge(challenge)?,
                        expected_version: None,
                        record,
                    },
                )
                .await
            }
            Scene::PublishChallenge(challenge) => {
                let record = self.record(PUBLISHER)?;
                self.act(
                    PUBLISHER,
                    PublishChallenge { challenge: self.challenge(challenge)?, record, publish_at: None },
                )
                .await
            }
            Scene::AppointCouncil(challenge) => self.appoint_council(challenge).await,
            Scene::DraftProposal(proposal) => self.draft_proposal(proposal).await,
            Scene::SubmitProposal(proposal) => {
                let submit = SubmitProposal {
                    proposal: self.proposal(proposal)?,
                    expected_version: None,
                    declares_ownership: true,
                };
                self.act(self.founder(&proposal.startup)?, submit).await
            }
            Scene::WithdrawProposal(proposal) => {
                let withdraw = WithdrawProposal { proposal: self.proposal(proposal)? };
                self.act(self.founder(&proposal.startup)?, withdraw).await
            }
            Scene::RequestOpening(challenge) => {
                self.act(SECRETARY, RequestOpening { challenge: self.challenge(challenge)? }).await
            }
            Scene::ConfirmOpening(challenge) => {
                self.act(CHAIR, ConfirmOpening { challenge: self.challenge(challenge)? }).await
            }
            Scene::Screen(proposal) => self.screen(proposal).await,
            Scene::AssignReviews(challenge) => self.assign_reviews(challenge).await,
            Scene::Review(proposal, reviewer) => self.review(proposal, reviewer).await,
            Scene::Recuse(proposal, reviewer) => {
                let reason = Some("Tôi từng là cố vấn của nhóm này.".to_owned());
                self.act(
                    reviewer,
                    DeclareInterest { proposal: self.proposal(proposal)?, interest: Interest::Other, reason },
                )
                .await
            }
            Scene::LockRound(challenge) => {
                self.act(CHAIR, LockRound { challenge: self.challenge(challenge)? }).await
            }
            Scene::StartDecision(challenge) => {
                let id = self.perform(CHAIR, StartDecision { challenge: self.challenge(challenge)? }).await?;
                self.decisions.insert(&challenge.slug, id);
                Ok(())
            }
            Scene::ProposeDecision(challenge) => self.propose_decision(challenge).await,
            Scene::ApproveDecision(challenge) => {
                let (decision, expected_version) = self.decision(challenge).await?;
                self.act(decider(challenge), ApproveDecision { decision, expected_version }).await
            }
            Scene::PublishDecision(challenge) => {
                let (decision, _) = self.decision(challenge).await?;
                let record = self.record(decider(challenge))?;
                self.act(PUBLISHER, PublishDecision { decision, record, publish_at: None }).await
            }
            // Nothing happens if by the settings of this server it lasts longer.
            Scene::EndStandstill(challenge) => {
                let (decision, _) = self.decision(challenge).await?;
                self.by_program(FinalizeDecision { decision }).await
            }
        }
    }

    // ---- people and organisations

    async fn create_account(&mut self, key: &str) -> Told {
        let person = self.person(key)?;
        let post = person.role.as_deref().and_then(PlatformRole::from_name);
        let (op, hash) = (Arc::new(Op::of_system(Viewer::default())), self.password_hash.clone());
        let id =
            create_hashed(self.app, &op, address(person)?, person.name.clone(), person.locale, hash, post)
                .await
                .map_err(explain)?;
        self.people.insert(&person.key, id);
        Ok(())
    }

    /// The administrator founds the office, hands it over and leaves.
    async fn found_office(&mut self, office: &'a Organization) -> Told {
        let id = self.create_organization(FIRST, office).await?;
        for member in self.content.members(&office.key) {
            self.invite(FIRST, id, member).await?;
        }
        let seat = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(id))
            .filter(membership::Column::UserId.eq(self.user(FIRST)?))
            .one(&self.app.db.read)
            .await?
            .context("the founder is no member")?;
        self.act(FIRST, RemoveMember { membership: seat.id }).await
    }

    async fn found_organization(&mut self, organization: &'a Organization) -> Told {
        let founder = self.founder(&organization.key)?;
        let id = self.create_organization(founder, organization).await?;
        self.act(EXAMINER, JudgeOrganization { organization: id, command: Judgement::Verify, reason: None })
            .await?;
        for colleague in self.content.members(&organization.key).skip(1) {
            self.invite(founder, id, colleague).await?;
        }
        Ok(())
    }

    async fn create_organization(
        &mut self,
        founder: &str,
        organization: &'a Organization,
    ) -> Told<OrganizationId> {
        let Organization { key, kind, name_vi, name_en, .. } = organization;
        let create =
            CreateOrganization { kind: *kind, name: both(name_vi, name_en), slug: Some(key.clone()) };
        let id = self.perform(founder, create).await?;
        self.organizations.insert(key, id);
        Ok(id)
    }

    /// Puts a public body where it stands among the others.
    async fn place(&self, body: &Organization) -> Told {
        let Some(parent) = &body.parent else { return Ok(()) };
        let id = self.organization(&body.key)?;
        let row = organization::Entity::find_by_id(id).one(&self.app.db.read).await?;
        let place = PlaceOrganization {
            organization: id,
            expected_version: row.context("an organisation that is gone")?.version,
            parent: Some(Some(self.organization(parent)?)),
            valid_from: None,
            valid_until: None,
        };
        self.act(EXAMINER, place).await
    }

    async fn register(&self, expert: &Expert) -> Told {
        let register = RegisterExpert {
            email_key: address(self.person(&expert.person)?)?.key(),
            sectors: expert.sectors.clone(),
            profile: Profile {
                title: expert.title.clone(),
                affiliation: expert.affiliation.clone(),
                qualification: Some(expert.qualification.clone()),
            },
        };
        self.act(CONVENER, register).await
    }

    /// Invites by mail, and takes the token that the mail would carry.
    async fn invite(&self, host: &str, organization: OrganizationId, guest: &Person) -> Told {
        let email = address(guest)?;
        let role =
            guest.role.as_deref().and_then(MembershipRole::from_name).context("a member without a role")?;
        let invite = InviteMember {
            organization,
            email: email.to_string(),
            email_key: email.key(),
            role,
            locale: guest.locale,
        };
        self.act(host, invite).await?;
        let token = one_time_token::Entity::find()
            .filter(one_time_token::Column::EmailKey.eq(email.key()))
            .filter(one_time_token::Column::UsedAt.is_null())
            .one(&self.app.db.read)
            .await?
            .context("an invitation without a token")?;
        let token_hash = token_hash(&self.app.keys.one_time_token(token.id));
        self.act(&guest.key, AcceptInvitation { token_hash }).await
    }

    // ---- challenges

    /// Written by the agency's drafter, or by its lead where there is none.
    async fn draft_challenge(&mut self, challenge: &'a Challenge) -> Told {
        let author = self.content.members(&challenge.agency).last().context("an agency without people")?;
        let criteria = challenge.criteria.iter().map(|new| NewCriterion {
            name: both(&new.name_vi, &new.name_en),
            weight: new.weight,
            reason_required: new.reason_required,
        });
        let indicators = challenge.indicators.iter().map(|new| NewIndicator {
            name: both(&new.name_vi, &new.name_en),
            unit: both(&new.unit_vi, &new.unit_en),
            baseline: new.baseline.clone(),
            baseline_on: new.baseline_on.clone(),
            source: both(&new.source_vi, &new.source_en),
            target: new.target.clone(),
        });
        let draft = Draft {
            track: Some(challenge.track),
            brief: Some(challenge.sections.clone()),
            indicators: Some(indicators.collect()),
            criteria: Some(criteria.collect()),
            pass_mark: Some(challenge.pass_mark),
            is_calibrated: None,
            allows_confidential_parts: None,
            is_blind: Some(challenge.is_blind),
            shows_proposal_count: Some(challenge.shows_proposal_count),
            opens_at: Some(self.past.moment(opens(challenge))),
            closes_at: Some(self.past.moment(closes(challenge))),
            source_url: Some(challenge.source_url.clone()),
            ..Draft::default()
        };
        let create = CreateChallenge {
            agency: self.organization(&challenge.agency)?,
            slug: Some(challenge.slug.clone()),
            title: both(&challenge.title_vi, &challenge.title_en),
            summary: both(&challenge.summary_vi, &challenge.summary_en),
            sector: challenge.sector,
            draft,
        };
        let id = self.perform(&author.key, create).await?;
        self.challenges.insert(&challenge.slug, id);
        Ok(())
    }

    async fn appoint_council(&self, challenge: &Challenge) -> Told {
        let id = self.challenge(challenge)?;
        let key = |person| anyhow::Ok(address(self.person(person)?)?.key());
        for (person, role) in
            COUNCIL.into_iter().chain(REVIEWERS.map(|reviewer| (reviewer, CouncilRole::Reviewer)))
        {
            self.act(CONVENER, AppointCouncilMember { challenge: id, email_key: key(person)?, role }).await?;
        }
        self.act(CONVENER, NameDecisionMaker { challenge: id, email_key: key(decider(challenge))? }).await
    }

    // ---- proposals

    /// Written by the team's last member, its editor where there is one.
    async fn draft_proposal(&mut self, proposal: &'a Proposal) -> Told {
        let author = self.content.members(&proposal.startup).last().context("a startup without people")?;
        let budget = Money::parse(&proposal.budget.amount, proposal.budget.currency)
            .map_err(|reason| explain(reason.into()))?;
        let content = Text {
            language: proposal.language,
            title: proposal.title.clone(),
            summary: proposal.summary.clone(),
            sections: proposal.sections.clone(),
            budget: Some(budget),
            ..Text::default()
        };
        let challenge =
            self.challenges.get(proposal.challenge.as_str()).copied().context("an unknown challenge")?;
        let create =
            CreateProposal { challenge, organization: self.organization(&proposal.startup)?, content };
        let id = self.perform(&author.key, create).await?;
        self.proposals.insert((&proposal.challenge, &proposal.startup), id);
        Ok(())
    }

    /// Chair and secretary may look at it, and it is in order.
    async fn screen(&self, proposal: &Proposal) -> Told {
        let id = self.proposal(proposal)?;
        self.declare_none(CHAIR, id).await?;
        self.declare_none(SECRETARY, id).await?;
        let reason = "Hồ sơ đủ thành phần, nộp trong hạn.".to_owned();
        self.act(SECRETARY, ScreenProposal { proposal: id, eligible: true, reason }).await
    }

    async fn assign_reviews(&self, challenge: &Challenge) -> Told {
        let id = self.challenge(challenge)?;
        let mut reviewers = Vec::new();
        for reviewer in REVIEWERS {
            reviewers.push(self.seat(id, reviewer).await?);
        }
        let proposals = self.content.proposals_to(challenge).map(|proposal| self.proposal(proposal));
        let assignments =
            proposals.map(|proposal| Ok((proposal?, reviewers.clone()))).collect::<Told<_>>()?;
        self.act(SECRETARY, AssignReviews { challenge: id, assignments, due_at: None }).await
    }

    async fn seat(&self, challenge: ChallengeId, person: &str) -> Told<CouncilMemberId> {
        let seat = council_member::Entity::find()
            .filter(council_member::Column::ChallengeId.eq(challenge))
            .filter(council_member::Column::UserId.eq(self.user(person)?))
            .one(&self.app.db.read)
            .await?;
        Ok(seat.with_context(|| format!("{person} has no seat"))?.id)
    }

    /// Declares no conflict, fills in the sheet, hands it in.
    async fn review(&self, proposal: &Proposal, reviewer: &str) -> Told {
        let id = self.proposal(proposal)?;
        self.declare_none(reviewer, id).await?;
        let review = review::Entity::find()
            .filter(review::Column::ProposalId.eq(id))
            .filter(review::Column::UserId.eq(self.user(reviewer)?))
            .one(&self.app.db.read)
            .await?
            .context("a review that was not offered")?;
        let criteria = criterion::Entity::find()
            .filter(criterion::Column::ChallengeId.eq(review.challenge_id))
            .order_by_asc(criterion::Column::Position)
            .all(&self.app.db.read)
            .await?;
        let scores = proposal.scores.get(reviewer).map(Vec::as_slice).unwrap_or_default();
        let marks = criteria.iter().zip(scores).map(|(criterion, score)| {
            (criterion.id, score.clone(), criterion.reason_required.then(|| reason(score).to_owned()))
        });
        let save = SaveSheet {
            review: review.id,
            expected_version: review.version,
            marks: marks.collect(),
            comment: None,
        };
        self.act(reviewer, save).await?;
        self.act(reviewer, SubmitReview { review: review.id, expected_version: None }).await
    }

    async fn declare_none(&self, person: &str, proposal: ProposalId) -> Told {
        self.act(person, DeclareInterest { proposal, interest: Interest::None, reason: None }).await
    }

    // ---- decisions

    async fn propose_decision(&self, challenge: &Challenge) -> Told {
        let (decision, expected_version) = self.decision(challenge).await?;
        let mut outcomes = Vec::new();
        for proposal in self.content.proposals_to(challenge) {
            let outcome = proposal.outcome.context("a decided proposal without an outcome")?;
            outcomes.push(NewOutcome {
                proposal: self.proposal(proposal)?,
                outcome,
                feedback: proposal.feedback.clone(),
            });
        }
        self.act(CHAIR, UpdateDecision { decision, expected_version, outcomes, departure_reason: None })
            .await?;
        self.act(CHAIR, ProposeDecision { decision }).await
    }

    /// The decision on a challenge, and its version now.
    async fn decision(&self, challenge: &Challenge) -> Told<(DecisionId, i32)> {
        let id = self.decisions.get(challenge.slug.as_str()).context("a challenge without a decision")?;
        let row = decision::Entity::find_by_id(*id).one(&self.app.db.read).await?;
        Ok((*id, row.context("a decision that is gone")?.version))
    }

    /// A paper of today, signed by that person.
    fn record(&mut self, signer: &str) -> Told<OfficialRecord> {
        self.records += 1;
        let number = self.records;
        Ok(OfficialRecord {
            number: format!("{number}/QĐ-SKHCN"),
            day: Day::parse(&self.past.day()).context("not a day")?,
            signer: self.person(signer)?.name.clone(),
            document_url: format!("https://vanban.example/qd-skhcn-{number}"),
        })
    }

    // ---- acting and finding

    /// A person does something; what it leaves behind does not matter here.
    async fn act<C: Command>(&self, person: &str, command: C) -> Told {
        self.perform(person, command).await.map(drop)
    }

    /// A person does something, with the rights that they have at this moment.
    async fn perform<C: Command>(&self, person: &str, command: C) -> Told<C::Output> {
        let viewer = Viewer(app::access::person(&self.app.db, self.user(person)?).await?);
        let done = self.app.execute(&Arc::new(Op::of_system(viewer)), None, command).await;
        done.map_err(explain).with_context(|| format!("{} by {person}", C::NAME))
    }

    async fn by_program<C: Command>(&self, command: C) -> Told {
        self.app
            .execute(&Arc::new(Op::of_system(Viewer::default())), None, command)
            .await
            .map(drop)
            .map_err(explain)
    }

    fn person(&self, key: &str) -> Told<&'a Person> {
        self.content
            .people
            .iter()
            .find(|person| person.key == key)
            .with_context(|| format!("unknown person {key}"))
    }

    fn founder(&self, organization: &str) -> Told<&'a str> {
        Ok(&self
            .content
            .members(organization)
            .next()
            .with_context(|| format!("nobody is in {organization}"))?
            .key)
    }

    fn user(&self, key: &str) -> Told<UserId> {
        self.people.get(key).copied().with_context(|| format!("{key} has no account"))
    }

    fn organization(&self, key: &str) -> Told<OrganizationId> {
        self.organizations.get(key).copied().with_context(|| format!("unknown organisation {key}"))
    }

    fn challenge(&self, challenge: &Challenge) -> Told<ChallengeId> {
        self.challenges
            .get(challenge.slug.as_str())
            .copied()
            .with_context(|| format!("unknown challenge {}", challenge.slug))
    }

    fn proposal(&self, proposal: &Proposal) -> Told<ProposalId> {
        let key = (proposal.challenge.as_str(), proposal.startup.as_str());
        self.proposals.get(&key).copied().with_context(|| format!("no proposal of {} to {}", key.1, key.0))
    }
}

/// The city's big problems are decided by one, everything else by the other.
fn decider(challenge: &Challenge) -> &'static str {
    if challenge.track == Track::GrandChallenge { "decider-1" } else { "decider-2" }
}

/// Why a score was given.
fn reason(score: &str) -> &'static str {
    match score.parse::<f32>() {
        Ok(score) if score >= 8.0 => "Bám sát yêu cầu của bài toán, có bằng chứng thử nghiệm thuyết phục.",
        Ok(score) if score >= 7.0 => "Đáp ứng phần lớn yêu cầu; cần làm rõ cách đo kết quả.",
        _ => "Chưa đủ căn cứ; phần triển khai còn sơ sài so với yêu cầu.",
    }
}
