//! Writing a challenge, and its way to publication.

use std::collections::BTreeMap;

use app::challenge::{
    ApproveChallenge, CloneChallenge, CreateChallenge, Draft, NewCriterion, NewIndicator, PublishChallenge,
    RecallChallenge, RequestChanges, SubmitForApproval, UpdateChallenge,
};
use async_graphql::{Context, ID, InputObject, Object};
use domain::challenge::{Brief, Remark, RequestedChanges, SupportOffer, limits};
use domain::problem::Reason;

use super::challenge::{Challenge, OfficialRecordInput};
use super::enums::{BriefSectionKind, SectorCode, SupportStage, Track};
use super::error::Result;
use super::payload::{Done, UserError, execute, found, payload};
use super::proposal::MoneyInput;
use super::scalar::{Date, DateTime, Decimal};
use super::text::{Lines, LocalizedTextInput, Reader};

/// A section of a brief.
#[derive(InputObject)]
pub struct BriefSectionInput {
    /// Which section; each at most once.
    kind: BriefSectionKind,
    /// What it says, at most 10,000 characters.
    text: Vec<LocalizedTextInput>,
}

/// An indicator.
#[derive(InputObject)]
pub struct IndicatorInput {
    /// Its name, at most 200 characters.
    name: Vec<LocalizedTextInput>,
    /// Its unit, at most 50 characters.
    unit: Vec<LocalizedTextInput>,
    /// The value before: at most 15 digits before and 6 after the point.
    baseline: Decimal,
    /// The day of that value.
    baseline_date: Date,
    /// Where that value comes from, at most 500 characters.
    source: Vec<LocalizedTextInput>,
    /// The value aimed at.
    target: Decimal,
}

/// What is offered at one stage.
#[derive(InputObject)]
pub struct SupportOfferInput {
    /// When; each stage at most once.
    stage: SupportStage,
    /// At most how much.
    ceiling: MoneyInput,
}

/// A criterion.
#[derive(InputObject)]
pub struct CriterionInput {
    /// Its name, at most 200 characters.
    name: Vec<LocalizedTextInput>,
    /// Points of 100: 1 to 100.
    weight: i32,
    /// A score on it needs a reason.
    #[graphql(default)]
    is_reason_required: bool,
}

/// What is written into a draft; what is left out stays as it is (or empty, in a new draft).
#[derive(InputObject, Default)]
pub struct ChallengeDraftInput {
    /// The route.
    track: Option<Track>,
    /// All sections; replaces those there were.
    sections: Option<Vec<BriefSectionInput>>,
    /// All indicators in order, at most 20; replaces those there were. One at least is needed for approval.
    indicators: Option<Vec<IndicatorInput>>,
    /// All criteria in order, at most 20; replaces those there were. Their weights sum to 100 for approval.
    criteria: Option<Vec<CriterionInput>>,
    /// All support that is offered; replaces what there was.
    support: Option<Vec<SupportOfferInput>>,
    /// Total from which a proposal passes: 0 to 100; 70 unless given.
    pass_mark: Option<i32>,
    /// Beside the ranking stands a calibrated one, as the rubric's `isCalibrated` says; not unless given.
    is_calibrated: Option<bool>,
    /// Applicants may keep parts of their proposals and files from reviewers, as the rubric's `isConfidentialityAllowed` says; not unless given.
    is_confidentiality_allowed: Option<bool>,
    /// Reviewers do not learn who applies until the decision is published.
    is_blind: Option<bool>,
    /// The number of proposals is public.
    shows_proposal_count: Option<bool>,
    /// First instant at which proposals are taken.
    opens_at: Option<DateTime>,
    /// The deadline: the first instant that is too late.
    closes_at: Option<DateTime>,
    /// Until when questions are taken: not after the deadline, and until it unless given.
    questions_until: Option<DateTime>,
    /// Where the problem is described: http or https.
    source_url: Option<String>,
}

impl ChallengeDraftInput {
    fn read(self, reader: &mut Reader) -> Draft {
        reader.within("draft", |reader| {
            let brief = self.sections.map(|sections| read_sections(sections, reader));
            let indicators = self
                .indicators
                .filter(|list| reader.at_most("indicators", list, limits::INDICATORS))
                .map(|list| {
                    reader.within("indicators", |reader| {
                        list.into_iter()
                            .enumerate()
                            .filter_map(|(index, input)| reader.within(index, |reader| input.read(reader)))
                            .collect()
                    })
                });
            let criteria =
                self.criteria.filter(|list| reader.at_most("criteria", list, limits::CRITERIA)).map(|list| {
                    reader.within("criteria", |reader| {
                        list.into_iter()
                            .enumerate()
                            .filter_map(|(index, input)| reader.within(index, |reader| input.read(reader)))
                            .collect()
                    })
                });
            let support = self.support.map(|offers| read_support(offers, reader));
            let pass_mark = self.pass_mark.and_then(|mark| reader.keep("passMark", within(mark, 0, 100)));
            let source_url =
                self.source_url.and_then(|url| reader.keep("sourceUrl", domain::text::http_url(&url)));
            Draft {
                title: None,
                summary: None,
                sector: None,
                track: self.track.map(Into::into),
                brief,
                indicators,
                support,
                criteria,
                pass_mark,
                is_calibrated: self.is_calibrated,
                allows_confidential_parts: self.is_confidentiality_allowed,
                is_blind: self.is_blind,
                shows_proposal_count: self.shows_proposal_count,
                opens_at: self.opens_at.map(|at| at.0),
                closes_at: self.closes_at.map(|at| at.0),
                questions_until: self.questions_until.map(|at| at.0),
                source_url,
            }
        })
    }
}

/// A brief of these sections; one given twice is a problem at its place.
pub fn read_sections(sections: Vec<BriefSectionInput>, reader: &mut Reader) -> Brief {
    let mut brief = BTreeMap::new();
    reader.within("sections", |reader| {
        for (index, section) in sections.into_iter().enumerate() {
            let kind = section.kind.into();
            let text = reader.within(index, |reader| {
                reader.bilingual("text", &section.text, limits::SECTION, Lines::Many)
            });
            if text.and_then(|text| brief.insert(kind, text)).is_some() {
                reader.within(index, |reader| reader.note("kind", Reason::AlreadyExists));
            }
        }
    });
    Brief(brief)
}

fn read_support(offers: Vec<SupportOfferInput>, reader: &mut Reader) -> Vec<SupportOffer> {
    let mut read: Vec<SupportOffer> = Vec::new();
    reader.within("support", |reader| {
        for (index, offer) in offers.into_iter().enumerate() {
            let stage = offer.stage.into();
            reader.within(index, |reader| {
                if read.iter().any(|known| known.stage == stage) {
                    reader.note("stage", Reason::AlreadyExists);
                } else if let Some(ceiling) = offer.ceiling.read("ceiling", reader) {
                    read.push(SupportOffer { stage, ceiling });
                }
            });
        }
    });
    read
}

fn within(value: i32, min: i32, max: i32) -> std::result::Result<i64, Reason> {
    if (min..=max).contains(&value) {
        Ok(i64::from(value))
    } else {
        Err(Reason::OutOfRange { min: min.to_string(), max: max.to_string() })
    }
}

impl IndicatorInput {
    fn read(self, reader: &mut Reader) -> Option<NewIndicator> {
        let name = reader.bilingual("name", &self.name, 200, Lines::One);
        let unit = reader.bilingual("unit", &self.unit, 50, Lines::One);
        let baseline = reader.keep("baseline", domain::money::measurement(&self.baseline.0));
        let source = reader.bilingual("source", &self.source, 500, Lines::One);
        let target = reader.keep("target", domain::money::measurement(&self.target.0));
        Some(NewIndicator {
            name: name?,
            unit: unit?,
            baseline: baseline?,
            baseline_on: self.baseline_date.0,
            source: source?,
            target: target?,
        })
    }
}

impl CriterionInput {
    fn read(self, reader: &mut Reader) -> Option<NewCriterion> {
        let name = reader.bilingual("name", &self.name, 200, Lines::One);
        let weight = reader.keep("weight", within(self.weight, 1, 100));
        Some(NewCriterion { name: name?, weight: weight?, reason_required: self.is_reason_required })
    }
}

/// What `createChallenge` needs.
#[derive(InputObject)]
pub struct CreateChallengeInput {
    /// Whose; you must draft or lead there.
    agency_id: ID,
    /// Its handle: 3 to 80 of a-z, digits and hyphens; made from the title if left out. One of a published challenge is
    /// refused. Drafts take none: at the publication it gets a suffix if another one was published with it meanwhile.
    slug: Option<String>,
    /// Title, at most 200 characters.
    title: Vec<LocalizedTextInput>,
    /// Summary, at most 2,000 characters.
    summary: Vec<LocalizedTextInput>,
    /// The field of public life.
    sector: SectorCode,
    /// Everything else, as far as it is known.
    #[graphql(default)]
    draft: ChallengeDraftInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateChallenge` needs.
#[derive(InputObject)]
pub struct UpdateChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The version that you saw.
    expected_version: i32,
    /// New title, at most 200 characters.
    title: Option<Vec<LocalizedTextInput>>,
    /// New summary, at most 2,000 characters.
    summary: Option<Vec<LocalizedTextInput>>,
    /// New field of public life.
    sector: Option<SectorCode>,
    /// Everything else that changes.
    #[graphql(default)]
    draft: ChallengeDraftInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `submitChallengeForApproval` needs.
#[derive(InputObject)]
pub struct SubmitChallengeForApprovalInput {
    /// Which.
    challenge_id: ID,
    /// The version that you saw; left out: whatever there is.
    expected_version: Option<i32>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What is asked of one section of a brief.
#[derive(InputObject)]
pub struct RequestedChangeInput {
    /// Which section; it may be missing yet.
    kind: BriefSectionKind,
    /// What is to change, 1 to 2,000 characters.
    comment: String,
}

fn read_changes(sections: Vec<RequestedChangeInput>, reader: &mut Reader) -> RequestedChanges {
    let mut changes = BTreeMap::new();
    reader.within("sections", |reader| {
        for (index, section) in sections.into_iter().enumerate() {
            let comment = reader.within(index, |reader| {
                reader.text("comment", &section.comment, limits::REASON, Lines::Many)
            });
            let remark = comment.map(|comment| Remark { comment });
            if remark.and_then(|remark| changes.insert(section.kind.into(), remark)).is_some() {
                reader.within(index, |reader| reader.note("kind", Reason::AlreadyExists));
            }
        }
    });
    RequestedChanges(changes)
}

/// What `requestChallengeChanges` needs.
#[derive(InputObject)]
pub struct RequestChallengeChangesInput {
    /// Which.
    challenge_id: ID,
    /// What is to change, 1 to 2,000 characters.
    reason: String,
    /// The same, section by section; each at most once.
    #[graphql(default)]
    sections: Vec<RequestedChangeInput>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `approveChallenge` needs.
#[derive(InputObject)]
pub struct ApproveChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The version that you read; left out: whatever there is.
    expected_version: Option<i32>,
    /// The act on paper.
    record: OfficialRecordInput,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `recallChallenge` needs.
#[derive(InputObject)]
pub struct RecallChallengeInput {
    /// Which.
    challenge_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `publishChallenge` needs.
#[derive(InputObject)]
pub struct PublishChallengeInput {
    /// Which.
    challenge_id: ID,
    /// The act on paper.
    record: OfficialRecordInput,
    /// When, if not now: an instant ahead and before the deadline. Until then it stays `APPROVED`, and whoever may publish it may set another
    /// time, or publish it at once.
    publish_at: Option<DateTime>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `cloneChallenge` needs.
#[derive(InputObject)]
pub struct CloneChallengeInput {
    /// Like which: any that you may read.
    challenge_id: ID,
    /// For whom; you must draft or lead there.
    agency_id: ID,
    /// Its title, at most 200 characters; the same unless given.
    title: Option<Vec<LocalizedTextInput>>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `cloneChallenge`.
    CloneChallengePayload {
        /// The new draft.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `createChallenge`.
    CreateChallengePayload {
        /// The new draft.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `updateChallenge`.
    UpdateChallengePayload {
        /// The draft as it is now.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `submitChallengeForApproval`.
    SubmitChallengeForApprovalPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `requestChallengeChanges`.
    RequestChallengeChangesPayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `approveChallenge`.
    ApproveChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `recallChallenge`.
    RecallChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}
payload! {
    /// Answer of `publishChallenge`.
    PublishChallengePayload {
        /// The challenge.
        challenge: Challenge,
    }
}

/// Loads the challenge that a command left behind.
pub async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::ChallengeId>,
) -> Result<(Option<Challenge>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let challenge = found(ctx, super::one(ctx, id).await?.map(Challenge), &mut errors)?;
            Ok((challenge, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// Challenges.
#[derive(Default)]
pub struct ChallengeMutation;

/// Challenges.
#[Object]
impl ChallengeMutation {
    /// Drafts a challenge; for the agency, and for those who draft for it by delegation: they are authors and never approve it.
    /// User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `REQUIRED`, `TOO_LONG`, `FORBIDDEN_CHARACTER`, `OUT_OF_RANGE`, `MALFORMED`, `ALREADY_EXISTS`.
    async fn create_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: CreateChallengeInput,
    ) -> Result<Option<CreateChallengePayload>> {
        let mut reader = Reader::default();
        let agency = reader.id("agencyId", &input.agency_id);
        let slug = input.slug.as_ref().and_then(|slug| reader.keep("slug", domain::text::slug(slug)));
        let title = reader.bilingual("title", &input.title, limits::TITLE, Lines::One);
        let summary = reader.bilingual("summary", &input.summary, limits::SUMMARY, Lines::Many);
        let draft = input.draft.read(&mut reader);
        let parts = agency.zip(title).zip(summary);
        let command = parts.map(|((agency, title), summary)| CreateChallenge {
            agency,
            slug,
            title,
            summary,
            sector: input.sector.into(),
            draft,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CreateChallengePayload { challenge, user_errors }))
    }

    /// Changes a draft. User errors: as `createChallenge`, and `CONFLICT` for another version or state.
    async fn update_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateChallengeInput,
    ) -> Result<Option<UpdateChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let title = input
            .title
            .as_ref()
            .and_then(|title| reader.bilingual("title", title, limits::TITLE, Lines::One));
        let summary = input
            .summary
            .as_ref()
            .and_then(|summary| reader.bilingual("summary", summary, limits::SUMMARY, Lines::Many));
        let draft =
            Draft { title, summary, sector: input.sector.map(Into::into), ..input.draft.read(&mut reader) };
        let command = challenge.map(|challenge| UpdateChallenge {
            challenge,
            expected_version: input.expected_version,
            draft,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateChallengePayload { challenge, user_errors }))
    }

    /// Hands a draft in for approval; the programme officers are mailed. Needs the sections `CONTEXT`, `CURRENT_PROCESS` and `EXPECTED_PRODUCT`, an
    /// indicator with baseline, criteria whose weights sum to 100, a deadline ahead, and a verified agency.
    /// User errors: `REQUIRED`, `WEIGHTS_NOT_100`, `DEADLINE_PASSED`, `ORGANIZATION_NOT_VERIFIED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `NOT_FOUND`,
    /// `NOT_PERMITTED`.
    async fn submit_challenge_for_approval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: SubmitChallengeForApprovalInput,
    ) -> Result<Option<SubmitChallengeForApprovalPayload>> {
        let mut reader = Reader::default();
        let command = reader
            .id("challengeId", &input.challenge_id)
            .map(|challenge| SubmitForApproval { challenge, expected_version: input.expected_version });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(SubmitChallengeForApprovalPayload { challenge, user_errors }))
    }

    /// Returns a challenge to its authors, who are mailed; for programme officers. What is asked of each section stands in
    /// `Challenge.requestedChanges` until it is handed in again. User errors: `REQUIRED`, `TOO_LONG`, `ALREADY_EXISTS`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn request_challenge_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which and why.")] input: RequestChallengeChangesInput,
    ) -> Result<Option<RequestChallengeChangesPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let reason = reader.text("reason", &input.reason, limits::REASON, Lines::Many);
        let sections = read_changes(input.sections, &mut reader);
        let command =
            challenge.zip(reason).map(|(challenge, reason)| RequestChanges { challenge, reason, sections });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RequestChallengeChangesPayload { challenge, user_errors }))
    }

    /// Approves a challenge; its authors and the publishing authority are mailed; for programme officers, never for one of its authors.
    /// User errors: `SELF_APPROVAL`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED`.
    async fn approve_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the act on paper.")] input: ApproveChallengeInput,
    ) -> Result<Option<ApproveChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let record = input.record.read(&mut reader);
        let command = challenge.zip(record).map(|(challenge, record)| ApproveChallenge {
            challenge,
            expected_version: input.expected_version,
            record,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ApproveChallengePayload { challenge, user_errors }))
    }

    /// Takes an approved challenge back to the draft; for the agency's lead. User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`.
    async fn recall_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RecallChallengeInput,
    ) -> Result<Option<RecallChallengePayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("challengeId", &input.challenge_id).map(|challenge| RecallChallenge { challenge });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RecallChallengePayload { challenge, user_errors }))
    }

    /// Drafts a challenge like another one: sections, indicators, rubric, sector and track; without its timetable, files and acts. For those
    /// who draft for the agency. User errors: as `createChallenge`.
    async fn clone_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Like which, and for whom.")] input: CloneChallengeInput,
    ) -> Result<Option<CloneChallengePayload>> {
        let mut reader = Reader::default();
        let source = reader.id("challengeId", &input.challenge_id);
        let agency = reader.id("agencyId", &input.agency_id);
        let title =
            input.title.and_then(|title| reader.bilingual("title", &title, limits::TITLE, Lines::One));
        let command = source.zip(agency).map(|(source, agency)| CloneChallenge { source, agency, title });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CloneChallengePayload { challenge, user_errors }))
    }

    /// Makes a challenge public, now or by itself at a set time (within two minutes of it); then its agency and those who follow or look for
    /// such a challenge are mailed. For the publishing authority, never for an author or the approver. `recallChallenge` takes a set
    /// time back with the rest. User errors: `OUT_OF_RANGE`, `SELF_APPROVAL`, `DEADLINE_PASSED`, `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `REQUIRED`, `TOO_LONG`, `MALFORMED`.
    async fn publish_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the act on paper.")] input: PublishChallengeInput,
    ) -> Result<Option<PublishChallengePayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let record = input.record.read(&mut reader);
        let publish_at = input.publish_at.map(|at| at.0);
        let command = challenge.zip(record).map(|(challenge, record)| PublishChallenge {
            challenge,
            record,
            publish_at,
        });
        let (challenge, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(PublishChallengePayload { challenge, user_errors }))
    }
}
