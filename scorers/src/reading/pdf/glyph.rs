//! What both PDF engines say about a page: the glyphs on it, and the opaque areas painted on it.
//!
//! Coordinates are in points from the top left corner of the visible page (its crop box, as
//! rotated for showing), x to the right and y down.

use std::rc::Rc;

use hayro_interpret::encode::EncodedShadingPattern;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect, Shape as _};

/// A page's marks, in paint order.
#[derive(Debug, Default)]
pub(crate) struct PageMarks {
    /// Width of the visible page.
    pub(crate) width: f64,
    /// Height of the visible page.
    pub(crate) height: f64,
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) covers: Vec<Cover>,
    /// Horizontal lines drawn on the page, as thin boxes: they divide sections.
    pub(crate) rules: Vec<Rect>,
}

/// What a glyph stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    Char(char),
    /// A ligature or whatever else the document maps to several characters.
    Str(Box<str>),
}

impl Text {
    pub(crate) fn chars(&self) -> impl Iterator<Item = char> + '_ {
        let (one, many) = match self {
            Self::Char(c) => (Some(*c), ""),
            Self::Str(s) => (None, &**s),
        };
        one.into_iter().chain(many.chars())
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.chars().all(char::is_whitespace)
    }
}

/// How a glyph is painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    /// In one colour; alpha from 0 (nothing) to 1.
    Solid { rgb: [u8; 3], alpha: f32 },
    /// With a pattern or through a blend mode: visible, in a colour that is not known.
    Unknown,
    /// Not painted: render mode 3, a layer that is off, or marked hidden.
    None,
}

impl Ink {
    /// Below this opacity there is nothing to see, whatever the colour.
    const LEAST_ALPHA: f32 = 0.05;

    /// Whether there is anything to see, on whatever background.
    pub(crate) fn shows(self) -> bool {
        match self {
            Self::Solid { alpha, .. } => alpha >= Self::LEAST_ALPHA,
            Self::Unknown => true,
            Self::None => false,
        }
    }
}

/// One glyph.
#[derive(Debug, Clone)]
pub(crate) struct Glyph {
    pub(crate) text: Text,
    /// Where its baseline begins.
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// From its origin to the next one's, along the direction of writing.
    pub(crate) advance: f64,
    /// Direction of writing, in radians clockwise from rightwards.
    pub(crate) angle: f64,
    /// Height of the em on the page.
    pub(crate) size: f64,
    pub(crate) ink: Ink,
    /// Wholly outside the clip in force.
    pub(crate) clipped: bool,
    /// Under other text, so that a person cannot read it.
    pub(crate) overprinted: bool,
    /// Place in the page's paint order, shared with [`Cover::order`]. Glyphs of one run share it.
    pub(crate) order: u32,
    /// What it draws looks like something else than it is said to be: which of the document's [doubts](super::letters).
    pub(crate) doubt: Option<u32>,
}

impl Glyph {
    /// A box around the glyph's body, by its size: from the x-height's top to the baseline.
    pub(crate) fn body(&self) -> Rect {
        let (sin, cos) = self.angle.sin_cos();
        let end = Point::new(self.x + cos * self.advance, self.y + sin * self.advance);
        let up = (sin * self.size * 0.5, -cos * self.size * 0.5);
        Rect::from_points((self.x, self.y), end)
            .union(Rect::from_points((self.x + up.0, self.y + up.1), (end.x + up.0, end.y + up.1)))
    }
}

/// An area painted over what was there before.
#[derive(Debug, Clone)]
pub(crate) struct Cover {
    pub(crate) area: Area,
    pub(crate) paint: CoverPaint,
    /// Place in the page's paint order.
    pub(crate) order: u32,
}

/// What a [`Cover`] is painted with.
#[derive(Debug, Clone)]
pub(crate) enum CoverPaint {
    Solid([u8; 3]),
    /// A picture, coarsely.
    Picture(Pixels),
    /// A picture that was not looked into.
    Unseen,
    /// A gradient whose colours are known.
    Gradient(Gradient),
    /// A pattern, or a gradient of unknown colours.
    Pattern,
    /// A pattern that can be seen through.
    Veil,
}

impl Cover {
    /// Whether it paints anything at a point.
    pub(crate) fn paints(&self, point: Point) -> bool {
        self.area.contains(point)
            && match &self.paint {
                CoverPaint::Gradient(gradient) => gradient.at(point).is_some(),
                _ => true,
            }
    }

    /// Whether no part of a letter with this body is left to read under it: it hides its middle.
    pub(crate) fn hides(&self, body: Rect) -> bool {
        match &self.paint {
            CoverPaint::Veil => false,
            CoverPaint::Gradient(gradient) => {
                self.area.covers(body)
                    && points(body)
                        .into_iter()
                        .all(|point| gradient.at(point).is_some_and(|(_, alpha)| alpha > 0.98))
            }
            _ => self.area.covers(body),
        }
    }

    /// Its colour at a point inside it, where that is known.
    pub(crate) fn colour(&self, point: Point) -> Option<[u8; 3]> {
        match &self.paint {
            CoverPaint::Solid(rgb) => Some(*rgb),
            CoverPaint::Picture(pixels) => pixels.colour(point),
            CoverPaint::Gradient(gradient) => {
                gradient.at(point).filter(|(_, alpha)| *alpha > 0.98).map(|(rgb, _)| rgb)
            }
            CoverPaint::Unseen | CoverPaint::Pattern | CoverPaint::Veil => None,
        }
    }
}

/// A gradient's colours.
#[derive(Debug, Clone)]
pub(crate) struct Gradient {
    /// It paints only within this box.
    pub(crate) within: Option<Rect>,
    pub(crate) colours: Rc<EncodedShadingPattern>,
}

impl Gradient {
    /// Its colour and opacity at a point of the page; none where it paints nothing.
    pub(crate) fn at(&self, point: Point) -> Option<([u8; 3], f32)> {
        if self.within.is_some_and(|within| !within.contains(point)) {
            return None;
        }
        let [r, g, b, alpha] = self.colours.sample(self.colours.base_transform * point);
        let rgb = [r, g, b].map(|channel| (channel * 255.0).round() as u8);
        (alpha > 0.02).then_some((rgb, alpha))
    }
}

/// A picture's colours, on a coarse grid.
#[derive(Debug, Clone)]
pub(crate) struct Pixels {
    /// From the page to the unit square that the picture fills, its first row at the top.
    pub(crate) to_unit: Affine,
    pub(crate) side: usize,
    /// `side * side` colours, by rows.
    pub(crate) rgb: Vec<[u8; 3]>,
}

impl Pixels {
    fn colour(&self, point: Point) -> Option<[u8; 3]> {
        let unit = self.to_unit * point;
        let cell = |at: f64| {
            let last = self.side.checked_sub(1)?;
            Some(((at * self.side as f64).max(0.0) as usize).min(last))
        };
        self.rgb.get(cell(unit.y)? * self.side + cell(unit.x)?).copied()
    }
}

/// The middle of a letter's body and the corners of what lies around it: where to look to tell
/// whether the letter can be read.
pub(crate) fn points(body: Rect) -> [Point; 5] {
    const INSET: f64 = 0.2;
    let core = body.inflate(-body.width() * INSET, -body.height() * INSET);
    [
        core.center(),
        Point::new(core.x0, core.y0),
        Point::new(core.x1, core.y0),
        Point::new(core.x0, core.y1),
        Point::new(core.x1, core.y1),
    ]
}

/// The shape of a [`Cover`].
#[derive(Debug, Clone)]
pub(crate) enum Area {
    Rect(Rect),
    Path {
        bounds: Rect,
        path: BezPath,
        /// Only inside this clip box.
        clip: Rect,
    },
}

impl Area {
    pub(crate) fn bounds(&self) -> Rect {
        match self {
            Self::Rect(rect) => *rect,
            Self::Path { bounds, clip, .. } => bounds.intersect(*clip),
        }
    }

    /// Whether all of a letter's middle lies within.
    pub(crate) fn covers(&self, body: Rect) -> bool {
        self.bounds().contains(body.center())
            && points(body).into_iter().all(|point| self.contains(point))
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        match self {
            Self::Rect(rect) => rect.contains(point),
            Self::Path { bounds, path, clip } => {
                bounds.contains(point) && clip.contains(point) && path.winding(point) != 0
            }
        }
    }
}
