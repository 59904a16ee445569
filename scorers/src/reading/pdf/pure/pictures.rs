//! Pictures, looked into just far enough to tell what colour lies behind text.

use hayro_interpret::kurbo::Affine;
use hayro_interpret::{ImageData, RasterImage};

use crate::reading::pdf::Pixels;

/// Larger pictures are not looked into: decoding one takes longer than reading the resume.
pub(super) const MAX_PIXELS: u64 = 40_000_000;

/// A picture's colours on a coarse grid; `place` puts its own pixels on the page.
pub(super) fn pixels(image: &RasterImage<'_>, place: Affine) -> Option<Pixels> {
    const SIDE: usize = 128;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let to_unit = Affine::scale_non_uniform(1.0 / width, 1.0 / height) * place.inverse();
    let mut rgb = Vec::new();
    image.with_rgba(
        |data, _| {
            let (width, height) = (data.width() as usize, data.height() as usize);
            for row in 0..SIDE {
                for column in 0..SIDE {
                    let at = (row * height / SIDE) * width + column * width / SIDE;
                    rgb.extend(match &data {
                        ImageData::Rgb(rgb) => {
                            rgb.data.get(at * 3..at * 3 + 3).map(|p| [p[0], p[1], p[2]])
                        }
                        ImageData::Luma(luma) => luma.data.get(at).map(|p| [*p; 3]),
                    });
                }
            }
        },
        Some((SIDE as u32, SIDE as u32)),
    );
    (rgb.len() == SIDE * SIDE && to_unit.is_finite()).then_some(Pixels { to_unit, side: SIDE, rgb })
}
