//! Lines thick enough to hide text: the areas that they paint.

use hayro_interpret::StrokeProps;
use hayro_interpret::kurbo::{self, Affine, BezPath, Shape as _};

/// Thinner lines, in points, do not hide a letter of the smallest size that can be read.
const THICK: f64 = 1.0;

/// A line with more dashes than this is a texture.
const MOST_DASHES: f64 = 500.0;

/// The outline of a stroked path, on the page; none for a thin line.
pub(super) fn area(path: &BezPath, place: Affine, stroke: &StrokeProps) -> Option<BezPath> {
    let scale = place.determinant().abs().sqrt();
    let width = f64::from(stroke.line_width);
    if !(scale.is_finite() && width * scale >= THICK) {
        return None;
    }
    let mut style = kurbo::Stroke::new(width)
        .with_caps(stroke.line_cap)
        .with_join(stroke.line_join)
        .with_miter_limit(f64::from(stroke.miter_limit));
    let dashes: f64 = stroke.dash_array.iter().copied().map(f64::from).sum();
    if dashes > 0.0 {
        if path.perimeter(width) > dashes * MOST_DASHES {
            return None;
        }
        let pattern = stroke.dash_array.iter().copied().map(f64::from);
        style = style.with_dashes(f64::from(stroke.dash_offset), pattern);
    }
    Some(place * kurbo::stroke(path, &style, &kurbo::StrokeOpts::default(), 0.1 / scale))
}
