//! What happened, and who is told. Every change of state is one event; this table is the only thing that decides mail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{ChallengeId, DecisionId, OneTimeTokenId, OrganizationId, ProposalId, ReviewId, UserId};
use crate::letter::LetterKind;

closed_set! {
    /// Something that happened.
    pub enum EventKind {
        /// A person registered.
        UserRegistered = "user_registered",
        /// Somebody registered with an address that has an account.
        RegistrationRepeated = "registration_repeated",
        /// The person proved to read mail at the address.
        EmailVerified = "email_verified",
        /// A session began.
        LoggedIn = "logged_in",
        /// Somebody did not know the password of an account, or none was there.
        LogInFailed = "log_in_failed",
        /// A session was ended by its owner.
        LoggedOut = "logged_out",
        /// A person ended a session from another one.
        SessionEnded = "session_ended",
        /// A person proved once more who they are.
        Reauthenticated = "reauthenticated",
        /// A refresh token was used twice; the session was ended.
        RefreshReused = "refresh_reused",
        /// A new password was asked for, for an address that may or may not have an account.
        PasswordResetRequested = "password_reset_requested",
        /// A new password was set by a token from the mailbox.
        PasswordReset = "password_reset",
        /// A new password was set by its owner.
        PasswordChanged = "password_changed",
        /// A person wants another address.
        EmailChangeRequested = "email_change_requested",
        /// A person wants an address that has an account.
        EmailChangeRefused = "email_change_refused",
        /// The account has another address.
        EmailChanged = "email_changed",
        /// A second factor was set up.
        SecondFactorEnabled = "second_factor_enabled",
        /// The second factor was taken away.
        SecondFactorDisabled = "second_factor_disabled",
        /// New recovery codes were made; the former ones stopped working.
        RecoveryCodesRenewed = "recovery_codes_renewed",
        /// A recovery code stood in for the second factor.
        RecoveryCodeUsed = "recovery_code_used",
        /// Name or language of a person changed.
        ProfileChanged = "profile_changed",
        /// A person gave a consent, or took it back.
        ConsentRecorded = "consent_recorded",
        /// A person took a copy of their own data.
        OwnDataExported = "own_data_exported",
        /// An account was switched off.
        AccountDeactivated = "account_deactivated",
        /// An account was switched on again.
        AccountReactivated = "account_reactivated",
        /// A person was made a pseudonym.
        AccountErased = "account_erased",
        /// Somebody new came by an issuer's word; the account has no password.
        AccountFromSignOn = "account_from_sign_on",
        /// An account that was there can be signed on to at an issuer from now on.
        ExternalIdentityLinked = "external_identity_linked",
        /// An account cannot be signed on to at an issuer any more.
        ExternalIdentityUnlinked = "external_identity_unlinked",
        /// An issuer's word was not believed.
        SignOnRefused = "sign_on_refused",
        /// A person was granted a post on the platform.
        PlatformRoleGranted = "platform_role_granted",
        /// A post on the platform was taken from a person.
        PlatformRoleRevoked = "platform_role_revoked",
        /// An organisation registered.
        OrganizationCreated = "organization_created",
        /// An organisation was verified.
        OrganizationVerified = "organization_verified",
        /// An organisation was not verified.
        OrganizationRejected = "organization_rejected",
        /// Name or handle of an organisation was changed.
        OrganizationEdited = "organization_edited",
        /// An organisation says something else of itself.
        OrganizationDescribed = "organization_described",
        /// A public body was given its place among the others.
        OrganizationPlaced = "organization_placed",
        /// An organisation was suspended.
        OrganizationSuspended = "organization_suspended",
        /// A suspended organisation was let go on.
        OrganizationReinstated = "organization_reinstated",
        /// An organisation was closed.
        OrganizationClosed = "organization_closed",
        /// An address was invited into an organisation.
        MemberInvited = "member_invited",
        /// An invitation was accepted.
        MemberJoined = "member_joined",
        /// An invitation was taken back.
        InvitationRevoked = "invitation_revoked",
        /// A member was given another role.
        MemberRoleChanged = "member_role_changed",
        /// A membership ended.
        MemberRemoved = "member_removed",
        /// Another public body was asked to draft for a unit.
        UnitDelegated = "unit_delegated",
        /// That ended before its time.
        DelegationRevoked = "delegation_revoked",
        /// The working group of a unit was set up, or set up anew.
        WorkingGroupEstablished = "working_group_established",
        /// An organisation wants to be told what happens at an address of its own.
        WebhookCreated = "webhook_created",
        /// Where, of what or whether a webhook is told was changed.
        WebhookEdited = "webhook_edited",
        /// A webhook has another secret.
        WebhookSecretRotated = "webhook_secret_rotated",
        /// Somebody tried a webhook.
        WebhookPinged = "webhook_pinged",
        /// A webhook is told something once more.
        WebhookReplayed = "webhook_replayed",
        /// A webhook is not called any more, for nothing comes through.
        WebhookDisabled = "webhook_disabled",
        /// A webhook was taken away.
        WebhookDeleted = "webhook_deleted",
        /// A person was entered into the expert register.
        ExpertRegistered = "expert_registered",
        /// An entry of the expert register was changed.
        ExpertEdited = "expert_edited",
        /// An expert may not be appointed for the time being.
        ExpertSuspended = "expert_suspended",
        /// An expert may be appointed again.
        ExpertReinstated = "expert_reinstated",
        /// A challenge was drafted.
        ChallengeCreated = "challenge_created",
        /// A draft was changed.
        ChallengeEdited = "challenge_edited",
        /// A draft was handed in for approval.
        ChallengeSubmitted = "challenge_submitted",
        /// A draft was returned.
        ChallengeChangesRequested = "challenge_changes_requested",
        /// A challenge was approved.
        ChallengeApproved = "challenge_approved",
        /// An approved challenge was taken back.
        ChallengeRecalled = "challenge_recalled",
        /// The publication of a challenge was set for a later time.
        ChallengeScheduled = "challenge_scheduled",
        /// The time came, and the challenge could not be published any more.
        ChallengeScheduleLapsed = "challenge_schedule_lapsed",
        /// A challenge was published.
        ChallengePublished = "challenge_published",
        /// What is published was changed.
        ChallengeAmended = "challenge_amended",
        /// A draft was made readable by a link.
        PreviewShared = "preview_shared",
        /// That link reads nothing any more.
        PreviewRevoked = "preview_revoked",
        /// A challenge was found to be the duplicate of another one.
        DuplicateLinked = "duplicate_linked",
        /// It is none any more.
        DuplicateUnlinked = "duplicate_unlinked",
        /// Something was announced about a challenge.
        AnnouncementPublished = "announcement_published",
        /// A published challenge was halted for the time being.
        ChallengePaused = "challenge_paused",
        /// A halted challenge goes on.
        ChallengeResumed = "challenge_resumed",
        /// A challenge was given up.
        ChallengeCancelled = "challenge_cancelled",
        /// Time: the deadline of a challenge is near.
        DeadlineNear = "deadline_near",
        /// Time: an organisation has waited long for its verification.
        OrganizationWaits = "organization_waits",
        /// Time: what waited for somebody's digest is mailed.
        DigestDue = "digest_due",
        /// A person wants to be told in another way.
        NotificationPreferencesChanged = "notification_preferences_changed",
        /// Mails that were given up were queued again.
        MailResent = "mail_resent",
        /// A question about a challenge was asked.
        QuestionAsked = "question_asked",
        /// A question was answered, for everybody.
        QuestionAnswered = "question_answered",
        /// A question was not answered.
        QuestionDeclined = "question_declined",
        /// The person who decides was named.
        DecisionMakerNamed = "decision_maker_named",
        /// A council member was appointed.
        CouncilMemberAppointed = "council_member_appointed",
        /// A proposal was drafted.
        ProposalCreated = "proposal_created",
        /// The working copy was changed.
        ProposalEdited = "proposal_edited",
        /// A version was submitted.
        ProposalSubmitted = "proposal_submitted",
        /// A proposal was withdrawn before the opening.
        ProposalWithdrawn = "proposal_withdrawn",
        /// A withdrawn proposal was put back.
        ProposalRevived = "proposal_revived",
        /// A proposal was withdrawn after the opening.
        ProposalWithdrawnFromReview = "proposal_withdrawn_from_review",
        /// A file was announced.
        FileAnnounced = "file_announced",
        /// The bytes of a file arrived.
        FileReceived = "file_received",
        /// A file was looked at, and found in order or refused.
        FileChecked = "file_checked",
        /// A file was taken away.
        FileRemoved = "file_removed",
        /// The secretary asked for the opening.
        OpeningRequested = "opening_requested",
        /// The second person opened the proposals.
        ProposalsOpened = "proposals_opened",
        /// A sealed proposal was read by somebody who is not of its team.
        ProposalRead = "proposal_read",
        /// A proposal was found eligible or not.
        ProposalScreened = "proposal_screened",
        /// The secretary asked that a proposal be taken out of the running; its team is not told.
        DisqualificationRequested = "disqualification_requested",
        /// The decision maker left it in.
        DisqualificationRefused = "disqualification_refused",
        /// A proposal was taken out of the running.
        ProposalDisqualified = "proposal_disqualified",
        /// It was planned who reviews what; nobody of the council is told.
        ReviewsPlanned = "reviews_planned",
        /// A review was offered.
        ReviewOffered = "review_offered",
        /// A team was asked to make something clearer.
        ClarificationAsked = "clarification_asked",
        /// It answered.
        ClarificationAnswered = "clarification_answered",
        /// Time: it did not answer.
        ClarificationLapsed = "clarification_lapsed",
        /// A council member declared no conflict.
        NoConflictDeclared = "no_conflict_declared",
        /// A council member declared a conflict without having a review of the proposal.
        ConflictDeclared = "conflict_declared",
        /// A council member declared a conflict and lost the review.
        ReviewRecused = "review_recused",
        /// A council member said no to a review.
        ReviewDeclined = "review_declined",
        /// Somebody asked that a locked sheet be taken out of the count.
        ReviewVoidRequested = "review_void_requested",
        /// A locked sheet was taken out of the count.
        ReviewVoided = "review_voided",
        /// What counts of the locked sheets is another than at the lock.
        RoundResealed = "round_resealed",
        /// Time: a review is wanted soon.
        ReviewDue = "review_due",
        /// Time: a review was not in when it was wanted.
        ReviewExpired = "review_expired",
        /// A review was taken from its member.
        ReviewRevoked = "review_revoked",
        /// A sheet that was in was given back to its member.
        ReviewReopened = "review_reopened",
        /// A score sheet was saved.
        SheetSaved = "sheet_saved",
        /// A score sheet was handed in.
        ReviewSubmitted = "review_submitted",
        /// The round was locked.
        RoundLocked = "round_locked",
        /// The challenge was handed over for the decision.
        DecisionStarted = "decision_started",
        /// A decision that promotes from the reserve was begun.
        PromotionStarted = "promotion_started",
        /// The decision was replaced by one that promotes from the reserve.
        DecisionReplaced = "decision_replaced",
        /// The draft of the decision was changed.
        DecisionEdited = "decision_edited",
        /// The decision was put before the decision maker.
        DecisionProposed = "decision_proposed",
        /// The decision was returned to the chair.
        DecisionReturned = "decision_returned",
        /// The decision was approved.
        DecisionApproved = "decision_approved",
        /// The publication of the decision was set for a later time.
        DecisionScheduled = "decision_scheduled",
        /// The time came, and the decision could not be published any more.
        DecisionScheduleLapsed = "decision_schedule_lapsed",
        /// The decision was published.
        DecisionPublished = "decision_published",
        /// The published decision gave a proposal its outcome.
        ProposalDecided = "proposal_decided",
        /// The decision on a proposal was set aside: it has no outcome any more.
        ProposalReconsidered = "proposal_reconsidered",
        /// A team appealed against the decision.
        AppealFiled = "appeal_filed",
        /// It was ruled on an appeal, or nothing was left to rule on.
        AppealRuled = "appeal_ruled",
        /// The decision was set aside on an appeal.
        DecisionSetAside = "decision_set_aside",
        /// Time, or the last ruling: nobody can appeal against the decision any more.
        DecisionFinal = "decision_final",
    }
}

impl EventKind {
    /// It gives rights to somebody, or takes them.
    pub const fn changes_rights(self) -> bool {
        matches!(
            self,
            Self::LoggedOut
                | Self::SessionEnded
                | Self::Reauthenticated
                | Self::RefreshReused
                | Self::PasswordReset
                | Self::PasswordChanged
                | Self::SecondFactorEnabled
                | Self::ProfileChanged
                | Self::AccountDeactivated
                | Self::AccountErased
                | Self::PlatformRoleGranted
                | Self::PlatformRoleRevoked
                | Self::OrganizationCreated
                | Self::OrganizationVerified
                | Self::OrganizationRejected
                | Self::OrganizationSuspended
                | Self::OrganizationReinstated
                | Self::OrganizationClosed
                | Self::MemberJoined
                | Self::MemberRoleChanged
                | Self::MemberRemoved
                | Self::UnitDelegated
                | Self::DelegationRevoked
        )
    }
}

closed_set! {
    /// Who may be told of an event.
    pub enum Audience {
        /// The address a one-time token was made for.
        TokenAddress = "TOKEN_ADDRESS",
        /// The person whom the event is about.
        Person = "PERSON",
        /// The same, at the address that they have when it happens.
        PersonAtAddress = "PERSON_AT_ADDRESS",
        /// All programme officers.
        Officers = "OFFICERS",
        /// The publishing authority.
        Publishers = "PUBLISHERS",
        /// Those who manage the organisation.
        OrganizationManagers = "ORGANIZATION_MANAGERS",
        /// Everybody in the organisation.
        House = "HOUSE",
        /// Those who act for the unit by the delegation at hand.
        Delegates = "DELEGATES",
        /// Those who wrote the challenge.
        Authors = "AUTHORS",
        /// Everybody in the owning agency.
        AgencyStaff = "AGENCY_STAFF",
        /// The person who decides the challenge.
        DecisionMaker = "DECISION_MAKER",
        /// The whole team of the proposal.
        Team = "TEAM",
        /// The teams of every live proposal to the challenge.
        Applicants = "APPLICANTS",
        /// The teams of every proposal to the challenge that is a draft yet.
        Drafters = "DRAFTERS",
        /// The teams of every proposal to the challenge that was not withdrawn, handed in or not.
        Bidders = "BIDDERS",
        /// Those who follow the challenge; at its publication those who follow its agency or its sector.
        Followers = "FOLLOWERS",
        /// The council's secretary.
        Secretary = "SECRETARY",
        /// The council's chair.
        Chair = "CHAIR",
        /// Chair, vice chair and programme officers: those who may open proposals as the second person.
        SecondPersons = "SECOND_PERSONS",
        /// Everybody on the council.
        Council = "COUNCIL",
    }
}

use Audience as A;
use EventKind as K;
use LetterKind as L;

/// Who hears of what. An event in no row is told to nobody, but stands in the audit log like every other.
pub const HEARS: &[(EventKind, &[(Audience, LetterKind)])] = &[
    (K::UserRegistered, &[(A::TokenAddress, L::EmailVerification)]),
    (K::RegistrationRepeated, &[(A::Person, L::AccountExists)]),
    (K::EmailVerified, &[]),
    (K::LoggedIn, &[]),
    (K::LogInFailed, &[]),
    (K::LoggedOut, &[]),
    (K::SessionEnded, &[]),
    (K::Reauthenticated, &[]),
    (K::RefreshReused, &[(A::Person, L::SessionCompromised)]),
    (K::PasswordResetRequested, &[(A::TokenAddress, L::PasswordReset)]),
    (K::PasswordReset, &[(A::Person, L::PasswordChanged)]),
    (K::PasswordChanged, &[(A::Person, L::PasswordChanged)]),
    (
        K::EmailChangeRequested,
        &[(A::TokenAddress, L::EmailChange), (A::PersonAtAddress, L::EmailChangeRequested)],
    ),
    (K::EmailChangeRefused, &[(A::Person, L::AccountExists)]),
    (K::EmailChanged, &[]),
    (K::SecondFactorEnabled, &[(A::Person, L::SecondFactorEnabled)]),
    (K::SecondFactorDisabled, &[(A::Person, L::SecondFactorDisabled)]),
    (K::RecoveryCodesRenewed, &[]),
    (K::RecoveryCodeUsed, &[(A::Person, L::RecoveryCodeUsed)]),
    (K::ProfileChanged, &[]),
    (K::ConsentRecorded, &[]),
    (K::OwnDataExported, &[]),
    (K::AccountDeactivated, &[(A::Person, L::AccountDeactivated)]),
    (K::AccountReactivated, &[(A::Person, L::AccountReactivated)]),
    (K::AccountErased, &[]),
    (K::AccountFromSignOn, &[]),
    (K::ExternalIdentityLinked, &[(A::Person, L::SignOnLinked)]),
    (K::ExternalIdentityUnlinked, &[]),
    (K::SignOnRefused, &[]),
    (K::PlatformRoleGranted, &[]),
    (K::PlatformRoleRevoked, &[]),
    (K::OrganizationCreated, &[(A::Officers, L::OrganizationPending)]),
    (K::OrganizationVerified, &[(A::OrganizationManagers, L::OrganizationVerified)]),
    (K::OrganizationRejected, &[(A::OrganizationManagers, L::OrganizationRejected)]),
    (K::OrganizationEdited, &[]),
    (K::OrganizationDescribed, &[]),
    (K::OrganizationPlaced, &[]),
    (K::OrganizationSuspended, &[(A::OrganizationManagers, L::OrganizationSuspended)]),
    (K::OrganizationReinstated, &[(A::OrganizationManagers, L::OrganizationReinstated)]),
    (K::OrganizationClosed, &[(A::OrganizationManagers, L::OrganizationClosed)]),
    (K::MemberInvited, &[(A::TokenAddress, L::MemberInvited)]),
    (K::MemberJoined, &[(A::OrganizationManagers, L::MemberJoined)]),
    (K::InvitationRevoked, &[]),
    (K::MemberRoleChanged, &[(A::Person, L::MemberRoleChanged)]),
    (K::MemberRemoved, &[]),
    (K::UnitDelegated, &[(A::OrganizationManagers, L::UnitDelegated), (A::Delegates, L::UnitDelegated)]),
    (
        K::DelegationRevoked,
        &[(A::OrganizationManagers, L::DelegationRevoked), (A::Delegates, L::DelegationRevoked)],
    ),
    (K::WorkingGroupEstablished, &[]),
    (K::WebhookCreated, &[]),
    (K::WebhookEdited, &[]),
    (K::WebhookSecretRotated, &[]),
    (K::WebhookPinged, &[]),
    (K::WebhookReplayed, &[]),
    (K::WebhookDisabled, &[]),
    (K::WebhookDeleted, &[]),
    (K::ExpertRegistered, &[(A::Person, L::ExpertRegistered)]),
    (K::ExpertEdited, &[]),
    (K::ExpertSuspended, &[(A::Person, L::ExpertSuspended)]),
    (K::ExpertReinstated, &[(A::Person, L::ExpertReinstated)]),
    (K::ChallengeCreated, &[]),
    (K::ChallengeEdited, &[]),
    (K::ChallengeSubmitted, &[(A::Officers, L::ChallengeSubmitted)]),
    (K::ChallengeChangesRequested, &[(A::Authors, L::ChallengeChangesRequested)]),
    (K::ChallengeApproved, &[(A::Authors, L::ChallengeApproved), (A::Publishers, L::ChallengeApproved)]),
    (K::ChallengeRecalled, &[(A::Officers, L::ChallengeRecalled)]),
    (K::ChallengeScheduled, &[]),
    (K::ChallengeScheduleLapsed, &[(A::Publishers, L::ChallengeApproved)]),
    (
        K::ChallengePublished,
        &[(A::AgencyStaff, L::ChallengePublished), (A::Followers, L::ChallengePublished)],
    ),
    (
        K::ChallengeAmended,
        &[
            (A::AgencyStaff, L::ChallengeAmended),
            (A::Bidders, L::ChallengeAmended),
            (A::Followers, L::ChallengeAmended),
        ],
    ),
    (K::PreviewShared, &[]),
    (K::PreviewRevoked, &[]),
    (K::DuplicateLinked, &[]),
    (K::DuplicateUnlinked, &[]),
    (
        K::AnnouncementPublished,
        &[(A::AgencyStaff, L::Announcement), (A::Bidders, L::Announcement), (A::Followers, L::Announcement)],
    ),
    (
        K::ChallengePaused,
        &[
            (A::AgencyStaff, L::ChallengePaused),
            (A::Bidders, L::ChallengePaused),
            (A::Followers, L::ChallengePaused),
        ],
    ),
    (
        K::ChallengeResumed,
        &[
            (A::AgencyStaff, L::ChallengeResumed),
            (A::Bidders, L::ChallengeResumed),
            (A::Followers, L::ChallengeResumed),
        ],
    ),
    (
        K::ChallengeCancelled,
        &[
            (A::AgencyStaff, L::ChallengeCancelled),
            (A::Bidders, L::ChallengeCancelled),
            (A::Followers, L::ChallengeCancelled),
            (A::Council, L::ChallengeCancelled),
            (A::DecisionMaker, L::ChallengeCancelled),
        ],
    ),
    (K::DeadlineNear, &[(A::Drafters, L::DeadlineNear)]),
    (K::OrganizationWaits, &[(A::Officers, L::OrganizationWaits)]),
    (K::DigestDue, &[(A::Person, L::Digest)]),
    (K::NotificationPreferencesChanged, &[]),
    (K::MailResent, &[]),
    (K::QuestionAsked, &[(A::AgencyStaff, L::QuestionAsked), (A::Officers, L::QuestionAsked)]),
    (
        K::QuestionAnswered,
        &[
            (A::House, L::QuestionAnswered),
            (A::Bidders, L::QuestionAnswered),
            (A::Followers, L::QuestionAnswered),
        ],
    ),
    (K::QuestionDeclined, &[(A::House, L::QuestionDeclined)]),
    (K::DecisionMakerNamed, &[(A::DecisionMaker, L::DecisionMakerNamed)]),
    (K::CouncilMemberAppointed, &[(A::Person, L::CouncilMemberAppointed)]),
    (K::ProposalCreated, &[]),
    (K::ProposalEdited, &[]),
    (K::ProposalSubmitted, &[(A::Team, L::ProposalSubmitted)]),
    (K::ProposalWithdrawn, &[(A::Team, L::ProposalWithdrawn)]),
    (K::ProposalRevived, &[(A::Team, L::ProposalRevived)]),
    (
        K::ProposalWithdrawnFromReview,
        &[(A::Team, L::ProposalWithdrawn), (A::Secretary, L::ProposalWithdrawnFromReview)],
    ),
    (K::FileAnnounced, &[]),
    (K::FileReceived, &[]),
    (K::FileChecked, &[]),
    (K::FileRemoved, &[]),
    (K::OpeningRequested, &[(A::SecondPersons, L::OpeningRequested)]),
    (
        K::ProposalsOpened,
        &[
            (A::AgencyStaff, L::ProposalsOpened),
            (A::Council, L::ProposalsOpened),
            (A::Applicants, L::ProposalsOpened),
        ],
    ),
    (K::ProposalRead, &[]),
    (K::ClarificationAsked, &[(A::Team, L::ClarificationAsked)]),
    (K::ClarificationAnswered, &[(A::Secretary, L::ClarificationAnswered)]),
    (K::ClarificationLapsed, &[(A::Team, L::ClarificationLapsed), (A::Secretary, L::ClarificationLapsed)]),
    (K::ProposalScreened, &[(A::Team, L::ProposalScreened)]),
    (K::DisqualificationRequested, &[(A::DecisionMaker, L::DisqualificationRequested)]),
    (K::DisqualificationRefused, &[(A::Secretary, L::DisqualificationRuled)]),
    (
        K::ProposalDisqualified,
        &[(A::Team, L::ProposalDisqualified), (A::Secretary, L::DisqualificationRuled)],
    ),
    (K::ReviewsPlanned, &[]),
    (K::ReviewOffered, &[(A::Person, L::ReviewOffered)]),
    (K::NoConflictDeclared, &[]),
    (K::ConflictDeclared, &[]),
    (K::ReviewRecused, &[(A::Secretary, L::ReviewRecused)]),
    (K::ReviewDeclined, &[(A::Secretary, L::ReviewDeclined)]),
    (K::ReviewVoidRequested, &[(A::DecisionMaker, L::ReviewVoidRequested)]),
    (K::ReviewVoided, &[(A::Person, L::ReviewVoided)]),
    (K::RoundResealed, &[]),
    (K::ReviewDue, &[(A::Person, L::ReviewDue)]),
    (K::ReviewExpired, &[(A::Person, L::ReviewExpired), (A::Secretary, L::ReviewMissed)]),
    (K::ReviewRevoked, &[(A::Person, L::ReviewRevoked)]),
    (K::ReviewReopened, &[(A::Person, L::ReviewReopened)]),
    (K::SheetSaved, &[]),
    (K::ReviewSubmitted, &[(A::Secretary, L::ReviewSubmitted)]),
    (K::RoundLocked, &[(A::Council, L::RoundLocked)]),
    (K::DecisionStarted, &[(A::DecisionMaker, L::DecisionStarted)]),
    (K::PromotionStarted, &[]),
    (K::DecisionReplaced, &[]),
    (K::DecisionEdited, &[]),
    (K::DecisionProposed, &[(A::DecisionMaker, L::DecisionProposed)]),
    (K::DecisionReturned, &[(A::Chair, L::DecisionReturned)]),
    (K::DecisionApproved, &[(A::Publishers, L::DecisionApproved)]),
    (K::DecisionScheduled, &[]),
    (
        K::DecisionScheduleLapsed,
        &[(A::DecisionMaker, L::DecisionScheduleLapsed), (A::Publishers, L::DecisionScheduleLapsed)],
    ),
    (
        K::DecisionPublished,
        &[
            (A::AgencyStaff, L::DecisionPublished),
            (A::Council, L::DecisionPublished),
            (A::Followers, L::DecisionPublished),
        ],
    ),
    (K::ProposalDecided, &[(A::Team, L::DecisionPublishedToApplicant)]),
    (K::ProposalReconsidered, &[]),
    (
        K::AppealFiled,
        &[
            (A::Team, L::AppealFiled),
            (A::DecisionMaker, L::AppealReceived),
            (A::Publishers, L::AppealReceived),
        ],
    ),
    (K::AppealRuled, &[(A::Team, L::AppealRuled)]),
    (
        K::DecisionSetAside,
        &[
            (A::AgencyStaff, L::DecisionSetAside),
            (A::Council, L::DecisionSetAside),
            (A::DecisionMaker, L::DecisionSetAside),
            (A::Applicants, L::DecisionSetAside),
            (A::Followers, L::DecisionSetAside),
        ],
    ),
    (K::DecisionFinal, &[(A::AgencyStaff, L::DecisionFinal), (A::Applicants, L::DecisionFinal)]),
];

/// Who hears of the event, and by which letter.
pub fn hears(kind: EventKind) -> &'static [(Audience, LetterKind)] {
    HEARS.iter().find(|(entry, _)| *entry == kind).map_or(&[], |(_, audiences)| audiences)
}

/// The table in print: an event a line, then who hears of it by which letter.
pub fn print() -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (kind, audiences) in HEARS {
        let told: Vec<_> =
            audiences.iter().map(|(audience, letter)| format!("{audience} ({letter})")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:<32} {}",
            kind.name(),
            if told.is_empty() { "-".to_owned() } else { told.join(", ") }
        );
    }
    out
}

/// An event: what happened and to which things, by ids and small facts; never content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The person it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<UserId>,
    /// The organisation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organization: Option<OrganizationId>,
    /// The challenge.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub challenge: Option<ChallengeId>,
    /// The proposal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proposal: Option<ProposalId>,
    /// The review.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review: Option<ReviewId>,
    /// The decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<DecisionId>,
    /// The one-time token that the mail carries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<OneTimeTokenId>,
    /// Small facts: states before and after, versions, digests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub facts: BTreeMap<String, String>,
}

impl Event {
    /// An event of that kind, about nothing yet.
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            user: None,
            organization: None,
            challenge: None,
            proposal: None,
            review: None,
            decision: None,
            token: None,
            facts: BTreeMap::new(),
        }
    }

    /// About that person.
    #[must_use]
    pub fn user(self, id: UserId) -> Self {
        Self { user: Some(id), ..self }
    }

    /// About that organisation.
    #[must_use]
    pub fn organization(self, id: OrganizationId) -> Self {
        Self { organization: Some(id), ..self }
    }

    /// About that challenge.
    #[must_use]
    pub fn challenge(self, id: ChallengeId) -> Self {
        Self { challenge: Some(id), ..self }
    }

    /// About that proposal.
    #[must_use]
    pub fn proposal(self, id: ProposalId) -> Self {
        Self { proposal: Some(id), ..self }
    }

    /// About that review.
    #[must_use]
    pub fn review(self, id: ReviewId) -> Self {
        Self { review: Some(id), ..self }
    }

    /// About that decision.
    #[must_use]
    pub fn decision(self, id: DecisionId) -> Self {
        Self { decision: Some(id), ..self }
    }

    /// With the token that its mail carries.
    #[must_use]
    pub fn token(self, id: OneTimeTokenId) -> Self {
        Self { token: Some(id), ..self }
    }

    /// With a small fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// The thing it is chiefly about: kind and id.
    pub fn object(&self) -> (&'static str, String) {
        None.or(self.review.map(|id| ("review", id.to_string())))
            .or(self.decision.map(|id| ("decision", id.to_string())))
            .or(self.proposal.map(|id| ("proposal", id.to_string())))
            .or(self.challenge.map(|id| ("challenge", id.to_string())))
            .or(self.organization.map(|id| ("organization", id.to_string())))
            .or(self.user.map(|id| ("user", id.to_string())))
            .unwrap_or(("platform", String::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_one_row_and_every_letter_a_reader() {
        for kind in EventKind::ALL {
            assert_eq!(HEARS.iter().filter(|(entry, _)| entry == kind).count(), 1, "{kind}");
        }
        for letter in LetterKind::ALL {
            assert!(
                HEARS.iter().flat_map(|(_, told)| *told).any(|(_, sent)| sent == letter),
                "{letter} is never sent"
            );
        }
    }
}
