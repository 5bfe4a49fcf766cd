//! The expert register: kept by the programme office, drawn from when councils are made.

use domain::access::Action;
use domain::account::PlatformRole;
use domain::challenge::Sector;
use domain::event::{Event, EventKind};
use domain::expert::{ExpertCommand, ExpertStatus, TRANSITIONS};
use domain::id::{ExpertId, UserId};
use domain::machine;
use domain::problem::{Problem, Reason};
use domain::text::fold;
use entity::{expert, expert_sector, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait as _, QueryFilter, QuerySelect, QueryTrait,
    Select,
};
use serde::Serialize;

use crate::access::must;
use crate::challenge::must_be_version;
use crate::command::Command;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::op::Viewer;
use crate::page::{self, Ask, Key, Page, Sort};
use crate::{App, ids};

/// Entries that a viewer may know of: the programme office and the auditor know all, everybody their own.
pub fn visible_to(viewer: &Viewer) -> Select<expert::Entity> {
    let all = expert::Entity::find();
    if viewer.is_programme_office() || viewer.holds(PlatformRole::Auditor) {
        return all;
    }
    let own: Vec<UserId> = viewer.0.iter().map(|person| person.id).collect();
    all.filter(expert::Column::UserId.is_in(own))
}

/// Conditions of a list of experts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Who judges in any of these fields.
    pub sectors: Option<Vec<Sector>>,
    /// In any of these states.
    pub statuses: Option<Vec<ExpertStatus>>,
    /// Words of name, title, affiliation or qualification, accents or not.
    pub search: Option<String>,
}

fn filtered(viewer: &Viewer, filter: &Filter) -> Select<expert::Entity> {
    let mut select = visible_to(viewer);
    if let Some(sectors) = &filter.sectors {
        let judging = expert_sector::Entity::find()
            .filter(expert_sector::Column::Sector.is_in(sectors.clone()))
            .select_only()
            .column(expert_sector::Column::ExpertId)
            .into_query();
        select = select.filter(expert::Column::Id.in_subquery(judging));
    }
    if let Some(statuses) = &filter.statuses {
        select = select.filter(expert::Column::Status.is_in(statuses.clone()));
    }
    for word in filter.search.iter().flat_map(|search| search.split_whitespace()) {
        select = select.filter(page::has_word(expert::Column::SearchText, word));
    }
    select
}

/// A page of experts by name.
pub async fn list(app: &App, viewer: &Viewer, filter: &Filter, ask: &Ask) -> Result<Page<expert::Model>> {
    let sort = Sort {
        column: Some(expert::Column::NameKey),
        id: expert::Column::Id,
        descending: false,
        scope: format!("experts {}", serde_json::to_string(filter).unwrap_or_default()),
    };
    page::read(&app.db.read, &app.keys, filtered(viewer, filter), &sort, ask, |row| {
        (Some(Key::Text(row.name_key.clone())), row.id.0)
    })
    .await
}

/// How many there are on all pages.
pub async fn count(app: &App, viewer: &Viewer, filter: &Filter) -> Result<u64> {
    Ok(filtered(viewer, filter).count(&app.db.read).await?)
}

/// Where the person stands in the register; None: not in it. The answer holds until the transaction ends.
pub(crate) async fn standing(tx: &Tx, user: UserId) -> Result<Option<ExpertStatus>> {
    let entry = expert::Entity::find().filter(expert::Column::UserId.eq(user)).lock_shared().one(tx).await?;
    Ok(entry.map(|entry| entry.status))
}

/// What the register says of a person.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Academic title.
    pub title: Option<String>,
    /// Where the person works.
    pub affiliation: String,
    /// What the person knows.
    pub qualification: Option<String>,
}

impl Profile {
    /// The folded name, and everything that is searched.
    fn folded(&self, name: &str) -> (String, String) {
        let parts =
            [Some(name), self.title.as_deref(), Some(&self.affiliation), self.qualification.as_deref()];
        let text: Vec<_> = parts.into_iter().flatten().map(fold).collect();
        (fold(name), text.join("\n"))
    }
}

/// Enters a person into the register.
#[derive(Serialize)]
pub struct RegisterExpert {
    /// Whom, by the address of a verified account.
    pub email_key: String,
    /// The fields in which the person judges.
    pub sectors: Vec<Sector>,
    /// Everything else.
    pub profile: Profile,
}

impl Command for RegisterExpert {
    const NAME: &'static str = "registerExpert";
    type Output = ExpertId;

    async fn run(&self, tx: &Tx) -> Result<ExpertId> {
        let by = tx.op().user()?;
        must(Action::RegisterExperts, tx.op().viewer.roles())?;
        let person = crate::council::account(tx, &self.email_key).await?;
        if person.id == by {
            return Err(Problem::at("email", Reason::SelfApproval).into());
        }
        let id: ExpertId = ids::random();
        let now = tx.now().await?;
        let (name_key, search_text) = self.profile.folded(&person.display_name);
        let row = expert::ActiveModel {
            id: Set(id),
            user_id: Set(person.id),
            status: Set(ExpertStatus::Active),
            title: Set(self.profile.title.clone()),
            affiliation: Set(self.profile.affiliation.clone()),
            qualification: Set(self.profile.qualification.clone()),
            status_reason: Set(None),
            name_key: Set(name_key),
            search_text: Set(search_text),
            registered_by: Set(by),
            registered_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
        };
        expert::Entity::insert(row).exec_without_returning(tx).await?;
        write_sectors(tx, id, &self.sectors).await?;
        tx.record(Event::new(EventKind::ExpertRegistered).user(person.id).fact("expert", id));
        Ok(id)
    }
}

async fn write_sectors(tx: &Tx, id: ExpertId, sectors: &[Sector]) -> Result<()> {
    expert_sector::Entity::delete_many().filter(expert_sector::Column::ExpertId.eq(id)).exec(tx).await?;
    let sectors: std::collections::BTreeSet<_> = sectors.iter().copied().collect();
    let rows = sectors
        .into_iter()
        .map(|sector| expert_sector::ActiveModel { expert_id: Set(id), sector: Set(sector) });
    expert_sector::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Loads and locks an entry that the viewer may know of.
async fn locked(tx: &Tx, id: ExpertId) -> Result<expert::Model> {
    let row = visible_to(&tx.op().viewer).filter(expert::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Problem::at("expertId", Reason::NotFound).into())
}

/// Writes what changes, unless somebody else did meanwhile.
async fn write(tx: &Tx, row: &expert::Model, change: expert::ActiveModel) -> Result<()> {
    let change =
        expert::ActiveModel { updated_at: Set(tx.now().await?), version: Set(row.version + 1), ..change };
    let done = expert::Entity::update_many()
        .set(change)
        .filter(expert::Column::Id.eq(row.id))
        .filter(expert::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(Reason::Stale { current: row.version + 1 }.into()) }
}

/// Changes what the register says of a person. None leaves a part as it is, Some(None) clears it.
#[derive(Serialize)]
pub struct UpdateExpert {
    /// Which entry.
    pub expert: ExpertId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// All fields in which the person judges.
    pub sectors: Option<Vec<Sector>>,
    /// Academic title.
    pub title: Option<Option<String>>,
    /// Where the person works.
    pub affiliation: Option<String>,
    /// What the person knows.
    pub qualification: Option<Option<String>>,
}

impl Command for UpdateExpert {
    const NAME: &'static str = "updateExpert";
    type Output = ExpertId;

    async fn run(&self, tx: &Tx) -> Result<ExpertId> {
        tx.op().user()?;
        let row = locked(tx, self.expert).await?;
        must(Action::RegisterExperts, tx.op().viewer.roles())?;
        must_be_version(Some(self.expected_version), row.version)?;
        let person = user::Entity::find_by_id(row.user_id).one(tx).await?;
        let person = person.ok_or_else(|| Error::Internal("an expert without an account".to_owned()))?;
        let profile = Profile {
            title: self.title.clone().unwrap_or_else(|| row.title.clone()),
            affiliation: self.affiliation.clone().unwrap_or_else(|| row.affiliation.clone()),
            qualification: self.qualification.clone().unwrap_or_else(|| row.qualification.clone()),
        };
        let (name_key, search_text) = profile.folded(&person.display_name);
        let change = expert::ActiveModel {
            title: Set(profile.title),
            affiliation: Set(profile.affiliation),
            qualification: Set(profile.qualification),
            name_key: Set(name_key),
            search_text: Set(search_text),
            ..Default::default()
        };
        write(tx, &row, change).await?;
        if let Some(sectors) = &self.sectors {
            write_sectors(tx, row.id, sectors).await?;
        }
        tx.record(
            Event::new(EventKind::ExpertEdited)
                .user(row.user_id)
                .fact("expert", row.id)
                .fact("version", row.version + 1),
        );
        Ok(row.id)
    }
}

/// Takes an expert out of use, or puts them back.
#[derive(Serialize)]
pub struct JudgeExpert {
    /// Which entry.
    pub expert: ExpertId,
    /// What is done.
    pub command: ExpertCommand,
    /// Why.
    pub reason: String,
}

impl Command for JudgeExpert {
    const NAME: &'static str = "judgeExpert";
    type Output = ExpertId;

    async fn run(&self, tx: &Tx) -> Result<ExpertId> {
        let by = tx.op().user()?;
        let row = locked(tx, self.expert).await?;
        must(Action::RegisterExperts, tx.op().viewer.roles())?;
        if row.user_id == by {
            return Err(Reason::SelfApproval.into());
        }
        let next = machine::step(TRANSITIONS, row.status, &self.command)?;
        let change = expert::ActiveModel {
            status: Set(next),
            status_reason: Set(Some(self.reason.clone())),
            ..Default::default()
        };
        write(tx, &row, change).await?;
        let kind = match self.command {
            ExpertCommand::Suspend => EventKind::ExpertSuspended,
            ExpertCommand::Reinstate => EventKind::ExpertReinstated,
        };
        tx.record(
            Event::new(kind)
                .user(row.user_id)
                .fact("expert", row.id)
                .fact("from", row.status)
                .fact("to", next),
        );
        Ok(row.id)
    }
}
