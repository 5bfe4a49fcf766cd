//! The oracle: what each viewer should have seen, by the tables and by nothing else, held against what they saw.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::id::UserId;
use domain::review::ReviewStatus;
use serde_json::{Value, json};

use crate::proof::crawl::{Seen, Viewer, is_empty};
use crate::proof::facts::{Facts, Labels, Secret, Thing};
use crate::proof::roots::{List, answers, finds};
use crate::proof::schema::{Schema, field_of};
use crate::proof::table::Table;

/// The tables.
pub struct Rules {
    know: Table,
    fields: Table,
    secrets: Table,
}

impl Rules {
    /// Reads them.
    pub fn read() -> Self {
        Self {
            know: Table::read(include_str!("tables/know.txt")),
            fields: Table::read(include_str!("tables/fields.txt")),
            secrets: Table::read(include_str!("tables/secrets.txt")),
        }
    }

    /// What the schema has and no row speaks of, and rows that speak of nothing.
    pub fn unjudged(&self, schema: &Schema) -> Vec<String> {
        let elements = schema.elements();
        // Things in payloads are judged like everywhere, and what a mutation does is another table's question.
        let is_judged_elsewhere = |of: &str, field: &str| {
            let ty = schema.ty(of);
            let bottom = &ty.fields.iter().find(|known| known.name == field).unwrap().of;
            of == "Mutation" || of.ends_with("Payload") && (schema.is_node(bottom) || bottom == "UserError")
        };
        let mut unjudged: Vec<_> = elements
            .iter()
            .filter(|element| {
                let (of, field) = element.split_once('.').unwrap();
                !self.fields.speaks_of(element) && !is_judged_elsewhere(of, field)
            })
            .map(|element| format!("{element}: proof/tables/fields.txt"))
            .collect();
        let gone =
            self.fields.subjects().filter(|subject| !elements.iter().any(|element| element == subject));
        unjudged.extend(
            gone.map(|subject| format!("{subject} is not in the schema any more: proof/tables/fields.txt")),
        );
        let nodes = schema.nodes().iter().filter(|node| !self.know.speaks_of(node));
        unjudged.extend(nodes.map(|node| format!("{node}: proof/tables/know.txt")));
        unjudged
    }
}

/// The tables, asked about these facts.
pub struct Oracle<'a> {
    /// The tables.
    pub rules: &'a Rules,
    /// The facts.
    pub facts: &'a Facts,
    /// Everything with an id.
    pub things: BTreeMap<String, (&'static str, Thing<'a>)>,
    known: Mutex<BTreeMap<Option<UserId>, Arc<BTreeSet<String>>>>,
}

/// The type of a thing in `know.txt`.
fn subject(thing: Thing<'_>) -> Option<&'static str> {
    Some(match thing {
        Thing::User(_) => "User",
        Thing::Organization(_) => "Organization",
        Thing::Membership(_) => "Membership",
        Thing::Challenge(_) => "Challenge",
        Thing::Criterion(_) => "Criterion",
        Thing::Indicator(_) => "Indicator",
        Thing::CouncilMember(_) => "CouncilMember",
        Thing::Question(_) => "Question",
        Thing::Attachment(_) => "Attachment",
        Thing::SavedSearch(_) => "SavedSearch",
        Thing::Proposal(_) | Thing::Version(..) => "Proposal",
        Thing::Review(_) => "Review",
        Thing::Decision(_) => "Decision",
        Thing::Appeal(_) => "Appeal",
        Thing::Session(_) => "Session",
        Thing::Notification(_) => "Notification",
        Thing::Delegation(_) => "Delegation",
        Thing::WorkingGroup(_) | Thing::Place(..) => "WorkingGroup",
        Thing::Expert(_) => "Expert",
        Thing::Invitation(_) => "Invitation",
        Thing::ExternalIdentity(_) => "ExternalIdentity",
        Thing::Webhook(_) => "Webhook",
        Thing::WebhookDelivery(_) => "WebhookDelivery",
        Thing::Outcome(..) => "DecisionOutcome",
        Thing::Nothing => return None,
    })
}

/// One value that several viewers were shown, who all should have seen the same.
type Same<'v> = BTreeMap<(String, String, usize), Vec<(&'v Viewer, Value)>>;

impl<'a> Oracle<'a> {
    /// Over these facts.
    pub fn over(rules: &'a Rules, facts: &'a Facts) -> Self {
        let things = facts.things().into_iter().map(|(kind, id, thing)| (id, (kind, thing))).collect();
        Self { rules, facts, things, known: Mutex::default() }
    }

    /// What the viewer is to the thing, and whether they may know it.
    pub fn labels(&self, viewer: Option<UserId>, thing: Thing<'_>) -> Labels {
        let mut labels = self.facts.labels(viewer, thing);
        labels.who.insert("caller");
        if subject(thing).is_some_and(|subject| self.rules.know.allows(subject, &labels).is_some()) {
            labels.who.insert("knows");
        }
        labels
    }

    /// Whether the viewer may know the thing.
    pub fn knows(&self, viewer: Option<UserId>, thing: Thing<'_>) -> bool {
        self.labels(viewer, thing).who.contains("knows")
    }

    /// The ids of everything that the viewer may know.
    pub fn known(&self, viewer: Option<UserId>) -> Arc<BTreeSet<String>> {
        let mut known = self.known.lock().unwrap();
        let all = || {
            self.things
                .iter()
                .filter(|(_, (_, thing))| self.knows(viewer, *thing))
                .map(|(id, _)| id.clone())
                .collect()
        };
        Arc::clone(known.entry(viewer).or_insert_with(|| Arc::new(all())))
    }

    /// The canary words that the viewer may read, each with the columns that allow it.
    pub fn words(&self, viewer: Option<UserId>) -> BTreeMap<String, BTreeSet<String>> {
        let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut last: Option<(Thing<'_>, Labels)> = None;
        for secret in self.facts.secrets() {
            // Texts of one row come together.
            let labels = match last.take() {
                Some((thing, labels)) if thing.is(&secret.thing) => labels,
                _ => self.labels(viewer, secret.thing),
            };
            let labels = &last.insert((secret.thing, labels)).1;
            if self.rules.secrets.allows(&secret.class, labels).is_some() {
                allowed.entry(secret.word).or_default().insert(secret.class);
            }
        }
        allowed
    }

    /// Columns with canaries that no row speaks of, and rows about columns without any.
    pub fn unjudged_columns(&self) -> Vec<String> {
        let found: BTreeSet<_> = self.facts.secrets().into_iter().map(|secret| secret.class).collect();
        let missing = found.iter().filter(|class| !self.rules.secrets.speaks_of(class));
        let mut unjudged: Vec<_> =
            missing.map(|class| format!("{class}: proof/tables/secrets.txt")).collect();
        let blind = self.rules.secrets.subjects().filter(|class| !found.contains(*class));
        unjudged
            .extend(blind.map(|class| format!("{class} has no canary in the town, its row proves nothing")));
        unjudged
    }

    /// Whatever a viewer was shown at some moment, and should not have been: words and ids.
    pub fn leaks(&self, nick: &str, viewer: Option<UserId>, seen: &Seen) -> Vec<String> {
        self.leaks_as(&[], nick, viewer, seen)
    }

    /// The same for a mail.
    pub fn leaks_of_mail(&self, nick: &str, viewer: Option<UserId>, seen: &Seen) -> Vec<String> {
        self.leaks_as(&["mailed"], nick, viewer, seen)
    }

    fn leaks_as(
        &self,
        also: &[&'static str],
        nick: &str,
        viewer: Option<UserId>,
        seen: &Seen,
    ) -> Vec<String> {
        let mut leaks = Vec::new();
        let mut homes: BTreeMap<&String, Vec<&Secret<'_>>> = BTreeMap::new();
        let secrets = self.facts.secrets();
        for secret in secrets.iter().filter(|secret| seen.words.contains_key(&secret.word)) {
            homes.entry(&secret.word).or_default().push(secret);
        }
        let is_allowed = |secret: &Secret<'_>| {
            let mut labels = self.labels(viewer, secret.thing);
            labels.who.extend(also);
            self.rules.secrets.allows(&secret.class, &labels).is_some()
        };
        for (word, place) in &seen.words {
            let homes = homes.get(word).map_or(&[] as &[_], Vec::as_slice);
            // What was erased or renamed since stands nowhere any more, but in the mails of its time.
            if homes.is_empty() && also.contains(&"mailed") {
                continue;
            }
            if !homes.iter().any(|secret| is_allowed(secret)) {
                let classes: Vec<_> = homes.iter().map(|secret| &secret.class).collect();
                leaks.push(format!("{nick} reads {classes:?} at {place} ({word})"));
            }
        }
        let knows = |id: &String| self.things.get(id).is_some_and(|(_, thing)| self.knows(viewer, *thing));
        for (id, place) in seen.ids.iter().filter(|(id, _)| !knows(id)) {
            let kind = self.things.get(id).map_or("unknown", |(kind, _)| kind);
            leaks.push(format!("{nick} is told of {kind} {id} at {place}"));
        }
        leaks
    }

    /// A thing as the viewer got it: which fields are there that should not be. What all who may should see alike is noted.
    pub fn judge_thing<'v>(
        &self,
        viewer: &'v Viewer,
        id: &str,
        shown: &Value,
        same: &mut Same<'v>,
    ) -> Vec<String> {
        let Some((kind, thing)) = self.things.get(id) else {
            return vec![format!("{} was shown {id}, which is not there", viewer.nick)];
        };
        self.judge(viewer, kind, id, *thing, shown, same)
    }

    fn judge<'v>(
        &self,
        viewer: &'v Viewer,
        kind: &str,
        id: &str,
        thing: Thing<'_>,
        shown: &Value,
        same: &mut Same<'v>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let labels = self.labels(viewer.account, thing);
        for (key, value) in shown.as_object().into_iter().flatten().filter(|(key, _)| *key != "__typename") {
            let element = format!("{kind}.{}", field_of(key).0);
            match self.rules.fields.allows(&element, &labels) {
                None if is_empty(value) => {}
                None => wrong.push(format!(
                    "{} ({}) reads {element} of {id}: {value}",
                    viewer.nick,
                    print(&labels)
                )),
                Some((_, rule)) if rule.each => {}
                Some((facet, _)) => {
                    // Lists of parts with things in them differ by what each may know: one group, compared with care.
                    let facet = if ["ranking", "outcomes"].contains(&key.as_str()) { 0 } else { facet };
                    same.entry((id.to_owned(), key.clone(), facet))
                        .or_default()
                        .push((viewer, value.clone()));
                }
            }
        }
        wrong
    }

    /// Everything about everybody.
    pub fn judge_all(&self, viewers: &[(Viewer, Seen)], lists: &[List]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut same = Same::new();
        for (viewer, seen) in viewers {
            wrong.extend(seen.troubles.iter().map(|trouble| format!("{}: {trouble}", viewer.nick)));
            wrong.extend(self.leaks(&viewer.nick, viewer.account, seen));
            for (word, classes) in self.words(viewer.account) {
                if !seen.words.contains_key(&word) {
                    wrong.push(format!("{} should have read {classes:?} somewhere ({word})", viewer.nick));
                }
            }
            wrong.extend(self.judge_paths(viewer, seen, lists));
            for (id, (kind, thing)) in &self.things {
                let (knows, shown) = (self.knows(viewer.account, *thing), seen.things.get(id));
                let labels = || print(&self.labels(viewer.account, *thing));
                match (knows, shown) {
                    (true, None) => {
                        wrong.push(format!("{} ({}) should know {kind} {id}", viewer.nick, labels()));
                    }
                    (false, Some(_)) => {
                        wrong.push(format!("{} ({}) knows {kind} {id}", viewer.nick, labels()));
                    }
                    (_, Some(shown)) => {
                        wrong.extend(self.judge(viewer, kind, id, *thing, shown, &mut same));
                        if let Thing::Decision(decision) = thing {
                            wrong.extend(self.judge_outcomes(
                                viewer,
                                decision,
                                id,
                                &shown["outcomes"],
                                &mut same,
                            ));
                        }
                    }
                    (_, None) => {}
                }
            }
        }
        wrong.extend(self.judge_same(&same));
        wrong
    }

    /// Roots and lists: exactly what may be known, whatever the path, and counted so.
    fn judge_paths(&self, viewer: &Viewer, seen: &Seen, lists: &[List]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |place: &str, got: BTreeSet<String>, expected: BTreeSet<String>| {
            for id in got.difference(&expected) {
                wrong.push(format!("{} finds {id} by {place}", viewer.nick));
            }
            for id in expected.difference(&got) {
                wrong.push(format!("{} does not find {id} by {place}", viewer.nick));
            }
        };
        let all = self.known(viewer.account);
        let known = |keeps: &dyn Fn(&str, Thing<'_>) -> bool| -> BTreeSet<String> {
            let things =
                all.iter().map(|id| (id, self.things[id])).filter(|(_, (kind, thing))| keeps(kind, *thing));
            things.map(|(id, _)| id.clone()).collect()
        };
        let found = |place: &str| seen.found.get(place).cloned().unwrap_or_default();
        let is = |wanted: &'static str| move |kind: &str, _: Thing<'_>| kind == wanted;
        expect("node", found("node"), known(&|kind, _| kind != "Notification"));
        for (place, kind) in [
            ("challenge", "Challenge"),
            ("challenge by handle", "Challenge"),
            ("organization", "Organization"),
            ("organization by handle", "Organization"),
        ] {
            expect(place, found(place), known(&is(kind)));
        }
        expect(
            "viewer",
            found("viewer"),
            known(&|_, thing| matches!(thing, Thing::User(user) if Some(user.id) == viewer.account)),
        );
        for list in lists {
            let (ids, _) = &seen.lists[&list.name];
            // Below what one may not know one finds nothing.
            let is_known = list.below.as_ref().is_none_or(|parent| all.contains(parent));
            let expected = known(&|_, thing| is_known && list.keeps(self.facts, thing));
            expect(&list.name, ids.iter().cloned().collect(), expected);
        }
        let mut counts = Vec::new();
        for (name, (ids, count)) in &seen.lists {
            let Some((field, word)) = name.split_once(" with ") else { continue };
            let kind = match field {
                "challenges" | "searchChallenges" => "Challenge",
                "experts" => "Expert",
                _ => "Organization",
            };
            let expected = known(&|of, thing| match field {
                "searchChallenges" => answers(self.facts, thing, word),
                _ => of == kind && finds(self.facts, thing, word),
            });
            counts
                .extend((*count != expected.len()).then(|| format!("{} counts {count} {name}", viewer.nick)));
            expect(name, ids.iter().cloned().collect(), expected);
        }
        for list in lists {
            let (ids, count) = &seen.lists[&list.name];
            counts.extend(
                (*count != ids.len()).then(|| format!("{} counts {count} {}", viewer.nick, list.name)),
            );
        }
        // What hangs below oneself is exactly what one has to do with.
        if let Some(me) = viewer.account {
            let id = api::graphql::id::encode(me).to_string();
            let myself = seen.things.get(&id).unwrap_or(&Value::Null);
            let ids = |value: &Value| -> BTreeSet<String> {
                let nodes = value.as_array().or_else(|| value["nodes"].as_array()).into_iter().flatten();
                nodes.filter_map(|node| node["id"].as_str().map(str::to_owned)).collect()
            };
            let mine = |label: &'static str, kind: &'static str| {
                known(&move |of, thing| {
                    of == kind && self.facts.labels(viewer.account, thing).who.contains(label)
                })
            };
            expect("viewer.memberships", ids(&myself["memberships"]), mine("self", "Membership"));
            expect("viewer.proposals", ids(&myself["proposals"]), mine("team", "Proposal"));
            expect("viewer.reviews", ids(&myself["reviews"]), mine("self", "Review"));
            let identities = mine("self", "ExternalIdentity");
            expect("viewer.externalIdentities", ids(&myself["externalIdentities"]), identities);
        }
        wrong.extend(counts);
        wrong
    }

    /// The outcomes in a decision have no ids: they come in the order of the ranking, those that the viewer may know.
    fn judge_outcomes<'v>(
        &self,
        viewer: &'v Viewer,
        decision: &entity::decision::Model,
        id: &str,
        shown: &Value,
        same: &mut Same<'v>,
    ) -> Vec<String> {
        let known = self.facts.outcomes_of(decision).into_iter();
        let known: Vec<_> =
            known.filter(|row| self.knows(viewer.account, Thing::Outcome(decision, row))).collect();
        let shown = shown.as_array().unwrap();
        if shown.len() != known.len() {
            return vec![format!(
                "{} sees {} outcomes of {id}, not {}",
                viewer.nick,
                shown.len(),
                known.len()
            )];
        }
        let mut wrong = Vec::new();
        for (row, shown) in known.iter().zip(shown) {
            let id = format!("{id} on {}", api::graphql::id::encode(row.proposal_id).as_str());
            wrong.extend(self.judge(
                viewer,
                "DecisionOutcome",
                &id,
                Thing::Outcome(decision, row),
                shown,
                same,
            ));
        }
        // Ranks count those whose means one reads, and no others.
        let read: Vec<_> = shown.iter().filter(|outcome| !outcome["meanScore"].is_null()).collect();
        let means: Vec<_> = read.iter().map(|outcome| mean(outcome)).collect();
        let seen: Vec<_> = read.iter().map(|outcome| outcome["rank"].clone()).collect();
        if json!(seen) != json!(ranks(&means)) {
            wrong.push(format!("{} sees the ranks {seen:?} in {id}", viewer.nick));
        }
        wrong
    }

    /// Who may see one value sees one value; links lead each as far as they may go.
    fn judge_same(&self, same: &Same<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((id, key, _), views) in same {
            let at = format!("{key} of {id}");
            let knows = |viewer: &Viewer, id: &str| self.known(viewer.account).contains(id);
            let fullest = views.iter().map(|(_, value)| value).max_by_key(|value| weight(value)).unwrap();
            if let Some(linked) = links(fullest) {
                let all: BTreeSet<_> =
                    views.iter().filter_map(|(_, value)| links(value)).flatten().chain(linked).collect();
                for (viewer, value) in views {
                    let expected: BTreeSet<_> = all.iter().filter(|id| knows(viewer, id)).cloned().collect();
                    let got = links(value).unwrap_or_default();
                    let is_counted = value["totalCount"].is_null() || value["totalCount"] == got.len();
                    if got.iter().cloned().collect::<BTreeSet<_>>() != expected
                        || !is_counted
                        || got.len() != expected.len()
                    {
                        wrong.push(format!("{} sees {got:?} as {at}, not {expected:?}", viewer.nick));
                    }
                }
                continue;
            }
            for (viewer, value) in views {
                let expected = match key.as_str() {
                    // Judged one by one, and by their means.
                    "outcomes" | "rank" => continue,
                    "ranking" => self.ranking_for(viewer, id, fullest),
                    "content" => self.content_for(viewer, id, fullest),
                    "reviewProgress" => self.progress_for(viewer, id),
                    _ => seen_through(fullest, &|id| knows(viewer, id)),
                };
                if *value != expected {
                    wrong.push(format!("{} sees {value} as {at}, not {expected}", viewer.nick));
                }
            }
        }
        wrong
    }

    /// Without what is not for reviewers, but for those who lead the council, decide or audit.
    fn content_for(&self, viewer: &Viewer, id: &str, fullest: &Value) -> Value {
        let (_, thing) = self.things[id];
        let who = self.labels(viewer.account, thing).who;
        let inside = ["team", "chair", "vice-chair", "secretary", "decision-maker", "auditor"];
        let mut content = fullest.clone();
        if !inside.iter().any(|label| who.contains(label))
            && let Some(sections) = content["sections"].as_array_mut()
        {
            sections.retain(|section| section["confidentiality"] != "DECISION_MAKERS_ONLY");
        }
        content
    }

    /// The ranking without what the viewer is in conflict with, as if it had never been there, and then without anything that was
    /// reckoned from its sheets; that is for those alone who know the reviewers.
    fn ranking_for(&self, viewer: &Viewer, id: &str, fullest: &Value) -> Value {
        let (_, Thing::Challenge(challenge)) = self.things[id] else { return Value::Null };
        let mut bids = self.facts.proposal.iter().filter(|row| row.challenge_id == challenge.id);
        let is_tied =
            bids.any(|row| self.labels(viewer.account, Thing::Proposal(row)).who.contains("conflict"));
        let who = self.labels(viewer.account, Thing::Challenge(challenge)).who;
        let inside = ["chair", "vice-chair", "secretary", "decision-maker", "auditor"];
        let reads_calibration = !is_tied && inside.iter().any(|label| who.contains(label));
        let mut ranking = fullest.clone();
        if let Some(entries) = ranking["entries"].as_array_mut() {
            let known = self.known(viewer.account);
            entries.retain(|entry| known.contains(entry["proposal"]["id"].as_str().unwrap()));
            let means: Vec<_> = entries.iter().map(mean).collect();
            for (entry, rank) in entries.iter_mut().zip(ranks(&means)) {
                entry["rank"] = json!(rank);
                if !reads_calibration {
                    entry["calibrated"] = Value::Null;
                }
            }
        }
        ranking
    }

    fn progress_for(&self, viewer: &Viewer, id: &str) -> Value {
        let (_, Thing::Challenge(challenge)) = self.things[id] else { return Value::Null };
        let known = self.facts.review.iter().filter(|row| row.challenge_id == challenge.id);
        let known: Vec<_> = known.filter(|row| self.knows(viewer.account, Thing::Review(row))).collect();
        let count = |of: &[ReviewStatus]| known.iter().filter(|row| of.contains(&row.status)).count();
        use ReviewStatus as S;
        json!({
            "__typename": "ReviewProgress",
            "liveCount": count(&[S::Offered, S::Accepted, S::InProgress, S::Submitted, S::Locked]),
            "submittedCount": count(&[S::Submitted, S::Locked]),
        })
    }
}

fn mean(entry: &Value) -> f64 {
    entry["meanScore"].as_str().unwrap().parse().unwrap()
}

/// 1 is best; equals share a rank.
fn ranks(means: &[f64]) -> Vec<usize> {
    means.iter().map(|mean| 1 + means.iter().filter(|other| *other > mean).count()).collect()
}

/// The ids of a list of things, or of a page of them; None for anything else.
fn links(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array().or_else(|| value["nodes"].as_array())?;
    items.iter().map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

/// How much there is in a value, for finding the one that hides least.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(weight).sum::<usize>(),
        _ => 1,
    }
}

/// The value without links to what is not known.
fn seen_through(value: &Value, knows: &dyn Fn(&str) -> bool) -> Value {
    let hidden = |value: &Value| value["id"].as_str().is_some_and(|id| !knows(id));
    match value {
        Value::Object(_) if hidden(value) => Value::Null,
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), seen_through(value, knows)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => {
            items.iter().filter(|item| !hidden(item)).map(|item| seen_through(item, knows)).collect()
        }
        _ => value.clone(),
    }
}

/// Labels in print.
pub fn print(labels: &Labels) -> String {
    let who = labels.who.iter().copied().collect::<Vec<_>>().join(" ");
    let when = labels.when.iter().copied().filter(|label| *label != "always").collect::<Vec<_>>().join(" ");
    format!("{who} / {when}")
}
