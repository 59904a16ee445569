//! RTF: tokens and nested groups, walked once; what a word processor shows of it is text.
//!
//! Headers come first, then the body, its notes, and footers. Groups may be left open, as in a file
//! that was cut; what follows the end of the outermost one is not the document's.

mod charset;
mod state;
mod tokens;
mod walk;
mod words;

use super::unshown::Unshown;
use super::{Draft, Failure, Limits, Method, blocks};

/// Reads an RTF.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    let found = walk::document(bytes, limits)?;
    let (headers, footers) = (found.headers.into_texts(), found.footers.into_texts());
    let visible = [headers, vec![found.visible], found.notes, footers].concat();
    let visible = visible.join("\n\n");
    let mut draft = blocks::draft("rtf 1", Method::Rtf, &visible, found.hidden);
    let mut unshown = Unshown::new(&visible);
    for (kind, text) in found.unshown {
        unshown.add(1, kind, &text);
    }
    draft.hidden.extend(unshown.hidden);
    Ok(draft)
}
