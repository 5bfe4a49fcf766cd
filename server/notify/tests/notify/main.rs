//! What leaves the house: words, messages, and what becomes of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod bounce;
mod directory;
mod message;
mod sample;
mod server;
mod smtp;
mod words;
