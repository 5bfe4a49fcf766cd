//! An extension of the schema: an error keeps the path of its field, and a panic stays in its field.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, ServerError, ServerResult, Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
};
use futures_util::FutureExt;

/// To be given to the builder of the schema: `.extension(edge::FieldErrors)`.
///
/// The library overwrites the path of an error on its way up, so that below a list it ends at the list; and a panic in
/// one resolver ends the whole request, with the answers of the mutations before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FieldErrors;

impl ExtensionFactory for FieldErrors {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for FieldErrors {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let node = info.path_node;
        let outcome = AssertUnwindSafe(next.run(ctx, info)).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            // It has no code: whoever tells it to the caller will say no more than that there was an error.
            Err(_) => ServerError::new("a resolver panicked", None),
        };
        Err(located(error, node))
    }
}

/// The innermost path of an error, kept where the library does not touch it.
struct Located {
    path: Vec<PathSegment>,
    source: Option<Arc<dyn Any + Send + Sync>>,
}

fn located(mut error: ServerError, node: &QueryPathNode<'_>) -> ServerError {
    if error.source::<Located>().is_none() {
        let path = segments(node);
        error.source = Some(Arc::new(Located { path, source: error.source.take() }));
    }
    error
}

fn segments(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path: Vec<PathSegment> = std::iter::once(node)
        .chain(node.parents())
        .map(|node| match node.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        })
        .collect();
    path.reverse();
    path
}

/// Gives an error the path back that it had in its field.
pub(crate) fn restore_path(error: &mut ServerError) {
    if let Some(located) = error.source::<Located>() {
        let (path, source) = (located.path.clone(), located.source.clone());
        error.path = path;
        error.source = source;
    }
}
