//! An extension of the schema that keeps an error in its field.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo},
};
use futures_util::FutureExt;

/// To be given to the builder of the schema: `.extension(edge::FieldErrors)`.
///
/// Without it, the error of a field that may be null empties the object around the field, and at the root the answers
/// of the mutations before it; a panic in a resolver ends the whole request; and the path of an error below a list ends
/// at the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct FieldErrors;

impl ExtensionFactory for FieldErrors {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Fields::default())
    }
}

/// The fields of one request.
#[derive(Default)]
struct Fields {
    /// Errors of fields that may be null: these fields are null, and nothing else is.
    errors: Mutex<Vec<ServerError>>,
}

#[async_trait::async_trait]
impl Extension for Fields {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        response.errors.append(&mut errors);
        response.errors.iter_mut().for_each(restore_path);
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (node, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        let outcome = AssertUnwindSafe(next.run(ctx, info)).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => located(error, node),
            // It has no code, so the caller will hear no more than that there was an error.
            Err(_) => located(ServerError::new("a resolver panicked", None), node),
        };
        if nullable {
            self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            Ok(Some(Value::Null))
        } else {
            Err(error)
        }
    }
}

/// The innermost path of an error, where the library does not overwrite it on its way up.
struct Located {
    path: Vec<PathSegment>,
    error: ServerError,
}

fn located(error: ServerError, node: &QueryPathNode<'_>) -> ServerError {
    if error.source::<Located>().is_some() {
        return error;
    }
    let located = Located { path: segments(node), error: error.clone() };
    ServerError { source: Some(Arc::new(located)), ..error }
}

fn restore_path(error: &mut ServerError) {
    if let Some(located) = error.source::<Located>() {
        *error = ServerError { path: located.path.clone(), ..located.error.clone() };
    }
}

fn segments(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let nodes = std::iter::once(node).chain(node.parents());
    let mut path: Vec<PathSegment> = nodes
        .map(|node| match node.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        })
        .collect();
    path.reverse();
    path
}
