//! Resumes as data: read from a small markup, shown as PDF, DOCX, plain text, Markdown or a scan.

mod model;
mod show;

pub use model::{Block, Resume, Section};

pub(crate) use model::invalid;
