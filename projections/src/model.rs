//! What a read model is.

use event_log::LogError;
use event_log::sql::Transaction;

use crate::fact::Fact;
use crate::rows::Rows;

/// A transaction that is read in.
pub type Tx<'a> = &'a mut Transaction;

/// Tables folded from facts. The same facts always give the same rows, on every engine.
pub trait ReadModel: Send + Sync {
    /// Its tables, for the digest. The first two columns of each are without a double.
    const TABLES: &'static [&'static str];
    /// What makes them, and the indexes that rows are looked up by while events are folded, as SQLite has it; see
    /// [`event_log::sql::Dialect::schema`].
    const SCHEMA: &'static str;
    /// What makes the indexes that only queries use: a rebuild makes them last.
    const INDEXES: &'static str = "";

    /// Reads at once what a batch of facts will need.
    fn prepare(
        facts: &[Fact],
        rows: &mut Rows<'_>,
    ) -> impl Future<Output = Result<(), LogError>> + Send {
        let _ = (facts, rows);
        async { Ok(()) }
    }

    /// Changes what a fact changes.
    fn apply(fact: &Fact, rows: &mut Rows<'_>)
    -> impl Future<Output = Result<(), LogError>> + Send;
}
