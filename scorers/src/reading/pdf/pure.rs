//! The pure-Rust engine: `hayro-interpret` runs a page's content, and a device notes what is drawn.

mod actual_text;
mod collector;
mod overprint;
mod pictures;
mod scope;
mod shadings;
mod strokes;
mod type3;

use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::hayro_syntax::xref::XRef;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, Rect};
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, interpret_page};

use super::layers::{self, Layers};
use super::letters::Witness;
use super::{Document, PageMarks};
use crate::reading::{Failure, Limits, guard};
use collector::Collector;

const NAME: &str = "hayro-interpret 0.9";

/// Reads a PDF in pure Rust.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Failure> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(
            DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm,
        ) => Failure::Encrypted,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => Failure::Corrupt,
    })?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(Failure::Corrupt);
    }
    if pages.len() > limits.pages_refused as usize {
        return Err(Failure::TooManyPages);
    }
    let truncated = pages.len() > limits.pages as usize;
    let mut witness = Witness::default();
    let mut pages = all_marks(&pdf, pdf.xref(), limits, &mut witness);
    for other in Layers::of(&pdf).other_catalogs() {
        let others = all_marks(&pdf, other.xref(), limits, &mut witness);
        for (page, other) in pages.iter_mut().zip(others) {
            layers::add_hidden(page, other);
        }
    }
    Ok(Document { engine: NAME.to_owned(), pages, truncated, doubts: witness.doubts })
}

/// The marks of every page, with the layers on that `catalog`'s document says.
fn all_marks<'a>(
    pdf: &'a Pdf,
    catalog: &'a XRef,
    limits: &Limits,
    witness: &mut Witness,
) -> Vec<PageMarks> {
    let cache = InterpreterCache::new();
    let pages = pdf.pages().iter().take(limits.pages as usize);
    pages
        .map(|page| {
            let seen = marks(page, catalog, &cache, limits, witness, false);
            // Decoding pictures is slow, and few resumes set text on one.
            if guard::stands_on_unseen_picture(&seen) {
                marks(page, catalog, &cache, limits, witness, true)
            } else {
                seen
            }
        })
        .collect()
}

fn marks<'a>(
    page: &Page<'a>,
    catalog: &'a XRef,
    cache: &InterpreterCache<'a>,
    limits: &Limits,
    witness: &mut Witness,
    look_into_pictures: bool,
) -> PageMarks {
    let (width, height) = page.render_dimensions();
    let visible = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let settings = InterpreterSettings::default();
    let initial = Affine::new(page.initial_transform(true).as_coeffs());
    let mut context = Context::new(initial, visible, cache, catalog, settings);
    let mut collector = Collector::new(visible, limits.marks_per_page, witness);
    collector.look_into_pictures = look_into_pictures;
    interpret_page(page, &mut context, &mut collector);
    collector.finish();
    PageMarks {
        width: visible.width(),
        height: visible.height(),
        glyphs: collector.glyphs,
        covers: collector.covers,
        rules: collector.rules,
    }
}
