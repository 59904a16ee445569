//! What can go wrong with a log, with a stable code and what to do next.

/// An infrastructure failure. What the rules do not allow is a `domain::refusal::Refusal` instead.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process holds the data folder.
    #[error("the data folder `{0}` is in use by another process")]
    InUse(String),
    /// A file of the data folder is not what it must be.
    #[error("the data folder is damaged: {0}")]
    Damaged(String),
    /// The disk is full.
    #[error("failed to write: the disk is full ({0})")]
    DiskFull(String),
    /// The master key is missing or is not the one that sealed the data.
    #[error("failed to use the master key: {0}")]
    Keys(String),
    /// The data folder was written by a newer version.
    #[error("the data folder has format {found}, this version knows up to {known}")]
    TooNew {
        /// Format found.
        found: i64,
        /// Latest format this version can read.
        known: i64,
    },
    /// A stored event cannot be decoded.
    #[error("failed to decode event {position} ({kind}): {problem}")]
    Undecodable {
        /// Its position.
        position: u64,
        /// Its type.
        kind: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A stored document is missing.
    #[error("document {0} is missing")]
    DocumentMissing(domain::ids::DocumentId),
    /// A stored document is not what was stored.
    #[error("document {0} was altered")]
    DocumentAltered(domain::ids::DocumentId),
    /// The person's key was destroyed.
    #[error("the person's data was erased")]
    Erased,
    /// A setting is wrong: a URL, a user, a right.
    #[error("{0}")]
    Settings(String),
    /// The tables of the database are missing or older than this version needs.
    #[error("schema `{schema}` is at version {found}, this version needs {known}")]
    NotMigrated {
        /// The schema.
        schema: String,
        /// Version found; 0 when there is none.
        found: i64,
        /// Version needed.
        known: i64,
    },
    /// The database or the bus cannot be reached at the moment.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Anything else the machine does.
    #[error("failed to {doing}: {problem}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What happened.
        problem: String,
    },
}

impl LogError {
    /// A stable code for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse(_) => "DATA_IN_USE",
            Self::Damaged(_) => "DATA_DAMAGED",
            Self::DiskFull(_) => "DISK_FULL",
            Self::Keys(_) => "MASTER_KEY",
            Self::TooNew { .. } => "DATA_TOO_NEW",
            Self::Undecodable { .. } => "EVENT_UNDECODABLE",
            Self::DocumentMissing(_) => "DOCUMENT_MISSING",
            Self::DocumentAltered(_) => "DOCUMENT_ALTERED",
            Self::Erased => "ERASED",
            Self::Settings(_) => "DATABASE_SETTINGS",
            Self::NotMigrated { .. } => "NOT_MIGRATED",
            Self::Unavailable(_) => "DATABASE_UNAVAILABLE",
            Self::Io { .. } => "IO",
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::InUse(_) => "wait for the other process to end, or use another folder (--data)",
            Self::Damaged(_) => {
                "restore the folder from a backup; nothing was changed. If only read models are \
                 affected, `hiresphere rebuild` makes them anew"
            }
            Self::DiskFull(_) => "free some space and run the same command again; nothing was lost",
            Self::Keys(_) => {
                "put back the folder keys/ that belongs to this data folder; nothing was changed"
            }
            Self::TooNew { .. } => "use the newer version of hiresphere that wrote it",
            Self::Undecodable { .. } | Self::DocumentMissing(_) | Self::DocumentAltered(_) => {
                "restore the data folder from a backup"
            }
            Self::Erased => "erased data cannot be brought back",
            Self::Settings(_) => "check the URL, the user and its rights (README, \"Distributed\")",
            Self::NotMigrated { .. } => "run `hiresphere migrate` with the same --database-url",
            Self::Unavailable(_) => {
                "check that the server runs and that its URL is right, then try again; nothing was lost"
            }
            Self::Io { .. } => {
                "check that the data folder exists, can be written and its disk works"
            }
        }
    }

    /// Whether trying the same again at once cannot help, so that work must stop rather than be
    /// parked event by event.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::Undecodable { .. }
                | Self::DocumentMissing(_)
                | Self::DocumentAltered(_)
                | Self::Erased
        )
    }

    pub(crate) fn io(doing: &'static str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge => Self::DiskFull(error.to_string()),
            _ => Self::Io { doing, problem: error.to_string() },
        }
    }
}
