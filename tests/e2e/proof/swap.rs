//! The id-swap: every mutation with every id that its caller may not know, or may not do this to. Whatever is hidden gets the
//! answer of what is not there, to the byte; whatever is refused changes nothing.
//!
//! Of things to which the caller is the same, and which are in the same state, one is tried; `PROOF_EVERY_ID=1` tries each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use api::graphql::id::encode;
use app::ids;
use domain::id::{
    ChallengeId, CouncilMemberId, CriterionId, DecisionId, MembershipId, OrganizationId, ProposalId, ReviewId,
};
use e2e::Answer;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::proof::crawl::Viewer;
use crate::proof::facts::Facts;
use crate::proof::oracle::Oracle;
use crate::proof::report::state;
use crate::proof::schema::{Input, Schema};
use crate::proof::table::Table;
use crate::proof::town::Town;

/// Mutations in one document; the server allows so many.
const AT_ONCE: usize = 5;

/// Fields that must hold something particular to get as far as the question who asks.
///
/// By the name of the field or of its type.
const FILLERS: &[(&str, &str)] = &[
    ("ConflictKind", "KINSHIP"),
    ("DisqualificationGround", "OTHER"),
    ("email", "nobody-at-all@example.vn"),
    ("documentUrl", "https://example.vn/1.pdf"),
    ("Date", "2026-11-23"),
    ("DateTime", "2190-01-01T00:00:00Z"),
    ("amount", "1"),
    ("score", "1"),
    ("name", "Tên.pdf"),
    ("url", "https://hooks.example.vn/"),
    ("WebhookEvent", "CHALLENGE_PUBLISHED"),
    ("timeZone", "Asia/Tokyo"),
    ("digestAt", "07:00"),
    ("from", "22:00"),
    ("until", "06:00"),
];

/// Ids further down: in a call that its caller may make, all of it right but that id.
const DEEPER: &[(&str, &str, &str, fn(&Town, &Facts) -> Value)] = &[
    (
        "createProposal",
        "organizationId",
        "song owner",
        |town, _| json!({ "challengeId": town.id("upcoming"), "title": "Đề xuất", "summary": "Tóm tắt" }),
    ),
    (
        "askQuestion",
        "organizationId",
        "song owner",
        |town, _| json!({ "challengeId": town.id("upcoming"), "text": "Xin hỏi" }),
    ),
    (
        "assignReviews",
        "assignments.0.proposalId",
        "secretary",
        |town, _| json!({ "challengeId": town.id("evaluation"), "assignments": [{ "memberIds": [town.seat("evaluation", "reviewer")] }] }),
    ),
    ("assignReviews", "assignments.0.memberIds.0", "secretary", |town, _| {
        json!({
            "challengeId": town.id("evaluation"),
            "assignments": [{ "proposalId": town.id("song in evaluation"), "memberIds": [null] }],
        })
    }),
    ("linkDuplicate", "duplicateOfId", "officer", |town, _| json!({ "challengeId": town.id("upcoming") })),
    ("cloneChallenge", "agencyId", "lead", |town, _| json!({ "challengeId": town.id("open") })),
    ("createUpload", "on.challengeId", "lead", |_, _| json!({ "on": {}, "name": "a.pdf", "size": 1 })),
    ("createUpload", "on.proposalId", "song owner", |_, _| json!({ "on": {}, "name": "a.pdf", "size": 1 })),
    ("saveScoreSheet", "marks.0.criterionId", "half-done reviewer", |town, facts| {
        let row = facts.review.iter().find(|row| {
            row.user_id == town.person("half-done reviewer").account
                && encode(row.proposal_id).as_str() == town.id("song in evaluation")
        });
        let row = row.unwrap();
        json!({ "reviewId": encode(row.id).as_str(), "expectedVersion": row.version, "marks": [{ "score": "1" }] })
    }),
    ("updateDecision", "outcomes.0.proposalId", "secretary", |town, facts| {
        let row = facts
            .decision
            .iter()
            .find(|row| encode(row.challenge_id).as_str() == town.id("drafted"))
            .unwrap();
        json!({
            "decisionId": encode(row.id).as_str(), "expectedVersion": row.version,
            "outcomes": [{ "outcome": "SELECTED", "feedback": "Phản hồi" }],
        })
    }),
    ("delegateUnit", "delegateId", "unit lead", |town, _| {
        json!({
            "unitId": town.house("unit"), "record": paper(),
            "validFrom": "2026-01-01", "validUntil": "2199-12-31",
        })
    }),
    ("establishWorkingGroup", "members.0.person.membershipId", "unit lead", |town, _| {
        json!({
            "organizationId": town.house("unit"), "record": paper(),
            "members": [{ "person": {}, "role": "MEMBER", "isFocalPoint": true, "termFrom": "2026-01-01" }],
        })
    }),
    // To these two nothing is hidden that could stand there.
    (
        "placeOrganization",
        "parentId",
        "officer",
        |town, _| json!({ "organizationId": town.house("unit"), "expectedVersion": 0 }),
    ),
    (
        "closeOrganization",
        "successorId",
        "officer",
        |town, _| json!({ "organizationId": town.house("unit"), "reason": "Sáp nhập" }),
    ),
];

/// An act on paper, with nothing in it that matters.
fn paper() -> Value {
    json!({ "number": "1/QĐ", "date": "2026-11-23", "signer": "Giám đốc", "documentUrl": "https://example.vn/1.pdf" })
}

/// The tables about what is done.
pub struct Does {
    does: Table,
    ids: BTreeMap<String, String>,
    inputs: Vec<String>,
    every_id: bool,
}

/// What was tried.
#[derive(Default)]
pub struct Tried {
    /// Calls of a mutation.
    pub calls: usize,
    /// Of these on what the caller may not know.
    pub hidden: usize,
    /// Of these on what the caller knows and may not touch.
    pub known: usize,
    /// What should not have happened.
    pub wrong: Vec<String>,
    /// By mutation and viewer: what was answered to those who know the thing.
    pub refusals: BTreeMap<(String, String), BTreeMap<String, usize>>,
}

impl Does {
    /// Reads them.
    pub fn read() -> Self {
        let inputs = include_str!("tables/inputs.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let rows: Vec<_> = inputs.map(|line| line.split_once('|').expect(line)).collect();
        let ids = rows.iter().filter_map(|(name, what)| {
            let of = what.trim().strip_prefix("id ")?;
            Some((name.trim().to_owned(), of.to_owned()))
        });
        Self {
            does: Table::read(include_str!("tables/does.txt")),
            ids: ids.collect(),
            inputs: rows.iter().map(|(name, _)| name.trim().to_owned()).collect(),
            #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
            every_id: std::env::var("PROOF_EVERY_ID").is_ok(),
        }
    }

    /// What the schema has and no row speaks of.
    pub fn unjudged(&self, schema: &Schema) -> Vec<String> {
        let mut unjudged = Vec::new();
        for field in &schema.ty("Mutation").fields {
            if !self.does.speaks_of(&field.name) {
                unjudged.push(format!("Mutation.{}: proof/tables/does.txt", field.name));
            }
            for path in self.paths(schema, &input_of(&field.name), "").into_iter().skip(1) {
                if !DEEPER.iter().any(|(mutation, known, ..)| *mutation == field.name && *known == path.0) {
                    unjudged.push(format!("{} of {}: DEEPER in proof/swap.rs", path.0, field.name));
                }
            }
        }
        for (name, ty) in schema.types().filter(|(_, ty)| ty.kind == "INPUT_OBJECT") {
            for input in &ty.inputs {
                if !self.inputs.contains(&input.name) {
                    unjudged.push(format!("{name}.{}: proof/tables/inputs.txt", input.name));
                }
                if input.of == "ID" && !self.ids.contains_key(&input.name) {
                    unjudged.push(format!("{name}.{} is an id of what? proof/tables/inputs.txt", input.name));
                }
            }
        }
        unjudged
    }

    /// Where ids stand in an input, the thing that it is about first, each with the type that it is of.
    fn paths(&self, schema: &Schema, of: &str, below: &str) -> Vec<(String, String)> {
        let mut paths: Vec<(String, String)> = Vec::new();
        for input in &schema.ty(of).inputs {
            let at = format!("{below}{}{}", input.name, if input.is_list { ".0" } else { "" });
            match schema.ty(&input.of).kind.as_str() {
                "INPUT_OBJECT" => paths.extend(self.paths(schema, &input.of, &format!("{at}."))),
                _ if input.of == "ID" => paths.push((at, self.ids[&input.name].clone())),
                _ => {}
            }
        }
        // What stands higher comes first.
        paths.sort_by_key(|(path, _)| path.matches('.').count());
        paths
    }

    /// Every viewer, every mutation, every id.
    pub async fn swap(&self, town: &Town, oracle: &Oracle<'_>, viewers: &[Viewer]) -> Tried {
        let mut all = Tried::default();
        let before = oracle.facts.print();
        let mut tries = futures_util::stream::iter(viewers)
            .map(|viewer| async move { (viewer, self.swap_by(town, oracle, viewer).await) })
            .buffer_unordered(4);
        let mut suspects = Vec::new();
        while let Some((viewer, tried)) = tries.next().await {
            all.calls += tried.calls;
            all.hidden += tried.hidden;
            all.known += tried.known;
            all.wrong.extend(tried.wrong);
            all.refusals.extend(tried.refusals);
            suspects.push(viewer.nick.as_str());
            let now = Facts::read(&town.world).await.print();
            if now != before {
                let changed: Vec<_> = now.symmetric_difference(&before).take(6).cloned().collect();
                all.wrong.push(format!("one of {suspects:?} or the three after them changed {changed:#?}"));
                return all;
            }
        }
        all
    }

    async fn swap_by(&self, town: &Town, oracle: &Oracle<'_>, viewer: &Viewer) -> Tried {
        let mut tried = Tried::default();
        for field in &town.schema.ty("Mutation").fields {
            let input = input_of(&field.name);
            let paths = self.paths(&town.schema, &input, "");
            let Some((path, kind)) = paths.first() else { continue };
            let base = fill(&self.ids, &town.schema, &input);
            self.slot(oracle, viewer, &field.name, (path, kind), &base, true, &mut tried).await;
            for (mutation, path, nick, base) in DEEPER {
                if *mutation == field.name && *nick == viewer.nick {
                    let kind = &paths.iter().find(|(known, _)| known == path).unwrap().1;
                    let base = base(town, oracle.facts);
                    self.slot(oracle, viewer, mutation, (path, kind), &base, false, &mut tried).await;
                }
            }
        }
        tried
    }

    /// One place for an id in one mutation, with every id of that type.
    #[expect(clippy::too_many_arguments, reason = "it is one loop, cut where it is called twice")]
    async fn slot(
        &self,
        oracle: &Oracle<'_>,
        viewer: &Viewer,
        mutation: &str,
        (path, kind): (&str, &str),
        base: &Value,
        is_first: bool,
        tried: &mut Tried,
    ) {
        let (mut hidden, mut known) = (Vec::new(), Vec::new());
        let mut standings = BTreeSet::new();
        for (id, (_, thing)) in oracle.things.iter().filter(|(_, (of, _))| *of == kind) {
            let labels = oracle.labels(viewer.account, *thing);
            let is_new = standings.insert((labels.who.clone(), state(*thing, &labels)));
            if !is_new && !self.every_id {
                continue;
            }
            if !labels.who.contains("knows") {
                hidden.push(id.clone());
            } else if is_first && self.does.allows(mutation, &labels).is_none() {
                known.push(id.clone());
            }
        }
        let call = async |ids: &[String]| {
            let ids = ids.iter().enumerate().map(|(number, id)| (format!("i{number}"), with(base, path, id)));
            let variables: serde_json::Map<_, _> = ids.collect();
            viewer.client.call(&document(mutation, variables.len()), variables.into()).await
        };
        if !hidden.is_empty() {
            let nothing = plain(&call(&[unknown(kind)]).await, 0);
            tried.calls += 1 + hidden.len();
            tried.hidden += hidden.len();
            let is_refused = nothing.contains("NOT_FOUND") || nothing.contains("NOT_PERMITTED");
            if viewer.account.is_some() && !is_refused {
                tried.wrong.push(format!("{} calls {mutation} with an unknown id: {nothing}", viewer.nick));
            }
            for ids in hidden.chunks(AT_ONCE) {
                let answer = call(ids).await;
                for (number, id) in ids.iter().enumerate() {
                    let got = plain(&answer, number);
                    if got != nothing {
                        tried.wrong.push(format!(
                            "{} tells {path} of {mutation} from nothing: {id} {got} {nothing}",
                            viewer.nick
                        ));
                    }
                }
            }
        }
        for ids in known.chunks(AT_ONCE) {
            let answer = call(ids).await;
            tried.calls += ids.len();
            tried.known += ids.len();
            for (number, id) in ids.iter().enumerate() {
                let payload = &answer.body["data"][format!("a{number}")];
                let codes = payload["userErrors"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|error| error["code"].as_str().unwrap_or_default());
                let mut codes: Vec<_> = codes.collect();
                codes.dedup();
                let refused = match codes.as_slice() {
                    ["NOT_PERMITTED" | "NOT_FOUND"] => codes.concat(),
                    [] if viewer.account.is_none() && payload.is_null() => {
                        answer.body["errors"][number]["extensions"]["code"]
                            .as_str()
                            .unwrap_or_default()
                            .to_owned()
                    }
                    _ => String::new(),
                };
                if !["NOT_PERMITTED", "NOT_FOUND", "UNAUTHENTICATED"].contains(&refused.as_str()) {
                    tried.wrong.push(format!(
                        "{} calls {mutation} on {id}: {payload} {}",
                        viewer.nick, answer.body["errors"]
                    ));
                }
                let row = tried.refusals.entry((mutation.to_owned(), viewer.nick.clone())).or_default();
                *row.entry(refused).or_default() += 1;
            }
        }
    }

    /// No input takes what it does not say: not an owner, a state, a time, a right, another tenant.
    pub async fn smuggle(&self, town: &Town, viewer: &Viewer) -> (usize, Vec<String>) {
        const KEYS: &[&str] = &[
            "id",
            "owner",
            "ownerId",
            "userId",
            "createdBy",
            "organization",
            "tenantId",
            "status",
            "role",
            "roles",
            "isPublic",
            "publishedAt",
            "submittedAt",
            "version",
            "score",
            "rank",
            "viewer",
            "__proto__",
        ];
        let (mut calls, mut wrong) = (0, Vec::new());
        for field in &town.schema.ty("Mutation").fields {
            let input = input_of(&field.name);
            let base = fill(&self.ids, &town.schema, &input);
            let takes = |key: &str| town.schema.ty(&input).inputs.iter().any(|input| input.name == key);
            for key in KEYS.iter().filter(|key| !takes(key)) {
                let mut smuggled = base.clone();
                smuggled[key] = json!("1");
                let document = format!(
                    "mutation ($input: {input}!) {{ {}(input: $input) {{ __typename }} }}",
                    field.name
                );
                let answer = viewer.client.call(&document, json!({ "input": smuggled })).await;
                calls += 1;
                let code = &answer.body["errors"][0]["extensions"]["code"];
                if !["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]
                    .contains(&code.as_str().unwrap_or_default())
                {
                    wrong.push(format!("{} takes {key}: {}", field.name, answer.body));
                }
            }
        }
        (calls, wrong)
    }

    /// What is hidden costs what nothing costs: as many statements, so that no clock tells them apart.
    pub async fn weigh(&self, town: &Town, oracle: &Oracle<'_>, viewer: &Viewer) -> (usize, Vec<String>) {
        let (mut calls, mut wrong) = (0, Vec::new());
        let mut weigh = async |what: &str, document: &str, hidden: Value, unknown: Value| {
            let measure = async |variables: &Value| {
                town.world
                    .meter
                    .statements(async || drop(viewer.client.call(document, variables.clone()).await))
                    .await
            };
            let (hidden, nothing) = (measure(&hidden).await, measure(&unknown).await);
            calls += 10;
            if hidden != nothing {
                wrong.push(format!(
                    "{} pays {hidden} statements for a hidden {what}, {nothing} for none",
                    viewer.nick
                ));
            }
        };
        let hidden_of = |kind: &str| {
            let mut things = oracle.things.iter();
            let hidden = things.find(|(_, (of, thing))| *of == kind && !oracle.knows(viewer.account, *thing));
            hidden.map(|(id, _)| id.clone())
        };
        for kind in town.schema.nodes() {
            if let Some(hidden) = hidden_of(kind) {
                let document = "query ($id: ID!) { node(id: $id) { id } }";
                weigh(kind, document, json!({ "id": hidden }), json!({ "id": unknown(kind) })).await;
            }
        }
        for field in &town.schema.ty("Mutation").fields {
            let input = input_of(&field.name);
            let paths = self.paths(&town.schema, &input, "");
            let Some((path, kind)) = paths.first() else { continue };
            if let Some(hidden) = hidden_of(kind) {
                let base = fill(&self.ids, &town.schema, &input);
                let document = format!(
                    "mutation ($input: {input}!) {{ {}(input: $input) {{ userErrors {{ code }} }} }}",
                    field.name
                );
                let with = |id: &str| json!({ "input": with(&base, path, id) });
                weigh(&format!("{kind} in {}", field.name), &document, with(&hidden), with(&unknown(kind)))
                    .await;
            }
        }
        (calls, wrong)
    }
}

fn input_of(mutation: &str) -> String {
    let (first, rest) = mutation.split_at(1);
    format!("{}{rest}Input", first.to_uppercase())
}

fn document(mutation: &str, times: usize) -> String {
    let mut document = String::from("mutation (");
    let input = input_of(mutation);
    for number in 0..times {
        write!(document, "$i{number}: {input}! ").unwrap();
    }
    document.push_str(") {");
    for number in 0..times {
        write!(
            document,
            " a{number}: {mutation}(input: $i{number}) {{ __typename userErrors {{ __typename code field message }} }}"
        )
        .unwrap();
    }
    document.push('}');
    document
}

/// The least that an input needs. Another id than the one at hand is well formed and of nothing: a malformed one would be
/// refused before anybody asks who calls.
fn fill(ids: &BTreeMap<String, String>, schema: &Schema, of: &str) -> Value {
    let required = schema.ty(of).inputs.iter().filter(|input| input.is_required);
    required
        .map(|input| (input.name.clone(), filler(ids, schema, input)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn filler(ids: &BTreeMap<String, String>, schema: &Schema, input: &Input) -> Value {
    let ty = schema.ty(&input.of);
    if let Some((_, value)) = FILLERS.iter().find(|(name, _)| *name == input.name || *name == input.of) {
        return json!(value);
    }
    match (ty.kind.as_str(), input.of.as_str()) {
        (_, "LocalizedTextInput") => json!([{ "locale": "VI", "value": "Văn bản" }]),
        _ if input.is_list => json!([]),
        ("INPUT_OBJECT", of) => fill(ids, schema, of),
        ("ENUM", _) => json!(ty.values[0]),
        (_, "ID") => json!(unknown(&ids[&input.name])),
        (_, "Int") if ["reviewersPerProposal", "maxLoad"].contains(&input.name.as_str()) => json!(1),
        (_, "Int") => json!(999_999),
        (_, "Boolean") => json!(true),
        _ => json!("Văn bản"),
    }
}

/// The input with the id in its place.
fn with(base: &Value, path: &str, id: &str) -> Value {
    let mut input = base.clone();
    let mut at = &mut input;
    for step in path.split('.') {
        at = match step.parse::<usize>() {
            Ok(place) => {
                // A list that may be left out.
                if at.is_null() {
                    *at = json!([]);
                }
                if let Value::Array(items) = &mut *at
                    && items.len() == place
                {
                    items.push(Value::Null);
                }
                &mut at[place]
            }
            Err(_) => &mut at[step],
        };
    }
    *at = json!(id);
    input
}

/// An id that nothing has.
fn unknown(kind: &str) -> String {
    macro_rules! of {
        ($($Kind:literal => $Id:ty),+ $(,)?) => {
            match kind {
                $($Kind => encode(ids::random::<$Id>()).to_string(),)+
                _ => panic!("no id of a {kind} can be made here: proof/swap.rs"),
            }
        };
    }
    of!(
        "User" => domain::id::UserId,
        "Organization" => OrganizationId,
        "Membership" => MembershipId,
        "Challenge" => ChallengeId,
        "Criterion" => CriterionId,
        "Indicator" => domain::id::IndicatorId,
        "CouncilMember" => CouncilMemberId,
        "Proposal" => ProposalId,
        "Review" => ReviewId,
        "Decision" => DecisionId,
        "Appeal" => domain::id::AppealId,
        "Session" => domain::id::SessionId,
        "Notification" => domain::id::MessageId,
        "Delegation" => domain::id::DelegationId,
        "WorkingGroup" => domain::id::WorkingGroupId,
        "Expert" => domain::id::ExpertId,
        "Invitation" => domain::id::OneTimeTokenId,
        "Question" => domain::id::QuestionId,
        "Attachment" => domain::id::AttachmentId,
        "SavedSearch" => domain::id::SavedSearchId,
        "ExternalIdentity" => domain::id::ExternalIdentityId,
        "Webhook" => domain::id::WebhookId,
        "WebhookDelivery" => domain::id::WebhookDeliveryId,
    )
}

/// All that one of the calls of a document was answered: but for what names the request, its time and its place.
fn plain(answer: &Answer, number: usize) -> String {
    // The length of the whole, and whether it is long enough to be compressed, depend on how many calls there are.
    let is_its_own = |name: &str| ["x-request-id", "date", "content-length", "vary"].contains(&name);
    let headers = answer.headers.iter().filter(|(name, _)| !is_its_own(name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    let alias = format!("a{number}");
    let errors = answer.body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| error["path"][0] == alias.as_str());
    let errors: Vec<_> =
        errors.map(|error| (error["message"].to_string(), error["extensions"].to_string())).collect();
    format!("{} {headers:?} {} {errors:?}", answer.status, answer.body["data"][&alias])
}
