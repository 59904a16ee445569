//! The lines of a text that say something, with their places.

use crate::taxonomy::MASK;

/// One line, without the blanks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'t> {
    /// The words of the line.
    pub text: &'t str,
    /// First scalar in the text.
    pub start: u32,
    /// One past its last scalar.
    pub end: u32,
    /// Number of the line in the text, from 0, blank ones counted.
    pub number: u32,
}

/// Signs that open an item of a list.
pub const BULLETS: &[char] = &[
    '•', '●', '▪', '◦', '‣', '*', '·', '-', '–', '—', '○', '■', '□', '➢', '►', '✓', '✔', '∙', '⁃',
    '◆', '❖', '\u{f0b7}', '»', '>',
];

/// The lines that are not blank.
pub fn lines(text: &str) -> Vec<Line<'_>> {
    let mut out = Vec::new();
    let mut start = 0u32;
    for (number, raw) in text.split('\n').enumerate() {
        let count = raw.chars().count() as u32;
        let blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}' || c == MASK;
        let led = raw.chars().take_while(|c| blank(*c)).count() as u32;
        let line = raw.trim_matches(blank);
        if !line.is_empty() {
            let from = start + led;
            out.push(Line {
                text: line,
                start: from,
                end: from + line.chars().count() as u32,
                number: number as u32,
            });
        }
        start += count + 1;
    }
    out
}

impl Line<'_> {
    /// Whether the line opens with a list's sign.
    pub fn is_bullet(&self) -> bool {
        self.text.starts_with(BULLETS)
    }

    /// How many words it has, split at blanks.
    pub fn word_count(&self) -> usize {
        self.text.split_whitespace().count()
    }
}

/// "P R O F I L E" becomes "PROFILE"; other lines stay as they are.
pub fn unspaced(line: &str) -> String {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let spaced = parts.len() >= 4
        && parts.iter().all(|p| p.chars().count() == 1 && p.chars().all(char::is_alphabetic));
    if spaced { parts.concat() } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_of_the_words_without_their_blanks() {
        let found = lines("  Zoë  \n\n\tRust \u{c}\nend");
        let places: Vec<_> = found.iter().map(|l| (l.text, l.start, l.end, l.number)).collect();
        assert_eq!(places, [("Zoë", 2, 5, 0), ("Rust", 10, 14, 2), ("end", 17, 20, 3)]);
    }

    #[test]
    fn letter_spaced_headings_are_joined() {
        assert_eq!(unspaced("P R O F I L E"), "PROFILE");
        assert_eq!(unspaced("A B testing here"), "A B testing here");
    }
}
