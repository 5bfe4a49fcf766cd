//! The expert register.

use app::expert::{Filter, JudgeExpert, Profile, RegisterExpert, UpdateExpert};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use domain::challenge::Sector as Field;
use domain::challenge::limits::REASON;
use domain::expert::{ExpertCommand, limits};
use domain::id::ExpertId;
use domain::problem::{Problem, Reason};
use domain::text::Email;
use entity::expert;

use super::account::User;
use super::challenge::Sector;
use super::context::Ask as _;
use super::enums::{ExpertStatus, SectorCode};
use super::error::{Reported, Result};
use super::id;
use super::load::SectorsOf;
use super::page::{ask, connection, cost};
use super::payload::{Done, UserError, execute, found, payload};
use super::scalar::DateTime;
use super::text::{Lines, Reader};

/// An entry of the register.
#[derive(Clone)]
pub struct Expert(pub expert::Model);

/// An entry of the expert register, from which reviewers and members of councils are drawn. The programme office and the auditor see
/// all, a person their own.
#[Object]
impl Expert {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The person; null if you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        super::account::person(ctx, self.0.user_id).await
    }

    /// The fields in which the person judges.
    async fn sectors(&self, ctx: &Context<'_>) -> Result<Vec<Sector>> {
        Ok(super::one(ctx, SectorsOf(self.0.id)).await?.unwrap_or_default().into_iter().map(Sector).collect())
    }

    /// Academic title, at most 100 characters, e.g. `PGS.TS.`; null for none.
    async fn title(&self) -> Option<&String> {
        self.0.title.as_ref()
    }

    /// Where the person works, at most 200 characters.
    async fn affiliation(&self) -> &str {
        &self.0.affiliation
    }

    /// What the person knows, at most 2,000 characters; null for none.
    async fn qualification(&self) -> Option<&String> {
        self.0.qualification.as_ref()
    }

    /// Whether the person may be appointed.
    async fn status(&self) -> ExpertStatus {
        self.0.status.into()
    }

    /// Why the entry was suspended or reinstated; null for neither.
    async fn status_reason(&self) -> Option<&String> {
        self.0.status_reason.as_ref()
    }

    /// When the person was entered.
    async fn registered_at(&self) -> DateTime {
        DateTime(self.0.registered_at)
    }

    /// When the entry last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Rises with every change; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// What a connection counts.
pub struct Counted(Filter);

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> app::Result<u64> {
        let (app, viewer) = super::app_and_viewer(ctx)?;
        app::expert::count(app, &viewer, &self.0).await
    }
}

connection!(
    /// A page of experts.
    ExpertConnection,
    /// An expert in a list.
    ExpertEdge,
    Expert,
    expert::Model,
    Counted
);

/// Conditions of a list of experts; what is left out is no condition.
#[derive(InputObject, Default)]
pub struct ExpertFilter {
    /// Who judges in any of these fields.
    sector: Option<Vec<SectorCode>>,
    /// Any of these states.
    status: Option<Vec<ExpertStatus>>,
    /// Words of name, title, affiliation or qualification, with or without accents; at most 200 characters.
    search: Option<String>,
}

/// The expert register.
#[derive(Default)]
pub struct ExpertQuery;

/// The expert register.
#[Object]
impl ExpertQuery {
    /// The expert register by name: all of it for the programme office and the auditor; everybody else finds at most themselves.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn experts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 0 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, 0 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions.")] filter: Option<ExpertFilter>,
    ) -> Result<ExpertConnection> {
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            sectors: filter.sector.map(|sectors| sectors.into_iter().map(Into::into).collect()),
            statuses: filter.status.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            search: super::search(&["filter", "search"], filter.search.as_ref())?,
        };
        let page = app::expert::list(ctx.app()?, &ctx.viewer()?, &filter, &ask(first, after, last, before))
            .await
            .map_err(Reported)?;
        Ok(ExpertConnection::new(page, Counted(filter)))
    }
}

/// What `registerExpert` needs.
#[derive(InputObject)]
pub struct RegisterExpertInput {
    /// Whom, by the address of a verified account.
    email: String,
    /// The fields in which the person judges, at least one.
    sectors: Vec<SectorCode>,
    /// Academic title, at most 100 characters.
    title: Option<String>,
    /// Where the person works, 1 to 200 characters.
    affiliation: String,
    /// What the person knows, at most 2,000 characters.
    qualification: Option<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `updateExpert` needs; what is left out stays, null clears.
#[derive(InputObject)]
pub struct UpdateExpertInput {
    /// Which entry.
    expert_id: ID,
    /// The version that you saw; another one meanwhile is refused with `CONFLICT`.
    expected_version: i32,
    /// All fields in which the person judges, at least one.
    sectors: Option<Vec<SectorCode>>,
    /// Academic title, at most 100 characters.
    title: MaybeUndefined<String>,
    /// Where the person works, 1 to 200 characters.
    affiliation: Option<String>,
    /// What the person knows, at most 2,000 characters.
    qualification: MaybeUndefined<String>,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `suspendExpert` needs.
#[derive(InputObject)]
pub struct SuspendExpertInput {
    /// Which entry.
    expert_id: ID,
    /// Why, 1 to 2,000 characters; the person reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `reinstateExpert` needs.
#[derive(InputObject)]
pub struct ReinstateExpertInput {
    /// Which entry.
    expert_id: ID,
    /// Why, 1 to 2,000 characters; the person reads it.
    reason: String,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `registerExpert`.
    RegisterExpertPayload {
        /// The new entry.
        expert: Expert,
    }
}
payload! {
    /// Answer of `updateExpert`.
    UpdateExpertPayload {
        /// The entry.
        expert: Expert,
    }
}
payload! {
    /// Answer of `suspendExpert`.
    SuspendExpertPayload {
        /// The entry.
        expert: Expert,
    }
}
payload! {
    /// Answer of `reinstateExpert`.
    ReinstateExpertPayload {
        /// The entry.
        expert: Expert,
    }
}

/// Loads the entry that a command left behind.
async fn after(ctx: &Context<'_>, done: Done<ExpertId>) -> Result<(Option<Expert>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let expert = found(ctx, super::one(ctx, id).await?.map(Expert), &mut errors)?;
            Ok((expert, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

/// At least one field.
fn sectors(reader: &mut Reader, sectors: Vec<SectorCode>) -> Vec<Field> {
    if sectors.is_empty() {
        reader.note("sectors", Reason::Required);
    }
    if !reader.at_most("sectors", &sectors, Field::ALL.len()) {
        return Vec::new();
    }
    sectors.into_iter().map(Into::into).collect()
}

fn judge(
    command: ExpertCommand,
    expert_id: &ID,
    reason: &str,
) -> std::result::Result<JudgeExpert, Vec<Problem>> {
    let mut reader = Reader::default();
    let expert = reader.id("expertId", expert_id);
    let reason = reader.text("reason", reason, REASON, Lines::Many);
    reader.finish(expert.zip(reason).map(|(expert, reason)| JudgeExpert { expert, command, reason }))
}

/// The expert register.
#[derive(Default)]
pub struct ExpertMutation;

/// The expert register.
#[Object]
impl ExpertMutation {
    /// Enters a person into the expert register, who is mailed; for programme officers, never themselves. User errors: `NOT_FOUND` (no
    /// verified account), `NOT_PERMITTED`, `SELF_APPROVAL`, `ALREADY_EXISTS`, `REQUIRED`, `TOO_LONG`, `MALFORMED`.
    async fn register_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what the register is to say.")] input: RegisterExpertInput,
    ) -> Result<Option<RegisterExpertPayload>> {
        let mut reader = Reader::default();
        let email = reader.keep("email", Email::parse(&input.email));
        let sectors = sectors(&mut reader, input.sectors);
        let title = reader.maybe("title", input.title.as_ref(), limits::TITLE, Lines::One);
        let affiliation = reader.text("affiliation", &input.affiliation, limits::AFFILIATION, Lines::One);
        let qualification =
            reader.maybe("qualification", input.qualification.as_ref(), limits::QUALIFICATION, Lines::Many);
        let command = email.zip(affiliation).map(|(email, affiliation)| RegisterExpert {
            email_key: email.key(),
            sectors,
            profile: Profile { title, affiliation, qualification },
        });
        let (expert, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(RegisterExpertPayload { expert, user_errors }))
    }

    /// Changes what the register says of a person; for programme officers. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `CONFLICT`
    /// (version), `REQUIRED`, `TOO_LONG`.
    async fn update_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry, and what changes.")] input: UpdateExpertInput,
    ) -> Result<Option<UpdateExpertPayload>> {
        let mut reader = Reader::default();
        let expert = reader.id("expertId", &input.expert_id);
        let sectors = input.sectors.map(|of| sectors(&mut reader, of));
        let title = input.title.map(|title| reader.maybe("title", title.as_ref(), limits::TITLE, Lines::One));
        let affiliation =
            reader.maybe("affiliation", input.affiliation.as_ref(), limits::AFFILIATION, Lines::One);
        let qualification = input
            .qualification
            .map(|text| reader.maybe("qualification", text.as_ref(), limits::QUALIFICATION, Lines::Many));
        let command = expert.map(|expert| UpdateExpert {
            expert,
            expected_version: input.expected_version,
            sectors,
            title: title.into(),
            affiliation,
            qualification: qualification.into(),
        });
        let (expert, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?).await?;
        Ok(Some(UpdateExpertPayload { expert, user_errors }))
    }

    /// Takes an expert out of use with a reason: no new appointments; seats that the person has stay. The person is mailed. For
    /// programme officers, never of themselves. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`,
    /// `TOO_LONG`.
    async fn suspend_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry and why.")] input: SuspendExpertInput,
    ) -> Result<Option<SuspendExpertPayload>> {
        let command = judge(ExpertCommand::Suspend, &input.expert_id, &input.reason);
        let (expert, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(SuspendExpertPayload { expert, user_errors }))
    }

    /// Puts a suspended expert back into use with a reason; the person is mailed. For programme officers, never of themselves. User
    /// errors: `NOT_FOUND`, `NOT_PERMITTED`, `SELF_APPROVAL`, `CONFLICT`, `REQUIRED`, `TOO_LONG`.
    async fn reinstate_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry and why.")] input: ReinstateExpertInput,
    ) -> Result<Option<ReinstateExpertPayload>> {
        let command = judge(ExpertCommand::Reinstate, &input.expert_id, &input.reason);
        let (expert, user_errors) =
            after(ctx, execute(ctx, input.idempotency_key.as_ref(), command).await?).await?;
        Ok(Some(ReinstateExpertPayload { expert, user_errors }))
    }
}
