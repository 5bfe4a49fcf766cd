//! The world that end-to-end tests are told in: the server as it is shipped, on a database of its own, with a mail server
//! that keeps what it gets and a clock that the test moves.
//!
//! ```text
//! let world = World::new().await;
//! let officer = world.person("officer", "Lê Thu Hà").await;
//! officer.does("publishChallenge", json!({ .. }), "challenge { status }").await.ok();
//! assert_eq!(world.letters().await, ["challenge_published: lead"]);
//! world.finish().await;
//! ```
//!
//! Which database: `TEST_DB=sqlite` (default) or `TEST_DB=postgres` with `TEST_DATABASE_URL`; `tests/run` does both.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "whatever cannot go on here fails the test that needed it, and says where"
)]

pub mod binary;
pub mod cast;
pub mod database;
pub mod events;
pub mod file;
pub mod graphql;
pub mod issuer;
pub mod mailbox;
pub mod meter;
pub mod person;
pub mod receiver;
pub mod rows;
pub mod service;
pub mod smtp;
pub mod socket;
pub mod stage;
pub mod vault;
pub mod wait;
pub mod world;

pub use binary::Binary;
pub use cast::Cast;
pub use events::Events;
pub use graphql::{Answer, Client};
pub use mailbox::Mail;
pub use person::Person;
pub use receiver::{Receiver, Reply};
pub use smtp::{Stage, Trouble};
pub use socket::Socket;
pub use stage::{Scene, Troupe};
pub use vault::Vault;
pub use wait::eventually;
pub use world::World;
