//! Blobs: where on a page a network sees text, as boxes around pixels that hang together.

/// A box of pixels; right and bottom are just outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) right: u32,
    pub(crate) bottom: u32,
}

impl Blob {
    pub(crate) fn width(&self) -> u32 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Its box with each side moved out by `by` times area over perimeter, in whole pixels, from an origin that may now be outside
    /// of the page.
    pub(crate) fn grown(&self, by: f32) -> Grown {
        let (width, height) = (self.width() as f32, self.height() as f32);
        let out = by * width * height / (2.0 * (width + height));
        Grown {
            left: self.left as f32 - out,
            top: self.top as f32 - out,
            right: self.right as f32 + out,
            bottom: self.bottom as f32 + out,
        }
    }
}

/// A box that may reach over the page's edge.
pub(crate) struct Grown {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Grown {
    /// On a page of another size; nothing when nothing of it is on it.
    pub(crate) fn scaled(&self, by_x: f32, by_y: f32, width: u32, height: u32) -> Option<Blob> {
        let at = |value: f32, most: u32| (value.round().max(0.0) as u32).min(most);
        let blob = Blob {
            left: at(self.left * by_x, width),
            top: at(self.top * by_y, height),
            right: at(self.right * by_x, width),
            bottom: at(self.bottom * by_y, height),
        };
        (blob.left < blob.right && blob.top < blob.bottom).then_some(blob)
    }
}

/// Smaller ones, in either direction, are dirt.
const LEAST: u32 = 3;

/// The blobs of a map of probabilities (`columns` times `rows`): pixels of at least `pixel` that touch, where their mean is at
/// least `mean`. From the top.
pub(crate) fn blobs(map: &[f32], columns: usize, rows: usize, pixel: f32, mean: f32) -> Vec<Blob> {
    let mut seen = vec![false; map.len()];
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for start in 0..map.len() {
        if seen[start] || map[start] < pixel {
            continue;
        }
        seen[start] = true;
        open.push(start);
        let (mut sum, mut count) = (0.0, 0u32);
        let (mut left, mut right, mut top, mut bottom) = (columns, 0, rows, 0);
        while let Some(at) = open.pop() {
            let (x, y) = (at % columns, at / columns);
            sum += f64::from(map[at]);
            count += 1;
            (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
            for near_y in y.saturating_sub(1)..(y + 2).min(rows) {
                for near_x in x.saturating_sub(1)..(x + 2).min(columns) {
                    let near = near_y * columns + near_x;
                    if !seen[near] && map[near] >= pixel {
                        seen[near] = true;
                        open.push(near);
                    }
                }
            }
        }
        let [left, top, right, bottom] = [left, top, right + 1, bottom + 1].map(|n| n as u32);
        let blob = Blob { left, top, right, bottom };
        let likely = sum / f64::from(count) >= f64::from(mean);
        if likely && blob.width() >= LEAST && blob.height() >= LEAST {
            found.push(blob);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Blob, blobs};

    #[test]
    fn pixels_that_touch_are_one_blob() {
        let map = [
            "..........", //
            ".###...999",
            ".###...999",
            ".###....99",
            "....###...",
            "....###.11",
            "....###.11",
        ];
        let columns = map[0].len();
        let probability = |c| match c {
            '#' => 0.9,
            '9' => 0.8,
            '1' => 0.1,
            _ => 0.0,
        };
        let map: Vec<f32> = map.iter().flat_map(|row| row.chars().map(probability)).collect();
        let found = blobs(&map, columns, 7, 0.3, 0.6);
        let touching = Blob { left: 1, top: 1, right: 7, bottom: 7 };
        let apart = Blob { left: 7, top: 1, right: 10, bottom: 4 };
        assert_eq!(found, [touching, apart]);
        assert_eq!(blobs(&map, columns, 7, 0.3, 0.85), [touching]);
    }

    #[test]
    fn a_grown_blob_stays_on_the_page() {
        let blob = Blob { left: 0, top: 5, right: 20, bottom: 15 };
        let grown = blob.grown(1.5).scaled(2.0, 2.0, 45, 100).unwrap();
        assert_eq!(grown, Blob { left: 0, top: 0, right: 45, bottom: 40 });
    }
}
