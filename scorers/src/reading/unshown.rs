//! Text that belongs to a file and to none of its pages: titles, key words, descriptions, comments. Nobody reads it as part of
//! the resume, and most of it is harmless; what tells a grader something is reported.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Hidden, HiddenKind};
use crate::persuasion;

/// Fewer words are a name, a title or a few key words.
const TELLING: usize = 15;

/// What was found so far.
pub(super) struct Unshown {
    shown: String,
    pub(super) hidden: Vec<Hidden>,
}

impl Unshown {
    pub(super) fn new(shown: &str) -> Self {
        Self { shown: plain(shown), hidden: Vec::new() }
    }

    /// Takes a text that no page shows: reported when it is long or speaks to a grader, and is not on a page as well.
    pub(super) fn add(&mut self, page: u32, kind: HiddenKind, text: &str) {
        let words = text.split_whitespace().count();
        if words < TELLING && !persuasion::asks(text) || self.shown.contains(&plain(text)) {
            return;
        }
        let text = text.trim().to_owned();
        if !self.hidden.iter().any(|known| known.kind == kind && known.text == text) {
            self.hidden.push(Hidden { page, kind, text });
        }
    }
}

fn plain(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// The texts of an XML part, element by element; as far as it can be read.
pub(super) fn texts(part: &[u8]) -> Vec<String> {
    let xml = String::from_utf8_lossy(part);
    let mut reader = Reader::from_str(&xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Text(text)) => {
                let text = text.into_inner();
                if !text.trim().is_empty() {
                    found.push(text.trim().to_owned());
                }
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}
