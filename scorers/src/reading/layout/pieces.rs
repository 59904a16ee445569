//! Pieces: glyphs that follow each other on one baseline, with the spaces that gaps stand for.

use crate::reading::pdf::Glyph;

use super::laid::Mark;

/// A stretch of text on one baseline, without a gap wide enough to set columns apart. Coordinates
/// are turned so that it runs to the right.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) x0: f64,
    pub(super) x1: f64,
    /// Baseline.
    pub(super) base: f64,
    /// Em height of most of it.
    pub(super) size: f64,
    pub(super) text: String,
    /// Where each of its characters stands.
    pub(super) marks: Vec<Mark>,
    /// When it was painted, among the pieces.
    pub(super) order: usize,
}

/// A glyph in turned coordinates.
struct Placed {
    glyph: Glyph,
    u: f64,
    v: f64,
}

impl Placed {
    fn end(&self) -> f64 {
        self.u + self.glyph.advance
    }
}

/// A gap wider than this many ems ends a piece.
const WIDE: f64 = 1.0;
/// A gap wider than this many ems is a space.
const SPACE: f64 = 0.13;

/// Makes pieces of glyphs that are written at `angle`.
pub(super) fn pieces(glyphs: Vec<Glyph>, angle: f64) -> Vec<Piece> {
    let (sin, cos) = angle.sin_cos();
    let placed = glyphs.into_iter().map(|glyph| Placed {
        u: glyph.x * cos + glyph.y * sin,
        v: glyph.y * cos - glyph.x * sin,
        glyph,
    });
    let mut runs = runs(placed);
    join(&mut runs);
    let mut pieces: Vec<Piece> = Vec::with_capacity(runs.len());
    for (order, run) in runs.into_iter().enumerate() {
        cut(run, order, angle, &mut pieces);
    }
    pieces
}

/// Glyphs in paint order, cut where the pen jumps.
fn runs(placed: impl Iterator<Item = Placed>) -> Vec<Vec<Placed>> {
    let mut runs: Vec<Vec<Placed>> = Vec::new();
    for glyph in placed {
        if let Some(run) = runs.last_mut()
            && let Some(last) = run.last()
        {
            let size = last.glyph.size.max(glyph.glyph.size);
            let gap = glyph.u - last.end();
            if same_line(last, &glyph) && gap > -size * 0.5 && gap < size * WIDE {
                run.push(glyph);
                continue;
            }
        }
        runs.push(vec![glyph]);
    }
    runs
}

/// On one line: the same baseline, or a raised or lowered smaller glyph.
fn same_line(a: &Placed, b: &Placed) -> bool {
    let (small, large) = (a.glyph.size.min(b.glyph.size), a.glyph.size.max(b.glyph.size));
    let off = (a.v - b.v).abs();
    off < small * 0.2 || (small < large * 0.85 && off < large * 0.45)
}

/// Joins runs that stand next to each other on one line but were painted apart.
fn join(runs: &mut Vec<Vec<Placed>>) {
    let mut at: Vec<usize> = (0..runs.len()).collect();
    let key = |run: &[Placed]| run.first().map_or((0.0, 0.0), |first| (first.v, first.u));
    at.sort_by(|&a, &b| {
        let ((va, ua), (vb, ub)) = (key(&runs[a]), key(&runs[b]));
        va.total_cmp(&vb).then(ua.total_cmp(&ub)).then(a.cmp(&b))
    });
    // Lines by baseline, then neighbours by position: a run follows another if it starts where the
    // other ends.
    let mut line_start = 0;
    while line_start < at.len() {
        let base = key(&runs[at[line_start]]).0;
        let mut line_end = line_start;
        while line_end < at.len() {
            let run = &runs[at[line_end]];
            let size = run.first().map_or(0.0, |g| g.glyph.size);
            if key(run).0 - base > size * 0.2 {
                break;
            }
            line_end += 1;
        }
        let line = &mut at[line_start..line_end];
        line.sort_by(|&a, &b| key(&runs[a]).1.total_cmp(&key(&runs[b]).1).then(a.cmp(&b)));
        let mut head = line[0];
        for &next in &line[1..] {
            let joins = match (runs[head].last(), runs[next].first()) {
                (Some(last), Some(first)) => {
                    let size = last.glyph.size.max(first.glyph.size);
                    let gap = first.u - last.end();
                    gap > -size * 0.5 && gap < size * WIDE && same_line(last, first)
                }
                _ => false,
            };
            if joins {
                let tail = std::mem::take(&mut runs[next]);
                runs[head].extend(tail);
            } else {
                head = next;
            }
        }
        line_start = line_end.max(line_start + 1);
    }
    runs.retain(|run| !run.is_empty());
}

/// Writes a run's text, and cuts it where spaces add up to a wide gap.
fn cut(mut run: Vec<Placed>, order: usize, angle: f64, pieces: &mut Vec<Piece>) {
    // Glyphs of one word may be painted out of order (accents, kerned overlaps).
    if run.windows(2).any(|pair| pair[1].u < pair[0].u) {
        run.sort_by(|a, b| a.u.total_cmp(&b.u));
    }
    let spacing = letter_spacing(&run);
    let mut piece: Option<Piece> = None;
    let mut end = f64::NEG_INFINITY;
    let mut blank = false;
    for placed in run {
        let glyph = &placed.glyph;
        if glyph.text.is_blank() {
            blank = true;
            continue;
        }
        let size = glyph.size.max(0.01);
        let gap = placed.u - end;
        let wide = WIDE.max(spacing / size + 0.6);
        if let Some(open) = piece.take_if(|_| gap > size * if blank { wide * 1.6 } else { wide }) {
            pieces.push(open);
        }
        let open = piece.get_or_insert_with(|| Piece {
            x0: placed.u,
            x1: placed.u,
            base: placed.v,
            size: glyph.size,
            text: String::new(),
            marks: Vec::new(),
            order,
        });
        let space = if spacing > 0.0 {
            gap > spacing * 1.5 + size * 0.1
        } else {
            blank || gap > size.min(open.size) * SPACE
        };
        let mark = |from: f64, to: f64| Mark {
            angle: angle as f32,
            base: placed.v as f32,
            size: glyph.size as f32,
            from: from as f32,
            to: to as f32,
        };
        if space && !open.text.is_empty() {
            open.text.push(' ');
            open.marks.push(mark(end, placed.u));
        }
        let known = || glyph.text.chars().filter(|c| *c != char::REPLACEMENT_CHARACTER);
        // A ligature's letters share its place.
        let share = glyph.advance / known().count().max(1) as f64;
        for (c, at) in known().zip(0..) {
            open.text.push(if c.is_control() { ' ' } else { c });
            let from = placed.u + share * f64::from(at);
            open.marks.push(mark(from, from + share));
        }
        if glyph.size > open.size * 1.05 {
            (open.size, open.base) = (glyph.size, placed.v);
        }
        end = placed.end();
        open.x1 = open.x1.max(end);
        blank = false;
    }
    pieces.extend(piece);
}

/// The distance between letters of a run that is set wide, as headings are, be it by spacing or by
/// typing spaces between them: then a gap of that size is no space. Zero for ordinary text.
fn letter_spacing(run: &[Placed]) -> f64 {
    let letters: Vec<&Placed> = run.iter().filter(|p| !p.glyph.text.is_blank()).collect();
    let typed = (run.len() - letters.len()) * 2 >= letters.len();
    if letters.len() < if typed { 5 } else { 4 } {
        return 0.0;
    }
    let mut gaps: Vec<f64> = letters.windows(2).map(|pair| pair[1].u - pair[0].end()).collect();
    gaps.sort_by(f64::total_cmp);
    let size = letters[0].glyph.size;
    let least = gaps[gaps.len() / 20];
    let median = gaps[gaps.len() / 2];
    // One-letter words in a row are not running text; kerning alone never opens every gap.
    if least > size * 0.05 && median > size * 0.08 { median } else { 0.0 }
}
