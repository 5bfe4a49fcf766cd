//! People: somebody with an account, who signs in when there is something to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use app::account::create_hashed;
use app::{App, Op, Viewer};
use domain::account::PlatformRole;
use domain::id::UserId;
use domain::locale::Locale;
use domain::text::Email;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

use crate::graphql::{Answer, Client};

/// Everybody's password.
pub const PASSWORD: &str = "bảy mặt trăng trên hồ";

/// Rises whenever a world's time passes: whoever was signed in has to do so again.
pub(crate) type Era = Arc<AtomicU64>;

/// A person.
#[derive(Debug)]
pub struct Person {
    /// Short name; the address is `<handle>@example.vn`.
    pub handle: String,
    /// The address.
    pub email: String,
    /// The account.
    pub account: UserId,
    visitor: Client,
    era: Era,
    signed_in: Mutex<Option<(u64, Client)>>,
}

impl Person {
    pub(crate) fn new(visitor: &Client, era: &Era, handle: &str, account: UserId) -> Self {
        Self {
            handle: handle.to_owned(),
            email: address(handle),
            account,
            visitor: visitor.clone(),
            era: Arc::clone(era),
            signed_in: Mutex::default(),
        }
    }

    /// How the person sends requests; logs in if need be.
    pub async fn client(&self) -> Client {
        let now = self.era.load(Ordering::Relaxed);
        let mut signed_in = self.signed_in.lock().await;
        match signed_in.as_ref() {
            Some((era, client)) if *era == now => client.clone(),
            _ => {
                let client = log_in(&self.visitor, &self.email, PASSWORD).await;
                *signed_in = Some((now, client.clone()));
                client
            }
        }
    }

    /// Executes a mutation as this person; `changed` selects of what it answers.
    pub async fn does(&self, mutation: &str, input: Value, changed: &str) -> Answer {
        self.client().await.does(mutation, input, changed).await
    }

    /// Asks for one thing as this person.
    pub async fn asks(&self, document: &str, variables: Value) -> Answer {
        self.client().await.call(document, variables).await
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

/// Logs in.
pub async fn log_in(visitor: &Client, email: &str, password: &str) -> Client {
    let input = json!({ "email": email, "password": password });
    let session = visitor.does("logIn", input, "tokens { accessToken }").await.ok();
    visitor.with_token(session["tokens"]["accessToken"].as_str().expect("an access token"))
}
