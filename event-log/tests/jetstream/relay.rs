//! The relay: everything once and in order, whatever the bus or the relay went through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::jetstream::stream::Config;
use async_trait::async_trait;
use domain::ids::StreamId;
use event_log::LogError;
use event_log::jetstream::{JetStream, Options, RELAY, Relay, STREAM, SUBJECTS, Standing};
use event_log::ports::{Parked, Subscriptions};
use testkit::servers::Nats;

use super::support::{Own, relay_all};

/// Subscriptions that cannot be written to, at times.
struct Failing {
    inner: Arc<dyn Subscriptions>,
    fails: AtomicBool,
}

#[async_trait]
impl Subscriptions for Failing {
    async fn checkpoint(&self, subscription: &str) -> Result<u64, LogError> {
        self.inner.checkpoint(subscription).await
    }
    async fn advance(&self, subscription: &str, from: u64, to: u64) -> Result<bool, LogError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(LogError::Unavailable("killed".into()));
        }
        self.inner.advance(subscription, from, to).await
    }
    async fn park(&self, parked: Parked) -> Result<(), LogError> {
        self.inner.park(parked).await
    }
    async fn parked(&self, subscription: &str) -> Result<Vec<Parked>, LogError> {
        self.inner.parked(subscription).await
    }
    async fn unpark(&self, subscription: &str, position: u64) -> Result<(), LogError> {
        self.inner.unpark(subscription, position).await
    }
    async fn parked_everywhere(&self) -> Result<Vec<Parked>, LogError> {
        self.inner.parked_everywhere().await
    }
    async fn ask_requeue(&self, name: &str, position: Option<u64>) -> Result<u64, LogError> {
        self.inner.ask_requeue(name, position).await
    }
    async fn requeues(&self, subscription: &str) -> Result<Vec<StreamId>, LogError> {
        self.inner.requeues(subscription).await
    }
    async fn requeued(&self, subscription: &str, stream: StreamId) -> Result<(), LogError> {
        self.inner.requeued(subscription, stream).await
    }
    async fn drop_parked(&self, subscription: &str, position: u64) -> Result<bool, LogError> {
        self.inner.drop_parked(subscription, position).await
    }
    async fn claim_effect(&self, effect: &str) -> Result<bool, LogError> {
        self.inner.claim_effect(effect).await
    }
    async fn release_effect(&self, effect: &str) -> Result<(), LogError> {
        self.inner.release_effect(effect).await
    }
}

#[tokio::test]
async fn a_relay_that_dies_before_its_checkpoint_repeats_nothing_on_the_bus() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    own.fill(1, 10).await;
    relay_all(&mut own.relay(&bus)).await;
    own.fill(2, 300).await;
    let dying = Failing { inner: own.log.subscriptions.clone(), fails: AtomicBool::new(true) };
    let mut relay = Relay::new(bus.clone(), own.log.store.clone(), Arc::new(dying));
    assert!(relay.step().await.is_err(), "published, and died");
    assert_eq!(own.log.subscriptions.checkpoint(RELAY).await.unwrap(), 10);
    own.published(&bus, 1).await;
    own.fill(1, 10).await;
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 1).await;
    assert_eq!(own.log.subscriptions.checkpoint(RELAY).await.unwrap(), 320);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_publish_everything_once() {
    let (own, nats) = (Own::new().await, Nats::start());
    let (one, other) = (own.bus(&nats).await, own.bus(&nats).await);
    let _running = [own.relaying(&one), own.relaying(&other)];
    for stream in 1..20 {
        own.fill(stream, 50).await;
    }
    own.published(&one, 1).await;
}

#[tokio::test]
async fn a_relay_that_was_frozen_does_no_harm() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    own.fill(1, 10).await;
    let mut frozen = own.relay(&bus);
    relay_all(&mut frozen).await;
    // Meanwhile another publishes, and the bus is made anew.
    own.fill(1, 10).await;
    bus.context().delete_stream(STREAM).await.unwrap();
    relay_all(&mut own.relay(&bus)).await;
    own.fill(1, 10).await;
    relay_all(&mut frozen).await;
    own.published(&bus, 1).await;
}

#[tokio::test]
async fn a_bus_that_lost_everything_is_filled_with_what_it_keeps() {
    let (own, mut nats) = (Own::new().await, Nats::start());
    let options = Options { keep: 100, ..Options::new(nats.url()) };
    let bus = JetStream::connect(options, own.identity).await.unwrap();
    own.fill(1, 250).await;
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 151).await;
    nats.wipe();
    let mut relay = own.relay(&bus);
    while relay.step().await.is_err() {}
    relay_all(&mut relay).await;
    own.published(&bus, 151).await;
    let standing = bus.compare(&*own.log.store).await.unwrap();
    assert_eq!(standing, Standing::Ours { first: 151, last: 250 });
    // So far behind that nothing of what it holds would stay.
    own.fill(1, 150).await;
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 301).await;
}

#[tokio::test]
async fn a_bus_of_another_log_is_made_anew() {
    let (own, other, nats) = (Own::new().await, Own::new().await, Nats::start());
    own.fill(1, 5).await;
    other.fill(1, 20).await;
    relay_all(&mut other.relay(&other.bus(&nats).await)).await;
    let bus = own.bus(&nats).await;
    let standing = bus.compare(&*own.log.store).await.unwrap();
    assert!(matches!(standing, Standing::Other(_)), "{standing:?}");
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 1).await;
}

#[tokio::test]
async fn a_bus_with_holes_is_made_anew() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    own.fill(1, 20).await;
    relay_all(&mut own.relay(&bus)).await;
    bus.context().get_stream(STREAM).await.unwrap().delete_message(7).await.unwrap();
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 1).await;
}

#[tokio::test]
async fn a_bus_that_is_ahead_of_the_log_is_made_anew() {
    // The log was restored from an older backup, and went on differently.
    let (own, nats) = (Own::new().await, Nats::start());
    let mut restored = Own::new().await;
    restored.identity = own.identity;
    own.fill(1, 20).await;
    restored.fill(1, 10).await;
    relay_all(&mut own.relay(&own.bus(&nats).await)).await;
    let bus = restored.bus(&nats).await;
    relay_all(&mut restored.relay(&bus)).await;
    restored.published(&bus, 1).await;
    // As far as the bus, with other events.
    own.fill(2, 10).await;
    restored.fill(2, 20).await;
    relay_all(&mut own.relay(&bus)).await;
    own.published(&bus, 1).await;
}

#[tokio::test]
async fn a_strangers_stream_in_its_place_is_replaced() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    own.fill(1, 5).await;
    let mut relay = own.relay(&bus);
    relay_all(&mut relay).await;
    stranger(&bus, 9).await;
    own.fill(1, 5).await;
    relay_all(&mut relay).await;
    own.published(&bus, 1).await;
}

/// Puts a stream of somebody else's messages in the bus stream's place.
pub(crate) async fn stranger(bus: &JetStream, messages: usize) {
    let _ = bus.context().delete_stream(STREAM).await;
    let config =
        Config { name: STREAM.into(), subjects: vec![SUBJECTS.into()], ..Config::default() };
    bus.context().create_stream(config).await.unwrap();
    for _ in 0..messages {
        let subject = "hiresphere.events.job.job.paused.v1";
        bus.context().publish(subject, "{}".into()).await.unwrap().await.unwrap();
    }
}
