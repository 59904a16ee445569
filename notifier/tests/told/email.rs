//! E-mail: to applicants in plain words, to members at once or in a day's message, to nobody who was erased; and the failures of
//! mail servers.

use chrono::{NaiveTime, TimeDelta};
use domain::application::{Application, ApplicationCommand};
use domain::ids::MemberId;
use domain::member::{EmailWhen, Preferences, Quiet};
use domain::notification::Rule;
use domain::pii::Pii;
use notifier::{DeliveryState, EmailSettings, Settings};
use testkit::smtp::{Mail, MailServer, Takes};
use uuid::Uuid;

use crate::{Scene, Tables, on_both};

on_both!(
    applicants_are_told_in_plain_words,
    members_are_told_when_they_want,
    whoever_is_erased_is_written_to_no_more,
    a_mail_server_may_fail,
);

fn mail(server: &MailServer) -> Settings {
    let from = Settings::mailbox("HireSphere <hire@example.org>").unwrap();
    let email = EmailSettings { url: server.url.clone(), from, applicants: true };
    Settings { email: Some(email), ..Settings::default() }
}

fn reject() -> ApplicationCommand {
    ApplicationCommand::Reject {
        reason: Pii::new("no licence".into()),
        category: "requirements".into(),
        note: Pii::new(None),
        seen: None,
    }
}

fn me() -> MemberId {
    MemberId(Uuid::from_u128(7))
}

fn follows(email: EmailWhen) -> Preferences {
    Preferences {
        follow: vec![Rule::NewApplication, Rule::Withdrawn],
        email,
        ..Preferences::default()
    }
}

async fn applicants_are_told_in_plain_words(tables: Tables) {
    let server = MailServer::start(|_| Takes::It).await;
    let mut scene = Scene::begin(tables, mail(&server)).await;
    let ada = scene.apply("Ada <b>Lovelace</b>", Some("ada@example.org")).await;
    scene.apply("Nobody", None).await;
    scene.go_on().await;
    scene.tell::<Application>(ada, reject()).await;
    scene.go_on().await;
    let [received, rejected] = &server.came()[..] else { panic!("{:?}", server.came()) };
    assert_eq!((&received.from[..], &received.to[0][..]), ("hire@example.org", "ada@example.org"));
    assert_eq!(received.header("subject"), "We have received your application: Ward Nurse");
    assert_eq!(received.header("auto-submitted"), "auto-generated");
    assert!(received.header("message-id").ends_with("@example.org>"));
    assert!(received.text.contains("Hello Ada <b>Lovelace</b>,"), "{}", received.text);
    assert!(received.text.contains("Hello Ada &lt;b&gt;Lovelace&lt;/b&gt;,"), "{}", received.text);
    assert!(!rejected.text.contains("licence"), "the reason is not theirs to read here");
    let dropped = scene.deliveries(DeliveryState::Dropped).await;
    assert_eq!(dropped[0].reason.as_deref(), Some("NO_ADDRESS"));
    assert_eq!(scene.recorded("notification.sent.v1").await.len(), 2);
    assert_eq!(scene.recorded("notification.failed.v1").await.len(), 1);
}

async fn members_are_told_when_they_want(tables: Tables) {
    let server = MailServer::start(|_| Takes::It).await;
    let mut settings = mail(&server);
    settings.email.as_mut().unwrap().applicants = false;
    settings.public_url = Some("https://hire.example.org".into());
    let mut scene = Scene::begin(tables, settings).await;
    scene.prefer(me(), "ann@example.org", follows(EmailWhen::Immediately)).await;
    let ada = scene.apply("Ada Lovelace", Some("ada@example.org")).await;
    scene.go_on().await;
    let [at_once] = &server.came()[..] else { panic!("{:?}", server.came()) };
    assert_eq!(at_once.header("subject"), "New application");
    assert!(at_once.text.contains(&format!("https://hire.example.org/applications/{ada}")));
    assert!(!at_once.text.contains("Lovelace"));

    let eight = NaiveTime::from_hms_opt(8, 0, 0).unwrap();
    scene.prefer(me(), "ann@example.org", follows(EmailWhen::Daily { at: eight })).await;
    scene.withdraw(ada).await;
    scene.apply("Grace Hopper", None).await;
    assert_eq!(scene.go_on().await, 0, "not before eight");
    scene.pass(TimeDelta::hours(20));
    assert_eq!(scene.go_on().await, 1);
    let digest = server.came().pop().unwrap();
    assert_eq!(digest.header("subject"), "2 notices");
    assert_eq!(scene.deliveries(DeliveryState::Sent).await.len(), 3);

    // Half past noon, in a quiet hour.
    let noon = NaiveTime::from_hms_opt(7, 30, 0).unwrap();
    let quiet = Some(Quiet { from: noon, to: NaiveTime::from_hms_opt(9, 0, 0).unwrap() });
    let preferences = Preferences { quiet, ..follows(EmailWhen::Immediately) };
    scene.prefer(me(), "ann@example.org", preferences).await;
    scene.apply("Joan Clarke", None).await;
    assert_eq!(scene.go_on().await, 0);
    scene.pass(TimeDelta::hours(1));
    assert_eq!(scene.go_on().await, 1);

    // Who wants none by the time it is sent is sent none.
    scene.prefer(me(), "ann@example.org", follows(EmailWhen::Daily { at: eight })).await;
    scene.apply("Mary Jackson", None).await;
    scene.go_on().await;
    scene.prefer(me(), "ann@example.org", follows(EmailWhen::Never)).await;
    scene.pass(TimeDelta::days(1));
    scene.go_on().await;
    assert_eq!(server.came().len(), 3);
    let dropped = scene.deliveries(DeliveryState::Dropped).await;
    assert_eq!(dropped[0].reason.as_deref(), Some("NOT_WANTED"));
}

async fn whoever_is_erased_is_written_to_no_more(tables: Tables) {
    let server = MailServer::start(|_| Takes::It).await;
    let mut scene = Scene::begin(tables, mail(&server)).await;
    let ada = scene.apply("Ada Lovelace", Some("ada@example.org")).await;
    scene.withdraw(ada).await;
    scene.take_in().await;
    let candidate = scene.candidate_of(ada).await;
    let log = scene.dispatcher.log().clone();
    event_log::erase::erase(&log, candidate, crate::recruiter()).await.unwrap();
    scene.go_on().await;
    assert!(server.came().is_empty());
    let dropped = scene.deliveries(DeliveryState::Dropped).await;
    assert_eq!(dropped[0].reason.as_deref(), Some("ERASED"));
    for folder in &scene.folders {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            if file.file_name().to_string_lossy().starts_with("notifier.sqlite") {
                let bytes = std::fs::read(file.path()).unwrap();
                let found = bytes.windows(8).any(|w| w == b"Lovelace" || w == b"ada@exam");
                assert!(!found, "nobody's name is in {:?}", file.file_name());
            }
        }
    }
}

async fn a_mail_server_may_fail(tables: Tables) {
    let server = MailServer::start(|mail: &Mail| match mail.to[0].as_str() {
        "gone@example.org" => Takes::NotForThem("550 no such user"),
        "busy@example.org" if mail.text.is_empty() => Takes::It,
        "busy@example.org" if mail.n < 2 => Takes::Not("451 try later"),
        "lost@example.org" if !mail.text.is_empty() => Takes::AndBreaks,
        _ => Takes::It,
    })
    .await;
    let mut scene = Scene::begin(tables, mail(&server)).await;
    scene.apply("Gone", Some("gone@example.org")).await;
    scene.go_on().await;
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked[0].reason.as_deref(), Some("SMTP_550"));

    scene.apply("Busy", Some("busy@example.org")).await;
    for _ in 0..3 {
        scene.go_on().await;
        scene.pass(TimeDelta::minutes(10));
    }
    assert_eq!(scene.deliveries(DeliveryState::Sent).await.len(), 1);
    let ids: Vec<String> = server.came().iter().map(|mail| mail.header("message-id")).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.windows(2).all(|two| two[0] == two[1]));

    // Nobody knows whether it was taken: once more, marked, and no more.
    scene.apply("Lost", Some("lost@example.org")).await;
    for _ in 0..5 {
        scene.go_on().await;
        scene.pass(TimeDelta::hours(2));
    }
    let lost: Vec<Mail> =
        server.came().into_iter().filter(|m| m.to[0] == "lost@example.org").collect();
    let marked: Vec<String> = lost.iter().map(|m| m.header("hiresphere-may-repeat")).collect();
    assert_eq!(marked, ["", "true"]);
    assert!(lost[1].text.contains("You may have had this message before."));
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked[1].reason.as_deref(), Some("OUTCOME_UNKNOWN"));
}
