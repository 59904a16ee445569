//! The rows of a screening: exactly one per file, ranked.

use std::collections::HashMap;
use std::path::PathBuf;

use domain::candidate::{DuplicateSignal, Flag};
use domain::ids::{ApplicationId, CandidateId};
use domain::score::Points;
use event_log::LogError;
use projections::Pool;
use projections::models::application_detail::{self, CriterionRow};
use projections::models::ranked_pool::{Outcome, PoolRow};
use serde::Serialize;

use super::{HandedIn, by_application};
use crate::inputs::Input;

/// One line of `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) rank: Option<u32>,
    pub(crate) file: String,
    pub(crate) outcome: Outcome,
    /// Why there is no score (a stable code), or what the score rests on (a sentence).
    pub(crate) reason: Option<String>,
    pub(crate) candidate: Person,
    pub(crate) total: Option<Points>,
    pub(crate) criteria: Vec<CriterionRow>,
    pub(crate) engine: Option<String>,
    pub(crate) rubric: Option<String>,
    pub(crate) run: Option<String>,
    /// The log's position that the row rests on.
    pub(crate) position: Option<u64>,
    pub(crate) application: Option<ApplicationId>,
    /// Hidden text that was kept from grading.
    pub(crate) hidden: Vec<Flag>,
    /// Files that may be of the same person.
    pub(crate) duplicates: Vec<DuplicateFile>,
    /// What happened, for people, where a code alone says little.
    #[serde(skip)]
    pub(crate) detail: String,
    #[serde(skip)]
    path: PathBuf,
}

/// Whose resume it is, as far as it could be read.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Person {
    pub(crate) id: Option<CandidateId>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// Another file that may be of the same person.
#[derive(Debug, Serialize)]
pub(crate) struct DuplicateFile {
    /// Its path, when it is among the files of this screening.
    pub(crate) file: Option<String>,
    pub(crate) candidate: CandidateId,
    pub(crate) signals: Vec<DuplicateSignal>,
}

/// Joins files with what became of them, ranks the scored and puts the others last.
pub(crate) async fn rows(
    pool: &Pool,
    files: Vec<(Input, HandedIn)>,
    ranked: Vec<PoolRow>,
) -> Result<Vec<Row>, LogError> {
    let ranked = by_application(ranked);
    let paths: HashMap<CandidateId, String> = files
        .iter()
        .filter_map(|(input, handed_in)| match handed_in {
            HandedIn::Applied(candidate, _) => Some((*candidate, input.shown())),
            HandedIn::NotTaken(..) => None,
        })
        .collect();
    let mut rows = Vec::with_capacity(files.len());
    for (input, handed_in) in files {
        let row = match handed_in {
            HandedIn::NotTaken(code, why) => not_taken(input, code, why),
            HandedIn::Applied(candidate, application) => match ranked.get(&application).cloned() {
                Some(found) => {
                    let run = found.run.as_ref();
                    let criteria = match run {
                        Some(run) => application_detail::of_run(pool, run).await?,
                        None => vec![],
                    };
                    taken(input, found, criteria, &paths)
                }
                None => {
                    let missing = format!("application {application} of {candidate} has no row");
                    return Err(LogError::Damaged(missing));
                }
            },
        };
        rows.push(row);
    }
    rank(&mut rows);
    Ok(rows)
}

fn not_taken(input: Input, code: String, detail: String) -> Row {
    Row {
        rank: None,
        file: input.shown(),
        outcome: Outcome::Unscorable,
        reason: Some(code),
        candidate: Person::default(),
        total: None,
        criteria: vec![],
        engine: None,
        rubric: None,
        run: None,
        position: None,
        application: None,
        hidden: vec![],
        duplicates: vec![],
        detail,
        path: input.path,
    }
}

fn taken(
    input: Input,
    found: PoolRow,
    criteria: Vec<CriterionRow>,
    paths: &HashMap<CandidateId, String>,
) -> Row {
    let (outcome, reason) = match found.outcome {
        // Everything that could be done was done: what is still open waits in the park.
        Outcome::Pending => (Outcome::Unscorable, Some("PARKED".to_owned())),
        outcome => (outcome, found.reason),
    };
    let duplicates = found.duplicates.into_iter().map(|d| DuplicateFile {
        file: paths.get(&d.candidate).cloned(),
        candidate: d.candidate,
        signals: d.signals,
    });
    Row {
        rank: None,
        file: input.shown(),
        outcome,
        reason,
        candidate: Person { id: Some(found.candidate), name: found.name, email: found.email },
        total: found.total,
        criteria,
        engine: found.engine,
        rubric: found.rubric,
        run: found.run.map(|r| r.0),
        position: Some(found.position),
        application: Some(found.application),
        hidden: found.flags,
        duplicates: duplicates.collect(),
        detail: String::new(),
        path: input.path,
    }
}

/// The higher total, then the higher first part (skills), then the path's bytes; the unscorable last,
/// by path.
fn rank(rows: &mut [Row]) {
    let skills = |row: &Row| row.criteria.first().map(|c| c.points);
    rows.sort_by(|a, b| {
        b.total
            .cmp(&a.total)
            .then_with(|| skills(b).cmp(&skills(a)))
            .then_with(|| path_bytes(a).cmp(path_bytes(b)))
    });
    for (row, rank) in rows.iter_mut().filter(|r| r.total.is_some()).zip(1..) {
        row.rank = Some(rank);
    }
}

fn path_bytes(row: &Row) -> &[u8] {
    row.path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use domain::score::Level;

    use super::*;

    fn row(file: &str, total: Option<u16>, skills: u16) -> Row {
        let input = Input { path: file.into(), absolute: file.into() };
        let criterion = CriterionRow {
            id: "skills".into(),
            level: Level::ZERO,
            points: Points::from_tenths(skills),
            max: 40,
            rationale: None,
            evidence: vec![],
        };
        let total = total.map(Points::from_tenths);
        Row { total, criteria: vec![criterion], ..not_taken(input, "X".into(), String::new()) }
    }

    #[test]
    fn ties_go_to_skills_then_to_the_path() {
        let mut rows = vec![
            row("unread-b", None, 0),
            row("b", Some(500), 100),
            row("a", Some(500), 100),
            row("c", Some(500), 200),
            row("unread-a", None, 0),
            row("d", Some(900), 0),
        ];
        rank(&mut rows);
        let order: Vec<_> = rows.iter().map(|r| (r.rank, r.file.as_str())).collect();
        assert_eq!(
            order,
            [
                (Some(1), "d"),
                (Some(2), "c"),
                (Some(3), "a"),
                (Some(4), "b"),
                (None, "unread-a"),
                (None, "unread-b")
            ]
        );
    }
}
