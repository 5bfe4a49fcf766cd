//! An extension of the schema that tells what a request costs, to whoever asks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_graphql::{
    Name, Request, Response, ServerError, ServerResult, ValidationResult, Value, async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextValidation,
    },
};

/// The member of a request's `extensions` that asks, and of an answer's that tells.
pub(crate) const NAME: &str = "cost";

/// To be given to the builder of the schema: `.extension(edge::Cost { limit })`, with the limit of its complexity.
///
/// A request with `"extensions": {"cost": true}` is answered with `"extensions": {"cost": {"requested": 12, "limit": 5000}}`.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The highest cost of one request.
    pub limit: usize,
}

impl ExtensionFactory for Cost {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Bill { limit: self.limit, is_asked: AtomicBool::default(), cost: AtomicUsize::default() })
    }
}

/// What one request costs.
struct Bill {
    limit: usize,
    is_asked: AtomicBool,
    cost: AtomicUsize,
}

#[async_trait::async_trait]
impl Extension for Bill {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let is_asked = request.extensions.get(NAME) == Some(&Value::Boolean(true));
        self.is_asked.store(is_asked, Ordering::Relaxed);
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let validated = next.run(ctx).await?;
        self.cost.store(validated.complexity, Ordering::Relaxed);
        Ok(validated)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let response = next.run(ctx, operation_name).await;
        if !self.is_asked.load(Ordering::Relaxed) {
            return response;
        }
        let bill = [("requested", self.cost.load(Ordering::Relaxed)), ("limit", self.limit)];
        let bill = bill.map(|(name, value)| (Name::new(name), Value::from(value)));
        response.extension(NAME, Value::Object(bill.into_iter().collect()))
    }
}
