//! What a command ends with when it cannot do its work: a stable code, what happened, what to do.

use std::io;

use event_log::{DispatchError, LogError};
use projections::RebuildError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) advice: String,
}

impl Failure {
    pub(crate) fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { code: code.into(), message: message.into(), advice: advice.into() }
    }

    pub(crate) fn io(doing: &str, error: &io::Error) -> Self {
        let (code, advice) = match error.kind() {
            io::ErrorKind::BrokenPipe => ("CLOSED_PIPE", ""),
            io::ErrorKind::StorageFull => ("DISK_FULL", "free some space and run it again"),
            _ => ("IO", "check the path and its permissions"),
        };
        Self::new(code, format!("failed to {doing}: {error}"), advice)
    }

    /// Whoever read our output went away, as `head` does: not a failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.code == "CLOSED_PIPE"
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::new(error.code(), error.to_string(), error.advice())
    }
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        Self::new(error.code(), error.to_string(), error.advice())
    }
}

impl From<DispatchError> for Failure {
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Refused(refusal) => Self::new(refusal.code, refusal.message, ""),
            DispatchError::Log(error) => error.into(),
        }
    }
}
