//! The device that notes a page's glyphs, with how they are painted, and the areas painted on it.

use std::collections::HashMap;

use hayro_interpret::font::{Glyph as Drawn, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::hayro_syntax::object::Dict;
use hayro_interpret::kurbo::{Affine, BezPath, Rect, Shape as _, Vec2};
use hayro_interpret::{
    BlendMode, CacheKey as _, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint,
    SoftMask, StrokeProps,
};

use super::actual_text::{self, Replacement};
use super::overprint::{self, Shape};
use super::scope::{EVERYWHERE, OPAQUE, Scope, highlights, is_rect};
use super::type3::{self, Painted};
use super::{pictures, shadings, strokes};
use crate::reading::pdf::letters::Witness;
use crate::reading::pdf::outlines::Outlines;
use crate::reading::pdf::{Area, Cover, CoverPaint, Glyph, Ink, Text};

/// Notes the glyphs and the opaque areas that a page draws.
pub(super) struct Collector<'w> {
    visible: Rect,
    /// What the document's glyphs draw.
    witness: &'w mut Witness,
    limit: usize,
    pub(super) look_into_pictures: bool,
    pub(super) glyphs: Vec<Glyph>,
    pub(super) covers: Vec<Cover>,
    pub(super) rules: Vec<Rect>,
    order: u32,
    scope: Scope,
    /// For each clip in force, the letters that it may be made of and that nothing was painted through.
    letters: Vec<Option<BezPath>>,
    /// Marked content in force: whether it replaces its text, and where its glyphs begin.
    marked: Vec<Option<Replacement>>,
    /// What each Type 3 glyph paints, in its own space.
    painted: HashMap<u128, Painted>,
    /// Largest size of Type 3 glyphs, by the scale they are set at.
    type3_sizes: HashMap<i64, f64>,
    /// Glyphs of Type 3 fonts, and the key of their size.
    type3: Vec<(usize, i64)>,
    /// Letters drawn as shapes, and glyphs that say invisibly what they are.
    outlines: Outlines,
    /// What each glyph fills, if it hides what is under it.
    shapes: Vec<Option<Shape>>,
}

impl<'w> Collector<'w> {
    pub(super) fn new(visible: Rect, limit: usize, witness: &'w mut Witness) -> Self {
        Self {
            visible,
            witness,
            limit,
            look_into_pictures: false,
            glyphs: Vec::new(),
            covers: Vec::new(),
            rules: Vec::new(),
            order: 0,
            scope: Scope::default(),
            letters: Vec::new(),
            marked: Vec::new(),
            painted: HashMap::new(),
            type3_sizes: HashMap::new(),
            type3: Vec::new(),
            outlines: Outlines::default(),
            shapes: Vec::new(),
        }
    }

    fn push_clip(&mut self, bounds: Rect, exact: bool) {
        self.scope.push_clip(bounds, exact);
        self.letters.push(None);
    }

    /// Something is painted through the clip in force: letters that it is made of are seen.
    fn paint_letters(&mut self, rgb: Option<[u8; 3]>) {
        if let Some(letters) = self.letters.last_mut().and_then(Option::take) {
            self.order += 1;
            self.outlines.draw(&letters, EVERYWHERE, rgb, self.order);
        }
    }

    /// What can only be told once the whole page is drawn.
    pub(super) fn finish(&mut self) {
        for &(at, key) in &self.type3 {
            if let (Some(glyph), Some(size)) = (self.glyphs.get_mut(at), self.type3_sizes.get(&key))
            {
                glyph.size = *size;
            }
        }
        self.outlines.reveal(&mut self.glyphs);
        self.covers.extend(overprint::find(&mut self.glyphs, &self.shapes, self.visible));
        self.covers.sort_by_key(|cover| cover.order);
    }

    /// Notes a line ruled across much of the page.
    fn rule(&mut self, bounds: Rect) {
        let bounds = bounds.intersect(self.scope.clip().bounds).intersect(self.visible);
        let long = bounds.width() > self.visible.width() * 0.4;
        if long && (0.0..3.0).contains(&bounds.height()) && self.rules.len() < MAX_RULES {
            self.rules.push(bounds);
        }
    }

    fn cover_path(&mut self, path: BezPath, paint: CoverPaint) {
        let clip = self.scope.clip();
        if clip.exact {
            let bounds = path.bounding_box();
            self.cover(Area::Path { bounds, path, clip: clip.bounds }, paint);
        }
    }

    fn cover(&mut self, area: Area, paint: CoverPaint) {
        let bounds = area.bounds().intersect(self.visible);
        if self.covers.len() < self.limit && bounds.width() > 0.0 && bounds.height() > 0.0 {
            self.order += 1;
            self.covers.push(Cover { area, paint, order: self.order });
        }
    }
}

impl<'a> Device<'a> for Collector<'_> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        let simple = path.elements().len() <= MAX_ELEMENTS;
        let ink = self.scope.ink(&props, mode);
        if ink.shows() && simple {
            self.rule((props.transform * path).bounding_box());
        }
        if highlights(&props) {
            return;
        }
        let (fill, stroke) = parts(mode);
        let paint = match ink {
            Ink::Solid { rgb, alpha } if alpha > OPAQUE => CoverPaint::Solid(rgb),
            Ink::Unknown if self.scope.group().is_opaque() => match shadings::cover(&props) {
                Some(paint) => paint,
                None => return,
            },
            _ => return,
        };
        let rgb = match &paint {
            CoverPaint::Solid(rgb) => Some(*rgb),
            _ => None,
        };
        let clip = self.scope.clip();
        if fill {
            self.paint_letters(rgb);
            let path = props.transform * path;
            if rgb.is_some() {
                self.order += 1;
                self.outlines.draw(&path, clip.bounds, rgb, self.order);
            }
            if simple {
                self.cover_path(path, paint.clone());
            }
        }
        if let Some(path) = stroke
            .filter(|_| simple)
            .and_then(|stroke| strokes::area(path, props.transform, stroke))
        {
            self.paint_letters(rgb);
            self.cover_path(path, paint);
        }
    }

    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'a>, mode: &DrawMode) {
        let [_, b, c, _, _, _] = props.transform.as_coeffs();
        let (fill, stroke) = parts(mode);
        if b.abs() > 1e-6 || c.abs() > 1e-6 || stroke.is_some() {
            self.draw_path(&rect.to_path(0.1), props, mode);
            return;
        }
        if !fill || highlights(&props) {
            return;
        }
        let ink = self.scope.ink(&props, mode);
        if ink.shows() {
            self.rule(props.transform.transform_rect_bbox(*rect));
        }
        match ink {
            Ink::Solid { rgb, alpha } if alpha > OPAQUE => self.paint_letters(Some(rgb)),
            Ink::Unknown => self.paint_letters(None),
            _ => {}
        }
        let clip = self.scope.clip();
        if !clip.exact {
            return;
        }
        let area = props.transform.transform_rect_bbox(*rect).intersect(clip.bounds);
        match ink {
            Ink::Solid { rgb, alpha } if alpha > OPAQUE => {
                self.cover(Area::Rect(area), CoverPaint::Solid(rgb));
            }
            Ink::Unknown if matches!(props.paint, Paint::Pattern(_)) => {
                if let Some(paint) = shadings::cover(&props) {
                    self.cover(Area::Rect(area), paint);
                }
            }
            _ => {}
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.paint_letters(None);
        let clip = self.scope.clip();
        let Image::Raster(image) = image else { return };
        let dict = image.stream().dict();
        let masked = ["SMask", "Mask", "SMaskInData"].iter().any(|k| dict.contains_key(*k));
        if masked || !clip.exact || !self.scope.group().is_opaque() {
            return;
        }
        let (width, height) = (image.width(), image.height());
        let unit = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let area = props.transform.transform_rect_bbox(unit).intersect(clip.bounds);
        let seen =
            self.look_into_pictures && u64::from(width) * u64::from(height) < pictures::MAX_PIXELS;
        let pixels = seen.then(|| pictures::pixels(&image, props.transform)).flatten();
        self.cover(Area::Rect(area), pixels.map_or(CoverPaint::Unseen, CoverPaint::Picture));
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let ink = self.scope.ink(&props, mode);
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let clip = self.scope.clip().bounds;
        let group = self.scope.group();
        let gradient = if group.plain { shadings::gradient(&props) } else { None };
        let fills = parts(mode).0 && !highlights(&props);
        for glyph in run.glyphs() {
            self.order += 1;
            if self.glyphs.len() >= self.limit {
                return;
            }
            let space = props.transform * glyph.transform();
            let text = match glyph.as_unicode() {
                // Fonts made by TeX call their hyphen soft; drawn, it is a hyphen.
                Some(BfString::Char('\u{AD}')) => Text::Char('-'),
                Some(BfString::Char(c)) if c != '\0' => Text::Char(c),
                Some(BfString::String(s)) if s != "\0" => Text::Str(s.into()),
                _ => Text::Char(char::REPLACEMENT_CHARACTER),
            };
            let (advance, body) = match &**glyph {
                Drawn::Outline(outline) => (outline.advance_width().unwrap_or(500.0), None),
                Drawn::Type3(glyph) => {
                    let known = self.painted.entry(glyph.cache_key());
                    let painted = *known.or_insert_with(|| type3::painted(glyph, &props.paint));
                    (glyph.advance_width().unwrap_or(500.0), Some(painted))
                }
            };
            let mut made = place(space, f64::from(advance), vertical);
            made.text = text;
            made.ink = ink;
            made.order = self.order;
            if !made.x.is_finite() || !made.y.is_finite() || !made.size.is_finite() {
                continue;
            }
            if let Some(gradient) = &gradient {
                made.ink = shadings::ink(gradient, made.body(), group.alpha);
            }
            let opaque = match made.ink {
                Ink::Solid { alpha, .. } => alpha > OPAQUE,
                Ink::Unknown => gradient.is_some() && group.is_opaque(),
                Ink::None => false,
            };
            let shape = match (&**glyph, body) {
                _ if !fills || !opaque => None,
                (Drawn::Outline(outline), _) => Some(Shape::Outline(outline.clone(), space)),
                (Drawn::Type3(_), Some(Painted { solid: Some(solid), .. })) => {
                    Some(Shape::Box(space.transform_rect_bbox(solid)))
                }
                (Drawn::Type3(_), _) => Some(Shape::Unknown),
            };
            if let Some(Painted { bounds: painted, .. }) = body {
                // A Type 3 font's em says nothing; what its glyphs paint does. A run may be one
                // full stop, so the size is that of all glyphs set at this scale.
                let painted = painted.map(|rect| space.transform_rect_bbox(rect));
                let key = (made.size * 64.0) as i64;
                let size = painted.map_or(0.0, |rect| rect.height() * 1.35);
                let largest = self.type3_sizes.entry(key).or_default();
                *largest = largest.max(size);
                made.size = *largest;
                self.type3.push((self.glyphs.len(), key));
                if painted.is_none() && !made.text.is_blank() {
                    made.ink = Ink::None;
                }
            }
            if let Drawn::Outline(outline) = &**glyph
                && !made.ink.shows()
                && !made.text.is_blank()
            {
                let shape = (space * outline.outline()).bounding_box();
                self.outlines.say(self.glyphs.len(), shape, made.size);
            }
            made.clipped = {
                let body = made.body().inflate(0.01, 0.01);
                let both = body.intersect(clip);
                both.width() <= 0.0 || both.height() <= 0.0
            };
            if let (true, Text::Char(said)) = (made.ink.shows(), &made.text) {
                let key = match &**glyph {
                    Drawn::Outline(outline) => outline.identifier().cache_key(),
                    Drawn::Type3(glyph) => glyph.cache_key(),
                };
                made.doubt = self.witness.look(key, *said, || {
                    let drawing = match &**glyph {
                        Drawn::Outline(outline) => outline.outline(),
                        Drawn::Type3(glyph) => type3::drawing(glyph, &props.paint),
                    };
                    Affine::rotate(-made.angle) * space.with_translation(Vec2::ZERO) * drawing
                });
            }
            self.glyphs.push(made);
            self.shapes.push(shape);
        }
    }

    fn push_clip_path(&mut self, clip_path: &ClipPath) {
        let bounds = clip_path.path.bounding_box();
        let exact = is_rect(&clip_path.path);
        self.push_clip(bounds, exact);
        if !exact
            && self.outlines.awaits()
            && let Some(letters) = self.letters.last_mut()
        {
            *letters = Some(clip_path.path.clone());
        }
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.push_clip(*rect, true);
    }

    fn pop_clip(&mut self) {
        self.scope.pop_clip();
        self.letters.pop();
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend_mode: BlendMode,
    ) {
        self.scope.push_group(opacity, mask.is_none() && blend_mode == BlendMode::Normal);
    }

    fn pop_transparency_group(&mut self) {
        self.scope.pop_group();
    }

    fn begin_marked_content(&mut self, _tag: &[u8], properties: Option<&Dict<'_>>) {
        self.marked.push(actual_text::of(properties, self.glyphs.len()));
    }

    fn end_marked_content(&mut self) {
        if let Some(Some(replacement)) = self.marked.pop() {
            actual_text::replace(&mut self.glyphs, &replacement);
        }
    }
}

/// What of a path a mode paints: whether its inside, and its line.
fn parts(mode: &DrawMode) -> (bool, Option<&StrokeProps>) {
    match mode {
        DrawMode::Fill(_) => (true, None),
        DrawMode::Stroke(stroke) => (false, Some(stroke)),
        DrawMode::FillAndStroke(_, stroke) => (true, Some(stroke)),
        DrawMode::Invisible => (false, None),
    }
}

/// More lines than a page is divided by.
const MAX_RULES: usize = 1_000;

/// Paths with more corners than this are drawings, not backgrounds.
const MAX_ELEMENTS: usize = 64;

/// Puts a glyph where `space` takes its origin; its advance is in thousandths of an em.
fn place(space: Affine, advance: f64, vertical: bool) -> Glyph {
    let [a, b, c, d, x, y] = space.as_coeffs();
    // Type is upright when its y axis points up the page, against y.
    let (dx, dy, scale) = if vertical { (-c, -d, c.hypot(d)) } else { (a, b, a.hypot(b)) };
    Glyph {
        text: Text::Char(' '),
        x,
        y,
        advance: if vertical { scale * 1000.0 } else { advance * scale },
        angle: dy.atan2(dx),
        size: c.hypot(d) * 1000.0,
        ink: Ink::None,
        clipped: false,
        overprinted: false,
        doubt: None,
        order: 0,
    }
}
