//! Events of the candidate.

use serde::{Deserialize, Serialize};

use super::Profile;
use crate::decide::wire_names;
use crate::ids::{CandidateId, DocumentId};
use crate::pii::Pii;

/// Facts about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
#[allow(clippy::large_enum_variant, reason = "made one at a time and soon dropped")]
pub enum CandidateEvent {
    /// A person became known.
    #[serde(rename = "candidate.registered.v1")]
    CandidateRegistered { candidate: CandidateId, personal: Pii<Personal>, source: String },
    /// A resume was handed in and its bytes are stored.
    #[serde(rename = "candidate.resume_received.v1")]
    ResumeReceived { document: DocumentId, resume_digest: String, bytes: u64, file: Pii<String> },
    /// It was read; the text is stored, sealed, under `text`.
    #[serde(rename = "candidate.resume_text_extracted.v1")]
    ResumeTextExtracted { document: DocumentId, text: DocumentId, facts: ExtractionFacts },
    /// It gave no text.
    #[serde(rename = "candidate.resume_extraction_failed.v1")]
    ResumeExtractionFailed {
        document: DocumentId,
        reason: String,
        sniffed_type: String,
        /// As in [`ExtractionFacts`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sandbox_without: Vec<String>,
    },
    /// Text that people would not see was found and kept from grading.
    #[serde(rename = "candidate.manipulation_suspected.v1")]
    ManipulationSuspected { document: DocumentId, flag: Flag },
    /// Its facts were parsed.
    #[serde(rename = "candidate.resume_parsed.v1")]
    ResumeParsed { document: DocumentId, profile: Pii<Profile>, parser: String },
    /// A person corrected what was read.
    #[serde(rename = "candidate.profile_corrected.v1")]
    ProfileCorrected { field: String, from: Pii<Option<String>>, to: Pii<String> },
    /// They may be the same person as another candidate.
    #[serde(rename = "candidate.duplicate_suspected.v1")]
    DuplicateSuspected { other: CandidateId, signals: Vec<DuplicateSignal> },
    /// They asked for something about their data.
    #[serde(rename = "candidate.data_request_opened.v1")]
    DataRequestOpened { kind: DataRequestKind },
    /// Their key is destroyed and the stores are swept; what is left is the audit skeleton.
    #[serde(rename = "candidate.personal_data_erased.v1")]
    PersonalDataErased { keys_destroyed: u32, stores_swept: Vec<String> },
}

wire_names!(CandidateEvent {
    CandidateRegistered => "candidate.registered.v1",
    ResumeReceived => "candidate.resume_received.v1",
    ResumeTextExtracted => "candidate.resume_text_extracted.v1",
    ResumeExtractionFailed => "candidate.resume_extraction_failed.v1",
    ManipulationSuspected => "candidate.manipulation_suspected.v1",
    ResumeParsed => "candidate.resume_parsed.v1",
    ProfileCorrected => "candidate.profile_corrected.v1",
    DuplicateSuspected => "candidate.duplicate_suspected.v1",
    DataRequestOpened => "candidate.data_request_opened.v1",
    PersonalDataErased => "candidate.personal_data_erased.v1",
});

/// What a person tells about themselves when they are registered. All of it may be missing: an
/// import knows a file, and learns the name by reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Personal {
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Web pages and public profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}

/// How a resume was read; nothing of what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExtractionFacts {
    /// Media type by content.
    pub sniffed_type: String,
    /// `text_layer`, `ocr`, `docx`, `odt`, `rtf`, `html`, `plain_text`; several when pages differ.
    pub methods: Vec<String>,
    /// The reader and its version.
    pub engine: String,
    /// How many pages were read.
    pub pages: u32,
    /// Unicode scalars of visible text.
    pub chars: u32,
    /// Whether pages beyond the limit were left unread.
    pub truncated: bool,
    /// The language of the visible text, as ISO 639-3 has it (`eng`), where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Layers of the sandbox that the machine which read it does not have: `landlock`, `seccomp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox_without: Vec<String>,
}

/// Hidden text of one kind on one page: where, why and how much, not what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Flag {
    /// `invisible`, `low_contrast`, `tiny`, `off_page`, `covered`, `zero_width`, `metadata`, `annotation`, `remapped`.
    pub kind: String,
    /// The page.
    pub page: u32,
    /// Unicode scalars that were hidden there.
    pub chars: u32,
}

/// Why two candidates may be one person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateSignal {
    /// Their resumes name the same e-mail address.
    SameEmail,
    /// Their resumes are the same file, byte for byte.
    SameFile,
}

/// What a person asks about their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataRequestKind {
    /// To have it erased.
    Erasure,
}
