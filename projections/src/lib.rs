//! Read models: what people look at, folded from the log and never written by anything else.
//!
//! A read model is one file under [`models`]: its tables, how a [`Fact`] changes them, its queries and
//! its rows. [`Builder`] feeds all of them, a batch of facts at once, rows and checkpoint in one transaction. [`ReadStore`] holds
//! the tables, and can be made anew from the log beside the old ones and swapped in. [`AsOf`] folds them to
//! any position of the past, and [`replay`] shows a decision what it was made on.

pub mod api;
mod as_of;
mod builder;
mod columns;
mod fact;
pub mod live;
mod model;
pub mod models;
pub mod paging;
pub mod replay;
mod rows;
mod store;

pub use as_of::{AsOf, AsOfError};
pub use builder::Builder;
pub use fact::{Fact, What};
pub use model::{ReadModel, Tx};
pub use rows::{Rows, Table};
pub use store::{ReadStore, RebuildError, Rebuilt};

/// Connections that read models are queried with.
pub use event_log::sql::Pool;
