//! The tables, step by step. A step is never edited after a release.

use sea_orm_migration::prelude::*;

mod column;
mod m20261123_000001_people;
mod m20261123_000002_challenge;
mod m20261123_000003_proposal;
mod m20261123_000004_evaluation;
mod m20261123_000005_record;
mod m20261126_000006_accounts;
mod m20261126_000007_organizations;
mod m20261126_000008_sign_on;
mod m20261126_000009_naming;
mod m20261126_000010_search;
mod m20261126_000011_brief;
mod m20261126_000012_questions;
mod m20261126_000015_sealing;
mod m20261126_000016_evaluation;
mod m20261127_000018_feed;
mod m20261127_000019_reminders;
mod m20261127_000020_inbox;
mod m20261127_000021_follow;
mod m20261127_000022_review;
mod m20261127_000023_attachments;
mod m20261127_000024_discovery;
mod m20261130_000025_announcements;
mod m20261130_000026_appeals;
mod m20261130_000027_mailboxes;
mod m20261130_000028_confidentiality;
mod m20261130_000029_preferences;
mod m20261130_000030_webhooks;
mod m20261130_000031_disqualification;
mod m20261130_000032_promotion;
mod m20261130_000033_search_index;
mod m20261130_000034_inbox_order;

/// The ordered list of steps.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_people::Migration),
            Box::new(m20261123_000002_challenge::Migration),
            Box::new(m20261123_000003_proposal::Migration),
            Box::new(m20261123_000004_evaluation::Migration),
            Box::new(m20261123_000005_record::Migration),
            Box::new(m20261126_000006_accounts::Migration),
            Box::new(m20261126_000007_organizations::Migration),
            Box::new(m20261126_000008_sign_on::Migration),
            Box::new(m20261126_000009_naming::Migration),
            Box::new(m20261126_000010_search::Migration),
            Box::new(m20261126_000011_brief::Migration),
            Box::new(m20261126_000012_questions::Migration),
            Box::new(m20261126_000015_sealing::Migration),
            Box::new(m20261126_000016_evaluation::Migration),
            Box::new(m20261127_000018_feed::Migration),
            Box::new(m20261127_000019_reminders::Migration),
            Box::new(m20261127_000020_inbox::Migration),
            Box::new(m20261127_000021_follow::Migration),
            Box::new(m20261127_000022_review::Migration),
            Box::new(m20261127_000023_attachments::Migration),
            Box::new(m20261127_000024_discovery::Migration),
            Box::new(m20261130_000025_announcements::Migration),
            Box::new(m20261130_000026_appeals::Migration),
            Box::new(m20261130_000027_mailboxes::Migration),
            Box::new(m20261130_000028_confidentiality::Migration),
            Box::new(m20261130_000029_preferences::Migration),
            Box::new(m20261130_000030_webhooks::Migration),
            Box::new(m20261130_000031_disqualification::Migration),
            Box::new(m20261130_000032_promotion::Migration),
            Box::new(m20261130_000033_search_index::Migration),
            Box::new(m20261130_000034_inbox_order::Migration),
        ]
    }
}

pub use sea_orm_migration::MigratorTrait;
