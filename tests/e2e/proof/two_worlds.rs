//! What somebody may not know changes nothing for them: no answer, count, cursor, error, time or mail.
//!
//! Told in two ways. In one world, step by step: before and after each step everybody looks at everything, and all but those
//! named at the step must be answered the same, byte by byte. And in two worlds that differ in a secret alone, where what
//! follows from the secret is public: what the unentitled are told is the same in both, but for ids and times.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use std::collections::{BTreeMap, BTreeSet};

use api::graphql::id::encode;
use app::ids;
use domain::id::{ChallengeId, OrganizationId, ProposalId, QuestionId};
use domain::organization::MembershipRole;
use e2e::cast::{DAY, criteria, record, startup_of, text, vietnamese};
use e2e::person::PASSWORD;
use e2e::{Cast, Client, Person, World, rows};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::proof::schema::Schema;

/// What one person can get at from the roots on: things by id, and the lists at the root.
type View = BTreeMap<String, Value>;

/// Everybody's view, by handle.
type Views = BTreeMap<String, View>;

/// Things whose fields hardly depend on who looks, and of which there are many.
const SKIPPED: &[&str] = &["Criterion", "Indicator", "Notification", "Session"];

/// What looking around itself changes: that somebody read is told to the team and to auditors, and nothing else is.
const BY_LOOKING: &str = "accessLog";

/// A link is another one each time: that there is one is what counts.
fn forget_links(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| match key.as_str() {
            "downloadUrl" if value.is_string() => *value = json!("a link"),
            _ => forget_links(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(forget_links),
        _ => {}
    }
}

/// Asks for everything that can be reached.
async fn look(schema: &Schema, client: &Client) -> View {
    let roots = format!(
        "{{ viewer {{ {} }} challenges(first: 100) {{ {} }} organizations(first: 100) {{ {} }} }}",
        schema.selection("User"),
        schema.selection("ChallengeConnection"),
        schema.selection("OrganizationConnection"),
    );
    let mut answer = client.call(&roots, json!({})).await;
    assert!(answer.body.get("errors").is_none(), "{answer:#?}");
    let data = answer.body["data"].take();
    let mut view = View::new();
    let mut found = BTreeMap::new();
    note(&data, &mut found);
    view.insert("roots".to_owned(), data);
    loop {
        let mut wanted: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (id, kind) in
            found.iter().filter(|(id, kind)| !view.contains_key(*id) && !SKIPPED.contains(&kind.as_str()))
        {
            wanted.entry(kind).or_default().push(id);
        }
        if wanted.is_empty() {
            view.values_mut().for_each(forget_links);
            return view;
        }
        let mut answers = Vec::new();
        for (kind, ids) in wanted {
            let document = format!(
                "query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {} }} }} }}",
                schema.selection(kind)
            );
            // As many as their cost allows.
            let at_once = match kind.as_str() {
                "Challenge" => 1,
                "User" => 2,
                "Decision" => 4,
                "Organization" | "Webhook" => 3,
                _ => 30,
            };
            for ids in ids.chunks(at_once) {
                let answer = client.call(&document, json!({ "ids": ids })).await;
                assert!(answer.body.get("errors").is_none(), "{answer:#?}");
                answers.extend(
                    ids.iter()
                        .map(|id| (*id).clone())
                        .zip(answer.body["data"]["nodes"].as_array().unwrap().clone()),
                );
            }
        }
        for (id, mut thing) in answers {
            if let Some(fields) = thing.as_object_mut() {
                fields.remove(BY_LOOKING);
            }
            note(&thing, &mut found);
            view.insert(id, thing);
        }
    }
}

/// Ids and what they are of.
fn note(value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| note(item, found)),
        Value::Object(fields) => {
            if let (Some(Value::String(kind)), Some(Value::String(id))) =
                (fields.get("__typename"), fields.get("id"))
            {
                found.insert(id.clone(), kind.clone());
            }
            fields.values().for_each(|value| note(value, found));
        }
        _ => {}
    }
}

/// A world with an audience.
struct Stage {
    world: World,
    schema: Schema,
    cast: Cast,
    /// Has an account and nothing else.
    stranger: Person,
    /// Founded a house that nobody has verified.
    founder: Person,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new().await;
        let schema = Schema::of(&world).await;
        let cast = Cast::gather(&world).await;
        let stranger = world.person("stranger", "Khách Lạ").await;
        let founder = world.person("founder", "Người Sáng Lập").await;
        Self { world, schema, cast, stranger, founder }
    }

    fn everybody(&self) -> Vec<(&str, Option<&Person>)> {
        let cast = &self.cast;
        let people = [
            &cast.administrator,
            &cast.auditor,
            &cast.publisher,
            &cast.officer,
            &cast.lead,
            &cast.drafter,
            &cast.chair,
            &cast.secretary,
            &cast.reviewer,
            &cast.other_reviewer,
            &cast.third_reviewer,
            &cast.authority,
            &cast.linh,
            &cast.quan,
            &cast.yen,
            &cast.bao,
            &self.stranger,
            &self.founder,
        ];
        let people = people.into_iter().map(|person| (person.handle.as_str(), Some(person)));
        std::iter::once(("visitor", None)).chain(people).collect()
    }

    async fn views(&self) -> Views {
        let looks = futures_util::stream::iter(self.everybody()).map(|(handle, person)| async move {
            let client = match person {
                Some(person) => person.client().await,
                None => self.world.visitor.clone(),
            };
            (handle.to_owned(), look(&self.schema, &client).await)
        });
        looks.buffer_unordered(4).collect().await
    }
}

/// A story in one world, in which everybody looks around after every step.
struct Steps<'a> {
    stage: &'a Stage,
    before: Views,
    count: usize,
}

impl<'a> Steps<'a> {
    async fn begin(stage: &'a Stage) -> Self {
        stage.world.letters().await;
        Self { stage, before: stage.views().await, count: 0 }
    }

    /// Only these may notice what was just done, in answers or by mail. Those marked with `*` must.
    async fn noticed_by(&mut self, what: &str, who: &[&str]) {
        let may: BTreeSet<_> = who.iter().map(|handle| handle.trim_start_matches('*')).collect();
        let after = self.stage.views().await;
        for (handle, view) in &after {
            let changed = changes(&self.before[handle], view);
            if !may.contains(handle.as_str()) {
                assert!(changed.is_empty(), "{what}: {handle} notices\n{}", changed.join("\n"));
            } else if who.contains(&format!("*{handle}").as_str()) {
                assert!(!changed.is_empty(), "{what}: {handle} should notice, or nobody looks");
            }
        }
        for letter in self.stage.world.letters().await {
            let (_, reader) = letter.split_once(": ").unwrap();
            let is_known = after.contains_key(reader);
            assert!(!is_known || may.contains(reader), "{what}: {letter}");
        }
        self.before = after;
        self.count += 1;
    }

    /// Everybody may notice: the next step is judged from here on.
    async fn in_public(&mut self) {
        self.stage.world.letters().await;
        self.before = self.stage.views().await;
    }
}

/// What differs between two views of one person.
fn changes(before: &View, after: &View) -> Vec<String> {
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for id in ids {
        match (before.get(id), after.get(id)) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                let fields = old.keys().chain(new.keys()).collect::<BTreeSet<_>>();
                for field in fields.into_iter().filter(|field| old.get(*field) != new.get(*field)) {
                    changes.push(format!("  {id}.{field}: {:?} -> {:?}", old.get(field), new.get(field)));
                }
            }
            (old, new) if old != new => changes.push(format!("  {id}: {old:?} -> {new:?}")),
            _ => {}
        }
    }
    changes
}

const TEAM: &[&str] = &["*linh", "quan"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_noticed_by_those_whom_it_concerns_and_by_nobody_else() {
    let stage = Stage::new().await;
    let (world, cast) = (&stage.world, &stage.cast);
    let challenge = cast.published_challenge(world).await;
    let scoring = cast.appoint(&challenge).await;
    let id = json!({ "challengeId": challenge });
    let mut steps = Steps::begin(&stage).await;

    // Before the deadline: nothing of any proposal, not even that there is one.
    let song = cast.writes(&cast.linh, &challenge, "Bản đồ ngập").await;
    steps.noticed_by("a proposal is drafted", TEAM).await;
    let on = json!({ "proposalId": song });
    cast.linh.uploads(&on, "Thuyết minh.pdf", e2e::file::pdf("canary")).await.ok();
    cast.submits(&cast.linh, &song).await;
    steps.noticed_by("it is submitted", TEAM).await;
    let version = cast
        .linh
        .asks("query ($id: ID!) { node(id: $id) { ... on Proposal { version } } }", json!({ "id": song }));
    let version = version.await.ok()["version"].clone();
    let input = json!({ "proposalId": song, "expectedVersion": version, "title": "Bản đồ ngập sáu giờ" });
    cast.quan.does("updateProposal", input, "proposal { id }").await.ok();
    steps.noticed_by("its working copy changes", TEAM).await;
    let hong = cast.writes(&cast.yen, &challenge, "Hồ điều tiết").await;
    cast.submits(&cast.yen, &hong).await;
    steps.noticed_by("a rival submits", &["*yen"]).await;
    let sao = cast.writes(&cast.bao, &challenge, "Cổng ngăn triều").await;
    cast.submits(&cast.bao, &sao).await;
    cast.bao.does("withdrawProposal", json!({ "proposalId": sao }), "proposal { id }").await.ok();
    steps.noticed_by("another submits and withdraws", &["*bao"]).await;

    // Drafts, houses, people.
    let inside = &["*lead", "*drafter", "*auditor"];
    let draft = cast.drafts(world, DAY, 10 * DAY).await;
    steps.noticed_by("a challenge is drafted", inside).await;
    let input = json!({ "challengeId": draft, "expectedVersion": 1, "title": vietnamese("Kẹt xe trước cổng trường") });
    cast.drafter.does("updateChallenge", input, "challenge { id }").await.ok();
    steps.noticed_by("the draft changes", inside).await;
    let office = &["*lead", "*drafter", "*auditor", "*officer", "*publisher"];
    cast.hands_in(&draft).await;
    steps.noticed_by("it is handed in", office).await;
    cast.approves(&draft).await;
    steps.noticed_by("it is approved", office).await;
    let staff = &["*founder", "*officer", "*publisher", "*auditor", "*administrator"];
    let found = json!({ "kind": "STARTUP", "name": vietnamese("Ba Miền") });
    let house = stage.founder.does("createOrganization", found, "organization { id }").await.ok();
    steps.noticed_by("a house waits for verification", staff).await;
    let input = json!({ "organizationId": house["organization"]["id"], "reason": "Không có thật." });
    cast.officer.does("rejectOrganization", input, "organization { id }").await.ok();
    steps.noticed_by("it is rejected", staff).await;
    let invite =
        json!({ "organizationId": startup_of(&cast.yen).await, "email": "hoa@example.vn", "role": "VIEWER" });
    cast.yen.does("inviteMember", invite, "organization { id }").await.ok();
    steps.noticed_by("somebody is invited", &["yen"]).await;
    let token = world.last_mail_to("hoa@example.vn").await.token().to_owned();
    let hoa = world.person("hoa", "Vương Thị Hoa").await;
    steps.noticed_by("somebody makes an account", &[]).await;
    hoa.does("acceptInvitation", json!({ "token": token }), "organization { id }").await.ok();
    steps.noticed_by("and joins", &["*yen", "*officer", "*publisher", "*auditor", "*administrator"]).await;

    // The evaluation.
    world.pass(10 * DAY).await;
    opens(world, cast, &challenge).await;
    steps.in_public().await;
    let bureau = ["chair", "secretary", "auditor", "authority"];
    cast.secretary.does("declareNoConflict", json!({ "proposalId": song }), "proposal { id }").await.ok();
    steps.noticed_by("the secretary is without conflict", &["*secretary"]).await;
    let input = json!({ "proposalId": song, "isEligible": true, "reason": "Hợp lệ." });
    cast.secretary.does("screenProposal", input, "proposal { id }").await.ok();
    steps.noticed_by("a proposal is screened", &[TEAM, &bureau].concat()).await;
    cast.admits(&hong).await;
    steps.noticed_by("the other too", &[&["*yen"][..], &bureau].concat()).await;
    let first = cast.assigns(&challenge, &song, &scoring[..1]).await;
    steps.noticed_by("a first review is offered", &[TEAM, &bureau, &["*reviewer"]].concat()).await;
    let second = cast.assigns(&challenge, &song, &scoring[1..]).await;
    let offered = ["*other-reviewer", "*third-reviewer", "*chair", "*secretary"];
    steps.noticed_by("further reviews are offered", &offered).await;
    let of_hong = cast.assigns(&challenge, &hong, &scoring).await;
    let everybody_on_it = [
        "*yen",
        "*reviewer",
        "*other-reviewer",
        "*third-reviewer",
        "*chair",
        "*secretary",
        "auditor",
        "authority",
    ];
    steps.noticed_by("and of the other proposal", &everybody_on_it).await;

    let declared = cast
        .reviewer
        .does("declareNoConflict", json!({ "proposalId": song }), "review { version }")
        .await
        .ok();
    steps.noticed_by("a reviewer is without conflict", &["*reviewer", "*chair", "*secretary"]).await;
    let marks: Vec<_> = criteria(&cast.reviewer, &first[0])
        .await
        .iter()
        .map(|criterion| json!({ "criterionId": criterion, "score": "7.31", "reason": "Có cơ sở." }))
        .collect();
    let save =
        json!({ "reviewId": first[0], "expectedVersion": declared["review"]["version"], "marks": marks });
    cast.reviewer.does("saveScoreSheet", save, "review { id }").await.ok();
    steps.noticed_by("a sheet is filled in", &["*reviewer", "chair", "secretary"]).await;
    cast.reviewer.does("submitReview", json!({ "reviewId": first[0] }), "review { id }").await.ok();
    steps.noticed_by("a sheet is handed in", &["*reviewer", "*chair", "*secretary"]).await;
    let conflict = json!({ "proposalId": song, "kind": "KINSHIP", "reason": "Anh rể." });
    cast.third_reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    steps.noticed_by("a member is in conflict", &["*third-reviewer", "*chair", "*secretary"]).await;
    cast.scores(&cast.other_reviewer, &song, &second[0], ["6", "6", "6"]).await;
    cast.scores(&cast.reviewer, &hong, &of_hong[0], ["8", "8", "8"]).await;
    cast.scores(&cast.other_reviewer, &hong, &of_hong[1], ["9", "9", "9"]).await;
    let scored = ["reviewer", "other-reviewer", "chair", "secretary"];
    steps.noticed_by("further sheets", &scored).await;

    // The lock is the council's business, and what leads to the decision that of those who make it.
    let council =
        ["*chair", "*secretary", "*reviewer", "*other-reviewer", "*third-reviewer", "*authority", "*auditor"];
    let inside = ["*lead", "*drafter", "*officer", "*publisher"];
    cast.locks(&challenge).await;
    steps.noticed_by("the round is locked", &[&council[..], &inside].concat()).await;
    const CHANGED: &str = "decision { id version }";
    let started = cast.chair.does("startDecision", id.clone(), CHANGED).await.ok();
    let decision = text(&started["decision"]["id"]);
    steps.in_public().await;
    let outcome = |proposal: &str, outcome: &str| json!({ "proposalId": proposal, "outcome": outcome, "feedback": "Cảm ơn." });
    let decide = json!({
        "decisionId": decision, "expectedVersion": 1,
        "outcomes": [outcome(&hong, "SELECTED"), outcome(&song, "NOT_SELECTED")],
    });
    cast.chair.does("updateDecision", decide, CHANGED).await.ok();
    let makers = ["*chair", "*secretary", "*auditor"];
    steps.noticed_by("the decision is drafted", &makers).await;
    let makers = ["*chair", "*secretary", "*auditor", "*authority"];
    cast.chair.does("proposeDecision", json!({ "decisionId": decision }), CHANGED).await.ok();
    steps.noticed_by("the decision is proposed", &makers).await;
    let input = json!({ "decisionId": decision, "reason": "Xin xem lại." });
    cast.authority.does("returnDecision", input, CHANGED).await.ok();
    steps.noticed_by("the decision is returned", &makers).await;
    let proposed = cast.chair.does("proposeDecision", json!({ "decisionId": decision }), CHANGED).await.ok();
    steps.noticed_by("the decision is proposed again", &makers).await;
    let approve = json!({ "decisionId": decision, "expectedVersion": proposed["decision"]["version"] });
    cast.authority.does("approveDecision", approve, CHANGED).await.ok();
    let office = ["*chair", "*secretary", "*auditor", "*authority", "*officer", "*publisher"];
    steps.noticed_by("the decision is approved", &office).await;

    println!(
        "two worlds: {} steps, each noticed by nobody whom it does not concern of {}",
        steps.count,
        steps.before.len()
    );
    stage.world.finish().await;
}

/// What the person was told in a world, without what differs in any two worlds: ids and times; named things by their names.
fn masked(view: &View, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    fn mask(value: &Value, names: &BTreeMap<String, String>, kinds: &BTreeMap<String, String>) -> Value {
        match value {
            Value::String(text) => match (names.get(text), kinds.get(text)) {
                (Some(name), _) => json!(format!("<{name}>")),
                (None, Some(kind)) => json!(format!("<some {kind}>")),
                _ if is_time(text) => json!("<time>"),
                _ if text.starts_with(PDF) => printed(text),
                _ if text.starts_with(TABLE) => mask(&cells(text), names, kinds),
                // What a signed text states; whose key signed it is its world's.
                _ => signed(text).map_or_else(|| value.clone(), |stated| mask(&stated, names, kinds)),
            },
            Value::Array(items) => {
                // Ties are broken by id.
                let mut items: Vec<_> = items.iter().map(|item| mask(item, names, kinds)).collect();
                items.sort_by_key(Value::to_string);
                items.into()
            }
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(key, _)| {
                    !["cursor", "startCursor", "endCursor", "sessions"].contains(&key.as_str())
                });
                kept.map(|(key, value)| (key.clone(), mask(value, names, kinds)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            _ => value.clone(),
        }
    }
    let mut kinds = BTreeMap::new();
    for value in view.values() {
        note(value, &mut kinds);
    }
    view.values().map(|value| mask(value, names, &kinds).to_string()).collect()
}

/// How a PDF in base64 begins.
const PDF: &str = "JVBERi";

/// The words of a PDF but for times: equals stand in the order of their ids.
fn printed(pdf: &str) -> Value {
    let text = crate::minutes::read(&BASE64_STANDARD.decode(pdf).unwrap());
    let is_time =
        |word: &&str| word.contains([':', '/']) && word.contains(|letter: char| letter.is_ascii_digit());
    let mut words: Vec<_> = text.split_whitespace().filter(|word| !is_time(word)).collect();
    words.sort_unstable();
    json!(words)
}

/// How a table for spreadsheets begins.
const TABLE: char = '\u{feff}';

/// The lines of a table, without the number of a sheet: they stand in the order of their ids.
fn cells(table: &str) -> Value {
    let lines = table.trim_start_matches(TABLE).lines().map(|line| {
        let cells = line.split(',').enumerate().filter(|(at, _)| *at != 6);
        cells.map(|(_, cell)| json!(cell)).collect::<Value>()
    });
    lines.collect()
}

/// What a JWS states; None for any other text.
fn signed(text: &str) -> Option<Value> {
    let (head, rest) = text.split_once('.')?;
    let (stated, _) = rest.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    read(head).and_then(|_| read(stated))
}

fn is_time(text: &str) -> bool {
    text.len() > 20 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z')
}

/// What these people can see and were mailed, masked, by handle.
async fn told(
    stage: &Stage,
    names: &BTreeMap<String, String>,
    who: &[&Person],
) -> BTreeMap<String, BTreeSet<String>> {
    let mails = stage.world.mail().await;
    let mut told = BTreeMap::new();
    for person in who {
        let view = look(&stage.schema, &person.client().await).await;
        let mut all = masked(&view, names);
        let own = mails.iter().filter(|mail| mail.to == person.email).enumerate();
        all.extend(own.map(|(number, mail)| {
            let words =
                mail.text.split_whitespace().filter(|word| !word.bytes().any(|byte| byte.is_ascii_digit()));
            format!("mail {number} {} {}", mail.subject, words.collect::<Vec<_>>().join(" "))
        }));
        told.insert(person.handle.clone(), all);
    }
    told
}

fn assert_same(
    one: &BTreeMap<String, BTreeSet<String>>,
    other: &BTreeMap<String, BTreeSet<String>>,
    secret: &str,
) {
    for (handle, told) in one {
        let differing: Vec<_> = told.symmetric_difference(&other[handle]).collect();
        assert!(differing.is_empty(), "{handle} can tell {secret}: {differing:#?}");
    }
}

/// Opens the proposals. Whoever is asked to be the second person hears of it in every world, not only where the mail is faster.
async fn opens(world: &World, cast: &Cast, challenge: &str) {
    let input = json!({ "challengeId": challenge });
    cast.secretary.does("requestProposalOpening", input.clone(), "challenge { id }").await.ok();
    world.is_quiet().await;
    cast.chair.does("confirmProposalOpening", input, "challenge { id }").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_sealed_proposals_look_like_none_up_to_the_opening_and_to_outsiders_beyond_it() {
    let mut worlds = Vec::new();
    for proposals in [0, 3] {
        let stage = Stage::new().await;
        let (world, cast) = (&stage.world, &stage.cast);
        let challenge = cast.published_challenge(world).await;
        cast.appoint(&challenge).await;
        for owner in [&cast.linh, &cast.yen, &cast.bao].into_iter().take(proposals) {
            let proposal = cast.writes(owner, &challenge, "Đề xuất").await;
            cast.submits(owner, &proposal).await;
        }
        let names = BTreeMap::from([(challenge.clone(), "the challenge".to_owned())]);
        let all = stage.everybody().into_iter().filter_map(|(_, person)| person);
        let teams = ["linh", "quan", "yen", "bao"];
        let outside: Vec<_> = all.filter(|person| !teams.contains(&person.handle.as_str())).collect();
        let open = told(&stage, &names, &outside).await;
        world.pass(10 * DAY).await;
        let closed = told(&stage, &names, &outside).await;
        opens(world, cast, &challenge).await;
        let never = [
            &cast.officer,
            &cast.publisher,
            &cast.lead,
            &cast.drafter,
            &cast.administrator,
            &stage.stranger,
            &cast.reviewer,
        ];
        let opened = told(&stage, &names, &never).await;
        worlds.push([open, closed, opened]);
        stage.world.finish().await;
    }
    for phase in 0..3 {
        assert_same(&worlds[0][phase], &worlds[1][phase], "none from three");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_in_conflict_with_a_proposal_cannot_tell_what_became_of_it() {
    let mut worlds = Vec::new();
    // Best of all, worst of all, or never in the running.
    for scores in [Some("9"), Some("2"), None] {
        let stage = Stage::new().await;
        let (world, cast) = (&stage.world, &stage.cast);
        let challenge = cast.published_challenge(world).await;
        let scoring = cast.appoint(&challenge).await;
        let mut names = BTreeMap::from([(challenge.clone(), "the challenge".to_owned())]);
        let mut proposals = Vec::new();
        for (owner, title) in [(&cast.linh, "Bản đồ"), (&cast.yen, "Hồ"), (&cast.bao, "Cổng")] {
            let proposal = cast.writes(owner, &challenge, title).await;
            cast.submits(owner, &proposal).await;
            names.insert(proposal.clone(), title.to_owned());
            proposals.push(proposal);
        }
        let [song, hong, sao] = proposals.as_slice() else { panic!("{proposals:?}") };
        world.pass(10 * DAY).await;
        opens(world, cast, &challenge).await;
        let conflict = json!({ "proposalId": hong, "kind": "FINANCIAL", "reason": "Tôi có cổ phần." });
        cast.secretary.does("declareConflict", conflict.clone(), "isRecused").await.ok();
        cast.admits(song).await;
        cast.admits(sao).await;
        // The chair stands in.
        cast.chair.does("declareNoConflict", json!({ "proposalId": hong }), "proposal { id }").await.ok();
        let screen = json!({ "proposalId": hong, "isEligible": scores.is_some(), "reason": "Xem hồ sơ." });
        cast.chair.does("screenProposal", screen, "proposal { id }").await.ok();
        let mut given = vec![(song, ["7", "7", "7"]), (sao, ["5", "5", "5"])];
        given.extend(scores.map(|score| (hong, [score; 3])));
        for (proposal, scores) in given {
            let by = if proposal == hong { &cast.chair } else { &cast.secretary };
            let input = json!({
                "challengeId": challenge, "assignments": [{ "proposalId": proposal, "memberIds": scoring[..2] }],
            });
            let done = by.does("assignReviews", input, "reviews { id }").await.ok();
            let reviews: Vec<_> =
                done["reviews"].as_array().unwrap().iter().map(|review| text(&review["id"])).collect();
            cast.scores(&cast.reviewer, proposal, &reviews[0], scores).await;
            cast.scores(&cast.other_reviewer, proposal, &reviews[1], scores).await;
        }
        let tied = [&cast.secretary];
        let scored = told(&stage, &names, &tied).await;
        cast.locks(&challenge).await;
        let locked = told(&stage, &names, &tied).await;
        const CHANGED: &str = "decision { id version }";
        let started =
            cast.chair.does("startDecision", json!({ "challengeId": challenge }), CHANGED).await.ok();
        let decision = text(&started["decision"]["id"]);
        let outcome = |proposal: &str, outcome: &str| json!({ "proposalId": proposal, "outcome": outcome, "feedback": "Cảm ơn." });
        let mut outcomes = vec![outcome(song, "SELECTED"), outcome(sao, "NOT_SELECTED")];
        outcomes.extend(scores.map(|_| outcome(hong, "NOT_SELECTED")));
        let decide = json!({
            "decisionId": decision, "expectedVersion": 1, "outcomes": outcomes, "departureReason": "Chi phí của Hồ quá cao.",
        });
        cast.chair.does("updateDecision", decide, CHANGED).await.ok();
        let drafted = told(&stage, &names, &tied).await;
        cast.chair.does("proposeDecision", json!({ "decisionId": decision }), CHANGED).await.ok();
        let approve = json!({ "decisionId": decision, "expectedVersion": 3 });
        cast.authority.does("approveDecision", approve, CHANGED).await.ok();
        let approved = told(&stage, &names, &tied).await;
        worlds.push([scored, locked, drafted, approved]);
        let input = json!({ "decisionId": decision, "record": record("56/QĐ") });
        cast.publisher.does("publishDecision", input, CHANGED).await.ok();
        stage.world.finish().await;
    }
    for other in 1..3 {
        for phase in 0..4 {
            assert_same(&worlds[0][phase], &worlds[other][phase], "what became of the proposal");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_tell_who_reviews_which_proposal() {
    let mut worlds = Vec::new();
    for second in [0, 1] {
        let stage = Stage::new().await;
        let (world, cast) = (&stage.world, &stage.cast);
        let challenge = cast.published_challenge(world).await;
        let scoring = cast.appoint(&challenge).await;
        let mut names = BTreeMap::from([(challenge.clone(), "the challenge".to_owned())]);
        let mut proposals = Vec::new();
        for (owner, title) in [(&cast.linh, "Bản đồ"), (&cast.yen, "Hồ")] {
            let proposal = cast.writes(owner, &challenge, title).await;
            cast.submits(owner, &proposal).await;
            names.insert(proposal.clone(), title.to_owned());
            proposals.push(proposal);
        }
        world.pass(10 * DAY).await;
        opens(world, cast, &challenge).await;
        for proposal in &proposals {
            cast.admits(proposal).await;
            cast.assigns(&challenge, proposal, &scoring[..1]).await;
        }
        // One more review, of the one or of the other.
        let review = cast.assigns(&challenge, &proposals[second], &scoring[1..2]).await;
        cast.scores(&cast.other_reviewer, &proposals[second], &review[0], ["7", "8", "9"]).await;
        let unentitled = [
            &cast.linh,
            &cast.quan,
            &cast.yen,
            &cast.reviewer,
            &cast.third_reviewer,
            &cast.authority,
            &cast.auditor,
            &cast.officer,
            &cast.lead,
            &cast.administrator,
            &stage.stranger,
        ];
        worlds.push(told(&stage, &names, &unentitled).await);
        stage.world.finish().await;
    }
    assert_same(&worlds[0], &worlds[1], "who reviews what");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_tell_whether_an_address_has_an_account() {
    let mut worlds = Vec::new();
    for is_known in [false, true] {
        let stage = Stage::new().await;
        let (world, cast) = (&stage.world, &stage.cast);
        if is_known {
            let house = startup_of(&cast.bao).await;
            let known = world.person("hoa", "Vương Thị Hoa").await;
            let house = domain::id::PublicId::from_public(&house).unwrap();
            rows::insert(world.db(), [rows::membership(house, known.account, MembershipRole::Viewer)])
                .await
                .unwrap();
        }
        world.letters().await;
        let email = "hoa@example.vn";
        let mut answers = Vec::new();
        for (mutation, input, changed) in [
            (
                "register",
                json!({ "email": email, "displayName": "Hoa", "password": PASSWORD }),
                "isMailOnItsWay",
            ),
            ("logIn", json!({ "email": email, "password": "not the right one" }), "tokens { accessToken }"),
            ("requestPasswordReset", json!({ "email": email }), "isMailOnItsWay"),
        ] {
            let answer = world.visitor.does(mutation, input, changed).await;
            answers.push(format!("{} {}", answer.status, answer.body));
        }
        let invite =
            json!({ "organizationId": startup_of(&cast.yen).await, "email": email, "role": "VIEWER" });
        let answer =
            cast.yen.does("inviteMember", invite, "organization { name { text } members { role } }").await;
        answers.push(format!("{} {}", answer.status, answer.body));
        let letters: Vec<_> =
            world.letters().await.into_iter().filter(|letter| !letter.ends_with(": hoa")).collect();
        assert_eq!(letters, [""; 0], "nobody else hears of it");
        let unentitled = [&cast.yen, &cast.linh, &cast.lead, &cast.chair, &stage.stranger];
        worlds.push((answers, told(&stage, &BTreeMap::new(), &unentitled).await));
        stage.world.finish().await;
    }
    assert_eq!(worlds[0].0, worlds[1].0);
    assert_same(&worlds[0].1, &worlds[1].1, "whether the address has an account");
}

/// How long something takes hangs on what the server does for it. So what is hidden must be asked for in the same statements as
/// what is not there at all; and no clock of the test's machine has a say in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_takes_the_same_way_as_what_is_not_there() {
    let stage = Stage::new().await;
    let (world, cast) = (&stage.world, &stage.cast);
    let open = cast.published_challenge(world).await;
    let proposal = cast.writes(&cast.linh, &open, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let draft = cast.drafts(world, std::time::Duration::ZERO, 10 * DAY).await;
    let asks = json!({ "challengeId": open, "organizationId": startup_of(&cast.linh).await, "text": "Có dữ liệu không?" });
    let found = json!({ "kind": "STARTUP", "name": vietnamese("Nhà Chờ") });
    let pending = stage.founder.does("createOrganization", found, "organization { id }").await.ok();
    let question =
        cast.linh.does("askQuestion", asks, "question { id }").await.ok()["question"]["id"].clone();
    world.is_quiet().await;

    let hidden = [
        ("challengeId", draft, encode(ids::random::<ChallengeId>()).to_string()),
        ("proposalId", proposal, encode(ids::random::<ProposalId>()).to_string()),
        (
            "organizationId",
            text(&pending["organization"]["id"]),
            encode(ids::random::<OrganizationId>()).to_string(),
        ),
        ("questionId", text(&question), encode(ids::random::<QuestionId>()).to_string()),
    ];
    let house = startup_of(&cast.yen).await;
    let calls = [
        ("challengeId", "recallChallenge", json!({})),
        ("challengeId", "pauseChallenge", json!({ "reason": "Vì thế." })),
        ("challengeId", "followChallenge", json!({})),
        ("challengeId", "askQuestion", json!({ "organizationId": house, "text": "Có dữ liệu không?" })),
        (
            "challengeId",
            "createProposal",
            json!({ "organizationId": house, "title": "Cống", "summary": "Cống." }),
        ),
        ("proposalId", "withdrawProposal", json!({})),
        ("proposalId", "reviveProposal", json!({})),
        ("proposalId", "submitProposal", json!({ "declaresOwnership": true })),
        ("proposalId", "screenProposal", json!({ "isEligible": true, "reason": "Đủ." })),
        ("proposalId", "declareConflict", json!({ "kind": "KINSHIP", "reason": "Anh em." })),
        ("organizationId", "suspendOrganization", json!({ "reason": "Vì thế." })),
        ("organizationId", "inviteMember", json!({ "email": "ai@example.vn", "role": "EDITOR" })),
        ("questionId", "answerQuestion", json!({ "answer": vietnamese("Có.") })),
        ("questionId", "declineQuestion", json!({ "reason": "Vì thế." })),
    ];
    let node = "query ($id: ID!) { node(id: $id) { __typename id } }";
    let (mut asked, mut told_apart) = (0, Vec::new());
    for person in [&cast.yen, &stage.stranger, &cast.reviewer] {
        let client = person.client().await;
        for (field, known, unknown) in &hidden {
            let looks = async |id: &str| {
                let look =
                    async || assert_eq!(client.call(node, json!({ "id": id })).await.ok(), Value::Null);
                world.meter.statements(look).await
            };
            asked += 1;
            let (there, nowhere) = (looks(known).await, looks(unknown).await);
            if there != nowhere {
                told_apart.push(format!("{} node {field}: {there} {nowhere}", person.handle));
            }
            for (_, mutation, rest) in calls.iter().filter(|(of, ..)| of == field) {
                let tries = async |id: &str| {
                    let mut input = rest.clone();
                    input[field] = json!(id);
                    let mut said = Vec::new();
                    let taken = world
                        .meter
                        .statements(async || {
                            said = client.does(mutation, input.clone(), "__typename").await.refused();
                        })
                        .await;
                    (said, taken)
                };
                asked += 1;
                let (there, nowhere) = (tries(known).await, tries(unknown).await);
                if there != nowhere {
                    told_apart.push(format!("{} {mutation}: {there:?} {nowhere:?}", person.handle));
                }
            }
        }
    }
    assert!(told_apart.is_empty(), "of {asked}:\n{}", told_apart.join("\n"));
    stage.world.finish().await;
}
