//! Applying: a resume is stored, a candidate registered, an application submitted.
//!
//! Each step looks at what is already so, so that the same resume from the same place is the same
//! candidate and the same application, however often and however rudely it was interrupted.

use domain::actor::Actor;
use domain::application::{Application, ApplicationCommand, Submission};
use domain::candidate::{Candidate, CandidateCommand, MAX_RESUME_BYTES, Personal};
use domain::decide::names;
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId};
use domain::pii::Pii;
use event_log::{DispatchError, Dispatcher, Envelope, LogError, Outcome};
use uuid::Uuid;

use crate::open_job::AI_NOTICE_VERSION;

/// A resume as it is handed in.
#[derive(Debug, Clone)]
pub struct Resume {
    /// Where it comes from: the same origin again is the same candidate.
    pub origin: String,
    /// The file's name, as people know it.
    pub file: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What applying led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The candidate.
    pub candidate: CandidateId,
    /// The application.
    pub application: ApplicationId,
    /// Whether the application is new.
    pub new: bool,
}

/// Why applying had no effect.
pub type ApplyError = DispatchError;

/// Applies to a job with a resume. Who applied already has the application that is there, which stands
/// on this resume from now on unless it was decided.
///
/// # Errors
/// `TOO_LARGE`, `JOB_NOT_OPEN`, `ERASED`, or a failure of the machine.
pub async fn apply(
    dispatcher: &Dispatcher,
    job: JobId,
    resume: Resume,
    source: &str,
    actor: &Actor,
) -> Result<Applied, ApplyError> {
    // Before anything is written: a resume that is too large leaves no trace.
    if resume.bytes.len() as u64 > MAX_RESUME_BYTES {
        let message = format!("a resume has at most {MAX_RESUME_BYTES} bytes");
        return Err(domain::refusal::Refusal::too_large(message).into());
    }
    let candidate = register(dispatcher, &resume.origin, source, actor).await?;
    let document = attach(dispatcher, candidate, resume, actor, |e| e).await?.0;
    let held = dispatcher.log().store.holder(&names::applied(candidate, job)).await?;
    if let Some(stream) = held {
        let application = stream.id.into();
        stand_on(dispatcher, application, document, actor).await?;
        return Ok(Applied { candidate, application, new: false });
    }
    let application = ApplicationId(dispatcher.log().ids.next());
    let submission = Submission {
        application,
        candidate,
        job,
        document,
        answers: Pii::new(vec![]),
        source: source.to_owned(),
        ai_notice_version: AI_NOTICE_VERSION,
        ai_opt_out: false,
        transferred_from: None,
    };
    let command = ApplicationCommand::SubmitApplication(submission);
    let envelope = Envelope::new(application, command, actor.clone());
    match dispatcher.dispatch::<Application>(envelope).await {
        Ok(_) => Ok(Applied { candidate, application, new: true }),
        Err(DispatchError::Refused(refusal)) if refusal.code == "ALREADY_APPLIED" => {
            let existing = refusal.existing.as_deref().and_then(|id| Uuid::parse_str(id).ok());
            let application = existing.ok_or(DispatchError::Refused(refusal))?.into();
            stand_on(dispatcher, application, document, actor).await?;
            Ok(Applied { candidate, application, new: false })
        }
        Err(error) => Err(error),
    }
}

/// Lets an application stand on a resume. One that was decided stays as it was decided.
async fn stand_on(
    dispatcher: &Dispatcher,
    application: ApplicationId,
    document: DocumentId,
    actor: &Actor,
) -> Result<(), ApplyError> {
    let (state, _) = dispatcher.load::<Application>(application.0).await?;
    if state.document == Some(document) {
        return Ok(());
    }
    let command = ApplicationCommand::ReplaceResume { document };
    let envelope = Envelope::new(application, command, actor.clone());
    match dispatcher.dispatch::<Application>(envelope).await {
        Err(DispatchError::Refused(refusal)) if refusal.code == "NOT_ACTIVE" => Ok(()),
        other => other.map(drop),
    }
}

/// The candidate of an origin, registered on first sight.
async fn register(
    dispatcher: &Dispatcher,
    origin: &str,
    source: &str,
    actor: &Actor,
) -> Result<CandidateId, ApplyError> {
    let log = dispatcher.log();
    let known = log.vault.find("origin", origin.as_bytes()).await?.first().copied();
    let candidate = match known {
        Some(candidate) => candidate,
        None => {
            let fresh = CandidateId(log.ids.next());
            let before = log.vault.index("origin", origin.as_bytes(), fresh).await?;
            before.first().copied().unwrap_or(fresh)
        }
    };
    // Registered already, or remembered just before something died.
    if log.store.read_stream(candidate.stream(), 0).await?.is_empty() {
        let command = CandidateCommand::RegisterCandidate {
            candidate,
            personal: Pii::new(Personal::default()),
            source: source.to_owned(),
            email_index: None,
        };
        let envelope = Envelope::new(candidate, command, actor.clone());
        match dispatcher.dispatch::<Candidate>(envelope).await {
            // Somebody else with the same origin was faster.
            Err(DispatchError::Refused(refusal)) if refusal.code == "CANDIDATE_EXISTS" => {}
            other => {
                other?;
            }
        }
    }
    Ok(candidate)
}

/// The stored resume; bytes that the candidate handed in before, whenever, are the document they were.
pub(crate) async fn attach(
    dispatcher: &Dispatcher,
    candidate: CandidateId,
    resume: Resume,
    actor: &Actor,
    dress: impl FnOnce(Envelope<CandidateCommand>) -> Envelope<CandidateCommand>,
) -> Result<(DocumentId, Outcome), ApplyError> {
    let log = dispatcher.log();
    let digest = log.vault.key(candidate).await?.digest(&resume.bytes);
    let (state, _) = dispatcher.load::<Candidate>(candidate.0).await?;
    let known = state.resume_with(&digest).map(|r| r.document);
    let document = known.unwrap_or_else(|| DocumentId(log.ids.next()));
    if known.is_none() {
        // Bytes before the event: an event never names a document that is not there.
        log.documents.put(candidate, document, &resume.bytes).await?;
    }
    let command = CandidateCommand::AttachResume {
        document,
        resume_digest: digest.clone(),
        bytes: resume.bytes.len() as u64,
        file: Pii::new(resume.file),
    };
    let envelope = dress(Envelope::new(candidate, command, actor.clone()));
    let outcome = dispatcher.dispatch::<Candidate>(envelope).await?;
    if outcome.events == 0 && known.is_none() {
        // Somebody handed in the same bytes meanwhile.
        let (state, _) = dispatcher.load::<Candidate>(candidate.0).await?;
        let known = state.resume_with(&digest).map(|r| r.document);
        let missing = || LogError::Damaged("a resume was not recorded".into());
        return Ok((known.ok_or_else(missing)?, outcome));
    }
    Ok((document, outcome))
}
