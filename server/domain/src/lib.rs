//! The rules of Bài Toán Lớn: what may happen, who may do it, who hears of it.
//!
//! Everything here is a pure function of its arguments: no database, no clock, no HTTP. A page of this crate should
//! read like a page of the programme's own rule book.
//!
//! | subject | module |
//! |---|---|
//! | a public agency's big problem, from draft to award | [`challenge`] |
//! | a startup's sealed answer to it | [`proposal`] |
//! | the council: conflicts, score sheets, lock | [`review`] |
//! | who reviews what, best for the whole call | [`assign`] |
//! | weights, totals, ranking | [`score`] |
//! | the ranking without what makes reviewers mild or strict | [`calibration`] |
//! | how a published challenge is found | [`search`] |
//! | the authority's decision | [`decision`] |
//! | organisations and memberships | [`organization`] |
//! | acting for a unit | [`delegation`] |
//! | the working group of a unit | [`working_group`] |
//! | what organisations are told at addresses of their own | [`webhook`] |
//! | the register of experts | [`expert`] |
//! | signing on by an issuer's word | [`sign_on`] |
//! | who may do what, and who may read what | [`access`] |
//! | how guessing is made slow | [`throttle`] |
//! | what may be done with a thing now, and why not | [`action`] |
//! | questions about a challenge, and their answers | [`question`] |
//! | files of challenges and proposals | [`attachment`] |
//! | what happened, and who is told | [`event`] |
//! | how a person wants to be told | [`preference`] |
//! | the chain that proves what happened | [`audit`] |
//! | what is wrong with a request, in words | [`problem`] |

#[macro_use]
mod closed_set;

pub mod access;
pub mod account;
pub mod action;
pub mod appeal;
pub mod assign;
pub mod attachment;
pub mod audit;
pub mod calibration;
pub mod challenge;
pub mod decision;
pub mod delegation;
pub mod disqualification;
pub mod event;
pub mod expert;
pub mod feed;
pub mod follow;
pub mod id;
pub mod letter;
pub mod locale;
pub mod machine;
pub mod message;
pub mod money;
pub mod organization;
pub mod preference;
pub mod problem;
pub mod proposal;
pub mod question;
pub mod reminder;
pub mod retention;
pub mod review;
pub mod score;
pub mod search;
pub mod sign_on;
pub mod text;
pub mod throttle;
pub mod time;
pub mod webhook;
pub mod working_group;
