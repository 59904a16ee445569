//! Type 3 fonts, whose glyphs are little drawings: what they paint, and how large it is.

use super::scope::is_rect;
use hayro_interpret::font::{Glyph, GlyphRun, Type3Glyph};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect, Shape as _};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, LumaData, Paint,
    SoftMask,
};

/// What a glyph paints, in its own space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Painted {
    /// The bounds of all of it; none if it paints nothing.
    pub(super) bounds: Option<Rect>,
    /// The largest box that it fills.
    pub(super) solid: Option<Rect>,
}

/// What a glyph paints.
pub(super) fn painted<'a>(glyph: &Type3Glyph<'a>, paint: &Paint<'a>) -> Painted {
    let mut painted = Painted::default();
    glyph.interpret(&mut painted, Affine::IDENTITY, Affine::IDENTITY, paint);
    painted
}

impl Painted {
    fn add(&mut self, rect: Rect) {
        self.bounds = Some(self.bounds.map_or(rect, |bounds| bounds.union(rect)));
    }
}

impl<'a> Device<'a> for Painted {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if !matches!(mode, DrawMode::Invisible) {
            let path = props.transform * path;
            let bounds = path.bounding_box();
            self.add(bounds);
            let filled = matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..));
            let larger = self.solid.is_none_or(|solid| solid.area() < bounds.area());
            if filled && larger && is_rect(&path) {
                self.solid = Some(bounds);
            }
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

/// The largest picture of a letter that is looked into, in pixels on a side.
const LARGEST: u32 = 512;

/// What a glyph paints, as an outline in its own space.
pub(super) fn drawing<'a>(glyph: &Type3Glyph<'a>, paint: &Paint<'a>) -> BezPath {
    let mut drawing = Drawing::default();
    glyph.interpret(&mut drawing, Affine::IDENTITY, Affine::IDENTITY, paint);
    drawing.0
}

#[derive(Default)]
struct Drawing(BezPath);

impl<'a> Device<'a> for Drawing {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..)) {
            self.0.extend(props.transform * path);
        }
    }
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let Image::Stencil(stencil) = image else { return };
        if stencil.width() > LARGEST || stencil.height() > LARGEST {
            return;
        }
        let inked = |luma: LumaData, _: &Paint<'a>| {
            let rows = luma.data.chunks_exact(luma.width.max(1) as usize);
            for (row, pixels) in rows.enumerate() {
                let mut column = 0;
                for run in pixels.chunk_by(|a, b| (*a > 127) == (*b > 127)) {
                    let (left, right) = (column as f64, (column + run.len()) as f64);
                    column += run.len();
                    if run[0] > 127 {
                        let ink = Rect::new(left, row as f64, right, row as f64 + 1.0);
                        self.0.extend(props.transform * ink.to_path(0.1));
                    }
                }
            }
        };
        stencil.with_stencil(inked, None);
    }
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if let Glyph::Outline(outline) = &**glyph {
                self.0.extend(props.transform * glyph.transform() * outline.outline());
            }
        }
    }
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
