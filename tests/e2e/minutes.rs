//! The minutes of a council as a PDF: what a reader of it finds are the words and figures of the ranking and the decision, and of nobody's
//! matters more than they may know.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::binary::directory;
use e2e::cast::{Cast, text};
use e2e::{Person, World};
use serde_json::{Value, json};

use crate::disqualification::Judged;

const DOCUMENT: &str = "query ($id: ID!) { challenge(by: { id: $id }) { minutesPdf } }";

async fn minutes(person: &Person, challenge: &str) -> Option<Vec<u8>> {
    let seen = person.asks(DOCUMENT, json!({ "id": challenge })).await.ok();
    (seen["minutesPdf"] != Value::Null).then(|| STANDARD.decode(text(&seen["minutesPdf"])).unwrap())
}

/// What a reader of the file finds: its text, as another program takes it out; blanks are one.
pub fn read(pdf: &[u8]) -> String {
    let place = directory();
    let file = place.path().join("minutes.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let output = output.expect("pdftotext of poppler-utils");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted} is not in: {text}");
    }
}

#[tokio::test]
async fn the_minutes_say_what_was_judged_and_decided_and_of_each_reader_s_matters_no_more() {
    let world = World::new().await;
    let cast = Box::pin(Cast::gather(&world)).await;
    let judged = Box::pin(Judged::locked(&world, &cast)).await;
    for stranger in [&cast.linh, &cast.lead, &cast.officer, &cast.administrator] {
        assert_eq!(minutes(stranger, &judged.challenge).await, None, "{}", stranger.handle);
    }
    let seen = world.visitor.call(DOCUMENT, json!({ "id": judged.challenge })).await.ok();
    assert_eq!(seen["minutesPdf"], Value::Null);

    let pdf = minutes(&cast.secretary, &judged.challenge).await.unwrap();
    assert_eq!(
        minutes(&cast.secretary, &judged.challenge).await.unwrap(),
        pdf,
        "the same state, the same bytes"
    );
    let told = read(&pdf);
    has(&told, &["BIÊN BẢN HỌP HỘI ĐỒNG", "Nguyễn Chủ Tịch", "Đặng Phản Biện", "thư ký khoa học"]);
    has(
        &told,
        &["Xếp hạng theo phiếu chấm đã khóa", "Cống thông", "Hồ điều tiết", "Bản đồ ngập", "Song Cẩm"],
    );
    has(
        &told,
        &["90.0000", "80.0000", "75.0000", "0.0000", "C1: Tính khả thi (50%)", "9.00 9.00 9.00 90.0000"],
    );
    has(&told, &["2/3, ít nhất 2", "(ký, ghi rõ họ tên)", "Chủ tịch hội đồng", "Trang 1/"]);
    assert!(!told.contains("Kết quả"), "there is no decision yet");
    // Bảo's third sheet never came.
    has(&told, &["2/3 75.0000"]);
    has(&told, &["ủy viên phản biện 3 3 0", "ủy viên 3 2 0"]);
    // The chair has declared nothing yet: the proposals have figures and no titles.
    let told = read(&minutes(&cast.chair, &judged.challenge).await.unwrap());
    assert!(!told.contains("Hồ điều tiết") && told.contains("90.0000"), "{told}");
    // A plain member learns who sits there, and not who handed what in.
    let told = read(&minutes(&cast.third_reviewer, &judged.challenge).await.unwrap());
    has(&told, &["Đặng Phản Biện", "Cống thông"]);
    assert!(!told.contains("Phiếu đã nộp"), "{told}");
    // Whoever is in conflict has minutes without it.
    let conflict = json!({ "proposalId": judged.linh, "kind": "OTHER", "reason": "Quen biết." });
    cast.other_reviewer.does("declareConflict", conflict, "isRecused").await.ok();
    let told = read(&minutes(&cast.other_reviewer, &judged.challenge).await.unwrap());
    assert!(!told.contains("Cống thông") && !told.contains("90.0000"), "{told}");
    has(&told, &["Hồ điều tiết"]);

    // The decision, with the reason why it departs from the ranking.
    let decision = judged.drafted(&cast, ["RESERVE", "SELECTED", "NOT_SELECTED"]).await;
    let input = json!({
        "decisionId": decision, "expectedVersion": 2,
        "departureReason": "Chi phí vận hành thấp hơn\nvà đã có nơi dùng thử 😀.",
    });
    cast.chair.does("updateDecision", input, "decision { id }").await.ok();
    let told = read(&minutes(&cast.chair, &judged.challenge).await.unwrap());
    has(
        &told,
        &["Chưa công bố.", "Lý do khác với xếp hạng: Chi phí vận hành thấp hơn và đã có nơi dùng thử"],
    );
    assert!(!read(&minutes(&cast.third_reviewer, &judged.challenge).await.unwrap()).contains("Chi phí vận"));
    judged.is_approved(&cast, &decision).await;
    judged.is_published(&cast, &decision, "56/QĐ-SKHCN").await.ok();
    let told = read(&minutes(&cast.secretary, &judged.challenge).await.unwrap());
    has(
        &told,
        &["Quyết định số 56/QĐ-SKHCN", "Được chọn", "Dự bị", "Không được chọn", "Lý do khác với xếp hạng"],
    );
    // The agency reads it from now on, and never who sat there.
    let told = read(&minutes(&cast.lead, &judged.challenge).await.unwrap());
    has(&told, &["Cống thông", "Được chọn"]);
    assert!(!told.contains("Đặng Phản Biện") && !told.contains("Nguyễn Chủ Tịch"), "{told}");
    // In the language of who reads.
    let version = cast.auditor.asks("{ viewer { version } }", json!({})).await.ok()["version"].clone();
    let profile = json!({ "expectedVersion": version, "locale": "EN" });
    cast.auditor.does("updateProfile", profile, "user { id }").await.ok();
    let told = read(&minutes(&cast.auditor, &judged.challenge).await.unwrap());
    has(&told, &["MINUTES OF THE COUNCIL", "Ranking by the locked sheets", "Selected", "Page 1/", "Chair"]);
    world.finish().await;
}
