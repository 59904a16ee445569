//! Styles: how text looks and what is behind it, as the styles of a part say, those they are based
//! on, and the defaults; and which master pages there are.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::reading::looks::Behind;
use crate::reading::xml::{attribute, rgb};

/// What a style says of text. None is "not said".
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Look {
    pub(super) invisible: Option<bool>,
    /// A colour, or whatever shows.
    pub(super) color: Option<Option<[u8; 3]>>,
    pub(super) size: Option<Size>,
    /// Of the size: superscripts are smaller, and a letter can be made as small as one likes so.
    pub(super) scale: Option<f64>,
    pub(super) background: Option<Option<[u8; 3]>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Points(f64),
    /// Of the size around it.
    Times(f64),
}

/// What a style says of the paragraph, cell or shape that has it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Ground {
    background: Option<Option<[u8; 3]>>,
    fill: Option<Fill>,
    fill_color: Option<[u8; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fill {
    None,
    Solid,
    Other,
}

impl Ground {
    fn under(self, over: Self) -> Self {
        Self {
            background: over.background.or(self.background),
            fill: over.fill.or(self.fill),
            fill_color: over.fill_color.or(self.fill_color),
        }
    }

    /// What it paints, if anything.
    pub(super) fn paints(self) -> Option<Behind> {
        match self.fill {
            Some(Fill::Solid) => Some(self.fill_color.map_or(Behind::Unknown, Behind::Rgb)),
            Some(Fill::Other) => Some(Behind::Unknown),
            Some(Fill::None) | None => self.background.flatten().map(Behind::Rgb),
        }
    }

    /// Whether it says what a shape is filled with.
    pub(super) fn is_said(self) -> bool {
        self.fill.is_some() || self.background.is_some()
    }
}

impl Look {
    fn under(self, over: Self) -> Self {
        let size = match (self.size, over.size) {
            (Some(Size::Points(points)), Some(Size::Times(times))) => {
                Some(Size::Points(points * times))
            }
            (Some(Size::Times(a)), Some(Size::Times(b))) => Some(Size::Times(a * b)),
            (below, over) => over.or(below),
        };
        Self {
            invisible: over.invisible.or(self.invisible),
            color: over.color.or(self.color),
            size,
            scale: over.scale.or(self.scale),
            background: over.background.or(self.background),
        }
    }

    fn note(&mut self, element: &BytesStart<'_>) {
        let said = |name: &str| attribute(element, name);
        if let Some(display) = said("display") {
            self.invisible = Some(display == "none");
        }
        if said("opacity").and_then(|o| percent(&o)).is_some_and(|opacity| opacity < 0.05) {
            self.invisible = Some(true);
        }
        if let Some(color) = said("color") {
            self.color = Some(hex(&color));
        }
        if said("use-window-font-color").as_deref() == Some("true") {
            self.color = Some(None);
        }
        if let Some(size) = said("font-size") {
            self.size = percent(&size).map(Size::Times).or(points(&size).map(Size::Points));
        }
        if let Some(position) = said("text-position") {
            self.scale = position.split_whitespace().nth(1).and_then(percent);
        }
        self.background = said("background-color").map(|color| hex(&color)).or(self.background);
    }
}

impl Ground {
    fn note(&mut self, element: &BytesStart<'_>) {
        let said = |name: &str| attribute(element, name);
        self.background = said("background-color").map(|color| hex(&color)).or(self.background);
        self.fill_color = said("fill-color").and_then(|color| hex(&color)).or(self.fill_color);
        if let Some(fill) = said("fill") {
            self.fill = Some(match fill.as_str() {
                "none" => Fill::None,
                "solid" => Fill::Solid,
                _ => Fill::Other,
            });
        }
        if said("opacity").and_then(|o| percent(&o)).is_some_and(|opacity| opacity < 0.05) {
            self.fill = Some(Fill::None);
        }
    }
}

/// `#1f3864`; `transparent` is none.
fn hex(color: &str) -> Option<[u8; 3]> {
    color.strip_prefix('#').and_then(rgb)
}

/// `80%` as 0.8.
fn percent(value: &str) -> Option<f64> {
    value.trim().strip_suffix('%')?.parse::<f64>().ok().map(|percent| percent / 100.0)
}

/// A length in points.
pub(super) fn points(length: &str) -> Option<f64> {
    let length = length.trim();
    let at = length.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = length.split_at(at);
    let times = match unit {
        "pt" => 1.0,
        "in" => 72.0,
        "cm" => 72.0 / 2.54,
        "mm" => 7.2 / 2.54,
        "pc" => 12.0,
        "px" => 0.75,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * times)
}

#[derive(Debug, Clone, Default)]
struct Style {
    parent: Option<String>,
    look: Look,
    ground: Ground,
    master: Option<String>,
}

#[derive(Debug, Default)]
struct Master {
    layout: String,
    next: Option<String>,
}

/// The styles of one part.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By family and name, which is empty for the family's default.
    styles: HashMap<String, Style>,
    layouts: HashMap<String, Ground>,
    masters: HashMap<String, Master>,
    /// The name of the first one.
    first_master: Option<String>,
}

impl Sheet {
    /// Reads a part's styles, up to its body. What cannot be read is left out: the text is there all
    /// the same.
    pub(super) fn read(part: impl BufRead, depth: usize) -> Self {
        let mut sheet = Self::default();
        let mut reader = Reader::from_reader(part);
        reader.config_mut().check_end_names = false;
        let mut buf = Vec::new();
        let mut path: Vec<String> = Vec::new();
        let mut open: Option<(String, Style)> = None;
        let mut layout: Option<(String, Ground)> = None;
        loop {
            buf.clear();
            let (element, empty) = match reader.read_event_into(&mut buf) {
                Ok(Event::Start(element)) => (element, false),
                Ok(Event::Empty(element)) => (element, true),
                Ok(Event::End(_)) => {
                    match path.pop().as_deref() {
                        Some("style" | "default-style") => sheet.styles.extend(open.take()),
                        Some("page-layout") => sheet.layouts.extend(layout.take()),
                        _ => {}
                    }
                    continue;
                }
                Ok(Event::Eof) | Err(_) => return sheet,
                Ok(_) => continue,
            };
            let name = element.local_name().as_ref().to_owned();
            let said = |name: &str| attribute(&element, name);
            match name.as_str() {
                "body" => return sheet,
                "style" | "default-style" => {
                    let (family, name) = (said("family"), said("name").unwrap_or_default());
                    let style = Style {
                        parent: said("parent-style-name"),
                        master: said("master-page-name").filter(|name| !name.is_empty()),
                        ..Style::default()
                    };
                    let style = (key(&family.unwrap_or_default(), &name), style);
                    if empty {
                        sheet.styles.insert(style.0, style.1);
                    } else {
                        open = Some(style);
                    }
                }
                "page-layout" => layout = said("name").map(|name| (name, Ground::default())),
                "page-layout-properties" => {
                    if let Some((_, ground)) = &mut layout {
                        ground.note(&element);
                    }
                }
                "master-page" => {
                    let name = said("name").unwrap_or_default();
                    if name == "Standard" || sheet.first_master.is_none() {
                        sheet.first_master = Some(name.clone());
                    }
                    let layout = said("page-layout-name").unwrap_or_default();
                    let master = Master { layout, next: said("next-style-name") };
                    sheet.masters.insert(name, master);
                }
                _ => {
                    let of_style =
                        matches!(path.last().map(String::as_str), Some("style" | "default-style"));
                    if let Some((_, style)) = open.as_mut().filter(|_| of_style) {
                        match name.as_str() {
                            "text-properties" => style.look.note(&element),
                            _ => style.ground.note(&element),
                        }
                    }
                }
            }
            if !empty {
                path.push(name);
                if path.len() > depth {
                    return sheet;
                }
            }
        }
    }

    /// The master pages in use: those that paragraphs begin, and those that follow them.
    pub(super) fn masters_from(&self, begun: &HashSet<String>) -> HashSet<String> {
        let mut masters = begun.clone();
        let mut new: Vec<&String> = begun.iter().collect();
        while let Some(name) = new.pop() {
            if let Some(next) = self.masters.get(name).and_then(|master| master.next.as_ref())
                && masters.insert(next.clone())
            {
                new.push(next);
            }
        }
        masters
    }
}

fn key(family: &str, name: &str) -> String {
    format!("{family}/{name}")
}

/// The styles that hold in a part: its own, and those of the document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Styles<'a> {
    pub(super) own: &'a Sheet,
    pub(super) common: &'a Sheet,
}

impl Styles<'_> {
    /// What a style and those it is based on say, and the master page that it begins.
    pub(super) fn named(&self, family: &str, name: Option<&str>) -> (Look, Ground, Option<&str>) {
        let mut look = Look::default();
        let mut ground = Ground::default();
        let mut master = None;
        let mut next = name;
        // A style can be based on itself in a damaged file.
        for _ in 0..16 {
            let Some(name) = next.filter(|name| !name.is_empty()) else { break };
            let key = key(family, name);
            let Some(style) = self.own.styles.get(&key).or_else(|| self.common.styles.get(&key))
            else {
                break;
            };
            look = style.look.under(look);
            ground = style.ground.under(ground);
            master = master.or(style.master.as_deref());
            next = style.parent.as_deref();
        }
        (look, ground, master)
    }

    /// Like [`named`](Self::named), over what the family's default says.
    pub(super) fn with_default(
        &self,
        family: &str,
        name: Option<&str>,
    ) -> (Look, Ground, Option<&str>) {
        let (look, ground, master) = self.named(family, name);
        match self.common.styles.get(&key(family, "")) {
            Some(default) => (default.look.under(look), default.ground.under(ground), master),
            None => (look, ground, master),
        }
    }

    /// The master of pages where no paragraph has begun another.
    pub(super) fn first_master(&self) -> Option<&str> {
        self.common.first_master.as_deref()
    }

    /// What pages of a master are painted with; of the first where none is named.
    pub(super) fn page(&self, master: Option<&str>) -> Option<Behind> {
        let master = self.common.masters.get(master.or(self.first_master())?)?;
        self.common.layouts.get(&master.layout)?.paints()
    }
}
