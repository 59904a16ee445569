//! Optional content: layers that are off. The interpreter leaves out what is on them, which is right
//! for what is seen; to report what is hidden, the file is read a second time with every layer on.

use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name};

use super::{Glyph, Ink, PageMarks};
use crate::reading::guard::Positions;

/// Whether the document turns any layer off.
pub(super) fn any_off(pdf: &Pdf) -> bool {
    let Some(catalog) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return false };
    let config = catalog.get::<Dict<'_>>("OCProperties").and_then(|p| p.get::<Dict<'_>>("D"));
    config.is_some_and(|config| {
        let off = config.get::<Array<'_>>("OFF").is_some_and(|off| off.raw_iter().next().is_some());
        off || config.get::<Name<'_>>("BaseState").is_some_and(|state| &*state == b"OFF")
    })
}

/// The file with an update appended that replaces its catalog by one that knows no layers; none
/// where the file is too damaged, or encrypted, for a simple update to hold.
pub(super) fn all_on(bytes: &[u8], pdf: &Pdf) -> Option<Vec<u8>> {
    let root = pdf.xref().root_id();
    let catalog = pdf.xref().get::<Dict<'_>>(root)?;
    let pages = catalog.get_ref("Pages")?;
    let previous = last_startxref(bytes)?;
    if bytes.windows(8).any(|window| window == b"/Encrypt") {
        return None;
    }
    let mut updated = bytes.to_vec();
    let (number, generation) = (root.obj_number, root.gen_number);
    let object = updated.len() + 1;
    let catalog = format!(
        "\n{number} {generation} obj\n<< /Type /Catalog /Pages {} {} R >>\nendobj\n",
        pages.obj_number, pages.gen_number
    );
    updated.extend(catalog.bytes());
    let xref = updated.len();
    let update = format!(
        "xref\n{number} 1\n{object:010} {generation:05} n \ntrailer\n<< /Size {} \
         /Root {number} {generation} R /Prev {previous} >>\nstartxref\n{xref}\n%%EOF\n",
        pdf.len() + 1
    );
    updated.extend(update.bytes());
    Some(updated)
}

fn last_startxref(bytes: &[u8]) -> Option<usize> {
    const WORD: &[u8] = b"startxref";
    let tail = &bytes[bytes.len().saturating_sub(2048)..];
    let at = tail.windows(WORD.len()).rposition(|window| window == WORD)?;
    let rest = tail[at + WORD.len()..].trim_ascii_start();
    let digits: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// Adds to a page what only shows with every layer on, as glyphs that are not painted.
pub(super) fn add_hidden(page: &mut PageMarks, all_on: PageMarks) {
    let shown = Positions::of(&page.glyphs);
    let only_there: Vec<Glyph> =
        all_on.glyphs.into_iter().filter(|glyph| !shown.has(glyph)).collect();
    page.glyphs.extend(only_there.into_iter().map(|glyph| Glyph { ink: Ink::None, ..glyph }));
}
