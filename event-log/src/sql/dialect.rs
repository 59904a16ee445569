//! The few places where SQLite and PostgreSQL cannot be asked in the same words.

use std::borrow::Cow;

/// Which of the two is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A table of the texts in a JSON array, to be selected from: its one column is `value`. `array` is a
    /// placeholder.
    pub fn texts(self, array: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({array})"),
            Self::Postgres => {
                format!("jsonb_array_elements_text(CAST({array} AS jsonb)) AS texts (value)")
            }
        }
    }

    /// Whether a column has one of several texts, as a condition, and those texts as the one value of its placeholder. They
    /// are without spaces, quotes, commas, braces and backslashes, as ids are.
    pub fn one_of(self, column: &str, placeholder: &str, texts: &[String]) -> (String, String) {
        match self {
            Self::Sqlite => (
                format!("{column} IN (SELECT value FROM json_each({placeholder}))"),
                format!("[\"{}\"]", texts.join("\",\"")),
            ),
            // Few are expected of an array, and so looked up by the index. Compared as an array, each row would be held
            // against every text.
            Self::Postgres => (
                format!("{column} IN (SELECT unnest(CAST({placeholder} AS TEXT[])))"),
                format!("{{{}}}", texts.join(",")),
            ),
        }
    }

    /// A table of the objects in a JSON array, to be selected from: its one column is `value`, and a field
    /// of it is `CAST(value ->> 'field' AS BIGINT)` or `value ->> 'field'` when it is text.
    pub fn objects(self, array: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({array})"),
            Self::Postgres => {
                format!("jsonb_array_elements(CAST({array} AS jsonb)) AS objects (value)")
            }
        }
    }

    /// Whether a text has another text in it, as a condition.
    pub fn contains(self, text: &str, part: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({text}, {part}) > 0"),
            Self::Postgres => format!("strpos({text}, {part}) > 0"),
        }
    }

    /// What makes tables, for this engine, from how it is written for SQLite: in `BIGINT`, `TEXT`, `BLOB` and
    /// `REAL`, with types in upper case and names in lower. PostgreSQL's texts are in the order of their bytes,
    /// too, whatever the database's collation.
    pub fn schema(self, plain: &str) -> Cow<'_, str> {
        if self == Self::Sqlite {
            return plain.into();
        }
        let mut schema = String::with_capacity(plain.len() * 2);
        let mut rest = plain;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            let (before, word) = rest.split_at(start);
            let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let (word, behind) = word.split_at(end.unwrap_or(word.len()));
            schema.push_str(before);
            schema.push_str(match word {
                "TEXT" => "TEXT COLLATE \"C\"",
                "BLOB" => "BYTEA",
                "REAL" => "DOUBLE PRECISION",
                // `WITHOUT ROWID` is how SQLite stores a table, and nothing else.
                "WITHOUT" | "ROWID" => "",
                word => word,
            });
            rest = behind;
        }
        schema.push_str(rest);
        schema.into()
    }

    /// What begins a transaction that writes. SQLite then takes its one writer's place at once, instead of
    /// failing half-way when somebody else has it.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_written_once() {
        let plain = "CREATE TABLE t (text_id TEXT PRIMARY KEY, n BIGINT, b BLOB, r REAL DEFAULT 0) \
                     WITHOUT ROWID; CREATE INDEX t_by_n ON t (n);";
        assert_eq!(Dialect::Sqlite.schema(plain), plain);
        let postgres = Dialect::Postgres.schema(plain);
        assert_eq!(
            postgres.split_whitespace().collect::<Vec<_>>().join(" "),
            "CREATE TABLE t (text_id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT, b BYTEA, \
             r DOUBLE PRECISION DEFAULT 0) ; CREATE INDEX t_by_n ON t (n);"
        );
    }
}
