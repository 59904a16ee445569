//! DOCX files as word processors write them, part by part, over a zip writer.
//!
//! [`Docx`] collects blocks and writes the file; [`Run`] is a stretch of text in one look.

mod markup;
mod parts;
mod run;

pub use markup::Docx;
pub use run::Run;

pub(crate) use parts::{DOCUMENT, THEME, wrapper};
