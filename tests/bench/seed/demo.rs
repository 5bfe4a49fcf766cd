//! The words of the demo data.

use std::collections::BTreeMap;

use domain::challenge::Brief;
use domain::proposal::ProposalSection;
use domain::time::Day;
use serde::Deserialize;

/// What is taken from the demo data.
#[derive(Deserialize)]
pub struct Demo {
    pub challenges: Vec<DemoChallenge>,
    pub proposals: Vec<DemoProposal>,
}

/// A challenge to be varied.
#[derive(Deserialize)]
pub struct DemoChallenge {
    pub title_vi: String,
    pub title_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub sections: Brief,
    pub source_url: String,
    pub indicators: Vec<DemoIndicator>,
    pub criteria: Vec<DemoCriterion>,
}

/// What is measured.
#[derive(Deserialize)]
pub struct DemoIndicator {
    pub name_vi: String,
    pub name_en: String,
    pub unit_vi: String,
    pub unit_en: String,
    pub baseline: String,
    pub baseline_on: Day,
    pub source_vi: String,
    pub source_en: String,
    pub target: String,
}

/// What is scored.
#[derive(Deserialize)]
pub struct DemoCriterion {
    pub name_vi: String,
    pub name_en: String,
    pub weight: i64,
    pub reason_required: bool,
}

/// A proposal to be varied.
#[derive(Deserialize)]
pub struct DemoProposal {
    pub title: String,
    pub summary: String,
    pub sections: BTreeMap<ProposalSection, String>,
}
