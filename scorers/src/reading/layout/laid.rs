//! Laid-out text: lines of characters in reading order, each with its place on the page.

use domain::places::{PagePlaces, PlacedRun};
use hayro_interpret::kurbo::{Affine, Point, Vec2};

/// Where a character stands: along and across the direction of writing, from the page's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    /// Direction of writing, in radians clockwise from rightwards.
    pub(super) angle: f32,
    pub(super) base: f32,
    pub(super) size: f32,
    pub(super) from: f32,
    pub(super) to: f32,
}

impl Mark {
    /// The same on a page that this one is taken to, by moving, turning and scaling.
    fn on(self, page: Affine) -> Self {
        let (sin, cos) = f64::from(self.angle).sin_cos();
        let at = |along: f32| {
            let (along, across) = (f64::from(along), f64::from(self.base));
            page * Point::new(along * cos - across * sin, along * sin + across * cos)
        };
        let [a, b, ..] = page.as_coeffs();
        let angle = f64::from(self.angle) + b.atan2(a);
        let (sin, cos) = angle.sin_cos();
        let turned = |p: Point| Vec2::new(p.x * cos + p.y * sin, p.y * cos - p.x * sin);
        let (from, to) = (turned(at(self.from)), turned(at(self.to)));
        Self {
            angle: angle as f32,
            base: from.y as f32,
            size: self.size * a.hypot(b) as f32,
            from: from.x as f32,
            to: to.x as f32,
        }
    }
}

/// Characters of a line; what stands between two of them has no place of its own.
pub(super) type Line = Vec<(char, Option<Mark>)>;

/// Lines in reading order.
#[derive(Debug, Default)]
pub(crate) struct Laid {
    lines: Vec<Line>,
    /// Whether there is more room before the next line than between lines.
    gap: bool,
}

impl Laid {
    /// More room than between lines.
    pub(super) fn gap(&mut self) {
        self.gap = !self.lines.is_empty();
    }

    /// Adds a line, without the blanks around it; one without anything else makes a gap.
    pub(super) fn push(&mut self, line: Line) {
        let seen = |(c, _): &(char, Option<Mark>)| !c.is_whitespace();
        let (Some(first), Some(last)) = (line.iter().position(seen), line.iter().rposition(seen))
        else {
            return self.gap();
        };
        if std::mem::take(&mut self.gap) {
            self.lines.push(Line::new());
        }
        self.lines.push(line[first..=last].to_vec());
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (line, at) in self.lines.iter().zip(0..) {
            if at > 0 {
                text.push('\n');
            }
            text.extend(line.iter().map(|(c, _)| *c));
        }
        text
    }

    /// Keeps the lines that say what is asked for; gaps stay where they are.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let text = |line: &Line| line.iter().map(|(c, _)| *c).collect::<String>();
        self.lines.retain(|line| keep(&text(line)));
    }

    /// The places of its characters, taken to the page by `page`.
    pub(crate) fn marks(&self, page: Affine) -> Vec<Option<Mark>> {
        let mut marks = Vec::new();
        for (line, at) in self.lines.iter().zip(0..) {
            if at > 0 {
                marks.push(None);
            }
            marks.extend(line.iter().map(|(_, mark)| mark.map(|mark| mark.on(page))));
        }
        marks
    }
}

/// The places of a page's characters, as long as they are neither joined nor cut.
#[derive(Debug)]
pub(crate) struct OnPage {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// One for each character of the text.
    pub(crate) marks: Vec<Option<Mark>>,
}

impl OnPage {
    /// As they are kept: `text` is what became of the text `laid` when characters were taken out of it.
    pub(crate) fn places(&self, laid: &str, text: &str) -> PagePlaces {
        let mut all = laid.chars().zip(self.marks.iter().copied());
        let mut runs: Vec<Run> = Vec::new();
        for (c, start) in text.chars().zip(0..) {
            // A soft hyphen that shows is a hyphen.
            let same = |(before, _): &(char, Option<Mark>)| {
                *before == c || *before == '\u{AD}' && c == '-'
            };
            let Some((_, mark)) = all.find(same) else { break };
            let Some(mark) = mark else { continue };
            if !runs.last_mut().is_some_and(|run| run.add(mark, start)) {
                runs.push(Run { start, marks: vec![mark] });
            }
        }
        PagePlaces {
            width: self.width as f32,
            height: self.height as f32,
            runs: runs.iter().map(Run::placed).collect(),
        }
    }
}

/// Characters that follow each other on one baseline.
struct Run {
    start: u32,
    marks: Vec<Mark>,
}

impl Run {
    /// Adds the next character if it follows.
    fn add(&mut self, mark: Mark, at: u32) -> bool {
        let (Some(first), Some(last)) = (self.marks.first(), self.marks.last()) else {
            return false;
        };
        let follows = at == self.start + self.marks.len() as u32
            && (mark.angle - first.angle).abs() < 0.005
            && (mark.base - first.base).abs() < first.size * 0.1
            && (mark.size - first.size).abs() < first.size * 0.1
            && mark.from >= last.from
            && mark.from - last.to < first.size * 3.0;
        if follows {
            self.marks.push(mark);
        }
        follows
    }

    fn placed(&self) -> PlacedRun {
        let tenth = |at: f32| (at * 10.0).round() as i32;
        let mut edges: Vec<i32> = self.marks.iter().map(|mark| tenth(mark.from)).collect();
        edges.extend(self.marks.last().map(|mark| tenth(mark.to)));
        for at in (1..edges.len()).rev() {
            edges[at] = edges[at].saturating_sub(edges[at - 1]);
        }
        let first = self.marks.first();
        let of = |part: fn(&Mark) -> f32| first.map_or(0.0, part);
        let tidy = |value: f32| (value * 10.0).round() / 10.0;
        PlacedRun {
            start: self.start,
            angle: of(|mark| mark.angle),
            base: tidy(of(|mark| mark.base)),
            size: tidy(of(|mark| mark.size)),
            edges,
        }
    }
}
