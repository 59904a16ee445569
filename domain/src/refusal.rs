//! Refusals: what a command is answered when the rules do not allow it.

use serde::{Deserialize, Serialize};

/// A typed refusal. `code` is stable and part of the contract; `message` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The class of the refusal, which faces map to their own numbers (HTTP status, exit code).
    pub kind: RefusalKind,
    /// Stable, upper-case: `PAY_RANGE`, `ALREADY_APPLIED`.
    pub code: String,
    /// What was wrong and what to do about it.
    pub message: String,
    /// The fields at fault, for a form to mark.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// The existing thing the command ran into, where there is one (`ALREADY_APPLIED` names the application).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
}

/// The class of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The caller may not do this (403).
    Forbidden,
    /// There is no such thing, or not for this caller (404).
    NotFound,
    /// The thing is not in a state that allows it (409).
    Conflict,
    /// More bytes than allowed (413).
    TooLarge,
    /// Not a type that can be read (415).
    UnsupportedType,
    /// The command itself makes no sense (422).
    Invalid,
}

/// One field of a command that cannot stand, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Path of the field in the command: `pay.min`, `stages[2].id`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Refusal {
    fn new(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), fields: vec![], existing: None }
    }

    /// 403 with a stable code.
    pub fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Forbidden, code, message)
    }

    /// 404 NOT_FOUND.
    pub fn not_found(what: &str) -> Self {
        Self::new(RefusalKind::NotFound, "NOT_FOUND", format!("there is no such {what}"))
    }

    /// 409 with a stable code.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Conflict, code, message)
    }

    /// 413 TOO_LARGE.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::TooLarge, "TOO_LARGE", message)
    }

    /// 415 UNSUPPORTED_TYPE.
    pub fn unsupported_type(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::UnsupportedType, "UNSUPPORTED_TYPE", message)
    }

    /// 422 with a stable code, without a field list.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, message)
    }

    /// 422 OUT_OF_RANGE: a number a machine gave is outside its bounds.
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Self::invalid("OUT_OF_RANGE", message)
    }

    /// 422 VALIDATION with its per-field list.
    pub fn validation(fields: Vec<FieldProblem>) -> Self {
        let names: Vec<&str> = fields.iter().map(|f| f.field.as_str()).collect();
        let message = format!("these fields cannot stand: {}", names.join(", "));
        Self { fields, ..Self::invalid("VALIDATION", message) }
    }

    /// Names the existing thing the command ran into.
    #[must_use]
    pub fn with_existing(mut self, id: impl Into<String>) -> Self {
        self.existing = Some(id.into());
        self
    }

    /// Adds a field the refusal is about.
    #[must_use]
    pub fn on_field(mut self, field: &str) -> Self {
        let problem = self.message.clone();
        self.fields.push(FieldProblem { field: field.into(), problem });
        self
    }
}

/// Collects field problems, then answers VALIDATION if there were any.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldProblem>);

impl Fields {
    /// Notes a problem unless `ok`.
    pub fn check(&mut self, ok: bool, field: impl Into<String>, problem: &str) {
        if !ok {
            self.0.push(FieldProblem { field: field.into(), problem: problem.into() });
        }
    }

    /// Notes a problem when the text is blank or longer than `max` scalars.
    pub fn text(&mut self, value: &str, field: &str, max: usize) {
        self.check(!value.trim().is_empty(), field, "must not be empty");
        self.check(
            value.chars().count() <= max,
            field,
            &format!("is longer than {max} characters"),
        );
    }

    /// # Errors
    /// `VALIDATION` when anything was noted.
    pub fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::validation(self.0)) }
    }
}
