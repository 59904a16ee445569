//! Columns that SQLite has no type of its own for: ids, times, dates and positions, as text and numbers.

use chrono::SecondsFormat;
use domain::decide::Timestamp;
use event_log::LogError;
use event_log::sqlite::failed;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Sqlite, SqlitePool, Type};

/// A column as it is.
pub(crate) fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, LogError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
    for<'n> &'n str: ColumnIndex<SqliteRow>,
{
    row.try_get(name).map_err(failed)
}

/// An id, a time or a date.
pub(crate) fn parsed<T>(row: &SqliteRow, name: &str) -> Result<T, LogError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parse(column(row, name)?, name)
}

/// An id, a time or a date that may be missing.
pub(crate) fn parsed_if_any<T>(row: &SqliteRow, name: &str) -> Result<Option<T>, LogError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    column::<Option<&str>>(row, name)?.map(|text| parse(text, name)).transpose()
}

fn parse<T>(text: &str, name: &str) -> Result<T, LogError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|e| LogError::Damaged(format!("column {name} of a read model: {e}")))
}

/// A position, a version or a count.
pub(crate) fn number(row: &SqliteRow, name: &str) -> Result<u64, LogError> {
    Ok(column::<i64>(row, name)?.unsigned_abs())
}

/// A time as it stands in a table: RFC 3339 to the microsecond, which the log keeps, so that the texts
/// sort as the times do.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A text as it is searched and sorted by, whatever the case.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// One reading transaction: everything asked in it is as of one position, which it answers, too.
pub(crate) async fn snapshot(
    pool: &SqlitePool,
) -> Result<(sqlx::Transaction<'static, Sqlite>, u64), LogError> {
    let mut tx = pool.begin().await.map_err(failed)?;
    let at: i64 = sqlx::query_scalar("SELECT position FROM checkpoint")
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    Ok((tx, at.unsigned_abs()))
}
