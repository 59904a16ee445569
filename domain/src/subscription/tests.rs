//! Given/when/then for every rule and refusal of the subscription.

use uuid::Uuid;

use super::*;
use crate::notification::Rule;
use crate::spec::given;

fn create(target: Target, filter: Filter) -> SubscriptionCommand {
    let subscription = SubscriptionId(Uuid::from_u128(1));
    SubscriptionCommand::CreateSubscription { subscription, name: "payroll".into(), target, filter }
}

fn webhook(url: &str) -> Target {
    Target::Webhook { url: url.into() }
}

fn slack() -> Target {
    Target::SlackHook { personal: false }
}

fn created(target: Target) -> Vec<SubscriptionEvent> {
    given::<Subscription>([]).when(create(target, Filter::default())).history()
}

#[test]
fn what_leaves_is_encrypted_on_the_way() {
    for url in [
        "https://example.org/in",
        "http://localhost:8080/in",
        "http://127.0.0.1/",
        "http://[::1]:9/",
    ] {
        created(webhook(url));
    }
    for url in
        ["http://example.org", "ftp://example.org", "example.org", "http://localhost.example.org/"]
    {
        given::<Subscription>([])
            .when(create(webhook(url), Filter::default()))
            .refused("NOT_HTTPS");
    }
    let refusal = given::<Subscription>([])
        .when(create(webhook("https://me:secret@example.org/"), Filter::default()))
        .refused("VALIDATION");
    assert!(!refusal.to_string().contains("secret"));
}

#[test]
fn a_filter_is_of_its_target() {
    let events = |events: &[&str]| Filter {
        events: events.iter().map(|e| (*e).to_owned()).collect(),
        ..Filter::default()
    };
    let rules = Filter { rules: vec![Rule::Scored], min_score: Some(80), ..Filter::default() };
    let url = || webhook("https://example.org/");
    given::<Subscription>([]).when(create(url(), rules.clone())).refused("VALIDATION");
    given::<Subscription>([]).when(create(slack(), events(&["offer.*"]))).refused("VALIDATION");
    given::<Subscription>([]).when(create(url(), events(&["offer.made.v1"]))).refused("VALIDATION");
    let above = Filter { min_score: Some(101), ..Filter::default() };
    given::<Subscription>([]).when(create(slack(), above)).refused("VALIDATION");
    given::<Subscription>([]).when(create(slack(), rules)).history();
    let wanted = events(&["offer.*", "application.hired.v1"]);
    given::<Subscription>([]).when(create(url(), wanted.clone())).history();
    assert!(wanted.wants_event("offer.sent.v1") && wanted.wants_event("application.hired.v1"));
    assert!(!wanted.wants_event("application.rejected.v1"));
    assert!(Filter::default().wants_event("job.drafted.v1"));
}

#[test]
fn it_is_disabled_and_enabled_once() {
    use SubscriptionCommand as C;
    let disable = C::DisableSubscription { reason: DisabledBecause::Failing };
    given::<Subscription>([]).when(disable.clone()).refused("NOT_FOUND");
    let was = created(slack());
    given::<Subscription>(was.clone()).when(C::EnableSubscription {}).changes_nothing();
    let off = given::<Subscription>(was).when(disable.clone()).history();
    given::<Subscription>(off.clone()).when(disable).changes_nothing();
    given::<Subscription>(off.clone())
        .when(C::RequestReplay { from: 1, to: 2 })
        .refused("DISABLED");
    let on = given::<Subscription>(off).when(C::EnableSubscription {}).history();
    given::<Subscription>(on.clone()).when(C::RequestReplay { from: 1, to: 2 }).history();
    given::<Subscription>(on.clone())
        .when(C::RequestReplay { from: 3, to: 2 })
        .refused("VALIDATION");
    given::<Subscription>(on).when(C::RequestReplay { from: 0, to: 2 }).refused("VALIDATION");
}

#[test]
fn secrets_are_counted_and_only_webhooks_have_any() {
    use SubscriptionCommand as C;
    given::<Subscription>(created(slack())).when(C::RotateSecret {}).refused("NO_SECRET");
    let was = created(webhook("https://example.org/"));
    let again = given::<Subscription>(was).when(C::RotateSecret {}).history();
    given::<Subscription>(again)
        .when(C::RotateSecret {})
        .emits([SubscriptionEvent::SecretRotated { generation: 3 }]);
}

#[test]
fn it_can_be_renamed_and_told_of_other_things() {
    let change = |name: &str| SubscriptionCommand::ChangeSubscription {
        name: name.into(),
        filter: Filter::default(),
    };
    given::<Subscription>([]).when(change("x")).refused("NOT_FOUND");
    let was = created(slack());
    given::<Subscription>(was.clone()).when(change("payroll")).changes_nothing();
    given::<Subscription>(was.clone()).when(change(" ")).refused("VALIDATION");
    given::<Subscription>(was.clone()).when(change("x")).history();
    given::<Subscription>(was).when(create(slack(), Filter::default())).refused("WRONG_STATE");
}
