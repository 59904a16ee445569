//! `hiresphere replay`: what people were shown when they decided about an application, rebuilt from the log
//! alone, and whether it is what the decisions recorded; and its scores, made again from what is recorded.

use std::fmt::Write as _;

use domain::ids::ApplicationId;
use event_log::Log;
use event_log::subscribe::HandlerError;
use projections::AsOf;
use projections::replay::{Decided, ReplayError, Replayed, decision, decisions};

use crate::cli::ReplayArgs;
use crate::engine::look;
use crate::failure::Failure;
use crate::out;
use crate::rebuild::existing;

pub(crate) async fn run(args: ReplayArgs) -> Result<(), Failure> {
    let log = look(&existing(&args.place)?).await?;
    let application = ApplicationId(args.application);
    if args.scores {
        return scores(&log, application, args.json).await;
    }
    let as_of = AsOf::new(log.clone());
    let made = decisions(&log, application).await.map_err(failure)?;
    let mut differ = 0;
    if made.is_empty() && !args.json {
        out::print("nobody has decided about this application yet\n")?;
    }
    for row in made {
        let replayed = decision(&log, &as_of, application, row.position).await.map_err(failure)?;
        differ += usize::from(replayed.equal == Some(false));
        if args.json {
            out::json_line(&replayed)?;
        } else {
            out::print(&told(&replayed))?;
        }
    }
    if differ == 0 {
        return Ok(());
    }
    let message = format!("{differ} decision(s) recorded something else than the log gives");
    let advice =
        "the lines above name the differences; what a client sent as `seen` is what was recorded";
    Err(Failure::new("REPLAY_DIFFERS", message, advice))
}

/// Every score of an application, made again from what is recorded.
async fn scores(log: &Log, application: ApplicationId, json: bool) -> Result<(), Failure> {
    let replayed = scorers::worker::replay(&log.dispatcher(), application).await;
    let replayed = replayed.map_err(|e| match e {
        HandlerError::Log(error) => error.into(),
        other => Failure::new(
            "REPLAY",
            other.to_string(),
            "give the id of an application of this data folder",
        ),
    })?;
    if replayed.is_empty() && !json {
        out::print("nothing was scored for this application\n")?;
    }
    for score in &replayed {
        if json {
            out::json_line(score)?;
            continue;
        }
        let verdict = if score.equal { "equal" } else { "DIFFERS" };
        let beside = if score.shadow { ", in shadow" } else { "" };
        let mut text = format!(
            "run {}  {} points by {}{beside}: {verdict}\n",
            score.run, score.recorded, score.release
        );
        for difference in &score.differences {
            let _ = writeln!(text, "  {difference}");
        }
        out::print(&text)?;
    }
    let differ = replayed.iter().filter(|score| !score.equal).count();
    if differ == 0 {
        return Ok(());
    }
    let message = format!("{differ} score(s) are not what the recorded facts give");
    Err(Failure::new("REPLAY_DIFFERS", message, "the lines above name the differences"))
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Log(error) => error.into(),
        error => {
            let advice = "give the id of an application of this data folder";
            Failure::new(error.code(), error.to_string(), advice)
        }
    }
}

/// A decision for people.
fn told(replayed: &Replayed) -> String {
    let row = &replayed.decision;
    let what = match &row.decided {
        Decided::Shortlisted => "put on the short list".to_owned(),
        Decided::Rejected { category } => format!("rejected ({category})"),
        Decided::Moved { from, to } => format!("moved from {from} to {to}"),
    };
    let at = row.at.format("%Y-%m-%d %H:%M:%S UTC");
    let mut text = format!("position {}  {at}  {what} by {}\n", row.position, row.actor.id);
    let verdict = match (replayed.equal, &row.seen) {
        (None, _) | (_, None) => "  what was shown was not recorded\n".to_owned(),
        (Some(true), Some(seen)) => {
            format!("  equal: what was shown at position {} is what the log gives\n", seen.position)
        }
        (Some(false), Some(seen)) => {
            format!("  DIFFERS from what the log gives at position {}\n", seen.position)
        }
    };
    text.push_str(&verdict);
    for difference in &replayed.differences {
        let (field, recorded, rebuilt) =
            (difference.field, &difference.recorded, &difference.rebuilt);
        let _ = writeln!(text, "  {field}: recorded {recorded}, rebuilt {rebuilt}");
    }
    if let Some(rebuilt) = &replayed.rebuilt {
        let row = &rebuilt.row;
        let rank = row.rank.map_or("-".into(), |rank| rank.to_string());
        let total = row.total.map_or("-".into(), |total| total.to_string());
        let engine = row.engine.as_deref().unwrap_or("-");
        let _ = writeln!(text, "  rank {rank}, total {total} by {engine}");
        for criterion in &rebuilt.criteria {
            let why = criterion.rationale.as_deref().unwrap_or("(erased)");
            let _ = writeln!(
                text,
                "    {} {}/{}  {why}",
                criterion.id, criterion.points, criterion.max
            );
        }
    }
    text
}
