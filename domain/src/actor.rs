//! Who did it.

use serde::{Deserialize, Serialize};

/// Who issued a command, as every event records it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Their id: a member's, a candidate's, a model release's, or the name of a part of the system.
    pub id: String,
    /// For whom, when they act for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// What kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody who works here.
    Member,
    /// A program with a key of its own.
    ApiKey,
    /// An applicant.
    Candidate,
    /// A scoring engine.
    Model,
    /// A part of the system.
    System,
}

impl Actor {
    /// An actor that acts for itself.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), on_behalf_of: None }
    }

    /// A part of the system.
    pub fn system(part: &str) -> Self {
        Self::new(ActorKind::System, part)
    }

    /// Whether no human decides here: a model or the system.
    pub fn is_machine(&self) -> bool {
        matches!(self.kind, ActorKind::Model | ActorKind::System)
    }
}
