//! Runs the flow until everything that was handed in has come out at the other end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::application::{Application, ApplicationEvent};
use event_log::{LogError, Recorded};
use tokio::sync::watch;

use crate::engine::Engine;
use crate::failure::Failure;

/// How often it is asked whether everything is done.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Events that end a resume's way, for progress.
pub(crate) fn ends_a_way(event: &Recorded) -> bool {
    match event.kind.as_str() {
        "candidate.resume_extraction_failed.v1" => true,
        // A score in shadow is somebody else's way.
        "application.score_recorded.v1" | "application.score_failed.v1" => matches!(
            event.decode::<Application>(),
            Ok(ApplicationEvent::ScoreRecorded { shadow: false, .. }
                | ApplicationEvent::ScoreFailed { shadow: false, .. })
        ),
        _ => false,
    }
}

/// Tells of every event behind a position once it is in the read models, for as long as it is let.
pub(crate) async fn observe(engine: &Engine, after: u64, seen: &(impl Fn(&Recorded) + Sync)) {
    let mut at = after;
    loop {
        let followed = async {
            let mut feed = engine.log.bus.follow(at).await?;
            loop {
                for event in feed.next().await? {
                    engine.read.wait_for(event.position).await;
                    at = event.position;
                    seen(&event);
                }
            }
        };
        let ended: Result<(), LogError> = followed.await;
        if let Err(error) = ended {
            tracing::debug!(%error, "the feed is followed again");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Runs `handing_in` with every role at work, and returns when it is done and nothing is left to do; `seen` is given
/// every event that reached the read models.
pub(crate) async fn settle<T>(
    engine: &Engine,
    handing_in: impl Future<Output = Result<T, Failure>>,
    seen: impl Fn(&Recorded) + Send + Sync,
) -> Result<T, Failure> {
    let begun = engine.log.store.head().await?;
    // What could not be handled last time may be handled now.
    engine.scorers.requeue().await?;
    for grader in &engine.graders {
        grader.requeue().await?;
    }
    engine.notifier.requeue().await?;
    let (stop, stopped) = watch::channel(false);
    let work = async {
        let result = handing_in.await?;
        let last = idle(engine).await?;
        Ok::<_, Failure>((result, last))
    };
    let scoring = engine.scorers.run(stopped.clone());
    let grading = futures::future::try_join_all(
        engine.graders.iter().map(|grader| grader.run(stopped.clone())),
    );
    let telling = engine.notifier.run(stopped.clone());
    let reading = engine.builder.run(&engine.read, stopped.clone(), |_| {});
    let roles = async { tokio::try_join!(scoring, grading, telling, reading).map(drop) };
    let mut roles = std::pin::pin!(roles);
    let told = AtomicU64::new(begun);
    let telling = |event: &Recorded| {
        seen(event);
        told.store(event.position, Ordering::Relaxed);
    };
    let mut observing = std::pin::pin!(observe(engine, begun, &telling));
    let (result, last): (T, u64) = tokio::select! {
        done = work => done?,
        ended = &mut roles => {
            ended?;
            return Err(Failure::new("IO", "the work ended before everything was done", "run it again"));
        }
        () = &mut observing => return Err(Failure::new("IO", "the feed ended", "run it again")),
    };
    stop.send_replace(true);
    roles.await?;
    engine.builder.catch_up(&engine.read, u64::MAX).await?;
    // The last events may not have been told of yet.
    let all_told = async {
        while told.load(Ordering::Relaxed) < last {
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    tokio::select! {
        () = all_told => {}
        () = observing => {}
    }
    Ok(result)
}

/// Waits until every subscription has handled every event, and none of them is about to append another; answers where
/// the log then ends.
async fn idle(engine: &Engine) -> Result<u64, Failure> {
    let store = &engine.log.store;
    loop {
        let unplaced = store.unplaced().await?;
        let head = store.head().await?;
        let mut behind = unplaced > 0;
        let graders = engine.graders.iter().map(|grader| grader.name());
        for name in graders.chain([engine.scorers.name(), engine.notifier.name()]) {
            behind |= engine.log.subscriptions.checkpoint(name).await? < head;
        }
        // Asked last: what a handler appended before it was done is seen here at the latest.
        if !behind && store.unplaced().await? == 0 && store.head().await? == head {
            return Ok(head);
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
