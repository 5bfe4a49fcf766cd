//! A letter's words. One template per kind and language: the subject, an empty line, then paragraphs.
//!
//! A template is cut into paragraphs *before* values are filled in, and each value is one line, so nothing that a person
//! typed can add a paragraph or a header. A paragraph that starts with `> ` quotes somebody: there line breaks stay. A
//! paragraph that comes out empty is left out. Both parts of the mail are laid out from the same paragraphs; only the
//! HTML layout escapes.

use chrono::{DateTime, FixedOffset, NaiveDate};
use domain::letter::{Letter, LetterKind};
use domain::locale::Locale;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::text;

/// Longest subject in characters; mail programs show about half of it.
const SUBJECT_MAX: usize = 120;

/// Template names, by which [`write_value`] tells where a value lands.
const SENTENCE: &str = "sentence";
const QUOTE: &str = "quote";
const LAYOUT_TEXT: &str = "layout.txt";
const LAYOUT_HTML: &str = "layout.html";

/// A mail's words, ready for its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line, no outcome, no reason.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part, saying the same.
    pub html: String,
}

/// A template asks for what its letter lacks, or an instant is beyond the calendar. Never the reader's fault.
#[derive(Debug, thiserror::Error)]
#[error("the {locale} text of the mail {kind} cannot be rendered")]
pub struct RenderError {
    kind: LetterKind,
    locale: Locale,
    source: Error,
}

/// Writes `letter` to somebody in their language. A name without letters gets a greeting without a name.
pub fn render(letter: &Letter, recipient_name: &str, locale: Locale) -> Result<Rendered, RenderError> {
    compose(letter, recipient_name, locale).map_err(|source| RenderError {
        kind: letter.kind(),
        locale,
        source,
    })
}

fn compose(letter: &Letter, recipient_name: &str, locale: Locale) -> Result<Rendered, Error> {
    let env = environment(locale)?;
    let facts = Value::from(Serde(letter));
    let (subject, body) = parts(letter.kind(), locale);

    let subject = text::cut(&env.render_named_str(SENTENCE, subject, &facts)?, SUBJECT_MAX);
    let mut paragraphs = Vec::new();
    for source in body.split("\n\n") {
        paragraphs.extend(Paragraph::render(&env, source, &facts)?);
    }
    if let Letter::Digest { items, .. } = letter {
        for item in items {
            paragraphs.push(Paragraph::of(&env, item, locale)?);
        }
    }
    let page = context! {
        locale => locale.name(),
        name => text::line(recipient_name),
        subject => subject.as_str(),
        paragraphs => Serde(&paragraphs),
        link => facts.get_attr("link")?,
    };
    Ok(Rendered {
        text: env.get_template(LAYOUT_TEXT)?.render(&page)?,
        html: env.get_template(LAYOUT_HTML)?.render(&page)?,
        subject,
    })
}

/// The template of the subject, and that of the paragraphs.
fn parts(kind: LetterKind, locale: Locale) -> (&'static str, &'static str) {
    let template = template(kind, locale);
    template.split_once("\n\n").unwrap_or((template, ""))
}

/// What the layouts set: some lines, in the office's words or in somebody else's.
#[derive(Serialize)]
struct Paragraph {
    is_quote: bool,
    lines: Vec<String>,
}

impl Paragraph {
    fn render(env: &Environment, source: &str, facts: &Value) -> Result<Option<Self>, Error> {
        let (name, source) = match source.strip_prefix("> ") {
            Some(quoted) => (QUOTE, quoted),
            None => (SENTENCE, source),
        };
        let filled = env.render_named_str(name, source, facts)?;
        let lines: Vec<_> = filled.lines().map(str::to_owned).collect();
        Ok((!lines.is_empty()).then_some(Self { is_quote: name == QUOTE, lines }))
    }

    /// A letter among others: its subject, and where it leads.
    fn of(env: &Environment, item: &Letter, locale: Locale) -> Result<Self, Error> {
        let (subject, _) = parts(item.kind(), locale);
        let subject = env.render_named_str(SENTENCE, subject, Value::from(Serde(item)))?;
        let lines = vec![text::cut(&subject, SUBJECT_MAX), item.link().to_owned()];
        Ok(Self { is_quote: false, lines })
    }
}

fn environment(locale: Locale) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_formatter(write_value);
    env.add_filter("moment", move |micros: i64| moment(micros, locale));
    env.add_filter("day", move |text: &str| day(text, locale));
    env.add_template(LAYOUT_TEXT, include_str!("template/layout.txt"))?;
    env.add_template(LAYOUT_HTML, include_str!("template/layout.html"))?;
    env.add_template("vi/phrases", include_str!("template/vi/phrases.jinja"))?;
    env.add_template("en/phrases", include_str!("template/en/phrases.jinja"))?;
    Ok(env)
}

fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let written = value.to_string();
    out.write_str(&match state.name() {
        SENTENCE => text::line(&written),
        QUOTE => text::lines(&written),
        LAYOUT_HTML => escape(&written),
        _ => written,
    })
    .map_err(Error::from)
}

/// For element content and quoted attributes. Unlike minijinja's own it leaves `/` alone: a link spelt in entities looks
/// like an attempt to hide it.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// An instant as the city's clocks show it. Viet Nam has one time zone and no summer time.
fn moment(micros: i64, locale: Locale) -> Result<String, Error> {
    const SECONDS_EAST: i32 = 7 * 3600;
    let local = DateTime::from_timestamp_micros(micros)
        .zip(FixedOffset::east_opt(SECONDS_EAST))
        .map(|(instant, zone)| instant.with_timezone(&zone))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "an instant beyond the calendar"))?;
    let form = match locale {
        Locale::Vi => "%H:%M ngày %d/%m/%Y (giờ Việt Nam)",
        Locale::En => "%-d %B %Y, %H:%M (Vietnam time, UTC+7)",
    };
    Ok(local.format(form).to_string())
}

/// A calendar day as it is written.
fn day(text: &str, locale: Locale) -> Result<String, Error> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, "not a day").with_source(error))?;
    let form = match locale {
        Locale::Vi => "%d/%m/%Y",
        Locale::En => "%-d %B %Y",
    };
    Ok(day.format(form).to_string())
}

/// Every kind in both languages: a kind without a line here, or a line without its two files, does not compile.
macro_rules! templates {
    ($($Kind:ident $file:literal)+) => {
        fn template(kind: LetterKind, locale: Locale) -> &'static str {
            match (kind, locale) {
                $(
                    (LetterKind::$Kind, Locale::Vi) => include_str!(concat!("template/vi/", $file, ".txt")),
                    (LetterKind::$Kind, Locale::En) => include_str!(concat!("template/en/", $file, ".txt")),
                )+
            }
        }
    };
}

templates! {
    EmailVerification "email_verification"
    AccountExists "account_exists"
    PasswordReset "password_reset"
    PasswordChanged "password_changed"
    EmailChange "email_change"
    EmailChangeRequested "email_change_requested"
    SessionCompromised "session_compromised"
    SecondFactorEnabled "second_factor_enabled"
    SecondFactorDisabled "second_factor_disabled"
    RecoveryCodeUsed "recovery_code_used"
    AccountDeactivated "account_deactivated"
    AccountReactivated "account_reactivated"
    SignOnLinked "sign_on_linked"
    OrganizationPending "organization_pending"
    OrganizationVerified "organization_verified"
    OrganizationRejected "organization_rejected"
    OrganizationSuspended "organization_suspended"
    OrganizationReinstated "organization_reinstated"
    OrganizationClosed "organization_closed"
    MemberInvited "member_invited"
    MemberJoined "member_joined"
    MemberRoleChanged "member_role_changed"
    UnitDelegated "unit_delegated"
    DelegationRevoked "delegation_revoked"
    ExpertRegistered "expert_registered"
    ExpertSuspended "expert_suspended"
    ExpertReinstated "expert_reinstated"
    ChallengeSubmitted "challenge_submitted"
    ChallengeChangesRequested "challenge_changes_requested"
    ChallengeApproved "challenge_approved"
    ChallengeRecalled "challenge_recalled"
    ChallengePublished "challenge_published"
    ChallengeAmended "challenge_amended"
    Announcement "announcement"
    ChallengePaused "challenge_paused"
    ChallengeResumed "challenge_resumed"
    ChallengeCancelled "challenge_cancelled"
    DeadlineNear "deadline_near"
    OrganizationWaits "organization_waits"
    QuestionAsked "question_asked"
    QuestionAnswered "question_answered"
    QuestionDeclined "question_declined"
    DecisionMakerNamed "decision_maker_named"
    CouncilMemberAppointed "council_member_appointed"
    ProposalSubmitted "proposal_submitted"
    ProposalWithdrawn "proposal_withdrawn"
    ProposalRevived "proposal_revived"
    ProposalWithdrawnFromReview "proposal_withdrawn_from_review"
    OpeningRequested "opening_requested"
    ProposalsOpened "proposals_opened"
    ProposalScreened "proposal_screened"
    ClarificationAsked "clarification_asked"
    ClarificationAnswered "clarification_answered"
    ClarificationLapsed "clarification_lapsed"
    DisqualificationRequested "disqualification_requested"
    DisqualificationRuled "disqualification_ruled"
    ProposalDisqualified "proposal_disqualified"
    DecisionScheduleLapsed "decision_schedule_lapsed"
    AppealFiled "appeal_filed"
    AppealReceived "appeal_received"
    AppealRuled "appeal_ruled"
    DecisionSetAside "decision_set_aside"
    DecisionFinal "decision_final"
    ReviewOffered "review_offered"
    ReviewRecused "review_recused"
    ReviewVoidRequested "review_void_requested"
    ReviewVoided "review_voided"
    ReviewDue "review_due"
    ReviewExpired "review_expired"
    ReviewMissed "review_missed"
    ReviewDeclined "review_declined"
    ReviewRevoked "review_revoked"
    ReviewReopened "review_reopened"
    ReviewSubmitted "review_submitted"
    RoundLocked "round_locked"
    DecisionStarted "decision_started"
    DecisionProposed "decision_proposed"
    DecisionReturned "decision_returned"
    DecisionApproved "decision_approved"
    DecisionPublishedToApplicant "decision_published_to_applicant"
    DecisionPublished "decision_published"
    Digest "digest"
}
