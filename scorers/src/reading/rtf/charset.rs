//! What bytes of text stand for: by the font's character set, or the document's code page.

use encoding_rs::Encoding;

/// What the bytes of a font stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Charset {
    /// The document's code page.
    Document,
    CodePage(u16),
    /// Pictures: bullets, arrows, ticks.
    Symbols,
}

impl Charset {
    /// By the number in a font table.
    pub(super) fn numbered(number: i32) -> Self {
        Self::CodePage(match number {
            2 => return Self::Symbols,
            77 => 10_000,
            128 => 932,
            129 => 949,
            134 => 936,
            136 => 950,
            161 => 1253,
            162 => 1254,
            163 => 1258,
            177 => 1255,
            178 => 1256,
            186 => 1257,
            204 => 1251,
            222 => 874,
            238 => 1250,
            254 => 437,
            255 => 850,
            _ => return Self::Document,
        })
    }
}

/// Decodes text in a code page; Windows-1252 where the page is not known.
pub(super) fn decode(bytes: &[u8], code_page: u16) -> String {
    let encoding: &Encoding = match code_page {
        437 => return by_table(bytes, CODE_PAGE_437),
        850 | 858 => return by_table(bytes, CODE_PAGE_850),
        866 => encoding_rs::IBM866,
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 | 54_936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10_000 => encoding_rs::MACINTOSH,
        10_007 => encoding_rs::X_MAC_CYRILLIC,
        20_866 => encoding_rs::KOI8_R,
        65_001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn by_table(bytes: &[u8], high: &str) -> String {
    let upper: Vec<char> = high.chars().collect();
    let char_of = |byte: u8| match byte.checked_sub(0x80) {
        Some(at) => upper.get(usize::from(at)).copied().unwrap_or(' '),
        None => char::from(byte),
    };
    bytes.iter().map(|byte| char_of(*byte)).collect()
}

const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                             αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
const CODE_PAGE_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀\
                             ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

/// A character from a font of pictures: bullets are worth keeping, the rest has no text.
pub(super) fn symbol(byte: u8) -> char {
    match byte {
        0xB7 | 0xA7 | 0xA8 | 0xD8 | 0x76 | 0xFC => '•',
        b'\t' => '\t',
        _ => ' ',
    }
}

/// The same, by a character of the private range that such fonts are written with.
pub(super) fn private(unit: u16) -> Option<char> {
    (0xF000..=0xF0FF).contains(&unit).then(|| symbol(unit.to_be_bytes()[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_whole() {
        assert_eq!(CODE_PAGE_437.chars().count(), 128);
        assert_eq!(CODE_PAGE_850.chars().count(), 128);
        assert_eq!(decode(b"Jos\x82", 437), "José");
        assert_eq!(decode(b"\xCF\xEE\xE2\xE0\xF0", 1251), "Повар");
    }
}
