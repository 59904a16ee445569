//! Subscriptions: at least once, in stream order, and what cannot be handled is set aside.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::StreamId;
use event_log::subscribe::{Handler, HandlerError, Subscription};
use event_log::{Log, LogError, Recorded};

use tokio::sync::watch;

use super::fixtures::{append, stream};

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Notes what it is given; fails, or dies, where it is told to.
#[derive(Default)]
struct Notes {
    seen: Mutex<Vec<(StreamId, u64)>>,
    refuses: Mutex<HashSet<u64>>,
    dies_at: Mutex<Option<u64>>,
    waits: Mutex<HashSet<u64>>,
    waited: AtomicU32,
    appends: Option<Log>,
}

impl Notes {
    fn versions(&self) -> HashMap<StreamId, Vec<u64>> {
        let mut by_stream: HashMap<_, Vec<_>> = HashMap::new();
        for (stream, version) in self.seen.lock().unwrap().iter() {
            by_stream.entry(*stream).or_default().push(*version);
        }
        by_stream
    }
}

#[async_trait]
impl Handler for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn wants(&self, _: &str) -> bool {
        true
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        if *self.dies_at.lock().unwrap() == Some(event.position) {
            let error = LogError::Io { doing: "live", problem: "killed".into() };
            return Err(HandlerError::Log(error));
        }
        if self.waits.lock().unwrap().contains(&event.position) {
            self.waited.fetch_add(1, Ordering::Relaxed);
            let error = "somebody else's service is away".into();
            return Err(HandlerError::Later { after: Duration::from_millis(5), error });
        }
        if self.refuses.lock().unwrap().contains(&event.position) {
            return Err(HandlerError::Park("cannot".into()));
        }
        // Others get a chance to overtake.
        tokio::task::yield_now().await;
        if let Some(log) = &self.appends
            && event.version < 3
        {
            log.store.append(append(log, event.stream, event.version, 1)).await.unwrap();
        }
        self.seen.lock().unwrap().push((event.stream, event.version));
        Ok(())
    }
}

async fn fill(log: &Log, streams: u128, each: usize) {
    for _ in 0..each {
        for n in 1..=streams {
            let version = log.store.read_stream(stream(n), 0).await.unwrap().len() as u64;
            log.store.append(append(log, stream(n), version, 1)).await.unwrap();
        }
    }
}

pub(crate) async fn every_event_is_handled_once_and_in_stream_order(log: Log, _: &Path) {
    fill(&log, 7, 40).await;
    let notes = Arc::new(Notes::default());
    let done = Subscription::new(log.clone(), notes.clone(), 4).drain().await.unwrap();
    assert_eq!((done.handled, done.parked, done.checkpoint), (280, 0, 280));
    for versions in notes.versions().values() {
        assert_eq!(*versions, (1..=40).collect::<Vec<_>>());
    }
    let again = Subscription::new(log, notes.clone(), 4).drain().await.unwrap();
    assert_eq!(again.handled, 0);
}

pub(crate) async fn a_parked_event_holds_back_only_its_stream(log: Log, _: &Path) {
    fill(&log, 3, 3).await; // positions 1..9; stream 2 has 2, 5, 8
    let notes = Arc::new(Notes::default());
    notes.refuses.lock().unwrap().insert(5);
    let subscription = Subscription::new(log.clone(), notes.clone(), 2);
    let done = subscription.drain().await.unwrap();
    assert_eq!((done.handled, done.parked, done.checkpoint), (7, 2, 9));
    assert_eq!(notes.versions()[&stream(2)], [1]);
    assert_eq!(notes.versions()[&stream(3)], [1, 2, 3]);
    fill(&log, 3, 1).await;
    assert_eq!(subscription.drain().await.unwrap().parked, 1, "later events wait too");
    let parked = log.subscriptions.parked("notes").await.unwrap();
    assert_eq!(parked.iter().map(|p| p.position).collect::<Vec<_>>(), [5, 8, 11]);
    assert_eq!(subscription.requeue().await.unwrap().parked, 1, "it still cannot");
    notes.refuses.lock().unwrap().clear();
    assert_eq!(subscription.requeue().await.unwrap().handled, 3);
    assert_eq!(notes.versions()[&stream(2)], [1, 2, 3, 4]);
    assert!(log.subscriptions.parked("notes").await.unwrap().is_empty());
}

pub(crate) async fn what_waits_holds_back_only_its_stream_and_is_never_parked(log: Log, _: &Path) {
    fill(&log, 3, 3).await; // positions 1..9; stream 2 has 2, 5, 8
    let notes = Arc::new(Notes::default());
    notes.waits.lock().unwrap().insert(5);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let subscription = Subscription::new(log.clone(), notes.clone(), 2);
        async move { subscription.run(stopped).await }
    });
    soon("the others are handled", async || notes.seen.lock().unwrap().len() == 7).await;
    // What comes in meanwhile is handled, too.
    fill(&log, 3, 1).await;
    soon("new events are handled", async || notes.seen.lock().unwrap().len() == 9).await;
    soon("it is tried often", async || notes.waited.load(Ordering::Relaxed) > 20).await;
    assert_eq!(notes.versions()[&stream(2)], [1]);
    assert!(log.subscriptions.parked("notes").await.unwrap().is_empty());
    assert!(log.subscriptions.checkpoint("notes").await.unwrap() < 5);
    notes.waits.lock().unwrap().clear();
    soon("it is handled", async || notes.versions()[&stream(2)] == [1, 2, 3, 4]).await;
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}

pub(crate) async fn a_crash_repeats_and_never_loses(log: Log, _: &Path) {
    fill(&log, 5, 40).await;
    let notes = Arc::new(Notes::default());
    for dies_at in [3, 70, 131, 199] {
        *notes.dies_at.lock().unwrap() = Some(dies_at);
        let died = Subscription::new(log.clone(), notes.clone(), 3).drain().await;
        assert!(died.is_err());
    }
    *notes.dies_at.lock().unwrap() = None;
    Subscription::new(log, notes.clone(), 3).drain().await.unwrap();
    for versions in notes.versions().values() {
        let distinct: HashSet<_> = versions.iter().collect();
        assert_eq!(distinct.len(), 40, "nothing is lost");
        // What is repeated is repeated in order: a version never comes before its predecessor was seen.
        let mut seen = 0;
        for version in versions {
            assert!(*version <= seen + 1, "{versions:?}");
            seen = seen.max(*version);
        }
    }
}

pub(crate) async fn a_checkpoint_moves_only_from_where_it_stands(log: Log, _: &Path) {
    let subscriptions = &log.subscriptions;
    assert!(subscriptions.advance("s", 0, 5).await.unwrap());
    assert!(!subscriptions.advance("s", 0, 9).await.unwrap(), "another was faster");
    assert!(subscriptions.advance("s", 5, 9).await.unwrap());
    assert_eq!(subscriptions.checkpoint("s").await.unwrap(), 9);
    assert_eq!(subscriptions.checkpoint("other").await.unwrap(), 0);
}

pub(crate) async fn what_handlers_append_is_handled_too(log: Log, _: &Path) {
    // Enough that the checkpoint is written while handlers are in the middle of an append.
    fill(&log, 100, 1).await;
    let notes = Arc::new(Notes { appends: Some(log.clone()), ..Notes::default() });
    Subscription::new(log, notes.clone(), 16).drain().await.unwrap();
    assert_eq!(notes.versions().len(), 100);
    assert!(notes.versions().values().all(|versions| *versions == [1, 2, 3]));
}

pub(crate) async fn an_effect_is_claimed_once(log: Log, _: &Path) {
    let claims = (0..8).map(|_| {
        let log = log.clone();
        tokio::spawn(async move { log.subscriptions.claim_effect("mail:1").await.unwrap() })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        won += u32::from(claim.await.unwrap());
    }
    assert_eq!(won, 1);
    assert!(log.subscriptions.claim_effect("mail:2").await.unwrap());
    log.subscriptions.release_effect("mail:1").await.unwrap();
    assert!(log.subscriptions.claim_effect("mail:1").await.unwrap());
}

/// Asks again until it is so.
async fn soon<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "waited in vain for {what}");
}

pub(crate) async fn parked_events_are_tried_again_when_somebody_asks(log: Log, _: &Path) {
    fill(&log, 3, 3).await; // positions 1..9; stream 2 has 2, 5, 8
    let notes = Arc::new(Notes::default());
    notes.refuses.lock().unwrap().extend([5, 9]);
    let (stop, stopped) = watch::channel(false);
    let subscription = Subscription::new(log.clone(), notes.clone(), 2);
    let running = tokio::spawn(async move { subscription.run(stopped).await });
    let park = &log.subscriptions;
    let parked = || async {
        park.parked("notes").await.unwrap().iter().map(|p| p.position).collect::<Vec<_>>()
    };
    soon("the park", || async { parked().await == [5, 8, 9] }).await;
    assert_eq!(park.parked_everywhere().await.unwrap(), park.parked("notes").await.unwrap());
    assert_eq!(park.parked_at("notes", 5).await.unwrap().unwrap().error, "cannot");
    assert_eq!(park.parked_at("notes", 6).await.unwrap(), None);

    // Only what is asked for, and in order, though a later event of the stream was named.
    notes.refuses.lock().unwrap().remove(&5);
    assert_eq!(park.ask_requeue("notes", Some(8)).await.unwrap(), 1);
    soon("the events", || async { parked().await == [9] }).await;
    assert_eq!(notes.versions()[&stream(2)], [1, 2, 3]);
    soon("the answer", || async { park.requeues("notes").await.unwrap().is_empty() }).await;

    // What waits behind a dropped event goes on.
    fill(&log, 3, 1).await;
    soon("one that waits", || async { parked().await == [9, 12] }).await;
    assert_eq!(park.ask_requeue("notes", None).await.unwrap(), 1);
    soon("another try", || async { park.requeues("notes").await.unwrap().is_empty() }).await;
    assert_eq!(parked().await, [9, 12], "it still cannot");
    assert!(park.drop_parked("notes", 9).await.unwrap());
    assert!(!park.drop_parked("notes", 9).await.unwrap(), "it is gone");
    soon("an empty park", || async { parked().await.is_empty() }).await;
    assert_eq!(notes.versions()[&stream(3)], [1, 2, 4]);
    assert_eq!(park.ask_requeue("notes", None).await.unwrap(), 0);
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}
