//! What the example data say: `server/demo/demo.json` as types.

use std::collections::BTreeMap;

use domain::challenge::{Brief, ChallengeStatus, Sector, Track};
use domain::decision::Outcome;
use domain::locale::Locale;
use domain::money::Currency;
use domain::organization::OrganizationKind;
use domain::proposal::{ProposalSection, ProposalStatus};
use domain::text::Bilingual;
use domain::time::Day;
use serde::Deserialize;

/// All of it. People and things name each other by keys that exist only here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub organizations: Vec<Organization>,
    pub people: Vec<Person>,
    pub experts: Vec<Expert>,
    pub challenges: Vec<Challenge>,
    pub proposals: Vec<Proposal>,
}

#[derive(Deserialize)]
pub struct Organization {
    pub key: String,
    /// The public body directly above.
    pub parent: Option<String>,
    pub kind: OrganizationKind,
    pub name_vi: String,
    pub name_en: String,
}

/// An entry of the expert register: whoever is to review or to judge needs one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expert {
    pub person: String,
    pub sectors: Vec<Sector>,
    pub title: Option<String>,
    pub affiliation: String,
    pub qualification: String,
}

/// A person. The first of an organisation founds it; the role is one in it, or else a post on the platform.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub key: String,
    pub name: String,
    pub email: String,
    pub locale: Locale,
    pub organization: Option<String>,
    pub role: Option<String>,
}

/// A challenge and how far it has come. Days count from today.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    pub slug: String,
    pub agency: String,
    pub sector: Sector,
    pub track: Track,
    pub state: ChallengeStatus,
    pub opens_in_days: i64,
    pub closes_in_days: i64,
    pub title_vi: String,
    pub title_en: String,
    pub summary_vi: String,
    pub summary_en: String,
    pub sections: Brief,
    pub source_url: String,
    pub indicators: Vec<Indicator>,
    pub criteria: Vec<Criterion>,
    pub pass_mark: i64,
    pub is_blind: bool,
    pub shows_proposal_count: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    pub name_vi: String,
    pub name_en: String,
    pub weight: i64,
    pub reason_required: bool,
}

/// A proposal as its team left it, and what the council thought of it: scores by expert, in the order of the criteria.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    pub challenge: String,
    pub startup: String,
    pub state: ProposalStatus,
    pub language: Locale,
    pub title: String,
    pub summary: String,
    pub sections: BTreeMap<ProposalSection, String>,
    pub budget: Budget,
    #[serde(default)]
    pub scores: BTreeMap<String, Vec<String>>,
    pub outcome: Option<Outcome>,
    pub feedback: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    pub amount: String,
    pub currency: Currency,
}

impl Content {
    /// Reads what is built in.
    pub fn read() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("../../demo/demo.json"))
    }

    /// The proposals to a challenge.
    pub fn proposals_to<'c>(&'c self, challenge: &Challenge) -> impl Iterator<Item = &'c Proposal> {
        let slug = challenge.slug.clone();
        self.proposals.iter().filter(move |proposal| proposal.challenge == slug)
    }

    /// The members of an organisation, its founder first.
    pub fn members<'c>(&'c self, organization: &str) -> impl Iterator<Item = &'c Person> {
        self.people.iter().filter(move |person| person.organization.as_deref() == Some(organization))
    }
}

/// Vietnamese and English.
pub fn both(vi: &str, en: &str) -> Bilingual {
    Bilingual { vi: vi.to_owned(), en: Some(en.to_owned()) }
}
