//! The GraphQL schema: thin types over use cases.

#![expect(clippy::unused_async, reason = "a resolver is async whether or not it waits for anything")]

pub mod graphql;

use std::any::TypeId;
use std::sync::Arc;

use app::access::Admitted;
use app::feed::Feed;
use app::{App, Error, Op};
use async_graphql::{Data, Request, Response, SDLExportOptions};
use domain::locale::Locale;
use edge::{Endpoint, Refusal, RequestHead};
use futures_util::Stream;
use futures_util::future::BoxFuture;

use graphql::context::Session;

/// What the API asks of the process it runs in.
pub trait Host: Send + Sync + 'static {
    /// Is everything there that a request needs? Otherwise the names of the checks that failed.
    fn ready(&self) -> BoxFuture<'_, Result<(), Vec<String>>>;

    /// The metrics in the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// The API, ready to be put behind the edge.
#[derive(Clone)]
pub struct Api {
    app: App,
    root: graphql::Root,
    host: Arc<dyn Host>,
}

impl Api {
    /// The API over an application. Introspection is for development; the SDL is published anyway.
    pub fn new(app: App, introspection: bool, host: Arc<dyn Host>) -> Self {
        let builder = graphql::builder();
        let builder = if introspection { builder } else { builder.disable_introspection() };
        Self { app, root: builder.disable_suggestions().finish(), host }
    }
}

/// The schema in print: sorted, described, as `schema.graphql` holds it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    graphql::builder().finish().sdl_with_options(options)
}

/// The reader's language: the first that we speak, else Vietnamese for who says nothing and English for who speaks neither.
fn accepted(header: Option<&str>) -> Option<Locale> {
    let wanted = header?.split(',').filter_map(|part| {
        let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
        let quality: f32 = quality.trim().parse().ok()?;
        let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
        (quality > 0.0 && !primary.is_empty()).then_some((quality, primary))
    });
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let spoken = wanted.iter().find_map(|(_, primary)| Locale::from_name(primary));
    spoken.or_else(|| wanted.iter().any(|(_, primary)| primary != "*").then_some(Locale::En))
}

impl Endpoint for Api {
    async fn admit(&self, head: RequestHead) -> Result<Data, Refusal> {
        let Admitted { viewer, limited } = match &head.bearer {
            Some(token) => app::access::viewer(&self.app, token).await.map_err(|error| match error {
                Error::Unauthenticated | Error::SecondFactorDue | Error::Refused(_) => {
                    Refusal::Unauthenticated
                }
                Error::RateLimited { seconds } => Refusal::RateLimited { retry_after_secs: seconds },
                Error::Unavailable(source) => {
                    tracing::warn!(error = %source, "the database is unavailable");
                    Refusal::Unavailable
                }
                Error::IssuerUnavailable(why) => {
                    tracing::warn!(error = why, "the issuer is unavailable");
                    Refusal::Unavailable
                }
                Error::StorageUnavailable => Refusal::Unavailable,
                Error::Internal(what) => {
                    tracing::error!(request_id = %head.request_id, error = what, "admission failed");
                    Refusal::Internal
                }
            })?,
            None => Admitted::default(),
        };
        let stored = viewer.0.as_ref().or(limited.as_ref()).map(|person| person.locale);
        let locale = stored.or_else(|| accepted(head.accept_language.as_deref())).unwrap_or_default();
        let op = Op {
            viewer,
            limited,
            locale,
            request_id: head.request_id.to_string(),
            address: Some(head.address.to_string()),
            client: head.user_agent,
            idempotency_key: head.idempotency_key,
        };
        let mut data = Data::default();
        data.insert(Session::new(self.app.clone(), op));
        data.insert(Language(locale));
        Ok(data)
    }

    fn person(&self, data: &Data) -> Option<String> {
        let session = data.get(&TypeId::of::<Session>())?.downcast_ref::<Session>()?;
        session.person().map(|id| id.to_string())
    }

    async fn execute(&self, request: Request) -> Response {
        let language = request
            .data
            .get(&TypeId::of::<Language>())
            .and_then(|data| data.downcast_ref::<Language>())
            .map(|language| language.0);
        let mut response = self.root.execute(request).await;
        if let Ok(value) = language.unwrap_or_default().name().parse() {
            response.http_headers.insert("content-language", value);
        }
        response
    }

    type Feed = Feed;

    fn feed(&self) -> Arc<Feed> {
        Arc::new(self.app.hub.feed())
    }

    fn subscribe(&self, mut request: Request, feed: Arc<Feed>) -> impl Stream<Item = Response> + Send {
        request.data.insert(feed);
        self.root.execute_stream(request)
    }

    async fn news(&self, feed: &Feed) {
        feed.news().await;
    }

    async fn ready(&self) -> Result<(), Vec<String>> {
        self.host.ready().await
    }

    fn metrics(&self) -> String {
        self.host.metrics()
    }
}

/// The language of one answer, for its header.
struct Language(Locale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_is_answered_in_a_language_they_asked_for() {
        assert_eq!(accepted(None), None);
        assert_eq!(accepted(Some("vi-VN,vi;q=0.9,en;q=0.8")), Some(Locale::Vi));
        assert_eq!(accepted(Some("en;q=0.8, vi;q=0.9")), Some(Locale::Vi));
        assert_eq!(accepted(Some("fr-FR, en;q=0.5")), Some(Locale::En));
        assert_eq!(accepted(Some("fr")), Some(Locale::En), "English when nothing matches");
        assert_eq!(accepted(Some("*")), None);
        assert_eq!(accepted(Some(";;;q=,")), None);
    }
}
