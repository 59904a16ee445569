//! Where a resume's visible text stands on its pages, so that a quote can be shown where it was taken from.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// A resume as it was read: what quotes point into, page by page. It is stored, sealed, beside the resume, with whatever else the
/// reader has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadResume {
    /// Its pages, in order.
    pub pages: Vec<ReadPage>,
    /// Whether there is more in the file than was read.
    #[serde(default)]
    pub truncated: bool,
}

/// One page of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadPage {
    /// 1, 2, 3...
    pub page: u32,
    /// How its text was had: `text_layer`, `ocr`, `docx`...
    pub method: String,
    /// Its visible text.
    pub text: String,
    /// Where that text stands, for what has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<PagePlaces>,
}

/// Where the characters of a page's text stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PagePlaces {
    /// Width of the page as it is shown: in points (1/72 inch), or in pixels where the file is a picture.
    pub width: f32,
    /// Its height, likewise.
    pub height: f32,
    /// Stretches of text on one baseline, in the order of the text.
    pub runs: Vec<PlacedRun>,
}

/// A stretch of text on one baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlacedRun {
    /// Its first Unicode scalar, counted from the start of the page's text.
    pub start: u32,
    /// Direction of writing, in radians clockwise from rightwards.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub angle: f32,
    /// How far the baseline is from the page's upper left corner, across the direction of writing.
    pub base: f32,
    /// Height of the em.
    pub size: f32,
    /// Along the direction of writing, in tenths: where the first character begins, then how far each reaches beyond the one before.
    pub edges: Vec<i32>,
}

/// What of an em is above and below the baseline.
const ABOVE: f32 = 0.8;
const BELOW: f32 = 0.2;

/// A box on a page, from its upper left corner, in the units of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaceBox {
    /// Its left side.
    pub left: f32,
    /// Its upper side.
    pub top: f32,
    /// Its right side.
    pub right: f32,
    /// Its lower side.
    pub bottom: f32,
}

/// Boxes around a stretch of text, on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// The page: 1, 2, 3...
    pub page: u32,
    /// Width of the page as it is shown: in points (1/72 inch), or in pixels where the file is a picture.
    pub width: f32,
    /// Its height, likewise.
    pub height: f32,
    /// One box for each line.
    pub boxes: Vec<PlaceBox>,
}

impl ReadResume {
    /// Where a span of the visible text stands. Empty where the format has no pages, and where the span is not in the text.
    pub fn places(&self, span: Span) -> Vec<Place> {
        let mut places = Vec::new();
        let mut first = 0u32;
        for page in &self.pages {
            let length = u32::try_from(page.text.chars().count()).unwrap_or(u32::MAX);
            let from = span.start.max(first) - first;
            let to = span.end.min(first.saturating_add(length)).saturating_sub(first);
            if let Some(known) = page.places.as_ref().filter(|_| from < to) {
                let boxes = known.boxes(from, to);
                if !boxes.is_empty() {
                    let PagePlaces { width, height, .. } = *known;
                    places.push(Place { page: page.page, width, height, boxes });
                }
            }
            first = first.saturating_add(length).saturating_add(1); // the newline between pages
        }
        places
    }
}

impl PagePlaces {
    /// Boxes around a range of the page's text.
    fn boxes(&self, from: u32, to: u32) -> Vec<PlaceBox> {
        self.runs.iter().filter_map(|run| run.around(from, to)).collect()
    }
}

impl PlacedRun {
    fn around(&self, from: u32, to: u32) -> Option<PlaceBox> {
        let first = from.saturating_sub(self.start) as usize;
        let last = to.checked_sub(self.start)? as usize;
        let mut at = 0i32;
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for (edge, by) in self.edges.iter().enumerate() {
            at = at.saturating_add(*by);
            if (first..=last).contains(&edge) {
                (low, high) = (low.min(at), high.max(at));
            }
        }
        if low >= high {
            return None;
        }
        let (sin, cos) = self.angle.sin_cos();
        let corner = |along: i32, across: f32| {
            let along = along as f32 / 10.0;
            (along * cos - across * sin, along * sin + across * cos)
        };
        let (above, below) = (self.base - self.size * ABOVE, self.base + self.size * BELOW);
        let corners =
            [corner(low, above), corner(low, below), corner(high, above), corner(high, below)];
        let least =
            |of: fn(&(f32, f32)) -> f32| corners.iter().map(of).fold(f32::INFINITY, f32::min);
        let most =
            |of: fn(&(f32, f32)) -> f32| corners.iter().map(of).fold(f32::NEG_INFINITY, f32::max);
        let (left, top) = (least(|c| c.0), least(|c| c.1));
        Some(PlaceBox { left, top, right: most(|c| c.0), bottom: most(|c| c.1) })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(angle: &f32) -> bool {
    *angle == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> ReadResume {
        let run = |start, base, edges: &[i32]| PlacedRun {
            start,
            angle: 0.0,
            base,
            size: 10.0,
            edges: edges.to_vec(),
        };
        let page = |page, text: &str, runs| ReadPage {
            page,
            method: "text_layer".into(),
            text: text.into(),
            places: Some(PagePlaces { width: 595.0, height: 842.0, runs }),
        };
        ReadResume {
            pages: vec![
                page(
                    1,
                    "Zoë\nRust",
                    vec![run(0, 100.0, &[720, 60, 60, 60]), run(4, 120.0, &[720, 70, 60, 50, 30])],
                ),
                page(2, "Go", vec![run(0, 50.0, &[100, 80, 60])]),
            ],
            truncated: false,
        }
    }

    #[test]
    fn a_span_is_found_line_by_line_and_page_by_page() {
        let places = read().places(Span { start: 5, end: 7 });
        assert_eq!(places.len(), 1);
        assert_eq!(
            places[0].boxes,
            [PlaceBox { left: 79.0, top: 112.0, right: 90.0, bottom: 122.0 }]
        );
        let places = read().places(Span { start: 2, end: 10 });
        let boxes: Vec<(u32, usize)> = places.iter().map(|p| (p.page, p.boxes.len())).collect();
        assert_eq!(boxes, [(1, 2), (2, 1)]);
        assert_eq!(places[1].boxes[0].right, 18.0);
    }

    #[test]
    fn a_span_of_nothing_and_one_beyond_the_text_have_no_place() {
        for (start, end) in [(3, 4), (5, 5), (7, 5), (11, 20), (100, u32::MAX)] {
            assert_eq!(read().places(Span { start, end }), [], "{start}..{end}");
        }
    }

    #[test]
    fn text_that_runs_downwards_has_upright_boxes() {
        let mut read = read();
        let run = &mut read.pages[1].places.as_mut().unwrap().runs[0];
        (run.angle, run.base) = (std::f32::consts::FRAC_PI_2, -300.0);
        let place = read.places(Span { start: 9, end: 10 }).remove(0).boxes[0];
        let near = |a: f32, b: f32| (a - b).abs() < 0.01;
        assert!(near(place.left, 298.0) && near(place.right, 308.0), "{place:?}");
        assert!(near(place.top, 10.0) && near(place.bottom, 18.0), "{place:?}");
    }
}
