//! Holding a name: by one at a time, and not by somebody who is frozen.

use std::time::{Duration, Instant};

use event_log::sql::{Hold, Server};
use testkit::servers::Database;

/// How long it may take until somebody else holds the name.
const PATIENCE: Duration = Duration::from_secs(30);

fn hold(database: &Database) -> Hold {
    Hold::among(Server::at(database.url()).unwrap(), "builder")
}

/// Asks for the name until it is given.
async fn take(hold: &mut Hold) {
    let until = Instant::now() + PATIENCE;
    while !hold.mine().await.unwrap() {
        assert!(Instant::now() < until, "it is never let go");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_holder_is_replaced_and_knows_when_it_wakes_up() {
    let database = Database::make().await;
    let (mut frozen, mut other) = (hold(&database), hold(&database));
    // A runtime that nobody drives stands still, as does a process that was stopped.
    let (frozen, stopped) = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(frozen.mine()).unwrap());
        (frozen, runtime)
    })
    .await
    .unwrap();
    assert!(!other.mine().await.unwrap(), "it is held");
    take(&mut other).await;
    let woken = tokio::task::spawn_blocking(move || {
        let mut frozen = frozen;
        // The first answer may be that its connection is gone.
        let first = stopped.block_on(frozen.mine());
        let held = stopped.block_on(frozen.mine());
        (first.unwrap_or(false), held.unwrap_or(false))
    });
    assert_eq!(woken.await.unwrap(), (false, false), "it is somebody else's");
    assert!(other.mine().await.unwrap());
    other.release().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_work_takes_long_is_not_replaced() {
    let database = Database::make().await;
    let (mut busy, mut other) = (hold(&database), hold(&database));
    assert!(busy.mine().await.unwrap());
    // Longer than a silent one would be put up with; it asks for nothing meanwhile.
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        assert!(!other.mine().await.unwrap(), "it is held");
    }
    busy.release().await;
    take(&mut other).await;
    other.release().await;
}
