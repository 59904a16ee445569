//! Several processes work on one subscription: each event once, each stream in order, whatever happens.

use std::time::Duration;

use event_log::jetstream::STREAM;
use testkit::servers::{Nats, Postgres};

use super::shared::{Notes, Shared, stream};
use super::support::soon;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_secs(1);
/// The types that `Notes` wants.
const KINDS: &str = "job.paused.v1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_workers_handle_everything_once_and_in_order() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let head = shared.fill(40, 5).await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(shared.worker(&notes, 4).await);
    }
    shared.checkpoint(head).await;
    let head = shared.fill(40, 5).await;
    shared.checkpoint(head).await;
    notes.complete(40, 10);
    for worker in workers {
        worker.stop().await;
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM claims, done")
        .fetch_one(shared.postgres.pool())
        .await
        .unwrap();
    assert_eq!(left, 0, "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_alone_is_handled_in_order() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let head = shared.fill(1, 100).await;
    let _workers = [shared.worker(&notes, 8).await, shared.worker(&notes, 8).await];
    shared.checkpoint(head).await;
    notes.complete(1, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_event_holds_back_only_its_stream_until_it_is_asked_for() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    // Positions 1 to 9; stream 2 has 2, 5 and 8.
    let head = shared.fill(3, 3).await;
    notes.refuses.lock().unwrap().insert(5);
    let _workers = [shared.worker(&notes, 4).await, shared.worker(&notes, 4).await];
    shared.checkpoint(head).await;
    assert_eq!(shared.parked().await, [5, 8]);
    assert_eq!(notes.of(stream(2)), [1]);
    let head = shared.fill(3, 1).await;
    shared.checkpoint(head).await;
    assert_eq!(shared.parked().await, [5, 8, 11], "later events wait too");

    // Asked for, and still it cannot: the rest of its stream is not tried.
    let log = shared.process().await;
    assert_eq!(log.subscriptions.ask_requeue("notes", Some(8)).await.unwrap(), 1);
    soon("another try", || async { notes.tries(5) == 2 }).await;
    soon("the answer", || async { log.subscriptions.requeues("notes").await.unwrap().is_empty() })
        .await;
    assert_eq!(shared.parked().await, [5, 8, 11]);
    notes.refuses.lock().unwrap().clear();
    assert_eq!(log.subscriptions.ask_requeue("notes", None).await.unwrap(), 1);
    shared.parks(0).await;
    notes.complete(3, 4);
    assert!(log.subscriptions.requeues("notes").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_behind_a_dropped_event_goes_on() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let head = shared.fill(2, 4).await; // stream 1 has 1, 3, 5, 7
    notes.refuses.lock().unwrap().insert(3);
    let _worker = shared.worker(&notes, 4).await;
    shared.checkpoint(head).await;
    assert_eq!(shared.parked().await, [3, 5, 7]);
    let log = shared.process().await;
    let parked = log.subscriptions.parked_at("notes", 3).await.unwrap().unwrap();
    assert_eq!((parked.error.as_str(), parked.attempts), ("cannot", 1));
    assert_eq!(log.subscriptions.parked_everywhere().await.unwrap().len(), 3);
    assert!(log.subscriptions.drop_parked("notes", 3).await.unwrap());
    assert!(!log.subscriptions.drop_parked("notes", 3).await.unwrap());
    shared.parks(0).await;
    assert_eq!(notes.of(stream(1)), [1, 3, 4]);
    let head = shared.fill(2, 1).await;
    shared.checkpoint(head).await;
    assert_eq!(notes.of(stream(1)), [1, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_passes_is_tried_again_and_one_that_does_not_is_parked() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    notes.fails.lock().unwrap().extend([(1, 2), (2, 9)]);
    notes.machine.lock().unwrap().insert(3, 4);
    let head = shared.fill(4, 2).await;
    let _worker = shared.worker(&notes, 4).await;
    shared.checkpoint(head).await;
    assert_eq!(notes.tries(1), 3);
    assert_eq!(notes.tries(2), 3);
    assert_eq!(notes.tries(3), 5, "the machine's failures do not count");
    assert_eq!(shared.parked().await, [2, 6]);
    assert_eq!(notes.of(stream(1)), [1, 2]);
    assert_eq!(notes.of(stream(3)), [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_has_lost_its_claim() {
    let shared = Shared::new(SHORT).await;
    let head = shared.fill(1, 3).await;
    // One that takes an event and is not heard of.
    let frozen = shared.process().await;
    let mut queue = frozen.bus.queue("notes", &[KINDS.into()], 1).await.unwrap().unwrap();
    let delivery = queue.next().await.unwrap();
    assert_eq!((delivery.event.position, delivery.attempt), (1, 1));
    let notes = Notes::new();
    let worker = shared.worker(&notes, 4).await;
    shared.checkpoint(head).await;
    notes.complete(1, 3);
    // It comes back, and takes its work for done.
    assert!(!delivery.receipt.in_progress().await.unwrap());
    assert!(!delivery.receipt.done().await.unwrap());
    assert!(!delivery.receipt.park("cannot", 1).await.unwrap());
    assert!(shared.parked().await.is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_work_is_not_given_to_another() {
    let shared = Shared::new(SHORT).await;
    let notes = Notes::new();
    notes.slow.lock().unwrap().insert(1, SHORT * 4);
    let head = shared.fill(2, 2).await;
    let _workers = [shared.worker(&notes, 4).await, shared.worker(&notes, 4).await];
    shared.checkpoint(head).await;
    notes.complete(2, 2);
    assert_eq!(notes.tries(1), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_workers_events_go_to_another() {
    let shared = Shared::new(SHORT).await;
    let notes = Notes::new();
    notes.gate.forget_permits(usize::MAX);
    let head = shared.fill(4, 3).await;
    let doomed = shared.worker(&notes, 4).await;
    soon("work", || async { notes.working() == 4 }).await;
    doomed.kill();
    soon("its end", || async { notes.working() == 0 }).await;
    notes.gate.add_permits(1_000);
    let _worker = shared.worker(&notes, 4).await;
    shared.checkpoint(head).await;
    notes.complete(4, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_stops_finishes_and_gives_the_rest_back() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    notes.gate.forget_permits(usize::MAX);
    let head = shared.fill(10, 2).await;
    let first = shared.worker(&notes, 4).await;
    soon("work", || async { notes.working() == 4 }).await;
    let stopping = tokio::spawn(first.stop());
    notes.gate.add_permits(4);
    stopping.await.unwrap();
    assert_eq!(notes.count(), 4, "what ran was finished, and nothing begun");
    // With patience of half a minute, only what was given back is there this soon.
    notes.gate.add_permits(1_000);
    let started = tokio::time::Instant::now();
    let _second = shared.worker(&notes, 4).await;
    shared.checkpoint(head).await;
    assert!(started.elapsed() < LONG / 2, "{:?}", started.elapsed());
    notes.complete(10, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_or_deleted_bus_is_no_loss() {
    let mut shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let _workers = [shared.worker(&notes, 4).await, shared.worker(&notes, 4).await];
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    shared.nats.wipe();
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    delete_stream(&shared.nats).await;
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    notes.complete(10, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purged_events_come_from_the_log() {
    let shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let head = shared.fill(10, 2).await;
    let context = async_nats::jetstream::new(async_nats::connect(shared.nats.url()).await.unwrap());
    soon("the bus to have all", || async {
        let Ok(stream) = context.get_stream(STREAM).await else { return false };
        stream.cached_info().state.last_sequence == head
    })
    .await;
    context.get_stream(STREAM).await.unwrap().purge().await.unwrap();
    let _worker = shared.worker(&notes, 4).await;
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    notes.complete(10, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_on_without_a_bus() {
    let mut shared = Shared::new(LONG).await;
    let notes = Notes::new();
    let workers = [shared.worker(&notes, 4).await, shared.worker(&notes, 4).await];
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    shared.nats.kill();
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    shared.nats.restart();
    let head = shared.fill(10, 2).await;
    shared.checkpoint(head).await;
    notes.complete(10, 6);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_for_want_of_the_database_is_done_as_soon_as_it_is_back() {
    let mut postgres = Postgres::start();
    let shared = Shared::at(postgres.database().await, LONG).await;
    let notes = Notes::new();
    notes.gate.forget_permits(usize::MAX);
    notes.machine.lock().unwrap().extend([(1, 1), (2, 1), (3, 1), (4, 1)]);
    let head = shared.fill(4, 1).await;
    let _worker = shared.worker(&notes, 4).await;
    soon("work", || async { notes.working() == 4 }).await;
    postgres.kill();
    // All four fail with the database, and cannot be given back.
    notes.gate.add_permits(1_000);
    soon("their failure", || async { notes.working() == 0 }).await;
    postgres.restart();
    postgres.ready().await;
    let since = tokio::time::Instant::now();
    soon("the checkpoint", || async {
        let at = shared.log.subscriptions.checkpoint("notes").await;
        at.is_ok_and(|at| at == head)
    })
    .await;
    assert!(since.elapsed() < LONG / 2, "before the claims ran out: {:?}", since.elapsed());
    notes.complete(4, 1);
}

async fn delete_stream(nats: &Nats) {
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    context.delete_stream(STREAM).await.unwrap();
}
