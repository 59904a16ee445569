//! The door for people's writes: what a person wants becomes commands, in an order that can be cut
//! short anywhere and begun again.
//!
//! One endpoint, one place: [`setup()`] (what must be there first), [`open_job()`], [`apply()`] (a resume and
//! an application). Faces (the command line, HTTP) call these and never dispatch by themselves.

pub mod apply;
pub mod open_job;
pub mod setup;

pub use apply::{Applied, ApplyError, Resume, apply};
pub use open_job::open_job;
pub use setup::setup;
