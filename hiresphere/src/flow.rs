//! Runs the flow until everything that was handed in has come out at the other end.

use event_log::Recorded;
use tokio::sync::watch;

use crate::engine::Engine;
use crate::failure::Failure;

/// Events that end a resume's way, for progress.
pub(crate) fn ends_a_way(event: &Recorded) -> bool {
    matches!(
        event.kind.as_str(),
        "application.score_recorded.v1"
            | "application.score_failed.v1"
            | "candidate.resume_extraction_failed.v1"
    )
}

/// Runs `handing_in` with the scorers and the read models at work, and returns when it is done and
/// nothing is left to do; `seen` is given every event that reached the read models.
pub(crate) async fn settle<T>(
    engine: &Engine,
    handing_in: impl Future<Output = Result<T, Failure>>,
    seen: impl Fn(&Recorded) + Send + Sync,
) -> Result<T, Failure> {
    let (done, all_in) = watch::channel(false);
    let (scored, last) = watch::channel(false);
    let intake = async {
        let result = handing_in.await;
        // Receivers that are gone have failed and say so themselves.
        let _ = done.send(true);
        result
    };
    // What could not be handled last time may be handled now.
    engine.scorers.requeue().await?;
    engine.notifier.requeue().await?;
    let scoring = async {
        engine.scorers.run_until_idle(all_in).await?;
        let _ = scored.send(true);
        Ok(())
    };
    let reading = async { Ok(engine.builder.run(&engine.read, last.clone(), seen).await?) };
    let telling = async { Ok(engine.notifier.run_until_idle(last.clone()).await?) };
    let (result, (), (), ()) = tokio::try_join!(intake, scoring, reading, telling)?;
    engine.builder.catch_up(&engine.read, u64::MAX).await?;
    Ok(result)
}
