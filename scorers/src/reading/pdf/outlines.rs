//! Letters drawn as shapes. Some producers (Skia, in every browser that prints) draw text they
//! cannot set in a font as outlines, such as a bold that the font does not have, and put the text
//! itself over them fully transparent, so that it can be copied.
//!
//! Others fill letters with a gradient by making them a clip and painting through it.
//!
//! Such text is seen, so it is not hidden; but only if what is drawn is what the text says: the
//! outline that its font has for a glyph must lie where an outline is painted.

use std::collections::HashMap;

use hayro_interpret::kurbo::{BezPath, PathEl, Rect, Shape as _};

use super::{Glyph, Ink};

/// The outlines painted on a page, and the invisible glyphs on it.
#[derive(Debug, Default)]
pub(super) struct Outlines {
    painted: Vec<Painted>,
    said: Vec<Said>,
}

#[derive(Debug, Clone, Copy)]
struct Painted {
    bounds: Rect,
    /// None for a pattern or a picture.
    rgb: Option<[u8; 3]>,
    order: u32,
}

#[derive(Debug)]
struct Said {
    glyph: usize,
    /// Where the glyph's outline would be, were it painted.
    shape: Rect,
    size: f64,
}

/// Far more letters than a page has.
const MOST: usize = 100_000;
/// Larger than any letter, in points.
const LARGEST: f64 = 300.0;
/// How far, in ems, an edge may lie from where the font has it: an emboldened outline is larger.
const TOLERANCE: f64 = 0.08;
const CELL: f64 = 16.0;

impl Outlines {
    /// Notes the closed shapes of a filled path.
    pub(super) fn draw(&mut self, path: &BezPath, clip: Rect, rgb: Option<[u8; 3]>, order: u32) {
        for contour in contours(path) {
            let bounds = contour.bounding_box();
            let small = bounds.width() < LARGEST && bounds.height() < LARGEST;
            let inside = clip.contains(bounds.center());
            if small && inside && bounds.is_finite() && self.painted.len() < MOST {
                self.painted.push(Painted { bounds, rgb, order });
            }
        }
    }

    /// Whether there is a glyph that a clip could show.
    pub(super) fn awaits(&self) -> bool {
        !self.said.is_empty()
    }

    /// Notes a glyph that is not painted.
    pub(super) fn say(&mut self, glyph: usize, shape: Rect, size: f64) {
        if shape.is_finite() && shape.width() < LARGEST && shape.height() < LARGEST {
            self.said.push(Said { glyph, shape, size });
        }
    }

    /// Gives glyphs the ink of the outlines that show them.
    pub(super) fn reveal(&self, glyphs: &mut [Glyph]) {
        if self.said.is_empty() || self.painted.is_empty() {
            return;
        }
        let mut cells: HashMap<(i32, i32), Vec<&Painted>> = HashMap::new();
        for painted in &self.painted {
            let centre = painted.bounds.center();
            cells.entry(cell(centre.x, centre.y)).or_default().push(painted);
        }
        for said in &self.said {
            if let (Some(shown), Some(glyph)) = (shown(said, &cells), glyphs.get_mut(said.glyph)) {
                glyph.ink = shown.rgb.map_or(Ink::Unknown, |rgb| Ink::Solid { rgb, alpha: 1.0 });
                glyph.order = shown.order;
            }
        }
    }
}

/// The outline that shows a glyph: painted contours that fill its shape and no more.
fn shown(said: &Said, cells: &HashMap<(i32, i32), Vec<&Painted>>) -> Option<Painted> {
    let slack = said.size * TOLERANCE;
    let reach = said.shape.inflate(slack, slack);
    let (left, top) = cell(reach.x0, reach.y0);
    let (right, bottom) = cell(reach.x1, reach.y1);
    let mut found: Option<Painted> = None;
    for column in left..=right {
        for row in top..=bottom {
            for painted in cells.get(&(column, row)).into_iter().flatten() {
                let within = painted.bounds.intersect(reach) == painted.bounds;
                if within {
                    let bounds = found.map_or(painted.bounds, |f| f.bounds.union(painted.bounds));
                    found = Some(Painted { bounds, ..**painted });
                }
            }
        }
    }
    found.filter(|found| {
        let (a, b) = (found.bounds, said.shape);
        let edges = [a.x0 - b.x0, a.y0 - b.y0, a.x1 - b.x1, a.y1 - b.y1];
        edges.iter().all(|off| off.abs() <= slack)
    })
}

fn cell(x: f64, y: f64) -> (i32, i32) {
    ((x / CELL).floor() as i32, (y / CELL).floor() as i32)
}

fn contours(path: &BezPath) -> Vec<BezPath> {
    let mut contours: Vec<BezPath> = Vec::new();
    for &element in path.elements() {
        match (element, contours.last_mut()) {
            (PathEl::MoveTo(_), _) | (_, None) => contours.push(BezPath::from_vec(vec![element])),
            (_, Some(contour)) => contour.push(element),
        }
    }
    contours.retain(|contour| contour.elements().len() > 2);
    contours
}
