//! A proposal: an applicant's sealed answer to a challenge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::locale::Locale;
use crate::machine::Rule;
use crate::money::Money;
use crate::problem::{Problem, Reason};

closed_set! {
    /// Where a proposal stands.
    pub enum ProposalStatus {
        /// Being written; known to its team only.
        Draft = "DRAFT",
        /// Submitted and sealed; the receipt proves when.
        Submitted = "SUBMITTED",
        /// Taken back by its team.
        Withdrawn = "WITHDRAWN",
        /// Found formally in order after the opening.
        Eligible = "ELIGIBLE",
        /// Found not to meet the formal conditions.
        Ineligible = "INELIGIBLE",
        /// Reviews were offered to council members.
        UnderReview = "UNDER_REVIEW",
        /// The round is locked.
        Evaluated = "EVALUATED",
        /// Chosen by the published decision.
        Selected = "SELECTED",
        /// In reserve by the published decision.
        Reserve = "RESERVE",
        /// Not chosen by the published decision.
        NotSelected = "NOT_SELECTED",
    }
}

impl ProposalStatus {
    /// What the applicant is told: the lock is the council's business until the decision is published.
    #[must_use]
    pub const fn public(self) -> Self {
        match self {
            Self::Evaluated => Self::UnderReview,
            other => other,
        }
    }
}

closed_set! {
    /// What is done to a proposal.
    pub enum ProposalCommand {
        /// Change the working copy.
        Edit = "EDIT",
        /// Hand in the working copy as the next version.
        Submit = "SUBMIT",
        /// Take back.
        Withdraw = "WITHDRAW",
        /// Find eligible.
        Admit = "ADMIT",
        /// Find ineligible.
        Refuse = "REFUSE",
        /// Offer its first review.
        StartReview = "START_REVIEW",
        /// Lock the round.
        Lock = "LOCK",
        /// Publish: chosen.
        Select = "SELECT",
        /// Publish: in reserve.
        PutInReserve = "PUT_IN_RESERVE",
        /// Publish: not chosen.
        Decline = "DECLINE",
    }
}

use ProposalCommand as C;
use ProposalStatus as S;

/// The life of a proposal.
pub const TRANSITIONS: &[Rule<ProposalCommand, ProposalStatus>] = &[
    Rule { command: C::Edit, from: &[S::Draft], to: S::Draft },
    Rule { command: C::Edit, from: &[S::Submitted], to: S::Submitted },
    Rule { command: C::Submit, from: &[S::Draft, S::Submitted], to: S::Submitted },
    Rule {
        command: C::Withdraw,
        from: &[S::Submitted, S::Eligible, S::UnderReview, S::Evaluated],
        to: S::Withdrawn,
    },
    Rule { command: C::Admit, from: &[S::Submitted], to: S::Eligible },
    Rule { command: C::Refuse, from: &[S::Submitted], to: S::Ineligible },
    Rule { command: C::StartReview, from: &[S::Eligible, S::UnderReview], to: S::UnderReview },
    Rule { command: C::Lock, from: &[S::UnderReview], to: S::Evaluated },
    Rule { command: C::Select, from: &[S::Evaluated], to: S::Selected },
    Rule { command: C::PutInReserve, from: &[S::Evaluated], to: S::Reserve },
    Rule { command: C::Decline, from: &[S::Evaluated], to: S::NotSelected },
];

closed_set! {
    /// The sections of a proposal.
    pub enum ProposalSection {
        /// What is proposed.
        Solution = "SOLUTION",
        /// The technology and how ready it is.
        Technology = "TECHNOLOGY",
        /// Steps and dates.
        Plan = "PLAN",
        /// Who does the work.
        Team = "TEAM",
        /// What will change, measured by the challenge's indicators.
        Impact = "IMPACT",
    }
}

/// Sections without which a proposal cannot be submitted.
pub const REQUIRED_SECTIONS: &[ProposalSection] = &[ProposalSection::Solution, ProposalSection::Plan];

/// What an applicant hands over. Field order is part of the canonical form, and so of every receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The language it is written in.
    pub language: Locale,
    /// Title, one line.
    pub title: String,
    /// What may be published if it wins.
    pub summary: String,
    /// The sections, for reviewers only.
    pub sections: BTreeMap<ProposalSection, String>,
    /// The budget asked for.
    pub budget: Option<Money>,
}

impl Content {
    /// The canonical form: JSON, fields in the declared order, sections by name, no blanks. Receipts hash these bytes.
    pub fn canonical(&self) -> String {
        // A struct of strings, maps with string keys and integers always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical form, lower-case hexadecimal.
    pub fn sha256(&self) -> String {
        crate::text::hex(&Sha256::digest(self.canonical().as_bytes()))
    }

    /// What keeps it from being submitted, all at once.
    pub fn missing_for_submission(&self) -> Vec<Problem> {
        REQUIRED_SECTIONS
            .iter()
            .filter(|section| !self.sections.contains_key(section))
            .map(|section| Problem {
                field: Some(vec!["proposal".into(), "sections".into(), section.name().into()]),
                reason: Reason::Required,
            })
            .collect()
    }
}

/// Limits of what people write into a proposal.
pub mod limits {
    /// Characters of a title.
    pub const TITLE: usize = 200;
    /// Characters of the public summary.
    pub const SUMMARY: usize = 2_000;
    /// Characters of a section.
    pub const SECTION: usize = 20_000;
    /// Submitted versions of a proposal.
    pub const VERSIONS: usize = 100;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn the_canonical_form_is_fixed_because_receipts_depend_on_it() {
        let content = Content {
            language: Locale::Vi,
            title: "Bản đồ ngập".into(),
            summary: "Cảnh báo sớm".into(),
            sections: [
                (ProposalSection::Plan, "Ba tháng".to_owned()),
                (ProposalSection::Solution, "Cảm biến".to_owned()),
            ]
            .into(),
            budget: Some(Money { minor: 400_000_000, currency: Currency::Vnd }),
        };
        assert_eq!(
            content.canonical(),
            r#"{"language":"vi","title":"Bản đồ ngập","summary":"Cảnh báo sớm","sections":{"SOLUTION":"Cảm biến","PLAN":"Ba tháng"},"budget":{"minor":400000000,"currency":"VND"}}"#
        );
        assert_eq!(content.sha256().len(), 64);
        assert!(content.missing_for_submission().is_empty());
    }

    #[test]
    fn an_applicant_does_not_learn_of_the_lock() {
        assert_eq!(ProposalStatus::Evaluated.public(), ProposalStatus::UnderReview);
        assert_eq!(ProposalStatus::NotSelected.public(), ProposalStatus::NotSelected);
    }
}
