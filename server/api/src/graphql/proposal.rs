//! Proposals: sealed answers of applicants.

use std::collections::BTreeMap;

use app::access_log::Access;
use app::proposal::{
    ContentPatch, CreateProposal, ReviveProposal, SubmitProposal, UpdateProposal, WithdrawProposal, is_team,
};
use app::vault::Opened;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::problem::Reason;
use domain::proposal::{Confidentiality, Content, Part, limits};
use entity::{proposal, proposal_version};

use super::action::{ProposalActionVerdict, allowed, verdicts};
use super::attachment::Attachment;
use super::challenge::Challenge;
use super::clarification::Clarification;
use super::context::Ask as _;
use super::disqualification::Disqualification;
use super::enums::{
    CurrencyCode, Locale, PartConfidentiality, ProposalAction, ProposalSectionKind, ProposalStatus,
    ReaderCapacity,
};
use super::error::{Reported, Result};
use super::id;
use super::load::{
    AccessLogOf, ActionsOnProposal, ApplicantOf, ClarificationsOf, CurrentVersionOf, DisqualificationOf,
    DraftOf, FilesOfProposal, OpenedVersionOf, OwnScoreOf, ReviewsOf, VersionsOf,
};
use super::organization::Organization;
use super::page::connection;
use super::payload::{Done, UserError, execute, found, payload};
use super::review::Review;
use super::scalar::{DateTime, Decimal};
use super::text::{Lines, Reader};

/// Reads by people of one capacity.
pub struct ProposalAccess(Access);

/// All reads of a proposal by people of one capacity.
#[Object]
impl ProposalAccess {
    /// As what they read.
    async fn capacity(&self) -> ReaderCapacity {
        self.0.capacity.into()
    }

    /// How often the content was opened.
    async fn read_count(&self) -> i32 {
        i32::try_from(self.0.count).unwrap_or(i32::MAX)
    }

    /// When for the first time.
    async fn first_read_at(&self) -> DateTime {
        DateTime(self.0.first)
    }

    /// When for the last time.
    async fn last_read_at(&self) -> DateTime {
        DateTime(self.0.last)
    }
}

/// A proposal.
#[derive(Clone)]
pub struct Proposal(pub proposal::Model);

/// An applicant's answer to a challenge. Until the opening after the deadline it exists for its own team alone.
#[Object]
impl Proposal {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// To which challenge.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        Ok(super::one(ctx, self.0.challenge_id).await?.map(Challenge))
    }

    /// Who applies; null while a blind call hides it from you.
    async fn applicant(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, ApplicantOf(self.0.id)).await?.map(Organization))
    }

    /// Where it stands, as far as you may know: its team does not learn of the lock before the decision is published.
    async fn status(&self, ctx: &Context<'_>) -> Result<ProposalStatus> {
        let status = self.0.status;
        Ok(if is_team(&ctx.viewer()?, &self.0) { status.public() } else { status }.into())
    }

    /// Title, at most 200 characters: for its team that of the working copy, for others that of the submitted version; null before you
    /// have declared no conflict of interest.
    async fn title(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.glance(ctx).await?.map(|content| content.title))
    }

    /// What may be published if it wins, at most 2,000 characters; null as `title`.
    async fn summary(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.glance(ctx).await?.map(|content| content.summary))
    }

    /// The submitted version as a whole; null before there is one, and before you have declared no conflict of interest. Reading it from
    /// outside the team is recorded.
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<ProposalContent>> {
        let version = super::one(ctx, OpenedVersionOf(self.0.id)).await?;
        version.map(|version| parsed(&version).map(ProposalContent::from)).transpose()
    }

    /// Who opened `content` from outside the team: as what, how often and when, never who; by capacity, of the last 10,000
    /// reads. Null unless you are an auditor,
    /// or of its team and the decision is published: before, it would tell of the evaluation.
    async fn access_log(&self, ctx: &Context<'_>) -> Result<Option<Vec<ProposalAccess>>> {
        let log = super::one(ctx, AccessLogOf(self.0.id)).await?;
        Ok(log.map(|log| log.into_iter().map(ProposalAccess).collect()))
    }

    /// The working copy; null unless you are of its team.
    async fn draft(&self, ctx: &Context<'_>) -> Result<Option<ProposalContent>> {
        let draft = super::one(ctx, DraftOf(self.0.id)).await?;
        draft.map(|draft| parsed(&draft).map(ProposalContent::from)).transpose()
    }

    /// Its files, at most 20, oldest first: for its team those of the working copy, for others those of the submitted version; empty before
    /// you have declared no conflict of interest.
    #[graphql(complexity = "20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let files = super::one(ctx, FilesOfProposal(self.0.id)).await?.unwrap_or_default();
        Ok(files.into_iter().map(Attachment).collect())
    }

    /// What its team was asked to make clearer, and said, the first first, at most 10; empty before you have declared no conflict of interest.
    /// Reading it from outside the team is recorded.
    #[graphql(complexity = "10 * child_complexity")]
    async fn clarifications(&self, ctx: &Context<'_>) -> Result<Vec<Clarification>> {
        let told = super::one(ctx, ClarificationsOf(self.0.id)).await?.unwrap_or_default();
        Ok(told.into_iter().map(Clarification).collect())
    }

    /// The receipt of the latest submission; null before, and unless you are of its team.
    async fn receipt(&self, ctx: &Context<'_>) -> Result<Option<Receipt>> {
        Ok(self.receipts(ctx).await?.into_iter().next())
    }

    /// The receipts of all submissions, newest first; empty unless you are of its team.
    async fn receipts(&self, ctx: &Context<'_>) -> Result<Vec<Receipt>> {
        let versions = super::one(ctx, VersionsOf(self.0.id)).await?.unwrap_or_default();
        let notary = &ctx.app()?.notary;
        let receipts = versions.into_iter().map(|version| {
            let signed = notary.sign(self.0.challenge_id, &version).map_err(Reported)?;
            Ok(Receipt::new(version, signed))
        });
        receipts.collect()
    }

    /// Why it was found eligible or not; null before, before you have declared no conflict of interest, and while a blind call hides its
    /// applicant from you.
    async fn status_reason(&self, ctx: &Context<'_>) -> Result<Option<&String>> {
        let identified = super::one(ctx, ApplicantOf(self.0.id)).await?.is_some();
        let readable = identified && super::one(ctx, CurrentVersionOf(self.0.id)).await?.is_some();
        Ok(self.0.status_reason.as_ref().filter(|_| readable))
    }

    /// Why it is, or is to be, out of the running; null before the secretary asks for it. For chair, vice chair and secretary, the decision
    /// maker and auditors; for its team only once it is `DISQUALIFIED`.
    async fn disqualification(&self, ctx: &Context<'_>) -> Result<Option<Disqualification>> {
        Ok(super::one(ctx, DisqualificationOf(self.0.id)).await?.and_then(Disqualification::of))
    }

    /// What the published decision tells its team; null before.
    async fn feedback(&self) -> Option<&String> {
        self.0.feedback.as_ref()
    }

    /// What the council gave it: the mean of its sheets, of 100, four decimals, as the published decision was made from it. For its team,
    /// once the decision is published; null otherwise, others read it in the ranking.
    async fn mean_score(&self, ctx: &Context<'_>) -> Result<Option<Decimal>> {
        Ok(super::one(ctx, OwnScoreOf(self.0.id)).await?.map(|score| Decimal(score.mean)))
    }

    /// Whether that reaches the pass mark; null as `meanScore`.
    async fn is_passing(&self, ctx: &Context<'_>) -> Result<Option<bool>> {
        Ok(super::one(ctx, OwnScoreOf(self.0.id)).await?.map(|score| score.passes))
    }

    /// The reviews that you may know of; never for its team.
    #[graphql(complexity = "5 * child_complexity")]
    async fn reviews(&self, ctx: &Context<'_>) -> Result<Vec<Review>> {
        if is_team(&ctx.viewer()?, &self.0) {
            return Ok(Vec::new());
        }
        Ok(super::one(ctx, ReviewsOf(self.0.id)).await?.unwrap_or_default().into_iter().map(Review).collect())
    }

    /// When the latest version was submitted; null before.
    async fn submitted_at(&self) -> Option<DateTime> {
        self.0.submitted_at.map(DateTime)
    }

    /// What you may do now: the allowed ones of `viewerActions`.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<ProposalAction>> {
        Ok(allowed(super::one(ctx, ActionsOnProposal(self.0.id)).await?))
    }

    /// What somebody in your roles does with a proposal, and for each whether you may now and why not; empty for a visitor, and for
    /// whoever has no role here.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> Result<Vec<ProposalActionVerdict>> {
        Ok(verdicts(super::one(ctx, ActionsOnProposal(self.0.id)).await?))
    }

    /// You may hand in the working copy now.
    async fn viewer_can_submit(&self, ctx: &Context<'_>) -> Result<bool> {
        let allowed: Vec<ProposalAction> = allowed(super::one(ctx, ActionsOnProposal(self.0.id)).await?);
        Ok(allowed.contains(&ProposalAction::Submit))
    }

    /// When the draft was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed; null unless you are of its team.
    async fn updated_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(is_team(&ctx.viewer()?, &self.0).then_some(DateTime(self.0.updated_at)))
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

fn parsed<M>(opened: &Opened<M>) -> Result<Content> {
    Ok(opened.content().map_err(Reported)?)
}

impl Proposal {
    /// Title and summary, without counting as reading the whole.
    async fn glance(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        if is_team(&ctx.viewer()?, &self.0) {
            super::one(ctx, DraftOf(self.0.id)).await?.as_ref().map(parsed).transpose()
        } else {
            super::one(ctx, CurrentVersionOf(self.0.id)).await?.as_ref().map(parsed).transpose()
        }
    }
}

/// What a proposal says.
#[derive(SimpleObject)]
pub struct ProposalContent {
    /// The language it is written in.
    language: Locale,
    /// Title, at most 200 characters.
    title: String,
    /// What may be published if it wins, at most 2,000 characters.
    summary: String,
    /// The sections, in the order of the form; those that are for others are not there.
    sections: Vec<ProposalSection>,
    /// The budget asked for; null for none, and where it is for others.
    budget: Option<Money>,
    /// For whom the budget is; null as `budget`.
    budget_confidentiality: Option<PartConfidentiality>,
}

/// One section of a proposal.
#[derive(SimpleObject)]
pub struct ProposalSection {
    /// Which section.
    kind: ProposalSectionKind,
    /// What it says, plain text with line breaks, at most 20,000 characters.
    text: String,
    /// For whom it is.
    confidentiality: PartConfidentiality,
}

impl ProposalSection {
    /// Sections of one class.
    pub fn all(
        sections: BTreeMap<domain::proposal::ProposalSection, String>,
        class: impl Fn(Part) -> Confidentiality,
    ) -> Vec<Self> {
        let section = |(kind, text): (domain::proposal::ProposalSection, String)| Self {
            kind: kind.into(),
            text,
            confidentiality: class(kind.into()).into(),
        };
        sections.into_iter().map(section).collect()
    }
}

/// An amount in a currency.
#[derive(SimpleObject)]
pub struct Money {
    /// The amount in whole units of the currency.
    amount: Decimal,
    /// ISO 4217 code.
    currency: CurrencyCode,
}

impl From<domain::money::Money> for Money {
    fn from(money: domain::money::Money) -> Self {
        Self { amount: Decimal(money.amount()), currency: money.currency.into() }
    }
}

impl From<Content> for ProposalContent {
    fn from(mut content: Content) -> Self {
        let sections = std::mem::take(&mut content.sections);
        Self {
            language: content.language.into(),
            sections: ProposalSection::all(sections, |part| content.class(part)),
            budget_confidentiality: content.budget.map(|_| content.class(Part::Budget).into()),
            title: content.title,
            summary: content.summary,
            budget: content.budget.map(Money::from),
        }
    }
}

/// Proof of a submission: what was handed in, and when, by the server's clock.
#[derive(SimpleObject)]
pub struct Receipt {
    /// Which submission of the proposal: 1 is the first.
    number: i32,
    /// The deciding time of the submission, by the server's clock.
    submitted_at: DateTime,
    /// SHA-256 of `canonicalContent` in UTF-8, 64 lower-case hexadecimal digits.
    sha256: String,
    /// What was handed in, in canonical form: JSON without blanks; fields language, title, summary, sections (in the order of the form), budget, and files (name, size, sha256, and confidentiality unless `REVIEWERS_ONLY`; oldest first) and classes (the parts that are not `REVIEWERS_ONLY`, by name) if there are any.
    canonical_content: String,
    /// The receipt with the server's signature: a JSON Web Signature (`EdDSA`) of issuer, proposal, number, challenge, time and `sha256`, which
    /// anybody can check with the keys at `/.well-known/jwks.json`. Keep it.
    signed: String,
}

impl Receipt {
    fn new(version: Opened<proposal_version::Model>, signed: String) -> Self {
        let Opened { row, canonical } = version;
        Self {
            number: row.number,
            submitted_at: DateTime(row.submitted_at),
            sha256: row.sha256,
            canonical_content: canonical,
            signed,
        }
    }
}

/// Which proposals a connection counts.
pub struct Counted(pub app::proposal::Of);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::proposal::count(app, &viewer, &self.0).await
    }
}

connection!(
    /// A page of proposals.
    ProposalConnection,
    /// A proposal in a list.
    ProposalEdge,
    Proposal,
    proposal::Model,
    Counted
);

/// A section of a proposal.
#[derive(InputObject)]
pub struct ProposalSectionInput {
    /// Which section; each at most once.
    kind: ProposalSectionKind,
    /// What it says, 1 to 20,000 characters.
    text: String,
    /// For whom it is: `DECISION_MAKERS_ONLY` where the rubric's `isConfidentialityAllowed`, and never SOLUTION and PLAN. Left out it stays as it is;
    /// a new section is `REVIEWERS_ONLY`.
    confidentiality: Option<PartConfidentiality>,
}

/// An amount in a currency.
#[derive(InputObject)]
pub struct MoneyInput {
    /// The amount in whole units, with no more decimals than the currency has; 0 to 100,000,000,000,000.
    amount: Decimal,
    /// ISO 4217 code.
    currency: CurrencyCode,
}

impl MoneyInput {
    /// Reads the input below that field.
    pub fn read(&self, field: &'static str, reader: &mut Reader) -> Option<domain::money::Money> {
        reader.within(field, |reader| {
            reader.keep("amount", domain::money::Money::parse(&self.amount.0, self.currency.into()))
        })
    }
}

/// What `createProposal` needs.
#[derive(InputObject)]
pub struct CreateProposalInput {
    /// To which challenge: published, its deadline ahead.
    challenge_id: ID,
    /// By which of your organisations that may apply (startup, team, institute, foreign company); one live proposal to a challenge each.
    organization_id: ID,
    /// The language it is written in.
    #[graphql(default_with = "Locale::Vi")]
    language: Locale,
    /// Title, 1 to 200 characters.
    title: String,
    /// What may be published if it wins, 1 to 2,000 characters.
    summary: String,
    /// The sections, as far as they are written.
    #[graphql(default)]
    sections: Vec<ProposalSectionInput>,
    /// The budget asked for.
    budget: Option<MoneyInput>,
    /// For whom the budget is: `DECISION_MAKERS_ONLY` where the rubric's `isConfidentialityAllowed`; `REVIEWERS_ONLY` unless given.
    budget_confidentiality: Option<PartConfidentiality>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateProposal` needs; what is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateProposalInput {
    /// Which.
    proposal_id: ID,
    /// The version that you saw.
    expected_version: i32,
    /// New language.
    language: Option<Locale>,
    /// New title, 1 to 200 characters.
    title: Option<String>,
    /// New summary, 1 to 2,000 characters.
    summary: Option<String>,
    /// All sections; replaces those there were.
    sections: Option<Vec<ProposalSectionInput>>,
    /// New budget; null clears it.
    budget: MaybeUndefined<MoneyInput>,
    /// For whom the budget is; left out stays as it is.
    budget_confidentiality: Option<PartConfidentiality>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `submitProposal` needs.
#[derive(InputObject)]
pub struct SubmitProposalInput {
    /// Which.
    proposal_id: ID,
    /// The version that you saw; left out: whatever there is.
    expected_version: Option<i32>,
    /// The team declares that the solution is its own to offer; must be true.
    declares_ownership: bool,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `reviveProposal` needs.
#[derive(InputObject)]
pub struct ReviveProposalInput {
    /// Which.
    proposal_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `withdrawProposal` needs.
#[derive(InputObject)]
pub struct WithdrawProposalInput {
    /// Which.
    proposal_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `createProposal`.
    CreateProposalPayload {
        /// The new draft.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `updateProposal`.
    UpdateProposalPayload {
        /// The proposal as it is now.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `submitProposal`.
    SubmitProposalPayload {
        /// The proposal, with its receipt.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `reviveProposal`.
    ReviveProposalPayload {
        /// The proposal.
        proposal: Proposal,
    }
}
payload! {
    /// Answer of `withdrawProposal`.
    WithdrawProposalPayload {
        /// The proposal.
        proposal: Proposal,
    }
}

/// Loads the proposal that a command left behind.
pub async fn after(
    ctx: &Context<'_>,
    done: Done<domain::id::ProposalId>,
) -> Result<(Option<Proposal>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let proposal = found(ctx, super::one(ctx, id).await?.map(Proposal), &mut errors)?;
            Ok((proposal, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

fn read_sections(
    reader: &mut Reader,
    inputs: Vec<ProposalSectionInput>,
    classes: &mut BTreeMap<Part, Confidentiality>,
) -> BTreeMap<domain::proposal::ProposalSection, String> {
    let mut sections = BTreeMap::new();
    reader.within("sections", |reader| {
        for (index, input) in inputs.into_iter().enumerate() {
            let section: domain::proposal::ProposalSection = input.kind.into();
            if let Some(class) = input.confidentiality {
                classes.insert(section.into(), class.into());
            }
            let text =
                reader.within(index, |reader| reader.text("text", &input.text, limits::SECTION, Lines::Many));
            if text.and_then(|text| sections.insert(section, text)).is_some() {
                reader.within(index, |reader| reader.note("kind", Reason::AlreadyExists));
            }
        }
    });
    sections
}

/// Proposals.
#[derive(Default)]
pub struct ProposalMutation;

/// Proposals.
#[Object]
impl ProposalMutation {
    /// Drafts a proposal of one of your organisations that may apply. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `ALREADY_EXISTS`, `DEADLINE_PASSED`, `CONFLICT`, `REQUIRED`,
    /// `TOO_LONG`, `FORBIDDEN_CHARACTER`, `MALFORMED`, `OUT_OF_RANGE`; `NOT_PERMITTED` at a part also if that part may not be kept from reviewers.
    async fn create_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: CreateProposalInput,
    ) -> Result<Option<CreateProposalPayload>> {
        let mut reader = Reader::default();
        let challenge = reader.id("challengeId", &input.challenge_id);
        let organization = reader.id("organizationId", &input.organization_id);
        let title = reader.text("title", &input.title, limits::TITLE, Lines::One);
        let summary = reader.text("summary", &input.summary, limits::SUMMARY, Lines::Many);
        let budget_class = input.budget_confidentiality.map(|class| (Part::Budget, class.into()));
        let mut classes: BTreeMap<_, _> = budget_class.into_iter().collect();
        let sections = read_sections(&mut reader, input.sections, &mut classes);
        let budget = input.budget.and_then(|budget| budget.read("budget", &mut reader));
        let content = title.zip(summary).map(|(title, summary)| {
            let language = input.language.into();
            let mut content = Content { language, title, summary, sections, budget, ..Content::default() };
            for (part, class) in classes {
                content.classify(part, class);
            }
            content.tidied()
        });
        let parts = challenge.zip(organization).zip(content);
        let command = parts.map(|((challenge, organization), content)| CreateProposal {
            challenge,
            organization,
            content,
        });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(CreateProposalPayload { proposal, user_errors }))
    }

    /// Changes the working copy; the last submitted version stays what it was until you submit again. User errors: as `createProposal`.
    async fn update_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateProposalInput,
    ) -> Result<Option<UpdateProposalPayload>> {
        let mut reader = Reader::default();
        let proposal = reader.id("proposalId", &input.proposal_id);
        let budget_class = input.budget_confidentiality.map(|class| (Part::Budget, class.into()));
        let mut classes: BTreeMap<_, _> = budget_class.into_iter().collect();
        let patch = ContentPatch {
            language: input.language.map(Into::into),
            title: reader.maybe("title", input.title.as_ref(), limits::TITLE, Lines::One),
            summary: reader.maybe("summary", input.summary.as_ref(), limits::SUMMARY, Lines::Many),
            sections: input.sections.map(|sections| read_sections(&mut reader, sections, &mut classes)),
            budget: match input.budget {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(budget) => budget.read("budget", &mut reader).map(Some),
            },
            classes,
        };
        let command = proposal.map(|proposal| UpdateProposal {
            proposal,
            expected_version: input.expected_version,
            patch,
        });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateProposalPayload { proposal, user_errors }))
    }

    /// Hands in the working copy as the next version and gives a receipt; the whole team is mailed. For an owner of a verified applicant, while
    /// the window is open by the server's clock; needs the sections SOLUTION and PLAN.
    /// User errors: `NOT_OPEN`, `DEADLINE_PASSED`, `ORGANIZATION_NOT_VERIFIED`, `ORGANIZATION_INACTIVE`, `REQUIRED`, `CONFLICT`, `QUOTA`, `NOT_FOUND`, `NOT_PERMITTED`.
    async fn submit_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: SubmitProposalInput,
    ) -> Result<Option<SubmitProposalPayload>> {
        let mut reader = Reader::default();
        let command = reader.id("proposalId", &input.proposal_id).map(|proposal| SubmitProposal {
            proposal,
            expected_version: input.expected_version,
            declares_ownership: input.declares_ownership,
        });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(SubmitProposalPayload { proposal, user_errors }))
    }

    /// Takes a proposal back, before the decision is published; the team is mailed, after the opening the secretary too. For an owner.
    /// User errors: `CONFLICT`, `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`.
    async fn withdraw_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WithdrawProposalInput,
    ) -> Result<Option<WithdrawProposalPayload>> {
        let mut reader = Reader::default();
        let command =
            reader.id("proposalId", &input.proposal_id).map(|proposal| WithdrawProposal { proposal });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(WithdrawProposalPayload { proposal, user_errors }))
    }

    /// Puts a withdrawn proposal back while proposals are taken: the version that was submitted last counts again, with its receipt.
    /// For its owner; the team is mailed. User errors: `ALREADY_EXISTS` (the house has another one by now), `CONFLICT`,
    /// `DEADLINE_PASSED`, `NOT_OPEN`, `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `ORGANIZATION_NOT_VERIFIED`.
    async fn revive_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReviveProposalInput,
    ) -> Result<Option<ReviveProposalPayload>> {
        let mut reader = Reader::default();
        let command = reader.id("proposalId", &input.proposal_id).map(|proposal| ReviveProposal { proposal });
        let (proposal, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(ReviveProposalPayload { proposal, user_errors }))
    }
}
