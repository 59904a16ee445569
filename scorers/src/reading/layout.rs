//! Layout: from glyphs to text in reading order.
//!
//! Glyphs that follow each other on one baseline make *pieces*; pieces side by side make *rows*; and
//! where a white gutter runs down several rows with text of its own on either side, those rows are
//! columns, read one after the other. A date set flush right beside a job title is not a column: it
//! shares its baseline with the title, and is read with it.

mod columns;
mod pieces;

use std::f64::consts::TAU;

use super::pdf::Glyph;
use super::unseen::is_right_to_left;

/// Puts glyphs in reading order, one line of text for each line on the page, with an empty line
/// where the page leaves a wider gap.
pub(super) fn text(glyphs: Vec<Glyph>) -> String {
    let glyphs = without_doubles(glyphs);
    let mut out = String::with_capacity(glyphs.len() * 2);
    for (angle, glyphs) in by_direction(glyphs) {
        let pieces = pieces::pieces(glyphs, angle);
        for block in columns::blocks(pieces) {
            if !out.is_empty() {
                out.push('\n');
            }
            let mut above: Option<f64> = None;
            for row in block.rows {
                let (base, size) = (row.base(), row.size());
                if above.is_some_and(|above| base - above > size * 2.0) {
                    out.push('\n');
                }
                above = Some(base);
                push_row(&row, &mut out);
                out.push('\n');
            }
        }
    }
    tidy(&out)
}

/// Text in a direction of its own (a rotated side heading) is apart from the rest. The direction
/// with the most glyphs comes first.
fn by_direction(glyphs: Vec<Glyph>) -> Vec<(f64, Vec<Glyph>)> {
    let mut groups: Vec<(i32, Vec<Glyph>)> = Vec::new();
    for glyph in glyphs {
        // To the nearest three degrees.
        let turn = ((glyph.angle.rem_euclid(TAU) / TAU * 120.0).round() as i32) % 120;
        match groups.iter_mut().find(|(known, _)| *known == turn) {
            Some((_, group)) => group.push(glyph),
            None => groups.push((turn, vec![glyph])),
        }
    }
    groups.sort_by_key(|(turn, group)| (std::cmp::Reverse(group.len()), *turn));
    groups.into_iter().map(|(turn, group)| (f64::from(turn) * TAU / 120.0, group)).collect()
}

/// Drops glyphs painted again over themselves to fake a bold face or a shadow.
fn without_doubles(glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let mut seen = super::guard::Positions::of(&[]);
    let keep: Vec<bool> = glyphs
        .iter()
        .map(|glyph| {
            let double = seen.has(glyph);
            if !double {
                seen.add(glyph);
            }
            !double
        })
        .collect();
    let mut keep = keep.into_iter();
    let mut glyphs = glyphs;
    glyphs.retain(|_| keep.next().unwrap_or(true));
    glyphs
}

fn push_row(row: &columns::Row, out: &mut String) {
    let line = row.text();
    if line.chars().any(is_right_to_left) {
        out.push_str(&logical(&line));
    } else {
        out.push_str(&line);
    }
}

/// Turns a line from the order on the page, left to right, to the order of reading, when it is in a
/// script written from right to left; what is not in that script keeps its own order.
fn logical(line: &str) -> String {
    let strong_left = |c: char| c.is_alphanumeric() && !is_right_to_left(c);
    let (right, left) = line.chars().fold((0, 0), |(right, left), c| {
        (
            right + usize::from(is_right_to_left(c)),
            left + usize::from(strong_left(c) && !c.is_numeric()),
        )
    });
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let is_left = |c: char| strong_left(c);
    if right >= left {
        // Right-to-left line: reversed as a whole, with left-to-right runs put back.
        let reversed: Vec<char> = chars.into_iter().rev().collect();
        push_runs(&reversed, is_left, &mut out);
    } else {
        push_runs(&chars, is_right_to_left, &mut out);
    }
    out
}

/// Writes `chars`, with each run of `turned` characters (and what stands between them) reversed.
fn push_runs(chars: &[char], turned: impl Fn(char) -> bool, out: &mut String) {
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if !turned(c) {
            out.push(c);
            at += 1;
            continue;
        }
        let mut end = at + 1;
        let mut look = at + 1;
        while let Some(&c) = chars.get(look) {
            let foreign =
                if turned('a') { is_right_to_left(c) } else { c.is_alphanumeric() && !turned(c) };
            if foreign {
                break;
            }
            look += 1;
            if turned(c) {
                end = look;
            }
        }
        out.extend(chars[at..end].iter().rev());
        at = end;
    }
}

/// No spaces at the ends of lines, no more than one empty line in a row, none at the ends.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(line);
    }
    out
}
