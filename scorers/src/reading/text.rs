//! Plain text and Markdown: decoded and left as written.

use super::sniff::Encoding;
use super::{Draft, Method, Page};

/// Reads plain text. A form feed starts a new page, as `pdftotext` and many exports write it.
pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Draft {
    let text = decode(bytes, encoding).replace("\r\n", "\n").replace('\r', "\n");
    let pages = text
        .split('\x0C')
        .filter(|page| !page.trim().is_empty())
        .zip(1..)
        .map(|(text, page)| Page::of(page, Method::PlainText, text.to_owned()))
        .collect();
    Draft { engine: "text 1".to_owned(), pages, ..Draft::default() }
}

/// Decodes text; a byte order mark is not part of it. Nothing fails: what does not decode becomes
/// U+FFFD.
pub(super) fn decode(bytes: &[u8], encoding: Encoding) -> String {
    let mut text = match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Encoding::Utf16Le => decode_utf16(bytes, u16::from_le_bytes),
        Encoding::Utf16Be => decode_utf16(bytes, u16::from_be_bytes),
        Encoding::Utf32Le => decode_utf32(bytes, u32::from_le_bytes),
        Encoding::Utf32Be => decode_utf32(bytes, u32::from_be_bytes),
        Encoding::Windows1252 => bytes.iter().map(|&byte| windows_1252(byte)).collect(),
    };
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    text
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn decode_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    let units = bytes.chunks_exact(4).map(|four| unit([four[0], four[1], four[2], four[3]]));
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
