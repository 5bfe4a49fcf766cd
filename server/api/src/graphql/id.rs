//! Ids as clients see them.

use async_graphql::ID;
pub use domain::id::PublicId as NodeId;
use uuid::Uuid;

/// The public form.
pub fn encode<T: NodeId>(id: T) -> ID {
    ID(id.public())
}

/// The tag and UUID of a public id; None for anything else.
pub fn split(id: &ID) -> Option<(u8, Uuid)> {
    domain::id::split_public(id)
}

/// The id of that kind; None for another kind or anything else.
pub fn decode<T: NodeId>(id: &ID) -> Option<T> {
    T::from_public(id)
}
