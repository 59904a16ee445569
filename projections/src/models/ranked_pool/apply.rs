//! How events change the pool's tables.

use domain::application::{ApplicationEvent, RecordedCriterion, Standing};
use domain::candidate::CandidateEvent;
use domain::job::StageKind;
use event_log::{LogError, Recorded};
use uuid::Uuid;

use super::place;
use super::row::Part;
use super::stored::{PoolApplication, PoolCandidate, PoolDuplicate, PoolResume, PoolRun};
use crate::fact::{Fact, What};
use crate::models::{from_json, json, one_more, signed, with_signals};
use crate::rows::Rows;

/// Reads at once what a batch of facts rests on.
pub(super) async fn prepare(facts: &[Fact], rows: &mut Rows<'_>) -> Result<(), LogError> {
    let candidates = || facts.iter().filter_map(Fact::candidate);
    rows.load_groups::<PoolApplication>(candidates()).await?;
    rows.load::<PoolApplication>(facts.iter().filter_map(Fact::application)).await?;
    let mut applications: Vec<Uuid> = facts.iter().filter_map(Fact::application).collect();
    for candidate in candidates() {
        let of_theirs = rows.group::<PoolApplication>(candidate).await?;
        applications.extend(of_theirs.into_iter().map(|(key,)| key));
    }
    let mut people: Vec<Uuid> = candidates().collect();
    let mut documents = Vec::new();
    for row in applications.iter().filter_map(|key| rows.here::<PoolApplication>(&(*key,))) {
        people.push(row.candidate);
        documents.push(row.document);
    }
    for fact in facts {
        match &fact.what {
            What::Application(
                _,
                ApplicationEvent::ApplicationSubmitted { candidate, document, .. },
            ) => {
                people.push(candidate.0);
                documents.push(document.0);
            }
            What::Application(_, ApplicationEvent::ResumeReplaced { document })
            | What::Candidate(
                _,
                CandidateEvent::ResumeExtractionFailed { document, .. }
                | CandidateEvent::ManipulationSuspected { document, .. },
            ) => documents.push(document.0),
            _ => {}
        }
    }
    rows.load::<PoolCandidate>(people).await?;
    rows.load::<PoolResume>(documents).await?;
    rows.load_groups::<PoolRun>(applications).await
}

/// What an event of a candidate changes.
pub(super) async fn to_candidate(
    candidate: Uuid,
    event: &CandidateEvent,
    at: i64,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    match event {
        CandidateEvent::CandidateRegistered { personal, .. } => {
            let personal = personal.get();
            let name = personal.and_then(|p| p.name.clone());
            let email = personal.and_then(|p| p.email.clone());
            let (name_given, email_given) = (name.is_some(), email.is_some());
            rows.insert(PoolCandidate {
                candidate,
                name,
                email,
                name_given,
                email_given,
                position: at,
            });
        }
        CandidateEvent::ResumeReceived { document, resume_digest, file, .. } => {
            rows.insert(PoolResume {
                document: document.0,
                candidate,
                digest: resume_digest.clone(),
                file: file.get().cloned(),
                failure: None,
                flags: "[]".into(),
                position: at,
            });
        }
        CandidateEvent::ResumeExtractionFailed { document, reason, .. } => {
            if let Some(row) = rows.change::<PoolResume>((document.0,)).await? {
                row.failure = Some(reason.clone());
                row.position = at;
            }
        }
        CandidateEvent::ManipulationSuspected { document, flag } => {
            if let Some(row) = rows.change::<PoolResume>((document.0,)).await? {
                row.flags = one_more(&row.flags, flag)?;
                row.position = at;
            }
        }
        CandidateEvent::ResumeParsed { profile, .. } => {
            if let Some(row) = rows.change::<PoolCandidate>((candidate,)).await? {
                // What a person has given or corrected is not overwritten by a machine.
                let basics = profile.get().map(|p| &p.basics);
                let name = basics.and_then(|b| b.name.as_ref()).map(|field| field.value.clone());
                let email = basics.and_then(|b| b.email.as_ref()).map(|field| field.value.clone());
                if !row.name_given && name.is_some() {
                    row.name = name;
                }
                if !row.email_given && email.is_some() {
                    row.email = email;
                }
                row.position = at;
            }
        }
        CandidateEvent::ProfileCorrected { field, to, .. } => {
            if !matches!(field.as_str(), "name" | "email") {
                return Ok(());
            }
            if let Some(row) = rows.change::<PoolCandidate>((candidate,)).await? {
                if field == "name" {
                    (row.name, row.name_given) = (to.get().cloned(), true);
                } else {
                    (row.email, row.email_given) = (to.get().cloned(), true);
                }
                row.position = at;
            }
        }
        CandidateEvent::DuplicateSuspected { other, signals } => {
            // Suspicion is mutual.
            for (candidate, other) in [(candidate, other.0), (other.0, candidate)] {
                if let Some(row) = rows.change::<PoolDuplicate>((candidate, other)).await? {
                    row.signals = with_signals(&row.signals, signals)?;
                } else {
                    let signals = with_signals("[]", signals)?;
                    rows.insert(PoolDuplicate { candidate, other, signals });
                }
            }
            return Ok(());
        }
        CandidateEvent::PersonalDataErased { .. } => erase(candidate, at, rows).await?,
        CandidateEvent::ResumeTextExtracted { .. } | CandidateEvent::DataRequestOpened { .. } => {
            return Ok(());
        }
    }
    place::all_of(candidate, rows).await
}

async fn erase(candidate: Uuid, at: i64, rows: &mut Rows<'_>) -> Result<(), LogError> {
    if let Some(row) = rows.change::<PoolCandidate>((candidate,)).await? {
        (row.name, row.email) = (None, None);
        // Nor who gave what: a rebuild can no longer see it.
        (row.name_given, row.email_given) = (false, false);
        row.position = at;
    }
    for key in rows.group::<PoolResume>(candidate).await? {
        if let Some(row) = rows.change::<PoolResume>(key).await? {
            row.file = None;
            row.position = at;
        }
    }
    for (application,) in rows.group::<PoolApplication>(candidate).await? {
        for key in rows.group::<PoolRun>(application).await? {
            if let Some(row) = rows.change::<PoolRun>(key).await? {
                row.reason = None;
                row.position = at;
            }
        }
    }
    Ok(())
}

/// What an event of an application changes.
pub(super) async fn to_application(
    application: Uuid,
    event: &ApplicationEvent,
    recorded: &Recorded,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    use ApplicationEvent as E;
    let (position, version) = (signed(recorded.position), signed(recorded.version));
    match event {
        E::ApplicationSubmitted { candidate, job, document, ai_opt_out, .. } => {
            let mut standing = Standing::default();
            standing.evolve(event);
            rows.insert(PoolApplication {
                application,
                candidate: candidate.0,
                job: job.0,
                document: document.0,
                status: String::new(),
                stage: String::new(),
                stage_kind: String::new(),
                shortlisted: false,
                on_hold: false,
                standing: String::new(),
                submitted: position,
                submitted_at: recorded.occurred_at.timestamp_micros(),
                ai_opt_out: *ai_opt_out,
                version,
                position,
                outcome: "pending".into(),
                run: None,
                unscored: true,
                total_down: 0,
                tie_down: 0,
                tie_file: String::new(),
                nameless: true,
                sort_name: String::new(),
                flagged: false,
            });
            stand(application, &standing, rows).await?;
        }
        E::ResumeReplaced { document } => {
            if let Some(row) = rows.change::<PoolApplication>((application,)).await? {
                row.document = document.0;
            }
        }
        E::ScoreRequested { run, request } => {
            if let Some(row) = rows.change::<PoolRun>((application, run.0.clone())).await? {
                row.asked = position;
                row.shadow = request.shadow;
                row.failure = None;
                row.position = position;
            } else {
                rows.insert(PoolRun {
                    application,
                    run: run.0.clone(),
                    asked: position,
                    document: request.document.0,
                    engine: request.model_release.clone(),
                    rubric: request.rubric.clone(),
                    shadow: request.shadow,
                    failure: None,
                    total: None,
                    machine_total: None,
                    tie_break: None,
                    parts: "[]".into(),
                    reason: None,
                    position,
                });
            }
        }
        E::ScoreRecorded { run, total, criteria, explanations, .. } => {
            if let Some(row) = rows.change::<PoolRun>((application, run.0.clone())).await? {
                let part =
                    |c: &RecordedCriterion| Part { id: c.id.clone(), points: c.points, max: c.max };
                let explained = explanations.get().and_then(|e| e.first());
                row.total = Some(total.tenths().into());
                row.machine_total = None;
                row.tie_break = Some(criteria.first().map_or(0, |c| c.points.tenths()).into());
                row.parts = json(&criteria.iter().map(part).collect::<Vec<_>>())?;
                row.reason = explained.map(|e| e.rationale.clone());
                row.failure = None;
                row.position = position;
            }
        }
        E::ScoreFailed { run, reason, .. } => {
            if let Some(row) = rows.change::<PoolRun>((application, run.0.clone())).await? {
                row.failure = Some(reason.clone());
                row.position = position;
            }
        }
        E::ScoreOverridden { run, from, to, .. } => {
            if let Some(row) = rows.change::<PoolRun>((application, run.0.clone())).await? {
                row.machine_total = row.machine_total.or(Some(from.tenths().into()));
                row.total = Some(to.tenths().into());
                row.position = position;
            }
        }
        E::ScoreShown { run } => {
            if let Some(row) = rows.change::<PoolRun>((application, run.0.clone())).await? {
                (row.asked, row.shadow) = (position, false);
                row.position = position;
            }
        }
        E::StageChanged { .. }
        | E::ApplicationShortlisted { .. }
        | E::ApplicationUnshortlisted {}
        | E::ApplicationRejected { .. }
        | E::RejectionReversed { .. }
        | E::ApplicationHeld { .. }
        | E::ApplicationResumed {}
        | E::ApplicationTransferred { .. }
        | E::ApplicationHired { .. }
        | E::HireReversed { .. }
        | E::ApplicationWithdrawn { .. } => {
            let row = rows.get::<PoolApplication>((application,)).await?;
            let Some(row) = row else { return Ok(()) };
            let mut standing: Standing = from_json(&row.standing)?;
            standing.evolve(event);
            stand(application, &standing, rows).await?;
        }
        E::NoteAdded { .. } | E::ScoreDisputed { .. } => {}
    }
    if let Some(row) = rows.change::<PoolApplication>((application,)).await? {
        (row.version, row.position) = (version, position);
    }
    let moves = matches!(
        event,
        E::ApplicationSubmitted { .. }
            | E::ResumeReplaced { .. }
            | E::ScoreRequested { .. }
            | E::ScoreRecorded { .. }
            | E::ScoreFailed { .. }
            | E::ScoreShown { .. }
            | E::ScoreOverridden { .. }
    );
    // Nobody's place turns on what people decided.
    if moves { place::application(application, rows).await } else { Ok(()) }
}

/// Writes down where an application stands.
async fn stand(
    application: Uuid,
    standing: &Standing,
    rows: &mut Rows<'_>,
) -> Result<(), LogError> {
    let Some(row) = rows.change::<PoolApplication>((application,)).await? else { return Ok(()) };
    let (stage, kind) = stage_of(standing);
    row.status = standing.status.as_str().into();
    (row.stage, row.stage_kind) = (stage.into(), kind.into());
    row.shortlisted = standing.shortlisted;
    row.on_hold = standing.on_hold;
    row.standing = json(standing)?;
    Ok(())
}

/// The id and the kind of the stage that an application stands in.
fn stage_of(standing: &Standing) -> (&str, &'static str) {
    // Where applications arrive, until a move names another.
    let first = ("submitted", StageKind::Submitted.as_str());
    standing.stage.as_ref().map_or(first, |stage| (stage.id.as_str(), stage.kind.as_str()))
}
