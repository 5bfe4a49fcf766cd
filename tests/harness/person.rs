//! People: somebody with an account who is signed in.

use std::sync::Arc;

use app::account::create_hashed;
use app::{App, Op, Viewer};
use domain::account::PlatformRole;
use domain::id::UserId;
use domain::locale::Locale;
use domain::text::Email;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::graphql::{Answer, Client};

/// Everybody's password.
pub const PASSWORD: &str = "bảy mặt trăng trên hồ";

const LOG_IN: &str = "mutation ($input: LogInInput!) {
    logIn(input: $input) { tokens { accessToken refreshToken } userErrors { code field } }
}";

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Short name; the address is `<handle>@example.vn`.
    pub handle: String,
    /// The address.
    pub email: String,
    /// The account.
    pub id: UserId,
    /// How the person sends requests.
    pub client: Client,
}

impl Person {
    pub(crate) async fn new(app: &App, visitor: &Client, handle: &str, name: &str, post: Option<PlatformRole>) -> Self {
        let (id, email) = (create(app, handle, name, post).await, address(handle));
        Self { handle: handle.to_owned(), client: log_in(visitor, &email, PASSWORD).await, email, id }
    }

    /// Executes a document as this person.
    pub async fn does(&self, document: &str, variables: Value) -> Answer {
        self.client.call(document, variables).await
    }
}

fn address(handle: &str) -> String {
    format!("{handle}@example.vn")
}

/// Makes an account whose address counts as verified.
pub(crate) async fn create(app: &App, handle: &str, name: &str, post: Option<PlatformRole>) -> UserId {
    // Hashing is slow on purpose: once is enough.
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(async || app.passwords.hash(PASSWORD.into()).await.unwrap()).await;
    let email = Email::parse(&address(handle)).unwrap();
    let op = Arc::new(Op::of_system(Viewer::default()));
    create_hashed(app, &op, email, name.to_owned(), Locale::Vi, hash.clone(), post).await.unwrap()
}

/// Logs in as a client does.
pub async fn log_in(visitor: &Client, email: &str, password: &str) -> Client {
    let input = json!({ "email": email, "password": password });
    let session = visitor.call(LOG_IN, json!({ "input": input })).await.ok();
    visitor.with_token(session["tokens"]["accessToken"].as_str().expect("an access token"))
}
