//! What the readers of XML parts share: attributes, character references, colours.

use quick_xml::events::{BytesRef, BytesStart};

/// An attribute's value by its local name; entities are not expanded, no value that is looked at
/// needs it.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .map(|attribute| attribute.value.into_owned())
}

/// A colour of six hexadecimal digits; `auto` is none.
pub(super) fn rgb(hex: &str) -> Option<[u8; 3]> {
    let value = (hex.len() == 6).then(|| u32::from_str_radix(hex, 16).ok()).flatten()?;
    let [_, r, g, b] = value.to_be_bytes();
    Some([r, g, b])
}

/// The character that a reference stands for. Entities that the document declares are none.
pub(super) fn referred(entity: BytesRef<'_>) -> Option<char> {
    match entity.resolve_char_ref() {
        Ok(Some(c)) => Some(c),
        _ => match &*entity.into_inner() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
    }
}
