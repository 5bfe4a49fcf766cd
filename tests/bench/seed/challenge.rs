//! Challenges and their councils.

use anyhow::Context as _;
use domain::challenge::{
    Brief, BriefSection, ChallengeStatus, OfficialRecord, REQUIRED_SECTIONS, Rubric, Sector, Track,
};
use domain::id::ChallengeId;
use domain::review::CouncilRole;
use domain::score;
use domain::text::{Bilingual, fold, slug_from};
use domain::time::{Day, Timestamp};
use entity::{challenge, challenge_author, council_member, criterion, indicator};

use super::Phase as P;
use super::{Call, DAY, PLACES, Phase, RANKED, Seed};
use crate::dice::Dice;
use crate::load::Rows;

/// Three fields of public life take three quarters of the published challenges, so that a list by field fills its page.
fn sector(dice: &mut Dice, nth_published: Option<usize>) -> anyhow::Result<Sector> {
    match nth_published.map(|nth| nth % 25) {
        Some(0..6) => Ok(Sector::Transport),
        Some(6..12) => Ok(Sector::Health),
        Some(12..18) => Ok(Sector::UrbanManagement),
        _ => dice.pick(Sector::ALL).copied(),
    }
}

impl Seed {
    /// The next challenge, in the state that its place in the cycle gives it.
    pub(super) fn challenge(&mut self, rows: &mut Rows, index: usize) -> anyhow::Result<Call> {
        let phase = Phase::of(index);
        let status = match phase {
            P::Open | P::Upcoming | P::Closed => ChallengeStatus::Published,
            P::Evaluation => ChallengeStatus::Evaluation,
            P::Decision => ChallengeStatus::Decision,
            P::Awarded => ChallengeStatus::Awarded,
            P::Unawarded => ChallengeStatus::ClosedNoAward,
            P::Private => *self.dice.pick(&[
                ChallengeStatus::Draft,
                ChallengeStatus::InReview,
                ChallengeStatus::ChangesRequested,
                ChallengeStatus::Approved,
            ])?,
        };
        let is_public = status.is_public();
        let (first, last) = phase.closes();
        let day = self.dice.between(first, last);
        let closes_at = self.day(day);
        let opens_at = if phase == P::Open { self.day(-20) } else { closes_at.plus_seconds(-60 * DAY) };
        let published_at =
            is_public.then(|| opens_at.plus_seconds(if phase == P::Upcoming { -90 * DAY } else { -DAY }));
        let nth_published = (status == ChallengeStatus::Published).then_some(self.published);
        self.published += usize::from(nth_published.is_some());
        let sector = sector(&mut self.dice, nth_published)?;
        let id: ChallengeId = self.dice.id();
        let (agency, lead) = self.dice.pick(&self.agencies).map(|agency| (agency.id, agency.lead))?;
        let five = *self.dice.pick(&self.demo_with_five_criteria)?;
        let like = self
            .demo
            .challenges
            .get(if index == self.ranked { five } else { index % self.demo.challenges.len() })
            .context("no demo challenge")?;
        let place = *self.dice.pick(PLACES)?;
        let title = Bilingual {
            vi: format!("{} – {place}, đợt {}", like.title_vi, 1 + index / 58),
            en: Some(format!("{} in {}", like.title_en, fold(place))),
        };
        let mut brief = Brief::default();
        for section in BriefSection::ALL {
            // Three of four sections are those of the model, the others are told of another place.
            let from = if self.dice.percent(75) { like } else { self.dice.pick(&self.demo.challenges)? };
            let wanted = REQUIRED_SECTIONS.contains(section) || self.dice.percent(70);
            if let (Some(text), true) =
                (from.sections.0.get(section).or(like.sections.0.get(section)), wanted)
            {
                brief.0.insert(*section, text.clone());
            }
        }
        let folded = [&title.vi, &like.summary_vi, &like.summary_en].map(|text| fold(text));
        let folded = folded
            .into_iter()
            .chain(title.en.as_deref().map(fold))
            .chain([sector.label().folded()])
            .chain(brief.0.values().map(Bilingual::folded));
        let search_text = folded.collect::<Vec<_>>().join("\n");
        let record = |number: &str| OfficialRecord {
            number: format!("{index}/{number}"),
            day: Day::parse("2026-10-01").unwrap_or_else(|| unreachable!()),
            signer: "Nguyễn Văn An".to_owned(),
            document_url: format!("https://bench.example/{index}.pdf"),
        };
        let row = challenge::Model {
            id,
            slug: if index == self.ranked {
                RANKED.to_owned()
            } else {
                format!("{}-{index}", slug_from(&title.vi))
            },
            agency_id: agency,
            status,
            is_public,
            track: *self.dice.pick(Track::ALL)?,
            sector,
            title_key: fold(&title.vi),
            title_vi: title.vi,
            title_en: title.en,
            summary_vi: like.summary_vi.clone(),
            summary_en: Some(like.summary_en.clone()),
            brief,
            rubric: Rubric::default(),
            is_blind: index != self.ranked && self.dice.percent(20),
            shows_proposal_count: self.dice.percent(60),
            opens_at: Some(opens_at),
            closes_at: Some(closes_at),
            questions_until: None,
            deadline_key: closes_at.micros(),
            published_key: published_at.map_or(0, Timestamp::micros),
            search_text,
            source_url: Some(like.source_url.clone()),
            duplicate_of: None,
            requested_changes: None,
            publish_at: None,
            scheduled_by: None,
            status_reason: None,
            approved_by: is_public.then_some(self.officer),
            approval: is_public.then(|| record("QĐ-SKHCN")),
            publication: is_public.then(|| record("TB-SKHCN")),
            published_at,
            halted_at: None,
            halt_reason: None,
            decision_maker_id: phase.is_judged().then_some(lead),
            round_locked_at: matches!(phase, P::Decision | P::Awarded | P::Unawarded)
                .then(|| closes_at.plus_seconds(30 * DAY)),
            created_by: lead,
            created_at: opens_at.plus_seconds(-30 * DAY),
            updated_at: opens_at,
            version: 4,
        };
        if is_public {
            // Agencies here are named alike: their names would find everything.
            rows.challenge_word.extend(app::search::words(&row, None));
        }
        rows.challenge.push(row);
        rows.challenge_author.push(challenge_author::Model { challenge_id: id, user_id: lead });
        let mut criteria = Vec::new();
        let five = self.demo.challenges.get(five).filter(|_| like.criteria.len() != 5).unwrap_or(like);
        for (position, new) in (0..).zip(&five.criteria) {
            let row = criterion::Model {
                id: self.dice.id(),
                challenge_id: id,
                position,
                name_vi: new.name_vi.clone(),
                name_en: Some(new.name_en.clone()),
                weight: new.weight,
                reason_required: new.reason_required,
            };
            criteria.push(score::Criterion {
                id: row.id,
                weight: row.weight,
                reason_required: row.reason_required,
            });
            rows.criterion.push(row);
        }
        for (position, new) in (0..).zip(&like.indicators) {
            rows.indicator.push(indicator::Model {
                id: self.dice.id(),
                challenge_id: id,
                position,
                name_vi: new.name_vi.clone(),
                name_en: Some(new.name_en.clone()),
                unit_vi: new.unit_vi.clone(),
                unit_en: Some(new.unit_en.clone()),
                baseline: new.baseline.clone(),
                baseline_on: new.baseline_on.clone(),
                source_vi: new.source_vi.clone(),
                source_en: Some(new.source_en.clone()),
                target: new.target.clone(),
            });
        }
        Ok(Call { id, phase, closes_at, criteria, council: Vec::new() })
    }

    /// Chair, vice chair, secretary and those who score.
    pub(super) fn council(&mut self, call: &Call, scorers: usize) -> Vec<council_member::Model> {
        let roles = [CouncilRole::Chair, CouncilRole::ViceChair, CouncilRole::Secretary]
            .into_iter()
            .chain(std::iter::repeat(CouncilRole::Reviewer));
        let people: Vec<_> = self.dice.some(&self.experts, 3 + scorers).copied().collect();
        let seat = |(role, user_id)| council_member::Model {
            id: self.dice.id(),
            challenge_id: call.id,
            user_id,
            role,
            appointed_by: self.officer,
            appointed_at: call.closes_at,
            removed_at: None,
        };
        roles.zip(people).map(seat).collect()
    }
}
