//! Append: all of it or nothing, in one order.

use std::path::Path;

use domain::decide::Reserve;
use event_log::Log;
use event_log::ports::AppendError;

use super::fixtures::{append, claim, key, refusal, stream};

pub(crate) async fn positions_are_dense_and_streams_in_order(log: Log, _: &Path) {
    for (n, events) in [(1, 2), (2, 1), (1, 3), (3, 1)] {
        let version = log.store.read_stream(stream(n), 0).await.unwrap().len() as u64;
        log.store.append(append(&log, stream(n), version, events)).await.unwrap();
    }
    let all = log.store.read_all(0, 100).await.unwrap();
    let positions: Vec<u64> = all.iter().map(|e| e.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(log.store.head().await.unwrap(), 7);
    let one = log.store.read_stream(stream(1), 0).await.unwrap();
    assert_eq!(one.iter().map(|e| e.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(log.store.read_stream(stream(1), 3).await.unwrap().len(), 2);
    let page = log.store.read_all(3, 2).await.unwrap();
    assert_eq!(page.iter().map(|e| e.position).collect::<Vec<_>>(), [4, 5]);
}

pub(crate) async fn a_stale_append_changes_nothing(log: Log, _: &Path) {
    log.store.append(append(&log, stream(1), 0, 1)).await.unwrap();
    let mut stale = append(&log, stream(1), 0, 1);
    stale.reservations = vec![claim("x")];
    let error = log.store.append(stale).await.unwrap_err();
    assert!(matches!(error, AppendError::StaleVersion { actual: 1 }));
    assert_eq!(log.store.head().await.unwrap(), 1);
    assert_eq!(log.store.holder("x").await.unwrap(), None);
}

pub(crate) async fn a_claimed_name_has_one_holder(log: Log, _: &Path) {
    let mut first = append(&log, stream(1), 0, 1);
    first.reservations = vec![claim("email:a")];
    log.store.append(first).await.unwrap();
    let mut second = append(&log, stream(2), 0, 1);
    second.reservations = vec![claim("email:b"), claim("email:a")];
    let error = log.store.append(second).await.unwrap_err();
    assert!(matches!(error, AppendError::Taken { index: 1, holder } if holder == stream(1)));
    assert_eq!(log.store.holder("email:b").await.unwrap(), None, "the first claim was rolled back");
    let mut again = append(&log, stream(1), 1, 1);
    again.reservations = vec![claim("email:a")];
    log.store.append(again).await.unwrap();
    let held = log.store.held("email:").await.unwrap();
    assert_eq!(held, [("email:a".to_owned(), stream(1))]);
}

pub(crate) async fn required_and_forbidden_names(log: Log, _: &Path) {
    let require = Reserve::Require { name: "open:1".into(), missing: refusal() };
    let forbid = Reserve::RequireNone { prefix: "active:1:".into(), found: refusal() };
    let mut needs = append(&log, stream(2), 0, 1);
    needs.reservations = vec![require];
    let error = log.store.append(needs.clone()).await.unwrap_err();
    assert!(matches!(error, AppendError::NotAsRequired { index: 0 }));
    let mut opens = append(&log, stream(1), 0, 1);
    opens.reservations = vec![claim("open:1"), claim("active:1:x"), claim("active:10:x")];
    log.store.append(opens).await.unwrap();
    log.store.append(needs).await.unwrap();
    let mut closes = append(&log, stream(3), 0, 1);
    closes.reservations = vec![forbid];
    let error = log.store.append(closes.clone()).await.unwrap_err();
    assert!(matches!(error, AppendError::NotAsRequired { index: 0 }));
    let mut leaves = append(&log, stream(1), 1, 1);
    leaves.reservations = vec![Reserve::Release { name: "active:1:x".into() }];
    log.store.append(leaves).await.unwrap();
    log.store.append(closes).await.unwrap();
}

pub(crate) async fn names_are_released_with_their_stream(log: Log, _: &Path) {
    let mut mine = append(&log, stream(1), 0, 1);
    mine.reservations = vec![claim("a"), claim("b")];
    log.store.append(mine).await.unwrap();
    let mut others = append(&log, stream(2), 0, 1);
    others.reservations = vec![claim("c"), Reserve::Release { name: "a".into() }];
    log.store.append(others).await.unwrap();
    assert_eq!(log.store.holder("a").await.unwrap(), Some(stream(1)), "only its holder releases");
    let mut leave = append(&log, stream(1), 1, 1);
    leave.reservations = vec![Reserve::ReleaseOwned];
    log.store.append(leave).await.unwrap();
    assert_eq!(log.store.held("").await.unwrap(), [("c".to_owned(), stream(2))]);
}

pub(crate) async fn an_idempotency_key_works_once(log: Log, _: &Path) {
    let mut first = append(&log, stream(1), 0, 2);
    first.idempotency = key("k", "f");
    let done = log.store.append(first).await.unwrap();
    let mut again = append(&log, stream(1), 2, 2);
    again.idempotency = key("k", "f");
    let AppendError::Repeated(handled) = log.store.append(again).await.unwrap_err() else {
        panic!("the key was taken twice");
    };
    assert_eq!((handled.appended, handled.stream), (done, stream(1)));
    assert_eq!(log.store.head().await.unwrap(), 2);
    assert_eq!(log.store.handled("other").await.unwrap(), None);
}

pub(crate) async fn a_key_is_kept_without_events(log: Log, _: &Path) {
    log.store.append(append(&log, stream(1), 0, 1)).await.unwrap();
    log.store.append(append(&log, stream(2), 0, 2)).await.unwrap();
    let mut nothing = append(&log, stream(1), 1, 0);
    nothing.idempotency = key("k", "f");
    let done = log.store.append(nothing).await.unwrap();
    assert_eq!((done.version, done.position), (1, Some(1)), "where the stream stands");
    assert_eq!(log.store.head().await.unwrap(), 3);
    let handled = log.store.handled("k").await.unwrap().unwrap();
    assert_eq!((handled.appended, handled.stream), (done, stream(1)));
    let mut stale = append(&log, stream(2), 1, 0);
    stale.idempotency = key("other", "f");
    let error = log.store.append(stale).await.unwrap_err();
    assert!(matches!(error, AppendError::StaleVersion { actual: 2 }));
    assert_eq!(log.store.handled("other").await.unwrap(), None);
}

pub(crate) async fn writers_at_once_lose_and_double_nothing(log: Log, _: &Path) {
    let writers = 16;
    let each = 25;
    let tasks: Vec<_> = (1..=writers)
        .map(|n| {
            let log = log.clone();
            tokio::spawn(async move {
                for version in 0..each {
                    log.store.append(append(&log, stream(n), version, 1)).await.unwrap();
                    // Refusals beside them take nothing and leave no gap.
                    let stale = log.store.append(append(&log, stream(n), version, 1)).await;
                    assert!(matches!(stale, Err(AppendError::StaleVersion { .. })));
                    let mut taken = append(&log, stream(n), version + 1, 1);
                    taken.reservations =
                        vec![Reserve::Require { name: "nobody".into(), missing: refusal() }];
                    let refused = log.store.append(taken).await;
                    assert!(matches!(refused, Err(AppendError::NotAsRequired { .. })));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let all = log.store.read_all(0, 10_000).await.unwrap();
    let positions: Vec<u64> = all.iter().map(|e| e.position).collect();
    assert_eq!(positions, (1..=writers as u64 * each).collect::<Vec<_>>());
    for n in 1..=writers {
        let versions: Vec<u64> =
            all.iter().filter(|e| e.stream == stream(n)).map(|e| e.version).collect();
        assert_eq!(versions, (1..=each).collect::<Vec<_>>());
    }
}
