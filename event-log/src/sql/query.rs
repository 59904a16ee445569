//! A query with its values.

use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgQueryResult, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteQueryResult};

use super::server::{of_postgres, of_sqlite};
use super::{Pool, Row, Transaction, Value};
use crate::error::LogError;
use crate::sqlite::InBursts;

/// A query: SQL, and values for its placeholders.
pub struct Query<'q> {
    sql: &'q str,
    values: Vec<Value<'q>>,
}

/// Where a query runs: on any connection of a pool, or in a transaction.
pub enum On<'o> {
    /// On any connection.
    Pool(&'o Pool),
    /// In a transaction.
    Transaction(&'o mut Transaction),
}

impl<'o> From<&'o Pool> for On<'o> {
    fn from(pool: &'o Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'o> From<&'o mut Transaction> for On<'o> {
    fn from(transaction: &'o mut Transaction) -> Self {
        Self::Transaction(transaction)
    }
}

/// A query with `$1`, `$2`... for the values that are bound to it, in their order. The same SQL must be given
/// values of the same types every time.
pub fn query(sql: &str) -> Query<'_> {
    Query { sql, values: Vec::new() }
}

/// The same call on whatever a query runs on; `$wrap` makes one type of what it answers.
macro_rules! run {
    ($query:expr, $on:expr, $method:ident, $sqlite:expr, $postgres:expr) => {
        match $on {
            On::Pool(Pool::Sqlite(pool)) => {
                $query.sqlite().$method(pool).await.map($sqlite).map_err(of_sqlite)
            }
            On::Pool(Pool::Postgres(pool)) => {
                $query.postgres().$method(pool).await.map($postgres).map_err(of_postgres)
            }
            On::Transaction(Transaction::Sqlite(tx)) => {
                $query.sqlite().$method(&mut **tx).await.map($sqlite).map_err(of_sqlite)
            }
            On::Transaction(Transaction::Postgres(tx)) => {
                $query.postgres().$method(&mut **tx).await.map($postgres).map_err(of_postgres)
            }
        }
    };
}

impl<'q> Query<'q> {
    /// Gives the next placeholder its value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it and answers how many rows it wrote.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn execute(self, on: impl Into<On<'_>>) -> Result<u64, LogError> {
        let sqlite = |done: SqliteQueryResult| done.rows_affected();
        let postgres = |done: PgQueryResult| done.rows_affected();
        run!(self, on.into(), execute, sqlite, postgres)
    }

    /// Its rows.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, LogError> {
        let sqlite = |rows: Vec<_>| rows.into_iter().map(Row::Sqlite).collect();
        let postgres = |rows: Vec<_>| rows.into_iter().map(Row::Postgres).collect();
        run!(self, on.into(), fetch_all, sqlite, postgres)
    }

    /// Its first row, when there is one.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>, LogError> {
        let sqlite = |row: Option<_>| row.map(Row::Sqlite);
        let postgres = |row: Option<_>| row.map(Row::Postgres);
        run!(self, on.into(), fetch_optional, sqlite, postgres)
    }

    /// Its one row.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed); `DATA_DAMAGED` when there is no row.
    pub async fn fetch_one(self, on: impl Into<On<'_>>) -> Result<Row, LogError> {
        let found = self.fetch_optional(on).await?;
        found.ok_or_else(|| LogError::Damaged("a row that must be there is missing".into()))
    }

    /// Gives `take` one row after the other, without ever holding all of them.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed) and of `take`.
    pub async fn fetch_each(
        self,
        tx: &mut Transaction,
        mut take: impl FnMut(&Row) -> Result<(), LogError> + Send,
    ) -> Result<(), LogError> {
        match tx {
            Transaction::Sqlite(tx) => {
                let mut rows = InBursts::of(self.sqlite().fetch(&mut **tx));
                while let Some(row) = rows.try_next().await.map_err(of_sqlite)? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Transaction::Postgres(tx) => {
                let mut rows = self.postgres().fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(of_postgres)? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    fn sqlite(self) -> sqlx::query::Query<'q, Sqlite, SqliteArguments<'q>> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Real(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value.map(std::borrow::Cow::into_owned)),
        })
    }

    fn postgres(self) -> sqlx::query::Query<'q, Postgres, PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Real(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value.map(std::borrow::Cow::into_owned)),
        })
    }
}
