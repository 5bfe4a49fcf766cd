//! The closed sets of the rules, as the schema shows them. Each is the enum of `domain` by the same name or the one beside
//! it; a variant that is missing here does not compile.

use async_graphql::Enum;

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::ChallengeStatus")]
pub enum ChallengeStatus {
    /// Being written by the agency.
    Draft,
    /// Waits for the programme office.
    InReview,
    /// Returned to the agency with a reason.
    ChangesRequested,
    /// Approved, not yet public.
    Approved,
    /// Public. Whether proposals are taken follows from the window.
    Published,
    /// Public, and halted for the time being: no proposals are taken or opened.
    Paused,
    /// The proposals were opened; the council works.
    Evaluation,
    /// The round is locked; the decision is being made.
    Decision,
    /// Decided with at least one winner.
    Awarded,
    /// Decided without a winner.
    ClosedNoAward,
    /// Given up by the publishing authority, for good. Public if it was public before.
    Cancelled,
}

/// What people do with a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ChallengeAction {
    /// Change the draft.
    Edit,
    /// Hand in for approval.
    SubmitForApproval,
    /// Return to the agency.
    RequestChanges,
    /// Approve.
    Approve,
    /// Take back an approved challenge.
    Recall,
    /// Make public.
    Publish,
    /// Change what is published.
    Amend,
    /// Announce something about it.
    Announce,
    /// Show the draft to others by a link.
    SharePreview,
    /// Say that it is the duplicate of another one, or is not.
    LinkDuplicate,
    /// Halt for the time being.
    Pause,
    /// Go on.
    Resume,
    /// Give up.
    Cancel,
    /// Appoint a council member.
    AppointCouncilMember,
    /// Name who decides.
    NameDecisionMaker,
    /// Ask for the opening of the sealed proposals.
    RequestOpening,
    /// Open the sealed proposals as the second person.
    OpenProposals,
    /// Plan who reviews what.
    PlanReviews,
    /// Offer what is planned.
    ReleaseReviewPlan,
    /// Offer reviews.
    AssignReviews,
    /// Lock the round.
    LockRound,
    /// Hand over to the decision maker.
    StartDecision,
    /// Begin a decision that promotes from the reserve.
    StartPromotion,
    /// Publish a decision with a winner. Never listed.
    #[graphql(
        deprecation = "What publishing the decision does to the challenge: see `Decision.viewerActions`."
    )]
    Award,
    /// Publish a decision without a winner. Never listed.
    #[graphql(
        deprecation = "What publishing the decision does to the challenge: see `Decision.viewerActions`."
    )]
    CloseWithoutAward,
}

impl From<domain::action::ChallengeAction> for ChallengeAction {
    fn from(action: domain::action::ChallengeAction) -> Self {
        use domain::action::ChallengeAction as Of;
        match action {
            Of::Edit => Self::Edit,
            Of::SubmitForApproval => Self::SubmitForApproval,
            Of::RequestChanges => Self::RequestChanges,
            Of::Approve => Self::Approve,
            Of::Recall => Self::Recall,
            Of::Publish => Self::Publish,
            Of::Amend => Self::Amend,
            Of::Announce => Self::Announce,
            Of::SharePreview => Self::SharePreview,
            Of::LinkDuplicate => Self::LinkDuplicate,
            Of::Pause => Self::Pause,
            Of::Resume => Self::Resume,
            Of::Cancel => Self::Cancel,
            Of::AppointCouncilMember => Self::AppointCouncilMember,
            Of::NameDecisionMaker => Self::NameDecisionMaker,
            Of::RequestOpening => Self::RequestOpening,
            Of::OpenProposals => Self::OpenProposals,
            Of::PlanReviews => Self::PlanReviews,
            Of::ReleaseReviewPlan => Self::ReleaseReviewPlan,
            Of::AssignReviews => Self::AssignReviews,
            Of::LockRound => Self::LockRound,
            Of::StartDecision => Self::StartDecision,
            Of::StartPromotion => Self::StartPromotion,
        }
    }
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::question::QuestionStatus")]
pub enum QuestionStatus {
    /// Waits for an answer. Only its asker and those who answer know of it.
    Asked,
    /// Answered, for everybody to read.
    Answered,
    /// Not answered, with a reason to its asker.
    Declined,
}

/// The route by which a challenge looks for its solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::Track")]
pub enum Track {
    /// On the city's list of big problems.
    GrandChallenge,
    /// A task ordered by the state.
    CommissionedTask,
    /// A contest or an incubation call.
    OpenCall,
    /// A controlled trial.
    Sandbox,
}

/// The stages at which support is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::SupportStage")]
pub enum SupportStage {
    /// To find out whether the idea holds.
    PreIncubation,
    /// To build what can be tried.
    Incubation,
    /// To bring to many what has been tried.
    Acceleration,
}

/// The sections of a brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::BriefSection")]
pub enum BriefSectionKind {
    /// What happens and why it matters.
    Context,
    /// Who suffers from it, and how many.
    AffectedPeople,
    /// How it is handled today.
    CurrentProcess,
    /// What a solution must respect.
    Constraints,
    /// Where and how large the pilot is to be.
    PilotScope,
    /// What is expected to be handed over.
    ExpectedProduct,
    /// What is not asked for.
    OutOfScope,
    /// Data that will be shared and on what terms.
    DataOffered,
    /// Who may apply.
    Eligibility,
    /// Support offered and its ceiling.
    Support,
    /// To whom the results belong.
    IpTerms,
    /// Legal or policy basis.
    LegalBasis,
    /// Why it comes first: how urgent, how soon to be solved, how well to be repeated elsewhere.
    Priority,
    /// The steps after the deadline, and when they are meant to be done.
    Timetable,
    /// Whom to turn to, beside the questions that everybody reads.
    Contact,
}

/// Whether proposals are taken, by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::Window")]
pub enum ChallengeWindow {
    /// Not yet.
    Upcoming,
    /// Now.
    Open,
    /// Not any more.
    Closed,
}

/// The field of public life a challenge belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::challenge::Sector")]
pub enum SectorCode {
    /// Agriculture and rural development.
    Agriculture,
    /// Trade and markets.
    Commerce,
    /// Shared data and digital infrastructure.
    DataInfrastructure,
    /// Floods, fires, storms and other disasters.
    DisasterResilience,
    /// Schools and training.
    Education,
    /// Air, water, waste.
    Environment,
    /// Food safety.
    FoodSafety,
    /// Hospitals and public health.
    Health,
    /// Housing and construction.
    HousingConstruction,
    /// Land and cadastre.
    Land,
    /// Drones and low-altitude services.
    LowAltitudeEconomy,
    /// Services of the administration to citizens and businesses.
    PublicAdministration,
    /// Police, fire brigade, emergency.
    PublicSafety,
    /// Science, technology and innovation itself.
    ScienceTechnology,
    /// Small and medium enterprises.
    SmeDevelopment,
    /// Taxes and revenue.
    Tax,
    /// Roads, traffic, public transport.
    Transport,
    /// Streets, drainage, lighting, public space.
    UrbanManagement,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::proposal::ProposalStatus")]
pub enum ProposalStatus {
    /// Being written; known to its team only.
    Draft,
    /// Submitted and sealed; the receipt proves when.
    Submitted,
    /// Taken back by its team.
    Withdrawn,
    /// Found formally in order after the opening.
    Eligible,
    /// Found in order, and asked to make something clearer.
    Clarification,
    /// Found not to meet the formal conditions.
    Ineligible,
    /// Reviews were offered to council members.
    UnderReview,
    /// The round is locked.
    Evaluated,
    /// Chosen by the published decision.
    Selected,
    /// In reserve by the published decision.
    Reserve,
    /// Not chosen by the published decision.
    NotSelected,
    /// Taken out of the running for good: see `Proposal.disqualification`.
    Disqualified,
}

/// Why a proposal is taken out of the running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::disqualification::Ground")]
pub enum DisqualificationGround {
    /// What it states is not true.
    UntrueStatement,
    /// What it offers is not its team's own to offer.
    NotTheirOwn,
    /// Its team tried to sway the council or whoever decides.
    UndueInfluence,
    /// Its team does not meet the conditions of the call any more, or never did.
    NotEligible,
    /// Something else.
    Other,
}

/// What people do with a proposal: its team, and those who evaluate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ProposalAction {
    /// Change the working copy.
    Edit,
    /// Hand in the working copy as the next version.
    Submit,
    /// Take back.
    Withdraw,
    /// Put back what was taken back.
    Revive,
    /// Declare a conflict of interest.
    DeclareConflict,
    /// Declare to be without conflict of interest.
    DeclareNoConflict,
    /// Find eligible.
    Admit,
    /// Find ineligible.
    Refuse,
    /// Ask its team to make something clearer.
    AskClarification,
    /// Answer that.
    AnswerClarification,
    /// Offer reviews of it.
    StartReview,
    /// Appeal against the decision on it.
    Appeal,
    /// Ask that it be taken out of the running.
    RequestDisqualification,
    /// Take it out, as the second person.
    ConfirmDisqualification,
    /// Leave it in.
    RefuseDisqualification,
    /// Lock the round. Never listed.
    #[graphql(
        deprecation = "What locking the round does to the proposal: see `LOCK_ROUND` of the challenge."
    )]
    Lock,
    /// Publish: chosen. Never listed.
    #[graphql(
        deprecation = "What publishing the decision does to the proposal: see `Decision.viewerActions`."
    )]
    Select,
    /// Publish: in reserve. Never listed.
    #[graphql(
        deprecation = "What publishing the decision does to the proposal: see `Decision.viewerActions`."
    )]
    PutInReserve,
    /// Publish: not chosen. Never listed.
    #[graphql(
        deprecation = "What publishing the decision does to the proposal: see `Decision.viewerActions`."
    )]
    Decline,
}

impl From<domain::action::ProposalAction> for ProposalAction {
    fn from(action: domain::action::ProposalAction) -> Self {
        use domain::action::ProposalAction as Of;
        match action {
            Of::Edit => Self::Edit,
            Of::Submit => Self::Submit,
            Of::Withdraw => Self::Withdraw,
            Of::Revive => Self::Revive,
            Of::DeclareConflict => Self::DeclareConflict,
            Of::DeclareNoConflict => Self::DeclareNoConflict,
            Of::Admit => Self::Admit,
            Of::Refuse => Self::Refuse,
            Of::AskClarification => Self::AskClarification,
            Of::AnswerClarification => Self::AnswerClarification,
            Of::StartReview => Self::StartReview,
            Of::Appeal => Self::Appeal,
            Of::RequestDisqualification => Self::RequestDisqualification,
            Of::ConfirmDisqualification => Self::ConfirmDisqualification,
            Of::RefuseDisqualification => Self::RefuseDisqualification,
        }
    }
}

/// The sections of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::proposal::ProposalSection")]
pub enum ProposalSectionKind {
    /// What is proposed.
    Solution,
    /// The technology and how ready it is.
    Technology,
    /// Steps and dates.
    Plan,
    /// Who does the work.
    Team,
    /// What will change, measured by the challenge's indicators.
    Impact,
}

/// A seat on a council.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::review::CouncilRole")]
pub enum CouncilRole {
    /// Chairs, locks the round, drafts the decision.
    Chair,
    /// Stands in for the chair as the second person at the opening.
    ViceChair,
    /// Runs the paperwork; does not score.
    Secretary,
    /// Reviews and scores.
    Reviewer,
    /// Scores.
    Member,
}

/// What a member declares about one proposal. Undeclared counts as conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::review::Interest")]
pub enum ConflictKind {
    /// No conflict of interest.
    None,
    /// Works for, or has a share in, an applicant.
    SameOrganization,
    /// Kinship with an applicant.
    Kinship,
    /// Money, business or a competing bid.
    Financial,
    /// Any other tie.
    Other,
}

/// As what somebody who is not of its team reads a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::proposal::Capacity")]
pub enum ReaderCapacity {
    /// Chair, vice chair or secretary of the council.
    Bureau,
    /// Any other member of the council.
    CouncilMember,
    /// Who decides.
    DecisionMaker,
    /// Somebody of the agency whose challenge it is.
    Agency,
    /// Auditor of the platform.
    Auditor,
    /// Not recorded.
    Other,
}

/// Where a review stands: one member, one proposal, one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::review::ReviewStatus")]
pub enum ReviewStatus {
    /// Offered; the content is closed until the member declares no conflict.
    Offered,
    /// No conflict declared.
    Accepted,
    /// The sheet was saved.
    InProgress,
    /// The sheet is complete and in.
    Submitted,
    /// The member is in conflict.
    Recused,
    /// Immutable.
    Locked,
    /// Not handed in by its time, or before the lock.
    Expired,
    /// The member said no.
    Declined,
    /// Taken from the member.
    Revoked,
    /// Out of the count: a conflict of interest was found after the lock. Kept as evidence.
    Voided,
}

/// For whom a part of a proposal is, once it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::proposal::Confidentiality")]
pub enum PartConfidentiality {
    /// Public with the award, if the proposal wins; until then as `REVIEWERS_ONLY`.
    PublicSummary,
    /// For whoever reads the proposal.
    ReviewersOnly,
    /// For its team, and of those who read the proposal for chair, vice chair and secretary of the council, the decision maker and the auditor
    /// alone. To everybody else it does not exist.
    DecisionMakersOnly,
}

/// What places proposals with the same mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::score::TieBreaker")]
pub enum TieBreaker {
    /// The higher mean on the first criterion of the rubric, then on the second and so on.
    Criteria,
    /// The larger share of sheets that reach the pass mark.
    PassingSheets,
}

/// What the council should talk about before it relies on a mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::score::Disagreement")]
pub enum ScoreDisagreement {
    /// The highest total is 25 points of 100 or more above the lowest.
    WideRange,
    /// Some sheets reach the pass mark, some do not.
    SplitOnPassing,
    /// On some criterion the highest score is half of the scale or more above the lowest.
    CriterionApart,
}

/// How a place that a decision was made from differs from the one that follows from the sheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::score::DifferenceKind")]
pub enum RankingDifferenceKind {
    /// Another rank.
    Rank,
    /// Another mean.
    Mean,
    /// It passes in one and not in the other.
    Passing,
    /// Ranked by the sheets, and not in the decision.
    Missing,
    /// In the decision, and without a sheet.
    Surplus,
}

/// How a plan of reviews was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::assign::Method")]
pub enum PlanMethod {
    /// A flow of the highest gain: places filled, evenly, then the weakest pair, then all pairs, then the lot.
    MaxGainFlow,
}

/// Why a proposal has fewer reviewers by a plan than it is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::assign::ShortageReason")]
pub enum ReviewShortageReason {
    /// Everybody is in conflict with it.
    NoEligibleReviewer,
    /// Fewer people are free of conflict than it needs.
    TooFewEligibleReviewers,
    /// There would be people, but they have as much to read as they may have.
    LoadsExhausted,
}

/// What people do with a review. Conflicts are declared on the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::action::ReviewAction")]
pub enum ReviewAction {
    /// Save the own sheet.
    Save,
    /// Hand the own sheet in.
    Submit,
    /// Say no to the own review.
    Decline,
    /// Take it from its member.
    Revoke,
    /// Give a sheet that is in back to its member.
    Reopen,
    /// Ask that a locked sheet be taken out of the count.
    RequestVoid,
    /// Take it out, as the second person.
    ConfirmVoid,
}

/// Where a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::decision::DecisionStatus")]
pub enum DecisionStatus {
    /// Being drafted by the chair.
    Draft,
    /// Before the decision maker.
    Proposed,
    /// Approved, not yet public.
    Approved,
    /// Public; teams may appeal until `standstillUntil`.
    Published,
    /// Public, and somebody has appealed.
    UnderAppeal,
    /// Public, and the time for appeals is over.
    Final,
    /// Was public, and was set aside on an appeal, or replaced by one that promotes from the reserve.
    Superseded,
}

/// Where an appeal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::appeal::AppealStatus")]
pub enum AppealStatus {
    /// Waits for the ruling.
    Pending,
    /// The decision stands.
    Dismissed,
    /// The decision was set aside.
    Granted,
    /// Nothing was left to rule on: the decision was set aside on another appeal.
    Overtaken,
}

/// What the ruling on an appeal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::appeal::Ruling")]
pub enum AppealRuling {
    /// The decision stands.
    Dismiss,
    /// The decision is set aside, and another one is made.
    Grant,
}

/// What people do with a decision. Appeals are filed on the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::action::DecisionAction")]
pub enum DecisionAction {
    /// Change outcomes, reasons, feedback.
    Edit,
    /// Put before the decision maker.
    Propose,
    /// Return to the chair.
    Return,
    /// Approve.
    Approve,
    /// Make public, now or at a set time.
    Publish,
}

/// What a decision says of one proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::decision::Outcome")]
pub enum Outcome {
    /// Chosen for support or a pilot.
    Selected,
    /// Follows if a chosen one falls away.
    Reserve,
    /// Not chosen.
    NotSelected,
}

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::organization::OrganizationKind")]
pub enum OrganizationKind {
    /// A public agency that owns problems.
    Agency,
    /// A startup that proposes solutions.
    Startup,
    /// People who propose solutions together, without a company.
    Team,
    /// A university or a research institute that proposes solutions.
    Institute,
    /// A company from abroad that proposes solutions.
    ForeignCompany,
    /// The programme office, which approves and publishes.
    ProgrammeOffice,
}

/// Whether an organisation may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::organization::OrganizationStatus")]
pub enum OrganizationStatus {
    /// Waits for verification by the programme office.
    Pending,
    /// Verified.
    Verified,
    /// Refused, with a reason.
    Rejected,
    /// Stopped by the programme office for a time, with a reason; its members read what is theirs and do nothing.
    Suspended,
    /// No more; perhaps another one took its place.
    Closed,
}

/// Where a delegation stands, by its days in Vietnam and the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::delegation::DelegationStatus")]
pub enum DelegationStatus {
    /// Its first day is to come.
    Upcoming,
    /// It holds.
    InForce,
    /// Its last day has passed.
    Expired,
    /// It was ended before its time.
    Revoked,
}

/// What a person is in a working group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::working_group::WorkingGroupRole")]
pub enum WorkingGroupRole {
    /// Heads it; at most one does.
    Head,
    /// Stands in for the head.
    Deputy,
    /// Any other member.
    Member,
}

/// Whether an expert may be appointed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::expert::ExpertStatus")]
pub enum ExpertStatus {
    /// May be appointed.
    Active,
    /// May not be appointed for the time being, with a reason. Seats that the person has stay.
    Suspended,
}

/// What people do with an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::action::OrganizationAction")]
pub enum OrganizationAction {
    /// Change its name or handle (`updateOrganization`).
    Update,
    /// Say in public what it is and does.
    Describe,
    /// Say what it stands below, and from when to when it exists (`placeOrganization`).
    Place,
    /// Find it to be what it says.
    Verify,
    /// Refuse it with a reason.
    Reject,
    /// Stop it for a time.
    Suspend,
    /// Let it go on.
    Reinstate,
    /// End it for good.
    Close,
    /// Invite somebody; of a programme officer: a lead into an agency that has none.
    InviteMember,
    /// Give a member another role.
    ChangeMemberRole,
    /// Remove a member.
    RemoveMember,
    /// Let another public body draft for it (`delegateUnit`).
    Delegate,
    /// Record its working group.
    EstablishWorkingGroup,
}

/// What a person is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::organization::MembershipRole")]
pub enum MembershipRole {
    /// Applicant: manages the team, submits and withdraws.
    Owner,
    /// Applicant: writes proposals.
    Editor,
    /// Applicant: reads proposals.
    Viewer,
    /// Agency: manages the unit, drafts, submits for approval.
    Lead,
    /// Agency: drafts and submits for approval.
    Drafter,
    /// Programme office: returns or approves, appoints councils, verifies organisations.
    Officer,
    /// Programme office: the publishing authority.
    Publisher,
}

/// A post on the platform itself, granted to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::account::PlatformRole")]
pub enum PlatformRole {
    /// Reads the audit log and locked records, changes nothing.
    Auditor,
    /// Accounts and settings; reads no sealed proposal and no unlocked score.
    Administrator,
}

/// The stable codes of what a user can correct. A client branches on these, never on messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::problem::Code")]
pub enum UserErrorCode {
    /// A value is missing.
    Required,
    /// Shorter than the minimum.
    TooShort,
    /// Longer than the limit (characters of a text, items of a list).
    TooLong,
    /// A number or time outside its range.
    OutOfRange,
    /// Not in the form described.
    Malformed,
    /// Contains control, invisible or direction-changing characters.
    ForbiddenCharacter,
    /// Unknown, or not visible to you.
    NotFound,
    /// You may see it but not do this.
    NotPermitted,
    /// The state or version is not what the command needs.
    Conflict,
    /// There is one already.
    AlreadyExists,
    /// The idempotency key was used with another input.
    IdempotencyMismatch,
    /// A limit on how many is reached.
    Quota,
    /// The password is too common or contains your own data.
    WeakPassword,
    /// The address or the password is wrong.
    InvalidCredentials,
    /// The token is unknown, used, replaced or expired.
    InvalidToken,
    /// The code of the second factor is wrong, used or too old.
    InvalidCode,
    /// Prove once more who you are (`reauthenticate`), then repeat the command.
    ReauthenticationRequired,
    /// The weights of the rubric do not sum to 100.
    #[graphql(name = "WEIGHTS_NOT_100")]
    WeightsNot100,
    /// Nobody approves or publishes what they wrote, or publishes what they approved.
    SelfApproval,
    /// The window for proposals has not opened yet.
    NotOpen,
    /// The deadline has passed by the server's clock.
    DeadlinePassed,
    /// The deadline has not been reached by the server's clock.
    DeadlineNotReached,
    /// The organisation is not verified.
    OrganizationNotVerified,
    /// The organisation was rejected, suspended or closed, and does nothing.
    OrganizationInactive,
    /// A second person must confirm.
    SecondPersonRequired,
    /// A conflict, or none, must be declared first.
    ConflictUndeclared,
    /// Too few score sheets are in.
    QuorumNotReached,
    /// The person already has a role that excludes this one.
    IncompatibleRole,
    /// Reviewers and members of a council are drawn from the expert register.
    NotInExpertRegister,
    /// It is the only way left to sign in.
    LastCredential,
    /// The file is not taken; the message says why, and `Attachment.refusal` as a code.
    FileRefused,
    /// A file has not arrived, was not looked at yet, or was refused: wait for it, or remove it.
    FileNotReady,
}

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::attachment::AttachmentStatus")]
pub enum AttachmentStatus {
    /// Announced; its bytes have not arrived.
    AwaitingUpload,
    /// Its bytes are here, and nobody gets them before they were looked at: call `completeUpload`.
    Quarantined,
    /// Looked at and found in order.
    Clean,
    /// Looked at and refused. Nobody ever gets it.
    Refused,
    /// Taken away before it was part of anything.
    Removed,
}

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::attachment::Refusal")]
pub enum AttachmentRefusal {
    /// Files of that kind are not taken.
    TypeNotAllowed,
    /// What it contains is not what its name says, or something is hidden before or behind it.
    ContentMismatch,
    /// It cannot be read to its end.
    Damaged,
    /// It is encrypted, so that nobody can look at it.
    Encrypted,
    /// Unpacked it is far too large.
    TooLargeUnpacked,
    /// It contains programs: macros, executables, other archives.
    ActiveContent,
    /// The scanner knows it as harmful.
    Malware,
}

/// The kinds of files that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::attachment::FileKind")]
pub enum FileKind {
    /// Portable Document Format.
    Pdf,
    /// Portable Network Graphics.
    Png,
    /// A photograph.
    Jpeg,
    /// A text of Office Open XML.
    Docx,
    /// A table of Office Open XML.
    Xlsx,
    /// Slides of Office Open XML.
    Pptx,
    /// Plain text in UTF-8.
    Txt,
    /// A table as text in UTF-8.
    Csv,
}

/// Currencies that a budget may be stated in (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::money::Currency")]
pub enum CurrencyCode {
    /// Vietnamese đồng, no minor unit.
    Vnd,
    /// United States dollar, two decimals.
    Usd,
    /// Euro, two decimals.
    Eur,
}

/// What a person may allow, each by itself. Nothing is allowed unless they say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::account::ConsentPurpose")]
pub enum ConsentPurpose {
    /// News of the programme by mail, beside the mails that the process needs.
    ProgrammeNews,
    /// One's name and profession on public pages.
    PublicProfile,
    /// Answers and behaviour in studies of the programme, under a pseudonym.
    Research,
}

/// A person's language. Vietnamese unless the person chose otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::locale::Locale")]
pub enum Locale {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// What happened to a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::feed::ChallengeStep")]
pub enum ChallengeStep {
    /// The draft was changed. Only to those who work on it.
    Edited,
    /// It was handed in for approval. Only to those who work on the draft.
    Submitted,
    /// It was returned to its authors. Only to those who work on the draft.
    ChangesRequested,
    /// It was approved. Only to those who work on the draft.
    Approved,
    /// The approved challenge was taken back. Only to those who work on the draft.
    Recalled,
    /// It was published.
    Published,
    /// What is published was changed.
    Amended,
    /// Something was announced about it.
    Announced,
    /// It was halted.
    Paused,
    /// It goes on.
    Resumed,
    /// It was given up.
    Cancelled,
    /// A question was answered, for everybody.
    QuestionAnswered,
    /// The proposals were opened.
    Opened,
    /// It was handed over for the decision.
    DecisionStarted,
    /// The decision was published.
    Decided,
    /// The decision was set aside on an appeal.
    DecisionSetAside,
    /// Nobody can appeal against the decision any more.
    DecisionFinal,
}

/// What happened to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::feed::ProposalStep")]
pub enum ProposalStep {
    /// The working copy was changed. Only to the team.
    Edited,
    /// A version was submitted. Only to the team.
    Submitted,
    /// It was withdrawn before the opening. Only to the team.
    Withdrawn,
    /// It was put back. Only to the team.
    Revived,
    /// It was withdrawn after the opening.
    WithdrawnFromReview,
    /// It was found eligible or not.
    Screened,
    /// Its team was asked to make something clearer.
    ClarificationAsked,
    /// Its team answered.
    ClarificationAnswered,
    /// Its team did not answer in time.
    ClarificationLapsed,
    /// The published decision gave it its outcome.
    Decided,
    /// That was set aside.
    Reconsidered,
    /// It was taken out of the running.
    Disqualified,
}

/// Notifications that are wanted by mail, or not, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::preference::NotificationGroup")]
pub enum NotificationGroup {
    /// The account and its security. Always at once.
    Account,
    /// What is decided about an organisation, your place in it or in the expert register. Always at once.
    Organization,
    /// Your proposals, and what everybody who works on one has to know of the challenge: receipts, results, amendments, answers. Always at once.
    Participation,
    /// What waits for you as an author, on a council, at a decision, and what came of it. Always at once.
    Duties,
    /// The deadline of a challenge is near. At once, or in the inbox alone.
    Reminders,
    /// What is public of what you follow, or look for by a search that you keep.
    Following,
    /// News of the challenges of your agency.
    Agency,
    /// What came in for the programme office.
    Office,
    /// Who joined your organisation.
    Members,
}

/// How notifications of a group are mailed. In the inbox they stand at once, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::preference::Delivery")]
pub enum NotificationDelivery {
    /// Each by itself, as soon as it can.
    AtOnce,
    /// In one mail a day.
    Digest,
    /// Not by mail.
    InboxOnly,
}

/// What a notification tells. New kinds come with new features: have a default branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::letter::LetterKind")]
pub enum NotificationKind {
    /// To a person who registered: prove that the address is yours.
    EmailVerification,
    /// To the holder of an account: somebody tried to register with its address.
    AccountExists,
    /// To an address for which a new password was asked: set it by this token.
    PasswordReset,
    /// To the holder of an account: its password changed.
    PasswordChanged,
    /// To the address that an account is to have: prove that it is yours.
    EmailChange,
    /// To the address that an account has: somebody signed in wants another.
    EmailChangeRequested,
    /// To the holder of an account: a key of a session was used twice, so it was ended.
    SessionCompromised,
    /// To the holder of an account: from now on a second factor is asked for.
    SecondFactorEnabled,
    /// To the holder of an account: no second factor is asked for any more.
    SecondFactorDisabled,
    /// To the holder of an account: a recovery code was used.
    RecoveryCodeUsed,
    /// To the holder of an account: it was switched off.
    AccountDeactivated,
    /// To the holder of an account: it was switched on again.
    AccountReactivated,
    /// To the holder of an account: it can be signed on to at an issuer from now on.
    SignOnLinked,
    /// To programme officers: an organisation registered.
    OrganizationPending,
    /// To the organisation's owners: it was verified.
    OrganizationVerified,
    /// To the organisation's owners: it was not verified.
    OrganizationRejected,
    /// To the organisation's managers: it was suspended.
    OrganizationSuspended,
    /// To the organisation's managers: it may go on.
    OrganizationReinstated,
    /// To the organisation's managers: it was closed; `successor` is empty for none.
    OrganizationClosed,
    /// To an address that an organisation invites.
    MemberInvited,
    /// To the organisation's owners: an invitation was accepted.
    MemberJoined,
    /// To a member of an organisation: the role is another one now.
    MemberRoleChanged,
    /// To the unit's managers and to those who are to draft for it: `from` and `until` are the first and the last day.
    UnitDelegated,
    /// To the same: it ended before its time.
    DelegationRevoked,
    /// To a person who was entered into the expert register.
    ExpertRegistered,
    /// To an expert: no appointments for the time being.
    ExpertSuspended,
    /// To an expert: appointments are possible again.
    ExpertReinstated,
    /// To programme officers: a challenge waits for approval.
    ChallengeSubmitted,
    /// To the challenge's authors: programme officers want it changed.
    ChallengeChangesRequested,
    /// To the challenge's authors and the publishing authority: it may be published.
    ChallengeApproved,
    /// To programme officers: the agency took an approved challenge back.
    ChallengeRecalled,
    /// To the agency: its challenge is public.
    ChallengePublished,
    /// To the agency and to everybody who works on a proposal: what is published was changed; `note` says what and why.
    ChallengeAmended,
    /// Something was announced about a challenge.
    Announcement,
    /// To the same: the challenge is halted for the time being.
    ChallengePaused,
    /// To the same: it goes on, with a deadline moved by as long as it was halted.
    ChallengeResumed,
    /// To everybody concerned: the challenge was given up.
    ChallengeCancelled,
    /// To the agency and programme officers: somebody asks; who, nobody is told.
    QuestionAsked,
    /// To the house that asked and to everybody who works on a proposal: an answer is public.
    QuestionAnswered,
    /// To a team that has not handed in yet: the deadline is near.
    DeadlineNear,
    /// To programme officers: an organisation has waited for more than two working days.
    OrganizationWaits,
    /// To the house that asked: there will be no answer.
    QuestionDeclined,
    /// To the person who is to decide on a challenge.
    DecisionMakerNamed,
    /// To a new member of a challenge's council.
    CouncilMemberAppointed,
    /// To the whole team: the receipt for a submitted version. Its title is sealed, and mail is not.
    ProposalSubmitted,
    /// To the whole team: their proposal was withdrawn.
    ProposalWithdrawn,
    /// To the whole team: their proposal was put back.
    ProposalRevived,
    /// To the council's secretary: a proposal was withdrawn after the opening.
    ProposalWithdrawnFromReview,
    /// To those who may be the second person at the opening.
    OpeningRequested,
    /// To agency, council and applicants: the proposals were opened.
    ProposalsOpened,
    /// To the whole team: whether their proposal meets the formal conditions.
    ProposalScreened,
    /// To the whole team: something is to be made clearer.
    ClarificationAsked,
    /// To the council's secretary: a team answered what was asked.
    ClarificationAnswered,
    /// To the whole team and the council's secretary: no answer came in time.
    ClarificationLapsed,
    /// To a council member: a proposal to review, once a conflict is ruled out.
    ReviewOffered,
    /// To the council's secretary: a member stepped back from a review.
    ReviewRecused,
    /// To the council's secretary: a member said no to a review.
    ReviewDeclined,
    /// To the decision maker: a locked sheet is to be taken out of the count.
    ReviewVoidRequested,
    /// To a council member: their locked sheet is out of the count.
    ReviewVoided,
    /// To a council member: a sheet is wanted soon.
    ReviewDue,
    /// To a council member: a sheet was not in when it was wanted.
    ReviewExpired,
    /// To the council's secretary: a member's sheet was not in when it was wanted.
    ReviewMissed,
    /// To a council member: a review is not theirs any more.
    ReviewRevoked,
    /// To a council member: a sheet that they had handed in is theirs again.
    ReviewReopened,
    /// To the council's secretary: a score sheet came in.
    ReviewSubmitted,
    /// To the council: the scores are final.
    RoundLocked,
    /// To the decision maker: the council has finished, a draft decision is being written.
    DecisionStarted,
    /// To the decision maker: a draft decision waits.
    DecisionProposed,
    /// To the council's chair: the decision maker returned the draft.
    DecisionReturned,
    /// To the publishing authority: a decision may be published.
    DecisionApproved,
    /// To one applicant's team: what the published decision means for their proposal.
    DecisionPublishedToApplicant,
    /// To agency and council: the decision is public.
    DecisionPublished,
    /// A decision was not published at its time.
    DecisionScheduleLapsed,
    /// Your team's appeal has arrived.
    AppealFiled,
    /// Somebody appealed against a decision.
    AppealReceived,
    /// There is a ruling on your team's appeal.
    AppealRuled,
    /// A proposal is to be taken out of the running.
    DisqualificationRequested,
    /// The decision maker has ruled on that.
    DisqualificationRuled,
    /// Your team's proposal is out of the running.
    ProposalDisqualified,
    /// A decision was set aside, and another one is made.
    DecisionSetAside,
    /// Nobody can appeal against a decision any more.
    DecisionFinal,
    /// To a person who wants to be told once a day. It is mailed, and never stands in the inbox.
    Digest,
}

/// What a webhook tells. In a message it is written in lower case, a dot after the first word: `challenge.published`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::webhook::WebhookEvent")]
pub enum WebhookEvent {
    /// Nothing has happened: somebody tries the webhook.
    Ping,
    /// To its agency: a draft was handed in for approval.
    ChallengeSubmitted,
    /// To its agency: the draft was returned to its authors.
    ChallengeChangesRequested,
    /// To its agency: the draft was approved.
    ChallengeApproved,
    /// To its agency: the approved challenge was taken back.
    ChallengeRecalled,
    /// To all: a challenge was published.
    ChallengePublished,
    /// To all: what is published was changed, perhaps its deadline.
    ChallengeAmended,
    /// To all: something was announced about a challenge.
    ChallengeAnnounced,
    /// To all: a challenge was halted.
    ChallengePaused,
    /// To all: a challenge goes on, perhaps with another deadline.
    ChallengeResumed,
    /// To all who could know it, else to its agency: a challenge was given up.
    ChallengeCancelled,
    /// To all: a question about a challenge was answered.
    ChallengeQuestionAnswered,
    /// To all: the proposals to a challenge were opened.
    ChallengeProposalsOpened,
    /// To all: a challenge was handed over for the decision.
    ChallengeDecisionStarted,
    /// To all: the decision on a challenge was published.
    ChallengeDecisionPublished,
    /// To all: the decision was set aside on an appeal.
    ChallengeDecisionSetAside,
    /// To all: nobody can appeal against the decision any more.
    ChallengeDecisionFinal,
    /// To its applicant alone, like all of proposals: a version was submitted.
    ProposalSubmitted,
    /// To its applicant: a proposal was withdrawn.
    ProposalWithdrawn,
    /// To its applicant: a proposal was put back.
    ProposalRevived,
    /// To its applicant: a proposal was found eligible or not.
    ProposalScreened,
    /// To its applicant: something is to be made clearer.
    ProposalClarificationAsked,
    /// To its applicant: its team answered.
    ProposalClarificationAnswered,
    /// To its applicant: its team did not answer in time.
    ProposalClarificationLapsed,
    /// To its applicant: the published decision gave a proposal its outcome.
    ProposalDecided,
    /// To its applicant: that was set aside.
    ProposalReconsidered,
    /// To its applicant: a proposal was taken out of the running.
    ProposalDisqualified,
}

/// Whether a webhook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::webhook::WebhookStatus")]
pub enum WebhookStatus {
    /// It is told what happens.
    Active,
    /// It is told nothing, and what happens meanwhile it is not told later.
    Disabled,
}

/// Why a webhook is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::webhook::WebhookDisabledReason")]
pub enum WebhookDisabledReason {
    /// One of those who manage the organisation wants it so.
    ByManager,
    /// Its receiver said that it is gone for good (410).
    Gone,
    /// Nothing came through for days.
    Failing,
}

/// Where a message to a webhook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::webhook::DeliveryStatus")]
pub enum WebhookDeliveryStatus {
    /// Waits to be sent.
    Queued,
    /// Failed for the moment; will be tried again.
    Retrying,
    /// Taken by the receiver.
    Delivered,
    /// Given up.
    Failed,
    /// Not sent on purpose: the organisation may not know it any more, does nothing, or the webhook was disabled.
    Withheld,
}

/// How an attempt ended. Nothing that the receiver said, and no address that its name has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::webhook::AttemptOutcome")]
pub enum WebhookAttemptOutcome {
    /// The receiver took it (2xx).
    Delivered,
    /// The receiver answered something else.
    Status,
    /// The receiver wanted to send us elsewhere (3xx), where we do not go.
    Redirect,
    /// The name of the host leads nowhere.
    Dns,
    /// It leads to an address that is not called.
    RefusedAddress,
    /// Nobody listens, or the connection broke.
    Connect,
    /// No encryption, or not by a host that can prove its name.
    Tls,
    /// It took too long.
    Timeout,
    /// A fault of ours.
    Internal,
}
