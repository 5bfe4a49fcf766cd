//! Receipts, checked for whoever holds one.

use app::receipt::Claims;
use async_graphql::{Context, Object};
use domain::id::{ChallengeId, ProposalId, PublicId as _};
use domain::time::Timestamp;

use super::challenge::Challenge;
use super::context::Ask as _;
use super::error::{Result, fault};
use super::proposal::Proposal;
use super::scalar::DateTime;

/// What a receipt states.
pub struct ReceiptStatement(Claims);

/// What a receipt of this server states. It holds for ever, whatever has become of the proposal since.
#[Object]
impl ReceiptStatement {
    /// Which submission of the proposal: 1 is the first.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// The deciding time of the submission, by the server's clock.
    async fn submitted_at(&self) -> Result<DateTime> {
        Timestamp::parse(&self.0.submitted_at).map(DateTime).ok_or_else(|| fault("a receipt without a time"))
    }

    /// SHA-256 of the canonical content, 64 lower-case hexadecimal digits: compare it with that of `canonicalContent` as you keep it.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// To which challenge; null if you may not know it.
    async fn challenge(&self, ctx: &Context<'_>) -> Result<Option<Challenge>> {
        match ChallengeId::from_public(&self.0.challenge) {
            Some(id) => Ok(super::one(ctx, id).await?.map(Challenge)),
            None => Ok(None),
        }
    }

    /// The proposal; null if you may not know of it.
    async fn proposal(&self, ctx: &Context<'_>) -> Result<Option<Proposal>> {
        match ProposalId::from_public(&self.0.proposal) {
            Some(id) => Ok(super::one(ctx, id).await?.map(Proposal)),
            None => Ok(None),
        }
    }
}

/// Receipts.
#[derive(Default)]
pub struct ReceiptQuery;

/// Receipts.
#[Object]
impl ReceiptQuery {
    /// What a receipt states, for whoever holds one; null for anything that this server did not sign. Without asking us it can be checked with
    /// the keys at `/.well-known/jwks.json`.
    async fn receipt_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The receipt as it was given out: `Receipt.signed`, at most 4,000 characters.")]
        signed: String,
    ) -> Result<Option<ReceiptStatement>> {
        let short = Some(signed).filter(|signed| signed.len() <= 4_000);
        let claims = short.and_then(|signed| ctx.app().ok()?.notary.verify(&signed));
        Ok(claims.map(ReceiptStatement))
    }
}
