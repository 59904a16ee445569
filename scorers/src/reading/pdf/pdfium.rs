//! The libpdfium engine: found at run time, where there is one.

use super::Document;
use crate::reading::{Failure, Limits};

/// Reads a PDF with libpdfium; none where there is no libpdfium.
pub(super) fn read(_bytes: &[u8], _limits: &Limits) -> Option<Result<Document, Failure>> {
    None
}

/// Loads libpdfium, where there is one.
pub(super) fn prepare() {}
