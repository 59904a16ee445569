//! What every HTTP face shares, so that each endpoint is only itself.
//!
//! [`access`] (tokens, roles, the caller) and [`policy`] (each route's rule, in one table) decide who may;
//! [`guard`] asks them before anything else of a request is looked at. [`extract`] turns requests into
//! typed input, [`problem`] turns whatever cannot be done into `application/problem+json`, [`answer`]
//! is what writes are answered with, [`openapi`] finishes the document, [`limits`] bounds what a
//! request may cost.

pub mod access;
pub mod answer;
pub mod extract;
pub mod guard;
pub mod limits;
pub mod openapi;
pub mod policy;
pub mod problem;

pub use access::{Caller, Role};
pub use answer::Written;
pub use problem::Problem;
