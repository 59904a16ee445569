//! Glyphs: what was read in a picture, as marks on a page, so that it is put in reading order like any other text.

use crate::reading::pdf::{Glyph, Ink, Text};

use super::Line;

/// Height of the em by that of the box around a line, which has ascenders and descenders and a little room.
const EM: f64 = 0.75;
/// Half of a letter's width at most, in ems: where the next one is farther, there is a gap.
const HALF: f64 = 0.55;

/// A page's letters.
pub(super) fn glyphs(lines: &[Line]) -> Vec<Glyph> {
    lines.iter().zip(0..).flat_map(|(line, order)| of_line(line, order)).collect()
}

fn of_line(line: &Line, order: u32) -> Vec<Glyph> {
    let (top, bottom) = (f64::from(line.blob.top), f64::from(line.blob.bottom));
    let size = (bottom - top) * EM;
    let middles: Vec<f64> = line.letters.iter().map(|letter| f64::from(letter.middle)).collect();
    let between = |a: f64, b: f64| f64::midpoint(a, b);
    let bounds = |at: usize| {
        let middle = middles[at];
        let left = at.checked_sub(1).and_then(|before| middles.get(before));
        let left = left.map_or(f64::MIN, |before| between(*before, middle));
        let right = middles.get(at + 1).map_or(f64::MAX, |next| between(middle, *next));
        (left.max(middle - size * HALF), right.min(middle + size * HALF))
    };
    let place = |(at, letter): (usize, &super::Letter)| {
        let (left, right) = bounds(at);
        Glyph {
            text: Text::Str(letter.text.as_str().into()),
            x: left,
            // A box's middle wanders less with what letters a line has than its lower edge does.
            y: between(top, bottom) + size * 0.35,
            advance: right - left,
            angle: 0.0,
            size,
            ink: Ink::Unknown,
            clipped: false,
            overprinted: false,
            doubt: None,
            order,
        }
    };
    line.letters.iter().enumerate().map(place).collect()
}
