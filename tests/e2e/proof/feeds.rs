//! Subscriptions: everybody follows everything from its beginning, and is told exactly the steps that these rules say.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::EventKind as K;
use e2e::Socket;
use entity::event;
use serde_json::{Value, json};

use crate::proof::crawl::{Crawl, Seen, Viewer};
use crate::proof::facts::{Facts, Thing};
use crate::proof::oracle::Oracle;
use crate::proof::town::Town;

/// Operations at a time; the server allows twenty, and one is ours.
const AT_ONCE: usize = 15;

const PUBLIC: &[K] = &[
    K::ChallengePublished,
    K::ChallengeAmended,
    K::AnnouncementPublished,
    K::ChallengePaused,
    K::ChallengeResumed,
    K::ChallengeCancelled,
    K::QuestionAnswered,
    K::ProposalsOpened,
    K::DecisionStarted,
    K::DecisionPublished,
    K::DecisionSetAside,
    K::DecisionFinal,
];
const DRAFTING: &[K] = &[
    K::ChallengeEdited,
    K::ChallengeSubmitted,
    K::ChallengeChangesRequested,
    K::ChallengeApproved,
    K::ChallengeRecalled,
];
const AFTER_THE_OPENING: &[K] = &[
    K::ProposalWithdrawnFromReview,
    K::ProposalScreened,
    K::ClarificationAsked,
    K::ClarificationAnswered,
    K::ClarificationLapsed,
    K::ProposalDecided,
    K::ProposalReconsidered,
    K::ProposalDisqualified,
];
const BEFORE: &[K] = &[K::ProposalEdited, K::ProposalSubmitted, K::ProposalWithdrawn, K::ProposalRevived];
const EVALUATION: &[K] = &[
    K::ReviewOffered,
    K::NoConflictDeclared,
    K::ConflictDeclared,
    K::ReviewRecused,
    K::ReviewDeclined,
    K::ReviewExpired,
    K::ReviewRevoked,
    K::ReviewReopened,
    K::ReviewSubmitted,
    K::ProposalDisqualified,
    K::RoundLocked,
];

/// One subscription of one viewer: how many steps it must tell; None: that there is nothing to follow.
struct Follow {
    name: String,
    document: String,
    id: String,
    after: String,
    expected: Option<usize>,
}

/// Lets the viewers follow everything; what was wrong, what was covered, how many subscriptions there were.
pub async fn follow(
    town: &Town,
    facts: &Facts,
    oracle: &Oracle<'_>,
    viewers: &[Viewer],
) -> (Vec<String>, BTreeSet<String>, usize) {
    let (mut wrong, mut followed) = (Vec::new(), 0);
    let crawl = Crawl::new(&town.schema, BTreeMap::new(), &[]);
    for viewer in viewers {
        let follows = follows(town, facts, oracle, viewer);
        followed += follows.len();
        let mut seen = Seen::default();
        for chunk in follows.chunks(AT_ONCE) {
            listen(viewer, chunk, &crawl, &mut seen, &mut wrong).await;
        }
        wrong.extend(oracle.leaks(&viewer.nick, viewer.account, &seen));
    }
    (wrong, crawl.covered.into_inner().unwrap(), followed)
}

fn follows(town: &Town, facts: &Facts, oracle: &Oracle<'_>, viewer: &Viewer) -> Vec<Follow> {
    let mut follows = Vec::new();
    let beginning = |place: String| town.world.app().seal.seal(&place, b"0").unwrap();
    let mut add = |field: &str, argument: &str, payload: &str, id: &str, place: String, expected| {
        let select = town.schema.selection(payload);
        follows.push(Follow {
            name: format!("{field}({id})"),
            document: format!("subscription ($id: ID!, $after: String) {{ {field}({argument}: $id, after: $after) {{ {select} }} }}"),
            id: id.to_owned(),
            after: beginning(place),
            expected,
        });
    };
    let count =
        |tells: &dyn Fn(&event::Model) -> bool| facts.event.iter().filter(|event| tells(event)).count();
    for (kind, id, thing) in facts.things() {
        let knows = oracle.knows(viewer.account, thing);
        let labels = oracle.labels(viewer.account, thing);
        match (kind, thing) {
            ("Challenge", Thing::Challenge(row)) => {
                let of = |event: &event::Model| event.challenge_id == Some(row.id);
                let is_inside = ["agency", "delegate", "officer", "publisher"]
                    .iter()
                    .any(|label| labels.who.contains(label));
                let place = format!("feed of challenge {}", row.id);
                let steps = count(&|event| {
                    of(event) && (PUBLIC.contains(&event.kind) || is_inside && DRAFTING.contains(&event.kind))
                });
                add("challengeUpdated", "id", "ChallengeUpdate", &id, place.clone(), knows.then_some(steps));
                let runs = ["chair", "secretary"].iter().any(|label| labels.who.contains(label));
                let figures = count(&|event| {
                    of(event)
                        && EVALUATION.contains(&event.kind)
                        && event.proposal_id.is_none_or(|id| {
                            oracle.knows(viewer.account, Thing::Proposal(facts.proposal_of(id)))
                        })
                });
                let field = "reviewProgressUpdated";
                add(
                    field,
                    "challengeId",
                    "ReviewProgressUpdate",
                    &id,
                    place,
                    (knows && runs).then_some(figures),
                );
            }
            ("Proposal", Thing::Proposal(row)) => {
                let is_team = labels.who.contains("team");
                let steps = count(&|event| {
                    event.proposal_id == Some(row.id)
                        && (AFTER_THE_OPENING.contains(&event.kind)
                            || is_team && BEFORE.contains(&event.kind))
                });
                let place = format!("feed of proposal {}", row.id);
                add("proposalUpdated", "id", "ProposalUpdate", &id, place, knows.then_some(steps));
            }
            _ => {}
        }
    }
    if let Some(account) = viewer.account {
        let is_theirs = |thing: &Thing<'_>| match thing {
            Thing::Notification(row) => row.inbox_seq.is_some() && oracle.knows(viewer.account, *thing),
            _ => false,
        };
        let told = facts.things().into_iter().filter(|(_, _, thing)| is_theirs(thing)).count();
        let select = town.schema.selection("NotificationUpdate");
        follows.push(Follow {
            name: "notificationReceived".to_owned(),
            document: format!(
                "subscription ($after: String) {{ notificationReceived(after: $after) {{ {select} }} }}"
            ),
            id: String::new(),
            after: beginning(format!("feed of inbox {account}")),
            expected: Some(told),
        });
    }
    follows
}

async fn listen(
    viewer: &Viewer,
    follows: &[Follow],
    crawl: &Crawl<'_>,
    seen: &mut Seen,
    wrong: &mut Vec<String>,
) {
    let mut socket = Socket::open(&viewer.client).await;
    for (number, follow) in follows.iter().enumerate() {
        let variables = json!({ "id": follow.id, "after": follow.after });
        socket.subscribes(&number.to_string(), &follow.document, variables).await;
    }
    // A refusal is two messages: the error and the end.
    let awaited: usize = follows.iter().map(|follow| follow.expected.unwrap_or(2)).sum();
    let mut heard = Vec::new();
    while heard.len() < awaited {
        match tokio::time::timeout(std::time::Duration::from_secs(10), socket.hear()).await {
            Ok(message) => heard.push(message.unwrap()),
            Err(_) => break,
        }
    }
    heard.extend(socket.heard().await);
    for (number, follow) in follows.iter().enumerate() {
        let id = number.to_string();
        let own = heard.iter().filter(|message| message["id"] == id.as_str());
        let (told, other): (Vec<&Value>, Vec<&Value>) =
            own.partition(|message| message["payload"]["data"].is_object());
        let codes: Vec<_> = other
            .iter()
            .filter_map(|message| message["payload"]["errors"][0]["extensions"]["code"].as_str())
            .collect();
        let fits = match follow.expected {
            Some(steps) => told.len() == steps && other.is_empty(),
            None => told.is_empty() && codes == ["NOT_FOUND"] && other.len() == 2,
        };
        if !fits {
            wrong.push(format!(
                "{} follows {}: {} steps and {other:?}, where the rules say {:?}",
                viewer.nick,
                follow.name,
                told.len(),
                follow.expected
            ));
        }
        for message in told {
            let data = &message["payload"]["data"];
            crawl.cover(data);
            seen.keep(&follow.name, data);
        }
    }
}
