//! The ranking: what the sheets say together, what parts equal means, and whether what was published follows from them.

use domain::id::{ChallengeId, ProposalId, PublicId as _, ReviewId};
use domain::score::{Score, Sheet};
use e2e::binary::{Binary, directory};
use e2e::cast::{DAY, text};
use e2e::{Cast, Person, World};
use entity::*;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

const RANKING: &str = "query ($id: ID!) { challenge(by: { id: $id }) {
    rubric { tieBreakers }
    ranking { entries {
        rank meanScore tieBreaker tieBreakerCriterion { weight } proposal { id }
        statistics {
            expectedCount sheetCount disagreements
            totals { ...spread }
            criteria { criterion { weight } scores { ...spread } }
        }
    } }
    rankingCheck { isEqual comparedCount isSealed differences { kind published computed proposal { id } } }
} }
fragment spread on ScoreSpread { mean median lowest highest standardDeviation trimmedMean }";

const CHANGED: &str = "decision { id version status }";

/// A round with three proposals, locked. Of 50, 30 and 20 points of ten:
///
/// | proposal | sheets | totals | mean |
/// | --- | --- | --- | --- |
/// | linh | 9 8 7; 8.5 7 10; 7.25 9 6 | 83, 83.5, 75.25 | 241.75 / 3 = 80.58333.. |
/// | yen | 10 9 9; 5 6 6 | 95, 55 | 75 |
/// | bao | 7.5 7.5 7.5 twice, and one that never came | 75, 75 | 75 |
async fn locked(world: &World, cast: &Cast) -> (String, [String; 3]) {
    let challenge = cast.published_challenge(world).await;
    let seats = cast.appoint(&challenge).await;
    let mut proposals = Vec::new();
    for (owner, title) in [(&cast.linh, "Bản đồ"), (&cast.yen, "Hồ"), (&cast.bao, "Cổng")] {
        let proposal = cast.writes(owner, &challenge, title).await;
        cast.submits(owner, &proposal).await;
        proposals.push(proposal);
    }
    world.pass(10 * DAY).await;
    cast.open(&challenge).await;
    let members = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
    let sheets: [&[[&str; 3]]; 3] = [
        &[["9", "8", "7"], ["8.5", "7", "10"], ["7.25", "9", "6"]],
        &[["10", "9", "9"], ["5", "6", "6"]],
        &[["7.5", "7.5", "7.5"], ["7.5", "7.5", "7.5"]],
    ];
    for (place, (proposal, sheets)) in proposals.iter().zip(sheets).enumerate() {
        cast.admits(proposal).await;
        let offered = if place == 1 { 2 } else { 3 };
        let reviews = cast.assigns(&challenge, proposal, &seats[..offered]).await;
        for ((member, review), scores) in members.iter().zip(&reviews).zip(sheets) {
            cast.scores(member, proposal, review, *scores).await;
        }
    }
    cast.locks(&challenge).await;
    (challenge, proposals.try_into().unwrap())
}

fn spread(of: [&str; 5]) -> Value {
    let [mean, median, lowest, highest, deviation] = of;
    json!({
        "mean": mean, "median": median, "lowest": lowest, "highest": highest,
        "standardDeviation": if deviation.is_empty() { Value::Null } else { deviation.into() }, "trimmedMean": null,
    })
}

#[tokio::test]
async fn statistics_are_those_by_hand_and_equal_means_are_parted_in_public() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let (challenge, [linh, yen, bao]) = locked(&world, &cast).await;
    let seen = cast.secretary.asks(RANKING, json!({ "id": challenge })).await.ok();
    assert_eq!(seen["rubric"]["tieBreakers"], json!(["CRITERIA", "PASSING_SHEETS"]));
    assert_eq!(seen["rankingCheck"], Value::Null, "there is no decision yet");
    let entries = seen["ranking"]["entries"].as_array().unwrap();
    let places: Vec<_> = entries
        .iter()
        .map(|entry| (text(&entry["proposal"]["id"]), entry["rank"].as_u64(), entry["tieBreaker"].clone()))
        .collect();
    // Equal on every criterion in the mean (7.5); of bao both sheets pass, of yen one of two.
    assert_eq!(
        places,
        [(linh, Some(1), Value::Null), (bao, Some(2), Value::Null), (yen, Some(3), json!("PASSING_SHEETS")),]
    );
    // 83, 83.5, 75.25 around 80.58333..: squares 5.84027.. + 8.50694.. + 28.44444.. = 42.79166.., half of it 21.39583.., root 4.62556..
    // On the first criterion 9, 8.5, 7.25 around 8.25: 0.5625 + 0.0625 + 1 = 1.625, half 0.8125, root 0.90138..
    let best = &entries[0]["statistics"];
    assert_eq!(best["totals"], spread(["80.5833", "83.0000", "75.2500", "83.5000", "4.6256"]));
    assert_eq!(
        best["criteria"][0],
        json!({ "criterion": { "weight": 50 }, "scores": spread(["8.2500", "8.5000", "7.2500", "9.0000", "0.9014"]) })
    );
    assert_eq!((&best["expectedCount"], &best["sheetCount"]), (&json!(3), &json!(3)));
    assert_eq!(best["disagreements"], json!([]));
    // The third sheet of bao is missing and no zero.
    let second = &entries[1]["statistics"];
    assert_eq!((&second["expectedCount"], &second["sheetCount"]), (&json!(3), &json!(2)));
    assert_eq!(second["totals"], spread(["75.0000", "75.0000", "75.0000", "75.0000", "0.0000"]));
    // 95 and 55 around 75: 400 + 400, root of 800 is 28.28427..
    let last = &entries[2]["statistics"];
    assert_eq!(last["totals"], spread(["75.0000", "75.0000", "55.0000", "95.0000", "28.2843"]));
    assert_eq!(last["disagreements"], json!(["WIDE_RANGE", "SPLIT_ON_PASSING", "CRITERION_APART"]));
    world.finish().await;
}

#[tokio::test]
async fn a_forged_ranking_or_sheet_is_found_out() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let (challenge, [linh, yen, bao]) = locked(&world, &cast).await;
    cast.chair.does("startDecision", json!({ "challengeId": challenge }), "decision { id }").await.ok();
    let check = async || {
        let seen = cast.auditor.asks(RANKING, json!({ "id": challenge })).await.ok();
        seen["rankingCheck"].clone()
    };
    let right = json!({ "isEqual": true, "comparedCount": 3, "isSealed": true, "differences": [] });
    assert_eq!(check().await, right);
    for outsider in [&cast.linh, &cast.officer, &cast.lead, &cast.administrator] {
        let seen = outsider.asks(RANKING, json!({ "id": challenge })).await.ok();
        assert_eq!(seen["rankingCheck"], Value::Null, "{}", outsider.handle);
    }
    // Whoever is in conflict compares what is left to them.
    let conflict = json!({ "proposalId": yen, "kind": "OTHER", "reason": "Quen biết." });
    cast.third_reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    let seen = cast.third_reviewer.asks(RANKING, json!({ "id": challenge })).await.ok();
    assert_eq!(
        seen["rankingCheck"],
        json!({ "isEqual": true, "comparedCount": 2, "isSealed": true, "differences": [] })
    );

    // A place in the decision is forged.
    let id = |proposal: &str| ProposalId::from_public(proposal).unwrap();
    let place = |proposal: &str, rank: i32| {
        let change = decision_outcome::ActiveModel { rank: Set(rank), ..Default::default() };
        let row = decision_outcome::Column::ProposalId.eq(id(proposal));
        decision_outcome::Entity::update_many().set(change).filter(row)
    };
    place(&yen, 1).exec(world.db()).await.unwrap();
    let found = json!({
        "isEqual": false, "comparedCount": 3, "isSealed": true,
        "differences": [{ "kind": "RANK", "published": "1", "computed": "3", "proposal": { "id": yen } }],
    });
    assert_eq!(check().await, found);
    // To whoever lost sight of it nothing is wrong.
    let seen = cast.third_reviewer.asks(RANKING, json!({ "id": challenge })).await.ok();
    assert_eq!(seen["rankingCheck"]["isEqual"], true);
    place(&yen, 3).exec(world.db()).await.unwrap();
    assert_eq!(check().await, right);

    // A sheet is forged: its mean is another, and the lock tells.
    let review = review::Entity::find()
        .filter(review::Column::ProposalId.eq(id(&bao)))
        .filter(review::Column::UserId.eq(cast.reviewer.account))
        .one(world.db())
        .await
        .unwrap()
        .unwrap();
    let mut forged: Sheet = review.sheet.clone();
    for mark in forged.0.values_mut() {
        mark.score = Score::parse("9.5", 10).unwrap();
    }
    let write = async |id: ReviewId, sheet: Sheet| {
        let change = review::ActiveModel { sheet: Set(sheet), ..Default::default() };
        let row = review::Column::Id.eq(id);
        review::Entity::update_many().set(change).filter(row).exec(world.db()).await.unwrap();
    };
    write(review.id, forged).await;
    // 95 and 75 are 85 in the mean: before linh.
    let difference = |proposal: &str, kind: &str, published: &str, computed: &str| json!({ "kind": kind, "published": published, "computed": computed, "proposal": { "id": proposal } });
    let found = json!({
        "isEqual": false, "comparedCount": 3, "isSealed": false,
        "differences": [
            difference(&bao, "RANK", "2", "1"),
            difference(&bao, "MEAN", "75.0000", "85.0000"),
            difference(&linh, "RANK", "1", "2"),
        ],
    });
    assert_eq!(check().await, found);
    let (code, told) = explained(&world, &challenge).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("broken: rubric or sheets are not those of the lock"), "{told}");
    let broken = format!("broken: {bao} MEAN: the decision has 75.0000, what follows is 85.0000");
    assert!(told.contains(&broken), "{told}");
    write(review.id, review.sheet).await;
    assert_eq!(check().await, right);
    let (code, told) = explained(&world, &challenge).await;
    assert_eq!(code, Some(0), "{told}");
    for line in [
        format!("1. {linh}: 80.5833"),
        "   75.2500 = 7.25 9.00 6.00".to_owned(),
        "   3 of 3 sheets; median 83.0000, from 75.2500 to 83.5000, deviation 4.6256, trimmed mean -"
            .to_owned(),
        format!("2. {bao}: 75.0000"),
        format!("3. {yen}: 75.0000, behind by fewer sheets that pass"),
        "rubric and sheets are those of the lock".to_owned(),
        "ok: 3 proposals, all as in the decision".to_owned(),
    ] {
        assert!(told.lines().any(|told| told == line), "{line} in {told}");
    }
    assert!(!told.contains("Phản Biện") && !told.contains("Song Cẩm"), "no names: {told}");

    // Whoever withdraws afterwards was ranked all the same, and is theirs alone again.
    cast.bao.does("withdrawProposal", json!({ "proposalId": bao }), "proposal { status }").await.ok();
    assert_eq!(
        check().await,
        json!({ "isEqual": true, "comparedCount": 2, "isSealed": true, "differences": [] })
    );
    world.finish().await;
}

/// What the command says of the challenge, and its exit code.
async fn explained(world: &World, challenge: &str) -> (Option<i32>, String) {
    let slug = challenge::Entity::find_by_id(ChallengeId::from_public(challenge).unwrap())
        .one(world.db())
        .await
        .unwrap()
        .unwrap()
        .slug;
    let place = directory();
    let settings = [("DATABASE_URL", world.database_url()), ("DEMO_DATA", "false")];
    let ended = Binary::run(place.path(), &["explain-ranking", &slug], &settings).await;
    (ended.status.code(), ended.stdout)
}

const CALIBRATED: &str = "query ($id: ID!) { challenge(by: { id: $id }) {
    rubric { isCalibrated }
    ranking { entries {
        rank meanScore isPassing proposal { id }
        calibrated { rank meanScore adjustment isPassing isOnOtherSide }
    } }
} }";

/// Of ten points each, the same on every criterion; ridge regression with 2 by hand, where r + o + t = 0:
///
/// | proposal | reviewer | other | third | mean |
/// | --- | --- | --- | --- | --- |
/// | linh | 8 | 7 | | 75 |
/// | yen | 8 | | 6.5 | 72.5 |
/// | bao | | 7.2 | 6.7 | 69.5 |
///
/// The rests around the means sum to 5 + 7.5 for r, -5 + 2.5 for o, -7.5 - 2.5 for t. With the levels put in: (2 + 2 - 1) r - (o + t) / 2 =
/// 3.5 r = 12.5, so r = 3.5714.., o = -0.7142.., t = -2.8571.. And without bao: 3 r - (o + t) / 2 = 12.5, 2.5 o - r / 2 = -5, 2.5 t - r / 2 = -7.5,
/// so r = 3.5714.., o = -1.2857.., t = -2.2857..
#[tokio::test]
async fn mild_and_strict_reviewers_are_told_apart_beside_the_ranking_and_decide_nothing() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, std::time::Duration::ZERO, 10 * DAY).await;
    let change = async |version: i32| {
        let input = json!({ "challengeId": challenge, "expectedVersion": version, "draft": { "isCalibrated": true } });
        cast.lead.does("updateChallenge", input, "challenge { rubric { isCalibrated } }").await
    };
    assert_eq!(change(1).await.ok()["challenge"]["rubric"]["isCalibrated"], true);
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    assert_eq!(change(5).await.refused(), ["CONFLICT"], "declared before, or never");
    let seats = cast.appoint(&challenge).await;
    let members = [&cast.reviewer, &cast.other_reviewer, &cast.third_reviewer];
    let mut proposals = Vec::new();
    for (owner, title) in [(&cast.linh, "Bản đồ"), (&cast.yen, "Hồ"), (&cast.bao, "Cổng")] {
        let proposal = cast.writes(owner, &challenge, title).await;
        cast.submits(owner, &proposal).await;
        proposals.push(proposal);
    }
    world.pass(10 * DAY).await;
    cast.open(&challenge).await;
    let sheets = [[(0, "8"), (1, "7")], [(0, "8"), (2, "6.5")], [(1, "7.2"), (2, "6.7")]];
    for (proposal, sheets) in proposals.iter().zip(sheets) {
        cast.admits(proposal).await;
        let offered = sheets.map(|(seat, _)| seats[seat].clone());
        let reviews = cast.assigns(&challenge, proposal, &offered).await;
        for ((seat, score), review) in sheets.into_iter().zip(&reviews) {
            cast.scores(members[seat], proposal, review, [score; 3]).await;
        }
    }
    let asked = async |person: &Person| person.asks(CALIBRATED, json!({ "id": challenge })).await.ok();
    assert_eq!(asked(&cast.chair).await["ranking"], Value::Null, "not before the lock");
    cast.locks(&challenge).await;
    let [linh, yen, bao] = <[String; 3]>::try_from(proposals).unwrap();
    let entry = |id: &str, (rank, mean, passes): (i32, &str, bool), calibrated: Value| json!({ "rank": rank, "meanScore": mean, "isPassing": passes, "proposal": { "id": id }, "calibrated": calibrated });
    let place = |rank: i32, mean: &str, adjustment: &str, crosses: bool| json!({ "rank": rank, "meanScore": mean, "adjustment": adjustment, "isPassing": true, "isOnOtherSide": crosses });
    let all = json!([
        entry(&linh, (1, "75.0000", true), place(1, "73.5714", "1.4286", false)),
        entry(&yen, (2, "72.5000", true), place(2, "72.1429", "0.3571", false)),
        entry(&bao, (3, "69.5000", false), place(3, "71.2857", "-1.7857", true)),
    ]);
    for person in [&cast.chair, &cast.secretary, &cast.authority, &cast.auditor] {
        let seen = asked(person).await;
        assert_eq!(seen["ranking"]["entries"], all, "{}", person.handle);
    }
    // Whoever does not know the reviewers could find out which sheets are by one hand.
    let mut plain = all.clone();
    for entry in plain.as_array_mut().unwrap() {
        entry["calibrated"] = Value::Null;
    }
    assert_eq!(asked(&cast.third_reviewer).await["ranking"]["entries"], plain);
    for person in [&cast.linh, &cast.lead, &cast.officer, &cast.administrator] {
        let seen = asked(person).await;
        assert_eq!((&seen["rubric"]["isCalibrated"], &seen["ranking"]), (&json!(true), &Value::Null));
    }
    let (code, told) = explained(&world, &challenge).await;
    assert_eq!(code, Some(0), "{told}");
    let printed = "   calibrated 3. 71.2857, adjusted by -1.7857, on the other side of the pass mark";
    assert!(told.lines().any(|told| told == printed), "{told}");

    // Beside the plain ones in the table for spreadsheets too, for the same people.
    let table = async |person: &Person| {
        let document = "query ($id: ID!) { challenge(by: { id: $id }) { scoreTable } }";
        let table = text(&person.asks(document, json!({ "id": challenge })).await.ok()["scoreTable"]);
        let lines: Vec<_> = table.trim_start_matches('\u{feff}').split("\r\n").map(str::to_owned).collect();
        (lines[0].clone(), lines.get(5).cloned().unwrap_or_default())
    };
    let (head, last) = table(&cast.authority).await;
    let expected = "Hạng,Điểm trung bình,Hạng hiệu chỉnh,Điểm hiệu chỉnh,Đạt,Mã hồ sơ,";
    assert!(head.starts_with(expected), "{head}");
    assert!(last.starts_with(&format!("3,69.5000,3,71.2857,không,{bao},")), "{last}");
    let (head, last) = table(&cast.third_reviewer).await;
    assert!(head.starts_with("Hạng,Điểm trung bình,Đạt,"), "{head}");
    assert!(last.starts_with(&format!("3,69.5000,không,{bao},")), "{last}");

    // What is in conflict would be told by what it does to the others: no figure of them is given.
    let conflict = json!({ "proposalId": bao, "kind": "OTHER", "reason": "Quen biết." });
    cast.secretary.does("declareConflict", conflict, "isRecused").await.ok();
    let left = json!([
        entry(&linh, (1, "75.0000", true), Value::Null),
        entry(&yen, (2, "72.5000", true), Value::Null),
    ]);
    assert_eq!(asked(&cast.secretary).await["ranking"]["entries"], left);
    assert!(!table(&cast.secretary).await.0.contains("hiệu chỉnh"));
    // By the plain means the decision is made.
    let drafted = "decision { outcomes { rank meanScore isPassing } }";
    let start = json!({ "challengeId": challenge });
    let drafted = cast.chair.does("startDecision", start, drafted).await.ok();
    assert_eq!(
        drafted["decision"]["outcomes"][2],
        json!({ "rank": 3, "meanScore": "69.5000", "isPassing": false })
    );
    // Neither does it tell what became of it.
    cast.bao.does("withdrawProposal", json!({ "proposalId": bao }), "proposal { status }").await.ok();
    assert_eq!(asked(&cast.secretary).await["ranking"]["entries"], left);
    let anew = json!([
        entry(&linh, (1, "75.0000", true), place(1, "73.8571", "1.1429", false)),
        entry(&yen, (2, "72.5000", true), place(2, "71.8571", "0.6429", false)),
    ]);
    assert_eq!(asked(&cast.authority).await["ranking"]["entries"], anew);
    // Who scored is part of what was locked.
    let row = review::Entity::find().one(world.db()).await.unwrap().unwrap();
    let swapped = review::ActiveModel { user_id: Set(cast.secretary.account), ..Default::default() };
    let swap = review::Entity::update_many().set(swapped).filter(review::Column::Id.eq(row.id));
    let (code, _) = explained(&world, &challenge).await;
    assert_eq!(code, Some(0));
    swap.exec(world.db()).await.unwrap();
    let (code, told) = explained(&world, &challenge).await;
    assert_eq!(code, Some(1));
    assert!(told.contains("broken: rubric or sheets are not those of the lock"), "{told}");
    world.finish().await;
}

#[tokio::test]
async fn a_chair_in_conflict_neither_locks_nor_proposes_and_learns_nothing_by_trying() {
    // In one world the hidden proposal has its sheets, in the other none.
    for is_scored in [false, true] {
        let world = World::new().await;
        let cast = Cast::gather(&world).await;
        let challenge = cast.published_challenge(&world).await;
        let seats = cast.appoint(&challenge).await;
        let vice = world.person("vice-chair", "Phó Chủ Tịch").await;
        let input = json!({ "challengeId": challenge, "email": vice.email, "role": "VICE_CHAIR" });
        cast.officer.does("appointCouncilMember", input, "councilMember { id }").await.ok();
        let mut proposals = Vec::new();
        for (owner, title) in [(&cast.linh, "Bản đồ"), (&cast.yen, "Hồ")] {
            let proposal = cast.writes(owner, &challenge, title).await;
            cast.submits(owner, &proposal).await;
            proposals.push(proposal);
        }
        world.pass(10 * DAY).await;
        cast.open(&challenge).await;
        let conflict =
            json!({ "proposalId": proposals[1], "kind": "FINANCIAL", "reason": "Tôi có cổ phần." });
        cast.chair.does("declareConflict", conflict, "isRecused").await.ok();
        let scored = async |proposal: &str| {
            let reviews = cast.assigns(&challenge, proposal, &seats[..2]).await;
            for (member, review) in [&cast.reviewer, &cast.other_reviewer].into_iter().zip(&reviews) {
                cast.scores(member, proposal, review, ["7", "7", "7"]).await;
            }
        };
        cast.admits(&proposals[0]).await;
        cast.admits(&proposals[1]).await;
        scored(&proposals[0]).await;
        if is_scored {
            scored(&proposals[1]).await;
        }
        let lock = json!({ "challengeId": challenge });
        let refused = cast.chair.does("lockRound", lock.clone(), "challenge { id }").await;
        assert_eq!(refused.refused(), ["INCOMPATIBLE_ROLE"], "scored: {is_scored}");
        let verdict = "query ($id: ID!) { challenge(by: { id: $id }) { viewerActions { action reasons } } }";
        let seen = cast.chair.asks(verdict, json!({ "id": challenge })).await.ok();
        let lock_round = json!({ "action": "LOCK_ROUND", "reasons": ["INCOMPATIBLE_ROLE"] });
        assert!(seen["viewerActions"].as_array().unwrap().contains(&lock_round), "{seen}");
        let by_vice = vice.does("lockRound", lock, "challenge { id }").await;
        if !is_scored {
            assert_eq!(by_vice.refused(), ["QUORUM_NOT_REACHED"]);
            world.finish().await;
            continue;
        }
        by_vice.ok();

        let started = vice.does("startDecision", json!({ "challengeId": challenge }), CHANGED).await.ok();
        let decision = text(&started["decision"]["id"]);
        let propose = json!({ "decisionId": decision });
        let outcome = |proposal: &str| json!({ "proposalId": proposal, "outcome": "SELECTED" });
        for (version, outcomes) in [(1, vec![outcome(&proposals[0])]), (2, vec![outcome(&proposals[1])])] {
            let input = json!({ "decisionId": decision, "expectedVersion": version, "outcomes": outcomes });
            vice.does("updateDecision", input, CHANGED).await.ok();
            // With an outcome missing where the chair cannot see it, and with none missing.
            let refused = cast.chair.does("proposeDecision", propose.clone(), CHANGED).await;
            assert_eq!(refused.refused(), ["INCOMPATIBLE_ROLE"]);
        }
        vice.does("proposeDecision", propose, CHANGED).await.ok();
        world.finish().await;
    }
}

#[tokio::test]
async fn the_locked_scores_are_a_table_for_those_who_read_the_ranking() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let (challenge, [first, ..]) = Box::pin(locked(&world, &cast)).await;
    let document = "query ($id: ID!) { challenge(by: { id: $id }) { scoreTable } }";
    for stranger in [&cast.linh, &cast.lead, &cast.officer] {
        let seen = stranger.asks(document, json!({ "id": challenge })).await.ok();
        assert_eq!(seen["scoreTable"], Value::Null, "{}", stranger.handle);
    }
    assert_eq!(
        world.visitor.call(document, json!({ "id": challenge })).await.ok()["scoreTable"],
        Value::Null
    );
    let seen = cast.authority.asks(document, json!({ "id": challenge })).await.ok();
    let table = text(&seen["scoreTable"]);
    let lines: Vec<_> = table.strip_prefix('\u{feff}').expect("a mark").split("\r\n").collect();
    let head = "Hạng,Điểm trung bình,Đạt,Mã hồ sơ,Tên hồ sơ,Đơn vị,Phiếu,Tính khả thi,Tính mới,Chi phí,Tổng";
    assert_eq!(lines[0], head);
    assert_eq!((lines.len(), lines[8]), (9, ""), "seven sheets: {table}");
    let mut best: Vec<_> = lines[1..4].iter().map(|line| line.splitn(8, ',').collect::<Vec<_>>()).collect();
    best.sort_by_key(|cells| cells[7]);
    for (cells, scores) in
        best.iter().zip(["7.25,9.00,6.00,75.2500", "8.50,7.00,10.00,83.5000", "9.00,8.00,7.00,83.0000"])
    {
        assert_eq!(cells[..6], ["1", "80.5833", "có", first.as_str(), "Bản đồ", "Song Cẩm"]);
        assert_eq!(cells[7], scores);
    }
    // Whoever is found to be in conflict with one of them has a table without it.
    let conflict = json!({ "proposalId": first, "kind": "OTHER", "reason": "Quen biết." });
    cast.reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    let seen = cast.reviewer.asks(document, json!({ "id": challenge })).await.ok();
    assert!(!text(&seen["scoreTable"]).contains("Bản đồ"), "{seen}");
    world.finish().await;
}

#[tokio::test]
async fn a_conflict_found_after_the_lock_takes_the_sheet_out_of_every_figure_by_two() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let (challenge, [linh, yen, bao]) = Box::pin(locked(&world, &cast)).await;
    let review = async |proposal: &str, member: &Person| {
        let id = ProposalId::from_public(proposal).unwrap();
        let row = review::Entity::find()
            .filter(review::Column::ProposalId.eq(id))
            .filter(review::Column::UserId.eq(member.account));
        api::graphql::id::encode(row.one(world.db()).await.unwrap().unwrap().id).to_string()
    };
    let (tied, expired) = (review(&yen, &cast.reviewer).await, review(&bao, &cast.third_reviewer).await);
    let asks = async |person: &Person, id: &str| {
        let input = json!({ "reviewId": id, "reason": "Là cổ đông của đơn vị nộp hồ sơ." });
        person.does("requestReviewVoid", input, "review { status voidRequest { reason } statusReason }").await
    };
    let confirms = async |person: &Person, id: &str| {
        person
            .does("confirmReviewVoid", json!({ "reviewId": id }), "review { status statusReason total }")
            .await
    };
    // The decision is drafted already: what is ranked in it follows.
    let start = json!({ "challengeId": challenge });
    cast.chair.does("startDecision", start, "decision { id }").await.ok();
    world.letters().await;
    for stranger in [&cast.secretary, &cast.reviewer, &cast.authority] {
        assert_eq!(asks(stranger, &tied).await.refused(), ["NOT_PERMITTED"], "{}", stranger.handle);
    }
    assert_eq!(asks(&cast.linh, &tied).await.refused(), ["NOT_FOUND input.reviewId"]);
    assert_eq!(confirms(&cast.authority, &tied).await.refused(), ["SECOND_PERSON_REQUIRED"], "nobody alone");
    assert_eq!(asks(&cast.chair, &expired).await.refused(), ["CONFLICT"], "there is no sheet");
    let done = asks(&cast.chair, &tied).await.ok();
    assert_eq!(
        done["review"],
        json!({ "status": "LOCKED", "voidRequest": { "reason": "Là cổ đông của đơn vị nộp hồ sơ." }, "statusReason": null })
    );
    assert_eq!(asks(&cast.chair, &tied).await.refused(), ["ALREADY_EXISTS"]);
    assert_eq!(world.letters().await, ["review_void_requested: authority"]);
    assert_eq!(confirms(&cast.chair, &tied).await.refused(), ["NOT_PERMITTED"]);
    let done = confirms(&cast.authority, &tied).await.ok();
    assert_eq!(
        done["review"],
        json!({ "status": "VOIDED", "statusReason": "Là cổ đông của đơn vị nộp hồ sơ.", "total": "95.0000" }),
        "kept as it was"
    );
    assert_eq!(world.letters().await, ["review_voided: reviewer"]);

    // Of 95 and 55 the 55 is left: yen falls behind bao, who had the same mean.
    let seen = cast.authority.asks(RANKING, json!({ "id": challenge })).await.ok();
    let places: Vec<_> = seen["ranking"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(&entry["proposal"]["id"]), text(&entry["meanScore"])))
        .collect();
    let expected = [(&linh, "80.5833"), (&bao, "75.0000"), (&yen, "55.0000")];
    assert_eq!(places, expected.map(|(id, mean)| (id.clone(), mean.to_owned())));
    assert_eq!(
        seen["rankingCheck"],
        json!({ "isEqual": true, "comparedCount": 3, "isSealed": true, "differences": [] }),
        "the draft and the seal are of what counts now"
    );
    let last = review(&yen, &cast.other_reviewer).await;
    assert_eq!(asks(&cast.chair, &last).await.refused(), ["QUORUM_NOT_REACHED"], "a score of nothing");
    // Once the decision is proposed the figures stand.
    let other = review(&linh, &cast.reviewer).await;
    asks(&cast.chair, &other).await.ok();
    let draft = "query ($id: ID!) { challenge(by: { id: $id }) { decision { id version outcomes { proposal { id } } } } }";
    let decision = cast.secretary.asks(draft, json!({ "id": challenge })).await.ok()["decision"].clone();
    let outcomes: Vec<_> = [(&linh, "SELECTED"), (&bao, "RESERVE"), (&yen, "NOT_SELECTED")]
        .map(|(id, outcome)| json!({ "proposalId": id, "outcome": outcome, "feedback": "Cảm ơn." }))
        .into();
    let input =
        json!({ "decisionId": decision["id"], "expectedVersion": decision["version"], "outcomes": outcomes });
    cast.secretary.does("updateDecision", input, CHANGED).await.ok();
    cast.chair.does("proposeDecision", json!({ "decisionId": decision["id"] }), CHANGED).await.ok();
    assert_eq!(confirms(&cast.authority, &other).await.refused(), ["CONFLICT"]);
    world.finish().await;
}

#[tokio::test]
async fn whoever_withdrew_since_the_draft_is_ranked_anew_with_the_others() {
    let world = World::new().await;
    let cast = Cast::gather(&world).await;
    let (challenge, [_, yen, bao]) = Box::pin(locked(&world, &cast)).await;
    cast.chair.does("startDecision", json!({ "challengeId": challenge }), "decision { id }").await.ok();
    // Bao was second and goes; without the sheet of 55 yen has 95 and is first, linh second, bao third.
    cast.bao.does("withdrawProposal", json!({ "proposalId": bao }), "proposal { status }").await.ok();
    let id = ProposalId::from_public(&yen).unwrap();
    let row = review::Entity::find()
        .filter(review::Column::ProposalId.eq(id))
        .filter(review::Column::UserId.eq(cast.other_reviewer.account));
    let sheet = api::graphql::id::encode(row.one(world.db()).await.unwrap().unwrap().id).to_string();
    let ask = json!({ "reviewId": sheet, "reason": "Là cổ đông." });
    cast.chair.does("requestReviewVoid", ask, "review { id }").await.ok();
    cast.authority.does("confirmReviewVoid", json!({ "reviewId": sheet }), "review { id }").await.ok();
    let (code, told) = explained(&world, &challenge).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("ok: 3 proposals, all as in the decision"), "{told}");
    let positions = decision_outcome::Entity::find().all(world.db()).await.unwrap();
    let positions: std::collections::BTreeSet<_> = positions.iter().map(|row| row.position).collect();
    assert_eq!(positions.len(), 3, "each has a place of its own");
    world.finish().await;
}
