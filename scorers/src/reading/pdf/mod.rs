//! PDF: one engine's glyphs, through the guard and the layout, to pages of text.

mod beside;
mod glyph;
mod layers;
mod letters;
mod outlines;
mod pdfium;
mod pure;

use hayro::hayro_syntax::Pdf;
use hayro_interpret::kurbo::Affine;
use image::RgbImage;

use super::doubted::{self, Doubted};
use super::guard;
use super::layout::{self, OnPage};
use super::ocr::raster;
use super::{Draft, Engine, Failure, Hidden, HiddenKind, Limits, Method, Page};

pub(super) use glyph::{
    Area, Cover, CoverPaint, Glyph, Gradient, Ink, PageMarks, Pixels, Text, points,
};
pub(super) use letters::{Letters, look_alike};

/// What an engine makes of a document.
struct Document {
    engine: String,
    pages: Vec<PageMarks>,
    truncated: bool,
    /// What the glyphs look like that look like something else than they are said to be.
    doubts: Vec<Letters>,
}

/// Whether libpdfium was found; without it, PDFs are read in pure Rust alone.
#[must_use]
pub fn pdfium_is_found() -> bool {
    pdfium::found()
}

/// What the file of libpdfium is called here.
pub(super) fn library_name() -> std::ffi::OsString {
    pdfium::name()
}

/// Reads a PDF with the engine that `limits` ask for.
///
/// Auto is pure Rust, and libpdfium for what it calls corrupt. On 102 real resumes (November 2026,
/// release build, one core) both found 0.998 of the words, but pure Rust read 140 documents a second
/// and libpdfium 20: telling what is hidden needs it to draw every page, where the pure reader sees
/// the paint itself. What it finds hidden is also better founded, for the same reason.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Draft, Failure> {
    let document = match limits.engine {
        Engine::Pure => pure::read(bytes, limits)?,
        Engine::Pdfium => match pdfium::read(bytes, limits) {
            Some(Ok(document)) => document,
            Some(Err(Failure::Encrypted)) => return Err(Failure::Encrypted),
            Some(Err(_)) | None => pure::read(bytes, limits)?,
        },
        Engine::Auto => match pure::read(bytes, limits) {
            Err(Failure::Corrupt) => match pdfium::read(bytes, limits) {
                // Pages without a mark are what it makes of a file that has none left.
                Some(Ok(found)) if found.pages.iter().any(|page| !page.glyphs.is_empty()) => found,
                Some(Err(failure)) => return Err(failure),
                Some(Ok(_)) | None => return Err(Failure::Corrupt),
            },
            document => document?,
        },
    };
    let mut draft = Draft {
        engine: document.engine,
        pages: Vec::with_capacity(document.pages.len()),
        hidden: Vec::new(),
        truncated: document.truncated
            || document.pages.iter().any(|page| page.glyphs.len() >= limits.marks_per_page),
        doubted: Doubted { like: document.doubts, lines: Vec::new() },
        ..Draft::default()
    };
    for (marks, page) in document.pages.into_iter().zip(1..) {
        let painted = !marks.covers.is_empty();
        let (width, height) = (marks.width, marks.height);
        let judged = guard::judge(marks);
        draft.doubted.lines.extend(doubted::lines(page, width, &judged.visible));
        let laid = layout::lay(judged.visible, &judged.rules);
        let text = laid.text();
        if painted && super::letters(&text) < LITTLE {
            draft.pictures.push(page);
        }
        let marks = laid.marks(Affine::IDENTITY);
        draft.laid.insert(page, OnPage { width, height, marks });
        draft.pages.push(Page::of(page, Method::TextLayer, text));
        draft.hidden.extend(judged.hidden.into_iter().map(|(kind, glyphs)| Hidden {
            page,
            kind,
            text: layout::text(glyphs, &[]),
        }));
    }
    forgive_page_breaks(&mut draft);
    let shown: Vec<&str> = draft.pages.iter().map(|page| page.text.as_str()).collect();
    let hidden = beside::hidden(bytes, limits, &shown.join("\n"));
    draft.hidden.extend(hidden);
    Ok(draft)
}

/// A page with fewer characters may be a picture of text, with a line that a scanner put below it.
const LITTLE: usize = 64;

/// Draws pages as they are seen.
pub(super) struct Pictures(Option<Pdf>);

impl Pictures {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Pdf::new(bytes.to_vec()).ok())
    }

    /// A page by its number; nothing when it cannot be drawn.
    pub(super) fn page(&mut self, number: u32) -> Option<RgbImage> {
        raster::page(self.0.as_ref()?, (number as usize).checked_sub(1)?)
    }
}

/// Drops clipped text that can be read elsewhere: a table cut by a page break is often drawn on both
/// pages, with a clip that lets half of it show on each.
fn forgive_page_breaks(draft: &mut Draft) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: Vec<String> = draft.pages.iter().map(|page| words(&page.text)).collect();
    draft.hidden.retain(|hidden| {
        let text = words(&hidden.text);
        let repeated =
            hidden.kind == HiddenKind::OffPage && shown.iter().any(|page| page.contains(&text));
        !text.is_empty() && !repeated
    });
}

/// Loads what reading PDFs under `limits` will need, before memory is counted.
pub(super) fn prepare(limits: &Limits) {
    if limits.engine != Engine::Pure {
        pdfium::prepare();
    }
}
