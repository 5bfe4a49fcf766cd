//! GraphQL over HTTP as a client speaks it, and answers that say what they are.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};

/// Somebody who sends requests.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    origin: String,
    token: Option<String>,
    address: Option<String>,
}

impl Client {
    /// A visitor of the server at `origin`, e.g. `http://127.0.0.1:8080`.
    pub fn new(origin: String) -> Self {
        let http = reqwest::Client::builder().user_agent("e2e").build().expect("a client");
        Self { http, origin, token: None, address: None }
    }

    /// The same, signed in by this access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same, from another network address; the server has to trust us as its proxy.
    #[must_use]
    pub fn from(&self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self.clone() }
    }

    /// Where the server is reached.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The access token, if there is one.
    pub fn bearer(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("somebody who is signed in")
    }

    /// Executes a mutation. All of ours take one `input` and answer with what changed and with `userErrors`.
    pub async fn does(&self, mutation: &str, input: Value, changed: &str) -> Answer {
        self.call(&Self::document(mutation, changed), json!({ "input": input })).await
    }

    /// The same, under an idempotency key.
    pub async fn does_once(&self, key: &str, mutation: &str, input: Value, changed: &str) -> Answer {
        let body = json!({ "query": Self::document(mutation, changed), "variables": { "input": input } });
        self.send(&body, &[("idempotency-key", key)]).await
    }

    fn document(mutation: &str, changed: &str) -> String {
        let (first, rest) = mutation.split_at(1);
        let input = format!("{}{rest}Input", first.to_uppercase());
        format!(
            "mutation ($input: {input}!) {{ {mutation}(input: $input) {{ {changed} userErrors {{ code field }} }} }}"
        )
    }

    /// Executes any document.
    pub async fn call(&self, document: &str, variables: Value) -> Answer {
        self.send(&json!({ "query": document, "variables": variables }), &[]).await
    }

    /// Posts any body to the API, with these headers as well.
    pub async fn send(&self, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.post(format!("{}/graphql", self.origin)).json(body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.json().await.expect("the answer is JSON");
        Answer { status, headers, body }
    }

    /// Gets a page: status and text.
    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let response =
            self.http.get(format!("{}{path}", self.origin)).send().await.expect("the server answers");
        (response.status(), response.text().await.expect("the page is text"))
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// All of it.
    pub body: Value,
}

impl Answer {
    /// The value of the one field that was asked for, which must be free of errors of either kind.
    #[track_caller]
    pub fn ok(self) -> Value {
        let refusals = self.refusals();
        let clean = self.status == StatusCode::OK && self.body.get("errors").is_none() && refusals.is_empty();
        assert!(clean, "{self:#?}");
        self.field().clone()
    }

    /// What the user was told to put right, as `CODE path.of.the.field`. There must be something, and no other error.
    #[track_caller]
    pub fn refused(&self) -> Vec<String> {
        let refusals = self.refusals();
        let plain = self.status == StatusCode::OK && self.body.get("errors").is_none();
        assert!(plain && !refusals.is_empty(), "{self:#?}");
        refusals
    }

    /// The code of the one error at the top.
    #[track_caller]
    pub fn error(&self) -> &str {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("{self:#?}"));
        let [error] = errors.as_slice() else { panic!("{self:#?}") };
        error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{self:#?}"))
    }

    #[track_caller]
    fn field(&self) -> &Value {
        let fields: Vec<_> =
            self.body["data"].as_object().into_iter().flat_map(|data| data.values()).collect();
        let [field] = fields.as_slice() else { panic!("{self:#?}") };
        field
    }

    /// Code and field of every user error.
    pub fn refusals(&self) -> Vec<String> {
        let fields = self.body["data"].as_object().into_iter().flat_map(|data| data.values());
        let refusals = fields.filter_map(|field| field["userErrors"].as_array()).flatten();
        refusals
            .map(|refusal| {
                let path: Vec<_> =
                    refusal["field"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                format!("{} {}", refusal["code"].as_str().unwrap_or_default(), path.join("."))
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }
}
