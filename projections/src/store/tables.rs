//! The tables themselves, wherever they are: making them, their checkpoint, and their digest.

use event_log::LogError;
use event_log::sql::{Pool, Transaction, Value, query};
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

/// SHA-256 over every row of every table in key order, and the position at which it was taken.
pub(super) async fn digest(pool: &Pool) -> Result<(String, u64), LogError> {
    let (mut tx, position) = snapshot(pool).await?;
    let mut hash = Sha256::new();
    for table in models::tables() {
        hash.update(table.as_bytes());
        // No two rows are alike in these.
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2");
        let each = query(&sql).fetch_each(&mut tx, |row| {
            for index in 0..row.len() {
                add(&mut hash, &row.value(index)?);
            }
            Ok(())
        });
        each.await?;
    }
    Ok((hash.finalize().iter().map(|b| format!("{b:02x}")).collect(), position))
}

fn add(hash: &mut Sha256, value: &Value<'_>) {
    let number;
    let bytes = match value {
        Value::Int(Some(n)) => {
            number = n.to_be_bytes();
            Some(number.as_slice())
        }
        Value::Real(Some(n)) => {
            number = n.to_be_bytes();
            Some(number.as_slice())
        }
        Value::Text(Some(text)) => Some(text.as_bytes()),
        Value::Bytes(Some(bytes)) => Some(bytes.as_ref()),
        Value::Int(None) | Value::Real(None) | Value::Text(None) | Value::Bytes(None) => None,
    };
    hash.update([u8::from(bytes.is_none())]);
    hash.update((bytes.map_or(0, <[u8]>::len) as u64).to_be_bytes());
    hash.update(bytes.unwrap_or_default());
}
