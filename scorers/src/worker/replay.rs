//! Scores made again from recorded facts: the resume, the job and the rubric as they stood, and the answers that were kept. No
//! model is asked.

use std::collections::HashMap;

use domain::application::{
    Application, ApplicationEvent, Explanation, RecordedCriterion, RunId, ScoreRequest,
};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, DocumentId};
use domain::score::{Assessment, Grade, Points, assess};
use event_log::subscribe::HandlerError;
use event_log::{Dispatcher, LogError};
use serde::Serialize;

use super::engine::{BaselineEngine, Engine as _, Exchange, Task};
use super::material::Material;
use super::unless_erased;
use crate::model;

/// A recorded score, and what it is when it is made again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayedScore {
    /// The run.
    pub run: RunId,
    /// The release that graded.
    pub release: String,
    /// Beside what people are shown.
    pub shadow: bool,
    /// The total that was recorded.
    pub recorded: Points,
    /// The total that comes out; `None` when it cannot be made again.
    pub replayed: Option<Points>,
    /// Whether total, levels, points and, unless they were erased, words and quotes are the same.
    pub equal: bool,
    /// What differs, or why it cannot be made again.
    pub differences: Vec<String>,
}

/// Makes every recorded score of an application again.
///
/// # Errors
/// `NOT_FOUND` as an error of the log's, `IO`.
pub async fn replay(
    dispatcher: &Dispatcher,
    application: ApplicationId,
) -> Result<Vec<ReplayedScore>, HandlerError> {
    let log = dispatcher.log();
    let (state, _) = dispatcher.load::<Application>(application.0).await?;
    let (Some(candidate), Some(job)) = (state.candidate, state.job) else { return Ok(vec![]) };
    let mut asked: HashMap<RunId, (ScoreRequest, Timestamp)> = HashMap::new();
    let mut all = Vec::new();
    for recorded in log.store.read_stream(application.stream(), 0).await? {
        match log.vault.open::<Application>(&recorded).await? {
            ApplicationEvent::ScoreRequested { run, request } => {
                asked.insert(run, (request, recorded.occurred_at));
            }
            ApplicationEvent::ScoreRecorded {
                run,
                total,
                criteria,
                explanations,
                exchanges,
                shadow,
                ..
            } => {
                let Some((request, as_of)) = asked.get(&run) else { continue };
                let made = Material::of(dispatcher, candidate, job, request).await?;
                let again = match made {
                    Some(material) => {
                        again(dispatcher, candidate, request, *as_of, &material, &exchanges).await?
                    }
                    None => Err("the person was erased".to_owned()),
                };
                let mut score = ReplayedScore {
                    run,
                    release: request.model_release.clone(),
                    shadow,
                    recorded: total,
                    replayed: again.as_ref().ok().map(|made| made.total),
                    equal: false,
                    differences: vec![],
                };
                match again {
                    Ok(made) => {
                        let explained = explanations.get();
                        score.differences = differences(total, &criteria, explained, &made);
                    }
                    Err(why) => score.differences.push(why),
                }
                score.equal = score.differences.is_empty();
                all.push(score);
            }
            _ => {}
        }
    }
    Ok(all)
}

async fn again(
    dispatcher: &Dispatcher,
    candidate: CandidateId,
    request: &ScoreRequest,
    as_of: Timestamp,
    material: &Material,
    exchanges: &[DocumentId],
) -> Result<Result<Assessment, String>, HandlerError> {
    let Material { rubric, brief, text, profile } = material;
    let task = Task { job: brief, rubric, text, profile, as_of };
    let grades: Result<Vec<Grade>, String> = match exchanges.last() {
        Some(last) => match kept(dispatcher, candidate, *last).await? {
            Some(exchange) => model::grades_of(&task, &exchange.answer),
            None => Err("the answer is not kept any more".into()),
        },
        None if request.model_release == BaselineEngine.release().label() => {
            BaselineEngine::grades(&task).map_err(|e| e.to_string())
        }
        None => Err(format!("no answer of {} was kept", request.model_release)),
    };
    Ok(grades.and_then(|grades| assess(rubric, grades, text).map_err(|e| e.to_string())))
}

async fn kept(
    dispatcher: &Dispatcher,
    candidate: CandidateId,
    document: DocumentId,
) -> Result<Option<Exchange>, HandlerError> {
    let bytes = match dispatcher.log().documents.get(candidate, document).await {
        Err(LogError::DocumentMissing(_)) => return Ok(None),
        other => unless_erased(other)?,
    };
    let Some(bytes) = bytes else { return Ok(None) };
    let shape = |e| HandlerError::Park(format!("an exchange has another shape: {e}"));
    serde_json::from_slice(&bytes).map(Some).map_err(shape)
}

fn differences(
    total: Points,
    criteria: &[RecordedCriterion],
    explained: Option<&Vec<Explanation>>,
    made: &Assessment,
) -> Vec<String> {
    let mut found = Vec::new();
    if made.total != total {
        found.push(format!("total: recorded {total}, replayed {}", made.total));
    }
    if made.criteria.len() != criteria.len() {
        found.push(format!("{} criteria, replayed {}", criteria.len(), made.criteria.len()));
    }
    for (i, (then, now)) in criteria.iter().zip(&made.criteria).enumerate() {
        let id = &then.id;
        if (then.level, then.points, then.void_quotes) != (now.level, now.points, now.void_quotes) {
            let levels = format!("level {} and {}", then.level, now.level);
            found.push(format!(
                "{id}: recorded {}, replayed {} ({levels})",
                then.points, now.points
            ));
        }
        let Some(explained) = explained.and_then(|all| all.get(i)) else { continue };
        if explained.rationale != now.rationale {
            found.push(format!("{id}: another rationale"));
        }
        if explained.evidence != now.evidence {
            found.push(format!("{id}: other quotes"));
        }
    }
    found
}
