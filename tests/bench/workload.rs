//! The workloads: what is asked of us, in GraphQL, and of the control, by the values of its statement.

use std::sync::Arc;

use anyhow::Context as _;
use domain::text::fold;
use serde_json::{Value, json};

use crate::cast::{Cast, PAGE};
use crate::contestant::Contestant;
use crate::drive::{Call, Client, Script};
use crate::store::Store;

/// What people search for, with tone marks and without.
const WORDS: &[&str] = &[
    "giao thông",
    "chuyển đổi số",
    "moi truong",
    "thủ tục hành chính",
    "rác thải",
    "du lieu",
    "cảnh báo ngập",
    "doanh nghiep nho",
    "bệnh viện",
    "nha o xa hoi",
    "an toàn thực phẩm",
    "UAV",
    "hộ kinh doanh",
    "un tac",
    "đất đai",
    "khởi nghiệp",
];
/// The fields of public life that have most challenges.
const SECTORS: &[&str] = &["TRANSPORT", "HEALTH", "URBAN_MANAGEMENT"];

/// In how many of forty requests each workload occurs in the mix.
const MIX: [usize; 7] = [16, 6, 10, 4, 2, 1, 1];

/// A way to ask us, and what is expected of it.
pub struct Arm {
    /// The workload, and what sets this way apart.
    pub name: String,
    /// The requests.
    pub script: Arc<Script>,
    /// Share of the control's throughput, on PostgreSQL.
    pub goal: f64,
    /// Most statements of a request.
    pub statements: Option<u64>,
}

/// A workload: the control, and us in one or several ways.
pub struct Workload {
    /// `W1` to `W8`.
    pub name: &'static str,
    /// The control's requests.
    pub control: Arc<Script>,
    /// Ours.
    pub arms: Vec<Arm>,
    /// What it does to the data.
    pub kind: Kind,
}

/// What a workload does to the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Reads,
    /// Each request is a transaction.
    Writes,
    /// Now this, now that.
    Mixed,
}

fn is_answered(body: &[u8]) -> bool {
    let refused = || body.len() < 2_000 && body.windows(15).any(|part| part == b"\"userErrors\":[{");
    body.len() > 100 && body.starts_with(br#"{"data":{"#) && body.ends_with(b"}}") && !refused()
}

fn is_there(body: &[u8]) -> bool {
    body.len() > 50
}

/// Calls in turn.
fn controlled(path: &'static str, values: Vec<Value>) -> Arc<Script> {
    let calls: Vec<_> = values
        .into_iter()
        .map(|values| Call { path, body: values.to_string().into(), token: None })
        .collect();
    Script::new(is_there, move |nth| turn(&calls, nth).cloned())
}

fn turn<T>(all: &[T], nth: usize) -> anyhow::Result<&T> {
    nth.checked_rem(all.len()).and_then(|place| all.get(place)).context("nothing to do in turn")
}

fn graphql(document: &str, variables: &Value) -> Call {
    Call {
        path: "/graphql",
        body: json!({ "query": document, "variables": variables }).to_string().into(),
        token: None,
    }
}

/// Documents in turn; signed in as the readers in turn, or as nobody.
fn asked(
    cast: &Arc<Cast>,
    document: &str,
    variables: impl IntoIterator<Item = Value>,
    signed_in: bool,
) -> Arc<Script> {
    let calls: Vec<_> = variables.into_iter().map(|variables| graphql(document, &variables)).collect();
    let cast = Arc::clone(cast);
    Script::new(is_answered, move |nth| {
        let token = signed_in.then(|| cast.readers.token(nth)).flatten();
        Ok(Call { token, ..turn(&calls, nth)?.clone() })
    })
}

/// The same for signed-in readers and for visitors.
fn both(
    cast: &Arc<Cast>,
    name: &str,
    document: &str,
    variables: &[Value],
    goals: (f64, f64),
    statements: Option<u64>,
) -> Vec<Arm> {
    vec![
        Arm {
            name: name.to_owned(),
            script: asked(cast, document, variables.to_vec(), true),
            goal: goals.0,
            statements,
        },
        Arm {
            name: format!("{name}, anonymous"),
            script: asked(cast, document, variables.to_vec(), false),
            goal: goals.1,
            statements,
        },
    ]
}

/// All of them. The running server tells the cursor of the deep page.
pub async fn all(store: &Store, cast: &Arc<Cast>, ours: &Contestant) -> anyhow::Result<Vec<Workload>> {
    let cursor = cursor(ours, (cast.deep - 1) * PAGE).await?;
    let mut workloads = vec![
        browse(cast),
        search(store, cast),
        detail(cast),
        ranking(cast),
        deep(cast, cursor.as_deref()),
        submit(cast),
        score(cast),
    ];
    let mix = |scripts: Vec<Arc<Script>>| {
        let places: Vec<_> = MIX
            .into_iter()
            .zip(scripts)
            .flat_map(|(times, script)| std::iter::repeat_n(script, times))
            .collect();
        // 17 and 40 have no common divisor: each place once in forty, the kinds well mixed.
        move |nth: usize| turn(&places, nth * 17)?.next()
    };
    let ours = workloads
        .iter()
        .filter_map(|workload| workload.arms.first())
        .map(|arm| Arc::clone(&arm.script))
        .collect();
    let control = workloads.iter().map(|workload| Arc::clone(&workload.control)).collect();
    workloads.push(Workload {
        name: "W8",
        control: Script::new(is_there, mix(control)),
        arms: vec![Arm {
            name: "W8 mixed".to_owned(),
            script: Script::new(is_answered, mix(ours)),
            goal: 0.6,
            statements: None,
        }],
        kind: Kind::Mixed,
    });
    Ok(workloads)
}

fn browse(cast: &Arc<Cast>) -> Workload {
    let variables: Vec<_> = SECTORS.iter().map(|sector| json!({ "sector": sector })).collect();
    Workload {
        name: "W1",
        control: controlled("/1", SECTORS.iter().map(|sector| json!([sector])).collect()),
        arms: both(cast, "W1 browse", include_str!("documents/w1.graphql"), &variables, (0.6, 2.0), Some(2)),
        kind: Kind::Reads,
    }
}

fn search(store: &Store, cast: &Arc<Cast>) -> Workload {
    let sought = |words: &&str| match store {
        Store::Postgres(_) => json!([fold(words)]),
        Store::Sqlite(_) => {
            json!([fold(words).split(' ').map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ")])
        }
    };
    let variables: Vec<_> = WORDS.iter().map(|words| json!({ "words": words })).collect();
    Workload {
        name: "W2",
        control: controlled("/2", WORDS.iter().map(sought).collect()),
        arms: both(cast, "W2 search", include_str!("documents/w2.graphql"), &variables, (0.7, 2.0), Some(3)),
        kind: Kind::Reads,
    }
}

fn detail(cast: &Arc<Cast>) -> Workload {
    let variables: Vec<_> = cast.slugs.iter().map(|slug| json!({ "slug": slug })).collect();
    Workload {
        name: "W3",
        control: controlled("/3", cast.slugs.iter().map(|slug| json!([slug])).collect()),
        arms: both(cast, "W3 detail", include_str!("documents/w3.graphql"), &variables, (0.6, 2.0), Some(4)),
        kind: Kind::Reads,
    }
}

fn ranking(cast: &Arc<Cast>) -> Workload {
    let call = graphql(include_str!("documents/w4.graphql"), &json!({ "slug": crate::seed::RANKED }));
    let as_chair = Arc::clone(cast);
    let script =
        Script::new(is_answered, move |_| Ok(Call { token: as_chair.chair.token(0), ..call.clone() }));
    Workload {
        name: "W4",
        control: controlled("/4", vec![json!([crate::seed::RANKED])]),
        arms: vec![Arm { name: "W4 ranking".to_owned(), script, goal: 0.5, statements: Some(5) }],
        kind: Kind::Reads,
    }
}

fn deep(cast: &Arc<Cast>, cursor: Option<&str>) -> Workload {
    let document = include_str!("documents/w5.graphql");
    let (deadline, id) = cast.before_deep;
    let mut arms = both(
        cast,
        &format!("W5 page {}", cast.deep),
        document,
        &[json!({ "first": PAGE, "after": cursor })],
        (0.6, 0.6),
        None,
    );
    let first = asked(cast, document, [json!({ "first": PAGE, "after": null })], true);
    arms.push(Arm { name: "W5 page 1".to_owned(), script: first, goal: 0.6, statements: None });
    Workload {
        name: "W5",
        control: controlled("/5", vec![json!([deadline, id.to_string(), PAGE])]),
        arms,
        kind: Kind::Reads,
    }
}

fn submit(cast: &Arc<Cast>) -> Workload {
    let document = include_str!("documents/w6.graphql");
    let calls: Vec<_> = cast
        .drafts
        .iter()
        .map(|id| graphql(document, &json!({ "proposalId": *api::graphql::id::encode(*id) })))
        .collect();
    let as_owner = Arc::clone(cast);
    let script = Script::new(is_answered, move |nth| {
        Ok(Call { token: as_owner.owners.token(nth), ..turn(&calls, nth)?.clone() })
    });
    let values = cast
        .drafts
        .iter()
        .zip(&cast.owner_ids)
        .map(|(proposal, owner)| json!([proposal.to_string(), owner.to_string()]));
    Workload {
        name: "W6",
        control: controlled("/6", values.collect()),
        arms: vec![Arm { name: "W6 submit".to_owned(), script, goal: 0.7, statements: None }],
        kind: Kind::Writes,
    }
}

fn score(cast: &Arc<Cast>) -> Workload {
    let document = include_str!("documents/w7.graphql");
    let reason = "Kế hoạch rõ ràng, số liệu nền đáng tin cậy.";
    let of_us = Arc::clone(cast);
    let script = Script::new(is_answered, move |nth| {
        let (sheet, version) = sheet(&of_us, nth)?;
        let marks = sheet.criteria.iter().map(
            |id| json!({ "criterionId": *api::graphql::id::encode(*id), "score": "8.5", "reason": reason }),
        );
        let review = api::graphql::id::encode(sheet.review);
        let input =
            json!({ "reviewId": *review, "expectedVersion": version, "marks": marks.collect::<Vec<_>>() });
        Ok(Call { token: of_us.reviewers.token(nth), ..graphql(document, &json!({ "input": input })) })
    });
    let of_control = Arc::clone(cast);
    let control = Script::new(is_there, move |nth| {
        let (sheet, version) = sheet(&of_control, nth)?;
        let marks: serde_json::Map<_, _> = sheet
            .criteria
            .iter()
            .map(|id| (id.to_string(), json!({ "score": 850, "reason": reason })))
            .collect();
        let values = json!([sheet.review.to_string(), version, Value::from(marks).to_string(), "Tốt"]);
        Ok(Call { path: "/7", body: values.to_string().into(), token: None })
    });
    Workload {
        name: "W7",
        control,
        arms: vec![Arm { name: "W7 score".to_owned(), script, goal: 0.7, statements: None }],
        kind: Kind::Writes,
    }
}

/// The sheet whose turn it is, and the version it must be in: each turn of all of them has raised it by one.
fn sheet(cast: &Cast, nth: usize) -> anyhow::Result<(&crate::cast::Sheet, i32)> {
    let sheet = turn(&cast.sheets, nth)?;
    Ok((sheet, sheet.version + i32::try_from(nth / cast.sheets.len())?))
}

/// Walks to the cursor after so many challenges, by pages as large as they may be.
async fn cursor(ours: &Contestant, mut before: usize) -> anyhow::Result<Option<String>> {
    let mut client = Client::connect(ours.address).await?;
    let mut cursor = None;
    while before > 0 {
        let first = before.min(100);
        let document = "query Walk($first: Int!, $after: String) {
            challenges(first: $first, after: $after, orderBy: { field: DEADLINE, direction: ASC }) { pageInfo { endCursor } }
        }";
        let (_, body) = client.post(graphql(document, &json!({ "first": first, "after": cursor }))).await?;
        let answer: Value = serde_json::from_slice(&body)?;
        let end = answer.pointer("/data/challenges/pageInfo/endCursor").and_then(Value::as_str);
        cursor = Some(end.with_context(|| format!("no cursor: {answer}"))?.to_owned());
        before -= first;
    }
    Ok(cursor)
}
