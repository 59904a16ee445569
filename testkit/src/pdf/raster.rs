//! Black and white images, packed by run length: what a scanner would give.

use super::glyphs;

/// A picture of black and white dots, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    height: usize,
    /// Eight dots a byte, highest bit first, rows padded to whole bytes; a set bit is white.
    bits: Vec<u8>,
}

impl Raster {
    /// White paper of this many dots.
    pub fn white(width: usize, height: usize) -> Self {
        Self { width, height, bits: vec![0xff; width.div_ceil(8) * height] }
    }

    /// Width in dots.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in dots.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Blackens one dot; outside of the picture nothing happens.
    pub fn dot(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(byte) = self.bits.get_mut(y * self.width.div_ceil(8) + x / 8)
        {
            *byte &= !(0x80 >> (x % 8));
        }
    }

    /// Draws a line of ASCII in dots, its upper left corner at (`x`, `y`), each dot `scale` wide.
    /// Letters are 6 dots apart and 7 high.
    pub fn text(&mut self, x: usize, y: usize, scale: usize, text: &str) {
        for (index, c) in text.chars().enumerate() {
            for (column, bits) in glyphs::of(c).into_iter().enumerate() {
                for row in (0..8).filter(|row| bits >> row & 1 == 1) {
                    let (left, top) = (x + (index * 6 + column) * scale, y + row * scale);
                    for dy in 0..scale {
                        (0..scale).for_each(|dx| self.dot(left + dx, top + dy));
                    }
                }
            }
        }
    }

    /// Scatters `count` specks, the same ones for the same `seed`: dust on the glass.
    pub fn dust(&mut self, seed: u64, count: usize) {
        let mut random = crate::hostile::Random::new(seed);
        for _ in 0..count {
            let x = random.below(self.width);
            self.dot(x, random.below(self.height));
        }
    }

    /// The dots in PDF's run length coding: a length byte, then that many bytes or one to repeat.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = self.bits.as_slice();
        while let Some(first) = rest.first() {
            let run = rest.iter().take(128).take_while(|b| *b == first).count();
            if run > 1 {
                out.extend([(257 - run) as u8, *first]);
                rest = rest.get(run..).unwrap_or_default();
                continue;
            }
            // Literal bytes last until the next repetition begins.
            let literal = rest.windows(2).take(127).take_while(|w| w.first() != w.last()).count();
            let (now, later) = rest.split_at(literal.max(1));
            out.push((now.len() - 1) as u8);
            out.extend(now);
            rest = later;
        }
        out.push(128);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(packed: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = packed;
        while let [length, tail @ ..] = rest {
            match *length {
                128 => break,
                n if n < 128 => {
                    let (now, later) = tail.split_at(usize::from(n) + 1);
                    out.extend(now);
                    rest = later;
                }
                n => {
                    out.extend(std::iter::repeat_n(tail[0], 257 - usize::from(n)));
                    rest = &tail[1..];
                }
            }
        }
        out
    }

    #[test]
    fn packing_loses_nothing() {
        let mut image = Raster::white(300, 90);
        image.text(4, 10, 2, "Scanned on a Tuesday");
        image.dust(7, 400);
        assert_eq!(unpack(&image.packed()), image.bits);
        assert_eq!(unpack(&Raster::white(8, 1).packed()), [0xff]);
    }

    #[test]
    fn text_blackens_dots() {
        let mut image = Raster::white(16, 8);
        image.text(0, 0, 1, "I");
        assert_ne!(image, Raster::white(16, 8));
        image.dot(999, 999);
    }
}
