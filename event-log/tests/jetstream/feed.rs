//! Following over the bus: positions 1 to n, each once, whatever happens to the bus.

use testkit::servers::Nats;

use super::relay::stranger;
use super::support::{Own, relay_all, soon};
use event_log::jetstream::STREAM;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_seen_once_with_a_bus_that_works() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    own.fill(1, 1500).await;
    let mut early = own.follow(&bus, 0).await;
    own.fill(2, 1500).await;
    let mut late = own.follow(&bus, 2000).await;
    for stream in 3..50 {
        own.fill(stream, 1).await;
    }
    early.reaches(3047).await;
    late.reaches(3047).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_seen_without_a_bus() {
    let (own, mut nats) = (Own::new().await, Nats::start());
    nats.kill();
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    own.fill(1, 100).await;
    let mut follower = own.follow(&bus, 0).await;
    follower.reaches(100).await;
    own.fill(1, 100).await;
    follower.reaches(200).await;
    // It comes up late, and is used from then on.
    nats.restart();
    own.published(&bus, 1).await;
    followed(&bus).await;
    own.fill(1, 100).await;
    follower.reaches(300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_bus_is_no_loss() {
    let (own, mut nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    let mut follower = own.follow(&bus, 0).await;
    own.fill(1, 300).await;
    followed(&bus).await;
    nats.wipe();
    own.fill(1, 300).await;
    follower.reaches(600).await;
    own.published(&bus, 1).await;
    followed(&bus).await;
    own.fill(1, 100).await;
    follower.reaches(700).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_or_purged_stream_is_no_loss() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    let mut follower = own.follow(&bus, 0).await;
    own.fill(1, 300).await;
    own.published(&bus, 1).await;
    followed(&bus).await;
    bus.context().delete_stream(STREAM).await.unwrap();
    own.fill(1, 300).await;
    follower.reaches(600).await;
    own.published(&bus, 1).await;
    let stream = bus.context().get_stream(STREAM).await.unwrap();
    stream.purge().await.unwrap();
    let mut late = own.follow(&bus, 100).await;
    own.fill(2, 300).await;
    follower.reaches(900).await;
    late.reaches(900).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_of_this_log_is_not_followed() {
    let (own, other, nats) = (Own::new().await, Own::new().await, Nats::start());
    let (bus, others) = (own.bus(&nats).await, other.bus(&nats).await);
    other.fill(1, 500).await;
    relay_all(&mut other.relay(&others)).await;
    own.fill(1, 20).await;
    let mut follower = own.follow(&bus, 0).await;
    follower.reaches(20).await;
    // Nobody mends the bus: the log is read.
    own.fill(1, 20).await;
    follower.reaches(40).await;
    let relay = own.relaying(&bus);
    own.published(&bus, 1).await;
    followed(&bus).await;
    drop(relay);
    // While it is followed, a stranger takes its place.
    stranger(&bus, 100).await;
    own.fill(1, 20).await;
    follower.reaches(60).await;
    let _relay = own.relaying(&bus);
    own.published(&bus, 1).await;
    followed(&bus).await;
    own.fill(1, 20).await;
    follower.reaches(80).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_killed_under_load_is_no_loss() {
    let (own, mut nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    let mut followers = [own.follow(&bus, 0).await, own.follow(&bus, 0).await];
    for round in 1..=4 {
        let filling = async {
            for _ in 0..20 {
                own.fill(round, 40).await;
            }
        };
        let killing = async {
            followers[0].reaches_at_least(round as u64 * 800 - 700).await;
            nats.kill();
            followers[1].reaches_at_least(round as u64 * 800 - 300).await;
            nats.restart();
        };
        tokio::join!(filling, killing);
    }
    for follower in &mut followers {
        follower.reaches(3200).await;
    }
    own.published(&bus, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_bus_holds_nobody_up() {
    let (own, nats) = (Own::new().await, Nats::start());
    let bus = own.bus(&nats).await;
    let _relay = own.relaying(&bus);
    let mut follower = own.follow(&bus, 0).await;
    own.fill(1, 100).await;
    own.published(&bus, 1).await;
    followed(&bus).await;
    nats.freeze();
    own.fill(1, 100).await;
    follower.reaches(200).await;
    nats.thaw();
    own.fill(1, 100).await;
    follower.reaches(300).await;
    own.published(&bus, 1).await;
}

/// Waits until somebody follows over the bus.
async fn followed(bus: &event_log::jetstream::JetStream) {
    soon("a follower on the bus", || async {
        let Ok(stream) = bus.context().get_stream(STREAM).await else { return false };
        stream.cached_info().state.consumer_count > 0
    })
    .await;
}
