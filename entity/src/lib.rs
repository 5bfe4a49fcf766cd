//! The tables as rows. They describe, they do not decide: rules are in `domain`, statements in `app`.
//!
//! ```text
//! app_user --< session --< refresh_token        app_user --< membership >-- organization
//! app_user -- second_factor, --< recovery_code, --< device, --< consent        throttle
//! app_user --< saved_search                     app_user -- notification_preference
//! app_user --< external_identity                sign_on_attempt
//! organization (agency) --< challenge --< criterion, indicator, challenge_author, challenge_version, challenge_word, council_member, opening
//! challenge --< announcement, support_offer       challenge -- preview_link; duplicate_of another challenge
//! challenge -- challenge_key
//! challenge --< question >-- organization (applicant)
//! challenge --< attachment >-- proposal (or none)
//! challenge --< proposal >-- organization (applicant)      proposal -- proposal_draft, --< proposal_version
//! council_member --< review >-- proposal        challenge -- review_plan
//! proposal --< clarification
//! proposal --< conflict_declaration >-- app_user
//! challenge --< decision --< decision_outcome >-- proposal      decision --< appeal >-- proposal
//! organization (agency) --< delegation >-- organization      organization --< working_group --< working_group_member
//! app_user -- expert --< expert_sector
//! audit_entry -- event --< message >-- app_user
//! organization --< webhook --< webhook_delivery >-- event      webhook_cursor
//! ```

pub mod announcement;
pub mod appeal;
pub mod attachment;
pub mod audit_entry;
pub mod audit_head;
pub mod challenge;
pub mod challenge_author;
pub mod challenge_key;
pub mod challenge_version;
pub mod challenge_word;
pub mod clarification;
pub mod conflict_declaration;
pub mod consent;
pub mod council_member;
pub mod criterion;
pub mod decision;
pub mod decision_outcome;
pub mod delegation;
pub mod device;
pub mod event;
pub mod expert;
pub mod expert_sector;
pub mod external_identity;
pub mod follow;
pub mod idempotency;
pub mod indicator;
pub mod membership;
pub mod message;
pub mod notification_preference;
pub mod one_time_token;
pub mod opening;
pub mod organization;
pub mod platform_grant;
pub mod preview_link;
pub mod proposal;
pub mod proposal_draft;
pub mod proposal_version;
pub mod question;
pub mod recovery_code;
pub mod refresh_token;
pub mod reminder;
pub mod review;
pub mod review_plan;
pub mod saved_search;
pub mod second_factor;
pub mod session;
pub mod sign_on_attempt;
pub mod support_offer;
pub mod throttle;
pub mod user;
pub mod webhook;
pub mod webhook_cursor;
pub mod webhook_delivery;
pub mod working_group;
pub mod working_group_member;
