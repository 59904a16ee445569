//! `hiresphere screen`: resumes in, ranked and explained candidates out.

mod rows;
mod table;

use std::collections::HashMap;
use std::path::Path;

use command_api::rescore::{Rescore, rescore, show};
use domain::ids::{ApplicationId, CandidateId, JobId};
use futures::{StreamExt as _, TryStreamExt as _};
use projections::models::ranked_pool::{self, PoolRow};

use crate::cli::ScreenArgs;
use crate::engine::{Engine, operator};
use crate::failure::Failure;
use crate::flow::{ends_a_way, settle};
use crate::grading::Grading;
use crate::inputs::{Input, bytes_of, collect};
use crate::settings::Place;
use crate::{job_file, out, readers};

pub(crate) use rows::{Row, rows};
pub(crate) use table::{explained, ranked};

/// Files handed in at once.
const INTAKE_AT_ONCE: usize = 4;

/// What became of handing in one file.
#[derive(Debug)]
pub(crate) enum HandedIn {
    /// It is an application now.
    Applied(CandidateId, ApplicationId),
    /// Its bytes could not be had, or were refused: a stable code and what happened.
    NotTaken(String, String),
}

pub(crate) async fn run(args: ScreenArgs) -> Result<(), Failure> {
    let grading = Grading::of(&args.place, &args.grader)?;
    let readers = readers::warned(&args.sandbox).await?;
    let posting = job_file::read(&args.job, &readers).await?;
    let temporary = if args.ephemeral { Some(ephemeral()?) } else { None };
    let place = match &temporary {
        Some(folder) => Place::Folder(folder.path().to_owned()),
        None => args.place.place()?,
    };
    let data = match &place {
        Place::Folder(data) => data,
        Place::Servers(servers) => &servers.data,
    };
    let inputs = collect(&args.resumes, &[&args.job, data])?;
    if inputs.is_empty() {
        let advice = "name files, or a folder that has some";
        return Err(Failure::new("NO_RESUMES", "there is no file to screen", advice));
    }
    let (engine, backstage) = Engine::alone(&place, readers, grading).await?;
    let job = command_api::open_job(&engine.dispatcher, posting.clone(), &operator()).await?;

    let bar = out::progress(inputs.len());
    let (release, prompt_version) = engine.grading.shown();
    let wanted = Rescore { release, prompt_version, repeats: 0, shadow: false };
    let handing_in = async {
        let handed_in = hand_in_all(&engine, job, &inputs, || bar.inc(1)).await?;
        // What another release scored before is scored by the one that was chosen now.
        if engine.grading.chosen {
            rescore(&engine.dispatcher, job, &wanted, &operator()).await?;
        }
        Ok(handed_in)
    };
    let handed_in = Box::pin(settle(&engine, handing_in, |event| {
        if ends_a_way(event) {
            bar.inc(1);
        }
    }))
    .await?;
    bar.finish_and_clear();
    if engine.grading.chosen && show(&engine.dispatcher, job, &wanted, &operator()).await? > 0 {
        engine.builder.catch_up(&engine.read, u64::MAX).await?;
    }
    backstage.end().await;

    let pool = engine.read.pool().await;
    let ranked_pool = ranked_pool::of_job(&pool, job).await?;
    let rows = rows(&pool, inputs.into_iter().zip(handed_in).collect(), ranked_pool).await?;
    if args.json {
        rows.iter().try_for_each(out::json_line)
    } else if let Some(rank) = args.why {
        let row = rows.iter().find(|r| r.rank == Some(rank)).ok_or_else(|| {
            let best = rows.iter().filter(|r| r.rank.is_some()).count();
            let advice = format!("ranks go from 1 to {best}");
            Failure::new("NO_SUCH_RANK", format!("nobody has rank {rank}"), advice)
        })?;
        out::print(&explained(&posting.title, row))
    } else {
        out::print(&ranked(&posting.title, &rows))
    }
}

/// A data folder that is gone with the process.
pub(crate) fn ephemeral() -> Result<tempfile::TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("hiresphere-")
        .tempdir()
        .map_err(|e| Failure::io("make a throw-away folder", &e))
}

/// Hands in every file; `not_taken` is called for each that does not become an application.
async fn hand_in_all(
    engine: &Engine,
    job: JobId,
    inputs: &[Input],
    not_taken: impl Fn(),
) -> Result<Vec<HandedIn>, Failure> {
    let not_taken = &not_taken;
    futures::stream::iter(inputs)
        .map(|input| async move {
            let bytes = match bytes_of(&input.path, domain::candidate::MAX_RESUME_BYTES) {
                Ok(bytes) => bytes,
                Err((reason, why)) => {
                    not_taken();
                    return Ok(HandedIn::NotTaken(reason.code().to_owned(), why));
                }
            };
            let resume =
                command_api::Resume { origin: origin(&input.absolute), file: input.name(), bytes };
            hand_in(engine, job, resume, "screen", not_taken).await
        })
        .buffered(INTAKE_AT_ONCE)
        .try_collect()
        .await
}

/// Hands in one resume.
pub(crate) async fn hand_in(
    engine: &Engine,
    job: JobId,
    resume: command_api::Resume,
    source: &str,
    settled_already: &impl Fn(),
) -> Result<HandedIn, Failure> {
    match command_api::apply(&engine.dispatcher, job, resume, source, &operator()).await {
        Ok(applied) => {
            if !applied.new {
                settled_already();
            }
            Ok(HandedIn::Applied(applied.candidate, applied.application))
        }
        Err(event_log::DispatchError::Refused(refusal)) => {
            settled_already();
            Ok(HandedIn::NotTaken(refusal.code, refusal.message))
        }
        Err(error) => Err(error.into()),
    }
}

/// The path as an origin; one that is no text by its bytes, so that no two paths are one.
fn origin(path: &Path) -> String {
    match path.to_str() {
        Some(path) => format!("file:{path}"),
        None => format!("file-bytes:{:?}", path.as_os_str().as_encoded_bytes()),
    }
}

/// The pool by application.
fn by_application(pool: Vec<PoolRow>) -> HashMap<ApplicationId, PoolRow> {
    pool.into_iter().map(|row| (row.application, row)).collect()
}
