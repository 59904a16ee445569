//! Lines gathered from a document that is walked: cells into rows, boxes after the line they hang
//! on, bullets, and what is hidden set aside.

use std::collections::HashSet;

use super::{Draft, Hidden, HiddenKind, Method, Page, lines};

/// Where a walk's text goes.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The document itself, then each open table cell or text box.
    outs: Vec<Out>,
    hidden: Vec<(HiddenKind, String)>,
    /// Whether the last hidden entry may be added to.
    hidden_open: bool,
}

#[derive(Debug, Default)]
struct Out {
    text: String,
    /// The next visible text begins a listed paragraph.
    bullet: bool,
    /// Text boxes anchored in the open paragraph, for after it.
    boxes: Vec<String>,
    /// Of the open table row.
    cells: Vec<String>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { outs: vec![Out::default()], hidden: Vec::new(), hidden_open: false }
    }
}

impl Blocks {
    /// Takes text, visible or not. Blanks hide nothing.
    pub(super) fn text(&mut self, text: &str, kind: Option<HiddenKind>) {
        let blank = text.trim().is_empty();
        match kind {
            Some(kind) if !blank => {
                match self.hidden.last_mut() {
                    Some((last, words)) if *last == kind && self.hidden_open => {
                        words.push_str(text);
                    }
                    _ => self.hidden.push((kind, text.to_owned())),
                }
                self.hidden_open = true;
            }
            Some(_) if self.hidden_open => {
                if let Some((_, words)) = self.hidden.last_mut() {
                    words.push_str(text);
                }
            }
            _ => {
                let Some(out) = self.outs.last_mut() else { return };
                if out.bullet && !blank {
                    out.bullet = false;
                    out.text.push_str("• ");
                }
                out.text.push_str(text);
            }
        }
    }

    /// The next visible text begins a listed paragraph.
    pub(super) fn bullet(&mut self, listed: bool) {
        if let Some(out) = self.outs.last_mut() {
            out.bullet = listed;
        }
    }

    /// Whether nothing visible is on the line that is open.
    pub(super) fn at_line_start(&self) -> bool {
        self.outs.last().is_none_or(|out| out.text.is_empty() || out.text.ends_with('\n'))
    }

    /// Where visible text is, for [`hide_from`](Self::hide_from).
    pub(super) fn mark(&self) -> usize {
        self.outs.last().map_or(0, |out| out.text.len())
    }

    /// What was taken for visible since `mark` is hidden after all.
    pub(super) fn hide_from(&mut self, mark: usize, kind: HiddenKind) {
        if let Some(out) = self.outs.last_mut()
            && let Some(text) = out.text.get(mark..).map(str::to_owned)
        {
            out.text.truncate(mark);
            self.text(&text, Some(kind));
        }
    }

    /// Ends a paragraph; one without text is an empty line.
    pub(super) fn end_paragraph(&mut self) {
        self.hidden_open = false;
        let Some(out) = self.outs.last_mut() else { return };
        out.bullet = false;
        out.text.push('\n');
        for text in std::mem::take(&mut out.boxes) {
            self.block(&text);
        }
    }

    /// Ends the line that is open, if there is anything on it.
    pub(super) fn end_line(&mut self) {
        self.hidden_open = false;
        let Some(out) = self.outs.last_mut() else { return };
        if !out.text.is_empty() && !out.text.ends_with('\n') {
            out.text.push('\n');
        }
        for text in std::mem::take(&mut out.boxes) {
            self.block(&text);
        }
    }

    /// Text goes to a cell or box of its own until it is closed.
    pub(super) fn open(&mut self) {
        self.hidden_open = false;
        self.outs.push(Out::default());
    }

    /// Ends what was opened last, and gives its text.
    pub(super) fn close(&mut self) -> String {
        self.end_row();
        self.end_line();
        if self.outs.len() > 1 { self.outs.pop().unwrap_or_default().text } else { String::new() }
    }

    /// What was opened last was a cell of a table.
    pub(super) fn close_cell(&mut self) {
        let cell = self.close();
        if let Some(out) = self.outs.last_mut() {
            out.cells.push(cell);
        }
    }

    /// What was opened last was a box that hangs on the open paragraph.
    pub(super) fn close_box(&mut self) {
        let text = self.close();
        match self.outs.last_mut() {
            Some(out) if !out.text.is_empty() && !out.text.ends_with('\n') => out.boxes.push(text),
            _ => self.block(&text),
        }
    }

    /// A row of one-line cells is read across; where a cell holds a passage, cells are read in turn.
    pub(super) fn end_row(&mut self) {
        let Some(out) = self.outs.last_mut() else { return };
        let cells = std::mem::take(&mut out.cells);
        let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        let across = cells.iter().all(|cell| !cell.contains('\n'));
        let row: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        let row = row.join(if across { "\t" } else { "\n" });
        self.block(&row);
    }

    /// Lines of their own.
    pub(super) fn block(&mut self, text: &str) {
        if let Some(out) = self.outs.last_mut()
            && !text.trim().is_empty()
        {
            if !out.text.is_empty() && !out.text.ends_with('\n') {
                out.text.push('\n');
            }
            out.text.push_str(text.trim_end_matches('\n'));
            out.text.push('\n');
        }
    }

    /// All that was gathered, whatever was left open: visible text, and what was hidden.
    pub(super) fn finish(mut self) -> (String, Vec<(HiddenKind, String)>) {
        while self.outs.len() > 1 {
            self.close_box();
        }
        self.end_row();
        self.end_line();
        (self.outs.pop().unwrap_or_default().text, self.hidden)
    }
}

/// Headers or footers, each once: first, left and other pages often carry the same.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    texts: Vec<String>,
    known: HashSet<String>,
}

impl Distinct {
    pub(super) fn add(&mut self, text: String) {
        if !text.trim().is_empty() && self.known.insert(text.clone()) {
            self.texts.push(text);
        }
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// A document of one page, for a format without pages.
pub(super) fn draft(
    engine: &str,
    method: Method,
    visible: &str,
    found: Vec<(HiddenKind, String)>,
) -> Draft {
    let mut hidden: Vec<Hidden> = Vec::new();
    for (kind, words) in found {
        push_hidden(&mut hidden, kind, &words);
    }
    Draft {
        engine: engine.to_owned(),
        pages: vec![Page::of(1, method, lines::fold(visible, str::trim_end))],
        hidden,
        ..Draft::default()
    }
}

/// One entry for each kind: what is hidden is a passage to read, not a list of runs.
fn push_hidden(hidden: &mut Vec<Hidden>, kind: HiddenKind, words: &str) {
    let words = words.trim();
    if words.is_empty() {
        return;
    }
    match hidden.iter_mut().find(|known| known.kind == kind) {
        Some(known) => {
            known.text.push('\n');
            known.text.push_str(words);
        }
        None => hidden.push(Hidden { page: 1, kind, text: words.to_owned() }),
    }
}
