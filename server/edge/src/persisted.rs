//! Operations that a front end has registered: its documents by their names, so that it sends the name alone. They may be made
//! the only ones that are run.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{answer::Fault, errors::Code};

/// The documents that are known by name.
#[derive(Clone, Debug, Default)]
pub struct Persisted {
    documents: Arc<HashMap<String, String>>,
    is_only: bool,
}

impl Persisted {
    /// These documents; if they are the `only` ones, no other text is run.
    pub fn new(documents: HashMap<String, String>, only: bool) -> Self {
        Self { documents: Arc::new(documents), is_only: only }
    }

    /// The document that a request names or brings. The name stands in `documentId`, or where Apollo's clients put it; who sends the
    /// text as well is not asked for the name.
    pub(crate) fn document(
        &self,
        query: Option<Value>,
        document_id: Option<&Value>,
        extensions: Option<&Map<String, Value>>,
    ) -> Result<String, Fault> {
        let hash = extensions.and_then(|extensions| extensions.get("persistedQuery")?.get("sha256Hash"));
        let name = match (document_id, hash) {
            (None | Some(Value::Null), None) => None,
            (Some(Value::String(name)), _) | (_, Some(Value::String(name))) => Some(name.as_str()),
            _ => return Err(Fault::bad_request("\"documentId\" must be a string.")),
        };
        let known = name.and_then(|name| {
            let plain = name.split_once(':').map_or(name, |(_, hash)| hash);
            self.documents.get(name).or_else(|| self.documents.get(plain))
        });
        match (query, known) {
            (Some(Value::String(text)), _)
                if !self.is_only || self.documents.values().any(|known| *known == text) =>
            {
                Ok(text)
            }
            (Some(Value::String(_)), None) if name.is_none() => Err(Fault::refused(
                Code::Forbidden,
                "Only registered operations are run here. Send the documentId of one.",
            )),
            (None | Some(Value::Null | Value::String(_)), Some(known)) => Ok(known.clone()),
            // The words that clients look for.
            (None | Some(Value::Null | Value::String(_)), None) if name.is_some() => {
                Err(Fault::refused(Code::PersistedQueryNotFound, "PersistedQueryNotFound"))
            }
            _ => Err(Fault::bad_request("\"query\" must be a string.")),
        }
    }
}
