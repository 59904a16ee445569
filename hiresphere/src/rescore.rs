//! `hiresphere rescore`: a job's applications scored again by another release, beside the scores that are there.

use std::sync::atomic::{AtomicU64, Ordering};

use command_api::rescore::{Rescore, rescore, show};
use domain::application::{Application, ApplicationEvent};
use event_log::Recorded;
use serde_json::json;

use crate::cli::{GraderArgs, RescoreArgs};
use crate::engine::{Engine, operator};
use crate::failure::Failure;
use crate::flow::settle;
use crate::grading::Grading;
use crate::models::job_named;
use crate::rebuild::existing;
use crate::{out, readers};

pub(crate) async fn run(args: RescoreArgs) -> Result<(), Failure> {
    // Who grades otherwise is as it is; the release is at work beside.
    let mut grading = Grading::of(&args.place, &GraderArgs::default())?;
    let asked = grading.beside(&args.release)?;
    let readers = readers::unchecked(&args.sandbox)?;
    let (engine, backstage) = Engine::alone(&existing(&args.place)?, readers, grading).await?;
    let job = job_named(&engine.log, &args.job).await?;
    let (release, prompt_version) = (asked.release, asked.prompt_version);
    let wanted = Rescore { release, prompt_version, repeats: args.repeats, shadow: true };
    let bar = out::progress(0);
    let (recorded, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let asking = async {
        let done = rescore(&engine.dispatcher, job, &wanted, &operator()).await?;
        bar.set_length(done.asked);
        Ok(done)
    };
    let done = Box::pin(settle(&engine, asking, |event| {
        let Some(scored) = ended(event) else { return };
        if scored { &recorded } else { &failed }.fetch_add(1, Ordering::Relaxed);
        bar.inc(1);
    }))
    .await?;
    bar.finish_and_clear();
    let shown = match args.show {
        true => show(&engine.dispatcher, job, &wanted, &operator()).await?,
        false => 0,
    };
    engine.builder.catch_up(&engine.read, u64::MAX).await?;
    backstage.end().await;
    let (recorded, failed) = (recorded.into_inner(), failed.into_inner());
    if args.json {
        return out::json_line(&json!({
            "job": job, "release": wanted.release, "asked": done.asked, "there": done.there,
            "left_out": done.left_out, "recorded": recorded, "failed": failed, "shown": shown,
        }));
    }
    let label = &wanted.release;
    let mut text = format!(
        "{label}: {} runs asked for, {} there already, {} left out; {recorded} scored, {failed} failed\n",
        done.asked, done.there, done.left_out
    );
    if args.show {
        text.push_str(&format!("{shown} applications now show the score by {label}\n"));
    } else {
        text.push_str(&format!(
            "they stand beside what people are shown; `hiresphere models compare` tells how they differ, and --show shows \
             those by {label}\n"
        ));
    }
    out::print(&text)
}

/// Whether an event ends a run, and with a score.
fn ended(event: &Recorded) -> Option<bool> {
    if !event.kind.starts_with("application.score_") {
        return None;
    }
    match event.decode::<Application>().ok()? {
        ApplicationEvent::ScoreRecorded { .. } => Some(true),
        ApplicationEvent::ScoreFailed { .. } => Some(false),
        _ => None,
    }
}
