//! One XML part of an ODT, walked as a stream: paragraphs, lists, tables, boxes, and what is hidden.
//!
//! What was deleted with changes tracked is not text, nor are comments, the sources of indexes and
//! descriptions of pictures. Entities that the document declares are never expanded.

use std::collections::HashSet;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::styles::{Look, Size, Styles, points};
use crate::reading::blocks::{Blocks, Distinct};
use crate::reading::looks::{self, Behind, PAPER};
use crate::reading::xml::{attribute, referred};
use crate::reading::{Failure, HiddenKind, Limits, container};

/// What a part holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) visible: String,
    pub(super) hidden: Vec<(HiddenKind, String)>,
    pub(super) headers: Distinct,
    pub(super) footers: Distinct,
    pub(super) notes: Vec<String>,
    /// The master pages that paragraphs begin.
    pub(super) masters: HashSet<String>,
    /// Whether its body is a text's.
    pub(super) is_text: bool,
}

/// Walks one part; of master pages, only those named.
///
/// # Errors
///
/// [`Failure::Corrupt`] where it is not well-formed, [`Failure::TooLarge`] where it unpacks or nests
/// beyond the limits.
pub(super) fn part(
    part: impl BufRead,
    styles: &Styles<'_>,
    limits: &Limits,
    masters: Option<&HashSet<String>>,
) -> Result<Found, Failure> {
    let mut reader = Reader::from_reader(part);
    let mut buf = Vec::new();
    let mut walker = Walker::new(styles, masters);
    let mut skipped = 0usize;
    loop {
        buf.clear();
        let event = reader.read_event_into(&mut buf).map_err(|error| container::failure(&error))?;
        match event {
            Event::Start(element) => {
                if skipped > 0 || walker.skips(&element) {
                    skipped += 1;
                    if skipped > limits.depth {
                        return Err(Failure::TooLarge);
                    }
                    continue;
                }
                walker.start(&element);
                if walker.path.len() > limits.depth {
                    return Err(Failure::TooLarge);
                }
            }
            Event::Empty(element) if skipped == 0 && !walker.skips(&element) => {
                walker.start(&element);
                walker.end();
            }
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::End(_) => walker.end(),
            Event::Text(text) if skipped == 0 => walker.text(&text.xml10_content()),
            Event::CData(text) if skipped == 0 => walker.text(&text.xml10_content()),
            Event::GeneralRef(entity) if skipped == 0 => {
                if let Some(c) = referred(entity) {
                    walker.text(c.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if walker.elements == 0 || !walker.path.is_empty() {
        return Err(Failure::Corrupt);
    }
    let mut found = walker.found;
    (found.visible, found.hidden) = walker.blocks.finish();
    Ok(found)
}

/// How text looks where the walk is.
#[derive(Debug, Clone, Copy)]
struct Here {
    invisible: bool,
    off_page: bool,
    color: Option<[u8; 3]>,
    size: f64,
    scale: f64,
    /// None is the page.
    behind: Option<Behind>,
}

impl Here {
    fn with(mut self, look: Look) -> Self {
        self.invisible |= look.invisible == Some(true);
        self.color = look.color.unwrap_or(self.color);
        self.size = match look.size {
            Some(Size::Points(points)) => points,
            Some(Size::Times(times)) => self.size * times,
            None => self.size,
        };
        self.scale = look.scale.unwrap_or(self.scale);
        self.behind = look.background.flatten().map(Behind::Rgb).or(self.behind);
        self
    }
}

/// The size of text that nothing says the size of, in points.
const USUAL: f64 = 12.0;

struct Walker<'a> {
    styles: &'a Styles<'a>,
    masters: Option<&'a HashSet<String>>,
    /// The open elements by their local names, and how text looks in each.
    path: Vec<(String, Here)>,
    elements: usize,
    blocks: Blocks,
    found: Found,
    paragraphs: Vec<Paragraph>,
    /// A list's item has begun, and no paragraph of it yet.
    item: bool,
    page: Behind,
    /// A filled shape or a picture was seen: what lies behind a box without a fill is not known.
    filled_shape: bool,
}

struct Paragraph {
    /// Blanks here are none: the paragraph begins, or there is one already.
    blank: bool,
    /// Where its text begins.
    mark: usize,
    hidden: bool,
}

impl<'a> Walker<'a> {
    fn new(styles: &'a Styles<'a>, masters: Option<&'a HashSet<String>>) -> Self {
        Self {
            styles,
            masters,
            path: Vec::new(),
            elements: 0,
            blocks: Blocks::default(),
            found: Found::default(),
            paragraphs: Vec::new(),
            item: false,
            page: styles.page(None).unwrap_or(PAPER),
            filled_shape: false,
        }
    }

    fn here(&self) -> Here {
        self.path.last().map_or(
            Here {
                invisible: false,
                off_page: false,
                color: None,
                size: USUAL,
                scale: 1.0,
                behind: None,
            },
            |(_, here)| *here,
        )
    }

    /// What holds no text of the document.
    fn skips(&mut self, element: &BytesStart<'_>) -> bool {
        let said = |name: &str| attribute(element, name);
        match element.local_name().as_ref() {
            "annotation" | "tracked-changes" | "forms" | "scripts" | "script" | "note-citation"
            | "event-listeners" | "ruby-text" | "binary-data" | "object" | "object-ole"
            | "math" | "number" | "desc" | "meta" => true,
            "image" => {
                self.filled_shape = true;
                true
            }
            "title" => element.name().as_ref().starts_with("svg:"),
            "master-page" => {
                let name = said("name").unwrap_or_default();
                self.masters.is_some_and(|masters| !masters.contains(&name))
            }
            "header" | "header-left" | "header-first" | "footer" | "footer-left"
            | "footer-first" => said("display").as_deref() == Some("false"),
            name => name.ends_with("-source"), // Of an index: what its entries are made of.
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        self.elements += 1;
        let name = element.local_name().as_ref().to_owned();
        let said = |name: &str| attribute(element, name);
        let mut here = self.here();
        match name.as_str() {
            "text" => {
                self.found.is_text |= self.path.last().is_some_and(|(name, _)| name == "body")
            }
            "p" | "h" => here = self.paragraph(&name, said("style-name").as_deref(), here),
            "span" | "a" => {
                here = here.with(self.styles.named("text", said("style-name").as_deref()).0);
            }
            "s" => {
                // A number from outside: more blanks than a line has say nothing.
                let count = said("c").and_then(|c| c.parse::<usize>().ok()).unwrap_or(1).min(80);
                self.as_is(&" ".repeat(count), here);
            }
            "tab" => self.as_is("\t", here),
            "line-break" => self.as_is("\n", here),
            "hidden-text" => {
                here.invisible |= said("is-hidden").as_deref() != Some("false");
                if here.invisible {
                    self.unseen(said("string-value"));
                }
            }
            "conditional-text" => {
                let shown = said("current-value").as_deref() == Some("true");
                let other = if shown { "string-value-if-false" } else { "string-value-if-true" };
                self.unseen(said(other));
            }
            "hidden-paragraph" => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.hidden |= said("is-hidden").as_deref() == Some("true");
                }
            }
            "list-item" => self.item = true,
            "list-header" => self.item = false,
            "section" => {
                here.invisible |= said("display").as_deref() == Some("none")
                    || said("is-hidden").as_deref() == Some("true");
                here = self.on("section", said("style-name"), here);
            }
            "table" => {
                here.invisible |= said("display").as_deref() == Some("false");
                self.blocks.end_line();
                here = self.on("table", said("style-name"), here);
            }
            "table-row" => {
                here.invisible |=
                    said("visibility").is_some_and(|v| v == "collapse" || v == "filter");
                here = self.on("table-row", said("style-name"), here);
            }
            "table-cell" | "covered-table-cell" => {
                here.invisible |= name == "covered-table-cell"; // Another cell lies over it.
                here = self.on("table-cell", said("style-name"), here);
                self.blocks.open();
            }
            "note" | "header" | "header-left" | "header-first" | "footer" | "footer-left"
            | "footer-first" => self.blocks.open(),
            _ if is_shape(&name) => here = self.shape(&name, element, here),
            _ => {}
        }
        self.path.push((name, here));
    }

    /// A paragraph looks as its style says, wherever it is.
    fn paragraph(&mut self, name: &str, style: Option<&str>, around: Here) -> Here {
        let (look, ground, master) = self.styles.with_default("paragraph", style);
        if let Some(master) = master {
            self.found.masters.insert(master.to_owned());
            self.page = self.styles.page(Some(master)).unwrap_or(PAPER);
        } else if self.found.masters.is_empty() {
            self.found.masters.extend(self.styles.first_master().map(str::to_owned));
        }
        let behind = ground.paints().or(around.behind);
        let here = Here { color: None, size: USUAL, scale: 1.0, behind, ..around }.with(look);
        if self.paragraphs.is_empty() || self.blocks.at_line_start() {
            self.blocks.bullet(std::mem::take(&mut self.item) && name == "p");
        }
        let mark = self.blocks.mark();
        self.paragraphs.push(Paragraph { blank: true, mark, hidden: false });
        here
    }

    /// What is in a section, table or cell stands on what that is painted with.
    fn on(&self, family: &str, style: Option<String>, here: Here) -> Here {
        let ground = self.styles.named(family, style.as_deref()).1;
        Here { behind: ground.paints().or(here.behind), ..here }
    }

    fn shape(&mut self, name: &str, element: &BytesStart<'_>, mut here: Here) -> Here {
        self.blocks.open();
        let style = attribute(element, "style-name");
        let (_, ground, _) = self.styles.named("graphic", style.as_deref());
        let own = match ground.paints() {
            None if name != "frame" && !ground.is_said() => Some(Behind::Unknown), // It has a default.
            own => own,
        };
        self.filled_shape |= own.is_some();
        here.behind = own.or(if self.filled_shape { Some(Behind::Unknown) } else { here.behind });
        let length = |name: &str| attribute(element, name).and_then(|length| points(&length));
        let ends = |at: &str, size: &str| Some(length(at)? + length(size).unwrap_or(0.0));
        let off = |end: Option<f64>| end.is_some_and(|end| end < -BEYOND);
        here.off_page |= off(ends("x", "width")) || off(ends("y", "height"));
        here
    }

    fn end(&mut self) {
        let Some((name, _)) = self.path.pop() else { return };
        match name.as_str() {
            "p" | "h" => {
                if let Some(paragraph) = self.paragraphs.pop()
                    && paragraph.hidden
                {
                    self.blocks.hide_from(paragraph.mark, HiddenKind::Invisible);
                }
                self.blocks.end_paragraph();
            }
            "list-item" => self.item = false,
            "table-cell" | "covered-table-cell" => self.blocks.close_cell(),
            "table-row" | "table" => self.blocks.end_row(),
            "note" => {
                let note = self.blocks.close();
                self.found.notes.push(note);
            }
            "header" | "header-left" | "header-first" => {
                let text = self.blocks.close();
                self.found.headers.add(text);
            }
            "footer" | "footer-left" | "footer-first" => {
                let text = self.blocks.close();
                self.found.footers.add(text);
            }
            name if is_shape(name) => self.blocks.close_box(),
            _ => {}
        }
    }

    /// Text of a paragraph, in which blanks in a row are one.
    fn text(&mut self, text: &str) {
        let here = self.here();
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        let mut folded = String::with_capacity(text.len());
        for c in text.chars() {
            if !matches!(c, ' ' | '\t' | '\n' | '\r') {
                folded.push(c);
                paragraph.blank = false;
            } else if !paragraph.blank {
                folded.push(' ');
                paragraph.blank = true;
            }
        }
        self.put(&folded, here);
    }

    fn as_is(&mut self, text: &str, here: Here) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.blank = false;
            self.put(text, here);
        }
    }

    fn put(&mut self, text: &str, here: Here) {
        if text.is_empty() {
            return;
        }
        let kind = if here.invisible {
            Some(HiddenKind::Invisible)
        } else if here.off_page {
            Some(HiddenKind::OffPage)
        } else {
            let behind = here.behind.unwrap_or(self.page);
            looks::hidden_kind(here.color, here.size * here.scale, behind)
        };
        self.blocks.text(text, kind);
    }

    /// A text that a field has and does not show.
    fn unseen(&mut self, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.blocks.text(&text, Some(HiddenKind::Invisible));
        }
    }
}

/// How far outside a page's margins, in points, nothing is on the page.
const BEYOND: f64 = 220.0;

fn is_shape(name: &str) -> bool {
    matches!(
        name,
        "frame"
            | "custom-shape"
            | "rect"
            | "ellipse"
            | "circle"
            | "polygon"
            | "polyline"
            | "regular-polygon"
            | "path"
            | "line"
            | "connector"
            | "caption"
            | "measure"
    )
}
