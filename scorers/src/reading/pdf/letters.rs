//! Letters: whether what a glyph draws could be the letter that the document says it is.
//!
//! A font's table of what its codes mean is the document's to write: a page can show one text and give programs another. So each
//! outline is compared with that letter in the faces that every reader of PDFs has, upright and slanted, light and bold. One that
//! looks much more like other letters is *doubted*. That alone proves nothing (designers draw letters in their own way): what is
//! doubted is looked at, by who reads pictures.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use hayro_font::{FontCache, FontGlyph, FontQuery, FontResolverFn, StandardFont};
use hayro_interpret::kurbo::{self, Affine, BezPath, PathEl, Point, Rect, Shape as _};

/// Cells of a picture of a letter, by rows and columns.
const SIDE: usize = 16;
/// Points looked at in each direction of a cell.
const FINE: usize = 3;
/// An outline this near to the letter, per cell, is that letter: no other is compared.
const NEAR: f32 = 0.20;
/// How much nearer another letter must be for doubt.
const NEARER: f32 = 0.10;
/// What a twofold difference in how wide a letter is for its height adds to its distance.
const WIDTH: f32 = 0.10;
/// Paths with more corners than this are pictures.
const MOST_CORNERS: usize = 2_000;

/// Letters that may look the same in one face or another.
const ALIKE: [&str; 13] = [
    "0OoQD",
    "1lIiLjJtf",
    "2Zz",
    "5Ss",
    "8B",
    "6bG",
    "9gq",
    "7T",
    "uUvVyY",
    "rt",
    "hn",
    "4A",
    "CceG",
];

/// Letters, as a set of those that the outlines are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Letters(u64);

impl Letters {
    /// The place of a letter in the set; none for what is no Latin letter or digit.
    fn bit(c: char) -> Option<u64> {
        let at = match c {
            '0'..='9' => c as u32 - '0' as u32,
            'a'..='z' => c as u32 - 'a' as u32 + 10,
            'A'..='Z' => c as u32 - 'A' as u32 + 36,
            _ => return None,
        };
        Some(1 << at)
    }

    /// A letter, in both its cases, and what may look like it.
    fn like(c: char) -> Self {
        let cases = |c: char| [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
        let alike = ALIKE.iter().filter(|group| cases(c).iter().any(|c| group.contains(*c)));
        let all = alike.flat_map(|group| group.chars()).chain([c]).flat_map(cases);
        Self(all.filter_map(Self::bit).fold(0, |set, bit| set | bit))
    }

    fn with(self, c: char) -> Self {
        Self(self.0 | Self::bit(c).unwrap_or_default())
    }

    /// Whether a letter is among them, or looks like one that is.
    pub(crate) fn has_like(self, c: char) -> bool {
        self.0 & Self::like(c).0 != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Whether two characters may be told from each other by how they look.
pub(crate) fn look_alike(a: char, b: char) -> bool {
    Letters::like(a).has_like(b)
}

/// A letter's picture: how much of each cell of its bounds is ink, and how wide it is for its height.
#[derive(Clone)]
struct Picture {
    cells: [u8; SIDE * SIDE],
    width: f32,
}

impl Picture {
    fn of(outline: &BezPath) -> Option<Self> {
        Self::within(outline, outline.bounding_box())
    }

    /// What there is of an outline within a box.
    fn within(outline: &BezPath, bounds: Rect) -> Option<Self> {
        let simple = outline.elements().len() <= MOST_CORNERS;
        let drawn = bounds.is_finite() && bounds.width() > 1e-6 && bounds.height() > 1e-6;
        (simple && drawn).then(|| Self {
            cells: cells(outline, bounds),
            width: (bounds.width() / bounds.height()).ln() as f32,
        })
    }

    /// From 0, the same, on: the mean difference of the cells, and what their widths differ.
    fn distance(&self, other: &Self) -> f32 {
        let cells = self.cells.iter().zip(&other.cells);
        let sum: u32 = cells.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        let mean = sum as f32 / (SIDE * SIDE * FINE * FINE) as f32;
        mean + (self.width - other.width).abs() / std::f32::consts::LN_2 * WIDTH
    }
}

/// How many of each cell's points are inside an outline, by rows from the bounds' lowest y on.
fn cells(outline: &BezPath, bounds: Rect) -> [u8; SIDE * SIDE] {
    const POINTS: usize = SIDE * FINE;
    let mut cells = [0; SIDE * SIDE];
    let mut crossings: Vec<Vec<(f64, i32)>> = vec![Vec::new(); POINTS];
    let row_of = |y: f64| (y - bounds.y0) / bounds.height() * POINTS as f64 - 0.5;
    let mut edge = |from: Point, to: Point| {
        let (low, high, turn) = if from.y < to.y { (from, to, 1) } else { (to, from, -1) };
        let first = row_of(low.y).ceil().max(0.0) as usize;
        for (row, crossings) in crossings.iter_mut().enumerate().skip(first) {
            let y = bounds.y0 + (row as f64 + 0.5) / POINTS as f64 * bounds.height();
            if y >= high.y {
                break;
            }
            let x = low.x + (y - low.y) / (high.y - low.y) * (high.x - low.x);
            crossings.push((x, turn));
        }
    };
    let (mut start, mut at) = (Point::ZERO, Point::ZERO);
    kurbo::flatten(outline.iter(), bounds.height().max(bounds.width()) / 200.0, |element| {
        match element {
            PathEl::MoveTo(to) => {
                edge(at, start);
                (start, at) = (to, to);
            }
            PathEl::LineTo(to) => {
                edge(at, to);
                at = to;
            }
            _ => {
                edge(at, start);
                at = start;
            }
        }
    });
    edge(at, start);
    for (row, mut crossings) in crossings.into_iter().enumerate() {
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut next = crossings.into_iter().peekable();
        let mut winding = 0;
        for column in 0..POINTS {
            let x = bounds.x0 + (column as f64 + 0.5) / POINTS as f64 * bounds.width();
            while let Some((_, turn)) = next.next_if(|(at, _)| *at <= x) {
                winding += turn;
            }
            cells[row / FINE * SIDE + column / FINE] += u8::from(winding != 0);
        }
    }
    cells
}

/// Every letter and digit in the twelve faces of text that PDF readers have.
static KNOWN: LazyLock<HashMap<char, Vec<Picture>>> = LazyLock::new(|| {
    let mut known: HashMap<char, Vec<Picture>> = HashMap::new();
    for outline_of in FACES.into_iter().filter_map(face) {
        for c in ('0'..='9').chain('a'..='z').chain('A'..='Z') {
            known.entry(c).or_default().extend(Picture::of(&outline_of(c)));
        }
        // The a of geometric faces, which none of these is: a d up to where an o ends.
        let (d, o) = (outline_of('d'), outline_of('o').bounding_box());
        known
            .entry('a')
            .or_default()
            .extend(Picture::within(&d, Rect { y0: o.y0, ..d.bounding_box() }));
    }
    known
});

const FACES: [StandardFont; 12] = [
    StandardFont::Helvetica,
    StandardFont::HelveticaBold,
    StandardFont::HelveticaOblique,
    StandardFont::HelveticaBoldOblique,
    StandardFont::TimesRoman,
    StandardFont::TimesBold,
    StandardFont::TimesItalic,
    StandardFont::TimesBoldItalic,
    StandardFont::Courier,
    StandardFont::CourierBold,
    StandardFont::CourierOblique,
    StandardFont::CourierBoldOblique,
];

/// The outlines of a face's letters, with y downwards.
fn face(face: StandardFont) -> Option<impl Fn(char) -> BezPath> {
    let data = face.get_font_data();
    let resolver: FontResolverFn = Arc::new(move |_: &FontQuery| Some(data.clone()));
    let font = FontCache::new().standard_font(face, &resolver)?;
    Some(move |c: char| match font.glyph(font.map_code(c.into()), c.into()) {
        FontGlyph::Outline(glyph) => Affine::FLIP_Y * glyph.outline(),
        FontGlyph::Type3(_) => BezPath::new(),
    })
}

/// What a document's glyphs were found to draw.
#[derive(Default)]
pub(super) struct Witness {
    /// By what is drawn and what it is said to be: which doubt, if there is one.
    known: HashMap<(u128, char), Option<u32>>,
    /// What each glyph that is doubted looks like.
    pub(super) doubts: Vec<Letters>,
}

impl Witness {
    /// Whether what a glyph draws is doubted to be the letter it is said to be. `drawing` gives its outline, upright and with y
    /// downwards, and is asked once for each `glyph` and letter.
    pub(super) fn look(
        &mut self,
        glyph: u128,
        said: char,
        drawing: impl FnOnce() -> BezPath,
    ) -> Option<u32> {
        Letters::bit(said)?;
        if let Some(known) = self.known.get(&(glyph, said)) {
            return *known;
        }
        let found = looks_like(said, &drawing()).map(|letters| {
            self.doubts.push(letters);
            u32::try_from(self.doubts.len() - 1).unwrap_or(u32::MAX)
        });
        self.known.insert((glyph, said), found);
        found
    }
}

/// The letters that an outline looks much more like than the one it is said to be; nothing when it could well be that letter, or
/// when nothing is known of it.
fn looks_like(said: char, outline: &BezPath) -> Option<Letters> {
    let drawn = Picture::of(outline)?;
    let nearest = |c: char| {
        let faces = KNOWN.get(&c).into_iter().flatten();
        faces.map(|face| drawn.distance(face)).fold(f32::INFINITY, f32::min)
    };
    let own = [said.to_ascii_lowercase(), said.to_ascii_uppercase()].map(nearest);
    let own = own[0].min(own[1]);
    if own < NEAR || !own.is_finite() {
        return None;
    }
    let like = Letters::like(said);
    let others = KNOWN.keys().filter(|c| !like.has_like(**c) && nearest(**c) + NEARER < own);
    let others = others.fold(Letters::default(), |set, c| set.with(*c));
    (!others.is_empty()).then_some(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_said_to_be_another_is_doubted_and_one_that_is_what_it_is_said_to_be_is_not() {
        let all: Vec<char> = "aemnrstwxkdg259BEHKMRSWXZ".chars().collect();
        let (mut pairs, mut doubted) = (0, 0);
        for outline in
            [StandardFont::Helvetica, StandardFont::TimesItalic].into_iter().filter_map(face)
        {
            for &drawn in &all {
                let outline = outline(drawn);
                assert_eq!(looks_like(drawn, &outline), None, "{drawn}");
                for &said in all.iter().filter(|said| !look_alike(drawn, **said)) {
                    let like = looks_like(said, &outline);
                    pairs += 1;
                    doubted += u32::from(like.is_some_and(|like| like.has_like(drawn)));
                }
            }
        }
        assert!(doubted * 100 >= pairs * 95, "{doubted} of {pairs}");
    }

    #[test]
    fn nothing_is_said_of_what_is_no_letter() {
        let box_ = Rect::new(0.0, 0.0, 500.0, 700.0).to_path(0.1);
        assert_eq!(Witness::default().look(1, '•', || box_.clone()), None);
        assert_eq!(looks_like('a', &BezPath::new()), None);
    }

    #[test]
    fn a_glyph_is_looked_at_once_for_each_letter_it_is_said_to_be() {
        let h = face(StandardFont::Helvetica).unwrap();
        let mut witness = Witness::default();
        assert_eq!(witness.look(1, 'H', || h('H')), None);
        assert_eq!(witness.look(1, 's', || h('H')), Some(0));
        assert_eq!(witness.look(1, 's', || unreachable!()), Some(0));
        assert_eq!(witness.look(2, 'w', || h('H')), Some(1));
        assert!(witness.doubts[0].has_like('h') && !witness.doubts[0].has_like('s'));
    }
}
