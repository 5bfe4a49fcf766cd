//! Stories about the whole server, each in a world of its own. `tests/run` tells them on SQLite and on PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a story that cannot go on ends there, and says where"
)]

mod accounts;
mod actions;
mod appeals;
mod audit;
mod authoring;
mod backup;
mod binary;
mod budget;
mod canaries;
mod clarification;
mod concurrency;
mod confidential;
mod conflicts;
mod constraints;
mod course;
mod discovery;
mod disqualification;
mod dkim;
mod drift;
mod files;
mod follow;
mod inbox;
mod kill;
mod live;
mod mail;
mod minutes;
mod naming;
mod organizations;
mod plan;
mod preferences;
mod promotion;
mod proof;
mod publicity;
mod questions;
mod ranking;
mod refusals;
mod reminders;
mod reviews;
mod revival;
mod sealing;
mod search;
mod secrets;
mod sign_on;
mod story;
mod tokens;
mod twins;
mod webhooks;
