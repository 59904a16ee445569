//! The guard's first rules, over the glyphs of a page: what a person could not see is set aside.
//!
//! They are geometry and colour, the same on every run. They judge against what really lies behind
//! a glyph, so white text on a dark banner is text and white text on white is not.

use hayro_interpret::kurbo::{Point, Rect};

use super::HiddenKind;
use super::pdf::{Cover, CoverPaint, Glyph, Ink, PageMarks, points};

/// A page's glyphs, told apart.
pub(super) struct Judged {
    pub(super) visible: Vec<Glyph>,
    /// By kind, in the order of the kinds; no kind twice and none empty.
    pub(super) hidden: Vec<(HiddenKind, Vec<Glyph>)>,
    /// As on the page.
    pub(super) rules: Vec<Rect>,
}

/// Below this em height, in points, text cannot be read on paper. Legal small print is 4 and up.
pub(super) const TINY: f64 = 3.5;
/// The contrast ratio (WCAG 2) below which text cannot be told from what lies behind it.
///
/// White on #EBEBEB is 1.19; the palest grey that designs use for text, #CCC on white, is 1.6. But
/// small white letters on a pale colour are not design, they are white text that strayed from a
/// white page: coloured headings on white (a salmon has 2.0) are read at sizes where this is not.
pub(super) fn least_contrast(rgb: [u8; 3], size: f64) -> f64 {
    let white = rgb.iter().all(|channel| *channel >= 0xF0);
    if white && size < SMALL { 2.2 } else { 1.2 }
}

/// Smaller than any text that is set in white on purpose, in points.
const SMALL: f64 = 9.0;

/// Tells what can be seen on a page from what cannot.
pub(super) fn judge(page: PageMarks) -> Judged {
    let PageMarks { width, height, glyphs, covers, rules } = page;
    let visible_page = Rect::new(0.0, 0.0, width, height);
    let mut visible = Vec::with_capacity(glyphs.len());
    let mut hidden: Vec<(HiddenKind, Vec<Glyph>)> = Vec::new();
    for glyph in glyphs {
        match hidden_kind(&glyph, visible_page, &covers) {
            None => visible.push(glyph),
            Some(kind) => match hidden.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, glyphs)) => glyphs.push(glyph),
                None => hidden.push((kind, vec![glyph])),
            },
        }
    }
    // Some producers paint a halo, a shadow or a first coat under text: it hides nothing.
    let shown = Positions::of(&visible);
    for (kind, glyphs) in &mut hidden {
        let reach = if *kind == HiddenKind::Covered { SHADOW } else { DOUBLE };
        glyphs.retain(|glyph| !shown.has_within(glyph, reach));
    }
    hidden.retain(|(_, glyphs)| !glyphs.is_empty());
    hidden.sort_by_key(|(kind, _)| *kind);
    Judged { visible, hidden, rules }
}

fn hidden_kind(glyph: &Glyph, visible_page: Rect, covers: &[Cover]) -> Option<HiddenKind> {
    if !glyph.ink.shows() {
        return Some(HiddenKind::Invisible);
    }
    let body = glyph.body();
    let centre = body.center();
    if glyph.clipped || !visible_page.contains(centre) {
        return Some(HiddenKind::OffPage);
    }
    if glyph.size < TINY {
        return Some(HiddenKind::Tiny);
    }
    let later = covers.partition_point(|cover| cover.order <= glyph.order);
    if glyph.overprinted || covers[later..].iter().any(|cover| cover.hides(body)) {
        return Some(HiddenKind::Covered);
    }
    // A glyph that is a cover itself is not what lies behind it.
    let earlier = covers.partition_point(|cover| cover.order < glyph.order);
    (!is_seen(glyph, &covers[..earlier])).then_some(HiddenKind::LowContrast)
}

/// Whether a glyph stands out from what was painted before it. A line that crosses it shows its
/// colour at one place, and where text is struck through, hides it there; two places are a letter's.
fn is_seen(glyph: &Glyph, earlier: &[Cover]) -> bool {
    let Ink::Solid { rgb, alpha } = glyph.ink else { return true };
    let least = least_contrast(rgb, glyph.size);
    let stands_out = |point: &Point| {
        let behind = match behind(earlier, *point) {
            Some(cover) => cover.colour(*point),
            None => Some(WHITE),
        };
        behind.is_none_or(|behind| contrast(mix(rgb, behind, alpha), behind) >= least)
    };
    if earlier.is_empty() {
        return stands_out(&glyph.body().center());
    }
    points(glyph.body()).iter().filter(|point| stands_out(point)).take(2).count() == 2
}

/// What was painted last at a point.
fn behind(covers: &[Cover], point: Point) -> Option<&Cover> {
    covers.iter().rev().find(|cover| cover.paints(point))
}

/// Whether some text on the page stands on a picture that was not looked into.
pub(super) fn stands_on_unseen_picture(page: &PageMarks) -> bool {
    let pictures = page.covers.iter().any(|cover| matches!(cover.paint, CoverPaint::Unseen));
    pictures
        && page.glyphs.iter().filter(|glyph| glyph.ink.shows()).any(|glyph| {
            let earlier = page.covers.partition_point(|cover| cover.order <= glyph.order);
            behind(&page.covers[..earlier], glyph.body().center())
                .is_some_and(|cover| matches!(cover.paint, CoverPaint::Unseen))
        })
}

const WHITE: [u8; 3] = [255, 255, 255];

/// What `rgb` at opacity `alpha` looks like over `behind`.
fn mix(rgb: [u8; 3], behind: [u8; 3], alpha: f32) -> [u8; 3] {
    let alpha = alpha.clamp(0.0, 1.0);
    std::array::from_fn(|i| {
        (f32::from(rgb[i]) * alpha + f32::from(behind[i]) * (1.0 - alpha)).round() as u8
    })
}

/// The contrast ratio of WCAG 2, from 1 (the same) to 21 (black on white).
pub(super) fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Where glyphs are, to find one painted again in the same place.
pub(super) struct Positions<'a> {
    cells: std::collections::HashMap<(i64, i64), Vec<&'a Glyph>>,
}

impl<'a> Positions<'a> {
    pub(super) fn of(glyphs: &'a [Glyph]) -> Self {
        let mut positions = Self { cells: std::collections::HashMap::new() };
        for glyph in glyphs {
            positions.add(glyph);
        }
        positions
    }

    pub(super) fn add(&mut self, glyph: &'a Glyph) {
        self.cells.entry(cell(glyph.x, glyph.y)).or_default().push(glyph);
    }

    /// Whether the same text is at the same place, give or take the shift that fakes a bold face.
    pub(super) fn has(&self, glyph: &Glyph) -> bool {
        self.has_within(glyph, DOUBLE)
    }

    /// Whether the same text is within so many ems.
    fn has_within(&self, glyph: &Glyph, ems: f64) -> bool {
        let reach = (glyph.size * ems).min(CELL * 16.0);
        let (from, to) =
            (cell(glyph.x - reach, glyph.y - reach), cell(glyph.x + reach, glyph.y + reach));
        (from.0..=to.0).any(|column| {
            (from.1..=to.1).any(|row| {
                self.cells.get(&(column, row)).is_some_and(|others| {
                    others.iter().take(64).any(|other| {
                        other.text == glyph.text
                            && (other.x - glyph.x).abs() <= reach
                            && (other.y - glyph.y).abs() <= reach
                            && (other.size - glyph.size).abs() <= glyph.size * 0.2
                    })
                })
            })
        })
    }
}

/// How far apart, in ems, the two printings are that fake a bold face.
const DOUBLE: f64 = 0.12;
/// How far the shadow of a letter falls, in ems.
pub(super) const SHADOW: f64 = 0.35;

const CELL: f64 = 2.0;

fn cell(x: f64, y: f64) -> (i64, i64) {
    ((x / CELL).floor() as i64, (y / CELL).floor() as i64)
}
