//! Webhooks: what an organisation is told at an address of its own, how often that is tried, and which addresses are never
//! called, whoever asks for it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::event::EventKind as K;
use crate::problem::{Form, Reason};
use crate::time::{DAY, Timestamp};

closed_set! {
    /// What a webhook tells. The name says of what: the part before the first `_`.
    pub enum WebhookEvent {
        /// Nothing has happened: somebody tries the webhook.
        Ping = "PING",
        /// A draft of one's own agency was handed in for approval.
        ChallengeSubmitted = "CHALLENGE_SUBMITTED",
        /// It was returned to its authors.
        ChallengeChangesRequested = "CHALLENGE_CHANGES_REQUESTED",
        /// It was approved.
        ChallengeApproved = "CHALLENGE_APPROVED",
        /// The approved challenge was taken back.
        ChallengeRecalled = "CHALLENGE_RECALLED",
        /// A challenge was published.
        ChallengePublished = "CHALLENGE_PUBLISHED",
        /// What is published was changed, perhaps its deadline.
        ChallengeAmended = "CHALLENGE_AMENDED",
        /// Something was announced about it.
        ChallengeAnnounced = "CHALLENGE_ANNOUNCED",
        /// It was halted.
        ChallengePaused = "CHALLENGE_PAUSED",
        /// It goes on, perhaps with another deadline.
        ChallengeResumed = "CHALLENGE_RESUMED",
        /// It was given up.
        ChallengeCancelled = "CHALLENGE_CANCELLED",
        /// A question was answered, for everybody.
        ChallengeQuestionAnswered = "CHALLENGE_QUESTION_ANSWERED",
        /// The proposals were opened.
        ChallengeProposalsOpened = "CHALLENGE_PROPOSALS_OPENED",
        /// It was handed over for the decision.
        ChallengeDecisionStarted = "CHALLENGE_DECISION_STARTED",
        /// The decision was published.
        ChallengeDecisionPublished = "CHALLENGE_DECISION_PUBLISHED",
        /// The decision was set aside on an appeal.
        ChallengeDecisionSetAside = "CHALLENGE_DECISION_SET_ASIDE",
        /// Nobody can appeal against the decision any more.
        ChallengeDecisionFinal = "CHALLENGE_DECISION_FINAL",
        /// A proposal of one's own was submitted.
        ProposalSubmitted = "PROPOSAL_SUBMITTED",
        /// It was withdrawn.
        ProposalWithdrawn = "PROPOSAL_WITHDRAWN",
        /// It was put back.
        ProposalRevived = "PROPOSAL_REVIVED",
        /// It was found eligible or not.
        ProposalScreened = "PROPOSAL_SCREENED",
        /// Its team was asked to make something clearer.
        ProposalClarificationAsked = "PROPOSAL_CLARIFICATION_ASKED",
        /// Its team answered.
        ProposalClarificationAnswered = "PROPOSAL_CLARIFICATION_ANSWERED",
        /// Its team did not answer in time.
        ProposalClarificationLapsed = "PROPOSAL_CLARIFICATION_LAPSED",
        /// The published decision gave it its outcome.
        ProposalDecided = "PROPOSAL_DECIDED",
        /// That was set aside.
        ProposalReconsidered = "PROPOSAL_RECONSIDERED",
        /// It was taken out of the running.
        ProposalDisqualified = "PROPOSAL_DISQUALIFIED",
    }
}

impl WebhookEvent {
    /// As it stands in a message: `challenge.published`.
    pub fn wire(self) -> String {
        self.name().to_lowercase().replacen('_', ".", 1)
    }
}

/// Which organisations hear of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearer {
    /// All: of a challenge that is public. Of one that is not, its agency.
    Everybody,
    /// The agency whose challenge it is.
    Agency,
    /// The applicant whose proposal it is: never anybody else, whatever they are to the challenge.
    Team,
}

/// Who of organisations hears of an event. It is what their people may follow as it happens (`feed`), but for the writing
/// itself: a message for every saved draft would be none. An event without a row does not compile.
pub const fn heard(kind: K) -> Option<(WebhookEvent, Hearer)> {
    use Hearer::{Agency, Everybody, Team};
    use WebhookEvent as W;
    Some(match kind {
        K::ChallengeSubmitted => (W::ChallengeSubmitted, Agency),
        K::ChallengeChangesRequested => (W::ChallengeChangesRequested, Agency),
        K::ChallengeApproved => (W::ChallengeApproved, Agency),
        K::ChallengeRecalled => (W::ChallengeRecalled, Agency),
        K::ChallengePublished => (W::ChallengePublished, Everybody),
        K::ChallengeAmended => (W::ChallengeAmended, Everybody),
        K::AnnouncementPublished => (W::ChallengeAnnounced, Everybody),
        K::ChallengePaused => (W::ChallengePaused, Everybody),
        K::ChallengeResumed => (W::ChallengeResumed, Everybody),
        K::ChallengeCancelled => (W::ChallengeCancelled, Everybody),
        K::QuestionAnswered => (W::ChallengeQuestionAnswered, Everybody),
        K::ProposalsOpened => (W::ChallengeProposalsOpened, Everybody),
        K::DecisionStarted => (W::ChallengeDecisionStarted, Everybody),
        K::DecisionPublished => (W::ChallengeDecisionPublished, Everybody),
        K::DecisionSetAside => (W::ChallengeDecisionSetAside, Everybody),
        K::DecisionFinal => (W::ChallengeDecisionFinal, Everybody),
        K::ProposalSubmitted => (W::ProposalSubmitted, Team),
        K::ProposalWithdrawn | K::ProposalWithdrawnFromReview => (W::ProposalWithdrawn, Team),
        K::ProposalRevived => (W::ProposalRevived, Team),
        K::ProposalScreened => (W::ProposalScreened, Team),
        K::ClarificationAsked => (W::ProposalClarificationAsked, Team),
        K::ClarificationAnswered => (W::ProposalClarificationAnswered, Team),
        K::ClarificationLapsed => (W::ProposalClarificationLapsed, Team),
        K::ProposalDecided => (W::ProposalDecided, Team),
        K::ProposalReconsidered => (W::ProposalReconsidered, Team),
        K::ProposalDisqualified => (W::ProposalDisqualified, Team),
        K::UserRegistered
        | K::RegistrationRepeated
        | K::EmailVerified
        | K::LoggedIn
        | K::LogInFailed
        | K::LoggedOut
        | K::SessionEnded
        | K::Reauthenticated
        | K::RefreshReused
        | K::PasswordResetRequested
        | K::PasswordReset
        | K::PasswordChanged
        | K::EmailChangeRequested
        | K::EmailChangeRefused
        | K::EmailChanged
        | K::SecondFactorEnabled
        | K::SecondFactorDisabled
        | K::RecoveryCodesRenewed
        | K::RecoveryCodeUsed
        | K::ProfileChanged
        | K::ConsentRecorded
        | K::OwnDataExported
        | K::AccountDeactivated
        | K::AccountReactivated
        | K::AccountErased
        | K::AccountFromSignOn
        | K::ExternalIdentityLinked
        | K::ExternalIdentityUnlinked
        | K::SignOnRefused
        | K::PlatformRoleGranted
        | K::PlatformRoleRevoked
        | K::OrganizationCreated
        | K::OrganizationVerified
        | K::OrganizationRejected
        | K::OrganizationEdited
        | K::OrganizationDescribed
        | K::OrganizationPlaced
        | K::OrganizationSuspended
        | K::OrganizationReinstated
        | K::OrganizationClosed
        | K::MemberInvited
        | K::MemberJoined
        | K::InvitationRevoked
        | K::MemberRoleChanged
        | K::MemberRemoved
        | K::UnitDelegated
        | K::DelegationRevoked
        | K::WorkingGroupEstablished
        | K::WebhookCreated
        | K::WebhookEdited
        | K::WebhookSecretRotated
        | K::WebhookPinged
        | K::WebhookReplayed
        | K::WebhookDisabled
        | K::WebhookDeleted
        | K::ExpertRegistered
        | K::ExpertEdited
        | K::ExpertSuspended
        | K::ExpertReinstated
        | K::ChallengeCreated
        | K::ChallengeEdited
        | K::ChallengeScheduled
        | K::ChallengeScheduleLapsed
        | K::PreviewShared
        | K::PreviewRevoked
        | K::DuplicateLinked
        | K::DuplicateUnlinked
        | K::DeadlineNear
        | K::OrganizationWaits
        | K::DigestDue
        | K::NotificationPreferencesChanged
        | K::MailResent
        | K::QuestionAsked
        | K::QuestionDeclined
        | K::DecisionMakerNamed
        | K::CouncilMemberAppointed
        | K::ProposalCreated
        | K::ProposalEdited
        | K::FileAnnounced
        | K::FileReceived
        | K::FileChecked
        | K::FileRemoved
        | K::OpeningRequested
        | K::ProposalRead
        | K::ReviewsPlanned
        | K::ReviewOffered
        | K::NoConflictDeclared
        | K::ConflictDeclared
        | K::ReviewRecused
        | K::ReviewDeclined
        | K::ReviewVoidRequested
        | K::ReviewVoided
        | K::RoundResealed
        | K::ReviewDue
        | K::ReviewExpired
        | K::ReviewRevoked
        | K::ReviewReopened
        | K::SheetSaved
        | K::ReviewSubmitted
        | K::RoundLocked
        | K::DecisionEdited
        | K::DecisionProposed
        | K::DecisionReturned
        | K::DecisionApproved
        | K::DecisionScheduled
        | K::DecisionScheduleLapsed
        | K::DisqualificationRequested
        | K::DisqualificationRefused
        | K::PromotionStarted
        | K::DecisionReplaced
        | K::AppealFiled
        | K::AppealRuled => return None,
    })
}

closed_set! {
    /// Whether a webhook is called.
    pub enum WebhookStatus {
        /// It is told what happens.
        Active = "ACTIVE",
        /// It is told nothing, and what happens meanwhile it is not told later.
        Disabled = "DISABLED",
    }
}

closed_set! {
    /// Why a webhook is told nothing.
    pub enum WebhookDisabledReason {
        /// One of those who manage the organisation wants it so.
        ByManager = "BY_MANAGER",
        /// Its receiver said that it is gone for good (410).
        Gone = "GONE",
        /// Nothing came through for days.
        Failing = "FAILING",
    }
}

closed_set! {
    /// Where a message to a webhook stands.
    pub enum DeliveryStatus {
        /// Waits to be sent.
        Queued = "QUEUED",
        /// Failed for the moment; will be tried again.
        Retrying = "RETRYING",
        /// Taken by the receiver.
        Delivered = "DELIVERED",
        /// Given up.
        Failed = "FAILED",
        /// Not sent on purpose: the organisation may not know it any more, does nothing, or the webhook was disabled.
        Withheld = "WITHHELD",
    }
}

closed_set! {
    /// How an attempt ended. Nothing that the receiver said, and no address that its name has.
    pub enum AttemptOutcome {
        /// The receiver took it (2xx).
        Delivered = "DELIVERED",
        /// The receiver answered something else.
        Status = "STATUS",
        /// The receiver wanted to send us elsewhere (3xx), where we do not go.
        Redirect = "REDIRECT",
        /// The name of the host leads nowhere.
        Dns = "DNS",
        /// It leads to an address that is not called.
        RefusedAddress = "REFUSED_ADDRESS",
        /// Nobody listens, or the connection broke.
        Connect = "CONNECT",
        /// No encryption, or not by a host that can prove its name.
        Tls = "TLS",
        /// It took too long.
        Timeout = "TIMEOUT",
        /// A fault of ours.
        Internal = "INTERNAL",
    }
}

/// One attempt, for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// The attempts at one message, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct Attempts(pub Vec<Attempt>);

impl Attempts {
    /// The log with one more; of many replays the last ones are kept.
    #[must_use]
    pub fn with(mut self, attempt: Attempt) -> Self {
        self.0.push(attempt);
        let beyond = self.0.len().saturating_sub(LOGGED_MAX);
        self.0.drain(..beyond);
        self
    }
}

/// What a webhook wants to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "orm", derive(sea_orm::FromJsonQueryResult))]
#[serde(transparent)]
pub struct Wanted(pub BTreeSet<WebhookEvent>);

/// Webhooks of one organisation.
pub const WEBHOOKS_MAX: usize = 10;
/// Characters of what somebody notes about a webhook.
pub const DESCRIPTION: usize = 200;
/// How long the former secret still signs beside the new one: a day.
pub const ROTATION_SECONDS: i64 = DAY;
/// Attempts in the log of one message.
const LOGGED_MAX: usize = 32;

/// Pauses after the first, second, .. failed attempt, in seconds: eight attempts within a day.
const PAUSES: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 28_800, 28_800];

/// Seconds until the next attempt after so many failed ones, varied by a tenth either way so that a healed receiver is not
/// met by all at once; None: it is given up. `dice` is any random number.
pub fn pause_seconds(attempts: i32, dice: u32) -> Option<i64> {
    let pause = PAUSES.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let percent = 90 + i64::from(dice % 21);
    Some((pause * percent / 100).max(1))
}

/// Messages given up in a row, and the seconds since nothing came through, after which a webhook is not called any more.
const HOPELESS: (i32, i64) = (5, 3 * DAY);

/// Whether a webhook is disabled after so many messages in a row were given up, and nothing came through for so long.
pub const fn is_hopeless(given_up: i32, failing_for: i64) -> bool {
    given_up >= HOPELESS.0 && failing_for >= HOPELESS.1
}

/// A message: what happened to what, when, and where that stands. Whoever gets it asks the API for the rest, as somebody who
/// may read it; so nothing in it needs to be kept from whoever holds the address.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    /// The same on every attempt.
    pub id: &'a str,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// When.
    pub timestamp: String,
    /// To what.
    pub data: Subject<'a>,
}

/// What a message is about.
#[derive(Debug, Serialize)]
pub struct Subject<'a> {
    /// Its type in the schema.
    pub kind: &'a str,
    /// Its id there.
    pub id: String,
    /// Its handle, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<&'a str>,
    /// Where it stood when the message was written.
    pub status: &'a str,
}

/// A network: addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    base: IpAddr,
    bits: u8,
}

/// Not a network in the form `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNet;

impl FromStr for Net {
    type Err = NoNet;

    fn from_str(text: &str) -> Result<Self, NoNet> {
        let (base, bits) = text.split_once('/').ok_or(NoNet)?;
        let base: IpAddr = base.parse().map_err(|_| NoNet)?;
        let bits: u8 = bits.parse().map_err(|_| NoNet)?;
        let net = Self { base, bits };
        // Written as nets are: nothing set beyond its length, so that a slip opens nothing.
        let is_plain = bits <= width(base) && value(base) == net.masked(base);
        if is_plain { Ok(net) } else { Err(NoNet) }
    }
}

impl Net {
    const fn v4(a: u8, b: u8, c: u8, bits: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), bits }
    }

    const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Self {
        Self { base: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), bits }
    }

    /// Whether the address is one of it.
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.base.is_ipv4() && self.masked(address) == value(self.base)
    }

    fn masked(self, address: IpAddr) -> u128 {
        let beyond = u32::from(width(address).saturating_sub(self.bits));
        value(address).checked_shr(beyond).and_then(|bits| bits.checked_shl(beyond)).unwrap_or(0)
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn value(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// IPv4 addresses that are no single host of the public Internet (IANA special-purpose registry, RFC 6890 and its heirs).
const SPECIAL_V4: &[Net] = &[
    Net::v4(0, 0, 0, 8),
    Net::v4(10, 0, 0, 8),
    Net::v4(100, 64, 0, 10),
    Net::v4(127, 0, 0, 8),
    Net::v4(169, 254, 0, 16),
    Net::v4(172, 16, 0, 12),
    Net::v4(192, 0, 0, 24),
    Net::v4(192, 0, 2, 24),
    Net::v4(192, 88, 99, 24),
    Net::v4(192, 168, 0, 16),
    Net::v4(198, 18, 0, 15),
    Net::v4(198, 51, 100, 24),
    Net::v4(203, 0, 113, 24),
    // Multicast, reserved, broadcast.
    Net::v4(224, 0, 0, 3),
];

/// What of IPv6 is given out to hosts at all; mapped and translated IPv4, local and multicast addresses lie outside.
const GLOBAL_V6: Net = Net::v6(0x2000, 0, 0, 3);

/// What of that is not for hosts, or carries an IPv4 address: protocol assignments with Teredo, documentation, 6to4.
const SPECIAL_V6: &[Net] = &[
    Net::v6(0x2001, 0, 0, 23),
    Net::v6(0x2001, 0xdb8, 0, 32),
    Net::v6(0x2002, 0, 0, 16),
    Net::v6(0x3fff, 0, 0, 20),
];

/// Whether the address is that of one host on the public Internet.
pub fn is_global(address: IpAddr) -> bool {
    let is_within = |nets: &[Net]| nets.iter().any(|net| net.contains(address));
    match address {
        IpAddr::V4(_) => !is_within(SPECIAL_V4),
        IpAddr::V6(_) => GLOBAL_V6.contains(address) && !is_within(SPECIAL_V6),
    }
}

/// Ports that are called.
const PORTS: [u16; 2] = [443, 8443];
/// Bytes of an address.
const URL_MAX: usize = 2_000;

/// How far webhooks reach: the public Internet by https, and what the operator opened beyond that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach(pub Vec<Net>);

/// An address that may be called as far as it can be seen in it: what its host's name leads to is seen when it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub url: Url,
    /// Its host must lie in what the operator opened: it is not https, or at another port.
    pub is_special: bool,
}

impl Reach {
    /// Whether the operator opened the address.
    pub fn opens(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(address))
    }

    /// Whether a host at that address may be called.
    pub fn admits(&self, address: IpAddr, is_special: bool) -> bool {
        self.opens(address) || (!is_special && is_global(address))
    }

    /// An address that may be called: https, a usual port, no credentials, no fragment, and no host that is plainly not of the
    /// public Internet, in whatever notation.
    pub fn target(&self, raw: &str) -> Result<Target, Reason> {
        if raw.len() > URL_MAX {
            return Err(Reason::TooLong { max: URL_MAX });
        }
        let refused = || Reason::Malformed { expected: Form::WebhookUrl };
        let url = Url::parse(raw.trim()).map_err(|_| refused())?;
        let is_https = url.scheme() == "https";
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_special = !is_https || !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port));
        let is_reachable = match url.host().ok_or_else(refused)? {
            Host::Ipv4(address) => self.admits(address.into(), is_special),
            Host::Ipv6(address) => self.admits(address.into(), is_special),
            Host::Domain(name) => !self.0.is_empty() || (!is_special && !is_local_name(name)),
        };
        if (is_https || url.scheme() == "http") && is_plain && is_reachable {
            Ok(Target { url, is_special })
        } else {
            Err(refused())
        }
    }
}

/// A name that no public directory knows.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or(name);
    !name.contains('.') || ["localhost", "local", "internal"].contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{ChallengeStep, ProposalStep};

    #[test]
    fn organisations_hear_what_their_people_may_follow_and_nothing_else() {
        let (public, of_team) = (ChallengeStep::told(false), ProposalStep::told(true));
        for kind in K::ALL.iter().copied() {
            let (challenge, proposal) = (ChallengeStep::of(kind), ProposalStep::of(kind));
            let is_followed = challenge.is_some() || proposal.is_some();
            let is_writing = matches!(kind, K::ChallengeEdited | K::ProposalEdited);
            let heard = heard(kind);
            assert_eq!(heard.is_some(), is_followed && !is_writing, "{kind}");
            match heard {
                Some((_, Hearer::Everybody)) => assert!(public.contains(&kind), "{kind}"),
                Some((_, Hearer::Agency)) => {
                    assert!(challenge.is_some() && !public.contains(&kind), "{kind}");
                }
                Some((_, Hearer::Team)) => assert!(of_team.contains(&kind), "{kind}"),
                None => {}
            }
        }
    }

    #[test]
    fn every_message_is_sent_for_something_and_its_name_says_of_what() {
        for event in WebhookEvent::ALL.iter().copied().filter(|event| *event != WebhookEvent::Ping) {
            let hearers: Vec<_> = K::ALL.iter().filter_map(|kind| heard(*kind)).collect();
            let hearers = hearers.iter().filter(|(of, _)| *of == event).map(|(_, hearer)| *hearer);
            let is_of_proposal: Vec<_> = hearers.map(|hearer| hearer == Hearer::Team).collect();
            assert!(!is_of_proposal.is_empty(), "{event}");
            let subject = if is_of_proposal.contains(&true) { "proposal." } else { "challenge." };
            assert!(event.wire().starts_with(subject), "{event}");
            assert!(event.wire().chars().all(|c| c.is_ascii_lowercase() || "._".contains(c)), "{event}");
        }
        assert_eq!(WebhookEvent::Ping.wire(), "ping");
        assert_eq!(WebhookEvent::ProposalClarificationAsked.wire(), "proposal.clarification_asked");
    }

    #[test]
    fn eight_attempts_take_about_a_day() {
        let pauses: Vec<_> = (1..).map_while(|attempts| pause_seconds(attempts, 10)).collect();
        assert_eq!(pauses, PAUSES);
        assert!((DAY - 3_600..=DAY).contains(&pauses.iter().sum()));
        for dice in [0, 20, 21, u32::MAX] {
            assert!((4..=5).contains(&pause_seconds(1, dice).unwrap()));
            assert!((25_920..=31_680).contains(&pause_seconds(7, dice).unwrap()));
        }
        assert_eq!((pause_seconds(0, 0), pause_seconds(-1, 0), pause_seconds(8, 0)), (None, None, None));
        assert!(!is_hopeless(4, 9 * DAY) && !is_hopeless(9, 2 * DAY) && is_hopeless(5, 3 * DAY));
    }

    #[test]
    fn only_hosts_of_the_public_internet_are_global() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2001:200::1",
            "2400:cb00::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "3fff:1000::1",
        ] {
            assert!(is_global(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:101:101::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ] {
            assert!(!is_global(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn a_net_is_written_as_nets_are() {
        let net: Net = "10.1.0.0/16".parse().unwrap();
        let holds = |address: &str| net.contains(address.parse().unwrap());
        assert!(holds("10.1.255.1") && !holds("10.2.0.1") && !holds("::ffff:10.1.0.1"));
        let all: Net = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
        let one: Net = "::1/128".parse().unwrap();
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        for junk in [
            "",
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "x/8",
            "10.0.0/8",
            "::1/64",
        ] {
            assert_eq!(junk.parse::<Net>(), Err(NoNet), "{junk}");
        }
    }

    #[test]
    fn what_may_not_be_called_is_seen_in_the_address_where_it_can_be() {
        let closed = Reach::default();
        for good in [
            "https://hooks.example.vn/x?y=1",
            "https://hooks.example.vn:8443/",
            "https://1.1.1.1/",
            " https://a.vn ",
            "https://[2606:4700:4700::1111]/",
            "https://16843009/",
            "https://a.b.vn./",
        ] {
            assert_eq!(closed.target(good).map(|target| target.is_special), Ok(false), "{good}");
        }
        let bad = [
            "",
            "hooks.example.vn",
            "http://hooks.example.vn/",
            "ftp://hooks.example.vn/",
            "file:///etc/passwd",
            "https://user@hooks.example.vn/",
            "https://user:word@hooks.example.vn/",
            "https://:word@hooks.example.vn/",
            "https://hooks.example.vn/#here",
            "https://hooks.example.vn:80/",
            "https://hooks.example.vn:22/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://0/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://intranet/",
            "https://",
        ];
        for bad in bad {
            let refused = Err(Reason::Malformed { expected: Form::WebhookUrl });
            assert_eq!(closed.target(bad), refused, "{bad}");
        }
        assert_eq!(
            closed.target(&format!("https://a.vn/{}", "x".repeat(2_000))),
            Err(Reason::TooLong { max: 2_000 })
        );

        let opened = Reach(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(opened.target("http://127.0.0.1:9/").map(|target| target.is_special), Ok(true));
        assert_eq!(opened.target("https://127.0.0.1/").map(|target| target.is_special), Ok(false));
        for bad in [
            "http://1.1.1.1/",
            "https://1.1.1.1:9/",
            "http://10.0.0.1/",
            "http://u@127.0.0.1/",
            "ftp://127.0.0.1/",
        ] {
            assert!(opened.target(bad).is_err(), "{bad}");
        }
        // What a name leads to is seen later, and by the same rule.
        assert_eq!(opened.target("http://localhost:9/").map(|target| target.is_special), Ok(true));
        assert!(
            !opened.admits("1.1.1.1".parse().unwrap(), true)
                && opened.admits("1.1.1.1".parse().unwrap(), false)
        );
    }
}
