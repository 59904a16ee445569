//! `hiresphere models`: the releases that score, and two of them beside each other.

mod compare;
mod runs;

use std::collections::BTreeMap;

use comfy_table::Table;
use domain::ids::JobId;
use domain::job::{Job, JobEvent};
use domain::model_release::Release;
use event_log::Log;
use serde_json::json;

use crate::cli::{CompareArgs, GraderArgs, ModelsArgs, ModelsCommand, PlaceArgs};
use crate::engine::look;
use crate::failure::Failure;
use crate::grading::Grading;
use crate::out;
use crate::rebuild::existing;

pub(crate) async fn run(args: ModelsArgs) -> Result<(), Failure> {
    match args.command {
        ModelsCommand::List { place, grader, json } => list(&place, &grader, json).await,
        ModelsCommand::Compare(args) => compare(&args).await,
    }
}

async fn list(place: &PlaceArgs, grader: &GraderArgs, json: bool) -> Result<(), Failure> {
    let grading = Grading::of(place, grader)?;
    let log = look(&existing(place)?).await?;
    let found = runs::all(&log).await?;
    let mut registered: BTreeMap<String, Release> =
        found.releases.into_iter().map(|release| (release.label(), release)).collect();
    for release in grading.releases() {
        registered.entry(release.label()).or_insert(release);
    }
    let at_work = grading.asked_of();
    let today = format!("day:{}", log.clock.now().date_naive());
    let booked = log.ledger.booked(&today).await?;
    let mut table = Table::new();
    table.set_header(["release", "model", "by", "shown", "runs", "failed", "cost"]);
    for (label, release) in registered {
        let of = || found.runs.iter().filter(|run| run.request.model_release == label);
        let ended = of().filter(|run| run.ended.is_some()).count();
        let failed = of().filter(|run| matches!(run.ended, Some(Err(_)))).count();
        let usd = of().map(|run| run.usage.cost_micro_usd).sum::<u64>() as f64 / 1e6;
        let stands = match at_work.iter().find(|asked| asked.release == label) {
            Some(asked) if asked.shadow => "in shadow",
            Some(_) => "shown",
            None => "-",
        };
        if json {
            out::json_line(&json!({
                "release": label, "provider": release.provider, "model": release.model,
                "params": release.params, "prompt_sha256": release.prompt_sha256, "stands": stands,
                "runs": ended, "failed": failed, "usd": usd,
            }))?;
            continue;
        }
        table.add_row([
            label,
            release.model,
            release.provider,
            stands.to_owned(),
            ended.to_string(),
            failed.to_string(),
            format!("${usd:.4}"),
        ]);
    }
    if json {
        return Ok(());
    }
    let spent = booked.micro_usd as f64 / 1e6;
    out::print(&format!("{table}\nbooked today (UTC): {} tokens, ${spent:.4}\n", booked.tokens))
}

async fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let log = look(&existing(&args.place)?).await?;
    let mut found = runs::all(&log).await?;
    if let Some(job) = &args.job {
        let job = job_named(&log, job).await?;
        found.runs.retain(|run| run.job == job);
    }
    let labels: Vec<String> = {
        let mut labels: Vec<_> =
            found.runs.iter().map(|run| run.request.model_release.clone()).collect();
        labels.sort();
        labels.dedup();
        labels
    };
    let label = |name: &str| {
        let is = |label: &&String| {
            *label == name || label.rsplit_once('@').is_some_and(|(n, _)| n == name)
        };
        labels.iter().rfind(is).cloned().ok_or_else(|| {
            let message = format!("no run was made by a release `{name}`");
            let advice = match labels.is_empty() {
                true => "nothing was scored here yet".to_owned(),
                false => format!("there are runs of {}", labels.join(", ")),
            };
            Failure::new("UNKNOWN_RELEASE", message, advice)
        })
    };
    let comparison = compare::compare(&found.runs, &label(&args.one)?, &label(&args.other)?);
    if args.json { out::json_line(&comparison) } else { out::print(&comparison.table()) }
}

/// A job by its id or title.
pub(crate) async fn job_named(log: &Log, named: &str) -> Result<JobId, Failure> {
    let mut titles: BTreeMap<uuid::Uuid, String> = BTreeMap::new();
    let mut position = 0;
    loop {
        let batch = log.store.read_all(position, 2_000).await?;
        let Some(last) = batch.last() else { break };
        position = last.position;
        for event in batch.iter().filter(|event| event.kind.starts_with("job.")) {
            if let JobEvent::JobDrafted { posting, .. } | JobEvent::JobEdited { posting, .. } =
                event.decode::<Job>()?
            {
                titles.insert(event.stream.id, posting.title);
            }
        }
    }
    chosen(titles, named)
}

fn chosen(titles: BTreeMap<uuid::Uuid, String>, named: &str) -> Result<JobId, Failure> {
    let by_id = uuid::Uuid::parse_str(named).ok().filter(|id| titles.contains_key(id));
    let wanted = named.trim().to_lowercase();
    let by_title = || titles.iter().filter(|(_, title)| title.trim().to_lowercase() == wanted);
    match (by_id, by_title().count()) {
        (Some(id), _) => Ok(JobId(id)),
        (None, 1) => by_title()
            .map(|(id, _)| JobId(*id))
            .next()
            .ok_or_else(|| Failure::new("NOT_FOUND", "no such job", "")),
        (None, 0) => {
            let some: Vec<&str> = titles.values().take(10).map(String::as_str).collect();
            let message = format!("there is no job `{named}`");
            Err(Failure::new("NOT_FOUND", message, format!("jobs are: {}", some.join("; "))))
        }
        (None, count) => {
            let ids: Vec<String> = by_title().map(|(id, _)| id.to_string()).collect();
            let message = format!("{count} jobs are called `{named}`");
            Err(Failure::new(
                "AMBIGUOUS",
                message,
                format!("name one by its id: {}", ids.join(", ")),
            ))
        }
    }
}
