//! The door for people's writes: what a person wants becomes commands, in an order that can be cut
//! short anywhere and begun again.
//!
//! [`setup()`] (what must be there first), [`open_job()`] and [`apply()`] (a resume and an application) are what
//! the command line needs, and [`rescore`] (runs beside the old ones); [`workflow`] is what follows by itself; [`http`] is every command as an endpoint, one endpoint in one place.

pub mod apply;
pub mod http;
pub mod open_job;
pub mod rescore;
pub mod setup;
pub mod workflow;

pub use apply::{Applied, ApplyError, Resume, apply};
pub use open_job::open_job;
pub use setup::setup;
pub use workflow::Workflow;
