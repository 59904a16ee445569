//! The past: a fold equals what was live then.

use std::sync::Arc;

use domain::application::{ApplicationCommand as A, Seen};
use domain::candidate::Personal;
use projections::{AsOf, Builder, ReadStore};

use crate::story::{Applicant, Story, none};

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
    A::Reject { reason: "no licence".into(), category: "must".into(), note: none(), seen }
}

#[tokio::test]
async fn a_fold_equals_what_was_live_then() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::begin(folder.path()).await;
    let [low, _] = two(&story).await;
    story.application(low.application, reject(None)).await;
    let live = ReadStore::open(&folder.path().join("read.sqlite")).await.unwrap();
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

#[tokio::test]
async fn the_folds_used_last_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::begin(folder.path()).await;
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

#[tokio::test]
async fn a_moment_has_a_position() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::begin(folder.path()).await;
    two(&story).await;
    let as_of = AsOf::new(story.log.clone());
    let events = story.log.store.read_all(0, 1000).await.unwrap();
    for event in &events {
        let moment = event.recorded_at;
        let expected = events.iter().filter(|e| e.recorded_at <= moment).count() as u64;
        assert_eq!(as_of.position_at(moment).await.unwrap(), expected);
    }
    let tick = chrono::TimeDelta::microseconds(1);
    let (first, last) = (events[0].recorded_at, events[events.len() - 1].recorded_at);
    assert_eq!(as_of.position_at(first - tick).await.unwrap(), 0);
    assert_eq!(as_of.position_at(last + tick).await.unwrap(), events.len() as u64);
}
