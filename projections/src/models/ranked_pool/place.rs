//! What the place of an application in its pool rests on, written into its row whenever it may have
//! changed: the run that counts, the outcome, and the values that the orders compare. What is compared of a name ends
//! after 200 characters, since an index of PostgreSQL takes no longer ones.

use event_log::LogError;
use uuid::Uuid;

use super::stored::{PoolApplication, PoolCandidate, PoolResume, PoolRun};
use crate::columns::folded;
use crate::rows::Rows;

/// Characters of a text that are compared.
const COMPARED: usize = 200;

/// Places an application's row anew.
pub(super) async fn application(application: Uuid, rows: &mut Rows<'_>) -> Result<(), LogError> {
    let Some(row) = rows.get::<PoolApplication>((application,)).await? else { return Ok(()) };
    let (candidate, document) = (row.candidate, row.document);
    rows.get::<PoolCandidate>((candidate,)).await?;
    rows.get::<PoolResume>((document,)).await?;
    let runs = rows.group::<PoolRun>(application).await?;
    // All of them are here now.
    let resume = rows.here::<PoolResume>(&(document,));
    let name = rows.here::<PoolCandidate>(&(candidate,)).and_then(|c| c.name.as_deref());
    let run = runs
        .iter()
        .filter_map(|run| rows.here::<PoolRun>(run))
        .filter(|run| run.document == document && !run.shadow)
        .max_by_key(|run| run.asked);
    let failed = resume.is_some_and(|resume| resume.failure.is_some())
        || run.is_some_and(|run| run.failure.is_some());
    let score = run.filter(|_| !failed).and_then(|run| Some((run.total?, run.tie_break?)));
    let file = resume.and_then(|resume| resume.file.as_deref()).filter(|_| score.is_some());
    let tie_file = cut(file.unwrap_or_default());
    let flagged = resume.is_some_and(|resume| resume.flags != "[]");
    let (nameless, sort_name) = (name.is_none(), cut(&folded(name.unwrap_or_default())));
    let run = run.map(|run| run.run.clone());
    let Some(row) = rows.change::<PoolApplication>((application,)).await? else { return Ok(()) };
    row.outcome = match score {
        _ if failed => "unscorable",
        Some(_) => "scored",
        None if row.ai_opt_out => "unscorable",
        None => "pending",
    }
    .into();
    row.run = run;
    row.unscored = score.is_none();
    (row.total_down, row.tie_down) = score.map_or((0, 0), |(total, tie)| (-total, -tie));
    (row.tie_file, row.nameless, row.sort_name) = (tie_file, nameless, sort_name);
    row.flagged = flagged;
    Ok(())
}

/// Places every application of a candidate anew.
pub(super) async fn all_of(candidate: Uuid, rows: &mut Rows<'_>) -> Result<(), LogError> {
    for (key,) in rows.group::<PoolApplication>(candidate).await? {
        application(key, rows).await?;
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(COMPARED).collect()
}
