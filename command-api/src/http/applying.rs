//! Applying: a form with a resume becomes an application, before anything is read or scored.
//!
//! Everything that can be refused is refused before anything is written. What was written by a request that
//! was cut short is found again by the next one: the person by their address, the resume by its bytes, the
//! application by its key.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::application::{Application, ApplicationCommand, Submission};
use domain::candidate::Personal;
use domain::decide::names;
use domain::ids::{ApplicationId, CandidateId, JobId};
use domain::job::{Job, JobStatus};
use domain::pii::Pii;
use domain::refusal::Refusal;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::answer::etag;
use web::extract::{Form, Id, Upload};
use web::{Caller, Problem};

use super::{CommandApi, people};
use crate::open_job::AI_NOTICE_VERSION;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(apply))
}

/// An application, as it is handed in.
#[derive(ToSchema)]
#[allow(dead_code, reason = "for the document; the form is read field by field")]
struct ApplicationForm {
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// E-mail address.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// Telephone number.
    #[schema(max_length = 50)]
    phone: Option<String>,
    /// Web pages and public profiles, separated by blanks.
    links: Option<String>,
    /// Answers to the job's questions: a JSON object of texts.
    answers: Option<String>,
    /// Where the applicant heard of the job.
    #[schema(max_length = 100)]
    source: Option<String>,
    /// `true`: not to be scored by a machine.
    #[schema(pattern = "^(true|false)$")]
    ai_opt_out: Option<String>,
    /// PDF, DOCX, ODT, RTF, HTML, Markdown, plain text, or a picture (PNG, JPEG, TIFF, WebP).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    resume: Vec<u8>,
}

/// What applying answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Applied {
    /// The application.
    id: Uuid,
    /// Where its status is.
    url: String,
    /// The secret with which the applicant reads their status and timeline, follows the feed and withdraws.
    token: String,
    /// Its version.
    version: u64,
    /// The position of its last event. Absent when the log has taken it but not numbered it yet; the same
    /// request under the same `Idempotency-Key` answers it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

/// Apply to a job
///
/// Needs no account. Answers before the resume is read; the answer's `token` opens the application's status,
/// timeline and live feed. Refused: JOB_NOT_OPEN, ALREADY_APPLIED (names the application), TOO_LARGE,
/// UNSUPPORTED_TYPE, VALIDATION.
#[utoipa::path(post, path = "/v1/jobs/{job}/applications", tag = "applying", operation_id = "apply",
    params(("job" = Uuid, Path,)),
    request_body(content = ApplicationForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Applied)))]
async fn apply(
    State(api): State<CommandApi>,
    Id(job): Id,
    mut form: Form,
) -> Result<Response, Problem> {
    let job = JobId(job);
    let asked = Asked::read(&api, job, &mut form).await?;
    let key = match form.meta.caller {
        Caller::Anonymous => {
            let address = asked.email.to_lowercase();
            form.meta.strangers_key(&api.dispatcher.log().vault, &address)
        }
        _ => form.meta.scoped_key(),
    };
    if let Some(known) = repeated(&api, &form, &asked, key.as_deref()).await? {
        return Ok(known);
    }
    takes_applications(&api, job).await?;
    people::check_resume(&api, &asked.resume)?;
    let known = people::known_by(&api, &asked.email).await?;
    if let Some(candidate) = known {
        not_applied(&api, candidate, job).await?;
    }
    let fingerprint = asked.fingerprint();
    let member = form.meta.caller.actor();
    let candidate = match known {
        Some(candidate) => candidate,
        None => registered(&api, &form, &asked, member.clone()).await?,
    };
    let actor = member.unwrap_or_else(|| people::myself(candidate));
    let Asked { resume, answers, source, ai_opt_out, .. } = asked;
    let attaching = people::attach(&api, &form.meta, candidate, resume, actor.clone(), None);
    let (document, _) = attaching.await?;
    let application = ApplicationId(api.dispatcher.log().ids.next());
    let order = ApplicationCommand::SubmitApplication(Submission {
        application,
        candidate,
        job,
        document,
        answers: Pii::new(answers),
        source,
        ai_notice_version: AI_NOTICE_VERSION,
        ai_opt_out,
        transferred_from: None,
    });
    let mut envelope = form.meta.envelope(application.0, order, actor, &fingerprint);
    envelope.idempotency_key = key;
    let outcome = api.dispatcher.dispatch::<Application>(envelope).await?;
    Ok(answer(&api, &outcome))
}

/// What the form asks for, checked field by field.
struct Asked {
    name: String,
    email: String,
    phone: Option<String>,
    links: Vec<String>,
    answers: Vec<(String, String)>,
    source: String,
    ai_opt_out: bool,
    resume: Upload,
}

impl Asked {
    async fn read(api: &CommandApi, job: JobId, form: &mut Form) -> Result<Self, Problem> {
        let (state, _) = api.dispatcher.load::<Job>(job.0).await?;
        if state.id.is_none() || state.status == JobStatus::Draft && !form.meta.caller.is_member() {
            return Err(Problem::not_found("job"));
        }
        let (name, email) = (form.text("name"), form.text("email"));
        let phone = form.text("phone");
        let links = form.text("links").unwrap_or_default();
        let links: Vec<String> = links.split_whitespace().map(str::to_owned).collect();
        let personal = Personal { name: name.clone(), email: email.clone(), phone, links };
        people::check(&personal, true)?;
        let source = form.text("source").unwrap_or_else(|| "careers_page".into());
        if source.chars().count() > 100 {
            return Err(Problem::field("source", "is longer than 100 characters"));
        }
        let ai_opt_out = match form.text("ai_opt_out").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Problem::field("ai_opt_out", "is true or false")),
        };
        let answers = answers(form.text("answers"))?;
        let resume = form.file("resume")?;
        form.nothing_else()?;
        let Personal { phone, links, .. } = personal;
        let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
        Ok(Self { name, email, phone, links, answers, source, ai_opt_out, resume })
    }

    /// What tells a repeat from another application under the same key.
    fn fingerprint(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        let opted_out = if self.ai_opt_out { "1" } else { "0" };
        let texts = [&self.name, &self.email, &self.source, &self.resume.name]
            .into_iter()
            .map(String::as_str)
            .chain([self.phone.as_deref().unwrap_or_default(), opted_out])
            .chain(self.links.iter().map(String::as_str))
            .chain(self.answers.iter().flat_map(|(q, a)| [q.as_str(), a.as_str()]));
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update(&self.resume.bytes);
        hash.finalize().to_vec()
    }
}

fn answers(text: Option<String>) -> Result<Vec<(String, String)>, Problem> {
    let Some(text) = text else { return Ok(vec![]) };
    let given: std::collections::BTreeMap<String, String> = serde_json::from_str(&text)
        .map_err(|e| Problem::field("answers", format!("is not a JSON object of texts: {e}")))?;
    if given.len() > 100 {
        return Err(Problem::field("answers", "are more than 100"));
    }
    Ok(given.into_iter().collect())
}

/// The answer that was given to this key before.
async fn repeated(
    api: &CommandApi,
    form: &Form,
    asked: &Asked,
    key: Option<&str>,
) -> Result<Option<Response>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let body = form.meta.fingerprint(&asked.fingerprint());
    Ok(api.dispatcher.repeated(key, &body).await?.map(|outcome| answer(api, &outcome)))
}

async fn takes_applications(api: &CommandApi, job: JobId) -> Result<(), Problem> {
    let holder = api.dispatcher.log().store.holder(&names::open_job(job)).await?;
    let closed = || Refusal::conflict("JOB_NOT_OPEN", "the job does not take applications");
    holder.map(drop).ok_or_else(|| closed().into())
}

async fn not_applied(api: &CommandApi, candidate: CandidateId, job: JobId) -> Result<(), Problem> {
    match api.dispatcher.log().store.holder(&names::applied(candidate, job)).await? {
        Some(stream) => {
            let message = "the candidate already applied to this job";
            let refusal = Refusal::conflict("ALREADY_APPLIED", message);
            Err(refusal.with_existing(stream.id.to_string()).into())
        }
        None => Ok(()),
    }
}

/// The candidate, registered by this request or by another one that was faster.
async fn registered(
    api: &CommandApi,
    form: &Form,
    asked: &Asked,
    member: Option<domain::actor::Actor>,
) -> Result<CandidateId, Problem> {
    let personal = Personal {
        name: Some(asked.name.clone()),
        email: Some(asked.email.clone()),
        phone: asked.phone.clone(),
        links: asked.links.clone(),
    };
    let source = asked.source.clone();
    match people::register(api, &form.meta, personal, source, member, None).await {
        Ok(outcome) => Ok(outcome.stream.id.into()),
        Err(problem) if problem.code == "CANDIDATE_EXISTS" => {
            let id = problem.existing.as_deref().and_then(|id| id.parse().ok());
            id.ok_or(problem)
        }
        Err(problem) => Err(problem),
    }
}

fn answer(api: &CommandApi, outcome: &event_log::Outcome) -> Response {
    let application = ApplicationId(outcome.stream.id);
    let url = format!("/v1/applications/{application}");
    let location = HeaderValue::from_str(&url).ok();
    let body = Applied {
        id: application.0,
        url,
        token: api.applicants.of(application),
        version: outcome.version,
        position: outcome.position,
    };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag(outcome.version));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(location) = location {
        headers.insert(header::LOCATION, location);
    }
    response
}
