//! One small way to ask SQLite and PostgreSQL the same things.
//!
//! [`query`] takes plain SQL with `$1` placeholders, which both understand; [`Pool`] and [`Transaction`] are
//! where it runs, [`Row`] is what it answers, and a failure is a [`LogError`](crate::LogError). Where the two cannot be asked
//! in the same words, [`Dialect`] has the words. What is stored is the same on both: numbers of 64 bits,
//! yes and no as 1 and 0, text in the order of its bytes, bytes, and nothing.
//!
//! ```ignore
//! let rows = sql::query("SELECT name FROM jobs WHERE open = $1 LIMIT $2")
//!     .bind(true)
//!     .bind(10_u32)
//!     .fetch_all(&pool)
//!     .await?;
//! let name: String = rows[0].get("name")?;
//! ```

mod bulk;
mod dialect;
mod hold;
mod listen;
mod own;
mod pool;
mod query;
mod row;
mod server;
mod value;

pub use bulk::Bulk;
pub use dialect::Dialect;
pub use hold::Hold;
pub use listen::Listening;
pub use own::Own;
pub use pool::{Pool, Transaction};
pub use query::{On, Query, query};
pub use row::{Column, Row};
pub use server::{Server, failed};
pub use value::Value;
