//! What is found out beside the crawl, and the matrix that it all comes to, for people to read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use crate::proof::crawl::{Crawl, Seen, Viewer, is_empty};
use crate::proof::facts::{Facts, Labels, Thing};
use crate::proof::oracle::Oracle;
use crate::proof::schema::field_of;
use crate::proof::swap::Tried;
use crate::proof::town::Town;

/// Every mail is read for words that its reader may not have.
pub async fn mails(town: &Town, oracle: &Oracle<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for mail in town.world.mail().await {
        // By its row, for people change their addresses.
        let row = oracle.facts.message.iter().find(|row| row.id.to_string() == mail.notification_id);
        let reader = row.and_then(|row| row.user_id);
        let mut seen = Seen::default();
        for text in [&mail.subject, &mail.text, &mail.html] {
            seen.keep(&format!("the mail {:?}", mail.subject), &json!(text));
        }
        wrong.extend(oracle.leaks_of_mail(&mail.to, reader, &seen));
        let names_others =
            mail.headers.iter().any(|header| ["Cc", "Bcc", "Reply-To"].contains(&header.as_str()));
        wrong.extend(names_others.then(|| format!("a mail to {} names others in its header", mail.to)));
    }
    wrong
}

/// Reading and being refused changes nothing.
pub async fn nothing_changed(town: &Town, before: &Facts) -> Vec<String> {
    let (before, after) = (before.print(), Facts::read(&town.world).await.print());
    after.symmetric_difference(&before).map(|row| format!("a refused call changed {row}")).collect()
}

/// The four kinds of user error, each once; returns what they covered.
pub async fn user_errors(town: &Town) -> BTreeSet<String> {
    let facts = Facts::read(&town.world).await;
    let draft = town.id("a draft");
    let version = facts
        .challenge
        .iter()
        .find(|row| api::graphql::id::encode(row.id).as_str() == draft)
        .unwrap()
        .version;
    let select = format!("userErrors {{ {} }} __typename", town.schema.selection("UserError"));
    let tries = [
        (
            "lead",
            "updateChallenge",
            json!({ "challengeId": draft, "expectedVersion": version, "slug": null }),
        ),
        ("lead", "updateChallenge", json!({ "challengeId": draft, "expectedVersion": version + 1 })),
        ("lead", "recallChallenge", json!({ "challengeId": draft })),
        (
            "lead",
            "updateChallenge",
            json!({
                "challengeId": draft, "expectedVersion": version, "title": [{ "locale": "VI", "value": "x".repeat(201) }],
            }),
        ),
        ("stranger", "recallChallenge", json!({ "challengeId": "x" })),
        ("stranger", "finishSignOn", json!({ "state": "x", "code": "x", "attemptToken": "x" })),
    ];
    let crawl = Crawl::new(&town.schema, BTreeMap::new(), &[]);
    for (nick, mutation, input) in tries.into_iter().skip(1) {
        let (first, rest) = mutation.split_at(1);
        let document = format!(
            "mutation ($input: {}{rest}Input!) {{ {mutation}(input: $input) {{ {select} }} }}",
            first.to_uppercase()
        );
        let answer = town.person(nick).asks(&document, json!({ "input": input })).await;
        crawl.cover(&answer.body);
    }
    crawl.covered.into_inner().unwrap()
}

/// Elements that nobody ever got a value of, and reasons that are none.
pub fn unseen(elements: &[String], covered: &BTreeSet<String>, excused: &[(&str, &str)]) -> Vec<String> {
    let is_excused = |element: &str| excused.iter().any(|(known, _)| *known == element);
    // What the roots answer with is judged there; a mutation is covered by its payload.
    let is_root = |element: &str| element.starts_with("Query.") || element.starts_with("Subscription.");
    let is_covered = |element: &str| match element.strip_prefix("Mutation.") {
        Some(mutation) => {
            let (first, rest) = mutation.split_at(1);
            let payload = format!("{}{rest}Payload.", first.to_uppercase());
            covered.iter().any(|known| known.starts_with(&payload))
        }
        None => covered.contains(element) || is_root(element),
    };
    // That an act was not refused shows in the absence of errors; that errors can be read shows in those that were.
    let is_errors = |element: &str| element.ends_with("Payload.userErrors");
    let missing =
        elements.iter().filter(|element| !is_covered(element) && !is_excused(element) && !is_errors(element));
    let mut wrong: Vec<_> = missing
        .map(|element| format!("{element} had no value for anybody: nothing is proved about it"))
        .collect();
    let seen = excused.iter().filter(|(element, _)| covered.contains(*element));
    wrong.extend(seen.map(|(element, _)| format!("{element} is excused in UNSEEN and was seen")));
    wrong
}

/// What a viewer is to a thing, in one word or two: the first of these that holds names the column.
const STANDINGS: &[&str] = &[
    "self",
    "team",
    "conflict",
    "chair",
    "vice-chair",
    "secretary",
    "offered",
    "reviewer",
    "member",
    "decision-maker",
    "agency",
    "delegate",
    "house",
    "taker",
    "inviter",
    "asker",
    "officer",
    "publisher",
    "auditor",
    "administrator",
    "colleague",
    "fellow",
    "signed-in",
    "anybody",
];

fn standing(labels: &Labels) -> String {
    let first = STANDINGS.iter().find(|label| labels.who.contains(**label)).unwrap();
    if labels.who.contains("cleared") { format!("{first} (cleared)") } else { (*first).to_owned() }
}

/// States that tell things of a type apart in the matrix.
pub fn state(thing: Thing<'_>, labels: &Labels) -> String {
    let kind = |label: &&str| label.len() > 3 && label.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let phases: &[&str] = match thing {
        Thing::Proposal(_) | Thing::Review(_) => &["sealed", "opened", "locked", "decided", "names-hidden"],
        Thing::Challenge(_) => &["locked", "counted"],
        Thing::Decision(_) => &["returned"],
        Thing::Membership(_) | Thing::CouncilMember(_) | Thing::Session(_) => &["live"],
        Thing::WorkingGroup(_) | Thing::Invitation(_) => &["live"],
        Thing::Notification(_) => &["told"],
        _ => &[],
    };
    let kinds = labels.when.iter().filter(|label| kind(label) && !matches!(thing, Thing::Membership(_)));
    let phases = labels.when.iter().filter(|label| phases.contains(label));
    let state: Vec<_> = kinds.chain(phases).copied().collect();
    if state.is_empty() { "-".to_owned() } else { state.join(" ") }
}

/// Writes the matrix, or compares it with the one that was read and found right.
pub fn golden(oracle: &Oracle<'_>, viewers: &[Viewer], seen: &[Seen], tried: &Tried) {
    let mut out = String::from(
        "# Who sees what, as the server answered it, by type: fields that behave alike, the state of the thing, and what those\n\
         # are to it who got a value. Written by the proof (UPDATE_GOLDEN=1), read by people.\n",
    );
    // By type and field: the state, and who in it.
    let mut matrix: BTreeMap<&str, BTreeMap<String, BTreeMap<String, BTreeSet<String>>>> = BTreeMap::new();
    for (viewer, seen) in viewers.iter().zip(seen) {
        for (id, shown) in &seen.things {
            let (kind, thing) = oracle.things[id];
            // A criterion is as visible as its challenge.
            let labels = oracle.labels(viewer.account, thing);
            for (key, _) in shown
                .as_object()
                .unwrap()
                .iter()
                .filter(|(key, value)| *key != "__typename" && !is_empty(value))
            {
                let states = matrix.entry(kind).or_default().entry(field_of(key).0.to_owned()).or_default();
                states.entry(state(thing, &labels)).or_default().insert(standing(&labels));
            }
        }
    }
    for (kind, fields) in matrix {
        let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (field, states) in fields {
            let mut by_who: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (state, who) in states {
                // Whoever is nobody in particular stands for all.
                let who = if who.contains("anybody") {
                    "everybody".to_owned()
                } else {
                    who.into_iter().collect::<Vec<_>>().join(", ")
                };
                by_who.entry(who).or_default().push(state);
            }
            let print = by_who
                .into_iter()
                .map(|(who, states)| format!("    {}\n        {who}\n", states.join("; ")))
                .collect();
            alike.entry(print).or_default().push(field);
        }
        out.push_str(&format!("\n{kind}\n"));
        for (print, fields) in alike {
            out.push_str(&format!("  {}\n{print}", fields.join(", ")));
        }
    }
    out.push_str("\n# What those got who know a thing and may not do this to it.\n\n");
    let mut by_mutation: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for ((mutation, _), codes) in &tried.refusals {
        by_mutation.entry(mutation).or_default().extend(codes.keys());
    }
    for (mutation, codes) in by_mutation {
        out.push_str(&format!("{mutation}: {}\n", codes.into_iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/golden/visibility.txt");
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &out).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let (was, is): (BTreeSet<_>, BTreeSet<_>) = (written.lines().collect(), out.lines().collect());
    assert!(
        written == out,
        "golden/visibility.txt is stale: UPDATE_GOLDEN=1 writes it, a person reads the difference, which begins with\n\
         no longer {:#?}\nnow {:#?}",
        was.difference(&is).take(40).collect::<Vec<_>>(),
        is.difference(&was).take(40).collect::<Vec<_>>(),
    );
}
