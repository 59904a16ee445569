//! The past: a fold equals what was live then, and a decision can be shown what it was made on.

use std::sync::Arc;

use domain::application::{ApplicationCommand as A, Cards, Seen};
use domain::candidate::Personal;
use domain::ids::ApplicationId;
use domain::job::StageKind;
use domain::pii::Pii;
use event_log::Recorded;
use projections::replay::{self, Decided};
use projections::{AsOf, Builder};
use serde_json::json;

use crate::engine::{Place, on_every_engine};
use crate::story::{Applicant, Story, none, stage};

on_every_engine!(
    a_fold_equals_what_was_live_then,
    the_folds_used_last_are_kept,
    a_moment_has_a_position,
    a_decision_is_replayed_on_what_was_seen,
    what_was_not_recorded_is_said_and_what_is_no_decision_is_refused,
);

/// Two applicants, both scored.
async fn two(story: &Story) -> [Applicant; 2] {
    let job = story.draft("Nurse", None).await;
    story.open(job, None).await;
    let [low, high] = [
        story.applies(Personal::default(), job).await,
        story.applies(Personal::default(), job).await,
    ];
    for (who, tenths) in [(low, 20), (high, 40)] {
        story.read(who.candidate, who.document, "Somebody").await;
        story.scored(who, tenths).await;
    }
    [low, high]
}

fn reject(seen: Option<Seen>) -> A {
    A::Reject { reason: Pii::new("no licence".into()), category: "must".into(), note: none(), seen }
}

async fn last(story: &Story) -> Recorded {
    let head = story.head().await;
    story.log.store.read_all(head - 1, 1).await.unwrap().remove(0)
}

async fn a_fold_equals_what_was_live_then(place: Place) {
    let story = Story::begin(&place).await;
    let [low, _] = two(&story).await;
    story.application(low.application, reject(None)).await;
    let live = place.store().await;
    let (builder, as_of) = (Builder::new(story.log.clone()), AsOf::new(story.log.clone()));
    for position in 0..=story.head().await {
        builder.catch_up(&live, position).await.unwrap();
        let fold = as_of.at(position).await.unwrap();
        assert_eq!(fold.checkpoint().await.unwrap(), position);
        assert_eq!(fold.digest().await.unwrap(), live.digest().await.unwrap(), "at {position}");
    }
    let head = story.head().await;
    let ahead = as_of.at(head + 1).await.map(drop).unwrap_err();
    assert_eq!(ahead.code(), "POSITION_AHEAD");
    assert!(live.rebuild(&story.log).await.unwrap().equal());
}

async fn the_folds_used_last_are_kept(place: Place) {
    let story = Story::begin(&place).await;
    two(&story).await;
    let as_of = Arc::new(AsOf::new(story.log.clone()));
    let first = as_of.at(1).await.unwrap();
    let used_first = as_of.at(2).await.unwrap();
    for position in [3, 4] {
        as_of.at(position).await.unwrap();
    }
    assert!(Arc::ptr_eq(&first, &as_of.at(1).await.unwrap()), "the fourth");
    let second = as_of.at(5).await.unwrap();
    assert!(Arc::ptr_eq(&first, &as_of.at(1).await.unwrap()), "used since");
    assert!(!Arc::ptr_eq(&used_first, &as_of.at(2).await.unwrap()), "not kept");
    // New events of no consequence change nothing, and at once is folded once.
    story.draft("Cook", None).await;
    assert!(Arc::ptr_eq(&second, &as_of.at(5).await.unwrap()));
    let folds: Vec<_> = (0..4)
        .map(|_| {
            let as_of = as_of.clone();
            tokio::spawn(async move { as_of.at(7).await.unwrap() })
        })
        .collect();
    let kept = as_of.at(7).await.unwrap();
    for fold in folds {
        assert!(Arc::ptr_eq(&kept, &fold.await.unwrap()));
    }
    as_of.forget();
    assert!(!Arc::ptr_eq(&kept, &as_of.at(7).await.unwrap()));
    assert!(first.rebuild(&story.log).await.is_err(), "nothing beside it");
}

async fn a_moment_has_a_position(place: Place) {
    let story = Story::begin(&place).await;
    two(&story).await;
    let as_of = AsOf::new(story.log.clone());
    let events = story.log.store.read_all(0, 1000).await.unwrap();
    // The time that people are shown of an event is one at which it had happened.
    for moment in events.iter().flat_map(|event| [event.occurred_at, event.recorded_at]) {
        let last = events.iter().rev().find(|event| event.occurred_at <= moment).unwrap();
        assert_eq!(as_of.position_at(moment).await.unwrap(), last.position);
    }
    let tick = chrono::TimeDelta::microseconds(1);
    let (first, last) = (events[0].occurred_at, events[events.len() - 1].recorded_at);
    assert_eq!(as_of.position_at(first - tick).await.unwrap(), 0);
    assert_eq!(as_of.position_at(last + tick).await.unwrap(), events.len() as u64);
}

async fn a_decision_is_replayed_on_what_was_seen(place: Place) {
    let story = Story::begin(&place).await;
    let [low, high] = two(&story).await;
    let as_of = AsOf::new(story.log.clone());
    let seen = story.seen(low).await;
    assert_eq!(seen.rank, Some(2));
    // What comes after does not matter.
    story.scored(low, 50).await;
    story.application(low.application, reject(Some(seen.clone()))).await;
    let decision = last(&story).await;
    let replayed =
        replay::decision(&story.log, &as_of, low.application, decision.position).await.unwrap();
    assert_eq!((replayed.equal, replayed.differences.len()), (Some(true), 0));
    let rebuilt = replayed.rebuilt.as_ref().unwrap();
    assert_eq!((rebuilt.position, rebuilt.row.rank), (seen.position, Some(2)));
    assert_eq!(rebuilt.row.total.unwrap().value(), 40.0);
    assert_eq!((rebuilt.row.parts.len(), rebuilt.criteria.len()), (4, 4));
    assert!(!rebuilt.criteria[0].evidence.is_empty());
    let wire = serde_json::to_value(&replayed).unwrap();
    assert_eq!((&wire["type"], &wire["equal"]), (&json!("application.rejected.v1"), &json!(true)));
    assert_eq!(wire["decided"]["category"], "must");
    assert!(!wire.to_string().contains("no licence"), "what somebody wrote stays sealed");
    assert_eq!(wire["seen"]["position"], seen.position);

    // Shown at another rank than stood there.
    let stale = Seen { rank: Some(1), ..story.seen(high).await };
    story.application(high.application, A::Shortlist { seen: Some(stale) }).await;
    let position = last(&story).await.position;
    let replayed = replay::decision(&story.log, &as_of, high.application, position).await.unwrap();
    assert_eq!(replayed.equal, Some(false));
    let difference = &replayed.differences[0];
    assert_eq!((difference.field, &difference.recorded), ("rank", &json!(1)));
    assert_eq!((&difference.rebuilt, replayed.differences.len()), (&json!(2), 1));
    let other = Seen { position: 1, run: None, rank: None };
    let to = stage("interview", StageKind::Interviewing);
    let moves = A::MoveToStage { to, reason: none(), seen: Some(other), cards: Cards::default() };
    story.application(high.application, moves).await;
    let position = last(&story).await.position;
    let replayed = replay::decision(&story.log, &as_of, high.application, position).await.unwrap();
    assert_eq!((replayed.equal, replayed.rebuilt), (Some(false), None));
    assert_eq!(replayed.differences[0].field, "application", "nobody had applied");
    let future = Seen { position: 1_000_000, run: None, rank: None };
    story.application(high.application, reject(Some(future))).await;
    let position = last(&story).await.position;
    let replayed = replay::decision(&story.log, &as_of, high.application, position).await.unwrap();
    assert_eq!(replayed.differences[0].field, "position");
    assert_eq!(replayed.differences[0].rebuilt, json!(position - 1));
}

async fn what_was_not_recorded_is_said_and_what_is_no_decision_is_refused(place: Place) {
    let story = Story::begin(&place).await;
    let [low, high] = two(&story).await;
    let as_of = AsOf::new(story.log.clone());
    story.application(low.application, A::Shortlist { seen: None }).await;
    let shortlisted = last(&story).await.position;
    story.application(low.application, reject(None)).await;
    let (log, app) = (&story.log, low.application);
    let replayed = replay::decision(log, &as_of, app, shortlisted).await.unwrap();
    assert_eq!((replayed.equal, replayed.rebuilt.is_none()), (None, true));
    let wire = serde_json::to_value(&replayed).unwrap();
    assert_eq!((&wire["seen"], &wire["equal"]), (&json!(null), &json!(null)));
    assert_eq!(wire["differences"], json!([]));
    let decisions = replay::decisions(log, app).await.unwrap();
    assert_eq!(decisions.len(), 2);
    assert_eq!(decisions[0].decided, Decided::Shortlisted);
    assert_eq!(decisions[0].actor.id, "recruiter");
    assert_eq!(decisions[1].kind, "application.rejected.v1");
    for position in [1, shortlisted - 1, 999] {
        let error = replay::decision(log, &as_of, app, position).await.unwrap_err();
        assert_eq!(error.code(), "NO_SUCH_DECISION");
    }
    let error = replay::decision(log, &as_of, high.application, shortlisted).await.unwrap_err();
    assert_eq!(error.code(), "NO_SUCH_DECISION", "of another application");
    let nobody = ApplicationId(log.ids.next());
    let error = replay::decisions(log, nobody).await.unwrap_err();
    assert_eq!(error.code(), "NO_SUCH_APPLICATION");
}
