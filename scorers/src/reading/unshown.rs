//! Text that belongs to a file and to none of its pages: titles, key words, descriptions, comments. Nobody reads it as part of
//! the resume, and most of it is harmless; what tells a grader something is reported.

use std::io::Read as _;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::container::{Archive, open};
use super::{Hidden, HiddenKind, Limits};
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
        if text.split_whitespace().count() >= TELLING || persuasion::asks(text) {
            self.report(page, kind, text);
        }
    }

    /// Takes a text of a sort that is long in harmless files, too: reported only when it speaks to a grader.
    pub(super) fn add_if_it_asks(&mut self, page: u32, kind: HiddenKind, text: &str) {
        if persuasion::asks(text) {
            self.report(page, kind, text);
        }
    }

    fn report(&mut self, page: u32, kind: HiddenKind, text: &str) {
        if self.shown.contains(&plain(text)) {
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

/// A part of a zip container that says something beside the pages: which, of what kind, and in which of its elements, each of which
/// is one text; in a part of which none is named, each run of text is.
pub(super) type Beside = (&'static str, HiddenKind, Option<&'static str>);

/// What these parts say and no page shows.
pub(super) fn of_parts(
    archive: &mut Archive<'_>,
    parts: &[Beside],
    shown: &str,
    limits: &Limits,
    budget: &mut u64,
) -> Vec<Hidden> {
    let mut unshown = Unshown::new(shown);
    for (part, kind, element) in parts {
        let Ok(mut part) = open(archive, part, limits, budget) else { continue };
        let mut xml = Vec::new();
        // What cannot be read to its end is looked at as far as it can.
        let _ = part.read_to_end(&mut xml);
        let found = match element {
            Some(element) => texts_in(&xml, element),
            None => texts(&xml),
        };
        found.iter().for_each(|text| unshown.add(1, *kind, text));
    }
    unshown.hidden
}

/// The text of each element of this name in an XML part; as far as it can be read.
fn texts_in(part: &[u8], name: &str) -> Vec<String> {
    let xml = String::from_utf8_lossy(part);
    let mut reader = Reader::from_str(&xml);
    let (mut found, mut open, mut text) = (Vec::new(), 0usize, String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) if element.local_name().as_ref() == name => open += 1,
            Ok(Event::End(element)) if element.local_name().as_ref() == name => {
                open = open.saturating_sub(1);
                if open == 0 {
                    found.push(std::mem::take(&mut text));
                }
            }
            Ok(Event::Text(words)) if open > 0 => {
                text.push_str(&words.into_inner());
                text.push(' ');
            }
            Ok(Event::Eof) | Err(_) => {
                found.push(text);
                return found;
            }
            Ok(_) => {}
        }
    }
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
