//! Given/when/then for every rule and refusal of the notification.

use uuid::Uuid;

use super::*;
use crate::actor::Actor;
use crate::ids::{EventId, NotificationId};
use crate::spec::given;

fn of() -> Dispatch {
    Dispatch {
        notification: NotificationId(Uuid::from_u128(1)),
        event: EventId(Uuid::from_u128(2)),
        position: 7,
        channel: "slack".into(),
        recipient: "subscription:x".into(),
        rule: Some("scored".into()),
        application: None,
    }
}

fn sent() -> NotificationCommand {
    NotificationCommand::RecordSent { of: of(), attempts: 1, repeated: false }
}

fn failed() -> NotificationCommand {
    NotificationCommand::RecordFailed { of: of(), attempts: 3, reason: "HTTP_410".into() }
}

fn notifier() -> Actor {
    Actor::system("notifier")
}

#[test]
fn it_is_sent_once_whatever_comes_later() {
    let was = given::<Notification>([]).by(notifier()).when(sent()).history();
    given::<Notification>(was.clone()).by(notifier()).when(sent()).changes_nothing();
    given::<Notification>(was.clone()).by(notifier()).when(failed()).changes_nothing();
    given::<Notification>(was)
        .when(NotificationCommand::RequeueNotification {})
        .refused("ALREADY_SENT");
}

#[test]
fn what_was_given_up_can_be_tried_again() {
    let requeue = NotificationCommand::RequeueNotification {};
    given::<Notification>([]).when(requeue.clone()).refused("NOT_FOUND");
    let was = given::<Notification>([]).by(notifier()).when(failed()).history();
    given::<Notification>(was.clone()).by(notifier()).when(failed()).changes_nothing();
    let asked = given::<Notification>(was).when(requeue.clone()).history();
    given::<Notification>(asked.clone()).when(requeue).changes_nothing();
    let history = given::<Notification>(asked).by(notifier()).when(sent()).history();
    assert_eq!(history.len(), 3);
}

#[test]
fn only_the_notifier_says_what_became_of_it() {
    given::<Notification>([]).when(sent()).refused("NOTIFIER_ONLY");
    given::<Notification>([]).when(failed()).refused("NOTIFIER_ONLY");
}

#[test]
fn rules_have_the_names_that_serde_writes() {
    for rule in Rule::ALL {
        let written = serde_json::to_value(rule).expect("a name");
        assert_eq!(written, rule.as_str());
        assert_eq!(rule.as_str().parse(), Ok(*rule));
    }
    assert!("score".parse::<Rule>().is_err());
}
