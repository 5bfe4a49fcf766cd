//! The generated proof of who sees what.
//!
//! One town, in which everything exists in every state and every text holds a canary word; everybody who can be somebody in it;
//! and for each of them a crawler that asks for everything, by every path that the served schema has. What they were told is
//! held against four tables, written by hand from the rules of the business and from nothing in the server:
//!
//! | Table | Says |
//! | --- | --- |
//! | `tables/know.txt` | who may know that a thing is there |
//! | `tables/fields.txt` | who may read which field of it |
//! | `tables/secrets.txt` | who may read which column's text, wherever it turns up: answers, pages, mails |
//! | `tables/does.txt`, `tables/inputs.txt` | who may call what on which thing, and what an input may say |
//!
//! **When the schema grows** the test names what stands in no row, and the table where the row belongs. A new kind of thing also
//! needs its labels (`facts.rs`) and acts that bring it about (`town.rs`); a new root or filter a row in `roots.rs`. Then
//! `UPDATE_GOLDEN=1` writes `golden/visibility.txt` anew: read the difference, it is what people may see.

#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::match_same_arms,
    clippy::needless_range_loop,
    clippy::struct_field_names,
    clippy::type_complexity,
    reason = "tables in code: what stands beside what it is for reads better than what is short or quick"
)]

mod crawl;
mod facts;
mod feeds;
mod oracle;
mod report;
mod roots;
mod schema;
mod swap;
mod table;
mod town;
mod two_worlds;

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt as _;

use crawl::Crawl;
use facts::Facts;
use oracle::Oracle;
use swap::Does;
use town::Town;

/// Elements that nobody gets a value of in the town, each with the reason.
const UNSEEN: &[(&str, &str)] = &[
    ("TransitionError.field", "a state is at fault, and no field"),
    ("RankingEntry.tieBreaker", NO_TIE),
    ("RankingEntry.tieBreakerCriterion", NO_TIE),
    ("ScoreSpread.trimmedMean", "no five sheets of one proposal in the town: by hand in domain/score.rs"),
    (
        "ScoreStatistics.disagreements",
        "the sheets of the town are close together: the stories in ranking.rs do",
    ),
    ("RankingCheck.differences", NOT_FORGED),
    ("RankingDifference.computed", NOT_FORGED),
    ("RankingDifference.kind", NOT_FORGED),
    ("RankingDifference.proposal", NOT_FORGED),
    ("RankingDifference.published", NOT_FORGED),
    ("ReviewPlan.conflicts", NOBODY_JOINS),
    ("ReviewConflict.member", NOBODY_JOINS),
    ("ReceiptStatement.challenge", BY_RECEIPT),
    ("ReceiptStatement.number", BY_RECEIPT),
    ("ReceiptStatement.proposal", BY_RECEIPT),
    ("ReceiptStatement.sha256", BY_RECEIPT),
    ("ReceiptStatement.submittedAt", BY_RECEIPT),
    ("ChallengePreview.agencyName", BY_LINK),
    ("ChallengePreview.closesAt", BY_LINK),
    ("ChallengePreview.criteria", BY_LINK),
    ("ChallengePreview.expiresAt", BY_LINK),
    ("ChallengePreview.indicators", BY_LINK),
    ("ChallengePreview.opensAt", BY_LINK),
    ("ChallengePreview.sections", BY_LINK),
    ("ChallengePreview.sector", BY_LINK),
    ("ChallengePreview.summary", BY_LINK),
    ("ChallengePreview.title", BY_LINK),
    ("ChallengePreview.track", BY_LINK),
    ("ReviewConflict.proposal", NOBODY_JOINS),
];

const NOBODY_JOINS: &str = "nobody joins a house whose bid they review: the stories in plan.rs do";
const BY_LINK: &str =
    "nobody in the town has the link: whoever has it is meant to read; the story in authoring.rs does";
const BY_RECEIPT: &str = "nobody in the town asks with a receipt: the story in sealing.rs does";
const NO_TIE: &str = "no two means are the same in the town: the stories in ranking.rs do";
const NOT_FORGED: &str = "nobody forges in the town: the stories in ranking.rs do";

/// Viewers that ask at the same time.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_they_may_and_nothing_else_by_every_path() {
    let begun = Instant::now();
    let town = Town::build().await;
    let does = Does::read();
    let mut wrong = town.wrong.clone();
    wrong.extend(town.rules.unjudged(&town.schema));
    wrong.extend(roots::unjudged(&town.schema));
    wrong.extend(does.unjudged(&town.schema));
    let built = begun.elapsed();

    // They sign in first: a session is a thing too.
    let viewers = town.viewers().await;
    let facts = Facts::read(&town.world).await;
    let oracle = Oracle::over(&town.rules, &facts);
    wrong.extend(oracle.unjudged_columns());
    assert!(wrong.is_empty(), "{} things are wrong before anybody looks:\n{}", wrong.len(), wrong.join("\n"));

    let lists = roots::lists(&facts, town.world.now().await);
    let mut ids: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (kind, id, _) in facts.things() {
        ids.entry(kind).or_default().push(id);
    }
    let mut crawl = Crawl::new(&town.schema, ids, &lists);
    crawl.slugs = facts.slugs();
    crawl.words = facts.searchable();
    let crawl = &crawl;
    // Who looked is told to auditors. So one has looked before, and it does not matter who of the others is faster.
    for viewer in viewers.iter().filter(|viewer| viewer.nick.starts_with("auditor")) {
        crawl.by(viewer).await;
    }
    let looks = futures_util::stream::iter(viewers).map(|viewer| async move {
        let seen = crawl.by(&viewer).await;
        (viewer, seen)
    });
    let mut viewers: Vec<_> = looks.buffer_unordered(AT_ONCE).collect().await;
    viewers.sort_by(|(a, _), (b, _)| a.nick.cmp(&b.nick));
    let crawled = begun.elapsed();
    wrong.extend(oracle.judge_all(&viewers, &lists));
    wrong.extend(report::mails(&town, &oracle).await);
    let judged = begun.elapsed();

    let (looked, seen): (Vec<_>, Vec<_>) = viewers.into_iter().unzip();
    let (told, followed, follows) = feeds::follow(&town, &facts, &oracle, &looked).await;
    wrong.extend(told);
    let tried = does.swap(&town, &oracle, &looked).await;
    wrong.extend(tried.wrong.iter().cloned());
    let swapped = begun.elapsed();
    let lead = looked.iter().find(|viewer| viewer.nick == "lead").unwrap();
    let (smuggled, smuggling) = does.smuggle(&town, lead).await;
    wrong.extend(smuggling);
    let mut weighed = 0;
    for nick in ["hong owner", "officer", "auditor from song"] {
        let (calls, weighing) =
            does.weigh(&town, &oracle, looked.iter().find(|viewer| viewer.nick == nick).unwrap()).await;
        weighed += calls;
        wrong.extend(weighing);
    }
    wrong.extend(report::nothing_changed(&town, &facts).await);

    let mut covered = town.covered.clone();
    covered.extend(crawl.covered.lock().unwrap().iter().cloned());
    covered.extend(followed);
    covered.extend(report::user_errors(&town).await);
    let elements = town.schema.elements();
    wrong.extend(report::unseen(&elements, &covered, UNSEEN));

    println!(
        "proof: {} elements of the schema covered, {} viewers, {} things, {} canary words; {} acts, {} requests of the crawlers, {follows} subscriptions, \
         {} calls with swapped ids ({} on hidden things, {} on known ones), {smuggled} with smuggled keys, {weighed} weighed; \
         {} leaks; built in {:.1?}, crawled in {:.1?}, judged in {:.1?}, swapped in {:.1?}, all in {:.1?}",
        elements.len(),
        looked.len(),
        oracle.things.len(),
        town.word_count(),
        town.acts,
        crawl.calls.load(std::sync::atomic::Ordering::Relaxed),
        tried.calls,
        tried.hidden,
        tried.known,
        wrong.len(),
        built,
        crawled.saturating_sub(built),
        judged.saturating_sub(crawled),
        swapped.saturating_sub(judged),
        begun.elapsed(),
    );
    if !wrong.is_empty() {
        wrong.sort();
        let shown: Vec<_> = wrong.iter().take(200).cloned().collect();
        panic!("{} leaks, or rows that are wrong:\n{}", wrong.len(), shown.join("\n"));
    }
    report::golden(&oracle, &looked, &seen, &tried);
    town.world.finish().await;
}
