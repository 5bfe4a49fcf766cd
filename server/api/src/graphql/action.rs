//! What the viewer may do, and why not: lists for buttons, from the guards of the commands.

use app::action::Bid;
use async_graphql::{ComplexObject, Context, SimpleObject};
use domain::action::{Possible, reasons};
use domain::problem::Guard;

use super::enums::{
    ChallengeAction, DecisionAction, OrganizationAction, ProposalAction, ReviewAction, UserErrorCode,
};
use super::error::Result;
use super::organization::Organization;
use super::proposal::Proposal;

macro_rules! verdicts {
    ($($(#[$meta:meta])* $Verdict:ident: $Action:ident;)+) => { $(
        $(#[$meta])*
        #[derive(SimpleObject)]
        pub struct $Verdict {
            /// What is to be done.
            action: $Action,
            /// You may do it now: its mutation is refused for nothing but what you send with it.
            is_allowed: bool,
            /// The codes with which its mutation would be refused now; empty if it is allowed.
            reasons: Vec<UserErrorCode>,
        }

        impl<A: Into<$Action>> From<Possible<A>> for $Verdict {
            fn from(possible: Possible<A>) -> Self {
                Self {
                    is_allowed: possible.is_allowed(),
                    reasons: codes(&possible.guard),
                    action: possible.action.into(),
                }
            }
        }
    )+ };
}

verdicts! {
    /// Whether you may do something with a challenge now.
    ChallengeActionVerdict: ChallengeAction;
    /// Whether you may do something with a proposal now.
    ProposalActionVerdict: ProposalAction;
    /// Whether you may do something with your review now.
    ReviewActionVerdict: ReviewAction;
    /// Whether you may do something with a decision now.
    DecisionActionVerdict: DecisionAction;
    /// Whether you may do something with an organisation now.
    OrganizationActionVerdict: OrganizationAction;
}

fn codes(guard: &Guard) -> Vec<UserErrorCode> {
    reasons(guard).into_iter().map(Into::into).collect()
}

/// The verdicts on one thing, in the order of the enum.
pub fn verdicts<A, V: From<Possible<A>>>(possible: Option<Vec<Possible<A>>>) -> Vec<V> {
    possible.into_iter().flatten().map(V::from).collect()
}

/// The actions that are allowed.
pub fn allowed<A, G: From<A>>(possible: Option<Vec<Possible<A>>>) -> Vec<G> {
    possible
        .into_iter()
        .flatten()
        .filter(Possible::is_allowed)
        .map(|possible| possible.action.into())
        .collect()
}

/// Whether something is allowed.
#[derive(SimpleObject)]
pub struct Verdict {
    /// You may do it now.
    is_allowed: bool,
    /// Everything that is in the way, as codes; empty if it is allowed.
    reasons: Vec<UserErrorCode>,
}

impl From<&Guard> for Verdict {
    fn from(guard: &Guard) -> Self {
        Self { is_allowed: guard.is_ok(), reasons: codes(guard) }
    }
}

/// One of your applicants (startup, team, institute, foreign company) before a challenge: may you answer it in its name?
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct BidEligibility {
    /// `createProposal`: the challenge is public, its deadline ahead, and the applicant has no live proposal to it.
    draft: Verdict,
    /// `submitProposal`, as far as challenge and applicant decide it: you own the applicant, it is verified, and proposals are taken now.
    submission: Verdict,
    #[graphql(skip)]
    bid: Bid,
}

#[ComplexObject]
impl BidEligibility {
    /// Which applicant; null if you have just left it.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<Organization>> {
        Ok(super::one(ctx, self.bid.organization).await?.map(Organization))
    }

    /// Its live proposal to the challenge; null if there is none.
    async fn proposal(&self) -> Option<Proposal> {
        self.bid.proposal.clone().map(Proposal)
    }
}

impl From<Bid> for BidEligibility {
    fn from(bid: Bid) -> Self {
        Self { draft: (&bid.draft).into(), submission: (&bid.submission).into(), bid }
    }
}
