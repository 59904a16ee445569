//! The stages an application to a job moves through.

use serde::{Deserialize, Serialize};

use crate::interview::Kit;
use crate::refusal::{Fields, Refusal};

/// One place in a job's pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stage {
    /// Stable id within the job: `phone_screen`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What the stage is for; it decides the application's status.
    pub kind: StageKind,
    /// Days within which an application should have left the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla_days: Option<u32>,
    /// Scorecards needed before an application may leave it.
    #[serde(default)]
    pub required_scorecards: u32,
    /// What interviews in this stage ask.
    #[serde(default, skip_serializing_if = "Kit::is_empty")]
    pub kit: Kit,
}

/// What a stage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Where applications arrive.
    Submitted,
    /// Read and scored by people.
    Screening,
    /// Talks.
    Interviewing,
    /// An offer is being made.
    Offer,
    /// The terminal stage.
    Hired,
}

impl StageKind {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Screening => "screening",
            Self::Interviewing => "interviewing",
            Self::Offer => "offer",
            Self::Hired => "hired",
        }
    }
}

/// The pipeline a job starts with.
pub fn default_pipeline() -> Vec<Stage> {
    let stage = |id: &str, name: &str, kind| Stage {
        id: id.into(),
        name: name.into(),
        kind,
        sla_days: None,
        required_scorecards: 0,
        kit: Kit::default(),
    };
    vec![
        stage("submitted", "Submitted", StageKind::Submitted),
        stage("screening", "Screening", StageKind::Screening),
        stage("interview", "Interview", StageKind::Interviewing),
        stage("offer", "Offer", StageKind::Offer),
        stage("hired", "Hired", StageKind::Hired),
    ]
}

/// # Errors
/// VALIDATION for blank or doubled ids and for a pipeline that does not begin where applications
/// arrive; NO_TERMINAL_STAGE when it does not end in exactly one hired stage.
pub fn check_pipeline(stages: &[Stage]) -> Result<(), Refusal> {
    let mut fields = Fields::default();
    fields.check(stages.len() <= 50, "stages", "are more than 50");
    for (i, stage) in stages.iter().enumerate() {
        let simple = !stage.id.is_empty()
            && stage.id.len() <= 50
            && stage.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        fields.check(simple, format!("stages[{i}].id"), "must be lower-case letters, digits and _");
        let doubled = stages[..i].iter().any(|s| s.id == stage.id);
        fields.check(!doubled, format!("stages[{i}].id"), "is used twice");
        fields.text(&stage.name, &format!("stages[{i}].name"), 100);
        stage.kit.check(&mut fields, &format!("stages[{i}].kit"));
        let first = (stage.kind == StageKind::Submitted) == (i == 0);
        fields.check(
            first,
            format!("stages[{i}].kind"),
            "exactly the first stage must be `submitted`",
        );
    }
    fields.done()?;
    let hired = stages.iter().filter(|s| s.kind == StageKind::Hired).count();
    if hired != 1 || stages.last().is_none_or(|s| s.kind != StageKind::Hired) {
        let message = "a pipeline must end in its one `hired` stage";
        return Err(Refusal::invalid("NO_TERMINAL_STAGE", message).on_field("stages"));
    }
    Ok(())
}
