//! What a table of a read model is to those who fold: rows of a type, by their key.

use std::hash::Hash;

use event_log::LogError;
use event_log::sql::{Row, Value};
use uuid::Uuid;

/// A type that a row of a table is read into and written from.
pub trait Table: Sized + Send + Sync + 'static {
    /// The table's name.
    const NAME: &'static str;
    /// Its columns, those of the primary key first.
    const COLUMNS: &'static [&'static str];
    /// How many columns the primary key has.
    const KEY: usize;
    /// The column of an id by which rows are looked up together, where there is one.
    const GROUP: Option<&'static str>;
    /// Whether rows are commonly looked at again after the batch that wrote them.
    const READ_AGAIN: bool;
    /// The primary key.
    type Key: Clone + Eq + Ord + Hash + Send + Sync;

    /// The row's key.
    fn key(&self) -> Self::Key;
    /// Whose group the row is in.
    fn group(&self) -> Option<Uuid>;
    /// Whose group the row with a key is in, when the key says so.
    fn group_of(key: &Self::Key) -> Option<Uuid>;
    /// A key's values, in the order of its columns.
    fn key_values(key: &Self::Key) -> Vec<Value<'_>>;
    /// The values of every column, in their order.
    fn values<'r>(&'r self, into: &mut Vec<Value<'r>>);
    /// A row, whose columns are in their order.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `IO`.
    fn read(row: &Row) -> Result<Self, LogError>;
}

/// What a column can be.
pub(crate) trait Cell: Sized {
    fn value(&self) -> Value<'_>;
    fn read(row: &Row, index: usize) -> Result<Self, LogError>;
}

macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl Cell for $kind {
            fn value(&self) -> Value<'_> {
                self.into()
            }

            fn read(row: &Row, index: usize) -> Result<Self, LogError> {
                row.at(index)
            }
        }
    )*};
}

plain!(i64, Option<i64>, bool, String, Option<String>);

impl Cell for Uuid {
    fn value(&self) -> Value<'_> {
        self.to_string().into()
    }

    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        parse(row.at(index)?)
    }
}

impl Cell for Option<Uuid> {
    fn value(&self) -> Value<'_> {
        self.map(|id| id.to_string()).into()
    }

    fn read(row: &Row, index: usize) -> Result<Self, LogError> {
        row.at::<Option<&str>>(index)?.map(parse).transpose()
    }
}

fn parse(text: &str) -> Result<Uuid, LogError> {
    text.parse().map_err(|e| LogError::Damaged(format!("an id in a read model: {e}")))
}

/// Describes a table: `struct Row in "table" { key columns } { other columns }`, then the column by which rows are
/// looked up together, if any: `by column`, or `by key column` when it is the key's first. `written once` are rows that are
/// seldom looked at again.
macro_rules! table {
    (@group $row:ident written once $($group:ident)*) => {
        const READ_AGAIN: bool = false;
        $crate::rows::table!(@by $row $($group)*);
    };
    (@group $row:ident $($group:ident)*) => {
        const READ_AGAIN: bool = true;
        $crate::rows::table!(@by $row $($group)*);
    };
    (@by $row:ident) => {
        const GROUP: Option<&'static str> = None;
        fn group(&self) -> Option<uuid::Uuid> { None }
        fn group_of(_: &Self::Key) -> Option<uuid::Uuid> { None }
    };
    (@by $row:ident by key $group:ident) => {
        const GROUP: Option<&'static str> = Some(stringify!($group));
        fn group(&self) -> Option<uuid::Uuid> { Some(self.$group) }
        fn group_of(key: &Self::Key) -> Option<uuid::Uuid> { Some(key.0) }
    };
    (@by $row:ident by $group:ident) => {
        const GROUP: Option<&'static str> = Some(stringify!($group));
        fn group(&self) -> Option<uuid::Uuid> { $crate::rows::Grouped::grouped(&self.$group) }
        fn group_of(_: &Self::Key) -> Option<uuid::Uuid> { None }
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $row:ident in $table:literal
        { $($key:ident: $key_kind:ty),+ $(,)? } { $($column:ident: $kind:ty),* $(,)? } $($group:ident)*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $row { $($vis $key: $key_kind,)+ $($vis $column: $kind,)* }

        impl $crate::rows::Table for $row {
            const NAME: &'static str = $table;
            const COLUMNS: &'static [&'static str] =
                &[$(stringify!($key),)+ $(stringify!($column),)*];
            const KEY: usize = [$(stringify!($key)),+].len();
            type Key = ($($key_kind,)+);

            fn key(&self) -> Self::Key {
                ($(self.$key.clone(),)+)
            }

            fn key_values(($($key,)+): &Self::Key) -> Vec<event_log::sql::Value<'_>> {
                vec![$($crate::rows::Cell::value($key)),+]
            }

            fn values<'r>(&'r self, into: &mut Vec<event_log::sql::Value<'r>>) {
                $(into.push($crate::rows::Cell::value(&self.$key));)+
                $(into.push($crate::rows::Cell::value(&self.$column));)*
            }

            fn read(row: &event_log::sql::Row) -> Result<Self, event_log::LogError> {
                let mut columns = 0..;
                let mut next = || columns.next().unwrap_or_default();
                Ok(Self {
                    $($key: $crate::rows::Cell::read(row, next())?,)+
                    $($column: $crate::rows::Cell::read(row, next())?,)*
                })
            }

            $crate::rows::table!(@group $row $($group)*);
        }
    };
}
pub(crate) use table;

/// A column that rows are looked up together by: an id that may be missing.
pub(crate) trait Grouped {
    fn grouped(&self) -> Option<Uuid>;
}

impl Grouped for Uuid {
    fn grouped(&self) -> Option<Uuid> {
        Some(*self)
    }
}

impl Grouped for Option<Uuid> {
    fn grouped(&self) -> Option<Uuid> {
        *self
    }
}
