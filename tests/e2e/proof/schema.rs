//! The served schema as introspection tells it, and selections made from it: whatever is in the schema is asked for.

use std::collections::BTreeMap;

use e2e::World;
use serde_json::{Value, json};

/// All types by name.
pub struct Schema(BTreeMap<String, Type>);

/// A type.
pub struct Type {
    /// `OBJECT`, `INTERFACE`, `INPUT_OBJECT`, `ENUM`, `SCALAR`.
    pub kind: String,
    /// Fields of an object or interface.
    pub fields: Vec<Field>,
    /// Fields of an input.
    pub inputs: Vec<Input>,
    /// Values of an enum.
    pub values: Vec<String>,
    /// What implements an interface.
    pub implementors: Vec<String>,
    /// The interfaces of an object.
    pub interfaces: Vec<String>,
}

/// A field of an object.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Input>,
    /// The type at the bottom of lists and bangs.
    pub of: String,
}

/// An argument, or a field of an input.
pub struct Input {
    /// Its name.
    pub name: String,
    /// The type at the bottom of lists and bangs.
    pub of: String,
    /// It is a list.
    pub is_list: bool,
    /// It cannot be left out.
    pub is_required: bool,
}

const INTROSPECTION: &str = "{ __schema { types { name kind
    fields(includeDeprecated: true) { name type { ...T } args { name defaultValue type { ...T } } }
    inputFields { name defaultValue type { ...T } } enumValues(includeDeprecated: true) { name }
    possibleTypes { name } interfaces { name } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// Arguments that a selection may leave out or fills in by itself. Another one needs a thought: what does it show?
const ARGUMENTS: &[&str] = &["first", "after", "last", "before", "locale", "filter", "orderBy", "onlyUnread"];

/// Rows that a connection below an object is asked for; more than any object of the town has.
const PAGE: usize = 25;

/// How an English text is called in a selection, beside the reader's own.
const ENGLISH: &str = "_EN";

impl Schema {
    /// Asks the server.
    pub async fn of(world: &World) -> Self {
        let answer = world.visitor.call(INTROSPECTION, json!({})).await;
        let types = answer.body["data"]["__schema"]["types"].as_array().expect("introspection is on").clone();
        let types = types.iter().filter(|ty| !name(ty).starts_with("__"));
        Self(types.map(|ty| (name(ty), Type::read(ty))).collect())
    }

    /// The type of that name.
    pub fn ty(&self, name: &str) -> &Type {
        self.0.get(name).unwrap_or_else(|| panic!("the schema has no type {name}"))
    }

    /// All types.
    pub fn types(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.0.iter().map(|(name, ty)| (name.as_str(), ty))
    }

    /// Whether things of that type have an identity of their own.
    pub fn is_node(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|ty| name == "Node" || ty.interfaces.iter().any(|of| of == "Node"))
    }

    /// The types whose things have an identity.
    pub fn nodes(&self) -> &[String] {
        &self.ty("Node").implementors
    }

    /// All objects and their fields, as `Type.field`.
    pub fn elements(&self) -> Vec<String> {
        let objects = self.types().filter(|(_, ty)| ty.kind == "OBJECT");
        objects
            .flat_map(|(name, ty)| ty.fields.iter().map(move |field| format!("{name}.{}", field.name)))
            .collect()
    }

    /// Every field of a type. Whatever has an identity below it is reduced to that.
    pub fn selection(&self, of: &str) -> String {
        let ty = self.ty(of);
        let mut parts = vec!["__typename".to_owned()];
        for field in &ty.fields {
            let known = field.arguments.iter().all(|argument| {
                assert!(
                    !argument.is_required,
                    "{of}.{} cannot be asked for without {}",
                    field.name, argument.name
                );
                ARGUMENTS.contains(&argument.name.as_str())
            });
            assert!(known, "{of}.{} has an argument that stands in no row of ARGUMENTS", field.name);
            let takes = |name: &str| field.arguments.iter().any(|argument| argument.name == name);
            // Who works for an office was told a lot.
            let page = if field.of == "NotificationConnection" { 100 } else { PAGE };
            let arguments = if takes("first") { format!("(first: {page})") } else { String::new() };
            let below = self.below(&field.of);
            parts.push(format!("{}{arguments}{below}", field.name));
            if takes("locale") {
                parts.push(format!("{}{ENGLISH}: {}(locale: EN){below}", field.name, field.name));
            }
        }
        for implementor in &ty.implementors {
            let own = self
                .ty(implementor)
                .fields
                .iter()
                .filter(|own| !ty.fields.iter().any(|common| common.name == own.name));
            let own: Vec<_> = own.map(|field| format!("{}{}", field.name, self.below(&field.of))).collect();
            if of != "Node" && !own.is_empty() {
                parts.push(format!("... on {implementor} {{ {} }}", own.join(" ")));
            }
        }
        parts.join(" ")
    }

    fn below(&self, of: &str) -> String {
        match self.ty(of).kind.as_str() {
            "SCALAR" | "ENUM" => String::new(),
            _ if self.is_node(of) => " { __typename id }".to_owned(),
            _ => format!(" {{ {} }}", self.selection(of)),
        }
    }

    /// Every field of a payload, with every field of the objects in it.
    pub fn payload(&self, of: &str) -> String {
        let fields = self.ty(of).fields.iter().map(|field| match self.ty(&field.of).kind.as_str() {
            "SCALAR" | "ENUM" => field.name.clone(),
            _ => format!("{} {{ {} }}", field.name, self.selection(&field.of)),
        });
        format!("__typename {}", fields.collect::<Vec<_>>().join(" "))
    }
}

/// The field behind a key of an answer, and whether it is its English twin.
pub fn field_of(key: &str) -> (&str, bool) {
    key.strip_suffix(ENGLISH).map_or((key, false), |field| (field, true))
}

impl Type {
    fn read(ty: &Value) -> Self {
        let names = |key: &str| list(ty, key).map(name).collect();
        let inputs = |values: &Value, key: &str| list(values, key).map(Input::read).collect();
        let field = |field: &Value| Field {
            name: name(field),
            arguments: inputs(field, "args"),
            of: bottom(&field["type"]),
        };
        Self {
            kind: ty["kind"].as_str().unwrap().to_owned(),
            fields: list(ty, "fields").map(field).collect(),
            inputs: inputs(ty, "inputFields"),
            values: names("enumValues"),
            implementors: names("possibleTypes"),
            interfaces: names("interfaces"),
        }
    }
}

impl Input {
    fn read(value: &Value) -> Self {
        let is_bang = value["type"]["kind"] == "NON_NULL";
        let inner = if is_bang { &value["type"]["ofType"] } else { &value["type"] };
        Self {
            name: name(value),
            of: bottom(&value["type"]),
            is_list: inner["kind"] == "LIST",
            is_required: is_bang && value["defaultValue"].is_null(),
        }
    }
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap().to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn bottom(ty: &Value) -> String {
    if ty["ofType"].is_null() { name(ty) } else { bottom(&ty["ofType"]) }
}
