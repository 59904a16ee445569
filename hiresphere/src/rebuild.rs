//! `hiresphere rebuild`: the read models made anew from the log, compared and swapped in.

use std::time::Instant;

use projections::{Builder, ReadStore};

use crate::cli::{PlaceArgs, RebuildArgs, SandboxArgs};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::grading::Grading;
use crate::settings::Place;
use crate::{out, readers};

pub(crate) async fn run(args: RebuildArgs) -> Result<(), Failure> {
    let place = existing(&args.place)?;
    let readers = readers::unchecked(&SandboxArgs::default())?;
    let engine = Engine::join(&place, readers, Grading::local(), Default::default(), false).await?;
    let (log, read) = (engine.log, engine.read);
    if args.roll_back {
        return roll_back(&read, Builder::new(log), args.json).await;
    }
    // What is live first catches up, so that the whole log is compared.
    Builder::new(log.clone()).catch_up(&read, u64::MAX).await?;
    let started = Instant::now();
    let rebuilt = read.rebuild(&log).await?;
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        return out::json_line(&serde_json::json!({
            "events": rebuilt.events,
            "equal": rebuilt.equal(),
            "digest": rebuilt.after,
            "before": rebuilt.before,
            "seconds": seconds,
        }));
    }
    let verdict = if rebuilt.equal() {
        "the rebuilt read models equal the ones that were there".to_owned()
    } else {
        format!(
            "the read models that were there DIFFERED (digest {}); they are kept in \
             read.previous.sqlite",
            rebuilt.before.as_deref().unwrap_or("unreadable")
        )
    };
    out::print(&format!(
        "rebuilt from {} events in {seconds:.2} s\ndigest {}\n{verdict}\n",
        rebuilt.events, rebuilt.after
    ))
}

/// Goes back to the read models that the last rebuild replaced.
async fn roll_back(read: &ReadStore, builder: Builder, json: bool) -> Result<(), Failure> {
    read.roll_back().await?;
    let left_at = read.checkpoint().await?;
    let events = builder.catch_up(read, u64::MAX).await?;
    if json {
        let position = left_at + events;
        return out::json_line(&serde_json::json!({ "left_at": left_at, "position": position }));
    }
    out::print(&format!(
        "the read models that the last rebuild replaced are back; they were left at position {left_at} and \
         caught up by {events} events\n"
    ))
}

/// Where everything is; refuses a folder that holds no data: a mistyped path must not become a new one.
pub(crate) fn existing(args: &PlaceArgs) -> Result<Place, Failure> {
    let place = args.place()?;
    if let Place::Folder(data) = &place
        && !data.join("log.sqlite").is_file()
        && !data.join("keys").is_dir()
    {
        let message = format!("{} holds no data", data.display());
        return Err(Failure::new("NO_DATA", message, "check the path given with --data"));
    }
    Ok(place)
}
