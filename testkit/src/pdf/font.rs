//! Faces, their WinAnsi encoding, and how wide a text is when set.

use super::widths::{HELVETICA, HELVETICA_BOLD};

/// A face of the standard Helvetica family. None is embedded: every reader knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Font {
    /// Helvetica.
    Regular,
    /// Helvetica-Bold.
    Bold,
    /// Helvetica-Oblique, with the widths of the upright face.
    Italic,
}

impl Font {
    /// Every face, in the order in which documents declare them.
    pub const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Italic];

    /// The PostScript name: `Helvetica-Bold`.
    pub fn base_name(self) -> &'static str {
        match self {
            Self::Regular => "Helvetica",
            Self::Bold => "Helvetica-Bold",
            Self::Italic => "Helvetica-Oblique",
        }
    }

    /// The name under which a page's resources list it: `F1`.
    pub(super) fn resource(self) -> &'static [u8] {
        match self {
            Self::Regular => b"F1",
            Self::Bold => b"F2",
            Self::Italic => b"F3",
        }
    }

    /// How far `text` reaches, in points, when set at `size`.
    pub fn width(self, text: &str, size: f32) -> f32 {
        let table = match self {
            Self::Regular | Self::Italic => &HELVETICA,
            Self::Bold => &HELVETICA_BOLD,
        };
        let thousandths: u32 = win_ansi(text)
            .iter()
            .map(|code| {
                table.get(usize::from(*code).saturating_sub(32)).copied().map_or(0, u32::from)
            })
            .sum();
        thousandths as f32 * size / 1000.0
    }
}

/// The codes 0x80 to 0x9F of WinAnsi; the rest of it is Latin-1. Five are not assigned.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// `text` in WinAnsi, one byte a character; a character outside it becomes `?`, so a slip in a
/// sample shows instead of vanishing.
pub fn win_ansi(text: &str) -> Vec<u8> {
    text.chars().map(|c| code_of(c).unwrap_or(b'?')).collect()
}

/// Whether every character of `text` can be set in these fonts.
pub fn is_win_ansi(text: &str) -> bool {
    text.chars().all(|c| code_of(c).is_some())
}

fn code_of(c: char) -> Option<u8> {
    match c {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(c)).ok(),
        '\u{80}'..='\u{9f}' => None,
        _ => HIGH.iter().position(|high| *high == c).and_then(|at| u8::try_from(at + 0x80).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_dashes_and_bullets_have_codes() {
        assert_eq!(win_ansi("Zoë Müller – €•"), b"Zo\xeb M\xfcller \x96 \x80\x95");
        assert!(is_win_ansi("Siobhán Ní Bhriain"));
    }

    #[test]
    fn what_has_no_code_shows_as_a_question_mark() {
        assert_eq!(win_ansi("Ś\u{81}"), b"??");
        assert!(!is_win_ansi("Wiśniewski"));
    }

    #[test]
    fn widths_are_those_of_the_metrics() {
        // H 722, e 556, l 222, l 222, o 556.
        assert!((Font::Regular.width("Hello", 10.0) - 22.78).abs() < 0.001);
        // H 722, e 556, l 278, l 278, o 611.
        assert!((Font::Bold.width("Hello", 10.0) - 24.45).abs() < 0.001);
        let accented = Font::Regular.width("é", 10.0);
        assert_eq!(accented, Font::Regular.width("e", 10.0));
    }
}
