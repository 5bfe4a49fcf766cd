//! The edge as callers see it: a toy schema behind real sockets.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::unused_async,
    reason = "resolvers are async, and a toy may panic"
)]

mod connections;
mod errors;
mod life;
mod limits;
mod protocol;
mod sockets;
mod world;
