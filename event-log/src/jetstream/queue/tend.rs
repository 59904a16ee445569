//! What a queue does besides: moves the checkpoint, brings what is to be tried again, and takes from the log what
//! the bus does not bring.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Work;
use crate::error::LogError;
use crate::jetstream::stream::Standing;

/// Between two looks when nothing happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks when something was handled, or the log is worked from.
const LOOK_SOON: Duration = Duration::from_millis(100);
/// How long the checkpoint may stand below the log's end before it is seen to that nothing was missed.
const STILL: Duration = Duration::from_secs(3);

/// Where the checkpoint stands and since when, and up to where the log is worked from.
struct Tended {
    checkpoint: u64,
    since: Instant,
    from_log_to: u64,
}

/// Tends the queue until it closes.
pub(super) async fn run(work: Arc<Work>) {
    let mut offers = JoinSet::new();
    let mut head = work.store.watch();
    let mut tended = Tended { checkpoint: 0, since: Instant::now(), from_log_to: 0 };
    if let Ok(first) = held_from(&work).await {
        // What is older than the bus keeps.
        tended.from_log_to = first.saturating_sub(1);
    }
    while !work.is_closing() {
        head.mark_unchanged();
        let looked = look(&work, &mut tended, &mut offers).await;
        let rest = match looked {
            Ok(true) => LOOK_SOON,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, subscription = work.subscription, "the queue cannot be tended");
                LOOK_EVERY
            }
        };
        while offers.try_join_next().is_some() {}
        let bus_works = work.bus_works.load(Ordering::Relaxed);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = settled(&work) => tokio::time::sleep(LOOK_SOON).await,
            changed = head.changed(), if !bus_works => if changed.is_err() { break },
            () = work.closes() => break,
        }
    }
    while offers.join_next().await.is_some() {}
}

/// One look. Says whether to look again soon.
async fn look(
    work: &Arc<Work>,
    tended: &mut Tended,
    offers: &mut JoinSet<()>,
) -> Result<bool, LogError> {
    let now = Instant::now();
    if work.to_sweep.swap(false, Ordering::Relaxed) || now - tended.since > STILL {
        let checkpoint = work.claims.sweep(&work.subscription, &work.kinds).await?;
        if checkpoint != tended.checkpoint {
            tended.checkpoint = checkpoint;
            tended.since = now;
        }
    }
    requeued(work).await?;
    let head = work.store.head().await?;
    if tended.checkpoint < head && now - tended.since > STILL {
        tended.from_log_to = head;
        tended.since = now;
    }
    let bus_works = work.bus_works.load(Ordering::Relaxed);
    if bus_works && tended.checkpoint >= tended.from_log_to {
        return Ok(false);
    }
    let found = from_log(work, offers).await?;
    Ok(found || tended.checkpoint < tended.from_log_to)
}

/// Hands out the first parked event of every stream that somebody wants tried again.
async fn requeued(work: &Arc<Work>) -> Result<(), LogError> {
    while let Ok(room) = work.room.clone().try_acquire_owned() {
        let patience = work.bus.options.patience;
        let Some(claim) = work.claims.claim_requeued(&work.subscription, patience).await? else {
            return Ok(());
        };
        match work.event_at(claim.position).await {
            Ok(event) => work.hand_out(event, claim, None, room).await,
            Err(error) => {
                work.claims.give_back(&claim, LOOK_EVERY, false).await?;
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Offers what is neither handled nor worked on. Says whether there was any.
async fn from_log(work: &Arc<Work>, offers: &mut JoinSet<()>) -> Result<bool, LogError> {
    let mut places: Vec<OwnedSemaphorePermit> = Vec::new();
    while places.len() < work.room.available_permits() * 2
        && let Ok(place) = work.at_hand.clone().try_acquire_owned()
    {
        places.push(place);
    }
    if places.is_empty() {
        return Ok(true);
    }
    let most = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let open = work.claims.open(&work.subscription, &work.kinds, most).await?;
    let any = !open.is_empty();
    for (position, place) in open.into_iter().zip(places) {
        let event = work.event_at(position).await?;
        offers.spawn(work.clone().offer(event, None, place));
    }
    Ok(any)
}

async fn settled(work: &Work) {
    if !work.to_sweep.load(Ordering::Relaxed) {
        work.settled.notified().await;
    }
}

/// The first position that the bus holds.
async fn held_from(work: &Work) -> Result<u64, LogError> {
    match work.bus.compare(&*work.store).await? {
        Standing::Ours { first, .. } => Ok(first),
        _ => Ok(0),
    }
}
