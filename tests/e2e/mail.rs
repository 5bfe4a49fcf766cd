//! Mail trouble stays mail trouble: what was done is done, every mail arrives at last, and who gets one twice can tell.

use std::sync::Arc;

use app::dead_letter::{Resend, Returned, Which};
use app::privacy::Erase;
use app::{Op, Viewer};
use domain::id::MessageId;
use domain::message::MessageStatus::{self, Dead, Sent, Suppressed};
use domain::preference::{NotificationGroup, group};
use e2e::binary::Binary;
use e2e::person::PASSWORD;
use e2e::{Mail, Person, Stage, Trouble, World, eventually};
use entity::message;
use notify::Bounce;
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

    let again = async |which| {
        let op = Arc::new(Op::of_system(Viewer::default()));
        world.app().execute(&op, None, Resend { which }).await
    };
    assert_eq!(again(Which::One(dead.id)).await.unwrap(), 1);
    let mail = world.last_mail_to("an@example.vn").await;
    assert_eq!(mail.notification_id, dead.id.to_string(), "the same mail");
    assert!(again(Which::One(dead.id)).await.is_err(), "it is not dead any more");
    assert_eq!(again(Which::All).await.unwrap(), 0);
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

const UNKNOWN: Trouble = Trouble::Says(Stage::Recipient, "550 5.1.1 no such mailbox");

/// Somebody is mailed: that the password is another one, which is the same.
async fn hears(person: &Person) {
    let input = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    person.does("changePassword", input, "isChanged").await.ok();
}

/// What became of all mails, the oldest first.
async fn states(world: &World) -> Vec<(MessageStatus, bool)> {
    world.is_quiet().await;
    let mut rows = message::Entity::find().all(&world.app().db.read).await.unwrap();
    rows.sort_by_key(|row| (row.created_at, row.id));
    rows.into_iter().map(|row| (row.status, row.address_hash.is_some())).collect()
}

async fn resend(world: &World, which: Which) -> u64 {
    let op = Arc::new(Op::of_system(Viewer::default()));
    world.app().execute(&op, None, Resend { which }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_refused_one_mail_is_sent_no_other_until_it_takes_mail_again() {
    let world = World::new().await;
    let bao = world.person("bao", "Trần Bảo").await;
    world.smtp.expects(UNKNOWN);
    hears(&bao).await;
    assert_eq!(states(&world).await, [(Dead, true)]);
    hears(&bao).await;
    assert_eq!(states(&world).await, [(Dead, true), (Suppressed, true)], "nobody asks the mail server again");
    assert_eq!(world.smtp.received().len(), 0);
    let told = "{ viewer { notifications(first: 5) { totalCount } } }";
    assert_eq!(bao.asks(told, json!({})).await.ok()["notifications"]["totalCount"], 2, "the inbox has both");
    // Others are not concerned.
    let an = world.person("an", "Nguyễn Thị An").await;
    hears(&an).await;
    assert_eq!(world.letters().await, ["password_changed: an"]);

    // Staff see that there are two, and why; not whose.
    let directory = tempfile::TempDir::with_prefix("btl-").unwrap();
    let settings = [("DATABASE_URL", world.database_url()), ("DEMO_DATA", "false")];
    let listed = Binary::run(directory.path(), &["dead-letters"], &settings).await.stdout;
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(lines[0].ends_with("the address takes no mail, the mail server answered 550"), "{listed}");
    assert!(lines[1].ends_with("the address takes no mail") && !listed.contains("example.vn"), "{listed}");

    // What somebody asks for is tried, and whoever uses it has shown that the mailbox is there.
    world
        .visitor
        .does("requestPasswordReset", json!({ "email": "BAO@example.vn" }), "isMailOnItsWay")
        .await
        .ok();
    assert_eq!(world.letters().await, ["password_reset: bao"]);
    let token = world.last_mail_to(&bao.email).await.token().to_owned();
    let input = json!({ "token": token, "newPassword": PASSWORD });
    world.visitor.does("resetPassword", input, "isReset").await.ok();
    assert_eq!(world.letters().await, ["password_changed: bao"; 3], "the two that were held back, and this");
    assert!(states(&world).await.iter().all(|state| *state == (Sent, false)));
    world.finish().await;
}

#[tokio::test]
async fn staff_let_an_address_go_by_one_of_its_mails_or_by_its_name() {
    let world = World::new().await;
    let (an, bao) = (world.person("an", "Nguyễn Thị An").await, world.person("bao", "Trần Bảo").await);
    for person in [&an, &bao] {
        world.smtp.expects(UNKNOWN);
        hears(person).await;
        world.is_quiet().await;
        hears(person).await;
        world.is_quiet().await;
    }
    let rows = app::dead_letter::list(world.app()).await.unwrap();
    assert_eq!(rows.len(), 4);
    let ans = rows.iter().find(|row| row.status == Suppressed && row.user_id == Some(an.account)).unwrap();
    assert_eq!(resend(&world, Which::One(ans.id)).await, 2, "one names both");
    assert_eq!(world.letters().await, ["password_changed: an"; 2]);
    assert_eq!(resend(&world, Which::To("nobody@example.vn".to_owned())).await, 0);
    // It refuses still: nothing is lost, and the next is held back again.
    world.smtp.expects(UNKNOWN);
    world.smtp.expects(UNKNOWN);
    assert_eq!(resend(&world, Which::To("Bao@EXAMPLE.vn".to_owned())).await, 2);
    world.is_quiet().await;
    assert!(world.letters().await.is_empty());
    // Whether the second one was tried too, or held back because of the first, is as it comes.
    world.smtp.calms();
    hears(&bao).await;
    assert_eq!(states(&world).await.last(), Some(&(Suppressed, true)));
    assert_eq!(resend(&world, Which::All).await, 3);
    assert_eq!(world.letters().await, ["password_changed: bao"; 3]);
    world.finish().await;
}

#[tokio::test]
async fn only_a_mailbox_that_is_not_there_holds_mails_back() {
    for trouble in [
        Trouble::Says(Stage::Recipient, "550 5.7.1 not from you"),
        Trouble::Says(Stage::Recipient, "552 5.2.2 full"),
        Trouble::Says(Stage::Sender, "550 5.1.8 who are you"),
        Trouble::Says(Stage::Body, "554 5.6.0 not like that"),
    ] {
        let world = World::new().await;
        let bao = world.person("bao", "Trần Bảo").await;
        world.smtp.expects(trouble);
        hears(&bao).await;
        assert_eq!(states(&world).await, [(Dead, false)], "{trouble:?}");
        hears(&bao).await;
        assert_eq!(world.letters().await, ["password_changed: bao"], "{trouble:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn whoever_is_erased_or_moves_is_on_no_list() {
    let world = World::new().await;
    let (an, bao) = (world.person("an", "Nguyễn Thị An").await, world.person("bao", "Trần Bảo").await);
    for person in [&an, &bao] {
        world.smtp.expects(UNKNOWN);
        hears(person).await;
        world.is_quiet().await;
    }
    let op = Arc::new(Op::of_system(Viewer::default()));
    world.app().execute(&op, None, Erase { email_key: "an@example.vn".to_owned() }).await.unwrap();
    assert_eq!(states(&world).await, [(Dead, false), (Dead, true)]);

    let input = json!({ "newEmail": "moi@example.vn", "password": PASSWORD });
    bao.does("requestEmailChange", input, "isMailOnItsWay").await.ok();
    assert_eq!(world.letters().await, ["email_change: moi"], "the old address is told nothing");
    let token = world.last_mail_to("moi@example.vn").await.token().to_owned();
    world.visitor.does("confirmEmailChange", json!({ "token": token }), "isChanged").await.ok();
    assert_eq!(world.letters().await, ["password_changed: moi"], "what was meant for the person arrives");
    world.finish().await;
}

/// The report of another server (RFC 3464) on a mail that it had taken.
fn report(mail: &Mail, recipient: &str, action: &str, status: &str) -> Vec<u8> {
    let (message, notification) = (&mail.message_id, &mail.notification_id);
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: no-reply@localhost\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 {status} gone\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: <{message}>\r\nX-Notification-Id: {notification}\r\nSubject: x\r\n\r\n--b--\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_mail_that_comes_back_days_later_is_a_dead_letter_and_holds_back_the_next() {
    let world = World::new().await;
    let bao = world.person("bao", "Trần Bảo").await;
    hears(&bao).await;
    let mail = world.last_mail_to(&bao.email).await;
    let comes = async |report: &[u8]| {
        let Some(bounce) = Bounce::read(report) else { return false };
        let Bounce { message_id, recipients, status, is_about_the_mailbox } = bounce;
        let op = Arc::new(Op::of_system(Viewer::default()));
        let message = MessageId(message_id);
        let returned = Returned { message, recipients, status, is_about_the_mailbox };
        world.app().execute(&op, None, returned).await.unwrap()
    };
    let (mut stranger, other) = (mail.clone(), uuid::Uuid::nil());
    stranger.notification_id = other.to_string();
    let mut unknown = stranger.clone();
    unknown.message_id = format!("{other}@localhost");
    for (about, to, action, status) in [
        (&mail, "an@example.vn", "failed", "5.1.1"),
        (&mail, "bao@example.vn", "delayed", "4.4.1"),
        (&mail, "bao@example.vn", "delivered", "2.1.5"),
        (&mail, "bao@example.vn", "failed", "4.4.7"),
        (&mail, "bao@example.vn", "failed", "5.1"),
        (&stranger, "bao@example.vn", "failed", "5.1.1"),
        (&unknown, "bao@example.vn", "failed", "5.1.1"),
    ] {
        assert!(!comes(&report(about, to, action, status)).await, "{to} {action} {status}");
        assert_eq!(states(&world).await, [(Sent, false)]);
    }
    for noise in [&b""[..], b"\xff\x00", b"From: a@b.example\r\n\r\nMessage-ID"] {
        assert!(!comes(noise).await);
    }

    let gone = report(&mail, "Bao@Example.VN", "failed", "5.1.1");
    assert!(comes(&gone).await);
    assert!(!comes(&gone).await, "once");
    hears(&bao).await;
    assert_eq!(states(&world).await, [(Dead, true), (Suppressed, true)]);
    assert_eq!(resend(&world, Which::To(bao.email.clone())).await, 2);
    assert_eq!(world.letters().await, ["password_changed: bao"; 3]);

    // Unwilling is not gone.
    let again = world.last_mail_to(&bao.email).await;
    assert!(comes(&report(&again, "bao@example.vn", "failed", "5.7.1")).await);
    hears(&bao).await;
    assert_eq!(world.letters().await, ["password_changed: bao"]);
    world.finish().await;
}

#[tokio::test]
async fn the_program_takes_reports_from_a_mail_server_and_minds_no_other_mail() {
    let directory = tempfile::TempDir::with_prefix("btl-").unwrap();
    let database = e2e::database::Database::fresh().await;
    let settings = [("DATABASE_URL", database.url.as_str()), ("DEMO_DATA", "false")];
    let ended = Binary::run(directory.path(), &["bounce"], &settings).await;
    assert!(ended.status.success() && ended.stdout == "nothing changed\n", "{ended:?}");
    database.give_back().await;
}

#[tokio::test]
async fn the_servers_of_a_domain_get_no_more_than_they_are_said_to_take() {
    let world = World::with(&[("MAIL_PER_DOMAIN_MINUTE", "60")]).await;
    let cast = Box::pin(e2e::Cast::gather(&world)).await;
    let challenge = cast.published_challenge(&world).await;
    let proposal = cast.writes(&cast.linh, &challenge, "Cống thông minh").await;
    cast.submits(&cast.linh, &proposal).await;
    let halt = json!({ "challengeId": challenge, "reason": "Chờ ý kiến của Thành phố." });
    cast.officer.does("pauseChallenge", halt, "challenge { id }").await.ok();
    somebody_registers(&world).await;
    world.is_quiet().await;

    let rows = message::Entity::find().all(&world.app().db.read).await.unwrap();
    let received = world.smtp.received();
    let is_account = |mail: &&e2e::smtp::Received| {
        let id = Mail::parse(mail).notification_id;
        rows.iter().any(|row| row.id.to_string() == id && group(row.kind) == NotificationGroup::Account)
    };
    let (account, paced): (Vec<_>, Vec<_>) = received.iter().partition(is_account);
    assert!(paced.len() >= 4 && !account.is_empty(), "{} and {}", paced.len(), account.len());
    // One a second, and two that come late together.
    let took = paced[paced.len() - 1].at - paced[0].at;
    assert!(took.as_secs() + 3 >= paced.len() as u64, "{} in {took:?}", paced.len());
    let last = |mails: &[&e2e::smtp::Received]| mails.iter().map(|mail| mail.at).max();
    assert!(last(&account) < last(&paced), "nobody waits for what is about their account");
    assert!(rows.iter().all(|row| (row.status, row.attempt) == (Sent, 1)), "{rows:?}");
    world.finish().await;
}
