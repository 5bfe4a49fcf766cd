//! Files of challenges and proposals: who gets them, what is taken, and what becomes of what nobody wants.

use std::time::Duration;

use axum::http::StatusCode;
use e2e::cast::{Cast, DAY, text};
use e2e::file::{docx, fetch, link, path, pdf, request};
use e2e::service::{self, Clamd, S3};
use e2e::{Person, World, eventually};
use entity::attachment;
use reqwest::Method;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn on_challenge(id: &str) -> Value {
    json!({ "challengeId": id })
}

fn on_proposal(id: &str) -> Value {
    json!({ "proposalId": id })
}

/// What somebody sees hang on a challenge or a proposal: `NAME STATUS`.
async fn hangs_on(person: &Person, id: &str) -> Vec<String> {
    let document = "query ($id: ID!) { node(id: $id) {
        ... on Challenge { attachments { name status } } ... on Proposal { attachments { name status } } } }";
    let node = person.asks(document, json!({ "id": id })).await.ok();
    let files = node["attachments"].as_array().cloned().unwrap_or_default();
    files.iter().map(|file| format!("{} {}", text(&file["name"]), text(&file["status"]))).collect()
}

/// The files of the storage, as they lie there.
fn stored(world: &World) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(world.files()).unwrap();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn a_file_of_a_challenge_is_for_those_who_may_read_the_challenge() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let bytes = pdf("Bản đồ ngập");
    let announced =
        cast.drafter.announces(&on_challenge(&challenge), "Bản đồ ngập.pdf", bytes.len()).await.ok();
    let map = text(&announced["attachment"]["id"]);
    assert_eq!(announced["attachment"]["status"], "AWAITING_UPLOAD");
    assert_eq!(hangs_on(&cast.lead, &challenge).await, ["Bản đồ ngập.pdf AWAITING_UPLOAD"]);
    assert_eq!(
        cast.drafter.has_checked(&json!(map)).await.refused(),
        ["CONFLICT"],
        "there is nothing to look at"
    );
    assert_eq!(cast.drafter.sends(&announced, bytes.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cast.drafter.sends(&announced, bytes.clone()).await.status, StatusCode::CONFLICT, "once");
    assert_eq!(cast.drafter.link_to(&map).await, None, "nobody gets it before it was looked at");
    let checked = cast.drafter.has_checked(&json!(map)).await.ok();
    assert_eq!(checked["attachment"]["status"], "CLEAN");
    assert_eq!(checked["attachment"]["size"], bytes.len());

    let given = cast.lead.fetches(&map).await.unwrap();
    assert_eq!((given.status, &given.bytes), (StatusCode::OK, &bytes));
    assert_eq!(given.header("content-type"), "application/pdf");
    assert_eq!(given.header("x-content-type-options"), "nosniff");
    assert_eq!(given.header("cache-control"), "private, no-store");
    assert!(given.header("content-security-policy").contains("sandbox"));
    let disposition = "attachment; filename=\"ban_do_ngap.pdf\"; filename*=UTF-8''B%E1%BA%A3n%20%C4%91%E1%BB%93%20ng%E1%BA%ADp.pdf";
    assert_eq!(given.header("content-disposition"), disposition);
    let tag = given.header("etag").to_owned();
    assert!(!tag.contains(&text(&checked["attachment"]["sha256"])), "a tag tells nothing of the content");

    for stranger in [&cast.linh, &cast.chair, &cast.officer] {
        assert_eq!(stranger.link_to(&map).await, None, "{} knows of no draft", stranger.handle);
    }
    cast.hands_in(&challenge).await;
    assert!(cast.officer.fetches(&map).await.is_some());
    assert_eq!(
        cast.drafter.announces(&on_challenge(&challenge), "spät.pdf", 9).await.refused(),
        ["CONFLICT"]
    );
    let gone =
        cast.drafter.does("removeAttachment", json!({ "attachmentId": map }), "deletedAttachmentId").await;
    assert_eq!(gone.refused(), ["CONFLICT"], "what is being approved stays as it is");
    cast.approves(&challenge).await;
    assert_eq!(fetch(&world.visitor, &map).await.map(|given| given.status), None);
    cast.publishes(&challenge).await;

    let url = link(&world.visitor, &map).await.unwrap();
    let head = request(&world.visitor, Method::HEAD, &url, &[], Vec::new()).await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    let known = request(&world.visitor, Method::GET, &url, &[("if-none-match", &tag)], Vec::new()).await;
    assert_eq!((known.status, known.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
    let part = request(&world.visitor, Method::GET, &url, &[("range", "bytes=5-7")], Vec::new()).await;
    assert_eq!((part.status, part.bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &bytes[5..8]));
    assert_eq!(part.header("content-range"), format!("bytes 5-7/{}", bytes.len()));
    let beyond = request(&world.visitor, Method::GET, &url, &[("range", "bytes=9999-")], Vec::new()).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let refused =
        cast.linh.does("removeAttachment", json!({ "attachmentId": map }), "deletedAttachmentId").await;
    assert_eq!(refused.refused(), ["NOT_PERMITTED"]);
    world.finish().await;
}

#[tokio::test]
async fn a_file_of_a_proposal_is_sealed_with_it_and_goes_the_same_ways() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let blind = json!({ "challengeId": challenge, "expectedVersion": 1, "draft": { "isBlind": true } });
    cast.lead.does("updateChallenge", blind, "challenge { id }").await.ok();
    cast.hands_in(&challenge).await;
    cast.approves(&challenge).await;
    cast.publishes(&challenge).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cảm biến").await;
    let on = on_proposal(&proposal);
    let text_of = |words: &str| format!("canaryfile {words}\n").into_bytes();
    let first = cast.quan.uploads(&on, "canaryname thuyết minh.txt", text_of("một")).await.ok();
    let first = text(&first["attachment"]["id"]);
    let waiting = cast.linh.announces(&on, "sau.pdf", 100).await.ok();
    let input = json!({ "proposalId": proposal, "declaresOwnership": true });
    let early = cast.linh.does("submitProposal", input.clone(), "proposal { status }").await;
    assert_eq!(early.refused(), ["FILE_NOT_READY proposal.attachments"]);
    let verdicts = "query ($id: ID!) { node(id: $id) { ... on Proposal { viewerCanSubmit } } }";
    assert_eq!(cast.linh.asks(verdicts, json!({ "id": proposal })).await.ok()["viewerCanSubmit"], false);
    let removed = json!({ "attachmentId": waiting["attachment"]["id"] });
    let removed = cast
        .linh
        .does("removeAttachment", removed, "deletedAttachmentId proposal { id } challenge { id }")
        .await;
    let removed = removed.ok();
    assert_eq!((&removed["proposal"]["id"], &removed["challenge"]), (&json!(proposal), &Value::Null));
    let receipt = cast.submits(&cast.linh, &proposal).await;
    let canonical: Value = serde_json::from_str(receipt["canonicalContent"].as_str().unwrap()).unwrap();
    let files = canonical["files"].as_array().unwrap();
    assert_eq!((files.len(), files[0]["name"].as_str()), (1, Some("canaryname thuyết minh.txt")));

    // The next version has another file instead; the one that was handed in first keeps what it had.
    let gone = json!({ "attachmentId": first });
    cast.linh.does("removeAttachment", gone.clone(), "deletedAttachmentId").await.ok();
    assert_eq!(
        cast.linh.does("removeAttachment", gone, "deletedAttachmentId").await.refused(),
        ["NOT_FOUND input.attachmentId"]
    );
    let second = cast.linh.uploads(&on, "canaryname bản hai.txt", text_of("hai")).await.ok();
    let second = text(&second["attachment"]["id"]);
    assert_eq!(hangs_on(&cast.linh, &proposal).await, ["canaryname bản hai.txt CLEAN"]);
    let again = cast.submits(&cast.linh, &proposal).await;
    assert_eq!(again["number"], 2);
    assert_eq!(app::vault::verify(world.app()).await.unwrap(), Ok(2));

    for bytes in stored(&world) {
        assert!(!bytes.windows(10).any(|window| window == b"canaryfile"), "a file lies in the open");
    }
    let everybody = [
        &cast.yen,
        &cast.lead,
        &cast.officer,
        &cast.chair,
        &cast.secretary,
        &cast.auditor,
        &cast.administrator,
    ];
    for person in everybody {
        for file in [&first, &second] {
            assert_eq!(person.link_to(file).await, None, "{} before the opening", person.handle);
        }
        let refused =
            person.does("completeUpload", json!({ "attachmentId": second }), "attachment { id }").await;
        assert_eq!(refused.refused(), ["NOT_FOUND input.attachmentId"], "{}", person.handle);
    }
    let (own, late) = (cast.linh.link_to(&second).await.unwrap(), cast.linh.link_to(&second).await.unwrap());
    assert_eq!(request(&world.visitor, Method::GET, &own, &[], Vec::new()).await.bytes, text_of("hai"));
    world.pass(Duration::from_secs(61)).await;
    assert_eq!(
        request(&world.visitor, Method::GET, &late, &[], Vec::new()).await.status,
        StatusCode::NOT_FOUND
    );

    world.pass(11 * DAY).await;
    let closed = cast.linh.announces(&on, "muộn.txt", 5).await;
    assert_eq!(closed.refused(), ["DEADLINE_PASSED"]);
    cast.open(&challenge).await;
    assert_eq!(
        cast.chair.link_to(&second).await,
        None,
        "not before the chair has declared to be without conflict"
    );
    cast.admits(&proposal).await;
    cast.assigns(&challenge, &proposal, &seats).await;
    assert_eq!(
        hangs_on(&cast.secretary, &proposal).await,
        ["canaryname bản hai.txt CLEAN"],
        "the secretary knows who applies"
    );
    assert_eq!(cast.secretary.link_to(&first).await, None, "an earlier version is the team's alone");
    for member in [&cast.reviewer, &cast.other_reviewer] {
        assert_eq!(member.link_to(&second).await, None, "{} has not declared", member.handle);
        member.does("declareNoConflict", json!({ "proposalId": proposal }), "proposal { id }").await.ok();
        let seen = hangs_on(member, &proposal).await;
        assert_eq!(seen.len(), 1);
        assert!(seen[0].starts_with("tep-") && seen[0].ends_with(".txt CLEAN"), "{seen:?}");
        let given = member.fetches(&second).await.unwrap();
        assert_eq!(given.bytes, text_of("hai"));
        assert!(!given.header("content-disposition").contains("canary"), "{given:?}");
        let url = member.link_to(&second).await.unwrap();
        let conflict = json!({ "proposalId": proposal, "kind": "OTHER", "reason": "Quen biết." });
        member.does("declareConflict", conflict, "isRecused").await.ok();
        let cut = request(&world.visitor, Method::GET, &url, &[], Vec::new()).await;
        assert_eq!(cut.status, StatusCode::NOT_FOUND, "a link in the hand is no right");
    }
    let reads = entity::event::Entity::find().all(world.db()).await.unwrap();
    let reads = reads.iter().filter(|event| event.kind == domain::event::EventKind::ProposalRead).count();
    assert_eq!(reads, 2, "what the council fetches is recorded");
    world.finish().await;
}

#[tokio::test]
async fn a_download_does_not_outlive_the_right_to_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let seats = cast.appoint(&challenge).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cảm biến").await;
    // More than lies on the way between two sockets.
    let bytes = "Số liệu đo mực nước.\n".repeat(600_000).into_bytes();
    let file = cast.quan.uploads(&on_proposal(&proposal), "số liệu.txt", bytes.clone()).await.ok();
    let file = text(&file["attachment"]["id"]);
    cast.submits(&cast.linh, &proposal).await;
    world.pass(11 * DAY).await;
    cast.open(&challenge).await;
    cast.admits(&proposal).await;
    cast.assigns(&challenge, &proposal, &seats).await;
    let input = json!({ "proposalId": proposal });
    cast.reviewer.does("declareNoConflict", input, "proposal { id }").await.ok();
    let whole = cast.reviewer.fetches(&file).await.unwrap();
    assert_eq!(whole.bytes.len(), bytes.len(), "at the full length as long as the right holds");

    let url = cast.reviewer.link_to(&file).await.unwrap();
    let address = world.visitor.origin().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", path(&url));
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut begun = vec![0; 10_000];
    socket.read_exact(&mut begun).await.unwrap();
    assert!(begun.starts_with(b"HTTP/1.1 200"));
    let conflict = json!({ "proposalId": proposal, "kind": "OTHER", "reason": "Nhận ra người quen." });
    cast.reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    let mut rest = Vec::new();
    // Whether it ends or breaks depends on the machine; that it is not all of it does not.
    let _ = socket.read_to_end(&mut rest).await;
    assert!(rest.len() < bytes.len() - begun.len(), "{} of {} bytes", rest.len(), bytes.len());
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_what_it_says_is_refused_and_says_why() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let on = on_challenge(&challenge);
    for (name, size, refusal) in [
        ("a.exe", 9, "FILE_REFUSED input.name"),
        ("../../etc/passwd.txt", 9, "MALFORMED input.name"),
        ("a\r\nX-Evil: 1.pdf", 9, "FORBIDDEN_CHARACTER input.name"),
        ("\u{202e}fdp.exe.pdf", 9, "FORBIDDEN_CHARACTER input.name"),
        (" ", 9, "REQUIRED input.name"),
        ("a.pdf", 0, "OUT_OF_RANGE input.size"),
        ("a.pdf", 20 * 1024 * 1024 + 1, "OUT_OF_RANGE input.size"),
    ] {
        assert_eq!(cast.lead.announces(&on, name, size).await.refused(), [refusal], "{name:?}");
    }
    assert_eq!(cast.lead.announces(&on, &"a".repeat(100_000), 9).await.refused(), ["TOO_LONG input.name"]);
    for (name, bytes, refusal) in [
        ("a.pdf", b"<html><script>alert(1)</script>".to_vec(), "CONTENT_MISMATCH"),
        ("a.png", pdf("a"), "CONTENT_MISMATCH"),
        ("a.docx", docx(&[("word/vbaProject.bin", b"macro")]), "ACTIVE_CONTENT"),
        ("b.docx", docx(&[("../../evil.xml", b"slip")]), "ACTIVE_CONTENT"),
        ("c.docx", docx(&[("word/bomb.xml", &vec![0; 30 * 1024 * 1024])]), "TOO_LARGE_UNPACKED"),
        ("a.txt", b"<svg onload=alert(1)>".to_vec(), "CONTENT_MISMATCH"),
    ] {
        let refused = cast.lead.uploads(&on, name, bytes).await;
        assert_eq!(refused.refused(), ["FILE_REFUSED input.attachmentId"], "{name}");
        let shown = &refused.body["data"]["completeUpload"]["attachment"];
        assert_eq!((shown["status"].as_str(), shown["refusal"].as_str()), (Some("REFUSED"), Some(refusal)));
        let again = cast.lead.has_checked(&shown["id"]).await;
        assert_eq!(again.refused(), ["FILE_REFUSED input.attachmentId"], "and stays so");
        assert_eq!(cast.lead.link_to(&text(&shown["id"])).await, None);
        let gone = json!({ "attachmentId": shown["id"] });
        cast.lead.does("removeAttachment", gone, "deletedAttachmentId").await.ok();
    }
    assert_eq!(hangs_on(&cast.lead, &challenge).await, Vec::<String>::new());
    let fine = cast.lead.uploads(&on, "Phụ lục.docx", docx(&[("word/media/image1.png", b"")])).await.ok();
    assert_eq!(fine["attachment"]["status"], "CLEAN");
    world.finish().await;
}

#[tokio::test]
async fn room_is_limited_and_two_at_once_do_not_get_more_of_it() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let on = on_challenge(&challenge);
    let key = json!({ "on": on, "name": "một.pdf", "size": 7, "idempotencyKey": "the-same-file" });
    let once = cast.lead.does("createUpload", key.clone(), "attachment { id }").await.ok();
    assert_eq!(cast.lead.does("createUpload", key, "attachment { id }").await.ok(), once);
    let all = futures_util::future::join_all((0..20).map(|_| cast.lead.announces(&on, "một.pdf", 7))).await;
    let refused = all.iter().filter(|answer| !answer.refusals().is_empty());
    assert_eq!(
        refused.map(|answer| answer.refused()).collect::<Vec<_>>(),
        vec![["QUOTA"]; 11],
        "10 of one person"
    );
    let mut others = 0;
    while cast.drafter.announces(&on, "hai.pdf", 7).await.refusals().is_empty() {
        others += 1;
    }
    assert_eq!(others, 10, "20 of one challenge");
    world.pass(Duration::from_secs(3_601)).await;
    let (rows, _) = app::attachment::sweep(world.app()).await.unwrap();
    assert_eq!(rows, 20, "what never came is forgotten");
    assert!(cast.lead.announces(&on, "ba.pdf", 20 * 1024 * 1024).await.refusals().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn an_upload_that_lies_hangs_or_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let on = on_challenge(&challenge);
    let bytes = pdf(&"x".repeat(200_000));
    let announced = cast.lead.announces(&on, "a.pdf", bytes.len()).await.ok();
    let url = text(&announced["upload"]["url"]);
    for wrong in [bytes[1..].to_vec(), [bytes.as_slice(), b"x"].concat(), Vec::new()] {
        assert_eq!(cast.lead.sends(&announced, wrong).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let packed =
        request(&world.visitor, Method::PUT, &url, &[("content-encoding", "gzip")], bytes.clone()).await;
    assert_eq!(packed.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for forged in
        [format!("{url}x"), url.replace("/uploads/", "/downloads/"), url[..url.len() - 4].to_owned()]
    {
        let method = if forged.contains("/downloads/") { Method::GET } else { Method::PUT };
        let refused = request(&world.visitor, method, &forged, &[], bytes.clone()).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
    let post = request(&world.visitor, Method::POST, &url, &[], bytes.clone()).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);

    // Ten gigabytes are declared: refused before they come.
    let address = world.visitor.origin().trim_start_matches("http://").to_owned();
    let head = |length: u64, more: &str| {
        format!("PUT {} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{more}\r\n", path(&url))
    };
    let mut socket = TcpStream::connect(&address).await.unwrap();
    socket.write_all(head(10 << 30, "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    // Half of it comes, then nothing more.
    let mut socket = TcpStream::connect(&address).await.unwrap();
    socket.write_all(head(bytes.len() as u64, "").as_bytes()).await.unwrap();
    socket.write_all(&bytes[..100_000]).await.unwrap();
    drop(socket);
    eventually("what broke off is gone", async || stored(&world).is_empty().then_some(())).await;

    assert_eq!(
        cast.lead.sends(&announced, bytes).await.status,
        StatusCode::NO_CONTENT,
        "it can be tried again"
    );
    cast.lead.has_checked(&announced["attachment"]["id"]).await.ok();
    assert_eq!(stored(&world).len(), 1);
    cast.lead
        .does(
            "removeAttachment",
            json!({ "attachmentId": announced["attachment"]["id"] }),
            "deletedAttachmentId",
        )
        .await
        .ok();
    world.pass(Duration::from_secs(3_601)).await;
    assert_eq!(app::attachment::sweep(world.app()).await.unwrap().0, 1);
    assert_eq!(attachment::Entity::find().count(world.db()).await.unwrap(), 0);
    world.finish().await;
}

#[tokio::test]
async fn the_scanner_has_the_last_word_and_while_it_is_away_nobody_gets_the_file() {
    let port = service::free_port();
    let scanner = format!("tcp://127.0.0.1:{port}");
    let world = World::with(&[("SCANNER_URL", &scanner)]).await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let on = on_challenge(&challenge);
    let (good, bad) = (pdf("lành"), pdf(Clamd::HARMFUL));
    let away = cast.lead.uploads(&on, "Lành.pdf", good).await;
    assert_eq!(away.error(), "UNAVAILABLE");
    assert_eq!(hangs_on(&cast.lead, &challenge).await, ["Lành.pdf QUARANTINED"]);
    let id = entity::attachment::Entity::find().one(world.db()).await.unwrap().unwrap().id;
    let id = text(&json!(api::graphql::id::encode(id).as_str()));
    assert_eq!(cast.lead.link_to(&id).await, None);

    let _clamd = Clamd::start(port).await;
    assert_eq!(cast.lead.has_checked(&json!(id)).await.ok()["attachment"]["status"], "CLEAN");
    let refused = cast.lead.uploads(&on, "Dữ.pdf", bad).await;
    assert_eq!(refused.refused(), ["FILE_REFUSED input.attachmentId"]);
    assert_eq!(refused.body["data"]["completeUpload"]["attachment"]["refusal"], "MALWARE");
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_keeps_files_as_a_directory_does() {
    let s3 = S3::start().await;
    let place = format!("s3://{}/baitoanlon", S3::BUCKET);
    let settings = [
        ("STORAGE_URL", place.as_str()),
        ("S3_ENDPOINT", &s3.endpoint),
        ("S3_ACCESS_KEY_ID", "test"),
        ("S3_SECRET_ACCESS_KEY", "test"),
    ];
    let world = World::with(&settings).await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let challenge = cast.drafts(&world, Duration::ZERO, 10 * DAY).await;
    let on = on_challenge(&challenge);
    // Large enough for several parts.
    let bytes = pdf(&"canaryfile ".repeat(600_000));
    let kept = cast.lead.uploads(&on, "Lớn.pdf", bytes.clone()).await.ok();
    let kept = text(&kept["attachment"]["id"]);
    assert!(cast.lead.fetches(&kept).await.unwrap().bytes == bytes);
    let part = cast.lead.fetches_part(&kept, "bytes=5500000-5500009").await;
    assert_eq!(part.bytes, bytes[5_500_000..5_500_010]);
    let soon = world.now().await.plus_seconds(3_600);
    let stored = world.app().storage.older_than(soon).await.unwrap();
    assert_eq!(stored.len(), 1);
    let object = format!("{}/{}/baitoanlon/{}", s3.endpoint, S3::BUCKET, stored[0]);
    let raw = reqwest::get(&object).await.unwrap().bytes().await.unwrap();
    assert!(raw.len() > bytes.len() && !raw.windows(10).any(|window| window == b"canaryfile"));
    cast.lead.does("removeAttachment", json!({ "attachmentId": kept }), "deletedAttachmentId").await.ok();
    world.app().storage.delete(stored[0]).await.unwrap();
    world.app().storage.delete(stored[0]).await.unwrap();
    assert!(world.app().storage.older_than(soon).await.unwrap().is_empty());
    drop(s3);
    let announced = cast.lead.announces(&on, "Sau.pdf", 9).await.ok();
    assert_eq!(cast.lead.sends(&announced, vec![0; 9]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    world.finish().await;
}
