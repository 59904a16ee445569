//! Many rows of one table, written at once.

use std::fmt::Write as _;

use sqlx::postgres::PgConnection;

use super::server::of_postgres;
use super::{Transaction, Value, query};
use crate::error::LogError;

/// How many rows SQLite is given in one statement: as many of the most as there are, then of the next. So a table has
/// three statements, and not one for every number of rows.
const AT_ONCE: [usize; 3] = [128, 16, 1];
/// From how many rows on PostgreSQL is better sent them as a stream, which takes a round trip more.
const STREAMED: usize = 32;
/// Bytes of a stream that are sent at once.
const SENT: usize = 1 << 16;

/// Rows of one table. Every row has a value for each column, of one type in all rows.
pub struct Bulk<'r> {
    table: &'static str,
    columns: &'static [&'static str],
    key: usize,
    values: Vec<Value<'r>>,
}

impl<'r> Bulk<'r> {
    /// No rows yet, of a table with these columns, the first `key` of which are its primary key.
    pub fn new(table: &'static str, columns: &'static [&'static str], key: usize) -> Self {
        Self { table, columns, key, values: Vec::new() }
    }

    /// Where the next row's values are put.
    pub fn values(&mut self) -> &mut Vec<Value<'r>> {
        &mut self.values
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Writes rows that are not in the table.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed); `IO` when one of them is there.
    pub async fn insert(self, tx: &mut Transaction) -> Result<(), LogError> {
        match tx {
            Transaction::Postgres(connection) if self.len() >= STREAMED => {
                self.stream(connection).await
            }
            tx => self.write(String::new(), tx).await,
        }
    }

    /// Writes rows that may be in the table, over those that are.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn upsert(self, tx: &mut Transaction) -> Result<(), LogError> {
        let (key, rest) = self.columns.split_at(self.key.min(self.columns.len()));
        let rest: Vec<_> = rest.iter().map(|c| format!("{c} = excluded.{c}")).collect();
        let or = format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), rest.join(", "));
        self.write(or, tx).await
    }

    async fn write(self, or: String, tx: &mut Transaction) -> Result<(), LogError> {
        let head = format!("INSERT INTO {} ({})", self.table, self.columns.join(", "));
        match tx {
            Transaction::Sqlite(_) => self.write_sqlite(&head, &or, tx).await,
            Transaction::Postgres(_) => self.write_postgres(&head, &or, tx).await,
        }
    }

    async fn write_sqlite(
        mut self,
        head: &str,
        or: &str,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let width = self.columns.len();
        let one = format!("({})", vec!["?"; width].join(", "));
        let mut values = self.values.drain(..);
        for rows in AT_ONCE {
            if values.len() < rows * width {
                continue;
            }
            let sql = format!("{head} VALUES {}{or}", vec![one.as_str(); rows].join(", "));
            while values.len() >= rows * width {
                let query = values
                    .by_ref()
                    .take(rows * width)
                    .fold(query(&sql), |query, value| query.bind(value));
                query.execute(&mut *tx).await?;
            }
        }
        Ok(())
    }

    async fn write_postgres(
        self,
        head: &str,
        or: &str,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let Transaction::Postgres(connection) = tx else { return Ok(()) };
        let width = self.columns.len();
        let mut arrays: Vec<Array<'r>> = self.values.iter().take(width).map(Array::of).collect();
        for (i, value) in self.values.into_iter().enumerate() {
            if let Some(array) = arrays.get_mut(i % width) {
                array.push(value);
            }
        }
        let mut sql = format!("{head} SELECT * FROM UNNEST(");
        for (i, array) in arrays.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(sql, "{comma}${}::{}[]", i + 1, array.kind());
        }
        sql.push(')');
        sql.push_str(or);
        let query = arrays.into_iter().fold(sqlx::query(&sql), |query, array| match array {
            Array::Int(all) => query.bind(all),
            Array::Real(all) => query.bind(all),
            Array::Text(all) => query.bind(all),
            Array::Bytes(all) => query.bind(all),
        });
        query.execute(&mut **connection).await.map(drop).map_err(of_postgres)
    }

    /// `COPY` in its binary format: <https://www.postgresql.org/docs/current/sql-copy.html>.
    async fn stream(self, connection: &mut PgConnection) -> Result<(), LogError> {
        let width = self.columns.len();
        let fields = i16::try_from(width).unwrap_or(i16::MAX).to_be_bytes();
        let columns = self.columns.join(", ");
        let sql = format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", self.table);
        let mut copy = connection.copy_in_raw(&sql).await.map_err(of_postgres)?;
        let mut bytes = Vec::with_capacity(SENT + SENT / 4);
        bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0");
        // No flags, no extension of the header.
        bytes.extend_from_slice(&[0; 8]);
        for (i, value) in self.values.iter().enumerate() {
            if i % width == 0 {
                bytes.extend_from_slice(&fields);
            }
            match value {
                Value::Int(Some(n)) => field(&mut bytes, &n.to_be_bytes()),
                Value::Real(Some(n)) => field(&mut bytes, &n.to_be_bytes()),
                Value::Text(Some(text)) => field(&mut bytes, text.as_bytes()),
                Value::Bytes(Some(all)) => field(&mut bytes, all),
                Value::Int(None) | Value::Real(None) | Value::Text(None) | Value::Bytes(None) => {
                    bytes.extend_from_slice(&(-1_i32).to_be_bytes());
                }
            }
            if bytes.len() >= SENT {
                copy.send(bytes.as_slice()).await.map_err(of_postgres)?;
                bytes.clear();
            }
        }
        bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        copy.send(bytes.as_slice()).await.map_err(of_postgres)?;
        copy.finish().await.map(drop).map_err(of_postgres)
    }
}

fn field(bytes: &mut Vec<u8>, of: &[u8]) {
    // A field of 2 GiB is refused by the server, whatever is said of its length.
    bytes.extend_from_slice(&i32::try_from(of.len()).unwrap_or(i32::MAX).to_be_bytes());
    bytes.extend_from_slice(of);
}

/// A column of all rows.
enum Array<'r> {
    Int(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<std::borrow::Cow<'r, str>>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl<'r> Array<'r> {
    fn of(value: &Value<'r>) -> Self {
        match value {
            Value::Int(_) => Self::Int(vec![]),
            Value::Real(_) => Self::Real(vec![]),
            Value::Text(_) => Self::Text(vec![]),
            Value::Bytes(_) => Self::Bytes(vec![]),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Int(_) => "BIGINT",
            Self::Real(_) => "DOUBLE PRECISION",
            Self::Text(_) => "TEXT",
            Self::Bytes(_) => "BYTEA",
        }
    }

    fn push(&mut self, value: Value<'r>) {
        match (self, value) {
            (Self::Int(all), Value::Int(value)) => all.push(value),
            (Self::Real(all), Value::Real(value)) => all.push(value),
            (Self::Text(all), Value::Text(value)) => all.push(value),
            (Self::Bytes(all), Value::Bytes(value)) => {
                all.push(value.map(std::borrow::Cow::into_owned));
            }
            // A column has one type: another one is a mistake in a table's description, and leaves an array short, which
            // the server refuses or fills with nothing.
            (_, _) => debug_assert!(false, "a column of two types"),
        }
    }
}
