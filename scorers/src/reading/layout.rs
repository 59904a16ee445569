//! Layout: from glyphs to text in reading order.
//!
//! Glyphs that follow each other on one baseline make *pieces*; pieces side by side make *rows*; and
//! where a white gutter runs down several rows with text of its own on either side, those rows are
//! columns, read one after the other. A date set flush right beside a job title is not a column: it
//! shares its baseline with the title, and is read with it.

mod columns;
mod laid;
mod pieces;

use std::f64::consts::TAU;

use hayro_interpret::kurbo::Rect;

use super::pdf::Glyph;
use super::unseen::is_right_to_left;

use laid::Line;
pub(super) use laid::{Laid, Mark, OnPage};

/// The text of glyphs, as [`lay`] puts them in order.
pub(super) fn text(glyphs: Vec<Glyph>, rules: &[Rect]) -> String {
    lay(glyphs, rules).text()
}

/// Puts glyphs in reading order, one line of text for each line on the page, with an empty line
/// where the page leaves a wider gap. Lines ruled across the page, `rules`, divide what is above from
/// what is below.
pub(super) fn lay(glyphs: Vec<Glyph>, rules: &[Rect]) -> Laid {
    let glyphs = without_doubles(glyphs);
    let mut out = Laid::default();
    for (angle, glyphs) in by_direction(glyphs) {
        let pieces = pieces::pieces(glyphs, angle);
        let rules = if angle == 0.0 { rules } else { &[] };
        for block in columns::blocks(pieces, rules) {
            out.gap();
            let mut above: Option<f64> = None;
            for row in block.rows {
                let (base, size) = (row.base(), row.size());
                if above.is_some_and(|above| base - above > size * 2.0) {
                    out.gap();
                }
                above = Some(base);
                out.push(in_reading_order(row.line()));
            }
        }
    }
    out
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

/// Turns a line from the order on the page, left to right, to the order of reading, when it is in a
/// script written from right to left; what is not in that script keeps its own order.
fn in_reading_order(line: Line) -> Line {
    if !line.iter().any(|(c, _)| is_right_to_left(*c)) {
        return line;
    }
    let (right, left) = line.iter().fold((0, 0), |(right, left), (c, _)| match side(*c) {
        Side::Right => (right + 1, left),
        Side::Left => (right, left + 1),
        Side::Either => (right, left),
    });
    if right >= left {
        // Reversed as a whole; then runs of the other direction are put back.
        let reversed: Line = line.into_iter().rev().collect();
        turn_runs(&reversed, Side::Left)
    } else {
        turn_runs(&line, Side::Right)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
    Either,
}

fn side(c: char) -> Side {
    if is_right_to_left(c) {
        Side::Right
    } else if c.is_alphanumeric() {
        Side::Left
    } else {
        Side::Either
    }
}

/// Reverses each run of characters of one side, with what stands between them.
fn turn_runs(line: &[(char, Option<Mark>)], turned: Side) -> Line {
    let mut out = Line::with_capacity(line.len());
    let mut at = 0;
    while let Some(&(c, mark)) = line.get(at) {
        if side(c) != turned {
            out.push((c, mark));
            at += 1;
            continue;
        }
        let run = line[at..]
            .iter()
            .take_while(|(c, _)| matches!(side(*c), s if s == turned || s == Side::Either));
        let length = run.count();
        let last = line[at..at + length].iter().rposition(|(c, _)| side(*c) == turned).unwrap_or(0);
        out.extend(line[at..=at + last].iter().rev());
        at += last + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::in_reading_order;

    fn logical(page: &str) -> String {
        let line = in_reading_order(page.chars().map(|c| (c, None)).collect());
        line.into_iter().map(|(c, _)| c).collect()
    }

    /// A line as it stands on the page, from left to right.
    fn on_the_page(reading: &str) -> String {
        reading.chars().rev().collect()
    }

    #[test]
    fn lines_from_right_to_left_are_read_that_way() {
        assert_eq!(logical(&on_the_page("שלום עולם")), "שלום עולם");
        let page = format!("{} 2019 {}", on_the_page("עד היום"), on_the_page("משנת"));
        assert_eq!(logical(&page), "משנת 2019 עד היום");
        let page = format!("{} Rust {}", on_the_page("מהנדס"), on_the_page("אני"));
        assert_eq!(logical(&page), "אני Rust מהנדס");
    }

    #[test]
    fn a_foreign_word_in_a_line_from_left_to_right_is_turned_alone() {
        let page = format!("Jane Doe ({}) lives in Haifa", on_the_page("חיפה"));
        assert_eq!(logical(&page), "Jane Doe (חיפה) lives in Haifa");
    }
}
