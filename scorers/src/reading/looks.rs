//! How text looks, in the terms that ODT, RTF and HTML share, and whether it can be seen.

use super::HiddenKind;
use super::guard::{TINY, contrast, least_contrast};

/// What is behind text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Behind {
    Rgb([u8; 3]),
    /// A picture, a pattern, or a colour that is not known.
    Unknown,
}

/// White paper.
pub(super) const PAPER: Behind = Behind::Rgb([255; 3]);

/// Whether text of a colour and a size (in points) can be seen on what is behind it; where nothing
/// says its colour, it is one that shows.
pub(super) fn hidden_kind(color: Option<[u8; 3]>, size: f64, behind: Behind) -> Option<HiddenKind> {
    if size < TINY {
        return Some(HiddenKind::Tiny);
    }
    match (color, behind) {
        (Some(color), Behind::Rgb(behind))
            if contrast(color, behind) < least_contrast(color, size) =>
        {
            Some(HiddenKind::LowContrast)
        }
        _ => None,
    }
}
