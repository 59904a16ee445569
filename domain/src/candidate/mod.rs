//! The candidate: a person, their resumes and what was read from them.

mod commands;
mod events;
mod profile;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use profile::*;

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names};
use crate::ids::{CandidateId, DocumentId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::Refusal;

/// The largest resume that is taken, in bytes.
pub const MAX_RESUME_BYTES: u64 = 20 * 1024 * 1024;

/// A candidate, folded from their stream. Holds no personal data: that stays in the events, sealed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Their id, once registered.
    pub id: Option<CandidateId>,
    /// Their resumes, oldest first.
    pub resumes: Vec<Resume>,
    /// Other candidates they may be the same person as, and why.
    pub suspected: Vec<(CandidateId, DuplicateSignal)>,
    /// Whether erasure was asked for.
    pub erasure_requested: bool,
    /// Whether their personal data is gone.
    pub erased: bool,
}

/// One resume and how far reading it got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// The stored bytes.
    pub document: DocumentId,
    /// HMAC of the bytes under the person's key.
    pub digest: String,
    /// How far reading it got.
    pub reading: Reading,
}

/// How far reading a resume got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Not read yet.
    Waiting,
    /// Its text is stored under this id.
    Extracted(DocumentId),
    /// Its text is stored under this id, and its profile was parsed.
    Parsed(DocumentId),
    /// It gave no text.
    Failed(String),
}

aggregate!(Candidate, CandidateEvent, CandidateCommand, "candidate");

impl Candidate {
    fn evolve(&mut self, event: CandidateEvent) {
        match event {
            CandidateEvent::CandidateRegistered { candidate, .. } => self.id = Some(candidate),
            CandidateEvent::ResumeReceived { document, resume_digest, .. } => {
                self.resumes.push(Resume {
                    document,
                    digest: resume_digest,
                    reading: Reading::Waiting,
                });
            }
            CandidateEvent::ResumeTextExtracted { document, text, .. } => {
                self.set_reading(document, Reading::Extracted(text));
            }
            CandidateEvent::ResumeExtractionFailed { document, reason, .. } => {
                self.set_reading(document, Reading::Failed(reason));
            }
            CandidateEvent::ResumeParsed { document, .. } => {
                if let Some(Resume { reading, .. }) = self.resume_mut(document)
                    && let Reading::Extracted(text) = *reading
                {
                    *reading = Reading::Parsed(text);
                }
            }
            CandidateEvent::DuplicateSuspected { other, signals } => {
                self.suspected.extend(signals.into_iter().map(|signal| (other, signal)));
            }
            CandidateEvent::DataRequestOpened { kind: DataRequestKind::Erasure } => {
                self.erasure_requested = true;
            }
            CandidateEvent::PersonalDataErased { .. } => self.erased = true,
            CandidateEvent::ManipulationSuspected { .. }
            | CandidateEvent::ProfileCorrected { .. } => {}
        }
    }

    fn set_reading(&mut self, document: DocumentId, to: Reading) {
        if let Some(resume) = self.resume_mut(document) {
            resume.reading = to;
        }
    }

    fn resume_mut(&mut self, document: DocumentId) -> Option<&mut Resume> {
        self.resumes.iter_mut().find(|r| r.document == document)
    }

    /// The resume stored under this id.
    pub fn resume(&self, document: DocumentId) -> Option<&Resume> {
        self.resumes.iter().find(|r| r.document == document)
    }

    /// The resume with these bytes, by their digest.
    pub fn resume_with(&self, digest: &str) -> Option<&Resume> {
        self.resumes.iter().find(|r| r.digest == digest)
    }

    fn known(&self) -> Result<CandidateId, Refusal> {
        let id = self.id.ok_or_else(|| Refusal::not_found("candidate"))?;
        if self.erased {
            return Err(Refusal::conflict("ERASED", "the candidate's personal data was erased"));
        }
        Ok(id)
    }

    fn known_resume(&self, document: DocumentId) -> Result<&Resume, Refusal> {
        self.known()?;
        self.resume(document).ok_or_else(|| Refusal::not_found("resume"))
    }
}

impl Decider for Candidate {
    const KIND: StreamKind = StreamKind::Candidate;
    type Order = CandidateCommand;

    fn decide(
        &self,
        issued: Issued<CandidateCommand>,
    ) -> Result<Decision<CandidateEvent>, Refusal> {
        use CandidateCommand as C;
        use CandidateEvent as E;
        match issued.command {
            C::RegisterCandidate { candidate, personal, source, email_index } => {
                if self.id.is_some() {
                    return Err(Refusal::conflict("CANDIDATE_EXISTS", "already registered")
                        .with_existing(candidate.to_string()));
                }
                let mut decision =
                    Decision::of(E::CandidateRegistered { candidate, personal, source });
                if let Some(blind) = email_index {
                    let message = "somebody is already registered with this e-mail address";
                    decision = decision.reserve(Reserve::Claim {
                        name: names::email(&blind),
                        taken: Refusal::conflict("CANDIDATE_EXISTS", message),
                    });
                }
                Ok(decision)
            }
            C::AttachResume { document, resume_digest, bytes, file } => {
                self.known()?;
                if bytes > MAX_RESUME_BYTES {
                    let message = format!("a resume has at most {MAX_RESUME_BYTES} bytes");
                    return Err(Refusal::too_large(message));
                }
                // The same bytes again, however long ago: the same document again.
                if self.resume_with(&resume_digest).is_some() {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::ResumeReceived { document, resume_digest, bytes, file }))
            }
            C::RecordExtraction { document, text, facts, flags } => {
                if self.known_resume(document)?.reading != Reading::Waiting {
                    return Ok(Decision::unchanged());
                }
                let mut events = flagged(document, flags);
                events.insert(0, E::ResumeTextExtracted { document, text, facts });
                let reservations = vec![Reserve::Claim {
                    name: names::readable(document),
                    taken: Refusal::conflict("WRONG_STATE", "the resume was already read"),
                }];
                Ok(Decision { events, reservations })
            }
            C::RecordExtractionFailure {
                document,
                reason,
                sniffed_type,
                sandbox_without,
                flags,
            } => {
                if self.known_resume(document)?.reading != Reading::Waiting {
                    return Ok(Decision::unchanged());
                }
                let mut events = flagged(document, flags);
                let failed =
                    E::ResumeExtractionFailed { document, reason, sniffed_type, sandbox_without };
                events.insert(0, failed);
                Ok(Decision { events, reservations: vec![] })
            }
            C::RecordProfile { document, profile, parser, chars } => {
                match self.known_resume(document)?.reading {
                    Reading::Extracted(_) => {}
                    Reading::Parsed(_) => return Ok(Decision::unchanged()),
                    Reading::Waiting | Reading::Failed(_) => {
                        let message = "the resume's text was not extracted";
                        return Err(Refusal::conflict("WRONG_STATE", message));
                    }
                }
                if profile
                    .get()
                    .is_some_and(|p| p.fields().any(|f| f.end > chars || f.start > f.end))
                {
                    let message = "a field of the profile lies outside the resume's text";
                    return Err(Refusal::invalid("SPAN_NOT_IN_DOCUMENT", message));
                }
                Ok(Decision::of(E::ResumeParsed { document, profile, parser }))
            }
            C::CorrectField { field, from, to } => {
                self.known()?;
                let known = ["name", "email", "phone"].contains(&field.as_str());
                if !known {
                    let message = format!("`{field}` is not a field that can be corrected");
                    return Err(Refusal::invalid("VALIDATION", message).on_field("field"));
                }
                Ok(Decision::of(E::ProfileCorrected { field, from, to }))
            }
            C::FlagDuplicate { other, signals } => {
                let mut signals = signals;
                signals.retain(|signal| !self.suspected.contains(&(other, *signal)));
                if self.known()? == other || signals.is_empty() {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::DuplicateSuspected { other, signals }))
            }
            C::OpenErasure {} => {
                let id = self.known()?;
                if self.erasure_requested {
                    return Ok(Decision::unchanged());
                }
                let message = "applications are still active; withdraw or decide them first";
                let found = Refusal::conflict("ACTIVE_APPLICATIONS", message);
                let taken = Refusal::conflict("WRONG_STATE", "erasure is under way");
                Ok(Decision::of(E::DataRequestOpened { kind: DataRequestKind::Erasure })
                    .reserve(Reserve::RequireNone { prefix: names::active_of_prefix(id), found })
                    // Found by whoever starts next, should this be cut short.
                    .reserve(Reserve::Claim { name: names::erasing(id), taken }))
            }
            C::CompleteErasure { stores_swept } => {
                if self.erased {
                    return Ok(Decision::unchanged());
                }
                self.known()?;
                if !self.erasure_requested {
                    let message = "erasure was not asked for";
                    return Err(Refusal::conflict("WRONG_STATE", message));
                }
                Ok(Decision::of(E::PersonalDataErased { keys_destroyed: 1, stores_swept })
                    .reserve(Reserve::ReleaseOwned))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        self.id
    }

    fn personal(event: &mut CandidateEvent) -> Vec<&mut dyn PiiField> {
        match event {
            CandidateEvent::CandidateRegistered { personal, .. } => vec![personal],
            CandidateEvent::ResumeReceived { file, .. } => vec![file],
            CandidateEvent::ResumeParsed { profile, .. } => vec![profile],
            CandidateEvent::ProfileCorrected { from, to, .. } => vec![from, to],
            CandidateEvent::ResumeTextExtracted { .. }
            | CandidateEvent::ResumeExtractionFailed { .. }
            | CandidateEvent::ManipulationSuspected { .. }
            | CandidateEvent::DuplicateSuspected { .. }
            | CandidateEvent::DataRequestOpened { .. }
            | CandidateEvent::PersonalDataErased { .. } => vec![],
        }
    }
}

fn flagged(document: DocumentId, flags: Vec<Flag>) -> Vec<CandidateEvent> {
    flags.into_iter().map(|flag| CandidateEvent::ManipulationSuspected { document, flag }).collect()
}
