//! PostgreSQL killed in the middle of appends: what was acknowledged is there, once; what was not can be told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::distributed;
use event_log::ports::{AppendError, EventStore as _, Idempotency};
use event_log::postgres::{PostgresLog, Sequencer};
use testkit::servers::Postgres;
use tokio::sync::watch;

use super::{append, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let mut server = Postgres::start();
    let url = server.database().await;
    distributed::migrate(&url, None).await.unwrap();
    let log = Arc::new(PostgresLog::connect(&url).await.unwrap());
    let (stop, stopped) = watch::channel(false);
    let sequencer = Sequencer::connect(&url).await.unwrap();
    let sequencer = tokio::spawn(sequencer.run(stopped, |_| {}));
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (1..=8u128)
        .map(|n| {
            let (log, done) = (log.clone(), done.clone());
            tokio::spawn(async move {
                let (mut version, mut refused) = (0, 0);
                // What became of the last one is always asked.
                let mut unanswered = false;
                while unanswered || !done.load(Ordering::Relaxed) {
                    let mut next = append(stream(n), version, 1);
                    let key = format!("{n}-{version}");
                    next.idempotency = Some(Idempotency { key, fingerprint: String::new() });
                    let answer = log.append(next).await;
                    unanswered = matches!(answer, Err(AppendError::Log(_)));
                    match answer {
                        Ok(appended) => version = appended.version,
                        // The same command again, under its key: it answers what the first did.
                        Err(AppendError::Repeated(handled)) => version = handled.appended.version,
                        Err(AppendError::Log(error)) => {
                            assert_eq!(error.code(), "DATABASE_UNAVAILABLE", "{error}");
                            refused += 1;
                            tokio::task::yield_now().await;
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                (version, refused)
            })
        })
        .collect();
    let mut wanted = 300;
    for _ in 0..3 {
        log.watch().wait_for(|head| *head >= wanted).await.unwrap();
        server.kill();
        server.restart();
        // More than there was, so that it has recovered and taken new ones.
        wanted = *log.watch().borrow() + 300;
    }
    log.watch().wait_for(|head| *head >= wanted).await.unwrap();
    done.store(true, Ordering::Relaxed);
    let (mut events, mut refused) = (0, 0);
    for (n, writer) in (1..=8u128).zip(writers) {
        let (version, times) = writer.await.unwrap();
        let kept = log.read_stream(stream(n), 0).await.unwrap();
        assert_eq!(kept.len() as u64, version, "as many as were acknowledged, stream {n}");
        events += version;
        refused += times;
    }
    assert!(refused > 0, "the server was away");
    log.watch().wait_for(|head| *head >= events).await.unwrap();
    let all = log.read_all(0, 1_000_000).await.unwrap();
    let positions: Vec<u64> = all.iter().map(|e| e.position).collect();
    assert_eq!(positions, (1..=events).collect::<Vec<_>>());
    stop.send_replace(true);
    sequencer.await.unwrap();
}
