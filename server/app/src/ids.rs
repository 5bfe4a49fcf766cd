//! The only place where ids are made.

use uuid::Uuid;

/// An id that tells nothing: for whatever a client may see.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn random<T: From<Uuid>>() -> T {
    Uuid::new_v4().into()
}

/// An id that sorts by time: for rows that no client sees.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn ordered<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}
