//! Columns: which pieces of text are read across, and which down.

use hayro_interpret::kurbo::Rect;

use super::laid::Line as Characters;
use super::pieces::Piece;

/// Rows that are read one after the other.
pub(super) struct Block {
    pub(super) rows: Vec<Row>,
}

/// Pieces side by side, from left to right.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pieces: Vec<Piece>,
}

impl Row {
    pub(super) fn base(&self) -> f64 {
        self.pieces.first().map_or(0.0, |piece| piece.base)
    }

    pub(super) fn size(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.size).fold(0.0, f64::max)
    }

    /// Its characters from left to right.
    pub(super) fn line(&self) -> Characters {
        let mut line = Characters::new();
        for piece in &self.pieces {
            if !line.is_empty() {
                line.push((' ', None));
            }
            line.extend(piece.text.chars().zip(piece.marks.iter().copied().map(Some)));
        }
        line
    }

    fn side(&self, keep: impl Fn(&Piece) -> bool) -> Option<Self> {
        let pieces: Vec<Piece> = self.pieces.iter().filter(|piece| keep(piece)).cloned().collect();
        (!pieces.is_empty()).then_some(Self { pieces })
    }

    fn crosses(&self, x: f64) -> bool {
        self.pieces.iter().any(|piece| piece.x0 < x && x < piece.x1)
    }
}

/// Puts pieces into blocks, in reading order. A line ruled across all of the text ends its columns.
pub(super) fn blocks(pieces: Vec<Piece>, rules: &[Rect]) -> Vec<Block> {
    let left = pieces.iter().map(|piece| piece.x0).fold(f64::INFINITY, f64::min);
    let right = pieces.iter().map(|piece| piece.x1).fold(f64::NEG_INFINITY, f64::max);
    let mut cuts: Vec<f64> = rules
        .iter()
        .filter(|rule| rule.x1.min(right) - rule.x0.max(left) > (right - left) * 0.9)
        .map(|rule| rule.y0)
        .collect();
    cuts.sort_by(f64::total_cmp);

    let mut blocks = Vec::new();
    let mut rest = rows(pieces);
    for cut in cuts {
        let below = rest.split_off(rest.partition_point(|row| row.base() <= cut));
        order(std::mem::replace(&mut rest, below), 0, &mut blocks);
    }
    order(rest, 0, &mut blocks);
    blocks
}

/// Groups pieces by baseline.
fn rows(mut pieces: Vec<Piece>) -> Vec<Row> {
    pieces.sort_by(|a, b| a.base.total_cmp(&b.base).then(a.x0.total_cmp(&b.x0)));
    let mut rows: Vec<Row> = Vec::new();
    for piece in pieces {
        match rows.last_mut() {
            Some(row) if piece.base - row.base() < 0.25 * row.size().min(piece.size) => {
                row.pieces.push(piece);
            }
            _ => rows.push(Row { pieces: vec![piece] }),
        }
    }
    for row in &mut rows {
        row.pieces.sort_by(|a, b| a.x0.total_cmp(&b.x0).then(a.order.cmp(&b.order)));
    }
    rows
}

/// Deeper than any page is divided; a bound for one that is made to be.
const MAX_DEPTH: usize = 12;

fn order(rows: Vec<Row>, depth: usize, blocks: &mut Vec<Block>) {
    if rows.is_empty() {
        return;
    }
    let Some(gutter) = (depth < MAX_DEPTH).then(|| best_gutter(&rows)).flatten() else {
        blocks.push(Block { rows });
        return;
    };
    let mut above = rows;
    let mut within = above.split_off(gutter.first);
    let below = within.split_off(gutter.last + 1 - gutter.first);
    let side = |left: bool| -> Vec<Row> {
        within.iter().filter_map(|row| row.side(|piece| (piece.x1 <= gutter.x) == left)).collect()
    };
    let (left, right) = (side(true), side(false));
    order(above, depth + 1, blocks);
    order(left, depth + 1, blocks);
    order(right, depth + 1, blocks);
    order(below, depth + 1, blocks);
}

/// A white strip down rows `first..=last`, just left of `x`.
#[derive(Debug, Clone, Copy)]
struct Gutter {
    x: f64,
    first: usize,
    last: usize,
    score: usize,
}

/// The gutter that divides the most text into columns.
fn best_gutter(rows: &[Row]) -> Option<Gutter> {
    let mut candidates: Vec<f64> = rows.iter().flat_map(|row| &row.pieces).map(|p| p.x0).collect();
    candidates.sort_by(f64::total_cmp);
    candidates.dedup_by(|a, b| (*a - *b).abs() < 1.0);
    if candidates.len() > MAX_CANDIDATES {
        return None;
    }
    let mut best: Option<Gutter> = None;
    for x in candidates {
        let x = x - 0.5;
        let mut first = 0;
        while first < rows.len() {
            if rows[first].crosses(x) {
                first += 1;
                continue;
            }
            let run = rows[first..].iter().take_while(|row| !row.crosses(x)).count();
            if let Some(gutter) = gutter(rows, x, first, first + run - 1)
                && best.is_none_or(|best| gutter.score > best.score)
            {
                best = Some(gutter);
            }
            first += run;
        }
    }
    best
}

/// More left edges than any page of text has; tables of thousands of cells are read by rows.
const MAX_CANDIDATES: usize = 400;

/// Whether rows `first..=last` are columns on either side of `x`.
fn gutter(rows: &[Row], x: f64, first: usize, last: usize) -> Option<Gutter> {
    let sides = Sides::of(&rows[first..=last], x);
    if !sides.are_columns() {
        return None;
    }
    // Rows at the ends with text on one side only belong to the columns as well; the score counts
    // what is divided.
    Some(Gutter { x, first, last, score: sides.left.len().min(sides.right.len()) })
}

/// A line of one column.
struct Line {
    x0: f64,
    x1: f64,
    base: f64,
    size: f64,
    words: usize,
    order: usize,
}

/// The two columns that a gutter would make.
struct Sides {
    left: Vec<Line>,
    right: Vec<Line>,
    /// Rows with text on both sides.
    shared: usize,
}

impl Sides {
    fn of(rows: &[Row], x: f64) -> Self {
        let mut sides = Self { left: Vec::new(), right: Vec::new(), shared: 0 };
        for row in rows {
            let on = |left: bool| Line::of(row.pieces.iter().filter(|p| (p.x1 <= x) == left));
            let (left, right) = (on(true), on(false));
            sides.shared += usize::from(left.is_some() && right.is_some());
            sides.left.extend(left);
            sides.right.extend(right);
        }
        sides
    }

    fn are_columns(&self) -> bool {
        let (left, right) = (&self.left, &self.right);
        let words = |side: &[Line]| median(side.iter().map(|line| line.words as f64));
        match left.len().min(right.len()) {
            0 | 1 => return false,
            // Two lines are a passage only if they are full lines.
            2 if words(left) < 4.0 || words(right) < 4.0 => return false,
            _ => {}
        }
        let size = median(left.iter().chain(right).map(|line| line.size));
        let left_edge = left.iter().map(|line| line.x1).fold(f64::NEG_INFINITY, f64::max);
        let right_edge = right.iter().map(|line| line.x0).fold(f64::INFINITY, f64::min);
        if right_edge - left_edge < size * 0.8 {
            return false;
        }
        let fewer = if left.len() < right.len() { left } else { right };
        let shared = self.shared as f64 / fewer.len() as f64;
        if shared < 0.6 {
            // Their lines do not stand on the same baselines: nothing is read across.
            return true;
        }
        // What is set flush right with ragged left edges is dates and places.
        if spread(right.iter().map(|line| line.x1)) < size * 0.8
            && spread(right.iter().map(|line| line.x0)) > size
        {
            return false;
        }
        let apart = self.painted_apart();
        let more = if left.len() < right.len() { right } else { left };
        if fewer.len() * 2 < more.len() || pitch(fewer) > pitch(more) * 1.5 {
            // Few against many: dates beside entries are scattered, a side bar is dense.
            return apart && dense(fewer);
        }
        apart && words(left) >= 2.0 || words(left) >= 3.0 && words(right) >= 3.0
    }

    /// Whether one side was painted before the other: its author thought of it as a column.
    fn painted_apart(&self) -> bool {
        let mut orders: Vec<(usize, bool)> = (self.left.iter().map(|line| (line.order, true)))
            .chain(self.right.iter().map(|line| (line.order, false)))
            .collect();
        orders.sort_unstable();
        orders.windows(2).filter(|pair| pair[0].1 != pair[1].1).count() <= 2
    }
}

impl Line {
    fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Option<Self> {
        pieces.fold(None, |line, piece| {
            let words = piece.text.split_whitespace().count();
            Some(match line {
                None => Self {
                    x0: piece.x0,
                    x1: piece.x1,
                    base: piece.base,
                    size: piece.size,
                    words,
                    order: piece.order,
                },
                Some(line) => Self {
                    x0: line.x0.min(piece.x0),
                    x1: line.x1.max(piece.x1),
                    words: line.words + words,
                    ..line
                },
            })
        })
    }
}

/// Whether most lines follow each other closely.
fn dense(lines: &[Line]) -> bool {
    let close = lines.windows(2).filter(|pair| pair[1].base - pair[0].base < pair[0].size * 1.9);
    close.count() * 3 >= (lines.len() - 1) * 2
}

/// The usual distance from one line to the next.
fn pitch(lines: &[Line]) -> f64 {
    median(lines.windows(2).map(|pair| pair[1].base - pair[0].base))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The distance that holds the middle eight tenths of the values.
fn spread(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.get(values.len() / 10), values.get(values.len() * 9 / 10)) {
        (Some(low), Some(high)) => high - low,
        _ => 0.0,
    }
}
