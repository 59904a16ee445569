//! One dense order, whatever commits when: late commits, several sequencers, open transactions of strangers.

use std::collections::HashMap;
use std::sync::Arc;

use domain::decide::Reserve;
use domain::ids::StreamId;
use domain::refusal::Refusal;
use event_log::ports::{AppendError, EventStore as _};
use event_log::postgres::{PostgresLog, Sequenced, Sequencer};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::watch;

use super::{append, log, stream};

/// Every position once, every stream in the order of its versions.
async fn assert_in_order(log: &PostgresLog, events: u64) {
    let mut last = 0;
    let mut versions: HashMap<StreamId, u64> = HashMap::new();
    loop {
        let batch = log.read_all(last, 5000).await.unwrap();
        if batch.is_empty() {
            break;
        }
        for event in batch {
            assert_eq!(event.position, last + 1, "dense");
            last = event.position;
            let version = versions.entry(event.stream).or_default();
            assert_eq!(event.version, *version + 1, "in order within {}", event.stream);
            *version = event.version;
        }
    }
    assert_eq!(last, events, "nothing is lost, nothing is doubled");
}

async fn number_all(log: &PostgresLog, sequencer: &mut Sequencer, events: u64) {
    while log.head().await.unwrap() < events {
        sequencer.step().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_commit_late_lose_nothing_to_two_sequencers() {
    let (database, log, first) = log().await;
    let log = Arc::new(log);
    let second = Sequencer::connect(database.url()).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let loops = [first, second].map(|s| {
        tokio::spawn(s.run(stopped.clone(), |step| {
            step.as_ref().unwrap();
        }))
    });
    let (writers, each) = (32, 12);
    let late: Vec<_> = (1..=writers)
        .map(|n| {
            let url = database.url().to_owned();
            tokio::spawn(async move {
                let mut own = PgConnection::connect(&url).await.unwrap();
                own.execute("SET search_path = hiresphere").await.unwrap();
                for version in 0..each {
                    // Between the insert and the commit, up to 15 ms in which others pass by.
                    let mut tx = own.begin().await.unwrap();
                    let id = uuid::Uuid::now_v7();
                    sqlx::query(
                        "SELECT append('job', $1, $2, ARRAY['job.paused.v1'], ARRAY['1'], ARRAY[$3], \
                         ARRAY['{}'], ARRAY[$4], NULL, NULL, NULL), pg_sleep(random() * 0.015)",
                    )
                    .bind(stream(n).id.to_string())
                    .bind(version)
                    .bind(id)
                    .bind(format!(
                        r#"{{"event_id":"{id}","occurred_at":"2026-01-01T00:00:00Z","actor":
                        {{"kind":"system","id":"t"}},"command_id":"{id}","correlation_id":"t"}}"#
                    ))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in late {
        writer.await.unwrap();
    }
    let all = u64::try_from(writers * i64::from(each) as u128).unwrap();
    log.watch().wait_for(|head| *head >= all).await.unwrap();
    assert_in_order(&log, all).await;
    stop.send_replace(true);
    for one in loops {
        one.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_was_replaced_can_write_nothing() {
    let (database, log, mut frozen) = log().await;
    let mut other = Sequencer::connect(database.url()).await.unwrap();
    log.append(append(stream(1), 0, 1)).await.unwrap();
    assert_eq!(frozen.step().await.unwrap(), Sequenced::Took(1, 1));
    assert_eq!(other.step().await.unwrap(), Sequenced::StandingBy);
    // It is frozen for longer than its lease lasts.
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let passed = "UPDATE hiresphere.leases SET until = now() - interval '1 minute'";
    owner.execute(passed).await.unwrap();
    log.append(append(stream(1), 1, 2)).await.unwrap();
    assert_eq!(other.step().await.unwrap(), Sequenced::Took(2, 3));
    log.append(append(stream(1), 3, 1)).await.unwrap();
    assert_eq!(frozen.step().await.unwrap(), Sequenced::StandingBy, "it wakes up and is refused");
    assert_eq!(log.head().await.unwrap(), 3);
    assert_eq!(other.step().await.unwrap(), Sequenced::Took(1, 4));
    assert_in_order(&log, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_that_ends_in_order_is_replaced_at_once() {
    let (database, log, first) = log().await;
    let (stop, stopped) = watch::channel(false);
    let first = tokio::spawn(first.run(stopped, |_| {}));
    log.append(append(stream(1), 0, 1)).await.unwrap();
    assert_eq!(log.placed(stream(1), 1).await.unwrap(), 1);
    stop.send_replace(true);
    first.await.unwrap();
    let mut second = Sequencer::connect(database.url()).await.unwrap();
    assert_eq!(
        second.step().await.unwrap(),
        Sequenced::Took(0, 1),
        "without waiting for the lease"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_of_a_stranger_holds_nothing_up() {
    let (database, log, mut sequencer) = log().await;
    let mut stranger = PgConnection::connect(database.url()).await.unwrap();
    let mut open = stranger.begin().await.unwrap();
    open.execute("SELECT count(*) FROM hiresphere.events, hiresphere.unsequenced").await.unwrap();
    open.execute("SELECT pg_current_xact_id()").await.unwrap();
    for version in 0..50 {
        log.append(append(stream(1), version, 1)).await.unwrap();
        sequencer.step().await.unwrap();
    }
    assert_eq!(log.head().await.unwrap(), 50);
    assert_in_order(&log, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_and_whoever_enters_do_not_pass_each_other_by() {
    let (_database, log, mut sequencer) = log().await;
    let log = Arc::new(log);
    let no = || Refusal::conflict("NO", "no");
    for round in 1..=20u128 {
        let job = stream(round * 1000);
        let mut open = append(job, 0, 1);
        open.reservations = vec![Reserve::Claim { name: format!("open:{round}"), taken: no() }];
        log.append(open).await.unwrap();
        let mut entering = Vec::new();
        for n in 1..=6 {
            let log = log.clone();
            entering.push(tokio::spawn(async move {
                let application = stream(round * 1000 + n);
                let mut enter = append(application, 0, 1);
                enter.reservations = vec![
                    Reserve::Claim { name: format!("active:{round}:{n}"), taken: no() },
                    Reserve::Require { name: format!("open:{round}"), missing: no() },
                ];
                log.append(enter).await.map(|_| application)
            }));
        }
        let mut close = append(job, 1, 1);
        close.reservations = vec![
            Reserve::RequireNone { prefix: format!("active:{round}:"), found: no() },
            Reserve::Release { name: format!("open:{round}") },
        ];
        let closed = log.append(close).await;
        let mut entered = Vec::new();
        for task in entering {
            match task.await.unwrap() {
                Ok(application) => entered.push(application),
                Err(AppendError::NotAsRequired { index: 1 }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        match closed {
            Ok(_) => assert!(entered.is_empty(), "closed, and {entered:?} entered"),
            Err(AppendError::NotAsRequired { index: 0 }) => assert!(!entered.is_empty()),
            Err(other) => panic!("{other}"),
        }
    }
    let events = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM events");
    let events = events.fetch_one(log.pool()).await.unwrap().unsigned_abs();
    number_all(&log, &mut sequencer, events).await;
    assert_in_order(&log, events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_that_wait_in_a_circle_are_tried_again() {
    let (_database, log, _) = log().await;
    let log = Arc::new(log);
    let no = || Refusal::conflict("NO", "no");
    let both = |n: u128, names: [&str; 2]| {
        let mut append = append(stream(n), 0, 1);
        append.reservations =
            names.map(|name| Reserve::Claim { name: name.into(), taken: no() }).to_vec();
        let log = log.clone();
        tokio::spawn(async move { log.append(append).await })
    };
    for round in 1..=4u128 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let tasks = [both(round * 10, [&a, &b]), both(round * 10 + 1, [&b, &a])];
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(AppendError::Taken { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1, "one has both names, the other none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_kept_byte_for_byte() {
    let (_database, log, mut sequencer) = log().await;
    let sent = append(stream(1), 0, 1);
    log.append(sent.clone()).await.unwrap();
    assert_eq!(log.read_stream(stream(1), 0).await.unwrap()[0].position, 0, "not numbered yet");
    sequencer.step().await.unwrap();
    let kept = log.read_all(0, 1).await.unwrap().remove(0);
    assert_eq!(kept.payload, sent.events[0].payload);
    assert_eq!((kept.event_id, kept.position), (sent.events[0].event_id, 1));
}
