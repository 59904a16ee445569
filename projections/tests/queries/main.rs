//! Queries of the read models: what they answer, page by page, and as of any position.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod candidates;
#[path = "../support/engine.rs"]
mod engine;
mod erasure;
mod hiring;
mod jobs;
mod past;
mod rubrics;
mod story;
mod tasks;
mod timeline;
