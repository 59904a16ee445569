//! Candidates: register, attach a resume, apply for them, correct, flag, erase.

use axum::extract::State;
use domain::application::{Application, ApplicationCommand, Submission};
use domain::candidate::{Candidate, CandidateCommand, CandidateEvent, DuplicateSignal, Personal};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId};
use domain::pii::Pii;
use domain::refusal::Refusal;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::extract::{Command, Form, Id};
use web::{Problem, Written};

use super::jobs::NoBody;
use super::{CommandApi, people};
use crate::open_job::AI_NOTICE_VERSION;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(submit))
        .routes(routes!(correct))
        .routes(routes!(flag_duplicate))
        .routes(routes!(erase))
}

pub(super) fn uploads() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(attach_resume))
}

/// A person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CandidateBody {
    /// Full name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// E-mail address; nobody else can be registered with it.
    #[serde(default)]
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    /// Telephone number.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 50)]
    phone: Option<String>,
    /// Web pages and public profiles.
    #[serde(default)]
    #[schema(max_items = 20)]
    links: Vec<String>,
    /// Where they come from: `referral`, `agency`...
    #[serde(default = "sourced")]
    #[schema(min_length = 1, max_length = 100)]
    source: String,
}

fn sourced() -> String {
    "sourced".into()
}

/// Register a candidate
///
/// Refused: CANDIDATE_EXISTS (names them), VALIDATION.
#[utoipa::path(post, path = "/v1/candidates", tag = "candidates", operation_id = "registerCandidate",
    request_body(content = CandidateBody,
        example = json!({ "name": "Ada Lovelace", "email": "ada@example.org", "source": "referral" })),
    responses((status = 201, body = Written)))]
async fn register(
    State(api): State<CommandApi>,
    command: Command<CandidateBody>,
) -> Result<Written, Problem> {
    let CandidateBody { name, email, phone, links, source } = command.body.clone();
    let personal = Personal { name, email, phone, links };
    people::check(&personal, false)?;
    if source.trim().is_empty() || source.chars().count() > 100 {
        return Err(Problem::field("source", "is 1 to 100 characters"));
    }
    let actor = command.meta.actor()?;
    let outcome =
        people::register(&api, &command.meta, personal, source, Some(actor), Some(&command.raw));
    Ok(Written::from(outcome.await?).created("/v1/candidates"))
}

/// A resume.
#[derive(ToSchema)]
#[allow(dead_code, reason = "for the document; the form is read field by field")]
struct ResumeForm {
    /// PDF, DOCX, ODT, RTF, HTML, Markdown, plain text, or a picture (PNG, JPEG, TIFF, WebP).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    resume: Vec<u8>,
}

/// Attach a resume
///
/// The same bytes again change nothing. It is read from then on; applications keep the resume that they were
/// made with. Refused: TOO_LARGE, UNSUPPORTED_TYPE, ERASED.
#[utoipa::path(post, path = "/v1/candidates/{candidate}/resumes", tag = "candidates",
    operation_id = "attachResume", params(("candidate" = Uuid, Path,)),
    request_body(content = ResumeForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Written)))]
async fn attach_resume(
    State(api): State<CommandApi>,
    Id(candidate): Id,
    mut form: Form,
) -> Result<Written, Problem> {
    let file = form.file("resume")?;
    form.nothing_else()?;
    let actor = form.meta.actor()?;
    let (state, _) = api.dispatcher.load::<Candidate>(candidate).await?;
    state.id.ok_or_else(|| Problem::not_found("candidate"))?;
    people::check_resume(&api, &file)?;
    let body = Sha256::digest(&file.bytes);
    let id = CandidateId(candidate);
    let attached = people::attach(&api, &form.meta, id, file, actor, Some(body.as_slice())).await;
    let (_, outcome) = attached?;
    Ok(Written::from(outcome).accepted(format!("/v1/candidates/{candidate}")))
}

/// An application for a known candidate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubmitBody {
    /// The job.
    job: Uuid,
    /// One of the candidate's resumes; the latest when left out.
    #[serde(default)]
    document: Option<Uuid>,
    /// Where the application comes from.
    #[serde(default = "sourced")]
    #[schema(min_length = 1, max_length = 100)]
    source: String,
    /// Whether the candidate refuses to be scored by a machine.
    #[serde(default)]
    ai_opt_out: bool,
}

/// Apply for a candidate
///
/// Refused: ALREADY_APPLIED (names the application), JOB_NOT_OPEN, RESUME_MISSING.
#[utoipa::path(post, path = "/v1/candidates/{candidate}/applications", tag = "candidates",
    operation_id = "submitApplication", params(("candidate" = Uuid, Path,)),
    request_body(content = SubmitBody,
        example = json!({ "job": "0198f1f0-0000-7000-8000-000000000001", "source": "referral" })),
    responses((status = 202, body = Written)))]
async fn submit(
    State(api): State<CommandApi>,
    Id(candidate): Id,
    command: Command<SubmitBody>,
) -> Result<Written, Problem> {
    let submitted = |written: Written| {
        let location = format!("/v1/applications/{}", written.id);
        written.accepted(location)
    };
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(submitted(before));
    }
    let SubmitBody { job, document, source, ai_opt_out } = command.body.clone();
    let (state, _) = api.dispatcher.load::<Candidate>(candidate).await?;
    state.id.ok_or_else(|| Problem::not_found("candidate"))?;
    if state.erased {
        return Err(event_log::LogError::Erased.into());
    }
    let resume = match document {
        Some(document) => state.resume(DocumentId(document)),
        None => state.resumes.last(),
    };
    let resume = resume.ok_or_else(|| {
        Refusal::conflict("RESUME_MISSING", "the candidate has no such resume; attach one first")
    })?;
    let application = ApplicationId(api.dispatcher.log().ids.next());
    let order = ApplicationCommand::SubmitApplication(Submission {
        application,
        candidate: CandidateId(candidate),
        job: JobId(job),
        document: resume.document,
        answers: Pii::new(vec![]),
        source,
        ai_notice_version: AI_NOTICE_VERSION,
        ai_opt_out,
        transferred_from: None,
    });
    let written = api.run::<Application>(command.envelope(application.0, order)?).await?;
    Ok(submitted(written))
}

/// A correction.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionBody {
    /// `name`, `email` or `phone`.
    field: CorrectedField,
    /// What it is.
    #[schema(min_length = 1, max_length = 254)]
    to: String,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CorrectedField {
    /// Full name.
    Name,
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
}

/// Correct what was read
///
/// A person's correction stands against every later reading. Refused: VALIDATION, ERASED.
#[utoipa::path(post, path = "/v1/candidates/{candidate}/corrections", tag = "candidates",
    operation_id = "correctField", params(("candidate" = Uuid, Path,)),
    request_body(content = CorrectionBody,
        example = json!({ "field": "name", "to": "Ada King" })),
    responses((status = 200, body = Written)))]
async fn correct(
    State(api): State<CommandApi>,
    Id(candidate): Id,
    command: Command<CorrectionBody>,
) -> Result<Written, Problem> {
    if let Some(before) = api.answered(&command.meta, &command.raw).await? {
        return Ok(before);
    }
    let to = command.body.to.trim().to_owned();
    let (field, personal) = match command.body.field {
        CorrectedField::Name => {
            ("name", Personal { name: Some(to.clone()), ..Personal::default() })
        }
        CorrectedField::Email => {
            ("email", Personal { email: Some(to.clone()), ..Personal::default() })
        }
        CorrectedField::Phone => {
            ("phone", Personal { phone: Some(to.clone()), ..Personal::default() })
        }
    };
    people::check(&personal, false).map_err(|mut refusal| {
        refusal.fields.iter_mut().for_each(|f| f.field = "to".into());
        refusal
    })?;
    let from = known_value(&api, candidate, field).await?;
    let order = CandidateCommand::CorrectField {
        field: field.into(),
        from: Pii::new(from),
        to: Pii::new(to),
    };
    api.run::<Candidate>(command.envelope(candidate, order)?).await
}

/// What a field held before: what was corrected last, else what was parsed last, else what was given.
async fn known_value(
    api: &CommandApi,
    candidate: Uuid,
    field: &str,
) -> Result<Option<String>, Problem> {
    let log = api.dispatcher.log();
    let (mut given, mut parsed, mut corrected) = (None, None, None);
    for recorded in log.store.read_stream(CandidateId(candidate).stream(), 0).await? {
        match log.vault.open::<Candidate>(&recorded).await? {
            CandidateEvent::CandidateRegistered { personal, .. } => {
                let personal = personal.into_inner().unwrap_or_default();
                given = match field {
                    "name" => personal.name,
                    "email" => personal.email,
                    _ => personal.phone,
                };
            }
            CandidateEvent::ResumeParsed { profile, .. } => {
                let basics = profile.into_inner().map(|p| p.basics).unwrap_or_default();
                let read = match field {
                    "name" => basics.name,
                    "email" => basics.email,
                    _ => basics.phone,
                };
                parsed = read.map(|f| f.value).or(parsed);
            }
            CandidateEvent::ProfileCorrected { field: f, to, .. } if f == field => {
                corrected = to.into_inner();
            }
            _ => {}
        }
    }
    Ok(corrected.or(given).or(parsed))
}

/// A suspicion.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DuplicateBody {
    /// The other candidate.
    other: Uuid,
    /// What they have in common.
    #[schema(min_items = 1, max_items = 10)]
    signals: Vec<SignalBody>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignalBody {
    /// The same e-mail address.
    SameEmail,
    /// The same file, byte for byte.
    SameFile,
}

/// Flag a possible duplicate
///
/// For people to look at; nothing is merged. Refused: NOT_FOUND, ERASED.
#[utoipa::path(post, path = "/v1/candidates/{candidate}/duplicates", tag = "candidates",
    operation_id = "flagDuplicate", params(("candidate" = Uuid, Path,)),
    request_body(content = DuplicateBody,
        example = json!({ "other": "0198f1f0-0000-7000-8000-000000000005", "signals": ["same_email"] })),
    responses((status = 200, body = Written)))]
async fn flag_duplicate(
    State(api): State<CommandApi>,
    Id(candidate): Id,
    command: Command<DuplicateBody>,
) -> Result<Written, Problem> {
    let other = CandidateId(command.body.other);
    let (known, _) = api.dispatcher.load::<Candidate>(other.0).await?;
    if known.id.is_none() {
        return Err(Problem::field("other", "is not a candidate"));
    }
    let signals = command
        .body
        .signals
        .iter()
        .map(|s| match s {
            SignalBody::SameEmail => DuplicateSignal::SameEmail,
            SignalBody::SameFile => DuplicateSignal::SameFile,
        })
        .collect();
    let order = CandidateCommand::FlagDuplicate { other, signals };
    api.run::<Candidate>(command.envelope(candidate, order)?).await
}

/// Erase a person's data
///
/// Their key is destroyed, documents and read models are swept; ids, types, times and scores stay. Cannot be
/// undone. Refused: ACTIVE_APPLICATIONS.
#[utoipa::path(post, path = "/v1/candidates/{candidate}/erasure", tag = "candidates",
    operation_id = "erasePersonalData", params(("candidate" = Uuid, Path,)),
    request_body(content = Option<NoBody>, example = json!({})), responses((status = 200, body = Written)))]
async fn erase(
    State(api): State<CommandApi>,
    Id(candidate): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let person = CandidateId(candidate);
    let (state, version) = api.dispatcher.load::<Candidate>(candidate).await?;
    state.id.ok_or_else(|| Problem::not_found("candidate"))?;
    if command.meta.if_match.is_some_and(|seen| seen != version) && !state.erasure_requested {
        let message = format!("it was changed meanwhile and is at version {version}; look again");
        return Err(Refusal::conflict("STALE_VERSION", message).into());
    }
    // Two commands: the version that was seen is that before the first, the key is on the last.
    let mut meta = command.meta.clone();
    meta.if_match = None;
    let dress = |last: event_log::Envelope<CandidateCommand>| {
        meta.envelope(last.id, last.command, last.actor, &command.raw)
    };
    let log = api.dispatcher.log();
    let outcome = event_log::erase::erase_as(log, person, meta.actor()?, dress).await?;
    api.beside.erased(outcome.position).await?;
    Ok(outcome.into())
}
