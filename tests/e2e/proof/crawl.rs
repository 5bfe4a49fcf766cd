//! The crawler: one viewer asks for everything, by every path, and everything answered is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::id::{UserId, split_public};
use e2e::Client;
use serde_json::{Value, json};

use crate::proof::facts::words;
use crate::proof::roots::List;
use crate::proof::schema::{Schema, field_of};

/// Somebody who looks.
pub struct Viewer {
    /// What the town calls them.
    pub nick: String,
    /// The account; None for a visitor.
    pub account: Option<UserId>,
    /// How they ask.
    pub client: Client,
}

/// What all crawls share.
pub struct Crawl<'a> {
    /// What there is to ask for.
    pub schema: &'a Schema,
    /// Every id that there is, by type.
    pub ids: BTreeMap<&'static str, Vec<String>>,
    /// Every handle: the root field, and the handle.
    pub slugs: Vec<(&'static str, String)>,
    /// The lists.
    pub lists: &'a [List],
    /// Canary words to search for.
    pub words: Vec<String>,
    /// Things of a type in one request, as far as the limit on cost was found out.
    batch: Mutex<BTreeMap<String, usize>>,
    /// Requests.
    pub calls: AtomicUsize,
    /// Elements of the schema for which somebody got a value, as `Type.field`.
    pub covered: Mutex<BTreeSet<String>>,
}

/// What one viewer was ever told.
#[derive(Default)]
pub struct Seen {
    /// Things by id, each with all fields.
    pub things: BTreeMap<String, Value>,
    /// Canary words, each with the first place where it turned up.
    pub words: BTreeMap<String, String>,
    /// Ids, the same.
    pub ids: BTreeMap<String, String>,
    /// By the name of the list: the ids on all pages, and the count.
    pub lists: BTreeMap<String, (Vec<String>, Value)>,
    /// By place: the ids of what was found there one by one.
    pub found: BTreeMap<&'static str, BTreeSet<String>>,
    /// What should not happen to a crawler.
    pub troubles: Vec<String>,
}

/// Aliases in one document; the server allows so many.
const ALIASES: usize = 50;
/// Lists in one document, and the size of a page that holds any of them: their cost is limited.
const LISTS: usize = 8;
const WHOLE: usize = 50;
/// The size of pages when a list is walked page by page.
const STEP: usize = 8;

/// Every canary begins so, and the last word of a search may be a beginning.
const ANY_WORD: &str = "searchChallenges(query: \"zq\", first: 5)";

impl<'a> Crawl<'a> {
    /// A crawl of these things.
    pub fn new(schema: &'a Schema, ids: BTreeMap<&'static str, Vec<String>>, lists: &'a [List]) -> Self {
        Self {
            schema,
            ids,
            slugs: Vec::new(),
            lists,
            words: Vec::new(),
            batch: Mutex::default(),
            calls: AtomicUsize::new(0),
            covered: Mutex::default(),
        }
    }

    /// Everything that the viewer can get at.
    pub async fn by(&self, viewer: &Viewer) -> Seen {
        let mut seen = Seen::default();
        for (kind, ids) in &self.ids {
            self.all_fields(viewer, kind, ids, &mut seen).await;
        }
        self.one_by_one(viewer, &mut seen).await;
        self.lists(viewer, &mut seen).await;
        self.searches(viewer, &mut seen).await;
        let own = format!(
            "{{ viewer {{ {} }} briefTemplate {{ {} }} challengePreview(token: \"x\") {{ title {{ text }} }} sectors {{ {} }} signOn {{ {} }} {ANY_WORD} {{ {} }} challengeFacets {{ {} }} }}",
            self.schema.selection("User"),
            self.schema.selection("BriefTemplateSection"),
            self.schema.selection("Sector"),
            self.schema.selection("SignOnProvider"),
            self.schema.selection("ChallengeSearchConnection"),
            self.schema.selection("ChallengeFacets")
        );
        let answer = self.ask(viewer, "viewer", &own, json!({}), &mut seen).await;
        if let Some(id) = answer["viewer"]["id"].as_str() {
            seen.found.entry("viewer").or_default().insert(id.to_owned());
        }
        seen
    }

    /// `nodes`, with a fragment on the interface and one on the type that selects every field.
    async fn all_fields(&self, viewer: &Viewer, kind: &str, ids: &[String], seen: &mut Seen) {
        let document = format!(
            "query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on Node {{ id }} ... on {kind} {{ {} }} }} }}",
            self.schema.selection(kind)
        );
        let mut rest = ids;
        while !rest.is_empty() {
            let size = *self.batch.lock().unwrap().entry(kind.to_owned()).or_insert(100);
            let (now, later) = rest.split_at(size.min(rest.len()));
            let answer = self.send(viewer, &document, json!({ "ids": now })).await;
            if answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX" && size > 1 {
                let smaller = size / 2;
                self.batch
                    .lock()
                    .unwrap()
                    .entry(kind.to_owned())
                    .and_modify(|known| *known = smaller.min(*known));
                continue;
            }
            let data = self.take(&format!("nodes {kind}"), answer, seen);
            for (id, thing) in now.iter().zip(data["nodes"].as_array().into_iter().flatten()) {
                if !thing.is_null() {
                    if thing["id"] != id.as_str() || thing["__typename"] != kind {
                        seen.troubles.push(format!("{} asked for {kind} {id} and got {thing}", viewer.nick));
                    }
                    seen.things.insert(id.clone(), thing.clone());
                }
            }
            rest = later;
        }
    }

    /// Every id through every root field that takes one (of other types one each), and every handle.
    async fn one_by_one(&self, viewer: &Viewer, seen: &mut Seen) {
        let mut asked: Vec<(&'static str, String)> = Vec::new();
        for (kind, ids) in &self.ids {
            for (number, id) in ids.iter().enumerate() {
                // They are many, each is its reader's alone, and `nodes` has asked for all of them.
                if *kind != "Notification" {
                    asked.push(("node", format!("node(id: {id:?})")));
                }
                if number == 0 || *kind == "Challenge" {
                    asked.push(("challenge", format!("challenge(by: {{ id: {id:?} }})")));
                }
                if number == 0 || *kind == "Organization" {
                    asked.push(("organization", format!("organization(by: {{ id: {id:?} }})")));
                }
            }
        }
        for (field, slug) in &self.slugs {
            let place = if *field == "challenge" { "challenge by handle" } else { "organization by handle" };
            asked.push((place, format!("{field}(by: {{ slug: {slug:?} }})")));
        }
        for chunk in asked.chunks(ALIASES) {
            let mut document = String::from("{");
            for (number, (_, field)) in chunk.iter().enumerate() {
                write!(document, " n{number}: {field} {{ __typename id }}").unwrap();
            }
            document.push('}');
            let data = self.ask(viewer, "one by one", &document, json!({}), seen).await;
            for (number, (place, _)) in chunk.iter().enumerate() {
                if let Some(id) = data[format!("n{number}")]["id"].as_str() {
                    seen.found.entry(place).or_default().insert(id.to_owned());
                }
            }
        }
    }

    /// Every list whole, and some of them walked page by page.
    async fn lists(&self, viewer: &Viewer, seen: &mut Seen) {
        for chunk in self.lists.chunks(LISTS) {
            let mut document = String::from("{");
            for (number, list) in chunk.iter().enumerate() {
                let connection =
                    &self.schema.ty("Query").fields.iter().find(|field| field.name == list.field).unwrap().of;
                let select = self.schema.selection(connection);
                write!(
                    document,
                    " n{number}: {}({}, first: {WHOLE}) {{ {select} }}",
                    list.field, list.arguments
                )
                .unwrap();
            }
            document.push('}');
            let data = self.ask(viewer, "lists", &document, json!({}), seen).await;
            for (number, list) in chunk.iter().enumerate() {
                let page = &data[format!("n{number}")];
                let info = &page["pageInfo"];
                if info["hasNextPage"] != false || info["hasPreviousPage"] != false {
                    seen.troubles.push(format!("{} goes on: {info}", list.name));
                }
                seen.lists.insert(list.name.clone(), (ids_of(page), page["totalCount"].clone()));
            }
        }
        self.walk(viewer, seen).await;
    }

    /// Lists page by page, all of them a page further in each request; half of them backwards.
    async fn walk(&self, viewer: &Viewer, seen: &mut Seen) {
        struct Walk<'a> {
            list: &'a List,
            is_backwards: bool,
            cursor: Value,
            walked: Vec<String>,
        }
        let walked = self.lists.iter().filter(|list| list.is_walked).enumerate();
        let mut walks: Vec<_> = walked
            .map(|(number, list)| Walk {
                list,
                is_backwards: number % 2 == 1,
                cursor: Value::Null,
                walked: Vec::new(),
            })
            .collect();
        let mut done = Vec::new();
        while !walks.is_empty() {
            let mut document = String::from("{");
            for (number, walk) in walks.iter().enumerate() {
                let (size, at) = if walk.is_backwards { ("last", "before") } else { ("first", "after") };
                write!(
                    document,
                    " n{number}: {}({}, {size}: {STEP}, {at}: {}) {{ nodes {{ __typename id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
                    walk.list.field, walk.list.arguments, walk.cursor
                )
                .unwrap();
            }
            document.push('}');
            let data = self.ask(viewer, "pages", &document, json!({}), seen).await;
            let mut going = Vec::new();
            for (number, mut walk) in walks.into_iter().enumerate() {
                let page = &data[format!("n{number}")];
                let info = &page["pageInfo"];
                let ids = ids_of(page);
                let (more, next) = if walk.is_backwards {
                    walk.walked.splice(0..0, ids);
                    (&info["hasPreviousPage"], &info["startCursor"])
                } else {
                    walk.walked.extend(ids);
                    (&info["hasNextPage"], &info["endCursor"])
                };
                walk.cursor = next.clone();
                if *more == true { going.push(walk) } else { done.push(walk) }
            }
            walks = going;
        }
        for walk in done {
            if walk.walked != seen.lists[&walk.list.name].0 {
                seen.troubles.push(format!("{} by pages is not what it is at once", walk.list.name));
            }
        }
    }

    /// Canary words are searched for: in a list, a word that one may not read finds nothing.
    async fn searches(&self, viewer: &Viewer, seen: &mut Seen) {
        const SEARCHED: [&str; 4] = ["challenges", "organizations", "experts", "searchChallenges"];
        let asked: Vec<_> = self.words.iter().flat_map(|word| SEARCHED.map(|field| (field, word))).collect();
        for chunk in asked.chunks(ALIASES) {
            let mut document = String::from("{");
            for (number, (field, word)) in chunk.iter().enumerate() {
                let words = match *field {
                    "searchChallenges" => format!("query: {word:?}, first: 20"),
                    _ => format!("filter: {{ search: {word:?} }}, first: 5"),
                };
                write!(document, " n{number}: {field}({words}) {{ totalCount nodes {{ __typename id }} }}")
                    .unwrap();
            }
            document.push('}');
            let data = self.ask(viewer, "search", &document, json!({}), seen).await;
            for (number, (field, word)) in chunk.iter().enumerate() {
                let page = &data[format!("n{number}")];
                seen.lists.insert(format!("{field} with {word}"), (ids_of(page), page["totalCount"].clone()));
            }
        }
    }

    /// The data of an answer without errors, everything in it kept.
    pub async fn ask(
        &self,
        viewer: &Viewer,
        place: &str,
        document: &str,
        variables: Value,
        seen: &mut Seen,
    ) -> Value {
        let answer = self.send(viewer, document, variables).await;
        self.take(place, answer, seen)
    }

    async fn send(&self, viewer: &Viewer, document: &str, variables: Value) -> Value {
        self.calls.fetch_add(1, Ordering::Relaxed);
        viewer.client.call(document, variables).await.body
    }

    fn take(&self, place: &str, mut answer: Value, seen: &mut Seen) -> Value {
        if !answer["errors"].is_null() {
            seen.troubles.push(format!("{place}: {}", answer["errors"]));
        }
        seen.keep(place, &answer);
        self.cover(&answer);
        answer["data"].take()
    }

    /// Notes which fields had a value.
    pub fn cover(&self, value: &Value) {
        let mut covered = self.covered.lock().unwrap();
        cover(value, &mut covered);
    }
}

fn cover(value: &Value, covered: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let of = fields.get("__typename").and_then(Value::as_str);
            for (key, value) in fields {
                if let Some(of) = of.filter(|_| !is_empty(value)) {
                    covered.insert(format!("{of}.{}", field_of(key).0));
                }
                cover(value, covered);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| cover(item, covered)),
        _ => {}
    }
}

/// Null, an empty list, a connection without anything: what there is to see for whoever may not see.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.get("totalCount").is_some_and(|count| *count == 0),
        _ => false,
    }
}

/// The ids on a page, which its edges must agree with where they were asked for.
fn ids_of(page: &Value) -> Vec<String> {
    let id = |node: &Value| node["id"].as_str().map(str::to_owned);
    let nodes: Vec<_> = page["nodes"].as_array().into_iter().flatten().filter_map(id).collect();
    if let Some(edges) = page["edges"].as_array() {
        let by_edges: Vec<_> = edges.iter().filter_map(|edge| id(&edge["node"])).collect();
        assert_eq!(by_edges, nodes, "edges and nodes of one page");
    }
    nodes
}

impl Seen {
    /// Keeps every canary word and every id of an answer.
    pub fn keep(&mut self, place: &str, value: &Value) {
        match value {
            Value::String(text) => {
                for word in words(text) {
                    self.words.entry(word).or_insert_with(|| place.to_owned());
                }
                if split_public(text).is_some_and(|(tag, _)| tag > 0 && tag < 64) {
                    self.ids.entry(text.clone()).or_insert_with(|| place.to_owned());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.keep(place, item)),
            Value::Object(fields) => {
                let of = fields.get("__typename").and_then(Value::as_str);
                // The name of a type is no id, though one may be spelt like it.
                for (key, value) in fields.iter().filter(|(key, _)| *key != "__typename") {
                    match of {
                        Some(of) => self.keep(&format!("{place}: {of}.{key}"), value),
                        None => self.keep(place, value),
                    }
                }
            }
            _ => {}
        }
    }
}
