//! Raster: a PDF's pages as pictures.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbImage;

/// Dots per inch, at which small print is read and a page takes no longer than it must.
const DOTS: f32 = 200.0;
/// A page's points per inch.
const POINTS: f32 = 72.0;
/// The longer side of a page's picture, whatever its size on paper.
const LONGEST: f32 = 2_900.0;

/// A page, counted from 0, as it is seen; nothing when it is not there or has no size.
pub(crate) fn page(pdf: &Pdf, page: usize) -> Option<RgbImage> {
    let page = pdf.pages().get(page)?;
    let (width, height) = page.render_dimensions();
    let scale = (DOTS / POINTS).min(LONGEST / width.max(height));
    if !(width * scale >= 1.0 && height * scale >= 1.0) {
        return None;
    }
    let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let pixmap = render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &size,
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    // On white, nothing is left to see through.
    let rgb = pixmap.data_as_u8_slice().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    RgbImage::from_raw(width, height, rgb)
}
