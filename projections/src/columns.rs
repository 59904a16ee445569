//! Columns that SQL has no type of its own for: ids, times, dates and positions, as text and numbers.

use chrono::SecondsFormat;
use domain::decide::Timestamp;
use event_log::LogError;
use event_log::sql::{Column, Pool, Row, Transaction, query};

/// A column as it is.
pub(crate) fn column<'r, T: Column<'r>>(row: &'r Row, name: &str) -> Result<T, LogError> {
    row.get(name)
}

/// An id, a time or a date.
pub(crate) fn parsed<T>(row: &Row, name: &str) -> Result<T, LogError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parse(column(row, name)?, name)
}

/// An id, a time or a date that may be missing.
pub(crate) fn parsed_if_any<T>(row: &Row, name: &str) -> Result<Option<T>, LogError>
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
pub(crate) fn number(row: &Row, name: &str) -> Result<u64, LogError> {
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
pub(crate) async fn snapshot(pool: &Pool) -> Result<(Transaction, u64), LogError> {
    let mut tx = pool.snapshot("checkpoint").await?;
    let row = query("SELECT position FROM checkpoint").fetch_one(&mut tx).await?;
    let at = row.get("position")?;
    Ok((tx, at))
}
