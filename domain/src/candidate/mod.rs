//! The candidate: a person, their resumes and what was read from them.
mod profile;
pub use profile::*;
