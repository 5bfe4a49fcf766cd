//! What is in the database, read past the server, and what each viewer is to each thing in it.
//!
//! **A new kind of thing** gets an arm in [`Facts::things`], [`Facts::who`] and [`Facts::when`]; **a new table** gets a line in
//! `tables!` and, if people write into it, an arm in [`Facts::secrets`].

use std::collections::{BTreeMap, BTreeSet};

use api::graphql::id::encode;
use app::vault::{appeal_place, attachment_place, clarification_place, draft_place, version_place};
use domain::account::{PlatformRole, TokenPurpose};
use domain::attachment::AttachmentStatus;
use domain::challenge::ChallengeStatus;
use domain::event::EventKind;
use domain::id::{ChallengeId, OrganizationId, ProposalId, UserId, WorkingGroupId};
use domain::message::MessageStatus;
use domain::organization::{MembershipRole, OrganizationStatus};
use domain::proposal::{Confidentiality, ProposalStatus};
use domain::review::{CouncilRole, Interest, ReviewStatus};
use domain::time::{Day, Timestamp};
use e2e::{Vault, World};
use entity::*;
use sea_orm::{EntityTrait as _, IdenStatic as _, Iterable as _, ModelTrait, Value};

/// What a viewer can be to a thing.
pub const WHO: &[&str] = &[
    "anybody",
    "nobody",
    // May know the thing at all, by `know.txt`.
    "knows",
    "signed-in",
    "officer",
    "publisher",
    // Officer or publisher of a verified programme office.
    "office",
    "auditor",
    "administrator",
    // The thing is the viewer, or the viewer's own membership, seat or review.
    "self",
    // Shares a house, or a council.
    "colleague",
    "fellow",
    // Shares a house, or did.
    "once-colleague",
    // Has a live place in the organisation, and as what.
    "house",
    "owner",
    "editor",
    "viewer",
    "lead",
    "drafter",
    // Drafts for the agency by a delegation that holds, and has no place there; belongs to a house that was asked to; invited.
    "delegate",
    "taker",
    "inviter",
    // Belongs to the house that asked.
    "asker",
    // Of the agency that owns the challenge.
    "agency",
    // Has a live seat on its council, and as what.
    "council",
    "chair",
    "vice-chair",
    "secretary",
    "reviewer",
    "member",
    "decision-maker",
    // Of the startup that proposes.
    "team",
    // Has a review of the proposal that was not recused; declared no conflict with it.
    "offered",
    "cleared",
    // In conflict with the proposal, or (of a decision) with a proposal to the challenge: by declaration, or because a house that
    // the person is or ever was in has handed in a proposal to the challenge. Whoever is has no label left on a proposal, a
    // review or an outcome but those of their own team.
    "conflict",
    // Makes a call, gets a mail: whoever it is.
    "caller",
    "mailed",
];

/// What a thing can be, beside its state.
pub const WHEN: &[&str] = &[
    "always",
    "live", // Of the challenge: everybody may know it; what the clock makes of its dates.
    "public",
    "sealed",
    "opened",
    "locked",
    "decided",
    "blind",
    // Blind, and the decision not yet published.
    "names-hidden", // The number of proposals is shown.
    "counted",      // The decision is public, whatever became of it; it was returned to the chair.
    "published",
    "returned", // The version that counts.
    "current",
    // Of a file: it belongs to a challenge itself, or to a proposal; it is part of the version that counts.
    "brief",
    "bid",
    "submitted",
    // A file that is not for reviewers.
    "confided",
    // Handed in for approval at some time.
    "handed-in",
    // Named to all: the one whom others turn to in the present working group of a verified agency.
    "focal-point",
    // Of a notification: its mail went out, or tried to.
    "told",
];

/// Labels of a viewer and a thing.
#[derive(Clone, Default)]
pub struct Labels {
    /// What the viewer is to the thing.
    pub who: BTreeSet<&'static str>,
    /// What the thing is.
    pub when: BTreeSet<&'static str>,
}

/// Something that may be known or not.
#[derive(Clone, Copy)]
pub enum Thing<'a> {
    User(&'a user::Model),
    Organization(&'a organization::Model),
    Membership(&'a membership::Model),
    Challenge(&'a challenge::Model),
    /// A question.
    Question(&'a question::Model),
    /// A file.
    Attachment(&'a attachment::Model),
    /// A search that somebody keeps.
    SavedSearch(&'a saved_search::Model),
    Criterion(&'a criterion::Model),
    Indicator(&'a indicator::Model),
    CouncilMember(&'a council_member::Model),
    Proposal(&'a proposal::Model),
    Review(&'a review::Model),
    Decision(&'a decision::Model),
    /// An appeal.
    Appeal(&'a appeal::Model),
    Session(&'a session::Model),
    Notification(&'a message::Model),
    Delegation(&'a delegation::Model),
    WorkingGroup(&'a working_group::Model),
    Expert(&'a expert::Model),
    /// Any token: only an invitation that waits is one.
    Invitation(&'a one_time_token::Model),
    ExternalIdentity(&'a external_identity::Model),
    /// A webhook, and a message to it.
    Webhook(&'a webhook::Model),
    WebhookDelivery(&'a webhook_delivery::Model),
    /// A place in a working group: it has no id of its own.
    Place(&'a working_group::Model, &'a working_group_member::Model),
    /// One proposal in a decision: it has no id of its own.
    Outcome(&'a decision::Model, &'a decision_outcome::Model),
    /// A submitted version; the same.
    Version(&'a proposal::Model, &'a proposal_version::Model),
    /// Nothing that anybody is shown.
    Nothing,
}

macro_rules! tables {
    ($($entity:ident),+ $(,)?) => {
        /// All rows that anything is made of.
        pub struct Facts {
            /// What happened: it grows with every read, so it is not among what must not change.
            pub event: Vec<event::Model>,
            now: Timestamp,
            $(pub $entity: Vec<$entity::Model>,)+
        }

        impl Facts {
            /// Reads everything.
            pub async fn read(world: &World) -> Self {
                let mut facts = Self { now: world.now().await, event: event::Entity::find().all(world.db()).await.unwrap(), $($entity: $entity::Entity::find().all(world.db()).await.unwrap(),)+ };
                facts.unseal(world).await;
                facts
            }

            /// Every row in print, for finding out that nothing changed; what is logged of attempts and reads is not among them.
            pub fn print(&self) -> BTreeSet<String> {
                let mut rows = BTreeSet::new();
                $(rows.extend(self.$entity.iter().map(|row| format!("{row:?}")));)+
                rows
            }

            fn texts(&self) -> Vec<(&'static str, Text<'_>)> {
                let mut texts = Vec::new();
                $(for row in &self.$entity {
                    for column in $entity::Column::iter() {
                        let mut keep = |json: &serde_json::Value| {
                            flatten(json, column.as_str(), &mut |column, text| {
                                texts.push((stringify!($entity), Text { row: Row::$entity(row), column, text }));
                            });
                        };
                        match row.get(column) {
                            Value::String(Some(text)) => keep(&text.to_string().into()),
                            Value::Json(Some(json)) => keep(&json),
                            _ => {}
                        }
                    }
                })+
                texts
            }
        }

        #[expect(non_camel_case_types, dead_code, reason = "named after the tables, of which some hold no texts")]
        enum Row<'a> { $($entity(&'a $entity::Model),)+ }
    };
}

tables! {
    announcement, appeal, clarification, preview_link, support_offer,
    user, one_time_token, organization, membership, platform_grant, challenge, challenge_author, challenge_version, challenge_word, criterion, indicator,
    council_member, question, attachment, proposal, proposal_draft, proposal_version, opening, conflict_declaration, review, review_plan, decision,
    decision_outcome,
    message,
    notification_preference,
    follow,
    saved_search,
    idempotency,
    session,
    refresh_token,
    device,
    second_factor,
    recovery_code,
    consent,
    throttle,
    delegation,
    working_group,
    working_group_member,
    expert,
    expert_sector,
    external_identity,
    sign_on_attempt,
    webhook,
    webhook_delivery,
}

/// A text in a row.
struct Text<'a> {
    row: Row<'a>,
    column: String,
    text: String,
}

impl Thing<'_> {
    /// The same row.
    pub fn is(&self, other: &Thing<'_>) -> bool {
        macro_rules! same {
            ($($Kind:ident),+) => {
                match (self, other) {
                    $((Thing::$Kind(a), Thing::$Kind(b)) => std::ptr::eq(*a, *b),)+
                    (Thing::Outcome(_, a), Thing::Outcome(_, b)) => std::ptr::eq(*a, *b),
                    (Thing::Version(_, a), Thing::Version(_, b)) => std::ptr::eq(*a, *b),
                    (Thing::Place(_, a), Thing::Place(_, b)) => std::ptr::eq(*a, *b),
                    _ => false,
                }
            };
        }
        same!(
            User,
            Organization,
            Membership,
            Challenge,
            Criterion,
            Indicator,
            CouncilMember,
            Question,
            Attachment,
            SavedSearch,
            Proposal,
            Review,
            Decision,
            Appeal,
            Session,
            Notification,
            Delegation,
            WorkingGroup,
            Expert,
            Invitation,
            ExternalIdentity,
            Webhook,
            WebhookDelivery
        )
    }
}

/// A canary word, where it stands, and on what.
pub struct Secret<'a> {
    /// `table.column`.
    pub class: String,
    /// Whose rules decide.
    pub thing: Thing<'a>,
    /// The word.
    pub word: String,
}

impl Facts {
    /// Puts what proposals say in the place of its sealed form.
    async fn unseal(&mut self, world: &World) {
        let vault = Vault::open(world).await;
        let homes: BTreeMap<_, _> = self.proposal.iter().map(|row| (row.id, row.challenge_id)).collect();
        for row in &mut self.proposal_draft {
            let home = homes[&row.proposal_id];
            row.content = vault.read(home, &draft_place(home, row.proposal_id), &row.content);
        }
        for row in &mut self.proposal_version {
            let home = homes[&row.proposal_id];
            row.content = vault.read(home, &version_place(home, row.proposal_id, row.number), &row.content);
        }
        for row in &mut self.clarification {
            let place = clarification_place(row.challenge_id, row.proposal_id, row.number);
            row.said = vault.read(row.challenge_id, &place, &row.said);
        }
        for row in &mut self.appeal {
            let place = appeal_place(row.challenge_id, row.proposal_id, row.id);
            row.said = vault.read(row.challenge_id, &place, &row.said);
        }
        for row in &mut self.attachment {
            let place = attachment_place(row.challenge_id, row.proposal_id, row.id);
            row.details = vault.read(row.challenge_id, &place, &row.details);
        }
    }

    /// Everything with an id, as `(type, public id, thing)`.
    pub fn things(&self) -> Vec<(&'static str, String, Thing<'_>)> {
        let mut things = Vec::new();
        macro_rules! all {
            ($($rows:ident => $Type:ident),+ $(,)?) => {
                $(things.extend(self.$rows.iter().map(|row| (stringify!($Type), encode(row.id).to_string(), Thing::$Type(row))));)+
            };
        }
        all!(
            user => User,
            organization => Organization,
            membership => Membership,
            challenge => Challenge,
            criterion => Criterion,
            indicator => Indicator,
            council_member => CouncilMember,
            question => Question,
            attachment => Attachment,
            saved_search => SavedSearch,
            proposal => Proposal,
            review => Review,
            decision => Decision,
            appeal => Appeal,
            session => Session,
            message => Notification,
            delegation => Delegation,
            working_group => WorkingGroup,
            expert => Expert,
            one_time_token => Invitation,
            external_identity => ExternalIdentity,
            webhook => Webhook,
            webhook_delivery => WebhookDelivery,
        );
        things
    }

    /// All labels.
    pub fn labels(&self, viewer: Option<UserId>, thing: Thing<'_>) -> Labels {
        Labels { who: self.who(viewer, thing), when: self.when(thing) }
    }

    fn who(&self, viewer: Option<UserId>, thing: Thing<'_>) -> BTreeSet<&'static str> {
        let mut who = BTreeSet::from(["anybody"]);
        let Some(me) = viewer else { return who };
        who.insert("signed-in");
        for place in self.places(me) {
            if self.house(place.organization_id).status == OrganizationStatus::Verified {
                match place.role {
                    MembershipRole::Officer => who.extend(["office", "officer"]),
                    MembershipRole::Publisher => who.extend(["office", "publisher"]),
                    _ => {}
                }
            }
        }
        for grant in self.platform_grant.iter().filter(|grant| grant.user_id == me) {
            who.insert(match grant.role {
                PlatformRole::Auditor => "auditor",
                PlatformRole::Administrator => "administrator",
            });
        }
        match thing {
            Thing::User(user) => {
                if user.id == me {
                    who.insert("self");
                }
                let houses: Vec<_> = self.places(me).map(|place| place.organization_id).collect();
                if self.places(user.id).any(|place| houses.contains(&place.organization_id)) {
                    who.insert("colleague");
                }
                let ever = |user: UserId| {
                    let places = self.membership.iter().filter(move |place| place.user_id == user);
                    places.map(|place| place.organization_id).collect::<BTreeSet<_>>()
                };
                who.extend((!ever(me).is_disjoint(&ever(user.id))).then_some("once-colleague"));
                let councils: Vec<_> = self.seats(me).map(|seat| seat.challenge_id).collect();
                if self.seats(user.id).any(|seat| councils.contains(&seat.challenge_id)) {
                    who.insert("fellow");
                }
            }
            Thing::Organization(house) => {
                who.extend(self.as_house(me, house.id));
                who.extend(self.drafts_for(me, house.id).then_some("delegate"));
            }
            Thing::Membership(place) => {
                who.extend(self.as_house(me, place.organization_id));
                if place.user_id == me {
                    who.insert("self");
                }
            }
            Thing::Challenge(challenge) => who.extend(self.to_challenge(me, challenge.id)),
            Thing::Criterion(row) => who.extend(self.to_challenge(me, row.challenge_id)),
            Thing::Indicator(row) => who.extend(self.to_challenge(me, row.challenge_id)),
            Thing::CouncilMember(seat) => {
                who.extend(self.to_challenge(me, seat.challenge_id));
                if seat.user_id == me {
                    who.insert("self");
                }
            }
            Thing::Question(row) => {
                who.extend(self.to_challenge(me, row.challenge_id));
                let asks = self.places(me).any(|place| place.organization_id == row.organization_id);
                who.extend(asks.then_some("asker"));
            }
            Thing::Proposal(proposal) | Thing::Version(proposal, _) => {
                self.to_proposal(me, proposal, &mut who);
            }
            Thing::Attachment(row) => match row.proposal_id {
                Some(id) => self.to_proposal(me, self.proposal_of(id), &mut who),
                None => who.extend(self.to_challenge(me, row.challenge_id)),
            },
            Thing::Review(review) => {
                self.to_proposal(me, self.proposal_of(review.proposal_id), &mut who);
                if review.user_id == me && !who.contains("conflict") {
                    who.insert("self");
                }
            }
            Thing::Decision(decision) => {
                who.extend(self.to_challenge(me, decision.challenge_id));
                who.extend(self.is_tied(me, decision.challenge_id).then_some("conflict"));
            }
            Thing::Appeal(row) => {
                who.extend(self.to_challenge(me, row.challenge_id));
                who.extend(self.is_tied(me, row.challenge_id).then_some("conflict"));
                let mut team = self.as_house(me, row.organization_id);
                if team.remove("house") {
                    team.insert("team");
                }
                who.extend(team);
            }
            Thing::Outcome(_, row) => self.to_proposal(me, self.proposal_of(row.proposal_id), &mut who),
            Thing::Session(session) => who.extend((session.user_id == me).then_some("self")),
            Thing::SavedSearch(row) => who.extend((row.user_id == me).then_some("self")),
            Thing::Notification(row) => who.extend((row.user_id == Some(me)).then_some("self")),
            Thing::Delegation(row) => {
                who.extend(self.as_house(me, row.unit_id));
                let takes = self.places(me).any(|place| place.organization_id == row.delegate_id);
                who.extend(takes.then_some("taker"));
            }
            Thing::WorkingGroup(group) | Thing::Place(group, _) => {
                who.extend(self.as_house(me, group.organization_id));
            }
            Thing::Expert(expert) => who.extend((expert.user_id == me).then_some("self")),
            Thing::Invitation(token) => {
                who.extend(token.organization_id.into_iter().flat_map(|house| self.as_house(me, house)));
                who.extend((token.invited_by == Some(me)).then_some("inviter"));
            }
            Thing::ExternalIdentity(identity) => who.extend((identity.user_id == me).then_some("self")),
            Thing::Webhook(hook) => who.extend(self.as_house(me, hook.organization_id)),
            Thing::WebhookDelivery(message) => {
                let hook = self.webhook.iter().find(|row| row.id == message.webhook_id).unwrap();
                who.extend(self.as_house(me, hook.organization_id));
            }
            Thing::Nothing => {}
        }
        who
    }

    fn when(&self, thing: Thing<'_>) -> BTreeSet<&'static str> {
        let mut when = BTreeSet::from(["always"]);
        match thing {
            Thing::Nothing | Thing::ExternalIdentity(_) | Thing::SavedSearch(_) | Thing::Webhook(_) => {}
            Thing::WebhookDelivery(message) => {
                when.insert(message.status.name());
            }
            Thing::User(user) => when.extend(self.is_named_to_all(user.id).then_some("focal-point")),
            Thing::Delegation(row) => {
                when.insert(self.stands(row));
            }
            Thing::WorkingGroup(group) => {
                when.insert(self.house(group.organization_id).status.name());
                when.extend(group.ended_at.is_none().then_some("live"));
            }
            Thing::Place(group, place) => {
                when.extend(self.when(Thing::WorkingGroup(group)));
                when.extend(place.is_focal_point.then_some("focal-point"));
            }
            Thing::Expert(expert) => {
                when.insert(expert.status.name());
            }
            Thing::Invitation(token) => {
                when.extend(token.organization_id.map(|house| self.house(house).kind.name()));
                let waits = token.purpose == TokenPurpose::Invitation
                    && token.used_at.is_none()
                    && token.expires_at > self.now;
                when.extend(waits.then_some("live"));
            }
            Thing::Organization(house) => when.extend([house.status.name(), house.kind.name()]),
            Thing::Membership(place) => {
                when.insert(self.house(place.organization_id).kind.name());
                when.extend(place.ended_at.is_none().then_some("live"));
            }
            Thing::Challenge(challenge) => {
                when.insert(challenge.status.name());
                when.extend(self.phases(challenge.id));
                let id = challenge.id.to_string();
                let mut submitted =
                    self.event.iter().filter(|event| event.kind == EventKind::ChallengeSubmitted);
                when.extend(submitted.any(|event| event.payload.contains(&id)).then_some("handed-in"));
            }
            Thing::Criterion(row) => {
                when.extend(self.when(Thing::Challenge(self.challenge_of(row.challenge_id))));
            }
            Thing::Indicator(row) => {
                when.extend(self.when(Thing::Challenge(self.challenge_of(row.challenge_id))));
            }
            Thing::CouncilMember(seat) => {
                when.extend(self.phases(seat.challenge_id));
                when.extend(seat.removed_at.is_none().then_some("live"));
            }
            Thing::Question(row) => {
                when.insert(row.status.name());
            }
            Thing::Proposal(proposal) => {
                when.insert(proposal.status.name());
                when.extend(self.phases(proposal.challenge_id));
            }
            Thing::Version(proposal, version) => {
                when.extend(self.when(Thing::Proposal(proposal)));
                when.extend((version.number == proposal.current_version).then_some("current"));
            }
            // What was taken away is there for nobody.
            Thing::Attachment(row) if row.status == AttachmentStatus::Removed => {}
            Thing::Attachment(row) => {
                when.insert(row.status.name());
                if let Some(id) = row.proposal_id {
                    let proposal = self.proposal_of(id);
                    when.insert("bid");
                    when.extend(self.when(Thing::Proposal(proposal)));
                    let since = row.since_version.is_some_and(|since| since <= proposal.current_version);
                    let until = row.until_version.is_none_or(|until| until >= proposal.current_version);
                    when.extend((since && until).then_some("submitted"));
                    let confided = row.confidentiality == Some(Confidentiality::DecisionMakersOnly);
                    when.extend(confided.then_some("confided"));
                } else {
                    when.insert("brief");
                    when.extend(row.since_version.is_some().then_some("submitted"));
                    when.extend(self.when(Thing::Challenge(self.challenge_of(row.challenge_id))));
                }
            }
            Thing::Review(review) => {
                when.insert(review.status.name());
                when.extend(self.phases(review.challenge_id));
                let withdrawn = self.proposal_of(review.proposal_id).status == ProposalStatus::Withdrawn;
                when.extend(withdrawn.then_some("WITHDRAWN"));
                let out = self.proposal_of(review.proposal_id).status == ProposalStatus::Disqualified;
                when.extend(out.then_some("DISQUALIFIED"));
            }
            Thing::Decision(decision) => {
                when.insert(decision.status.name());
                when.extend(self.phases(decision.challenge_id));
                when.extend(decision.return_reason.is_some().then_some("returned"));
                when.extend(decision.published_at.is_some().then_some("published"));
            }
            Thing::Appeal(row) => {
                when.insert(row.status.name());
            }
            Thing::Session(session) => when.extend(session.ended_at.is_none().then_some("live")),
            Thing::Notification(row) => {
                let is_told = MessageStatus::TOLD.contains(&row.status) || row.address_hash.is_some();
                when.extend(is_told.then_some("told"));
            }
            Thing::Outcome(decision, row) => {
                when.extend(self.when(Thing::Decision(decision)));
                when.insert(self.proposal_of(row.proposal_id).status.name());
            }
        }
        when
    }

    fn phases(&self, challenge: ChallengeId) -> BTreeSet<&'static str> {
        use ChallengeStatus as S;
        let row = self.challenge_of(challenge);
        let opened = self
            .opening
            .iter()
            .any(|opening| opening.challenge_id == challenge && opening.confirmed_at.is_some());
        let decided = matches!(row.status, S::Awarded | S::ClosedNoAward);
        let unpublished = row.published_at.is_none();
        let mut phases = BTreeSet::from([if opened { "opened" } else { "sealed" }]);
        phases.extend((!unpublished).then_some("public"));
        phases.extend(row.round_locked_at.is_some().then_some("locked"));
        phases.extend(decided.then_some("decided"));
        phases.extend(row.is_blind.then_some("blind"));
        phases.extend((row.is_blind && !decided).then_some("names-hidden"));
        phases.extend(row.shows_proposal_count.then_some("counted"));
        phases
    }

    fn as_house(&self, me: UserId, house: OrganizationId) -> BTreeSet<&'static str> {
        let here = self.places(me).filter(|place| place.organization_id == house);
        here.flat_map(|place| {
            let role = match place.role {
                MembershipRole::Owner => "owner",
                MembershipRole::Editor => "editor",
                MembershipRole::Viewer => "viewer",
                MembershipRole::Lead => "lead",
                MembershipRole::Drafter => "drafter",
                MembershipRole::Officer => "officer",
                MembershipRole::Publisher => "publisher",
            };
            ["house", role]
        })
        .collect()
    }

    fn to_challenge(&self, me: UserId, id: ChallengeId) -> BTreeSet<&'static str> {
        let challenge = self.challenge_of(id);
        let mut who = self.as_house(me, challenge.agency_id);
        if who.remove("house") {
            who.insert("agency");
        }
        who.extend(self.drafts_for(me, challenge.agency_id).then_some("delegate"));
        for seat in self.seats(me).filter(|seat| seat.challenge_id == id) {
            who.extend([
                "council",
                match seat.role {
                    CouncilRole::Chair => "chair",
                    CouncilRole::ViceChair => "vice-chair",
                    CouncilRole::Secretary => "secretary",
                    CouncilRole::Reviewer => "reviewer",
                    CouncilRole::Member => "member",
                },
            ]);
        }
        who.extend((challenge.decision_maker_id == Some(me)).then_some("decision-maker"));
        who
    }

    fn to_proposal(&self, me: UserId, proposal: &proposal::Model, who: &mut BTreeSet<&'static str>) {
        if self.in_conflict(me, proposal) {
            *who = BTreeSet::from(["anybody", "signed-in", "conflict"]);
        } else {
            who.extend(self.to_challenge(me, proposal.challenge_id));
            let reviews =
                self.review.iter().filter(|review| review.proposal_id == proposal.id && review.user_id == me);
            let lost =
                [ReviewStatus::Recused, ReviewStatus::Declined, ReviewStatus::Revoked, ReviewStatus::Expired];
            who.extend(reviews.filter(|review| !lost.contains(&review.status)).map(|_| "offered"));
            let declared = self.declared(me, proposal.id);
            who.extend(declared.filter(|interest| *interest == Interest::None).map(|_| "cleared"));
        }
        let mut team = self.as_house(me, proposal.organization_id);
        if team.remove("house") {
            team.insert("team");
        }
        who.extend(team);
    }

    fn declared(&self, me: UserId, proposal: ProposalId) -> Option<Interest> {
        let mut rows = self.conflict_declaration.iter();
        rows.find(|row| row.user_id == me && row.proposal_id == proposal).map(|row| row.interest)
    }

    fn in_conflict(&self, me: UserId, proposal: &proposal::Model) -> bool {
        self.declared(me, proposal.id).is_some_and(|interest| interest != Interest::None)
            || self.competes(me, proposal.challenge_id)
    }

    /// In conflict with one of the proposals to the challenge.
    fn is_tied(&self, me: UserId, challenge: ChallengeId) -> bool {
        let mut bids = self.proposal.iter().filter(|row| row.challenge_id == challenge);
        bids.any(|row| self.in_conflict(me, row))
    }

    /// A house that the person is or was in has handed in a proposal.
    fn competes(&self, me: UserId, challenge: ChallengeId) -> bool {
        let ever: Vec<_> = self
            .membership
            .iter()
            .filter(|place| place.user_id == me)
            .map(|place| place.organization_id)
            .collect();
        let mut bids = self
            .proposal
            .iter()
            .filter(|bid| bid.challenge_id == challenge && bid.status != ProposalStatus::Draft);
        bids.any(|bid| ever.contains(&bid.organization_id))
    }

    /// Drafts for a unit by a delegation that holds, and by no place there.
    fn drafts_for(&self, me: UserId, unit: OrganizationId) -> bool {
        let acts = |place: &membership::Model| {
            matches!(place.role, MembershipRole::Lead | MembershipRole::Drafter | MembershipRole::Officer)
                && self.house(place.organization_id).status == OrganizationStatus::Verified
        };
        let mut holding =
            self.delegation.iter().filter(|row| row.unit_id == unit && self.stands(row) == "IN_FORCE");
        let asked = holding
            .any(|row| self.places(me).any(|place| place.organization_id == row.delegate_id && acts(place)));
        asked && !self.places(me).any(|place| place.organization_id == unit)
    }

    /// Where a delegation stands today.
    fn stands(&self, row: &delegation::Model) -> &'static str {
        let today = Day::at(self.now);
        if row.revoked_at.is_some() {
            "REVOKED"
        } else if today < row.valid_from {
            "UPCOMING"
        } else if row.valid_until < today {
            "EXPIRED"
        } else {
            "IN_FORCE"
        }
    }

    fn group_of(&self, id: WorkingGroupId) -> &working_group::Model {
        self.working_group.iter().find(|row| row.id == id).unwrap()
    }

    fn is_named_to_all(&self, user: UserId) -> bool {
        self.working_group_member.iter().filter(|place| place.is_focal_point).any(|place| {
            let group = self.group_of(place.working_group_id);
            group.ended_at.is_none()
                && self.house(group.organization_id).status == OrganizationStatus::Verified
                && self
                    .membership
                    .iter()
                    .any(|row| Some(row.id) == place.membership_id && row.user_id == user)
        })
    }

    fn places(&self, user: UserId) -> impl Iterator<Item = &membership::Model> {
        self.membership.iter().filter(move |place| place.user_id == user && place.ended_at.is_none())
    }

    fn seats(&self, user: UserId) -> impl Iterator<Item = &council_member::Model> {
        self.council_member.iter().filter(move |seat| seat.user_id == user && seat.removed_at.is_none())
    }

    fn house(&self, id: OrganizationId) -> &organization::Model {
        self.organization.iter().find(|row| row.id == id).unwrap()
    }

    /// The person of that id.
    pub fn user_of(&self, id: UserId) -> &user::Model {
        self.user.iter().find(|row| row.id == id).unwrap()
    }

    /// The challenge of that id.
    pub fn challenge_of(&self, id: ChallengeId) -> &challenge::Model {
        self.challenge.iter().find(|row| row.id == id).unwrap()
    }

    /// The proposal of that id.
    pub fn proposal_of(&self, id: ProposalId) -> &proposal::Model {
        self.proposal.iter().find(|row| row.id == id).unwrap()
    }

    /// The outcomes of a decision, best first.
    pub fn outcomes_of(&self, decision: &decision::Model) -> Vec<&decision_outcome::Model> {
        let mut rows: Vec<_> =
            self.decision_outcome.iter().filter(|row| row.decision_id == decision.id).collect();
        rows.sort_by_key(|row| row.position);
        rows
    }

    /// Every canary word, wherever it stands.
    pub fn secrets(&self) -> Vec<Secret<'_>> {
        let mut secrets = Vec::new();
        for (table, Text { row, column, text }) in self.texts() {
            let words: Vec<_> = words(&text).collect();
            if words.is_empty() {
                continue;
            }
            let of_proposal = |id| Thing::Proposal(self.proposal_of(id));
            let thing = match row {
                Row::user(row) => Thing::User(row),
                Row::organization(row) => Thing::Organization(row),
                Row::challenge(row) => Thing::Challenge(row),
                Row::announcement(row) => Thing::Challenge(self.challenge_of(row.challenge_id)),
                Row::challenge_version(row) => Thing::Challenge(self.challenge_of(row.challenge_id)),
                Row::challenge_word(row) => Thing::Challenge(self.challenge_of(row.challenge_id)),
                Row::criterion(row) => Thing::Criterion(row),
                Row::indicator(row) => Thing::Indicator(row),
                Row::question(row) => Thing::Question(row),
                Row::attachment(row) => Thing::Attachment(row),
                Row::saved_search(row) => Thing::SavedSearch(row),
                Row::proposal(row) => Thing::Proposal(row),
                Row::clarification(row) => of_proposal(row.proposal_id),
                Row::appeal(row) => Thing::Appeal(row),
                Row::proposal_draft(row) => of_proposal(row.proposal_id),
                Row::proposal_version(row) => Thing::Version(self.proposal_of(row.proposal_id), row),
                Row::conflict_declaration(row) => of_proposal(row.proposal_id),
                Row::review(row) => Thing::Review(row),
                Row::decision(row) => Thing::Decision(row),
                Row::decision_outcome(row) => Thing::Outcome(
                    self.decision.iter().find(|decision| decision.id == row.decision_id).unwrap(),
                    row,
                ),
                Row::session(row) => Thing::Session(row),
                Row::consent(row) => Thing::User(self.user_of(row.user_id)),
                Row::delegation(row) => Thing::Delegation(row),
                Row::working_group(row) => Thing::WorkingGroup(row),
                Row::working_group_member(row) => Thing::Place(self.group_of(row.working_group_id), row),
                Row::expert(row) => Thing::Expert(row),
                Row::external_identity(row) => Thing::ExternalIdentity(row),
                Row::webhook(row) => Thing::Webhook(row),
                Row::webhook_delivery(row) => Thing::WebhookDelivery(row),
                Row::one_time_token(row) => Thing::Invitation(row),
                Row::idempotency(_) | Row::message(_) | Row::notification_preference(_) | Row::follow(_) => {
                    Thing::Nothing
                }
                Row::membership(_)
                | Row::preview_link(_)
                | Row::support_offer(_)
                | Row::platform_grant(_)
                | Row::challenge_author(_)
                | Row::council_member(_)
                | Row::opening(_)
                | Row::review_plan(_)
                | Row::refresh_token(_)
                | Row::device(_)
                | Row::second_factor(_)
                | Row::recovery_code(_)
                | Row::expert_sector(_)
                | Row::sign_on_attempt(_)
                | Row::throttle(_) => panic!("{table}.{column} has a canary and nobody says whose it is"),
            };
            secrets.extend(words.into_iter().map(|word| Secret {
                class: format!("{table}.{column}"),
                thing,
                word,
            }));
        }
        secrets
    }

    /// Every handle, with the root field that finds by it.
    pub fn slugs(&self) -> Vec<(&'static str, String)> {
        let challenges = self.challenge.iter().map(|row| ("challenge", row.slug.clone()));
        challenges.chain(self.organization.iter().map(|row| ("organization", row.slug.clone()))).collect()
    }

    /// A canary word of each column, and of those that searches are for one in each state of its thing.
    pub fn searchable(&self) -> Vec<String> {
        let mut words = BTreeMap::new();
        for secret in self.secrets() {
            let is_searched =
                ["challenge.title_vi", "challenge.brief.en", "organization.name_vi", "expert.affiliation"]
                    .contains(&secret.class.as_str());
            let state = is_searched.then(|| self.when(secret.thing));
            words.entry((secret.class, state)).or_insert(secret.word);
        }
        words.into_values().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What a proposal says, its sections and files in a place for each class.
fn by_class(mut content: serde_json::Value) -> serde_json::Value {
    let classes = content.as_object_mut().and_then(|fields| fields.remove("classes"));
    for (part, class) in classes.iter().filter_map(|classes| classes.as_object()).flatten() {
        let place = if class == "PUBLIC_SUMMARY" { "published" } else { "confided" };
        if let Some(text) = content["sections"].as_object_mut().unwrap().remove(part) {
            content[place][part] = text;
        }
    }
    let files = content["files"].as_array().cloned().unwrap_or_default();
    let (confided, open): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file["confidentiality"] == "DECISION_MAKERS_ONLY");
    if !confided.is_empty() {
        content["files"] = open.into();
        content["confided"]["files"] = confided.into();
    }
    content
}

/// Texts below a JSON column, by the path of their keys; keys that are data (ids, kinds of section), and places
/// in lists, are left out.
fn flatten(json: &serde_json::Value, path: &str, found: &mut impl FnMut(String, String)) {
    use serde_json::Value as J;
    match json {
        J::String(text) => match serde_json::from_str::<J>(text) {
            // Content is stored as canonical text.
            Ok(inner @ J::Object(_)) => flatten(&by_class(inner), path, found),
            _ => found(path.to_owned(), text.clone()),
        },
        J::Array(items) => items.iter().for_each(|item| flatten(item, path, found)),
        J::Object(fields) => {
            for (key, value) in fields {
                let is_name = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                let below = if is_name { format!("{path}.{key}") } else { path.to_owned() };
                flatten(value, &below, found);
            }
        }
        _ => {}
    }
}

/// A canary word: no language has it, folding, slugs and mail leave it as it is, and it is so long that no random id has
/// one by chance.
pub fn word(number: usize) -> String {
    format!("zq{number:06}x")
}

/// The canary words in a text.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("zq").filter_map(|(at, _)| {
        let word = text.get(at..at + 9)?;
        let digits = word.get(2..8)?.bytes().all(|byte| byte.is_ascii_digit());
        (digits && word.ends_with('x')).then(|| word.to_owned())
    })
}
