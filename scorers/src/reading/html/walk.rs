//! A page's tree, walked for what shows: blocks to lines, cells to rows, and what is hidden.

use super::css::Display;
use super::sheet::{Sheet, is_for_screens};
use super::style::{self, PAGE, Style};
use super::tree::{Element, Id, ROOT, Tree, What};
use crate::reading::blocks::Blocks;
use crate::reading::{Failure, HiddenKind, Limits};

/// Walks a page, and gives what is visible and what is hidden.
///
/// # Errors
///
/// [`Failure::TooLarge`] where it nests beyond the limits, or has too many rules for so many elements.
pub(super) fn page(
    tree: &Tree,
    limits: &Limits,
) -> Result<(String, Vec<(HiddenKind, String)>), Failure> {
    let sheet = sheet(tree)?;
    let mut walker = Walker { blocks: Blocks::default(), blank: true, painted: false };
    let mut steps = vec![Step::Enter(ROOT, PAGE)];
    let mut depth = 0usize;
    while let Some(step) = steps.pop() {
        let (id, around) = match step {
            Step::Enter(id, around) => (id, around),
            Step::Leave(style, quoted) => {
                if quoted {
                    walker.text("”", &style);
                }
                walker.leave(&style);
                depth -= 1;
                continue;
            }
        };
        let style = match tree.what(id) {
            What::Text(text) => {
                walker.text_in(text, &around);
                continue;
            }
            What::Comment(_) => continue,
            What::Other if id != ROOT => continue,
            What::Other => around,
            What::Element(element) if NOT_TEXT.contains(&element.name()) => {
                walker.painted |= matches!(element.name(), "" | "img" | "video" | "canvas");
                continue;
            }
            What::Element(element) => {
                style::of(tree, id, element, &sheet, &around, walker.painted)?
            }
        };
        depth += 1;
        if depth > limits.depth {
            return Err(Failure::TooLarge);
        }
        let name = tree.element(id).map_or("", Element::name);
        walker.enter(name, &style);
        steps.push(Step::Leave(style, name == "q"));
        steps.extend(tree.children_back(id).map(|child| Step::Enter(child, style)));
    }
    Ok(walker.blocks.finish())
}

/// The page's own style sheets, in their order.
fn sheet(tree: &Tree) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::default();
    let mut open = vec![ROOT];
    while let Some(id) = open.pop() {
        match tree.element(id) {
            Some(element) if element.name() == "style" => {
                if is_for_screens(element.attribute("media").unwrap_or_default()) {
                    sheet.add(&tree.text_of(id))?;
                }
            }
            _ => open.extend(tree.children_back(id)),
        }
    }
    Ok(sheet)
}

/// What is no text of the page: the first of them is what is not HTML, as drawings and formulas.
const NOT_TEXT: &[&str] = &[
    "", "applet", "area", "audio", "base", "canvas", "datalist", "embed", "head", "iframe", "img",
    "input", "link", "map", "meta", "noembed", "noframes", "noscript", "object", "param", "rp",
    "rt", "script", "select", "style", "template", "title", "track", "video",
];

enum Step {
    Enter(Id, Style),
    Leave(Style, bool),
}

struct Walker {
    blocks: Blocks,
    /// Blanks here are none: a line begins, or there is one already.
    blank: bool,
    /// Something is painted on the page.
    painted: bool,
}

impl Walker {
    fn enter(&mut self, name: &str, style: &Style) {
        self.painted |= style.painted;
        match style.display {
            Display::Block | Display::Item | Display::Table | Display::Beside => {
                self.end_line();
                if style.display == Display::Item {
                    self.blocks.bullet(style.bullets);
                }
            }
            Display::Row => self.blocks.end_row(),
            Display::Cell => {
                self.blocks.open();
                self.blank = true;
            }
            Display::Inline if style.apart => self.part(),
            Display::None | Display::Inline | Display::Contents => {}
        }
        match name {
            "br" if style.hidden_kind().is_none() => {
                self.blocks.text("\n", None);
                self.blank = true;
            }
            "q" => self.text("“", style),
            _ => {}
        }
    }

    fn leave(&mut self, style: &Style) {
        match style.display {
            Display::Block | Display::Item | Display::Table | Display::Beside => {
                self.end_line();
                self.blocks.bullet(false);
            }
            Display::Row => {
                self.blocks.end_row();
                self.blank = true;
            }
            Display::Cell => {
                self.blocks.close_cell();
                self.blank = self.blocks.at_line_start();
            }
            Display::Inline if style.apart => self.part(),
            Display::None | Display::Inline | Display::Contents => {}
        }
    }

    /// Ends a line, and a row where cells are in none.
    fn end_line(&mut self) {
        self.blocks.end_row();
        self.blocks.end_line();
        self.blank = true;
    }

    /// What stands apart in a line is not of one word with what is before it.
    fn part(&mut self) {
        if !self.blank {
            self.blocks.text("\t", None);
            self.blank = true;
        }
    }

    /// Text right in an element; among things that stand side by side it is one of them.
    fn text_in(&mut self, text: &str, style: &Style) {
        if !matches!(style.display, Display::Beside | Display::Row | Display::Table) {
            return self.text(text, style);
        }
        if !text.trim().is_empty() {
            self.blocks.open();
            self.blank = true;
            self.text(text, style);
            self.blocks.close_cell();
            self.blank = self.blocks.at_line_start();
        }
    }

    /// Text, in which blanks in a row are one unless it is preformatted.
    fn text(&mut self, text: &str, style: &Style) {
        let kind = style.hidden_kind();
        let mut blank = self.blank;
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0C' if !style.preformatted => {
                    if !blank {
                        out.push(' ');
                    }
                    blank = true;
                }
                // It pads as often as it joins, and readers of the text know one blank.
                '\u{A0}' => {
                    out.push(' ');
                    blank = false;
                }
                c => {
                    // What word processors write before an item of a list.
                    let bullet = style.symbols && matches!(c, '·' | '§' | 'Ø' | 'ü' | 'v');
                    out.push(if bullet { '•' } else { c });
                    blank = false;
                }
            }
        }
        if kind.is_none() {
            self.blank = blank || out.ends_with('\n');
        }
        if !out.is_empty() {
            self.blocks.text(&out, kind);
        }
    }
}
