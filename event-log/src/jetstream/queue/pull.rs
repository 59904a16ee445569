//! What the bus brings: the durable consumer of a subscription, made again whenever it is gone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use futures::StreamExt as _;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Work;
use crate::error::LogError;
use crate::jetstream::message::subjects_of;
use crate::jetstream::stream::{STREAM, Standing};
use crate::jetstream::{JetStream, pause};

/// How long one request for messages stands, and how much longer an answer is waited for.
const ASKED_FOR: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(1);
/// Messages of one subscription that are out at all its processes together.
const MAX_ACK_PENDING: i64 = 1_000;

/// Brings events until the queue closes.
pub(super) async fn run(work: Arc<Work>) {
    let mut offers = JoinSet::new();
    let mut attempt = 0;
    while !work.is_closing() {
        let problem = tokio::select! {
            consumer = consumer(&work) => match consumer {
                Ok(consumer) => {
                    work.bus_works.store(true, Ordering::Relaxed);
                    attempt = 0;
                    pull(&work, &consumer, &mut offers).await
                }
                Err(error) => error,
            },
            () = work.closes() => break,
        };
        work.bus_works.store(false, Ordering::Relaxed);
        tracing::debug!(error = %problem, subscription = work.subscription, "the bus brings nothing");
        tokio::select! {
            () = tokio::time::sleep(pause(attempt)) => attempt += 1,
            () = work.closes() => break,
        }
    }
    while offers.join_next().await.is_some() {}
}

/// Asks for messages as long as they come; answers why they no longer do.
async fn pull(work: &Arc<Work>, consumer: &PullConsumer, offers: &mut JoinSet<()>) -> LogError {
    let mut lost = work.bus.lost.clone();
    lost.mark_unchanged();
    let gone = || JetStream::unavailable("the connection was lost");
    loop {
        while offers.try_join_next().is_some() {}
        // Asked for when there is room to work and a place to keep it.
        let ready = async {
            drop(work.room.acquire().await);
            work.at_hand.clone().acquire_owned().await
        };
        let first = tokio::select! {
            first = ready => first,
            () = work.closes() => return gone(),
        };
        let Ok(first) = first else { return gone() };
        let mut places = vec![first];
        // As many as can be worked on, and as many again to follow at once.
        while places.len() < work.room.available_permits() * 2
            && let Ok(place) = work.at_hand.clone().try_acquire_owned()
        {
            places.push(place);
        }
        let batch = consumer.batch().max_messages(places.len()).expires(ASKED_FOR).messages().await;
        let mut batch = match batch {
            Ok(batch) => batch,
            Err(error) => return JetStream::unavailable(error),
        };
        while let Some(place) = places.pop() {
            let next = tokio::select! {
                next = timeout(ASKED_FOR + GRACE, batch.next()) => next,
                _ = lost.changed() => return gone(),
                () = work.closes() => return gone(),
            };
            let message = match next {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return JetStream::unavailable(error),
                Ok(None) => break,
                Err(_) => return JetStream::unavailable("it does not answer"),
            };
            match work.event_of(&message).await {
                Ok(event) => {
                    offers.spawn(work.clone().offer(event, Some(message), place));
                }
                Err(error) => return error,
            }
        }
    }
}

/// The subscription's consumer, as it is wanted, made when there is none.
async fn consumer(work: &Work) -> Result<PullConsumer, LogError> {
    let first = match work.bus.compare(&*work.store).await? {
        Standing::Ours { first, .. } => first,
        Standing::Missing => return Err(JetStream::unavailable("it has no events")),
        Standing::Other(why) => return Err(JetStream::unavailable(why)),
    };
    let checkpoint = work.claims.sweep(&work.subscription, &work.kinds).await?;
    let name = name(&work.subscription);
    let subjects: Vec<String> = work.kinds.iter().map(|kind| subjects_of(kind)).collect();
    let wanted = Config {
        durable_name: Some(name.clone()),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: (checkpoint + 1).max(first).max(1),
        },
        ack_policy: AckPolicy::Explicit,
        ack_wait: work.bus.options.patience,
        max_ack_pending: MAX_ACK_PENDING,
        max_deliver: -1,
        filter_subjects: subjects,
        ..Config::default()
    };
    let context = &work.bus.context;
    let found = context.get_consumer_from_stream::<Config, _, _>(name.as_str(), STREAM).await;
    match found {
        Ok(there) => {
            let is = &there.cached_info().config;
            let mut filter = is.filter_subjects.clone();
            if !is.filter_subject.is_empty() {
                filter.push(is.filter_subject.clone());
            }
            filter.sort_unstable();
            let mut same = wanted.filter_subjects.clone();
            same.sort_unstable();
            if filter == same && is.ack_wait == wanted.ack_wait {
                return Ok(there);
            }
            // What it passed over meanwhile comes from the log.
            let deliver_policy = is.deliver_policy;
            context
                .update_consumer_on_stream(Config { deliver_policy, ..wanted }, STREAM)
                .await
                .map_err(JetStream::unavailable)
        }
        Err(_) => {
            tracing::info!(subscription = work.subscription, checkpoint, "making the consumer");
            // Another process may make it with another start at this moment; then it is found the next time.
            context.create_consumer_on_stream(wanted, STREAM).await.map_err(JetStream::unavailable)
        }
    }
}

/// A subscription's name as the bus takes it.
fn name(subscription: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    subscription.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}
