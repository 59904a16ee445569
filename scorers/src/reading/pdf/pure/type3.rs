//! Type 3 fonts, whose glyphs are little drawings: how large what they paint is.

use hayro_interpret::font::{GlyphRun, Type3Glyph};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect, Shape as _};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};

/// The bounds of what a glyph paints, in its own space; none if it paints nothing.
pub(super) fn painted<'a>(glyph: &Type3Glyph<'a>, paint: &Paint<'a>) -> Option<Rect> {
    let mut bounds = Bounds(None);
    glyph.interpret(&mut bounds, Affine::IDENTITY, Affine::IDENTITY, paint);
    bounds.0
}

/// The bounds of what is painted.
struct Bounds(Option<Rect>);

impl Bounds {
    fn add(&mut self, rect: Rect) {
        self.0 = Some(self.0.map_or(rect, |bounds| bounds.union(rect)));
    }
}

impl<'a> Device<'a> for Bounds {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if !matches!(mode, DrawMode::Invisible) {
            self.add((props.transform * path).bounding_box());
        }
    }
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            let space = props.transform * glyph.transform();
            self.add(Rect::from_points(space * Point::ZERO, space * Point::new(500.0, 700.0)));
        }
    }
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let unit = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        self.add(props.transform.transform_rect_bbox(unit));
    }
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
