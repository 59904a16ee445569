//! Replacement text: what marked content says that its glyphs stand for.

use hayro_interpret::hayro_syntax::object::{Dict, String as Bytes};

use crate::reading::pdf::{Glyph, Text};
use crate::reading::sniff::Encoding;
use crate::reading::text::decode;

/// The replacement text of marked content that is open.
pub(super) struct Replacement {
    text: String,
    /// The place of its first glyph.
    from: usize,
}

/// What marked content with these properties is replaced by, if by anything; its glyphs begin at
/// `from`.
pub(super) fn of(properties: Option<&Dict<'_>>, from: usize) -> Option<Replacement> {
    let text = properties?.get::<Bytes<'_>>("ActualText")?;
    Some(Replacement { text: text_string(text.as_bytes()), from })
}

/// Lets marked content's replacement text stand for its glyphs, if it could be what they show.
///
/// It may name a ligature or a word with a soft hyphen. It may not say more than what is there to
/// be seen: then the glyphs stand, unless they have no text of their own.
pub(super) fn replace(glyphs: &mut [Glyph], Replacement { text, from }: &Replacement) {
    let Some(span) = glyphs.get_mut(*from..) else { return };
    let shown = span.iter().flat_map(|g| g.text.chars()).filter(|c| !c.is_whitespace()).count();
    let said = text.chars().filter(|c| !c.is_whitespace()).count();
    let known = span.iter().all(|g| g.text != Text::Char(char::REPLACEMENT_CHARACTER));
    if span.is_empty() || said > shown * 4 || (known && said > shown + 4) || (known && said == 0) {
        return;
    }
    if known {
        // The glyphs' own text has positions, which the layout needs.
        return;
    }
    let mut rest = text.chars();
    let last = span.len() - 1;
    for (at, glyph) in span.iter_mut().enumerate() {
        glyph.text = if at == last {
            Text::Str(rest.by_ref().collect::<String>().into())
        } else {
            rest.next().map_or(Text::Str("".into()), Text::Char)
        };
    }
}

/// Decodes a PDF text string: UTF-16 or UTF-8 by its mark, else close to Latin-1.
fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, ..] => decode(bytes, Encoding::Utf16Be),
        [0xFF, 0xFE, ..] => decode(bytes, Encoding::Utf16Le),
        [0xEF, 0xBB, 0xBF, ..] => decode(bytes, Encoding::Utf8),
        _ => decode(bytes, Encoding::Windows1252),
    }
}
