//! From bytes to a graded resume: reading, guard, profile, grading.
//!
//! Everything here is a function of its input. The workers that run it after an event, and turn
//! its results into commands, are in [`worker`].

pub mod evaluate;
pub mod grading;
pub mod job_text;
pub mod model;
pub mod persuasion;
pub mod profile;
pub mod reading;
mod steps;
pub mod taxonomy;
pub mod worker;
