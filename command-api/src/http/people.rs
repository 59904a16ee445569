//! What both applying and registering know of people: their e-mail address, once in the log, and their
//! resumes.

use domain::actor::{Actor, ActorKind};
use domain::candidate::{Candidate, CandidateCommand, MAX_RESUME_BYTES, Personal};
use domain::decide::names;
use domain::ids::{CandidateId, DocumentId};
use domain::pii::Pii;
use domain::refusal::{Fields, Refusal};
use event_log::{Envelope, LogError, Outcome};
use web::Problem;
use web::extract::{Meta, Upload};

use super::CommandApi;

/// The keyed blind index of an e-mail address.
pub(super) fn blind_email(api: &CommandApi, email: &str) -> String {
    api.dispatcher.log().vault.blind("email", email.trim().to_lowercase().as_bytes())
}

/// The candidate who registered with an e-mail address.
pub(super) async fn known_by(
    api: &CommandApi,
    email: &str,
) -> Result<Option<CandidateId>, LogError> {
    let name = names::email(&blind_email(api, email));
    Ok(api.dispatcher.log().store.holder(&name).await?.map(|stream| stream.id.into()))
}

/// Checks what a person tells of themselves.
pub(super) fn check(personal: &Personal, needed: bool) -> Result<(), Refusal> {
    let mut fields = Fields::default();
    match &personal.name {
        Some(name) => fields.text(name, "name", 200),
        None => fields.check(!needed, "name", "must not be empty"),
    }
    match &personal.email {
        Some(email) => fields.check(is_address(email), "email", "is not an e-mail address"),
        None => fields.check(!needed, "email", "must not be empty"),
    }
    if let Some(phone) = &personal.phone {
        fields.text(phone, "phone", 50);
    }
    fields.check(personal.links.len() <= 20, "links", "are more than 20");
    for (i, link) in personal.links.iter().enumerate() {
        let web = link.starts_with("https://") || link.starts_with("http://");
        fields.check(web && link.len() <= 500, format!("links[{i}]"), "is not a web address");
    }
    fields.done()
}

/// Something at something, no blanks, at most 254 bytes (RFC 5321). More only sending mail can tell.
fn is_address(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && parts.is_some_and(|(local, host)| plain(local) && plain(host) && !local.contains('@'))
}

/// Registers a person; the address is theirs from then on.
pub(super) async fn register(
    api: &CommandApi,
    meta: &Meta,
    personal: Personal,
    source: String,
    actor: Option<Actor>,
    keyed: Option<&[u8]>,
) -> Result<Outcome, Problem> {
    let candidate = CandidateId(api.dispatcher.log().ids.next());
    let email_index = personal.email.as_deref().map(|email| blind_email(api, email));
    let order = CandidateCommand::RegisterCandidate {
        candidate,
        personal: Pii::new(personal),
        source,
        email_index,
    };
    // Whoever registers themselves is named by what they become.
    let actor = actor.unwrap_or_else(|| myself(candidate));
    let envelope = match keyed {
        Some(body) => meta.envelope(candidate.0, order, actor, body),
        None => step(meta, candidate.0, order, actor),
    };
    Ok(api.dispatcher.dispatch::<Candidate>(envelope).await?)
}

/// A candidate as an actor.
pub(super) fn myself(candidate: CandidateId) -> Actor {
    Actor::new(ActorKind::Candidate, candidate.to_string())
}

/// A step of a longer write: it belongs to the request, its last step carries the key.
pub(super) fn step<C>(meta: &Meta, id: uuid::Uuid, command: C, actor: Actor) -> Envelope<C> {
    let mut envelope = Envelope::new(id, command, actor);
    envelope.correlation_id = Some(meta.request.clone());
    envelope.traceparent.clone_from(&meta.traceparent);
    envelope
}

/// Refuses what cannot be a resume before anything is written.
pub(super) fn check_resume(api: &CommandApi, file: &Upload) -> Result<(), Problem> {
    if file.bytes.is_empty() {
        return Err(Problem::field("resume", "is empty"));
    }
    if file.bytes.len() as u64 > MAX_RESUME_BYTES {
        let message = format!("a resume has at most {MAX_RESUME_BYTES} bytes");
        return Err(Refusal::too_large(message).into());
    }
    if api.beside.readable(&file.bytes).is_none() {
        let message = "resumes are PDF, DOCX, ODT, RTF, HTML, text or pictures (PNG, JPEG, TIFF, WebP), by what is in the file";
        return Err(Refusal::unsupported_type(message).on_field("resume").into());
    }
    Ok(())
}

/// Stores a resume and attaches it; the same bytes again are the same document.
pub(super) async fn attach(
    api: &CommandApi,
    meta: &Meta,
    candidate: CandidateId,
    file: Upload,
    actor: Actor,
    keyed: Option<&[u8]>,
) -> Result<(DocumentId, Outcome), Problem> {
    let resume = crate::apply::Resume { origin: String::new(), file: file.name, bytes: file.bytes };
    let dress = |plain: Envelope<CandidateCommand>| match keyed {
        Some(body) => meta.envelope(plain.id, plain.command, plain.actor, body),
        None => step(meta, plain.id, plain.command, plain.actor),
    };
    Ok(crate::apply::attach(&api.dispatcher, candidate, resume, &actor, dress).await?)
}
