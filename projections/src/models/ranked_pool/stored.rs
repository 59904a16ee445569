//! The pool's tables, as those who fold see them.

use uuid::Uuid;

use crate::rows::table;

table! {
    /// What is known of a candidate, and whether a person said it.
    pub(super) struct PoolCandidate in "pool_candidates" { candidate: Uuid } {
        name: Option<String>,
        email: Option<String>,
        name_given: bool,
        email_given: bool,
        position: i64,
    }
}

table! {
    /// A resume.
    pub(super) struct PoolResume in "pool_resumes" { document: Uuid } {
        candidate: Uuid,
        digest: String,
        file: Option<String>,
        failure: Option<String>,
        flags: String,
        position: i64,
    } by candidate
}

table! {
    /// Somebody else that a candidate may be.
    pub(super) struct PoolDuplicate in "pool_duplicates" { candidate: Uuid, other: Uuid } {
        signals: String,
    }
}

table! {
    /// An application, and its place.
    pub(in crate::models) struct PoolApplication in "pool" { application: Uuid } {
        candidate: Uuid,
        job: Uuid,
        document: Uuid,
        status: String,
        stage: String,
        stage_kind: String,
        shortlisted: bool,
        on_hold: bool,
        standing: String,
        submitted: i64,
        submitted_at: i64,
        ai_opt_out: bool,
        version: i64,
        position: i64,
        outcome: String,
        run: Option<String>,
        unscored: bool,
        total_down: i64,
        tie_down: i64,
        tie_file: String,
        nameless: bool,
        sort_name: String,
        flagged: bool,
    } by candidate
}

table! {
    /// A score run: what was asked for, and what came of it.
    pub(in crate::models) struct PoolRun in "pool_runs" { application: Uuid, run: String } {
        asked: i64,
        document: Uuid,
        engine: String,
        rubric: String,
        shadow: bool,
        failure: Option<String>,
        total: Option<i64>,
        machine_total: Option<i64>,
        tie_break: Option<i64>,
        parts: String,
        reason: Option<String>,
        position: i64,
    } by key application
}
