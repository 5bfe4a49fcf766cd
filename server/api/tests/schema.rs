//! The contract with the frontend team: printed, described, by the conventions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use async_graphql::Value;

/// The schema as introspection tells it.
fn introspected() -> Vec<serde_json::Value> {
    const QUERY: &str = "{ __schema { types { name kind description
        fields(includeDeprecated: true) { name description type { ...T } args { name description type { ...T } } }
        inputFields { name description type { ...T } } enumValues { name description } interfaces { name } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let schema = api::graphql::builder().finish();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(schema.execute(QUERY));
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    assert_ne!(response.data, Value::Null);
    let data = serde_json::to_value(response.data).unwrap();
    let types = data["__schema"]["types"].as_array().unwrap().clone();
    types.into_iter().filter(|ty| !name(ty).starts_with("__")).collect()
}

fn name(value: &serde_json::Value) -> &str {
    value["name"].as_str().unwrap()
}

fn list<'a>(value: &'a serde_json::Value, key: &str) -> impl Iterator<Item = &'a serde_json::Value> {
    value[key].as_array().into_iter().flatten()
}

fn written(ty: &serde_json::Value) -> String {
    match ty["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", written(&ty["ofType"])),
        "LIST" => format!("[{}]", written(&ty["ofType"])),
        _ => name(ty).to_owned(),
    }
}

#[test]
fn the_printed_schema_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema.graphql");
    let sdl = api::sdl();
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(&path, &sdl).unwrap();
    }
    let printed = std::fs::read_to_string(path).unwrap();
    assert!(printed == sdl, "schema.graphql is stale: UPDATE_SCHEMA=1 cargo test -p api rewrites it");
}

#[test]
fn everything_is_described() {
    let mut silent = Vec::new();
    for ty in introspected() {
        let at = name(&ty);
        let mut check = |place: String, value: &serde_json::Value| {
            if value["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                silent.push(place);
            }
        };
        // The roots are what they are; the scalars of the specification are described by it.
        if !["Query", "Mutation", "Int", "Float", "String", "Boolean", "ID"].contains(&at) {
            check(at.to_owned(), &ty);
        }
        for key in ["fields", "inputFields", "enumValues"] {
            for member in list(&ty, key) {
                check(format!("{at}.{}", name(member)), member);
                for argument in list(member, "args") {
                    check(format!("{at}.{}({})", name(member), name(argument)), argument);
                }
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

#[test]
fn mutations_take_one_input_and_answer_with_a_payload() {
    let types = introspected();
    let mutation = types.iter().find(|ty| name(ty) == "Mutation").unwrap();
    for field in list(mutation, "fields") {
        let mutation = name(field);
        let stem = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
        let arguments: Vec<_> = list(field, "args")
            .map(|argument| format!("{}: {}", name(argument), written(&argument["type"])))
            .collect();
        assert_eq!(arguments, [format!("input: {stem}Input!")], "{mutation}");
        assert_eq!(
            written(&field["type"]),
            format!("{stem}Payload"),
            "{mutation} is nullable, else it empties its neighbours"
        );
        let payload = types.iter().find(|ty| name(ty) == format!("{stem}Payload")).unwrap();
        for member in list(payload, "fields") {
            let is_errors = name(member) == "userErrors";
            assert_eq!(written(&member["type"]).ends_with('!'), is_errors, "{stem}Payload.{}", name(member));
            assert!(!is_errors || written(&member["type"]) == "[UserError!]!");
        }
    }
}

#[test]
fn lists_that_grow_are_relay_connections_and_ids_are_ids() {
    let types = introspected();
    for ty in &types {
        for field in list(ty, "fields") {
            let place = format!("{}.{}", name(ty), name(field));
            let written_type = written(&field["type"]);
            if written_type.trim_end_matches('!').ends_with("Connection") {
                let arguments: Vec<_> = list(field, "args").map(name).collect();
                for needed in ["first", "after", "last", "before"] {
                    assert!(arguments.contains(&needed), "{place} lacks {needed}");
                }
            }
            if name(field) == "id" {
                assert_eq!(written_type, "ID!", "{place}");
            }
            assert!(
                !name(field).ends_with("Id") || name(field).starts_with("deleted"),
                "{place}: give the object, not its id"
            );
            if written_type.starts_with('[') && name(field) != "nodes" {
                assert!(
                    written_type.ends_with("!]!")
                        || name(ty).ends_with("Payload")
                        || ["accessLog", "marks"].contains(&name(field))
                        || written_type == "[String!]",
                    "{place}: {written_type}"
                );
            }
            if written_type.trim_end_matches('!') == "Boolean" {
                let first = name(field).split(|c: char| c.is_uppercase()).next().unwrap();
                assert!(["is", "has", "can", "viewer", "shows"].contains(&first), "{place} is no statement");
            }
        }
    }
    for ty in types.iter().filter(|ty| name(ty).ends_with("Connection")) {
        let fields: Vec<_> =
            list(ty, "fields").map(|field| format!("{}: {}", name(field), written(&field["type"]))).collect();
        let edge = name(ty).replace("Connection", "Edge");
        let edges = types.iter().find(|ty| name(ty) == edge).unwrap();
        // An edge that says how its item was found names another kind of item than itself.
        let object =
            list(edges, "fields").find(|field| name(field) == "node").map(|node| written(&node["type"]));
        let object = object.unwrap();
        let object = object.trim_end_matches('!');
        let expected = [
            format!("edges: [{edge}!]!"),
            format!("nodes: [{object}!]!"),
            "pageInfo: PageInfo!".to_owned(),
            "totalCount: Int!".to_owned(),
        ];
        assert_eq!(fields, expected, "{}", name(ty));
    }
}

#[test]
fn everything_with_an_id_is_a_node() {
    for ty in introspected().iter().filter(|ty| ty["kind"] == "OBJECT") {
        let has_id = list(ty, "fields").any(|field| name(field) == "id");
        let is_node = list(ty, "interfaces").any(|interface| name(interface) == "Node");
        assert_eq!(has_id, is_node, "{}", name(ty));
    }
}

/// Deny by default: what may be read, and by whom, is written down for every field before it is built.
#[test]
fn every_field_has_a_verdict() {
    let written = include_str!("verdicts.txt");
    let rows = written.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let judged: BTreeMap<&str, &str> = rows.map(|row| row.split_once(' ').unwrap()).collect();
    let types = introspected();
    let objects = types.iter().filter(|ty| ty["kind"] == "OBJECT");
    let fields: Vec<_> = objects
        .flat_map(|ty| list(ty, "fields").map(|field| format!("{}.{}", name(ty), name(field))))
        .collect();
    let unjudged: Vec<_> = fields.iter().filter(|field| !judged.contains_key(field.as_str())).collect();
    assert!(unjudged.is_empty(), "in no row of verdicts.txt: {unjudged:#?}");
    let gone: Vec<_> = judged.keys().filter(|row| !fields.iter().any(|field| field == *row)).collect();
    assert!(gone.is_empty(), "not in the schema any more: {gone:#?}");
    for (field, verdict) in judged {
        for action in
            verdict.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|word| word.contains('_'))
        {
            assert!(
                domain::access::Action::from_name(action).is_some(),
                "{field}: there is no action {action}"
            );
        }
    }
}
