//! Given/when/then for every rule and refusal of the member, and when they are told.

use chrono::{NaiveTime, TimeDelta};
use uuid::Uuid;

use super::*;
use crate::decide::Timestamp;
use crate::notification::Rule;
use crate::pii::Pii;
use crate::spec::given;

fn me() -> MemberId {
    MemberId(Uuid::from_u128(1))
}

fn contact(email: &str, slack: Option<&str>) -> MemberCommand {
    let slack = slack.map(str::to_owned);
    let slack_index = slack.clone();
    let contact = Pii::new(Contact { email: Some(email.into()), slack });
    MemberCommand::ChangeContact { member: me(), contact, slack_index }
}

fn prefer(preferences: Preferences) -> MemberCommand {
    MemberCommand::ChangePreferences { member: me(), preferences }
}

fn time(text: &str) -> NaiveTime {
    text.parse().expect("a time of day")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn how_somebody_is_reached_is_theirs_alone() {
    given::<Member>([])
        .when(contact("ada@example.org", Some("U1")))
        .needs(&names::slack_user("U1"), "SLACK_TAKEN");
    for email in
        ["", "ada", "@example.org", "a b@example.org", "a@b@c", "ada@example.org\r\nBcc: x@y"]
    {
        given::<Member>([]).when(contact(email, None)).refused("VALIDATION");
    }
    given::<Member>([]).when(contact("ada@example.org", Some("U 1"))).refused("VALIDATION");
    let was = given::<Member>([]).when(contact("ada@example.org", None)).history();
    given::<Member>(was).when(contact("ada@example.org", None)).history();
}

#[test]
fn preferences_are_said_once() {
    let wanted = Preferences { follow: vec![Rule::Scored], ..Preferences::default() };
    let was = given::<Member>([]).when(prefer(wanted.clone())).history();
    given::<Member>(was).when(prefer(wanted.clone())).changes_nothing();
    let above = Preferences { min_score: Some(101), ..wanted.clone() };
    given::<Member>([]).when(prefer(above)).refused("VALIDATION");
    let nowhere = Preferences { time_zone: "Europe/Bielefeld".into(), ..wanted.clone() };
    given::<Member>([]).when(prefer(nowhere)).refused("VALIDATION");
    let never = Quiet { from: time("08:00:00"), to: time("08:00:00") };
    given::<Member>([])
        .when(prefer(Preferences { quiet: Some(never), ..wanted }))
        .refused("VALIDATION");
}

#[test]
fn an_inbox_is_read_forwards() {
    let read = |up_to| MemberCommand::ReadInbox { member: me(), up_to };
    let was = given::<Member>([]).when(read(7)).history();
    given::<Member>(was.clone()).when(read(7)).changes_nothing();
    given::<Member>(was.clone()).when(read(3)).changes_nothing();
    given::<Member>(was).when(read(8)).emits([MemberEvent::InboxRead { member: me(), up_to: 8 }]);
}

#[test]
fn nobody_is_disturbed_in_quiet_hours() {
    let night = Some(Quiet { from: time("22:00:00"), to: time("07:00:00") });
    let mut preferences = Preferences {
        email: EmailWhen::Immediately,
        quiet: night,
        time_zone: "Europe/Berlin".into(),
        ..Preferences::default()
    };
    let sent = |preferences: &Preferences, now: &str| preferences.email_at(at(now));
    // 21:59 and 22:00 in Berlin, in winter.
    assert_eq!(
        sent(&preferences, "2027-01-14T20:59:00Z"),
        Some((at("2027-01-14T20:59:00Z"), false))
    );
    assert_eq!(
        sent(&preferences, "2027-01-14T21:00:00Z"),
        Some((at("2027-01-15T06:00:00Z"), false))
    );
    assert_eq!(
        sent(&preferences, "2027-01-15T05:59:59Z"),
        Some((at("2027-01-15T06:00:00Z"), false))
    );
    assert_eq!(
        sent(&preferences, "2027-01-15T06:00:00Z"),
        Some((at("2027-01-15T06:00:00Z"), false))
    );
    preferences.email = EmailWhen::Never;
    assert_eq!(sent(&preferences, "2027-01-14T20:59:00Z"), None);
}

#[test]
fn a_digest_comes_once_a_day_also_when_clocks_change() {
    let mut preferences = Preferences {
        email: EmailWhen::Daily { at: time("08:30:00") },
        time_zone: "Europe/Berlin".into(),
        ..Preferences::default()
    };
    let sent = |preferences: &Preferences, now: &str| preferences.email_at(at(now));
    assert_eq!(
        sent(&preferences, "2027-01-14T07:29:59Z"),
        Some((at("2027-01-14T07:30:00Z"), true))
    );
    assert_eq!(
        sent(&preferences, "2027-01-14T07:30:00Z"),
        Some((at("2027-01-15T07:30:00Z"), true))
    );
    // 02:30 is skipped on 28 March 2027 and comes twice on 31 October.
    preferences.email = EmailWhen::Daily { at: time("02:30:00") };
    assert_eq!(
        sent(&preferences, "2027-03-28T00:00:00Z"),
        Some((at("2027-03-28T01:30:00Z"), true))
    );
    let first = at("2027-10-31T00:30:00Z");
    assert_eq!(sent(&preferences, "2027-10-30T23:00:00Z"), Some((first, true)));
    let next = preferences.email_at(first).expect("a time").0;
    assert_eq!(next - first, TimeDelta::hours(25));
}
