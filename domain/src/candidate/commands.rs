//! Commands of the candidate.

use super::{DuplicateSignal, ExtractionFacts, Flag, Personal, Profile};
use crate::ids::{CandidateId, DocumentId};
use crate::pii::Pii;

/// What an applicant, a recruiter, an import or a scorer can ask of a candidate.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
#[allow(clippy::large_enum_variant, reason = "made one at a time and soon dropped")]
pub enum CandidateCommand {
    /// Begin a candidate. `email_index` is the keyed blind index of their address, where uniqueness
    /// is wanted. Refused: CANDIDATE_EXISTS.
    RegisterCandidate {
        candidate: CandidateId,
        personal: Pii<Personal>,
        source: String,
        email_index: Option<String>,
    },
    /// Hand in a resume; the bytes of any of the candidate's resumes again change nothing.
    /// Refused: TOO_LARGE.
    AttachResume { document: DocumentId, resume_digest: String, bytes: u64, file: Pii<String> },
    /// (extractor) The resume was read. `text` is where the extraction is stored.
    RecordExtraction {
        document: DocumentId,
        text: DocumentId,
        facts: ExtractionFacts,
        flags: Vec<Flag>,
    },
    /// (extractor) The resume gave no text.
    RecordExtractionFailure {
        document: DocumentId,
        reason: String,
        sniffed_type: String,
        sandbox_without: Vec<String>,
        flags: Vec<Flag>,
    },
    /// (parser) `chars` is the length of the visible text. Refused: SPAN_NOT_IN_DOCUMENT, WRONG_STATE.
    RecordProfile { document: DocumentId, profile: Pii<Profile>, parser: String, chars: u32 },
    /// A person corrects what was read: `name`, `email` or `phone`. Refused: VALIDATION.
    CorrectField { field: String, from: Pii<Option<String>>, to: Pii<String> },
    /// Two candidates may be one person. For a human to look at; nothing is merged.
    FlagDuplicate { other: CandidateId, signals: Vec<DuplicateSignal> },
    /// Ask for erasure. Refused: ACTIVE_APPLICATIONS.
    OpenErasure {},
    /// (vault) The key is destroyed and the stores are swept. Refused: WRONG_STATE.
    CompleteErasure { stores_swept: Vec<String> },
}

crate::decide::named!(CandidateCommand {
    RegisterCandidate,
    AttachResume,
    RecordExtraction,
    RecordExtractionFailure,
    RecordProfile,
    CorrectField,
    FlagDuplicate,
    OpenErasure,
    CompleteErasure
});
