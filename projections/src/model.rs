//! What a read model is.

use event_log::LogError;
use sqlx::SqliteConnection;

use crate::fact::Fact;

/// The transaction that a batch of facts and the checkpoint are written in.
pub type Tx<'a> = &'a mut SqliteConnection;

/// Tables folded from facts. The same facts always give the same rows.
pub trait ReadModel: Send + Sync {
    /// Its tables, for the digest.
    const TABLES: &'static [&'static str];
    /// What makes them.
    const SCHEMA: &'static str;

    /// Writes what a fact changes.
    fn apply(fact: &Fact, tx: Tx<'_>) -> impl Future<Output = Result<(), LogError>> + Send;
}
