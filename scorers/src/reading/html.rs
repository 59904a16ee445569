//! HTML: parsed as browsers do, styled by what the page itself says, and walked for what shows.
//!
//! Nothing is fetched: style sheets, pictures and frames from elsewhere are not there. What only
//! scripts would show or hide is as it is without them, and `noscript` is as it is with them.

mod css;
mod sheet;
mod style;
mod tree;
mod values;
mod walk;

use encoding_rs::Encoding as Charset;

use super::sniff::Encoding;
use super::unshown::Unshown;
use super::{Draft, Failure, Hidden, HiddenKind, Limits, Method, blocks, text};
use tree::{Tree, What};

/// Reads a web page.
pub(super) fn read(bytes: &[u8], encoding: Encoding, limits: &Limits) -> Result<Draft, Failure> {
    let tree = tree::parse(&decode(bytes, encoding), limits)?;
    let (visible, hidden) = walk::page(&tree, limits)?;
    let mut draft = blocks::draft("html 1", Method::Html, &visible, hidden);
    draft.hidden.extend(beside(&tree, &visible));
    Ok(draft)
}

/// What a page says and does not show, where it speaks to a grader: descriptions and comments of web pages are often long.
fn beside(tree: &Tree, shown: &str) -> Vec<Hidden> {
    let mut unshown = Unshown::new(shown);
    for id in tree.all() {
        match tree.what(id) {
            What::Comment(text) => unshown.add_if_it_asks(1, HiddenKind::Annotation, text),
            What::Element(element) => {
                for words in element.unshown() {
                    unshown.add_if_it_asks(1, HiddenKind::Metadata, words);
                }
                if UNSHOWN.contains(&element.name()) {
                    unshown.add_if_it_asks(1, HiddenKind::Metadata, &tree.text_of(id));
                }
            }
            What::Text(_) | What::Other => {}
        }
    }
    unshown.hidden
}

/// Elements with text that is on no page, or only where a page cannot be shown as it should be.
const UNSHOWN: &[&str] = &["title", "noscript", "noframes", "noembed", "iframe"];

/// Decodes a page. What says UTF-8 in its bytes is UTF-8; other bytes are what the page says.
fn decode(bytes: &[u8], encoding: Encoding) -> String {
    match (encoding, stated(bytes)) {
        (Encoding::Utf8, Some(charset)) if charset == encoding_rs::ISO_2022_JP => {
            charset.decode(bytes).0.into_owned() // All of it is ASCII to look at.
        }
        (Encoding::Windows1252, Some(charset)) => charset.decode(bytes).0.into_owned(),
        _ => text::decode(bytes, encoding),
    }
}

/// The encoding that a page says it has: in a `meta` element, or as XML.
fn stated(bytes: &[u8]) -> Option<&'static Charset> {
    let head = bytes.get(..bytes.len().min(4096))?.to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    head.split('<').find_map(|tag| {
        let name = if tag.starts_with("meta") {
            "charset"
        } else if tag.starts_with("?xml") {
            "encoding"
        } else {
            return None;
        };
        let (_, after) = tag.split_once(name)?;
        let label = after.trim_start().strip_prefix('=')?.trim_start_matches([' ', '"', '\'']);
        let end = label.find(['"', '\'', ' ', ';', '>', '/', '?']).unwrap_or(label.len());
        Charset::for_label(label.get(..end)?.as_bytes())
    })
}
