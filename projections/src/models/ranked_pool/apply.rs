//! How events change the pool's tables.

use domain::application::{ApplicationEvent, Standing};
use domain::candidate::{CandidateEvent, DuplicateSignal};
use domain::ids::{ApplicationId, CandidateId};
use domain::job::StageKind;
use event_log::sql::query;
use event_log::{LogError, Recorded};

use super::place;
use super::row::Part;
use crate::model::Tx;
use crate::models::{from_json, id, json, one_more, signed};

/// Writes what an event of a candidate changes.
pub(super) async fn to_candidate(
    candidate: CandidateId,
    event: &CandidateEvent,
    at: i64,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    let key = id(candidate);
    match event {
        CandidateEvent::CandidateRegistered { personal, .. } => {
            let personal = personal.get();
            let name = personal.and_then(|p| p.name.as_deref());
            let email = personal.and_then(|p| p.email.as_deref());
            let sql = "INSERT INTO pool_candidates (candidate, name, email, name_given, email_given, \
                       position) VALUES ($1, $2, $3, $4, $5, $6)";
            query(sql)
                .bind(&key)
                .bind(name)
                .bind(email)
                .bind(name.is_some())
                .bind(email.is_some())
                .bind(at)
                .execute(&mut *tx)
                .await?;
        }
        CandidateEvent::ResumeReceived { document, resume_digest, file, .. } => {
            let sql = "INSERT INTO pool_resumes (document, candidate, digest, file, position) \
                       VALUES ($1, $2, $3, $4, $5)";
            query(sql)
                .bind(id(document.0))
                .bind(&key)
                .bind(resume_digest)
                .bind(file.get())
                .bind(at)
                .execute(&mut *tx)
                .await?;
        }
        CandidateEvent::ResumeExtractionFailed { document, reason, .. } => {
            let sql = "UPDATE pool_resumes SET failure = $2, position = $3 WHERE document = $1";
            query(sql).bind(id(document.0)).bind(reason).bind(at).execute(&mut *tx).await?;
        }
        CandidateEvent::ManipulationSuspected { document, flag } => {
            let sql = "SELECT flags FROM pool_resumes WHERE document = $1";
            let known = query(sql).bind(id(document.0)).fetch_one(&mut *tx).await?;
            let sql = "UPDATE pool_resumes SET flags = $2, position = $3 WHERE document = $1";
            query(sql)
                .bind(id(document.0))
                .bind(one_more(known.get("flags")?, flag)?)
                .bind(at)
                .execute(&mut *tx)
                .await?;
        }
        CandidateEvent::ResumeParsed { profile, .. } => {
            // What a person has given or corrected is not overwritten by a machine.
            let basics = profile.get().map(|p| &p.basics);
            let sql = "UPDATE pool_candidates SET \
                       name = CASE WHEN name_given = 1 THEN name ELSE COALESCE($2, name) END, \
                       email = CASE WHEN email_given = 1 THEN email ELSE COALESCE($3, email) END, \
                       position = $4 WHERE candidate = $1";
            query(sql)
                .bind(&key)
                .bind(basics.and_then(|b| b.name.as_ref()).map(|f| f.value.as_str()))
                .bind(basics.and_then(|b| b.email.as_ref()).map(|f| f.value.as_str()))
                .bind(at)
                .execute(&mut *tx)
                .await?;
        }
        CandidateEvent::ProfileCorrected { field, to, .. } => {
            let sql = match field.as_str() {
                "name" => {
                    "UPDATE pool_candidates SET name = $2, name_given = 1, position = $3 \
                     WHERE candidate = $1"
                }
                "email" => {
                    "UPDATE pool_candidates SET email = $2, email_given = 1, position = $3 \
                     WHERE candidate = $1"
                }
                _ => return Ok(()),
            };
            query(sql).bind(&key).bind(to.get()).bind(at).execute(&mut *tx).await?;
        }
        CandidateEvent::DuplicateSuspected { other, signals } => {
            // Suspicion is mutual.
            let sql = "SELECT signals FROM pool_duplicates WHERE candidate = $1 AND other = $2";
            let known = query(sql).bind(&key).bind(id(*other)).fetch_optional(&mut *tx).await?;
            let mut all: Vec<DuplicateSignal> =
                known.map_or(Ok(vec![]), |row| from_json(row.get("signals")?))?;
            all.extend(signals);
            all.sort();
            all.dedup();
            let sql = "INSERT INTO pool_duplicates VALUES ($1, $2, $3), ($2, $1, $3) \
                       ON CONFLICT (candidate, other) DO UPDATE SET signals = excluded.signals";
            query(sql).bind(&key).bind(id(*other)).bind(json(&all)?).execute(tx).await?;
            return Ok(());
        }
        CandidateEvent::PersonalDataErased { .. } => {
            // Nor who gave what: a rebuild can no longer see it.
            for sql in [
                "UPDATE pool_candidates SET name = NULL, email = NULL, name_given = 0, \
                 email_given = 0, position = $2 WHERE candidate = $1",
                "UPDATE pool_resumes SET file = NULL, position = $2 WHERE candidate = $1",
                "UPDATE pool_runs SET reason = NULL, position = $2 WHERE application IN \
                 (SELECT application FROM pool WHERE candidate = $1)",
            ] {
                query(sql).bind(&key).bind(at).execute(&mut *tx).await?;
            }
        }
        CandidateEvent::ResumeTextExtracted { .. } | CandidateEvent::DataRequestOpened { .. } => {
            return Ok(());
        }
    }
    place::all_of(&key, tx).await
}

/// Writes what an event of an application changes.
pub(super) async fn to_application(
    application: ApplicationId,
    event: &ApplicationEvent,
    recorded: &Recorded,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    use ApplicationEvent as E;
    let key = id(application);
    let (at, version) = (signed(recorded.position), signed(recorded.version));
    let query = match event {
        E::ApplicationSubmitted { candidate, job, document, ai_opt_out, .. } => {
            let mut standing = Standing::default();
            standing.evolve(event);
            let (stage, kind) = stage_of(&standing);
            let sql = "INSERT INTO pool (application, candidate, job, document, submitted, submitted_at, \
                       ai_opt_out, status, stage, stage_kind, shortlisted, standing, version, position) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $5)";
            query(sql)
                .bind(&key)
                .bind(id(*candidate))
                .bind(id(*job))
                .bind(id(document.0))
                .bind(at)
                .bind(recorded.occurred_at.timestamp_micros())
                .bind(*ai_opt_out)
                .bind(standing.status.as_str())
                .bind(stage.to_owned())
                .bind(kind)
                .bind(standing.shortlisted)
                .bind(json(&standing)?)
                .bind(version)
        }
        E::ResumeReplaced { document } => {
            let sql = "UPDATE pool SET document = $2 WHERE application = $1";
            query(sql).bind(&key).bind(id(document.0))
        }
        E::ScoreRequested { run, request } => {
            let sql = "INSERT INTO pool_runs (application, run, asked, document, engine, rubric, \
                       position) VALUES ($1, $2, $3, $4, $5, $6, $3) \
                       ON CONFLICT (application, run) DO UPDATE SET asked = excluded.asked, \
                       failure = NULL, position = excluded.position";
            query(sql)
                .bind(&key)
                .bind(&run.0)
                .bind(at)
                .bind(id(request.document.0))
                .bind(&request.model_release)
                .bind(&request.rubric)
        }
        E::ScoreRecorded { run, total, criteria, explanations, .. } => {
            let parts: Vec<Part> = criteria
                .iter()
                .map(|c| Part { id: c.id.clone(), points: c.points, max: c.max })
                .collect();
            let reason = explanations.get().and_then(|e| e.first()).map(|e| e.rationale.clone());
            let sql = "UPDATE pool_runs SET total = $3, tie_break = $4, parts = $5, reason = $6, \
                       failure = NULL, position = $7 WHERE application = $1 AND run = $2";
            query(sql)
                .bind(&key)
                .bind(&run.0)
                .bind(total.tenths())
                .bind(criteria.first().map_or(0, |c| c.points.tenths()))
                .bind(json(&parts)?)
                .bind(reason)
                .bind(at)
        }
        E::ScoreFailed { run, reason, .. } => {
            let sql = "UPDATE pool_runs SET failure = $3, position = $4 \
                       WHERE application = $1 AND run = $2";
            query(sql).bind(&key).bind(&run.0).bind(reason).bind(at)
        }
        E::StageChanged { .. }
        | E::ApplicationShortlisted { .. }
        | E::ApplicationUnshortlisted {}
        | E::ApplicationRejected { .. }
        | E::RejectionReversed { .. }
        | E::ApplicationWithdrawn { .. } => {
            let sql = "SELECT standing FROM pool WHERE application = $1";
            let before = query(sql).bind(&key).fetch_one(&mut *tx).await?;
            let mut standing: Standing = from_json(before.get("standing")?)?;
            standing.evolve(event);
            let (stage, kind) = stage_of(&standing);
            let sql = "UPDATE pool SET status = $2, stage = $3, stage_kind = $4, shortlisted = $5, \
                       standing = $6, version = $7, position = $8 WHERE application = $1";
            let query = query(sql)
                .bind(&key)
                .bind(standing.status.as_str())
                .bind(stage)
                .bind(kind)
                .bind(standing.shortlisted)
                .bind(json(&standing)?)
                .bind(version)
                .bind(at);
            // Nobody's place turns on what people decided.
            return query.execute(tx).await.map(drop);
        }
        E::NoteAdded { .. } => {
            let sql = "UPDATE pool SET version = $2, position = $3 WHERE application = $1";
            let query = query(sql).bind(&key).bind(version).bind(at);
            return query.execute(tx).await.map(drop);
        }
    };
    query.execute(&mut *tx).await?;
    place::application(&key, version, at, tx).await
}

/// The id and the kind of the stage that an application stands in.
fn stage_of(standing: &Standing) -> (&str, &'static str) {
    // Where applications arrive, until a move names another.
    let first = ("submitted", StageKind::Submitted.as_str());
    standing.stage.as_ref().map_or(first, |stage| (stage.id.as_str(), stage.kind.as_str()))
}
