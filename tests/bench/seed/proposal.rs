//! Proposals, their sheets, and what was decided.

use std::collections::BTreeMap;

use anyhow::Context as _;
use domain::audit;
use domain::challenge::{OfficialRecord, Rubric};
use domain::decision::{DecisionStatus, Outcome};
use domain::event::{Event, EventKind};
use domain::id::{OrganizationId, ProposalId, UserId};
use domain::letter::LetterKind;
use domain::locale::Locale;
use domain::message::MessageStatus;
use domain::money::{Currency, Money};
use domain::proposal::{Content, ProposalStatus};
use domain::review::{Interest, ReviewStatus};
use domain::score::{self, Mark, Score, Sheet};
use domain::time::{Day, Timestamp};
use entity::{
    audit_entry, conflict_declaration, decision, decision_outcome, event, message, proposal, proposal_draft,
    proposal_version, review,
};

use super::Phase as P;
use super::{Call, DAY, PLACES, Seed};
use crate::load::Rows;

const REASONS: &[&str] = &[
    "Giải pháp bám sát bài toán, số liệu nền rõ ràng.",
    "Kế hoạch khả thi nhưng thiếu phương án dự phòng.",
    "Đội ngũ có kinh nghiệm triển khai thực tế.",
    "Chưa nêu cách bảo vệ dữ liệu cá nhân.",
    "Chi phí vận hành sau thí điểm còn cao.",
    "Cách đo hiệu quả thuyết phục, có nhóm đối chứng.",
];

impl Seed {
    /// A proposal, with its versions and the receipts that were mailed.
    pub(super) fn proposal(
        &mut self,
        rows: &mut Rows,
        call: &Call,
        organization_id: OrganizationId,
        team: [UserId; 2],
        ranked: bool,
    ) -> anyhow::Result<proposal::Model> {
        let [owner, _] = team;
        let chance = self.dice.below(100);
        let status = match (call.phase, chance) {
            (P::Open, 0..35) => ProposalStatus::Draft,
            (_, 35..37) if !ranked => ProposalStatus::Withdrawn,
            (P::Evaluation, _) => ProposalStatus::UnderReview,
            (P::Decision, _) => ProposalStatus::Evaluated,
            (P::Awarded, 90..) => ProposalStatus::Selected,
            (P::Awarded, 80..90) => ProposalStatus::Reserve,
            (P::Awarded | P::Unawarded, _) => ProposalStatus::NotSelected,
            _ => ProposalStatus::Submitted,
        };
        let submitted = status != ProposalStatus::Draft;
        let ago = self.dice.between(1, 15 * DAY);
        let created_at = self.now.min(call.closes_at).plus_seconds(-2 * ago);
        let submitted_at = created_at.plus_seconds(ago / 2);
        let like = self.dice.pick(&self.demo.proposals)?;
        let content = Content {
            title: format!("{} – {}", like.title, self.dice.pick(PLACES)?),
            language: Locale::Vi,
            summary: like.summary.clone(),
            sections: like.sections.clone(),
            budget: Some(Money { minor: self.dice.between(100, 2_000) * 1_000_000, currency: Currency::Vnd }),
            ..Content::default()
        };
        let row = proposal::Model {
            id: self.dice.id(),
            challenge_id: call.id,
            organization_id,
            status,
            current_version: i32::from(submitted),
            status_reason: None,
            feedback: matches!(call.phase, P::Awarded | P::Unawarded)
                .then(|| "Cảm ơn đội đã tham gia.".to_owned()),
            disqualification_ground: None,
            disqualification_reason: None,
            disqualification_requested_by: None,
            disqualification_requested_at: None,
            disqualification_refusal: None,
            submitted_at: submitted.then_some(submitted_at),
            created_by: owner,
            created_at,
            updated_at: submitted_at,
            version: 1 + i32::from(submitted),
        };
        rows.proposal_draft.push(proposal_draft::Model { proposal_id: row.id, content: content.canonical() });
        if submitted {
            let sha256 = content.sha256();
            let told = Event::new(EventKind::ProposalSubmitted)
                .proposal(row.id)
                .challenge(call.id)
                .fact("number", 1)
                .fact("sha256", &sha256);
            rows.proposal_version.push(proposal_version::Model {
                id: self.dice.id(),
                proposal_id: row.id,
                number: 1,
                content: content.canonical(),
                sha256,
                submitted_at,
                submitted_by: owner,
            });
            self.happened(rows, &told, owner, submitted_at)?;
            for user in team {
                rows.message.push(self.sent(LetterKind::ProposalSubmitted, user, submitted_at));
            }
        }
        rows.proposal.push(row.clone());
        Ok(row)
    }

    /// A link of the audit chain, and the event.
    fn happened(
        &mut self,
        rows: &mut Rows,
        what: &Event,
        actor: UserId,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        self.seq += 1;
        let payload = serde_json::to_string(what)?;
        let (object_kind, object_id) = what.object();
        let request: uuid::Uuid = self.dice.id();
        let entry = audit::Entry {
            seq: self.seq,
            at,
            actor: Some(actor),
            action: what.kind.name().to_owned(),
            object_kind: object_kind.to_owned(),
            object_id,
            detail: payload.clone(),
            request_id: request.to_string(),
            address: Some("127.0.0.1".to_owned()),
        };
        self.hash = audit::hash(&self.hash, &entry);
        let audit::Entry { seq, at, actor, action, object_kind, object_id, detail, request_id, address } =
            entry;
        let hash = self.hash.clone();
        rows.audit_entry.push(audit_entry::Model {
            seq,
            at,
            actor,
            action,
            object_kind,
            object_id,
            detail,
            request_id,
            address,
            hash,
        });
        rows.event.push(event::Model {
            seq,
            kind: what.kind,
            at,
            payload,
            challenge_id: what.challenge,
            proposal_id: what.proposal,
        });
        Ok(())
    }

    fn sent(&mut self, kind: LetterKind, user: UserId, at: Timestamp) -> message::Model {
        message::Model {
            id: self.dice.id(),
            event_seq: self.seq,
            kind,
            user_id: Some(user),
            email: None,
            status: MessageStatus::Sent,
            attempt: 1,
            due_at: at,
            lease_until: None,
            fence: 1,
            last_error: None,
            address_hash: None,
            created_at: at,
            sent_at: Some(at),
            read_at: None,
            topic: None,
            delivery: None,
            digest_id: None,
            inbox_seq: None,
        }
    }

    /// The sheets of a proposal.
    pub(super) fn sheets(
        &mut self,
        rows: &mut Rows,
        call: &Call,
        proposal_id: ProposalId,
    ) -> anyhow::Result<Vec<Sheet>> {
        let quality = self.dice.between(10, 19);
        let offered_at = call.closes_at.plus_seconds(2 * DAY);
        // Who reads the ranking has declared as well.
        for seat in call.council.first().into_iter().chain(call.scorers()) {
            rows.conflict_declaration.push(conflict_declaration::Model {
                proposal_id,
                user_id: seat.user_id,
                interest: Interest::None,
                reason: None,
                declared_at: offered_at,
            });
        }
        let mut sheets = Vec::new();
        for (nth, seat) in call.scorers().enumerate() {
            let status = match (call.phase, nth) {
                (P::Evaluation, 0 | 1) => ReviewStatus::InProgress,
                (P::Evaluation, 2) => ReviewStatus::Accepted,
                (P::Evaluation, _) => ReviewStatus::Submitted,
                _ => ReviewStatus::Locked,
            };
            let mut sheet = Sheet::default();
            for criterion in &call.criteria {
                let halves = (quality + self.dice.between(-2, 3)).clamp(0, 20);
                let score = Score::parse(&format!("{}.{}", halves / 2, halves % 2 * 5), 10)
                    .map_err(|reason| anyhow::anyhow!("{reason:?}"))?;
                let reason = if criterion.reason_required {
                    Some((*self.dice.pick(REASONS)?).to_owned())
                } else {
                    None
                };
                sheet.0.insert(criterion.id, Mark { score, reason });
            }
            sheets.push(sheet.clone());
            let done_at = offered_at.plus_seconds(5 * DAY);
            rows.review.push(review::Model {
                id: self.dice.id(),
                challenge_id: call.id,
                proposal_id,
                member_id: seat.id,
                user_id: seat.user_id,
                status,
                status_reason: None,
                sheet: if status == ReviewStatus::Accepted { Sheet::default() } else { sheet },
                comment: None,
                void_requested_by: None,
                void_requested_at: None,
                void_reason: None,
                due_at: None,
                offered_at,
                submitted_at: matches!(status, ReviewStatus::Submitted | ReviewStatus::Locked)
                    .then_some(done_at),
                locked_at: (status == ReviewStatus::Locked).then(|| done_at.plus_seconds(DAY)),
                updated_at: done_at,
                version: 2,
            });
        }
        Ok(sheets)
    }

    /// A published decision, which departs from the ranking.
    pub(super) fn decision(
        &mut self,
        rows: &mut Rows,
        call: &Call,
        judged: &[(ProposalId, ProposalStatus, Vec<Sheet>)],
        (chair, maker): (UserId, UserId),
    ) -> anyhow::Result<()> {
        let at = call.closes_at.plus_seconds(50 * DAY);
        let id = self.dice.id();
        rows.decision.push(decision::Model {
            id,
            challenge_id: call.id,
            status: DecisionStatus::Final,
            departure_reason: Some("Ngân sách chỉ đủ cho một giải pháp.".to_owned()),
            return_reason: None,
            record: Some(OfficialRecord {
                number: "1/QĐ-UBND".to_owned(),
                day: Day::parse("2026-10-01").context("a day")?,
                signer: "Trần Văn Bình".to_owned(),
                document_url: "https://bench.example/decision.pdf".to_owned(),
            }),
            drafted_by: chair,
            approved_by: Some(maker),
            approved_at: Some(at),
            publish_at: None,
            scheduled_by: None,
            published_at: Some(at),
            standstill_until: Some(at),
            replaces_id: None,
            is_promotion: false,
            created_at: at,
            updated_at: at,
            version: 4,
        });
        let outcomes: BTreeMap<_, _> =
            judged.iter().map(|(proposal, status, _)| (*proposal, outcome(*status))).collect();
        let Rubric { scale, pass_mark, .. } = Rubric::default();
        let judged = judged.iter().filter_map(|(proposal, _, sheets)| {
            let sheets: Vec<_> = sheets.iter().collect();
            score::Judged::of(*proposal, &sheets, &call.criteria, scale, pass_mark)
        });
        for (position, place) in (0..).zip(score::rank(judged)) {
            rows.decision_outcome.push(decision_outcome::Model {
                decision_id: id,
                proposal_id: place.proposal,
                position,
                rank: place.rank,
                mean: place.mean.to_decimal(),
                passes: place.mean.reaches(pass_mark),
                outcome: outcomes.get(&place.proposal).copied(),
                feedback: None,
            });
        }
        Ok(())
    }
}

const fn outcome(status: ProposalStatus) -> Outcome {
    match status {
        ProposalStatus::Selected => Outcome::Selected,
        ProposalStatus::Reserve => Outcome::Reserve,
        _ => Outcome::NotSelected,
    }
}
