//! Text printed over text. Paint hides what is under it, and letters are paint: a full block or one
//! letter set very large hides words as a box does, white letters on the same letters in black leave
//! nothing to see, and a line set over another line leaves neither that was there before to be read.
//!
//! The same words printed again at nearly the same place are ordinary: a bold face made by printing
//! twice, a halo, a drop shadow. They hide nothing; the guard drops one of the two.

use hayro_interpret::font::OutlineGlyph;
use hayro_interpret::kurbo::{Affine, Point, Rect, Shape as _};

use crate::reading::guard::SHADOW;
use crate::reading::pdf::{Area, Cover, CoverPaint, Glyph, Ink};
use crate::reading::unseen::is_right_to_left;

/// What a glyph that is painted opaquely fills.
pub(super) enum Shape {
    /// The outline of its font, put where the transform says.
    Outline(OutlineGlyph, Affine),
    /// A box of the page, and perhaps more.
    Box(Rect),
    /// A drawing.
    Unknown,
}

/// Finds what is printed over on a page. `shapes` are those of `glyphs`, none where a glyph lets what
/// is under it be seen.
///
/// Marks glyphs under the same letter in another ink and under other words, and gives the glyphs that
/// other glyphs lie within, as covers.
pub(super) fn find(glyphs: &mut [Glyph], shapes: &[Option<Shape>], page: Rect) -> Vec<Cover> {
    let grid = Grid::of(glyphs, page);
    let lines = lines(glyphs);
    let mut covers = Vec::new();
    let mut under: Vec<usize> = Vec::new();
    // Which glyph other words are set over it by.
    let mut struck: Vec<Option<usize>> = Vec::new();
    let mut left = MOST_PAIRS;
    for (at, shape) in shapes.iter().enumerate() {
        let Some(shape) = shape else { continue };
        let Some(over) = glyphs.get(at).filter(|glyph| is_printed(glyph)) else { continue };
        let mut area: Option<Option<Area>> = None;
        let mut covers_some = false;
        let reach = reach(over, shape);
        grid.near(reach, |other| {
            left -= 1;
            let Some(glyph) = glyphs.get(other).filter(|_| other != at) else { return left > 0 };
            let later = over.order > glyph.order;
            match again(over, glyph) {
                Again::SamePlace => {
                    if later && over.ink != glyph.ink {
                        under.push(other);
                    }
                }
                Again::Beside => {
                    let follows = |from: usize| {
                        let pair = (glyphs.get(from), glyphs.get((from + at).wrapping_sub(other)));
                        matches!(pair, (Some(a), Some(b)) if shifted(a, b, over, glyph))
                    };
                    let word = follows(other + 1) || follows(other.wrapping_sub(1));
                    if later && over.ink != glyph.ink && word {
                        under.push(other);
                    }
                }
                Again::Near => {}
                Again::No => {
                    // Outlines are dear, and hardly any letter is so large that another fits into it.
                    let body = glyph.body();
                    if !covers_some && reach.contains_rect(body) {
                        let area = area.get_or_insert_with(|| shape.area());
                        covers_some = area.as_ref().is_some_and(|area| area.covers(body));
                    }
                    if later && lines[at] != lines[other] && is_set_over(over, glyph) {
                        struck.resize(glyphs.len(), None);
                        struck[other] = Some(at);
                    }
                }
            }
            left > 0
        });
        if let Some(Some(area)) = area.filter(|_| covers_some) {
            let paint = match (over.ink, shape) {
                (Ink::Solid { rgb, .. }, Shape::Outline(..)) => CoverPaint::Solid(rgb),
                _ => CoverPaint::Pattern,
            };
            covers.push(Cover { area, paint, order: over.order });
        }
        if left == 0 {
            break;
        }
    }
    under.extend(words_under_words(glyphs, &struck, &lines));
    for at in under {
        glyphs[at].overprinted = true;
    }
    covers
}

/// More pairs of glyphs than this are not looked at: a page has hardly any.
const MOST_PAIRS: usize = 4_000_000;

impl Shape {
    fn area(&self) -> Option<Area> {
        match self {
            Self::Outline(glyph, place) => {
                let path = *place * glyph.outline();
                let bounds = path.bounding_box();
                Some(Area::Path { bounds, path, clip: bounds })
            }
            Self::Box(rect) => Some(Area::Rect(*rect)),
            Self::Unknown => None,
        }
    }
}

fn is_printed(glyph: &Glyph) -> bool {
    glyph.ink.shows() && !glyph.clipped && !glyph.text.is_blank() && glyph.size > 0.0
}

/// Where what a glyph lies over can be.
fn reach(glyph: &Glyph, shape: &Shape) -> Rect {
    match shape {
        Shape::Box(rect) => *rect,
        _ => {
            let (sin, cos) = glyph.angle.sin_cos();
            let at = |along: f64, up: f64| {
                let (along, up) = (along * glyph.size, up * glyph.size);
                Point::new(glyph.x + cos * along + sin * up, glyph.y + sin * along - cos * up)
            };
            let wide = glyph.advance / glyph.size + SHADOW;
            Rect::from_points(at(-SHADOW, -0.25), at(wide, 0.8))
                .union(Rect::from_points(at(wide, -0.25), at(-SHADOW, 0.8)))
        }
    }
}

/// Whether a letter is another one printed again.
enum Again {
    /// So exactly over it that nothing of it is left.
    SamePlace,
    /// With the shift that fakes a bold face.
    Near,
    /// With a shift that could be a shadow's.
    Beside,
    No,
}

fn again(a: &Glyph, b: &Glyph) -> Again {
    let off = (a.x - b.x).abs().max((a.y - b.y).abs());
    let alike = a.text == b.text && (a.size - b.size).abs() <= b.size * 0.1;
    match off / b.size {
        off if !alike || off > SHADOW => Again::No,
        off if off <= 0.05 => Again::SamePlace,
        off if off <= 0.12 && a.ink == b.ink => Again::Near,
        _ => Again::Beside,
    }
}

/// Whether two letters repeat each other with the same shift as two others.
fn shifted(below: &Glyph, above: &Glyph, over: &Glyph, glyph: &Glyph) -> bool {
    let off = ((above.x - below.x) - (over.x - glyph.x)).abs()
        + ((above.y - below.y) - (over.y - glyph.y)).abs();
    below.text == above.text && !below.text.is_blank() && off < glyph.size * 0.05
}

/// Whether a letter stands where another one does, on its line.
fn is_set_over(over: &Glyph, glyph: &Glyph) -> bool {
    let is_letter =
        |glyph: &Glyph| glyph.text.chars().all(|c| c.is_alphanumeric() && !is_right_to_left(c));
    let (sin, cos) = over.angle.sin_cos();
    let centre = glyph.body().center();
    let along = (centre.x - over.x) * cos + (centre.y - over.y) * sin;
    let below = (glyph.y - over.y) * cos - (glyph.x - over.x) * sin;
    (0.8..2.0).contains(&(over.size / glyph.size))
        && (over.angle - glyph.angle).abs() < 0.05
        && below.abs() < glyph.size * 0.2
        && (0.0..over.advance).contains(&along)
        && is_letter(over)
        && is_letter(glyph)
}

/// The glyphs that make up words set over by other words: in one stretch of text, letters at least
/// half of which are each under another letter, and what is left of their words. An accent, a ring or
/// a stroke set over a letter is part of that letter.
fn words_under_words(glyphs: &[Glyph], struck: &[Option<usize>], lines: &[u32]) -> Vec<usize> {
    const LEAST: usize = 4;
    let mut found = Vec::new();
    let mut from = 0;
    for stretch in lines[..struck.len()].chunk_by(|a, b| a == b) {
        let range = from..from + stretch.len();
        from = range.end;
        let is_struck = |at: &usize| struck[*at].is_some();
        let (Some(first), Some(last)) =
            (range.clone().find(is_struck), range.clone().rfind(is_struck))
        else {
            continue;
        };
        let is_blank = |at: &usize| glyphs[*at].text.is_blank();
        let first = (range.start..first).rfind(is_blank).map_or(range.start, |blank| blank + 1);
        let last = (last..range.end).find(is_blank).unwrap_or(range.end);
        let letters = (first..last).filter(|at| !is_blank(at)).count();
        let mut by: Vec<usize> = struck[first..last].iter().copied().flatten().collect();
        let count = by.len();
        by.dedup();
        if by.len() + 1 >= LEAST && count >= LEAST && count * 2 >= letters {
            found.extend((first..last).filter(|at| !is_blank(at)));
        }
    }
    found
}

/// For each glyph, which stretch of text it is in, in which the pen goes only forward: widths that a
/// font gets wrong make letters of one stretch overlap.
fn lines(glyphs: &[Glyph]) -> Vec<u32> {
    let mut line = 0;
    let mut lines = Vec::with_capacity(glyphs.len());
    let mut last: Option<&Glyph> = None;
    for glyph in glyphs {
        if let Some(last) = last {
            let (sin, cos) = last.angle.sin_cos();
            let (dx, dy) = (glyph.x - last.x, glyph.y - last.y);
            let forward = dx * cos + dy * sin > -last.size * 0.05;
            line += u32::from(!forward || (dy * cos - dx * sin).abs() > last.size);
        }
        lines.push(line);
        last = Some(glyph);
    }
    lines
}

/// Printed glyphs by where their bodies' centres are.
struct Grid {
    page: Rect,
    side: f64,
    columns: usize,
    /// For each cell the last glyph in it, and for each glyph the one before it in its cell.
    last: Vec<u32>,
    before: Vec<u32>,
}

const NO_GLYPH: u32 = u32::MAX;

impl Grid {
    fn of(glyphs: &[Glyph], page: Rect) -> Self {
        // A bound on the cells, for a page of any size.
        let side = (page.area() / 65_536.0).sqrt().max(16.0);
        let count = |length: f64| (length / side).ceil().clamp(1.0, 65_536.0) as usize;
        let (columns, rows) = (count(page.width()), count(page.height()));
        let cells = columns.saturating_mul(rows).min(1 << 20);
        let (last, before) = (vec![NO_GLYPH; cells], vec![NO_GLYPH; glyphs.len()]);
        let mut grid = Self { page, side, columns, last, before };
        for (at, glyph) in (0u32..).zip(glyphs) {
            let centre = glyph.body().center();
            if is_printed(glyph) && page.contains(centre) {
                let (column, row) = grid.cell(centre);
                if let Some(last) = grid.last.get_mut(row * columns + column) {
                    grid.before[at as usize] = std::mem::replace(last, at);
                }
            }
        }
        grid
    }

    fn cell(&self, point: Point) -> (usize, usize) {
        let column = (point.x - self.page.x0) / self.side;
        let row = (point.y - self.page.y0) / self.side;
        // A float below zero becomes zero.
        (
            (column as usize).min(self.columns - 1),
            (row as usize).min(self.last.len() / self.columns),
        )
    }

    /// Visits the glyphs of the cells that `area` touches, until told to stop.
    fn near(&self, area: Rect, mut visit: impl FnMut(usize) -> bool) {
        let (left, top) = self.cell(Point::new(area.x0, area.y0));
        let (right, bottom) = self.cell(Point::new(area.x1, area.y1));
        for row in top..=bottom {
            for column in left..=right {
                let mut at = self.last.get(row * self.columns + column).copied();
                while let Some(glyph) = at.filter(|at| *at != NO_GLYPH) {
                    if !visit(glyph as usize) {
                        return;
                    }
                    at = self.before.get(glyph as usize).copied();
                }
            }
        }
    }
}
