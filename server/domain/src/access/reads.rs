//! Who may read what: one table. The scopes in `app` (`visible_to` and those beside it) are this table as SQL, and name
//! the row that they are; a read goes through one of them or does not happen.

use std::fmt::Write as _;

use super::Role;

closed_set! {
    /// Something that can be read.
    pub enum Subject {
        /// A challenge: brief, rubric, timetable, state.
        Challenge = "CHALLENGE",
        /// Why a challenge was returned, and the act of its approval.
        ChallengeNotes = "CHALLENGE_NOTES",
        /// A draft, by the link that its authors share.
        Preview = "PREVIEW",
        /// A file of a challenge.
        ChallengeFile = "CHALLENGE_FILE",
        /// A file of a proposal.
        ProposalFile = "PROPOSAL_FILE",
        /// A question about a challenge, and what was answered.
        Question = "QUESTION",
        /// Who sits on a council.
        Council = "COUNCIL",
        /// How many proposals a challenge has.
        ProposalCount = "PROPOSAL_COUNT",
        /// That a proposal is there, and where it stands.
        Proposal = "PROPOSAL",
        /// What a submitted proposal says, and why it was found eligible or not.
        ProposalContent = "PROPOSAL_CONTENT",
        /// What of it is not for reviewers: parts, files and clarifications about them.
        ConfidedPart = "CONFIDED_PART",
        /// That it is, or is to be, taken out of the running, and why.
        Disqualification = "DISQUALIFICATION",
        /// The working copy, former versions and receipts.
        WorkingCopy = "WORKING_COPY",
        /// Who applies, in a blind call.
        Applicant = "APPLICANT",
        /// That a review is there, and where it stands.
        Review = "REVIEW",
        /// Marks, comment and total of a score sheet.
        Sheet = "SHEET",
        /// Who reviews.
        Reviewer = "REVIEWER",
        /// Who is planned to review what, and why.
        ReviewPlan = "REVIEW_PLAN",
        /// How many sheets are in.
        Progress = "PROGRESS",
        /// The ranking and its means.
        Ranking = "RANKING",
        /// The ranking as it would be without what makes reviewers mild or strict.
        Calibration = "CALIBRATION",
        /// A decision: where it stands, its reasons.
        Decision = "DECISION",
        /// Outcome, rank and mean of one proposal in a decision.
        Outcome = "OUTCOME",
        /// An appeal against a decision: its grounds, and the ruling.
        Appeal = "APPEAL",
        /// What a decision tells a team.
        Feedback = "FEEDBACK",
        /// That a person is there, and their name.
        Person = "PERSON",
        /// Address, language, posts and places of a person.
        PersonalData = "PERSONAL_DATA",
        /// An organisation.
        Organization = "ORGANIZATION",
        /// Who belongs to an organisation, and why it was verified or not.
        Members = "MEMBERS",
        /// Whom an organisation has invited.
        Invitations = "INVITATIONS",
        /// At which addresses an organisation is told what happens, and what became of each message.
        Webhooks = "WEBHOOKS",
        /// By which decision somebody drafts for a unit.
        Delegation = "DELEGATION",
        /// The working group of a unit: decision, size and focal point.
        WorkingGroup = "WORKING_GROUP",
        /// Who is in it, and who signed the decision.
        WorkingGroupMembers = "WORKING_GROUP_MEMBERS",
        /// An entry of the expert register.
        Expert = "EXPERT",
        /// What the council gave a proposal of one's own.
        OwnScore = "OWN_SCORE",
        /// Who read a proposal.
        AccessLog = "ACCESS_LOG",
        /// What somebody was told.
        Notification = "NOTIFICATION",
        /// What somebody follows.
        Following = "FOLLOWING",
        /// The searches that somebody keeps.
        SavedSearch = "SAVED_SEARCH",
        /// How somebody wants to be told.
        Preferences = "PREFERENCES",
        /// Sessions, second factor, consents and external identities of a person.
        Security = "SECURITY",
        /// The audit chain.
        AuditLog = "AUDIT_LOG",
    }
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Everybody, signed in or not.
    Everybody,
    /// The person whom it is about.
    Oneself,
    /// Whoever has one of these roles.
    Of(&'static [Role]),
    /// No role: only somebody with access to the machine.
    Operator,
}

/// A row: what, who and from when on, and what nobody of them may.
pub struct Read {
    /// What is read.
    pub subject: Subject,
    /// The function in `app` that decides.
    pub scope: &'static str,
    /// Who, and when.
    pub readers: &'static [(Reader, &'static str)],
    /// What holds for all of them.
    pub but: &'static str,
}

const TEAM: Reader = Reader::Of(&[Role::TeamOwner, Role::TeamEditor, Role::TeamViewer]);
const AGENCY: Reader = Reader::Of(&[Role::AgencyLead, Role::AgencyDrafter]);
const OFFICE: Reader = Reader::Of(&[Role::Officer, Role::Publisher]);
const BUREAU: Reader = Reader::Of(&[Role::Chair, Role::ViceChair, Role::Secretary]);
const COUNCIL: Reader =
    Reader::Of(&[Role::Chair, Role::ViceChair, Role::Secretary, Role::Reviewer, Role::Member]);
const REVIEWERS: Reader = Reader::Of(&[Role::Reviewer, Role::Member]);
const DECISION_MAKER: Reader = Reader::Of(&[Role::DecisionMaker]);
const AUDITOR: Reader = Reader::Of(&[Role::Auditor]);
const STAFF: Reader = Reader::Of(&[Role::Officer, Role::Publisher, Role::Auditor, Role::Administrator]);
const MANAGERS: Reader = Reader::Of(&[Role::TeamOwner, Role::AgencyLead, Role::Publisher]);
const EVERYBODY: Reader = Reader::Everybody;

/// Who may read what. What stands in no row nobody may.
pub const READS: &[Read] = &[
    Read {
        subject: Subject::Challenge,
        scope: "challenge::visible_to",
        readers: &[
            (EVERYBODY, "from PUBLISHED on"),
            (AGENCY, "their own agency's, always; by a delegation as long as it holds"),
            (OFFICE, "whatever is no DRAFT"),
            (AUDITOR, "always"),
        ],
        but: "",
    },
    Read {
        subject: Subject::ChallengeNotes,
        scope: "challenge::visible_to",
        readers: &[(AGENCY, "as the challenge"), (OFFICE, "as the challenge")],
        but: "",
    },
    Read {
        subject: Subject::Preview,
        scope: "preview::by_token",
        readers: &[(EVERYBODY, "who has the link, up to the publication, as long as it is good")],
        but: "Its text, rubric and timetable, and no file.",
    },
    Read {
        subject: Subject::ChallengeFile,
        scope: "attachment::visible_to",
        readers: &[
            (
                EVERYBODY,
                "as CHALLENGE, once it was found in order, and published with it or with an amendment",
            ),
            (AGENCY, "their own challenges', always; by a delegation as long as it holds"),
        ],
        but: "",
    },
    Read {
        subject: Subject::ProposalFile,
        scope: "attachment::visible_to",
        readers: &[
            (TEAM, "their own house's, always"),
            (COUNCIL, "as PROPOSAL_CONTENT, those of the submitted version"),
            (DECISION_MAKER, "as PROPOSAL_CONTENT, those of the submitted version"),
            (AUDITOR, "as PROPOSAL_CONTENT, those of the submitted version"),
            (AGENCY, "as PROPOSAL_CONTENT, those of the submitted version"),
        ],
        but: "Asked anew at every download, and recorded before it begins. Its name as APPLICANT. What is not for reviewers as CONFIDED_PART.",
    },
    Read {
        subject: Subject::Question,
        scope: "question::visible_to",
        readers: &[
            (EVERYBODY, "once it is answered"),
            (TEAM, "what their own house asked, always"),
            (AGENCY, "about their own challenges, always; by a delegation as long as it holds"),
            (OFFICE, "always"),
        ],
        but: "Who asked, nobody but that house.",
    },
    Read {
        subject: Subject::Council,
        scope: "council::visible_to",
        readers: &[
            (COUNCIL, "their own council"),
            (DECISION_MAKER, "where they decide"),
            (OFFICE, "always"),
            (AUDITOR, "always"),
        ],
        but: "An applicant never.",
    },
    Read {
        subject: Subject::ProposalCount,
        scope: "batch::proposal_counts",
        readers: &[(EVERYBODY, "if the challenge says that it shows the number")],
        but: "",
    },
    Read {
        subject: Subject::Proposal,
        scope: "proposal::visible_to",
        readers: &[
            (TEAM, "their own house's, always; of the lock they do not learn"),
            (BUREAU, "after the opening"),
            (DECISION_MAKER, "after the opening"),
            (REVIEWERS, "after the opening those offered to them, after the lock the ranked ones"),
            (AUDITOR, "after the opening"),
            (AGENCY, "their own challenge's, once the decision is published"),
        ],
        but: "Drafts and withdrawn ones are the team's alone. Before the opening nobody else knows of any. Whoever is in conflict, or was ever of a house that competes, knows of none.",
    },
    Read {
        subject: Subject::ProposalContent,
        scope: "proposal::readable_by",
        readers: &[
            (TEAM, "their own house's"),
            (COUNCIL, "once they have declared to be without conflict of interest with it"),
            (DECISION_MAKER, "as PROPOSAL"),
            (AUDITOR, "as PROPOSAL"),
            (AGENCY, "as PROPOSAL"),
        ],
        but: "Every reading from outside the team is recorded before it is answered.",
    },
    Read {
        subject: Subject::ConfidedPart,
        scope: "proposal::confided_to, vault::unsealed",
        readers: &[
            (TEAM, "their own house's"),
            (BUREAU, "as PROPOSAL_CONTENT"),
            (DECISION_MAKER, "as PROPOSAL_CONTENT"),
            (AUDITOR, "as PROPOSAL_CONTENT"),
        ],
        but: "To whoever else reads the proposal it does not exist: no name, no size, no empty place.",
    },
    Read {
        subject: Subject::Disqualification,
        scope: "disqualification::visible",
        readers: &[
            (TEAM, "their own house's, once it is done"),
            (BUREAU, "as PROPOSAL_CONTENT"),
            (DECISION_MAKER, "as PROPOSAL_CONTENT"),
            (AUDITOR, "as PROPOSAL_CONTENT"),
        ],
        but: "Before it is done the team is told by nothing: no field, version, event or mail.",
    },
    Read {
        subject: Subject::WorkingCopy,
        scope: "batch::drafts, batch::versions",
        readers: &[(TEAM, "their own house's")],
        but: "",
    },
    Read {
        subject: Subject::Applicant,
        scope: "proposal::identified_to",
        readers: &[
            (TEAM, "their own house's"),
            (Reader::Of(&[Role::Secretary, Role::Auditor]), "as PROPOSAL"),
            (
                Reader::Of(&[
                    Role::Chair,
                    Role::ViceChair,
                    Role::Reviewer,
                    Role::Member,
                    Role::DecisionMaker,
                ]),
                "once the decision is published",
            ),
            (AGENCY, "once the decision is published"),
        ],
        but: "In a call that is not blind as PROPOSAL.",
    },
    Read {
        subject: Subject::Review,
        scope: "review::visible_to",
        readers: &[
            (COUNCIL, "their own; all once the round is locked"),
            (Reader::Of(&[Role::Chair, Role::Secretary]), "all of their council"),
            (DECISION_MAKER, "once the round is locked"),
            (AUDITOR, "once the round is locked"),
            (AGENCY, "their own challenge's, once the decision is published"),
        ],
        but: "Only of proposals that they may know; the proposal's team never.",
    },
    Read {
        subject: Subject::Sheet,
        scope: "review::may_read_sheet",
        readers: &[
            (COUNCIL, "their own; others' once the round is locked"),
            (DECISION_MAKER, "once the round is locked"),
            (AUDITOR, "once the round is locked"),
            (AGENCY, "their own challenge's, once the decision is published"),
        ],
        but: "Before the lock nobody reads another's.",
    },
    Read {
        subject: Subject::Reviewer,
        scope: "Review.member in api",
        readers: &[
            (COUNCIL, "of their own review"),
            (BUREAU, "as REVIEW"),
            (DECISION_MAKER, "as REVIEW"),
            (AUDITOR, "as REVIEW"),
        ],
        but: "An applicant and an agency never.",
    },
    Read {
        subject: Subject::ReviewPlan,
        scope: "plan::seen",
        readers: &[(BUREAU, "once there is one")],
        but: "Only of proposals with which they have declared to be without conflict of interest. Reviewers and members never.",
    },
    Read {
        subject: Subject::Progress,
        scope: "batch::progress",
        readers: &[(Reader::Of(&[Role::Chair, Role::Secretary]), "after the opening")],
        but: "Counts alone, without proposals with which they are in conflict.",
    },
    Read {
        subject: Subject::Ranking,
        scope: "ranking::ranking, ranking::checked",
        readers: &[
            (COUNCIL, "once the round is locked"),
            (DECISION_MAKER, "once the round is locked"),
            (AUDITOR, "once the round is locked"),
            (AGENCY, "their own challenge's, once the decision is published"),
        ],
        but: "Without proposals with which they are in conflict.",
    },
    Read {
        subject: Subject::Calibration,
        scope: "ranking::ranking",
        readers: &[
            (BUREAU, "as RANKING, if the rubric says that it is calibrated"),
            (DECISION_MAKER, "as RANKING, if the rubric says that it is calibrated"),
            (AUDITOR, "as RANKING, if the rubric says that it is calibrated"),
        ],
        but: "Those alone who know the reviewers: from adjustments and sheets one finds which sheets are by one hand. The offset of a reviewer nobody. Whoever is in conflict with a proposal to the challenge nothing: what its sheets do to the others would tell.",
    },
    Read {
        subject: Subject::Decision,
        scope: "decision::visible_to",
        readers: &[
            (EVERYBODY, "once it is published"),
            (BUREAU, "always"),
            (DECISION_MAKER, "from PROPOSED on, and a draft that they returned"),
            (OFFICE, "from APPROVED on"),
            (AUDITOR, "always"),
        ],
        but: "Why it departs from the ranking, and why it was returned: not to somebody in conflict with a proposal to the challenge, before it is published.",
    },
    Read {
        subject: Subject::Outcome,
        scope: "decision::visible_outcomes",
        readers: &[
            (
                EVERYBODY,
                "of the chosen ones, with what their teams call public, without rank and mean, once it is published",
            ),
            (BUREAU, "as DECISION"),
            (DECISION_MAKER, "as DECISION"),
            (AUDITOR, "as DECISION"),
            (REVIEWERS, "once it is published"),
            (AGENCY, "once it is published"),
            (OFFICE, "outcomes from APPROVED on, rank and mean once it is published"),
        ],
        but: "Without proposals with which they are in conflict: ranks are counted among the others, for a gap would tell.",
    },
    Read {
        subject: Subject::Appeal,
        scope: "appeal::visible_to",
        readers: &[
            (TEAM, "their own house's"),
            (DECISION_MAKER, "where they decide"),
            (OFFICE, "all"),
            (AUDITOR, "all"),
        ],
        but: "Outside the team nobody who is in conflict with a proposal to the challenge, or was ever of a house that competes.",
    },
    Read {
        subject: Subject::Feedback,
        scope: "proposal::visible_to, decision::visible_outcomes",
        readers: &[
            (TEAM, "their own house's, once the decision is published"),
            (BUREAU, "as OUTCOME"),
            (DECISION_MAKER, "as OUTCOME"),
            (AUDITOR, "as OUTCOME"),
            (REVIEWERS, "once the decision is published"),
            (AGENCY, "once the decision is published"),
            (OFFICE, "once the decision is published"),
        ],
        but: "It names no reviewer.",
    },
    Read {
        subject: Subject::Person,
        scope: "account::visible_to",
        readers: &[
            (Reader::Oneself, "always"),
            (Reader::Of(&[Role::SignedIn]), "members of one's own houses, fellows on a council"),
            (STAFF, "always"),
        ],
        but: "",
    },
    Read {
        subject: Subject::PersonalData,
        scope: "User.email and its neighbours in api",
        readers: &[(Reader::Oneself, "always")],
        but: "",
    },
    Read {
        subject: Subject::Organization,
        scope: "organization::visible_to",
        readers: &[
            (EVERYBODY, "verified and closed ones"),
            (Reader::Of(&[Role::SignedIn]), "one's own houses"),
            (STAFF, "always"),
        ],
        but: "",
    },
    Read {
        subject: Subject::Members,
        scope: "organization::memberships_visible_to",
        readers: &[(Reader::Of(&[Role::SignedIn]), "of one's own houses"), (STAFF, "always")],
        but: "",
    },
    Read {
        subject: Subject::Invitations,
        scope: "invitation::visible_to",
        readers: &[
            (MANAGERS, "of the houses that they manage, as long as they wait"),
            (Reader::Of(&[Role::Officer]), "those that they sent to an agency for want of a lead"),
            (Reader::Of(&[Role::Administrator]), "of programme offices"),
        ],
        but: "",
    },
    Read {
        subject: Subject::Webhooks,
        scope: "webhook::visible_to",
        readers: &[(MANAGERS, "of the houses that they manage")],
        but: "",
    },
    Read {
        subject: Subject::Delegation,
        scope: "delegation::visible_to",
        readers: &[(Reader::Of(&[Role::SignedIn]), "given or taken by one's own houses"), (STAFF, "always")],
        but: "",
    },
    Read {
        subject: Subject::WorkingGroup,
        scope: "working_group::visible_to",
        readers: &[
            (EVERYBODY, "the present one of a verified agency"),
            (Reader::Of(&[Role::SignedIn]), "one's own houses', former ones too"),
            (STAFF, "always"),
        ],
        but: "",
    },
    Read {
        subject: Subject::WorkingGroupMembers,
        scope: "working_group::may_read_members",
        readers: &[(Reader::Of(&[Role::SignedIn]), "one's own houses'"), (STAFF, "always")],
        but: "",
    },
    Read {
        subject: Subject::Expert,
        scope: "expert::visible_to",
        readers: &[(Reader::Oneself, "always"), (OFFICE, "always"), (AUDITOR, "always")],
        but: "",
    },
    Read {
        subject: Subject::OwnScore,
        scope: "decision::own_scores",
        readers: &[(TEAM, "their own house's, once the decision is published")],
        but: "The mean alone: neither sheets nor who made them, nor anybody else's.",
    },
    Read {
        subject: Subject::AccessLog,
        scope: "access_log::of",
        readers: &[(TEAM, "their own house's, once the decision is published"), (AUDITOR, "as PROPOSAL")],
        but: "As what somebody read and when, never who.",
    },
    Read {
        subject: Subject::Notification,
        scope: "inbox::visible_to",
        readers: &[(Reader::Oneself, "once the mail went out, or tried to, or is held as they prefer")],
        but: "What it is about leads only to what oneself may know today.",
    },
    Read {
        subject: Subject::Following,
        scope: "follow::visible_to",
        readers: &[(Reader::Oneself, "always")],
        but: "",
    },
    Read {
        subject: Subject::SavedSearch,
        scope: "saved_search::visible_to",
        readers: &[(Reader::Oneself, "always")],
        but: "",
    },
    Read {
        subject: Subject::Preferences,
        scope: "preference::visible_to",
        readers: &[(Reader::Oneself, "always")],
        but: "",
    },
    Read {
        subject: Subject::Security,
        scope: "session::visible_to, sign_on::visible_to",
        readers: &[(Reader::Oneself, "always")],
        but: "",
    },
    Read {
        subject: Subject::AuditLog,
        scope: "none: `server verify-audit`",
        readers: &[(Reader::Operator, "on the machine")],
        but: "No role reads or changes it through the API.",
    },
];

/// The table in print.
pub fn print() -> String {
    let mut out = String::from(
        "What is not yours to read is not there: null, an empty list, NOT_FOUND, as for an id that nobody has.\n",
    );
    // Writing to a String cannot fail.
    for Read { subject, scope, readers, but } in READS {
        let _ = writeln!(out, "\n{subject}");
        for (reader, when) in *readers {
            let who = match reader {
                Reader::Everybody => "everybody".to_owned(),
                Reader::Oneself => "oneself".to_owned(),
                Reader::Operator => "the operator".to_owned(),
                Reader::Of(roles) => roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", "),
            };
            let _ = writeln!(out, "    {who}: {when}");
        }
        if !but.is_empty() {
            let _ = writeln!(out, "    {but}");
        }
        let _ = writeln!(out, "    decided in {scope}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_one_row_and_an_administrator_reads_people_and_houses_alone() {
        for subject in Subject::ALL {
            assert_eq!(READS.iter().filter(|row| row.subject == *subject).count(), 1, "{subject}");
        }
        let names = |role| {
            let reads = |row: &&Read| {
                row.readers
                    .iter()
                    .any(|(reader, _)| matches!(reader, Reader::Of(roles) if roles.contains(&role)))
            };
            READS.iter().filter(reads).map(|row| row.subject).collect::<Vec<_>>()
        };
        assert_eq!(
            names(Role::Administrator),
            [
                Subject::Person,
                Subject::Organization,
                Subject::Members,
                Subject::Invitations,
                Subject::Delegation,
                Subject::WorkingGroup,
                Subject::WorkingGroupMembers
            ]
        );
    }
}
