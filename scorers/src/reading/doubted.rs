//! Glyph remapping: a page that shows people one text and gives programs another, by a font whose table says of its letters that
//! they are others.
//!
//! Two witnesses must agree against the text. Letters whose outlines look like others are [doubted](super::pdf); the lines that
//! they are on are drawn and read as a picture; and where the picture, too, has such a letter and not the one that is said, the
//! words are what nobody sees. They are set aside as [remapped](HiddenKind::Remapped), and the page is read as it is seen.

use std::collections::{HashMap, HashSet};

use image::imageops::interpolate_bilinear;
use image::{Rgb, RgbImage};

use super::ocr::{Line, Time};
use super::pdf::{Glyph, Letters, look_alike};
use super::{Eyes, Hidden, HiddenKind};

/// What is doubted in a document.
#[derive(Default)]
pub(super) struct Doubted {
    /// For each doubt, what the glyph looks like.
    pub(super) like: Vec<Letters>,
    /// The lines with words that have such glyphs.
    pub(super) lines: Vec<DoubtedLine>,
}

/// A stretch of text with letters that are doubted.
pub(super) struct DoubtedLine {
    page: u32,
    /// Of the page, in points, as are all lengths here.
    page_width: f64,
    x: f64,
    y: f64,
    /// Direction of writing, in radians clockwise from rightwards.
    angle: f64,
    /// Height of the em.
    size: f64,
    length: f64,
    letters: Vec<Letter>,
}

struct Letter {
    text: String,
    /// Where it stands along the line.
    from: f64,
    to: f64,
    doubt: Option<u32>,
    /// Counts the words of its line.
    word: usize,
}

/// Lines that are looked at in one document, and how often the same glyph.
const MOST_LINES: usize = 16;
const LOOKS: usize = 2;
/// Room left and right of a line, and above and below its baseline, in ems.
const ROOM: f64 = 0.3;
const ABOVE: f64 = 1.02;
const BELOW: f64 = 0.32;
/// Gaps, in ems, that end a line and a word.
const FAR: f64 = 1.5;
const SPACE: f64 = 0.2;

/// The lines of a page that have words or numbers with doubted letters. One letter alone is no word: it may be a sign from a font of
/// signs.
pub(super) fn lines(page: u32, page_width: f64, glyphs: &[Glyph]) -> Vec<DoubtedLine> {
    if glyphs.iter().all(|glyph| glyph.doubt.is_none()) {
        return Vec::new();
    }
    let mut lines: Vec<DoubtedLine> = Vec::new();
    let mut word = 0;
    for glyph in glyphs {
        let (sin, cos) = glyph.angle.sin_cos();
        let follows = lines.last().and_then(|line| {
            let (along, down) = line.place(glyph.x, glyph.y);
            let gap = along - line.length;
            let beside = (line.angle - glyph.angle).abs() < 0.01
                && down.abs() < line.size * 0.2
                && (line.size - glyph.size).abs() < line.size * 0.5
                && (-line.size * 0.5..line.size * FAR).contains(&gap);
            beside.then_some((along, gap))
        });
        let along = match follows {
            Some((along, gap)) => {
                word += usize::from(gap > glyph.size * SPACE);
                along
            }
            None => {
                lines.push(DoubtedLine {
                    page,
                    page_width,
                    x: glyph.x,
                    y: glyph.y,
                    angle: sin.atan2(cos),
                    size: glyph.size,
                    length: 0.0,
                    letters: Vec::new(),
                });
                0.0
            }
        };
        let Some(line) = lines.last_mut() else { continue };
        line.length = line.length.max(along + glyph.advance);
        if glyph.text.is_blank() {
            word += 1;
            continue;
        }
        line.letters.push(Letter {
            text: glyph.text.chars().collect(),
            from: along,
            to: along + glyph.advance,
            doubt: glyph.doubt,
            word,
        });
    }
    for line in &mut lines {
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        for letter in line.letters.iter().filter(|l| l.text.chars().all(char::is_alphanumeric)) {
            *sizes.entry(letter.word).or_default() += 1;
        }
        for letter in &mut line.letters {
            let word = sizes.get(&letter.word).is_some_and(|letters| *letters > 1);
            let number = letter.text.starts_with(|c: char| c.is_ascii_digit());
            letter.doubt = letter.doubt.filter(|_| word || number);
        }
    }
    lines.retain(|line| line.doubts().next().is_some());
    lines
}

impl DoubtedLine {
    fn doubts(&self) -> impl Iterator<Item = u32> + '_ {
        self.letters.iter().filter_map(|letter| letter.doubt)
    }

    /// How far along the line a point of the page is, and how far below it.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (sin, cos) = self.angle.sin_cos();
        let (x, y) = (x - self.x, y - self.y);
        (x * cos + y * sin, y * cos - x * sin)
    }

    /// The line alone, upright, cut out of a picture of its page; and its pixels for each point.
    fn cut_out(&self, page: &RgbImage) -> (RgbImage, f64) {
        let scale = f64::from(page.width()) / self.page_width;
        let (sin, cos) = self.angle.sin_cos();
        let side = |points: f64| ((points * scale).ceil() as u32).clamp(8, 8_192);
        let width = side(self.length + 2.0 * ROOM * self.size);
        let height = side((ABOVE + BELOW) * self.size);
        let cut = RgbImage::from_fn(width, height, |column, row| {
            let along = f64::from(column) / scale - ROOM * self.size;
            let down = f64::from(row) / scale - ABOVE * self.size;
            let x = (self.x + cos * along - sin * down) * scale;
            let y = (self.y + sin * along + cos * down) * scale;
            interpolate_bilinear(page, x as f32, y as f32).unwrap_or(Rgb([255; 3]))
        });
        (cut, scale)
    }

    /// For each doubted letter, whether the picture has one like those that it looks like, in the place of the one that is said;
    /// nothing where the picture does not tell.
    fn compare(&self, seen: &Line, scale: f64, like: &[Letters]) -> Vec<(u32, bool)> {
        let compared = self.letters.iter().filter_map(|letter| {
            let doubt = letter.doubt?;
            let said = letter.text.chars().next()?;
            let at = |along: f64| (along + ROOM * self.size) * scale;
            let slack = (letter.to - letter.from) * scale * 0.15;
            let span = at(letter.from) - slack..at(letter.to) + slack;
            let there = seen.letters.iter().filter(|seen| span.contains(&f64::from(seen.middle)));
            let there: Vec<char> = there.flat_map(|seen| seen.text.chars()).collect();
            let other = like.get(doubt as usize)?;
            if there.iter().any(|c| look_alike(*c, said)) {
                Some((doubt, false))
            } else {
                there.iter().any(|c| other.has_like(*c)).then_some((doubt, true))
            }
        });
        compared.collect()
    }

    /// The words that have one of these letters.
    fn words_with(&self, remapped: &HashSet<u32>) -> String {
        let known = |letter: &&Letter| letter.doubt.is_some_and(|d| remapped.contains(&d));
        let words: HashSet<usize> = self.letters.iter().filter(known).map(|l| l.word).collect();
        let mut text = String::new();
        let mut before = None;
        for letter in self.letters.iter().filter(|letter| words.contains(&letter.word)) {
            if before.is_some_and(|before| before != letter.word) {
                text.push(' ');
            }
            before = Some(letter.word);
            text.push_str(&letter.text);
        }
        text
    }
}

/// What came of looking.
#[derive(Default)]
pub(super) struct Verdict {
    /// Words that are not what the page shows, a line each.
    pub(super) hidden: Vec<Hidden>,
    /// Pages that are to be read as they are seen, in order: those with such words, and those that there was no time to look at.
    pub(super) pages: Vec<u32>,
    /// Whether the time did not suffice.
    pub(super) cut_short: bool,
}

/// Looks at what is doubted. `picture` draws a page.
pub(super) fn look(
    doubted: &Doubted,
    eyes: &Eyes,
    time: &Time,
    mut picture: impl FnMut(u32) -> Option<RgbImage>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut chosen = choose(&doubted.lines);
    chosen.sort_by_key(|line| line.page);
    // For each doubt, how often the picture had another letter, and how often the one that is said.
    let mut found: HashMap<u32, (usize, usize)> = HashMap::new();
    let mut looked_at: HashSet<u32> = HashSet::new();
    for lines in chosen.chunk_by(|a, b| a.page == b.page) {
        let Some(page) = lines.first().and_then(|line| picture(line.page)) else { continue };
        for line in lines {
            if time.is_up() {
                verdict.cut_short = true;
                break;
            }
            looked_at.extend(line.doubts());
            let (cut, scale) = line.cut_out(&page);
            let Some(seen) = eyes.line(&cut) else { continue };
            for (doubt, other) in line.compare(&seen, scale, &doubted.like) {
                let (others, said) = found.entry(doubt).or_default();
                *(if other { others } else { said }) += 1;
            }
        }
    }
    let remapped: HashSet<u32> = found
        .into_iter()
        .filter(|(_, (other, said))| other > said)
        .map(|(doubt, _)| doubt)
        .collect();
    for line in &doubted.lines {
        let text = line.words_with(&remapped);
        if line.doubts().any(|d| remapped.contains(&d) || !looked_at.contains(&d)) {
            verdict.pages.push(line.page);
        }
        if !text.is_empty() {
            verdict.hidden.push(Hidden { page: line.page, kind: HiddenKind::Remapped, text });
        }
    }
    verdict.pages.sort_unstable();
    verdict.pages.dedup();
    verdict
}

/// As few lines as show every doubted glyph as often as it is to be looked at.
fn choose(lines: &[DoubtedLine]) -> Vec<&DoubtedLine> {
    let mut by_doubts: Vec<&DoubtedLine> = lines.iter().collect();
    by_doubts.sort_by_key(|line| std::cmp::Reverse(line.doubts().collect::<HashSet<_>>().len()));
    let mut looks: HashMap<u32, usize> = HashMap::new();
    let mut chosen = Vec::new();
    for line in by_doubts {
        if chosen.len() == MOST_LINES {
            break;
        }
        if line.doubts().any(|doubt| looks.get(&doubt).is_none_or(|looks| *looks < LOOKS)) {
            for doubt in line.doubts() {
                *looks.entry(doubt).or_default() += 1;
            }
            chosen.push(line);
        }
    }
    chosen
}
