//! A letter of each kind, with facts as they occur: for looking at the templates, and for their tests.

use domain::letter::{Letter, LetterKind, LetterOutcome};
use domain::time::{Day, Timestamp};

/// Where each of them leads.
pub const LINK: &str = "https://baitoanlon.example/di-toi?loai=ho-so&ma=8f2c";
/// 17:00 on 30 November 2026 in Vietnam.
const TIME: Timestamp = Timestamp::from_micros(1_796_032_800_000_000);
const YEAR: i64 = 365 * 86_400;

/// The letter of that kind.
pub fn letter(kind: LetterKind) -> Letter {
    letter_with(kind, str::to_owned)
}

/// The letter with `typed` applied to everything that a person typed.
pub fn letter_with(kind: LetterKind, typed: impl Fn(&str) -> String) -> Letter {
    let link = LINK.to_owned();
    let time = TIME;
    let challenge = typed("Giảm ngập do triều cường ở khu vực đường Trần Xuân Soạn");
    let agency = typed("Sở Xây dựng Thành phố Hồ Chí Minh");
    let organization = typed("Công ty TNHH Nước & Đô thị");
    let proposal = typed("Mạng cảm biến mực nước giá rẻ");
    let member = typed("TS. Phạm Quốc Bảo");
    let role = typed("Ủy viên phản biện");
    let reason = typed("Thiếu số liệu nền về thời gian ngập.\nĐề nghị nêu rõ nguồn và ngày đo.");
    let token = "pX3mQ9vB7LrK2sTzW8nYdA".to_owned();
    let decision_number = typed("1024/QĐ-UBND");
    match kind {
        LetterKind::EmailVerification => Letter::EmailVerification { token, expires_at: time, link },
        LetterKind::AccountExists => Letter::AccountExists { link },
        LetterKind::PasswordReset => Letter::PasswordReset { token, expires_at: time, link },
        LetterKind::PasswordChanged => Letter::PasswordChanged { link },
        LetterKind::EmailChange => Letter::EmailChange { token, expires_at: time, link },
        LetterKind::EmailChangeRequested => Letter::EmailChangeRequested { link },
        LetterKind::SessionCompromised => Letter::SessionCompromised { link },
        LetterKind::SecondFactorEnabled => Letter::SecondFactorEnabled { link },
        LetterKind::SecondFactorDisabled => Letter::SecondFactorDisabled { link },
        LetterKind::RecoveryCodeUsed => Letter::RecoveryCodeUsed { link },
        LetterKind::AccountDeactivated => Letter::AccountDeactivated { reason, link },
        LetterKind::AccountReactivated => Letter::AccountReactivated { link },
        LetterKind::SignOnLinked => {
            Letter::SignOnLinked { provider: typed("Đăng nhập một lần của Thành phố"), link }
        }
        LetterKind::OrganizationPending => Letter::OrganizationPending { organization, link },
        LetterKind::OrganizationVerified => Letter::OrganizationVerified { organization, link },
        LetterKind::OrganizationRejected => Letter::OrganizationRejected { organization, reason, link },
        LetterKind::MemberInvited => {
            Letter::MemberInvited { organization, role, token, expires_at: time, link }
        }
        LetterKind::MemberJoined => Letter::MemberJoined { organization, member, link },
        LetterKind::OrganizationSuspended => Letter::OrganizationSuspended { organization, reason, link },
        LetterKind::OrganizationReinstated => Letter::OrganizationReinstated { organization, reason, link },
        LetterKind::OrganizationClosed => {
            Letter::OrganizationClosed { organization, successor: agency, reason, link }
        }
        LetterKind::MemberRoleChanged => Letter::MemberRoleChanged { organization, role, link },
        LetterKind::UnitDelegated => Letter::UnitDelegated {
            organization,
            delegate: agency,
            from: Day::at(TIME.plus_seconds(86_400)),
            until: Day::at(TIME.plus_seconds(YEAR)),
            link,
        },
        LetterKind::DelegationRevoked => {
            Letter::DelegationRevoked { organization, delegate: agency, reason, link }
        }
        LetterKind::ExpertRegistered => Letter::ExpertRegistered { link },
        LetterKind::ExpertSuspended => Letter::ExpertSuspended { reason, link },
        LetterKind::ExpertReinstated => Letter::ExpertReinstated { reason, link },
        LetterKind::ChallengeSubmitted => Letter::ChallengeSubmitted { challenge, agency, link },
        LetterKind::ChallengeChangesRequested => {
            Letter::ChallengeChangesRequested { challenge, reason, link }
        }
        LetterKind::ChallengeApproved => Letter::ChallengeApproved { challenge, link },
        LetterKind::ChallengeRecalled => Letter::ChallengeRecalled { challenge, agency, link },
        LetterKind::ChallengePublished => {
            Letter::ChallengePublished { challenge, agency, closes_at: time, link }
        }
        LetterKind::ChallengeAmended => {
            Letter::ChallengeAmended { challenge, note: reason, closes_at: time, link }
        }
        LetterKind::Announcement => Letter::Announcement { challenge, text: reason, link },
        LetterKind::ChallengePaused => Letter::ChallengePaused { challenge, reason, link },
        LetterKind::ChallengeResumed => Letter::ChallengeResumed { challenge, closes_at: time, link },
        LetterKind::ChallengeCancelled => Letter::ChallengeCancelled { challenge, reason, link },
        LetterKind::DeadlineNear => Letter::DeadlineNear { challenge, closes_at: time, link },
        LetterKind::OrganizationWaits => Letter::OrganizationWaits { organization, link },
        LetterKind::QuestionAsked => Letter::QuestionAsked { challenge, link },
        LetterKind::QuestionAnswered => Letter::QuestionAnswered { challenge, link },
        LetterKind::QuestionDeclined => Letter::QuestionDeclined { challenge, reason, link },
        LetterKind::DecisionMakerNamed => Letter::DecisionMakerNamed { challenge, link },
        LetterKind::CouncilMemberAppointed => Letter::CouncilMemberAppointed { challenge, role, link },
        LetterKind::ProposalSubmitted => Letter::ProposalSubmitted {
            challenge,
            version: 2,
            submitted_at: time,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            link,
        },
        LetterKind::ProposalRevived => Letter::ProposalRevived { challenge, closes_at: time, link },
        LetterKind::ProposalWithdrawn => Letter::ProposalWithdrawn { challenge, link },
        LetterKind::ProposalWithdrawnFromReview => Letter::ProposalWithdrawnFromReview { challenge, link },
        LetterKind::OpeningRequested => Letter::OpeningRequested { challenge, requested_by: member, link },
        LetterKind::ProposalsOpened => Letter::ProposalsOpened { challenge, opened_at: time, link },
        LetterKind::ProposalScreened => {
            Letter::ProposalScreened { challenge, proposal, eligible: false, reason, link }
        }
        LetterKind::ClarificationAsked => Letter::ClarificationAsked { challenge, due_at: time, link },
        LetterKind::ClarificationAnswered => Letter::ClarificationAnswered { challenge, link },
        LetterKind::DecisionScheduleLapsed => Letter::DecisionScheduleLapsed { challenge, link },
        LetterKind::AppealFiled => Letter::AppealFiled { challenge, link },
        LetterKind::AppealReceived => Letter::AppealReceived { challenge, link },
        LetterKind::AppealRuled => Letter::AppealRuled { challenge, link },
        LetterKind::DecisionSetAside => Letter::DecisionSetAside { challenge, decision_number, link },
        LetterKind::DecisionFinal => Letter::DecisionFinal { challenge, decision_number, link },
        LetterKind::ClarificationLapsed => Letter::ClarificationLapsed { challenge, due_at: time, link },
        LetterKind::ReviewOffered => Letter::ReviewOffered { challenge, link },
        LetterKind::ReviewRecused => Letter::ReviewRecused { challenge, member, link },
        LetterKind::DisqualificationRequested => Letter::DisqualificationRequested { challenge, link },
        LetterKind::DisqualificationRuled => Letter::DisqualificationRuled { challenge, link },
        LetterKind::ProposalDisqualified => {
            let ground = "hồ sơ có nội dung không đúng sự thật".to_owned();
            Letter::ProposalDisqualified { challenge, proposal, ground, reason, link }
        }
        LetterKind::ReviewVoidRequested => Letter::ReviewVoidRequested { challenge, reason, link },
        LetterKind::ReviewVoided => Letter::ReviewVoided { challenge, reason, link },
        LetterKind::ReviewDue => Letter::ReviewDue { challenge, due_at: time, link },
        LetterKind::ReviewExpired => Letter::ReviewExpired { challenge, due_at: time, link },
        LetterKind::ReviewMissed => Letter::ReviewMissed { challenge, member, link },
        LetterKind::ReviewDeclined => Letter::ReviewDeclined { challenge, member, reason, link },
        LetterKind::ReviewRevoked => Letter::ReviewRevoked { challenge, reason, link },
        LetterKind::ReviewReopened => Letter::ReviewReopened { challenge, reason, link },
        LetterKind::ReviewSubmitted => Letter::ReviewSubmitted { challenge, member, link },
        LetterKind::RoundLocked => Letter::RoundLocked { challenge, link },
        LetterKind::DecisionStarted => Letter::DecisionStarted { challenge, link },
        LetterKind::DecisionProposed => Letter::DecisionProposed { challenge, link },
        LetterKind::DecisionReturned => Letter::DecisionReturned { challenge, reason, link },
        LetterKind::DecisionApproved => Letter::DecisionApproved { challenge, link },
        LetterKind::DecisionPublishedToApplicant => Letter::DecisionPublishedToApplicant {
            challenge,
            proposal,
            outcome: LetterOutcome::NotSelected,
            feedback: typed("Ý tưởng tốt.\n\nCần làm rõ chi phí vận hành sau năm đầu."),
            decision_number,
            link,
        },
        LetterKind::DecisionPublished => Letter::DecisionPublished { challenge, decision_number, link },
        LetterKind::Digest => Letter::Digest {
            items: vec![
                Letter::ChallengePublished {
                    challenge: challenge.clone(),
                    agency,
                    closes_at: time,
                    link: LINK.to_owned(),
                },
                Letter::Announcement { challenge, text: reason, link: LINK.to_owned() },
            ],
            link,
        },
    }
}
