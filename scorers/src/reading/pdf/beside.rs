//! What a PDF says that no page shows: its metadata, and the words of annotations. None of it is read as text; what would tell
//! a grader something is reported as hidden.

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, Stream, String as PdfString};

use crate::reading::sniff::Encoding;
use crate::reading::unshown::Unshown;
use crate::reading::{Hidden, HiddenKind, Limits, text};

/// Annotations of a page that are looked at.
const MOST: usize = 1_000;

/// What is hidden beside the pages of a PDF.
pub(super) fn hidden(bytes: &[u8], limits: &Limits, shown: &str) -> Vec<Hidden> {
    let Ok(pdf) = Pdf::new(bytes.to_vec()) else { return Vec::new() };
    let mut found = Unshown::new(shown);
    let info = pdf.metadata();
    for value in [&info.title, &info.subject, &info.keywords, &info.author].into_iter().flatten() {
        found.add(1, HiddenKind::Metadata, &decoded(value));
    }
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    let packet = catalog.and_then(|catalog| catalog.get::<Stream<'_>>("Metadata"));
    if let Some(packet) =
        packet.and_then(|packet| packet.decoded().ok().map(|data| data.into_owned()))
        && packet.len() as u64 <= limits.part_bytes
    {
        for value in crate::reading::unshown::texts(&packet) {
            found.add(1, HiddenKind::Metadata, &value);
        }
    }
    for (page, number) in pdf.pages().iter().take(limits.pages as usize).zip(1..) {
        let Some(annotations) = page.raw().get::<Array<'_>>("Annots") else { continue };
        for annotation in annotations.iter::<Dict<'_>>().take(MOST) {
            for key in ["Contents", "TU"] {
                if let Some(words) = annotation.get::<PdfString<'_>>(key) {
                    found.add(number, HiddenKind::Annotation, &decoded(words.as_bytes()));
                }
            }
        }
    }
    found.hidden
}

/// A text string (PDF 32000-1, 7.9.2.2): UTF-16 or UTF-8 with a mark, PDFDocEncoding otherwise, which is Latin-1 where it matters.
fn decoded(bytes: &[u8]) -> String {
    let encoding = match bytes {
        [0xFE, 0xFF, ..] => Encoding::Utf16Be,
        [0xFF, 0xFE, ..] => Encoding::Utf16Le,
        [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8,
        _ if bytes.is_ascii() => Encoding::Utf8,
        _ => Encoding::Windows1252,
    };
    text::decode(bytes, encoding)
}
