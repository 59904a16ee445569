//! The job: an opening people apply to.
mod requirement;
pub use requirement::*;
