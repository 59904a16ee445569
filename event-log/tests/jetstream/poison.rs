//! An event that nobody can read: its stream waits, and nobody else notices.
//!
//! By hand, with figures: `HIRESPHERE_POISON_EVENTS=1500 HIRESPHERE_ROUNDS=9 scripts/servers.sh cargo nextest run
//! --profile by-hand --release -p hiresphere-event-log --test jetstream --no-capture unreadable`

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::ids::StreamId;
use domain::job::Job;
use event_log::Recorded;
use event_log::subscribe::{Handler, HandlerError, Subscription};
use tokio::sync::watch;

use super::shared::{Shared, stream};
use super::support::{append, event, size, soon};

/// Streams that events go to in turns; one of them is poisoned.
const STREAMS: u128 = 20;
/// Of an event that cannot be decoded, and of those that can.
const BROKEN: &str = "job.drafted.v1";

/// Reads every event, and notes when it was handled.
#[derive(Default)]
struct Reads {
    handled: Mutex<HashMap<(StreamId, u64), Instant>>,
    /// Whether what is broken can be read by now, as after an upgrade.
    mended: watch::Sender<bool>,
}

#[async_trait]
impl Handler for Reads {
    fn name(&self) -> &'static str {
        "reads"
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "job.paused.v1" || kind == BROKEN
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        if event.kind == BROKEN && !*self.mended.borrow() {
            event.decode::<Job>()?;
        }
        let before =
            self.handled.lock().unwrap().insert((event.stream, event.version), Instant::now());
        assert!(before.is_none(), "twice: {event:?}");
        Ok(())
    }
}

/// Appends events to streams in turns, at a pace that nothing has to wait for; answers how long each took to be
/// handled, the poisoned stream's left out.
async fn latencies(
    shared: &Shared,
    reads: &Reads,
    versions: &mut HashMap<StreamId, u64>,
    events: u64,
) -> Vec<Duration> {
    let poisoned = stream(1);
    let mut appended = Vec::new();
    for n in 0..events {
        let to = stream(u128::from(n) % STREAMS + 1);
        let version = versions.entry(to).or_default();
        let began = Instant::now();
        *version = append(&shared.log, to, *version, vec![event(&shared.log)]).await;
        appended.push((to, *version, began));
    }
    let others = appended.iter().filter(|(to, ..)| *to != poisoned);
    soon("all others", || async {
        let handled = reads.handled.lock().unwrap();
        others.clone().all(|(to, version, _)| handled.contains_key(&(*to, *version)))
    })
    .await;
    let handled = reads.handled.lock().unwrap();
    let took = |(to, version, began): &(StreamId, u64, Instant)| handled[&(*to, *version)] - *began;
    others.map(took).collect()
}

fn quantile(of: &mut [Duration], share: f64) -> Duration {
    of.sort_unstable();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = (of.len() as f64 * share) as usize;
    of[at.min(of.len() - 1)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_event_holds_back_its_stream_and_nobody_else() {
    let (events, rounds) = (size("HIRESPHERE_POISON_EVENTS", 100), size("HIRESPHERE_ROUNDS", 1));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // In turns, each with servers of its own and each first as often: what the machine does besides falls on both.
    for n in 0..rounds {
        let poisoned_first = n % 2 == 1;
        for poisoned in [poisoned_first, !poisoned_first] {
            let took = round(events, poisoned).await;
            if poisoned { &mut with } else { &mut without }.push(took);
        }
    }
    for share in [0.5, 0.9, 0.99] {
        let of = |rounds: &mut Vec<Vec<Duration>>| {
            let mut each: Vec<_> = rounds.iter_mut().map(|took| quantile(took, share)).collect();
            quantile(&mut each, 0.5)
        };
        // The median round's: one in which the disk was busy with something else says nothing.
        let (without, with) = (of(&mut without), of(&mut with));
        println!(
            "{:.0} %: {without:?} without, {with:?} with an unreadable event, ratio {:.3}",
            share * 100.0,
            with.as_secs_f64() / without.as_secs_f64()
        );
    }
}

async fn round(events: u64, poisoned: bool) -> Vec<Duration> {
    let shared = Shared::new(Duration::from_secs(30)).await;
    let reads = Arc::new(Reads::default());
    let (stop, stopped) = watch::channel(false);
    let mut workers = Vec::new();
    for _ in 0..2 {
        let subscription = Subscription::new(shared.process().await, reads.clone(), 4);
        let stopped = stopped.clone();
        workers.push(tokio::spawn(async move { subscription.run(stopped).await }));
    }
    let mut versions = HashMap::new();
    latencies(&shared, &reads, &mut versions, events).await;
    if poisoned {
        let mut broken = event(&shared.log);
        broken.kind = BROKEN.into();
        let at = versions.get_mut(&stream(1)).unwrap();
        *at = append(&shared.log, stream(1), *at, vec![broken]).await;
    }
    let took = latencies(&shared, &reads, &mut versions, events).await;
    let head = shared.settled().await;
    soon("the end", || async {
        shared.log.subscriptions.checkpoint("reads").await.unwrap() == head
    })
    .await;
    let parked = shared.log.subscriptions.parked("reads").await.unwrap();
    if poisoned {
        let behind = 1 + events.div_ceil(u64::try_from(STREAMS).unwrap());
        assert_eq!(parked.len() as u64, behind, "the event, and what came after it in its stream");
        assert!(parked.iter().all(|parked| parked.stream == stream(1)));
        assert!(parked[0].error.contains(BROKEN), "{}", parked[0].error);
        reads.mended.send_replace(true);
        let asked = shared.log.subscriptions.ask_requeue("reads", Some(parked[0].position)).await;
        assert_eq!(asked.unwrap(), 1);
        soon("the stream to go on", || async {
            shared.log.subscriptions.parked("reads").await.unwrap().is_empty()
        })
        .await;
    } else {
        assert!(parked.is_empty());
    }
    let all: u64 = versions.values().sum();
    assert_eq!(reads.handled.lock().unwrap().len() as u64, all, "each once");
    stop.send_replace(true);
    for worker in workers {
        worker.await.unwrap().unwrap();
    }
    took
}
