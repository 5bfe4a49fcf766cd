//! Challenges that fit somebody: by what their houses have bid for, and by what they follow.

use std::collections::HashSet;

use domain::access::{Action, may};
use domain::challenge::{ChallengeStatus, Sector, limits, recommendation};
use domain::follow::FollowKind;
use domain::id::ChallengeId;
use entity::{challenge, proposal};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder as _, QuerySelect as _};

use crate::App;
use crate::error::Result;
use crate::op::Viewer;

/// Challenges looked at for a recommendation: those whose deadline is nearest.
const CONSIDERED: u64 = 200;

/// Challenges that take proposals, or will, in sectors that the viewer cares for and to which none of the viewer's houses has a
/// proposal: the best first, equals by deadline. Empty without any such sector.
pub async fn for_viewer(app: &App, viewer: &Viewer) -> Result<Vec<challenge::Model>> {
    use challenge::Column as C;
    let seats = viewer.0.iter().flat_map(|person| &person.seats).map(|seat| seat.organization);
    let houses: Vec<_> = seats.filter(|house| may(Action::WriteProposal, viewer.roles_in(*house))).collect();
    let mut bid_for: Vec<(ChallengeId, Sector)> = Vec::new();
    if !houses.is_empty() {
        let to = proposal::Entity::belongs_to(challenge::Entity)
            .from(proposal::Column::ChallengeId)
            .to(C::Id)
            .into();
        bid_for = proposal::Entity::find()
            .join(sea_orm::JoinType::InnerJoin, to)
            .filter(proposal::Column::OrganizationId.is_in(houses))
            .select_only()
            .column(C::Id)
            .column(C::Sector)
            .into_tuple()
            .all(&app.db.read)
            .await?;
    }
    let follows = crate::follow::list(app, viewer).await?;
    let sectors = follows.iter().filter(|row| row.kind == FollowKind::Sector);
    let followed: Vec<_> = sectors.filter_map(|row| Sector::from_name(&row.target)).collect();
    let bids: Vec<_> = bid_for.iter().map(|(_, sector)| *sector).collect();
    let wanted: HashSet<_> = bids.iter().chain(&followed).copied().collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let known: HashSet<_> = bid_for.iter().map(|(challenge, _)| *challenge).collect();
    let open = crate::challenge::visible_to(viewer)
        .filter(C::IsPublic.eq(true))
        .filter(C::Status.eq(ChallengeStatus::Published))
        .filter(C::DeadlineKey.gt(app.db.clock.process().micros()))
        .filter(C::Sector.is_in(wanted))
        .filter(C::Id.is_not_in(known))
        .order_by_asc(C::DeadlineKey)
        .order_by_asc(C::Id)
        .limit(CONSIDERED);
    let mut open = open.all(&app.db.read).await?;
    // Stable: among equals the nearest deadline stays first.
    open.sort_by_key(|row| std::cmp::Reverse(recommendation(row.sector, &bids, &followed)));
    open.truncate(limits::RECOMMENDED);
    Ok(open)
}
