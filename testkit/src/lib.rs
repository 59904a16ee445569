//! Makes the documents that tests and samples need: PDF, DOCX, and hostile ones of both; starts the real servers that
//! tests talk to (`servers`, with the feature of that name), and checks the histories that they hold (`history`).
//! `openai` stands in for a service that cannot be had here.
//!
//! Everything made here depends only on what is asked for, never on the clock or the machine, so
//! a failing test can be repeated and the committed samples can be checked byte for byte.
//!
//! ```
//! use testkit::{docx::Docx, pdf};
//!
//! let pdf = pdf::simple(&["Zoë Müller", "Backend engineer"]);
//! let docx = Docx::new().heading(1, "Zoë Müller").paragraph("Backend engineer").finish();
//! # assert!(pdf.starts_with(b"%PDF") && docx.starts_with(b"PK"));
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests and the sample generator use this crate"
)]

pub mod docx;
#[cfg(feature = "ends")]
pub mod ends;
#[cfg(feature = "servers")]
pub mod history;
pub mod hostile;
#[cfg(feature = "openai")]
pub mod openai;
mod package;
pub mod pdf;
pub mod resume;
pub mod samples;
#[cfg(feature = "servers")]
pub mod servers;
#[cfg(feature = "ends")]
pub mod smtp;
