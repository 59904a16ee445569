//! Slack: messages in Block Kit, threads by application, nobody named unless it is allowed, and its failures.

use chrono::TimeDelta;
use domain::notification::Rule;
use domain::subscription::{Filter, Target};
use notifier::DeliveryState;
use serde_json::Value;
use testkit::ends::{Came, Ends, Reply};

use crate::{Scene, Tables, on_both, slack_at};

on_both!(
    what_concerns_one_application_is_a_thread,
    names_are_told_where_it_is_allowed,
    a_channel_that_is_wrong_can_be_mended,
    what_may_have_got_through_is_sent_once_more_at_most,
);

const POST: &str = "/api/chat.postMessage";

fn channel(personal: bool) -> Target {
    Target::SlackChannel { channel: "C1".into(), personal }
}

fn thread(came: &Came) -> Option<&str> {
    came.json["thread_ts"].as_str()
}

fn text(came: &Came) -> String {
    came.json.to_string()
}

fn buttons(came: &Came) -> Vec<Value> {
    let blocks = came.json["blocks"].as_array().unwrap();
    let actions = blocks.iter().filter(|block| block["type"] == "actions");
    actions.flat_map(|block| block["elements"].as_array().unwrap().clone()).collect()
}

async fn what_concerns_one_application_is_a_thread(tables: Tables) {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(tables, slack_at(&ends)).await;
    scene.subscribe(channel(false), Filter::default()).await;
    scene.subscribe(Target::SlackHook { personal: false }, Filter::default()).await;
    let (ada, grace) =
        (scene.apply("Ada Lovelace", None).await, scene.apply("Grace Hopper", None).await);
    scene.withdraw(ada).await;
    scene.go_on().await;
    let of = |id: domain::ids::ApplicationId| -> Vec<Came> {
        let all = ends.came(POST).into_iter();
        all.filter(|came| text(came).contains(&id.to_string())).collect()
    };
    let [first, second] = &of(ada)[..] else { panic!("{:?}", ends.came(POST)) };
    assert_eq!(thread(first), None);
    let ts = format!("1700000000.{:06}", first.n);
    assert_eq!(thread(second), Some(ts.as_str()), "the second one is in the first one's thread");
    assert_eq!(of(grace).len(), 1);
    assert_eq!(thread(&of(grace)[0]), None);
    // An incoming webhook knows no threads.
    let hooked = ends.came("/services/");
    assert_eq!(hooked.len(), 3);
    assert!(hooked.iter().all(|came| thread(came).is_none()));
    let buttons = buttons(first);
    assert_eq!(buttons[0]["url"], format!("https://hire.example.org/applications/{ada}"));
    assert_eq!(
        (&buttons[1]["action_id"], &buttons[1]["value"]),
        (&"shortlist".into(), &ada.to_string().into())
    );
    assert!(!ends.came("/").iter().any(|came| text(came).contains("Ada")));
}

async fn names_are_told_where_it_is_allowed(tables: Tables) {
    let ends = Ends::start(|_| Reply::Well).await;
    let mut scene = Scene::begin(tables, slack_at(&ends)).await;
    let only = Filter { rules: vec![Rule::NewApplication], ..Filter::default() };
    scene.subscribe(channel(true), only).await;
    let hostile = "<!channel> & <https://evil.example|Ada>";
    let application = scene.apply(hostile, None).await;
    scene.withdraw(application).await;
    scene.go_on().await;
    let [came] = &ends.came(POST)[..] else { panic!("{:?}", ends.came(POST)) };
    assert!(text(came).contains("&lt;!channel&gt; &amp; &lt;https://evil.example|Ada&gt;"));
    assert!(!text(came).contains("<!channel>"), "nobody's name calls the whole channel");
    assert!(text(came).contains("Ward Nurse"));
}

async fn a_channel_that_is_wrong_can_be_mended(tables: Tables) {
    let ends = Ends::start(|came| match came.n {
        0 => Reply::NotOk("not_in_channel"),
        1 => Reply::Status(429, Some("30")),
        2 => Reply::NotOk("invalid_blocks"),
        _ => Reply::Well,
    })
    .await;
    let mut scene = Scene::begin(tables, slack_at(&ends)).await;
    scene.subscribe(channel(false), Filter::default()).await;
    let application = scene.apply("Ada Lovelace", None).await;
    scene.withdraw(application).await;
    scene.go_on().await;
    let queued = scene.deliveries(DeliveryState::Queued).await;
    assert_eq!(queued[0].reason.as_deref(), Some("SLACK_NOT_IN_CHANNEL"));
    scene.pass(TimeDelta::seconds(10));
    scene.go_on().await;
    assert_eq!(ends.came(POST).len(), 2);
    scene.pass(TimeDelta::seconds(29));
    assert_eq!(scene.go_on().await, 0, "Slack asked for thirty seconds");
    scene.pass(TimeDelta::seconds(2));
    scene.go_on().await;
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked[0].reason.as_deref(), Some("SLACK_INVALID_BLOCKS"));
    assert_eq!(scene.deliveries(DeliveryState::Sent).await.len(), 1, "the next one is sent");
}

async fn what_may_have_got_through_is_sent_once_more_at_most(tables: Tables) {
    let ends = Ends::start(|_| Reply::Breaks).await;
    let mut scene = Scene::begin(tables, slack_at(&ends)).await;
    scene.subscribe(channel(false), Filter::default()).await;
    scene.apply("Ada Lovelace", None).await;
    for _ in 0..5 {
        scene.go_on().await;
        scene.pass(TimeDelta::hours(2));
    }
    let [first, second] = &ends.came(POST)[..] else { panic!("{:?}", ends.came(POST)) };
    let marked = |came: &Came| text(came).contains("You may have had this message before.");
    assert!(!marked(first) && marked(second));
    let parked = scene.deliveries(DeliveryState::Parked).await;
    assert_eq!(parked[0].reason.as_deref(), Some("OUTCOME_UNKNOWN"));
}
