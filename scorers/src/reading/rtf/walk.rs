//! An RTF's tokens, walked with a stack of groups: what is text, and what of it is hidden.
//!
//! Tracked deletions are not text; of a field its result is text and its instructions are not; of a
//! shape its text counts and the picture of it for old readers does not.

use std::collections::HashMap;

use super::charset::{self, Charset};
use super::state::{Look, Opened, Paragraph, Shade, Shape, State, Story};
use super::tokens::{Token, Tokens};
use super::words::{self, Group};
use crate::reading::blocks::{Blocks, Distinct};
use crate::reading::looks::{self, Behind, PAPER};
use crate::reading::{Failure, HiddenKind, Limits};

/// What a document holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) visible: String,
    pub(super) hidden: Vec<(HiddenKind, String)>,
    pub(super) headers: Distinct,
    pub(super) footers: Distinct,
    pub(super) notes: Vec<String>,
    /// Metadata and comments.
    pub(super) unshown: Vec<(HiddenKind, String)>,
}

/// Walks a document.
///
/// # Errors
///
/// [`Failure::TooLarge`] where it nests beyond the limits.
pub(super) fn document(bytes: &[u8], limits: &Limits) -> Result<Found, Failure> {
    let mut walker = Walker::default();
    for token in Tokens::of(bytes) {
        match token {
            Token::Open => {
                walker.flush();
                walker.open();
                if walker.stack.len() > limits.depth {
                    return Err(Failure::TooLarge);
                }
            }
            Token::Close => {
                walker.flush();
                walker.close();
                if walker.stack.is_empty() {
                    break; // The rest is not the document's.
                }
            }
            Token::Byte(byte) => walker.byte(byte, false),
            Token::Hex(byte) => walker.byte(byte, true),
            Token::Symbol(symbol) => {
                walker.flush();
                walker.symbol(symbol);
            }
            Token::Word(name, value) => {
                walker.flush();
                walker.word(name, value);
            }
        }
    }
    Ok(walker.finish())
}

#[derive(Default)]
struct Walker {
    state: State,
    stack: Vec<State>,
    body: Story,
    /// Open ones besides the body.
    stories: Vec<Story>,
    shape: Shape,
    fonts: HashMap<i32, Charset>,
    /// The font that the font table is at.
    font: i32,
    default_font: Option<i32>,
    code_page: Option<u16>,
    colors: Vec<Option<[u8; 3]>>,
    color: [Option<u8>; 3],
    page: Option<[u8; 3]>,
    /// Characters to leave out, which stand in for the one before.
    stand_ins: usize,
    /// The first half of a character that takes two.
    half: Option<u16>,
    /// Bytes of text that are not decoded yet.
    pending: Vec<u8>,
    blocks: Blocks,
    /// What the metadata or the comment that is open says.
    unshown: String,
    found: Found,
}

impl Walker {
    fn story(&mut self) -> &mut Story {
        self.stories.last_mut().unwrap_or(&mut self.body)
    }

    fn open(&mut self) {
        self.stack.push(self.state);
        self.stand_ins = 0;
        self.state.opened = None;
        self.state.ignorable = false;
        if self.stack.len() == 1 {
            self.state.stand_ins = 1;
        }
    }

    fn close(&mut self) {
        self.stand_ins = 0;
        if let Some(opened) = self.state.opened {
            self.end(opened);
        }
        self.state = self.stack.pop().unwrap_or_default();
    }

    /// Begins a run of paragraphs of its own.
    fn begin(&mut self, opened: Opened) {
        if self.state.opened.is_some() {
            return; // One group is one thing.
        }
        let story = match opened {
            Opened::Box => Story::of_box(&self.shape, self.stories.last()),
            _ => Story::default(),
        };
        self.stories.push(story);
        self.blocks.open();
        self.state.opened = Some(opened);
        self.state.group = Group::Text;
        self.state.look = Look::default();
        self.state.paragraph = Paragraph::default();
    }

    /// Ends what a group opened.
    fn end(&mut self, opened: Opened) {
        match opened {
            Opened::Name => return,
            Opened::Value => {
                self.shape_property();
                return;
            }
            Opened::Unshown(kind) => {
                self.found.unshown.push((kind, std::mem::take(&mut self.unshown)));
                return;
            }
            _ => {}
        }
        if self.stories.pop().is_some_and(|story| story.in_cell) {
            self.blocks.close_cell();
        }
        match opened {
            Opened::Box => self.blocks.close_box(),
            Opened::Note => {
                let note = self.blocks.close();
                self.found.notes.push(note);
            }
            Opened::Header => self.found.headers.add(self.blocks.close()),
            _ => self.found.footers.add(self.blocks.close()),
        }
    }

    fn finish(mut self) -> Found {
        self.flush();
        while !self.stack.is_empty() {
            self.close();
        }
        if self.story().in_cell {
            self.blocks.close_cell();
        }
        (self.found.visible, self.found.hidden) = self.blocks.finish();
        self.found
    }

    /// One byte of text, as it is or as a number.
    fn byte(&mut self, byte: u8, hex: bool) {
        if !hex && matches!(byte, b'\r' | b'\n' | 0) {
            return;
        }
        if self.stand_ins > 0 {
            self.stand_ins -= 1;
            return;
        }
        match self.state.group {
            Group::Text | Group::Unshown if !self.stack.is_empty() => self.pending.push(byte),
            Group::Colors if byte == b';' => {
                let [red, green, blue] = std::mem::take(&mut self.color);
                let said = red.is_some() || green.is_some() || blue.is_some();
                let color = [red, green, blue].map(Option::unwrap_or_default);
                self.colors.push(said.then_some(color));
            }
            Group::ShapeText if byte.is_ascii() && self.shape.value.len() < 64 => {
                let text = match self.state.opened {
                    Some(Opened::Name) => &mut self.shape.name,
                    _ => &mut self.shape.value,
                };
                text.push(char::from(byte));
            }
            _ => {}
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.half = None;
        let bytes = std::mem::take(&mut self.pending);
        let font = self.state.look.font.or(self.default_font);
        let charset = font.and_then(|font| self.fonts.get(&font)).copied();
        let text = match charset.unwrap_or(Charset::Document) {
            Charset::Document => charset::decode(&bytes, self.code_page.unwrap_or(1252)),
            Charset::CodePage(page) => charset::decode(&bytes, page),
            Charset::Symbols => bytes.iter().map(|byte| charset::symbol(*byte)).collect(),
        };
        self.put(&text);
    }

    fn symbol(&mut self, symbol: u8) {
        if symbol == b'*' {
            self.state.ignorable = true;
            return;
        }
        if self.stand_ins > 0 {
            self.stand_ins -= 1;
            return;
        }
        if !matches!(self.state.group, Group::Text | Group::Unshown) {
            return;
        }
        match symbol {
            b'\\' | b'{' | b'}' => self.pending.push(symbol),
            b'~' => self.put("\u{A0}"),
            b'_' => self.put("-"),
            b'\r' | b'\n' => self.end_paragraph(),
            b'\t' => self.put("\t"),
            _ => {}
        }
    }

    fn word(&mut self, name: &str, value: Option<i32>) {
        if let Some(text) = words::character(name) {
            if self.stand_ins > 0 {
                self.stand_ins -= 1;
            } else if matches!(self.state.group, Group::Text | Group::Unshown) {
                self.put(text);
            }
            return;
        }
        self.stand_ins = 0;
        let ignorable = std::mem::take(&mut self.state.ignorable);
        match words::group(self.state.group, name, ignorable) {
            Some(group) => {
                self.state.group = group;
                self.entered(name);
            }
            None => match self.state.group {
                Group::Text => self.text_word(name, value),
                Group::Unshown => match name {
                    "u" => self.unicode(value.unwrap_or(0)),
                    "uc" => self.state.stand_ins = stand_ins(value),
                    "par" | "line" => self.put(" "),
                    _ => {}
                },
                Group::Fonts => match (name, value) {
                    ("f", Some(font)) => self.font = font,
                    ("fcharset", Some(number)) => {
                        self.fonts.insert(self.font, Charset::numbered(number));
                    }
                    ("cpg", Some(page)) => {
                        if let Ok(page) = u16::try_from(page) {
                            self.fonts.insert(self.font, Charset::CodePage(page));
                        }
                    }
                    _ => {}
                },
                Group::Colors => {
                    let channel = u8::try_from(value.unwrap_or(0).clamp(0, 255)).ok();
                    match name {
                        "red" => self.color[0] = channel,
                        "green" => self.color[1] = channel,
                        "blue" => self.color[2] = channel,
                        _ => {}
                    }
                }
                Group::Shape if matches!(name, "shpright" | "shpbottom") => {
                    self.shape.off_page |= value.is_some_and(|end| end < -BEYOND);
                }
                Group::NestedRow if name == "nestrow" => self.break_line(),
                _ => {}
            },
        }
    }

    /// A group turned out to be for something.
    fn entered(&mut self, name: &str) {
        match name {
            "header" | "headerl" | "headerr" | "headerf" => self.begin(Opened::Header),
            "footer" | "footerl" | "footerr" | "footerf" => self.begin(Opened::Footer),
            "footnote" => self.begin(Opened::Note),
            "shptxt" => self.begin(Opened::Box),
            "dptxbxtext" => {
                self.shape = Shape { pattern: true, ..Shape::default() };
                self.begin(Opened::Box);
            }
            "shp" | "background" => self.shape = Shape::default(),
            "sn" => {
                self.shape.name.clear();
                self.shape.value.clear();
                self.state.opened = self.state.opened.or(Some(Opened::Name));
            }
            "sv" => self.state.opened = self.state.opened.or(Some(Opened::Value)),
            "listtext" | "pntext" => self.story().bullet = true,
            "annotation" => {
                self.state.opened = Some(Opened::Unshown(HiddenKind::Annotation));
            }
            _ if self.state.group == Group::Unshown => {
                self.state.opened = Some(Opened::Unshown(HiddenKind::Metadata));
            }
            _ => {}
        }
    }

    /// What a shape says of itself, once it is said.
    fn shape_property(&mut self) {
        let number = self.shape.value.trim().parse::<u32>().ok();
        match self.shape.name.as_str() {
            "fillColor" => {
                // Blue is the high byte.
                let fill = number.map(|number| {
                    let [_, blue, green, red] = number.to_be_bytes();
                    [red, green, blue]
                });
                self.shape.fill = fill;
                if self.stack.iter().any(|state| state.group == Group::Background) {
                    self.page = fill;
                }
            }
            "fFilled" => self.shape.unfilled = number == Some(0),
            "fillType" => self.shape.pattern = number != Some(0),
            "pib" => self.shape.pattern = true,
            _ => {}
        }
    }

    fn text_word(&mut self, name: &str, value: Option<i32>) {
        let on = value != Some(0);
        let index = usize::try_from(value.unwrap_or(0)).unwrap_or(0);
        let shade = (index > 0).then_some(Shade::Color(index));
        let pattern = (index > 0).then_some(Shade::Unknown);
        let look = &mut self.state.look;
        let paragraph = &mut self.state.paragraph;
        match name {
            "par" if look.deleted => {} // Two paragraphs became one.
            "par" | "sect" | "page" | "column" => self.end_paragraph(),
            "line" | "lbr" => self.break_line(),
            "cell" => self.end_cell(),
            "row" => self.end_row(),
            "nestcell" => self.put("\t"),
            "u" => self.unicode(value.unwrap_or(0)),
            "uc" => self.state.stand_ins = stand_ins(value),
            "plain" => *look = Look::default(),
            "v" => look.invisible = on,
            "deleted" => look.deleted = on,
            "fs" => look.size = value.unwrap_or(24),
            "f" => look.font = value,
            "cf" => look.color = index,
            "cb" | "chcbpat" | "highlight" => look.shade = shade,
            "chshdng" => look.shade = pattern.or(look.shade),
            "pard" => *paragraph = Paragraph::default(),
            "intbl" => paragraph.in_table = on,
            "ls" => paragraph.listed = index > 0,
            "cbpat" => paragraph.shade = shade.or(paragraph.shade),
            "shading" => paragraph.shade = pattern.or(paragraph.shade),
            "posnegx" | "posnegy" | "li" | "fi" => {
                paragraph.off_page |= value.is_some_and(|at| at < -FAR);
            }
            "trowd" => {
                let story = self.story();
                story.in_row = true;
                story.cells.clear();
                story.next_cell = None;
            }
            "clcbpat" => self.story().next_cell = shade,
            "clshdng" => {
                let story = self.story();
                story.next_cell = pattern.or(story.next_cell);
            }
            "cellx" => {
                let story = self.story();
                let cell = story.next_cell.take();
                story.cells.push(cell);
            }
            "ansi" => self.code_page = self.code_page.or(Some(1252)),
            "mac" => self.code_page = Some(10_000),
            "pc" => self.code_page = Some(437),
            "pca" => self.code_page = Some(850),
            "ansicpg" => self.code_page = u16::try_from(index).ok().filter(|page| *page > 0),
            "deff" => self.default_font = value,
            _ => {}
        }
    }

    /// A UTF-16 unit, written as a signed number; some write a whole character.
    fn unicode(&mut self, number: i32) {
        self.stand_ins = self.state.stand_ins;
        let unit = if number < 0 { number.saturating_add(0x1_0000) } else { number };
        let Ok(unit) = u16::try_from(unit) else {
            if let Some(c) = u32::try_from(number).ok().and_then(char::from_u32) {
                self.put(c.encode_utf8(&mut [0; 4]));
            }
            return;
        };
        if (0xD800..0xDC00).contains(&unit) {
            self.half = Some(unit);
            return;
        }
        let units = self.half.take().into_iter().chain([unit]);
        let text: String = match charset::private(unit) {
            Some(symbol) => symbol.into(),
            None => char::decode_utf16(units).filter_map(Result::ok).collect(),
        };
        self.put(&text);
    }

    fn end_paragraph(&mut self) {
        self.blocks.end_paragraph();
        let story = self.story();
        story.begun = false;
        story.bullet = false;
    }

    fn break_line(&mut self) {
        if !self.state.look.deleted {
            self.put("\n");
        }
    }

    fn end_cell(&mut self) {
        self.enter_cell();
        self.blocks.close_cell();
        let story = self.story();
        story.in_cell = false;
        story.cell += 1;
        story.begun = false;
        story.bullet = false;
    }

    fn end_row(&mut self) {
        if self.story().in_cell {
            self.end_cell();
        }
        self.blocks.end_row();
        let story = self.story();
        story.in_row = false;
        story.cell = 0;
    }

    /// Text of a table goes to a cell.
    fn enter_cell(&mut self) {
        let story = self.story();
        if !story.in_cell {
            story.in_cell = true;
            self.blocks.open();
        }
    }

    fn put(&mut self, text: &str) {
        if self.state.look.deleted || text.is_empty() {
            return;
        }
        if self.state.group == Group::Unshown {
            self.unshown.push_str(text);
            return;
        }
        let in_table = self.state.paragraph.in_table;
        let story = self.story();
        if in_table || story.in_row {
            self.enter_cell();
        } else if story.in_cell || story.cell > 0 {
            self.end_row(); // One that did not say that it ended.
        }
        let kind = self.hidden_kind();
        let listed = self.state.paragraph.listed;
        let story = self.story();
        if !story.begun && kind.is_none() && !text.trim().is_empty() {
            let bullet = std::mem::take(&mut story.bullet);
            story.begun = true;
            self.blocks.bullet(bullet || listed);
        }
        self.blocks.text(text, kind);
    }

    /// Why text cannot be seen here, if it cannot.
    fn hidden_kind(&mut self) -> Option<HiddenKind> {
        let State { look, paragraph, .. } = self.state;
        if look.invisible {
            return Some(HiddenKind::Invisible);
        }
        let story = self.story();
        let (box_behind, off_page) = (story.behind, story.off_page);
        let cell = story.cells.get(story.cell).copied().flatten().filter(|_| story.in_cell);
        if off_page || paragraph.off_page {
            return Some(HiddenKind::OffPage);
        }
        let color = |index: usize| self.colors.get(index).copied().flatten();
        let behind = match look.shade.or(paragraph.shade).or(cell) {
            Some(Shade::Unknown) => Some(Behind::Unknown),
            Some(Shade::Color(index)) => color(index).map(Behind::Rgb),
            None => None,
        };
        let page = self.page.map_or(PAPER, Behind::Rgb);
        let behind = behind.or(box_behind).unwrap_or(page);
        looks::hidden_kind(color(look.color), f64::from(look.size) / 2.0, behind)
    }
}

/// How many characters stand in for one in Unicode.
fn stand_ins(value: Option<i32>) -> usize {
    usize::try_from(value.unwrap_or(0)).unwrap_or(0).min(16)
}

/// How far outside the margins, in twips, the end of a shape is not on the page...
const BEYOND: i32 = 4_400;
/// ...and the beginning of a line.
const FAR: i32 = 14_400;
