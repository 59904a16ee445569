//! One XML part of a DOCX, walked as a stream: paragraphs, tables, text boxes, and what is hidden.
//!
//! Tracked insertions are text and deletions are not; of a field its result is text and its code is
//! not; of two renderings of one shape the first that has text counts. Entities that the document
//! declares are never expanded.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::styles::{Look, Shade, Styles, shade};
use crate::reading::guard::contrast;
use crate::reading::xml::{attribute, referred, rgb};
use crate::reading::{Failure, HiddenKind, Limits, container};

/// What a part holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) visible: String,
    pub(super) hidden: Vec<(HiddenKind, String)>,
}

impl Found {
    pub(super) fn append(&mut self, other: Self) {
        if !self.visible.is_empty() && !other.visible.is_empty() {
            self.visible.push_str("\n\n");
        }
        self.visible.push_str(&other.visible);
        self.hidden.extend(other.hidden);
    }
}

/// Walks one part.
///
/// # Errors
///
/// [`Failure::Corrupt`] where it is not well-formed, [`Failure::TooLarge`] where it unpacks or nests
/// beyond the limits.
pub(super) fn part(part: impl BufRead, styles: &Styles, limits: &Limits) -> Result<Found, Failure> {
    let mut reader = Reader::from_reader(part);
    let mut buf = Vec::new();
    let mut walker = Walker::new(styles);
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
    Ok(Found {
        visible: walker.outs.into_iter().collect::<Vec<_>>().join("\n"),
        hidden: walker.hidden,
    })
}

struct Walker<'a> {
    styles: &'a Styles,
    /// Local names of the open elements.
    path: Vec<String>,
    elements: usize,
    /// Where text goes: the part itself, then each open table cell or text box.
    outs: Vec<String>,
    paragraphs: Vec<Paragraph>,
    run: Look,
    tables: Vec<Table>,
    /// Open shapes and what fills them.
    shapes: Vec<Option<Shade>>,
    /// A shape of any fill was seen: what lies behind a text box without one is not known.
    filled_shape: bool,
    /// For each open choice between renderings, whether one of them has given text.
    chosen: Vec<Option<usize>>,
    written: usize,
    background: [u8; 3],
    hidden: Vec<(HiddenKind, String)>,
    /// Whether the last hidden entry may be added to.
    hidden_open: bool,
}

#[derive(Default)]
struct Paragraph {
    look: Look,
    listed: bool,
    begun: bool,
    /// Text boxes anchored in it, for after it.
    boxes: Vec<String>,
}

#[derive(Default)]
struct Table {
    cells: Vec<String>,
    /// Of the table and of the cell that is open.
    shade: Option<Shade>,
    cell_shade: Option<Shade>,
    styled: bool,
}

impl<'a> Walker<'a> {
    fn new(styles: &'a Styles) -> Self {
        Self {
            styles,
            path: Vec::new(),
            elements: 0,
            outs: vec![String::new()],
            paragraphs: Vec::new(),
            run: Look::default(),
            tables: Vec::new(),
            shapes: Vec::new(),
            filled_shape: false,
            chosen: Vec::new(),
            written: 0,
            background: [255; 3],
            hidden: Vec::new(),
            hidden_open: false,
        }
    }

    fn within(&self, back: usize) -> &str {
        self.path.len().checked_sub(back).and_then(|i| self.path.get(i)).map_or("", String::as_str)
    }

    /// What holds no text of the document.
    fn skips(&self, element: &BytesStart<'_>) -> bool {
        match element.local_name().as_ref() {
            "del" | "moveFrom" => self.within(1) != "rPr" && self.within(1) != "trPr",
            "delText" | "instrText" | "delInstrText" | "rt" | "pPrChange" | "rPrChange"
            | "sectPrChange" | "tblPrChange" | "tcPrChange" => true,
            "Choice" | "Fallback" => {
                self.chosen.last().is_some_and(|before| before.is_some_and(|n| n < self.written))
            }
            _ => false,
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        self.elements += 1;
        let name = element.local_name().as_ref().to_owned();
        match name.as_str() {
            "p" => {
                let look = self.styles.paragraph(None);
                self.paragraphs.push(Paragraph { look, ..Paragraph::default() });
            }
            "r" => self.run = Look::default(),
            "tab" if self.within(1) == "r" => self.text_as_is("\t"),
            "br" | "cr" if self.within(1) == "r" => self.text_as_is("\n"),
            "noBreakHyphen" => self.text_as_is("-"),
            "sym" => self.text_as_is(symbol(element)),
            "tbl" => self.tables.push(Table::default()),
            "tc" => {
                self.outs.push(String::new());
                if let Some(table) = self.tables.last_mut() {
                    table.cell_shade = None;
                }
            }
            "txbxContent" => self.outs.push(String::new()),
            "wsp" | "shape" | "rect" => self.shapes.push(None),
            "AlternateContent" => self.chosen.push(None),
            "Choice" => {
                if let Some(chosen) = self.chosen.last_mut() {
                    *chosen = Some(self.written);
                }
            }
            "background" => {
                let color = attribute(element, "color").and_then(|color| rgb(&color));
                self.background = color.unwrap_or(self.background);
            }
            _ => self.property(&name, element),
        }
        self.path.push(name);
    }

    /// Properties, which come before the text they are of.
    fn property(&mut self, name: &str, element: &BytesStart<'_>) {
        match (self.within(2), self.within(1), name) {
            ("r", "rPr", "rStyle") => {
                let style = self.styles.named(attribute(element, "val").as_deref());
                self.run = style.under(self.run);
            }
            ("r", "rPr", _) => self.run.note(element),
            (_, "pPr", "pStyle") => {
                let style = self.styles.paragraph(attribute(element, "val").as_deref());
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.look = style.under(Look { shade: paragraph.look.shade, ..style });
                }
            }
            (_, "pPr", "shd") => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.look.note(element);
                }
            }
            (_, "numPr", "numId") => {
                let none = attribute(element, "val").as_deref() == Some("0");
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.listed = !none;
                }
            }
            (_, "tblPr", "tblStyle") => {
                let plain = matches!(
                    attribute(element, "val").as_deref(),
                    Some("TableGrid" | "TableNormal" | "PlainTable")
                );
                if let Some(table) = self.tables.last_mut() {
                    table.styled = !plain;
                }
            }
            (_, "tblPr", "shd") => {
                if let Some(table) = self.tables.last_mut() {
                    table.shade = shade(element);
                }
            }
            (_, "tcPr", "shd") => {
                if let Some(table) = self.tables.last_mut() {
                    table.cell_shade = shade(element);
                }
            }
            ("spPr", "solidFill", "srgbClr") => {
                let color = attribute(element, "val").and_then(|color| rgb(&color));
                self.fill(color.map_or(Shade::Unknown, Shade::Rgb));
            }
            ("spPr", "solidFill", _)
            | (_, "spPr", "gradFill" | "pattFill" | "blipFill")
            | (_, "style", "fillRef")
                if attribute(element, "idx").as_deref() != Some("0") =>
            {
                self.fill(Shade::Unknown);
            }
            _ => {}
        }
    }

    fn fill(&mut self, shade: Shade) {
        self.filled_shape = true;
        if let Some(shape) = self.shapes.last_mut()
            && shape.is_none()
        {
            *shape = Some(shade);
        }
    }

    fn end(&mut self) {
        let Some(name) = self.path.pop() else { return };
        match name.as_str() {
            "p" => self.end_paragraph(),
            "r" => self.run = Look::default(),
            "tc" => {
                let cell = self.pop_out();
                match self.tables.last_mut() {
                    Some(table) => table.cells.push(cell),
                    None => self.block(&cell),
                }
            }
            "tr" => self.end_row(),
            "tbl" => {
                self.end_row();
                self.tables.pop();
            }
            "txbxContent" => {
                let text = self.pop_out();
                match self.paragraphs.last_mut() {
                    Some(paragraph) => paragraph.boxes.push(text),
                    None => self.block(&text),
                }
            }
            "wsp" | "shape" | "rect" => {
                self.shapes.pop();
            }
            "AlternateContent" => {
                self.chosen.pop();
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        self.hidden_open = false;
        if let Some(out) = self.outs.last_mut() {
            out.push('\n');
        }
        for text in paragraph.boxes {
            self.block(&text);
        }
    }

    /// A row of one-line cells is read across; where a cell holds a passage, cells are read in turn.
    fn end_row(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let cells = std::mem::take(&mut table.cells);
        let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        let across = cells.iter().all(|cell| !cell.contains('\n'));
        let row: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        let row = row.join(if across { "\t" } else { "\n" });
        self.block(&row);
    }

    fn block(&mut self, text: &str) {
        if let Some(out) = self.outs.last_mut()
            && !text.trim().is_empty()
        {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(text);
            out.push('\n');
        }
    }

    fn pop_out(&mut self) -> String {
        if self.outs.len() > 1 { self.outs.pop().unwrap_or_default() } else { String::new() }
    }

    fn text(&mut self, text: &str) {
        if matches!(self.within(1), "t" | "numberText") {
            self.text_as_is(text);
        }
    }

    fn text_as_is(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let kind = if text.trim().is_empty() { None } else { self.hidden_kind() };
        if let Some(kind) = kind {
            match self.hidden.last_mut() {
                Some((last, words)) if *last == kind && self.hidden_open => words.push_str(text),
                _ => self.hidden.push((kind, text.to_owned())),
            }
            self.hidden_open = true;
            return;
        }
        self.written += text.trim().len();
        let bullet = match self.paragraphs.last_mut() {
            Some(paragraph) if !paragraph.begun && !text.trim().is_empty() => {
                paragraph.begun = true;
                paragraph.listed
            }
            _ => false,
        };
        if let Some(out) = self.outs.last_mut() {
            if bullet {
                out.push_str("• ");
            }
            out.push_str(text);
        }
    }

    /// Why the run that is open cannot be seen, if it cannot.
    fn hidden_kind(&self) -> Option<HiddenKind> {
        let paragraph = self.paragraphs.last().map_or(Look::default(), |p| p.look);
        let look = paragraph.under(self.run);
        if look.vanish == Some(true) {
            return Some(HiddenKind::Invisible);
        }
        if look.size.is_some_and(|half_points| half_points < 4.0) {
            return Some(HiddenKind::Tiny);
        }
        let behind = look.shade.or_else(|| self.behind());
        match (look.color, behind.unwrap_or(Shade::Rgb(self.background))) {
            (Some(color), Shade::Rgb(behind)) if contrast(color, behind) < 1.2 => {
                Some(HiddenKind::LowContrast)
            }
            _ => None,
        }
    }

    /// What lies behind the paragraph: the shape it is in, or the table cell.
    fn behind(&self) -> Option<Shade> {
        if self.path.iter().any(|name| name == "txbxContent") {
            let own = self.shapes.last().copied().flatten();
            return own.or_else(|| self.filled_shape.then_some(Shade::Unknown));
        }
        self.tables.iter().rev().find_map(|table| {
            let styled = table.styled.then_some(Shade::Unknown);
            table.cell_shade.or(table.shade).or(styled)
        })
    }
}

/// A character from a symbol font: bullets are worth keeping, the rest has no text.
fn symbol(element: &BytesStart<'_>) -> &'static str {
    match attribute(element, "char").as_deref() {
        Some("F0B7" | "F0A7" | "F0A8" | "F0D8" | "F076" | "F0FC") => "•",
        _ => " ",
    }
}
