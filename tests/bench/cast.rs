//! Who plays in the workloads: people with their sessions, and the things they work on, found in the full database.

use std::collections::HashMap;
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use app::clock::Clock;
use app::keys::Keys;
use domain::id::{ChallengeId, CriterionId, ProposalId, ReviewId, SessionId, UserId};
use domain::proposal::ProposalStatus;
use domain::review::{CouncilRole, ReviewStatus};
use entity::{challenge, council_member, proposal, review, session};
use hyper::header::HeaderValue;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::contestant::{PUBLIC_URL, SIGNING_SEED};
use crate::seed::RANKED;

/// Challenges of a page in the workload that pages deep: few, so that there is a page 500 in a city.
pub const PAGE: usize = 8;
/// The page that is deep, where there are as many.
const DEEP: usize = 500;
/// Readers, and challenges that are read.
const READERS: usize = 200;
/// Most drafts that are handed in, and sheets that are saved, in turn.
const WRITERS: u64 = 3_000;
/// Tokens are renewed long before they end.
const FRESH: Duration = Duration::from_mins(5);

/// People with tokens that are always alive.
pub struct Company {
    people: Vec<(UserId, SessionId)>,
    tokens: RwLock<Vec<HeaderValue>>,
}

impl Company {
    async fn of(connection: &DatabaseConnection, users: Vec<UserId>) -> anyhow::Result<Self> {
        let mut sessions = HashMap::new();
        for some in users.chunks(500) {
            let rows = session::Entity::find()
                .filter(session::Column::UserId.is_in(some.to_vec()))
                .all(connection)
                .await?;
            sessions.extend(rows.into_iter().map(|row| (row.user_id, row.id)));
        }
        let with_session = |user| Some((user, *sessions.get(&user)?));
        let people =
            users.into_iter().map(with_session).collect::<Option<_>>().context("somebody has no session")?;
        Ok(Self { people, tokens: RwLock::default() })
    }

    fn renew(&self, keys: &Keys) -> anyhow::Result<()> {
        let now = Clock::default().process();
        let sign = |(user, session): &(UserId, SessionId)| {
            let token = keys.sign(*user, *session, now, Duration::from_mins(15))?;
            anyhow::Ok(format!("Bearer {token}").parse()?)
        };
        let signed = self.people.iter().map(sign).collect::<anyhow::Result<Vec<_>>>()?;
        *self.tokens.write().map_err(|_| anyhow::anyhow!("poisoned"))? = signed;
        Ok(())
    }

    /// The token of the n-th, over and over again.
    pub fn token(&self, nth: usize) -> Option<HeaderValue> {
        let tokens = self.tokens.read().ok()?;
        tokens.get(nth.checked_rem(tokens.len())?).cloned()
    }
}

/// A score sheet that is being filled in.
pub struct Sheet {
    /// Of which review.
    pub review: ReviewId,
    /// The version it is in before anything is saved.
    pub version: i32,
    /// What is scored.
    pub criteria: Vec<CriterionId>,
}

/// Everybody and everything.
pub struct Cast {
    keys: Keys,
    renewed: Mutex<Option<Instant>>,
    /// People who only read.
    pub readers: Company,
    /// Handles of public challenges.
    pub slugs: Vec<String>,
    /// The chair who reads the ranking.
    pub chair: Company,
    /// Drafts, each with its owner in the same place of `owners`.
    pub drafts: Vec<ProposalId>,
    /// The owners of the drafts.
    pub owners: Company,
    /// Their ids.
    pub owner_ids: Vec<UserId>,
    /// Sheets, each with its reviewer in the same place of `reviewers`.
    pub sheets: Vec<Sheet>,
    /// The reviewers of the sheets.
    pub reviewers: Company,
    /// The number of the deep page.
    pub deep: usize,
    /// Deadline and id of the last challenge before the deep page.
    pub before_deep: (i64, ChallengeId),
}

impl Cast {
    /// Finds them.
    pub async fn find(connection: &DatabaseConnection) -> anyhow::Result<Self> {
        use challenge::Column as C;
        let public = || challenge::Entity::find().filter(C::IsPublic.eq(true));
        let mut drafts: Vec<(ProposalId, UserId)> = proposal::Entity::find()
            .filter(proposal::Column::Status.eq(ProposalStatus::Draft))
            .select_only()
            .column(proposal::Column::Id)
            .column(proposal::Column::CreatedBy)
            .limit(WRITERS)
            .into_tuple()
            .all(connection)
            .await?;
        let mut sheets = review::Entity::find()
            .filter(review::Column::Status.eq(ReviewStatus::InProgress))
            .limit(WRITERS)
            .all(connection)
            .await?;
        // By chance, that is by id, lest the clients crowd round one challenge.
        drafts.sort_unstable();
        sheets.sort_unstable_by_key(|row| row.id);
        let mut readers: Vec<_> = drafts.iter().map(|(_, owner)| *owner).collect();
        readers.sort_unstable();
        readers.dedup();
        readers.truncate(READERS);
        let chair: Vec<UserId> = council_member::Entity::find()
            .filter(council_member::Column::Role.eq(CouncilRole::Chair))
            .filter(council_member::Column::ChallengeId.in_subquery(sea_orm::QueryTrait::into_query(
                challenge::Entity::find().select_only().column(C::Id).filter(C::Slug.eq(RANKED)),
            )))
            .select_only()
            .column(council_member::Column::UserId)
            .into_tuple()
            .all(connection)
            .await?;
        let count = usize::try_from(public().count(connection).await?)?;
        let deep = DEEP.min(count / PAGE);
        let keys: Vec<(i64, ChallengeId)> = public()
            .select_only()
            .columns([C::DeadlineKey, C::Id])
            .order_by_asc(C::DeadlineKey)
            .order_by_asc(C::Id)
            .limit(u64::try_from((deep - 1) * PAGE)?)
            .into_tuple()
            .all(connection)
            .await?;
        let (drafts, owner_ids): (Vec<_>, Vec<_>) = drafts.into_iter().unzip();
        Ok(Self {
            keys: Keys::new(PUBLIC_URL, &[SIGNING_SEED])?,
            renewed: Mutex::default(),
            slugs: public()
                .select_only()
                .column(C::Slug)
                .order_by_asc(C::Id)
                .limit(READERS as u64)
                .into_tuple()
                .all(connection)
                .await?,
            readers: Company::of(connection, readers).await?,
            chair: Company::of(connection, chair).await?,
            owners: Company::of(connection, owner_ids.clone()).await?,
            reviewers: Company::of(connection, sheets.iter().map(|row| row.user_id).collect()).await?,
            sheets: sheets
                .into_iter()
                .map(|row| Sheet {
                    review: row.id,
                    version: row.version,
                    criteria: row.sheet.0.into_keys().collect(),
                })
                .collect(),
            drafts,
            owner_ids,
            deep,
            before_deep: *keys.last().context("no deep page")?,
        })
    }

    /// Sees to it that no token ends within the next minutes.
    pub fn renew(&self) -> anyhow::Result<()> {
        let mut renewed = self.renewed.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
        if renewed.is_none_or(|at| at.elapsed() > FRESH) {
            for company in [&self.readers, &self.chair, &self.owners, &self.reviewers] {
                company.renew(&self.keys)?;
            }
            *renewed = Some(Instant::now());
        }
        Ok(())
    }
}
