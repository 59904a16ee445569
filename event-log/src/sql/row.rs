//! Rows, and reading their columns.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::Value;
use super::server::{of_postgres, of_sqlite};
use crate::error::LogError;

/// A row of an answer.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

/// What a column can be read as.
pub trait Column<'r>: Sized {
    /// Reads the column with this index, from 0.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `IO`.
    fn read(row: &'r Row, index: usize) -> Result<Self, LogError>;
}

/// On both engines the same call.
macro_rules! either {
    ($row:expr, $r:ident => $call:expr) => {
        match $row {
            Row::Sqlite($r) => $call.map_err(of_sqlite),
            Row::Postgres($r) => $call.map_err(of_postgres),
        }
    };
}

impl Row {
    /// A column by its name.
    ///
    /// # Errors
    /// `DATA_DAMAGED` when the value is out of range, `IO` when there is no such column or it has another type.
    pub fn get<'r, T: Column<'r>>(&'r self, name: &str) -> Result<T, LogError> {
        let index = either!(self, r => r.try_column(name).map(|column| column.ordinal()))?;
        T::read(self, index)
    }

    /// A column by its index, from 0.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn at<'r, T: Column<'r>>(&'r self, index: usize) -> Result<T, LogError> {
        T::read(self, index)
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Sqlite(r) => r.columns().iter().map(|c| c.name()).collect(),
            Self::Postgres(r) => r.columns().iter().map(|c| c.name()).collect(),
        }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Sqlite(r) => r.len(),
            Self::Postgres(r) => r.len(),
        }
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column as whatever it holds; nothing is told as no text.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn value(&self, index: usize) -> Result<Value<'_>, LogError> {
        let kind = either!(self, r => r.try_get_raw(index)
            .map(|raw| if raw.is_null() { Kind::Nothing } else { Kind::of(raw.type_info().name()) }))?;
        Ok(match kind {
            Kind::Nothing => Value::Text(None),
            Kind::Int => Value::Int(Some(self.at(index)?)),
            Kind::Real => Value::Real(Some(self.at(index)?)),
            Kind::Bytes => Value::Bytes(Some(self.at::<Vec<u8>>(index)?.into())),
            Kind::Text => Value::Text(Some(self.at::<&str>(index)?.into())),
        })
    }
}

/// What a column holds, by the names that the engines give to types.
enum Kind {
    Nothing,
    Int,
    Real,
    Bytes,
    Text,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "INTEGER" | "BIGINT" | "INT2" | "INT4" | "INT8" | "BOOL" => Self::Int,
            "REAL" | "FLOAT8" => Self::Real,
            "BLOB" | "BYTEA" => Self::Bytes,
            _ => Self::Text,
        }
    }
}

/// A number, however wide PostgreSQL makes it: a literal has 32 bits there, and a condition is a type of its own.
fn number(row: &Row, index: usize) -> Result<Option<i64>, LogError> {
    let row = match row {
        Row::Sqlite(row) => {
            return row.try_get(index).map_err(of_sqlite);
        }
        Row::Postgres(row) => row,
    };
    let kind = row.columns().get(index).map_or("", |column| column.type_info().name());
    match kind {
        "INT4" => row.try_get::<Option<i32>, _>(index).map(|n| n.map(i64::from)),
        "INT2" => row.try_get::<Option<i16>, _>(index).map(|n| n.map(i64::from)),
        "BOOL" => row.try_get::<Option<bool>, _>(index).map(|b| b.map(i64::from)),
        _ => row.try_get(index),
    }
    .map_err(of_postgres)
}

fn missing(row: &Row, index: usize) -> LogError {
    let names = row.names();
    let name = names.get(index).copied().unwrap_or_default();
    LogError::Damaged(format!("column {name} has no value"))
}

fn out_of_range(row: &Row, index: usize, found: i64) -> LogError {
    let names = row.names();
    let name = names.get(index).copied().unwrap_or_default();
    LogError::Damaged(format!("column {name} has {found}, which is out of range"))
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Column<'_> for Option<$kind> {
            fn read(row: &Row, index: usize) -> Result<Self, LogError> {
                let Some(found) = number(row, index)? else { return Ok(None) };
                <$kind>::try_from(found).map(Some).map_err(|_| out_of_range(row, index, found))
            }
        }
        needed!($kind);
    )*};
}

/// A column that must have a value.
macro_rules! needed {
    ($kind:ty) => {
        impl Column<'_> for $kind {
            fn read(row: &Row, index: usize) -> Result<Self, LogError> {
                Option::<$kind>::read(row, index)?.ok_or_else(|| missing(row, index))
            }
        }
    };
}

numbers!(i64, u64, u32, u16, u8);

impl Column<'_> for Option<bool> {
    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        Ok(number(row, index)?.map(|found| found != 0))
    }
}
needed!(bool);

impl Column<'_> for Option<f64> {
    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        either!(row, r => r.try_get(index))
    }
}
needed!(f64);

impl Column<'_> for Option<String> {
    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        either!(row, r => r.try_get(index))
    }
}
needed!(String);

impl Column<'_> for Option<Vec<u8>> {
    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        either!(row, r => r.try_get(index))
    }
}
needed!(Vec<u8>);

impl<'r> Column<'r> for Option<&'r str> {
    fn read(row: &'r Row, index: usize) -> Result<Self, LogError> {
        either!(row, r => r.try_get(index))
    }
}

impl<'r> Column<'r> for &'r str {
    fn read(row: &'r Row, index: usize) -> Result<Self, LogError> {
        Option::<&'r str>::read(row, index)?.ok_or_else(|| missing(row, index))
    }
}
