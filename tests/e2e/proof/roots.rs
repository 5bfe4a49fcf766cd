//! Every way into the graph, with everything that can be said on the way. A root field, filter or order that stands in no row
//! here fails.

use domain::challenge::{ChallengeStatus, Window};
use domain::expert::ExpertStatus;
use domain::organization::{OrganizationKind, OrganizationStatus};
use domain::time::Timestamp;
use entity::{challenge, expert, organization, support_offer};

use crate::proof::facts::{Facts, Thing, words};
use crate::proof::schema::Schema;

/// A list at the root, with conditions.
pub struct List {
    /// For the report.
    pub name: String,
    /// The root field.
    pub field: &'static str,
    /// Its arguments.
    pub arguments: String,
    /// It is walked page by page as well.
    pub is_walked: bool,
    /// The thing below which it looks: to whoever may not know that it is empty.
    pub below: Option<String>,
    keeps: Keeps,
}

type Keeps = Box<dyn Fn(&Facts, Thing<'_>) -> bool + Send + Sync>;

impl List {
    /// Whether a thing meets the conditions; whether its reader may know it is another question.
    pub fn keeps(&self, facts: &Facts, thing: Thing<'_>) -> bool {
        (self.keeps)(facts, thing)
    }
}

/// The root fields: what the crawler does with each.
const ROOTS: &[(&str, &str)] = &[
    ("briefTemplate", "once, all fields"),
    ("receiptStatement", "with no receipt: whoever has one is meant to read; the story in sealing.rs"),
    ("challengePreview", "with no good link: whoever has one is meant to read; the story in authoring.rs"),
    ("challenge", "every id of every type, every handle"),
    ("challengeFacets", "once"),
    ("challenges", "LISTS, every word"),
    ("experts", "LISTS, every word"),
    ("node", "every id"),
    ("nodes", "every id, all fields"),
    ("organization", "every id of every type, every handle"),
    ("organizations", "LISTS, every word"),
    ("searchChallenges", "every word"),
    ("sectors", "once"),
    ("signOn", "once"),
    ("viewer", "once, all fields"),
];

/// Filters and orders: what `lists` has a condition for.
const CONDITIONS: &[(&str, &[&str])] = &[
    (
        "ChallengeFilter",
        &["agencyId", "closesWithinDays", "search", "sector", "status", "support", "track", "window"],
    ),
    ("ChallengeOrder", &["direction", "field"]),
    ("ChallengeOrderField", &["DEADLINE", "PUBLISHED_AT", "TITLE"]),
    ("ExpertFilter", &["search", "sector", "status"]),
    ("OrganizationFilter", &["kind", "parentId", "search", "status"]),
];

/// What the schema has and no row speaks of.
pub fn unjudged(schema: &Schema) -> Vec<String> {
    let mut unjudged = Vec::new();
    for field in &schema.ty("Query").fields {
        if !ROOTS.iter().any(|(name, _)| *name == field.name) {
            unjudged.push(format!("Query.{}: ROOTS in proof/roots.rs", field.name));
        }
        for argument in field
            .arguments
            .iter()
            .filter(|argument| argument.of.ends_with("Filter") || argument.of.ends_with("Order"))
        {
            if !CONDITIONS.iter().any(|(name, _)| *name == argument.of) {
                unjudged.push(format!("{}: CONDITIONS in proof/roots.rs", argument.of));
            }
        }
    }
    for (of, known) in CONDITIONS {
        let ty = schema.ty(of);
        let members =
            ty.inputs.iter().map(|input| input.name.as_str()).chain(ty.values.iter().map(String::as_str));
        unjudged.extend(
            members
                .filter(|name| !known.contains(name))
                .map(|name| format!("{of}.{name}: CONDITIONS in proof/roots.rs")),
        );
    }
    unjudged
}

/// The lists.
pub fn lists(facts: &Facts, now: Timestamp) -> Vec<List> {
    let mut lists = Vec::new();
    let mut add = |field: &'static str, arguments: String, is_walked: bool, keeps: Keeps| {
        lists.push(List {
            name: format!("{field}({arguments})"),
            field,
            arguments,
            is_walked,
            below: None,
            keeps,
        });
    };
    let of_challenge = |keeps: fn(&challenge::Model) -> bool| -> Keeps {
        Box::new(move |_, thing| matches!(thing, Thing::Challenge(row) if keeps(row)))
    };
    let of_organization = |keeps: fn(&organization::Model) -> bool| -> Keeps {
        Box::new(move |_, thing| matches!(thing, Thing::Organization(row) if keeps(row)))
    };
    for field in ["DEADLINE", "PUBLISHED_AT", "TITLE"] {
        for direction in ["ASC", "DESC"] {
            let order = format!("orderBy: {{ field: {field}, direction: {direction} }}");
            add("challenges", order, true, of_challenge(|_| true));
        }
    }
    for status in ChallengeStatus::ALL {
        let keeps: Keeps =
            Box::new(|_, thing| matches!(thing, Thing::Challenge(row) if row.status == *status));
        add("challenges", format!("filter: {{ status: [{status}] }}"), false, keeps);
    }
    for window in [Window::Upcoming, Window::Open, Window::Closed] {
        let keeps: Keeps = Box::new(move |_, thing| {
            let Thing::Challenge(row) = thing else { return false };
            let (Some(opens), Some(closes)) = (row.opens_at, row.closes_at) else { return false };
            window
                == if now < opens {
                    Window::Upcoming
                } else if now < closes {
                    Window::Open
                } else {
                    Window::Closed
                }
        });
        add("challenges", format!("filter: {{ window: {window} }}"), false, keeps);
    }
    add(
        "challenges",
        "filter: { track: [SANDBOX] }".to_owned(),
        false,
        of_challenge(|row| row.track.name() == "SANDBOX"),
    );
    add(
        "challenges",
        "filter: { sector: [TAX] }".to_owned(),
        false,
        of_challenge(|row| row.sector.name() == "TAX"),
    );
    let keeps: Keeps = Box::new(move |_, thing| {
        let Thing::Challenge(row) = thing else { return false };
        let (Some(opens), Some(closes)) = (row.opens_at, row.closes_at) else { return false };
        opens <= now && now < closes && closes <= now.plus_seconds(70 * 86_400)
    });
    add("challenges", "filter: { closesWithinDays: 70 }".to_owned(), false, keeps);
    let keeps: Keeps = Box::new(|facts, thing| {
        let Thing::Challenge(row) = thing else { return false };
        let offers =
            |offer: &support_offer::Model| offer.challenge_id == row.id && offer.stage.name() == "INCUBATION";
        facts.support_offer.iter().any(offers)
    });
    add("challenges", "filter: { support: [INCUBATION] }".to_owned(), false, keeps);
    for house in &facts.organization {
        let (id, public) = (house.id, api::graphql::id::encode(house.id).to_string());
        let keeps: Keeps =
            Box::new(move |_, thing| matches!(thing, Thing::Challenge(row) if row.agency_id == id));
        add("challenges", format!("filter: {{ agencyId: [{public:?}] }}"), false, keeps);
    }
    add("organizations", "filter: {}".to_owned(), true, of_organization(|_| true));
    for kind in OrganizationKind::ALL {
        let keeps: Keeps =
            Box::new(|_, thing| matches!(thing, Thing::Organization(row) if row.kind == *kind));
        add("organizations", format!("filter: {{ kind: [{kind}] }}"), false, keeps);
    }
    for status in OrganizationStatus::ALL {
        let keeps: Keeps =
            Box::new(|_, thing| matches!(thing, Thing::Organization(row) if row.status == *status));
        add("organizations", format!("filter: {{ status: [{status}] }}"), false, keeps);
    }
    let of_expert = |keeps: fn(&expert::Model) -> bool| -> Keeps {
        Box::new(move |_, thing| matches!(thing, Thing::Expert(row) if keeps(row)))
    };
    add("experts", "filter: {}".to_owned(), true, of_expert(|_| true));
    for status in ExpertStatus::ALL {
        let keeps: Keeps = Box::new(|_, thing| matches!(thing, Thing::Expert(row) if row.status == *status));
        add("experts", format!("filter: {{ status: [{status}] }}"), false, keeps);
    }
    for sector in ["TAX", "ENVIRONMENT"] {
        let keeps: Keeps = Box::new(move |facts, thing| {
            let Thing::Expert(row) = thing else { return false };
            let mut fields = facts.expert_sector.iter();
            fields.any(|field| field.expert_id == row.id && field.sector.name() == sector)
        });
        add("experts", format!("filter: {{ sector: [{sector}] }}"), false, keeps);
    }
    for house in &facts.organization {
        let (id, public) = (house.id, api::graphql::id::encode(house.id).to_string());
        let keeps: Keeps =
            Box::new(move |_, thing| matches!(thing, Thing::Organization(row) if row.parent_id == Some(id)));
        let arguments = format!("filter: {{ parentId: [{public:?}] }}");
        let name = format!("organizations({arguments})");
        let (field, is_walked) = ("organizations", false);
        lists.push(List { name, field, arguments, is_walked, below: Some(public), keeps });
    }
    lists
}

/// Whether a search answers with a thing: only what is public, by its own words or the name of an agency that everybody knows.
pub fn answers(facts: &Facts, thing: Thing<'_>, word: &str) -> bool {
    let Thing::Challenge(row) = thing else { return false };
    let agency =
        facts.organization.iter().find(|house| house.id == row.agency_id && house.status.is_public());
    row.is_public
        && (finds(facts, thing, word)
            || agency.is_some_and(|agency| finds(facts, Thing::Organization(agency), word)))
}

/// Whether a search for the word finds the thing: title, summary and brief of a challenge, the name of an organisation, name,
/// title, affiliation and qualification of an expert, and nothing else.
pub fn finds(facts: &Facts, thing: Thing<'_>, word: &str) -> bool {
    let has = |text: &str| words(text).any(|found| found == word);
    match thing {
        Thing::Challenge(row) => {
            let head =
                [Some(&row.title_vi), row.title_en.as_ref(), Some(&row.summary_vi), row.summary_en.as_ref()];
            let brief = row.brief.0.values().flat_map(|text| [Some(&text.vi), text.en.as_ref()]);
            head.into_iter().chain(brief).flatten().any(|text| has(text))
        }
        Thing::Organization(row) => {
            [Some(&row.name_vi), row.name_en.as_ref()].into_iter().flatten().any(|text| has(text))
        }
        Thing::Expert(row) => {
            let name = &facts.user_of(row.user_id).display_name;
            let rest = [row.title.as_ref(), Some(&row.affiliation), row.qualification.as_ref()];
            rest.into_iter().flatten().chain([name]).any(|text| has(text))
        }
        _ => false,
    }
}
