//! What a read model is.

use event_log::LogError;
use event_log::sql::Transaction;

use crate::fact::Fact;

/// The transaction that a batch of facts and the checkpoint are written in.
pub type Tx<'a> = &'a mut Transaction;

/// Tables folded from facts. The same facts always give the same rows, on every engine.
pub trait ReadModel: Send + Sync {
    /// Its tables, for the digest. The first two columns of each are without a double.
    const TABLES: &'static [&'static str];
    /// What makes them, as SQLite has it; see [`event_log::sql::Dialect::schema`].
    const SCHEMA: &'static str;

    /// Writes what a fact changes.
    fn apply(fact: &Fact, tx: Tx<'_>) -> impl Future<Output = Result<(), LogError>> + Send;
}
