//! Names and handles: taken only by what everybody may know.
//!
//! Somebody else's draft, or a house that waits for verification, takes nothing: a refusal, or a handle that suddenly has a
//! suffix, would tell that it is there. Several may wish for the same, and whoever comes out first has it. A suspended house
//! was public and keeps what it had; a closed one keeps its handle, for old links, and frees its name.

use domain::id::{ChallengeId, OrganizationId};
use domain::organization::OrganizationStatus;
use domain::problem::{Problem, Reason};
use entity::{challenge, organization};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::db::Tx;
use crate::error::Result;

/// The states in which a house has its handle for itself.
pub(crate) const KEEPS_SLUG: [OrganizationStatus; 3] =
    [OrganizationStatus::Verified, OrganizationStatus::Suspended, OrganizationStatus::Closed];
/// The states in which a house has its name for itself.
const KEEPS_NAME: [OrganizationStatus; 2] = [OrganizationStatus::Verified, OrganizationStatus::Suspended];

/// Another house has this handle.
pub(crate) async fn is_house_slug_taken(tx: &Tx, slug: &str, own: OrganizationId) -> Result<bool> {
    use organization::Column as O;
    let other = organization::Entity::find()
        .select_only()
        .column(O::Id)
        .filter(O::Slug.eq(slug))
        .filter(O::Status.is_in(KEEPS_SLUG))
        .filter(O::Id.ne(own));
    Ok(other.into_tuple::<Uuid>().one(tx).await?.is_some())
}

/// Another house has this name, or one that looks like it.
pub(crate) async fn is_name_taken(tx: &Tx, key: &str, own: OrganizationId) -> Result<bool> {
    use organization::Column as O;
    let other = organization::Entity::find()
        .select_only()
        .column(O::Id)
        .filter(O::NameKey.eq(key))
        .filter(O::Status.is_in(KEEPS_NAME))
        .filter(O::Id.ne(own));
    Ok(other.into_tuple::<Uuid>().one(tx).await?.is_some())
}

/// Another challenge has this handle.
pub(crate) async fn is_challenge_slug_taken(tx: &Tx, slug: &str, own: ChallengeId) -> Result<bool> {
    use challenge::Column as C;
    let other = challenge::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::Slug.eq(slug))
        .filter(C::IsPublic.eq(true))
        .filter(C::Id.ne(own));
    Ok(other.into_tuple::<Uuid>().one(tx).await?.is_some())
}

/// Refuses a name and a handle that other houses have.
pub(crate) async fn must_be_free(
    tx: &Tx,
    own: OrganizationId,
    name_key: Option<&str>,
    slug: Option<&str>,
) -> Result<()> {
    if let Some(key) = name_key
        && is_name_taken(tx, key, own).await?
    {
        return Err(Problem::at("name", Reason::AlreadyExists).into());
    }
    if let Some(slug) = slug
        && is_house_slug_taken(tx, slug, own).await?
    {
        return Err(Problem::at("slug", Reason::AlreadyExists).into());
    }
    Ok(())
}

/// The handle with something of the id behind it, which nobody else has.
pub(crate) fn suffixed(slug: &str, id: Uuid) -> String {
    format!("{slug}-{}", &id.simple().to_string()[..6])
}
