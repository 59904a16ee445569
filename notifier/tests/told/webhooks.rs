//! Webhooks: each event once, signed, in an application's order; tried again over hours; given up, replayed, disabled.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use domain::notification::{Notification, NotificationCommand, Rule};
use domain::subscription::{DisabledBecause, Filter, Subscription, SubscriptionCommand, Target};
use hmac::{Hmac, KeyInit as _, Mac as _};
use notifier::{DeliveryState, Settings, signing_secret};
use sha2::Sha256;
use testkit::ends::{Came, Ends, Reply};

use crate::{Scene, Tables, on_both};

on_both!(
    each_event_is_told_once_and_signed,
    what_fails_is_tried_again_in_order,
    whoever_asks_for_patience_is_left_alone,
    what_broke_off_comes_again_marked,
    what_is_refused_waits_for_somebody,
    an_end_that_is_gone_is_disabled,
    a_day_of_failures_disables_and_keeps,
    the_past_can_be_told_again,
    tables_that_are_lost_tell_nothing_twice,
);

fn local() -> Settings {
    Settings { private_webhooks: true, ..Settings::default() }
}

fn at(ends: &Ends, path: &str) -> Target {
    Target::Webhook { url: format!("{}{path}", ends.url) }
}

fn of(events: &[&str]) -> Filter {
    Filter { events: events.iter().map(|e| (*e).to_owned()).collect(), ..Filter::default() }
}

/// Checks a signature as a receiver does, from the header, the secret that was shown, and nothing else.
fn is_signed(came: &Came, secret: &str) -> bool {
    let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    let (id, at) = (came.header("webhook-id"), came.header("webhook-timestamp"));
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(&came.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    came.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

fn kinds(came: &[Came]) -> Vec<&str> {
    came.iter().map(|came| came.json["type"].as_str().unwrap()).collect()
}

async fn each_event_is_told_once_and_signed(tables: Tables) {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(tables, local()).await;
    let before = scene.apply("Ada Lovelace", Some("ada@example.org")).await;
    let all = scene.subscribe(at(&ends, "/all"), Filter::default()).await;
    let job = Some(scene.job);
    scene.subscribe(at(&ends, "/job"), Filter { job, ..of(&["application.*"]) }).await;
    let other = Some(domain::ids::JobId(uuid::Uuid::nil()));
    scene.subscribe(at(&ends, "/other"), Filter { job: other, ..of(&["application.*"]) }).await;
    let application = scene.apply("Grace Hopper", Some("grace@example.org")).await;
    scene.withdraw(application).await;
    scene.go_on().await;
    assert_eq!(scene.go_on().await, 0, "everything was told");

    let came = ends.came("/all");
    // What came before it was made is not told, nor what became of what was told.
    let expected = [
        "subscription.created.v1",
        "subscription.created.v1",
        "candidate.registered.v1",
        "candidate.resume_received.v1",
        "application.submitted.v1",
        "application.withdrawn.v1",
    ];
    let mut told = kinds(&came);
    told.sort_unstable();
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(told, sorted);
    assert_eq!(kinds(&ends.came("/job")), expected[4..]);
    assert!(ends.came("/other").is_empty());
    let vault = &scene.dispatcher.log().vault;
    let secret = signing_secret(vault, all, 1);
    for came in &came {
        assert!(is_signed(came, &secret));
        assert!(!is_signed(came, &signing_secret(vault, all, 2)));
        let body = String::from_utf8(came.body.to_vec()).unwrap();
        assert!(!body.contains("Grace") && !body.contains("sealed"), "{body}");
        assert!(!body.contains(&before.to_string()));
        assert_eq!(came.header("webhook-id"), came.json["id"]);
        assert_eq!(came.header("hiresphere-attempt"), "1");
        assert_eq!(came.header("hiresphere-may-repeat"), "");
    }
    // The history says so, once each.
    let sent = scene.recorded("notification.sent.v1").await;
    assert_eq!(sent.len(), came.len() + ends.came("/job").len());
    assert_eq!(scene.deliveries(DeliveryState::Sent).await.len(), sent.len());

    scene.tell::<Subscription>(all, SubscriptionCommand::RotateSecret {}).await;
    let last = scene.apply("Joan Clarke", None).await;
    scene.go_on().await;
    let vault = &scene.dispatcher.log().vault;
    let came = ends.came("/all");
    let came = came.iter().find(|came| came.json["stream"] == last.stream().to_string()).unwrap();
    assert!(is_signed(came, &secret), "for a day, the old one signs as well");
    assert!(is_signed(came, &signing_secret(vault, all, 2)));
    scene.pass(TimeDelta::hours(25));
    scene.withdraw(last).await;
    scene.go_on().await;
    let vault = &scene.dispatcher.log().vault;
    let came = ends.came("/all").pop().unwrap();
    assert!(!is_signed(&came, &secret) && is_signed(&came, &signing_secret(vault, all, 2)));
}

async fn what_fails_is_tried_again_in_order(tables: Tables) {
    let ends = Ends::start(|came| {
        let fails = came.path == "/ill" && came.n < 6;
        if fails { Reply::Status(500, None) } else { Reply::Well }
    })
    .await;
    let mut scene = Scene::begin(tables, local()).await;
    scene.subscribe(at(&ends, "/ill"), of(&["application.*"])).await;
    scene.subscribe(at(&ends, "/well"), of(&["application.*"])).await;
    let application = scene.apply("Ada Lovelace", None).await;
    scene.withdraw(application).await;
    scene.go_on().await;
    assert_eq!(kinds(&ends.came("/well")).len(), 2, "one that is ill holds nobody else up");
    assert_eq!(kinds(&ends.came("/ill")), ["application.submitted.v1"]);
    for _ in 0..8 {
        assert_eq!(scene.go_on().await, 0, "not before its time");
        scene.pass(TimeDelta::minutes(10));
        scene.go_on().await;
    }
    let came = ends.came("/ill");
    let (last, failed) = came.split_last().unwrap();
    assert_eq!(last.json["type"], "application.withdrawn.v1");
    assert!(failed.iter().all(|came| came.json["type"] == "application.submitted.v1"));
    let ids: Vec<&str> = failed.iter().map(|came| came.header("webhook-id")).collect();
    assert!(ids.windows(2).all(|two| two[0] == two[1]), "one id, however often it comes");
    let attempts: Vec<String> =
        failed.iter().map(|came| came.header("hiresphere-attempt").to_owned()).collect();
    let counted: Vec<String> = (1..=attempts.len()).map(|n| n.to_string()).collect();
    assert_eq!(attempts, counted);
    assert!(failed.iter().all(|came| came.header("hiresphere-may-repeat").is_empty()));
    assert!(scene.deliveries(DeliveryState::Queued).await.is_empty());
}

#[tokio::test]
async fn whoever_asks_for_no_pause_gets_one() {
    let ends = Ends::start(|_| Reply::Status(429, Some("0"))).await;
    let mut scene = Scene::begin(Tables::Sqlite, local()).await;
    let busy = scene.subscribe(at(&ends, "/"), of(&["application.submitted.v1"])).await;
    scene.apply("Ada Lovelace", None).await;
    scene.go_on().await;
    assert_eq!(ends.came("/").len(), 1);
    scene.pass(TimeDelta::hours(25));
    scene.go_on().await;
    let (state, _) = scene.dispatcher.load::<Subscription>(busy.0).await.unwrap();
    assert_eq!(state.disabled, Some(DisabledBecause::Failing), "patience ends after a day");
}

async fn whoever_asks_for_patience_is_left_alone(tables: Tables) {
    let ends =
        Ends::start(|c| if c.n == 0 { Reply::Status(429, Some("120")) } else { Reply::Well }).await;
    let mut scene = Scene::begin(tables, local()).await;
    scene.subscribe(at(&ends, "/"), of(&["application.submitted.v1"])).await;
    scene.apply("Ada Lovelace", None).await;
    scene.go_on().await;
    scene.apply("Grace Hopper", None).await;
    scene.pass(TimeDelta::seconds(119));
    assert_eq!(scene.go_on().await, 0);
    assert_eq!(ends.came("/").len(), 1);
    scene.pass(TimeDelta::seconds(2));
    assert_eq!(scene.go_on().await, 2);
}

async fn what_broke_off_comes_again_marked(tables: Tables) {
    let ends = Ends::start(|c| if c.n == 0 { Reply::Holds } else { Reply::Well }).await;
    let mut scene = Scene::begin(tables, local()).await;
    scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    let application = scene.apply("Ada Lovelace", None).await;
    scene.withdraw(application).await;
    scene.take_in().await;
    // A process that dies when it has sent and not heard.
    let dying = scene.deliverer();
    let dying = tokio::spawn(async move { dying.drain().await });
    while ends.came("/").is_empty() {
        tokio::task::yield_now().await;
    }
    dying.abort();
    assert!(dying.await.is_err());
    assert_eq!(scene.deliveries(DeliveryState::Sending).await.len(), 1);
    scene.go_on().await;
    let came = ends.came("/");
    assert_eq!(
        kinds(&came),
        ["application.submitted.v1", "application.submitted.v1", "application.withdrawn.v1"]
    );
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    let marked: Vec<&str> = came.iter().map(|c| c.header("hiresphere-may-repeat")).collect();
    assert_eq!(marked, ["", "true", ""]);
    let sent = scene.recorded("notification.sent.v1").await;
    let repeated: Vec<bool> =
        sent.iter().map(|e| e.payload.contains("\"repeated\":true")).collect();
    assert_eq!(repeated.iter().filter(|r| **r).count(), 1, "{sent:?}");
}

async fn what_is_refused_waits_for_somebody(tables: Tables) {
    let ends = Ends::start(|c| if c.n == 0 { Reply::Status(422, None) } else { Reply::Well }).await;
    let mut scene = Scene::begin(tables, local()).await;
    scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    let application = scene.apply("Ada Lovelace", None).await;
    scene.withdraw(application).await;
    scene.go_on().await;
    // One that is given up holds up nothing behind it.
    assert_eq!(kinds(&ends.came("/")), ["application.submitted.v1", "application.withdrawn.v1"]);
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].reason.as_deref(), Some("HTTP_422"));
    assert_eq!(scene.recorded("notification.failed.v1").await.len(), 1);
    let requeue = NotificationCommand::RequeueNotification {};
    scene.tell::<Notification>(parked[0].notification, requeue).await;
    scene.go_on().await;
    assert!(scene.deliveries(DeliveryState::Parked).await.is_empty());
    assert_eq!(ends.came("/").len(), 3);
    assert_eq!(scene.recorded("notification.sent.v1").await.len(), 2);
}

async fn an_end_that_is_gone_is_disabled(tables: Tables) {
    let ends = Ends::start(|_| Reply::Status(410, None)).await;
    let mut scene = Scene::begin(tables, local()).await;
    let gone = scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    scene.apply("Ada Lovelace", None).await;
    scene.go_on().await;
    scene.apply("Grace Hopper", None).await;
    scene.go_on().await;
    assert_eq!(ends.came("/").len(), 1, "nobody is called who is gone");
    let (state, _) = scene.dispatcher.load::<Subscription>(gone.0).await.unwrap();
    assert_eq!(state.disabled, Some(DisabledBecause::Gone));
}

async fn a_day_of_failures_disables_and_keeps(tables: Tables) {
    let well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mended = well.clone();
    let ends = Ends::start(move |_| {
        let well = well.load(std::sync::atomic::Ordering::Relaxed);
        if well { Reply::Well } else { Reply::Status(503, None) }
    })
    .await;
    let mut scene = Scene::begin(tables, local()).await;
    let failing = scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    let me = domain::ids::MemberId(uuid::Uuid::from_u128(7));
    let follow = vec![Rule::SubscriptionFailing];
    let preferences = domain::member::Preferences { follow, ..Default::default() };
    scene.prefer(me, "ann@example.org", preferences).await;
    for _ in 0..30 {
        scene.apply("Ada Lovelace", None).await;
        scene.go_on().await;
        scene.pass(TimeDelta::hours(1));
    }
    let (state, _) = scene.dispatcher.load::<Subscription>(failing.0).await.unwrap();
    assert_eq!(state.disabled, Some(DisabledBecause::Failing));
    let told = scene.store.inbox(me, None, true, 10).await.unwrap();
    assert_eq!(told.len(), 1, "somebody is told, once: {told:?}");
    // What came before it was disabled waits, but for what was tried too often.
    let kept = scene.deliveries(DeliveryState::Queued).await.len();
    let parked = scene.deliveries(DeliveryState::Parked).await.len();
    assert!(kept >= 10 && kept + parked >= 24, "{kept} kept, {parked} parked");
    let calls = ends.came("/").len();
    assert!(calls <= 2 * 26, "one that is away is called now and then: {calls}");
    mended.store(true, std::sync::atomic::Ordering::Relaxed);
    scene.tell::<Subscription>(failing, SubscriptionCommand::EnableSubscription {}).await;
    scene.go_on().await;
    scene.pass(TimeDelta::hours(1));
    scene.go_on().await;
    assert_eq!(scene.deliveries(DeliveryState::Sent).await.len(), kept);
    assert!(scene.deliveries(DeliveryState::Queued).await.is_empty());
}

async fn the_past_can_be_told_again(tables: Tables) {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(tables, local()).await;
    let early = scene.apply("Ada Lovelace", None).await;
    let hook = scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    let late = scene.apply("Grace Hopper", None).await;
    scene.go_on().await;
    let replay = SubscriptionCommand::RequestReplay { from: 1, to: u64::MAX };
    scene.tell::<Subscription>(hook, replay).await;
    scene.go_on().await;
    let streams: Vec<String> = ends
        .came("/")
        .iter()
        .map(|came| came.json["stream"].as_str().unwrap().to_owned())
        .collect();
    let (early, late) = (early.stream().to_string(), late.stream().to_string());
    assert_eq!(streams[0], late);
    assert_eq!(streams.len(), 3, "the one from before it was made, and the other once more");
    assert!(streams[1..].contains(&early) && streams[1..].contains(&late));
    let mut ids: Vec<String> =
        ends.came("/").iter().map(|c| c.header("webhook-id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "told again under another id");
}

async fn tables_that_are_lost_tell_nothing_twice(tables: Tables) {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(tables, local()).await;
    scene.subscribe(at(&ends, "/"), of(&["application.*"])).await;
    let application = scene.apply("Ada Lovelace", None).await;
    scene.go_on().await;
    scene.lose_tables().await;
    // Whatever else is delivered late, once more.
    let everything = scene.dispatcher.log().store.read_all(0, 1_000).await.unwrap();
    scene.go_on().await;
    scene.take_in_again(&everything).await;
    scene.go_on().await;
    assert_eq!(ends.came("/").len(), 1);
    scene.withdraw(application).await;
    scene.go_on().await;
    assert_eq!(
        kinds(&ends.came("/"))[1],
        "application.withdrawn.v1",
        "whom to tell is known still"
    );
}

#[tokio::test]
async fn nobody_is_called_in_a_private_network() {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(Tables::Sqlite, Settings::default()).await;
    scene.subscribe(at(&ends, "/"), of(&["application.submitted.v1"])).await;
    let port = ends.url.rsplit(':').next().unwrap();
    let named = Target::Webhook { url: format!("http://localhost:{port}/") };
    scene.subscribe(named, of(&["application.submitted.v1"])).await;
    scene.apply("Ada Lovelace", None).await;
    scene.go_on().await;
    assert!(ends.came("/").is_empty());
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked[0].reason.as_deref(), Some("PRIVATE_ADDRESS"));
    let queued = scene.deliveries(DeliveryState::Queued).await;
    assert_eq!(queued[0].reason.as_deref(), Some("UNREACHABLE"));
}
