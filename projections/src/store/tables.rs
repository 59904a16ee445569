//! The tables themselves, wherever they are: making them, their checkpoint, and their digest.

use event_log::LogError;
use event_log::sql::{Dialect, Pool, Row, Transaction, Value, query};
use sha2::{Digest as _, Sha256};

use crate::columns::snapshot;
use crate::models;

const CHECKPOINT: &str = "CREATE TABLE checkpoint (position BIGINT NOT NULL); \
                          INSERT INTO checkpoint VALUES (0);";

/// Makes all of them, empty, for [`index`] to follow.
pub(super) async fn create(tx: &mut Transaction) -> Result<(), LogError> {
    let dialect = tx.dialect();
    for schema in models::schemas().chain([CHECKPOINT]) {
        tx.script(&dialect.schema(schema)).await?;
    }
    Ok(())
}

/// Makes the indexes that only queries use.
pub(super) async fn index(tx: &mut Transaction) -> Result<(), LogError> {
    for indexes in models::indexes() {
        tx.script(indexes).await?;
    }
    Ok(())
}

/// Every event up to here is in the tables.
pub(super) async fn checkpoint(pool: &Pool) -> Result<u64, LogError> {
    query("SELECT position FROM checkpoint").fetch_one(pool).await?.get("position")
}

/// Which tables they are, of those that are swapped for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Which {
    /// How often files were swapped in this process, the only one that uses them.
    swaps: u64,
    /// By the server's own number.
    number: i64,
}

impl Which {
    pub(super) fn after(swaps: u64) -> Self {
        Self { swaps, number: 0 }
    }

    /// Moves their checkpoint from one position to another and answers which they are; `None` when they are not at
    /// the first.
    pub(crate) async fn moved(
        self,
        tx: &mut Transaction,
        from: u64,
        to: u64,
    ) -> Result<Option<Self>, LogError> {
        let number = match tx.dialect() {
            Dialect::Sqlite => "0",
            Dialect::Postgres => "CAST(tableoid AS BIGINT)",
        };
        let sql = format!(
            "UPDATE checkpoint SET position = $1 WHERE position = $2 RETURNING {number} AS number"
        );
        let moved = query(&sql).bind(to).bind(from).fetch_optional(tx).await?;
        moved.map(|row| Ok(Self { number: row.get("number")?, ..self })).transpose()
    }
}

/// SHA-256 over every row of every table in key order, each as a JSON array, and the position at which it was taken.
pub(super) async fn digest(pool: &Pool) -> Result<(String, u64), LogError> {
    let (mut tx, position) = snapshot(pool).await?;
    let mut hash = Sha256::new();
    for table in models::tables() {
        hash.update(table.as_bytes());
        let sql = in_order(table, &mut tx).await?;
        let mut array = Vec::new();
        let each = query(&sql).fetch_each(&mut tx, |row| {
            if let Row::Sqlite(_) = row {
                hash.update(row.at::<&str>(0)?);
            } else {
                array.clear();
                write(row, &mut array)?;
                hash.update(&array);
            }
            hash.update(b"\n");
            Ok(())
        });
        each.await?;
    }
    Ok((hash.finalize().iter().map(|b| format!("{b:02x}")).collect(), position))
}

/// What selects every row of a table in the order of its key. No two rows are alike in the first two columns.
async fn in_order(table: &str, tx: &mut Transaction) -> Result<String, LogError> {
    if tx.dialect() == Dialect::Postgres {
        return Ok(format!("SELECT * FROM {table} ORDER BY 1, 2"));
    }
    // SQLite makes the array itself: to take a row out of it costs as much for each column as the row does.
    let sql = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
    let columns = query(sql).bind(table).fetch_all(&mut *tx).await?;
    let columns: Vec<&str> = columns.iter().map(|row| row.at(0)).collect::<Result<_, _>>()?;
    let key: Vec<&str> = columns.iter().take(2).copied().collect();
    Ok(format!(
        "SELECT json_array({}) FROM {table} ORDER BY {}",
        columns.join(", "),
        key.join(", ")
    ))
}

/// Writes a row as SQLite's `json_array` does.
fn write(row: &Row, into: &mut Vec<u8>) -> Result<(), LogError> {
    let failed =
        |e: serde_json::Error| LogError::Io { doing: "compare rows", problem: e.to_string() };
    into.push(b'[');
    for index in 0..row.len() {
        if index > 0 {
            into.push(b',');
        }
        match row.value(index)? {
            Value::Int(number) => serde_json::to_writer(&mut *into, &number),
            Value::Text(text) => serde_json::to_writer(&mut *into, &text),
            Value::Real(_) | Value::Bytes(_) => {
                return Err(LogError::Damaged("a column of a type that no table has".into()));
            }
        }
        .map_err(failed)?;
    }
    into.push(b']');
    Ok(())
}
