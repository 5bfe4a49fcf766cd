//! Mail trouble stays mail trouble: what was done is done, every mail arrives at last, and who gets one twice can tell.

use std::sync::Arc;

use app::dead_letter::Resend;
use app::{Op, Viewer};
use domain::message::MessageStatus;
use e2e::binary::Binary;
use e2e::{Stage, Trouble, World, eventually};
use entity::message;
use sea_orm::EntityTrait as _;
use serde_json::json;

/// One mail is on its way; the answer does not wait for it.
async fn somebody_registers(world: &World) {
    let input = json!({ "email": "an@example.vn", "displayName": "Nguyễn Thị An", "password": "bảy mặt trăng trên hồ" });
    world.visitor.does("register", input, "isMailOnItsWay").await.ok();
}

async fn only_row(world: &World) -> message::Model {
    let rows = message::Entity::find().all(&world.app().db.read).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    row.clone()
}

#[tokio::test]
async fn a_mail_is_complete_and_tells_who_it_is_from() {
    let world = World::new().await;
    somebody_registers(&world).await;
    let mail = world.last_mail_to("an@example.vn").await;
    let row = only_row(&world).await;
    assert_eq!(mail.notification_id, row.id.to_string());
    assert!(mail.message_id.starts_with(&mail.notification_id), "{}", mail.message_id);
    assert!(mail.html.contains(mail.token()), "both parts say the same: {mail:?}");
    assert!(
        !mail.text.contains("Nguyễn Thị An"),
        "nobody is called names before the address is proved: {mail:?}"
    );
    let mut headers = mail.headers.clone();
    headers.sort();
    let expected = [
        "Auto-Submitted",
        "Content-Language",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
        "X-Notification-Id",
    ];
    assert_eq!(headers, expected);
    world.finish().await;
}

#[tokio::test]
async fn what_is_refused_for_now_arrives_later_and_once() {
    for trouble in [
        Trouble::Says(Stage::Greeting, "421 busy"),
        Trouble::Says(Stage::Sender, "451 later"),
        Trouble::Says(Stage::Recipient, "450 greylisted"),
        Trouble::Says(Stage::Data, "452 full"),
        Trouble::Says(Stage::Body, "451 later"),
        Trouble::Drops(Stage::Greeting),
        Trouble::Drops(Stage::Recipient),
        Trouble::Drops(Stage::Data),
        Trouble::Hangs(Stage::Hello),
    ] {
        let world = World::new().await;
        world.smtp.expects(trouble);
        somebody_registers(&world).await;
        assert_eq!(world.mail().await.len(), 1, "{trouble:?}");
        let row = only_row(&world).await;
        assert_eq!((row.status, row.attempt), (MessageStatus::Sent, 2), "{trouble:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_mail_may_arrive_twice_only_where_the_answer_was_lost_and_is_then_the_same() {
    let world = World::new().await;
    world.smtp.expects(Trouble::Drops(Stage::Body));
    somebody_registers(&world).await;
    let mails = world.mail().await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    let received = world.smtp.received();
    assert_eq!(received[0].bytes, received[1].bytes, "byte by byte");
    world.finish().await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_at_once_and_staff_can_see_why() {
    for trouble in
        [Trouble::Says(Stage::Recipient, "550 no such mailbox"), Trouble::Says(Stage::Body, "554 not wanted")]
    {
        let world = World::new().await;
        world.smtp.expects(trouble);
        somebody_registers(&world).await;
        assert_eq!(world.mail().await.len(), 0, "{trouble:?}");
        let row = only_row(&world).await;
        assert_eq!((row.status, row.attempt), (MessageStatus::Dead, 1), "{trouble:?}");
        let reason = row.last_error.unwrap();
        assert!(
            reason.contains("55") && !reason.contains("mailbox") && !reason.contains("wanted"),
            "{reason}"
        );
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_sent_after_all_once_its_cause_is_mended() {
    let world = World::new().await;
    world.smtp.expects(Trouble::Says(Stage::Recipient, "550 no such mailbox"));
    somebody_registers(&world).await;
    world.is_quiet().await;
    let dead = only_row(&world).await;
    let directory = tempfile::TempDir::with_prefix("btl-").unwrap();
    let settings = [("DATABASE_URL", world.database_url()), ("DEMO_DATA", "false")];
    let ended = Binary::run(directory.path(), &["dead-letters"], &settings).await;
    let line = ended.stdout.trim();
    assert!(ended.status.success() && line.lines().count() == 1, "{ended:?}");
    for part in [dead.id.to_string().as_str(), "email_verification", "1 attempts", "550"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("example.vn"), "{line}");

    let again = async |message| {
        let op = Arc::new(Op::of_system(Viewer::default()));
        world.app().execute(&op, None, Resend { message }).await
    };
    assert_eq!(again(Some(dead.id)).await.unwrap(), 1);
    let mail = world.last_mail_to("an@example.vn").await;
    assert_eq!(mail.notification_id, dead.id.to_string(), "the same mail");
    assert!(again(Some(dead.id)).await.is_err(), "it is not dead any more");
    assert_eq!(again(None).await.unwrap(), 0);
    world.mail().await;
    assert_eq!(world.smtp.received().len(), 1, "and once");
    let ended = Binary::run(directory.path(), &["dead-letters"], &settings).await;
    assert_eq!(ended.stdout, "", "{ended:?}");
    world.finish().await;
}

#[tokio::test]
async fn one_mail_in_trouble_delays_no_other() {
    let world = World::new().await;
    world.smtp.expects(Trouble::Hangs(Stage::Recipient));
    somebody_registers(&world).await;
    eventually("the first mail hangs", async || {
        (only_row(&world).await.status == MessageStatus::Sending).then_some(())
    })
    .await;
    let input = json!({ "email": "binh@example.vn", "displayName": "Trần Bình", "password": "bảy mặt trăng trên hồ" });
    world.visitor.does("register", input, "isMailOnItsWay").await.ok();
    let arrived = world.mail().await.into_iter().map(|mail| mail.to).collect::<Vec<_>>();
    assert_eq!(arrived, ["binh@example.vn", "an@example.vn"]);
    world.finish().await;
}
