//! Stories about the whole server, each in a world of its own. `tests/run` tells them on SQLite and on PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a story that cannot go on ends there, and says where"
)]

mod accounts;
mod actions;
mod audit;
mod binary;
mod budget;
mod concurrency;
mod conflicts;
mod constraints;
mod drift;
mod kill;
mod mail;
mod naming;
mod organizations;
mod proof;
mod refusals;
mod secrets;
mod sign_on;
mod story;
mod tokens;
